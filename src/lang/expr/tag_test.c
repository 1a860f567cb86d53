/*
 * Expressions in tags: the vectors of Argo's substitution that hold one, and what the look-up
 * of names alone can tell.
 */
#include "lang/expr/tag.h"

#include "tests/support/golden.h"

static struct arena *test_arena; /* of the case */

/* All names of the vector, as the original has them in one map. */
static void each_member(const struct subst_options *opts, struct str prefix,
                        struct expr_tag_names *to)
{
    const struct json *names = opts->lookup_ctx;

    for (uint32_t i = 0; names && i < names->count; i++) {
        struct str name = names->members[i].key;
        if (str_starts(name, prefix) && (name.len == prefix.len || name.ptr[prefix.len] == '.'))
            expr_tag_tell(to, name, value_of_json(test_arena, &names->members[i].value));
    }
}

static struct subst_options options_of(struct arena *a, const struct json *row,
                                       const struct expr_tag_scope *scope)
{
    const struct json *strict = json_get(row, STR("strict"));
    struct subst_options opts = {
        .lookup = subst_lookup_json,
        .lookup_ctx = json_get(row, STR("replace")),
        .unresolved = json_get_bool(row, STR("allowUnresolved")) ? SUBST_LEAVE : SUBST_REFUSE,
        .expr = expr_tag,
        .expr_ctx = scope,
    };

    if (strict) {
        struct str *prefixes = ARENA_ARRAY(a, struct str, strict->count + 1);

        for (uint32_t i = 0; i < strict->count; i++)
            prefixes[i] = json_str(&strict->items[i]);
        opts.unresolved = SUBST_REFUSE_SOME;
        opts.prefixes = prefixes;
        opts.prefix_count = strict->count;
    }
    return opts;
}

static bool fails_as(const struct json *row, const struct err *err)
{
    bool is_right = golden_fails(row) &&
                    str_eq(json_get_str(row, STR("err")), str_from(err->text)) &&
                    json_get_bool(row, STR("requeue")) == subst_is_missing(err);

    if (!is_right)
        print_error("got %s\n", err->text);
    return is_right;
}

/* A reference that is an expression: over the names alone, without Argo's functions. */
static int check_reference(struct arena *a, const struct json *row)
{
    struct str text = subst_bare(json_get_str(row, STR("in")));
    const struct json *replace = json_get(row, STR("replace"));
    struct expr_name *names = ARENA_ARRAY(a, struct expr_name, replace->count + 1);
    struct value map, v;
    struct expr_env env = {.lookup = expr_lookup_map, .ctx = &map, .functions = EXPR_PLAIN};
    struct json doc;
    struct err err;

    if (!str_starts(text, STR("="))) /* a name, however odd */
        return str_eq(text, json_get_str(row, STR("tag"))) &&
               golden_fails(row) == !json_get(replace, text);
    if (!str_eq(text, json_get_str(row, STR("tag"))) || !str_cut_prefix(&text, STR("=")))
        return false;
    for (uint32_t i = 0; i < replace->count; i++)
        names[i] = (struct expr_name){replace->members[i].key,
                                      value_of_json(a, &replace->members[i].value)};
    map = expr_nest(a, names, replace->count);
    if (expr_eval(a, text, &env, &v, &err) < 0)
        return golden_fails(row);
    return !golden_fails(row) && value_json(a, &v, &doc, &err) == 0 &&
           json_equal(&doc, json_get(row, STR("out")));
}

static int check_golden(struct arena *a, const struct json *row)
{
    struct expr_tag_scope scope = {.now = {1}, .each = each_member};
    struct subst_options opts = options_of(a, row, &scope);
    struct str mode = json_get_str(row, STR("mode")), in = json_get_str(row, STR("in")), out;
    struct err err;
    int rc;

    test_arena = a;
    if (str_find(in, STR("{{=")) == SIZE_MAX || str_is(mode, "validate") ||
        str_is(mode, "process-args"))
        return -1;
    if (str_is(mode, "resolveVar"))
        return check_reference(a, row);
    rc = str_is(mode, "raw") ? subst_text(a, in, &opts, &out, &err)
                             : subst_json_text(a, in, &opts, &out, &err);
    if (rc < 0)
        return fails_as(row, &err);
    if (golden_fails(row) || !str_eq(out, json_get_str(row, STR("out"))))
        print_error("got " STR_FMT "\n", STR_ARG(out));
    return !golden_fails(row) && str_eq(out, json_get_str(row, STR("out")));
}

