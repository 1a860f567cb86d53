/*
 * tiphys dev: one command for a laptop. The server runs in the foreground with its data in
 * ./.tiphys, open on the loopback; the given manifests are applied, and applied again when they
 * change. What happens is told in plain lines. Ctrl-C ends it all.
 *
 * The server has the main thread. A second thread has a loop of its own for files and timers, a
 * third one reads the watch of workflows. Both talk to the server as any command does.
 */
#include "cli/dev.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/vec.h"
#include "cli/apply.h"
#include "cli/isolation.h"
#include "cli/manifests.h"
#include "daemon/daemon.h"
#include "formats/gotime.h"
#include "io/loop.h"

enum { READY_POLL_MS = 20, SETTLE_MS = 100, RETRY_MS = 300 };

struct folder_watch {
    char *path; /* owned */
    struct path_watch *watch;
};

struct dev {
    struct cli *cli; /* of the command; its flags and arguments are read only */
    const char *data;
    struct wall begun;
    int stop_fd;      /* eventfd: readable when all is to end */
    bool is_stopping; /* atomic */
    char url[64];     /* of the server, once it is ready */
    pthread_t files_thread, workflows_thread;

    /* the thread of files */
    struct loop *loop;
    struct timer *settle;
    struct fd_watch *stop_watch;
    VEC(struct folder_watch) folders;
    struct dev_files files;

    /* the thread of workflows */
    struct dev_phases phases;
    struct strbuf partial;
};

static bool is_stopping(const struct dev *d)
{
    return __atomic_load_n(&d->is_stopping, __ATOMIC_ACQUIRE);
}

/* A line with the time of day, whole. */
static void say(const char *text)
{
    struct arena *a = arena_new();
    struct gotime now = gotime_of_wall(clock_wall());

    printf(STR_FMT "  %s\n", STR_ARG(gotime_format(a, &now, STR("15:04:05"))), text);
    fflush(stdout);
    arena_free(a);
}

/* A command's state for one piece of work. */
static struct cli client_of(struct dev *d)
{
    struct cli cli = *d->cli;

    cli.arena = arena_new();
    cli.server = NULL;
    cli.client = NULL;
    cli.exit_code = 0;
    call_use(&cli, str_from(d->url));
    return cli;
}

static void client_done(struct cli *cli)
{
    call_done(cli);
    arena_free(cli->arena);
}

/* ---- files ---- */

static void on_folder_change(void *ctx)
{
    struct dev *d = ctx;

    timer_start(d->settle, SETTLE_MS); /* editors write in several steps */
}

static void watch_folder(struct dev *d, struct str path)
{
    struct folder_watch w;
    struct err err;

    for (size_t i = 0; i < d->folders.len; i++)
        if (str_is(path, d->folders.at[i].path))
            return;
    if (d->folders.len == DEV_FOLDERS_MAX)
        return;
    w.path = strndup(path.ptr, path.len);
    w.watch = path_watch_new(d->loop, w.path, on_folder_change, d, &err);
    if (!w.watch) {
        fprintf(stderr, "Error: %s\n", err.text);
        free(w.path);
        return;
    }
    VEC_PUSH(&d->folders, w);
}

static struct str folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');

    return !slash ? STR(".") : str_of(path, slash == path ? 1 : (size_t) (slash - path));
}

/* Applies what is new or has changed; new folders are watched from now on. */
static void scan(struct dev *d)
{
    struct cli cli = client_of(d);
    struct manifest_paths files;
    struct err err;

    if (manifests_find(cli.arena, d->cli->args, d->cli->arg_count, &files, &err) < 0) {
        fprintf(stderr, "Error: %s\n", err.text);
        files = (struct manifest_paths){0};
    }
    for (size_t i = 0; i < files.folder_count; i++)
        watch_folder(d, str_from(files.folders[i]));
    for (size_t i = 0; i < files.len; i++) {
        watch_folder(d, folder_of(files.at[i]));
        if (!dev_files_is_new(&d->files, files.at[i]))
            continue;
        say(str_printf(cli.arena, "apply %s", files.at[i]).ptr);
        if (apply_file(&cli, files.at[i], APPLY_ANEW, &err) < 0) {
            fflush(stdout);
            fprintf(stderr, "Error: %s\n", err.text);
        }
        fflush(stdout);
    }
    for (struct str gone; (gone = dev_files_gone(&d->files, cli.arena)).len > 0;)
        say(str_printf(cli.arena,
                       STR_FMT " has gone: what it made stays until it is deleted by name",
                       STR_ARG(gone))
                .ptr);
    client_done(&cli);
}

