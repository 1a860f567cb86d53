/* Tests of what documents say of where artifacts are. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "artifacts/place.h"

static struct json parse(struct arena *a, const char *text)
{
    struct json v;
    struct err err;

    if (json_parse(a, str_from(text), &v, &err) < 0)
        fail_msg("%s: %s", text, err.text);
    return v;
}

static void test_has_place(void **state)
{
    static const struct {
        const char *holder;
        bool has_place;
    } cases[] = {
        {"{}", false},
        {"{\"name\":\"a\",\"path\":\"/p\"}", false},
        {"{\"s3\":{\"key\":\"k\"}}", false},
        {"{\"s3\":{\"key\":\"k\",\"bucket\":\"b\"}}", false},
        {"{\"s3\":{\"endpoint\":\"e\",\"bucket\":\"b\"}}", false},
        {"{\"s3\":{\"key\":\"k\",\"endpoint\":\"e\",\"bucket\":\"b\"}}", true},
        {"{\"artifactory\":{\"url\":\"u\"}}", false},
        {"{\"artifactory\":{\"url\":\"u\",\"usernameSecret\":{\"name\":\"s\"}}}", true},
        {"{\"git\":{\"repo\":\"r\"}}", true},
        {"{\"http\":{\"url\":\"u\"}}", true},
        {"{\"raw\":{\"data\":\"\"}}", true},
        {"{\"s3\":null}", false},
    };
    _cleanup_arena_ struct arena *a = arena_new();

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct json holder = parse(a, cases[i].holder);

        if (artifact_has_place(&holder) != cases[i].has_place)
            fail_msg("%s", cases[i].holder);
    }
}

#define OWN "{{workflow.name}}/{{pod.name}}"

static void test_repositories(void **state)
{
    static const struct {
        const char *repository, *format, *place;
    } cases[] = {
        {"{}", OWN, "{\"s3\":{\"key\":\"a/b\"}}"},
        {"{\"archiveLogs\":true}", OWN, "{\"s3\":{\"key\":\"a/b\"}}"},
        {"{\"s3\":{\"bucket\":\"b\"}}", OWN, "{\"s3\":{\"bucket\":\"b\",\"key\":\"a/b\"}}"},
        {"{\"s3\":{\"bucket\":\"b\",\"keyFormat\":\"f/{{x}}\"}}", "f/{{x}}",
         "{\"s3\":{\"bucket\":\"b\",\"key\":\"a/b\"}}"},
        {"{\"s3\":{\"bucket\":\"b\",\"keyPrefix\":\"p//\"}}", "p/" OWN,
         "{\"s3\":{\"bucket\":\"b\",\"key\":\"a/b\"}}"},
        {"{\"artifactory\":{\"repoURL\":\"http://h/r\",\"usernameSecret\":{\"name\":\"s\"}}}",
         OWN,
         "{\"artifactory\":{\"usernameSecret\":{\"name\":\"s\"},\"url\":\"http://h/r/a/b\"}}"},
        {"{\"artifactory\":{\"repoURL\":\"http://h/r/\",\"keyFormat\":\"f\"}}", "f",
         "{\"artifactory\":{\"url\":\"http://h/r/a/b\"}}"},
    };
    _cleanup_arena_ struct arena *a = arena_new();

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct json repository = parse(a, cases[i].repository);
        struct json place = artifact_repository_place(a, &repository, STR("a/b"));
        struct str format = artifact_key_format(a, &repository);

        if (!str_is(format, cases[i].format) ||
            !str_is(json_text(a, &place, JSON_COMPACT), cases[i].place))
            fail_msg("%s: " STR_FMT " " STR_FMT, cases[i].repository, STR_ARG(format),
                     STR_ARG(json_text(a, &place, JSON_COMPACT)));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_has_place),
        cmocka_unit_test(test_repositories),
    };

    return cmocka_run_group_tests_name("place", tests, NULL, NULL);
}
