/* The family of triggers: the table, which driver a template means, and what the log trigger
 * writes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "events/triggers/trigger.h"
#include "workflows/submit/rights.h"

static void test_table(void **state)
{
    size_t count;
    const struct trigger_driver *const *drivers = trigger_drivers(&count);

    (void) state;
    assert_true(count >= 1);
    for (size_t i = 0; i < count; i++) {
        assert_true(i == 0 || strcmp(drivers[i - 1]->kind, drivers[i]->kind) < 0);
        assert_non_null(drivers[i]->summary);
        assert_true(drivers[i]->ops ? drivers[i]->ops->fire != NULL
                                    : drivers[i]->missing != NULL);
    }
}

static void test_driver_of_a_template(void **state)
{
    static const struct {
        const char *template, *error;
    } cases[] = {
        {"{\"name\":\"t\",\"log\":{}}", NULL},
        {"{\"name\":\"t\",\"slack\":{}}", "template.slack is not supported yet"},
        {"{\"name\":\"t\",\"slack\":{},\"log\":{}}", "template.slack is not supported yet"},
        {"{\"name\":\"t\",\"k8s\":{},\"log\":{}}",
         "trigger template \"t\" names k8s and log: one must be given"},
        {"{\"name\":\"t\"}", "trigger template \"t\" names no kind of trigger"},
    };
    _cleanup_arena_ struct arena *a = arena_new();

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const struct trigger_driver *driver;
        struct err err = {0};
        struct json v;

        assert_int_equal(json_parse(a, str_from(cases[i].template), &v, &err), 0);
        driver = trigger_driver_of(&v, &err);
        if ((driver == NULL) != (cases[i].error != NULL) ||
            (cases[i].error && strcmp(err.text, cases[i].error) != 0))
            fail_msg("case %zu: %s", i, err.text);
    }
}

/* Fires the log trigger for an event with this context; what the log holds then. */
static void check_log(struct arena *a, struct str context_text, const char *want)
{
    const struct trigger_services services = {0};
    struct trigger_event event = {.dependency = STR("dep"), .data = STR("{\"a\":1}")};
    struct trigger_request req = {.sensor = STR("s"),
                                  .trigger = STR("t"),
                                  .ns = STR("argo"),
                                  .events = &event,
                                  .event_count = 1};
    struct trigger_result result;
    struct json context, template;
    char text[1024];
    ssize_t len;
    int fds[2];
    struct err err;

    assert_int_equal(json_parse(a, context_text, &context, &err), 0);
    assert_int_equal(json_parse(a, STR("{\"log\":{}}"), &template, &err), 0);
    event.context = &context;
    assert_int_equal(pipe(fds), 0);
    log_setup(LOG_FORMAT_JSON, LOG_LEVEL_INFO, fds[1]);
    assert_int_equal(
        trigger_driver_of(&template, &err)->ops->fire(&services, a, &req, &result, &err), 0);
    len = read(fds[0], text, sizeof(text) - 1);
    assert_true(len > 0);
    text[len] = '\0';
    if (!strstr(text, want))
        fail_msg("%s is not in %s", want, text);
    assert_true(str_is(result.detail, "logged"));
    close(fds[0]);
    close(fds[1]);
}

static void test_log(void **state)
{
    static const char *const text = "\"data\":\"{\\\"a\\\":1}\"",
                             *base64 = "\"data\":\"eyJhIjoxfQ==\"";
    static const struct {
        const char *type;
        bool is_text;
    } cases[] = {
        {"application/json", true}, {"text/plain; charset=utf-8", true},
        {"Text/Plain", true},       {"application/octet-stream", false},
        {"text/html", false},       {"", false},
    };
    _cleanup_arena_ struct arena *a = arena_new();

    (void) state;
    check_log(a, STR("{\"id\":\"e1\",\"datacontenttype\":\"application/json\"}"),
              "\"sensorName\":\"s\",\"triggerName\":\"t\",\"dependencyName\":\"dep\","
              "\"eventID\":\"e1\",\"data\":\"{\\\"a\\\":1}\"");
    check_log(a, STR("{\"id\":\"e1\"}"), base64);
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        check_log(a, str_printf(a, "{\"id\":\"e1\",\"datacontenttype\":\"%s\"}", cases[i].type),
                  cases[i].is_text ? text : base64);
}

/* ---- triggers that make objects, on a submitter that notes what it is asked for ---- */

struct asked {
    const char *what;
    struct str doc, ns, mark; /* in the arena */
    bool may_generate;
    struct arena *a;
    enum err_kind failure; /* to answer with */
};

static int answer(struct asked *asked, const struct json *doc, const struct store_object **ret,
                  struct err *err)
{
    asked->doc = json_text(asked->a, doc, JSON_SORT_KEYS);
    if (asked->failure)
        return err_set(err, asked->failure, "refused");
    *ret = store_object_of(doc);
    return 0;
}

