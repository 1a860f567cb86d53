/*
 * The workflow service: create, submit, lint, get, delete, logs and watches. The list is in
 * workflow_list.c, operations on workflows that are there in workflow_operations.c.
 *
 * What makes or checks a Workflow runs on a worker, by the submitter; a lint is a submission
 * that stops before the creation.
 */
#include "api/argo/workflows.h"
#include "api/argo/fields.h"
#include "api/argo/gateway.h"
#include "api/argo/objects.h"
#include "api/argo/operations.h"
#include "api/argo/submit_options.h"
#include "base/limits.h"
#include "formats/selector.h"

static const struct argo_kind kind = {.kind = "Workflow", .member = "workflow"};

/* ---- reading ---- */

/* The newest of the unfinished or the finished; absent when there is none. */
static int find_newest(const struct argo_request *r, struct str ns,
                       enum store_finished finished, struct json *ret, struct err *err)
{
    struct store_query q = {.group = STR("argoproj.io"),
                            .kind = STR("Workflow"),
                            .ns = ns,
                            .name_prefix = STR(""),
                            .limit = 1,
                            .continue_token = STR(""),
                            .finished = finished,
                            .newest_first = true};
    struct api_list list;
    const struct json *found;

    if (api_object_list(r->api, r->a, &q, API_WITHOUT_NODES, &list, err) < 0)
        return -1;
    found = json_item(&list.items, 0);
    *ret = found ? *found : json_null();
    return 0;
}

static struct str created_of(const struct json *workflow)
{
    return json_str(json_path(workflow, "metadata", "creationTimestamp", NULL));
}

int argo_workflow_resolve(const struct argo_request *r, struct store_key *key, struct err *err)
{
    struct json active, ended;

    if (!str_is(key->name, "@latest"))
        return 0;
    if (find_newest(r, key->ns, STORE_UNFINISHED, &active, err) < 0 ||
        find_newest(r, key->ns, STORE_FINISHED, &ended, err) < 0)
        return -1;
    if (json_is(&active, JSON_NULL) && json_is(&ended, JSON_NULL))
        return err_set(err, ERR_NOT_FOUND, "no workflows found");
    if (json_is(&active, JSON_NULL) ||
        (!json_is(&ended, JSON_NULL) && str_cmp(created_of(&ended), created_of(&active)) > 0))
        active = ended;
    key->name = object_name(&active);
    return 0;
}

static int get_resolved(const struct argo_request *r, const struct store_key *key,
                        enum api_parts parts, struct json *ret, struct err *err)
{
    const struct api_archived of = {
        .uid = argo_query(r, "uid"), .ns = key->ns, .name = key->name};

    return api_workflow_get(r->api, r->a, &of, parts, ret, err);
}

void argo_workflows_get(const struct argo_request *r)
{
    struct store_key key = argo_object_key(r, argo_kind_of("Workflow"));
    struct str fields = argo_query(r, "fields");
    enum api_parts parts =
        argo_fields_exclude(fields, "", STR("status.nodes")) ? API_WITHOUT_NODES : API_WHOLE;
    struct json doc;
    struct err err;

    if (argo_workflow_resolve(r, &key, &err) < 0 ||
        get_resolved(r, &key, parts, &doc, &err) < 0) {
        argo_fail(r->req, &err);
        return;
    }
    doc = argo_fields_clean(r->a, fields, "", &doc);
    argo_reply(r->req, &doc);
}

/* The name that a selector of fields asks for, whatever else it asks; empty: none. */
static struct str selected_name(struct arena *a, struct str fields)
{
    struct selector s = {0};
    struct err ignored; /* the watch tells it */

    if (selector_parse_fields(a, fields, &s, &ignored) < 0)
        return STR("");
    for (size_t i = 0; i < s.len; i++)
        if (s.at[i].op == SELECTOR_EQUAL && str_is(s.at[i].key, "metadata.name"))
            return s.at[i].values[0];
    return STR("");
}

/* Of one workflow that is named, so that who waits for one that there is not hears of it. */
void argo_workflows_watch(const struct argo_request *r)
{
    struct api_list_options options = argo_list_options(r);
    struct store_key key = api_key(argo_kind_of("Workflow"), argo_variable(r, "namespace"),
                                   selected_name(r->a, options.fields));
    bool is_alias = str_is(key.name, "@latest");
    struct json doc;
    struct err err;

    if (!str_is_empty(key.name) && (is_alias || !str_is_empty(key.ns))) {
        if (argo_workflow_resolve(r, &key, &err) < 0 ||
            get_resolved(r, &key, API_WITHOUT_NODES, &doc, &err) < 0) {
            argo_fail(r->req, &err);
            return;
        }
        if (is_alias)
            options.fields = str_printf(r->a, "metadata.name=" STR_FMT, STR_ARG(key.name));
    }
    argo_objects_watch_by(r, &kind, &options);
}

void argo_workflows_events(const struct argo_request *r)
{
    static const struct argo_kind event = {.kind = "Event", .member = "event"};

    argo_objects_watch(r, &event);
}

