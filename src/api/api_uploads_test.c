/* Uploads of input artifacts over real HTTP: what is stored and where, who may, forms that are
 * none, bodies that are larger than memory is for them, clients that go away. */
#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "api/world_test.h"
#include "base/fd.h"
#include "base/limits.h"
#include "base/mem.h"

#define FORM "multipart/form-data; boundary=b"
#define HEAD(name) \
    "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"" name "\"\r\n\r\n"
#define TAIL "\r\n--b--\r\n"
#define PATH "/upload-artifacts/argo/t/in"

static void make_template(struct world *w)
{
    struct store_txn *txn = store_txn_new(w->store);
    struct json doc;
    struct err err;

    assert_int_equal(
        json_parse(
            w->a,
            STR("{\"apiVersion\":\"argoproj.io/v1alpha1\",\"kind\":\"WorkflowTemplate\","
                "\"metadata\":{\"name\":\"t\",\"namespace\":\"argo\",\"uid\":\"u\","
                "\"creationTimestamp\":\"2026-01-01T00:00:00Z\"},\"spec\":{\"arguments\":"
                "{\"artifacts\":[{\"name\":\"in\"},{\"name\":\"key\",\"s3\":{\"key\":"
                "\"old\"}}]},\"entrypoint\":\"m\",\"templates\":[{\"name\":\"m\","
                "\"suspend\":{}}]}}"),
            &doc, &err),
        0);
    store_txn_create(txn, &doc);
    world_commit(w, txn);
}

static struct str answered_key(struct world *w, const struct call *c, const char *name)
{
    struct json doc;
    struct err err;

    assert_int_equal(c->status, 200);
    assert_int_equal(json_parse(w->a, str_copy(w->a, str_from(c->answer)), &doc, &err), 0);
    assert_int_equal(doc.count, 2);
    assert_true(str_is(json_get_str(&doc, STR("name")), name));
    return json_get_str(&doc, STR("key"));
}

/* What is in the repository under a key, as a workflow of the namespace will get it. */
static void check_stored(struct world *w, struct str key, struct str bytes)
{
    struct json artifact = json_set(w->a, NULL, STR("key"), json_string(key));
    struct artifact_call c = {
        .house = &w->artifacts, .a = w->a, .ns = STR("argo"), .artifact = &artifact};
    char *got = mem_alloc(bytes.len + 1);
    struct artifact_file file;
    struct err err;

    artifact = json_set(w->a, NULL, STR("s3"), artifact);
    if (artifact_download(&c, &file, &err) < 0)
        fail_msg("%s", err.text);
    assert_int_equal(fd_read(file.fd, got, bytes.len + 1), bytes.len);
    assert_memory_equal(got, bytes.ptr, bytes.len);
    close(file.fd);
    free(got);
}

static int count_left(struct world *w)
{
    DIR *dir = opendir(str_printf(w->a, "%s/artifacts/.new", w->path).ptr);
    struct dirent *entry;
    int count = 0;

    while (dir && (entry = readdir(dir)))
        count += entry->d_name[0] != '.';
    if (dir)
        closedir(dir);
    return count;
}

static void test_what_is_stored(void **state)
{
    static const struct {
        const char *path, *name, *body, *bytes, *last;
    } cases[] = {
        {PATH, "in", HEAD("f.txt") "one\r\ntwo" TAIL, "one\r\ntwo", "/f.txt"},
        {PATH, "in", HEAD("f") "" TAIL, "", "/f"},
        {"/upload-artifacts/argo/t/key", "key", HEAD("a b.zip") "x" TAIL, "x", "/a b.zip"},
        {PATH, "in", HEAD("/etc/passwd") "x" TAIL, "x", "/passwd"},
        {PATH, "in", HEAD("C:\\dir\\f.txt") "x" TAIL, "x", "/f.txt"},
    };
    struct world *w = *state;

    make_template(w);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct call c = {.method = "POST",
                         .path = cases[i].path,
                         .body = cases[i].body,
                         .token = "secret",
                         .type = FORM};
        struct str key;

        world_run(w, &c);
        if (c.status != 200)
            fail_msg("case %zu: %u %s", i, c.status, c.answer);
        key = answered_key(w, &c, cases[i].name);
        assert_true(str_starts(key, STR("uploads/argo/")));
        assert_int_equal(key.len,
                         strlen("uploads/argo/") + 36 /* a uuid */ + strlen(cases[i].last));
        assert_true(str_ends(key, str_from(cases[i].last)));
        check_stored(w, key, str_from(cases[i].bytes));
    }
    assert_int_equal(count_left(w), 0);
}

