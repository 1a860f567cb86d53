/*
 * Artifacts of a pod: inputs are fetched into its folder before it starts and bound into its
 * root; outputs, which the shim has copied beside the record, are packed and stored after its
 * end. Needs a mount namespace for inputs: isolation `process` refuses them, and says so.
 * Source: ../shared/spec/workflows.md 5.6, 5.7.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/tree.h"
#include "pods/local/local_internal.h"

enum { TRIES = 5 };

static const struct json *list_of(const struct local_pod *pod, const char *side)
{
    return json_path(pod->req.template, side, "artifacts", NULL);
}

static bool has_any(const struct json *list)
{
    return json_is(list, JSON_ARRAY) && list->count > 0;
}

bool artifacts_has_any(const struct local_pod *pod)
{
    return has_any(list_of(pod, "inputs")) || has_any(list_of(pod, "outputs"));
}

bool artifacts_has_outputs(const struct local_pod *pod)
{
    return has_any(list_of(pod, "outputs"));
}

bool artifacts_has_logs(const struct local_pod *pod)
{
    return json_get_bool(json_get(pod->req.template, STR("archiveLocation")),
                         STR("archiveLogs"));
}

static struct artifact_call call_of(const struct local_pod *pod, struct arena *a,
                                    const struct json *artifact)
{
    return (struct artifact_call){.house = &pod->runner->artifacts,
                                  .a = a,
                                  .ns = pod->req.ns,
                                  .artifact = artifact,
                                  .location =
                                      json_get(pod->req.template, STR("archiveLocation"))};
}

/* Whether to try again after a pause, which grows; not when the daemon ends. */
static bool try_again(const struct local_pod *pod, int *tries, const struct err *err)
{
    static const unsigned pauses_us[TRIES - 1] = {1000000, 1600000, 2560000, 4096000};

    if (!err_is_retryable(err) || *tries >= TRIES - 1 || pod->runner->is_closing)
        return false;
    usleep(pauses_us[(*tries)++]);
    return true;
}

/* ---- inputs ---- */

static int fetch(const struct local_pod *pod, int inputs, const struct json *artifact,
                 const char *name, enum artifact_found *ret, struct err *err)
{
    _cleanup_arena_ struct arena *a = arena_new();
    const struct artifact_call call = call_of(pod, a, artifact);
    int result, tries = 0;

    do
        result = artifact_load(&call, inputs, name, ret, err);
    while (result < 0 && try_again(pod, &tries, err));
    return result;
}

static int check_path(const struct local_pod *pod, const struct json *artifact, struct err *err)
{
    struct str path = json_get_str(artifact, STR("path"));

    if (str_is_empty(path) || path.ptr[0] != '/' || str_is(path, "/"))
        return err_set(err, ERR_INVALID, "its path \"" STR_FMT "\" must be a path below /",
                       STR_ARG(str_is_none(path) ? STR("") : path));
    if (pod->isolation == LOCAL_ISOLATION_PROCESS)
        return err_set(err, ERR_UNSUPPORTED,
                       "it needs a mount namespace, which isolation process has not: use host");
    return 0;
}

static int stage_one(const struct local_pod *pod, int inputs, size_t index,
                     const struct json *artifact, struct strbuf *plan, struct err *err)
{
    _cleanup_arena_ struct arena *a = arena_new();
    enum artifact_found found;
    char name[24];

    snprintf(name, sizeof(name), "%zu", index);
    if (check_path(pod, artifact, err) < 0 ||
        fetch(pod, inputs, artifact, name, &found, err) < 0)
        return -1;
    if (found == ARTIFACT_SKIPPED)
        return 0;
    plan_word(
        plan, "bind",
        str_printf(a, "%s/" STR_FMT "/inputs/%s", pod->runner->root, STR_ARG(pod->dir), name));
    plan_word(plan, "at", json_get_str(artifact, STR("path")));
    plan_word(plan, "mode", STR("rw"));
    return 0;
}

int artifacts_stage(const struct local_pod *pod, int dirfd, struct strbuf *plan,
                    struct err *err)
{
    const struct json *list = list_of(pod, "inputs");
    int inputs, result = 0;

    if (!has_any(list))
        return 0;
    tree_remove(dirfd, "inputs"); /* of a try that did not come to its end */
    if (mkdirat(dirfd, "inputs", 0755) < 0)
        return err_sys(err, errno, "make the pod's inputs");
    inputs = openat(dirfd, "inputs", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (inputs < 0)
        return err_sys(err, errno, "open the pod's inputs");
    for (size_t i = 0; i < list->count && result == 0; i++) {
        const struct json *artifact = json_item(list, i);

        result = stage_one(pod, inputs, i, artifact, plan, err);
        if (result < 0)
            err_wrap(err, "init: Error (exit code 64): artifact " STR_FMT " failed to load",
                     STR_ARG(json_get_str(artifact, STR("name"))));
    }
    close(inputs);
    return result;
}

void artifacts_plan_outputs(const struct local_pod *pod, struct strbuf *plan)
{
    const struct json *list = list_of(pod, "outputs");

    for (size_t i = 0; has_any(list) && i < list->count; i++)
        plan_word(plan, "artifact", json_get_str(json_item(list, i), STR("path")));
}

/* ---- outputs ---- */

/* What the shim has copied of a pod. */
struct copies {
    const struct local_pod *pod;
    int dir; /* -1: nothing */
    struct arena *a;
};

/* Why the shim could not copy it; false: it was not there. */
static bool read_failure(int artifacts, const char *name, struct err *err)
{
    char as[48], text[200];
    ssize_t len;
    int fd;

    snprintf(as, sizeof(as), "%s" POD_ARTIFACT_ERROR, name);
    fd = openat(artifacts, as, O_RDONLY | O_CLOEXEC);
    len = fd >= 0 ? fd_read(fd, text, sizeof(text)) : -1;
    if (fd >= 0)
        close(fd);
    if (len > 0)
        err_set(err, ERR_IO, "%.*s", (int) len, text);
    return len > 0;
}

static int save(const struct copies *c, const char *name, const struct json *artifact,
                struct json *ret, struct err *err)
{
    struct artifact_call call = call_of(c->pod, c->a, artifact);
    void *memory = NULL;
    int result, tries = 0;

