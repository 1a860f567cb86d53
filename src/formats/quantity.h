/*
 * formats/quantity.h - Kubernetes quantities: "500m", "1.5Gi", "1e3".
 *
 * A quantity is an exact decimal number, at the finest a billionth, with the kind of suffix it
 * was written with. Values finer than that are rounded away from zero; binary ones are capped
 * at the largest 64-bit number. Plain values; pure functions; any thread. Numbers of more than
 * about 29 digits are refused, where upstream goes on.
 * ../shared/golden/lang/quantity.jsonl decides.
 */
#pragma once

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"

enum quantity_format {
    QUANTITY_DECIMAL,  /* n u m "" k M G T P E */
    QUANTITY_BINARY,   /* Ki Mi Gi Ti Pi Ei */
    QUANTITY_EXPONENT, /* e3 */
};

struct quantity {
    __int128 value; /* times ten to the power of scale */
    int32_t scale;  /* -9 or more */
    bool
        is_wide; /* kept beyond 64 bits: conversions round and wrap as upstream's do for such */
    enum quantity_format format;
    char text[24]; /* as it was written, when that is the canonical form; else empty */
};

/**
 * quantity_parse() - read a quantity
 * @text: text
 * @ret:  the quantity; untouched on failure
 * @err:  ERR_INVALID with Kubernetes' text, ERR_LIMIT for too many digits
 *
 * Return: 0 or -1.
 */
int quantity_parse(struct str text, struct quantity *ret, struct err *err);

/** quantity_print() - the canonical text, in the format the quantity has */
struct str quantity_print(struct arena *a, const struct quantity *q);

/** quantity_is_zero() - is it nothing? */
bool quantity_is_zero(const struct quantity *q) _pure_;

/** quantity_sign() - -1, 0 or 1 */
int quantity_sign(const struct quantity *q) _pure_;

/** quantity_cmp() - order by value: <0, 0 or >0 */
int quantity_cmp(const struct quantity *left, const struct quantity *right);

/**
 * quantity_add() - add or, with @sign -1, subtract
 * @q:    changed; takes the other's format when it was zero
 * @more: summand
 * @sign: 1 or -1
 * @err:  ERR_LIMIT when the sum does not fit
 *
 * Return: 0 or -1; on failure @q is unchanged.
 */
int quantity_add(struct quantity *q, const struct quantity *more, int sign, struct err *err);

/** quantity_value() - as whole units, a fraction rounded up; wraps or is 0 where it does not
 * fit, as upstream */
int64_t quantity_value(const struct quantity *q);

/** quantity_milli_value() - as thousandths, likewise */
int64_t quantity_milli_value(const struct quantity *q);

/** quantity_as_i64() - a whole number that was written without fraction; false when it is none
 * or does not fit */
bool quantity_as_i64(const struct quantity *q, int64_t *ret) _must_use_;

/** quantity_f64() - the nearest double or a neighbour of it */
double quantity_f64(const struct quantity *q);
