/*
 * events/sources/file.c - changes of files in a folder.
 *
 * Lives on the loop and asks the kernel (inotify) for what happens in one folder, not below its
 * folders. What happens while the server is down, or faster than the kernel's queue holds, is
 * not seen; what the bus does not take waits in that queue. A folder that is not there, or goes
 * away, is looked for again. Paths are compared as texts: what follows `directory` as it is
 * spelled, so `path` matches only when that ends with "/". Doesn't do: polling. Source:
 * ../shared/spec/events.md 1.7 file.
 */
#include "events/sources/source.h"

#include <errno.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "formats/regex.h"

enum {
    BUFFER_BYTES = 65536,
    RETRY_MS = 100,
    LOOK_AGAIN_MS = 2000,
    WATCHED = IN_MOVED_TO | IN_MOVED_FROM | IN_CREATE | IN_ATTRIB | IN_MODIFY | IN_MOVE_SELF |
              IN_DELETE | IN_DELETE_SELF | IN_ONLYDIR
};

/* fsnotify's operations: their numbers go into the data. */
static const struct file_op {
    const char *name;
    uint32_t mask;
    int number;
} ops[] = {
    {"CREATE", IN_CREATE | IN_MOVED_TO, 1},
    {"WRITE", IN_MODIFY, 2},
    {"REMOVE", IN_DELETE | IN_DELETE_SELF, 4},
    {"RENAME", IN_MOVE_SELF | IN_MOVED_FROM, 8},
    {"CHMOD", IN_ATTRIB, 16},
};

struct file_state {
    const struct file_op *op;
    struct str directory;     /* as spelled */
    struct str folder;        /* without slashes at its end */
    struct str path;          /* empty: the expression decides */
    struct regex *expression; /* owned, or NULL */
    int fd;                   /* of inotify; 0: none */
    struct fd_watch *watch;   /* owned; NULL while the bus is full */
    struct timer *timer;      /* owned */
    struct arena *scratch;    /* owned */
    char *buffer;             /* of BUFFER_BYTES, read and not yet gone through */
    size_t used, at;
    bool is_gone; /* the folder: what is in the buffer comes first */
    bool is_told; /* that it is not there */
};

/* ---- events ---- */

static struct str encode(struct arena *a, const struct source *src, struct str name, int op)
{
    const struct json *metadata = json_get(source_spec(src), STR("metadata"));
    struct json_object_builder b = {0};
    struct json data;

    json_add(a, &b, STR("name"), json_string(name));
    json_add(a, &b, STR("op"), json_int(a, op));
    data = json_is(metadata, JSON_OBJECT) ? *metadata : json_null();
    json_add(a, &b, STR("metadata"),
             json_is(&data, JSON_OBJECT) && data.count == 0 ? json_null() : data);
    data = json_object(&b);
    return json_text(a, &data, JSON_ESCAPE_HTML);
}

static bool is_wanted(const struct file_state *st, struct str name)
{
    struct str rest =
        str_starts(name, st->directory) ? str_skip(name, st->directory.len) : name;

    return st->path.len > 0 ? str_eq(rest, st->path) : regex_matches(st->expression, rest);
}

/* One thing that the kernel tells; -1 with ERR_TRANSIENT when the bus is full. */
static int take(struct source *src, const struct inotify_event *e, struct err *err)
{
    struct file_state *st = source_state(src);
    struct arena *a = st->scratch;
    struct str name = st->folder;
    struct delivery event = {.is_json = true};

    if (e->mask & IN_Q_OVERFLOW)
        log_warn(source_log(src), "changes of files were lost: there were too many at once");
    if (e->mask & (IN_IGNORED | IN_DELETE_SELF | IN_MOVE_SELF))
        st->is_gone = true;
    if (!(e->mask & st->op->mask))
        return 0;
    arena_reset(a);
    if (e->len > 0)
        name = str_printf(a, STR_FMT "/%s", STR_ARG(st->folder), e->name);
    if (!is_wanted(st, name))
        return 0;
    event.payload = encode(a, src, name, st->op->number);
    return source_deliver(src, &event, err);
}

static void on_readable(void *ctx);
static void look_again(void *ctx);

static void stop_watching(struct file_state *st)
{
    fd_watch_free(TAKE(st->watch));
    if (st->fd > 0)
        close(st->fd);
    st->fd = 0;
}

/* Goes through the buffer; false when the bus is full: it goes on later. */
static bool take_all(struct source *src)
{
    struct file_state *st = source_state(src);
    struct inotify_event e;
    struct err err;

    for (; st->at < st->used; st->at += sizeof(e) + e.len) {
        memcpy(&e, st->buffer + st->at, sizeof(e));
        if (take(src, (const struct inotify_event *) (const void *) (st->buffer + st->at),
                 &err) == 0)
            continue;
        if (err.kind == ERR_TRANSIENT || err.kind == ERR_CANCELLED)
            return false;
        log_error(source_log(src), "a change of a file cannot become an event", LOG_ERR(&err));
    }
    return true;
}

