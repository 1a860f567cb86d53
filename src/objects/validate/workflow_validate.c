/*
 * objects/validate/workflow_validate.c - the object as a whole: its name, arguments,
 * entrypoint, exit handler, and all its templates. See workflow_validate.h.
 */
#include "formats/anystring.h"
#include "formats/selector.h"
#include "objects/cron_workflow.h"
#include "objects/validate/workflow_internal.h"

enum { NAME_MAX_BYTES = 63 };

/* What is run: the object's own spec, or one that it refers to. */
struct run {
    struct validate_checker *c;
    const struct json *doc, *spec;
    const struct json *ref; /* workflowTemplateRef, or NULL */
    struct validate_base base;
    struct json arguments; /* with those of the reference */
    bool is_open;          /* the reference is not followed */
};

/* ---- arguments ---- */

static const struct json *named(const struct json *list, struct str name)
{
    const struct json *item;

    for (size_t i = 0; (item = json_item(list, i)) != NULL; i++)
        if (str_eq(validate_text(item, "name"), name))
            return item;
    return NULL;
}

/* Ours, then theirs that we have not. */
static struct json merged(struct arena *a, const struct json *own, const struct json *base)
{
    struct json_array_builder list = {0};
    const struct json *item;

    for (size_t i = 0; (item = json_item(own, i)) != NULL; i++)
        json_push(a, &list, *item);
    for (size_t i = 0; (item = json_item(base, i)) != NULL; i++)
        if (!named(own, validate_text(item, "name")))
            json_push(a, &list, *item);
    return json_array(&list);
}

static void merge_arguments(struct run *r)
{
    static const char *const lists[] = {"parameters", "artifacts"};
    const struct json *own = validate_get(r->spec, "arguments"),
                      *base = r->ref ? validate_get(r->base.spec, "arguments") : NULL;
    struct json_object_builder b = {0};

    for (size_t i = 0; i < COUNT_OF(lists); i++)
        json_add(r->c->a, &b, str_from(lists[i]),
                 merged(r->c->a, validate_get(own, lists[i]), validate_get(base, lists[i])));
    r->arguments = json_object(&b);
    r->arguments.pos = own ? own->pos : JSON_NO_POS;
}

/* ---- names for all ---- */

static void add_keys(struct run *r, const struct json *from, const char *member)
{
    const struct json *keys = validate_get(from, member);
    const char *name = strcmp(member, "labelsFrom") == 0 ? "labels" : member;

    for (uint32_t i = 0; json_is(keys, JSON_OBJECT) && i < keys->count; i++)
        validate_global(
            r->c,
            str_printf(r->c->a, "workflow.%s." STR_FMT, name, STR_ARG(keys->members[i].key)),
            STR_NONE);
}

static void add_parameters(struct run *r)
{
    const struct json *list = json_get(&r->arguments, STR("parameters")), *item;

    for (size_t i = 0; (item = json_item(list, i)) != NULL; i++) {
        const struct json *value = validate_get(item, "value");

        validate_global(r->c,
                        str_printf(r->c->a, "workflow.parameters." STR_FMT,
                                   STR_ARG(validate_text(item, "name"))),
                        value ? any_string(r->c->a, value) : STR_NONE);
    }
    if (list->count > 0) {
        validate_global(r->c, STR("workflow.parameters"), STR_NONE);
        validate_global(r->c, STR("workflow.parameters.json"), STR_NONE);
    }
}

/* What a reference that is not followed, or options of `argo submit`, may bring. */
static void add_open_globals(struct run *r)
{
    static const char *const open[] = {
        "workflow.parameters.*",         "workflow.labels.*",
        "workflow.annotations.*",        "workflow.priority",
        "workflow.outputs.parameters.*", "workflow.outputs.artifacts.*"};

    for (size_t i = 0; !r->c->request->finder && i < COUNT_OF(open); i++)
        validate_global(r->c, str_from(open[i]), STR_NONE);
}

static void add_globals(struct run *r)
{
    static const char *const always[] = {"workflow.name",
                                         "workflow.namespace",
                                         "workflow.mainEntrypoint",
                                         "workflow.serviceAccountName",
                                         "workflow.uid",
                                         "workflow.status",
                                         "workflow.annotations",
                                         "workflow.annotations.json",
                                         "workflow.labels",
                                         "workflow.labels.json"};
    static const char *const members[] = {"annotations", "labels", "labelsFrom"};
    const struct json *sources[] = {
        validate_get(r->doc, "metadata"), validate_get(r->spec, "workflowMetadata"),
        r->ref ? validate_get(r->base.spec, "workflowMetadata") : NULL,
        json_path(r->c->request->defaults, "spec", "workflowMetadata", NULL)};

    for (size_t i = 0; i < COUNT_OF(always); i++)
        validate_global(r->c, str_from(always[i]), STR_NONE);
    for (size_t i = 0; i < COUNT_OF(sources); i++)
        for (size_t k = 0; k < COUNT_OF(members); k++)
            add_keys(r, sources[i], members[k]);
    if (validate_has(r->spec, "priority"))
        validate_global(r->c, STR("workflow.priority"), STR_NONE);
    add_parameters(r);
    add_open_globals(r);
}

