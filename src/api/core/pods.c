/* Pods as objects. See pods.h. */
#include "api/core/pods.h"

#include "api/core/log_internal.h"
#include "api/core/pod_gc.h"
#include "api/core/pod_renewed.h"
#include "api/core/pod_spec.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/map.h"
#include "base/mem.h"
#include "objects/workflow_node.h"

#define DELETED_TABLE STR("pod_deleted")

bool api_is_pod(const struct object_kind *kind)
{
    return strcmp(kind->kind, "Pod") == 0 && kind->group[0] == '\0';
}

/* ---- one pod ---- */

static struct str phase_of(const struct json *node)
{
    struct str phase = json_get_str(node, STR("phase"));

    return str_is(phase, "Error") ? STR("Failed") : phase;
}

static bool has_phase(const struct json *node, const char *phase)
{
    return str_is(phase_of(node), phase);
}

static struct json owners(struct arena *a, const struct json *workflow)
{
    struct json_object_builder b = {0};
    struct json_array_builder list = {0};

    json_add_str(a, &b, STR("apiVersion"), json_get_str(workflow, STR("apiVersion")));
    json_add(a, &b, STR("kind"), json_string(STR("Workflow")));
    json_add_str(a, &b, STR("name"), object_name(workflow));
    json_add_str(a, &b, STR("uid"), object_uid(workflow));
    json_add(a, &b, STR("controller"), json_bool(true));
    json_add(a, &b, STR("blockOwnerDeletion"), json_bool(true));
    json_push(a, &list, json_object(&b));
    return json_array(&list);
}

static struct json metadata(struct arena *a, const struct json *workflow,
                            const struct json *node, struct str uid)
{
    struct json_object_builder b = {0}, notes = {0};
    struct json labels = api_node_pod_labels(a, workflow, node);
    bool is_over = !str_is_empty(json_get_str(node, STR("finishedAt")));

    labels = json_set(a, &labels, STR("workflows.argoproj.io/completed"),
                      json_string(is_over ? STR("true") : STR("false")));
    json_add_str(a, &notes, STR("kubectl.kubernetes.io/default-container"), STR("main"));
    json_add_str(a, &notes, STR("workflows.argoproj.io/node-id"),
                 json_get_str(node, STR("id")));
    json_add_str(a, &notes, STR("workflows.argoproj.io/node-name"),
                 json_get_str(node, STR("name")));
    json_add_str(a, &b, STR("name"), api_node_pod_name(a, workflow, node));
    json_add_str(a, &b, STR("namespace"), object_namespace(workflow));
    json_add_str(a, &b, STR("uid"), uid);
    json_add_str(a, &b, STR("resourceVersion"),
                 json_str(json_path(workflow, "metadata", "resourceVersion", NULL)));
    json_add_str(a, &b, STR("creationTimestamp"), json_get_str(node, STR("startedAt")));
    json_add(a, &b, STR("labels"), labels);
    json_add(a, &b, STR("annotations"), json_object(&notes));
    json_add(a, &b, STR("ownerReferences"), owners(a, workflow));
    return json_object(&b);
}

static struct json exit_code(struct arena *a, const struct json *node)
{
    struct str code = json_str(json_path(node, "outputs", "exitCode", NULL));
    int64_t number = has_phase(node, "Succeeded") ? 0 : 1;

    if (!str_is_empty(code) && !parse_i64(code, &number))
        number = 1;
    return json_int(a, number);
}

/* {"terminated": {...}}, {"running": {...}} or {"waiting": {...}} */
static struct json state_of(struct arena *a, const struct json *node)
{
    struct json_object_builder state = {0}, b = {0};
    const char *word = "waiting";

