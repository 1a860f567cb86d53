/*
 * Tests of the S3 client against a bucket in memory: objects from files and to files, in parts,
 * lists over pages, buckets, and what the service's errors mean.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "clients/aws/s3_client.h"
#include "tests/support/s3_server.h"

struct world {
    struct s3_server *server;
    struct s3_options options;
    struct s3_client *client;
    struct arena *a;
    struct err err;
};

static int set_up(void **state)
{
    struct world *w = NEW(struct world);

    w->server = s3_server_start();
    w->a = arena_new();
    w->options = (struct s3_options){.endpoint = str_from(w->server->endpoint),
                                     .is_plain = true,
                                     .bucket = STR("bucket"),
                                     .region = STR(""),
                                     .keys.access_key = STR("AK"),
                                     .keys.session_token = STR("")};
    secret_init(&w->options.keys.secret_key, STR("hidden"));
    w->client = s3_client_new(&w->options);
    *state = w;
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;

    s3_client_free(w->client);
    secret_done(&w->options.keys.secret_key);
    s3_server_stop(w->server);
    arena_free(w->a);
    free(w);
    return 0;
}

static int file_of(struct str text)
{
    FILE *file = tmpfile();
    int fd;

    assert_non_null(file);
    fd = dup(fileno(file));
    fclose(file);
    assert_int_equal(write(fd, text.ptr, text.len), text.len);
    return fd;
}

static void put(struct world *w, const char *key, struct str text)
{
    int fd = file_of(text);

    if (s3_put(w->client, w->a, str_from(key), fd, &w->err) < 0)
        fail_msg("%s: %s", key, w->err.text);
    close(fd);
}

static struct str get(struct world *w, const char *key)
{
    int fd = file_of(STR(""));
    char *bytes = arena_alloc_raw(w->a, 1 << 20);
    ssize_t len;

    if (s3_get(w->client, w->a, str_from(key), fd, &w->err) < 0)
        fail_msg("%s: %s", key, w->err.text);
    len = pread(fd, bytes, 1 << 20, 0);
    close(fd);
    assert_true(len >= 0);
    return str_of(bytes, (size_t) len);
}

static void test_round_trips(void **state)
{
    static const char *const keys[] = {"plain",   "a/b/c",        "with space", "plus+",
                                       "perc%41", "q?x=1&y#z",    "\xc3\xa9",   "a//b",
                                       "tilde~",  "star*(paren)", "=@:$,;!'"};
    struct world *w = *state;

    for (size_t i = 0; i < COUNT_OF(keys); i++) {
        put(w, keys[i], str_from(keys[i]));
        if (!str_is(get(w, keys[i]), keys[i]))
            fail_msg("%s", keys[i]);
        assert_true(str_is(s3_server_text(w->server, keys[i]), keys[i]));
    }
    put(w, "empty", STR(""));
    assert_int_equal(get(w, "empty").len, 0);
}

static void test_replaces_and_deletes(void **state)
{
    struct world *w = *state;

    put(w, "k", STR("one"));
    put(w, "k", STR("two"));
    assert_true(str_is(get(w, "k"), "two"));
    assert_int_equal(s3_delete(w->client, w->a, STR(""), &w->err), -1); /* not the bucket */
    assert_int_equal(s3_delete(w->client, w->a, STR("k"), &w->err), 0);
    assert_int_equal(s3_delete(w->client, w->a, STR("k"), &w->err), 0);
    assert_int_equal(s3_get(w->client, w->a, STR("k"), STDERR_FILENO, &w->err), -1);
    assert_int_equal(w->err.kind, ERR_NOT_FOUND);
    assert_string_equal(w->err.text, "S3: GET of \"k\" in bucket bucket: status 404 "
                                     "NoSuchKey: told to");
}

static void test_in_parts(void **state)
{
    struct world *w = *state;
    char *bytes = arena_alloc_raw(w->a, 250000);

    for (size_t i = 0; i < 250000; i++)
        bytes[i] = (char) (i * 7 >> 3);
    s3_client_free(w->client);
    w->options.part_bytes = 100000;
    w->client = s3_client_new(&w->options);
    put(w, "big", str_of(bytes, 250000));
    assert_int_equal(w->server->puts, 3);
    assert_true(str_eq(get(w, "big"), str_of(bytes, 250000)));
    put(w, "just", str_of(bytes, 100000));
    assert_int_equal(w->server->puts, 4);
    assert_int_equal(w->server->aborts, 0);
}

static void test_what_fails_is_aborted(void **state)
{
    struct world *w = *state;
    char *bytes = memset(arena_alloc_raw(w->a, 250), 0, 250);
    int fd = file_of(str_of(bytes, 250));

    s3_client_free(w->client);
    w->options.part_bytes = 100;
    w->client = s3_client_new(&w->options);
    w->server->fails_parts = true;
    assert_int_equal(s3_put(w->client, w->a, STR("big"), fd, &w->err), -1);
    assert_int_equal(w->err.kind, ERR_TRANSIENT);
    assert_int_equal(w->server->aborts, 1);
    assert_true(str_is(s3_server_text(w->server, "big"), "(none)"));
    close(fd);
}

