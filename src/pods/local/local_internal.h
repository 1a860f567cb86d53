/*
 * pods/local/local_internal.h - what the files of this room share.
 *
 * A struct local_pod belongs to the loop but for the time of its job, when a worker (stage.c)
 * or the reader thread (zygote.c, by way of the pod's immutable request) works on it. Its arena
 * holds everything that it owns.
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>

#include "artifacts/artifact.h"
#include "base/list.h"
#include "base/map.h"
#include "base/strbuf.h"
#include "pods/images/bundle.h"
#include "pods/local/local.h"
#include "pods/local/room.h"
#include "pods/local/zygote.h"
#include "pods/shim/plan.h"

enum local_state {
    LOCAL_WAITING, /* for a free place */
    LOCAL_PAUSING, /* its image could not be had: it is tried again */
    LOCAL_STAGING, /* a worker prepares it; the zygote may have it already */
    LOCAL_RUNNING, /* a shim has it */
    LOCAL_ENDED,   /* the final report is there */
};

enum stage_result { STAGE_SENT, STAGE_ADOPTED, STAGE_ENDED, STAGE_REFUSED, STAGE_LATER };

/* How a pod ended, on its way to the loop. */
struct outcome {
    enum pod_phase phase;
    struct str message;
    const struct json *outputs;
    struct wall started, finished;
    const struct pod_container_report *containers; /* of a containerSet */
    size_t container_count;
    bool has_litter; /* files in its working folder */
};

struct local;

/* What a pod needs only when it no longer waits. */
struct local_work {
    struct job job;
    struct local_pod *pod;
    struct list unsent;    /* of the runner: the workers had no room for it */
    struct loop_task news; /* that the worker has some of the image */
    atomic_bool has_news;  /* the task is under way; else the text is the worker's */
    char text[256];
};

struct container_image;
struct container_rights;

struct local_pod {
    struct local *runner;
    struct arena *arena;    /* owned; the worker's while its job is under way */
    struct pod_request req; /* deep copy in the arena; immutable */
    struct str dir;         /* "<ns>/<name>" below the pods folder */
    uint64_t tag;
    enum local_state state;
    enum local_isolation isolation;
    struct local_need need;
    struct list link; /* in runner->waiting, or in one of its lines */
    struct timer
        *pause;        /* owned: until an image is tried again; until it has waited too long */
    uint64_t pause_ms; /* the last one */
    const struct container_image *images;  /* of isolation image, while a worker stages it */
    const struct container_rights *rights; /* of the others, likewise */
    const struct pod_access *access;       /* while a worker stages it; NULL: there is no API */
    struct wall started;
    bool is_busy;      /* its job is under way */
    bool is_forgotten; /* free it when the job is done */
    bool keep_logs;
    bool has_ended_early; /* the shim's end came while a job had the pod */
    bool is_kill_sent;
    atomic_bool is_kill_wanted; /* the worker that waits for an image looks */
    uint64_t kill_grace_ms;
    struct str kill_why;       /* owned, not in the arena: a worker may have that */
    struct fd_watch *watch;    /* on an adopted shim's pidfd */
    int pidfd;                 /* -1: none */
    bool is_watched;           /* somebody waits until it is ready */
    struct list unready;       /* in runner->unready while it runs and is not */
    int notify_id;             /* of its record in the runner's inotify; -1: none */
    char found[320];           /* what its last probe said */
    char ip[16], progress[32]; /* of its own network; how far it said it is; or "" */
    struct local_work *work;   /* in the arena; NULL while it waits */
    enum stage_result staged;  /* the job's result */
    struct outcome outcome;
};

