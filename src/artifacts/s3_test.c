/*
 * Tests of S3 artifacts against a bucket in memory: packed and plain, folders object by object,
 * deletion, encryption, Secrets that are missing, keys that want out.
 */
#include <errno.h>
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
#include "artifacts/pack.h"
#include "base/log.h"
#include "base/tree.h"
#include "tests/support/s3_server.h"

struct world {
    char path[64];
    int dir;
    struct s3_server *server;
    struct arena *a;
    struct artifact_house house;
    struct err err;
};

/* access: AK, secret: hidden, short: hidden, customer: 32 bytes */
static int get_object(void *ctx, struct arena *a, struct str kind, struct str ns,
                      struct str name, const struct json **ret, struct err *err)
{
    struct json *doc = ARENA_NEW(a, struct json);

    (void) ctx;
    *ret = doc;
    if (!str_is(kind, "Secret") || !str_is(ns, "argo") || !str_is(name, "creds"))
        return err_set(err, ERR_NOT_FOUND, "secrets \"" STR_FMT "\" not found", STR_ARG(name));
    return json_parse(a,
                      STR("{\"data\":{\"access\":\"QUs=\",\"secret\":\"aGlkZGVu\",\"customer\":"
                          "\"MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=\"}}"),
                      doc, err);
}

