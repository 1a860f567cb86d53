/*
 * Tests of the shim's program, as the runner starts it: records that it must not take, pods
 * that end in every way, those that will not end, outputs that are none. TIPHYS_SHIM names it.
 */
#include "pods/shim/pod_test.h"

/* ---- records ---- */

static void test_records_that_are_not_taken(void **state)
{
    static const struct {
        const char *name, *magic;
        uint32_t pod_state;
        size_t bytes; /* 0: whole */
    } cases[] = {
        {"another magic", "TIPHPOD2", POD_RECORD_PLANNED, 0},
        {"begun", POD_RECORD_MAGIC, POD_RECORD_BEGUN, 0},
        {"ended", POD_RECORD_MAGIC, POD_RECORD_ENDED, 0},
        {"a state from tomorrow", POD_RECORD_MAGIC, 7, 0},
        {"torn", POD_RECORD_MAGIC, POD_RECORD_PLANNED, sizeof(struct pod_record) - 1},
        {"one byte", POD_RECORD_MAGIC, POD_RECORD_PLANNED, 1},
    };
    struct world *w = *state;

    script(w, "main", "echo ran >ran");
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct pod_record record = planned(w);
        struct pod_record before;
        int status;
        pid_t pid;

        memcpy(record.magic, cases[i].magic, sizeof(record.magic));
        record.state = cases[i].pod_state;
        write_record(w, &record);
        if (cases[i].bytes)
            assert_int_equal(truncate(file_in(w, POD_RECORD_FILE), (off_t) cases[i].bytes), 0);
        before = record;
        pid = start(w);
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_int_equal(WEXITSTATUS(status), 2);
        assert_true(access(file_in(w, "ran"), F_OK) < 0);
        if (cases[i].bytes)
            continue;
        read_record(w);
        assert_memory_equal(&w->record, &before, sizeof(before));
    }
}

static void test_plans_that_are_wrong(void **state)
{
    static const struct {
        const char *name;
        uint32_t plan_bytes;
        const char *message;
    } cases[] = {
        {"none", 0, "the plan is cut off"},
        {"over the limit", POD_PLAN_MAX_BYTES + 1, "the plan is too large"},
        {"all bits", UINT32_MAX, "the plan is too large"},
        {"longer than the file", 1 << 20, "the plan cannot be read"},
        {"cut", 9, "the plan is cut off"},
    };
    struct world *w = *state;

    script(w, "main", "echo ran >ran");
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct pod_record record = planned(w);

        record.plan_bytes = cases[i].plan_bytes;
        write_record(w, &record);
        assert_int_equal(finish(w, start(w)), 0);
        assert_int_equal(w->record.state, POD_RECORD_ENDED);
        assert_int_equal(w->record.flags, POD_RECORD_START_FAILED);
        assert_int_equal(w->record.code, 64);
        if (strcmp(w->record.message, cases[i].message) != 0)
            fail_msg("%s: %s", cases[i].name, w->record.message);
        assert_true(access(file_in(w, "ran"), F_OK) < 0);
    }
}

static void test_folder_that_is_none(void **state)
{
    struct world *w = *state;
    struct world gone = *w;
    int status;
    pid_t pid;

    gone.dir[strlen(gone.dir) - 1] = '.'; /* mkdtemp makes no such name */
    pid = start(&gone);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(WEXITSTATUS(status), 2);
    pid = start(w); /* there, without a record */
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(WEXITSTATUS(status), 2);
}

/* Two shims on one record: the second leaves at once, also while the first one runs. */
static void test_second_shim(void **state)
{
    struct world *w = *state;
    struct pod_record record;
    int status;
    pid_t first, second;

    script(w, "main", "echo ran >>ran; touch up; while [ ! -e go ]; do sleep 0.01; done");
    record = planned(w);
    write_record(w, &record);
    first = start(w);
    wait_for_file(w, "up");
    second = start(w);
    assert_int_equal(waitpid(second, &status, 0), second);
    assert_int_equal(WEXITSTATUS(status), 2);
    read_record(w);
    assert_int_equal(w->record.state, POD_RECORD_BEGUN);
    assert_int_equal(w->record.shim_pid, first);
    close(open(file_in(w, "go"), O_CREAT | O_WRONLY, 0600));
    assert_int_equal(finish(w, first), 0);
    assert_string_equal(text_of(w, "ran"), "ran\n");
    assert_int_equal(w->record.code, 0);
}

