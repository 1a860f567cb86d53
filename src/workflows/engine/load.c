/*
 * From rows to a workflow in memory, and templates by name. All references were resolved when
 * the workflow was made: templates stand in spec, status.storedWorkflowTemplateSpec or
 * status.storedTemplates. Does not run anything.
 */
#include "formats/gotime.h"
#include "objects/object.h"
#include "objects/workflow_merge.h"
#include "workflows/engine/estimate.h"
#include "workflows/engine/wf_internal.h"

static void put_template(struct wf *wf, struct str scope, struct str name,
                         const struct json *tmpl)
{
    map_put(&wf->templates,
            str_printf(wf->arena, STR_FMT "/" STR_FMT, STR_ARG(scope), STR_ARG(name)),
            (void *) (uintptr_t) tmpl);
}

/* templateDefaults under a template, as a strategic merge; it stays of its kind. */
static const struct json *with_defaults(const struct wf *wf, struct arena *a,
                                        const struct json *tmpl)
{
    const struct json *defaults = json_get(wf->spec, STR("templateDefaults"));
    struct json *made = ARENA_NEW(a, struct json);
    struct err err;

    if (!json_is(defaults, JSON_OBJECT) ||
        workflow_template_with(a, tmpl, defaults, made, &err) < 0)
        return tmpl;
    *made = workflow_template_of_kind(a, *made, tmpl);
    return made;
}

/* A template of Argo 2 runs as one step: that is said once. */
static void look_at_legacy(struct wf *wf, const struct json *tmpl)
{
    if (str_is_none(wf->warning) && json_path(tmpl, "annotations", OBJECT_LEGACY, NULL))
        wf->warning = str_printf(wf->arena,
                                 "template " STR_FMT
                                 ": a template that calls another one itself is of Argo 2; it "
                                 "runs as one step",
                                 STR_ARG(json_get_str(tmpl, STR("name"))));
}

static void load_templates(struct wf *wf)
{
    const struct json *list = json_get(wf->spec, STR("templates"));
    const struct json *stored = json_path(&wf->doc, "status", "storedTemplates", NULL);
    const struct json *item;

    for (size_t i = 0; (item = json_item(list, i)) != NULL; i++) {
        look_at_legacy(wf, item);
        put_template(wf, wf->local_scope, json_get_str(item, STR("name")),
                     with_defaults(wf, wf->arena, item));
    }
    for (uint32_t i = 0; json_is(stored, JSON_OBJECT) && i < stored->count; i++)
        map_put(&wf->templates, stored->members[i].key,
                (void *) (uintptr_t) with_defaults(wf, wf->arena, &stored->members[i].value));
}

static struct str ref_scope(struct arena *a, const struct json *ref)
{
    bool is_cluster = json_get_bool(ref, STR("clusterScope"));

    return str_printf(a, "%s/" STR_FMT, is_cluster ? "cluster" : "namespaced",
                      STR_ARG(json_get_str(ref, STR("name"))));
}

static int find_in(struct wf *wf, struct str scope, struct str name, struct wf_template *ret)
{
    struct str key =
        str_printf(wf->pass->a, STR_FMT "/" STR_FMT, STR_ARG(scope), STR_ARG(name));

    ret->json = map_find(&wf->templates, key);
    ret->scope = scope;
    return ret->json ? 0 : -1;
}

int wf_template_find(struct wf *wf, const struct json *holder, struct str scope,
                     struct wf_template *ret, struct err *err)
{
    const struct json *ref = json_get(holder, STR("templateRef"));
    const struct json *in = json_get(holder, STR("inline"));
    struct str name = json_get_str(holder, STR("template"));

    if (in) {
        *ret = (struct wf_template){.json = with_defaults(wf, wf->pass->a, in), .scope = scope};
        return 0;
    }
    if (ref) {
        name = json_get_str(ref, STR("template"));
        if (find_in(wf, ref_scope(wf->pass->a, ref), name, ret) < 0)
            return err_set(err, ERR_NOT_FOUND,
                           "template reference " STR_FMT "." STR_FMT " not found",
                           STR_ARG(json_get_str(ref, STR("name"))), STR_ARG(name));
        return 0;
    }
    if (find_in(wf, scope, name, ret) < 0)
        return err_set(err, ERR_NOT_FOUND, "template " STR_FMT " not found", STR_ARG(name));
    return 0;
}

