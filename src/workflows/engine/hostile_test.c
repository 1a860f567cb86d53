/*
 * Workflows that want to break what reads them, each named after the report about the original:
 * outputs that hold pieces of JSON, labels and annotations that are not as their readers
 * expect.
 */
#include "workflows/engine/script_test.h"

#define PASSES_ON                                                                           \
    HEAD "  entrypoint: main\n"                                                             \
         "  templates:\n"                                                                   \
         "  - name: main\n"                                                                 \
         "    steps:\n"                                                                     \
         "    - - {name: one, template: say}\n"                                             \
         "    - - {name: use, template: say, arguments: {parameters: [{name: word, value: " \
         "%s}]}}\n" LEAF

/* What the second step's pod is asked for, without what the first printed. */
static struct json asked_with(struct arena *a, const char *takes, const struct json *result,
                              struct str *ret_arg)
{
    struct json script =
        json_set_path(a, NULL, *result, "$WF[0].one", "outputs", "result", NULL);
    struct runner r = {.ctx = &script};
    const struct json *tmpl, *container;
    struct json args, made;

    start(&r, a, str_cz(a, str_printf(a, PASSES_ON, takes)));
    wake(&r);
    runner_report(&r, 0);
    assert_int_equal(r.waiting.len, 1);
    tmpl = r.waiting.at[0]->request.template;
    container = json_get(tmpl, STR("container"));
    args = json_clone(a, json_get(container, STR("args")));
    assert_int_equal(args.count, 1);
    *ret_arg = json_str(json_item(&args, 0));
    made = json_without(a, container, STR("args"));
    made = json_set(a, tmpl, STR("container"), made);
    made = json_without(a, &made, STR("inputs"));
    made = json_clone(a, &made);
    runner_done(&r);
    return made;
}

/* CVE-2021-37914: what an untrusted value said went into the template as it stood, and could
 * give it other members. It stays one text, however the next step takes it. Tags in it are
 * filled in there, as golden vectors of the original have it (substitute-args-006). */
static void test_CVE_2021_37914_a_value_stays_a_value(void **state)
{
    static const char *const takes[] = {"'{{steps.one.outputs.result}}'",
                                        "\"{{=steps['one'].outputs.result}}\""};
    static const char *const results[] = {
        "\"], \"image\": \"evil\", \"args\": [\"x",
        "\\\"], \\\"image\\\": \\\"evil",
        "\n    image: evil",
        "{{",
        "}}",
        "\\u0022]",
        "\"}, {{inputs.parameters.word}}",
        "{{=env('PATH')}}",
        "{{=sprig.env('PATH')}}",
        "{{secrets.x}}",
    };
    _cleanup_arena_ struct arena *a = arena_new();
    const struct json plain = json_string(STR("plain"));

    (void) state;
    for (size_t k = 0; k < COUNT_OF(takes); k++) {
        struct str arg;
        const struct json want = asked_with(a, takes[k], &plain, &arg);

        assert_text(arg, "plain");
        for (size_t i = 0; i < COUNT_OF(results); i++) {
            const struct json result = json_string(str_from(results[i]));
            const struct json made = asked_with(a, takes[k], &result, &arg);

            if (!json_equal(&made, &want) || !str_is(arg, results[i]))
                fail_msg("%s: \"" STR_FMT "\" " STR_FMT, results[i], STR_ARG(arg),
                         STR_ARG(json_text(a, &made, JSON_COMPACT)));
        }
    }
}

/* CVE-2026-40886: a pod's annotation without a "/" ended the controller, again after each
 * start. No reader of a label or an annotation may expect a form. */
static void test_CVE_2026_40886_annotations_of_any_form(void **state)
{
    static const char *const keys[] = {
        "workflows.argoproj.io/pod-gc-strategy",   "workflows.argoproj.io/scheduled-time",
        "workflows.argoproj.io/display-name",      "workflows.argoproj.io/pod-name-format",
        "workflows.argoproj.io/completed",         "workflows.argoproj.io/phase",
        "workflows.argoproj.io/workflow-template", "workflows.argoproj.io/creator",
    };
    static const char *const values[] = {"",
                                         "/",
                                         "//",
                                         "OnPodCompletion",
                                         "a/b/c/d",
                                         "=",
                                         "{{",
                                         "{{=1}}",
                                         "-1",
                                         "\\u0001",
                                         ".",
                                         "..",
                                         "%n%s",
                                         "99999999999h",
                                         "OnPod/",
                                         "{",
                                         "[[[",
                                         "null",
                                         "2026-13-45T99",
                                         "/10s"};

    (void) state;
    for (size_t i = 0; i < COUNT_OF(keys) * COUNT_OF(values); i++) {
        _cleanup_arena_ struct arena *a = arena_new();
        const char *key = keys[i / COUNT_OF(values)], *value = values[i % COUNT_OF(values)];
        struct str map = str_printf(a, "{\"%s\": \"%s\"}", key, value);
        struct str yaml = str_printf(
            a,
            "metadata: {name: wf, namespace: default, uid: u-1, annotations: " STR_FMT
            ", labels: " STR_FMT "}\nspec:\n  entrypoint: say\n  templates:\n  - name: say\n"
            "    metadata: {annotations: " STR_FMT "}\n    annotations: " STR_FMT "\n"
            "    container: {image: busybox, args: [x]}\n",
            STR_ARG(map), STR_ARG(map), STR_ARG(map), STR_ARG(map));
        struct runner r = {0};

        start(&r, a, str_cz(a, yaml));
        runner_run(&r);
        if (!r.is_finished)
            fail_msg("%s: %s: the workflow does not end", key, value);
        assert_int_equal(r.asked, 1);
        runner_done(&r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_CVE_2021_37914_a_value_stays_a_value),
        cmocka_unit_test(test_CVE_2026_40886_annotations_of_any_form),
    };

    return cmocka_run_group_tests_name("engine_hostile", tests, NULL, NULL);
}
