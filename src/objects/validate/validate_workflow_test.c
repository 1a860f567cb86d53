/* Rules of workflows and templates: ../shared/golden/lang/README.md, and what the vectors do
 * not say: places, references that are not followed, depth. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/limits.h"
#include "objects/manifest_go.h"
#include "objects/object.h"
#include "objects/validate/workflow_validate.h"
#include "tests/support/golden.h"

/* ---- the vectors ---- */

/* Objects that exist beside the one that is looked at. */
static int find(void *ctx, struct arena *a, struct str name, enum validate_where where,
                const struct json **ret, struct err *err)
{
    const struct object_documents *docs = ctx;
    const char *kind =
        where == VALIDATE_CLUSTER ? "ClusterWorkflowTemplate" : "WorkflowTemplate";

    (void) a;
    for (size_t i = 0; i < docs->len; i++)
        if (str_is(json_get_str(&docs->at[i].value, STR("kind")), kind) &&
            str_eq(object_name(&docs->at[i].value), name)) {
            *ret = &docs->at[i].value;
            return 0;
        }
    return err_set(err, ERR_NOT_FOUND, "no " STR_FMT, STR_ARG(name));
}

static struct object_documents read_templates(struct arena *a, const struct json *row)
{
    const struct json *list = json_get(row, STR("templates")), *text;
    struct str all = STR("");
    struct object_documents docs = {0};
    struct err err = {0};

    for (size_t i = 0; (text = json_item(list, i)) != NULL; i++)
        all =
            str_printf(a, STR_FMT "---\n" STR_FMT "\n", STR_ARG(all), STR_ARG(json_str(text)));
    if (all.len > 0 && object_read(a, STR("templates"), all, &docs, &err) < 0)
        fail_msg("%s", err.text);
    return docs;
}

static enum validate_purpose purpose_of(const struct json *row)
{
    struct str opt = json_str(json_item(json_get(row, STR("opts")), 0));

    return str_is(opt, "lint")     ? VALIDATE_LINT
           : str_is(opt, "submit") ? VALIDATE_SUBMIT
                                   : VALIDATE_CREATE;
}

/* What is said of a case: "ok", "no objects", what the original's decoder says, or a rule. */
static struct str verdict(struct arena *a, const struct json *row)
{
    struct object_documents others = read_templates(a, row);
    struct validate_finder finder = {.ctx = &others, .find = find};
    struct validate_request request = {.finder = &finder, .purpose = purpose_of(row)};
    struct manifest_go found =
        manifest_go_read(a, golden_text(a, row, "manifest"),
                         json_get_bool(row, STR("lenient")) ? FIELD_GO_LAX : FIELD_GO_STRICT);
    struct err err = {0};
    uint32_t pos;

    for (size_t i = 0; i < found.len; i++)
        if (found.at[i].error.len > 0)
            return found.at[i].error;
    for (size_t i = 0; i < found.len; i++) {
        request.doc = &found.at[i].value;
        if (validate_workflow(a, &request, &pos, &err) < 0)
            return str_copy(a, str_from(err.text));
    }
    return found.len > 0 ? STR("ok") : STR("no objects");
}

static bool is_same(const struct json *row, struct str said)
{
    struct str out = json_get_str(row, STR("out"));

    return str_eq(said, str_is_none(out) ? json_get_str(row, STR("err")) : out);
}

static int run(struct arena *a, const struct json *row)
{
    struct str id = json_get_str(row, STR("id")), said = verdict(a, row);
    bool is_right = is_same(row, said);

    if (!is_right)
        print_error(STR_FMT ": found \"" STR_FMT "\"\n", STR_ARG(id), STR_ARG(said));
    return is_right;
}

static void test_golden(void **state)
{
    (void) state;
    golden_run("lang/go-validate.jsonl", run, 513);
}

/* ---- what the vectors do not say ---- */

#define HEAD "apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nmetadata: {name: w}\nspec:\n"

/* "line:column: text" without a finder, "" when all is well. */
static struct str alone(struct arena *a, struct str text)
{
    struct object_documents docs;
    struct validate_request request = {.purpose = VALIDATE_LINT};
    unsigned line, column;
    struct err err = {0};
    uint32_t pos;

