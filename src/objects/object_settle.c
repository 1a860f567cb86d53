/* What a client makes of a stored object, as it is stored. See object.h. */
#include "objects/object_internal.h"

#include <string.h>

static struct json without_meta(struct arena *a, const struct json *doc, const char *member)
{
    const struct json *meta = json_get(doc, STR("metadata"));

    return json_get(meta, str_from(member))
               ? json_set(a, doc, STR("metadata"), json_without(a, meta, str_from(member)))
               : *doc;
}

/* What a client may not change comes from the stored object: its identity, and the other half
 * (status or spec). */
static struct json keep_members(struct arena *a, const struct json *stored,
                                const struct json *given, struct str sub)
{
    static const char *const kept[] = {"uid", "creationTimestamp", "generation", "namespace"};
    static const char *const removal[] = {"deletionTimestamp", "deletionGracePeriodSeconds"};
    const struct json *meta = json_get(stored, STR("metadata"));
    struct str half = str_is(sub, "status") ? STR("spec") : STR("status");
    struct json made = *given;

    for (size_t i = 0; i < COUNT_OF(kept); i++) {
        const struct json *member = json_get(meta, str_from(kept[i]));

        made = member ? json_set_path(a, &made, *member, "metadata", kept[i], NULL)
                      : without_meta(a, &made, kept[i]);
    }
    made = without_meta(a, &made, "selfLink");
    for (size_t i = 0; i < COUNT_OF(removal); i++) {
        const struct json *member = json_get(meta, str_from(removal[i]));
        struct json own =
            json_without(a, json_get(&made, STR("metadata")), str_from(removal[i]));

        if (member)
            own = json_set(a, &own, str_from(removal[i]), *member);
        made = json_set(a, &made, STR("metadata"), own);
    }
    return json_get(stored, half) ? json_set(a, &made, half, *json_get(stored, half))
                                  : json_without(a, &made, half);
}

/* What a Workflow refers to was frozen into its status when it was submitted, and that is what
 * runs: who may tell its status does not say what it does. */
static struct json keep_frozen(struct arena *a, const struct json *stored,
                               const struct json *made)
{
    static const char *const frozen[] = {"storedWorkflowTemplateSpec", "storedTemplates"};
    const struct json *was = json_get(stored, STR("status")),
                      *is = json_get(made, STR("status"));
    struct json status;

    if (!was && !is)
        return *made;
    status = is ? *is : json_object(&(struct json_object_builder){0});
    for (size_t i = 0; i < COUNT_OF(frozen); i++) {
        const struct json *member = json_get(was, str_from(frozen[i]));

        status = member ? json_set(a, &status, str_from(frozen[i]), *member)
                        : json_without(a, &status, str_from(frozen[i]));
    }
    return json_set(a, made, STR("status"), status);
}

/* Whether a Namespace ends, and who must agree, is not written by its clients. */
static struct json keep_namespace(struct arena *a, const struct json *stored,
                                  const struct json *made)
{
    const struct json *phase = json_path(stored, "status", "phase", NULL),
                      *held = json_path(stored, "spec", "finalizers", NULL);
    struct json kept = *made;

    if (phase)
        kept = json_set_path(a, &kept, *phase, "status", "phase", NULL);
    return held ? json_set_path(a, &kept, *held, "spec", "finalizers", NULL) : kept;
}

/* The wanted state counts its versions. */
static struct json next_generation(struct arena *a, const struct json *stored,
                                   const struct json *made)
{
    const struct json *was = json_get(stored, STR("spec")), *is = json_get(made, STR("spec"));
    int64_t generation = 0;

    /* The engine counts the generations of Workflows: a new one has other pods. */
    if (!is || str_is(json_get_str(stored, STR("kind")), "Workflow") ||
        (was && json_equal(was, is)) ||
        !json_i64(json_path(stored, "metadata", "generation", NULL), &generation))
        return *made;
    return json_set_path(a, made, json_int(a, generation + 1), "metadata", "generation", NULL);
}

struct json object_settle(struct arena *a, const struct object_kind *kind,
                          const struct json *stored, const struct json *given, struct str sub)
{
    struct json own = object_in(a, kind, given), made = keep_members(a, stored, &own, sub);

    if (str_is(sub, "status") && strcmp(kind->kind, "Workflow") == 0)
        made = keep_frozen(a, stored, &made);
    if (strcmp(kind->kind, "Namespace") == 0)
        made = keep_namespace(a, stored, &made);
    made = object_set_defaults(a, kind, &made);
    made = object_without_empty(a, kind, &made);
    return next_generation(a, stored, &made);
}
