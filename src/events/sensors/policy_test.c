/* Labels that a trigger waits for: what is read, what is refused, when they are there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "events/sensors/policy.h"
#include "tests/support/store_world.h"

static struct json parsed(struct arena *a, const char *text)
{
    struct json v;
    struct err err;

    if (json_parse(a, str_from(text), &v, &err) < 0)
        fail_msg("%s: %s", text, err.text);
    return v;
}

static void test_read(void **state)
{
    static const struct {
        const char *policy;
        int32_t steps;
        bool waits, fails;
        const char *error;
    } cases[] = {
        {"{}", 5, false, false, NULL},
        {"{\"status\":{\"allow\":[200]}}", 5, false, false, NULL},
        {"{\"k8s\":{\"labels\":null,\"backoff\":{\"steps\":3}}}", 3, false, false, NULL},
        {"{\"k8s\":{\"labels\":{},\"errorOnBackoffTimeout\":true}}", 5, true, true, NULL},
        {"{\"k8s\":{\"labels\":{\"a\":\"b\"},\"backoff\":{\"steps\":2,\"duration\":\"1s\"}}}",
         2, true, false, NULL},
        {"{\"k8s\":{\"labels\":{\"a\":\"b\"},\"backoff\":{\"duration\":\"soon\"}}}", 0, false,
         false, "backoff"},
    };
    _cleanup_arena_ struct arena *a = arena_new();

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct json policy = parsed(a, cases[i].policy);
        struct label_policy read = {0};
        struct err err = {0};
        int rc = policy_read(&policy, &read, &err);

        if ((rc < 0) != (cases[i].error != NULL) ||
            (rc < 0 && !strstr(err.text, cases[i].error)))
            fail_msg("case %zu: %d %s", i, rc, err.text);
        if (rc == 0 &&
            (read.backoff.steps != cases[i].steps || (read.labels != NULL) != cases[i].waits ||
             read.fails_on_timeout != cases[i].fails))
            fail_msg("case %zu", i);
    }
    {
        struct label_policy read = {0};
        struct err err = {0};

        assert_int_equal(policy_read(NULL, &read, &err), 0);
        assert_null(read.labels);
    }
}

static void test_is_met(void **state)
{
    static const struct {
        const char *labels;
        int met;
    } cases[] = {
        {"{}", 1},
        {"{\"a\":\"b\"}", 1},
        {"{\"a\":\"b\",\"c\":\"d\"}", 1},
        {"{\"a\":\"c\"}", 0},
        {"{\"a\":\"b\",\"e\":\"f\"}", 0},
    };
    _cleanup_arena_ struct arena *a = arena_new();
    char path[] = "/tmp/tiphys-policy-XXXXXX", command[64];
    struct trigger_result result = {.group = STR(""),
                                    .kind = STR("ConfigMap"),
                                    .ns = STR("ns"),
                                    .name = STR("c"),
                                    .uid = STR("u")};
    struct json doc = parsed(a, "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{"
                                "\"name\":\"c\",\"namespace\":\"ns\",\"uid\":\"u\",\"labels\":{"
                                "\"a\":\"b\",\"c\":\"d\"}}}");
    struct store_txn *txn;
    struct store *store;
    struct loop *loop;
    struct json none = parsed(a, "{}");
    struct err err = {0};

    (void) state;
    assert_non_null(mkdtemp(path));
    loop = loop_new(&err);
    store = store_open(&(struct store_options){.path = path, .loop = loop}, &err);
    assert_non_null(store);
    txn = store_txn_new(store);
    store_txn_create(txn, &doc);
    store_world_commit(store, txn);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct json labels = parsed(a, cases[i].labels);

        if (policy_is_met(store, &result, &labels, &err) != cases[i].met)
            fail_msg("case %zu", i);
    }
    result.name = STR("gone");
    assert_int_equal(policy_is_met(store, &result, &none, &err), -1);
    assert_int_equal(err.kind, ERR_NOT_FOUND);
    result.uid = STR("");
    assert_int_equal(policy_is_met(store, &result, &none, &err), -1);
    assert_string_equal(err.text, "failed to interpret the trigger resource");
    store_close(store);
    loop_free(loop);
    snprintf(command, sizeof(command), "rm -rf %s", path);
    assert_int_equal(system(command), 0); /* NOLINT: a folder of ours */
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_read),
                                       cmocka_unit_test(test_is_met)};

    return cmocka_run_group_tests_name("policy", tests, NULL, NULL);
}
