/* What the failure of a pod means, by its Job's podFailurePolicy. See jobs_internal.h. Pure. */
#include "workflows/jobs/jobs_internal.h"

bool jobs_replaces_failed_only(const struct json *spec)
{
    return str_is(json_get_str(spec, STR("podReplacementPolicy")), "Failed");
}

static bool has_value(const struct json *list, int64_t code)
{
    const struct json *v;
    int64_t n;

    for (size_t i = 0; (v = json_item(list, i)) != NULL; i++)
        if (json_i64(v, &n) && n == code)
            return true;
    return false;
}

/* The first container whose exit code the rule means, or NULL; one that succeeded is not. */
static const struct json *container_meant(const struct json *rule, const struct json *statuses,
                                          int64_t *ret_code)
{
    const struct json *codes = json_get(rule, STR("onExitCodes")), *s;
    struct str name = json_get_str(codes, STR("containerName"));
    bool is_in = str_is(json_get_str(codes, STR("operator")), "In");

    for (size_t i = 0; (s = json_item(statuses, i)) != NULL; i++) {
        int64_t code;

        if (!json_i64(json_path(s, "state", "terminated", "exitCode", NULL), &code) ||
            code == 0 || (!str_is_empty(name) && !str_eq(json_get_str(s, STR("name")), name)))
            continue;
        if (has_value(json_get(codes, STR("values")), code) == is_in) {
            *ret_code = code;
            return s;
        }
    }
    return NULL;
}

static bool has_condition(const struct json *rule, const struct json *conditions)
{
    const struct json *wanted = json_get(rule, STR("onPodConditions")), *w, *c;

    for (size_t i = 0; (w = json_item(wanted, i)) != NULL; i++)
        for (size_t k = 0; (c = json_item(conditions, k)) != NULL; k++) {
            struct str status = json_get_str(w, STR("status"));

            if (str_eq(json_get_str(c, STR("type")), json_get_str(w, STR("type"))) &&
                str_eq(json_get_str(c, STR("status")),
                       str_is_empty(status) ? STR("True") : status))
                return true;
        }
    return false;
}

/* Does the rule mean this pod? Then why, in Kubernetes' words. */
static bool is_meant(struct arena *a, const struct json *rule, size_t index,
                     const struct json *pod, struct str *ret_why)
{
    static const char *const lists[] = {"containerStatuses", "initContainerStatuses"};
    const struct json *status = json_get(pod, STR("status"));
    struct str action = json_get_str(rule, STR("action"));

    for (size_t i = 0; i < COUNT_OF(lists); i++) {
        int64_t code = 0;
        const struct json *s =
            container_meant(rule, json_get(status, str_from(lists[i])), &code);

        if (!s)
            continue;
        *ret_why =
            str_printf(a,
                       "Container " STR_FMT " for pod " STR_FMT "/" STR_FMT
                       " failed with exit code %lld matching " STR_FMT " rule at index %zu",
                       STR_ARG(json_get_str(s, STR("name"))), STR_ARG(object_namespace(pod)),
                       STR_ARG(object_name(pod)), (long long) code, STR_ARG(action), index);
        return true;
    }
    if (!has_condition(rule, json_get(status, STR("conditions"))))
        return false;
    *ret_why = str_printf(
        a, "Pod " STR_FMT "/" STR_FMT " matching " STR_FMT " rule at index %zu",
        STR_ARG(object_namespace(pod)), STR_ARG(object_name(pod)), STR_ARG(action), index);
    return true;
}

enum jobs_failure jobs_failure_of(struct arena *a, const struct json *job,
                                  const struct jobs_pod *pod, struct str *ret_why)
{
    const struct json *rules = json_path(job, "spec", "podFailurePolicy", "rules", NULL), *rule;
    struct str why;

    for (size_t i = 0; (rule = json_item(rules, i)) != NULL; i++) {
        struct str action = json_get_str(rule, STR("action"));

        if (!is_meant(a, rule, i, pod->doc, &why))
            continue;
        if (str_is(action, "Ignore"))
            return JOBS_FAILURE_IGNORED;
        if (str_is(action, "FailJob") && str_is_none(*ret_why))
            *ret_why = why;
        return JOBS_FAILURE_COUNTED;
    }
    return JOBS_FAILURE_COUNTED;
}
