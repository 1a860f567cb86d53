/* Tests of lang/subst/args.h: golden vectors of Argo's ProcessArgs, values of ConfigMaps,
 * places of artifacts.
 *
 * Templates are compared without the empty members that Go always prints. */
#include "lang/subst/args.h"
#include "tests/support/expr_names.h"
#include "tests/support/golden.h"

static bool is_always_printed(struct str key, const struct json *v)
{
    static const char *const objects[] = {"inputs", "outputs", "metadata", "resources",
                                          "arguments"};

    if (str_is(key, "name") && v->type == JSON_STRING)
        return v->count == 0;
    for (size_t i = 0; i < COUNT_OF(objects); i++)
        if (str_is(key, objects[i]) && v->type == JSON_OBJECT && v->count == 0)
            return true;
    return false;
}

static struct json without_empty(struct arena *a, const struct json *v)
{
    struct json_object_builder object = {0};
    struct json_array_builder array = {0};

    if (v->type == JSON_ARRAY) {
        for (uint32_t i = 0; i < v->count; i++)
            json_push(a, &array, without_empty(a, &v->items[i]));
        return json_array(&array);
    }
    if (v->type != JSON_OBJECT)
        return *v;
    for (uint32_t i = 0; i < v->count; i++) {
        struct json value = without_empty(a, &v->members[i].value);

        if (!is_always_printed(v->members[i].key, &value))
            json_add(a, &object, v->members[i].key, value);
    }
    return json_object(&object);
}

/* Names of the workflow and of the node: two objects. */
static enum subst_answer lookup_both(const void *ctx, struct str name, struct str *ret)
{
    const struct json *const *both = ctx;
    enum subst_answer answer = subst_lookup_json(both[0], name, ret);

    return answer == SUBST_MISSING ? subst_lookup_json(both[1], name, ret) : answer;
}

static int check_golden(struct arena *a, const struct json *row)
{
    const struct json *both[] = {json_get(row, STR("local")), json_get(row, STR("global"))};
    struct args_call call = {
        .tmpl = json_get(row, STR("template")),
        .arguments = json_get(row, STR("arguments")),
        .names = {.lookup = lookup_both,
                  .lookup_ctx = both,
                  .expr = expr_tag,
                  .expr_ctx = &(const struct expr_tag_scope){.now = {1}}},
        .is_check = json_get_bool(row, STR("validateOnly")),
    };
    struct json made, want;
    struct err err = {0};

    if (!str_is(json_get_str(row, STR("mode")), "process-args"))
        return -1;
    if (args_process(a, &call, &made, &err) < 0)
        return golden_fails(row) && str_is(json_get_str(row, STR("err")), err.text);
    if (golden_fails(row))
        return false;
    made = without_empty(a, &made);
    want = without_empty(a, json_get(row, STR("out")));
    return json_equal(&made, &want);
}

static void test_golden(void **state)
{
    (void) state;
    golden_run("lang/substitute.jsonl", check_golden, 36);
}

/* One ConfigMap: "cm" with the key "k"; "broken" cannot be read. */
static int read_map(const void *ctx, struct arena *a, struct str name, struct str key,
                    struct str *ret, struct err *err)
{
    (void) ctx;
    if (str_is(name, "broken"))
        return err_set(err, ERR_TRANSIENT, "no answer");
    if (!str_is(name, "cm") || !str_is(key, "k"))
        return 0;
    *ret = str_copy(a, STR("from map"));
    return 1;
}

