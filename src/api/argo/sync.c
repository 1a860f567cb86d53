/*
 * The service of limits of locks: a limit is a number in a ConfigMap, or a row of the store, as
 * the semaphores of the database read it. Rights are those to ConfigMaps, or to workflows, and
 * are asked here, when the type is known; nothing else is said before.
 */
#include "api/argo/gateway.h"
#include "api/argo/operations.h"
#include "api/argo/workflows.h"
#include "base/limits.h"
#include "store/sync_limits.h"

/* What a request is about. */
struct sync_limit {
    struct str map, ns, key;
    int64_t count;
    struct str type; /* "CONFIGMAP", "DATABASE", or what was given instead */
    bool is_row;     /* of the database */
};

static const struct object_kind *map_kind(void)
{
    return object_kind_find(STR("v1"), STR("ConfigMap"));
}

/* Enums are words or numbers; in a query a number is a text. */
static struct str type_of(struct arena *a, const struct json *type)
{
    struct str text = json_str(type);

    if (json_is(type, JSON_NUMBER))
        text = json_text(a, type, JSON_COMPACT);
    if (str_is_empty(text) || str_is(text, "0"))
        return STR("CONFIGMAP");
    return str_is(text, "1") ? STR("DATABASE") : text;
}

/* May the sender do that? In the original's words, and before anything else is said. */
static int check_right(const struct argo_request *r, const struct sync_limit *l,
                       const char *verb, struct err *err)
{
    bool is_update = strcmp(verb, "delete") == 0 && !l->is_row; /* a key of a ConfigMap */
    const struct auth_request what = {.verb = str_from(is_update ? "update" : verb),
                                      .group = l->is_row ? STR("argoproj.io") : STR(""),
                                      .resource =
                                          l->is_row ? STR("workflows") : STR("configmaps"),
                                      .ns = l->ns,
                                      .name = STR("")};

    if (api_check(r->api, r->req, &what, err) == 0)
        return 0;
    if (err->kind == ERR_DENIED)
        err_set(err, ERR_DENIED,
                "Permission denied, you are not allowed to " STR_FMT
                " %s in namespace \"" STR_FMT "\".",
                STR_ARG(what.verb), l->is_row ? "database sync limit" : "configmaps",
                STR_ARG(l->ns));
    return -1;
}

static bool serves_rows(const struct argo_request *r)
{
    _cleanup_config_ const struct config *config = config_get(r->api->options.config);

    return config->serves_limits;
}

/* @kind: of the error of a name that is missing. */
static int check(const struct argo_request *r, const struct sync_limit *l, enum err_kind kind,
                 struct err *err)
{
    if (l->is_row ? !serves_rows(r) : !str_is(l->type, "CONFIGMAP"))
        return err_set(err, ERR_INVALID, "unsupported sync config type: " STR_FMT,
                       STR_ARG(l->type));
    if (l->is_row && l->key.len == 0)
        return err_set(err, kind, "key must not be empty");
    if (l->is_row && l->ns.len + 1 + l->key.len > SYNC_LIMIT_NAME_MAX_BYTES)
        return err_set(err, kind, "namespace and key: %zu bytes (limit %d)",
                       l->ns.len + 1 + l->key.len, SYNC_LIMIT_NAME_MAX_BYTES);
    if (!l->is_row && (l->map.len == 0 || l->key.len == 0))
        return err_set(err, kind, "cmName and key must not be empty");
    return 0;
}

/* Of the body of a request; the key of the path counts before the body's. */
static int read_limit(const struct argo_request *r, const char *verb, struct sync_limit *ret,
                      struct err *err)
{
    struct str key = argo_variable(r, "key");
    struct json body = json_null();
    struct err of_body = {0};
    bool is_read = argo_body(r, &body, &of_body) == 0;

