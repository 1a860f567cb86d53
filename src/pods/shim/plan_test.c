/*
 * Tests of the shim's plan reader and of its log writer, piece by piece: whole plans, torn
 * ones, huge ones, hostile ones; log lines over every boundary. pod_test.c runs the program
 * itself.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "pods/shim/shim.h"

#define WORDS(literal) literal, sizeof(literal) - 1
#define MAIN           "container\0main\0cwd\0/\0log\0main.log\0arg\0true\0"

/* A plan's memory is never given back by the reader: the shim ends with its pod. Here it is. */
static void plan_done(struct plan *plan)
{
    for (size_t i = 0; i < plan->container_count; i++) {
        free(plan->containers[i]->env);
        free(plan->containers[i]->args);
        free(plan->containers[i]->after);
        for (size_t j = 0; j < ACT_COUNT; j++)
            free(plan->containers[i]->acts[j].exec);
        free(plan->containers[i]);
    }
}

static void test_refusals(void **state)
{
    static const struct {
        const char *name, *text;
        size_t len;
        const char *wrong;
    } cases[] = {
        {"empty", "", 0, "the plan is cut off"},
        {"one zero byte", WORDS("\0"), "a key without a value"},
        {"no last zero",
         WORDS("grace\0"
               "1"),
         "the plan is cut off"},
        {"a key alone", WORDS("grace\0"), "a key without a value"},
        {"the last key alone", WORDS(MAIN "arg\0"), "a key without a value"},
        {"no container",
         WORDS("isolation\0process\0grace\0"
               "1\0"),
         "no container"},
        {"argument first", WORDS("arg\0true\0"), "a key before the first container"},
        {"cwd first", WORDS("cwd\0/\0"), "a key before the first container"},
        {"unknown key", WORDS("container\0main\0user\0root\0"),
         "an unknown key or too many of it"},
        {"unknown key of the pod", WORDS("user\0root\0"), "a key before the first container"},
        {"empty key", WORDS("container\0m\0\0\0"), "an unknown key or too many of it"},
        {"key in capitals", WORDS("container\0m\0ARG\0x\0"),
         "an unknown key or too many of it"},
        {"an act before a container", WORDS("act\0liveness\0"),
         "a key before the first container"},
        {"an act that is none", WORDS(MAIN "act\0death\0"), "an act that is none"},
        {"an act twice",
         WORDS(MAIN "act\0prestop\0sleep\0"
                    "1\0"
                    "act\0prestop\0"),
         "an act that is there twice"},
        {"a word of an act without one", WORDS(MAIN "exec\0true\0"),
         "an unknown key or too many of it"},
        {"a host without a port", WORDS(MAIN "act\0poststart\0host\0h\0"),
         "an act with a part of a connection"},
        {"a port without a host",
         WORDS(MAIN "act\0poststart\0port\0"
                    "1\0"),
         "an act with a part of a connection"},
        {"a request to nobody", WORDS(MAIN "act\0poststart\0request\0GET\0"),
         "an act with a part of a connection"},
        {"a probe without a time",
         WORDS(MAIN "act\0liveness\0exec\0true\0within\0"
                    "1\0"),
         "a probe without a command, a connection or a time"},
        {"a probe of nothing",
         WORDS(MAIN "act\0liveness\0every\0"
                    "1\0"
                    "within\0"
                    "1\0"),
         "a probe without a command, a connection or a time"},
        {"a time that is none", WORDS(MAIN "act\0liveness\0every\0soon\0"),
         "a number that is none"},
        {"no argument", WORDS("container\0m\0cwd\0/\0log\0l\0"),
         "a container without arguments, cwd or log"},
        {"no cwd", WORDS("container\0m\0log\0l\0arg\0x\0"),
         "a container without arguments, cwd or log"},
        {"no log", WORDS("container\0m\0cwd\0/\0arg\0x\0"),
         "a container without arguments, cwd or log"},
        {"the first of two lacks its log", WORDS("container\0i\0cwd\0/\0arg\0x\0" MAIN),
         "a container without arguments, cwd or log"},
        {"at before bind", WORDS("at\0/x\0" MAIN), "at or mode before bind"},
        {"mode before bind", WORDS("mode\0ro\0" MAIN), "at or mode before bind"},
        {"a bind without its target", WORDS("bind\0/src\0mode\0ro\0" MAIN),
         "a mount without a target"},
        {"the first bind without its target", WORDS("bind\0/a\0bind\0/b\0at\0/b\0" MAIN),
         "a mount without a target"},
        {"a mode that is no mode", WORDS("bind\0/src\0at\0/x\0mode\0wo\0" MAIN),
         "a mode that is neither ro nor rw"},
        {"an isolation from tomorrow", WORDS("isolation\0vm\0" MAIN),
         "an isolation that is neither process nor host nor image"},
        {"an isolation in capitals", WORDS("isolation\0Host\0" MAIN),
         "an isolation that is neither process nor host nor image"},
        {"image without layers", WORDS("isolation\0image\0runtime\0/r\0" MAIN),
         "isolation image without a runtime or layers"},
        {"image without a runtime", WORDS("isolation\0image\0layers\0/l\0" MAIN),
         "isolation image without a runtime or layers"},
        {"a bridge without an address",
         WORDS("isolation\0image\0runtime\0r\0layers\0l\0bridge\0b\0gateway\0g\0" MAIN),
         "a bridge without isolation image, an address, a prefix or a gateway"},
        {"a bridge without a gateway",
         WORDS("isolation\0image\0runtime\0r\0layers\0l\0bridge\0b\0address\0a\0" MAIN),
         "a bridge without isolation image, an address, a prefix or a gateway"},
        {"a bridge of isolation process",
         WORDS("isolation\0process\0bridge\0b\0address\0a\0gateway\0g\0prefix\0"
               "16\0" MAIN),
         "a bridge without isolation image, an address, a prefix or a gateway"},
        {"a bridge without a prefix",
         WORDS("isolation\0image\0runtime\0r\0layers\0l\0bridge\0b\0address\0a\0gateway\0g"
               "\0" MAIN),
         "a bridge without isolation image, an address, a prefix or a gateway"},
        {"a prefix of more bits than there are",
         WORDS("isolation\0image\0runtime\0r\0layers\0l\0bridge\0b\0address\0a\0gateway\0g\0pre"
               "fix\0"
               "33\0" MAIN),
         "a bridge without isolation image, an address, a prefix or a gateway"},
        {"a prefix that is no number", WORDS("prefix\0many\0" MAIN), "a number that is none"},
        {"image without a box", WORDS("isolation\0image\0layers\0/l\0runtime\0/r\0" MAIN),
         "a container of isolation image without box, id, cgroup or layers"},
        {"host without a root", WORDS("isolation\0host\0" MAIN),
         "isolation host without a root"},
        {"a deadline in words", WORDS("deadline\0soon\0" MAIN), "a number that is none"},
        {"a deadline with a tail",
         WORDS("deadline\0"
               "12x\0" MAIN),
         "a number that is none"},
        {"no deadline", WORDS("deadline\0\0" MAIN), "a number that is none"},
        {"a deadline before time", WORDS("deadline\0-1\0" MAIN), "a number that is none"},
        {"a grace over 64 bits",
         WORDS("grace\0"
               "9223372036854775808\0" MAIN),
         "a number that is none"},
        {"a role that is none", WORDS("container\0m\0role\0boss\0"),
         "a role that is neither main nor sidecar"},
        {"a sidecar alone", WORDS(MAIN "role\0sidecar\0"), "no main container"},
        {"one without a role behind one with",
         WORDS(MAIN "role\0main\0" MAIN MAIN "role\0main\0"),
         "a container without a role behind one that has one"},
        {"after nobody", WORDS(MAIN "role\0main\0after\0x\0"),
         "a container after one that is no main one"},
        {"after a sidecar",
         WORDS("container\0s\0cwd\0/\0log\0l\0arg\0x\0role\0sidecar\0" MAIN "after\0s\0"),
         "a container after one that is no main one"},
        {"tries in words", WORDS(MAIN "tries\0many\0"), "a number that is none"},
        {"a role before the first container", WORDS("role\0main\0" MAIN),
         "a key before the first container"},
        {"a user without a group",
         WORDS(MAIN "uid\0"
                    "1\0"),
         "a user without a group, or a group without a user"},
        {"a group without a user",
         WORDS(MAIN "gid\0"
                    "1\0"),
         "a user without a group, or a group without a user"},
        {"the user that is none",
         WORDS(MAIN "uid\0"
                    "4294967295\0gid\0"
                    "1\0"),
         "a user or group that is none"},
        {"a user by name", WORDS(MAIN "uid\0root\0"), "a number that is none"},
        {"a further group that is none",
         WORDS(MAIN "group\0"
                    "4294967295\0"),
         "a group that is none"},
        {"capabilities by name", WORDS(MAIN "lacks\0CHOWN\0"), "a number that is none"},
        {"a negative grace", WORDS("grace\0-5\0" MAIN), "a number that is none"},
    };

    (void) state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char *copy = malloc(cases[i].len ? cases[i].len : 1); /* so that ASan sees its end */
        struct plan plan = {0};
        const char *wrong;

        memcpy(copy, cases[i].text, cases[i].len);
        wrong = plan_parse(copy, cases[i].len, &plan);
        if (!wrong || strcmp(wrong, cases[i].wrong) != 0)
            fail_msg("%s: %s, not %s", cases[i].name, wrong ? wrong : "(taken)",
                     cases[i].wrong);
        plan_done(&plan);
        free(copy);
    }
}

