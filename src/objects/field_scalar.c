/*
 * objects/field_scalar.c - the syntax of scalars that stand as text in manifests: times, quantities, choices;
 * and a value put in words for people. Pure functions, any thread.
 */
#include "objects/field_internal.h"

enum { DESCRIBE_TEXT_MAX_BYTES = 40 };

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Counts the digits at the beginning and moves past them. */
static size_t skip_digits(struct str *s)
{
    size_t n = 0;

    while (n < s->len && is_digit(s->ptr[n]))
        n++;
    *s = str_skip(*s, n);
    return n;
}

static bool skip_char(struct str *s, char c)
{
    if (s->len == 0 || s->ptr[0] != c)
        return false;
    *s = str_skip(*s, 1);
    return true;
}

/* Two digits up to a maximum. */
static bool skip_pair(struct str *s, unsigned max)
{
    unsigned n;

    if (s->len < 2 || !is_digit(s->ptr[0]) || !is_digit(s->ptr[1]))
        return false;
    n = (unsigned) (s->ptr[0] - '0') * 10 + (unsigned) (s->ptr[1] - '0');
    *s = str_skip(*s, 2);
    return n <= max;
}

static bool skip_date(struct str *s)
{
    return skip_digits(s) == 4 && skip_char(s, '-') && skip_pair(s, 12) && skip_char(s, '-') &&
           skip_pair(s, 31);
}

static bool skip_clock(struct str *s)
{
    if (!skip_pair(s, 23) || !skip_char(s, ':') || !skip_pair(s, 59) || !skip_char(s, ':') ||
        !skip_pair(s, 60))
        return false;
    return !skip_char(s, '.') || skip_digits(s) > 0;
}

static bool skip_zone(struct str *s)
{
    if (skip_char(s, 'Z'))
        return true;
    return (skip_char(s, '+') || skip_char(s, '-')) && skip_pair(s, 23) && skip_char(s, ':') &&
           skip_pair(s, 59);
}

bool field_is_time(struct str text)
{
    return skip_date(&text) && skip_char(&text, 'T') && skip_clock(&text) && skip_zone(&text) &&
           text.len == 0;
}

static bool is_quantity_suffix(struct str s)
{
    static const char *const suffixes[] = {"",  "n",  "u",  "m",  "k",  "M",  "G", "T",
                                           "P", "E",  "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"};

    for (size_t i = 0; i < COUNT_OF(suffixes); i++)
        if (str_is(s, suffixes[i]))
            return true;
    if (!skip_char(&s, 'e') && !skip_char(&s, 'E'))
        return false;
    if (!skip_char(&s, '+'))
        skip_char(&s, '-');
    return skip_digits(&s) > 0 && s.len == 0;
}

bool field_is_quantity(struct str text)
{
    size_t digits;

    if (!skip_char(&text, '+'))
        skip_char(&text, '-');
    digits = skip_digits(&text);
    if (skip_char(&text, '.'))
        digits += skip_digits(&text);
    return digits > 0 && is_quantity_suffix(text);
}

bool field_has_choice(const char *choices, struct str text)
{
    struct str rest = str_from(choices), choice;

    while (str_cut(&rest, '|', &choice))
        if (str_eq(choice, text))
            return true;
    return false;
}

struct str field_describe(struct arena *a, const struct json *v)
{
    switch ((enum json_type) v->type) {
    case JSON_NULL:
        return STR("nothing");
    case JSON_BOOL:
        return v->is_true ? STR("true") : STR("false");
    case JSON_NUMBER:
        return str_printf(a, "number " STR_FMT,
                          STR_ARG(str_head(json_number(v), DESCRIBE_TEXT_MAX_BYTES)));
    case JSON_STRING:
        return str_printf(a, "text \"" STR_FMT "%s\"",
                          STR_ARG(str_head(json_str(v), DESCRIBE_TEXT_MAX_BYTES)),
                          v->count > DESCRIBE_TEXT_MAX_BYTES ? "..." : "");
    case JSON_ARRAY:
        return v->count == 0 ? STR("an empty list") : STR("a list");
    case JSON_OBJECT:
        return v->count == 0 ? STR("an empty object") : STR("an object");
    }
    return STR("nothing");
}
