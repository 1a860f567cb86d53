/*
 * Locks and their queues. See locks.h. A lock lives as long as somebody holds or wants it.
 */
#include <stdlib.h>

#include "base/map.h"
#include "base/mem.h"
#include "base/vec.h"
#include "formats/gotime.h"
#include "workflows/engine/locks.h"
#include "workflows/engine/mutant.h"

struct lock_user {
    struct str holder, uid; /* one block, owned by holder */
    int64_t priority, created_ms;
};

struct lock {
    struct str key; /* owned */
    unsigned limit;
    bool is_dirty;
    VEC(struct lock_user) holders;
    VEC(struct lock_user) queue; /* in the order of their turns */
    VEC(struct str) names;       /* of the holders, for locks_holders() */
};

struct locks {
    struct map map; /* key to struct lock */
    locks_wake_fn wake;
    void *ctx;
    bool is_dirty;
};

struct locks *locks_new(locks_wake_fn wake, void *ctx)
{
    struct locks *l = NEW(struct locks);

    map_init_borrowed(&l->map);
    l->wake = wake;
    l->ctx = ctx;
    return l;
}

static struct lock_user user_copy(const struct lock_user *from)
{
    char *texts = mem_alloc(from->holder.len + from->uid.len + 1);
    struct lock_user ret = *from;

    memcpy(texts, from->holder.ptr, from->holder.len);
    memcpy(texts + from->holder.len, from->uid.ptr, from->uid.len);
    ret.holder = str_of(texts, from->holder.len);
    ret.uid = str_of(texts + from->holder.len, from->uid.len);
    return ret;
}

static void user_drop(struct lock_user *u)
{
    free((char *) (uintptr_t) u->holder.ptr);
}

static void lock_free(struct locks *l, struct lock *lock)
{
    map_take(&l->map, lock->key);
    VEC_FOREACH (it, &lock->holders)
        user_drop(it);
    VEC_FOREACH (it, &lock->queue)
        user_drop(it);
    VEC_DONE(&lock->holders);
    VEC_DONE(&lock->queue);
    VEC_DONE(&lock->names);
    free((char *) (uintptr_t) lock->key.ptr);
    free(lock);
}

void locks_free(struct locks *l)
{
    if (!l)
        return;
    while (l->map.len > 0)
        lock_free(l, l->map.entries[0].value);
    map_done(&l->map);
    free(l);
}

static struct lock *lock_of(struct locks *l, struct str key)
{
    struct lock *lock = map_find(&l->map, key);

    if (lock)
        return lock;
    lock = NEW(struct lock);
    lock->key = str_of(mem_dup(key.ptr, key.len), key.len);
    lock->limit = 1;
    map_put(&l->map, lock->key, lock);
    return lock;
}

static void mark(struct locks *l, struct lock *lock)
{
    lock->is_dirty = l->is_dirty = true;
}

/* ---- users ---- */

static bool holds(struct lock *lock, struct str holder)
{
    VEC_FOREACH (it, &lock->holders)
        if (str_eq(it->holder, holder))
            return true;
    return false;
}

/* Whose turn is first. */
static bool is_before(const struct lock_user *a, const struct lock_user *b)
{
    if (a->priority != b->priority)
        return a->priority > b->priority;
    if (a->created_ms != b->created_ms)
        return a->created_ms < b->created_ms;
    return str_cmp(a->holder, b->holder) < 0;
}

static void enqueue(struct lock *lock, const struct lock_user *user)
{
    size_t at = 0;

    if (holds(lock, user->holder))
        return;
    VEC_FOREACH (it, &lock->queue)
        if (str_eq(it->holder, user->holder))
            return;
    while (at < lock->queue.len && is_before(&lock->queue.at[at], user))
        at++;
    VEC_PUSH(&lock->queue, user_copy(user));
    for (size_t i = lock->queue.len - 1; i > at; i--) {
        struct lock_user swap = lock->queue.at[i];

        lock->queue.at[i] = lock->queue.at[i - 1];
        lock->queue.at[i - 1] = swap;
    }
}

static void hold(struct lock *lock, const struct lock_user *user)
{
    if (!holds(lock, user->holder))
        VEC_PUSH(&lock->holders, user_copy(user));
}

enum users { USERS_HOLDER, USERS_QUEUE };

/* Takes out users of a holder's key or, when that is absent, of a workflow. */
static void leave(struct locks *l, struct lock *lock, struct str holder, struct str uid,
                  enum users which)
{
    size_t kept = 0;
    size_t count = which == USERS_QUEUE ? lock->queue.len : lock->holders.len;
    struct lock_user *at = which == USERS_QUEUE ? lock->queue.at : lock->holders.at;

    for (size_t i = 0; i < count; i++) {
        bool is_one =
            str_is_none(holder) ? str_eq(at[i].uid, uid) : str_eq(at[i].holder, holder);

        if (is_one)
            user_drop(&at[i]);
        else
            at[kept++] = at[i];
    }
    if (kept < count)
        mark(l, lock);
    if (which == USERS_QUEUE)
        lock->queue.len = kept;
    else
        lock->holders.len = kept;
}

static void leave_all(struct locks *l, struct str holder, struct str uid)
{
    for (size_t i = l->map.len; i > 0; i--) {
        struct lock *lock = l->map.entries[i - 1].value;

        leave(l, lock, holder, uid, USERS_HOLDER);
        leave(l, lock, holder, uid, USERS_QUEUE);
        if (lock->holders.len == 0 && lock->queue.len == 0)
            lock_free(l, lock);
    }
}

