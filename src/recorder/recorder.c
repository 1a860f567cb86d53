/*
 * The recorder: a transaction that fills until its timer comes, and a list of all Events in the
 * order in which they were made, whose first one the other timer waits for. See recorder.h.
 * Loop thread.
 */
#include "recorder/recorder.h"

#include "base/limits.h"
#include "base/list.h"
#include "base/log.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/random.h"
#include "objects/object.h"
#include "store/follow.h"

enum { NS_PER_MS = 1000000 };

/* An Event that is in the store. */
struct stored {
    struct arena *arena;
    struct list link; /* in recorder->stored */
    struct str ns, name, uid;
    struct wall created;
};

struct recorder {
    struct recorder_options options;
    struct store_txn *txn; /* what waits; NULL: nothing */
    unsigned pending;      /* in it */
    struct timer *flush_timer, *age_timer;
    struct store_follower *follower;
    struct list stored; /* the oldest first */
    struct map uids;    /* uid -> struct stored */
    unsigned under_way; /* commits */
    unsigned serial;    /* makes names differ that are given in one millisecond */
    struct random random;
    struct metric *dropped;
    bool is_deleting; /* a deletion is under way */
    bool is_stopping;
};

/* ---- writing ---- */

static struct json reference(struct arena *a, const struct recorder_event *e)
{
    struct json_object_builder b = {0};

    json_add(a, &b, STR("kind"), json_string(e->about->kind));
    json_add_str(a, &b, STR("namespace"), e->about->ns);
    json_add(a, &b, STR("name"), json_string(e->about->name));
    json_add(a, &b, STR("uid"), json_string(e->uid));
    json_add(a, &b, STR("apiVersion"), json_string(e->api_version));
    if (e->rv > 0)
        json_add(a, &b, STR("resourceVersion"),
                 json_string(str_printf(a, "%lld", (long long) e->rv)));
    return json_object(&b);
}

static struct json metadata(struct recorder *r, struct arena *a, const struct recorder_event *e)
{
    struct json_object_builder b = {0}, notes = {0};
    unsigned long long now = (unsigned long long) loop_wall(r->options.loop).ms * NS_PER_MS +
                             r->serial++ % NS_PER_MS;

    json_add(a, &b, STR("name"),
             json_string(
                 str_printf(a, STR_FMT ".%llx", STR_ARG(str_head(e->about->name, 200)), now)));
    for (size_t i = 0; i < e->note_count; i++)
        json_add(a, &notes, e->notes[i].key, json_string(e->notes[i].value));
    if (e->note_count > 0)
        json_add(a, &b, STR("annotations"), json_object(&notes));
    return json_object(&b);
}

/* At most so many bytes, whole letters. */
static struct str cut(struct str s)
{
    size_t len = s.len;

    if (len <= RECORDER_MESSAGE_MAX_BYTES)
        return s;
    for (len = RECORDER_MESSAGE_MAX_BYTES;
         len > 0 && ((unsigned char) s.ptr[len] & 0xc0) == 0x80;)
        len--;
    return str_head(s, len);
}

static struct json event_doc(struct recorder *r, struct arena *a,
                             const struct recorder_event *e)
{
    struct json_object_builder b = {0}, source = {0};
    struct json now = json_string(object_time_text(a, loop_wall(r->options.loop).ms));

    json_add(a, &source, STR("component"), json_string(e->component));
    json_add(a, &b, STR("apiVersion"), json_string(STR("v1")));
    json_add(a, &b, STR("kind"), json_string(STR("Event")));
    json_add(a, &b, STR("metadata"), metadata(r, a, e));
    json_add(a, &b, STR("involvedObject"), reference(a, e));
    json_add(a, &b, STR("reason"), json_string(e->reason));
    json_add(a, &b, STR("message"), json_string(cut(e->message)));
    json_add(a, &b, STR("source"), json_object(&source));
    json_add(a, &b, STR("firstTimestamp"), now);
    json_add(a, &b, STR("lastTimestamp"), now);
    json_add(a, &b, STR("count"), json_int(a, 1));
    json_add(a, &b, STR("type"), json_string(e->is_warning ? STR("Warning") : STR("Normal")));
    json_add(a, &b, STR("reportingComponent"), json_string(e->component));
    json_add(a, &b, STR("reportingInstance"), json_string(STR("")));
    return json_object(&b);
}

