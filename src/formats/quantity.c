/*
 * formats/quantity.c - quantities.
 *
 * Upstream keeps small numbers as 64-bit mantissa and scale, others as big decimals in
 * billionths. Both fit one 128-bit mantissa here; is_wide remembers which of the two it would
 * be, because rounding, wrapping and the question "is it a whole number" differ between them.
 * Invariant: a wide quantity has scale -9 or 0.
 */
#include "formats/quantity.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/strbuf.h"

enum {
    NANO = -9,
    FACTORS_MAX = 18, /* decimal digits that surely fit 64 bits */
    DIGITS_MAX = 38,  /* of a 128-bit number, less one */
    SUFFIX_MAX_BYTES = 24,
};

static const struct {
    const char *text;
    int32_t exponent;
    enum quantity_format format;
} suffixes[] = {
    {"", 0, QUANTITY_DECIMAL},   {"n", -9, QUANTITY_DECIMAL}, {"u", -6, QUANTITY_DECIMAL},
    {"m", -3, QUANTITY_DECIMAL}, {"k", 3, QUANTITY_DECIMAL},  {"M", 6, QUANTITY_DECIMAL},
    {"G", 9, QUANTITY_DECIMAL},  {"T", 12, QUANTITY_DECIMAL}, {"P", 15, QUANTITY_DECIMAL},
    {"E", 18, QUANTITY_DECIMAL}, {"Ki", 10, QUANTITY_BINARY}, {"Mi", 20, QUANTITY_BINARY},
    {"Gi", 30, QUANTITY_BINARY}, {"Ti", 40, QUANTITY_BINARY}, {"Pi", 50, QUANTITY_BINARY},
    {"Ei", 60, QUANTITY_BINARY},
};

/* A quantity's text in its parts. */
struct parts {
    bool is_negative;
    bool has_digits;     /* leading zeros count */
    struct str whole;    /* digits before the point, without leading zeros */
    struct str fraction; /* digits behind it */
    int32_t exponent;    /* of ten, or of two for the binary format */
    enum quantity_format format;
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static struct str take_digits(struct str *rest)
{
    size_t len = 0;
    struct str digits;

    while (len < rest->len && is_digit(rest->ptr[len]))
        len++;
    digits = str_head(*rest, len);
    *rest = str_skip(*rest, len);
    return digits;
}

static int bad_format(struct err *err)
{
    return err_set(err, ERR_INVALID,
                   "quantities must match the regular expression "
                   "'^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'");
}

/* Letters, a sign, digits: nothing else may be in a suffix. */
static bool is_suffix(struct str s)
{
    size_t at = 0;

    while (at < s.len && s.ptr[at] && strchr("eEinumkKMGTP", s.ptr[at]))
        at++;
    if (at < s.len && (s.ptr[at] == '+' || s.ptr[at] == '-'))
        at++;
    while (at < s.len && is_digit(s.ptr[at]))
        at++;
    return at == s.len;
}

static int parse_suffix(struct str s, struct parts *ret, struct err *err)
{
    int64_t exponent;

    if (!is_suffix(s))
        return bad_format(err);
    for (size_t i = 0; i < COUNT_OF(suffixes); i++) {
        if (!str_is(s, suffixes[i].text))
            continue;
        ret->exponent = suffixes[i].exponent;
        ret->format = suffixes[i].format;
        return 0;
    }
    if (s.len < 2 || (s.ptr[0] != 'e' && s.ptr[0] != 'E') ||
        !parse_i64(str_skip(s, 1), &exponent))
        return err_set(err, ERR_INVALID, "unable to parse quantity's suffix");
    if (exponent > DIGITS_MAX || exponent < -1000)
        return err_set(err, ERR_LIMIT, "quantity: exponent %lld, at most %d and at least -1000",
                       (long long) exponent, DIGITS_MAX);
    ret->exponent = (int32_t) exponent;
    ret->format = QUANTITY_EXPONENT;
    return 0;
}

static int split(struct str text, struct parts *ret, struct err *err)
{
    if (text.len == 0)
        return bad_format(err);
    ret->is_negative = text.ptr[0] == '-';
    if (text.ptr[0] == '-' || text.ptr[0] == '+')
        text = str_skip(text, 1);
    while (text.len > 0 && text.ptr[0] == '0') {
        ret->has_digits = true;
        text = str_skip(text, 1);
    }
    ret->whole = take_digits(&text);
    if (text.len > 0 && text.ptr[0] == '.') {
        text = str_skip(text, 1);
        ret->fraction = take_digits(&text);
    }
    ret->has_digits |= ret->whole.len > 0 || ret->fraction.len > 0;
    return parse_suffix(text, ret, err);
}

/* n times ten to the power of @by, rounded away from zero when negative; false when it does not
 * fit. */
static bool shift(__int128 n, int32_t by, __int128 *ret)
{
    bool has_rest = false;

    for (; by > 0 && n != 0; by--)
        if (__builtin_mul_overflow(n, (__int128) 10, &n))
            return false;
    for (; by < 0 && n != 0; by++) {
        has_rest |= n % 10 != 0;
        n /= 10;
    }
    *ret = n + has_rest;
    return true;
}

static bool add_digits(__int128 *n, struct str digits)
{
    for (size_t i = 0; i < digits.len; i++)
        if (__builtin_mul_overflow(*n, (__int128) 10, n) ||
            __builtin_add_overflow(*n, (__int128) (digits.ptr[i] - '0'), n))
            return false;
    return true;
}

static int too_large(struct err *err)
{
    return err_set(err, ERR_LIMIT, "quantity: more than %d digits", DIGITS_MAX);
}

/* How many digits upstream's fast path has room for; negative when it is not taken. */
static int32_t fast_room(const struct parts *p)
{
    int32_t digits = (int32_t) (p->whole.len ? p->whole.len : 1);

    if (p->format != QUANTITY_BINARY)
        return FACTORS_MAX - digits - (int32_t) p->fraction.len;
    if (p->fraction.len > 0)
        return -1;
    return 15 - digits - (int32_t) ((float) p->exponent * 3 / 10) - 1;
}

/* Is the text its own canonical form, so that it is kept? */
static bool is_canonical(const struct parts *p, __int128 digits, int32_t scale)
{
    char first = p->whole.len ? p->whole.ptr[0] : '0';

    if (p->format == QUANTITY_BINARY)
        return p->exponent % 10 == 0 && (digits & 7) != 0;
    return scale % 3 == 0 && !(digits != 0 && digits % 1000 == 0) && first != '0';
}

static int parse_wide(const struct parts *p, __int128 digits, struct quantity *ret,
                      struct err *err)
{
    int32_t scale = -(int32_t) p->fraction.len;

