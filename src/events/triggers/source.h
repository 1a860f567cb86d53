/*
 * events/triggers/source.h - where the object of a k8s or argoWorkflow trigger comes from: the
 * manifest itself (resource, inline), a key of a ConfigMap, a file of this machine, a document
 * on the web. Worker; blocking. S3 and Git are refused when the sensor is created.
 *
 * Source: ../shared/spec/events.md 5.2.
 */
#pragma once

#include "events/triggers/trigger.h"

/* For whom it is read. */
struct trigger_reading {
    const struct trigger_services *services;
    struct arena *arena; /* where the object lives */
    struct str ns;       /* of the sensor */
};

/**
 * trigger_source_read() - the object of a source
 * @source: source of the template; of several the first counts, in upstream's order
 * @ret:    the first document, whatever it is
 * @result: is_read_failure is set when reading failed, not what was read
 * @err:    what failed; ERR_INVALID when there is no source, or it is no object
 *
 * Return: 0 or -1.
 */
int trigger_source_read(const struct trigger_reading *r, const struct json *source,
                        struct json *ret, struct trigger_result *result, struct err *err);
