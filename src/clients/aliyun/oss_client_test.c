/*
 * Tests of the client of OSS against a bucket in memory that checks signatures: objects from
 * files and to files, in parts, lists over pages, checksums, rules, a server that dies
 * half-way, and what the service's errors mean.
 */
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "clients/aliyun/oss_client.h"
#include "tests/support/dying_server.h"
#include "tests/support/oss_server.h"

struct world {
    struct oss_server *server;
    struct oss_options options;
    struct oss_keys keys;
    struct oss_client *client;
    struct arena *a;
    struct err err;
};

static void restart(struct world *w)
{
    oss_client_free(w->client);
    w->client = oss_client_new(&w->options, &w->err);
    if (!w->client)
        fail_msg("%s", w->err.text);
}

static int set_up(void **state)
{
    struct world *w = NEW(struct world);

    w->server = oss_server_start();
    w->a = arena_new();
    w->keys = (struct oss_keys){.access_key = STR("AK"), .token = STR("")};
    secret_init(&w->keys.secret_key, STR("hidden"));
    w->options = (struct oss_options){.endpoint = str_from(w->server->store->endpoint),
                                      .bucket = STR("bucket"),
                                      .keys = &w->keys};
    restart(w);
    *state = w;
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;

    oss_client_free(w->client);
    secret_done(&w->keys.secret_key);
    oss_server_stop(w->server);
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

static int try_put(struct world *w, const char *key, struct str text)
{
    int fd = file_of(text), result = oss_put(w->client, w->a, str_from(key), fd, &w->err);

    close(fd);
    return result;
}

static void put(struct world *w, const char *key, struct str text)
{
    if (try_put(w, key, text) < 0)
        fail_msg("%s: %s", key, w->err.text);
}

static int try_get(struct world *w, const char *key, struct str *ret)
{
    int fd = file_of(STR("")), result = oss_get(w->client, w->a, str_from(key), fd, &w->err);
    char *bytes = arena_alloc_raw(w->a, 1 << 20);
    ssize_t len = pread(fd, bytes, 1 << 20, 0);

    close(fd);
    assert_true(len >= 0);
    *ret = str_of(bytes, (size_t) len);
    return result;
}

static struct str get(struct world *w, const char *key)
{
    struct str ret;

    if (try_get(w, key, &ret) < 0)
        fail_msg("%s: %s", key, w->err.text);
    return ret;
}

static void test_round_trips(void **state)
{
    static const char *const keys[] = {"plain",   "a/b/c",     "with space", "plus+",
                                       "perc%41", "q?x=1&y#z", "\xc3\xa9",   "a//b",
                                       "tilde~",  "a/../b",    "=@:$,;!'"};
    struct world *w = *state;

    for (size_t i = 0; i < COUNT_OF(keys); i++) {
        put(w, keys[i], str_from(keys[i]));
        if (!str_is(get(w, keys[i]), keys[i]))
            fail_msg("%s", keys[i]);
        assert_true(str_is(s3_server_text(w->server->store, keys[i]), keys[i]));
    }
    put(w, "empty", STR(""));
    assert_int_equal(get(w, "empty").len, 0);
    assert_int_equal(w->server->bad_signatures, 0);
}

static void test_replaces_and_deletes(void **state)
{
    struct world *w = *state;
    struct str ret;

    put(w, "k", STR("one"));
    put(w, "k", STR("two"));
    assert_true(str_is(get(w, "k"), "two"));
    assert_int_equal(oss_delete(w->client, w->a, STR("k"), &w->err), 0);
    assert_int_equal(oss_delete(w->client, w->a, STR("k"), &w->err), 0);
    assert_int_equal(try_get(w, "k", &ret), -1);
    assert_int_equal(w->err.kind, ERR_NOT_FOUND);
    assert_string_equal(w->err.text,
                        "OSS: GET of \"k\" in bucket bucket: status 404 NoSuchKey: told to");
}

static void test_in_parts(void **state)
{
    struct world *w = *state;
    char *bytes = arena_alloc_raw(w->a, 250000);

    for (size_t i = 0; i < 250000; i++)
        bytes[i] = (char) (i * 7 >> 3);
    w->options.part_bytes = 100000;
    restart(w);
    put(w, "big one", str_of(bytes, 250000));
    assert_int_equal(w->server->store->puts, 3);
    assert_true(str_eq(get(w, "big one"), str_of(bytes, 250000)));
    put(w, "just", str_of(bytes, 100000));
    assert_int_equal(w->server->store->puts, 4);
    assert_int_equal(w->server->store->aborts, 0);
    w->server->store->fails_parts = true;
    assert_int_equal(try_put(w, "bad", str_of(bytes, 250000)), -1);
    assert_int_equal(w->err.kind, ERR_TRANSIENT);
    assert_int_equal(w->server->store->aborts, 1);
    assert_true(str_is(s3_server_text(w->server->store, "bad"), "(none)"));
}

/* The service was away when its upload was to be taken back: the next try does that first. */
static void test_what_is_left_is_taken_back(void **state)
{
    struct world *w = *state;
    struct str bytes = str_of(arena_alloc(w->a, 250000), 250000);
    struct bucket_unfinished left = {.a = w->a};

    w->options.part_bytes = 100000;
    w->options.unfinished = &left;
    w->server->store->fails_parts = w->server->store->fails_aborts = true;
    restart(w);
    assert_int_equal(try_put(w, "big", bytes), -1);
    assert_int_equal(w->server->store->aborts, 0);
    assert_true(str_is(left.key, "big") && str_is(left.id, "the & id"));
    w->server->store->fails_parts = w->server->store->fails_aborts = false;
    restart(w);
    put(w, "big", bytes);
    assert_int_equal(w->server->store->aborts, 1);
    assert_true(str_is_empty(left.id));
}

static void test_checksums(void **state)
{
    struct world *w = *state;
    struct str ret;

    put(w, "k", STR("bytes"));
    w->server->is_wrong = true;
    assert_int_equal(try_get(w, "k", &ret), -1);
    assert_int_equal(w->err.kind, ERR_TRANSIENT);
    assert_string_equal(
        w->err.text, "OSS: the bytes of \"k\" in bucket bucket are not those of its checksum");
    assert_int_equal(try_put(w, "k", STR("bytes")), -1);
    assert_int_equal(w->err.kind, ERR_TRANSIENT);
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
    static const char *const keys[] = {"c", "d/1", "d/2", "d/3+ &", "d/4", "d/5", "e"};
    _cleanup_strbuf_ struct strbuf seen = STRBUF_INIT(4096);
    struct world *w = *state;

    for (size_t i = 0; i < COUNT_OF(keys); i++)
        s3_server_store(w->server->store, str_from(keys[i]), STR("x"));
    assert_int_equal(oss_list(w->client, STR("d/"), note, &seen, &w->err), 0);
    assert_true(str_is(strbuf_str(&seen), "d/1 d/2 d/3+ & d/4 d/5 "));
    strbuf_reset(&seen);
    assert_int_equal(oss_list(w->client, STR("nothing/"), note, &seen, &w->err), 0);
    assert_int_equal(seen.len, 0);
    put(w, "d/stop", STR("x"));
    assert_int_equal(oss_list(w->client, STR("d/"), note, &seen, &w->err), -1);
    assert_string_equal(w->err.text, "stopped");
}

static void test_tokens_and_wrong_keys(void **state)
{
    struct world *w = *state;
    struct str ret;

    w->server->token = "session token";
    assert_int_equal(try_get(w, "k", &ret), -1);
    assert_int_equal(w->err.kind, ERR_UNAUTHORIZED);
    w->keys.token = STR("session token");
    put(w, "k", STR("x"));
    secret_done(&w->keys.secret_key);
    secret_init(&w->keys.secret_key, STR("sesame"));
    assert_int_equal(try_put(w, "k", STR("y")), -1);
    assert_int_equal(w->err.kind, ERR_UNAUTHORIZED);
    assert_null(strstr(w->err.text, "sesame"));
    assert_null(strstr(w->err.text, "session"));
    assert_true(str_is(s3_server_text(w->server->store, "k"), "x"));
}

static void test_errors(void **state)
{
    static const struct {
        const char *key;
        enum err_kind kind;
        const char *text;
    } cases[] = {
        {"busy", ERR_TRANSIENT, "ServiceBusy"}, {"denied", ERR_DENIED, "AccessDenied"},
        {"none", ERR_NOT_FOUND, "NoSuchKey"},   {"", ERR_INVALID, "no object \"\""},
        {".", ERR_INVALID, "no object \".\""},  {"..", ERR_INVALID, "no object \"..\""},
    };
    struct world *w = *state;
    struct str ret;

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        assert_int_equal(try_get(w, cases[i].key, &ret), -1);
        if (w->err.kind != cases[i].kind || !strstr(w->err.text, cases[i].text))
            fail_msg("%s: %d %s", cases[i].key, w->err.kind, w->err.text);
    }
    assert_int_equal(oss_delete(w->client, w->a, STR(".."), &w->err), -1);
    w->server->store->has_no_bucket = true;
    assert_int_equal(try_get(w, "k", &ret), -1);
    assert_int_equal(w->err.kind, ERR_INVALID);
    assert_non_null(strstr(w->err.text, "NoSuchBucket"));
    assert_int_equal(oss_make_bucket(w->client, w->a, &w->err), 0);
    assert_int_equal(oss_make_bucket(w->client, w->a, &w->err), 0);
    put(w, "k", STR("x"));
}

