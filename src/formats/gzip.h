/*
 * formats/gzip.h - bytes packed by gzip (RFC 1952), unpacked. By zlib, which is loaded when the
 * first of them come. Any thread.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"

/**
 * gzip_unpack() - what was packed, whole
 * @a:         where it lives, with a zero byte behind it
 * @packed:    one member or several, one behind the other, and nothing else
 * @max_bytes: of what comes out
 * @ret:       the bytes
 * @err:       ERR_INVALID: no gzip, damaged, cut off; ERR_LIMIT: more than @max_bytes, of which
 *             no more than that was unpacked; ERR_UNSUPPORTED: there is no zlib
 */
int gzip_unpack(struct arena *a, struct str packed, size_t max_bytes, struct str *ret,
                struct err *err);
