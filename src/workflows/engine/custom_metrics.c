/*
 * Metrics that workflows and templates define: `metrics.prometheus` of a spec or a template.
 *
 * They are told when the workflow or a node of the template ends; of a retried template each
 * attempt counts. Gauges in real time are told from the beginning, and grow until then. What is
 * wrong with one is a condition MetricsError of the workflow, which goes on. Counting is
 * remembered by nobody: what a crash loses between a decision and its effects is lost. Source:
 * ../shared/spec/workflows.md 9.2.
 */
#include "workflows/engine/custom_metrics.h"

#include "lang/cond/cond.h"
#include "workflows/engine/world.h"

#define PREFIX "argo_workflows_"

/* One emission: what its names mean, and since when it runs. */
struct emission {
    struct wf *wf;
    const struct wf_names *names;
    const char *clock; /* the name that can grow in real time */
    int64_t since_ms;
    bool is_over; /* the end: nothing grows any more */
};

static void report(struct wf *wf, struct str text)
{
    struct str all = str_is_none(wf->metrics_error)
                         ? text
                         : str_printf(wf->pass->a, STR_FMT ", " STR_FMT,
                                      STR_ARG(wf->metrics_error), STR_ARG(text));

    wf_text_set(&wf->metrics_error, all);
    wf->is_doc_changed = true;
}

static bool is_realtime(const struct json *metric)
{
    return json_get_bool(json_get(metric, STR("gauge")), STR("realtime"));
}

/* The member that says what is done with the value. */
static const struct json *kind_of(const struct json *metric, enum metric_type *ret)
{
    static const struct {
        const char *member;
        enum metric_type type;
    } kinds[] = {{"gauge", METRIC_GAUGE}, {"histogram", METRIC_HISTOGRAM}};

    for (size_t i = 0; i < COUNT_OF(kinds); i++) {
        *ret = kinds[i].type;
        if (json_get(metric, str_from(kinds[i].member)))
            return json_get(metric, str_from(kinds[i].member));
    }
    *ret = METRIC_COUNTER;
    return json_get(metric, STR("counter"));
}

/* ---- the series ---- */

static int buckets_of(struct arena *a, const struct json *kind, struct metric_def *def,
                      struct err *err)
{
    const struct json *list = json_get(kind, STR("buckets"));
    size_t count = json_is(list, JSON_ARRAY) ? list->count : 0;
    double *buckets = ARENA_ARRAY(a, double, count + 1);

    for (size_t i = 0; i < count; i++)
        if (!json_f64(json_item(list, i), &buckets[i]) ||
            (i > 0 && buckets[i] <= buckets[i - 1]))
            return err_set(err, ERR_INVALID, "buckets must be numbers that rise");
    def->buckets = buckets;
    def->bucket_count = count;
    return 0;
}

static int find_series(struct wf *wf, const struct json *metric, struct metric **ret,
                       struct err *err)
{
    const struct json *labels = json_get(metric, STR("labels"));
    size_t count = json_is(labels, JSON_ARRAY) ? labels->count : 0;
    struct str *names = ARENA_ARRAY(wf->pass->a, struct str, count + 1);
    struct str *values = ARENA_ARRAY(wf->pass->a, struct str, count + 1);
    struct metric_def def = {.help = json_get_str(metric, STR("help")), .labels = names};
    const struct json *kind = kind_of(metric, &def.type);

    def.name = str_concat(wf->pass->a, STR(PREFIX), json_get_str(metric, STR("name")));
    def.label_count = count;
    if (count > METRIC_LABELS_MAX)
        return err_set(err, ERR_INVALID, "%zu labels (limit %d)", count, METRIC_LABELS_MAX);
    for (size_t i = 0; i < count; i++) {
        names[i] = json_get_str(json_item(labels, i), STR("key"));
        values[i] = json_get_str(json_item(labels, i), STR("value"));
    }
    if (buckets_of(wf->pass->a, kind, &def, err) < 0)
        return -1;
    *ret = NULL;
    return wf->world && wf->world->metric
               ? wf->world->metric(wf->world->ctx, &def, values, ret, err)
               : 0;
}

static void act(struct wf *wf, struct metric *series, enum wf_metric_operation operation,
                double value)
{
    const struct wf_metric_action action = {
        .metric = series, .operation = operation, .value = value};

    VEC_APUSH(wf->pass->a, &wf->pass->metrics, action);
}

/* ---- values ---- */

