/*
 * File sources on real folders, a real loop and bus: each kind of change, paths and
 * expressions, folders that come and go, many changes at once, wrong ones.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "tests/support/source_world.h"

/* The folder that is watched. */
static struct str folder(struct world *w)
{
    return str_printf(w->a, "%s/in", w->path);
}

static int setup(void **state)
{
    struct world *w = world_new(state, "file");

    assert_int_equal(mkdir(folder(w).ptr, 0700), 0);
    return 0;
}

/* "DIR" stands for the folder. */
static void start(struct world *w, const char *text)
{
    struct str spec = str_from(text);
    size_t at = str_find(spec, STR("DIR"));

    assert_int_not_equal(at, SIZE_MAX);
    world_start(w, str_printf(w->a, STR_FMT STR_FMT STR_FMT, STR_ARG(str_head(spec, at)),
                              STR_ARG(folder(w)), STR_ARG(str_skip(spec, at + 3))));
}

/* Waits until so many events came, and a little for more. */
static void expect(struct world *w, size_t count)
{
    world_turn_until(w, count);
    world_turn(w, 50);
    assert_int_equal(w->count, count);
}

static const char *path_of(struct world *w, const char *name)
{
    return str_printf(w->a, STR_FMT "/%s", STR_ARG(folder(w)), name).ptr;
}

static void write_file(struct world *w, const char *name, const char *text)
{
    int fd = open(path_of(w, name), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
}

/* Everything that can happen to a file "old", later "new", once each. */
static void live_through(struct world *w)
{
    write_file(w, "old", "");
    write_file(w, "old", "text");
    assert_int_equal(chmod(path_of(w, "old"), 0644), 0);
    assert_int_equal(rename(path_of(w, "old"), path_of(w, "new")), 0);
    assert_int_equal(unlink(path_of(w, "new")), 0);
}

static void test_kinds_of_changes(void **state)
{
    static const struct {
        const char *type, *names[2];
        size_t count;
        int op;
    } cases[] = {
        {"CREATE", {"old", "new"}, 2, 1}, {"WRITE", {"old"}, 1, 2},  {"REMOVE", {"new"}, 1, 4},
        {"RENAME", {"old"}, 1, 8},        {"CHMOD", {"old"}, 1, 16},
    };
    struct world *w = *state;

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        w->count = 0;
        start(w, str_printf(w->a,
                            "{\"eventType\":\"%s\",\"watchPathConfig\":{\"directory\":\"DIR/\","
                            "\"pathRegexp\":\"^(old|new)$\"}}",
                            cases[i].type)
                     .ptr);
        live_through(w);
        expect(w, cases[i].count);
        for (size_t k = 0; k < cases[i].count; k++) {
            struct str want =
                str_printf(w->a, "{\"name\":\"" STR_FMT "/%s\",\"op\":%d,\"metadata\":null}",
                           STR_ARG(folder(w)), cases[i].names[k], cases[i].op);

            if (!str_eq(w->payloads[k], want))
                fail_msg("case %zu: " STR_FMT, i, STR_ARG(w->payloads[k]));
        }
        world_end(w);
    }
}

static void test_paths(void **state)
{
    static const struct {
        const char *config;
        size_t count;
    } cases[] = {
        {"\"directory\":\"DIR/\",\"path\":\"x.txt\"", 1},
        {"\"directory\":\"DIR\",\"path\":\"x.txt\"", 0}, /* the rest is "/x.txt" */
        {"\"directory\":\"DIR\",\"path\":\"/x.txt\"", 1},
        {"\"directory\":\"DIR//\",\"pathRegexp\":\"in/x\"", 1}, /* no prefix: the whole */
        {"\"directory\":\"DIR/\",\"path\":\"x\"", 0},
        {"\"directory\":\"DIR/\",\"pathRegexp\":\"txt\"", 2}, /* anywhere */
        {"\"directory\":\"DIR/\",\"pathRegexp\":\"^x[.]txt$\"", 1},
        {"\"directory\":\"DIR/\",\"pathRegexp\":\".*\"", 3},
        {"\"directory\":\"DIR/\",\"path\":\"sub/x.txt\"", 0}, /* not below */
    };
    struct world *w = *state;

    assert_int_equal(mkdir(path_of(w, "sub"), 0700), 0);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        w->count = 0;
        start(w, str_printf(w->a, "{\"eventType\":\"CREATE\",\"watchPathConfig\":{%s}}",
                            cases[i].config)
                     .ptr);
        write_file(w, "x.txt", "");
        write_file(w, "y.txt", "");
        write_file(w, "other", "");
        write_file(w, "sub/x.txt", "");
        world_turn(w, 30);
        for (int k = 0; k < TURNS_MAX && w->count < cases[i].count; k++)
            loop_run_once(w->loop, 5);
        if (w->count != cases[i].count)
            fail_msg("case %zu: %zu events", i, w->count);
        world_end(w);
        unlink(path_of(w, "x.txt"));
        unlink(path_of(w, "y.txt"));
        unlink(path_of(w, "other"));
        unlink(path_of(w, "sub/x.txt"));
    }
}