static int set_up(void **state)
{
    struct world *w = NEW(struct world);

    snprintf(w->path, sizeof(w->path), "/tmp/s3-test.XXXXXX");
    assert_non_null(mkdtemp(w->path));
    w->dir = open(w->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    w->a = arena_new();
    w->server = s3_server_start();
    w->house = (struct artifact_house){.repository = str_printf(w->a, "%s/repository", w->path),
                                       .object = get_object};
    *state = w;
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;

    s3_server_stop(w->server);
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

#define CREDS                                                      \
    "\"accessKeySecret\":{\"name\":\"creds\",\"key\":\"access\"}," \
    "\"secretKeySecret\":{\"name\":\"creds\",\"key\":\"secret\"}"

/* An artifact "out" of a path /tmp/NAME at @key, with more about its place and about itself. */
static struct artifact_call call(struct world *w, const char *key, const char *more_place,
                                 const char *more)
{
    struct json *doc = ARENA_NEW(w->a, struct json);
    struct str text = str_printf(
        w->a,
        "{\"name\":\"out\",\"path\":\"/tmp/out\",\"s3\":{\"endpoint\":\"%s\",\"bucket\":\"b\","
        "\"insecure\":true,\"key\":\"%s\"%s}%s}",
        w->server->endpoint, key, more_place, more);

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
    assert_non_null(json_path(&ret, "s3", "key", NULL));
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
    struct artifact_call plain = call(w, "a/plain", "," CREDS, NONE);
    struct artifact_call packed = call(w, "a/packed.tgz", "," CREDS, "");
    struct artifact_file file;
    char bytes[16] = "";

    put(w, "f", "some text");
    check_saves(w, &plain, "f");
    check_saves(w, &packed, "f");
    assert_true(str_is(s3_server_text(w->server, "a/plain"), "some text"));
    assert_true(str_starts(s3_server_text(w->server, "a/packed.tgz"), STR("\x1f\x8b")));
    check_loads(w, &plain, "g");
    check_loads(w, &packed, "h");
    check_file(w, "g", "some text");
    check_file(w, "h", "some text");
    assert_int_equal(artifact_download(&plain, &file, &w->err), 0);
    assert_int_equal(pread(file.fd, bytes, sizeof(bytes), 0), 9);
    assert_string_equal(bytes, "some text");
    close(file.fd);
}

/* What lies in the folder "dir". */
static void check_below(struct world *w, struct artifact_call c)
{
    static const struct {
        const char *below;
        bool is_folder;
        const char *key;
    } rows[] = {{"", true, "dir"},
                {"sub", true, "dir/sub"},
                {"./sub//", true, "dir/sub"},
                {"sub/two", false, "dir/sub/two"},
                {"su", false, "dir/su"},
                {"none", false, "dir/none"}};
    struct artifact_file file;
    char bytes[8] = "";
    struct str key;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        bool is_folder = !rows[i].is_folder;

        c.below = str_from(rows[i].below);
        assert_int_equal(artifact_is_folder(&c, &is_folder, &w->err), 0);
        assert_int_equal(is_folder, rows[i].is_folder);
        assert_int_equal(artifact_key(&c, &key, &w->err), 0);
        assert_true(str_is(key, rows[i].key));
    }
    c.below = STR("sub/two");
    assert_int_equal(artifact_download(&c, &file, &w->err), 0);
    assert_true(str_is(file.name, "two"));
    assert_int_equal(pread(file.fd, bytes, sizeof(bytes), 0), 1);
    assert_string_equal(bytes, "2");
    close(file.fd);
    c.below = STR(""); /* all of it, in an archive that is not empty */
    assert_int_equal(artifact_download(&c, &file, &w->err), 0);
    assert_true(str_is(file.name, "dir.tgz"));
    assert_int_equal(lseek(file.fd, 0, SEEK_SET), 0);
    assert_int_equal(mkdirat(w->dir, "unpacked", 0755), 0);
    assert_int_equal(archive_unpack(file.fd, ARCHIVE_TAR_GZ,
                                    openat(w->dir, "unpacked", O_RDONLY | O_DIRECTORY),
                                    &w->err),
                     0);
    close(file.fd);
    check_file(w, "unpacked/dir/sub/two", "2");
    c.below = STR("../x");
    assert_int_equal(artifact_key(&c, &key, &w->err), -1);
    assert_int_equal(w->err.kind, ERR_INVALID);
}

static void test_a_folder(void **state)
{
    struct world *w = *state;
    struct artifact_call c = call(w, "dir", "," CREDS, NONE);

    assert_int_equal(mkdirat(w->dir, "d", 0755), 0);
    assert_int_equal(mkdirat(w->dir, "d/sub", 0755), 0);
    put(w, "d/one", "1");
    put(w, "d/sub/two", "2");
    put(w, "d/sub/three", "3");
    assert_int_equal(symlinkat("one", w->dir, "d/link"), 0);
    check_saves(w, &c, "d");
    assert_true(str_is(s3_server_text(w->server, "dir/sub/two"), "2"));
    check_below(w, c);
    assert_int_equal(w->server->puts, 3);
    s3_server_store(w->server, STR("dir/folder/"), STR(""));
    s3_server_store(w->server, STR("dirt"), STR("not of it"));
    check_loads(w, &c, "e");
    check_file(w, "e/one", "1");
    check_file(w, "e/sub/two", "2");
    check_file(w, "e/sub/three", "3");
    assert_int_equal(artifact_delete(&c, &w->err), 0);
    assert_int_equal(w->server->count, 1);
    assert_int_equal(artifact_delete(&c, &w->err), 0);
}

static struct str listed(struct world *w, const char *key)
{
    struct artifact_call c = call(w, key, "," CREDS, NONE);
    struct json list;

    if (artifact_list(&c, &list, &w->err) < 0)
        fail_msg("%s", w->err.text);
    return json_text(w->a, &list, JSON_COMPACT);
}

static void test_keys(void **state)
{
    static const char *const keys[] = {"dir/one", "dir/sub/two", "dir/folder/", "dirt", "x"};
    struct world *w = *state;

    for (size_t i = 0; i < COUNT_OF(keys); i++)
        s3_server_store(w->server, str_from(keys[i]), STR("text"));
    assert_true(str_is(listed(w, ""), "[\"dir/one\",\"dir/sub/two\",\"dirt\",\"x\"]"));
    assert_true(str_is(listed(w, "dir"), "[\"dir/one\",\"dir/sub/two\"]"));
    assert_true(str_is(listed(w, "dir/sub/"), "[\"dir/sub/two\"]"));
    assert_true(str_is(listed(w, "none"), "[]"));
}

static void test_what_is_not_there(void **state)
{
    struct world *w = *state;
    struct artifact_call c = call(w, "lost", "," CREDS, "");
    struct artifact_call maybe = call(w, "lost", "," CREDS, ",\"optional\":true");
    enum artifact_found found;

    assert_int_equal(artifact_load(&c, w->dir, "f", &found, &w->err), -1);
    assert_int_equal(w->err.kind, ERR_NOT_FOUND);
    assert_string_equal(w->err.text, "S3: bucket b has no object \"lost\" and none below it");
    assert_int_equal(artifact_load(&maybe, w->dir, "f", &found, &w->err), 0);
    assert_int_equal(found, ARTIFACT_SKIPPED);
    assert_int_equal(faccessat(w->dir, "f", F_OK, 0), -1);
}

static void test_objects_stay_in_their_folder(void **state)
{
    static const char *const keys[] = {"dir/../../up", "dir//etc/passwd", "dir/a/../../../x"};
    struct world *w = *state;
    struct artifact_call c = call(w, "dir", "," CREDS, NONE);
    enum artifact_found found;

    for (size_t i = 0; i < COUNT_OF(keys); i++) {
        s3_server_store(w->server, str_from(keys[i]), STR("x"));
        assert_int_equal(artifact_load(&c, w->dir, "f", &found, &w->err), -1);
        if (w->err.kind != ERR_INVALID || !strstr(w->err.text, "would leave its folder"))
            fail_msg("%s: %s", keys[i], w->err.text);
        assert_int_equal(faccessat(w->dir, "f", F_OK, 0), -1);
        s3_server_remove(w->server, str_from(keys[i]));
    }
}

static void test_makes_its_bucket(void **state)
{
    struct world *w = *state;
    struct artifact_call c = call(w, "k", "," CREDS, NONE);
    struct artifact_call makes =
        call(w, "k", "," CREDS ",\"createBucketIfNotPresent\":{}", NONE);
    struct json ret;

    w->server->has_no_bucket = true;
    put(w, "f", "x");
    assert_int_equal(artifact_save(&c, w->dir, "f", &ret, &w->err), -1);
    assert_non_null(strstr(w->err.text, "NoSuchBucket"));
    check_saves(w, &makes, "f");
    assert_true(str_is(s3_server_text(w->server, "k"), "x"));
}

static void test_encryption(void **state)
{
    static const struct {
        const char *options, *seal;
    } cases[] = {
        {"{}", ""},
        {"{\"enableEncryption\":true}", "AES256"},
        {"{\"enableEncryption\":true,\"kmsKeyId\":\"k\",\"kmsEncryptionContext\":\"{}\"}",
         "aws:kms"},
    };
    struct world *w = *state;

    put(w, "f", "x");
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const char *more =
            str_printf(w->a, "," CREDS ",\"encryptionOptions\":%s", cases[i].options).ptr;
        struct artifact_call c = call(w, "k", more, NONE);

        check_saves(w, &c, "f");
        assert_string_equal(w->server->seal, cases[i].seal);
    }
}

