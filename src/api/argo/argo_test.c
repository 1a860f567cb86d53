/* Argo's API, its pure parts: routes, fields, errors, options, filters. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "api/argo/argo.h"
#include "api/argo/fields.h"
#include "api/argo/gateway.h"
#include "api/argo/list_filter.h"
#include "api/argo/objects.h"
#include "api/argo/submit_options.h"
#include "api/argo/workflow_list.h"

static int setup(void **state)
{
    *state = arena_new();
    return 0;
}

static int teardown(void **state)
{
    arena_free(*state);
    return 0;
}

static struct json read_json(struct arena *a, const char *text)
{
    struct json v = json_null();
    struct err err;

    if (json_parse(a, str_from(text), &v, &err) < 0)
        fail_msg("%s: %s", text, err.text);
    return v;
}

static void is_json(struct arena *a, size_t row, const struct json *v, const char *want)
{
    struct str got = json_text(a, v, JSON_COMPACT);

    if (!str_is(got, want))
        fail_msg("row %zu: " STR_FMT ", not %s", row, STR_ARG(got), want);
}

/* ---- routes ---- */

static void test_route(void **state)
{
    static const struct {
        const char *method, *path, *operation; /* NULL: none */
        const char *variables;                 /* "name=value " each */
    } rows[] = {
        {"GET", "/api/v1/workflows/argo", "ListWorkflows", "namespace=argo "},
        {"GET", "/api/v1/workflows/", "ListWorkflows", "namespace= "},
        {"GET", "/api/v1/workflows", "ListWorkflows", "namespace= "},
        {"POST", "/api/v1/workflows/argo", "CreateWorkflow", "namespace=argo "},
        {"POST", "/api/v1/workflows/argo/lint", "LintWorkflow", "namespace=argo "},
        {"POST", "/api/v1/workflows/argo/submit", "SubmitWorkflow", "namespace=argo "},
        {"GET", "/api/v1/workflows/argo/x", "GetWorkflow", "namespace=argo name=x "},
        {"GET", "/api/v1/workflows/argo/lint", "GetWorkflow", "namespace=argo name=lint "},
        {"DELETE", "/api/v1/workflows/argo/x", "DeleteWorkflow", "namespace=argo name=x "},
        {"GET", "/api/v1/workflows/argo/x/log", "WorkflowLogs", "namespace=argo name=x "},
        {"GET", "/api/v1/workflows/argo/x/p/log", "PodLogs",
         "namespace=argo name=x podName=p "},
        {"PUT", "/api/v1/workflows/argo/x/stop", "StopWorkflow", "namespace=argo name=x "},
        {"GET", "/api/v1/workflow-events/argo", "WatchWorkflows", "namespace=argo "},
        {"GET", "/api/v1/workflow-events/", "WatchWorkflows", "namespace= "},
        {"GET", "/api/v1/cluster-workflow-templates", "ListClusterWorkflowTemplates", ""},
        {"POST", "/api/v1/cluster-workflow-templates/lint", "LintClusterWorkflowTemplate", ""},
        {"GET", "/api/v1/cluster-workflow-templates/x", "GetClusterWorkflowTemplate",
         "name=x "},
        {"POST", "/api/v1/events/argo/hook", "ReceiveEvent",
         "namespace=argo discriminator=hook "},
        {"POST", "/api/v1/events/argo/", "ReceiveEvent", "namespace=argo discriminator= "},
        {"GET", "/api/v1/stream/sensors/argo/logs", "SensorsLogs", "namespace=argo "},
        {"GET", "/artifact-files/a/workflows/w/n/outputs/main/sub/file", "GetArtifactFile",
         "namespace=a idDiscriminator=workflows id=w nodeId=n artifactDiscriminator=outputs "
         "artifactName=main/sub/file "},
        {"GET", "/api/v1/version", "GetVersion", ""},
        {"GET", "/api/v1/archived-workflows/u", "GetArchivedWorkflow", "uid=u "},
        /* Nothing: the resource API's, another method, too long, too short. */
        {"GET", "/api/v1/events/argo/hook", NULL, NULL},
        {"GET", "/api/v1/secrets", NULL, NULL},
        {"GET", "/api/v1/namespaces/argo/secrets", NULL, NULL},
        {"PATCH", "/api/v1/workflows/argo/x", NULL, NULL},
        {"GET", "/api/v1/workflows/argo/x/y", NULL, NULL},
        {"PUT", "/api/v1/workflows/argo//stop", NULL, NULL},
        {"GET", "/api/v1/version/more", NULL, NULL},
        {"GET", "/api/v1", NULL, NULL},
        {"GET", "/", NULL, NULL},
        {"GET", "", NULL, NULL},
        {"GET", "api/v1/version", NULL, NULL},
    };
    struct arena *a = *state;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct argo_route route;
        bool is_found = argo_route(str_from(rows[i].method), str_from(rows[i].path), &route);
        struct str variables = STR("");

        if (is_found != (rows[i].operation != NULL))
            fail_msg("row %zu: %s %s: %s", i, rows[i].method, rows[i].path,
                     is_found ? route.operation->name : "no operation");
        if (!is_found)
            continue;
        for (size_t k = 0; k < route.variable_count; k++)
            variables =
                str_printf(a, STR_FMT STR_FMT "=" STR_FMT " ", STR_ARG(variables),
                           STR_ARG(route.variables[k].name), STR_ARG(route.variables[k].value));
        if (strcmp(route.operation->name, rows[i].operation) != 0 ||
            !str_is(variables, rows[i].variables))
            fail_msg("row %zu: %s with " STR_FMT, i, route.operation->name, STR_ARG(variables));
    }
}

