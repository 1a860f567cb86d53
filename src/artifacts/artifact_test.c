/*
 * Tests of artifacts as a whole: saved to the local repository and loaded again with each
 * strategy, permissions, optional ones, keys that want out, namespaces, replacement, deletion.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "artifacts/driver.h"
#include "base/tree.h"

struct world {
    char path[64];
    int dir;
    struct arena *a;
    struct artifact_house house;
    struct err err;
};

static int no_object(void *ctx, struct arena *a, struct str kind, struct str ns,
                     struct str name, const struct json **ret, struct err *err)
{
    struct json *doc;

    (void) ctx;
    if (!str_is(kind, "Secret") || !str_is(ns, "argo") || !str_is(name, "creds"))
        return err_set(err, ERR_NOT_FOUND, "secrets \"" STR_FMT "\" not found", STR_ARG(name));
    doc = ARENA_NEW(a, struct json);
    *ret = doc;
    return json_parse(a, STR("{\"data\":{\"user\":\"bWU=\",\"bad\":\"%%\"}}"), doc, err);
}

static int set_up(void **state)
{
    struct world *w = calloc(1, sizeof(*w));

    snprintf(w->path, sizeof(w->path), "/tmp/artifact-test.XXXXXX");
    assert_non_null(mkdtemp(w->path));
    w->dir = open(w->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    w->a = arena_new();
    w->house = (struct artifact_house){.repository = str_printf(w->a, "%s/repository", w->path),
                                       .object = no_object};
    *state = w;
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;

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

static bool is_there(struct world *w, const char *name)
{
    struct stat st;

    return fstatat(w->dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

static const struct json *parsed(struct world *w, const char *text)
{
    struct json *doc = ARENA_NEW(w->a, struct json);

    assert_int_equal(json_parse(w->a, str_from(text), doc, &w->err), 0);
    return doc;
}

static struct artifact_call call(struct world *w, const struct json *artifact)
{
    return (struct artifact_call){
        .house = &w->house, .a = w->a, .ns = STR("argo"), .artifact = artifact};
}

/* Saves what lies at @name; the artifact with its place, or NULL with w->err. */
static const struct json *save(struct world *w, const char *artifact, const char *name)
{
    struct artifact_call c = call(w, parsed(w, artifact));
    struct json *ret = ARENA_NEW(w->a, struct json);

    c.location = parsed(w, "{\"s3\":{\"key\":\"wf/pod\"}}");
    return artifact_save(&c, w->dir, name, ret, &w->err) < 0 ? NULL : ret;
}

static int load(struct world *w, const struct json *artifact, const char *name,
                enum artifact_found *found)
{
    struct artifact_call c = call(w, artifact);

    return artifact_load(&c, w->dir, name, found, &w->err);
}

static void check_loads(struct world *w, const struct json *artifact, const char *name)
{
    enum artifact_found found;

    if (load(w, artifact, name, &found) < 0)
        fail_msg("%s", w->err.text);
    assert_int_equal(found, ARTIFACT_LOADED);
}

static void check_text(struct world *w, const struct json *doc, const char *text)
{
    struct str have = json_text(w->a, doc, JSON_SORT_KEYS);

    assert_string_equal(str_cz(w->a, have), text);
}

static void test_file(void **state)
{
    static const struct {
        const char *archive, *key;
    } cases[] = {
        {"", "wf/pod/out.tgz"},
        {",\"archive\":{\"tar\":{\"compressionLevel\":9}}", "wf/pod/out.tgz"},
        {",\"archive\":{\"zip\":{}}", "wf/pod/out.zip"},
        {",\"archive\":{\"none\":{}}", "wf/pod/hello.txt"},
    };
    struct world *w = *state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[200], name[16];
        const struct json *saved;

        put(w, "0", "hello");
        snprintf(text, sizeof(text), "{\"name\":\"out\",\"path\":\"/tmp/hello.txt\"%s}",
                 cases[i].archive);
        saved = save(w, text, "0");
        assert_non_null(saved);
        assert_string_equal(str_cz(w->a, json_str(json_path(saved, "s3", "key", NULL))),
                            cases[i].key);
        snprintf(name, sizeof(name), "in%zu", i);
        check_loads(w, saved, name);
        check_file(w, name, "hello");
        assert_false(is_there(w, "0.packed"));
        /* A change of what was loaded or saved is none of what is stored. */
        put(w, name, "changed");
        assert_int_equal(unlinkat(w->dir, name, 0), 0);
        check_loads(w, saved, name);
        check_file(w, name, "hello");
        assert_int_equal(unlinkat(w->dir, "0", 0), 0);
    }
}

