/*
 * Watches: a queue of events on the loop, written by one job at a time on a worker. See
 * watch.h.
 *
 * The queue is the loop's; the job owns its batch until it is done. What the reader had no room
 * for goes back to the front of the queue, joined with what came meanwhile. A stream may close
 * while the job runs: the stream's memory waits for the job.
 *
 * What is there at the beginning waits in memory until it is written, so only some watches
 * begin at once: the others have their turn when one of these has told its beginning, or turns
 * out to have a reader that is slow.
 *
 * There are many watches and most of them are quiet: what only a job or a failure needs is not
 * part of a stream.
 */
#include "api/core/watch.h"

#include <assert.h>

#include "api/core/told.h"
#include "base/limits.h"
#include "base/map.h"
#include "base/mem.h"

enum { RETRY_MS = 20, QUICK_MS = 10, STREAM_MAX_BYTES = 640 };

/* An event that waits. */
struct watch_entry {
    struct list link;
    enum store_event_type type;
    const struct store_object *object; /* reference; NULL: a bookmark */
    int64_t rv;                        /* of a bookmark */
    size_t bytes;                      /* that count: not of what was there at the beginning */
    bool is_initial_end;
    bool is_big; /* wants the whole room of the stream */
};

/* A job that writes; there while it is under way. */
struct watch_write {
    struct job job;
    struct watch_stream *to;
};

struct watch_stream {
    struct api *api;
    struct arena *arena; /* own; the query's texts */
    struct api_query query;
    struct store_query also;
    bool has_also;
    const struct api_watch_format *format;
    struct str fields;
    struct api_watch_view *view; /* owned; or NULL */
    const struct object_kind *kind;
    struct http_stream *stream;
    struct list link; /* of all watches, or of those whose turn has not come */
    struct loop_task opened, closed;
    /* The loop's: */
    struct store_watch *watch, *other; /* of query and also */
    unsigned untold;                   /* of them that tell what is there */
    struct timer *retry, *keep_alive, *timeout;
    struct list waiting;  /* of watch_entry */
    struct map newest;    /* uid -> its last entry that waits */
    size_t waiting_count; /* entries */
    size_t waiting_bytes; /* of those that count */
    struct err *failure;  /* owned: why the store gave up, or NULL */
    bool is_opened, is_closed, is_writing;
    bool is_resting;   /* until the retry timer */
    bool is_beginning; /* counted: what is there at the beginning is being told */
    bool is_told_of;   /* the store has told all of that */
    /* The job's while is_writing: */
    struct list batch;      /* of watch_entry */
    const struct err *last; /* failure to tell behind the batch, or NULL */
    uint64_t took_ms;       /* the job */
    bool is_broken;         /* the reader has gone or the last line is written */
    bool is_sharing;        /* others may tell the same events */
};
static_assert(sizeof(struct watch_stream) <= STREAM_MAX_BYTES,
              "with the texts of a query it has room in API_WATCH_ARENA_BYTES");

static void pump(struct watch_stream *w);
static void on_event(void *ctx, const struct store_event *event);
static void on_end(void *ctx, const struct err *failure);
static void on_other_end(void *ctx, const struct err *failure);

static void close_watches(struct watch_stream *w)
{
    store_watch_close(TAKE(w->watch));
    store_watch_close(TAKE(w->other));
}

/* ---- the queue; loop ---- */

static void entry_free(struct watch_entry *e)
{
    list_remove(&e->link);
    store_object_unref(e->object);
    free(e);
}

static void drop_all(struct list *entries)
{
    while (!list_is_empty(entries))
        entry_free(LIST_ENTRY(entries->next, struct watch_entry, link));
}

static void add_event(struct watch_stream *w, const struct store_event *event)
{
    struct watch_entry *e = map_find(&w->newest, event->object->uid);

    if (e && event->type == STORE_MODIFIED && e->type != STORE_DELETED) {
        list_remove(&e->link);
        store_object_unref(e->object);
        w->waiting_bytes -= e->bytes;
    } else {
        e = NEW(struct watch_entry);
        list_init(&e->link);
        e->type = event->type;
        w->waiting_count++;
        map_put(&w->newest, event->object->uid, e);
    }
    e->object = store_object_ref(event->object);
    e->bytes = w->is_told_of || w->query.from_rv < 0 ? e->object->doc.len : 0;
    w->waiting_bytes += e->bytes;
    list_append(&w->waiting, &e->link);
}

