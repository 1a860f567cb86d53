/*
 * Suspending and resuming, shutting down, and values for nodes that wait for somebody.
 *
 * A suspended node is of type Suspend and Running. Its outputs with valueFrom.supplied are
 * those that are waited for.
 */
#include "workflows/operate/operate_internal.h"

static bool is_suspended(const struct operate_node *n)
{
    return str_is(json_get_str(&n->doc, STR("type")), "Suspend") &&
           str_is(json_get_str(&n->doc, STR("phase")), "Running");
}

int operate_suspend(struct operate_workflow *wf, struct err *err)
{
    const struct json *spec = json_get(&wf->doc, STR("spec"));

    if (operate_has_ended(wf))
        return err_set(err, ERR_INVALID, "cannot suspend completed workflows");
    if (!json_get_bool(spec, STR("suspend")))
        operate_set_spec(wf, "suspend", json_bool(true));
    return 0;
}

int operate_shut_down(struct operate_workflow *wf, enum operate_shutdown how, struct err *err)
{
    const struct json *meta = json_get(&wf->doc, STR("metadata"));

    if (operate_has_ended(wf))
        return err_set(err, ERR_INVALID,
                       "cannot shutdown a completed workflow: workflow: \"" STR_FMT
                       "\", namespace: \"" STR_FMT "\"",
                       STR_ARG(json_get_str(meta, STR("name"))),
                       STR_ARG(json_get_str(meta, STR("namespace"))));
    operate_set_spec(wf, "shutdown",
                     json_string(how == OPERATE_STOP ? STR("Stop") : STR("Terminate")));
    return 0;
}

/* ---- outputs that are supplied ---- */

static struct json with_value(struct arena *a, const struct json *parameter, struct json value)
{
    struct json made = json_without(a, parameter, STR("valueFrom"));

    return json_set(a, &made, STR("value"), value);
}

static void set_outputs(struct operate_workflow *wf, struct operate_node *n,
                        const struct json_array_builder *parameters)
{
    struct json outputs = json_set(wf->arena, json_get(&n->doc, STR("outputs")),
                                   STR("parameters"), json_array(parameters));

    operate_node_set(wf, n, "outputs", outputs);
}

/* What a node gives under a global name is an output of the workflow. */
static void export(struct operate_workflow *wf, const struct json *parameter)
{
    struct str name = json_get_str(parameter, STR("globalName"));
    const struct json *old = json_path(&wf->doc, "status", "outputs", "parameters", NULL),
                      *item;
    struct json_array_builder all = {0};
    struct json_object_builder made = {0};

    if (str_is_empty(name))
        return;
    for (size_t i = 0; (item = json_item(old, i)) != NULL; i++)
        if (!str_eq(json_get_str(item, STR("name")), name))
            json_push(wf->arena, &all, *item);
    json_add(wf->arena, &made, STR("name"), json_string(name));
    json_add(wf->arena, &made, STR("value"), *json_get(parameter, STR("value")));
    json_push(wf->arena, &all, json_object(&made));
    wf->doc = json_set_path(wf->arena, &wf->doc, json_array(&all), "status", "outputs",
                            "parameters", NULL);
}

static int take_defaults(struct operate_workflow *wf, struct operate_node *n, struct err *err)
{
    const struct json *list = json_path(&n->doc, "outputs", "parameters", NULL), *item;
    struct json_array_builder all = {0};

    if (!json_item(list, 0))
        return 0;
    for (size_t i = 0; (item = json_item(list, i)) != NULL; i++) {
        const struct json *from = json_get(item, STR("valueFrom"));
        const struct json *other = json_get(from, STR("default"));
        struct json made = *item;

        if (json_get(from, STR("supplied")) && !other)
            return err_set(err, ERR_INVALID,
                           "raw output parameter '" STR_FMT
                           "' has not been set and does not have a default value",
                           STR_ARG(json_get_str(item, STR("name"))));
        if (json_get(from, STR("supplied"))) {
            made = with_value(wf->arena, item, *other);
            export(wf, &made);
        }
        json_push(wf->arena, &all, made);
    }
    set_outputs(wf, n, &all);
    return 0;
}

static int supply(struct operate_workflow *wf, struct operate_node *n, struct str name,
                  const struct json *value, struct err *err)
{
    const struct json *list = json_path(&n->doc, "outputs", "parameters", NULL), *item;
    struct json_array_builder all = {0};
    bool is_there = false;

    for (size_t i = 0; (item = json_item(list, i)) != NULL; i++) {
        struct json made = *item;

        if (!is_there && str_eq(json_get_str(item, STR("name")), name)) {
            is_there = true;
            if (!json_path(item, "valueFrom", "supplied", NULL))
                return err_set(err, ERR_INVALID,
                               "cannot set output parameter '" STR_FMT
                               "' because it does not use valueFrom.raw or it was already set",
                               STR_ARG(name));
            made = with_value(wf->arena, item, *value);
            export(wf, &made);
        }
        json_push(wf->arena, &all, made);
    }
    if (!is_there)
        return err_set(err, ERR_INVALID, "node is not expecting output parameter '" STR_FMT "'",
                       STR_ARG(name));
    set_outputs(wf, n, &all);
    return 0;
}