/* ---- ends ---- */

static void test_exits(void **state)
{
    static const struct {
        const char *text;
        int code, number;
        const char *log;
    } cases[] = {
        {"exit 0", 0, 0, ""},
        {"exit 1", 1, 0, ""},
        {"exit 255", 255, 0, ""},
        {"exit 256", 0, 0, ""},
        {"kill -TERM $$", 143, SIGTERM, ""},
        {"kill -SEGV $$", 139, SIGSEGV, ""},
        {"echo x >&2", 0, 0, "stderr F x\n"},
        {"exec >&- 2>&-; sleep 0.05; exit 7", 7, 0, ""},
        {"sleep 60 & exit 3", 3, 0, ""},
        {"setsid sleep 60 & exit 4", 4, 0, ""},
        {"(setsid sh -c 'trap \"\" TERM INT HUP; sleep 60 & sleep 60') & exit 5", 5, 0, ""},
    };
    struct world *w = *state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int64_t began = now_ms();

        w->plan_len = 0;
        unlink(file_in(w, "main.log"));
        script(w, "main", cases[i].text);
        run(w);
        if (w->record.code != cases[i].code || w->record.signal != cases[i].number ||
            w->record.flags || strcmp(log_text(w), cases[i].log) != 0)
            fail_msg("%s: code %d signal %d flags %u log %s", cases[i].text, w->record.code,
                     w->record.signal, w->record.flags, log_text(w));
        assert_true(now_ms() - began < 5000);
        assert_string_equal(w->record.container, "main");
        assert_string_equal(w->record.message, "");
        assert_true(w->record.finished_ms >= w->record.started_ms);
    }
}

/* A last line without its newline is ended, on each stream: who reads lines sees it. */
static void test_last_line_without_newline(void **state)
{
    static const struct {
        const char *text, *tags;
    } cases[] = {
        {"printf abc", "stdout P abc|stdout F |"},
        {"echo abc", "stdout F abc|"},
        {"printf 'a\nb'", "stdout F a|stdout P b|stdout F |"},
        {"printf e >&2", "stderr P e|stderr F |"},
        {"printf o; sleep 0.1; printf e >&2", "stdout P o|stderr P e|stdout F |stderr F |"},
        {"printf a; exec sleep 0.1 >&-", "stdout P a|stdout F |"},
        {"printf a; kill -9 $$", "stdout P a|stdout F |"},
        {"true", ""},
    };
    struct world *w = *state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char seen[256] = "";
        const char *at;
        size_t used = 0;

        w->plan_len = 0;
        unlink(file_in(w, "main.log"));
        script(w, "main", cases[i].text);
        run(w);
        for (at = text_of(w, "main.log"); *at; at = strchr(at, '\n') + 1) {
            const char *line = at + strlen("2026-01-01T00:00:00.000000000Z ");

            used += (size_t) snprintf(seen + used, sizeof(seen) - used, "%.*s|",
                                      (int) strcspn(line, "\n"), line);
        }
        if (strcmp(seen, cases[i].tags) != 0)
            fail_msg("%s: %s", cases[i].text, seen);
    }
}

/* Who left the session and goes on talking does not keep the pod from its end. */
static void test_orphan_that_talks(void **state)
{
    struct world *w = *state;
    int64_t began = now_ms();

    script(w, "main",
           "setsid sh -c 'echo $$ >orphan; exec yes' & "
           "while [ ! -s orphan ]; do sleep 0.01; done; exit 6");
    run(w);
    assert_int_equal(w->record.code, 6);
    assert_true(now_ms() - began < 5000);
    for (int i = 0; i < 200; i++) { /* it is gone, and so nothing holds its folder */
        char proc[64];

        snprintf(proc, sizeof(proc), "/proc/%.*s", (int) strcspn(text_of(w, "orphan"), "\n"),
                 text_of(w, "orphan"));
        if (access(proc, F_OK) < 0)
            return;
        usleep(10000);
    }
    fail_msg("the orphan lives on");
}

