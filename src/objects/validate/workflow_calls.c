/*
 * objects/validate/workflow_calls.c - steps, and what steps and tasks share: loops, hooks,
 * names that others read. See workflow_internal.h.
 */
#include "objects/validate/workflow_internal.h"

/* ---- names of a node ---- */

/* A parameter or artifact, and the name that it has for the whole workflow. */
static void add_output(struct validate_checker *c, struct validate_scope *s,
                       const struct json *output, const char *kind)
{
    struct str name = validate_text(output, "globalName");

    if (name.len == 0)
        return;
    if (validate_is_tag(name)) {
        validate_name(c, s, "workflow.outputs.%s.*", kind);
        return;
    }
    validate_global(c, str_printf(c->a, "workflow.outputs.%s." STR_FMT, kind, STR_ARG(name)),
                    STR_NONE);
}

static bool has_result(const struct json *tmpl)
{
    const struct json *set = json_path(tmpl, "containerSet", "containers", NULL), *item;

    for (size_t i = 0; (item = json_item(set, i)) != NULL; i++)
        if (str_is(validate_text(item, "name"), "main"))
            return true;
    return validate_has(tmpl, "container") || validate_has(tmpl, "script") ||
           validate_has(tmpl, "data") || validate_has(tmpl, "http") ||
           validate_has(tmpl, "plugin");
}

static void add_outputs(struct validate_checker *c, struct validate_scope *s,
                        const struct validate_node *node)
{
    static const char *const kinds[] = {"parameters", "artifacts"};
    const struct json *outputs = validate_get(node->found->tmpl, "outputs"), *output;

    for (size_t k = 0; k < COUNT_OF(kinds); k++) {
        const struct json *list = validate_get(outputs, kinds[k]);

        for (size_t i = 0; (output = json_item(list, i)) != NULL; i++) {
            validate_name(c, s, "%s." STR_FMT ".outputs.%s." STR_FMT, node->group,
                          STR_ARG(node->name), kinds[k],
                          STR_ARG(validate_text(output, "name")));
            add_output(c, s, output, kinds[k]);
        }
    }
}

void validate_node_names(struct validate_checker *c, struct validate_scope *s,
                         const struct validate_node *node)
{
    static const char *const always[] = {"id", "startedAt", "finishedAt", "hostNodeName"};
    const struct json *tmpl = node->found->tmpl;
    enum validate_type type = validate_type_of(tmpl);

    for (size_t i = 0; i < COUNT_OF(always); i++)
        validate_name(c, s, "%s." STR_FMT ".%s", node->group, STR_ARG(node->name), always[i]);
    if (node->found->is_open)
        validate_name(c, s, "%s." STR_FMT ".*", node->group, STR_ARG(node->name));
    if (!tmpl)
        return;
    if (json_get_bool(tmpl, STR("daemon")))
        validate_name(c, s, "%s." STR_FMT ".ip", node->group, STR_ARG(node->name));
    if (has_result(tmpl) || (node->is_aggregate && type == VALIDATE_CONTAINER_SET)) {
        validate_name(c, s, "%s." STR_FMT ".outputs.result", node->group, STR_ARG(node->name));
        validate_name(c, s, "%s." STR_FMT ".exitCode", node->group, STR_ARG(node->name));
    }
    add_outputs(c, s, node);
    if (node->is_aggregate)
        validate_name(c, s, "%s." STR_FMT ".outputs.parameters", node->group,
                      STR_ARG(node->name));
}

/* ---- loops ---- */

bool validate_is_loop(const struct json *call)
{
    return validate_count(call, "withItems") > 0 || !validate_is_blank(call, "withParam");
}

static void add_item(struct validate_checker *c, struct validate_scope *s,
                     const struct json *item)
{
    if (json_is(item, JSON_ARRAY))
        for (uint32_t i = 0; i < item->count; i++)
            validate_name(c, s, "item.[%u]", i);
    else if (json_is(item, JSON_OBJECT))
        for (uint32_t i = 0; i < item->count; i++)
            validate_name(c, s, "item." STR_FMT, STR_ARG(item->members[i].key));
    else
        validate_name(c, s, "item");
}

int validate_items(struct validate_checker *c, struct validate_scope *s,
                   const struct json *call)
{
    const struct json *items = validate_get(call, "withItems"), *item,
                      *sequence = validate_get(call, "withSequence");
    bool has_param = !validate_is_blank(call, "withParam");

    if ((validate_count(call, "withItems") > 0) + has_param + (sequence != NULL) > 1)
        return validate_bad(c, call,
                            "only one of withItems, withParam, withSequence can be specified");
    if (validate_has(sequence, "count") && validate_has(sequence, "end"))
        return validate_bad(c, sequence,
                            "only one of count or end can be defined in withSequence");
    for (size_t i = 0; (item = json_item(items, i)) != NULL; i++)
        add_item(c, s, item);
    if (has_param || sequence)
        validate_name(c, s, "item");
    if (has_param)
        validate_name(c, s, "item.*");
    return 0;
}

void validate_inline_inputs(struct validate_checker *c, struct validate_scope *s,
                            const struct json *call)
{
    const struct json *list = json_path(call, "inline", "inputs", "parameters", NULL), *item;

    for (size_t i = 0; (item = json_item(list, i)) != NULL; i++)
        validate_name(c, s, "inputs.parameters." STR_FMT, STR_ARG(validate_text(item, "name")));
}

/* ---- hooks ---- */

bool validate_has_exit_hook(const struct json *call)
{
    return validate_has(validate_get(call, "hooks"), "exit") ||
           !validate_is_blank(call, "onExit");
}

