/*
 * objects/validate/sensor_validate.c - the rules of a Sensor: its dependencies with their
 * filters, and its triggers as a list. Pure functions but for time zones. Any thread. Source:
 * ../shared/spec/events.md 6.4.
 */
#include "base/map.h"
#include "formats/gotime.h"
#include "objects/validate/validate_internal.h"

/* ---- filters ---- */

static int check_logical_operator(const struct json *v, const char *name, struct err *err)
{
    struct str word = validate_text(v, name);

    if (word.len == 0 || str_is(word, "and") || str_is(word, "or"))
        return 0;
    return err_set(err, ERR_INVALID, "logical operator " STR_FMT " not supported",
                   STR_ARG(word));
}

static int check_expr_filter(const struct json *filter, struct err *err)
{
    const struct json *fields = validate_get(filter, "fields");

    if (validate_is_blank(filter, "expr") || validate_count(filter, "fields") == 0)
        return validate_fail(
            err, "one of expr filters is not valid (expr and fields must be not empty)");
    for (uint32_t i = 0; i < fields->count; i++)
        if (validate_is_blank(json_item(fields, i), "path") ||
            validate_is_blank(json_item(fields, i), "name"))
            return validate_fail(err, "one of expr filters is not valid (path and name in a "
                                      "field must be not empty)");
    return 0;
}

static int check_comparator(const struct json *filter, struct err *err)
{
    static const char *const known[] = {"", ">=", ">", "=", "!=", "<", "<="};
    struct str comparator = validate_text(filter, "comparator");

    for (size_t i = 0; i < COUNT_OF(known); i++)
        if (str_is(comparator, known[i]))
            return 0;
    return err_set(err, ERR_INVALID, "comparator " STR_FMT " not supported",
                   STR_ARG(comparator));
}

static int check_data_filter(const struct json *filter, struct err *err)
{
    const struct json *values = validate_get(filter, "value");

    if (check_comparator(filter, err) < 0)
        return -1;
    if (validate_is_blank(filter, "type") || validate_is_blank(filter, "path") ||
        validate_count(filter, "value") == 0)
        return validate_fail(
            err, "one of data filters is not valid (type, path and value must be not empty)");
    for (uint32_t i = 0; i < values->count; i++)
        if (json_str(json_item(values, i)).len == 0)
            return validate_fail(err,
                                 "one of data filters is not valid (value must be not empty)");
    return 0;
}

static int check_context_filter(const struct json *context, struct err *err)
{
    if (context && validate_is_blank(context, "type") &&
        validate_is_blank(context, "subject") && validate_is_blank(context, "source") &&
        validate_is_blank(context, "datacontenttype"))
        return validate_fail(
            err, "no fields specified in ctx filter (aka all events will be discarded)");
    return 0;
}

/* Start or stop on the day of @now. */
static int clock_on(const struct gotime *now, struct str text, struct gotime *ret,
                    struct err *err)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct str day = gotime_format(a, now, STR("2006-01-02"));

    return gotime_parse(STR("2006-01-02 15:04:05"),
                        str_printf(a, STR_FMT " " STR_FMT, STR_ARG(day), STR_ARG(text)), NULL,
                        ret, err);
}

static int check_time_filter(const struct json *filter, struct wall wall, struct err *err)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct str zone_name = validate_text(filter, "timezone"),
               start_text = validate_text(filter, "start"),
               stop_text = validate_text(filter, "stop");
    struct gotime now = gotime_of_wall(wall), start, stop;
    const struct gozone *zone = NULL;
    struct err why = {0};

    if (!filter)
        return 0;
    if (gozone_load(a, zone_name, &zone, &why) < 0)
        return err_set(err, ERR_INVALID, "invalid timezone '" STR_FMT "': %s",
                       STR_ARG(zone_name), why.text);
    now = gotime_in(&now, zone);
    if (clock_on(&now, start_text, &start, err) < 0 ||
        clock_on(&now, stop_text, &stop, err) < 0)
        return -1;
    if (start.unix_s == stop.unix_s && start.ns == stop.ns)
        return err_set(err, ERR_INVALID,
                       "invalid event time filter: stop '" STR_FMT
                       "' is equal to start '" STR_FMT,
                       STR_ARG(stop_text), STR_ARG(start_text));
    return 0;
}

static int check_each(const struct json *v, const char *member,
                      int (*check)(const struct json *item, struct err *err), struct err *err)
{
    const struct json *list = validate_get(v, member);

    for (uint32_t i = 0; i < validate_count(v, member); i++)
        if (check(json_item(list, i), err) < 0)
            return -1;
    return 0;
}

