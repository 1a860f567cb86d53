/*
 * Deterministic simulation: random workflows, random outcomes that depend on the node's name
 * alone, reports in random order, and crashes (memory lost, rows loaded) after random passes.
 * Whatever the order and the crashes: it ends, with the same tree as the quiet run, and no pod
 * is asked for twice with different content. SIMULATION_SEED runs one seed, SIMULATION_SEEDS so
 * many.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <setjmp.h>

#include <cmocka.h>

#include "base/strbuf.h"
#include "workflows/engine/runner_test.h"

enum { LEVELS = 3, PER_LEVEL = 3 };

struct generator {
    uint64_t seed;
    struct strbuf out;
};

static uint64_t next(struct generator *g, uint64_t below)
{
    g->seed ^= g->seed << 13;
    g->seed ^= g->seed >> 7;
    g->seed ^= g->seed << 17;
    return (g->seed >> 11) % below;
}

static bool chance(struct generator *g, unsigned percent)
{
    return next(g, 100) < percent;
}

/* What a step or task of level @level may call: something below. */
static void call(struct generator *g, unsigned level, const char *name, const char *before,
                 const char *kind)
{
    bool is_leaf = level == 1 || chance(g, 60);
    unsigned to = is_leaf ? 0 : 1 + (unsigned) next(g, level - 1);

    strbuf_addf(&g->out, "{\"name\":\"%s\",\"template\":\"t%u-%u\"", name, to,
                (unsigned) next(g, PER_LEVEL));
    /* The first of a group is no loop: others refer to its status. */
    if (name[0] == 's' && name[3] == '0')
        (void) name;
    else if (chance(g, 15))
        strbuf_addz(&g->out, ",\"withItems\":[\"a\",2,{\"k\":\"v\"}]");
    else if (chance(g, 10))
        strbuf_addz(&g->out, ",\"withParam\":\"[]\"");
    else if (chance(g, 10))
        strbuf_addz(&g->out, ",\"withSequence\":{\"count\":\"3\"}");
    if (before && chance(g, 30))
        strbuf_addf(&g->out, ",\"when\":\"{{%s.%s.status}} == Succeeded\"", kind, before);
    if (chance(g, 20))
        strbuf_addz(&g->out, ",\"hooks\":{\"exit\":{\"template\":\"t0-0\"}}");
    else if (chance(g, 15))
        strbuf_addf(
            &g->out,
            ",\"hooks\":{\"done\":{\"template\":\"t%u-1\",\"expression\":\"%s['%s'].status "
            "== 'Succeeded'\"},\"exit\":{\"template\":\"t0-1\",\"expression\":"
            "\"%s['%s'].status == 'Failed'\"}}",
            (unsigned) next(g, level), kind, name, kind, name);
    if (before && chance(g, 40))
        strbuf_addf(
            &g->out,
            ",\"arguments\":{\"parameters\":[{\"name\":\"p\",\"value\":\"{{%s.%s.status}}\"}]}",
            kind, before);
}

static void steps(struct generator *g, unsigned level)
{
    unsigned groups = 1 + (unsigned) next(g, 3);
    char name[16], before[16] = "";

    strbuf_addz(&g->out, "\"steps\":[");
    for (unsigned i = 0; i < groups; i++) {
        unsigned count = 1 + (unsigned) next(g, 3);

        strbuf_addz(&g->out, i ? ",[" : "[");
        for (unsigned k = 0; k < count; k++) {
            if (k)
                strbuf_addc(&g->out, ',');
            snprintf(name, sizeof(name), "s%u-%u", i, k);
            call(g, level, name, before[0] ? before : NULL, "steps");
            if (chance(g, 40))
                strbuf_addz(&g->out, ",\"continueOn\":{\"failed\":true}");
            strbuf_addc(&g->out, '}');
        }
        snprintf(before, sizeof(before), "s%u-0", i);
        strbuf_addc(&g->out, ']');
    }
    strbuf_addc(&g->out, ']');
}

static void dag(struct generator *g, unsigned level)
{
    unsigned count = 1 + (unsigned) next(g, 5);
    char name[16];

    strbuf_addf(&g->out, "\"dag\":{\"failFast\":%s,\"tasks\":[",
                chance(g, 50) ? "true" : "false");
    for (unsigned i = 0; i < count; i++) {
        if (i)
            strbuf_addc(&g->out, ',');
        snprintf(name, sizeof(name), "k%u", i);
        call(g, level, name, NULL, "tasks");
        if (i && chance(g, 70)) {
            unsigned other = (unsigned) next(g, i);

            strbuf_addf(&g->out, ",\"depends\":\"k%u%s", other,
                        chance(g, 50)   ? ""
                        : chance(g, 50) ? ".Failed"
                                        : ".Succeeded");
            if (i > 1 && chance(g, 50))
                strbuf_addf(&g->out, " %s k%u", chance(g, 50) ? "&&" : "||",
                            (unsigned) next(g, i));
            strbuf_addc(&g->out, '"');
        }
        strbuf_addc(&g->out, '}');
    }
    strbuf_addz(&g->out, "]}");
}

