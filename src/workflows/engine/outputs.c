/*
 * Outputs of steps and dag templates, and outputs that become the workflow's by globalName.
 * Artifacts among them: artifacts.c.
 */
#include "workflows/engine/wf_internal.h"

static struct json with_value(struct arena *a, const struct json *parameter, struct str value)
{
    struct json made = json_without(a, parameter, STR("valueFrom"));

    return json_set(a, &made, STR("value"), json_string(str_copy(a, value)));
}

/* A value that an expression over the names of the template gives. */
static int evaluate(struct wf *wf, const struct wf_names *names, const struct json *parameter,
                    struct json *ret, struct err *err)
{
    const struct subst_options opts = wf_names_options(names, SUBST_REFUSE);
    const struct json *from = json_get(parameter, STR("valueFrom"));
    const struct json *other = json_get(from, STR("default"));
    struct str value = STR_NONE, expression = json_get_str(from, STR("expression"));

    if (expr_tag_text(&opts, wf->pass->a, expression, &value, err) < 0 && !other)
        return -1;
    if (str_is_none(value) && other)
        value = json_str(other);
    if (str_is_none(value))
        return err_set(err, ERR_INVALID,
                       "output parameter \"" STR_FMT "\": expression \"" STR_FMT
                       "\" evaluated to nil",
                       STR_ARG(json_get_str(parameter, STR("name"))), STR_ARG(expression));
    *ret = with_value(wf->pass->a, parameter, value);
    return 0;
}

/* One parameter with its value, as the node's outputs show it. */
static int collect(struct wf *wf, const struct wf_names *names, const struct json *parameter,
                   struct json *ret, struct err *err)
{
    struct arena *a = wf->pass->a;
    const struct json *from = json_get(parameter, STR("valueFrom"));
    const struct json *other = json_get(from, STR("default"));
    struct str ref = json_get_str(from, STR("parameter")), value = STR_NONE;
    struct str name = json_get_str(parameter, STR("name"));
    enum subst_answer found;

    if (json_get(parameter, STR("value"))) {
        *ret = *parameter;
        return 0;
    }
    if (!str_is_empty(json_get_str(from, STR("expression"))))
        return evaluate(wf, names, parameter, ret, err);
    found = wf_names_find(names, subst_bare(ref), &value);
    if (found != SUBST_TEXT && other)
        value = json_str(other);
    else if (found == SUBST_ABSENT)
        return err_set(err, ERR_INVALID,
                       "output parameter \"" STR_FMT "\": \"" STR_FMT
                       "\" is an absent optional (skipped/omitted node with no default)",
                       STR_ARG(name), STR_ARG(subst_bare(ref)));
    else if (found != SUBST_TEXT)
        return err_set(err, ERR_INVALID, "Unable to resolve: \"" STR_FMT "\"",
                       STR_ARG(subst_bare(ref)));
    *ret = with_value(a, parameter, value);
    return 0;
}

int wf_outputs_collect(struct wf *wf, struct wf_frame *f, struct err *err)
{
    const struct json *outputs = json_get(&f->tmpl, STR("outputs")), *item;
    const struct json *list = json_get(outputs, STR("parameters"));
    const struct wf_names names = {.wf = wf, .frame = f};
    struct json_array_builder out = {0};
    struct json_object_builder made = {0};
    struct json value;

    for (size_t i = 0; (item = json_item(list, i)) != NULL; i++) {
        if (collect(wf, &names, item, &value, err) < 0)
            return -1;
        json_push(wf->pass->a, &out, value);
    }
    if (wf_artifacts_collect(&names, json_get(outputs, STR("artifacts")), &value, err) < 0)
        return -1;
    if (out.len > 0)
        json_add(wf->pass->a, &made, STR("parameters"), json_array(&out));
    if (value.count > 0)
        json_add(wf->pass->a, &made, STR("artifacts"), value);
    value = json_object(&made);
    if (value.count > 0)
        wf_text_set(&f->node->outputs, json_text(wf->pass->a, &value, JSON_COMPACT));
    return 0;
}

static void export(struct wf *wf, struct str name, struct str value)
{
    struct json_object_builder b = {0};
    struct json made;
    size_t i = 0;

    while (i < wf->global_outputs.len &&
           !str_eq(json_get_str(&wf->global_outputs.at[i], STR("name")), name))
        i++;
    if (i < wf->global_outputs.len &&
        str_eq(json_get_str(&wf->global_outputs.at[i], STR("value")), value))
        return;
    json_add(wf->arena, &b, STR("name"), json_string(str_copy(wf->arena, name)));
    json_add(wf->arena, &b, STR("value"), json_string(str_copy(wf->arena, value)));
    made = json_object(&b);
    if (i < wf->global_outputs.len)
        wf->global_outputs.at[i] = made;
    else
        json_push(wf->arena, &wf->global_outputs, made);
    wf->is_doc_changed = true;
}

void wf_outputs_export(struct wf *wf, const struct wf_node *n)
{
    const struct json *outputs, *list, *item;

    if (str_is_none(n->outputs) || str_find(n->outputs, STR("\"globalName\"")) == SIZE_MAX)
        return;
    outputs = wf_parsed(wf, n->outputs);
    list = json_get(outputs, STR("parameters"));
    wf_artifacts_export(wf, json_get(outputs, STR("artifacts")));
    for (size_t i = 0; (item = json_item(list, i)) != NULL; i++)
        if (!str_is_empty(json_get_str(item, STR("globalName"))) &&
            json_get(item, STR("value")))
            export(wf, json_get_str(item, STR("globalName")), json_get_str(item, STR("value")));
}

/* Moves the entry of that name to @at, if it stands behind it; where the next one goes. */
static size_t bring(struct json_array_builder *list, struct str name, size_t at)
{
    struct json moved;
    size_t from = at;

    while (from < list->len && !str_eq(json_get_str(&list->at[from], STR("name")), name))
        from++;
    if (from == list->len)
        return at;
    moved = list->at[from];
    memmove(&list->at[at + 1], &list->at[at], (from - at) * sizeof(moved));
    list->at[at] = moved;
    return at + 1;
}

void wf_outputs_order(struct wf *wf)
{
    size_t parameters = 0, artifacts = 0;

    if (wf->global_outputs.len < 2 && wf->global_artifacts.len < 2)
        return;
    VEC_FOREACH (it, &wf->list) {
        struct str text = (*it)->outputs;
        const struct json *outputs, *item;

        if (str_is_none(text) || str_find(text, STR("\"globalName\"")) == SIZE_MAX)
            continue;
        outputs = wf_parsed(wf, text);
        for (size_t i = 0; (item = json_item(json_get(outputs, STR("parameters")), i)) != NULL;
             i++)
            parameters =
                bring(&wf->global_outputs, json_get_str(item, STR("globalName")), parameters);
        for (size_t i = 0; (item = json_item(json_get(outputs, STR("artifacts")), i)) != NULL;
             i++)
            artifacts =
                bring(&wf->global_artifacts, json_get_str(item, STR("globalName")), artifacts);
    }
}