    if (!p->has_digits)
        return err_set(err, ERR_INVALID, "unable to parse numeric part of quantity");
    if (p->format == QUANTITY_BINARY) {
        if (__builtin_mul_overflow(digits, (__int128) 1 << p->exponent, &digits))
            return too_large(err);
    } else {
        scale += p->exponent;
    }
    if (!shift(digits, scale - NANO, &ret->value))
        return too_large(err);
    ret->scale = NANO;
    ret->is_wide = true;
    if (p->format == QUANTITY_BINARY && ret->value > (__int128) INT64_MAX * 1000000000) {
        ret->value = INT64_MAX;
        ret->scale = 0;
    }
    if (p->format == QUANTITY_BINARY && ret->value > 0 && ret->value < 1000000000 &&
        ret->scale == NANO)
        ret->format = QUANTITY_DECIMAL;
    return 0;
}

int quantity_parse(struct str text, struct quantity *ret, struct err *err)
{
    struct parts p = {0};
    struct quantity q = {0};
    __int128 digits = 0, value;
    int32_t scale;

    if (split(text, &p, err) < 0)
        return -1;
    if (!add_digits(&digits, p.whole) || !add_digits(&digits, p.fraction))
        return too_large(err);
    q.format = p.format;
    scale = (p.format == QUANTITY_BINARY ? 0 : p.exponent) - (int32_t) p.fraction.len;
    value = digits;
    if (p.format == QUANTITY_BINARY && p.fraction.len == 0)
        value = digits > (INT64_MAX >> p.exponent)
                    ? (__int128) INT64_MAX + 1 /* not the fast way */
                    : digits << p.exponent;
    if (fast_room(&p) >= 0 && scale >= NANO && value <= INT64_MAX) {
        if (!shift(value, scale - NANO, &q.value))
            return too_large(err);
        q.value = value;
        q.scale = scale;
        if (is_canonical(&p, digits, scale) && text.len < sizeof(q.text))
            memcpy(q.text, text.ptr, text.len);
    } else if (parse_wide(&p, digits, &q, err) < 0) {
        return -1;
    }
    if (p.is_negative)
        q.value = -q.value;
    *ret = q;
    return 0;
}

/* The value in billionths; it was checked to fit when it was made. */
static __int128 nano(const struct quantity *q)
{
    __int128 value = q->value;

    for (int32_t i = q->scale; i > NANO; i--)
        value *= 10;
    return value;
}

bool quantity_is_zero(const struct quantity *q)
{
    return q->value == 0;
}

int quantity_sign(const struct quantity *q)
{
    return (q->value > 0) - (q->value < 0);
}

int quantity_cmp(const struct quantity *left, const struct quantity *right)
{
    __int128 l = nano(left), r = nano(right);

    return (l > r) - (l < r);
}

static void add_number(struct strbuf *b, __int128 n)
{
    char digits[DIGITS_MAX + 2];
    size_t len = 0;

    if (n < 0)
        strbuf_addc(b, '-');
    for (; n != 0; n /= 10)
        digits[len++] = (char) ('0' + abs((int) (n % 10)));
    while (len > 0)
        strbuf_addc(b, digits[--len]);
}

/* Beyond the largest suffix upstream writes none. */
static void add_suffix(struct strbuf *b, int32_t exponent, enum quantity_format format)
{
    for (size_t i = 0; i < COUNT_OF(suffixes) && format != QUANTITY_EXPONENT; i++) {
        if (suffixes[i].exponent != exponent || suffixes[i].format != format)
            continue;
        strbuf_addz(b, suffixes[i].text);
        return;
    }
    if (exponent != 0 && format == QUANTITY_EXPONENT)
        strbuf_addf(b, "e%d", exponent);
}

/* With the largest exponent that is a multiple of three. */
static void print_decimal(struct strbuf *b, const struct quantity *q,
                          enum quantity_format format)
{
    __int128 n = q->value;
    int32_t exponent = q->scale;

