/* Tests of the client of Google Cloud Storage: what it asks, lists over pages, errors. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/secret_cache.h"
#include "clients/gcp/gcs_client.h"
#include "tests/support/canned_server.h"

struct world {
    struct canned_server *server;
    struct gcs_client *client;
    struct arena *a;
    struct err err;
};

static int set_up(void **state)
{
    struct world *w = NEW(struct world);
    struct gcs_options options = {.bucket = STR("b/1"), .key = STR("")};

    w->server = canned_start();
    w->server->shows = "Authorization";
    w->a = arena_new();
    options.endpoint = str_from(w->server->base);
    w->client = gcs_client_new(&options);
    *state = w;
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;

    secret_cache_clear();
    gcs_client_free(w->client);
    canned_stop(w->server);
    arena_free(w->a);
    free(w);
    return 0;
}

static int file_of(const char *text)
{
    FILE *file = tmpfile();
    int fd = dup(fileno(file));

    fclose(file);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    return fd;
}

static void test_put_and_get(void **state)
{
    struct world *w = *state;
    int from = file_of("some text"), to = file_of("");
    char text[16] = "";

    canned_answer(w->server, 200, "{\"name\":\"a/b c\",\"size\":\"9\"}");
    canned_answer(w->server, 200, "some text");
    canned_answer(w->server, 204, "");
    assert_int_equal(gcs_put(w->client, w->a, STR("a/b c+"), from, &w->err), 0);
    assert_string_equal(
        w->server->seen[0],
        "POST /upload/storage/v1/b/b%2F1/o?uploadType=media&name=a%2Fb%20c%2B []"
        " some text");
    assert_int_equal(gcs_get(w->client, w->a, STR("a/b"), to, &w->err), 0);
    assert_string_equal(w->server->seen[1], "GET /storage/v1/b/b%2F1/o/a%2Fb?alt=media [] ");
    assert_int_equal(pread(to, text, sizeof(text), 0), 9);
    assert_string_equal(text, "some text");
    assert_int_equal(gcs_delete(w->client, w->a, STR("k"), &w->err), 0);
    assert_string_equal(w->server->seen[2], "DELETE /storage/v1/b/b%2F1/o/k [] ");
    assert_int_equal(gcs_delete(w->client, w->a, STR("k"), &w->err), 0); /* 404 */
    close(from);
    close(to);
}

/* The connection broke, and the service took what it had. */
static void test_half_an_object(void **state)
{
    struct world *w = *state;
    int from = file_of("some text");

    canned_answer(w->server, 200, "{\"size\":\"4\"}");
    canned_answer(w->server, 200, "<html>");
    assert_int_equal(gcs_put(w->client, w->a, STR("k"), from, &w->err), -1);
    assert_string_equal(w->err.text, "GCS: \"k\" was stored with 4 bytes of 9");
    assert_int_equal(w->err.kind, ERR_TRANSIENT);
    assert_int_equal(gcs_put(w->client, w->a, STR("k"), from, &w->err), -1);
    assert_int_equal(w->err.kind, ERR_TRANSIENT);
    close(from);
}

/* A client that sends ten bytes at a time; its server gives it an upload. */
static struct gcs_client *chunk_client(struct world *w)
{
    const struct gcs_options options = {.bucket = STR("b"),
                                        .key = STR(""),
                                        .endpoint = str_from(w->server->base),
                                        .chunk_bytes = 10};

    w->server->shows = "Content-Range";
    canned_answer(w->server, 200, "");
    w->server->answers[w->server->answer_count - 1].header = (struct http_header){
        STR("Location"), str_printf(w->a, "%s/up?upload_id=1", w->server->base)};
    return gcs_client_new(&options);
}

static void go_on(struct world *w, const char *range)
{
    canned_answer(w->server, 308, "");
    if (range)
        w->server->answers[w->server->answer_count - 1].header =
            (struct http_header){STR("Range"), str_from(range)};
}

