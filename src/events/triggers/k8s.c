/*
 * Creates, updates, patches or deletes an object of any kind that is served, or submits a
 * Workflow (operation submit, beyond upstream: tutorials give name and generateName both, then
 * the name is taken while it is free).
 *
 * On a worker; waits for the store. Each happens once per firing: its mark is found again after
 * a crash. Labels of what is created tell sensor, trigger and time, as upstream's. What is to
 * be updated or patched and is not there is created without them; what is to be deleted and is
 * not there is no failure. Source: ../shared/spec/events.md 5.3.
 */
#include "events/triggers/create.h"
#include "events/triggers/source.h"
#include "workflows/submit/rights.h"

/* ---- what the template says ---- */

enum operation { CREATE, UPDATE, PATCH, DELETE, SUBMIT };

static const char *const operations[] = {"create", "update", "patch", "delete", "submit"};

static int operation_of(const struct json *template, enum operation *ret, struct err *err)
{
    struct str word = json_str(json_path(template, "k8s", "operation", NULL));

    *ret = CREATE;
    if (str_is_empty(word))
        return 0;
    for (size_t i = 0; i < COUNT_OF(operations); i++)
        if (str_is(word, operations[i])) {
            *ret = (enum operation) i;
            return 0;
        }
    return err_set(err, ERR_INVALID, "unknown operation type " STR_FMT, STR_ARG(word));
}

static int strategy_of(const struct json *template, enum patch_type *ret, struct err *err)
{
    static const char *const names[] = {
        [PATCH_MERGE] = "application/merge-patch+json",
        [PATCH_JSON] = "application/json-patch+json",
        [PATCH_STRATEGIC] = "application/strategic-merge-patch+json",
    };
    struct str name = json_str(json_path(template, "k8s", "patchStrategy", NULL));

    *ret = PATCH_MERGE;
    if (str_is_empty(name))
        return 0;
    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (str_is(name, names[i])) {
            *ret = (enum patch_type) i;
            return 0;
        }
    if (str_starts(name, STR("application/apply-patch")))
        return err_set(err, ERR_UNSUPPORTED, "patchStrategy: " STR_FMT " is not supported yet",
                       STR_ARG(name));
    return err_set(err, ERR_INVALID, "patchStrategy: \"" STR_FMT "\" is none of %s, %s, %s",
                   STR_ARG(name), names[0], names[1], names[2]);
}

static int k8s_check(const struct json *template, struct err *err)
{
    enum patch_type ignored;

    return strategy_of(template, &ignored, err);
}

/* ---- the object ---- */

static bool is_cluster_scoped(struct str kind)
{
    static const char *const kinds[] = {"Namespace", "Node", "PersistentVolume", "ClusterRole",
                                        "ClusterRoleBinding"};

    for (size_t i = 0; i < COUNT_OF(kinds); i++)
        if (str_is(kind, kinds[i]))
            return true;
    return false;
}

/* The object as it is, instead of the template's. */
static int fetch_live(const struct trigger_services *s, struct arena *a, struct json *doc,
                      struct err *err)
{
    const struct json *meta = json_get(doc, STR("metadata"));

    if (str_is_empty(json_get_str(meta, STR("name"))))
        return err_set(err, ERR_INVALID,
                       "resource name must be specified for fetching live object");
    if (str_is_empty(json_get_str(meta, STR("namespace"))) &&
        !is_cluster_scoped(json_get_str(doc, STR("kind"))))
        return err_set(err, ERR_INVALID,
                       "resource namespace must be specified for fetching live object");
    return s->submitter->find(s->submitter->ctx, a, doc, STR(""), doc, err);
}

static int k8s_fetch(const struct trigger_services *s, struct arena *a,
                     const struct trigger_request *req, struct json *ret,
                     struct trigger_result *result, struct err *err)
{
    const struct json *part = json_get(req->template, STR("k8s"));
    const struct trigger_reading reading = {s, a, req->ns};

    if (trigger_source_read(&reading, json_get(part, STR("source")), ret, result, err) < 0)
        return -1;
    if (!json_get_bool(part, STR("liveObject")) ||
        !str_is(json_get_str(part, STR("operation")), "update"))
        return 0;
    return submit_may(&(struct submit_actor){s->submitter, req->ns, req->account}, "get", ret,
                      err) < 0
               ? -1
               : fetch_live(s, a, ret, err);
}