static void on_settled(void *ctx)
{
    scan(ctx);
}

static void on_stop(void *ctx)
{
    struct dev *d = ctx;

    loop_stop(d->loop);
}

/* Reads DATA/port, which the server writes when it is ready. */
static bool wait_until_ready(struct dev *d)
{
    char path[4096], text[16];
    struct pollfd stop = {.fd = d->stop_fd, .events = POLLIN};

    snprintf(path, sizeof(path), "%s/port", d->data);
    while (!is_stopping(d)) {
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        ssize_t len = fd < 0 ? 0 : fd_read(fd, text, sizeof(text) - 1);

        if (fd >= 0)
            close(fd);
        if (len > 1 && text[len - 1] == '\n') {
            text[len - 1] = '\0';
            snprintf(d->url, sizeof(d->url), "http://127.0.0.1:%s", text);
            return true;
        }
        poll(&stop, 1, READY_POLL_MS);
    }
    return false;
}

/* ---- workflows ---- */

static void on_watch_line(void *ctx, struct str line)
{
    struct dev *d = ctx;
    struct arena *a = arena_new();
    struct str told = dev_tell(a, &d->phases, line, d->begun);

    if (told.len > 0)
        say(str_cz(a, str_trim(told)));
    arena_free(a);
}

static int on_watch_chunk(void *ctx, struct str chunk)
{
    struct dev *d = ctx;

    call_lines(&d->partial, chunk, on_watch_line, d);
    return is_stopping(d);
}

static void *tell_workflows(void *ctx)
{
    struct dev *d = ctx;
    struct http_client *http = http_client_new();
    struct cli cli = client_of(d);
    struct pollfd stop = {.fd = d->stop_fd, .events = POLLIN};
    struct call_stream stream = {.path = STR("/apis/argoproj.io/v1alpha1/workflows?watch=true"),
                                 .cancel_fd = d->stop_fd,
                                 .on_chunk = on_watch_chunk,
                                 .ctx = d};
    struct err err;

    if (call_server(&cli, &stream.server, &err) == 0)
        while (!is_stopping(d)) {
            strbuf_reset(&d->partial);
            call_stream(http, &stream, &err);
            poll(&stop, 1, RETRY_MS);
        }
    client_done(&cli);
    http_client_free(http);
    return NULL;
}

/* ---- the thread of files ---- */

static int open_files(struct dev *d, struct err *err)
{
    d->loop = loop_new(err);
    if (!d->loop)
        return -1;
    d->settle = timer_new(d->loop, on_settled, d);
    d->stop_watch = fd_watch_new(d->loop, d->stop_fd, on_stop, d, err);
    return d->stop_watch ? 0 : -1;
}

static void close_files(struct dev *d)
{
    for (size_t i = 0; i < d->folders.len; i++) {
        path_watch_free(d->folders.at[i].watch);
        free(d->folders.at[i].path);
    }
    VEC_DONE(&d->folders);
    fd_watch_free(d->stop_watch);
    timer_free(d->settle);
    loop_free(d->loop);
}

static void *keep_files(void *ctx)
{
    struct dev *d = ctx;
    struct err err;
    char text[4200];
    bool has_workflows;

    if (!wait_until_ready(d))
        return NULL;
    snprintf(text, sizeof(text), "%s, data in %s; Ctrl-C ends it", d->url, d->data);
    say(text);
    has_workflows = pthread_create(&d->workflows_thread, NULL, tell_workflows, d) == 0;
    if (open_files(d, &err) == 0) {
        scan(d);
        loop_run(d->loop);
        close_files(d);
    } else {
        fprintf(stderr, "Error: %s\n", err.text);
    }
    if (has_workflows)
        pthread_join(d->workflows_thread, NULL);
    return NULL;
}

