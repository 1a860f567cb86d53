/*
 * What the controller lets submitters say: workflowRestrictions.templateReferencing. Pure. What
 * a workflow refers to is frozen when it is submitted, so that Secure asks no more than Strict.
 * Source: ../shared/spec/workflows.md 1.5, 4.22.
 */
#include "base/strbuf.h"
#include "workflows/submit/submit_internal.h"

enum { NAMES_MAX_BYTES = 4096 };

static bool is_allowed(struct str name)
{
    static const char *const allowed[] = {
        "arguments",     "entrypoint",
        "shutdown",      "suspend",
        "priority",      "podGC",
        "ttlStrategy",   "activeDeadlineSeconds",
        "archiveLogs",   "metrics",
        "volumeClaimGC", "workflowMetadata",
        "artifactGC",    "workflowTemplateRef",
    };

    for (size_t i = 0; i < COUNT_OF(allowed); i++)
        if (str_is(name, allowed[i]))
            return true;
    return false;
}

/* As Go spells the member. */
static void add_name(struct strbuf *b, struct str name)
{
    strbuf_addz(b, b->len > 0 ? " " : "");
    if (str_starts(name, STR("dns"))) {
        strbuf_addf(b, "DNS" STR_FMT, STR_ARG(str_skip(name, 3)));
        return;
    }
    strbuf_addc(b, name.len > 0 && name.ptr[0] >= 'a' && name.ptr[0] <= 'z'
                       ? (char) (name.ptr[0] - 'a' + 'A')
                       : name.ptr[0]);
    strbuf_add(b, str_skip(name, 1));
}

/* Who deletes artifacts is not the submitter's to say. */
static void add_forbidden_gc(struct strbuf *b, const struct json *spec)
{
    static const char *const forbidden[] = {"podSpecPatch", "serviceAccountName",
                                            "podMetadata"};
    const struct json *gc = json_get(spec, STR("artifactGC"));

    for (size_t i = 0; i < COUNT_OF(forbidden); i++)
        if (json_get(gc, str_from(forbidden[i]))) {
            strbuf_addz(b, b->len > 0 ? " ArtifactGC." : "ArtifactGC.");
            strbuf_addc(b, (char) (forbidden[i][0] - 'a' + 'A'));
            strbuf_addz(b, forbidden[i] + 1);
        }
}

int submit_restrict(const struct json *doc, enum config_referencing how, struct err *err)
{
    _cleanup_strbuf_ struct strbuf names = STRBUF_INIT(NAMES_MAX_BYTES);
    const struct json *spec = json_get(doc, STR("spec"));

    if (how == CONFIG_REFERS_FREELY)
        return 0;
    if (!json_is(json_get(spec, STR("workflowTemplateRef")), JSON_OBJECT))
        return err_set(err, ERR_INVALID,
                       "workflows must use workflowTemplateRef to be executed when the "
                       "controller is in reference mode");
    for (uint32_t i = 0; i < spec->count; i++)
        if (!is_allowed(spec->members[i].key))
            add_name(&names, spec->members[i].key);
    add_forbidden_gc(&names, spec);
    if (names.len == 0)
        return 0;
    return err_set(err, ERR_INVALID,
                   "fields [" STR_FMT "] are not permitted when using workflowTemplateRef with "
                   "templateReferencing restriction",
                   STR_ARG(strbuf_str(&names)));
}
