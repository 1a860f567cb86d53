/* Tests of lang/subst/subst.h: golden vectors of Argo's template substitution on texts and on
 * documents, the hook for expressions, sharing, tags that cross strings, limits.
 *
 * Rule for skipped vectors: a case is skipped when its input holds an expression tag ("{{=" in
 * a text, template or reference), because expressions belong to another room; golden_run()
 * prints how many. */
#include "lang/subst/subst.h"

#include "base/limits.h"
#include "tests/support/golden.h"

static bool has_expr(struct arena *a, const struct json *row)
{
    struct str text = json_text(a, row, JSON_COMPACT);

    return str_find(text, STR("{{=")) != SIZE_MAX;
}

static bool fails_as(const struct json *row, const struct err *err)
{
    return golden_fails(row) && str_eq(json_get_str(row, STR("err")), str_from(err->text)) &&
           json_get_bool(row, STR("requeue")) == subst_is_missing(err);
}

static struct subst_options options_of(struct arena *a, const struct json *row)
{
    const struct json *strict = json_get(row, STR("strict"));
    struct subst_options opts = {
        .lookup = subst_lookup_json,
        .lookup_ctx = json_get(row, STR("replace")),
        .unresolved = json_get_bool(row, STR("allowUnresolved")) ? SUBST_LEAVE : SUBST_REFUSE,
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

static int check_raw(struct arena *a, const struct json *row)
{
    struct subst_options opts = options_of(a, row);
    struct str out;
    struct err err;

    if (subst_text(a, json_get_str(row, STR("in")), &opts, &out, &err) < 0)
        return fails_as(row, &err);
    return !golden_fails(row) && str_eq(out, json_get_str(row, STR("out")));
}

static int check_text(struct arena *a, const struct json *row)
{
    struct subst_options opts = options_of(a, row);
    struct str out;
    struct err err;

    if (subst_json_text(a, json_get_str(row, STR("in")), &opts, &out, &err) < 0)
        return fails_as(row, &err);
    return !golden_fails(row) && str_eq(out, json_get_str(row, STR("out")));
}

static int collect_tag(void *ctx, struct str tag, bool is_expr, struct err *err)
{
    struct json_array_builder *list = ((void **) ctx)[0];
    struct arena *a = ((void **) ctx)[1];

    (void) err;
    if (!is_expr)
        json_push(a, list, json_string(tag));
    return 0;
}

static int check_tags(struct arena *a, const struct json *row)
{
    struct json_array_builder list = {0};
    void *ctx[] = {&list, a};
    struct json tags;
    struct err err;

    if (subst_each_tag(json_get_str(row, STR("in")), collect_tag, ctx, &err) < 0)
        return golden_fails(row) && str_eq(json_get_str(row, STR("err")), str_from(err.text));
    tags = json_array(&list);
    return !golden_fails(row) && json_equal(&tags, json_get(row, STR("out")));
}

static int check_reference(struct arena *a, const struct json *row)
{
    const struct json *v =
        json_get(json_get(row, STR("replace")), subst_bare(json_get_str(row, STR("in"))));

    (void) a;
    if (!str_eq(subst_bare(json_get_str(row, STR("in"))), json_get_str(row, STR("tag"))))
        return false;
    return golden_fails(row) ? !v : v && json_equal(v, json_get(row, STR("out")));
}

static int check_golden_text(struct arena *a, const struct json *row)
{
    struct str mode = json_get_str(row, STR("mode"));

    if (str_is(mode, "validate"))
        return check_tags(a, row);
    if (str_is(mode, "process-args") || has_expr(a, row))
        return -1;
    if (str_is(mode, "resolveVar"))
        return check_reference(a, row);
    return str_is(mode, "raw") ? check_raw(a, row) : check_text(a, row);
}

static void test_golden_text(void **state)
{
    (void) state;
    golden_run("lang/substitute.jsonl", check_golden_text, 184);
}

/* Has the text what Go's encoder escapes, or an escape that it does not write? */
static bool is_printed_otherwise(struct str text)
{
    static const char *const pieces[] = {"<", ">", "&", "\\u", "\xe2\x80\xa8"};

    for (size_t i = 0; i < COUNT_OF(pieces); i++)
        if (str_find(text, str_from(pieces[i])) != SIZE_MAX)
            return true;
    return false;
}

/* The same vectors through a plan. Two are left out: an input that is no JSON has no document,
 * and in a document "\u007b\u007b" is the tag that upstream's scan of the given text overlooks.
 */
static int check_golden_plan(struct arena *a, const struct json *row)
{
    struct str mode = json_get_str(row, STR("mode"));
    struct subst_options opts = options_of(a, row);
    struct subst_plan *plan;
    struct json doc, out, want;
    struct err err;

    if ((!str_is_none(mode) && !str_is(mode, "strict")) || has_expr(a, row) ||
        json_parse(a, json_get_str(row, STR("in")), &doc, &err) < 0 ||
        str_find(json_get_str(row, STR("in")), STR("\\u007b")) != SIZE_MAX)
        return -1;
    if (subst_compile(a, &doc, &plan, &err) < 0 || subst_apply(plan, a, &opts, &out, &err) < 0)
        return fails_as(row, &err) ? true
               : golden_fails(row) && is_printed_otherwise(json_get_str(row, STR("in")))
                   ? -1 /* a document's tags are told of as Go prints them */
                   : false;
    return !golden_fails(row) &&
           json_parse(a, json_get_str(row, STR("out")), &want, &err) == 0 &&
           json_equal(&out, &want);
}

static void test_golden_plan(void **state)
{
    (void) state;
    golden_run("lang/substitute.jsonl", check_golden_plan, 151);
}

static const char scope_text[] =
    "{\"a\":\"A\",\"b\":\"x\\\"y\\n\",\"gone\":null,\"n\":1,\"bell\":\"\\u0007\"}";

struct world {
    struct arena *a;
    struct json scope;
    struct subst_options opts;
};

static void world_open(struct world *w)
{
    struct err err;

    *w = (struct world){.a = arena_new()};
    assert_int_equal(json_parse(w->a, str_from(scope_text), &w->scope, &err), 0);
    w->opts = (struct subst_options){.lookup = subst_lookup_json, .lookup_ctx = &w->scope};
}

static struct json parse(struct world *w, const char *text)
{
    struct json doc;
    struct err err;

