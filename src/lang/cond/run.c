/*
 * Values of plans. See cond_internal.h.
 *
 * Numbers are doubles; bit operators cut them to 64-bit integers as amd64 does. Runs of
 * operators hang on each other's left side and are walked in a loop; recursion goes to the
 * right only, and is as deep as parentheses are.
 */
#include <math.h>

#include "base/limits.h"
#include "formats/gofloat.h"
#include "formats/regex.h"
#include "lang/cond/cond_internal.h"

static struct cond_value of_bool(bool is_true)
{
    return (struct cond_value){.type = COND_BOOL, .is_true = is_true};
}

static struct cond_value of_number(double number)
{
    return (struct cond_value){.type = COND_NUMBER, .number = number};
}

static struct cond_value of_text(struct str text)
{
    return (struct cond_value){.type = COND_TEXT, .text = text};
}

static bool is_bool(const struct cond_value *v, bool is_true)
{
    return v->type == COND_BOOL && v->is_true == is_true;
}

/* ---- what operators take ---- */

static const char *error_format(enum cond_symbol symbol)
{
    switch (cond_level_of(symbol)) {
    case COND_LEVEL_AND:
    case COND_LEVEL_OR:
        return "Value '" STR_FMT
               "' cannot be used with the logical operator '%s', it is not a bool";
    case COND_LEVEL_COMPARATOR:
        return "Value '" STR_FMT
               "' cannot be used with the comparator '%s', it is not a number";
    case COND_LEVEL_TERNARY:
        return "Value '" STR_FMT
               "' cannot be used with the ternary operator '%s', it is not a bool";
    case COND_LEVEL_PREFIX:
        return "Value '" STR_FMT "' cannot be used with the prefix '%s'";
    case COND_LEVEL_BITS:
    case COND_LEVEL_SHIFT:
    case COND_LEVEL_ADDITIVE:
    case COND_LEVEL_MULTIPLICATIVE:
    case COND_LEVEL_EXPONENT:
    case COND_LEVEL_SEPARATE:
    case COND_LEVEL_ACCESS:
    case COND_LEVEL_VALUE:
    case COND_LEVEL_NOOP:
        break;
    }
    return "Value '" STR_FMT "' cannot be used with the modifier '%s', it is not a number";
}

/* The formats above are all of two arguments. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
static int fail_type(struct cond *c, enum cond_symbol symbol, const struct cond_value *v)
{
    return err_set(c->err, ERR_INVALID, error_format(symbol), STR_ARG(cond_value_text(c->a, v)),
                   cond_symbol_name(symbol));
}
#pragma GCC diagnostic pop

static int check_sides(struct cond *c, enum cond_symbol symbol, const struct cond_value *left,
                       const struct cond_value *right)
{
    bool are_numbers = left->type == COND_NUMBER && right->type == COND_NUMBER;
    bool are_texts = left->type == COND_TEXT && right->type == COND_TEXT;

    switch (cond_level_of(symbol)) {
    case COND_LEVEL_AND:
    case COND_LEVEL_OR:
        if (left->type != COND_BOOL)
            return fail_type(c, symbol, left);
        return right->type == COND_BOOL ? 0 : fail_type(c, symbol, right);
    case COND_LEVEL_COMPARATOR:
        if (symbol == COND_OP_EQ || symbol == COND_OP_NEQ)
            return 0;
        if (symbol == COND_OP_IN)
            return right->type == COND_LIST ? 0 : fail_type(c, symbol, right);
        if (symbol != COND_OP_REQ && symbol != COND_OP_NREQ)
            return are_numbers || are_texts ? 0 : fail_type(c, symbol, left);
        if (left->type != COND_TEXT)
            return fail_type(c, symbol, left);
        return right->type == COND_TEXT || right->type == COND_REGEX
                   ? 0
                   : fail_type(c, symbol, right);
    case COND_LEVEL_TERNARY:
        return symbol != COND_OP_THEN || left->type == COND_BOOL ? 0
                                                                 : fail_type(c, symbol, left);
    case COND_LEVEL_PREFIX:
        return right->type == (symbol == COND_OP_INVERT ? COND_BOOL : COND_NUMBER)
                   ? 0
                   : fail_type(c, symbol, right);
    case COND_LEVEL_ADDITIVE:
        if (symbol == COND_OP_PLUS)
            return are_numbers || left->type == COND_TEXT || right->type == COND_TEXT
                       ? 0
                       : fail_type(c, symbol, left);
        break;
    case COND_LEVEL_BITS:
    case COND_LEVEL_SHIFT:
    case COND_LEVEL_MULTIPLICATIVE:
    case COND_LEVEL_EXPONENT:
        break;
    case COND_LEVEL_SEPARATE:
    case COND_LEVEL_ACCESS:
    case COND_LEVEL_VALUE:
    case COND_LEVEL_NOOP:
        return 0;
    }
    if (left->type != COND_NUMBER)
        return fail_type(c, symbol, left);
    return right->type == COND_NUMBER ? 0 : fail_type(c, symbol, right);
}

/* ---- what operators do ---- */

