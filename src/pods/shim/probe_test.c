/*
 * Tests of what the shim does with a container that runs: probes by commands and connections,
 * their thresholds and times, what a failed one ends; hooks of its start and its end; when a
 * watched pod says that it is ready. In isolation process, and in host where this machine lets
 * us.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sys/socket.h>

#include "pods/shim/pod_test.h"

static void begin(struct world *w)
{
    w->plan_len = 0;
    memset(w->plan, 0, PLAN_BYTES);
    for (const char *const *name = (const char *const[]){"up", "trace", "main.log", NULL};
         *name; name++)
        unlink(file_in(w, *name));
    word(w, "grace", "5000");
}

/* A command as an act; with times if it is a probe. */
static void act(struct world *w, const char *which, const char *text)
{
    word(w, "act", which);
    word(w, "exec", "/bin/sh");
    word(w, "exec", "-c");
    word(w, "exec", text);
    if (strcmp(which, "poststart") == 0 || strcmp(which, "prestop") == 0)
        return;
    word(w, "every", "50");
    word(w, "within", "5000");
}

static void expect(const struct world *w, int code, const char *message)
{
    if (w->record.code != code || strcmp(w->record.message, message) != 0)
        fail_msg("ended with %d, \"%s\"; not %d, \"%s\"", w->record.code, w->record.message,
                 code, message);
    assert_string_equal(w->record.container, "main");
    assert_int_equal(w->record.flags & (uint32_t) POD_RECORD_READY, 0);
}

/* What the record says now. */
static struct pod_record peek(const struct world *w)
{
    struct pod_record record;
    int fd = open(file_in(w, POD_RECORD_FILE), O_RDONLY);

    assert_int_equal(pread(fd, &record, sizeof(record), 0), sizeof(record));
    close(fd);
    return record;
}

static bool becomes_ready(const struct world *w)
{
    for (int i = 0; i < 1000; i++) {
        if (peek(w).flags & POD_RECORD_READY)
            return true;
        usleep(10000);
    }
    return false;
}

static pid_t begin_run(struct world *w)
{
    struct pod_record record = planned(w);

    write_record(w, &record);
    return start(w);
}

static void test_liveness(void **state)
{
    struct world *w = *state;

    begin(w);
    script(w, "main", "exec sleep 100");
    act(w, "liveness", "exit 3");
    run(w);
    expect(w, 143, "Container main failed liveness probe");

    /* It may go on as long as it lives; what it says itself counts in the end. */
    begin(w);
    script(w, "main", "until test -s trace; do sleep 0.02; done; exit 7");
    act(w, "liveness", "echo x >>trace");
    run(w);
    expect(w, 7, "");

    begin(w);
    script(w, "main", "trap 'exit 0' TERM; sleep 100 & wait");
    act(w, "liveness", "false");
    run(w);
    expect(w, 0, "Container main failed liveness probe");
}

static void test_failures_in_a_row(void **state)
{
    struct world *w = *state;

    begin(w);
    script(w, "main", "exec sleep 100");
    /* Fails, fails, succeeds, and then three times. */
    act(w, "liveness", "echo x >>trace; test $(wc -l <trace) -eq 3");
    word(w, "failures", "3");
    run(w);
    expect(w, 143, "Container main failed liveness probe");
    assert_int_equal(strlen(text_of(w, "trace")) / 2, 6);
}

static void test_own_grace(void **state)
{
    struct world *w = *state;
    int64_t began = now_ms();

    begin(w);
    word(w, "grace", "600000");
    script(w, "main", "trap '' TERM; while :; do sleep 1; done");
    act(w, "liveness", "false");
    word(w, "ending", "100");
    run(w);
    expect(w, 137, "Container main failed liveness probe");
    assert_true(now_ms() - began < 15000);
}

static void test_late(void **state)
{
    struct world *w = *state;

    begin(w);
    script(w, "main", "exec sleep 100");
    word(w, "act", "liveness");
    word(w, "exec", "sleep");
    word(w, "exec", "100");
    word(w, "every", "50");
    word(w, "within", "100");
    run(w);
    expect(w, 143, "Container main failed liveness probe");

    begin(w);
    script(w, "main", "exec sleep 100");
    act(w, "liveness", "yes"); /* says more than anybody takes */
    word(w, "within", "300");
    run(w);
    expect(w, 143, "Container main failed liveness probe");
}

static void test_startup(void **state)
{
    struct world *w = *state;

    /* The others wait for it. */
    begin(w);
    script(w, "main", "until test -e up; do sleep 0.02; done; exit 5");
    act(w, "startup", "echo s >>trace; test $(wc -l <trace) -ge 3");
    word(w, "failures", "100");
    act(w, "liveness", "echo l >>trace; touch up");
    run(w);
    expect(w, 5, "");
    assert_memory_equal(text_of(w, "trace"), "s\ns\ns\nl\n", 8);

    begin(w);
    script(w, "main", "exec sleep 100");
    act(w, "startup", "false");
    word(w, "failures", "2");
    act(w, "liveness", "echo l >>trace");
    run(w);
    expect(w, 143, "Container main failed startup probe");
    assert_string_equal(text_of(w, "trace"), "");
}

