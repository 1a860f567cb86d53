/* Rules for the tasks of a DAG, and its targets. See depends.h. */
#include "base/map.h"
#include "lang/depends/depends_internal.h"

struct checker {
    struct arena *a;
    struct str path;
    const struct depends_task *tasks;
    size_t count;
    struct map by_name; /* to the task */
    struct err *err;
};

static const struct depends_task *find(const struct checker *c, struct str name)
{
    return map_find(&c->by_name, name);
}

static int fail_sorting(struct checker *c, const char *problem, struct str name)
{
    return err_set(c->err, ERR_INVALID, STR_FMT " sorting failed: %s" STR_FMT, STR_ARG(c->path),
                   problem, STR_ARG(name));
}

static int check_names(struct checker *c)
{
    for (size_t i = 0; i < c->count; i++)
        if (map_put(&c->by_name, c->tasks[i].name, (void *) (uintptr_t) &c->tasks[i]))
            return fail_sorting(c, "duplicated nodeName ", c->tasks[i].name);
    return 0;
}

static int check_dependencies(struct checker *c)
{
    struct depends_word word;

    for (size_t i = 0; i < c->count; i++) {
        struct str text = depends_text_of(c->a, &c->tasks[i]);

        for (size_t at = 0; depends_word_next(text, at, &word); at = word.end)
            if (!find(c, word.task))
                return fail_sorting(c, "invalid dependency ", word.task);
    }
    return 0;
}

struct edge {
    size_t from, to; /* tasks */
};

/* Tasks by what waits for them: edges in the order of their first task, then of the second. */
static int compare_edges(const void *a, const void *b)
{
    const struct edge *left = a, *right = b;

    if (left->from != right->from)
        return left->from > right->from ? 1 : -1;
    return (left->to > right->to) - (left->to < right->to);
}

/* Does the condition ask for results of items? A task that is named alone behind that is asked
 * for as a whole. */
static bool wants_items(struct str depends, struct str task)
{
    struct depends_word word;
    bool wants = false;

    for (size_t at = 0; depends_word_next(depends, at, &word); at = word.end)
        if (str_eq(word.task, task))
            wants = str_is_none(word.result)
                        ? false
                        : wants || (depends_result_of(word.result) &
                                    (DEPENDS_ANY_SUCCEEDED | DEPENDS_ALL_FAILED)) != 0;
    return wants;
}

/* Takes away what can start, again and again; how many tasks that were. */
static size_t take_sorted(struct checker *c, struct edge *edges, size_t edge_count,
                          size_t *waits, size_t *queue)
{
    size_t *first = ARENA_ARRAY(c->a, size_t, c->count + 2), len = 0;

    if (edge_count > 1)
        qsort(edges, edge_count, sizeof(*edges), compare_edges);
    for (size_t i = 0; i < edge_count; i++)
        first[edges[i].from + 1] = i + 1;
    for (size_t i = 0; i < c->count; i++) {
        first[i + 1] = first[i + 1] ? first[i + 1] : first[i];
        if (!waits[i])
            queue[len++] = i;
    }
    for (size_t i = 0; i < len; i++)
        for (size_t k = first[queue[i]]; k < first[queue[i] + 1]; k++)
            if (--waits[edges[k].to] == 0)
                queue[len++] = edges[k].to;
    return len;
}

static int sort(struct checker *c, size_t *queue)
{
    VEC(struct edge) edges = {};
    size_t *waits = ARENA_ARRAY(c->a, size_t, c->count + 1);
    struct depends_word word;

    for (size_t i = 0; i < c->count; i++) {
        struct str text = depends_text_of(c->a, &c->tasks[i]);

        for (size_t at = 0; depends_word_next(text, at, &word); at = word.end) {
            struct edge edge = {.from = (size_t) (find(c, word.task) - c->tasks), .to = i};

            VEC_APUSH(c->a, &edges, edge);
            waits[i]++;
        }
    }
    if (take_sorted(c, edges.at, edges.len, waits, queue) == c->count)
        return 0;
    return fail_sorting(c, "graph with cycle", STR(""));
}

