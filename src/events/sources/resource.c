/*
 * events/sources/resource.c - changes of the objects of a kind, of our own API.
 *
 * Lives on the loop and follows the store. How far it is, is kept in a row of the store behind
 * each event that is on the bus; so a restart goes on there, and changes of the meantime are
 * brought then: of an object that changed more than once, the last. Event ids are made of the
 * source's uid and the resourceVersion: what comes again after a crash is stored once, within
 * the bus's window. When the store's history is too short, what is there and new is brought,
 * and deletions are lost, which is told. Doesn't do: nodes of Workflows; pods. Source:
 * ../shared/spec/events.md 1.7 resource.
 */
#include <poll.h>

#include "base/map.h"
#include "base/mem.h"
#include "events/sources/resource_filter.h"
#include "events/sources/source.h"

enum { RETRY_MS = 100, LOAD_AGAIN_MS = 1000, SAVE_MS = 20, SAVE_IDLE_MS = 60000 };

#define TABLE "resource_source"

struct resource_state {
    struct resource_filter filter;
    struct store_watch *watch; /* owned */
    struct timer *timer;       /* owned */
    bool is_loaded;            /* what the row says */
    bool is_hurried;           /* the timer comes soon already */
    struct arena *scratch;     /* owned */
    struct map known;          /* uid -> reference to the object as it was told; for oldBody */
    struct str row;            /* key in TABLE */
    struct wall start;         /* of the first life */
    int64_t position;          /* all up to it is on the bus, or not wanted */
    int64_t seen;              /* of the newest change that was looked at */
    bool is_listed;   /* what was there at the beginning is told; else it is gone through again,
                         from the position on */
    bool is_live;     /* the watch is past its beginning */
    bool is_dirty;    /* the row is to be written */
    size_t undone;    /* deliveries that are not settled */
    bool must_reopen; /* something could not be delivered: again from the position */
};

static bool is_cancelled(const struct source *src)
{
    struct pollfd fd = {.fd = source_cancel(src), .events = POLLIN};

    return poll(&fd, 1, 0) > 0;
}

/* ---- how far it is ---- */

/* What others wrote meanwhile counts, too: the history that is needed stays short. */
static void catch_up(struct source *src)
{
    struct resource_state *st = source_state(src);
    int64_t told = store_told_rv(source_store(src));

    if (!st->is_live || st->must_reopen || st->undone > 0 || told <= st->position)
        return;
    st->position = told;
    st->is_dirty = true;
}

static void save(struct source *src)
{
    struct resource_state *st = source_state(src);
    struct store_txn *txn = store_txn_new(source_store(src));
    struct arena *a = store_txn_arena(txn);
    struct json_object_builder b = {0};
    struct json row;
    struct err err;

    json_add(a, &b, STR("position"), json_int(a, st->position));
    json_add(a, &b, STR("isListed"), json_bool(st->is_listed));
    json_add(a, &b, STR("start"), json_int(a, st->start.ms));
    json_add(a, &b, STR("resource"), json_string(str_from(st->filter.kind->plural)));
    json_add(a, &b, STR("uid"), json_string(source_uid(src)));
    row = json_object(&b);
    store_txn_row_put(txn, STR(TABLE), st->row, json_text(a, &row, JSON_COMPACT));
    st->is_dirty = store_commit(source_store(src), txn, NULL, NULL, &err) < 0;
}

static void hurry(struct resource_state *st, uint64_t ms)
{
    if (st->is_hurried)
        return;
    st->is_hurried = true;
    timer_start(st->timer, ms);
}

/* A row of another kind of objects is of a spec that was changed since; one of another uid of
 * an EventSource that was deleted. */
static void read_row(struct source *src, const struct json *row)
{
    struct resource_state *st = source_state(src);
    int64_t position, start;

    if (!str_eq(json_get_str(row, STR("uid")), source_uid(src)) ||
        !str_is(json_get_str(row, STR("resource")), st->filter.kind->plural) ||
        !json_i64(json_get(row, STR("position")), &position) ||
        !json_i64(json_get(row, STR("start")), &start))
        return;
    st->position = position;
    st->is_listed = json_get_bool(row, STR("isListed"));
    st->start.ms = start;
}

/* What has not changed since is known: oldBody of its next update. */
static int read_known(struct source *src, struct err *err)
{
    struct resource_state *st = source_state(src);
    _cleanup_arena_ struct arena *a = arena_new();
    const struct store_query q = {.group = str_from(st->filter.kind->group),
                                  .kind = str_from(st->filter.kind->kind),
                                  .ns = st->filter.ns,
                                  .labels = &st->filter.labels};
    struct store_list list;

    if (store_list(source_store(src), a, &q, &list, err) < 0)
        return -1;
    for (size_t i = 0; i < list.len; i++)
        if (list.at[i]->rv <= st->position && !map_find(&st->known, list.at[i]->uid))
            map_put(&st->known, list.at[i]->uid,
                    (void *) (uintptr_t) store_object_ref(list.at[i]));
    store_list_done(&list);
    return 0;
}

