/* Seeded randomness (splitmix64) and the two identifiers made of it. */
#include "base/random.h"

#include <assert.h>
#include <stdlib.h>
#include <sys/random.h>

enum { SEEDS_AT_ONCE = 32 }; /* 256 bytes: what getrandom() gives whole */

struct random random_seed(uint64_t seed)
{
    return (struct random){.state = seed};
}

/* A thread asks the kernel for many seeds at once: each is given out a single time. */
static _Thread_local struct {
    uint64_t seeds[SEEDS_AT_ONCE];
    size_t left;
} mine;

struct random random_from_system(void)
{
    if (mine.left == 0) {
        if (getrandom(mine.seeds, sizeof(mine.seeds), 0) != (ssize_t) sizeof(mine.seeds))
            abort();
        mine.left = SEEDS_AT_ONCE;
    }
    return (struct random){.state = mine.seeds[--mine.left]};
}

uint64_t random_u64(struct random *r)
{
    uint64_t z = r->state += 0x9e3779b97f4a7c15U;

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31);
}

uint64_t random_below(struct random *r, uint64_t limit)
{
    assert(limit > 0);
    return (uint64_t) (((unsigned __int128) random_u64(r) * limit) >> 64);
}

void random_suffix(struct random *r, char *ret, size_t len)
{
    static const char alphabet[] = "bcdfghjklmnpqrstvwxz2456789";

    for (size_t i = 0; i < len; i++)
        ret[i] = alphabet[random_below(r, sizeof(alphabet) - 1)];
}

struct str random_uuid(struct random *r, struct arena *a)
{
    uint64_t high = (random_u64(r) & ~0xf000U) | 0x4000U;
    uint64_t low = (random_u64(r) & ~(3UL << 62)) | (1UL << 63);

    return str_printf(a, "%08x-%04x-%04x-%04x-%012llx", (unsigned) (high >> 32),
                      (unsigned) (high >> 16) & 0xffffU, (unsigned) high & 0xffffU,
                      (unsigned) (low >> 48), (unsigned long long) low & 0xffffffffffffU);
}
