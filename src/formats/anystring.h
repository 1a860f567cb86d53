/*
 * formats/anystring.h - the text of a JSON value where a manifest takes text, number or boolean
 * alike.
 *
 * Parameters' values and defaults, sequence bounds and HTTP header values are written as any of
 * them and are texts from then on. Numbers pass through a double and come out in decimal
 * without an exponent, as upstream's AnyString does. Pure functions, any thread.
 */
#pragma once

#include "formats/json.h"

/**
 * any_string() - the text of a value
 * @a: where a new text lives; a string's own text is returned as it is
 * @v: value or NULL
 *
 * Return: the text; empty for null, arrays and objects; the absent view for NULL.
 */
struct str any_string(struct arena *a, const struct json *v);
