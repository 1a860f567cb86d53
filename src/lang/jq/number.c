/* Functions of numbers. See jq_internal.h. */
#include "lang/jq/jq_internal.h"

#include <math.h>

#include "formats/gofloat.h"

typedef double (*math1_fn)(double x);
typedef double (*math2_fn)(double x, double y);

static int apply1(struct jq_run *r, const char *name, math1_fn fn, const struct jq_value *in,
                  struct jq_value *ret)
{
    double x = 0;

    if (!jq_to_f64(in, &x))
        return jq_fail_type(r, name, in);
    *ret = jq_float(fn(x));
    return JQ_OK;
}

static int apply2(struct jq_run *r, const char *name, math2_fn fn, const struct jq_value *args,
                  struct jq_value *ret)
{
    double x = 0, y = 0;

    if (!jq_to_f64(&args[0], &x))
        return jq_fail_type(r, name, &args[0]);
    if (!jq_to_f64(&args[1], &y))
        return jq_fail_type(r, name, &args[1]);
    *ret = jq_float(fn(x, y));
    return JQ_OK;
}

static double significand_of(double x)
{
    int e;

    return x == 0 || !isfinite(x) ? x : frexp(x, &e) * 2;
}

static double exp10_of(double x)
{
    return go_pow(10, x);
}

static double logb_of(double x)
{
    return logb(x);
}

static double lgamma_of(double x)
{
    int sign;

    return lgamma_r(x, &sign);
}

static double drem_of(double x, double y)
{
    double z = remainder(x, y);

    return z == 0 ? copysign(z, x) : z;
}

static double jn_of(double n, double x)
{
    return jn((int) n, x);
}

static double yn_of(double n, double x)
{
    return yn((int) n, x);
}

static double ldexp_of(double x, double e)
{
    return ldexp(x, e > 1e6 ? 1000000 : e < -1e6 ? -1000000 : (int) e);
}

#define MATH1(X)                   \
    X(sin, sin)                    \
    X(cos, cos)                    \
    X(tan, tan)                    \
    X(asin, asin)                  \
    X(acos, acos)                  \
    X(atan, atan)                  \
    X(sinh, sinh)                  \
    X(cosh, cosh)                  \
    X(tanh, tanh)                  \
    X(asinh, asinh)                \
    X(acosh, acosh)                \
    X(atanh, atanh)                \
    X(floor, floor)                \
    X(round, round)                \
    X(nearbyint, rint)             \
    X(rint, rint)                  \
    X(ceil, ceil)                  \
    X(trunc, trunc)                \
    X(significand, significand_of) \
    X(fabs, fabs)                  \
    X(sqrt, sqrt)                  \
    X(cbrt, cbrt)                  \
    X(exp, exp)                    \
    X(exp10, exp10_of)             \
    X(exp2, exp2)                  \
    X(expm1, expm1)                \
    X(log, log)                    \
    X(log10, log10)                \
    X(log1p, log1p)                \
    X(log2, log2)                  \
    X(logb, logb_of)               \
    X(gamma, tgamma)               \
    X(tgamma, tgamma)              \
    X(lgamma, lgamma_of)           \
    X(erf, erf)                    \
    X(erfc, erfc)                  \
    X(j0, j0)                      \
    X(j1, j1)                      \
    X(y0, y0)                      \
    X(y1, y1)
#define MATH2(X)             \
    X(atan2, atan2)          \
    X(copysign, copysign)    \
    X(drem, drem_of)         \
    X(fdim, fdim)            \
    X(fmax, fmax)            \
    X(fmin, fmin)            \
    X(fmod, fmod)            \
    X(hypot, hypot)          \
    X(jn, jn_of)             \
    X(nextafter, nextafter)  \
    X(nexttoward, nextafter) \
    X(remainder, remainder)  \
    X(ldexp, ldexp_of)       \
    X(scalb, ldexp_of)       \
    X(scalbln, ldexp_of)     \
    X(yn, yn_of)             \
    X(pow, go_pow)

#define NUMBER(name)                                                                   \
    static int f_##name(struct jq_run *r _unused_, const struct jq_value *in _unused_, \
                        const struct jq_value *args _unused_, struct jq_value *ret)

