/* Joins the kinds of filters with filtersLogicalOperator. See filters.h. */
#include "events/sensors/filters_internal.h"
#include "events/sensors/transform.h"
#include "lang/gjson/gjson.h"
#include "lang/lua/luascript.h"

typedef enum filter_verdict (*filter_fn)(struct arena *a, const struct json *filters,
                                         const struct trigger_event *event, struct str *reason);

int filter_operator_check(struct str operator, const char * path, struct err *err)
{
    if (str_is_empty(operator) || str_is(operator, "and") || str_is(operator, "or"))
        return 0;
    return err_set(err, ERR_INVALID, "%s: logical operator " STR_FMT " not supported", path,
                   STR_ARG(operator));
}

bool filter_has_json(const struct trigger_event *event)
{
    return event->parsed || json_is_valid(event->data);
}

static enum filter_verdict filter_script(struct arena *a, const struct json *filters,
                                         const struct trigger_event *event, struct str *reason)
{
    struct str source = json_get_str(filters, STR("script"));
    _cleanup_luascript_ struct luascript *script = NULL;
    struct json data;
    struct err err;
    int rc = -1;

    if (str_is_empty(source))
        return FILTER_ABSENT;
    if (str_is_none(event->data))
        return FILTER_PASSES;
    if (transform_object(a, event, &data, &err) == 0)
        script = luascript_new(source, &err);
    if (script)
        rc = luascript_holds(script, &data, &err);
    if (rc > 0)
        return FILTER_PASSES;
    *reason = rc == 0 ? STR("script filter: the script does not return true")
                      : str_printf(a, "script filter: %s", err.text);
    return rc == 0 ? FILTER_HOLDS_BACK : FILTER_FAILS;
}

int filters_check(const struct json *dependency, struct err *err)
{
    const struct json *filters = json_get(dependency, STR("filters"));

    if (filter_exprs_check(filters, err) < 0 || filter_data_check(filters, err) < 0 ||
        filter_time_check(filters, err) < 0)
        return -1;
    return filter_operator_check(json_get_str(dependency, STR("filtersLogicalOperator")),
                                 "filtersLogicalOperator", err);
}

/* The first that does not pass decides; of "or" all are asked, because one that cannot be
 * evaluated drops the event. */
bool filters_pass(struct arena *a, const struct json *dependency,
                  const struct trigger_event *event, struct str *reason)
{
    static const filter_fn kinds[] = {filter_exprs, filter_data, filter_context, filter_time,
                                      filter_script};
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