#define ALL "\"watchPathConfig\":{\"directory\":\"DIR/\",\"pathRegexp\":\"f\"}"

static void test_metadata(void **state)
{
    struct world *w = *state;

    start(w, "{\"eventType\":\"CREATE\"," ALL ",\"metadata\":{\"k\":\"<v>\"}}");
    write_file(w, "f \"<\xff", "");
    expect(w, 1);
    assert_true(str_ends(w->payloads[0], STR("/f \\\"\\u003c\\ufffd\",\"op\":1,\"metadata\":{"
                                             "\"k\":\"\\u003cv\\u003e\"}}")));
}

static void test_a_folder_that_comes_and_goes(void **state)
{
    struct world *w = *state;
    const char *path = folder(w).ptr;

    assert_int_equal(rmdir(path), 0);
    start(w, "{\"eventType\":\"CREATE\"," ALL "}");
    world_turn(w, 50);
    assert_int_equal(mkdir(path, 0700), 0);
    world_turn(w, 2200);
    write_file(w, "f1", "");
    expect(w, 1);
    assert_int_equal(unlink(path_of(w, "f1")), 0);
    assert_int_equal(rmdir(path), 0);
    world_turn(w, 50);
    assert_int_equal(mkdir(path, 0700), 0);
    world_turn(w, 2200);
    write_file(w, "f2", "");
    expect(w, 2);
}

static void test_many_at_once(void **state)
{
    struct world *w = *state;

    start(w, "{\"eventType\":\"CREATE\"," ALL "}");
    for (int i = 0; i < 900; i++)
        write_file(w, str_printf(w->a, "f%d", i).ptr, "");
    expect(w, 900);
    for (int i = 0; i < 900; i++) /* each, in their order */
        assert_int_not_equal(str_find(w->payloads[i], str_printf(w->a, "/f%d\"", i)), SIZE_MAX);
}

static void test_ends_in_the_middle(void **state)
{
    struct world *w = *state;

    start(w, "{\"eventType\":\"CREATE\"," ALL "}");
    for (int i = 0; i < 200; i++)
        write_file(w, str_printf(w->a, "f%d", i).ptr, "");
    loop_run_once(w->loop, 5);
    world_end(w);
    write_file(w, "f", "");
    world_turn(w, 50);
    assert_true(w->count <= 200);
}

static void test_wrong_ones(void **state)
{
    static const struct wrong_spec cases[] = {
        {"{\"eventType\":\"create\"," ALL "}",
         "eventType \"create\" is none of CREATE, WRITE, REMOVE, RENAME, CHMOD"},
        {"{" ALL "}", "eventType \"\" is none of CREATE, WRITE, REMOVE, RENAME, CHMOD"},
        {"{\"eventType\":\"WRITE\"}", "watchPathConfig.directory: must be an absolute path"},
        {"{\"eventType\":\"WRITE\",\"watchPathConfig\":{\"directory\":\"tmp\"}}",
         "watchPathConfig.directory: must be an absolute path"},
        {"{\"eventType\":\"WRITE\",\"watchPathConfig\":{\"directory\":\"/tmp\"}}",
         "watchPathConfig: path or pathRegexp must be given"},
        {"{\"eventType\":\"WRITE\",\"watchPathConfig\":{\"directory\":\"/tmp\",\"pathRegexp\":"
         "\"(\"}}",
         "watchPathConfig.pathRegexp: error parsing regexp: missing closing ): `(`"},
    };

    world_refuses(*state, cases, COUNT_OF(cases));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, world_free)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_kinds_of_changes), TEST(test_paths),
        TEST(test_metadata),         TEST(test_a_folder_that_comes_and_goes),
        TEST(test_many_at_once),     TEST(test_ends_in_the_middle),
        TEST(test_wrong_ones),
    };

    return cmocka_run_group_tests_name("file", tests, NULL, NULL);
}