    for (; n % 10 == 0; n /= 10)
        exponent++;
    for (; exponent % 3 != 0; exponent--)
        n *= 10;
    add_number(b, n);
    add_suffix(b, exponent, format);
}

/* Whole numbers of 1024 or more keep the binary suffixes. */
static bool is_binary_number(const struct quantity *q)
{
    const __int128 unit = 1000000000;
    __int128 n = nano(q);

    return (n >= 1024 * unit || n <= -1024 * unit) && n % unit == 0;
}

static void print_binary(struct strbuf *b, const struct quantity *q)
{
    __int128 n = nano(q) / 1000000000;
    int32_t exponent = 0;

    for (; n % 1024 == 0; n /= 1024)
        exponent += 10;
    add_number(b, n);
    if (exponent > 0)
        add_suffix(b, exponent, QUANTITY_BINARY);
}

struct str quantity_print(struct arena *a, const struct quantity *q)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(DIGITS_MAX * 2 + SUFFIX_MAX_BYTES);

    if (q->text[0])
        return str_copy(a, str_from(q->text));
    if (q->value == 0)
        return STR("0");
    if (q->format == QUANTITY_BINARY && is_binary_number(q))
        print_binary(&b, q);
    else
        print_decimal(&b, q, q->format == QUANTITY_BINARY ? QUANTITY_DECIMAL : q->format);
    return str_copy(a, strbuf_str(&b));
}

int quantity_add(struct quantity *q, const struct quantity *more, int sign, struct err *err)
{
    struct quantity sum = {.format = q->value == 0 ? more->format : q->format};
    __int128 summand = sign < 0 ? -nano(more) : nano(more);

    if (__builtin_add_overflow(nano(q), summand, &sum.value))
        return too_large(err);
    sum.scale = NANO;
    /* Upstream stays with 64 bits when both are kept so and the sum fits at the finer scale. */
    while (sum.scale < (q->scale < more->scale ? q->scale : more->scale) &&
           sum.value % 10 == 0) {
        sum.value /= 10;
        sum.scale++;
    }
    sum.is_wide = q->is_wide || more->is_wide || sum.value > INT64_MAX || sum.value < INT64_MIN;
    if (sum.is_wide) {
        sum.value = nano(&sum);
        sum.scale = NANO;
    }
    *q = sum;
    return 0;
}

/* Times ten to the power of @by; upstream wraps in some cases and gives 0 in others. */
static int64_t scaled_up(const struct quantity *q, int32_t by)
{
    bool wraps = q->is_wide || (by <= 9 && (by <= 3 || by % 3 == 0));
    __int128 value = q->value;

    if (!shift(value, by, &value))
        return 0;
    if (!wraps && (value > INT64_MAX || value < INT64_MIN))
        return 0;
    return (int64_t) (uint64_t) value;
}

/* Cut by @by digits; any rest counts one more: up when wide, else away from zero. */
static int64_t scaled_down(const struct quantity *q, int32_t by)
{
    __int128 value = q->value;
    bool has_rest = false;

    /* Upstream takes the lower 64 bits of wide negatives. */
    if (q->is_wide && value < 0)
        value = (int64_t) (uint64_t) value;
    for (; by > 0; by--) {
        has_rest |= value % 10 != 0;
        value /= 10;
    }
    if (has_rest)
        value += q->is_wide || q->value > 0 ? 1 : -1;
    return (int64_t) (uint64_t) value;
}

/* As a multiple of ten to the power of @scale. */
static int64_t scaled(const struct quantity *q, int32_t scale)
{
    return q->scale >= scale ? scaled_up(q, q->scale - scale)
                             : scaled_down(q, scale - q->scale);
}

int64_t quantity_value(const struct quantity *q)
{
    return scaled(q, 0);
}

int64_t quantity_milli_value(const struct quantity *q)
{
    return scaled(q, -3);
}

bool quantity_as_i64(const struct quantity *q, int64_t *ret)
{
    __int128 value;

    if (q->is_wide || q->scale < 0 || !shift(q->value, q->scale, &value) || value > INT64_MAX ||
        value < INT64_MIN)
        return false;
    *ret = (int64_t) value;
    return true;
}

double quantity_f64(const struct quantity *q)
{
    double base = (double) q->value;
    double power;
    char text[16];

    if (q->scale == 0)
        return base;
    /* The table of powers is the parser's, so that each is the nearest double. */
    snprintf(text, sizeof(text), "1e%d", q->scale);
    return parse_f64(str_from(text), &power) ? base * power : 0;
}
