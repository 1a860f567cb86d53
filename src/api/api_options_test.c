/*
 * What requests on resources may say besides their path: media types, unknown fields, versions
 * of lists, pages that are too old, dry runs, preconditions, subresources. And who may come
 * without a token when access is open.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "api/world_test.h"

#define MAPS      "/api/v1/namespaces/argo/configmaps"
#define TEMPLATES "/apis/argoproj.io/v1alpha1/namespaces/argo/workflowtemplates"
#define MAP(name)                                                                  \
    "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"" name \
    "\"},\"data\":{\"a\":\"1\"}}"
#define META \
    "{\"kind\":\"PartialObjectMetadata\",\"apiVersion\":\"meta.k8s.io/v1\",\"metadata\":"
#define MERGE "application/merge-patch+json"

struct step {
    const char *method, *path, *body;
    unsigned status;
    const char *part;    /* must be in the answer */
    const char *without; /* must not; NULL: nothing */
    const char *type, *accept;
    const char *warnings; /* of the answer; NULL: none */
};

static void run_steps(struct world *w, const struct step *steps, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct step *s = &steps[i];
        struct call c = {.method = s->method,
                         .path = s->path,
                         .body = s->body ? s->body : "",
                         .type = s->type,
                         .accept = s->accept,
                         .token = "secret"};

        world_run(w, &c);
        if (c.status != s->status || !strstr(c.answer, s->part) ||
            (s->without && strstr(c.answer, s->without)) ||
            strcmp(c.warnings, s->warnings ? s->warnings : "") != 0)
            fail_msg("step %zu, %s %s: %u %s\nwarnings: %s", i, c.method, c.path, c.status,
                     c.answer, c.warnings);
    }
}

#define AS(form)       "application/json;as=" form ";v=v1;g=meta.k8s.io"
#define NOT_ACCEPTABLE "only the following media types are accepted: application/json"
#define UNKNOWN_FORMAT                                                                  \
    "the body of the request was in an unknown format - accepted media types include: " \
    "application/json"

static void test_what_is_accepted(void **state)
{
    static const struct step steps[] = {
        {"POST", MAPS, MAP("one"), 201, META "{\"name\":\"one\"", "\"data\"", NULL,
         AS("PartialObjectMetadata"), NULL},
        {"GET", MAPS "/one", NULL, 200, META "{\"name\":\"one\"", "\"data\"", NULL,
         AS("PartialObjectMetadata"), NULL},
        {"GET", MAPS, NULL, 200,
         "{\"kind\":\"PartialObjectMetadataList\",\"apiVersion\":\"meta.k8s.io/"
         "v1\",\"metadata\":{\"resourceVersion\":\"2\"},\"items\":[" META,
         "\"data\"", NULL, AS("PartialObjectMetadataList") ",application/json", NULL},
        {"GET", MAPS, NULL, 200, "\"kind\":\"ConfigMapList\"", NULL, NULL,
         "application/json;as=PartialObjectMetadataList;v=v1beta1;g=meta.k8s.io,application/"
         "json",
         NULL},
        {"GET", MAPS "?includeObject=Object", NULL, 200, "\"data\":{\"a\":\"1\"}", NULL, NULL,
         AS("Table"), NULL},
        {"GET", MAPS "?includeObject=Metadata", NULL, 200, "\"object\":" META, "data\":{\"a",
         NULL, AS("Table"), NULL},
        {"GET", MAPS "?includeObject=None", NULL, 200, "\"object\":null", NULL, NULL,
         AS("Table"), NULL},
        {"PATCH", MAPS "/one", "{\"data\":{\"b\":\"2\"}}", 200, "\"kind\":\"Table\"", NULL,
         MERGE, AS("Table"), NULL},
        {"GET", MAPS "/one", NULL, 200, "kind: ConfigMap\n", "{\"", NULL, "application/yaml",
         NULL},
        {"GET", MAPS "/none", NULL, 404, "kind: Status\n", "{\"", NULL, "application/yaml",
         NULL},
        {"GET", MAPS "/one", NULL, 200, "{\"", NULL, NULL,
         "application/vnd.kubernetes.protobuf, */*;q=0.1", NULL},
        {"GET", MAPS "/one", NULL, 200, "{\"", NULL, NULL,
         " application/json;charset=utf-8;stream=watch ", NULL},
        {"GET", MAPS "/one", NULL, 406, NOT_ACCEPTABLE, NULL, NULL,
         "application/vnd.kubernetes.protobuf", NULL},
        {"GET", MAPS "/one", NULL, 406,
         "\"reason\":\"NotAcceptable\",\"details\":{},\"code\":406", NULL, NULL, "text/html",
         NULL},
        {"GET", MAPS "/one", NULL, 406, NOT_ACCEPTABLE, NULL, NULL,
         "application/json;as=Table;v=v2;g=meta.k8s.io", NULL},
        {"GET", MAPS "/one", NULL, 406, NOT_ACCEPTABLE, NULL, NULL,
         "application/json;as=Pigeon;v=v1;g=meta.k8s.io", NULL},
        {"POST", MAPS, MAP("two"), 415, UNKNOWN_FORMAT, NULL, "text/plain", NULL, NULL},
        {"POST", MAPS, MAP("two"), 415, "\"reason\":\"UnsupportedMediaType\"", NULL,
         "application/x-www-form-urlencoded", NULL, NULL},
        {"PUT", MAPS "/one", MAP("one"), 415, UNKNOWN_FORMAT, NULL, "application/cbor", NULL,
         NULL},
        {"DELETE", MAPS "/one", "{}", 415, UNKNOWN_FORMAT, NULL, "text/plain", NULL, NULL},
        {"PATCH", MAPS "/one", "{}", 415, "application/merge-patch+json", NULL,
         "application/vnd.kubernetes.protobuf", NULL, NULL},
        {"GET", MAPS "/two", NULL, 404, "not found", NULL, NULL, NULL, NULL},
        {"POST", MAPS, "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: two}\n", 201,
         "\"two\"", NULL, "application/yaml", NULL, NULL},
    };

    run_steps(*state, steps, COUNT_OF(steps));
}