/* ---- what is done ---- */

static int create(const struct trigger_services *s, struct arena *a,
                  const struct trigger_request *req, struct trigger_result *ret,
                  struct err *err)
{
    struct json object = trigger_labelled(a, req);
    const struct store_object *made;

    if (s->submitter->create(s->submitter->ctx, &object, req->ns, req->mark, &made, err) < 0)
        return -1;
    trigger_made(a, "created", made, ret);
    return 0;
}

/* What is gone then: nothing of it is left that a policy could look at. */
static void tell_gone(struct arena *a, const struct trigger_request *req, const char *verb,
                      struct trigger_result *ret)
{
    const struct json *doc = req->resource, *meta = json_get(doc, STR("metadata"));
    struct str own = json_get_str(meta, STR("namespace"));
    struct str ns = str_is_empty(own) ? req->ns : own;

    *ret = (struct trigger_result){.group = STR(""),
                                   .kind = json_get_str(doc, STR("kind")),
                                   .ns = ns,
                                   .name = json_get_str(meta, STR("name")),
                                   .uid = STR("")};
    ret->detail = str_printf(a, "%s " STR_FMT " " STR_FMT "/" STR_FMT, verb, STR_ARG(ret->kind),
                             STR_ARG(ns), STR_ARG(ret->name));
}

static int change(const struct trigger_services *s, struct arena *a,
                  const struct trigger_request *req, struct object_change *how,
                  struct trigger_result *ret, struct err *err)
{
    bool is_live = json_path(req->template, "k8s", "liveObject", NULL) != NULL;
    static const char *const done[] = {"updated", "patched", "deleted"};
    const struct store_object *made;

    how->doc = req->resource;
    how->ns = req->ns;
    how->once_mark = req->mark;
    if (s->submitter->change(s->submitter->ctx, how, &made, err) < 0) {
        if (is_live && err->kind == ERR_CONFLICT)
            err->kind = ERR_TRANSIENT; /* with the object as it is by then */
        return -1;
    }
    if (made)
        trigger_made(a, done[how->operation], made, ret);
    else
        tell_gone(a, req, done[how->operation], ret);
    return 0;
}

/* May the sensor's ServiceAccount? */
static int check_rights(const struct trigger_services *s, struct arena *a,
                        const struct trigger_request *req, enum operation operation,
                        struct err *err)
{
    static const char *const verbs[] = {[CREATE] = "create",
                                        [UPDATE] = "update",
                                        [PATCH] = "patch",
                                        [DELETE] = "delete",
                                        [SUBMIT] = "create"};
    const struct submit_actor who = {s->submitter, req->ns, req->account};

    return operation == UPDATE || operation == PATCH
               ? submit_may_change(&who, a, verbs[operation], req->resource, err)
               : submit_may(&who, verbs[operation], req->resource, err);
}

static int k8s_fire(const struct trigger_services *s, struct arena *a,
                    const struct trigger_request *req, struct trigger_result *ret,
                    struct err *err)
{
    struct object_change how = {0};
    enum operation operation;

    if (operation_of(req->template, &operation, err) < 0 ||
        strategy_of(req->template, &how.patch, err) < 0 ||
        check_rights(s, a, req, operation, err) < 0)
        return -1;
    switch (operation) {
    case CREATE:
        return create(s, a, req, ret, err);
    case SUBMIT:
        return trigger_submit(s, a, req, NULL, ret, err);
    case UPDATE:
        how.operation = OBJECT_UPDATE;
        break;
    case PATCH:
        how.operation = OBJECT_PATCH;
        break;
    case DELETE:
        how.operation = OBJECT_DELETE;
        break;
    }
    return change(s, a, req, &how, ret, err);
}

static const struct trigger_ops k8s_ops = {
    .check = k8s_check, .fetch = k8s_fetch, .fire = k8s_fire};

extern const struct trigger_driver k8s_trigger;
const struct trigger_driver k8s_trigger = {
    .kind = "k8s",
    .summary = "Creates, updates, patches or deletes an object, or submits a Workflow.",
    .place = TRIGGER_ON_WORKER,
    .ops = &k8s_ops,
};