/* {{duration}}: from here on as long as it runs. */
static int tell_realtime(const struct emission *e, const struct json *metric,
                         struct metric *series, struct err *err)
{
    struct str value = json_str(json_path(metric, "gauge", "value", NULL));
    double past = (double) (e->wf->pass->now.ms - e->since_ms) / 1000;

    if (!str_cut_prefix(&value, STR("{{")) || !str_ends(value, STR("}}")))
        return err_set(err, ERR_INVALID,
                       "real time metrics can only be used with metric variables");
    value = str_trim(str_head(value, value.len - 2));
    if (!str_is(value, e->clock))
        return err_set(err, ERR_INVALID, "'" STR_FMT "' is not available as a real time metric",
                       STR_ARG(value));
    act(e->wf, series, e->is_over ? WF_METRIC_SET : WF_METRIC_GROW,
        e->is_over ? past : (double) e->since_ms);
    return 0;
}

static int read_value(const struct emission *e, const struct json *kind, struct str name,
                      double *ret, struct err *err)
{
    const struct subst_options opts = wf_names_options(e->names, SUBST_REFUSE);
    struct json raw = json_string(json_get_str(kind, STR("value"))), value;

    if (subst_json(e->wf->pass->a, &raw, &opts, &value, err) < 0)
        return err_wrap(err, "unable to substitute parameters for metric '" STR_FMT "'",
                        STR_ARG(name));
    return parse_f64(str_trim(json_str(&value)), ret)
               ? 0
               : err_set(err, ERR_INVALID,
                         "could not construct metric '" STR_FMT
                         "': strconv.ParseFloat: parsing \"" STR_FMT "\": invalid syntax",
                         STR_ARG(name), STR_ARG(json_str(&value)));
}

static int tell_value(const struct emission *e, const struct json *metric,
                      struct metric *series, struct err *err)
{
    struct str operation = json_str(json_path(metric, "gauge", "operation", NULL));
    enum metric_type type;
    const struct json *kind = kind_of(metric, &type);
    struct str name = json_get_str(metric, STR("name"));
    double value = 0;

    if (read_value(e, kind, name, &value, err) < 0)
        return -1;
    if (type == METRIC_COUNTER && value < 0)
        return err_set(err, ERR_INVALID,
                       "could not construct metric '" STR_FMT "': a counter cannot decrease",
                       STR_ARG(name));
    if (type == METRIC_HISTOGRAM)
        act(e->wf, series, WF_METRIC_OBSERVE, value);
    else if (type == METRIC_COUNTER || str_is(operation, "Add"))
        act(e->wf, series, WF_METRIC_ADD, value);
    else
        act(e->wf, series, str_is(operation, "Sub") ? WF_METRIC_ADD : WF_METRIC_SET,
            str_is(operation, "Sub") ? -value : value);
    return 0;
}

/* ---- one metric ---- */

/* Its name, labels, help and condition are filled in; the value stays. */
static int fill_in(const struct emission *e, const struct json *metric, struct json *ret,
                   struct err *err)
{
    static const char *const members[] = {"name", "help", "labels", "when"};
    const struct subst_options opts = wf_names_options(e->names, SUBST_REFUSE);
    struct arena *a = e->wf->pass->a;

    *ret = *metric;
    for (size_t i = 0; i < COUNT_OF(members); i++) {
        const struct json *member = json_get(metric, str_from(members[i]));
        struct json filled;

        if (!member)
            continue;
        if (subst_json(a, member, &opts, &filled, err) < 0)
            return err_wrap(err, "unable to substitute parameters for metric '" STR_FMT "'",
                            STR_ARG(json_get_str(metric, STR("name"))));
        *ret = json_set(a, ret, str_from(members[i]), filled);
    }
    return 0;
}

static int emit(const struct emission *e, const struct json *given, struct err *err)
{
    struct str name = json_get_str(given, STR("name")), when;
    struct metric *series;
    struct json metric;
    bool is_met = true;

    if (str_is_empty(json_get_str(given, STR("help"))))
        return err_set(err, ERR_INVALID,
                       "metric '" STR_FMT "' must contain a help string under 'help: ' field",
                       STR_ARG(name));
    if (fill_in(e, given, &metric, err) < 0)
        return -1;
    when = json_get_str(&metric, STR("when"));
    if (!str_is_empty(when) && cond_eval(e->wf->pass->a, when, &is_met, err) < 0)
        return err_wrap(err, "unable to compute 'when' clause for metric '" STR_FMT "'",
                        STR_ARG(name));
    if (!is_met)
        return 0;
    if (find_series(e->wf, &metric, &series, err) < 0)
        return err_wrap(err, "could not construct metric '" STR_FMT "'", STR_ARG(name));
    return is_realtime(&metric) ? tell_realtime(e, &metric, series, err)
                                : tell_value(e, &metric, series, err);
}