static int note_submit(void *ctx, const struct json *doc,
                       const struct workflow_submit_options *options,
                       const struct store_object **ret, struct err *err)
{
    struct asked *asked = ctx;

    asked->what = "submit";
    asked->ns = options->ns;
    asked->mark = options->once_mark;
    asked->may_generate = options->name_or_generate;
    return answer(asked, doc, ret, err);
}

static int note_create(void *ctx, const struct json *doc, struct str ns, struct str mark,
                       const struct store_object **ret, struct err *err)
{
    struct asked *asked = ctx;

    asked->what = "create";
    asked->ns = ns;
    asked->mark = mark;
    return answer(asked, doc, ret, err);
}

struct maker_row {
    const char *template, *what, *ns, *part, *error;
};

static void check_makers(const struct maker_row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        _cleanup_arena_ struct arena *a = arena_new();
        struct asked asked = {.a = a};
        struct workflow_submitter submitter = {
            .ctx = &asked, .submit = note_submit, .create = note_create};
        const struct trigger_services services = {.submitter = &submitter};
        struct trigger_request req = {
            .sensor = STR("s"), .trigger = STR("t"), .ns = STR("sns"), .mark = STR("m")};
        const struct trigger_driver *driver;
        struct trigger_result result = {0};
        struct json template, resource;
        struct err err = {0};
        int code;

        assert_int_equal(json_parse(a, str_from(rows[i].template), &template, &err), 0);
        driver = trigger_driver_of(&template, &err);
        assert_non_null(driver);
        assert_int_equal(driver->place, TRIGGER_ON_WORKER);
        req.template = &template;
        assert_int_equal(driver->ops->fetch(&services, a, &req, &resource, &result, &err), 0);
        req.resource = &resource;
        code = driver->ops->fire(&services, a, &req, &result, &err);
        if ((code < 0) != (rows[i].error != NULL) ||
            (code < 0 && strcmp(err.text, rows[i].error)))
            fail_msg("row %zu: %s", i, err.text);
        if (code < 0)
            continue;
        assert_string_equal(asked.what, rows[i].what);
        assert_true(str_is(asked.ns, rows[i].ns) && str_is(asked.mark, "m"));
        assert_true(asked.may_generate == (strcmp(rows[i].what, "submit") == 0));
        if (str_find(asked.doc, str_from(rows[i].part)) == SIZE_MAX)
            fail_msg("row %zu: " STR_FMT, i, STR_ARG(asked.doc));
        assert_int_not_equal(str_find(result.detail, STR("created ")), SIZE_MAX);
        asked.failure = ERR_TRANSIENT; /* told as it is: the core decides about another try */
        assert_int_equal(driver->ops->fire(&services, a, &req, &result, &err), -1);
        assert_int_equal(err.kind, ERR_TRANSIENT);
    }
}

/* ---- as whom ---- */

struct rights_notes {
    struct arena *a;
    struct str first;
    bool is_all; /* the first is allowed */
};

static int note_right(void *ctx, const struct submit_act *act, struct err *err)
{
    struct rights_notes *notes = ctx;
    struct str text = str_printf(notes->a, STR_FMT ":" STR_FMT " %s %s " STR_FMT "/" STR_FMT,
                                 STR_ARG(act->ns), STR_ARG(act->account), act->verb,
                                 act->kind->plural, STR_ARG(act->of_ns), STR_ARG(act->name));

    if (notes->is_all && str_is_none(notes->first)) {
        notes->first = text;
        return 0;
    }
    notes->first = str_is_none(notes->first) ? text
                                             : str_printf(notes->a, STR_FMT ", " STR_FMT,
                                                          STR_ARG(notes->first), STR_ARG(text));
    return err_set(err, ERR_DENIED, "no right");
}

