/*
 * Expressions of scripts and filters. They have no grammar in the original but a search for one
 * operator after the other, with what stands around them as its sides; odd texts are taken as
 * it takes them. See query_internal.h.
 */
#include <math.h>

#include "base/strbuf.h"
#include "formats/gofloat.h"
#include "formats/regex.h"
#include "lang/jsonpath/query_internal.h"

enum { TEXT_MAX = 1 << 20 };

/* In the order in which they are looked for; "" stands in front within parentheses. */
static const char *const signs[] = {
    "",  "||", "&&", "==", "!=", "<=", ">=",     "<",  ">", "=~", "!",
    "+", "-",  "**", "*",  "/",  "%",  "not in", "in", "@", "$"};

/* ---- reading ---- */

struct nesting {
    bool in_single, in_double;
    size_t square_open, square_closed, round_open, round_closed;
};

static void count_nesting(struct nesting *n, char c)
{
    bool in_square = n->square_open > n->square_closed;
    bool in_round = n->round_open > n->round_closed;
    bool in_quotes = n->in_single || n->in_double;

    n->round_open += c == '(' && !in_quotes && !in_square;
    n->round_closed += c == ')' && !in_quotes && !in_square;
    n->square_open += c == '[' && !in_quotes && !in_round;
    n->square_closed += c == ']' && !in_quotes && !in_round;
    if (c == '\'' && !n->in_double && !in_square && !in_round)
        n->in_single = !n->in_single;
    if (c == '"' && !n->in_single && !in_square && !in_round)
        n->in_double = !n->in_double;
}

/* Where a sign first stands outside of quotes and brackets, or SIZE_MAX. */
static size_t find_sign(struct str s, const char *sign)
{
    struct nesting n = {};
    size_t len = strlen(sign);

    for (size_t i = 0; i < s.len; i++) {
        count_nesting(&n, s.ptr[i]);
        if (n.in_single || n.in_double || n.square_open > n.square_closed ||
            n.round_open > n.round_closed || len > i + 1)
            continue;
        if (memcmp(s.ptr + i + 1 - len, sign, len) == 0)
            return i + 1 - len;
    }
    return SIZE_MAX;
}

static int build(struct jsonpath_run *r, struct str text, size_t sign,
                 const struct jsonpath_operator **ret);

/* A side of an operator: another one, a list or object, or words. */
static int read_side(struct jsonpath_run *r, struct str text, size_t sign,
                     struct jsonpath_operand *ret)
{
    struct err ignored;

    *ret = (struct jsonpath_operand){};
    if (build(r, text, sign, &ret->op) < 0)
        return -1;
    text = str_trim(text);
    if (ret->op) {
        ret->kind = JSONPATH_OPERATOR;
        return 0;
    }
    if (text.len == 0)
        return 0;
    *ret = (struct jsonpath_operand){.kind = JSONPATH_WORDS, .text = text};
    if (((text.ptr[0] == '[' && str_ends(text, STR("]"))) ||
         (text.ptr[0] == '{' && str_ends(text, STR("}")))) &&
        json_parse(r->a, text, &ret->value, &ignored) == 0)
        ret->kind = JSONPATH_VALUE;
    return 0;
}

/* 1 with an operator, 0 when this sign is none here, or -1. */
static int build_one(struct jsonpath_run *r, struct str text, const char *sign, size_t next,
                     const struct jsonpath_operator **ret)
{
    bool is_path = str_is(STR("@"), sign) || str_is(STR("$"), sign);
    size_t at = find_sign(text, sign);
    struct jsonpath_operator *op;
    struct str left, right;

    if (jsonpath_charge(r, 1 + text.len / 8) < 0)
        return -1;
    if (at == SIZE_MAX)
        return 0;
    left = str_trim(str_head(text, at));
    right = str_trim(str_skip(text, at + strlen(sign)));
    if (right.len == 0 && !is_path)
        return 0;
    op = ARENA_NEW(r->a, struct jsonpath_operator);
    op->sign = sign;
    if (read_side(r, right, next, &op->right) < 0)
        return -1;
    if (left.len == 0 && !is_path && !str_is(STR("!"), sign))
        return 0;
    if (read_side(r, left, next, &op->left) < 0)
        return -1;
    if (op->left.kind != JSONPATH_NONE && (is_path || str_is(STR("!"), sign)))
        return 0;
    if (!*sign)
        return jsonpath_fail(r, "invalid expression. unsupported operator");
    if (is_path && jsonpath_read_steps(r, text, &op->steps) < 0)
        return -1;
    *ret = op;
    return 1;
}

