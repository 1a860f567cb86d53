/* cli/convert.h - manifests of older releases in today's fields. Pure. */
#pragma once

#include "objects/object.h"

/**
 * convert_document() - a document with the plural fields of today
 * @a:   where what is new lives; the rest is shared
 * @doc: object of any kind; only Workflows, their templates and CronWorkflows are changed
 *
 * schedule becomes schedules (in whose place it stands), mutex is added to mutexes and
 * semaphore to semaphores, of the workflow and of each template. Fields that no release knows,
 * or that are gone, are left out.
 */
struct json convert_document(struct arena *a, const struct json *doc);
