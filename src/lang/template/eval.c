/*
 * lang/template/eval.c - the values of pipelines, commands and their arguments, as Go's
 * text/template evaluates them.
 *
 * Any thread. A nil that is boxed is an interface that holds nothing; one that is not is no
 * value at all. Types of arguments are the letters of struct value_function.
 */
#include "formats/goquote.h"
#include "lang/template/run_internal.h"

typedef struct template_node node;

/* What a command is evaluated with. */
struct call {
    const struct value *dot;
    const node *const *args; /* the first is the function's or field's own node */
    size_t count;
    const struct value *final; /* what the command before gave, or NULL */
};

static int eval_node(struct template_run *run, const struct value *dot, const node *n,
                     struct value *ret);

int template_locate(struct template_run *run)
{
    struct str text = run->t->text, context = template_node_text(run->v.a, run->at), told;
    size_t line = 1, start = 0;

    for (size_t i = 0; i < run->at->pos && i < text.len; i++)
        if (text.ptr[i] == '\n') {
            line++;
            start = i + 1;
        }
    told = str_copy(run->v.a, str_from(run->v.err->text));
    return err_set(run->v.err, run->v.err->kind == ERR_NONE ? ERR_INVALID : run->v.err->kind,
                   "template: " STR_FMT ":%zu:%zu: executing " STR_FMT " at <" STR_FMT
                   ">: " STR_FMT,
                   STR_ARG(run->t->name), line, run->at->pos - start,
                   STR_ARG(go_quote(run->v.a, run->tree->name)),
                   STR_ARG(str_head(context, 300)), STR_ARG(told));
}

int template_fail(struct template_run *run, const char *fmt, ...)
{
    char text[ERR_TEXT_MAX_BYTES];
    va_list args;

    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    err_set(run->v.err, ERR_INVALID, "%s", text);
    return template_locate(run);
}

static struct str text_of(struct template_run *run, const node *n)
{
    return str_head(template_node_text(run->v.a, n), 300);
}

/* ---- types ---- */

static const struct {
    char letter;
    const char *name, *expected; /* Go's type; what a literal must be */
    enum value_type type;
    bool can_be_nil;
} types[] = {
    {'s', "string", "string", VALUE_STRING, false},
    {'i', "int", "integer", VALUE_INT, false},
    {'u', "uint32", "unsigned integer", VALUE_INT, false},
    {'b', "bool", "bool", VALUE_BOOL, false},
    {'f', "float64", "float", VALUE_FLOAT, false},
    {'a', "[]interface {}", NULL, VALUE_ARRAY, true},
    {'m', "map[string]interface {}", NULL, VALUE_MAP, true},
    {'C', "sprig.certificate", NULL, VALUE_MAP, false},
    {'T', "time.Time", NULL, VALUE_TIME, false},
    {'D', "time.Duration", "integer", VALUE_DURATION, false},
    {'z', "*time.Location", NULL, VALUE_ZONE, true},
    {'V', "*semver.Version", NULL, VALUE_SEMVER, true},
};

enum { ANY_TYPE = COUNT_OF(types) };

static size_t type_of(char letter)
{
    size_t i = 0;

    while (i < ANY_TYPE && types[i].letter != letter)
        i++;
    return i;
}

static void set_zero(struct template_run *run, size_t type, struct value *v)
{
    *v = types[type].type == VALUE_ARRAY ? value_array(NULL, 0)
         : types[type].type == VALUE_MAP ? value_map(run->v.a, NULL, 0)
                                         : value_nil();
    v->is_go_nil = true;
}

/* Does a value fit a parameter? Nil becomes the zero of those that can be nil. */
static int fit(struct template_run *run, size_t type, struct value *v)
{
    bool was_boxed = v->is_boxed;

    v->is_boxed = false;
    if (type == ANY_TYPE)
        return 0;
    if (v->type == VALUE_NIL) {
        if (was_boxed)
            return template_fail(run, "wrong type for value; expected %s; got interface {}",
                                 types[type].name);
        if (!types[type].can_be_nil)
            return template_fail(run, "invalid value; expected %s", types[type].name);
        set_zero(run, type, v);
        return 0;
    }
    if (v->type == types[type].type && strcmp(value_type_name(v), types[type].name) == 0)
        return 0;
    return template_fail(run, "wrong type for value; expected %s; got %s", types[type].name,
                         value_type_name(v));
}

/* ---- literals ---- */

static bool is_hex(struct str text)
{
    return text.len > 2 && text.ptr[0] == '0' && (text.ptr[1] | 32) == 'x' &&
           str_find_char(text, 'p') == SIZE_MAX && str_find_char(text, 'P') == SIZE_MAX;
}

