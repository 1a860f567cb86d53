/*
 * formats/protowire.h - the bytes of Protocol Buffers: members with numbers, read one after the
 * other from a message and written behind each other into a buffer. What the members mean,
 * their order and which must be there is the caller's.
 *
 * A reader never looks beyond the text that it is given. Groups are not read. Pure; any thread.
 * Source: protobuf.dev, "Encoding".
 */
#pragma once

#include "base/strbuf.h"

enum protowire_type {
    PROTOWIRE_VARINT = 0,
    PROTOWIRE_FIXED64 = 1,
    PROTOWIRE_BYTES = 2, /* texts, bytes, messages, packed numbers */
    PROTOWIRE_FIXED32 = 5,
};

enum { PROTOWIRE_NUMBER_MAX = 536870911 };

/* A member as it stands in the bytes. */
struct protowire_field {
    uint32_t number; /* 1 to PROTOWIRE_NUMBER_MAX */
    enum protowire_type type;
    uint64_t whole;   /* but for PROTOWIRE_BYTES */
    struct str bytes; /* PROTOWIRE_BYTES: borrowed; else "" */
};

/* ---- reading ---- */

/** protowire_cut_varint() - take a number off the beginning; false: it is cut off or over ten
 * bytes, and @ret is undefined */
bool protowire_cut_varint(struct str *rest, uint64_t *ret) _must_use_;

/** protowire_cut_bytes() - take a length and as many bytes off the beginning, as delimited
 * messages stand in a stream; false: fewer are there */
bool protowire_cut_bytes(struct str *rest, struct str *ret) _must_use_;

/**
 * protowire_next() - the next member of a message
 * @rest: what is left of the message; moves behind the member
 * @ret:  the member
 *
 * Return: 1; 0 when nothing is left; -1 when the bytes are no message.
 */
int protowire_next(struct str *rest, struct protowire_field *ret) _must_use_;

/* ---- writing ---- */

/* Going over the buffer's maximum is its sticky state: strbuf_finish(). */

/** protowire_put_varint() - a number alone */
void protowire_put_varint(struct strbuf *b, uint64_t whole);

/** protowire_put_whole() - a member of type int32, int64, uint32, uint64, bool or enum; a
 * negative one is cast from int64_t */
void protowire_put_whole(struct strbuf *b, uint32_t number, uint64_t whole);

/** protowire_put_fixed32() - a member of type fixed32, or the bits of a float */
void protowire_put_fixed32(struct strbuf *b, uint32_t number, uint32_t whole);

/** protowire_put_fixed64() - a member of type fixed64, or the bits of a double */
void protowire_put_fixed64(struct strbuf *b, uint32_t number, uint64_t whole);

/** protowire_put_bytes() - a member of type string or bytes, or a message that is written */
void protowire_put_bytes(struct strbuf *b, uint32_t number, struct str bytes);

/**
 * protowire_begin() - a member that is a message: what is written from here on is in it
 * @b:      buffer
 * @number: of the member
 *
 * Return: what protowire_end() needs; messages nest.
 */
size_t protowire_begin(struct strbuf *b, uint32_t number) _must_use_;

/** protowire_end() - the message that began is whole: its length goes in front of it */
void protowire_end(struct strbuf *b, size_t begun);
