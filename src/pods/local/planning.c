/*
 * From a resolved template to a plan for the shim: the script is written, volumes are made, the
 * command line is put together. The image's own entrypoint is known in isolation image
 * only; in the others a container needs a command.
 */
#include "base/fd.h"
#include "base/limits.h"
#include "formats/duration.h"
#include "pods/local/access.h"
#include "pods/local/address.h"
#include "pods/local/local_internal.h"
#include "pods/local/rights.h"

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

void plan_number(struct strbuf *plan, const char *key, int64_t number)
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

/* The folders of an overlay. */
static int make_box(int dirfd, const char *box, struct err *err)
{
    static const char *const parts[] = {"", "/upper", "/work", "/root", "/tmp"};
    char name[64];

    for (size_t i = 0; i < COUNT_OF(parts); i++) {
        snprintf(name, sizeof(name), "%s%s", box, parts[i]);
        if (make_folder(dirfd, name, i == 0 ? 0700 : i == 4 ? 01777 : 0755, err) < 0)
            return -1;
    }
    return 0;
}

static int plan_isolation(const struct local_pod *pod, int dirfd, struct arena *a,
                          struct strbuf *plan, struct err *err)
{
    if (pod->isolation == LOCAL_ISOLATION_PROCESS) {
        plan_word(plan, "isolation", STR("process"));
        return make_folder(dirfd, "cwd", 0755, err);
    }
    if (pod->isolation == LOCAL_ISOLATION_IMAGE) {
        plan_word(plan, "isolation", STR("image"));
        plan_word(plan, "runtime", str_from(pod->runner->runtime.path));
        plan_word(plan, "layers", str_from(images_layers(pod->runner->images)));
        address_plan(pod, plan);
        return 0;
    }
    if (make_box(dirfd, "box", err) < 0)
        return -1;
    plan_word(plan, "isolation", STR("host"));
    plan_word(plan, "root", pod_path(a, pod, "/box"));
    plan_word(plan, "mask", str_from(pod->runner->state_dir));
    plan_word(plan, "hostname", names_host(pod));
    return 0;
}

static int write_script(const struct local_pod *pod, int dirfd, struct arena *a,
                        struct str source, struct strbuf *plan, struct str *ret_path,
                        struct err *err)
{
    if (fd_write_file(dirfd, "script", O_TRUNC, SCRIPT_FILE_MODE, source.ptr, source.len) < 0)
        return err_sys(err, errno, "write the script of pod " STR_FMT, STR_ARG(pod->req.name));
    *ret_path = pod_path(a, pod, "/script");
    if (pod->isolation != LOCAL_ISOLATION_PROCESS) {
        plan_word(plan, "bind", *ret_path);
        plan_word(plan, "at", STR("/argo/staging/script"));
        plan_word(plan, "mode", STR("ro"));
        *ret_path = STR("/argo/staging/script");
    }
    return 0;
}

/* Where the containers of a pod are written to. */
struct planning {
    const struct local_pod *pod;
    int dirfd;
    struct arena *a;
    struct strbuf *plan;
    bool is_group;      /* there are several beside each other */
    unsigned group_len; /* of these so far */
    unsigned box_count; /* of isolation image: each container has one */
};

/* The words of a command line, in the arena. */
struct command {
    struct str *at;
    size_t count;
};

static void add_words(const struct json *words, size_t count, struct arena *a,
                      const struct map *vars, struct command *ret)
{
    for (size_t i = 0; i < count; i++)
        ret->at[ret->count++] = environment_expand(a, json_str(&words[i]), vars);
}

static size_t count_of(const struct json *list)
{
    return json_is(list, JSON_ARRAY) ? list->count : 0;
}

static int refuse_command(const struct local_pod *pod, struct str image, struct err *err)
{
    if (pod->isolation == LOCAL_ISOLATION_IMAGE)
        return err_set(err, ERR_INVALID,
                       "container has no command, and image \"" STR_FMT
                       "\" says nothing of what to run",
                       STR_ARG(image));
    return err_set(err, ERR_INVALID,
                   "container has no command: isolation %s does not know the entrypoint of "
                   "image \"" STR_FMT "\"; give a command",
                   local_isolation_name(pod->isolation), STR_ARG(image));
}

/* As the manifest and, where it is known, the image say; @script is its last word. */
static int make_command(const struct planning *p, const struct json *container,
                        struct str script, const struct map *vars, struct command *ret,
                        struct err *err)
{
    const struct container_image *ci = images_of(p->pod, container);
    const struct json *words;
    size_t count;

