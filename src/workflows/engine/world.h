/*
 * workflows/engine/world.h - what decisions of one workflow see of the others: locks,
 * ConfigMaps and claims, as the controller holds them in memory, and the controller's own
 * configuration. Loop thread; nothing here blocks.
 */
#pragma once

#include "base/metric.h"
#include "config/config.h"
#include "workflows/engine/locks.h"

struct wf_world {
    struct locks *locks;
    void *ctx;
    /* The document of a ConfigMap, borrowed until the loop's next turn, or NULL. */
    const struct json *(*config_map)(void *ctx, struct str ns, struct str name);
    /* The limit of a semaphore of the database, "ns/key"; false: there is none. */
    bool (*sync_limit)(void *ctx, struct str name, uint32_t *ret);
    /* The series of a metric that a manifest defines, as metric_define(). */
    int (*metric)(void *ctx, const struct metric_def *def, const struct str *values,
                  struct metric **ret, struct err *err);
    /* That of a PersistentVolumeClaim, likewise. */
    const struct json *(*claim)(void *ctx, struct str ns, struct str name);
    const struct config *config; /* the newest; NULL: what holds without one */
};
