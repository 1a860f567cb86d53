/*
 * The condition of steps and tasks, and expressions over named values. See cond.h.
 *
 * Upstream looks at a condition twice: as govaluate reads it, and once more with all names made
 * texts. What is wrong then has another message.
 */
#include "lang/cond/cond.h"

#include "lang/cond/cond_internal.h"

/* Upstream's words around an error; a limit of ours keeps its own. */
static int fail(struct err *err, const char *what, struct str text, const char *hint)
{
    if (err->kind != ERR_LIMIT)
        err_set(err, ERR_INVALID, "%s '" STR_FMT "': %s%s", what, STR_ARG(text), err->text,
                hint);
    return -1;
}

/* Upstream looks for the words, wherever they come from. */
static const char *hint_for(const struct err *err)
{
    return strstr(err->text, "Invalid token")
               ? " (hint: try wrapping the affected expression in quotes (\"))"
               : "";
}

static int read_first(struct cond *c, struct str text)
{
    if (cond_lex(c, text) < 0 || cond_check_balance(c) < 0 || cond_check_syntax(c) < 0)
        return -1;
    return cond_check_patterns(c) < 0 ? -1 : cond_plan(c);
}

static int read_again(struct cond *c)
{
    VEC_FOREACH (t, &c->tokens) {
        if (t->kind == COND_VARIABLE)
            t->kind = COND_STRING;
    }
    return cond_check_syntax(c) < 0 ? -1 : cond_check_patterns(c);
}

static int must_be_bool(struct arena *a, struct str text, const struct cond_value *value,
                        bool *ret, struct err *err)
{
    if (value->type != COND_BOOL)
        return err_set(err, ERR_INVALID,
                       "Expected boolean evaluation for '" STR_FMT "'. Got " STR_FMT,
                       STR_ARG(text), STR_ARG(cond_value_text(a, value)));
    *ret = value->is_true;
    return 0;
}

int cond_eval(struct arena *a, struct str text, bool *ret, struct err *err)
{
    struct cond c = {.a = a, .err = err};
    struct cond_value value;

    if (str_is_empty(text)) {
        *ret = true;
        return 0;
    }
    if (read_first(&c, text) < 0)
        return fail(err, "Invalid 'when' expression", text, hint_for(err));
    if (read_again(&c) < 0)
        return fail(err, "Failed to parse 'when' expression", text, "");
    if (cond_run(&c, &value) < 0)
        return fail(err, "Failed to evaluate 'when' expresion", text, ""); /* their spelling */
    return must_be_bool(a, text, &value, ret, err);
}

int cond_eval_plain(struct arena *a, struct str text, bool *ret, struct err *err)
{
    static const struct cond_names none = {0};
    struct cond c = {.a = a, .err = err, .names = &none};
    struct cond_value value;

    if (str_is_empty(text)) {
        *ret = true;
        return 0;
    }
    if (read_first(&c, text) < 0 || cond_run(&c, &value) < 0)
        return -1;
    return must_be_bool(a, text, &value, ret, err);
}

int cond_compile(struct arena *a, struct str text, const struct cond_program **ret,
                 struct err *err)
{
    struct cond_program *program = ARENA_NEW(a, struct cond_program);

    program->read = (struct cond){.a = a, .err = err};
    if (read_first(&program->read, text) < 0)
        return -1;
    program->read.a = NULL;
    program->read.err = NULL;
    *ret = program;
    return 0;
}

int cond_run_names(const struct cond_program *program, struct arena *a,
                   const struct cond_names *names, bool *ret, struct err *err)
{
    struct cond run = program->read;
    struct cond_value value;

    run.a = a;
    run.names = names;
    run.err = err;
    if (cond_run(&run, &value) < 0)
        return -1;
    *ret = value.type == COND_BOOL && value.is_true;
    return 0;
}

bool cond_next_name(const struct cond_program *program, size_t *at, struct str *ret)
{
    while (*at < program->read.tokens.len) {
        const struct cond_token *t = &program->read.tokens.at[(*at)++];

        if (t->kind == COND_VARIABLE) {
            *ret = t->text;
            return true;
        }
    }
    return false;
}

int cond_eval_names(struct arena *a, struct str text, const struct cond_names *names, bool *ret,
                    struct err *err)
{
    const struct cond_program *program;

    if (cond_compile(a, text, &program, err) < 0)
        return -1;
    return cond_run_names(program, a, names, ret, err);
}
