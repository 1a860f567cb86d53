/*
 * cli/logs.h - the logs of a workflow's pods, each line behind its pod's name.
 *
 * Without follow, the lines of all pods in order of time. With it, what has ended first, so,
 * and then the lines of all pods as they come, until the workflow has ended. One thread a pod
 * that is followed; lines are written whole.
 */
#pragma once

#include "cli/workflow.h"
#include "formats/regex.h"

struct logs_options {
    struct str pod;                /* this one only; "" for all */
    const struct selector *labels; /* pods with these labels only; NULL: all */
    const char *container;
    const struct regex *grep; /* lines that match only; NULL: all */
    struct str since;         /* query of the API for --since and --since-time, or "" */
    int64_t tail;             /* last lines of each pod; -1: all */
    bool follows, has_times, has_color;
};

/** logs_print() - the logs of one workflow to standard output; ERR_NOT_FOUND when there is no
 * such workflow, or no such pod */
int logs_print(struct cli *cli, struct str workflow, const struct logs_options *options,
               struct err *err);

/** logs_pod_labels() - labels of a node's pod: those of the engine, of spec.podMetadata and of
 * the template */
struct json logs_pod_labels(struct arena *a, const struct json *workflow,
                            const struct json *node);

/** logs_line() - a line as it is printed, its end included */
struct str logs_line(struct arena *a, struct str pod, struct str text,
                     const struct logs_options *options);
