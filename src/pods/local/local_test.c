/*
 * Tests of the local runner on real shims: outcomes in upstream's words, logs, outputs, env,
 * kill, deadline, adoption. TIPHYS_SHIM names the shim's program (Meson gives it).
 */
#include <fcntl.h>
#include <setjmp.h>
#include <spawn.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/limits.h"
#include "base/mem.h"
#include "base/tree.h"
#include "pods/local/local_internal.h"

enum { WAIT_STEPS = 2000, WAIT_STEP_MS = 10 };

struct world {
    char path[64];
    struct loop *loop;
    struct workers *workers;
    struct pod_runner *runner;
    struct arena *arena;
    /* The last report of each kind. */
    int final_count, running_count, ready_count, unready_count;
    struct str probe; /* what the last probe of one that is not ready has found */
    enum pod_phase phase;
    struct str message, outputs, isolation;
    int half_count;      /* reports of one that runs and says that it is at 1/2 */
    struct str progress; /* of the final report */
};

static void on_report(void *ctx, const struct pod_report *report)
{
    struct world *w = ctx;

    w->running_count += report->phase == POD_RUNNING;
    w->ready_count += report->phase == POD_RUNNING && !report->is_unready;
    w->unready_count += report->is_unready;
    if (report->is_unready)
        w->probe = str_copy(w->arena, report->message);
    w->half_count += report->phase == POD_RUNNING && str_is(report->progress, "1/2");
    if (!report->is_final)
        return;
    w->final_count++;
    w->progress = str_copy(w->arena, report->progress);
    w->phase = report->phase;
    w->message = str_copy(w->arena, report->message);
    w->isolation = str_copy(w->arena, report->isolation);
    w->outputs = report->outputs ? json_text(w->arena, report->outputs, 0) : STR("");
    for (size_t i = 0; i < report->container_count; i++)
        w->outputs =
            str_printf(w->arena, STR_FMT " " STR_FMT "=%d:" STR_FMT, STR_ARG(w->outputs),
                       STR_ARG(report->containers[i].name), (int) report->containers[i].phase,
                       STR_ARG(report->containers[i].message));
}

static int get_object(void *ctx, struct arena *a, struct str kind, struct str ns,
                      struct str name, const struct json **ret, struct err *err)
{
    struct json *doc = ARENA_NEW(a, struct json);

    (void) ctx;
    (void) ns;
    if (str_is(name, "missing"))
        return err_set(err, ERR_NOT_FOUND, "configmaps \"missing\" not found");
    *ret = doc;
    return json_parse(a,
                      str_is(kind, "Secret")
                          ? STR("{\"data\":{\"password\":\"aHVudGVyMg==\"}}")
                          : STR("{\"data\":{\"color\":\"blue\",\"size\":\"7\"}}"),
                      doc, err);
}

static void open_runner(struct world *w, enum local_isolation isolation)
{
    struct local_options options = {.loop = w->loop,
                                    .workers = w->workers,
                                    .path = w->path,
                                    .shim = getenv("TIPHYS_SHIM"),
                                    .isolation = isolation,
                                    .node_name = "testnode",
                                    .objects = {.get = get_object}};
    struct err err;

    w->runner = local_runner_new(&options, &err);
    if (!w->runner)
        fail_msg("runner: %s", err.text);
    w->runner->report = on_report;
    w->runner->report_ctx = w;
}