static void test_watch_of_metadata(void **state)
{
    static const struct step steps[] = {
        {"POST", MAPS, MAP("one"), 201, "one", NULL, NULL, NULL, NULL},
    };
    struct call watch = {.method = "GET",
                         .path = MAPS "?watch=1&sendInitialEvents=true&allowWatchBookmarks="
                                      "true&resourceVersionMatch=NotOlderThan",
                         .body = "",
                         .token = "secret",
                         .accept = AS("PartialObjectMetadata"),
                         .stop_after = 500,
                         .seen = STRBUF_INIT(1 << 20)};

    run_steps(*state, steps, COUNT_OF(steps));
    world_run(*state, &watch);
    if (!str_starts(strbuf_str(&watch.seen), STR("{\"type\":\"ADDED\",\"object\":" META)) ||
        str_find(strbuf_str(&watch.seen), STR("data\":{\"a")) != SIZE_MAX ||
        str_find(strbuf_str(&watch.seen),
                 STR("{\"type\":\"BOOKMARK\",\"object\":{\"kind\":\"PartialObjectMetadata\","
                     "\"apiVersion\":\"meta.k8s.io/v1\"")) == SIZE_MAX)
        fail_msg(STR_FMT, STR_ARG(strbuf_str(&watch.seen)));
    strbuf_done(&watch.seen);
}

#define TEMPLATE(name, more, deep)                                            \
    "{\"apiVersion\":\"argoproj.io/"                                          \
    "v1alpha1\",\"kind\":\"WorkflowTemplate\",\"metadata\":{\"name\":\"" name \
    "\"},\"spec\":{\"entrypoint\":\"x\"" more                                 \
    ",\"templates\":[{\"name\":\"x\",\"container\":{\"image\":\"i\"" deep "}}]}}"