    bundle_command(ci ? ci->image.config : NULL, container, p->a, &words, &count);
    ret->at = ARENA_ARRAY(p->a, struct str, count + 2);
    if (count_of(json_get(container, STR("command"))) == 0 && (!ci || count == 0)) {
        if (str_is_none(script))
            return refuse_command(p->pod, json_get_str(container, STR("image")), err);
        ret->at[ret->count++] = STR("sh");
    }
    add_words(words, count, p->a, vars, ret);
    if (!str_is_none(script))
        ret->at[ret->count++] = script;
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

    if (pod->isolation == LOCAL_ISOLATION_IMAGE)
        return images_cwd(images_of(pod, container), given);
    if (!str_is_empty(given))
        return given;
    return pod->isolation == LOCAL_ISOLATION_HOST ? STR("/") : pod_path(a, pod, "/cwd");
}

/* What all containers have. */
static int plan_container(struct planning *p, const struct json *container, struct str name,
                          struct str script, struct err *err)
{
    _cleanup_map_ struct map vars = {0};
    struct command command = {0};

    plan_word(p->plan, "cwd", working_dir(p->pod, container, p->a));
    plan_word(p->plan, "log", local_log_name(p->a, name));
    rights_plan(p->pod, container, p->plan);
    if (environment_plan(p->pod, container, p->a, p->plan, &vars, err) < 0 ||
        make_command(p, container, script, &vars, &command, err) < 0)
        return -1;
    for (size_t i = 0; i < command.count && !p->plan->is_over; i++)
        plan_word(p->plan, "arg", command.at[i]);
    if (health_plan(container, p->a, &vars, p->plan, err) < 0)
        return -1;
    if (p->pod->isolation != LOCAL_ISOLATION_IMAGE)
        return 0;
    return images_plan(&(struct image_plan){.pod = p->pod,
                                            .dirfd = p->dirfd,
                                            .index = p->box_count++,
                                            .container = container,
                                            .args = command.at,
                                            .arg_count = command.count,
                                            .vars = &vars},
                       p->a, p->plan, err);
}

/* They run one after the other before the main container; the first that fails ends the pod. */
static int plan_inits(struct planning *p, struct err *err)
{
    const struct json *list = json_get(p->pod->req.template, STR("initContainers")), *item;

    for (size_t i = 0; (item = json_item(list, i)) != NULL; i++) {
        struct str name = json_get_str(item, STR("name"));

        if (str_is_empty(name) || str_is(name, "main") || str_is(name, "wait"))
            return err_set(err, ERR_INVALID,
                           "initContainers[%zu].name: must be given, and be "
                           "neither main nor wait",
                           i);
        plan_word(p->plan, "container", name);
        if (health_refuse(item, err) < 0 || plan_container(p, item, name, STR_NONE, err) < 0)
            return err_wrap(err, "initContainers[%zu]", i);
    }
    return 0;
}

/* Each of several has a root of its own; the first one's is the pod's. */
static int plan_place(struct planning *p, const char *role, struct err *err)
{
    char box[32];

    if (!p->is_group)
        return 0;
    plan_word(p->plan, "role", str_from(role));
    snprintf(box, sizeof(box), "box/%u", p->group_len);
    if (p->group_len++ == 0 || p->pod->isolation != LOCAL_ISOLATION_HOST)
        return 0;
    if (make_box(p->dirfd, box, err) < 0)
        return -1;
    plan_word(p->plan, "box",
              pod_path(p->a, p->pod, str_cz(p->a, str_printf(p->a, "/%s", box))));
    return 0;
}

static int plan_sidecars(struct planning *p, struct err *err)
{
    const struct json *list = json_get(p->pod->req.template, STR("sidecars")), *item;

    for (size_t i = 0; (item = json_item(list, i)) != NULL; i++) {
        struct str name = json_get_str(item, STR("name"));

        if (str_is_empty(name) || str_is(name, "main") || str_is(name, "wait"))
            return err_set(err, ERR_INVALID,
                           "sidecars[%zu].name: must be given, and be neither main nor wait",
                           i);
        plan_word(p->plan, "container", name);
        if (plan_place(p, "sidecar", err) < 0 ||
            plan_container(p, item, name, STR_NONE, err) < 0)
            return err_wrap(err, "sidecars[%zu]", i);
    }
    return 0;
}

