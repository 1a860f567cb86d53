/* Tests of strategic merge patches by our field tables: golden vectors of apimachinery on the
 * core types, those of Argo's podSpecPatch, and what no vector says. */
#include "base/limits.h"
#include "formats/yaml.h"
#include "objects/field_go.h"
#include "objects/object.h"
#include "objects/pod_spec_patch.h"
#include "objects/shapes.h"
#include "tests/support/golden.h"

/* Kinds that are not served, as far as the vectors need them. */
#define ROW(name_, type_, ...)                                                   \
    {                                                                            \
        .name = (name_), .type = (type_), .offset = FIELD_NO_OFFSET, __VA_ARGS__ \
    }
static const struct shape shape_strategy = {.name = "DeploymentStrategy"};
static const struct field deployment_spec_rows[] = {
    ROW("template", FIELD_OBJECT, .shape = &shape_pod_template_spec),
    ROW("strategy", FIELD_OBJECT, .shape = &shape_strategy),
    {0},
};
static const struct shape shape_deployment_spec = {.name = "DeploymentSpec",
                                                   .fields = deployment_spec_rows};
static const struct field deployment_rows[] = {
    ROW("metadata", FIELD_OBJECT, .shape = &shape_object_meta),
    ROW("spec", FIELD_OBJECT, .shape = &shape_deployment_spec),
    {0},
};
static const struct field service_spec_rows[] = {
    ROW("ports", FIELD_LIST, .item = FIELD_OBJECT, .shape = &shape_service_port),
    {0},
};
static const struct shape shape_service_spec = {.name = "ServiceSpec",
                                                .fields = service_spec_rows};
static const struct field service_rows[] = {
    ROW("metadata", FIELD_OBJECT, .shape = &shape_object_meta),
    ROW("spec", FIELD_OBJECT, .shape = &shape_service_spec),
    {0},
};
static const struct shape shape_deployment = {.name = "Deployment", .fields = deployment_rows},
                          shape_service = {.name = "Service", .fields = service_rows};

static const struct shape *shape_of(struct str type)
{
    static const struct {
        const char *name;
        const struct shape *shape;
    } all[] = {{"PodSpec", &shape_pod_spec},      {"Pod", &shape_pod},
               {"Container", &shape_container},   {"ConfigMap", &shape_config_map},
               {"Deployment", &shape_deployment}, {"Service", &shape_service}};

    for (size_t i = 0; i < COUNT_OF(all); i++)
        if (str_is(type, all[i].name))
            return all[i].shape;
    fail_msg("no shape " STR_FMT, STR_ARG(type));
    return NULL;
}

/* The two that are not served have a few members only here: others are not unknown. */
static struct patch_schema schema_of(struct str type)
{
    const struct shape *shape = shape_of(type);

    return shape == &shape_deployment || shape == &shape_service
               ? field_patch_schema(shape)
               : field_patch_schema_strict(shape);
}

static int row_value(struct arena *a, const struct json *row, const char *name,
                     struct json *ret, struct err *err)
{
    const struct json *v = json_get(row, str_from(name));
    struct str text = json_get_str(row, str_printf(a, "%s_text", name));

    if (!str_is_none(text))
        return json_parse(a, text, ret, err);
    *ret = v ? *v : json_null();
    return 0;
}

/* A patch made of two documents or three; applied to the one it must give the other. */
static int check_making(struct arena *a, const struct json *row)
{
    bool are_three = str_is(json_get_str(row, STR("op")), "strategic-3way");
    struct json doc, new, current, made, back;
    const struct patch_target target = {&doc, schema_of(json_get_str(row, STR("type")))};
    const struct patch_three three = {&doc, &new, &current};
    struct err err = {0};

    if (row_value(a, row, "doc", &doc, &err) < 0 || row_value(a, row, "new", &new, &err) < 0 ||
        row_value(a, row, "current", &current, &err) < 0 ||
        (are_three ? patch_make_three_way(a, target.schema, &three, &made, &err) < 0
                   : patch_make_strategic(a, target.schema, &doc, &new, &made, &err) < 0))
        return golden_fails(row) && err.text[0] != '\0';
    if (!json_equal(&made, json_get(row, STR("out"))))
        print_error("got " STR_FMT "\n", STR_ARG(json_text(a, &made, JSON_SORT_KEYS)));
    if (!are_three && patch_apply(a, PATCH_STRATEGIC, &target, &made, &back, &err) < 0)
        print_error("it cannot be applied: %s\n", err.text);
    return !golden_fails(row) && json_equal(&made, json_get(row, STR("out")));
}

