/* See secret_cache.h. */
#include "base/secret_cache.h"

#include <pthread.h>

#include "base/limits.h"

struct kept {
    struct secret name, value; /* names tell whose they are: wiped, too */
    struct wall ends;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct kept all[SECRET_CACHE_MAX];

static void drop(struct kept *k)
{
    secret_done(&k->name);
    secret_done(&k->value);
    k->ends = (struct wall){0};
}

static bool is_named(const struct kept *k, struct str name)
{
    return secret_is_set(&k->name) && str_eq(secret_reveal(&k->name), name);
}

bool secret_cache_find(struct str name, struct wall now, struct secret *ret)
{
    bool is_there = false;

    pthread_mutex_lock(&lock);
    for (size_t i = 0; i < COUNT_OF(all) && !is_there; i++) {
        if (!is_named(&all[i], name))
            continue;
        is_there = all[i].ends.ms - SECRET_CACHE_RENEW_MS > now.ms;
        if (is_there)
            secret_init(ret, secret_reveal(&all[i].value));
        else
            drop(&all[i]);
    }
    pthread_mutex_unlock(&lock);
    return is_there;
}

/* The place of that name, or a free one, or that of what ends first. */
static struct kept *place_for(struct str name)
{
    struct kept *best = &all[0];

    for (size_t i = 0; i < COUNT_OF(all); i++) {
        if (is_named(&all[i], name))
            return &all[i];
        if (all[i].ends.ms < best->ends.ms)
            best = &all[i];
    }
    return best;
}

void secret_cache_put(struct str name, struct str value, struct wall ends)
{
    struct kept *to;

    pthread_mutex_lock(&lock);
    to = place_for(name);
    drop(to);
    secret_init(&to->name, name);
    secret_init(&to->value, value);
    to->ends = ends;
    pthread_mutex_unlock(&lock);
}

void secret_cache_clear(void)
{
    pthread_mutex_lock(&lock);
    for (size_t i = 0; i < COUNT_OF(all); i++)
        drop(&all[i]);
    pthread_mutex_unlock(&lock);
}
