/* Tests of WebHDFS against an HTTP server that answers as told: URLs, redirects, refusals, the
 * second name node, bytes that are missing. The happy ways run in a story on the real server.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "clients/hdfs/hdfs_client.h"
#include "tests/support/canned_server.h"

struct world {
    struct canned_server *server;
    struct arena *a;
    struct str addresses[2];
    struct hdfs_options options;
    struct hdfs_client *client;
    struct err err;
    int fd;
};

static int set_up(void **state)
{
    struct world *w = NEW(struct world);

    w->a = arena_new();
    w->server = canned_start();
    w->addresses[0] = w->addresses[1] = str_from(w->server->base);
    w->options = (struct hdfs_options){.addresses = w->addresses,
                                       .address_count = 1,
                                       .user = STR("ann&bob"),
                                       .stall_ms = 10000,
                                       .pause_ms = 1};
    w->client = hdfs_client_new(&w->options, &w->err);
    assert_non_null(w->client);
    w->fd = memfd_create("test", MFD_CLOEXEC);
    *state = w;
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;

    hdfs_client_free(w->client);
    canned_stop(w->server);
    close(w->fd);
    arena_free(w->a);
    free(w);
    return 0;
}

static void check_failure(const struct world *w, int result, enum err_kind kind,
                          const char *text)
{
    assert_int_equal(result, -1);
    if (w->err.kind != kind || !strstr(w->err.text, text))
        fail_msg("kind %s: %s", err_kind_name(w->err.kind), w->err.text);
}

static void must(const struct world *w, int result)
{
    if (result != 0)
        fail_msg("%s", w->err.text);
}

#define FILE_OF(bytes)                                                               \
    "{\"FileStatus\":{\"type\":\"FILE\",\"length\":" bytes                           \
    ",\"permission\":\"644\",\"owner\":\"ann\",\"group\":\"g\",\"pathSuffix\":\"\"," \
    "\"modificationTime\":5,\"fileId\":9}}"
#define REFUSED(class, text) \
    "{\"RemoteException\":{\"exception\":\"" class "\",\"message\":\"" text "\"}}"

static void test_stat(void **state)
{
    struct world *w = *state;
    struct hdfs_status status;
    bool is_there;

    canned_answer(w->server, 200, FILE_OF("3"));
    canned_answer(w->server, 404, REFUSED("FileNotFoundException", "no"));
    canned_answer(w->server, 403, REFUSED("AccessControlException", "not you\\n\\tat x"));
    must(w, hdfs_stat(w->client, w->a, STR("/a b/c+d"), &status, &is_there, &w->err));
    assert_true(is_there);
    assert_int_equal(status.type, HDFS_FILE);
    assert_int_equal(status.bytes, 3);
    assert_int_equal(status.mode, 0644);
    assert_int_equal(status.file_id, 9);
    assert_string_equal(w->server->seen[0],
                        "GET /webhdfs/v1/a%20b/c%2Bd?op=GETFILESTATUS&user.name=ann%26bob [] ");
    must(w, hdfs_stat(w->client, w->a, STR("/"), &status, &is_there, &w->err));
    assert_false(is_there);
    assert_string_equal(w->server->seen[1],
                        "GET /webhdfs/v1/?op=GETFILESTATUS&user.name=ann%26bob [] ");
    check_failure(w, hdfs_stat(w->client, w->a, STR("/x"), &status, &is_there, &w->err),
                  ERR_DENIED, "AccessControlException: not you");
    assert_null(strstr(w->err.text, "at x"));
}

static void test_read(void **state)
{
    struct world *w = *state;
    char got[8] = "";

    canned_answer(w->server, 200, FILE_OF("3"));
    canned_answer(w->server, 200, "one");
    canned_answer(w->server, 200, FILE_OF("4"));
    canned_answer(w->server, 200, "one");
    canned_answer(w->server, 404, REFUSED("FileNotFoundException", "no"));
    must(w, hdfs_get(w->client, w->a, STR("/f"), w->fd, &w->err));
    assert_int_equal(pread(w->fd, got, sizeof(got), 0), 3);
    assert_string_equal(got, "one");
    assert_string_equal(w->server->seen[1],
                        "GET /webhdfs/v1/f?op=OPEN&user.name=ann%26bob&offset=0 [] ");
    check_failure(w, hdfs_get(w->client, w->a, STR("/f"), w->fd, &w->err), ERR_TRANSIENT,
                  "OPEN /f: 3 of 4 bytes came");
    check_failure(w, hdfs_get(w->client, w->a, STR("/f"), w->fd, &w->err), ERR_NOT_FOUND,
                  "OPEN /f: there is no such file");
}

static void test_write(void **state)
{
    struct world *w = *state;

    assert_int_equal(write(w->fd, "one", 3), 3);
    canned_answer(w->server, 200, "{\"boolean\":true}"); /* MKDIRS */
    canned_answer(w->server, 307, "");
    w->server->answers[1].header =
        (struct http_header){STR("Location"), str_printf(w->a, "%s/node?x=1", w->server->base)};
    canned_answer(w->server, 201, "");
    canned_answer(w->server, 200, ""); /* RENAME */
    must(w, hdfs_put(w->client, w->a, STR("/d/f"), w->fd, HDFS_REPLACE, &w->err));
    assert_string_equal(w->server->seen[0],
                        "PUT /webhdfs/v1/d?op=MKDIRS&user.name=ann%26bob&permission=755 [] ");
    assert_non_null(strstr(w->server->seen[1], "PUT /webhdfs/v1/d/._COPYING_."));
    assert_non_null(
        strstr(w->server->seen[1], "?op=CREATE&user.name=ann%26bob&overwrite=true"));
    assert_string_equal(w->server->seen[2], "PUT /node?x=1 [] one");
    assert_non_null(strstr(w->server->seen[3],
                           "op=RENAME&user.name=ann%26bob&destination=%2Fd%2Ff&"
                           "renameoptions=OVERWRITE"));
    assert_int_equal(w->server->asked, 4);
}

