/*
 * formats/xml.h - the little of XML that the answers of object stores need: elements by name and
 * their texts. Pure. Doesn't check that a document is well formed, knows no name spaces,
 * comments or CDATA.
 */
#pragma once

#include "base/arena.h"
#include "base/str.h"

/**
 * xml_next() - the next element of a name, at any depth
 * @rest: where to look; moves behind the element
 * @name: its name
 * @ret:  what stands between its tags, borrowed; "" for <name/>
 *
 * Return: whether there was one.
 */
bool xml_next(struct str *rest, struct str name, struct str *ret);

/** xml_text() - the text of the first element of a name, entities undone, in the arena; ""
 * when there is none */
struct str xml_text(struct arena *a, struct str doc, struct str name);

/** xml_escape() - a text as it stands between tags, in the arena */
struct str xml_escape(struct arena *a, struct str text);
