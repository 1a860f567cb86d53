/* Tests of what the controller lets submitters say. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "objects/shapes.h"
#include "workflows/submit/submit_internal.h"

#define REF "\"workflowTemplateRef\":{\"name\":\"t\"}"
#define MUST_REFER                                                                     \
    "workflows must use workflowTemplateRef to be executed when the controller is in " \
    "reference mode"
#define NOT_PERMITTED(names) \
    "fields [" names         \
    "] are not permitted when using workflowTemplateRef with templateReferencing restriction"

static void test_restrictions(void **state)
{
    static const struct {
        const char *spec, *error; /* NULL: it may */
    } cases[] = {
        {"{" REF "}", NULL},
        {"{" REF ",\"arguments\":{},\"entrypoint\":\"m\",\"suspend\":true,\"priority\":1}",
         NULL},
        {"{" REF ",\"artifactGC\":{\"strategy\":\"Never\"}}", NULL},
        {"{}", MUST_REFER},
        {"{\"entrypoint\":\"m\",\"templates\":[]}", MUST_REFER},
        {"{\"workflowTemplateRef\":null}", MUST_REFER},
        {"{" REF ",\"templates\":[]}", NOT_PERMITTED("Templates")},
        {"{" REF ",\"serviceAccountName\":\"root\",\"dnsPolicy\":\"x\"}",
         NOT_PERMITTED("DNSPolicy ServiceAccountName")},
        {"{" REF ",\"podSpecPatch\":\"x\",\"artifactGC\":{\"podSpecPatch\":\"x\"}}",
         NOT_PERMITTED("ArtifactGC.PodSpecPatch PodSpecPatch")},
    };
    static const enum config_referencing strict[] = {CONFIG_REFERS_STRICTLY,
                                                     CONFIG_REFERS_SECURELY};
    _cleanup_arena_ struct arena *a = arena_new();

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct str text = str_printf(a, "{\"spec\":%s}", cases[i].spec);
        struct json doc;
        struct err err;

        assert_int_equal(json_parse(a, text, &doc, &err), 0);
        assert_int_equal(submit_restrict(&doc, CONFIG_REFERS_FREELY, &err), 0);
        for (size_t k = 0; k < COUNT_OF(strict); k++) {
            int rc = submit_restrict(&doc, strict[k], &err);

            if ((rc == 0) != !cases[i].error)
                fail_msg("case %zu: %d", i, rc);
            if (cases[i].error)
                assert_string_equal(err.text, cases[i].error);
        }
    }
}

static bool is_overridable(const char *name)
{
    static const char *const names[] = {"activeDeadlineSeconds",
                                        "archiveLogs",
                                        "arguments",
                                        "artifactGC",
                                        "entrypoint",
                                        "metrics",
                                        "podGC",
                                        "priority",
                                        "shutdown",
                                        "suspend",
                                        "ttlStrategy",
                                        "workflowMetadata",
                                        "volumeClaimGC",
                                        "workflowTemplateRef"};

    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return false;
}

/* CVE-2026-31892: podSpecPatch went past the restriction, as each field could that somebody
 * forgot to refuse. What may be set is listed; all else that a spec knows is refused. */
static void test_CVE_2026_31892_what_is_not_listed_is_refused(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    size_t refused = 0;

    (void) state;
    for (const struct field *f = shape_workflow_spec.fields; f->name; f++) {
        struct str text = str_printf(a, "{\"spec\":{" REF ",\"%s\":{\"x\":1}}}", f->name);
        struct json doc;
        struct err err;
        int rc;

        if (strcmp(f->name, "workflowTemplateRef") == 0 || strcmp(f->name, "artifactGC") == 0)
            continue;
        assert_int_equal(json_parse(a, text, &doc, &err), 0);
        rc = submit_restrict(&doc, CONFIG_REFERS_STRICTLY, &err);
        if ((rc == 0) != is_overridable(f->name))
            fail_msg("%s: %d", f->name, rc);
        refused += rc < 0;
    }
    assert_true(refused > 25);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_restrictions),
        cmocka_unit_test(test_CVE_2026_31892_what_is_not_listed_is_refused),
    };

    return cmocka_run_group_tests_name("restrict", tests, NULL, NULL);
}
