/*
 * What a resubmitted workflow looks like: the spec as it was submitted, labels and annotations
 * of the old one, a new name. Nothing of its status.
 */
#include "objects/object.h"
#include "workflows/operate/operate_internal.h"

#define KEY(name) "workflows.argoproj.io/" name

/* Labels that tell of the old one alone. */
static bool is_left_out(struct str key)
{
    static const char *const left_out[] = {
        KEY("creator"), KEY("creator-email"), KEY("creator-preferred-username"),
        KEY("phase"),   KEY("completed"),     KEY("workflow-archiving-status")};

    for (size_t i = 0; i < COUNT_OF(left_out); i++)
        if (str_is(key, left_out[i]))
            return true;
    return false;
}

static struct json labels(struct arena *a, const struct json *meta)
{
    const struct json *old = json_get(meta, STR("labels"));
    struct json_object_builder b = {0};

    for (uint32_t i = 0; json_is(old, JSON_OBJECT) && i < old->count; i++)
        if (!is_left_out(old->members[i].key) &&
            !str_is(old->members[i].key, KEY("resubmitted-from-workflow")))
            json_add(a, &b, old->members[i].key, old->members[i].value);
    json_add(a, &b, STR(KEY("resubmitted-from-workflow")),
             json_string(json_get_str(meta, STR("name"))));
    return json_object(&b);
}

static struct json metadata(struct arena *a, const struct json *meta)
{
    static const char *const copied[] = {"namespace", "annotations", "ownerReferences"};
    struct str prefix = json_get_str(meta, STR("generateName"));
    struct json_object_builder b = {0};

    if (str_is_empty(prefix))
        prefix = str_printf(a, STR_FMT "-", STR_ARG(json_get_str(meta, STR("name"))));
    json_add(a, &b, STR("generateName"), json_string(prefix));
    for (size_t i = 0; i < COUNT_OF(copied); i++)
        if (json_get(meta, str_from(copied[i])))
            json_add(a, &b, str_from(copied[i]), *json_get(meta, str_from(copied[i])));
    json_add(a, &b, STR("labels"), labels(a, meta));
    return json_object(&b);
}

void operate_revive(struct arena *a, struct json *spec)
{
    int64_t seconds;

    *spec = json_without(a, spec, STR("shutdown"));
    if (json_i64(json_get(spec, STR("activeDeadlineSeconds")), &seconds) && seconds == 0)
        *spec = json_without(a, spec, STR("activeDeadlineSeconds"));
}

int operate_resubmit(struct arena *a, const struct json *doc,
                     const struct operate_resubmission *how, struct json *ret, struct err *err)
{
    const struct json *spec = json_get(doc, STR("spec"));
    struct json_object_builder b = {0};
    struct json made;

    made = spec ? *spec : json_object(&b);
    operate_revive(a, &made);
    if (object_set_parameters(a, &made, how->parameters, how->parameter_count, err) < 0)
        return -1;
    json_add(a, &b, STR("apiVersion"), json_string(STR("argoproj.io/v1alpha1")));
    json_add(a, &b, STR("kind"), json_string(STR("Workflow")));
    json_add(a, &b, STR("metadata"), metadata(a, json_get(doc, STR("metadata"))));
    json_add(a, &b, STR("spec"), made);
    *ret = json_object(&b);
    return 0;
}
