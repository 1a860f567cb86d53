/* See grpc_frames.h. */
#include "io/grpc_frames.h"

#include <inttypes.h>

#include "base/limits.h"

void grpc_frames_init(struct grpc_frames *f)
{
    *f = (struct grpc_frames){.message = STRBUF_INIT(GRPC_MESSAGE_MAX_BYTES)};
}

void grpc_frames_done(struct grpc_frames *f)
{
    strbuf_done(&f->message);
}

static int read_head(struct grpc_frames *f, struct err *err)
{
    f->want = (uint32_t) f->head[1] << 24 | (uint32_t) f->head[2] << 16 |
              (uint32_t) f->head[3] << 8 | f->head[4];
    if (f->head[0] != 0)
        return err_set(err, ERR_INVALID, "the answer is compressed, which was not asked for");
    if (f->want > GRPC_MESSAGE_MAX_BYTES)
        return err_set(err, ERR_LIMIT, "a message of %" PRIu32 " bytes is over %d", f->want,
                       GRPC_MESSAGE_MAX_BYTES);
    return 0;
}

int grpc_frames_next(struct grpc_frames *f, struct str *piece, struct str *ret, struct err *err)
{
    struct str part;

    if (f->is_whole) {
        f->is_whole = false;
        f->head_len = 0;
        strbuf_reset(&f->message);
    }
    while (f->head_len < GRPC_FRAME_HEAD_BYTES && piece->len > 0) {
        f->head[f->head_len++] = (unsigned char) piece->ptr[0];
        *piece = str_skip(*piece, 1);
        if (f->head_len == GRPC_FRAME_HEAD_BYTES && read_head(f, err) < 0)
            return -1;
    }
    if (f->head_len < GRPC_FRAME_HEAD_BYTES)
        return 0;
    part = str_head(*piece, f->want - f->message.len);
    strbuf_add(&f->message, part);
    *piece = str_skip(*piece, part.len);
    f->is_whole = f->message.len == f->want;
    *ret = strbuf_str(&f->message);
    return f->is_whole;
}
