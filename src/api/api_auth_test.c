/*
 * Who may do what: every operation of both dialects with no token, with wrong ones and with the
 * right one, and limits that hold before anybody is known. Tests of published defects of the
 * originals bear their ids.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "api/argo/operation.h"
#include "api/world_test.h"
#include "base/limits.h"
#include "base/mem.h"
#include "objects/object.h"

/* One row of the table: what is asked. */
struct asked {
    const char *method, *path;
};

struct table {
    struct arena *a;
    struct asked at[1024];
    size_t len;
};

static void add(struct table *t, const char *method, struct str path)
{
    assert_true(t->len < COUNT_OF(t->at));
    t->at[t->len++] = (struct asked){method, str_cz(t->a, path)};
}

/* "/a/{b}/{c=**}" -> "/a/x/x/y" */
static struct str filled(struct arena *a, const char *pattern)
{
    struct str rest = str_from(pattern), part, made = STR("");

    while (str_cut(&rest, '/', &part)) {
        if (part.len == 0)
            continue;
        if (part.ptr[0] == '{')
            part = str_ends(part, STR("=**}")) ? STR("x/y") : STR("x");
        made = str_printf(a, STR_FMT "/" STR_FMT, STR_ARG(made), STR_ARG(part));
    }
    return made;
}

static void add_argo(struct table *t)
{
    size_t count;
    const struct argo_operation *all = argo_operations(&count);

    assert_true(count >= 73);
    for (size_t i = 0; i < count; i++)
        add(t, all[i].method, filled(t->a, all[i].path));
}

static void add_kind(struct table *t, const struct object_kind *k)
{
    struct str path =
        str_printf(t->a, "/api%s%s/%s/%s%s", k->group[0] ? "s/" : "", k->group, k->version,
                   k->is_namespaced ? "namespaces/x/" : "", k->plural);
    static const char *const collection[] = {"GET", "POST", "DELETE"},
                             *const one[] = {"GET", "PUT", "PATCH", "DELETE"},
                             *const subs[] = {"", "/status", "/log"};

    for (size_t i = 0; i < COUNT_OF(collection); i++)
        add(t, collection[i], path);
    add(t, "GET", str_concat(t->a, path, STR("?watch=true&timeoutSeconds=1")));
    for (size_t i = 0; i < COUNT_OF(one); i++)
        for (size_t s = 0; s < COUNT_OF(subs); s++)
            add(t, one[i], str_printf(t->a, STR_FMT "/x%s", STR_ARG(path), subs[s]));
}

static void add_resources(struct table *t)
{
    static const char *const others[] = {"/version",
                                         "/api",
                                         "/apis",
                                         "/api/v1",
                                         "/openapi/v2",
                                         "/openapi/v3",
                                         "/openapi/v3/api/v1",
                                         "/apis/argoproj.io/v1alpha1",
                                         "/tiphys/v1/events/x",
                                         "/",
                                         "/nothing",
                                         "/metrics"};
    size_t count;
    const struct object_kind *all = object_kinds(&count);

    for (size_t i = 0; i < count; i++)
        add_kind(t, &all[i]);
    for (size_t i = 0; i < COUNT_OF(others); i++)
        add(t, "GET", str_from(others[i]));
}

static unsigned ask(struct world *w, const struct asked *asked, const char *token)
{
    struct call c = {.method = asked->method,
                     .path = asked->path,
                     .body = strcmp(asked->method, "GET") == 0 ? "" : "{}",
                     .type = "application/json",
                     .token = token};

    world_run(w, &c);
    return c.status;
}

/* CVE-2026-28229: template operations answered to "Bearer nothing". And the report without a
 * number of archived workflows that were read with a forged token. */
static void test_CVE_2026_28229_nothing_without_the_right_token(void **state)
{
    static const char *const tokens[] = {NULL,      "nothing", "",       "secre",
                                         "secret2", "Secret",  " secret"};
    struct world *w = *state;
    struct table t = {.a = w->a};

    add_argo(&t);
    add_resources(&t);
    for (size_t i = 0; i < t.len; i++)
        for (size_t n = 0; n < (i % 16 == 0 ? COUNT_OF(tokens) : 2); n++) {
            unsigned status = ask(w, &t.at[i], tokens[n]);

            if (status != 401)
                fail_msg("%s %s with token \"%s\": %u", t.at[i].method, t.at[i].path,
                         tokens[n] ? tokens[n] : "none", status);
        }
}