static void test_golden(void **state _unused_)
{
    golden_run("lang/substitute.jsonl", check_golden, 154);
}

static enum subst_answer look_up(const void *ctx, struct str name, struct str *ret)
{
    return subst_lookup_json(ctx, name, ret);
}

/* Without a scope that tells names, the look-up alone must do: lists name their members. */
static void test_look_up_only(void **state _unused_)
{
    static const char *const rows[][2] = {
        {"{{=inputs.parameters.a}}", "1"},
        {"{{=inputs.parameters}}", "{\"a\":\"1\",\"b\":\"x\"}"},
        {"{{=inputs.parameters.nope ?? 'none'}}", "none"},
        {"{{=get(inputs.parameters, 'b')}}", "x"},
        {"{{=inputs.parameters[inputs.parameters.b] ?? 2}}", "2"},
        {"{{=inputs}}", "{\"parameters\":{\"a\":\"1\",\"b\":\"x\"}}"},
        {"{{=steps.s.outputs?.nope ?? steps['s'].status}}", "Failed"},
        {"{{=keys(steps.s.outputs)}}", "[\"result\"]"},
        {"{{=workflow.labels['l'] + workflow.labels.json}}", "L{\"l\":\"L\"}"},
        {"{{=item.k + keys(item)[0]}}", "vk"},
        {"{{=steps.gone.outputs.result == nil}}", "true"},
        {"{{=now().Year()}}", "1970"},
        {"{{=nope}}", "!failed to evaluate expression: nope is missing"},
        {"{{=1 + 'a'}}", "!failed to evaluate expression: invalid operation: + (mismatched "
                         "types int and string) "
                         "(1:3)\n | 1 + 'a'\n | ..^"},
        {"{{=asInt}}", "!failed to marshal evaluated expression: json: unsupported type: "
                       "func(interface {}) interface {}"},
        {"{{=len(sprig.uuidv4())}}", "36"},
    };
    _cleanup_arena_ struct arena *a = arena_new();
    struct expr_tag_scope scope = {.now = {1}};
    struct json names;
    struct err err;
    struct subst_options opts = {.lookup = look_up,
                                 .lookup_ctx = &names,
                                 .unresolved = SUBST_REFUSE,
                                 .expr = expr_tag,
                                 .expr_ctx = &scope};

    assert_int_equal(
        json_parse(a,
                   STR("{\"inputs.parameters\":\"[{\\\"name\\\":\\\"a\\\"},{\\\"name\\\":"
                       "\\\"b\\\"}]\",\"inputs.parameters.a\":\"1\",\"inputs.parameters.b\":"
                       "\"x\",\"steps.s.status\":\"Failed\",\"steps.s.outputs.result\":\"r\","
                       "\"steps.gone.outputs.result\":null,\"workflow.labels\":"
                       "\"{\\\"l\\\":\\\"L\\\"}\",\"workflow.labels.l\":\"L\","
                       "\"workflow.labels.json\":\"{\\\"l\\\":\\\"L\\\"}\",\"item\":"
                       "\"{\\\"k\\\":\\\"v\\\"}\",\"item.k\":\"v\"}"),
                   &names, &err),
        0);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct json doc = json_string(str_from(rows[i][0])), out;
        struct str got;

        if (subst_json(a, &doc, &opts, &out, &err) < 0)
            got = str_printf(a, "!%s", err.text);
        else
            got = json_str(&out);
        if (!str_is(got, rows[i][1]))
            fail_msg("%s\n want %s\n got  " STR_FMT, rows[i][0], rows[i][1], STR_ARG(got));
    }
}

/* What has no value stays when no name must be there, or when one is missing that need not be.
 */