static bool is_float_text(struct str text)
{
    if (is_hex(text) || (text.len > 0 && text.ptr[0] == '\''))
        return false;
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] && strchr(".eEpP", text.ptr[i]))
            return true;
    return false;
}

/* A number without a type. */
static int ideal(struct template_run *run, const node *n, struct value *ret)
{
    run->at = n;
    if (n->is_float && is_float_text(n->text))
        *ret = value_float(n->real);
    else if (n->is_int)
        *ret = value_int(n->number);
    else if (n->is_unsigned)
        return template_fail(run, STR_FMT " overflows int", STR_ARG(n->text));
    else
        *ret = value_float(n->real);
    return 0;
}

static int literal(struct template_run *run, const node *n, size_t type, struct value *ret)
{
    enum value_type want = types[type].type;

    if (want == VALUE_STRING && n->kind == TEMPLATE_STRING)
        *ret = value_string(n->value);
    else if (want == VALUE_BOOL && n->kind == TEMPLATE_BOOL)
        *ret = value_bool(n->is_true);
    else if (want == VALUE_FLOAT && n->kind == TEMPLATE_NUMBER && n->is_float)
        *ret = value_float(n->real);
    else if ((want == VALUE_INT || want == VALUE_DURATION) && n->kind == TEMPLATE_NUMBER &&
             (types[type].letter == 'u' ? n->is_unsigned || (n->is_int && n->number >= 0)
                                        : n->is_int)) {
        *ret = value_int(n->number);
        ret->type = want;
        ret->go = types[type].letter == 'u' ? VALUE_GO_UINT32 : VALUE_GO_USUAL;
    } else if (types[type].expected) {
        return template_fail(run, "expected %s; found " STR_FMT, types[type].expected,
                             STR_ARG(text_of(run, n)));
    } else {
        return template_fail(run, "can't handle " STR_FMT " for arg of type %s",
                             STR_ARG(text_of(run, n)), types[type].name);
    }
    return 0;
}

static bool is_literal(const node *n)
{
    return n->kind == TEMPLATE_BOOL || n->kind == TEMPLATE_NUMBER || n->kind == TEMPLATE_STRING;
}

static int eval_argument(struct template_run *run, const struct value *dot, const node *n,
                         size_t type, struct value *ret)
{
    run->at = n;
    if (n->kind == TEMPLATE_NIL) {
        if (type != ANY_TYPE && !types[type].can_be_nil)
            return template_fail(run, "cannot assign nil to %s", types[type].name);
        *ret = value_nil();
        if (type != ANY_TYPE)
            set_zero(run, type, ret);
        return 0;
    }
    if (is_literal(n) && type != ANY_TYPE)
        return literal(run, n, type, ret);
    if (eval_node(run, dot, n, ret) < 0)
        return -1;
    return fit(run, type, ret);
}

/* ---- calls ---- */

static char letter_at(const char *letters, size_t i)
{
    size_t len = strlen(letters);

    return len == 0 ? '.' : letters[i < len ? i : len - 1];
}

/* and, or: arguments are evaluated until one decides. */
static int eval_logic(struct template_run *run, const struct value_function *f,
                      const struct call *c, struct value *ret)
{
    for (size_t i = 1; i < c->count; i++) {
        if (eval_argument(run, c->dot, c->args[i], ANY_TYPE, ret) < 0)
            return -1;
        if (template_is_true(ret) == (f->special == TEMPLATE_OR))
            return 0;
    }
    if (c->final)
        *ret = *c->final;
    return 0;
}

static int check_count(struct template_run *run, const struct value_function *f,
                       const struct call *c)
{
    size_t given = c->count - 1, whole = given + (c->final != NULL);

    if (f->max == VALUE_MANY && whole < f->min)
        return template_fail(run, "wrong number of args for %s: want at least %u got %zu",
                             f->name, f->min, given);
    if (f->max != VALUE_MANY && whole != f->max)
        return template_fail(run, "wrong number of args for %s: want %u got %zu", f->name,
                             f->max, whole);
    return 0;
}

/* Arguments with what the command before gave as the last. */
static int eval_arguments(struct template_run *run, const char *letters, const struct call *c,
                          struct value **ret)
{
    size_t count = c->count - 1 + (c->final != NULL);

    if (value_make(&run->v, count * sizeof(**ret)) < 0)
        return template_locate(run);
    *ret = ARENA_ARRAY(run->v.a, struct value, count + 1);
    for (size_t i = 1; i < c->count; i++)
        if (eval_argument(run, c->dot, c->args[i], type_of(letter_at(letters, i - 1)),
                          &(*ret)[i - 1]) < 0)
            return -1;
    if (c->final) {
        (*ret)[count - 1] = *c->final;
        return fit(run, type_of(letter_at(letters, count - 1)), &(*ret)[count - 1]);
    }
    return 0;
}

