/*
 * From a resolved template to a plan for the shim: the script is written, volumes are made, the
 * command line is put together. The image's own entrypoint is unknown here (no image is
 * pulled), so a container needs a command.
 */
#include "base/limits.h"
#include "pods/local/local_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SCRIPT_FILE_MODE = 0755 };

void plan_word(struct strbuf *plan, const char *key, struct str value)
{
    strbuf_addz(plan, key);
    strbuf_addc(plan, '\0');
    strbuf_add(plan, value);
    strbuf_addc(plan, '\0');
    if (value.len > 0 && memchr(value.ptr, 0, value.len))
        plan->is_over = true; /* a zero byte has no place in a command line */
}

static void plan_number(struct strbuf *plan, const char *key, int64_t number)
{
    char text[24];

    snprintf(text, sizeof(text), "%lld", (long long) number);
    plan_word(plan, key, str_from(text));
}

static struct str pod_path(struct arena *a, const struct local_pod *pod, const char *below)
{
    return str_printf(a, "%s/" STR_FMT "%s", pod->runner->root, STR_ARG(pod->dir), below);
}

static int make_folder(int dirfd, const char *name, mode_t mode, struct err *err)
{
    if (mkdirat(dirfd, name, mode) < 0 && errno != EEXIST)
        return err_sys(err, errno, "make folder %s of the pod", name);
    return fchmodat(dirfd, name, mode, 0) < 0 ? err_sys(err, errno, "set the mode of %s", name)
                                              : 0;
}

static int plan_isolation(const struct local_pod *pod, int dirfd, struct arena *a,
                          struct strbuf *plan, struct err *err)
{
    if (pod->runner->isolation == LOCAL_ISOLATION_PROCESS) {
        plan_word(plan, "isolation", STR("process"));
        return make_folder(dirfd, "cwd", 0755, err);
    }
    if (make_folder(dirfd, "box", 0700, err) < 0 ||
        make_folder(dirfd, "box/upper", 0755, err) < 0 ||
        make_folder(dirfd, "box/work", 0755, err) < 0 ||
        make_folder(dirfd, "box/root", 0755, err) < 0 ||
        make_folder(dirfd, "box/tmp", 01777, err) < 0)
        return -1;
    plan_word(plan, "isolation", STR("host"));
    plan_word(plan, "root", pod_path(a, pod, "/box"));
    plan_word(plan, "mask", str_from(pod->runner->state_dir));
    plan_word(plan, "hostname", pod->req.name);
    return 0;
}

static int write_script(const struct local_pod *pod, int dirfd, struct arena *a,
                        struct str source, struct strbuf *plan, struct str *ret_path,
                        struct err *err)
{
    int fd =
        openat(dirfd, "script", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, SCRIPT_FILE_MODE);
    ssize_t done = fd >= 0 ? write(fd, source.ptr, source.len) : -1;

    if (fd >= 0)
        close(fd);
    if (done != (ssize_t) source.len)
        return err_sys(err, done < 0 ? errno : ENOSPC, "write the script of pod " STR_FMT,
                       STR_ARG(pod->req.name));
    *ret_path = pod_path(a, pod, "/script");
    if (pod->runner->isolation == LOCAL_ISOLATION_HOST) {
        plan_word(plan, "bind", *ret_path);
        plan_word(plan, "at", STR("/argo/staging/script"));
        plan_word(plan, "mode", STR("ro"));
        *ret_path = STR("/argo/staging/script");
    }
    return 0;
}

static void plan_args(const struct json *list, struct arena *a, const struct map *vars,
                      struct strbuf *plan)
{
    for (size_t i = 0; json_is(list, JSON_ARRAY) && i < list->count && !plan->is_over; i++)
        plan_word(plan, "arg", environment_expand(a, json_str(json_item(list, i)), vars));
}

static int plan_command(const struct local_pod *pod, const struct json *container,
                        struct str script, struct arena *a, const struct map *vars,
                        struct strbuf *plan, struct err *err)
{
    const struct json *command = json_get(container, STR("command"));
    struct str image = json_get_str(container, STR("image"));

    if (!json_is(command, JSON_ARRAY) || command->count == 0) {
        if (str_is_none(script))
            return err_set(err, ERR_INVALID,
                           "container has no command: isolation %s does not know the "
                           "entrypoint of image \"" STR_FMT "\"; give a command",
                           local_isolation_name(pod->runner->isolation), STR_ARG(image));
        plan_word(plan, "arg", STR("sh"));
    }
    plan_args(command, a, vars, plan);
    plan_args(json_get(container, STR("args")), a, vars, plan);
    if (!str_is_none(script))
        plan_word(plan, "arg", script);
    return 0;
}