static void template(struct generator *g, unsigned level, unsigned index)
{
    strbuf_addf(&g->out, "%s{\"name\":\"t%u-%u\",", level + index ? "," : "", level, index);
    strbuf_addz(&g->out, "\"inputs\":{\"parameters\":[{\"name\":\"p\",\"default\":\"d\"}]},");
    if (chance(g, 25))
        strbuf_addf(&g->out, "\"retryStrategy\":{\"limit\":\"%u\"%s},", (unsigned) next(g, 3),
                    chance(g, 50) ? ",\"backoff\":{\"duration\":\"30s\",\"factor\":\"2\"}"
                                  : "");
    /* Locks are taken from the upper levels down: no circle. */
    if (chance(g, 15))
        strbuf_addf(&g->out, "\"synchronization\":{\"mutexes\":[{\"name\":\"m%u-%u\"}]},",
                    level, index);
    if (level && chance(g, 25))
        strbuf_addf(&g->out, "\"parallelism\":%u,", 1 + (unsigned) next(g, 2));
    if (level == 0)
        strbuf_addf(&g->out,
                    "\"%s\":{\"image\":\"x\",\"args\":[\"{{inputs.parameters.p}} {{pod.name}} "
                    "{{retries}} {{lastRetry.status}}\"]}",
                    chance(g, 30) ? "script" : "container");
    else if (chance(g, 50))
        steps(g, level);
    else
        dag(g, level);
    strbuf_addc(&g->out, '}');
}

static struct str generate(struct generator *g)
{
    strbuf_init(&g->out, 1 << 20);
    strbuf_addz(
        &g->out,
        "{\"metadata\":{\"name\":\"sim\",\"namespace\":\"n\",\"uid\":\"u-1\"},\"spec\":{");
    if (chance(g, 30))
        strbuf_addf(&g->out, "\"parallelism\":%u,", 1 + (unsigned) next(g, 4));
    if (chance(g, 20))
        strbuf_addz(&g->out, "\"synchronization\":{\"mutexes\":[{\"name\":\"whole\"}]},");
    if (chance(g, 40))
        strbuf_addf(&g->out, "\"onExit\":\"t%u-0\",", (unsigned) next(g, 2));
    if (chance(g, 30))
        strbuf_addz(&g->out, "\"hooks\":{\"end\":{\"template\":\"t1-1\",\"expression\":"
                             "\"workflow.status == 'Failed'\"}},");
    strbuf_addf(&g->out, "\"entrypoint\":\"t%u-%u\",\"templates\":[", LEVELS, 0U);
    for (unsigned level = 0; level <= LEVELS; level++)
        for (unsigned i = 0; i < (level == LEVELS ? 1 : PER_LEVEL); i++)
            template(g, level, i);
    strbuf_addz(&g->out, "]}}");
    return strbuf_str(&g->out);
}

static void outcome(struct runner *r, const struct pod_request *request, struct arena *a,
                    struct pod_report *ret)
{
    uint64_t seed = *(const uint64_t *) r->ctx;
    uint64_t roll = (str_fnv32a(request->node_name) ^ (seed * 2654435761U)) % 100;

    (void) a;
    ret->phase = roll < 25 ? POD_FAILED : POD_SUCCEEDED;
    ret->message = roll < 25 ? STR("main: Error (exit code 1)") : STR("");
}

struct result {
    struct str lines;
    bool is_finished;
    size_t failures, crashes, asked;
};

static struct result run(struct arena *a, struct str doc, uint64_t seed, uint64_t order,
                         unsigned odds)
{
    struct runner r = {.outcome = outcome, .ctx = &seed, .seed = order, .crash_odds = odds};
    struct result ret;

    runner_init(&r, doc);
    runner_run(&r);
    ret = (struct result){.is_finished = r.is_finished,
                          .failures = r.failures,
                          .crashes = r.crashes,
                          .asked = r.asked,
                          .lines = runner_lines(&r, a)};
    runner_done(&r);
    return ret;
}

static void report(uint64_t seed, uint64_t order, struct str doc, const struct result *quiet,
                   const struct result *wild)
{
    fprintf(stderr, STR_FMT "\n--- quiet\n" STR_FMT "--- wild\n" STR_FMT, STR_ARG(doc),
            STR_ARG(quiet->lines), STR_ARG(wild->lines));
    fail_msg("seed %llu order %llu: ended %d and %d, %zu pods asked for differently",
             (unsigned long long) seed, (unsigned long long) order, quiet->is_finished,
             wild->is_finished, wild->failures);
}

static void check_seed(uint64_t seed, size_t *crashes, size_t *pods)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct generator g = {.seed = seed * 0x9e3779b97f4a7c15U + 1};
    struct str doc = generate(&g);
    struct result quiet = run(a, doc, seed, 0, 0);

    for (uint64_t i = 1; i <= 3; i++) {
        struct result wild = run(a, doc, seed, seed * 7919 + i, i == 1 ? 0 : 3);

        if (!quiet.is_finished || !wild.is_finished || wild.failures ||
            !str_eq(quiet.lines, wild.lines))
            report(seed, i, doc, &quiet, &wild);
        assert_int_equal(wild.asked, quiet.asked);
        *crashes += wild.crashes;
        *pods += wild.asked;
    }
    strbuf_done(&g.out);
}

static void test_seeds(void **state)
{
    const char *one = getenv("SIMULATION_SEED"), *many = getenv("SIMULATION_SEEDS");
    uint64_t from = 1, count = 150;
    size_t crashes = 0, pods = 0;

    (void) state;
    if (one && parse_u64(str_from(one), &from))
        count = 1;
    if (many && !parse_u64(str_from(many), &count))
        fail_msg("SIMULATION_SEEDS: a number");
    for (uint64_t seed = from; seed < from + count; seed++)
        check_seed(seed, &crashes, &pods);
    print_message("# %llu seeds, %zu pods, %zu crashes\n", (unsigned long long) count, pods,
                  crashes);
    assert_true(pods > count);
    assert_true(one || crashes > count);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_seeds)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
