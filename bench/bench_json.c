/* Parse and print of a workflow-like document: ours beside cJSON and jansson, MB/s. */
#include <stdlib.h>

#include "base/strbuf.h"
#include "bench/bench.h"
#include "formats/json.h"

enum { NODES = 400, ROUNDS = 200 };

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

static double ours(struct str text)
{
    struct arena *a = arena_new();
    struct strbuf out = STRBUF_INIT(64 << 20);
    double start = bench_now();

    for (int i = 0; i < ROUNDS; i++) {
        struct json v;
        struct err err;

        arena_reset(a);
        strbuf_reset(&out);
        if (json_parse(a, text, &v, &err) < 0)
            abort();
        json_print(&out, &v, JSON_COMPACT);
    }
    strbuf_done(&out);
    arena_free(a);
    return (double) text.len * ROUNDS / 1e6 / (bench_now() - start);
}

/* bench_json_peers.c: the names of the libraries and ours do not go together. */
void cjson_round(const char *text, size_t len);
void jansson_round(const char *text, size_t len);

static double of_peer(void (*round)(const char *, size_t), struct str text)
{
    double start = bench_now();

    for (int i = 0; i < ROUNDS; i++)
        round(text.ptr, text.len);
    return (double) text.len * ROUNDS / 1e6 / (bench_now() - start);
}

int main(void)
{
    struct arena *a = arena_new();
    struct str text = make_document(a);
    double value = ours(text);

    bench_print("json_parse_print_vs_cjson", value, "MB/s", of_peer(cjson_round, text), 2);
    bench_print("json_parse_print_vs_jansson", value, "MB/s", of_peer(jansson_round, text), 6);
    arena_free(a);
    return 0;
}
