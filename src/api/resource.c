/*
 * The resource API: list, get, watch, create, update and delete of every kind, logs of pods.
 * Paths, parameters and answers are Kubernetes'; the work is done by api/core. Http threads.
 */
#include "api/api_internal.h"
#include "api/core/pods.h"

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
        } else if (str_is(rest, "status")) {
            ret->name = ret->ns;
            ret->ns = STR("");
            ret->sub = rest;
            rest = STR_NONE;
        } else if (!str_cut(&rest, '/', &word)) {
            return false;
        }
    }
    ret->kind = object_kind_by_plural(group, word);
    ret->shown = ret->kind ? object_kind_in(ret->kind, version) : NULL;
    if (!ret->shown || !str_is(word, ret->kind->plural))
        return false;
    if (str_is_empty(ret->name) && str_cut(&rest, '/', &part))
        ret->name = part;
    if (str_cut(&rest, '/', &part))
        ret->sub = part;
    return str_is_none(rest);
}

static bool is_watch(struct http_request *req, const struct resource *r)
{
    return str_is_empty(r->name) && api_flag(http_query(req, STR("watch")));
}

/* Kubernetes' verb for the method. */
static const char *verb_of(struct http_request *req, const struct resource *r)
{
    struct str method = http_method(req);
    bool has_name = !str_is_empty(r->name);

    if (str_is(method, "GET"))
        return has_name ? "get" : is_watch(req, r) ? "watch" : "list";
    if (str_is(method, "POST"))
        return "create";
    if (str_is(method, "PUT"))
        return "update";
    if (str_is(method, "PATCH"))
        return "patch";
    return str_is(method, "DELETE") ? (has_name ? "delete" : "deletecollection") : "";
}

/* A list or watch of the one object that a field selector names is about that object. */
static struct str selected_name(struct http_request *req)
{
    struct str text = http_query(req, STR("fieldSelector"));
    struct selector s = {0};
    struct err ignored;

    if (str_is_empty(text) || selector_parse_fields(http_arena(req), text, &s, &ignored) < 0)
        return STR("");
    for (size_t i = 0; i < s.len; i++)
        if (s.at[i].op == SELECTOR_EQUAL && str_is(s.at[i].key, "metadata.name"))
            return s.at[i].values[0];
    return STR("");
}

void resource_right(struct http_request *req, const struct resource *r,
                    struct auth_request *ret)
{
    *ret = (struct auth_request){.verb = str_from(verb_of(req, r)),
                                 .group = str_from(r->kind->group),
                                 .resource = str_from(r->kind->plural),
                                 .ns = r->ns,
                                 .name = r->name};
    if (!str_is_empty(r->sub))
        ret->resource =
            str_printf(http_arena(req), "%s/" STR_FMT, r->kind->plural, STR_ARG(r->sub));
    if (str_is_empty(r->name))
        ret->name = selected_name(req);
    if (!r->kind->is_namespaced) /* a Namespace is in itself */
        ret->ns = str_is(str_from(r->kind->kind), "Namespace") ? r->name : STR("");
}

static struct store_key key_of(const struct resource *r)
{
    return api_key(r->kind, r->ns, r->name);
}

/* ---- reading ---- */

static int read_one(struct api *api, struct arena *a, const struct resource *r,
                    struct json *ret, struct err *err)
{
    const struct store_key key = key_of(r);

    return api_is_pod(r->kind) ? api_pod_get(api, a, r->ns, r->name, ret, err)
                               : api_object_get(api, a, &key, API_WHOLE, ret, err);
}

static void get_one(struct api *api, struct http_request *req, const struct resource *r)
{
    struct json doc;
    struct err err;

    if (read_one(api, http_arena(req), r, &doc, &err) < 0) {
        reply_error(req, &err);
        return;
    }
    reply_object(req, 200, &doc);
}

int resource_query(struct http_request *req, const struct resource *r, struct arena *a,
                   struct api_query *q, struct err *err)
{
    const struct api_list_options options = {
        .labels = http_query(req, STR("labelSelector")),
        .fields = http_query(req, STR("fieldSelector")),
        .limit = http_query(req, STR("limit")),
        .continue_token = http_query(req, STR("continue")),
        .resource_version = http_query(req, STR("resourceVersion")),
        .timeout_seconds = http_query(req, STR("timeoutSeconds")),
        .initial_events = http_query(req, STR("sendInitialEvents")),
        .version_match = http_query(req, STR("resourceVersionMatch")),
        .bookmarks = http_query(req, STR("allowWatchBookmarks")),
        .is_watch = is_watch(req, r)};

