/*
 * objects/validate/workflow_leaf.c - templates that run something: images, mounts, sets of
 * containers, manifests, deadlines. See workflow_internal.h.
 */
#include "base/limits.h"
#include "formats/yaml.h"
#include "objects/validate/workflow_internal.h"

#include <stdlib.h>

static struct str name_of(const struct json *tmpl)
{
    return validate_text(tmpl, "name");
}

/* ---- containers ---- */

/* A path that is taken already is refused; @what says by whom. */
static int take_path(struct validate_checker *c, struct map *taken, const struct json *at,
                     struct str what)
{
    struct str path = json_str(at), *kept = ARENA_NEW(c->a, struct str), *before;

    *kept = what;
    before = map_find(taken, path);
    if (before)
        return validate_bad(c, at, "'" STR_FMT "' already mounted in " STR_FMT, STR_ARG(path),
                            STR_ARG(*before));
    map_put(taken, path, kept);
    return 0;
}

static int check_mounts(struct validate_checker *c, const struct json *owner,
                        const char *prefix, struct map *taken)
{
    const struct json *list = validate_get(owner, "volumeMounts"), *item;

    for (size_t i = 0; (item = json_item(list, i)) != NULL; i++) {
        struct str what = str_printf(c->a, "%svolumeMounts." STR_FMT, prefix,
                                     STR_ARG(validate_text(item, "name")));

        if (take_path(c, taken, validate_get(item, "mountPath"), what) < 0)
            return validate_inside(c, item, "%svolumeMounts[%zu].mountPath ", prefix, i);
    }
    return 0;
}

static int check_image(struct validate_checker *c, const struct validate_base *base,
                       const struct json *tmpl, const char *member)
{
    const struct json *container = validate_get(tmpl, member),
                      *defaults = json_path(base->spec, "templateDefaults", member, NULL);

    if (!container || !validate_is_blank(container, "image") ||
        (base->has_defaults && !validate_is_blank(defaults, "image")))
        return 0;
    return validate_bad(c, container, "templates." STR_FMT ".%s.image may not be empty",
                        STR_ARG(name_of(tmpl)), member);
}

static int check_container(struct validate_checker *c, const struct validate_base *base,
                           const struct json *tmpl)
{
    const struct json *inputs = json_path(tmpl, "inputs", "artifacts", NULL), *item;
    _cleanup_map_ struct map taken = {0};

    if (check_mounts(c, validate_get(tmpl, "container"), "container.", &taken) < 0)
        return validate_inside(c, tmpl, "templates." STR_FMT ".", STR_ARG(name_of(tmpl)));
    for (size_t i = 0; (item = json_item(inputs, i)) != NULL; i++) {
        struct str what =
            str_printf(c->a, "inputs.artifacts." STR_FMT, STR_ARG(validate_text(item, "name")));

        if (take_path(c, &taken, validate_get(item, "path"), what) < 0)
            return validate_inside(c, item, "templates." STR_FMT ".inputs.artifacts[%zu].path ",
                                   STR_ARG(name_of(tmpl)), i);
    }
    return check_image(c, base, tmpl, "container");
}

/* Names that the system uses itself. */
static int check_reserved(struct validate_checker *c, const struct json *tmpl,
                          const struct json *list, const char *member)
{
    const struct json *item;

    for (size_t i = 0; (item = json_item(list, i)) != NULL; i++) {
        struct str name = validate_text(item, "name");

        if (str_is(name, "wait") || str_is(name, "supervisor") ||
            str_starts(name, STR("artifact-plugin-")))
            return validate_bad(c, item,
                                "templates." STR_FMT ".%s: \"" STR_FMT
                                "\" is a reserved Argo container name",
                                STR_ARG(name_of(tmpl)), member, STR_ARG(name));
    }
    return 0;
}

int validate_resources(struct validate_checker *c, const struct json *owner, struct str prefix)
{
    static const char *const lists[] = {"limits", "requests"};
    const struct json *resources = validate_get(owner, "podResources");

    if (validate_count(resources, "claims") > 0)
        return validate_bad(c, resources,
                            STR_FMT
                            "podResources.claims is not supported for pod-level resources",
                            STR_ARG(prefix));
    for (size_t i = 0; i < COUNT_OF(lists); i++) {
        const struct json *list = validate_get(resources, lists[i]);

        for (uint32_t k = 0; json_is(list, JSON_OBJECT) && k < list->count; k++) {
            struct str name = list->members[k].key;

            if (!str_is(name, "cpu") && !str_is(name, "memory") &&
                !str_starts(name, STR("hugepages-")))
                return validate_bad(c, list,
                                    STR_FMT
                                    "podResources: \"" STR_FMT
                                    "\" is not a valid pod-level resource, only cpu, memory "
                                    "and hugepages-* are supported",
                                    STR_ARG(prefix), STR_ARG(name));
        }
    }
    return 0;
}

/* ---- sets of containers ---- */