/* Nobody wrote keys into the manifest. */
static void test_keys_of_the_machine(void **state)
{
    struct world *w = *state;
    struct artifact_call c = call(w, "k", "", NONE);

    put(w, "f", "x");
    setenv("AWS_ACCESS_KEY_ID", "AK", 1);
    setenv("AWS_SECRET_ACCESS_KEY", "hidden", 1);
    check_saves(w, &c, "f");
    unsetenv("AWS_ACCESS_KEY_ID");
    unsetenv("AWS_SECRET_ACCESS_KEY");
    assert_true(str_is(s3_server_text(w->server, "k"), "x"));
}

static void test_faults(void **state)
{
    static const struct {
        const char *place, *text;
    } cases[] = {
        {",\"accessKeySecret\":{\"name\":\"creds\",\"key\":\"access\"}",
         "s3 needs both accessKeySecret and secretKeySecret"},
        {"", "no AWS keys: "},
        {",\"roleARN\":\"r\"", "no AWS keys: "},
        {",\"accessKeySecret\":{\"name\":\"no\",\"key\":\"k\"},\"secretKeySecret\":{\"name\":"
         "\"creds\",\"key\":\"secret\"}",
         "s3.accessKeySecret: secrets \"no\" not found"},
        {",\"accessKeySecret\":{\"name\":\"creds\",\"key\":\"access\"},\"secretKeySecret\":{"
         "\"name\":\"creds\",\"key\":\"no\"}",
         "s3.secretKeySecret: secret \"creds\" has no key \"no\""},
        {"," CREDS ",\"encryptionOptions\":{\"enableEncryption\":true,\"kmsKeyId\":\"k\","
         "\"serverSideCustomerKeySecret\":{\"name\":\"creds\",\"key\":\"customer\"}}",
         "cannot be set together"},
        {"," CREDS ",\"encryptionOptions\":{\"enableEncryption\":true,"
         "\"serverSideCustomerKeySecret\":{\"name\":\"creds\",\"key\":\"secret\"}}",
         "has 6 bytes: a key has 32"},
        {"," CREDS ",\"encryptionOptions\":{\"enableEncryption\":true,"
         "\"serverSideCustomerKeySecret\":{\"name\":\"creds\",\"key\":\"customer\"}}",
         "needs TLS"},
        {"," CREDS ",\"bucket\":\"\"", "needs both endpoint and bucket"},
        {"," CREDS ",\"endpoint\":\"http://x\"", "must be host:port"},
        {"," CREDS ",\"endpoint\":\"a@b\"", "must be host:port"},
    };
    struct world *w = *state;

    put(w, "f", "x");
    setenv("AWS_EC2_METADATA_DISABLED", "true", 1);
    setenv("HOME", w->path, 1);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct artifact_call c = call(w, "k", cases[i].place, NONE);
        struct json ret;

        assert_int_equal(artifact_save(&c, w->dir, "f", &ret, &w->err), -1);
        if (!strstr(w->err.text, cases[i].text) || strstr(w->err.text, "hidden"))
            fail_msg("%zu: %s", i, w->err.text);
    }
    assert_int_equal(w->server->puts, 0);
}