    return api_query_parse(a, r->kind, r->ns, &options, q, err);
}

/* The list with nothing but the metadata of its objects. */
static struct json metadata_list(struct arena *a, const struct json *list)
{
    const struct json *items = json_get(list, STR("items")), *item;
    struct json_object_builder b = {0};
    struct json_array_builder shown = {0};

    for (size_t i = 0; (item = json_item(items, i)) != NULL; i++)
        json_push(a, &shown, reply_metadata(a, item));
    json_add(a, &b, STR("kind"), json_string(STR("PartialObjectMetadataList")));
    json_add(a, &b, STR("apiVersion"), json_string(STR("meta.k8s.io/v1")));
    json_add(a, &b, STR("metadata"), *json_get(list, STR("metadata")));
    json_add(a, &b, STR("items"), json_array(&shown));
    return json_object(&b);
}

/* A list that cannot be continued as it began tells how it can be continued as it is now. */
static void fail_list(struct http_request *req, const struct err *err)
{
    struct arena *a = http_arena(req);
    struct str given = http_query(req, STR("continue"));
    struct str renewed = str_is_empty(given) ? STR("") : store_token_renewed(a, given);
    struct json_object_builder meta = {0};
    struct json status;

    if (err->kind != ERR_GONE || renewed.len == 0) {
        reply_error(req, err);
        return;
    }
    status = reply_status(a, err);
    json_add(a, &meta, STR("continue"), json_string(renewed));
    status = json_set(a, &status, STR("metadata"), json_object(&meta));
    reply_json(req, 410, &status);
}

static void get_list(struct api *api, struct http_request *req, const struct resource *r)
{
    struct arena *a = http_arena(req);
    struct api_query q;
    struct api_list list;
    struct json made;
    struct err err;

    if (resource_query(req, r, a, &q, &err) < 0 || api_version_check(api, &q, &err) < 0 ||
        (api_is_pod(r->kind) ? api_pod_list(api, a, &q.of, &list, &err)
                             : api_object_list(api, a, &q.of, API_WHOLE, &list, &err)) < 0) {
        fail_list(req, &err);
        return;
    }
    made = reply_list(a, r->shown, &list);
    if (reply_form_of(req) == REPLY_METADATA)
        made = metadata_list(a, &made);
    else if (reply_form_of(req) == REPLY_TABLE)
        made = table_value(a, r->kind, json_get(&made, STR("items")),
                           json_get(&made, STR("metadata")),
                           http_query(req, STR("includeObject")));
    else
        made = reply_plain_list(a, r->shown, &made);
    reply_json(req, 200, &made);
}

static struct str watch_event(struct arena *a, struct str fields, const char *type,
                              const struct json *object)
{
    struct json_object_builder b = {0};
    struct json line;

    (void) fields;
    json_add(a, &b, STR("type"), json_string(str_from(type)));
    json_add(a, &b, STR("object"), *object);
    line = json_object(&b);
    return str_concat(a, json_text(a, &line, JSON_COMPACT), STR("\n"));
}

/* An object of the kind with nothing but a resourceVersion. */
static struct str watch_bookmark(struct arena *a, const struct object_kind *kind, int64_t rv,
                                 bool is_initial_end)
{
    struct json_object_builder b = {0}, meta = {0}, notes = {0};
    struct json object;

    json_add(a, &meta, STR("resourceVersion"),
             json_string(str_printf(a, "%lld", (long long) rv)));
    json_add(a, &meta, STR("creationTimestamp"), json_null());
    if (is_initial_end) {
        json_add(a, &notes, STR("k8s.io/initial-events-end"), json_string(STR("true")));
        json_add(a, &meta, STR("annotations"), json_object(&notes));
    }
    json_add(a, &b, STR("kind"), json_string(str_from(kind->kind)));
    json_add(a, &b, STR("apiVersion"), json_string(object_kind_api_version(a, kind)));
    json_add(a, &b, STR("metadata"), json_object(&meta));
    object = json_object(&b);
    return watch_event(a, STR(""), "BOOKMARK", &object);
}

