/*
 * strptime() as gojq reads times: each conversion takes its text or says why not; what was read
 * makes an instant at the end, with the zone that was named last. See jq_internal.h.
 */
#include "lang/jq/time_read.h"

#include <stdio.h>
#include <strings.h>
#include <time.h>

#include "base/strbuf.h"
#include "formats/goquote.h"
#include "formats/gotime.h"

enum first_day { FIRST_NONE, FIRST_SUNDAY, FIRST_MONDAY, FIRST_THURSDAY };

struct reading {
    struct str text;
    size_t at;
    int year, month, day, hour, minute, second, micros,
        year_day;         /* month from 1, 0: not read */
    int week, weekday;    /* Sunday is 1 */
    int century;          /* -1: not read */
    enum first_day first; /* of the weeks */
    bool is_pm, is_iso_year, has_offset;
    long offset_s; /* east of UTC */
    char why[160];
};

typedef int (*read_fn)(struct reading *r, char letter);

/* ---- messages ---- */

/* A byte as a character of Unicode, as Go prints one. */
static struct str rune_of(char c, char text[4])
{
    unsigned char b = (unsigned char) c;

    if (b < 0x80) {
        text[0] = c;
        return str_of(text, 1);
    }
    text[0] = (char) (0xc0 | b >> 6);
    text[1] = (char) (0x80 | (b & 0x3f));
    return str_of(text, 2);
}

static int fail_letter(struct reading *r, char letter)
{
    char text[4];
    struct str shown = rune_of(letter, text);

    snprintf(r->why, sizeof(r->why), "cannot parse \"%%" STR_FMT "\"", STR_ARG(shown));
    return -1;
}

static int fail_expected(struct reading *r, char c)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(64);
    char text[4];

    if (c == '\'')
        strbuf_addz(&b, "\\'");
    else if (c == '"')
        strbuf_addz(&b, "\"");
    else
        go_quote_add_bare(&b, rune_of(c, text));
    snprintf(r->why, sizeof(r->why), "expected '" STR_FMT "'", STR_ARG(strbuf_str(&b)));
    return -1;
}

/* ---- parts ---- */

static int peek(const struct reading *r)
{
    return r->at < r->text.len ? (unsigned char) r->text.ptr[r->at] : -1;
}

static int take(struct reading *r, char c)
{
    if (peek(r) != (unsigned char) c)
        return fail_expected(r, c);
    r->at++;
    return 0;
}

/* Up to so many digits; how many there were. */
static size_t take_digits(struct reading *r, size_t most, int64_t *ret)
{
    size_t begin = r->at;

    for (*ret = 0; r->at < begin + most && peek(r) >= '0' && peek(r) <= '9'; r->at++)
        *ret = (int64_t) ((uint64_t) *ret * 10 + (uint64_t) (peek(r) - '0'));
    return r->at - begin;
}

static bool take_number(struct reading *r, size_t most, int min, int max, int *ret)
{
    int64_t n;

    if (take_digits(r, most, &n) == 0 || n < min || n > max)
        return false;
    *ret = (int) n;
    return true;
}

static int take_sign(struct reading *r)
{
    if (peek(r) != '-')
        return 1;
    r->at++;
    return -1;
}

static const char *const months[] = {"January",   "February", "March",    "April",
                                     "May",       "June",     "July",     "August",
                                     "September", "October",  "November", "December"};
static const char *const days[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                   "Thursday", "Friday", "Saturday"};
static const char *const halves[] = {"AM", "PM"};

/* One of the names, of any case, or its first @len letters; its place from 1, or 0. */
static int take_name(struct reading *r, const char *const *names, size_t count, size_t len)
{
    for (size_t i = 0; i < count; i++) {
        struct str name = str_from(names[i]);

        if (len > 0)
            name = str_head(name, len);
        if (name.len <= r->text.len - r->at &&
            strncasecmp(r->text.ptr + r->at, name.ptr, name.len) == 0) {
            r->at += name.len;
            return (int) i + 1;
        }
    }
    return 0;
}

/* ---- conversions ---- */

static int *place_of(struct reading *r, char letter)
{
    switch (letter) {
    case 'm':
        return &r->month;
    case 'd':
    case 'e':
        return &r->day;
    case 'j':
        return &r->year_day;
    case 'M':
        return &r->minute;
    case 'S':
        return &r->second;
    case 'w':
    case 'u':
        return &r->weekday;
    case 'V':
    case 'U':
    case 'W':
        return &r->week;
    default:
        return &r->hour;
    }
}