static const struct json *container_named(const struct json *list, struct str name)
{
    const struct json *item;

    for (size_t i = 0; (item = json_item(list, i)) != NULL; i++)
        if (str_eq(validate_text(item, "name"), name))
            return item;
    return NULL;
}

/* Names on the way: what was waited for, not what began. */
struct way {
    struct str names[CONTAINER_SET_MAX + 1];
    size_t len;
};

static int fail_cycle(struct validate_checker *c, const struct json *at, const struct way *way,
                      struct str name)
{
    struct str text = STR("");

    for (size_t i = 0; i < way->len; i++)
        text = str_printf(c->a, STR_FMT STR_FMT "->", STR_ARG(text), STR_ARG(way->names[i]));
    return validate_bad(c, at, "containers dependency cycle detected: " STR_FMT STR_FMT,
                        STR_ARG(text), STR_ARG(name));
}

/* Walks what a container waits for. */
static int check_cycle(struct validate_checker *c, const struct json *list,
                       const struct json *container, struct way *way, struct map *done)
{
    const struct json *on = validate_get(container, "dependencies"), *item;
    struct str name = validate_text(container, "name");

    if (map_find(done, name))
        return 0;
    for (size_t i = 0; (item = json_item(on, i)) != NULL; i++) {
        for (size_t k = 0; k < way->len; k++)
            if (str_eq(way->names[k], json_str(item)))
                return fail_cycle(c, item, way, json_str(item));
        way->names[way->len++] = json_str(item);
        if (check_cycle(c, list, container_named(list, json_str(item)), way, done) < 0)
            return -1;
        way->len--;
    }
    map_put(done, name, c);
    return 0;
}

static int compare_containers(const void *left, const void *right)
{
    const struct json *const *a = left, *const *b = right;

    return str_cmp(validate_text(*a, "name"), validate_text(*b, "name"));
}

static int check_cycles(struct validate_checker *c, const struct json *list)
{
    _cleanup_map_ struct map done = {0};
    const struct json *sorted[CONTAINER_SET_MAX];
    struct way way = {0};

    for (uint32_t i = 0; i < list->count; i++)
        sorted[i] = &list->items[i];
    qsort(sorted, list->count, sizeof(sorted[0]), compare_containers);
    for (uint32_t i = 0; i < list->count; i++)
        if (check_cycle(c, list, sorted[i], &way, &done) < 0)
            return -1;
    return 0;
}

static int check_set_members(struct validate_checker *c, const struct json *list)
{
    const struct json *container, *on;

    for (size_t i = 0; (container = json_item(list, i)) != NULL; i++) {
        const struct json *names = validate_get(container, "dependencies");

        for (size_t k = 0; (on = json_item(names, k)) != NULL; k++)
            if (!container_named(list, json_str(on)))
                return validate_bad(
                    c, on, "containers." STR_FMT " dependency '" STR_FMT "' not defined",
                    STR_ARG(validate_text(container, "name")), STR_ARG(json_str(on)));
    }
    return 0;
}

static int check_set_rules(struct validate_checker *c, const struct json *set)
{
    const struct json *list = validate_get(set, "containers");
    _cleanup_map_ struct map taken = {0};

    if (validate_count(set, "containers") == 0)
        return validate_bad(c, set, "containers must have at least one container");
    if (list->count > CONTAINER_SET_MAX)
        return validate_bad(c, list, "%u containers in one pod (limit %d)", list->count,
                            CONTAINER_SET_MAX);
    if (validate_names(c, list, VALIDATE_NAMES_FIELD) < 0)
        return validate_inside(c, list, "containers");
    if (check_mounts(c, set, "", &taken) < 0 || check_set_members(c, list) < 0)
        return -1;
    return check_cycles(c, list);
}

static int check_set(struct validate_checker *c, const struct json *tmpl)
{
    const struct json *set = validate_get(tmpl, "containerSet");
    bool needs_main = validate_count(validate_get(tmpl, "inputs"), "artifacts") > 0 ||
                      validate_count(validate_get(tmpl, "outputs"), "parameters") > 0 ||
                      validate_count(validate_get(tmpl, "outputs"), "artifacts") > 0;

    if (check_set_rules(c, set) < 0)
        return validate_inside(c, set, "templates." STR_FMT ".containerSet.",
                               STR_ARG(name_of(tmpl)));
    if (needs_main && !container_named(validate_get(set, "containers"), STR("main")))
        return validate_bad(c, set,
                            "templates." STR_FMT
                            ".containerSet.containers must have a container "
                            "named \"main\" for input or output",
                            STR_ARG(name_of(tmpl)));
    return check_reserved(c, tmpl, validate_get(set, "containers"), "containerSet.containers");
}

/* ---- resources ---- */

static bool is_placeholder(struct str text)
{
    return str_starts(text, STR(VALIDATE_PLACEHOLDER));
}

