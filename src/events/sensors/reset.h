/*
 * events/sensors/reset.h - when the state of a trigger's conditions is forgotten
 * (conditionsReset). Immutable once read; any thread. Zones are read from the system's database
 * while reading. Source: ../shared/spec/events.md 4.5.
 */
#pragma once

#include "formats/json.h"
#include "lang/cron/cron.h"

struct resets {
    struct {
        struct cron_schedule schedule;
        const struct gozone *zone;
    } * at;
    size_t len;
};

/**
 * resets_read() - conditionsReset of a trigger's template
 * @a:    where it lives
 * @list: the list; NULL: never
 * @ret:  untouched on failure
 * @err:  ERR_INVALID with the entry's index: no schedule, no zone
 *
 * Return: 0 or -1.
 */
int resets_read(struct arena *a, const struct json *list, struct resets *ret, struct err *err);

/** resets_next() - the first reset after a time; false when there is none */
bool resets_next(const struct resets *r, struct wall after, struct wall *ret);

/** resets_last() - the last reset before a time, in whole seconds, within five years; false
 * when there is none */
bool resets_last(const struct resets *r, struct wall before, struct wall *ret);

/** reset_previous() - the last time before another at which one schedule was due; as above */
bool reset_previous(const struct cron_schedule *schedule, const struct gozone *zone,
                    const struct gotime *before, struct gotime *ret);
