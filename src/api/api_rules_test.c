/*
 * What the resource API refuses to store, and how it says so: 400 for what cannot be read, 422
 * with a cause for what breaks a rule, 409 for names that are taken, also generated ones.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "api/world_test.h"
#include "objects/object.h"

#define MAPS "/api/v1/namespaces/x/configmaps"
#define ARGO "/apis/argoproj.io/v1alpha1/namespaces/x/"
#define MAP(meta, rest) \
    "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{" meta "}" rest "}"
#define TEMPLATE(spec)                                                        \
    "{\"apiVersion\":\"argoproj.io/v1alpha1\",\"kind\":\"WorkflowTemplate\"," \
    "\"metadata\":{\"name\":\"t\"},\"spec\":{" spec "}}"
#define WORKFLOW(spec)                                                              \
    "{\"apiVersion\":\"argoproj.io/v1alpha1\",\"kind\":\"Workflow\",\"metadata\":{" \
    "\"name\":\"w\"},\"spec\":{" spec "}}"
#define ONE                                                               \
    "\"entrypoint\":\"a\",\"templates\":[{\"name\":\"a\",\"container\":{" \
    "\"image\":\"i\"}}]"
#define MERGE      "application/merge-patch+json"
#define JSON_PATCH "application/json-patch+json"

struct step {
    const char *method, *path, *type, *body;
    unsigned status;
    const char *part; /* must be in the answer */
};

static void run_steps(struct world *w, const struct step *steps, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct call c = {.method = steps[i].method,
                         .path = steps[i].path,
                         .body = steps[i].body,
                         .type = steps[i].type,
                         .token = "secret"};

        world_run(w, &c);
        if (c.status != steps[i].status || !strstr(c.answer, steps[i].part))
            fail_msg("step %zu, %s %s: %u %s", i, c.method, c.path, c.status, c.answer);
    }
}

/* What is no object of its kind. */
static void test_what_cannot_be_read(void **state)
{
    static const struct step steps[] = {
        {"POST", MAPS, NULL, "{\"kind\":", 400, "\"reason\":\"BadRequest\""},
        {"POST", MAPS, NULL, "[]", 400, "\"code\":400"},
        {"POST", MAPS, NULL, MAP("\"name\":\"a\"", ",\"pigeon\":1"), 400, "unknown field"},
        {"POST", MAPS, NULL, MAP("\"name\":\"a\"", ",\"data\":[]"), 400, "data"},
        {"POST", MAPS, NULL, TEMPLATE(ONE), 400, "the path is for a ConfigMap"},
        {"POST", MAPS, NULL, MAP("\"name\":\"a\",\"namespace\":\"y\"", ""), 400,
         "does not match the namespace sent on the request"},
        {"POST", ARGO "workflows", NULL, WORKFLOW("\"entrypoint\":3"), 400, "found number 3"},
        /* a rule is broken, too: it is still not readable */
        {"POST", MAPS, NULL, MAP("\"name\":\"A\"", ",\"pigeon\":1"), 400, "upper-case"},
    };

    run_steps(*state, steps, COUNT_OF(steps));
}

/* What is one, and breaks a rule: kubectl prints kind, name and causes. */
static void test_what_breaks_a_rule(void **state)
{
    static const struct step steps[] = {
        {"POST", MAPS, NULL, MAP("\"name\":\"a_b\"", ""), 422,
         "\"message\":\"ConfigMap \\\"a_b\\\" is invalid: "},
        {"POST", MAPS, NULL, MAP("\"name\":\"a_b\"", ""), 422,
         "\"reason\":\"Invalid\",\"details\":{\"name\":\"a_b\",\"kind\":"
         "\"ConfigMap\",\"causes\":[{\"reason\":\"FieldValueInvalid\",\"message\":\"Invalid "
         "value: \\\"a_b\\\": a lowercase RFC 1123 subdomain"},
        {"POST", MAPS, NULL, MAP("\"name\":\"a_b\"", ""), 422,
         "\"field\":\"metadata.name\"}]},\"code\":422}"},
        {"POST", MAPS, NULL, MAP("", ""), 422,
         "{\"reason\":\"FieldValueRequired\",\"message\":\"Required value: name or "
         "generateName is required\",\"field\":\"metadata.name\"}"},
        {"POST", ARGO "workflowtemplates", NULL, TEMPLATE("\"entrypoint\":\"b\"," ONE), 400,
         "duplicate"},
        {"POST", ARGO "workflowtemplates", NULL,
         TEMPLATE("\"entrypoint\":\"b\",\"templates\":[{\"name\":\"a\",\"container\":{"
                  "\"image\":\"i\"}}]"),
         422, "WorkflowTemplate.argoproj.io \\\"t\\\" is invalid: "},
        /* what names no field keeps its place in the body, but not for kubectl */
        {"POST", ARGO "workflows", NULL,
         WORKFLOW("\"entrypoint\":\"a\",\"templates\":[{\"name\":\"b\",\"container\":{"
                  "\"image\":\"i\"}}]"),
         422, "\\\"w\\\" is invalid: request:1:"},
        {"POST", ARGO "workflows", NULL,
         WORKFLOW("\"entrypoint\":\"a\",\"templates\":[{\"name\":\"b\",\"container\":{"
                  "\"image\":\"i\"}}]"),
         422, "\"message\":\"template name 'a' undefined"},
        {"POST", ARGO "workflows", NULL, WORKFLOW("\"entrypoint\":\"a\",\"templates\":[]"), 422,
         "\"details\":{\"name\":\"w\",\"group\":\"argoproj.io\",\"kind\":\"Workflow\","},
        {"POST", ARGO "workflows", NULL, WORKFLOW("\"workflowTemplateRef\":{\"name\":\"no\"}"),
         404, "no"},
        {"POST", MAPS "?dryRun=Some", NULL, MAP("\"name\":\"a\"", ""), 422,
         "{\"reason\":\"FieldValueNotSupported\",\"message\":\"Unsupported value: "},
        {"GET", MAPS "?resourceVersionMatch=Exact", NULL, "", 422,
         "\"reason\":\"FieldValueForbidden\""},
        {"POST", MAPS, NULL, MAP("\"name\":\"a\"", ""), 201, "uid"},
        {"PATCH", MAPS "/a", MERGE, "{\"metadata\":{\"labels\":{\"b c\":\"d\"}}}", 422,
         "\"field\":\"metadata.labels\""},
        {"PATCH", MAPS "/a", JSON_PATCH, "[{\"op\":\"test\",\"path\":\"/data\",\"value\":1}]",
         422, "\"name\":\"a\""},
        {"PUT", MAPS "/a", NULL, MAP("\"name\":\"a\",\"annotations\":{\"/b\":\"d\"}", ""), 422,
         "\"field\":\"metadata.annotations\""},
        /* Argo's dialect has one word for both */
        {"POST", "/api/v1/workflows/x", NULL,
         "{\"workflow\":" WORKFLOW("\"entrypoint\":\"a\",\"templates\":[]") "}", 400,
         "{\"code\":3,"},
    };

    run_steps(*state, steps, COUNT_OF(steps));
}