static void test_whole_plan(void **state)
{
    char text[] =
        "isolation\0host\0root\0/s/box\0mask\0/state\0mask\0/more\0hostname\0pod-1\0"
        "bind\0/src/a\0at\0/a\0mode\0ro\0bind\0/src/b\0at\0/b\0mode\0rw\0"
        "deadline\0"
        "1700000000000\0grace\0"
        "30000\0"
        "container\0init\0cwd\0/w\0log\0init.log\0env\0A=1\0env\0B=\0arg\0sh\0arg\0\0"
        "output\0/tmp/o\0"
        "container\0main\0cwd\0/\0log\0main.log\0arg\0a=b\0env\0A=2\0env\0A=3\0env\0AB=4";
    struct plan plan = {0};

    (void) state;
    assert_null(plan_parse(text, sizeof(text), &plan));
    assert_int_equal(plan.isolation, PLAN_HOST);
    assert_string_equal(plan.root, "/s/box");
    assert_string_equal(plan.hostname, "pod-1");
    assert_int_equal(plan.mask_count, 2);
    assert_string_equal(plan.masks[1], "/more");
    assert_int_equal(plan.bind_count, 2);
    assert_string_equal(plan.binds[0].source, "/src/a");
    assert_string_equal(plan.binds[0].target, "/a");
    assert_true(plan.binds[0].is_read_only);
    assert_string_equal(plan.binds[1].target, "/b");
    assert_false(plan.binds[1].is_read_only);
    assert_int_equal(plan.deadline_ms, 1700000000000);
    assert_int_equal(plan.grace_ms, 30000);
    assert_int_equal(plan.container_count, 2);
    assert_string_equal(plan.containers[0]->name, "init");
    assert_string_equal(plan.containers[0]->cwd, "/w");
    assert_string_equal(plan.containers[0]->log, "init.log");
    assert_int_equal(plan.containers[0]->arg_count, 2);
    assert_string_equal(plan.containers[0]->args[1], "");
    assert_null(plan.containers[0]->args[2]);
    assert_string_equal(plan.containers[0]->outputs[0], "/tmp/o");
    assert_string_equal(plan_env(plan.containers[0], "B"), "");
    assert_string_equal(plan_env(plan.containers[1], "A"), "3"); /* the later one */
    assert_string_equal(plan_env(plan.containers[1], "AB"), "4");
    assert_null(plan_env(plan.containers[1], "B"));
    assert_null(plan_env(plan.containers[1], "ABC"));
    assert_null(plan.containers[1]->env[3]);
    assert_int_equal(plan.containers[1]->output_count, 0);
    plan_done(&plan);
}

