/*
 * Lines of a container's log: "<time> <stream> F|P <text>" in the file, P lines joined, those
 * left out that are not asked for. One thread at a time; reads may block on the disk.
 */
#include "api/core/log_internal.h"
#include "base/limits.h"
#include "base/mem.h"
#include "formats/gotime.h"

enum { CHUNK_BYTES = 32768, LINE_OVERHEAD_BYTES = 128 };

struct log_reader *log_reader_open(struct api *api, struct str ns, struct str pod,
                                   const struct log_options *options, struct err *err)
{
    struct pod_log *log;

    if (!api->options.runner) {
        err_set(err, ERR_NOT_FOUND, "pods \"" STR_FMT "\" not found", STR_ARG(pod));
        return NULL;
    }
    log = pod_log_open(api->options.runner, ns, pod, options->container, err);
    return log ? log_reader_on(log, pod, options, err) : NULL;
}

struct log_reader *log_reader_on(struct pod_log *log, struct str pod,
                                 const struct log_options *options, struct err *err)
{
    struct regex *grep = NULL;
    struct log_reader *r;

    if (options->grep.len > 0 && !(grep = regex_new(options->grep, err))) {
        pod_log_close(log);
        return NULL;
    }
    r = NEW(struct log_reader);
    r->log = log;
    r->pod = str_of(mem_dup(pod.ptr, pod.len), pod.len);
    r->options = options;
    r->grep = grep;
    strbuf_init(&r->partial, LOG_STREAM_LINE_MAX_BYTES);
    strbuf_init(&r->joined, LOG_STREAM_LINE_MAX_BYTES);
    strbuf_init(&r->shown, (size_t) LOG_STREAM_LINE_MAX_BYTES + 64);
    return r;
}

void log_reader_close(struct log_reader *r)
{
    if (!r)
        return;
    pod_log_close(r->log);
    regex_free(r->grep);
    strbuf_done(&r->partial);
    strbuf_done(&r->joined);
    strbuf_done(&r->shown);
    free((char *) (uintptr_t) r->pod.ptr);
    free(r);
}

static bool is_wanted(const struct log_reader *r, struct str time, struct str shown)
{
    struct err ignored;
    struct wall at;

    if (r->options->since.ms > 0 && gotime_parse_wall(time, &at, &ignored) == 0 &&
        at.ms < r->options->since.ms)
        return false;
    return !r->grep || regex_matches(r->grep, shown);
}

static void show(struct log_reader *r, struct str time, struct str text, log_entry_fn fn,
                 void *ctx)
{
    struct log_entry entry = {.pod = r->pod, .time = time, .text = text};

    if (r->options->has_times) {
        strbuf_reset(&r->shown);
        strbuf_add(&r->shown, time);
        strbuf_addc(&r->shown, ' ');
        strbuf_add(&r->shown, text);
        entry.text = strbuf_str(&r->shown);
    }
    if (r->is_full || !is_wanted(r, time, entry.text))
        return;
    if (r->options->limit_bytes > 0 &&
        r->shown_bytes + entry.text.len >= r->options->limit_bytes) {
        entry.text = str_head(entry.text, r->options->limit_bytes - r->shown_bytes);
        r->is_full = true;
    }
    r->shown_bytes += entry.text.len + 1;
    if (r->options->limit_bytes > 0 && r->shown_bytes >= r->options->limit_bytes)
        r->is_full = true;
    if (entry.text.len > 0 || !r->is_full)
        fn(ctx, &entry);
}

static int take_line(struct log_reader *r, struct str line, log_entry_fn fn, void *ctx,
                     struct err *err)
{
    struct str time, stream, tag;