    if (has_phase(node, "Running")) {
        word = "running";
        json_add_str(a, &b, STR("startedAt"), json_get_str(node, STR("startedAt")));
    } else if (has_phase(node, "Pending")) {
        json_add(a, &b, STR("reason"), json_string(STR("ContainerCreating")));
    } else {
        word = "terminated";
        json_add(a, &b, STR("exitCode"), exit_code(a, node));
        json_add(a, &b, STR("reason"),
                 json_string(has_phase(node, "Succeeded") ? STR("Completed") : STR("Error")));
        json_add_str(a, &b, STR("message"), json_get_str(node, STR("message")));
        json_add_str(a, &b, STR("startedAt"), json_get_str(node, STR("startedAt")));
        json_add_str(a, &b, STR("finishedAt"), json_get_str(node, STR("finishedAt")));
    }
    json_add(a, &state, str_from(word), json_object(&b));
    return json_object(&state);
}

static struct json container_status(struct arena *a, const struct json *container,
                                    const struct json *node)
{
    struct str image = json_get_str(container, STR("image"));
    struct json_object_builder b = {0};

    json_add(a, &b, STR("name"), json_string(json_get_str(container, STR("name"))));
    json_add(a, &b, STR("image"), json_string(str_is_none(image) ? STR("") : image));
    json_add(a, &b, STR("imageID"), json_string(STR("")));
    json_add(a, &b, STR("ready"), json_bool(has_phase(node, "Running")));
    json_add(a, &b, STR("started"), json_bool(has_phase(node, "Running")));
    json_add(a, &b, STR("restartCount"), json_int(a, 0));
    json_add(a, &b, STR("state"), state_of(a, node));
    return json_object(&b);
}

static struct json status_of(struct arena *a, const struct json *spec, const struct json *node)
{
    const struct json *list = json_get(spec, STR("containers"));
    struct json_object_builder b = {0};
    struct json_array_builder containers = {0};

    for (size_t i = 0; json_item(list, i); i++)
        json_push(a, &containers, container_status(a, json_item(list, i), node));
    json_add_str(a, &b, STR("phase"), phase_of(node));
    json_add_str(a, &b, STR("message"), json_get_str(node, STR("message")));
    json_add_str(a, &b, STR("hostIP"), json_get_str(node, STR("hostIP")));
    json_add_str(a, &b, STR("podIP"), json_get_str(node, STR("podIP")));
    json_add_str(a, &b, STR("startTime"), json_get_str(node, STR("startedAt")));
    json_add(a, &b, STR("containerStatuses"), json_array(&containers));
    return json_object(&b);
}

static struct json pod_value(struct api *api, struct arena *a, const struct json *workflow,
                             const struct json *node, const struct map *renewed)
{
    struct json_object_builder b = {0};
    struct str own = workflow_node_pod(a, workflow, node);
    struct json spec = api_pod_spec(api, a, workflow, node, own);

    json_add(a, &b, STR("apiVersion"), json_string(STR("v1")));
    json_add(a, &b, STR("kind"), json_string(STR("Pod")));
    json_add(a, &b, STR("metadata"),
             metadata(a, workflow, node, pod_renewed_uid(a, renewed, own)));
    json_add(a, &b, STR("spec"), spec);
    json_add(a, &b, STR("status"), status_of(a, &spec, node));
    return json_object(&b);
}

/* ---- which pods there are ---- */

/* The uids of pods that clients deleted. */
static int read_deleted(struct api *api, struct arena *a, struct map *ret, struct err *err)
{
    struct store_row *rows;
    size_t count;

    map_init_borrowed(ret);
    if (store_rows(api->options.store, a, DELETED_TABLE, STR(""), &rows, &count, err) < 0)
        return -1;
    for (size_t i = 0; i < count; i++)
        map_put(ret, rows[i].key, ret);
    return 0;
}

static bool is_there(struct arena *a, const struct json *workflow, const struct json *node,
                     const struct map *deleted)
{
    bool is_over = !str_is_empty(json_get_str(node, STR("finishedAt")));
    struct json labels;

    if (!str_is(json_get_str(node, STR("type")), "Pod") || str_is_empty(phase_of(node)))
        return false;
    if (!is_over)
        return true;
    labels = api_node_pod_labels(a, workflow, node);
    return !api_pod_is_collected(a, workflow, node, &labels) &&
           (deleted->len == 0 || !map_find(deleted, workflow_node_pod(a, workflow, node)));
}

