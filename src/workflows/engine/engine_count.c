/*
 * What the controller counts of workflows and pods by their phases, under the originals' names.
 *
 * A thing in a phase is counted up when it comes into it, and a pod is in the gauge of that
 * phase until it leaves it (how many Workflows there are, the API counts in the store). After a
 * restart what is loaded counts in the gauge, not again as a change.
 * Loop thread.
 */
#include <stdio.h>

#include "workflows/engine/engine_internal.h"

static void move(struct metric **gauge, struct metric *to)
{
    metric_add(*gauge, -1);
    *gauge = to;
    metric_add(to, 1);
}

/* The template that the workflow was made from; its name is empty when there is none. */
static struct str template_of(const struct engine_run *run, struct str *ret_scope)
{
    const struct json *doc = run->wf ? wf_doc(run->wf) : NULL;
    const struct json *ref = doc ? json_path(doc, "spec", "workflowTemplateRef", NULL) : NULL;

    *ret_scope = json_get_bool(ref, STR("clusterScope")) ? STR("true") : STR("false");
    return json_get_str(ref, STR("name"));
}

static void count_template(struct engine_run *run, struct str phase)
{
    struct metrics *m = run->engine->options.metrics;
    struct str scope, name = template_of(run, &scope);

    if (!str_is_empty(name))
        metric_add(metric_get(m, METRIC_TEMPLATE_TRIGGERED, scope, name, run->key.ns, phase),
                   1);
}

static void count_runtime(struct engine_run *run)
{
    struct metrics *m = run->engine->options.metrics;
    struct str scope, name = template_of(run, &scope);

    if (!str_is_empty(name) && wf_is_finished(run->wf))
        metric_observe(metric_get(m, METRIC_TEMPLATE_RUNTIME, scope, name, run->key.ns),
                       (double) wf_runtime_ms(run->wf) / 1000);
}

void run_count_phase(struct engine_run *run, struct str phase)
{
    struct metrics *m = run->engine->options.metrics;
    bool is_new = !run->has_phase && str_is_empty(phase);
    bool is_loaded = !run->has_phase && !is_new;
    bool was_new = run->has_phase && !*run->phase; /* now it is known what it was made from */

    if (run->has_phase && str_is(phase, run->phase))
        return;
    run->has_phase = true;
    snprintf(run->phase, sizeof(run->phase), STR_FMT, STR_ARG(phase));
    if (!m)
        return;
    if (was_new)
        count_template(run, STR("New"));
    if (!is_loaded) {
        metric_add(
            metric_get(m, METRIC_WORKFLOWS_TOTAL, run->key.ns, is_new ? STR("New") : phase), 1);
        count_template(run, phase);
        count_runtime(run);
    }
}

static struct str phase_text(enum pod_phase phase)
{
    switch (phase) {
    case POD_PENDING:
        return STR("Pending");
    case POD_RUNNING:
        return STR("Running");
    case POD_SUCCEEDED:
        return STR("Succeeded");
    case POD_FAILED:
    case POD_ERROR: /* a pod knows no other end */
        return STR("Failed");
    }
    return STR("Unknown");
}

void pod_count_phase(struct engine_pod *pod, enum pod_phase phase)
{
    struct metrics *m = pod->run->engine->options.metrics;
    struct metric *gauge = metric_get(m, METRIC_PODS, phase_text(phase));

    if (!m || pod->gauge == gauge || (!pod->gauge && phase != POD_PENDING))
        return; /* what was never created is no pod */
    metric_add(metric_get(m, METRIC_PODS_TOTAL, pod->run->key.ns, phase_text(phase)), 1);
    move(&pod->gauge, gauge);
}

/* Why: what stands before the colon of what is told of it. */
void pod_count_pending(struct engine_pod *pod, const struct pod_report *report)
{
    struct metrics *m = pod->run->engine->options.metrics;
    struct str rest = report->message, reason;
    uint32_t hash;

    if (report->phase != POD_PENDING || !str_cut(&rest, ':', &reason) || str_is_none(rest))
        return;
    hash = str_fnv32a(report->message);
    if (pod->pending == hash)
        return;
    pod->pending = hash;
    metric_add(metric_get(m, METRIC_PODS_PENDING, pod->run->key.ns, reason), 1);
}

void run_count_rate(struct engine_run *run, bool is_over, bool is_new)
{
    struct mono now = loop_now(run->engine->options.loop);
    double seconds = 0;

    if (is_over) {
        run->rate_since = run->rate_since.ns ? run->rate_since : now;
        return;
    }
    if (!is_new)
        return;
    if (run->rate_since.ns)
        seconds = (double) (now.ns - run->rate_since.ns) / 1e9;
    run->rate_since.ns = 0;
    metric_observe(metric_of(run->engine->options.metrics, METRIC_RATE_LATENCY, NULL), seconds);
}

void pod_count_end(struct engine_pod *pod)
{
    move(&pod->gauge, NULL);
}
