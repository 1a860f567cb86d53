/* Tests of the client of Azure's blobs: what it asks, blocks, lists over pages, errors. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "clients/azure/blob_client.h"
#include "tests/support/canned_server.h"

struct world {
    struct canned_server *server;
    struct blob_client *client;
    struct secret key;
    struct arena *a;
    struct err err;
};

static int set_up(void **state)
{
    struct world *w = NEW(struct world);
    struct blob_options options = {.container = STR("con"), .block_bytes = 4};

    w->server = canned_start();
    w->server->shows = "x-ms-blob-type";
    w->a = arena_new();
    secret_init(&w->key, STR("a2V5"));
    options.endpoint = str_printf(w->a, "%s/acc/", w->server->base);
    options.key = &w->key;
    w->client = blob_client_new(&options, &w->err);
    assert_non_null(w->client);
    *state = w;
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;

    blob_client_free(w->client);
    secret_done(&w->key);
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
    int from = file_of("tiny"), to = file_of("");
    char text[16] = "";

    canned_answer(w->server, 201, "");
    canned_answer(w->server, 200, "tiny");
    canned_answer(w->server, 202, "");
    assert_int_equal(blob_put(w->client, w->a, STR("a/b c+d"), from, &w->err), 0);
    assert_string_equal(w->server->seen[0], "PUT /acc/con/a%2Fb%20c%2Bd [BlockBlob] tiny");
    assert_int_equal(blob_get(w->client, w->a, STR("k"), to, &w->err), 0);
    assert_string_equal(w->server->seen[1], "GET /acc/con/k [] ");
    assert_int_equal(pread(to, text, sizeof(text), 0), 4);
    assert_string_equal(text, "tiny");
    assert_int_equal(blob_delete(w->client, w->a, STR("k"), &w->err), 0);
    assert_string_equal(w->server->seen[2], "DELETE /acc/con/k [] ");
    assert_int_equal(blob_delete(w->client, w->a, STR("k"), &w->err), 0); /* 404 */
    close(from);
    close(to);
}

static void test_blocks(void **state)
{
    struct world *w = *state;
    int from = file_of("ninebytes");

    for (int i = 0; i < 4; i++)
        canned_answer(w->server, 201, "");
    assert_int_equal(blob_put(w->client, w->a, STR("k"), from, &w->err), 0);
    assert_int_equal(w->server->asked, 4);
    assert_string_equal(w->server->seen[0],
                        "PUT /acc/con/k?comp=block&blockid=YmxvY2stMDAwMDAwMDA%3D [] nine");
    assert_string_equal(w->server->seen[2],
                        "PUT /acc/con/k?comp=block&blockid=YmxvY2stMDAwMDAwMDI%3D [] s");
    assert_string_equal(
        w->server->seen[3],
        "PUT /acc/con/k?comp=blocklist [] <?xml version=\"1.0\" encoding=\"utf-8\"?><BlockList>"
        "<Latest>YmxvY2stMDAwMDAwMDA=</Latest><Latest>YmxvY2stMDAwMDAwMDE=</Latest><Latest>"
        "YmxvY2stMDAwMDAwMDI=</Latest></BlockList>");
    w->server->asked = 0;
    w->server->answers[1].status = 500; /* a block fails: it is sent again */
    canned_answer(w->server, 201, "");
    assert_int_equal(blob_put(w->client, w->a, STR("k"), from, &w->err), 0);
    assert_int_equal(w->server->asked, 5);
    assert_string_equal(w->server->seen[2], w->server->seen[1]);
    w->server->asked = 0;
    w->server->answers[2].status = 500; /* it fails for good: there is no list */
    w->server->answers[3].status = 500;
    assert_int_equal(blob_put(w->client, w->a, STR("k"), from, &w->err), -1);
    assert_int_equal(w->err.kind, ERR_TRANSIENT);
    assert_int_equal(w->server->asked, 4);
    close(from);
}

