/* Tests of keys that the machine has: the environment, and a metadata service that answers as
 * told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/secret_cache.h"
#include "clients/aliyun/aliyun_credentials.h"
#include "tests/support/canned_server.h"

#define NOW 1767225600000 /* 2026-01-01T00:00:00Z */
#define KEYS                                                                                \
    "{\"AccessKeyId\":\"STS.id\",\"AccessKeySecret\":\"hidden\",\"SecurityToken\":\"tok\"," \
    "\"Expiration\":\"2026-01-01T06:00:00Z\",\"Code\":\"Success\"}"
#define NOWHERE                                                                        \
    "no keys of Alibaba Cloud: none in the environment (ALIBABA_CLOUD_ACCESS_KEY_ID, " \
    "ALIBABA_CLOUD_ACCESS_KEY_SECRET), and this machine is no instance with a RAM role"

struct world {
    struct canned_server *server;
    struct arena *a;
    struct oss_keys keys;
    struct err err;
};

static const char *const settings[] = {
    "ALIBABA_CLOUD_ACCESS_KEY_ID", "ALIBABA_CLOUD_ACCESS_KEY_SECRET",
    "ALIBABA_CLOUD_SECURITY_TOKEN", "ALIBABA_CLOUD_ECS_METADATA",
    "ALIBABA_CLOUD_ECS_METADATA_DISABLED"};

static int set_up(void **state)
{
    struct world *w = NEW(struct world);

    for (size_t i = 0; i < COUNT_OF(settings); i++)
        unsetenv(settings[i]);
    secret_cache_clear();
    w->a = arena_new();
    w->server = canned_start();
    w->server->shows = "X-aliyun-ecs-metadata-token";
    *state = w;
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;

    for (size_t i = 0; i < COUNT_OF(settings); i++)
        unsetenv(settings[i]);
    secret_cache_clear();
    canned_stop(w->server);
    secret_done(&w->keys.secret_key);
    arena_free(w->a);
    free(w);
    return 0;
}

static int find_at(struct world *w, int64_t now_ms)
{
    secret_done(&w->keys.secret_key);
    return aliyun_credentials_find(w->a, str_from(w->server->base), (struct wall){now_ms},
                                   &w->keys, &w->err);
}

static void check_keys(struct world *w, const char *id, const char *secret, const char *token)
{
    assert_true(str_is(w->keys.access_key, id));
    assert_true(secret_equals(&w->keys.secret_key, str_from(secret)));
    assert_true(str_is(w->keys.token, token));
}

static void test_environment(void **state)
{
    struct world *w = *state;

    setenv("ALIBABA_CLOUD_ACCESS_KEY_ID", "AK", 1);
    setenv("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "own", 1);
    assert_int_equal(find_at(w, NOW), 0);
    check_keys(w, "AK", "own", "");
    setenv("ALIBABA_CLOUD_SECURITY_TOKEN", "t", 1);
    assert_int_equal(find_at(w, NOW), 0);
    check_keys(w, "AK", "own", "t");
    assert_int_equal(w->server->asked, 0);
}

static void test_role_of_the_instance(void **state)
{
    struct world *w = *state;

    canned_answer(w->server, 200, "a-token");
    canned_answer(w->server, 200, "my role\n");
    canned_answer(w->server, 200, KEYS);
    if (find_at(w, NOW) < 0)
        fail_msg("%s", w->err.text);
    check_keys(w, "STS.id", "hidden", "tok");
    assert_int_equal(w->server->asked, 3);
    assert_string_equal(w->server->seen[0], "PUT /latest/api/token [] ");
    assert_string_equal(w->server->seen[1],
                        "GET /latest/meta-data/ram/security-credentials/ [a-token] ");
    assert_string_equal(w->server->seen[2],
                        "GET /latest/meta-data/ram/security-credentials/my%20role [a-token] ");
}

static void test_keys_are_kept_until_they_end(void **state)
{
    struct world *w = *state;

    setenv("ALIBABA_CLOUD_ECS_METADATA", "named", 1);
    for (int i = 0; i < 2; i++) {
        canned_answer(w->server, 200, "a-token");
        canned_answer(w->server, 200, KEYS);
    }
    assert_int_equal(find_at(w, NOW), 0);
    assert_int_equal(find_at(w, NOW + 3600000), 0);
    check_keys(w, "STS.id", "hidden", "tok");
    assert_int_equal(w->server->asked, 2);
    assert_non_null(strstr(w->server->seen[1], "/security-credentials/named [a-token]"));
    assert_int_equal(find_at(w, NOW + 6 * 3600000 - 1000), 0);
    assert_int_equal(w->server->asked, 4);
}

static void test_no_role(void **state)
{
    static const struct {
        unsigned token, role;
        const char *roles;
        unsigned keys;
        const char *answer, *text;
        enum err_kind kind;
    } rows[] = {
        {404, 0, "", 0, "", NOWHERE, ERR_UNAUTHORIZED},
        {200, 404, "", 0, "", NOWHERE, ERR_UNAUTHORIZED},
        {200, 200, "\n", 0, "", NOWHERE, ERR_UNAUTHORIZED},
        {200, 503, "", 0, "", "keys of the instance: status 503", ERR_TRANSIENT},
        {200, 200, "r", 404, "", "keys of the instance: status 404", ERR_UNAUTHORIZED},
        {200, 200, "r", 500, "", "keys of the instance: status 500", ERR_TRANSIENT},
        {200, 200, "r", 200, "<html>", "keys of the instance: an answer that is not JSON",
         ERR_UNAUTHORIZED},
        {200, 200, "r", 200, "{\"Code\":\"Failed\"}",
         "keys of the instance: an answer without AccessKeyId, AccessKeySecret or "
         "SecurityToken",
         ERR_UNAUTHORIZED},
    };
    struct world *w = *state;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        w->server->answer_count = w->server->asked = 0;
        canned_answer(w->server, rows[i].token, "t");
        canned_answer(w->server, rows[i].role, rows[i].roles);
        canned_answer(w->server, rows[i].keys, rows[i].answer);
        assert_int_equal(find_at(w, NOW), -1);
        assert_string_equal(w->err.text, rows[i].text);
        assert_int_equal(w->err.kind, rows[i].kind);
    }
}

static void test_metadata_may_be_left_out(void **state)
{
    struct world *w = *state;

    setenv("ALIBABA_CLOUD_ECS_METADATA_DISABLED", "true", 1);
    assert_int_equal(find_at(w, NOW), -1);
    assert_string_equal(w->err.text, NOWHERE);
    assert_int_equal(w->server->asked, 0);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_environment),
        CASE(test_role_of_the_instance),
        CASE(test_keys_are_kept_until_they_end),
        CASE(test_no_role),
        CASE(test_metadata_may_be_left_out),
    };

    return cmocka_run_group_tests_name("aliyun_credentials", tests, NULL, NULL);
}
