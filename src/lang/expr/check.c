/*
 * lang/expr/check.c - what expr-lang refuses before an expression runs: unknown names,
 * operators and functions on types that cannot fit, a division of whole numbers by zero.
 *
 * Any thread. The values of the environment give the types of its names; members of maps may be
 * anything. Doesn't do: Go's types beyond those of enum value_type.
 */
#include "base/limits.h"
#include "lang/expr/expr_internal.h"

static const struct expr_nature any_nature = {};

static struct expr_nature known(enum value_type type)
{
    return (struct expr_nature){.type = type, .is_known = true};
}

static bool is_any(const struct expr_nature *n)
{
    return !n->is_known;
}

/* Whole numbers whose type has a name of its own are of no other type. */
static bool is_named(const struct expr_nature *n)
{
    return n->type == VALUE_INT && (n->go == VALUE_GO_MONTH || n->go == VALUE_GO_WEEKDAY);
}

static bool is_of(const struct expr_nature *n, enum value_type type)
{
    return n->is_known && n->type == type && !is_named(n);
}

static bool is_number(const struct expr_nature *n)
{
    return is_of(n, VALUE_INT) || is_of(n, VALUE_FLOAT);
}

/* Go's names. */
const char *expr_nature_name(const struct expr_nature *n)
{
    const struct value v = {.type = n->type, .go = n->go};

    if (is_any(n) || n->type == VALUE_NIL)
        return "unknown";
    return value_type_name(&v);
}

static int fail(struct expr_run *r, const struct expr_node *n)
{
    return expr_locate(r->text, n->pos, r->v.err);
}

static struct expr_nature nature_of(const struct value *v)
{
    struct expr_nature n = known(v->type);

    n.go = v->go;
    n.function = v->type == VALUE_FUNCTION ? v->function : NULL;
    if (v->type == VALUE_MAP && v->has_any_keys && !v->go)
        n.go = VALUE_GO_ANY_MAP;
    return n;
}

static int check_name(struct expr_run *r, struct expr_node *n, struct expr_nature *ret)
{
    struct value v;

    for (const struct expr_variable *it = r->variables; it; it = it->outer)
        if (str_eq(it->name, n->name)) {
            *ret = it->nature;
            return 0;
        }
    *ret = known(VALUE_MAP);
    if (str_is(n->name, "$env"))
        return 0;
    if (!r->env->is_untyped && expr_name_find(r->env, r->v.a, n->name, &v)) {
        *ret = nature_of(&v);
        return 0;
    }
    /* a builtin that is not called has the type of a function, and is nil at the run */
    *ret = expr_builtin(n->name) && !(r->env->is_untyped && expr_is_younger(n->name))
               ? known(VALUE_FUNCTION)
               : any_nature;
    if (r->env->is_untyped || expr_builtin(n->name))
        return 0;
    err_set(r->v.err, ERR_INVALID, "unknown name " STR_FMT, STR_ARG(str_head(n->name, 200)));
    return fail(r, n);
}

static int check_pointer(struct expr_run *r, struct expr_node *n, struct expr_nature *ret)
{
    *ret = any_nature;
    if (!r->closure) {
        err_set(r->v.err, ERR_INVALID, "cannot use pointer accessor outside predicate");
        return fail(r, n);
    }
    if (str_is_empty(n->name))
        *ret = r->closure->nature;
    else if (str_is(n->name, "index") && r->closure->has_index)
        *ret = known(VALUE_INT);
    else if (!str_is(n->name, "acc") || !r->closure->has_acc) {
        err_set(r->v.err, ERR_INVALID, "unknown pointer #" STR_FMT,
                STR_ARG(str_head(n->name, 200)));
        return fail(r, n);
    }
    return 0;
}

/* Folds whole numbers, as upstream's optimizer does: x % 0 fails here. */
static int fold(struct expr_run *r, struct expr_node *n)
{
    const struct expr_node *x = n->kids[0], *y = n->kid_count > 1 ? n->kids[1] : NULL;

    if (!x->is_constant || (y && !y->is_constant))
        return 0;
    if (!y) {
        n->is_constant = n->op != EXPR_OP_NOT;
        n->value = value_int(n->op == EXPR_OP_SUB ? (int64_t) (0 - (uint64_t) x->value.number)
                                                  : x->value.number);
        return 0;
    }
    if (n->op != EXPR_OP_ADD && n->op != EXPR_OP_SUB && n->op != EXPR_OP_MUL &&
        n->op != EXPR_OP_MOD)
        return 0;
    n->is_constant = true;
    if (n->op == EXPR_OP_MOD && y->value.number == 0) {
        err_set(r->v.err, ERR_INVALID, "integer divide by zero");
        return fail(r, n);
    }
    if (expr_binary(&r->v, n->op, &x->value, &y->value, &n->value) < 0)
        return fail(r, n);
    return 0;
}

