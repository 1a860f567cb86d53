/*
 * workflowDefaults of the controller's ConfigMap, under every workflow that is submitted: the
 * workflow wins, and so does the template that it refers to. Pure; any thread. Source:
 * ../shared/spec/workflows.md 4.25.
 */
#include "workflows/submit/submit_internal.h"

/* Those that the workflow has not. */
static struct json join(struct arena *a, const struct json *doc, const struct json *defaults,
                        const char *member)
{
    const struct json *list = json_path(defaults, "metadata", member, NULL);
    struct json made = *doc;

    for (uint32_t i = 0; json_is(list, JSON_OBJECT) && i < list->count; i++) {
        const struct json_member *m = &list->members[i];

        if (!json_get(json_path(doc, "metadata", member, NULL), m->key))
            made =
                json_set_path(a, &made, m->value, "metadata", member, str_cz(a, m->key), NULL);
    }
    return made;
}

struct json submit_under(struct arena *a, const struct json *doc, const struct json *defaults)
{
    const struct json *base = json_get(defaults, STR("spec")),
                      *spec = json_get(doc, STR("spec"));
    struct json made = join(a, doc, defaults, "labels");

    made = join(a, &made, defaults, "annotations");
    if (!json_is(base, JSON_OBJECT) || !json_is(spec, JSON_OBJECT) ||
        json_get(spec, STR("workflowTemplateRef")))
        return made;
    return json_set(a, &made, STR("spec"), submit_merge_spec(a, base, spec));
}