static int setup(void **state)
{
    struct world *w = NEW(struct world);
    struct err err;

    snprintf(w->path, sizeof(w->path), "/tmp/tiphys-pods-XXXXXX");
    assert_non_null(mkdtemp(w->path));
    w->arena = arena_new();
    w->loop = loop_new(&err);
    w->workers = workers_new(w->loop, 2, &err);
    open_runner(w, LOCAL_ISOLATION_PROCESS);
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

static void create(struct world *w, const char *uid, const char *template)
{
    struct json *doc = ARENA_NEW(w->arena, struct json);
    struct pod_request req = {.uid = str_from(uid),
                              .ns = STR("argo"),
                              .name = str_printf(w->arena, "pod-%s", uid),
                              .workflow = STR("wf"),
                              .node_id = STR("wf-1"),
                              .template = doc,
                              .wants_result = true,
                              .grace_ms = 500};
    struct err err;

    if (json_parse(w->arena, str_from(template), doc, &err) < 0 ||
        pod_create(w->runner, &req, &err) < 0)
        fail_msg("%s: %s", uid, err.text);
}

static void wait_for(struct world *w, const int *count, int wanted)
{
    for (int i = 0; i < WAIT_STEPS && *count < wanted; i++)
        loop_run_once(w->loop, WAIT_STEP_MS);
    assert_true(*count >= wanted);
}

static struct str log_of(struct world *w, const char *pod)
{
    struct err err;
    struct pod_log *log =
        pod_log_open(w->runner, STR("argo"), str_from(pod), STR("main"), &err);
    char *bytes = arena_alloc(w->arena, 65536);
    long len;

    if (!log)
        fail_msg("%s", err.text);
    len = pod_log_read(log, bytes, 65536, &err);
    assert_true(len >= 0);
    assert_true(pod_log_is_ended(log));
    pod_log_close(log);
    return str_of(bytes, (size_t) len);
}

/* The last line counts, while it runs and at its end; what is no file is nothing. */
static void test_progress(void **state)
{
    struct world *w = *state;
    char go[100];
    int fd;

    snprintf(go, sizeof(go), "%s/go", w->path);
    create(w, "p1",
           str_cz(w->arena,
                  str_printf(w->arena,
                             "{\"container\":{\"command\":[\"sh\",\"-c\",\"echo 0/2 "
                             ">$ARGO_PROGRESS_FILE; echo 1/2 >>$ARGO_PROGRESS_FILE; until test "
                             "-e %s; do sleep 0.02; done; echo 2/2 >$ARGO_PROGRESS_FILE; exit "
                             "3\"]}}",
                             go)));
    wait_for(w, &w->half_count, 1);
    fd = open(go, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_true(fd >= 0 && close(fd) == 0);
    wait_for(w, &w->final_count, 1);
    assert_string_equal(str_cz(w->arena, w->progress), "2/2");
    create(w, "p2",
           "{\"container\":{\"command\":[\"sh\",\"-c\",\"ln -s /etc/hostname "
           "$ARGO_PROGRESS_FILE\"]}}");
    wait_for(w, &w->final_count, 2);
    assert_true(str_is_empty(w->progress));
}

static void test_outcomes(void **state)
{
    static const struct {
        const char *template;
        enum pod_phase phase;
        const char *message, *outputs;
    } cases[] = {
        {"{\"container\":{\"command\":[\"sh\",\"-c\",\"echo hi\"]}}", POD_SUCCEEDED, "",
         "{\"result\":\"hi\",\"exitCode\":\"0\"}"},
        {"{\"container\":{\"command\":[\"sh\",\"-c\"],\"args\":[\"exit 3\"]}}", POD_FAILED,
         "main: Error (exit code 3)", "{\"result\":\"\",\"exitCode\":\"3\"}"},
        {"{\"container\":{\"command\":[\"sh\",\"-c\",\"kill -9 $$$$\"]}}", POD_FAILED,
         "main: Error (exit code 137)", "{\"result\":\"\",\"exitCode\":\"137\"}"},
        {"{\"container\":{\"command\":[\"no-such-program\"]}}", POD_FAILED,
         "main: Error (exit code 64): failed to find name in PATH: exec: \"no-such-program\": "
         "executable file not found in $PATH",
         "{\"result\":\"\",\"exitCode\":\"64\"}"},
        {"{\"container\":{\"image\":\"busybox\"}}", POD_ERROR,
         "container has no command: isolation process does not know the entrypoint of image "
         "\"busybox\"; give a command",
         ""},
        {"{\"script\":{\"command\":[\"sh\"],\"source\":\"echo one; echo two >&2; echo "
         "three\"}}",
         POD_SUCCEEDED, "", "{\"result\":\"one\\nthree\",\"exitCode\":\"0\"}"},
        {"{\"container\":{\"command\":[\"sh\",\"-c\",\"echo 42 > "
         "out\"]},\"outputs\":{\"parameters\":[{\"name\":\"p\",\"valueFrom\":{\"path\":\"out\"}"
         "}]}}",
         POD_SUCCEEDED, "",
         "{\"parameters\":[{\"name\":\"p\",\"valueFrom\":{\"path\":\"out\"},\"value\":\"42\"}],"
         "\"result\":\"\",\"exitCode\":\"0\"}"},
        {"{\"container\":{\"command\":[\"true\"]},\"outputs\":{\"parameters\":[{\"name\":\"p\","
         "\"valueFrom\":{\"path\":\"out\",\"default\":\"d\"}}]}}",
         POD_SUCCEEDED, "",
         "{\"parameters\":[{\"name\":\"p\",\"valueFrom\":{\"path\":\"out\",\"default\":\"d\"},"
         "\"value\":\"d\"}],\"result\":\"\",\"exitCode\":\"0\"}"},
        {"{\"container\":{\"command\":[\"true\"]},\"outputs\":{\"parameters\":[{\"name\":\"p\","
         "\"valueFrom\":{\"path\":\"out\"}}]}}",
         POD_ERROR, "wait: Error (exit code 64): open out: no such file or directory",
         "{\"result\":\"\",\"exitCode\":\"0\"}"},
        {"{\"container\":{\"command\":[\"false\"]},\"outputs\":{\"parameters\":[{\"name\":"
         "\"p\","
         "\"valueFrom\":{\"path\":\"out\"}}]}}",
         POD_FAILED, "main: Error (exit code 1)",
         "{\"parameters\":[{\"name\":\"p\",\"valueFrom\":{\"path\":\"out\"}}],\"result\":\"\","
         "\"exitCode\":\"1\"}"},
        {"{\"script\":{\"command\":[\"echo\"],\"args\":[\"a\"],\"source\":\"\"}}",
         POD_SUCCEEDED, "", "{\"result\":\"a\",\"exitCode\":\"0\"}"},
        {"{\"container\":{\"command\":[\"sh\",\"-c\",\"echo "
         "$A-$B-$C-$color-$(A)\"],\"envFrom\":[{\"configMapRef\":{\"name\":\"c\"}}],"
         "\"env\":[{\"name\":\"A\",\"value\":\"1\"},{\"name\":\"B\",\"value\":\"$(A)2\"},"
         "{\"name\":\"C\",\"valueFrom\":{\"secretKeyRef\":{\"name\":\"s\",\"key\":\"password\"}"
         "}}]}}",
         POD_SUCCEEDED, "", "{\"result\":\"1-12-hunter2-blue-1\",\"exitCode\":\"0\"}"},
        {"{\"container\":{\"command\":[\"true\"],\"env\":[{\"name\":\"X\",\"valueFrom\":{"
         "\"configMapKeyRef\":{\"name\":\"missing\",\"key\":\"k\"}}}]}}",
         POD_ERROR, "env X: configmaps \"missing\" not found", ""},
        {"{\"initContainers\":[{\"name\":\"one\",\"command\":[\"sh\",\"-c\",\"echo a "
         ">f\"]},{\"name\":\"two\",\"command\":[\"sh\",\"-c\",\"echo $X >>f\"],\"env\":"
         "[{\"name\":\"X\",\"value\":\"b\"}]}],\"container\":{\"command\":[\"cat\",\"f\"]}}",
         POD_SUCCEEDED, "", "{\"result\":\"a\\nb\",\"exitCode\":\"0\"}"},
        {"{\"initContainers\":[{\"name\":\"one\",\"command\":[\"sh\",\"-c\",\"exit "
         "4\"]}],\"container\":{\"command\":[\"echo\",\"never\"]}}",
         POD_ERROR, "one: Error (exit code 4)", "{\"result\":\"\",\"exitCode\":\"4\"}"},
        {"{\"initContainers\":[{\"name\":\"main\",\"command\":[\"true\"]}],\"container\":{"
         "\"command\":[\"true\"]}}",
         POD_ERROR, "initContainers[0].name: must be given, and be neither main nor wait", ""},
        {"{\"initContainers\":[{\"name\":\"one\"}],\"container\":{\"command\":[\"true\"]}}",
         POD_ERROR,
         "initContainers[0]: container has no command: isolation process does not know the "
         "entrypoint of image \"\"; give a command",
         ""},
        {"{\"container\":{\"command\":[\"sh\",\"-c\",\"until test -e up; do sleep 0.02; done; "
         "cat up\"]},\"sidecars\":[{\"name\":\"s\",\"command\":[\"sh\",\"-c\",\"echo "
         "$ARGO_CONTAINER_NAME >t; mv t up; exec sleep 60\"]}]}",
         POD_SUCCEEDED, "", "{\"result\":\"s\",\"exitCode\":\"0\"}"},
        {"{\"container\":{\"command\":[\"sleep\",\"0.2\"]},\"sidecars\":[{\"name\":\"s\","
         "\"command\":[\"sh\",\"-c\",\"exit 5\"]}]}",
         POD_FAILED, "s: Error (exit code 5)", "{\"result\":\"\",\"exitCode\":\"0\"}"},
        {"{\"container\":{\"command\":[\"true\"]},\"sidecars\":[{\"command\":[\"true\"]}]}",
         POD_ERROR, "sidecars[0].name: must be given, and be neither main nor wait", ""},
        {"{\"containerSet\":{\"containers\":[{\"name\":\"a\",\"command\":[\"sh\",\"-c\","
         "\"echo one >f\"]},{\"name\":\"main\",\"dependencies\":[\"a\"],\"command\":[\"cat\","
         "\"f\"]}]},\"outputs\":{\"parameters\":[{\"name\":\"p\",\"valueFrom\":{\"path\":"
         "\"f\"}}]}}",
         POD_SUCCEEDED, "",
         "{\"parameters\":[{\"name\":\"p\",\"valueFrom\":{\"path\":\"f\"},\"value\":\"one\"}],"
         "\"result\":\"one\",\"exitCode\":\"0\"} a=2: main=2:"},
        {"{\"containerSet\":{\"containers\":[{\"name\":\"a\",\"command\":[\"sh\",\"-c\","
         "\"sleep 0.2; echo late >f\"]},{\"name\":\"main\",\"command\":[\"true\"]}]},"
         "\"outputs\":{\"parameters\":[{\"name\":\"p\",\"valueFrom\":{\"path\":\"f\"}}]}}",
         POD_SUCCEEDED, "",
         "{\"parameters\":[{\"name\":\"p\",\"valueFrom\":{\"path\":\"f\"},\"value\":\"late\"}],"
         "\"result\":\"\",\"exitCode\":\"0\"} a=2: main=2:"},
        {"{\"containerSet\":{\"containers\":[{\"name\":\"a\",\"command\":[\"sh\",\"-c\","
         "\"exit 3\"]},{\"name\":\"b\",\"dependencies\":[\"a\"],\"command\":[\"true\"]}]}}",
         POD_FAILED, "a: Error (exit code 3)",
         "{\"result\":\"\"} a=3:a: Error (exit code 3):  b=4:b: Error (exit code 64): "
         "dependency \"a\" exited with non-zero code: 3"},
        {"{\"containerSet\":{\"retryStrategy\":{\"retries\":\"2\",\"duration\":\"5ms\"},"
         "\"containers\":[{\"name\":\"one\",\"command\":[\"sh\",\"-c\",\"echo x >>f; test "
         "$(wc -l <f) = 2\"]}]}}",
         POD_SUCCEEDED, "", "{\"result\":\"\"} one=2:"},
        {"{\"initContainers\":[{\"name\":\"i\",\"command\":[\"false\"]}],\"containerSet\":{"
         "\"containers\":[{\"name\":\"one\",\"command\":[\"true\"]}]}}",
         POD_ERROR, "i: Error (exit code 1)",
         "{\"result\":\"\"} one=3:Pod Failed whilst container running"},
        {"{\"container\":{\"command\":[\"sh\",\"-c\",\"setsid sleep 60 & echo gone\"]}}",
         POD_SUCCEEDED, "", "{\"result\":\"gone\",\"exitCode\":\"0\"}"},
    };
    struct world *w = *state;

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        create(w, str_printf(w->arena, "u%zu", i).ptr, cases[i].template);
        wait_for(w, &w->final_count, (int) i + 1);
        if (w->phase != cases[i].phase || !str_is(w->message, cases[i].message) ||
            !str_is(w->outputs, cases[i].outputs))
            fail_msg("case %zu: phase %d message \"" STR_FMT "\" outputs " STR_FMT, i,
                     (int) w->phase, STR_ARG(w->message), STR_ARG(w->outputs));
    }
    assert_true(str_is(w->isolation, "process"));
}

static void test_log_lines(void **state)
{
    struct world *w = *state;
    struct str text, line, time;

    create(w, "log", "{\"container\":{\"command\":[\"sh\",\"-c\",\"echo one; echo two\"]}}");
    wait_for(w, &w->final_count, 1);
    text = log_of(w, "pod-log");
    assert_true(str_cut(&text, '\n', &line));
    assert_true(str_cut(&line, ' ', &time));
    assert_int_equal(time.len, strlen("2026-01-01T00:00:00.000000000Z"));
    assert_true(str_is(line, "stdout F one"));
    assert_true(str_cut(&text, '\n', &line));
    assert_true(str_ends(line, STR("stdout F two")));
}

static void test_kill_with_grace(void **state)
{
    struct world *w = *state;

    create(w, "k1",
           "{\"container\":{\"command\":[\"sh\",\"-c\",\"trap 'exit 0' TERM; while :; do sleep "
           "0.01; done\"]}}");
    wait_for(w, &w->running_count, 1);
    pod_kill(w->runner, STR("k1"), STR("workflow shutdown with strategy:  Stop"), 5000);
    wait_for(w, &w->final_count, 1);
    assert_int_equal(w->phase, POD_FAILED);
    assert_true(str_is(w->message, "workflow shutdown with strategy:  Stop"));
    create(w, "k2", "{\"container\":{\"command\":[\"sh\",\"-c\",\"trap '' TERM; sleep 60\"]}}");
    wait_for(w, &w->running_count, 2);
    pod_kill(w->runner, STR("k2"), STR("enough"), 0);
    wait_for(w, &w->final_count, 2);
    assert_true(str_is(w->message, "enough"));
}

static void test_create_twice_runs_once(void **state)
{
    struct world *w = *state;

    create(w, "twice", "{\"container\":{\"command\":[\"sh\",\"-c\",\"echo x\"]}}");
    create(w, "twice", "{\"container\":{\"command\":[\"sh\",\"-c\",\"echo x\"]}}");
    wait_for(w, &w->final_count, 1);
    create(w, "twice", "{\"container\":{\"command\":[\"sh\",\"-c\",\"echo x\"]}}");
    wait_for(w, &w->final_count, 2);
    assert_true(str_ends(log_of(w, "pod-twice"), STR("stdout F x\n")));
    assert_int_equal(log_of(w, "pod-twice").len,
                     strlen("2026-01-01T00:00:00.000000000Z stdout F x\n"));
}

/* A daemon that dies leaves its shims: the next one adopts what runs and reports what has
 * ended. */
static void test_adoption(void **state)
{
    struct world *w = *state;

    create(w, "a1", "{\"container\":{\"command\":[\"sh\",\"-c\",\"sleep 0.5; echo done\"]}}");
    create(w, "a2", "{\"container\":{\"command\":[\"sh\",\"-c\",\"exit 4\"]}}");
    wait_for(w, &w->running_count, 2);
    wait_for(w, &w->final_count, 1);
    pod_runner_close(w->runner);
    w->final_count = w->running_count = 0;
    open_runner(w, LOCAL_ISOLATION_PROCESS);
    create(w, "a2", "{\"container\":{\"command\":[\"sh\",\"-c\",\"exit 4\"]}}");
    wait_for(w, &w->final_count, 1);
    assert_true(str_is(w->message, "main: Error (exit code 4)"));
    create(w, "a1", "{\"container\":{\"command\":[\"sh\",\"-c\",\"sleep 0.5; echo done\"]}}");
    wait_for(w, &w->final_count, 2);
    assert_int_equal(w->phase, POD_SUCCEEDED);
    assert_true(str_is(w->outputs, "{\"result\":\"done\",\"exitCode\":\"0\"}"));
    assert_int_equal(log_of(w, "pod-a1").len,
                     strlen("2026-01-01T00:00:00.000000000Z stdout F done\n"));
}

/* The shim goes on without a runner: both containers are found again, and end once. */
static void test_adoption_of_several(void **state)
{
    static const char template[] =
        "{\"containerSet\":{\"containers\":[{\"name\":\"a\",\"command\":[\"sh\",\"-c\","
        "\"echo x >>f; sleep 0.5\"]},{\"name\":\"main\",\"dependencies\":[\"a\"],"
        "\"command\":[\"cat\",\"f\"]}]},\"sidecars\":[{\"name\":\"s\",\"command\":"
        "[\"sleep\",\"60\"]}]}";
    struct world *w = *state;

    create(w, "s1", template);
    wait_for(w, &w->running_count, 1);
    pod_runner_close(w->runner);
    w->final_count = 0;
    open_runner(w, LOCAL_ISOLATION_PROCESS);
    create(w, "s1", template);
    wait_for(w, &w->final_count, 1);
    assert_int_equal(w->phase, POD_SUCCEEDED);
    assert_true(str_is(w->outputs, "{\"result\":\"x\",\"exitCode\":\"0\"} a=2: main=2:"));
}

/* A daemon is ready when its probe says so; another runner finds it ready, and hears of none
 * that it waits for. */
static void test_readiness(void **state)
{
    struct world *w = *state;
    const char *template =
        str_printf(
            w->arena,
            "{\"daemon\":true,\"container\":{\"command\":[\"sleep\",\"60\"],"
            "\"readinessProbe\":{\"periodSeconds\":1,\"exec\":{\"command\":[\"sh\",\"-c\","
            "\"test -e %s/up || ! echo not up\"]}}}}",
            w->path)
            .ptr;

    create(w, "r1", template);
    for (int i = 0; i < WAIT_STEPS && !str_is(w->probe, "Readiness probe failed: not up"); i++)
        loop_run_once(w->loop, WAIT_STEP_MS);
    assert_true(str_is(w->probe, "Readiness probe failed: not up"));
    assert_int_equal(w->ready_count, 0);
    pod_runner_close(w->runner);
    open_runner(w, LOCAL_ISOLATION_PROCESS);
    w->unready_count = 0;
    create(w, "r1", template); /* adopted, and still not ready */
    wait_for(w, &w->unready_count, 1);
    assert_int_equal(w->ready_count, 0);
    close(open(str_printf(w->arena, "%s/up", w->path).ptr, O_CREAT | O_WRONLY, 0600));
    wait_for(w, &w->ready_count, 1);
    pod_runner_close(w->runner);
    open_runner(w, LOCAL_ISOLATION_PROCESS);
    w->unready_count = w->ready_count = 0;
    create(w, "r1", template);
    wait_for(w, &w->ready_count, 1);
    assert_int_equal(w->unready_count, 0);
    pod_kill(w->runner, STR("r1"), STR("enough"), 100);
    wait_for(w, &w->final_count, 1);
    assert_true(str_is(w->message, "enough"));
}

/* What the API server would refuse ends the pod. */
static void test_refused_probe(void **state)
{
    struct world *w = *state;

    create(w, "p1",
           "{\"initContainers\":[{\"name\":\"i\",\"command\":[\"true\"],\"livenessProbe\":"
           "{\"exec\":{\"command\":[\"true\"]}}}],\"container\":{\"command\":[\"true\"]}}");
    wait_for(w, &w->final_count, 1);
    assert_int_equal(w->phase, POD_ERROR);
    assert_true(str_is(w->message,
                       "initContainers[0]: livenessProbe: Forbidden: may not be set for init "
                       "containers without restartPolicy=Always"));
    create(w, "p2",
           "{\"container\":{\"command\":[\"sleep\",\"60\"],\"livenessProbe\":{\"exec\":"
           "{\"command\":[\"false\"]},\"failureThreshold\":1}}}");
    wait_for(w, &w->final_count, 2);
    assert_int_equal(w->phase, POD_FAILED);
    assert_true(str_is(w->message,
                       "main: Error (exit code 143): Container main failed liveness probe"));
}

static void test_deadline(void **state)
{
    struct world *w = *state;
    struct json doc;
    struct err err;
    struct pod_request req = {.uid = STR("d1"),
                              .ns = STR("argo"),
                              .name = STR("pod-d1"),
                              .template = &doc,
                              .grace_ms = 100,
                              .deadline = {.ms = clock_wall().ms + 200}};

    assert_int_equal(json_parse(w->arena,
                                STR("{\"container\":{\"command\":[\"sleep\",\"60\"]}}"), &doc,
                                &err),
                     0);
    assert_int_equal(pod_create(w->runner, &req, &err), 0);
    wait_for(w, &w->final_count, 1);
    assert_int_equal(w->phase, POD_FAILED);
    assert_true(
        str_is(w->message, "Pod was active on the node longer than the specified deadline"));
}

static void test_many(void **state)
{
    struct world *w = *state;

    for (int i = 0; i < 200; i++)
        create(w, str_printf(w->arena, "m%d", i).ptr,
               "{\"container\":{\"command\":[\"true\"]}}");
    wait_for(w, &w->final_count, 200);
    for (int i = 0; i < 200; i++)
        pod_forget(w->runner, str_printf(w->arena, "m%d", i), i % 2 ? true : false);
    assert_int_equal(w->phase, POD_SUCCEEDED);
}

/* Where the machine allows it: own root, /tmp, host name, volumes; nothing of it on the machine
 * afterwards. */
static bool is_other(void *ctx, struct str owner)
{
    (*(int *) ctx)++;
    return !str_is(owner, "kept-wf");
}

static bool is_first(void *ctx, struct str owner, struct str uid)
{
    (void) ctx;
    assert_true(str_is(owner, "kept-wf"));
    return str_is(uid, "kept-wf-1");
}

static bool is_there(const struct world *w, const char *pod, const char *part)
{
    char path[200];

    snprintf(path, sizeof(path), "%s/pods/argo/pod-%s/%s", w->path, pod, part);
    return access(path, F_OK) == 0;
}

static void test_sweep(void **state)
{
    struct world *w = *state;
    int asked = 0;
    const struct pod_sweep ask = {.is_gone = is_other, .is_settled = is_first, .ctx = &asked};

    create(w, "kept-wf-1", "{\"container\":{\"command\":[\"sh\",\"-c\",\"echo a\"]}}");
    create(w, "gone-wf-1", "{\"container\":{\"command\":[\"sh\",\"-c\",\"echo a\"]}}");
    create(w, "gone-wf-2", "{\"container\":{\"command\":[\"sh\",\"-c\",\"echo a\"]}}");
    wait_for(w, &w->final_count, 3);
    create(w, "gone-wf-3", "{\"container\":{\"command\":[\"sleep\",\"100\"]}}");
    while (w->running_count < 4)
        loop_run_once(w->loop, WAIT_STEP_MS);
    usleep(50000);
    assert_true(is_there(w, "gone-wf-1", "main.log"));
    pod_sweep(w->runner, &ask);
    assert_int_equal(asked, 3); /* the one that runs is left alone */
    assert_true(is_there(w, "kept-wf-1", "main.log"));
    assert_false(is_there(w, "gone-wf-1", ""));
    assert_false(is_there(w, "gone-wf-2", ""));
    assert_true(is_there(w, "gone-wf-3", "record"));
    pod_kill(w->runner, STR("gone-wf-3"), STR("enough"), 0);
    wait_for(w, &w->final_count, 4);
    pod_sweep(w->runner, &ask);
    assert_false(is_there(w, "gone-wf-3", ""));
    create(w, "kept-wf-9",
           "{\"container\":{\"command\":[\"true\"]}}"); /* the folders are usable still */
    wait_for(w, &w->final_count, 5);
    assert_int_equal(w->phase, POD_SUCCEEDED);
}

/* What a crash between the end of a pod and its cleaning leaves, where its workflow stays. */
static void test_sweeps_litter(void **state)
{
    static const char *const script =
        "{\"script\":{\"command\":[\"sh\"],\"source\":\"echo a; echo b >file\"},"
        "\"outputs\":{\"parameters\":[{\"name\":\"o\",\"valueFrom\":{\"path\":\"file\"}}]}}";
    struct world *w = *state;
    int asked = 0;
    const struct pod_sweep ask = {.is_gone = is_other, .is_settled = is_first, .ctx = &asked};

    create(w, "kept-wf-1", script);
    create(w, "kept-wf-2", script);
    wait_for(w, &w->final_count, 2);
    assert_int_equal(w->phase, POD_SUCCEEDED);
    while (!is_there(w, "kept-wf-1", "outputs") || !is_there(w, "kept-wf-2", "outputs"))
        loop_run_once(w->loop, WAIT_STEP_MS);
    usleep(50000);
    pod_sweep(w->runner, &ask);
    assert_false(is_there(w, "kept-wf-1", "outputs"));
    assert_false(is_there(w, "kept-wf-1", "script"));
    assert_false(is_there(w, "kept-wf-1", "cwd"));
    assert_true(is_there(w, "kept-wf-1", "record"));
    assert_true(is_there(w, "kept-wf-1", "main.log"));
    assert_true(is_there(w, "kept-wf-2", "outputs"));
    pod_forget(w->runner, STR("kept-wf-1"), true); /* as the daemon does that was quicker */
    pod_forget(w->runner, STR("kept-wf-2"), true);
    while (is_there(w, "kept-wf-2", "outputs"))
        loop_run_once(w->loop, WAIT_STEP_MS);
    assert_true(is_there(w, "kept-wf-1", "main.log"));
}

/* A container that prints without end takes no more of the disk than it may. */
static void test_log_is_bounded(void **state)
{
    struct world *w = *state;
    struct local_options options = {.loop = w->loop,
                                    .workers = w->workers,
                                    .path = w->path,
                                    .shim = getenv("TIPHYS_SHIM"),
                                    .node_name = "testnode",
                                    .log_max_bytes = 1 << 18,
                                    .objects = {.get = get_object}};
    char path[200], first[200] = "";
    struct pod_log *log;
    struct stat st;
    struct err err;
    struct str text, line, time, stream, tag = STR(""), joined = STR("");
    uint64_t number = 0, last = 0;
    unsigned whole = 0;
    char *bytes = arena_alloc(w->arena, 1 << 20);
    long len, used = 0;

    pod_runner_close(w->runner);
    w->runner = local_runner_new(&options, &err);
    assert_non_null(w->runner);
    w->runner->report = on_report;
    w->runner->report_ctx = w;
    create(w, "loud", "{\"container\":{\"command\":[\"seq\",\"100000\"]}}");
    wait_for(w, &w->final_count, 1);
    snprintf(path, sizeof(path), "%s/pods/argo/pod-loud/main.log", w->path);
    assert_int_equal(stat(path, &st), 0);
    assert_in_range(st.st_size, 4000000, 6000000);         /* all that was printed ... */
    assert_in_range(st.st_blocks * 512, 1 << 16, 1 << 19); /* ... but not all is there */
    log = pod_log_open(w->runner, STR("argo"), STR("pod-loud"), STR("main"), &err);
    while ((len = pod_log_read(log, bytes + used, 65536, &err)) > 0)
        used += len;
    pod_log_close(log);
    text = str_of(bytes, (size_t) used);
    while (str_cut(&text, '\n', &line)) {
        if (str_is_empty(line))
            continue;
        snprintf(first, sizeof(first), STR_FMT, STR_ARG(str_head(line, 100)));
        if (!str_cut(&line, ' ', &time) || !str_cut(&line, ' ', &stream) ||
            !str_cut(&line, ' ', &tag))
            fail_msg("a line is torn: %s", first);
        joined = str_concat(w->arena, joined, line);
        if (str_is(tag, "P")) /* what was written goes on in the next one */
            continue;
        if (!parse_u64(joined, &number))
            fail_msg("a line is torn: %s", first);
        joined = STR("");
        assert_true(whole++ < 2 || number == last + 1); /* the first may be the end of one */
        last = number;
    }
    assert_int_equal(last, 100000);
}

static void test_working_folder_goes_away(void **state)
{
    struct world *w = *state;

    create(w, "empty-1", "{\"container\":{\"command\":[\"true\"]}}");
    create(w, "files-1",
           "{\"container\":{\"command\":[\"sh\",\"-c\",\"mkdir -p a/b && echo x >a/b/c\"]}}");
    wait_for(w, &w->final_count, 2);
    pod_forget(w->runner, STR("empty-1"), true); /* an empty one costs nothing: it stays */
    pod_forget(w->runner, STR("files-1"), true);
    for (int i = 0; i < WAIT_STEPS && is_there(w, "files-1", "cwd"); i++)
        loop_run_once(w->loop, WAIT_STEP_MS);
    assert_false(is_there(w, "files-1", "cwd"));
    assert_true(is_there(w, "files-1", "record"));
}

static void test_host_isolation(void **state)
{
    struct world *w = *state;

    if (local_isolation_probe(w->path, getenv("TIPHYS_SHIM")) != LOCAL_ISOLATION_HOST) {
        print_message("no namespaces here: host isolation is shown to be refused instead\n");
        assert_true(geteuid() != 0 || access("/proc/self/ns/mnt", F_OK) == 0);
        return;
    }
    pod_runner_close(w->runner);
    open_runner(w, LOCAL_ISOLATION_HOST);
    create(w, "h1",
           "{\"volumes\":[{\"name\":\"c\",\"configMap\":{\"name\":\"x\"}},{\"name\":\"e\","
           "\"emptyDir\":{}}],"
           "\"container\":{\"command\":[\"sh\",\"-c\",\"hostname; cat /conf/color; echo; echo "
           "5 > /data/five; cat /data/five; echo 9 > /tmp/o; ls /tmp\"],"
           "\"volumeMounts\":[{\"name\":\"c\",\"mountPath\":\"/"
           "conf\"},{\"name\":\"e\",\"mountPath\":\"/data\"}]},"
           "\"outputs\":{\"parameters\":[{\"name\":\"o\",\"valueFrom\":{\"path\":\"/tmp/"
           "o\"}},{\"name\":\"d\",\"valueFrom\":{\"path\":\"/data/five\"}}]}}");
    wait_for(w, &w->final_count, 1);
    if (!str_is(w->outputs,
                "{\"parameters\":[{\"name\":\"o\",\"valueFrom\":{\"path\":\"/tmp/"
                "o\"},\"value\":\"9\"},"
                "{\"name\":\"d\",\"valueFrom\":{\"path\":\"/data/five\"},\"value\":\"5\"}],"
                "\"result\":\"pod-h1\\nblue\\n5\\no\",\"exitCode\":\"0\"}"))
        fail_msg(STR_FMT " " STR_FMT, STR_ARG(w->message), STR_ARG(w->outputs));
    assert_true(access("/conf", F_OK) < 0);
    create(w, "h2",
           "{\"container\":{\"command\":[\"pwd\"],\"workingDir\":\"/src/not/there\"}}");
    wait_for(w, &w->final_count, 2);
    assert_true(str_is(w->outputs, "{\"result\":\"/src/not/there\",\"exitCode\":\"0\"}"));
    assert_true(access("/src/not", F_OK) < 0);
    create(w, "h3",
           "{\"volumes\":[{\"name\":\"e\",\"emptyDir\":{}}],\"container\":{\"command\":"
           "[\"sh\",\"-c\",\"echo mine >/tmp/m; until test -e /data/up; do sleep 0.02; done; "
           "cat /data/up; ls /tmp\"],\"volumeMounts\":[{\"name\":\"e\",\"mountPath\":"
           "\"/data\"}]},\"sidecars\":[{\"name\":\"s\",\"mirrorVolumeMounts\":true,"
           "\"command\":[\"sh\",\"-c\",\"echo theirs >/tmp/s; hostname >/data/t; mv /data/t "
           "/data/up; exec sleep 60\"]}]}");
    wait_for(w, &w->final_count, 3);
    if (!str_is(w->outputs, "{\"result\":\"pod-h3\\nm\",\"exitCode\":\"0\"}"))
        fail_msg(STR_FMT " " STR_FMT, STR_ARG(w->message), STR_ARG(w->outputs));
    create(w, "h4",
           "{\"container\":{\"command\":[\"sh\",\"-c\",\"echo 3/4 >$ARGO_PROGRESS_FILE; echo "
           "$ARGO_PROGRESS_FILE\"],\"securityContext\":{\"runAsUser\":1234}}}");
    wait_for(w, &w->final_count, 4);
    assert_string_equal(str_cz(w->arena, w->progress), "3/4");
    assert_true(str_find(w->outputs, STR("\"/var/run/argo/progress\"")) != SIZE_MAX);
}

/* A container may have ended before anybody looks for its root. */
static void test_outputs_of_short_containers(void **state)
{
    enum { PODS = 60 };
    struct world *w = *state;

    if (local_isolation_probe(w->path, getenv("TIPHYS_SHIM")) != LOCAL_ISOLATION_HOST)
        return; /* test_host_isolation has said it */
    pod_runner_close(w->runner);
    open_runner(w, LOCAL_ISOLATION_HOST);
    for (int i = 0; i < PODS; i++) {
        create(w, str_printf(w->arena, "s%d", i).ptr,
               "{\"container\":{\"command\":[\"cp\",\"/proc/sys/kernel/ostype\",\"/tmp/o\"]},"
               "\"outputs\":{\"parameters\":[{\"name\":\"o\",\"valueFrom\":{\"path\":\"/tmp/"
               "o\"}}]}"
               "}");
        wait_for(w, &w->final_count, i + 1);
        if (w->phase != POD_SUCCEEDED || str_find(w->outputs, STR("\"Linux\"")) == SIZE_MAX)
            fail_msg("pod %d: " STR_FMT " " STR_FMT, i, STR_ARG(w->message),
                     STR_ARG(w->outputs));
    }
}

static void test_volumes_need_host(void **state)
{
    struct world *w = *state;

    create(w, "v1",
           "{\"volumes\":[{\"name\":\"e\",\"emptyDir\":{}}],\"container\":{\"command\":["
           "\"true\"],\"volumeMounts\":[{\"name\":\"e\",\"mountPath\":\"/d\"}]}}");
    wait_for(w, &w->final_count, 1);
    assert_int_equal(w->phase, POD_ERROR);
    assert_true(str_is(
        w->message,
        "volumeMounts need a mount namespace, which isolation process has not: use host"));
}

/* What one pod has written, the next one reads; by way of the repository. */
static void test_artifacts(void **state)
{
    struct world *w = *state;
    char path[128];

    if (local_isolation_probe(w->path, getenv("TIPHYS_SHIM")) != LOCAL_ISOLATION_HOST)
        return; /* test_host_isolation has said it */
    pod_runner_close(w->runner);
    open_runner(w, LOCAL_ISOLATION_HOST);
    create(w, "a1",
           "{\"container\":{\"command\":[\"sh\",\"-c\",\"mkdir -p /data/d; echo one >/data/d/f;"
           "echo two >/tmp/g\"]},\"archiveLocation\":{\"s3\":{\"key\":\"wf/pod\"}},"
           "\"outputs\":{\"artifacts\":[{\"name\":\"d\",\"path\":\"/data/d\"},{\"name\":\"g\","
           "\"path\":\"/tmp/g\",\"archive\":{\"none\":{}}},{\"name\":\"o\",\"path\":\"/tmp/o\","
           "\"optional\":true}]}}");
    wait_for(w, &w->final_count, 1);
    assert_int_equal(w->phase, POD_SUCCEEDED);
    assert_true(str_find(w->outputs, STR("{\"name\":\"d\",\"path\":\"/data/d\",\"s3\":{"
                                         "\"key\":\"wf/pod/d.tgz\"}},{\"name\":\"g\",\"path\":"
                                         "\"/tmp/g\",\"archive\":{\"none\":{}},\"s3\":{\"key\":"
                                         "\"wf/pod/g\"}}]")) != SIZE_MAX);
    create(
        w, "a2",
        "{\"container\":{\"command\":[\"sh\",\"-c\",\"cat /in/d/f /g; echo more >>/g; ls /o\"]"
        "},\"inputs\":{\"artifacts\":[{\"name\":\"d\",\"path\":\"/in/d\",\"s3\":{\"key\":"
        "\"wf/pod/d.tgz\"}},{\"name\":\"g\",\"path\":\"/g\",\"s3\":{\"key\":\"wf/pod/g\"}},{"
        "\"name\":\"o\",\"path\":\"/o\",\"optional\":true}]}}");
    wait_for(w, &w->final_count, 2);
    assert_true(str_find(w->outputs, STR("\"result\":\"one\\ntwo\"")) != SIZE_MAX);
    assert_int_equal(w->phase, POD_FAILED); /* ls: the optional one is not there */
    snprintf(path, sizeof(path), "%s/artifacts/argo/wf/pod/g", w->path);
    assert_int_equal(access(path, F_OK), 0);
}

static void check_message(struct world *w, const char *uid, const char *template,
                          const char *message)
{
    int before = w->final_count;

    create(w, uid, template);
    wait_for(w, &w->final_count, before + 1);
    assert_string_equal(str_cz(w->arena, w->message), message);
}

static void test_artifacts_that_fail(void **state)
{
    struct world *w = *state;

    check_message(
        w, "f1",
        "{\"container\":{\"command\":[\"true\"]},\"archiveLocation\":{\"s3\":{\"key\":"
        "\"x\"}},\"outputs\":{\"artifacts\":[{\"name\":\"a\",\"path\":\"/none/a\"},{"
        "\"name\":\"b\",\"path\":\"/none/b\"}]}}",
        "wait: Error (exit code 64): open /none/a: no such file or directory; open "
        "/none/b: no such file or directory");
    assert_int_equal(w->phase, POD_ERROR);
    check_message(
        w, "f2",
        "{\"container\":{\"command\":[\"false\"]},\"archiveLocation\":{\"s3\":{\"key\":"
        "\"x\"}},\"outputs\":{\"artifacts\":[{\"name\":\"a\",\"path\":\"/none/a\"}]}}",
        "main: Error (exit code 1)");
    assert_int_equal(w->phase, POD_FAILED);
    check_message(
        w, "f3",
        "{\"container\":{\"command\":[\"true\"]},\"inputs\":{\"artifacts\":[{\"name\":"
        "\"a\",\"path\":\"/a\",\"raw\":{\"data\":\"x\"}}]}}",
        "init: Error (exit code 64): artifact a failed to load: it needs a mount "
        "namespace, which isolation process has not: use host");
    if (local_isolation_probe(w->path, getenv("TIPHYS_SHIM")) != LOCAL_ISOLATION_HOST)
        return;
    pod_runner_close(w->runner);
    open_runner(w, LOCAL_ISOLATION_HOST);
    check_message(
        w, "f4",
        "{\"container\":{\"command\":[\"true\"]},\"inputs\":{\"artifacts\":[{\"name\":"
        "\"a\",\"path\":\"/a\",\"s3\":{\"key\":\"nothing\"}}]}}",
        "init: Error (exit code 64): artifact a failed to load: artifact nothing is "
        "not in the repository");
    check_message(
        w, "f5",
        "{\"container\":{\"command\":[\"true\"]},\"inputs\":{\"artifacts\":[{\"name\":"
        "\"a\",\"path\":\"/\",\"raw\":{\"data\":\"x\"}}]}}",
        "init: Error (exit code 64): artifact a failed to load: its path \"/\" must "
        "be a path below /");
}

/* A shim that dies at once is not started over and over. */
static void test_dead_zygote(void **state)
{
    enum { TURNS = 300 };
    struct world *w = *state;
    struct str script = str_printf(w->arena, "%s/dead-shim", w->path);
    struct str count = str_printf(w->arena, "%s/starts", w->path);
    struct mono began = clock_mono();
    struct local_options options = {.loop = w->loop,
                                    .workers = w->workers,
                                    .path = w->path,
                                    .shim = script.ptr,
                                    .node_name = "testnode",
                                    .objects = {.get = get_object}};
    FILE *file = fopen(script.ptr, "w");
    struct stat st;
    struct err err;

    fprintf(file, "#!/bin/sh\nprintf x >>%s\n", count.ptr);
    fchmod(fileno(file), 0755);
    fclose(file);
    pod_runner_close(w->runner);
    w->runner = local_runner_new(&options, &err);
    assert_non_null(w->runner);
    for (int i = 0; i < TURNS; i++)
        loop_run_once(w->loop, 5);
    assert_int_equal(stat(count.ptr, &st), 0);
    assert_true((uint64_t) st.st_size <=
                2 + (clock_mono().ns - began.ns) / 1000000 / POD_ZYGOTE_PAUSE_MS);
}

/* In place of the zygote: a late shim of an earlier daemon takes the record, the one that was
 * asked for leaves at once. @late-shim lies beside the folder of pods. */
static int fake_zygote(void)
{
    struct shim_request request = {0};
    struct shim_report report;

    while (recv(3, &request, sizeof(request) - 1, 0) > 0) {
        struct pod_record record = {0};
        char path[4200];
        char *const args[] = {(char[]){"tiphys-shim"}, request.dir, NULL};
        char *const env[] = {NULL};
        pid_t pid;
        int fd;

        snprintf(path, sizeof(path), "%s/../../../late-shim", request.dir);
        if (posix_spawn(&pid, path, NULL, NULL, args, env) != 0)
            return 1;
        snprintf(path, sizeof(path), "%s/" POD_RECORD_FILE, request.dir);
        fd = open(path, O_RDONLY | O_CLOEXEC);
        while (record.state == POD_RECORD_PLANNED &&
               pread(fd, &record, sizeof(record), 0) == (ssize_t) sizeof(record))
            usleep(1000);
        close(fd);
        report = (struct shim_report){.tag = request.tag, .kind = SHIM_STARTED, .pid = pid};
        send(3, &report, sizeof(report), 0);
        report.kind = SHIM_ENDED;
        send(3, &report, sizeof(report), 0);
    }
    return 0;
}

static void test_late_shim(void **state)
{
    struct world *w = *state;
    char self[4096];
    ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);
    struct local_options options = {.loop = w->loop,
                                    .workers = w->workers,
                                    .path = w->path,
                                    .shim = self,
                                    .node_name = "testnode",
                                    .objects = {.get = get_object}};
    struct str late = str_printf(w->arena, "%s/late-shim", w->path);
    struct err err;

    assert_true(len > 0);
    self[len] = '\0';
    assert_int_equal(symlink(getenv("TIPHYS_SHIM"), late.ptr), 0);
    pod_runner_close(w->runner);
    w->runner = local_runner_new(&options, &err);
    assert_non_null(w->runner);
    w->runner->report = on_report;
    w->runner->report_ctx = w;
    create(
        w, "late",
        "{\"container\":{\"command\":[\"sh\",\"-c\",\"until test -e go; do sleep 0.01; done; "
        "echo late\"]}}");
    wait_for(w, &w->running_count, 1);
    for (int i = 0; i < 20; i++)
        loop_run_once(w->loop, 5);
    assert_int_equal(w->final_count, 0);
    close(open(str_printf(w->arena, "%s/pods/argo/pod-late/cwd/go", w->path).ptr,
               O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    wait_for(w, &w->final_count, 1);
    assert_int_equal(w->phase, POD_SUCCEEDED);
    assert_true(str_is(w->outputs, "{\"result\":\"late\",\"exitCode\":\"0\"}"));
}

/* What a securityContext says, in both isolations. */
static void test_rights(void **state)
{
#define SH "{\"container\":{\"image\":\"img\",\"command\":[\"sh\",\"-c\",\""
    static const struct {
        const char *template;
        enum pod_phase phase;
        const char *message, *result;
        bool is_of_host;
    } rows[] = {
        {SH "id -u; id -g; id -G; echo $HOME\"],\"securityContext\":{\"runAsUser\":1234}}}",
         POD_SUCCEEDED, "", "1234\\n0\\n0\\n/", false},
        {SH "id -u; id -g; id -G\"],\"securityContext\":{\"runAsUser\":1234,\"runAsGroup\":55,"
            "\"supplementalGroups\":[66,77],\"fsGroup\":88}}}",
         POD_SUCCEEDED, "", "1234\\n55\\n55 66 77 88", false},
        {SH "true\"],\"securityContext\":{\"runAsNonRoot\":true}}}", POD_ERROR,
         "container has runAsNonRoot and image will run as root (image: img)", NULL, false},
        {SH "true\"],\"securityContext\":{\"runAsNonRoot\":true,\"runAsUser\":0}}}", POD_ERROR,
         "container's runAsUser breaks non-root policy: runAsNonRoot is true and runAsUser 0",
         NULL, false},
        {SH "true\"],\"securityContext\":{\"runAsUser\":-1}}}", POD_ERROR,
         "securityContext.runAsUser must be a number from 0 to 4294967294", NULL, false},
        {SH "true\"],\"securityContext\":{\"fsGroup\":\"x\"}}}", POD_ERROR,
         "securityContext.fsGroup must be a number from 0 to 4294967294", NULL, false},
        {SH "sed -n s/^CapEff:.//p /proc/self/status\"],\"securityContext\":{\"capabilities\":{"
            "\"drop\":[\"ALL\"]}}}}",
         POD_SUCCEEDED, "", "0000000000000000", false},
        {SH "sed -n s/^CapEff:.//p /proc/self/status\"],\"securityContext\":{\"capabilities\":{"
            "\"drop\":[\"ALL\"],\"add\":[\"CHOWN\",\"KILL\"]}}}}",
         POD_SUCCEEDED, "", "0000000000000021", false},
        {SH "true\"],\"securityContext\":{\"capabilities\":{\"drop\":[\"WALK\"]}}}}", POD_ERROR,
         "securityContext.capabilities.drop: \"WALK\" is no capability: must be ALL or a name "
         "as NET_RAW",
         NULL, false},
        {SH "true\"],\"securityContext\":{\"capabilities\":{\"add\":[\"SYS_ADMIN\"]}}}}",
         POD_ERROR,
         "securityContext.capabilities.add: SYS_ADMIN is beyond what a container has here, "
         "which is not supported yet",
         NULL, false},
        {SH "sed -n 's/^NoNewPrivs:.//p;s/^Seccomp:.//p' /proc/self/status\"],"
            "\"securityContext\":{\"allowPrivilegeEscalation\":false,\"seccompProfile\":{"
            "\"type\":\"RuntimeDefault\"}}}}",
         POD_SUCCEEDED, "", "1\\n2", false},
        {SH "true\"],\"securityContext\":{\"privileged\":true}}}", POD_ERROR,
         "securityContext.privileged: privileged containers are not supported yet", NULL,
         false},
        {SH "true\"],\"securityContext\":{\"readOnlyRootFilesystem\":true}}}", POD_ERROR,
         "securityContext.readOnlyRootFilesystem in isolation process is not supported: a "
         "process has no root of its own; use host or image",
         NULL, false},
        {SH
         "touch /x || echo ro; echo x >/v/x && cat /v/x\"],\"volumeMounts\":[{\"name\":\"v\","
         "\"mountPath\":\"/v\"}],\"securityContext\":{\"readOnlyRootFilesystem\":true,"
         "\"runAsUser\":9}},\"volumes\":[{\"name\":\"v\",\"emptyDir\":{}}]}",
         POD_SUCCEEDED, "", "ro\\nx", true},
        {SH "tty >/dev/null && echo $TERM\"],\"tty\":true,\"stdin\":true,\"stdinOnce\":true}}",
         POD_SUCCEEDED, "", "xterm", false},
        {"{\"script\":{\"image\":\"img\",\"command\":[\"sh\"],\"source\":\"id -u; echo out "
         ">/tmp/tiphys-test-$$$$; stat -c %u /tmp/tiphys-test-$$$$; rm "
         "/tmp/tiphys-test-$$$$\",\"securityContext\":{\"runAsUser\":1234}}}",
         POD_SUCCEEDED, "", "1234\\n1234", false},
    };
    struct world *w = *state;
    bool has_host =
        local_isolation_probe(w->path, getenv("TIPHYS_SHIM")) == LOCAL_ISOLATION_HOST;
    int count = 0;

    if (geteuid() != 0)
        skip();
    for (int host = 0; host <= has_host; host++) {
        if (host) {
            pod_runner_close(w->runner);
            open_runner(w, LOCAL_ISOLATION_HOST);
        }
        for (size_t i = 0; i < COUNT_OF(rows); i++) {
            const char *result = str_printf(w->arena, "{\"result\":\"%s\",\"exitCode\":\"0\"}",
                                            rows[i].result ? rows[i].result : "")
                                     .ptr;

            if ((rows[i].is_of_host && !host) ||
                (host &&
                 str_find(str_from(rows[i].message), STR("isolation process")) != SIZE_MAX))
                continue;
            create(w, str_printf(w->arena, "r%d-%zu", host, i).ptr, rows[i].template);
            wait_for(w, &w->final_count, ++count);
            if (w->phase != rows[i].phase || !str_is(w->message, rows[i].message) ||
                (rows[i].result && !str_is(w->outputs, result)))
                fail_msg("case %d %zu: phase %d message \"" STR_FMT "\" outputs " STR_FMT, host,
                         i, (int) w->phase, STR_ARG(w->message), STR_ARG(w->outputs));
        }
    }
}

/* The working folder is its user's, and the way to it open; the pod's own files are not. */
static void test_way_of_another_user(void **state)
{
    struct world *w = *state;
    struct stat st;

    if (geteuid() != 0)
        skip();
    assert_int_equal(chmod(w->path, 0700), 0);
    create(w, "way",
           "{\"script\":{\"command\":[\"sh\"],\"source\":\"pwd; echo x >out; cat out; "
           "cat ../record 2>/dev/null || echo closed; ls .. 2>/dev/null || echo hidden\","
           "\"securityContext\":{\"runAsUser\":1234}},\"outputs\":{\"parameters\":[{\"name\":"
           "\"p\",\"valueFrom\":{\"path\":\"out\"}}]}}");
    wait_for(w, &w->final_count, 1);
    assert_true(str_is(
        w->outputs,
        str_printf(
            w->arena,
            "{\"parameters\":[{\"name\":\"p\",\"valueFrom\":{\"path\":\"out\"},"
            "\"value\":\"x\"}],\"result\":\"%s/pods/argo/pod-way/cwd\\nx\\nclosed\\nhidden\","
            "\"exitCode\":\"0\"}",
            w->path)
            .ptr));
    assert_int_equal(stat(w->path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0711);
    assert_int_equal(
        stat(str_printf(w->arena, "%s/pods/argo/pod-way/record", w->path).ptr, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
}

/* What root in a pod of isolation host may not do. */
static void test_host_is_hardened(void **state)
{
    struct world *w = *state;
    static const char *const wanted[] = {"CapEff=00000000800405fb",
                                         "CapBnd=00000000800405fb",
                                         "NoNewPrivs=1",
                                         "Seccomp=2",
                                         "mount refused",
                                         "unshare refused",
                                         "node refused",
                                         "sysctl refused",
                                         "sys refused",
                                         "no disks",
                                         "null works",
                                         "shm works",
                                         "rename works",
                                         "threads work"};

    if (local_isolation_probe(w->path, getenv("TIPHYS_SHIM")) != LOCAL_ISOLATION_HOST)
        return; /* test_host_isolation has said it */
    pod_runner_close(w->runner);
    open_runner(w, LOCAL_ISOLATION_HOST);
    create(
        w, "hard",
        "{\"container\":{\"command\":[\"sh\",\"-c\",\""
        "{ for n in CapEff CapBnd NoNewPrivs Seccomp; do "
        "echo $n=$(sed -n s/^$n:.//p /proc/self/status); done;"
        "mount -t tmpfs x /mnt || echo mount refused;"
        "unshare -n true || echo unshare refused;"
        "mknod /tmp/disk b 8 0 || echo node refused;"
        "echo x >/proc/sys/kernel/domainname || echo sysctl refused;"
        "touch /sys/x || echo sys refused;"
        "ls /dev | grep -E '^(vd|sd|nvme|mem|kmsg)' || echo no disks;"
        "echo x >/dev/null && echo null works;"
        "touch /dev/shm/x && echo shm works;"
        "mkdir /p /q && touch /p/x && mv /p/x /q/ && echo rename works;"
        "python3 -c 'import threading as t; a = t.Thread(target=print, args=[\\\"threads "
        "work\\\"]); a.start()'; } >/out 2>/dev/null\"]},"
        "\"outputs\":{\"parameters\":[{\"name\":\"o\",\"valueFrom\":{\"path\":\"/out\"}}]}}");
    wait_for(w, &w->final_count, 1);
    for (size_t i = 0; i < COUNT_OF(wanted); i++)
        if (str_find(w->outputs, str_from(wanted[i])) == SIZE_MAX)
            fail_msg("not \"%s\": " STR_FMT, wanted[i], STR_ARG(w->outputs));
}

/* What was asked for is kept with the logs, and of nobody else. */
static void test_asked(void **state)
{
    struct world *w = *state;
    struct json asked;
    struct err err;

    create(w, "asked", "{\"container\":{\"command\":[\"echo\",\"hi\"]}}");
    wait_for(w, &w->final_count, 1);
    pod_forget(w->runner, STR("asked"), true);
    assert_int_equal(
        pod_asked(w->runner, w->arena, STR("argo"), STR("pod-asked"), &asked, &err), 0);
    assert_true(str_is(json_text(w->arena, &asked, JSON_COMPACT),
                       "{\"uid\":\"asked\",\"template\":{\"container\":{\"command\":[\"echo\","
                       "\"hi\"]}},\"graceSeconds\":0}"));
    assert_int_equal(
        pod_asked(w->runner, w->arena, STR("argo"), STR("pod-other"), &asked, &err), -1);
    assert_int_equal(err.kind, ERR_NOT_FOUND);
    assert_int_equal(pod_asked(w->runner, w->arena, STR(".."), STR("pods"), &asked, &err), -1);
    assert_int_equal(err.kind, ERR_NOT_FOUND);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_progress, setup, teardown),
        cmocka_unit_test_setup_teardown(test_outcomes, setup, teardown),
        cmocka_unit_test_setup_teardown(test_log_lines, setup, teardown),
        cmocka_unit_test_setup_teardown(test_asked, setup, teardown),
        cmocka_unit_test_setup_teardown(test_kill_with_grace, setup, teardown),
        cmocka_unit_test_setup_teardown(test_create_twice_runs_once, setup, teardown),
        cmocka_unit_test_setup_teardown(test_adoption, setup, teardown),
        cmocka_unit_test_setup_teardown(test_adoption_of_several, setup, teardown),
        cmocka_unit_test_setup_teardown(test_readiness, setup, teardown),
        cmocka_unit_test_setup_teardown(test_refused_probe, setup, teardown),
        cmocka_unit_test_setup_teardown(test_deadline, setup, teardown),
        cmocka_unit_test_setup_teardown(test_many, setup, teardown),
        cmocka_unit_test_setup_teardown(test_sweep, setup, teardown),
        cmocka_unit_test_setup_teardown(test_sweeps_litter, setup, teardown),
        cmocka_unit_test_setup_teardown(test_log_is_bounded, setup, teardown),
        cmocka_unit_test_setup_teardown(test_working_folder_goes_away, setup, teardown),
        cmocka_unit_test_setup_teardown(test_host_isolation, setup, teardown),
        cmocka_unit_test_setup_teardown(test_host_is_hardened, setup, teardown),
        cmocka_unit_test_setup_teardown(test_outputs_of_short_containers, setup, teardown),
        cmocka_unit_test_setup_teardown(test_volumes_need_host, setup, teardown),
        cmocka_unit_test_setup_teardown(test_artifacts, setup, teardown),
        cmocka_unit_test_setup_teardown(test_artifacts_that_fail, setup, teardown),
        cmocka_unit_test_setup_teardown(test_dead_zygote, setup, teardown),
        cmocka_unit_test_setup_teardown(test_late_shim, setup, teardown),
        cmocka_unit_test_setup_teardown(test_rights, setup, teardown),
        cmocka_unit_test_setup_teardown(test_way_of_another_user, setup, teardown),
    };

    if (argc == 2 && str_is(str_from(argv[1]), "--zygote"))
        return fake_zygote();
    return cmocka_run_group_tests_name("pods_local", tests, NULL, NULL);
}
