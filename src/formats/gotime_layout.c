/*
 * formats/gotime_layout.c - finds the elements of a Go layout.
 *
 * An element is recognised by the piece of the reference time that it shows; longer pieces are
 * tried first. What matches nothing is literal text. The rules that decide doubtful cases
 * ("Januaryx", "_2006", ".5") are Go's.
 */
#include "base/attrs.h"
#include "formats/gotime_internal.h"

const char *const gotime_month_names[12] = {"January",   "February", "March",    "April",
                                            "May",       "June",     "July",     "August",
                                            "September", "October",  "November", "December"};
const char *const gotime_weekday_names[7] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                             "Thursday", "Friday", "Saturday"};

struct form {
    const char *text;
    enum layout_type type;
    bool needs_word_end; /* no lower-case letter may follow */
};

/* Longer texts stand before their beginnings. */
static const struct form forms[] = {
    {"January", LAYOUT_LONG_MONTH, false},
    {"Jan", LAYOUT_MONTH, true},
    {"Monday", LAYOUT_LONG_WEEKDAY, false},
    {"Mon", LAYOUT_WEEKDAY, true},
    {"MST", LAYOUT_ZONE, false},
    {"002", LAYOUT_ZERO_YEAR_DAY, false},
    {"01", LAYOUT_ZERO_MONTH, false},
    {"02", LAYOUT_ZERO_DAY, false},
    {"03", LAYOUT_ZERO_HOUR_12, false},
    {"04", LAYOUT_ZERO_MINUTE, false},
    {"05", LAYOUT_ZERO_SECOND, false},
    {"06", LAYOUT_YEAR, false},
    {"15", LAYOUT_HOUR, false},
    {"1", LAYOUT_NUM_MONTH, false},
    {"2006", LAYOUT_LONG_YEAR, false},
    {"2", LAYOUT_DAY, false},
    {"_2", LAYOUT_UNDER_DAY, false},
    {"__2", LAYOUT_UNDER_YEAR_DAY, false},
    {"3", LAYOUT_HOUR_12, false},
    {"4", LAYOUT_MINUTE, false},
    {"5", LAYOUT_SECOND, false},
    {"PM", LAYOUT_UPPER_PM, false},
    {"pm", LAYOUT_LOWER_PM, false},
};

static const struct offset_form {
    const char *text;
    bool is_iso, has_colons;
    int part_count;
} offset_forms[] = {
    {"-07:00:00", false, true, 3}, {"-070000", false, false, 3}, {"-07:00", false, true, 2},
    {"-0700", false, false, 2},    {"-07", false, false, 1},     {"Z07:00:00", true, true, 3},
    {"Z070000", true, false, 3},   {"Z07:00", true, true, 2},    {"Z0700", true, false, 2},
    {"Z07", true, false, 1},
};

static bool is_lower(struct str s)
{
    return s.len > 0 && s.ptr[0] >= 'a' && s.ptr[0] <= 'z';
}

static bool is_digit(struct str s)
{
    return s.len > 0 && s.ptr[0] >= '0' && s.ptr[0] <= '9';
}

/* ".000" and the like: equal digits to the end of the number. */
static bool match_fraction(struct str at, struct layout_element *ret)
{
    size_t len = 1;

    if (at.len < 2 || (at.ptr[0] != '.' && at.ptr[0] != ',') ||
        (at.ptr[1] != '0' && at.ptr[1] != '9'))
        return false;
    while (len < at.len && at.ptr[len] == at.ptr[1])
        len++;
    if (is_digit(str_skip(at, len)))
        return false;
    ret->type = at.ptr[1] == '0' ? LAYOUT_FRACTION_ZEROS : LAYOUT_FRACTION_NINES;
    ret->text = str_head(at, len);
    ret->digits = len - 1;
    ret->separator = at.ptr[0];
    return true;
}

static bool match_offset(struct str at, struct layout_element *ret)
{
    for (size_t i = 0; i < COUNT_OF(offset_forms); i++) {
        const struct offset_form *form = &offset_forms[i];

        if (at.ptr[0] != form->text[0] || !str_starts(at, str_from(form->text)))
            continue;
        ret->type = LAYOUT_OFFSET;
        ret->text = str_head(at, strlen(form->text));
        ret->is_iso = form->is_iso;
        ret->has_colons = form->has_colons;
        ret->part_count = form->part_count;
        return true;
    }
    return false;
}

static bool match_form(struct str at, struct layout_element *ret)
{
    for (size_t i = 0; i < COUNT_OF(forms); i++) {
        size_t len;

        if (at.ptr[0] != forms[i].text[0] || !str_starts(at, str_from(forms[i].text)))
            continue;
        len = strlen(forms[i].text);
        if (forms[i].needs_word_end && is_lower(str_skip(at, len)))
            continue;
        ret->type = forms[i].type;
        ret->text = str_head(at, len);
        return true;
    }
    return false;
}

struct layout_element layout_next(struct str *rest)
{
    struct layout_element element = {0};

    for (size_t i = 0; i < rest->len; i++) {
        struct str at = str_skip(*rest, i);

        /* "_2006" is an underscore and a year. */
        if (str_starts(at, STR("_2006")))
            continue;
        if (!match_form(at, &element) && !match_offset(at, &element) &&
            !match_fraction(at, &element))
            continue;
        element.prefix = str_head(*rest, i);
        *rest = str_skip(at, element.text.len);
        return element;
    }
    element.prefix = *rest;
    element.text = STR("");
    *rest = str_skip(*rest, rest->len);
    return element;
}