static void test_starts_that_fail(void **state)
{
    static const struct {
        const char *program, *cwd, *message;
    } cases[] = {
        {"no-such-program", "/",
         "failed to find name in PATH: exec: \"no-such-program\": executable file not found in "
         "$PATH"},
        {"", "/",
         "failed to find name in PATH: exec: \"\": executable file not found in $PATH"},
        {"/no/such", "/", "fork/exec /no/such: no such file or directory"},
        {"/etc", "/", "fork/exec /etc: permission denied"},
        {"/etc/passwd", "/", "fork/exec /etc/passwd: permission denied"},
        {"/bin/true", "/no/such/cwd", "/no/such/cwd: no such file or directory"},
        {"true", "/etc/passwd", "/etc/passwd: not a directory"},
    };
    struct world *w = *state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        w->plan_len = 0;
        word(w, "container", "main");
        word(w, "cwd", cases[i].cwd);
        word(w, "log", "main.log");
        word(w, "env", "PATH=/usr/bin:/bin");
        word(w, "arg", cases[i].program);
        run(w);
        assert_int_equal(w->record.flags, POD_RECORD_START_FAILED);
        assert_int_equal(w->record.code, 64);
        if (strcmp(w->record.message, cases[i].message) != 0)
            fail_msg("%s: %s", cases[i].program, w->record.message);
        assert_true(access(file_in(w, "main.log"), F_OK) < 0);
    }
}

/* The PATH of the container decides, never the shim's own nor its working directory. */
static void test_path_of_the_container(void **state)
{
    static const struct {
        const char *path;
        bool is_found;
    } cases[] = {
        {"PATH=/bin", true},  {"PATH=/no/such:/bin:/usr/bin", true},
        {"PATHS=/bin", true}, /* no PATH: the usual one */
        {"PATH=", false},     {"PATH=:::", false},
        {"PATH=.", false},    {"PATH=/etc", false},
    };
    struct world *w = *state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        w->plan_len = 0;
        word(w, "container", "main");
        word(w, "cwd", w->dir);
        word(w, "log", "main.log");
        word(w, "env", cases[i].path);
        word(w, "arg", "true");
        run(w);
        if ((w->record.code == 0) != cases[i].is_found)
            fail_msg("%s: %d %s", cases[i].path, w->record.code, w->record.message);
    }
}

/* Arguments and variables reach the program byte by byte; it gets nothing else. */
static void test_what_the_program_gets(void **state)
{
    struct world *w = *state;

    word(w, "container", "main");
    word(w, "cwd", w->dir);
    word(w, "log", "main.log");
    word(w, "env", "PATH=/usr/bin:/bin");
    word(w, "env", "A= $B '\"\n");
    word(w, "arg", "sh");
    word(w, "arg", "-c");
    word(w, "arg",
         "tr '\\0' '|' </proc/$$/cmdline >cmdline; tr '\\0' '|' </proc/$$/environ >environ; "
         "set -- $(cat /proc/$$/stat); [ $5 = $$ ]"); /* its own process group */
    word(w, "arg", "");
    word(w, "arg", "\xff *");
    run(w);
    assert_int_equal(w->record.code, 0);
    assert_non_null(strstr(text_of(w, "cmdline"), "||\xff *|"));
    assert_string_equal(text_of(w, "environ"), "PATH=/usr/bin:/bin|A= $B '\"\n|");
    assert_string_equal(log_text(w), "");
    w->plan_len = 0;
    word(w, "container", "main");
    word(w, "cwd", w->dir);
    word(w, "log", "main.log");
    word(w, "arg", "ls");
    word(w, "arg", "-m");
    word(w, "arg", "/proc/self/fd");
    run(w);
    assert_string_equal(log_text(w), "stdout F 0, 1, 2, 3\n"); /* the last one is ls's own */
}