static void test_what_is_refused(void **state)
{
    static const struct {
        const char *path, *token, *type, *body;
        unsigned status;
        const char *answer;
    } cases[] = {
        {PATH, NULL, FORM, HEAD("f") "x" TAIL, 401, ""},
        {PATH, "wrong", FORM, HEAD("f") "x" TAIL, 401, ""},
        {PATH, WORLD_OURS, FORM, HEAD("f") "x" TAIL, 403, "workflowtemplates"},
        {"/upload-artifacts/argo/none/in", "secret", FORM, HEAD("f") "x" TAIL, 404,
         "workflowtemplates.argoproj.io \\\"none\\\" not found"},
        {"/upload-artifacts/argo/t/none", "secret", FORM, HEAD("f") "x" TAIL, 404,
         "Artifact 'none' not found in WorkflowTemplate argo/t arguments.artifacts"},
        {"/upload-artifacts/other/t/in", "secret", FORM, HEAD("f") "x" TAIL, 404, "not found"},
        {PATH, "secret", "application/json", "{}", 400, "must be multipart/form-data"},
        {PATH, "secret", "multipart/form-data", "x", 400, "needs a boundary"},
        {PATH, "secret", FORM, "", 400, "has no part"},
        {PATH, "secret", FORM, HEAD("f") "x", 400, "the form is cut off"},
        {PATH, "secret", FORM,
         "--b\r\nContent-Disposition: form-data; name=\"f\"; filename=\"f\"\r\n\r\nx" TAIL, 400,
         "the form has no file \\\"file\\\""},
        {PATH, "secret", FORM, HEAD("") "x" TAIL, 400, "the file's name must be"},
        {PATH, "secret", FORM, HEAD("a/..") "x" TAIL, 400, "the file's name must be"},
        {PATH, "secret", FORM, HEAD("dir/") "x" TAIL, 400, "the file's name must be"},
    };
    struct world *w = *state;

    make_template(w);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct call c = {.method = "POST",
                         .path = cases[i].path,
                         .body = cases[i].body,
                         .token = cases[i].token,
                         .type = cases[i].type};

        world_run(w, &c);
        if (c.status != cases[i].status || !strstr(c.answer, cases[i].answer))
            fail_msg("case %zu: %u %s", i, c.status, c.answer);
    }
    assert_int_equal(count_left(w), 0);
}

/* More than a body may have that is held in memory. */
static void test_a_large_one(void **state)
{
    enum { LARGE_BYTES = HTTP_BODY_MAX_BYTES + (2 << 20) };
    struct world *w = *state;
    char *body = mem_alloc(LARGE_BYTES + 256);
    size_t head = strlen(HEAD("big"));
    struct call c = {.method = "POST", .path = PATH, .token = "secret", .type = FORM};

    make_template(w);
    memcpy(body, HEAD("big"), head);
    for (size_t i = 0; i < LARGE_BYTES; i++)
        body[head + i] = (char) ('a' + i % 23);
    memcpy(body + head + LARGE_BYTES, TAIL, sizeof(TAIL));
    c.body = body;
    world_run(w, &c);
    check_stored(w, answered_key(w, &c, "in"), str_of(body + head, LARGE_BYTES));
    free(body);
}

static int dial(struct world *w)
{
    const struct sockaddr_in to = {.sin_family = AF_INET,
                                   .sin_port = htons(api_port(w->api)),
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_int_equal(connect(fd, (const struct sockaddr *) &to, sizeof(to)), 0);
    return fd;
}

static void send_head(struct world *w, int fd, const char *token, unsigned long long length)
{
    struct str text = str_printf(w->a,
                                 "POST " PATH " HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer "
                                 "%s\r\nContent-Type: " FORM "\r\nContent-Length: %llu\r\n\r\n",
                                 token, length);

    assert_int_equal(fd_write(fd, text.ptr, text.len), 0);
}

/* It is answered before any of it was sent. */
static void test_too_large(void **state)
{
    static const struct {
        const char *token;
        unsigned long long length;
        const char *answer;
    } cases[] = {{"secret", UPLOAD_MAX_BYTES + 1ULL, "HTTP/1.1 413 "},
                 {"secret", 1ULL << 62, "HTTP/1.1 413 "},
                 {"wrong", UPLOAD_MAX_BYTES, "HTTP/1.1 401 "},
                 {"wrong", UPLOAD_MAX_BYTES + 1ULL, "HTTP/1.1 413 "}};
    struct world *w = *state;

    make_template(w);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        size_t len = strlen(cases[i].answer);
        char got[64] = "";
        int fd = dial(w);

        send_head(w, fd, cases[i].token, cases[i].length);
        assert_int_equal(fd_read(fd, got, len), len);
        assert_string_equal(got, cases[i].answer);
        close(fd);
    }
}

/* Nothing is left of what was broken off, and the server goes on. */
static void test_clients_that_go_away(void **state)
{
    struct world *w = *state;
    struct call c = {.method = "POST",
                     .path = PATH,
                     .body = HEAD("f") "x" TAIL,
                     .token = "secret",
                     .type = FORM};

    make_template(w);
    for (int i = 0; i < 8; i++) {
        int fd = dial(w);

        send_head(w, fd, "secret", 1 << 20);
        assert_int_equal(fd_write(fd, HEAD("f") "half", strlen(HEAD("f") "half")), 0);
        close(fd);
        assert_int_equal(count_left(w), 0);
    }
    world_run(w, &c);
    assert_int_equal(c.status, 200);
    assert_int_equal(count_left(w), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_what_is_stored), TEST(test_what_is_refused),      TEST(test_a_large_one),
        TEST(test_too_large),      TEST(test_clients_that_go_away),
    };

    return cmocka_run_group_tests_name("api_uploads", tests, NULL, NULL);
}