static void test_unknown_fields(void **state)
{
    static const struct step steps[] = {
        {"POST", TEMPLATES, TEMPLATE("a", ",\"pigeon\":1", ""), 400,
         "unknown field \\\"pigeon\\\"", NULL, NULL, NULL, NULL},
        {"POST", TEMPLATES "?fieldValidation=Strict", TEMPLATE("a", ",\"pigeon\":1", ""), 400,
         "pigeon", NULL, NULL, NULL, NULL},
        {"POST", TEMPLATES "?fieldValidation=Loose", TEMPLATE("a", "", ""), 422,
         "fieldValidation: Unsupported value: \\\"Loose\\\": supported values: \\\"\\\", "
         "\\\"Ignore\\\", "
         "\\\"Strict\\\", \\\"Warn\\\"",
         NULL, NULL, NULL, NULL},
        {"POST", TEMPLATES "?fieldValidation=Ignore",
         TEMPLATE("a", ",\"pigeon\":1", ",\"deep\":{}"), 201, "\"a\"", "pigeon", NULL, NULL,
         NULL},
        {"POST", TEMPLATES "?fieldValidation=Warn",
         TEMPLATE("b", ",\"pigeon\":1", ",\"de\\\\\\\"ep\\n\":{}"), 201, "\"b\"", "pigeon",
         NULL, NULL,
         "299 - \"unknown field \\\"spec.pigeon\\\"\"\n299 - \"unknown field "
         "\\\"spec.templates[0].container.de\\\\\\\"ep \\\"\"\n"},
        {"POST", TEMPLATES "?fieldValidation=Warn", TEMPLATE("c", ",\"entrypoint\":\"x\"", ""),
         201, "\"c\"", NULL, NULL, NULL, "299 - \"duplicate field \\\"spec.entrypoint\\\"\"\n"},
        {"POST", TEMPLATES "?fieldValidation=Strict",
         TEMPLATE("d", ",\"entrypoint\":\"x\"", ""), 400, "duplicate field", NULL, NULL, NULL,
         NULL},
        {"POST", TEMPLATES "?fieldValidation=Warn", TEMPLATE("d", "", ",\"command\":7"), 400,
         "expected", NULL, NULL, NULL, NULL},
        {"PUT", TEMPLATES "/a?fieldValidation=Warn", TEMPLATE("a", ",\"pigeon\":1", ""), 200,
         "\"a\"", "pigeon", NULL, NULL, "299 - \"unknown field \\\"spec.pigeon\\\"\"\n"},
        {"PATCH", TEMPLATES "/a?fieldValidation=Warn", "{\"spec\":{\"pigeon\":2}}", 200,
         "\"a\"", "pigeon", MERGE, NULL, "299 - \"unknown field \\\"spec.pigeon\\\"\"\n"},
        {"PATCH", TEMPLATES "/a?fieldValidation=Ignore", "{\"spec\":{\"pigeon\":2}}", 200,
         "\"a\"", "pigeon", MERGE, NULL, NULL},
        {"PATCH", TEMPLATES "/a", "{\"spec\":{\"pigeon\":2}}", 422, "pigeon", NULL, MERGE, NULL,
         NULL},
        {"PATCH", TEMPLATES "/new?fieldValidation=Warn&fieldManager=m",
         TEMPLATE("new", ",\"pigeon\":1", ""), 201, "\"new\"", "pigeon",
         "application/apply-patch+yaml", NULL, "299 - \"unknown field \\\"spec.pigeon\\\"\"\n"},
    };

    run_steps(*state, steps, COUNT_OF(steps));
}

