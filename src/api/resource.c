/*
 * The resource API: list, get, create, update and delete of every kind. Paths and answers are
 * Kubernetes'.
 *
 * Reads block the http thread on a reader connection; writes are answered on the loop when the
 * store has them.
 */
#include "api/api_internal.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/random.h"
#include "base/vec.h"

/* ---- paths ---- */

bool resource_parse(struct str path, struct resource *ret)
{
    struct str rest = path, part, group = STR(""), version, word;

    *ret = (struct resource){.ns = STR(""), .name = STR(""), .sub = STR("")};
    if (!str_cut(&rest, '/', &part) || !str_cut(&rest, '/', &part))
        return false;
    if (str_is(part, "apis") ? !str_cut(&rest, '/', &group) : !str_is(part, "api"))
        return false;
    if (!str_cut(&rest, '/', &version) || !str_cut(&rest, '/', &word))
        return false;
    if (str_is(word, "namespaces") && !str_is_none(rest)) {
        if (!str_cut(&rest, '/', &ret->ns))
            return false;
        if (str_is_none(rest)) { /* /api/v1/namespaces/NAME is a Namespace itself */
            ret->name = ret->ns;
            ret->ns = STR("");
        } else if (!str_cut(&rest, '/', &word)) {
            return false;
        }
    }
    ret->kind = object_kind_by_plural(group, word);
    if (!ret->kind || !str_is(version, ret->kind->version) || !str_is(word, ret->kind->plural))
        return false;
    if (str_is_empty(ret->name) && str_cut(&rest, '/', &part))
        ret->name = part;
    if (str_cut(&rest, '/', &part))
        ret->sub = part;
    return str_is_none(rest);
}

static struct store_key key_of(const struct resource *r)
{
    return (struct store_key){str_from(r->kind->group), str_from(r->kind->kind), r->ns,
                              r->name};
}

/* ---- showing ---- */

static int add_nodes(struct api *api, struct arena *a, const struct store_object *o,
                     struct json *doc, struct err *err)
{
    struct json_object_builder b = {0};
    struct store_node *nodes;
    size_t count;

    if (store_nodes(api->options.store, a, o->uid, &nodes, &count, err) < 0)
        return -1;
    for (size_t i = 0; i < count; i++) {
        struct json node;

        if (json_parse(a, nodes[i].doc, &node, err) < 0)
            return err_wrap(err, "node " STR_FMT, STR_ARG(nodes[i].id));
        json_add(a, &b, nodes[i].id, node);
    }
    if (count > 0)
        *doc = json_set_path(a, doc, json_object(&b), "status", "nodes", NULL);
    return 0;
}

int object_shown(struct api *api, struct arena *a, const struct store_object *o,
                 struct json *ret, struct err *err)
{
    struct json doc;

    if (json_parse(a, str_copy(a, o->doc), &doc, err) < 0)
        return -1;
    *ret = json_set_path(a, &doc, json_string(str_printf(a, "%lld", (long long) o->rv)),
                         "metadata", "resourceVersion", NULL);
    return str_is(o->key.kind, "Workflow") ? add_nodes(api, a, o, ret, err) : 0;
}

static void show(struct api *api, struct http_request *req, unsigned status,
                 const struct store_object *o)
{
    struct json doc;
    struct err err;

    if (object_shown(api, http_arena(req), o, &doc, &err) < 0)
        reply_error(req, &err);
    else
        reply_json(req, status, &doc);
}

/* ---- reading ---- */

static void get_one(struct api *api, struct http_request *req, const struct resource *r)
{
    const struct store_key key = key_of(r);
    const struct store_object *o;
    struct err err;

    if (store_get(api->options.store, &key, &o, &err) < 0) {
        reply_error(req, &err);
        return;
    }
    show(api, req, 200, o);
    store_object_unref(o);
}

static int parse_query(struct http_request *req, const struct resource *r,
                       struct store_query *q, struct err *err)
{
    struct arena *a = http_arena(req);
    struct str labels = http_query(req, STR("labelSelector")),
               fields = http_query(req, STR("fieldSelector"));
    struct selector *labels_of = ARENA_NEW(a, struct selector),
                    *fields_of = ARENA_NEW(a, struct selector);
    uint64_t limit = 0;

    *q = (struct store_query){
        .group = str_from(r->kind->group), .kind = str_from(r->kind->kind), .ns = r->ns};
    if (!str_is_empty(labels)) {
        if (selector_parse(a, labels, labels_of, err) < 0)
            return -1;
        q->labels = labels_of;
    }
    if (!str_is_empty(fields)) {
        if (selector_parse_fields(a, fields, fields_of, err) < 0)
            return -1;
        q->fields = fields_of;
    }
    if (!str_is_empty(http_query(req, STR("limit"))) &&
        !parse_u64(http_query(req, STR("limit")), &limit))
        return err_set(err, ERR_INVALID, "limit \"" STR_FMT "\" is not a number",
                       STR_ARG(http_query(req, STR("limit"))));
    q->limit = limit;
    q->continue_token = http_query(req, STR("continue"));
    if (str_is_none(q->continue_token))
        q->continue_token = STR("");
    return 0;
}

