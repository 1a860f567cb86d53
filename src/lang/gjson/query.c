/* Conditions on values: "#(path op value)". See gjson_internal.h. */
#include <math.h>

#include "formats/gofloat.h"
#include "formats/goquote.h"
#include "lang/gjson/gjson_internal.h"

/* One code point of a text that is not empty; bytes that are no UTF-8 stand for themselves. */
static size_t rune_size(struct str s)
{
    size_t size = 1;

    if ((unsigned char) s.ptr[0] >= 0x80)
        go_rune_next(s, &size);
    return size;
}

/* Takes one element of a pattern that is no star: whether the text begins with it. */
static bool take_one(struct str *text, struct str *pattern)
{
    bool is_any = pattern->ptr[0] == '?';
    struct str p = *pattern;
    size_t size;

    if (text->len == 0)
        return false;
    if (p.ptr[0] == '\\')
        p = str_skip(p, 1);
    if (p.len == 0)
        return false;
    size = rune_size(*text);
    if (!is_any && !str_starts(p, str_head(*text, size)))
        return false;
    *text = str_skip(*text, size);
    *pattern = str_skip(p, is_any ? 1 : size);
    return true;
}

enum { GLOB_STEP_BYTES = 4 }; /* what one step costs, measured in bytes of plain reading */

bool gjson_glob(struct gjson_run *run, struct str text, struct str pattern)
{
    struct str retry_text = STR_NONE, retry_pattern = STR_NONE;

    while (gjson_spend(run, GLOB_STEP_BYTES) && (text.len > 0 || pattern.len > 0)) {
        if (pattern.len > 0 && pattern.ptr[0] == '*') {
            pattern = str_skip(pattern, 1);
            retry_text = text;
            retry_pattern = pattern;
        } else if (pattern.len == 0 || !take_one(&text, &pattern)) {
            if (str_is_none(retry_text) || retry_text.len == 0)
                return false;
            retry_text = str_skip(retry_text, rune_size(retry_text));
            text = retry_text;
            pattern = retry_pattern;
        }
    }
    return !run->is_over;
}

/* 1 or 0 when a text spells a boolean, else -1. */
static int spelled_bool(struct str s)
{
    if (str_is(s, "1") || str_eq_nocase(s, STR("t")) || str_eq_nocase(s, STR("true")))
        return 1;
    if (str_is(s, "0") || str_eq_nocase(s, STR("f")) || str_eq_nocase(s, STR("false")))
        return 0;
    return -1;
}

bool gjson_bool(const struct gjson *r)
{
    if (r->type == GJSON_STRING)
        return spelled_bool(r->text) == 1;
    if (r->type == GJSON_NUMBER)
        return isnan(r->number) || r->number < 0 || r->number > 0;
    return r->type == GJSON_TRUE;
}

static bool is_falsy(const struct gjson *v)
{
    if (v->type == GJSON_STRING)
        return spelled_bool(v->text) == 0;
    if (v->type == GJSON_NUMBER)
        return !gjson_bool(v);
    return v->type == GJSON_NULL || v->type == GJSON_FALSE;
}

/* "~true" and its kin ask what a value amounts to: it becomes true or false; of an unknown word
 * nothing is left. */
static struct gjson amounts_to(const struct gjson *v, struct str word)
{
    bool is_so;

    if (str_is(word, "*"))
        is_so = gjson_exists(v);
    else if (str_is(word, "null"))
        is_so = v->type == GJSON_NULL;
    else if (str_is(word, "true"))
        is_so = gjson_bool(v);
    else if (str_is(word, "false"))
        is_so = is_falsy(v);
    else
        return (struct gjson){.raw = STR("")};
    return (struct gjson){.type = is_so ? GJSON_TRUE : GJSON_FALSE, .raw = STR("")};
}

/* What an operator makes of an order: <0, 0, >0. */
static bool holds(struct str operator, int order)
{
    if (str_is(operator, "="))
        return order == 0;
    if (str_is(operator, "!="))
        return order != 0;
    if (str_is(operator, "<"))
        return order < 0;
    if (str_is(operator, "<="))
        return order <= 0;
    if (str_is(operator, ">"))
        return order > 0;
    return str_is(operator, ">=") && order >= 0;
}

static bool number_holds(struct str operator, double left, struct str value)
{
    double right;

    go_float_parse(value, &right);
    if (isnan(left) || isnan(right))
        return str_is(operator, "!=");
    return holds(operator,(left > right) - (left < right));
}

/* Booleans: false is less than true, and than no other word. */
static bool bool_holds(struct str operator, bool is_true, struct str value)
{
    bool is_same = str_is(value, is_true ? "true" : "false");
    bool is_other = str_is(value, is_true ? "false" : "true");

    if (str_is(operator, "="))
        return is_same;
    if (str_is(operator, "!="))
        return !is_same;
    if (str_is(operator, is_true ? ">" : "<"))
        return is_other;
    return str_is(operator, is_true ? ">=" : "<=");
}

bool gjson_matches(struct gjson_run *run, const struct gjson_array_part *query,
                   struct gjson value)
{
    struct str operator= query->operator, want = query->value;

    if (want.len > 0 && want.ptr[0] == '~') {
        value = amounts_to(&value, str_skip(want, 1));
        want = STR("true");
    }
    if (!gjson_exists(&value))
        return false;
    if (str_is_empty(operator))
        return true;
    switch (value.type) {
    case GJSON_STRING:
        if (str_is(operator, "%"))
            return gjson_glob(run, value.text, want);
        if (str_is(operator, "!%"))
            return !gjson_glob(run, value.text, want);
        return holds(operator, str_cmp(value.text, want));
    case GJSON_NUMBER:
        return number_holds(operator, value.number, want);
    case GJSON_TRUE:
    case GJSON_FALSE:
        return bool_holds(operator, value.type == GJSON_TRUE, want);
    case GJSON_NULL:
    case GJSON_JSON:
        break;
    }
    return false;
}
