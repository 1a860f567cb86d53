/* Tests of lint: what is wrong in argo's words, where it is, what is said in argo's shape and
 * for programs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cli/lint_internal.h"

static struct lint_documents read_all(struct arena *a, const char *text)
{
    struct lint_documents all = {0};
    struct object_documents docs;
    struct err err;

    if (object_read(a, STR("f.yaml"), str_from(text), &docs, &err) < 0)
        fail_msg("%s", err.text);
    for (size_t i = 0; i < docs.len; i++)
        VEC_APUSH(a, &all.list, docs.at[i]);
    return all;
}

/* All that is wrong with the first document: "line:column: text (note)" a line, warnings with
 * "warning" in front. */
static struct str faults_of(struct arena *a, const char *text)
{
    struct lint_documents all = read_all(a, text);
    struct lint_result r = {.file = STR_INIT("f.yaml"), .source = str_from(text)};
    struct str lines = STR("");

    lint_check(a, &all.list.at[0], 0, &all, &r);
    for (size_t i = 0; i < r.errors.len; i++) {
        const struct lint_error *e = &r.errors.at[i];

        lines = str_printf(a, STR_FMT "%s" STR_FMT, STR_ARG(lines),
                           e->level == LINT_WARNING ? "warning " : "", STR_ARG(e->text));
        for (size_t k = 0; k < e->spots.len; k++)
            lines = str_printf(a, STR_FMT " [%u:%u+%u" STR_FMT "]", STR_ARG(lines),
                               e->spots.at[k].line, e->spots.at[k].column, e->spots.at[k].width,
                               STR_ARG(e->spots.at[k].note.len
                                           ? str_concat(a, STR(" "), e->spots.at[k].note)
                                           : STR("")));
        lines = str_printf(a, STR_FMT "\n", STR_ARG(lines));
    }
    return lines;
}

#define HEAD(kind) \
    "apiVersion: argoproj.io/v1alpha1\nkind: " kind "\nmetadata: {name: flow}\nspec:\n"
#define LIB                                                                                  \
    "---\napiVersion: argoproj.io/v1alpha1\nkind: WorkflowTemplate\nmetadata: {name: lib}\n" \
    "spec:\n  templates:\n  - {name: x, container: {image: i}}\n"
#define CLUSTER_LIB                                                                           \
    "---\napiVersion: argoproj.io/v1alpha1\nkind: ClusterWorkflowTemplate\nmetadata: {name: " \
    "clib}\nspec:\n  templates:\n  - {name: x, container: {image: i}}\n"

static const struct reference_case {
    const char *name, *text, *want;
} reference_cases[] = {
    {"all is well",
     HEAD("Workflow") "  entrypoint: m\n  onExit: x\n  templates:\n"
                      "  - {name: m, steps: [[{name: a, template: x}]]}\n"
                      "  - {name: x, container: {image: i}}\n",
     ""},
    {"entrypoint and exit handler",
     HEAD("Workflow") "  entrypoint: m\n  onExit: z\n  templates: [{name: x}]\n",
     "5:15: template name 'm' undefined\n"},
    {"steps",
     HEAD("Workflow") "  entrypoint: m\n  templates:\n  - name: m\n    steps:\n"
                      "    - - {name: a, template: z}\n    - - {name: b, template: m}\n"
                      "      - {name: c, template: w}\n",
     "9:29: templates.m.steps[0].a template name 'z' undefined\n"},
    {"tasks and what they depend on",
     HEAD("Workflow") "  entrypoint: m\n  templates:\n  - name: m\n    dag:\n      tasks:\n"
                      "      - {name: a, template: z}\n"
                      "      - {name: b, template: m, dependencies: [a, c]}\n",
     "11:50: templates.m sorting failed: invalid dependency c\n"},
    {"hooks",
     HEAD("Workflow") "  entrypoint: m\n  templates:\n  - name: m\n    steps:\n"
                      "    - - {name: a, template: m, hooks: {exit: {template: z}}}\n",
     ""},
    {"a name with a tag is known at run time",
     HEAD("Workflow") "  entrypoint: m\n  templates:\n  - name: m\n    steps:\n"
                      "    - - {name: a, template: 't-{{item}}'}\n",
     "9:30: templates.m.steps[0].a template name 't-{{item}}' undefined\n"},
    {"names are unique",
     HEAD("Workflow") "  entrypoint: m\n  templates:\n  - {name: m}\n  - {name: m}\n",
     "8:12: spec.templates[1].name 'm' is not unique\n"},
    {"a reference into another file",
     HEAD("Workflow") "  entrypoint: m\n  templates:\n  - name: m\n    steps:\n    - - {name: "
                      "a, "
                      "templateRef: {name: lib, template: x}}\n      - {name: b, templateRef: "
                      "{name: clib, template: x, clusterScope: true}}\n" LIB CLUSTER_LIB,
     ""},
    {"to a template that it does not have",
     HEAD("Workflow") "  entrypoint: m\n  templates:\n  - name: m\n    steps:\n    - - {name: "
                      "a, "
                      "templateRef: {name: lib, template: w}}\n" LIB,
     "9:32: templates.m.steps[0].a template reference lib.w not found\n"},
    {"to a file that is not given",
     HEAD("Workflow") "  entrypoint: m\n  templates:\n  - name: m\n    steps:\n    - - {name: "
                      "a, "
                      "templateRef: {name: lib, template: x, clusterScope: true}}\n" LIB,
     "9:39: templates.m.steps[0].a couldn't find cluster workflow template \"lib\" (it is in "
     "none of the given files: give its file, too)\n"},
    {"a workflow made of a template",
     HEAD("Workflow") "  entrypoint: x\n  workflowTemplateRef: {name: lib}\n" LIB, ""},
    {"whose entrypoint it has not",
     HEAD("Workflow") "  entrypoint: w\n  workflowTemplateRef: {name: lib}\n" LIB,
     "6:24: template reference lib.w not found\n"},
    {"of a template that is not given",
     HEAD("Workflow") "  entrypoint: w\n  workflowTemplateRef: {name: lib}\n",
     "6:31: couldn't find workflow template \"lib\" in namespace \"\" (it is in none of the "
     "given files: give its file, too)\n"},
    {"a template needs no entrypoint",
     HEAD(
         "WorkflowTemplate") "  templates:\n  - {name: m, steps: [[{name: a, template: z}]]}\n",
     "6:44: templates.m templates.m.steps[0].a template name 'z' undefined\n"},
    {"a cron workflow's workflow",
     HEAD("CronWorkflow") "  schedules: ['* * * * *']\n  workflowSpec:\n    entrypoint: z\n"
                          "    templates: [{name: m}]\n",
     "7:17: cannot validate Workflow: template name 'z' undefined\n"},
    {"nothing at all", "apiVersion: argoproj.io/v1alpha1\nkind: Workflow\n",
     "spec.entrypoint is required\n"},
};

