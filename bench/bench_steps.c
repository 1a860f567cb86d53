/*
 * One workflow at a time: from the end of one step to the end of the next over a bare spawn, in
 * a chain of steps; and a fan-out, its time a node when it is five times as wide and the memory
 * of a node.
 */
#include <stdlib.h>
#include <string.h>

#include "base/strbuf.h"
#include "bench/bench.h"
#include "bench/house.h"

enum { CHAIN_STEPS = 300, NARROW = 2000, WIDE = 10000, TEXT_MAX_BYTES = 1 << 20 };

static struct {
    void (*report)(void *ctx, const struct pod_report *report); /* the engine's */
    void *ctx;
    double ended_at[WIDE];
    int ended;
} seen;

static void on_report(void *ctx, const struct pod_report *report)
{
    (void) ctx;
    if (report->is_final)
        seen.ended_at[seen.ended++] = bench_now();
    seen.report(seen.ctx, report);
}

static void run_submit(struct job *job);

struct submission {
    struct job job;
    struct house *house;
    struct json doc;
};

static void run_submit(struct job *job)
{
    struct submission *s = CONTAINER_OF(job, struct submission, job);

    house_submit(s->house, &s->doc);
}

static void on_submitted(struct job *job)
{
    (void) job;
}

/* Seconds from the submission to the end of the workflow. */
static double run_workflow(struct house *h, struct str text)
{
    struct arena *a = arena_new();
    struct submission s = {.house = h, .job = {.run = run_submit, .done = on_submitted}};
    uint64_t finished = engine_stats_get(h->engine).finished;
    double start;
    struct err err;

    if (json_parse(a, text, &s.doc, &err) < 0)
        bench_die("manifest", err.text);
    seen.report = h->runner->report;
    seen.ctx = h->runner->report_ctx;
    h->runner->report = on_report;
    seen.ended = 0;
    start = bench_now();
    if (workers_submit(h->workers, &s.job, &err) < 0)
        bench_die("submit", err.text);
    while (engine_stats_get(h->engine).finished == finished)
        loop_run_once(h->loop, 1000);
    h->runner->report = seen.report;
    arena_free(a);
    return bench_now() - start;
}

static void add_head(struct strbuf *b)
{
    strbuf_addz(
        b,
        "{\"apiVersion\":\"argoproj.io/v1alpha1\",\"kind\":\"Workflow\","
        "\"metadata\":{\"generateName\":\"b-\"},\"spec\":{\"entrypoint\":\"m\",\"templates\":["
        "{\"name\":\"t\",\"container\":{\"image\":\"i\",\"command\":[\"sh\",\"-c\",\"true\"]}},"
        "{\"name\":\"m\",\"steps\":[");
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *) a, y = *(const double *) b;

    return x < y ? -1 : x > y;
}

static double middle_spawn_ms(void)
{
    double s[101];

    for (int i = 0; i < 101; i++)
        s[i] = bare_spawn();
    qsort(s, 101, sizeof(s[0]), by_value);
    return 1e3 * s[50];
}

static void measure_chain(void)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(TEXT_MAX_BYTES);
    double ms[CHAIN_STEPS - 1], bare = middle_spawn_ms();
    struct house h;

    add_head(&b);
    for (int i = 0; i < CHAIN_STEPS; i++)
        strbuf_addf(&b, "%s[{\"name\":\"s%d\",\"template\":\"t\"}]", i ? "," : "", i);
    strbuf_addz(&b, "]}]}}");
    house_open(&h, LOCAL_ISOLATION_PROCESS, 4);
    run_workflow(&h, strbuf_str(&b));
    for (int i = 0; i + 1 < CHAIN_STEPS; i++)
        ms[i] = 1e3 * (seen.ended_at[i + 1] - seen.ended_at[i]) - bare;
    qsort(ms, CHAIN_STEPS - 1, sizeof(ms[0]), by_value);
    house_close(&h);
    bench_print_less("step_to_step_over_spawn_p50", ms[CHAIN_STEPS / 2], "ms", 2);
    bench_print_less("step_to_step_over_spawn_p99", ms[(CHAIN_STEPS - 1) * 99 / 100], "ms", 5);
}

/* Milliseconds a node. */
static double fan_out(int width, double *ret_kb)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(TEXT_MAX_BYTES);
    struct house h;
    double s, before;

    add_head(&b);
    strbuf_addz(&b, "[{\"name\":\"s\",\"template\":\"t\",\"withItems\":[");
    for (int i = 0; i < width; i++)
        strbuf_addf(&b, "%s%d", i ? "," : "", i);
    strbuf_addz(&b, "]}]]}]}}");
    house_open(&h, LOCAL_ISOLATION_PROCESS, 4);
    before = bench_status_kb("VmRSS");
    s = run_workflow(&h, strbuf_str(&b));
    *ret_kb = (bench_status_kb("VmHWM") - before) / width;
    house_close(&h);
    return 1e3 * s / width;
}

int main(void)
{
    double kb, narrow, wide;

    measure_chain();
    narrow = fan_out(NARROW, &kb);
    wide = fan_out(WIDE, &kb);
    bench_print("fan_out_10000_vs_2000", 1e3 / wide, "nodes/s", 1e3 / narrow, 0.9);
    bench_print_less("fan_out_memory_of_a_node", kb, "KB", 3);
    return 0;
}
