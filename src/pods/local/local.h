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
#include "pods/pod.h"

enum local_isolation { LOCAL_ISOLATION_PROCESS, LOCAL_ISOLATION_HOST };

struct local_options {
    struct loop *loop;
    struct workers *workers;
    const char *path; /* state folder, absolute; pods/ is made in it */
    const char *shim; /* path of tiphys-shim */
    enum local_isolation isolation;
    const char *node_name;      /* of this machine */
    unsigned running_max;       /* 0: POD_RUNNING_MAX */
    int64_t log_max_bytes;      /* of a container's log on the disk; 0: POD_LOG_MAX_BYTES */
    const char *host_paths;     /* folders that hostPath may name, by ':'; NULL: none */
    struct pod_objects objects; /* for ConfigMaps, Secrets and claims */
};

/** local_runner_new() - start the zygote; owned by pod_runner_close(); ERR_IO, ERR_NOT_FOUND
 * (no shim) */
struct pod_runner *local_runner_new(const struct local_options *options, struct err *err);

/** local_runner_artifacts() - where this runner keeps artifacts; lives as long as it */
const struct artifact_house *local_runner_artifacts(struct pod_runner *runner);

/** local_isolation_probe() - the strongest isolation that this machine lets us have; spawns a
 * trial pod below @path */
enum local_isolation local_isolation_probe(const char *path, const char *shim);

/** local_isolation_name() - "process" or "host" */
const char *local_isolation_name(enum local_isolation isolation);
