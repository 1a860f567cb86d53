/* Tests of the client of a cluster: who asks, which kinds there are, what an answer means. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "clients/kubernetes/kubernetes_client.h"
#include "tests/support/canned_server.h"

#define CORE                                                                                 \
    "{\"kind\":\"APIResourceList\",\"resources\":[{\"name\":\"pods/log\",\"kind\":\"Pod\"}," \
    "{\"name\":\"services\",\"singularName\":\"service\",\"shortNames\":[\"svc\"],"          \
    "\"namespaced\":true,\"kind\":\"Service\"},"                                             \
    "{\"name\":\"nodes\",\"namespaced\":false,\"kind\":\"Node\"}]}"
#define APPS \
    "{\"resources\":[{\"name\":\"deployments\",\"namespaced\":true,\"kind\":\"Deployment\"}]}"

struct world {
    struct canned_server *server;
    struct kubernetes *k;
    struct arena *a;
    struct kubernetes_asker who;
    struct err err;
};

static struct kubernetes *cluster(struct world *w, struct kubeconfig config)
{
    struct kubernetes *k;

    config.server = str_printf(w->a, "%s/", w->server->base);
    k = kubernetes_new(&config, &w->err);
    assert_non_null(k);
    return k;
}

static int set_up(void **state)
{
    struct world *w = NEW(struct world);

    w->server = canned_start();
    w->server->shows = "Authorization";
    w->a = arena_new();
    w->k = cluster(w, (struct kubeconfig){.token = STR("t")});
    w->who = (struct kubernetes_asker){w->k, w->a, -1};
    *state = w;
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;

    kubernetes_free(w->k);
    canned_stop(w->server);
    arena_free(w->a);
    free(w);
    return 0;
}

static struct str path_of(struct world *w, const struct kubernetes_kind *kind)
{
    return kubernetes_path(w->a, kind, STR("n"), STR("x"));
}

/* Lists are asked for once; one that lacks the kind once more. */
static void test_kinds(void **state)
{
    struct world *w = *state;
    struct kubernetes_kind kind;

    canned_answer(w->server, 200, CORE);
    canned_answer(w->server, 200, APPS);
    canned_answer(w->server, 200, CORE);
    assert_int_equal(kubernetes_find_kind(&w->who, STR("v1"), STR("Service"), &kind, &w->err),
                     0);
    assert_true(str_is(path_of(w, &kind), "/api/v1/namespaces/n/services/x"));
    assert_int_equal(kubernetes_find_kind(&w->who, STR("v1"), STR("Node"), &kind, &w->err), 0);
    assert_true(str_is(path_of(w, &kind), "/api/v1/nodes/x"));
    assert_int_equal(
        kubernetes_find_kind(&w->who, STR("apps/v1"), STR("Deployment"), &kind, &w->err), 0);
    assert_true(str_is(path_of(w, &kind), "/apis/apps/v1/namespaces/n/deployments/x"));
    assert_int_equal(kubernetes_find_kind(&w->who, STR("v1"), STR("Pod"), &kind, &w->err), -1);
    assert_int_equal(w->err.kind, ERR_NOT_FOUND);
    assert_string_equal(w->err.text, "error: no matches for kind \"Pod\" in version \"v1\"");
    assert_int_equal(w->server->asked, 3);
    assert_string_equal(w->server->seen[0], "GET /api/v1 [Bearer t] ");
    assert_string_equal(w->server->seen[1], "GET /apis/apps/v1 [Bearer t] ");
}

/* Words of kubectl, in all groups. */
static void test_words(void **state)
{
    static const char groups[] = "{\"groups\":[{\"name\":\"apps\",\"preferredVersion\":{"
                                 "\"groupVersion\":\"apps/v1\"}}]}";
    struct world *w = *state;
    struct kubernetes_kind kind;

    canned_answer(w->server, 200, CORE);
    canned_answer(w->server, 200, CORE);
    canned_answer(w->server, 200, groups);
    canned_answer(w->server, 200, APPS);
    assert_int_equal(kubernetes_find_resource(&w->who, STR("svc"), &kind, &w->err), 0);
    assert_true(str_is(kind.plural, "services"));
    assert_int_equal(kubernetes_find_resource(&w->who, STR("deployment"), &kind, &w->err), 0);
    assert_true(str_is(kind.plural, "deployments") && str_is(kind.group, "apps"));
    canned_answer(w->server, 200, groups);
    assert_int_equal(kubernetes_find_resource(&w->who, STR("deployments.apps"), &kind, &w->err),
                     0);
    canned_answer(w->server, 200, groups);
    assert_int_equal(kubernetes_find_resource(&w->who, STR("deployments.none"), &kind, &w->err),
                     -1);
    assert_string_equal(w->err.text,
                        "error: the server doesn't have a resource type \"deployments.none\"");
}

