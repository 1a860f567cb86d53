/*
 * Tests of what pods ask for and of who may begin: sums as Kubernetes makes them, order, those
 * that never fit, their ends, and a runner that finds pods of an earlier one. On real shims in
 * a machine of one CPU and one GiB.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/tree.h"
#include "pods/local/local_internal.h"

enum { WAIT_STEPS = 2000, WAIT_STEP_MS = 10, GIB = 1 << 30 };

struct world {
    char path[64];
    struct loop *loop;
    struct workers *workers;
    struct pod_runner *runner;
    struct arena *arena;
    struct str began, ended; /* uids in order, a space behind each */
    struct str pending;      /* of the last that waits: uid, then what it is told */
    struct str message;      /* of the last end */
};

static void add(struct world *w, struct str *to, struct str uid)
{
    struct str word = str_concat(w->arena, uid, STR(" "));

    if (str_find(*to, word) == SIZE_MAX)
        *to = str_concat(w->arena, *to, word);
}

static void on_report(void *ctx, const struct pod_report *report)
{
    struct world *w = ctx;

    if (report->is_final)
        w->message = str_copy(w->arena, report->message);
    if (report->is_final)
        add(w, &w->ended, report->uid);
    else if (report->phase == POD_RUNNING)
        add(w, &w->began, report->uid);
    else if (!str_is_empty(report->message))
        w->pending = str_printf(w->arena, STR_FMT " " STR_FMT, STR_ARG(report->uid),
                                STR_ARG(report->message));
}

static void open_runner(struct world *w)
{
    struct local_options options = {.loop = w->loop,
                                    .workers = w->workers,
                                    .path = w->path,
                                    .shim = getenv("TIPHYS_SHIM"),
                                    .isolation = LOCAL_ISOLATION_PROCESS,
                                    .cpu_milli = 1000,
                                    .memory_bytes = GIB,
                                    .node_name = "testnode",
                                    .node_labels = "pool=fast,kubernetes.io/arch=any,empty="};
    struct err err;

    w->runner = local_runner_new(&options, &err);
    if (!w->runner)
        fail_msg("runner: %s", err.text);
    w->runner->report = on_report;
    w->runner->report_ctx = w;
    w->began = w->ended = w->pending = w->message = STR("");
}

static int setup(void **state)
{
    struct world *w = NEW(struct world);
    struct err err;

    snprintf(w->path, sizeof(w->path), "/tmp/tiphys-room-XXXXXX");
    assert_non_null(mkdtemp(w->path));
    w->arena = arena_new();
    w->loop = loop_new(&err);
    w->workers = workers_new(w->loop, 2, &err);
    open_runner(w);
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;

    pod_runner_close(w->runner);
    workers_free(w->workers);
    for (int i = 0; i < 20; i++)
        loop_run_once(w->loop, 1);
    loop_free(w->loop);
    tree_remove(AT_FDCWD, w->path);
    arena_free(w->arena);
    free(w);
    return 0;
}

/* On a machine with these labels, as JSON; NULL: any. */
static void create_on(struct world *w, const char *uid, const char *cpu, const char *memory,
                      int64_t deadline_ms, const char *labels)
{
    struct json *doc = ARENA_NEW(w->arena, struct json), *selector = NULL;
    struct str text = str_printf(
        w->arena,
        "{\"container\":{\"command\":[\"sh\",\"-c\",\"touch %s/%s.on; until test -e %s/%s || ! "
        "test -d %s; do sleep 0.02; done\"],\"resources\":{\"requests\":{\"cpu\":\"%s\","
        "\"memory\":\"%s\"}}}}",
        w->path, uid, w->path, uid, w->path, cpu, memory);
    struct pod_request req = {.uid = str_from(uid),
                              .ns = STR("argo"),
                              .name = str_printf(w->arena, "pod-%s", uid),
                              .workflow = STR("wf"),
                              .node_id = STR("wf-1"),
                              .template = doc,
                              .deadline.ms = deadline_ms,
                              .grace_ms = 500};
    struct err err;

    assert_int_equal(json_parse(w->arena, text, doc, &err), 0);
    if (labels) {
        selector = ARENA_NEW(w->arena, struct json);
        assert_int_equal(json_parse(w->arena, str_from(labels), selector, &err), 0);
    }
    req.node_selector = selector;
    if (pod_create(w->runner, &req, &err) < 0)
        fail_msg("%s: %s", uid, err.text);
}

