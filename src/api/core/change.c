/*
 * Objects through the API: changed, by a whole document or by a patch.
 *
 * A patch is read, made and checked on the request's thread; when the store has another version
 * by then it is made again on a worker. Knows no dialect.
 */
#include "api/core/core_internal.h"
#include "base/limits.h"

static struct managed_writer writer_of(const struct api_call *call,
                                       const struct object_kind *kind, struct str sub)
{
    return (struct managed_writer){.manager =
                                       str_is_none(call->manager) ? STR("") : call->manager,
                                   .subresource = sub,
                                   .kind = call->shown ? call->shown : kind,
                                   .now = clock_wall()};
}

struct json api_managed(const struct api_call *call, const struct object_kind *kind,
                        struct str sub, const struct json *live, const struct json *made)
{
    const struct managed_writer w = writer_of(call, kind, sub);

    return managed_update(http_arena(call->req), &w, live, made);
}

static const struct json *written_as(struct arena *a, const struct json *made)
{
    struct json *copy = ARENA_NEW(a, struct json);

    *copy = *made;
    return copy;
}

/* The version over which it is written: the one that the document names. */
static int64_t expected(const struct json *doc, const struct api_before *stored)
{
    int64_t ret;

    return parse_i64(json_str(json_path(doc, "metadata", "resourceVersion", NULL)), &ret) &&
                   ret != 0
               ? ret
               : stored->rv;
}

/* Is the document for the object that the path names? */
static int check_target(const struct store_key *key, const struct json *doc, struct err *err)
{
    struct str ns = object_namespace(doc), name = object_name(doc),
               rv = json_str(json_path(doc, "metadata", "resourceVersion", NULL));
    uint64_t ignored;

    if (!str_eq(name, key->name))
        return err_set(err, ERR_INVALID,
                       "the name of the object (" STR_FMT
                       ") does not match the name on the URL (" STR_FMT ")",
                       STR_ARG(name), STR_ARG(key->name));
    if (!str_is_empty(ns) && !str_is_empty(key->ns) && !str_eq(ns, key->ns))
        return err_set(err, ERR_INVALID,
                       "the namespace of the provided object does not match the namespace sent "
                       "on the request");
    if (!str_is_empty(rv) && !parse_u64(rv, &ignored))
        return err_set(err, ERR_INVALID,
                       "metadata.resourceVersion \"" STR_FMT "\" is not a number",
                       STR_ARG(str_head(rv, 60)));
    return 0;
}

/* Another one of that name has come since the client read it. */
static int check_uid(struct arena *a, const struct store_key *key, const struct json *stored,
                     const struct json *doc, struct err *err)
{
    struct str uid = object_uid(doc);

    if (str_is_empty(uid) || str_eq(uid, object_uid(stored)))
        return 0;
    return api_conflict_because(
        key,
        str_printf(a,
                   "the UID in the precondition (" STR_FMT
                   ") does not match the UID in record (" STR_FMT
                   "). The object might have been deleted and then recreated",
                   STR_ARG(str_head(uid, 80)), STR_ARG(object_uid(stored))),
        err);
}

void api_update(struct api_call *call, const struct object_kind *kind,
                const struct store_key *key, struct str sub, const struct json *doc)
{
    const struct api_after after = {.kind = kind, .sub = sub, .given = doc};
    struct api_before stored;
    struct store_txn *txn;
    struct json made;
    struct err err;

    if (check_target(key, doc, &err) < 0 ||
        api_before_get(call, key, api_doc_takes_status(kind, doc), &stored, &err) < 0 ||
        check_uid(http_arena(call->req), key, &stored.shown, doc, &err) < 0 ||
        api_check_grant(call, kind, key->ns, doc, &err) < 0 ||
        api_before_change(call, &stored, &after, &made, &err) < 0) {
        call->dialect->fail(call->req, &err);
        return;
    }
    if (call->is_dry_run) { /* looks no further than at the version */
        if (expected(doc, &stored) == stored.rv) {
            made = json_set_path(http_arena(call->req), &made,
                                 *json_path(&stored.shown, "metadata", "resourceVersion", NULL),
                                 "metadata", "resourceVersion", NULL);
            call->dialect->object(call->req, 200, &made);
        } else {
            api_conflict(key, &err);
            call->dialect->fail(call->req, &err);
        }
        return;
    }
    call->written = written_as(http_arena(call->req), &made);
    txn = store_txn_new(call->api->options.store);
    api_before_write(txn, &stored, &made, expected(doc, &stored));
    api_commit(call, txn, api_on_written);
}

/* ---- patches ---- */

