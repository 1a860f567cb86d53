/*
 * Forgetting what waits for partners when a reset by time says so. Loop thread.
 *
 * A reset counts for what was stored before it. Events that come again after a restart are gone
 * through in order, so that the outcome is as if the reset had been seen.
 */
#include "events/sensors/sensor_internal.h"

enum { WAIT_MAX_MS = 3600000, SECOND_MS = 1000 }; /* clocks are set: it is looked again */

void sensor_forget(struct sensor_trigger *t, struct wall before)
{
    for (size_t i = 0; i < t->sensor->dependencies.len; i++) {
        struct kept *k = &t->kept[i];

        if (!k->arena || k->stored.ms >= before.ms)
            continue;
        sensor_trace(t, json_get_str(k->event.context, STR("id")), "condition",
                     STR("forgotten by conditionsReset"));
        sensor_drop_kept(t, k);
    }
}

uint64_t sensor_resets_look(struct sensor_trigger *t, struct wall now)
{
    /* a second later, because the one that is due now counts */
    const struct wall soon = {now.ms + SECOND_MS};
    struct wall at;

    if (resets_last(&t->resets, soon, &at) && at.ms > t->reset_at.ms) {
        t->reset_at = at;
        sensor_forget(t, at);
    }
    if (!resets_next(&t->resets, now, &at) || at.ms - now.ms > WAIT_MAX_MS)
        return WAIT_MAX_MS;
    return (uint64_t) (at.ms - now.ms);
}

static void on_timer(void *ctx)
{
    struct sensor_trigger *t = ctx;

    timer_start(t->reset_timer, sensor_resets_look(t, loop_wall(t->sensor->c->options.loop)));
}

void sensor_resets_begin(struct sensor_trigger *t)
{
    if (t->resets.len == 0)
        return;
    t->reset_timer = timer_new(t->sensor->c->options.loop, on_timer, t);
    on_timer(t);
}