struct local {
    struct pod_runner base;
    struct loop *loop;
    struct workers *workers;
    struct pod_objects objects;
    struct pod_accesses access;
    char *program; /* what pods find as argo, owned; NULL: nothing */
    struct artifact_house artifacts;
    char *root;       /* <state>/pods, owned */
    char *state_dir;  /* owned */
    char *repository; /* of artifacts: <state>/artifacts, owned */
    char *shim, *node_name, *node_labels;
    char *host_paths; /* that pods may mount, owned */
    enum local_isolation isolation;
    struct local_rule rules[LOCAL_RULES_MAX]; /* patterns owned */
    size_t rule_count;
    struct images *images;
    struct local_runtime runtime; /* its path owned */
    unsigned running_max, running;
    struct local_need room, taken;
    struct list lines; /* of pods that do not fit: room.c */
    bool is_held;      /* see pod_hold() */
    struct list held;  /* pods that wait for its end */
    int64_t log_max_bytes;
    uint64_t next_tag;
    struct map by_uid; /* uid -> local_pod */
    struct map by_tag; /* decimal tag -> local_pod */
    struct list waiting;
    struct zygote *zygote;
    struct timer *zygote_timer; /* owned: starts it after a pause */
    struct list unsent;         /* of struct local_work */
    struct timer *unsent_timer; /* owned */
    struct mono zygote_since;
    struct timer *progress_timer; /* owned */
    bool is_progress_on;
    struct list unready;      /* of struct local_pod */
    int notify_fd;            /* of inotify, when there is a watch */
    struct fd_watch *notify;  /* owned */
    pthread_rwlock_t folders; /* read: a pod's folder is made; write: one is taken away */
    atomic_bool is_closing;   /* workers look, too */
};

/* ---- local.c ---- */

/** local_tell_pending() - report what a pod that has not begun waits for; loop */
void local_tell_pending(struct local_pod *pod, struct str message);

/** local_tell() - report how a pod is; loop */
void local_tell(struct local_pod *pod);

/** local_end_late() - its deadline has passed while it waited */
void local_end_late(struct local_pod *pod);

/** local_has_begun() - has a shim begun it, now or before this daemon? One system call */
bool local_has_begun(const struct local_pod *pod);

/* ---- readiness.c: on the loop ---- */

/** readiness_begin() - its shim has begun: true when it need not be waited for, or is ready */
bool readiness_begin(struct local_pod *pod);

/** readiness_is_missing() - does it run, and must be waited for? Then pod->found says why */
bool readiness_is_missing(const struct local_pod *pod);

/** readiness_stop(), readiness_close() - wait no more for it, for all; again is a no-op */
void readiness_stop(struct local_pod *pod);
void readiness_close(struct local *r);

/* ---- progress.c: on the loop ---- */

/** progress_path() - of the file in which a pod says how far it is, as the pod sees it; any
 * thread */
struct str progress_path(const struct local_pod *pod, struct arena *a);

/** progress_stage() - make that file where the pod cannot, and append the plan's bind words; on
 * a worker */
int progress_stage(const struct local_pod *pod, int dirfd, struct strbuf *plan,
                   struct err *err);

/** progress_look() - has it said anything new? Then it is in pod->progress */
bool progress_look(struct local_pod *pod);

/** progress_open(), progress_begin() - once; a pod has begun: its file is looked at as long as
 * it runs */
void progress_open(struct local *r);
void progress_begin(struct local *r);

/* ---- staging.c: on a worker ---- */

/** stage_pod() - make the folder and record and hand it to the zygote, or find what an earlier
 * daemon left */
void stage_pod(struct local_pod *pod);

/** stage_adopt() - does a shim other than our own hold the pod's record? Then pod->pidfd is on
 * it
 */
bool stage_adopt(struct local_pod *pod);

/** stage_signal() - signal the shim that holds a pod's record: SIGTERM or SIGINT; false when no
 * shim holds it */
bool stage_signal(const struct local *runner, const struct local_pod *pod, int number);

/* What of a pod's folder nobody needs when its outcome is stored; the last one is NULL. */
extern const char *const stage_litter[];

/** stage_remove() - delete the pod's folder, or all in it but logs and record */
void stage_remove(const struct local *runner, const struct local_pod *pod, bool keep_logs);

/* ---- sweep.c: on a worker ---- */

void local_sweep(struct pod_runner *r, const struct pod_sweep *ask);

/* ---- volumes.c: on a worker ---- */