static int fail_call(struct template_run *run, const node *n, struct str name)
{
    run->at = n;
    err_wrap(run->v.err, "error calling " STR_FMT, STR_ARG(name));
    return template_locate(run);
}

/* @whole is what messages show: the command, or the name where it is an argument itself. */
static int eval_function(struct template_run *run, const node *n, const node *whole,
                         const struct call *c, struct value *ret)
{
    const struct value_function *f = n->function;
    struct value *args = NULL;
    int rc;

    run->at = n;
    if (check_count(run, f, c) < 0)
        return -1;
    if (f->special == TEMPLATE_AND || f->special == TEMPLATE_OR)
        return eval_logic(run, f, c, ret);
    if (eval_arguments(run, f->args, c, &args) < 0)
        return -1;
    if (f->special == TEMPLATE_CALL_VALUE && args[0].type != VALUE_NIL)
        rc = value_fail(&run->v, "non-function " STR_FMT " of type %s",
                        STR_ARG(c->count > 1 ? text_of(run, c->args[1]) : STR("")),
                        value_type_name(&args[0]));
    else
        rc = value_call(&run->v, f, args, c->count - 1 + (c->final != NULL), ret);
    return rc < 0 ? fail_call(run, whole, str_from(f->name)) : 0;
}

/* ---- fields ---- */

/* A method with the arguments of the command; 1 when there is none of the name. */
static int eval_method(struct template_run *run, const struct value *base, struct str name,
                       const node *n, const struct call *c, struct value *ret)
{
    const char *letters = value_method_args(base->type, name);
    size_t count = c->count > 0 ? c->count - 1 + (c->final != NULL) : c->final != NULL, results;
    struct value *args = NULL;

    if (!letters)
        return 1;
    if (count != strlen(letters))
        return template_fail(run, "wrong number of args for " STR_FMT ": want %zu got %zu",
                             STR_ARG(name), strlen(letters), count);
    results = strlen(value_method_results(base->type, name));
    if (results > 2)
        return template_fail(run,
                             "function " STR_FMT " has %zu return values; should be 1 or 2",
                             STR_ARG(name), results);
    if (results == 2)
        return template_fail(run,
                             "invalid function signature for " STR_FMT
                             ": second return value should be error; is int",
                             STR_ARG(name));
    if (c->count > 0 && eval_arguments(run, letters, c, &args) < 0)
        return -1;
    return value_method(&run->v, base, name, args, count, ret) < 0 ? fail_call(run, n, name)
                                                                   : 0;
}

static int fail_field(struct template_run *run, const struct value *from, struct str name)
{
    return template_fail(run, "can't evaluate field " STR_FMT " in type %s", STR_ARG(name),
                         from->is_boxed ? "interface {}" : value_type_name(from));
}

/* One member; @c holds the arguments for the last one of a chain, else none. */
static int eval_field(struct template_run *run, const struct value *from, struct str name,
                      const node *n, const struct call *c, struct value *ret)
{
    const struct value *found;
    bool has_args = c->count > 1 || c->final;
    int rc;

    *ret = value_nil();
    if (from->type == VALUE_NIL && !from->is_boxed)
        return 0;
    if (from->type == VALUE_NIL)
        return template_fail(run, "nil pointer evaluating interface {}." STR_FMT,
                             STR_ARG(name));
    rc = eval_method(run, from, name, n, c, ret);
    if (rc <= 0)
        return rc;
    if (from->type != VALUE_MAP)
        return fail_field(run, from, name);
    found = value_map_get(from, name);
    if (from->go == VALUE_GO_CERTIFICATE && !found)
        return fail_field(run, from, name);
    if (has_args)
        return template_fail(run,
                             from->go == VALUE_GO_CERTIFICATE
                                 ? STR_FMT " has arguments but cannot be invoked as function"
                                 : STR_FMT " is not a method but has arguments",
                             STR_ARG(name));
    if (found)
        *ret = *found;
    ret->is_boxed = found && from->go == VALUE_GO_USUAL;
    return value_charge(&run->v, 1 + value_len(from) / 16) < 0 ? template_locate(run) : 0;
}

/* The names of a node from @first on, one in the other. */
static int eval_chain(struct template_run *run, const struct value *from, size_t first,
                      const node *n, const struct call *c, struct value *ret)
{
    const struct call none = {.dot = c->dot};
    struct value at = *from;

    for (size_t i = first; i < n->name_count; i++) {
        if (eval_field(run, &at, n->names[i], n, i + 1 == n->name_count ? c : &none, ret) < 0)
            return -1;
        at = *ret;
    }
    return 0;
}

