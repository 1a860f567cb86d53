/*
 * Tests of artifacts in OSS against a bucket in memory that checks signatures: packed and
 * plain, folders, deletion, rules of the bucket, Secrets that are missing, credentials of the
 * machine.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "artifacts/driver.h"
#include "base/tree.h"
#include "tests/support/oss_server.h"

struct world {
    char path[64];
    int dir;
    struct oss_server *server;
    struct arena *a;
    struct artifact_house house;
    struct err err;
};

/* access: AK, secret: hidden, wrong: sesame */
static int get_object(void *ctx, struct arena *a, struct str kind, struct str ns,
                      struct str name, const struct json **ret, struct err *err)
{
    struct json *doc = ARENA_NEW(a, struct json);

    (void) ctx;
    *ret = doc;
    if (!str_is(kind, "Secret") || !str_is(ns, "argo") || !str_is(name, "creds"))
        return err_set(err, ERR_NOT_FOUND, "secrets \"" STR_FMT "\" not found", STR_ARG(name));
    return json_parse(
        a,
        STR("{\"data\":{\"access\":\"QUs=\",\"secret\":\"aGlkZGVu\",\"wrong\":\"c2VzYW1l\"}}"),
        doc, err);
}

static int set_up(void **state)
{
    struct world *w = NEW(struct world);

    snprintf(w->path, sizeof(w->path), "/tmp/oss-test.XXXXXX");
    assert_non_null(mkdtemp(w->path));
    w->dir = open(w->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    w->a = arena_new();
    w->server = oss_server_start();
    w->house = (struct artifact_house){.repository = STR("/nowhere"), .object = get_object};
    *state = w;
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;

    oss_server_stop(w->server);
    close(w->dir);
    assert_int_equal(tree_remove(AT_FDCWD, w->path), 0);
    arena_free(w->a);
    free(w);
    return 0;
}

static void put(struct world *w, const char *name, const char *text)
{
    int fd = openat(w->dir, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
}

static void check_file(struct world *w, const char *name, const char *text)
{
    char bytes[256] = "";
    int fd = openat(w->dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

    if (fd < 0)
        fail_msg("no %s", name);
    assert_true(read(fd, bytes, sizeof(bytes) - 1) >= 0);
    assert_string_equal(bytes, text);
    close(fd);
}

#define CREDS                                                       \
    ",\"accessKeySecret\":{\"name\":\"creds\",\"key\":\"access\"}," \
    "\"secretKeySecret\":{\"name\":\"creds\",\"key\":\"secret\"}"

/* An artifact "out" at @key, with more about its place and about itself. */
static struct artifact_call call(struct world *w, const char *key, const char *more_place,
                                 const char *more)
{
    struct json *doc = ARENA_NEW(w->a, struct json);
    struct str text =
        str_printf(w->a,
                   "{\"name\":\"out\",\"path\":\"/tmp/out\",\"oss\":{\"endpoint\":"
                   "\"%s\",\"bucket\":\"bucket\",\"key\":\"%s\"%s}%s}",
                   w->server->store->endpoint, key, more_place, more);

    if (json_parse(w->a, text, doc, &w->err) < 0)
        fail_msg("%s", w->err.text);
    return (struct artifact_call){
        .house = &w->house, .a = w->a, .ns = STR("argo"), .artifact = doc};
}

#define NONE ",\"archive\":{\"none\":{}}"

static void check_saves(struct world *w, const struct artifact_call *c, const char *name)
{
    struct json ret;

    if (artifact_save(c, w->dir, name, &ret, &w->err) < 0)
        fail_msg("%s", w->err.text);
    assert_non_null(json_path(&ret, "oss", "key", NULL));
}

static void check_loads(struct world *w, const struct artifact_call *c, const char *name)
{
    enum artifact_found found;

    if (artifact_load(c, w->dir, name, &found, &w->err) < 0)
        fail_msg("%s", w->err.text);
    assert_int_equal(found, ARTIFACT_LOADED);
}

static void test_a_file(void **state)
{
    struct world *w = *state;
    struct artifact_call plain = call(w, "a/plain", CREDS, NONE);
    struct artifact_call packed = call(w, "a/packed.tgz", CREDS, "");

    put(w, "f", "some text");
    check_saves(w, &plain, "f");
    check_saves(w, &packed, "f");
    assert_true(str_is(s3_server_text(w->server->store, "a/plain"), "some text"));
    assert_true(str_starts(s3_server_text(w->server->store, "a/packed.tgz"), STR("\x1f\x8b")));
    check_loads(w, &plain, "g");
    check_loads(w, &packed, "h");
    check_file(w, "g", "some text");
    check_file(w, "h", "some text");
}

static void test_a_folder(void **state)
{
    struct world *w = *state;
    struct artifact_call c = call(w, "dir", CREDS, NONE);
    struct json list;

    assert_int_equal(mkdirat(w->dir, "d", 0755), 0);
    assert_int_equal(mkdirat(w->dir, "d/sub", 0755), 0);
    put(w, "d/one", "1");
    put(w, "d/sub/two", "2");
    put(w, "d/sub/three", "3");
    check_saves(w, &c, "d");
    s3_server_store(w->server->store, STR("dir/folder/"), STR(""));
    s3_server_store(w->server->store, STR("dirt"), STR("not of it"));
    check_loads(w, &c, "e");
    check_file(w, "e/one", "1");
    check_file(w, "e/sub/two", "2");
    check_file(w, "e/sub/three", "3");
    assert_int_equal(artifact_list(&c, &list, &w->err), 0);
    assert_true(str_is(json_text(w->a, &list, JSON_COMPACT),
                       "[\"dir/one\",\"dir/sub/three\",\"dir/sub/two\"]"));
    for (int i = 0; i < 2; i++) { /* what artifactGC does, and again */
        assert_int_equal(artifact_delete(&c, &w->err), 0);
        assert_int_equal(w->server->store->count, 1);
    }
}

static void test_what_is_not_there(void **state)
{
    struct world *w = *state;
    struct artifact_call c = call(w, "lost", CREDS, "");
    struct artifact_call maybe = call(w, "lost", CREDS, ",\"optional\":true");
    enum artifact_found found;

    assert_int_equal(artifact_load(&c, w->dir, "f", &found, &w->err), -1);
    assert_int_equal(w->err.kind, ERR_NOT_FOUND);
    assert_string_equal(w->err.text,
                        "OSS: bucket bucket has no object \"lost\" and none below it");
    assert_int_equal(artifact_load(&maybe, w->dir, "f", &found, &w->err), 0);
    assert_int_equal(found, ARTIFACT_SKIPPED);
}

static void test_makes_its_bucket_and_rule(void **state)
{
    struct world *w = *state;
    struct artifact_call makes =
        call(w, "k",
             CREDS ",\"createBucketIfNotPresent\":true,\"lifecycleRule\":{"
                   "\"markDeletionAfterDays\":7}",
             NONE);
    struct artifact_call c = call(w, "k", CREDS, NONE);
    struct json ret;

    w->server->store->has_no_bucket = true;
    put(w, "f", "x");
    assert_int_equal(artifact_save(&c, w->dir, "f", &ret, &w->err), -1);
    assert_non_null(strstr(w->err.text, "NoSuchBucket"));
    check_saves(w, &makes, "f");
    assert_true(str_is(s3_server_text(w->server->store, "k"), "x"));
    assert_string_equal(w->server->tag, "tiphys-lifecycle=ia0-del7");
    assert_non_null(strstr(w->server->lifecycle, "<Expiration><Days>7</Days></Expiration>"));
    check_loads(w, &makes, "g"); /* reading changes no rules */
    assert_int_equal(w->server->rule_puts, 1);
}

static void test_keys_of_the_machine(void **state)
{
    struct world *w = *state;
    struct artifact_call c = call(w, "k", ",\"useSDKCreds\":true", NONE);
    struct json ret;

    put(w, "f", "x");
    setenv("ALIBABA_CLOUD_ECS_METADATA_DISABLED", "true", 1);
    assert_int_equal(artifact_save(&c, w->dir, "f", &ret, &w->err), -1);
    assert_int_equal(w->err.kind, ERR_UNAUTHORIZED);
    assert_non_null(strstr(w->err.text, "no keys of Alibaba Cloud"));
    setenv("ALIBABA_CLOUD_ACCESS_KEY_ID", "AK", 1);
    setenv("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "hidden", 1);
    check_saves(w, &c, "f");
    w->server->token = "t";
    setenv("ALIBABA_CLOUD_SECURITY_TOKEN", "t", 1);
    check_loads(w, &c, "g");
    unsetenv("ALIBABA_CLOUD_ACCESS_KEY_ID");
    unsetenv("ALIBABA_CLOUD_ACCESS_KEY_SECRET");
    unsetenv("ALIBABA_CLOUD_SECURITY_TOKEN");
    unsetenv("ALIBABA_CLOUD_ECS_METADATA_DISABLED");
}

static void test_faults(void **state)
{
    static const struct {
        const char *place, *text;
    } cases[] = {
        {",\"accessKeySecret\":{\"name\":\"creds\",\"key\":\"access\"}",
         "oss needs both accessKeySecret and secretKeySecret"},
        {"", "oss needs both accessKeySecret and secretKeySecret"},
        {",\"accessKeySecret\":{\"name\":\"no\",\"key\":\"k\"},\"secretKeySecret\":{\"name\":"
         "\"creds\",\"key\":\"secret\"}",
         "oss.accessKeySecret: secrets \"no\" not found"},
        {",\"accessKeySecret\":{\"name\":\"creds\",\"key\":\"access\"},\"secretKeySecret\":{"
         "\"name\":\"creds\",\"key\":\"no\"}",
         "oss.secretKeySecret: secret \"creds\" has no key \"no\""},
        {",\"accessKeySecret\":{\"name\":\"creds\",\"key\":\"access\"},\"secretKeySecret\":{"
         "\"name\":\"creds\",\"key\":\"wrong\"}",
         "status 403 SignatureDoesNotMatch"},
        {CREDS ",\"securityToken\":\"hidden\"", "status 403 SignatureDoesNotMatch"},
        {CREDS ",\"bucket\":\"\"", "needs both endpoint and bucket"},
        {CREDS ",\"endpoint\":\"u:hidden@h\"", "must be a host"},
        {CREDS ",\"lifecycleRule\":{\"markInfrequentAccessAfterDays\":9,"
               "\"markDeletionAfterDays\":8}",
         "must be smaller than markDeletionAfterDays"},
    };
    struct world *w = *state;

    put(w, "f", "x");
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct artifact_call c = call(w, "k", cases[i].place, NONE);
        struct json ret;

        assert_int_equal(artifact_save(&c, w->dir, "f", &ret, &w->err), -1);
        if (!strstr(w->err.text, cases[i].text) || strstr(w->err.text, "hidden") ||
            strstr(w->err.text, "sesame"))
            fail_msg("%zu: %s", i, w->err.text);
    }
    assert_int_equal(w->server->store->puts, 0);
}

/* What has a key alone is where the repository says. */
static void test_a_repository(void **state)
{
    struct world *w = *state;
    struct artifact_call in_it = call(w, "wf/pod", CREDS, ""), c = in_it;
    struct json doc, ret;

    put(w, "f", "x");
    assert_int_equal(json_parse(w->a,
                                STR("{\"name\":\"out\",\"path\":\"/tmp/o.txt\",\"archive\":{"
                                    "\"none\":{}}}"),
                                &doc, &w->err),
                     0);
    c.location = in_it.artifact;
    c.artifact = &doc;
    assert_int_equal(artifact_save(&c, w->dir, "f", &ret, &w->err), 0);
    assert_true(str_is(s3_server_text(w->server->store, "wf/pod/o.txt"), "x"));
    assert_null(json_path(&ret, "oss", "endpoint", NULL));
    c.artifact = &ret;
    check_loads(w, &c, "g");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_file),
        TEST(test_a_folder),
        TEST(test_what_is_not_there),
        TEST(test_makes_its_bucket_and_rule),
        TEST(test_keys_of_the_machine),
        TEST(test_faults),
        TEST(test_a_repository),
    };

    return cmocka_run_group_tests_name("oss", tests, NULL, NULL);
}
