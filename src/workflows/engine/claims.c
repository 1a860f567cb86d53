/*
 * Claims for storage: each of volumeClaimTemplates becomes a PersistentVolumeClaim
 * NAME-TEMPLATE of the workflow's own when it begins, and a volume of all its pods under the
 * template's name. They go with the commit that ends the workflow, or with the workflow. One
 * that is there and is the workflow's (of a run before a retry) is used again. Source:
 * ../shared/spec/workflows.md 1.1, 4.1.
 */
#include "workflows/engine/claims.h"
#include "workflows/engine/world.h"

static size_t count_of(const struct json *list)
{
    return json_is(list, JSON_ARRAY) ? list->count : 0;
}

static bool is_owned(const struct wf *wf, const struct json *claim)
{
    const struct json *owners = json_path(claim, "metadata", "ownerReferences", NULL), *owner;

    for (size_t i = 0; (owner = json_item(owners, i)) != NULL; i++)
        if (str_eq(json_get_str(owner, STR("uid")), wf->uid))
            return true;
    return false;
}

static struct json owners_of(const struct wf *wf, struct arena *a)
{
    struct json_object_builder b = {0};
    struct json_array_builder list = {0};

    json_add(a, &b, STR("apiVersion"), json_string(STR("argoproj.io/v1alpha1")));
    json_add(a, &b, STR("kind"), json_string(STR("Workflow")));
    json_add(a, &b, STR("name"), json_string(wf->name));
    json_add(a, &b, STR("uid"), json_string(wf->uid));
    json_add(a, &b, STR("controller"), json_bool(true));
    json_add(a, &b, STR("blockOwnerDeletion"), json_bool(true));
    json_push(a, &list, json_object(&b));
    return json_array(&list);
}

/* The claim as it is created: bound at once, as there is nothing to wait for. */
static struct json claim_doc(struct wf *wf, struct arena *a, const struct json *tmpl,
                             struct str name)
{
    const struct json *modes = json_path(tmpl, "spec", "accessModes", NULL);
    const struct json *size = json_path(tmpl, "spec", "resources", "requests", NULL);
    struct json doc = json_set(a, tmpl, STR("apiVersion"), json_string(STR("v1")));

    doc = json_set(a, &doc, STR("kind"), json_string(STR("PersistentVolumeClaim")));
    doc = json_set_path(a, &doc, json_string(name), "metadata", "name", NULL);
    doc = json_set_path(a, &doc, json_string(wf->name), "metadata", "labels",
                        "workflows.argoproj.io/workflow", NULL);
    doc = json_set_path(a, &doc, owners_of(wf, a), "metadata", "ownerReferences", NULL);
    doc = json_set_path(a, &doc, json_string(STR("Bound")), "status", "phase", NULL);
    if (modes)
        doc = json_set_path(a, &doc, *modes, "status", "accessModes", NULL);
    if (size)
        doc = json_set_path(a, &doc, *size, "status", "capacity", NULL);
    return doc;
}

/* What the original's API server refuses. */
static int check_claim(const struct json *tmpl, struct str name, struct err *err)
{
    static const char *const known[] = {"ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce",
                                        "ReadWriteOncePod"};
    const struct json *modes = json_path(tmpl, "spec", "accessModes", NULL);

    if (count_of(modes) == 0)
        return err_set(
            err, ERR_INVALID,
            "PersistentVolumeClaim \"" STR_FMT
            "\" is invalid: spec.accessModes: Required value: at least 1 access mode "
            "is required",
            STR_ARG(name));
    for (size_t i = 0; i < count_of(modes); i++) {
        struct str mode = json_str(json_item(modes, i));
        bool is_known = false;

        for (size_t k = 0; k < COUNT_OF(known); k++)
            is_known = is_known || str_is(mode, known[k]);
        if (!is_known)
            return err_set(err, ERR_INVALID,
                           "PersistentVolumeClaim \"" STR_FMT
                           "\" is invalid: spec.accessModes: Unsupported value: \"" STR_FMT
                           "\": supported values: \"ReadOnlyMany\", \"ReadWriteMany\", "
                           "\"ReadWriteOnce\", \"ReadWriteOncePod\"",
                           STR_ARG(name), STR_ARG(mode));
    }
    if (!json_path(tmpl, "spec", "resources", "requests", "storage", NULL))
        return err_set(err, ERR_INVALID,
                       "PersistentVolumeClaim \"" STR_FMT
                       "\" is invalid: spec.resources[storage]: Required value",
                       STR_ARG(name));
    return 0;
}

static int add_claim(struct wf *wf, const struct json *tmpl, size_t index,
                     struct json_array_builder *made, struct err *err)
{
    struct arena *out = wf->pass->out, *a = wf->arena;
    struct str tmpl_name = json_str(json_path(tmpl, "metadata", "name", NULL));
    struct str name = str_printf(a, STR_FMT "-" STR_FMT, STR_ARG(wf->name), STR_ARG(tmpl_name));
    const struct json *there =
        wf->world && wf->world->claim ? wf->world->claim(wf->world->ctx, wf->ns, name) : NULL;
    struct json *doc;
    struct json volume;