    *ret = (struct sync_limit){.map = argo_body_text(&body, "cmName"),
                               .ns = argo_variable(r, "namespace"),
                               .key = key.len > 0 ? key : argo_body_text(&body, "key"),
                               .type = type_of(r->a, json_get(&body, STR("type")))};
    ret->is_row = str_is(ret->type, "DATABASE");
    if (check_right(r, ret, verb, err) < 0)
        return -1;
    if (!is_read) {
        *err = of_body;
        return -1;
    }
    if (!json_i64(json_get(&body, STR("limit")), &ret->count) || ret->count <= 0 ||
        ret->count > INT32_MAX)
        return err_set(err, ERR_INVALID, "limit must be greater than zero");
    return check(r, ret, ERR_INVALID, err);
}

/* Of its path and query. */
static int query_limit(const struct argo_request *r, const char *verb, struct sync_limit *ret,
                       struct err *err)
{
    struct json type = json_string(argo_query(r, "type"));

    *ret = (struct sync_limit){.map = argo_query(r, "cmName"),
                               .ns = argo_variable(r, "namespace"),
                               .key = argo_variable(r, "key"),
                               .type = type_of(r->a, &type)};
    ret->is_row = str_is(ret->type, "DATABASE");
    return check_right(r, ret, verb, err) < 0 ? -1 : check(r, ret, ERR_NOT_FOUND, err);
}

static struct json limit_value(struct arena *a, const struct sync_limit *l)
{
    struct json_object_builder b = {0};

    if (!l->is_row)
        json_add(a, &b, STR("cmName"), json_string(l->map));
    json_add(a, &b, STR("namespace"), json_string(l->ns));
    json_add(a, &b, STR("key"), json_string(l->key));
    json_add(a, &b, STR("limit"), json_int(a, l->count));
    if (l->is_row) /* enums are answered as numbers, and 0 is left out */
        json_add(a, &b, STR("type"), json_int(a, 1));
    return json_object(&b);
}

/* For the answer, when it comes later. */
static struct api_call *call_of(const struct argo_request *r, const struct sync_limit *l,
                                const struct api_dialect *dialect)
{
    struct api_call *call = argo_call(r);
    struct sync_limit *kept = ARENA_NEW(r->a, struct sync_limit);

    *kept = *l;
    http_set_user(r->req, kept);
    call->dialect = dialect;
    return call;
}

static void reply_limit(struct http_request *req)
{
    const struct sync_limit *l = http_user(req);
    struct json made = limit_value(http_arena(req), l);

    argo_reply(req, &made);
}

/* ---- rows of the store ---- */

enum row_change { ROW_ADD, ROW_SET, ROW_DROP };

struct row_write {
    const struct sync_limit *limit;
    enum row_change how;
};

static struct str row_name(struct arena *a, const struct sync_limit *l)
{
    return str_printf(a, STR_FMT "/" STR_FMT, STR_ARG(l->ns), STR_ARG(l->key));
}

/* In the original's words. */
static int row_failed(const struct sync_limit *l, struct err *err)
{
    if (err->kind == ERR_EXISTS || err->kind == ERR_NOT_FOUND)
        err_set(err, err->kind, "Database sync limit %s in namespace \"" STR_FMT "\".",
                err->kind == ERR_EXISTS ? "already exists" : "not found", STR_ARG(l->ns));
    return -1;
}

static int work_row(struct api *api, struct arena *a, const void *ctx,
                    const struct store_object **ret, struct err *err)
{
    const struct row_write *w = ctx;
    struct store_txn *txn = store_txn_new(api->options.store);
    struct str name = row_name(a, w->limit);
    struct store_result result = {0};

    (void) ret;
    if (w->how == ROW_ADD)
        store_txn_sync_limit_add(txn, name, (uint32_t) w->limit->count);
    else if (w->how == ROW_SET)
        store_txn_sync_limit_set(txn, name, (uint32_t) w->limit->count);
    else
        store_txn_sync_limit_drop(txn, name);
    return store_commit_wait(api->options.store, txn, &result, err) < 0
               ? row_failed(w->limit, err)
               : 0;
}

static const struct api_dialect row_written = {.removed = reply_limit, .fail = argo_fail},
                                row_dropped = {.removed = argo_reply_empty, .fail = argo_fail};