static void on_flushed(void *ctx, const struct store_result *result, const struct err *err)
{
    struct recorder *r = ctx;

    (void) result;
    r->under_way--;
    if (err->kind != ERR_NONE)
        log_warn(NULL, "events of objects were not stored", LOG_ERR(err));
}

static void flush(void *ctx)
{
    struct recorder *r = ctx;
    struct store_txn *txn = TAKE(r->txn);
    struct err err;

    if (!txn)
        return;
    r->pending = 0;
    if (store_commit(r->options.store, txn, on_flushed, r, &err) < 0)
        log_warn(NULL, "events of objects were not stored", LOG_ERR(&err));
    else
        r->under_way++;
}

/* ---- who may tell how much ---- */

static unsigned regained(const struct recorder *r, const struct recorder_budget *budget)
{
    uint64_t ms = (loop_now(r->options.loop).ns - budget->refilled.ns) / NS_PER_MS;

    return ms / RECORDER_REFILL_MS > RECORDER_BURST ? RECORDER_BURST
                                                    : (unsigned) (ms / RECORDER_REFILL_MS);
}

bool recorder_has_room(const struct recorder *r, const struct recorder_budget *budget)
{
    return r && (budget->spent < RECORDER_BURST || regained(r, budget) > 0);
}

static void spend(struct recorder *r, struct recorder_budget *budget)
{
    unsigned back = regained(r, budget);

    if (back > 0 || budget->spent == 0)
        budget->refilled = loop_now(r->options.loop);
    budget->spent -= back < budget->spent ? back : budget->spent;
    budget->spent++;
}

void recorder_add(struct recorder *r, struct recorder_budget *budget,
                  const struct recorder_event *event)
{
    struct json doc, made;
    struct arena *a;
    struct err err;

    if (!r || (budget && !recorder_has_room(r, budget)))
        return;
    if (r->pending >= RECORDER_PENDING_MAX || r->is_stopping) {
        metric_add(r->dropped, 1);
        return;
    }
    if (budget)
        spend(r, budget);
    if (!r->txn) {
        r->txn = store_txn_new(r->options.store);
        timer_start(r->flush_timer, RECORDER_FLUSH_MS);
    }
    a = store_txn_arena(r->txn);
    doc = event_doc(r, a, event);
    if (object_prepare(a, object_kind_find(STR("v1"), STR("Event")), &doc, event->about->ns,
                       loop_wall(r->options.loop).ms,
                       (const uint8_t *) (const uint64_t[]){random_u64(&r->random),
                                                            random_u64(&r->random)},
                       &made, &err) < 0) {
        log_warn(NULL, "an event of an object was not made", LOG_ERR(&err));
        return;
    }
    store_txn_create_if_open(r->txn, &made);
    r->pending++;
}

/* ---- letting go ---- */

static void forget(struct recorder *r, struct stored *s)
{
    map_take(&r->uids, s->uid);
    list_remove(&s->link);
    arena_free(s->arena);
}

static struct stored *oldest(struct recorder *r)
{
    return list_is_empty(&r->stored) ? NULL : LIST_ENTRY(r->stored.next, struct stored, link);
}

/* How long the oldest one may stay. */
static uint64_t wait_ms(const struct recorder *r, const struct stored *first)
{
    int64_t left_ms = first->created.ms + RECORDER_AGE_MAX_MS - loop_wall(r->options.loop).ms;

    if (left_ms <= 0 || r->uids.len > RECORDER_EVENTS_MAX)
        return 0;
    return left_ms > RECORDER_AGE_MAX_MS ? RECORDER_AGE_MAX_MS : (uint64_t) left_ms;
}

