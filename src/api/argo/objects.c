/* The life of objects of one kind through Argo's API. See objects.h. */
#include "api/argo/objects.h"
#include "api/argo/gateway.h"

const struct object_kind *argo_kind_of(const char *kind)
{
    struct str version =
        str_is(str_from(kind), "Event") ? STR("v1") : STR("argoproj.io/v1alpha1");

    return object_kind_find(version, str_from(kind));
}

struct store_key argo_object_key(const struct argo_request *r, const struct object_kind *kind)
{
    return api_key(kind, argo_variable(r, "namespace"), argo_variable(r, "name"));
}

struct store_key argo_update_key(const struct argo_request *r, const struct object_kind *kind,
                                 const struct json *doc)
{
    struct store_key key = argo_object_key(r, kind);

    if (str_is_empty(key.name))
        key.name = object_name(doc);
    return key;
}

bool argo_is_dry_run(const struct json *body)
{
    const struct json *list = json_path(body, "createOptions", "dryRun", NULL);

    return json_is(list, JSON_ARRAY) && list->count > 0;
}

struct json argo_list_value(struct arena *a, const struct object_kind *kind,
                            const struct api_list *list)
{
    struct json_object_builder b = {0}, meta = {0};

    if (list->rv > 0)
        json_add(a, &meta, STR("resourceVersion"),
                 json_string(str_printf(a, "%lld", (long long) list->rv)));
    json_add_str(a, &meta, STR("continue"), list->continue_token);
    json_add(a, &b, STR("apiVersion"),
             json_string(str_printf(a, "%s/%s", kind->group, kind->version)));
    json_add(a, &b, STR("kind"), json_string(str_printf(a, "%sList", kind->kind)));
    json_add(a, &b, STR("metadata"), json_object(&meta));
    json_add(a, &b, STR("items"), list->items);
    return json_object(&b);
}

/* Those whose name has the pattern in it. */
static struct json filter_names(struct arena *a, const struct json *items, struct str pattern)
{
    struct json_array_builder kept = {0};
    const struct json *item;

    if (str_is_empty(pattern))
        return *items;
    for (size_t i = 0; (item = json_item(items, i)) != NULL; i++)
        if (str_find(object_name(item), pattern) != SIZE_MAX)
            json_push(a, &kept, *item);
    return json_array(&kept);
}

void argo_objects_list(const struct argo_request *r, const struct argo_kind *kind)
{
    const struct object_kind *of = argo_kind_of(kind->kind);
    const struct api_list_options options = argo_list_options(r);
    struct api_query q;
    struct api_list list;
    struct json made;
    struct err err;

    if (api_query_parse(r->a, of, argo_variable(r, "namespace"), &options, &q, &err) < 0 ||
        api_object_list(r->api, r->a, &q.of, API_WHOLE, &list, &err) < 0) {
        argo_fail(r->req, &err);
        return;
    }
    list.items = filter_names(r->a, &list.items, argo_query(r, "namePattern"));
    made = argo_list_value(r->a, of, &list);
    argo_reply(r->req, &made);
}

/* The checked object of the body. */
static int read_object(const struct argo_request *r, const struct argo_kind *kind,
                       struct json *ret_body, struct json *ret, struct err *err)
{
    if (argo_body(r, ret_body, err) < 0)
        return -1;
    return argo_document(r, ret_body, kind->member, argo_kind_of(kind->kind), ret, err);
}

void argo_objects_create(const struct argo_request *r, const struct argo_kind *kind)
{
    struct json body, doc;
    struct err err;

    if (read_object(r, kind, &body, &doc, &err) < 0)
        argo_fail(r->req, &err);
    else if (argo_is_dry_run(&body))
        argo_reply(r->req, &doc);
    else
        api_create(argo_call(r), argo_kind_of(kind->kind), argo_variable(r, "namespace"), &doc);
}

void argo_objects_get(const struct argo_request *r, const struct argo_kind *kind)
{
    const struct store_key key = argo_object_key(r, argo_kind_of(kind->kind));
    struct json doc;
    struct err err;

    if (api_object_get(r->api, r->a, &key, API_WHOLE, &doc, &err) < 0)
        argo_fail(r->req, &err);
    else
        argo_reply(r->req, &doc);
}

void argo_objects_update(const struct argo_request *r, const struct argo_kind *kind)
{
    const struct object_kind *of = argo_kind_of(kind->kind);
    struct store_key *key = ARENA_NEW(r->a, struct store_key);
    struct json body, doc;
    struct err err;

    if (read_object(r, kind, &body, &doc, &err) < 0) {
        argo_fail(r->req, &err);
        return;
    }
    *key = argo_update_key(r, of, &doc);
    if (str_is_empty(json_str(json_path(&doc, "metadata", "resourceVersion", NULL)))) {
        err_set(&err, ERR_INVALID,
                "%s.%s \"" STR_FMT "\" is invalid: metadata.resourceVersion: Invalid value: 0: "
                "must be specified for an update",
                of->plural, of->group, STR_ARG(key->name));
        argo_fail(r->req, &err);
    } else {
        api_update(argo_call(r), of, key, STR(""), &doc);
    }
}

void argo_objects_delete(const struct argo_request *r, const struct argo_kind *kind)
{
    const struct store_key key = argo_object_key(r, argo_kind_of(kind->kind));
    struct str rv_text = argo_query(r, "deleteOptions.preconditions.resourceVersion");
    struct api_deletion d = {.uid = argo_query(r, "deleteOptions.preconditions.uid")};
    struct json doc;
    struct err err;

    if (api_propagation_parse(argo_query(r, "deleteOptions.propagationPolicy"), &d.how, &err) <
        0) {
        argo_fail(r->req, &err);
    } else if (rv_text.len > 0 && !parse_i64(rv_text, &d.rv)) {
        err_set(&err, ERR_INVALID, "resourceVersion \"" STR_FMT "\" is not a number",
                STR_ARG(rv_text));
        argo_fail(r->req, &err);
    } else if (argo_query(r, "deleteOptions.dryRun").len == 0) {
        api_delete(argo_call(r), &key, &d);
    } else if (api_object_get(r->api, r->a, &key, API_WITHOUT_NODES, &doc, &err) < 0) {
        argo_fail(r->req, &err);
    } else {
        argo_reply_empty(r->req);
    }
}

void argo_objects_lint(const struct argo_request *r, const struct argo_kind *kind)
{
    struct json body, doc;
    struct err err;

    if (read_object(r, kind, &body, &doc, &err) < 0)
        argo_fail(r->req, &err);
    else
        argo_reply(r->req, &doc);
}

void argo_objects_watch(const struct argo_request *r, const struct argo_kind *kind)
{
    const struct api_list_options options = argo_list_options(r);

    argo_objects_watch_by(r, kind, &options);
}

void argo_objects_watch_by(const struct argo_request *r, const struct argo_kind *kind,
                           const struct api_list_options *options)
{
    const struct object_kind *of = argo_kind_of(kind->kind);
    struct api_watch_request w = {
        .arena = arena_new_sized(API_WATCH_ARENA_BYTES),
        .format = argo_watch_format(r, of->group[0] ? ARGO_EVENTS : ARGO_BARE),
        .fields = argo_query(r, "fields")};
    struct err err;

    if (api_query_parse(w.arena, of, argo_variable(r, "namespace"), options, &w.query, &err) <
        0) {
        argo_fail(r->req, &err);
        arena_free(w.arena);
        return;
    }
    api_watch_start(r->api, r->req, &w);
}
