/*
 * What the controller counts of workflows and pods by their phases, under the originals' names.
 *
 * A thing in a phase is counted up when it comes into it, and is in the gauge of that phase
 * until it leaves it. Workflows that have ended are not in memory, so the gauge has only those
 * that have not. After a restart what is loaded counts in the gauges, not again as a change.
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

/* The template that the workflow was made from, counted by its phase and its runtime. */
static void count_template(struct engine_run *run, struct str phase)
{
    struct metrics *m = run->engine->options.metrics;
    const struct json *doc = run->wf ? wf_doc(run->wf) : NULL;
    const struct json *ref = doc ? json_path(doc, "spec", "workflowTemplateRef", NULL) : NULL;
    struct str name = json_get_str(ref, STR("name")), scope = STR("false");

    if (str_is_empty(name))
        return;
    if (json_get_bool(ref, STR("clusterScope")))
        scope = STR("true");
    metric_add(metric_get(m, METRIC_TEMPLATE_TRIGGERED, scope, name, run->key.ns, phase), 1);
    if (wf_is_finished(run->wf))
        metric_observe(metric_get(m, METRIC_TEMPLATE_RUNTIME, scope, name, run->key.ns),
                       (double) wf_runtime_ms(run->wf) / 1000);
}

void run_count_phase(struct engine_run *run, struct str phase)
{
    struct metrics *m = run->engine->options.metrics;
    bool is_new = !run->has_phase && str_is_empty(phase);
    bool is_loaded = !run->has_phase && !is_new;

    if (run->has_phase && str_is(phase, run->phase))
        return;
    run->has_phase = true;
    snprintf(run->phase, sizeof(run->phase), STR_FMT, STR_ARG(phase));
    if (!m)
        return;
    if (!is_loaded) {
        metric_add(
            metric_get(m, METRIC_WORKFLOWS_TOTAL, run->key.ns, is_new ? STR("New") : phase), 1);
        count_template(run, phase);
    }
    move(&run->gauge, metric_get(m, METRIC_WORKFLOWS, is_new ? STR("New") : phase));
}

void run_count_end(struct engine_run *run)
{
    move(&run->gauge, NULL);
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

void pod_count_end(struct engine_pod *pod)
{
    move(&pod->gauge, NULL);
}
