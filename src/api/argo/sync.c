/*
 * The service of limits of locks: a limit is a number in a ConfigMap, which semaphores read.
 * Limits in a database are not kept: that type is refused, as the original does without one.
 */
#include "api/argo/gateway.h"
#include "api/argo/operations.h"

/* What a request is about. */
struct limit {
    struct str map, ns, key;
    int64_t count;
    struct json type; /* or null */
};

static const struct object_kind *map_kind(void)
{
    return object_kind_find(STR("v1"), STR("ConfigMap"));
}

/* Of the body of a request; the key of the path counts before the body's. */
static int read_limit(const struct argo_request *r, struct limit *ret, struct err *err)
{
    const struct json *type;
    struct str key = argo_variable(r, "key");
    struct json body;

    if (argo_body(r, &body, err) < 0)
        return -1;
    type = json_get(&body, STR("type"));
    *ret = (struct limit){.map = json_get_str(&body, STR("cmName")),
                          .ns = argo_variable(r, "namespace"),
                          .key = key.len > 0 ? key : json_get_str(&body, STR("key")),
                          .type = type ? *type : json_null()};
    if (!json_i64(json_get(&body, STR("limit")), &ret->count) || ret->count <= 0 ||
        ret->count > INT32_MAX)
        return err_set(err, ERR_INVALID, "limit must be greater than zero");
    return 0;
}

static int check_type(const struct limit *l, struct err *err)
{
    struct str word = json_str(&l->type);
    int64_t number = 0;

    if (str_is(word, "CONFIGMAP") || l->type.type == JSON_NULL ||
        (l->type.type == JSON_STRING && word.len == 0) ||
        (json_i64(&l->type, &number) && number == 0))
        return 0;
    return err_set(err, ERR_INVALID, "unsupported sync config type: " STR_FMT,
                   STR_ARG(number == 1 ? STR("DATABASE") : word));
}

static int check(const struct limit *l, enum err_kind kind, struct err *err)
{
    if (check_type(l, err) < 0)
        return -1;
    return l->map.len > 0 && l->key.len > 0
               ? 0
               : err_set(err, kind, "cmName and key must not be empty");
}

static int get_map(const struct argo_request *r, const struct limit *l, struct json *ret,
                   struct err *err)
{
    const struct store_key key = api_key(map_kind(), l->ns, l->map);

    return api_object_get(r->api, r->a, &key, API_WHOLE, ret, err);
}

static const struct json *limit_of(const struct json *map, struct str key)
{
    return json_get(json_get(map, STR("data")), key);
}

static struct json limit_value(struct arena *a, const struct limit *l)
{
    struct json_object_builder b = {0};

    json_add(a, &b, STR("cmName"), json_string(l->map));
    json_add(a, &b, STR("namespace"), json_string(l->ns));
    json_add(a, &b, STR("key"), json_string(l->key));
    json_add(a, &b, STR("limit"), json_int(a, l->count));
    return json_object(&b);
}

/* ---- writing: answered later, with the limit ---- */

static void reply_limit(struct http_request *req, unsigned status, const struct json *map)
{
    const struct limit *l = http_user(req);
    struct json made = limit_value(http_arena(req), l);

    (void) status;
    (void) map;
    argo_reply(req, &made);
}

static void reply_removed(struct http_request *req, unsigned status, const struct json *map)
{
    (void) status;
    (void) map;
    argo_reply_empty(req);
}

static const struct api_dialect written = {.created = 200,
                                           .object = reply_limit,
                                           .removed = argo_reply_empty,
                                           .fail = argo_fail},
                                removed = {.created = 200,
                                           .object = reply_removed,
                                           .removed = argo_reply_empty,
                                           .fail = argo_fail};

static struct api_call *call_of(const struct argo_request *r, const struct limit *l,
                                const struct api_dialect *dialect)
{
    struct api_call *call = argo_call(r);
    struct limit *kept = ARENA_NEW(r->a, struct limit);

    *kept = *l;
    http_set_user(r->req, kept);
    call->dialect = dialect;
    return call;
}

static void update_map(const struct argo_request *r, const struct limit *l,
                       const struct json *map, const struct api_dialect *dialect)
{
    struct store_key *key = ARENA_NEW(r->a, struct store_key);

    *key = api_key(map_kind(), l->ns, l->map);
    api_update(call_of(r, l, dialect), map_kind(), key, STR(""), map);
}

