/*
 * Locks and their queues. See locks.h. A lock lives as long as somebody holds or wants it.
 */
#include <assert.h>
#include <stdlib.h>

#include "base/list.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/vec.h"
#include "formats/gotime.h"
#include "workflows/engine/locks.h"
#include "workflows/engine/mutant.h"

/* A holder's hold on a lock, or its place in the queue of it. In all three lists. */
struct claim {
    struct str holder, uid; /* one block, owned by holder */
    int64_t priority, created_ms;
    struct lock *lock;
    struct list of_holder, of_uid;
    bool is_held;
};

struct lock {
    struct str key; /* owned */
    unsigned limit; /* 0: nobody has asked yet, or it could not be read */
    bool is_mutex, is_dirty;
    VEC(struct claim *) holders;
    VEC(struct claim *) queue; /* in the order of their turns */
    VEC(struct str) names;     /* of the holders, for locks_holders() */
};

/* All claims of one holder or of one workflow. */
struct claimant {
    struct list claims;
};

struct locks {
    struct map maps[2];           /* semaphores, mutexes: key to struct lock */
    struct map by_holder, by_uid; /* to struct claimant */
    locks_wake_fn wake;
    void *ctx;
    bool is_dirty;
};

struct locks *locks_new(locks_wake_fn wake, void *ctx)
{
    struct locks *l = NEW(struct locks);

    map_init_borrowed(&l->maps[false]);
    map_init_borrowed(&l->maps[true]);
    l->wake = wake;
    l->ctx = ctx;
    return l;
}

static struct lock *lock_of(struct locks *l, struct str key, bool is_mutex)
{
    struct lock *lock = map_find(&l->maps[is_mutex], key);

    if (lock)
        return lock;
    lock = NEW(struct lock);
    lock->key = str_of(mem_dup(key.ptr, key.len), key.len);
    lock->is_mutex = is_mutex;
    map_put(&l->maps[is_mutex], lock->key, lock);
    return lock;
}

static void lock_free(struct locks *l, struct lock *lock)
{
    map_take(&l->maps[lock->is_mutex], lock->key);
    VEC_DONE(&lock->holders);
    VEC_DONE(&lock->queue);
    VEC_DONE(&lock->names);
    free((char *) (uintptr_t) lock->key.ptr);
    free(lock);
}

static void mark(struct locks *l, struct lock *lock)
{
    lock->is_dirty = l->is_dirty = true;
}

/* ---- claims ---- */

static struct list *claims_of(struct map *m, struct str key)
{
    struct claimant *c = map_find(m, key);

    if (!c) {
        c = NEW(struct claimant);
        list_init(&c->claims);
        map_put(m, key, c);
    }
    return &c->claims;
}

static struct claim *find(const struct locks *l, const struct lock *lock, struct str holder)
{
    struct claimant *c = map_find(&l->by_holder, holder);

    if (c)
        LIST_FOREACH (it, &c->claims, struct claim, of_holder) {
            if (it->lock == lock)
                return it;
        }
    return NULL;
}

static struct claim *claim_new(struct locks *l, struct lock *lock,
                               const struct lock_request *request)
{
    struct claim *c = NEW(struct claim);
    char *texts = mem_alloc(request->holder.len + request->uid.len + 1);

    memcpy(texts, request->holder.ptr, request->holder.len);
    memcpy(texts + request->holder.len, request->uid.ptr, request->uid.len);
    c->holder = str_of(texts, request->holder.len);
    c->uid = str_of(texts + request->holder.len, request->uid.len);
    c->priority = request->priority;
    c->created_ms = request->created_ms;
    c->lock = lock;
    list_append(claims_of(&l->by_holder, c->holder), &c->of_holder);
    list_append(claims_of(&l->by_uid, c->uid), &c->of_uid);
    return c;
}

static void leave_list(struct map *m, struct str key, struct list *link)
{
    struct claimant *c = map_find(m, key);

    list_remove(link);
    if (list_is_empty(&c->claims)) {
        map_take(m, key);
        free(c);
    }
}

/* It is in neither list of its lock any more. */
static void claim_free(struct locks *l, struct claim *c)
{
    leave_list(&l->by_holder, c->holder, &c->of_holder);
    leave_list(&l->by_uid, c->uid, &c->of_uid);
    free((char *) (uintptr_t) c->holder.ptr);
    free(c);
}

/* Whose turn is first. */
static bool is_before(const struct claim *a, const struct claim *b)
{
    if (a->priority != b->priority)
        return a->priority > b->priority;
    if (a->created_ms != b->created_ms)
        return a->created_ms < b->created_ms;
    return str_cmp(a->holder, b->holder) < 0;
}

