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

#define FN(name)                                                          \
    int expr_fn_##name(struct expr_run *r, const struct expr_value *args, \
                       size_t count _unused_, struct expr_value *ret)

FN(type)
{
    static const char *const names[] = {
        [EXPR_NIL] = "nil",
        [EXPR_BOOL] = "bool",
        [EXPR_INT] = "int",
        [EXPR_FLOAT] = "float",
        [EXPR_STRING] = "string",
        [EXPR_BYTES] = "array",
        [EXPR_ARRAY] = "array",
        [EXPR_MAP] = "map",
        [EXPR_TIME] = "time.Time",
        [EXPR_DURATION] = "time.Duration",
        [EXPR_ZONE] = "time.Location",
        [EXPR_FUNCTION] = "func",
    };

    (void) r;
    *ret = expr_string(str_from(names[args[0].type]));
    return 0;
}

static int print_json(struct expr_run *r, const struct expr_value *v, unsigned style,
                      struct expr_value *ret)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(EXPR_OUTPUT_MAX_BYTES);
    struct json doc;

    if (expr_value_json(r->a, v, &doc, r->err) < 0)
        return -1;
    json_print(&b, &doc, style);
    return expr_text_value(r, &b, ret);
}

FN(toJSON)
{
    return print_json(r, &args[0], JSON_INDENT | JSON_ESCAPE_HTML | JSON_SORT_KEYS, ret);
}

FN(toJson)
{
    return print_json(r, &args[0], JSON_COMPACT | JSON_ESCAPE_HTML | JSON_SORT_KEYS, ret);
}

int expr_parse_json(struct expr_run *r, struct str text, struct json *ret)
{
    char *place;

    if (expr_make(r, text.len) < 0)
        return -1;
    if (json_parse(r->a, text, ret, r->err) == 0)
        return 0;
    place = strstr(r->err->text, " (line "); /* Go does not tell it */
    if (place)
        *place = '\0';
    return -1;
}

FN(fromJSON)
{
    struct json doc;

    if (expr_parse_json(r, expr_text_of(&args[0]), &doc) < 0)
        return -1;
    *ret = expr_value_of_json(r->a, &doc);
    return 0;
}

FN(jsonpath)
{
    if (args[0].type != EXPR_STRING || args[1].type != EXPR_STRING)
        return expr_fail(r, "interface conversion: interface {} is %s, not string",
                         expr_type_name(args[0].type == EXPR_STRING ? &args[1] : &args[0]));
    return expr_jsonpath(r, expr_text_of(&args[0]), expr_text_of(&args[1]), ret);
}

static struct expr_value time_value(struct expr_run *r, struct gotime t)
{
    struct gotime *copy = ARENA_NEW(r->a, struct gotime);

    *copy = t;
    return (struct expr_value){.type = EXPR_TIME, .time = copy};
}

FN(now)
{
    const struct gozone *zone = NULL;
    struct gotime t = gotime_of_wall(r->env->now);

    if (count > 0 && gozone_load(r->a, expr_text_of(&args[0]), &zone, r->err) < 0)
        return -1;
    *ret = time_value(r, gotime_in(&t, zone));
    return 0;
}

FN(duration)
{
    int64_t ns = 0;

    if (duration_parse(expr_text_of(&args[0]), &ns, r->err) < 0)
        return -1;
    *ret = expr_duration(ns);
    return 0;
}

FN(timezone)
{
    const struct gozone *zone = NULL;

    if (gozone_load(r->a, expr_text_of(&args[0]), &zone, r->err) < 0)
        return -1;
    *ret = args[0];
    ret->type = EXPR_ZONE;
    return 0;
}

static int date_any(struct expr_run *r, struct str text, const struct gozone *zone,
                    struct expr_value *ret)
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
            *ret = time_value(r, t);
            return 0;
        }
    }
    return expr_fail(r, "invalid date " STR_FMT, STR_ARG(str_head(text, 300)));
}

/* date(text), date(text, layout), date(text, layout, zone), with the zone also in front. */
FN(date)
{
    const struct gozone *zone = NULL;
    struct gotime t;

    if (args[0].type == EXPR_ZONE) {
        if (gozone_load(r->a, expr_text_of(&args[0]), &zone, r->err) < 0)
            return -1;
        args++;
        count--;
    }
    for (size_t i = 0; i < count; i++)
        if (args[i].type != EXPR_STRING)
            return expr_fail(r, "interface conversion: interface {} is %s, not string",
                             expr_type_name(&args[i]));
    if (count == 0)
        return expr_fail(r, "not enough arguments to call date");
    if (count > 2 && gozone_load(r->a, expr_text_of(&args[2]), &zone, r->err) < 0)
        return -1;
    if (count == 1)
        return date_any(r, expr_text_of(&args[0]), zone, ret);
    if (gotime_parse(expr_text_of(&args[1]), expr_text_of(&args[0]), zone, &t, r->err) < 0)
        return -1;
    *ret = time_value(r, t);
    return 0;
}