static struct json fields_of(struct arena *a, const struct json *pod)
{
    struct json_object_builder b = {0};

    json_add_str(a, &b, STR("metadata.name"), object_name(pod));
    json_add_str(a, &b, STR("metadata.namespace"), object_namespace(pod));
    json_add_str(a, &b, STR("status.phase"), json_str(json_path(pod, "status", "phase", NULL)));
    json_add_str(a, &b, STR("spec.nodeName"),
                 json_str(json_path(pod, "spec", "nodeName", NULL)));
    json_add_str(a, &b, STR("spec.restartPolicy"), STR("Never"));
    return json_object(&b);
}

static bool is_wanted(struct arena *a, const struct store_query *q, const struct json *pod)
{
    const struct json fields = fields_of(a, pod);

    return (!q->labels ||
            selector_matches(q->labels, json_path(pod, "metadata", "labels", NULL))) &&
           (!q->fields || selector_matches(q->fields, &fields));
}

/* What is known of pods beside their Workflows. */
struct pod_facts {
    struct map deleted; /* uids of pods that clients deleted */
    struct map renewed; /* see pod_renewed.h */
    struct map *there;  /* gets the uids of all that there are, also of those that are not asked
                           for; or NULL */
};

static int read_facts(struct api *api, struct arena *a, struct pod_facts *ret, struct err *err)
{
    if (read_deleted(api, a, &ret->deleted, err) < 0)
        return -1;
    return pod_renewed_read(api, a, &ret->renewed, err);
}

static void facts_done(struct pod_facts *facts)
{
    map_done(&facts->deleted);
    map_done(&facts->renewed);
}

static void push_pods(struct api *api, struct arena *a, const struct store_query *q,
                      const struct json *workflow, const struct pod_facts *facts,
                      struct json_array_builder *to)
{
    const struct json *nodes = json_path(workflow, "status", "nodes", NULL);

    for (uint32_t i = 0; json_is(nodes, JSON_OBJECT) && i < nodes->count; i++) {
        const struct json *node = &nodes->members[i].value;
        struct json pod;

        if (!is_there(a, workflow, node, &facts->deleted))
            continue;
        pod = pod_value(api, a, workflow, node, &facts->renewed);
        if (facts->there)
            map_put(facts->there, object_uid(&pod), api);
        if (is_wanted(a, q, &pod))
            json_push(a, to, pod);
    }
}

/* The query for the Workflows whose pods match: labels and fields are those of pods. */
static struct store_query workflows_of(const struct store_query *q)
{
    return (struct store_query){
        .group = STR("argoproj.io"), .kind = STR("Workflow"), .ns = q->ns};
}

static int list_page(struct api *api, struct arena *a, const struct store_list *list,
                     const struct store_query *q, struct json_array_builder *to,
                     struct err *err)
{
    struct pod_facts facts = {0};
    int result = read_facts(api, a, &facts, err);

    for (size_t i = 0; i < list->len && result == 0; i++) {
        struct json doc;

        result = api_object_shown(api, a, list->at[i], API_WHOLE, &doc, err);
        if (result == 0)
            push_pods(api, a, q, &doc, &facts, to);
        if (result == 0 && to->len > POD_LIST_MAX)
            result = err_set(err, ERR_LIMIT,
                             "there are more than %d pods: ask for a namespace or a label",
                             POD_LIST_MAX);
    }
    facts_done(&facts);
    return result;
}

/* The query for pods that are objects: their fields are looked at here. */
static struct store_query objects_of(const struct store_query *q)
{
    return (struct store_query){.group = STR(""), .kind = STR("Pod"), .ns = q->ns};
}

static int list_objects(struct api *api, struct arena *a, const struct store_query *q,
                        struct json_array_builder *to, struct err *err)
{
    const struct store_query of = objects_of(q);
    struct store_list list;
    int result = 0;

    if (store_list(api->options.store, a, &of, &list, err) < 0)
        return -1;
    for (size_t i = 0; i < list.len && result == 0; i++) {
        struct json doc;

        result = api_object_shown(api, a, list.at[i], API_WHOLE, &doc, err);
        if (result == 0 && is_wanted(a, q, &doc))
            json_push(a, to, doc);
    }
    store_list_done(&list);
    return result;
}

