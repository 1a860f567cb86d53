/*
 * base/mem.h - heap memory that never comes back NULL.
 *
 * Out of memory aborts: the daemon is crash-only and all truth is on disk. In exchange, nothing
 * is sized by input without a limit check at the caller. Any thread.
 */
#pragma once

#include <stdlib.h>

#include "base/attrs.h"

/**
 * mem_alloc() - zeroed memory of @size bytes; release with free()
 * @size: bytes; 0 gives a valid pointer
 */
void *mem_alloc(size_t size) _malloc_;

/**
 * mem_array() - zeroed memory for @count elements of @size bytes; an overflow aborts
 * @count: elements
 * @size:  bytes of one
 */
void *mem_array(size_t count, size_t size) _malloc_;

/**
 * mem_resize() - grow or shrink to @count elements of @size bytes; new bytes are not zeroed
 * @ptr:   owned memory or NULL; taken
 * @count: elements
 * @size:  bytes of one
 */
void *mem_resize(void *ptr, size_t count, size_t size) _must_use_;

/**
 * mem_dup() - a copy of @len bytes with a zero byte behind them; release with free()
 * @ptr: bytes to copy; may be NULL when @len is 0
 * @len: how many
 */
void *mem_dup(const void *ptr, size_t len) _malloc_;

#define NEW(type) ((type *) mem_alloc(sizeof(type)))

static inline void freep(void *p)
{
    free(*(void **) p);
}

#define _cleanup_free_ _cleanup_(freep)
