/*
 * How a pod ended, in upstream's words: the phase, the message that its controller would infer
 * from the pod's status, and outputs (parameters from files, result, exit code). Source:
 * ../shared/spec/workflows.md 5.4, 5.11.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/limits.h"
#include "pods/local/local_internal.h"

static int read_record(const char *folder, struct pod_record *ret)
{
    char path[4200];
    ssize_t len;
    int fd;

    snprintf(path, sizeof(path), "%s/" POD_RECORD_FILE, folder);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    len = fd >= 0 ? fd_pread(fd, ret, sizeof(*ret), 0) : -1;
    if (fd >= 0)
        close(fd);
    ret->container[sizeof(ret->container) - 1] = ret->message[sizeof(ret->message) - 1] = '\0';
    return len == (ssize_t) sizeof(*ret) ? 0 : -1;
}

static void judge(const struct pod_record *record, const struct local_pod *pod, struct arena *a,
                  struct outcome *ret)
{
    const char *reason = record->flags & POD_RECORD_OOM ? "OOMKilled" : "Error";

    ret->phase = POD_FAILED;
    if (record->flags & POD_RECORD_DEADLINE) {
        ret->message = STR("Pod was active on the node longer than the specified deadline");
        return;
    }
    if (record->code == 0 && !(record->flags & POD_RECORD_KILLED)) {
        ret->phase = POD_SUCCEEDED;
        ret->message = STR("");
        return;
    }
    if ((record->flags & POD_RECORD_KILLED) && pod->is_kill_wanted &&
        !str_is_empty(pod->kill_why)) {
        ret->message = pod->kill_why;
        return;
    }
    if (record->flags & POD_RECORD_INIT)
        ret->phase = POD_ERROR;
    ret->message = str_printf(a, "%s: %s (exit code %d)%s%s",
                              record->container[0] ? record->container : "main", reason,
                              record->code, record->message[0] ? ": " : "", record->message);
}

static bool read_output(int dirfd, size_t index, struct arena *a, struct str *ret)
{
    char name[32];
    char *bytes;
    ssize_t len;
    int fd;

    snprintf(name, sizeof(name), "outputs/%zu", index);
    fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    bytes = arena_alloc_raw(a, POD_OUTPUT_COPY_MAX_BYTES);
    len = fd_read(fd, bytes, POD_OUTPUT_COPY_MAX_BYTES);
    close(fd);
    if (len < 0)
        return false;
    *ret = str_of(bytes, (size_t) len);
    if (ret->len > 0 && ret->ptr[ret->len - 1] == '\n')
        ret->len--;
    return true;
}

/* A pod that has failed by itself keeps its own message. */
static void fail_output(struct outcome *outcome, struct str why, struct arena *a)
{
    if (outcome->phase != POD_SUCCEEDED)
        return;
    outcome->phase = POD_ERROR;
    outcome->message = str_printf(a, "wait: Error (exit code 64): " STR_FMT, STR_ARG(why));
}

/* The declared parameters with their values; what is missing without a default makes a pod that
 * has succeeded an error. */
static struct json collect_parameters(const struct local_pod *pod, int dirfd, struct arena *a,
                                      struct outcome *outcome)
{
    const struct json *list = json_path(pod->req.template, "outputs", "parameters", NULL);
    struct json_array_builder out = {0};
    size_t index = 0;

    for (size_t i = 0; json_is(list, JSON_ARRAY) && i < list->count; i++) {
        const struct json *parameter = json_item(list, i);
        const struct json *from = json_get(parameter, STR("valueFrom"));
        struct str path = json_get_str(from, STR("path"));
        const struct json *fallback = json_get(from, STR("default"));
        struct str value;

        if (str_is_empty(path)) {
            json_push(a, &out, *parameter);
        } else if (read_output(dirfd, index++, a, &value)) {
            if (value.len > OUTPUT_PARAMETER_MAX_BYTES)
                fail_output(outcome,
                            str_printf(a, "output parameter " STR_FMT " is over %d bytes",
                                       STR_ARG(path), OUTPUT_PARAMETER_MAX_BYTES),
                            a);
            else
                json_push(a, &out, json_set(a, parameter, STR("value"), json_string(value)));
        } else if (fallback) {
            json_push(a, &out, json_set(a, parameter, STR("value"), *fallback));
        } else if (outcome->phase == POD_SUCCEEDED) {
            fail_output(
                outcome,
                str_printf(a, "open " STR_FMT ": no such file or directory", STR_ARG(path)), a);
        } else if (outcome->phase == POD_FAILED) {
            json_push(a, &out, *parameter); /* without a value */
        }
    }
    return json_array(&out);
}