/* ---- the command ---- */

static int prepare(struct dev *d, struct err *err)
{
    char path[4096];

    if (mkdir(d->data, 0700) < 0 && errno != EEXIST)
        return err_sys(err, errno, "make folder %s", d->data);
    snprintf(path, sizeof(path), "%s/port", d->data);
    if (unlink(path) < 0 && errno != ENOENT)
        return err_sys(err, errno, "remove %s", path);
    d->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (d->stop_fd < 0)
        return err_sys(err, errno, "make an eventfd");
    strbuf_init(&d->partial, HTTP_RESPONSE_MAX_BYTES);
    return 0;
}

static void stop(struct dev *d)
{
    const uint64_t one = 1;
    ssize_t len;

    __atomic_store_n(&d->is_stopping, true, __ATOMIC_RELEASE);
    len = write(d->stop_fd, &one, sizeof(one));
    (void) len;
}

static int serve(struct dev *d, struct err *err)
{
    struct cli *cli = d->cli;
    const char *address = "127.0.0.1";
    struct daemon_options options = {.address = address,
                                     .port = (uint16_t) flags_int(&cli->flags, "port"),
                                     .data = d->data,
                                     .token = "",
                                     .webhook_address = address,
                                     .shim = getenv("TIPHYS_SHIM"),
                                     .is_open = true};
    int result;

    cli_isolation_options(cli, cli->arena, &options);
    log_setup(LOG_FORMAT_TEXT, cli_is_on(cli, "verbose") ? LOG_LEVEL_DEBUG : LOG_LEVEL_INFO, 2);
    errno = pthread_create(&d->files_thread, NULL, keep_files, d);
    if (errno)
        return err_sys(err, errno, "start a thread");
    result = daemon_run(&options, err);
    stop(d);
    pthread_join(d->files_thread, NULL);
    return result;
}

static int run_dev(struct cli *cli, struct err *err)
{
    struct dev d = {.cli = cli, .data = cli_flag(cli, "data"), .begun = clock_wall()};
    int result = -1;

    if (prepare(&d, err) == 0) {
        result = serve(&d, err);
        close(d.stop_fd);
    }
    dev_files_done(&d.files);
    dev_phases_done(&d.phases);
    strbuf_done(&d.partial);
    return result;
}

static int check_dev(struct cli *cli, struct err *err)
{
    int64_t port = flags_int(&cli->flags, "port");

    if (port < 0 || port > 65535)
        return err_set(err, ERR_INVALID, "--port %lld is not a number from 0 to 65535",
                       (long long) port);
    for (size_t i = 0; i < cli->arg_count; i++)
        if (access(cli->args[i], R_OK) < 0)
            return err_sys(err, errno, "open %s", cli->args[i]);
    return 0;
}

static const struct cli_flag flags[] = {
    {.name = "data",
     .letter = 'd',
     .fallback = "./.tiphys",
     .help = "where everything is kept"},
    CLI_ISOLATION_FLAGS,
    {.name = "port",
     .letter = 'p',
     .type = FLAG_INT,
     .fallback = "2746",
     .help = "port to listen on; 0: any"},
    CLI_RUNTIME_FLAGS,
    {0},
};

extern const struct cli_command cli_dev;
const struct cli_command cli_dev = {
    .name = "dev",
    .usage = "[FILE|FOLDER...]",
    .summary = "serve on this machine, apply manifests, and apply again those that change",
    .example = "dev\ndev ./manifests\ndev hook.yaml sensor.yaml --port 0",
    .flags = flags,
    .surface = CLI_OWN,
    .max_args = CLI_ANY_ARGS,
    .check = check_dev,
    .run = run_dev};