/* Puts back what was not written, in front, joined with what came meanwhile. */
static void take_back(struct watch_stream *w)
{
    while (!list_is_empty(&w->batch)) {
        struct watch_entry *e = LIST_ENTRY(w->batch.prev, struct watch_entry, link);
        struct watch_entry *newer = e->object ? map_find(&w->newest, e->object->uid) : NULL;

        if (newer && newer->type == STORE_MODIFIED && e->type != STORE_DELETED) {
            newer->type = e->type;
            newer->is_big |= e->is_big;
            entry_free(e);
            continue;
        }
        if (!newer && e->object)
            map_put(&w->newest, e->object->uid, e);
        list_remove(&e->link);
        list_append(w->waiting.next, &e->link); /* before the first */
        w->waiting_count++;
        w->waiting_bytes += e->bytes;
    }
}

/* ---- writing; worker ---- */

static const char *const types[] = {[STORE_ADDED] = "ADDED",
                                    [STORE_MODIFIED] = "MODIFIED",
                                    [STORE_DELETED] = "DELETED",
                                    [STORE_BOOKMARK] = "BOOKMARK"};

/* Return: 1, 0 when it must wait for an empty stream, or -1. */
static int write_text(struct watch_stream *w, struct watch_entry *e, struct str text,
                      struct err *err)
{
    if (text.len > HTTP_STREAM_QUEUE_MAX_BYTES / 2 && http_stream_waiting(w->stream) > 0) {
        e->is_big = true;
        return 0;
    }
    return http_stream_write(w->stream, text, err) < 0 ? -1 : 1;
}

static int write_object(struct watch_stream *w, struct watch_entry *e, struct arena *a,
                        struct err *err)
{
    const struct told_key key = {e->object, e->type, w->format, w->kind, w->fields};
    struct json doc;
    struct str text;

    if (api_object_shown(w->api, a, e->object, w->format->parts, &doc, err) < 0)
        return -1;
    if (w->view) { /* it remembers what it told: no second time for the same event */
        text = w->view->event(w->view, a, types[e->type], &doc);
        return text.len > 0 && http_stream_write(w->stream, text, err) < 0 ? -1 : 1;
    }
    if (w->kind)
        doc = object_in(a, w->kind, &doc);
    text = w->format->event(a, w->fields, types[e->type], &doc);
    if (w->is_sharing)
        told_keep(w->api->told, &key, text);
    return write_text(w, e, text, err);
}

/* As another watch has told it; see write_text() for what is returned, and 2: nobody has. */
static int write_told(struct watch_stream *w, struct watch_entry *e, struct err *err)
{
    const struct told_key key = {e->object, e->type, w->format, w->kind, w->fields};
    struct told_line *line = told_find(w->api->told, &key);
    int result = line ? write_text(w, e, told_text(line), err) : 2;

    told_unref(line);
    return result;
}

static int write_entry(struct watch_stream *w, struct watch_entry *e, struct err *err)
{
    _cleanup_arena_ struct arena *a = NULL;
    int result = 2;

    if (e->object && w->is_sharing && !w->view)
        result = write_told(w, e, err);
    if (result < 2)
        return result;
    a = arena_new();
    if (e->object)
        return write_object(w, e, a, err);
    return http_stream_write(w->stream,
                             w->format->bookmark(a, w->kind, e->rv, e->is_initial_end), err) < 0
               ? -1
               : 1;
}

static void write_failure(struct watch_stream *w, const struct err *failure)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct err ignored;

    http_stream_write(w->stream, w->format->failure(a, failure), &ignored);
    http_stream_end(w->stream);
    w->is_broken = true;
}

static void write_batch(struct watch_stream *w, struct job *job)
{
    int written = 1;

    job->err.kind = ERR_NONE;
    while (!list_is_empty(&w->batch) && written > 0) {
        struct watch_entry *e = LIST_ENTRY(w->batch.next, struct watch_entry, link);

        if (http_stream_waiting(w->stream) >
            (e->is_big ? 0 : (size_t) HTTP_STREAM_QUEUE_MAX_BYTES / 2))
            return;
        written = write_entry(w, e, &job->err);
        if (written > 0)
            entry_free(e);
    }
    if (written < 0)
        write_failure(w, &job->err); /* a reader that has gone does not see it */
    else if (written > 0 && w->last)
        write_failure(w, w->last);
}

static void run_write(struct job *job)
{
    struct watch_stream *w = CONTAINER_OF(job, struct watch_write, job)->to;
    const struct mono begun = clock_mono();

    write_batch(w, job);
    w->took_ms = mono_ms_until(begun, clock_mono());
}

/* ---- turns; loop ---- */

