/* Who may begin: a queue for each namespace, counts of those that run. See admission.h. */
#include "workflows/engine/admission.h"

#include <stdlib.h>

#include "base/map.h"
#include "base/mem.h"
#include "base/vec.h"

struct space {
    uint64_t running;
    int64_t limit;                      /* its own; <0: none */
    VEC(struct admission_item *) queue; /* a heap, places count from 1 */
};

struct admission {
    struct map spaces; /* namespace to struct space */
    uint64_t running, waiting;
    uint32_t total, each;
    void (*admitted)(void *ctx, struct admission_item *item);
    void *ctx;
};

static struct space *space_of(struct admission *a, struct str ns)
{
    struct space *s = map_find(&a->spaces, ns);

    if (s)
        return s;
    s = NEW(struct space);
    s->limit = -1;
    map_put(&a->spaces, ns, s);
    return s;
}

/* ---- the queue of a namespace ---- */

static bool is_before(const struct admission_item *a, const struct admission_item *b)
{
    if (a->priority != b->priority)
        return a->priority > b->priority;
    if (a->created_ms != b->created_ms)
        return a->created_ms < b->created_ms;
    return str_cmp(a->uid, b->uid) < 0;
}

static void set(struct space *s, struct admission_item *item, size_t at)
{
    s->queue.at[at - 1] = item;
    item->place = at;
}

static void rise(struct space *s, struct admission_item *item)
{
    size_t at = item->place;

    for (; at > 1 && is_before(item, s->queue.at[at / 2 - 1]); at /= 2)
        set(s, s->queue.at[at / 2 - 1], at);
    set(s, item, at);
}

static void sink(struct space *s, struct admission_item *item)
{
    size_t at = item->place;

    while (at * 2 <= s->queue.len) {
        size_t child = at * 2;

        if (child < s->queue.len && is_before(s->queue.at[child], s->queue.at[child - 1]))
            child++;
        if (!is_before(s->queue.at[child - 1], item))
            break;
        set(s, s->queue.at[child - 1], at);
        at = child;
    }
    set(s, item, at);
}

static void queue_add(struct admission *a, struct admission_item *item)
{
    struct space *s = space_of(a, item->ns);

    VEC_PUSH(&s->queue, item);
    item->place = s->queue.len;
    item->state = ADMISSION_WAITS;
    a->waiting++;
    rise(s, item);
}

static void queue_take(struct admission *a, struct admission_item *item)
{
    struct space *s = space_of(a, item->ns);
    struct admission_item *last = s->queue.at[s->queue.len - 1];
    size_t at = item->place;

    s->queue.len--;
    a->waiting--;
    item->place = 0;
    item->state = ADMISSION_NONE;
    if (last == item)
        return;
    set(s, last, at);
    rise(s, last);
    sink(s, last);
}

/* ---- room ---- */

static bool has_room_in(const struct admission *a, const struct space *s)
{
    uint64_t limit = s->limit < 0 ? a->each : (uint64_t) s->limit;

    return limit == 0 || s->running < limit;
}

static bool has_room(const struct admission *a)
{
    return a->total == 0 || a->running < a->total;
}

static void let_in(struct admission *a, struct admission_item *item)
{
    if (item->state == ADMISSION_RUNS)
        return;
    if (item->state == ADMISSION_WAITS)
        queue_take(a, item);
    item->state = ADMISSION_RUNS;
    space_of(a, item->ns)->running++;
    a->running++;
}

/* The first of those whose namespace has room, or NULL. */
static struct admission_item *first(const struct admission *a)
{
    struct admission_item *best = NULL;

    MAP_FOREACH (it, &a->spaces) {
        const struct space *s = it->value;

        if (s->queue.len > 0 && has_room_in(a, s) && (!best || is_before(s->queue.at[0], best)))
            best = s->queue.at[0];
    }
    return best;
}

static void kick(struct admission *a)
{
    while (a->waiting > 0 && has_room(a)) {
        struct admission_item *item = first(a);

        if (!item)
            return;
        let_in(a, item);
        a->admitted(a->ctx, item);
    }
}

/* ---- the door ---- */

struct admission *admission_new(void (*admitted)(void *ctx, struct admission_item *item),
                                void *ctx)
{
    struct admission *a = NEW(struct admission);

    a->admitted = admitted;
    a->ctx = ctx;
    return a;
}

void admission_free(struct admission *a)
{
    if (!a)
        return;
    MAP_FOREACH (it, &a->spaces) {
        struct space *s = it->value;

        VEC_DONE(&s->queue);
        free(s);
    }
    map_done(&a->spaces);
    free(a);
}

void admission_limit(struct admission *a, uint32_t total, uint32_t each)
{
    a->total = total;
    a->each = each;
    kick(a);
}

void admission_limit_of(struct admission *a, struct str ns, int64_t limit)
{
    if (limit < 0 && !map_find(&a->spaces, ns))
        return;
    space_of(a, ns)->limit = limit;
    kick(a);
}

bool admission_ask(struct admission *a, struct admission_item *item)
{
    if (item->state == ADMISSION_NONE) {
        /* All that had room were let in before: those that wait have none. */
        if (has_room(a) && has_room_in(a, space_of(a, item->ns)))
            let_in(a, item);
        else
            queue_add(a, item);
    }
    return item->state == ADMISSION_RUNS;
}

void admission_run(struct admission *a, struct admission_item *item)
{
    let_in(a, item);
}

void admission_leave(struct admission *a, struct admission_item *item)
{
    if (item->state == ADMISSION_WAITS)
        queue_take(a, item);
    if (item->state != ADMISSION_RUNS)
        return;
    item->state = ADMISSION_NONE;
    space_of(a, item->ns)->running--;
    a->running--;
    kick(a);
}
