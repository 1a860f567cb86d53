/*
 * A Workflow that a client has written whole: its status, and its nodes with it.
 *
 * Upstream's Workflows have no subresource for their status: `argo` with a kubeconfig resumes,
 * sets, stops and retries by reading the object, changing its nodes and writing it back. What
 * has changed of the nodes is written as rows, and the engine takes the run up from them, as
 * after any operation.
 *
 * A pod belongs to its node by a uid that is made of the node's name and metadata.generation. A
 * node whose pod has ended or is to be ended, and that may run again, needs another one: the
 * generation grows, and nodes whose pods go on keep the uid that they have in their rows.
 */
#include "base/map.h"
#include "objects/workflow_node.h"
#include "workflows/operate/operate_internal.h"

/* How upstream's nodes stand elsewhere: nothing of ours, also when they are empty. */
static const char *const forms[] = {"compressedNodes", "offloadNodeStatusVersion"};
static const char *const templates[] = {"storedTemplates", "storedWorkflowTemplateSpec"};

/* ---- nodes ---- */

static bool is_run(const struct json *node)
{
    struct str type = json_get_str(node, STR("type"));

    return str_is(type, "Pod") || str_is(type, "HTTP") || str_is(type, "Plugin");
}

static bool is_over(const struct json *node)
{
    static const char *const phases[] = {"Succeeded", "Failed", "Error", "Skipped", "Omitted"};
    struct str phase = json_get_str(node, STR("phase"));

    for (size_t i = 0; i < COUNT_OF(phases); i++)
        if (str_is(phase, phases[i]))
            return true;
    return false;
}

static bool goes_on(const struct json *was, const struct json *is)
{
    return is && is_run(was) && is_run(is) && !is_over(was) && !is_over(is);
}

/* May its node ask for a pod again, which must not be the one that it had? */
static bool needs_another(const struct json *was, const struct json *is)
{
    return is_run(was) && (!is || (is_over(was) && !is_over(is)));
}

static bool must_count(const struct operate_workflow *wf, const struct map *given)
{
    for (size_t i = 0; i < wf->node_count; i++)
        if (needs_another(&wf->nodes[i].doc, map_find(given, wf->nodes[i].id)))
            return true;
    return false;
}

static void take_node(struct operate_workflow *wf, struct operate_node *n,
                      const struct json *given, bool is_counted)
{
    struct json made = json_without(wf->arena, given, STR(WORKFLOW_NODE_POD));

    if (goes_on(&n->doc, given)) {
        const struct json *own = json_get(&n->doc, STR(WORKFLOW_NODE_POD));

        if (own || is_counted)
            made = json_set(wf->arena, &made, STR(WORKFLOW_NODE_POD),
                            json_string(workflow_node_pod(wf->arena, &wf->doc, &n->doc)));
    }
    if (json_equal(&n->doc, &made))
        return;
    n->doc = made;
    n->is_changed = true;
}

/* Those that were there, then those that are new. */
static void take_nodes(struct operate_workflow *wf, const struct map *given, bool is_counted)
{
    size_t len = wf->node_count;
    struct operate_node *all =
        ARENA_ARRAY(wf->arena, struct operate_node, len + given->len + 1);
    _cleanup_map_ struct map there;
    uint64_t seq = 0;

    map_init_borrowed(&there);
    for (size_t i = 0; i < len; i++) {
        struct operate_node *n = &all[i];
        const struct json *is = map_find(given, wf->nodes[i].id);

        *n = wf->nodes[i];
        map_put(&there, n->id, n);
        seq = n->seq > seq ? n->seq : seq;
        n->is_removed = !is;
        if (is)
            take_node(wf, n, is, is_counted);
    }
    MAP_FOREACH (it, given)
        if (!map_find(&there, it->key))
            all[len++] = (struct operate_node){
                .id = it->key,
                .seq = ++seq,
                .doc = json_without(wf->arena, it->value, STR(WORKFLOW_NODE_POD)),
                .is_changed = true};
    wf->nodes = all;
    wf->node_count = len;
}

/* ---- the document ---- */

int operate_check_form(const struct json *status, struct err *err)
{
    if (!str_is_empty(json_get_str(status, STR("compressedNodes"))))
        return err_set(err, ERR_RULE,
                       "status.compressedNodes: Forbidden: it stands beside the nodes");
    if (!str_is_empty(json_get_str(status, STR("offloadNodeStatusVersion"))))
        return err_set(err, ERR_RULE,
                       "status.offloadNodeStatusVersion: Forbidden: nodes that stand in a "
                       "database of a cluster are not here; they are taken as status.nodes or "
                       "status.compressedNodes");
    return 0;
}

/* What the run refers to was frozen when it was submitted: it is not lost by a client that
 * leaves it out. */
static struct json with_templates(struct arena *a, const struct json *stored,
                                  const struct json *given, bool is_frozen)
{
    const struct json *was = json_get(stored, STR("status"));
    struct json status = *given;

    for (size_t i = 0; i < COUNT_OF(templates); i++) {
        struct str name = str_from(templates[i]);

        if (!is_frozen && json_get(&status, name))
            continue;
        status = json_get(was, name) ? json_set(a, &status, name, *json_get(was, name))
                                     : json_without(a, &status, name);
    }
    return status;
}

static struct json next_generation(struct arena *a, const struct json *stored,
                                   const struct json *made)
{
    int64_t generation = 1;

    if (!json_i64(json_path(stored, "metadata", "generation", NULL), &generation) ||
        generation < 1)
        generation = 1;
    return json_set_path(a, made, json_int(a, generation + 1), "metadata", "generation", NULL);
}

/* A run that has nodes has begun. */
static struct json begun(const struct operate_workflow *wf, const struct json *status,
                         const struct map *nodes)
{
    if (nodes->len == 0 || !str_is_empty(json_get_str(status, STR("startedAt"))))
        return *status;
    return json_set(wf->arena, status, STR("startedAt"), operate_now(wf));
}

static void replace(struct operate_workflow *wf, const struct operate_replacement *by,
                    const struct map *nodes)
{
    struct arena *a = wf->arena;
    struct json status = json_without(a, json_get(by->doc, STR("status")), STR("nodes")), made;
    bool is_counted = must_count(wf, nodes);

    for (size_t i = 0; i < COUNT_OF(forms); i++)
        status = json_without(a, &status, str_from(forms[i]));
    take_nodes(wf, nodes, is_counted);
    status = with_templates(a, &wf->doc, &status, by->is_frozen);
    status = begun(wf, &status, nodes);
    made = json_set(a, by->doc, STR("status"), status);
    wf->doc = is_counted ? next_generation(a, &wf->doc, &made) : made;
    wf->is_changed = true;
}

int operate_replace(struct operate_workflow *wf, const struct operate_replacement *by,
                    struct err *err)
{
    const struct json *status = json_get(by->doc, STR("status")),
                      *nodes = json_get(status, STR("nodes"));
    _cleanup_map_ struct map given;

    map_init_borrowed(&given);
    if (operate_check_form(status, err) < 0 || operate_check_nodes(wf->arena, nodes, err) < 0)
        return -1;
    for (uint32_t i = 0; json_is(nodes, JSON_OBJECT) && i < nodes->count; i++)
        map_put(&given, nodes->members[i].key, (void *) (uintptr_t) &nodes->members[i].value);
    replace(wf, by, &given);
    return 0;
}