/* @ret_views: so many at the beginning are of Workflows, the others are objects. */
static int list_all(struct api *api, struct arena *a, const struct store_query *q,
                    struct api_list *ret, size_t *ret_views, struct err *err)
{
    const struct store_query of = workflows_of(q);
    struct json_array_builder items = {0};
    struct store_list list;
    int result;

    if (store_list(api->options.store, a, &of, &list, err) < 0)
        return -1;
    result = list_page(api, a, &list, q, &items, err);
    *ret_views = items.len;
    if (result == 0)
        result = list_objects(api, a, q, &items, err);
    *ret = (struct api_list){
        .items = json_array(&items), .rv = list.rv, .continue_token = STR("")};
    store_list_done(&list);
    return result;
}

static int list_at_once(struct api *api, struct arena *a, const struct store_query *q,
                        struct api_list *ret, size_t *ret_views, struct err *err)
{
    int result;

    if (store_view_begin(api->options.store, err) < 0)
        return -1;
    result = list_all(api, a, q, ret, ret_views, err);
    store_view_end(api->options.store);
    return result;
}

int api_pod_list(struct api *api, struct arena *a, const struct store_query *q,
                 struct api_list *ret, struct err *err)
{
    size_t views;

    return list_at_once(api, a, q, ret, &views, err);
}

/* ---- by name ---- */

/* A pod and where it comes from; in an arena. */
struct found {
    struct json workflow, pod;
    const struct json *node; /* in workflow */
    struct str uid;          /* the runner's */
    bool is_over, is_waiting;
};

static bool find_in(struct api *api, struct arena *a, const struct json *workflow,
                    struct str name, const struct pod_facts *facts, struct found *ret)
{
    const struct json *nodes = json_path(workflow, "status", "nodes", NULL);

    for (uint32_t i = 0; json_is(nodes, JSON_OBJECT) && i < nodes->count; i++) {
        const struct json *node = &nodes->members[i].value;

        if (!is_there(a, workflow, node, &facts->deleted) ||
            !str_eq(api_node_pod_name(a, workflow, node), name))
            continue;
        *ret = (struct found){.workflow = *workflow,
                              .pod = pod_value(api, a, workflow, node, &facts->renewed),
                              .node = node,
                              .uid = workflow_node_pod(a, workflow, node),
                              .is_over = !str_is_empty(json_get_str(node, STR("finishedAt"))),
                              .is_waiting = has_phase(node, "Pending")};
        return true;
    }
    return false;
}

/* A pod's name begins with its Workflow's: every beginning up to a dash is tried. */
static int find_pod(struct api *api, struct arena *a, struct str ns, struct str name,
                    struct found *ret, struct err *err)
{
    struct pod_facts facts = {0};
    bool is_found = false;
    int result = read_facts(api, a, &facts, err);

    for (size_t len = name.len; len > 0 && result == 0 && !is_found; len--) {
        const struct store_key key = {STR("argoproj.io"), STR("Workflow"), ns,
                                      str_head(name, len)};
        struct json doc;

        if (len < name.len && name.ptr[len] != '-')
            continue;
        if (api_object_get(api, a, &key, API_WHOLE, &doc, err) == 0)
            is_found = find_in(api, a, &doc, name, &facts, ret);
        else if (err->kind != ERR_NOT_FOUND)
            result = -1;
    }
    facts_done(&facts);
    if (result == 0 && !is_found)
        return err_set(err, ERR_NOT_FOUND, "pods \"" STR_FMT "\" not found", STR_ARG(name));
    return result;
}

/* One that is an object; 1: there is none. */
static int get_object(struct api *api, struct arena *a, struct str ns, struct str name,
                      struct json *ret, struct err *err)
{
    const struct store_key key = {STR(""), STR("Pod"), ns, name};

    if (api_object_get(api, a, &key, API_WHOLE, ret, err) == 0)
        return 0;
    return err->kind == ERR_NOT_FOUND ? 1 : -1;
}

