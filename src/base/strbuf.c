/* Growing text buffers with a hard maximum; see strbuf.h. */
#include "base/strbuf.h"

#include <assert.h>
#include <stdio.h>

#include "base/mem.h"

enum { FIRST_ROOM_BYTES = 128 };

void strbuf_init(struct strbuf *b, size_t max_bytes)
{
    *b = (struct strbuf) STRBUF_INIT(max_bytes);
}

void strbuf_done(struct strbuf *b)
{
    free(b->ptr);
    *b = (struct strbuf){.max_bytes = b->max_bytes};
}

void strbuf_reset(struct strbuf *b)
{
    b->len = 0;
    b->is_over = false;
    if (b->ptr)
        b->ptr[0] = '\0';
}

char *strbuf_reserve(struct strbuf *b, size_t len)
{
    size_t need = 0;
    size_t room = b->room ? b->room : FIRST_ROOM_BYTES;

    if (b->is_over || len > b->max_bytes || b->len > b->max_bytes - len) {
        b->is_over = true;
        return NULL;
    }
    need = b->len + len + 1;
    if (need <= b->room)
        return b->ptr + b->len;
    while (room < need)
        room *= 2;
    b->ptr = mem_resize(b->ptr, room, 1);
    b->room = room;
    return b->ptr + b->len;
}

void strbuf_add(struct strbuf *b, struct str s)
{
    char *at = strbuf_reserve(b, s.len);

    if (!at)
        return;
    if (s.len)
        memcpy(at, s.ptr, s.len);
    b->len += s.len;
    b->ptr[b->len] = '\0';
}

void strbuf_addc(struct strbuf *b, char c)
{
    if (b->len + 2 <= b->room && !b->is_over &&
        b->len < b->max_bytes) { /* the usual case, without a call */
        b->ptr[b->len++] = c;
        b->ptr[b->len] = '\0';
        return;
    }
    strbuf_add(b, str_of(&c, 1));
}

void strbuf_addz(struct strbuf *b, const char *cz)
{
    strbuf_add(b, str_from(cz));
}

void strbuf_vaddf(struct strbuf *b, const char *fmt, va_list args)
{
    va_list again;
    int len = 0;
    char *at = NULL;

    va_copy(again, args);
    len = vsnprintf(NULL, 0, fmt, args);
    assert(len >= 0);
    at = strbuf_reserve(b, (size_t) len);
    if (at) {
        vsnprintf(at, (size_t) len + 1, fmt, again);
        b->len += (size_t) len;
    }
    va_end(again);
}

void strbuf_addf(struct strbuf *b, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    strbuf_vaddf(b, fmt, args);
    va_end(args);
}

int strbuf_finish(struct strbuf *b, struct str *ret, struct err *err)
{
    if (b->is_over)
        return err_set(err, ERR_LIMIT, "text is over its limit of %zu bytes", b->max_bytes);
    *ret = strbuf_str(b);
    return 0;
}

void strbuf_skip(struct strbuf *b, size_t len)
{
    if (len >= b->len)
        len = b->len;
    if (len == 0)
        return;
    memmove(b->ptr, b->ptr + len, b->len - len + 1); /* with the end mark */
    b->len -= len;
}