    if (json_parse(w->a, str_from(text), &doc, &err) < 0)
        fail_msg("%s: %s", text, err.text);
    return doc;
}

/* Document in, document out; "!" and a text where it must fail. */
static void test_documents(void **state)
{
    static const char *const cases[][2] = {
        {"{\"k\":\"{{a}}\",\"l\":[1,\"{{b}}\",[\"{{a}}{{a}}\"]],\"m\":null}",
         "{\"k\":\"A\",\"l\":[1,\"x\\\"y\\n\",[\"AA\"]],\"m\":null}"},
        {"{\"{{a}}\":{\"{{a}}-{{nope}}\":\"{{a}}\"}}", "{\"A\":{\"A-{{nope}}\":\"A\"}}"},
        /* Tags over the ends of strings, as in the text of the whole document. */
        {"{\"k\":\"x {{ y\",\"l\":\"{{a}} z\"}", "{\"k\":\"x {{ y\",\"l\":\"A z\"}"},
        {"{\"k\":\"{{\",\"l\":\"}}\",\"m\":\"{{b}}\"}",
         "{\"k\":\"{{\",\"l\":\"}}\",\"m\":\"x\\\"y\\n\"}"},
        {"[\"{{\",\"{{bell}}\"]",
         "!cannot finish template replacement because the result was invalid JSON"},
        {"[\"{{\"]", "!Cannot find end tag=\"}}\" in the template=\"[\\\"{{\\\"]\" starting "
                     "from \"\\\"]\""},
        /* A tag is looked up as it stands in JSON text. */
        {"[\"{{ a\\n}}\"]", "[\"{{ a\\n}}\"]"},
        {"[\"{{q\\\"{{b}}\"]", "[\"{{q\\\"x\\\"y\\n\"]"},
        /* The first fault in order counts, and any fault of a tag before an unspellable value.
         */
        {"[\"{{bell}}\",\"{{gone}}\"]",
         "!unable to substitute {{gone}}: output is an absent optional "
         "(skipped/omitted node with no default)"},
        {"[\"{{n}}\",\"{{gone}}\"]", "!failed to resolve {{n}} to string"},
        {"[\"{{x{{n}}\"]", "[\"{{x{{n}}\"]"},
        {"[\"{{=1}}\"]", "!{{=1}}: expression tags are not supported yet"},
        {"[\"{{=\\\"a\\\"}}\"]", "!{{=\"a\"}}: expression tags are not supported yet"},
    };
    struct world w;

    (void) state;
    world_open(&w);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct json doc = parse(&w, cases[i][0]);
        struct json out = json_null();
        struct err err = {0};
        int result = subst_json(w.a, &doc, &w.opts, &out, &err);
        struct str shown = json_text(w.a, &out, JSON_COMPACT);

        if (cases[i][1][0] == '!' ? result == 0 || strcmp(err.text, cases[i][1] + 1) != 0
                                  : result < 0 || !str_is(shown, cases[i][1]))
            fail_msg("case %zu: %s: got " STR_FMT " %s", i, cases[i][0], STR_ARG(shown),
                     err.text);
    }
    arena_free(w.a);
}

/* Whether a text is still JSON is looked at only where a tag may have left its string or a
 * value cannot be spelled; the answer is the same. NULL: it is not. */
static void test_stays_json(void **state _unused_)
{
    static const char *const cases[][2] = {
        {"{\"k\":\"{{a}}\\n{{nope}}\"}", "{\"k\":\"A\\n{{nope}}\"}"},
        {"{\"k\":\"{{x\",\"l\":\"y}}\"}", "{\"k\":\"{{x\",\"l\":\"y}}\"}"},
        {"{\"k\":\"{{x\",\"l\":{\"m\":1}}", "{\"k\":\"{{x\",\"l\":{\"m\":1}}"},
        {"{\"k\":\"{{x\",\"l\":\"{{a}}\"}", NULL},
        {"\"{{p{{a}}}}\"", "\"{{pA}}\""},
        {"\"{{bell}}\"", NULL},
        {"\"{{quote}}\"", "\"say \\\"x\\\"\\n\""},
    };
    struct json_object_builder b = {0};
    _cleanup_arena_ struct arena *a = arena_new();
    struct subst_options opts = {.lookup = subst_lookup_json, .unresolved = SUBST_LEAVE};
    struct json names;

    json_add(a, &b, STR("a"), json_string(STR("A")));
    json_add(a, &b, STR("x\",\"l\":\"{{a"), json_string(STR("\a")));
    json_add(a, &b, STR("bell"), json_string(STR("\a")));
    json_add(a, &b, STR("quote"), json_string(STR("say \"x\"\n")));
    names = json_object(&b);
    opts.lookup_ctx = &names;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct str out;
        struct err err = {};
        int rc = subst_json_text(a, str_from(cases[i][0]), &opts, &out, &err);

        if (rc < 0 ? cases[i][1] != NULL : !cases[i][1] || !str_is(out, cases[i][1]))
            fail_msg("%s: " STR_FMT "%s", cases[i][0], STR_ARG(rc < 0 ? STR("") : out),
                     err.text);
    }
}

