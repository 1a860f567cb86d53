/*
 * Filter of the event's data: each entry names a path, a type and values; one value that holds
 * is enough. A template makes a text of what is at the path before it is compared.
 * dataLogicalOperator joins the entries: "or" needs one of them, all else all. An entry that
 * cannot be evaluated fails the filter, of "or" only when no entry passes. See
 * filters_internal.h.
 */
#include "events/sensors/event_template.h"
#include "events/sensors/filters_internal.h"
#include "formats/gofloat.h"
#include "formats/goquote.h"
#include "formats/regex.h"
#include "lang/gjson/gjson.h"

/* Does a value of the event hold against a wanted value: 1, 0, or -1. */
typedef int (*compare_fn)(struct arena *a, const struct gjson *got, struct str comparator,
                          struct str want, struct err *err);

/* Texts that strconv.ParseBool takes. */
static int bool_of(struct str text, struct err *err)
{
    static const char *const words[] = {"0", "f", "F", "false", "False", "FALSE",
                                        "1", "t", "T", "true",  "True",  "TRUE"};

    for (size_t i = 0; i < COUNT_OF(words); i++)
        if (str_is(text, words[i]))
            return i >= COUNT_OF(words) / 2;
    return err_set(err, ERR_INVALID, "\"" STR_FMT "\" is no boolean: true or false expected",
                   STR_ARG(text));
}

/* The comparator is not looked at, as upstream has it. */
static int compare_bool(struct arena *a _unused_, const struct gjson *got,
                        struct str comparator _unused_, struct str want, struct err *err)
{
    int value = bool_of(want, err);

    return value < 0 ? -1 : value == (int) gjson_bool(got);
}

static int compare_number(struct arena *a _unused_, const struct gjson *got,
                          struct str comparator, struct str want, struct err *err)
{
    double left = gjson_number(got), right;
    bool is_equal;

    if (go_float_parse(want, &right) != GO_FLOAT_READ)
        return err_set(err, ERR_INVALID, "\"" STR_FMT "\" is no number", STR_ARG(want));
    is_equal = left >= right && left <= right;
    if (str_is_empty(comparator) || str_is(comparator, "="))
        return is_equal;
    if (str_is(comparator, "!="))
        return !is_equal;
    if (str_is(comparator, ">"))
        return left > right;
    if (str_is(comparator, ">="))
        return left >= right;
    if (str_is(comparator, "<"))
        return left < right;
    return str_is(comparator, "<=") && left <= right;
}

static int compare_string(struct arena *a, const struct gjson *got, struct str comparator,
                          struct str want, struct err *err)
{
    int found = regex_search(want, gjson_text(a, got), err);

    if (found < 0)
        return -1;
    if (str_is_empty(comparator) || str_is(comparator, "="))
        return found;
    return str_is(comparator, "!=") && !found;
}

static compare_fn compare_of(struct str type)
{
    if (str_is(type, "bool"))
        return compare_bool;
    if (str_is(type, "number"))
        return compare_number;
    return str_is(type, "string") ? compare_string : NULL;
}

/* One of the values holds: 1, 0, or -1. */
static int any_holds(struct arena *a, const struct json *entry, const struct gjson *got,
                     struct err *err)
{
    const struct json *values = json_get(entry, STR("value"));
    compare_fn compare = compare_of(json_get_str(entry, STR("type")));

    if (!json_is(values, JSON_ARRAY) || values->count == 0)
        return err_set(err, ERR_INVALID, "no values specified");
    if (!compare)
        return err_set(err, ERR_INVALID,
                       "unsupported JSON type '" STR_FMT "': bool, number or string expected",
                       STR_ARG(json_get_str(entry, STR("type"))));
    for (uint32_t i = 0; i < values->count; i++) {
        int result = compare(a, got, json_get_str(entry, STR("comparator")),
                             json_str(&values->items[i]), err);

        if (result != 0)
            return result;
    }
    return 0;
}

/* Long values are cut in reasons: the trace is for people. */
enum { SHOWN_MAX_BYTES = 200 };

static struct str mismatch(struct arena *a, const struct json *entry, const struct gjson *got)
{
    struct str path = json_get_str(entry, STR("path"));
    struct str comparator = json_get_str(entry, STR("comparator"));
    struct str text = str_head(gjson_text(a, got), SHOWN_MAX_BYTES);
    struct str wanted = json_text(a, json_get(entry, STR("value")), JSON_COMPACT);

