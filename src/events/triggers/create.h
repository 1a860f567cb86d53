/* events/triggers/create.h - what triggers that make objects share. Worker; pure but for
 * trigger_submit(). */
#pragma once

#include "events/triggers/trigger.h"

/** trigger_labelled() - the request's resource with the labels that tell sensor, trigger and
 * time
 */
struct json trigger_labelled(struct arena *a, const struct trigger_request *req);

/**
 * trigger_made() - what a firing made or changed, for the trace; drops the reference
 * @verb: what it did: "created"
 */
void trigger_made(struct arena *a, const char *verb, const struct store_object *made,
                  struct trigger_result *ret);

/**
 * trigger_submit() - submit a Workflow once per mark; ERR_INVALID when it is none
 * @options: what arguments ask for; namespace and mark are set here; or NULL
 */
int trigger_submit(const struct trigger_services *s, struct arena *a,
                   const struct trigger_request *req,
                   const struct workflow_submit_options *options, struct trigger_result *ret,
                   struct err *err);
