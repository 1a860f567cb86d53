/*
 * Arenas: a chain of blocks, bump allocation, no free of single pieces. The first block is
 * small, since most arenas serve one request; each further block doubles up to a cap; large
 * pieces get a block of their own.
 */
#include "base/arena.h"

#include <assert.h>
#include <stdio.h>

#include "base/mem.h"

enum {
    FIRST_BLOCK_BYTES = 4096,
    BLOCK_MAX_BYTES = 1 << 20,
    BLOCK_KEPT_BYTES = 1 << 18, /* by arena_reset() */
};

struct block {
    struct block *prev;
    size_t size; /* bytes behind this head */
    size_t used;
    size_t pad;
};

struct arena {
    struct block *top;
    size_t first_bytes; /* of the first block */
    size_t bytes;       /* handed out since the start or the last reset */
};

static struct block *block_new(struct block *prev, size_t size)
{
    struct block *block = malloc(sizeof(*block) + size);

    if (!block)
        abort();
    *block = (struct block){.prev = prev, .size = size};
    return block;
}

struct arena *arena_new(void)
{
    return arena_new_sized(FIRST_BLOCK_BYTES);
}

struct arena *arena_new_sized(size_t first_bytes)
{
    struct arena *a = NEW(struct arena);

    a->first_bytes = first_bytes;
    return a;
}

void arena_free(struct arena *a)
{
    if (!a)
        return;
    for (struct block *block = a->top; block;) {
        struct block *prev = block->prev;

        free(block);
        block = prev;
    }
    free(a);
}

/* The largest block that is not too large stays: what comes next is often as large. */
void arena_reset(struct arena *a)
{
    struct block *kept = NULL;

    while (a->top) {
        struct block *block = a->top;

        a->top = block->prev;
        if (block->size <= BLOCK_KEPT_BYTES && (!kept || block->size > kept->size)) {
            free(kept);
            kept = block;
        } else {
            free(block);
        }
    }
    if (kept) {
        kept->prev = NULL;
        kept->used = 0;
    }
    a->top = kept;
    a->bytes = 0;
}

static void add_block(struct arena *a, size_t need)
{
    size_t size = a->top ? a->top->size * 2 : a->first_bytes;

    if (size > BLOCK_MAX_BYTES)
        size = BLOCK_MAX_BYTES;
    a->top = block_new(a->top, size > need ? size : need);
}

static void *take(struct arena *a, size_t size, size_t align)
{
    struct block *top = a->top;
    size_t at = 0;

    if (size > (size_t) PTRDIFF_MAX - BLOCK_MAX_BYTES)
        abort();
    if (top)
        at = (top->used + align - 1) & ~(align - 1);
    if (!top || at > top->size || top->size - at < size) {
        add_block(a, size);
        top = a->top;
        at = 0;
    }
    top->used = at + size;
    a->bytes += size;
    return (char *) (top + 1) + at;
}

void *arena_alloc(struct arena *a, size_t size)
{
    return memset(take(a, size, 16), 0, size);
}

void *arena_alloc_raw(struct arena *a, size_t size)
{
    return take(a, size, 8);
}

void *arena_grow(struct arena *a, const void *ptr, size_t used_size, size_t new_size)
{
    void *grown = NULL;

    assert(new_size >= used_size);
    grown = take(a, new_size, 16);
    if (used_size)
        memcpy(grown, ptr, used_size);
    return grown;
}

size_t arena_bytes(const struct arena *a)
{
    return a->bytes;
}

struct str str_copy(struct arena *a, struct str s)
{
    if (str_is_none(s))
        return s;
    return str_of(str_cz(a, s), s.len);
}

char *str_cz(struct arena *a, struct str s)
{
    char *copy = take(a, s.len + 1, 1);

    if (s.len)
        memcpy(copy, s.ptr, s.len);
    copy[s.len] = '\0';
    return copy;
}

struct str str_vprintf(struct arena *a, const char *fmt, va_list args)
{
    va_list again;
    char *text = NULL;
    int len = 0;

    va_copy(again, args);
    len = vsnprintf(NULL, 0, fmt, args);
    assert(len >= 0);
    text = take(a, (size_t) len + 1, 1);
    vsnprintf(text, (size_t) len + 1, fmt, again);
    va_end(again);
    return str_of(text, (size_t) len);
}

struct str str_printf(struct arena *a, const char *fmt, ...)
{
    va_list args;
    struct str text;

    va_start(args, fmt);
    text = str_vprintf(a, fmt, args);
    va_end(args);
    return text;
}

struct str str_concat(struct arena *a, struct str left, struct str right)
{
    char *text = take(a, left.len + right.len + 1, 1);

    if (left.len)
        memcpy(text, left.ptr, left.len);
    if (right.len)
        memcpy(text + left.len, right.ptr, right.len);
    text[left.len + right.len] = '\0';
    return str_of(text, left.len + right.len);
}
