/*
 * What the pod of a template is beside what the template says. Under its main containers stands
 * mainContainer of the configuration, merged as Kubernetes merges. Then podSpecPatch: the
 * template is laid out as a pod's spec, the workflow's patch and then its own
 * are merged into that as Kubernetes merges, and what came of it becomes the template again. A
 * container that a patch adds runs beside the main one. What cannot be carried out is refused,
 * as in a manifest. What has no command then gets that which the configuration knows of its
 * image. Source: ../shared/spec/workflows.md 1.2, 5.1, 9.4.
 */
#include "workflows/engine/pod_patch.h"

#include "formats/yaml.h"
#include "objects/shapes.h"
#include "workflows/engine/world.h"

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

/* Members that a template and a pod's spec have alike. */
static const char *const kept[] = {"volumes",     "securityContext", "activeDeadlineSeconds",
                                   "hostAliases", "dnsConfig",       "dnsPolicy",
                                   "hostname"};

/* ---- the template as a spec ---- */

static struct json to_spec(struct arena *a, const struct json *tmpl)
{
    struct json_array_builder containers = {0}, inits = {0};
    const struct json *first = main_of(tmpl);
    struct json spec;
    int64_t seconds;

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
    if (parse_i64(json_get_str(tmpl, STR("activeDeadlineSeconds")),
                  &seconds)) /* a tag's value */
        spec = json_set(a, &spec, STR("activeDeadlineSeconds"), json_int(a, seconds));
    return spec;
}

/* ---- and back ---- */

/* Containers of upstream's executor, which patches written for it may name: there is none here.
 */
static bool is_executor(struct str name, const struct json *of_template)
{
    return !json_named(of_template, name) &&
           (str_is(name, "wait") || str_is(name, "init") || str_is(name, "supervisor"));
}

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
        else if (!is_executor(name, json_get(tmpl, STR("sidecars"))))
            json_push(a, &beside,
                      own(a, item, json_named(json_get(tmpl, STR("sidecars")), name)));
    }
    if (set)
        made = json_set_path(a, &made, json_array(&of_set), "containerSet", "containers", NULL);
    return beside.len > 0 ? json_set(a, &made, STR("sidecars"), json_array(&beside)) : made;
}

static struct json from_spec(struct arena *a, const struct json *tmpl, const struct json *spec)
{
    const struct json *was = json_get(tmpl, STR("initContainers"));
    const struct json *inits = json_get(spec, STR("initContainers")), *item;
    struct json made = take_containers(a, tmpl, json_get(spec, STR("containers")));
    struct json_array_builder list = {0};

    for (size_t i = 0; (item = json_item(inits, i)) != NULL; i++)
        if (!is_executor(json_get_str(item, STR("name")), was))
            json_push(a, &list, own(a, item, json_named(was, json_get_str(item, STR("name")))));
    if (list.len > 0)
        made = json_set(a, &made, STR("initContainers"), json_array(&list));
    for (size_t i = 0; i < COUNT_OF(kept); i++)
        if (json_get(spec, str_from(kept[i])))
            made = json_set(a, &made, str_from(kept[i]), *json_get(spec, str_from(kept[i])));
    return json_without(a, &made, STR("podSpecPatch"));
}

/* ---- each container ---- */

typedef int (*container_fn)(struct wf *wf, const struct json *container, struct json *ret,
                            struct err *err);

static int each_of(struct wf *wf, struct json *list, container_fn fn, struct err *err)
{
    struct json_array_builder b = {0};
    const struct json *item;
    struct json made;

    for (size_t i = 0; (item = json_item(list, i)) != NULL; i++) {
        if (fn(wf, item, &made, err) < 0)
            return -1;
        json_push(wf->pass->a, &b, made);
    }
    *list = json_array(&b);
    return 0;
}

/* Those that are the template's work. */
static int each_main(struct wf *wf, struct json *tmpl, container_fn fn, struct err *err)
{
    const char *const names[] = {"container", "script"};
    const struct json *set = json_path(tmpl, "containerSet", "containers", NULL);
    struct arena *a = wf->pass->a;
    struct json made;

    for (size_t i = 0; i < COUNT_OF(names); i++) {
        const struct json *container = json_get(tmpl, str_from(names[i]));

        if (!container)
            continue;
        if (fn(wf, container, &made, err) < 0)
            return -1;
        *tmpl = json_set(a, tmpl, str_from(names[i]), made);
    }
    if (!set)
        return 0;
    made = *set;
    if (each_of(wf, &made, fn, err) < 0)
        return -1;
    *tmpl = json_set_path(a, tmpl, made, "containerSet", "containers", NULL);
    return 0;
}

