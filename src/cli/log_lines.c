/* Which pods' logs are wanted and how a line looks. Pure. See logs.h. */
#include "cli/logs.h"

#include "objects/workflow_node.h"

static void add_labels(struct arena *a, struct json *labels, const struct json *more)
{
    for (uint32_t i = 0; json_is(more, JSON_OBJECT) && i < more->count; i++)
        *labels = json_set(a, labels, more->members[i].key, more->members[i].value);
}

struct json logs_pod_labels(struct arena *a, const struct json *workflow,
                            const struct json *node)
{
    struct json labels = json_object(&(struct json_object_builder){0});
    struct str phase = json_get_str(node, STR("phase"));
    bool is_ended =
        !str_is_empty(phase) && !str_is(phase, "Pending") && !str_is(phase, "Running");

    labels = json_set(a, &labels, STR("workflows.argoproj.io/workflow"),
                      json_string(object_name(workflow)));
    labels = json_set(a, &labels, STR("workflows.argoproj.io/completed"),
                      json_string(is_ended ? STR("true") : STR("false")));
    add_labels(a, &labels, json_path(workflow, "spec", "podMetadata", "labels", NULL));
    add_labels(a, &labels, json_path(workflow_node_template(workflow, node), "metadata", "labels", NULL));
    return labels;
}

struct str logs_line(struct arena *a, struct str pod, struct str text,
                     const struct logs_options *options)
{
    struct str line = str_printf(a, STR_FMT ": " STR_FMT, STR_ARG(pod), STR_ARG(text));

    if (options->has_color)
        line = show_colored(a, line, show_color_of(pod));
    return str_concat(a, line, STR("\n"));
}