static int check_strategic(struct arena *a, const struct json *row)
{
    struct json doc, patch, made;
    struct patch_target target = {.doc = &doc};
    struct err err = {0};

    if (str_starts(json_get_str(row, STR("op")), STR("strategic-")))
        return check_making(a, row);
    if (!str_is(json_get_str(row, STR("op")), "strategic"))
        return -1;
    target.schema = schema_of(json_get_str(row, STR("type")));
    if (row_value(a, row, "doc", &doc, &err) < 0 ||
        row_value(a, row, "patch", &patch, &err) < 0 ||
        patch_apply(a, PATCH_STRATEGIC, &target, &patch, &made, &err) < 0) {
        if (!golden_fails(row))
            print_error("got %s\n", err.text);
        return golden_fails(row) && err.text[0] != '\0';
    }
    if (!json_equal(&made, json_get(row, STR("out"))))
        print_error("got " STR_FMT "\n", STR_ARG(json_text(a, &made, JSON_SORT_KEYS)));
    return !golden_fails(row) && json_equal(&made, json_get(row, STR("out")));
}

/* What Go's types would print of a pod spec: without unknown members and empty values. */
static struct json printed(struct arena *a, const struct shape *shape, const struct json *v)
{
    struct json_object_builder members = {0};
    struct json_array_builder items = {0};

    for (uint32_t i = 0; v->type == JSON_OBJECT && i < v->count; i++) {
        struct str key = v->members[i].key;
        const struct field *row = shape ? field_find(shape, key) : NULL;
        bool is_map = row && row->type == FIELD_MAP;
        struct json made;

        if (shape && shape->fields && !row)
            continue;
        made = printed(a, row && !is_map ? row->shape : NULL, &v->members[i].value);
        if ((made.type == JSON_OBJECT || made.type == JSON_ARRAY) && made.count == 0 &&
            !str_is(key, "emptyDir"))
            continue;
        if (made.type != JSON_NULL && !(made.type == JSON_STRING && made.count == 0))
            json_add(a, &members, key, made);
    }
    for (uint32_t i = 0; v->type == JSON_ARRAY && i < v->count; i++)
        json_push(a, &items, printed(a, shape, &v->items[i]));
    return v->type == JSON_OBJECT  ? json_object(&members)
           : v->type == JSON_ARRAY ? json_array(&items)
                                   : *v;
}

static int check_pod_spec_patch(struct arena *a, const struct json *row)
{
    const struct json *list = json_get(row, STR("patches")), *out = json_get(row, STR("out"));
    struct str *patches;
    struct json doc, made, wanted;
    struct err err = {0};

    if (!str_is(json_get_str(row, STR("op")), "podSpecPatch"))
        return -1;
    if (yaml_parse_lax(a, json_get_str(row, STR("podSpec")), &doc, &err) < 0)
        return 0;
    doc = field_go_value(a, &shape_pod_spec, &doc, FIELD_GO_YAML);
    patches = ARENA_ARRAY(a, struct str, list->count + 1);
    for (uint32_t i = 0; i < list->count; i++)
        patches[i] = json_str(&list->items[i]);
    if (pod_spec_patch(a, &doc, patches, list->count, &made, &err) < 0) {
        if (!str_starts(str_from(err.text), json_get_str(row, STR("err"))))
            print_error(STR_FMT ": found \"%s\"\n", STR_ARG(json_get_str(row, STR("id"))),
                        err.text);
        return golden_fails(row) &&
               str_starts(str_from(err.text), json_get_str(row, STR("err")));
    }
    if (golden_fails(row))
        return 0;
    made = printed(a, &shape_pod_spec, &made);
    wanted = printed(a, &shape_pod_spec, out);
    return json_equal(&made, &wanted);
}

