/*
 * lang/expr/run.c - the value of a checked expression: walks the tree.
 *
 * Any thread; the tree is not changed. Each node counts as a step. Doesn't do: the functions
 * themselves (functions.c and the files beside it).
 */
#include "lang/expr/expr_internal.h"

static int fail(struct expr_run *r, const struct expr_node *n)
{
    return expr_locate(r->text, n->pos, r->err);
}

static int run_name(struct expr_run *r, const struct expr_node *n, struct expr_value *ret)
{
    for (const struct expr_variable *it = r->variables; it; it = it->outer)
        if (str_eq(it->name, n->name)) {
            *ret = it->value;
            return 0;
        }
    if (!expr_name_find(r->env, r->a, n->name, ret))
        *ret = expr_nil();
    return 0;
}

static int run_pointer(struct expr_run *r, const struct expr_node *n, struct expr_value *ret)
{
    *ret = r->closure->item;
    if (str_is(n->name, "index"))
        *ret = expr_int((int64_t) r->closure->index);
    else if (str_is(n->name, "acc"))
        *ret = r->closure->acc;
    return 0;
}

static int run_bool(struct expr_run *r, const struct expr_node *n, bool *ret)
{
    struct expr_value v;

    if (expr_eval_node(r, n, &v) < 0)
        return -1;
    if (v.type != EXPR_BOOL) {
        expr_fail(r, "interface conversion: interface {} is %s, not bool", expr_type_name(&v));
        return fail(r, n);
    }
    *ret = v.is_true;
    return 0;
}

static int run_unary(struct expr_run *r, const struct expr_node *n, struct expr_value *ret)
{
    bool is_true = false;

    if (n->op == EXPR_OP_NOT) {
        if (run_bool(r, n->kids[0], &is_true) < 0)
            return -1;
        *ret = expr_bool(!is_true);
        return 0;
    }
    if (expr_eval_node(r, n->kids[0], ret) < 0)
        return -1;
    if (!expr_is_number(ret) && ret->type != EXPR_DURATION) {
        expr_fail(r, "invalid operation: " STR_FMT " %s", STR_ARG(n->name),
                  expr_type_name(ret));
        return fail(r, n);
    }
    if (n->op == EXPR_OP_SUB && ret->type == EXPR_FLOAT)
        ret->real = -ret->real;
    else if (n->op == EXPR_OP_SUB)
        ret->number = (int64_t) (0 - (uint64_t) ret->number);
    return 0;
}

static int run_logic(struct expr_run *r, const struct expr_node *n, struct expr_value *ret)
{
    bool is_true = false;

    if (run_bool(r, n->kids[0], &is_true) < 0)
        return -1;
    if (is_true == (n->op == EXPR_OP_AND) && run_bool(r, n->kids[1], &is_true) < 0)
        return -1;
    *ret = expr_bool(is_true);
    return 0;
}

static int run_binary(struct expr_run *r, const struct expr_node *n, struct expr_value *ret)
{
    struct expr_value x, y;

    if (n->is_constant) {
        *ret = n->value;
        return 0;
    }
    if (n->op == EXPR_OP_AND || n->op == EXPR_OP_OR)
        return run_logic(r, n, ret);
    if (expr_eval_node(r, n->kids[0], &x) < 0)
        return -1;
    if (n->op == EXPR_OP_COALESCE && x.type != EXPR_NIL) {
        *ret = x;
        return 0;
    }
    if (expr_eval_node(r, n->kids[1], &y) < 0)
        return -1;
    if (n->op == EXPR_OP_COALESCE) {
        *ret = y;
        return 0;
    }
    return expr_binary(r, n->op, &x, &y, ret) < 0 ? fail(r, n) : 0;
}

static int run_condition(struct expr_run *r, const struct expr_node *n, struct expr_value *ret)
{
    bool is_true;

    if (run_bool(r, n->kids[0], &is_true) < 0)
        return -1;
    return expr_eval_node(r, n->kids[is_true ? 1 : 2], ret);
}

