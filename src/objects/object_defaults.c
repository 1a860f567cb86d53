/*
 * objects/object_defaults.c - what the original's API server adds to an object that is written.
 *
 * Argo's definitions have no defaults of their own: its controllers read absent members as
 * their defaults and write none. Of the core kinds, those that are acted upon get theirs. Pure;
 * any thread.
 */
#include "formats/base64.h"
#include "objects/job.h"

/* stringData is for writing only: its texts join data in base64 and win. */
static struct json secret_defaults(struct arena *a, const struct json *doc)
{
    const struct json *texts = json_get(doc, STR("stringData"));
    struct json made = *doc, data = {.type = JSON_OBJECT, .pos = JSON_NO_POS};

    if (str_is_empty(json_get_str(doc, STR("type"))))
        made = json_set(a, &made, STR("type"), json_string(STR("Opaque")));
    if (!texts)
        return made;
    if (json_is(json_get(doc, STR("data")), JSON_OBJECT))
        data = *json_get(doc, STR("data"));
    for (uint32_t i = 0; texts->type == JSON_OBJECT && i < texts->count; i++)
        data = json_set(a, &data, texts->members[i].key,
                        json_string(base64_encode(a, json_str(&texts->members[i].value))));
    made = json_without(a, &made, STR("stringData"));
    return json_set(a, &made, STR("data"), data);
}

static struct json namespace_defaults(struct arena *a, const struct json *doc)
{
    struct json made = json_set_path(a, doc, json_string(object_name(doc)), "metadata",
                                     "labels", "kubernetes.io/metadata.name", NULL);
    struct json_array_builder finalizers = {0};

    if (!json_path(doc, "spec", "finalizers", NULL) &&
        !json_path(doc, "metadata", "deletionTimestamp", NULL)) {
        json_push(a, &finalizers, json_string(STR("kubernetes")));
        made = json_set_path(a, &made, json_array(&finalizers), "spec", "finalizers", NULL);
    }
    if (!str_is_empty(json_str(json_path(doc, "status", "phase", NULL))))
        return made;
    return json_set_path(a, &made, json_string(STR("Active")), "status", "phase", NULL);
}

static struct json claim_defaults(struct arena *a, const struct json *doc)
{
    if (!str_is_empty(json_str(json_path(doc, "spec", "volumeMode", NULL))) ||
        !json_get(doc, STR("spec")))
        return *doc;
    return json_set_path(a, doc, json_string(STR("Filesystem")), "spec", "volumeMode", NULL);
}

#define RBAC_GROUP "rbac.authorization.k8s.io"

static struct json subjects_defaults(struct arena *a, const struct json *list)
{
    struct json_array_builder made = {0};

    for (uint32_t i = 0; i < list->count; i++) {
        const struct json *one = &list->items[i];
        struct str kind = json_get_str(one, STR("kind"));
        bool is_of_group = str_is(kind, "User") || str_is(kind, "Group");

        json_push(a, &made,
                  is_of_group && str_is_empty(json_get_str(one, STR("apiGroup")))
                      ? json_set(a, one, STR("apiGroup"), json_string(STR(RBAC_GROUP)))
                      : *one);
    }
    return json_array(&made);
}

static struct json role_binding_defaults(struct arena *a, const struct json *doc)
{
    const struct json *subjects = json_get(doc, STR("subjects"));
    struct json made = *doc;

    if (json_is(subjects, JSON_ARRAY) && subjects->count > 0)
        made = json_set(a, &made, STR("subjects"), subjects_defaults(a, subjects));
    if (!str_is_empty(json_str(json_path(doc, "roleRef", "apiGroup", NULL))) ||
        !json_get(doc, STR("roleRef")))
        return made;
    return json_set_path(a, &made, json_string(STR(RBAC_GROUP)), "roleRef", "apiGroup", NULL);
}

struct json object_set_defaults(struct arena *a, const struct object_kind *kind,
                                const struct json *doc)
{
    const struct json *spec = json_get(doc, STR("spec"));

    if (strcmp(kind->kind, "CronWorkflow") == 0 && json_get(spec, STR("workflowSpec")))
        return json_set_path(a, doc, object_legacy_spec(a, json_get(spec, STR("workflowSpec"))),
                             "spec", "workflowSpec", NULL);
    if (strcmp(kind->group, "argoproj.io") == 0 && json_get(spec, STR("templates")))
        return json_set(a, doc, STR("spec"), object_legacy_spec(a, spec));
    if (strcmp(kind->kind, "Secret") == 0)
        return secret_defaults(a, doc);
    if (strcmp(kind->kind, "Namespace") == 0)
        return namespace_defaults(a, doc);
    if (strcmp(kind->kind, "PersistentVolumeClaim") == 0)
        return claim_defaults(a, doc);
    if (strcmp(kind->kind, "RoleBinding") == 0 || strcmp(kind->kind, "ClusterRoleBinding") == 0)
        return role_binding_defaults(a, doc);
    if (strcmp(kind->kind, "Pod") == 0)
        return object_pod_defaults(a, doc);
    if (strcmp(kind->kind, "Job") == 0)
        return object_job_defaults(a, doc);
    if (strcmp(kind->kind, "CronJob") == 0)
        return object_cron_job_defaults(a, doc);
    return *doc;
}
