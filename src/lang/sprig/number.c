/*
 * lang/sprig/number.c - sprig's functions on numbers.
 *
 * Any thread. Sums and the like of floats are those of decimal numbers, as upstream's: 0.1 and
 * 0.2 are 0.3. They are exact up to 37 digits; beyond that they are those of floats.
 */
#include <math.h>

#include "formats/gofloat.h"
#include "lang/sprig/sprig_internal.h"

SPRIG_FN(int)
{
    *ret = value_int(value_cast_int(&args[0]));
    return 0;
}

SPRIG_FN(int64)
{
    *ret = value_int64(value_cast_int(&args[0]));
    return 0;
}

SPRIG_FN(float64)
{
    *ret = value_float(value_cast_float(&args[0]));
    return 0;
}

SPRIG_FN(ascii_to_int)
{
    struct str s = value_text(&args[0]);
    int64_t n = 0;
    size_t digits = s.len > 0 && (s.ptr[0] == '-' || s.ptr[0] == '+');

    if (!parse_i64(s, &n)) {
        while (digits < s.len && s.ptr[digits] >= '0' && s.ptr[digits] <= '9')
            digits++;
        if (digits == s.len && digits > 1) /* too large: Go takes the largest */
            n = s.ptr[0] == '-' ? INT64_MIN : INT64_MAX;
    }
    *ret = value_int(n);
    return 0;
}

SPRIG_FN(add)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < count; i++)
        sum += (uint64_t) value_cast_int(&args[i]);
    *ret = value_int64((int64_t) sum);
    return 0;
}

SPRIG_FN(add1)
{
    *ret = value_int64((int64_t) ((uint64_t) value_cast_int(&args[0]) + 1));
    return 0;
}

SPRIG_FN(sub)
{
    *ret = value_int64(
        (int64_t) ((uint64_t) value_cast_int(&args[0]) - (uint64_t) value_cast_int(&args[1])));
    return 0;
}

SPRIG_FN(mul)
{
    uint64_t product = 1;

    for (size_t i = 0; i < count; i++)
        product *= (uint64_t) value_cast_int(&args[i]);
    *ret = value_int64((int64_t) product);
    return 0;
}

SPRIG_FN(div)
{
    int64_t x = value_cast_int(&args[0]), y = value_cast_int(&args[1]);

    if (y == 0)
        return value_fail(r, "runtime error: integer divide by zero");
    *ret = value_int64(y == -1 ? (int64_t) (0 - (uint64_t) x) : x / y);
    return 0;
}

SPRIG_FN(mod)
{
    int64_t x = value_cast_int(&args[0]), y = value_cast_int(&args[1]);

    if (y == 0)
        return value_fail(r, "runtime error: integer divide by zero");
    *ret = value_int64(y == -1 ? 0 : x % y);
    return 0;
}

SPRIG_FN(max)
{
    int64_t most = value_cast_int(&args[0]);

    for (size_t i = 1; i < count; i++)
        most = value_cast_int(&args[i]) > most ? value_cast_int(&args[i]) : most;
    *ret = value_int64(most);
    return 0;
}

SPRIG_FN(min)
{
    int64_t least = value_cast_int(&args[0]);

    for (size_t i = 1; i < count; i++)
        least = value_cast_int(&args[i]) < least ? value_cast_int(&args[i]) : least;
    *ret = value_int64(least);
    return 0;
}

SPRIG_FN(ceil)
{
    *ret = value_float(ceil(value_cast_float(&args[0])));
    return 0;
}

SPRIG_FN(floor)
{
    *ret = value_float(floor(value_cast_float(&args[0])));
    return 0;
}

static int count_up(struct value_run *r, int64_t from, int64_t to, int64_t by,
                    struct value *ret)
{
    sprig_list list = {};

    for (int64_t n = from; by > 0 ? n < to : by < 0 && n > to; n += by) {
        if (sprig_add(r, &list, value_int(n)) < 0)
            return -1;
        if (by > 0 ? n > INT64_MAX - by : n < INT64_MIN - by)
            break;
    }
    *ret = value_array(list.at, list.len);
    ret->go = VALUE_GO_INTS;
    return 0;
}

