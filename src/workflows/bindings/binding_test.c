/* Tests of WorkflowEventBindings: selectors, the Workflow that is made, what is wrong in the
 * original's words; and a namespace of bindings on a real store, one of which fails. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "formats/yaml.h"
#include "workflows/bindings/binding.h"

static struct json yaml(struct arena *a, const char *text)
{
    struct json v;
    struct err err;

    if (yaml_parse(a, str_from(text), &v, &err) < 0)
        fail_msg("%s: %s", err.text, text);
    return v;
}

static struct binding_event event_of(struct arena *a, const char *payload)
{
    struct json *values = ARENA_ARRAY(a, struct json, 2);

    values[0] = yaml(a, "{x-github-event: [push], x-twice: [a, b]}");
    values[1] = yaml(a, payload);
    return (struct binding_event){.ns = STR("argo"),
                                  .discriminator = STR("ci"),
                                  .metadata = &values[0],
                                  .payload = &values[1]};
}

static void test_selectors(void **state)
{
    static const struct {
        const char *selector;
        int result;
        const char *message; /* how it begins */
    } cases[] = {
        {"true", 1, NULL},
        {"false", 0, NULL},
        {"payload.name == 'x'", 1, NULL},
        {"payload.name == 'y'", 0, NULL},
        {"payload.count > 2", 1, NULL},
        {"payload.missing != nil", 0, NULL},
        {"discriminator == 'ci' && namespace == 'argo'", 1, NULL},
        {"metadata['x-github-event'] == ['push']", 1, NULL},
        {"metadata['x-twice'][1] == 'b'", 1, NULL},
        {"any(payload.list ?? [], {# startsWith 'a'})", 1, NULL},
        {"", -1, "failed to evaluate workflow template expression: "},
        {"payload.", -1, "failed to evaluate workflow template expression: "},
        {"payload.name", -1, "failed to evaluate workflow template expression: "},
        {"nothing.at.all == 1", -1, "failed to evaluate workflow template expression: "},
    };

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        _cleanup_arena_ struct arena *a = arena_new();
        struct binding_event event = event_of(a, "{name: x, count: 3, list: [b, ab]}");
        struct json binding = json_set_path(a, NULL, json_string(str_from(cases[i].selector)),
                                            "spec", "event", "selector", NULL);
        struct err err = {0};

        if (binding_matches(a, &binding, &event, &err) != cases[i].result)
            fail_msg("%s: %s", cases[i].selector, err.text);
        if (cases[i].message &&
            strncmp(err.text, cases[i].message, strlen(cases[i].message)) != 0)
            fail_msg("%s: %s", cases[i].selector, err.text);
    }
}

static void test_workflow(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct binding_event event =
        event_of(a, "{name: x, text: 'say \"hi\" <b>', count: 3, list: [1, a]}");
    struct json binding =
        yaml(a, "metadata: {name: my-binding}\n"
                "spec:\n  event: {selector: 'true'}\n  submit:\n"
                "    workflowTemplateRef: {name: tmpl}\n"
                "    metadata:\n      name: '\"made-of-\" + payload.name'\n"
                "      labels: {who: payload.name}\n      annotations: {from: discriminator}\n"
                "    arguments:\n      parameters:\n"
                "      - {name: name, valueFrom: {event: payload.name}}\n"
                "      - {name: text, valueFrom: {event: payload.text}}\n"
                "      - {name: count, valueFrom: {event: payload.count}}\n"
                "      - {name: list, valueFrom: {event: payload.list}}\n"
                "      - {name: all, valueFrom: {event: '{\"b\": payload.name, \"a\": 1}'}}\n"
                "      - {name: none, valueFrom: {event: payload.missing}}\n");
    struct json doc, want;
    struct err err;

    (void) state;
    if (binding_workflow(a, &binding, &event, &doc, &err) < 0)
        fail_msg("%s", err.text);
    want = yaml(a, "apiVersion: argoproj.io/v1alpha1\nkind: Workflow\n"
                   "metadata:\n  namespace: argo\n  name: made-of-x\n  generateName: tmpl-\n"
                   "  labels: {who: x, workflows.argoproj.io/workflow-event-binding: "
                   "my-binding}\n  annotations: {from: ci}\n"
                   "spec:\n  workflowTemplateRef: {name: tmpl}\n  arguments:\n    parameters:\n"
                   "    - {name: name, value: x}\n"
                   "    - {name: text, value: 'say \\\"hi\\\" <b>'}\n"
                   "    - {name: count, value: '3'}\n    - {name: list, value: '[1,\"a\"]'}\n"
                   "    - {name: all, value: '{\"a\":1,\"b\":\"x\"}'}\n"
                   "    - {name: none, value: 'null'}\n");
    if (!json_equal(&doc, &want))
        fail_msg(STR_FMT, STR_ARG(json_text(a, &doc, JSON_COMPACT)));
}