/* What a member is taken from; 1 when a "?." ends the chain with nil. */
static int run_base(struct expr_run *r, const struct expr_node *n, struct expr_value *base)
{
    if (expr_eval_node(r, n->kids[0], base) < 0)
        return -1;
    if (r->is_chain_over)
        return 1;
    if (n->is_optional && base->type == EXPR_NIL) {
        r->is_chain_over = true;
        return 1;
    }
    return 0;
}

static int run_member(struct expr_run *r, const struct expr_node *n, struct expr_value *ret)
{
    struct expr_value base, key;
    int rc = run_base(r, n, &base);

    *ret = expr_nil();
    if (rc != 0)
        return rc < 0 ? -1 : 0;
    if (expr_eval_node(r, n->kids[1], &key) < 0)
        return -1;
    return expr_fetch(r, &base, &key, ret) < 0 ? fail(r, n) : 0;
}

/* A bound of a slice within 0 and @len; below 0 it counts from the end. */
static int run_bound(struct expr_run *r, const struct expr_node *n, int64_t len, int64_t *ret)
{
    struct expr_value v;

    if (!n)
        return 0;
    if (expr_eval_node(r, n, &v) < 0)
        return -1;
    if (!expr_is_number(&v)) {
        expr_fail(r, "invalid operation: int(%s)", expr_type_name(&v));
        return fail(r, n);
    }
    if (v.type == EXPR_FLOAT && expr_to_int(r, &v, &v) < 0)
        return -1;
    *ret = v.number < 0 ? v.number + len : v.number;
    *ret = *ret < 0 ? 0 : *ret > len ? len : *ret;
    return 0;
}

static int run_slice(struct expr_run *r, const struct expr_node *n, struct expr_value *ret)
{
    int64_t from = 0, to;

    if (expr_eval_node(r, n->kids[0], ret) < 0 || r->is_chain_over)
        return r->is_chain_over ? 0 : -1;
    to = (int64_t) ret->count;
    if (ret->type != EXPR_ARRAY && ret->type != EXPR_STRING) {
        expr_fail(r, "cannot slice %s", expr_type_name(ret));
        return fail(r, n);
    }
    if (run_bound(r, n->kids[1], to, &from) < 0 || run_bound(r, n->kids[2], to, &to) < 0)
        return -1;
    from = from > to ? to : from;
    if (ret->type == EXPR_ARRAY)
        ret->items = ret->items ? ret->items + from : NULL;
    else
        ret->text = ret->text ? ret->text + from : "";
    ret->count = (size_t) (to - from);
    return 0;
}

static int run_chain(struct expr_run *r, const struct expr_node *n, struct expr_value *ret)
{
    bool was_over = r->is_chain_over;

    r->is_chain_over = false;
    if (expr_eval_node(r, n->kids[0], ret) < 0)
        return -1;
    if (r->is_chain_over)
        *ret = expr_nil();
    r->is_chain_over = was_over;
    return 0;
}

/* Values of children from @from on. */
static int run_kids(struct expr_run *r, const struct expr_node *n, size_t from,
                    struct expr_value **ret)
{
    size_t count = n->kid_count - from;
    struct expr_value *items;

    if (expr_make(r, count * sizeof(*items)) < 0)
        return fail(r, n);
    items = ARENA_ARRAY(r->a, struct expr_value, count + 1);
    for (size_t i = 0; i < count; i++)
        if (expr_eval_node(r, n->kids[from + i], &items[i]) < 0)
            return -1;
    *ret = items;
    return 0;
}

static int run_array(struct expr_run *r, const struct expr_node *n, struct expr_value *ret)
{
    struct expr_value *items = NULL;

    if (run_kids(r, n, 0, &items) < 0)
        return -1;
    *ret = expr_array(items, n->kid_count);
    return 0;
}