static void test_golden_pod_spec_patches(void **state)
{
    (void) state;
    golden_run("formats/patch-argo.jsonl", check_pod_spec_patch, 49);
}

static void test_golden(void **state)
{
    (void) state;
    golden_run("formats/patch.jsonl", check_strategic, 165);
}

struct patch_case {
    const struct shape *shape;
    const char *doc, *patch, *out, *err;
};

static void check_cases(const struct patch_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        _cleanup_arena_ struct arena *a = arena_new();
        struct json doc, patch, made = json_null();
        const struct patch_target target = {&doc, field_patch_schema_strict(cases[i].shape)};
        struct err err = {0};
        int result;

        assert_int_equal(json_parse(a, str_from(cases[i].doc), &doc, &err), 0);
        assert_int_equal(json_parse(a, str_from(cases[i].patch), &patch, &err), 0);
        result = patch_apply(a, PATCH_STRATEGIC, &target, &patch, &made, &err);
        if (cases[i].err
                ? result == 0 || !strstr(err.text, cases[i].err)
                : result < 0 || !str_is(json_text(a, &made, JSON_COMPACT), cases[i].out))
            fail_msg("case %zu: %s %s", i, err.text, json_text(a, &made, JSON_COMPACT).ptr);
    }
}

static void test_lists(void **state)
{
    static const struct patch_case cases[] = {
        /* A list without identities is replaced. */
        {&shape_role, "{\"rules\":[{\"verbs\":[\"a\"]}]}", "{\"rules\":[{\"verbs\":[\"b\"]}]}",
         "{\"rules\":[{\"verbs\":[\"b\"]}]}", NULL},
        {&shape_service_account, "{\"secrets\":[{\"name\":\"a\"}]}",
         "{\"secrets\":[{\"name\":\"b\"}]}",
         "{\"secrets\":[{\"name\":\"b\"},{\"name\":\"a\"}]}", NULL},
        {&shape_service_account, "{\"secrets\":[{\"name\":\"a\"},{\"name\":\"b\"}]}",
         "{\"$setElementOrder/secrets\":[{\"name\":\"b\"}],\"secrets\":[{\"$patch\":"
         "\"delete\",\"name\":\"a\"}]}",
         "{\"secrets\":[{\"name\":\"b\"}]}", NULL},
        {&shape_object_meta, "{\"finalizers\":[\"a\",\"b\"]}",
         "{\"$setElementOrder/finalizers\":[\"b\",\"c\"],\"$deleteFromPrimitiveList/"
         "finalizers\":"
         "[\"a\"],\"finalizers\":[\"c\"]}",
         "{\"finalizers\":[\"b\",\"c\"]}", NULL},
        {&shape_object_meta, "{\"ownerReferences\":[{\"uid\":\"1\",\"name\":\"a\"}]}",
         "{\"ownerReferences\":[{\"uid\":\"1\",\"name\":\"b\"}]}",
         "{\"ownerReferences\":[{\"uid\":\"1\",\"name\":\"b\"}]}", NULL},
        /* Numbers and texts are different identities. */
        {&shape_container, "{\"ports\":[{\"containerPort\":1}]}",
         "{\"ports\":[{\"containerPort\":\"1\"}]}",
         "{\"ports\":[{\"containerPort\":\"1\"},{\"containerPort\":1}]}", NULL},
        {&shape_object_meta, "{\"finalizers\":[\"a\"]}", "{\"finalizers\":[[\"a\"]]}", NULL,
         "finalizers: list element types are not identical"},
        {&shape_object_meta, "{\"finalizers\":[[\"a\"]]}", "{\"finalizers\":[[\"a\"]]}", NULL,
         "a list of lists cannot be merged"},
        {&shape_object_meta, "{\"finalizers\":[{}]}", "{\"finalizers\":[{}]}", NULL,
         "cannot merge lists without merge key"},
        {&shape_container, "{\"env\":[{\"name\":{}}]}", "{\"env\":[{\"name\":\"a\"}]}", NULL,
         "env: an item of a list cannot be told apart by an object"},
        {&shape_container, "{\"env\":[]}", "{\"env\":[{\"$patch\":\"merge\",\"name\":\"a\"}]}",
         NULL, "merging lists cannot yet be specified in the patch"},
    };

    (void) state;
    check_cases(cases, COUNT_OF(cases));
}

