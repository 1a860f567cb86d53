/*
 * objects/object_legacy.c - templates of Argo 2 that call another one themselves: `template` or
 * `templateRef` beside `arguments` and `when`, without a type. Each becomes a template of one
 * step. Pure; any thread.
 */
#include "base/vec.h"
#include "objects/object.h"

static const char *const types[] = {"container", "containerSet", "steps", "script", "resource",
                                    "dag",       "suspend",      "data",  "http",   "plugin"};
static const char *const members[] = {"template", "templateRef", "arguments", "when"};

static const char *type_of(const struct json *tmpl)
{
    for (size_t i = 0; i < COUNT_OF(types); i++)
        if (json_get(tmpl, str_from(types[i])))
            return types[i];
    return NULL;
}

bool object_is_legacy(const struct json *tmpl)
{
    if (type_of(tmpl))
        return false;
    return !str_is_empty(json_get_str(tmpl, STR("template"))) ||
           json_is(json_get(tmpl, STR("templateRef")), JSON_OBJECT);
}

/* What a caller says, as a step: it has the name of what it calls. */
static struct json step_of(struct arena *a, const struct json *tmpl)
{
    struct str name = json_get_str(tmpl, STR("template"));
    struct json_object_builder b = {0};

    if (str_is_empty(name))
        name = json_str(json_path(tmpl, "templateRef", "template", NULL));
    json_add(a, &b, STR("name"), json_string(str_is_empty(name) ? STR("call") : name));
    for (size_t i = 0; i < COUNT_OF(members); i++) {
        const struct json *value = json_get(tmpl, str_from(members[i]));

        if (value)
            json_add(a, &b, str_from(members[i]), *value);
    }
    return json_object(&b);
}

static struct json with_steps(struct arena *a, const struct json *tmpl)
{
    struct json_array_builder group = {0}, groups = {0};
    struct json made = *tmpl;

    json_push(a, &group, step_of(a, tmpl));
    json_push(a, &groups, json_array(&group));
    for (size_t i = 0; i < COUNT_OF(members); i++)
        made = json_without(a, &made, str_from(members[i]));
    made = json_set(a, &made, STR("steps"), json_array(&groups));
    return json_set_path(a, &made, json_string(STR("true")), "annotations", OBJECT_LEGACY,
                         NULL);
}

struct json object_legacy_spec(struct arena *a, const struct json *spec)
{
    const struct json *list = json_get(spec, STR("templates")), *tmpl;
    struct json_array_builder made = {0};
    bool has_any = false;

    for (size_t i = 0; (tmpl = json_item(list, i)) != NULL; i++)
        has_any = has_any || object_is_legacy(tmpl);
    if (!has_any)
        return *spec;
    for (size_t i = 0; (tmpl = json_item(list, i)) != NULL; i++)
        json_push(a, &made, object_is_legacy(tmpl) ? with_steps(a, tmpl) : *tmpl);
    return json_set(a, spec, STR("templates"), json_array(&made));
}

/* ---- templates that cannot be of Argo 2 ---- */

static bool is_member(struct str name)
{
    for (size_t i = 0; i < COUNT_OF(members); i++)
        if (str_is(name, members[i]))
            return true;
    return false;
}

static void check_template(struct arena *a, const struct json *tmpl, struct str path,
                           struct field_faults *faults)
{
    const char *type = type_of(tmpl);

    for (uint32_t i = 0; i < tmpl->count; i++) {
        const struct json_member *m = &tmpl->members[i];
        struct field_fault fault = {
            .kind = ERR_INVALID, .what = FIELD_UNKNOWN, .pos = m->key_pos};

        if (!is_member(m->key))
            continue;
        fault.path = str_printf(a, STR_FMT "." STR_FMT, STR_ARG(path), STR_ARG(m->key));
        fault.text = str_printf(a,
                                "a template%s%s has no \"" STR_FMT
                                "\": a step or task calls another template, under \"steps\" or "
                                "\"dag.tasks\"",
                                type ? " with " : "", type ? type : "", STR_ARG(m->key));
        VEC_APUSH(a, faults, fault);
    }
}

void object_legacy_check(struct arena *a, const struct json *doc, struct field_faults *faults)
{
    static const char *const places[] = {"spec", "spec.workflowSpec"};
    const struct json *spec = json_get(doc, STR("spec")), *tmpl,
                      *specs[] = {spec, json_get(spec, STR("workflowSpec"))};

    for (size_t i = 0; i < COUNT_OF(specs); i++) {
        const struct json *list = json_get(specs[i], STR("templates"));

        for (size_t k = 0; (tmpl = json_item(list, k)) != NULL; k++)
            if (json_is(tmpl, JSON_OBJECT) && !object_is_legacy(tmpl))
                check_template(a, tmpl, str_printf(a, "%s.templates[%zu]", places[i], k),
                               faults);
    }
}
