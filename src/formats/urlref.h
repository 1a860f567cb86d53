/*
 * formats/urlref.h - URI references as Go's net/url reads and prints them.
 *
 * Only what an event's source needs: is it a reference, and how does it print. Bytes that may
 * not stand in a path are escaped, escapes stay as they are. Pure, any thread. Does not
 * resolve, compare or fetch anything.
 */
#pragma once

#include <stdbool.h>

#include "base/arena.h"

/**
 * url_ref_print() - the normal form of a URI reference
 * @a:    where it lives
 * @text: as "my-source" or "https://host/path?query#part"
 * @ret:  the reference; untouched on failure
 *
 * Return: whether @text is one; the empty text is.
 */
bool url_ref_print(struct arena *a, struct str text, struct str *ret);