static struct json list_meta(struct arena *a, const struct store_list *list)
{
    struct json_object_builder b = {0};

    json_add(a, &b, STR("resourceVersion"),
             json_string(str_printf(a, "%lld", (long long) list->rv)));
    json_add_str(a, &b, STR("continue"), list->continue_token);
    return json_object(&b);
}

static void get_list(struct api *api, struct http_request *req, const struct resource *r)
{
    struct arena *a = http_arena(req);
    struct json_object_builder b = {0};
    struct json_array_builder items = {0};
    struct store_query q;
    struct store_list list;
    struct json made, item;
    struct err err;
    int result = 0;

    if (parse_query(req, r, &q, &err) < 0 ||
        store_list(api->options.store, a, &q, &list, &err) < 0) {
        reply_error(req, &err);
        return;
    }
    for (size_t i = 0; i < list.len && result == 0; i++) {
        result = object_shown(api, a, list.at[i], &item, &err);
        if (result == 0)
            json_push(a, &items, item);
    }
    json_add(a, &b, STR("apiVersion"),
             json_string(str_printf(a, "%s%s%s", r->kind->group, r->kind->group[0] ? "/" : "",
                                    r->kind->version)));
    json_add(a, &b, STR("kind"), json_string(str_printf(a, "%sList", r->kind->kind)));
    json_add(a, &b, STR("metadata"), list_meta(a, &list));
    json_add(a, &b, STR("items"), json_array(&items));
    made = json_object(&b);
    store_list_done(&list);
    if (result < 0)
        reply_error(req, &err);
    else
        reply_json(req, 200, &made);
}

/* ---- writing ---- */

struct writing {
    struct api *api;
    struct http_request *req;
    unsigned status; /* of success */
};

static void on_written(void *ctx, const struct store_result *result, const struct err *err)
{
    struct writing *w = ctx;
    struct json_object_builder b = {0};
    struct arena *a = http_arena(w->req);
    struct json status, doc;
    struct err shown;

    if (err->kind != ERR_NONE) {
        reply_error(w->req, err);
    } else if (result->object) {
        /* The loop does not read: a new object has no nodes yet, an update's are the watcher's
         * business. */
        if (json_parse(a, str_copy(a, result->object->doc), &doc, &shown) < 0) {
            reply_error(w->req, &shown);
            return;
        }
        doc = json_set_path(a, &doc, json_string(str_printf(a, "%lld", (long long) result->rv)),
                            "metadata", "resourceVersion", NULL);
        reply_json(w->req, w->status, &doc);
    } else {
        json_add(a, &b, STR("kind"), json_string(STR("Status")));
        json_add(a, &b, STR("apiVersion"), json_string(STR("v1")));
        json_add(a, &b, STR("status"), json_string(STR("Success")));
        status = json_object(&b);
        reply_json(w->req, w->status, &status);
    }
}

static void commit(struct api *api, struct http_request *req, struct store_txn *txn,
                   unsigned status)
{
    struct writing *w = ARENA_NEW(http_arena(req), struct writing);
    struct err err;

    *w = (struct writing){.api = api, .req = req, .status = status};
    if (store_is_stalled(api->options.store)) {
        store_txn_free(txn);
        err_set(&err, ERR_IO, "the store cannot write: its disk is full or busy");
        reply_error(req, &err);
    } else if (store_commit(api->options.store, txn, on_written, w, &err) < 0) {
        err.kind = ERR_TRANSIENT;
        reply_error(req, &err);
    }
}

/* The body as one checked document of the path's kind. */
static int read_document(struct http_request *req, const struct resource *r,
                         struct object_document *ret, struct err *err)
{
    struct arena *a = http_arena(req);
    struct object_documents docs;
    struct field_faults faults = {0};

    if (object_read(a, STR("request"), http_body(req), &docs, err) < 0)
        return -1;
    if (docs.len != 1)
        return err_set(err, ERR_INVALID, "the request holds %zu documents, it must be one",
                       docs.len);
    *ret = docs.at[0];
    if (!object_check(a, ret, &faults))
        return object_faults_err(a, ret, &faults, err);
    if (ret->kind != r->kind)
        return err_set(err, ERR_INVALID, "the document is a %s, the path is for a %s",
                       ret->kind->kind, r->kind->kind);
    return 0;
}