static int run_map(struct expr_run *r, const struct expr_node *n, struct expr_value *ret)
{
    size_t room = n->kid_count / 2, count = 0;
    struct expr_pair *pairs;

    if (expr_make(r, room * sizeof(*pairs)) < 0)
        return fail(r, n);
    pairs = ARENA_ARRAY(r->a, struct expr_pair, room + 1);
    for (size_t i = 0; i < room; i++) {
        struct expr_pair pair;
        size_t at = 0;

        if (expr_eval_node(r, n->kids[2 * i], &pair.key) < 0 ||
            expr_eval_node(r, n->kids[2 * i + 1], &pair.value) < 0)
            return -1;
        if (pair.key.type != EXPR_STRING) {
            expr_fail(r, "interface conversion: interface {} is %s, not string",
                      expr_type_name(&pair.key));
            return fail(r, n->kids[2 * i]);
        }
        if (expr_charge(r, count) < 0)
            return fail(r, n);
        while (at < count && !str_eq(expr_text_of(&pairs[at].key), expr_text_of(&pair.key)))
            at++;
        pairs[at] = pair;
        count += at == count;
    }
    *ret = expr_map(pairs, count);
    return 0;
}

/* The type that a letter asks for, when a value has another one. */
static const char *wanted(char letter, const struct expr_value *v)
{
    static const struct {
        char letter;
        const char *name;
        enum expr_type type;
    } rows[] = {{'s', "string", EXPR_STRING},
                {'i', "int", EXPR_INT},
                {'b', "bool", EXPR_BOOL},
                {'a', "[]interface {}", EXPR_ARRAY},
                {'m', "map[string]interface {}", EXPR_MAP},
                {'z', "*time.Location", EXPR_ZONE}};

    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (rows[i].letter == letter && v->type != rows[i].type)
            return rows[i].name;
    return NULL;
}

/* What reflection makes of nil. */
static struct expr_value zero_of(char letter)
{
    return letter == 's'   ? expr_string(STR(""))
           : letter == 'i' ? expr_int(0)
           : letter == 'b' ? expr_bool(false)
                           : expr_map(NULL, 0);
}

/* What the check could not know. */
static int check_arguments(struct expr_run *r, const struct expr_function *f,
                           struct expr_value *args, size_t count)
{
    bool takes_nil = str_starts(str_from(f->name), STR("sprig."));
    const char *letter = f->args;

    for (size_t i = 0; i < count; i++) {
        const char *want = wanted(*letter, &args[i]);

        if (!takes_nil && (*letter == 'a' || *letter == 'm'))
            want = NULL; /* builtins say it in their own words */
        if (want && takes_nil && args[i].type == EXPR_NIL && *letter != 'a') {
            args[i] = zero_of(*letter);
            want = NULL;
        }

        if (want)
            return expr_fail(r,
                             takes_nil ? "reflect: Call using %s as type %s"
                                       : "interface conversion: interface {} is %s, not %s",
                             args[i].type == EXPR_NIL ? "nil" : expr_type_name(&args[i]), want);
        if (*letter && letter[1])
            letter++;
    }
    return 0;
}

static int call(struct expr_run *r, const struct expr_node *n, const struct expr_function *f,
                struct expr_value *args, struct expr_value *ret)
{
    size_t count = n->kind == EXPR_NODE_CALL ? n->kid_count - 1 : n->kid_count;

    if (!f->call) {
        err_set(r->err, ERR_UNSUPPORTED, "function %s is not supported yet", f->name);
        return fail(r, n);
    }
    if (count < f->min || (f->max != EXPR_MANY && count > f->max)) {
        expr_fail(r, "invalid number of arguments: expected %s%u, got %zu",
                  f->max == f->min ? "" : "at least ", f->min, count);
        return fail(r, n);
    }
    if (check_arguments(r, f, args, count) < 0 || f->call(r, args, count, ret) < 0)
        return fail(r, n);
    return 0;
}

/* What is called: a function, or a method of @base, then true. */
static int run_callee(struct expr_run *r, const struct expr_node *callee, struct expr_value *f,
                      struct expr_value *base, bool *is_method)
{
    struct expr_value key;
    int rc;