    if (!str_cut(&line, ' ', &time) || !str_cut(&line, ' ', &stream) ||
        !str_cut(&line, ' ', &tag))
        return 0;
    if (str_is_none(line))
        line = STR("");
    if (str_is(tag, "P") || r->joined.len > 0) {
        strbuf_add(&r->joined, line);
        if (r->joined.is_over)
            return err_set(err, ERR_LIMIT, "a line of the log is over %d bytes",
                           LOG_STREAM_LINE_MAX_BYTES);
        if (str_is(tag, "P"))
            return 0;
        line = strbuf_str(&r->joined);
    }
    show(r, time, line, fn, ctx);
    strbuf_reset(&r->joined);
    return 0;
}

/* Hands out the whole lines of what was read. */
static int take_lines(struct log_reader *r, log_entry_fn fn, void *ctx, struct err *err)
{
    struct str rest = strbuf_str(&r->partial);
    size_t at, used = 0;
    int result = 0;

    while (result == 0 && (at = str_find_char(rest, '\n')) != SIZE_MAX) {
        result = take_line(r, str_head(rest, at), fn, ctx, err);
        rest = str_skip(rest, at + 1);
        used += at + 1;
    }
    memmove(r->partial.ptr, r->partial.ptr + used, r->partial.len - used);
    r->partial.len -= used;
    return result;
}

long log_reader_read(struct log_reader *r, size_t max_bytes, log_entry_fn fn, void *ctx,
                     struct err *err)
{
    size_t total = 0;

    while (!r->is_full && (max_bytes == 0 || total < max_bytes)) {
        char *room = strbuf_reserve(&r->partial, CHUNK_BYTES);
        long len;

        if (!room)
            return err_set(err, ERR_LIMIT, "a line of the log is over %d bytes",
                           LOG_STREAM_LINE_MAX_BYTES);
        len = pod_log_read(r->log, room, CHUNK_BYTES, err);
        if (len < 0)
            return -1;
        if (len == 0)
            break;
        r->partial.len += (size_t) len;
        total += (size_t) len;
        if (take_lines(r, fn, ctx, err) < 0)
            return -1;
    }
    return (long) total;
}

bool log_reader_is_ended(const struct log_reader *r)
{
    return r->is_full || pod_log_is_ended(r->log);
}

/* ---- lines that are kept ---- */

static void set_entry(struct log_tail *t, struct log_entry *to, const struct log_entry *from)
{
    *to = (struct log_entry){
        .pod = t->pod,
        .time = str_of(mem_dup(from->time.ptr, from->time.len), from->time.len),
        .text = str_of(mem_dup(from->text.ptr, from->text.len), from->text.len)};
    t->bytes += from->text.len + LINE_OVERHEAD_BYTES;
}

static void drop_entry(struct log_tail *t, struct log_entry *e)
{
    t->bytes -= e->text.len + LINE_OVERHEAD_BYTES;
    free((char *) (uintptr_t) e->time.ptr);
    free((char *) (uintptr_t) e->text.ptr);
}

struct log_tail log_tail_of(const struct log_options *options)
{
    return (struct log_tail){.max = options->has_tail ? options->tail_lines : SIZE_MAX};
}

void log_tail_add(void *ctx, const struct log_entry *entry)
{
    struct log_tail *t = ctx;

    if (t->max == 0)
        return;
    if (t->len == t->max) {
        drop_entry(t, &t->at[t->first]);
        set_entry(t, &t->at[t->first], entry);
        t->first = (t->first + 1) % t->max;
        return;
    }
    if (t->bytes > LOG_READ_MAX_BYTES) {
        t->is_over = true; /* the answer is refused */
        return;
    }
    if (t->len == t->room) {
        t->room = t->room ? t->room * 2 : 64;
        t->at = mem_resize(t->at, t->room, sizeof(*t->at));
    }
    set_entry(t, &t->at[t->len++], entry);
}

const struct log_entry *log_tail_item(const struct log_tail *t, size_t i)
{
    return &t->at[(t->first + i) % t->len];
}

void log_tail_done(struct log_tail *t)
{
    for (size_t i = 0; i < t->len; i++)
        drop_entry(t, &t->at[i]);
    free(t->at);
    *t = (struct log_tail){0};
}
