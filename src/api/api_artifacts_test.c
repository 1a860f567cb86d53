/* Downloads of artifacts over real HTTP: inputs and outputs, by name and by uid, what is not
 * there, who may, and names that want out. */
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "api/world_test.h"
#include "base/mem.h"
#include "io/http_server.h"
#include "store/archive.h"

/* A Workflow "w" whose node "n" took a raw artifact and stored files. */
static void make_workflow(struct world *w)
{
    struct store_txn *txn = store_txn_new(w->store);
    struct json doc;
    struct err err;

    assert_int_equal(
        json_parse(w->a,
                   STR("{\"apiVersion\":\"argoproj.io/v1alpha1\",\"kind\":\"Workflow\","
                       "\"metadata\":{\"name\":\"w\",\"namespace\":\"argo\",\"uid\":\"uid-w\","
                       "\"creationTimestamp\":\"2026-01-01T00:00:00Z\"},\"spec\":{"
                       "\"entrypoint\":\"m\",\"templates\":[{\"name\":\"m\",\"container\":{"
                       "\"image\":\"i\"}}]}}"),
                   &doc, &err),
        0);
    store_txn_create(txn, &doc);
    store_txn_node(
        txn, STR("uid-w"), STR("n"), 1,
        STR("{\"id\":\"n\",\"name\":\"w\",\"type\":\"Pod\",\"phase\":\"Succeeded\","
            "\"templateName\":\"m\","
            "\"finishedAt\":\"2026-01-01T00:00:01Z\","
            "\"inputs\":{\"artifacts\":[{\"name\":\"in\",\"raw\":{\"data\":\"<p>raw\"}}]},"
            "\"outputs\":{\"artifacts\":[{\"name\":\"out\",\"s3\":{\"key\":\"w/p/a.html\"}},"
            "{\"name\":\"main-logs\",\"s3\":{\"key\":\"w/p/"
            "a.html\"}},{\"name\":\"up\",\"s3\":{\"key\":\"../state.db\"}},"
            "{\"name\":\"lost\",\"s3\":{\"key\":\"w/p/lost\"}},"
            "{\"name\":\"<script>\",\"s3\":{\"key\":\"w/p/<script>\"}},"
            "{\"name\":\"dir\",\"s3\":{\"key\":\"w/dir\"}},"
            "{\"name\":\"old\",\"deleted\":true,\"s3\":{\"key\":\"w/p/old\"}}]}}"));
    world_commit(w, txn);
}

