/* See workflow_node.h. Source: ../shared/spec/workflows.md 3.10, 5.8. */
#include "objects/workflow_node.h"

const struct json *workflow_spec_of(const struct json *workflow)
{
    const struct json *stored =
        json_path(workflow, "status", "storedWorkflowTemplateSpec", NULL);

    return stored ? stored : json_get(workflow, STR("spec"));
}

/* "namespaced/NAME/TEMPLATE" is the template of somebody else's resource. */
static bool is_key_of(struct str key, struct str scope, struct str name, struct str tmpl)
{
    return str_cut_prefix(&key, scope) && str_cut_prefix(&key, STR("/")) &&
           (str_is_none(name) ||
            (str_cut_prefix(&key, name) && str_cut_prefix(&key, STR("/")))) &&
           str_eq(key, tmpl);
}

static const struct json *find_stored(const struct json *workflow, struct str scope,
                                      struct str name, struct str tmpl)
{
    const struct json *stored = json_path(workflow, "status", "storedTemplates", NULL);

    for (uint32_t i = 0; json_is(stored, JSON_OBJECT) && i < stored->count; i++)
        if (is_key_of(stored->members[i].key, scope, name, tmpl))
            return &stored->members[i].value;
    return NULL;
}

const struct json *workflow_node_template(const struct json *workflow, const struct json *node)
{
    const struct json *ref = json_get(node, STR("templateRef")), *found;
    struct str name = json_get_str(node, STR("templateName"));
    struct str scope = json_get_str(node, STR("templateScope"));

    if (json_is(ref, JSON_OBJECT))
        return find_stored(workflow,
                           json_get_bool(ref, STR("clusterScope")) ? STR("cluster")
                                                                   : STR("namespaced"),
                           json_get_str(ref, STR("name")), json_get_str(ref, STR("template")));
    found = str_is_none(scope) ? NULL : find_stored(workflow, scope, STR_NONE, name);
    return found ? found
                 : json_named(json_get(workflow_spec_of(workflow), STR("templates")), name);
}

/* A place with more than a key: a server, a bucket. */
static bool says_where(const struct json *location)
{
    for (uint32_t i = 0; json_is(location, JSON_OBJECT) && i < location->count; i++)
        if (json_is(&location->members[i].value, JSON_OBJECT) &&
            location->members[i].value.count > 1)
            return true;
    return false;
}

const struct json *workflow_node_location(const struct json *workflow, const struct json *node)
{
    const struct json *own =
        json_get(workflow_node_template(workflow, node), STR("archiveLocation"));

    return says_where(own) ? own
                           : json_path(workflow, "status", "artifactRepositoryRef",
                                       "artifactRepository", NULL);
}

struct str workflow_node_pod(struct arena *a, const struct json *workflow,
                             const struct json *node)
{
    const struct json *meta = json_get(workflow, STR("metadata"));
    struct str own = json_get_str(node, STR(WORKFLOW_NODE_POD)),
               uid = json_get_str(meta, STR("uid"));
    unsigned hash = str_fnv32a(json_get_str(node, STR("name")));
    int64_t generation = 1;

    if (!str_is_empty(own))
        return own;
    if (!json_i64(json_get(meta, STR("generation")), &generation) || generation <= 1)
        return str_printf(a, STR_FMT "-%u", STR_ARG(uid), hash);
    return str_printf(a, STR_FMT "-%ur%lld", STR_ARG(uid), hash, (long long) generation);
}
