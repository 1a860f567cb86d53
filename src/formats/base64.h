/* formats/base64.h - base64 (RFC 4648) in its standard and URL alphabets. Any thread. */
#pragma once

#include "base/arena.h"
#include "base/err.h"

/** base64_encode() - standard alphabet with padding, in the arena */
struct str base64_encode(struct arena *a, struct str bytes);

/** base64_url_encode() - URL alphabet without padding (RFC 7515), in the arena */
struct str base64_url_encode(struct arena *a, struct str bytes);

/** base64_decode() - standard or URL alphabet, padded or not; line breaks are skipped;
 * ERR_INVALID names the first bad byte */
int base64_decode(struct arena *a, struct str text, struct str *ret, struct err *err);
