/*
 * Logs that are followed: a stream, a reader for each pod, and for a workflow a scan on a
 * worker that finds its pods.
 *
 * The loop owns the session. While a scan runs, `seen` and `found` are the scan's. The stream
 * is written in small pieces and only while its reader takes them; what waits, waits in the
 * files. A scan looks at the workflow first and at its nodes after, so that a workflow that
 * has ended has all its pods.
 */
#include "api/core/log_internal.h"
#include "base/limits.h"
#include "base/map.h"
#include "base/mem.h"

enum { CHUNK_BYTES = 65536, POLL_MS = 250, AGAIN_MS = 2, SCAN_MS = 200 };

struct log_session;

/* A pod whose log is read. */
struct follower {
    struct list link;
    struct log_session *session;
    struct log_reader *reader;
    struct strbuf first; /* the tail that was read before the following began */
    struct fd_watch *watch;
    struct job closing;
};

struct log_session {
    struct api *api;
    struct arena *arena; /* own; the request's texts */
    struct api_log_request request;
    struct http_stream *stream;
    struct list link;
    struct loop_task opened, closed;
    bool is_opened, is_closed, is_ending;
    struct timer *timer;   /* when due: all followers are looked at */
    struct mono due;       /* ns 0: not started */
    struct list followers; /* of follower */
    /* Of a workflow: */
    struct store_watch *watch;
    bool is_deleted;  /* no scan can find more */
    bool is_complete; /* the workflow has ended, all its pods are found */
    bool is_scanning, wants_scan;
    struct mono next_scan; /* not before */
    struct job scan;
    struct map seen;   /* pods that were opened or have no log */
    struct list found; /* of follower */
    bool scan_is_complete;
    size_t allowance;      /* logs that the scan may open */
    size_t follower_count; /* logs that scans opened and that are open; loop */
};

static void settle(struct log_session *s);

/* ---- readers; worker or http thread ---- */

static void follower_free(struct follower *f)
{
    list_remove(&f->link);
    log_reader_close(f->reader);
    strbuf_done(&f->first);
    free(f);
}

static void run_close(struct job *job)
{
    follower_free(CONTAINER_OF(job, struct follower, closing));
}

/* On the loop: what the system needs for the closing of files, a worker waits for. */
static void follower_drop(struct follower *f)
{
    struct err ignored;

    list_remove(&f->link);
    fd_watch_free(TAKE(f->watch));
    f->closing = (struct job){.run = run_close, .class = JOB_BULK};
    if (workers_submit(f->session->api->options.workers, &f->closing, &ignored) < 0)
        follower_free(f);
}

static struct follower *follower_open(struct log_session *s, struct str pod, struct err *err)
{
    struct log_reader *reader =
        log_reader_open(s->api, s->request.ns, pod, &s->request.options, err);
    struct log_tail tail = log_tail_of(&s->request.options);
    struct follower *f;
    bool is_over;

    if (!reader)
        return NULL;
    f = NEW(struct follower);
    list_init(&f->link);
    f->session = s;
    f->reader = reader;
    strbuf_init(&f->first, HTTP_RESPONSE_MAX_BYTES);
    if (tail.max == SIZE_MAX)
        return f;
    tail.pod = pod;
    if (log_reader_read(reader, 0, log_tail_add, &tail, err) < 0) {
        log_tail_done(&tail);
        follower_free(f);
        return NULL;
    }
    for (size_t i = 0; i < tail.len; i++)
        s->request.format->line(&f->first, log_tail_item(&tail, i));
    is_over = f->first.is_over || tail.is_over;
    log_tail_done(&tail);
    if (!is_over)
        return f;
    err_set(err, ERR_LIMIT, "the tail of %llu lines is over %d bytes",
            (unsigned long long) s->request.options.tail_lines, HTTP_RESPONSE_MAX_BYTES);
    follower_free(f);
    return NULL;
}