    if (str_is_empty(tmpl_name))
        return err_set(err, ERR_INVALID, "volumeClaimTemplates[%zu].metadata.name is required",
                       index);
    if (there && !is_owned(wf, there))
        return err_set(err, ERR_EXISTS, STR_FMT " pvc already exists with different ownership",
                       STR_ARG(name));
    if (!there && check_claim(tmpl, name, err) < 0)
        return -1;
    if (!there) {
        struct json fresh = claim_doc(wf, wf->pass->a, tmpl, name);

        doc = ARENA_NEW(out, struct json);
        *doc = json_clone(out, &fresh);
        VEC_APUSH(wf->pass->a, &wf->pass->claims,
                  ((struct wf_claim_action){.name = str_copy(out, name), .doc = doc}));
    }
    volume = json_set(a, NULL, STR("name"), json_string(str_copy(a, tmpl_name)));
    volume = json_set_path(a, &volume, json_string(name), "persistentVolumeClaim", "claimName",
                           NULL);
    json_push(a, made, volume);
    return 0;
}

int wf_claims_begin(struct wf *wf, struct err *err)
{
    const struct wf_names names = {.wf = wf};
    const struct subst_options opts = wf_names_options(&names, SUBST_LEAVE);
    const struct json *templates = json_get(wf->spec, STR("volumeClaimTemplates"));
    struct json_array_builder made = {0};
    struct json filled, *list;

    if (count_of(templates) == count_of(wf->claims))
        return 0;
    if (subst_json(wf->pass->a, templates, &opts, &filled, err) < 0)
        return -1;
    for (size_t i = 0; json_item(&filled, i); i++)
        if (add_claim(wf, json_item(&filled, i), i, &made, err) < 0)
            return -1;
    list = ARENA_NEW(wf->arena, struct json);
    *list = json_array(&made);
    wf->claims = list;
    wf->is_doc_changed = true;
    return 0;
}

/* One that this pass was to make is not made; another one is deleted. */
static void remove_claim(struct wf *wf, struct str name)
{
    struct wf_claim_action *made = NULL;

    VEC_FOREACH (it, &wf->pass->claims)
        made = it->doc && str_eq(it->name, name) ? it : made;
    if (made)
        *made = wf->pass->claims.at[--wf->pass->claims.len];
    else
        VEC_APUSH(wf->pass->a, &wf->pass->claims,
                  ((struct wf_claim_action){.name = str_copy(wf->pass->out, name)}));
}

void wf_claims_end(struct wf *wf)
{
    struct str strategy = json_str(json_path(wf->spec, "volumeClaimGC", "strategy", NULL));
    const struct json *volume;

    if (count_of(wf->claims) == 0 ||
        (wf->phase != WF_SUCCEEDED && !str_is(strategy, "OnWorkflowCompletion")))
        return;
    for (size_t i = 0; (volume = json_item(wf->claims, i)) != NULL; i++)
        remove_claim(wf, json_str(json_path(volume, "persistentVolumeClaim", "claimName", NULL)));
    wf->claims = NULL;
    wf->is_doc_changed = true;
}

int wf_claims_volumes(struct wf *wf, struct arena *out, const struct json **ret,
                      struct err *err)
{
    const struct wf_names names = {.wf = wf};
    const struct subst_options opts = wf_names_options(&names, SUBST_LEAVE);
    const struct json *volumes = json_get(wf->spec, STR("volumes"));
    struct json_array_builder all = {0};
    struct arena *a = wf->pass->a;
    struct json filled, list, *kept;

    *ret = NULL;
    if (count_of(volumes) == 0 && count_of(wf->claims) == 0)
        return 0;
    if (count_of(volumes) > 0) {
        if (subst_json(a, volumes, &opts, &filled, err) < 0)
            return -1;
        for (size_t i = 0; json_item(&filled, i); i++)
            json_push(a, &all, *json_item(&filled, i));
    }
    for (size_t i = 0; json_item(wf->claims, i); i++)
        json_push(a, &all, *json_item(wf->claims, i));
    list = json_array(&all);
    kept = ARENA_NEW(out, struct json);
    *kept = json_clone(out, &list);
    *ret = kept;
    return 0;
}

/* ---- what containers mount ---- */

static int check_container(const struct json *container, const struct json *own,
                           const struct json *shared, struct err *err)
{
    const struct json *list = json_get(container, STR("volumeMounts")), *mount;

    for (size_t i = 0; (mount = json_item(list, i)) != NULL; i++) {
        struct str name = json_get_str(mount, STR("name"));

        if (!json_named(own, name) && !json_named(shared, name))
            return err_set(err, ERR_INVALID,
                           "volume '" STR_FMT "' not found in workflow spec", STR_ARG(name));
    }
    return 0;
}

int wf_claims_check_mounts(const struct json *tmpl, const struct json *volumes, struct err *err)
{
    static const char *const single[] = {"container", "script", "containerSet"};
    const struct json *lists[] = {json_path(tmpl, "containerSet", "containers", NULL),
                                  json_get(tmpl, STR("initContainers")),
                                  json_get(tmpl, STR("sidecars"))};
    const struct json *own = json_get(tmpl, STR("volumes")), *container;

    for (size_t i = 0; i < COUNT_OF(single); i++)
        if (check_container(json_get(tmpl, str_from(single[i])), own, volumes, err) < 0)
            return -1;
    for (size_t k = 0; k < COUNT_OF(lists); k++)
        for (size_t i = 0; (container = json_item(lists[k], i)) != NULL; i++)
            if (check_container(container, own, volumes, err) < 0)
                return -1;
    return 0;
}