/* A container without env: its list must be there all the same, execve takes no NULL here. */
static void test_roles(void **state)
{
    char text[] = "container\0i\0cwd\0/\0log\0l\0arg\0x\0"
                  "container\0s\0cwd\0/\0log\0l\0arg\0x\0role\0sidecar\0box\0/b\0"
                  "container\0n\0cwd\0/\0log\0l\0arg\0x\0role\0main\0tries\0"
                  "3\0delay\0"
                  "20\0after\0main\0" MAIN;
    struct plan plan = {0};

    (void) state;
    assert_null(plan_parse(text, sizeof(text) - 1, &plan));
    assert_int_equal(plan.container_count, 4);
    assert_int_equal(plan.first_count, 1);
    assert_int_equal(plan.containers[0]->role, PLAN_FIRST);
    assert_int_equal(plan.containers[1]->role, PLAN_SIDECAR);
    assert_string_equal(plan.containers[1]->box, "/b");
    assert_int_equal(plan.containers[2]->tries, 3);
    assert_int_equal(plan.containers[2]->delay_ms, 20);
    assert_string_equal(plan.containers[2]->after[0], "main");
    assert_int_equal(plan.containers[3]->role, PLAN_MAIN);
    plan_done(&plan);
}

static void test_no_environment(void **state)
{
    char text[] = "container\0main\0cwd\0/\0log\0main.log\0arg\0true";
    struct plan plan = {0};

    (void) state;
    assert_null(plan_parse(text, sizeof(text), &plan));
    assert_int_equal(plan.containers[0]->env_count, 0);
    assert_null(plan_env(plan.containers[0], "PATH"));
    plan_done(&plan);
}