static void store_at(struct world *w, const char *key, const char *text)
{
    struct json artifact, ret;
    struct artifact_call c = {
        .house = &w->artifacts, .a = w->a, .ns = STR("argo"), .artifact = &artifact};
    int dir = open(w->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int fd = openat(dir, "file", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    struct err err;

    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
    assert_int_equal(json_parse(w->a,
                                str_printf(w->a,
                                           "{\"name\":\"out\",\"archive\":{\"none\":{}},"
                                           "\"s3\":{\"key\":\"%s\"}}",
                                           key),
                                &artifact, &err),
                     0);
    if (artifact_save(&c, dir, "file", &ret, &err) < 0)
        fail_msg("%s", err.text);
    unlinkat(dir, "file", 0);
    close(dir);
}

static void store(struct world *w, const char *text)
{
    store_at(w, "w/p/a.html", text);
}

static void test_downloads(void **state)
{
    static const struct {
        const char *path, *token;
        unsigned status;
        const char *answer;
    } cases[] = {
        {"/artifacts/argo/w/n/out", "secret", 200, "<html>"},
        {"/artifacts-by-uid/uid-w/n/out", "secret", 200, "<html>"},
        {"/input-artifacts/argo/w/n/in", "secret", 200, "<p>raw"},
        {"/input-artifacts-by-uid/uid-w/n/in", "secret", 200, "<p>raw"},
        {"/artifacts/argo/w/n/out", NULL, 401, ""},
        {"/artifacts/argo/w/n/out", "wrong", 401, ""},
        {"/artifacts/argo/w/n/in", "secret", 500,
         "has no artifact \\\"in\\\" among its outputs"},
        {"/artifacts/argo/w/x/out", "secret", 500, "has no node \\\"x\\\""},
        {"/artifacts/argo/x/n/out", "secret", 404, "not found"},
        {"/artifacts/other/w/n/out", "secret", 404, "not found"},
        {"/artifacts-by-uid/uid-x/n/out", "secret", 404, "no workflow with uid"},
        {"/artifacts/argo/w/n/lost", "secret", 404,
         "artifact w/p/lost is not in the repository"},
        {"/artifacts/argo/w/n/up", "secret", 400, "must be a relative path"},
        {"/artifacts/argo/w/n/old", "secret", 404, "has been deleted"},
        {"/artifacts/argo/w/n/..%2f..%2fstate.db", "secret", 404, "404 page not found"},
    };
    struct world *w = *state;

    make_workflow(w);
    store(w, "<html>");
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct call c = {
            .method = "GET", .path = cases[i].path, .body = "", .token = cases[i].token};

        world_run(w, &c);
        if (c.status != cases[i].status || !strstr(c.answer, cases[i].answer))
            fail_msg("%s: %u %s", c.path, c.status, c.answer);
        if (c.status == 200)
            assert_string_equal(c.answer, cases[i].answer);
    }
}

static void get(struct world *w, struct call *c, const char *path, unsigned status)
{
    *c = (struct call){.method = "GET", .path = path, .body = "", .token = "secret"};
    world_run(w, c);
    if (c->status != status)
        fail_msg("%s: %u %s", path, c->status, c->answer);
}

static void check_header(const struct call *c, const char *line)
{
    if (!strstr(c->headers, line))
        fail_msg("%s has no header %s:\n%s", c->path, line, c->headers);
}

/* CVE-2022-29164: a page among the artifacts acted with the token of who looked at it. */
static void test_CVE_2022_29164_a_page_cannot_act(void **state)
{
    static const char *const paths[] = {
        "/artifacts/argo/w/n/out", "/artifacts-by-uid/uid-w/n/out",
        "/input-artifacts/argo/w/n/in", "/input-artifacts-by-uid/uid-w/n/in",
        "/artifact-files/argo/workflows/w/n/outputs/out"};
    struct world *w = *state;
    struct call c;

    make_workflow(w);
    store(w, "<script>fetch('/api/v1/workflows/argo')</script>");
    for (size_t i = 0; i < COUNT_OF(paths); i++) {
        get(w, &c, paths[i], 200);
        check_header(&c, "Content-Security-Policy: sandbox allow-same-origin; base-uri "
                         "'none'; default-src 'none'; ");
        check_header(&c, "X-Content-Type-Options: nosniff\n");
        check_header(&c, "X-Frame-Options: SAMEORIGIN\n");
        assert_null(strstr(c.headers, "allow-scripts"));
        assert_null(strstr(c.headers, "Access-Control-Allow-Origin"));
    }
}

/* GO-2026-4350: names of files became markup of the page that lists a folder. A name that goes
 * into an answer is neither a header nor markup, on the page (test_files_of_folders), too. */
static void test_GO_2026_4350_names_are_no_markup(void **state)
{
    struct world *w = *state;
    struct call c;

    make_workflow(w);
    store_at(w, "w/dir/<img src=x onerror=alert(1)>.html", "x");
    get(w, &c, "/artifacts/argo/w/n/dir", 200);
    check_header(&c, "Content-Type: application/gzip\n");
    check_header(&c, "filename=\"dir.tgz\"\n");
    check_header(&c, "Content-Security-Policy: sandbox allow-same-origin; ");
    assert_null(strstr(c.headers, "text/html"));
    get(w, &c, "/artifacts/argo/w/n/%3Cscript%3E", 404);
    check_header(&c, "Content-Type: application/json");
    check_header(&c, "X-Content-Type-Options: nosniff\n");
    get(w, &c, "/artifacts/argo/w/%3Cscript%3E%0d%0aX-Own:%20x/out", 500);
    check_header(&c, "Content-Type: application/json");
    assert_null(strstr(c.headers, "X-Own"));
    store_at(w, "w/p/<script>", "x");
    get(w, &c, "/artifacts/argo/w/n/%3Cscript%3E", 200);
    check_header(&c, "Content-Type: application/octet-stream\n");
}

#define FILES "/artifact-files/argo/workflows/w/n/"
#define PAGE  "<html><body><ul>\n<li><a href=\"..\">..</a></li>\n"

static void test_files_of_folders(void **state)
{
    static const struct {
        const char *path, *token;
        unsigned status;
        const char *answer;
    } cases[] = {
        {FILES "outputs/out", "secret", 200, "<html>"},
        {FILES "inputs/in", "secret", 200, "<p>raw"},
        {FILES "outputs/dir/sub/x", "secret", 200, "x"},
        {FILES "outputs/dir/./sub//x", "secret", 200, "x"},
        {FILES "outputs/dir/", "secret", 200,
         PAGE "<li><a href=\"./%3Cb%3E\">&lt;b&gt;</a></li>\n"
              "<li><a href=\"./sub/\">sub/</a></li>\n</ul></body></html>"},
        {FILES "outputs/dir/sub/", "secret", 200,
         PAGE "<li><a href=\"./x\">x</a></li>\n<li><a href=\"./y\">y</a></li>\n"
              "</ul></body></html>"},
        {FILES "outputs/dir/none/", "secret", 200, PAGE "</ul></body></html>"},
        {FILES "outputs/dir/%3Cb%3E", "secret", 200, "bold"},
        {FILES "outputs/dir/none", "secret", 404, NULL},
        {FILES "outputs/dir/sub/x/y", "secret", 404, NULL},
        {FILES "outputs/dir/..%2f..%2fp/a.html", "secret", 400, NULL},
        {FILES "inputs/in/x", "secret", 400, NULL},
        {FILES "outputs/out", NULL, 401, NULL},
        {FILES "outputs/nothing", "secret", 500, NULL},
        {FILES "outputs/old", "secret", 404, NULL},
        {FILES "sideways/out", "secret", 400, NULL},
        {"/artifact-files/argo/pods/w/n/outputs/out", "secret", 400, NULL},
        {"/artifact-files/argo/workflows/x/n/outputs/out", "secret", 404, NULL},
        {"/artifact-files/argo/archived-workflows/uid-w/n/outputs/out", "secret", 404, NULL},
    };
    struct world *w = *state;

    make_workflow(w);
    store(w, "<html>");
    store_at(w, "w/dir/sub/x", "x");
    store_at(w, "w/dir/sub/y", "y");
    store_at(w, "w/dir/<b>", "bold");
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct call c = {
            .method = "GET", .path = cases[i].path, .body = "", .token = cases[i].token};

        world_run(w, &c);
        if (c.status != cases[i].status ||
            (cases[i].answer && strcmp(c.answer, cases[i].answer) != 0))
            fail_msg("%s: %u %s", c.path, c.status, c.answer);
        if (c.status == 200)
            check_header(&c, "Content-Security-Policy: sandbox allow-same-origin; ");
    }
}

