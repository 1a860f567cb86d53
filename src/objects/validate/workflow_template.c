/*
 * objects/validate/workflow_template.c - which template is called, and its rules. See
 * workflow_internal.h.
 *
 * A template is looked at once, with the arguments of its first call; each further call only
 * shows whether its inputs are supplied. Inline templates have no name: of those in one base
 * the first is looked at, as in the original.
 */
#include "base/limits.h"
#include "objects/validate/workflow_internal.h"

/* ---- types ---- */

static const struct {
    const char *member, *name;
    bool is_leaf, is_pod;
} types[] = {
    [VALIDATE_CONTAINER] = {"container", "Container", true, true},
    [VALIDATE_CONTAINER_SET] = {"containerSet", "ContainerSet", true, true},
    [VALIDATE_STEPS] = {"steps", "Steps", false, false},
    [VALIDATE_SCRIPT] = {"script", "Script", true, true},
    [VALIDATE_RESOURCE] = {"resource", "Resource", true, true},
    [VALIDATE_DAG] = {"dag", "DAG", false, false},
    [VALIDATE_SUSPEND] = {"suspend", "Suspend", false, false},
    [VALIDATE_DATA] = {"data", "Data", true, true},
    [VALIDATE_HTTP] = {"http", "HTTP", true, false},
    [VALIDATE_PLUGIN] = {"plugin", "Plugin", true, false},
    [VALIDATE_NO_TYPE] = {"", "Unknown", false, false},
};

enum validate_type validate_type_of(const struct json *tmpl)
{
    for (size_t i = 0; i < VALIDATE_NO_TYPE; i++)
        if (validate_has(tmpl, types[i].member))
            return (enum validate_type) i;
    return VALIDATE_NO_TYPE;
}

const char *validate_type_name(enum validate_type type)
{
    return types[type].name;
}

bool validate_is_leaf(enum validate_type type)
{
    return types[type].is_leaf;
}

bool validate_is_pod(enum validate_type type)
{
    return types[type].is_pod;
}

static int check_type(struct validate_checker *c, const struct json *tmpl)
{
    unsigned count = 0;

    for (size_t i = 0; i < VALIDATE_NO_TYPE; i++)
        count += validate_has(tmpl, types[i].member);
    if (count == 1)
        return 0;
    return validate_bad(c, tmpl,
                        "templates." STR_FMT
                        " %s. choose one of: container, containerSet, steps, script, resource, "
                        "dag, suspend, template, template ref",
                        STR_ARG(validate_text(tmpl, "name")),
                        count ? "multiple template types specified"
                              : "template type unspecified");
}

static int check_plugin(struct validate_checker *c, const struct json *tmpl)
{
    const struct json *plugin = validate_get(tmpl, "plugin");

    if (!json_is(plugin, JSON_OBJECT) || plugin->count == 1)
        return 0;
    return validate_bad(c, plugin, "expected exactly one key, got %u", plugin->count);
}

/* ---- inputs ---- */

static int check_input_names(struct validate_checker *c, const struct json *tmpl,
                             const char *member)
{
    const struct json *list = json_path(tmpl, "inputs", member, NULL);

    if (validate_names(c, list, VALIDATE_NAMES_PARAMETER) == 0)
        return 0;
    return validate_inside(c, list, "templates." STR_FMT ".inputs.%s",
                           STR_ARG(validate_text(tmpl, "name")), member);
}

static int check_input_artifact(struct validate_checker *c, const struct json *tmpl,
                                const struct json *artifact)
{
    struct str prefix = str_printf(c->a, "templates." STR_FMT ".inputs.artifacts." STR_FMT,
                                   STR_ARG(validate_text(tmpl, "name")),
                                   STR_ARG(validate_text(artifact, "name")));
    bool is_leaf = validate_is_leaf(validate_type_of(tmpl));

    if (is_leaf && validate_path(c, artifact, prefix) < 0)
        return -1;
    if (!is_leaf && !validate_is_blank(artifact, "path"))
        return validate_bad(c, validate_get(artifact, "path"),
                            STR_FMT ".path only valid in container/script templates",
                            STR_ARG(prefix));
    if (!validate_is_blank(artifact, "from"))
        return validate_bad(c, validate_get(artifact, "from"),
                            STR_FMT ".from not valid in inputs", STR_ARG(prefix));
    return validate_location(c, artifact, prefix);
}