/* ---- what is called ---- */

static int call_named(struct run *r, struct str name, const struct json *arguments)
{
    struct json_object_builder b = {0};
    struct json holder;
    struct validate_call call = {.holder = &holder, .arguments = arguments};
    struct validate_found found;

    if (r->is_open || (r->ref && str_find(name, STR("{{")) != SIZE_MAX))
        return 0;
    if (r->ref && !validate_template_by_name(&r->base, name))
        return validate_bad(r->c, r->ref,
                            "template reference " STR_FMT "." STR_FMT " not found",
                            STR_ARG(validate_text(r->ref, "name")), STR_ARG(name));
    json_add(r->c->a, &b, STR("template"), json_string(name));
    holder = json_object(&b);
    return validate_called(r->c, &r->base, &call, &found);
}

static bool has_open_artifact(const struct json *spec)
{
    const struct json *list = validate_get(spec, "templates"), *tmpl, *item;

    for (size_t i = 0; (tmpl = json_item(list, i)) != NULL; i++) {
        const struct json *artifacts = json_path(tmpl, "outputs", "artifacts", NULL);

        for (size_t k = 0; (item = json_item(artifacts, k)) != NULL; k++)
            if (validate_is_tag(validate_text(item, "globalName")))
                return true;
    }
    return false;
}

static int check_entrypoint(struct run *r)
{
    bool is_any = r->c->is_for_template || !r->c->request->finder;
    struct str name = validate_text(r->spec, "entrypoint");

    if (name.len == 0 && r->ref)
        name = validate_text(r->base.spec, "entrypoint");
    if (name.len == 0 && is_any)
        return 0;
    if (name.len == 0)
        return validate_bad(r->c, r->spec, "spec.entrypoint is required");
    if (call_named(r, name, is_any ? NULL : &r->arguments) == 0)
        return 0;
    return validate_inside(r->c, validate_get(r->spec, "entrypoint"), "%s", "");
}

static int check_exit(struct run *r)
{
    struct str name = validate_text(r->spec, "onExit");
    const struct json none = json_object(&(struct json_object_builder){0}), *arguments;

    if (name.len == 0 && r->ref)
        name = validate_text(r->base.spec, "onExit");
    if (name.len == 0)
        return 0;
    validate_global(r->c, STR("workflow.failures"), STR_NONE);
    if (has_open_artifact(r->spec) || has_open_artifact(r->base.spec))
        validate_global(r->c, STR("workflow.outputs.artifacts.*"), STR_NONE);
    arguments = r->c->request->finder ? validate_get(r->spec, "arguments") : NULL;
    if (r->c->request->finder && !arguments)
        arguments = &none;
    if (call_named(r, name, arguments) == 0)
        return 0;
    return validate_inside(r->c, validate_get(r->spec, "onExit"), "%s", "");
}

static int check_pod_gc(struct run *r)
{
    static const char *const known[] = {"", "OnPodCompletion", "OnPodSuccess",
                                        "OnWorkflowCompletion", "OnWorkflowSuccess"};
    const struct json *gc = validate_get(r->spec, "podGC");
    struct str strategy = validate_text(gc, "strategy");

    const struct json *labels = validate_get(gc, "labelSelector");
    bool is_known = false;
    struct selector selector;

    for (size_t i = 0; i < COUNT_OF(known); i++)
        is_known |= str_is(strategy, known[i]);
    if (!is_known)
        return validate_bad(r->c, gc, "podGC.strategy unknown strategy '" STR_FMT "'",
                            STR_ARG(strategy));
    if (labels && selector_of_json(r->c->a, labels, &selector, r->c->err) < 0)
        return validate_inside(r->c, labels, "podGC.labelSelector invalid: ");
    return 0;
}

static int check_all_templates(struct run *r)
{
    const struct json *list = validate_get(r->base.spec, "templates"), *tmpl;

    for (size_t i = 0; (tmpl = json_item(list, i)) != NULL; i++) {
        struct str name = validate_text(tmpl, "name");

        if (call_named(r, name, NULL) < 0)
            return validate_inside(r->c, tmpl, "templates." STR_FMT " ", STR_ARG(name));
    }
    return 0;
}

static int check_plugin(struct run *r, const struct json *plugin)
{
    const struct json *container = json_path(plugin, "spec", "sidecar", "container", NULL),
                      *resources = validate_get(container, "resources");
    const char *lacks = NULL;

    if (validate_is_blank(validate_get(plugin, "metadata"), "name"))
        lacks = "executor plugin metadata name is mandatory";
    else if (validate_count(container, "ports") == 0)
        lacks = "at least one port is mandatory";
    else if (!validate_has(resources, "requests"))
        lacks = "resources requests are mandatory";
    else if (!validate_has(resources, "limits"))
        lacks = "resources limits are mandatory";
    else if (!validate_has(container, "securityContext"))
        lacks = "security context is mandatory";
    return lacks ? validate_bad(r->c, plugin, "spec.executorPlugins: %s", lacks) : 0;
}

