/* A spec by itself: joining a template's spec with the workflow's, and the rules about what it
 * calls. Pure; any thread. Source: ../shared/spec/workflows.md 1.5. */
#include "base/vec.h"
#include "formats/anystring.h"
#include "workflows/submit/submit_internal.h"

/* ---- joining ---- */

static const struct json *named(const struct json *list, struct str name)
{
    const struct json *item;

    for (size_t i = 0; (item = json_item(list, i)) != NULL; i++)
        if (str_eq(json_get_str(item, STR("name")), name))
            return item;
    return NULL;
}

static bool is_named_list(const struct json *v)
{
    return json_is(v, JSON_ARRAY) && v->count > 0 &&
           json_is(json_get(json_item(v, 0), STR("name")), JSON_STRING);
}

/* Items of the base, replaced by ours of the same name, then the rest of ours. */
static struct json merge_list(struct arena *a, const struct json *base, const struct json *own)
{
    struct json_array_builder list = {0};
    const struct json *item, *mine;

    for (size_t i = 0; (item = json_item(base, i)) != NULL; i++) {
        mine = named(own, json_get_str(item, STR("name")));
        json_push(a, &list, mine ? *mine : *item);
    }
    for (size_t i = 0; (item = json_item(own, i)) != NULL; i++)
        if (!named(base, json_get_str(item, STR("name"))))
            json_push(a, &list, *item);
    return json_array(&list);
}

struct json submit_merge_spec(struct arena *a, const struct json *base, const struct json *own)
{
    struct json made = base && base->type == JSON_OBJECT ? *base : *own;

    for (uint32_t i = 0; base && json_is(own, JSON_OBJECT) && i < own->count; i++) {
        const struct json_member *m = &own->members[i];
        const struct json *under = json_get(base, m->key);

        if (json_is(under, JSON_OBJECT) && json_is(&m->value, JSON_OBJECT))
            made = json_set(a, &made, m->key, submit_merge_spec(a, under, &m->value));
        else if (is_named_list(under) && is_named_list(&m->value))
            made = json_set(a, &made, m->key, merge_list(a, under, &m->value));
        else if (m->value.type != JSON_NULL)
            made = json_set(a, &made, m->key, m->value);
    }
    return made;
}

/* ---- rules ---- */

static int check_call(const struct json *spec, const struct json *call, const char *place,
                      struct err *err)
{
    struct str name = json_get_str(call, STR("template"));

    if (str_is_empty(name) || str_find(name, STR("{{")) != SIZE_MAX ||
        named(json_get(spec, STR("templates")), name))
        return 0;
    return err_set(err, ERR_INVALID, "%s template name '" STR_FMT "' undefined", place,
                   STR_ARG(name));
}

static int check_template(const struct json *spec, const struct json *tmpl, struct err *err)
{
    const struct json *groups = json_get(tmpl, STR("steps")), *group, *call,
                      *tasks = json_path(tmpl, "dag", "tasks", NULL);
    struct str name = json_get_str(tmpl, STR("name"));

    for (size_t i = 0; (group = json_item(groups, i)) != NULL; i++)
        for (size_t k = 0; (call = json_item(group, k)) != NULL; k++)
            if (check_call(spec, call, "", err) < 0)
                return err_set(err, ERR_INVALID,
                               "templates." STR_FMT ".steps[%zu]." STR_FMT
                               " template name '" STR_FMT "' undefined",
                               STR_ARG(name), i, STR_ARG(json_get_str(call, STR("name"))),
                               STR_ARG(json_get_str(call, STR("template"))));
    for (size_t i = 0; (call = json_item(tasks, i)) != NULL; i++)
        if (check_call(spec, call, "", err) < 0)
            return err_set(err, ERR_INVALID,
                           "templates." STR_FMT ".tasks." STR_FMT " template name '" STR_FMT
                           "' undefined",
                           STR_ARG(name), STR_ARG(json_get_str(call, STR("name"))),
                           STR_ARG(json_get_str(call, STR("template"))));
    return 0;
}

/* In upstream's words. */
static int check_enum(const struct json *parameter, struct err *err)
{
    _cleanup_arena_ struct arena *a = arena_new();
    const struct json *list = json_get(parameter, STR("enum")), *item;
    struct str name = json_get_str(parameter, STR("name"));
    struct str value = any_string(a, json_get(parameter, STR("value")));

    if (!json_is(list, JSON_ARRAY))
        return 0;
    if (list->count == 0)
        return err_set(err, ERR_INVALID,
                       "spec.arguments." STR_FMT ".enum should contain at least one value",
                       STR_ARG(name));
    for (size_t i = 0; (item = json_item(list, i)) != NULL; i++)
        if (str_is_none(value) || str_eq(any_string(a, item), value))
            return 0;
    return err_set(err, ERR_INVALID,
                   "spec.arguments." STR_FMT
                   ".value should be present in spec.arguments." STR_FMT ".enum list",
                   STR_ARG(name), STR_ARG(name));
}

static int check_arguments(const struct json *spec, struct err *err)
{
    const struct json *list = json_path(spec, "arguments", "parameters", NULL), *item;

    for (size_t i = 0; (item = json_item(list, i)) != NULL; i++)
        if (check_enum(item, err) < 0)
            return -1;
    for (size_t i = 0; (item = json_item(list, i)) != NULL; i++)
        if (!json_get(item, STR("value")) && !json_get(item, STR("valueFrom")))
            return err_set(err, ERR_INVALID,
                           "spec.arguments." STR_FMT ".value or spec.arguments." STR_FMT
                           ".valueFrom is required",
                           STR_ARG(json_get_str(item, STR("name"))),
                           STR_ARG(json_get_str(item, STR("name"))));
    return 0;
}

int submit_check_spec(const struct json *spec, struct err *err)
{
    const struct json *list = json_get(spec, STR("templates")), *tmpl;
    struct str entrypoint = json_get_str(spec, STR("entrypoint")),
               exit = json_get_str(spec, STR("onExit"));

    if (str_is_empty(entrypoint))
        return err_set(err, ERR_INVALID, "spec.entrypoint is required");
    if (!named(list, entrypoint))
        return err_set(err, ERR_INVALID,
                       "spec.entrypoint template name '" STR_FMT "' undefined",
                       STR_ARG(entrypoint));
    if (!str_is_empty(exit) && !named(list, exit))
        return err_set(err, ERR_INVALID, "spec.onExit template name '" STR_FMT "' undefined",
                       STR_ARG(exit));
    for (size_t i = 0; (tmpl = json_item(list, i)) != NULL; i++)
        if (check_template(spec, tmpl, err) < 0)
            return -1;
    return check_arguments(spec, err);
}
