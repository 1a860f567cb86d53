/* See workflow_merge.h. */
#include "objects/workflow_merge.h"

#include <stdlib.h>
#include <string.h>

#include "base/strbuf.h"
#include "base/vec.h"
#include "formats/patch.h"
#include "objects/field.h"
#include "objects/shapes.h"

#define EMPTY json_object(&(const struct json_object_builder){0})

/* ---- arguments ---- */

static bool has_any(const struct json *v, const char *const *names)
{
    for (; *names; names++)
        if (json_get(v, str_from(*names)))
            return true;
    return false;
}

/* Arguments below that a value of its own replaces as a whole are taken away. */
static struct json without_replaced(struct arena *a, const struct json *under,
                                    const struct json *over, const char *const *values)
{
    struct json_array_builder b = {0};
    const struct json *item;

    for (size_t i = 0; (item = json_item(under, i)) != NULL; i++) {
        const struct json *own = json_named(over, json_get_str(item, STR("name")));

        if (!own || !has_any(own, values))
            json_push(a, &b, *item);
    }
    return json_array(&b);
}

/* Says an artifact something besides its name, and not where it is? */
static bool has_no_place(const struct json *own)
{
    static const char *const places[] = {
        "artifactory", "azure", "gcs",    "git",  "hdfs",           "http", "oss",
        "raw",         "s3",    "plugin", "from", "fromExpression", NULL};

    return json_is(own, JSON_OBJECT) && own->count > 1 && !has_any(own, places);
}

static struct json with_places(struct arena *a, const struct json *under,
                               const struct json *over)
{
    struct json_array_builder b = {0};
    const struct json *item;

    for (size_t i = 0; (item = json_item(under, i)) != NULL; i++)
        if (!has_no_place(json_named(over, json_get_str(item, STR("name")))))
            json_push(a, &b, *item);
    return json_array(&b);
}

static struct json fitting_arguments(struct arena *a, struct json under,
                                     const struct json *over)
{
    static const char *const of_parameter[] = {"value", "valueFrom", "default", NULL};
    const struct json *list = json_path(&under, "spec", "arguments", "parameters", NULL),
                      *own = json_path(over, "spec", "arguments", "parameters", NULL);

    if (json_is(list, JSON_ARRAY) && json_is(own, JSON_ARRAY))
        under = json_set_path(a, &under, without_replaced(a, list, own, of_parameter), "spec",
                              "arguments", "parameters", NULL);
    list = json_path(&under, "spec", "arguments", "artifacts", NULL);
    own = json_path(over, "spec", "arguments", "artifacts", NULL);
    if (json_is(list, JSON_ARRAY) && json_is(own, JSON_ARRAY))
        under = json_set_path(a, &under, with_places(a, list, own), "spec", "arguments",
                              "artifacts", NULL);
    return under;
}

/* ---- the merge ---- */

/* Members of the object below that the one above has not. */
static struct json united(struct arena *a, const struct json *merged, const struct json *below,
                          const char *outer, const char *inner)
{
    const struct json *own = inner ? json_path(merged, "spec", outer, inner, NULL)
                                   : json_path(merged, "spec", outer, NULL);
    struct json made = json_is(own, JSON_OBJECT) ? *own : EMPTY;

    for (uint32_t i = 0; json_is(below, JSON_OBJECT) && i < below->count; i++)
        if (!json_get(&made, below->members[i].key))
            made = json_set(a, &made, below->members[i].key, below->members[i].value);
    if (made.count == 0)
        return *merged;
    return inner ? json_set_path(a, merged, made, "spec", outer, inner, NULL)
                 : json_set_path(a, merged, made, "spec", outer, NULL);
}

static struct json without_member(struct arena *a, const struct json *workflow,
                                  const char *name)
{
    const struct json *spec = json_get(workflow, STR("spec"));

    if (!json_is(spec, JSON_OBJECT) || !json_get(spec, str_from(name)))
        return *workflow;
    return json_set(a, workflow, STR("spec"), json_without(a, spec, str_from(name)));
}