/* What a Go type does not have is not merged; what only one side has is not looked up. */
static void test_unknown(void **state)
{
    static const struct patch_case cases[] = {
        {&shape_pod_spec, "{\"nope\":{\"a\":1}}", "{\"nope\":{\"b\":1}}", NULL,
         "unable to find api field for the json field \"nope\""},
        {&shape_pod_spec, "{\"nope\":[1]}", "{\"nope\":[2]}", NULL, "unable to find api field"},
        {&shape_pod_spec, "{\"nope\":1}", "{\"nope\":{\"b\":1}}", "{\"nope\":{\"b\":1}}", NULL},
        {&shape_pod_spec, "{\"nope\":{}}", "{\"nope\":null}", "{}", NULL},
        {&shape_pod_spec, "{}", "{\"nope\":{\"b\":[]}}", "{\"nope\":{\"b\":[]}}", NULL},
        {&shape_pod_spec, "{}", "{\"$setElementOrder/nope\":[]}", NULL,
         "unable to find api field"},
        {&shape_pod_spec, "{\"nope\":[]}", "{\"$deleteFromPrimitiveList/nope\":[1]}", NULL,
         "unable to find api field"},
        {&shape_pod_spec, "{\"nope\":[]}", "{\"$deleteFromPrimitiveList/nope\":{}}",
         "{\"nope\":[]}", NULL},
        {&shape_pod_spec, "{\"nodeSelector\":[]}", "{\"nodeSelector\":[1]}", NULL,
         "expected slice or array type"},
        {&shape_pod_spec, "{\"nodeSelector\":{\"a\":{}}}", "{\"nodeSelector\":{\"a\":{}}}",
         NULL, "unable to find api field"},
        {&shape_pod_spec, "{\"hostname\":{\"a\":1}}", "{\"hostname\":{\"$patch\":\"delete\"}}",
         "{\"hostname\":{}}", NULL},
    };

    (void) state;
    check_cases(cases, COUNT_OF(cases));
}

/* Two documents that differ below what the type does not have, or in lists of several types. */
static void test_making_of_unknown(void **state)
{
    static const char *const cases[][3] = {
        {"{\"nope\":{\"a\":1}}", "{\"nope\":{\"a\":2}}", "unable to find api field"},
        {"{\"nope\":[1]}", "{\"nope\":[1]}", NULL},
        {"{\"nope\":1}", "{\"nope\":[1]}", NULL},
        {"{\"containers\":[{\"name\":\"a\"},1]}", "{\"containers\":[{\"name\":\"a\"}]}",
         "list element types are not identical"},
        {"{\"containers\":[[]]}", "{\"containers\":[[]]}", "lists of lists are not supported"},
        {"{\"containers\":[{}]}", "{\"containers\":[{\"name\":\"a\"}]}",
         "does not contain the declared merge key"},
        {"{\"containers\":[]}", "{\"containers\":[1,{}]}", NULL},
    };

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        _cleanup_arena_ struct arena *a = arena_new();
        const struct patch_schema schema = field_patch_schema_strict(&shape_pod_spec);
        struct json from, to, made;
        const struct patch_three three = {&from, &to, &from};
        struct err err = {0};

        assert_int_equal(json_parse(a, str_from(cases[i][0]), &from, &err), 0);
        assert_int_equal(json_parse(a, str_from(cases[i][1]), &to, &err), 0);
        assert_int_equal(patch_make_strategic(a, schema, &from, &to, &made, &err),
                         cases[i][2] ? -1 : 0);
        assert_true(!cases[i][2] || strstr(err.text, cases[i][2]));
        assert_int_equal(patch_make_three_way(a, schema, &three, &made, &err),
                         cases[i][2] ? -1 : 0);
    }
}

