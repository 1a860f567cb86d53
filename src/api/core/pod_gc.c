/* See pod_gc.h. */
#include "api/core/pod_gc.h"

#include "formats/selector.h"
#include "objects/workflow_node.h"

static bool has_succeeded(struct str phase)
{
    return str_is(phase, "Succeeded");
}

static bool has_completed(struct str phase)
{
    return has_succeeded(phase) || str_is(phase, "Failed") || str_is(phase, "Error");
}

static bool is_time(struct str strategy, struct str of_workflow, struct str of_node)
{
    if (str_is(strategy, "OnPodCompletion"))
        return true;
    if (str_is(strategy, "OnPodSuccess"))
        return has_succeeded(of_node);
    if (str_is(strategy, "OnWorkflowCompletion"))
        return has_completed(of_workflow);
    return str_is(strategy, "OnWorkflowSuccess") && has_succeeded(of_workflow);
}

bool api_pod_is_collected(struct arena *a, const struct json *workflow, const struct json *node,
                          const struct json *labels)
{
    const struct json *gc = json_get(workflow_spec_of(workflow), STR("podGC"));
    const struct json *wanted = json_get(gc, STR("labelSelector"));
    struct selector selector;
    struct err ignored;

    if (!has_completed(json_get_str(node, STR("phase"))) ||
        !is_time(json_get_str(gc, STR("strategy")),
                 json_str(json_path(workflow, "status", "phase", NULL)),
                 json_get_str(node, STR("phase"))))
        return false;
    if (!json_is(wanted, JSON_OBJECT))
        return true;
    return selector_of_json(a, wanted, &selector, &ignored) == 0 &&
           selector_matches(&selector, labels);
}
