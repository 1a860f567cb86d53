/*
 * gzipped.h - what zlib itself packs, for tests of what is unpacked.
 */
#pragma once

#include <zlib.h>

#include "base/arena.h"
#include "base/str.h"

/** gzipped() - bytes as gzip packs them at a level */
static inline struct str gzipped(struct arena *a, struct str bytes, int level)
{
    z_stream z = {.next_in = (Bytef *) (uintptr_t) bytes.ptr, .avail_in = (uInt) bytes.len};
    size_t room = bytes.len + 1024;
    char *to = arena_alloc_raw(a, room);

    assert_int_equal(deflateInit2(&z, level, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY),
                     Z_OK);
    z.next_out = (Bytef *) to;
    z.avail_out = (uInt) room;
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    room = z.total_out;
    deflateEnd(&z);
    return str_of(to, room);
}