struct str api_pod_container(struct api *api, struct arena *a, struct str ns, struct str name)
{
    struct json pod;
    struct str given;
    struct err ignored;

    if (get_object(api, a, ns, name, &pod, &ignored) != 0)
        return STR("main");
    given = object_annotation(&pod, STR("kubectl.kubernetes.io/default-container"));
    return str_is_empty(given)
               ? json_get_str(json_item(json_path(&pod, "spec", "containers", NULL), 0),
                              STR("name"))
               : given;
}

int api_pod_get(struct api *api, struct arena *a, struct str ns, struct str name,
                struct json *ret, struct err *err)
{
    struct found found;
    int got = get_object(api, a, ns, name, ret, err);

    if (got <= 0)
        return got;
    if (find_pod(api, a, ns, name, &found, err) < 0)
        return -1;
    *ret = found.pod;
    return 0;
}

struct pod_log *api_pod_archived_log(struct api *api, struct str ns, struct str name,
                                     struct err *err)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct found found;

    if (find_pod(api, a, ns, name, &found, err) < 0)
        return NULL;
    if (!found.is_over) {
        err_set(err, ERR_NOT_FOUND, "pods \"" STR_FMT "\" not found", STR_ARG(name));
        return NULL;
    }
    return log_archived_open(api, a, &found.workflow, found.node, err);
}

/* ---- watching ---- */

/* What a reader has been told; used by one job at a time. */
struct pod_view {
    struct api_watch_view base;
    struct api *api;
    struct store_query query; /* of pods; texts in the stream's arena */
    struct map told;          /* uid of a pod -> told_pod */
};

struct told_pod {
    uint64_t hash;
    char *text; /* the last line's object, owned */
    size_t len;
    bool is_seen; /* in the event that is looked at */
};

static void told_free(struct told_pod *t)
{
    if (t)
        free(t->text);
    free(t);
}

static void add_line(struct pod_view *v, struct arena *a, struct strbuf *to, const char *type,
                     const struct json *pod)
{
    strbuf_add(to, v->base.format->event(a, v->base.fields, type, pod));
}

/* A pod as it is now: a line when it is new or has changed. */
static void tell(struct pod_view *v, struct arena *a, struct strbuf *to, const struct json *pod)
{
    struct json bare = json_set_path(a, pod, json_null(), "metadata", "resourceVersion", NULL);
    struct str key = object_uid(pod), text = json_text(a, &bare, JSON_COMPACT);
    struct told_pod *t = map_find(&v->told, key);
    bool is_new = !t;

    if (t && t->hash == str_hash(text)) {
        t->is_seen = true;
        return;
    }
    if (is_new) {
        t = NEW(struct told_pod);
        map_put(&v->told, key, t);
    }
    free(t->text);
    text = json_text(a, pod, JSON_COMPACT);
    *t = (struct told_pod){.hash = str_hash(json_text(a, &bare, JSON_COMPACT)),
                           .text = mem_dup(text.ptr, text.len),
                           .len = text.len,
                           .is_seen = true};
    add_line(v, a, to, is_new ? "ADDED" : "MODIFIED", pod);
}

/* What has gone has a time at which it was told to go. */
static void add_deleted(struct pod_view *v, struct arena *a, struct strbuf *to, struct json pod)
{
    if (!json_path(&pod, "metadata", "deletionTimestamp", NULL))
        pod = json_set_path(a, &pod, json_string(object_time_text(a, clock_wall().ms)), "metadata",
                            "deletionTimestamp", NULL);
    add_line(v, a, to, "DELETED", &pod);
}

/* @is_deleted: it does not only match no more. */
static void tell_gone(struct pod_view *v, struct arena *a, struct strbuf *to, size_t at,
                      bool is_deleted)
{
    struct told_pod *t = v->told.entries[at].value;
    struct json pod;
    struct err err;

    if (json_parse(a, str_copy(a, str_of(t->text, t->len)), &pod, &err) == 0) {
        if (is_deleted)
            add_deleted(v, a, to, pod);
        else
            add_line(v, a, to, "DELETED", &pod);
    }
    told_free(map_take(&v->told, v->told.entries[at].key));
}