/* A patch under way; lives in the request's arena. */
struct patching {
    struct api_call *call;
    const struct object_kind *kind;
    struct store_key key;
    struct str sub;
    struct api_patch *patch;
    struct job job;
    struct api_before before;
    struct json made; /* to write over it */
    unsigned tries;
    bool is_once; /* the patch names a resourceVersion */
    bool is_same; /* nothing is to be written */
};

static void on_patched(void *ctx, const struct store_result *result, const struct err *err);

/* What identifies an object is its own still, when a patch takes it away. */
static struct json with_identity(struct arena *a, const struct json *stored,
                                 const struct json *made)
{
    static const char *const names[] = {"uid", "resourceVersion"};
    struct json ret = *made;

    for (size_t i = 0; i < COUNT_OF(names); i++) {
        const struct json *was = json_path(stored, "metadata", names[i], NULL);

        if (was && json_is(json_get(made, STR("metadata")), JSON_OBJECT) &&
            str_is_empty(json_str(json_path(made, "metadata", names[i], NULL))))
            ret = json_set_path(a, &ret, *was, "metadata", names[i], NULL);
    }
    return ret;
}

/* The same object still, at the version that it was read at? */
static int check_identity(const struct patching *p, const struct json *stored,
                          const struct json *made, struct err *err)
{
    static const char *const names[] = {"name", "namespace"};
    const struct json *was = json_get(stored, STR("metadata")),
                      *is = json_get(made, STR("metadata"));
    const struct str version = STR("resourceVersion");

    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (!str_eq(json_get_str(was, str_from(names[i])),
                    json_get_str(is, str_from(names[i]))))
            return err_set(err, ERR_INVALID, "metadata.%s: a patch cannot change it", names[i]);
    if (!str_eq(object_uid(stored), object_uid(made)))
        return err_set(err, ERR_RULE,
                       "metadata.uid: Invalid value: \"" STR_FMT "\": field is immutable",
                       STR_ARG(str_head(object_uid(made), 80)));
    if (str_eq(json_get_str(was, version), json_get_str(is, version)))
        return 0;
    return api_conflict(&p->key, err);
}

/* Nodes may be more than a manifest: they have a text, and a limit, of their own. @ret: NULL
 * when there are none. */
static int take_nodes(struct arena *a, struct json *made, const struct json **ret,
                      struct err *err)
{
    const struct json *status = json_get(made, STR("status")),
                      *nodes = json_get(status, STR("nodes"));
    struct json *again;
    struct str text;

    *ret = NULL;
    if (!nodes)
        return 0;
    text = json_text(a, nodes, JSON_COMPACT);
    if (text.len > NODES_WRITTEN_MAX_BYTES)
        return err_set(err, ERR_RULE, "status.nodes: Too long: may not be more than %d bytes",
                       NODES_WRITTEN_MAX_BYTES);
    again = ARENA_NEW(a, struct json);
    if (json_parse(a, text, again, err) < 0)
        return err_wrap(err, "status.nodes");
    *made = json_set(a, made, STR("status"), json_without(a, status, STR("nodes")));
    *ret = again;
    return 0;
}

/* What the patch makes, through the gate. Its positions mean nothing to the client. */
static int check_made(const struct patching *p, struct arena *a, struct json *made,
                      struct err *err)
{
    struct json rest = *made, *value;
    struct object_documents docs;
    const struct json *nodes;

    if (take_nodes(a, &rest, &nodes, err) < 0 ||
        object_read(a, STR("patched"), json_text(a, &rest, JSON_COMPACT), &docs, err) < 0)
        return -1;
    if (docs.len != 1)
        return err_set(err, ERR_INVALID, "the patch makes %zu documents of one", docs.len);
    docs.at[0].text = STR("");
    value = &docs.at[0].value;
    if (nodes)
        *value = json_set_path(a, value, *nodes, "status", "nodes", NULL);
    if (api_document_admit(p->call, &docs.at[0], p->kind, err) < 0) {
        if (err->kind == ERR_INVALID) /* the patch can be read: what it makes breaks a rule */
            err->kind = ERR_RULE;
        return -1;
    }
    if (api_check_grant(p->call, p->kind, p->key.ns, value, err) < 0)
        return -1;
    *made = *value;
    return 0;
}

static struct str version_of(const struct json *doc)
{
    return json_str(json_path(doc, "metadata", "resourceVersion", NULL));
}

static bool are_operations(const struct json *patch)
{
    const struct json *item;

    for (size_t i = 0; (item = json_item(patch, i)) != NULL; i++)
        if (item->type != JSON_OBJECT)
            return false;
    return json_is(patch, JSON_ARRAY);
}

