/*
 * References of a workflow, frozen at its creation: later edits of a template do not touch it,
 * and the engine never looks one up.
 *
 * Templates that are reached through a templateRef are stored under "SCOPE/RESOURCE/TEMPLATE",
 * and so is what they call in their own resource. What was stored once is not walked again, so
 * circles end. Blocks on the store. Source: ../shared/spec/workflows.md 1.5.
 */
#include "base/vec.h"
#include "lang/subst/subst.h"
#include "objects/validate/workflow_validate.h"
#include "workflows/submit/submit_internal.h"

struct walk {
    struct arena *a;
    struct store *store;
    struct str ns;
    struct json stored;    /* object of templates by key */
    struct str first_name; /* template that is walked, for messages */
};

/* Where a template stands: "namespaced/NAME" with its spec, or empty for the workflow's own. */
struct scope {
    struct str key;
    const struct json *spec;
};

static int read_resource(struct walk *w, struct str name, bool is_cluster,
                         const struct json **ret_spec, struct err *err)
{
    const struct store_key key = {STR("argoproj.io"),
                                  is_cluster ? STR("ClusterWorkflowTemplate")
                                             : STR("WorkflowTemplate"),
                                  is_cluster ? STR("") : w->ns, name};
    const struct store_object *o;
    struct json *doc = ARENA_NEW(w->a, struct json);
    int result;

    if (store_get(w->store, &key, &o, err) < 0)
        return -1;
    result = json_parse(w->a, str_copy(w->a, o->doc), doc, err);
    store_object_unref(o);
    *ret_spec = result == 0 ? json_get(doc, STR("spec")) : NULL;
    return result;
}

static const struct json *find_template(const struct json *spec, struct str name)
{
    const struct json *list = json_get(spec, STR("templates")), *item;

    for (size_t i = 0; (item = json_item(list, i)) != NULL; i++)
        if (str_eq(json_get_str(item, STR("name")), name))
            return item;
    return NULL;
}

static int walk_template(struct walk *w, const struct scope *scope, const struct json *tmpl,
                         struct err *err);

static int store_template(struct walk *w, const struct scope *scope, struct str name,
                          struct err *err)
{
    struct str key = str_printf(w->a, STR_FMT "/" STR_FMT, STR_ARG(scope->key), STR_ARG(name));
    const struct json *tmpl = find_template(scope->spec, name);

    if (str_find(name, STR("{{")) != SIZE_MAX || json_get(&w->stored, key))
        return 0;
    if (!tmpl)
        return err_set(
            err, ERR_NOT_FOUND,
            "templates." STR_FMT " template reference " STR_FMT "." STR_FMT " not found",
            STR_ARG(w->first_name),
            STR_ARG(str_skip(scope->key, str_find_char(scope->key, '/') + 1)), STR_ARG(name));
    w->stored = json_set(w->a, &w->stored, key, *tmpl);
    return walk_template(w, scope, tmpl, err);
}

static int follow_ref(struct walk *w, const struct json *ref, struct err *err)
{
    struct str name = json_get_str(ref, STR("name")), tmpl = json_get_str(ref, STR("template"));
    bool is_cluster = json_get_bool(ref, STR("clusterScope"));
    struct scope scope = {.key =
                              str_printf(w->a, "%s/" STR_FMT,
                                         is_cluster ? "cluster" : "namespaced", STR_ARG(name))};
    struct str key = str_printf(w->a, STR_FMT "/" STR_FMT, STR_ARG(scope.key), STR_ARG(tmpl));

    if (str_find(name, STR("{{")) != SIZE_MAX)
        return err_set(err, ERR_UNSUPPORTED,
                       "templates." STR_FMT ": a templateRef whose name is a tag (" STR_FMT
                       ") is not supported yet",
                       STR_ARG(w->first_name), STR_ARG(name));
    if (json_get(&w->stored, key))
        return 0;
    if (read_resource(w, name, is_cluster, &scope.spec, err) < 0)
        return err_wrap(
            err, "templates." STR_FMT " template reference " STR_FMT "." STR_FMT " not found",
            STR_ARG(w->first_name), STR_ARG(name), STR_ARG(tmpl));
    return store_template(w, &scope, tmpl, err);
}

/* A step, a task or a hook: what it calls. */
static int walk_call(struct walk *w, const struct scope *scope, const struct json *call,
                     struct err *err)
{
    const struct json *ref = json_get(call, STR("templateRef")),
                      *made = json_get(call, STR("inline")),
                      *hooks = json_get(call, STR("hooks"));
    struct str name = json_get_str(call, STR("template")),
               exit = json_get_str(call, STR("onExit"));

