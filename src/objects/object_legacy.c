/*
 * objects/object_legacy.c - templates of Argo 2 that call another one themselves: `template` or
 * `templateRef` beside `arguments` and `when`, without a type. Each becomes a template of one
 * step. Pure; any thread.
 */
#include "objects/object.h"

static bool is_legacy(const struct json *tmpl)
{
    static const char *const types[] = {"container", "containerSet", "steps",   "script",
                                        "resource",  "dag",          "suspend", "data",
                                        "http",      "plugin"};

    for (size_t i = 0; i < COUNT_OF(types); i++)
        if (json_get(tmpl, str_from(types[i])))
            return false;
    return !str_is_empty(json_get_str(tmpl, STR("template"))) ||
           json_is(json_get(tmpl, STR("templateRef")), JSON_OBJECT);
}

/* What a caller says, as a step: it has the name of what it calls. */
static struct json step_of(struct arena *a, const struct json *tmpl)
{
    static const char *const members[] = {"template", "templateRef", "arguments", "when"};
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
    static const char *const members[] = {"template", "templateRef", "arguments", "when"};
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
        has_any = has_any || is_legacy(tmpl);
    if (!has_any)
        return *spec;
    for (size_t i = 0; (tmpl = json_item(list, i)) != NULL; i++)
        json_push(a, &made, is_legacy(tmpl) ? with_steps(a, tmpl) : *tmpl);
    return json_set(a, spec, STR("templates"), json_array(&made));
}
