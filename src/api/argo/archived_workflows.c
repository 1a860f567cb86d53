/*
 * The archived workflow service: list, get, delete, labels, resubmit, retry. What writes runs
 * on a worker. Source: ../shared/spec/workflows.md 6.2.
 */
#include "api/argo/gateway.h"
#include "api/argo/list_filter.h"
#include "api/argo/objects.h"
#include "api/argo/operations.h"
#include "api/argo/workflows.h"
#include "workflows/operate/archived.h"

/* ---- rights: the path does not say whose namespace it is ---- */

static int check_right(const struct argo_request *r, const char *verb, struct str ns,
                       struct str name, struct err *err)
{
    const struct auth_request what = {.verb = str_from(verb),
                                      .group = STR("argoproj.io"),
                                      .resource = STR("workflows"),
                                      .ns = ns,
                                      .name = name};

    return api_check(r->api, r->req, &what, err);
}

/* The archived workflow, if the caller may do that with it. */
static int get_allowed(const struct argo_request *r, const struct api_archived *of,
                       const char *verb, struct json *ret, struct err *err)
{
    if (api_archived_get(r->api, r->a, of, ret, err) < 0)
        return -1;
    return check_right(r, verb, object_namespace(ret), object_name(ret), err);
}

/* ---- reading ---- */

struct json argo_archived_page(struct arena *a, const struct archive_page *page,
                               struct json_array_builder *items)
{
    struct json_object_builder meta = {0};

    for (size_t i = 0; i < page->len; i++) {
        struct json item;
        struct err ignored;

        if (json_parse(a, page->summaries[i], &item, &ignored) == 0)
            json_push(a, items, item);
    }
    json_add_str(a, &meta, STR("continue"), page->continue_token);
    return json_object(&meta);
}

void argo_archived_list(const struct argo_request *r)
{
    struct json_array_builder items = {0};
    struct json_object_builder b = {0};
    struct archive_query q;
    struct archive_page page;
    struct json made, meta;
    struct err err;

    if (argo_list_filter(r, argo_query(r, "namespace"), &q, &err) < 0 ||
        check_right(r, "list", q.ns, STR(""), &err) < 0) {
        argo_fail(r->req, &err);
        return;
    }
    q.continue_token = argo_query(r, "listOptions.continue");
    if (store_archive_list(r->api->options.store, r->a, &q, &page, &err) < 0) {
        argo_fail(r->req, &err);
        return;
    }
    meta = argo_archived_page(r->a, &page, &items);
    if (q.counts_rest)
        meta = json_set(r->a, &meta, STR("remainingItemCount"),
                        json_int(r->a, (int64_t) page.rest));
    json_add(r->a, &b, STR("metadata"), meta);
    json_add(r->a, &b, STR("items"), items.len ? json_array(&items) : json_null());
    made = json_object(&b);
    argo_reply(r->req, &made);
}

static struct api_archived reference(const struct argo_request *r)
{
    return (struct api_archived){.uid = argo_variable(r, "uid"),
                                 .ns = argo_query(r, "namespace"),
                                 .name = argo_query(r, "name")};
}

void argo_archived_get(const struct argo_request *r)
{
    struct api_archived of = reference(r);
    struct json doc;
    struct err err;

    if (get_allowed(r, &of, "get", &doc, &err) < 0)
        argo_fail(r->req, &err);
    else
        argo_reply(r->req, &doc);
}

static void reply_items(const struct argo_request *r, const struct archive_words *words)
{
    struct json_array_builder items = {0};
    struct json_object_builder b = {0};
    struct json made;

    for (size_t i = 0; i < words->len; i++)
        json_push(r->a, &items, json_string(words->at[i]));
    if (words->len > 0)
        json_add(r->a, &b, STR("items"), json_array(&items));
    made = json_object(&b);
    argo_reply(r->req, &made);
}

void argo_archived_label_keys(const struct argo_request *r)
{
    struct archive_words keys;
    struct err err;

    if (check_right(r, "list", argo_query(r, "namespace"), STR(""), &err) < 0 ||
        store_archive_keys(r->api->options.store, r->a, argo_query(r, "namespace"), &keys,
                           &err) < 0)
        argo_fail(r->req, &err);
    else
        reply_items(r, &keys);
}

