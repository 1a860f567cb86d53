/*
 * events/sensors/match.h - from a bus record to the dependencies that may take it. Pure, any
 * thread.
 *
 * Reads a sensor's dependencies, says which of them a record belongs to, and reads a record as
 * triggers see it. Filters are filters.h, what is kept until a condition holds is the
 * controller's. Source: ../shared/spec/events.md 2, 4.1.
 */
#pragma once

#include "events/bus/bus.h"
#include "events/triggers/trigger.h"

struct match_dependency {
    struct str name, source, event;
    const struct json *spec; /* borrowed */
};

struct match_dependencies {
    struct match_dependency *at;
    struct str *names; /* of each, in the same order */
    size_t len;
};

/**
 * match_dependencies_read() - the dependencies of a sensor
 * @a:    where the lists live
 * @list: spec.dependencies, borrowed by the result; NULL: none
 * @ret:  the dependencies in order of the list
 * @err:  ERR_INVALID or ERR_UNSUPPORTED with the path "spec.dependencies[0]..."
 *
 * Return: 0 or -1.
 */
int match_dependencies_read(struct arena *a, const struct json *list,
                            struct match_dependencies *ret, struct err *err);

/** match_record() - does a record come from the source and event of a dependency? */
bool match_record(const struct match_dependency *d, const struct bus_record *r);

/**
 * match_event_read() - a record as triggers see it, no dependency named yet
 * @a:   where it lives; nothing of @r is borrowed
 * @r:   record; its payload is a CloudEvent as JSON
 * @ret: attributes without the data, data as text, and as a value when it is JSON
 * @err: ERR_INVALID naming the event when the payload is no JSON or data_base64 no base64
 *
 * Return: 0 or -1.
 */
int match_event_read(struct arena *a, const struct bus_record *r, struct trigger_event *ret,
                     struct err *err);