/* The manifest with a word where an expression stands. */
static struct str without_expressions(struct validate_checker *c, struct str text)
{
    struct str made = STR("");
    size_t from, to;

    while ((from = str_find(text, STR("{{"))) != SIZE_MAX) {
        struct str behind = str_trim(str_skip(text, from + 2));

        to = str_find(str_skip(text, from), STR("}}"));
        if (to == SIZE_MAX)
            break;
        made = str_printf(
            c->a, STR_FMT STR_FMT STR_FMT, STR_ARG(made), STR_ARG(str_head(text, from)),
            STR_ARG(str_starts(behind, STR("=")) ? STR(VALIDATE_PLACEHOLDER)
                                                 : str_head(str_skip(text, from), to + 2)));
        text = str_skip(text, from + to + 2);
    }
    return str_concat(c->a, made, text);
}

static int check_manifest(struct validate_checker *c, const struct json *tmpl,
                          const struct json *resource)
{
    struct str manifest = validate_text(resource, "manifest"),
               artifact =
                   validate_text(json_path(resource, "manifestFrom", "artifact", NULL), "name");
    const struct json *from = validate_get(resource, "manifestFrom");
    struct json doc;
    struct err fault = {0}; /* the text is upstream's */

    if (manifest.len == 0 && !from)
        return validate_bad(c, resource,
                            "either templates." STR_FMT
                            ".resource.manifest or templates." STR_FMT
                            ".resource.manifestFrom must be specified",
                            STR_ARG(name_of(tmpl)), STR_ARG(name_of(tmpl)));
    if (manifest.len > 0 && from)
        return validate_bad(c, from,
                            "shouldn't have both `manifest` and `manifestFrom` specified in "
                            "`Manifest` for resource template");
    if (validate_has(from, "artifact") &&
        !container_named(json_path(tmpl, "inputs", "artifacts", NULL), artifact))
        return validate_bad(
            c, from, "artifact " STR_FMT " in `manifestFrom` refer to a non-exist artifact",
            STR_ARG(artifact));
    if (manifest.len > 0 && !is_placeholder(manifest) &&
        yaml_parse_lax(c->a, without_expressions(c, manifest), &doc, &fault) < 0)
        return validate_bad(c, validate_get(resource, "manifest"),
                            "templates." STR_FMT ".resource.manifest must be a valid yaml",
                            STR_ARG(name_of(tmpl)));
    return 0;
}

static int check_resource(struct validate_checker *c, const struct json *tmpl)
{
    static const char *const actions[] = {"get",    "create",  "apply",
                                          "delete", "replace", "patch"};
    const struct json *resource = validate_get(tmpl, "resource");
    struct str action = validate_text(resource, "action");
    bool is_known = is_placeholder(action);

    for (size_t i = 0; i < COUNT_OF(actions); i++)
        is_known |= str_is(action, actions[i]);
    if (!is_known)
        return validate_bad(c, resource,
                            "templates." STR_FMT
                            ".resource.action must be one of: get, create, "
                            "apply, delete, replace, patch",
                            STR_ARG(name_of(tmpl)));
    if (str_is(action, "delete") || str_is(action, "get"))
        return 0;
    return check_manifest(c, tmpl, resource);
}

/* ---- all of them ---- */

static bool is_good_deadline(const struct json *deadline)
{
    struct str text = json_str(deadline);
    int64_t n;

    if (!str_is_none(text))
        return is_placeholder(text) || validate_is_tag(text) || (parse_i64(text, &n) && n >= 0);
    return json_i64(deadline, &n) && n >= 0;
}

int validate_leaf(struct validate_checker *c, const struct validate_base *base,
                  const struct validate_scope *s, const struct json *tmpl)
{
    const struct json *deadline = validate_get(tmpl, "activeDeadlineSeconds");

    if (validate_tags(c, s, tmpl) < 0)
        return validate_inside(c, tmpl, "templates." STR_FMT ": ", STR_ARG(name_of(tmpl)));
    if ((validate_has(tmpl, "container") && check_container(c, base, tmpl) < 0) ||
        (validate_has(tmpl, "containerSet") && check_set(c, tmpl) < 0) ||
        check_reserved(c, tmpl, validate_get(tmpl, "sidecars"), "sidecars") < 0 ||
        (validate_has(tmpl, "resource") && check_resource(c, tmpl) < 0) ||
        check_image(c, base, tmpl, "script") < 0)
        return -1;
    if (deadline && !is_good_deadline(deadline))
        return validate_bad(c, deadline,
                            "templates." STR_FMT ".activeDeadlineSeconds must be a positive "
                            "integer > 0 or an argo variable",
                            STR_ARG(name_of(tmpl)));
    if (validate_has(tmpl, "parallelism"))
        return validate_bad(c, validate_get(tmpl, "parallelism"),
                            "templates." STR_FMT
                            ".parallelism is only valid for steps and dag templates",
                            STR_ARG(name_of(tmpl)));
    return 0;
}
