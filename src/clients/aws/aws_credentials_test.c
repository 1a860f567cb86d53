/*
 * Tests of keys that are found: each place of the chain and their order, roles, renewal, what
 * is refused. A server stands for the token service and for both metadata services.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/limits.h"
#include "base/mem.h"
#include "base/secret_cache.h"
#include "base/tree.h"
#include "clients/aws/aws_credentials.h"
#include "io/http_server.h"

enum { SETTINGS_MAX = 12, FOLDER_MODE = 0700, NOW_MS = 1000000 };

struct setting {
    char name[64], value[200];
};

struct world {
    struct http_server *http;
    struct arena *a;
    char base[64], path[64];
    unsigned calls;   /* that the server got */
    char seen[2000];  /* of the last one: method, path, what proves the caller, body */
    unsigned status;  /* of answers with keys */
    const char *role; /* of the instance; NULL: it is none */
    const char *ends; /* of temporary keys */
    struct setting settings[SETTINGS_MAX];
    size_t count;
};

static struct world *here; /* env() has no context */

static const char *env(const char *name)
{
    for (size_t i = 0; i < here->count; i++)
        if (strcmp(here->settings[i].name, name) == 0)
            return here->settings[i].value;
    return NULL;
}

static void set(struct world *w, const char *name, const char *value)
{
    struct setting *s = &w->settings[w->count++];

    assert_true(w->count <= SETTINGS_MAX);
    snprintf(s->name, sizeof(s->name), "%s", name);
    snprintf(s->value, sizeof(s->value), "%s", value);
}

/* ---- the services ---- */

static void answer_xml(struct world *w, struct http_request *req)
{
    struct str text =
        w->status == 200
            ? str_printf(http_arena(req),
                         "<R><Credentials><AccessKeyId>RK%u</AccessKeyId><SecretAccessKey>"
                         "hidden-role</SecretAccessKey><SessionToken>a&amp;b</SessionToken>"
                         "<Expiration>%s</Expiration></Credentials></R>",
                         w->calls, w->ends)
            : STR("<E><Code>AccessDenied</Code><Message>not you</Message></E>");

    http_reply(req, w->status, STR("text/xml"), text, NULL, 0);
}

static void answer_json(struct world *w, struct http_request *req)
{
    struct str text = str_printf(http_arena(req),
                                 "{\"Code\":\"Success\",\"AccessKeyId\":\"MK%u\","
                                 "\"SecretAccessKey\":\"hidden-machine\",\"Token\":\"mt\","
                                 "\"Expiration\":\"%s\"}",
                                 w->calls, w->ends);

    http_reply(req, w->status, STR("application/json"), text, NULL, 0);
}

static void handle(void *ctx, struct http_request *req)
{
    struct world *w = ctx;
    struct str path = http_path(req), token,
               listed = STR("/latest/meta-data/iam/"
                            "security-credentials/");

    w->calls++;
    token = http_header(req, STR("x-aws-ec2-metadata-token"));
    if (str_is_none(token))
        token = http_header(req, STR("authorization"));
    snprintf(w->seen, sizeof(w->seen), STR_FMT " " STR_FMT " [" STR_FMT "] " STR_FMT,
             STR_ARG(http_method(req)), STR_ARG(path), STR_ARG(token), STR_ARG(http_body(req)));
    if (str_is(path, "/latest/api/token"))
        http_reply(req, w->role ? 200 : 404, STR_NONE, STR("the-token\n"), NULL, 0);
    else if (str_eq(path, listed))
        http_reply(req, w->role[0] ? 200 : 404, STR_NONE, str_from(w->role), NULL, 0);
    else if (str_starts(path, listed) || str_is(path, "/container"))
        answer_json(w, req);
    else
        answer_xml(w, req);
}

static int set_up(void **state)
{
    struct http_server_options options = {
        .address = "127.0.0.1", .threads = 1, .handle = handle};
    struct world *w = NEW(struct world);
    struct err err;

    here = options.ctx = w;
    w->a = arena_new();
    w->http = http_server_start(&options, &err);
    assert_non_null(w->http);
    snprintf(w->base, sizeof(w->base), "http://127.0.0.1:%u", http_server_port(w->http));
    snprintf(w->path, sizeof(w->path), "/tmp/aws-test.XXXXXX");
    assert_non_null(mkdtemp(w->path));
    w->status = 200;
    w->ends = "2026-01-01T00:00:00Z";
    set(w, "AWS_EC2_METADATA_SERVICE_ENDPOINT", w->base);
    set(w, "AWS_ENDPOINT_URL_STS", w->base);
    set(w, "HOME", w->path);
    *state = w;
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;

    secret_cache_clear();
    http_server_stop(w->http);
    assert_int_equal(tree_remove(AT_FDCWD, w->path), 0);
    arena_free(w->a);
    free(w);
    return 0;
}

