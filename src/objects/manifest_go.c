/* See manifest_go.h. */
#include "objects/manifest_go.h"

#include "base/vec.h"
#include "formats/yaml.h"
#include "objects/shapes_internal.h"

/* Up to the next line that begins with "---", whatever follows it there. */
static struct str cut_document(struct str *rest)
{
    size_t at = str_find(*rest, STR("\n---"));
    struct str text = str_head(*rest, at);

    *rest = at == SIZE_MAX ? STR_NONE : str_skip(*rest, at + 4);
    return text;
}

/* The kinds that the original decodes; by the word alone, whatever the version. */
static const struct shape *shape_of(struct str kind)
{
    static const char *const known[] = {"Workflow",
                                        "WorkflowTemplate",
                                        "CronWorkflow",
                                        "ClusterWorkflowTemplate",
                                        "WorkflowEventBinding",
                                        "WorkflowTaskSet",
                                        "WorkflowTaskResult",
                                        "WorkflowArtifactGCTask",
                                        "EventSource",
                                        "Sensor",
                                        "EventBus"};

    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (str_is(kind, known[i])) {
            const struct object_kind *found =
                object_kind_find(STR("argoproj.io/v1alpha1"), kind);

            return found ? found->shape : NULL;
        }
    return NULL;
}

static bool read_document(struct arena *a, struct str text, enum field_go_mode mode,
                          struct manifest_go_object *ret)
{
    struct json doc;
    struct str kind;
    struct err err = {0};
    bool is_read = (mode == FIELD_GO_STRICT ? yaml_parse(a, text, &doc, &err)
                                            : yaml_parse_lax(a, text, &doc, &err)) == 0;

    if (!is_read && str_starts(str_trim(text), STR("{")))
        is_read = json_parse(a, text, &doc, &err) == 0; /* repeated members are told of */
    if (!is_read)
        return false;
    kind = json_get_str(&doc, STR("kind"));
    /* What is an object without a kind is none of Kubernetes'; nothing at all may be one. */
    if (doc.type == JSON_OBJECT && doc.count > 0 && !json_get(&doc, STR("kind")) &&
        !json_get(&doc, STR("Kind")))
        return false;
    if (doc.type != JSON_OBJECT && doc.type != JSON_NULL &&
        !(doc.type == JSON_ARRAY && str_starts(str_trim(text), STR("["))))
        return false;
    *ret = (struct manifest_go_object){.shape = shape_of(kind)};
    if (!ret->shape)
        ret->shape = &shape_object_meta;
    if (field_go_check(a, ret->shape, &doc, mode, &err) < 0)
        ret->error = str_copy(a, str_from(err.text));
    ret->value = field_go_value(a, ret->shape, &doc, mode);
    return true;
}

struct manifest_go manifest_go_read(struct arena *a, struct str text, enum field_go_mode mode)
{
    VEC(struct manifest_go_object) list = {0};
    struct str rest = text;
    bool has_bad_yaml = false;

    while (!str_is_none(rest)) {
        struct str document = cut_document(&rest);
        struct manifest_go_object object;

        if (str_trim(document).len == 0)
            continue;
        if (read_document(a, document, mode, &object))
            VEC_APUSH(a, &list, object);
        else
            has_bad_yaml = true;
    }
    return (struct manifest_go){.at = list.at, .len = list.len, .has_bad_yaml = has_bad_yaml};
}