static void emit_all(const struct emission *e, const struct json *list)
{
    const struct json *metric;
    struct err err;

    for (size_t i = 0; (metric = json_item(list, i)) != NULL; i++)
        if ((e->is_over || is_realtime(metric)) && emit(e, metric, &err) < 0)
            report(e->wf, str_from(err.text));
}

/* ---- nodes ---- */

static struct json with_parameters(struct arena *a, const struct json *scope,
                                   const struct json *side, const char *prefix)
{
    const struct json *list = json_get(side, STR("parameters")), *item;
    struct json made = *scope;

    for (size_t i = 0; (item = json_item(list, i)) != NULL; i++) {
        const struct json *value = json_get(item, STR("value"));

        if (value)
            made = json_set(a, &made,
                            str_printf(a, "%s.parameters." STR_FMT, prefix,
                                       STR_ARG(json_get_str(item, STR("name")))),
                            *value);
    }
    return made;
}

static struct json node_scope(struct wf *wf, const struct wf_node *n)
{
    struct arena *a = wf->pass->a;
    const struct json *inputs = wf_parsed(wf, n->inputs);
    const struct json *outputs = wf_parsed(wf, n->outputs);
    bool is_over = wf_node_is_done(n);
    struct str duration = str_printf(a, "%f", (double) (n->finished_ms - n->started_ms) / 1000);
    struct json scope =
        json_set(a, NULL, STR("duration"), json_string(is_over ? duration : STR("0")));

    scope = json_set(a, &scope, STR("status"),
                     json_string(is_over ? wf_phase_name(n->phase) : STR("Pending")));
    scope = json_set(a, &scope, STR("resourcesDuration.cpu"), json_string(STR("0")));
    scope = json_set(a, &scope, STR("resourcesDuration.memory"), json_string(STR("0")));
    if (n->owner && n->owner->type == WF_RETRY && n->owner->children.len > 0)
        scope = json_set(a, &scope, STR("retries"),
                         json_string(str_printf(a, "%zu", n->owner->children.len - 1)));
    if (json_get(outputs, STR("exitCode")))
        scope = json_set(a, &scope, STR("exitCode"), *json_get(outputs, STR("exitCode")));
    if (json_get(outputs, STR("result")))
        scope = json_set(a, &scope, STR("outputs.result"), *json_get(outputs, STR("result")));
    scope = with_parameters(a, &scope, inputs, "inputs");
    return with_parameters(a, &scope, outputs, "outputs");
}

static void tell_node(struct wf *wf, struct wf_node *n)
{
    struct json scope = node_scope(wf, n);
    const struct wf_names names = {.wf = wf, .locals = &scope};
    const struct emission e = {.wf = wf,
                               .names = &names,
                               .clock = "duration",
                               .since_ms = n->started_ms,
                               .is_over = wf_node_is_done(n)};

    emit_all(&e, wf_parsed(wf, wf_rare(n, WF_METRICS)));
}

void wf_metrics_note(struct wf *wf, struct wf_node *n, const struct json *tmpl)
{
    const struct json *list = json_path(tmpl, "metrics", "prometheus", NULL);

    if (!json_item(list, 0) || !str_is_none(wf_rare(n, WF_METRICS)) || n->type == WF_RETRY)
        return;
    wf_rare_set(n, WF_METRICS, json_text(wf->pass->a, list, JSON_COMPACT));
    if (!wf_node_is_done(n))
        tell_node(wf, n);
}

void wf_metrics_leave(struct wf *wf, struct wf_node *n)
{
    if (str_is_none(wf_rare(n, WF_METRICS)))
        return;
    tell_node(wf, n);
    wf_rare_set(n, WF_METRICS, STR_NONE);
}

/* ---- the workflow ---- */

static void tell_workflow(struct wf *wf, bool is_over)
{
    const struct json *list = json_path(wf->spec, "metrics", "prometheus", NULL);
    const struct wf_names names = {.wf = wf};
    const struct emission e = {.wf = wf,
                               .names = &names,
                               .clock = "workflow.duration",
                               .since_ms = wf->started_ms,
                               .is_over = is_over};

    emit_all(&e, list);
}

void wf_metrics_begin(struct wf *wf)
{
    if (!wf->has_told_metrics)
        tell_workflow(wf, false);
    wf->has_told_metrics = true;
}

void wf_metrics_end(struct wf *wf)
{
    tell_workflow(wf, true);
}
