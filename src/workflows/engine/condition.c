/*
 * The condition `when` after its tags are filled in. Comparisons, && || ! and
 * parentheses; what else the originals' language knows is refused. Nesting is bounded.
 */
#include "workflows/engine/wf_internal.h"

enum { CONDITION_DEPTH_MAX = 64 };

enum kind { IS_BOOL, IS_NUMBER, IS_TEXT };

struct value {
    enum kind kind;
    bool is_true;
    double number;
    struct str text;
};

struct reader {
    struct str rest;
    unsigned depth;
    struct err *err;
};

static int read_or(struct reader *r, struct value *ret);

static bool take(struct reader *r, const char *sign)
{
    r->rest = str_trim(r->rest);
    if (!str_starts(r->rest, str_from(sign)))
        return false;
    r->rest = str_skip(r->rest, strlen(sign));
    return true;
}

static int refuse(struct reader *r)
{
    return err_set(
        r->err, ERR_INVALID,
        "unexpected \"" STR_FMT
        "\" in a condition (hint: try wrapping the affected expression in quotes (\"))",
        STR_ARG(r->rest));
}

static int set_bool(struct value *ret, bool is_true)
{
    *ret = (struct value){.kind = IS_BOOL, .is_true = is_true};
    return 0;
}

static bool is_word(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           c == '_' || c == '.' || (c & 0x80);
}

static int read_word(struct reader *r, struct value *ret)
{
    size_t len = 0;
    struct str word;

    while (len < r->rest.len &&
           (is_word(r->rest.ptr[len]) || (len == 0 && r->rest.ptr[len] == '-')))
        len++;
    word = str_head(r->rest, len);
    if (len == 0)
        return refuse(r);
    *ret = (struct value){.kind = IS_TEXT, .text = word};
    if (parse_f64(word, &ret->number))
        ret->kind = IS_NUMBER;
    else if (word.ptr[0] == '-')
        return refuse(r);
    else if (str_is(word, "true") || str_is(word, "false"))
        set_bool(ret, str_is(word, "true"));
    r->rest = str_skip(r->rest, len);
    return 0;
}

static int read_one(struct reader *r, struct value *ret)
{
    size_t end;

    if (take(r, "(")) {
        if (read_or(r, ret) < 0)
            return -1;
        return take(r, ")") ? 0 : refuse(r);
    }
    if ((str_starts(r->rest, STR("\"")) || str_starts(r->rest, STR("'")))) {
        end = str_find_char(str_skip(r->rest, 1), r->rest.ptr[0]);
        if (end == SIZE_MAX)
            return refuse(r);
        *ret = (struct value){.kind = IS_TEXT, .text = str_head(str_skip(r->rest, 1), end)};
        r->rest = str_skip(r->rest, end + 2);
        return 0;
    }
    return read_word(r, ret);
}

/* ---- operators ---- */

static int read_not(struct reader *r, struct value *ret)
{
    if (str_starts(str_trim(r->rest), STR("!=")) || !take(r, "!"))
        return read_one(r, ret);
    if (++r->depth > CONDITION_DEPTH_MAX)
        return err_set(r->err, ERR_LIMIT, "a condition is nested too deeply");
    if (read_not(r, ret) < 0)
        return -1;
    r->depth--;
    if (ret->kind != IS_BOOL)
        return refuse(r);
    ret->is_true = !ret->is_true;
    return 0;
}

static bool equal(const struct value *a, const struct value *b)
{
    if (a->kind != b->kind)
        return false;
    if (a->kind == IS_BOOL)
        return a->is_true == b->is_true;
    return a->kind == IS_NUMBER ? a->number >= b->number && a->number <= b->number
                                : str_eq(a->text, b->text);
}

static int compare(struct reader *r, const char *op, const struct value *a, struct value *b)
{
    int order;

    if (op[0] == '=' || op[0] == '!')
        return set_bool(b, equal(a, b) == (op[0] == '='));
    if (a->kind != b->kind || a->kind == IS_BOOL)
        return err_set(r->err, ERR_INVALID, "\"%s\" compares two numbers or two texts", op);
    order = a->kind == IS_TEXT ? str_cmp(a->text, b->text)
                               : (a->number > b->number) - (a->number < b->number);
    if (op[1] == '=' && order == 0)
        return set_bool(b, true);
    return set_bool(b, op[0] == '<' ? order < 0 : order > 0);
}

static int read_comparison(struct reader *r, struct value *ret)
{
    static const char *const ops[] = {"==", "!=", "<=", ">=", "<", ">"};
    struct value left;

    if (read_not(r, &left) < 0)
        return -1;
    *ret = left;
    for (size_t i = 0; i < COUNT_OF(ops); i++)
        if (take(r, ops[i]))
            return read_not(r, ret) < 0 ? -1 : compare(r, ops[i], &left, ret);
    return 0;
}

static int read_and(struct reader *r, struct value *ret)
{
    struct value right;

    if (read_comparison(r, ret) < 0)
        return -1;
    while (take(r, "&&")) {
        if (read_comparison(r, &right) < 0)
            return -1;
        if (ret->kind != IS_BOOL || right.kind != IS_BOOL)
            return refuse(r);
        ret->is_true = ret->is_true && right.is_true;
    }
    return 0;
}

static int read_or(struct reader *r, struct value *ret)
{
    struct value right;

    if (++r->depth > CONDITION_DEPTH_MAX)
        return err_set(r->err, ERR_LIMIT, "a condition is nested too deeply");
    if (read_and(r, ret) < 0)
        return -1;
    while (take(r, "||")) {
        if (read_and(r, &right) < 0)
            return -1;
        if (ret->kind != IS_BOOL || right.kind != IS_BOOL)
            return refuse(r);
        ret->is_true = ret->is_true || right.is_true;
    }
    r->depth--;
    return 0;
}

static int evaluate(struct reader *r, struct str whole)
{
    struct value ret;

    if (read_or(r, &ret) < 0)
        return -1;
    if (!str_is_empty(str_trim(r->rest)))
        return refuse(r);
    if (ret.kind != IS_BOOL)
        return err_set(r->err, ERR_INVALID,
                       "Expected boolean evaluation for '" STR_FMT "'. Got " STR_FMT,
                       STR_ARG(whole), STR_ARG(whole));
    return ret.is_true;
}

int wf_condition(struct arena *a, struct str text, struct err *err)
{
    struct reader r = {.rest = text, .err = err};
    int ret = evaluate(&r, text);

    (void) a;
    if (ret < 0 && str_find(str_from(err->text), STR("Expected boolean")) != 0)
        return err_wrap(err, "Invalid 'when' expression '" STR_FMT "'", STR_ARG(text));
    return ret;
}
