/*
 * Watches: a replay of what came after a resourceVersion, then live events, without a gap and
 * without a double.
 *
 * The replay is read by a short-lived thread in one read transaction; live events that come
 * meanwhile are kept and handed on afterwards if they are newer than what the replay saw. A
 * watch with selectors remembers which objects matched, so that one which stops matching is
 * DELETED for it. Everything but replay_main() runs on the loop.
 */
#include <assert.h>
#include <signal.h>

#include "base/mem.h"
#include "base/vec.h"
#include "store/embedded/embedded_internal.h"

enum { WATCH_ARENA_BYTES = 768 }; /* a watch lives long and holds little */

struct kept_event {
    enum store_event_type type;
    const struct store_object *object; /* reference */
    struct str nodes;                  /* ids, one a line; heap */
    bool is_replayed;
};

typedef VEC(struct kept_event) kept_events;

struct store_watch {
    struct store *store;
    struct arena *arena; /* of the query's copy */
    struct store_query query;
    store_event_fn fn;
    void (*on_end)(void *ctx, const struct err *err);
    void *ctx;
    struct list link;
    struct map matching; /* uid -> itself; only with selectors */
    bool is_replaying, is_closed;
    bool is_calling;   /* inside of its callback: closing waits until it returns */
    kept_events later; /* live events that came during the replay */
    /* The replay's: */
    pthread_t thread;
    struct loop_task task;
    int64_t from_rv;
    int64_t seen_rv; /* up to here the replay has told: the loop may hear of a commit later than
                        the replay saw it */
    kept_events earlier;
    struct err *err; /* owned; there until its end was told */
};
static_assert(sizeof(struct store_watch) <= WATCH_ARENA_BYTES / 2,
              "with the texts of a query it has room in its arena");

static void drop_events(kept_events *events)
{
    VEC_FOREACH (it, events) {
        store_object_unref(it->object);
        free((char *) (uintptr_t) it->nodes.ptr);
    }
    VEC_DONE(events);
}

static void watch_free(struct store_watch *w)
{
    list_remove(&w->link);
    drop_events(&w->earlier);
    drop_events(&w->later);
    map_done(&w->matching);
    free(w->err);
    arena_free(w->arena);
}

static bool has_selectors(const struct store_watch *w)
{
    return w->query.labels || w->query.fields;
}

/* An object that changed before the watch was opened again: what it was at from_rv is not known
 * any more, but names do not change. To be told of the end of a stranger harms nobody, not to
 * be told of the end of what one knows does. */
static bool may_have_matched(const struct store_watch *w, const struct store_object *o)
{
    bool may = str_starts(o->key.name, w->query.name_prefix);

    for (size_t i = 0; may && w->query.fields && i < w->query.fields->len; i++) {
        const struct selector_requirement *r = &w->query.fields->at[i];

        if (str_is(r->key, "metadata.name"))
            may = selector_holds(r, o->key.name);
        else if (str_is(r->key, "metadata.namespace"))
            may = selector_holds(r, o->key.ns);
    }
    return may;
}

/* What an event is for a watch with selectors; false when it is nothing. */
static bool translate(struct store_watch *w, const struct kept_event *kept,
                      enum store_event_type *type)
{
    const struct store_object *o = kept->object;
    bool matched =
        map_find(&w->matching, o->uid) != NULL ||
        (kept->is_replayed && w->from_rv > 0 && *type != STORE_ADDED && may_have_matched(w, o));
    bool matches = *type != STORE_DELETED && store_query_matches(&w->query, o);

    if (matches && !matched)
        map_put(&w->matching, o->uid, w);
    if (matched && !matches)
        map_take(&w->matching, o->uid);
    if (!matches && !matched)
        return false;
    *type = !matches ? STORE_DELETED : matched ? STORE_MODIFIED : STORE_ADDED;
    return true;
}

