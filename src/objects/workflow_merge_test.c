/* Tests of objects/workflow_merge.h: golden vectors of the original's merges, lists without
 * keys. */
#include "objects/workflow_merge.h"

#include "formats/yaml.h"
#include "objects/field_go.h"
#include "objects/shapes.h"
#include "tests/support/golden.h"

/* A member of a row that holds YAML, as Go decodes it; absent without it. */
static const struct json *read_yaml(struct arena *a, const struct json *row, const char *name,
                                    const struct shape *shape)
{
    struct str text = json_get_str(row, str_from(name));
    struct json *v = ARENA_NEW(a, struct json);
    struct err err;

    if (str_is_none(text))
        return NULL;
    if (yaml_parse_lax(a, text, v, &err) < 0)
        fail_msg("%s", err.text);
    *v = field_go_value(a, shape, v, FIELD_GO_YAML);
    return v;
}

/* Without what Go always prints, or never. */
static struct json lean(struct arena *a, const struct json *v)
{
    struct json_object_builder object = {0};
    struct json_array_builder array = {0};

    for (uint32_t i = 0; v->type == JSON_ARRAY && i < v->count; i++)
        json_push(a, &array, lean(a, &v->items[i]));
    for (uint32_t i = 0; v->type == JSON_OBJECT && i < v->count; i++) {
        struct json inner = lean(a, &v->members[i].value);

        if (inner.type != JSON_NULL && (inner.type < JSON_STRING || inner.count > 0))
            json_add(a, &object, v->members[i].key, inner);
    }
    return v->type == JSON_ARRAY    ? json_array(&array)
           : v->type == JSON_OBJECT ? json_object(&object)
                                    : *v;
}

static int is_same(struct arena *a, const struct json *row, const struct json *made)
{
    const struct json *out = json_get(row, STR("out"));
    struct json want = lean(a, out), got = lean(a, made);
    bool is_right = !golden_fails(row) && json_equal(&want, &got);

    if (!is_right)
        print_error(STR_FMT ": found \"" STR_FMT "\" want " STR_FMT "\n",
                    STR_ARG(json_get_str(row, STR("id"))),
                    STR_ARG(json_text(a, &got, JSON_SORT_KEYS)),
                    STR_ARG(json_text(a, &want, JSON_SORT_KEYS)));
    return is_right;
}

static int check_join(struct arena *a, const struct json *row)
{
    const struct workflow_specs specs = {read_yaml(a, row, "workflow", &shape_workflow_spec),
                                         read_yaml(a, row, "template", &shape_workflow_spec),
                                         read_yaml(a, row, "default", &shape_workflow_spec)};
    struct json made;
    struct err err;

    return workflow_join_specs(a, &specs, &made, &err) < 0 ? golden_fails(row)
                                                           : is_same(a, row, &made);
}

static int check_overrides(struct arena *a, const struct json *row)
{
    const struct json *spec = read_yaml(a, row, "workflow", &shape_workflow_spec);
    struct err err = {0};

    if (workflow_check_overrides(a, spec, &err) < 0)
        return golden_fails(row) && str_is(json_get_str(row, STR("err")), err.text);
    return is_same(a, row, spec);
}

static int check_golden(struct arena *a, const struct json *row)
{
    struct str op = json_get_str(row, STR("op"));
    struct json made;
    struct err err;

    if (str_is(op, "mergeTo"))
        return workflow_merge(a, read_yaml(a, row, "patch", &shape_workflow),
                              read_yaml(a, row, "target", &shape_workflow), &made, &err) < 0
                   ? golden_fails(row)
                   : is_same(a, row, &made);
    if (str_is(op, "joinSpec"))
        return check_join(a, row);
    if (str_is(op, "userOverrides"))
        return check_overrides(a, row);
    if (str_is(op, "templateDefaults"))
        return workflow_template_with(a, read_yaml(a, row, "template", &shape_template),
                                      read_yaml(a, row, "defaults", &shape_template), &made,
                                      &err) < 0
                   ? golden_fails(row)
                   : is_same(a, row, &made);
    if (!str_is(op, "joinMetadata"))
        return -1;
    made = workflow_join_metadata(
        a, json_get(read_yaml(a, row, "workflow", &shape_workflow), STR("metadata")),
        json_get(read_yaml(a, row, "default", &shape_workflow), STR("metadata")));
    return is_same(a, row, &made);
}

static void test_golden(void **state)
{
    (void) state;
    golden_run("formats/patch-argo.jsonl", check_golden, 118);
}

/* An empty text of the spec is as none: what is below shows. */
static void test_empty_texts(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct json own, below, made;
    const struct workflow_specs specs = {.own = &own, .of_template = &below};
    struct err err;

    (void) state;
    assert_int_equal(
        json_parse(a, STR("{\"entrypoint\":\"\",\"onExit\":\"x\",\"priority\":0}"), &own, &err),
        0);
    assert_int_equal(
        json_parse(a, STR("{\"entrypoint\":\"main\",\"onExit\":\"\",\"schedulerName\":\"\"}"),
                   &below, &err),
        0);
    assert_int_equal(workflow_join_specs(a, &specs, &made, &err), 0);
    assert_true(str_is(json_text(a, &made, JSON_SORT_KEYS),
                       "{\"entrypoint\":\"main\",\"onExit\":\"x\",\"priority\":0}"));
}

static void test_items_without_a_key(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct json under, over, made;
    struct err err;

    (void) state;
    assert_int_equal(
        json_parse(a, STR("{\"spec\":{\"templates\":[{\"name\":\"a\"}]}}"), &under, &err), 0);
    assert_int_equal(json_parse(a, STR("{\"spec\":{\"templates\":[{}]}}"), &over, &err), 0);
    assert_int_equal(workflow_merge(a, &under, &over, &made, &err), -1);
    assert_int_equal(err.kind, ERR_INVALID);
}

/* Go's types print an empty name for most items that have none: they are merged by it. */
static void test_empty_keys(void **state)
{
    static const char *const under_text =
        "{\"spec\":{\"arguments\":{\"parameters\":[{\"value\":\"1\"},{\"name\":\"b\"}]},"
        "\"volumes\":[{\"emptyDir\":{}}]}}";
    static const char *const over_text =
        "{\"spec\":{\"arguments\":{\"parameters\":[{\"default\":\"2\"}]},"
        "\"volumes\":[{\"name\":\"v\"}]}}";
    _cleanup_arena_ struct arena *a = arena_new();
    struct json under, over, made;
    struct err err;

    (void) state;
    assert_int_equal(json_parse(a, str_from(under_text), &under, &err), 0);
    assert_int_equal(json_parse(a, str_from(over_text), &over, &err), 0);
    assert_int_equal(workflow_merge(a, &under, &over, &made, &err), 0);
    assert_string_equal(
        json_text(a, &made, JSON_SORT_KEYS).ptr,
        "{\"spec\":{\"arguments\":{\"parameters\":[{\"default\":\"2\",\"name\":\"\"},"
        "{\"name\":\"b\"}]},\"volumes\":[{\"name\":\"v\"},{\"emptyDir\":{},\"name\":\"\"}]}}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),
        cmocka_unit_test(test_empty_texts),
        cmocka_unit_test(test_items_without_a_key),
        cmocka_unit_test(test_empty_keys),
    };

    return cmocka_run_group_tests_name("workflows over each other", tests, NULL, NULL);
}
