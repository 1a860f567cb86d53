/*
 * objects/validate/cron_validate.c - schedules of five fields, as robfig/cron v3 reads them,
 * for their faults only. Pure functions but for the time zone, which is read from the system's
 * database. Any thread.
 */
#include "formats/goquote.h"
#include "formats/gozone.h"
#include "objects/validate/validate.h"

enum { CRON_FIELDS = 5 };

struct cron_bounds {
    uint64_t min, max;
    const char *names; /* of three letters each, the first is min's; NULL: none */
};

static const struct cron_bounds bounds[CRON_FIELDS] = {
    {0, 59, NULL},
    {0, 23, NULL},
    {1, 31, NULL},
    {1, 12, "janfebmaraprmayjunjulaugsepoctnovdec"},
    {0, 6, "sunmontuewedthufrisat"},
};

static bool find_name(const struct cron_bounds *b, struct str word, uint64_t *ret)
{
    for (uint64_t i = 0; b->names && word.len == 3 && b->min + i <= b->max; i++)
        if (str_eq_nocase(word, str_of(b->names + 3 * i, 3))) {
            *ret = b->min + i;
            return true;
        }
    return false;
}

static bool is_digits(struct str text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] < '0' || text.ptr[i] > '9')
            return false;
    return text.len > 0;
}

static int parse_number(struct str word, uint64_t *ret, struct err *err)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct str digits =
        str_skip(word, word.len > 0 && (word.ptr[0] == '-' || word.ptr[0] == '+'));
    bool is_negative = word.len > 0 && word.ptr[0] == '-';

    if (!is_digits(digits) || !parse_u64(digits, ret))
        return err_set(err, ERR_INVALID,
                       "failed to parse int from " STR_FMT ": strconv.Atoi: parsing " STR_FMT
                       ": %s",
                       STR_ARG(word), STR_ARG(go_quote(a, word)),
                       is_digits(digits) ? "value out of range" : "invalid syntax");
    if (is_negative && *ret > 0)
        return err_set(err, ERR_INVALID, "negative number (-%llu) not allowed: " STR_FMT,
                       (unsigned long long) *ret, STR_ARG(word));
    return 0;
}

static int parse_word(const struct cron_bounds *b, struct str word, uint64_t *ret,
                      struct err *err)
{
    return find_name(b, word, ret) ? 0 : parse_number(word, ret, err);
}

static size_t count_char(struct str text, char c)
{
    size_t n = 0;

    for (size_t i = 0; i < text.len; i++)
        n += text.ptr[i] == c;
    return n;
}

struct cron_range {
    uint64_t start, end, step;
};

static int check_range(const struct cron_bounds *b, const struct cron_range *r, struct str text,
                       struct err *err)
{
    if (r->start < b->min)
        return err_set(
            err, ERR_INVALID, "beginning of range (%llu) below minimum (%llu): " STR_FMT,
            (unsigned long long) r->start, (unsigned long long) b->min, STR_ARG(text));
    if (r->end > b->max)
        return err_set(err, ERR_INVALID, "end of range (%llu) above maximum (%llu): " STR_FMT,
                       (unsigned long long) r->end, (unsigned long long) b->max, STR_ARG(text));
    if (r->start > r->end)
        return err_set(
            err, ERR_INVALID, "beginning of range (%llu) beyond end of range (%llu): " STR_FMT,
            (unsigned long long) r->start, (unsigned long long) r->end, STR_ARG(text));
    if (r->step == 0)
        return err_set(err, ERR_INVALID, "step of range should be a positive number: " STR_FMT,
                       STR_ARG(text));
    return 0;
}

/* "3", "3-5", "*", with "/2" behind. */
static int parse_range(const struct cron_bounds *b, struct str text, struct err *err)
{
    struct str rest = text, span = STR(""), low = STR(""), high;
    struct cron_range r = {.step = 1};
    size_t hyphens, slashes = count_char(text, '/');

    str_cut(&rest, '/', &span);
    high = span;
    hyphens = count_char(span, '-');
    str_cut(&high, '-', &low);
    if (str_is(low, "*") || str_is(low, "?")) {
        r.start = b->min;
        r.end = b->max;
    } else if (parse_word(b, low, &r.start, err) < 0) {
        return -1;
    } else if (hyphens > 1) {
        return err_set(err, ERR_INVALID, "too many hyphens: " STR_FMT, STR_ARG(text));
    } else if (hyphens == 1 && parse_word(b, high, &r.end, err) < 0) {
        return -1;
    } else if (hyphens == 0) {
        r.end = slashes == 1 ? b->max : r.start;
    }
    if (slashes > 1)
        return err_set(err, ERR_INVALID, "too many slashes: " STR_FMT, STR_ARG(text));
    if (slashes == 1 && parse_number(rest, &r.step, err) < 0)
        return -1;
    return check_range(b, &r, text, err);
}

static int parse_field(const struct cron_bounds *b, struct str field, struct err *err)
{
    struct str range;

    while (str_cut(&field, ',', &range))
        if (range.len > 0 && parse_range(b, range, err) < 0)
            return -1;
    return 0;
}

/* "TZ=zone " or "CRON_TZ=zone " before the fields. */
static int take_zone(struct str *text, struct err *err)
{
    _cleanup_arena_ struct arena *a = arena_new();
    const struct gozone *zone;
    struct str word, name;
    struct err why = {0};

    if (!str_starts(*text, STR("TZ=")) && !str_starts(*text, STR("CRON_TZ=")))
        return 0;
    str_cut(text, ' ', &word);
    name = str_skip(word, str_find_char(word, '=') + 1);
    *text = str_trim(*text);
    if (gozone_load(a, name, &zone, &why) < 0)
        return err_set(err, ERR_INVALID, "provided bad location " STR_FMT ": %s", STR_ARG(name),
                       why.text);
    return 0;
}

static bool next_word(struct str *rest, struct str *ret)
{
    while (str_cut(rest, ' ', ret))
        if (ret->len > 0)
            return true;
    return false;
}

static int wrong_count(struct str text, struct err *err)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct str rest = text, word, words = STR("");
    size_t n = 0;

    while (next_word(&rest, &word))
        words =
            str_printf(a, STR_FMT "%s" STR_FMT, STR_ARG(words), n++ ? " " : "", STR_ARG(word));
    return err_set(err, ERR_INVALID, "expected exactly %d fields, found %zu: [" STR_FMT "]",
                   CRON_FIELDS, n, STR_ARG(words));
}

int validate_cron(struct str text, struct err *err)
{
    struct str fields[CRON_FIELDS], rest, word;
    size_t n = 0;

    if (text.len == 0)
        return err_set(err, ERR_INVALID, "empty spec string");
    if (take_zone(&text, err) < 0)
        return -1;
    if (text.len > 0 && text.ptr[0] == '@')
        return err_set(err, ERR_INVALID, "parser does not accept descriptors: " STR_FMT,
                       STR_ARG(text));
    rest = text;
    while (next_word(&rest, &word)) {
        if (n < CRON_FIELDS)
            fields[n] = word;
        n++;
    }
    if (n != CRON_FIELDS)
        return wrong_count(text, err);
    for (size_t i = 0; i < CRON_FIELDS; i++)
        if (parse_field(&bounds[i], fields[i], err) < 0)
            return -1;
    return 0;
}