static int check_unary(struct expr_run *r, struct expr_node *n, struct expr_nature *ret)
{
    struct expr_nature x;
    bool fits;

    if (expr_check(r, n->kids[0], &x) < 0)
        return -1;
    fits = n->op == EXPR_OP_NOT ? is_of(&x, VALUE_BOOL) : is_number(&x);
    if (!fits && !is_any(&x)) {
        err_set(r->v.err, ERR_INVALID, "invalid operation: " STR_FMT " (mismatched type %s)",
                STR_ARG(n->name), expr_nature_name(&x));
        return fail(r, n);
    }
    *ret = n->op == EXPR_OP_NOT ? known(VALUE_BOOL) : x;
    return fold(r, n);
}

static bool is_comparable(const struct expr_nature *x, const struct expr_nature *y)
{
    return is_any(x) || is_any(y) || is_of(x, VALUE_NIL) || is_of(y, VALUE_NIL) ||
           (x->type == y->type && (x->go == y->go || (!is_named(x) && !is_named(y)))) ||
           (is_number(x) && is_number(y));
}

/* Both of a type, or one of it and the other unknown, or both unknown. */
static bool both(const struct expr_nature *x, const struct expr_nature *y, enum value_type type)
{
    return (is_any(x) || is_of(x, type)) && (is_any(y) || is_of(y, type));
}

static bool both_numbers(const struct expr_nature *x, const struct expr_nature *y)
{
    return (is_any(x) || is_number(x)) && (is_any(y) || is_number(y));
}

static bool is_either_any(const struct expr_nature *x, const struct expr_nature *y)
{
    return is_any(x) || is_any(y);
}

static struct expr_nature number_nature(const struct expr_nature *x,
                                        const struct expr_nature *y)
{
    if (is_either_any(x, y))
        return any_nature;
    return known(is_of(x, VALUE_INT) && is_of(y, VALUE_INT) ? VALUE_INT : VALUE_FLOAT);
}

static bool is_time(const struct expr_nature *n)
{
    return is_any(n) || is_of(n, VALUE_TIME);
}

static bool is_duration(const struct expr_nature *n)
{
    return is_any(n) || is_of(n, VALUE_DURATION);
}

static bool check_add(const struct expr_nature *x, const struct expr_nature *y,
                      struct expr_nature *ret)
{
    *ret = number_nature(x, y);
    if (both_numbers(x, y))
        return true;
    *ret = is_either_any(x, y) ? any_nature : known(x->type);
    if (both(x, y, VALUE_STRING) || both(x, y, VALUE_DURATION))
        return true;
    *ret = is_either_any(x, y) ? any_nature : known(VALUE_TIME);
    return (is_time(x) && is_duration(y)) || (is_duration(x) && is_time(y));
}

static bool check_sub(const struct expr_nature *x, const struct expr_nature *y,
                      struct expr_nature *ret)
{
    *ret = number_nature(x, y);
    if (both_numbers(x, y))
        return true;
    *ret = is_either_any(x, y) ? any_nature : known(VALUE_DURATION);
    if (both(x, y, VALUE_TIME) || both(x, y, VALUE_DURATION))
        return true;
    *ret = is_either_any(x, y) ? any_nature : known(VALUE_TIME);
    return is_time(x) && is_duration(y);
}

static bool check_mul(const struct expr_nature *x, const struct expr_nature *y,
                      struct expr_nature *ret)
{
    *ret = number_nature(x, y);
    if (both_numbers(x, y))
        return true;
    *ret = is_either_any(x, y) ? any_nature : known(VALUE_DURATION);
    return (is_duration(x) && (is_any(y) || is_number(y) || is_of(y, VALUE_DURATION))) ||
           (is_duration(y) && (is_any(x) || is_number(x)));
}