/* Those that are a number within a range. */
static int read_plain(struct reading *r, char letter)
{
    static const struct {
        char letter;
        uint8_t digits;
        int16_t min, max;
    } numbers[] = {
        {'m', 2, 1, 12}, {'d', 2, 1, 31}, {'e', 2, 1, 31}, {'j', 3, 1, 366}, {'H', 2, 0, 23},
        {'k', 2, 0, 23}, {'I', 2, 1, 12}, {'l', 2, 1, 12}, {'M', 2, 0, 59},  {'S', 2, 0, 60},
        {'w', 1, 0, 6},  {'u', 1, 1, 7},  {'V', 2, 1, 53}, {'U', 2, 0, 53},  {'W', 2, 0, 53},
    };

    if (strchr("ekl", letter) && peek(r) == ' ')
        r->at++;
    for (size_t i = 0; i < COUNT_OF(numbers); i++)
        if (numbers[i].letter == letter && take_number(r, numbers[i].digits, numbers[i].min,
                                                       numbers[i].max, place_of(r, letter)))
            return 0;
    return fail_letter(r, letter);
}

static int read_hour12(struct reading *r, char letter)
{
    if (read_plain(r, letter) < 0)
        return -1;
    r->hour %= 12;
    return 0;
}

static int read_weekday_number(struct reading *r, char letter)
{
    if (read_plain(r, letter) < 0)
        return -1;
    r->weekday = r->weekday % 7 + 1; /* w: 0 is Sunday; u: 7 is */
    return 0;
}

static int read_week(struct reading *r, char letter)
{
    if (read_plain(r, letter) < 0)
        return -1;
    r->first = letter == 'U' ? FIRST_SUNDAY : letter == 'W' ? FIRST_MONDAY : FIRST_THURSDAY;
    if (r->weekday == 0)
        r->weekday = letter == 'U' ? 1 : 2;
    return 0;
}

static int read_year(struct reading *r, char letter)
{
    int sign = take_sign(r);

    r->is_iso_year = r->is_iso_year || letter == 'G';
    if (!take_number(r, 4, 0, 9999, &r->year))
        return fail_letter(r, letter);
    r->year *= sign;
    return 0;
}

static int read_short_year(struct reading *r, char letter)
{
    r->is_iso_year = r->is_iso_year || letter == 'g';
    if (!take_number(r, 2, 0, 99, &r->year))
        return fail_letter(r, letter);
    r->year += r->year < 69 ? 2000 : 1900;
    return 0;
}

static int read_century(struct reading *r, char letter)
{
    if (take_sign(r) < 0) {
        snprintf(r->why, sizeof(r->why), "negative century is not supported for \"%%C\"");
        return -1;
    }
    return take_number(r, 2, 0, 99, &r->century) ? 0 : fail_letter(r, letter);
}

static int read_month_name(struct reading *r, char letter)
{
    r->month = take_name(r, months, COUNT_OF(months), letter == 'B' ? 0 : 3);
    return r->month > 0 ? 0 : fail_letter(r, letter);
}

static int read_day_name(struct reading *r, char letter)
{
    r->weekday = take_name(r, days, COUNT_OF(days), letter == 'A' ? 0 : 3);
    return r->weekday > 0 ? 0 : fail_letter(r, letter);
}

static int read_half(struct reading *r, char letter)
{
    int half = take_name(r, halves, COUNT_OF(halves), 0);

    r->is_pm = half == 2;
    return half > 0 ? 0 : fail_letter(r, letter);
}

static int read_unix(struct reading *r, char letter)
{
    int sign = take_sign(r);
    int64_t n;
    time_t at;
    struct tm tm = {};

    if (take_digits(r, 19, &n) == 0)
        return fail_letter(r, letter);
    at = (time_t) (sign * n);
    if (!gmtime_r(&at, &tm))
        return fail_letter(r, letter);
    r->year = tm.tm_year + 1900;
    r->month = tm.tm_mon + 1;
    r->day = tm.tm_mday;
    r->hour = tm.tm_hour;
    r->minute = tm.tm_min;
    r->second = tm.tm_sec;
    return 0;
}

static int read_fraction(struct reading *r, char letter)
{
    int64_t n;
    size_t count = take_digits(r, 6, &n);

    if (count == 0)
        return fail_letter(r, letter);
    for (; count < 6; count++)
        n *= 10;
    r->micros = (int) n;
    return 0;
}

