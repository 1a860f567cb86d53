/*
 * Objects through the API: shown, listed, created, deleted. (Changed: change.c.)
 *
 * Reads block the caller's thread (http, worker) on a reader connection; writes are answered
 * on the loop when the store has them. Knows no dialect.
 */
#include "api/core/core_internal.h"

#include "base/limits.h"
#include "base/random.h"

#include <assert.h>

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

int api_object_shown(struct api *api, struct arena *a, const struct store_object *o,
                     enum api_parts parts, struct json *ret, struct err *err)
{
    struct json doc;

    if (json_parse(a, str_copy(a, o->doc), &doc, err) < 0)
        return -1;
    if (o->rv > 0) /* 0: of a dry run */
        doc = json_set_path(a, &doc, json_string(str_printf(a, "%lld", (long long) o->rv)),
                            "metadata", "resourceVersion", NULL);
    *ret = doc;
    if (parts == API_WITHOUT_NODES || !str_is(o->key.kind, "Workflow"))
        return 0;
    return add_nodes(api, a, o, ret, err);
}

struct store_key api_key(const struct object_kind *kind, struct str ns, struct str name)
{
    return (struct store_key){str_from(kind->group), str_from(kind->kind), ns, name};
}

int api_object_get(struct api *api, struct arena *a, const struct store_key *key,
                   enum api_parts parts, struct json *ret, struct err *err)
{
    const struct store_object *o;
    int result;

    if (store_get(api->options.store, key, &o, err) < 0)
        return -1;
    result = api_object_shown(api, a, o, parts, ret, err);
    store_object_unref(o);
    return result;
}

/* What Kubernetes allows to be said about versions. */
static int check_version_match(const struct api_list_options *o, struct err *err)
{
    struct str match = o->version_match;
    const char *why = NULL;

    if (str_is_empty(match))
        return 0;
    if (o->is_watch && str_is_none(o->initial_events))
        why =
            "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided";
    else if (!o->is_watch && str_is_empty(o->resource_version))
        why = "resourceVersionMatch is forbidden unless resourceVersion is provided";
    else if (!str_is_empty(o->continue_token))
        why = "resourceVersionMatch is forbidden when continue is provided";
    else if (str_is(match, "Exact") && str_is(o->resource_version, "0"))
        why = "resourceVersionMatch \"Exact\" is forbidden for resourceVersion \"0\"";
    if (why)
        return err_set(err, ERR_RULE, "resourceVersionMatch: Forbidden: %s", why);
    if (str_is(match, "NotOlderThan") || (str_is(match, "Exact") && !o->is_watch))
        return 0;
    return err_set(err, ERR_RULE,
                   "resourceVersionMatch: Unsupported value: \"" STR_FMT
                   "\": supported values: \"Exact\", \"NotOlderThan\", \"\"",
                   STR_ARG(str_head(match, 60)));
}

int api_version_check(const struct api *api, const struct api_query *q, struct err *err)
{
    int64_t now = store_rv(api->options.store);

    if (q->from_rv > now)
        return err_set(err, ERR_TIMEOUT,
                       "Timeout: Too large resource version: %lld, current: %lld",
                       (long long) q->from_rv, (long long) now);
    if (q->is_exact && q->from_rv != now)
        return err_set(err, ERR_GONE,
                       "The resourceVersion for the provided list is too old: %lld, current: "
                       "%lld",
                       (long long) q->from_rv, (long long) now);
    return 0;
}

/* A watch that begins with all that is there, and says where that ends; or without it. */
static int read_initial_events(const struct api_list_options *o, struct api_query *ret,
                               struct err *err)
{
    ret->has_bookmarks = api_flag(o->bookmarks);
    if (str_is_none(o->initial_events))
        return 0;
    if (!o->is_watch)
        return err_set(err, ERR_RULE,
                       "sendInitialEvents: Forbidden: sendInitialEvents is forbidden for list");
    if (!str_is(o->version_match, "NotOlderThan"))
        return err_set(err, ERR_RULE,
                       "resourceVersionMatch: Forbidden: sendInitialEvents requires setting "
                       "resourceVersionMatch to NotOlderThan");
    if (api_flag(o->initial_events)) {
        ret->from_rv = 0;
        ret->ends_initial = ret->has_bookmarks;
    } else if (ret->from_rv == 0) {
        ret->from_rv = -1;
    }
    return 0;
}

int api_query_parse(struct arena *a, const struct object_kind *kind, struct str ns,
                    const struct api_list_options *options, struct api_query *ret,
                    struct err *err)
{
    struct selector *labels = ARENA_NEW(a, struct selector),
                    *fields = ARENA_NEW(a, struct selector);
    int64_t limit = 0, seconds = 0;

