/*
 * events/sensors/action.h - what a trigger does, and what its dlqTrigger does: read from the
 * manifest, then rendered for each firing. Pure, any thread.
 */
#pragma once

#include "events/sensors/backoff.h"
#include "events/sensors/policy.h"
#include "events/triggers/trigger.h"

/* Borrows the manifest. */
struct trigger_action {
    struct str name;
    const struct json *template;
    const struct json *parameters; /* of the template; NULL: none */
    const struct json *policy;     /* NULL: none */
    const struct trigger_driver *driver;
    struct backoff retry; /* one attempt, unless atLeastOnce with a retryStrategy */
    bool has_idle_retry;  /* a retryStrategy that has no effect without atLeastOnce */
};

/**
 * action_read() - a trigger of a manifest
 * @trigger: member of spec.triggers, or a dlqTrigger
 * @ret:     untouched on failure
 * @err:     ERR_INVALID, ERR_UNSUPPORTED with the path inside of @trigger
 *
 * Return: 0 or -1.
 */
int action_read(const struct json *trigger, struct trigger_action *ret, struct err *err);

/**
 * action_render() - what a driver is asked to do, with the values of events put in
 * @a:      where it lives; nothing in it borrows the manifest, which may go away
 * @action: action
 * @req:    has the events; gets template, policy, payload, headers, and the resource of drivers
 *          that send a message
 * @err:    as params_apply()
 *
 * Return: 0 or -1.
 */
int action_render(struct arena *a, const struct trigger_action *action,
                  struct trigger_request *req, struct err *err);

/**
 * action_fetch() - the object that a rendered request is about, with the values of events put
 * in; worker, blocking
 * @a:      where it lives
 * @driver: one that fetches
 * @req:    rendered; gets the resource
 * @result: is_read_failure, as fetch() of a driver
 * @err:    what the driver says; as params_apply_object()
 *
 * Return: 0 or -1.
 */
int action_fetch(struct arena *a, const struct trigger_driver *driver,
                 const struct trigger_services *services, struct trigger_request *req,
                 struct trigger_result *result, struct err *err);
