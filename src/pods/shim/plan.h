/*
 * pods/shim/plan.h - what the runner writes for a shim and what the shim leaves behind: one
 * file a pod, "record".
 *
 * The file begins with a fixed struct pod_record (rewritten in place by the shim with single
 * pwrite calls), then comes the plan: NUL-terminated words, a key and its value in turn. The
 * shim holds a POSIX write lock on the file as long as it lives, so the runner finds its pid
 * (F_GETLK) and knows when it is gone; a shim that gets the lock on a file that was unlinked or
 * has begun already leaves at once. Native byte order: the file never leaves its machine.
 *
 * Keys of a plan, in this order:
 *   isolation  process | host | image
 *   runtime    image: path of the OCI runtime (crun or runc)
 *   layers     image: folder of unpacked layers
 *   bridge     image: device of the machine that the pod's own network is joined to; with
 * `address`, `prefix` (bits of it that all on the bridge share) and `gateway`. Without, it is
 *              in the shim's network
 *   root       host: folder for the overlay (holds upper, work, root, tmp)
 *   mask       host: path that the pod must not see; repeated
 *   hostname   host: the pod's name
 *   bind       source, then the key `at` with the target, then `mode` ro | rw; repeated
 *   deadline   Unix ms; the pod is ended then
 *   grace      ms between SIGTERM and SIGKILL
 *   logmax     bytes that a container's log may take on the disk; then its older half goes
 *   watched    1: POD_RECORD_READY is kept up to date while the pod runs
 *   container  name: begins a container
 * Keys of a container:
 *   role       main | sidecar: containers with a role run beside each other, after those that
 *              have none, which run one after the other. The last one is main without saying so
 *   box        host: its own folder for the overlay, as `root`. image: its bundle (config.json,
 *              upper, work, root)
 *   layer      image: a folder in `layers`, the topmost first; repeated
 *   id         image: its name to the runtime
 *   cgroup     image: its control group, a path as in config.json
 *   oom        image: file of the kernel that counts who was killed for lack of memory
 *   after      name of a main container that must have succeeded; repeated
 *   tries      how often it is run at most; 1 without
 *   delay      ms between them
 *   uid        who it runs as, with `gid` and further groups (`group`; repeated). A shim that
 * is not root's can only be told its own user: host: it is that one inside, too, and not root
 *   lacks      bits of capabilities that it must not have
 *   sealed     1: process: it gains no privileges
 *   filtered   1: process: it makes the system calls of syscalls.def only; sealed, too
 *   readonly   1: host: it cannot write its root, nor its /tmp
 *   stdin      1: its standard input is open as long as it runs; without, it is /dev/null
 *   tty        1: it has a terminal
 *   cwd, env (repeated), arg (repeated), log (file name in the pod's folder)
 *   output     path of an output parameter, copied to outputs/N in the pod's folder at the end;
 *              repeated
 *   artifact   path of an output artifact, copied to artifacts/N at the end; repeated. Where
 *              that failed, artifacts/N.error says why
 *   act        startup | liveness | readiness | poststart | prestop: begins what is done with
 *              the container from outside. A probe without `within` or `every` is none
 * Keys of an act, of the first three of which it has one:
 *   exec       word of a command that runs in the container; repeated
 *   host       to connect to, and `port`; with `request` that is sent and the head of an answer
 *              of HTTP is read, a status from 200 to 399 is good
 *   sleep      ms that nothing is done
 *   initial    ms after the start until the first probe
 *   every      ms between probes
 *   within     ms that one may take
 *   successes, failures   in a row that change the result
 *   ending     ms between SIGTERM and SIGKILL when it has failed, instead of `grace`
 *
 * Of containers that ran beside others, behind the plan, one struct pod_container_record each,
 * in the plan's order; they are there when the record says that the pod has ended.
 */
#pragma once

#include <stdint.h>

#define POD_RECORD_MAGIC   "TIPHPOD1"
#define POD_RECORD_FILE    "record"
#define POD_ARTIFACT_ERROR ".error" /* behind the name of an artifact that was not copied */

enum pod_record_state { POD_RECORD_PLANNED, POD_RECORD_BEGUN, POD_RECORD_ENDED };

enum pod_record_flags {
    POD_RECORD_DEADLINE = 1,     /* ended because its deadline passed */
    POD_RECORD_KILLED = 2,       /* ended because the runner asked for it */
    POD_RECORD_START_FAILED = 4, /* the container could not be started; message says why */
    POD_RECORD_INIT = 8,         /* an earlier container than the main one failed */
    POD_RECORD_LITTER = 16,      /* its working folder has files: the runner removes them */
    POD_RECORD_OOM = 32,         /* the container took more memory than it may */
    POD_RECORD_READY = 64,       /* of a watched pod that runs: all its containers are ready;
                                    else message says what the last probe found */
};

struct pod_record {
    char magic[8];
    uint32_t state; /* enum pod_record_state */
    int32_t shim_pid;
    int64_t started_ms, finished_ms; /* Unix time of the main container */
    int32_t code;                    /* exit code; 128 + signal when killed by one */
    int32_t signal;
    uint32_t flags;
    uint32_t plan_bytes;
    uint8_t uid[80];    /* pod uid, zero-padded */
    char container[64]; /* the one that decided the outcome */
    char message[320];
};

/* How one of several containers ended. */
struct pod_container_record {
    char name[64];
    int32_t code, signal; /* as in struct pod_record */
    int64_t started_ms, finished_ms;
    char message[320];
    uint32_t flags; /* POD_RECORD_OOM */
    uint32_t unused;
};

enum { POD_PLAN_MAX_BYTES = 4 << 20, POD_OUTPUT_COPY_MAX_BYTES = 262144 + 2 };

/* Between the daemon and the zygote: one SOCK_SEQPACKET message each. The zygote's end is file
 * descriptor 3. */
struct shim_request {
    uint64_t tag;   /* chosen by the daemon */
    char dir[4088]; /* the pod's folder, absolute or relative to the zygote's; NUL-terminated,
                       sent short */
};

enum shim_report_kind { SHIM_STARTED = 1, SHIM_ENDED, SHIM_FAILED };

struct shim_report {
    uint64_t tag;
    uint32_t kind; /* enum shim_report_kind */
    int32_t pid;   /* of the shim; errno for SHIM_FAILED */
};
