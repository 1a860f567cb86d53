/* Tests of resource.flags: what they say, what is refused and how. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/attrs.h"
#include "workflows/engine/resource_flags.h"

static int read_flags(struct arena *a, const char *action, const char *list,
                      struct resource_flags *ret, struct err *err)
{
    struct json doc;

    assert_int_equal(json_parse(a, str_from(list), &doc, err), 0);
    return resource_flags_read(a, str_from(action), &doc, ret, err);
}

static void test_meaning(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct resource_flags f;
    struct err err;

    (void) state;
    assert_int_equal(resource_flags_read(a, STR("get"), NULL, &f, &err), 0);
    assert_true(str_is(f.ns, "") && str_is(f.validate, "Strict") && f.grace_s == -1 &&
                str_is(f.cascade, "Background") && !f.is_dry && !f.does_not_wait &&
                f.name_count == 0);
    assert_int_equal(read_flags(a, "apply",
                                "[\"--server-side\",\"--force-conflicts\",\"-n\",\"x\","
                                "\"--field-manager=me\",\"--validate=false\",\"--dry-run\"]",
                                &f, &err),
                     0);
    assert_true(f.is_server_side && f.forces_conflicts && f.is_dry && str_is(f.ns, "x") &&
                str_is(f.manager, "me") && str_is(f.validate, "Ignore") &&
                !str_is_empty(f.cluster_only));
    assert_int_equal(read_flags(a, "create", "[\"--validate\",\"--dry-run=none\"]", &f, &err),
                     0);
    assert_true(str_is(f.validate, "Strict") && !f.is_dry);
    assert_int_equal(read_flags(a, "delete",
                                "[\"cm\",\"x\",\"y\",\"--now\",\"--cascade=orphan\","
                                "\"--wait=false\",\"--context\",\"c\"]",
                                &f, &err),
                     0);
    assert_true(str_is(f.type, "cm") && f.name_count == 2 && str_is(f.names[1], "y") &&
                f.grace_s == 1 && str_is(f.cascade, "Orphan") && f.does_not_wait &&
                str_is(f.context, "c"));
    assert_int_equal(read_flags(a, "get", "[\"cm/x\",\"--ignore-not-found\"]", &f, &err), 0);
    assert_true(str_is(f.type, "cm") && str_is(f.names[0], "x") && f.ignores_missing);
    assert_int_equal(read_flags(a, "delete", "[\"cm\",\"-l\",\"a=b\",\"--force\"]", &f, &err),
                     0);
    assert_true(str_is(f.selector, "a=b") && f.grace_s == 0 && f.name_count == 0);
}

static void test_refused(void **state)
{
    static const char *const cases[][3] = {
        {"create", "[\"--nonsense\"]", "unknown flag: --nonsense"},
        {"create", "[\"-o\",\"yaml\"]", "unknown shorthand flag: 'o' in -o"},
        {"create", "[\"--server-side\"]", "unknown flag: --server-side"},
        {"get", "[\"-l\",\"a=b\"]", "unknown flag: --selector"},
        {"create", "[\"configmap\",\"x\"]",
         "\"configmap\": create names its object in the manifest"},
        {"get", "[\"cm\"]", "resource(s) were provided, but no name was specified"},
        {"get", "[\"cm\",\"x\",\"y\"]", "get takes one object, not 2"},
        {"delete", "[\"cm\",\"x\",\"-l\",\"a\"]",
         "name cannot be provided when a selector is specified"},
        {"apply", "[\"--force-conflicts\"]", "--force-conflicts only works with --server-side"},
        {"create", "[\"--help\"]", "unknown flag: --help"},
    };
    _cleanup_arena_ struct arena *a = arena_new();

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct resource_flags f;
        struct err err = {0};

        if (read_flags(a, cases[i][0], cases[i][1], &f, &err) == 0 ||
            !str_is(str_from(err.text), cases[i][2]))
            fail_msg("case %zu: %s", i, err.text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_meaning),
                                       cmocka_unit_test(test_refused)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