/* A path of the table leads to its own row: no row hides another. */
static void test_no_row_is_hidden(void **state)
{
    size_t count;
    const struct argo_operation *table = argo_operations(&count);
    struct arena *a = *state;

    assert_int_equal(count, 77);
    for (size_t i = 0; i < count; i++) {
        char *path = str_cz(a, str_from(table[i].path));
        struct argo_route route;

        for (char *at = path; *at; at++) /* {name=**} becomes a name */
            if (*at == '{' || *at == '}' || *at == '=' || *at == '*')
                *at = '_';
        assert_true(argo_route(str_from(table[i].method), str_from(path), &route));
        if (route.operation != &table[i])
            fail_msg("%s %s leads to %s", table[i].method, table[i].path,
                     route.operation->path);
    }
}

/* ---- fields ---- */

static void test_fields(void **state)
{
    static const char list[] = "{\"metadata\":{\"continue\":\"1\"},\"items\":[{\"metadata\":"
                               "{\"name\":\"a\",\"uid\":\"u\"},\"status\":{\"phase\":\"P\","
                               "\"nodes\":{\"n\":{\"id\":1}}}}]}";
    static const struct {
        const char *fields, *prefix, *doc, *want;
    } rows[] = {
        {"", "", "{\"a\":1}", "{\"a\":1}"},
        {"a", "", "{\"a\":{\"b\":1},\"c\":2}", "{\"a\":{\"b\":1}}"},
        {"a.b", "", "{\"a\":{\"b\":1,\"d\":2},\"c\":2}", "{\"a\":{\"b\":1}}"},
        {"-a.b", "", "{\"a\":{\"b\":1,\"d\":2},\"c\":2}", "{\"a\":{\"d\":2},\"c\":2}"},
        {"x", "", "{\"a\":1}", "{}"},
        {"-x", "", "{\"a\":1}", "{\"a\":1}"},
        {"items.metadata.name,metadata", "", list,
         "{\"metadata\":{\"continue\":\"1\"},\"items\":[{\"metadata\":{\"name\":\"a\"}}]}"},
        {"-items.status.nodes,items.metadata.uid", "", list,
         "{\"metadata\":{\"continue\":\"1\"},\"items\":[{\"metadata\":{\"name\":\"a\"},"
         "\"status\":{\"phase\":\"P\"}}]}"},
        {"result.object.a,result.type", "result.object.", "{\"a\":1,\"b\":2}", "{\"a\":1}"},
        {"-result.object.a", "result.object.", "{\"a\":1,\"b\":2}", "{\"b\":2}"},
        /* A member whose name begins a named one is kept, as the original does. */
        {"metadata", "", "{\"meta\":{\"metadata\":1},\"m\":2}", "{\"meta\":{},\"m\":2}"},
        {"a", "", "{\"a\":null}", "{\"a\":null}"},
        {",", "", "{\"a\":1}", "{}"},
    };
    struct arena *a = *state;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct json doc = read_json(a, rows[i].doc);
        struct json got = argo_fields_clean(a, str_from(rows[i].fields), rows[i].prefix, &doc);

        is_json(a, i, &got, rows[i].want);
    }
}

