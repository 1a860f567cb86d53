/*
 * The resource API: patches and deletions, as kubectl makes them. Reads what the request says
 * in Kubernetes' words; the work is done by api/core. Http threads.
 */
#include "api/api_internal.h"
#include "api/core/pods.h"

#define ARGO_GROUP "argoproj.io"

/* ---- patches ---- */

/* Custom resources have no strategic merge patch, as with the API server. */
static bool patch_type(struct http_request *req, const struct resource *r, enum patch_type *ret)
{
    static const struct {
        const char *name;
        enum patch_type type;
    } types[] = {{"application/merge-patch+json", PATCH_MERGE},
                 {"application/json-patch+json", PATCH_JSON},
                 {"application/strategic-merge-patch+json", PATCH_STRATEGIC}};
    struct str name = request_type(req);

    for (size_t i = 0; i < COUNT_OF(types); i++)
        if (str_is(name, types[i].name)) {
            *ret = types[i].type;
            return *ret != PATCH_STRATEGIC || strcmp(r->kind->group, ARGO_GROUP) != 0;
        }
    return false;
}

static void refuse_type(struct http_request *req, const struct resource *r)
{
    const struct reply_refusal refusal = {
        415, "UnsupportedMediaType",
        str_printf(http_arena(req),
                   "the body of the request was in an unknown format - accepted media types "
                   "include: application/json-patch+json, application/merge-patch+json, "
                   "application/apply-patch+yaml%s",
                   strcmp(r->kind->group, ARGO_GROUP) == 0
                       ? ""
                       : ", application/strategic-merge-patch+json"),
        NULL};

    reply_refuse(req, &refusal);
}

/* ---- server-side apply ---- */

/* An applied document under way; lives in the request's arena. */
struct applying {
    struct api_call call;
    struct api_patch patch;
    struct object_document doc;
    const struct resource *r;
};

static void create_applied(struct applying *w)
{
    struct arena *a = http_arena(w->call.req);
    const struct managed_writer writer = {.manager = w->call.manager,
                                          .subresource = STR(""),
                                          .kind = w->r->shown,
                                          .now = clock_wall()};
    struct err err;

    w->call.dialect = &reply_dialect;
    if (api_document_admit(&w->call, &w->doc, w->r->kind, &err) < 0 ||
        managed_apply(a, &writer, NULL, &w->doc.value, &w->patch.made, &err) < 0) {
        reply_error(w->call.req, &err);
        return;
    }
    w->doc.value = w->patch.made.doc;
    w->call.manager = STR("");
    resource_create(&w->call, w->r, &w->doc);
}

/* What is not there is created; conflicts are told one by one. */
static void fail_apply(struct http_request *req, const struct err *err)
{
    struct applying *w = http_user(req);

    if (err->kind == ERR_CONFLICT && w->patch.made.conflicts.len > 0)
        reply_conflicts(req, &w->patch.made.conflicts);
    else if (err->kind == ERR_NOT_FOUND && str_is_empty(w->r->sub))
        create_applied(w);
    else
        reply_error(req, err);
}

static const struct api_dialect apply_dialect = {
    .created = 201, .object = reply_object, .fail = fail_apply};

static int read_applied(struct http_request *req, struct applying *w, struct err *err)
{
    struct object_documents docs;
    const struct json *meta;
    struct str name, force = http_query(req, STR("force"));

    if (str_is_empty(http_query(req, STR("fieldManager"))))
        return err_set(err, ERR_RULE,
                       "fieldManager: Required value: is required for apply patch");
    if (object_read(http_arena(req), STR("request"), http_body(req), &docs, err) < 0)
        return -1;
    if (docs.len != 1)
        return err_set(err, ERR_INVALID, "the request holds %zu documents, it must be one",
                       docs.len);
    w->doc = docs.at[0];
    meta = json_get(&w->doc.value, STR("metadata"));
    name = json_get_str(meta, STR("name"));
    if (w->doc.kind != w->r->kind)
        return err_set(err, ERR_INVALID, "the document is a " STR_FMT ", the path is for a %s",
                       STR_ARG(json_get_str(&w->doc.value, STR("kind"))), w->r->kind->kind);
    if (resource_check_version(w->r, &w->doc, err) < 0)
        return -1;
    if (!str_is_none(name) && !str_eq(name, w->r->name))
        return err_set(err, ERR_INVALID,
                       "the name of the object (" STR_FMT
                       ") does not match the name on the URL (" STR_FMT ")",
                       STR_ARG(name), STR_ARG(w->r->name));
    if (json_get(meta, STR("managedFields")))
        return err_set(err, ERR_INVALID, "metadata.managedFields must be nil");
    if (str_is_none(name))
        w->doc.value = json_set_path(http_arena(req), &w->doc.value, json_string(w->r->name),
                                     "metadata", "name", NULL);
    api_document_prune(&w->call, &w->doc, w->r->kind);
    w->patch.applied = &w->doc.value;
    w->patch.is_forced = api_flag(force);
    return 0;
}

