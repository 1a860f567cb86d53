/*
 * Tests of files in HDFS against name nodes and data nodes in memory: names, pages, blocks,
 * other replicas, nodes that fail while they are read or written, name nodes on standby,
 * answers that are none.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>

#include <cmocka.h>

#include "clients/hdfs/hdfs_client.h"
#include "tests/support/hdfs_server.h"

struct world {
    struct hdfs_server *server;
    struct arena *a;
    struct str addresses[2];
    struct hdfs_options options;
    struct hdfs_client *client;
    struct str long_text; /* three blocks */
    struct err err;
};

static int set_up(void **state)
{
    struct world *w = NEW(struct world);
    size_t len = 2 * HDFS_SERVER_BLOCK_BYTES + 777;
    char *text;

    w->a = arena_new();
    w->server = hdfs_server_start();
    for (int i = 0; i < 2; i++)
        w->addresses[i] = str_printf(w->a, "127.0.0.1:%u", w->server->names[i].port);
    w->options = (struct hdfs_options){.addresses = w->addresses,
                                       .address_count = 2,
                                       .user = STR("ann"),
                                       .stall_ms = 10000,
                                       .pause_ms = 1};
    w->client = hdfs_client_new(&w->options, &w->err);
    assert_non_null(w->client);
    text = arena_alloc(w->a, len);
    for (size_t i = 0; i < len; i++)
        text[i] = (char) (i * 31 + i / 512);
    w->long_text = str_of(text, len);
    *state = w;
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;

    hdfs_client_free(w->client);
    hdfs_server_stop(w->server);
    arena_free(w->a);
    free(w);
    return 0;
}

static int file_of(struct str bytes)
{
    int fd = memfd_create("test", MFD_CLOEXEC);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes.ptr, bytes.len), bytes.len);
    return fd;
}

/* What hdfs_get() gives; absent when it fails. */
static struct str get(struct world *w, const char *path)
{
    int fd = file_of(STR(""));
    struct str got = STR_NONE;
    off_t len;
    char *to;

    if (hdfs_get(w->client, w->a, str_from(path), fd, &w->err) == 0) {
        len = lseek(fd, 0, SEEK_END);
        to = arena_alloc(w->a, (size_t) len + 1);
        assert_int_equal(pread(fd, to, (size_t) len, 0), len);
        got = str_of(to, (size_t) len);
    }
    close(fd);
    return got;
}

static int put(struct world *w, const char *path, struct str bytes, enum hdfs_put_mode mode)
{
    int fd = file_of(bytes);
    int result = hdfs_put(w->client, w->a, str_from(path), fd, mode, &w->err);

    close(fd);
    return result;
}

static void must(const struct world *w, int result)
{
    if (result != 0)
        fail_msg("%s", w->err.text);
}

static void check_failure(const struct world *w, int result, enum err_kind kind,
                          const char *text)
{
    assert_int_equal(result, -1);
    if (w->err.kind != kind || !strstr(w->err.text, text))
        fail_msg("kind %s: %s", err_kind_name(w->err.kind), w->err.text);
}

static void check_same(const struct world *w, struct str got, struct str wanted)
{
    if (str_is_none(got))
        fail_msg("%s", w->err.text);
    assert_int_equal(got.len, wanted.len);
    assert_memory_equal(got.ptr, wanted.ptr, wanted.len);
}

/* ---- the good way ---- */

static void test_there_and_back(void **state)
{
    static const size_t lengths[] = {0,
                                     1,
                                     511,
                                     512,
                                     513,
                                     65536,
                                     65537,
                                     HDFS_SERVER_BLOCK_BYTES - 1,
                                     HDFS_SERVER_BLOCK_BYTES,
                                     HDFS_SERVER_BLOCK_BYTES + 1};
    struct world *w = *state;

    for (size_t i = 0; i < COUNT_OF(lengths); i++) {
        const char *path = str_printf(w->a, "/ann/f%zu", i).ptr;

        must(w, put(w, path, str_head(w->long_text, lengths[i]), HDFS_KEEP));
        check_same(w, get(w, path), str_head(w->long_text, lengths[i]));
    }
    must(w, put(w, "/ann/long", w->long_text, HDFS_KEEP));
    check_same(w, get(w, "/ann/long"), w->long_text);
    assert_string_equal(w->server->user, "ann");
    VEC_FOREACH (f, &w->server->files) {
        assert_true((*f)->is_whole);
        assert_null(strstr((*f)->path, "_COPYING_"));
    }
    assert_int_equal(w->server->abandoned, 0);
}

