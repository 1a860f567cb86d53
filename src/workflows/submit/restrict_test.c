/* Tests of what the controller lets submitters say. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

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
         NOT_PERMITTED("ServiceAccountName DNSPolicy")},
        {"{" REF ",\"podSpecPatch\":\"x\",\"artifactGC\":{\"podSpecPatch\":\"x\"}}",
         NOT_PERMITTED("PodSpecPatch ArtifactGC.PodSpecPatch")},
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_restrictions),
    };

    return cmocka_run_group_tests_name("restrict", tests, NULL, NULL);
}