static void test_chunks(void **state)
{
    static const char *const seen[] = {
        "POST /upload/storage/v1/b/b/o?uploadType=resumable&name=k%2F1 [] ",
        "PUT /up?upload_id=1 [bytes 0-9/25] abcdefghij",
        "PUT /up?upload_id=1 [bytes 10-19/25] klmnopqrst", /* of which it took half */
        "PUT /up?upload_id=1 [bytes 15-24/25] pqrstuvwxy", /* 503 */
        "PUT /up?upload_id=1 [bytes 15-24/25] pqrstuvwxy",
    };
    struct world *w = *state;
    struct gcs_client *c = chunk_client(w);
    int from = file_of("abcdefghijklmnopqrstuvwxy");

    go_on(w, "bytes=0-9");
    go_on(w, "bytes=0-14");
    canned_answer(w->server, 503, "");
    canned_answer(w->server, 200, "{\"size\":\"25\"}");
    assert_int_equal(gcs_put(c, w->a, STR("k/1"), from, &w->err), 0);
    assert_int_equal(w->server->asked, COUNT_OF(seen));
    for (size_t i = 0; i < COUNT_OF(seen); i++)
        assert_string_equal(w->server->seen[i], seen[i]);
    close(from);
    gcs_client_free(c);
}

/* What ends an upload in chunks: it is cancelled, and begun anew by whoever asked. */
static void test_chunks_that_fail(void **state)
{
    static const struct {
        unsigned status;
        const char *range, *body, *text;
        enum err_kind kind;
    } cases[] = {
        {404, NULL, "", "GCS: PUT of \"k\" in bucket b: status 404", ERR_TRANSIENT},
        {410, NULL, "", "GCS: PUT of \"k\" in bucket b: status 410", ERR_TRANSIENT},
        {403, NULL, "", "GCS: PUT of \"k\" in bucket b: status 403", ERR_DENIED},
        {308, NULL, "",
         "GCS: 10 bytes of \"k\" were sent, and the service has stored 0 and wants more",
         ERR_TRANSIENT},
        {308, "bytes=0-10", "",
         "GCS: 10 bytes of \"k\" were sent, and the service has stored 11 and wants more",
         ERR_TRANSIENT},
        {308, "bytes=5-9", "",
         "GCS: 10 bytes of \"k\" were sent, and the service has stored 0 and wants more",
         ERR_TRANSIENT},
        {200, NULL, "{\"size\":\"10\"}", "GCS: \"k\" was stored with 10 bytes of 11",
         ERR_TRANSIENT},
    };
    struct world *w = *state;
    int from = file_of("abcdefghijk");

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct gcs_client *c = chunk_client(w);

        canned_answer(w->server, cases[i].status, cases[i].body);
        if (cases[i].range)
            w->server->answers[w->server->answer_count - 1].header =
                (struct http_header){STR("Range"), str_from(cases[i].range)};
        canned_answer(w->server, 499, "");
        assert_int_equal(gcs_put(c, w->a, STR("k"), from, &w->err), -1);
        assert_string_equal(w->err.text, cases[i].text);
        assert_int_equal(w->err.kind, cases[i].kind);
        assert_string_equal(w->server->seen[w->server->asked - 1],
                            "DELETE /up?upload_id=1 [] ");
        gcs_client_free(c);
    }
    close(from);
}

static void test_no_upload(void **state)
{
    struct world *w = *state;
    struct gcs_client *c = chunk_client(w);
    int from = file_of("abcdefghijk");

    w->server->answers[0].header = (struct http_header){STR("Range"), STR("none")};
    assert_int_equal(gcs_put(c, w->a, STR("k"), from, &w->err), -1);
    assert_string_equal(w->err.text, "GCS gave no upload for \"k\"");
    assert_int_equal(w->server->asked, 1);
    close(from);
    gcs_client_free(c);
}

static int count_one(void *ctx, struct arena *a, struct str key, struct err *err)
{
    unsigned *count = ctx;

    (void) a;
    if (str_is(key, "stop"))
        return err_set(err, ERR_LIMIT, "enough");
    assert_true(str_starts(key, STR("d/")));
    (*count)++;
    return 0;
}