/* The object as patch or document make it, before it is checked. */
static int change_stored(struct patching *p, const struct json *stored, struct json *ret,
                         struct err *err)
{
    struct arena *a = http_arena(p->call->req);
    const struct json shown = p->call->shown ? object_in(a, p->call->shown, stored) : *stored;
    const struct patch_target target = {&shown, field_patch_schema_strict(p->kind->shape)};
    struct managed_writer w = writer_of(p->call, p->kind, p->sub);

    if (p->patch->patch) {
        if (patch_apply(a, p->patch->type, &target, p->patch->patch, ret, err) == 0)
            return 0;
        if (err->kind == ERR_INVALID && p->patch->type == PATCH_JSON &&
            are_operations(p->patch->patch))
            err->kind = ERR_RULE; /* a test that fails, a place that is not there */
        return -1;
    }
    w.is_forced = p->patch->is_forced;
    if (p->is_once && !str_eq(version_of(p->patch->applied), version_of(stored)))
        return api_conflict(&p->key, err);
    if (managed_apply(a, &w, stored, p->patch->applied, &p->patch->made, err) < 0)
        return -1;
    *ret = p->patch->made.doc;
    return 0;
}

/* Blocking: read, patch, check. */
static int make(struct patching *p, struct err *err)
{
    bool takes_status = api_patch_takes_status(p->kind, p->patch, p->sub);
    struct arena *a = http_arena(p->call->req);
    const struct json *stored = &p->before.shown;
    struct json given;
    const struct api_after after = {
        .kind = p->kind, .sub = p->sub, .given = &given, .is_managed = !p->patch->patch};

    if (api_before_get(p->call, &p->key, takes_status, &p->before, err) < 0)
        return -1;
    if (change_stored(p, stored, &given, err) < 0)
        return -1;
    given = with_identity(a, stored, &given);
    if (check_identity(p, stored, &given, err) < 0 || check_made(p, a, &given, err) < 0 ||
        api_before_change(p->call, &p->before, &after, &p->made, err) < 0)
        return -1;
    p->is_same = managed_is_same(a, stored, &p->made);
    if (p->is_same)
        p->made = *stored;
    return 0;
}

static void write_patched(struct patching *p)
{
    struct store *store = p->call->api->options.store;
    struct store_txn *txn;
    struct err err;

    if (p->call->is_dry_run || (p->is_same && !str_is(p->key.kind, "Workflow"))) {
        p->call->dialect->object(p->call->req, 200, &p->made);
        return;
    }
    if (store_is_stalled(store)) {
        err_set(&err, ERR_IO, "the store cannot write: its disk is full or busy");
        p->call->dialect->fail(p->call->req, &err);
        return;
    }
    p->call->written = &p->made;
    txn = store_txn_new(store);
    api_before_write(txn, &p->before, &p->made, p->before.rv);
    if (store_commit(store, txn, on_patched, p, &err) < 0) {
        err.kind = ERR_TRANSIENT;
        p->call->dialect->fail(p->call->req, &err);
    }
}

static void run_make(struct job *job)
{
    struct patching *p = CONTAINER_OF(job, struct patching, job);

    job->err.kind = ERR_NONE;
    make(p, &job->err);
}

static void on_made(struct job *job)
{
    struct patching *p = CONTAINER_OF(job, struct patching, job);

    if (job->err.kind != ERR_NONE)
        p->call->dialect->fail(p->call->req, &job->err);
    else
        write_patched(p);
}

static void on_patched(void *ctx, const struct store_result *result, const struct err *err)
{
    struct patching *p = ctx;
    struct err busy;

    if (err->kind != ERR_CONFLICT || p->is_once || ++p->tries >= PATCH_TRIES_MAX) {
        api_on_written(p->call, result, err);
        return;
    }
    p->job = (struct job){.run = run_make, .done = on_made};
    if (workers_submit(p->call->api->options.workers, &p->job, &busy) < 0)
        p->call->dialect->fail(p->call->req, err);
}

void api_patch(struct api_call *call, const struct object_kind *kind,
               const struct store_key *key, struct str sub, struct api_patch *patch)
{
    struct patching *p = ARENA_NEW(http_arena(call->req), struct patching);
    struct err err;

    *p = (struct patching){.call = call, .kind = kind, .key = *key, .sub = sub, .patch = patch};
    p->is_once = json_path(patch->patch ? patch->patch : patch->applied, "metadata",
                           "resourceVersion", NULL) != NULL;
    if (make(p, &err) < 0)
        call->dialect->fail(call->req, &err);
    else
        write_patched(p);
}
