/*
 * Tests of containers beside each other, as the runner plans them: sidecars, sets with
 * dependencies, new tries; who decides how the pod ended, and how each container did.
 */
#include "pods/shim/pod_test.h"

enum { ENDS_MAX = 8 };

static void role(struct world *w, const char *name)
{
    word(w, "role", name);
}

/* The ends behind the plan; how many there are. */
static size_t read_ends(const struct world *w, struct pod_container_record ends[ENDS_MAX])
{
    int fd = open(file_in(w, POD_RECORD_FILE), O_RDONLY);
    ssize_t len = pread(fd, ends, ENDS_MAX * sizeof(*ends),
                        (off_t) (sizeof(w->record) + w->record.plan_bytes));

    close(fd);
    return len > 0 ? (size_t) len / sizeof(*ends) : 0;
}

static void pod_of(struct world *w, const char *grace)
{
    w->plan_len = 0;
    unlink(file_in(w, "trace"));
    word(w, "grace", grace);
}

static void expect_end(const struct pod_container_record *end, const char *name, int code,
                       const char *message)
{
    if (strcmp(end->name, name) != 0 || end->code != code || strcmp(end->message, message) != 0)
        fail_msg("%s ended with %d, \"%s\"; not %s with %d, \"%s\"", end->name, end->code,
                 end->message, name, code, message);
    assert_true(end->finished_ms > 0);
}

static void test_sidecars(void **state)
{
    static const struct {
        const char *main, *sidecar, *container;
        int main_code, sidecar_code, code;
    } cases[] = {
        {"until test -e up; do sleep 0.02; done", "touch up; exec sleep 100", "main", 0, 143,
         0},
        {"until test -e up; do sleep 0.02; done",
         "trap 'exit 0' TERM; touch up; sleep 100 & wait", "main", 0, 0, 0},
        {"until test -e up; do sleep 0.02; done",
         "trap 'exit 5' TERM; touch up; sleep 100 & wait", "side", 0, 5, 5},
        {"sleep 0.2", "exit 3", "side", 0, 3, 3},
        {"until test -e up; do sleep 0.02; done; exit 7", "touch up; exec sleep 100", "main", 7,
         143, 7},
        {"until test -e up; do sleep 0.02; done; exit 7", "touch up; exit 2", "main", 7, 2, 7},
        {"until test -e up; do sleep 0.02; done", "trap '' TERM; touch up; sleep 100", "main",
         0, 137, 0},
    };
    struct world *w = *state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct pod_container_record ends[ENDS_MAX];
        int64_t began = now_ms();

        unlink(file_in(w, "up"));
        pod_of(w, "300");
        script(w, "main", cases[i].main);
        role(w, "main");
        script(w, "side", cases[i].sidecar);
        role(w, "sidecar");
        run(w);
        assert_int_equal(read_ends(w, ends), 2);
        expect_end(&ends[0], "main", cases[i].main_code, "");
        expect_end(&ends[1], "side", cases[i].sidecar_code, "");
        if (w->record.code != cases[i].code || w->record.flags != 0 ||
            strcmp(w->record.container, cases[i].container) != 0)
            fail_msg("case %zu: %s with %d, flags %u", i, w->record.container, w->record.code,
                     w->record.flags);
        assert_true(now_ms() - began < 5000);
    }
}

static void test_logs_are_apart(void **state)
{
    struct world *w = *state;

    pod_of(w, "300");
    script(w, "main", "for i in 1 2 3; do echo main $i; sleep 0.05; done");
    role(w, "main");
    script(w, "side", "for i in 1 2 3; do echo side $i; sleep 0.05; done; exec sleep 9");
    role(w, "sidecar");
    run(w);
    assert_non_null(strstr(text_of(w, "main.log"), "main 3\n"));
    assert_null(strstr(text_of(w, "main.log"), "side"));
    assert_non_null(strstr(text_of(w, "side.log"), "side 3\n"));
    assert_null(strstr(text_of(w, "side.log"), "main"));
}

/* a; b and c after a; d after both. */
static void graph(struct world *w, const char *a, const char *b)
{
    pod_of(w, "300");
    script(w, "d", "echo d >>trace");
    role(w, "main");
    word(w, "after", "b");
    word(w, "after", "c");
    script(w, "c", "sleep 0.1; echo c >>trace");
    role(w, "main");
    word(w, "after", "a");
    script(w, "b", b);
    role(w, "main");
    word(w, "after", "a");
    script(w, "a", a);
    role(w, "main");
}

