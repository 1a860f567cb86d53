/*
 * simulate [--seeds N] [--first K] [--caught]: plays the stories of so many seeds. A failing
 * one is told with its seed, shrunk, with what happens in it. With --caught something must be
 * wrong, and is told in short: for the broken copies of the engine. The result is a line of
 * TAP.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "formats/yaml.h"
#include "workflows/engine/simulate_test.h"

enum { TRIES = 4, LOG_MAX_BYTES = 1 << 20 };

struct wanted {
    uint64_t seeds, first;
    bool must_fail;
};

static int read_arguments(int argc, char **argv, struct wanted *ret)
{
    *ret = (struct wanted){.seeds = 100, .first = 1};
    for (int i = 1; i < argc; i++) {
        uint64_t *number = strcmp(argv[i], "--seeds") == 0   ? &ret->seeds
                           : strcmp(argv[i], "--first") == 0 ? &ret->first
                                                             : NULL;

        if (strcmp(argv[i], "--caught") == 0)
            ret->must_fail = true;
        else if (!number || i + 1 == argc || !parse_u64(str_from(argv[++i]), number))
            return -1;
    }
    return 0;
}

static struct simulate_story story_of(struct arena *a, uint64_t seed)
{
    struct simulate_story story = {.seed = seed, .count = 1 + (unsigned) (seed % 4)};

    for (unsigned i = 0; i < story.count; i++) {
        struct generator g = {.seed = (seed * 16 + i) * 0x9e3779b97f4a7c15U + 1};

        story.docs[i] = str_copy(a, simulate_generate(&g, i + 1, story.count == 1));
        strbuf_done(&g.out);
    }
    return story;
}

static void tell(struct arena *a, const struct simulate_story *story, uint64_t seed,
                 struct str what)
{
    struct simulate_story small;
    struct simulate_play play;
    struct strbuf log = STRBUF_INIT(LOG_MAX_BYTES);
    struct str why;

    printf("seed %llu: " STR_FMT "\n", (unsigned long long) seed, STR_ARG(what));
    fflush(stdout);
    small = simulate_shrink(a, story, TRIES);
    why = simulate_fault(a, &small, TRIES, &play, NULL);
    printf("shrunk: " STR_FMT "\norder %llu, %u crashes in a hundred\n", STR_ARG(why),
           (unsigned long long) play.order, play.crash_odds ? 100 / play.crash_odds : 0);
    for (unsigned i = 0; i < small.count; i++) {
        struct strbuf text = STRBUF_INIT(LOG_MAX_BYTES);
        struct json doc;
        struct err err;

        if (json_parse(a, small.docs[i], &doc, &err) == 0)
            yaml_print(&text, &doc);
        printf("---\n" STR_FMT, STR_ARG(strbuf_str(&text)));
        strbuf_done(&text);
    }
    play.log = &log;
    (void) simulate_play(a, &small, &play);
    printf("--- what happens\n" STR_FMT, STR_ARG(strbuf_str(&log)));
    strbuf_done(&log);
}

int main(int argc, char **argv)
{
    struct simulate_result total = {0};
    struct wanted w;

    if (read_arguments(argc, argv, &w) < 0) {
        fprintf(stderr, "usage: simulate [--seeds N] [--first K] [--caught]\n");
        return 2;
    }
    for (uint64_t seed = w.first; seed < w.first + w.seeds; seed++) {
        _cleanup_arena_ struct arena *a = arena_new();
        struct simulate_story story = story_of(a, seed);
        struct simulate_play play;
        struct str what = simulate_fault(a, &story, TRIES, &play, &total);

        if (what.len == 0)
            continue;
        if (w.must_fail)
            printf("ok 1 - caught with seed %llu: " STR_FMT "\n", (unsigned long long) seed,
                   STR_ARG(str_head(what, str_find_char(what, '\n') == SIZE_MAX
                                              ? what.len
                                              : str_find_char(what, '\n'))));
        else {
            printf("not ok 1 - seed %llu\n", (unsigned long long) seed);
            tell(a, &story, seed, what);
        }
        return w.must_fail ? 0 : 1;
    }
    printf("%s 1 - %llu seeds from %llu: %zu decisions, %zu pods, %zu crashes, nothing wrong\n",
           w.must_fail ? "not ok" : "ok", (unsigned long long) w.seeds,
           (unsigned long long) w.first, total.passes, total.asked, total.crashes);
    return w.must_fail ? 1 : 0;
}