/* Nothing is done that the sensor's ServiceAccount may not. */
static void test_rights(void **state)
{
#define MAP                                                                                 \
    "\"source\":{\"resource\":{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{" \
    "\"name\":\"c\"}}}"
#define FLOW(kind)                                                                       \
    "\"source\":{\"resource\":{\"apiVersion\":\"argoproj.io/v1alpha1\",\"kind\":\"" kind \
    "\",\"metadata\":{\"name\":\"w\",\"namespace\":\"o\"}}}"
    static const struct {
        const char *template, *account, *want;
        bool is_all;
    } rows[] = {
        {"{\"k8s\":{" MAP "}}", "", "sns:default create configmaps sns/", false},
        {"{\"k8s\":{\"operation\":\"update\"," MAP "}}", "a", "sns:a update configmaps sns/c",
         false},
        {"{\"k8s\":{\"operation\":\"patch\"," MAP "}}", "a", "sns:a patch configmaps sns/c",
         false},
        {"{\"k8s\":{\"operation\":\"delete\"," MAP "}}", "a", "sns:a delete configmaps sns/c",
         false},
        {"{\"k8s\":{\"operation\":\"submit\"," FLOW("Workflow") "}}", "a",
         "sns:a create workflows o/", false},
        {"{\"argoWorkflow\":{" FLOW("Workflow") "}}", "a", "sns:a create workflows o/", false},
        {"{\"argoWorkflow\":{\"operation\":\"submit-from\"," FLOW("WorkflowTemplate") "}}", "a",
         "sns:a get workflowtemplates o/w, sns:a create workflows o/", true},
        {"{\"argoWorkflow\":{\"operation\":\"submit-from\"," FLOW("CronWorkflow") "}}", "a",
         "sns:a get cronworkflows o/w", false},
        {"{\"argoWorkflow\":{\"operation\":\"resubmit\"," FLOW("Workflow") "}}", "a",
         "sns:a get workflows o/w, sns:a create workflows o/", true},
        {"{\"argoWorkflow\":{\"operation\":\"suspend\"," FLOW("Workflow") "}}", "a",
         "sns:a get workflows o/w, sns:a update workflows o/w", true},
        {"{\"argoWorkflow\":{\"operation\":\"stop\"," FLOW("Workflow") "}}", "a",
         "sns:a get workflows o/w, sns:a patch workflows o/w", true},
    };

    (void) state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        _cleanup_arena_ struct arena *a = arena_new();
        struct rights_notes notes = {.a = a, .first = STR_NONE, .is_all = rows[i].is_all};
        const struct submit_rights rights = {&notes, note_right};
        struct workflow_submitter submitter = {.rights = &rights};
        const struct trigger_services services = {.submitter = &submitter};
        struct trigger_request req = {.sensor = STR("s"),
                                      .trigger = STR("t"),
                                      .ns = STR("sns"),
                                      .mark = STR("m"),
                                      .account = str_from(rows[i].account)};
        const struct trigger_driver *driver;
        struct trigger_result result = {0};
        struct json template, resource;
        struct err err = {0};

        assert_int_equal(json_parse(a, str_from(rows[i].template), &template, &err), 0);
        driver = trigger_driver_of(&template, &err);
        req.template = &template;
        assert_int_equal(driver->ops->fetch(&services, a, &req, &resource, &result, &err), 0);
        req.resource = &resource;
        assert_int_equal(driver->ops->fire(&services, a, &req, &result, &err), -1);
        assert_int_equal(err.kind, ERR_DENIED);
        if (!str_is(notes.first, rows[i].want))
            fail_msg("row %zu: " STR_FMT, i, STR_ARG(notes.first));
    }
}

static void test_k8s(void **state)
{
    static const struct maker_row rows[] = {
        {"{\"k8s\":{\"source\":{\"resource\":{\"kind\":\"ConfigMap\",\"metadata\":{\"name\":"
         "\"c\"}}}}}",
         "create", "sns",
         "\"events.argoproj.io/sensor\":\"s\",\"events.argoproj.io/trigger\":\"t\"", NULL},
        {"{\"k8s\":{\"operation\":\"submit\",\"source\":{\"resource\":{\"kind\":\"Workflow\","
         "\"metadata\":{"
         "\"name\":\"w\",\"namespace\":\"other\"}}}}}",
         "submit", "", "\"namespace\":\"other\"", NULL},
        {"{\"k8s\":{\"source\":{\"resource\":{\"kind\":\"ConfigMap\",\"metadata\":{\"name\":"
         "\"c\",\"labels\":{\"keep\":\"me\"}}}}}}",
         "create", "sns", "\"events.argoproj.io/trigger\":\"t\",\"keep\":\"me\"}", NULL},
        {"{\"k8s\":{\"source\":{\"resource\":{\"kind\":\"ConfigMap\",\"metadata\":{\"name\":"
         "\"c\",\"labels\":{\"lost\":\"1\",\"number\":1}}}}}}",
         "create", "sns", "\"events.argoproj.io/trigger\":\"t\"},\"name\":\"c\"", NULL},
        {"{\"k8s\":{\"source\":{\"resource\":{\"kind\":\"ConfigMap\",\"metadata\":{\"name\":"
         "\"c\",\"labels\":[\"a\"]}}}}}",
         "create", "sns", "\"events.argoproj.io/trigger\":\"t\"},\"name\":\"c\"", NULL},
        {"{\"k8s\":{\"operation\":\"submit\",\"source\":{\"resource\":{\"kind\":\"ConfigMap\"}}"
         "}}",
         NULL, NULL, NULL, "only a Workflow can be submitted, this is a ConfigMap"},
    };

    (void) state;
    check_makers(rows, COUNT_OF(rows));
}

static void test_argoWorkflow(void **state)
{
    static const struct maker_row rows[] = {
        {"{\"argoWorkflow\":{\"operation\":\"submit\",\"source\":{\"resource\":{\"kind\":"
         "\"Workflow\",\"metadata\":{"
         "\"name\":\"w\"}}}}}",
         "submit", "sns", "\"events.argoproj.io/action-timestamp\":\"1", NULL},
    };

    (void) state;
    check_makers(rows, COUNT_OF(rows));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table), cmocka_unit_test(test_driver_of_a_template),
        cmocka_unit_test(test_log),   cmocka_unit_test(test_rights),
        cmocka_unit_test(test_k8s),   cmocka_unit_test(test_argoWorkflow)};

    return cmocka_run_group_tests_name("triggers", tests, NULL, NULL);
}