    *ret = (struct api_query){.of = {.group = str_from(kind->group),
                                     .kind = str_from(kind->kind),
                                     .ns = str_copy(a, ns)}};
    if (!str_is_empty(options->labels)) {
        if (selector_parse(a, options->labels, labels, err) < 0)
            return -1;
        ret->of.labels = labels;
    }
    if (!str_is_empty(options->fields)) {
        if (selector_parse_fields(a, options->fields, fields, err) < 0)
            return -1;
        ret->of.fields = fields;
    }
    if (!str_is_empty(options->limit) && !parse_i64(options->limit, &limit))
        return err_set(err, ERR_INVALID, "limit \"" STR_FMT "\" is not a number",
                       STR_ARG(options->limit));
    if (!str_is_empty(options->resource_version) &&
        (!parse_i64(options->resource_version, &ret->from_rv) || ret->from_rv < 0))
        return err_set(err, ERR_INVALID, "resourceVersion \"" STR_FMT "\" is not a number",
                       STR_ARG(options->resource_version));
    if (!str_is_empty(options->timeout_seconds) &&
        (!parse_i64(options->timeout_seconds, &seconds) || seconds > INT32_MAX))
        return err_set(err, ERR_INVALID, "timeoutSeconds \"" STR_FMT "\" is not a number",
                       STR_ARG(options->timeout_seconds));
    if (check_version_match(options, err) < 0 || read_initial_events(options, ret, err) < 0)
        return -1;
    if (!str_is_empty(options->continue_token) && ret->from_rv > 0 && !options->is_watch)
        return err_set(err, ERR_INVALID,
                       "specifying resource version is not allowed when using continue");
    ret->is_exact = str_is(options->version_match, "Exact");
    ret->of.limit = limit > 0 ? (uint64_t) limit : 0;
    ret->timeout_seconds = seconds > 0 ? (uint64_t) seconds : 0;
    ret->of.continue_token = str_copy(a, options->continue_token);
    if (str_is_none(ret->of.continue_token))
        ret->of.continue_token = STR("");
    return 0;
}

int api_object_list(struct api *api, struct arena *a, const struct store_query *q,
                    enum api_parts parts, struct api_list *ret, struct err *err)
{
    struct json_array_builder items = {0};
    struct store_list list;
    struct json item;
    int result;

    if (store_view_begin(api->options.store, err) < 0)
        return -1;
    result = store_list(api->options.store, a, q, &list, err);
    for (size_t i = 0; i < list.len && result == 0; i++) {
        result = api_object_shown(api, a, list.at[i], parts, &item, err);
        if (result == 0)
            json_push(a, &items, item);
    }
    store_view_end(api->options.store);
    *ret = (struct api_list){
        .items = json_array(&items), .rv = list.rv, .continue_token = list.continue_token};
    store_list_done(&list);
    return result;
}

/* ---- writing ---- */

/* An updated Workflow is shown whole: its nodes are read on a worker. */
struct showing {
    struct job job;
    struct api_call *call;
    const struct store_object *o; /* reference */
    struct json doc;
};

static void run_show(struct job *job)
{
    struct showing *s = CONTAINER_OF(job, struct showing, job);

    job->err.kind = ERR_NONE;
    api_object_shown(s->call->api, http_arena(s->call->req), s->o, API_WHOLE, &s->doc,
                     &job->err);
}

static void on_shown(struct job *job)
{
    struct showing *s = CONTAINER_OF(job, struct showing, job);
    const struct store_object *o = s->o;

    if (job->err.kind != ERR_NONE)
        s->call->dialect->fail(s->call->req, &job->err);
    else
        s->call->dialect->object(s->call->req, 200, &s->doc);
    store_object_unref(o); /* the request and its arena are gone */
}

static void show_later(struct api_call *call, const struct store_object *o)
{
    struct showing *s = ARENA_NEW(http_arena(call->req), struct showing);
    struct err err;

    *s = (struct showing){
        .job = {.run = run_show, .done = on_shown}, .call = call, .o = store_object_ref(o)};
    if (workers_submit(call->api->options.workers, &s->job, &err) == 0)
        return;
    store_object_unref(o);
    err_wrap(&err, "it is written, but cannot be shown now");
    err.kind = ERR_TRANSIENT;
    call->dialect->fail(call->req, &err);
}

