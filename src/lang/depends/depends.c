/* Conditions of tasks: expansion, compiling, asking. See depends.h. */
#include "lang/depends/depends.h"

#include <assert.h>

#include "lang/depends/depends_internal.h"

static const struct str phase_names[] = {
    [DEPENDS_NO_NODE] = STR_INIT(""),
    [DEPENDS_PHASE_PENDING] = STR_INIT("Pending"),
    [DEPENDS_PHASE_RUNNING] = STR_INIT("Running"),
    [DEPENDS_PHASE_SUCCEEDED] = STR_INIT("Succeeded"),
    [DEPENDS_PHASE_SKIPPED] = STR_INIT("Skipped"),
    [DEPENDS_PHASE_FAILED] = STR_INIT("Failed"),
    [DEPENDS_PHASE_ERROR] = STR_INIT("Error"),
    [DEPENDS_PHASE_OMITTED] = STR_INIT("Omitted"),
};

enum depends_phase depends_phase_of(struct str name)
{
    if (str_is_empty(name))
        return DEPENDS_PHASE_PENDING;
    for (size_t i = 1; i < COUNT_OF(phase_names); i++)
        if (str_eq(phase_names[i], name))
            return (enum depends_phase) i;
    return DEPENDS_NO_NODE;
}

struct str depends_phase_name(enum depends_phase phase)
{
    return phase_names[phase];
}

/* What a name alone stands for. */
static void expand_word(struct strbuf *b, const struct depends_task *task)
{
    struct str n = task->name;

    strbuf_addf(b, "(" STR_FMT ".Succeeded || " STR_FMT ".Skipped || " STR_FMT ".Daemoned",
                STR_ARG(n), STR_ARG(n), STR_ARG(n));
    if (task->continues_on_error)
        strbuf_addf(b, " || " STR_FMT ".Errored", STR_ARG(n));
    if (task->continues_on_failed)
        strbuf_addf(b, " || " STR_FMT ".Failed", STR_ARG(n));
    strbuf_addc(b, ')');
}

struct compiler {
    struct arena *a;
    const struct depends_task *tasks;
    size_t count;
    struct depends *d;
    VEC(struct str) names; /* of the needs */
    struct err *err;
};

/* Adds a need in the order of names. */
static void add_need(struct compiler *c, struct str name, size_t index)
{
    size_t at = 0;

    while (at < c->names.len && str_cmp(c->names.at[at], name) < 0)
        at++;
    if (at < c->names.len && str_eq(c->names.at[at], name))
        return;
    VEC_APUSH(c->a, &c->names, name);
    VEC_APUSH(c->a, &c->d->needs, index);
    for (size_t i = c->names.len - 1; i > at; i--) {
        c->names.at[i] = c->names.at[i - 1];
        c->d->needs.at[i] = c->d->needs.at[i - 1];
    }
    c->names.at[at] = name;
    c->d->needs.at[at] = index;
}

/* All results written out; collects the needs. */
static int expand(struct compiler *c, struct str text)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(16 << 20);
    struct depends_word word;
    struct str logic;
    size_t at = 0;

    while (depends_word_next(text, at, &word)) {
        size_t index = depends_index_of(c->tasks, c->count, word.task);

        strbuf_add(&b, str_of(text.ptr + at, word.begin - at));
        at = word.end;
        if (index == SIZE_MAX && str_is_none(word.result))
            return err_set(c->err, ERR_INVALID, "invalid dependency " STR_FMT,
                           STR_ARG(word.task));
        add_need(c, str_copy(c->a, word.task), index);
        if (str_is_none(word.result))
            expand_word(&b, &c->tasks[index]);
        else
            strbuf_add(&b, str_of(text.ptr + word.begin, word.end - word.begin));
    }
    strbuf_add(&b, str_skip(text, at));
    if (strbuf_finish(&b, &logic, c->err) < 0)
        return -1;
    c->d->logic = str_copy(c->a, logic);
    return 0;
}

int depends_check_results(const struct depends_task *task, struct err *err)
{
    struct depends_word word;

    for (size_t at = 0; depends_word_next(task->depends, at, &word); at = word.end)
        if (!str_is_none(word.result) && !depends_result_of(word.result))
            return err_set(err, ERR_INVALID,
                           "task result '" STR_FMT "' for task '" STR_FMT "' is invalid",
                           STR_ARG(word.result), STR_ARG(word.task));
    return 0;
}

/* ---- conditions that need the whole expression language ---- */

static struct str without_dashes(struct arena *a, struct str text)
{
    char *copy = str_cz(a, text);

    for (size_t i = 0; i < text.len; i++)
        copy[i] = copy[i] == '-' ? '_' : copy[i];
    return str_of(copy, text.len);
}

/* The tasks as names of an expression; NULL: before they have results. */
static struct value scope_of(struct arena *a, const struct depends *d,
                             const struct depends_state *states)
{
    struct value_pair *tasks = ARENA_ARRAY(a, struct value_pair, d->needs.len + 1);

    for (size_t i = 0; i < d->needs.len; i++) {
        unsigned bits = states ? depends_results(&states[d->needs.at[i]]) : 0, count = 0;
        struct value_pair *results = ARENA_ARRAY(a, struct value_pair, DEPENDS_RESULT_COUNT);

        for (; count < DEPENDS_RESULT_COUNT; count++)
            results[count] = (struct value_pair){value_string(depends_result_name(1U << count)),
                                                 value_bool((bits >> count & 1) != 0)};
        tasks[i] = (struct value_pair){value_string(d->names[i]),
                                       value_map(a, results, DEPENDS_RESULT_COUNT)};
    }
    return value_map(a, tasks, d->needs.len);
}