/* The workflow has gone, its record and its artifacts are there. */
static void test_files_of_archived_workflows(void **state)
{
#define ARCHIVED "/artifact-files/argo/archived-workflows/uid-w/n/"
    static const struct {
        const char *path;
        unsigned status;
        const char *answer;
    } cases[] = {
        {ARCHIVED "outputs/out", 200, "<html>"},
        {ARCHIVED "inputs/in", 200, "<p>raw"},
        {ARCHIVED "outputs/dir/sub/x", 200, "x"},
        {ARCHIVED "outputs/dir/sub/", 200,
         PAGE "<li><a href=\"./x\">x</a></li>\n</ul></body></html>"},
        {ARCHIVED "outputs/dir", 307, ""},
        {ARCHIVED "outputs/nothing", 500, NULL},
        {"/artifact-files/other/archived-workflows/uid-w/n/outputs/out", 404, NULL},
        {"/artifacts-by-uid/uid-w/n/out", 200, "<html>"},
        {FILES "outputs/out", 200, "<html>"},
    };
    static const struct store_key key = {STR_INIT("argoproj.io"), STR_INIT("Workflow"),
                                         STR_INIT("argo"), STR_INIT("w")};
    struct world *w = *state;
    struct store_txn *txn;
    struct json doc;
    struct call c;
    struct err err;

    make_workflow(w);
    store(w, "<html>");
    store_at(w, "w/dir/sub/x", "x");
    get(w, &c, "/api/v1/workflows/argo/w", 200);
    assert_int_equal(json_parse(w->a, str_copy(w->a, str_from(c.answer)), &doc, &err), 0);
    txn = store_txn_new(w->store);
    store_txn_archive(txn, &doc);
    store_txn_delete(txn, &key, STR(""), 0);
    world_commit(w, txn);
    get(w, &c, "/api/v1/archived-workflows/uid-w", 200);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        get(w, &c, cases[i].path, cases[i].status);
        if (cases[i].answer)
            assert_string_equal(c.answer, cases[i].answer);
    }
}