/** volumes_stage() - make the pod's volumes below its folder and append the plan's bind words
 */
int volumes_stage(const struct local_pod *pod, int dirfd, struct strbuf *plan, struct err *err);

/** volumes_sweep() - remove what claims for storage held that are gone */
void volumes_sweep(const struct local *runner);

/* ---- volume_files.c, volume_places.c: on a worker ---- */

/** volume_path_is_safe() - is it relative, and without a way out of its folder? */
bool volume_path_is_safe(struct str path);

/** volume_make_parents() - the folders that a file below @dirfd needs; @path is changed
 * meanwhile; -1 with errno */
int volume_make_parents(int dirfd, char *path);

/** volume_fill() - the files of a volume of keys or fields: configMap, secret, downwardAPI,
 * projected */
int volume_fill(const struct local_pod *pod, int dirfd, const struct json *volume,
                struct err *err);

/** volume_place() - the folder or file of a volume that is there before and after the pod:
 * persistentVolumeClaim, hostPath; in @a, or the absent view when it is another volume */
int volume_place(const struct local_pod *pod, struct arena *a, const struct json *volume,
                 struct str *ret, bool *ret_read_only, struct err *err);

/* ---- fields.c ---- */

/** fields_get() - a field of the pod by its path; files (@is_file) can have all labels, and
 * variables more of the spec; ERR_INVALID */
int fields_get(const struct local_pod *pod, struct arena *a, struct str path, bool is_file,
               struct str *ret, struct err *err);

/** fields_resource() - a limit or request by resourceFieldRef @ref; @container is meant when it
 * names none; ERR_INVALID */
int fields_resource(const struct local_pod *pod, struct arena *a, const struct json *ref,
                    const struct json *container, struct str *ret, struct err *err);

/* ---- artifacts.c: on a worker ---- */

/** artifacts_has_any() - does its template take or give artifacts? */
bool artifacts_has_any(const struct local_pod *pod);

/** artifacts_has_outputs() - does it give any? */
bool artifacts_has_outputs(const struct local_pod *pod);

/** artifacts_stage() - fetch the inputs into the pod's folder and append the plan's bind words;
 * the error is the pod's message */
int artifacts_stage(const struct local_pod *pod, int dirfd, struct strbuf *plan,
                    struct err *err);

/** artifacts_has_logs() - is its log to become an artifact? */
bool artifacts_has_logs(const struct local_pod *pod);

/** artifacts_plan_outputs() - append what the shim is to copy of the main container */
void artifacts_plan_outputs(const struct local_pod *pod, struct strbuf *plan);

/** artifacts_collect() - store what the shim has copied; @ret lists what was stored, also when
 * something failed: then -1 with all failures in @err */
int artifacts_collect(const struct local_pod *pod, int dirfd, struct arena *a, struct json *ret,
                      struct err *err);

/* ---- images.c ---- */

/* The image of a container and who it runs as. */
struct container_image {
    const struct json *container; /* of the template; NULL ends the list */
    struct image image;
    const struct json *security; /* may be NULL */
    struct bundle_user user;
};

/** images_choose() - the isolation that the rules give a pod; a refusal is told by
 * images_stage() */
enum local_isolation images_choose(const struct local *runner, const struct pod_request *req);

/** images_are_here() - do they all need no asking elsewhere? Loop; quick */
bool images_are_here(const struct local_pod *pod);

/** images_stage() - get the images of all containers; the list in pod->images lives in @a;
 * @ret_is_final: another try will not help; worker */
int images_stage(struct local_pod *pod, struct arena *a, bool *ret_is_final, struct err *err);

/** images_containers() - all containers of a template in @a, main ones first; NULL-terminated
 */
const struct json *const *images_containers(const struct json *template, struct arena *a);

/** images_of() - of a container of the template, or NULL */
const struct container_image *images_of(const struct local_pod *pod,
                                        const struct json *container);

/* A container of isolation image that is planned. */
struct image_plan {
    const struct local_pod *pod;
    int dirfd; /* of the pod's folder */
    unsigned index;
    const struct json *container;
    const struct str *args; /* its whole command line */
    size_t arg_count;
    const struct map *vars; /* name -> struct str * */
};

