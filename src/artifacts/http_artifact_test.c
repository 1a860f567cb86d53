/*
 * Tests of artifacts on web servers, and of Artifactory, against a server of our own: GET and
 * PUT, users and passwords, headers, what its answers mean.
 */
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "artifacts/driver.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/tree.h"
#include "formats/base64.h"
#include "io/http_server.h"

struct world {
    char path[64];
    int dir;
    struct http_server *server;
    struct arena *a;
    struct artifact_house house;
    struct err err;
    bool tells_form; /* a token comes as a form */
    char kept[4096], login[200], header[200]; /* of the last PUT; written before its answer */
};

static void handle(void *ctx, struct http_request *req)
{
    struct world *w = ctx;
    struct str path = http_path(req), login = http_header(req, STR("Authorization"));
    struct str header = http_header(req, STR("X-Mark"));
    unsigned status = str_is(path, "/busy")     ? 503
                      : str_is(path, "/denied") ? 403
                      : str_is(path, "/lost")   ? 404
                                                : 200;

    if (str_is(path, "/token")) {
        bool is_right = str_is(login, "Basic bWU6aGlkZGVu") &&
                        str_is(http_body(req), "grant_type=client_credentials&scope=a+b%2Fc&"
                                               "audience=x%26y");

        http_reply(req, is_right ? 200 : 401, STR("application/json"),
                   w->tells_form
                       ? STR("token_type=bearer&access_token=given")
                       : STR("{\"access_token\":\"given\",\"token_type\":\"bearer\"}"),
                   NULL, 0);
        return;
    }
    if (str_is(http_method(req), "PUT") && status == 200) {
        snprintf(w->kept, sizeof(w->kept), STR_FMT, STR_ARG(http_body(req)));
        snprintf(w->login, sizeof(w->login), STR_FMT, STR_ARG(login));
        snprintf(w->header, sizeof(w->header), STR_FMT, STR_ARG(header));
    }
    http_reply(req, status, STR("text/plain"),
               str_is(http_method(req), "PUT") ? STR("") : str_from(w->kept), NULL, 0);
}

static int get_object(void *ctx, struct arena *a, struct str kind, struct str ns,
                      struct str name, const struct json **ret, struct err *err)
{
    struct json *doc = ARENA_NEW(a, struct json);

    (void) ns;
    *ret = doc;
    if (!str_is(kind, "Secret") || !str_is(name, "s"))
        return err_set(err, ERR_NOT_FOUND, "secrets \"" STR_FMT "\" not found", STR_ARG(name));
    return json_parse(
        a,
        str_printf(a,
                   "{\"data\":{\"u\":\"bWU=\",\"p\":\"aGlkZGVu\",\"t\":\"" STR_FMT
                   "\",\"pem\":\"bm8=\"}}",
                   STR_ARG(base64_encode(
                       a, str_printf(a, "http://127.0.0.1:%u/token",
                                     http_server_port(((struct world *) ctx)->server))))),
        doc, err);
}