/* Pods of the Workflow that were told of before and are not there any more. */
static void tell_rest(struct pod_view *v, struct arena *a, struct strbuf *to,
                      struct str workflow_uid, const struct map *there)
{
    size_t i = 0;

    while (i < v->told.len) {
        struct told_pod *t = v->told.entries[i].value;
        bool is_its = str_starts(v->told.entries[i].key, workflow_uid);

        if (is_its && !t->is_seen) {
            tell_gone(v, a, to, i, !map_find(there, v->told.entries[i].key));
            continue;
        }
        t->is_seen = false;
        i++;
    }
}

/* A pod that is an object: it may have begun or ceased to match. One that went between the
 * reader's list and its watch was never told of here, but it is there in the reader's list. */
static struct str view_object(struct pod_view *v, struct arena *a, const char *type,
                              const struct json *pod)
{
    _cleanup_strbuf_ struct strbuf text = STRBUF_INIT(HTTP_RESPONSE_MAX_BYTES);
    bool is_deleted = strcmp(type, "DELETED") == 0;
    bool is_matching = is_wanted(a, &v->query, pod);
    struct told_pod *t;

    if (!is_deleted && is_matching)
        tell(v, a, &text, pod);
    t = map_find(&v->told, object_uid(pod));
    if (t)
        t->is_seen = false;
    else if (is_deleted && is_matching)
        add_deleted(v, a, &text, *pod);
    for (size_t i = 0; t && (is_deleted || !is_matching) && i < v->told.len; i++)
        if (v->told.entries[i].value == t) {
            tell_gone(v, a, &text, i, is_deleted);
            break;
        }
    return str_copy(a, strbuf_str(&text));
}

static struct str view_event(struct api_watch_view *base, struct arena *a, const char *type,
                             const struct json *workflow)
{
    struct pod_view *v = CONTAINER_OF(base, struct pod_view, base);
    _cleanup_strbuf_ struct strbuf text = STRBUF_INIT(HTTP_RESPONSE_MAX_BYTES);
    struct json_array_builder pods = {0};
    struct map there = {0};
    struct pod_facts facts = {.there = &there};
    struct err err;

    if (str_is(json_get_str(workflow, STR("kind")), "Pod"))
        return view_object(v, a, type, workflow);
    map_init_borrowed(&there);
    if (strcmp(type, "DELETED") != 0 && read_facts(v->api, a, &facts, &err) == 0)
        push_pods(v->api, a, &v->query, workflow, &facts, &pods);
    facts_done(&facts);
    for (size_t i = 0; i < pods.len; i++)
        tell(v, a, &text, &pods.at[i]);
    tell_rest(v, a, &text, object_uid(workflow), &there);
    map_done(&there);
    return str_copy(a, strbuf_str(&text));
}

static void view_free(struct api_watch_view *base)
{
    struct pod_view *v = CONTAINER_OF(base, struct pod_view, base);

    MAP_FOREACH (entry, &v->told)
        told_free(entry->value);
    map_done(&v->told);
    free(v);
}

/* A reader that goes on from a list knows the pods of that list: that one of them is gone must
 * be told, also when it went before the watch began. */
static void prime(struct pod_view *v, const struct store_list *list)
{
    _cleanup_arena_ struct arena *kept = arena_new();
    struct pod_facts facts = {0}; /* what was deleted since is not left out */
    struct err err;

    if (pod_renewed_read(v->api, kept, &facts.renewed, &err) < 0)
        return;
    for (size_t i = 0; i < list->len; i++) {
        _cleanup_arena_ struct arena *a = arena_new();
        struct json_array_builder pods = {0};
        struct json doc;

        if (api_object_shown(v->api, a, list->at[i], API_WHOLE, &doc, &err) < 0)
            continue;
        if (str_is(json_get_str(&doc, STR("kind")), "Pod") && is_wanted(a, &v->query, &doc))
            json_push(a, &pods, doc);
        push_pods(v->api, a, &v->query, &doc, &facts, &pods);
        for (size_t n = 0; n < pods.len && v->told.len < POD_LIST_MAX; n++) {
            struct str text = json_text(a, &pods.at[n], JSON_COMPACT);
            struct told_pod *t = NEW(struct told_pod);

            *t = (struct told_pod){.text = mem_dup(text.ptr, text.len), .len = text.len};
            map_put(&v->told, object_uid(&pods.at[n]), t);
        }
    }
    facts_done(&facts);
}