static void test_objects(void **state)
{
    static const struct patch_case cases[] = {
        {&shape_pod_spec, "{\"volumes\":[{\"name\":\"v\",\"emptyDir\":{}}]}",
         "{\"volumes\":[{\"name\":\"v\",\"$retainKeys\":[\"name\"],\"secret\":{}}]}", NULL,
         "volumes: \"secret\" is not in $retainKeys"},
        {&shape_pod_spec, "{\"nodeSelector\":{\"a\":\"1\"}}",
         "{\"nodeSelector\":{\"$retainKeys\":\"a\"}}", NULL,
         "nodeSelector: $retainKeys must be a list of names"},
        {&shape_pod_spec, "{\"nodeSelector\":{}}", "{\"nodeSelector\":{\"$patch\":\"merge\"}}",
         NULL, "nodeSelector: unknown patch type: \"merge\", it must be replace or delete"},
        {&shape_pod_spec, "{\"nodeSelector\":{\"a\":\"1\"}}",
         "{\"nodeSelector\":{\"a\":null,\"$retainKeys\":[\"a\"]}}", "{\"nodeSelector\":{}}",
         NULL},
        {&shape_pod_spec, "{}", "{\"nodeSelector\":{\"$patch\":\"delete\"}}", "{}", NULL},
        {&shape_pod_spec, "{}", "{\"$setElementOrder/containers\":1}", NULL,
         "$setElementOrder/containers: order and items must be lists"},
        {&shape_pod_spec, "{}", "{\"$setElementOrder/containers\":[]}", "{}", NULL},
        {&shape_object_meta, "{\"finalizers\":[\"a\"]}",
         "{\"$deleteFromPrimitiveList/finalizers\":\"a\"}", "{\"finalizers\":[\"a\"]}", NULL},
        {&shape_pod_spec, "{}", "[]", NULL, "a strategic merge patch must be an object"},
        {&shape_pod_spec, "[]", "{}", NULL, "only an object can be patched"},
        /* A map's member may be named like one of its values' members. */
        {&shape_workflow_spec, "{\"hooks\":{\"hooks\":{\"template\":\"a\"}}}",
         "{\"hooks\":{\"hooks\":{\"expression\":\"b\"}}}",
         "{\"hooks\":{\"hooks\":{\"template\":\"a\",\"expression\":\"b\"}}}", NULL},
    };

    (void) state;
    check_cases(cases, COUNT_OF(cases));
}