static void plan_outputs(const struct json *template, struct strbuf *plan)
{
    const struct json *list = json_path(template, "outputs", "parameters", NULL);

    for (size_t i = 0; json_is(list, JSON_ARRAY) && i < list->count; i++) {
        struct str path = json_str(json_path(json_item(list, i), "valueFrom", "path", NULL));

        if (!str_is_empty(path))
            plan_word(plan, "output", path);
    }
}

static struct str working_dir(const struct local_pod *pod, const struct json *container,
                              struct arena *a)
{
    struct str given = json_get_str(container, STR("workingDir"));

    if (!str_is_empty(given))
        return given;
    return pod->runner->isolation == LOCAL_ISOLATION_HOST ? STR("/") : pod_path(a, pod, "/cwd");
}

/* They run one after the other before the main container; the first that fails ends the pod. */
static int plan_inits(const struct local_pod *pod, struct arena *a, struct strbuf *plan,
                      struct err *err)
{
    const struct json *list = json_get(pod->req.template, STR("initContainers")), *item;

    for (size_t i = 0; (item = json_item(list, i)) != NULL; i++) {
        _cleanup_map_ struct map vars = {0};
        struct str name = json_get_str(item, STR("name"));

        if (str_is_empty(name) || str_is(name, "main") || str_is(name, "wait"))
            return err_set(err, ERR_INVALID,
                           "initContainers[%zu].name: must be given, and be "
                           "neither main nor wait",
                           i);
        plan_word(plan, "container", name);
        plan_word(plan, "cwd", working_dir(pod, item, a));
        plan_word(plan, "log", local_log_name(a, name));
        if (environment_plan(pod, item, a, plan, &vars, err) < 0 ||
            plan_command(pod, item, STR_NONE, a, &vars, plan, err) < 0)
            return err_wrap(err, "initContainers[%zu]", i);
    }
    return 0;
}

static int plan_container(const struct local_pod *pod, int dirfd, struct arena *a,
                          struct strbuf *plan, struct err *err)
{
    const struct json *script = json_get(pod->req.template, STR("script"));
    const struct json *container =
        script ? script : json_get(pod->req.template, STR("container"));
    _cleanup_map_ struct map vars = {0};
    struct str script_path = STR_NONE;

    if (!container)
        return err_set(err, ERR_UNSUPPORTED,
                       "pod " STR_FMT ": its template is neither container nor script",
                       STR_ARG(pod->req.name));
    /* Without a source there is no script, only a container: as upstream. */
    if (script && !str_is_empty(json_get_str(script, STR("source"))) &&
        write_script(pod, dirfd, a, json_get_str(script, STR("source")), plan, &script_path,
                     err) < 0)
        return -1;
    if (plan_inits(pod, a, plan, err) < 0)
        return -1;
    plan_word(plan, "container", STR("main"));
    plan_word(plan, "cwd", working_dir(pod, container, a));
    plan_word(plan, "log", local_log_name(a, STR("main")));
    if (environment_plan(pod, container, a, plan, &vars, err) < 0)
        return -1;
    plan_outputs(pod->req.template, plan);
    artifacts_plan_outputs(pod, plan);
    return plan_command(pod, container, script_path, a, &vars, plan, err);
}

int plan_print(const struct local_pod *pod, int dirfd, struct strbuf *plan, struct err *err)
{
    _cleanup_arena_ struct arena *a = arena_new();

    if (plan_isolation(pod, dirfd, a, plan, err) < 0)
        return -1;
    if (pod->req.deadline.ms > 0)
        plan_number(plan, "deadline", pod->req.deadline.ms);
    plan_number(plan, "logmax", pod->runner->log_max_bytes);
    plan_number(plan, "grace",
                (int64_t) (pod->req.grace_ms ? pod->req.grace_ms : POD_GRACE_DEFAULT_MS));
    if (volumes_stage(pod, dirfd, plan, err) < 0 ||
        artifacts_stage(pod, dirfd, plan, err) < 0 ||
        plan_container(pod, dirfd, a, plan, err) < 0)
        return -1;
    if (plan->is_over)
        return err_set(err, ERR_LIMIT,
                       "pod " STR_FMT
                       ": command and environment are over %d bytes or hold a zero byte",
                       STR_ARG(pod->req.name), POD_PLAN_MAX_BYTES);
    return 0;
}