static bool is_watched(const struct store_watch *w, const struct store_object *o)
{
    return str_eq(w->query.kind, o->key.kind) && str_eq(w->query.group, o->key.group) &&
           (w->query.ns.len == 0 || str_eq(w->query.ns, o->key.ns));
}

static void hand_out(struct store_watch *w, const struct kept_event *kept)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct store_event event = {
        .type = kept->type, .rv = kept->object->rv, .object = kept->object};
    VEC(struct str) ids = {0};
    struct str rest = kept->nodes, id;

    if (has_selectors(w) ? !translate(w, kept, &event.type)
                         : !store_query_matches(&w->query, kept->object))
        return;
    while (str_cut(&rest, '\n', &id))
        if (id.len)
            VEC_APUSH(a, &ids, id);
    event.node_ids = ids.at;
    event.node_count = ids.len;
    w->fn(w->ctx, &event);
}

/* Hands out events until there are none or the watch was closed by its own callback. */
static void hand_out_all(struct store_watch *w, kept_events *events, int64_t newer_than)
{
    for (size_t i = 0; i < events->len && !w->is_closed; i++)
        if (events->at[i].object->rv > newer_than)
            hand_out(w, &events->at[i]);
    drop_events(events);
}

/* ---- replay, on its own thread ---- */

static void keep_row(struct store_watch *w, sqlite3_stmt *row, enum store_event_type type)
{
    VEC_PUSH(
        &w->earlier,
        ((struct kept_event){.type = type, .object = object_of_row(row), .is_replayed = true}));
}

static int compare_rv(const void *left, const void *right)
{
    const struct kept_event *a = left, *b = right;

    return a->object->rv < b->object->rv ? -1 : a->object->rv > b->object->rv;
}

static int read_changes(struct store_watch *w, struct connection *c, enum statement_id id)
{
    sqlite3_stmt *stmt = connection_statement(c, id);
    int code;

    bind_str(stmt, 1, w->query.group);
    bind_str(stmt, 2, w->query.kind);
    sqlite3_bind_int64(stmt, 3, w->from_rv);
    while ((code = sqlite3_step(stmt)) == SQLITE_ROW)
        keep_row(w, stmt,
                 id == STATEMENT_CHANGES_DELETED ? STORE_DELETED
                 : sqlite3_column_int(stmt, 10)  ? STORE_ADDED
                                                 : STORE_MODIFIED);
    sqlite3_reset(stmt);
    return code == SQLITE_DONE ? 0 : schema_error(c->db, "replay a watch", w->err);
}

/* What matched at from_rv and is unchanged: a change or the end of it will be told as such. The
 * loop does not touch the map during the replay. */
static int read_matching(struct store_watch *w, struct connection *c)
{
    sqlite3_stmt *stmt = connection_statement(c, STATEMENT_CHANGES_OBJECTS);
    int code;

    bind_str(stmt, 1, w->query.group);
    bind_str(stmt, 2, w->query.kind);
    sqlite3_bind_int64(stmt, 3, 0);
    while ((code = sqlite3_step(stmt)) == SQLITE_ROW &&
           sqlite3_column_int64(stmt, 5) <= w->from_rv) {
        const struct store_object *o = object_of_row(stmt);

        if (store_query_matches(&w->query, o))
            map_put(&w->matching, o->uid, w);
        store_object_unref(o);
    }
    sqlite3_reset(stmt);
    return code == SQLITE_DONE || code == SQLITE_ROW
               ? 0
               : schema_error(c->db, "replay a watch", w->err);
}

