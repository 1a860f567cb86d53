/*
 * The actions of resource templates on objects of a cluster. On a worker.
 *
 * What an action makes or changes carries its mark as an annotation: a repeated one, after a
 * crash, finds its own. Generated names are made of the mark, too. See resource_internal.h.
 */
#include "base/limits.h"
#include "formats/uri.h"
#include "workflows/engine/resource_internal.h"
#include "workflows/submit/rights.h"

#define MARK "tiphys/effect"

enum { SUFFIX_LEN = 5 };

/* The object that is acted on. */
struct target {
    struct kubernetes_kind kind;
    struct str ns, name;
};

static struct str namespace_of(const struct resource_work *w, const struct json *which)
{
    struct str own = object_namespace(which);

    if (!str_is_empty(own))
        return own;
    return str_is_empty(w->flags.ns) ? w->job->ns : w->flags.ns;
}

static int find_target(struct resource_work *w, const struct json *which, struct target *ret,
                       struct err *err)
{
    const struct kubernetes_asker who = {w->cluster, w->a, w->job->cancel_fd};

    ret->ns = namespace_of(w, which);
    ret->name = object_name(which);
    return kubernetes_find_kind(&who, json_get_str(which, STR("apiVersion")),
                                json_get_str(which, STR("kind")), &ret->kind, err);
}

/* ---- calls ---- */

static int call(struct resource_work *w, const struct kubernetes_call *what, struct json *ret,
                struct err *err)
{
    struct kubernetes_call c = *what;

    c.cancel_fd = w->job->cancel_fd;
    return kubernetes_do(w->cluster, w->a, &c, ret, err);
}

static int take(struct resource_work *w, const struct kubernetes_call *what, struct err *err)
{
    w->has_object = call(w, what, &w->object, err) == 0;
    return w->has_object ? 0 : -1;
}

static int get(struct resource_work *w, const struct target *t, struct err *err)
{
    const struct kubernetes_call c = {.method = "GET",
                                      .path = kubernetes_path(w->a, &t->kind, t->ns, t->name)};

    return take(w, &c, err);
}

/* The path of a write, with what flags say of it. */
static struct str write_path(const struct resource_work *w, const struct target *t,
                             struct str name, const char *manager)
{
    struct str given = w->flags.manager;

    return str_printf(
        w->a, STR_FMT "?fieldManager=" STR_FMT "&fieldValidation=" STR_FMT "%s",
        STR_ARG(kubernetes_path(w->a, &t->kind, t->ns, name)),
        STR_ARG(str_is_empty(given) ? str_from(manager) : uri_escape(w->a, given)),
        STR_ARG(w->flags.validate), w->flags.is_dry ? "&dryRun=All" : "");
}

/* May its ServiceAccount, by the Roles of this server? */
static int may(struct resource_work *w, const struct target *t, const char *verb,
               struct err *err)
{
    const struct submit_actor who = {w->job->submitter, w->job->ns, w->job->account};
    const struct object_kind kind = {.group = str_cz(w->a, t->kind.group),
                                     .version = str_cz(w->a, t->kind.version),
                                     .kind = str_cz(w->a, t->kind.kind),
                                     .plural = str_cz(w->a, t->kind.plural),
                                     .is_namespaced = t->kind.is_namespaced};
    bool has_whole = !str_is(w->action, "patch") && json_is(&w->manifest, JSON_OBJECT);
    const struct submit_act act = {.verb = verb,
                                   .kind = &kind,
                                   .of_ns = t->ns,
                                   .name = t->name,
                                   .doc = has_whole ? &w->manifest : NULL};

    if (submit_may_kind(&who, &act, err) == 0)
        return 0;
    return err_set(err, err->kind, "Error from server%s: %s",
                   err->kind == ERR_DENIED ? " (Forbidden)" : "", err->text);
}

/* ---- marks ---- */

static struct json marked(const struct resource_work *w)
{
    return json_set_path(w->a, &w->manifest, json_string(w->job->mark), "metadata",
                         "annotations", MARK, NULL);
}

