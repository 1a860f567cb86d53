/* formats/uri.h - percent coding (RFC 3986). Any thread. */
#pragma once

#include "base/arena.h"

/** uri_escape() - everything but unreserved characters as %XX, in the arena: fit for a path
 * segment or a query value */
struct str uri_escape(struct arena *a, struct str text);
