/*
 * Isolation `image` on this machine: which pods have it, their images, and the bundle of each
 * container in box/N of the pod's folder. A pod whose image cannot be had waits and tries
 * again, as Kubernetes does; what another try cannot mend ends it.
 */
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/vec.h"
#include "formats/quantity.h"
#include "pods/local/local_internal.h"
#include "pods/local/rights.h"
#include "pods/shim/cgroup.h"

/* ---- whose isolation it is ---- */

typedef VEC(const struct json *) containers;

/* All containers of a template, main ones first. */
static void list_containers(const struct json *template, struct arena *a, containers *ret)
{
    static const char *const single[] = {"container", "script"};
    const struct json *const lists[] = {json_path(template, "containerSet", "containers", NULL),
                                        json_get(template, STR("initContainers")),
                                        json_get(template, STR("sidecars"))};
    const struct json *item;

    for (size_t i = 0; i < COUNT_OF(single); i++)
        if ((item = json_get(template, str_from(single[i]))) != NULL)
            VEC_APUSH(a, ret, item);
    for (size_t i = 0; i < COUNT_OF(lists); i++)
        for (size_t j = 0; (item = json_item(lists[i], j)) != NULL; j++)
            VEC_APUSH(a, ret, item);
}

const struct json *const *images_containers(const struct json *template, struct arena *a)
{
    containers list = {0};

    list_containers(template, a, &list);
    VEC_APUSH(a, &list, NULL);
    return list.at;
}

static enum local_isolation isolation_of(const struct local *runner, struct str image)
{
    _cleanup_arena_ struct arena *a = arena_new();

    for (size_t i = 0; i < runner->rule_count; i++)
        if (fnmatch(runner->rules[i].pattern, str_cz(a, image), 0) == 0)
            return runner->rules[i].isolation;
    return runner->isolation;
}

enum local_isolation images_choose(const struct local *runner, const struct pod_request *req)
{
    _cleanup_arena_ struct arena *a = arena_new();
    containers list = {0};

    if (runner->rule_count == 0)
        return runner->isolation;
    list_containers(req->template, a, &list);
    return list.len > 0 ? isolation_of(runner, json_get_str(list.at[0], STR("image")))
                        : runner->isolation;
}

/* Containers of a pod share what isolation gives them. */
static int check_rules(const struct local_pod *pod, containers *list, struct err *err)
{
    VEC_FOREACH (it, list) {
        struct str image = json_get_str(*it, STR("image"));
        enum local_isolation isolation = isolation_of(pod->runner, image);

        if (isolation != pod->isolation)
            return err_set(err, ERR_INVALID,
                           "containers of one pod must have one isolation: by the rules image "
                           "\"" STR_FMT "\" has %s, the first one %s",
                           STR_ARG(image), local_isolation_name(isolation),
                           local_isolation_name(pod->isolation));
    }
    return 0;
}

/* ---- getting them ---- */

bool images_are_here(const struct local_pod *pod)
{
    _cleanup_arena_ struct arena *a = arena_new();
    containers list = {0};
    enum image_pull policy;
    struct err err;

    if (pod->isolation != LOCAL_ISOLATION_IMAGE)
        return true;
    list_containers(pod->req.template, a, &list);
    VEC_FOREACH (it, &list)
        if (image_pull_parse(json_get_str(*it, STR("imagePullPolicy")), &policy, &err) == 0 &&
            !images_has(pod->runner->images, json_get_str(*it, STR("image")), policy))
            return false;
    return true;
}

static void show_news(struct loop_task *task)
{
    struct local_work *work = CONTAINER_OF(task, struct local_work, news);
    _cleanup_arena_ struct arena *a = arena_new();
    struct str text = str_copy(a, str_from(work->text));

    work->has_news = false;
    local_tell_pending(work->pod, text);
}

/* On the worker. While the loop has not shown the last news, further ones are dropped. */
static void tell(void *ctx, struct str progress)
{
    struct local_pod *pod = ctx;
    struct local_work *work = pod->work;

    if (work->has_news)
        return;
    snprintf(work->text, sizeof(work->text), STR_FMT, STR_ARG(progress));
    work->has_news = true;
    work->news = (struct loop_task){.run = show_news};
    loop_post(pod->runner->loop, &work->news);
}

static bool is_cancelled(void *ctx)
{
    const struct local_pod *pod = ctx;

    return pod->is_kill_wanted || pod->runner->is_closing;
}

