/*
 * podSpecPatch: the template is laid out as a pod's spec, the workflow's patch and then its own
 * are merged into that as Kubernetes merges, and what came of it becomes the template again. A
 * container that a patch adds runs beside the main one. What cannot be carried out is refused,
 * as in a manifest. Source: ../shared/spec/workflows.md 1.2, 5.1.
 */
#include "workflows/engine/pod_patch.h"

#include "formats/yaml.h"
#include "objects/shapes.h"

/* Members of our containers that a container of Kubernetes has not. */
static const char *const own_members[] = {"source", "dependencies", "mirrorVolumeMounts"};

static struct json plain(struct arena *a, const struct json *container, const char *name)
{
    struct json made = *container;

    for (size_t i = 0; i < COUNT_OF(own_members); i++)
        made = json_without(a, &made, str_from(own_members[i]));
    return name ? json_set(a, &made, STR("name"), json_string(str_from(name))) : made;
}

/* A patched container with what its template said beside. */
static struct json own(struct arena *a, const struct json *container, const struct json *was)
{
    struct json made = *container;

    for (size_t i = 0; was && i < COUNT_OF(own_members); i++) {
        const struct json *member = json_get(was, str_from(own_members[i]));

        if (member)
            made = json_set(a, &made, str_from(own_members[i]), *member);
    }
    return made;
}

static const struct json *main_of(const struct json *tmpl)
{
    const struct json *script = json_get(tmpl, STR("script"));

    return script ? script : json_get(tmpl, STR("container"));
}

static void add_plain(struct arena *a, const struct json *list, struct json_array_builder *to)
{
    for (size_t i = 0; json_item(list, i); i++)
        json_push(a, to, plain(a, json_item(list, i), NULL));
}

/* ---- the template as a spec ---- */

static struct json to_spec(struct arena *a, const struct json *tmpl)
{
    static const char *const kept[] = {"volumes", "securityContext", "activeDeadlineSeconds"};
    struct json_array_builder containers = {0}, inits = {0};
    const struct json *first = main_of(tmpl);
    struct json spec;

    if (first)
        json_push(a, &containers, plain(a, first, "main"));
    add_plain(a, json_path(tmpl, "containerSet", "containers", NULL), &containers);
    add_plain(a, json_get(tmpl, STR("sidecars")), &containers);
    add_plain(a, json_get(tmpl, STR("initContainers")), &inits);
    spec = json_set(a, NULL, STR("containers"), json_array(&containers));
    if (inits.len > 0)
        spec = json_set(a, &spec, STR("initContainers"), json_array(&inits));
    for (size_t i = 0; i < COUNT_OF(kept); i++)
        if (json_get(tmpl, str_from(kept[i])))
            spec = json_set(a, &spec, str_from(kept[i]), *json_get(tmpl, str_from(kept[i])));
    return spec;
}

/* ---- and back ---- */

/* The main container keeps its place; those of a set, too; what else there is runs beside. */
static struct json take_containers(struct arena *a, const struct json *tmpl,
                                   const struct json *list)
{
    const struct json *set = json_path(tmpl, "containerSet", "containers", NULL);
    const char *member = json_get(tmpl, STR("script")) ? "script" : "container";
    struct json_array_builder of_set = {0}, beside = {0};
    struct json made = *tmpl;
    const struct json *item;

    for (size_t i = 0; (item = json_item(list, i)) != NULL; i++) {
        struct str name = json_get_str(item, STR("name"));
        const struct json *was = json_named(set, name);

        if (!set && str_is(name, "main"))
            made = json_set(a, &made, str_from(member), own(a, item, main_of(tmpl)));
        else if (was)
            json_push(a, &of_set, own(a, item, was));
        else
            json_push(a, &beside,
                      own(a, item, json_named(json_get(tmpl, STR("sidecars")), name)));
    }
    if (set)
        made = json_set_path(a, &made, json_array(&of_set), "containerSet", "containers", NULL);
    return beside.len > 0 ? json_set(a, &made, STR("sidecars"), json_array(&beside)) : made;
}

