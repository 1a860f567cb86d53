/*
 * A retry: an ended workflow goes on where it failed. Nodes are reset or removed as
 * retry_graph.c says, the status begins anew, parameters may be overridden.
 *
 * metadata.generation grows: pods of nodes that are made again are other pods, though their
 * names are the same.
 */
#include "base/map.h"
#include "objects/object.h"
#include "workflows/operate/retry_internal.h"

#define KEY(name) "workflows.argoproj.io/" name

static int check(const struct operate_workflow *wf, const struct operate_retrial *how,
                 struct err *err)
{
    struct str phase = json_str(json_path(&wf->doc, "status", "phase", NULL));

    if (str_is(phase, "Failed") || str_is(phase, "Error"))
        return 0;
    if (!str_is(phase, "Succeeded"))
        return err_set(err, ERR_INVALID, "Cannot retry a workflow in phase " STR_FMT,
                       STR_ARG(phase));
    if (!how->restarts_successful || str_is_empty(how->selector))
        return err_set(err, ERR_INVALID,
                       "To retry a succeeded workflow, set the options restartSuccessful and "
                       "nodeFieldSelector");
    return 0;
}

/* ---- the document ---- */

static int set_spec(struct operate_workflow *wf, const struct operate_retrial *how,
                    struct err *err)
{
    static const char *const paths[][2] = {{"spec", NULL},
                                           {"status", "storedWorkflowTemplateSpec"}};

    for (size_t i = 0; i < COUNT_OF(paths); i++) {
        const struct json *old = json_path(&wf->doc, paths[i][0], paths[i][1], NULL);
        struct json spec;

        if (!old)
            continue;
        spec = *old;
        operate_revive(wf->arena, &spec);
        if (object_set_parameters(wf->arena, &spec, how->parameters, how->parameter_count,
                                  err) < 0)
            return -1;
        wf->doc = json_set_path(wf->arena, &wf->doc, spec, paths[i][0], paths[i][1], NULL);
    }
    return 0;
}

static struct json unfinished_conditions(struct arena *a, const struct json *old)
{
    struct json_array_builder all = {0};
    struct json_object_builder completed = {0};
    const struct json *item;

    for (size_t i = 0; (item = json_item(old, i)) != NULL; i++)
        if (!str_is(json_get_str(item, STR("type")), "Completed"))
            json_push(a, &all, *item);
    json_add(a, &completed, STR("type"), json_string(STR("Completed")));
    json_add(a, &completed, STR("status"), json_string(STR("False")));
    json_push(a, &all, json_object(&completed));
    return json_array(&all);
}

static void set_status(struct operate_workflow *wf)
{
    struct arena *a = wf->arena;
    const struct json *old = json_get(&wf->doc, STR("status"));
    struct json status = json_without(a, old, STR("message"));

    status = json_without(a, &status, STR("persistentVolumeClaims"));
    status = json_set(a, &status, STR("phase"), json_string(STR("")));
    status = json_set(a, &status, STR("startedAt"), operate_now(wf));
    status = json_set(a, &status, STR("finishedAt"), json_null());
    status = json_set(a, &status, STR("conditions"),
                      unfinished_conditions(a, json_get(old, STR("conditions"))));
    wf->doc = json_set(a, &wf->doc, STR("status"), status);
}

static void set_metadata(struct operate_workflow *wf)
{
    struct arena *a = wf->arena;
    const struct json *old = json_get(&wf->doc, STR("metadata"));
    const struct json *labels = json_get(old, STR("labels"));
    struct json meta = *old;
    int64_t generation = 1;

    if (json_is(labels, JSON_OBJECT)) {
        struct json kept = json_without(a, labels, STR(KEY("completed")));

        kept = json_without(a, &kept, STR(KEY("workflow-archiving-status")));
        meta = json_set(a, &meta, STR("labels"), kept);
    }
    if (!json_i64(json_get(old, STR("generation")), &generation) || generation < 1)
        generation = 1;
    meta = json_set(a, &meta, STR("generation"), json_int(a, generation + 1));
    wf->doc = json_set(a, &wf->doc, STR("metadata"), meta);
}

/* ---- nodes ---- */

static void reset_node(struct operate_workflow *wf, struct operate_node *n)
{
    if (!str_is(json_get_str(&n->doc, STR("phase")), "Skipped"))
        operate_node_set(wf, n, "phase", json_string(STR("Running")));
    n->doc = json_without(wf->arena, &n->doc, STR("message"));
    operate_node_set(wf, n, "startedAt", operate_now(wf));
    operate_node_set(wf, n, "finishedAt", json_null());
}

/* Without the nodes that are no more; absent when none is left. */
static void prune(struct operate_workflow *wf, struct operate_node *n,
                  const struct map *removed, const char *member)
{
    const struct json *ids = json_get(&n->doc, str_from(member)), *id;
    struct json_array_builder kept = {0};

    for (size_t i = 0; (id = json_item(ids, i)) != NULL; i++)
        if (!map_find(removed, json_str(id)))
            json_push(wf->arena, &kept, *id);
    if (!ids || kept.len == ids->count)
        return;
    if (kept.len > 0)
        operate_node_set(wf, n, member, json_array(&kept));
    else
        n->doc = json_without(wf->arena, &n->doc, str_from(member));
    n->is_changed = true;
}

static void prune_all(struct operate_workflow *wf)
{
    _cleanup_map_ struct map removed;

    map_init_borrowed(&removed);
    for (size_t i = 0; i < wf->node_count; i++)
        if (wf->nodes[i].is_removed)
            map_put(&removed, wf->nodes[i].id, &wf->nodes[i]);
    for (size_t i = 0; i < wf->node_count; i++) {
        if (wf->nodes[i].is_removed)
            continue;
        prune(wf, &wf->nodes[i], &removed, "children");
        prune(wf, &wf->nodes[i], &removed, "outboundNodes");
    }
}

int operate_retry(struct operate_workflow *wf, const struct operate_retrial *how,
                  struct err *err)
{
    enum retry_fate *fates = ARENA_ARRAY(wf->arena, enum retry_fate, wf->node_count + 1);
    struct str name = json_str(json_path(&wf->doc, "metadata", "name", NULL));
    struct str last = str_printf(wf->arena, STR_FMT ".onExit", STR_ARG(name));

    if (check(wf, how, err) < 0 || retry_fates(wf, how, fates, err) < 0 ||
        set_spec(wf, how, err) < 0)
        return -1;
    set_status(wf);
    set_metadata(wf);
    for (size_t i = 0; i < wf->node_count; i++) {
        struct operate_node *n = &wf->nodes[i];

        if (fates[i] == RETRY_REMOVES || str_starts(json_get_str(&n->doc, STR("name")), last))
            n->is_removed = true;
        else if (fates[i] == RETRY_RESETS)
            reset_node(wf, n);
    }
    prune_all(wf);
    wf->is_changed = true;
    return 0;
}
