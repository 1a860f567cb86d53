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
#include "workflows/engine/simulate_test.h"

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
    struct str doc = simulate_generate(&g, 1, true);
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
