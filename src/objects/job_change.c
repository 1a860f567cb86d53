/* What of a Job cannot change. See job.h. */
#include "objects/job.h"
#include "objects/object_internal.h"

/* Labels and annotations of the pods, and where they may run, may change while it stands. */
static struct json fixed_template(struct arena *a, const struct json *job)
{
    static const char *const free_members[] = {"nodeSelector", "affinity", "tolerations",
                                               "schedulingGates"};
    const struct json *template = json_path(job, "spec", "template", NULL);
    struct json spec;

    if (!json_get_bool(json_get(job, STR("spec")), STR("suspend")) ||
        !json_is(json_get(template, STR("spec")), JSON_OBJECT))
        return template ? *template : json_null();
    spec = *json_get(template, STR("spec"));
    for (size_t i = 0; i < COUNT_OF(free_members); i++)
        spec = json_without(a, &spec, str_from(free_members[i]));
    return json_set(a, NULL, STR("spec"), spec);
}

static int immutable(struct arena *a, const char *name, const struct json *found,
                     struct err *err)
{
    struct str text = found ? json_text(a, found, JSON_COMPACT) : STR("null");

    return err_set(err, ERR_RULE, "spec.%s: Invalid value: " STR_FMT ": field is immutable",
                   name, STR_ARG(str_head(text, 80)));
}

static bool is_same(const struct json *was, const struct json *is)
{
    return (!was && !is) || (was && is && json_equal(was, is));
}

/* An indexed Job may grow and shrink, together with its parallelism. */
static bool may_resize(const struct json *spec)
{
    int64_t completions = 0, parallelism = 0;

    return str_is(json_get_str(spec, STR("completionMode")), "Indexed") &&
           json_i64(json_get(spec, STR("completions")), &completions) &&
           json_i64(json_get(spec, STR("parallelism")), &parallelism) &&
           completions == parallelism;
}

int object_check_change(struct arena *a, const struct object_kind *kind,
                        const struct json *stored, const struct json *made, struct err *err)
{
    static const char *const fixed[] = {"selector", "completionMode", "podFailurePolicy",
                                        "manualSelector"};
    const struct json *was = json_get(stored, STR("spec")), *is = json_get(made, STR("spec"));
    struct json template, other;

    if (strcmp(kind->kind, "Pod") == 0 && !is_same(was, is))
        return err_set(err, ERR_RULE, "spec: Forbidden: a pod cannot be changed");
    if (strcmp(kind->kind, "Job") != 0 || strcmp(kind->group, JOB_GROUP) != 0)
        return object_plain_check_change(a, kind, stored, made, err);
    if (!is_same(json_get(was, STR("completions")), json_get(is, STR("completions"))) &&
        !(may_resize(is) && may_resize(was)))
        return immutable(a, "completions", json_get(is, STR("completions")), err);
    for (size_t i = 0; i < COUNT_OF(fixed); i++)
        if (!is_same(json_get(was, str_from(fixed[i])), json_get(is, str_from(fixed[i]))))
            return immutable(a, fixed[i], json_get(is, str_from(fixed[i])), err);
    /* What the stored one may change decides. */
    template = fixed_template(a, stored);
    other = json_get_bool(was, STR("suspend")) && !json_get_bool(is, STR("suspend"))
                ? json_set_path(a, made, json_bool(true), "spec", "suspend", NULL)
                : *made;
    other = fixed_template(a, &other);
    return json_equal(&template, &other)
               ? 0
               : immutable(a, "template", json_get(is, STR("template")), err);
}
