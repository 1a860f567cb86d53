/*
 * events/triggers/source.h - where the object of a k8s or argoWorkflow trigger comes from: the
 * manifest itself (resource, inline), a key of a ConfigMap, a file of this machine, a document
 * on the web. Worker; blocking. S3 and Git are refused when the sensor is created.
 *
 * Source: ../shared/spec/events.md 5.2.
 */
#pragma once

#include "events/triggers/trigger.h"

/**
 * trigger_source_read() - the object of a source
 * @a:      where it lives
 * @ns:     of the sensor
 * @source: source of the template; of several the first counts, in upstream's order
 * @ret:    the first document, whatever it is
 * @result: is_read_failure is set when reading failed, not what was read
 * @err:    what failed; ERR_INVALID when there is no source, or it is no object
 *
 * Return: 0 or -1.
 */
int trigger_source_read(const struct trigger_services *s, struct arena *a, struct str ns,
                        const struct json *source, struct json *ret,
                        struct trigger_result *result, struct err *err);