static void test_rules(void **state)
{
    struct world *w = *state;

    assert_int_equal(oss_keep_rule(w->client, w->a, &w->err), 0); /* no days */
    snprintf(w->server->lifecycle, sizeof(w->server->lifecycle), "%s",
             "<LifecycleConfiguration><Rule><ID>theirs</ID></Rule></LifecycleConfiguration>");
    w->options.days_until_infrequent = 30;
    w->options.days_until_deletion = 90;
    restart(w);
    for (int i = 0; i < 2; i++)
        assert_int_equal(oss_keep_rule(w->client, w->a, &w->err), 0);
    assert_int_equal(w->server->rule_puts, 1);
    assert_string_equal(
        w->server->lifecycle,
        "<LifecycleConfiguration><Rule><ID>theirs</ID></Rule><Rule><ID>tiphys-ia30-del90</ID>"
        "<Prefix></Prefix><Tag><Key>tiphys-lifecycle</Key><Value>ia30-del90</Value></Tag>"
        "<Status>Enabled</Status><Transition><Days>30</Days><StorageClass>IA</StorageClass>"
        "</Transition><Expiration><Days>90</Days></Expiration></Rule>"
        "</LifecycleConfiguration>");
    put(w, "k", STR("x"));
    assert_string_equal(w->server->tag, "tiphys-lifecycle=ia30-del90");
    w->server->lifecycle[0] = '\0';
    assert_int_equal(oss_keep_rule(w->client, w->a, &w->err), 0);
    assert_int_equal(w->server->rule_puts, 2);
}