/* An empty text of the spec itself says nothing: Go's types leave it out. */
static struct json without_empty(struct arena *a, const struct json *workflow)
{
    const struct json *spec = json_get(workflow, STR("spec"));
    struct json made = *workflow, left;

    if (!json_is(spec, JSON_OBJECT))
        return made;
    left = *spec;
    for (uint32_t i = 0; i < spec->count; i++)
        if (spec->members[i].value.type == JSON_STRING && spec->members[i].value.count == 0)
            left = json_without(a, &left, spec->members[i].key);
    return left.count == spec->count ? made : json_set(a, workflow, STR("spec"), left);
}

int workflow_merge(struct arena *a, const struct json *below, const struct json *above,
                   struct json *ret, struct err *err)
{
    const struct json low = field_with_keys(a, &shape_workflow, below),
                      high = field_with_keys(a, &shape_workflow, above),
                      bottom = without_empty(a, &low), top = without_empty(a, &high),
                      *under = &bottom, *over = &top;
    const struct json *hooks = json_path(under, "spec", "hooks", NULL),
                      *labels =
                          json_path(under, "spec", "workflowMetadata", "labelsFrom", NULL);
    struct json base = fitting_arguments(a, without_member(a, under, "hooks"), over), made;
    const struct patch_target target = {&base, field_patch_schema(&shape_workflow)};

    if (labels)
        base = json_set_path(a, &base, EMPTY, "spec", "workflowMetadata", "labelsFrom", NULL);
    if (patch_apply(a, PATCH_STRATEGIC, &target, over, &made, err) < 0)
        return -1;
    made = united(a, &made, hooks, "hooks", NULL);
    *ret = united(a, &made, labels, "workflowMetadata", "labelsFrom");
    return 0;
}

static struct json of_spec(struct arena *a, const struct json *spec)
{
    return json_set(a, NULL, STR("spec"), *spec);
}

int workflow_join_specs(struct arena *a, const struct workflow_specs *specs, struct json *ret,
                        struct err *err)
{
    const struct json *below[] = {specs->of_template, specs->of_defaults}, *spec, *suspend;
    struct json made, under;

    if (!specs->own) {
        *ret = json_null();
        return 0;
    }
    made = of_spec(a, specs->own);
    for (size_t i = 0; i < sizeof(below) / sizeof(below[0]); i++) {
        if (!below[i])
            continue;
        under = of_spec(a, below[i]);
        if (workflow_merge(a, &under, &made, &made, err) < 0)
            return -1;
    }
    spec = json_get(&made, STR("spec"));
    suspend = json_get(specs->own, STR("suspend"));
    made = spec ? *spec : EMPTY;
    if (suspend)
        made = json_set(a, &made, STR("suspend"), *suspend);
    else if (json_get(&made, STR("suspend")))
        made = json_without(a, &made, STR("suspend"));
    *ret = made;
    return 0;
}

struct json workflow_join_metadata(struct arena *a, const struct json *own,
                                   const struct json *defaults)
{
    static const char *const names[] = {"labels", "annotations"};
    struct json made = json_is(own, JSON_OBJECT) ? *own : EMPTY;

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const struct json *mine = json_get(&made, str_from(names[i])),
                          *below = json_get(defaults, str_from(names[i]));
        struct json map = json_is(mine, JSON_OBJECT) ? *mine : EMPTY;

        if (!json_is(below, JSON_OBJECT))
            continue;
        for (uint32_t k = 0; k < below->count; k++)
            if (!json_get(&map, below->members[k].key))
                map = json_set(a, &map, below->members[k].key, below->members[k].value);
        made = json_set(a, &made, str_from(names[i]), map);
    }
    return made;
}

/* ---- defaults of templates ---- */