static int set_up(void **state)
{
    struct world *w = NEW(struct world);
    struct http_server_options options = {
        .address = "127.0.0.1", .threads = 1, .ctx = w, .handle = handle};

    snprintf(w->path, sizeof(w->path), "/tmp/http-artifact.XXXXXX");
    assert_non_null(mkdtemp(w->path));
    w->dir = open(w->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    w->a = arena_new();
    w->house =
        (struct artifact_house){.repository = STR("/nowhere"), .object = get_object, .ctx = w};
    w->server = http_server_start(&options, &w->err);
    if (!w->server)
        fail_msg("%s", w->err.text);
    *state = w;
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;

    http_server_stop(w->server);
    close(w->dir);
    assert_int_equal(tree_remove(AT_FDCWD, w->path), 0);
    arena_free(w->a);
    free(w);
    return 0;
}

/* An artifact of a kind at a path of the server, unpacked. */
static struct artifact_call call(struct world *w, const char *kind, const char *path,
                                 const char *more)
{
    struct json *doc = ARENA_NEW(w->a, struct json);
    struct str text =
        str_printf(w->a,
                   "{\"name\":\"o\",\"path\":\"/o\",\"archive\":{\"none\":{}},\"%s\":{\"url\":"
                   "\"http://127.0.0.1:%u%s\"%s}}",
                   kind, http_server_port(w->server), path, more);

    if (json_parse(w->a, text, doc, &w->err) < 0)
        fail_msg("%s", w->err.text);
    return (struct artifact_call){
        .house = &w->house, .a = w->a, .ns = STR("argo"), .artifact = doc};
}

static void put(struct world *w, const char *name, const char *text)
{
    int fd = openat(w->dir, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
}

#define LOGIN                                            \
    "\"usernameSecret\":{\"name\":\"s\",\"key\":\"u\"}," \
    "\"passwordSecret\":{\"name\":\"s\",\"key\":\"p\"}"

#define CLIENT                                                       \
    "\"clientIDSecret\":{\"name\":\"s\",\"key\":\"u\"},"             \
    "\"clientSecretSecret\":{\"name\":\"s\",\"key\":\"p\"},"         \
    "\"tokenURLSecret\":{\"name\":\"s\",\"key\":\"t\"},\"scopes\":[" \
    "\"a\",\"b/c\"],\"endpointParams\":[{\"key\":\"audience\","      \
    "\"value\":\"x&y\"}]"

static void test_there_and_back(void **state)
{
    static const struct {
        const char *kind, *more, *login, *header;
    } cases[] = {
        {"http", "", "", ""},
        {"http", ",\"headers\":[{\"name\":\"X-Mark\",\"value\":\"m\"}]", "", "m"},
        {"http", ",\"auth\":{\"basicAuth\":{" LOGIN "}}", "Basic bWU6aGlkZGVu", ""},
        {"http", ",\"auth\":{\"oauth2\":{" CLIENT "}}", "Bearer given", ""},
        {"http", ",\"auth\":{\"oauth2\":{" CLIENT "}}", "Bearer given", ""},
        {"artifactory", "", "", ""},
        {"artifactory", "," LOGIN, "Basic bWU6aGlkZGVu", ""},
    };
    struct world *w = *state;

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct artifact_call c = call(w, cases[i].kind, "/x", cases[i].more);
        const char *name = str_printf(w->a, "got%zu", i).ptr;
        enum artifact_found found;
        char bytes[64] = "";
        struct json ret;
        int fd;

        w->tells_form = i % 2 == 0; /* of both kinds */
        put(w, "f", name);
        if (artifact_save(&c, w->dir, "f", &ret, &w->err) < 0 ||
            artifact_load(&c, w->dir, name, &found, &w->err) < 0)
            fail_msg("case %zu: %s", i, w->err.text);
        assert_string_equal(w->kept, name);
        assert_string_equal(w->login, cases[i].login);
        assert_string_equal(w->header, cases[i].header);
        fd = openat(w->dir, name, O_RDONLY | O_CLOEXEC);
        assert_true(read(fd, bytes, sizeof(bytes) - 1) > 0);
        assert_string_equal(bytes, name);
        close(fd);
    }
}

static void test_faults(void **state)
{
    static const struct {
        const char *path, *more;
        enum err_kind kind;
        const char *text;
    } cases[] = {
        {"/busy", "", ERR_TRANSIENT, "status 503"},
        {"/denied", "," LOGIN, ERR_INVALID, "status 403"},
        {"/lost?token=hidden", "", ERR_NOT_FOUND, "/lost: status 404: not found"},
        {"/x", ",\"passwordSecret\":{\"name\":\"s\",\"key\":\"no\"}", ERR_NOT_FOUND,
         "secret \"s\" has no key \"no\""},
    };
    struct world *w = *state;

    put(w, "f", "x");
    for (size_t i = 0; i < 2 * COUNT_OF(cases); i++) {
        struct artifact_call c = call(w, "artifactory", cases[i / 2].path, cases[i / 2].more);
        enum artifact_found found;
        struct json ret;
        int result = i % 2 ? artifact_load(&c, w->dir, "g", &found, &w->err)
                           : artifact_save(&c, w->dir, "f", &ret, &w->err);

        assert_int_equal(result, -1);
        if (w->err.kind != cases[i / 2].kind || !strstr(w->err.text, cases[i / 2].text) ||
            strstr(w->err.text, "hidden"))
            fail_msg("case %zu: %d %s", i, w->err.kind, w->err.text);
    }
}

static void test_who_is_not_known(void **state)
{
    static const struct {
        const char *auth, *text;
    } cases[] = {
        {"\"oauth2\":{\"clientIDSecret\":{\"name\":\"s\",\"key\":\"p\"},\"tokenURLSecret\":{"
         "\"name\":\"s\",\"key\":\"t\"}}",
         "/token: status 401"},
        {"\"oauth2\":{\"clientIDSecret\":{\"name\":\"no\",\"key\":\"u\"}}",
         "auth.clientIDSecret: secrets \"no\" not found"},
        {"\"clientCert\":{\"clientKeySecret\":{\"name\":\"s\",\"key\":\"no\"}}",
         "auth.clientKeySecret: secret \"s\" has no key \"no\""},
    };
    struct world *w = *state;

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const char *more = str_printf(w->a, ",\"auth\":{%s}", cases[i].auth).ptr;
        struct artifact_call c = call(w, "http", "/x", more);
        enum artifact_found found;

        assert_int_equal(artifact_load(&c, w->dir, "g", &found, &w->err), -1);
        if (!strstr(w->err.text, cases[i].text) || strstr(w->err.text, "hidden"))
            fail_msg("case %zu: %s", i, w->err.text);
    }
}