void api_on_written(void *ctx, const struct store_result *result, const struct err *err)
{
    struct api_call *call = ctx;
    struct json doc;
    struct err shown;

    if (err->kind != ERR_NONE)
        call->dialect->fail(call->req, err);
    else if (!result->object && call->written)
        call->dialect->object(call->req, 200, call->written);
    else if (!result->object || call->removes == API_REMOVES_ALL ||
             (call->removes == API_REMOVES_ONE && !call->dialect->shows_kept))
        call->dialect->removed(call->req);
    else if (str_is(result->object->key.kind, "Workflow"))
        show_later(call, result->object);
    else if (api_object_shown(call->api, http_arena(call->req), result->object,
                              API_WITHOUT_NODES, &doc, &shown) < 0)
        call->dialect->fail(call->req, &shown);
    else
        call->dialect->object(call->req, 200, &doc);
}

/* A creation under way; lives in the request's arena. */
struct creation {
    struct api_call *call;
    const struct object_kind *kind;
    struct str ns;
    struct json doc;
    struct random random;
    unsigned tries; /* of generated names */
    bool is_generated;
};

static void create_again(struct creation *c, const struct err *err);

static void on_created(void *ctx, const struct store_result *result, const struct err *err)
{
    struct creation *c = ctx;
    struct api_call *call = c->call;
    struct json doc;
    struct err shown;

    if (err->kind == ERR_EXISTS && c->is_generated)
        create_again(c, err);
    else if (err->kind != ERR_NONE)
        call->dialect->fail(call->req, err);
    else if (api_object_shown(call->api, http_arena(call->req), result->object,
                              API_WITHOUT_NODES, &doc, &shown) < 0)
        call->dialect->fail(call->req, &shown);
    else
        call->dialect->object(call->req, call->dialect->created, &doc);
}

static void commit_for(struct api_call *call, struct store_txn *txn, store_done_fn done,
                       void *ctx)
{
    struct store *store = call->api->options.store;
    struct err err;

    if (store_is_stalled(store)) {
        store_txn_free(txn);
        err_set(&err, ERR_IO, "the store cannot write: its disk is full or busy");
        call->dialect->fail(call->req, &err);
    } else if (store_commit(store, txn, done, ctx, &err) < 0) {
        err.kind = ERR_TRANSIENT;
        call->dialect->fail(call->req, &err);
    }
}

void api_commit(struct api_call *call, struct store_txn *txn, store_done_fn done)
{
    commit_for(call, txn, done, call);
}

/* Does it break a rule, or is it not even one of its kind? */
static bool is_readable(const struct object_document *doc, const struct field_faults *faults)
{
    for (size_t i = 0; i < faults->len; i++)
        if (faults->at[i].kind != ERR_INVALID || faults->at[i].what != FIELD_WRONG_VALUE)
            return false;
    return doc->kind != NULL;
}

int api_document_check(struct arena *a, const struct object_document *doc,
                       const struct object_kind *kind, struct err *err)
{
    struct field_faults faults = {0};

    if (!object_check(a, doc, &faults)) {
        object_faults_err(a, doc, &faults, err);
        if (doc->kind == kind && is_readable(doc, &faults))
            err->kind = ERR_RULE;
        return -1;
    }
    if (doc->kind != kind)
        return err_set(err, ERR_INVALID, "the document is a %s, the path is for a %s",
                       doc->kind->kind, kind->kind);
    return 0;
}

/* Warning: 299 - "text" */
static void warn(const struct api_call *call, struct str text)
{
    struct arena *a = http_arena(call->req);
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(4096);

    strbuf_addz(&b, "299 - \"");
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '"' || text.ptr[i] == '\\')
            strbuf_addc(&b, '\\');
        strbuf_addc(&b, text.ptr[i]);
    }
    strbuf_addz(&b, "\"");
    http_add_header(call->req, STR("Warning"), str_copy(a, strbuf_str(&b)));
}

void api_document_prune(const struct api_call *call, struct object_document *doc,
                        const struct object_kind *kind)
{
    struct field_faults told = {.max = API_WARNINGS_MAX};

    if (call->validation == API_STRICT || doc->kind != kind)
        return;
    doc->value = field_prune(http_arena(call->req), kind->shape, &doc->value, &told);
    for (size_t i = 0; call->validation == API_WARN && i < told.len; i++)
        warn(call, str_head(told.at[i].text, 1024));
}

/* They have no place in the text that was sent. */
static int unpack_nodes(const struct api_call *call, struct object_document *doc,
                        struct err *err)
{
    int is_changed;

    if (!doc->kind || !str_is(str_from(doc->kind->kind), "Workflow"))
        return 0;
    is_changed = operate_unpack_nodes(http_arena(call->req), &doc->value, err);
    if (is_changed > 0)
        doc->text = STR("");
    return is_changed;
}

