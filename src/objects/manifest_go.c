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
                                        "WorkflowTaskSet"};

    for (size_t i = 0; i < COUNT_OF(known); i++)
        if (str_is(kind, known[i])) {
            const struct object_kind *found =
                object_kind_find(STR("argoproj.io/v1alpha1"), kind);

            return found ? found->shape : &shape_object_meta;
        }
    return &shape_object_meta;
}

/* "argoproj.io/v1alpha1" has one slash at most; what has more is no version to Kubernetes, and
 * its kind none. */
static bool has_bad_version(const struct json *doc)
{
    struct str version = json_get_str(doc, STR("apiVersion"));
    unsigned slashes = 0;

    if (str_is(version, "/"))
        return false;
    for (size_t i = 0; i < version.len; i++)
        slashes += version.ptr[i] == '/';
    return slashes > 1;
}

/* What the original takes for no object, if it is not alone in a JSON text, it passes over. */
static bool is_object(const struct json *doc)
{
    if (doc->type == JSON_OBJECT)
        return !str_is_empty(json_get_str(doc, STR("kind")));
    return doc->type == JSON_NULL;
}

static bool read_document(struct arena *a, struct str text, enum field_go_mode mode,
                          struct manifest_go_object *ret)
{
    struct json doc;
    struct err err = {0};
    bool is_read = (mode == FIELD_GO_STRICT ? yaml_parse(a, text, &doc, &err)
                                            : yaml_parse_lax(a, text, &doc, &err)) == 0;

    if (!is_read || !is_object(&doc))
        return false;
    if (has_bad_version(&doc)) {
        struct str body = json_text(a, &doc, JSON_ESCAPE_HTML | JSON_SORT_KEYS);

        *ret = (struct manifest_go_object){
            .error = str_printf(a,
                                "error unmarshaling JSON: while decoding JSON: Object 'Kind' "
                                "is missing in '" STR_FMT "'",
                                STR_ARG(body))};
        return true;
    }
    *ret = (struct manifest_go_object){.shape = shape_of(json_get_str(&doc, STR("kind")))};
    ret->error = field_go_fault(a, ret->shape, &doc, mode);
    ret->value = field_go_value(a, ret->shape, &doc, mode);
    return true;
}

/* A text that is one JSON value is one object, whatever it says; repeated members are told of.
 */
static bool read_json(struct arena *a, struct str text, enum field_go_mode mode,
                      struct manifest_go_object *ret)
{
    struct json doc;
    struct err err = {0};

    if (json_parse(a, text, &doc, &err) < 0)
        return false;
    if (has_bad_version(&doc) && !str_is_empty(json_get_str(&doc, STR("kind")))) {
        *ret = (struct manifest_go_object){
            .error = str_printf(a, "Object 'Kind' is missing in '" STR_FMT "'", STR_ARG(text))};
        return true;
    }
    *ret = (struct manifest_go_object){.shape = shape_of(json_get_str(&doc, STR("kind")))};
    ret->error = field_go_fault(a, ret->shape, &doc, mode);
    ret->value = field_go_value(a, ret->shape, &doc, mode);
    return true;
}

struct manifest_go manifest_go_read(struct arena *a, struct str text, enum field_go_mode mode)
{
    VEC(struct manifest_go_object) list = {0};
    struct str rest = text;
    bool has_bad_yaml = false;
    struct manifest_go_object whole;

    if (read_json(a, text, mode, &whole)) {
        VEC_APUSH(a, &list, whole);
        return (struct manifest_go){.at = list.at, .len = list.len};
    }
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