static int load_doc(struct wf *wf, struct str text, struct err *err)
{
    const struct json *stored;

    wf->doc_text = str_copy(wf->doc_arena, text);
    if (json_parse(wf->doc_arena, wf->doc_text, &wf->doc, err) < 0)
        return -1;
    if (str_is_empty(json_str(json_path(&wf->doc, "metadata", "name", NULL))))
        return err_set(err, ERR_INVALID, "metadata.name: a workflow has a name");
    stored = json_path(&wf->doc, "status", "storedWorkflowTemplateSpec", NULL);
    wf->spec = stored ? stored : json_get(&wf->doc, STR("spec"));
    if (!json_is(wf->spec, JSON_OBJECT))
        return err_set(err, ERR_INVALID, "spec: a workflow has a spec");
    return 0;
}

static void load_metrics_error(struct wf *wf, const struct json *conditions)
{
    const struct json *item;

    for (size_t i = 0; (item = json_item(conditions, i)) != NULL; i++)
        if (str_is(json_get_str(item, STR("type")), "MetricsError"))
            wf_text_set(&wf->metrics_error, json_get_str(item, STR("message")));
}

static void load_status(struct wf *wf)
{
    const struct json *status = json_get(&wf->doc, STR("status"));
    const struct json *outputs = json_path(status, "outputs", "parameters", NULL);
    const struct json *artifacts = json_path(status, "outputs", "artifacts", NULL);
    struct wall at;
    struct err err;

    wf->repository = json_get(status, STR("artifactRepositoryRef"));
    wf->claims = json_get(status, STR("persistentVolumeClaims"));
    wf->phase = wf_phase_of(json_get_str(status, STR("phase")));
    wf_text_set(&wf->message, json_get_str(status, STR("message")));
    load_metrics_error(wf, json_get(status, STR("conditions")));
    if (gotime_parse_wall(json_get_str(status, STR("startedAt")), &at, &err) == 0)
        wf->started_ms = at.ms;
    if (gotime_parse_wall(json_get_str(status, STR("finishedAt")), &at, &err) == 0)
        wf->finished_ms = at.ms;
    for (size_t i = 0; json_item(outputs, i); i++)
        json_push(wf->arena, &wf->global_outputs, *json_item(outputs, i));
    for (size_t i = 0; json_item(artifacts, i); i++)
        json_push(wf->arena, &wf->global_artifacts,
                  json_clone(wf->arena, json_item(artifacts, i)));
}

static void load_identity(struct wf *wf)
{
    const struct json *meta = json_get(&wf->doc, STR("metadata"));
    bool is_ref = json_path(&wf->doc, "spec", "workflowTemplateRef", NULL) != NULL;

    wf->name = str_copy(wf->arena, json_get_str(meta, STR("name")));
    wf->ns = str_copy(wf->arena, json_get_str(meta, STR("namespace")));
    wf->uid = str_copy(wf->arena, json_get_str(meta, STR("uid")));
    if (!json_i64(json_get(meta, STR("generation")), &wf->generation))
        wf->generation = 1;
    wf->local_scope =
        is_ref ? STR("local/") : str_printf(wf->arena, "local/" STR_FMT, STR_ARG(wf->name));
}

static int load_nodes(struct wf *wf, const struct wf_stored_node *nodes, size_t count,
                      struct err *err)
{
    struct json *docs = ARENA_ARRAY(wf->pass->a, struct json, count + 1);

    for (size_t i = 0; i < count; i++)
        if (json_parse(wf->pass->a, nodes[i].doc, &docs[i], err) < 0 ||
            wf_node_parse(wf, &docs[i], nodes[i].seq, err) < 0)
            return -1;
    for (size_t i = 0; i < count; i++)
        wf_node_parse_links(wf, &docs[i]);
    return 0;
}

struct wf *wf_load(struct str doc, const struct wf_stored_node *nodes, size_t node_count,
                   struct err *err)
{
    _cleanup_arena_ struct arena *scratch = arena_new();
    struct wf_pass pass = {.a = scratch};
    struct wf *wf = NEW(struct wf);