int api_document_admit(const struct api_call *call, struct object_document *doc,
                       const struct object_kind *kind, struct err *err)
{
    if (unpack_nodes(call, doc, err) < 0)
        return -1;
    api_document_prune(call, doc, kind);
    return api_document_check(http_arena(call->req), doc, kind, err);
}

static const struct object_kind *kind_of(const struct store_key *key)
{
    size_t count;
    const struct object_kind *all = object_kinds(&count), *found = NULL;

    for (size_t i = 0; i < count; i++)
        if (str_is(key->group, all[i].group) && str_is(key->kind, all[i].kind))
            found = &all[i];
    assert(found);
    return found;
}

int api_conflict_because(const struct store_key *key, struct str why, struct err *err)
{
    const struct object_kind *kind = kind_of(key);

    return err_set(
        err, ERR_CONFLICT, "Operation cannot be fulfilled on %s%s%s \"" STR_FMT "\": " STR_FMT,
        kind->plural, kind->group[0] ? "." : "", kind->group, STR_ARG(key->name), STR_ARG(why));
}

int api_conflict(const struct store_key *key, struct err *err)
{
    return api_conflict_because(key,
                                STR("the object has been modified; please apply your changes "
                                    "to the latest version and try again"),
                                err);
}

/* A creation that is only tried: does its namespace end? The store looks at those that are not.
 */
static int check_open(struct api_call *call, const struct object_kind *kind,
                      const struct store_key *key, struct err *err)
{
    const struct store_key space = {STR(""), STR("Namespace"), STR(""), key->ns};
    const struct store_object *o;
    struct err ignored;
    bool is_ending;

    if (!kind->is_namespaced || store_get(call->api->options.store, &space, &o, &ignored) < 0)
        return 0;
    is_ending = str_is(o->phase, "Terminating");
    store_object_unref(o);
    if (!is_ending)
        return 0;
    return err_set(err, ERR_DENIED,
                   "%s%s%s \"" STR_FMT "\" is forbidden: unable to create new content in "
                   "namespace " STR_FMT " because it is being terminated",
                   kind->plural, kind->group[0] ? "." : "", kind->group, STR_ARG(key->name),
                   STR_ARG(key->ns));
}

/* A creation that is only tried: is the name free? */
static void try_create(struct api_call *call, const struct object_kind *kind,
                       const struct json *made)
{
    const struct store_key key = api_key(kind, object_namespace(made), object_name(made));
    struct arena *a = http_arena(call->req);
    struct json there;
    struct err err = {0};

    if (check_open(call, kind, &key, &err) == 0 &&
        api_object_get(call->api, a, &key, API_WITHOUT_NODES, &there, &err) == 0)
        err_set(&err, ERR_EXISTS, "%s%s%s \"" STR_FMT "\" already exists", kind->plural,
                kind->group[0] ? "." : "", kind->group, STR_ARG(key.name));
    if (err.kind == ERR_NOT_FOUND)
        call->dialect->object(call->req, call->dialect->created, made);
    else
        call->dialect->fail(call->req, &err);
}

int api_check_grant(const struct api_call *call, const struct object_kind *kind, struct str ns,
                    const struct json *doc, struct err *err)
{
    if (!call->who || strcmp(kind->group, AUTH_RBAC_GROUP) != 0)
        return 0;
    return auth_check_grant(call->api->auth, call->who, str_from(kind->kind), ns, doc, err);
}

/* With a name, the next one where it is generated. */
static int name_it(struct creation *c, struct json *ret, struct err *err)
{
    uint64_t bits[2] = {random_u64(&c->random), random_u64(&c->random)};

    return object_prepare(http_arena(c->call->req), c->kind, &c->doc, c->ns, clock_wall().ms,
                          (const uint8_t *) bits, ret, err);
}

static void commit_creation(struct creation *c, const struct json *prepared)
{
    const struct json made = api_managed(c->call, c->kind, STR(""), NULL, prepared);
    struct store_txn *txn;

    if (c->call->is_dry_run) {
        try_create(c->call, c->kind, &made);
        return;
    }
    txn = store_txn_new(c->call->api->options.store);
    store_txn_create(txn, &made);
    commit_for(c->call, txn, on_created, c);
}

/* Loop. */
static void create_again(struct creation *c, const struct err *err)
{
    struct json made;
    struct err why = *err;

    if (++c->tries >= OBJECT_NAME_TRIES_MAX)
        err_set(&why, ERR_EXISTS,
                "%s, the server was not able to generate a unique name for the object",
                why.text);
    else if (name_it(c, &made, &why) == 0) {
        commit_creation(c, &made);
        return;
    }
    c->call->dialect->fail(c->call->req, &why);
}