static void create_until(struct world *w, const char *uid, const char *cpu, const char *memory,
                         int64_t deadline_ms)
{
    create_on(w, uid, cpu, memory, deadline_ms, NULL);
}

static void create(struct world *w, const char *uid, const char *cpu)
{
    create_until(w, uid, cpu, "1Mi", 0);
}

/* Its container runs: another runner finds its shim. */
static void wait_until_on(struct world *w, const char *uid)
{
    const char *path = str_printf(w->arena, "%s/%s.on", w->path, uid).ptr;

    for (int i = 0; i < WAIT_STEPS && access(path, F_OK) < 0; i++)
        loop_run_once(w->loop, WAIT_STEP_MS);
    assert_int_equal(access(path, F_OK), 0);
}

/* Its container ends. */
static void let_end(struct world *w, const char *uid)
{
    close(open(str_printf(w->arena, "%s/%s", w->path, uid).ptr, O_CREAT | O_WRONLY, 0600));
}

static void wait_until(struct world *w, const struct str *text, const char *wanted)
{
    for (int i = 0; i < WAIT_STEPS && !str_is(*text, wanted); i++)
        loop_run_once(w->loop, WAIT_STEP_MS);
    if (!str_is(*text, wanted))
        fail_msg("\"" STR_FMT "\" and not \"%s\"", STR_ARG(*text), wanted);
}

#define FULL "Unschedulable: 0/1 nodes are available: "

/* So many have begun, and this one is among them: workers tell those of one moment in any
 * order. */
static void wait_for_began(struct world *w, size_t count, const char *uid)
{
    for (int i = 0; i < WAIT_STEPS && w->began.len < 2 * count; i++)
        loop_run_once(w->loop, WAIT_STEP_MS);
    if (w->began.len != 2 * count || str_find(w->began, str_from(uid)) == SIZE_MAX)
        fail_msg("\"" STR_FMT "\" has no %s", STR_ARG(w->began), uid);
}

/* A machine is chosen by its labels: those of every node, and those that this one was given. */
static void test_labels(void **state)
{
    static const char *const here[] = {
        "{}",
        "{\"pool\": \"fast\"}",
        "{\"empty\": \"\"}",
        "{\"kubernetes.io/os\": \"linux\"}",
        "{\"pool\": \"fast\", \"kubernetes.io/hostname\": \"testnode\"}",
        "{\"kubernetes.io/arch\": \"any\"}"};
    static const char *const elsewhere[] = {
        "{\"pool\": \"slow\"}", "{\"poo\": \"fast\"}", "{\"other\": \"\"}",
        "{\"pool\": \"fast\", \"kubernetes.io/os\": \"windows\"}",
        "{\"beta.kubernetes.io/arch\": \"no-such-arch\"}"};
    struct world *w = *state;
    char uid[8];

    for (size_t i = 0; i < COUNT_OF(elsewhere); i++) {
        snprintf(uid, sizeof(uid), "e%zu", i);
        create_on(w, uid, "0", "0", 0, elsewhere[i]);
        if (!str_eq(w->pending, str_printf(w->arena,
                                           "%s " FULL "1 node(s) didn't match Pod's node "
                                           "affinity/selector.",
                                           uid)))
            fail_msg("case %zu: " STR_FMT, i, STR_ARG(w->pending));
    }
    for (size_t i = 0; i < COUNT_OF(here); i++) {
        snprintf(uid, sizeof(uid), "h%zu", i);
        create_on(w, uid, "0", "0", 0, here[i]);
        wait_until_on(w, uid);
        let_end(w, uid);
    }
    pod_kill(w->runner, STR("e0"), STR("enough"), 0); /* who waits for good can be ended */
    for (int i = 0; i < WAIT_STEPS && str_find(w->ended, STR("e0 ")) == SIZE_MAX; i++)
        loop_run_once(w->loop, WAIT_STEP_MS);
    assert_true(str_find(w->ended, STR("e0 ")) != SIZE_MAX);
    assert_true(str_find(w->ended, STR("e1 ")) == SIZE_MAX);
}