/* The first broken rule of the first document: "line:column: text (note)". */
static struct str broken_rule_of(struct arena *a, const char *text)
{
    struct lint_documents all = read_all(a, text);
    struct lint_error e;
    struct str place = STR("");

    if (!lint_references(a, &all.list.at[0], &all, &e))
        return STR("");
    assert_int_equal(e.spots.len, 1);
    if (e.spots.at[0].line > 0)
        place = str_printf(a, "%u:%u: ", e.spots.at[0].line, e.spots.at[0].column);
    return str_printf(a, STR_FMT STR_FMT "%s" STR_FMT "%s\n", STR_ARG(place), STR_ARG(e.text),
                      e.spots.at[0].note.len ? " (" : "", STR_ARG(e.spots.at[0].note),
                      e.spots.at[0].note.len ? ")" : "");
}

static void test_references(void **state)
{
    (void) state;
    for (size_t i = 0; i < COUNT_OF(reference_cases); i++) {
        _cleanup_arena_ struct arena *a = arena_new();
        struct str got = broken_rule_of(a, reference_cases[i].text);

        if (!str_is(got, reference_cases[i].want))
            fail_msg("%s: got:\n" STR_FMT "want:\n%s", reference_cases[i].name, STR_ARG(got),
                     reference_cases[i].want);
    }
}

static void test_names(void **state)
{
    static const struct {
        const char *text, *want;
    } cases[] = {
        {"kind: Workflow\nmetadata: {name: a, generateName: b-}\n", "\"a\" (Workflow)"},
        {"kind: Workflow\nmetadata: {generateName: b-}\n", "\"b-\" (Workflow)"},
        {"kind: CronWorkflow\n", "\"object #3\" (CronWorkflow)"},
    };

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        _cleanup_arena_ struct arena *a = arena_new();
        struct lint_documents all = read_all(a, cases[i].text);

        assert_true(str_is(lint_object_name(a, &all.list.at[0], 2), cases[i].want));
    }
}

/* A step that is called on a condition. */
#define STEP(more)                                                                            \
    HEAD("Workflow")                                                                          \
    "  entrypoint: m\n  templates:\n  - name: m\n    inputs: {parameters: [{name: x, value: " \
    "y}]}\n    steps:\n    - - {name: a, template: t, " more "}\n  - {name: t, container: "   \
    "{image: i}}\n"

