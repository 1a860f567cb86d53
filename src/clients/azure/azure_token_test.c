/* Tests of tokens for Azure: each identity and their order, what is kept, what is refused. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/secret_cache.h"
#include "clients/azure/azure_token.h"
#include "tests/support/canned_server.h"

enum { SETTINGS_MAX = 8 };

struct world {
    struct canned_server *server;
    struct arena *a;
    struct {
        const char *name, *value;
    } settings[SETTINGS_MAX];
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
    assert_true(w->count < SETTINGS_MAX);
    w->settings[w->count].name = name;
    w->settings[w->count++].value = value;
}

static int set_up(void **state)
{
    struct world *w = NEW(struct world);

    w->server = canned_start();
    w->server->shows = "Metadata";
    w->a = arena_new();
    set(w, "AZURE_AUTHORITY_HOST", w->server->base);
    set(w, "AZURE_POD_IDENTITY_AUTHORITY_HOST", w->server->base);
    *state = here = w;
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;

    secret_cache_clear();
    canned_stop(w->server);
    arena_free(w->a);
    free(w);
    return 0;
}

static void check(struct world *w, int64_t now_ms, const char *want)
{
    const struct azure_identity who = {.env = env};
    struct str token;
    struct err err;

    if (azure_token(&who, w->a, (struct wall){now_ms}, &token, &err) < 0)
        token = str_printf(w->a, "error: %s", err.text);
    if (!str_is(token, want))
        fail_msg("got " STR_FMT ", not %s", STR_ARG(token), want);
}

static void test_an_application(void **state)
{
    struct world *w = *state;

    set(w, "AZURE_TENANT_ID", "ten");
    set(w, "AZURE_CLIENT_ID", "app");
    set(w, "AZURE_CLIENT_SECRET", "s+t");
    canned_answer(w->server, 200, "{\"access_token\":\"one\",\"expires_in\":3600}");
    canned_answer(w->server, 200, "{\"access_token\":\"two\",\"expires_in\":3600}");
    check(w, 1000, "one");
    assert_string_equal(
        w->server->seen[0],
        "POST /ten/oauth2/v2.0/token [] grant_type=client_credentials&client_id="
        "app&scope=https%3A%2F%2Fstorage.azure.com%2F.default&client_secret=s%2"
        "Bt");
    check(w, 2000, "one"); /* kept */
    check(w, 3600000, "two");
}

static void test_a_workload(void **state)
{
    char path[] = "/tmp/azure-token.XXXXXX";
    int fd = mkstemp(path);
    struct world *w = *state;

    assert_int_equal(write(fd, "a.b\n", 4), 4);
    close(fd);
    set(w, "AZURE_TENANT_ID", "ten");
    set(w, "AZURE_CLIENT_ID", "app");
    set(w, "AZURE_FEDERATED_TOKEN_FILE", path);
    canned_answer(w->server, 200, "{\"access_token\":\"one\",\"expires_in\":\"3600\"}");
    check(w, 1000, "one");
    assert_non_null(strstr(w->server->seen[0],
                           "&client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-"
                           "assertion-type%3Ajwt-bearer&client_assertion=a.b"));
    check(w, 2000, "one"); /* a number in a text is one, too */
    unlink(path);
    secret_cache_clear();
    check(w, 1000,
          str_printf(w->a,
                     "error: AZURE_FEDERATED_TOKEN_FILE: read %s: No such file or directory",
                     path)
              .ptr);
}

static void test_the_machine(void **state)
{
    struct world *w = *state;

    canned_answer(w->server, 200, "{\"access_token\":\"one\"}");
    check(w, 1000, "one");
    assert_string_equal(w->server->seen[0],
                        "GET /metadata/identity/oauth2/token?api-version=2018-02-01&resource="
                        "https%3A%2F%2Fstorage.azure.com [true] ");
    set(w, "AZURE_CLIENT_ID", "mine");
    canned_answer(w->server, 200, "{\"access_token\":\"two\"}");
    check(w, 1000, "two"); /* the first has no end that is known: it is not used again */
    assert_non_null(strstr(w->server->seen[1], "&client_id=mine "));
}

static void test_refusals(void **state)
{
    struct world *w = *state;

    check(
        w, 1000,
        "error: no Azure identity: no key is given, neither AZURE_CLIENT_SECRET nor "
        "AZURE_FEDERATED_TOKEN_FILE is set with AZURE_TENANT_ID and AZURE_CLIENT_ID, and this "
        "machine has none");
    set(w, "AZURE_TENANT_ID", "ten");
    set(w, "AZURE_CLIENT_ID", "app");
    set(w, "AZURE_CLIENT_SECRET", "hidden");
    w->server->asked = 0;
    canned_answer(w->server, 401, "{\"error\":\"invalid_client\"}");
    canned_answer(w->server, 503, "busy");
    canned_answer(w->server, 200, "{}");
    check(w, 1000, "error: token for Azure's storage: status 401 invalid_client");
    check(w, 1000, "error: token for Azure's storage: status 503 ");
    check(w, 1000, "error: token for Azure's storage: an answer without access_token");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_an_application),
        TEST(test_a_workload),
        TEST(test_the_machine),
        TEST(test_refusals),
    };

    return cmocka_run_group_tests_name("azure_token", tests, NULL, NULL);
}
