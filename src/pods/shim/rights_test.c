/*
 * Tests of who a container is, what it may do, and its standard streams, in isolations process
 * and host. Those of another user need root; the others run as anybody.
 */
#include "pods/shim/pod_test.h"

static bool is_root(void)
{
    return geteuid() == 0;
}

/* The folders of an overlay, as the runner makes them. */
static void make_box(const struct world *w)
{
    static const char *const parts[] = {"box", "box/upper", "box/work", "box/root", "box/tmp"};

    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        assert_true(mkdir(file_in(w, parts[i]), 0755) == 0 ||
                    access(file_in(w, parts[i]), F_OK) == 0);
        assert_int_equal(chmod(file_in(w, parts[i]), i == 4 ? 01777 : 0755), 0);
    }
}

static void begin(struct world *w, const char *isolation)
{
    w->plan_len = 0;
    unlink(file_in(w, "main.log"));
    word(w, "isolation", isolation);
    if (strcmp(isolation, "host") != 0)
        return;
    make_box(w);
    word(w, "root", file_in(w, "box"));
}

/* A script that runs in / of its root. */
static void container(struct world *w, const char *text)
{
    word(w, "container", "main");
    word(w, "cwd", "/");
    word(w, "log", "main.log");
    word(w, "env", "PATH=/usr/bin:/bin");
    word(w, "arg", "/bin/sh");
    word(w, "arg", "-c");
    word(w, "arg", text);
}

/* Does this machine let us have namespaces and overlays? */
static bool has_host(struct world *w)
{
    begin(w, "host");
    container(w, "true");
    run(w);
    return w->record.code == 0;
}

/* All lines of the log behind their times and streams, each with a newline. */
static const char *said(const struct world *w)
{
    static char all[8192];
    size_t used = 0;

    for (const char *at = text_of(w, "main.log"); *at;) {
        const char *end = strchr(at, '\n');
        const char *from = at + strlen("2026-01-01T00:00:00.000000000Z stdout F ");

        assert_non_null(end);
        used += (size_t) snprintf(all + used, sizeof(all) - used, "%.*s\n", (int) (end - from),
                                  from);
        at = end + 1;
    }
    all[used] = '\0';
    return all;
}

static void expect(struct world *w, const char *wanted)
{
    run(w);
    if (strcmp(said(w), wanted) != 0 || w->record.code != 0)
        fail_msg("code %d %s: %s", (int) w->record.code, w->record.message, said(w));
}

static const char *const isolations[] = {"process", "host"};

enum { ISOLATIONS = 2 };

static void user(struct world *w, const char *uid, const char *gid)
{
    word(w, "uid", uid);
    word(w, "gid", gid);
}

/* ---- users ---- */

static void test_another_user(void **state)
{
    struct world *w = *state;
    bool has = has_host(w);

    if (!is_root())
        skip();
    for (int i = 0; i < ISOLATIONS; i++) {
        if (i == 1 && !has)
            continue;
        begin(w, isolations[i]);
        container(w, "id -u; id -g; id -G; sed -n 's/^CapEff:.//p' /proc/self/status; "
                     "echo out >/dev/stdout; : >/dev/stderr || echo not; test -r /etc/shadow "
                     "|| echo no; "
                     "echo $$ >/tmp/by-$$ && stat -c %u:%g /tmp/by-$$ && rm /tmp/by-$$");
        user(w, "1234", "5678");
        word(w, "group", "91");
        word(w, "group", "92");
        expect(w, "1234\n5678\n5678 91 92\n0000000000000000\nout\nno\n1234:5678\n");
    }
}

/* Root of another group, without any further one. */
static void test_root_with_groups(void **state)
{
    struct world *w = *state;
    bool has = has_host(w);

    if (!is_root())
        skip();
    for (int i = 0; i < ISOLATIONS; i++) {
        if (i == 1 && !has)
            continue;
        begin(w, isolations[i]);
        container(w, "id -u; id -G");
        user(w, "0", "7");
        expect(w, "0\n7\n");
    }
}

/* Whoever the shim is may be told so: in a namespace of its own it is then not root. */
static void test_own_user(void **state)
{
    struct world *w = *state;
    bool has = has_host(w);
    char uid[16], gid[16], wanted[40];

    snprintf(uid, sizeof(uid), "%u", geteuid());
    snprintf(gid, sizeof(gid), "%u", getegid());
    snprintf(wanted, sizeof(wanted), "%s\n%s\n", uid, gid);
    for (int i = 0; i < ISOLATIONS; i++) {
        if (i == 1 && !has)
            continue;
        begin(w, isolations[i]);
        container(w, "id -u; id -g");
        user(w, uid, gid);
        expect(w, wanted);
    }
}