static void test_fields_exclude(void **state)
{
    static const struct {
        const char *fields, *path;
        bool is_excluded;
    } rows[] = {
        {"", "items.status.nodes", false},
        {"metadata", "items.status.nodes", true},
        {"items.status.nodes", "items.status.nodes", false},
        {"items.status", "items.status.nodes", false},
        {"items", "items.status.nodes", false},
        {"items.status.nodes.x", "items.status.nodes", false},
        {"items.status.phase,items.metadata", "items.status.nodes", true},
        {"-items.status.nodes", "items.status.nodes", true},
        {"-items.status", "items.status.nodes", true},
        {"-items.stat", "items.status.nodes", false},
        {"-items.status.nodes.x", "items.status.nodes", false},
        {"-metadata", "items.status.nodes", false},
    };

    (void) state;
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (argo_fields_exclude(str_from(rows[i].fields), "", str_from(rows[i].path)) !=
            rows[i].is_excluded)
            fail_msg("row %zu: %s", i, rows[i].fields);
}

/* ---- errors ---- */

static void test_errors(void **state)
{
    static const struct {
        enum err_kind kind;
        unsigned http;
        const char *body, *stream;
    } rows[] = {
        {ERR_INVALID, 400, "{\"code\":3,\"message\":\"x\"}",
         "{\"error\":{\"grpc_code\":3,\"http_code\":400,\"message\":\"x\",\"http_status\":"
         "\"Bad Request\"}}"},
        {ERR_NOT_FOUND, 404, "{\"code\":5,\"message\":\"x\"}", NULL},
        {ERR_EXISTS, 409, "{\"code\":6,\"message\":\"x\"}", NULL},
        {ERR_CONFLICT, 409, "{\"code\":6,\"message\":\"x\"}", NULL},
        {ERR_DENIED, 403, "{\"code\":7,\"message\":\"x\"}", NULL},
        {ERR_UNAUTHORIZED, 401, "{\"code\":16,\"message\":\"x\"}", NULL},
        {ERR_GONE, 400, "{\"code\":3,\"message\":\"x\"}", NULL},
        {ERR_LIMIT, 429, "{\"code\":8,\"message\":\"x\"}", NULL},
        {ERR_UNSUPPORTED, 501, "{\"code\":12,\"message\":\"x\"}", NULL},
        {ERR_TRANSIENT, 503, "{\"code\":14,\"message\":\"x\"}", NULL},
        {ERR_TIMEOUT, 504, "{\"code\":4,\"message\":\"x\"}", NULL},
        {ERR_IO, 503, "{\"code\":14,\"message\":\"x\"}", NULL},
        {ERR_INTERNAL, 500, "{\"code\":13,\"message\":\"x\"}",
         "{\"error\":{\"grpc_code\":13,\"http_code\":500,\"message\":\"x\",\"http_status\":"
         "\"Internal Server Error\"}}"},
    };
    struct arena *a = *state;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct err err;
        struct json v;

        err_set(&err, rows[i].kind, "x");
        assert_int_equal(argo_code_of(rows[i].kind).http, rows[i].http);
        v = argo_error_value(a, &err);
        is_json(a, i, &v, rows[i].body);
        v = argo_stream_error_value(a, &err);
        if (rows[i].stream)
            is_json(a, i, &v, rows[i].stream);
    }
}