/* The operator of a text, from @sign on; NULL when it has none. */
static int build(struct jsonpath_run *r, struct str text, size_t sign,
                 const struct jsonpath_operator **ret)
{
    int rc = 0;

    *ret = NULL;
    if (++r->depth > JSONPATH_DEPTH_MAX)
        return err_set(r->err, ERR_LIMIT, "JSONPath nests deeper than %d", JSONPATH_DEPTH_MAX);
    for (; rc == 0 && sign < COUNT_OF(signs); sign++) {
        size_t next = sign;
        const char *looked_for = signs[sign];

        text = str_trim(text);
        if (text.len == 0)
            break;
        if (text.len > 1 && text.ptr[0] == '(' && str_ends(text, STR(")"))) {
            text = str_trim(str_of(text.ptr + 1, text.len - 2));
            next = 0; /* all signs again, behind this one */
        }
        rc = build_one(r, text, looked_for, next, ret);
        sign = rc == 0 && next == 0 ? 0 : sign;
    }
    r->depth--;
    return rc < 0 ? -1 : 0;
}

int jsonpath_compile(struct jsonpath_run *r, struct str text, struct jsonpath_operand *ret)
{
    *ret = (struct jsonpath_operand){.kind = JSONPATH_EXPRESSION, .text = text};
    return build(r, text, 1, &ret->op);
}

/* ---- values ---- */

struct scope {
    struct jsonpath_run *r;
    const struct json *root, *current;
};

static int evaluate(const struct scope *s, const struct jsonpath_operator *op,
                    struct json *ret);

/* As Go's %v prints it. */
static void print(struct strbuf *b, const struct json *v)
{
    char text[GO_FLOAT_TEXT_SIZE];
    double f = 0;

    switch ((enum json_type) v->type) {
    case JSON_NULL:
        strbuf_addz(b, "<nil>");
        return;
    case JSON_BOOL:
        strbuf_addz(b, v->is_true ? "true" : "false");
        return;
    case JSON_NUMBER:
        if (v->pos == JSONPATH_COUNT_POS || !json_f64(v, &f)) {
            strbuf_add(b, json_number(v));
            return;
        }
        go_float_text(f, text);
        strbuf_addz(b, text);
        return;
    case JSON_STRING:
        strbuf_add(b, json_str(v));
        return;
    case JSON_ARRAY:
        strbuf_addc(b, '[');
        for (size_t i = 0; i < v->count && !b->is_over; i++) {
            if (i > 0)
                strbuf_addc(b, ' ');
            print(b, &v->items[i]);
        }
        strbuf_addc(b, ']');
        return;
    case JSON_OBJECT:
        strbuf_addz(b, "map[");
        for (size_t i = 0; i < v->count && !b->is_over; i++) {
            if (i > 0)
                strbuf_addc(b, ' ');
            strbuf_add(b, v->members[i].key);
            strbuf_addc(b, ':');
            print(b, &v->members[i].value);
        }
        strbuf_addc(b, ']');
        return;
    }
}

static int text_of(const struct scope *s, const struct json *v, struct str *ret)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(TEXT_MAX);

    print(&b, v);
    *ret = str_copy(s->r->a, strbuf_str(&b));
    return jsonpath_charge(s->r, 1 + b.len / 16);
}

/* What a side stands for. 1: of a parameter, 0: else, or -1. */
static int value_of(const struct scope *s, const struct jsonpath_operand *arg, struct json *ret)
{
    int rc;

    *ret = json_null();
    if (arg->kind == JSONPATH_NONE)
        return jsonpath_fail(s->r, "invalid argument. is nil");
    if (arg->kind == JSONPATH_VALUE)
        *ret = arg->value;
    if (arg->kind == JSONPATH_WORDS)
        *ret = json_string(arg->text);
    if (arg->kind == JSONPATH_OPERATOR) {
        rc = evaluate(s, arg->op, ret);
        if (rc < 0)
            return rc;
    }
    if (ret->type != JSON_STRING)
        return 0;
    if (str_is(json_str(ret), "$"))
        *ret = *s->root;
    else if (str_is(json_str(ret), "@"))
        *ret = *s->current;
    else if (str_is(json_str(ret), "nil") || str_is(json_str(ret), "null"))
        *ret = json_null();
    else
        return 0;
    return 1;
}

static int number_of(const struct scope *s, const struct jsonpath_operand *arg, double *ret)
{
    struct json v;
    struct str text = STR("");

    if (value_of(s, arg, &v) < 0 || text_of(s, &v, &text) < 0)
        return -1;
    return go_float_parse(text, ret) == GO_FLOAT_READ
               ? 0
               : jsonpath_fail(s->r, "invalid argument. expected number");
}

