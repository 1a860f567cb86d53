/*
 * config/config.h - what the ConfigMap of the controller says, workflow-controller-configmap.
 *
 * A config is an immutable snapshot, shared by reference count; the holder follows the
 * ConfigMap and always has the newest one that could be read. A ConfigMap that is wrong changes
 * nothing: the log says why, and what held before holds on. Keys stand beside each other in
 * data, or all in one text under the key "config", as in old releases. Keys that mean a cluster
 * are accepted and named in the log once; keys that are unknown are wrong. Source:
 * ../shared/spec/workflows.md 9.4.
 */
#pragma once

#include "formats/selector.h"
#include "io/loop.h"
#include "store/store.h"

#define CONFIG_DEFAULT_NAMESPACE "argo"
#define CONFIG_DEFAULT_NAME      "workflow-controller-configmap"
#define CONFIG_DEFAULT_METRICS   "/metrics"

enum config_referencing {
    CONFIG_REFERS_FREELY,
    CONFIG_REFERS_STRICTLY,
    CONFIG_REFERS_SECURELY
};

/* How many ended workflows of each phase are kept. */
struct config_retention {
    bool is_on;
    uint32_t succeeded, failed, errored;
};

struct config {
    struct {
        bool is_on;
        int64_t ttl_ms;                /* 0: kept for ever */
        const struct selector *labels; /* or NULL: all */
    } archive;
    const struct json *workflow_defaults;        /* a Workflow, or NULL */
    const struct json *main_container;           /* a Container, or NULL */
    const struct json *images;                   /* name to {entrypoint, cmd}, or NULL */
    struct str metrics_path;                     /* "" there are none */
    const struct json *artifact_repository;      /* or NULL */
    const struct json *artifact_drivers;         /* array, or NULL */
    uint32_t parallelism, namespace_parallelism; /* workflows that run at once; 0: all */
    struct {
        bool is_on;
        double per_second;
        uint32_t burst;
    } pod_rate;
    struct config_retention retention;
    const struct json *links, *columns; /* arrays, or NULL */
    struct str nav_color;
    uint64_t initial_delay_ms;
    bool serves_limits;                      /* those of the database, by the API */
    bool tells_of_nodes, tells_of_workflows; /* Events */
    bool logs_all_pods, logs_failed_pods;    /* their templates */
    bool tells_as_pod;                       /* those of pods' nodes are about the pods */
    struct str instance_id;                  /* "" none */
    struct str namespace;                    /* the only one that is served, or "" */
    enum config_referencing referencing;
    const struct str *idle_keys; /* accepted, without effect on one machine */
    size_t idle_count;
};

/** config_new() - what holds without a ConfigMap; one reference */
const struct config *config_new(void);

/**
 * config_parse() - read a ConfigMap; pure
 * @doc: the ConfigMap
 * @err: ERR_INVALID with the key, what was found and what would be right
 *
 * Return: one reference, or NULL.
 */
const struct config *config_parse(const struct json *doc, struct err *err);

/** config_ref() / config_unref() - share and drop; any thread; NULL is a no-op */
const struct config *config_ref(const struct config *c);
void config_unref(const struct config *c);
static inline void config_unrefp(const struct config **c)
{
    config_unref(*c);
}
#define _cleanup_config_ _cleanup_(config_unrefp)

/** config_archives() - is a Workflow with these labels kept when it has ended? */
static inline bool config_archives(const struct config *c, const struct json *labels)
{
    return c->archive.is_on && selector_matches(c->archive.labels, labels);
}

/** config_serves() - is a Workflow or CronWorkflow ours? By its namespace and its label
 * controller-instanceid */
bool config_serves(const struct config *c, const struct json *doc);

/** config_artifact_driver() - the entry of a plugin in artifactDrivers, borrowed, or NULL */
const struct json *config_artifact_driver(const struct config *c, struct str name);

/* ---- the newest one ---- */

struct config_holder;

struct config_options {
    struct loop *loop;
    struct store *store;
    struct str ns, name; /* of the ConfigMap; "" the defaults */
};

/** config_open() - read the ConfigMap, then follow it; owned; before the loop runs. A ConfigMap
 * that is wrong at the start counts as none. ERR_IO */
struct config_holder *config_open(const struct config_options *options, struct err *err);

/** config_get() - the newest; a reference for the caller; any thread; of NULL what holds
 * without a ConfigMap */
const struct config *config_get(struct config_holder *h);

/** config_on_change() - call @fn on the loop after each change; CONFIG_LISTENERS_MAX at the
 * most
 */
void config_on_change(struct config_holder *h, loop_fn fn, void *ctx);

/** config_close() - follow it no more; NULL is a no-op */
void config_close(struct config_holder *h);
