/*
 * lang/expr/operate.c - the operators of expressions on two values.
 *
 * Any thread. Whole numbers wrap around and a quotient is always a float, as upstream.
 */
#include <math.h>

#include "formats/gofloat.h"
#include "formats/gotime.h"
#include "lang/expr/expr_internal.h"

int expr_fail_conversion(struct value_run *r, const struct value *v, const char *want)
{
    return value_fail(r, "interface conversion: interface {} is %s, not %s",
                      v->type == VALUE_NIL ? "nil" : value_type_name(v), want);
}

int expr_index_int(struct value_run *r, const struct value *v, int64_t *ret)
{
    struct value n;

    if (!value_is_number(v) || value_is_named(v))
        return value_fail(r, "invalid operation: int(%s)", value_type_name(v));
    if (value_to_int(r, v, &n) < 0)
        return -1;
    *ret = n.number;
    return 0;
}

static int fail_fetch(struct value_run *r, const struct value *from, const struct value *key)
{
    struct str text = STR_NONE;

    if (value_format_str(r, key, &text) < 0)
        return -1;
    return value_fail(r, "cannot fetch " STR_FMT " from %s", STR_ARG(str_head(text, 300)),
                      value_type_name(from));
}

static int fetch_item(struct value_run *r, const struct value *from, const struct value *key,
                      struct value *ret)
{
    int64_t index;

    if (expr_index_int(r, key, &index) < 0)
        return -1;
    index += index < 0 ? (int64_t) from->count : 0;
    if (index < 0 || (size_t) index >= from->count)
        return value_fail(r, "index out of range: %lld (array length is %zu)",
                          (long long) index, from->count);
    *ret = from->type == VALUE_ARRAY ? from->items[index]
                                     : value_int((unsigned char) from->text[index]);
    return 0;
}

bool expr_is_nil(const struct value *v)
{
    return v->type == VALUE_NIL || (v->type == VALUE_ARRAY && v->is_go_nil);
}

int expr_fetch(struct value_run *r, const struct value *from, const struct value *key,
               struct value *ret)
{
    *ret = value_nil();
    if (from->type == VALUE_ARRAY || from->type == VALUE_STRING || from->type == VALUE_BYTES)
        return fetch_item(r, from, key, ret);
    if (from->type != VALUE_MAP)
        return fail_fetch(r, from, key);
    if (!from->has_any_keys && key->type != VALUE_STRING && key->type != VALUE_NIL)
        return fail_fetch(r, from, key);
    if (value_map_find(r, from, key, ret) < 0)
        return -1;
    if (from->go == VALUE_GO_STRING_MAP && ret->type == VALUE_NIL)
        *ret = value_string(STR("")); /* what is not there is Go's zero */
    if (from->go == VALUE_GO_GROUPS && ret->type == VALUE_NIL) {
        *ret = value_array(NULL, 0);
        ret->is_go_nil = true;
    }
    return 0;
}

static int fail_types(struct value_run *r, const char *op, const struct value *x,
                      const struct value *y)
{
    return value_fail(r, "invalid operation: %s %s %s", value_type_name(x), op,
                      value_type_name(y));
}

static int64_t wrap(enum expr_op op, int64_t x, int64_t y)
{
    uint64_t a = (uint64_t) x, b = (uint64_t) y;

    return (int64_t) (op == EXPR_OP_ADD ? a + b : op == EXPR_OP_SUB ? a - b : a * b);
}

static double calculate(enum expr_op op, double x, double y)
{
    return op == EXPR_OP_ADD ? x + y : op == EXPR_OP_SUB ? x - y : x * y;
}

static int join_texts(struct value_run *r, struct str x, struct str y, struct value *ret)
{
    if (value_make(r, x.len + y.len) < 0)
        return -1;
    *ret = value_string(str_concat(r->a, x, y));
    return 0;
}

/* Times and durations; false when these are none. */
static bool operate_times(struct value_run *r, enum expr_op op, const struct value *x,
                          const struct value *y, struct value *ret)
{
    if (x->type == VALUE_TIME && y->type == VALUE_DURATION && op != EXPR_OP_MUL)
        *ret = value_time_moved(
            r->a, x->time, op == EXPR_OP_SUB ? wrap(EXPR_OP_SUB, 0, y->number) : y->number);
    else if (x->type == VALUE_DURATION && y->type == VALUE_TIME && op == EXPR_OP_ADD)
        *ret = value_time_moved(r->a, y->time, x->number);
    else if (x->type == VALUE_TIME && y->type == VALUE_TIME && op == EXPR_OP_SUB)
        *ret = value_duration(
            wrap(EXPR_OP_ADD,
                 wrap(EXPR_OP_MUL, wrap(op, x->time->unix_s, y->time->unix_s), 1000000000),
                 (int64_t) x->time->ns - y->time->ns));
    else if (x->type == VALUE_DURATION && y->type == VALUE_DURATION)
        *ret = value_duration(wrap(op, x->number, y->number));
    else
        return false;
    return true;
}

