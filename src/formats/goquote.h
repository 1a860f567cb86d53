/*
 * formats/goquote.h - text as a Go string literal, as strconv.Quote and the verb %q print it.
 *
 * Needed wherever upstream puts a value into a message or, oddly, into JSON: Argo inserts
 * values into a template's JSON text with Go quoting, so what has no JSON spelling there is an
 * error here, too. Pure functions, any thread.
 */
#pragma once

#include <stdbool.h>

#include "base/arena.h"
#include "base/strbuf.h"

/**
 * go_is_print() - would Go print this code point as itself?
 * @rune: Unicode code point
 *
 * Letters, marks, numbers, punctuation, symbols and the ASCII blank of Unicode 15.
 */
bool go_is_print(uint32_t rune) _pure_;

/**
 * go_rune_next() - decode one code point of UTF-8
 * @s:        text, not empty
 * @ret_size: bytes it takes; 1 when the text is not valid there
 *
 * Return: the code point, or UINT32_MAX where the text is not valid UTF-8.
 */
uint32_t go_rune_next(struct str s, size_t *ret_size);

/** go_rune_last() - the bytes of the last code point of a text; empty of an empty one */
struct str go_rune_last(struct str s) _pure_;

/** go_is_space() - unicode.IsSpace */
bool go_is_space(uint32_t rune) _pure_;

/** go_trim_space() - strings.TrimSpace */
struct str go_trim_space(struct str s) _pure_;

/**
 * go_quote_add() - append @s as a Go string literal with its quotes
 * @b: buffer
 * @s: text; bytes that are not UTF-8 become \xNN
 */
void go_quote_add(struct strbuf *b, struct str s);

/** go_quote_add_bare() - go_quote_add() without the quotes */
void go_quote_add_bare(struct strbuf *b, struct str s);

/**
 * go_quote() - go_quote_add() into the arena
 * @a: where the text lives
 * @s: text
 */
struct str go_quote(struct arena *a, struct str s);