static void test_folder(void **state)
{
    static const char *const archives[] = {"", ",\"archive\":{\"zip\":{}}",
                                           ",\"archive\":{\"none\":{}}"};
    struct world *w = *state;

    mkdirat(w->dir, "0", 0755);
    mkdirat(w->dir, "0/sub", 0755);
    put(w, "0/one", "1");
    put(w, "0/sub/two", "2");
    for (size_t i = 0; i < 3; i++) {
        char text[200], name[16], inside[32];
        const struct json *saved;

        snprintf(text, sizeof(text), "{\"name\":\"out\",\"path\":\"/tmp/folder/\"%s}",
                 archives[i]);
        saved = save(w, text, "0");
        if (!saved)
            fail_msg("%s", w->err.text);
        snprintf(name, sizeof(name), "in%zu", i);
        check_loads(w, saved, name);
        snprintf(inside, sizeof(inside), "in%zu/sub/two", i);
        check_file(w, inside, "2");
    }
    /* A part of a folder that is stored as it is. */
    check_loads(w, parsed(w, "{\"name\":\"x\",\"s3\":{\"key\":\"wf/pod/folder/sub\"}}"),
                "part");
    check_file(w, "part/two", "2");
}

static void test_own_key(void **state)
{
    struct world *w = *state;
    const struct json *saved;

    put(w, "0", "first");
    saved = save(w, "{\"name\":\"o\",\"path\":\"/o\",\"s3\":{\"key\":\"my/key.tgz\"}}", "0");
    assert_non_null(saved);
    check_text(w, saved, "{\"name\":\"o\",\"path\":\"/o\",\"s3\":{\"key\":\"my/key.tgz\"}}");
    put(w, "0", "second");
    assert_non_null(
        save(w, "{\"name\":\"o\",\"path\":\"/o\",\"s3\":{\"key\":\"my/key.tgz\"}}", "0"));
    check_loads(w, saved, "in");
    check_file(w, "in", "second");
}

/* A folder takes the place of a file, and the other way round. */
static void test_replaces(void **state)
{
    static const char artifact[] =
        "{\"name\":\"o\",\"path\":\"/o\",\"archive\":{\"none\":{}},\"s3\":{\"key\":\"k\"}}";
    struct world *w = *state;
    const struct json *saved;

    put(w, "file", "x");
    mkdirat(w->dir, "folder", 0755);
    put(w, "folder/a", "a");
    assert_non_null(save(w, artifact, "file"));
    assert_non_null(save(w, artifact, "folder"));
    check_loads(w, parsed(w, artifact), "one");
    check_file(w, "one/a", "a");
    saved = save(w, artifact, "file");
    assert_non_null(saved);
    check_loads(w, saved, "two");
    check_file(w, "two", "x");
}

static void test_mode(void **state)
{
    struct world *w = *state;
    struct stat st;

    check_loads(w, parsed(w, "{\"name\":\"r\",\"raw\":{\"data\":\"#!/bin/sh\"},\"mode\":493}"),
                "script");
    check_file(w, "script", "#!/bin/sh");
    assert_int_equal(fstatat(w->dir, "script", &st, 0), 0);
    assert_int_equal(st.st_mode & 07777, 0755);
    mkdirat(w->dir, "0", 0755);
    put(w, "0/a", "a");
    assert_non_null(save(w, "{\"name\":\"d\",\"path\":\"/d\",\"s3\":{\"key\":\"d\"}}", "0"));
    check_loads(w,
                parsed(w, "{\"name\":\"d\",\"mode\":448,\"recurseMode\":true,\"s3\":{\"key\":"
                          "\"d\"}}"),
                "in");
    assert_int_equal(fstatat(w->dir, "in/a", &st, 0), 0);
    assert_int_equal(st.st_mode & 07777, 0700);
}

static void check_fails(struct world *w, const char *artifact, enum err_kind kind,
                        const char *text)
{
    enum artifact_found found;

    assert_int_equal(load(w, parsed(w, artifact), "in", &found), -1);
    assert_string_equal(w->err.text, text);
    assert_int_equal(w->err.kind, kind);
    assert_false(is_there(w, "in"));
    assert_false(is_there(w, "in.tmp"));
    assert_false(is_there(w, "in.box"));
}