/* Workflows have one way in. */
static void create_workflow(struct api *api, struct http_request *req, const struct resource *r)
{
    struct object_document *doc = ARENA_NEW(http_arena(req), struct object_document);
    struct workflow_submit_options *options =
        ARENA_NEW(http_arena(req), struct workflow_submit_options);
    struct str own;
    struct err err = {0};

    if (read_document(req, r, doc, &err) < 0) {
        reply_error(req, &err);
        return;
    }
    own = object_namespace(&doc->value);
    if (!str_is_empty(own) && !str_is_empty(r->ns) && !str_eq(own, r->ns)) {
        err_set(&err, ERR_INVALID,
                "the namespace of the provided object does not match the namespace sent on the "
                "request");
        reply_error(req, &err);
        return;
    }
    options->ns = r->ns;
    options->dry_run = str_is(http_query(req, STR("dryRun")), "All");
    submission_start(api, req, &doc->value, options);
}

static void create(struct api *api, struct http_request *req, const struct resource *r)
{
    struct random random = random_from_system();
    uint64_t bits[2] = {random_u64(&random), random_u64(&random)};
    struct object_document doc;
    struct store_txn *txn;
    struct json made;
    struct err err;

    if (str_is(str_from(r->kind->kind), "Workflow")) {
        create_workflow(api, req, r);
        return;
    }
    if (read_document(req, r, &doc, &err) < 0 ||
        object_prepare(http_arena(req), r->kind, &doc.value, r->ns, clock_wall().ms,
                       (const uint8_t *) bits, &made, &err) < 0) {
        reply_error(req, &err);
        return;
    }
    txn = store_txn_new(api->options.store);
    store_txn_create(txn, &made);
    commit(api, req, txn, 201);
}

/* What a client may not change comes from the stored object: uid, creation time, and the other
 * half (status or spec). */
static int merge_update(struct arena *a, const struct json *stored, const struct resource *r,
                        struct json *doc, struct err *err)
{
    static const char *const kept[] = {"uid", "creationTimestamp", "generation", "namespace"};
    const struct json *meta = json_get(stored, STR("metadata"));
    const char *half = str_is(r->sub, "status") ? "spec" : "status";

    if (!str_eq(object_name(doc), r->name))
        return err_set(err, ERR_INVALID,
                       "the name of the object (" STR_FMT
                       ") does not match the name on the URL (" STR_FMT ")",
                       STR_ARG(object_name(doc)), STR_ARG(r->name));
    for (size_t i = 0; i < COUNT_OF(kept); i++) {
        const struct json *member = json_get(meta, str_from(kept[i]));

        if (member)
            *doc = json_set_path(a, doc, *member, "metadata", kept[i], NULL);
    }
    *doc = json_get(stored, str_from(half))
               ? json_set(a, doc, str_from(half), *json_get(stored, str_from(half)))
               : json_without(a, doc, str_from(half));
    *doc = object_set_defaults(a, r->kind, doc);
    return 0;
}

static void update(struct api *api, struct http_request *req, const struct resource *r)
{
    struct arena *a = http_arena(req);
    const struct store_key key = key_of(r);
    const struct store_object *o;
    struct object_document doc;
    struct store_txn *txn;
    struct json stored;
    struct err err;
    int64_t expect = 0;

    if (read_document(req, r, &doc, &err) < 0 ||
        store_get(api->options.store, &key, &o, &err) < 0) {
        reply_error(req, &err);
        return;
    }
    if (!parse_i64(json_str(json_path(&doc.value, "metadata", "resourceVersion", NULL)),
                   &expect))
        expect = o->rv;
    if (json_parse(a, str_copy(a, o->doc), &stored, &err) < 0 ||
        merge_update(a, &stored, r, &doc.value, &err) < 0) {
        store_object_unref(o);
        reply_error(req, &err);
        return;
    }
    store_object_unref(o);
    txn = store_txn_new(api->options.store);
    store_txn_update(txn, &doc.value, expect);
    commit(api, req, txn, 200);
}

static void remove_one(struct api *api, struct http_request *req, const struct resource *r)
{
    struct store_txn *txn = store_txn_new(api->options.store);
    const struct store_key key = key_of(r);

    store_txn_delete(txn, &key, STR(""), 0);
    commit(api, req, txn, 200);
}

void resource_handle(struct api *api, struct http_request *req, const struct resource *r)
{
    struct str method = http_method(req);
    bool has_name = !str_is_empty(r->name);
    struct err err;

    if (str_is(method, "GET") && !has_name && str_is(http_query(req, STR("watch")), "true"))
        watch_start(api, req, r);
    else if (str_is(method, "GET") && has_name && str_is(r->sub, "log") &&
             str_is(str_from(r->kind->kind), "Pod"))
        pod_log_handle(api, req, r);
    else if (str_is(method, "GET") && has_name)
        get_one(api, req, r);
    else if (str_is(method, "GET"))
        get_list(api, req, r);
    else if (str_is(method, "POST") && !has_name)
        create(api, req, r);
    else if (str_is(method, "PUT") && has_name)
        update(api, req, r);
    else if (str_is(method, "DELETE") && has_name)
        remove_one(api, req, r);
    else {
        err_set(&err, ERR_UNSUPPORTED, STR_FMT " on " STR_FMT " is not supported yet",
                STR_ARG(method), STR_ARG(http_path(req)));
        reply_error(req, &err);
    }
}