static int replay(struct store_watch *w, struct connection *c)
{
    int64_t oldest;

    if (connection_number(c, STATEMENT_CHANGE_OLDEST, &oldest, w->err) < 0 ||
        connection_number(c, STATEMENT_RV_GET, &w->seen_rv, w->err) < 0)
        return -1;
    if (w->from_rv > 0 && oldest > 0 && w->from_rv < oldest - 1)
        return err_set(w->err, ERR_GONE, "too old resource version: %lld (%lld)",
                       (long long) w->from_rv, (long long) oldest);
    if (w->from_rv > w->seen_rv)
        return err_set(w->err, ERR_GONE, "resource version %lld is in the future (%lld)",
                       (long long) w->from_rv, (long long) w->seen_rv);
    if (read_changes(w, c,
                     w->query.finished == STORE_UNFINISHED && w->from_rv == 0
                         ? STATEMENT_OBJECTS_ACTIVE
                         : STATEMENT_CHANGES_OBJECTS) < 0)
        return -1;
    if (w->from_rv > 0 && read_changes(w, c, STATEMENT_CHANGES_DELETED) < 0)
        return -1;
    if (w->from_rv > 0 && has_selectors(w) && read_matching(w, c) < 0)
        return -1;
    if (w->earlier.len)
        qsort(w->earlier.at, w->earlier.len, sizeof(*w->earlier.at), compare_rv);
    return 0;
}

static void *replay_main(void *ctx)
{
    struct store_watch *w = ctx;
    struct connection *c = store_reader_take(w->store, w->err);

    if (c) {
        if (connection_begin(c, w->err) == 0)
            replay(w, c);
        connection_end(c);
        store_reader_give(w->store, c);
    }
    loop_post(w->store->loop, &w->task);
    return NULL;
}

static void on_replayed(struct loop_task *task)
{
    struct store_watch *w = CONTAINER_OF(task, struct store_watch, task);

    pthread_join(w->thread, NULL);
    if (!w->is_closed &&
        w->err->kind ==
            ERR_NONE) { /* still replaying: closing inside of a callback frees below */
        hand_out_all(w, &w->earlier, -1);
        hand_out_all(w, &w->later, w->seen_rv);
        if (w->query.wants_bookmark && !w->is_closed)
            w->fn(w->ctx,
                  &(const struct store_event){.type = STORE_BOOKMARK, .rv = w->seen_rv});
    }
    w->is_replaying = false;
    if (!w->is_closed && w->err->kind != ERR_NONE) {
        w->is_closed = true;
        if (w->on_end)
            w->on_end(w->ctx, w->err);
    }
    free(TAKE(w->err));
    if (w->is_closed)
        watch_free(w);
}

/* ---- the interface ---- */

static const struct selector *copy_selector(struct arena *a, const struct selector *from)
{
    struct selector *made;
    struct selector_requirement *list;

    if (!from || (from->len == 0 && !from->matches_nothing))
        return NULL;
    made = ARENA_NEW(a, struct selector);
    list = ARENA_ARRAY(a, struct selector_requirement, from->len);
    for (size_t i = 0; i < from->len; i++) {
        struct str *values = ARENA_ARRAY(a, struct str, from->at[i].value_count);

        for (size_t k = 0; k < from->at[i].value_count; k++)
            values[k] = str_copy(a, from->at[i].values[k]);
        list[i] = from->at[i];
        list[i].key = str_copy(a, from->at[i].key);
        list[i].values = values;
    }
    *made = (struct selector){
        .at = list, .len = from->len, .matches_nothing = from->matches_nothing};
    return made;
}