/* ---- options of a submission ---- */

static void test_submit_options(void **state)
{
    struct arena *a = *state;
    struct json body = read_json(
        a, "{\"submitOptions\":{\"name\":\"n\",\"generateName\":\"g-\",\"entryPoint\":\"e\","
           "\"serviceAccount\":\"s\",\"labels\":\"a=b\",\"annotations\":\"c=d\","
           "\"parameters\":[\"x=1\",\"y=2\"],\"priority\":-3,\"serverDryRun\":true,"
           "\"ownerReference\":null,\"podPriorityClassName\":\"\"}}");
    struct workflow_submit_options o;
    struct err err;

    assert_int_equal(argo_submit_options(a, &body, &o, &err), 0);
    assert_true(str_is(o.name, "n"));
    assert_true(str_is(o.generate_name, "g-"));
    assert_true(str_is(o.entrypoint, "e"));
    assert_true(str_is(o.service_account, "s"));
    assert_true(str_is(o.labels, "a=b"));
    assert_true(str_is(o.annotations, "c=d"));
    assert_int_equal(o.parameter_count, 2);
    assert_true(str_is(o.parameters[1], "y=2"));
    assert_int_equal(o.priority, -3);
    assert_true(o.has_priority);
    assert_true(o.dry_run);
    body = read_json(a, "{}");
    assert_int_equal(argo_submit_options(a, &body, &o, &err), 0);
    assert_false(o.has_priority);
    assert_false(o.dry_run);
    assert_true(str_is_empty(o.name));
}

static void test_wrong_submit_options(void **state)
{
    static const struct {
        const char *options, *want;
    } rows[] = {
        {"[]", "submitOptions: an object is expected"},
        {"{\"name\":1}", "submitOptions.name: a text is expected"},
        {"{\"parameters\":\"x=1\"}", "submitOptions.parameters: a list is expected"},
        {"{\"parameters\":[\"x=1\",2]}",
         "submitOptions.parameters[1]: a text NAME=VALUE is expected"},
        {"{\"priority\":\"1\"}",
         "submitOptions.priority: a whole number of 32 bits is expected"},
        {"{\"priority\":3000000000}",
         "submitOptions.priority: a whole number of 32 bits is expected"},
        {"{\"ownerReference\":{}}", "submitOptions.ownerReference is not supported yet"},
        {"{\"podPriorityClassName\":\"x\"}",
         "submitOptions.podPriorityClassName is not supported yet"},
    };
    struct arena *a = *state;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct json body =
            read_json(a, str_printf(a, "{\"submitOptions\":%s}", rows[i].options).ptr);
        struct workflow_submit_options o;
        struct err err;

        assert_int_equal(argo_submit_options(a, &body, &o, &err), -1);
        if (strcmp(err.text, rows[i].want) != 0)
            fail_msg("row %zu: %s", i, err.text);
    }
}

static void test_submittable(void **state)
{
    static const struct {
        const char *kind;
        bool is_good;
    } rows[] = {{"WorkflowTemplate", true},
                {"workflowtemplate", true},
                {"WFTMPL", true},
                {"ClusterWorkflowTemplate", true},
                {"cwft", true},
                {"CronWorkflow", true},
                {"cwf", true},
                {"Workflow", false},
                {"secret", false},
                {"", false}};

    (void) state;
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (argo_is_submittable(str_from(rows[i].kind)) != rows[i].is_good)
            fail_msg("row %zu: %s", i, rows[i].kind);
}

/* ---- filters of the list ---- */