/* A repository's place, with the beginning of keys. */
static void test_a_repository(void **state)
{
    struct world *w = *state;
    struct artifact_call in_it = call(w, "wf/pod", "," CREDS, "");
    static const char *const artifacts[] = {
        "{\"name\":\"out\",\"path\":\"/tmp/o.txt\",\"archive\":{\"none\":{}}}",
        "{\"name\":\"out\",\"archive\":{\"none\":{}},\"s3\":{\"key\":\"own/key\"}}",
        "{\"name\":\"out\",\"archive\":{\"none\":{}},\"s3\":{\"bucket\":\"x\",\"key\":\"k\"}}",
    };
    static const char *const keys[] = {"wf/pod/o.txt", "own/key", "k"};

    put(w, "f", "x");
    for (size_t i = 0; i < COUNT_OF(artifacts); i++) {
        struct artifact_call c = in_it;
        struct json doc, ret;

        assert_int_equal(json_parse(w->a, str_from(artifacts[i]), &doc, &w->err), 0);
        c.location = in_it.artifact;
        c.artifact = &doc;
        if (artifact_save(&c, w->dir, "f", &ret, &w->err) < 0)
            fail_msg("%s", w->err.text);
        assert_true(str_is(s3_server_text(w->server, keys[i]), "x"));
        assert_true(str_is(json_str(json_path(&ret, "s3", "key", NULL)), keys[i]));
        assert_null(json_path(&ret, "s3", "endpoint", NULL));
        c.artifact = &ret; /* the next step has the key alone */
        check_loads(w, &c, str_printf(w->a, "g%zu", i).ptr);
    }
}

