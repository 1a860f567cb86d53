/*
 * lang/expr/operate.c - the operators of expressions on two values.
 *
 * Any thread. Whole numbers wrap around and a quotient is always a float, as upstream.
 */
#include <math.h>

#include "formats/gofloat.h"
#include "formats/gotime.h"
#include "lang/expr/expr_internal.h"

static int fail_types(struct expr_run *r, const char *op, const struct expr_value *x,
                      const struct expr_value *y)
{
    return expr_fail(r, "invalid operation: %s %s %s", expr_type_name(x), op,
                     expr_type_name(y));
}

/* @t moved by a duration. */
static struct expr_value moved(struct expr_run *r, const struct gotime *t, int64_t ns)
{
    struct gotime *to = ARENA_NEW(r->a, struct gotime);
    int64_t rest = (int64_t) t->ns + ns % 1000000000;

    *to = *t;
    to->unix_s += ns / 1000000000 + (rest < 0 ? -1 : rest >= 1000000000);
    to->ns = (uint32_t) (rest < 0 ? rest + 1000000000 : rest % 1000000000);
    return (struct expr_value){.type = EXPR_TIME, .time = to};
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

static int join_texts(struct expr_run *r, struct str x, struct str y, struct expr_value *ret)
{
    if (expr_make(r, x.len + y.len) < 0)
        return -1;
    *ret = expr_string(str_concat(r->a, x, y));
    return 0;
}

/* Times and durations; false when these are none. */
static bool operate_times(struct expr_run *r, enum expr_op op, const struct expr_value *x,
                          const struct expr_value *y, struct expr_value *ret)
{
    if (x->type == EXPR_TIME && y->type == EXPR_DURATION && op != EXPR_OP_MUL)
        *ret =
            moved(r, x->time, op == EXPR_OP_SUB ? wrap(EXPR_OP_SUB, 0, y->number) : y->number);
    else if (x->type == EXPR_DURATION && y->type == EXPR_TIME && op == EXPR_OP_ADD)
        *ret = moved(r, y->time, x->number);
    else if (x->type == EXPR_TIME && y->type == EXPR_TIME && op == EXPR_OP_SUB)
        *ret = expr_duration(
            wrap(EXPR_OP_ADD,
                 wrap(EXPR_OP_MUL, wrap(op, x->time->unix_s, y->time->unix_s), 1000000000),
                 (int64_t) x->time->ns - y->time->ns));
    else if (x->type == EXPR_DURATION && y->type == EXPR_DURATION)
        *ret = expr_duration(wrap(op, x->number, y->number));
    else
        return false;
    return true;
}

static int scale_duration(struct expr_run *r, const struct expr_value *d,
                          const struct expr_value *by, struct expr_value *ret)
{
    struct expr_value ns = expr_float((double) d->number * expr_real(by));

    if (by->type == EXPR_INT)
        ns = expr_int(wrap(EXPR_OP_MUL, d->number, by->number));
    if (expr_to_int(r, &ns, &ns) < 0)
        return -1;
    *ret = expr_duration(ns.number);
    return 0;
}

static int operate_sum(struct expr_run *r, enum expr_op op, const struct expr_value *x,
                       const struct expr_value *y, struct expr_value *ret)
{
    if (x->type == EXPR_INT && y->type == EXPR_INT)
        *ret = expr_int(wrap(op, x->number, y->number));
    else if (expr_is_number(x) && expr_is_number(y))
        *ret = expr_float(calculate(op, expr_real(x), expr_real(y)));
    else if (op == EXPR_OP_ADD && x->type == EXPR_STRING && y->type == EXPR_STRING)
        return join_texts(r, expr_text_of(x), expr_text_of(y), ret);
    else if (op == EXPR_OP_MUL && x->type == EXPR_DURATION && expr_is_number(y))
        return scale_duration(r, x, y, ret);
    else if (op == EXPR_OP_MUL && expr_is_number(x) && y->type == EXPR_DURATION)
        return scale_duration(r, y, x, ret);
    else if (!operate_times(r, op, x, y, ret))
        return fail_types(r, op == EXPR_OP_ADD ? "+" : op == EXPR_OP_SUB ? "-" : "*", x, y);
    return 0;
}

static int operate_quotient(struct expr_run *r, enum expr_op op, const struct expr_value *x,
                            const struct expr_value *y, struct expr_value *ret)
{
    if (op == EXPR_OP_MOD) {
        if (x->type != EXPR_INT || y->type != EXPR_INT)
            return fail_types(r, "%", x, y);
        if (y->number == 0)
            return expr_fail(r, "integer divide by zero");
        *ret = expr_int(y->number == -1 ? 0 : x->number % y->number);
        return 0;
    }
    if (!expr_is_number(x) || !expr_is_number(y))
        return fail_types(r, op == EXPR_OP_DIV ? "/" : "**", x, y);
    *ret = expr_float(op == EXPR_OP_DIV ? expr_real(x) / expr_real(y)
                                        : go_pow(expr_real(x), expr_real(y)));
    return 0;
}

static int operate_range(struct expr_run *r, const struct expr_value *x,
                         const struct expr_value *y, struct expr_value *ret)
{
    struct expr_value *items;
    uint64_t count;

    if (x->type != EXPR_INT || y->type != EXPR_INT)
        return fail_types(r, "..", x, y);
    *ret = expr_array(NULL, 0);
    if (y->number < x->number)
        return 0;
    count = (uint64_t) y->number - (uint64_t) x->number;
    if (count >= SIZE_MAX / sizeof(*items) || expr_make(r, (count + 1) * sizeof(*items)) < 0)
        return count >= SIZE_MAX / sizeof(*items) ? expr_make(r, SIZE_MAX) : -1;
    count++;
    items = ARENA_ARRAY(r->a, struct expr_value, count);
    for (uint64_t i = 0; i < count; i++)
        items[i] = expr_int(x->number + (int64_t) i);
    *ret = expr_array(items, count);
    return 0;
}

static int operate_in(struct expr_run *r, const struct expr_value *x,
                      const struct expr_value *y, struct expr_value *ret)
{
    struct expr_value found;
    bool is_found = false;

    if (y->type == EXPR_MAP) {
        int rc = expr_map_find(r, y, x, &found);

        *ret = expr_bool(rc > 0);
        return rc < 0 ? -1 : 0;
    }
    if (y->type != EXPR_ARRAY && y->type != EXPR_NIL)
        return expr_fail(r, "operator \"in\" not defined on %s", expr_type_name(y));
    for (size_t i = 0; y->type == EXPR_ARRAY && i < y->count && !is_found; i++)
        if (expr_equal(r, x, &y->items[i], &is_found) < 0)
            return -1;
    *ret = expr_bool(is_found);
    return 0;
}

static int operate_texts(struct expr_run *r, enum expr_op op, const struct expr_value *x,
                         const struct expr_value *y, struct expr_value *ret)
{
    struct str text = expr_text_of(x), part = expr_text_of(y);
    int found;

    if (x->type != EXPR_STRING || y->type != EXPR_STRING)
        return expr_fail(r, "interface conversion: interface {} is %s, not string",
                         expr_type_name(x->type == EXPR_STRING ? y : x));
    if (expr_charge(r, text.len / 64 + part.len) < 0)
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
    *ret = expr_bool(found > 0);
    return 0;
}

static int operate_order(struct expr_run *r, enum expr_op op, const struct expr_value *x,
                         const struct expr_value *y, struct expr_value *ret)
{
    bool is_turned = op == EXPR_OP_GT || op == EXPR_OP_LE, is_less = false;
    bool is_nan =
        (x->type == EXPR_FLOAT && isnan(x->real)) || (y->type == EXPR_FLOAT && isnan(y->real));

    if (expr_less(r, is_turned ? y : x, is_turned ? x : y, &is_less) < 0)
        return r->err->kind == ERR_LIMIT ? -1
                                         : fail_types(r,
                                                      op == EXPR_OP_LT   ? "<"
                                                      : op == EXPR_OP_GT ? ">"
                                                      : op == EXPR_OP_GE ? ">="
                                                                         : "<=",
                                                      x, y);
    *ret = expr_bool(op == EXPR_OP_LT || op == EXPR_OP_GT ? is_less : !is_less && !is_nan);
    return 0;
}

int expr_binary(struct expr_run *r, enum expr_op op, const struct expr_value *x,
                const struct expr_value *y, struct expr_value *ret)
{
    bool is_equal = false;

    switch (op) {
    case EXPR_OP_EQ:
    case EXPR_OP_NE:
        if (expr_equal(r, x, y, &is_equal) < 0)
            return -1;
        *ret = expr_bool(is_equal == (op == EXPR_OP_EQ));
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
    return expr_fail(r, "operator is not one of two values");
}