static int load(struct source *src, struct err *err)
{
    struct resource_state *st = source_state(src);
    _cleanup_arena_ struct arena *a = arena_new();
    struct str text;
    struct json row;

    if (store_row_get(source_store(src), a, STR(TABLE), st->row, &text, err) < 0)
        return err->kind == ERR_NOT_FOUND ? 0 : -1;
    if (json_parse(a, text, &row, err) < 0)
        return -1;
    read_row(src, &row);
    return st->filter.wants[RESOURCE_UPDATE] ? read_known(src, err) : 0;
}

static void run_load(struct source *src, struct err *err)
{
    if (load(src, err) == 0)
        err->kind = ERR_NONE;
}

/* ---- changes ---- */

/* The object as the API shows it in the version that is asked for. */
static int object_shown(const struct resource_state *st, struct arena *a,
                        const struct store_object *object, struct json *ret)
{
    struct err ignored;

    if (json_parse(a, str_copy(a, object->doc), ret, &ignored) < 0)
        return -1;
    *ret = object_in(a, st->filter.shown, ret);
    *ret = json_set_path(a, ret, json_string(str_printf(a, "%lld", (long long) object->rv)),
                         "metadata", "resourceVersion", NULL);
    return 0;
}

static void remember(struct resource_state *st, const struct store_event *event)
{
    const struct store_object *old = NULL;

    if (!st->filter.wants[RESOURCE_UPDATE])
        return;
    if (event->type == STORE_DELETED)
        old = map_take(&st->known, event->object->uid);
    else
        old = map_put(&st->known, event->object->uid,
                      (void *) (uintptr_t) store_object_ref(event->object));
    store_object_unref(old);
}

static int deliver(struct source *src, const struct store_event *event, struct err *err)
{
    struct resource_state *st = source_state(src);
    struct arena *a = st->scratch;
    const struct store_object *known = map_find(&st->known, event->object->uid);
    struct json object, old;
    struct resource_event e = {.change = event->type == STORE_ADDED      ? RESOURCE_ADD
                                         : event->type == STORE_MODIFIED ? RESOURCE_UPDATE
                                                                         : RESOURCE_DELETE,
                               .object = &object,
                               .now = loop_wall(source_loop(src)),
                               .start = st->start};
    struct delivery d = {.is_json = true};

    arena_reset(a);
    if (!st->is_listed && e.change == RESOURCE_ADD && known)
        e.change = RESOURCE_UPDATE;
    if (object_shown(st, a, event->object, &object) < 0 ||
        !resource_filter_passes(a, &st->filter, &e))
        return 0;
    if (e.change == RESOURCE_UPDATE && known && object_shown(st, a, known, &old) == 0)
        e.old = &old;
    d.payload = resource_event_data(a, source_spec(src), &e);
    d.receipt = str_printf(a, "%lld", (long long) event->rv);
    d.id = str_printf(a, STR_FMT "-" STR_FMT "-%lld", STR_ARG(source_uid(src)),
                      STR_ARG(source_event(src)), (long long) event->rv);
    if (source_deliver(src, &d, err) < 0)
        return -1;
    st->undone++;
    return 0;
}

static void advance(struct source *src, int64_t rv)
{
    struct resource_state *st = source_state(src);

    if (rv <= st->position)
        return;
    st->position = rv;
    st->is_dirty = true;
    hurry(st, SAVE_MS);
}

/* False: the bus is full, or the source ends. */
static bool take(struct source *src, const struct store_event *event)
{
    struct resource_state *st = source_state(src);
    struct err err;

    if (event->rv > st->position && deliver(src, event, &err) < 0) {
        if (err.kind == ERR_TRANSIENT || err.kind == ERR_CANCELLED)
            return false;
        log_error(source_log(src), "a change of an object cannot become an event",
                  LOG_ERR(&err));
    }
    remember(st, event);
    return true;
}

static void on_change(void *ctx, const struct store_event *event)
{
    struct source *src = ctx;
    struct resource_state *st = source_state(src);

    if (st->must_reopen)
        return;
    if (event->type == STORE_BOOKMARK) {
        st->is_listed = st->is_live = st->is_dirty = true;
        hurry(st, SAVE_MS);
    } else if (!take(src, event)) {
        st->must_reopen = true;
        hurry(st, RETRY_MS);
        return;
    }
    if (event->rv > st->seen)
        st->seen = event->rv;
    if (st->undone == 0)
        advance(src, st->seen);
}