/* What argo's decoder says, and what the field tables know besides. */
static void test_fields(void **state)
{
    static const struct {
        const char *text, *want;
    } cases[] = {
        {HEAD("Workflow") "  entrypont: m\n  templates: [{name: m}]\n",
         "strict decoding error: unknown field \"spec.entrypont\" [5:3+9 did you mean "
         "\"entrypoint\"?]\n"},
        {HEAD("Workflow") "  zz: 1\n  entrypoint: m\n  aa: 2\n  templates:\n"
                          "  - {name: m, container: {image: i, foo: 1}}\n",
         "strict decoding error: unknown field \"spec.aa\", unknown field "
         "\"spec.templates[0].container.foo\", unknown field \"spec.zz\" [5:3+2] [7:3+2] "
         "[9:37+3]\n"},
        {HEAD(
             "Workflow") "  entrypoint: m\n  templates: [{name: m}]\n  container: {image: i}\n",
         "strict decoding error: unknown field \"spec.container\" [7:3+9 \"container\" belongs "
         "to an item of \"templates\": indent it, and what stands below it, to the column of "
         "the item's first word (behind the \"- \")]\n"},
        {HEAD("Workflow") "  entrypoint: [m]\n  templates: [{name: m}]\n",
         "json: cannot unmarshal array into Go struct field WorkflowSpec.spec.entrypoint of "
         "type string [5:15+1 expected text, found a list]\n"},
        {HEAD("Workflow") "  entrypoint: m\n  arguments: {parameters: {name: x}}\n"
                          "  templates: [{name: m}]\n",
         "json: cannot unmarshal object into Go struct field "
         "Arguments.spec.arguments.parameters of type []v1alpha1.Parameter [6:27+1 expected a "
         "list, found an object: begin each item with \"- \"]\n"},
        {HEAD("Workflow") "  entrypoint: m\n  templates: [{name: m, parallelism: many}]\n",
         "json: cannot unmarshal string into Go struct field "
         "Template.spec.templates.parallelism of type int64 [6:38+4 expected a whole number, "
         "found text \"many\"]\n"},
        {HEAD("Workflow") "  entrypoint: m\n  templates: [{name: m, steps: none}]\n",
         "json: cannot unmarshal string into Go struct field Template.spec.templates.steps of "
         "type "
         "[]v1alpha1.ParallelSteps [6:32+4 expected a list, found text \"none\": begin each "
         "item "
         "with \"- \"]\n"},
        {"apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nmetadata: {name: N}\nspec:\n"
         "  entrypoint: m\n  templates: [{name: m}]\n",
         "json: cannot unmarshal bool into Go struct field ObjectMeta.metadata.name of type "
         "string [3:18+1 expected text, found false: write it in quotes (YAML reads N as "
         "false)]\n"},
        {"apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nmetadata: {name: Flow}\nspec:\n"
         "  entrypoint: m\n  templates: [{name: m, container: {image: i}}]\n",
         "warning metadata.name: name \"Flow\" has upper-case letters: object names are lower "
         "case, write \"flow\" [3:18+4]\n"},
        {HEAD(
             "CronWorkflow") "  schedules: ['61 * * * *']\n  workflowSpec:\n    entrypoint: m\n"
                             "    templates: [{name: m}]\n",
         "cron schedule 61 * * * * is malformed: end of range (61) above maximum (59): 61 "
         "[5:16+10 minute, hour, day, month, weekday, as \"30 4 * * 1-5\"]\n"},
        {HEAD("Workflow") "  entrypoint: m\n  templates: [{name: m, suspend: {}, memoize: "
                          "{key: k, "
                          "cache: {configMap: {name: c}}}}]\n",
         "warning spec.templates[0].memoize.maxAge: is required [6:47+1]\n"},
        {HEAD("Workflow") "  entrypoint: m\n  shutdown: Later\n"
                          "  templates: [{name: m, suspend: {}}]\n",
         "warning spec.shutdown: expected one of Stop, Terminate, found text \"Later\" "
         "[6:13+5]\n"},
        {HEAD(
             "Workflow") "  entrypoint: m\n  arguments: {parameters: [{name: p, value: [1]}]}\n"
                         "  templates: [{name: m, suspend: {}}]\n",
         "warning spec.arguments.parameters[0].value: expected text, found a list [6:45+1]\n"},
        {HEAD("Workflow") "  entrypoint: m\n"
                          "  templates: [{name: m, suspend: {}, retryStrategy: {limit: "
                          "3000000000}}]\n",
         "json: cannot unmarshal number 3000000000 into Go struct field "
         "RetryStrategy.spec.templates.retryStrategy.limit of type int32\n"},
        {HEAD("Workflow") "  entrypoint: m\n  hooks: {exit: {template: 7}}\n"
                          "  templates: [{name: m, suspend: {}}]\n",
         "json: cannot unmarshal number into Go struct field "
         "LifecycleHook.spec.hooks.template of type string [6:28+1 expected text, found "
         "number 7: write it in quotes, \"7\"]\n"},
        {HEAD("Workflow") "  entrypoint: m\n  templates: [{name: m, plugin: {a: {}, b: {}}}]\n",
         "expected exactly one key, got 2\n"},
        {HEAD("Workflow") "  entrypoint: m\n  templates: [{name: m, container: {image: i, "
                          "resources: {limits: {memory: 1Go}}}}]\n",
         "quantities must match the regular expression "
         "'^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$' [6:76+3 expected a quantity such as "
         "100m or 1.5Gi, found text \"1Go\"]\n"},
        {STEP("arguments: {parameters: [{name: x, value: y, vale: '{{steps.b.id}}'}]}"),
         "warning spec.templates[0].steps[0][0].arguments.parameters[0].vale: unknown field "
         "\"vale\", did you mean \"value\"? [10:77+4]\n"},
        {STEP("argument: {}"),
         "json: unknown field \"argument\" [10:32+8 did you mean \"arguments\"?]\n"},
        {STEP("when: 7"),
         "json: cannot unmarshal number into Go struct field "
         "Template.spec.templates.steps.when "
         "of type string [10:38+1 expected text, found number 7: write it in quotes, \"7\"]\n"},
        {STEP("inline: {container: {image: i}, inputs: {parameters: [{name: a b}]}}"),
         "templates.m.steps[0].a templates..inputs.parameters[0].name: 'a b' is invalid: "
         "Parameter/Artifact name must consist of alpha-numeric characters, '_' or '-' e.g. "
         "my_param_1, MY-PARAM-1 [10:93+3]\n"},
        {HEAD("Workflow") "  entrypoint: m\n  podMetadata: {labels: {a: '{{inputs.b}}'}}\n"
                          "  templates: [{name: m, container: {image: i}}]\n",
         "templates.m: failed to resolve {{inputs.b}} [7:15+1]\n"},
        {HEAD("Workflow") "  entrypoint: m\n  templates: [{name: m, script: {image: i, source: "
                          "'a {{ b'}}]\n",
         ""},
        {HEAD("Workflow") "  entrypoint: m\n  templates:\n  - name: m\n    steps:\n"
                          "    - - {name: a, template: t, when: '{{pod.name}} == b'}\n"
                          "  - {name: t, suspend: {}}\n",
         "templates.m.steps failed to resolve {{pod.name}} [9:39+12 did you mean "
         "{{pod.hostNodeName}}?]\n"},
        {HEAD("CronWorkflow") "  schedules: ['1 * * * *']\n  concurrencyPolicy: Replaec\n"
                              "  workflowSpec: {}\n",
         "'Replaec' is not a valid concurrencyPolicy [6:22+7 did you mean \"Replace\"?]\n"},
        {HEAD("CronWorkflow") "  schedules: ['1 * * * *']\n  concurrencyPolicy: never\n"
                              "  workflowSpec: {}\n",
         "'never' is not a valid concurrencyPolicy [6:22+5 one of Allow, Forbid, Replace]\n"},
        {HEAD("CronWorkflow") "  schedules: ['1 * * * *']\n  timezone: Europe/Berln\n"
                              "  workflowSpec: {}\n",
         "invalid timezone \"Europe/Berln\": unknown time zone Europe/Berln [6:13+12 a name as "
         "\"Europe/Berlin\"]\n"},
        {HEAD("Workflow") "  entrypoint: m\n  templates:\n  - name: m\n    container: {image: "
                          "i, "
                          "args: ['{{workflow.nmae}}']}\n",
         "templates.m: failed to resolve {{workflow.nmae}} [8:35+17 did you mean "
         "{{workflow.name}}?]\n"},
        {HEAD("Workflow") "  entrypoint: m\n  templates:\n  - name: m\n    container: {image: "
                          "i, "
                          "args: ['{{workflow.name}']}\n",
         "templates.m: failed to resolve {{workflow.name}\"],\"resources\":{}} [8:35+2 is a "
         "\"}\" missing?]\n"},
        {HEAD("Workflow") "  entrypoint: m\n  templates:\n  - name: m\n    container: {image: "
                          "i, "
                          "args: ['{{=workflow.name}']}\n",
         "templates.m failed to unmarshall JSON expression: invalid character ']' after "
         "top-level value [8:35+2 is a \"}\" missing?]\n"},
        {STEP("arguments: {parameters: [{name: x, value: '{{stesp.a.outputs.result}}'}]}"),
         "warning unknown variable: stesp.a.outputs.result [10:77+22 did you mean \"steps\"? "
         "argo "
         "leaves it as it is]\n"},
        {STEP("arguments: {parameters: [{name: x, value: '{{custom.name}}'}]}"), ""},
        {STEP("when: \"{{=asInr(inputs.parameters.x) > len('a')}}\""),
         "warning unknown name in an expression: asInr [10:42+5 did you mean \"asInt\"? argo "
         "takes "
         "it, and fails when it is evaluated]\n"},
        {STEP("when: \"{{=let step = 1; step > 0}}\""), ""},
        {HEAD(
             "Workflow") "  entrypoint: m\n  templates:\n  - name: m\n    inputs: {parameters: "
                         "[{name: message, value: x}]}\n    container: {image: i, args: "
                         "['{{inputs."
                         "parameters.mesage}}']}\n",
         "templates.m: failed to resolve {{inputs.parameters.mesage}} [9:35+28 did you mean "
         "{{inputs.parameters.message}}?]\n"},
        {STEP("when: '{{inputs.parameters.x}} == == true'"),
         "warning invalid condition: Cannot "
         "transition "
         "token types from COMPARATOR [==] to COMPARATOR [==] [10:39+34 argo takes it, and "
         "fails "
         "when it is evaluated]\n"},
        {STEP("when: '{{inputs.parameters.x}} > 5 && {{=inputs.parameters.x}} in (a, b)'"), ""},
        {STEP("when: '{{inputs.parameters.x}} =~ a'"), ""},
        {STEP("when: \"{{=asInt(inputs.parameters.x) + }}\""),
         "warning invalid expression: unexpected token EOF (1:28) [10:42+28 argo takes it, and "
         "fails when it is evaluated]\n"},
        {HEAD("Sensor") "  dependencies: []\n  triggers: []\n",
         "spec: no event dependencies found [5:3+12]\n"},
        {HEAD("EventSource") "  webhook: {a: {Port: '1', endPoint: /x, method: POST}}\n", ""},
        {HEAD("EventSource") "  webhook: {a: {port: '1', endpont: /x}}\n",
         "strict decoding error: unknown field \"spec.webhook.a.endpont\" [5:28+7 did you mean "
         "\"endpoint\"?]\n"},
    };

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        _cleanup_arena_ struct arena *a = arena_new();
        struct str got = faults_of(a, cases[i].text);

        if (!str_is(got, cases[i].want))
            fail_msg("case %zu: got:\n" STR_FMT "want:\n%s", i, STR_ARG(got), cases[i].want);
    }
}