static void test_what_cannot_be(void **state)
{
    static const struct {
        const char *endpoint, *bucket;
        int64_t infrequent, deletion;
        const char *text;
    } cases[] = {
        {"https://u:hidden@h", "buc", 0, 0, "must be a host"},
        {"h/path", "buc", 0, 0, "must be a host"},
        {"h", "b", 0, 0, "oss.bucket \"b\""},
        {"h", "evil.com/x", 0, 0, "oss.bucket"},
        {"h", "buc", 30, 30, "must be smaller"},
        {"h", "buc", -1, 0, "must be smaller"},
    };

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const struct oss_options options = {.endpoint = str_from(cases[i].endpoint),
                                            .bucket = str_from(cases[i].bucket),
                                            .days_until_infrequent = cases[i].infrequent,
                                            .days_until_deletion = cases[i].deletion};
        struct err err;

        assert_null(oss_client_new(&options, &err));
        if (err.kind != ERR_INVALID || !strstr(err.text, cases[i].text) ||
            strstr(err.text, "hidden"))
            fail_msg("%s", err.text);
    }
}

/* ---- a server that dies half-way ---- */

#define PARTIAL(headers)                                                         \
    "HTTP/1.1 206 Partial Content\r\nContent-Length: 5\r\nContent-Range: bytes " \
    "4-8/9\r\nConnection: close\r\n" headers "\r\n"

