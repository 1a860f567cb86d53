/*
 * pods/shim/shim.h - the parts of tiphys-shim: a static, single-threaded program that runs one
 * pod.
 *
 * main.c is the zygote: it forks (never executes again) one small shim for each request, so a
 * pod costs no program start beside its own. pod.c has the record and the order of things;
 * group.c supervises containers; spawn.c starts one, with isolate.c and harden.c, or image.c,
 * and tty.c for a terminal;
 * act.c does something with a container that runs (a command, a connection), probe.c says when,
 * and what came of it; cri.c writes logs; collect.c fetches outputs; plan.c reads the plan;
 * network.c is a network of the pod's own; heap.c is malloc(). Links only musl, and
 * base/tree.c, which needs nothing of base. Memory is never freed: the process ends with its
 * pod.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "pods/shim/plan.h"

enum {
    PLAN_CONTAINERS_MAX = 32,
    PLAN_LIST_MAX = 8192,
    PLAN_BINDS_MAX = 256,
    PLAN_LAYERS_MAX = 100, /* their names must fit on a page: mount(2) */
    PLAN_GROUPS_MAX = 64,
    PLAN_OUTPUTS_MAX = 256
};

struct plan_bind {
    const char *source, *target;
    bool is_read_only;
};

/* Of a pod that has a network of its own. */
struct plan_network {
    const char *bridge, *address, *gateway; /* NULL: it has the shim's */
    int64_t prefix;
};

enum plan_isolation { PLAN_PROCESS, PLAN_HOST, PLAN_IMAGE };

enum plan_role { PLAN_FIRST, PLAN_MAIN, PLAN_SIDECAR };

/* What is done with a container from outside; those up to ACT_PROBES are probes. */
enum plan_act {
    ACT_STARTUP,
    ACT_LIVENESS,
    ACT_READINESS,
    ACT_PROBES,
    ACT_POST_START = ACT_PROBES,
    ACT_PRE_STOP,
    ACT_COUNT
};

struct plan_action {
    bool is_there;
    const char **exec; /* NULL-terminated, or NULL */
    size_t exec_count;
    const char *host, *port, *request; /* or NULL */
    int64_t sleep_ms, initial_ms, every_ms, within_ms, successes, failures;
    int64_t ending_ms; /* -1: the pod's grace */
};

struct plan_container {
    const char *name, *cwd, *log;
    enum plan_role role;
    const char *box;               /* or NULL: the pod's */
    const char *id, *cgroup, *oom; /* image; oom may be NULL */
    const char *layers[PLAN_LAYERS_MAX];
    size_t layer_count;
    const char **env, **args, **after; /* NULL-terminated, or NULL */
    size_t env_count, arg_count, after_count;
    int64_t tries, delay_ms;
    int64_t uid, gid; /* -1: whoever the shim is */
    gid_t groups[PLAN_GROUPS_MAX];
    size_t group_count;
    int64_t lacks; /* bits of capabilities */
    int64_t is_sealed, is_filtered, is_read_only, has_stdin, has_tty;
    struct plan_action acts[ACT_COUNT];
    enum plan_act act; /* that is read now */
    const char *outputs[PLAN_OUTPUTS_MAX], *artifacts[PLAN_OUTPUTS_MAX];
    size_t output_count, artifact_count;
};

struct plan {
    enum plan_isolation isolation;
    const char *root, *hostname;
    const char *runtime, *layers; /* image */
    struct plan_network network;  /* image */
    const char *masks[16];
    size_t mask_count;
    struct plan_bind binds[PLAN_BINDS_MAX];
    size_t bind_count;
    int64_t deadline_ms; /* 0: none */
    int64_t grace_ms;
    int64_t log_max_bytes; /* 0: no bound */
    int64_t is_watched;
    struct plan_container *containers[PLAN_CONTAINERS_MAX];
    size_t container_count;
    size_t first_count; /* of these run before the others */
};

/** plan_parse() - read a plan's words in place; NULL, or what is wrong with it */
const char *plan_parse(char *text, size_t len, struct plan *ret);

/** plan_env() - value of a variable in a container's environment, or NULL */
const char *plan_env(const struct plan_container *c, const char *name);

/** pod_main() - run the pod of a folder to its end; returns the shim's exit status */
int pod_main(const char *dir);

