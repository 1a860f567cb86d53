/*
 * Webhook -> bus -> sensor -> log trigger of the real daemon: durable events a second over 32
 * connections, beside the bare HTTP server with the same client, and the time from the request
 * to the trigger's log line at 1,000 events/s.
 *
 * The daemon's log is read through a pipe: an event has fired when its line is there.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/bench.h"
#include "io/http_server.h"

enum {
    CONNECTIONS = 32,
    EVENTS = 60000,
    PACED_EVENTS = 5000,
    PACE_US = 1000,
    EVENTS_ALL = EVENTS + PACED_EVENTS,
    LINE_MAX_BYTES = 65536,
    WAIT_S = 120,
};

static struct {
    pid_t pid;
    int log;                    /* its stderr */
    atomic_int fired;           /* lines of the trigger */
    atomic_bool is_running;     /* the sensor has told so */
    double sent_at[EVENTS_ALL]; /* by number of the event */
    double fired_at[EVENTS_ALL];
} daemon_side;

static void die(const char *what)
{
    fprintf(stderr, "bench_events: %s (errno %d)\n", what, errno);
    if (daemon_side.pid > 0)
        kill(daemon_side.pid, SIGKILL);
    exit(1);
}

/* ---- the daemon ---- */

static void note_line(const char *line)
{
    const char *mark = strchr(line, '@');

    if (strstr(line, "sensor runs"))
        daemon_side.is_running = true;
    if (!mark || !strstr(line, "triggerName="))
        return;
    daemon_side.fired_at[(int) bench_number(mark + 1)] = bench_now();
    daemon_side.fired++;
}

static void *read_log(void *ctx)
{
    FILE *log = fdopen(daemon_side.log, "r");
    static char line[LINE_MAX_BYTES];

    (void) ctx;
    while (fgets(line, sizeof(line), log))
        note_line(line);
    fclose(log);
    return NULL;
}

static void start_daemon(const char *program, char *data)
{
    char *const args[] = {(char[]){"tiphys"},
                          (char[]){"server"},
                          (char[]){"--open"},
                          (char[]){"--port"},
                          (char[]){"0"},
                          (char[]){"--data"},
                          data,
                          NULL};
    posix_spawn_file_actions_t actions;
    pthread_t reader;
    int pair[2];

    if (pipe(pair) < 0)
        die("pipe");
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, pair[1], 1);
    posix_spawn_file_actions_adddup2(&actions, pair[1], 2);
    posix_spawn_file_actions_addclose(&actions, pair[0]);
    if (posix_spawn(&daemon_side.pid, program, &actions, NULL, args, environ) != 0)
        die(program);
    posix_spawn_file_actions_destroy(&actions);
    close(pair[1]);
    daemon_side.log = pair[0];
    pthread_create(&reader, NULL, read_log, NULL);
    pthread_detach(reader);
}

static int read_port(const char *data)
{
    char path[300], text[16] = "";
    FILE *f = NULL;

    snprintf(path, sizeof(path), "%s/port", data);
    for (int i = 0; i < 1000 && !text[0]; i++) {
        usleep(10000);
        f = fopen(path, "r");
        if (f && fgets(text, sizeof(text), f) == NULL)
            text[0] = '\0';
        if (f)
            fclose(f);
    }
    if (!text[0])
        die("the daemon does not start");
    return (int) bench_number(text);
}

static void apply(const char *program, const char *data, int api_port, int hook_port)
{
    char path[300], command[900];
    FILE *f;

    snprintf(path, sizeof(path), "%s/pipeline.yaml", data);
    f = fopen(path, "w");
    if (!f)
        die(path);
    fprintf(f,
            "apiVersion: argoproj.io/v1alpha1\nkind: EventSource\nmetadata: {name: hooks}\n"
            "spec: {webhook: {w: {port: \"%d\", endpoint: /w, method: POST}}}\n---\n"
            "apiVersion: argoproj.io/v1alpha1\nkind: Sensor\nmetadata: {name: s}\nspec:\n"
            "  dependencies: [{name: d, eventSourceName: hooks, eventName: w}]\n"
            "  triggers: [{template: {name: t, log: {}}}]\n",
            hook_port);
    fclose(f);
    snprintf(command, sizeof(command), "ARGO_SERVER=127.0.0.1:%d %s apply -f %s >/dev/null",
             api_port, program, path);
    if (system(command) != 0) /* NOLINT: a command of ours */
        die("apply");
}

/* ---- the client ---- */

struct peer {
    int fd;
    size_t got; /* bytes of the answer that are there */
    char answer[4096];
};

static int connect_to(int port)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t) port)};
    int fd;

    inet_pton(AF_INET, "127.0.0.1", &to.sin_addr);
    for (int i = 0; i < 500; i++) {
        fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (connect(fd, (struct sockaddr *) &to, sizeof(to)) == 0)
            return fd;
        close(fd);
        usleep(20000);
    }
    die("connect");
    return -1;
}

