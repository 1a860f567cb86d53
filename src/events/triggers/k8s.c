/*
 * Creates an object of any kind that is served, or submits a Workflow (operation submit, beyond
 * upstream: tutorials give name and generateName both, then the name is taken while it is
 * free).
 *
 * On a worker; waits for the store. The object is made once per firing: its mark is found again
 * after a crash. Labels tell sensor, trigger and time, as upstream's. Other operations are
 * refused when the sensor is created. Source: ../shared/spec/events.md 5.4.
 */
#include "events/triggers/create.h"

static const struct json *k8s_resource(const struct json *template)
{
    return json_path(template, "k8s", "source", "resource", NULL);
}

static int k8s_fire(const struct trigger_services *s, struct arena *a,
                    const struct trigger_request *req, struct trigger_result *ret,
                    struct err *err)
{
    struct str operation = json_str(json_path(req->template, "k8s", "operation", NULL));
    const struct store_object *made;
    struct json object;

    if (str_is(operation, "submit"))
        return trigger_submit(s, a, req, NULL, ret, err);
    object = trigger_labelled(a, req);
    if (s->submitter->create(s->submitter->ctx, &object, req->ns, req->mark, &made, err) < 0)
        return -1;
    trigger_made(a, "created", made, ret);
    return 0;
}

static const struct trigger_ops k8s_ops = {.resource = k8s_resource, .fire = k8s_fire};

extern const struct trigger_driver k8s_trigger;
const struct trigger_driver k8s_trigger = {
    .kind = "k8s",
    .summary = "Creates an object, or submits a Workflow.",
    .place = TRIGGER_ON_WORKER,
    .ops = &k8s_ops,
};
