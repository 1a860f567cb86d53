/*
 * What the controller lets submitters say: workflowRestrictions.templateReferencing. Pure. What
 * a workflow refers to is frozen when it is submitted, so that Secure asks no more than Strict.
 * Source: ../shared/spec/workflows.md 1.5, 4.22.
 */
#include "objects/workflow_merge.h"
#include "workflows/submit/submit_internal.h"

int submit_restrict(const struct json *doc, enum config_referencing how, struct err *err)
{
    _cleanup_arena_ struct arena *a = arena_new();
    const struct json *spec = json_get(doc, STR("spec"));

    if (how == CONFIG_REFERS_FREELY)
        return 0;
    if (!json_is(json_get(spec, STR("workflowTemplateRef")), JSON_OBJECT))
        return err_set(err, ERR_INVALID,
                       "workflows must use workflowTemplateRef to be executed when the "
                       "controller is in reference mode");
    return workflow_check_overrides(a, spec, err);
}