static void send_event(struct peer *peer, int number)
{
    char body[64], text[256];
    int body_len =
        snprintf(body, sizeof(body), "{\"message\":\"@%07d\",\"kind\":\"order\"}", number);
    int len =
        snprintf(text, sizeof(text),
                 "POST /w HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                 "Content-Length: %d\r\n\r\n%s",
                 body_len, body);

    daemon_side.sent_at[number] = bench_now();
    peer->got = 0;
    if (send(peer->fd, text, (size_t) len, MSG_NOSIGNAL) != len)
        die("send");
}

/* True when the answer is whole: head, and as many bytes as it says. */
static int has_answer(struct peer *peer)
{
    ssize_t len =
        recv(peer->fd, peer->answer + peer->got, sizeof(peer->answer) - 1 - peer->got, 0);
    const char *head_end, *length;

    if (len <= 0)
        die("recv");
    peer->got += (size_t) len;
    peer->answer[peer->got] = '\0';
    head_end = strstr(peer->answer, "\r\n\r\n");
    if (!head_end)
        return 0;
    if (strncmp(peer->answer, "HTTP/1.1 200", 12) != 0)
        die(peer->answer);
    length = strcasestr(peer->answer, "content-length:");
    return peer->got >= (size_t) (head_end + 4 - peer->answer) +
                            (length ? (size_t) (int) bench_number(length + 15) : 0);
}

/* Events [first, first + count) over all connections, each sends its next one when it has its
 * answer. */
static void send_all(int port, int first, int count)
{
    static struct peer peers[CONNECTIONS];
    struct epoll_event ready[CONNECTIONS];
    int poller = epoll_create1(EPOLL_CLOEXEC), sent = 0, answered = 0;

    for (int i = 0; i < CONNECTIONS; i++) {
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = &peers[i]};

        peers[i].fd = connect_to(port);
        epoll_ctl(poller, EPOLL_CTL_ADD, peers[i].fd, &event);
        send_event(&peers[i], first + sent++);
    }
    while (answered < count) {
        int n = epoll_wait(poller, ready, CONNECTIONS, 10000);

        if (n <= 0)
            die("no answer");
        for (int i = 0; i < n; i++)
            if (has_answer(ready[i].data.ptr)) {
                answered++;
                if (sent < count)
                    send_event(ready[i].data.ptr, first + sent++);
            }
    }
    for (int i = 0; i < CONNECTIONS; i++)
        close(peers[i].fd);
    close(poller);
}

static void send_paced(int port, int first, int count)
{
    struct peer peer = {.fd = connect_to(port)};
    double start = bench_now();

    for (int i = 0; i < count; i++) {
        double wait = start + i * (PACE_US / 1e6) - bench_now();

        if (wait > 0)
            usleep((useconds_t) (wait * 1e6));
        send_event(&peer, first + i);
        while (!has_answer(&peer))
            continue;
    }
    close(peer.fd);
}

static void wait_fired(int count)
{
    double limit = bench_now() + WAIT_S;

    while (daemon_side.fired < count) {
        if (bench_now() > limit)
            die("not all events have fired");
        usleep(500);
    }
}

/* ---- results ---- */

static void answer_at_once(void *ctx, struct http_request *req)
{
    (void) ctx;
    http_reply(req, 200, STR("text/plain"), STR("success"), NULL, 0);
}

static double of_bare_server(void)
{
    struct err err;
    struct http_server *server = http_server_start(
        &(struct http_server_options){
            .address = "127.0.0.1", .threads = 2, .handle = answer_at_once},
        &err);
    double start = bench_now();

    if (!server)
        die(err.text);
    send_all(http_server_port(server), 0, EVENTS);
    start = bench_now() - start;
    http_server_stop(server);
    return EVENTS / start;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *) a, y = *(const double *) b;

    return x < y ? -1 : x > y;
}

static void print_latency(void)
{
    static double ms[PACED_EVENTS];

    for (int i = 0; i < PACED_EVENTS; i++)
        ms[i] = 1e3 * (daemon_side.fired_at[EVENTS + i] - daemon_side.sent_at[EVENTS + i]);
    qsort(ms, PACED_EVENTS, sizeof(ms[0]), by_value);
    bench_print_less("webhook_to_trigger_p50", ms[PACED_EVENTS / 2], "ms", 5);
    bench_print_less("webhook_to_trigger_p99", ms[PACED_EVENTS * 99 / 100], "ms", 5);
}

int main(void)
{
    char data[BENCH_PATH_BYTES];
    const char *program = getenv("TIPHYS") ? getenv("TIPHYS") : "build/tiphys";
    double bare = of_bare_server(), start;
    int port, hook_port;

    bench_folder(data);
    start_daemon(program, data);
    port = read_port(data);
    hook_port = port == 65535 ? port - 1 : port + 1;
    apply(program, data, port, hook_port);
    close(connect_to(hook_port));
    while (!daemon_side.is_running)
        usleep(1000);
    start = bench_now();
    send_all(hook_port, 0, EVENTS);
    wait_fired(EVENTS);
    bench_print("webhook_to_trigger", EVENTS / (bench_now() - start), "events/s", bare,
                30000 / bare);
    send_paced(hook_port, EVENTS, PACED_EVENTS);
    wait_fired(EVENTS_ALL);
    print_latency();
    kill(daemon_side.pid, SIGTERM);
    waitpid(daemon_side.pid, NULL, 0);
    return 0;
}
