/* Parse and print of a workflow-like document: ours beside cJSON and jansson, MB/s. */
#include <stdlib.h>

#include "base/strbuf.h"
#include "bench/bench.h"
#include "formats/json.h"

enum { NODES = 400, ROUNDS = 400, SLICE = 20 };

static struct str make_document(struct arena *a)
{
    struct strbuf b = STRBUF_INIT(16 << 20);
    struct str made;

    strbuf_addz(&b, "{\"apiVersion\":\"argoproj.io/"
                    "v1alpha1\",\"kind\":\"Workflow\",\"status\":{\"nodes\":{");
    for (int i = 0; i < NODES; i++)
        strbuf_addf(
            &b,
            "%s\"wf-%d\":{\"id\":\"wf-%d\",\"name\":\"wf[0].step(%d:item)\",\"type\":\"Pod\","
            "\"phase\":\"Succeeded\",\"message\":\"line one\\nline \\\"two\\\"\","
            "\"startedAt\":\"2026-01-02T03:04:05Z\",\"children\":[\"wf-%d\",\"wf-%d\"],"
            "\"outputs\":{\"exitCode\":\"0\",\"n\":%d.5}}",
            i ? "," : "", i, i, i, i + 1, i + 2, i);
    strbuf_addz(&b, "}}}");
    made = str_copy(a, strbuf_str(&b));
    strbuf_done(&b);
    return made;
}

/* One thread that never waits: its processor time, whatever else the machine does. */
static double cpu_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double) now.tv_sec + (double) now.tv_nsec / 1e9;
}

static struct arena *arena;
static struct strbuf out = STRBUF_INIT(64 << 20);

static void our_round(const char *text, size_t len)
{
    struct json v;
    struct err err;

    arena_reset(arena);
    strbuf_reset(&out);
    if (json_parse(arena, str_of(text, len), &v, &err) < 0)
        abort();
    json_print(&out, &v, JSON_COMPACT);
}

/* bench_json_peers.c: the names of the libraries and ours do not go together. */
void cjson_round(const char *text, size_t len);
void jansson_round(const char *text, size_t len);

int main(void)
{
    static const struct {
        const char *name;
        void (*round)(const char *, size_t);
        double goal;
    } peers[] = {{"", our_round, 1},
                 {"json_parse_print_vs_cjson", cjson_round, 2},
                 {"json_parse_print_vs_jansson", jansson_round, 6}};
    double took[3] = {0};
    struct arena *a = arena_new();
    struct str text = make_document(a);
    double megabytes = (double) text.len * ROUNDS / 1e6;

    arena = arena_new();
    for (int i = 0; i < ROUNDS / SLICE; i++) /* in turn: all see the same machine */
        for (int k = 0; k < 3; k++) {
            double start = cpu_now();

            for (int n = 0; n < SLICE; n++)
                peers[k].round(text.ptr, text.len);
            took[k] += cpu_now() - start;
        }
    for (int k = 1; k < 3; k++)
        bench_print(peers[k].name, megabytes / took[0], "MB/s", megabytes / took[k],
                    peers[k].goal);
    strbuf_done(&out);
    arena_free(arena);
    arena_free(a);
    return 0;
}