/* Every plan that is cut anywhere is refused or whole; nothing is read behind its end. */
static void test_torn_anywhere(void **state)
{
    static const char text[] = "isolation\0process\0grace\0"
                               "500\0deadline\0"
                               "99\0"
                               "container\0main\0cwd\0/\0log\0main.log\0env\0A=1\0arg\0true";
    size_t taken = 0;

    (void) state;
    for (size_t len = 0; len <= sizeof(text); len++) {
        char *copy = malloc(len ? len : 1);
        struct plan plan = {0};

        memcpy(copy, text, len);
        taken += plan_parse(copy, len, &plan) == NULL;
        plan_done(&plan);
        free(copy);
    }
    assert_int_equal(taken, 1); /* the whole one: arg comes last */
}

struct growth {
    const char *key, *value, *wrong;
    size_t most; /* that many are taken, one more is not */
};

/* MAIN's words, then @count times a pair. */
static const char *parse_many(const struct growth *g, size_t count, struct plan *plan,
                              char **ret)
{
    static const char head[] = MAIN;
    size_t key = strlen(g->key) + 1, value = strlen(g->value) + 1;
    size_t len = sizeof(head) - 1 + count * (key + value);
    char *at = *ret = malloc(len);

    memcpy(at, head, sizeof(head) - 1);
    at += sizeof(head) - 1;
    for (size_t i = 0; i < count; i++) {
        memcpy(at, g->key, key);
        memcpy(at + key, g->value, value);
        at += key + value;
    }
    return plan_parse(*ret, len, plan);
}