/** images_plan() - make a container's bundle in box/N and append the words that the shim needs
 * of it */
int images_plan(const struct image_plan *p, struct arena *a, struct strbuf *plan,
                struct err *err);

/** images_cwd() - the working directory of a container: as given, the image's, or / */
struct str images_cwd(const struct container_image *ci, struct str given);

/** images_sweep() - what a killed shim has left of a pod: control groups */
void images_sweep(const struct local *runner, const struct local_pod *pod);

/* ---- names.c: on a worker ---- */

/** names_has_hosts(), names_has_resolver() - has it an /etc/hosts, an /etc/resolv.conf of its
 * own? */
bool names_has_hosts(const struct local_pod *pod);
bool names_has_resolver(const struct local_pod *pod);

/** names_host() - its host name */
struct str names_host(const struct local_pod *pod);

/** names_stage() - write these files into the pod's folder and append the plan's bind words;
 * ERR_INVALID in the API server's words; ERR_UNSUPPORTED in isolation process */
int names_stage(const struct local_pod *pod, int dirfd, struct strbuf *plan, struct err *err);

/* ---- health.c ---- */

/** health_plan() - append the probes and hooks of a container; @vars are those of its
 * environment; ERR_INVALID in the API server's words */
int health_plan(const struct json *container, struct arena *a, const struct map *vars,
                struct strbuf *plan, struct err *err);

/** health_refuse() - an init container has none; ERR_INVALID */
int health_refuse(const struct json *container, struct err *err);

/* ---- environment.c ---- */

/** environment_plan() - append a container's env words (defaults, envFrom, env with valueFrom
 * and $(VAR)); @ret_vars gets the final values */
int environment_plan(const struct local_pod *pod, const struct json *container, struct arena *a,
                     struct strbuf *plan, struct map *ret_vars, struct err *err);

/** environment_expand() - $(VAR) as Kubernetes expands it; $$ is $ */
struct str environment_expand(struct arena *a, struct str text, const struct map *vars);

/* ---- planning.c ---- */

/** plan_word() - append a key and its value to a plan; a zero byte inside is an error at the
 * end */
void plan_word(struct strbuf *plan, const char *key, struct str value);

/** plan_number() - likewise, with a number */
void plan_number(struct strbuf *plan, const char *key, int64_t number);

/** plan_print() - the whole plan of a pod; volumes and script are made on the way */
int plan_print(const struct local_pod *pod, int dirfd, struct strbuf *plan, struct err *err);

/* ---- outcome.c ---- */

/** outcome_has_outputs() - is there more to read than the record? */
bool outcome_has_outputs(const struct local_pod *pod);

/** outcome_read() - from the record and the copied outputs; any thread, in @a */
void outcome_read(const struct local *runner, const struct local_pod *pod, struct arena *a,
                  struct outcome *ret);

/* ---- asked.c ---- */

/** asked_write() - keep what was asked for, for pod_asked(), in the pod's folder; worker */
int asked_write(const struct local_pod *pod, int dirfd, struct err *err);
int local_asked(struct pod_runner *r, struct arena *a, struct str ns, struct str pod,
                struct json *ret, struct err *err);

/* ---- logs.c ---- */

bool local_is_name(struct str s); /* is it one that cannot leave a folder? */
struct pod_log *local_log_open(struct pod_runner *r, struct str ns, struct str pod,
                               struct str container, struct err *err);

/** log_stdout_tail() - what main wrote to its standard output, at most the last
 * OUTPUT_PARAMETER_MAX_BYTES; in @a */
struct str log_stdout_tail(int dirfd, struct arena *a);

/** log_write_plain() - what a container that has ended wrote, without times and streams,
 * appended to a file; memory does not grow with its size; -1 with errno */
int log_write_plain(int dirfd, struct str container, int to);

/** local_log_name() - file name of a container's log */
struct str local_log_name(struct arena *a, struct str container);
