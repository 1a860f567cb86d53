/*
 * objects/validate/workflow_dag.c - tasks: what they wait for, what they may read. See
 * workflow_internal.h.
 */
#include "lang/depends/depends.h"
#include "objects/validate/workflow_internal.h"

struct dag {
    struct validate_checker *c;
    const struct validate_base *base;
    struct validate_scope *s;
    struct str tmpl; /* its name */
    const struct json *tasks;
    size_t count;
    struct depends_task *parts;
    const struct depends **programs;
    struct validate_found *found;
    bool uses_depends;
    bool *is_one;  /* scratch: which tasks come before one */
    size_t *queue; /* scratch */
};

static struct str place_of(const struct dag *w, size_t index)
{
    return str_printf(w->c->a, "templates." STR_FMT ".tasks." STR_FMT, STR_ARG(w->tmpl),
                      STR_ARG(w->parts[index].name));
}

static size_t index_of(const struct dag *w, struct str name)
{
    for (size_t i = 0; i < w->count; i++)
        if (str_eq(w->parts[i].name, name))
            return i;
    return SIZE_MAX;
}

/* ---- all tasks ---- */

/* Tasks in the order in which they can start: all rules are asked so. */
static int sort_tasks(struct dag *w, struct str path)
{
    struct json_array_builder list = {0};
    struct json *sorted = ARENA_NEW(w->c->a, struct json);
    const size_t *order;

    for (size_t i = 0; i < w->count; i++)
        w->parts[i] = depends_task_of(json_item(w->tasks, i));
    if (depends_sort(w->c->a, path, w->parts, w->count, &order, w->c->err) < 0)
        return -1;
    for (size_t i = 0; i < w->count; i++)
        json_push(w->c->a, &list, *json_item(w->tasks, order[i]));
    *sorted = json_array(&list);
    sorted->pos = w->tasks->pos;
    w->tasks = sorted;
    for (size_t i = 0; i < w->count; i++) {
        w->parts[i] = depends_task_of(json_item(w->tasks, i));
        w->uses_depends |= w->parts[i].depends.len > 0;
    }
    return 0;
}

static int check_shape(struct dag *w)
{
    struct str path = str_printf(w->c->a, "templates." STR_FMT, STR_ARG(w->tmpl));

    if (w->count == 0)
        return validate_bad(w->c, w->tasks, STR_FMT " must have at least one task",
                            STR_ARG(path));
    if (sort_tasks(w, path) < 0)
        return validate_inside(w->c, w->tasks, "%s", "");
    if (validate_names(w->c, w->tasks, VALIDATE_NAMES_FIELD) < 0)
        return validate_inside(w->c, w->tasks, STR_FMT ".tasks", STR_ARG(path));
    for (size_t i = 0; i < w->count; i++)
        if (depends_compile(w->c->a, w->parts, w->count, i, &w->programs[i], w->c->err) < 0)
            w->programs[i] = NULL; /* the original looks at the condition when it runs */
    return 0;
}

/* What a task waits for, around what it runs. */
static int find_templates(struct dag *w)
{
    struct str path = str_printf(w->c->a, "templates." STR_FMT, STR_ARG(w->tmpl));

    for (size_t i = 0; i < w->count; i++) {
        const struct json *task = json_item(w->tasks, i);
        struct validate_call call = {.holder = task};
        struct validate_node node = {.group = "tasks",
                                     .name = w->parts[i].name,
                                     .found = &w->found[i],
                                     .is_aggregate = validate_is_loop(task)};

        if (depends_check_way(path, &w->parts[i], w->uses_depends, w->c->err) < 0)
            return validate_inside(w->c, task, "%s", "");
        if (validate_called(w->c, w->base, &call, &w->found[i]) < 0)
            return validate_inside(w->c, task, STR_FMT " ", STR_ARG(place_of(w, i)));
        validate_node_names(w->c, w->s, &node);
        if (depends_check_needs(path, w->parts, w->count, i, w->c->err) < 0)
            return validate_inside(w->c, task, "%s", "");
    }
    return 0;
}

/* Without the values of its inputs nobody knows; the original only ever looks with a finder. */
static bool is_open(const struct dag *w, struct str name)
{
    return !w->c->request->finder && str_find(name, STR(VALIDATE_PLACEHOLDER)) != SIZE_MAX;
}

static int check_targets(struct dag *w, const struct json *dag)
{
    const struct json *at = validate_get(dag, "target");
    struct str rest = validate_text(dag, "target"), name;

    if (validate_tags(w->c, w->s, at) < 0)
        return validate_inside(w->c, at, "templates." STR_FMT ".targets ", STR_ARG(w->tmpl));
    if (rest.len == 0)
        return 0;
    while (str_cut(&rest, ' ', &name))
        if (!validate_is_tag(name) && !is_open(w, name) && index_of(w, name) == SIZE_MAX)
            return validate_bad(
                w->c, at, "templates." STR_FMT ".targets: target '" STR_FMT "' is not defined",
                STR_ARG(w->tmpl), STR_ARG(name));
    return 0;
}

/* ---- one task ---- */