static void write_row(const struct argo_request *r, const struct sync_limit *l,
                      enum row_change how)
{
    struct row_write *w = ARENA_NEW(r->a, struct row_write);
    struct api_call *call = call_of(r, l, how == ROW_DROP ? &row_dropped : &row_written);

    *w = (struct row_write){.limit = http_user(r->req), .how = how};
    api_work(call, work_row, w);
}

static int get_row(const struct argo_request *r, struct sync_limit *l, struct err *err)
{
    uint32_t count;

    if (store_sync_limit_get(r->api->options.store, row_name(r->a, l), &count, err) < 0)
        return row_failed(l, err);
    l->count = count;
    return 0;
}

/* ---- keys of ConfigMaps ---- */

static int get_map(const struct argo_request *r, const struct sync_limit *l, struct json *ret,
                   struct err *err)
{
    const struct store_key key = api_key(map_kind(), l->ns, l->map);

    return api_object_get(r->api, r->a, &key, API_WHOLE, ret, err);
}

static const struct json *limit_of(const struct json *map, struct str key)
{
    return json_get(json_get(map, STR("data")), key);
}

static void reply_map(struct http_request *req, unsigned status, const struct json *map)
{
    (void) status;
    (void) map;
    reply_limit(req);
}

static void reply_removed(struct http_request *req, unsigned status, const struct json *map)
{
    (void) status;
    (void) map;
    argo_reply_empty(req);
}

static const struct api_dialect written = {.created = 200,
                                           .object = reply_map,
                                           .removed = argo_reply_empty,
                                           .fail = argo_fail},
                                removed = {.created = 200,
                                           .object = reply_removed,
                                           .removed = argo_reply_empty,
                                           .fail = argo_fail};

static void update_map(const struct argo_request *r, const struct sync_limit *l,
                       const struct json *map, const struct api_dialect *dialect)
{
    struct store_key *key = ARENA_NEW(r->a, struct store_key);

    *key = api_key(map_kind(), l->ns, l->map);
    api_update(call_of(r, l, dialect), map_kind(), key, STR(""), map);
}

static struct json count_text(struct arena *a, const struct sync_limit *l)
{
    return json_string(str_printf(a, "%lld", (long long) l->count));
}

static struct json with_limit(struct arena *a, const struct json *map,
                              const struct sync_limit *l)
{
    const struct json *old = json_get(map, STR("data"));
    struct json data =
        json_is(old, JSON_OBJECT) ? *old : json_object(&(struct json_object_builder){0});

    data = json_set(a, &data, l->key, count_text(a, l));
    return json_set(a, map, STR("data"), data);
}

static struct json new_map(struct arena *a, const struct sync_limit *l)
{
    struct json_object_builder b = {0}, meta = {0};
    struct json map;

    json_add(a, &meta, STR("name"), json_string(l->map));
    json_add(a, &b, STR("apiVersion"), json_string(STR("v1")));
    json_add(a, &b, STR("kind"), json_string(STR("ConfigMap")));
    json_add(a, &b, STR("metadata"), json_object(&meta));
    map = json_object(&b);
    return with_limit(a, &map, l);
}

/* A name that no ConfigMap can have is refused as its creation would be. */
static int check_map(struct arena *a, const struct json *map, struct err *err)
{
    const struct object_document doc = {.value = *map, .kind = map_kind()};

    return api_document_check(a, &doc, map_kind(), err);
}

/* A limit more in a ConfigMap that is there: that is an update, whatever the method. */
static void add_limit(const struct argo_request *r, const struct sync_limit *l,
                      const struct json *map)
{
    const struct auth_request right = {
        .verb = STR("update"), .resource = STR("configmaps"), .ns = l->ns, .name = l->map};
    struct json made;
    struct err err;

    if (api_check(r->api, r->req, &right, &err) < 0) {
        argo_fail(r->req, &err);
    } else if (limit_of(map, l->key)) {
        err_set(&err, ERR_EXISTS, "sync limit cannot be created as it already exists");
        argo_fail(r->req, &err);
    } else {
        made = with_limit(r->a, map, l);
        update_map(r, l, &made, &written);
    }
}