static void apply(struct api *api, struct http_request *req, const struct resource *r)
{
    struct arena *a = http_arena(req);
    struct applying *w = ARENA_NEW(a, struct applying);
    struct resource *of = ARENA_NEW(a, struct resource);
    const struct store_key key = api_key(r->kind, r->ns, r->name);
    struct err err;
    const struct api_call *call = resource_call(api, req, r, &err);

    *of = *r;
    *w = (struct applying){.r = of};
    if (call)
        w->call = *call;
    if (!call || read_applied(req, w, &err) < 0) {
        reply_error(req, &err);
        return;
    }
    w->call.dialect = &apply_dialect;
    http_set_user(req, w);
    api_patch(&w->call, r->kind, &key, r->sub, &w->patch);
}

/* ---- patches of any kind ---- */

static int check_force(struct http_request *req, struct err *err)
{
    if (str_is_none(http_query(req, STR("force"))))
        return 0;
    return err_set(err, ERR_RULE, "force: Forbidden: may not be specified for non-apply patch");
}

void change_patch(struct api *api, struct http_request *req, const struct resource *r)
{
    struct arena *a = http_arena(req);
    struct api_patch *p = ARENA_NEW(a, struct api_patch);
    struct json *patch = ARENA_NEW(a, struct json);
    const struct store_key key = api_key(r->kind, r->ns, r->name);
    struct api_call *call;
    struct err err;

    if (str_is(request_type(req), "application/apply-patch+yaml")) {
        apply(api, req, r);
        return;
    }
    if (!patch_type(req, r, &p->type)) {
        refuse_type(req, r);
        return;
    }
    p->patch = patch;
    call = check_force(req, &err) < 0 ? NULL : resource_call(api, req, r, &err);
    if (!call) {
        reply_error(req, &err);
    } else if (json_parse(a, http_body(req), patch, &err) < 0) {
        err_wrap(&err, "the patch");
        reply_error(req, &err);
    } else {
        api_patch(call, r->kind, &key, r->sub, p);
    }
}

/* ---- deletions ---- */

/* What is not understood must not delete. */
static int check_options(const struct json *options, struct err *err)
{
    static const struct {
        const char *name;
        enum json_type type;
    } members[] = {{"kind", JSON_STRING},
                   {"apiVersion", JSON_STRING},
                   {"gracePeriodSeconds", JSON_NUMBER},
                   {"preconditions", JSON_OBJECT},
                   {"orphanDependents", JSON_BOOL},
                   {"propagationPolicy", JSON_STRING},
                   {"dryRun", JSON_ARRAY}},
      conditions[] = {{"uid", JSON_STRING}, {"resourceVersion", JSON_STRING}};
    const struct json *of = json_get(options, STR("preconditions")), *v;
    struct str kind = json_get_str(options, STR("kind"));

    for (size_t i = 0; i < COUNT_OF(members); i++)
        if ((v = json_get(options, str_from(members[i].name))) != NULL &&
            v->type != JSON_NULL && v->type != members[i].type)
            return err_set(err, ERR_INVALID, "%s of the deletion is of another type",
                           members[i].name);
    for (size_t i = 0; i < COUNT_OF(conditions); i++)
        if ((v = json_get(of, str_from(conditions[i].name))) != NULL && v->type != JSON_NULL &&
            v->type != conditions[i].type)
            return err_set(err, ERR_INVALID,
                           "preconditions.%s of the deletion is of another type",
                           conditions[i].name);
    if (!str_is_empty(kind) && !str_is(kind, "DeleteOptions"))
        return err_set(err, ERR_INVALID,
                       "no kind \"" STR_FMT "\" for the options of a deletion",
                       STR_ARG(str_head(kind, 60)));
    if (json_is(json_get(options, STR("orphanDependents")), JSON_BOOL) &&
        !str_is_empty(json_get_str(options, STR("propagationPolicy"))))
        return err_set(err, ERR_RULE,
                       "propagationPolicy: Invalid value: \"" STR_FMT
                       "\": orphanDependents and deletionPropagation cannot be both set",
                       STR_ARG(str_head(json_get_str(options, STR("propagationPolicy")), 60)));
    return 0;
}

/* The body of a deletion; an empty one says nothing. */
static int read_options(struct http_request *req, struct json *ret, struct err *err)
{
    struct json_object_builder none = {0};
    struct str text;

    *ret = json_object(&none);
    if (str_is_empty(str_trim(http_body(req))))
        return 0;
    if (request_text(req, &text, err) < 0 || json_parse(http_arena(req), text, ret, err) < 0)
        return err_wrap(err, "the options of the deletion");
    if (ret->type == JSON_NULL)
        *ret = json_object(&none);
    if (ret->type != JSON_OBJECT)
        return err_set(err, ERR_INVALID, "the options of the deletion must be an object");
    return check_options(ret, err);
}

static int check_grace(struct http_request *req, struct err *err)
{
    struct str word = http_query(req, STR("gracePeriodSeconds"));
    int64_t ignored;

    if (str_is_none(word) || parse_i64(word, &ignored))
        return 0;
    return err_set(err, ERR_INVALID, "gracePeriodSeconds \"" STR_FMT "\" is not a number",
                   STR_ARG(str_head(word, 60)));
}