/* Files that are no manifests: place and mend. */
static void test_broken(void **state)
{
    static const struct {
        const char *text, *said, *want;
    } cases[] = {
        {"a:\n\tb: 1\n", "f.yaml:2:1: found a tab character",
         "f.yaml:\n   ✖ found a tab character\n     f.yaml:2:1: indent with blanks: YAML knows "
         "no "
         "tabs there\n        2 |  b: 1\n          | ^\n\n"},
        {"a: [1\nb: 2\n",
         "f.yaml:2:2: did not find ',' while parsing a flow sequence that begins in line 1, "
         "column 4",
         "f.yaml:\n   ✖ did not find ',' while parsing a flow sequence that begins in line 1, "
         "column 4\n     f.yaml:2:2: is a \"]\" missing?\n        2 | b: 2\n          |  ^\n"
         "     f.yaml:1:4: it begins here\n        1 | a: [1\n          |    ^\n\n"},
        {"a: [']', {b: c}\n# ]\nd # [",
         "f.yaml:3:2: did not find expected node content while parsing a flow node",
         "f.yaml:\n   ✖ did not find expected node content while parsing a flow node\n     "
         "f.yaml:3:2: is a bracket or a brace missing?\n        3 | d # [\n          |  ^\n    "
         " "
         "f.yaml:1:4: it begins here\n        1 | a: [']', {b: c}\n          |    ^\n\n"},
        {"- {a: 1,\n   b: 2}\n- c: 1\n  cc: 2\n  c: 3\n",
         "f.yaml:5:3: key is given twice in this mapping: c",
         "f.yaml:\n   ✖ key is given twice in this mapping: c\n     f.yaml:5:3: line 3 has it "
         "already: one of the two must go\n        5 |   c: 3\n          |   ^\n\n"},
        {"x\n", "f.yaml: no manifest at all", "f.yaml:\n   ✖ f.yaml: no manifest at all\n\n"},
    };
    const struct lint_style style = {.output = LINT_PRETTY, .has_spots = true};

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        _cleanup_arena_ struct arena *a = arena_new();
        _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(1 << 16);
        struct lint_result r = {.file = STR_INIT("f.yaml"), .source = str_from(cases[i].text)};
        struct err err;

        err_set(&err, ERR_INVALID, "%s", cases[i].said);
        lint_broken(a, &err, &r);
        lint_print_result(&b, &r, &style);
        if (!str_is(strbuf_str(&b), cases[i].want))
            fail_msg("case %zu: got:\n" STR_FMT "want:\n%s", i, STR_ARG(strbuf_str(&b)),
                     cases[i].want);
    }
}

