/*
 * Logs of pods: GET .../pods/NAME/log?container=main&follow=true&timestamps=true&tailLines=N.
 *
 * What is there is read on the http thread; a log that is followed is a stream, fed on the loop
 * whenever the file grows (small reads of what was just written). A reader that is too slow
 * loses its stream. Source: Kubernetes' read log subresource.
 */
#include "api/api_internal.h"
#include "base/limits.h"
#include "base/mem.h"

enum { CHUNK_BYTES = 32768, POLL_MS = 250 };

struct log_stream {
    struct api *api;
    struct pod_log *log;
    struct http_stream *stream;
    struct fd_watch *watch;
    struct timer *timer;   /* the record's end is no event of the log's file */
    struct strbuf partial; /* the beginning of a line */
    bool has_times, is_ending;
    struct list link;
    struct loop_task opened, closed;
};

/* One line "<time> <stream> F|P <text>" as people want it; a P line goes on in the next one. */
static void add_line(struct strbuf *to, struct str line, bool has_times)
{
    struct str time, stream, tag;

    if (!str_cut(&line, ' ', &time) || !str_cut(&line, ' ', &stream) ||
        !str_cut(&line, ' ', &tag))
        return;
    if (has_times) {
        strbuf_add(to, time);
        strbuf_addc(to, ' ');
    }
    strbuf_add(to, str_is_none(line) ? STR("") : line);
    if (!str_is(tag, "P"))
        strbuf_addc(to, '\n');
}

/* Moves whole lines from @partial to @to. */
static void take_lines(struct strbuf *partial, struct strbuf *to, bool has_times)
{
    struct str rest = strbuf_str(partial);
    size_t at, used = 0;

    while ((at = str_find_char(rest, '\n')) != SIZE_MAX) {
        add_line(to, str_head(rest, at), has_times);
        rest = str_skip(rest, at + 1);
        used += at + 1;
    }
    memmove(partial->ptr, partial->ptr + used, partial->len - used);
    partial->len -= used;
}

/* Reads what is there; -1 at a failure. */
static int read_more(struct pod_log *log, struct strbuf *partial, struct strbuf *to,
                     bool has_times, struct err *err)
{
    long len;

    for (;;) {
        char *room = strbuf_reserve(partial, CHUNK_BYTES);

        if (!room)
            return err_set(err, ERR_LIMIT, "a line of the log is over %d bytes",
                           LOG_STREAM_LINE_MAX_BYTES);
        len = pod_log_read(log, room, CHUNK_BYTES, err);
        if (len <= 0)
            return len < 0 ? -1 : 0;
        partial->len += (size_t) len;
        take_lines(partial, to, has_times);
    }
}

static struct str tail_of(struct str text, uint64_t lines)
{
    size_t at = text.len;

    while (at > 0 && lines > 0) {
        at--;
        while (at > 0 && text.ptr[at - 1] != '\n')
            at--;
        lines--;
    }
    return str_skip(text, at);
}

static void reply_log(struct http_request *req, struct pod_log *log, bool has_times)
{
    _cleanup_strbuf_ struct strbuf partial = STRBUF_INIT(LOG_STREAM_LINE_MAX_BYTES),
                                   text = STRBUF_INIT(HTTP_RESPONSE_MAX_BYTES);
    struct str shown;
    uint64_t lines;
    struct err err;

    if (read_more(log, &partial, &text, has_times, &err) < 0) {
        reply_error(req, &err);
        return;
    }
    shown = strbuf_str(&text);
    if (parse_u64(http_query(req, STR("tailLines")), &lines))
        shown = tail_of(shown, lines);
    http_reply(req, 200, STR("text/plain; charset=utf-8"), shown, NULL, 0);
}

/* ---- following ---- */

static void log_release(struct log_stream *s)
{
    list_remove(&s->link);
    fd_watch_free(s->watch);
    timer_free(s->timer);
    pod_log_close(s->log);
    http_stream_unref(s->stream);
    strbuf_done(&s->partial);
    free(s);
}

static void on_log_closed(struct loop_task *task)
{
    log_release(CONTAINER_OF(task, struct log_stream, closed));
}

static void on_log_stream_close(void *ctx)
{
    struct log_stream *s = ctx;

    loop_post(s->api->options.loop, &s->closed);
}

static void end_log(struct log_stream *s)
{
    if (s->is_ending)
        return;
    s->is_ending = true;
    fd_watch_free(TAKE(s->watch));
    timer_stop(s->timer);
    http_stream_end(s->stream);
}

static void on_log_grows(void *ctx)
{
    struct log_stream *s = ctx;
    _cleanup_strbuf_ struct strbuf text = STRBUF_INIT(HTTP_STREAM_QUEUE_MAX_BYTES);
    bool is_over = pod_log_is_ended(s->log);
    struct err err;

    if (s->is_ending)
        return;
    if (read_more(s->log, &s->partial, &text, s->has_times, &err) < 0) {
        end_log(s);
        return;
    }
    is_over = is_over || pod_log_is_ended(s->log);
    if (text.len > 0 && http_stream_write(s->stream, strbuf_str(&text), &err) < 0)
        is_over = true;
    if (is_over)
        end_log(s);
    else
        timer_start(s->timer, POLL_MS);
}

static void on_log_opened(struct loop_task *task)
{
    struct log_stream *s = CONTAINER_OF(task, struct log_stream, opened);
    struct err err;

    list_append(&s->api->logs, &s->link);
    s->timer = timer_new(s->api->options.loop, on_log_grows, s);
    s->watch =
        fd_watch_new(s->api->options.loop, pod_log_wait_fd(s->log), on_log_grows, s, &err);
    on_log_grows(s);
}

void logs_end(struct api *api)
{
    LIST_FOREACH (s, &api->logs, struct log_stream, link) {
        end_log(s);
    }
}

void pod_log_handle(struct api *api, struct http_request *req, const struct resource *r)
{
    struct str container = http_query(req, STR("container"));
    bool has_times = str_is(http_query(req, STR("timestamps")), "true");
    struct log_stream *s;
    struct pod_log *log;
    struct err err;

    if (!api->options.runner) {
        err_set(&err, ERR_NOT_FOUND, "pods \"" STR_FMT "\" not found", STR_ARG(r->name));
        reply_error(req, &err);
        return;
    }
    log = pod_log_open(api->options.runner, r->ns, r->name,
                       str_is_empty(container) ? STR("main") : container, &err);
    if (!log) {
        reply_error(req, &err);
    } else if (!str_is(http_query(req, STR("follow")), "true")) {
        reply_log(req, log, has_times);
        pod_log_close(log);
    } else {
        s = NEW(struct log_stream);
        s->api = api;
        s->log = log;
        s->has_times = has_times;
        s->opened.run = on_log_opened;
        s->closed.run = on_log_closed;
        strbuf_init(&s->partial, LOG_STREAM_LINE_MAX_BYTES);
        list_init(&s->link);
        s->stream = http_stream_start(req, 200, STR("text/plain; charset=utf-8"),
                                      on_log_stream_close, s);
        loop_post(api->options.loop, &s->opened);
    }
}