/* What no other try can mend; another one may find a registry that answers. */
static bool is_final(const struct err *err)
{
    return err->kind == ERR_INVALID || err->kind == ERR_UNSUPPORTED || err->kind == ERR_LIMIT ||
           err->kind == ERR_CANCELLED;
}

static int get_one(struct local_pod *pod, const struct json *container, struct arena *a,
                   struct container_image *ret, bool *ret_is_final, struct err *err)
{
    const struct image_hooks hooks = {.tell = tell, .is_cancelled = is_cancelled, .ctx = pod};
    struct image_wanted wanted = {.name = json_get_str(container, STR("image")),
                                  .hooks = &hooks};

    *ret_is_final = true;
    ret->container = container;
    ret->security =
        bundle_security(a, pod->req.security, json_get(container, STR("securityContext")));
    if (bundle_check(ret->security, err) < 0 ||
        image_pull_parse(json_get_str(container, STR("imagePullPolicy")), &wanted.policy, err) <
            0)
        return -1;
    if (images_get(pod->runner->images, &wanted, a, &ret->image, err) < 0) {
        *ret_is_final = is_final(err);
        if (wanted.policy == IMAGE_PULL_NEVER && err->kind == ERR_NOT_FOUND)
            return err_wrap(err, "ErrImageNeverPull");
        return err_wrap(err, "ErrImagePull: image \"" STR_FMT "\"", STR_ARG(wanted.name));
    }
    return bundle_user_find(pod->runner->images, &ret->image, ret->security, a, &ret->user,
                            err);
}

int images_stage(struct local_pod *pod, struct arena *a, bool *ret_is_final, struct err *err)
{
    struct container_image *made;
    containers list = {0};

    list_containers(pod->req.template, a, &list);
    *ret_is_final = true;
    if (check_rules(pod, &list, err) < 0)
        return -1;
    if (pod->isolation != LOCAL_ISOLATION_IMAGE)
        return rights_stage(pod, a, err);
    made = ARENA_ARRAY(a, struct container_image, list.len + 1);
    for (size_t i = 0; i < list.len; i++)
        if (get_one(pod, list.at[i], a, &made[i], ret_is_final, err) < 0)
            return -1;
    pod->images = made;
    return 0;
}

const struct container_image *images_of(const struct local_pod *pod,
                                        const struct json *container)
{
    for (const struct container_image *at = pod->images; at && at->container; at++)
        if (at->container == container)
            return at;
    return NULL;
}

/* ---- bundles ---- */

/* A name that no other pod of this machine has, whatever daemon it is of. */
static struct str group_name(const struct local *runner, const struct local_pod *pod,
                             unsigned index, struct arena *a)
{
    struct str path = str_printf(a, "%s/" STR_FMT, runner->root, STR_ARG(pod->dir));

    return str_printf(a, "tiphys-%08x%08x-%u", str_fnv32a(path), str_fnv32a(pod->req.uid),
                      index);
}

static int limit_of(const struct json *container, const char *kind, const char *what,
                    struct quantity *ret, struct err *err)
{
    const struct json *v = json_path(container, "resources", kind, what, NULL);
    struct str text = json_is(v, JSON_NUMBER) ? json_number(v) : json_str(v);

    if (str_is_none(text))
        return 1;
    if (quantity_parse(text, ret, err) < 0)
        return err_wrap(err, "resources.%s.%s", kind, what);
    return 0;
}

static int add_limits(const struct json *container, struct bundle *b, struct err *err)
{
    struct quantity q;
    int has = limit_of(container, "limits", "memory", &q, err);

    if (has == 0)
        b->memory_bytes = quantity_value(&q);
    if (has >= 0 && (has = limit_of(container, "limits", "cpu", &q, err)) == 0)
        b->cpu_milli = quantity_milli_value(&q);
    if (has >= 0 && (has = limit_of(container, "requests", "cpu", &q, err)) == 0)
        b->cpu_request_milli = quantity_milli_value(&q);
    return has < 0 ? -1 : 0;
}

static int make_box(int dirfd, unsigned index, struct err *err)
{
    static const char *const parts[] = {"", "/upper", "/work", "/root"};
    char name[64];

    if (mkdirat(dirfd, "box", 0700) < 0 && errno != EEXIST)
        return err_sys(err, errno, "make folder box of the pod");
    for (size_t i = 0; i < COUNT_OF(parts); i++) {
        snprintf(name, sizeof(name), "box/%u%s", index, parts[i]);
        if (mkdirat(dirfd, name, i == 0 ? 0700 : 0755) < 0 && errno != EEXIST)
            return err_sys(err, errno, "make folder %s of the pod", name);
    }
    return 0;
}