#define X(name, fn)                           \
    NUMBER(name)                              \
    {                                         \
        return apply1(r, #name, fn, in, ret); \
    }
MATH1(X)
#undef X
#define X(name, fn)                             \
    NUMBER(name)                                \
    {                                           \
        return apply2(r, #name, fn, args, ret); \
    }
MATH2(X)
#undef X

NUMBER(fma)
{
    double x[3] = {0};

    for (size_t i = 0; i < 3; i++)
        if (!jq_to_f64(&args[i], &x[i]))
            return jq_fail_type(r, "fma", &args[i]);
    *ret = jq_float(fma(x[0], x[1], x[2]));
    return JQ_OK;
}

static int give_pair(struct jq_run *r, struct jq_value x, struct jq_value y,
                     struct jq_value *ret)
{
    struct jq_value *items = ARENA_ARRAY(r->a, struct jq_value, 2);

    items[0] = x;
    items[1] = y;
    *ret = jq_array(items, 2);
    return JQ_OK;
}

NUMBER(frexp)
{
    double x = 0;
    int e = 0;

    if (!jq_to_f64(in, &x))
        return jq_fail_type(r, "frexp", in);
    x = frexp(x, &e);
    return give_pair(r, jq_float(x), jq_int(isfinite(x) ? e : 0), ret);
}

NUMBER(modf)
{
    double x = 0, whole;

    if (!jq_to_f64(in, &x))
        return jq_fail_type(r, "modf", in);
    x = modf(x, &whole);
    return give_pair(r, jq_float(x), jq_float(whole), ret);
}

NUMBER(abs)
{
    struct jq_value zero = jq_int(0);

    *ret = *in;
    if (!jq_is_number(in))
        return jq_fail_type(r, "abs", in);
    if (in->type == JQ_FLOAT)
        ret->f = fabs(in->f);
    else if (jq_compare(r, in, &zero) < 0)
        return jq_binary(r, JQ_OP_SUB, &zero, in, ret);
    return JQ_OK;
}

/* [+-] digits, a point, an exponent; as in programs. */
static bool is_number_text(struct str s)
{
    size_t i = s.len > 0 && (s.ptr[0] == '-' || s.ptr[0] == '+'), digits = 0;

    for (; i < s.len && s.ptr[i] >= '0' && s.ptr[i] <= '9'; i++)
        digits++;
    if (i < s.len && s.ptr[i] == '.') {
        bool is_first = digits == 0;

        i++;
        if (is_first && (i == s.len || s.ptr[i] < '0' || s.ptr[i] > '9'))
            return false;
        for (; i < s.len && s.ptr[i] >= '0' && s.ptr[i] <= '9'; i++)
            digits++;
    }
    if (digits > 0 && i < s.len && (s.ptr[i] | 0x20) == 'e') {
        i++;
        i += i < s.len && (s.ptr[i] == '-' || s.ptr[i] == '+');
        for (digits = 0; i < s.len && s.ptr[i] >= '0' && s.ptr[i] <= '9'; i++)
            digits++;
    }
    return digits > 0 && i == s.len;
}

NUMBER(tonumber)
{
    *ret = *in;
    if (jq_is_number(in))
        return JQ_OK;
    if (in->type != JQ_STRING)
        return jq_fail_type(r, "tonumber", in);
    jq_compared(r, jq_str(in).len);
    if (!is_number_text(jq_str(in)))
        return jq_fail(r, "tonumber cannot be applied to " STR_FMT ": invalid number",
                       STR_ARG(jq_preview(r, in)));
    *ret = jq_number(r->a, jq_str(in));
    return JQ_OK;
}

NUMBER(infinite)
{
    *ret = jq_float((double) INFINITY);
    return JQ_OK;
}

NUMBER(nan)
{
    *ret = jq_float((double) NAN);
    return JQ_OK;
}

NUMBER(isinfinite)
{
    double x = 0;

    *ret = jq_bool(jq_to_f64(in, &x) && isinf(x));
    return JQ_OK;
}

NUMBER(isfinite)
{
    double x = 0;

    *ret = jq_bool(jq_to_f64(in, &x) && !isinf(x));
    return JQ_OK;
}

NUMBER(isnan)
{
    double x = 0;

    if (!jq_to_f64(in, &x) && in->type != JQ_NULL)
        return jq_fail_type(r, "isnan", in);
    *ret = jq_bool(isnan(x));
    return JQ_OK;
}

NUMBER(isnormal)
{
    double x = 0;

    *ret = jq_bool(jq_to_f64(in, &x) && isnormal(x));
    return JQ_OK;
}

#define X(name, fn) {#name, 0, f_##name},
#define Y(name, fn) {#name, 2, f_##name},
const struct jq_native jq_natives_number[] = {
    MATH1(X) MATH2(Y){"abs", 0, f_abs},
    {"fma", 3, f_fma},
    {"frexp", 0, f_frexp},
    {"infinite", 0, f_infinite},
    {"isfinite", 0, f_isfinite},
    {"isinfinite", 0, f_isinfinite},
    {"isnan", 0, f_isnan},
    {"isnormal", 0, f_isnormal},
    {"modf", 0, f_modf},
    {"nan", 0, f_nan},
    {"tonumber", 0, f_tonumber},
    {0},
};