static bool check_less(const struct expr_nature *x, const struct expr_nature *y)
{
    return both_numbers(x, y) || both(x, y, VALUE_STRING) || both(x, y, VALUE_TIME) ||
           both(x, y, VALUE_DURATION);
}

/* A list of whole numbers only, which upstream's optimizer makes a constant of that type. */
static bool is_whole_list(const struct expr_node *n)
{
    if (n->kind != EXPR_NODE_ARRAY || n->kid_count == 0)
        return false;
    for (size_t i = 0; i < n->kid_count; i++)
        if (n->kids[i]->kind != EXPR_NODE_LITERAL || n->kids[i]->value.type != VALUE_INT)
            return false;
    return true;
}

static int check_in(struct expr_run *r, const struct expr_node *n, const struct expr_nature *x,
                    const struct expr_nature *y)
{
    if (is_of(y, VALUE_MAP)) {
        if (is_any(x) || is_of(x, VALUE_STRING) || y->go == VALUE_GO_ANY_MAP ||
            y->go == VALUE_GO_GROUPS)
            return 0;
        err_set(r->v.err, ERR_INVALID, "cannot use %s as type string in map key",
                expr_nature_name(x));
        return fail(r, n);
    }
    if (is_of(y, VALUE_ARRAY)) {
        struct expr_nature elem = y->go == VALUE_GO_STRINGS   ? known(VALUE_STRING)
                                  : y->go == VALUE_GO_INTS    ? known(VALUE_INT)
                                  : y->go == VALUE_GO_FLOATS  ? known(VALUE_FLOAT)
                                  : y->elem                   ? *y->elem
                                  : is_whole_list(n->kids[1]) ? known(VALUE_INT)
                                                              : any_nature;

        if (is_comparable(x, &elem))
            return 0;
        err_set(r->v.err, ERR_INVALID, "cannot use %s as type %s in array", expr_nature_name(x),
                expr_nature_name(&elem));
        return fail(r, n);
    }
    if (is_any(y))
        return 0;
    err_set(r->v.err, ERR_INVALID, "invalid operation: in (mismatched types %s and %s)",
            expr_nature_name(x), expr_nature_name(y));
    return fail(r, n);
}

static bool check_range(struct expr_run *r, const struct expr_nature *x,
                        const struct expr_nature *y, struct expr_nature *ret)
{
    struct expr_nature *elem = ARENA_NEW(r->v.a, struct expr_nature);

    *elem = known(VALUE_INT);
    *ret = (struct expr_nature){.type = VALUE_ARRAY, .is_known = true, .elem = elem};
    return both(x, y, VALUE_INT);
}

static bool check_quotient(enum expr_op op, const struct expr_nature *x,
                           const struct expr_nature *y, struct expr_nature *ret)
{
    *ret = known(op == EXPR_OP_MOD ? VALUE_INT : VALUE_FLOAT);
    return op == EXPR_OP_MOD ? both(x, y, VALUE_INT) : both_numbers(x, y);
}

static struct expr_nature coalesced(const struct expr_nature *x, const struct expr_nature *y)
{
    if (is_of(x, VALUE_NIL))
        return *y;
    if (is_of(y, VALUE_NIL))
        return *x;
    return !is_either_any(x, y) && x->type == y->type && x->go == y->go ? *x : any_nature;
}

/* Does the operator take these? */
static bool check_operator(struct expr_run *r, const struct expr_node *n,
                           const struct expr_nature *x, const struct expr_nature *y,
                           struct expr_nature *ret)
{
    *ret = known(VALUE_BOOL);
    switch (n->op) {
    case EXPR_OP_EQ:
    case EXPR_OP_NE:
        return is_comparable(x, y);
    case EXPR_OP_OR:
    case EXPR_OP_AND:
        return both(x, y, VALUE_BOOL);
    case EXPR_OP_LT:
    case EXPR_OP_GT:
    case EXPR_OP_GE:
    case EXPR_OP_LE:
        return check_less(x, y);
    case EXPR_OP_MATCHES:
    case EXPR_OP_CONTAINS:
    case EXPR_OP_STARTS:
    case EXPR_OP_ENDS:
        return both(x, y, VALUE_STRING);
    case EXPR_OP_COALESCE:
        *ret = coalesced(x, y);
        return true;
    case EXPR_OP_IN:
    case EXPR_OP_PIPE:
    case EXPR_OP_NOT:
        return true;
    case EXPR_OP_ADD:
        return check_add(x, y, ret);
    case EXPR_OP_SUB:
        return check_sub(x, y, ret);
    case EXPR_OP_MUL:
        return check_mul(x, y, ret);
    case EXPR_OP_DIV:
    case EXPR_OP_MOD:
    case EXPR_OP_POW:
        return check_quotient(n->op, x, y, ret);
    case EXPR_OP_RANGE:
        return check_range(r, x, y, ret);
    }
    return false;
}