/* As amd64 converts: what does not fit is the smallest number. */
static int64_t to_i64(double n)
{
    return n >= -0x1p63 && n < 0x1p63 ? (int64_t) n : INT64_MIN;
}

/* Negative ones wrap; what does not fit is 2^63. */
static uint64_t to_u64(double n)
{
    int64_t low = to_i64(n);

    return (uint64_t) (low < 0 ? low | to_i64(n - 0x1p63) : low);
}

static double compute(enum cond_symbol symbol, double left, double right)
{
    uint64_t count = to_u64(right);

    if (symbol == COND_OP_PLUS)
        return left + right;
    if (symbol == COND_OP_MINUS)
        return left - right;
    if (symbol == COND_OP_MULTIPLY)
        return left * right;
    if (symbol == COND_OP_DIVIDE)
        return left / right;
    if (symbol == COND_OP_MODULUS)
        return fmod(left, right);
    if (symbol == COND_OP_EXPONENT)
        return go_pow(left, right);
    if (symbol == COND_OP_AND_BITS)
        return (double) (to_i64(left) & to_i64(right));
    if (symbol == COND_OP_OR_BITS)
        return (double) (to_i64(left) | to_i64(right));
    if (symbol == COND_OP_XOR_BITS)
        return (double) (to_i64(left) ^ to_i64(right));
    if (symbol == COND_OP_LSHIFT)
        return count < 64 ? (double) (to_u64(left) << count) : 0;
    return count < 64 ? (double) (to_u64(left) >> count) : 0;
}

static bool equal(const struct cond_value *a, const struct cond_value *b)
{
    if (a->type != b->type)
        return false;
    switch (a->type) {
    case COND_NIL:
        return true;
    case COND_BOOL:
        return a->is_true == b->is_true;
    case COND_NUMBER:
        return a->number <= b->number && a->number >= b->number;
    case COND_TEXT:
    case COND_REGEX:
        return str_eq(a->text, b->text);
    case COND_LIST:
        for (size_t i = 0; i < a->count && a->count == b->count; i++)
            if (!equal(&a->items[i], &b->items[i]))
                return false;
        return a->count == b->count;
    case COND_OBJECT:
        return json_equal(a->object, b->object);
    }
    return false;
}

static bool compare(enum cond_symbol symbol, const struct cond_value *left,
                    const struct cond_value *right)
{
    int order = left->type == COND_TEXT ? str_cmp(left->text, right->text) : 0;

    if (left->type == COND_NUMBER) {
        if (isnan(left->number) || isnan(right->number))
            return false;
        order = (left->number > right->number) - (left->number < right->number);
    }
    if (symbol == COND_OP_GT)
        return order > 0;
    if (symbol == COND_OP_GTE)
        return order >= 0;
    return symbol == COND_OP_LT ? order < 0 : order <= 0;
}

static int match(struct cond *c, enum cond_symbol symbol, const struct cond_value *left,
                 const struct cond_value *right, struct cond_value *ret)
{
    int found = regex_search(right->text, left->text, c->err);

    if (found < 0)
        return err_set(c->err, ERR_INVALID,
                       "Unable to compile regexp pattern '" STR_FMT "': %s",
                       STR_ARG(right->text), c->err->text);
    *ret = of_bool((found > 0) == (symbol == COND_OP_REQ));
    return 0;
}