static void on_end(void *ctx, const struct err *err)
{
    struct source *src = ctx;
    struct resource_state *st = source_state(src);

    st->watch = NULL;
    st->must_reopen = true;
    st->is_live = false;
    if (err->kind == ERR_GONE) {
        log_error(source_log(src),
                  "the history of objects is too short: deletions of the meantime are lost",
                  LOG_ERR(err));
        st->is_listed = false;
    }
    hurry(st, RETRY_MS);
}

/* ---- following ---- */

static void follow(struct source *src)
{
    struct resource_state *st = source_state(src);
    const struct store_query q = {.group = str_from(st->filter.kind->group),
                                  .kind = str_from(st->filter.kind->kind),
                                  .ns = st->filter.ns,
                                  .labels = &st->filter.labels,
                                  .wants_bookmark = true};

    store_watch_close(TAKE(st->watch));
    st->must_reopen = st->is_live = false;
    st->seen = st->position;
    st->watch = store_watch_open(source_store(src), &q, st->is_listed ? st->position : 0,
                                 on_change, on_end, src);
}

static void on_loaded(struct source *src, const struct err *err)
{
    struct resource_state *st = source_state(src);

    if (err->kind) {
        log_warn(source_log(src), "how far the source was cannot be read", LOG_ERR(err));
        timer_start(st->timer, LOAD_AGAIN_MS);
        return;
    }
    st->is_loaded = true;
    st->is_dirty = true; /* the row has the time of the start */
    st->must_reopen = true;
    hurry(st, 0);
}

static void look(void *ctx)
{
    struct source *src = ctx;
    struct resource_state *st = source_state(src);
    struct err err;

    st->is_hurried = false;
    if (is_cancelled(src))
        return; /* the rest is done when it closes */
    if (!st->is_loaded) {
        if (source_work(src, run_load, on_loaded, &err) < 0)
            timer_start(st->timer, LOAD_AGAIN_MS);
        return;
    }
    catch_up(src);
    if (st->is_dirty)
        save(src);
    if (st->must_reopen && st->undone == 0)
        follow(src);
    if (!st->is_hurried)
        timer_start(st->timer, st->is_dirty || st->must_reopen ? RETRY_MS : SAVE_IDLE_MS);
}

/* ---- life ---- */

static int resource_open(struct source *src, struct err *err)
{
    struct resource_state *st = source_state(src);
    struct arena *a = source_arena(src);

    if (resource_filter_read(a, source_spec(src), &st->filter, err) < 0) {
        resource_filter_done(&st->filter);
        return -1;
    }
    st->row = str_printf(a, STR_FMT "/" STR_FMT "/" STR_FMT, STR_ARG(source_namespace(src)),
                         STR_ARG(source_name(src)), STR_ARG(source_event(src)));
    st->start = loop_wall(source_loop(src));
    st->scratch = arena_new();
    st->timer = timer_new(source_loop(src), look, src);
    look(src);
    return 0;
}

static int resource_settle(struct source *src, const struct delivery *d, bool is_stored,
                           struct err *err)
{
    struct resource_state *st = source_state(src);
    int64_t rv;

    st->undone--;
    if (!is_stored)
        st->must_reopen = true; /* it comes again */
    else if (!st->must_reopen && parse_i64(d->receipt, &rv))
        advance(src, st->undone == 0 ? st->seen : rv);
    if (st->must_reopen)
        hurry(st, RETRY_MS);
    return is_stored ? 0 : err_set(err, ERR_IO, "the bus could not store it");
}

static void resource_close(struct source *src)
{
    struct resource_state *st = source_state(src);

    if (st->is_loaded) {
        catch_up(src);
        if (st->is_dirty)
            save(src);
    }
    store_watch_close(TAKE(st->watch));
    timer_free(TAKE(st->timer));
    resource_filter_done(&st->filter);
    MAP_FOREACH (it, &st->known)
        store_object_unref(it->value);
    map_done(&st->known);
    arena_free(TAKE(st->scratch));
}

static const struct event_source_ops resource_ops = {
    .open = resource_open,
    .settle = resource_settle,
    .close = resource_close,
};

extern const struct event_source_driver resource_source;
const struct event_source_driver resource_source = {
    .kind = "resource",
    .summary = "Brings changes of objects.",
    .model = SOURCE_ON_LOOP,
    .state_size = sizeof(struct resource_state),
    .ops = &resource_ops,
};