static int check_pattern(struct expr_run *r, const struct expr_node *n)
{
    const struct expr_node *y = n->kids[1];

    if (n->op == EXPR_OP_MATCHES && y->kind == EXPR_NODE_LITERAL &&
        y->value.type == VALUE_STRING) {
        _cleanup_regex_ struct regex *re = regex_new(value_text(&y->value), r->v.err);

        if (!re)
            return fail(r, n);
    }
    return 0;
}

/* Whole numbers or texts on both sides: upstream compares them as such, and fails when one of
 * them is none in the end. */
static bool is_plain_pair(const struct expr_nature *x, const struct expr_nature *y)
{
    return x->is_known && y->is_known && x->go == VALUE_GO_USUAL && y->go == VALUE_GO_USUAL &&
           x->type == y->type && (x->type == VALUE_INT || x->type == VALUE_STRING);
}

static int check_binary(struct expr_run *r, struct expr_node *n, struct expr_nature *ret)
{
    struct expr_nature x, y;

    if (expr_check(r, n->kids[0], &x) < 0 || expr_check(r, n->kids[1], &y) < 0)
        return -1;
    if (!check_operator(r, n, &x, &y, ret)) {
        err_set(r->v.err, ERR_INVALID,
                "invalid operation: " STR_FMT " (mismatched types %s and %s)", STR_ARG(n->name),
                expr_nature_name(&x), expr_nature_name(&y));
        return fail(r, n);
    }
    if (n->op == EXPR_OP_IN && check_in(r, n, &x, &y) < 0)
        return -1;
    if (n->op == EXPR_OP_EQ || n->op == EXPR_OP_NE)
        n->asserted = is_plain_pair(&x, &y) ? x.type : VALUE_NIL;
    return check_pattern(r, n) < 0 ? -1 : fold(r, n);
}

static int check_condition(struct expr_run *r, struct expr_node *n, struct expr_nature *ret)
{
    struct expr_nature test, yes, no;

    if (expr_check(r, n->kids[0], &test) < 0)
        return -1;
    if (!is_any(&test) && !is_of(&test, VALUE_BOOL)) {
        err_set(r->v.err, ERR_INVALID, "non-bool expression (type %s) used as condition",
                expr_nature_name(&test));
        return fail(r, n->kids[0]);
    }
    if (expr_check(r, n->kids[1], &yes) < 0 || expr_check(r, n->kids[2], &no) < 0)
        return -1;
    *ret = coalesced(&yes, &no);
    return 0;
}

static int fail_member(struct expr_run *r, const struct expr_node *n,
                       const struct expr_nature *base, const struct expr_nature *key)
{
    const struct expr_node *name = n->kids[1];

    if (is_of(base, VALUE_NIL) && n->kind != EXPR_NODE_MEMBER)
        err_set(r->v.err, ERR_INVALID, "type unknown does not support indexing");
    else if (name->kind == EXPR_NODE_LITERAL && name->value.type == VALUE_STRING)
        err_set(r->v.err, ERR_INVALID, "type %s has no field " STR_FMT,
                is_of(base, VALUE_NIL) ? "nil" : expr_nature_name(base),
                STR_ARG(str_head(value_text(&name->value), 200)));
    else
        err_set(r->v.err, ERR_INVALID, "type %s[%s] is undefined", expr_nature_name(base),
                expr_nature_name(key));
    return fail(r, n);
}