static int read_zone_name(struct reading *r, char letter _unused_)
{
    size_t begin = r->at;
    struct str name;
    struct gotime ignored;
    struct err err;

    while (peek(r) >= 'A' && peek(r) <= 'Z')
        r->at++;
    name = str_of(r->text.ptr + begin, r->at - begin);
    if (gotime_parse(STR("MST"), name, NULL, &ignored, &err) < 0) {
        snprintf(r->why, sizeof(r->why), "cannot parse \"" STR_FMT "\" with \"%%Z\"",
                 STR_ARG(str_head(name, 100)));
        return -1;
    }
    if (!r->has_offset)
        r->offset_s = 0;
    return 0;
}

static int fail_offset(struct reading *r, int colons, bool is_colon)
{
    snprintf(r->why, sizeof(r->why), "%s \"%%%.*sz\"",
             is_colon ? "expected ':' for" : "cannot parse", colons % 4, ":::");
    return -1;
}

static bool take_two(struct reading *r, int max, int *ret)
{
    size_t begin = r->at;

    return take_number(r, 2, 0, max, ret) && r->at == begin + 2;
}

/* Behind the hours: minutes and, with two colons or more, seconds. What need not be there is
 * left where it is. */
static int read_offset_rest(struct reading *r, int colons, int *minute, int *second)
{
    size_t begin;
    bool has_colon = peek(r) == ':';

    if (!has_colon && colons > 0 && colons < 3)
        return fail_offset(r, colons, true);
    r->at += has_colon;
    if (has_colon && colons == 0)
        colons = 4; /* as many as there are */
    begin = r->at;
    if (!take_two(r, 59, minute)) {
        if (colons > 0 && colons != 3)
            return fail_offset(r, colons, false);
        r->at = begin;
        *minute = 0;
        return 0;
    }
    if (colons <= 1)
        return 0;
    if (peek(r) != ':')
        return colons < 3 ? fail_offset(r, colons, true) : 0;
    begin = r->at++;
    if (take_two(r, 59, second))
        return 0;
    if (colons < 3)
        return fail_offset(r, colons, false);
    r->at = begin;
    *second = 0;
    return 0;
}

static int read_offset(struct reading *r, int colons)
{
    int sign = peek(r) == '-' ? -1 : 1, hour, minute = 0, second = 0;

    if (peek(r) == 'Z') {
        r->at++;
        r->offset_s = 0;
        return 0;
    }
    if (peek(r) != '-' && peek(r) != '+')
        return fail_offset(r, colons, false);
    r->at++;
    if (!take_two(r, 23, &hour))
        return fail_offset(r, colons, false);
    if (read_offset_rest(r, colons, &minute, &second) < 0)
        return -1;
    r->offset_s = sign * ((hour * 60L + minute) * 60 + second);
    r->has_offset = true;
    return 0;
}

static int read_plain_offset(struct reading *r, char letter _unused_)
{
    return read_offset(r, 0);
}

static int read_blanks(struct reading *r, char letter)
{
    size_t begin = r->at;

    while (peek(r) == ' ' || (peek(r) >= '\t' && peek(r) <= '\r'))
        r->at++;
    if (r->at > begin)
        return 0;
    snprintf(r->why, sizeof(r->why), "expected a space for \"%%%c\"", letter);
    return -1;
}

static int read_percent(struct reading *r, char letter)
{
    return take(r, letter);
}

/* ---- formats ---- */

static int read_format(struct reading *r, struct str format);

/* Letters that stand for several. */
static const char *expanded(char letter)
{
    switch (letter) {
    case 'c':
        return "%a %b %e %H:%M:%S %Y";
    case '+':
        return "%a %b %e %H:%M:%S %Z %Y";
    case 'v':
        return "%e-%b-%Y";
    case 'r':
        return "%I:%M:%S %p";
    case 'F':
        return "%Y-%m-%d";
    case 'D':
    case 'x':
        return "%m/%d/%y";
    case 'T':
    case 'X':
        return "%H:%M:%S";
    case 'R':
        return "%H:%M";
    default:
        return NULL;
    }
}

static int read_letter(struct reading *r, char letter)
{
    static const struct {
        const char *letters;
        read_fn fn;
    } readers[] = {
        {"mdejHkMS", read_plain}, {"Il", read_hour12},      {"wu", read_weekday_number},
        {"VUW", read_week},       {"YG", read_year},        {"yg", read_short_year},
        {"C", read_century},      {"Bbh", read_month_name}, {"Aa", read_day_name},
        {"Pp", read_half},        {"s", read_unix},         {"f", read_fraction},
        {"Z", read_zone_name},    {"z", read_plain_offset}, {"tn", read_blanks},
        {"%", read_percent},
    };
    const char *whole = expanded(letter);
    char text[4];
    struct str shown = rune_of(letter, text);

    if (whole)
        return read_format(r, str_from(whole));
    for (size_t i = 0; letter && i < COUNT_OF(readers); i++)
        if (strchr(readers[i].letters, letter))
            return readers[i].fn(r, letter);
    snprintf(r->why, sizeof(r->why), "unexpected format \"%%" STR_FMT "\"", STR_ARG(shown));
    return -1;
}