static void test_initial_delay(void **state)
{
    struct world *w = *state;
    int64_t began = now_ms();

    begin(w);
    script(w, "main", "exec sleep 100");
    act(w, "liveness", "false");
    word(w, "initial", "400");
    run(w);
    expect(w, 143, "Container main failed liveness probe");
    assert_true(now_ms() - began >= 400);
}

static void test_ready(void **state)
{
    struct world *w = *state;
    pid_t pid;

    begin(w);
    word(w, "watched", "1");
    script(w, "main", "until test -e stop; do sleep 0.02; done");
    act(w, "readiness", "test -e up || { echo not yet; exit 1; }");
    unlink(file_in(w, "stop"));
    pid = begin_run(w);
    for (int i = 0; i < 1000 && !peek(w).message[0]; i++)
        usleep(10000);
    assert_string_equal(peek(w).message, "Readiness probe failed: not yet");
    assert_int_equal(peek(w).flags, 0);
    close(open(file_in(w, "up"), O_CREAT | O_WRONLY, 0600));
    assert_true(becomes_ready(w));
    assert_string_equal(peek(w).message, "");
    unlink(file_in(w, "up"));
    for (int i = 0; i < 1000 && peek(w).flags; i++)
        usleep(10000);
    assert_int_equal(peek(w).flags, 0); /* it goes on, and is not ready */
    close(open(file_in(w, "stop"), O_CREAT | O_WRONLY, 0600));
    assert_int_equal(finish(w, pid), 0);
    expect(w, 0, "");
}

/* All of them, not one; without probes as soon as they run. */
static void test_ready_beside(void **state)
{
    struct world *w = *state;
    pid_t pid;

    begin(w);
    word(w, "watched", "1");
    script(w, "first", "echo first >trace");
    script(w, "main", "until test -e stop; do sleep 0.02; done");
    word(w, "role", "main");
    script(w, "side", "exec sleep 100");
    word(w, "role", "sidecar");
    act(w, "readiness", "test -e up");
    unlink(file_in(w, "stop"));
    pid = begin_run(w);
    for (int i = 0; i < 1000 && !peek(w).message[0]; i++)
        usleep(10000);
    assert_string_equal(peek(w).message, "Readiness probe failed: ");
    assert_string_equal(text_of(w, "trace"), "first\n");
    close(open(file_in(w, "up"), O_CREAT | O_WRONLY, 0600));
    assert_true(becomes_ready(w));
    close(open(file_in(w, "stop"), O_CREAT | O_WRONLY, 0600));
    assert_int_equal(finish(w, pid), 0);
    expect(w, 0, "");
}

/* A sidecar that does not live is ended alone. */
static void test_sidecar_liveness(void **state)
{
    struct world *w = *state;

    begin(w);
    script(w, "main", "until test -e up; do sleep 0.02; done");
    word(w, "role", "main");
    script(w, "side", "trap 'touch up; exit 0' TERM; sleep 100 & wait");
    word(w, "role", "sidecar");
    act(w, "liveness", "false");
    run(w);
    expect(w, 0, "");
}

/* ---- connections ---- */

struct answering {
    int fd;
    const char *answer; /* NULL: none */
    char asked[2048];
};

static void *answer_one(void *ctx)
{
    struct answering *a = ctx;
    int fd = accept(a->fd, NULL, NULL);
    ssize_t len = recv(fd, a->asked, sizeof(a->asked) - 1, 0);

    a->asked[len > 0 ? len : 0] = '\0';
    if (a->answer && send(fd, a->answer, strlen(a->answer), MSG_NOSIGNAL) < 0)
        a->answer = NULL;
    if (!a->answer)
        usleep(600000); /* beyond what the probe waits */
    close(fd);
    return NULL;
}

static int listen_on(char port[8])
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(at);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_int_equal(bind(fd, (struct sockaddr *) &at, sizeof(at)), 0);
    assert_int_equal(listen(fd, 16), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *) &at, &len), 0);
    snprintf(port, 8, "%d", ntohs(at.sin_port));
    return fd;
}

static void connection(struct world *w, const char *which, const char *port,
                       const char *request)
{
    word(w, "act", which);
    word(w, "host", "127.0.0.1");
    word(w, "port", port);
    if (request)
        word(w, "request", request);
    word(w, "every", "10000");
    word(w, "within", "300");
}

/* What the first probe says, by the record of a watched pod; "" when it is ready. A leading "-"
 * stands for the words about the request. */
