/*
 * pods/local/local.h - the runner of this machine: a small kubelet behind pods/pod.h.
 *
 * Each pod has a folder <state>/pods/<namespace>/<pod name>/ with its record
 * (pods/shim/plan.h), logs, volumes and outputs. Workers stage it, the zygote forks its shim, a
 * reader thread collects outcomes, the loop reports. What runs is found again by its record:
 * create() with a uid that is on disk adopts or reports, it never starts twice.
 */
#pragma once

#include "artifacts/artifact.h"
#include "io/loop.h"
#include "io/workers.h"
#include "pods/images/images.h"
#include "pods/local/bridge.h"
#include "pods/pod.h"

enum local_isolation { LOCAL_ISOLATION_PROCESS, LOCAL_ISOLATION_HOST, LOCAL_ISOLATION_IMAGE };

/* Pods whose image is like the pattern (as a shell's) have this isolation. */
struct local_rule {
    const char *pattern;
    enum local_isolation isolation;
};

enum { LOCAL_RULES_MAX = 64 };

/* How images are run. */
struct local_runtime {
    const char *path;                   /* crun or runc, absolute; NULL: none works here */
    bool has_cgroups;                   /* limits can be set */
    bool has_swap_limit;                /* the kernel counts swap */
    bool has_network;                   /* the machine's or their own; else none */
    struct bridge bridge;               /* of their own, if it has a name */
    const char *oom_before, *oom_after; /* around a group's path: the file that counts who was
                                           killed for lack of memory; NULL: there is none */
};

struct local_options {
    struct loop *loop;
    struct workers *workers;
    const char *path;               /* state folder, absolute; pods/ is made in it */
    const char *shim;               /* path of tiphys-shim */
    enum local_isolation isolation; /* of pods that no rule is about */
    const struct local_rule *rules; /* copied; the first that fits counts */
    size_t rule_count;
    struct images *images; /* NULL without isolation image; outlives the runner */
    struct local_runtime runtime;
    const char *node_name;      /* of this machine */
    const char *node_labels;    /* of it, beside those that every node has: "key=value", by ',';
                                   NULL: none */
    unsigned running_max;       /* 0: POD_RUNNING_MAX */
    int64_t cpu_milli;          /* that pods may request together; 0: what the machine has */
    int64_t memory_bytes;       /* likewise */
    int64_t log_max_bytes;      /* of a container's log on the disk; 0: POD_LOG_MAX_BYTES */
    const char *host_paths;     /* folders that hostPath may name, by ':'; NULL: none */
    struct pod_objects objects; /* for ConfigMaps, Secrets and claims */
    /* The entry of an artifact plugin in the controller's ConfigMap; worker. NULL: none. */
    int (*plugin)(void *ctx, struct arena *a, struct str name, const struct json **ret,
                  struct err *err);
    void *plugin_ctx;
    struct pod_accesses access; /* to the API */
};

/** local_runner_new() - start the zygote; owned by pod_runner_close(); ERR_IO, ERR_NOT_FOUND
 * (no shim) */
struct pod_runner *local_runner_new(const struct local_options *options, struct err *err);

/** local_runner_artifacts() - where this runner keeps artifacts; lives as long as it */
const struct artifact_house *local_runner_artifacts(struct pod_runner *runner);

/** local_isolation_probe() - the strongest isolation that this machine lets us have; spawns a
 * trial pod below @path */
enum local_isolation local_isolation_probe(const char *path, const char *shim);

/** local_isolation_name() - "process", "host" or "image" */
const char *local_isolation_name(enum local_isolation isolation);

/**
 * local_runtime_find() - how images can be run here: an OCI runtime that works, control groups
 * @wanted: "crun", "runc" or a path; NULL or "": the one that works
 * @path:   folder for a trial
 * @err:    ERR_UNSUPPORTED: which programs were tried, and why they do not do
 *
 * Return: 0 or -1.
 */
int local_runtime_find(const char *wanted, const char *path, struct local_runtime *ret,
                       struct err *err);
