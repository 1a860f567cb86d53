/* A limit of requests a second. See rate.h. */
#include "api/rate.h"

#include <pthread.h>
#include <string.h>

#include "base/limits.h"
#include "base/map.h"
#include "base/mem.h"

enum { SECOND_NS = 1000000000, CLIENT_MAX_BYTES = 16 };

struct bucket {
    struct mono seen;
    uint64_t credit_ns; /* up to a second; a request costs a share of it */
    struct str client;  /* the key */
    char bytes[CLIENT_MAX_BYTES];
};

struct rate {
    uint64_t cost_ns;
    pthread_mutex_t lock;
    struct map buckets; /* client to struct bucket */
    size_t count;
    struct bucket shared;
};

struct rate *rate_new(uint64_t limit)
{
    struct rate *r = NEW(struct rate);

    r->cost_ns = limit > 0 && limit < SECOND_NS ? SECOND_NS / limit : 1;
    r->shared.credit_ns = SECOND_NS;
    pthread_mutex_init(&r->lock, NULL);
    map_init_borrowed(&r->buckets);
    return r;
}

static void drop_all(struct rate *r, bool only_full, struct mono now)
{
    struct bucket *kept[RATE_CLIENTS_MAX];
    size_t count = 0;

    MAP_FOREACH (it, &r->buckets) {
        struct bucket *b = it->value;

        if (only_full && b->credit_ns + (now.ns - b->seen.ns) < SECOND_NS)
            kept[count++] = b;
        else
            free(b);
    }
    map_done(&r->buckets);
    map_init_borrowed(&r->buckets);
    for (size_t i = 0; i < count; i++)
        map_put(&r->buckets, kept[i]->client, kept[i]);
    r->count = count;
}

void rate_free(struct rate *r)
{
    if (!r)
        return;
    drop_all(r, false, (struct mono){0});
    map_done(&r->buckets);
    pthread_mutex_destroy(&r->lock);
    free(r);
}

static struct bucket *bucket_of(struct rate *r, struct str client, struct mono now)
{
    struct bucket *b = map_find(&r->buckets, client);

    if (b)
        return b;
    if (r->count >= RATE_CLIENTS_MAX)
        drop_all(r, true, now);
    if (r->count >= RATE_CLIENTS_MAX || client.len > CLIENT_MAX_BYTES)
        return &r->shared;
    b = NEW(struct bucket);
    memcpy(b->bytes, client.ptr, client.len);
    b->client = str_of(b->bytes, client.len);
    b->seen = now;
    b->credit_ns = SECOND_NS;
    map_put(&r->buckets, b->client, b);
    r->count++;
    return b;
}

bool rate_take(struct rate *r, struct str client, struct mono now, uint64_t *ret)
{
    struct bucket *b;
    bool is_allowed;

    pthread_mutex_lock(&r->lock);
    b = bucket_of(r, client, now);
    if (now.ns > b->seen.ns) {
        uint64_t credit = b->credit_ns + (now.ns - b->seen.ns);

        b->credit_ns = credit < SECOND_NS ? credit : SECOND_NS;
        b->seen = now;
    }
    is_allowed = b->credit_ns >= r->cost_ns;
    if (is_allowed)
        b->credit_ns -= r->cost_ns;
    *ret = b->credit_ns / r->cost_ns;
    pthread_mutex_unlock(&r->lock);
    return is_allowed;
}
