/* What a sensor waits for that no event source gives: which is told, with what nearest name. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "events/sensors/origins.h"

static void put(struct arena *a, struct map *sources, const char *ns, const char *name,
                const char *spec)
{
    struct json made;
    struct err err;

    assert_int_equal(json_parse(a, str_from(spec), &made, &err), 0);
    origins_put(sources, str_from(ns), str_from(name), &made);
}

static struct str fault(struct arena *a, const struct map *sources, const char *space,
                        const char *list)
{
    struct match_dependencies deps;
    struct json made;
    struct err err;

    assert_int_equal(json_parse(a, str_from(list), &made, &err), 0);
    assert_int_equal(match_dependencies_read(a, &made, &deps, &err), 0);
    return origins_fault(a, sources, STR("argo"), str_from(space), &deps);
}

#define DEPENDENCY(source, event) \
    "{\"name\":\"d\",\"eventSourceName\":\"" source "\",\"eventName\":\"" event "\"}"

static void test_what_is_missing(void **state)
{
    static const struct {
        const char *list, *text;
    } cases[] = {
        {"[]", ""},
        {"[" DEPENDENCY("hooks", "example") "]", ""},
        {"[" DEPENDENCY("hooks", "tick") "]", ""},
        {"[" DEPENDENCY("hooks", "example") "," DEPENDENCY("hooks", "exmaple") "]",
         "spec.dependencies[1]: event source \"hooks\" has no event \"exmaple\": did you mean "
         "\"example\"?"},
        {"[" DEPENDENCY("hooks", "nothing-like-it") "]",
         "spec.dependencies[0]: event source \"hooks\" has no event \"nothing-like-it\""},
        {"[" DEPENDENCY("hoks", "example") "]",
         "spec.dependencies[0]: there is no event source \"hoks\": did you mean \"hooks\"?"},
        {"[" DEPENDENCY("elsewhere", "e") "]",
         "spec.dependencies[0]: there is no event source \"elsewhere\""},
        {"[" DEPENDENCY("fast", "e") "]",
         "spec.dependencies[0]: event source \"fast\" has another eventBusName than this "
         "sensor"},
        {"[" DEPENDENCY("hooks", "ports") "]",
         "spec.dependencies[0]: event source \"hooks\" has no event \"ports\""},
        {"[" DEPENDENCY("empty", "e") "]",
         "spec.dependencies[0]: event source \"empty\" has no event \"e\""},
    };
    _cleanup_arena_ struct arena *a = arena_new();
    struct map sources = {0};

    (void) state;
    put(a, &sources, "argo", "hooks",
        "{\"service\":{\"ports\":[]},\"replicas\":1,\"webhook\":{\"example\":{},\"other\":{}},"
        "\"calendar\":{\"tick\":{}}}");
    put(a, &sources, "argo", "fast", "{\"eventBusName\":\"fast\",\"webhook\":{\"e\":{}}}");
    put(a, &sources, "other", "elsewhere", "{\"webhook\":{\"e\":{}}}");
    put(a, &sources, "argo", "empty", "null");
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct str text = fault(a, &sources, "argo", cases[i].list);

        if (!str_is(text, cases[i].text))
            fail_msg("case %zu: " STR_FMT, i, STR_ARG(text));
    }
    origins_free_all(&sources);
}

/* Sources change and go. */
static void test_changes(void **state)
{
    static const char list[] = "[" DEPENDENCY("hooks", "example") "]";
    _cleanup_arena_ struct arena *a = arena_new();
    struct map sources = {0};

    (void) state;
    assert_true(fault(a, &sources, "argo", list).len > 0);
    put(a, &sources, "argo", "hooks", "{\"webhook\":{\"exmaple\":{}}}");
    assert_true(fault(a, &sources, "argo", list).len > 0);
    put(a, &sources, "argo", "hooks", "{\"webhook\":{\"example\":{}}}");
    assert_int_equal(fault(a, &sources, "argo", list).len, 0);
    assert_true(fault(a, &sources, "argo/fast", list).len > 0);
    origins_put(&sources, STR("argo"), STR("hooks"), NULL);
    assert_true(fault(a, &sources, "argo", list).len > 0);
    origins_put(&sources, STR("argo"), STR("nobody"), NULL);
    origins_free_all(&sources);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_missing),
        cmocka_unit_test(test_changes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