/* By a float a duration becomes a float. */
static struct value scaled(const struct value *d, const struct value *by)
{
    return by->type == VALUE_INT ? value_duration(wrap(EXPR_OP_MUL, d->number, by->number))
                                 : value_float((double) d->number * by->real);
}

static int operate_sum(struct value_run *r, enum expr_op op, const struct value *x,
                       const struct value *y, struct value *ret)
{
    if (x->type == VALUE_INT && y->type == VALUE_INT)
        *ret = value_int(wrap(op, x->number, y->number));
    else if (value_is_number(x) && value_is_number(y))
        *ret = value_float(calculate(op, value_real(x), value_real(y)));
    else if (op == EXPR_OP_ADD && x->type == VALUE_STRING && y->type == VALUE_STRING)
        return join_texts(r, value_text(x), value_text(y), ret);
    else if (op == EXPR_OP_MUL && x->type == VALUE_DURATION && value_is_number(y))
        *ret = scaled(x, y);
    else if (op == EXPR_OP_MUL && value_is_number(x) && y->type == VALUE_DURATION)
        *ret = scaled(y, x);
    else if (!operate_times(r, op, x, y, ret))
        return fail_types(r, op == EXPR_OP_ADD ? "+" : op == EXPR_OP_SUB ? "-" : "*", x, y);
    return 0;
}

static int operate_quotient(struct value_run *r, enum expr_op op, const struct value *x,
                            const struct value *y, struct value *ret)
{
    if (op == EXPR_OP_MOD) {
        if (x->type != VALUE_INT || y->type != VALUE_INT)
            return fail_types(r, "%", x, y);
        if (y->number == 0)
            return value_fail(r, "runtime error: integer divide by zero");
        *ret = value_int(y->number == -1 ? 0 : x->number % y->number);
        return 0;
    }
    if (!value_is_number(x) || !value_is_number(y))
        return fail_types(r, op == EXPR_OP_DIV ? "/" : "**", x, y);
    *ret = value_float(op == EXPR_OP_DIV ? value_real(x) / value_real(y)
                                         : go_pow(value_real(x), value_real(y)));
    return 0;
}

static int operate_range(struct value_run *r, const struct value *x, const struct value *y,
                         struct value *ret)
{
    struct value *items;
    uint64_t count;

    int64_t from, to;

    if (expr_index_int(r, x, &from) < 0 || expr_index_int(r, y, &to) < 0)
        return -1;
    *ret = value_array(NULL, 0);
    ret->go = VALUE_GO_INTS;
    if (to < from)
        return 0;
    count = (uint64_t) to - (uint64_t) from;
    if (count >= SIZE_MAX / sizeof(*items) || value_make(r, (count + 1) * sizeof(*items)) < 0)
        return count >= SIZE_MAX / sizeof(*items) ? value_make(r, SIZE_MAX) : -1;
    count++;
    items = ARENA_ARRAY(r->a, struct value, count);
    for (uint64_t i = 0; i < count; i++)
        items[i] = value_int(from + (int64_t) i);
    *ret = value_array(items, count);
    ret->go = VALUE_GO_INTS;
    return 0;
}

static int operate_in(struct value_run *r, const struct value *x, const struct value *y,
                      struct value *ret)
{
    struct value found;
    bool is_found = false;

    if (y->type == VALUE_MAP) {
        struct value none = value_string(STR("")); /* Go's zero of a key */
        int rc;

        if (!y->has_any_keys && x->type != VALUE_STRING && x->type != VALUE_NIL)
            return value_fail(
                r, "reflect.Value.MapIndex: value of type %s is not assignable to type string",
                value_type_name(x));
        rc = value_map_find(r, y, x->type == VALUE_NIL && !y->has_any_keys ? &none : x, &found);

        *ret = value_bool(rc > 0);
        return rc < 0 ? -1 : 0;
    }
    if (y->type != VALUE_ARRAY && y->type != VALUE_NIL)
        return value_fail(r, "operator \"in\" not defined on %s", value_type_name(y));
    for (size_t i = 0; y->type == VALUE_ARRAY && i < y->count && !is_found; i++)
        if (value_equal(r, x, &y->items[i], &is_found) < 0)
            return -1;
    *ret = value_bool(is_found);
    return 0;
}