void api_create(struct api_call *call, const struct object_kind *kind, struct str ns,
                const struct json *doc)
{
    struct creation *c = ARENA_NEW(http_arena(call->req), struct creation);
    uint64_t seed = call->api->options.seed;
    struct json made;
    struct err err;

    *c = (struct creation){.call = call,
                           .kind = kind,
                           .ns = str_copy(http_arena(call->req), ns),
                           .doc = *doc,
                           .random = seed ? random_seed(seed) : random_from_system(),
                           .is_generated = str_is_empty(object_name(doc))};
    if (name_it(c, &made, &err) < 0 ||
        api_check_grant(call, kind, object_namespace(&made), &made, &err) < 0)
        call->dialect->fail(call->req, &err);
    else
        commit_creation(c, &made);
}

static void try_delete(struct api_call *call, const struct store_key *key, struct str uid,
                       int64_t rv)
{
    struct json doc;
    int64_t is = 0;
    struct err err = {0};

    if (api_object_get(call->api, http_arena(call->req), key, API_WITHOUT_NODES, &doc, &err) <
        0) {
        call->dialect->fail(call->req, &err);
        return;
    }
    if ((!str_is_empty(uid) && !str_eq(uid, object_uid(&doc))) ||
        (rv != 0 &&
         (!parse_i64(json_str(json_path(&doc, "metadata", "resourceVersion", NULL)), &is) ||
          is != rv)))
        api_conflict(key, &err);
    if (err.kind == ERR_NONE)
        call->dialect->removed(call->req);
    else
        call->dialect->fail(call->req, &err);
}

int api_propagation_parse(struct str word, enum store_propagation *ret, struct err *err)
{
    static const char *const words[] = {[STORE_BACKGROUND] = "Background",
                                        [STORE_FOREGROUND] = "Foreground",
                                        [STORE_ORPHAN] = "Orphan"};

    *ret = STORE_BACKGROUND;
    if (str_is_empty(word))
        return 0;
    for (size_t i = 0; i < COUNT_OF(words); i++)
        if (str_is(word, words[i])) {
            *ret = (enum store_propagation) i;
            return 0;
        }
    return err_set(err, ERR_RULE,
                   "propagationPolicy: Unsupported value: \"" STR_FMT
                   "\": supported values: \"Foreground\", \"Background\", \"Orphan\"",
                   STR_ARG(str_head(word, 60)));
}

/* The namespaces that there are always. */
static int check_removal(const struct store_key *key, struct err *err)
{
    static const char *const kept[] = {"default", "kube-public", "kube-system"};

    for (size_t i = 0; i < COUNT_OF(kept); i++)
        if (str_is(key->kind, "Namespace") && str_is_empty(key->group) &&
            str_is(key->name, kept[i]))
            return err_set(err, ERR_DENIED,
                           "namespaces \"%s\" is forbidden: this namespace may not be deleted",
                           kept[i]);
    return 0;
}

void api_delete(struct api_call *call, const struct store_key *key,
                const struct api_deletion *d)
{
    struct store_txn *txn;
    struct err err;

    if (check_removal(key, &err) < 0) {
        call->dialect->fail(call->req, &err);
        return;
    }
    if (call->is_dry_run) {
        try_delete(call, key, d->uid, d->rv);
        return;
    }
    call->removes = API_REMOVES_ONE;
    txn = store_txn_new(call->api->options.store);
    store_txn_delete_as(txn, key, d->uid, d->rv, d->how);
    api_commit(call, txn, api_on_written);
}

int api_delete_all(struct api_call *call, const struct store_query *q,
                   enum store_propagation how, struct json *ret, struct err *err)
{
    struct store_txn *txn;
    struct api_list list;

    if (api_object_list(call->api, http_arena(call->req), q, API_WITHOUT_NODES, &list, err) < 0)
        return -1;
    *ret = list.items;
    for (uint32_t i = 0; i < list.items.count; i++)
        if (check_removal(&(struct store_key){.group = q->group,
                                              .kind = q->kind,
                                              .name = object_name(&list.items.items[i])},
                          err) < 0)
            return -1;
    if (list.items.count == 0 || call->is_dry_run)
        return 0;
    call->removes = API_REMOVES_ALL;
    txn = store_txn_new(call->api->options.store);
    for (uint32_t i = 0; i < list.items.count; i++) {
        const struct json *doc = &list.items.items[i];
        const struct store_key key = {q->group, q->kind, object_namespace(doc),
                                      object_name(doc)};

        store_txn_delete_as(txn, &key, object_uid(doc), 0, how);
    }
    api_commit(call, txn, api_on_written);
    return 1;
}
