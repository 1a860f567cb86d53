/*
 * The languages of manifests beside the Go libraries that the originals take for them:
 * expr-lang, text/template with sprig, gjson, gojq, fasttemplate, sigs.k8s.io/yaml,
 * encoding/json.
 *
 * Both do the same work on the same inputs in turns, each measured by the processor time of its
 * process, and must make the same bytes. "eval" reads the program each time, as the originals
 * do and as it happens for each event and pod; "run" has it read. A row without a peer, or
 * where it makes something else, has the ratio 0.
 */
#include <stdlib.h>

#include "base/map.h"
#include "bench/bench.h"
#include "bench/language_inputs.h"
#include "bench/peer.h"
#include "bench/served.h"
#include "formats/yaml.h"
#include "lang/expr/expr.h"
#include "lang/gjson/gjson.h"
#include "lang/jq/jq.h"
#include "lang/subst/subst.h"
#include "lang/template/template.h"

enum {
    TURNS = 7,
    SLICE_MS = 60,
    PROGRAMS_MAX = 32,
    GO_STYLE = JSON_SORT_KEYS | JSON_ESCAPE_HTML
};

static struct language_inputs in;
static struct arena *kept, *scratch;
static struct strbuf out = STRBUF_INIT(64 << 20);
static struct err err;

/* What has been read before the clock starts. */
static struct json event, manifest;
static struct value env_value;
static struct expr_env env = {
    .lookup = expr_lookup_map, .ctx = &env_value, .functions = EXPR_ARGO};
static struct template_input dot;
static const struct expr_program *programs[PROGRAMS_MAX];
static const struct template *templates[PROGRAMS_MAX];
static struct jq_program *jq;
static struct map names;

/* Ends the program when something failed. */
static void must(int result)
{
    if (result < 0) {
        fprintf(stderr, "bench_languages: %s\n", err.text);
        exit(1);
    }
}

static void show_value(const struct value *v)
{
    struct json made;

    must(value_json(scratch, v, &made, &err));
    json_print(&out, &made, GO_STYLE);
    strbuf_addc(&out, '\n');
}

static void expr_run_round(bool show)
{
    for (int i = 0; programs[i]; i++) {
        struct value v;

        must(expr_run(programs[i], scratch, &env, &v, &err));
        if (show)
            show_value(&v);
    }
}

static void expr_eval_round(bool show)
{
    struct str rest = in.expressions, text;

    while (str_cut(&rest, '\n', &text)) {
        struct value v;

        must(expr_eval(scratch, text, &env, &v, &err));
        if (show)
            show_value(&v);
    }
}

static void show_text(bool show, struct str text)
{
    if (!show)
        return;
    strbuf_add(&out, text);
    strbuf_addc(&out, '\n');
}

static void template_run_round(bool show)
{
    for (int i = 0; templates[i]; i++) {
        struct str text;

        must(template_run(templates[i], scratch, &dot, &text, &err));
        show_text(show, text);
    }
}

static void template_eval_round(bool show)
{
    struct str rest = in.templates, text;

    while (str_cut(&rest, '\n', &text)) {
        must(template_eval(scratch, text, &dot, &text, &err));
        show_text(show, text);
    }
}

static void gjson_round(bool show)
{
    struct str rest = in.paths, path;

    while (str_cut(&rest, '\n', &path)) {
        struct gjson found;

        must(gjson_get(scratch, in.event, path, &found, &err));
        show_text(show, gjson_text(scratch, &found));
    }
}

static void jq_run_round(bool show)
{
    struct jq_outputs made;

    must(jq_run(jq, scratch, &event, 1, &made, &err));
    if (show)
        json_print(&out, made.at, GO_STYLE);
}

static void jq_eval_round(bool show)
{
    _cleanup_jq_ struct jq_program *program = jq_compile(in.program, &err);
    struct jq_outputs made;
    struct json document;

    (void) show;
    must(program ? 0 : -1);
    must(json_parse(scratch, in.event, &document, &err));
    must(jq_run(program, scratch, &document, 1, &made, &err));
    json_print(&out, made.at, GO_STYLE);
}

static enum subst_answer look_up(const void *ctx, struct str name, struct str *ret)
{
    const struct json *value = map_find(&names, name);

    (void) ctx;
    if (!value)
        return SUBST_MISSING;
    *ret = json_str(value);
    return SUBST_TEXT;
}

static const struct subst_options options = {.lookup = look_up, .unresolved = SUBST_LEAVE};

static void subst_text_round(bool show)
{
    struct str made;

    must(subst_json_text(scratch, in.manifest, &options, &made, &err));
    if (show)
        strbuf_add(&out, made);
}

static void subst_object_round(bool show)
{
    struct json made;

    must(subst_json(scratch, &manifest, &options, &made, &err));
    if (show)
        json_print(&out, &made, JSON_ESCAPE_HTML);
}

static void yaml_round(bool show)
{
    struct json document;

    (void) show;
    must(yaml_parse(scratch, in.yaml, &document, &err));
    json_print(&out, &document, GO_STYLE);
}

static void json_round(bool show)
{
    struct json document;

    (void) show;
    must(json_parse(scratch, in.nodes, &document, &err));
    json_print(&out, &document, GO_STYLE);
}