    *is_method = false;
    if (callee->kind != EXPR_NODE_MEMBER)
        return expr_eval_node(r, callee, f);
    rc = run_base(r, callee, base);
    if (rc != 0)
        return rc < 0 ? -1 : 0;
    *is_method = expr_has_methods(base->type);
    if (*is_method)
        return 0;
    if (expr_eval_node(r, callee->kids[1], &key) < 0)
        return -1;
    return expr_fetch(r, base, &key, f) < 0 ? fail(r, callee) : 0;
}

static int run_call(struct expr_run *r, const struct expr_node *n, struct expr_value *ret)
{
    struct expr_value f = {}, base = {}, *args = NULL;
    const struct expr_node *callee = n->kids[0];
    bool is_method;
    int rc;

    *ret = expr_nil();
    if (run_callee(r, callee, &f, &base, &is_method) < 0)
        return -1;
    if (r->is_chain_over)
        return 0;
    if (run_kids(r, n, 1, &args) < 0)
        return -1;
    if (is_method) {
        struct str name = expr_text_of(&callee->kids[1]->value);

        rc = expr_method(r, &base, name, args, n->kid_count - 1, ret);
        if (rc > 0)
            expr_fail(r, "type %s has no method " STR_FMT, expr_type_name(&base),
                      STR_ARG(name));
        return rc != 0 ? fail(r, n) : 0;
    }
    if (f.type != EXPR_FUNCTION) {
        expr_fail(r, "invalid operation: cannot call %s",
                  f.type == EXPR_NIL ? "nil" : expr_type_name(&f));
        return fail(r, n);
    }
    return call(r, n, f.function, args, ret);
}

static int run_builtin(struct expr_run *r, const struct expr_node *n, struct expr_value *ret)
{
    struct expr_value *args = NULL;

    if (run_kids(r, n, 0, &args) < 0)
        return -1;
    return call(r, n, n->function, args, ret);
}

static int run_let(struct expr_run *r, const struct expr_node *n, struct expr_value *ret)
{
    struct expr_variable variable = {.name = n->name, .outer = r->variables};

    if (expr_eval_node(r, n->kids[0], &variable.value) < 0)
        return -1;
    r->variables = &variable;
    if (expr_eval_node(r, n->kids[1], ret) < 0)
        return -1;
    r->variables = variable.outer;
    return 0;
}

static int run_sequence(struct expr_run *r, const struct expr_node *n, struct expr_value *ret)
{
    for (size_t i = 0; i < n->kid_count; i++)
        if (expr_eval_node(r, n->kids[i], ret) < 0)
            return -1;
    return 0;
}

int expr_eval_node(struct expr_run *r, const struct expr_node *n, struct expr_value *ret)
{
    *ret = expr_nil();
    if (expr_charge(r, 1) < 0)
        return fail(r, n);
    switch (n->kind) {
    case EXPR_NODE_LITERAL:
        *ret = n->value;
        return 0;
    case EXPR_NODE_NAME:
        return run_name(r, n, ret);
    case EXPR_NODE_POINTER:
        return run_pointer(r, n, ret);
    case EXPR_NODE_UNARY:
        return run_unary(r, n, ret);
    case EXPR_NODE_BINARY:
        return run_binary(r, n, ret);
    case EXPR_NODE_CONDITION:
        return run_condition(r, n, ret);
    case EXPR_NODE_MEMBER:
        return run_member(r, n, ret);
    case EXPR_NODE_SLICE:
        return run_slice(r, n, ret);
    case EXPR_NODE_CHAIN:
        return run_chain(r, n, ret);
    case EXPR_NODE_ARRAY:
        return run_array(r, n, ret);
    case EXPR_NODE_MAP:
        return run_map(r, n, ret);
    case EXPR_NODE_CALL:
        return run_call(r, n, ret);
    case EXPR_NODE_BUILTIN:
        return run_builtin(r, n, ret);
    case EXPR_NODE_PREDICATE:
        return expr_predicate_eval(r, n, ret);
    case EXPR_NODE_LET:
        return run_let(r, n, ret);
    case EXPR_NODE_SEQUENCE:
        return run_sequence(r, n, ret);
    }
    return 0;
}
