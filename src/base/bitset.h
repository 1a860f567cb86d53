/*
 * base/bitset.h - a set of small numbers, for graph work. Lives in an arena; size fixed when
 * made.
 */
#pragma once

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"

struct bitset {
    uint64_t *words;
    size_t count; /* numbers 0 .. count - 1 */
};

/** bitset_new() - an empty set of numbers below @count, in the arena */
static inline struct bitset bitset_new(struct arena *a, size_t count)
{
    return (struct bitset){.words = ARENA_ARRAY(a, uint64_t, count / 64 + 1), .count = count};
}

static inline void bitset_add(struct bitset *set, size_t n)
{
    assert(n < set->count);
    set->words[n / 64] |= 1UL << (n % 64);
}

static inline void bitset_remove(struct bitset *set, size_t n)
{
    assert(n < set->count);
    set->words[n / 64] &= ~(1UL << (n % 64));
}

static inline bool bitset_has(const struct bitset *set, size_t n)
{
    assert(n < set->count);
    return (set->words[n / 64] >> (n % 64)) & 1U;
}