int depends_sort(struct arena *a, struct str path, const struct depends_task *tasks,
                 size_t count, const size_t **ret, struct err *err)
{
    struct checker c = {.a = a, .path = path, .tasks = tasks, .count = count, .err = err};
    size_t *queue = ARENA_ARRAY(a, size_t, count + 1);
    int result = -1;

    map_init_borrowed(&c.by_name);
    if (check_names(&c) == 0 && check_dependencies(&c) == 0)
        result = sort(&c, queue);
    map_done(&c.by_name);
    *ret = queue;
    return result;
}

int depends_check_way(struct str path, const struct depends_task *task, bool uses_depends,
                      struct err *err)
{
    bool has_dependencies = task->dependencies && task->dependencies->count > 0;

    if ((uses_depends || has_dependencies) && !str_is_empty(task->name) &&
        task->name.ptr[0] >= '0' && task->name.ptr[0] <= '9')
        return err_set(err, ERR_INVALID,
                       STR_FMT ".tasks." STR_FMT " name cannot begin with a digit when using "
                               "either 'depends' or 'dependencies'",
                       STR_ARG(path), STR_ARG(task->name));
    if (uses_depends && has_dependencies)
        return err_set(err, ERR_INVALID,
                       STR_FMT
                       " cannot use both 'depends' and 'dependencies' in the same DAG template",
                       STR_ARG(path));
    if (uses_depends && task->has_continue_on)
        return err_set(err, ERR_INVALID,
                       STR_FMT " cannot use 'continueOn' when using 'depends'. Instead use "
                               "'dep-task.Failed'/'dep-task.Errored'",
                       STR_ARG(path));
    return 0;
}

int depends_check_needs(struct str path, const struct depends_task *tasks, size_t count,
                        size_t index, struct err *err)
{
    const struct depends_task *task = &tasks[index];
    struct depends_word word;

    if (depends_check_results(task, err) < 0)
        return err_set(err, ERR_INVALID, STR_FMT ".tasks." STR_FMT " %s", STR_ARG(path),
                       STR_ARG(task->name), err->text);
    for (size_t at = 0; depends_word_next(task->depends, at, &word); at = word.end) {
        size_t on = depends_index_of(tasks, count, word.task);

        if (on != SIZE_MAX && wants_items(task->depends, word.task) && !tasks[on].has_items)
            return err_set(err, ERR_INVALID,
                           STR_FMT ".tasks." STR_FMT " dependency '" STR_FMT
                                   "' uses an items-based condition such as .AnySucceeded or "
                                   ".AllFailed but does not contain any items",
                           STR_ARG(path), STR_ARG(word.task), STR_ARG(word.task));
    }
    return 0;
}

static int compare_names(const void *a, const void *b, void *tasks)
{
    const struct depends_task *all = tasks;

    return str_cmp(all[*(const size_t *) a].name, all[*(const size_t *) b].name);
}

/* Tasks that no other waits for. */
static const size_t *leaves(struct arena *a, const struct depends *const *programs,
                            const struct depends_task *tasks, size_t count, size_t *ret_count)
{
    bool *is_needed = ARENA_ARRAY(a, bool, count);
    size_t *found = ARENA_ARRAY(a, size_t, count), len = 0;

    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; programs[i] && k < programs[i]->needs.len; k++)
            if (programs[i]->needs.at[k] != SIZE_MAX)
                is_needed[programs[i]->needs.at[k]] = true;
    for (size_t i = 0; i < count; i++)
        if (!is_needed[i])
            found[len++] = i;
    if (len > 1)
        qsort_r(found, len, sizeof(*found), compare_names, (void *) (uintptr_t) tasks);
    *ret_count = len;
    return found;
}

const size_t *depends_targets(struct arena *a, struct str target,
                              const struct depends *const *programs,
                              const struct depends_task *tasks, size_t count, size_t *ret_count)
{
    VEC(size_t) named = {};
    struct str name;

    if (str_is_empty(target))
        return leaves(a, programs, tasks, count, ret_count);
    while (str_cut(&target, ' ', &name))
        VEC_APUSH(a, &named, depends_index_of(tasks, count, name));
    *ret_count = named.len;
    return named.at;
}
