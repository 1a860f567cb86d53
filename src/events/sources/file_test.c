/*
 * File sources on real folders, a real loop and bus: each kind of change, paths and
 * expressions, folders that come and go, many changes at once, wrong ones.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "events/sources/source_internal.h"
#include "formats/base64.h"

enum { TURNS_MAX = 2000, EVENTS_MAX = 1000 };

struct world {
    char path[64];
    struct str folder; /* that is watched */
    struct loop *loop;
    struct bus *bus;
    struct bus_consumer *consumer;
    struct arena *a;
    struct source *source;
    bool is_ended;
    size_t count;
    struct str payloads[EVENTS_MAX];
};

static void on_deliver(void *ctx, const struct bus_record *records, size_t count)
{
    struct world *w = ctx;

    for (size_t i = 0; i < count; i++) {
        struct json event;
        struct err err;

        assert_true(w->count < EVENTS_MAX);
        assert_int_equal(json_parse(w->a, str_copy(w->a, records[i].payload), &event, &err), 0);
        assert_int_equal(base64_decode(w->a, json_get_str(&event, STR("data_base64")),
                                       &w->payloads[w->count++], &err),
                         0);
        bus_ack(w->consumer, records[i].seq);
    }
}

static int setup(void **state)
{
    static const struct bus_subject subject = {STR_INIT("es"), STR_INIT("e")};
    struct world *w = NEW(struct world);
    const struct bus_consumer_options consumer = {.name = STR("t"),
                                                  .ns = STR("argo"),
                                                  .subjects = &subject,
                                                  .subject_count = 1,
                                                  .ctx = w,
                                                  .deliver = on_deliver};
    struct err err;

    snprintf(w->path, sizeof(w->path), "/tmp/tiphys-file-XXXXXX");
    assert_non_null(mkdtemp(w->path));
    log_setup(LOG_FORMAT_TEXT, LOG_LEVEL_ERROR, open("/dev/null", O_WRONLY | O_CLOEXEC));
    w->a = arena_new();
    w->folder = str_printf(w->a, "%s/in", w->path);
    assert_int_equal(mkdir(w->folder.ptr, 0700), 0);
    w->loop = loop_new(&err);
    w->bus = bus_open(&(struct bus_options){.path = w->path, .loop = w->loop}, &err);
    assert_non_null(w->bus);
    w->consumer = bus_consumer_open(w->bus, &consumer, &err);
    *state = w;
    return 0;
}

static void on_ended(void *ctx, struct source *src)
{
    source_free(src);
    ((struct world *) ctx)->is_ended = true;
}

/* "DIR" stands for the folder. */
static struct json spec_of(struct world *w, const char *text)
{
    struct str rest = str_from(text);
    size_t at = str_find(rest, STR("DIR"));
    struct json v;
    struct err err;

    if (at != SIZE_MAX)
        rest = str_printf(w->a, STR_FMT STR_FMT STR_FMT, STR_ARG(str_head(rest, at)),
                          STR_ARG(w->folder), STR_ARG(str_skip(rest, at + 3)));
    if (json_parse(w->a, rest, &v, &err) < 0)
        fail_msg("%s", err.text);
    return v;
}

static int begin(struct world *w, const char *text, struct err *err)
{
    struct json spec = spec_of(w, text);
    const struct source_setup setup = {.driver = source_driver_find(STR("file")),
                                       .bus = w->bus,
                                       .loop = w->loop,
                                       .name = STR("es"),
                                       .event = STR("e"),
                                       .ns = STR("argo"),
                                       .space = STR("argo"),
                                       .spec = &spec,
                                       .on_ended = on_ended,
                                       .ctx = w};

    w->is_ended = false;
    w->source = source_new(&setup);
    if (source_start(w->source, err) == 0)
        return 0;
    source_free(TAKE(w->source));
    return -1;
}

static void start(struct world *w, const char *text)
{
    struct err err;

    if (begin(w, text, &err) < 0)
        fail_msg("%s", err.text);
}

static void end(struct world *w)
{
    if (!w->source)
        return;
    source_end(TAKE(w->source));
    for (int i = 0; i < TURNS_MAX && !w->is_ended; i++)
        loop_run_once(w->loop, 5);
    assert_true(w->is_ended);
}

static int teardown(void **state)
{
    struct world *w = *state;
    char command[100];

    end(w);
    bus_consumer_close(w->consumer);
    bus_close(w->bus);
    for (int i = 0; i < 5; i++)
        loop_run_once(w->loop, 1);
    loop_free(w->loop);
    arena_free(w->a);
    snprintf(command, sizeof(command), "rm -rf %s", w->path);
    assert_int_equal(system(command), 0); /* NOLINT: a folder of ours */
    log_setup(LOG_FORMAT_TEXT, LOG_LEVEL_INFO, STDERR_FILENO);
    free(w);
    return 0;
}

static void turn(struct world *w, int ms)
{
    for (int i = 0; i < ms / 5; i++)
        loop_run_once(w->loop, 5);
}

/* Waits until so many events came, and a little for more. */
static void expect(struct world *w, size_t count)
{
    for (int i = 0; i < TURNS_MAX && w->count < count; i++)
        loop_run_once(w->loop, 5);
    turn(w, 50);
    assert_int_equal(w->count, count);
}

static const char *path_of(struct world *w, const char *name)
{
    return str_printf(w->a, STR_FMT "/%s", STR_ARG(w->folder), name).ptr;
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
                           STR_ARG(w->folder), cases[i].names[k], cases[i].op);

            if (!str_eq(w->payloads[k], want))
                fail_msg("case %zu: " STR_FMT, i, STR_ARG(w->payloads[k]));
        }
        end(w);
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
        turn(w, 30);
        for (int k = 0; k < TURNS_MAX && w->count < cases[i].count; k++)
            loop_run_once(w->loop, 5);
        if (w->count != cases[i].count)
            fail_msg("case %zu: %zu events", i, w->count);
        end(w);
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
    const char *folder = w->folder.ptr;

    assert_int_equal(rmdir(folder), 0);
    start(w, "{\"eventType\":\"CREATE\"," ALL "}");
    turn(w, 50);
    assert_int_equal(mkdir(folder, 0700), 0);
    turn(w, 2200);
    write_file(w, "f1", "");
    expect(w, 1);
    assert_int_equal(unlink(path_of(w, "f1")), 0);
    assert_int_equal(rmdir(folder), 0);
    turn(w, 50);
    assert_int_equal(mkdir(folder, 0700), 0);
    turn(w, 2200);
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
    end(w);
    write_file(w, "f", "");
    turn(w, 50);
    assert_true(w->count <= 200);
}

static void test_wrong_ones(void **state)
{
    static const struct {
        const char *spec, *error;
    } cases[] = {
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
    struct world *w = *state;

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct err err;

        if (begin(w, cases[i].spec, &err) == 0 || strcmp(err.text, cases[i].error) != 0)
            fail_msg("case %zu: %s", i, err.text);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

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