static int check_access(struct expr_run *r, const struct expr_node *n,
                        const struct expr_nature *base, const struct expr_nature *key,
                        struct expr_nature *ret)
{
    *ret = any_nature;
    if (is_any(base))
        return 0;
    if (is_of(base, VALUE_MAP)) {
        if (base->go == VALUE_GO_GROUPS)
            *ret = known(VALUE_ARRAY);
        else if (r->env->is_of_truths)
            *ret = known(VALUE_BOOL);
        if (is_any(key) || base->go || is_of(key, VALUE_STRING))
            return 0;
        err_set(r->v.err, ERR_INVALID,
                "cannot use %s to get an element from map[string]interface {}",
                expr_nature_name(key));
        return fail(r, n->kids[1]);
    }
    if (is_of(base, VALUE_ARRAY) || is_of(base, VALUE_BYTES)) {
        if (base->go == VALUE_GO_STRINGS)
            *ret = known(VALUE_STRING);
        else if (base->elem)
            *ret = *base->elem;
        if (is_any(key) || is_of(key, VALUE_INT))
            return 0;
        err_set(r->v.err, ERR_INVALID,
                "array elements can only be selected using an integer (got %s)",
                expr_nature_name(key));
        return fail(r, n->kids[1]);
    }
    return fail_member(r, n, base, key);
}

static int check_member(struct expr_run *r, struct expr_node *n, struct expr_nature *ret)
{
    struct expr_nature base, key;

    if (expr_check(r, n->kids[0], &base) < 0 || expr_check(r, n->kids[1], &key) < 0)
        return -1;
    return check_access(r, n, &base, &key, ret);
}

static int check_slice(struct expr_run *r, struct expr_node *n, struct expr_nature *ret)
{
    if (expr_check(r, n->kids[0], ret) < 0)
        return -1;
    if (!is_any(ret) && !is_of(ret, VALUE_STRING) && !is_of(ret, VALUE_ARRAY)) {
        err_set(r->v.err, ERR_INVALID, "cannot slice %s", expr_nature_name(ret));
        return fail(r, n);
    }
    for (size_t i = 1; i < 3; i++) {
        struct expr_nature bound;

        if (!n->kids[i])
            continue;
        if (expr_check(r, n->kids[i], &bound) < 0)
            return -1;
        if (!is_any(&bound) && !is_of(&bound, VALUE_INT)) {
            err_set(r->v.err, ERR_INVALID, "non-integer slice index %s",
                    expr_nature_name(&bound));
            return fail(r, n->kids[i]);
        }
    }
    return 0;
}

/* An array whose items are all of one kind is one of what the last is. */
static int check_array(struct expr_run *r, struct expr_node *n, struct expr_nature *ret)
{
    struct expr_nature *elem = ARENA_NEW(r->v.a, struct expr_nature);
    bool is_same = n->kid_count > 0;

    for (size_t i = 0; i < n->kid_count; i++) {
        struct expr_nature item;

        if (expr_check(r, n->kids[i], &item) < 0)
            return -1;
        is_same = is_same && (i == 0 || (item.is_known == elem->is_known &&
                                         (is_any(&item) || item.type == elem->type)));
        *elem = item;
    }
    *ret = known(VALUE_ARRAY);
    ret->elem = is_same ? elem : NULL;
    return 0;
}

static int check_kids(struct expr_run *r, struct expr_node *n, struct expr_nature *last)
{
    *last = any_nature;
    for (size_t i = 0; i < n->kid_count; i++)
        if (expr_check(r, n->kids[i], last) < 0)
            return -1;
    return 0;
}

static int check_let(struct expr_run *r, struct expr_node *n, struct expr_nature *ret)
{
    struct expr_variable variable = {.name = n->name, .outer = r->variables};
    struct value own;
    const char *what = NULL;

    if (expr_name_find(r->env, r->v.a, n->name, &own))
        what = "";
    else if (expr_builtin(n->name))
        what = "builtin ";
    for (const struct expr_variable *it = r->variables; it; it = it->outer)
        if (str_eq(it->name, n->name))
            what = "variable ";
    if (what) {
        err_set(r->v.err, ERR_INVALID, "cannot redeclare %s" STR_FMT, what,
                STR_ARG(str_head(n->name, 200)));
        return fail(r, n);
    }
    if (expr_check(r, n->kids[0], &variable.nature) < 0)
        return -1;
    r->variables = &variable;
    if (expr_check(r, n->kids[1], ret) < 0)
        return -1;
    r->variables = variable.outer;
    return 0;
}

