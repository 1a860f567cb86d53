/*
 * Artifacts that are handed on: what `from` and `fromExpression` mean among the names of a
 * template, and those that become the workflow's by globalName. Only places are handed on here;
 * bytes are the runner's. Source: ../shared/spec/workflows.md 3.8, 3.9, 5.7.
 */
#include "lang/expr/tag.h"
#include "lang/subst/args.h"
#include "workflows/engine/wf_internal.h"

static const struct json *copy_of(struct arena *a, struct json value)
{
    return memcpy(ARENA_NEW(a, struct json), &value, sizeof(value));
}

/* What a step declares and did not give: without a place when it did not run, or when it may be
 * missing. A task that did not run gives none. */
static const struct json *of_declared(struct wf *wf, const struct wf_frame *f,
                                      const struct wf_step *step, struct str name)
{
    bool is_unrun = step->node->phase == WF_SKIPS || step->node->phase == WF_OMITTED;
    const struct json *declared;
    struct wf_template tmpl;
    struct json made;
    struct err err;

    if (!wf_node_is_done(step->node) ||
        wf_template_find(wf, step->json, f->scope, &tmpl, &err) < 0)
        return NULL;
    declared = json_named(json_path(tmpl.json, "outputs", "artifacts", NULL), name);
    if (!declared ||
        (is_unrun ? f->node->type == WF_DAG : !json_get_bool(declared, STR("optional"))))
        return NULL;
    made = json_set(wf->pass->a, NULL, STR("name"), json_string(name));
    return copy_of(wf->pass->a, made);
}

static const struct json *of_node(struct wf *wf, const struct wf_node *n, struct str name)
{
    return json_named(json_get(wf_parsed(wf, n->outputs), STR("artifacts")), name);
}

static const struct json *of_step(struct wf *wf, const struct wf_frame *f, struct str rest)
{
    const struct json *found;
    struct str name;

    if (!str_cut(&rest, '.', &name) || !str_cut_prefix(&rest, STR("outputs.artifacts.")))
        return NULL;
    for (size_t i = 0; i < f->step_count; i++) {
        const struct wf_step *step = &f->steps[i];
        const struct wf_node *n = step->node;

        if (!str_eq(step->name, name) || !n)
            continue;
        found = of_node(wf, n, rest);
        return found ? found : of_declared(wf, f, step, rest);
    }
    return NULL;
}

const struct json *wf_artifact_find(const struct wf_names *names, struct str name)
{
    struct wf *wf = names->wf;
    const struct wf_frame *f = names->frame;
    struct json global = {.type = JSON_ARRAY,
                          .count = (uint32_t) wf->global_artifacts.len,
                          .items = wf->global_artifacts.at};

    if (str_cut_prefix(&name, STR("workflow.outputs.artifacts.")))
        return json_named(&global, name);
    if (names->own_node && str_starts(name, names->own)) {
        struct str rest = str_skip(name, names->own.len);

        if (str_cut_prefix(&rest, STR(".outputs.artifacts.")))
            return of_node(wf, names->own_node, rest);
    }
    if (f && str_cut_prefix(&name, STR("inputs.artifacts.")))
        return json_named(json_path(&f->tmpl, "inputs", "artifacts", NULL), name);
    if (f && (str_cut_prefix(&name, STR("steps.")) || str_cut_prefix(&name, STR("tasks."))))
        return of_step(wf, f, name);
    return NULL;
}

void wf_artifacts_tell(const struct wf_names *names, struct str path, struct expr_tag_names *to)
{
    const struct json *found = wf_artifact_find(names, path);

    if (found)
        expr_tag_tell(to, path, value_of_json(names->wf->pass->a, found));
}

/* ---- from and fromExpression ---- */

static int by_expression(const struct wf_names *names, const struct json *artifact,
                         const struct json **ret, struct err *err)
{
    const struct subst_options opts = wf_names_options(names, SUBST_REFUSE);
    struct arena *a = names->wf->pass->a;
    struct json *made = ARENA_NEW(a, struct json);
    struct value v;

    if (expr_tag_value(&opts, a, json_get_str(artifact, STR("fromExpression")), &v, err) < 0 ||
        value_json(a, &v, made, err) < 0)
        return -1;
    if (made->type != JSON_OBJECT)
        return err_set(err, ERR_INVALID, "fromExpression \"" STR_FMT "\" is not an artifact",
                       STR_ARG(json_get_str(artifact, STR("fromExpression"))));
    *ret = made;
    return 0;
}

static int find_source(const struct wf_names *names, const struct json *artifact,
                       const struct json **ret, struct err *err)
{
    struct str from = json_get_str(artifact, STR("from"));

    if (!str_is_empty(json_get_str(artifact, STR("fromExpression"))))
        return by_expression(names, artifact, ret, err);
    *ret = wf_artifact_find(names, subst_bare(from));
    return *ret ? 0
                : err_set(err, ERR_INVALID, "Unable to resolve: \"" STR_FMT "\"",
                          STR_ARG(subst_bare(from)));
}