void api_pod_watch(struct api *api, struct api_watch_request *r)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct pod_view *v = NEW(struct pod_view);
    struct store_list list;
    struct err err;

    v->base = (struct api_watch_view){.event = view_event,
                                      .free = view_free,
                                      .format = r->format,
                                      .fields = str_copy(r->arena, r->fields)};
    v->api = api;
    v->query = r->query.of;
    r->query.of = workflows_of(&v->query);
    r->also = objects_of(&v->query);
    r->has_also = true;
    r->view = &v->base;
    for (int i = 0; i < 2 && r->query.from_rv > 0; i++) {
        const struct store_query *q = i == 0 ? &r->query.of : &r->also;

        if (store_list(api->options.store, a, q, &list, &err) < 0)
            return;
        prime(v, &list);
        store_list_done(&list);
    }
}

/* ---- deleting ---- */

/* A deletion under way; lives in the request's arena. */
struct deletion {
    struct api_call *call;
    struct loop_task task;
    struct found found;
    uint64_t grace_ms;
};

static uint64_t grace_ms_of(int64_t grace_s)
{
    return grace_s < 0 ? 30000 : (uint64_t) grace_s * 1000;
}

static void on_deleted(void *ctx, const struct store_result *result, const struct err *err)
{
    struct deletion *d = ctx;
    struct pod_runner *runner = d->call->api->options.runner;

    (void) result;
    if (err->kind != ERR_NONE) {
        d->call->dialect->fail(d->call->req, err);
        return;
    }
    if (runner && runner->ops->kill && !d->found.is_over && !d->found.is_waiting)
        pod_kill(runner, d->found.uid, STR("pod deleted"), d->grace_ms);
    d->call->dialect->object(d->call->req, 200, &d->found.pod);
}

static bool is_over(const struct json *pod)
{
    return str_is(
        json_str(json_path(pod, "metadata", "labels", "workflows.argoproj.io/completed", NULL)),
        "true");
}

static bool is_waiting(const struct json *pod)
{
    return str_is(json_str(json_path(pod, "status", "phase", NULL)), "Pending");
}

/* A view is hidden when it has ended, and its Workflow tells watchers so; one that waits is
 * another one from here on. */
static void hide(struct store_txn *txn, const struct json *pod)
{
    const struct json *owner =
        json_item(json_path(pod, "metadata", "ownerReferences", NULL), 0);
    struct str uid = json_get_str(owner, STR("uid"));
    const struct store_key workflow = {STR("argoproj.io"), STR("Workflow"),
                                       object_namespace(pod), json_get_str(owner, STR("name"))};

    if (is_waiting(pod)) {
        pod_renew(txn, &workflow, uid, object_uid(pod));
        return;
    }
    store_txn_row_put(txn, DELETED_TABLE, pod_renewed_own(object_uid(pod)), uid);
    if (is_over(pod))
        store_txn_touch(txn, &workflow, uid);
}

/* Rows of Workflows that are gone go with this one. */
static void forget_old(struct api *api, struct arena *a, struct store_txn *txn)
{
    const struct store_key workflows = {STR("argoproj.io"), STR("Workflow"), STR(""), STR("")};
    struct map there = {0};
    struct store_row *rows;
    struct str *uids;
    size_t count, row_count;
    struct err err;

    map_init_borrowed(&there);
    if (store_rows(api->options.store, a, DELETED_TABLE, STR(""), &rows, &row_count, &err) <
            0 ||
        store_uids(api->options.store, a, &workflows, &uids, &count, &err) < 0)
        return;
    for (size_t i = 0; i < count; i++)
        map_put(&there, uids[i], api);
    for (size_t i = 0; i < row_count; i++)
        if (!map_find(&there, rows[i].value))
            store_txn_row_put(txn, DELETED_TABLE, rows[i].key, STR_NONE);
    pod_renewed_forget(api, a, txn, &there);
    map_done(&there);
}