static void test_versions_of_lists(void **state)
{
    static const struct step steps[] = {
        {"POST", MAPS, MAP("one"), 201, "one", NULL, NULL, NULL, NULL},
        {"POST", MAPS, MAP("two"), 201, "two", NULL, NULL, NULL, NULL},
        {"GET", MAPS "?resourceVersion=0", NULL, 200, "\"one\"", NULL, NULL, NULL, NULL},
        {"GET", MAPS "?resourceVersion=1", NULL, 200, "\"two\"", NULL, NULL, NULL, NULL},
        {"GET", MAPS "?resourceVersion=1&resourceVersionMatch=NotOlderThan", NULL, 200,
         "\"two\"", NULL, NULL, NULL, NULL},
        {"GET", MAPS "?resourceVersion=3&resourceVersionMatch=Exact", NULL, 200, "\"two\"",
         NULL, NULL, NULL, NULL},
        {"GET", MAPS "?resourceVersion=1&resourceVersionMatch=Exact", NULL, 410,
         "\"reason\":\"Expired\",\"code\":410", NULL, NULL, NULL, NULL},
        {"GET", MAPS "?resourceVersion=9", NULL, 504,
         "Too large resource version: 9, current: 3", NULL, NULL, NULL, NULL},
        {"GET", MAPS "?resourceVersion=9&resourceVersionMatch=NotOlderThan", NULL, 504,
         "\"reason\":\"Timeout\"", NULL, NULL, NULL, NULL},
        {"GET", MAPS "?resourceVersionMatch=Exact", NULL, 422,
         "resourceVersionMatch is forbidden unless resourceVersion is provided", NULL, NULL,
         NULL, NULL},
        {"GET", MAPS "?resourceVersion=0&resourceVersionMatch=Exact", NULL, 422,
         "is forbidden for resourceVersion \\\"0\\\"", NULL, NULL, NULL, NULL},
        {"GET", MAPS "?resourceVersion=1&resourceVersionMatch=About", NULL, 422,
         "resourceVersionMatch: Unsupported value: \\\"About\\\"", NULL, NULL, NULL, NULL},
        {"GET", MAPS "?resourceVersion=1&resourceVersionMatch=NotOlderThan&continue=x", NULL,
         422, "is forbidden when continue is provided", NULL, NULL, NULL, NULL},
        {"GET", MAPS "?sendInitialEvents=true", NULL, 422,
         "sendInitialEvents is forbidden for list", NULL, NULL, NULL, NULL},
        {"GET", MAPS "?watch=1&resourceVersionMatch=NotOlderThan", NULL, 422,
         "is forbidden for watch unless sendInitialEvents is provided", NULL, NULL, NULL, NULL},
        {"GET", MAPS "?watch=1&sendInitialEvents=true&resourceVersionMatch=Exact", NULL, 422,
         "resourceVersionMatch: ", NULL, NULL, NULL, NULL},
        {"GET", MAPS "?resourceVersion=x", NULL, 400, "is not a number", NULL, NULL, NULL,
         NULL},
        {"GET", MAPS "?limit=x", NULL, 400, "is not a number", NULL, NULL, NULL, NULL},
        {"GET", MAPS "?timeoutSeconds=x", NULL, 400, "is not a number", NULL, NULL, NULL, NULL},
    };

    run_steps(*state, steps, COUNT_OF(steps));
}

/* The member of an answer's metadata; "" when it has none. */
static struct str meta_of(struct world *w, const char *answer, const char *name)
{
    struct json doc;
    struct err err;

    assert_int_equal(json_parse(w->a, str_copy(w->a, str_from(answer)), &doc, &err), 0);
    return str_copy(w->a, json_get_str(json_get(&doc, STR("metadata")), str_from(name)));
}

static struct call list(struct world *w, const char *token, unsigned status)
{
    struct call c = {
        .method = "GET",
        .path = str_printf(w->a, MAPS "?limit=1%s%s", token[0] ? "&continue=" : "", token).ptr,
        .body = "",
        .token = "secret"};

    world_run(w, &c);
    if (c.status != status)
        fail_msg("%s: %u %s", c.path, c.status, c.answer);
    return c;
}

/* More than the store remembers, and as often as it forgets. */
static void change_much(struct world *w)
{
    enum { MUCH = 1100 };
    struct store_txn *txn = store_txn_new(w->store);

    for (int i = 0; i < MUCH; i++) {
        struct json doc;
        struct err err;

        assert_int_equal(
            json_parse(w->a,
                       str_printf(w->a,
                                  "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{"
                                  "\"name\":\"m%d\",\"namespace\":\"other\",\"uid\":\"u%d\"}}",
                                  i, i),
                       &doc, &err),
            0);
        store_txn_create(txn, &doc);
    }
    world_commit(w, txn);
}

/* Pages have the version of the first one. A page whose beginning is forgotten is 410, with a
 * token for the rest as it is now. */