static int each_container(struct wf *wf, struct json *tmpl, container_fn fn, struct err *err)
{
    static const char *const lists[] = {"initContainers", "sidecars"};

    for (size_t i = 0; i < COUNT_OF(lists); i++) {
        const struct json *list = json_get(tmpl, str_from(lists[i]));
        struct json made;

        if (!list)
            continue;
        made = *list;
        if (each_of(wf, &made, fn, err) < 0)
            return -1;
        *tmpl = json_set(wf->pass->a, tmpl, str_from(lists[i]), made);
    }
    return each_main(wf, tmpl, fn, err);
}

/* ---- the configuration ---- */

static int over_defaults(struct wf *wf, const struct json *container, struct json *ret,
                         struct err *err)
{
    struct arena *a = wf->pass->a;
    const struct patch_target target = {.doc = wf->world->config->main_container,
                                        .schema = field_patch_schema(&shape_container)};
    struct json theirs = plain(a, container, NULL), made;

    if (patch_apply(a, PATCH_STRATEGIC, &target, &theirs, &made, err) < 0)
        return -1;
    *ret = own(a, &made, container);
    return 0;
}

static int with_command(struct wf *wf, const struct json *container, struct json *ret,
                        struct err *err)
{
    const struct json *image =
        json_get(wf->world->config->images, json_get_str(container, STR("image")));
    const struct json *entrypoint = json_get(image, STR("entrypoint"));
    const struct json *args = json_get(image, STR("cmd"));
    struct arena *a = wf->pass->a;

    (void) err;
    *ret = *container;
    if (!image || json_item(json_get(container, STR("command")), 0))
        return 0;
    if (entrypoint)
        *ret = json_set(a, ret, STR("command"), *entrypoint);
    if (args && !json_get(container, STR("args")))
        *ret = json_set(a, ret, STR("args"), *args);
    return 0;
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
    static const char *const later[] = {"ephemeralContainers"};
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

static int patch(struct wf *wf, const struct json *tmpl, struct json *ret,
                 uint64_t *ret_grace_ms, struct err *err)
{
    struct str own_patch = json_get_str(tmpl, STR("podSpecPatch")), of_workflow;
    struct arena *a = wf->pass->a;
    struct json spec;
    int64_t seconds;

    *ret = *tmpl;
    if (patch_of_workflow(wf, &of_workflow, err) < 0)
        return err_wrap(err, "podSpecPatch");
    if ((str_is_empty(of_workflow) && str_is_empty(own_patch)) ||
        (!main_of(tmpl) && !json_get(tmpl, STR("containerSet"))))
        return 0;
    spec = to_spec(a, tmpl);
    if (apply(a, of_workflow, &spec, err) < 0 || apply(a, own_patch, &spec, err) < 0 ||
        check(a, &spec, err) < 0)
        return err_wrap(err, "podSpecPatch");
    if (json_i64(json_get(&spec, STR("terminationGracePeriodSeconds")), &seconds) &&
        seconds > 0)
        *ret_grace_ms = (uint64_t) seconds * 1000;
    *ret = from_spec(a, tmpl, &spec);
    return 0;
}

/* What the workflow's spec says of each pod; host names of all count, the
 * workflow's first. */
static struct json with_spec(const struct wf *wf, const struct json *tmpl)
{
    static const char *const members[] = {"dnsConfig", "dnsPolicy"};
    const struct json *aliases = json_get(wf->spec, STR("hostAliases"));
    const struct json *own = json_get(tmpl, STR("hostAliases"));
    struct arena *a = wf->pass->a;
    struct json_array_builder all = {0};
    struct json made = *tmpl;

    for (size_t i = 0; i < COUNT_OF(members); i++)
        if (json_get(wf->spec, str_from(members[i])))
            made = json_set(a, &made, str_from(members[i]),
                            *json_get(wf->spec, str_from(members[i])));
    if (!aliases)
        return made;
    for (size_t i = 0; json_item(aliases, i); i++)
        json_push(a, &all, *json_item(aliases, i));
    for (size_t i = 0; json_item(own, i); i++)
        json_push(a, &all, *json_item(own, i));
    return json_set(a, &made, STR("hostAliases"), json_array(&all));
}

int wf_pod_patch(struct wf *wf, const struct json *tmpl, struct json *ret,
                 uint64_t *ret_grace_ms, struct err *err)
{
    const struct config *config = wf->world ? wf->world->config : NULL;
    struct json given = with_spec(wf, tmpl);

    if (config && config->main_container && each_main(wf, &given, over_defaults, err) < 0)
        return err_wrap(err, "mainContainer of the configuration");
    if (patch(wf, &given, ret, ret_grace_ms, err) < 0)
        return -1;
    return config && config->images ? each_container(wf, ret, with_command, err) : 0;
}
