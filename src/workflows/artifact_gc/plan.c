/* See plan.h. */
#include "workflows/artifact_gc/plan.h"

#include "base/limits.h"
#include "base/map.h"
#include "base/vec.h"
#include "objects/object.h"
#include "objects/workflow_node.h"

static const char condition[] = "ArtifactGCError";

bool gc_is_due(const struct json *doc, enum artifact_gc strategy)
{
    bool is_leaving = json_path(doc, "metadata", "deletionTimestamp", NULL) != NULL;
    bool is_completed =
        str_is(object_label(doc, STR("workflows.argoproj.io/completed")), "true");

    return is_completed && (strategy == ARTIFACT_GC_ON_COMPLETION ||
                            (strategy == ARTIFACT_GC_ON_DELETION && is_leaving));
}

static const struct json *artifacts_of(const struct operate_node *n)
{
    return str_is(json_get_str(&n->doc, STR("type")), "Pod")
               ? json_path(&n->doc, "outputs", "artifacts", NULL)
               : NULL;
}

typedef VEC(struct gc_item) item_list;

static void plan_node(const struct operate_workflow *wf, const struct operate_node *n,
                      item_list *to)
{
    const struct json *list = artifacts_of(n), *artifact;

    for (size_t i = 0; (artifact = json_item(list, i)) != NULL; i++) {
        struct gc_item item = {.node = n->id,
                               .name = json_get_str(artifact, STR("name")),
                               .strategy = artifact_gc_of(&wf->doc, artifact),
                               .artifact = artifact,
                               .location = workflow_node_location(&wf->doc, &n->doc),
                               .error = STR("")};

        if (!json_get_bool(artifact, STR("deleted")) && gc_is_due(&wf->doc, item.strategy))
            VEC_APUSH(wf->arena, to, item);
    }
}

struct gc_items gc_plan(const struct operate_workflow *wf)
{
    item_list list = {0};

    for (size_t i = 0; i < wf->node_count; i++)
        plan_node(wf, &wf->nodes[i], &list);
    return (struct gc_items){list.at, list.len};
}

bool gc_waits(const struct operate_workflow *wf)
{
    return gc_plan(wf).len > 0;
}

/* ---- afterwards ---- */

static struct str key_of(struct arena *a, struct str node, struct str name)
{
    return str_printf(a, STR_FMT "/" STR_FMT, STR_ARG(node), STR_ARG(name));
}

/* Artifacts of the node that are gone say so. */
static void mark_node(struct operate_workflow *wf, struct operate_node *n,
                      const struct map *gone)
{
    const struct json *list = artifacts_of(n), *artifact;
    struct json_array_builder out = {0};
    bool is_changed = false;

    for (size_t i = 0; (artifact = json_item(list, i)) != NULL; i++) {
        struct str key = key_of(wf->arena, n->id, json_get_str(artifact, STR("name")));
        bool is_gone = !json_get_bool(artifact, STR("deleted")) && map_find(gone, key);

        json_push(wf->arena, &out,
                  is_gone ? json_set(wf->arena, artifact, STR("deleted"), json_bool(true))
                          : *artifact);
        is_changed = is_changed || is_gone;
    }
    if (!is_changed)
        return;
    n->doc = json_set_path(wf->arena, &n->doc, json_array(&out), "outputs", "artifacts", NULL);
    n->is_changed = true;
}

struct str gc_errors(struct arena *a, const struct gc_items *items)
{
    struct str all = STR_NONE;
    size_t count = 0;

    for (size_t i = 0; i < items->len; i++) {
        const struct gc_item *item = &items->at[i];

        if (item->is_deleted || count++ >= ARTIFACT_GC_ERRORS_MAX)
            continue;
        all =
            str_printf(a, STR_FMT "%s" STR_FMT " (artifact name " STR_FMT ")",
                       STR_ARG(str_is_none(all) ? STR("") : all), str_is_none(all) ? "" : "; ",
                       STR_ARG(item->error), STR_ARG(item->name));
    }
    return count <= ARTIFACT_GC_ERRORS_MAX
               ? all
               : str_printf(a, STR_FMT "; and %zu more", STR_ARG(all),
                            count - ARTIFACT_GC_ERRORS_MAX);
}

static bool was_processed(const struct json *doc, enum artifact_gc strategy)
{
    return json_get_bool(
        json_path(doc, "status", "artifactGCStatus", "strategiesProcessed", NULL),
        str_from(artifact_gc_name(strategy)));
}

static void mark_processed(struct operate_workflow *wf, enum artifact_gc strategy)
{
    if (!gc_is_due(&wf->doc, strategy) || was_processed(&wf->doc, strategy))
        return;
    wf->doc = json_set_path(wf->arena, &wf->doc, json_bool(true), "status", "artifactGCStatus",
                            "strategiesProcessed", artifact_gc_name(strategy), NULL);
    wf->is_changed = true;
}

/* Nothing is left that will ever be deleted; by force also what was tried. */
static bool may_go(const struct operate_workflow *wf)
{
    bool is_forced = json_get_bool(json_get(workflow_spec_of(&wf->doc), STR("artifactGC")),
                                   STR("forceFinalizerRemoval"));
    const struct json *artifact;

    for (size_t i = 0; i < wf->node_count; i++) {
        const struct json *list = artifacts_of(&wf->nodes[i]);

        for (size_t j = 0; (artifact = json_item(list, j)) != NULL; j++) {
            enum artifact_gc strategy = artifact_gc_of(&wf->doc, artifact);

            if (!json_get_bool(artifact, STR("deleted")) && strategy != ARTIFACT_GC_NEVER &&
                !(is_forced && was_processed(&wf->doc, strategy)))
                return false;
        }
    }
    return true;
}

void gc_settle(struct operate_workflow *wf, const struct gc_items *items)
{
    struct arena *a = wf->arena;
    struct map gone;

    map_init_borrowed(&gone);
    for (size_t i = 0; i < items->len; i++)
        if (items->at[i].is_deleted)
            map_put(&gone, key_of(a, items->at[i].node, items->at[i].name), &items->at[i]);
    for (size_t i = 0; i < wf->node_count; i++)
        mark_node(wf, &wf->nodes[i], &gone);
    map_done(&gone);
    mark_processed(wf, ARTIFACT_GC_ON_COMPLETION);
    mark_processed(wf, ARTIFACT_GC_ON_DELETION);
    if (items->len > 0) {
        wf->doc = object_set_condition(a, &wf->doc, condition, gc_errors(a, items));
        wf->is_changed = true;
    }
    if (object_has_finalizer(&wf->doc, STR(ARTIFACT_GC_FINALIZER)) && may_go(wf)) {
        wf->doc = object_remove_finalizer(a, &wf->doc, STR(ARTIFACT_GC_FINALIZER));
        wf->is_changed = true;
    }
}