static void test_pages(void **state)
{
    static const struct step steps[] = {
        {"POST", MAPS, MAP("one"), 201, "one", NULL, NULL, NULL, NULL},
        {"POST", MAPS, MAP("three"), 201, "three", NULL, NULL, NULL, NULL},
        {"GET", MAPS "?limit=1&continue=pigeon", NULL, 400,
         "the provided continue parameter is not valid", "\"continue\"", NULL, NULL, NULL},
    };
    static const struct step between[] = {
        {"POST", MAPS, MAP("two"), 201, "two", NULL, NULL, NULL, NULL}};
    struct world *w = *state;
    struct call c;
    const char *token;

    run_steps(w, steps, COUNT_OF(steps));
    c = list(w, "", 200);
    token = meta_of(w, c.answer, "continue").ptr;
    assert_true(str_is(meta_of(w, c.answer, "resourceVersion"), "3"));
    run_steps(w, between, COUNT_OF(between));
    c = list(w, token, 200);
    assert_non_null(strstr(c.answer, "\"three\"")); /* in the order of their names */
    assert_true(str_is(meta_of(w, c.answer, "resourceVersion"), "3"));
    change_much(w);
    c = list(w, token, 410);
    assert_non_null(strstr(c.answer, "\"reason\":\"Expired\""));
    assert_non_null(strstr(c.answer, "The provided continue parameter is too old to display"));
    token = meta_of(w, c.answer, "continue").ptr;
    c = list(w, token, 200);
    assert_non_null(strstr(c.answer, "\"three\""));
    assert_true(meta_of(w, c.answer, "resourceVersion").len == 4);
}

#define WORKFLOWS "/apis/argoproj.io/v1alpha1/namespaces/argo/workflows"
#define SPEC                                                                                  \
    "\"spec\":{\"entrypoint\":\"x\",\"templates\":[{\"name\":\"x\",\"container\":{\"image\":" \
    "\"i\"}}]}"
#define CRON(more)                                                                  \
    "{\"apiVersion\":\"argoproj.io/"                                                \
    "v1alpha1\",\"kind\":\"CronWorkflow\",\"metadata\":{\"name\":\"c\"},\"spec\":{" \
    "\"schedules\":[\"0 0 1 1 "                                                     \
    "*\"],\"workflowSpec\":{\"entrypoint\":\"x\",\"templates\":[{\"name\":\"x\","   \
    "\"container\":{\"image\":\"i\"}}]}}" more "}"
#define CRONS "/apis/argoproj.io/v1alpha1/namespaces/argo/cronworkflows"

