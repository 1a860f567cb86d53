/*
 * lang/expr/run.c - the value of a checked expression: walks the tree.
 *
 * Any thread; the tree is not changed. Each node counts as a step. Doesn't do: the functions
 * themselves (functions.c and the files beside it).
 */
#include "formats/gotime.h"
#include "lang/expr/expr_internal.h"

static int fail(struct expr_run *r, const struct expr_node *n)
{
    return expr_locate(r->text, n->pos, r->v.err);
}

static int run_name(struct expr_run *r, const struct expr_node *n, struct value *ret)
{
    for (const struct expr_variable *it = r->variables; it; it = it->outer)
        if (str_eq(it->name, n->name)) {
            *ret = it->value;
            return 0;
        }
    if (!expr_name_find(r->env, r->v.a, n->name, ret))
        *ret = value_nil();
    return 0;
}

static int run_pointer(struct expr_run *r, const struct expr_node *n, struct value *ret)
{
    if (r->closure->has_no_item && str_is_empty(n->name)) {
        expr_fail_item(&r->v);
        return fail(r, n);
    }
    *ret = r->closure->item;
    if (str_is(n->name, "index"))
        *ret = value_int((int64_t) r->closure->index);
    else if (str_is(n->name, "acc"))
        *ret = r->closure->acc;
    return 0;
}

/* A wrong one is told at @at: upstream finds it at the operator. */
static int run_bool(struct expr_run *r, const struct expr_node *n, const struct expr_node *at,
                    bool *ret)
{
    struct value v;

    if (expr_eval_node(r, n, &v) < 0)
        return -1;
    if (v.type != VALUE_BOOL) {
        expr_fail_conversion(&r->v, &v, "bool");
        return fail(r, at);
    }
    *ret = v.is_true;
    return 0;
}

static int run_unary(struct expr_run *r, const struct expr_node *n, struct value *ret)
{
    bool is_true = false;

    if (n->op == EXPR_OP_NOT) {
        if (run_bool(r, n->kids[0], n, &is_true) < 0)
            return -1;
        *ret = value_bool(!is_true);
        return 0;
    }
    if (expr_eval_node(r, n->kids[0], ret) < 0)
        return -1;
    if (n->op == EXPR_OP_ADD) /* upstream only looks at it before the run */
        return 0;
    if (!value_is_number(ret)) {
        value_fail(&r->v, "invalid operation: " STR_FMT " %s", STR_ARG(n->name),
                   value_type_name(ret));
        return fail(r, n);
    }
    if (n->op == EXPR_OP_SUB && ret->type == VALUE_FLOAT)
        ret->real = -ret->real;
    else if (n->op == EXPR_OP_SUB)
        ret->number = (int64_t) (0 - (uint64_t) ret->number);
    return 0;
}

/* A bool that is written, or made of such; upstream works them out before the run. */
static bool is_written(const struct expr_node *n, bool is_true)
{
    if (n->kind == EXPR_NODE_LITERAL)
        return n->value.type == VALUE_BOOL && n->value.is_true == is_true;
    if (n->kind == EXPR_NODE_UNARY && n->op == EXPR_OP_NOT)
        return is_written(n->kids[0], !is_true);
    if (n->kind != EXPR_NODE_BINARY || (n->op != EXPR_OP_AND && n->op != EXPR_OP_OR))
        return false;
    if (is_true == (n->op == EXPR_OP_OR))
        return is_written(n->kids[0], is_true) || is_written(n->kids[1], is_true);
    return is_written(n->kids[0], is_true) && is_written(n->kids[1], is_true);
}

/*
 * As upstream's optimizer and machine: beside a bool that is written the other operand is taken
 * as it is or not looked at, and the right one is the result whatever it is.
 */
static int run_logic(struct expr_run *r, const struct expr_node *n, struct value *ret)
{
    const struct expr_node *left = n->kids[0], *right = n->kids[1];
    bool is_and = n->op == EXPR_OP_AND, is_true = false;

    if (is_written(left, is_and))
        return expr_eval_node(r, right, ret);
    if (is_written(right, is_and))
        return expr_eval_node(r, left, ret);
    *ret = value_bool(!is_and);
    if (is_written(left, !is_and) || is_written(right, !is_and))
        return 0;
    if (run_bool(r, n->kids[0], n, &is_true) < 0)
        return -1;
    return is_true == is_and ? expr_eval_node(r, right, ret) : 0;
}