    if (json_is(ref, JSON_OBJECT) && follow_ref(w, ref, err) < 0)
        return -1;
    if (scope->key.len > 0 && !str_is_empty(name) && store_template(w, scope, name, err) < 0)
        return -1;
    if (scope->key.len > 0 && !str_is_empty(exit) && store_template(w, scope, exit, err) < 0)
        return -1;
    if (json_is(made, JSON_OBJECT) && scope->key.len > 0)
        w->stored = json_set(w->a, &w->stored,
                             str_printf(w->a, STR_FMT "/inline/" STR_FMT, STR_ARG(scope->key),
                                        STR_ARG(json_get_str(call, STR("name")))),
                             *made);
    if (json_is(made, JSON_OBJECT) && walk_template(w, scope, made, err) < 0)
        return -1;
    for (uint32_t i = 0; json_is(hooks, JSON_OBJECT) && i < hooks->count; i++)
        if (walk_call(w, scope, &hooks->members[i].value, err) < 0)
            return -1;
    return 0;
}

static int walk_template(struct walk *w, const struct scope *scope, const struct json *tmpl,
                         struct err *err)
{
    const struct json *groups = json_get(tmpl, STR("steps")), *group, *call,
                      *tasks = json_path(tmpl, "dag", "tasks", NULL);

    for (size_t i = 0; (group = json_item(groups, i)) != NULL; i++)
        for (size_t k = 0; (call = json_item(group, k)) != NULL; k++)
            if (walk_call(w, scope, call, err) < 0)
                return -1;
    for (size_t i = 0; (call = json_item(tasks, i)) != NULL; i++)
        if (walk_call(w, scope, call, err) < 0)
            return -1;
    return 0;
}

static int walk_spec(struct walk *w, const struct json *spec, struct err *err)
{
    const struct json *list = json_get(spec, STR("templates")), *tmpl;
    const struct scope own = {.key = STR(""), .spec = spec};

    for (size_t i = 0; (tmpl = json_item(list, i)) != NULL; i++) {
        w->first_name = json_get_str(tmpl, STR("name"));
        if (walk_template(w, &own, tmpl, err) < 0)
            return -1;
    }
    w->first_name = STR("hooks");
    return walk_call(w, &own, spec, err);
}

/* The label that tells which template a workflow was made from. */
static struct json with_label(struct arena *a, const struct json *doc, const struct json *ref)
{
    return json_set_path(a, doc, json_string(json_get_str(ref, STR("name"))), "metadata",
                         "labels",
                         json_get_bool(ref, STR("clusterScope"))
                             ? "workflows.argoproj.io/cluster-workflow-template"
                             : "workflows.argoproj.io/workflow-template",
                         NULL);
}

static int find_for_rules(void *ctx, struct arena *a, struct str name,
                          enum validate_where where, const struct json **ret, struct err *err)
{
    struct walk *w = ctx;
    const struct json *spec;
    struct json_object_builder b = {0};
    struct json *doc = ARENA_NEW(a, struct json);

    if (read_resource(w, name, where == VALIDATE_CLUSTER, &spec, err) < 0)
        return -1;
    if (spec)
        json_add(a, &b, STR("spec"), *spec);
    *doc = json_object(&b);
    *ret = doc;
    return 0;
}

int submit_check_rules(struct arena *a, struct store *store, const struct json *doc,
                       const struct json *defaults, struct err *err)
{
    struct walk w = {.a = a,
                     .store = store,
                     .ns = str_is_empty(object_namespace(doc)) ? STR("default")
                                                               : object_namespace(doc)};
    const struct validate_finder finder = {.ctx = &w, .find = find_for_rules};
    const struct validate_request request = {
        .doc = doc, .finder = &finder, .defaults = defaults};
    uint32_t pos;

    return validate_workflow(a, &request, &pos, err);
}

int submit_references(struct arena *a, struct store *store, const struct json *doc,
                      const struct json *defaults, struct json *ret, struct err *err)
{
    const struct json *spec = json_get(doc, STR("spec")),
                      *ref = json_get(spec, STR("workflowTemplateRef")), *base;
    struct walk w = {.a = a,
                     .store = store,
                     .ns = object_namespace(doc),
                     .stored = json_object(&(struct json_object_builder){0})};
    struct json made = *doc, merged, under;

    if (json_is(ref, JSON_OBJECT)) {
        if (read_resource(&w, json_get_str(ref, STR("name")),
                          json_get_bool(ref, STR("clusterScope")), &base, err) < 0)
            return -1;
        if (json_is(json_get(defaults, STR("spec")), JSON_OBJECT)) {
            under = submit_merge_spec(a, json_get(defaults, STR("spec")), base);
            base = &under;
        }
        merged = submit_merge_spec(a, base, spec);
        made = with_label(a, &made, ref);
        made = json_set_path(a, &made, merged, "status", "storedWorkflowTemplateSpec", NULL);
        spec = &merged;
    }
    if (walk_spec(&w, spec, err) < 0)
        return -1;
    if (w.stored.count > 0)
        made = json_set_path(a, &made, w.stored, "status", "storedTemplates", NULL);
    *ret = made;
    return 0;
}
