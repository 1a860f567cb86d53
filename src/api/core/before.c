/*
 * An object that is about to be changed: read, settled, written. Knows no dialect.
 *
 * The status of an object is written by its subresource; of a Workflow also with the whole
 * object, as upstream, where `argo` with a kubeconfig steers workflows that way. Then it is
 * read with its nodes, and what has changed of them is written as rows.
 */
#include "api/core/core_internal.h"
#include "config/config.h"
#include "objects/job.h"

static bool is_workflow(const struct object_kind *kind)
{
    return strcmp(kind->kind, "Workflow") == 0;
}

bool api_doc_takes_status(const struct object_kind *kind, const struct json *doc)
{
    return is_workflow(kind) && json_is(json_get(doc, STR("status")), JSON_OBJECT);
}

static bool is_in_status(struct str pointer)
{
    return str_is(pointer, "") || str_is(pointer, "/status") ||
           str_starts(pointer, STR("/status/"));
}

/* An operation of a JSON patch. */
static bool touches_status(const struct json *operation)
{
    const struct json *from = json_get(operation, STR("from"));

    return is_in_status(json_get_str(operation, STR("path"))) ||
           (from && is_in_status(json_str(from)));
}

bool api_patch_takes_status(const struct object_kind *kind, const struct api_patch *patch,
                            struct str sub)
{
    const struct json *doc = patch->patch ? patch->patch : patch->applied, *item;

    if (!is_workflow(kind))
        return false;
    if (!str_is_empty(sub) || !patch->patch || patch->type != PATCH_JSON)
        return !str_is_empty(sub) || json_get(doc, STR("status"));
    for (size_t i = 0; (item = json_item(doc, i)) != NULL; i++)
        if (touches_status(item))
            return true;
    return false;
}

static int read_rows(const struct api_call *call, const struct store_object *o,
                     struct api_before *ret, struct err *err)
{
    struct arena *a = http_arena(call->req);
    struct operate_workflow *wf = ARENA_NEW(a, struct operate_workflow);

    *wf = (struct operate_workflow){.arena = a, .now = clock_wall()};
    if (operate_stored_read(call->api->options.store, o, wf, err) < 0)
        return -1;
    ret->rows = wf;
    ret->shown = operate_put_together(wf);
    ret->shown =
        json_set_path(a, &ret->shown, json_string(str_printf(a, "%lld", (long long) o->rv)),
                      "metadata", "resourceVersion", NULL);
    return 0;
}

int api_before_get(const struct api_call *call, const struct store_key *key, bool takes_status,
                   struct api_before *ret, struct err *err)
{
    /* A change that is only tried is answered by what was read: whole. */
    enum api_parts parts = call->is_dry_run ? API_WHOLE : API_WITHOUT_NODES;
    const struct store_object *o;
    int result;

    *ret = (struct api_before){0};
    if (store_get(call->api->options.store, key, &o, err) < 0)
        return -1;
    ret->rv = o->rv;
    result = takes_status ? read_rows(call, o, ret, err)
                          : api_object_shown(call->api, http_arena(call->req), o, parts,
                                             &ret->shown, err);
    store_object_unref(o);
    return result;
}

/* Nodes are nobody's field: there are too many of them. */
static struct json without_nodes(struct arena *a, const struct json *doc)
{
    const struct json *status = json_get(doc, STR("status"));

    return json_get(status, STR("nodes"))
               ? json_set(a, doc, STR("status"), json_without(a, status, STR("nodes")))
               : *doc;
}

static struct json managed(const struct api_call *call, const struct api_before *b,
                           const struct api_after *after, const struct json *made)
{
    struct arena *a = http_arena(call->req);
    const struct json was = without_nodes(a, &b->shown), is = without_nodes(a, made),
                      *nodes = json_path(made, "status", "nodes", NULL);
    struct json ret = api_managed(call, after->kind, after->sub, &was, &is);

    return nodes ? json_set_path(a, &ret, *nodes, "status", "nodes", NULL) : ret;
}

/* What a Workflow refers to is frozen where the controller restricts that, and for who may
 * write its status alone. */
static int replace(const struct api_call *call, struct api_before *b,
                   const struct api_after *after, struct json *made, struct err *err)
{
    struct arena *a = http_arena(call->req);
    _cleanup_config_ const struct config *config =
        config_get(call->api->options.config);
    const struct operate_replacement by = {
        .doc = made,
        .is_frozen = !str_is_empty(after->sub) || config->referencing != CONFIG_REFERS_FREELY};

    if (operate_replace(b->rows, &by, err) < 0)
        return -1;
    *made = operate_put_together(b->rows);
    *made = json_set_path(a, made, *json_path(&b->shown, "metadata", "resourceVersion", NULL),
                          "metadata", "resourceVersion", NULL);
    return 0;
}

int api_before_change(const struct api_call *call, struct api_before *b,
                      const struct api_after *after, struct json *ret, struct err *err)
{
    struct arena *a = http_arena(call->req);
    const struct json *status = json_get(after->given, STR("status"));
    struct json made = object_settle(a, after->kind, &b->shown, after->given, after->sub);

    if (b->rows && str_is_empty(after->sub) && json_is(status, JSON_OBJECT))
        made = json_set(a, &made, STR("status"), *status);
    if (object_check_change(a, after->kind, &b->shown, &made, err) < 0)
        return -1;
    if (!after->is_managed)
        made = managed(call, b, after, &made);
    *ret = made;
    return b->rows ? replace(call, b, after, ret, err) : 0;
}

void api_before_write(struct store_txn *txn, const struct api_before *b,
                      const struct json *made, int64_t rv)
{
    if (b->rows)
        operate_stored_write(txn, b->rows, rv);
    else
        store_txn_update(txn, made, rv);
}
