/*
 * lang/value/method.c - methods of times, durations, zones and versions.
 *
 * Any thread. Doesn't do: Go's methods that answer several values, or take a pointer.
 */
#include "formats/duration.h"
#include "formats/gotime.h"
#include "formats/semver.h"
#include "lang/value/value_internal.h"

struct value value_of_time(struct arena *a, const struct gotime *t)
{
    struct gotime *copy = ARENA_NEW(a, struct gotime);

    *copy = *t;
    return (struct value){.type = VALUE_TIME, .time = copy};
}

struct value value_time_moved(struct arena *a, const struct gotime *t, int64_t ns)
{
    struct gotime to = *t;
    int64_t rest = (int64_t) t->ns + ns % 1000000000;

    to.unix_s += ns / 1000000000 + (rest < 0 ? -1 : rest >= 1000000000);
    to.ns = (uint32_t) (rest < 0 ? rest + 1000000000 : rest % 1000000000);
    return value_of_time(a, &to);
}

int64_t value_time_since(const struct gotime *x, const struct gotime *y)
{
    int64_t s = x->unix_s - y->unix_s, ns;

    if (__builtin_mul_overflow(s, INT64_C(1000000000), &ns) ||
        __builtin_add_overflow(ns, (int64_t) x->ns - y->ns, &ns))
        return s < 0 ? INT64_MIN : INT64_MAX;
    return ns;
}

/* What Go's time.Date makes of a day that may be out of its month. */
static int add_date(struct value_run *r, const struct gotime *t, const struct value *args,
                    struct value *ret)
{
    struct gotime_civil c = gotime_civil_of(t);
    struct gotime to = *t, first;
    int64_t months, days = args[2].number;

    for (size_t i = 0; i < 3; i++)
        if (args[i].number < -100000 || args[i].number > 100000)
            return value_fail(r, "AddDate takes numbers within 100000, not %lld",
                              (long long) args[i].number);
    months = (c.year + args[0].number) * 12 + c.month - 1 + args[1].number;
    days += c.day - 1;
    c.year = months / 12 - (months % 12 < 0);
    c.month = (int32_t) (months % 12 + (months % 12 < 0 ? 13 : 1));
    if (c.year < 0 || c.year > 9999)
        return value_fail(r, "AddDate leaves the years 0 to 9999");
    c.day = 1;
    first = gotime_date(&c, t->ns, NULL);
    to.unix_s = first.unix_s + days * 86400 - t->offset_s;
    *ret = value_of_time(r->a, &to);
    return 0;
}

static int in_zone(struct value_run *r, const struct gotime *t, const struct value *zone,
                   struct value *ret)
{
    const struct gozone *loaded = NULL;
    struct gotime shown;

    if (zone && gozone_load(r->a, value_text(zone), &loaded, r->err) < 0)
        return -1;
    shown = gotime_in(t, loaded);
    *ret = value_of_time(r->a, &shown);
    return 0;
}

/* Methods; @args has a letter for each argument, T is a time, D a duration, z a zone. */
struct method {
    const char *name, *args;
    enum value_type type;
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
    UNIX_MICRO,
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
    MAJOR,
    MINOR,
    PATCH,
    PRERELEASE,
    METADATA,
    ORIGINAL,
    COMPARE,
    NEXT_MAJOR,
    NEXT_MINOR,
    NEXT_PATCH,
};