/* What Go's time.Date makes of a day that may be out of its month. */
static int add_date(struct expr_run *r, const struct gotime *t, const struct expr_value *args,
                    struct expr_value *ret)
{
    struct gotime_civil c = gotime_civil_of(t);
    struct gotime to = *t, first;
    int64_t months, days = args[2].number;

    for (size_t i = 0; i < 3; i++)
        if (args[i].number < -100000 || args[i].number > 100000)
            return expr_fail(r, "AddDate takes numbers within 100000, not %lld",
                             (long long) args[i].number);
    months = (c.year + args[0].number) * 12 + c.month - 1 + args[1].number;
    days += c.day - 1;
    c.year = months / 12 - (months % 12 < 0);
    c.month = (int32_t) (months % 12 + (months % 12 < 0 ? 13 : 1));
    if (c.year < 0 || c.year > 9999)
        return expr_fail(r, "AddDate leaves the years 0 to 9999");
    c.day = 1;
    first = gotime_date(&c, t->ns, NULL);
    to.unix_s = first.unix_s + days * 86400 - t->offset_s;
    *ret = time_value(r, to);
    return 0;
}

static int in_zone(struct expr_run *r, const struct gotime *t, const struct expr_value *zone,
                   struct expr_value *ret)
{
    const struct gozone *loaded = NULL;

    if (zone && gozone_load(r->a, expr_text_of(zone), &loaded, r->err) < 0)
        return -1;
    *ret = time_value(r, gotime_in(t, loaded));
    return 0;
}

/* Methods; @args has a letter for each argument, T is a time, D a duration, z a zone. */
struct method {
    const char *name, *args;
    enum expr_type type;
    int id;
};

enum method_id {
    YEAR,
    MONTH,
    DAY,
    HOUR,
    MINUTE,
    SECOND,
    NANOSECOND,
    WEEKDAY,
    YEAR_DAY,
    UNIX,
    UNIX_MILLI,
    UNIX_NANO,
    FORMAT,
    IN,
    TO_UTC,
    ADD,
    SUBTRACT,
    ADD_DATE,
    BEFORE,
    AFTER,
    EQUAL,
    IS_ZERO,
    TEXT,
    HOURS,
    MINUTES,
    SECONDS,
    MILLISECONDS,
    MICROSECONDS,
    NANOSECONDS,
    ROUND,
    TRUNCATE,
    ABSOLUTE,
};

static const struct method methods[] = {
    {"Add", "D", EXPR_TIME, ADD},
    {"AddDate", "iii", EXPR_TIME, ADD_DATE},
    {"After", "T", EXPR_TIME, AFTER},
    {"Before", "T", EXPR_TIME, BEFORE},
    {"Day", "", EXPR_TIME, DAY},
    {"Equal", "T", EXPR_TIME, EQUAL},
    {"Format", "s", EXPR_TIME, FORMAT},
    {"Hour", "", EXPR_TIME, HOUR},
    {"In", "z", EXPR_TIME, IN},
    {"IsZero", "", EXPR_TIME, IS_ZERO},
    {"Minute", "", EXPR_TIME, MINUTE},
    {"Month", "", EXPR_TIME, MONTH},
    {"Nanosecond", "", EXPR_TIME, NANOSECOND},
    {"Second", "", EXPR_TIME, SECOND},
    {"String", "", EXPR_TIME, TEXT},
    {"Sub", "T", EXPR_TIME, SUBTRACT},
    {"UTC", "", EXPR_TIME, TO_UTC},
    {"Unix", "", EXPR_TIME, UNIX},
    {"UnixMilli", "", EXPR_TIME, UNIX_MILLI},
    {"UnixNano", "", EXPR_TIME, UNIX_NANO},
    {"Weekday", "", EXPR_TIME, WEEKDAY},
    {"Year", "", EXPR_TIME, YEAR},
    {"YearDay", "", EXPR_TIME, YEAR_DAY},
    {"Abs", "", EXPR_DURATION, ABSOLUTE},
    {"Hours", "", EXPR_DURATION, HOURS},
    {"Microseconds", "", EXPR_DURATION, MICROSECONDS},
    {"Milliseconds", "", EXPR_DURATION, MILLISECONDS},
    {"Minutes", "", EXPR_DURATION, MINUTES},
    {"Nanoseconds", "", EXPR_DURATION, NANOSECONDS},
    {"Round", "D", EXPR_DURATION, ROUND},
    {"Seconds", "", EXPR_DURATION, SECONDS},
    {"String", "", EXPR_DURATION, TEXT},
    {"Truncate", "D", EXPR_DURATION, TRUNCATE},
    {"String", "", EXPR_ZONE, TEXT},
};