/* A range is a list of Go's ints, any other one of any values. */
static bool is_range(const struct expr_node *n)
{
    return n->kind == EXPR_NODE_BINARY && n->op == EXPR_OP_RANGE;
}

/* Lists and maps as reflect.DeepEqual compares them. */
static int run_deep_equal(struct expr_run *r, const struct expr_node *n, const struct value *x,
                          const struct value *y, struct value *ret)
{
    bool is_equal = false;

    if (is_range(n->kids[0]) == is_range(n->kids[1]) &&
        value_deep_equal(&r->v, x, y, &is_equal) < 0)
        return fail(r, n);
    *ret = value_bool(is_equal == (n->op == EXPR_OP_EQ));
    return 0;
}

/* Upstream makes a map of a written list of texts only: it is asked for texts only. */
static bool is_text_set(const struct expr_node *n)
{
    if (n->kind != EXPR_NODE_ARRAY || n->kid_count == 0)
        return false;
    for (size_t i = 0; i < n->kid_count; i++)
        if (n->kids[i]->kind != EXPR_NODE_LITERAL || n->kids[i]->value.type != VALUE_STRING)
            return false;
    return true;
}

static int run_in_text_set(struct expr_run *r, const struct expr_node *n, struct value x,
                           struct value *ret)
{
    struct value set;

    if (x.type != VALUE_NIL) {
        value_fail(&r->v,
                   "reflect.Value.MapIndex: value of type %s is not assignable to type string",
                   value_type_name(&x));
        return fail(r, n);
    }
    x = value_string(STR("")); /* Go's zero of a key */
    if (expr_eval_node(r, n->kids[1], &set) < 0)
        return -1;
    return expr_binary(&r->v, EXPR_OP_IN, &x, &set, ret) < 0 ? fail(r, n) : 0;
}

static bool is_of_texts(enum expr_op op)
{
    return op == EXPR_OP_CONTAINS || op == EXPR_OP_STARTS || op == EXPR_OP_ENDS ||
           op == EXPR_OP_MATCHES;
}

/* What the check took for whole numbers or texts; find() of nothing is neither. */
static int assert_types(struct expr_run *r, const struct expr_node *n, const struct value *x,
                        const struct value *y)
{
    if (x->type == n->asserted && y->type == n->asserted)
        return 0;
    expr_fail_conversion(&r->v, x->type != n->asserted ? x : y,
                         n->asserted == VALUE_STRING ? "string" : "int");
    return fail(r, n);
}

static int run_binary(struct expr_run *r, const struct expr_node *n, struct value *ret)
{
    struct value x, y;

    if (n->is_constant) {
        *ret = n->value;
        return 0;
    }
    if (n->op == EXPR_OP_AND || n->op == EXPR_OP_OR)
        return run_logic(r, n, ret);
    if (expr_eval_node(r, n->kids[0], &x) < 0)
        return -1;
    if (n->op == EXPR_OP_COALESCE && !expr_is_nil(&x)) {
        *ret = x;
        return 0;
    }
    if (n->op == EXPR_OP_IN && x.type != VALUE_STRING && is_text_set(n->kids[1]))
        return run_in_text_set(r, n, x, ret);
    if (expr_eval_node(r, n->kids[1], &y) < 0)
        return -1;
    if (n->op == EXPR_OP_COALESCE) {
        *ret = y;
        return 0;
    }
    if (r->env->is_untyped && (x.type == VALUE_ARRAY || x.type == VALUE_MAP) &&
        (n->op == EXPR_OP_EQ || n->op == EXPR_OP_NE))
        return run_deep_equal(r, n, &x, &y, ret);
    if (r->env->is_untyped && is_of_texts(n->op) &&
        (x.type == VALUE_NIL || y.type == VALUE_NIL)) { /* of an older expr-lang */
        expr_fail_conversion(&r->v, x.type == VALUE_NIL ? &x : &y, "string");
        return fail(r, n);
    }
    if (n->asserted != VALUE_NIL && assert_types(r, n, &x, &y) < 0)
        return -1;
    return expr_binary(&r->v, n->op, &x, &y, ret) < 0 ? fail(r, n) : 0;
}