static int write_config(const struct bundle *b, int dirfd, unsigned index, struct err *err)
{
    _cleanup_strbuf_ struct strbuf text = STRBUF_INIT(2 * POD_PLAN_MAX_BYTES);
    char name[64];

    bundle_print(b, &text);
    if (text.is_over)
        return err_set(err, ERR_LIMIT, "the configuration of a container is over %d bytes",
                       2 * POD_PLAN_MAX_BYTES);
    snprintf(name, sizeof(name), "box/%u/config.json", index);
    return fd_write_file(dirfd, name, O_TRUNC, 0600, text.ptr, text.len) < 0
               ? err_sys(err, errno, "write %s of the pod", name)
               : 0;
}

static const struct str *env_of(const struct map *vars, struct arena *a, size_t *ret_count)
{
    struct str *ret = ARENA_ARRAY(a, struct str, vars->len + 1);
    size_t count = 0;

    MAP_FOREACH (it, vars) {
        const struct str *value = it->value;

        ret[count++] = str_concat(a, str_concat(a, it->key, STR("=")), *value);
    }
    *ret_count = count;
    return ret;
}

static void plan_layers(const struct image *image, struct strbuf *plan)
{
    for (size_t i = image->layer_count; i > 0; i--)
        plan_word(plan, "layer", image->layers[i - 1]);
}

int images_plan(const struct image_plan *p, struct arena *a, struct strbuf *plan,
                struct err *err)
{
    const struct local_pod *pod = p->pod;
    const struct local_runtime *runtime = &pod->runner->runtime;
    const struct container_image *ci = images_of(pod, p->container);
    struct str box =
        str_printf(a, "%s/" STR_FMT "/box/%u", pod->runner->root, STR_ARG(pod->dir), p->index);
    struct str id = group_name(pod->runner, pod, p->index, a);
    struct str cwd = json_get_str(p->container, STR("workingDir"));
    struct bundle b = {
        .security = ci->security,
        .args = p->args,
        .arg_count = p->arg_count,
        .hostname = names_host(pod),
        .cgroup = str_concat(a, STR("/tiphys/"), id),
        .pidns = str_concat(a, box, STR("/pidns")),
        .user = ci->user,
        .network = runtime->has_network ? BUNDLE_NETWORK_HOST : BUNDLE_NETWORK_NONE,
        .has_resolv_conf = !names_has_resolver(pod) && access("/etc/resolv.conf", R_OK) == 0,
        .has_hosts = !names_has_hosts(pod) && access("/etc/hosts", R_OK) == 0,
        .has_cgroups = runtime->has_cgroups,
        .has_swap_limit = runtime->has_swap_limit,
        .has_tty = json_get_bool(p->container, STR("tty"))};

    b.env = env_of(p->vars, a, &b.env_count);
    b.cwd = images_cwd(ci, cwd);
    if (add_limits(p->container, &b, err) < 0 || make_box(p->dirfd, p->index, err) < 0 ||
        write_config(&b, p->dirfd, p->index, err) < 0)
        return -1;
    plan_word(plan, "box", box);
    plan_word(plan, "id", id);
    plan_word(plan, "cgroup", b.cgroup);
    if (runtime->oom_before)
        plan_word(plan, "oom",
                  str_printf(a, "%s" STR_FMT "%s", runtime->oom_before, STR_ARG(b.cgroup),
                             runtime->oom_after));
    plan_layers(&ci->image, plan);
    return 0;
}

struct str images_cwd(const struct container_image *ci, struct str given)
{
    struct str own = json_get_str(ci->image.config, STR("WorkingDir"));

    return !str_is_empty(given) ? given : !str_is_empty(own) ? own : STR("/");
}

void images_sweep(const struct local *runner, const struct local_pod *pod)
{
    _cleanup_arena_ struct arena *a = arena_new();
    containers list = {0};

    list_containers(pod->req.template, a, &list);
    for (unsigned i = 0; i < list.len; i++)
        cgroup_remove(str_concat(a, STR("/tiphys/"), group_name(runner, pod, i, a)).ptr);
}
