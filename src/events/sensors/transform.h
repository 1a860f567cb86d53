/*
 * events/sensors/transform.h - a dependency's transform: new data for an event, before filters
 * see it.
 *
 * The data must be a JSON object; jq wins when there is a script, too. Only the data is
 * visible, and only the data and its content type change. Pure, any thread.
 */
#pragma once

#include "events/sensors/programs.h"
#include "events/triggers/trigger.h"

/**
 * transform_event() - apply the transform of a dependency
 * @a:     where the new data lives
 * @p:     its programs
 * @event: event as received; its data, parsed data and content type are replaced. One without
 *         data stays as it is
 * @err:   ERR_INVALID or ERR_LIMIT with the reason for which the event is dropped
 *
 * Return: 0 or -1.
 */
int transform_event(struct arena *a, const struct programs *p, struct trigger_event *event,
                    struct err *err);

/**
 * transform_object() - data as the object that scripts of filters and transforms see
 * @a:     where it lives
 * @event: event with data
 * @ret:   object; an empty one for null
 * @err:   ERR_INVALID in the words of encoding/json when it is none
 *
 * Return: 0 or -1.
 */
int transform_object(struct arena *a, const struct trigger_event *event, struct json *ret,
                     struct err *err);
