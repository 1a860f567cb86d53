/*
 * Following a workflow. See workflow.h.
 *
 * A thread of its own reads a watch of the workflow and only tells that there was news; the
 * command's thread then fetches the workflow with its nodes. Whatever happens between two
 * fetches is one piece of news. When the watch ends or the server is away, it is begun again.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/limits.h"
#include "cli/workflow.h"
#include "formats/uri.h"

enum { SECOND_MS = 1000, PAUSE_MS = 20, RETRY_MS = 250 };

struct watch {
    struct call_stream stream;
    int news_fd, stop_fd; /* eventfds */
    pthread_t thread;
    bool is_stopping; /* atomic */
};

static void tell(int fd)
{
    const uint64_t one = 1;
    ssize_t len = write(fd, &one, sizeof(one));

    (void) len; /* a full counter tells as well */
}

static int on_chunk(void *ctx, struct str chunk)
{
    struct watch *w = ctx;

    if (str_find_char(chunk, '\n') != SIZE_MAX)
        tell(w->news_fd);
    return 0;
}

static void *read_watch(void *ctx)
{
    struct watch *w = ctx;
    struct http_client *client = http_client_new();
    struct err ignored;

    while (!__atomic_load_n(&w->is_stopping, __ATOMIC_ACQUIRE)) {
        struct pollfd stop = {.fd = w->stop_fd, .events = POLLIN};

        call_stream(client, &w->stream, &ignored); /* the fetches tell what is wrong */
        tell(w->news_fd);
        poll(&stop, 1, RETRY_MS);
    }
    http_client_free(client);
    return NULL;
}

static int start_watch(struct cli *cli, struct str name, struct watch *w, struct err *err)
{
    *w = (struct watch){.news_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK),
                        .stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
    if (call_server(cli, &w->stream.server, err) < 0)
        return -1;
    w->stream.path =
        str_printf(cli->arena, STR_FMT "?watch=true&fieldSelector=metadata.name%%3D" STR_FMT,
                   STR_ARG(workflow_path(cli, STR(""))), STR_ARG(uri_escape(cli->arena, name)));
    w->stream.cancel_fd = w->stop_fd;
    w->stream.on_chunk = on_chunk;
    w->stream.ctx = w;
    if (w->news_fd < 0 || w->stop_fd < 0)
        return err_sys(err, errno, "make an eventfd");
    errno = pthread_create(&w->thread, NULL, read_watch, w);
    return errno ? err_sys(err, errno, "start a thread") : 0;
}

static void stop_watch(struct watch *w)
{
    __atomic_store_n(&w->is_stopping, true, __ATOMIC_RELEASE);
    tell(w->stop_fd);
    pthread_join(w->thread, NULL);
    close(w->news_fd);
    close(w->stop_fd);
}

/* Until there is news; tells the follower each second. News that come soon after the last fetch
 * wait a little: what comes together is fetched once. */
static void wait_for_news(const struct watch *w, const struct workflow_follower *f,
                          struct mono last_fetch)
{
    uint64_t pause_ms;
    struct pollfd news = {.fd = w->news_fd, .events = POLLIN};
    uint64_t count;
    ssize_t len;

    while (poll(&news, 1, SECOND_MS) <= 0)
        if (f->on_second)
            f->on_second(f->ctx);
    pause_ms = mono_ms_until(clock_mono(), mono_after(last_fetch, PAUSE_MS));
    if (pause_ms > 0)
        poll(NULL, 0, (int) pause_ms);
    len = read(w->news_fd, &count, sizeof(count));
    (void) len;
}

/* The states: one being shown, one being fetched, each in its arena. */
struct states {
    struct arena *arenas[2];
    struct json docs[2];
    unsigned at; /* the newest */
    bool has_old;
    struct mono last_seen;  /* when the server answered last */
    struct mono last_fetch; /* when it was asked last */
};

/* 1: there is a new state, 0: the server is away, but not for long; -1: give up. */
static int fetch(struct cli *cli, const struct workflow_follower *f, struct states *s,
                 struct err *err)
{
    unsigned next = s->at ^ 1;

    s->last_fetch = clock_mono();
    arena_reset(s->arenas[next]);
    if (call_get(cli, s->arenas[next], workflow_path(cli, f->name), &s->docs[next], err) < 0)
        return err_is_retryable(err) && s->has_old &&
                       clock_mono().ns < mono_after(s->last_seen, CLI_SERVER_AWAY_MS).ns
                   ? 0
                   : -1;
    s->last_seen = clock_mono();
    s->at = next;
    return 1;
}

static int follow_states(struct cli *cli, const struct workflow_follower *f,
                         const struct watch *w, struct states *s, struct err *err)
{
    for (;;) {
        int result = fetch(cli, f, s, err);
        const struct json *new = &s->docs[s->at];

        if (result < 0)
            return -1;
        if (result > 0) {
            int stop = f->on_change
                           ? f->on_change(f->ctx, s->has_old ? &s->docs[s->at ^ 1] : NULL, new)
                           : 0;

            s->has_old = true;
            if (stop != 0 || show_is_ended(new))
                return 0;
        }
        wait_for_news(w, f, s->last_fetch);
    }
}

/* One of the archive has ended, and is not watched. */
static bool is_archived(const struct json *workflow)
{
    return str_is(
        object_label(workflow, STR("workflows.argoproj.io/workflow-archiving-status")),
        "Persisted");
}

int workflow_follow(struct cli *cli, const struct workflow_follower *f, struct json *ret,
                    struct err *err)
{
    struct states s = {.arenas = {arena_new(), arena_new()}};
    struct json first;
    struct watch w;
    int result = workflow_get(cli, f->name, &first, err); /* a name that is not there */

    if (result == 0 && is_archived(&first)) {
        arena_free(s.arenas[0]);
        arena_free(s.arenas[1]);
        if (f->on_change)
            (void) f->on_change(f->ctx, NULL, &first);
        *ret = first;
        return 0;
    }
    if (result == 0)
        result = start_watch(cli, f->name, &w, err);
    if (result == 0) {
        result = follow_states(cli, f, &w, &s, err);
        stop_watch(&w);
    }
    if (result == 0)
        *ret = json_clone(cli->arena, &s.docs[s.at]);
    arena_free(s.arenas[0]);
    arena_free(s.arenas[1]);
    return result;
}

int workflow_wait(struct cli *cli, struct str name, struct json *ret, struct err *err)
{
    const struct workflow_follower f = {.name = name};

    if (workflow_follow(cli, &f, ret, err) < 0)
        return -1;
    if (!str_is(json_str(json_path(ret, "status", "phase", NULL)), "Succeeded"))
        cli->exit_code = 1;
    return 0;
}