static int check_filters(const struct json *filters, struct wall now, struct err *err)
{
    if (check_logical_operator(filters, "exprLogicalOperator", err) < 0 ||
        check_logical_operator(filters, "dataLogicalOperator", err) < 0 ||
        check_each(filters, "exprs", check_expr_filter, err) < 0 ||
        check_each(filters, "data", check_data_filter, err) < 0 ||
        check_context_filter(validate_get(filters, "context"), err) < 0)
        return -1;
    return check_time_filter(validate_get(filters, "time"), now, err);
}

/* ---- dependencies ---- */

static int check_dependency(const struct json *dependency, struct wall now, struct err *err)
{
    if (check_filters(validate_get(dependency, "filters"), now, err) < 0)
        return -1;
    return check_logical_operator(dependency, "filtersLogicalOperator", err);
}

static int check_dependencies(const struct json *spec, enum validate_bus bus, struct wall now,
                              struct map *seen, struct validate_item *at, struct err *err)
{
    static const struct validate_need needs[] = {
        {"name", "event dependency must define a name"},
        {"eventSourceName", "event dependency must define the EventSourceName"},
        {"eventName", "event dependency must define the EventName"},
        {0}};
    _cleanup_arena_ struct arena *a = arena_new();
    const struct json *list = validate_get(spec, "dependencies");

    if (validate_count(spec, "dependencies") == 0)
        return validate_fail(err, "no event dependencies found");
    for (uint32_t i = 0; i < list->count; i++) {
        const struct json *dependency = json_item(list, i);
        struct str source = validate_text(dependency, "eventSourceName"),
                   event = validate_text(dependency, "eventName");

        *at = (struct validate_item){.list = "dependencies", .index = i, .value = dependency};
        if (validate_needs(dependency, needs, err) < 0)
            return -1;
        if (bus == VALIDATE_BUS_NATS &&
            map_put(seen,
                    str_printf(a, STR_FMT "-$$$-" STR_FMT, STR_ARG(source), STR_ARG(event)),
                    seen))
            return err_set(err, ERR_INVALID,
                           "event '" STR_FMT "' from EventSource '" STR_FMT
                           "' is referenced for more than one dependency in this Sensor object",
                           STR_ARG(event), STR_ARG(source));
        if (check_dependency(dependency, now, err) < 0)
            return -1;
    }
    return 0;
}

/* ---- triggers ---- */

/* A trigger, and the one that fires when it has failed, and so on. */
static int check_trigger(const struct json *trigger, struct err *err)
{
    const struct json *next;

    for (; trigger; trigger = next) {
        next = validate_get(trigger, "dlqTrigger");
        if (validate_trigger_template(trigger, err) < 0)
            return -1;
        if (next && !json_get_bool(trigger, STR("atLeastOnce")))
            return validate_fail(err,
                                 "to use dlqTrigger, trigger.atLeastOnce must be set to true");
        if (next && !json_get_bool(next, STR("atLeastOnce")))
            return validate_fail(err, "atLeastOnce must be set to true within the dlqTrigger");
    }
    return 0;
}

static int check_triggers(const struct json *spec, struct map *seen, struct validate_item *at,
                          struct err *err)
{
    const struct json *list = validate_get(spec, "triggers");

    *at = (struct validate_item){0};
    if (validate_count(spec, "triggers") == 0)
        return validate_fail(err, "no triggers found");
    for (uint32_t i = 0; i < list->count; i++) {
        const struct json *trigger = json_item(list, i);
        struct str name = validate_text(validate_get(trigger, "template"), "name");

        *at = (struct validate_item){.list = "triggers", .index = i, .value = trigger};
        if (check_trigger(trigger, err) < 0)
            return -1;
        if (map_put(seen, name, seen))
            return err_set(err, ERR_INVALID, "duplicate trigger name: " STR_FMT, STR_ARG(name));
    }
    return 0;
}

int validate_sensor(const struct json *doc, enum validate_bus bus, struct wall now,
                    struct validate_item *ret, struct err *err)
{
    const struct json *spec = validate_get(doc, "spec");
    struct map events = {0}, names = {0};
    struct validate_item at = {0};
    int result;

    result = check_dependencies(spec, bus, now, &events, &at, err);
    if (result == 0)
        result = check_triggers(spec, &names, &at, err);
    if (result < 0)
        *ret = at;
    map_done(&events);
    map_done(&names);
    return result;
}