/* A container that was started. */
struct child {
    pid_t pid;
    int in;       /* what keeps its stdin open, or -1 */
    int out, err; /* read ends of its stdout and stderr; the first one its terminal, without the
                     second */
    int root;     /* of a container with outputs: where they lie, also after its end; or -1 */
    int mounts;   /* its mount namespace, which keeps that root, or -1 */
    pid_t holder; /* image: process 1 of its pid namespace; 0: none */
};

/** spawn_container() - start one container; 0, or -1 with a message in @why (size bytes). The
 * fds are the caller's. */
int spawn_container(const struct plan *plan, const struct plan_container *c, struct child *ret,
                    char *why, size_t size);

/** spawn_inside() - in a new child: become the command @args of a container whose process is
 * @pid (isolation process or host); does not return, what fails is said on standard output */
void spawn_inside(const struct plan *plan, const struct plan_container *c, pid_t pid,
                  const char *const *args);

/** find_program() - the path of an executable in a PATH list, in @ret; 0 or -1 */
int find_program(const char *name, const char *path, char *ret, size_t size);

/** isolate_enter() - in the new child: make a container's root and enter it; 0, or -1 with the
 * failed step in @why */
int isolate_enter(const struct plan *plan, const struct plan_container *c, const char **why);

/** isolate_seal() - in it: nothing of the root and /tmp can be written any more, but for
 * volumes; 0, or -1 with the failed step in @why */
int isolate_seal(const struct plan *plan, const char **why);

/** isolate_bind() - mount the plan's masks and binds into a root; 0, or -1 with errno */
int isolate_bind(const struct plan *plan, int root);

/** isolate_open() - open a path as it is seen in a root: links lead where they lead there; fd
 * (O_PATH) or -1 */
int isolate_open(int root, const char *path);

/** harden() - in the new child, last before its program: become who it runs as, who may write
 * to its standard streams, and give up what it may not do; a command in a container that runs
 * (@is_inside) may signal the others there; 0, or -1 with the failed step in @why */
int harden(const struct plan *plan, const struct plan_container *c, bool is_inside,
           const char **why);

/** tty_open() - a terminal of the root we are in; 0 with both its ends, or -1 */
int tty_open(int *ret_master, int *ret_slave);

/** tty_take() - in the new child, the leader of a session: @slave is its terminal from here; 0
 * or -1 */
int tty_take(int slave);

/** tty_send(), tty_receive() - give an end of a terminal to the process at the other end of a
 * socket, with one byte; the second returns what recv() does, with the end in @ret or -1 */
int tty_send(int socket, int fd, char byte);
ssize_t tty_receive(int socket, void *bytes, size_t size, int *ret);

/** network_enter() - once a pod: go into a network of its own, which ends with it; 0, or -1
 * with the failed step in @why and errno */
int network_enter(const struct plan_network *n, const char **why);

/** image_prepare() - once a pod: mounts of its own; 0, or -1 with the failed step in @why */
int image_prepare(const char **why);

/**
 * image_start() - mount a container's root and have the runtime start it
 * @std: its standard streams; with a terminal, what the runtime itself has
 * @ret: ret->out is its terminal, if it has one
 *
 * Return: 0 with pid, root and holder set; -1 with a message in @why and nothing left.
 */
int image_start(const struct plan *plan, const struct plan_container *c, const int std[3],
                struct child *ret, char *why, size_t size);

/** image_inside() - spawn_inside() for isolation image; @pid_file gets the pid of the command
 */
void image_inside(const struct plan *plan, const struct plan_container *c, const char *pid_file,
                  const char *const *args);

/** image_has_lacked_memory() - was something of it killed for that? Before image_stop() */
bool image_has_lacked_memory(const struct plan_container *c);

/** image_stop() - end all in its pid namespace and take away its control group */
void image_stop(const struct plan_container *c, struct child *child);

/** image_unmount() - its root is of no more use */
void image_unmount(const struct plan_container *c);

/** collect_outputs() - copy an ended container's outputs from its @root into the pod's folder
 */
void collect_outputs(int dirfd, int root, const struct plan_container *c);

/* One stream of a container's log in CRI form: "<time> stdout F text". */
struct cri {
    const char *stream;
    bool is_partial; /* the last piece had no newline yet */
    bool is_tty;     /* its lines end with CR LF, of which the log has neither */
    bool has_cr;     /* the last byte read was a CR: what follows tells */
};

/** cri_copy() - read what is there and append it to the log; false at end of file */
bool cri_copy(struct cri *cri, int from, int dirfd, const char *log, int *log_fd);

