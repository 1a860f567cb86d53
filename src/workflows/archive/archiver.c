/* The archiver: what waits for the archive, its way there, and what is too old in it. See
 * archiver.h. Loop thread, but for the jobs' run functions. */
#include "workflows/archive/archiver.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "base/limits.h"
#include "base/list.h"
#include "base/log.h"
#include "base/map.h"
#include "base/mem.h"
#include "store/archive.h"
#include "store/follow.h"

enum { BATCH = 32 }; /* workflows that one job reads */

/* A Workflow that is to be archived. */
struct pending {
    struct arena *arena;
    struct archiver *archiver;
    struct store_key key;
    struct str uid;
    struct list link; /* in waiting, in a job's list, or alone while its commit is under way */
    bool is_taken;    /* by a job */
    bool is_again;    /* it changed meanwhile */
    enum err_kind failed; /* of the job */
};

struct batch {
    struct job job;
    struct archiver *archiver;
    struct list pendings;
    bool is_busy; /* the store took no more */
};

struct archiver {
    struct archiver_options options;
    struct store_follower *follower;
    struct map pendings; /* uid to struct pending */
    struct list waiting;
    struct timer *again;
    struct timer *look; /* for what is too old */
    unsigned jobs;
    atomic_uint committing;
    bool is_stopping;
};

/* ---- what waits ---- */

static bool is_pending(const struct json *doc)
{
    return str_is(json_str(json_path(doc, "metadata", "labels", ARCHIVER_LABEL, NULL)),
                  "Pending");
}

static bool waits(const struct store_object *o)
{
    _cleanup_arena_ struct arena *a = NULL;
    struct json doc;
    struct err err;

    if (!o->is_finished || str_find(o->doc, STR(ARCHIVER_LABEL)) == SIZE_MAX)
        return false;
    a = arena_new();
    return json_parse(a, o->doc, &doc, &err) == 0 && is_pending(&doc);
}

static void drop(struct archiver *r, struct pending *p)
{
    map_take(&r->pendings, p->uid);
    list_remove(&p->link);
    arena_free(p->arena);
}

static void begin(struct archiver *r);

static void add(struct archiver *r, const struct store_object *o)
{
    struct pending *p = map_find(&r->pendings, o->uid);
    struct arena *a;

    if (p) {
        p->is_again = p->is_taken;
        return;
    }
    a = arena_new();
    p = ARENA_NEW(a, struct pending);
    p->arena = a;
    p->archiver = r;
    p->uid = str_copy(a, o->uid);
    p->key = (struct store_key){str_copy(a, o->key.group), str_copy(a, o->key.kind),
                                str_copy(a, o->key.ns), str_copy(a, o->key.name)};
    list_init(&p->link);
    list_append(&r->waiting, &p->link);
    map_put(&r->pendings, p->uid, p);
    begin(r);
}

static void on_change(void *ctx, const struct store_event *event)
{
    struct archiver *r = ctx;

    if (event->object && event->type != STORE_DELETED && !r->is_stopping &&
        waits(event->object))
        add(r, event->object);
}

/* ---- into the archive ---- */

static void settle(struct pending *p, enum err_kind failed)
{
    struct archiver *r = p->archiver;

    p->is_taken = false;
    if (failed == ERR_NONE || failed == ERR_NOT_FOUND ||
        (failed == ERR_CONFLICT && !p->is_again)) {
        /* A conflict that is not told yet is: the watch brings the newer version. */
        drop(r, p);
        return;
    }
    p->is_again = false;
    list_append(&r->waiting, &p->link);
    timer_start(r->again, failed == ERR_CONFLICT ? 0 : ARCHIVE_AGAIN_MS);
}

static void on_archived(void *ctx, const struct store_result *result, const struct err *err)
{
    struct pending *p = ctx;

    (void) result;
    atomic_fetch_sub(&p->archiver->committing, 1);
    if (err->kind != ERR_NONE && err->kind != ERR_CONFLICT && err->kind != ERR_NOT_FOUND)
        log_error(NULL, "a workflow was not archived; trying again",
                  LOG_STR(WORKFLOW, p->key.name), LOG_ERR(err));
    settle(p, err->kind);
}