static void test_lists(void **state)
{
    struct world *w = *state;
    unsigned count = 0;

    canned_answer(
        w->server, 200,
        "{\"items\":[{\"name\":\"d/1\"},{\"name\":\"d/2\"}],\"nextPageToken\":\"t/\"}");
    canned_answer(w->server, 200, "{\"items\":[{\"name\":\"d/3\"}]}");
    canned_answer(w->server, 200, "{}");
    canned_answer(w->server, 200, "{\"items\":[{\"name\":\"stop\"}],\"nextPageToken\":\"t\"}");
    assert_int_equal(gcs_list(w->client, STR("d/"), count_one, &count, &w->err), 0);
    assert_int_equal(count, 3);
    assert_string_equal(
        w->server->seen[1],
        "GET /storage/v1/b/b%2F1/o?fields=items(name),nextPageToken&prefix=d%2F&"
        "pageToken=t%2F [] ");
    assert_int_equal(gcs_list(w->client, STR("d/"), count_one, &count, &w->err), 0);
    assert_int_equal(gcs_list(w->client, STR("d/"), count_one, &count, &w->err), -1);
    assert_string_equal(w->err.text, "enough");
    assert_int_equal(w->server->asked, 4);
}

static void test_errors(void **state)
{
    static const struct {
        unsigned status;
        const char *body, *text;
        enum err_kind kind;
    } cases[] = {
        {404, "{\"error\":{\"message\":\"No such object\"}}",
         "GCS: GET of \"k\" in bucket b/1: status 404: No such object", ERR_NOT_FOUND},
        {404, "Not Found\n", "GCS: GET of \"k\" in bucket b/1: status 404: Not Found",
         ERR_NOT_FOUND},
        {401, "", "GCS: GET of \"k\" in bucket b/1: status 401", ERR_UNAUTHORIZED},
        {403, "", "GCS: GET of \"k\" in bucket b/1: status 403", ERR_DENIED},
        {429, "", "GCS: GET of \"k\" in bucket b/1: status 429", ERR_TRANSIENT},
        {503, "", "GCS: GET of \"k\" in bucket b/1: status 503", ERR_TRANSIENT},
        {400, "", "GCS: GET of \"k\" in bucket b/1: status 400", ERR_INVALID},
    };
    struct world *w = *state;

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        canned_answer(w->server, cases[i].status, cases[i].body);
        assert_int_equal(gcs_get(w->client, w->a, STR("k"), STDERR_FILENO, &w->err), -1);
        assert_string_equal(w->err.text, cases[i].text);
        assert_int_equal(w->err.kind, cases[i].kind);
    }
}

static void test_with_a_token(void **state)
{
    struct world *w = *state;
    const struct gcs_options options = {
        .bucket = STR("b"),
        .endpoint = str_from(w->server->base),
        .key = str_printf(w->a,
                          "{\"type\":\"authorized_user\",\"token_uri\":\"%s/t\","
                          "\"refresh_token\":\"hidden\"}",
                          w->server->base)};
    struct gcs_client *c = gcs_client_new(&options);

    canned_answer(w->server, 200, "{\"access_token\":\"tok\",\"expires_in\":3600}");
    canned_answer(w->server, 204, "");
    canned_answer(w->server, 204, "");
    assert_int_equal(gcs_delete(c, w->a, STR("k"), &w->err), 0);
    assert_int_equal(gcs_delete(c, w->a, STR("k"), &w->err), 0);
    assert_string_equal(w->server->seen[1], "DELETE /storage/v1/b/b/o/k [Bearer tok] ");
    assert_int_equal(w->server->asked, 3);
    gcs_client_free(c);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_put_and_get),      TEST(test_half_an_object), TEST(test_lists),
        TEST(test_errors),           TEST(test_with_a_token),   TEST(test_chunks),
        TEST(test_chunks_that_fail), TEST(test_no_upload),
    };

    return cmocka_run_group_tests_name("gcs_client", tests, NULL, NULL);
}