static void create_key(const struct argo_request *r, const struct sync_limit *l)
{
    struct json map;
    struct err err;

    if (get_map(r, l, &map, &err) == 0) {
        add_limit(r, l, &map);
    } else if (err.kind != ERR_NOT_FOUND) {
        argo_fail(r->req, &err);
    } else {
        map = new_map(r->a, l);
        if (check_map(r->a, &map, &err) < 0)
            argo_fail(r->req, &err);
        else
            api_create(call_of(r, l, &written), map_kind(), l->ns, &map);
    }
}

static void update_key(const struct argo_request *r, const struct sync_limit *l)
{
    struct json map;
    struct err err;

    if (get_map(r, l, &map, &err) < 0) {
        argo_fail(r->req, &err);
        return;
    }
    if (!limit_of(&map, l->key)) {
        err_set(&err, ERR_NOT_FOUND,
                "key " STR_FMT " not found in configmap " STR_FMT "/" STR_FMT
                " - please create it first",
                STR_ARG(l->key), STR_ARG(l->ns), STR_ARG(l->map));
        argo_fail(r->req, &err);
        return;
    }
    map = with_limit(r->a, &map, l);
    update_map(r, l, &map, &written);
}

static int get_key(const struct argo_request *r, struct sync_limit *l, struct err *err)
{
    struct json map;

    if (get_map(r, l, &map, err) < 0)
        return -1;
    if (!limit_of(&map, l->key))
        return err_set(err, ERR_NOT_FOUND,
                       "key " STR_FMT " not found in configmap " STR_FMT "/" STR_FMT,
                       STR_ARG(l->key), STR_ARG(l->ns), STR_ARG(l->map));
    if (!parse_i64(json_str(limit_of(&map, l->key)), &l->count))
        return err_set(err, ERR_INVALID,
                       "invalid limit format for key " STR_FMT " in configmap " STR_FMT
                       "/" STR_FMT,
                       STR_ARG(l->key), STR_ARG(l->ns), STR_ARG(l->map));
    return 0;
}

static void delete_key(const struct argo_request *r, const struct sync_limit *l)
{
    struct json map, data;
    struct err err;

    if (get_map(r, l, &map, &err) < 0) {
        argo_fail(r->req, &err);
        return;
    }
    if (!limit_of(&map, l->key)) { /* as the original: it is gone */
        argo_reply_empty(r->req);
        return;
    }
    data = json_without(r->a, json_get(&map, STR("data")), l->key);
    map = json_set(r->a, &map, STR("data"), data);
    update_map(r, l, &map, &removed);
}

/* ---- the operations ---- */

void argo_sync_create(const struct argo_request *r)
{
    struct sync_limit l;
    struct err err;

    if (read_limit(r, "create", &l, &err) < 0)
        argo_fail(r->req, &err);
    else if (l.is_row)
        write_row(r, &l, ROW_ADD);
    else
        create_key(r, &l);
}

void argo_sync_update(const struct argo_request *r)
{
    struct sync_limit l;
    struct err err;

    if (read_limit(r, "update", &l, &err) < 0)
        argo_fail(r->req, &err);
    else if (l.is_row)
        write_row(r, &l, ROW_SET);
    else
        update_key(r, &l);
}

void argo_sync_get(const struct argo_request *r)
{
    struct sync_limit l;
    struct json made;
    struct err err;

    if (query_limit(r, "get", &l, &err) < 0 ||
        (l.is_row ? get_row(r, &l, &err) : get_key(r, &l, &err)) < 0) {
        argo_fail(r->req, &err);
        return;
    }
    made = limit_value(r->a, &l);
    argo_reply(r->req, &made);
}

void argo_sync_delete(const struct argo_request *r)
{
    struct sync_limit l;
    struct err err;

    if (query_limit(r, "delete", &l, &err) < 0)
        argo_fail(r->req, &err);
    else if (l.is_row)
        write_row(r, &l, ROW_DROP);
    else
        delete_key(r, &l);
}