/* Not a byte of much output is lost, on both streams. */
static void test_much_output(void **state)
{
    struct world *w = *state;
    char *line = NULL;
    size_t size = 0, text = 0;
    ssize_t len;
    FILE *file;

    script(w, "main", "yes 0123456789 | head -n 100000; yes e | head -n 50000 >&2");
    run(w);
    assert_int_equal(w->record.code, 0);
    file = fopen(file_in(w, "main.log"), "r");
    assert_non_null(file);
    while ((len = getline(&line, &size, file)) > 0) {
        assert_true(len > 40); /* time, stream, tag; pieces where a read ended within a line */
        text += (size_t) len - 40 - (line[38] == 'P');
    }
    assert_int_equal(text, 100000 * 11 + 50000 * 2);
    fclose(file);
    free(line);
}

static void test_no_descriptors_left(void **state)
{
    struct world *w = *state;
    struct rlimit old, few;
    struct pod_record record;

    script(w, "main", "true");
    record = planned(w);
    write_record(w, &record);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
    few = (struct rlimit){.rlim_cur = 8, .rlim_max = old.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
    pid_t pid = start(w);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
    assert_int_equal(finish(w, pid), 0);
    assert_int_equal(w->record.state, POD_RECORD_ENDED);
    assert_int_equal(w->record.flags, POD_RECORD_START_FAILED);
    assert_string_equal(w->record.message, "pipe: no file descriptors available");
}

/* ---- ending a pod ---- */

static void test_signals(void **state)
{
    static const struct {
        const char *text, *grace;
        int number;
        int code;
        int least_ms, most_ms;
    } cases[] = {
        {"touch up; exec sleep 60", "5000", SIGTERM, 143, 0, 3000},
        {"trap 'exit 9' TERM; touch up; while :; do sleep 0.01; done", "5000", SIGTERM, 9, 0,
         3000},
        {"trap '' TERM; touch up; while :; do sleep 0.01; done", "300", SIGTERM, 137, 300,
         3000},
        {"trap '' TERM; touch up; while :; do sleep 0.01; done", "60000", SIGINT, 137, 0, 3000},
        {"trap '' TERM; setsid sh -c \"trap '' TERM; while :; do echo x; sleep 0.01; done\" & "
         "touch up; wait",
         "300", SIGTERM, 137, 300, 5000},
        {"touch up; exec >&- 2>&-; exec sleep 60", "5000", SIGTERM, 143, 0, 3000},
        {"touch up; kill -STOP $$; sleep 60", "300", SIGTERM, 137, 300, 3000},
    };
    struct world *w = *state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct pod_record record;
        int64_t began;
        pid_t pid;

        w->plan_len = 0;
        unlink(file_in(w, "up"));
        word(w, "grace", cases[i].grace);
        script(w, "main", cases[i].text);
        record = planned(w);
        write_record(w, &record);
        pid = start(w);
        wait_for_file(w, "up");
        usleep(20000);
        began = now_ms();
        kill(pid, cases[i].number);
        assert_int_equal(finish(w, pid), 0);
        if (w->record.code != cases[i].code || now_ms() - began < cases[i].least_ms ||
            now_ms() - began > cases[i].most_ms)
            fail_msg("case %zu: code %d after %d ms", i, w->record.code,
                     (int) (now_ms() - began));
        assert_int_equal(w->record.flags, POD_RECORD_KILLED);
    }
}

/* A second, harder signal shortens the wait of the first one. */
static void test_second_signal_is_harder(void **state)
{
    struct world *w = *state;
    struct pod_record record;
    int64_t began;
    pid_t pid;

    word(w, "grace", "60000");
    script(w, "main", "trap '' TERM; touch up; while :; do sleep 0.01; done");
    record = planned(w);
    write_record(w, &record);
    pid = start(w);
    wait_for_file(w, "up");
    began = now_ms();
    kill(pid, SIGTERM);
    usleep(100000);
    read_record(w);
    assert_int_equal(w->record.state, POD_RECORD_BEGUN);
    kill(pid, SIGINT);
    assert_int_equal(finish(w, pid), 0);
    assert_int_equal(w->record.code, 137);
    assert_true(now_ms() - began < 3000);
}