static void test_refuses(void **state)
{
    struct world *w = *state;

    check_fails(w, "{\"name\":\"a\"}", ERR_INVALID, "required artifact 'a' not supplied");
    check_fails(w, "{\"name\":\"a\",\"s3\":{\"key\":\"none\"}}", ERR_NOT_FOUND,
                "artifact none is not in the repository");
    put(w, "0", "x");
    assert_non_null(save(w, "{\"name\":\"o\",\"path\":\"/o\"}", "0"));
    check_fails(w, "{\"name\":\"a\",\"s3\":{\"key\":\"none\"}}", ERR_NOT_FOUND,
                "artifact none is not in the repository");
    check_fails(w, "{\"name\":\"a\",\"s3\":{\"key\":\"../argo/wf/pod/o.tgz\"}}", ERR_INVALID,
                "artifact key \"../argo/wf/pod/o.tgz\" must be a relative path without \"..\"");
    check_fails(w, "{\"name\":\"a\",\"s3\":{\"key\":\"/etc/passwd\"}}", ERR_INVALID,
                "artifact key \"/etc/passwd\" must be a relative path without \"..\"");
    check_fails(w,
                "{\"name\":\"a\",\"archive\":{\"zip\":{}},\"s3\":{\"key\":\"wf/pod/o.tgz\"}}",
                ERR_INVALID, "unpack: Unrecognized archive format");
    assert_null(save(w, "{\"name\":\"o\",\"path\":\"/o\",\"raw\":{\"data\":\"x\"}}", "0"));
    assert_string_equal(w->err.text, "raw artifacts can only be read");
    assert_null(save(w, "{\"name\":\"o\",\"path\":\"/o\"}", "nothing"));
    assert_int_equal(w->err.kind, ERR_NOT_FOUND);
}

/* A link that somebody has put into the repository is not followed. */
static void test_link_in_repository(void **state)
{
    struct world *w = *state;

    put(w, "0", "x");
    assert_non_null(save(w, "{\"name\":\"o\",\"path\":\"/o\",\"s3\":{\"key\":\"a/b\"}}", "0"));
    put(w, "secret", "secret");
    assert_int_equal(symlinkat("../../secret", w->dir, "repository/argo/link"), 0);
    check_fails(w, "{\"name\":\"a\",\"s3\":{\"key\":\"link\"}}", ERR_IO,
                "open artifact link: Too many levels of symbolic links");
}

/* GO-2025-4223: an archive that is a link alone, whose permissions were given to its target. */
static void test_GO_2025_4223_a_link_alone(void **state)
{
    struct world *w = *state;
    struct stat st;

    put(w, "outside", "x");
    assert_int_equal(symlinkat("outside", w->dir, "0"), 0);
    assert_non_null(save(w, "{\"name\":\"o\",\"path\":\"/o\",\"s3\":{\"key\":\"o\"}}", "0"));
    check_fails(
        w, "{\"name\":\"a\",\"mode\":511,\"s3\":{\"key\":\"o\"}}", ERR_INVALID,
        "unpack: the archive is a link alone, \"o\": an artifact is a file or a folder");
    assert_int_equal(fstatat(w->dir, "outside", &st, 0), 0);
    assert_int_equal(st.st_mode & 07777, 0644);
}

static void test_optional(void **state)
{
    struct world *w = *state;
    enum artifact_found found;

    assert_int_equal(load(w, parsed(w, "{\"name\":\"a\",\"optional\":true}"), "in", &found), 0);
    assert_int_equal(found, ARTIFACT_SKIPPED);
    assert_int_equal(
        load(w, parsed(w, "{\"name\":\"a\",\"optional\":true,\"s3\":{\"key\":\"none\"}}"), "in",
             &found),
        0);
    assert_int_equal(found, ARTIFACT_SKIPPED);
    assert_int_equal(
        load(w, parsed(w, "{\"name\":\"a\",\"optional\":true,\"http\":{\"url\":\"\"}}"), "in",
             &found),
        0);
    assert_int_equal(found, ARTIFACT_SKIPPED);
    assert_false(is_there(w, "in"));
    assert_int_equal(
        load(w, parsed(w, "{\"name\":\"a\",\"raw\":{\"data\":\"\"}}"), "empty", &found), 0);
    assert_int_equal(found, ARTIFACT_LOADED);
    /* Another fault is one, optional or not. */
    check_fails(w, "{\"name\":\"a\",\"optional\":true,\"s3\":{\"key\":\"..\"}}", ERR_INVALID,
                "artifact key \"..\" must be a relative path without \"..\"");
}

