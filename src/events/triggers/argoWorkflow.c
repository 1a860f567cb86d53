/*
 * Submits a Workflow, as `argo submit` would. On a worker; waits for the store; once per
 * firing. Other operations are refused when the sensor is created. Source:
 * ../shared/spec/events.md 5.5.
 */
#include "events/triggers/create.h"

static const struct json *workflow_resource(const struct json *template)
{
    return json_path(template, "argoWorkflow", "source", "resource", NULL);
}

static int workflow_fire(const struct trigger_services *s, struct arena *a,
                         const struct trigger_request *req, struct trigger_result *ret,
                         struct err *err)
{
    struct json object = trigger_labelled(a, req);

    return trigger_submit(s, a, req, &object, ret, err);
}

static const struct trigger_ops workflow_ops = {.resource = workflow_resource,
                                                .fire = workflow_fire};

extern const struct trigger_driver argoWorkflow_trigger;
const struct trigger_driver argoWorkflow_trigger = {
    .kind = "argoWorkflow",
    .summary = "Submits a Workflow.",
    .place = TRIGGER_ON_WORKER,
    .ops = &workflow_ops,
};