static void test_shares_the_rest(void **state)
{
    struct subst_plan *plan;
    struct json doc, out;
    struct err err;
    struct world w;

    (void) state;
    world_open(&w);
    doc = parse(&w, "{\"big\":{\"x\":[1,2,3]},\"k\":\"{{a}}\"}");
    assert_int_equal(subst_compile(w.a, &doc, &plan, &err), 0);
    assert_true(subst_has_tags(plan));
    assert_int_equal(subst_apply(plan, w.a, &w.opts, &out, &err), 0);
    assert_ptr_equal(json_get(&out, STR("big"))->members, json_get(&doc, STR("big"))->members);
    assert_true(str_is(json_get_str(&doc, STR("k")), "{{a}}"));
    assert_true(str_is(json_get_str(&out, STR("k")), "A"));
    doc = parse(&w, "{\"big\":{\"x\":[1,2,3]}}");
    assert_int_equal(subst_compile(w.a, &doc, &plan, &err), 0);
    assert_false(subst_has_tags(plan));
    assert_int_equal(subst_apply(plan, w.a, &w.opts, &out, &err), 0);
    assert_ptr_equal(out.members, doc.members);
    arena_free(w.a);
}

static int answer_expr(const struct subst_options *opts, struct arena *a, struct str expr,
                       struct json *ret, struct err *err)
{
    assert_int_equal(*(const int *) opts->expr_ctx, 7);
    if (str_is(expr, "late"))
        return 0;
    if (str_is(expr, "bad"))
        return err_set(err, ERR_NOT_FOUND, "failed to evaluate expression: x is missing");
    if (str_is(expr, "1")) {
        *ret = json_int(a, 1);
        return 1;
    }
    *ret = json_string(expr);
    return 1;
}