static void test_wrong(void **state)
{
    static const struct {
        const char *submit, *message;
    } cases[] = {
        {"{workflowTemplateRef: {name: t}, metadata: {name: payload.count}}",
         "workflow name expression must evaluate to a string, not a float64"},
        {"{workflowTemplateRef: {name: t}, metadata: {generateName: 'payload.'}}",
         "failed to evaluate workflow generateName expression: "},
        {"{workflowTemplateRef: {name: t}, metadata: {labels: {a: payload.missing}}}",
         "workflow label \"a\" expression must evaluate to a string, not a <nil>"},
        {"{workflowTemplateRef: {name: t}, metadata: {annotations: {a: '1 +'}}}",
         "failed to evaluate workflow annotation \"a\" expression: "},
        {"{workflowTemplateRef: {name: t}, arguments: {parameters: [{name: p, value: x}]}}",
         "malformed workflow template parameter \"p\": valueFrom is nil"},
        {"{workflowTemplateRef: {name: t}, arguments: {parameters: [{name: p, valueFrom: "
         "{path: x}}]}}",
         "malformed workflow template parameter \"p\": valueFrom.event is empty"},
        {"{workflowTemplateRef: {name: t}, arguments: {parameters: [{name: p, valueFrom: "
         "{event: '1 +'}}]}}",
         "failed to evaluate workflow template parameter \"p\" expression: "},
    };

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        _cleanup_arena_ struct arena *a = arena_new();
        struct binding_event event = event_of(a, "{count: 3}");
        struct json submit = yaml(a, cases[i].submit);
        struct json binding = json_set_path(a, NULL, submit, "spec", "submit", NULL), doc;
        struct err err = {0};

        assert_int_equal(binding_workflow(a, &binding, &event, &doc, &err), -1);
        if (strncmp(err.text, cases[i].message, strlen(cases[i].message)) != 0)
            fail_msg("case %zu: %s", i, err.text);
    }
}

static void test_submits_nothing(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct binding_event event = event_of(a, "{}");
    struct json binding = yaml(a, "spec: {event: {selector: 'true'}}"), doc;
    struct err err;

    (void) state;
    assert_int_equal(binding_workflow(a, &binding, &event, &doc, &err), 0);
    assert_int_equal(doc.type, JSON_NULL);
}

/* ---- on a store ---- */

struct world {
    char path[64];
    struct arena *a;
    struct loop *loop;
    struct store *store;
    struct workflow_submitter submitter;
    int refusals;
};

static int setup(void **state)
{
    struct world *w = NEW(struct world);
    struct err err;

    snprintf(w->path, sizeof(w->path), "/tmp/tiphys-binding-XXXXXX");
    assert_non_null(mkdtemp(w->path));
    w->a = arena_new();
    w->loop = loop_new(&err);
    w->store = store_open(&(struct store_options){.path = w->path, .loop = w->loop}, &err);
    assert_non_null(w->store);
    workflow_submitter_init(&w->submitter, w->store);
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    static const char *const names[] = {"state.db", "state.db-wal", "state.db-shm",
                                        "state.lock"};
    struct world *w = *state;
    char file[128];

    store_close(w->store);
    loop_free(w->loop);
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        snprintf(file, sizeof(file), "%s/%s", w->path, names[i]);
        unlink(file);
    }
    rmdir(w->path);
    arena_free(w->a);
    free(w);
    return 0;
}

