/*
 * Metrics that workflows define, on the registry of the program: what decisions say is carried
 * out after their commit. Gauges in real time are set by a timer, once a second, until a value
 * is told or their workflow has ended. Loop thread.
 */
#include "base/limits.h"
#include "workflows/engine/engine_internal.h"

static int define(void *ctx, const struct metric_def *def, const struct str *values,
                  struct metric **ret, struct err *err)
{
    struct engine *e = ctx;

    *ret = NULL;
    return e->options.metrics ? metric_define(e->options.metrics, def, values, ret, err) : 0;
}

static void set_growing(const struct engine *e, const struct engine_growing *g)
{
    metric_set(g->metric, (double) (loop_wall(e->options.loop).ms - g->since_ms) / 1000);
}

static void on_tick(void *ctx)
{
    struct engine *e = ctx;

    for (size_t i = 0; i < e->growing.len; i++)
        set_growing(e, &e->growing.at[i]);
    if (e->growing.len > 0)
        timer_start(e->growing_timer, ENGINE_REALTIME_MS);
}

/* Those of a workflow, or with @metric that one. */
static void drop(struct engine *e, const struct engine_run *run, const struct metric *metric)
{
    size_t kept = 0;

    for (size_t i = 0; i < e->growing.len; i++)
        if (e->growing.at[i].run != run || (metric && e->growing.at[i].metric != metric))
            e->growing.at[kept++] = e->growing.at[i];
    e->growing.len = kept;
}

static void grow(struct engine_run *run, struct metric *metric, int64_t since_ms)
{
    struct engine *e = run->engine;
    const struct engine_growing g = {.run = run, .metric = metric, .since_ms = since_ms};

    if (!metric)
        return;
    drop(e, run, metric);
    if (e->growing.len >= ENGINE_REALTIME_MAX)
        return;
    VEC_PUSH(&e->growing, g);
    set_growing(e, &g);
    if (e->growing.len == 1)
        timer_start(e->growing_timer, ENGINE_REALTIME_MS);
}

void run_tell_metrics(struct engine_run *run)
{
    for (size_t i = 0; i < run->actions.metric_count; i++) {
        const struct wf_metric_action *m = &run->actions.metrics[i];

        switch (m->operation) {
        case WF_METRIC_ADD:
            metric_add(m->metric, m->value);
            break;
        case WF_METRIC_SET:
            drop(run->engine, run, m->metric);
            metric_set(m->metric, m->value);
            break;
        case WF_METRIC_OBSERVE:
            metric_observe(m->metric, m->value);
            break;
        case WF_METRIC_GROW:
            grow(run, m->metric, (int64_t) m->value);
            break;
        }
    }
}

void run_drop_metrics(struct engine_run *run)
{
    drop(run->engine, run, NULL);
}

void engine_metrics_init(struct engine *e)
{
    e->world.metric = define;
    e->growing_timer = timer_new(e->options.loop, on_tick, e);
}

void engine_metrics_free(struct engine *e)
{
    timer_free(e->growing_timer);
    VEC_DONE(&e->growing);
}