/* What is done with it from outside is done as its user. */
static void test_hook_of_another_user(void **state)
{
    struct world *w = *state;

    if (!is_root())
        skip();
    begin(w, "process");
    container(w, "i=0; until test -s /tmp/tiphys-hook-$PPID -o $i = 500; do sleep 0.01; "
                 "i=$((i+1)); done; cat /tmp/tiphys-hook-$PPID; rm -f /tmp/tiphys-hook-$PPID");
    user(w, "1234", "5678");
    word(w, "act", "poststart");
    word(w, "exec", "/bin/sh");
    word(w, "exec", "-c");
    word(w, "exec",
         "id -u >/tmp/tiphys-hook-$PPID.new; mv /tmp/tiphys-hook-$PPID.new "
         "/tmp/tiphys-hook-$PPID");
    expect(w, "1234\n");
}

/* A container of another user ends with its shim as any other. */
static void test_ends_with_its_shim(void **state)
{
    struct world *w = *state;
    struct pod_record record;
    int status;
    pid_t shim, child = 0;

    if (!is_root())
        skip();
    assert_int_equal(chmod(w->dir, 0777), 0);
    begin(w, "process");
    script(w, "main", "echo $$ >t; mv t pid; exec sleep 60");
    user(w, "1234", "5678");
    record = planned(w);
    write_record(w, &record);
    shim = start(w);
    wait_for_file(w, "pid");
    for (const char *at = text_of(w, "pid"); *at >= '0' && *at <= '9'; at++)
        child = 10 * child + (*at - '0');
    assert_true(child > 1);
    kill(shim, SIGKILL);
    assert_int_equal(waitpid(shim, &status, 0), shim);
    for (int i = 0; i < 1000 && kill(child, 0) == 0; i++)
        usleep(10000);
    assert_int_not_equal(kill(child, 0), 0);
}

/* ---- what it may do ---- */

#define CAPS "sed -n 's/^Cap\\(Eff\\|Bnd\\):.//p' /proc/self/status"

static void test_capabilities_are_taken(void **state)
{
    static const struct {
        const char *lacks, *wanted;
    } rows[] = {
        {"0", "00000000800405fb\n00000000800405fb\n"}, /* what host keeps */
        {"1", "00000000800405fa\n00000000800405fa\n"},
        {"9223372036854775807", "0000000000000000\n0000000000000000\n"},
    };
    struct world *w = *state;

    if (!is_root() || !has_host(w))
        skip();
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        begin(w, "host");
        container(w, CAPS);
        word(w, "lacks", rows[i].lacks);
        expect(w, rows[i].wanted);
    }
    begin(w, "process");
    container(w, CAPS "; chown 1 /tmp 2>/dev/null || echo refused");
    word(w, "lacks", "9223372036854775807");
    expect(w, "0000000000000000\n0000000000000000\nrefused\n");
}

/* Isolation process gives up what it is asked to. */
static void test_asked_for_in_process(void **state)
{
    static const char text[] = "sed -n 's/^\\(NoNewPrivs\\|Seccomp\\):.//p' /proc/self/status";
    static const struct {
        const char *key, *wanted;
    } rows[] = {{NULL, "0\n0\n"}, {"sealed", "1\n0\n"}, {"filtered", "1\n2\n"}};
    struct world *w = *state;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        begin(w, "process");
        word(w, "container", "before"); /* it has memory of the one before */
        word(w, "cwd", "/");
        word(w, "log", "before.log");
        word(w, "arg", "/bin/true");
        if (rows[i].key)
            word(w, rows[i].key, "1");
        container(w, text);
        if (rows[i].key)
            word(w, rows[i].key, "1");
        expect(w, rows[i].wanted);
    }
}

static void test_read_only_root(void **state)
{
    struct world *w = *state;

    if (!has_host(w))
        skip();
    assert_int_equal(mkdir(file_in(w, "volume"), 0777), 0);
    for (int has_tmp = 0; has_tmp < 2; has_tmp++) {
        begin(w, "host");
        word(w, "bind", file_in(w, "volume"));
        word(w, "at", has_tmp ? "/tmp" : "/vol");
        word(w, "mode", "rw");
        container(w, "for d in / /etc /tmp /vol; do touch $d/x 2>/dev/null && echo $d; done; "
                     "touch /dev/shm/x && echo x >/dev/null && pwd");
        word(w, "cwd", "/made/here");
        word(w, "readonly", "1");
        expect(w, has_tmp ? "/tmp\n/made/here\n" : "/vol\n/made/here\n");
    }
}

/* ---- its standard streams ---- */

static void test_stdin(void **state)
{
    struct world *w = *state;
    bool has = has_host(w);

    for (int i = 0; i < ISOLATIONS; i++) {
        if (i == 1 && !has)
            continue;
        begin(w, isolations[i]);
        container(w, "cat; readlink /proc/self/fd/0");
        expect(w, "/dev/null\n");
        begin(w, isolations[i]);
        container(w, "timeout 0.3 cat; echo $?; readlink /proc/self/fd/0 | cut -d: -f1");
        word(w, "stdin", "1");
        expect(w, "124\npipe\n");
    }
}

