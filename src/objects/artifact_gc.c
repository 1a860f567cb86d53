/* See artifact_gc.h. */
#include "objects/artifact_gc.h"

#include "objects/workflow_node.h"

static const char *const names[] = {"Never", "OnWorkflowCompletion", "OnWorkflowDeletion"};

const char *artifact_gc_name(enum artifact_gc strategy)
{
    return names[strategy];
}

static bool read_strategy(const struct json *holder, enum artifact_gc *ret)
{
    struct str text = json_str(json_path(holder, "artifactGC", "strategy", NULL));

    for (size_t i = 0; i < COUNT_OF(names); i++) {
        if (!str_is(text, names[i]))
            continue;
        *ret = (enum artifact_gc) i;
        return true;
    }
    return false;
}

enum artifact_gc artifact_gc_of(const struct json *workflow, const struct json *artifact)
{
    enum artifact_gc strategy = ARTIFACT_GC_NEVER;

    if (!read_strategy(artifact, &strategy))
        read_strategy(workflow_spec_of(workflow), &strategy);
    return strategy;
}

static bool makes_any(const struct json *workflow, const struct json *tmpl)
{
    const struct json *list = json_path(tmpl, "outputs", "artifacts", NULL), *item;

    for (size_t i = 0; (item = json_item(list, i)) != NULL; i++)
        if (artifact_gc_of(workflow, item) != ARTIFACT_GC_NEVER)
            return true;
    return false;
}

bool artifact_gc_is_wanted(const struct json *workflow)
{
    const struct json *list = json_get(workflow_spec_of(workflow), STR("templates")), *item;
    const struct json *stored = json_path(workflow, "status", "storedTemplates", NULL);

    for (size_t i = 0; (item = json_item(list, i)) != NULL; i++)
        if (makes_any(workflow, item))
            return true;
    for (uint32_t i = 0; json_is(stored, JSON_OBJECT) && i < stored->count; i++)
        if (makes_any(workflow, &stored->members[i].value))
            return true;
    return false;
}
