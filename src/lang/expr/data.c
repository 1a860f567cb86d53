/*
 * lang/expr/data.c - builtins on JSON, types, times and durations.
 *
 * Any thread. now() is what the environment says. Months and weekdays are whole numbers, where
 * upstream's also have names.
 */
#include "base/limits.h"
#include "formats/duration.h"
#include "formats/gotime.h"
#include "lang/expr/functions_internal.h"

#define FN(name)                                                                             \
    int expr_fn_##name(struct value_run *r, const struct value *args, size_t count _unused_, \
                       struct value *ret)

FN(type)
{
    static const char *const names[] = {
        [VALUE_NIL] = "nil",
        [VALUE_BOOL] = "bool",
        [VALUE_INT] = "int",
        [VALUE_FLOAT] = "float",
        [VALUE_STRING] = "string",
        [VALUE_BYTES] = "array",
        [VALUE_ARRAY] = "array",
        [VALUE_MAP] = "map",
        [VALUE_TIME] = "time.Time",
        [VALUE_DURATION] = "time.Duration",
        [VALUE_ZONE] = "time.Location",
        [VALUE_FUNCTION] = "func",
    };

    (void) r;
    *ret = value_string(str_from(names[args[0].type]));
    if (value_is_named(&args[0]))
        *ret = value_string(str_from(value_type_name(&args[0])));
    return 0;
}

FN(toJSON)
{
    return value_json_text(r, &args[0], JSON_INDENT | JSON_ESCAPE_HTML | JSON_SORT_KEYS, ret);
}

FN(toJson)
{
    return value_json_text(r, &args[0], JSON_COMPACT | JSON_ESCAPE_HTML | JSON_SORT_KEYS, ret);
}

FN(fromJSON)
{
    struct json doc;

    if (value_parse_json(r, value_text(&args[0]), &doc) < 0)
        return -1;
    *ret = value_of_json(r->a, &doc);
    return 0;
}

FN(jsonpath)
{
    return expr_jsonpath(r, value_text(&args[0]), value_text(&args[1]), ret);
}

FN(now)
{
    const struct gozone *zone = NULL;
    struct gotime t = gotime_of_wall(r->now);

    if (count > 0 && gozone_load(r->a, value_text(&args[0]), &zone, r->err) < 0)
        return -1;
    t = gotime_in(&t, zone);
    *ret = value_of_time(r->a, &t);
    return 0;
}

FN(duration)
{
    int64_t ns = 0;

    if (duration_parse(value_text(&args[0]), &ns, r->err) < 0)
        return -1;
    *ret = value_duration(ns);
    return 0;
}

FN(timezone)
{
    const struct gozone *zone = NULL;

    if (gozone_load(r->a, value_text(&args[0]), &zone, r->err) < 0)
        return -1;
    *ret = args[0];
    ret->type = VALUE_ZONE;
    return 0;
}

static int date_any(struct value_run *r, struct str text, const struct gozone *zone,
                    struct value *ret)
{
    static const struct str layouts[] = {
        STR_INIT("2006-01-02"),
        STR_INIT("15:04:05"),
        STR_INIT("2006-01-02 15:04:05"),
        STR_INIT("2006-01-02T15:04:05Z07:00"),
        STR_INIT("02 Jan 06 15:04 MST"),
        STR_INIT("Monday, 02-Jan-06 15:04:05 MST"),
        STR_INIT("Mon, 02 Jan 2006 15:04:05 MST"),
    };

    for (size_t i = 0; i < COUNT_OF(layouts); i++) {
        struct gotime t;

        if (gotime_parse(layouts[i], text, zone, &t, r->err) == 0) {
            *ret = value_of_time(r->a, &t);
            return 0;
        }
    }
    return value_fail(r, "invalid date " STR_FMT, STR_ARG(str_head(text, 300)));
}

/* date(text), date(text, layout), date(text, layout, zone), with the zone also in front. */
FN(date)
{
    const struct gozone *zone = NULL;
    struct gotime t;

    if (args[0].type == VALUE_ZONE) {
        if (gozone_load(r->a, value_text(&args[0]), &zone, r->err) < 0)
            return -1;
        args++;
        count--;
    }
    for (size_t i = 0; i < count; i++)
        if (args[i].type != VALUE_STRING)
            return expr_fail_conversion(r, &args[i], "string");
    if (count == 0)
        return value_fail(r, "runtime error: index out of range [0] with length 0");
    if (count > 2 && gozone_load(r->a, value_text(&args[2]), &zone, r->err) < 0)
        return -1;
    if (count == 1)
        return date_any(r, value_text(&args[0]), zone, ret);
    if (gotime_parse(value_text(&args[1]), value_text(&args[0]), zone, &t, r->err) < 0)
        return -1;
    *ret = value_of_time(r->a, &t);
    return 0;
}