/** cri_end() - close a last line that had no newline, or its readers would wait for the rest */
void cri_end(struct cri *cri, int log_fd);

/**
 * cri_limit() - when a log takes more than @max_bytes of disk, give its older half back
 * @dropped: how much was given back already; starts at 0
 *
 * The file keeps its size, so readers keep their places; what is gone is a hole.
 */
void cri_limit(int log_fd, int64_t max_bytes, int64_t *dropped);

/** wall_now_ms() - Unix time */
int64_t wall_now_ms(void);

enum { ACT_TEXT_BYTES = 256 };

/* An act while it goes on, in a process of its own. */
struct acting {
    pid_t pid; /* 0: it does not go on */
    int out;   /* what it says */
    bool has_exited, is_late;
    int status;       /* of waitpid */
    int64_t until_ms; /* it is ended then; 0: it may take as long as it likes */
    char text[ACT_TEXT_BYTES];
    size_t text_len;
};

/* What is known of a probe. */
struct probing {
    int64_t next_at_ms, in_a_row;
    bool was_good, is_good, has_result;
};

/* Of one that has ended but is kept for whoever debugs it: RUN_KEPT. */
enum run_state { RUN_WAITS, RUN_ON, RUN_KEPT, RUN_OVER };

/* A container while its group runs, and how it ended. */
struct running {
    const struct plan_container *c;
    enum run_state state;
    struct child child;
    struct cri out, err;
    int log_fd;
    int64_t log_dropped; /* bytes of it that are a hole now */
    int status;          /* of waitpid */
    bool has_exited, has_start_failed;
    bool is_held;       /* it has ended for good, its root is kept for its outputs */
    bool is_paused;     /* it may begin once somebody says so */
    bool is_stopping;   /* it was asked to end */
    int64_t kill_at_ms; /* SIGKILL is due then; 0: it is not */
    struct acting acts[ACT_COUNT];
    struct probing probes[ACT_PROBES];
    int64_t tries;       /* so far */
    int64_t again_at_ms; /* it is not to be tried before */
    int32_t reason;      /* the code that those after it name */
    struct pod_container_record end;
};

struct pod {
    int dirfd, record_fd, signals;
    struct pod_record record;
    struct plan plan;
    struct running *group; /* the containers that run now, beside each other */
    size_t group_count;
    int64_t kill_at_ms; /* SIGKILL is due then; 0: not ending */
    int64_t end_at_ms;  /* all end then, because one has failed; 0: none has */
    bool is_hurried;    /* it was to end without any grace */
};

/** pod_write_record() - as it is now; 0 or -1 */
int pod_write_record(struct pod *pod);

/* ---- act.c ---- */

/** act_start() - begin an act of a container that runs; one that cannot be begun has failed */
void act_start(const struct plan *plan, struct running *r, enum plan_act which,
               int64_t until_ms);

/** act_is_on() */
bool act_is_on(const struct running *r, enum plan_act which);

/**
 * act_turn() - take what it says; end it when it is late
 * @ret_good: did it succeed? If not, its text says why
 *
 * Return: true once it has ended, and then only once.
 */
bool act_turn(const struct plan *plan, struct running *r, enum plan_act which, bool *ret_good);

/** act_end() - of no more use: killed and gone on return */
void act_end(const struct plan *plan, struct running *r, enum plan_act which);

/* ---- probe.c ---- */

/** probe_begin() - the container has just been started */
void probe_begin(struct pod *pod, struct running *r);

/**
 * probe_turn() - begin what is due, judge what has ended
 * @ret_grace_ms: of the ending
 *
 * Return: true when the container must end; r->end.message says why.
 */
bool probe_turn(struct pod *pod, struct running *r, int64_t *ret_grace_ms);

/** probe_next_ms() - when something is due (Unix ms); 0: nothing */
int64_t probe_next_ms(const struct running *r);

/** probe_is_ready() - can it serve? */
bool probe_is_ready(const struct running *r);

/**
 * group_run() - run containers beside each other until all have ended
 * @all: zeroed but for c; ends are filled in
 *
 * Main containers begin when those that they come after have succeeded. Sidecars are ended when
 * the main ones have ended, and so is everything a second after a main one has failed: as
 * upstream, where whoever sees to it is no faster. A container with ARGO_DEBUG_PAUSE_BEFORE or
 * ARGO_DEBUG_PAUSE_AFTER in its environment waits there for a file ctr/NAME/before or after in
 * the pod's folder.
 */
void group_run(struct pod *pod, struct running *all, size_t count);