/* One that is an object: its controller ends it, then it goes. */
static void delete_object(struct api_call *call, struct str ns, struct str name,
                          const struct json *pod)
{
    const struct store_key key = {STR(""), STR("Pod"), ns,
                                  str_copy(http_arena(call->req), name)};

    call->written = pod; /* one without finalizers is gone at once */
    api_delete(call, &key, &(struct api_deletion){.uid = STR(""), .how = STORE_BACKGROUND});
}

void api_pod_delete(struct api_call *call, struct str ns, struct str name, int64_t grace_s)
{
    struct arena *a = http_arena(call->req);
    struct store *store = call->api->options.store;
    struct deletion *d = ARENA_NEW(a, struct deletion);
    struct store_txn *txn;
    struct err err;

    *d = (struct deletion){.call = call, .grace_ms = grace_ms_of(grace_s)};
    if (get_object(call->api, a, ns, name, &d->found.pod, &err) == 0) {
        delete_object(call, ns, name, &d->found.pod);
        return;
    }
    if (find_pod(call->api, a, ns, name, &d->found, &err) < 0) {
        call->dialect->fail(call->req, &err);
        return;
    }
    if (call->is_dry_run) {
        call->dialect->object(call->req, 200, &d->found.pod);
        return;
    }
    txn = store_txn_new(store);
    forget_old(call->api, a, txn);
    hide(txn, &d->found.pod);
    if (store_commit(store, txn, on_deleted, d, &err) < 0) {
        err.kind = ERR_TRANSIENT;
        call->dialect->fail(call->req, &err);
    }
}

/* ---- deleting all that match ---- */

/* In the request's arena. */
struct all_deletion {
    struct api_call *call;
    struct json pods;
    size_t views; /* so many of them are views of nodes */
    uint64_t grace_ms;
};

static void on_all_deleted(void *ctx, const struct store_result *result, const struct err *err)
{
    struct all_deletion *d = ctx;
    struct pod_runner *runner = d->call->api->options.runner;

    (void) result;
    if (err->kind != ERR_NONE) {
        d->call->dialect->fail(d->call->req, err);
        return;
    }
    for (size_t i = 0; runner && runner->ops->kill && i < d->views; i++)
        if (!is_over(json_item(&d->pods, i)) && !is_waiting(json_item(&d->pods, i)))
            pod_kill(runner, pod_renewed_own(object_uid(json_item(&d->pods, i))),
                     STR("pod deleted"), d->grace_ms);
    d->call->dialect->removed(d->call->req);
}

int api_pod_delete_all(struct api_call *call, const struct store_query *q, int64_t grace_s,
                       struct json *ret, struct err *err)
{
    struct arena *a = http_arena(call->req);
    struct all_deletion *d = ARENA_NEW(a, struct all_deletion);
    struct store_txn *txn;
    struct api_list list;

    *d = (struct all_deletion){.call = call, .grace_ms = grace_ms_of(grace_s)};
    if (list_at_once(call->api, a, q, &list, &d->views, err) < 0)
        return -1;
    *ret = d->pods = list.items;
    if (list.items.count == 0 || call->is_dry_run)
        return 0;
    txn = store_txn_new(call->api->options.store);
    forget_old(call->api, a, txn);
    for (size_t i = 0; i < list.items.count; i++) {
        const struct json *pod = json_item(&list.items, i);
        const struct store_key key = {STR(""), STR("Pod"), object_namespace(pod),
                                      object_name(pod)};

        if (i < d->views)
            hide(txn, pod);
        else
            store_txn_delete_as(txn, &key, object_uid(pod), 0, STORE_BACKGROUND);
    }
    if (store_commit(call->api->options.store, txn, on_all_deleted, d, err) < 0) {
        err->kind = ERR_TRANSIENT;
        return -1;
    }
    return 1;
}