static bool is_ours(const struct resource_work *w)
{
    return w->has_object &&
           str_eq(
               json_get_str(json_path(&w->object, "metadata", "annotations", NULL), STR(MARK)),
               w->job->mark);
}

static struct str made_name(const struct resource_work *w, struct str prefix, unsigned try)
{
    static const char letters[] = "bcdfghjklmnpqrstvwxz2456789";
    uint32_t hash = str_fnv32a(str_printf(w->a, STR_FMT "/%u", STR_ARG(w->job->mark), try));
    char suffix[SUFFIX_LEN + 1] = "";

    for (size_t i = 0; i < SUFFIX_LEN; i++, hash /= sizeof(letters) - 1)
        suffix[i] = letters[hash % (sizeof(letters) - 1)];
    return str_printf(w->a, STR_FMT "%s", STR_ARG(prefix), suffix);
}

/* ---- actions ---- */

static int create_as(struct resource_work *w, struct target *t, struct err *err)
{
    struct json doc = marked(w);
    struct kubernetes_call c = {.method = "POST",
                                .path = write_path(w, t, STR(""), "kubectl-create"),
                                .doing = "error when creating \"/tmp/manifest.yaml\"",
                                .body = &doc};
    struct err other = {0};

    doc = json_set_path(w->a, &doc, json_string(t->name), "metadata", "name", NULL);
    if (take(w, &c, err) == 0)
        return 0;
    if (err->kind != ERR_EXISTS)
        return -1;
    if (get(w, t, &other) == 0 && is_ours(w))
        return 0;
    w->has_object = false;
    if (err_is_retryable(&other))
        *err = other; /* whose it is must be known first */
    return -1;
}

static int create(struct resource_work *w, struct target *t, struct err *err)
{
    struct str prefix = json_str(json_path(&w->manifest, "metadata", "generateName", NULL));

    if (!str_is_empty(t->name) || str_is_empty(prefix))
        return create_as(w, t, err);
    for (unsigned i = 0; i < OBJECT_NAME_TRIES_MAX; i++) {
        t->name = made_name(w, prefix, i);
        if (create_as(w, t, err) == 0)
            return 0;
        if (err->kind != ERR_EXISTS)
            return -1;
    }
    return -1;
}

/* The server merges: what an earlier one has set and this one does not is removed. Without
 * --server-side nobody's fields conflict, as with kubectl. */
static int apply(struct resource_work *w, struct target *t, struct err *err)
{
    bool forces = !w->flags.is_server_side || w->flags.forces_conflicts;
    const struct kubernetes_call c = {
        .method = "PATCH",
        .path = str_printf(w->a, STR_FMT "%s",
                           STR_ARG(write_path(w, t, t->name, "kubectl-client-side-apply")),
                           forces ? "&force=true" : ""),
        .content_type = "application/apply-patch+yaml",
        .body = &w->manifest};
    struct err there;

    if (str_is_empty(t->name))
        return err_set(err, ERR_INVALID, "error: cannot use generate name with apply");
    if (get(w, t, &there) < 0) {
        if (there.kind != ERR_NOT_FOUND) {
            *err = there;
            return -1;
        }
        if (may(w, t, "create", err) < 0)
            return -1;
    }
    return take(w, &c, err);
}

static int replace_once(struct resource_work *w, struct target *t, struct err *err)
{
    struct json doc = marked(w);
    const struct kubernetes_call c = {.method = "PUT",
                                      .path = write_path(w, t, t->name, "kubectl-replace"),
                                      .doing = "error when replacing \"/tmp/manifest.yaml\"",
                                      .body = &doc};

    if (get(w, t, err) < 0)
        return -1;
    if (is_ours(w))
        return 0;
    if (!json_path(&doc, "metadata", "resourceVersion", NULL))
        doc = json_set_path(
            w->a, &doc,
            json_string(json_str(json_path(&w->object, "metadata", "resourceVersion", NULL))),
            "metadata", "resourceVersion", NULL);
    return take(w, &c, err);
}