static void test_errors(void **state)
{
    static const struct {
        unsigned status;
        const char *body;
        enum err_kind kind;
        const char *text;
    } cases[] = {
        {404,
         "{\"kind\":\"Status\",\"reason\":\"NotFound\",\"message\":\"services \\\"x\\\" not "
         "found\"}",
         ERR_NOT_FOUND, "Error from server (NotFound): doing: services \"x\" not found"},
        {409, "{\"kind\":\"Status\",\"reason\":\"AlreadyExists\",\"message\":\"m\"}",
         ERR_EXISTS, "Error from server (AlreadyExists): doing: m"},
        {409, "{\"kind\":\"Status\",\"reason\":\"Conflict\",\"message\":\"m\"}", ERR_CONFLICT,
         "Error from server (Conflict): doing: m"},
        {403, "{\"kind\":\"Status\",\"reason\":\"Forbidden\",\"message\":\"m\"}", ERR_DENIED,
         "Error from server (Forbidden): doing: m"},
        {401, "{\"kind\":\"Status\",\"reason\":\"Unauthorized\",\"message\":\"Unauthorized\"}",
         ERR_UNAUTHORIZED, "error: You must be logged in to the server (Unauthorized)"},
        {422,
         "{\"kind\":\"Status\",\"reason\":\"Invalid\",\"message\":\"m\",\"details\":{\"name\":"
         "\"x\",\"kind\":\"Service\",\"causes\":[{\"field\":\"spec.ports\",\"message\":"
         "\"Required value\"}]}}",
         ERR_INVALID, "The Service \"x\" is invalid: spec.ports: Required value"},
        {503, "upstream is away", ERR_TRANSIENT,
         "Error from server: doing: status 503: upstream is away"},
        {200, "{", ERR_TRANSIENT, NULL},
    };
    struct world *w = *state;
    const struct kubernetes_call call = {
        .method = "GET", .path = STR("/api"), .doing = "doing", .cancel_fd = -1};
    struct json doc;

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        canned_answer(w->server, cases[i].status, cases[i].body);
        assert_int_equal(kubernetes_do(w->k, w->a, &call, &doc, &w->err), -1);
        assert_int_equal(w->err.kind, cases[i].kind);
        if (cases[i].text)
            assert_string_equal(w->err.text, cases[i].text);
    }
}

static void seen_as(struct world *w, struct kubeconfig config, const char *header,
                    const char *want)
{
    const struct json body = json_string(STR("b"));
    const struct kubernetes_call call = {
        .method = "PUT", .path = STR("/x"), .body = &body, .cancel_fd = -1};
    struct kubernetes *k = cluster(w, config);
    struct json doc;
    size_t at = w->server->asked;

    w->server->shows = header;
    canned_answer(w->server, 200, "{}");
    assert_int_equal(kubernetes_do(k, w->a, &call, &doc, &w->err), 0);
    assert_string_equal(w->server->seen[at], want);
    kubernetes_free(k);
}

static void test_who(void **state)
{
    struct world *w = *state;
    char path[] = "/tmp/token.XXXXXX";
    int fd = mkstemp(path);

    assert_int_equal(write(fd, "fresh\n", 6), 6);
    close(fd);
    seen_as(w, (struct kubeconfig){.token = STR("old"), .token_file = str_from(path)},
            "Authorization", "PUT /x [Bearer fresh] \"b\"");
    unlink(path);
    seen_as(w, (struct kubeconfig){.username = STR("u"), .password = STR("p")}, "Authorization",
            "PUT /x [Basic dTpw] \"b\"");
    seen_as(w, (struct kubeconfig){.as = STR("her")}, "Impersonate-User", "PUT /x [her] \"b\"");
    seen_as(w,
            (struct kubeconfig){.as = STR("her"), .as_groups = {STR("g")}, .as_group_count = 1},
            "Impersonate-Group", "PUT /x [g] \"b\"");
    seen_as(w, (struct kubeconfig){.as = STR("x")}, "Content-Type",
            "PUT /x [application/json] \"b\"");
    assert_null(kubernetes_new(&(struct kubeconfig){.token = STR("t")}, &w->err));
    assert_string_equal(w->err.text, "the kubeconfig's context has no cluster with a server");
}

static void test_away(void **state)
{
    struct world *w = *state;
    const struct kubernetes_call call = {.method = "GET", .path = STR("/api"), .cancel_fd = -1};
    struct kubeconfig config = {.server = STR("http://127.0.0.1:1")};
    struct kubernetes *k = kubernetes_new(&config, &w->err);
    struct json doc;

    assert_int_equal(kubernetes_do(k, w->a, &call, &doc, &w->err), -1);
    assert_true(err_is_retryable(&w->err));
    kubernetes_free(k);
    config.token_file = STR("/nonexistent/token");
    k = kubernetes_new(&config, &w->err);
    assert_int_equal(kubernetes_do(k, w->a, &call, &doc, &w->err), -1);
    assert_int_equal(w->err.kind, ERR_NOT_FOUND);
    kubernetes_free(k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_kinds, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_words, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_errors, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_who, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_away, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