static void test_namespaces(void **state)
{
    struct world *w = *state;
    const struct json *saved;
    struct artifact_call c;
    enum artifact_found found;

    put(w, "0", "x");
    saved = save(w, "{\"name\":\"o\",\"path\":\"/o\"}", "0");
    assert_non_null(saved);
    c = call(w, saved);
    c.ns = STR("other");
    assert_int_equal(artifact_load(&c, w->dir, "in", &found, &w->err), -1);
    assert_int_equal(w->err.kind, ERR_NOT_FOUND);
    c.ns = STR("../argo");
    assert_int_equal(artifact_load(&c, w->dir, "in", &found, &w->err), -1);
    assert_string_equal(w->err.text, "artifacts: \"../argo\" is no namespace");
}

static void test_delete(void **state)
{
    struct world *w = *state;
    const struct json *saved;
    struct artifact_call c;
    enum artifact_found found;

    put(w, "0", "x");
    saved = save(w, "{\"name\":\"o\",\"path\":\"/o\"}", "0");
    c = call(w, saved);
    assert_int_equal(artifact_delete(&c, &w->err), 0);
    assert_int_equal(load(w, saved, "in", &found), -1);
    assert_false(is_there(w, "repository/argo/wf"));
    assert_int_equal(artifact_delete(&c, &w->err), 0);
    c.artifact = parsed(w, "{\"name\":\"o\",\"http\":{\"url\":\"http://x/y\"}}");
    assert_int_equal(artifact_delete(&c, &w->err), -1);
    assert_int_equal(w->err.kind, ERR_UNSUPPORTED);
}

static void test_sweep(void **state)
{
    struct world *w = *state;
    const struct json *saved;

    artifact_sweep(&w->house); /* nothing there yet */
    put(w, "0", "x");
    saved = save(w, "{\"name\":\"o\",\"path\":\"/o\"}", "0");
    put(w, "repository/.new/left-over", "half");
    artifact_sweep(&w->house);
    assert_false(is_there(w, "repository/.new"));
    check_loads(w, saved, "in");
    assert_non_null(save(w, "{\"name\":\"p\",\"path\":\"/p\"}", "0"));
}

static void test_secret(void **state)
{
    struct world *w = *state;
    struct artifact_call c = call(w, parsed(w, "{\"name\":\"r\"}"));
    struct secret secret = {0};

    assert_int_equal(artifact_secret(&c, parsed(w, "{\"name\":\"creds\",\"key\":\"user\"}"),
                                     &secret, &w->err),
                     0);
    assert_true(secret_equals(&secret, STR("me")));
    secret_done(&secret);
    assert_int_equal(artifact_secret(&c, parsed(w, "{\"name\":\"creds\",\"key\":\"none\"}"),
                                     &secret, &w->err),
                     -1);
    assert_string_equal(w->err.text, "secret \"creds\" has no key \"none\"");
    assert_int_equal(artifact_secret(&c, parsed(w, "{\"name\":\"creds\",\"key\":\"bad\"}"),
                                     &secret, &w->err),
                     -1);
    assert_int_equal(artifact_secret(&c, parsed(w, "{\"name\":\"other\",\"key\":\"user\"}"),
                                     &secret, &w->err),
                     -1);
    assert_string_equal(w->err.text, "secrets \"other\" not found");
}

static struct str downloaded(struct world *w, const struct json *artifact, const char *name)
{
    struct artifact_call c = call(w, artifact);
    char *bytes = arena_alloc_raw(w->a, 65536);
    struct artifact_file file;
    ssize_t len;

    if (artifact_download(&c, &file, &w->err) < 0)
        return str_of(w->err.text, strlen(w->err.text));
    assert_true(str_is(file.name, name));
    len = pread(file.fd, bytes, 65536, 0);
    close(file.fd);
    assert_true(len >= 0);
    return str_of(bytes, (size_t) len);
}