/* Parts of a time that are whole numbers. */
static int64_t time_part(const struct gotime *t, enum method_id id)
{
    struct gotime_civil c = gotime_civil_of(t);
    const int64_t parts[] = {
        [YEAR] = c.year,
        [MONTH] = c.month,
        [DAY] = c.day,
        [HOUR] = c.hour,
        [MINUTE] = c.minute,
        [SECOND] = c.second,
        [NANOSECOND] = t->ns,
        [WEEKDAY] = c.weekday,
        [YEAR_DAY] = c.year_day,
        [UNIX] = t->unix_s,
        [UNIX_MILLI] = t->unix_s * 1000 + t->ns / 1000000,
        [UNIX_NANO] = (int64_t) ((uint64_t) t->unix_s * 1000000000U + t->ns),
    };

    return parts[id];
}

static int compare_times(struct expr_run *r, enum method_id id, const struct expr_value *x,
                         const struct expr_value *y, struct expr_value *ret)
{
    return expr_binary(r,
                       id == BEFORE  ? EXPR_OP_LT
                       : id == AFTER ? EXPR_OP_GT
                                     : EXPR_OP_EQ,
                       x, y, ret);
}

static int time_method(struct expr_run *r, enum method_id id, const struct expr_value *base,
                       const struct expr_value *args, struct expr_value *ret)
{
    if (id <= UNIX_NANO) {
        *ret = expr_int(time_part(base->time, id));
        return 0;
    }
    if (id == FORMAT)
        *ret = expr_string(gotime_format(r->a, base->time, expr_text_of(&args[0])));
    else if (id == TEXT)
        *ret = expr_string(gotime_format(r->a, base->time, GOTIME_STRING));
    else if (id == IS_ZERO)
        *ret = expr_bool(gotime_is_zero(base->time));
    else if (id == IN || id == TO_UTC)
        return in_zone(r, base->time, id == IN ? &args[0] : NULL, ret);
    else if (id == ADD_DATE)
        return add_date(r, base->time, args, ret);
    else if (id == ADD || id == SUBTRACT)
        return expr_binary(r, id == ADD ? EXPR_OP_ADD : EXPR_OP_SUB, base, &args[0], ret);
    else
        return compare_times(r, id, base, &args[0], ret);
    return 0;
}

static void duration_method(struct expr_run *r, enum method_id id, int64_t ns, int64_t unit,
                            struct expr_value *ret)
{
    if (id == HOURS)
        *ret = expr_float(duration_hours(ns));
    else if (id == MINUTES)
        *ret = expr_float(duration_minutes(ns));
    else if (id == SECONDS)
        *ret = expr_float(duration_seconds(ns));
    else if (id == MILLISECONDS)
        *ret = expr_int(ns / 1000000);
    else if (id == MICROSECONDS)
        *ret = expr_int(ns / 1000);
    else if (id == NANOSECONDS)
        *ret = expr_int(ns);
    else if (id == ROUND)
        *ret = expr_duration(duration_round(ns, unit));
    else if (id == TRUNCATE)
        *ret = expr_duration(duration_truncate(ns, unit));
    else if (id == ABSOLUTE)
        *ret = expr_duration(ns >= 0 ? ns : ns == INT64_MIN ? INT64_MAX : -ns);
    else
        *ret = expr_string(duration_print(r->a, ns));
}

static bool fits(char letter, const struct expr_value *v)
{
    return letter == 's'   ? v->type == EXPR_STRING
           : letter == 'i' ? v->type == EXPR_INT
           : letter == 'T' ? v->type == EXPR_TIME
           : letter == 'D' ? v->type == EXPR_DURATION
                           : v->type == EXPR_ZONE;
}

static int check_arguments(struct expr_run *r, const struct method *m,
                           const struct expr_value *args, size_t count)
{
    if (count != strlen(m->args))
        return expr_fail(r, "%s arguments to call %s",
                         count < strlen(m->args) ? "not enough" : "too many", m->name);
    for (size_t i = 0; i < count; i++)
        if (!fits(m->args[i], &args[i]))
            return expr_fail(r, "cannot use %s as argument to call %s",
                             expr_type_name(&args[i]), m->name);
    return 0;
}

int expr_method(struct expr_run *r, const struct expr_value *base, struct str name,
                const struct expr_value *args, size_t count, struct expr_value *ret)
{
    const struct method *m = NULL;

    for (size_t i = 0; i < COUNT_OF(methods); i++)
        if (methods[i].type == base->type && str_is(name, methods[i].name))
            m = &methods[i];
    if (!m)
        return 1;
    if (check_arguments(r, m, args, count) < 0)
        return -1;
    if (base->type == EXPR_TIME)
        return time_method(r, (enum method_id) m->id, base, args, ret);
    if (base->type == EXPR_ZONE)
        *ret = expr_string(expr_text_of(base));
    else
        duration_method(r, (enum method_id) m->id, base->number, count > 0 ? args[0].number : 0,
                        ret);
    return 0;
}