/* Those of containers that ran beside others, in the plan's order: main ones, then sidecars. */
struct ends {
    struct pod_container_record *at;
    size_t count;
};

static size_t count_of(const struct json *list)
{
    return json_is(list, JSON_ARRAY) ? list->count : 0;
}

/* A containerSet of one container has run alone: the record is about it, unless one before it
 * has failed. */
static struct ends end_of_one(const struct pod_record *record, struct arena *a)
{
    struct ends ret = {0};

    if (record->flags & POD_RECORD_INIT || !record->container[0])
        return ret;
    ret.at = ARENA_NEW(a, struct pod_container_record);
    ret.count = 1;
    memcpy(ret.at->name, record->container, sizeof(ret.at->name));
    memcpy(ret.at->message, record->message, sizeof(ret.at->message));
    ret.at->code = record->code;
    ret.at->started_ms = record->started_ms;
    ret.at->finished_ms = record->finished_ms;
    return ret;
}

static struct ends read_ends(const struct local_pod *pod, int dirfd,
                             const struct pod_record *record, struct arena *a)
{
    const struct json *set = json_path(pod->req.template, "containerSet", "containers", NULL);
    size_t beside = count_of(json_get(pod->req.template, STR("sidecars")));
    size_t count = (set ? count_of(set) : 1) + beside;
    struct ends ret = {0};
    ssize_t len;
    int fd;

    if (count == 1)
        return set ? end_of_one(record, a) : ret;
    fd = openat(dirfd, POD_RECORD_FILE, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return ret;
    ret.at = ARENA_ARRAY(a, struct pod_container_record, count);
    len = fd_pread(fd, ret.at, count * sizeof(*ret.at),
                   (off_t) (sizeof(*record) + record->plan_bytes));
    close(fd);
    ret.count = len > 0 ? (size_t) len / sizeof(*ret.at) : 0;
    for (size_t i = 0; i < ret.count; i++)
        ret.at[i].name[sizeof(ret.at[i].name) - 1] =
            ret.at[i].message[sizeof(ret.at[i].message) - 1] = '\0';
    return ret;
}

static const struct pod_container_record *end_named(const struct ends *ends, struct str name)
{
    for (size_t i = 0; i < ends->count; i++)
        if (str_eq(str_from(ends->at[i].name), name))
            return &ends->at[i];
    return NULL;
}

/* As upstream's controller judges one container of a set; not what was lost with its pod. */
static void judge_container(const struct pod_container_record *end, struct arena *a,
                            struct pod_container_report *ret)
{
    ret->code = end->code;
    ret->started.ms = end->started_ms;
    ret->finished.ms = end->finished_ms;
    ret->phase = end->code == 0 ? POD_SUCCEEDED : end->code == 64 ? POD_ERROR : POD_FAILED;
    ret->message = end->code == 0
                       ? STR("")
                       : str_printf(a, "%s: %s (exit code %d): %s", end->name,
                                    end->flags & POD_RECORD_OOM ? "OOMKilled" : "Error",
                                    (int) end->code, end->message);
}

static void collect_containers(const struct local_pod *pod, const struct ends *ends,
                               struct arena *a, struct outcome *ret)
{
    const struct json *set = json_path(pod->req.template, "containerSet", "containers", NULL);
    struct pod_container_report *made =
        ARENA_ARRAY(a, struct pod_container_report, count_of(set) + 1);

    for (size_t i = 0; i < count_of(set); i++) {
        struct str name = json_get_str(json_item(set, i), STR("name"));
        const struct pod_container_record *end = end_named(ends, name);

        made[i].name = name;
        made[i].phase = POD_FAILED;
        made[i].message = STR("Pod Failed whilst container running");
        if (end)
            judge_container(end, a, &made[i]);
    }
    ret->containers = made;
    ret->container_count = count_of(set);
}

/* The exit code of outputs is that of main, whoever has decided the pod's end. */
static bool main_code(const struct local_pod *pod, const struct pod_record *record,
                      const struct ends *ends, int *ret)
{
    const struct pod_container_record *end = end_named(ends, STR("main"));

    *ret = end ? end->code : record->code;
    return end || !json_get(pod->req.template, STR("containerSet"));
}

static void collect_outputs(const struct local_pod *pod, int dirfd,
                            const struct pod_record *record, struct arena *a,
                            struct outcome *ret)
{
    const struct ends ends = read_ends(pod, dirfd, record, a);
    int code;

    struct json_object_builder outputs = {0};
    struct json parameters = collect_parameters(pod, dirfd, a, ret);
    struct json *made = ARENA_NEW(a, struct json), artifacts;
    struct err err;

    if (parameters.count > 0)
        json_add(a, &outputs, STR("parameters"), parameters);
    if (artifacts_collect(pod, dirfd, a, &artifacts, &err) < 0)
        fail_output(ret, str_from(err.text), a);
    if (artifacts.count > 0)
        json_add(a, &outputs, STR("artifacts"), artifacts);
    if (pod->req.wants_result) {
        struct str text = log_stdout_tail(dirfd, a);

        if (text.len > 0 && text.ptr[text.len - 1] == '\n')
            text.len--;
        json_add(a, &outputs, STR("result"), json_string(text));
    }
    if (main_code(pod, record, &ends, &code))
        json_add(a, &outputs, STR("exitCode"), json_string(str_printf(a, "%d", code)));
    if (json_get(pod->req.template, STR("containerSet")))
        collect_containers(pod, &ends, a, ret);
    *made = json_object(&outputs);
    ret->outputs = made->count > 0 ? made : NULL;
}

bool outcome_has_outputs(const struct local_pod *pod)
{
    const struct json *list = json_path(pod->req.template, "outputs", "parameters", NULL);

    return pod->req.wants_result || (json_is(list, JSON_ARRAY) && list->count > 0) ||
           artifacts_has_outputs(pod) || artifacts_has_logs(pod);
}

/* Is there more than the record to be read of how its containers ended? */
static bool is_of_several(const struct local_pod *pod)
{
    return json_get(pod->req.template, STR("containerSet")) ||
           json_get(pod->req.template, STR("sidecars"));
}

void outcome_read(const struct local *runner, const struct local_pod *pod, struct arena *a,
                  struct outcome *ret)
{
    struct pod_record record;
    char path[4096];
    int dirfd = -1;

    *ret = (struct outcome){.phase = POD_ERROR, .message = STR("pod deleted")};
    snprintf(path, sizeof(path), "%s/" STR_FMT, runner->root, STR_ARG(pod->dir));
    if (read_record(path, &record) == 0) {
        ret->started = (struct wall){.ms = record.started_ms};
        ret->finished = (struct wall){.ms = record.finished_ms};
        ret->has_litter = record.flags & POD_RECORD_LITTER;
        if (record.state == POD_RECORD_ENDED) {
            if (outcome_has_outputs(pod) || is_of_several(pod))
                dirfd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
            judge(&record, pod, a, ret);
            collect_outputs(pod, dirfd, &record, a, ret);
        } else if (pod->isolation == LOCAL_ISOLATION_IMAGE) {
            images_sweep(runner, pod);
        }
    }
    if (ret->finished.ms == 0)
        ret->finished = clock_wall();
    if (dirfd >= 0)
        close(dirfd);
}
