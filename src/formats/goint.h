/*
 * formats/goint.h - whole numbers as Go's strconv reads them with base 0: "0x1f", "0b11",
 * "0o17", "017", "1_000".
 *
 * Pure, any thread.
 */
#pragma once

#include "base/str.h"

/**
 * go_uint_parse() - a whole text as strconv.ParseUint(text, 0, 64) reads it
 * @ret: the number; undefined on failure
 *
 * Return: whether it was a number that fits.
 */
bool go_uint_parse(struct str text, uint64_t *ret) _must_use_;

/** go_int_parse() - the same with a sign; @ret is untouched on failure */
bool go_int_parse(struct str text, int64_t *ret) _must_use_;