static int read_whole(struct store *s, struct arena *a, const struct store_object *o,
                      struct json *ret_doc, struct json *ret_whole, struct err *err)
{
    struct json_object_builder nodes = {0};
    struct store_node *rows;
    size_t count;

    if (json_parse(a, o->doc, ret_doc, err) < 0 ||
        store_nodes(s, a, o->uid, &rows, &count, err) < 0)
        return -1;
    for (size_t i = 0; i < count; i++) {
        struct json node;

        if (json_parse(a, rows[i].doc, &node, err) < 0)
            return -1;
        json_add(a, &nodes, rows[i].id, node);
    }
    *ret_whole = *ret_doc;
    if (count > 0)
        *ret_whole = json_set_path(a, ret_doc, json_object(&nodes), "status", "nodes", NULL);
    return 0;
}

/* Hands one over to the store; what fails before says so. */
static int archive_one(struct archiver *r, struct pending *p, struct err *err)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct store *s = r->options.store;
    const struct store_object *o;
    struct store_txn *txn;
    struct json doc, whole;
    int result;

    if (store_get(s, &p->key, &o, err) < 0)
        return -1;
    if (!str_eq(o->uid, p->uid) || !waits(o))
        result = err_set(err, ERR_NOT_FOUND, "it waits no more");
    else
        result = read_whole(s, a, o, &doc, &whole, err);
    if (result == 0) {
        txn = store_txn_new(s);
        store_txn_archive(txn, &whole);
        doc = json_set_path(a, &doc, json_string(STR("Archived")), "metadata", "labels",
                            ARCHIVER_LABEL, NULL);
        store_txn_update(txn, &doc, o->rv);
        atomic_fetch_add(&r->committing, 1);
        result = store_commit(s, txn, on_archived, p, err);
        if (result < 0)
            atomic_fetch_sub(&r->committing, 1);
    }
    store_object_unref(o);
    return result;
}

static void run_batch(struct job *job)
{
    struct batch *b = CONTAINER_OF(job, struct batch, job);
    struct list rest;

    list_init(&rest);
    while (!list_is_empty(&b->pendings)) {
        struct pending *p = LIST_ENTRY(b->pendings.next, struct pending, link);
        struct err err;

        list_remove(&p->link); /* its commit may be answered before we go on */
        if (archive_one(b->archiver, p, &err) == 0)
            continue;
        p->failed = err.kind;
        if (err.kind != ERR_NOT_FOUND && err.kind != ERR_CONFLICT)
            log_error(NULL, "a workflow cannot be archived; trying again",
                      LOG_STR(WORKFLOW, p->key.name), LOG_ERR(&err));
        list_append(&rest, &p->link);
    }
    list_splice(&b->pendings, &rest);
}

static void on_batch(struct job *job)
{
    struct batch *b = CONTAINER_OF(job, struct batch, job);
    struct archiver *r = b->archiver;

    r->jobs--;
    while (!list_is_empty(&b->pendings)) {
        struct pending *p = LIST_ENTRY(b->pendings.next, struct pending, link);

        list_remove(&p->link);
        settle(p, p->failed);
    }
    free(b);
    if (!r->is_stopping)
        begin(r);
}