/* @fields is includeObject. Stored objects are of kinds that are served. */
static struct str table_event(struct arena *a, struct str fields, const char *type,
                              const struct json *object)
{
    const struct object_kind *kind = object_kind_find(json_get_str(object, STR("apiVersion")),
                                                      json_get_str(object, STR("kind")));
    const struct json table = table_of_one(a, kind, object, fields);

    return watch_event(a, STR(""), type, &table);
}

static struct str metadata_event(struct arena *a, struct str fields, const char *type,
                                 const struct json *object)
{
    const struct json shown = reply_metadata(a, object);

    (void) fields;
    return watch_event(a, STR(""), type, &shown);
}

static struct str metadata_bookmark(struct arena *a, const struct object_kind *kind, int64_t rv,
                                    bool is_initial_end)
{
    const struct object_kind partial = {
        .group = "meta.k8s.io", .version = "v1", .kind = "PartialObjectMetadata"};

    (void) kind;
    return watch_bookmark(a, &partial, rv, is_initial_end);
}

static struct str watch_failure(struct arena *a, const struct err *err)
{
    const struct json status = reply_status(a, err);

    return watch_event(a, STR(""), "ERROR", &status);
}

static const struct api_watch_format watch_format = {.content_type =
                                                         STR_INIT("application/json"),
                                                     .event = watch_event,
                                                     .bookmark = watch_bookmark,
                                                     .failure = watch_failure,
                                                     .keep_alive = STR_INIT("")};

static const struct api_watch_format table_format = {.content_type =
                                                         STR_INIT("application/json"),
                                                     .event = table_event,
                                                     .failure = watch_failure,
                                                     .keep_alive = STR_INIT("")};

static const struct api_watch_format metadata_format = {.content_type =
                                                            STR_INIT("application/json"),
                                                        .event = metadata_event,
                                                        .bookmark = metadata_bookmark,
                                                        .failure = watch_failure,
                                                        .keep_alive = STR_INIT("")};

static void watch(struct api *api, struct http_request *req, const struct resource *r)
{
    struct api_watch_request w = {.arena = arena_new_sized(API_WATCH_ARENA_BYTES),
                                  .kind = r->shown,
                                  .format = &watch_format,
                                  .fields = STR("")};
    struct err err;

    if (resource_query(req, r, w.arena, &w.query, &err) < 0) {
        reply_error(req, &err);
        arena_free(w.arena);
        return;
    }
    if (reply_form_of(req) == REPLY_METADATA)
        w.format = &metadata_format;
    if (reply_form_of(req) == REPLY_TABLE) {
        w.format = &table_format;
        w.fields = http_query(req, STR("includeObject"));
    }
    if (api_is_pod(r->kind))
        api_pod_watch(api, &w);
    api_watch_start(api, req, &w);
}

static void log_line(struct strbuf *to, const struct log_entry *entry)
{
    strbuf_add(to, entry->text);
    strbuf_addc(to, '\n');
}

static const struct api_log_format log_format = {
    .content_type = STR_INIT("text/plain; charset=utf-8"), .line = log_line};

static void pod_log(struct api *api, struct http_request *req, const struct resource *r)
{
    struct api_call call = {.api = api, .req = req, .dialect = &reply_dialect};
    struct api_log_request log = {
        .ns = r->ns, .workflow = STR(""), .pod = r->name, .format = &log_format};
    struct err err = {0};

    if (api_log_options_parse(req, STR(""), &log.options, &err) == 0 &&
        str_is(http_query(req, STR("previous")), "true")) /* no container starts twice */
        err_set(&err, ERR_INVALID,
                "previous terminated container \"" STR_FMT "\" in pod \"" STR_FMT
                "\" not found",
                STR_ARG(log.options.container), STR_ARG(r->name));
    if (str_is_empty(http_query(req, STR("container"))))
        log.options.container = api_pod_container(api, http_arena(req), r->ns, r->name);
    if (err.kind != ERR_NONE)
        reply_error(req, &err);
    else
        api_log(&call, &log);
}

/* ---- writing ---- */

enum { MANAGER_MAX_BYTES = 128 };