/* "access secret token", or "error: " and the text. */
static struct str find_at(struct world *w, const char *role, int64_t now_ms)
{
    const struct aws_credentials who = {
        .role_arn = str_from(role), .region = STR("eu-west-1"), .env = env};
    struct aws_keys keys = {0};
    struct err err;
    struct str text;

    if (aws_credentials_find(&who, w->a, (struct wall){now_ms}, &keys, &err) < 0) {
        assert_null(strstr(err.text, "hidden"));
        return str_printf(w->a, "error: %s", err.text);
    }
    text = str_printf(w->a, STR_FMT " " STR_FMT " " STR_FMT, STR_ARG(keys.access_key),
                      STR_ARG(secret_reveal(&keys.secret_key)), STR_ARG(keys.session_token));
    secret_done(&keys.secret_key);
    return text;
}

static void check(struct world *w, const char *role, const char *want)
{
    struct str got = find_at(w, role, NOW_MS);

    if (!str_is(got, want))
        fail_msg("got " STR_FMT "\nnot %s\n(last call: %s)", STR_ARG(got), want, w->seen);
}

static void write_file(struct world *w, const char *name, const char *text)
{
    const char *path = str_printf(w->a, "%s/%s", w->path, name).ptr;
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
}

static const char *path_of(struct world *w, const char *name)
{
    return str_printf(w->a, "%s/%s", w->path, name).ptr;
}

/* ---- tests ---- */

static void test_environment(void **state)
{
    struct world *w = *state;

    set(w, "AWS_ACCESS_KEY_ID", "EK");
    set(w, "AWS_SECRET_ACCESS_KEY", "hidden-env");
    check(w, "", "EK hidden-env ");
    set(w, "AWS_SESSION_TOKEN", "et");
    check(w, "", "EK hidden-env et");
    assert_int_equal(w->calls, 0);
}

static void test_a_role_is_assumed_with_the_keys_that_are_found(void **state)
{
    struct world *w = *state;

    set(w, "AWS_ACCESS_KEY_ID", "EK");
    set(w, "AWS_SECRET_ACCESS_KEY", "hidden-env");
    check(w, "arn:aws:iam::1:role/r", "RK1 hidden-role a&b");
    assert_non_null(strstr(w->seen, "POST / [AWS4-HMAC-SHA256 Credential=EK/"));
    assert_non_null(strstr(w->seen, "/eu-west-1/sts/aws4_request"));
    assert_non_null(strstr(w->seen,
                           "] Action=AssumeRole&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A"
                           "%3A1%3Arole%2Fr&RoleSessionName=tiphys&DurationSeconds=3600"));
}

static void test_temporary_keys_are_kept_until_shortly_before_their_end(void **state)
{
    const int64_t end_ms = 1767225600000; /* 2026-01-01 */
    struct world *w = *state;

    set(w, "AWS_ACCESS_KEY_ID", "EK");
    set(w, "AWS_SECRET_ACCESS_KEY", "hidden-env");
    for (int i = 0; i < 3; i++)
        check(w, "r", "RK1 hidden-role a&b");
    check(w, "other", "RK2 hidden-role a&b"); /* of each role their own */
    check(w, "r", "RK1 hidden-role a&b");
    assert_true(str_starts(find_at(w, "r", end_ms - SECRET_CACHE_RENEW_MS - 1), STR("RK1 ")));
    assert_true(str_starts(find_at(w, "r", end_ms - SECRET_CACHE_RENEW_MS), STR("RK3 ")));
    w->ends = "no time"; /* counts as over */
    secret_cache_clear();
    check(w, "r", "RK4 hidden-role a&b");
    check(w, "r", "RK5 hidden-role a&b");
}

static void test_more_roles_than_are_kept(void **state)
{
    struct world *w = *state;

    set(w, "AWS_ACCESS_KEY_ID", "EK");
    set(w, "AWS_SECRET_ACCESS_KEY", "hidden-env");
    for (unsigned i = 0; i < SECRET_CACHE_MAX + 5; i++)
        find_at(w, str_printf(w->a, "r%u", i).ptr, NOW_MS);
    assert_int_equal(w->calls, SECRET_CACHE_MAX + 5);
    find_at(w, str_printf(w->a, "r%u", SECRET_CACHE_MAX + 4).ptr, NOW_MS);
    assert_int_equal(w->calls, SECRET_CACHE_MAX + 5);
}

static void test_web_identity(void **state)
{
    struct world *w = *state;

    write_file(w, "token", " a.web+token \n");
    set(w, "AWS_WEB_IDENTITY_TOKEN_FILE", path_of(w, "token"));
    check(w, "",
          "error: AWS_WEB_IDENTITY_TOKEN_FILE is set, AWS_ROLE_ARN is not: the token is "
          "for a role");
    set(w, "AWS_ROLE_ARN", "arn:x");
    set(w, "AWS_ROLE_SESSION_NAME", "me");
    check(w, "", "RK1 hidden-role a&b");
    assert_string_equal(w->seen,
                        "POST / [] Action=AssumeRoleWithWebIdentity&Version=2011-06-15&"
                        "RoleArn=arn%3Ax&RoleSessionName=me&DurationSeconds=3600&"
                        "WebIdentityToken=a.web%2Btoken");
    check(w, "second", "RK3 hidden-role a&b"); /* the web identity's role assumes it */
    assert_int_equal(w->calls, 3);
}