static void test_what_is_there(void **state)
{
    struct world *w = *state;
    struct hdfs_status status;
    bool is_there;

    hdfs_server_put(w->server, "/ann/f", STR("one"));
    must(w, hdfs_stat(w->client, w->a, STR("/ann/f"), &status, &is_there, &w->err));
    assert_true(is_there);
    assert_int_equal(status.type, HDFS_FILE);
    assert_int_equal(status.bytes, 3);
    assert_int_equal(status.mode, 0640);
    assert_true(str_is(status.owner, "ann") && str_is(status.group, "staff"));
    assert_true(status.modified_ms == 1700000000000);
    must(w, hdfs_stat(w->client, w->a, STR("/ann"), &status, &is_there, &w->err));
    assert_true(is_there);
    assert_int_equal(status.type, HDFS_FOLDER);
    must(w, hdfs_stat(w->client, w->a, STR("/bob"), &status, &is_there, &w->err));
    assert_false(is_there);
    check_failure(w, hdfs_stat(w->client, w->a, STR("ann"), &status, &is_there, &w->err),
                  ERR_INVALID, "path \"ann\" must be absolute");
}

static int add_name(void *ctx, struct arena *a, const struct hdfs_status *entry,
                    struct err *err)
{
    (void) a;
    if (str_is(entry->name, "stop"))
        return err_set(err, ERR_LIMIT, "enough");
    strbuf_addf(ctx, STR_FMT "%s ", STR_ARG(entry->name),
                entry->type == HDFS_FOLDER ? "/" : "");
    return 0;
}

static void test_pages(void **state)
{
    _cleanup_strbuf_ struct strbuf names = STRBUF_INIT(1000);
    struct world *w = *state;

    for (char c = 'a'; c <= 'g'; c++)
        hdfs_server_put(w->server, str_printf(w->a, "/ann/%c", c).ptr, STR("x"));
    hdfs_server_put(w->server, "/ann/d2/f", STR("x"));
    must(w, hdfs_list(w->client, STR("/ann"), add_name, &names, &w->err));
    assert_string_equal(names.ptr, "a b c d d2/ e f g ");
    check_failure(w, hdfs_list(w->client, STR("/bob"), add_name, &names, &w->err),
                  ERR_NOT_FOUND, "there is no folder /bob");
    hdfs_server_put(w->server, "/ann/stop", STR("x"));
    check_failure(w, hdfs_list(w->client, STR("/ann"), add_name, &names, &w->err), ERR_LIMIT,
                  "enough");
}

static void test_delete(void **state)
{
    struct world *w = *state;

    hdfs_server_put(w->server, "/ann/f", STR("one"));
    hdfs_server_put(w->server, "/ann/t/f", STR("one"));
    hdfs_server_put(w->server, "/ann/t/u/f", STR("one"));
    must(w, hdfs_delete(w->client, w->a, STR("/ann/t/"), &w->err));
    must(w, hdfs_delete(w->client, w->a, STR("/ann/nothing"), &w->err));
    assert_int_equal(w->server->files.len, 1);
    check_failure(w, hdfs_delete(w->client, w->a, STR("/"), &w->err), ERR_INVALID,
                  "is not deleted");
    check_failure(w, hdfs_delete(w->client, w->a, STR("//"), &w->err), ERR_INVALID,
                  "is not deleted");
}

static void test_files_that_are_there(void **state)
{
    struct world *w = *state;

    hdfs_server_put(w->server, "/f", STR("one"));
    must(w, put(w, "/f", STR("one"), HDFS_KEEP));
    check_failure(w, put(w, "/f", STR("two"), HDFS_KEEP), ERR_EXISTS,
                  "/f is there already, with other content: force: true");
    check_failure(w, put(w, "/f", STR("longer"), HDFS_KEEP), ERR_EXISTS, "/f is there already");
    check_same(w, get(w, "/f"), STR("one"));
    must(w, put(w, "/f", STR("two"), HDFS_REPLACE));
    check_same(w, get(w, "/f"), STR("two"));
    assert_int_equal(w->server->files.len, 1);
    check_failure(w, put(w, "/f/", STR("two"), HDFS_REPLACE), ERR_INVALID, "a file has a name");
}

/* ---- data nodes that fail ---- */