/* %:z, %::z and %:::z, from the first colon on; how much of the format they take, or 0. */
static size_t read_colons(struct reading *r, struct str format)
{
    size_t colons = 0;

    while (colons < 3 && colons < format.len && format.ptr[colons] == ':')
        colons++;
    if (colons == format.len || format.ptr[colons] != 'z') {
        snprintf(r->why, sizeof(r->why), "expected 'z' after \"%%%.*s\"", (int) colons, ":::");
        return 0;
    }
    return read_offset(r, (int) colons) < 0 ? 0 : colons + 1;
}

static int read_format(struct reading *r, struct str format)
{
    while (format.len > 0) {
        char c = format.ptr[0];
        size_t taken = 1;

        format = str_skip(format, 1);
        if (c != '%') {
            if (take(r, c) < 0)
                return -1;
            continue;
        }
        if (format.len == 0) {
            snprintf(r->why, sizeof(r->why), "stray \"%%\"");
            return -1;
        }
        if (format.ptr[0] == ':')
            taken = read_colons(r, format);
        else if (read_letter(r, format.ptr[0]) < 0)
            return -1;
        if (taken == 0)
            return -1;
        format = str_skip(format, taken);
    }
    return 0;
}

/* ---- the instant ---- */

static int fail_year(struct reading *r, const char *what)
{
    snprintf(r->why, sizeof(r->why), "use %s", what);
    return -1;
}

/* The day of the year by week and weekday, as a day of January. */
static int day_of_week(struct reading *r, struct tm *tm)
{
    static const int starts[] = {[FIRST_SUNDAY] = 0, [FIRST_MONDAY] = 1, [FIRST_THURSDAY] = 4};
    int start = starts[r->first];
    struct tm base = {.tm_year = tm->tm_year, .tm_mday = -start};

    if (r->first == FIRST_THURSDAY && !r->is_iso_year)
        return fail_year(r, "\"%G\" to parse ISO year for \"%V\"");
    if (r->first != FIRST_THURSDAY && r->is_iso_year)
        return fail_year(r, "\"%Y\" to parse non-ISO year for \"%U\" or \"%W\"");
    timegm(&base);
    tm->tm_mon = 0;
    tm->tm_mday =
        -start + (r->week + (start > 0 && r->weekday == 1)) * 7 - base.tm_wday + r->weekday - 1;
    return 0;
}

static int instant(struct reading *r, double *ret)
{
    int year = r->century >= 0 ? r->century * 100 + r->year % 100 : r->year;
    struct tm tm = {.tm_year = year - 1900,
                    .tm_mon = r->month - 1,
                    .tm_mday = r->day,
                    .tm_hour = r->hour + (r->is_pm ? 12 : 0),
                    .tm_min = r->minute,
                    .tm_sec = r->second};

    if (r->day == 0 && r->year_day > 0) {
        if (r->is_iso_year)
            return fail_year(r, "\"%Y\" to parse non-ISO year for \"%j\"");
        tm.tm_mon = 0;
        tm.tm_mday = r->year_day;
    } else if (r->day == 0 && r->first != FIRST_NONE) {
        if (day_of_week(r, &tm) < 0)
            return -1;
    } else if (r->day == 0) {
        tm.tm_mday = 1;
    }
    *ret = (double) (timegm(&tm) - r->offset_s) + r->micros / 1e6;
    return 0;
}

int jq_read_time(struct arena *a, struct str text, struct str format, double *ret,
                 struct str *ret_why)
{
    struct reading r = {.text = text, .year = 1900, .month = 1, .century = -1};
    struct str quoted;
    int rc = read_format(&r, format);

    if (rc == 0 && r.at < text.len) {
        quoted = go_quote(a, str_skip(text, r.at));
        *ret_why = str_printf(a, "unparsed string " STR_FMT, STR_ARG(quoted));
        return -1;
    }
    if (rc == 0)
        rc = instant(&r, ret);
    if (rc < 0)
        *ret_why = str_copy(a, str_from(r.why));
    return rc;
}