/* Two lists, or objects, cannot be compared here; the original panics. */
static int find(struct cond *c, const struct cond_value *left, const struct cond_value *list,
                struct cond_value *ret)
{
    bool is_found = false;

    for (size_t i = 0; i < list->count && !is_found; i++) {
        if ((left->type == COND_LIST || left->type == COND_OBJECT) &&
            list->items[i].type == left->type)
            return err_set(c->err, ERR_INVALID, "%s cannot be looked for 'in' a list",
                           left->type == COND_LIST ? "a list" : "an object");
        is_found = equal(left, &list->items[i]);
    }
    *ret = of_bool(is_found);
    return 0;
}

/* Two texts become one; other values as they print. */
static int join(struct cond *c, const struct cond_value *left, const struct cond_value *right,
                struct cond_value *ret)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(COND_OUTPUT_MAX_BYTES - c->made_bytes);

    cond_value_add(&b, left);
    cond_value_add(&b, right);
    if (b.is_over)
        return err_set(c->err, ERR_LIMIT, "condition makes more than %d bytes of text",
                       COND_OUTPUT_MAX_BYTES);
    c->made_bytes += b.len;
    *ret = of_text(str_copy(c->a, strbuf_str(&b)));
    return 0;
}

/* "a, b" begins a list, "list, c" goes on with it. */
static struct cond_value append(struct arena *a, const struct cond_value *left,
                                const struct cond_value *right)
{
    struct cond_value list = *left;

    if (left->type != COND_LIST) {
        list = (struct cond_value){.type = COND_LIST, .room = 4, .count = 1};
        list.items = ARENA_ARRAY(a, struct cond_value, list.room);
        list.items[0] = *left;
    }
    if (list.count == list.room) {
        list.room = 2 * list.room + 4;
        list.items = arena_grow(a, list.items, list.count * sizeof(*list.items),
                                list.room * sizeof(*list.items));
    }
    list.items[list.count++] = *right;
    return list;
}

static int apply_comparator(struct cond *c, enum cond_symbol symbol,
                            const struct cond_value *left, const struct cond_value *right,
                            struct cond_value *ret)
{
    if (symbol == COND_OP_EQ || symbol == COND_OP_NEQ)
        *ret = of_bool(equal(left, right) == (symbol == COND_OP_EQ));
    else if (symbol == COND_OP_IN)
        return find(c, left, right, ret);
    else if (symbol == COND_OP_REQ || symbol == COND_OP_NREQ)
        return match(c, symbol, left, right, ret);
    else
        *ret = of_bool(compare(symbol, left, right));
    return 0;
}

static struct cond_value apply_ternary(enum cond_symbol symbol, const struct cond_value *left,
                                       const struct cond_value *right)
{
    static const struct cond_value nil = {.type = COND_NIL};

    if (symbol == COND_OP_THEN)
        return left->is_true ? *right : nil;
    return left->type != COND_NIL ? *left : *right;
}

static struct cond_value apply_prefix(enum cond_symbol symbol, const struct cond_value *right)
{
    if (symbol == COND_OP_NEGATE)
        return of_number(-right->number);
    return symbol == COND_OP_INVERT ? of_bool(!right->is_true)
                                    : of_number((double) ~to_i64(right->number));
}

static int apply(struct cond *c, const struct cond_stage *s, const struct cond_value *left,
                 const struct cond_value *right, struct cond_value *ret)
{
    switch (cond_level_of(s->symbol)) {
    case COND_LEVEL_SEPARATE:
        *ret = append(c->a, left, right);
        return 0;
    case COND_LEVEL_TERNARY:
        *ret = apply_ternary(s->symbol, left, right);
        return 0;
    case COND_LEVEL_OR:
        *ret = of_bool(left->is_true || right->is_true);
        return 0;
    case COND_LEVEL_AND:
        *ret = of_bool(left->is_true && right->is_true);
        return 0;
    case COND_LEVEL_COMPARATOR:
        return apply_comparator(c, s->symbol, left, right, ret);
    case COND_LEVEL_ADDITIVE:
        if (left->type == COND_TEXT || right->type == COND_TEXT)
            return join(c, left, right, ret);
        break;
    case COND_LEVEL_BITS:
    case COND_LEVEL_SHIFT:
    case COND_LEVEL_MULTIPLICATIVE:
    case COND_LEVEL_EXPONENT:
        break;
    case COND_LEVEL_PREFIX:
        *ret = apply_prefix(s->symbol, right);
        return 0;
    case COND_LEVEL_ACCESS:
    case COND_LEVEL_VALUE:
    case COND_LEVEL_NOOP:
        *ret = *right;
        return 0;
    }
    *ret = of_number(compute(s->symbol, left->number, right->number));
    return 0;
}