static void test_unknown_kind(void **state)
{
    static const struct {
        const char *text, *want;
    } cases[] = {
        {"apiVersion: argoproj.io/v1alpha1\nkind: Workflo\n",
         "f.yaml:\n   ⚠ unknown kind \"Workflo\": not looked at\n     f.yaml:2:7: did you mean "
         "\"Workflow\"?\n        2 | kind: Workflo\n          |       ^^^^^^^\n\n"},
        {"apiVersion: argoproj.io/v1alpha1\nkind: Banana\n",
         "f.yaml:\n   ⚠ unknown kind \"Banana\": not looked at\n     f.yaml:2:7\n        2 | "
         "kind: Banana\n          |       ^^^^^^\n\n"},
        {"apiVersion: apps/v1\nkind: Deploymen\n", ""},
    };
    const struct lint_style style = {.output = LINT_PRETTY, .has_spots = true};

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        _cleanup_arena_ struct arena *a = arena_new();
        _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(1 << 16);
        struct lint_documents all = read_all(a, cases[i].text);
        struct lint_result r = {.file = STR_INIT("f.yaml"), .source = str_from(cases[i].text)};

        lint_unknown_kind(a, &all.list.at[0], &r);
        lint_print_result(&b, &r, &style);
        assert_string_equal(str_cz(a, strbuf_str(&b)), cases[i].want);
    }
}