static int replace(struct resource_work *w, struct target *t, struct err *err)
{
    bool is_given = json_path(&w->manifest, "metadata", "resourceVersion", NULL) != NULL;

    for (unsigned i = 0; i < PATCH_TRIES_MAX; i++) {
        if (replace_once(w, t, err) == 0)
            return 0;
        if (err->kind != ERR_CONFLICT || is_given)
            return -1;
    }
    return -1;
}

static struct json operation(const struct resource_work *w, const char *op, const char *path,
                             struct json value)
{
    struct json_object_builder b = {0};

    json_add(w->a, &b, STR("op"), json_string(str_from(op)));
    json_add(w->a, &b, STR("path"), json_string(str_from(path)));
    json_add(w->a, &b, STR("value"), value);
    return json_object(&b);
}

/* A JSON patch with the mark. Where there is no annotation the first is set only when there is
 * still none: the version is tested. */
static struct json marked_operations(const struct resource_work *w)
{
    const struct json *meta = json_get(&w->object, STR("metadata")), *item;
    struct json mark = json_string(w->job->mark);
    struct json_array_builder list = {0};

    if (json_is(json_get(meta, STR("annotations")), JSON_OBJECT)) {
        json_push(w->a, &list,
                  operation(w, "add", "/metadata/annotations/tiphys~1effect", mark));
    } else {
        json_push(w->a, &list,
                  operation(w, "test", "/metadata/resourceVersion",
                            json_string(json_get_str(meta, STR("resourceVersion")))));
        json_push(w->a, &list,
                  operation(w, "add", "/metadata/annotations",
                            json_set(w->a, NULL, STR(MARK), mark)));
    }
    for (size_t i = 0; (item = json_item(&w->manifest, i)) != NULL; i++)
        json_push(w->a, &list, *item);
    return json_array(&list);
}

/* Return: 0, 1: somebody else was faster, or -1. */
static int patch_once(struct resource_work *w, struct target *t, struct err *err)
{
    struct str strategy = json_get_str(w->part, STR("mergeStrategy")), version;
    bool is_json = str_is(strategy, "json");
    struct json body;
    struct kubernetes_call c = {.method = "PATCH",
                                .path = write_path(w, t, t->name, "kubectl-patch"),
                                .content_type = is_json ? "application/json-patch+json"
                                                : str_is(strategy, "merge")
                                                    ? "application/merge-patch+json"
                                                    : "application/strategic-merge-patch+json",
                                .body = &body};
    struct err other;

    if (get(w, t, err) < 0)
        return -1;
    if (is_ours(w))
        return 0;
    version = json_str(json_path(&w->object, "metadata", "resourceVersion", NULL));
    body = is_json ? marked_operations(w) : marked(w);
    if (take(w, &c, err) == 0)
        return 0;
    return err->kind == ERR_CONFLICT ||
                   (is_json && err->kind == ERR_INVALID && get(w, t, &other) == 0 &&
                    !str_eq(version, json_str(json_path(&w->object, "metadata",
                                                        "resourceVersion", NULL))))
               ? 1
               : -1;
}

static int patch(struct resource_work *w, struct target *t, struct err *err)
{
    int result = 1;

    for (unsigned i = 0; i < PATCH_TRIES_MAX && result == 1; i++)
        result = patch_once(w, t, err);
    return result == 0 ? 0 : -1;
}

static struct json delete_options(const struct resource_work *w)
{
    struct json_object_builder b = {0};
    struct json_array_builder dry = {0};

    json_add(w->a, &b, STR("apiVersion"), json_string(STR("v1")));
    json_add(w->a, &b, STR("kind"), json_string(STR("DeleteOptions")));
    json_add(w->a, &b, STR("propagationPolicy"), json_string(w->flags.cascade));
    if (w->flags.grace_s >= 0)
        json_add(w->a, &b, STR("gracePeriodSeconds"), json_int(w->a, w->flags.grace_s));
    if (w->flags.is_dry) {
        json_push(w->a, &dry, json_string(STR("All")));
        json_add(w->a, &b, STR("dryRun"), json_array(&dry));
    }
    return json_object(&b);
}