static void take_turn(struct watch_stream *w)
{
    struct api *api = w->api;

    list_remove(&w->link);
    list_append(&api->watches, &w->link);
    w->is_beginning = w->query.from_rv >= 0;
    api->beginning += w->is_beginning;
    w->watch = store_watch_open(api->options.store, &w->query.of, w->query.from_rv, on_event,
                                on_end, w);
    w->untold = 1 + w->has_also;
    if (w->has_also)
        w->other = store_watch_open(api->options.store, &w->also, w->query.from_rv, on_event,
                                    on_other_end, w);
}

/* Its beginning is told, or its reader is slow: the next one's turn. */
static void end_turn(struct watch_stream *w)
{
    struct api *api = w->api;

    if (!w->is_beginning)
        return;
    w->is_beginning = false;
    api->beginning--;
    while (api->beginning < WATCH_BEGINNINGS_MAX && !list_is_empty(&api->waiting_watches))
        take_turn(LIST_ENTRY(api->waiting_watches.next, struct watch_stream, link));
}

static void end_turn_if_told(struct watch_stream *w)
{
    if (w->is_told_of && list_is_empty(&w->waiting) && !w->is_writing)
        end_turn(w);
}

/* ---- the life of a stream; loop ---- */

static void release(struct watch_stream *w)
{
    end_turn(w);
    list_remove(&w->link);
    close_watches(w);
    timer_free(w->retry);
    timer_free(w->keep_alive);
    timer_free(w->timeout);
    drop_all(&w->waiting);
    drop_all(&w->batch);
    map_done(&w->newest);
    if (w->view)
        w->view->free(w->view);
    free(w->failure);
    http_stream_unref(w->stream);
    arena_free(w->arena);
}

static void rest(struct watch_stream *w, uint64_t ms)
{
    w->is_resting = true;
    timer_start(w->retry, ms);
}

static void on_write_done(struct job *job)
{
    struct watch_write *write = CONTAINER_OF(job, struct watch_write, job);
    struct watch_stream *w = write->to;

    free(write);
    w->is_writing = false;
    if (w->is_closed) {
        release(w);
        return;
    }
    if (w->is_broken) {
        close_watches(w); /* on_stream_close() follows */
        return;
    }
    end_turn_if_told(w);
    if (!list_is_empty(&w->batch)) {
        take_back(w);
        rest(w, RETRY_MS);
        end_turn(w);
    } else if (w->took_ms >
               QUICK_MS) { /* workers are for others, too: large ones join meanwhile */
        rest(w, w->took_ms);
    } else {
        pump(w);
    }
}

static void pump(struct watch_stream *w)
{
    struct watch_write *write;
    struct err err;

    if (w->is_writing || w->is_resting || w->is_broken || w->is_closed ||
        (list_is_empty(&w->waiting) && !w->failure))
        return;
    list_splice(&w->batch, &w->waiting);
    map_done(&w->newest);
    w->newest = (struct map){0};
    w->waiting_count = w->waiting_bytes = 0;
    w->last = w->failure;
    w->is_sharing = !w->is_beginning && w->link.next != w->link.prev;
    write = NEW(struct watch_write);
    write->job.run = run_write;
    write->job.done = on_write_done;
    write->to = w;
    w->is_writing = true;
    if (workers_submit(w->api->options.workers, &write->job, &err) == 0)
        return;
    free(write);
    w->is_writing = false; /* all workers are busy for long: later */
    take_back(w);
    rest(w, RETRY_MS);
}

static void on_retry(void *ctx)
{
    struct watch_stream *w = ctx;

    w->is_resting = false;
    pump(w);
}

/* The client wanted no more of it; what waits is not lost, it watches again from where it is.
 */
static void on_timeout(void *ctx)
{
    struct watch_stream *w = ctx;

    close_watches(w);
    http_stream_end(w->stream);
}

/* Behind all that waits. */
static void add_bookmark(struct watch_stream *w, int64_t rv, bool is_initial_end)
{
    struct watch_entry *e = NEW(struct watch_entry);

    list_init(&e->link);
    e->type = STORE_BOOKMARK;
    e->rv = rv;
    e->is_initial_end = is_initial_end;
    w->waiting_count++;
    list_append(&w->waiting, &e->link);
    pump(w);
}

static bool has_bookmarks(const struct watch_stream *w)
{
    return w->query.has_bookmarks && w->kind && w->format->bookmark;
}

static void on_keep_alive(void *ctx)
{
    struct watch_stream *w = ctx;
    struct err ignored;

    if (http_stream_is_gone(w->stream)) {
        on_timeout(w);
        return;
    }
    if (w->format->keep_alive.len > 0 && !w->is_writing && http_stream_waiting(w->stream) == 0)
        http_stream_write(w->stream, w->format->keep_alive, &ignored);
    if (has_bookmarks(w) && w->watch && list_is_empty(&w->waiting) && !w->is_writing &&
        store_told_rv(w->api->options.store) > 0)
        add_bookmark(w, store_told_rv(w->api->options.store), false);
    timer_start(w->keep_alive, WATCH_KEEP_ALIVE_MS);
}