/* How often a container of a set is run at most: as upstream counts, all tries. */
static int plan_tries(const struct planning *p, const struct json *retry, struct err *err)
{
    const struct json *retries = json_get(retry, STR("retries"));
    struct str duration = json_get_str(retry, STR("duration"));
    int64_t count = 1, delay = 0;

    if (retries && !json_i64(retries, &count) && !parse_i64(json_str(retries), &count))
        return err_set(err, ERR_INVALID, "retryStrategy.retries: must be a number");
    if (!str_is_empty(duration) && duration_parse(duration, &delay, err) < 0)
        return err_wrap(err, "retryStrategy.duration");
    if (count > 1)
        plan_number(p->plan, "tries", count);
    if (count > 1 && delay > 0)
        plan_number(p->plan, "delay", delay / DURATION_MS);
    return 0;
}

static int plan_set(struct planning *p, const struct json *set, struct err *err)
{
    const struct json *list = json_get(set, STR("containers")), *item, *after;

    for (size_t i = 0; (item = json_item(list, i)) != NULL; i++) {
        struct str name = json_get_str(item, STR("name"));

        plan_word(p->plan, "container", name);
        if (plan_place(p, "main", err) < 0 ||
            plan_tries(p, json_get(set, STR("retryStrategy")), err) < 0)
            return -1;
        for (size_t j = 0; (after = json_item(json_get(item, STR("dependencies")), j)); j++)
            plan_word(p->plan, "after", json_str(after));
        if (str_is(name, "main")) {
            plan_outputs(p->pod->req.template, p->plan);
            artifacts_plan_outputs(p->pod, p->plan);
        }
        if (plan_container(p, item, name, STR_NONE, err) < 0)
            return err_wrap(err, "containerSet.containers[%zu]", i);
    }
    return 0;
}

static int plan_main(struct planning *p, const struct json *container, struct str script,
                     struct err *err)
{
    plan_word(p->plan, "container", STR("main"));
    if (plan_place(p, "main", err) < 0)
        return -1;
    plan_outputs(p->pod->req.template, p->plan);
    artifacts_plan_outputs(p->pod, p->plan);
    return plan_container(p, container, STR("main"), script, err);
}

static int plan_containers(const struct local_pod *pod, int dirfd, struct arena *a,
                           struct strbuf *plan, struct err *err)
{
    const struct json *script = json_get(pod->req.template, STR("script"));
    const struct json *set = json_get(pod->req.template, STR("containerSet"));
    const struct json *container =
        script ? script : json_get(pod->req.template, STR("container"));
    struct planning p = {.pod = pod, .dirfd = dirfd, .a = a, .plan = plan};
    struct str script_path = STR_NONE;

    if (!container && !set)
        return err_set(err, ERR_UNSUPPORTED,
                       "pod " STR_FMT
                       ": its template is neither container, script nor containerSet",
                       STR_ARG(pod->req.name));
    p.is_group = !container || json_item(json_get(pod->req.template, STR("sidecars")), 0);
    /* Without a source there is no script, only a container: as upstream. */
    if (script && !str_is_empty(json_get_str(script, STR("source"))) &&
        write_script(pod, dirfd, a, json_get_str(script, STR("source")), plan, &script_path,
                     err) < 0)
        return -1;
    if (plan_inits(&p, err) < 0)
        return -1;
    if ((container ? plan_main(&p, container, script_path, err) : plan_set(&p, set, err)) < 0)
        return -1;
    return plan_sidecars(&p, err);
}

int plan_print(const struct local_pod *pod, int dirfd, struct strbuf *plan, struct err *err)
{
    _cleanup_arena_ struct arena *a = arena_new();

    if (plan_isolation(pod, dirfd, a, plan, err) < 0)
        return -1;
    if (pod->req.deadline.ms > 0)
        plan_number(plan, "deadline", pod->req.deadline.ms);
    if (pod->is_watched)
        plan_number(plan, "watched", 1);
    plan_number(plan, "logmax", pod->runner->log_max_bytes);
    plan_number(plan, "grace",
                (int64_t) (pod->req.grace_ms ? pod->req.grace_ms : POD_GRACE_DEFAULT_MS));
    if (names_stage(pod, dirfd, plan, err) < 0 || volumes_stage(pod, dirfd, plan, err) < 0 ||
        access_stage(pod, dirfd, plan, err) < 0 || progress_stage(pod, dirfd, plan, err) < 0 ||
        artifacts_stage(pod, dirfd, plan, err) < 0 ||
        plan_containers(pod, dirfd, a, plan, err) < 0 || rights_open_way(pod, dirfd, err) < 0)
        return -1;
    if (plan->is_over)
        return err_set(err, ERR_LIMIT,
                       "pod " STR_FMT
                       ": command and environment are over %d bytes or hold a zero byte",
                       STR_ARG(pod->req.name), POD_PLAN_MAX_BYTES);
    return 0;
}