/* What has a time of deletion is waited for. */
static int delete (struct resource_work *w, struct target *t, struct err *err)
{
    const struct json options = delete_options(w);
    const struct kubernetes_call c = {.method = "DELETE",
                                      .path = kubernetes_path(w->a, &t->kind, t->ns, t->name),
                                      .body = &options};
    struct json answer;
    bool waits = !w->flags.does_not_wait && !w->flags.is_dry;

    if (call(w, &c, &answer, err) < 0)
        return err->kind == ERR_NOT_FOUND ? 0 : -1;
    if (!waits || !json_path(&answer, "metadata", "deletionTimestamp", NULL))
        return 0;
    w->object = answer;
    w->has_object = w->is_going = true;
    return 0;
}

static int get_or_miss(struct resource_work *w, struct target *t, struct err *err)
{
    if (get(w, t, err) == 0)
        return 0;
    return err->kind == ERR_NOT_FOUND && w->flags.ignores_missing ? 0 : -1;
}

static const struct action {
    const char *name, *verb;
    int (*run)(struct resource_work *w, struct target *t, struct err *err);
} actions[] = {{"get", "get", get_or_miss}, {"create", "create", create},
               {"apply", "patch", apply},   {"replace", "update", replace},
               {"patch", "patch", patch},   {"delete", "delete", delete}};

static int act_on(struct resource_work *w, struct target *t, struct err *err)
{
    for (size_t i = 0; i < COUNT_OF(actions); i++) {
        if (!str_is(w->action, actions[i].name))
            continue;
        if (may(w, t, actions[i].verb, err) < 0 ||
            (resource_has_conditions(w) && may(w, t, "get", err) < 0))
            return -1;
        return actions[i].run(w, t, err);
    }
    return err_set(err, ERR_INVALID, "unknown action");
}

/* ---- which objects ---- */

static int act_on_selected(struct resource_work *w, struct target *t, struct err *err)
{
    const struct kubernetes_call c = {
        .method = "GET",
        .path = str_printf(w->a, STR_FMT "?labelSelector=" STR_FMT,
                           STR_ARG(kubernetes_path(w->a, &t->kind, t->ns, STR(""))),
                           STR_ARG(uri_escape(w->a, w->flags.selector)))};
    const struct json *item;
    struct json list;

    if (call(w, &c, &list, err) < 0)
        return -1;
    for (size_t i = 0; (item = json_item(json_get(&list, STR("items")), i)) != NULL; i++) {
        t->name = object_name(item);
        if (act_on(w, t, err) < 0)
            return -1;
    }
    return 0;
}

int resource_cluster_act(struct resource_work *w, struct err *err)
{
    const struct kubernetes_asker who = {w->cluster, w->a, w->job->cancel_fd};
    struct target t = {.ns = namespace_of(w, NULL), .name = STR("")};

    if (str_is_empty(w->flags.type)) {
        if (resource_set_namespace(w, err) < 0)
            return err_wrap(err, "error");
        return find_target(w, &w->manifest, &t, err) < 0 ? -1 : act_on(w, &t, err);
    }
    if (kubernetes_find_resource(&who, w->flags.type, &t.kind, err) < 0)
        return -1;
    for (size_t i = 0; i < w->flags.name_count; i++) {
        t.name = w->flags.names[i];
        if (act_on(w, &t, err) < 0)
            return -1;
    }
    return w->flags.name_count > 0 ? 0 : act_on_selected(w, &t, err);
}

int resource_cluster_find(struct resource_work *w, const struct json *which, struct err *err)
{
    struct target t;

    return find_target(w, which, &t, err) < 0 ? -1 : get(w, &t, err);
}

int resource_cluster_is_gone(struct resource_work *w, struct err *err)
{
    struct str uid = json_str(json_path(&w->job->object, "metadata", "uid", NULL));
    bool is_same;

    if (resource_cluster_find(w, &w->job->object, err) < 0)
        return err->kind == ERR_NOT_FOUND ? 0 : -1;
    is_same = str_eq(uid, json_str(json_path(&w->object, "metadata", "uid", NULL)));
    w->has_object = false;
    return is_same;
}
