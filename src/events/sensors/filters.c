/* Joins the kinds of filters with filtersLogicalOperator. See filters.h. */
#include "events/sensors/filters_internal.h"

typedef enum filter_verdict (*filter_fn)(struct arena *a, const struct json *filters,
                                         const struct trigger_event *event, struct str *reason);

int filters_check(const struct json *dependency, struct err *err)
{
    static const char *const later[] = {"exprs", "script"};
    const struct json *filters = json_get(dependency, STR("filters"));
    struct str operator= json_get_str(dependency, STR("filtersLogicalOperator"));

    if (!str_is_empty(operator) && !str_is(operator, "and") && !str_is(operator, "or"))
        return err_set(err, ERR_INVALID,
                       "filtersLogicalOperator: \"and\" or \"or\" expected, found \"" STR_FMT
                       "\"",
                       STR_ARG(operator));
    for (size_t i = 0; i < COUNT_OF(later); i++) {
        const struct json *member = json_get(filters, str_from(later[i]));

        if (member && member->type != JSON_NULL && !str_is(json_str(member), ""))
            return err_set(err, ERR_UNSUPPORTED, "filters.%s is not supported yet", later[i]);
    }
    if (filter_data_check(filters, err) < 0)
        return -1;
    return filter_time_check(filters, err);
}

/* The first that does not pass decides; of "or" all are asked, because one that cannot be
 * evaluated drops the event. */
bool filters_pass(struct arena *a, const struct json *dependency,
                  const struct trigger_event *event, struct str *reason)
{
    static const filter_fn kinds[] = {filter_data, filter_context, filter_time};
    const struct json *filters = json_get(dependency, STR("filters"));
    bool is_or = str_is(json_get_str(dependency, STR("filtersLogicalOperator")), "or");
    struct str first = STR_NONE, why = STR_NONE;
    bool has_passed = false;

    if (!filters || filters->type == JSON_NULL)
        return true;
    for (size_t i = 0; i < COUNT_OF(kinds); i++) {
        enum filter_verdict verdict = kinds[i](a, filters, event, &why);

        if (verdict == FILTER_FAILS || (verdict == FILTER_HOLDS_BACK && !is_or)) {
            *reason = why;
            return false;
        }
        if (verdict == FILTER_HOLDS_BACK && str_is_none(first))
            first = why;
        has_passed |= verdict == FILTER_PASSES;
    }
    if (!is_or || has_passed)
        return true;
    *reason = str_is_none(first) ? STR("no filter is specified, one must pass") : first;
    return false;
}
