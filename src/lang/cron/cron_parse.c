/* Reading of schedules: text into bits. Any thread; reads zones from the system's database. */
#include "formats/duration.h"
#include "formats/goquote.h"
#include "lang/cron/cron.h"

enum { CRON_FIELDS = 5 };

struct bounds {
    uint64_t min, max;
    const char *names; /* of three letters each, the first is min's; NULL: none */
};

static const struct bounds fields_bounds[CRON_FIELDS] = {
    {0, 59, NULL},
    {0, 23, NULL},
    {1, 31, NULL},
    {1, 12, "janfebmaraprmayjunjulaugsepoctnovdec"},
    {0, 6, "sunmontuewedthufrisat"},
};

static bool find_name(const struct bounds *b, struct str word, uint64_t *ret)
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

    if (!is_digits(digits) || !parse_u64(digits, ret) || *ret > INT64_MAX)
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

static int parse_word(const struct bounds *b, struct str word, uint64_t *ret, struct err *err)
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

struct range {
    uint64_t start, end, step;
    bool is_any;
};

static int check_range(const struct bounds *b, const struct range *r, struct str text,
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

/* "3", "3-5", "*", the part before a step. */
static int parse_span(const struct bounds *b, struct str text, struct str span,
                      struct range *ret, struct err *err)
{
    struct str low = STR(""), high = span;
    size_t hyphens = count_char(span, '-');

    str_cut(&high, '-', &low);
    if (str_is(low, "*") || str_is(low, "?")) {
        *ret = (struct range){.start = b->min, .end = b->max, .step = 1, .is_any = true};
        return 0;
    }
    if (parse_word(b, low, &ret->start, err) < 0)
        return -1;
    ret->end = ret->start;
    if (hyphens > 1)
        return err_set(err, ERR_INVALID, "too many hyphens: " STR_FMT, STR_ARG(text));
    return hyphens == 1 ? parse_word(b, high, &ret->end, err) : 0;
}

/* A span, with "/2" behind. */
static int parse_range(const struct bounds *b, struct str text, struct range *ret,
                       struct err *err)
{
    struct str step = text, span = STR("");
    size_t slashes = count_char(text, '/');

    *ret = (struct range){.step = 1};
    str_cut(&step, '/', &span);
    if (parse_span(b, text, span, ret, err) < 0)
        return -1;
    if (slashes > 1)
        return err_set(err, ERR_INVALID, "too many slashes: " STR_FMT, STR_ARG(text));
    if (slashes == 1) {
        if (parse_number(step, &ret->step, err) < 0)
            return -1;
        if (count_char(span, '-') == 0)
            ret->end = b->max;
        ret->is_any = ret->is_any && ret->step <= 1;
    }
    return check_range(b, ret, text, err);
}

static int parse_field(const struct bounds *b, struct str field, uint64_t *ret_bits,
                       bool *ret_is_any, struct err *err)
{
    struct str part;
    struct range r;

    while (str_cut(&field, ',', &part)) {
        if (part.len == 0)
            continue;
        if (parse_range(b, part, &r, err) < 0)
            return -1;
        *ret_is_any = *ret_is_any || r.is_any;
        for (uint64_t n = r.start; n <= r.end; n += r.step) {
            *ret_bits |= UINT64_C(1) << n;
            if (r.step > r.end - n)
                break;
        }
    }
    return 0;
}

/* ---- words ---- */

/* How many bytes at the start are blanks, or are none. */
static size_t run_of(struct str s, bool is_space)
{
    size_t at = 0, size;

    while (at < s.len && go_is_space(go_rune_next(str_skip(s, at), &size)) == is_space)
        at += size;
    return at;
}

static bool next_word(struct str *rest, struct str *ret)
{
    *rest = str_skip(*rest, run_of(*rest, true));
    *ret = str_head(*rest, run_of(*rest, false));
    *rest = str_skip(*rest, ret->len);
    return ret->len > 0;
}

static int wrong_count(struct str text, struct err *err)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct str rest = text, word, words = STR("");
    size_t n = 0;

    while (next_word(&rest, &word)) {
        if (words.len < sizeof(err->text)) /* more is not shown */
            words = str_printf(a, STR_FMT "%s" STR_FMT, STR_ARG(words), n ? " " : "",
                               STR_ARG(str_head(word, sizeof(err->text))));
        n++;
    }
    return err_set(err, ERR_INVALID, "expected exactly %d fields, found %zu: [" STR_FMT "]",
                   CRON_FIELDS, n, STR_ARG(words));
}