static void test_files(void **state)
{
    struct world *w = *state;

    set(w, "AWS_EC2_METADATA_DISABLED", "TRUE");
    assert_true(str_starts(find_at(w, "", NOW_MS), STR("error: no AWS keys: ")));
    assert_int_equal(mkdir(path_of(w, ".aws"), FOLDER_MODE), 0);
    write_file(w, ".aws/credentials",
               "aws_access_key_id = none\n[ default ]\naws_access_key_id= FK\r\n"
               "# aws_secret_access_key = no\naws_secret_access_key =hidden-file=\n"
               "[work]\naws_access_key_id = WK\naws_secret_access_key = hidden-work\n"
               "aws_session_token = wt");
    check(w, "", "FK hidden-file= ");
    set(w, "AWS_PROFILE", "work");
    check(w, "", "WK hidden-work wt");
}

static void test_files_that_are_asked_for(void **state)
{
    struct world *w = *state;
    const char *path = path_of(w, "keys");

    set(w, "AWS_SHARED_CREDENTIALS_FILE", path);
    check(w, "",
          str_printf(w->a,
                     "error: AWS_SHARED_CREDENTIALS_FILE: read %s: No such file or directory",
                     path)
              .ptr);
    write_file(w, "keys", "[other]\naws_access_key_id = K\n");
    check(w, "",
          str_printf(w->a, "error: %s has no aws_access_key_id of profile default", path).ptr);
    write_file(w, "keys", "[default]\naws_access_key_id = K\n");
    check(w, "", str_printf(w->a, "error: %s: an answer without keys", path).ptr);
}

static void test_container(void **state)
{
    struct world *w = *state;
    const char *url = str_printf(w->a, "%s/container", w->base).ptr;

    write_file(w, "token", "the secret\n");
    set(w, "AWS_CONTAINER_CREDENTIALS_FULL_URI", url);
    check(w, "", "MK1 hidden-machine mt");
    assert_string_equal(w->seen, "GET /container [] ");
    secret_cache_clear();
    set(w, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", path_of(w, "token"));
    check(w, "", "MK2 hidden-machine mt");
    assert_string_equal(w->seen, "GET /container [the secret] ");
}

/* A URL of the environment must not carry the token to anybody. */
static void test_containers_of_others(void **state)
{
    static const char *const urls[] = {"http://example.com/x", "http://127.0.0.1.example.com/",
                                       "http://169.254.169.254/x", "ftp://localhost/",
                                       "http://localhost@example.com/"};

    for (size_t i = 0; i < COUNT_OF(urls); i++) {
        struct world *w = *state;

        w->count = 0;
        set(w, "AWS_CONTAINER_CREDENTIALS_FULL_URI", urls[i]);
        check(w, "",
              "error: AWS_CONTAINER_CREDENTIALS_FULL_URI must be https, or http to this "
              "machine");
    }
}

static void test_instance(void **state)
{
    struct world *w = *state;

    w->role = "the-role\nanother\n";
    check(w, "", "MK3 hidden-machine mt");
    assert_string_equal(w->seen, "GET /latest/meta-data/iam/security-credentials/the-role "
                                 "[the-token] ");
    check(w, "r", "RK7 hidden-role a&b");
    assert_int_equal(w->calls, 7);
}

static void test_an_instance_without_a_role(void **state)
{
    struct world *w = *state;

    w->role = "";
    assert_true(str_starts(find_at(w, "", NOW_MS), STR("error: no AWS keys: ")));
    w->role = NULL; /* no instance at all */
    assert_true(str_starts(find_at(w, "", NOW_MS), STR("error: no AWS keys: ")));
}

static void test_refusals(void **state)
{
    struct world *w = *state;

    set(w, "AWS_ACCESS_KEY_ID", "EK");
    set(w, "AWS_SECRET_ACCESS_KEY", "hidden-env");
    w->status = 403;
    check(w, "r", "error: role r: STS answered 403 AccessDenied: not you");
    w->status = 500;
    check(w, "r", "error: role r: STS answered 500 AccessDenied: not you");
    w->count = 3;
    w->role = "the-role";
    check(w, "", "error: keys of the instance answered 500");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_environment),
        TEST(test_a_role_is_assumed_with_the_keys_that_are_found),
        TEST(test_temporary_keys_are_kept_until_shortly_before_their_end),
        TEST(test_more_roles_than_are_kept),
        TEST(test_web_identity),
        TEST(test_files),
        TEST(test_files_that_are_asked_for),
        TEST(test_container),
        TEST(test_containers_of_others),
        TEST(test_instance),
        TEST(test_an_instance_without_a_role),
        TEST(test_refusals),
    };

    return cmocka_run_group_tests_name("aws_credentials", tests, NULL, NULL);
}