static int run_condition(struct expr_run *r, const struct expr_node *n, struct value *ret)
{
    bool is_true;

    if (run_bool(r, n->kids[0], n->kids[0], &is_true) < 0)
        return -1;
    return expr_eval_node(r, n->kids[is_true ? 1 : 2], ret);
}

/* What a member is taken from; 1 when a "?." ends the chain with nil. */
static int run_base(struct expr_run *r, const struct expr_node *n, struct value *base)
{
    if (expr_eval_node(r, n->kids[0], base) < 0)
        return -1;
    if (r->is_chain_over)
        return 1;
    if (n->is_optional && expr_is_nil(base)) {
        r->is_chain_over = true;
        return 1;
    }
    return 0;
}

static int run_member(struct expr_run *r, const struct expr_node *n, struct value *ret)
{
    struct value base, key;
    int rc = run_base(r, n, &base);

    *ret = value_nil();
    if (rc != 0)
        return rc < 0 ? -1 : 0;
    if (expr_eval_node(r, n->kids[1], &key) < 0)
        return -1;
    return expr_fetch(&r->v, &base, &key, ret) < 0 ? fail(r, n) : 0;
}

/* A bound of a slice within 0 and @len; below 0 it counts from the end. */
static int run_bound(struct expr_run *r, const struct expr_node *n, int64_t len, int64_t *ret)
{
    struct value v;

    if (!n)
        return 0;
    if (expr_eval_node(r, n, &v) < 0)
        return -1;
    if (!value_is_number(&v)) {
        value_fail(&r->v, "invalid operation: int(%s)", value_type_name(&v));
        return fail(r, n);
    }
    if (v.type == VALUE_FLOAT && value_to_int(&r->v, &v, &v) < 0)
        return -1;
    *ret = v.number < 0 ? v.number + len : v.number;
    *ret = *ret < 0 ? 0 : *ret > len ? len : *ret;
    return 0;
}

static int run_slice(struct expr_run *r, const struct expr_node *n, struct value *ret)
{
    int64_t from = 0, to;

    if (expr_eval_node(r, n->kids[0], ret) < 0 || r->is_chain_over)
        return r->is_chain_over ? 0 : -1;
    to = (int64_t) ret->count;
    if (ret->type != VALUE_ARRAY && ret->type != VALUE_STRING) {
        value_fail(&r->v, "cannot slice %s", value_type_name(ret));
        return fail(r, n);
    }
    if (run_bound(r, n->kids[1], to, &from) < 0 || run_bound(r, n->kids[2], to, &to) < 0)
        return -1;
    from = from > to ? to : from;
    if (ret->type == VALUE_ARRAY)
        ret->items = ret->items ? ret->items + from : NULL;
    else
        ret->text = ret->text ? ret->text + from : "";
    ret->count = (size_t) (to - from);
    return 0;
}

static int run_chain(struct expr_run *r, const struct expr_node *n, struct value *ret)
{
    bool was_over = r->is_chain_over;

    r->is_chain_over = false;
    if (expr_eval_node(r, n->kids[0], ret) < 0)
        return -1;
    if (r->is_chain_over || expr_is_nil(ret)) /* also a list that is nil in Go */
        *ret = value_nil();
    r->is_chain_over = was_over;
    return 0;
}

/* Values of children from @from on. */
static int run_kids(struct expr_run *r, const struct expr_node *n, size_t from,
                    struct value **ret)
{
    size_t count = n->kid_count - from;
    struct value *items;

    if (value_make(&r->v, count * sizeof(*items)) < 0)
        return fail(r, n);
    items = ARENA_ARRAY(r->v.a, struct value, count + 1);
    for (size_t i = 0; i < count; i++)
        if (expr_eval_node(r, n->kids[from + i], &items[i]) < 0)
            return -1;
    *ret = items;
    return 0;
}

static int run_array(struct expr_run *r, const struct expr_node *n, struct value *ret)
{
    struct value *items = NULL;

    if (run_kids(r, n, 0, &items) < 0)
        return -1;
    *ret = value_array(items, n->kid_count);
    return 0;
}