static int integer_of(const struct scope *s, const struct jsonpath_operand *arg, int64_t *ret)
{
    struct json v;
    struct str text = STR("");

    if (value_of(s, arg, &v) < 0 || text_of(s, &v, &text) < 0)
        return -1;
    return parse_i64(str_skip(text, str_starts(text, STR("+"))), ret)
               ? 0
               : jsonpath_fail(s->r, "invalid argument. expected integer");
}

/* 1, 0 or -1. */
static int truth_of(const struct scope *s, const struct jsonpath_operand *arg)
{
    static const char *const words[] = {"1", "t", "T", "TRUE",  "true",  "True",
                                        "0", "f", "F", "FALSE", "false", "False"};
    struct json v;
    struct str text = STR("");

    if (arg->kind == JSONPATH_NONE)
        return 0;
    if (value_of(s, arg, &v) < 0)
        return -1;
    if (v.type == JSON_NULL)
        return 0;
    if (text_of(s, &v, &text) < 0)
        return -1;
    for (size_t i = 0; i < COUNT_OF(words); i++)
        if (str_is(text, words[i]))
            return i < COUNT_OF(words) / 2;
    return jsonpath_fail(s->r, "invalid argument. expected boolean");
}

static bool is_within(struct str s, char quote)
{
    return s.len > 1 && s.ptr[0] == quote && s.ptr[s.len - 1] == quote;
}

/* A text, those of quotes and of the document in single quotes. */
static int quoted_of(const struct scope *s, const struct jsonpath_operand *arg, struct str *ret)
{
    struct json v;
    int rc = value_of(s, arg, &v);

    if (rc < 0)
        return -1;
    if (v.type != JSON_STRING)
        return text_of(s, &v, ret);
    *ret = json_str(&v);
    if (is_within(*ret, '\''))
        return 0;
    if (is_within(*ret, '"'))
        *ret = str_of(ret->ptr + 1, ret->len - 2);
    else if (rc == 0)
        return 0;
    *ret = str_printf(s->r->a, "'" STR_FMT "'", STR_ARG(*ret));
    return jsonpath_charge(s->r, 1 + ret->len / 16);
}

/* ---- operators ---- */

static int equals(const struct scope *s, const struct jsonpath_operator *op)
{
    struct str x = STR(""), y = STR("");
    double f = 0, g = 0;
    int rc = number_of(s, &op->left, &f);

    if (rc == 0)
        rc = number_of(s, &op->right, &g);
    if (rc == 0)
        return f == g;
    if (s->r->err->kind != ERR_INVALID)
        return -1;
    if (quoted_of(s, &op->left, &x) < 0 || quoted_of(s, &op->right, &y) < 0)
        return -1;
    return str_eq(x, y);
}

static struct str unquoted(struct str s)
{
    return is_within(s, '\'') ? str_of(s.ptr + 1, s.len - 2) : s;
}

static int matches(const struct scope *s, const struct jsonpath_operator *op)
{
    struct str text = STR(""), pattern = STR("");
    int rc;

    if (quoted_of(s, &op->left, &text) < 0 || quoted_of(s, &op->right, &pattern) < 0)
        return -1;
    rc = regex_search(unquoted(pattern), unquoted(text), s->r->err);
    return rc < 0 ? jsonpath_fail(s->r, "invalid argument. expected a valid regexp") : rc;
}

/* What is looked for in a list: a number, a text or a truth, whichever it can be. */
static int item_of(const struct scope *s, const struct jsonpath_operand *arg, struct json *ret)
{
    struct str text = STR("");
    double f = 0;

    if (number_of(s, arg, &f) == 0) {
        *ret = isfinite(f) ? json_float(s->r->a, f) : json_null();
        return 0;
    }
    if (s->r->err->kind == ERR_INVALID && quoted_of(s, arg, &text) == 0) {
        *ret = json_string(text);
        return 0;
    }
    *ret = json_null();
    return s->r->err->kind == ERR_INVALID ? 0 : -1;
}

static int is_in(const struct scope *s, const struct jsonpath_operator *op)
{
    struct json item, list;
    struct err ignored;

    if (item_of(s, &op->left, &item) < 0 || value_of(s, &op->right, &list) < 0)
        return -1;
    if (list.type == JSON_STRING && list.count > 0 && strchr("[{", list.text[0]) &&
        json_parse(s->r->a, json_str(&list), &list, &ignored) < 0)
        return jsonpath_fail(s->r, "invalid argument");
    if (list.type != JSON_ARRAY && list.type != JSON_OBJECT)
        return jsonpath_fail(s->r, "invalid argument. expected array, map, or slice");
    for (size_t i = 0; i < list.count; i++) {
        const struct json *v =
            list.type == JSON_ARRAY ? &list.items[i] : &list.members[i].value;

        if (jsonpath_charge(s->r, 1) < 0)
            return -1;
        if ((v->type == JSON_STRING || v->type == JSON_NUMBER) && json_equal(v, &item))
            return 1;
    }
    return 0;
}