static int check_manager(struct http_request *req, struct err *err)
{
    struct str manager = http_query(req, STR("fieldManager"));

    if (str_is_none(manager))
        return 0;
    if (manager.len > MANAGER_MAX_BYTES)
        return err_set(err, ERR_RULE, "fieldManager: Too long: may not be more than %d bytes",
                       MANAGER_MAX_BYTES);
    for (size_t i = 0; i < manager.len; i++)
        if ((unsigned char) manager.ptr[i] < ' ' || manager.ptr[i] == 0x7f)
            return err_set(err, ERR_RULE,
                           "fieldManager: Invalid value: \"\\x%02x\": invalid character "
                           "U+%04X (at position %zu)",
                           manager.ptr[i], manager.ptr[i], i);
    return 0;
}

/* "All" is the one word for a dry run. */
static int read_dry_run(struct http_request *req, struct api_call *call, struct err *err)
{
    const struct http_header *all;
    size_t count = http_query_all(req, &all);

    for (size_t i = 0; i < count; i++) {
        if (!str_is(all[i].name, "dryRun"))
            continue;
        if (!str_is(all[i].value, "All"))
            return err_set(err, ERR_RULE,
                           "dryRun: Unsupported value: [\"" STR_FMT
                           "\"]: supported values: \"All\"",
                           STR_ARG(str_head(all[i].value, 60)));
        call->is_dry_run = true;
    }
    return 0;
}

/* Who says nothing about fields that are not known wants to hear of them. */
static int read_validation(struct http_request *req, struct api_call *call, struct err *err)
{
    struct str word = http_query(req, STR("fieldValidation"));

    call->validation = str_is(word, "Ignore") ? API_IGNORE
                       : str_is(word, "Warn") ? API_WARN
                                              : API_STRICT;
    if (str_is_empty(word) || call->validation != API_STRICT || str_is(word, "Strict"))
        return 0;
    return err_set(err, ERR_RULE,
                   "fieldValidation: Unsupported value: \"" STR_FMT
                   "\": supported values: \"\", \"Ignore\", \"Strict\", \"Warn\"",
                   STR_ARG(str_head(word, 60)));
}

/* Who does not say is known by the program: "kubectl/v1.32.0 (linux/amd64)". */
static struct str manager_of(struct http_request *req)
{
    struct str manager = http_query(req, STR("fieldManager")), name = STR(""),
               agent = http_header(req, STR("User-Agent"));

    if (!str_is_empty(manager))
        return manager;
    if (!str_is_none(agent))
        str_cut(&agent, '/', &name);
    name = str_head(name, MANAGER_MAX_BYTES);
    return str_is_empty(name) ? STR("unknown") : name;
}

struct api_call *resource_call(struct api *api, struct http_request *req,
                               const struct resource *r, struct err *err)
{
    struct api_call *call = ARENA_NEW(http_arena(req), struct api_call);

    *call = (struct api_call){.api = api,
                              .req = req,
                              .dialect = &reply_dialect,
                              .manager = manager_of(req),
                              .shown = r->shown,
                              .who = api_writer(api, req)};
    if (check_manager(req, err) < 0 || read_dry_run(req, call, err) < 0 ||
        read_validation(req, call, err) < 0)
        return NULL;
    return call;
}

int resource_body(struct http_request *req, struct json *ret, struct err *err)
{
    struct str text;

    if (request_text(req, &text, err) < 0 || json_parse(http_arena(req), text, ret, err) < 0)
        return err_wrap(err, "the body");
    if (!json_is(ret, JSON_OBJECT))
        return err_set(err, ERR_INVALID, "the body must be an object");
    return 0;
}

/* Without the group. */
static struct str version_of(const struct object_document *doc)
{
    size_t slash = str_find_char(doc->version, '/');

    return slash == SIZE_MAX ? doc->version : str_skip(doc->version, slash + 1);
}

int resource_check_version(const struct resource *r, const struct object_document *doc,
                           struct err *err)
{
    if (doc->kind != r->kind || object_kind_in(r->kind, version_of(doc)) == r->shown)
        return 0;
    return err_set(err, ERR_INVALID,
                   "the API version in the data (" STR_FMT
                   ") does not match the expected API version (%s/%s)",
                   STR_ARG(doc->version), r->shown->group, r->shown->version);
}

/* A document of Kubernetes' own kinds that does not say what it is is what the path says. */
static struct str with_head(struct arena *a, const struct resource *r, struct str text)
{
    struct json doc;
    struct err ignored;