void argo_archived_label_values(const struct argo_request *r)
{
    struct selector labels = {0};
    struct archive_words values;
    struct err err;

    if (check_right(r, "list", argo_query(r, "namespace"), STR(""), &err) < 0 ||
        selector_parse(r->a, argo_query(r, "listOptions.labelSelector"), &labels, &err) < 0) {
        argo_fail(r->req, &err);
        return;
    }
    if (labels.len != 1)
        err_set(&err, ERR_INVALID, "only allow 1 labelRequirement, found %zu", labels.len);
    else if (labels.at[0].op != SELECTOR_EXISTS)
        err_set(&err, ERR_INVALID, "only allow labelRequirement with operator \"exists\"");
    else if (store_archive_values(r->api->options.store, r->a, argo_query(r, "namespace"),
                                  labels.at[0].key, &values, &err) == 0) {
        reply_items(r, &values);
        return;
    }
    argo_fail(r->req, &err);
}

/* ---- writing ---- */

static int work_delete(struct api *api, struct arena *a, const void *uid,
                       const struct store_object **ret, struct err *err)
{
    struct store_result result = {0};
    struct store_txn *txn = store_txn_new(api->options.store);

    (void) a;
    (void) ret;
    store_txn_archive_drop(txn, *(const struct str *) uid);
    return store_commit_wait(api->options.store, txn, &result, err);
}

void argo_archived_delete(const struct argo_request *r)
{
    const struct api_archived of = reference(r);
    struct str *uid = ARENA_NEW(r->a, struct str);
    struct json doc;
    struct err err;

    if (get_allowed(r, &of, "delete", &doc, &err) < 0) {
        argo_fail(r->req, &err);
        return;
    }
    *uid = object_uid(&doc);
    api_work(argo_call(r), work_delete, uid);
}

/* The body of a resubmission or retry, and which workflow it is about. */
static const struct json *read_order(const struct argo_request *r, struct api_archived *of,
                                     struct err *err)
{
    struct json *body = ARENA_NEW(r->a, struct json);

    if (argo_body(r, body, err) < 0)
        return NULL;
    *of = (struct api_archived){.uid = argo_variable(r, "uid"),
                                .ns = argo_body_text(body, "namespace"),
                                .name = argo_body_text(body, "name")};
    return body;
}

void argo_archived_resubmit(const struct argo_request *r)
{
    struct operate_resubmission how = {0};
    struct api_archived of;
    struct json old;
    struct err err;
    const struct json *body = read_order(r, &of, &err);

    if (body)
        how.is_memoized = json_get_bool(body, STR("memoized"));
    if (!body ||
        argo_body_parameters(r, body, &how.parameters, &how.parameter_count, &err) < 0 ||
        get_allowed(r, &of, "get", &old, &err) < 0 ||
        check_right(r, "create", object_namespace(&old), STR(""), &err) < 0)
        argo_fail(r->req, &err);
    else
        argo_resubmit(r, &old, &how);
}

struct archived_retrial {
    struct str text; /* of the workflow */
    struct operate_retrial how;
};

static int work_retry(struct api *api, struct arena *a, const void *ctx,
                      const struct store_object **ret, struct err *err)
{
    const struct archived_retrial *retrial = ctx;

    return operate_archived_retry(api->options.store, a, retrial->text, &retrial->how, ret,
                                  err);
}

void argo_archived_retry(const struct argo_request *r)
{
    struct archived_retrial *retrial = ARENA_NEW(r->a, struct archived_retrial);
    struct api_archived of;
    struct json doc;
    struct err err;
    const struct json *body = read_order(r, &of, &err);

    if (body) {
        retrial->how.restarts_successful = json_get_bool(body, STR("restartSuccessful"));
        retrial->how.selector = argo_body_text(body, "nodeFieldSelector");
    }
    if (!body ||
        argo_body_parameters(r, body, &retrial->how.parameters, &retrial->how.parameter_count,
                             &err) < 0 ||
        get_allowed(r, &of, "get", &doc, &err) < 0 ||
        check_right(r, "update", object_namespace(&doc), object_name(&doc), &err) < 0) {
        argo_fail(r->req, &err);
        return;
    }
    retrial->text = json_text(r->a, &doc, JSON_COMPACT);
    api_work(argo_call(r), work_retry, retrial);
}
