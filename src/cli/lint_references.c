/*
 * References between templates, followed inside the given files. Pure. See lint.h. The texts
 * are upstream's; what it finds at run time only is left to the server.
 */
#include "cli/lint.h"

#include "base/map.h"

struct check {
    struct arena *a;
    const struct object_document *doc;
    const struct lint_documents *all;
    struct field_faults *faults;
    const struct json *templates; /* of the document, or of the template that it is made of */
    bool has_foreign;             /* that one is not known: nothing is said about names */
};

static struct str member(const struct json *v, const char *name)
{
    struct str text = json_get_str(v, str_from(name));

    return str_is_none(text) ? STR("") : text;
}

static void add_fault(struct check *c, struct str text, const struct json *at)
{
    struct field_faults *f = c->faults;
    const struct field_fault fault = {
        .kind = ERR_INVALID, .path = STR(""), .text = text, .pos = at ? at->pos : JSON_NO_POS};

    VEC_APUSH(c->a, f, fault);
}

/* ---- finding ---- */

static const struct json *template_named(const struct json *templates, struct str name)
{
    const struct json *item;

    for (size_t i = 0; (item = json_item(templates, i)) != NULL; i++)
        if (str_eq(member(item, "name"), name))
            return item;
    return NULL;
}

static const struct object_document *find_document(const struct check *c, const char *kind,
                                                   struct str name)
{
    for (size_t i = 0; i < c->all->list.len; i++) {
        const struct object_document *doc = &c->all->list.at[i];

        if (doc->kind && strcmp(doc->kind->kind, kind) == 0 &&
            str_eq(object_name(&doc->value), name))
            return doc;
    }
    return NULL;
}

/* The document of a templateRef or workflowTemplateRef. */
static const struct object_document *referred(const struct check *c, const struct json *ref)
{
    return find_document(c,
                         json_get_bool(ref, STR("clusterScope")) ? "ClusterWorkflowTemplate"
                                                                 : "WorkflowTemplate",
                         member(ref, "name"));
}

static bool is_tag(struct str text)
{
    return str_find(text, STR("{{")) != SIZE_MAX;
}

/* ---- checks ---- */

/* "where template name 'x' undefined" unless there is such a template. */
static void check_name(struct check *c, struct str where, const struct json *name)
{
    struct str text = json_str(name);

    if (str_is_empty(text) || is_tag(text) || c->has_foreign ||
        template_named(c->templates, text))
        return;
    add_fault(c,
              str_printf(c->a, STR_FMT " template name '" STR_FMT "' undefined", STR_ARG(where),
                         STR_ARG(text)),
              name);
}

static void check_ref(struct check *c, struct str where, const struct json *ref)
{
    struct str name = member(ref, "name"), tmpl = member(ref, "template");
    const struct object_document *doc;

    if (!json_is(ref, JSON_OBJECT) || is_tag(name) || is_tag(tmpl))
        return;
    doc = referred(c, ref);
    if (doc && template_named(json_path(&doc->value, "spec", "templates", NULL), tmpl))
        return;
    add_fault(c,
              str_printf(c->a,
                         STR_FMT " template reference " STR_FMT "." STR_FMT " not found%s",
                         STR_ARG(where), STR_ARG(name), STR_ARG(tmpl),
                         doc ? "" : ": give the file that it is in, too"),
              ref);
}

/* A step, a task, or a hook. */
static void check_call(struct check *c, struct str where, const struct json *call)
{
    const struct json *hooks = json_get(call, STR("hooks"));

    check_name(c, where, json_get(call, STR("template")));
    check_ref(c, where, json_get(call, STR("templateRef")));
    for (uint32_t i = 0; json_is(hooks, JSON_OBJECT) && i < hooks->count; i++)
        check_call(c,
                   str_printf(c->a, STR_FMT ".hooks." STR_FMT, STR_ARG(where),
                              STR_ARG(hooks->members[i].key)),
                   &hooks->members[i].value);
}

static void check_steps(struct check *c, struct str where, const struct json *steps)
{
    const struct json *group, *step;

    for (size_t i = 0; (group = json_item(steps, i)) != NULL; i++) {
        const struct json *list =
            json_is(group, JSON_OBJECT) ? json_get(group, STR("steps")) : group;

        for (size_t k = 0; (step = json_item(list, k)) != NULL; k++)
            check_call(c,
                       str_printf(c->a, STR_FMT ".steps[%zu]." STR_FMT, STR_ARG(where), i,
                                  STR_ARG(member(step, "name"))),
                       step);
    }
}

static void check_tasks(struct check *c, struct str where, const struct json *tasks)
{
    const struct json *task, *on;

    for (size_t i = 0; (task = json_item(tasks, i)) != NULL; i++) {
        struct str here = str_printf(c->a, STR_FMT ".tasks." STR_FMT, STR_ARG(where),
                                     STR_ARG(member(task, "name")));
        const struct json *list = json_get(task, STR("dependencies"));

        check_call(c, here, task);
        for (size_t k = 0; (on = json_item(list, k)) != NULL; k++)
            if (!template_named(tasks, json_str(on)))
                add_fault(c,
                          str_printf(c->a, STR_FMT " dependency '" STR_FMT "' not defined",
                                     STR_ARG(here), STR_ARG(json_str(on))),
                          on);
    }
}

static void check_templates(struct check *c, const struct json *templates)
{
    const struct json *tmpl;

    for (size_t i = 0; (tmpl = json_item(templates, i)) != NULL; i++) {
        struct str name = member(tmpl, "name"),
                   where = str_printf(c->a, "templates." STR_FMT, STR_ARG(name));

        if (name.len > 0 && template_named(templates, name) != tmpl)
            add_fault(c,
                      str_printf(c->a, "spec.templates[%zu].name '" STR_FMT "' is not unique",
                                 i, STR_ARG(name)),
                      json_get(tmpl, STR("name")));
        check_steps(c, where, json_get(tmpl, STR("steps")));
        check_tasks(c, where, json_path(tmpl, "dag", "tasks", NULL));
    }
}

/* The template that the whole workflow is made of. */
static void check_workflow_ref(struct check *c, const struct json *ref)
{
    const struct object_document *doc;
    bool is_cluster = json_get_bool(ref, STR("clusterScope"));

    if (!json_is(ref, JSON_OBJECT))
        return;
    doc = referred(c, ref);
    c->templates = doc ? json_path(&doc->value, "spec", "templates", NULL) : NULL;
    c->has_foreign = !doc;
    if (!doc)
        add_fault(c,
                  str_printf(c->a,
                             "%s.argoproj.io \"" STR_FMT
                             "\" not found: give the file that it is in, too",
                             is_cluster ? "clusterworkflowtemplates" : "workflowtemplates",
                             STR_ARG(member(ref, "name"))),
                  ref);
}

void lint_references(struct arena *a, const struct object_document *doc,
                     const struct lint_documents *all, struct field_faults *faults)
{
    const struct json *spec = json_get(&doc->value, STR("spec"));
    struct check c = {.a = a, .doc = doc, .all = all, .faults = faults};

    if (doc->kind && strcmp(doc->kind->kind, "CronWorkflow") == 0)
        spec = json_get(spec, STR("workflowSpec"));
    c.templates = json_get(spec, STR("templates"));
    check_templates(&c, c.templates);
    check_workflow_ref(&c, json_get(spec, STR("workflowTemplateRef")));
    check_name(&c, STR("spec.entrypoint"), json_get(spec, STR("entrypoint")));
    check_name(&c, STR("spec.onExit"), json_get(spec, STR("onExit")));
}