static struct cond_value literal(const struct cond_token *t)
{
    if (t->kind == COND_NUMERIC)
        return of_number(t->number);
    if (t->kind == COND_BOOLEAN)
        return of_bool(t->number > 0);
    if (t->kind == COND_TIME)
        return of_number((double) t->time.unix_s);
    if (t->kind == COND_PATTERN)
        return (struct cond_value){.type = COND_REGEX, .text = t->text};
    return of_text(t->text);
}

/* Does the left side decide already? Then the right one is not computed. */
static bool is_decided(enum cond_symbol symbol, const struct cond_value *left)
{
    return (symbol == COND_OP_AND && is_bool(left, false)) ||
           (symbol == COND_OP_OR && is_bool(left, true)) ||
           (symbol == COND_OP_THEN && is_bool(left, false)) ||
           ((symbol == COND_OP_ELSE || symbol == COND_OP_COALESCE) && left->type != COND_NIL);
}

/* The value of a bare word, or NULL. */
static const struct json *find_name(const struct cond *c, struct str name)
{
    for (size_t i = c->names ? c->names->len : 0; i > 0; i--)
        if (str_eq(c->names->at[i - 1].name, name))
            return c->names->at[i - 1].value;
    return NULL;
}

static int fail_name(struct cond *c, struct str name)
{
    return err_set(c->err, ERR_INVALID, "No parameter '" STR_FMT "' found.", STR_ARG(name));
}

static int fail_access(struct cond *c, struct str name)
{
    struct str first = STR(""), rest = name;

    str_cut(&rest, '.', &first);
    if (!find_name(c, first))
        return fail_name(c, first);
    return err_set(c->err, ERR_INVALID,
                   "Unable to access '" STR_FMT "', '" STR_FMT "' is not a struct",
                   STR_ARG(rest), STR_ARG(first));
}

static int run_literal(struct cond *c, const struct cond_token *t, struct cond_value *ret)
{
    const struct json *value;

    if (!c->names || t->kind != COND_VARIABLE) {
        *ret = literal(t);
        return 0;
    }
    value = find_name(c, t->text);
    if (!value)
        return fail_name(c, t->text);
    *ret = cond_value_of(c->a, value);
    return 0;
}

static int run(struct cond *c, const struct cond_stage *s, struct cond_value *ret);

/* A stage whose left side is known; @ret may be it. */
static int run_stage(struct cond *c, const struct cond_stage *s, struct cond_value left,
                     struct cond_value *ret)
{
    struct cond_value right = {};

    if (s->symbol == COND_OP_LITERAL)
        return run_literal(c, s->token, ret);
    if (is_decided(s->symbol, &left)) {
        *ret = s->symbol == COND_OP_THEN ? right : left;
        return 0;
    }
    if (s->right && run(c, s->right, &right) < 0)
        return -1;
    if (s->symbol == COND_OP_ACCESS)
        return fail_access(c, s->token->text);
    return check_sides(c, s->symbol, &left, &right) < 0 ? -1 : apply(c, s, &left, &right, ret);
}

static int run(struct cond *c, const struct cond_stage *s, struct cond_value *ret)
{
    VEC(const struct cond_stage *) spine = {};

    *ret = (struct cond_value){};
    for (; s->left; s = s->left)
        VEC_APUSH(c->a, &spine, s);
    if (run_stage(c, s, *ret, ret) < 0)
        return -1;
    while (spine.len > 0)
        if (run_stage(c, spine.at[--spine.len], *ret, ret) < 0)
            return -1;
    return 0;
}

int cond_run(struct cond *c, struct cond_value *ret)
{
    *ret = (struct cond_value){};
    return c->root ? run(c, c->root, ret) : 0;
}