    /* The first document stays: templates are borrowed from it. */
    wf->arena = wf->doc_arena = arena_new();
    map_init_borrowed(&wf->nodes);
    map_init_borrowed(&wf->words);
    map_init_borrowed(&wf->templates);
    wf->pass = &pass;
    wf->is_fresh = true;
    wf->warning = wf->metrics_error = STR_NONE;
    if (load_doc(wf, doc, err) < 0) {
        wf_free(wf);
        return NULL;
    }
    load_identity(wf);
    load_templates(wf);
    if (load_nodes(wf, nodes, node_count, err) < 0) {
        wf_free(wf);
        return NULL;
    }
    load_status(wf);
    wf->pass = NULL;
    return wf;
}

void wf_free(struct wf *wf)
{
    if (!wf)
        return;
    VEC_FOREACH (it, &wf->list)
        wf_node_free(*it);
    map_done(&wf->nodes);
    map_done(&wf->words);
    map_done(&wf->templates);
    VEC_DONE(&wf->list);
    VEC_DONE(&wf->queue);
    VEC_DONE(&wf->changed);
    VEC_DONE(&wf->blocked);
    VEC_DONE(&wf->sleeping);
    VEC_DONE(&wf->pending);
    VEC_DONE(&wf->waiting);
    estimate_unref(wf->estimate);
    wf_text_set(&wf->message, STR_NONE);
    wf_text_set(&wf->missing, STR_NONE);
    wf_text_set(&wf->metrics_error, STR_NONE);
    if (wf->doc_arena != wf->arena)
        arena_free(wf->doc_arena);
    arena_free(wf->arena);
    free(wf);
}

void wf_see_world(struct wf *wf, const struct wf_world *world)
{
    wf->world = world;
}

void wf_see_estimate(struct wf *wf, const struct estimate *run)
{
    estimate_unref(wf->estimate);
    wf->estimate = estimate_ref(run);
}

struct str wf_uid(const struct wf *wf)
{
    return wf->uid;
}

struct str wf_name(const struct wf *wf)
{
    return wf->name;
}

struct str wf_namespace(const struct wf *wf)
{
    return wf->ns;
}

const struct json *wf_doc(const struct wf *wf)
{
    return &wf->doc;
}

bool wf_is_finished(const struct wf *wf)
{
    return wf_phase_is_completed(wf->phase);
}

bool wf_was_begun(const struct wf *wf)
{
    return wf->started_ms != 0;
}

const struct json *wf_executor_plugins(const struct wf *wf)
{
    return json_get(wf->spec, STR("executorPlugins"));
}

struct str wf_message(const struct wf *wf)
{
    return str_is_none(wf->message) ? STR("") : wf->message;
}

int64_t wf_priority(const struct wf *wf)
{
    int64_t priority = 0;

    return json_i64(json_get(wf->spec, STR("priority")), &priority) ? priority : 0;
}

int64_t wf_runtime_ms(const struct wf *wf)
{
    return wf_is_finished(wf) ? wf->finished_ms - wf->started_ms : 0;
}

static size_t node_bytes(const struct wf_node *n)
{
    size_t size =
        sizeof(*n) + n->id.len + n->name.len + n->message.len + n->inputs.len + n->outputs.len;

    for (unsigned i = 0; n->rare && i < WF_RARE_COUNT; i++)
        size += sizeof(struct str) + n->rare[i].len;

    size += (n->children.room + n->outbound.room) * sizeof(struct wf_node *);
    return n->frame ? size + arena_bytes(n->frame->arena) : size;
}

size_t wf_bytes(const struct wf *wf)
{
    size_t size = sizeof(*wf) + arena_bytes(wf->arena);

    if (wf->doc_arena != wf->arena)
        size += arena_bytes(wf->doc_arena);
    size += wf->nodes.room * sizeof(struct map_entry) + wf->nodes.slot_count * sizeof(uint32_t);
    size += (wf->list.room + wf->queue.room + wf->changed.room) * sizeof(struct wf_node *);
    for (size_t i = 0; i < wf->list.len; i++)
        size += node_bytes(wf->list.at[i]);
    return size;
}