static void test_limits(void **state)
{
    static const struct growth cases[] = {
        {"arg", "x", "too many arguments", PLAN_LIST_MAX - 1}, /* MAIN has one */
        {"env", "A=1", "too many variables", PLAN_LIST_MAX},
        {"output", "/o", "an unknown key or too many of it", PLAN_OUTPUTS_MAX},
        {"mask", "/m", "an unknown key or too many of it", 16},
    };

    (void) state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        for (size_t over = 0; over < 2; over++) {
            struct plan plan = {0};
            char *text;
            const char *wrong = parse_many(&cases[i], cases[i].most + over, &plan, &text);

            if (over ? !wrong || strcmp(wrong, cases[i].wrong) != 0 : wrong != NULL)
                fail_msg("%s: %zu over: %s", cases[i].key, over, wrong ? wrong : "(taken)");
            plan_done(&plan);
            free(text);
        }
}

static void test_too_many_mounts_and_containers(void **state)
{
    size_t used = 0;
    char *text = calloc(1, 65536);
    struct plan plan = {0};

    (void) state;
    for (int i = 0; i <= PLAN_BINDS_MAX; i++, used += 14)
        memcpy(text + used, "bind\0/s\0at\0/t", 14);
    assert_string_equal(plan_parse(text, used, &plan), "too many mounts");
    plan_done(&plan);
    plan = (struct plan){0};
    used = 0;
    for (int i = 0; i <= PLAN_CONTAINERS_MAX; i++, used += sizeof(MAIN) - 1)
        memcpy(text + used, MAIN, sizeof(MAIN) - 1);
    assert_string_equal(plan_parse(text, used, &plan), "too many containers");
    assert_int_equal(plan.container_count, PLAN_CONTAINERS_MAX);
    plan_done(&plan);
    free(text);
}

/* Every count of arguments around the powers of two, where the list grows. */
static void test_lists_grow(void **state)
{
    (void) state;
    for (size_t count = 0; count < 70; count++) {
        static const struct growth g = {"arg", "y", NULL, 0};
        struct plan plan = {0};
        char *text;

        assert_null(parse_many(&g, count, &plan, &text));
        assert_int_equal(plan.containers[0]->arg_count, count + 1);
        assert_string_equal(plan.containers[0]->args[count], count ? "y" : "true");
        assert_null(plan.containers[0]->args[count + 1]);
        plan_done(&plan);
        free(text);
    }
}

/* ---- logs ---- */

struct log_world {
    char dir[64];
    int dirfd, log_fd, from, to;
    struct cri cri;
};

static void log_open(struct log_world *w)
{
    int ends[2];

    *w = (struct log_world){.log_fd = -1, .cri = {.stream = "stdout"}};
    snprintf(w->dir, sizeof(w->dir), "/tmp/tiphys-cri-XXXXXX");
    assert_non_null(mkdtemp(w->dir));
    w->dirfd = open(w->dir, O_PATH | O_DIRECTORY);
    assert_int_equal(pipe2(ends, O_NONBLOCK), 0);
    w->from = ends[0];
    w->to = ends[1];
}

/* What was logged, each line without its time; owned. Checks the form of the times. */
static char *log_close(struct log_world *w)
{
    char path[128], *line = NULL, *out = calloc(1, 1 << 20);
    size_t size = 0, used = 0;
    ssize_t len;
    FILE *file;

    snprintf(path, sizeof(path), "%s/main.log", w->dir);
    file = fopen(path, "r");
    while (file && (len = getline(&line, &size, file)) > 0) {
        static const char form[] = "dddd-dd-ddTdd:dd:dd.dddddddddZ ";

        assert_true((size_t) len > sizeof(form) - 1);
        for (size_t i = 0; i < sizeof(form) - 1; i++)
            assert_true(form[i] == 'd' ? line[i] >= '0' && line[i] <= '9' : line[i] == form[i]);
        assert_true(line[len - 1] == '\n');
        memcpy(out + used, line + sizeof(form) - 1, (size_t) len - sizeof(form) + 1);
        used += (size_t) len - sizeof(form) + 1;
    }
    if (file)
        fclose(file);
    free(line);
    unlink(path);
    rmdir(w->dir);
    close(w->dirfd);
    close(w->from);
    if (w->to >= 0)
        close(w->to);
    if (w->log_fd >= 0)
        close(w->log_fd);
    return out;
}