static int check_no_arguments(struct template_run *run, const struct call *c, const node *n)
{
    if (c->count <= 1 && !c->final)
        return 0;
    return template_fail(run, "can't give argument to non-function " STR_FMT,
                         STR_ARG(text_of(run, n)));
}

static int eval_variable(struct template_run *run, const node *n, const struct call *c,
                         struct value *ret)
{
    struct value v = value_nil();
    size_t i = run->variables.len;

    run->at = n;
    while (i > 0 && !str_eq(run->variables.at[i - 1].name, n->names[0]))
        i--;
    if (i == 0)
        return template_fail(run, "undefined variable: " STR_FMT, STR_ARG(n->names[0]));
    v = run->variables.at[i - 1].value;
    if (n->name_count > 1)
        return eval_chain(run, &v, 1, n, c, ret);
    *ret = v;
    return check_no_arguments(run, c, n);
}

static int eval_on_pipe(struct template_run *run, const node *n, const struct call *c,
                        struct value *ret)
{
    struct value from = value_nil();

    run->at = n;
    if (n->pipe->kind == TEMPLATE_NIL)
        return template_fail(run, "indirection through explicit nil in " STR_FMT,
                             STR_ARG(text_of(run, n)));
    if (eval_argument(run, c->dot, n->pipe, ANY_TYPE, &from) < 0)
        return -1;
    /* the place of an error stays within the parentheses, as Go's */
    return eval_chain(run, &from, 0, n, c, ret);
}

/* Any node with the arguments of its command; @whole is the command or the node itself. */
static int eval_with(struct template_run *run, const node *n, const node *whole,
                     const struct call *c, struct value *ret)
{
    *ret = value_nil();
    if (value_charge(&run->v, 1) < 0)
        return template_locate(run);
    switch (n->kind) {
    case TEMPLATE_FIELD:
        run->at = n;
        return eval_chain(run, c->dot, 0, n, c, ret);
    case TEMPLATE_CHAIN:
        return eval_on_pipe(run, n, c, ret);
    case TEMPLATE_IDENTIFIER:
        return eval_function(run, n, whole, c, ret);
    case TEMPLATE_VARIABLE:
        return eval_variable(run, n, c, ret);
    case TEMPLATE_PIPE:
        if (check_no_arguments(run, c, n) < 0)
            return -1;
        return template_eval_pipe(run, c->dot, n, ret);
    default:
        break;
    }
    run->at = n;
    if (check_no_arguments(run, c, n) < 0)
        return -1;
    if (n->kind == TEMPLATE_NIL)
        return template_fail(run, "nil is not a command");
    if (n->kind == TEMPLATE_NUMBER)
        return ideal(run, n, ret);
    *ret = n->kind == TEMPLATE_DOT    ? *c->dot
           : n->kind == TEMPLATE_BOOL ? value_bool(n->is_true)
                                      : value_string(n->value);
    return 0;
}

static int eval_node(struct template_run *run, const struct value *dot, const node *n,
                     struct value *ret)
{
    const struct call c = {.dot = dot, .args = &n, .count = 1};

    return eval_with(run, n, n, &c, ret);
}

int template_set_variable(struct template_run *run, struct str name, const struct value *v)
{
    for (size_t i = run->variables.len; i-- > 0;)
        if (str_eq(run->variables.at[i].name, name)) {
            run->variables.at[i].value = *v;
            return 0;
        }
    return template_fail(run, "undefined variable: " STR_FMT, STR_ARG(name));
}

int template_eval_pipe(struct template_run *run, const struct value *dot, const node *pipe,
                       struct value *ret)
{
    struct value before = value_nil();

    *ret = value_nil();
    if (!pipe)
        return 0;
    run->at = pipe;
    for (size_t i = 0; i < pipe->kids.len; i++) {
        const node *command = pipe->kids.at[i];
        const struct call c = {.dot = dot,
                               .args = (const node *const *) command->kids.at,
                               .count = command->kids.len,
                               .final = i > 0 ? &before : NULL};

        if (eval_with(run, command->kids.at[0], command, &c, ret) < 0)
            return -1;
        ret->is_boxed = false;
        before = *ret;
    }
    for (size_t i = 0; i < pipe->variables.len; i++) {
        struct template_variable variable = {pipe->variables.at[i]->names[0], *ret};

        if (!pipe->is_assignment)
            VEC_APUSH(run->v.a, &run->variables, variable);
        else if (template_set_variable(run, variable.name, ret) < 0)
            return -1;
    }
    return 0;
}