static void go_on(void *ctx)
{
    struct source *src = ctx;
    struct file_state *st = source_state(src);
    struct err err;

    if (!take_all(src)) {
        fd_watch_free(TAKE(st->watch));
        timer_start(st->timer, RETRY_MS);
        return;
    }
    if (st->is_gone) {
        log_warn(source_log(src), "the folder has gone and is looked for again");
        stop_watching(st);
        look_again(src);
        return;
    }
    if (!st->watch)
        st->watch = fd_watch_new(source_loop(src), st->fd, on_readable, src, &err);
}

static void on_readable(void *ctx)
{
    struct source *src = ctx;
    struct file_state *st = source_state(src);
    ssize_t len = read(st->fd, st->buffer, BUFFER_BYTES);

    st->at = 0;
    st->used = len > 0 ? (size_t) len : 0;
    go_on(src);
}

/* ---- the folder ---- */

static int watch_folder(struct source *src, struct err *err)
{
    struct file_state *st = source_state(src);
    const char *path = str_cz(source_arena(src), st->folder);

    st->is_gone = false;
    st->at = st->used = 0;
    st->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (st->fd < 0) {
        st->fd = 0;
        return err_sys(err, errno, "watch files");
    }
    if (inotify_add_watch(st->fd, path, WATCHED) < 0) {
        err_sys(err, errno, "watch folder %s", path);
        stop_watching(st);
        return -1;
    }
    st->watch = fd_watch_new(source_loop(src), st->fd, on_readable, src, err);
    return st->watch ? 0 : -1;
}

static void on_timer(void *ctx)
{
    struct source *src = ctx;
    struct file_state *st = source_state(src);

    if (st->fd > 0)
        go_on(src);
    else
        look_again(src);
}

static void look_again(void *ctx)
{
    struct source *src = ctx;
    struct file_state *st = source_state(src);
    struct err err;

    if (watch_folder(src, &err) == 0) {
        if (st->is_told) {
            log_info(source_log(src), "the folder is watched now");
            source_tell(src, NULL);
        }
        st->is_told = false;
        return;
    }
    if (!st->is_told)
        log_warn(source_log(src), "the folder cannot be watched and is looked for again",
                 LOG_ERR(&err));
    source_tell(src, &err);
    st->is_told = true;
    timer_start(st->timer, LOOK_AGAIN_MS);
}

/* ---- life ---- */

static const struct file_op *find_op(struct str name)
{
    for (size_t i = 0; i < COUNT_OF(ops); i++)
        if (str_is(name, ops[i].name))
            return &ops[i];
    return NULL;
}

static struct str without_slashes(struct str path)
{
    while (path.len > 1 && str_ends(path, STR("/")))
        path = str_head(path, path.len - 1);
    return path;
}

static int read_spec(struct source *src, struct file_state *st, struct err *err)
{
    const struct json *spec = source_spec(src),
                      *config = json_get(spec, STR("watchPathConfig"));
    struct str type = json_get_str(spec, STR("eventType")),
               pattern = json_get_str(config, STR("pathRegexp"));

    st->op = find_op(type);
    if (!st->op)
        return err_set(err, ERR_INVALID,
                       "eventType \"" STR_FMT
                       "\" is none of CREATE, WRITE, REMOVE, RENAME, CHMOD",
                       STR_ARG(type));
    st->directory = json_get_str(config, STR("directory"));
    st->folder = without_slashes(st->directory);
    st->path = json_get_str(config, STR("path"));
    if (!str_starts(st->directory, STR("/")))
        return err_set(err, ERR_INVALID, "watchPathConfig.directory: must be an absolute path");
    if (st->path.len > 0)
        return 0;
    if (pattern.len == 0)
        return err_set(err, ERR_INVALID, "watchPathConfig: path or pathRegexp must be given");
    st->expression = regex_new(pattern, err);
    return st->expression ? 0 : err_wrap(err, "watchPathConfig.pathRegexp");
}

static int file_open(struct source *src, struct err *err)
{
    struct file_state *st = source_state(src);

    if (read_spec(src, st, err) < 0)
        return -1;
    st->scratch = arena_new();
    st->buffer = arena_alloc(source_arena(src), BUFFER_BYTES);
    st->timer = timer_new(source_loop(src), on_timer, src);
    look_again(src);
    return 0;
}

static int file_settle(struct source *src, const struct delivery *d, bool is_stored,
                       struct err *err)
{
    (void) src;
    (void) d;
    return is_stored ? 0 : err_set(err, ERR_IO, "the bus could not store it: it is lost");
}

static void file_close(struct source *src)
{
    struct file_state *st = source_state(src);

    stop_watching(st);
    timer_free(TAKE(st->timer));
    regex_free(TAKE(st->expression));
    arena_free(TAKE(st->scratch));
}

static const struct event_source_ops file_ops = {
    .open = file_open,
    .settle = file_settle,
    .close = file_close,
};

extern const struct event_source_driver file_source;
const struct event_source_driver file_source = {
    .kind = "file",
    .summary = "Brings changes of files in a folder.",
    .model = SOURCE_ON_LOOP,
    .state_size = sizeof(struct file_state),
    .ops = &file_ops,
};
