/*
 * io/grpc_frames.h - the messages in a body of gRPC, which comes in pieces that know nothing of
 * them: before each stand a byte, whether it is compressed, and its length in four. Pure.
 */
#pragma once

#include "base/strbuf.h"

enum { GRPC_FRAME_HEAD_BYTES = 5 };

struct grpc_frames {
    unsigned char head[GRPC_FRAME_HEAD_BYTES];
    size_t head_len;
    bool is_whole; /* the message was handed out */
    uint32_t want; /* bytes of the message */
    struct strbuf message;
};

/** grpc_frames_init() - nothing came yet; released by grpc_frames_done() */
void grpc_frames_init(struct grpc_frames *f);

/** grpc_frames_done() - release it */
void grpc_frames_done(struct grpc_frames *f);

/**
 * grpc_frames_next() - the next message that is whole
 * @f:     what came before
 * @piece: what came; what is taken is cut off its beginning
 * @ret:   the message, valid until the next call
 * @err:   ERR_INVALID (compressed), ERR_LIMIT (over GRPC_MESSAGE_MAX_BYTES); then no more can
 * be read
 *
 * Return: 1; 0 when all of the piece is taken; -1.
 */
int grpc_frames_next(struct grpc_frames *f, struct str *piece, struct str *ret,
                     struct err *err);