/* What is made of two documents; applied to the one it gives the other. */
static void test_making(void **state)
{
    static const struct {
        const struct shape *shape;
        const char *from, *to, *patch;
    } cases[] = {
        /* The old list of plain values counts as sorted. */
        {&shape_object_meta, "{\"finalizers\":[\"b\",\"a\"]}", "{\"finalizers\":[\"b\",\"a\"]}",
         "{\"$setElementOrder/finalizers\":[\"b\",\"a\"]}"},
        {&shape_object_meta, "{\"finalizers\":[\"a\",\"b\"]}", "{\"finalizers\":[\"a\",\"b\"]}",
         "{}"},
        {&shape_object_meta, "{\"finalizers\":[]}", "{\"finalizers\":[\"b\",\"a\"]}",
         "{\"finalizers\":[\"b\",\"a\"]}"},
        /* Two of one identity. */
        {&shape_container,
         "{\"ports\":[{\"containerPort\":53},{\"containerPort\":53,\"protocol\":\"UDP\"}]}",
         "{\"ports\":[{\"containerPort\":53},{\"containerPort\":53,\"protocol\":\"UDP\"}]}",
         "{}"},
        {&shape_container,
         "{\"ports\":[{\"containerPort\":53},{\"containerPort\":53,\"protocol\":\"UDP\"}]}",
         "{\"ports\":[{\"containerPort\":53,\"protocol\":\"UDP\"}]}",
         "{\"$setElementOrder/ports\":[{\"containerPort\":53}],"
         "\"ports\":[{\"$patch\":\"delete\",\"containerPort\":53}]}"},
    };

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        _cleanup_arena_ struct arena *a = arena_new();
        struct json from, to, made;
        struct err err;

        assert_int_equal(json_parse(a, str_from(cases[i].from), &from, &err), 0);
        assert_int_equal(json_parse(a, str_from(cases[i].to), &to, &err), 0);
        assert_int_equal(patch_make_strategic(a, field_patch_schema_strict(cases[i].shape),
                                              &from, &to, &made, &err),
                         0);
        if (!str_is(json_text(a, &made, JSON_SORT_KEYS), cases[i].patch))
            fail_msg("case %zu: " STR_FMT, i, STR_ARG(json_text(a, &made, JSON_SORT_KEYS)));
    }
}

/* The same item again and again: each merge copies what is there. */
static void test_work_is_limited(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    _cleanup_strbuf_ struct strbuf text = STRBUF_INIT(4 << 20);
    struct json doc, patch, made;
    const struct patch_target target = {&doc, field_patch_schema_strict(&shape_pod_spec)};
    struct err err = {0};

    (void) state;
    strbuf_addz(&text, "{\"volumes\":[{\"name\":\"v\"");
    for (int i = 0; i < 20000; i++)
        strbuf_addf(&text, ",\"k%d\":1", i);
    strbuf_addz(&text, "}");
    for (int i = 0; i < 2000; i++)
        strbuf_addz(&text, ",{\"name\":\"v\"}");
    strbuf_addz(&text, "]}");
    assert_int_equal(json_parse(a, strbuf_str(&text), &patch, &err), 0);
    assert_int_equal(json_parse(a, STR("{\"volumes\":[{\"name\":\"v\"}]}"), &doc, &err), 0);
    assert_int_equal(patch_apply(a, PATCH_STRATEGIC, &target, &patch, &made, &err), -1);
    assert_int_equal(err.kind, ERR_LIMIT);
}

/* Very many orders in a patch of very many members: each is found by its name. */
static void test_many_orders(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    _cleanup_strbuf_ struct strbuf text = STRBUF_INIT(8 << 20);
    struct json doc, patch, made;
    const struct patch_target target = {&doc, field_patch_schema(&shape_pod_spec)};
    struct err err = {0};

    (void) state;
    for (int i = 0; i < 20000; i++)
        strbuf_addf(&text, "%c\"$setElementOrder/k%d\":[1],\"k%d\":[1]", i ? ',' : '{', i, i);
    strbuf_addc(&text, '}');
    assert_int_equal(json_parse(a, strbuf_str(&text), &patch, &err), 0);
    assert_int_equal(json_parse(a, STR("{}"), &doc, &err), 0);
    assert_int_equal(patch_apply(a, PATCH_STRATEGIC, &target, &patch, &made, &err), 0);
    assert_int_equal(made.count, 20000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),
        cmocka_unit_test(test_golden_pod_spec_patches),
        cmocka_unit_test(test_lists),
        cmocka_unit_test(test_unknown),
        cmocka_unit_test(test_making_of_unknown),
        cmocka_unit_test(test_objects),
        cmocka_unit_test(test_making),
        cmocka_unit_test(test_work_is_limited),
        cmocka_unit_test(test_many_orders),
    };

    return cmocka_run_group_tests_name("field_patch", tests, NULL, NULL);
}