SPRIG_FN(until)
{
    return count_up(r, 0, args[0].number, args[0].number < 0 ? -1 : 1, ret);
}

SPRIG_FN(untilStep)
{
    return count_up(r, args[0].number, args[1].number, args[2].number, ret);
}

SPRIG_FN(seq)
{
    int64_t from = count > 1 ? args[0].number : 1,
            to = count > 0 ? args[count > 2 ? 2 : count - 1].number : 0;
    int64_t by = to < from ? -1 : 1, step = count == 3 ? args[1].number : by;
    struct value list;
    struct str text = STR_NONE;

    *ret = value_string(STR(""));
    if (count == 0 || count > 3 || (count == 3 && to < from && step > 0))
        return 0;
    if (to > INT64_MAX - 1 || to < INT64_MIN + 1 ||
        count_up(r, from, to + by, step, &list) < 0 || value_format_str(r, &list, &text) < 0)
        return to > INT64_MAX - 1 || to < INT64_MIN + 1 ? value_make(r, SIZE_MAX) : -1;
    *ret = value_string(str_head(str_skip(text, 1), text.len - 2));
    return 0;
}

SPRIG_FN(toDecimal)
{
    struct str text = STR_NONE;
    int64_t n = 0;
    bool is_negative;

    if (value_format_str(r, &args[0], &text) < 0)
        return -1;
    is_negative = text.len > 1 && text.ptr[0] == '-';
    *ret = value_int64(0);
    for (size_t i = text.len > 1 && (is_negative || text.ptr[0] == '+'); i < text.len; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '7' || n > INT64_MAX / 8)
            return 0;
        n = n * 8 + text.ptr[i] - '0';
    }
    *ret = value_int64(is_negative ? -n : n);
    return 0;
}

/* ---- decimal numbers ---- */

__extension__ typedef __int128 wide;

/* digits * 10^exponent; inexact ones are carried on as floats. */
struct decimal {
    wide digits;
    int exponent;
    double real;
    bool is_exact;
};

static const wide wide_max = (wide) 1 << 124;

static struct decimal decimal_of(double n)
{
    char text[GO_FLOAT_TEXT_SIZE];
    struct decimal d = {.real = n, .is_exact = isfinite(n)};
    int behind, exponent = 0;
    bool is_negative = false;

    if (!d.is_exact)
        return d;
    behind = go_float_digits(n, text);
    for (const char *c = text; *c; c++) {
        if (*c == '-')
            is_negative = true;
        if (*c >= '0' && *c <= '9')
            d.digits = d.digits * 10 + (*c - '0');
        if (*c == 'e') {
            int64_t e = 0;

            exponent = parse_i64(str_from(c + 1), &e) ? (int) e : 0;
            break;
        }
    }
    d.exponent = exponent - behind;
    if (is_negative)
        d.digits = -d.digits;
    return d;
}

static bool scale(struct decimal *d, int exponent)
{
    while (d->exponent > exponent) {
        if (d->digits > wide_max / 10 || d->digits < -wide_max / 10)
            return false;
        d->digits *= 10;
        d->exponent--;
    }
    return true;
}

static double real_of(const struct decimal *d)
{
    char text[64];
    size_t len = sizeof(text);
    wide n = d->digits < 0 ? -d->digits : d->digits;
    double ret = 0;
    char end[16];
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(128);

    if (!d->is_exact)
        return d->real;
    do {
        text[--len] = (char) ('0' + (int) (n % 10));
        n /= 10;
    } while (n > 0);
    if (d->digits < 0)
        text[--len] = '-';
    snprintf(end, sizeof(end), "e%d", d->exponent);
    strbuf_add(&b, str_of(text + len, sizeof(text) - len));
    strbuf_addz(&b, end);
    (void) go_float_parse(strbuf_str(&b), &ret);
    return ret;
}