/* Letters as expr_nature_of_letter(); '=' the collection, 'e' its item, 'F' a list of them,
 * 'B' what the closure answers, 'L' a list of that, 'G' groups. */
static char predicate_result(enum expr_predicate p, bool has_closure)
{
    switch (p) {
    case EXPR_ALL:
    case EXPR_ANY:
    case EXPR_NONE:
    case EXPR_ONE:
        return 'b';
    case EXPR_COUNT:
    case EXPR_FIND_INDEX:
    case EXPR_FIND_LAST_INDEX:
        return 'i';
    case EXPR_FILTER:
        return 'F';
    case EXPR_FIND:
    case EXPR_FIND_LAST:
        return 'e';
    case EXPR_MAP_EACH:
        return 'L';
    case EXPR_GROUP_BY:
        return 'G';
    case EXPR_SORT_BY:
        return '=';
    case EXPR_SUM:
        return has_closure ? 'B' : 'e';
    case EXPR_REDUCE:
        return 'B';
    case EXPR_NO_PREDICATE:
        break;
    }
    return '.';
}

static struct expr_nature array_of(struct expr_run *r, const struct expr_nature *elem)
{
    struct expr_nature *copy = ARENA_NEW(r->v.a, struct expr_nature), n = known(VALUE_ARRAY);

    *copy = *elem;
    n.elem = copy;
    return n;
}

static struct expr_nature predicate_nature(struct expr_run *r, char letter,
                                           const struct expr_nature *items,
                                           const struct expr_nature *body)
{
    struct expr_nature elem = items->elem ? *items->elem : any_nature,
                       groups = known(VALUE_MAP);

    if (items->go == VALUE_GO_STRINGS)
        elem = known(VALUE_STRING);
    groups.go = VALUE_GO_GROUPS;
    switch (letter) {
    case '=':
        return *items;
    case 'e':
        return elem;
    case 'F':
        return array_of(r, &elem);
    case 'B':
        return *body;
    case 'L':
        return array_of(r, body);
    case 'G':
        return groups;
    default:
        return expr_nature_of_letter(letter);
    }
}

static int fail_closure(struct expr_run *r, const struct expr_node *n)
{
    return expr_locate(r->text, n->closure_pos, r->v.err);
}

static int check_closure(struct expr_run *r, struct expr_node *n,
                         const struct expr_nature *items, struct expr_nature *ret)
{
    enum expr_predicate p = (enum expr_predicate) n->function->special;
    char letter = predicate_result(p, true);
    struct expr_nature body = any_nature;
    struct expr_closure closure = {.outer = r->closure,
                                   .nature = predicate_nature(r, 'e', items, &body),
                                   .has_index = p == EXPR_MAP_EACH || p == EXPR_REDUCE,
                                   .has_acc = p == EXPR_REDUCE};

    r->closure = &closure;
    if (expr_check(r, n->kids[1], ret) < 0)
        return -1;
    r->closure = closure.outer;
    if (is_of(ret, VALUE_NIL) && p == EXPR_SUM) {
        err_set(r->v.err, ERR_INVALID,
                "cannot use func(interface {}) as argument (type func(interface {}) bool) to "
                "call sum ");
        return fail_closure(r, n);
    }
    if (is_of(ret, VALUE_NIL)) {
        err_set(r->v.err, ERR_INVALID, "predicate should has %s input and one output param",
                p == EXPR_REDUCE ? "two" : "one");
        return fail_closure(r, n);
    }
    if (!strchr("biFe", letter) || is_any(ret) || is_of(ret, VALUE_BOOL))
        return 0;
    err_set(r->v.err, ERR_INVALID, "predicate should return boolean (got %s)",
            expr_nature_name(ret));
    return fail_closure(r, n);
}

/* The order of sortBy, the first value of reduce. */
static int check_third(struct expr_run *r, struct expr_node *n)
{
    struct expr_nature x;

    if (n->kid_count < 3)
        return 0;
    if (expr_check(r, n->kids[2], &x) < 0)
        return -1;
    if (n->function->special != EXPR_SORT_BY || is_any(&x) || is_of(&x, VALUE_STRING))
        return 0;
    err_set(r->v.err, ERR_INVALID, "sortBy order argument must be a string (got %s)",
            expr_nature_name(&x));
    return fail(r, n->kids[2]);
}