static void test_order(void **state)
{
    struct pod_container_record ends[ENDS_MAX];
    struct world *w = *state;

    graph(w, "sleep 0.1; echo a >>trace", "echo b >>trace");
    run(w);
    assert_string_equal(text_of(w, "trace"), "a\nb\nc\nd\n");
    assert_int_equal(w->record.code, 0);
    assert_int_equal(read_ends(w, ends), 4);
    expect_end(&ends[0], "d", 0, "");
    assert_true(ends[3].finished_ms <= ends[1].started_ms);
    assert_true(ends[1].finished_ms <= ends[0].started_ms);
}

static void test_a_failed_one(void **state)
{
    struct pod_container_record ends[ENDS_MAX];
    struct world *w = *state;

    graph(w, "echo a >>trace; exit 3", "echo b >>trace");
    run(w);
    assert_string_equal(text_of(w, "trace"), "a\n");
    assert_int_equal(read_ends(w, ends), 4);
    expect_end(&ends[0], "d", 64, "dependency \"c\" exited with non-zero code: 3");
    expect_end(&ends[1], "c", 64, "dependency \"a\" exited with non-zero code: 3");
    expect_end(&ends[2], "b", 64, "dependency \"a\" exited with non-zero code: 3");
    expect_end(&ends[3], "a", 3, "");
}

/* One that fails ends those that run, and keeps others from it. */
static void test_failure_ends_all(void **state)
{
    struct pod_container_record ends[ENDS_MAX];
    struct world *w = *state;

    pod_of(w, "2000");
    script(w, "one", "sleep 0.1; exit 9");
    role(w, "main");
    script(w, "two", "exec sleep 100");
    role(w, "main");
    script(w, "three", "echo three >>trace");
    role(w, "main");
    word(w, "after", "two");
    run(w);
    assert_string_equal(text_of(w, "trace"), "");
    assert_string_equal(w->record.container, "one");
    assert_int_equal(w->record.code, 9);
    assert_int_equal(read_ends(w, ends), 3);
    expect_end(&ends[1], "two", 143, "");
    assert_int_equal(ends[2].code == 64 || ends[2].code == 143, true);
}

/* But for a moment: what ends by itself meanwhile has ended so. */
static void test_failure_leaves_a_moment(void **state)
{
    struct pod_container_record ends[ENDS_MAX];
    struct world *w = *state;

    pod_of(w, "2000");
    script(w, "one", "exit 9");
    role(w, "main");
    script(w, "two", "sleep 0.3; echo two >>trace");
    role(w, "main");
    script(w, "three", "echo three >>trace; exit 1");
    role(w, "main");
    word(w, "tries", "2");
    script(w, "four", "exit 1");
    role(w, "main");
    word(w, "tries", "5");
    word(w, "delay", "60000");
    run(w);
    assert_string_equal(text_of(w, "trace"), "three\nthree\ntwo\n");
    assert_int_equal(read_ends(w, ends), 4);
    expect_end(&ends[1], "two", 0, "");
    expect_end(&ends[2], "three", 1, "");
    expect_end(&ends[3], "four", 1, "");
    assert_string_equal(w->record.container, "one");
}

static void touch(const struct world *w, const char *name)
{
    int fd = open(file_in(w, name), O_WRONLY | O_CREAT, 0600);

    assert_true(fd >= 0);
    close(fd);
}

/* Is it still at work after a while? */
static void expect_on(pid_t pid)
{
    usleep(400000);
    assert_int_equal(waitpid(pid, NULL, WNOHANG), 0);
    assert_int_equal(kill(pid, 0), 0);
}