static int operate_texts(struct value_run *r, enum expr_op op, const struct value *x,
                         const struct value *y, struct value *ret)
{
    struct str text = value_text(x), part = value_text(y);
    int found;

    *ret = value_bool(false);
    if (x->type == VALUE_NIL || y->type == VALUE_NIL)
        return 0;
    if (x->type != VALUE_STRING || y->type != VALUE_STRING)
        return expr_fail_conversion(r, x->type == VALUE_STRING ? y : x, "string");
    if (value_charge(r, text.len / 64 + part.len) < 0)
        return -1;
    if (op == EXPR_OP_MATCHES) {
        found = regex_search(part, text, r->err);
        if (found < 0)
            return -1;
    } else {
        found = op == EXPR_OP_CONTAINS ? str_find(text, part) != SIZE_MAX
                : op == EXPR_OP_STARTS ? str_starts(text, part)
                                       : str_ends(text, part);
    }
    *ret = value_bool(found > 0);
    return 0;
}

static int operate_order(struct value_run *r, enum expr_op op, const struct value *x,
                         const struct value *y, struct value *ret)
{
    bool is_turned = op == EXPR_OP_GT || op == EXPR_OP_LE, is_less = false;
    bool is_nan = (x->type == VALUE_FLOAT && isnan(x->real)) ||
                  (y->type == VALUE_FLOAT && isnan(y->real));

    if (value_less(r, is_turned ? y : x, is_turned ? x : y, &is_less) < 0)
        return r->err->kind == ERR_LIMIT ? -1
                                         : fail_types(r,
                                                      op == EXPR_OP_LT   ? "<"
                                                      : op == EXPR_OP_GT ? ">"
                                                      : op == EXPR_OP_GE ? ">="
                                                                         : "<=",
                                                      x, y);
    *ret = value_bool(op == EXPR_OP_LT || op == EXPR_OP_GT ? is_less : !is_less && !is_nan);
    return 0;
}

/* An operator of numbers as it is written; NULL: it is of other things, too. */
static const char *numeric_text(enum expr_op op)
{
    static const char *const texts[] = {
        [EXPR_OP_LT] = "<",  [EXPR_OP_GT] = ">",   [EXPR_OP_GE] = ">=", [EXPR_OP_LE] = "<=",
        [EXPR_OP_ADD] = "+", [EXPR_OP_SUB] = "-",  [EXPR_OP_MUL] = "*", [EXPR_OP_DIV] = "/",
        [EXPR_OP_MOD] = "%", [EXPR_OP_POW] = "**",
    };

    return op < COUNT_OF(texts) ? texts[op] : NULL;
}

int expr_binary(struct value_run *r, enum expr_op op, const struct value *x,
                const struct value *y, struct value *ret)
{
    bool is_equal = false, has_named = value_is_named(x) || value_is_named(y);

    if (has_named && numeric_text(op))
        return fail_types(r, numeric_text(op), x, y);
    switch (op) {
    case EXPR_OP_EQ:
    case EXPR_OP_NE:
        if (expr_is_nil(x) || expr_is_nil(y))
            is_equal = expr_is_nil(x) && expr_is_nil(y);
        else if (!(has_named && x->go != y->go) && value_equal(r, x, y, &is_equal) < 0)
            return -1;
        *ret = value_bool(is_equal == (op == EXPR_OP_EQ));
        return 0;
    case EXPR_OP_LT:
    case EXPR_OP_GT:
    case EXPR_OP_GE:
    case EXPR_OP_LE:
        return operate_order(r, op, x, y, ret);
    case EXPR_OP_IN:
        return operate_in(r, x, y, ret);
    case EXPR_OP_MATCHES:
    case EXPR_OP_CONTAINS:
    case EXPR_OP_STARTS:
    case EXPR_OP_ENDS:
        return operate_texts(r, op, x, y, ret);
    case EXPR_OP_RANGE:
        return operate_range(r, x, y, ret);
    case EXPR_OP_ADD:
    case EXPR_OP_SUB:
    case EXPR_OP_MUL:
        return operate_sum(r, op, x, y, ret);
    case EXPR_OP_DIV:
    case EXPR_OP_MOD:
    case EXPR_OP_POW:
        return operate_quotient(r, op, x, y, ret);
    case EXPR_OP_PIPE:
    case EXPR_OP_OR:
    case EXPR_OP_AND:
    case EXPR_OP_COALESCE:
    case EXPR_OP_NOT:
        break;
    }
    return value_fail(r, "operator is not one of two values");
}