static void expect_answer(struct world *w, const char *answer, bool is_http, const char *wanted)
{
    struct answering a = {.answer = answer};
    char port[8], said[400];
    pthread_t thread = 0;
    pid_t pid;

    begin(w);
    unlink(file_in(w, "stop"));
    a.fd = listen_on(port);
    word(w, "watched", "1");
    script(w, "main", "until test -e stop; do sleep 0.02; done");
    connection(w, "readiness", port,
               is_http ? "GET /healthz?a=b HTTP/1.1\r\nHost: x\r\n\r\n" : NULL);
    if (is_http)
        pthread_create(&thread, NULL, answer_one, &a);
    pid = begin_run(w);
    for (int i = 0; i < 1000 && !peek(w).message[0] && !peek(w).flags; i++)
        usleep(10000);
    snprintf(said, sizeof(said),
             wanted[0] == '-'
                 ? "Readiness probe failed: Get \"http://127.0.0.1:%s/healthz?a=b\": %s"
                 : "%.0s%s",
             port, wanted[0] == '-' ? wanted + 1 : wanted);
    assert_string_equal(peek(w).message, said);
    assert_int_equal(peek(w).flags != 0, !*wanted);
    if (is_http) {
        pthread_join(thread, NULL);
        assert_string_equal(a.asked, "GET /healthz?a=b HTTP/1.1\r\nHost: x\r\n\r\n");
    }
    close(a.fd);
    close(open(file_in(w, "stop"), O_CREAT | O_WRONLY, 0600));
    assert_int_equal(finish(w, pid), 0);
}

static void test_connections(void **state)
{
    static const struct {
        const char *answer, *wanted;
    } cases[] = {
        {"HTTP/1.1 200 OK\r\n\r\n", ""},
        {"HTTP/1.0 399 Odd\r\n\r\n", ""},
        {"HTTP/1.1 302 Found\r\nLocation: /\r\n\r\n", ""},
        {"HTTP/1.1 503 No\r\n\r\n",
         "Readiness probe failed: HTTP probe failed with statuscode: 503"},
        {"HTTP/1.1 199 Early\r\n\r\n",
         "Readiness probe failed: HTTP probe failed with statuscode: 199"},
        {"hello\n", "-no answer of HTTP"},
        {"", "-no answer of HTTP"},
        {NULL, "-context deadline exceeded (Client.Timeout exceeded while awaiting headers)"},
    };
    struct world *w = *state;

    expect_answer(w, NULL, false, ""); /* it is enough that it listens */
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        expect_answer(w, cases[i].answer, true, cases[i].wanted);
}

static void test_nobody_listens(void **state)
{
    struct world *w = *state;
    char port[8], said[200];
    int fd = listen_on(port);

    close(fd);
    for (int is_http = 0; is_http < 2; is_http++) {
        pid_t pid;

        begin(w);
        word(w, "watched", "1");
        script(w, "main", "until test -e stop; do sleep 0.02; done");
        connection(w, "readiness", port, is_http ? "GET / HTTP/1.1\r\n\r\n" : NULL);
        unlink(file_in(w, "stop"));
        pid = begin_run(w);
        for (int i = 0; i < 1000 && !peek(w).message[0]; i++)
            usleep(10000);
        snprintf(said, sizeof(said),
                 is_http ? "Readiness probe failed: Get \"http://127.0.0.1:%s/\": dial tcp "
                           "127.0.0.1:%s: connect: connection refused"
                         : "Readiness probe failed: dial tcp 127.0.0.1:%s: connect: connection "
                           "refused",
                 port, port);
        assert_string_equal(peek(w).message, said);
        close(open(file_in(w, "stop"), O_CREAT | O_WRONLY, 0600));
        assert_int_equal(finish(w, pid), 0);
    }
}

/* ---- hooks ---- */

static void test_post_start(void **state)
{
    struct world *w = *state;

    begin(w);
    script(w, "main", "until test -e up; do sleep 0.02; done; echo main >>trace");
    act(w, "poststart", "echo hook >>trace; touch up");
    act(w, "liveness", "test -e up");
    run(w);
    expect(w, 0, "");
    assert_string_equal(text_of(w, "trace"), "hook\nmain\n");

    begin(w);
    script(w, "main", "exec sleep 100");
    act(w, "poststart", "echo no such thing; exit 4");
    run(w);
    expect(w, 143, "FailedPostStartHook: no such thing");
}

