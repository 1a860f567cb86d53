/* Tests of what the commands show of a workflow: facts, tree, ages, names of pods. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cli/workflow.h"

static const char document[] =
    "{\"metadata\":{\"name\":\"w\",\"namespace\":\"argo\",\"creationTimestamp\":\"2026-01-"
    "02T03:00:00Z\"},"
    "\"spec\":{\"arguments\":{\"parameters\":[{\"name\":\"p\",\"value\":\"v\"}]}},"
    "\"status\":{\"phase\":\"Failed\",\"message\":\"child "
    "failed\",\"startedAt\":\"2026-01-02T03:00:01Z\","
    "\"finishedAt\":\"2026-01-02T03:01:06Z\",\"progress\":\"1/"
    "2\",\"conditions\":[{\"type\":\"Completed\","
    "\"status\":\"True\"}],\"nodes\":{"
    "\"w\":{\"id\":\"w\",\"name\":\"w\",\"displayName\":\"w\",\"type\":\"Steps\","
    "\"templateName\":\"main\",\"phase\":\"Failed\"},"
    "\"w-0\":{\"id\":\"w-0\",\"name\":\"w[0]\",\"displayName\":\"[0]\",\"type\":\"StepGroup\","
    "\"phase\":\"Failed\","
    "\"boundaryID\":\"w\"},"
    "\"w-1\":{\"id\":\"w-1\",\"name\":\"w[0].a\",\"displayName\":\"a\",\"type\":\"Pod\","
    "\"templateName\":\"t\",\"phase\":"
    "\"Succeeded\",\"boundaryID\":\"w\",\"startedAt\":\"2026-01-02T03:00:01Z\",\"finishedAt\":"
    "\"2026-01-02T03:00:03Z\"},"
    "\"w-2\":{\"id\":\"w-2\",\"name\":\"w[0].b\",\"displayName\":\"b\",\"type\":\"Pod\","
    "\"templateName\":\"t\",\"phase\":"
    "\"Failed\",\"boundaryID\":\"w\",\"message\":\"Error (exit code 1)\"}}}}";

static struct json parse(struct arena *a, const char *text)
{
    struct json v;
    struct err err;

    assert_int_equal(json_parse(a, str_from(text), &v, &err), 0);
    return v;
}

static void test_print(void **state)
{
    static const char *const parts[] = {
        "Name:                w\nNamespace:           argo\n",
        "Status:              Failed\nMessage:             child failed\n",
        "Conditions:          \n Completed           True\n",
        "Created:             2026-01-02T03:00:00Z (2h ago)\n",
        "Duration:            1 minute 5 seconds\nProgress:            1/2\n",
        "Parameters:          \n  p:                v\n",
        "\nSTEP  TEMPLATE  PODNAME  DURATION  MESSAGE\n ✖ w  main  ",
        "\n ├─✔ a  t  w-t-",
        "  2s  \n └─✖ b  t  w-t-",
        "  Error (exit code 1)\n",
    };
    _cleanup_arena_ struct arena *a = arena_new();
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(1 << 20);
    struct json workflow = parse(a, document);
    size_t from = 0;

    (void) state;
    cli_workflow_print(a, &b, &workflow, (struct wall){.ms = 1767330000000});
    for (size_t i = 0; i < COUNT_OF(parts); i++) {
        size_t at = str_find(str_skip(strbuf_str(&b), from), str_from(parts[i]));

        if (at == SIZE_MAX)
            fail_msg("part %zu is not behind the one before in:\n" STR_FMT, i,
                     STR_ARG(strbuf_str(&b)));
        from += at;
    }
    assert_int_equal(str_find(strbuf_str(&b), STR("[0]")), SIZE_MAX);
}

static void test_ages(void **state)
{
    static const struct {
        const char *since, *want;
    } rows[] = {
        {"2026-01-02T05:00:00Z", "0s"},
        {"2026-01-02T04:59:01Z", "59s"},
        {"2026-01-02T04:59:00Z", "1m"},
        {"2026-01-02T04:00:00Z", "1h"},
        {"2025-12-31T00:00:00Z", "2d"},
        {"2026-01-02T06:00:00Z", "0s"},
        {"yesterday", ""},
        {"", ""},
    };
    _cleanup_arena_ struct arena *a = arena_new();

    (void) state;
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (!str_is(cli_age(a, str_from(rows[i].since), (struct wall){.ms = 1767330000000}),
                    rows[i].want))
            fail_msg("row %zu: " STR_FMT, i,
                     STR_ARG(cli_age(a, str_from(rows[i].since),
                                     (struct wall){.ms = 1767330000000})));
}

static void test_ended(void **state)
{
    static const struct {
        const char *doc;
        bool is_ended;
    } rows[] = {{"{}", false},
                {"{\"status\":{\"phase\":\"Running\"}}", false},
                {"{\"status\":{\"phase\":\"Succeeded\"}}", true},
                {"{\"status\":{\"phase\":\"Failed\"}}", true},
                {"{\"status\":{\"phase\":\"Error\"}}", true}};
    _cleanup_arena_ struct arena *a = arena_new();

    (void) state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct json v = parse(a, rows[i].doc);

        assert_true(cli_workflow_is_ended(&v) == rows[i].is_ended);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_print),
                                       cmocka_unit_test(test_ages),
                                       cmocka_unit_test(test_ended)};

    return cmocka_run_group_tests_name("cli workflow", tests, NULL, NULL);
}
