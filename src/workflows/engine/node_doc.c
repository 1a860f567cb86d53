/*
 * Rows: a node as the NodeStatus that is stored and shown, and back. Does not know templates.
 */
#include "formats/gotime.h"
#include "objects/workflow_node.h"
#include "workflows/engine/wf_internal.h"

static const struct str type_names[] = {
    [WF_POD] = STR_INIT("Pod"),
    [WF_STEPS] = STR_INIT("Steps"),
    [WF_STEP_GROUP] = STR_INIT("StepGroup"),
    [WF_DAG] = STR_INIT("DAG"),
    [WF_TASK_GROUP] = STR_INIT("TaskGroup"),
    [WF_RETRY] = STR_INIT("Retry"),
    [WF_SKIPPED] = STR_INIT("Skipped"),
    [WF_SUSPEND] = STR_INIT("Suspend"),
    [WF_HTTP] = STR_INIT("HTTP"),
    [WF_PLUGIN] = STR_INIT("Plugin"),
    [WF_CONTAINER] = STR_INIT("Container"),
};

static const struct str phase_names[] = {
    [WF_NONE] = STR_INIT(""),           [WF_PENDING] = STR_INIT("Pending"),
    [WF_RUNNING] = STR_INIT("Running"), [WF_SUCCEEDED] = STR_INIT("Succeeded"),
    [WF_SKIPS] = STR_INIT("Skipped"),   [WF_FAILED] = STR_INIT("Failed"),
    [WF_ERROR] = STR_INIT("Error"),     [WF_OMITTED] = STR_INIT("Omitted"),
};

struct str wf_phase_name(enum wf_phase phase)
{
    return phase_names[phase];
}

enum wf_phase wf_phase_of(struct str name)
{
    for (size_t i = 0; i < COUNT_OF(phase_names); i++)
        if (str_eq(phase_names[i], name))
            return (enum wf_phase) i;
    return WF_NONE;
}

static struct json time_json(struct arena *a, int64_t ms)
{
    return ms ? json_string(gotime_rfc3339(a, (struct wall){ms})) : json_null();
}

static void add_raw(struct arena *a, struct json_object_builder *b, struct str key,
                    struct str text)
{
    struct json value;
    struct err err;

    if (!str_is_none(text) && json_parse(a, text, &value, &err) == 0)
        json_add(a, b, key, value);
}

static void add_ids(struct arena *a, struct json_object_builder *b, struct str key,
                    struct wf_node *const *at, size_t len)
{
    struct json_array_builder ids = {0};

    for (size_t i = 0; i < len; i++)
        json_push(a, &ids, json_string(at[i]->id));
    if (len > 0)
        json_add(a, b, key, json_array(&ids));
}

static void add_flag(struct arena *a, struct json_object_builder *b, unsigned flags)
{
    struct json_object_builder flag = {0};

    if (!flags)
        return;
    if (flags & WF_FLAG_HOOKED)
        json_add(a, &flag, STR("hooked"), json_bool(true));
    if (flags & WF_FLAG_RETRIED)
        json_add(a, &flag, STR("retried"), json_bool(true));
    json_add(a, b, STR("nodeFlag"), json_object(&flag));
}

struct str wf_node_doc(struct arena *a, const struct wf_node *n)
{
    struct json_object_builder b = {0};
    struct json doc;

    json_add(a, &b, STR("id"), json_string(n->id));
    json_add(a, &b, STR("name"), json_string(n->name));
    json_add_str(a, &b, STR("displayName"), n->display);
    json_add(a, &b, STR("type"), json_string(type_names[n->type]));
    json_add_str(a, &b, STR("templateName"), n->template_name);
    add_raw(a, &b, STR("templateRef"), wf_rare(n, WF_TEMPLATE_REF));
    json_add_str(a, &b, STR("templateScope"), n->scope);
    json_add_str(a, &b, STR("phase"), wf_phase_name(n->phase));
    if (n->boundary)
        json_add(a, &b, STR("boundaryID"), json_string(n->boundary->id));
    json_add_str(a, &b, STR("message"), n->message);
    json_add(a, &b, STR("startedAt"), time_json(a, n->started_ms));
    json_add(a, &b, STR("finishedAt"), time_json(a, n->finished_ms));
    if (n->estimated_s > 0)
        json_add(a, &b, STR("estimatedDuration"), json_int(a, n->estimated_s));
    if (n->total > 0)
        json_add(a, &b, STR("progress"),
                 json_string(str_printf(a, "%u/%u", n->done, n->total)));
    add_raw(a, &b, STR("inputs"), n->inputs);
    add_raw(a, &b, STR("outputs"), n->outputs);
    add_ids(a, &b, STR("children"), n->children.at, n->children.len);
    add_ids(a, &b, STR("outboundNodes"), n->outbound.at, n->outbound.len);
    json_add_str(a, &b, STR("hostNodeName"), n->host);
    add_raw(a, &b, STR("memoizationStatus"), wf_rare(n, WF_MEMO));
    if (!str_is_none(wf_rare(n, WF_WAITING))) {
        struct json waiting =
            json_set(a, NULL, STR("waiting"), json_string(wf_rare(n, WF_WAITING)));

        json_add(a, &b, STR("synchronizationStatus"), waiting);
    }
    json_add_str(a, &b, STR("podIP"), wf_rare(n, WF_IP));
    if (!wf_node_is_done(n))
        json_add_str(a, &b, STR(WORKFLOW_NODE_POD), wf_rare(n, WF_POD_UID));
    if (n->is_daemoned)
        json_add(a, &b, STR("daemoned"), json_bool(true));
    if (n->type == WF_POD && !n->is_daemon)
        json_add(a, &b, STR("taskResultSynced"), json_bool(true));
    add_flag(a, &b, n->flags);
    doc = json_object(&b);
    return json_text(a, &doc, JSON_COMPACT);
}