static void test_ways_to_folders(void **state)
{
    struct world *w = *state;
    struct call c;

    make_workflow(w);
    store_at(w, "w/dir/sub/x", "x");
    get(w, &c, FILES "outputs/dir", 307);
    check_header(&c, "Location: " FILES "outputs/dir/\n");
    get(w, &c, FILES "outputs/dir/sub?a=b", 307);
    check_header(&c, "Location: " FILES "outputs/dir/sub/?a=b\n");
    store_at(w, "w/dir/index.html", "<p>");
    store_at(w, "w/dir/sub/an-index.html", "<p>");
    get(w, &c, FILES "outputs/dir/", 307);
    check_header(&c, "Location: " FILES "outputs/dir/index.html\n");
    get(w, &c, FILES "outputs/dir/index.html", 200);
    check_header(&c, "Content-Type: text/html; charset=utf-8\n");
    get(w, &c, FILES "outputs/dir/sub/", 200);
}

static void test_heads(void **state)
{
    static const char *const paths[] = {"/artifacts/argo/w/n/out", FILES "outputs/out",
                                        "/artifacts-by-uid/uid-w/n/out"};
    struct world *w = *state;

    make_workflow(w);
    store(w, "<html>");
    for (size_t i = 0; i < COUNT_OF(paths); i++) {
        struct call c = {.method = "HEAD", .path = paths[i], .body = "", .token = "secret"};

        world_run(w, &c);
        assert_int_equal(c.status, 200);
        assert_string_equal(c.answer, "");
        check_header(&c, "Content-Length: 6\n");
        check_header(&c, "filename=\"a.html\"\n");
    }
}

/* Browsers that follow a link have no header, but the cookie of the user interface. */
static void test_cookies(void **state)
{
    static const struct {
        const char *method, *cookie;
        unsigned status;
    } cases[] = {
        {"GET", "authorization=Bearer secret", 200},
        {"GET", "a=b; authorization=\"Bearer secret\"; c=d", 200},
        {"GET", "authorization=x; authorization=\"Bearer secret\"; authorization=y", 200},
        {"GET", "authorization=Bearer wrong", 401},
        {"GET", "authorization=secret", 401},
        {"GET", "xauthorization=Bearer secret", 401},
        {"GET", "authorization", 401},
        {"POST", "authorization=Bearer secret", 401},
    };
    struct world *w = *state;

    make_workflow(w);
    store(w, "<html>");
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct call c = {.method = cases[i].method,
                         .path = strcmp(cases[i].method, "GET") == 0 ? FILES "outputs/out"
                                                                     : "/api/v1/workflows/argo",
                         .body = "",
                         .further = {{"Cookie", cases[i].cookie}}};

        world_run(w, &c);
        if (c.status != cases[i].status)
            fail_msg("%zu: %u %s", i, c.status, c.answer);
    }
}

/* A server of one namespace shows nothing of others, whatever the token may. */
static void test_one_namespace_is_managed(void **state)
{
    static const char *const paths[] = {
        "/artifacts-by-uid/uid-w/n/out", "/input-artifacts-by-uid/uid-w/n/in",
        "/artifacts/argo/w/n/out", FILES "outputs/out",
        "/artifact-files/argo/archived-workflows/uid-w/n/outputs/out"};
    struct world *w = *state;
    struct call c;

    make_workflow(w);
    store(w, "<html>");
    for (size_t i = 0; i < COUNT_OF(paths); i++) {
        get(w, &c, paths[i], 403);
        assert_non_null(strstr(c.answer, "this server manages namespace team only"));
    }
}

/* The pod has no log here. */
static void test_an_archived_log(void **state)
{
    static const struct {
        const char *path;
        unsigned status;
        const char *answer;
    } cases[] = {
        {"/api/v1/workflows/argo/w/log", 200,
         "{\"result\":{\"content\":\"one\",\"podName\":\"w\"}}\n"
         "{\"result\":{\"content\":\"two\",\"podName\":\"w\"}}\n"},
        {"/api/v1/workflows/argo/w/log?grep=tw", 200,
         "{\"result\":{\"content\":\"two\",\"podName\":\"w\"}}\n"},
        {"/api/v1/workflows/argo/w/log?logOptions.container=wait", 200, ""},
        {"/api/v1/namespaces/argo/pods/w/log", 200, "one\ntwo\n"},
        {"/api/v1/namespaces/argo/pods/w/log?tailLines=1", 200, "two\n"},
    };
    struct world *w = *state;

    make_workflow(w);
    store(w, "one\ntwo");
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct call c = {.method = "GET", .path = cases[i].path, .body = "", .token = "secret"};

        world_run(w, &c);
        if (c.status != cases[i].status || strcmp(c.answer, cases[i].answer) != 0)
            fail_msg("%s: %u %s", c.path, c.status, c.answer);
    }
}