/* Carets stand below what they mean: wide characters, tabs, long lines, the end of the file. */
static void test_spots(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct str filler = STR("");
    const struct lint_style style = {.output = LINT_PRETTY, .has_spots = true},
                            colored = {.has_spots = true, .has_color = true};
    struct lint_spot spot;

    (void) state;
    for (unsigned i = 0; i < 20; i++)
        filler = str_concat(a, filler, STR("0123456789"));
    const struct {
        struct str source;
        unsigned line, column;
        const char *want;
    } cases[] = {
        {STR("é: ü # x\n"), 1, 5, "     f:1:4\n        1 | é: ü # x\n          |    ^\n"},
        {STR("a: 'b c' # d\n"), 1, 4,
         "     f:1:4\n        1 | a: 'b c' # d\n          |    ^^^^^\n"},
        {STR("a: {b: c, d: e}"), 1, 8,
         "     f:1:8\n        1 | a: {b: c, d: e}\n          |        ^\n"},
        {STR("a: {{x.y}} z"), 1, 4,
         "     f:1:4\n        1 | a: {{x.y}} z\n          |    ^^^^^^^\n"},
        {STR("a\r\nb: c\r\n"), 2, 1, "     f:2:1\n        2 | b: c\n          | ^\n"},
        {STR("a\n"), 2, 1, "     f:2:1\n        2 | \n          | ^\n"},
        {STR("a\n"), 9, 1, ""},
        {STR("a\n"), 1, 99, "     f:1:2\n        1 | a\n          |  ^\n"},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(1 << 16);

        spot = lint_spot_of(cases[i].source, cases[i].line, cases[i].column, STR(""));
        lint_print_spot(&b, STR("f"), cases[i].source, &spot, &style);
        if (!str_is(strbuf_str(&b), cases[i].want))
            fail_msg("case %zu: got:\n" STR_FMT "want:\n%s", i, STR_ARG(strbuf_str(&b)),
                     cases[i].want);
    }
    {
        _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(1 << 16);
        struct str source = str_printf(a, STR_FMT "here: x", STR_ARG(filler));

        spot = lint_spot_of(source, 1, 201, STR("note"));
        lint_print_spot(&b, STR("f"), source, &spot, &colored);
        assert_true(str_is(strbuf_str(&b),
                           "     f:1:201: note\n     \x1b[34m   1 |\x1b[0m "
                           "012345678901234567890123456789here: x\n     \x1b[34m     |\x1b[0m "
                           "                              \x1b[31m^^^^\x1b[0m\n"));
    }
    spot = lint_spot_at(STR("ab\ncd\n"), 4, STR(""));
    assert_int_equal(spot.line, 2);
    assert_int_equal(spot.column, 2);
    spot = lint_spot_at(STR("ab\n"), JSON_NO_POS, STR(""));
    assert_int_equal(spot.line, 0);
}

/* ---- what is said ---- */

static struct str said(struct arena *a, const struct lint_result *results, size_t count,
                       struct lint_style style, int want)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(1 << 16);

    for (size_t i = 0; i < count; i++)
        lint_print_result(&b, &results[i], &style);
    assert_int_equal(lint_print_summary(&b, results, count, &style), want);
    return str_copy(a, strbuf_str(&b));
}

static struct lint_result result_of(struct arena *a, const char *file, const char *const *texts)
{
    struct lint_result r = {.file = str_from(file), .is_linted = true};

    for (; *texts; texts++) {
        struct lint_error e = {
            .rule = "rule", .object = STR_INIT("\"x\" (Workflow)"), .text = str_from(*texts)};

        VEC_APUSH(a, &r.errors, e);
    }
    return r;
}