static void test_terminal(void **state)
{
    struct world *w = *state;
    bool has = has_host(w);

    for (int i = 0; i < ISOLATIONS; i++) {
        if (i == 1 && !has)
            continue;
        begin(w, isolations[i]);
        container(w, "for n in 0 1 2; do test -t $n && echo $n; done; echo err >&2; "
                     "echo ctty >/dev/tty; tty | cut -c1-9; printf 'a\\rb\\n'");
        word(w, "tty", "1");
        word(w, "output", "/etc/hostname");
        expect(w, "0\n1\n2\nerr\nctty\n/dev/pts/\na\rb\n");
        assert_non_null(strstr(text_of(w, "main.log"), " stdout F err\n"));
    }
}

/* Its owner is its user, also of one that runs beside others. */
static void test_terminal_of_another_user(void **state)
{
    struct world *w = *state;
    bool has = has_host(w);

    if (!is_root())
        skip();
    for (int i = 0; i < ISOLATIONS; i++) {
        if (i == 1 && !has)
            continue;
        begin(w, isolations[i]);
        container(w, "echo x >$(tty) && stat -c %u $(tty); echo y >/dev/tty");
        word(w, "role", "main");
        word(w, "tty", "1");
        user(w, "1234", "5678");
        word(w, "container", "beside");
        word(w, "role", "sidecar");
        word(w, "cwd", "/");
        word(w, "log", "beside.log");
        word(w, "arg", "/bin/sleep");
        word(w, "arg", "60");
        if (i == 1)
            word(w, "box", file_in(w, "box2"));
        if (i == 1) {
            static const char *const parts[] = {"box2", "box2/upper", "box2/work", "box2/root",
                                                "box2/tmp"};

            for (size_t j = 0; j < 5; j++)
                mkdir(file_in(w, parts[j]), 0755);
        }
        expect(w, "x\n1234\ny\n");
    }
}

/* Much at once, over the boundaries of reads: no line has a CR. */
static void test_long_text_of_a_terminal(void **state)
{
    struct world *w = *state;
    FILE *log;
    char line[256];
    int count = 0;

    begin(w, "process");
    container(w, "seq 1 30000");
    word(w, "tty", "1");
    run(w);
    log = fopen(file_in(w, "main.log"), "r");
    assert_non_null(log);
    while (fgets(line, sizeof(line), log)) {
        assert_null(strchr(line, '\r'));
        if (strstr(line, " F "))
            count++;
    }
    fclose(log);
    assert_int_equal(count, 30000);
}

/* Whoever has no handler for SIGTERM ends by it, as behind upstream's emissary: with 128 and
 * 15, not with the 9 of the end of its grace. */
static void test_ends_by_a_signal(void **state)
{
    struct world *w = *state;
    bool has = has_host(w);

    for (int i = 0; i < ISOLATIONS; i++) {
        struct pod_record record;
        pid_t pid;

        if (i == 1 && !has)
            continue;
        begin(w, isolations[i]);
        word(w, "grace", "30000");
        container(w, "echo up; exec sleep 100");
        record = planned(w);
        write_record(w, &record);
        pid = start(w);
        wait_for_file(w, "main.log");
        kill(pid, SIGTERM);
        assert_int_equal(finish(w, pid), 0);
        if (w->record.code != 143)
            fail_msg("isolation %s: code %d", isolations[i], (int) w->record.code);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_another_user, setup, teardown),
        cmocka_unit_test_setup_teardown(test_root_with_groups, setup, teardown),
        cmocka_unit_test_setup_teardown(test_own_user, setup, teardown),
        cmocka_unit_test_setup_teardown(test_hook_of_another_user, setup, teardown),
        cmocka_unit_test_setup_teardown(test_ends_with_its_shim, setup, teardown),
        cmocka_unit_test_setup_teardown(test_ends_by_a_signal, setup, teardown),
        cmocka_unit_test_setup_teardown(test_capabilities_are_taken, setup, teardown),
        cmocka_unit_test_setup_teardown(test_asked_for_in_process, setup, teardown),
        cmocka_unit_test_setup_teardown(test_read_only_root, setup, teardown),
        cmocka_unit_test_setup_teardown(test_stdin, setup, teardown),
        cmocka_unit_test_setup_teardown(test_terminal, setup, teardown),
        cmocka_unit_test_setup_teardown(test_terminal_of_another_user, setup, teardown),
        cmocka_unit_test_setup_teardown(test_long_text_of_a_terminal, setup, teardown),
    };

    return cmocka_run_group_tests_name("pods_shim_rights", tests, NULL, NULL);
}
