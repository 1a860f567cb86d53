/*
 * base/arena.h - memory that a unit of work ends.
 *
 * One arena per HTTP request, delivered event, reconcile pass or parsed document. What is
 * allocated here is never freed singly and does not leave without a copy. Not thread-safe: one
 * owner at any instant. A function that allocates in an arena takes it as a parameter: its
 * signature says where the result lives.
 */
#pragma once

#include <stdarg.h>

#include "base/attrs.h"
#include "base/str.h"

struct arena;

/** arena_new() - an empty arena; owned by the caller */
struct arena *arena_new(void) _malloc_;

/** arena_new_sized() - arena_new() whose first block has that many bytes: for small things of
 * which there are very many */
struct arena *arena_new_sized(size_t first_bytes);

/**
 * arena_free() - release the arena and all that was allocated in it
 * @a: arena or NULL
 */
void arena_free(struct arena *a);
DEFINE_CLEANUP(struct arena *, arena_free)
#define _cleanup_arena_ _cleanup_(arena_freep)

/**
 * arena_reset() - forget all allocations, keep the first block for reuse
 * @a: arena
 */
void arena_reset(struct arena *a);

/**
 * arena_alloc() - zeroed memory, aligned to 16 bytes
 * @a:    arena
 * @size: bytes; input-sized requests are limit-checked by the caller
 */
void *arena_alloc(struct arena *a, size_t size) _malloc_;

/**
 * arena_alloc_raw() - as arena_alloc(), not zeroed, aligned to 8 bytes
 * @a:    arena
 * @size: bytes
 */
void *arena_alloc_raw(struct arena *a, size_t size) _malloc_;

/**
 * arena_grow() - move an array to twice its room
 * @a:         arena
 * @ptr:       array or NULL; its old memory stays until the arena ends
 * @used_size: bytes of it to keep
 * @new_size:  bytes of the new one
 */
void *arena_grow(struct arena *a, const void *ptr, size_t used_size, size_t new_size) _malloc_;

/**
 * arena_bytes() - bytes handed out so far, for limits and tests
 * @a: arena
 */
size_t arena_bytes(const struct arena *a) _pure_;

/**
 * str_copy() - a copy in the arena, with a zero byte behind it
 * @a: arena
 * @s: text; absent stays absent
 */
struct str str_copy(struct arena *a, struct str s);

/**
 * str_cz() - a terminated copy for libc and SQLite
 * @a: arena
 * @s: text
 */
char *str_cz(struct arena *a, struct str s);

/**
 * str_printf() - formatted text in the arena
 * @a:   arena
 * @fmt: printf format
 */
struct str str_printf(struct arena *a, const char *fmt, ...) _printf_(2, 3);

/** str_vprintf() - str_printf() for a va_list */
struct str str_vprintf(struct arena *a, const char *fmt, va_list args) _printf_(2, 0);

/**
 * str_concat() - two texts joined, in the arena
 * @a:     arena
 * @left:  first
 * @right: second
 */
struct str str_concat(struct arena *a, struct str left, struct str right);

#define ARENA_NEW(a, type)          ((type *) arena_alloc((a), sizeof(type)))
#define ARENA_ARRAY(a, type, count) ((type *) arena_alloc((a), sizeof(type) * (count)))