/* It begins when it is told, and is kept when it has ended: what it has left is there. */
static void test_pauses(void **state)
{
    struct world *w = *state;
    struct pod_record record;
    pid_t pid;

    pod_of(w, "300");
    script(w, "first", "echo first >>trace"); /* the variables are of the other one */
    script(w, "main", "echo main >>trace; exit 3");
    word(w, "env", "ARGO_DEBUG_PAUSE_BEFORE=true");
    word(w, "env", "ARGO_DEBUG_PAUSE_AFTER=true");
    word(w, "output", "trace");
    record = planned(w);
    write_record(w, &record);
    pid = start(w);
    wait_for_file(w, "ctr/main");
    expect_on(pid);
    assert_string_equal(text_of(w, "trace"), "first\n");
    touch(w, "ctr/main/before");
    for (int i = 0; i < 500 && !strstr(text_of(w, "trace"), "main"); i++)
        usleep(10000);
    assert_string_equal(text_of(w, "trace"), "first\nmain\n");
    expect_on(pid);
    assert_int_not_equal(access(file_in(w, "outputs/0"), F_OK), 0);
    touch(w, "ctr/main/after");
    assert_int_equal(finish(w, pid), 0);
    assert_int_equal(w->record.code, 3);
    assert_string_equal(text_of(w, "outputs/0"), "first\nmain\n");
}

/* Nobody comes to say so: it is ended as others are. */
static void test_paused_is_killed(void **state)
{
    static const struct {
        const char *variable;
        int code;
    } cases[] = {{"ARGO_DEBUG_PAUSE_BEFORE=true", 143}, {"ARGO_DEBUG_PAUSE_AFTER=true", 5}};
    struct world *w = *state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct pod_record record;
        pid_t pid;

        pod_of(w, "300");
        script(w, "main", "exit 5");
        role(w, "main");
        word(w, "env", cases[i].variable);
        script(w, "side", "exec sleep 100");
        role(w, "sidecar");
        record = planned(w);
        write_record(w, &record);
        pid = start(w);
        wait_for_file(w, "ctr/main");
        expect_on(pid);
        kill(pid, SIGTERM);
        assert_int_equal(finish(w, pid), 0);
        assert_int_equal(w->record.flags, POD_RECORD_KILLED);
        assert_int_equal(w->record.code, cases[i].code);
        rmdir(file_in(w, "ctr/main"));
    }
}

/* Another word than true is none. */
static void test_no_pause(void **state)
{
    struct world *w = *state;

    pod_of(w, "300");
    script(w, "main", "exit 0");
    word(w, "env", "ARGO_DEBUG_PAUSE_BEFORE=yes");
    word(w, "env", "ARGO_DEBUG_PAUSE_AFTER=");
    run(w);
    assert_int_equal(w->record.code, 0);
    assert_int_not_equal(access(file_in(w, "ctr"), F_OK), 0);
}

static void test_tries(void **state)
{
    static const struct {
        const char *tries, *text, *trace;
        int code;
    } cases[] = {
        {"3", "echo x >>trace; test $(wc -l <trace) = 2", "x\nx\n", 0},
        {"3", "echo x >>trace; exit 4", "x\nx\nx\n", 4},
        {"1", "echo x >>trace; exit 4", "x\n", 4},
    };
    struct world *w = *state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        pod_of(w, "300");
        script(w, "main", cases[i].text);
        role(w, "main");
        word(w, "tries", cases[i].tries);
        word(w, "delay", "20");
        script(w, "other", "true");
        role(w, "main");
        run(w);
        assert_string_equal(text_of(w, "trace"), cases[i].trace);
        assert_int_equal(w->record.code, cases[i].code);
    }
}

static void test_circle(void **state)
{
    struct pod_container_record ends[ENDS_MAX];
    struct world *w = *state;

    pod_of(w, "300");
    script(w, "a", "true");
    role(w, "main");
    word(w, "after", "b");
    script(w, "b", "true");
    role(w, "main");
    word(w, "after", "a");
    run(w);
    assert_int_equal(read_ends(w, ends), 2);
    expect_end(&ends[0], "a", 64, "its dependencies wait for it");
    assert_int_equal(w->record.code, 64);
}

static void test_one_cannot_start(void **state)
{
    struct pod_container_record ends[ENDS_MAX];
    struct world *w = *state;

    pod_of(w, "300");
    script(w, "main", "sleep 0.1; echo ran >>trace");
    role(w, "main");
    word(w, "container", "side");
    word(w, "role", "sidecar");
    word(w, "cwd", w->dir);
    word(w, "log", "side.log");
    word(w, "arg", "/not/there");
    run(w);
    assert_string_equal(text_of(w, "trace"), "ran\n");
    assert_int_equal(read_ends(w, ends), 2);
    expect_end(&ends[1], "side", 64, "fork/exec /not/there: no such file or directory");
    assert_string_equal(w->record.container, "side");
    assert_int_equal(w->record.flags, POD_RECORD_START_FAILED);
}