/* Opens the log of a pod; false when it is to be tried again. @is_last: what is not there now
 * will not come. */
static bool find_pod(struct log_session *s, const struct workflow_pod *pod, bool is_last)
{
    struct err err;
    struct follower *f = follower_open(s, pod->name, &err);

    if (f) {
        list_append(&s->found, &f->link);
        s->allowance--;
    } else if (!is_last || err.kind != ERR_NOT_FOUND) {
        return false;
    }
    map_put(&s->seen, pod->name, s);
    return true;
}

static void run_scan(struct job *job)
{
    struct log_session *s = CONTAINER_OF(job, struct log_session, scan);
    _cleanup_arena_ struct arena *a = arena_new();
    struct workflow_pods pods;
    bool is_missing = false;

    job->err.kind = ERR_NONE;
    if (api_workflow_pods(s->api, a, &s->request, &pods, &job->err) < 0)
        return;
    for (size_t i = 0; i < pods.len; i++) {
        if (map_find(&s->seen, pods.at[i].name))
            continue;
        if (s->allowance == 0 || pods.at[i].is_pending ||
            !find_pod(s, &pods.at[i], pods.is_finished || pods.at[i].is_ended))
            is_missing = true;
    }
    s->scan_is_complete = pods.is_finished && !is_missing;
}

/* ---- the session; loop ---- */

static void drop_all(struct list *followers)
{
    while (!list_is_empty(followers))
        follower_drop(LIST_ENTRY(followers->next, struct follower, link));
}

/* How many more logs may be open. What a scan may open counts at once as if it did. */
static size_t take_allowance(struct log_session *s)
{
    size_t own = LOG_FOLLOWED_STREAM_MAX - s->follower_count,
           all = s->api->followed < LOG_FOLLOWED_MAX ? LOG_FOLLOWED_MAX - s->api->followed : 0;

    s->allowance = own < all ? own : all;
    s->api->followed += s->allowance;
    s->follower_count += s->allowance;
    return s->allowance;
}

static void give_back(struct log_session *s, size_t count)
{
    s->api->followed -= count;
    s->follower_count -= count;
}

static void release(struct log_session *s)
{
    list_remove(&s->link);
    give_back(s, s->follower_count);
    store_watch_close(TAKE(s->watch));
    timer_free(s->timer);
    drop_all(&s->followers);
    drop_all(&s->found);
    map_done(&s->seen);
    http_stream_unref(s->stream);
    arena_free(s->arena);
}

/* Looks at all pods in @ms milliseconds, or when it was to be earlier. */
static void schedule(struct log_session *s, uint64_t ms)
{
    struct mono now = loop_now(s->api->options.loop), at = mono_after(now, ms);

    if (s->due.ns != 0 && s->due.ns <= at.ns)
        return;
    s->due = at;
    timer_start(s->timer, ms);
}

static void end_session(struct log_session *s)
{
    if (s->is_ending)
        return;
    s->is_ending = true;
    store_watch_close(TAKE(s->watch));
    timer_stop(s->timer);
    LIST_FOREACH (f, &s->followers, struct follower, link) {
        fd_watch_free(TAKE(f->watch));
    }
    http_stream_end(s->stream);
}

static void on_scanned(struct job *job)
{
    struct log_session *s = CONTAINER_OF(job, struct log_session, scan);

    s->is_scanning = false;
    give_back(s, s->allowance);
    if (s->is_closed) {
        release(s);
        return;
    }
    s->next_scan = mono_after(loop_now(s->api->options.loop), SCAN_MS);
    if (job->err.kind != ERR_NONE)
        s->is_deleted = true;
    s->is_complete = s->scan_is_complete;
    list_splice(&s->followers, &s->found);
    schedule(s, 0);
    settle(s);
}