static void test_downloads(void **state)
{
    struct world *w = *state;
    const struct json *plain, *folder;

    put(w, "f", "text");
    assert_int_equal(mkdirat(w->dir, "d", 0755), 0);
    put(w, "d/one", "1");
    plain = save(w, "{\"name\":\"o\",\"path\":\"/tmp/f.txt\",\"archive\":{\"none\":{}}}", "f");
    folder = save(w, "{\"name\":\"o\",\"path\":\"/tmp/d\",\"archive\":{\"none\":{}}}", "d");
    assert_true(str_is(downloaded(w, plain, "f.txt"), "text"));
    assert_true(str_starts(downloaded(w, folder, "d.tgz"), STR("\x1f\x8b")));
    assert_true(str_is(
        downloaded(w, parsed(w, "{\"name\":\"r\",\"raw\":{\"data\":\"raw\"}}"), "r"), "raw"));
    assert_true(
        str_is(downloaded(w, parsed(w, "{\"name\":\"n\",\"s3\":{\"key\":\"none\"}}"), ""),
               "artifact none is not in the repository"));
    assert_true(
        str_starts(downloaded(w, parsed(w, "{\"name\":\"n\",\"s3\":{\"key\":\"../up\"}}"), ""),
                   STR("artifact key \"../up\" must be")));
    assert_int_equal(rmdir(str_cz(w->a, str_concat(w->a, w->house.repository, STR("/.new")))),
                     0); /* nothing is left in it */
}

static void check_list(struct world *w, const char *artifact, const char *location,
                       const char *want)
{
    struct artifact_call c = call(w, parsed(w, artifact));
    struct json list;

    if (*location)
        c.location = parsed(w, location);
    if (artifact_list(&c, &list, &w->err) < 0)
        assert_string_equal(w->err.text, want);
    else
        check_text(w, &list, want);
}

/* Keys of the local repository: all, those of a folder, and what has none. */
static void test_list(void **state)
{
    static const char *const keys[] = {"b/two", "a/one.txt", "a/in/deep", "ab", "a.x"};
    struct world *w = *state;

    check_list(w, "{\"name\":\"d\",\"s3\":{}}", "", "[]"); /* nothing was stored yet */
    put(w, "f", "text");
    for (size_t i = 0; i < COUNT_OF(keys); i++)
        assert_non_null(
            save(w,
                 str_printf(w->a, "{\"name\":\"o\",\"path\":\"/f\",\"s3\":{\"key\":\"%s\"}}",
                            keys[i])
                     .ptr,
                 "f"));
    check_list(w, "{\"name\":\"d\",\"s3\":{}}", "",
               "[\"a.x\",\"a/in/deep\",\"a/one.txt\",\"ab\",\"b/two\"]");
    check_list(w, "{\"name\":\"d\",\"s3\":{\"key\":\"a\"}}", "",
               "[\"a/in/deep\",\"a/one.txt\"]");
    check_list(w, "{\"name\":\"d\",\"s3\":{\"key\":\"a/in/\"}}", "", "[\"a/in/deep\"]");
    check_list(w, "{\"name\":\"d\",\"s3\":{\"key\":\"ab\"}}", "", "[]"); /* a file */
    check_list(w, "{\"name\":\"d\",\"s3\":{\"key\":\"none\"}}", "", "[]");
    check_list(w, "{\"name\":\"d\"}", "{\"s3\":{\"key\":\"b\"}}", "[\"b/two\"]");
    check_list(w, "{\"name\":\"d\",\"s3\":{\"key\":\"../argo\"}}", "",
               "artifact key \"../argo\" must be a relative path without \"..\"");
    check_list(w, "{\"name\":\"d\"}", "", "required artifact 'd' not supplied");
    check_list(
        w, "{\"name\":\"d\",\"http\":{\"url\":\"http://x/\"}}", "",
        "ListObjects is currently not supported for this artifact type, but it will be in "
        "a future version");
    assert_int_equal(symlinkat("/", w->dir, "repository/argo/out"), 0);
    check_list(w, "{\"name\":\"d\",\"s3\":{\"key\":\"out\"}}", "",
               "open out of the artifact repository: Too many levels of symbolic links");
    check_list(w, "{\"name\":\"d\",\"s3\":{\"key\":\"b\"}}", "", "[\"b/two\"]");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_downloads, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_file, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_folder, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_own_key, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_replaces, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_mode, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_refuses, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_link_in_repository, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_GO_2025_4223_a_link_alone, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_optional, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_namespaces, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_delete, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_list, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_sweep, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_secret, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