    if (str_is_empty(comparator) || str_is(comparator, "="))
        return str_printf(a,
                          "data filter " STR_FMT ": value \"" STR_FMT "\" is none of " STR_FMT,
                          STR_ARG(path), STR_ARG(text), STR_ARG(wanted));
    return str_printf(
        a, "data filter " STR_FMT ": value \"" STR_FMT "\" is not " STR_FMT " any of " STR_FMT,
        STR_ARG(path), STR_ARG(text), STR_ARG(comparator), STR_ARG(wanted));
}

/* What the entry's template makes of the value, as a text. */
static int apply_template(struct arena *a, const struct json *entry, struct gjson *got,
                          struct err *err)
{
    struct str template = json_get_str(entry, STR("template")), text = STR_NONE;
    struct json input = json_string(gjson_text(a, got));

    if (str_is_empty(template))
        return 0;
    if (event_template(a, template, &input, &text, err) < 0)
        return -1;
    *got = gjson_parse(a, go_quote(a, text)); /* with upstream's detour over Go's quotes */
    return 0;
}

static enum filter_verdict entry_verdict(struct arena *a, const struct json *entry,
                                         struct str data, struct str *reason)
{
    struct str path = json_get_str(entry, STR("path"));
    struct gjson got;
    struct err err;
    int result;

    if (gjson_get(a, data, path, &got, &err) < 0) {
        *reason = str_printf(a, "data filter " STR_FMT ": %s", STR_ARG(path), err.text);
        return FILTER_FAILS;
    }
    if (!gjson_exists(&got) || str_is_empty(path)) {
        *reason =
            str_printf(a, "data filter: path '" STR_FMT "' does not exist", STR_ARG(path));
        return FILTER_FAILS;
    }
    result = apply_template(a, entry, &got, &err) < 0 ? -1 : any_holds(a, entry, &got, &err);
    if (result > 0)
        return FILTER_PASSES;
    *reason = result == 0
                  ? mismatch(a, entry, &got)
                  : str_printf(a, "data filter " STR_FMT ": %s", STR_ARG(path), err.text);
    return result == 0 ? FILTER_HOLDS_BACK : FILTER_FAILS;
}

/* One passing entry is enough; else failures are told before mismatches. */
static enum filter_verdict any_passes(struct arena *a, const struct json *list, struct str data,
                                      struct str *reason)
{
    enum filter_verdict all = FILTER_HOLDS_BACK;
    struct str first = STR_NONE;

    for (uint32_t i = 0; i < list->count; i++) {
        struct str why = STR("");
        enum filter_verdict verdict = entry_verdict(a, &list->items[i], data, &why);

        if (verdict == FILTER_PASSES)
            return verdict;
        if (str_is_none(first) || (verdict == FILTER_FAILS && all != FILTER_FAILS))
            first = why;
        if (verdict == FILTER_FAILS)
            all = verdict;
    }
    *reason = first;
    return all;
}

static enum filter_verdict all_pass(struct arena *a, const struct json *list, struct str data,
                                    struct str *reason)
{
    for (uint32_t i = 0; i < list->count; i++) {
        enum filter_verdict verdict = entry_verdict(a, &list->items[i], data, reason);

        if (verdict != FILTER_PASSES)
            return verdict;
    }
    return FILTER_PASSES;
}

int filter_data_check(const struct json *filters, struct err *err)
{
    struct str operator= json_get_str(filters, STR("dataLogicalOperator"));

    return filter_operator_check(operator, "filters.dataLogicalOperator", err);
}

enum filter_verdict filter_data(struct arena *a, const struct json *filters,
                                const struct trigger_event *event, struct str *reason)
{
    const struct json *list = json_get(filters, STR("data"));

    if (!json_is(list, JSON_ARRAY))
        return FILTER_ABSENT;
    if (list->count == 0 || str_is_none(event->data))
        return FILTER_PASSES;
    if (!filter_has_json(event)) {
        *reason = STR("data filter: event data not valid JSON");
        return FILTER_FAILS;
    }
    return (str_is(json_get_str(filters, STR("dataLogicalOperator")), "or")
                ? any_passes
                : all_pass)(a, list, event->data, reason);
}