static void test_read_from_another(void **state)
{
    static const enum hdfs_server_fault faults[] = {HDFS_FAULT_REFUSE, HDFS_FAULT_GARBAGE,
                                                    HDFS_FAULT_CUT, HDFS_FAULT_DAMAGE,
                                                    HDFS_FAULT_HUGE};
    struct world *w = *state;

    hdfs_server_put(w->server, "/long", w->long_text);
    for (size_t i = 0; i < COUNT_OF(faults); i++) {
        w->server->nodes[0].fault = faults[i];
        w->server->nodes[1].served = 0;
        check_same(w, get(w, "/long"), w->long_text);
        assert_true(w->server->nodes[1].served >= 2);
    }
}

static void test_no_replica_is_good(void **state)
{
    static const struct {
        enum hdfs_server_fault fault;
        const char *text;
    } cases[] = {
        {HDFS_FAULT_REFUSE, "refuses with status 1: told to refuse"},
        {HDFS_FAULT_GARBAGE, "what the data node answers is damaged"},
        {HDFS_FAULT_CUT, "closed the connection"},
        {HDFS_FAULT_DAMAGE, "checksum error in the packet at offset 65536 of the block"},
        {HDFS_FAULT_HUGE, "is no packet of the block"},
    };
    struct world *w = *state;

    hdfs_server_put(w->server, "/long", w->long_text);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        w->server->nodes[0].fault = w->server->nodes[1].fault = cases[i].fault;
        assert_true(str_is_none(get(w, "/long")));
        check_failure(w, -1, ERR_TRANSIENT, cases[i].text);
        assert_non_null(strstr(w->err.text, "read /long: block "));
        assert_int_equal(w->server->nodes[1].fault, cases[i].fault);
    }
}

static void test_write_to_another(void **state)
{
    static const enum hdfs_server_fault faults[] = {HDFS_FAULT_REFUSE, HDFS_FAULT_GARBAGE,
                                                    HDFS_FAULT_CUT, HDFS_FAULT_NO_ACK};
    struct world *w = *state;

    for (size_t i = 0; i < COUNT_OF(faults); i++) {
        const char *path = str_printf(w->a, "/f%zu", i).ptr;

        w->server->nodes[0].fault = faults[i];
        w->server->excluded = w->server->abandoned = 0;
        must(w, put(w, path, w->long_text, HDFS_KEEP));
        assert_true(w->server->excluded >= 1 && w->server->abandoned >= 1);
        w->server->nodes[0].fault = HDFS_FAULT_NONE;
        check_same(w, get(w, path), w->long_text);
    }
}

static void test_nobody_takes_a_block(void **state)
{
    struct world *w = *state;

    w->server->nodes[0].fault = w->server->nodes[1].fault = HDFS_FAULT_REFUSE;
    check_failure(w, put(w, "/f", STR("one"), HDFS_KEEP), ERR_TRANSIENT,
                  "refuses with status 1: told to refuse");
    assert_int_equal(w->server->files.len, 0); /* nothing is left */
}

/* ---- name nodes that fail ---- */

static void test_standby(void **state)
{
    struct world *w = *state;

    hdfs_server_put(w->server, "/f", STR("one"));
    w->server->names[0].is_standby = true;
    check_same(w, get(w, "/f"), STR("one"));
    check_same(w, get(w, "/f"), STR("one"));
    assert_int_equal(w->server->names[0].served, 1); /* it is not asked again */
    w->server->names[0].is_standby = false;
    w->server->names[1].is_standby = true;
    check_same(w, get(w, "/f"), STR("one"));
    w->server->names[0].is_standby = true;
    assert_true(str_is_none(get(w, "/f")));
    check_failure(w, -1, ERR_TRANSIENT, ": getBlockLocations /f: StandbyException");
}

/* A call whose answer did not come is the same call again. */
static void test_again_under_its_number(void **state)
{
    struct world *w = *state;

    w->server->names[0].fault = HDFS_FAULT_CUT;
    w->server->names[0].fault_count = 1;
    must(w, put(w, "/f", STR("one"), HDFS_REPLACE));
    assert_int_equal(w->server->repeated, 1);
    check_same(w, get(w, "/f"), STR("one"));
}

static void test_answers_that_are_none(void **state)
{
    static const struct {
        enum hdfs_server_fault fault;
        enum err_kind kind;
        const char *text;
    } cases[] = {
        {HDFS_FAULT_GARBAGE, ERR_INVALID, "is no message of a name node"},
        {HDFS_FAULT_HUGE, ERR_LIMIT, "an answer of 2147483647 bytes is over the limit"},
        {HDFS_FAULT_CUT, ERR_TRANSIENT, "closed the connection"},
    };
    struct world *w = *state;

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        for (int n = 0; n < 2; n++) {
            w->server->names[n].fault = cases[i].fault;
            w->server->names[n].fault_count = 100;
        }
        assert_true(str_is_none(get(w, "/f")));
        check_failure(w, -1, cases[i].kind, cases[i].text);
        assert_non_null(strstr(w->err.text, "name node 127.0.0.1:"));
    }
}