static void test_order(void **state)
{
    struct world *w = *state;

    create(w, "a", "600m");
    create(w, "b", "600m");
    assert_true(str_is(w->pending, "b " FULL "1 Insufficient cpu."));
    create(w, "c", "500m");
    assert_true(str_is(w->pending, "c " FULL "1 Insufficient cpu."));
    create(w, "d", "0.4");
    create(w, "e", "0");
    create(w, "f", "600m");
    wait_for_began(w, 3, "e "); /* a smaller one passes, and who asks for nothing */
    let_end(w, "d");
    wait_until(w, &w->ended, "d ");
    let_end(w, "a");
    wait_for_began(w, 4, "b "); /* who waits longest */
    let_end(w, "b");
    wait_for_began(w, 5, "c ");
    assert_true(str_is(w->ended, "d a b "));
    let_end(w, "c");
    wait_for_began(w, 6, "f ");
    let_end(w, "f");
    let_end(w, "e");
    for (int i = 0; i < WAIT_STEPS && w->ended.len < 12; i++)
        loop_run_once(w->loop, WAIT_STEP_MS);
    assert_int_equal(w->ended.len, 12);
    assert_int_equal(CONTAINER_OF(w->runner, struct local, base)->taken.cpu_milli, 0);
    assert_int_equal(CONTAINER_OF(w->runner, struct local, base)->taken.memory_bytes, 0);
}

static void test_two_of_each(void **state)
{
    struct world *w = *state;

    create_until(w, "a", "1", "1Gi", 0);
    wait_until(w, &w->began, "a ");
    create_until(w, "b", "0", "1", 0);
    assert_true(str_is(w->pending, "b " FULL "1 Insufficient memory."));
    create_until(w, "c", "1m", "1", 0);
    assert_true(str_is(w->pending, "c " FULL "1 Insufficient cpu, 1 Insufficient memory."));
    let_end(w, "a");
    wait_for_began(w, 3, "c ");
}

/* More than there is at all: it waits until it is ended. */
static void test_too_large(void **state)
{
    struct world *w = *state;

    create(w, "a", "1500m");
    assert_true(str_is(w->pending, "a " FULL "1 Insufficient cpu."));
    create_until(w, "b", "0", "100Gi", loop_wall(w->loop).ms + 50);
    create(w, "c", "1");
    wait_until(w, &w->began, "c ");
    wait_until(w, &w->ended, "b ");
    assert_true(
        str_is(w->message, "Pod was active on the node longer than the specified deadline"));
    pod_kill(w->runner, STR("a"), STR("stopped"), 0);
    wait_until(w, &w->ended, "b a ");
    assert_true(str_is(w->message, "stopped"));
    let_end(w, "c");
    wait_until(w, &w->ended, "b a c ");
    assert_true(str_is(w->began, "c "));
}

/* What runs is found again and has its room; who waits, waits. */
static void test_another_runner(void **state)
{
    struct world *w = *state;

    create(w, "a", "800m");
    wait_until_on(w, "a");
    create(w, "b", "800m");
    pod_runner_close(w->runner);
    open_runner(w);
    create(w, "a", "800m");
    create(w, "b", "800m");
    assert_true(str_is(w->pending, "b " FULL "1 Insufficient cpu."));
    wait_until(w, &w->began, "a ");
    pod_runner_close(w->runner);
    open_runner(w);
    create(w, "x", "500m"); /* asked for earlier than what runs */
    create(w, "a", "800m");
    for (int i = 0; i < WAIT_STEPS && w->began.len < 4; i++)
        loop_run_once(w->loop, WAIT_STEP_MS);
    assert_int_equal(w->began.len, 4);
    let_end(w, "x");
    let_end(w, "a");
    create(w, "b", "800m");
    for (int i = 0; i < WAIT_STEPS && w->began.len < 6; i++)
        loop_run_once(w->loop, WAIT_STEP_MS);
    assert_true(str_ends(w->began, STR("b ")));
}

/* Until all that ran is asked for, nobody begins beside it; who asks for nothing may. */
static void test_another_runner_that_is_held(void **state)
{
    struct world *w = *state;

    create(w, "a", "800m");
    wait_until_on(w, "a");
    pod_runner_close(w->runner);
    open_runner(w);
    pod_hold(w->runner, true);
    create(w, "x", "500m");
    create(w, "y", "100m");
    create_until(w, "z", "0", "0", 0);
    create_until(w, "v", "0", "1", 0);
    create(w, "a", "800m");
    wait_for_began(w, 2, "a ");
    assert_true(str_is_empty(w->pending));
    pod_kill(w->runner, STR("v"), STR("stopped"), 0);
    wait_until(w, &w->ended, "v ");
    create(w, "b", "100m");
    pod_hold(w->runner, false);
    assert_true(str_is(w->pending, "x " FULL "1 Insufficient cpu."));
    wait_for_began(w, 4, "b ");
    assert_true(str_find(w->began, STR("y ")) != SIZE_MAX);
    let_end(w, "a");
    wait_for_began(w, 5, "x ");
}

