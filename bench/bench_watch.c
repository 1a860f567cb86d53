/*
 * 100 watchers on 1,000 changes a second of the real daemon: the time from the request for a
 * change to the line that a watcher reads, and what a watcher costs in memory.
 *
 * A change is a merge patch of a ConfigMap that holds the time at which it was asked for; eight
 * connections make them, one thread reads all watches.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench/served.h"

enum {
    WATCHERS = 100,
    FIRST_WATCHERS = 8,
    WRITERS = 8,
    CHANGES_A_SECOND = 1000,
    WARM_UP = 2000,
    CHANGES = 5000,
    WAIT_S = 30,
    BUFFER_BYTES = 65536,
};

/* The end of a watcher's text is kept: a number may come in two pieces. */
struct watcher {
    int fd;
    size_t used;
    char text[BUFFER_BYTES];
};

static struct {
    struct served served;
    struct watcher watchers[WATCHERS];
    double *ms; /* one a change and watcher */
    size_t seen;
    size_t wanted;
    atomic_bool is_over;
} bench;

struct writer {
    int number, count;
    double from;
};

/* ---- changes ---- */

static void sleep_until(double when)
{
    double left = when - bench_now();

    if (left > 0)
        usleep((useconds_t) (1e6 * left));
}

static void make_config_map(int fd, int number)
{
    char body[200];

    snprintf(body, sizeof(body),
             "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"c%d\"}}",
             number);
    served_ask(fd, "POST", "/api/v1/namespaces/default/configmaps", "application/json", body);
}

/* Every WRITERS-th change; the names go round so that changes of one object do not meet. */
static void *write_changes(void *ctx)
{
    const struct writer *w = ctx;
    int fd = served_connect(&bench.served);

    for (int i = w->number; i < w->count; i += WRITERS) {
        char path[100], body[100];

        sleep_until(w->from + (double) i / CHANGES_A_SECOND);
        snprintf(path, sizeof(path), "/api/v1/namespaces/default/configmaps/c%d", i % 1000);
        snprintf(body, sizeof(body), "{\"data\":{\"at\":\"@%.0f\"}}", 1e6 * bench_now());
        served_ask(fd, "PATCH", path, "application/merge-patch+json", body);
    }
    close(fd);
    return NULL;
}

/* Returns how many were made a second. */
static double change(int count)
{
    struct writer writers[WRITERS];
    pthread_t threads[WRITERS];
    double from = bench_now();

    for (int i = 0; i < WRITERS; i++) {
        writers[i] = (struct writer){i, count, from};
        pthread_create(&threads[i], NULL, write_changes, &writers[i]);
    }
    for (int i = 0; i < WRITERS; i++)
        pthread_join(threads[i], NULL);
    return count / (bench_now() - from);
}

/* ---- watchers ---- */

static void take_times(struct watcher *w)
{
    double now_us = 1e6 * bench_now();
    char *at = w->text, *mark, *last = w->text;

    w->text[w->used] = '\0';
    while ((mark = strstr(at, "\"@"))) {
        if (!strchr(mark + 2, '"'))
            break;
        if (bench.seen < bench.wanted)
            bench.ms[bench.seen++] = (now_us - bench_number(mark + 2)) / 1e3;
        at = last = mark + 2;
    }
    if (!mark && w->used > (size_t) (last - w->text) + 64)
        last = w->text + w->used - 64;
    w->used -= (size_t) (last - w->text);
    memmove(w->text, last, w->used);
}

static void *read_watches(void *ctx)
{
    struct epoll_event events[WATCHERS];
    int epoll = *(int *) ctx;

    while (!bench.is_over && bench.seen < bench.wanted) {
        int count = epoll_wait(epoll, events, WATCHERS, 100);

        for (int i = 0; i < count; i++) {
            struct watcher *w = events[i].data.ptr;
            ssize_t len = recv(w->fd, w->text + w->used, BUFFER_BYTES - 1 - w->used, 0);

            if (len <= 0) {
                fprintf(stderr, "bench_watch: a watch has ended (errno %d)\n", errno);
                exit(1);
            }
            w->used += (size_t) len;
            take_times(w);
        }
    }
    return NULL;
}

static int open_watches(int count)
{
    static const char request[] =
        "GET /api/v1/namespaces/default/configmaps?watch=true&timeoutSeconds=600"
        "&resourceVersion=%s HTTP/1.1\r\nHost: localhost\r\n\r\n";
    int epoll = epoll_create1(EPOLL_CLOEXEC);

    for (int i = 0; i < count; i++) {
        struct watcher *w = &bench.watchers[i];
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = w};

        w->fd = served_connect(&bench.served);
        if (dprintf(w->fd, request, "") < 0 ||
            epoll_ctl(epoll, EPOLL_CTL_ADD, w->fd, &event) < 0)
            exit(1);
    }
    return epoll;
}

/* What is there at the beginning is told, too: read until it is quiet. */
static void drain(int epoll)
{
    struct epoll_event events[WATCHERS];
    int count;

    while ((count = epoll_wait(epoll, events, WATCHERS, 1000)) > 0)
        for (int i = 0; i < count; i++) {
            struct watcher *w = events[i].data.ptr;

            if (recv(w->fd, w->text, BUFFER_BYTES - 1, 0) <= 0)
                exit(1);
        }
}

/* The caches of the server's readers are not the watchers': the first watches fill them. */
static void warm_up(void)
{
    int epoll = open_watches(FIRST_WATCHERS);

    drain(epoll);
    for (int i = 0; i < FIRST_WATCHERS; i++)
        close(bench.watchers[i].fd);
    close(epoll);
    change(WARM_UP);
}

int main(void)
{
    char data[BENCH_PATH_BYTES];
    double before_mb, rate, until;
    pthread_t reader;
    int fd, epoll;

    bench.wanted = (size_t) WATCHERS * CHANGES;
    bench.ms = calloc(bench.wanted, sizeof(*bench.ms));
    bench_folder(data);
    served_start(&bench.served, data);
    fd = served_connect(&bench.served);
    for (int i = 0; i < 1000; i++)
        make_config_map(fd, i);
    close(fd);
    warm_up();
    before_mb = served_resident_mb(&bench.served);
    epoll = open_watches(WATCHERS);
    drain(epoll);
    pthread_create(&reader, NULL, read_watches, &epoll);
    rate = change(CHANGES);
    until = bench_now() + WAIT_S;
    while (bench.seen < bench.wanted && bench_now() < until)
        usleep(10000);
    bench.is_over = true;
    pthread_join(reader, NULL);
    bench_print("changes_under_100_watchers", rate, "changes/s", CHANGES_A_SECOND, 0.95);
    bench_print("watch_events_told", (double) bench.seen, "events", (double) bench.wanted, 1.0);
    bench_print_less("watch_p99_100_watchers", bench_share(bench.ms, bench.seen, 0.99), "ms",
                     20);
    bench_print_less("memory_of_a_watcher",
                     1024 * (served_resident_mb(&bench.served) - before_mb) / WATCHERS, "KB",
                     64);
    served_stop(&bench.served);
    return 0;
}