/* Where a claim stands in the queue, or would stand. */
static size_t place_of(const struct lock *lock, const struct claim *c)
{
    size_t from = 0, to = lock->queue.len;

    while (from < to) {
        size_t middle = from + (to - from) / 2;

        if (is_before(lock->queue.at[middle], c))
            from = middle + 1;
        else
            to = middle;
    }
    return from;
}

static void enqueue(struct locks *l, struct lock *lock, const struct lock_request *request)
{
    struct claim *c;
    size_t at;

    if (find(l, lock, request->holder))
        return;
    c = claim_new(l, lock, request);
    at = place_of(lock, c);
    VEC_PUSH(&lock->queue, c);
    memmove(lock->queue.at + at + 1, lock->queue.at + at,
            (lock->queue.len - 1 - at) * sizeof(*lock->queue.at));
    lock->queue.at[at] = c;
}

static void dequeue(struct claim *c)
{
    struct lock *lock = c->lock;
    size_t at = place_of(lock, c);

    assert(at < lock->queue.len && lock->queue.at[at] == c);
    lock->queue.len--;
    memmove(lock->queue.at + at, lock->queue.at + at + 1,
            (lock->queue.len - at) * sizeof(*lock->queue.at));
}

static void hold(struct locks *l, struct lock *lock, const struct lock_request *request)
{
    struct claim *c = find(l, lock, request->holder);

    if (c && c->is_held)
        return;
    if (c) {
        dequeue(c);
        mark(l, lock);
    } else {
        c = claim_new(l, lock, request);
    }
    c->is_held = true;
    VEC_PUSH(&lock->holders, c);
}

static void let_go(struct claim *c)
{
    struct lock *lock = c->lock;
    size_t kept = 0;

    for (size_t i = 0; i < lock->holders.len; i++)
        if (lock->holders.at[i] != c)
            lock->holders.at[kept++] = lock->holders.at[i];
    lock->holders.len = kept;
}

static void claim_end(struct locks *l, struct claim *c)
{
    struct lock *lock = c->lock;

    if (c->is_held)
        let_go(c);
    else
        dequeue(c);
    claim_free(l, c);
    mark(l, lock);
    if (lock->holders.len == 0 && lock->queue.len == 0)
        lock_free(l, lock);
}

void locks_free(struct locks *l)
{
    if (!l)
        return;
    while (l->by_uid.len > 0) {
        struct claimant *c = l->by_uid.entries[0].value;

        claim_end(l, LIST_ENTRY(c->claims.next, struct claim, of_uid));
    }
    map_done(&l->maps[false]);
    map_done(&l->maps[true]);
    map_done(&l->by_holder);
    map_done(&l->by_uid);
    free(l);
}

void locks_release(struct locks *l, struct str holder)
{
    struct claimant *c;

    while ((c = map_find(&l->by_holder, holder)) != NULL)
        claim_end(l, LIST_ENTRY(c->claims.next, struct claim, of_holder));
}

void locks_forget(struct locks *l, struct str uid)
{
    struct claimant *c;

    while ((c = map_find(&l->by_uid, uid)) != NULL)
        claim_end(l, LIST_ENTRY(c->claims.next, struct claim, of_uid));
}

unsigned locks_limit(const struct locks *l, struct str key, bool is_mutex)
{
    const struct lock *lock = map_find(&l->maps[is_mutex], key);

    return lock ? lock->limit : 0;
}

size_t locks_holders(const struct locks *l, struct str key, bool is_mutex,
                     const struct str **ret)
{
    struct lock *lock = map_find(&l->maps[is_mutex], key);

    if (!lock)
        return 0;
    lock->names.len = 0;
    VEC_FOREACH (it, &lock->holders)
        VEC_PUSH(&lock->names, (*it)->holder);
    *ret = lock->names.at;
    return lock->names.len;
}

/* ---- taking ---- */

/* Is it to be had by somebody? When not, @ret says why. */
static bool is_free(const struct locks *l, struct lock *lock, struct arena *a,
                    const struct lock_item *item, struct str holder, struct str *ret)
{
    struct claim *c = find(l, lock, holder);

    assert(c); /* it has just been put into the queue */
    if (c->is_held)
        return true;
    if (lock->limit == 0)
        *ret = str_printf(a, "Failed to get semaphore limit for " STR_FMT, STR_ARG(lock->key));
    else if (!str_is_none(item->row)) /* how many hold it; of the others how many are free */
        *ret =
            str_printf(a, "Waiting for " STR_FMT " lock (" STR_FMT "). Lock status: %zu/%u",
                       STR_ARG(lock->key), STR_ARG(item->row), lock->holders.len, lock->limit);
    else
        *ret = str_printf(a, "Waiting for " STR_FMT " lock. Lock status: %lld/%u",
                          STR_ARG(lock->key),
                          (long long) lock->limit - (long long) lock->holders.len, lock->limit);
    return lock->holders.len < lock->limit + (ENGINE_MUTANT == ENGINE_GRANTS_TWICE) &&
           lock->queue.at[0] == c;
}