static int check_plugins(struct run *r)
{
    const struct json *list = validate_get(r->spec, "executorPlugins"), *item;

    for (size_t i = 0; (item = json_item(list, i)) != NULL; i++)
        if (check_plugin(r, item) < 0)
            return -1;
    return 0;
}

/* ---- the whole ---- */

static int find_base(struct run *r)
{
    struct str name = validate_text(r->ref, "name");
    const char *kinds = json_get_bool(r->ref, STR("clusterScope")) ? "clusterworkflowtemplates"
                                                                   : "workflowtemplates";
    const struct validate_finder *finder = r->c->request->finder;
    int result;

    if (validate_count(r->spec, "templates") > 0)
        return validate_bad(r->c, validate_get(r->spec, "templates"),
                            "Templates is invalid field in spec if workflow referred "
                            "WorkflowTemplate reference");
    result = validate_find(r->c, r->ref, &r->base);
    r->is_open = result == 0;
    if (result >= 0)
        return 0;
    if (r->c->err->kind != ERR_NOT_FOUND || finder->has_own_words)
        return validate_inside(r->c, r->ref, "%s", "");
    validate_bad(r->c, r->ref, "%s.argoproj.io \"" STR_FMT "\" not found", kinds,
                 STR_ARG(name));
    r->c->err->kind = ERR_NOT_FOUND; /* the server answers as Kubernetes does */
    return -1;
}

static int check_spec(struct run *r)
{
    const struct json *templates = validate_get(r->spec, "templates");

    if (r->ref && find_base(r) < 0)
        return -1;
    if (validate_names(r->c, templates, VALIDATE_NAMES_FIELD) < 0)
        return validate_inside(r->c, templates, "spec.templates");
    merge_arguments(r);
    if (check_plugins(r) < 0 ||
        validate_arguments(r->c, &r->arguments, STR("spec.arguments."),
                           r->c->may_lack_arguments || !r->c->request->finder) < 0)
        return -1;
    add_globals(r);
    if (check_entrypoint(r) < 0 || check_exit(r) < 0 ||
        validate_hooks(r->c, validate_get(r->spec, "hooks"), STR("hooks")) < 0 ||
        check_pod_gc(r) < 0 || validate_resources(r->c, r->spec, STR("spec.")) < 0)
        return -1;
    return check_all_templates(r);
}

static int check_name(struct validate_checker *c, const struct json *doc, const char *what)
{
    const struct json *name = json_path(doc, "metadata", "name", NULL);

    if (!json_is(name, JSON_STRING) || name->count <= NAME_MAX_BYTES)
        return 0;
    return validate_bad(c, name,
                        "%s name \"" STR_FMT
                        "\" must not be more than %d characters long (currently %u)",
                        what, STR_ARG(json_str(name)), NAME_MAX_BYTES, name->count);
}

static int check_workflow(struct validate_checker *c, const struct json *doc)
{
    struct run r = {.c = c, .doc = doc, .spec = validate_get(doc, "spec")};
    struct json spec;

    if (r.spec) {
        spec = object_legacy_spec(c->a, r.spec);
        r.spec = &spec;
    }
    c->own.spec = r.spec;
    c->own.key = STR("");
    c->own.has_defaults = true;
    r.base = c->own;
    r.ref = validate_get(r.spec, "workflowTemplateRef");
    return check_spec(&r);
}

static int check_cron(struct validate_checker *c, const struct json *doc)
{
    struct json workflow;

    if (object_cron_check(doc, c->err) < 0)
        return validate_inside(c, validate_get(doc, "spec"), "%s", "");
    workflow = object_cron_run(c->a, doc, STR(""), STR(""));
    c->may_lack_arguments = false;
    if (check_workflow(c, &workflow) < 0)
        return validate_inside(c, validate_get(doc, "spec"), "cannot validate Workflow: ");
    return 0;
}

static int check_object(struct validate_checker *c)
{
    const struct json *doc = c->request->doc;
    struct str kind = validate_text(doc, "kind");
    enum validate_purpose purpose = c->request->purpose;

    c->may_lack_arguments = purpose == VALIDATE_LINT;
    if (str_is(kind, "CronWorkflow"))
        return check_cron(c, doc);
    if (str_is(kind, "Workflow"))
        return check_name(c, doc, "workflow") < 0 ? -1 : check_workflow(c, doc);
    if (!str_is(kind, "WorkflowTemplate") && !str_is(kind, "ClusterWorkflowTemplate"))
        return 0;
    c->is_for_template = true;
    c->may_lack_arguments |= purpose != VALIDATE_SUBMIT;
    if (check_name(c, doc,
                   str_is(kind, "WorkflowTemplate") ? "workflow template"
                                                    : "cluster workflow template") < 0)
        return -1;
    return check_workflow(c, doc);
}

int validate_workflow(struct arena *a, const struct validate_request *request,
                      uint32_t *ret_pos, struct err *err)
{
    struct validate_checker c = {.a = a, .request = request, .pos = JSON_NO_POS, .err = err};
    int result = check_object(&c);

    map_done(&c.globals);
    map_done(&c.seen);
    *ret_pos = c.pos;
    return result;
}