/* Of all pods of a workflow, or of one. */
static void answer_log(const struct argo_request *r, struct str pod)
{
    struct api_log_request log = {.ns = argo_variable(r, "namespace"),
                                  .workflow = argo_variable(r, "name"),
                                  .pod = pod,
                                  .format = argo_log_format(r)};
    struct store_key key = argo_object_key(r, argo_kind_of("Workflow"));
    struct err err;

    if (api_log_options_parse(r->req, STR("logOptions."), &log.options, &err) < 0 ||
        argo_workflow_resolve(r, &key, &err) < 0) {
        argo_fail(r->req, &err);
        return;
    }
    log.workflow = key.name;
    api_log(argo_call(r), &log);
}

void argo_workflows_log(const struct argo_request *r)
{
    answer_log(r, argo_query(r, "podName"));
}

void argo_workflows_pod_log(const struct argo_request *r)
{
    answer_log(r, argo_variable(r, "podName"));
}

/* ---- writing ---- */

/* Without its finalizers, in one transaction: nobody holds it up. */
static int delete_by_force(struct store *store, struct arena *a, const struct store_key *key,
                           struct err *err)
{
    const struct store_object *o;
    struct store_result result = {0};
    struct store_txn *txn;
    struct json doc;

    if (store_get(store, key, &o, err) < 0)
        return -1;
    if (json_parse(a, str_copy(a, o->doc), &doc, err) < 0) {
        store_object_unref(o);
        return -1;
    }
    txn = store_txn_new(store);
    if (json_path(&doc, "metadata", "finalizers", NULL)) {
        doc = json_set(a, &doc, STR("metadata"),
                       json_without(a, json_get(&doc, STR("metadata")), STR("finalizers")));
        store_txn_update(txn, &doc, o->rv);
    }
    if (!json_path(&doc, "metadata", "deletionTimestamp",
                   NULL)) /* else the update deletes it */
        store_txn_delete(txn, key, o->uid, 0);
    store_object_unref(o);
    return store_commit_wait(store, txn, &result, err);
}

static int work_force(struct api *api, struct arena *a, const void *key,
                      const struct store_object **ret, struct err *err)
{
    (void) ret;
    for (int i = 0; i < OPERATION_TRIES_MAX; i++) {
        if (delete_by_force(api->options.store, a, key, err) == 0)
            return 0;
        if (err->kind != ERR_CONFLICT)
            return -1;
    }
    return -1;
}

void argo_workflows_delete(const struct argo_request *r)
{
    struct store_key *key = ARENA_NEW(r->a, struct store_key);

    if (!str_is(argo_query(r, "force"), "true")) {
        argo_objects_delete(r, &kind);
        return;
    }
    *key = argo_object_key(r, argo_kind_of("Workflow"));
    api_work(argo_call(r), work_force, key);
}

/* A submission of the body's Workflow; NULL when the request is answered. */
static struct api_submission *read_submission(const struct argo_request *r,
                                              struct json *ret_body)
{
    struct api_submission *s = ARENA_NEW(r->a, struct api_submission);
    struct json *doc = ARENA_NEW(r->a, struct json);
    struct err err;

    if (argo_body(r, ret_body, &err) < 0 ||
        argo_document(r, ret_body, kind.member, argo_kind_of("Workflow"), doc, &err) < 0) {
        argo_fail(r->req, &err);
        return NULL;
    }
    s->doc = doc;
    s->options.ns = object_namespace(doc);
    return s;
}

void argo_workflows_create(const struct argo_request *r)
{
    struct json body;
    struct api_submission *s = read_submission(r, &body);

    if (!s)
        return;
    if (argo_is_dry_run(&body))
        s->echo = s->doc;
    s->options.dry_run = s->echo || json_get_bool(&body, STR("serverDryRun"));
    api_submit(argo_call(r), s);
}

void argo_workflows_lint(const struct argo_request *r)
{
    struct json body;
    struct api_submission *s = read_submission(r, &body);

    if (!s)
        return;
    s->echo = s->doc;
    s->options.dry_run = true;
    api_submit(argo_call(r), s);
}

/* Who submits a template must be allowed to read it. */
static int check_template(const struct argo_request *r, const struct api_submission *s,
                          struct err *err)
{
    const struct object_kind *of = object_kind_by_plural(STR_NONE, s->kind);
    const struct auth_request what = {.verb = STR("get"),
                                      .group = STR("argoproj.io"),
                                      .resource = of ? str_from(of->plural) : s->kind,
                                      .ns = of && !of->is_namespaced ? STR("") : s->options.ns,
                                      .name = s->name};

    return api_check(r->api, r->req, &what, err);
}

void argo_workflows_submit(const struct argo_request *r)
{
    struct api_submission *s = ARENA_NEW(r->a, struct api_submission);
    struct json body;
    struct err err;

    if (argo_body(r, &body, &err) < 0 ||
        argo_submit_options(r->a, &body, &s->options, &err) < 0) {
        argo_fail(r->req, &err);
        return;
    }
    s->kind = str_copy(r->a, json_get_str(&body, STR("resourceKind")));
    s->name = json_get_str(&body, STR("resourceName"));
    s->options.ns = argo_variable(r, "namespace");
    if (!argo_is_submittable(s->kind)) {
        err_set(&err, ERR_INVALID,
                "Resource kind '" STR_FMT "' is not supported for submitting",
                STR_ARG(s->kind));
        argo_fail(r->req, &err);
    } else if (str_is_empty(s->name)) {
        err_set(&err, ERR_INVALID, "resourceName is required");
        argo_fail(r->req, &err);
    } else if (check_template(r, s, &err) < 0) {
        argo_fail(r->req, &err);
    } else {
        api_submit(argo_call(r), s);
    }
}
