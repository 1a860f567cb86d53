/*
 * base/random.h - randomness as an argument, so that a whole daemon can be simulated from a
 * seed.
 *
 * Not for secrets: tokens and keys come from the crypto library. One owner at any instant.
 */
#pragma once

#include <stdint.h>

#include "base/arena.h"

struct random {
    uint64_t state;
};

enum { UUID_TEXT_BYTES = 36 };

/** random_seed() - a generator that always gives the same sequence for the same seed */
struct random random_seed(uint64_t seed);

/** random_from_system() - a generator seeded by the kernel; aborts if it has no randomness */
struct random random_from_system(void);

/** random_u64() - the next 64 bits (splitmix64) */
uint64_t random_u64(struct random *r);

/** random_below() - a number in [0, @limit); @limit is not 0 */
uint64_t random_below(struct random *r, uint64_t limit);

/**
 * random_suffix() - @len characters of Kubernetes' generateName alphabet
 * @r:   generator
 * @ret: room for @len bytes; not terminated
 * @len: characters, 5 where Kubernetes makes names
 */
void random_suffix(struct random *r, char *ret, size_t len);

/** random_uuid() - a version 4 UUID as text, in the arena */
struct str random_uuid(struct random *r, struct arena *a);