static void test_field_filter(void **state)
{
    static const struct {
        const char *fields, *filter, *ns, *name, *not_name, *prefix, *part, *error;
    } rows[] = {
        {"", "", "", "", "", "", "", NULL},
        {"metadata.namespace=a,metadata.name=b", "", "a", "b", "", "", "", NULL},
        {"metadata.namespace==a,metadata.name==b", "Exact", "a", "b", "", "", "", NULL},
        {"metadata.name!=b,metadata.namespace!=c", "", "", "", "b", "", "", NULL},
        {"metadata.name=b", "Prefix", "", "", "", "b", "", NULL},
        {"metadata.name=b", "Contains", "", "", "", "", "b", NULL},
        {"metadata.name=b", "NotEquals", "", "", "b", "", "", NULL},
        {"metadata.name!=b", "NotEquals", "", "", "b", "", "", NULL},
        {"metadata.name=b", "Like", "", "", "", "", "",
         "nameFilter \"Like\" is not one of Exact, Contains, Prefix, NotEquals"},
        {"spec.startedAt>2026-01-02T03:04:05Z,spec.startedAt<2026-02-02T03:04:05Z", "", "", "",
         "", "", "", NULL},
        {"spec.startedAt>soon", "", "", "", "", "", "", "spec.startedAt: "},
        {"status.phase=Failed", "", "", "", "", "", "",
         "unsupported requirement status.phase=Failed"},
        {"metadata.namespace=a,metadata.namespace=b", "", "", "", "", "", "",
         "'namespace' query param (\"a\") and fieldselector 'metadata.namespace' (\"b\") are "
         "both "
         "specified and contradict each other"},
    };

    (void) state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        _cleanup_arena_ struct arena *a = arena_new();
        struct archive_query q = {.ns = STR(""),
                                  .name = STR(""),
                                  .not_name = STR(""),
                                  .name_prefix = STR(""),
                                  .name_part = STR("")};
        struct err err = {0};
        int result =
            argo_field_filter(a, str_from(rows[i].fields), str_from(rows[i].filter), &q, &err);

        if (rows[i].error) {
            assert_int_equal(result, -1);
            if (strncmp(err.text, rows[i].error, strlen(rows[i].error)) != 0)
                fail_msg("row %zu: %s", i, err.text);
            continue;
        }
        assert_int_equal(result, 0);
        if (!str_is(q.ns, rows[i].ns) || !str_is(q.name, rows[i].name) ||
            !str_is(q.not_name, rows[i].not_name) || !str_is(q.name_prefix, rows[i].prefix) ||
            !str_is(q.name_part, rows[i].part))
            fail_msg("row %zu", i);
        assert_int_equal(q.started_after.ms > 0, strstr(rows[i].fields, "startedAt>") != NULL);
        assert_int_equal(q.started_before.ms > 0, strstr(rows[i].fields, "startedAt<") != NULL);
    }
}

static void test_name_filter(void **state)
{
    static const struct {
        const char *filter, *fields, *want_fields, *want_prefix, *want_part;
    } rows[] = {
        {"", "metadata.name=x", "metadata.name=x", "", ""},
        {"Exact", "metadata.name=x", "metadata.name=x", "", ""},
        {"Prefix", "metadata.name=x", "", "x", ""},
        {"Prefix", "metadata.name=x,metadata.namespace=n", "metadata.namespace=n", "x", ""},
        {"Contains", "metadata.name=x", "", "", "x"},
        {"Contains", "metadata.namespace!=n,metadata.name=x", "metadata.namespace!=n", "", "x"},
        {"NotEquals", "metadata.name=x", "metadata.name!=x", "", ""},
        {"NotEquals", "metadata.name=x,metadata.namespace=n",
         "metadata.name!=x,metadata.namespace=n", "", ""},
        {"NotEquals", "", "", "", ""},
        {"Prefix", "", "", "", ""},
    };
    struct arena *a = *state;
    struct str prefix, part, fields = STR("metadata.name=x");
    struct err err;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct str made = str_from(rows[i].fields);

        assert_int_equal(
            argo_name_filter(a, str_from(rows[i].filter), &made, &prefix, &part, &err), 0);
        if (!str_is(made, rows[i].want_fields) || !str_is(prefix, rows[i].want_prefix) ||
            !str_is(part, rows[i].want_part))
            fail_msg("row %zu: " STR_FMT " | " STR_FMT " | " STR_FMT, i, STR_ARG(made),
                     STR_ARG(prefix), STR_ARG(part));
    }
    assert_int_equal(argo_name_filter(a, STR("Like"), &fields, &prefix, &part, &err), -1);
    assert_string_equal(err.text,
                        "nameFilter \"Like\" is not one of Exact, Contains, Prefix, NotEquals");
}

