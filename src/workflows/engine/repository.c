/*
 * Where the artifacts of a workflow go: the repository that its spec names, or its namespace's
 * default one, of a ConfigMap; else the local one. It is looked up once: from then on it stands
 * in status.artifactRepositoryRef, whatever becomes of the ConfigMap. Source:
 * ../shared/spec/workflows.md 5.8.
 */
#include "artifacts/repository.h"
#include "artifacts/place.h"
#include "workflows/engine/wf_internal.h"
#include "workflows/engine/world.h"

/* 1: found; 0: the ConfigMap has no such key. */
static int read_map(struct wf *wf, const struct json *map, struct str name, struct str key,
                    struct err *err)
{
    struct arena *a = wf->arena;
    struct json_object_builder b = {0};
    struct repository repository;
    struct json *made;
    int found = repository_read(a, map, name, key, &repository, err);

    if (found <= 0)
        return found;
    json_add_str(a, &b, STR("namespace"), wf->ns);
    json_add_str(a, &b, STR("configMap"), str_copy(a, name));
    json_add_str(a, &b, STR("key"), repository.key);
    json_add(a, &b, STR("artifactRepository"), repository.doc);
    made = ARENA_NEW(a, struct json);
    *made = json_object(&b);
    wf->repository = made;
    wf->is_doc_changed = true;
    return 1;
}

/* The controller's own, for those who name none. */
static void take_default(struct wf *wf)
{
    const struct config *config = wf->world ? wf->world->config : NULL;
    struct json *made;

    if (!config || !config->artifact_repository)
        return;
    made = ARENA_NEW(wf->arena, struct json);
    *made = json_clone(wf->arena, config->artifact_repository);
    *made = json_set(wf->arena, NULL, STR("artifactRepository"), *made);
    *made = json_set(wf->arena, made, STR("default"), json_bool(true));
    wf->repository = made;
    wf->is_doc_changed = true;
}

int wf_repository_resolve(struct wf *wf, struct err *err)
{
    const struct json *ref = json_get(wf->spec, STR("artifactRepositoryRef"));
    struct str name = json_get_str(ref, STR("configMap")), key = json_get_str(ref, STR("key"));
    const struct json *map = NULL;
    int found = 0;

    if (wf->repository)
        return 0;
    if (str_is_empty(name))
        name = STR(REPOSITORY_DEFAULT_MAP);
    if (wf->world && wf->world->config_map)
        map = wf->world->config_map(wf->world->ctx, wf->ns, name);
    if (map)
        found = read_map(wf, map, name, key, err);
    if (found != 0)
        return found < 0 ? -1 : 0;
    if (ref)
        return err_set(err, ERR_NOT_FOUND,
                       "failed to find any artifact repository for artifact repository ref "
                       "\"" STR_FMT "/" STR_FMT "#" STR_FMT "\": %s",
                       STR_ARG(wf->ns), STR_ARG(name),
                       STR_ARG(str_is_none(key) ? STR("") : key),
                       map ? "the ConfigMap has no such key" : "there is no such ConfigMap");
    take_default(wf);
    return 0;
}

/* ---- what a pod is given ---- */

static bool needs_place(const struct json *tmpl)
{
    static const char *const sides[] = {"inputs", "outputs"};
    const struct json *paths = json_path(tmpl, "data", "source", "artifactPaths", NULL), *item;

    if (paths && !artifact_has_place(paths))
        return true;
    for (size_t i = 0; i < COUNT_OF(sides); i++) {
        const struct json *list = json_path(tmpl, sides[i], "artifacts", NULL);

        for (size_t j = 0; (item = json_item(list, j)) != NULL; j++)
            if (!artifact_has_place(item))
                return true;
    }
    return false;
}

/* The repository's can only be switched on. */
static bool archives_logs(const struct wf *wf, const struct json *tmpl)
{
    const struct json *own = json_path(tmpl, "archiveLocation", "archiveLogs", NULL);

    if (json_get_bool(json_get(wf->repository, STR("artifactRepository")), STR("archiveLogs")))
        return true;
    return json_is(own, JSON_BOOL)
               ? json_get_bool(json_get(tmpl, STR("archiveLocation")), STR("archiveLogs"))
               : json_get_bool(wf->spec, STR("archiveLogs"));
}

/* The names of the pod and of its inputs beside those of the workflow. */
static int fill_key(struct wf *wf, const struct json *tmpl, struct str pod, struct str format,
                    struct json *ret, struct err *err)
{
    const struct json *list = json_path(tmpl, "inputs", "parameters", NULL), *item;
    struct arena *a = wf->pass->a;
    struct json locals = json_set(a, NULL, STR("pod.name"), json_string(pod));
    struct json text = json_string(format);

    for (size_t i = 0; (item = json_item(list, i)) != NULL; i++)
        if (json_get(item, STR("value")))
            locals = json_set(
                a, &locals,
                str_concat(a, STR("inputs.parameters."), json_get_str(item, STR("name"))),
                *json_get(item, STR("value")));
    const struct wf_names names = {.wf = wf, .locals = &locals};
    const struct subst_options opts = wf_names_options(&names, SUBST_LEAVE);

    return subst_json(a, &text, &opts, ret, err);
}

int wf_repository_location(struct wf *wf, const struct json *tmpl, struct str pod,
                           struct json *ret, struct err *err)
{
    const struct json *own = json_get(tmpl, STR("archiveLocation"));
    const struct json *repository = json_get(wf->repository, STR("artifactRepository"));
    struct str own_key = json_str(json_path(own, "s3", "key", NULL));
    struct arena *a = wf->pass->a;
    bool has_logs = archives_logs(wf, tmpl);
    struct artifact_place place;
    struct json key, location;

    *ret = *tmpl;
    if (artifact_has_place(own) || (!needs_place(tmpl) && !has_logs))
        return 0;
    if (fill_key(wf, tmpl, pod, artifact_key_format(a, repository), &key, err) < 0)
        return err_wrap(err, "keyFormat of the artifact repository");
    if (!artifact_place_find(repository, &place) && !str_is_empty(own_key))
        key = json_string(own_key); /* a place in the local repository */
    location = artifact_repository_place(a, repository, json_str(&key));
    location = json_set(a, &location, STR("archiveLogs"), json_bool(has_logs));
    *ret = json_set(a, tmpl, STR("archiveLocation"), location);
    return 0;
}