static void say(struct log_world *w, const char *text)
{
    assert_int_equal(write(w->to, text, strlen(text)), strlen(text));
    assert_true(cri_copy(&w->cri, w->from, w->dirfd, "main.log", &w->log_fd));
}

static void test_log_lines(void **state)
{
    static const struct {
        const char *said[4];
        const char *logged;
    } cases[] = {
        {{"one\n"}, "stdout F one\n"},
        {{"one\ntwo\n"}, "stdout F one\nstdout F two\n"},
        {{"\n"}, "stdout F \n"},
        {{"\n\n"}, "stdout F \nstdout F \n"},
        {{"no newline"}, "stdout P no newline\n"},
        {{"a", "b\n"}, "stdout P a\nstdout F b\n"},
        {{"a", "\n"}, "stdout P a\nstdout F \n"},
        {{"a\nb", "c", "\nd\n"}, "stdout F a\nstdout P b\nstdout P c\nstdout F \nstdout F d\n"},
        {{"\r\n"}, "stdout F \r\n"},
        {{" F fake\n"}, "stdout F  F fake\n"},
        {{"\xff\xfe\x01\n"}, "stdout F \xff\xfe\x01\n"},
    };

    (void) state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct log_world w;
        char *logged;

        log_open(&w);
        for (size_t k = 0; k < 4 && cases[i].said[k]; k++)
            say(&w, cases[i].said[k]);
        logged = log_close(&w);
        if (strcmp(logged, cases[i].logged) != 0)
            fail_msg("case %zu: %s", i, logged);
        free(logged);
    }
}

static void test_zero_bytes_are_kept(void **state)
{
    struct log_world w;
    char *logged;

    (void) state;
    log_open(&w);
    assert_int_equal(write(w.to, "a\0b\n\0\n", 6), 6);
    assert_true(cri_copy(&w.cri, w.from, w.dirfd, "main.log", &w.log_fd));
    logged = log_close(&w);
    assert_memory_equal(logged, "stdout F a\0b\nstdout F \0\n", 26);
    free(logged);
}

/* Reads @logged back: the bytes that were said, from pieces and lines. */
static size_t join(const char *logged, char *out)
{
    size_t used = 0;

    while (*logged) {
        const char *end = strchr(logged, '\n');
        size_t len = (size_t) (end - logged) - strlen("stdout F ");

        memcpy(out + used, logged + strlen("stdout F "), len);
        used += len;
        if (logged[strlen("stdout ")] == 'F')
            out[used++] = '\n';
        logged = end + 1;
    }
    return used;
}

/* Lines of every length around the sizes of the buffers: what is joined again is what was
 * said, and no piece is longer than half a buffer. */
static void test_long_lines(void **state)
{
    static const size_t lengths[] = {16383, 16384, 16385, 32703, 32704,
                                     32767, 32768, 32769, 60000, 65535};
    char *said = malloc(65536), *joined = malloc(1 << 20);

    (void) state;
    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        struct log_world w;
        size_t len = lengths[i];
        char *logged;

        log_open(&w);
        for (size_t k = 0; k < len; k++)
            said[k] = (char) ('a' + k % 26);
        said[len] = '\n';
        assert_int_equal(write(w.to, said, len), len);
        if (len < 65535)
            assert_int_equal(write(w.to, "\n", 1), 1);
        close(w.to);
        w.to = -1;
        while (cri_copy(&w.cri, w.from, w.dirfd, "main.log", &w.log_fd))
            continue;
        logged = log_close(&w);
        for (const char *at = logged; *at; at = strchr(at, '\n') + 1)
            assert_true(strcspn(at, "\n") <= 16384 + strlen("stdout F "));
        len += len < 65535;
        assert_int_equal(join(logged, joined), len);
        assert_memory_equal(joined, said, len);
        free(logged);
    }
    free(said);
    free(joined);
}