static void test_listed(void **state)
{
    static const struct {
        const char *part;
        int64_t after, before;
        bool is_listed;
    } rows[] = {
        {"", 0, 0, true},
        {"llo", 0, 0, true},
        {"world", 0, 0, false},
        {"", 1767225599000, 0, true}, /* made at 2026-01-01T00:00:00Z */
        {"", 1767225600000, 0, false},
        {"", 0, 1767225661000, true}, /* finished a minute later */
        {"", 0, 1767225660000, false},
    };
    struct arena *a = *state;
    struct json doc = read_json(
        a, "{\"metadata\":{\"name\":\"hello\",\"creationTimestamp\":\"2026-01-01T00:00:00Z\"},"
           "\"status\":{\"finishedAt\":\"2026-01-01T00:01:00Z\"}}");
    struct json running = read_json(a, "{\"metadata\":{\"name\":\"hello\"},\"status\":"
                                       "{\"finishedAt\":null}}");
    const struct argo_workflow_filter finished = {.finished_before = {.ms = 1}};

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct argo_workflow_filter filter = {.name_part = str_from(rows[i].part),
                                                    .created_after = {.ms = rows[i].after},
                                                    .finished_before = {.ms = rows[i].before}};

        if (argo_workflow_is_listed(&filter, &doc) != rows[i].is_listed)
            fail_msg("row %zu", i);
    }
    assert_false(argo_workflow_is_listed(&finished, &running));
}

static void test_list_value(void **state)
{
    struct arena *a = *state;
    const struct api_list empty = {.items = json_null(), .rv = 0, .continue_token = STR("")};
    const struct api_list full = {
        .items = read_json(a, "[1]"), .rv = 7, .continue_token = STR("t")};
    struct json v = argo_list_value(a, argo_kind_of("Sensor"), &empty);

    is_json(a, 0, &v,
            "{\"apiVersion\":\"argoproj.io/v1alpha1\",\"kind\":\"SensorList\",\"metadata\":{},"
            "\"items\":null}");
    v = argo_list_value(a, argo_kind_of("Workflow"), &full);
    is_json(a, 1, &v,
            "{\"apiVersion\":\"argoproj.io/v1alpha1\",\"kind\":\"WorkflowList\",\"metadata\":"
            "{\"resourceVersion\":\"7\",\"continue\":\"t\"},\"items\":[1]}");
}

static void test_dry_run(void **state)
{
    static const struct {
        const char *body;
        bool is_dry;
    } rows[] = {{"{}", false},
                {"{\"createOptions\":{}}", false},
                {"{\"createOptions\":{\"dryRun\":null}}", false},
                {"{\"createOptions\":{\"dryRun\":[]}}", false},
                {"{\"createOptions\":{\"dryRun\":[\"All\"]}}", true}};
    struct arena *a = *state;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct json body = read_json(a, rows[i].body);

        if (argo_is_dry_run(&body) != rows[i].is_dry)
            fail_msg("row %zu", i);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_route),        TEST(test_no_row_is_hidden),
        TEST(test_fields),       TEST(test_fields_exclude),
        TEST(test_errors),       TEST(test_submit_options),
        TEST(test_submittable),  TEST(test_wrong_submit_options),
        TEST(test_field_filter), TEST(test_name_filter),
        TEST(test_listed),       TEST(test_list_value),
        TEST(test_dry_run),
    };

    return cmocka_run_group_tests_name("api argo", tests, NULL, NULL);
}