/* What was logged since log_setup(), and the error's text. */
static void check_hidden(struct world *w, int log, const char *of)
{
    static const char *const words[] = {"hidden", "aGlkZGVu", "bWU6aGlkZGVu", "Bearer given"};
    char text[8192] = "";

    assert_true(pread(log, text, sizeof(text) - 1, 0) >= 0);
    for (size_t i = 0; i < COUNT_OF(words); i++)
        if (strstr(text, words[i]) || strstr(w->err.text, words[i]))
            fail_msg("%s: \"%s\" in: %s\n%s", of, words[i], w->err.text, text);
}

/* GO-2025-4024: the controller's log had the credentials of the repositories of artifacts. All
 * ways to be known, each with all ways to fail; errors become messages of nodes and lines of
 * the log. */
static void test_GO_2025_4024_credentials_are_not_told(void **state)
{
    static const struct {
        const char *kind, *more;
    } who[] = {{"artifactory", "," LOGIN},
               {"http", ",\"auth\":{\"basicAuth\":{" LOGIN "}}"},
               {"http", ",\"auth\":{\"oauth2\":{" CLIENT "}}"},
               {"http", ",\"headers\":[{\"name\":\"X-Key\",\"value\":\"hidden\"}]"},
               {"http", ",\"auth\":{\"clientCert\":{\"clientCertSecret\":{\"name\":\"s\","
                        "\"key\":\"p\"},\"clientKeySecret\":{\"name\":\"s\",\"key\":\"p\"}}}"}};
    static const char *const paths[] = {"/x",
                                        "/busy?sig=hidden",
                                        "/denied?sig=hidden#hidden",
                                        "/lost?X-Amz-Signature=hidden",
                                        "@me:hidden@127.0.0.1/",
                                        " x"};
    struct world *w = *state;
    int log = openat(w->dir, "log", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    unsigned failed = 0;

    put(w, "f", "x");
    log_setup(LOG_FORMAT_JSON, LOG_LEVEL_DEBUG, log);
    for (size_t i = 0; i < COUNT_OF(who) * COUNT_OF(paths); i++) {
        const char *path = paths[i % COUNT_OF(paths)];
        struct artifact_call c =
            call(w, who[i / COUNT_OF(paths)].kind, path, who[i / COUNT_OF(paths)].more);
        enum artifact_found found;
        struct json ret;

        w->err = (struct err){0};
        failed += artifact_save(&c, w->dir, "f", &ret, &w->err) < 0;
        check_hidden(w, log, path);
        w->err = (struct err){0};
        failed += artifact_load(&c, w->dir, "g", &found, &w->err) < 0;
        check_hidden(w, log, path);
        tree_remove(w->dir, "g");
    }
    log_setup(LOG_FORMAT_TEXT, LOG_LEVEL_INFO, STDERR_FILENO);
    close(log);
    assert_true(failed >= 2 * COUNT_OF(who) * (COUNT_OF(paths) - 1));
}

static void test_a_folder_is_packed(void **state)
{
    struct world *w = *state;
    struct artifact_call c = call(w, "http", "/x", "");
    struct json ret;

    assert_int_equal(mkdirat(w->dir, "d", 0755), 0);
    assert_int_equal(artifact_save(&c, w->dir, "d", &ret, &w->err), -1);
    assert_non_null(strstr(w->err.text, "a folder is stored packed"));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_there_and_back),
        TEST(test_faults),
        TEST(test_who_is_not_known),
        cmocka_unit_test_setup_teardown(test_GO_2025_4024_credentials_are_not_told, set_up,
                                        tear_down),
        TEST(test_a_folder_is_packed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