static void test_parameters(void **state)
{
    /* input, argument, the input afterwards or "!" and the error */
    static const char *const cases[][3] = {
        {"{\"name\":\"p\",\"value\":1,\"default\":2}", "{}",
         "{\"name\":\"p\",\"value\":\"1\",\"default\":\"2\"}"},
        {"{\"name\":\"p\",\"value\":null,\"default\":true}", "{}",
         "{\"name\":\"p\",\"value\":\"true\",\"default\":\"true\"}"},
        {"{\"name\":\"p\",\"valueFrom\":{\"configMapKeyRef\":{\"name\":\"{{m}}\",\"key\":\"k\"}"
         "}}",
         "{}",
         "{\"name\":\"p\",\"value\":\"from "
         "map\",\"valueFrom\":{\"configMapKeyRef\":{\"name\":\"cm\","
         "\"key\":\"k\"}}}"},
        {"{\"name\":\"p\",\"valueFrom\":{\"configMapKeyRef\":{\"name\":\"cm\",\"key\":\"k\"}}}",
         "{\"name\":\"p\",\"value\":7}", "{\"name\":\"p\",\"value\":\"7\"}"},
        {"{\"name\":\"p\"}",
         "{\"name\":\"p\",\"valueFrom\":{\"configMapKeyRef\":{\"name\":\"cm\",\"key\":\"x\"},"
         "\"default\":9}}",
         "{\"name\":\"p\",\"value\":\"9\",\"valueFrom\":{\"configMapKeyRef\":{\"name\":\"cm\","
         "\"key\":"
         "\"x\"},\"default\":9}}"},
        {"{\"name\":\"p\",\"valueFrom\":{\"configMapKeyRef\":{\"name\":\"cm\",\"key\":\"x\"}}}",
         "{}",
         "!unable to retrieve inputs.parameters.p from ConfigMap: ConfigMap 'cm' does not have "
         "the key 'x'"},
        {"{\"name\":\"p\",\"valueFrom\":{\"configMapKeyRef\":{\"name\":\"broken\",\"key\":"
         "\"x\"}}}",
         "{}", "!unable to retrieve inputs.parameters.p from ConfigMap: no answer"},
        {"{\"name\":\"p\",\"valueFrom\":{\"configMapKeyRef\":{\"name\":\"{{no}}\",\"key\":"
         "\"x\"}}}",
         "{}", "!failed to resolve {{no}}"},
        {"{\"name\":\"p\",\"default\":\"d\"}", "{\"name\":\"p\",\"value\":\"" ARGS_ABSENT "\"}",
         "{\"name\":\"p\",\"default\":\"d\",\"value\":\"d\"}"},
    };
    _cleanup_arena_ struct arena *a = arena_new();
    struct json scope;
    struct err err;

    (void) state;
    assert_int_equal(json_parse(a, STR("{\"m\":\"cm\"}"), &scope, &err), 0);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct json tmpl, arguments, made, want;
        struct args_call call = {.tmpl = &tmpl,
                                 .arguments = &arguments,
                                 .names = {.lookup = subst_lookup_json, .lookup_ctx = &scope},
                                 .config_map = read_map};
        struct str text = str_printf(a, "{\"inputs\":{\"parameters\":[%s]}}", cases[i][0]);
        bool is_fault = cases[i][2][0] == '!';

        assert_int_equal(json_parse(a, text, &tmpl, &err), 0);
        text = str_printf(a, "{\"parameters\":[%s]}", cases[i][1]);
        assert_int_equal(json_parse(a, text, &arguments, &err), 0);
        assert_int_equal(
            json_parse(a, is_fault ? STR("0") : str_from(cases[i][2]), &want, &err), 0);
        if (args_process(a, &call, &made, &err) < 0) {
            if (!is_fault || strcmp(err.text, cases[i][2] + 1) != 0)
                fail_msg("case %zu: %s: %s", i, cases[i][0], err.text);
            continue;
        }
        if (!json_equal(json_item(json_path(&made, "inputs", "parameters", NULL), 0), &want))
            fail_msg("case %zu: %s: " STR_FMT, i, cases[i][0],
                     STR_ARG(json_text(a, &made, JSON_COMPACT)));
    }
}

/* As Go prints a list that is none. */
static void test_no_inputs(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct json tmpl, made;
    struct args_call call = {.tmpl = &tmpl, .names = {.lookup = subst_lookup_json}};
    struct err err;

    (void) state;
    assert_int_equal(json_parse(a, STR("{\"x\":\"{{inputs.parameters}}\"}"), &tmpl, &err), 0);
    assert_int_equal(args_process(a, &call, &made, &err), 0);
    assert_true(str_is(json_get_str(&made, STR("x")), "null"));
}