/* The key, path, blob or URL of a place, with a path below it. */
static int append_to_place(struct arena *a, struct json *artifact, struct str below,
                           struct err *err)
{
    static const char *const places[][2] = {
        {"s3", "key"},    {"gcs", "key"},  {"oss", "key"},         {"azure", "blob"},
        {"hdfs", "path"}, {"http", "url"}, {"artifactory", "url"}, {"plugin", "key"},
    };

    for (size_t i = 0; i < COUNT_OF(places); i++) {
        const struct json *place = json_get(artifact, str_from(places[i][0]));
        struct str key = json_get_str(place, str_from(places[i][1]));

        if (str_is_empty(key))
            continue;
        *artifact = json_set_path(
            a, artifact,
            json_string(str_printf(a, STR_FMT "%s" STR_FMT, STR_ARG(key),
                                   str_ends(key, STR("/")) ? "" : "/", STR_ARG(below))),
            places[i][0], places[i][1], NULL);
        return 0;
    }
    return err_set(err, ERR_INVALID,
                   "artifact \"" STR_FMT "\": subPath needs a place with a key",
                   STR_ARG(json_get_str(artifact, STR("name"))));
}

/* Where an artifact is: as @artifact is called and in the place of what it is from. */
static int resolve(const struct wf_names *names, const struct json *artifact, struct arena *a,
                   struct json *ret, struct err *err)
{
    struct str below = json_get_str(artifact, STR("subPath"));
    const struct json *source;

    if (find_source(names, artifact, &source, err) < 0)
        return -1;
    *ret = json_clone(a, source);
    *ret = json_set(a, ret, STR("name"), *json_get(artifact, STR("name")));
    if (json_get_bool(artifact, STR("optional")))
        *ret = json_set(a, ret, STR("optional"), json_bool(true));
    return str_is_empty(below) ? 0 : append_to_place(a, ret, below, err);
}

static bool is_from_elsewhere(const struct json *artifact)
{
    return !str_is_empty(json_get_str(artifact, STR("from"))) ||
           !str_is_empty(json_get_str(artifact, STR("fromExpression")));
}

int wf_artifacts_resolve(const struct wf_names *names, struct arena *a, struct json *holder,
                         struct err *err)
{
    const struct json *list = json_path(holder, "arguments", "artifacts", NULL), *item;
    bool is_task = names->frame && names->frame->node->type == WF_DAG && !names->own_node;
    struct json_array_builder out = {0};
    struct json made;

    for (size_t i = 0; (item = json_item(list, i)) != NULL; i++) {
        if (!is_from_elsewhere(item))
            made = *item;
        else if (resolve(names, item, a, &made, err) < 0) {
            if (!json_get_bool(item, STR("optional")))
                return is_task ? -1 : err_wrap(err, "unable to resolve references");
            continue;
        }
        json_push(a, &out, made);
    }
    if (list)
        *holder = json_set_path(a, holder, json_array(&out), "arguments", "artifacts", NULL);
    return 0;
}

int wf_artifacts_collect(const struct wf_names *names, const struct json *list,
                         struct json *ret, struct err *err)
{
    struct arena *a = names->wf->pass->a;
    struct json_array_builder out = {0};
    const struct json *item;
    struct json made;

    for (size_t i = 0; (item = json_item(list, i)) != NULL; i++) {
        if (!is_from_elsewhere(item))
            continue;
        if (resolve(names, item, a, &made, err) < 0) {
            if (!json_get_bool(item, STR("optional")))
                return err_wrap(err, "unable to resolve outputs from scope");
            continue;
        }
        if (!args_has_location(&made) && json_get_bool(item, STR("optional")))
            continue;
        if (json_get(item, STR("globalName")))
            made = json_set(a, &made, STR("globalName"), *json_get(item, STR("globalName")));
        json_push(a, &out, made);
    }
    *ret = json_array(&out);
    return 0;
}

/* ---- globalName ---- */

void wf_artifacts_export(struct wf *wf, const struct json *list)
{
    const struct json *item;

    for (size_t i = 0; (item = json_item(list, i)) != NULL; i++) {
        struct str name = json_get_str(item, STR("globalName"));
        struct json made;
        size_t at = 0;

        if (str_is_empty(name))
            continue;
        made = json_without(wf->pass->a, item, STR("globalName"));
        made = json_without(wf->pass->a, &made, STR("path"));
        made = json_set(wf->pass->a, &made, STR("name"), json_string(name));
        made = json_clone(wf->arena, &made);
        while (at < wf->global_artifacts.len &&
               !str_eq(json_get_str(&wf->global_artifacts.at[at], STR("name")), name))
            at++;
        if (at < wf->global_artifacts.len)
            wf->global_artifacts.at[at] = made;
        else
            json_push(wf->arena, &wf->global_artifacts, made);
        wf->is_doc_changed = true;
    }
}