static void test_exceptions(void **state)
{
    static const struct {
        const char *exception;
        enum err_kind kind;
    } cases[] = {
        {"java.io.FileNotFoundException", ERR_NOT_FOUND},
        {"org.apache.hadoop.security.AccessControlException", ERR_DENIED},
        {"org.apache.hadoop.fs.FileAlreadyExistsException", ERR_EXISTS},
        {"org.apache.hadoop.hdfs.protocol.NSQuotaExceededException", ERR_LIMIT},
        {"org.apache.hadoop.hdfs.server.namenode.SafeModeException", ERR_TRANSIENT},
        {"org.apache.hadoop.security.token.SecretManager$InvalidToken", ERR_UNAUTHORIZED},
        {"java.io.IOException", ERR_TRANSIENT},
        {"java.lang.IllegalArgumentException", ERR_INVALID},
    };
    struct world *w = *state;

    w->server->message = "what it says\n\tat org.apache.Hidden(Hidden.java:1)";
    w->server->exception_method = "create";
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        w->server->exception = cases[i].exception;
        check_failure(w, put(w, "/f", STR("one"), HDFS_REPLACE), cases[i].kind,
                      ": what it says");
        assert_null(strstr(w->err.text, "Hidden"));
    }
}

static void test_refused(void **state)
{
    struct world *w = *state;

    hdfs_server_put(w->server, "/open", STR("one"));
    w->server->files.at[0]->is_whole = false;
    assert_true(str_is_none(get(w, "/open")));
    check_failure(w, -1, ERR_TRANSIENT, "/open is still being written");
    w->server->encrypts = true;
    check_failure(w, put(w, "/f", STR("one"), HDFS_REPLACE), ERR_UNSUPPORTED,
                  "dfs.encrypt.data.transfer");
}

static void test_addresses(void **state)
{
    static const struct {
        struct str addresses[2];
        size_t count;
        const char *text;
    } cases[] = {
        {{STR_INIT("host")}, 1, "hdfs.addresses: \"host\" must be HOST:PORT"},
        {{STR_INIT("host:0")}, 1, "must be HOST:PORT"},
        {{STR_INIT("host:65536")}, 1, "must be HOST:PORT"},
        {{STR_INIT(":8020")}, 1, "must be HOST:PORT"},
        {{STR_INIT("")}, 1, "must be HOST:PORT"},
        {{STR_INIT("hdfs://host:8020")}, 1, NULL},
        {{STR_INIT("a:1"), STR_INIT("http://b:2")}, 2, "either all are HOST:PORT"},
        {{STR_INIT("")}, 0, "one address at least"},
    };

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const struct hdfs_options options = {.addresses = cases[i].addresses,
                                             .address_count = cases[i].count};
        struct err err;
        struct hdfs_client *c = hdfs_client_new(&options, &err);

        if (cases[i].text && (c || err.kind != ERR_INVALID || !strstr(err.text, cases[i].text)))
            fail_msg("case %zu: %s", i, c ? "taken" : err.text);
        hdfs_client_free(c);
    }
}

static void test_stop(void **state)
{
    struct world *w = *state;
    struct hdfs_client *c;
    int pipes[2];

    assert_int_equal(pipe(pipes), 0);
    assert_int_equal(write(pipes[1], "x", 1), 1);
    w->options.cancel_fd = pipes[0];
    hdfs_server_put(w->server, "/f", STR("one"));
    c = hdfs_client_new(&w->options, &w->err);
    assert_non_null(c);
    check_failure(w, hdfs_get(c, w->a, STR("/f"), 1, &w->err), ERR_CANCELLED, "asked to stop");
    hdfs_client_free(c);
    close(pipes[0]);
    close(pipes[1]);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_there_and_back),
        TEST(test_what_is_there),
        TEST(test_pages),
        TEST(test_delete),
        TEST(test_files_that_are_there),
        TEST(test_read_from_another),
        TEST(test_no_replica_is_good),
        TEST(test_write_to_another),
        TEST(test_nobody_takes_a_block),
        TEST(test_standby),
        TEST(test_again_under_its_number),
        TEST(test_answers_that_are_none),
        TEST(test_exceptions),
        TEST(test_refused),
        cmocka_unit_test(test_addresses),
        TEST(test_stop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