static int check_inputs(struct validate_checker *c, struct validate_scope *s,
                        const struct json *tmpl)
{
    const struct json *inputs = validate_get(tmpl, "inputs"), *item,
                      *parameters = validate_get(inputs, "parameters"),
                      *artifacts = validate_get(inputs, "artifacts");

    if (check_input_names(c, tmpl, "parameters") < 0 ||
        check_input_names(c, tmpl, "artifacts") < 0)
        return -1;
    for (size_t i = 0; (item = json_item(parameters, i)) != NULL; i++)
        validate_name(c, s, "inputs.parameters." STR_FMT, STR_ARG(validate_text(item, "name")));
    if (json_item(parameters, 0))
        validate_name(c, s, "inputs.parameters");
    for (size_t i = 0; (item = json_item(artifacts, i)) != NULL; i++) {
        struct str name = validate_text(item, "name");

        validate_name(c, s, "inputs.artifacts." STR_FMT, STR_ARG(name));
        if (validate_is_leaf(validate_type_of(tmpl)))
            validate_name(c, s, "inputs.artifacts." STR_FMT ".path", STR_ARG(name));
        if (check_input_artifact(c, tmpl, item) < 0)
            return -1;
    }
    return 0;
}

/* ---- the template itself ---- */

/* Names that the kind of the template brings. */
static void add_own_names(struct validate_checker *c, struct validate_scope *s,
                          const struct json *tmpl)
{
    static const char *const retries[] = {"retries", "retries.lastExitCode",
                                          "retries.lastStatus", "retries.lastDuration",
                                          "retries.lastMessage"};

    if (validate_is_pod(validate_type_of(tmpl)))
        validate_name(c, s, "pod.name");
    for (size_t i = 0; validate_has(tmpl, "retryStrategy") && i < COUNT_OF(retries); i++)
        validate_name(c, s, "%s", retries[i]);
}

/* Does the text read as a whole number? */
static bool is_whole(struct str text)
{
    struct str digits = str_skip(text, str_starts(text, STR("+")) ? 1 : 0);
    int64_t n;

    return parse_i64(digits, &n);
}

static int check_times(struct validate_checker *c, const struct json *tmpl)
{
    enum validate_type type = validate_type_of(tmpl);
    struct str timeout = validate_text(tmpl, "timeout");

    if (timeout.len > 0 && !validate_is_leaf(type))
        return validate_bad(c, validate_get(tmpl, "timeout"),
                            "%s template doesn't support timeout field", types[type].name);
    if (timeout.len > 0 && is_whole(timeout))
        return validate_bad(c, validate_get(tmpl, "timeout"),
                            STR_FMT " has invalid duration format in timeout",
                            STR_ARG(validate_text(tmpl, "name")));
    if (!validate_is_blank(tmpl, "pendingTimeout") && !validate_is_leaf(type))
        return validate_bad(c, validate_get(tmpl, "pendingTimeout"),
                            "%s template doesn't support pendingTimeout field",
                            types[type].name);
    return 0;
}

/* What the agent's pod cannot have. */
static int check_resources(struct validate_checker *c, const struct json *tmpl)
{
    struct str prefix =
        str_printf(c->a, "templates." STR_FMT ".", STR_ARG(validate_text(tmpl, "name")));
    enum validate_type type = validate_type_of(tmpl);

    if (validate_has(tmpl, "podResources") &&
        (type == VALIDATE_HTTP || type == VALIDATE_PLUGIN))
        return validate_bad(c, validate_get(tmpl, "podResources"),
                            STR_FMT "podResources is not supported for %s templates",
                            STR_ARG(prefix), types[type].name);
    return validate_resources(c, tmpl, prefix);
}

static int check_init_containers(struct validate_checker *c, const struct json *tmpl)
{
    const struct json *list = validate_get(tmpl, "initContainers"), *item;

    for (size_t i = 0; (item = json_item(list, i)) != NULL; i++)
        if (validate_is_blank(item, "name"))
            return validate_bad(c, item, "initContainers must all have container name");
    return 0;
}

static int check_claims(struct validate_checker *c, const struct json *tmpl,
                        const struct json *filled)
{
    enum validate_type type = validate_type_of(filled);

    if (validate_count(tmpl, "resourceClaims") == 0 || types[type].is_pod)
        return 0;
    return validate_bad(c, validate_get(tmpl, "resourceClaims"),
                        "templates." STR_FMT
                        ".resourceClaims is not supported for %s templates, which "
                        "do not create a pod",
                        STR_ARG(validate_text(tmpl, "name")), types[type].name);
}

