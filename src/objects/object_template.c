/*
 * objects/object_template.c - the rules of templates that no table can say and that concern one
 * object alone: names, one type a template, one loop a step.
 *
 * In the original's words, each at its place. What needs other objects, or the values of tags,
 * is not looked at. Pure; any thread.
 */
#include "base/map.h"
#include "base/vec.h"
#include "objects/object_internal.h"

enum { NAME_MAX_BYTES = 128 };

struct rules {
    struct arena *a;
    struct field_faults *faults;
};

static void broken(struct rules *r, struct str path, const struct json *at, struct str text)
{
    struct field_fault fault = {
        .kind = ERR_INVALID, .path = path, .text = text, .pos = at->pos};

    VEC_APUSH(r->a, r->faults, fault);
}

static struct str below(struct rules *r, struct str path, const char *name)
{
    return str_printf(r->a, STR_FMT ".%s", STR_ARG(path), name);
}

static bool is_letter_or_digit(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static bool is_name(struct str name)
{
    for (size_t i = 0; i < name.len; i++)
        if (!is_letter_or_digit(name.ptr[i]) && (name.ptr[i] != '-' || i == 0))
            return false;
    return true;
}

static bool has(const struct json *v, const char *name)
{
    const struct json *member = json_get(v, str_from(name));

    return member && member->type != JSON_NULL;
}

static bool is_filled(const struct json *v, const char *name)
{
    return has(v, name) && json_get(v, str_from(name))->count > 0;
}

static void check_name(struct rules *r, struct str path, const struct json *item,
                       struct map *seen)
{
    const struct json *name = json_get(item, STR("name"));
    struct str text = json_str(name);

    if (str_is_empty(text))
        broken(r, below(r, path, "name"), item, STR("is required"));
    else if (text.len > NAME_MAX_BYTES)
        broken(r, below(r, path, "name"), name, STR("must be no more than 128 characters"));
    else if (!is_name(text))
        broken(r, below(r, path, "name"), name,
               str_printf(
                   r->a,
                   "'" STR_FMT
                   "' is invalid: name must consist of alpha-numeric characters or '-', and "
                   "must start with an alpha-numeric character (e.g. My-name1-2, 123-NAME)",
                   STR_ARG(text)));
    else if (map_put(seen, text, seen))
        broken(r, below(r, path, "name"), name,
               str_printf(r->a, "'" STR_FMT "' is not unique", STR_ARG(text)));
}

static void check_template(struct rules *r, struct str path, const struct json *template);

/* A step or task: what it runs, and how often. */
static void check_call(struct rules *r, struct str path, const struct json *call)
{
    int loops =
        is_filled(call, "withItems") + is_filled(call, "withParam") + has(call, "withSequence");
    int targets = is_filled(call, "template") + has(call, "templateRef") + has(call, "inline");
    const struct json *sequence = json_get(call, STR("withSequence"));

    if (loops > 1)
        broken(r, path, call,
               STR("only one of withItems, withParam, withSequence can be specified"));
    if (has(sequence, "count") && has(sequence, "end"))
        broken(r, below(r, path, "withSequence"), sequence,
               STR("only one of count or end can be defined in withSequence"));
    if (targets != 1)
        broken(r, path, call, STR("must have one of template, templateRef, inline"));
    if (has(call, "inline"))
        check_template(r, below(r, path, "inline"), json_get(call, STR("inline")));
}

static void check_steps(struct rules *r, struct str path, const struct json *steps)
{
    _cleanup_map_ struct map seen = {0};

    map_init_borrowed(&seen);
    for (uint32_t i = 0; i < steps->count; i++)
        for (uint32_t j = 0; j < steps->items[i].count; j++) {
            const struct json *step = &steps->items[i].items[j];
            struct str place = str_printf(r->a, STR_FMT ".steps[%u][%u]", STR_ARG(path), i, j);

            check_name(r, place, step, &seen);
            check_call(r, place, step);
        }
}

static bool is_any_filled(const struct json *tasks, const char *name)
{
    for (uint32_t i = 0; i < tasks->count; i++)
        if (is_filled(&tasks->items[i], name))
            return true;
    return false;
}

static void check_tasks(struct rules *r, struct str path, const struct json *tasks)
{
    bool is_new = is_any_filled(tasks, "depends"),
         is_old = is_any_filled(tasks, "dependencies");
    _cleanup_map_ struct map seen = {0};

    map_init_borrowed(&seen);
    if (tasks->count == 0)
        broken(r, below(r, path, "dag"), tasks, STR("must have at least one task"));
    if (is_new && is_old)
        broken(r, below(r, path, "dag"), tasks,
               STR("cannot use both 'depends' and 'dependencies' in the same DAG template"));
    for (uint32_t i = 0; i < tasks->count; i++) {
        const struct json *task = &tasks->items[i];
        struct str place = str_printf(r->a, STR_FMT ".dag.tasks[%u]", STR_ARG(path), i);
        struct str name = json_get_str(task, STR("name"));

        check_name(r, place, task, &seen);
        check_call(r, place, task);
        if ((is_new || is_old) && name.len > 0 && name.ptr[0] >= '0' && name.ptr[0] <= '9')
            broken(r, below(r, place, "name"), json_get(task, STR("name")),
                   STR("cannot begin with a digit when using either 'depends' or "
                       "'dependencies'"));
        if (is_new && has(task, "continueOn"))
            broken(r, below(r, place, "continueOn"), json_get(task, STR("continueOn")),
                   STR("cannot use 'continueOn' when using 'depends'. Instead use "
                       "'dep-task.Failed'/'dep-task.Errored'"));
    }
}

static void check_types(struct rules *r, struct str path, const struct json *template)
{
    static const char *const types[] = {"container", "containerSet", "steps",   "script",
                                        "resource",  "dag",          "suspend", "data",
                                        "http",      "plugin"};
    struct str found = STR("");
    unsigned count = 0;

    for (size_t i = 0; i < COUNT_OF(types); i++)
        if (has(template, types[i]))
            found =
                str_printf(r->a, STR_FMT "%s%s", STR_ARG(found), count++ ? ", " : "", types[i]);
    if (count == 0)
        broken(r, path, template,
               STR("template type unspecified. choose one of: container, script, steps, dag"));
    if (count > 1)
        broken(r, path, template,
               str_printf(r->a, "multiple template types specified: " STR_FMT ". choose one",
                          STR_ARG(found)));
}

static void check_template(struct rules *r, struct str path, const struct json *template)
{
    const struct json *steps = json_get(template, STR("steps"));
    const struct json *tasks = json_path(template, "dag", "tasks", NULL);
    const char *type = steps ? "Steps" : "DAG";

    check_types(r, path, template);
    object_check_container_set(r->a, path, template, r->faults);
    if ((steps || tasks) && is_filled(template, "timeout"))
        broken(r, below(r, path, "timeout"), json_get(template, STR("timeout")),
               str_printf(r->a, "%s template doesn't support timeout field", type));
    if ((steps || tasks) && has(template, "activeDeadlineSeconds"))
        broken(r, below(r, path, "activeDeadlineSeconds"),
               json_get(template, STR("activeDeadlineSeconds")),
               STR("is only valid for leaf templates"));
    if (json_is(steps, JSON_ARRAY))
        check_steps(r, path, steps);
    if (json_is(tasks, JSON_ARRAY))
        check_tasks(r, path, tasks);
}

void object_check_templates(struct arena *a, const struct json *doc,
                            struct field_faults *faults)
{
    const struct json *templates = json_path(doc, "spec", "templates", NULL);
    struct rules r = {.a = a, .faults = faults};
    _cleanup_map_ struct map seen = {0};

    map_init_borrowed(&seen);
    for (uint32_t i = 0; json_is(templates, JSON_ARRAY) && i < templates->count; i++) {
        struct str path = str_printf(a, "spec.templates[%u]", i);

        check_name(&r, path, &templates->items[i], &seen);
        check_template(&r, path, &templates->items[i]);
    }
}