static void begin(struct archiver *r)
{
    struct batch *b;
    struct err err;
    int count = 0;

    if (list_is_empty(&r->waiting) || r->jobs >= ARCHIVE_JOBS_MAX || r->is_stopping)
        return;
    b = NEW(struct batch);
    b->archiver = r;
    b->job = (struct job){.run = run_batch, .done = on_batch, .class = JOB_BULK};
    list_init(&b->pendings);
    while (!list_is_empty(&r->waiting) && count++ < BATCH) {
        struct pending *p = LIST_ENTRY(r->waiting.next, struct pending, link);

        list_remove(&p->link);
        list_append(&b->pendings, &p->link);
        p->is_taken = true;
    }
    r->jobs++;
    if (workers_submit(r->options.workers, &b->job, &err) == 0)
        return;
    r->jobs--;
    LIST_FOREACH (p, &b->pendings, struct pending, link) {
        p->is_taken = false;
    }
    list_splice(&r->waiting, &b->pendings);
    free(b);
    timer_start(r->again, ARCHIVE_AGAIN_MS);
}

static void on_again(void *ctx)
{
    begin(ctx);
}

/* ---- out of the archive ---- */

struct look {
    struct job job;
    struct archiver *archiver;
    struct wall before;
    bool is_more; /* there may be more */
};

static void run_look(struct job *job)
{
    struct look *l = CONTAINER_OF(job, struct look, job);
    struct store *s = l->archiver->options.store;
    struct store_result result = {0};
    struct store_txn *txn;
    struct wall oldest;

    job->err.kind = ERR_NONE;
    if (store_archive_oldest(s, &oldest, &job->err) < 0 || oldest.ms == 0 ||
        oldest.ms >= l->before.ms)
        return;
    txn = store_txn_new(s);
    store_txn_archive_trim(txn, l->before);
    l->is_more = store_commit_wait(s, txn, &result, &job->err) == 0;
}

static void on_looked(struct job *job)
{
    struct look *l = CONTAINER_OF(job, struct look, job);
    struct archiver *r = l->archiver;

    r->jobs--;
    if (job->err.kind != ERR_NONE)
        log_error(NULL, "old workflows were not taken from the archive", LOG_ERR(&job->err));
    if (!r->is_stopping)
        timer_start(r->look, l->is_more ? 0 : r->options.look_ms);
    free(l);
}

static void on_look(void *ctx)
{
    struct archiver *r = ctx;
    _cleanup_config_ const struct config *c = config_get(r->options.config);
    struct look *l;
    struct err err;

    if (c->archive.ttl_ms > 0) {
        l = NEW(struct look);
        l->archiver = r;
        l->job = (struct job){.run = run_look, .done = on_looked, .class = JOB_BULK};
        l->before.ms = loop_wall(r->options.loop).ms - c->archive.ttl_ms;
        r->jobs++;
        if (workers_submit(r->options.workers, &l->job, &err) == 0)
            return;
        r->jobs--;
        free(l);
    }
    timer_start(r->look, r->options.look_ms);
}

/* ---- life ---- */

struct archiver *archiver_new(const struct archiver_options *options)
{
    struct archiver *r = NEW(struct archiver);

    r->options = *options;
    if (r->options.look_ms == 0)
        r->options.look_ms = ARCHIVE_LOOK_MS;
    list_init(&r->waiting);
    r->again = timer_new(options->loop, on_again, r);
    r->look = timer_new(options->loop, on_look, r);
    return r;
}

void archiver_start(struct archiver *r)
{
    const struct store_follow what = {
        .store = r->options.store,
        .loop = r->options.loop,
        .query = {.group = STR("argoproj.io"), .kind = STR("Workflow")},
        .fn = on_change,
        .ctx = r};

    loop_assert(r->options.loop);
    r->follower = store_follow(&what);
    timer_start(r->look, 0);
}

void archiver_stop(struct archiver *r)
{
    r->is_stopping = true;
    store_follow_end(TAKE(r->follower));
    timer_stop(r->again);
    timer_stop(r->look);
    while (r->jobs > 0 || atomic_load(&r->committing) > 0)
        loop_run_once(r->options.loop, 10);
    timer_stop(r->again);
}

void archiver_free(struct archiver *r)
{
    if (!r)
        return;
    while (r->pendings.len > 0)
        drop(r, r->pendings.entries[0].value);
    map_done(&r->pendings);
    timer_free(r->again);
    timer_free(r->look);
    free(r);
}