static void test_names_of_inputs(void **state)
{
    static const char tmpl_text[] =
        "{\"inputs\":{\"parameters\":[{\"value\":\"<v>\",\"name\":\"p\"}],\"artifacts\":[{"
        "\"name\":\"i\","
        "\"path\":\"/"
        "in\",\"mode\":420,\"optional\":true}]},\"outputs\":{\"artifacts\":[{\"name\":\"o\","
        "\"path\":\"/out\"}],\"parameters\":[{\"name\":\"q\",\"valueFrom\":{\"path\":\"/"
        "q\"}}]},\"x\":\""
        "{{inputs.parameters}} {{inputs.artifacts.i.path}} {{outputs.artifacts.o.path}} "
        "{{outputs.parameters.q.path}} {{pod.name}}\"}";
    static const char arguments_text[] =
        "{\"artifacts\":[{\"name\":\"i\",\"path\":\"/other\",\"s3\":{\"key\":\"k\"}}]}";
    _cleanup_arena_ struct arena *a = arena_new();
    struct json tmpl, arguments, made;
    struct args_call call = {
        .tmpl = &tmpl, .arguments = &arguments, .names = {.lookup = subst_lookup_json}};
    struct err err;

    (void) state;
    assert_int_equal(json_parse(a, str_from(tmpl_text), &tmpl, &err), 0);
    assert_int_equal(json_parse(a, str_from(arguments_text), &arguments, &err), 0);
    assert_int_equal(args_process(a, &call, &made, &err), 0);
    assert_true(
        str_is(json_get_str(&made, STR("x")),
               "[{\"name\":\"p\",\"value\":\"\\u003cv\\u003e\"}] /in /out /q {{pod.name}}"));
    assert_true(
        str_is(json_text(a, json_path(&made, "inputs", "artifacts", NULL), JSON_COMPACT),
               "[{\"name\":\"i\",\"path\":\"/in\",\"s3\":{\"key\":\"k\"},\"mode\":420}]"));
}

/* An argument takes the place of what the input has, too. */
static void test_artifact_with_a_place(void **state)
{
    static const char tmpl_text[] = "{\"inputs\":{\"artifacts\":[{\"name\":\"i\",\"path\":\"/"
                                    "in\",\"raw\":{\"data\":\"own\"}}]}}";
    static const struct {
        const char *arguments, *want;
    } cases[] = {
        {"{}", "[{\"name\":\"i\",\"path\":\"/in\",\"raw\":{\"data\":\"own\"}}]"},
        {"{\"artifacts\":[{\"name\":\"i\",\"s3\":{\"key\":\"k\"}}]}",
         "[{\"name\":\"i\",\"s3\":{\"key\":\"k\"},\"path\":\"/in\"}]"},
        {"{\"artifacts\":[{\"name\":\"i\"}]}", "[{\"name\":\"i\",\"path\":\"/in\"}]"},
    };

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        _cleanup_arena_ struct arena *a = arena_new();
        struct json tmpl, arguments, made;
        struct args_call call = {
            .tmpl = &tmpl, .arguments = &arguments, .names = {.lookup = subst_lookup_json}};
        struct err err;

        assert_int_equal(json_parse(a, str_from(tmpl_text), &tmpl, &err), 0);
        assert_int_equal(json_parse(a, str_from(cases[i].arguments), &arguments, &err), 0);
        assert_int_equal(args_process(a, &call, &made, &err), 0);
        assert_true(
            str_is(json_text(a, json_path(&made, "inputs", "artifacts", NULL), JSON_COMPACT),
                   cases[i].want));
    }
}

static void test_locations(void **state)
{
    static const struct {
        const char *artifact;
        bool has_location;
    } cases[] = {
        {"{}", false},
        {"{\"s3\":{\"bucket\":\"b\"}}", false},
        {"{\"s3\":{\"key\":\"k\"}}", true},
        {"{\"raw\":{\"data\":\"\"}}", true},
        {"{\"git\":{\"repo\":\"r\"}}", true},
        {"{\"http\":null}", false},
        {"{\"azure\":{\"blob\":\"b\"}}", true},
        {"{\"from\":\"{{x}}\"}", false},
    };
    _cleanup_arena_ struct arena *a = arena_new();

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct json artifact;
        struct err err;

        assert_int_equal(json_parse(a, str_from(cases[i].artifact), &artifact, &err), 0);
        if (args_has_location(&artifact) != cases[i].has_location)
            fail_msg("case %zu: %s", i, cases[i].artifact);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_golden),
                                       cmocka_unit_test(test_parameters),
                                       cmocka_unit_test(test_no_inputs),
                                       cmocka_unit_test(test_names_of_inputs),
                                       cmocka_unit_test(test_artifact_with_a_place),
                                       cmocka_unit_test(test_locations)};

    return cmocka_run_group_tests_name("args", tests, NULL, NULL);
}
