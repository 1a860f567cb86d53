/*
 * tests/support/golden.h - reads golden vectors: one JSON object a line, as tests/golden holds
 * them.
 *
 * GOLDEN_DIR is given by Meson; the environment variable TIPHYS_GOLDEN overrides it. A test
 * calls golden_run() with a function that checks one case; each failing case prints its id, the
 * run ends with the number of cases.
 */
#pragma once

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <setjmp.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/mem.h"
#include "formats/json.h"

/* Returns whether the case is right; -1 when it is of a kind that this test does not cover. */
typedef int (*golden_fn)(struct arena *a, const struct json *row);

static inline struct str golden_read(struct arena *a, const char *path)
{
    FILE *file = fopen(path, "rb");
    char *bytes;
    size_t len;

    if (!file)
        fail_msg("%s cannot be read", path);
    fseek(file, 0, SEEK_END);
    len = (size_t) ftell(file);
    rewind(file);
    bytes = arena_alloc_raw(a, len + 1);
    assert_int_equal(fread(bytes, 1, len, file), len);
    fclose(file);
    bytes[len] = '\0';
    return str_of(bytes, len);
}

static inline const char *golden_dir(void)
{
    const char *dir = getenv("TIPHYS_GOLDEN");

    return dir ? dir : GOLDEN_DIR;
}

/* Is this case in tests/disputed.txt, with its reason? */
static inline bool golden_is_disputed(struct str list, const char *name, struct str id)
{
    struct str line, word;

    while (str_cut(&list, '\n', &line))
        if (str_cut(&line, ' ', &word) && str_is(word, name) && str_cut(&line, ' ', &word) &&
            str_eq(word, id))
            return true;
    return false;
}

/* Runs all cases of a file below tests/golden; fails when one is wrong or fewer than @at_least
 * were covered. */
static inline void golden_run(const char *name, golden_fn check, size_t at_least)
{
    struct arena *a = arena_new(), *scratch = arena_new();
    struct str rest = golden_read(a, str_cz(a, str_printf(a, "%s/%s", golden_dir(), name)));
    struct str list =
        golden_read(a, str_cz(a, str_printf(a, "%s/../disputed.txt", golden_dir())));
    size_t covered = 0, wrong = 0, others = 0, disputed = 0;
    struct str line;

    while (str_cut(&rest, '\n', &line)) {
        struct json row;
        struct err err;
        int is_right;

        if (str_is_empty(line))
            continue;
        arena_reset(scratch);
        if (json_parse(scratch, line, &row, &err) < 0)
            fail_msg("%s: %s", name, err.text);
        is_right = check(scratch, &row);
        if (is_right == 0 && golden_is_disputed(list, name, json_get_str(&row, STR("id")))) {
            disputed++;
            continue;
        }
        covered += is_right >= 0;
        others += is_right < 0;
        if (is_right == 0) {
            wrong++;
            print_error("%s: " STR_FMT " is wrong: " STR_FMT "\n", name,
                        STR_ARG(json_get_str(&row, STR("id"))), STR_ARG(str_head(line, 600)));
        }
    }
    print_message("%s: %zu cases, %zu wrong, %zu of kinds not covered here\n", name, covered,
                  wrong, others);
    arena_free(a);
    arena_free(scratch);
    assert_int_equal(wrong, 0);
    assert_true(covered >= at_least);
}

/* Must this case fail? */
static inline bool golden_fails(const struct json *row)
{
    return json_get(row, STR("err")) != NULL;
}