/* Marks all that a task waits for, and what that waits for. */
static const bool *ancestors(struct dag *w, size_t index)
{
    bool *is_one = w->is_one;
    size_t *queue = w->queue, len = 1, count = 0;

    memset(is_one, 0, w->count * sizeof(*is_one));
    queue[0] = index;
    for (size_t i = 0; i < len; i++) {
        const struct depends *program = w->programs[queue[i]];
        const size_t *needs = program ? depends_needs(program, &count) : NULL;

        for (size_t k = 0; needs && k < count; k++)
            if (needs[k] != SIZE_MAX && needs[k] != index && !is_one[needs[k]]) {
                is_one[needs[k]] = true;
                queue[len++] = needs[k];
            }
    }
    return is_one;
}

/* "{{tasks.NAME.…": is it one that this task waits for? */
static bool is_reachable(struct dag *w, const bool *is_one, struct str text, struct str *ret)
{
    size_t index;

    if (!str_starts(text, STR("{{tasks.")))
        return true;
    text = str_skip(text, STR("{{tasks.").len);
    if (!str_cut(&text, '.', ret))
        return true;
    index = index_of(w, *ret);
    return index != SIZE_MAX && is_one[index];
}

static int check_reads(struct dag *w, const struct json *task, const bool *is_one)
{
    static const char *const lists[][3] = {{"parameters", "value", "parameter"},
                                           {"artifacts", "from", "artifact"}};
    struct str name = STR("");

    for (size_t k = 0; k < COUNT_OF(lists); k++) {
        const struct json *list = json_path(task, "arguments", lists[k][0], NULL), *item;

        for (size_t i = 0; (item = json_item(list, i)) != NULL; i++)
            if (!is_reachable(w, is_one, validate_text(item, lists[k][1]), &name))
                return validate_bad(
                    w->c, item, "missing dependency '" STR_FMT "' for %s '" STR_FMT "'",
                    STR_ARG(name), lists[k][2], STR_ARG(validate_text(item, "name")));
    }
    return 0;
}

/* "tasks.a.status" of those before a task, as far as it names them: a long DAG has many. */
static void add_statuses(struct dag *w, struct validate_scope *own, const struct json *task,
                         const bool *is_one)
{
    struct str text = json_text(w->c->a, task, JSON_COMPACT);
    size_t at, end;

    while ((at = str_find(text, STR("tasks."))) != SIZE_MAX) {
        text = str_skip(text, at + strlen("tasks."));
        end = str_find(text, STR(".status"));
        if (end == SIZE_MAX)
            return;
        for (size_t i = 0; i < w->count; i++)
            if (is_one[i] && str_eq(w->parts[i].name, str_head(text, end)))
                validate_name(w->c, own, "tasks." STR_FMT ".status", STR_ARG(w->parts[i].name));
    }
}

static int check_task_tags(struct dag *w, const struct json *task, const bool *is_one)
{
    struct validate_scope own = {.up = w->s};
    int result;

    add_statuses(w, &own, task, is_one);
    validate_inline_inputs(w->c, &own, task);
    result = validate_items(w->c, &own, task);
    if (result == 0)
        result = validate_tags(w->c, &own, task);
    validate_scope_done(&own);
    return result;
}

static int check_task(struct dag *w, size_t index)
{
    const struct json *task = json_item(w->tasks, index);
    struct str place = place_of(w, index);
    const bool *is_one = ancestors(w, index);
    struct validate_call call = {.holder = task, .arguments = validate_get(task, "arguments")};
    struct validate_found found;

    if (validate_has(task, "hooks"))
        validate_name(w->c, w->s, "tasks." STR_FMT ".status", STR_ARG(w->parts[index].name));
    if (check_task_tags(w, task, is_one) < 0)
        return validate_inside(w->c, task, STR_FMT " ", STR_ARG(place));
    if (validate_arguments(w->c, call.arguments,
                           str_printf(w->c->a, STR_FMT ".arguments.", STR_ARG(place)),
                           false) < 0)
        return -1;
    call.arguments = call.arguments ? call.arguments : task; /* none at all */
    if (check_reads(w, task, is_one) < 0 || validate_called(w->c, w->base, &call, &found) < 0)
        return validate_inside(w->c, task, STR_FMT " ", STR_ARG(place));
    return 0;
}

int validate_dag(struct validate_checker *c, const struct validate_base *base,
                 struct validate_scope *s, const struct json *tmpl)
{
    const struct json *dag = validate_get(tmpl, "dag"), *tasks = validate_get(dag, "tasks");
    size_t count = json_is(tasks, JSON_ARRAY) ? tasks->count : 0;
    struct dag w = {.c = c,
                    .base = base,
                    .s = s,
                    .tmpl = validate_text(tmpl, "name"),
                    .tasks = tasks,
                    .count = count,
                    .parts = ARENA_ARRAY(c->a, struct depends_task, count + 1),
                    .programs = ARENA_ARRAY(c->a, const struct depends *, count + 1),
                    .found = ARENA_ARRAY(c->a, struct validate_found, count + 1),
                    .is_one = ARENA_ARRAY(c->a, bool, count + 1),
                    .queue = ARENA_ARRAY(c->a, size_t, count + 1)};

    if (validate_has(tmpl, "activeDeadlineSeconds"))
        return validate_bad(c, validate_get(tmpl, "activeDeadlineSeconds"),
                            "templates." STR_FMT
                            ".activeDeadlineSeconds is only valid for leaf templates",
                            STR_ARG(w.tmpl));
    if (check_shape(&w) < 0 || find_templates(&w) < 0 || check_targets(&w, dag) < 0)
        return -1;
    for (size_t i = 0; i < count; i++)
        if (check_task(&w, i) < 0)
            return -1;
    return 0;
}
