/*
 * pods/pod.h - the pod boundary: the engine asks for pods and observes pods, nothing else.
 *
 * A runner is one answer to that request: local/ (this machine), kube/ (a cluster, later),
 * scripted/ (tests and simulation). create() is idempotent by uid: after a crash the engine
 * asks again for every unfinished Pod node; a runner that has it already (running or ended)
 * reports its state, else starts it. Reports come on the loop, in order for one pod, the last
 * one is_final. A final report is kept on disk until pod_forget().
 *
 * All functions run on the loop unless said otherwise; texts are borrowed for the call.
 */
#pragma once

#include "base/clock.h"
#include "base/err.h"
#include "formats/json.h"

/* Is the token of the pod's ServiceAccount mounted? */
enum pod_token {
    POD_TOKEN_BY_ACCOUNT, /* unless the account says no */
    POD_TOKEN_MOUNTED,
    POD_TOKEN_NONE,
};

struct pod_report;
typedef void (*pod_report_fn)(void *ctx, const struct pod_report *report);

struct pod_request {
    struct str
        uid; /* identity: of the workflow's uid and the node id; [0-9a-z-], at most 80 bytes */
    struct str ns, name;                                   /* the pod's, as upstream names it */
    struct str workflow, workflow_uid, node_id, node_name; /* "" of a pod of no workflow */
    const struct json *template;  /* resolved Template: one of container, script, containerSet;
                                     inputs, outputs, initContainers, sidecars, volumes ... */
    const struct json *volumes;   /* workflow spec.volumes (array) or NULL */
    const struct json *pod_meta;  /* {labels, annotations} or NULL */
    const struct json *security;  /* the pod's securityContext or NULL */
    const struct json *resources; /* of the pod as a whole, instead of the sum of its
                                     containers; or NULL */
    const struct json *node_selector; /* labels that its machine must have; or NULL */
    struct str service_account;       /* or "": default */
    enum pod_token token;
    struct wall deadline; /* kill with DeadlineExceeded then; ms 0: none */
    uint64_t grace_ms;    /* between SIGTERM and SIGKILL; 0: POD_GRACE_DEFAULT_MS */
    bool is_on_host;      /* the machine's network, also where pods have their own */
    bool wants_result;    /* outputs.result (the standard output of main) is used by somebody */
    pod_report_fn report; /* who is told of it; NULL: the runner's own listener */
    void *report_ctx;
};

enum pod_phase { POD_PENDING, POD_RUNNING, POD_SUCCEEDED, POD_FAILED, POD_ERROR };

/* One of the containers of a containerSet. */
struct pod_container_report {
    struct str name;
    enum pod_phase phase;
    struct str message;
    int code;                      /* that it has returned */
    struct wall started, finished; /* ms 0: not yet */
};

struct pod_report {
    struct str uid;
    enum pod_phase phase;
    struct str message;            /* as upstream infers it: "Error (exit code 1)", or "" */
    const struct json *outputs;    /* NodeStatus.outputs: parameters (with values), result,
                                      exitCode, artifacts; NULL if none */
    struct wall started, finished; /* of the main container; ms 0: not yet */
    struct str host;               /* node name of this machine */
    struct str ip;
    struct str isolation;                          /* "process", "host", "image" */
    const struct pod_container_report *containers; /* of a containerSet that has ended, in its
                                                      order */
    size_t container_count;
    struct str
        progress;    /* "N/M" as the pod says, or "", or anything else that it has written */
    bool is_unready; /* of a daemon's pod that runs: a container is not ready yet; message says
                        what its probe has found */
    bool is_final;
};

struct pod_log; /* an open log, see pod_log_open */

struct pod_runner;
/* What a sweep asks, after all that is left has been looked up, so that whatever the answers
 * are read from is newer. An owner is what stands in a pod's uid before its last dash. */
struct pod_sweep {
    bool (*is_gone)(void *ctx, struct str owner);
    /* Is the outcome stored, so that nobody asks for this pod again? */
    bool (*is_settled)(void *ctx, struct str owner, struct str uid);
    void *ctx;
};

struct pod_runner_ops {
    int (*create)(struct pod_runner *r, const struct pod_request *req, struct err *err);
    void (*kill)(struct pod_runner *r, struct str uid, struct str why, uint64_t grace_ms);
    void (*forget)(struct pod_runner *r, struct str uid, bool keep_logs);
    void (*sweep)(struct pod_runner *r, const struct pod_sweep *ask);
    struct pod_log *(*log_open)(struct pod_runner *r, struct str ns, struct str pod,
                                struct str container, struct err *err);
    int (*asked)(struct pod_runner *r, struct arena *a, struct str ns, struct str pod,
                 struct json *ret, struct err *err);
    void (*hold)(struct pod_runner *r, bool is_held);
    void (*close)(struct pod_runner *r);
};

struct pod_runner {
    const struct pod_runner_ops *ops;
    pod_report_fn report; /* set by the engine before the first create */
    void *report_ctx;
};

/**
 * pod_create() - ask for a pod
 * @err: ERR_TRANSIENT (over POD_QUEUE_MAX waiting): ask again later; ERR_INVALID: the request
 * can never run
 *
 * Return: 0: a report will follow; -1.
 */
