/*
 * events/sensors/policy.h - policy.k8s of a trigger: the object that it made must get labels
 * before it counts as done. policy.status is the http driver's. Source:
 * ../shared/spec/events.md 5.12.
 */
#pragma once

#include "events/sensors/backoff.h"
#include "events/triggers/trigger.h"

struct label_policy {
    const struct json *labels; /* that the object must get; NULL: nothing is waited for */
    struct backoff backoff;    /* how often it is looked */
    bool fails_on_timeout;     /* else it counts as done when the labels do not come */
};

/**
 * policy_read() - policy.k8s of a trigger's policy; pure
 * @policy: the trigger's, borrowed by the result; NULL: none
 * @ret:    untouched on failure
 * @err:    ERR_INVALID: a wrong backoff
 *
 * Return: 0 or -1.
 */
int policy_read(const struct json *policy, struct label_policy *ret, struct err *err);

/**
 * policy_is_met() - has the object of a firing all labels? Worker; blocks on the store
 * @result: what the firing made
 * @labels: as in label_policy
 * @err:    ERR_NOT_FOUND: it is gone; ERR_INVALID: it made nothing; ERR_IO
 *
 * Return: 1, 0, or -1.
 */
int policy_is_met(struct store *store, const struct trigger_result *result,
                  const struct json *labels, struct err *err);
