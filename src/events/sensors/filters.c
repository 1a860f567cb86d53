/* Joins the kinds of filters with filtersLogicalOperator. See filters.h. */
#include "events/sensors/filters_internal.h"
#include "events/sensors/transform.h"
#include "lang/gjson/gjson.h"

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

static enum filter_verdict filter_script(struct arena *a, const struct programs *p,
                                         const struct trigger_event *event, struct str *reason)
{
    struct err err = p->filter_err;
    struct json data;
    int rc = -1;

    if (!p->has_filter)
        return FILTER_ABSENT;
    if (str_is_none(event->data))
        return FILTER_PASSES;
    if (transform_object(a, event, &data, &err) == 0 && p->filter)
        rc = luascript_holds(p->filter, &data, &err);
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

enum { KINDS = 5 };

static enum filter_verdict ask(struct arena *a, size_t kind, const struct json *filters,
                               const struct programs *p, const struct trigger_event *event,
                               struct str *reason)
{
    static const filter_fn without_program[KINDS - 1] = {filter_exprs, filter_data,
                                                         filter_context, filter_time};

    return kind < COUNT_OF(without_program) ? without_program[kind](a, filters, event, reason)
                                            : filter_script(a, p, event, reason);
}

/* The first that does not pass decides; of "or" all are asked, because one that cannot be
 * evaluated drops the event. */
bool filters_pass(struct arena *a, const struct json *dependency, const struct programs *p,
                  const struct trigger_event *event, struct str *reason)
{
    const struct json *filters = json_get(dependency, STR("filters"));
    bool is_or = str_is(json_get_str(dependency, STR("filtersLogicalOperator")), "or");
    struct str first = STR_NONE, why = STR_NONE;
    bool has_passed = false;

    if (!filters || filters->type == JSON_NULL)
        return true;
    for (size_t i = 0; i < KINDS; i++) {
        enum filter_verdict verdict = ask(a, i, filters, p, event, &why);

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