/* The program of the expression language, or why there is none. */
static int parse_expression(struct arena *a, struct depends *d, const struct str *names,
                            struct err *err)
{
    struct str *shown = ARENA_ARRAY(a, struct str, d->needs.len + 1);
    struct str text = without_dashes(a, d->logic);
    struct value scope, v;
    const struct expr_env env = {
        .lookup = expr_lookup_map, .ctx = &scope, .is_of_truths = true};
    bool is_true;

    for (size_t i = 0; i < d->needs.len; i++)
        shown[i] = without_dashes(a, names[i]);
    d->names = shown;
    scope = scope_of(a, d, NULL);
    if (expr_compile(a, text, &env, &d->program, err) < 0 ||
        expr_run(d->program, a, &env, &v, err) < 0 || expr_bool(a, &v, &is_true, err) < 0)
        return err_wrap(err, "unable to evaluate expression '" STR_FMT "'", STR_ARG(text));
    return 0;
}

static enum depends_answer run_expression(const struct depends *d,
                                          const struct depends_state *states)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct value scope = scope_of(a, d, states), v;
    const struct expr_env env = {
        .lookup = expr_lookup_map, .ctx = &scope, .is_of_truths = true};
    bool is_true = false;
    struct err err;

    if (expr_run(d->program, a, &env, &v, &err) < 0 || expr_bool(a, &v, &is_true, &err) < 0)
        return DEPENDS_FAULT;
    return is_true ? DEPENDS_RUN : DEPENDS_OMIT;
}

int depends_compile(struct arena *a, const struct depends_task *tasks, size_t count,
                    size_t index, const struct depends **ret, struct err *err)
{
    struct depends *d = ARENA_NEW(a, struct depends);
    struct compiler c = {.a = a, .tasks = tasks, .count = count, .d = d, .err = err};
    struct str text = depends_text_of(a, &tasks[index]);

    if (depends_check_results(&tasks[index], err) < 0 || expand(&c, text) < 0)
        return -1;
    if (!str_is_empty(text) && depends_parse(a, d, c.names.at, err) < 0) {
        if (err->kind == ERR_INVALID && parse_expression(a, d, c.names.at, err) < 0)
            d->problem = str_copy(a, str_from(err->text));
        if (err->kind != ERR_INVALID)
            return -1;
    }
    *ret = d;
    return 0;
}

const size_t *depends_needs(const struct depends *d, size_t *ret_count)
{
    *ret_count = d->needs.len;
    return d->needs.at;
}

struct str depends_problem(const struct depends *d)
{
    return d->problem;
}

struct str depends_logic(const struct depends *d)
{
    return d->logic;
}

static bool is_up(const struct depends_state *s)
{
    return s->is_daemoned && s->phase != DEPENDS_PHASE_PENDING && s->phase != DEPENDS_NO_NODE;
}

bool depends_is_ready(const struct depends_state *s)
{
    return !s->is_held && (s->phase >= DEPENDS_PHASE_SUCCEEDED || is_up(s));
}

static unsigned phase_result(enum depends_phase phase)
{
    switch (phase) {
    case DEPENDS_NO_NODE:
    case DEPENDS_PHASE_PENDING:
    case DEPENDS_PHASE_RUNNING:
        return 0;
    case DEPENDS_PHASE_SUCCEEDED:
        return DEPENDS_SUCCEEDED;
    case DEPENDS_PHASE_SKIPPED:
        return DEPENDS_SKIPPED;
    case DEPENDS_PHASE_FAILED:
        return DEPENDS_FAILED;
    case DEPENDS_PHASE_ERROR:
        return DEPENDS_ERRORED;
    case DEPENDS_PHASE_OMITTED:
        return DEPENDS_OMITTED;
    }
    return 0;
}

unsigned depends_results(const struct depends_state *s)
{
    return phase_result(s->phase) | (is_up(s) ? DEPENDS_DAEMONED : 0U) |
           (s->is_group && s->any_succeeded ? DEPENDS_ANY_SUCCEEDED : 0U) |
           (s->is_group && s->all_failed ? DEPENDS_ALL_FAILED : 0U);
}

static bool holds(const struct depends *d, const struct depends_step *step,
                  const struct depends_state *states)
{
    return (depends_results(&states[d->needs.at[step->arg]]) & step->bits) != 0;
}

static bool run(const struct depends *d, const struct depends_state *states)
{
    uint64_t pushed = 0;
    bool is_true = true;

    for (size_t at = 0; at < d->steps.len;) {
        const struct depends_step *step = &d->steps.at[at++];

        switch (step->op) {
        case DEPENDS_OP_LOAD:
            is_true = holds(d, step, states);
            break;
        case DEPENDS_OP_NOT:
            is_true = !is_true;
            break;
        case DEPENDS_OP_JUMP:
            at = step->arg;
            break;
        case DEPENDS_OP_JUMP_IF_FALSE:
            at = is_true ? at : step->arg;
            break;
        case DEPENDS_OP_JUMP_IF_TRUE:
            at = is_true ? step->arg : at;
            break;
        case DEPENDS_OP_PUSH:
            pushed = pushed << 1 | is_true;
            break;
        case DEPENDS_OP_EQUAL:
            is_true = is_true == (pushed & 1);
            pushed >>= 1;
            break;
        }
    }
    return is_true;
}

enum depends_answer depends_eval(const struct depends *d, const struct depends_state *states)
{
    for (size_t i = 0; i < d->needs.len; i++)
        if (d->needs.at[i] == SIZE_MAX || !depends_is_ready(&states[d->needs.at[i]]))
            return DEPENDS_WAIT;
    if (!str_is_none(d->problem))
        return DEPENDS_FAULT;
    if (d->program)
        return run_expression(d, states);
    return run(d, states) ? DEPENDS_RUN : DEPENDS_OMIT;
}
