/*
 * formats/gofloat.h - floating-point numbers as Go's strconv reads and prints them, powers as
 * its math computes them.
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

enum { GO_FLOAT_TEXT_SIZE = 40 };

/**
 * go_float_digits() - the fewest digits that read back as the same number
 * @n:    finite
 * @text: of GO_FLOAT_TEXT_SIZE bytes; "d.ddde+XX" as printf's %e prints it
 *
 * Return: how many digits stand behind the point.
 */
int go_float_digits(double n, char *text);

/**
 * go_float_text() - as strconv.FormatFloat(n, 'g', -1, 64), also fmt's %v, prints it
 * @n:    any number
 * @text: of GO_FLOAT_TEXT_SIZE bytes
 */
void go_float_text(double n, char *text);

/**
 * go_pow() - @base to the power of @power as math.Pow computes it
 * @base:  any number
 * @power: any number
 *
 * Whole powers are Go's to the last bit, where C's pow() rounds better; others may differ by
 * that one. Special values are C's, which are Go's.
 */
double go_pow(double base, double power) _pure_;