static void arm(struct recorder *r)
{
    const struct stored *first = oldest(r);

    if (first && !r->is_deleting && !r->is_stopping)
        timer_start(r->age_timer, wait_ms(r, first) + RECORDER_FLUSH_MS);
}

/* What was deleted is told by the watch; what was not is tried again. */
static void on_deleted(void *ctx, const struct store_result *result, const struct err *err)
{
    struct recorder *r = ctx;

    (void) result;
    r->under_way--;
    r->is_deleting = false;
    if (err->kind != ERR_NONE && err->kind != ERR_NOT_FOUND)
        log_warn(NULL, "old events of objects were not deleted", LOG_ERR(err));
    arm(r);
}

static void delete_old(void *ctx)
{
    struct recorder *r = ctx;
    int64_t border_ms = loop_wall(r->options.loop).ms - RECORDER_AGE_MAX_MS;
    size_t surplus = r->uids.len > RECORDER_EVENTS_MAX ? r->uids.len - RECORDER_EVENTS_MAX : 0;
    struct store_txn *txn = store_txn_new(r->options.store);
    unsigned count = 0;
    struct err err;

    LIST_FOREACH (s, &r->stored, struct stored, link) {
        const struct store_key key = {STR(""), STR("Event"), s->ns, s->name};

        if (count < RECORDER_PENDING_MAX && (count < surplus || s->created.ms <= border_ms)) {
            store_txn_delete(txn, &key, s->uid, 0);
            count++;
        }
    }
    if (count == 0) {
        store_txn_free(txn);
    } else if (store_commit(r->options.store, txn, on_deleted, r, &err) == 0) {
        r->under_way++;
        r->is_deleting = true;
    }
    arm(r);
}

static void see(struct recorder *r, const struct store_object *o)
{
    struct arena *a = arena_new_sized(256);
    struct stored *s = ARENA_NEW(a, struct stored);

    s->arena = a;
    s->ns = str_copy(a, o->key.ns);
    s->name = str_copy(a, o->key.name);
    s->uid = str_copy(a, o->uid);
    s->created = o->created;
    list_append(&r->stored, &s->link);
    map_put(&r->uids, s->uid, s);
    if (r->uids.len == 1 || r->uids.len == RECORDER_EVENTS_MAX + 1)
        arm(r);
}

static void on_change(void *ctx, const struct store_event *event)
{
    struct recorder *r = ctx;
    const struct store_object *o = event->object;
    struct stored *s = o ? map_find(&r->uids, o->uid) : NULL;

    if (o && event->type != STORE_DELETED && !s)
        see(r, o);
    else if (s && event->type == STORE_DELETED)
        forget(r, s);
}

/* ---- life ---- */

struct recorder *recorder_new(const struct recorder_options *options)
{
    struct recorder *r = NEW(struct recorder);

    r->options = *options;
    list_init(&r->stored);
    r->random = random_from_system();
    r->flush_timer = timer_new(options->loop, flush, r);
    r->age_timer = timer_new(options->loop, delete_old, r);
    r->dropped = metric_get(options->metrics, METRIC_RECORDER_DROPPED);
    return r;
}

void recorder_start(struct recorder *r)
{
    const struct store_follow what = {.store = r->options.store,
                                      .loop = r->options.loop,
                                      .query = {.group = STR(""), .kind = STR("Event")},
                                      .fn = on_change,
                                      .ctx = r};

    loop_assert(r->options.loop);
    r->follower = store_follow(&what);
}

void recorder_stop(struct recorder *r)
{
    flush(r);
    r->is_stopping = true;
    store_follow_end(TAKE(r->follower));
    timer_stop(r->flush_timer);
    timer_stop(r->age_timer);
    while (r->under_way > 0)
        loop_run_once(r->options.loop, 10);
}

void recorder_free(struct recorder *r)
{
    if (!r)
        return;
    while (oldest(r))
        forget(r, oldest(r));
    map_done(&r->uids);
    timer_free(r->flush_timer);
    timer_free(r->age_timer);
    free(r);
}
