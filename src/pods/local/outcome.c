/*
 * How a pod ended, in upstream's words: the phase, the message that its controller would infer
 * from the pod's status, and outputs (parameters from files, result, exit code). Source:
 * ../shared/spec/workflows.md 5.4, 5.11.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/limits.h"
#include "pods/local/local_internal.h"

static int read_record(const char *folder, struct pod_record *ret)
{
    char path[4200];
    ssize_t len;
    int fd;

    snprintf(path, sizeof(path), "%s/" POD_RECORD_FILE, folder);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    len = fd >= 0 ? pread(fd, ret, sizeof(*ret), 0) : -1;
    if (fd >= 0)
        close(fd);
    ret->container[sizeof(ret->container) - 1] = ret->message[sizeof(ret->message) - 1] = '\0';
    return len == (ssize_t) sizeof(*ret) ? 0 : -1;
}

static void judge(const struct pod_record *record, const struct local_pod *pod, struct arena *a,
                  struct outcome *ret)
{
    const char *reason = "Error";

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
    len = read(fd, bytes, POD_OUTPUT_COPY_MAX_BYTES);
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

static void collect_outputs(const struct local_pod *pod, int dirfd,
                            const struct pod_record *record, struct arena *a,
                            struct outcome *ret)
{
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
    json_add(a, &outputs, STR("exitCode"), json_string(str_printf(a, "%d", record->code)));
    *made = json_object(&outputs);
    ret->outputs = made;
}

bool outcome_has_outputs(const struct local_pod *pod)
{
    const struct json *list = json_path(pod->req.template, "outputs", "parameters", NULL);

    return pod->req.wants_result || (json_is(list, JSON_ARRAY) && list->count > 0) ||
           artifacts_has_outputs(pod) || artifacts_has_logs(pod);
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
            if (outcome_has_outputs(pod))
                dirfd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
            judge(&record, pod, a, ret);
            collect_outputs(pod, dirfd, &record, a, ret);
        }
    }
    if (ret->finished.ms == 0)
        ret->finished = clock_wall();
    if (dirfd >= 0)
        close(dirfd);
}