static void test_output(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    const struct lint_result good = {.file = STR_INIT("good.yaml"), .is_linted = true},
                             other = {.file = STR_INIT("other.yaml")};
    const struct lint_result bad = result_of(a, "a.yaml", (const char *[]){"bad", NULL}),
                             worse = result_of(a, "b.yaml",
                                               (const char *[]){"worse", "worst", NULL});
    const struct lint_style pretty = {.output = LINT_PRETTY}, simple = {.output = LINT_SIMPLE},
                            colored = {.output = LINT_PRETTY, .has_color = true};
    const struct lint_result results[] = {bad, good, worse};

    (void) state;
    assert_true(str_is(said(a, &good, 1, pretty, 0), "✔ no linting errors found!\n"));
    assert_true(str_is(said(a, &good, 1, simple, 0), "no linting errors found!\n"));
    assert_true(
        str_is(said(a, &good, 1, colored, 0), "\x1b[32m✔\x1b[0m no linting errors found!\n"));
    assert_true(str_is(said(a, &other, 1, pretty, 1),
                       "✖ found nothing to lint in the specified paths, failing...\n"));
    assert_true(str_is(said(a, &other, 1, simple, 1),
                       "found nothing to lint in the specified paths, failing...\n"));
    assert_true(str_is(said(a, results, 3, pretty, 1),
                       "a.yaml:\n   ✖ in \"x\" (Workflow): bad\n\n"
                       "b.yaml:\n   ✖ in \"x\" (Workflow): worse\n"
                       "   ✖ in \"x\" (Workflow): worst\n\n"
                       "✖ 3 linting errors found!\n"));
    assert_true(str_is(said(a, results, 3, simple, 1), "a.yaml: in \"x\" (Workflow): bad\n"
                                                       "b.yaml: in \"x\" (Workflow): worse\n"
                                                       "b.yaml: in \"x\" (Workflow): worst\n"));
    assert_true(str_is(said(a, &bad, 1, colored, 1),
                       "\x1b[4ma.yaml\x1b[0m:\n   \x1b[31m✖\x1b[0m in \"x\" (Workflow): "
                       "bad\n\n\x1b[31m✖ 1 linting errors found!\x1b[0m\n"));
}

/* A warning is shown with spots only, and never counts; what argo cannot decode it tells aside.
 */
/* A Sensor with one dependency "d" and one log trigger; what is asked for stands in one of them. */
#define SENSOR(dependency, trigger)                                                         \
    HEAD("Sensor") "  dependencies:\n  - {name: d, eventSourceName: s, eventName: e" dependency \
                   "}\n  triggers:\n  - template: {name: t, log: {}" trigger "\n"

static void test_sensors(void **state)
{
    static const struct {
        const char *text, *want;
    } cases[] = {
        {SENSOR("", ", conditions: 'd && d'}"), ""},
        {SENSOR("", ", conditions: 'd || q'}"),
         "warning invalid conditions: conditions: unknown name q (1:14) [8:47+6 argo takes it, "
         "and the trigger never fires]\n"},
        {SENSOR("", ", conditions: ''}"), ""},
        {SENSOR(", transform: {jq: '.a'}", "}"), ""},
        {SENSOR(", transform: {jq: '.a |'}", "}"),
         "warning invalid jq program: jq: unexpected EOF at line 1, column 5 [6:66+4 argo takes "
         "it, and drops every event]\n"},
        {SENSOR(", transform: {script: 'return +'}", "}"),
         "warning invalid script: <string>:1: unexpected symbol near '+' [6:70+8 argo takes it, "
         "and drops every event]\n"},
        {SENSOR(", filters: {script: 'return 1 1'}", "}"),
         "warning invalid script: <string>:1: '<eof>' expected near '1' [6:68+10 argo takes it, "
         "and drops every event]\n"},
        {SENSOR(", filters: {exprs: [{expr: 'k > 1 && m == 2', fields: [{name: k, path: a}, "
                "{name: m, path: b}]}]}",
                "}"),
         ""},
        {SENSOR(", filters: {exprs: [{expr: 'k > 1 && q', fields: [{name: k, path: a}]}]}", "}"),
         "warning unknown name in an expression: q [6:84+1 argo takes it, and drops every "
         "event]\n"},
        {SENSOR(", filters: {exprs: [{expr: 'k >', fields: [{name: k, path: a}]}]}", "}"),
         "warning invalid expression: Unexpected end of expression [6:75+3 argo takes it, and "
         "drops every event]\n"},
        {SENSOR(", filters: {exprs: [{expr: 'k >'}]}", "}"),
         "spec.dependencies[0]: one of expr filters is not valid (expr and fields must be not "
         "empty) [6:5+1]\n"},
        {SENSOR("", "}\n    parameters: [{src: {dependencyName: d, dataTemplate: '{{ .Input.a }}'"
                    "}, dest: log}]"),
         ""},
        {SENSOR("", "}\n    parameters: [{src: {dependencyName: q, dataKey: a}, dest: log}]"),
         "warning unknown dependency: q [9:41+1 argo takes it, and the parameter has its value "
         "or none]\n"},
        {SENSOR("", "}\n    parameters: [{src: {dependencyName: d, dataTemplate: '{{ nope }}'}, "
                    "dest: log}]"),
         "warning invalid template: template: param:1: function \"nope\" not defined [9:59+10 "
         "argo takes it, and the parameter has its value or none]\n"},
        {SENSOR("", "}\n    parameters: [{src: {dependencyName: d, contextTemplate: '{{'}, dest: "
                    "log}]"),
         "warning invalid template: template: param:1: unclosed action [9:62+2 argo takes it, "
         "and the parameter has its value or none]\n"},
    };

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        _cleanup_arena_ struct arena *a = arena_new();
        struct str got = faults_of(a, cases[i].text);

        if (!str_is(got, cases[i].want))
            fail_msg("case %zu: " STR_FMT, i, STR_ARG(got));
    }
}