static struct err *fail(struct watch_stream *w)
{
    assert(!w->failure); /* the first reason is the one that is told */
    w->failure = NEW(struct err);
    return w->failure;
}

/* What waits is given up at once, so that nobody pays for a reader that is slow: it watches
 * again from the last event that it has seen. */
static void give_up_if_slow(struct watch_stream *w)
{
    if (w->waiting_count > WATCH_WAITING_MAX_EVENTS)
        err_set(fail(w), ERR_GONE, "the reader is too slow: more than %d events wait",
                WATCH_WAITING_MAX_EVENTS);
    else if (w->waiting_bytes > WATCH_WAITING_MAX_BYTES)
        err_set(fail(w), ERR_GONE, "the reader is too slow: more than %d bytes wait",
                WATCH_WAITING_MAX_BYTES);
    else
        return;
    drop_all(&w->waiting);
    map_done(&w->newest);
    w->newest = (struct map){0};
    w->waiting_count = w->waiting_bytes = 0;
}

static void on_event(void *ctx, const struct store_event *event)
{
    struct watch_stream *w = ctx;

    if (!event->object && w->untold > 1) {
        w->untold--;
        return;
    }
    if (!event->object) {
        w->is_told_of = true;
        if (!w->failure && w->query.ends_initial && has_bookmarks(w))
            add_bookmark(w, event->rv, true);
        end_turn_if_told(w);
        return;
    }
    if (w->failure)
        return;
    add_event(w, event);
    give_up_if_slow(w);
    pump(w);
}

static void on_end(void *ctx, const struct err *failure)
{
    struct watch_stream *w = ctx;

    w->watch = NULL;
    close_watches(w);
    end_turn(w);
    if (!w->failure)
        *fail(w) = *failure;
    pump(w);
}

static void on_other_end(void *ctx, const struct err *failure)
{
    struct watch_stream *w = ctx;

    w->other = NULL;
    store_watch_close(w->watch);
    on_end(w, failure);
}

static void on_opened(struct loop_task *task)
{
    struct watch_stream *w = CONTAINER_OF(task, struct watch_stream, opened);
    struct api *api = w->api;

    w->is_opened = true;
    if (w->is_closed) { /* the peer went at once */
        release(w);
        return;
    }
    list_append(&api->waiting_watches, &w->link);
    w->retry = timer_new(api->options.loop, on_retry, w);
    w->keep_alive = timer_new(api->options.loop, on_keep_alive, w);
    timer_start(w->keep_alive, WATCH_KEEP_ALIVE_MS);
    if (w->query.timeout_seconds > 0) {
        w->timeout = timer_new(api->options.loop, on_timeout, w);
        timer_start(w->timeout, w->query.timeout_seconds * 1000);
    }
    if (w->query.from_rv < 0 || api->beginning < WATCH_BEGINNINGS_MAX)
        take_turn(w);
}

static void on_closed(struct loop_task *task)
{
    struct watch_stream *w = CONTAINER_OF(task, struct watch_stream, closed);

    w->is_closed = true;
    if (w->is_opened && !w->is_writing)
        release(w);
}

/* On an http thread: the peer has gone or the stream was ended. */
static void on_stream_close(void *ctx)
{
    struct watch_stream *w = ctx;

    loop_post(w->api->options.loop, &w->closed);
}

void api_watch_start(struct api *api, struct http_request *req,
                     const struct api_watch_request *r)
{
    struct watch_stream *w = ARENA_NEW(r->arena, struct watch_stream);

    w->api = api;
    w->arena = r->arena;
    w->query = r->query;
    w->query.of.wants_bookmark = true;
    w->also = r->also;
    w->also.wants_bookmark = true;
    w->has_also = r->has_also;
    w->format = r->format;
    w->view = r->view;
    w->kind = r->kind;
    w->fields = str_copy(r->arena, r->fields);
    w->opened.run = on_opened;
    w->closed.run = on_closed;
    list_init(&w->link);
    list_init(&w->waiting);
    list_init(&w->batch);
    w->stream = http_stream_start(req, 200, r->format->content_type, on_stream_close, w);
    loop_post(api->options.loop, &w->opened);
}

void api_watches_end(struct api *api)
{
    LIST_FOREACH (w, &api->waiting_watches, struct watch_stream, link) {
        http_stream_end(w->stream);
    }
    LIST_FOREACH (w, &api->watches, struct watch_stream, link) {
        close_watches(w);
        http_stream_end(w->stream);
    }
}