/* Gives the beginning of an object, and its rest as @rest says, a connection each. */
static void die_half_way(struct world *w, struct dying *d, const char *rest)
{
    dying_start(d, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\nConnection: close\r\n\r\n1234",
                rest);
    w->options.endpoint = str_from(d->endpoint);
    restart(w);
}

static void test_goes_on_where_it_was(void **state)
{
    struct world *w = *state;
    struct dying d;
    struct str ret;

    /* The checksum is the one that all catalogues of CRC-64/XZ give for these bytes. */
    die_half_way(w, &d, PARTIAL("x-oss-hash-crc64ecma: 11051210869376104954\r\n") "56789");
    if (try_get(w, "k", &ret) < 0)
        fail_msg("%s", w->err.text);
    dying_stop(&d);
    assert_true(str_is(ret, "123456789"));
    assert_null(strstr(d.asked[0], "Range"));
    assert_non_null(strstr(d.asked[1], "Range: bytes=4-\r\n"));
}

/* At a name, which this machine answers for itself, the bucket stands before it. */
static void test_bucket_in_the_host(void **state)
{
    struct world *w = *state;
    struct dying d;
    struct str ret;

    die_half_way(w, &d, PARTIAL("x-oss-hash-crc64ecma: 11051210869376104954\r\n") "56789");
    w->options.endpoint = str_printf(w->a, "oss.localhost%s", strchr(d.endpoint, ':'));
    restart(w);
    if (try_get(w, "d/k", &ret) < 0)
        fail_msg("%s", w->err.text);
    dying_stop(&d);
    assert_true(str_is(ret, "123456789"));
    assert_non_null(strstr(d.asked[0], "GET /d%2Fk HTTP/1.1\r\nHost: bucket.oss.localhost:"));
}

static void test_does_not_mix_objects(void **state)
{
    static const char *const rests[] = {
        PARTIAL("x-oss-hash-crc64ecma: 1\r\n") "56789", /* of another object */
        PARTIAL("") "56789",                            /* who knows? */
        PARTIAL(""),                                    /* dies again, with nothing */
        "HTTP/1.1 200 OK\r\nContent-Length: 9\r\nConnection: close\r\n\r\n123456789",
        "HTTP/1.1 503 Busy\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
    };
    struct world *w = *state;

    for (size_t i = 0; i < COUNT_OF(rests); i++) {
        struct dying d;
        struct str ret;

        die_half_way(w, &d, rests[i]);
        assert_int_equal(try_get(w, "k", &ret), -1);
        dying_stop(&d);
        if (w->err.kind != ERR_TRANSIENT)
            fail_msg("%zu: %s", i, w->err.text);
    }
}

static void test_nobody_there(void **state)
{
    struct world *w = *state;
    struct str ret;

    w->options.endpoint = STR("127.0.0.1:1");
    restart(w);
    assert_int_equal(try_get(w, "k", &ret), -1);
    assert_int_equal(w->err.kind, ERR_TRANSIENT);
    w->options.endpoint = STR("http://169.254.169.254/");
    restart(w);
    assert_int_equal(try_get(w, "k", &ret), -1);
    assert_int_equal(w->err.kind, ERR_DENIED);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_round_trips),
        TEST(test_replaces_and_deletes),
        TEST(test_in_parts),
        TEST(test_what_is_left_is_taken_back),
        TEST(test_checksums),
        TEST(test_lists_over_pages),
        TEST(test_tokens_and_wrong_keys),
        TEST(test_errors),
        TEST(test_rules),
        cmocka_unit_test(test_what_cannot_be),
        TEST(test_goes_on_where_it_was),
        TEST(test_bucket_in_the_host),
        TEST(test_does_not_mix_objects),
        TEST(test_nobody_there),
    };

    return cmocka_run_group_tests_name("oss_client", tests, NULL, NULL);
}