void locks_release(struct locks *l, struct str holder)
{
    leave_all(l, holder, STR_NONE);
}

void locks_forget(struct locks *l, struct str uid)
{
    leave_all(l, STR_NONE, uid);
}

size_t locks_holders(const struct locks *l, struct str key, const struct str **ret)
{
    struct lock *lock = map_find(&l->map, key);

    if (!lock)
        return 0;
    lock->names.len = 0;
    VEC_FOREACH (it, &lock->holders)
        VEC_PUSH(&lock->names, it->holder);
    *ret = lock->names.at;
    return lock->names.len;
}

/* ---- taking ---- */

/* Is it to be had by somebody? When not, @ret says why. */
static bool is_free(struct lock *lock, struct arena *a, struct str holder, struct str *ret)
{
    if (holds(lock, holder))
        return true;
    if (lock->limit == 0)
        *ret = str_printf(a, "Failed to get semaphore limit for " STR_FMT, STR_ARG(lock->key));
    else
        *ret = str_printf(a, "Waiting for " STR_FMT " lock. Lock status: %lld/%u",
                          STR_ARG(lock->key),
                          (long long) lock->limit - (long long) lock->holders.len, lock->limit);
    return lock->holders.len < lock->limit + (ENGINE_MUTANT == ENGINE_GRANTS_TWICE) &&
           str_eq(lock->queue.at[0].holder, holder);
}

bool locks_take(struct locks *l, struct arena *a, const struct lock_request *request,
                struct str *ret_failed, struct str *ret_text)
{
    const struct lock_user user = {.holder = request->holder,
                                   .uid = request->uid,
                                   .priority = request->priority,
                                   .created_ms = request->created_ms};
    bool is_taken = true;
    struct str text;

    for (size_t i = 0; i < request->item_count; i++) {
        struct lock *lock = lock_of(l, request->items[i].key);

        lock->limit = request->items[i].limit;
        enqueue(lock, &user);
        if (is_free(lock, a, request->holder, &text) || !is_taken)
            continue;
        is_taken = false;
        *ret_failed = str_copy(a, lock->key);
        *ret_text = text;
    }
    for (size_t i = 0; is_taken && i < request->item_count; i++) {
        struct lock *lock = lock_of(l, request->items[i].key);

        hold(lock, &user);
        leave(l, lock, request->holder, STR_NONE, USERS_QUEUE);
    }
    return is_taken;
}

/* ---- from what is stored ---- */

static void restore_holder(struct locks *l, struct str key, const struct lock_user *user)
{
    if (!str_is_empty(user->holder) && !str_is_empty(key))
        hold(lock_of(l, key), user);
}

static void restore_held(struct locks *l, const struct json *status, struct lock_user user)
{
    const struct json *semaphores = json_path(status, "semaphore", "holding", NULL), *item;
    const struct json *mutexes = json_path(status, "mutex", "holding", NULL);

    for (size_t i = 0; (item = json_item(semaphores, i)) != NULL; i++)
        for (size_t k = 0; json_item(json_get(item, STR("holders")), k); k++) {
            user.holder = json_str(json_item(json_get(item, STR("holders")), k));
            restore_holder(l, json_get_str(item, STR("semaphore")), &user);
        }
    for (size_t i = 0; (item = json_item(mutexes, i)) != NULL; i++) {
        user.holder = json_get_str(item, STR("holder"));
        restore_holder(l, json_get_str(item, STR("mutex")), &user);
    }
}

static void restore_waiting(struct locks *l, const struct json *status, struct str kind,
                            const struct lock_user *user)
{
    const struct json *list = json_get(json_get(status, kind), STR("waiting")), *item;

    for (size_t i = 0; (item = json_item(list, i)) != NULL; i++)
        if (!str_is_empty(json_get_str(item, kind)))
            enqueue(lock_of(l, json_get_str(item, kind)), user);
}

void locks_restore(struct locks *l, const struct json *doc, enum locks_restore when)
{
    const struct json *meta = json_get(doc, STR("metadata"));
    const struct json *status = json_path(doc, "status", "synchronization", NULL);
    struct arena *a = arena_new();
    struct lock_user user = {.uid = json_get_str(meta, STR("uid"))};
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
        restore_waiting(l, status, STR("semaphore"), &user);
        restore_waiting(l, status, STR("mutex"), &user);
    }
    arena_free(a);
}

/* ---- waking ---- */

void locks_touch(struct locks *l, struct str prefix)
{
    MAP_FOREACH (it, &l->map)
        if (str_starts(it->key, prefix))
            mark(l, it->value);
}

/* Those whose turn it is now: as many as there is room for, and the head in any case, because
 * the limit may have grown. */
static void wake_heads(struct locks *l, const struct lock *lock)
{
    size_t room = lock->limit > lock->holders.len ? lock->limit - lock->holders.len : 1;

    for (size_t i = 0; i < lock->queue.len && i < room; i++)
        l->wake(l->ctx, lock->queue.at[i].uid);
}

void locks_kick(struct locks *l)
{
    if (!l->is_dirty || !l->wake)
        return;
    l->is_dirty = false;
    MAP_FOREACH (it, &l->map) {
        struct lock *lock = it->value;

        if (lock->is_dirty)
            wake_heads(l, lock);
        lock->is_dirty = false;
    }
}