int validate_hooks(struct validate_checker *c, const struct json *hooks, struct str prefix)
{
    for (uint32_t i = 0; json_is(hooks, JSON_OBJECT) && i < hooks->count; i++) {
        const struct json_member *hook = &hooks->members[i];

        if (!str_is(hook->key, "exit") && validate_is_blank(&hook->value, "expression"))
            return validate_bad(c, &hook->value, STR_FMT "." STR_FMT " Expression required",
                                STR_ARG(prefix), STR_ARG(hook->key));
    }
    return 0;
}

/* ---- steps ---- */

struct steps {
    struct validate_checker *c;
    const struct validate_base *base;
    struct validate_scope *s;
    struct str tmpl; /* its name */
    struct map names;
};

/* A name with a letter for each placeholder in it: what stands there is not known yet. */
static struct str without_placeholders(struct arena *a, struct str name)
{
    struct str made = STR("");
    size_t at;

    while ((at = str_find(name, STR(VALIDATE_PLACEHOLDER))) != SIZE_MAX) {
        struct str rest = str_skip(name, at + STR(VALIDATE_PLACEHOLDER).len);

        made = str_printf(a, STR_FMT STR_FMT "x", STR_ARG(made), STR_ARG(str_head(name, at)));
        while (rest.len > 0 && rest.ptr[0] >= '0' && rest.ptr[0] <= '9')
            rest = str_skip(rest, 1);
        name = rest;
    }
    return str_concat(a, made, name);
}

static int check_step_name(struct steps *w, size_t group, const struct json *step)
{
    struct str name = validate_text(step, "name");
    const char *fault =
        validate_name_fault(without_placeholders(w->c->a, name), VALIDATE_NAMES_FIELD);
    const struct json *at = validate_get(step, "name");

    if (name.len == 0)
        return validate_bad(w->c, step, "templates." STR_FMT ".steps[%zu].name is required",
                            STR_ARG(w->tmpl), group);
    if (map_put(&w->names, name, w))
        return validate_bad(w->c, at,
                            "templates." STR_FMT ".steps[%zu].name '" STR_FMT "' is not unique",
                            STR_ARG(w->tmpl), group, STR_ARG(name));
    return fault ? validate_bad(w->c, at,
                                "templates." STR_FMT ".steps[%zu].name '" STR_FMT
                                "' is invalid: %s",
                                STR_ARG(w->tmpl), group, STR_ARG(name), fault)
                 : 0;
}

static int check_step_tags(struct steps *w, const struct json *step)
{
    struct validate_scope own = {.up = w->s};
    int result;

    validate_inline_inputs(w->c, &own, step);
    result = validate_tags(w->c, &own, step);
    validate_scope_done(&own);
    return result == 0
               ? 0
               : validate_inside(w->c, step, "templates." STR_FMT ".steps ", STR_ARG(w->tmpl));
}

/* The step's own rules: @place is "templates.x.steps[0].a". */
static int check_step(struct steps *w, const struct json *step, struct str place)
{
    struct str name = validate_text(step, "name");
    struct validate_found found;
    struct validate_node node = {.group = "steps", .name = name, .found = &found};
    struct validate_call call = {.holder = step};

    validate_name(w->c, w->s, "steps." STR_FMT ".status", STR_ARG(name));
    if (validate_items(w->c, w->s, step) < 0)
        return validate_inside(w->c, step, STR_FMT " ", STR_ARG(place));
    if (validate_arguments(w->c, validate_get(step, "arguments"),
                           str_printf(w->c->a, STR_FMT ".arguments.", STR_ARG(place)),
                           false) < 0)
        return -1;
    if (validate_called(w->c, w->base, &call, &found) < 0)
        return validate_inside(w->c, step, STR_FMT " ", STR_ARG(place));
    if (validate_has_exit_hook(step))
        validate_node_names(w->c, w->s, &node);
    if (validate_hooks(w->c, validate_get(step, "hooks"), place) < 0 ||
        check_step_tags(w, step) < 0)
        return -1;
    node.is_aggregate = validate_is_loop(step);
    validate_node_names(w->c, w->s, &node);
    call.arguments = validate_get(step, "arguments");
    call.arguments = call.arguments ? call.arguments : step; /* none at all */
    if (validate_called(w->c, w->base, &call, &found) < 0)
        return validate_inside(w->c, step, STR_FMT " ", STR_ARG(place));
    return 0;
}

static int check_groups(struct steps *w, const struct json *groups)
{
    const struct json *group, *step;

    for (size_t i = 0; (group = json_item(groups, i)) != NULL; i++)
        for (size_t k = 0; (step = json_item(group, k)) != NULL; k++) {
            struct str place =
                str_printf(w->c->a, "templates." STR_FMT ".steps[%zu]." STR_FMT,
                           STR_ARG(w->tmpl), i, STR_ARG(validate_text(step, "name")));

            if (check_step_name(w, i, step) < 0 || check_step(w, step, place) < 0)
                return -1;
        }
    return 0;
}

int validate_steps(struct validate_checker *c, const struct validate_base *base,
                   struct validate_scope *s, const struct json *tmpl)
{
    struct steps w = {.c = c, .base = base, .s = s, .tmpl = validate_text(tmpl, "name")};
    int result;

    if (validate_has(tmpl, "activeDeadlineSeconds"))
        return validate_bad(c, validate_get(tmpl, "activeDeadlineSeconds"),
                            "templates." STR_FMT
                            ".activeDeadlineSeconds is only valid for leaf templates",
                            STR_ARG(w.tmpl));
    result = check_groups(&w, validate_get(tmpl, "steps"));
    map_done(&w.names);
    return result;
}
