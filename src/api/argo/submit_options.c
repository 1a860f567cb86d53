/* The options of a submission by name. See submit_options.h. */
#include "api/argo/submit_options.h"

#include "base/vec.h"

static int read_text(const struct json *options, const char *name, struct str *ret,
                     struct err *err)
{
    const struct json *v = json_get(options, str_from(name));

    if (!v || v->type == JSON_NULL)
        return 0;
    if (!json_is(v, JSON_STRING))
        return err_set(err, ERR_INVALID, "submitOptions.%s: a text is expected", name);
    *ret = json_str(v);
    return 0;
}

static int read_texts(const struct json *options, struct workflow_submit_options *ret,
                      struct err *err)
{
    const struct {
        const char *name;
        struct str *to;
    } rows[] = {{"name", &ret->name},
                {"generateName", &ret->generate_name},
                {"entryPoint", &ret->entrypoint},
                {"serviceAccount", &ret->service_account},
                {"labels", &ret->labels},
                {"annotations", &ret->annotations}};

    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (read_text(options, rows[i].name, rows[i].to, err) < 0)
            return -1;
    return 0;
}

static int read_parameters(struct arena *a, const struct json *options,
                           struct workflow_submit_options *ret, struct err *err)
{
    const struct json *list = json_get(options, STR("parameters")), *item;
    VEC(struct str) pairs = {0};

    if (list && list->type != JSON_NULL && list->type != JSON_ARRAY)
        return err_set(err, ERR_INVALID, "submitOptions.parameters: a list is expected");
    for (size_t i = 0; (item = json_item(list, i)) != NULL; i++) {
        if (!json_is(item, JSON_STRING))
            return err_set(err, ERR_INVALID,
                           "submitOptions.parameters[%zu]: a text NAME=VALUE is expected", i);
        VEC_APUSH(a, &pairs, json_str(item));
    }
    ret->parameters = pairs.at;
    ret->parameter_count = pairs.len;
    return 0;
}

static int read_priority(const struct json *options, struct workflow_submit_options *ret,
                         struct err *err)
{
    const struct json *v = json_get(options, STR("priority"));
    int64_t n;

    if (!v || v->type == JSON_NULL)
        return 0;
    if (!json_i64(v, &n) || n < INT32_MIN || n > INT32_MAX)
        return err_set(err, ERR_INVALID,
                       "submitOptions.priority: a whole number of 32 bits is expected");
    ret->priority = (int32_t) n;
    ret->has_priority = true;
    return 0;
}

/* Known, not built: refused unless empty. */
static int refuse_later(const struct json *options, struct err *err)
{
    static const char *const later[] = {"ownerReference", "podPriorityClassName"};

    for (size_t i = 0; i < COUNT_OF(later); i++) {
        const struct json *v = json_get(options, str_from(later[i]));

        if (v && v->type != JSON_NULL && !(v->type == JSON_STRING && v->count == 0))
            return err_set(err, ERR_UNSUPPORTED, "submitOptions.%s is not supported yet",
                           later[i]);
    }
    return 0;
}

int argo_submit_options(struct arena *a, const struct json *body,
                        struct workflow_submit_options *ret, struct err *err)
{
    const struct json *options = json_get(body, STR("submitOptions"));

    *ret = (struct workflow_submit_options){0};
    if (!options || options->type == JSON_NULL)
        return 0;
    if (!json_is(options, JSON_OBJECT))
        return err_set(err, ERR_INVALID, "submitOptions: an object is expected");
    if (refuse_later(options, err) < 0 || read_texts(options, ret, err) < 0 ||
        read_parameters(a, options, ret, err) < 0 || read_priority(options, ret, err) < 0)
        return -1;
    ret->unaltered = json_get_bool(options, STR("dryRun"));
    ret->dry_run = ret->unaltered || json_get_bool(options, STR("serverDryRun"));
    return 0;
}

bool argo_is_submittable(struct str kind)
{
    static const char *const words[] = {"CronWorkflow",
                                        "cronworkflows",
                                        "cwf",
                                        "cronwf",
                                        "WorkflowTemplate",
                                        "workflowtemplates",
                                        "wftmpl",
                                        "ClusterWorkflowTemplate",
                                        "clusterworkflowtemplates",
                                        "clusterwftmpl",
                                        "cwft"};

    for (size_t i = 0; i < COUNT_OF(words); i++)
        if (str_eq_nocase(kind, str_from(words[i])))
            return true;
    return false;
}