    if (strcmp(r->kind->group, "argoproj.io") == 0 || json_parse(a, text, &doc, &ignored) < 0 ||
        !json_is(&doc, JSON_OBJECT) ||
        (!str_is_empty(json_get_str(&doc, STR("kind"))) &&
         !str_is_empty(json_get_str(&doc, STR("apiVersion")))))
        return text;
    if (str_is_empty(json_get_str(&doc, STR("kind"))))
        doc = json_set(a, &doc, STR("kind"), json_string(str_from(r->shown->kind)));
    if (str_is_empty(json_get_str(&doc, STR("apiVersion"))))
        doc = json_set(a, &doc, STR("apiVersion"),
                       json_string(object_kind_api_version(a, r->shown)));
    return json_text(a, &doc, JSON_COMPACT);
}

/* The body as one checked document of the path's kind. */
static int read_document(const struct api_call *call, const struct resource *r,
                         struct object_document *ret, struct err *err)
{
    struct arena *a = http_arena(call->req);
    struct object_documents docs;
    struct str text;

    if (request_text(call->req, &text, err) < 0)
        return -1;
    text = with_head(a, r, text);
    if (object_read(a, STR("request"), text, &docs, err) < 0)
        return -1;
    if (docs.len != 1)
        return err_set(err, ERR_INVALID, "the request holds %zu documents, it must be one",
                       docs.len);
    *ret = docs.at[0];
    return resource_check_version(r, ret, err) < 0
               ? -1
               : api_document_admit(call, ret, r->kind, err);
}

/* A resubmission that takes over results is created with nodes; any other status is nothing
 * that a client begins with. @ret: NULL for these. */
static int read_nodes(struct arena *a, const struct json *doc, const struct json **ret,
                      struct err *err)
{
    const struct json *status = json_get(doc, STR("status")),
                      *nodes = json_get(status, STR("nodes"));

    *ret = NULL;
    if (!str_is_empty(json_get_str(status, STR("phase"))))
        return 0;
    if (json_is(nodes, JSON_OBJECT) && nodes->count > 0)
        *ret = nodes;
    return operate_check_form(status, err) < 0 ? -1 : operate_check_nodes(a, *ret, err);
}

/* Workflows have one way in. */
static void create_workflow(struct api_call *call, const struct resource *r,
                            const struct object_document *doc)
{
    struct arena *a = http_arena(call->req);
    struct api_submission *s = ARENA_NEW(a, struct api_submission);
    struct json *made = ARENA_NEW(a, struct json);
    struct str own = object_namespace(&doc->value);
    struct err err = {0};

    if (!str_is_empty(own) && !str_is_empty(r->ns) && !str_eq(own, r->ns)) {
        err_set(&err, ERR_INVALID,
                "the namespace of the provided object does not match the namespace sent on the "
                "request");
        call->dialect->fail(call->req, &err);
        return;
    }
    if (read_nodes(a, &doc->value, &s->options.nodes, &err) < 0) {
        call->dialect->fail(call->req, &err);
        return;
    }
    *made = api_managed(call, r->kind, STR(""), NULL, &doc->value);
    s->doc = made;
    s->options.ns = r->ns;
    s->options.dry_run = call->is_dry_run;
    api_submit(call, s);
}

void resource_create(struct api_call *call, const struct resource *r,
                     const struct object_document *doc)
{
    if (str_is(str_from(r->kind->kind), "Workflow"))
        create_workflow(call, r, doc);
    else
        api_create(call, r->kind, r->ns, &doc->value);
}

static void create(struct api *api, struct http_request *req, const struct resource *r)
{
    struct err err;
    struct object_document doc;
    struct api_call *call = resource_call(api, req, r, &err);

    if (!call || read_document(call, r, &doc, &err) < 0)
        reply_error(req, &err);
    else
        resource_create(call, r, &doc);
}

static void update(struct api *api, struct http_request *req, const struct resource *r)
{
    const struct store_key key = key_of(r);
    struct err err;
    struct object_document doc;
    struct api_call *call = resource_call(api, req, r, &err);

    if (!call || read_document(call, r, &doc, &err) < 0)
        reply_error(req, &err);
    else
        api_update(call, r->kind, &key, r->sub, &doc.value);
}