static void create(struct world *w, const char *text)
{
    struct json doc = yaml(w->a, text);
    const struct store_object *made;
    struct err err;

    if (w->submitter.create(w->submitter.ctx, &doc, STR("argo"), STR(""), &made, &err) < 0)
        fail_msg("%s", err.text);
    store_object_unref(made);
}

static void create_binding(struct world *w, const char *name, const char *selector,
                           const char *tmpl)
{
    create(w, str_printf(w->a,
                         "apiVersion: argoproj.io/v1alpha1\nkind: WorkflowEventBinding\n"
                         "metadata: {name: %s}\nspec:\n  event: {selector: \"%s\"}\n  submit: "
                         "{workflowTemplateRef: {name: %s}}\n",
                         name, selector, tmpl)
                  .ptr);
}

static size_t count_workflows(struct world *w)
{
    const struct store_query q = {.group = STR("argoproj.io"),
                                  .kind = STR("Workflow"),
                                  .ns = STR("argo"),
                                  .name_prefix = STR(""),
                                  .continue_token = STR("")};
    struct store_list list;
    size_t count;
    struct err err;

    assert_int_equal(store_list(w->store, w->a, &q, &list, &err), 0);
    count = list.len;
    store_list_done(&list);
    return count;
}

static int refuse(void *ctx, const struct json *workflow, struct err *err)
{
    ((struct world *) ctx)->refusals++;
    assert_non_null(json_path(workflow, "spec", "workflowTemplateRef", NULL));
    return err_set(err, ERR_DENIED, "you may not");
}

static void test_dispatch(void **state)
{
    struct world *w = *state;
    struct binding_event event = event_of(w->a, "{name: x}");
    struct binding_dispatch d = {
        .store = w->store, .submitter = &w->submitter, .creator = STR("")};
    struct binding_failure *failures;
    size_t count;
    struct err err;

    create(w, "apiVersion: argoproj.io/v1alpha1\nkind: WorkflowTemplate\nmetadata: {name: t}\n"
              "spec: {entrypoint: m, templates: [{name: m, container: {image: i}}]}\n");
    create_binding(w, "a-fits", "payload.name == 'x'", "t");
    create_binding(w, "b-fits-not", "payload.name == 'y'", "t");
    create_binding(w, "c-wrong", "payload.", "t");
    create_binding(w, "d-no-template", "true", "nothing");
    create_binding(w, "e-fits", "true", "t");
    assert_int_equal(binding_dispatch(&d, w->a, &event, &failures, &count, &err), 2);
    assert_int_equal(count, 2);
    assert_true(str_is(failures[0].name, "c-wrong"));
    assert_true(str_is(failures[1].name, "d-no-template"));
    assert_true(str_starts(failures[1].text, STR("failed to create workflow: ")));
    assert_int_equal(count_workflows(w), 2);
    event.ns = STR("other"); /* no bindings there */
    assert_int_equal(binding_dispatch(&d, w->a, &event, &failures, &count, &err), 0);
    assert_int_equal(count, 0);
    event.ns = STR("argo");
    d.check = refuse;
    d.ctx = w;
    assert_int_equal(binding_dispatch(&d, w->a, &event, &failures, &count, &err), 0);
    assert_int_equal(w->refusals, 3);
    assert_int_equal(count_workflows(w), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_selectors),
        cmocka_unit_test(test_workflow),
        cmocka_unit_test(test_wrong),
        cmocka_unit_test(test_submits_nothing),
        cmocka_unit_test_setup_teardown(test_dispatch, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