/* One that says where, without a key, goes there, and not into the repository. */
static void test_own_bucket_without_a_key(void **state)
{
    struct world *w = *state;
    struct artifact_call c = call(w, "", "," CREDS, NONE);
    struct json location, ret;

    put(w, "f", "x");
    assert_int_equal(json_parse(w->a, STR("{\"s3\":{\"key\":\"wf/pod\"}}"), &location, &w->err),
                     0);
    c.location = &location;
    if (artifact_save(&c, w->dir, "f", &ret, &w->err) < 0)
        fail_msg("%s", w->err.text);
    assert_true(str_is(s3_server_text(w->server, "wf/pod/out"), "x"));
    assert_true(str_is(json_str(json_path(&ret, "s3", "key", NULL)), "wf/pod/out"));
    assert_true(str_is(json_str(json_path(&ret, "s3", "bucket", NULL)), "b"));
    c.artifact = &ret;
    check_loads(w, &c, "g");
    c = call(w, "",
             ",\"accessKeySecret\":{\"name\":\"no\",\"key\":\"k\"},\"secretKeySecret\":{"
             "\"name\":\"no\",\"key\":\"k\"}",
             NONE);
    c.location = &location;
    assert_int_equal(artifact_save(&c, w->dir, "f", &ret, &w->err), -1);
    assert_string_equal(w->err.text, "s3.accessKeySecret: secrets \"no\" not found");
}

static void test_is_tried_again_later(void **state)
{
    struct world *w = *state;
    struct artifact_call c = call(w, "slow", "," CREDS, NONE);
    enum artifact_found found;

    assert_int_equal(artifact_load(&c, w->dir, "f", &found, &w->err), -1);
    assert_int_equal(w->err.kind, ERR_TRANSIENT);
}

/* GO-2025-4024: neither the log nor an error has the keys, whether it works or not. */
static void test_GO_2025_4024_keys_are_not_told(void **state)
{
    static const char *const keys[] = {"k", "slow", "nothing"};
    static const char *const words[] = {"hidden", "aGlkZGVu", "0123456789abcdef", "Signature="};
    struct world *w = *state;
    int log = openat(w->dir, "log", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    char text[8192] = "";
    unsigned failed = 0;

    put(w, "f", "x");
    log_setup(LOG_FORMAT_JSON, LOG_LEVEL_DEBUG, log);
    for (size_t i = 0; i < COUNT_OF(keys); i++) {
        struct artifact_call c = call(w, keys[i], "," CREDS, NONE);
        enum artifact_found found;
        struct json ret;
        struct err errs[2] = {0};

        failed += artifact_load(&c, w->dir, "g", &found, &errs[0]) < 0;
        failed += artifact_save(&c, w->dir, "f", &ret, &errs[1]) < 0;
        for (size_t k = 0; k < COUNT_OF(words); k++)
            if (strstr(errs[0].text, words[k]) || strstr(errs[1].text, words[k]))
                fail_msg("%s: %s; %s", keys[i], errs[0].text, errs[1].text);
    }
    log_setup(LOG_FORMAT_TEXT, LOG_LEVEL_INFO, STDERR_FILENO);
    assert_true(pread(log, text, sizeof(text) - 1, 0) >= 0);
    close(log);
    for (size_t k = 0; k < COUNT_OF(words); k++)
        assert_null(strstr(text, words[k]));
    assert_true(failed >= 3);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_file),
        TEST(test_a_folder),
        TEST(test_keys),
        TEST(test_what_is_not_there),
        TEST(test_objects_stay_in_their_folder),
        TEST(test_makes_its_bucket),
        TEST(test_encryption),
        TEST(test_keys_of_the_machine),
        TEST(test_faults),
        TEST(test_GO_2025_4024_keys_are_not_told),
        TEST(test_a_repository),
        TEST(test_own_bucket_without_a_key),
        TEST(test_is_tried_again_later),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