bool locks_take(struct locks *l, struct arena *a, const struct lock_request *request,
                struct str *ret_failed, struct str *ret_text)
{
    bool is_taken = true;
    struct str text;

    for (size_t i = 0; i < request->item_count; i++) {
        const struct lock_item *item = &request->items[i];
        struct lock *lock = lock_of(l, item->key, item->is_mutex);

        lock->limit = item->limit;
        enqueue(l, lock, request);
        if (is_free(l, lock, a, item, request->holder, &text) || !is_taken)
            continue;
        is_taken = false;
        *ret_failed = str_copy(a, lock->key);
        *ret_text = text;
    }
    for (size_t i = 0; is_taken && i < request->item_count; i++)
        hold(l, lock_of(l, request->items[i].key, request->items[i].is_mutex), request);
    return is_taken;
}

/* ---- from what is stored ---- */

static void restore_holder(struct locks *l, struct str key, bool is_mutex,
                           const struct lock_request *user)
{
    if (!str_is_empty(user->holder) && !str_is_empty(key))
        hold(l, lock_of(l, key, is_mutex), user);
}

static void restore_held(struct locks *l, const struct json *status, struct lock_request user)
{
    const struct json *semaphores = json_path(status, "semaphore", "holding", NULL), *item;
    const struct json *mutexes = json_path(status, "mutex", "holding", NULL);

    for (size_t i = 0; (item = json_item(semaphores, i)) != NULL; i++)
        for (size_t k = 0; json_item(json_get(item, STR("holders")), k); k++) {
            user.holder = json_str(json_item(json_get(item, STR("holders")), k));
            restore_holder(l, json_get_str(item, STR("semaphore")), false, &user);
        }
    for (size_t i = 0; (item = json_item(mutexes, i)) != NULL; i++) {
        user.holder = json_get_str(item, STR("holder"));
        restore_holder(l, json_get_str(item, STR("mutex")), true, &user);
    }
}

static void restore_waiting(struct locks *l, const struct json *status, bool is_mutex,
                            const struct lock_request *user)
{
    const struct str kind = is_mutex ? STR("mutex") : STR("semaphore");
    const struct json *list = json_get(json_get(status, kind), STR("waiting")), *item;

    for (size_t i = 0; (item = json_item(list, i)) != NULL; i++)
        if (!str_is_empty(json_get_str(item, kind)))
            enqueue(l, lock_of(l, json_get_str(item, kind), is_mutex), user);
}

void locks_restore(struct locks *l, const struct json *doc, enum locks_restore when)
{
    const struct json *meta = json_get(doc, STR("metadata"));
    const struct json *status = json_path(doc, "status", "synchronization", NULL);
    struct arena *a = arena_new();
    struct lock_request user = {.uid = json_get_str(meta, STR("uid"))};
    struct wall created = {0};
    struct err err;

    if (gotime_parse_wall(json_get_str(meta, STR("creationTimestamp")), &created, &err) == 0)
        user.created_ms = created.ms;
    if (!json_i64(json_path(doc, "spec", "priority", NULL), &user.priority))
        user.priority = 0;
    locks_forget(l, user.uid);
    restore_held(l, status, user);
    if (when == LOCKS_AT_START) {
        user.holder =
            str_printf(a, STR_FMT "/" STR_FMT, STR_ARG(json_get_str(meta, STR("namespace"))),
                       STR_ARG(json_get_str(meta, STR("name"))));
        restore_waiting(l, status, false, &user);
        restore_waiting(l, status, true, &user);
    }
    arena_free(a);
}

/* ---- waking ---- */

void locks_touch(struct locks *l, struct str prefix)
{
    for (size_t i = 0; i < COUNT_OF(l->maps); i++)
        MAP_FOREACH (it, &l->maps[i])
            if (str_starts(it->key, prefix))
                mark(l, it->value);
}

/* Those whose turn it is now: as many as there is room for, and the head in any case, because
 * the limit may have grown. */
static void wake_heads(struct locks *l, const struct lock *lock)
{
    size_t room = lock->limit > lock->holders.len ? lock->limit - lock->holders.len : 1;

    for (size_t i = 0; i < lock->queue.len && i < room; i++)
        l->wake(l->ctx, lock->queue.at[i]->uid);
}

static void wake_dirty(struct locks *l, const struct map *locks)
{
    MAP_FOREACH (it, locks) {
        struct lock *lock = it->value;

        if (lock->is_dirty)
            wake_heads(l, lock);
        lock->is_dirty = false;
    }
}

void locks_kick(struct locks *l)
{
    if (!l->is_dirty || !l->wake)
        return;
    l->is_dirty = false;
    for (size_t i = 0; i < COUNT_OF(l->maps); i++)
        wake_dirty(l, &l->maps[i]);
}