static void test_deadline(void **state)
{
    struct world *w = *state;
    struct timespec now;
    char at[32];

    clock_gettime(CLOCK_REALTIME, &now);
    snprintf(at, sizeof(at), "%lld",
             (long long) now.tv_sec * 1000 + now.tv_nsec / 1000000 + 300);
    word(w, "deadline", at);
    word(w, "grace", "200");
    script(w, "main", "trap '' TERM; while :; do sleep 0.01; done");
    run(w);
    assert_int_equal(w->record.flags, POD_RECORD_DEADLINE);
    assert_int_equal(w->record.code, 137);
    assert_true(w->record.finished_ms >= now.tv_sec * 1000 + now.tv_nsec / 1000000 + 500);
    w->plan_len = 0; /* one that has passed already */
    word(w, "deadline", "1");
    word(w, "grace", "0");
    script(w, "main", "sleep 60");
    run(w);
    assert_true(w->record.flags & POD_RECORD_DEADLINE);
}

/* The folder vanishes under a running pod: the shim ends with its container and harms nothing.
 */
static void test_folder_vanishes(void **state)
{
    struct world *w = *state;
    struct pod_record record;
    char moved[80];
    int status;
    pid_t pid;

    script(w, "main", "touch up; while [ -e up ]; do sleep 0.01; done; echo late; exit 2");
    record = planned(w);
    write_record(w, &record);
    pid = start(w);
    wait_for_file(w, "up");
    snprintf(moved, sizeof(moved), "%s/up", w->dir);
    unlink(file_in(w, POD_RECORD_FILE));
    unlink(moved);
    rmdir(w->dir);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(WEXITSTATUS(status), 0);
    assert_true(access(w->dir, F_OK) < 0 || access(file_in(w, POD_RECORD_FILE), F_OK) < 0);
}

/* ---- containers one after the other ---- */

static void test_several_containers(void **state)
{
    static const struct {
        const char *first, *second;
        int code;
        uint32_t flags;
        const char *container, *trace;
    } cases[] = {
        {"echo 1 >>trace", "echo 2 >>trace", 0, 0, "main", "1\n2\n"},
        {"echo 1 >>trace; exit 3", "echo 2 >>trace", 3, POD_RECORD_INIT, "prepare", "1\n"},
        {"echo 1 >>trace", "echo 2 >>trace; exit 4", 4, 0, "main", "1\n2\n"},
        {"kill -9 $$", "echo 2 >>trace", 137, POD_RECORD_INIT, "prepare", ""},
        {"setsid sh -c 'sleep 0.3; echo late >>trace' &", "sleep 0.6; echo 2 >>trace", 0, 0,
         "main", "2\n"},
    };
    struct world *w = *state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        w->plan_len = 0;
        unlink(file_in(w, "trace"));
        script(w, "prepare", cases[i].first);
        script(w, "main", cases[i].second);
        run(w);
        if (w->record.code != cases[i].code || w->record.flags != cases[i].flags ||
            strcmp(w->record.container, cases[i].container) != 0 ||
            strcmp(text_of(w, "trace"), cases[i].trace) != 0)
            fail_msg("case %zu: code %d flags %u container %s trace %s", i, w->record.code,
                     w->record.flags, w->record.container, text_of(w, "trace"));
    }
}

/* ---- outputs ---- */

