/*
 * Tests of artifacts in HDFS against a file system in memory: packed and plain, folders, lists,
 * deletion, files that are there already, who one is.
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
#include "tests/support/hdfs_server.h"

struct world {
    char path[64];
    int dir;
    struct hdfs_server *server;
    struct arena *a;
    struct artifact_house house;
    struct err err;
};

/* The Secret krb has a key "k", the ConfigMap krb a key "conf". */
static int get_object(void *ctx, struct arena *a, struct str kind, struct str ns,
                      struct str name, const struct json **ret, struct err *err)
{
    struct json *doc = ARENA_NEW(a, struct json);

    (void) ctx;
    *ret = doc;
    if (!str_is(ns, "argo") || !str_is(name, "krb"))
        return err_set(err, ERR_NOT_FOUND, STR_FMT " \"" STR_FMT "\" not found", STR_ARG(kind),
                       STR_ARG(name));
    return json_parse(a,
                      str_is(kind, "Secret")
                          ? STR("{\"data\":{\"k\":\"bm8=\"}}")
                          : STR("{\"data\":{\"conf\":\"[libdefaults]\\n\"}}"),
                      doc, err);
}

static int set_up(void **state)
{
    struct world *w = NEW(struct world);

    snprintf(w->path, sizeof(w->path), "/tmp/hdfs-test.XXXXXX");
    assert_non_null(mkdtemp(w->path));
    w->dir = open(w->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    w->a = arena_new();
    w->server = hdfs_server_start();
    w->house = (struct artifact_house){.repository = STR("/nowhere"), .object = get_object};
    *state = w;
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;

    hdfs_server_stop(w->server);
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

/* A call for {name: a, @rest, hdfs: {addresses, @place}}. */
static struct artifact_call call_for(struct world *w, const char *rest, const char *place)
{
    struct json *artifact = ARENA_NEW(w->a, struct json);
    struct str text = str_printf(
        w->a,
        "{\"name\":\"a\",\"path\":\"/a\",%s\"hdfs\":{\"addresses\":[\"127.0.0.1:%u\"],%s}}",
        rest, w->server->names[0].port, place);

    if (json_parse(w->a, text, artifact, &w->err) < 0)
        fail_msg("%s", w->err.text);
    return (struct artifact_call){
        .house = &w->house, .a = w->a, .ns = STR("argo"), .artifact = artifact};
}

#define PLAIN  "\"archive\":{\"none\":{}},"
#define AS_ANN "\"hdfsUser\":\"ann\","

static void save(struct world *w, const char *rest, const char *place, const char *name)
{
    struct artifact_call c = call_for(w, rest, place);
    struct json ret;

    if (artifact_save(&c, w->dir, name, &ret, &w->err) < 0)
        fail_msg("%s", w->err.text);
}

static void load(struct world *w, const char *rest, const char *place, const char *name)
{
    struct artifact_call c = call_for(w, rest, place);
    enum artifact_found found;

    if (artifact_load(&c, w->dir, name, &found, &w->err) < 0)
        fail_msg("%s", w->err.text);
    assert_int_equal(found, ARTIFACT_LOADED);
}

static void check_fails(struct world *w, const char *place, enum err_kind kind,
                        const char *text)
{
    struct artifact_call c = call_for(w, PLAIN, place);
    struct json ret;

    assert_int_equal(artifact_save(&c, w->dir, "f", &ret, &w->err), -1);
    if (w->err.kind != kind || !strstr(w->err.text, text))
        fail_msg("%s: kind %s: %s", place, err_kind_name(w->err.kind), w->err.text);
}

static void test_files(void **state)
{
    struct world *w = *state;

    put(w, "f", "one");
    save(w, PLAIN, AS_ANN "\"path\":\"/r/f\"", "f");
    save(w, "", AS_ANN "\"path\":\"/r/f.tgz\"", "f");
    assert_string_equal(w->server->user, "ann");
    load(w, PLAIN, AS_ANN "\"path\":\"/r/f\"", "plain");
    check_file(w, "plain", "one");
    load(w, "", AS_ANN "\"path\":\"/r/f.tgz\"", "packed");
    check_file(w, "packed", "one");
}

static void test_folder(void **state)
{
    struct world *w = *state;
    struct artifact_call c;
    struct json keys;

    assert_int_equal(mkdirat(w->dir, "t", 0755), 0);
    assert_int_equal(mkdirat(w->dir, "t/u", 0755), 0);
    put(w, "t/f", "one");
    put(w, "t/g", "two");
    put(w, "t/u/h", "three");
    put(w, "beside", "no");
    save(w, PLAIN, AS_ANN "\"path\":\"/r/t\"", "t");
    save(w, PLAIN, AS_ANN "\"path\":\"/r/t2\"", "beside");
    load(w, PLAIN, AS_ANN "\"path\":\"/r/t\"", "back");
    check_file(w, "back/f", "one");
    check_file(w, "back/g", "two");
    check_file(w, "back/u/h", "three");
    c = call_for(w, PLAIN, AS_ANN "\"path\":\"/r/t\"");
    assert_int_equal(artifact_list(&c, &keys, &w->err), 0);
    assert_true(
        str_is(json_text(w->a, &keys, JSON_COMPACT), "[\"/r/t/f\",\"/r/t/g\",\"/r/t/u/h\"]"));
    assert_int_equal(artifact_delete(&c, &w->err), 0);
    assert_int_equal(w->server->files.len, 1);
    assert_int_equal(artifact_delete(&c, &w->err), 0); /* again */
    check_fails(w, AS_ANN "\"path\":\"f\"", ERR_NOT_FOUND, "look at f");
}

/* What /artifact-files asks, and what it then reads. */
static void test_what_is_a_folder(void **state)
{
    static const struct {
        const char *path, *below;
        bool is_folder;
    } cases[] = {
        {"/r/t", "", true},   {"/r/t", "u", true},   {"/r", "t/u", true}, {"/r/t/", "", true},
        {"/r/t", "f", false}, {"/r/t/f", "", false}, {"/r/x", "", false}, {"/r/t", "x", false},
    };
    struct world *w = *state;

    assert_int_equal(mkdirat(w->dir, "t", 0755), 0);
    assert_int_equal(mkdirat(w->dir, "t/u", 0755), 0);
    put(w, "t/f", "one");
    put(w, "t/u/h", "three");
    save(w, PLAIN, AS_ANN "\"path\":\"/r/t\"", "t");
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct artifact_call c =
            call_for(w, PLAIN, str_printf(w->a, AS_ANN "\"path\":\"%s\"", cases[i].path).ptr);
        bool is_folder = !cases[i].is_folder;

        c.below = str_from(cases[i].below);
        if (artifact_is_folder(&c, &is_folder, &w->err) < 0)
            fail_msg("%s: %s", cases[i].path, w->err.text);
        if (is_folder != cases[i].is_folder)
            fail_msg("%s, %s", cases[i].path, cases[i].below);
    }
}

static void test_not_there(void **state)
{
    struct world *w = *state;
    struct artifact_call c = call_for(w, "", AS_ANN "\"path\":\"/r/x\"");
    enum artifact_found found;

    assert_int_equal(artifact_load(&c, w->dir, "x", &found, &w->err), -1);
    assert_int_equal(w->err.kind, ERR_NOT_FOUND);
    assert_non_null(strstr(w->err.text, "has no file \"/r/x\" and none below it"));
    c = call_for(w, "\"optional\":true,", AS_ANN "\"path\":\"/r/x\"");
    assert_int_equal(artifact_load(&c, w->dir, "x", &found, &w->err), 0);
    assert_int_equal(found, ARTIFACT_SKIPPED);
}

static void test_force(void **state)
{
    struct world *w = *state;

    put(w, "f", "one");
    save(w, PLAIN, AS_ANN "\"path\":\"/f\"", "f");
    save(w, PLAIN, AS_ANN "\"path\":\"/f\"", "f");
    put(w, "f", "two");
    check_fails(w, AS_ANN "\"path\":\"/f\"", ERR_EXISTS, "force: true writes over it");
    save(w, PLAIN, AS_ANN "\"force\":true,\"path\":\"/f\"", "f");
    load(w, PLAIN, AS_ANN "\"path\":\"/f\"", "back");
    check_file(w, "back", "two");
}

static void test_refuses(void **state)
{
#define LOGIN "\"path\":\"/f\",\"krbKeytabSecret\":{\"name\":\"krb\",\"key\":\"k\"}"
#define CONF  ",\"krbConfigConfigMap\":{\"name\":\"krb\",\"key\":\"conf\"}"
    static const struct {
        const char *place;
        enum err_kind kind;
        const char *text;
    } cases[] = {
        {"\"path\":\"/f\"", ERR_INVALID,
         "one of hdfsUser, krbCCacheSecret and krbKeytabSecret"},
        {AS_ANN "\"path\":\"f\"", ERR_INVALID, "path \"f\" must be absolute"},
        {AS_ANN "\"path\":\"/f\",\"dataTransferProtection\":\"privacy\"", ERR_UNSUPPORTED,
         "hdfs.dataTransferProtection: \"privacy\" is not supported"},
        {AS_ANN "\"path\":\"/f\",\"addresses\":[\"x\"]", ERR_INVALID, "must be HOST:PORT"},
        {LOGIN, ERR_INVALID, "hdfs.krbConfigConfigMap: Kerberos needs a krb5.conf"},
        {LOGIN ",\"krbConfigConfigMap\":{\"name\":\"krb\",\"key\":\"x\"}", ERR_NOT_FOUND,
         "hdfs.krbConfigConfigMap: configmap \"krb\" has no key \"x\""},
        {LOGIN CONF, ERR_INVALID, "hdfs.krbServicePrincipalName: Kerberos needs"},
        {LOGIN CONF ",\"krbServicePrincipalName\":\"nn/_HOST\"", ERR_INVALID,
         "hdfs.krbUsername, hdfs.krbRealm: a keytab needs both"},
        {"\"path\":\"/f\",\"krbCCacheSecret\":{\"name\":\"krb\",\"key\":\"x\"}", ERR_NOT_FOUND,
         "hdfs.krbCCacheSecret: secret \"krb\" has no key \"x\""},
        {"\"path\":\"/f\",\"krbKeytabSecret\":{\"name\":\"no\",\"key\":\"x\"}", ERR_NOT_FOUND,
         "hdfs.krbKeytabSecret: Secret \"no\" not found"},
        {LOGIN CONF ",\"krbServicePrincipalName\":\"nn/_HOST\",\"krbUsername\":\"ann\","
                    "\"krbRealm\":\"NOWHERE.TEST\"",
         ERR_UNAUTHORIZED, "Kerberos: ticket for ann@NOWHERE.TEST: "},
    };
    struct world *w = *state;

    put(w, "f", "one");
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        check_fails(w, cases[i].place, cases[i].kind, cases[i].text);
    assert_int_equal(w->server->files.len, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_files),     TEST(test_folder), TEST(test_what_is_a_folder),
        TEST(test_not_there), TEST(test_force),  TEST(test_refuses),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