/* What is asked of the shim is asked of all of them; what waits never runs. */
static void test_killed(void **state)
{
    struct pod_container_record ends[ENDS_MAX];
    struct world *w = *state;
    struct pod_record record;
    int64_t began = now_ms();
    pid_t pid;

    pod_of(w, "300");
    script(w, "first", "touch first; exec sleep 100");
    role(w, "main");
    script(w, "second", "echo second >>trace");
    role(w, "main");
    word(w, "after", "first");
    script(w, "side", "trap '' TERM; touch side; sleep 100");
    role(w, "sidecar");
    record = planned(w);
    write_record(w, &record);
    pid = start(w);
    wait_for_file(w, "first");
    wait_for_file(w, "side");
    kill(pid, SIGTERM);
    assert_int_equal(finish(w, pid), 0);
    assert_true(now_ms() - began < 10000);
    assert_int_equal(w->record.flags, POD_RECORD_KILLED);
    assert_string_equal(w->record.container, "first");
    assert_string_equal(text_of(w, "trace"), "");
    assert_int_equal(read_ends(w, ends), 3);
    assert_int_equal(ends[0].code, 143);
    assert_true(ends[1].code == 143 || ends[1].code == 64);
    assert_int_equal(ends[2].code, 137);
}

static void test_deadline(void **state)
{
    char deadline[32];
    struct world *w = *state;
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    snprintf(deadline, sizeof(deadline), "%lld",
             (long long) now.tv_sec * 1000 + now.tv_nsec / 1000000 + 300);
    pod_of(w, "100");
    word(w, "deadline", deadline);
    script(w, "one", "exec sleep 100");
    role(w, "main");
    script(w, "two", "exec sleep 100");
    role(w, "main");
    run(w);
    assert_int_equal(w->record.flags, POD_RECORD_DEADLINE);
    assert_int_equal(w->record.code, 143);
}

/* Outputs are those of the container that has them, whole although others go on. */
static void test_outputs_beside(void **state)
{
    struct world *w = *state;

    pod_of(w, "300");
    word(w, "isolation", "process");
    script(w, "first", "echo early >first");
    script(w, "main", "cat first >out");
    role(w, "main");
    word(w, "output", "out");
    script(w, "side", "exec sleep 100");
    role(w, "sidecar");
    run(w);
    assert_string_equal(text_of(w, "outputs/0"), "early\n");
    assert_int_equal(w->record.code, 0);
}

static void test_first_that_fails(void **state)
{
    struct pod_container_record ends[ENDS_MAX];
    struct world *w = *state;

    pod_of(w, "300");
    script(w, "first", "exit 6");
    script(w, "main", "echo main >>trace");
    role(w, "main");
    script(w, "side", "echo side >>trace");
    role(w, "sidecar");
    run(w);
    assert_string_equal(text_of(w, "trace"), "");
    assert_int_equal(w->record.flags, POD_RECORD_INIT);
    assert_int_equal(w->record.code, 6);
    assert_int_equal(read_ends(w, ends), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_sidecars, setup, teardown),
        cmocka_unit_test_setup_teardown(test_logs_are_apart, setup, teardown),
        cmocka_unit_test_setup_teardown(test_order, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_failed_one, setup, teardown),
        cmocka_unit_test_setup_teardown(test_failure_ends_all, setup, teardown),
        cmocka_unit_test_setup_teardown(test_failure_leaves_a_moment, setup, teardown),
        cmocka_unit_test_setup_teardown(test_pauses, setup, teardown),
        cmocka_unit_test_setup_teardown(test_paused_is_killed, setup, teardown),
        cmocka_unit_test_setup_teardown(test_no_pause, setup, teardown),
        cmocka_unit_test_setup_teardown(test_tries, setup, teardown),
        cmocka_unit_test_setup_teardown(test_circle, setup, teardown),
        cmocka_unit_test_setup_teardown(test_one_cannot_start, setup, teardown),
        cmocka_unit_test_setup_teardown(test_killed, setup, teardown),
        cmocka_unit_test_setup_teardown(test_deadline, setup, teardown),
        cmocka_unit_test_setup_teardown(test_outputs_beside, setup, teardown),
        cmocka_unit_test_setup_teardown(test_first_that_fails, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
