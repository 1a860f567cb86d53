/*
 * The data template on a local repository: what is listed, how expressions change it, and what
 * is wrong with them.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/tree.h"
#include "formats/yaml.h"
#include "workflows/engine/data_template.h"

struct world {
    char path[64];
    struct arena *a;
    struct artifact_house house;
};

static void put(struct world *w, const char *below)
{
    char path[256];

    snprintf(path, sizeof(path), "%s/repository/ns/%s", w->path, below);
    for (char *at = path + strlen(w->path) + 1; (at = strchr(at, '/')); at++) {
        *at = '\0';
        mkdir(path, 0700);
        *at = '/';
    }
    close(open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
}

static int set_up(void **state)
{
    struct world *w = NEW(struct world);

    snprintf(w->path, sizeof(w->path), "/tmp/data-test.XXXXXX");
    assert_non_null(mkdtemp(w->path));
    w->a = arena_new();
    w->house.repository = str_printf(w->a, "%s/repository", w->path);
    put(w, "script.py");
    put(w, "foo/script.py");
    put(w, "foo/doc.pdf");
    put(w, "<b>");
    *state = w;
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;

    tree_remove(AT_FDCWD, w->path);
    arena_free(w->a);
    free(w);
    return 0;
}

static struct data_job run(struct world *w, const char *data)
{
    struct data_job job = {.house = &w->house, .ns = STR("ns")};
    struct err err;

    if (yaml_parse(w->a, str_printf(w->a, "data: %s\n", data), &job.tmpl, &err) < 0)
        fail_msg("%s: %s", data, err.text);
    data_template_run(&job, w->a);
    return job;
}

#define ALL "source: {artifactPaths: {name: d, s3: {}}}"

static void test_transformations(void **state)
{
    static const struct {
        const char *data, *result, *message;
    } cases[] = {
        {"{" ALL "}", "[\"\\u003cb\\u003e\",\"foo/doc.pdf\",\"foo/script.py\",\"script.py\"]",
         NULL},
        {"{" ALL ", transformation: [{expression: 'filter(data, {# endsWith \".py\"})'}]}",
         "[\"foo/script.py\",\"script.py\"]", NULL},
        {"{" ALL ", transformation: [{expression: 'filter(data, {# endsWith \".py\"})'}, "
         "{expression: 'map(data, {# + \"!\"})'}, {expression: 'data[0]'}]}",
         "\"foo/script.py!\"", NULL},
        {"{" ALL ", transformation: [{expression: 'len(data)'}, {expression: 'data * 2'}]}",
         "8", NULL},
        {"{" ALL ", transformation: [{expression: '{\"n\": len(data), \"a\": nil}'}]}",
         "{\"a\":null,\"n\":4}", NULL},
        {"{" ALL ", transformation: []}",
         "[\"\\u003cb\\u003e\",\"foo/doc.pdf\",\"foo/script.py\",\"script.py\"]", NULL},
        {"{source: {artifactPaths: {name: d, s3: {key: foo}}}}",
         "[\"foo/doc.pdf\",\"foo/script.py\"]", NULL},
        {"{source: {artifactPaths: {name: d, s3: {key: none}}}, transformation: [{expression: "
         "'data'}]}",
         "[]", NULL},
        {"{source: {}}", NULL,
         "main: Error (exit code 64): unable to process data source: no valid source is used "
         "for "
         "data template"},
        {"{source: {artifactPaths: {name: d, raw: {data: x}}}}", NULL,
         "main: Error (exit code 64): unable to process data source: unable to source artifact "
         "paths: ListObjects is currently not supported for this artifact type, but it will be "
         "in "
         "a future version"},
        {"{" ALL ", transformation: [{expression: 'data'}, {expression: 'nope'}]}", NULL,
         "main: Error (exit code 64): unable to process data transformation: error processing "
         "data step 1: unknown name nope (1:1)\n | nope\n | ^"},
        {"{" ALL ", transformation: [{expression: 'data +'}]}", NULL,
         "main: Error (exit code 64): unable to process data transformation: error processing "
         "data step 0: unexpected token EOF (1:6)\n | data +\n | .....^"},
    };
    struct world *w = *state;

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct data_job job = run(w, cases[i].data);
        struct str result = json_get_str(job.outputs, STR("result"));

        if (job.is_succeeded != !cases[i].message ||
            !str_is(job.message, cases[i].message ? cases[i].message : "") ||
            (cases[i].result ? !str_is(result, cases[i].result) : !str_is_none(result)))
            fail_msg("%s: " STR_FMT " \"" STR_FMT "\"", cases[i].data, STR_ARG(result),
                     STR_ARG(job.message));
        assert_true(
            str_is(json_get_str(job.outputs, STR("exitCode")), cases[i].message ? "64" : "0"));
    }
}

static void test_without_a_repository(void **state)
{
    struct data_job job = {.ns = STR("ns")};
    struct world *w = *state;
    struct err err;

    assert_int_equal(yaml_parse(w->a, STR("data: {" ALL "}\n"), &job.tmpl, &err), 0);
    data_template_run(&job, w->a);
    assert_true(str_is(job.message,
                       "main: Error (exit code 64): unable to process data source: no "
                       "artifacts are kept here"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_transformations, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_without_a_repository, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