/* A server of artifacts that answers when it is told to. */
struct slow {
    struct http_server *server;
    struct http_request *held[2];
    size_t count; /* atomic */
};

static void hold(void *ctx, struct http_request *req)
{
    struct slow *slow = ctx;

    slow->held[__atomic_load_n(&slow->count, __ATOMIC_SEQ_CST)] = req;
    __atomic_add_fetch(&slow->count, 1, __ATOMIC_SEQ_CST);
}

static void wait_held(struct world *w, struct slow *slow, size_t count)
{
    for (int i = 0;
         i < WORLD_TURNS_MAX && __atomic_load_n(&slow->count, __ATOMIC_SEQ_CST) < count; i++)
        loop_run_once(w->loop, 5);
    assert_int_equal(__atomic_load_n(&slow->count, __ATOMIC_SEQ_CST), count);
}

static void make_slow_log(struct world *w, const struct slow *slow)
{
    const struct store_key key = {STR("argoproj.io"), STR("Workflow"), STR("argo"), STR("w")};
    struct store_txn *txn;

    make_workflow(w);
    txn = store_txn_new(w->store);
    store_txn_touch(txn, &key, STR(""));
    store_txn_node(
        txn, STR("uid-w"), STR("n"), 1,
        str_printf(w->a,
                   "{\"id\":\"n\",\"name\":\"w\",\"type\":\"Pod\",\"phase\":\"Succeeded\","
                   "\"templateName\":\"m\",\"finishedAt\":\"2026-01-01T00:00:01Z\","
                   "\"outputs\":{\"artifacts\":[{\"name\":\"main-logs\",\"http\":{\"url\":"
                   "\"http://127.0.0.1:%u/log\"}}]}}",
                   http_server_port(slow->server)));
    world_commit(w, txn);
}

/* More logs than there are threads of the server wait for their artifacts: it answers others.
 */
static void test_a_slow_log_holds_up_nobody(void **state)
{
    static const char *const paths[] = {"/api/v1/workflows/argo/w/log",
                                        "/api/v1/namespaces/argo/pods/w/log"};
    struct world *w = *state;
    struct slow slow = {0};
    const struct http_server_options options = {
        .address = "127.0.0.1", .threads = 1, .handle = hold, .ctx = &slow};
    struct call logs[4], other = {.method = "GET", .path = "/version", .body = ""};
    pthread_t threads[COUNT_OF(logs)];
    struct err err;

    slow.server = http_server_start(&options, &err);
    assert_non_null(slow.server);
    make_slow_log(w, &slow);
    for (size_t i = 0; i < COUNT_OF(logs); i++) {
        logs[i] = (struct call){
            .w = w, .method = "GET", .path = paths[i % 2], .body = "", .token = "secret"};
        assert_int_equal(pthread_create(&threads[i], NULL, world_call_main, &logs[i]), 0);
    }
    wait_held(w, &slow, 1);
    other.token = "secret";
    world_run(w, &other);
    assert_int_equal(other.status, 200);
    for (size_t i = 0; i < COUNT_OF(logs); i++) {
        wait_held(w, &slow, 1);
        __atomic_store_n(&slow.count, 0, __ATOMIC_SEQ_CST);
        http_reply(slow.held[0], 200, STR("text/plain"), STR("one\n"), NULL, 0);
    }
    for (size_t i = 0; i < COUNT_OF(logs); i++) {
        while (!__atomic_load_n(&logs[i].is_done, __ATOMIC_SEQ_CST))
            loop_run_once(w->loop, 5);
        pthread_join(threads[i], NULL);
        assert_int_equal(logs[i].status, 200);
        assert_non_null(strstr(logs[i].answer, "one"));
    }
    http_server_stop(slow.server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_downloads, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_CVE_2022_29164_a_page_cannot_act, world_setup,
                                        world_teardown),
        cmocka_unit_test_setup_teardown(test_GO_2026_4350_names_are_no_markup, world_setup,
                                        world_teardown),
        cmocka_unit_test_setup_teardown(test_files_of_folders, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_files_of_archived_workflows, world_setup,
                                        world_teardown),
        cmocka_unit_test_setup_teardown(test_ways_to_folders, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_heads, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_cookies, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_one_namespace_is_managed, world_setup_managed,
                                        world_teardown),
        cmocka_unit_test_setup_teardown(test_an_archived_log, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_a_slow_log_holds_up_nobody, world_setup,
                                        world_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
