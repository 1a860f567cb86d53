/* What a pod has of the API: when it has a token, and where it finds its files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "pods/local/access.h"

/* "shy" does not want its token mounted. */
static int get_object(void *ctx, struct arena *a, struct str kind, struct str ns,
                      struct str name, const struct json **ret, struct err *err)
{
    struct json *doc = ARENA_NEW(a, struct json);

    (void) ctx;
    (void) ns;
    assert_true(str_is(kind, "ServiceAccount"));
    *ret = doc;
    if (str_is(name, "gone"))
        return err_set(err, ERR_NOT_FOUND, "serviceaccounts \"gone\" not found");
    return json_parse(a,
                      str_is(name, "shy") ? STR("{\"automountServiceAccountToken\":false}")
                                          : STR("{}"),
                      doc, err);
}

static int give(void *ctx, struct arena *a, const struct pod_request *req,
                struct pod_access *ret, struct err *err)
{
    const bool *is_late = ctx;

    (void) a;
    (void) req;
    if (*is_late)
        return err_set(err, ERR_TRANSIENT, "the server is being stopped");
    *ret = (struct pod_access){.token = STR("t"), .ca = STR(""), .url = STR("http://h:1")};
    return 0;
}

#define THERE "[{\"name\":\"v\",\"mountPath\":\"/var/run/secrets/kubernetes.io/serviceaccount\"}]"

static void test_who_has_a_token(void **state)
{
    static const struct {
        enum pod_token token;
        const char *account, *template;
        bool has_token;
    } cases[] = {
        {POD_TOKEN_BY_ACCOUNT, "", "{}", true},
        {POD_TOKEN_BY_ACCOUNT, "gone", "{}", true},
        {POD_TOKEN_BY_ACCOUNT, "shy", "{}", false},
        {POD_TOKEN_MOUNTED, "shy", "{}", true},
        {POD_TOKEN_NONE, "", "{}", false},
        {POD_TOKEN_MOUNTED, "", "{\"container\":{\"volumeMounts\":" THERE "}}", false},
        {POD_TOKEN_MOUNTED, "", "{\"script\":{\"volumeMounts\":" THERE "}}", false},
        {POD_TOKEN_MOUNTED, "", "{\"containerSet\":{\"volumeMounts\":" THERE "}}", false},
        {POD_TOKEN_MOUNTED, "",
         "{\"containerSet\":{\"containers\":[{},{\"volumeMounts\":" THERE "}]}}", false},
        {POD_TOKEN_MOUNTED, "", "{\"container\":{\"volumeMounts\":[{\"mountPath\":\"/x\"}]}}",
         true},
    };
    _cleanup_arena_ struct arena *a = arena_new();
    bool is_late = false;
    struct local runner = {.objects = {.get = get_object},
                           .access = {.ctx = &is_late, .get = give},
                           .root = str_cz(a, STR("/pods"))};
    struct err err;

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct json template;
        struct local_pod pod = {.runner = &runner,
                                .isolation = LOCAL_ISOLATION_HOST,
                                .dir = STR("argo/p"),
                                .req = {.ns = STR("argo"),
                                        .service_account = str_from(cases[i].account),
                                        .token = cases[i].token,
                                        .template = &template}};

        assert_int_equal(json_parse(a, str_from(cases[i].template), &template, &err), 0);
        assert_int_equal(access_get(&pod, a, &err), 0);
        assert_non_null(pod.access);
        if (str_is_none(pod.access->token) == cases[i].has_token)
            fail_msg("case %zu", i);
        assert_int_equal(str_is_none(access_path(&pod, a)), !cases[i].has_token);
        if (cases[i].has_token)
            assert_true(str_is(access_path(&pod, a),
                               "/var/run/secrets/kubernetes.io/serviceaccount"));
        pod.isolation = LOCAL_ISOLATION_PROCESS; /* nothing is mounted: below its own folder */
        if (cases[i].has_token)
            assert_true(str_is(access_path(&pod, a), "/pods/argo/p/account"));
    }
}

static void test_no_api(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    bool is_late = true;
    const struct json template = json_object(&(struct json_object_builder){0});
    struct local runner = {.access = {.ctx = &is_late}};
    struct local_pod pod = {.runner = &runner, .req = {.template = &template}};
    struct err err;

    (void) state;
    assert_int_equal(access_get(&pod, a, &err), 0);
    assert_null(pod.access);
    assert_true(str_is_none(access_path(&pod, a)));
    assert_true(str_is_none(access_commands(&pod, a)));
    runner.access.get = give;
    assert_int_equal(access_get(&pod, a, &err), -1);
    assert_int_equal(err.kind, ERR_TRANSIENT);
    assert_null(pod.access);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_who_has_a_token),
        cmocka_unit_test(test_no_api),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