/* What was begun is removed, and the first trouble is told. */
static void test_write_fails(void **state)
{
    struct world *w = *state;

    canned_answer(w->server, 307, "");
    w->server->answers[0].header =
        (struct http_header){STR("Location"), str_printf(w->a, "%s/node", w->server->base)};
    canned_answer(w->server, 403, REFUSED("DSQuotaExceededException", "too much"));
    canned_answer(w->server, 200, "{\"boolean\":true}");
    canned_answer(w->server, 200, "");
    check_failure(w, hdfs_put(w->client, w->a, STR("/f"), w->fd, HDFS_REPLACE, &w->err),
                  ERR_LIMIT, "DSQuotaExceededException: too much");
    assert_non_null(strstr(w->server->seen[2], "DELETE /webhdfs/v1/._COPYING_."));
    check_failure(w, hdfs_put(w->client, w->a, STR("/f"), w->fd, HDFS_REPLACE, &w->err),
                  ERR_INVALID, "names no data node by Location");
}

/* HttpFS answers no where something is there. */
static void test_rename_of_a_gateway(void **state)
{
    struct world *w = *state;

    canned_answer(w->server, 307, "");
    w->server->answers[0].header =
        (struct http_header){STR("Location"), str_printf(w->a, "%s/node", w->server->base)};
    canned_answer(w->server, 201, "");
    canned_answer(w->server, 200, "{\"boolean\":false}");
    canned_answer(w->server, 200, "{\"boolean\":true}");
    canned_answer(w->server, 200, "{\"boolean\":true}");
    must(w, hdfs_put(w->client, w->a, STR("/f"), w->fd, HDFS_REPLACE, &w->err));
    assert_non_null(strstr(w->server->seen[3], "DELETE /webhdfs/v1/f?op=DELETE"));
    assert_non_null(strstr(w->server->seen[4], "op=RENAME"));
}

static int count(void *ctx, struct arena *a, const struct hdfs_status *entry, struct err *err)
{
    (void) a;
    (void) err;
    *(int *) ctx += entry->type == HDFS_FOLDER ? 100 : 1;
    return 0;
}

static void test_list(void **state)
{
    struct world *w = *state;
    int counted = 0;

    canned_answer(w->server, 200,
                  "{\"FileStatuses\":{\"FileStatus\":[{\"pathSuffix\":\"a\",\"type\":\"FILE\"},"
                  "{\"pathSuffix\":\"b\",\"type\":\"DIRECTORY\"}]}}");
    canned_answer(w->server, 404, "");
    canned_answer(w->server, 200, "no JSON");
    must(w, hdfs_list(w->client, STR("/d"), count, &counted, &w->err));
    assert_int_equal(counted, 101);
    check_failure(w, hdfs_list(w->client, STR("/d"), count, &counted, &w->err), ERR_NOT_FOUND,
                  "there is no folder /d");
    check_failure(w, hdfs_list(w->client, STR("/d"), count, &counted, &w->err), ERR_INVALID,
                  "the answer is no JSON");
}

static void test_the_second_name_node(void **state)
{
    struct world *w = *state;
    struct hdfs_status status;
    struct hdfs_client *c;
    bool is_there;

    w->options.address_count = 2;
    w->addresses[0] = STR("http://127.0.0.1:1");
    c = hdfs_client_new(&w->options, &w->err);
    assert_non_null(c);
    canned_answer(w->server, 403, REFUSED("StandbyException", "not me"));
    canned_answer(w->server, 200, FILE_OF("1"));
    must(w, hdfs_stat(c, w->a, STR("/f"), &status, &is_there, &w->err));
    assert_true(is_there);
    hdfs_client_free(c);
}

/* A name node that has just begun does not know yet where blocks are. */
static void test_safe_mode(void **state)
{
    struct world *w = *state;
    struct hdfs_status status;
    bool is_there;

    canned_answer(w->server, 403, REFUSED("SafeModeException", "Name node is in safe mode."));
    canned_answer(w->server, 403, REFUSED("SafeModeException", "Name node is in safe mode."));
    canned_answer(w->server, 200, FILE_OF("1"));
    must(w, hdfs_stat(w->client, w->a, STR("/f"), &status, &is_there, &w->err));
    assert_int_equal(w->server->asked, 3);
    for (size_t i = 0; i < 20; i++)
        canned_answer(w->server, 403, REFUSED("SafeModeException", "in safe mode"));
    check_failure(w, hdfs_stat(w->client, w->a, STR("/f"), &status, &is_there, &w->err),
                  ERR_TRANSIENT, "SafeModeException: in safe mode");
}

static void test_no_kerberos(void **state)
{
    struct world *w = *state;

    w->options.login = (const struct hdfs_login *) w; /* is not looked at */
    assert_null(hdfs_client_new(&w->options, &w->err));
    check_failure(w, -1, ERR_UNSUPPORTED, "Kerberos by WebHDFS is not supported");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_stat),
        TEST(test_read),
        TEST(test_write),
        TEST(test_write_fails),
        TEST(test_rename_of_a_gateway),
        TEST(test_list),
        TEST(test_the_second_name_node),
        TEST(test_safe_mode),
        TEST(test_no_kerberos),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
