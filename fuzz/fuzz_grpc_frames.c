/* Messages in a body of gRPC: they are the same in pieces of any size, and no more than came.
 */
#include <assert.h>
#include <string.h>

#include "base/arena.h"
#include "base/limits.h"
#include "io/grpc_frames.h"

enum { MESSAGES_MAX = 64 };

struct seen {
    struct str messages[MESSAGES_MAX];
    size_t count, bytes;
    bool is_failed;
};

static struct seen read_all(struct arena *a, struct str body, size_t piece_len)
{
    struct seen seen = {0};
    struct grpc_frames f;
    struct err err;
    int got = 0;

    grpc_frames_init(&f);
    while (body.len > 0 && got >= 0) {
        struct str piece = str_head(body, piece_len), message;

        body = str_skip(body, piece_len);
        while ((got = grpc_frames_next(&f, &piece, &message, &err)) > 0) {
            seen.bytes += message.len + GRPC_FRAME_HEAD_BYTES;
            if (seen.count < MESSAGES_MAX)
                seen.messages[seen.count] = str_copy(a, message);
            seen.count++;
        }
    }
    seen.is_failed = got < 0;
    grpc_frames_done(&f);
    return seen;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct str body = str_of((const char *) data, size);
    struct seen whole = read_all(a, body, size + 1), parts;

    assert(whole.bytes <= size);
    for (size_t len = 1; len < 8; len += 2) {
        parts = read_all(a, body, len);
        assert(parts.count == whole.count && parts.is_failed == whole.is_failed);
        for (size_t i = 0; i < parts.count && i < MESSAGES_MAX; i++)
            assert(str_eq(parts.messages[i], whole.messages[i]));
    }
    return 0;
}