static void start_scan(struct log_session *s)
{
    struct err err;

    s->wants_scan = true;
    if (take_allowance(s) == 0)
        return; /* later */
    s->scan = (struct job){.run = run_scan, .done = on_scanned};
    s->wants_scan = false;
    s->is_scanning = true;
    if (workers_submit(s->api->options.workers, &s->scan, &err) < 0) {
        s->is_scanning = false;
        s->wants_scan = true;
        give_back(s, s->allowance);
    }
}

struct writing {
    struct log_session *session;
    struct strbuf text;
};

static void write_entry(void *ctx, const struct log_entry *entry)
{
    struct writing *w = ctx;

    w->session->request.format->line(&w->text, entry);
}

/* Moves what one pod wrote to the stream. Return: bytes read, 0 none now, -1 it has ended. */
static long pump_one(struct log_session *s, struct follower *f)
{
    struct writing w = {.session = s, .text = STRBUF_INIT(HTTP_RESPONSE_MAX_BYTES)};
    struct err err;
    long len;

    if (f->first.len > 0) {
        len = (long) f->first.len;
        if (http_stream_write(s->stream, strbuf_str(&f->first), &err) < 0)
            end_session(s);
        strbuf_done(&f->first);
        return len;
    }
    len = log_reader_read(f->reader, CHUNK_BYTES, write_entry, &w, &err);
    if (w.text.len > 0 && http_stream_write(s->stream, strbuf_str(&w.text), &err) < 0)
        end_session(s);
    strbuf_done(&w.text);
    return len > 0 ? len : len < 0 || log_reader_is_ended(f->reader) ? -1 : 0;
}

/* Has the stream room for what this pod has? */
static bool has_room(const struct log_session *s, const struct follower *f)
{
    size_t waiting = http_stream_waiting(s->stream);

    return waiting == 0 || (f->first.len == 0 && waiting <= HTTP_STREAM_QUEUE_MAX_BYTES / 4);
}

static void on_log_grows(void *ctx);

/* Looks at one pod; it is released when its log has ended. */
static void pump(struct follower *f)
{
    struct log_session *s = f->session;
    struct err ignored; /* the timer looks, too */
    long len;

    if (!has_room(s, f)) { /* what is not read stays ready: do not ask */
        fd_watch_free(TAKE(f->watch));
        schedule(s, AGAIN_MS);
        return;
    }
    if (!f->watch && pod_log_wait_fd(f->reader->log) >= 0)
        f->watch = fd_watch_new(s->api->options.loop, pod_log_wait_fd(f->reader->log),
                                on_log_grows, f, &ignored);
    len = pump_one(s, f);
    if (len > 0)
        schedule(s, AGAIN_MS);
    if (len >= 0)
        return;
    follower_drop(f);
    if (s->request.workflow.len > 0)
        give_back(s, 1);
}

static void on_log_grows(void *ctx)
{
    struct follower *f = ctx;
    struct log_session *s = f->session;

    if (s->is_ending || s->is_closed)
        return;
    pump(f);
    settle(s);
}

static bool may_scan(const struct log_session *s)
{
    return s->wants_scan && !s->is_scanning && !s->is_deleted && !s->is_complete &&
           mono_ms_until(loop_now(s->api->options.loop), s->next_scan) == 0;
}

static bool is_over(const struct log_session *s)
{
    return list_is_empty(&s->followers) && !s->is_scanning &&
           (s->request.workflow.len == 0 || s->is_deleted || s->is_complete);
}

/* What follows from a change: a scan, the end, another look later. */
static void settle(struct log_session *s)
{
    if (s->is_ending || s->is_closed)
        return;
    if (may_scan(s))
        start_scan(s);
    if (is_over(s))
        end_session(s);
    else
        schedule(s, POLL_MS);
}

static void on_time(void *ctx)
{
    struct log_session *s = ctx;

    s->due = (struct mono){0};
    if (http_stream_is_gone(s->stream)) {
        end_session(s);
        return;
    }
    LIST_FOREACH (f, &s->followers, struct follower, link) {
        if (!s->is_ending && !s->is_closed)
            pump(f);
    }
    if (s->request.workflow.len > 0)
        s->wants_scan = true; /* pods that were not there yet */
    settle(s);
}