static int parse_fields(struct str text, struct cron_schedule *ret, struct err *err)
{
    uint64_t bits[CRON_FIELDS] = {0};
    bool is_any[CRON_FIELDS] = {false};
    struct str fields[CRON_FIELDS], rest = text, word;
    size_t n = 0;

    while (next_word(&rest, &word)) {
        if (n < CRON_FIELDS)
            fields[n] = word;
        n++;
    }
    if (n != CRON_FIELDS)
        return wrong_count(text, err);
    for (size_t i = 0; i < CRON_FIELDS; i++)
        if (parse_field(&fields_bounds[i], fields[i], &bits[i], &is_any[i], err) < 0)
            return -1;
    ret->minute = bits[0];
    ret->hour = bits[1];
    ret->day = bits[2];
    ret->month = bits[3];
    ret->weekday = bits[4];
    ret->is_any_day = is_any[2];
    ret->is_any_weekday = is_any[4];
    return 0;
}

/* ---- descriptors ---- */

static int parse_every(struct str text, struct str duration, struct cron_schedule *ret,
                       struct err *err)
{
    struct err why = {0};
    int64_t ns;

    if (duration_parse(duration, &ns, &why) < 0)
        return err_set(err, ERR_INVALID, "failed to parse duration " STR_FMT ": %s",
                       STR_ARG(text), why.text);
    ret->is_every = true;
    ret->every_ns = ns < DURATION_SECOND ? DURATION_SECOND : ns - ns % DURATION_SECOND;
    return 0;
}

static int parse_descriptor(struct str text, struct cron_schedule *ret, struct err *err)
{
    static const char *const words[][2] = {
        {"@yearly", "0 0 1 1 *"}, {"@annually", "0 0 1 1 *"}, {"@monthly", "0 0 1 * *"},
        {"@weekly", "0 0 * * 0"}, {"@daily", "0 0 * * *"},    {"@midnight", "0 0 * * *"},
        {"@hourly", "0 * * * *"},
    };

    for (size_t i = 0; i < COUNT_OF(words); i++)
        if (str_is(text, words[i][0]))
            return parse_fields(str_from(words[i][1]), ret, err);
    if (str_starts(text, STR("@every ")))
        return parse_every(text, str_skip(text, 7), ret, err);
    return err_set(err, ERR_INVALID, "unrecognized descriptor: " STR_FMT, STR_ARG(text));
}

/* "TZ=zone " or "CRON_TZ=zone " before the fields. "Local" is the zone of the time given. */
static int take_zone(struct arena *a, struct str *text, struct cron_schedule *ret,
                     struct err *err)
{
    struct str word, name;
    struct err why = {0};

    if (!str_starts(*text, STR("TZ=")) && !str_starts(*text, STR("CRON_TZ=")))
        return 0;
    str_cut(text, ' ', &word);
    name = str_skip(word, str_find_char(word, '=') + 1);
    *text = str_is_none(*text) ? STR("") : go_trim_space(*text);
    if (gozone_load(a, name, &ret->zone, &why) < 0)
        return err_set(err, ERR_INVALID, "provided bad location " STR_FMT ": %s", STR_ARG(name),
                       why.text);
    ret->is_zoned = !str_is(name, "Local");
    return 0;
}

int cron_parse(struct arena *a, struct str text, enum cron_syntax syntax,
               struct cron_schedule *ret, struct err *err)
{
    struct cron_schedule made = {0};
    struct str rest = text;
    int result;

    if (text.len == 0)
        return err_set(err, ERR_INVALID, "empty spec string");
    if (take_zone(a, &rest, &made, err) < 0)
        return -1;
    if (rest.len == 0 || rest.ptr[0] != '@')
        result = parse_fields(rest, &made, err);
    else if (syntax == CRON_FIELDS_ONLY)
        result = err_set(err, ERR_INVALID, "parser does not accept descriptors: " STR_FMT,
                         STR_ARG(rest));
    else
        result = parse_descriptor(rest, &made, err);
    if (result == 0)
        *ret = made;
    return result;
}