static int check_predicate(struct expr_run *r, struct expr_node *n, struct expr_nature *ret)
{
    enum expr_predicate p = (enum expr_predicate) n->function->special;
    struct expr_nature items, body = any_nature;

    if (expr_check(r, n->kids[0], &items) < 0)
        return -1;
    if (!is_any(&items) && !is_of(&items, VALUE_ARRAY) && !is_of(&items, VALUE_BYTES)) {
        const char *name = expr_nature_name(&items);

        err_set(r->v.err, ERR_INVALID, "builtin %s takes only array (got %s)",
                n->function->name, name + (name[0] == '*'));
        return fail(r, n->kids[0]);
    }
    if (n->kid_count > 1 && check_closure(r, n, &items, &body) < 0)
        return -1;
    if (check_third(r, n) < 0)
        return -1;
    *ret = predicate_nature(r, predicate_result(p, n->kid_count > 1), &items, &body);
    return 0;
}

/* A call of a name, a member or a method. */
static int check_call(struct expr_run *r, struct expr_node *n, struct expr_nature *ret)
{
    struct expr_node *callee = n->kids[0];
    struct expr_nature base, f = any_nature;

    *ret = any_nature;
    if (callee->kind == EXPR_NODE_MEMBER) {
        if (expr_check(r, callee->kids[0], &base) < 0)
            return -1;
        if (!is_any(&base) && value_has_methods(base.type))
            return expr_check_method(r, n, base.type, value_text(&callee->kids[1]->value), ret);
        if (check_member(r, callee, &f) < 0)
            return -1;
    } else if (expr_check(r, callee, &f) < 0) {
        return -1;
    }
    if (!is_any(&f) && f.type != VALUE_FUNCTION) {
        err_set(r->v.err, ERR_INVALID, "%s is not callable", expr_nature_name(&f));
        return fail(r, n);
    }
    if (f.function)
        return expr_check_function(r, n, f.function, ret);
    if (is_any(&f))
        return 0; /* upstream does not look at what it is given: an unknown name is nil then */
    for (size_t i = 1; i < n->kid_count; i++)
        if (expr_check(r, n->kids[i], &base) < 0)
            return -1;
    return 0;
}

static int check_node(struct expr_run *r, struct expr_node *n, struct expr_nature *ret)
{
    *ret = any_nature;
    switch (n->kind) {
    case EXPR_NODE_LITERAL:
        *ret = known(n->value.type);
        return 0;
    case EXPR_NODE_NAME:
        return check_name(r, n, ret);
    case EXPR_NODE_POINTER:
        return check_pointer(r, n, ret);
    case EXPR_NODE_UNARY:
        return check_unary(r, n, ret);
    case EXPR_NODE_BINARY:
        return check_binary(r, n, ret);
    case EXPR_NODE_CONDITION:
        return check_condition(r, n, ret);
    case EXPR_NODE_MEMBER:
        return check_member(r, n, ret);
    case EXPR_NODE_SLICE:
        return check_slice(r, n, ret);
    case EXPR_NODE_CHAIN:
        return expr_check(r, n->kids[0], ret);
    case EXPR_NODE_ARRAY:
        return check_array(r, n, ret);
    case EXPR_NODE_MAP:
        if (check_kids(r, n, ret) < 0)
            return -1;
        *ret = known(VALUE_MAP);
        return 0;
    case EXPR_NODE_CALL:
        return check_call(r, n, ret);
    case EXPR_NODE_BUILTIN:
        return expr_check_builtin(r, n, ret);
    case EXPR_NODE_PREDICATE:
        return check_predicate(r, n, ret);
    case EXPR_NODE_LET:
        return check_let(r, n, ret);
    case EXPR_NODE_SEQUENCE:
        return check_kids(r, n, ret);
    }
    return 0;
}

/* The untyped dialect, which is older, knows no types of items of a written list. */
int expr_check(struct expr_run *r, struct expr_node *n, struct expr_nature *ret)
{
    if (check_node(r, n, ret) < 0)
        return -1;
    if (r->env->is_untyped && n->kind == EXPR_NODE_ARRAY)
        ret->elem = NULL;
    if (r->env->is_untyped && n->kind == EXPR_NODE_PREDICATE &&
        n->function->special == EXPR_SUM)
        *ret = any_nature;
    return 0;
}
