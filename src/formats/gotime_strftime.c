/*
 * strftime() as Argo Workflows has it: each conversion is a Go layout, what is none of them
 * stays as it stands.
 */
#include "base/strbuf.h"
#include "formats/gotime.h"

struct str gotime_strftime_layout(char letter)
{
    static const struct {
        char letter;
        struct str layout;
    } rows[] = {
        {'A', STR_INIT("Monday")}, {'B', STR_INIT("January")}, {'H', STR_INIT("15")},
        {'I', STR_INIT("03")},     {'L', STR_INIT(".000")},    {'M', STR_INIT("04")},
        {'S', STR_INIT("05")},     {'Y', STR_INIT("2006")},    {'Z', STR_INIT("MST")},
        {'a', STR_INIT("Mon")},    {'b', STR_INIT("Jan")},     {'d', STR_INIT("02")},
        {'m', STR_INIT("01")},     {'p', STR_INIT("PM")},      {'y', STR_INIT("06")},
        {'z', STR_INIT("-0700")},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (rows[i].letter == letter)
            return rows[i].layout;
    return STR_NONE;
}

struct str gotime_strftime(struct arena *a, const struct gotime *t, struct str format)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(SIZE_MAX / 2);

    for (size_t i = 0; i < format.len; i++) {
        struct str layout = STR_NONE;

        if (format.ptr[i] == '%' && i + 1 < format.len && format.ptr[i + 1] != '%')
            layout = gotime_strftime_layout(format.ptr[i + 1]);
        if (!str_is_none(layout))
            strbuf_add(&b, gotime_format(a, t, layout));
        else
            strbuf_addc(&b, format.ptr[i]);
        if (!str_is_none(layout) ||
            (format.ptr[i] == '%' && i + 1 < format.len && format.ptr[i + 1] == '%'))
            i++;
    }
    return str_copy(a, strbuf_str(&b));
}