static struct json count_text(struct arena *a, const struct limit *l)
{
    return json_string(str_printf(a, "%lld", (long long) l->count));
}

static struct json with_limit(struct arena *a, const struct json *map, const struct limit *l)
{
    const struct json *old = json_get(map, STR("data"));
    struct json data =
        json_is(old, JSON_OBJECT) ? *old : json_object(&(struct json_object_builder){0});

    data = json_set(a, &data, l->key, count_text(a, l));
    return json_set(a, map, STR("data"), data);
}

static struct json new_map(struct arena *a, const struct limit *l)
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

void argo_sync_create(const struct argo_request *r)
{
    struct limit l;
    struct json map;
    struct err err;

    if (read_limit(r, &l, &err) < 0 || check(&l, ERR_INVALID, &err) < 0) {
        argo_fail(r->req, &err);
    } else if (get_map(r, &l, &map, &err) == 0) {
        if (limit_of(&map, l.key)) {
            err_set(&err, ERR_EXISTS, "sync limit cannot be created as it already exists");
            argo_fail(r->req, &err);
            return;
        }
        map = with_limit(r->a, &map, &l);
        update_map(r, &l, &map, &written);
    } else if (err.kind != ERR_NOT_FOUND) {
        argo_fail(r->req, &err);
    } else {
        map = new_map(r->a, &l);
        if (check_map(r->a, &map, &err) < 0)
            argo_fail(r->req, &err);
        else
            api_create(call_of(r, &l, &written), map_kind(), l.ns, &map);
    }
}

void argo_sync_update(const struct argo_request *r)
{
    struct limit l;
    struct json map;
    struct err err;

    if (read_limit(r, &l, &err) < 0 || check(&l, ERR_INVALID, &err) < 0 ||
        get_map(r, &l, &map, &err) < 0) {
        argo_fail(r->req, &err);
        return;
    }
    if (!limit_of(&map, l.key)) {
        err_set(&err, ERR_NOT_FOUND,
                "key " STR_FMT " not found in configmap " STR_FMT "/" STR_FMT
                " - please create it first",
                STR_ARG(l.key), STR_ARG(l.ns), STR_ARG(l.map));
        argo_fail(r->req, &err);
        return;
    }
    map = with_limit(r->a, &map, &l);
    update_map(r, &l, &map, &written);
}

/* ---- by query ---- */

static int query_limit(const struct argo_request *r, struct limit *ret, struct json *ret_map,
                       struct err *err)
{
    *ret = (struct limit){.map = argo_query(r, "cmName"),
                          .ns = argo_variable(r, "namespace"),
                          .key = argo_variable(r, "key"),
                          .type = json_string(argo_query(r, "type"))};
    if (str_is(json_str(&ret->type), "0"))
        ret->type = json_null();
    return check(ret, ERR_NOT_FOUND, err) < 0 ? -1 : get_map(r, ret, ret_map, err);
}

void argo_sync_get(const struct argo_request *r)
{
    struct limit l;
    struct json map, made;
    struct err err;

    if (query_limit(r, &l, &map, &err) < 0) {
        argo_fail(r->req, &err);
        return;
    }
    if (!limit_of(&map, l.key))
        err_set(&err, ERR_NOT_FOUND,
                "key " STR_FMT " not found in configmap " STR_FMT "/" STR_FMT, STR_ARG(l.key),
                STR_ARG(l.ns), STR_ARG(l.map));
    else if (!parse_i64(json_str(limit_of(&map, l.key)), &l.count))
        err_set(&err, ERR_INVALID,
                "invalid limit format for key " STR_FMT " in configmap " STR_FMT "/" STR_FMT,
                STR_ARG(l.key), STR_ARG(l.ns), STR_ARG(l.map));
    else {
        made = limit_value(r->a, &l);
        argo_reply(r->req, &made);
        return;
    }
    argo_fail(r->req, &err);
}

void argo_sync_delete(const struct argo_request *r)
{
    struct limit l;
    struct json map, data;
    struct err err;

    if (query_limit(r, &l, &map, &err) < 0) {
        argo_fail(r->req, &err);
        return;
    }
    if (!limit_of(&map, l.key)) { /* as the original: it is gone */
        argo_reply_empty(r->req);
        return;
    }
    data = json_without(r->a, json_get(&map, STR("data")), l.key);
    map = json_set(r->a, &map, STR("data"), data);
    update_map(r, &l, &map, &removed);
}