static void test_pre_stop(void **state)
{
    struct world *w = *state;
    pid_t pid;

    begin(w);
    script(w, "main",
           "trap 'echo term >>trace; exit 9' TERM; touch up; while :; do sleep 0.02; done");
    act(w, "prestop", "sleep 0.2; echo stop >>trace");
    pid = begin_run(w);
    wait_for_file(w, "up");
    kill(pid, SIGTERM);
    assert_int_equal(finish(w, pid), 0);
    assert_int_equal(w->record.code, 9);
    assert_int_equal(w->record.flags, POD_RECORD_KILLED);
    assert_string_equal(text_of(w, "trace"), "stop\nterm\n");

    /* Not when it ends by itself, and not when there is no time at all. */
    begin(w);
    script(w, "main", "exit 3");
    act(w, "prestop", "echo stop >>trace");
    run(w);
    expect(w, 3, "");
    begin(w);
    script(w, "main", "touch up; exec sleep 100");
    act(w, "prestop", "echo stop >>trace");
    pid = begin_run(w);
    wait_for_file(w, "up");
    kill(pid, SIGINT);
    assert_int_equal(finish(w, pid), 0);
    assert_true(w->record.code == 143 || w->record.code == 137);
    assert_string_equal(text_of(w, "trace"), "");
}

/* A hook that takes the whole time is ended, then SIGTERM still comes; a second request cuts
 * it short. */
static void test_pre_stop_is_bounded(void **state)
{
    struct world *w = *state;
    int64_t began;
    pid_t pid;

    for (int is_hurried = 0; is_hurried < 2; is_hurried++) {
        begin(w);
        word(w, "grace", is_hurried ? "600000" : "300");
        script(w, "main",
               "trap 'echo term >>trace; exit 9' TERM; touch up; while :; do sleep 0.02; done");
        word(w, "act", "prestop");
        word(w, "sleep", "100000");
        pid = begin_run(w);
        wait_for_file(w, "up");
        began = now_ms();
        kill(pid, SIGTERM);
        if (is_hurried)
            kill(pid, SIGINT);
        assert_int_equal(finish(w, pid), 0);
        assert_true(w->record.code == 9 || (is_hurried && w->record.code == 137));
        assert_true(now_ms() - began < 15000);
    }
}

/* ---- isolation host ---- */

static bool plan_host(struct world *w)
{
    char path[256], command[1200];

    begin(w);
    snprintf(command, sizeof(command),
             "cd %s && rm -rf box && mkdir -p box/upper box/work box/root box/tmp", w->dir);
    assert_int_equal(system(command), 0);
    word(w, "isolation", "host");
    snprintf(path, sizeof(path), "%s/box", w->dir);
    word(w, "root", path);
    return true;
}

static void host_script(struct world *w, const char *text)
{
    word(w, "container", "main");
    word(w, "cwd", "/");
    word(w, "log", "main.log");
    word(w, "env", "PATH=/usr/bin:/bin");
    word(w, "env", "COLOR=blue");
    word(w, "arg", "/bin/sh");
    word(w, "arg", "-c");
    word(w, "arg", text);
}

/* The command sees the container's root, processes, environment and host name, and may no more
 * than it. */
static void test_in_host(void **state)
{
    struct world *w = *state;

    plan_host(w);
    host_script(w, "echo $$ >/tmp/mine; until test -e /tmp/up; do sleep 0.02; done; exit 5");
    act(w, "liveness",
        "test -e /tmp/mine && test \"$COLOR\" = blue && test -d /proc/1 && ! mount -t tmpfs x "
        "/mnt 2>/dev/null && kill -0 $(cat /tmp/mine) && touch /tmp/up");
    word(w, "failures", "200");
    run(w);
    if (w->record.flags & POD_RECORD_START_FAILED) {
        print_message("no isolation host here: %s\n", w->record.message);
        skip();
    }
    expect(w, 5, "");

    plan_host(w);
    host_script(w, "exec sleep 100");
    act(w, "liveness", "false");
    run(w);
    expect(w, 143, "Container main failed liveness probe");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_liveness, setup, teardown),
        cmocka_unit_test_setup_teardown(test_failures_in_a_row, setup, teardown),
        cmocka_unit_test_setup_teardown(test_own_grace, setup, teardown),
        cmocka_unit_test_setup_teardown(test_late, setup, teardown),
        cmocka_unit_test_setup_teardown(test_startup, setup, teardown),
        cmocka_unit_test_setup_teardown(test_initial_delay, setup, teardown),
        cmocka_unit_test_setup_teardown(test_ready, setup, teardown),
        cmocka_unit_test_setup_teardown(test_ready_beside, setup, teardown),
        cmocka_unit_test_setup_teardown(test_sidecar_liveness, setup, teardown),
        cmocka_unit_test_setup_teardown(test_connections, setup, teardown),
        cmocka_unit_test_setup_teardown(test_nobody_listens, setup, teardown),
        cmocka_unit_test_setup_teardown(test_post_start, setup, teardown),
        cmocka_unit_test_setup_teardown(test_pre_stop, setup, teardown),
        cmocka_unit_test_setup_teardown(test_pre_stop_is_bounded, setup, teardown),
        cmocka_unit_test_setup_teardown(test_in_host, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