static void test_outputs(void **state)
{
    static const struct {
        const char *text, *path;
        const char *copied; /* NULL: no file */
    } cases[] = {
        {"printf 42 >out", "out", "42"},
        {"echo 42 >out", "./out", "42\n"},
        {"mkdir -p a && echo x >a/out", "a/../a/out", "x\n"},
        {": >out", "out", ""},
        {"true", "missing", NULL},
        {"ln -s /etc/hostname link", "dangling/x", NULL},
        {"echo t >target; ln -s target link", "link", "t\n"},
        {"ln -s loop loop", "loop", NULL},
        {"mkdir folder", "folder", NULL},
        {"mkfifo pipe", "pipe", NULL},
        {"echo x >out; chmod 0 out; exit 1", "nowhere", NULL},
        {"echo fail >out; exit 1", "out", "fail\n"},
    };
    struct world *w = *state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        bool is_there;

        w->plan_len = 0;
        unlink(file_in(w, "outputs/0"));
        unlink(file_in(w, "link"));
        script(w, "main", cases[i].text);
        word(w, "output", cases[i].path);
        run(w);
        is_there = access(file_in(w, "outputs/0"), F_OK) == 0;
        if (is_there != !!cases[i].copied ||
            (is_there && strcmp(text_of(w, "outputs/0"), cases[i].copied) != 0))
            fail_msg("%s: %s", cases[i].text, is_there ? text_of(w, "outputs/0") : "(none)");
    }
}

static void test_large_output(void **state)
{
    struct world *w = *state;
    struct stat st;

    script(w, "main", "head -c 262146 /dev/zero >out; head -c 50000000 /dev/zero >huge");
    word(w, "output", "out");
    word(w, "output", "/dev/zero");
    word(w, "output", "huge");
    run(w);
    assert_int_equal(stat(file_in(w, "outputs/0"), &st), 0);
    assert_int_equal(st.st_size, POD_OUTPUT_COPY_MAX_BYTES);
    assert_int_equal(stat(file_in(w, "outputs/2"), &st), 0);
    assert_int_equal(st.st_size, POD_OUTPUT_COPY_MAX_BYTES);
}

/* Litter in the working folder is noted. */
static void test_working_folder(void **state)
{
    struct world *w = *state;

    assert_int_equal(mkdir(file_in(w, "cwd"), 0700), 0);
    script(w, "main", "echo x >cwd/file");
    run(w);
    assert_int_equal(w->record.flags, POD_RECORD_LITTER);
    w->plan_len = 0;
    script(w, "main", "rm cwd/file");
    run(w);
    assert_int_equal(w->record.flags, 0);
    assert_int_equal(access(file_in(w, "cwd"), F_OK), 0); /* an empty one harms nobody */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_records_that_are_not_taken, setup, teardown),
        cmocka_unit_test_setup_teardown(test_plans_that_are_wrong, setup, teardown),
        cmocka_unit_test_setup_teardown(test_folder_that_is_none, setup, teardown),
        cmocka_unit_test_setup_teardown(test_second_shim, setup, teardown),
        cmocka_unit_test_setup_teardown(test_exits, setup, teardown),
        cmocka_unit_test_setup_teardown(test_last_line_without_newline, setup, teardown),
        cmocka_unit_test_setup_teardown(test_orphan_that_talks, setup, teardown),
        cmocka_unit_test_setup_teardown(test_starts_that_fail, setup, teardown),
        cmocka_unit_test_setup_teardown(test_path_of_the_container, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_the_program_gets, setup, teardown),
        cmocka_unit_test_setup_teardown(test_much_output, setup, teardown),
        cmocka_unit_test_setup_teardown(test_no_descriptors_left, setup, teardown),
        cmocka_unit_test_setup_teardown(test_signals, setup, teardown),
        cmocka_unit_test_setup_teardown(test_second_signal_is_harder, setup, teardown),
        cmocka_unit_test_setup_teardown(test_deadline, setup, teardown),
        cmocka_unit_test_setup_teardown(test_folder_vanishes, setup, teardown),
        cmocka_unit_test_setup_teardown(test_several_containers, setup, teardown),
        cmocka_unit_test_setup_teardown(test_outputs, setup, teardown),
        cmocka_unit_test_setup_teardown(test_large_output, setup, teardown),
        cmocka_unit_test_setup_teardown(test_working_folder, setup, teardown),
    };

    return cmocka_run_group_tests_name("pods_shim", tests, NULL, NULL);
}