static void test_warnings(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    const struct lint_style argo = {.output = LINT_PRETTY},
                            own = {.output = LINT_PRETTY, .has_spots = true};
    struct lint_result r = result_of(a, "a.yaml", (const char *[]){"odd", "undecoded", NULL});

    (void) state;
    r.errors.at[0].level = LINT_WARNING;
    r.errors.at[1].is_decoding = true;
    assert_true(str_is(said(a, &r, 1, argo, 0), "✔ no linting errors found!\n"));
    assert_true(str_is(said(a, &r, 1, own, 1),
                       "a.yaml:\n   ⚠ in \"x\" (Workflow): odd\n"
                       "   ✖ in \"x\" (Workflow): undecoded\n\n✖ 1 linting errors found!\n"));
}

static void test_reports(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    static const char text[] = HEAD("Workflow") "  entrypont: m\n  templates: [{name: m}]\n";
    struct lint_documents all = read_all(a, text);
    struct lint_result r = {
        .file = STR_INIT("f.yaml"), .source = str_from(text), .is_linted = true};
    static const char *const want[] = {
        [LINT_JSON] =
            "{\"files\":1,\"linted\":1,\"errors\":1,\"warnings\":0,\"results\":[{\"file\":"
            "\"f.yaml\",\"level\":\"error\",\"rule\":\"unknown-field\",\"object\":"
            "\"\\\"flow\\\" "
            "(Workflow)\",\"message\":\"strict decoding error: unknown field "
            "\\\"spec.entrypont\\\"\",\"places\":[{\"line\":5,\"column\":3,\"endColumn\":12,"
            "\"note\":\"did you mean \\\"entrypoint\\\"?\"}]}]}",
        [LINT_SARIF] =
            "{\"ruleId\":\"unknown-field\",\"level\":\"error\",\"message\":{\"text\":\"in "
            "\\\"flow\\\" (Workflow): strict decoding error: unknown field "
            "\\\"spec.entrypont\\\" (did you mean \\\"entrypoint\\\"?)\"},\"locations\":[{"
            "\"physicalLocation\":{\"artifactLocation\":{\"uri\":\"f.yaml\"},\"region\":{"
            "\"startLine\":5,\"startColumn\":3,\"endColumn\":12}},\"message\":{\"text\":\"did "
            "you mean \\\"entrypoint\\\"?\"}}]}",
    };

    (void) state;
    lint_check(a, &all.list.at[0], 0, &all, &r);
    for (enum lint_output output = LINT_JSON; output <= LINT_SARIF; output++) {
        _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(1 << 16);
        const struct lint_style style = {.output = output, .has_spots = true};
        struct json v;
        struct str got;
        struct err err;

        lint_print_report(a, &b, &r, 1, &style);
        assert_int_equal(json_parse(a, strbuf_str(&b), &v, &err), 0);
        if (output == LINT_SARIF) {
            assert_true(str_is(json_get_str(&v, STR("version")), "2.1.0"));
            v = *json_item(json_get(json_item(json_get(&v, STR("runs")), 0), STR("results")),
                           0);
        }
        got = json_text(a, &v, JSON_COMPACT);
        if (!str_is(got, want[output]))
            fail_msg("got:\n" STR_FMT "\nwant:\n%s", STR_ARG(got), want[output]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_references),   cmocka_unit_test(test_names),
        cmocka_unit_test(test_fields),       cmocka_unit_test(test_broken),
        cmocka_unit_test(test_unknown_kind), cmocka_unit_test(test_spots),
        cmocka_unit_test(test_output),       cmocka_unit_test(test_warnings),
        cmocka_unit_test(test_sensors),
        cmocka_unit_test(test_reports)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