static int collect(void *ctx, struct arena *a, struct str name, struct err *err)
{
    struct str *all = ctx;
    struct str made = str_printf(a, STR_FMT STR_FMT " ", STR_ARG(*all), STR_ARG(name));

    if (str_is(name, "stop"))
        return err_set(err, ERR_LIMIT, "enough");
    free((void *) (uintptr_t) all->ptr);
    *all = str_of(mem_dup(made.ptr, made.len), made.len);
    return 0;
}

static void test_lists(void **state)
{
    struct world *w = *state;
    struct str all = str_of(mem_dup("", 0), 0);

    canned_answer(w->server, 200,
                  "<R><Blobs><Blob><Name>d/a&amp;b</Name></Blob><Blob><Name>d/two</Name></Blob>"
                  "</Blobs><NextMarker>m 1</NextMarker></R>");
    canned_answer(w->server, 200,
                  "<R><Blobs><Blob><Name>d/z</Name></Blob></Blobs><NextMarker/></R>");
    canned_answer(w->server, 200, "<R><Blob><Name>stop</Name></Blob></R>");
    assert_int_equal(blob_list(w->client, STR("d/"), collect, &all, &w->err), 0);
    assert_true(str_is(all, "d/a&b d/two d/z "));
    assert_string_equal(
        w->server->seen[1],
        "GET /acc/con?restype=container&comp=list&prefix=d%2F&marker=m%201 [] ");
    assert_int_equal(blob_list(w->client, STR(""), collect, &all, &w->err), -1);
    assert_string_equal(w->err.text, "enough");
    free((void *) (uintptr_t) all.ptr);
}

static void test_errors(void **state)
{
    static const struct {
        unsigned status;
        const char *body, *text;
        enum err_kind kind;
    } cases[] = {
        {404,
         "<Error><Code>BlobNotFound</Code><Message>The blob is not there.\nRequestId:1"
         "</Message></Error>",
         "Azure: GET of \"k\" in container con: status 404 BlobNotFound: The blob is not "
         "there.",
         ERR_NOT_FOUND},
        {404, "<Error><Code>ContainerNotFound</Code></Error>",
         "Azure: GET of \"k\" in container con: status 404 ContainerNotFound", ERR_INVALID},
        {403, "<Error><Code>AuthenticationFailed</Code></Error>",
         "Azure: GET of \"k\" in container con: status 403 AuthenticationFailed",
         ERR_UNAUTHORIZED},
        {403, "", "Azure: GET of \"k\" in container con: status 403", ERR_DENIED},
        {503, "<Error><Code>ServerBusy</Code></Error>",
         "Azure: GET of \"k\" in container con: status 503 ServerBusy", ERR_TRANSIENT},
    };
    struct world *w = *state;

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        canned_answer(w->server, cases[i].status, cases[i].body);
        assert_int_equal(blob_get(w->client, w->a, STR("k"), STDERR_FILENO, &w->err), -1);
        assert_string_equal(w->err.text, cases[i].text);
        assert_int_equal(w->err.kind, cases[i].kind);
    }
    canned_answer(w->server, 403, "");
    assert_int_equal(blob_list(w->client, STR("p"), NULL, NULL, &w->err), -1);
    assert_string_equal(w->err.text, "Azure: GET of container con: status 403");
}

static void test_endpoints(void **state)
{
    static const char *const wrong[] = {"acc.blob.core.windows.net", "http://127.0.0.1:1",
                                        "http://localhost:1/", "https://h/?sig=hidden"};

    (void) state;
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        const struct blob_options options = {.endpoint = str_from(wrong[i]),
                                             .container = STR("c")};
        struct err err;

        assert_null(blob_client_new(&options, &err));
        assert_int_equal(err.kind, ERR_INVALID);
        assert_null(strstr(err.text, "hidden"));
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_put_and_get),
        TEST(test_blocks),
        TEST(test_lists),
        TEST(test_errors),
        cmocka_unit_test(test_endpoints),
    };

    return cmocka_run_group_tests_name("blob_client", tests, NULL, NULL);
}