static void test_stays(void **state _unused_)
{
    static const struct str prefixes[] = {STR_INIT("steps")};
    static const struct {
        size_t prefix_count;
        const char *text, *want;
    } rows[] = {
        {0, "{{=nil}}", "{{=nil}}"},
        {0, "{{=1/0 > 'a'}}", "{{=1/0 > 'a'}}"},
        {0, "{{=asInt('x')}}", "{{=asInt('x')}}"},
        {0, "{{=asInt}}", "{{=asInt}}"},
        {0, "{{=steps.nope?.status}}", "{{=steps.nope?.status}}"},
        {0, "{{=item == nil}}", "{{=item == nil}}"},
        {0, "{{=known + 'x'}}", "kx"},
        {1, "{{=nil}}", "!failed to evaluate expression \"nil\""},
        {1, "{{=asInt('x')}}",
         "!failed to evaluate expression: invalid operation: int(x) (1:1)"
         "\n | asInt('x')\n | ^"},
        {1, "{{=other.x}}", "{{=other.x}}"},
        {1, "{{=lastRetry.status == nil}}", "{{=lastRetry.status == nil}}"},
        {1, "{{=steps.nope.status}}", "!failed to evaluate expression: steps is missing"},
        {1, "{{=known}}", "k"},
    };
    _cleanup_arena_ struct arena *a = arena_new();
    struct expr_tag_scope scope = {.now = {1}};
    struct json names;
    struct err err;
    struct subst_options opts = {.lookup = look_up,
                                 .lookup_ctx = &names,
                                 .unresolved = SUBST_REFUSE_SOME,
                                 .prefixes = prefixes,
                                 .expr = expr_tag,
                                 .expr_ctx = &scope};

    assert_int_equal(json_parse(a, STR("{\"known\":\"k\"}"), &names, &err), 0);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct json doc = json_string(str_from(rows[i].text)), out;
        struct str got;

        opts.prefix_count = rows[i].prefix_count;
        if (subst_json(a, &doc, &opts, &out, &err) < 0)
            got = str_printf(a, "!%s", err.text);
        else
            got = json_str(&out);
        if (!str_is(got, rows[i].want))
            fail_msg("%s\n want %s\n got  " STR_FMT, rows[i].text, rows[i].want, STR_ARG(got));
    }
}

/* Conditions need no braces; names that are not there are refused. */
static void test_bool(void **state _unused_)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct expr_tag_scope scope = {.now = {1}};
    struct json names;
    struct subst_options opts = {
        .lookup = look_up, .lookup_ctx = &names, .expr = expr_tag, .expr_ctx = &scope};
    struct err err;
    bool is_met = false;
    struct str text;

    assert_int_equal(json_parse(a, STR("{\"lastRetry.exitCode\":\"2\"}"), &names, &err), 0);
    assert_int_equal(
        expr_tag_bool(&opts, a, STR("asInt(lastRetry.exitCode) > 1"), &is_met, &err), 0);
    assert_true(is_met);
    assert_int_equal(expr_tag_bool(&opts, a, STR("lastRetry.nope == nil"), &is_met, &err), 0);
    assert_true(is_met);
    assert_int_equal(expr_tag_bool(&opts, a, STR("retries > 1"), &is_met, &err), -1);
    assert_string_equal(err.text, "unknown name retries (1:1)\n | retries > 1\n | ^");
    assert_int_equal(expr_tag_bool(&opts, a, STR("lastRetry.exitCode"), &is_met, &err), -1);
    assert_string_equal(err.text, "unable to cast expression result '2' to bool");
    assert_int_equal(expr_tag_bool(&opts, a, STR("1.5"), &is_met, &err), -1);
    assert_string_equal(err.text,
                        "unable to cast expression result '%!s(float64=1.5)' to bool");
    assert_int_equal(expr_tag_bool(&opts, a, STR("1 +"), &is_met, &err), -1);
    assert_int_equal(expr_tag_text(&opts, a, STR("lastRetry.exitCode"), &text, &err), 0);
    assert_true(str_is(text, "2"));
    assert_int_equal(expr_tag_text(&opts, a, STR("{b: [1], a: '<'}"), &text, &err), 0);
    assert_true(str_is(text, "map[a:< b:[1]]"));
    assert_int_equal(expr_tag_text(&opts, a, STR("[1.50, true, nil, 'x y']"), &text, &err), 0);
    assert_true(str_is(text, "[1.5 true <nil> x y]"));
    assert_int_equal(expr_tag_text(&opts, a, STR("1000000.0 * 10"), &text, &err), 0);
    assert_true(str_is(text, "1e+07"));
    assert_int_equal(expr_tag_text(&opts, a, STR("lastRetry.nope"), &text, &err), 0);
    assert_true(str_is_none(text));
    assert_int_equal(expr_tag_text(&opts, a, STR("asInt"), &text, &err), -1);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),
        cmocka_unit_test(test_look_up_only),
        cmocka_unit_test(test_stays),
        cmocka_unit_test(test_bool),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