static const struct method methods[] = {
    {"Add", "D", VALUE_TIME, ADD},
    {"AddDate", "iii", VALUE_TIME, ADD_DATE},
    {"After", "T", VALUE_TIME, AFTER},
    {"Before", "T", VALUE_TIME, BEFORE},
    {"Day", "", VALUE_TIME, DAY},
    {"Equal", "T", VALUE_TIME, EQUAL},
    {"Format", "s", VALUE_TIME, FORMAT},
    {"Compare", "T", VALUE_TIME, COMPARE},
    {"Hour", "", VALUE_TIME, HOUR},
    {"In", "z", VALUE_TIME, IN},
    {"IsZero", "", VALUE_TIME, IS_ZERO},
    {"Local", "", VALUE_TIME, TO_UTC},
    {"Minute", "", VALUE_TIME, MINUTE},
    {"Month", "", VALUE_TIME, MONTH},
    {"Nanosecond", "", VALUE_TIME, NANOSECOND},
    {"Round", "D", VALUE_TIME, ROUND},
    {"Second", "", VALUE_TIME, SECOND},
    {"String", "", VALUE_TIME, TEXT},
    {"Sub", "T", VALUE_TIME, SUBTRACT},
    {"Truncate", "D", VALUE_TIME, TRUNCATE},
    {"UTC", "", VALUE_TIME, TO_UTC},
    {"Unix", "", VALUE_TIME, UNIX},
    {"UnixMicro", "", VALUE_TIME, UNIX_MICRO},
    {"UnixMilli", "", VALUE_TIME, UNIX_MILLI},
    {"UnixNano", "", VALUE_TIME, UNIX_NANO},
    {"Weekday", "", VALUE_TIME, WEEKDAY},
    {"Year", "", VALUE_TIME, YEAR},
    {"YearDay", "", VALUE_TIME, YEAR_DAY},
    {"Abs", "", VALUE_DURATION, ABSOLUTE},
    {"Hours", "", VALUE_DURATION, HOURS},
    {"Microseconds", "", VALUE_DURATION, MICROSECONDS},
    {"Milliseconds", "", VALUE_DURATION, MILLISECONDS},
    {"Minutes", "", VALUE_DURATION, MINUTES},
    {"Nanoseconds", "", VALUE_DURATION, NANOSECONDS},
    {"Round", "D", VALUE_DURATION, ROUND},
    {"Seconds", "", VALUE_DURATION, SECONDS},
    {"String", "", VALUE_DURATION, TEXT},
    {"Truncate", "D", VALUE_DURATION, TRUNCATE},
    {"String", "", VALUE_ZONE, TEXT},
    {"Major", "", VALUE_SEMVER, MAJOR},
    {"Metadata", "", VALUE_SEMVER, METADATA},
    {"Minor", "", VALUE_SEMVER, MINOR},
    {"Original", "", VALUE_SEMVER, ORIGINAL},
    {"Patch", "", VALUE_SEMVER, PATCH},
    {"Prerelease", "", VALUE_SEMVER, PRERELEASE},
    {"Compare", "V", VALUE_SEMVER, COMPARE},
    {"Equal", "V", VALUE_SEMVER, EQUAL},
    {"GreaterThan", "V", VALUE_SEMVER, AFTER},
    {"IncMajor", "", VALUE_SEMVER, NEXT_MAJOR},
    {"IncMinor", "", VALUE_SEMVER, NEXT_MINOR},
    {"IncPatch", "", VALUE_SEMVER, NEXT_PATCH},
    {"LessThan", "V", VALUE_SEMVER, BEFORE},
    {"String", "", VALUE_SEMVER, TEXT},
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
        [UNIX_MICRO] = t->unix_s * 1000000 + t->ns / 1000,
        [UNIX_MILLI] = t->unix_s * 1000 + t->ns / 1000000,
        [UNIX_NANO] = (int64_t) ((uint64_t) t->unix_s * 1000000000U + t->ns),
    };

    return parts[id];
}

static int compare_times(struct value_run *r, enum method_id id, const struct value *x,
                         const struct value *y, struct value *ret)
{
    int order = value_compare_times(x->time, y->time);

    (void) r;
    *ret = value_bool(id == BEFORE ? order < 0 : id == AFTER ? order > 0 : order == 0);
    return 0;
}

/* A time at a multiple of a duration since Go's zero time, halves up. */
static struct value to_multiple(struct arena *a, const struct gotime *t, int64_t unit,
                                bool is_rounding)
{
    __extension__ typedef __int128 wide;
    wide ns = ((wide) t->unix_s + INT64_C(62135596800)) * 1000000000 + t->ns;
    int64_t over;

    if (unit <= 0)
        return value_of_time(a, t);
    over = (int64_t) (ns % unit);
    over += over < 0 ? unit : 0;
    return value_time_moved(a, t, is_rounding && over >= unit - over ? unit - over : -over);
}

static int time_method(struct value_run *r, enum method_id id, const struct value *base,
                       const struct value *args, struct value *ret)
{
    if (id <= UNIX_NANO) {
        *ret = value_int(time_part(base->time, id));
        ret->go = id == MONTH     ? VALUE_GO_MONTH
                  : id == WEEKDAY ? VALUE_GO_WEEKDAY
                  : id == UNIX || id == UNIX_MICRO || id == UNIX_MILLI || id == UNIX_NANO
                      ? VALUE_GO_INT64
                      : VALUE_GO_USUAL;
        return 0;
    }
    if (id == FORMAT)
        *ret = value_string(gotime_format(r->a, base->time, value_text(&args[0])));
    else if (id == TEXT)
        *ret = value_string(gotime_format(r->a, base->time, GOTIME_STRING));
    else if (id == IS_ZERO)
        *ret = value_bool(gotime_is_zero(base->time));
    else if (id == COMPARE)
        *ret = value_int(value_compare_times(base->time, args[0].time));
    else if (id == ROUND || id == TRUNCATE)
        *ret = to_multiple(r->a, base->time, args[0].number, id == ROUND);
    else if (id == IN || id == TO_UTC)
        return in_zone(r, base->time, id == IN ? &args[0] : NULL, ret);
    else if (id == ADD_DATE)
        return add_date(r, base->time, args, ret);
    else if (id == ADD || id == SUBTRACT)
        *ret = id == ADD ? value_time_moved(r->a, base->time, args[0].number)
                         : value_duration(value_time_since(base->time, args[0].time));
    else
        return compare_times(r, id, base, &args[0], ret);
    return 0;
}