int workflow_template_with(struct arena *a, const struct json *tmpl,
                           const struct json *defaults, struct json *ret, struct err *err)
{
    const struct json none = EMPTY, own = field_with_keys(a, &shape_template, tmpl),
                      base = field_with_keys(a, &shape_template,
                                             json_is(defaults, JSON_OBJECT) ? defaults : &none);
    const struct patch_target target = {&base, field_patch_schema(&shape_template)};

    return patch_apply(a, PATCH_STRATEGIC, &target, &own, ret, err);
}

struct json workflow_template_of_kind(struct arena *a, struct json tmpl,
                                      const struct json *original)
{
    static const char *const bodies[] = {"container",    "script",   "steps", "dag",
                                         "containerSet", "resource", "data",  "suspend",
                                         "http",         "plugin"};

    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++)
        if (json_get(&tmpl, str_from(bodies[i])) && !json_get(original, str_from(bodies[i])))
            tmpl = json_without(a, &tmpl, str_from(bodies[i]));
    return tmpl;
}

/* ---- what a workflow from a template may say ---- */

static bool is_one_of(struct str word, const char *const *words)
{
    for (; *words; words++)
        if (str_is(word, *words))
            return true;
    return false;
}

/* "serviceAccountName" as Go's field is spelled. */
static struct str go_name(struct arena *a, const char *prefix, struct str name)
{
    bool is_dns = str_cut_prefix(&name, STR("dns"));
    struct str made = str_printf(a, "%s%s" STR_FMT, prefix, is_dns ? "DNS" : "", STR_ARG(name));
    char *text = str_cz(a, made);
    size_t at = strlen(prefix);

    if (at < made.len && text[at] >= 'a' && text[at] <= 'z')
        text[at] = (char) (text[at] - 'a' + 'A');
    return str_of(text, made.len);
}

static int compare_texts(const void *left, const void *right)
{
    return str_cmp(*(const struct str *) left, *(const struct str *) right);
}

typedef VEC(struct str) name_vec;

static void add_refused(struct arena *a, name_vec *list, const struct json *v,
                        const char *prefix, const char *const *allowed)
{
    for (uint32_t i = 0; json_is(v, JSON_OBJECT) && i < v->count; i++) {
        const struct json *value = &v->members[i].value;
        bool is_zero =
            value->type == JSON_NULL || (value->type == JSON_STRING && value->count == 0);

        if (!is_zero && !is_one_of(v->members[i].key, allowed))
            VEC_APUSH(a, list, go_name(a, prefix, v->members[i].key));
    }
}

int workflow_check_overrides(struct arena *a, const struct json *spec, struct err *err)
{
    static const char *const allowed[] = {"activeDeadlineSeconds",
                                          "archiveLogs",
                                          "arguments",
                                          "artifactGC",
                                          "entrypoint",
                                          "metrics",
                                          "podGC",
                                          "priority",
                                          "shutdown",
                                          "suspend",
                                          "ttlStrategy",
                                          "volumeClaimGC",
                                          "workflowMetadata",
                                          "workflowTemplateRef",
                                          NULL};
    static const char *const of_gc[] = {"strategy", "forceFinalizerRemoval", NULL};
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(sizeof(err->text));
    name_vec list = {0};

    add_refused(a, &list, spec, "", allowed);
    add_refused(a, &list, json_get(spec, STR("artifactGC")), "ArtifactGC.", of_gc);
    if (list.len == 0)
        return 0;
    qsort(list.at, list.len, sizeof(list.at[0]), compare_texts);
    for (size_t i = 0; i < list.len; i++)
        strbuf_addf(&b, "%s" STR_FMT, i ? " " : "", STR_ARG(list.at[i]));
    return err_set(err, ERR_INVALID,
                   "fields [" STR_FMT "] are not permitted when using workflowTemplateRef with "
                   "templateReferencing restriction",
                   STR_ARG(strbuf_str(&b)));
}
