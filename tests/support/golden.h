/*
 * tests/support/golden.h - reads golden vectors: one JSON object a line, as tests/golden holds
 * them.
 *
 * GOLDEN_DIR is given by Meson; the environment variable TIPHYS_GOLDEN overrides it. A test
 * calls golden_run() with a function that checks one case; each failing case prints its id, the
 * run ends with the number of cases.
 *
 * tools/golden runs the same functions on the files of any folder: it sets
 * TIPHYS_GOLDEN_REPORT, and then only tests whose name begins with test_golden run and every
 * case becomes a line "name id verdict" there (pass, fail, other: of a kind that the function
 * does not cover, or crash). A case that brings the process down takes no other with it.
 */
#pragma once

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <fcntl.h>
#include <setjmp.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/mem.h"
#include "formats/base64.h"
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

/* The file that tools/golden reads; NULL in a unit test. */
static inline const char *golden_report(void)
{
    return getenv("TIPHYS_GOLDEN_REPORT");
}

__attribute__((constructor)) static inline void golden_only(void)
{
    if (golden_report())
        cmocka_set_test_filter("test_golden*");
}

static inline void golden_note(int fd, const char *name, const struct json *row,
                               const char *verdict)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(4096);

    strbuf_addf(&b, "%s " STR_FMT " %s\n", name, STR_ARG(json_get_str(row, STR("id"))),
                verdict);
    assert_int_equal(write(fd, b.ptr, b.len), b.len);
}

/* Judges the cases of @text from the *@next'th on, each noted before the next begins. */
static inline void golden_judge(const char *name, struct str text, golden_fn check, int fd,
                                volatile size_t *next)
{
    struct arena *a = arena_new();
    struct str line;

    for (size_t at = 0; str_cut(&text, '\n', &line); at++) {
        struct json row;
        struct err err;
        int is_right;

        if (str_is_empty(line) || at < *next)
            continue;
        arena_reset(a);
        if (json_parse(a, line, &row, &err) < 0)
            fail_msg("%s: %s", name, err.text);
        *next = at + 1;
        is_right = check(a, &row);
        golden_note(fd, name, &row, is_right < 0 ? "other" : is_right ? "pass" : "fail");
    }
    arena_free(a);
}

/* The file of this name in the folder that tools/golden was given: judged in a child, begun
 * anew behind each case that a child did not survive. A file that is not there is no matter. */
static inline void golden_tell(const char *name, golden_fn check)
{
    _cleanup_arena_ struct arena *a = arena_new();
    const char *slash = strrchr(name, '/'), *path;
    size_t *next =
        mmap(NULL, sizeof(*next), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    int status = -1, fd = open(golden_report(), O_WRONLY | O_APPEND | O_CLOEXEC);

    assert_true(next != MAP_FAILED && fd >= 0);
    path = str_cz(a, str_printf(a, "%s/%s", getenv("TIPHYS_GOLDEN"), slash ? slash + 1 : name));
    while (access(path, R_OK) == 0 && status != 0) {
        struct str text = golden_read(a, path);
        size_t begun = *next;
        pid_t child = fork();

        if (child == 0) {
            golden_judge(name, text, check, fd, next);
            _exit(0);
        }
        assert_int_equal(waitpid(child, &status, 0), child);
        if (status != 0 && *next == begun)
            break;
    }
    munmap(next, sizeof(*next));
    close(fd);
}

/* Runs all cases of a file below tests/golden; fails when one is wrong or fewer than @at_least
 * were covered. Alone it is for functions that look at a side of the cases: no verdict for
 * tools/golden. */
static inline void golden_each(const char *name, golden_fn check, size_t at_least)
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

/* golden_each() with a function that judges the whole case. */
static inline void golden_run(const char *name, golden_fn check, size_t at_least)
{
    if (golden_report())
        golden_tell(name, check);
    else
        golden_each(name, check, at_least);
}

/* A text of a case: the member @name, or the bytes that NAME_b64 holds. */
static inline struct str golden_text(struct arena *a, const struct json *row, const char *name)
{
    struct str text = json_get_str(row, str_from(name)), bytes;
    struct err err;

    if (!str_is_none(text))
        return text;
    text = json_get_str(row, str_printf(a, "%s_b64", name));
    return !str_is_none(text) && base64_decode(a, text, &bytes, &err) == 0 ? bytes : STR_NONE;
}

/* A file beside the vectors of @folder: in the folder of tools/golden, or our own. */
static inline struct str golden_beside(struct arena *a, const char *folder, struct str name)
{
    const char *path =
        str_cz(a, str_printf(a, "%s/%s/" STR_FMT, GOLDEN_DIR, folder, STR_ARG(name)));
    const char *given = str_cz(a, str_printf(a, "%s/" STR_FMT, golden_dir(), STR_ARG(name)));

    return golden_read(a, golden_report() && access(given, R_OK) == 0 ? given : path);
}

/* What bytes that are no UTF-8 became in the file of vectors. */
static inline struct str golden_lossy(struct arena *a, struct str text)
{
    struct json v = json_string(text), back;
    struct err err;

    return json_parse(a, json_text(a, &v, JSON_COMPACT), &back, &err) < 0 ? text
                                                                          : json_str(&back);
}

/* Must this case fail? */
static inline bool golden_fails(const struct json *row)
{
    return json_get(row, STR("err")) != NULL;
}