static void on_workflow(void *ctx, const struct store_event *event)
{
    struct log_session *s = ctx;

    s->wants_scan = true;
    if (event->type == STORE_DELETED)
        s->is_deleted = true;
    settle(s);
}

static void on_watch_end(void *ctx, const struct err *failure)
{
    struct log_session *s = ctx;

    (void) failure; /* the timer goes on looking */
    s->watch = NULL;
}

static void watch_workflow(struct log_session *s)
{
    struct selector *fields = ARENA_NEW(s->arena, struct selector);
    struct store_query q = {.group = STR("argoproj.io"),
                            .kind = STR("Workflow"),
                            .ns = s->request.ns,
                            .fields = fields,
                            .name_prefix = STR(""),
                            .continue_token = STR("")};
    struct str text = str_concat(s->arena, STR("metadata.name="),
                                 field_escape(s->arena, s->request.workflow));
    struct err err;

    if (selector_parse_fields(s->arena, text, fields, &err) < 0)
        return; /* the timer looks */
    s->watch = store_watch_open(s->api->options.store, &q, -1, on_workflow, on_watch_end, s);
}

static void on_opened(struct loop_task *task)
{
    struct log_session *s = CONTAINER_OF(task, struct log_session, opened);

    s->is_opened = true;
    if (s->is_closed) { /* the peer went at once */
        release(s);
        return;
    }
    list_append(&s->api->logs, &s->link);
    s->timer = timer_new(s->api->options.loop, on_time, s);
    if (s->request.workflow.len > 0) {
        watch_workflow(s);
        s->wants_scan = true;
    }
    schedule(s, 0);
    settle(s);
}

static void on_closed(struct loop_task *task)
{
    struct log_session *s = CONTAINER_OF(task, struct log_session, closed);

    s->is_closed = true;
    if (s->is_opened && !s->is_scanning)
        release(s);
}

static void on_stream_close(void *ctx)
{
    struct log_session *s = ctx;

    loop_post(s->api->options.loop, &s->closed);
}

static struct log_session *session_new(struct api *api, const struct api_log_request *r)
{
    struct arena *a = arena_new();
    struct log_session *s = ARENA_NEW(a, struct log_session);

    s->api = api;
    s->arena = a;
    s->request = *r;
    s->request.ns = str_copy(a, r->ns);
    s->request.workflow = str_copy(a, r->workflow);
    s->request.pod = str_copy(a, r->pod);
    s->request.options.container = str_copy(a, r->options.container);
    s->request.options.grep = str_copy(a, r->options.grep);
    s->request.options.selector = str_copy(a, r->options.selector);
    s->opened.run = on_opened;
    s->closed.run = on_closed;
    list_init(&s->link);
    list_init(&s->followers);
    list_init(&s->found);
    return s;
}

void api_log_follow(struct api_call *call, const struct api_log_request *r)
{
    struct log_session *s = session_new(call->api, r);
    struct follower *f = NULL;
    struct workflow_pods pods;
    struct err err;
    int result;

    if (r->workflow.len > 0) {
        result = api_workflow_pods(call->api, http_arena(call->req), r, &pods, &err);
    } else {
        f = follower_open(s, r->pod, &err);
        result = f ? 0 : -1;
    }
    if (result < 0) {
        call->dialect->fail(call->req, &err);
        arena_free(s->arena);
        return;
    }
    if (f)
        list_append(&s->followers, &f->link);
    s->stream = http_stream_start(call->req, 200, r->format->content_type, on_stream_close, s);
    loop_post(s->api->options.loop, &s->opened);
}

void api_logs_end(struct api *api)
{
    LIST_FOREACH (s, &api->logs, struct log_session, link) {
        end_session(s);
    }
}