static int run_map(struct expr_run *r, const struct expr_node *n, struct value *ret)
{
    size_t room = n->kid_count / 2, count = 0;
    struct value_pair *pairs;

    if (value_make(&r->v, room * sizeof(*pairs)) < 0)
        return fail(r, n);
    pairs = ARENA_ARRAY(r->v.a, struct value_pair, room + 1);
    for (size_t i = 0; i < room; i++) {
        struct value_pair pair;
        size_t at = 0;

        if (expr_eval_node(r, n->kids[2 * i], &pair.key) < 0 ||
            expr_eval_node(r, n->kids[2 * i + 1], &pair.value) < 0)
            return -1;
        if (pair.key.type != VALUE_STRING) {
            expr_fail_conversion(&r->v, &pair.key, "string");
            return fail(r, n->kids[2 * i]);
        }
        if (value_charge(&r->v, count) < 0)
            return fail(r, n);
        while (at < count && !str_eq(value_text(&pairs[at].key), value_text(&pair.key)))
            at++;
        if (at == count) /* upstream fills from behind: the first of one key stays */
            pairs[count++] = pair;
    }
    *ret = value_map(r->v.a, pairs, count);
    return 0;
}

/* The type that a letter asks for, when a value has another one. */
static const char *wanted(char letter, const struct value *v)
{
    static const struct {
        char letter;
        const char *name;
        enum value_type type;
        enum value_go go;
    } rows[] = {{'s', "string", VALUE_STRING, VALUE_GO_USUAL},
                {'i', "int", VALUE_INT, VALUE_GO_USUAL},
                {'u', "uint32", VALUE_NIL, VALUE_GO_USUAL}, /* no literal has this type */
                {'b', "bool", VALUE_BOOL, VALUE_GO_USUAL},
                {'f', "float64", VALUE_FLOAT, VALUE_GO_USUAL},
                {'a', "[]interface {}", VALUE_ARRAY, VALUE_GO_USUAL},
                {'m', "map[string]interface {}", VALUE_MAP, VALUE_GO_USUAL},
                {'C', "sprig.certificate", VALUE_MAP, VALUE_GO_CERTIFICATE},
                {'T', "time.Time", VALUE_TIME, VALUE_GO_USUAL},
                {'z', "*time.Location", VALUE_ZONE, VALUE_GO_USUAL}};

    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (rows[i].letter == letter && (v->type != rows[i].type || v->go != rows[i].go))
            return rows[i].name;
    return NULL;
}

/* What reflection makes of nil; false when it makes nothing. */
static bool zero_of(struct expr_run *r, char letter, struct value *ret)
{
    static const struct gotime no_time = {.unix_s = INT64_C(-62135596800)};

    if (!strchr("sibfamuTC", letter))
        return false;
    if (letter == 'T') {
        *ret = value_of_time(r->v.a, &no_time);
        return true;
    }
    *ret = letter == 's'                    ? value_string(STR(""))
           : letter == 'i' || letter == 'u' ? value_int(0)
           : letter == 'b'                  ? value_bool(false)
           : letter == 'f'                  ? value_float(0)
           : letter == 'a'                  ? value_array(NULL, 0)
                                            : value_map(r->v.a, NULL, 0);
    ret->go = letter == 'C' ? VALUE_GO_CERTIFICATE : VALUE_GO_USUAL;
    ret->is_go_nil = letter == 'a' || letter == 'm';
    return true;
}

static int fail_argument(struct expr_run *r, const struct value_function *f, size_t i,
                         const struct value *v, const char *want)
{
    bool is_variadic = f->max == VALUE_MANY && i >= f->min;

    if (!f->is_go)
        return expr_fail_conversion(&r->v, v, want);
    return value_fail(&r->v,
                      is_variadic ? "reflect: cannot use %s as type %s in Call"
                                  : "reflect: Call using %s as type %s",
                      v->type == VALUE_NIL ? "nil" : value_type_name(v), want);
}

/* What the check could not know. */
static int check_arguments(struct expr_run *r, const struct value_function *f,
                           struct value *args, size_t count)
{
    const char *letter = f->args;

    for (size_t i = 0; i < count; i++) {
        const char *want = wanted(*letter, &args[i]);

        if (!f->is_go && strchr("aim", *letter))
            want = NULL; /* builtins say it in their own words */
        if (want && f->is_go && args[i].type == VALUE_NIL && !r->env->is_untyped &&
            zero_of(r, *letter, &args[i]))
            want = NULL;
        if (want)
            return fail_argument(r, f, i, &args[i], want);
        if (*letter && letter[1])
            letter++;
    }
    return 0;
}