static bool is_write(struct str method)
{
    return str_is(method, "POST") || str_is(method, "PUT") || str_is(method, "PATCH") ||
           str_is(method, "DELETE");
}

/* Pods are a view: they are made and deleted, and nothing else. */
static bool is_refused_view(struct http_request *req, const struct resource *r)
{
    bool may_create = str_is(http_method(req), "POST") && str_is_empty(r->name);
    const struct reply_refusal refusal = {
        405, "MethodNotAllowed",
        STR_INIT("the server does not allow this method on the requested resource: pods can "
                 "be created, read and deleted"),
        NULL};

    if (!r->kind->is_view || may_create || str_is(http_method(req), "DELETE"))
        return false;
    reply_refuse(req, &refusal);
    return true;
}

static bool handle_write(struct api *api, struct http_request *req, const struct resource *r)
{
    struct str method = http_method(req);
    bool has_name = !str_is_empty(r->name);

    if (!is_write(method))
        return false;
    if (is_refused_view(req, r)) {
        return true;
    } else if (token_request_is(req, r)) {
        token_request_handle(api, req, r);
    } else if (str_is(method, "POST") && !has_name) {
        create(api, req, r);
    } else if (str_is(method, "PUT") && has_name) {
        update(api, req, r);
    } else if (str_is(method, "PATCH") && has_name) {
        change_patch(api, req, r);
    } else if (str_is(method, "DELETE") && has_name) {
        change_delete(api, req, r);
    } else if (str_is(method, "DELETE")) {
        change_delete_all(api, req, r);
    } else {
        return false;
    }
    return true;
}

static bool handle_read(struct api *api, struct http_request *req, const struct resource *r)
{
    bool has_name = !str_is_empty(r->name);

    if (!str_is(http_method(req), "GET"))
        return false;
    if (is_watch(req, r))
        watch(api, req, r);
    else if (has_name && str_is(r->sub, "log") && str_is(str_from(r->kind->kind), "Pod"))
        pod_log(api, req, r);
    else if (has_name)
        get_one(api, req, r);
    else
        get_list(api, req, r);
    return true;
}

static bool is_token(const struct resource *r)
{
    return str_is(r->sub, "token") && str_is(str_from(r->kind->kind), "ServiceAccount");
}

/* A subresource that there is none of: the object is not meant. */
static bool refuse_subresource(struct http_request *req, const struct resource *r)
{
    bool is_status = str_is(r->sub, "status") && field_find(r->kind->shape, STR("status"));

    if (str_is_empty(r->sub) || is_token(r) || is_status ||
        (str_is(r->sub, "log") && str_is(str_from(r->kind->kind), "Pod")))
        return false;
    reply_no_path(req);
    return true;
}

/* What no kind has: the API server says it in one way for its own kinds, and in another one for
 * those that are defined by others. */
static void refuse_method(struct http_request *req, const struct resource *r)
{
    struct arena *a = http_arena(req);
    struct json_object_builder b = {0};
    struct reply_refusal refusal = {
        405, "MethodNotAllowed",
        STR_INIT("the server does not allow this method on the requested resource"), NULL};
    struct json details;

    if (strcmp(r->kind->group, "argoproj.io") == 0) {
        json_add_str(a, &b, STR("group"), str_from(r->kind->group));
        json_add_str(a, &b, STR("kind"), str_from(r->kind->plural));
        refusal.message = str_printf(a, "%s is not supported on resources of kind \"%s.%s\"",
                                     verb_of(req, r), r->kind->plural, r->kind->group);
    }
    details = json_object(&b);
    refusal.details = &details;
    reply_refuse(req, &refusal);
}

static bool is_allowed(struct http_request *req, const struct resource *r)
{
    struct str method = http_method(req);

    if (is_token(r))
        return str_is(method, "POST");
    return str_is_empty(r->sub) || !(str_is(method, "DELETE") || str_is(method, "POST"));
}

void resource_handle(struct api *api, struct http_request *req, const struct resource *r)
{
    bool is_log = str_is(r->sub, "log"); /* text, whatever is accepted */

    if ((!is_log && negotiate_refuse(req)) || refuse_subresource(req, r))
        return;
    if (!is_allowed(req, r) || (!handle_read(api, req, r) && !handle_write(api, req, r)))
        refuse_method(req, r);
}