static void read_programs(void)
{
    struct str rest = in.expressions, text;

    for (int i = 0; str_cut(&rest, '\n', &text) && i < PROGRAMS_MAX - 1; i++)
        must(expr_compile(kept, text, &env, &programs[i], &err));
    rest = in.templates;
    for (int i = 0; str_cut(&rest, '\n', &text) && i < PROGRAMS_MAX - 1; i++)
        must(template_compile(kept, STR("param"), text, &templates[i], &err));
    jq = jq_compile(in.program, &err);
    must(jq ? 0 : -1);
}

static void read_inputs(void)
{
    struct json values, seen;

    in = language_inputs_make(kept);
    must(json_parse(kept, in.event, &event, &err));
    must(json_parse(kept, in.manifest, &manifest, &err));
    must(json_parse(kept, in.values, &values, &err));
    must(json_parse(kept, in.env, &seen, &err));
    env_value = value_of_json(kept, &seen);
    seen = json_set(kept, NULL, STR("Input"), event);
    dot.dot = value_of_json(kept, &seen);
    for (uint32_t i = 0; i < values.count; i++) {
        struct json *value = arena_alloc(kept, sizeof(*value));

        *value = values.members[i].value;
        map_put(&names, values.members[i].key, value);
    }
    read_programs();
}

static double cpu_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return 1e9 * (double) now.tv_sec + (double) now.tv_nsec;
}

struct language {
    const char *name;
    void (*round)(bool show);
    double goal;
    const char *unit;
    double share; /* of the unit that a round is */
};

static void one_round(const struct language *l, bool show)
{
    arena_reset(scratch);
    strbuf_reset(&out);
    l->round(show);
}

/* Nanoseconds of a round of ours. */
static double measure(const struct language *l)
{
    double start = cpu_ns(), took;
    long done = 0;

    for (long rounds = 1;; rounds *= 2) {
        for (long i = 0; i < rounds; i++)
            one_round(l, false);
        done += rounds;
        took = cpu_ns() - start;
        if (took >= 1e6 * SLICE_MS)
            return took / (double) done;
    }
}

static bool is_same(const struct language *l, struct str theirs)
{
    one_round(l, true);
    if (str_eq(theirs, strbuf_str(&out)))
        return true;
    fprintf(stderr,
            "bench_languages: %s: ours and the peer's differ:\n" STR_FMT "\n" STR_FMT "\n",
            l->name, STR_ARG(strbuf_str(&out)), STR_ARG(theirs));
    return false;
}

static void run_language(const struct language *l, struct peer *p)
{
    double ours[TURNS], theirs[TURNS], middle, yardstick;
    struct arena *a = arena_new();
    struct str made = STR(""); /* what the peer makes */

    for (int i = 0; i < TURNS; i++) {
        theirs[i] = peer_ask(p, a, l->name, SLICE_MS, &made);
        ours[i] = measure(l);
    }
    middle = 1e9 * l->share / bench_middle(ours, TURNS);
    yardstick = bench_middle(theirs, TURNS);
    yardstick = yardstick > 0 && is_same(l, made) ? 1e9 * l->share / yardstick : 0;
    bench_print(l->name, middle, l->unit, yardstick, l->goal);
    arena_free(a);
}

static double lines(struct str text)
{
    struct str line;
    double n = 0;

    while (str_cut(&text, '\n', &line))
        n++;
    return n;
}

/* @only: the name of one, or NULL. */
static void run_all(struct peer *p, const char *only)
{
    const double mb = 1e-6;
    const struct language all[] = {
        {"expr_run", expr_run_round, 2, "expressions/s", lines(in.expressions)},
        {"expr_eval", expr_eval_round, 2, "expressions/s", lines(in.expressions)},
        {"template_run", template_run_round, 3, "templates/s", lines(in.templates)},
        {"template_eval", template_eval_round, 3, "templates/s", lines(in.templates)},
        {"gjson_get", gjson_round, 1, "paths/s", lines(in.paths)},
        {"jq_run", jq_run_round, 1, "programs/s", 1},
        {"jq_eval", jq_eval_round, 1, "programs/s", 1},
        {"subst_text", subst_text_round, 5, "MB/s", mb * (double) in.manifest.len},
        {"subst_object", subst_object_round, 5, "MB/s", mb * (double) in.manifest.len},
        {"yaml_to_json", yaml_round, 3, "MB/s", mb * (double) in.yaml.len},
        {"json_parse_print", json_round, 4, "MB/s", mb * (double) in.nodes.len},
    };

    for (size_t i = 0; i < COUNT_OF(all); i++)
        if (!only || strcmp(only, all[i].name) == 0)
            run_language(&all[i], p);
}

int main(int argc, char **argv)
{
    char folder[BENCH_PATH_BYTES];
    struct peer p;

    kept = arena_new();
    scratch = arena_new();
    read_inputs();
    bench_folder(folder);
    language_inputs_write(&in, folder);
    peer_start(&p, folder);
    run_all(&p, argc > 1 ? argv[1] : NULL);
    peer_stop(&p);
    jq_free(jq);
    map_done(&names);
    strbuf_done(&out);
    arena_free(scratch);
    arena_free(kept);
    return 0;
}