/* The status alone, all but the status; and what is asked for first. */
static void test_subresources_and_preconditions(void **state)
{
    static const struct step steps[] = {
        {"POST", CRONS, CRON(",\"status\":{\"phase\":\"Stopped\"}"), 201, "\"c\"", "Stopped",
         NULL, NULL, NULL},
        {"PATCH", CRONS "/c", "{\"status\":{\"phase\":\"Stopped\"}}", 200, "\"c\"", "Stopped",
         MERGE, NULL, NULL},
        {"PATCH", CRONS "/c/status",
         "{\"status\":{\"phase\":\"Active\"},\"spec\":{\"suspend\":true}}", 200, "Active",
         "suspend\":true", MERGE, NULL, NULL},
        {"PUT", CRONS "/c/status", CRON(",\"status\":{\"phase\":\"Stopped\"}"), 200, "Stopped",
         NULL, NULL, NULL, NULL},
        {"PUT", CRONS "/c", CRON(",\"status\":{\"phase\":\"Active\"}"), 200, "Stopped",
         "Active", NULL, NULL, NULL},
        {"GET", CRONS "/c/status", NULL, 200, "Stopped", NULL, NULL, NULL, NULL},
        {"GET", CRONS "/c/scale", NULL, 404, "404 page not found\n", NULL, NULL, NULL, NULL},
        {"DELETE", CRONS "/c/status", NULL, 405,
         "delete is not supported on resources of kind \\\"cronworkflows.argoproj.io\\\"", NULL,
         NULL, NULL, NULL},
        {"DELETE", CRONS "/c", "{\"preconditions\":{\"uid\":\"x\"}}", 409, "Conflict", NULL,
         NULL, NULL, NULL},
        {"DELETE", CRONS "/c", "{\"preconditions\":{\"resourceVersion\":\"1\"}}", 409,
         "Conflict", NULL, NULL, NULL, NULL},
        {"DELETE", CRONS "/c?dryRun=None", NULL, 422, "dryRun: Unsupported value", NULL, NULL,
         NULL, NULL},
        {"DELETE", CRONS "/c", "{\"dryRun\":[\"None\"]}", 422, "dryRun: Unsupported value",
         NULL, NULL, NULL, NULL},
        {"DELETE", CRONS "/c", "{\"dryRun\":[\"All\"]}", 200, "Success", NULL, NULL, NULL,
         NULL},
        {"DELETE", CRONS "/c?dryRun=All", NULL, 200, "Success", NULL, NULL, NULL, NULL},
        {"PATCH", CRONS "/c?dryRun=All", "{\"spec\":{\"suspend\":true}}", 200, "suspend\":true",
         NULL, MERGE, NULL, NULL},
        {"GET", CRONS "/c", NULL, 200, "\"c\"", "suspend\":true", NULL, NULL, NULL},
        {"POST", MAPS,
         "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"generateName\":\"g-\"}"
         "}",
         201, "\"name\":\"g-", NULL, NULL, NULL, NULL},
        {"POST", MAPS, "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{}}", 422,
         "name or generateName is required", NULL, NULL, NULL, NULL},
        {"POST", WORKFLOWS "?dryRun=All",
         "{\"apiVersion\":\"argoproj.io/"
         "v1alpha1\",\"kind\":\"Workflow\",\"metadata\":{\"generateName\":\"g-\"}," SPEC "}",
         201, "\"name\":\"g-", NULL, NULL, NULL, NULL},
        {"GET", WORKFLOWS, NULL, 200, "\"items\":[]", NULL, NULL, NULL, NULL},
    };

    run_steps(*state, steps, COUNT_OF(steps));
}

/* A page of a web site that a browser of this machine shows comes over the loopback, too. */
static void test_open_access_is_for_programs(void **state)
{
    static const struct {
        const char *host, *origin;
        unsigned status;
    } rows[] = {
        {"127.0.0.1:2746", NULL, 200},
        {"localhost:2746", NULL, 200},
        {"localhost", NULL, 200},
        {"[::1]:2746", NULL, 200},
        {"127.0.0.1:2746", "http://127.0.0.1:2746", 200},
        {"127.0.0.1:2746", "http://evil.example", 401},
        {"127.0.0.1:2746", "null", 401},
        {"127.0.0.1:2746", "http://127.0.0.1:8080", 401},
        {"evil.example:2746", NULL, 401}, /* its name leads here: DNS rebinding */
        {"evil.example", "http://evil.example", 401},
        {"127.0.0.1.evil.example", NULL, 401},
        {"localhost.evil.example", NULL, 401},
        {"[::1].evil.example", NULL, 200}, /* no name that DNS has */
        {"", NULL, 401},
    };
    struct world *w = *state;

    for (size_t i = 0; i < COUNT_OF(rows); i++)
        for (int n = 0; n < 2; n++) {
            struct call c = {.method = "GET",
                             .path = n ? MAPS : "/api/v1/workflows/argo",
                             .body = "",
                             .further = {{"Host", rows[i].host}}};

            if (rows[i].origin) {
                c.further[1].name = "Origin";
                c.further[1].value = rows[i].origin;
            }
            world_run(w, &c);
            if (c.status != rows[i].status)
                fail_msg("row %zu: %u %s", i, c.status, c.answer);
            c.token = "secret"; /* which no page has */
            world_run(w, &c);
            assert_true(c.status == 200 || rows[i].host[0] == '\0');
        }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_what_is_accepted),
        TEST(test_watch_of_metadata),
        TEST(test_unknown_fields),
        TEST(test_versions_of_lists),
        TEST(test_pages),
        TEST(test_subresources_and_preconditions),
        cmocka_unit_test_setup_teardown(test_open_access_is_for_programs, world_setup_open,
                                        world_teardown),
    };

    return cmocka_run_group_tests_name("api_options", tests, NULL, NULL);
}