static int check_inside(struct validate_checker *c, const struct validate_base *base,
                        struct validate_scope *s, const struct json *tmpl)
{
    const struct json *archive = validate_get(tmpl, "archiveLocation");
    enum validate_type type = validate_type_of(tmpl);
    int result = type == VALIDATE_STEPS ? validate_steps(c, base, s, tmpl)
                 : type == VALIDATE_DAG ? validate_dag(c, base, s, tmpl)
                                        : validate_leaf(c, base, s, tmpl);

    if (result < 0 || validate_outputs(c, s, tmpl) < 0)
        return -1;
    if (archive && validate_location(c, archive,
                                     str_printf(c->a, "templates." STR_FMT ".archiveLocation",
                                                STR_ARG(validate_text(tmpl, "name")))) < 0)
        return -1;
    return validate_metrics(c, tmpl);
}

static bool was_seen(struct validate_checker *c, const struct validate_base *base,
                     const struct json *tmpl)
{
    struct str key = str_printf(c->a, STR_FMT "/" STR_FMT, STR_ARG(base->key),
                                STR_ARG(validate_text(tmpl, "name")));

    return map_put(&c->seen, key, c) != NULL;
}

static int check_template(struct validate_checker *c, const struct validate_found *found,
                          const struct json *arguments)
{
    struct validate_scope s = {0};
    struct json filled;
    int result = -1;

    if (check_type(c, found->tmpl) < 0 || check_plugin(c, found->tmpl) < 0 ||
        check_resources(c, found->tmpl) < 0)
        return -1;
    add_own_names(c, &s, found->tmpl);
    if (check_inputs(c, &s, found->tmpl) < 0 || check_init_containers(c, found->tmpl) < 0)
        goto out;
    if (validate_fill(c, found->tmpl, arguments, &filled) < 0) {
        result = validate_inside(c, NULL, "templates." STR_FMT " ",
                                 STR_ARG(validate_text(found->tmpl, "name")));
        goto out;
    }
    if (json_is(json_get(&filled, STR("steps")), JSON_ARRAY) &&
        validate_count(&filled, "steps") == 0)
        filled = json_without(c->a, &filled, STR("steps")); /* Go does not print it */
    result = check_claims(c, found->tmpl, &filled);
    if (result == 0)
        result = check_times(c, &filled);
    if (result == 0 && !was_seen(c, &found->base, found->tmpl))
        result = check_inside(c, &found->base, &s, &filled);
out:
    validate_scope_done(&s);
    return result;
}

static int check_retry(struct validate_checker *c, const struct json *tmpl)
{
    static const char *const known[] = {"", "Always", "OnError", "OnFailure",
                                        "OnTransientError"};
    const struct json *retry = validate_get(tmpl, "retryStrategy");
    struct str policy = validate_text(retry, "retryPolicy");

    for (size_t i = 0; i < COUNT_OF(known); i++)
        if (str_is(policy, known[i]))
            return 0;
    return validate_bad(c, retry, STR_FMT " is not a valid RetryPolicy", STR_ARG(policy));
}

/* ---- finding ---- */

const struct json *validate_template_by_name(const struct validate_base *base, struct str name)
{
    const struct json *list = validate_get(base->spec, "templates"), *item;

    for (size_t i = 0; (item = json_item(list, i)) != NULL; i++)
        if (str_eq(validate_text(item, "name"), name))
            return item;
    return NULL;
}

int validate_find(struct validate_checker *c, const struct json *ref, struct validate_base *ret)
{
    const struct validate_finder *finder = c->request->finder;
    bool is_cluster = json_get_bool(ref, STR("clusterScope"));
    struct str name = validate_text(ref, "name");
    const struct json *doc;

    if (!finder)
        return 0;
    if (finder->find(finder->ctx, c->a, name,
                     is_cluster ? VALIDATE_CLUSTER : VALIDATE_NAMESPACED, &doc, c->err) < 0)
        return -1;
    *ret = (struct validate_base){.key = str_printf(c->a, "%s/" STR_FMT,
                                                    is_cluster ? "cluster" : "namespaced",
                                                    STR_ARG(name)),
                                  .spec = validate_get(doc, "spec"),
                                  .has_defaults = !is_cluster};
    return 1;
}