struct store_watch *store_watch_open(struct store *s, const struct store_query *q,
                                     int64_t from_rv, store_event_fn fn,
                                     void (*on_end)(void *ctx, const struct err *err),
                                     void *ctx)
{
    struct arena *a = arena_new_sized(WATCH_ARENA_BYTES);
    struct store_watch *w = ARENA_NEW(a, struct store_watch);
    sigset_t all, kept;

    loop_assert(s->loop);
    w->store = s;
    w->arena = a;
    w->fn = fn;
    w->on_end = on_end;
    w->ctx = ctx;
    w->from_rv = from_rv;
    w->query = (struct store_query){.group = str_copy(a, q->group),
                                    .kind = str_copy(a, q->kind),
                                    .ns = str_copy(a, q->ns),
                                    .labels = copy_selector(a, q->labels),
                                    .fields = copy_selector(a, q->fields),
                                    .name_prefix = str_copy(a, q->name_prefix),
                                    .finished = q->finished,
                                    .wants_bookmark = q->wants_bookmark};
    w->task.run = on_replayed;
    list_append(&s->watches, &w->link);
    if (from_rv < 0 && !has_selectors(w)) {
        w->seen_rv = store_rv(s);
        return w;
    }
    if (from_rv < 0) /* what matches now must be known */
        w->from_rv = store_rv(s);
    w->is_replaying = true;
    w->err = NEW(struct err);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &kept);
    if (pthread_create(&w->thread, NULL, replay_main, w) != 0)
        abort(); /* as out of memory: the daemon is crash-only */
    pthread_sigmask(SIG_SETMASK, &kept, NULL);
    return w;
}

int64_t store_told_rv(const struct store *s)
{
    loop_assert(s->loop);
    return s->told_rv;
}

void store_watch_close(struct store_watch *w)
{
    if (!w)
        return;
    loop_assert(w->store->loop);
    if (w->is_closed)
        return;
    w->is_closed = true;
    if (!w->is_replaying && !w->store->is_delivering)
        watch_free(w);
}

/* Closes what is left at store_close(): the loop runs no more. */
void store_watches_close(struct store *s)
{
    while (!list_is_empty(&s->watches)) {
        struct store_watch *w = LIST_ENTRY(s->watches.next, struct store_watch, link);

        if (w->is_replaying) {
            pthread_join(w->thread, NULL);
            loop_unpost(s->loop, &w->task);
        }
        watch_free(w);
    }
}

/* Ids of the nodes that a transaction writes, one a line; heap, or absent. */
static struct str nodes_of(const struct store_txn *txn)
{
    _cleanup_strbuf_ struct strbuf ids = STRBUF_INIT(1 << 20);

    for (size_t i = 0; i < txn->op_count; i++)
        if (txn->ops[i].kind == OP_NODE) {
            strbuf_add(&ids, txn->ops[i].node_id);
            strbuf_addc(&ids, '\n');
        }
    return ids.len && !ids.is_over ? str_of(mem_dup(ids.ptr, ids.len), ids.len) : STR_NONE;
}

static struct kept_event event_of(const struct op *op, struct str nodes)
{
    struct kept_event event = {.type = op->event, .object = store_object_ref(op->object)};

    if (nodes.len && str_is(op->key.kind, "Workflow"))
        event.nodes = str_of(mem_dup(nodes.ptr, nodes.len), nodes.len);
    return event;
}

static void deliver_op(struct store *s, const struct op *op, struct str nodes)
{
    LIST_FOREACH (w, &s->watches, struct store_watch, link) {
        struct kept_event event;
        kept_events one = {0};

        if (w->is_closed || !is_watched(w, op->object))
            continue;
        if (w->is_replaying) { /* seen_rv is the replay's until it has ended */
            event = event_of(op, nodes);
            VEC_PUSH(&w->later, event);
            continue;
        }
        if (op->object->rv <= w->seen_rv)
            continue;
        event = event_of(op, nodes);
        VEC_PUSH(&one, event);
        hand_out_all(w, &one, -1);
    }
}

void store_watches_deliver(struct store *s, const struct store_txn *txn)
{
    struct str nodes = list_is_empty(&s->watches) ? STR_NONE : nodes_of(txn);

    s->is_delivering = true;
    for (size_t i = 0; i < txn->op_count; i++)
        if (txn->ops[i].object) {
            deliver_op(s, &txn->ops[i], nodes);
            s->told_rv = txn->ops[i].rv;
        }
    s->is_delivering = false;
    free((char *) (uintptr_t) nodes.ptr);
    LIST_FOREACH (w, &s->watches, struct store_watch, link) {
        if (w->is_closed && !w->is_replaying)
            watch_free(w);
    }
}