static void sum(struct decimal *x, struct decimal y, int sign)
{
    int exponent = x->exponent < y.exponent ? x->exponent : y.exponent;

    x->real = real_of(x) + sign * real_of(&y);
    x->is_exact = x->is_exact && y.is_exact && scale(x, exponent) && scale(&y, exponent);
    if (x->is_exact)
        x->digits += sign * y.digits;
}

static void multiply(struct decimal *x, struct decimal y)
{
    x->real = real_of(x) * real_of(&y);
    x->is_exact = x->is_exact && y.is_exact &&
                  !__builtin_mul_overflow(x->digits, y.digits, &x->digits) &&
                  x->digits < wide_max && x->digits > -wide_max;
    x->exponent += y.exponent;
}

/* Sixteen digits behind the point, as upstream's library. */
static void divide(struct decimal *x, struct decimal y)
{
    wide quotient, rest;

    x->real = real_of(x) / real_of(&y);
    x->is_exact =
        x->is_exact && y.is_exact && scale(x, y.exponent - 16) && scale(&y, x->exponent + 16);
    if (!x->is_exact)
        return;
    quotient = x->digits / y.digits;
    rest = x->digits % y.digits;
    if (rest < 0)
        rest = -rest;
    if (2 * rest >= (y.digits < 0 ? -y.digits : y.digits))
        quotient += (x->digits < 0) == (y.digits < 0) ? 1 : -1;
    x->digits = quotient;
    x->exponent = -16;
}

enum calculation { SUM, DIFFERENCE, PRODUCT, QUOTIENT };

static int calculate(struct value_run *r, enum calculation kind, const struct value *args,
                     size_t count, struct value *ret)
{
    struct decimal d = decimal_of(count > 0 ? value_cast_float(&args[0]) : 0);

    for (size_t i = 1; i < count; i++) {
        double n = value_cast_float(&args[i]);

        if (kind == QUOTIENT && n == 0)
            return value_fail(r, "decimal division by 0");
        if (kind == PRODUCT)
            multiply(&d, decimal_of(n));
        else if (kind == QUOTIENT)
            divide(&d, decimal_of(n));
        else
            sum(&d, decimal_of(n), kind == SUM ? 1 : -1);
    }
    *ret = value_float(real_of(&d));
    return 0;
}

SPRIG_FN(addf)
{
    return calculate(r, SUM, args, count, ret);
}

SPRIG_FN(add1f)
{
    const struct value both[] = {args[0], value_int(1)};

    return calculate(r, SUM, both, 2, ret);
}

SPRIG_FN(subf)
{
    return calculate(r, DIFFERENCE, args, count, ret);
}

SPRIG_FN(mulf)
{
    return calculate(r, PRODUCT, args, count, ret);
}

SPRIG_FN(divf)
{
    return calculate(r, QUOTIENT, args, count, ret);
}

SPRIG_FN(maxf)
{
    double most = value_cast_float(&args[0]);

    for (size_t i = 1; i < count; i++)
        most = fmax(most, value_cast_float(&args[i]));
    *ret = value_float(most);
    return 0;
}

SPRIG_FN(minf)
{
    double least = value_cast_float(&args[0]);

    for (size_t i = 1; i < count; i++)
        least = fmin(least, value_cast_float(&args[i]));
    *ret = value_float(least);
    return 0;
}

SPRIG_FN(round)
{
    double limit = count > 2 ? value_real(&args[2]) : 0.5, whole;
    double power = go_pow(10, value_cast_float(&args[1]));
    double digit = power * value_cast_float(&args[0]);

    *ret = value_float((modf(digit, &whole) >= limit ? ceil(digit) : floor(digit)) / power);
    return 0;
}

SPRIG_FN(randInt)
{
    uint64_t n = 0;

    if (args[1].number <= args[0].number)
        return value_fail(r, "invalid argument to Intn");
    if (sprig_random(r, (uint64_t) args[1].number - (uint64_t) args[0].number, &n) < 0)
        return -1;
    *ret = value_int((int64_t) ((uint64_t) args[0].number + n));
    return 0;
}