static void test_expression_hook(void **state)
{
    static const int token = 7;
    static const char *const cases[][2] = {
        {"[\"{{=1}}{{a}}\"]", "[\"1A\"]"},
        {"[\"{{=late}}\"]", "[\"{{=late}}\"]"},
        {"[\"{{=\\\"q\\\"<\\u0007}}\"]", "[\"\\\"q\\\"<\\u0007\"]"},
        {"[\"{{=\\\"q\\\"<\\u0007}}{{\",\"}}\"]", "[\"\\\"q\\\"<\\u0007{{\",\"}}\"]"},
        {"[\"{{ =1}}\"]", "[\"{{ =1}}\"]"},
        {"[\"{{=bad}}\"]", NULL},
    };
    struct world w;

    (void) state;
    world_open(&w);
    w.opts.expr = answer_expr;
    w.opts.expr_ctx = &token;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct json doc = parse(&w, cases[i][0]);
        struct json out = json_null();
        struct err err = {0};
        int result = subst_json(w.a, &doc, &w.opts, &out, &err);
        struct str shown = json_text(w.a, &out, JSON_COMPACT);

        if (cases[i][1] ? result < 0 || !str_is(shown, cases[i][1])
                        : result == 0 || !subst_is_missing(&err))
            fail_msg("case %zu: %s: got " STR_FMT " %s", i, cases[i][0], STR_ARG(shown),
                     err.text);
    }
    arena_free(w.a);
}

static int count_tag(void *ctx, struct str tag, bool is_expr, struct err *err)
{
    if (is_expr && str_is(tag, "stop"))
        return err_set(err, ERR_CANCELLED, "stopped");
    ++*(int *) ctx;
    return 0;
}

static void test_plan_tags(void **state)
{
    static const struct {
        const char *doc;
        int tags, result;
    } cases[] = {
        {"{\"a\":\"{{x}}\",\"{{y}}\":[\"{{=z}}{{w}}\"]}", 4, 0},
        {"[\"{{=stop}}\",\"{{x}}\"]", 0, -1},
        {"[\"{{\",\"}}{{x}}\"]", 2, 0},
        {"[1]", 0, 0},
    };
    struct world w;

    (void) state;
    world_open(&w);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct json doc = parse(&w, cases[i].doc);
        struct subst_plan *plan;
        struct err err;
        int tags = 0;

        assert_int_equal(subst_compile(w.a, &doc, &plan, &err), 0);
        if (subst_plan_each_tag(plan, count_tag, &tags, &err) != cases[i].result ||
            tags != cases[i].tags)
            fail_msg("case %zu: %s: %d tags", i, cases[i].doc, tags);
    }
    arena_free(w.a);
}

static enum subst_answer lookup_huge(const void *ctx, struct str name, struct str *ret)
{
    (void) name;
    *ret = *(const struct str *) ctx;
    return SUBST_TEXT;
}

static void test_limit(void **state)
{
    struct str huge = {.len = SUBST_OUTPUT_MAX_BYTES / 2};
    struct subst_options opts = {.lookup = lookup_huge, .lookup_ctx = &huge};
    struct json doc, out;
    struct err err;
    struct world w;
    char *text;

    (void) state;
    world_open(&w);
    text = arena_alloc_raw(w.a, huge.len);
    memset(text, 'x', huge.len);
    huge.ptr = text;
    doc = parse(&w, "[\"{{a}}\",\"{{a}}\"]");
    assert_int_equal(subst_json(w.a, &doc, &opts, &out, &err), 0);
    doc = parse(&w, "[\"{{a}}\",\"{{a}}\",\"{{a}}\"]");
    assert_int_equal(subst_json(w.a, &doc, &opts, &out, &err), -1);
    assert_int_equal(err.kind, ERR_LIMIT);
    arena_free(w.a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden_text),     cmocka_unit_test(test_golden_plan),
        cmocka_unit_test(test_documents),       cmocka_unit_test(test_stays_json),
        cmocka_unit_test(test_shares_the_rest), cmocka_unit_test(test_expression_hook),
        cmocka_unit_test(test_plan_tags),       cmocka_unit_test(test_limit),
    };

    return cmocka_run_group_tests_name("subst", tests, NULL, NULL);
}