static bool is_open_name(struct str name)
{
    return str_find(name, STR("{{")) != SIZE_MAX ||
           str_find(name, STR(VALIDATE_PLACEHOLDER)) != SIZE_MAX;
}

static int find_referred(struct validate_checker *c, const struct json *ref,
                         struct validate_found *ret)
{
    struct str name = validate_text(ref, "name"), tmpl = validate_text(ref, "template");
    int result;

    if (name.len == 0)
        return validate_bad(c, ref, "resource name is required");
    if (tmpl.len == 0)
        return validate_bad(c, ref, "template name is required");
    if (is_open_name(name) || is_open_name(tmpl))
        return 0;
    result = validate_find(c, ref, &ret->base);
    if (result < 0 && (c->err->kind != ERR_NOT_FOUND || c->request->finder->has_own_words))
        return validate_inside(c, ref, "%s", "");
    ret->is_open = result == 0;
    ret->tmpl = result > 0 ? validate_template_by_name(&ret->base, tmpl) : NULL;
    return ret->tmpl || ret->is_open
               ? 0
               : validate_bad(c, ref, "template reference " STR_FMT "." STR_FMT " not found",
                              STR_ARG(name), STR_ARG(tmpl));
}

/* What all pods of the base get is the template's own; inline templates have none of it. */
static const struct json *with_pod_metadata(struct validate_checker *c,
                                            const struct validate_base *base,
                                            const struct json *tmpl)
{
    static const char *const maps[] = {"labels", "annotations"};
    const struct json *more = validate_get(base->spec, "podMetadata");
    struct json *made;

    if (!tmpl || !more)
        return tmpl;
    made = ARENA_NEW(c->a, struct json);
    *made = *tmpl;
    for (size_t i = 0; i < COUNT_OF(maps); i++) {
        const struct json *list = validate_get(more, maps[i]);

        for (uint32_t k = 0; json_is(list, JSON_OBJECT) && k < list->count; k++) {
            struct str key = list->members[k].key;
            const struct json *own = json_path(made, "metadata", maps[i], NULL);
            struct json none = json_object(&(struct json_object_builder){0});
            struct json all = json_set(c->a, own ? own : &none, key, list->members[k].value);

            *made = json_set_path(c->a, made, all, "metadata", maps[i], NULL);
        }
    }
    return made;
}

static int find_called(struct validate_checker *c, const struct validate_base *base,
                       const struct json *holder, struct validate_found *ret)
{
    const struct json *ref = validate_get(holder, "templateRef"),
                      *inlined = validate_get(holder, "inline");
    struct str name = validate_text(holder, "template");

    *ret = (struct validate_found){.base = *base};
    if (ref && name.len > 0)
        return validate_bad(c, ref, "template name cannot be specified with templateRef");
    if (ref && find_referred(c, ref, ret) < 0)
        return -1;
    if (name.len > 0)
        ret->tmpl = validate_template_by_name(base, name);
    if (name.len > 0 && !ret->tmpl)
        return validate_bad(c, validate_get(holder, "template"),
                            "template name '" STR_FMT "' undefined", STR_ARG(name));
    ret->tmpl = inlined && (!ref || ret->tmpl) /* whatever is named beside it */
                    ? inlined
                    : with_pod_metadata(c, &ret->base, ret->tmpl);
    return ref || ret->tmpl ? 0 : validate_bad(c, holder, "failed to get a template");
}

int validate_called(struct validate_checker *c, const struct validate_base *base,
                    const struct validate_call *call, struct validate_found *ret)
{
    int result;

    if (find_called(c, base, call->holder, ret) < 0)
        return -1;
    if (!ret->tmpl)
        return 0;
    if (validate_type_of(ret->tmpl) == VALIDATE_NO_TYPE)
        return validate_bad(c, ret->tmpl, "template '" STR_FMT "' type is unknown",
                            STR_ARG(validate_text(ret->tmpl, "name")));
    if (c->depth >= VALIDATE_DEPTH_MAX)
        return err_set(c->err, ERR_LIMIT, "templates call each other more than %d deep",
                       VALIDATE_DEPTH_MAX);
    if (check_retry(c, ret->tmpl) < 0)
        return -1;
    c->depth++;
    result = check_template(c, ret, call->arguments);
    c->depth--;
    return result;
}
