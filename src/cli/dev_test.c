/* Tests of what dev knows: files that changed, lines about workflows; and of finding manifests.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "cli/dev.h"
#include "cli/manifests.h"

/* 2026-01-02T05:00:00Z */
static const struct wall since = {.ms = 1767330000000};

#define EVENT(type, phase, more)                                                             \
    "{\"type\":\"" type "\",\"object\":{\"kind\":\"Workflow\",\"metadata\":{\"name\":\"w\"," \
    "\"namespace\":\"default\"},\"status\":{\"phase\":\"" phase "\"" more "}}}"

static void test_tell(void **state)
{
    static const struct {
        const char *line, *want;
    } cases[] = {
        {EVENT("ADDED", "", ""), "workflow w Pending\n"},
        {EVENT("MODIFIED", "", ""), ""},
        {EVENT("MODIFIED", "Running", ""), "workflow w Running\n"},
        {EVENT("MODIFIED", "Running", ",\"progress\":\"1/2\""), ""},
        {EVENT("MODIFIED", "Failed",
               ",\"message\":\"no\\nluck\",\"finishedAt\":\"2026-01-02T05:00:01Z\""),
         "workflow w Failed: no luck\n"},
        {EVENT("ADDED", "Failed",
               ",\"message\":\"no\\nluck\",\"finishedAt\":\"2026-01-02T05:00:01Z\""),
         ""}, /* the watch began again */
        {EVENT("DELETED", "Failed", ""), "workflow w deleted\n"},
        {EVENT("ADDED", "Running", ""), "workflow w Running\n"},
        {"{\"type\":\"ADDED\",\"object\":{\"kind\":\"Workflow\",\"metadata\":{\"name\":\"x\","
         "\"namespace\":\"argo\",\"labels\":{\"events.argoproj.io/sensor\":\"s\","
         "\"events.argoproj.io/trigger\":\"t\"}}}}",
         "workflow argo/x Pending (sensor s, trigger t)\n"},
        {"{\"type\":\"ADDED\",\"object\":{\"kind\":\"Workflow\",\"metadata\":{\"name\":\"old\"}"
         ","
         "\"status\":{\"phase\":\"Succeeded\",\"finishedAt\":\"2026-01-02T04:59:59Z\"}}}",
         ""}, /* it had ended before we came */
        {"{\"type\":\"ERROR\",\"object\":{\"kind\":\"Status\",\"code\":410}}", ""},
        {"{\"type\":\"BOOKMARK\"}", ""},
        {"no JSON", ""},
        {"", ""},
    };
    struct dev_phases phases = {0};

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        _cleanup_arena_ struct arena *a = arena_new();
        struct str got = dev_tell(a, &phases, str_from(cases[i].line), since);

        if (!str_is(got, cases[i].want))
            fail_msg("case %zu: got \"" STR_FMT "\", want \"%s\"", i, STR_ARG(got),
                     cases[i].want);
    }
    dev_phases_done(&phases);
}

/* ---- files ---- */

struct folder {
    char path[64];
};

static struct folder make_folder(void)
{
    struct folder f = {"/tmp/dev_test.XXXXXX"};

    assert_non_null(mkdtemp(f.path));
    return f;
}

static struct str in(struct arena *a, const struct folder *f, const char *name)
{
    return str_printf(a, "%s/%s", f->path, name);
}

static void write_file(struct arena *a, const struct folder *f, const char *name,
                       const char *text)
{
    FILE *file = fopen(in(a, f, name).ptr, "we");

    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void test_files(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct folder folder = make_folder();
    const char *path = in(a, &folder, "a.yaml").ptr, *other = in(a, &folder, "b").ptr;
    struct dev_files files = {0};

    (void) state;
    assert_false(dev_files_is_new(&files, path)); /* it is not there */
    write_file(a, &folder, "a.yaml", "x");
    assert_true(dev_files_is_new(&files, path));
    assert_false(dev_files_is_new(&files, path));
    write_file(a, &folder, "a.yaml", "longer");
    assert_true(dev_files_is_new(&files, path));
    assert_false(dev_files_is_new(&files, path));
    write_file(a, &folder, "b", "LONGER"); /* an editor's way: another file takes the name */
    assert_int_equal(rename(other, path), 0);
    assert_true(dev_files_is_new(&files, path));
    assert_false(dev_files_is_new(&files, path));
    assert_int_equal(dev_files_gone(&files, a).len, 0);
    assert_int_equal(unlink(path), 0);
    assert_true(str_is(dev_files_gone(&files, a), path));
    assert_int_equal(dev_files_gone(&files, a).len, 0); /* told once */
    write_file(a, &folder, "a.yaml", "again");
    assert_true(dev_files_is_new(&files, path));
    dev_files_done(&files);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(folder.path), 0);
}

/* ---- finding ---- */

static void test_find(void **state)
{
    static const char *const names[] = {"b.yaml",       "a.yml",      "c.json",     "notes.txt",
                                        ".hidden.yaml", "sub/z.yaml", ".git/x.yaml"};
    static const char *const want[] = {"a.yml", "b.yaml", "c.json", "sub/z.yaml"};
    _cleanup_arena_ struct arena *a = arena_new();
    struct folder f = make_folder();
    const char *paths[] = {f.path, "-", in(a, &f, "notes.txt").ptr};
    const char *nobody[] = {in(a, &f, "nobody.yaml").ptr};
    struct manifest_paths found;
    struct err err = {0};

    (void) state;
    assert_int_equal(mkdir(in(a, &f, "sub").ptr, 0700), 0);
    assert_int_equal(mkdir(in(a, &f, ".git").ptr, 0700), 0);
    for (size_t i = 0; i < COUNT_OF(names); i++)
        write_file(a, &f, names[i], "");
    assert_int_equal(manifests_find(a, paths, COUNT_OF(paths), &found, &err), 0);
    assert_int_equal(found.len, COUNT_OF(want) + 2);
    for (size_t i = 0; i < COUNT_OF(want); i++)
        assert_string_equal(found.at[i], in(a, &f, want[i]).ptr);
    assert_string_equal(found.at[COUNT_OF(want)], "-");
    assert_string_equal(found.at[COUNT_OF(want) + 1], paths[2]); /* what is named is taken */
    assert_int_equal(found.folder_count, 2);
    assert_string_equal(found.folders[1], in(a, &f, "sub").ptr);
    assert_int_equal(manifests_find(a, nobody, 1, &found, &err), -1);
    assert_int_equal(err.kind, ERR_NOT_FOUND);
    for (size_t i = 0; i < COUNT_OF(names); i++)
        assert_int_equal(unlink(in(a, &f, names[i]).ptr), 0);
    assert_int_equal(rmdir(in(a, &f, "sub").ptr) + rmdir(in(a, &f, ".git").ptr) + rmdir(f.path),
                     0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tell), cmocka_unit_test(test_files), cmocka_unit_test(test_find)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