    call.memory = &memory;
    do
        result = artifact_save(&call, c->dir, name, ret, err);
    while (result < 0 && try_again(c->pod, &tries, err));
    return result;
}

/* 1: stored. 0: it is optional and not there. */
static int collect_one(const struct copies *c, size_t index, const struct json *artifact,
                       struct json *ret, struct err *err)
{
    struct str path = json_get_str(artifact, STR("path"));
    struct stat st;
    char name[24];

    snprintf(name, sizeof(name), "%zu", index);
    if (c->dir >= 0 && fstatat(c->dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0)
        return save(c, name, artifact, ret, err) < 0 ? -1 : 1;
    if (c->dir >= 0 && read_failure(c->dir, name, err))
        return err_wrap(err, "copy " STR_FMT, STR_ARG(path));
    if (json_get_bool(artifact, STR("optional")))
        return 0;
    return err_set(err, ERR_NOT_FOUND, "open " STR_FMT ": no such file or directory",
                   STR_ARG(path));
}

/* ---- the log ---- */

#define PLAIN_LOG "main.plain"

static int make_plain(int dirfd, struct str container, struct err *err)
{
    int fd =
        openat(dirfd, PLAIN_LOG, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
    int result;

    if (fd < 0)
        return err_sys(err, errno, "make a copy of the log");
    result = log_write_plain(dirfd, container, fd);
    if (result < 0)
        err_sys(err, errno, "copy the log");
    close(fd);
    return result;
}

/* The log of a container as artifact "NAME-logs", as it is. */
static int collect_log(const struct local_pod *pod, int dirfd, struct arena *a,
                       struct str container, struct json *ret, struct err *err)
{
    const struct copies whole = {.pod = pod, .dir = dirfd, .a = a};
    struct json artifact = json_set_path(a, NULL, json_object(&(struct json_object_builder){0}),
                                         "archive", "none", NULL);
    int result;

    artifact = json_set(a, &artifact, STR("name"),
                        json_string(str_concat(a, container, STR("-logs"))));
    artifact =
        json_set(a, &artifact, STR("path"), json_string(str_concat(a, container, STR(".log"))));
    result = make_plain(dirfd, container, err);
    if (result == 0)
        result = save(&whole, PLAIN_LOG, &artifact, ret, err);
    unlinkat(dirfd, PLAIN_LOG, 0);
    if (result < 0)
        return err_wrap(err, "archive the log");
    *ret = json_without(a, ret, STR("archive"));
    *ret = json_without(a, ret, STR("path"));
    return 0;
}

/* Of main, or of each container of a set. */
static int collect_logs(const struct local_pod *pod, int dirfd, struct arena *a,
                        struct json_array_builder *out, struct err *err)
{
    const struct json *set = json_path(pod->req.template, "containerSet", "containers", NULL),
                      *item = json_item(set, 0);
    int result = 0;

    for (size_t i = 0; result == 0 && (i == 0 || item); item = json_item(set, ++i)) {
        struct str name = item ? json_get_str(item, STR("name")) : STR("main");
        struct json made;

        if (item && faccessat(dirfd, str_cz(a, local_log_name(a, name)), F_OK, 0) < 0)
            continue; /* it was never started */
        result = collect_log(pod, dirfd, a, name, &made, err);
        if (result == 0)
            json_push(a, out, made);
    }
    return result;
}

/* All failures, as upstream joins them. */
static void join_error(struct err *all, const struct err *one)
{
    if (all->kind == ERR_NONE)
        err_set(all, one->kind, "%s", one->text);
    else
        err_set(all, all->kind, "%s; %s", all->text, one->text);
}

int artifacts_collect(const struct local_pod *pod, int dirfd, struct arena *a, struct json *ret,
                      struct err *err)
{
    const struct json *list = list_of(pod, "outputs");
    struct json_array_builder out = {0};
    struct err one;
    const struct copies copies = {
        .pod = pod,
        .dir =
            has_any(list) ? openat(dirfd, "artifacts", O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1,
        .a = a,
    };

    *err = (struct err){0};
    for (size_t i = 0; has_any(list) && i < list->count; i++) {
        struct json made;
        int result = collect_one(&copies, i, json_item(list, i), &made, &one);

        if (result > 0)
            json_push(a, &out, made);
        if (result < 0)
            join_error(err, &one);
    }
    if (copies.dir >= 0)
        close(copies.dir);
    if (dirfd >= 0 && artifacts_has_logs(pod) && collect_logs(pod, dirfd, a, &out, &one) < 0)
        join_error(err, &one);
    *ret = json_array(&out);
    return err->kind == ERR_NONE ? 0 : -1;
}