static void duration_method(struct value_run *r, enum method_id id, int64_t ns, int64_t unit,
                            struct value *ret)
{
    if (id == HOURS)
        *ret = value_float(duration_hours(ns));
    else if (id == MINUTES)
        *ret = value_float(duration_minutes(ns));
    else if (id == SECONDS)
        *ret = value_float(duration_seconds(ns));
    else if (id == MILLISECONDS)
        *ret = value_int(ns / 1000000);
    else if (id == MICROSECONDS)
        *ret = value_int(ns / 1000);
    else if (id == NANOSECONDS)
        *ret = value_int(ns);
    else if (id == ROUND)
        *ret = value_duration(duration_round(ns, unit));
    else if (id == TRUNCATE)
        *ret = value_duration(duration_truncate(ns, unit));
    else if (id == ABSOLUTE)
        *ret = value_duration(ns >= 0 ? ns : ns == INT64_MIN ? INT64_MAX : -ns);
    else
        *ret = value_string(duration_print(r->a, ns));
}

/* The next version: a prerelease's own patch is next to it. */
static struct value next_version(struct value_run *r, enum method_id id, const struct semver *v)
{
    struct semver *next = ARENA_NEW(r->a, struct semver);

    *next = (struct semver){.major = v->major + (id == NEXT_MAJOR),
                            .minor = id == NEXT_MAJOR ? 0 : v->minor + (id == NEXT_MINOR),
                            .prerelease = STR(""),
                            .metadata = STR("")};
    if (id == NEXT_PATCH)
        next->patch = v->patch + (v->prerelease.len == 0);
    next->original = semver_print(r->a, next);
    return (struct value){.type = VALUE_SEMVER, .semver = next};
}

static void version_method(struct value_run *r, enum method_id id, const struct semver *v,
                           const struct value *args, struct value *ret)
{
    int order = id == COMPARE || id == BEFORE || id == AFTER || id == EQUAL
                    ? semver_compare(v, args[0].semver)
                    : 0;

    if (id == MAJOR || id == MINOR || id == PATCH) {
        *ret = value_int((int64_t) (id == MAJOR   ? v->major
                                    : id == MINOR ? v->minor
                                                  : v->patch));
        ret->go = VALUE_GO_UINT64;
    } else if (id == COMPARE) {
        *ret = value_int(order);
    } else if (id == BEFORE || id == AFTER || id == EQUAL) {
        *ret = value_bool(id == BEFORE ? order < 0 : id == AFTER ? order > 0 : order == 0);
    } else if (id == NEXT_MAJOR || id == NEXT_MINOR || id == NEXT_PATCH) {
        *ret = next_version(r, id, v);
    } else {
        *ret = value_string(id == PRERELEASE ? v->prerelease
                            : id == METADATA ? v->metadata
                            : id == ORIGINAL ? v->original
                                             : semver_print(r->a, v));
    }
}

static bool fits(char letter, const struct value *v)
{
    return letter == 's'   ? v->type == VALUE_STRING
           : letter == 'i' ? v->type == VALUE_INT
           : letter == 'T' ? v->type == VALUE_TIME
           : letter == 'D' ? v->type == VALUE_DURATION
           : letter == 'V' ? v->type == VALUE_SEMVER
                           : v->type == VALUE_ZONE;
}

static int check_arguments(struct value_run *r, const struct method *m,
                           const struct value *args, size_t count)
{
    if (count != strlen(m->args))
        return value_fail(r, "%s arguments to call %s",
                          count < strlen(m->args) ? "not enough" : "too many", m->name);
    for (size_t i = 0; i < count; i++)
        if (!fits(m->args[i], &args[i]))
            return value_fail(r, "cannot use %s as argument to call %s",
                              value_type_name(&args[i]), m->name);
    return 0;
}

static const struct method *find_method(enum value_type type, struct str name)
{
    for (size_t i = 0; i < COUNT_OF(methods); i++)
        if (methods[i].type == type && str_is(name, methods[i].name))
            return &methods[i];
    return NULL;
}

const char *value_method_args(enum value_type type, struct str name)
{
    const struct method *m = find_method(type, name);

    return m ? m->args : NULL;
}

int value_method(struct value_run *r, const struct value *base, struct str name,
                 const struct value *args, size_t count, struct value *ret)
{
    const struct method *m = find_method(base->type, name);

    if (!m)
        return 1;
    if (check_arguments(r, m, args, count) < 0)
        return -1;
    if (base->type == VALUE_TIME)
        return time_method(r, (enum method_id) m->id, base, args, ret);
    if (base->type == VALUE_SEMVER)
        version_method(r, (enum method_id) m->id, base->semver, args, ret);
    else if (base->type == VALUE_ZONE)
        *ret = value_string(value_text(base));
    else
        duration_method(r, (enum method_id) m->id, base->number, count > 0 ? args[0].number : 0,
                        ret);
    return 0;
}