static int call(struct expr_run *r, const struct expr_node *n, const struct value_function *f,
                struct value *args, struct value *ret)
{
    size_t count = n->kind == EXPR_NODE_CALL ? n->kid_count - 1 : n->kid_count;

    if (count < f->min || (f->max != VALUE_MANY && count > f->max)) {
        value_fail(&r->v, "invalid number of arguments: expected %s%u, got %zu",
                   f->max == f->min ? "" : "at least ", f->min, count);
        return fail(r, n);
    }
    if (check_arguments(r, f, args, count) < 0 || value_call(&r->v, f, args, count, ret) < 0)
        return fail(r, n);
    return 0;
}

/* What is called: a function, or a method of @base, then true. */
static int run_callee(struct expr_run *r, const struct expr_node *callee, struct value *f,
                      struct value *base, bool *is_method)
{
    struct value key;
    int rc;

    *is_method = false;
    if (callee->kind != EXPR_NODE_MEMBER)
        return expr_eval_node(r, callee, f);
    rc = run_base(r, callee, base);
    if (rc != 0)
        return rc < 0 ? -1 : 0;
    *is_method = value_has_methods(base->type);
    if (*is_method)
        return 0;
    if (expr_eval_node(r, callee->kids[1], &key) < 0)
        return -1;
    return expr_fetch(&r->v, base, &key, f) < 0 ? fail(r, callee) : 0;
}

static int run_call(struct expr_run *r, const struct expr_node *n, struct value *ret)
{
    struct value f = {}, base = {}, *args = NULL;
    const struct expr_node *callee = n->kids[0];
    bool is_method;
    int rc;

    *ret = value_nil();
    if (run_callee(r, callee, &f, &base, &is_method) < 0)
        return -1;
    if (r->is_chain_over)
        return 0;
    if (run_kids(r, n, 1, &args) < 0)
        return -1;
    if (is_method) {
        struct str name = value_text(&callee->kids[1]->value);

        rc = value_method(&r->v, &base, name, args, n->kid_count - 1, ret);
        if (rc > 0)
            value_fail(&r->v, "cannot fetch " STR_FMT " from %s", STR_ARG(str_head(name, 200)),
                       value_type_name(&base));
        return rc != 0 ? fail(r, n) : 0;
    }
    if (f.type != VALUE_FUNCTION) {
        value_fail(&r->v, "invalid operation: cannot call %s%s",
                   f.type == VALUE_NIL ? "nil" : "non-function of type ",
                   f.type == VALUE_NIL ? "" : value_type_name(&f));
        return fail(r, n);
    }
    return call(r, n, f.function, args, ret);
}

/* min() and max() of lists are younger than the untyped dialect. */
static bool is_extreme(const struct value_function *f)
{
    return strcmp(f->name, "min") == 0 || strcmp(f->name, "max") == 0;
}

static int run_builtin(struct expr_run *r, const struct expr_node *n, struct value *ret)
{
    struct value *args = NULL;

    if (run_kids(r, n, 0, &args) < 0)
        return -1;
    if (r->env->is_untyped && n->kid_count == 1 && is_extreme(n->function) &&
        args[0].type == VALUE_ARRAY) {
        *ret = args[0]; /* of one value the value */
        return 0;
    }
    if (r->env->is_untyped && n->kid_count == 1 && args[0].type == VALUE_STRING &&
        strcmp(n->function->name, "len") == 0) {
        *ret = value_int((int64_t) args[0].count); /* bytes */
        return 0;
    }
    for (size_t i = 0; r->env->is_untyped && is_extreme(n->function) && i < n->kid_count; i++)
        if (args[i].type == VALUE_ARRAY) {
            value_fail(&r->v, "invalid argument for %s (type %s)", n->function->name,
                       value_type_name(&args[i]));
            return fail(r, n);
        }
    return call(r, n, n->function, args, ret);
}

static int run_let(struct expr_run *r, const struct expr_node *n, struct value *ret)
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

static int run_sequence(struct expr_run *r, const struct expr_node *n, struct value *ret)
{
    for (size_t i = 0; i < n->kid_count; i++)
        if (expr_eval_node(r, n->kids[i], ret) < 0)
            return -1;
    return 0;
}

int expr_eval_node(struct expr_run *r, const struct expr_node *n, struct value *ret)
{
    *ret = value_nil();
    if (value_charge(&r->v, 1) < 0)
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