    if (object_read(a, STR("-"), text, &docs, &err) < 0)
        fail_msg("%s", err.text);
    request.doc = &docs.at[0].value;
    if (validate_workflow(a, &request, &pos, &err) == 0)
        return STR("");
    assert_int_not_equal(pos, JSON_NO_POS);
    json_position(text, pos, &line, &column);
    return str_printf(a, "%u:%u: %s", line, column, err.text);
}

/* Tasks s, t, u, one behind the other, and a last one with a condition. */
#define DAG(last, when)                                                                       \
    "  entrypoint: a\n  templates:\n  - name: a\n    dag: {tasks: [{name: s, template: b},\n" \
    "      {name: t, template: b, dependencies: [s]},\n"                                      \
    "      {name: u, template: b, dependencies: [t]},\n"                                      \
    "      {name: " last ", template: b, when: '" when "'}]}\n"                               \
    "  - name: b\n    container: {image: i}\n"

static void test_alone(void **state)
{
    static const char *const cases[][2] = {
        {"  entrypoint: a\n  templates:\n  - name: a\n    steps:\n"
         "    - - {name: s, templateRef: {name: x, template: yy}}\n"
         "    - - {name: t, template: b, arguments: {parameters: [{name: p, value: "
         "\"{{steps.s.outputs.parameters.any}}\"}]}}\n"
         "  - name: b\n    inputs: {parameters: [{name: p}]}\n    container: {image: i}\n",
         ""},
        {"  workflowTemplateRef: {name: x}\n  onExit: bye\n", ""},
        {"  templates:\n  - name: a\n    container: {image: i, args: "
         "[\"{{workflow.parameters.later}} {{workflow.labels.later}}\"]}\n",
         ""},
        {"  entrypoint: a\n  templates:\n  - name: a\n    steps:\n"
         "    - - {name: s, template: zz}\n",
         "9:29: templates.a.steps[0].s template name 'zz' undefined"},
        {"  entrypoint: a\n  templates:\n  - name: a\n    container: {command: [x]}\n",
         "8:16: templates.a.container.image may not be empty"},
        {DAG("x, dependencies: [u]", "{{tasks.s.status}} == a && {{tasks.t.status}} == b"), ""},
        {DAG("x, dependencies: [t]",
             "{{tasks.s.status}} {{tasks.t.status}} {{tasks.u.status}}"),
         "11:7: templates.a.tasks.x failed to resolve {{tasks.u.status}}"},
        /* a target that an input names: the value comes later */
        {"  entrypoint: a\n  arguments: {parameters: [{name: p, value: s}]}\n  templates:\n"
         "  - name: a\n    inputs: {parameters: [{name: p}]}\n"
         "    dag: {target: '{{inputs.parameters.p}}', tasks: [{name: s, template: b}]}\n"
         "  - name: b\n    container: {image: i}\n",
         ""},
        {"  entrypoint: a\n  templates:\n  - name: a\n"
         "    dag: {target: x, tasks: [{name: s, template: b}]}\n"
         "  - name: b\n    container: {image: i}\n",
         "8:19: templates.a.targets: target 'x' is not defined"},
        {DAG("x, dependencies: [u]", "{{tasks.x.status}} == a"),
         "11:7: templates.a.tasks.x failed to resolve {{tasks.x.status}}"},
    };

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        _cleanup_arena_ struct arena *a = arena_new();
        struct str found = alone(a, str_printf(a, HEAD "%s", cases[i][0]));

        if (!str_is(found, cases[i][1]))
            fail_msg("case %zu: " STR_FMT, i, STR_ARG(found));
    }
}

/* Templates that call each other in a row are refused before they are too deep for a stack. */
static void test_depth(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(1 << 20);

    (void) state;
    strbuf_addz(&b, HEAD "  entrypoint: t0\n  templates:\n");
    for (int i = 0; i < VALIDATE_DEPTH_MAX; i++)
        strbuf_addf(&b, "  - {name: t%d, steps: [[{name: s, template: t%d}]]}\n", i, i + 1);
    strbuf_addf(&b, "  - {name: t%d, container: {image: i}}\n", VALIDATE_DEPTH_MAX);
    assert_true(str_find(alone(a, strbuf_str(&b)), STR("call each other more than")) !=
                SIZE_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),
        cmocka_unit_test(test_alone),
        cmocka_unit_test(test_depth),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
