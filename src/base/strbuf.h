/*
 * base/strbuf.h - text for writing: a growing buffer with a maximum.
 *
 * Going over the maximum sets a sticky state that is checked once at the end, so building code
 * stays linear. Memory is the heap's; strbuf_done() releases it. One owner at any instant.
 */
#pragma once

#include <stdarg.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

struct strbuf {
    char *ptr;        /* owned; terminated whenever not NULL */
    size_t len, room; /* bytes */
    size_t max_bytes;
    bool is_over; /* the maximum was exceeded; all later writes are dropped */
};

#define STRBUF_INIT(max)   \
    {                      \
        .max_bytes = (max) \
    }

/** strbuf_init() - an empty buffer that may grow to @max_bytes */
void strbuf_init(struct strbuf *b, size_t max_bytes);

/** strbuf_done() - release the contents; safe on a zeroed buffer */
void strbuf_done(struct strbuf *b);
#define _cleanup_strbuf_ _cleanup_(strbuf_done)

/** strbuf_reset() - empty it, keep the memory, clear the sticky state */
void strbuf_reset(struct strbuf *b);

/** strbuf_reserve() - room for @len more bytes behind the end; NULL when over the maximum */
char *strbuf_reserve(struct strbuf *b, size_t len);

/** strbuf_add() - append text */
void strbuf_add(struct strbuf *b, struct str s);

/** strbuf_addc() - append one byte */
void strbuf_addc(struct strbuf *b, char c);

/** strbuf_addz() - append a C string */
void strbuf_addz(struct strbuf *b, const char *cz);

/** strbuf_addf() - append formatted text */
void strbuf_addf(struct strbuf *b, const char *fmt, ...) _printf_(2, 3);

/** strbuf_vaddf() - strbuf_addf() for a va_list */
void strbuf_vaddf(struct strbuf *b, const char *fmt, va_list args) _printf_(2, 0);

/** strbuf_skip() - drop the first @len bytes, or all; the sticky state stays */
void strbuf_skip(struct strbuf *b, size_t len);

/** strbuf_str() - what was written so far; borrowed until the next write */
static inline struct str strbuf_str(const struct strbuf *b)
{
    return str_of(b->ptr ? b->ptr : "", b->len);
}

/**
 * strbuf_finish() - check the sticky state once
 * @b:   buffer
 * @ret: its contents, borrowed from @b
 * @err: filled on failure
 *
 * Return: 0, or -1 with ERR_LIMIT naming the maximum.
 */
int strbuf_finish(struct strbuf *b, struct str *ret, struct err *err);