static inline int pod_create(struct pod_runner *r, const struct pod_request *req,
                             struct err *err)
{
    return r->ops->create(r, req, err);
}

/** pod_kill() - end a pod: SIGTERM, after @grace_ms SIGKILL; a final report with @why as
 * message follows; unknown uid: no-op */
static inline void pod_kill(struct pod_runner *r, struct str uid, struct str why,
                            uint64_t grace_ms)
{
    r->ops->kill(r, uid, why, grace_ms);
}

/** pod_forget() - its final report is durable elsewhere: drop the record, and the logs unless
 * @keep_logs */
static inline void pod_forget(struct pod_runner *r, struct str uid, bool keep_logs)
{
    r->ops->forget(r, uid, keep_logs);
}

/**
 * pod_sweep() - remove what is left of pods whose owners are gone: records, logs, folders; and
 * what a crash left of pods that are settled, but for records and logs
 *
 * On a worker: blocks. Pods that run are left alone.
 */
static inline void pod_sweep(struct pod_runner *r, const struct pod_sweep *ask)
{
    r->ops->sweep(r, ask);
}

/** pod_hold() - while held, pods that ask for a share of the machine and have not begun yet
 * wait: the engine has not asked yet for all that ran before a restart, and these keep their
 * share */
static inline void pod_hold(struct pod_runner *r, bool is_held)
{
    if (r->ops->hold)
        r->ops->hold(r, is_held);
}

/** pod_runner_close() - stop observing and release; running pods go on (their shims survive) */
static inline void pod_runner_close(struct pod_runner *r)
{
    if (r)
        r->ops->close(r);
}

/**
 * pod_asked() - what was asked for, kept as long as the pod's logs; any thread, blocks
 * @ret: {uid, template, graceSeconds, resources}, in @a
 * @err: ERR_NOT_FOUND: nothing is kept (yet)
 */
static inline int pod_asked(struct pod_runner *r, struct arena *a, struct str ns,
                            struct str pod, struct json *ret, struct err *err)
{
    if (!r->ops->asked)
        return err_set(err, ERR_NOT_FOUND, "nothing is kept");
    return r->ops->asked(r, a, ns, pod, ret, err);
}

/* ---- logs: any thread; each pod_log is used by one thread at a time ---- */

struct pod_log_ops {
    long (*read)(struct pod_log *log, char *buf, size_t size, struct err *err);
    bool (*is_ended)(struct pod_log *log);
    int (*wait_fd)(struct pod_log *log);
    void (*close)(struct pod_log *log);
};

struct pod_log {
    const struct pod_log_ops *ops;
};

/** pod_log_open() - the log of a container ("main", "wait" is empty, init names) of a pod, also
 * of one that has ended; ERR_NOT_FOUND */
static inline struct pod_log *pod_log_open(struct pod_runner *r, struct str ns, struct str pod,
                                           struct str container, struct err *err)
{
    return r->ops->log_open(r, ns, pod, container, err);
}

/** pod_log_read() - the next bytes; 0: none now (see is_ended) */
static inline long pod_log_read(struct pod_log *log, char *buf, size_t size, struct err *err)
{
    return log->ops->read(log, buf, size, err);
}

/** pod_log_is_ended() - has the container ended and all been read? */
static inline bool pod_log_is_ended(struct pod_log *log)
{
    return log->ops->is_ended(log);
}

/** pod_log_wait_fd() - becomes readable when there may be more (the log drains it on read); -1:
 * the system has none to give or the pod has ended, look again by time */
static inline int pod_log_wait_fd(struct pod_log *log)
{
    return log->ops->wait_fd(log);
}

/** pod_log_close() - release; may take milliseconds: not on the loop for many */
static inline void pod_log_close(struct pod_log *log)
{
    if (log)
        log->ops->close(log);
}

/* What a runner reads while it stages a pod: ConfigMaps and Secrets. Any thread; blocking. */
struct pod_objects {
    void *ctx;
    /* The document of a core/v1 object; ERR_NOT_FOUND in Kubernetes' words. */
    int (*get)(void *ctx, struct arena *a, struct str kind, struct str ns, struct str name,
               const struct json **ret, struct err *err);
};

/* How a pod reaches the API as its ServiceAccount. */
struct pod_access {
    struct str token;
    struct str ca; /* certificates in PEM that prove who the server is; "" : none */
    struct str url, host, port; /* of the server, as the pod sees it */
    bool is_shared;             /* the same for all pods of the account */
};

/* Who gives it, for the time that the pod is there. Any thread; blocking. */
struct pod_accesses {
    void *ctx;
    /* @ret: texts in @a; ERR_TRANSIENT: later. NULL: there is no API. */
    int (*get)(void *ctx, struct arena *a, const struct pod_request *req,
               struct pod_access *ret, struct err *err);
    /* A token of the pod's account for an audience, "" the server; in @a; errors and NULL as
     * get(). */
    int (*token)(void *ctx, struct arena *a, const struct pod_request *req, struct str audience,
                 struct str *ret, struct err *err);
    const char *program; /* absolute path of what pods find as `argo`; NULL: nothing */
};
