/*
 * A memoized resubmission. See memoized.h.
 *
 * What is kept of the nodes is what a retry keeps; then they get the names and ids of the new
 * workflow, and pods that succeeded become Skipped: nobody looks for their pods or logs.
 * Source:
 * ../shared/spec/workflows.md 4.14.
 */
#include "workflows/operate/memoized.h"

#include "base/map.h"
#include "base/random.h"
#include "objects/object.h"
#include "workflows/operate/operate_internal.h"
#include "workflows/operate/stored.h"

/* Old and new, of the whole renaming. */
struct renaming {
    struct operate_workflow *wf;
    struct str old, new;
    struct map ids; /* old id -> struct str *, the new one */
};

static struct str new_name(const struct renaming *r, struct str name)
{
    return str_starts(name, r->old)
               ? str_concat(r->wf->arena, r->new, str_skip(name, r->old.len))
               : name;
}

static struct str id_of(const struct renaming *r, struct str name)
{
    return str_eq(name, r->new)
               ? name
               : str_printf(r->wf->arena, STR_FMT "-%u", STR_ARG(r->new), str_fnv32a(name));
}

static struct str new_id(const struct renaming *r, struct str id)
{
    const struct str *known = map_find(&r->ids, id);

    return known ? *known : id;
}

static void rename_list(const struct renaming *r, struct operate_node *n, const char *member)
{
    const struct json *list = json_get(&n->doc, str_from(member)), *id;
    struct json_array_builder b = {0};

    if (!json_is(list, JSON_ARRAY))
        return;
    for (size_t i = 0; (id = json_item(list, i)) != NULL; i++)
        json_push(r->wf->arena, &b, json_string(new_id(r, json_str(id))));
    operate_node_set(r->wf, n, member, json_array(&b));
}

static void rename_node(const struct renaming *r, struct operate_node *n)
{
    struct str name = json_get_str(&n->doc, STR("name")),
               boundary = json_get_str(&n->doc, STR("boundaryID"));

    if (str_eq(json_get_str(&n->doc, STR("displayName")), r->old))
        operate_node_set(r->wf, n, "displayName", json_string(r->new));
    n->id = new_id(r, n->id);
    operate_node_set(r->wf, n, "id", json_string(n->id));
    operate_node_set(r->wf, n, "name", json_string(new_name(r, name)));
    if (boundary.len > 0)
        operate_node_set(r->wf, n, "boundaryID", json_string(new_id(r, boundary)));
    rename_list(r, n, "children");
    rename_list(r, n, "outboundNodes");
}

static void rename_nodes(struct operate_workflow *wf, struct str old, struct str new)
{
    struct renaming r = {.wf = wf, .old = old, .new = new};

    map_init_borrowed(&r.ids);
    for (size_t i = 0; i < wf->node_count; i++) {
        struct str *id = ARENA_NEW(wf->arena, struct str);

        *id = id_of(&r, new_name(&r, json_get_str(&wf->nodes[i].doc, STR("name"))));
        map_put(&r.ids, wf->nodes[i].id, id);
    }
    for (size_t i = 0; i < wf->node_count; i++)
        rename_node(&r, &wf->nodes[i]);
    map_done(&r.ids);
}

/* A pod that succeeded, of any time: it is not run again, and there is none of that name. */
static void skip_node(struct operate_workflow *wf, struct operate_node *n)
{
    struct str original = n->id;

    if (!str_is(json_get_str(&n->doc, STR("type")), "Pod") ||
        !str_is(json_get_str(&n->doc, STR("phase")), "Succeeded"))
        return;
    operate_node_set(wf, n, "type", json_string(STR("Skipped")));
    operate_node_set(wf, n, "phase", json_string(STR("Skipped")));
    operate_node_set(
        wf, n, "message",
        json_string(str_printf(wf->arena, "original pod: " STR_FMT, STR_ARG(original))));
    operate_node_set(wf, n, "startedAt", operate_now(wf));
    operate_node_set(wf, n, "finishedAt", operate_now(wf));
}

/* What the new one takes over of the status. */
static struct json status_of(struct arena *a, const struct json *old)
{
    static const char *const kept[] = {"phase",
                                       "startedAt",
                                       "finishedAt",
                                       "conditions",
                                       "storedTemplates",
                                       "storedWorkflowTemplateSpec",
                                       "artifactRepositoryRef"};
    struct json_object_builder b = {0};

    for (size_t i = 0; i < COUNT_OF(kept); i++)
        if (json_get(old, str_from(kept[i])))
            json_add(a, &b, str_from(kept[i]), *json_get(old, str_from(kept[i])));
    return json_object(&b);
}

static int make_document(struct operate_workflow *wf, const struct json *old,
                         const struct operate_resubmission *how, const uint8_t bits[16],
                         struct json *ret, struct err *err)
{
    const struct operate_resubmission plain = {false, how->parameters, how->parameter_count};
    const struct object_kind *kind =
        object_kind_find(STR("argoproj.io/v1alpha1"), STR("Workflow"));
    struct json made;

    if (operate_resubmit(wf->arena, old, &plain, &made, err) < 0 ||
        object_prepare(wf->arena, kind, &made, object_namespace(old), wf->now.ms, bits, ret,
                       err) < 0)
        return -1;
    *ret = json_set(wf->arena, ret, STR("status"),
                    status_of(wf->arena, json_get(&wf->doc, STR("status"))));
    return 0;
}

int operate_memoized(struct operate_workflow *wf, const struct operate_resubmission *how,
                     const uint8_t bits[16], struct err *err)
{
    const struct operate_retrial retrial = {.parameters = how->parameters,
                                            .parameter_count = how->parameter_count};
    struct str phase = json_str(json_path(&wf->doc, "status", "phase", NULL));
    struct json old = wf->doc, made;

    if (!str_is(phase, "Failed") && !str_is(phase, "Error"))
        return err_set(err, ERR_INVALID,
                       "workflow must be Failed/Error to resubmit in memoized mode");
    if (operate_retry(wf, &retrial, err) < 0 ||
        make_document(wf, &old, how, bits, &made, err) < 0)
        return -1;
    for (size_t i = 0; i < wf->node_count; i++)
        skip_node(wf, &wf->nodes[i]);
    rename_nodes(wf, object_name(&old), object_name(&made));
    wf->doc = made;
    return 0;
}

int operate_memoized_create(struct store *store, struct operate_workflow *wf,
                            const struct operate_resubmission *how, struct str mark,
                            const struct store_object **ret, struct err *err)
{
    struct random random = random_from_system();
    uint64_t bits[2] = {random_u64(&random), random_u64(&random)};

    return operate_memoized(wf, how, (const uint8_t *) bits, err) < 0
               ? -1
               : operate_create(store, wf, mark, ret, err);
}
