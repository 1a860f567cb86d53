/*
 * Checks the syntax as Go has it, then leaves the number to strtod. Powers are computed in Go's
 * order of operations, as each one rounds. See gofloat.h.
 */
#include "formats/gofloat.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"

struct cursor {
    struct str text;
    size_t at;
    size_t underscores;
};

static char peek(const struct cursor *c)
{
    return c->at < c->text.len ? c->text.ptr[c->at] : '\0';
}

static bool is_digit(char c, bool is_hex)
{
    return (c >= '0' && c <= '9') ||
           (is_hex && ((c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F')));
}

/* Digits with single underscores between them; @may_begin: one may also come first, behind
 * "0x". Returns their count, or -1 when an underscore is at a wrong place. */
static int read_digits(struct cursor *c, bool is_hex, bool may_begin)
{
    bool may_follow = may_begin;
    int count = 0;

    for (;; c->at++) {
        char next = peek(c);

        if (next == '_') {
            if (!may_follow)
                return -1;
            may_follow = false;
            c->underscores++;
        } else if (is_digit(next, is_hex)) {
            may_follow = true;
            count++;
        } else {
            break;
        }
    }
    return c->at > 0 && c->text.ptr[c->at - 1] == '_' ? -1 : count;
}

static bool read_exponent(struct cursor *c)
{
    c->at++;
    if (peek(c) == '+' || peek(c) == '-')
        c->at++;
    return read_digits(c, false, false) > 0;
}

static bool is_number(struct cursor *c)
{
    bool is_hex;
    int whole, behind = 0;

    if (peek(c) == '+' || peek(c) == '-')
        c->at++;
    is_hex = c->at + 1 < c->text.len && c->text.ptr[c->at] == '0' &&
             (c->text.ptr[c->at + 1] | 0x20) == 'x';
    c->at += is_hex ? 2 : 0;
    whole = read_digits(c, is_hex, is_hex);
    if (peek(c) == '.') {
        c->at++;
        behind = read_digits(c, is_hex, false);
    }
    if (whole < 0 || behind < 0 || whole + behind == 0)
        return false;
    if ((peek(c) | 0x20) == (is_hex ? 'p' : 'e')) {
        if (!read_exponent(c))
            return false;
    } else if (is_hex) {
        return false;
    }
    return c->at == c->text.len;
}

static bool is_special(struct str text, double *ret)
{
    bool has_sign = text.len > 0 && (text.ptr[0] == '+' || text.ptr[0] == '-');
    struct str word = str_skip(text, has_sign);

    if (str_eq_nocase(text, STR("nan"))) {
        *ret = (double) NAN;
        return true;
    }
    if (!str_eq_nocase(word, STR("inf")) && !str_eq_nocase(word, STR("infinity")))
        return false;
    *ret = has_sign && text.ptr[0] == '-' ? (double) -INFINITY : (double) INFINITY;
    return true;
}

enum go_float go_float_parse(struct str text, double *ret)
{
    char small[64];
    struct cursor c = {.text = text};
    char *digits = small;
    size_t len = 0;

    *ret = 0;
    if (is_special(text, ret))
        return GO_FLOAT_READ;
    if (!is_number(&c))
        return GO_FLOAT_INVALID;
    if (text.len >= sizeof(small))
        digits = mem_alloc(text.len + 1);
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] != '_')
            digits[len++] = text.ptr[i];
    digits[len] = '\0';
    *ret = strtod(digits, NULL);
    if (digits != small)
        free(digits);
    return isinf(*ret) ? GO_FLOAT_OUT_OF_RANGE : GO_FLOAT_READ;
}

/* Adds one to the last digit of "d.ddde+XX"; false when the number of digits would change. */
static bool count_up(char *text)
{
    for (char *at = strchr(text, 'e') - 1; at >= text && *at != '-'; at--) {
        if (*at == '.')
            continue;
        if (*at < '9') {
            ++*at;
            return true;
        }
        *at = '0';
    }
    return false;
}

static bool reads_back(const char *text, double n)
{
    double back = strtod(text, NULL);

    return back >= n && back <= n;
}

int go_float_digits(double n, char *text)
{
    enum { DIGITS_MAX = 17 };
    int unused;
    bool is_power_of_two = fabs(frexp(n, &unused)) <= 0.5;

    for (int behind = 0; behind < DIGITS_MAX - 1; behind++) {
        snprintf(text, GO_FLOAT_TEXT_SIZE, "%.*e", behind, n);
        if (reads_back(text, n))
            return behind;
        /* What reads as a power of two reaches twice as far up as down. */
        if (is_power_of_two && count_up(text) && reads_back(text, n))
            return behind;
    }
    snprintf(text, GO_FLOAT_TEXT_SIZE, "%.*e", DIGITS_MAX - 1, n);
    return DIGITS_MAX - 1;
}

void go_float_text(double n, char *text)
{
    enum { EXPONENT_MIN = -4, EXPONENT_MAX = 5 }; /* beyond, it is printed */
    int behind, exponent;

    if (!isfinite(n)) {
        snprintf(text, GO_FLOAT_TEXT_SIZE, "%s", isnan(n) ? "NaN" : n < 0 ? "-Inf" : "+Inf");
        return;
    }
    behind = go_float_digits(n, text);
    exponent = (int) strtod(strchr(text, 'e') + 1, NULL);
    if (exponent >= EXPONENT_MIN && exponent <= EXPONENT_MAX)
        snprintf(text, GO_FLOAT_TEXT_SIZE, "%.*f", behind > exponent ? behind - exponent : 0,
                 n);
}

/* @base to a whole power below 2^63, times @factor; or one by that. Mantissa and exponent are
 * apart, so that nothing between overflows. */
static double pow_whole(double base, uint64_t power, double factor, bool is_inverse)
{
    enum { EXPONENT_MAX = 1 << 12 }; /* beyond what a double has, even when added up */
    int exponent = 0, total = 0;
    double mantissa = frexp(base, &exponent);

    for (; power != 0; power >>= 1) {
        if (exponent < -EXPONENT_MAX || exponent > EXPONENT_MAX) {
            total += exponent;
            break;
        }
        if (power & 1) {
            factor *= mantissa;
            total += exponent;
        }
        mantissa *= mantissa;
        exponent *= 2;
        if (mantissa < 0.5) {
            mantissa += mantissa;
            exponent--;
        }
    }
    return is_inverse ? ldexp(1 / factor, -total) : ldexp(factor, total);
}

/* math.Log of a number above 0, as it is computed on amd64. */
static double go_log(double n)
{
    int exponent = 0;
    double f = frexp(n, &exponent), k = exponent, s, s2, s4, rest, half;

    if (f < 7.07106781186547524401e-01) {
        k--;
        f *= 2;
    }
    f--;
    s = f / (2 + f);
    s2 = s * s;
    s4 = s2 * s2;
    rest = s2 * (6.666666666666735130e-01 +
                 s4 * (2.857142874366239149e-01 +
                       s4 * (1.818357216161805012e-01 + s4 * 1.479819860511658591e-01)));
    rest += s4 * (3.999999999940941908e-01 +
                  s4 * (2.222219843214978396e-01 + s4 * 1.531383769920937332e-01));
    half = 0.5 * f * f;
    return k * 6.93147180369123816490e-01 -
           (half - (s * (half + rest) + k * 1.90821492927058770002e-10) - f);
}

/* math.Exp as it is computed on amd64 with FMA, of numbers whose result is finite. */
static double go_exp(double n)
{
    static const double rows[] = {1.9841269841269841270e-4,
                                  1.3888888888888888889e-3,
                                  8.3333333333333333333e-3,
                                  4.1666666666666666667e-2,
                                  1.6666666666666666667e-1,
                                  0.5,
                                  1.0};
    double k = nearbyint(n * 1.4426950408889634073599246810018920),
           sum = 2.4801587301587301587e-5;

    n = fma(-0.69314718055966295651160180568695068359375, k, n);
    n = fma(-0.28235290563031577122588448175013436025525412068e-12, k, n);
    n *= 0.0625;
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        sum = fma(sum, n, rows[i]);
    n *= sum;
    for (int i = 0; i < 3; i++)
        n *= n + 2;
    return ldexp(fma(n, n + 2, 1), (int) k);
}

double go_pow(double base, double power)
{
    double whole = 0, rest = modf(fabs(power), &whole), factor = 1;

    if (!isfinite(base) || !isfinite(power) || !(fabs(base) > 0) || whole >= 0x1p63 ||
        (rest > 0 && base < 0))
        return pow(base, power);
    if (whole < 1 && rest >= 0.5 && rest <= 0.5)
        return power > 0 ? sqrt(base) : 1 / sqrt(base);
    if (rest > 0.5) {
        rest--;
        whole++;
    }
    if (fabs(rest) > 0)
        factor = go_exp(rest * go_log(base));
    return pow_whole(base, (uint64_t) whole, factor, power < 0);
}