/* Names and values of labels as the API server takes them. */
static void test_labels(void **state)
{
    static const struct {
        const char *labels, *annotations, *part; /* NULL: they are good */
    } cases[] = {
        {"\"a\":\"b\",\"x.io/A_b.c-1\":\"\",\"a.b/c\":\"V_1.a-2\"", "", NULL},
        {"", "\"X.io/note\":\"any text: {{x}} \\u00e9\"", NULL},
        {"\"a b\":\"c\"", "", "name part must consist of alphanumeric characters"},
        {"\"-a\":\"c\"", "", "name part must consist of"},
        {"\"\":\"c\"", "", "name part must be non-empty"},
        {"\"a/\":\"c\"", "", "name part must be non-empty"},
        {"\"A.io/a\":\"c\"", "", "prefix part a lowercase RFC 1123 subdomain"},
        {"\"a/b/c\":\"c\"", "", "name part must consist of"},
        {"\"a\":\"b c\"", "", "a valid label must be an empty string or must consist of"},
        {"\"a\":\"b/\"", "", "a valid label must be"},
        {"\"a\":\"0123456789012345678901234567890123456789012345678901234567890123\"", "",
         "must be no more than 63 bytes"},
        {"\"0123456789012345678901234567890123456789012345678901234567890123\":\"\"", "",
         "name part must be no more than 63 bytes"},
        {"", "\"a b\":\"c\"", "\"field\":\"metadata.annotations\""},
    };
    struct world *w = *state;

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct str body = str_printf(w->a,
                                     MAP("\"name\":\"m%zu\",\"labels\":{%s},"
                                         "\"annotations\":{%s}",
                                         ""),
                                     i, cases[i].labels, cases[i].annotations);
        const struct step step = {"POST",
                                  MAPS,
                                  NULL,
                                  body.ptr,
                                  cases[i].part ? 422 : 201,
                                  cases[i].part ? cases[i].part : "uid"};

        run_steps(w, &step, 1);
    }
}

/* Each creation is given the same names: the next is tried, so many times. */
static void test_generated_names_that_are_taken(void **state)
{
    static const struct step made[] = {
        {"POST", MAPS, NULL, MAP("\"generateName\":\"a-\"", ""), 201, "\"name\":\"a-"}};
    static const struct step refused[] = {
        {"POST", MAPS, NULL, MAP("\"generateName\":\"a-\"", ""), 409,
         "already exists, the server was not able to generate a unique name for the object"},
        {"POST", MAPS, NULL, MAP("\"generateName\":\"a-\"", ""), 409,
         "\"reason\":\"AlreadyExists\""},
        {"POST", MAPS, NULL, MAP("\"generateName\":\"b-\"", ""), 201, "\"name\":\"b-"},
    };
    static const struct step named[] = {
        {"POST", MAPS, NULL, MAP("\"name\":\"n\",\"generateName\":\"n\"", ""), 201, "\"n\""},
        {"POST", MAPS, NULL, MAP("\"name\":\"n\",\"generateName\":\"n\"", ""), 409,
         "configmaps \\\"n\\\" already exists\""}};

    for (int i = 0; i < OBJECT_NAME_TRIES_MAX; i++)
        run_steps(*state, made, 1);
    run_steps(*state, refused, COUNT_OF(refused));
    run_steps(*state, named, COUNT_OF(named));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_what_cannot_be_read),
        TEST(test_what_breaks_a_rule),
        TEST(test_labels),
        cmocka_unit_test_setup_teardown(test_generated_names_that_are_taken, world_setup_seeded,
                                        world_teardown),
    };

    return cmocka_run_group_tests_name("api_rules", tests, NULL, NULL);
}
