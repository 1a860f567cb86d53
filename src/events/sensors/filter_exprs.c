/*
 * Filter by expressions over values of the data, in the language of govaluate: each entry
 * names paths and gives them names. exprLogicalOperator joins the entries: "or" needs one that
 * is true, all else all of them. An entry that cannot be evaluated fails the filter, of "or"
 * only when none is true. An entry without fields is never evaluated, as upstream has it: it
 * counts as true of "and" alone. See filters_internal.h.
 */
#include "base/vec.h"
#include "events/sensors/filters_internal.h"
#include "lang/cond/cond.h"
#include "lang/gjson/gjson.h"

/* The values of an entry's fields. */
static int read_fields(struct arena *a, const struct json *fields, struct str data,
                       struct cond_name *names, struct err *err)
{
    for (uint32_t i = 0; i < fields->count; i++) {
        struct str path = json_get_str(&fields->items[i], STR("path"));
        struct json *value = ARENA_NEW(a, struct json);
        struct gjson got;

        if (gjson_get(a, data, path, &got, err) < 0)
            return -1;
        if (!gjson_exists(&got) || str_is_empty(path))
            return err_set(err, ERR_INVALID, "path '" STR_FMT "' does not exist",
                           STR_ARG(path));
        if (gjson_value(a, &got, value, err) < 0)
            return err_wrap(err, "path '" STR_FMT "'", STR_ARG(path));
        names[i] = (struct cond_name){json_get_str(&fields->items[i], STR("name")), value};
    }
    return 0;
}

static enum filter_verdict entry_verdict(struct arena *a, const struct json *entry,
                                         struct str data, struct str *reason)
{
    const struct json *fields = json_get(entry, STR("fields"));
    struct str expr = json_get_str(entry, STR("expr"));
    struct cond_names names = {0};
    struct cond_name *at;
    struct err err;
    bool is_true;

    if (!json_is(fields, JSON_ARRAY) || fields->count == 0)
        return FILTER_ABSENT;
    at = ARENA_ARRAY(a, struct cond_name, fields->count);
    names = (struct cond_names){at, fields->count};
    if (read_fields(a, fields, data, at, &err) < 0 ||
        cond_eval_names(a, expr, &names, &is_true, &err) < 0) {
        *reason = str_printf(a, "expr filter '" STR_FMT "': %s", STR_ARG(expr), err.text);
        return FILTER_FAILS;
    }
    if (is_true)
        return FILTER_PASSES;
    *reason = str_printf(a, "expr filter '" STR_FMT "' is not true", STR_ARG(expr));
    return FILTER_HOLDS_BACK;
}

/* One that is true is enough; else failures are told before what is not true. */
static enum filter_verdict any_is_true(struct arena *a, const struct json *list,
                                       struct str data, struct str *reason)
{
    enum filter_verdict all = FILTER_HOLDS_BACK;
    struct str first = STR("expr filter: no expression is given, one must hold");

    for (uint32_t i = 0; i < list->count; i++) {
        struct str why = STR("");
        enum filter_verdict verdict = entry_verdict(a, &list->items[i], data, &why);

        if (verdict == FILTER_PASSES)
            return verdict;
        if (verdict == FILTER_ABSENT)
            continue;
        if (all != FILTER_FAILS)
            first = why;
        if (verdict == FILTER_FAILS)
            all = verdict;
    }
    *reason = first;
    return all;
}

static enum filter_verdict all_are_true(struct arena *a, const struct json *list,
                                        struct str data, struct str *reason)
{
    for (uint32_t i = 0; i < list->count; i++) {
        enum filter_verdict verdict = entry_verdict(a, &list->items[i], data, reason);

        if (verdict == FILTER_HOLDS_BACK || verdict == FILTER_FAILS)
            return verdict;
    }
    return FILTER_PASSES;
}

int filter_exprs_check(const struct json *filters, struct err *err)
{
    return filter_operator_check(json_get_str(filters, STR("exprLogicalOperator")),
                                 "filters.exprLogicalOperator", err);
}

enum filter_verdict filter_exprs(struct arena *a, const struct json *filters,
                                 const struct trigger_event *event, struct str *reason)
{
    const struct json *list = json_get(filters, STR("exprs"));

    if (!json_is(list, JSON_ARRAY))
        return FILTER_ABSENT;
    if (str_is_none(event->data))
        return FILTER_PASSES;
    if (!filter_has_json(event)) {
        *reason = STR("expr filter: event data not valid JSON");
        return FILTER_FAILS;
    }
    return (str_is(json_get_str(filters, STR("exprLogicalOperator")), "or")
                ? any_is_true
                : all_are_true)(a, list, event->data, reason);
}
