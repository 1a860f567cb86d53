/*
 * formats/jsonraw.h - JSON values as the text they were written as.
 *
 * Parsed values know where they begin in their source; where the spelling matters (names of
 * looped nodes, the payload of a foreign event) the text itself is needed. The source is known
 * to be valid JSON. Pure, any thread.
 */
#pragma once

#include "formats/json.h"

/**
 * json_raw_at() - the text of the value that begins at an offset
 * @source: valid JSON text
 * @pos:    of the value's first byte, as struct json knows it
 *
 * Return: a part of @source.
 */
struct str json_raw_at(struct str source, uint32_t pos);

/**
 * json_raw_compact() - append a value's text as Go's encoder embeds raw text: no white space,
 * HTML escaped
 * @b:   buffer
 * @raw: valid JSON text
 */
void json_raw_compact(struct strbuf *b, struct str raw);

/**
 * json_raw_print() - append a value's text with other white space, as encoding/json's Compact
 * and Indent do; not a byte else changes
 * @b:     buffer
 * @raw:   valid JSON text; white space at its end stays
 * @style: JSON_COMPACT, or JSON_INDENT with two blanks a level
 */
void json_raw_print(struct strbuf *b, struct str raw, unsigned style);