static int compare(const struct scope *s, const struct jsonpath_operator *op)
{
    double f = 0, g = 0;

    if (number_of(s, &op->left, &f) < 0 || number_of(s, &op->right, &g) < 0)
        return -1;
    if (op->sign[0] == '<')
        return op->sign[1] ? f <= g : f < g;
    return op->sign[1] ? f >= g : f > g;
}

static int arithmetic(const struct scope *s, const struct jsonpath_operator *op,
                      struct json *ret)
{
    double f = 0, g = 0, made;
    int64_t i = 0, k = 0;

    if (op->sign[0] == '%') {
        if (integer_of(s, &op->left, &i) < 0 || integer_of(s, &op->right, &k) < 0)
            return -1;
        if (k == 0)
            return jsonpath_fail(s->r, "integer divide by zero");
        *ret = json_int(s->r->a, k == -1 ? 0 : i % k);
        ret->pos = JSONPATH_COUNT_POS;
        return 0;
    }
    if (number_of(s, &op->left, &f) < 0 || number_of(s, &op->right, &g) < 0)
        return -1;
    made = op->sign[0] == '+'   ? f + g
           : op->sign[0] == '-' ? f - g
           : op->sign[0] == '/' ? f / g
           : op->sign[1] == '*' ? go_pow(f, g)
                                : f * g;
    if (!isfinite(made))
        return jsonpath_fail(s->r, "number out of range");
    *ret = json_float(s->r->a, made);
    return 0;
}

/* Both sides are evaluated, always. */
static int logic(const struct scope *s, const struct jsonpath_operator *op)
{
    int x = truth_of(s, &op->left), y = x < 0 ? -1 : truth_of(s, &op->right);

    return y < 0 ? -1 : op->sign[0] == '|' ? x || y : x && y;
}

/* The value at a path; texts in single quotes. */
static int follow(const struct scope *s, const struct jsonpath_operator *op, struct json *ret)
{
    if (jsonpath_apply(s->r, &op->steps, 0, s->root, s->current, ret) < 0)
        return -1;
    if (ret->type == JSON_STRING && !is_within(json_str(ret), '\''))
        *ret = json_string(str_printf(s->r->a, "'" STR_FMT "'", STR_ARG(json_str(ret))));
    return jsonpath_charge(s->r, 1 + (ret->type == JSON_STRING ? ret->count / 16 : 0));
}

static int evaluate(const struct scope *s, const struct jsonpath_operator *op, struct json *ret)
{
    struct str sign = str_from(op->sign);
    int rc;

    if (str_is(sign, "@") || str_is(sign, "$"))
        return follow(s, op, ret);
    if (str_find(STR("+-**/%"), sign) != SIZE_MAX)
        return arithmetic(s, op, ret);
    if (str_is(sign, "||") || str_is(sign, "&&"))
        rc = logic(s, op);
    else if (str_is(sign, "!"))
        rc = truth_of(s, &op->right);
    else if (str_is(sign, "==") || str_is(sign, "!="))
        rc = equals(s, op);
    else if (str_is(sign, "=~"))
        rc = matches(s, op);
    else if (str_is(sign, "in") || str_is(sign, "not in"))
        rc = is_in(s, op);
    else
        rc = compare(s, op);
    if (rc < 0)
        return -1;
    *ret = json_bool((rc != 0) !=
                     (str_is(sign, "!") || str_is(sign, "!=") || str_is(sign, "not in")));
    return 0;
}

int jsonpath_evaluate(struct jsonpath_run *r, const struct jsonpath_operand *expression,
                      const struct json *root, const struct json *current, struct json *ret)
{
    struct scope s = {r, root, current};
    struct jsonpath_operand words = {.kind = JSONPATH_WORDS, .text = expression->text};
    double f = 0;
    int rc;

    if (expression->op)
        return evaluate(&s, expression->op, ret);
    rc = value_of(&s, &words, ret);
    if (rc != 0)
        return rc < 0 ? -1 : 0;
    if (number_of(&s, &words, &f) == 0 && isfinite(f)) {
        *ret = json_float(r->a, f);
        return 0;
    }
    rc = truth_of(&s, &words);
    *ret = rc < 0 ? json_string(expression->text) : json_bool(rc > 0);
    return rc < 0 && r->err->kind == ERR_LIMIT ? -1 : 0;
}