static void test_no_output_makes_no_file(void **state)
{
    struct log_world w;
    char *logged;

    (void) state;
    log_open(&w);
    assert_true(cri_copy(&w.cri, w.from, w.dirfd, "main.log", &w.log_fd)); /* nothing now */
    close(w.to);
    w.to = -1;
    assert_false(cri_copy(&w.cri, w.from, w.dirfd, "main.log", &w.log_fd)); /* the end */
    assert_int_equal(w.log_fd, -1);
    assert_int_equal(faccessat(w.dirfd, "main.log", F_OK, 0), -1);
    logged = log_close(&w);
    assert_string_equal(logged, "");
    free(logged);
}

/* A log that cannot be written must not stop the container: its output is read all the same. */
static void test_log_that_cannot_be_made(void **state)
{
    struct log_world w;
    char *logged;

    (void) state;
    log_open(&w);
    assert_int_equal(mkdirat(w.dirfd, "main.log", 0700), 0);
    say(&w, "lost\n");
    say(&w, "lost as well\n");
    assert_int_equal(w.log_fd, -1);
    assert_int_equal(unlinkat(w.dirfd, "main.log", AT_REMOVEDIR), 0);
    logged = log_close(&w);
    free(logged);
}

static void test_plan_of_an_image(void **state)
{
    char text[] = "isolation\0image\0runtime\0/usr/bin/runc\0layers\0/s/layers\0"
                  "bridge\0b0\0address\0"
                  "10.0.0.2\0prefix\0"
                  "16\0gateway\0"
                  "10.0.0.1\0"
                  "container\0main\0cwd\0/\0log\0main.log\0arg\0sh\0box\0/s/box/0\0id\0x-0\0"
                  "cgroup\0/tiphys/x-0\0oom\0/c/memory.events\0layer\0top\0layer\0base";
    struct plan plan = {0};

    (void) state;
    assert_null(plan_parse(text, sizeof(text), &plan));
    assert_int_equal(plan.isolation, PLAN_IMAGE);
    assert_string_equal(plan.network.bridge, "b0");
    assert_string_equal(plan.network.address, "10.0.0.2");
    assert_string_equal(plan.network.gateway, "10.0.0.1");
    assert_int_equal(plan.network.prefix, 16);
    assert_string_equal(plan.runtime, "/usr/bin/runc");
    assert_string_equal(plan.layers, "/s/layers");
    assert_int_equal(plan.containers[0]->layer_count, 2);
    assert_string_equal(plan.containers[0]->layers[0], "top");
    assert_string_equal(plan.containers[0]->id, "x-0");
    assert_string_equal(plan.containers[0]->cgroup, "/tiphys/x-0");
    assert_string_equal(plan.containers[0]->oom, "/c/memory.events");
    plan_done(&plan);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_whole_plan),
        cmocka_unit_test(test_plan_of_an_image),
        cmocka_unit_test(test_roles),
        cmocka_unit_test(test_no_environment),
        cmocka_unit_test(test_torn_anywhere),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_too_many_mounts_and_containers),
        cmocka_unit_test(test_lists_grow),
        cmocka_unit_test(test_log_lines),
        cmocka_unit_test(test_zero_bytes_are_kept),
        cmocka_unit_test(test_long_lines),
        cmocka_unit_test(test_no_output_makes_no_file),
        cmocka_unit_test(test_log_that_cannot_be_made),
    };

    return cmocka_run_group_tests_name("pods_shim_plan", tests, NULL, NULL);
}