/* The service was away when its upload was to be taken back: the next try does that first. */
static void test_what_is_left_is_taken_back(void **state)
{
    struct world *w = *state;
    char *bytes = memset(arena_alloc_raw(w->a, 250), 0, 250);
    int fd = file_of(str_of(bytes, 250));
    struct bucket_unfinished left = {.a = w->a};

    w->options.part_bytes = 100;
    w->options.unfinished = &left;
    w->server->fails_parts = w->server->fails_aborts = true;
    for (unsigned i = 0; i < 2; i++) {
        s3_client_free(w->client);
        w->client = s3_client_new(&w->options);
        assert_int_equal(s3_put(w->client, w->a, STR("big"), fd, &w->err), -1);
        assert_true(str_is(left.key, "big"));
        assert_true(str_is(left.id, "the & id"));
    }
    assert_int_equal(w->server->aborts, 0);
    w->server->fails_parts = w->server->fails_aborts = false;
    s3_client_free(w->client);
    w->client = s3_client_new(&w->options);
    assert_int_equal(s3_put(w->client, w->a, STR("big"), fd, &w->err), 0);
    assert_int_equal(w->server->aborts, 1);
    assert_true(str_is_empty(left.id));
    assert_int_equal(s3_put(w->client, w->a, STR("big"), fd, &w->err), 0);
    assert_int_equal(w->server->aborts, 1);
    close(fd);
}

static int note(void *ctx, struct arena *a, struct str key, struct err *err)
{
    (void) a;
    if (str_is(key, "d/stop"))
        return err_set(err, ERR_CANCELLED, "stopped");
    strbuf_addf(ctx, STR_FMT " ", STR_ARG(key));
    return 0;
}

static void test_lists_over_pages(void **state)
{
    static const char *const keys[] = {"c", "d/1", "d/2", "d/3", "d/4", "d/5", "e"};
    _cleanup_strbuf_ struct strbuf seen = STRBUF_INIT(4096);
    struct world *w = *state;

    for (size_t i = 0; i < COUNT_OF(keys); i++)
        put(w, keys[i], STR("x"));
    assert_int_equal(s3_list(w->client, STR("d/"), note, &seen, &w->err), 0);
    assert_true(str_is(strbuf_str(&seen), "d/1 d/2 d/3 d/4 d/5 "));
    strbuf_reset(&seen);
    assert_int_equal(s3_list(w->client, STR("nothing/"), note, &seen, &w->err), 0);
    assert_int_equal(seen.len, 0);
    put(w, "d/stop", STR("x"));
    assert_int_equal(s3_list(w->client, STR("d/"), note, &seen, &w->err), -1);
    assert_string_equal(w->err.text, "stopped");
}

static void test_errors(void **state)
{
    static const struct {
        const char *key;
        enum err_kind kind;
        const char *text;
    } cases[] = {
        {"slow", ERR_TRANSIENT, "SlowDown"},  {"denied", ERR_DENIED, "AccessDenied"},
        {"none", ERR_NOT_FOUND, "NoSuchKey"}, {"a/../b", ERR_INVALID, "\"..\" part"},
        {"..", ERR_INVALID, "\"..\" part"},   {"./a", ERR_INVALID, "\"..\" part"},
    };
    struct world *w = *state;

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        assert_int_equal(s3_get(w->client, w->a, str_from(cases[i].key), 2, &w->err), -1);
        if (w->err.kind != cases[i].kind || !strstr(w->err.text, cases[i].text) ||
            strstr(w->err.text, "hidden"))
            fail_msg("%s: %d %s", cases[i].key, w->err.kind, w->err.text);
    }
    w->server->has_no_bucket = true;
    assert_int_equal(s3_get(w->client, w->a, STR("k"), 2, &w->err), -1);
    assert_int_equal(w->err.kind, ERR_INVALID);
    assert_non_null(strstr(w->err.text, "NoSuchBucket"));
    assert_int_equal(s3_list(w->client, STR("p"), NULL, NULL, &w->err), -1);
    assert_non_null(strstr(w->err.text, "list \"p\": S3: GET of bucket "));
}

static void test_nobody_there(void **state)
{
    struct world *w = *state;

    s3_client_free(w->client);
    w->options.endpoint = STR("127.0.0.1:1");
    w->client = s3_client_new(&w->options);
    assert_int_equal(s3_get(w->client, w->a, STR("k"), 2, &w->err), -1);
    assert_int_equal(w->err.kind, ERR_TRANSIENT);
    s3_client_free(w->client);
    w->options.endpoint = STR("169.254.169.254");
    w->client = s3_client_new(&w->options);
    assert_int_equal(s3_get(w->client, w->a, STR("k"), 2, &w->err), -1);
    assert_int_equal(w->err.kind, ERR_DENIED);
}

static void test_makes_its_bucket(void **state)
{
    struct world *w = *state;

    w->server->has_no_bucket = true;
    assert_int_equal(s3_make_bucket(w->client, w->a, S3_BUCKET_OBJECT_LOCKS, &w->err), 0);
    assert_false(w->server->has_no_bucket);
    assert_int_equal(s3_make_bucket(w->client, w->a, S3_BUCKET_UNLOCKED, &w->err), 0);
    put(w, "k", STR("x"));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_round_trips),
        TEST(test_replaces_and_deletes),
        TEST(test_in_parts),
        TEST(test_what_fails_is_aborted),
        TEST(test_what_is_left_is_taken_back),
        TEST(test_lists_over_pages),
        TEST(test_errors),
        TEST(test_nobody_there),
        TEST(test_makes_its_bucket),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