/* The same operations with the right token: known and answered, whatever they say. */
static void test_the_right_token(void **state)
{
    struct world *w = *state;
    struct table t = {.a = w->a};

    add_argo(&t);
    for (size_t i = 0; i < t.len; i++) {
        unsigned status;

        if (strstr(t.at[i].path, "/stream/") || strstr(t.at[i].path, "-events/"))
            continue; /* watches do not end by themselves */
        status = ask(w, &t.at[i], "secret");
        if (status == 401 || status == 403 || status == 0 || status == 500)
            fail_msg("%s %s: %u", t.at[i].method, t.at[i].path, status);
    }
}

/* An object that names another namespace than the path goes into neither. */
static void test_the_wrong_namespace(void **state)
{
    struct world *w = *state;
    size_t count;
    const struct object_kind *all = object_kinds(&count);

    for (size_t i = 0; i < count; i++) {
        const struct object_kind *k = &all[i];
        struct call c = {
            .method = "POST",
            .path = str_printf(w->a, "/api%s%s/%s/namespaces/mine/%s", k->group[0] ? "s/" : "",
                               k->group, k->version, k->plural)
                        .ptr,
            .body = str_printf(w->a,
                               "{\"apiVersion\":\"%s%s%s\",\"kind\":\"%s\",\"metadata\":{"
                               "\"name\":\"x\",\"namespace\":\"theirs\"}}",
                               k->group, k->group[0] ? "/" : "", k->version, k->kind)
                        .ptr,
            .token = "secret"};
        struct call look = {.method = "GET", .body = "", .token = "secret"};

        if (!k->is_namespaced)
            continue;
        world_run(w, &c);
        assert_true(c.status == 400 || c.status == 405);
        look.path = str_printf(w->a, "/api%s%s/%s/%s", k->group[0] ? "s/" : "", k->group,
                               k->version, k->plural)
                        .ptr;
        world_run(w, &look);
        assert_true(strstr(look.answer, "\"items\":[]") != NULL);
    }
}

/* CVE-2026-42294: a body was read whole before anybody asked who sends it. */
static void test_CVE_2026_42294_identity_before_the_body(void **state)
{
    enum { LARGE_BYTES = HTTP_BODY_MAX_BYTES + 4096 };
    static const char *const paths[] = {"/api/v1/events/argo/x", "/api/v1/workflows/argo",
                                        "/api/v1/namespaces/argo/configmaps"};
    struct world *w = *state;
    char *body = mem_alloc(LARGE_BYTES + 1);

    memset(body, ' ', LARGE_BYTES);
    body[LARGE_BYTES] = '\0';
    for (size_t i = 0; i < COUNT_OF(paths); i++) {
        struct call c = {.method = "POST", .path = paths[i], .body = body};

        body[HTTP_BODY_MAX_BYTES - 4096] = '\0';
        world_run(w, &c);
        assert_true(c.status == 401 || c.status == 0); /* 0: it hung up while we sent */
        body[HTTP_BODY_MAX_BYTES - 4096] = ' ';
        c = (struct call){.method = "POST", .path = paths[i], .body = body};
        world_run(w, &c);
        assert_true(c.status == 401 || c.status == 413 || c.status == 0);
        c = (struct call){.method = "POST", .path = paths[i], .body = body, .token = "secret"};
        world_run(w, &c);
        assert_true(c.status == 413 || c.status == 0);
    }
    free(body);
}

/* CVE-2022-31054: what comes in is limited, whoever sends it. */
static void test_CVE_2022_31054_limits_before_identity(void **state)
{
    struct world *w = *state;
    char *path = mem_alloc(300000);
    struct call c = {.method = "GET", .path = path, .body = ""};

    memset(path, 'a', 299999);
    path[0] = '/';
    path[299999] = '\0';
    world_run(w, &c);
    assert_true(c.status == 0 || c.status == 400 || c.status == 414 || c.status == 431);
    free(path);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_CVE_2026_28229_nothing_without_the_right_token),
        TEST(test_the_right_token),
        TEST(test_the_wrong_namespace),
        TEST(test_CVE_2026_42294_identity_before_the_body),
        TEST(test_CVE_2022_31054_limits_before_identity),
    };

    return cmocka_run_group_tests_name("api_auth", tests, NULL, NULL);
}
