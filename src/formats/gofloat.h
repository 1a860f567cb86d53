/*
 * formats/gofloat.h - floating-point numbers as Go's strconv reads them.
 *
 * More than JSON's numbers: "+1", ".5", "5.", "0x1p-2", "1_000", "inf", "nan". Pure, any
 * thread.
 */
#pragma once

#include <stdbool.h>

#include "base/str.h"

enum go_float { GO_FLOAT_INVALID, GO_FLOAT_OUT_OF_RANGE, GO_FLOAT_READ };

/**
 * go_float_parse() - a whole text as strconv.ParseFloat(text, 64) reads it
 * @text: text
 * @ret:  the number; infinite when out of range, 0 when invalid
 */
enum go_float go_float_parse(struct str text, double *ret);