static struct json from_spec(struct arena *a, const struct json *tmpl, const struct json *spec)
{
    static const char *const kept[] = {"volumes", "securityContext", "activeDeadlineSeconds"};
    const struct json *was = json_get(tmpl, STR("initContainers"));
    const struct json *inits = json_get(spec, STR("initContainers")), *item;
    struct json made = take_containers(a, tmpl, json_get(spec, STR("containers")));
    struct json_array_builder list = {0};

    for (size_t i = 0; (item = json_item(inits, i)) != NULL; i++)
        json_push(a, &list, own(a, item, json_named(was, json_get_str(item, STR("name")))));
    if (inits)
        made = json_set(a, &made, STR("initContainers"), json_array(&list));
    for (size_t i = 0; i < COUNT_OF(kept); i++)
        if (json_get(spec, str_from(kept[i])))
            made = json_set(a, &made, str_from(kept[i]), *json_get(spec, str_from(kept[i])));
    return json_without(a, &made, STR("podSpecPatch"));
}

/* ---- patches ---- */

static int apply(struct arena *a, struct str text, struct json *spec, struct err *err)
{
    const struct json before = *spec;
    const struct patch_target target = {.doc = &before,
                                        .schema = field_patch_schema(&shape_pod_spec)};
    struct json patch;

    if (str_is_empty(text))
        return 0;
    if (yaml_parse(a, text, &patch, err) < 0)
        return -1;
    if (!json_is(&patch, JSON_OBJECT))
        return err_set(err, ERR_INVALID, "an object is expected");
    return patch_apply(a, PATCH_STRATEGIC, &target, &patch, spec, err);
}

/* Nothing is ignored: neither what a manifest could not say, nor what no pod has here. */
static int check(struct arena *a, const struct json *spec, struct err *err)
{
    static const char *const later[] = {"hostAliases", "dnsConfig", "ephemeralContainers"};
    struct field_faults faults = {.max = 1};

    for (size_t i = 0; i < COUNT_OF(later); i++)
        if (json_get(spec, str_from(later[i])))
            return err_set(err, ERR_UNSUPPORTED, "%s is not supported yet", later[i]);
    if (field_check(a, &shape_pod_spec, spec, STR("spec"), &faults))
        return 0;
    return err_set(err, faults.at[0].kind, STR_FMT ": " STR_FMT, STR_ARG(faults.at[0].path),
                   STR_ARG(faults.at[0].text));
}

static int patch_of_workflow(struct wf *wf, struct str *ret, struct err *err)
{
    const struct wf_names names = {.wf = wf};
    const struct subst_options opts = wf_names_options(&names, SUBST_LEAVE);
    const struct json *text = json_get(wf->spec, STR("podSpecPatch"));
    struct json filled = json_null();

    *ret = STR_NONE;
    if (!text)
        return 0;
    if (subst_json(wf->pass->a, text, &opts, &filled, err) < 0)
        return -1;
    *ret = str_copy(wf->pass->a, json_str(&filled));
    return 0;
}

int wf_pod_patch(struct wf *wf, const struct json *tmpl, struct json *ret,
                 uint64_t *ret_grace_ms, struct err *err)
{
    struct str own_patch = json_get_str(tmpl, STR("podSpecPatch")), patch;
    struct arena *a = wf->pass->a;
    struct json spec;
    int64_t seconds;

    *ret = *tmpl;
    if (patch_of_workflow(wf, &patch, err) < 0)
        return err_wrap(err, "podSpecPatch");
    if ((str_is_empty(patch) && str_is_empty(own_patch)) ||
        (!main_of(tmpl) && !json_get(tmpl, STR("containerSet"))))
        return 0;
    spec = to_spec(a, tmpl);
    if (apply(a, patch, &spec, err) < 0 || apply(a, own_patch, &spec, err) < 0 ||
        check(a, &spec, err) < 0)
        return err_wrap(err, "podSpecPatch");
    if (json_i64(json_get(&spec, STR("terminationGracePeriodSeconds")), &seconds) &&
        seconds > 0)
        *ret_grace_ms = (uint64_t) seconds * 1000;
    *ret = from_spec(a, tmpl, &spec);
    return 0;
}
