/*
 * Templates that wait: for somebody who resumes them, which is written into the node's row by
 * workflows/operate and read with it, or until their duration is over. Outputs with
 * valueFrom.supplied stand in the node until they have a value.
 */
#include "formats/duration.h"
#include "workflows/engine/wf_internal.h"

static const struct json *find_parameter(const struct json *list, struct str name)
{
    const struct json *item;

    for (size_t i = 0; (item = json_item(list, i)) != NULL; i++)
        if (str_eq(json_get_str(item, STR("name")), name))
            return item;
    return NULL;
}

static void set_parameters(struct wf *wf, struct str *at, const struct json *old,
                           const struct json_array_builder *list)
{
    struct arena *a = wf->pass->a;
    struct json made = json_set(a, old, STR("parameters"), json_array(list));

    wf_text_set(at, json_text(a, &made, JSON_COMPACT));
}

/* What is supplied, with the default of the input of that name when it has none of its own. */
static void set_outputs(struct wf *wf, struct wf_node *n, const struct json *tmpl)
{
    const struct json *inputs = json_path(tmpl, "inputs", "parameters", NULL);
    const struct json *list = json_path(tmpl, "outputs", "parameters", NULL), *item;
    struct json_array_builder out = {0};
    struct arena *a = wf->pass->a;

    for (size_t i = 0; (item = json_item(list, i)) != NULL; i++) {
        const struct json *from = json_get(item, STR("valueFrom"));
        const struct json *other =
            json_get(find_parameter(inputs, json_get_str(item, STR("name"))), STR("default"));
        struct json made = *item;

        if (!json_get(from, STR("supplied")))
            continue;
        if (other && !json_get(from, STR("default")))
            made = json_set_path(a, item, *other, "valueFrom", "default", NULL);
        json_push(a, &out, made);
    }
    if (out.len > 0)
        set_parameters(wf, &n->outputs, NULL, &out);
}

/* A parameter whose value is itself a parameter with choices gets these. */
static struct json with_choices(struct arena *a, const struct json *parameter)
{
    struct json value, made;
    const struct json *choices, *item;
    struct json_array_builder texts = {0};
    struct err ignored;

    if (json_parse(a, json_get_str(parameter, STR("value")), &value, &ignored) < 0)
        return *parameter;
    choices = json_get(&value, STR("enum"));
    for (size_t i = 0; (item = json_item(choices, i)) != NULL; i++)
        json_push(a, &texts,
                  json_is(item, JSON_STRING) ? *item
                                             : json_string(json_text(a, item, JSON_COMPACT)));
    if (texts.len == 0)
        return *parameter;
    made = json_set(a, parameter, STR("enum"), json_array(&texts));
    if (!json_get(parameter, STR("default")))
        made = json_set(a, &made, STR("default"), texts.at[0]);
    return made;
}

static void set_choices(struct wf *wf, struct wf_node *n)
{
    const struct json *inputs = wf_parsed(wf, n->inputs);
    const struct json *list = json_get(inputs, STR("parameters")), *item;
    struct json_array_builder made = {0};

    for (size_t i = 0; (item = json_item(list, i)) != NULL; i++)
        json_push(wf->pass->a, &made, with_choices(wf->pass->a, item));
    if (made.len > 0)
        set_parameters(wf, &n->inputs, inputs, &made);
}

void wf_suspend_init(struct wf *wf, struct wf_node *n, const struct json *tmpl)
{
    set_outputs(wf, n, tmpl);
    set_choices(wf, n);
}

bool wf_suspend_stop(struct wf *wf, struct wf_node *n, bool is_exit)
{
    struct str shutdown = wf_shutdown(wf);

    if (!str_is_empty(shutdown) && !(is_exit && str_is(shutdown, "Stop")))
        wf_node_end(
            wf, n, WF_FAILED,
            str_printf(wf->pass->a, "Stopped with strategy '" STR_FMT "'", STR_ARG(shutdown)));
    else if (!is_exit && wf_is_past_deadline(wf))
        wf_node_end(wf, n, WF_FAILED, STR("Step exceeded its deadline"));
    return wf_node_is_done(n);
}

/* Its time is over: outputs that nobody supplied take their defaults, up to the first that has
 * none. */
static void end(struct wf *wf, struct wf_node *n)
{
    const struct json *outputs = wf_parsed(wf, n->outputs);
    const struct json *list = json_get(outputs, STR("parameters")), *item;
    struct json_array_builder made = {0};
    struct str fault = STR_NONE;
    struct arena *a = wf->pass->a;

    for (size_t i = 0; (item = json_item(list, i)) != NULL; i++) {
        const struct json *from = json_get(item, STR("valueFrom"));
        struct json given = *item;

        if (str_is_none(fault) && json_get(from, STR("supplied"))) {
            if (!json_get(from, STR("default"))) {
                fault = str_printf(a,
                                   "raw output parameter '" STR_FMT
                                   "' has not been set and does not have a default value",
                                   STR_ARG(json_get_str(item, STR("name"))));
            } else {
                given = json_without(a, item, STR("valueFrom"));
                given = json_set(a, &given, STR("value"), *json_get(from, STR("default")));
            }
        }
        json_push(a, &made, given);
    }
    if (made.len > 0)
        set_parameters(wf, &n->outputs, outputs, &made);
    if (!str_is_none(fault))
        wf_node_fault(wf, n, fault);
    else
        wf_node_end(wf, n, WF_SUCCEEDED, STR_NONE);
}

void wf_suspend_run(struct wf *wf, struct wf_frame *f)
{
    struct str duration = json_path(&f->tmpl, "suspend", "duration", NULL)
                              ? json_str(json_path(&f->tmpl, "suspend", "duration", NULL))
                              : STR("");
    struct wf_node *n = f->node;
    int64_t ns = 0, until;
    struct err err;

    if (str_is_empty(duration))
        return;
    if (duration_parse_argo(duration, &ns, &err) < 0) {
        wf_node_end(wf, n, WF_ERROR, str_from(err.text));
        return;
    }
    until = n->started_ms + ns / DURATION_MS;
    if (wf->pass->now.ms >= until) {
        end(wf, n);
    } else if (f->wake_ms == 0) {
        f->wake_ms = until;
        wf_sleep(wf, n);
    }
}