/* A deletion may say in its body, too, that it is only tried: "All" is the one word for it. */
static struct api_call *deletion_call(struct api *api, struct http_request *req,
                                      const struct resource *r, const struct json *options,
                                      struct err *err)
{
    const struct json *dry_run = json_get(options, STR("dryRun")), *word;
    struct api_call *call = check_grace(req, err) < 0 ? NULL : resource_call(api, req, r, err);

    for (size_t i = 0; call && (word = json_item(dry_run, i)) != NULL; i++) {
        if (!str_is(json_str(word), "All")) {
            err_set(err, ERR_RULE, "dryRun: Unsupported value: supported values: \"All\"");
            return NULL;
        }
        call->is_dry_run = true;
    }
    return call;
}

/* What becomes of what the object owns: in the body or the query. */
static int read_propagation(struct http_request *req, const struct json *options,
                            enum store_propagation *ret, struct err *err)
{
    struct str word = json_get_str(options, STR("propagationPolicy"));

    if (str_is_empty(word))
        word = http_query(req, STR("propagationPolicy"));
    if (!str_is_empty(word))
        return api_propagation_parse(word, ret, err);
    *ret = json_get_bool(options, STR("orphanDependents")) ? STORE_ORPHAN : STORE_BACKGROUND;
    return 0;
}

static int read_preconditions(const struct json *options, struct str *ret_uid, int64_t *ret_rv,
                              struct err *err)
{
    const struct json *of = json_get(options, STR("preconditions"));
    struct str rv = json_get_str(of, STR("resourceVersion"));

    *ret_uid = json_get_str(of, STR("uid"));
    *ret_rv = 0;
    if (!str_is_empty(rv) && !parse_i64(rv, ret_rv))
        return err_set(err, ERR_INVALID,
                       "preconditions.resourceVersion \"" STR_FMT "\" is not a number",
                       STR_ARG(str_head(rv, 60)));
    return 0;
}

/* Seconds that a pod may take to end: in the body or the query; -1: nobody says. */
static int64_t grace_of(struct http_request *req, const struct json *options)
{
    const struct json *given = json_get(options, STR("gracePeriodSeconds"));
    int64_t grace;

    if ((!json_i64(given, &grace) &&
         !parse_i64(http_query(req, STR("gracePeriodSeconds")), &grace)) ||
        grace < 0 || grace > INT32_MAX)
        return -1;
    return grace;
}

static void delete_pod(struct api *api, struct http_request *req, const struct resource *r)
{
    struct api_call *call = NULL;
    struct json options;
    struct err err;

    if (read_options(req, &options, &err) == 0)
        call = deletion_call(api, req, r, &options, &err);
    if (!call)
        reply_error(req, &err);
    else
        api_pod_delete(call, r->ns, r->name, grace_of(req, &options));
}

void change_delete(struct api *api, struct http_request *req, const struct resource *r)
{
    struct arena *a = http_arena(req);
    struct reply_removal *removal = ARENA_NEW(a, struct reply_removal);
    const struct store_key key = api_key(r->kind, r->ns, r->name);
    struct json options, doc;
    struct api_deletion d = {.uid = STR("")};
    struct api_call *call;
    struct err err;

    if (api_is_pod(r->kind)) {
        delete_pod(api, req, r);
        return;
    }
    if (read_options(req, &options, &err) < 0 ||
        !(call = deletion_call(api, req, r, &options, &err)) ||
        read_preconditions(&options, &d.uid, &d.rv, &err) < 0 ||
        read_propagation(req, &options, &d.how, &err) < 0 ||
        api_object_get(api, a, &key, API_WITHOUT_NODES, &doc, &err) < 0) {
        reply_error(req, &err);
        return;
    }
    *removal =
        (struct reply_removal){.kind = r->shown, .name = r->name, .uid = object_uid(&doc)};
    http_set_user(req, removal);
    if (str_is_none(d.uid))
        d.uid = STR("");
    api_delete(call, &key, &d);
}

void change_delete_all(struct api *api, struct http_request *req, const struct resource *r)
{
    struct reply_removal *removal = ARENA_NEW(http_arena(req), struct reply_removal);
    struct json options;
    struct api_query q;
    enum store_propagation how = STORE_BACKGROUND;
    struct api_call *call;
    struct err err = {0};
    int result;

    if (read_options(req, &options, &err) < 0 ||
        !(call = deletion_call(api, req, r, &options, &err)) ||
        read_propagation(req, &options, &how, &err) < 0 ||
        resource_query(req, r, http_arena(req), &q, &err) < 0) {
        reply_error(req, &err);
        return;
    }
    *removal = (struct reply_removal){.kind = r->shown, .name = STR(""), .uid = STR("")};
    http_set_user(req, removal);
    result = api_is_pod(r->kind) ? api_pod_delete_all(call, &q.of, grace_of(req, &options),
                                                      &removal->items, &err)
                                 : api_delete_all(call, &q.of, how, &removal->items, &err);
    if (result < 0)
        reply_error(req, &err);
    else if (result == 0)
        reply_dialect.removed(req);
}