static void test_sums(void **state)
{
    static const struct {
        const char *template, *pod;
        int64_t cpu, memory;
        const char *error;
    } cases[] = {
        {"{\"container\":{}}", NULL, 0, 0, NULL},
        {"{\"container\":{\"resources\":{\"requests\":{\"cpu\":1,\"memory\":\"1Ki\"}}}}", NULL,
         1000, 1024, NULL},
        {"{\"script\":{\"resources\":{\"limits\":{\"cpu\":\"250m\",\"memory\":\"1M\"}}}}", NULL,
         250, 1000000, NULL}, /* limits are the default */
        {"{\"container\":{\"resources\":{\"limits\":{\"cpu\":\"2\",\"memory\":\"2k\"},"
         "\"requests\":{\"cpu\":\"0.1\"}}},\"sidecars\":[{\"resources\":{\"requests\":{\"cpu\":"
         "\"300m\"}}},{}]}",
         NULL, 400, 2000, NULL},
        {"{\"containerSet\":{\"containers\":[{\"resources\":{\"requests\":{\"cpu\":\"1\"}}},"
         "{\"resources\":{\"requests\":{\"cpu\":\"2\"}}}]}}",
         NULL, 3000, 0, NULL},
        /* before the others: the largest of these or the sum of those */
        {"{\"container\":{\"resources\":{\"requests\":{\"cpu\":\"1\",\"memory\":\"5\"}}},"
         "\"initContainers\":[{\"resources\":{\"requests\":{\"cpu\":\"3\"}}},"
         "{\"resources\":{\"requests\":{\"cpu\":\"2\",\"memory\":\"4\"}}}]}",
         NULL, 3000, 5, NULL},
        {"{\"container\":{\"resources\":{\"requests\":{\"cpu\":\"1\",\"memory\":\"5\"}}}}",
         "{\"requests\":{\"cpu\":\"200m\"}}", 200, 5, NULL},
        {"{\"container\":{}}", "{\"limits\":{\"memory\":\"7\"}}", 0, 7, NULL},
        {"{\"container\":{\"resources\":{\"requests\":{\"cpu\":\"much\"}}}}", NULL, 0, 0,
         "resources.requests.cpu: "},
        {"{\"container\":{\"resources\":{\"limits\":{\"memory\":\"-1\"}}}}", NULL, 0, 0,
         "resources.limits.memory: Invalid value: \"-1\": must be greater than or equal to 0"},
        {"{\"containerSet\":{\"containers\":[{\"resources\":{\"requests\":{\"memory\":\"9E\"}}}"
         ","
         "{\"resources\":{\"requests\":{\"memory\":\"9E\"}}}]}}",
         NULL, 0, INT64_MAX, NULL},
    };
    _cleanup_arena_ struct arena *a = arena_new();

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct json template, pod;
        struct pod_request req = {.template = &template};
        struct local_need need;
        struct err err = {0};

        assert_int_equal(json_parse(a, str_from(cases[i].template), &template, &err), 0);
        if (cases[i].pod) {
            assert_int_equal(json_parse(a, str_from(cases[i].pod), &pod, &err), 0);
            req.resources = &pod;
        }
        if (cases[i].error) {
            assert_int_equal(room_need(NULL, &req, &need, &err), -1);
            if (!str_starts(str_from(err.text), str_from(cases[i].error)))
                fail_msg("%s", err.text);
            continue;
        }
        assert_int_equal(room_need(NULL, &req, &need, &err), 0);
        if (need.cpu_milli != cases[i].cpu || need.memory_bytes != cases[i].memory)
            fail_msg("case %zu: %lld and %lld", i, (long long) need.cpu_milli,
                     (long long) need.memory_bytes);
    }
    assert_true(room_of_machine().cpu_milli >= 1000);
    assert_true(room_of_machine().memory_bytes > 1 << 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sums),
        cmocka_unit_test_setup_teardown(test_labels, setup, teardown),
        cmocka_unit_test_setup_teardown(test_order, setup, teardown),
        cmocka_unit_test_setup_teardown(test_two_of_each, setup, teardown),
        cmocka_unit_test_setup_teardown(test_too_large, setup, teardown),
        cmocka_unit_test_setup_teardown(test_another_runner, setup, teardown),
        cmocka_unit_test_setup_teardown(test_another_runner_that_is_held, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