static int supply_all(struct operate_workflow *wf, struct operate_node *n,
                      const struct json *outputs, struct err *err)
{
    if (!outputs || outputs->count == 0)
        return 0;
    if (!json_get(&n->doc, STR("outputs")))
        return err_set(
            err, ERR_INVALID,
            "cannot set output parameters because node is not expecting any raw parameters");
    for (uint32_t i = 0; i < outputs->count; i++)
        if (supply(wf, n, outputs->members[i].key, &outputs->members[i].value, err) < 0)
            return -1;
    return 0;
}

/* ---- nodes ---- */

static void end_node(struct operate_workflow *wf, struct operate_node *n, struct str phase)
{
    operate_node_set(wf, n, "phase", json_string(phase));
    operate_node_set(wf, n, "finishedAt", operate_now(wf));
    if (str_is(phase, "Succeeded"))
        operate_node_set(wf, n, "progress", json_string(STR("1/1")));
}

static int set_node(struct operate_workflow *wf, struct operate_node *n,
                    const struct operate_values *values, struct err *err)
{
    if (!str_is_empty(values->message))
        operate_node_set(wf, n, "message", json_string(values->message));
    if (supply_all(wf, n, values->outputs, err) < 0)
        return -1;
    if (!str_is_empty(values->phase))
        end_node(wf, n, values->phase);
    return 0;
}

static int check_values(const struct operate_values *values, struct err *err)
{
    struct str phase = values->phase;

    if (!str_is_empty(phase) && !str_is(phase, "Succeeded") && !str_is(phase, "Failed") &&
        !str_is(phase, "Error"))
        return err_set(err, ERR_INVALID, STR_FMT " is an invalid phase to set to",
                       STR_ARG(phase));
    if (str_is_empty(values->selector))
        return err_set(err, ERR_INVALID,
                       "'set' currently only targets suspend nodes, use a node field selector "
                       "to target them");
    return 0;
}

int operate_set(struct operate_workflow *wf, const struct operate_values *values,
                struct err *err)
{
    struct selector selector;
    bool is_set = false;

    if (check_values(values, err) < 0 ||
        operate_selector(wf, values->selector, &selector, err) < 0)
        return -1;
    for (size_t i = 0; i < wf->node_count; i++) {
        struct operate_node *n = &wf->nodes[i];

        if (!is_suspended(n) || !operate_matches(&selector, &n->doc))
            continue;
        if (set_node(wf, n, values, err) < 0)
            return -1;
        is_set = is_set || n->is_changed;
    }
    if (!is_set)
        return err_set(err, ERR_INVALID,
                       "currently, set only targets suspend nodes: no suspend nodes matching "
                       "nodeFieldSelector: " STR_FMT,
                       STR_ARG(values->selector));
    return 0;
}

int operate_stop(struct operate_workflow *wf, struct str selector, struct str message,
                 struct err *err)
{
    const struct operate_values values = {
        .selector = selector, .phase = STR("Failed"), .message = message};

    return str_is_empty(selector) ? operate_shut_down(wf, OPERATE_STOP, err)
                                  : operate_set(wf, &values, err);
}

/* A template that suspends its workflows is overruled: its spec is frozen. */
static void let_go(struct operate_workflow *wf)
{
    if (json_get_bool(json_path(&wf->doc, "status", "storedWorkflowTemplateSpec", NULL),
                      STR("suspend"))) {
        if (!json_path(&wf->doc, "spec", "suspend", NULL) ||
            json_get_bool(json_get(&wf->doc, STR("spec")), STR("suspend")))
            operate_set_spec(wf, "suspend", json_bool(false));
    } else if (json_get_bool(json_get(&wf->doc, STR("spec")), STR("suspend"))) {
        operate_drop(wf, "spec", "suspend");
    }
}

/* "Resumed by: map[User:NAME]", as Go prints a map; "" for nobody that is known. */
static struct str resumed_by(struct arena *a, struct str by)
{
    return str_is_empty(by) ? STR("")
                            : str_printf(a, "Resumed by: map[User:" STR_FMT "]", STR_ARG(by));
}

static void add_message(struct operate_workflow *wf, struct operate_node *n, struct str message)
{
    struct str old = json_get_str(&n->doc, STR("message"));

    if (str_is_empty(message))
        return;
    if (!str_is_empty(old))
        message = str_printf(wf->arena, STR_FMT "; " STR_FMT, STR_ARG(old), STR_ARG(message));
    operate_node_set(wf, n, "message", json_string(message));
}

int operate_resume(struct operate_workflow *wf, struct str selector, struct str by,
                   struct err *err)
{
    const struct operate_values values = {.selector = selector,
                                          .phase = STR("Succeeded"),
                                          .message = resumed_by(wf->arena, by)};

    if (!str_is_empty(selector))
        return operate_set(wf, &values, err);
    let_go(wf);
    for (size_t i = 0; i < wf->node_count; i++) {
        if (!is_suspended(&wf->nodes[i]))
            continue;
        if (take_defaults(wf, &wf->nodes[i], err) < 0)
            return -1;
        add_message(wf, &wf->nodes[i], values.message);
        end_node(wf, &wf->nodes[i], STR("Succeeded"));
    }
    return 0;
}