static struct str raw(struct arena *a, const struct json *value)
{
    return value ? json_text(a, value, JSON_COMPACT) : STR_NONE;
}

static int64_t take_time(const struct json *doc, struct str key)
{
    struct wall wall = {0};
    struct err err;

    if (gotime_parse_wall(json_get_str(doc, key), &wall, &err) < 0)
        return 0;
    return wall.ms;
}

static unsigned take_flag(const struct json *flag)
{
    if (!flag)
        return 0;
    return WF_FLAG_EMPTY | (json_get_bool(flag, STR("hooked")) ? WF_FLAG_HOOKED : 0U) |
           (json_get_bool(flag, STR("retried")) ? WF_FLAG_RETRIED : 0U);
}

static int type_of(struct str name, enum wf_type *ret)
{
    for (size_t i = 0; i < COUNT_OF(type_names); i++)
        if (str_eq(type_names[i], name)) {
            *ret = (enum wf_type) i;
            return 0;
        }
    return -1;
}

int wf_node_parse(struct wf *wf, const struct json *doc, uint64_t seq, struct err *err)
{
    struct arena *a = wf->pass->a;
    struct str id = json_get_str(doc, STR("id")), name = json_get_str(doc, STR("name"));
    struct str type = json_get_str(doc, STR("type"));
    enum wf_type found;
    int64_t estimated;
    struct wf_node *n;

    if (str_is_empty(id) || str_is_empty(name))
        return err_set(err, ERR_INVALID, "status.nodes: a node without id or name");
    if (type_of(type, &found) < 0)
        return err_set(err, ERR_UNSUPPORTED,
                       "status.nodes." STR_FMT ".type: \"" STR_FMT "\" is not supported yet",
                       STR_ARG(id), STR_ARG(type));
    n = wf_node_blank(wf, id, name, seq);
    n->type = found;
    n->is_told = true;
    n->phase = wf_phase_of(json_get_str(doc, STR("phase")));
    wf_node_show_as(wf, n, json_get_str(doc, STR("displayName")));
    n->template_name = wf_word(wf, json_get_str(doc, STR("templateName")));
    n->scope = wf_word(wf, json_get_str(doc, STR("templateScope")));
    wf_text_set(&n->message, json_get_str(doc, STR("message")));
    n->host = wf_word(wf, json_get_str(doc, STR("hostNodeName")));
    wf_rare_set(n, WF_WAITING,
                json_get_str(json_get(doc, STR("synchronizationStatus")), STR("waiting")));
    wf_rare_set(n, WF_TEMPLATE_REF, raw(a, json_get(doc, STR("templateRef"))));
    wf_text_set(&n->inputs, raw(a, json_get(doc, STR("inputs"))));
    wf_rare_set(n, WF_MEMO, raw(a, json_get(doc, STR("memoizationStatus"))));
    wf_text_set(&n->outputs, raw(a, json_get(doc, STR("outputs"))));
    n->started_ms = take_time(doc, STR("startedAt"));
    n->finished_ms = take_time(doc, STR("finishedAt"));
    if (json_i64(json_get(doc, STR("estimatedDuration")), &estimated) && estimated > 0)
        n->estimated_s = (uint32_t) estimated;
    wf_progress_parse(json_get_str(doc, STR("progress")), &n->done, &n->total);
    if (wf_node_is_leaf(n)) {
        wf->leaves++;
        wf->done += n->done;
        wf->total += n->total;
    }
    wf_rare_set(n, WF_IP, json_get_str(doc, STR("podIP")));
    wf_rare_set(n, WF_POD_UID, json_get_str(doc, STR(WORKFLOW_NODE_POD)));
    n->is_daemoned = json_get_bool(doc, STR("daemoned"));
    wf->daemons += n->is_daemoned;
    n->flags = take_flag(json_get(doc, STR("nodeFlag")));
    return 0;
}

void wf_node_parse_links(struct wf *wf, const struct json *doc)
{
    struct wf_node *n = map_find(&wf->nodes, json_get_str(doc, STR("id")));
    const struct json *children = json_get(doc, STR("children"));
    const struct json *outbound = json_get(doc, STR("outboundNodes"));
    struct wf_node *other;

    n->boundary = map_find(&wf->nodes, json_get_str(doc, STR("boundaryID")));
    if (n->type == WF_POD && !wf_node_is_over(n) && str_is_none(wf_rare(n, WF_WAITING)))
        wf_pod_count(wf, n);
    wf_node_count(n);
    for (size_t i = 0; json_item(children, i); i++) {
        other = map_find(&wf->nodes, json_str(json_item(children, i)));
        if (!other)
            continue;
        VEC_PUSH(&n->children, other);
        other->is_linked = other->is_linked || wf_node_is_group(n);
    }
    n->told_children = (uint32_t) n->children.len;
    for (size_t i = 0; json_item(outbound, i); i++) {
        other = map_find(&wf->nodes, json_str(json_item(outbound, i)));
        if (other)
            VEC_PUSH(&n->outbound, other);
    }
}
