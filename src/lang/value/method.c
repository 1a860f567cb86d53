/*
 * lang/value/method.c - methods of times, durations, zones and versions.
 *
 * Any thread. Of methods that answer two values (Zone, ISOWeek) the first
 * is taken, as upstream does. Doesn't do: Go's methods that take a pointer.
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
    const char *results; /* letters as of value_method_results() */
};

enum { METHOD_ARGS_MAX = 3 };

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
    ISO_YEAR,
    ZONE,
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
    {"Add", "D", VALUE_TIME, ADD, "T"},
    {"AddDate", "iii", VALUE_TIME, ADD_DATE, "T"},
    {"After", "T", VALUE_TIME, AFTER, "b"},
    {"Before", "T", VALUE_TIME, BEFORE, "b"},
    {"Day", "", VALUE_TIME, DAY, "i"},
    {"Equal", "T", VALUE_TIME, EQUAL, "b"},
    {"Format", "s", VALUE_TIME, FORMAT, "s"},
    {"Compare", "T", VALUE_TIME, COMPARE, "i"},
    {"Hour", "", VALUE_TIME, HOUR, "i"},
    {"In", "z", VALUE_TIME, IN, "T"},
    {"Clock", "", VALUE_TIME, HOUR, "iii"},
    {"Date", "", VALUE_TIME, YEAR, "iii"},
    {"ISOWeek", "", VALUE_TIME, ISO_YEAR, "ii"},
    {"IsZero", "", VALUE_TIME, IS_ZERO, "b"},
    {"Local", "", VALUE_TIME, TO_UTC, "T"},
    {"Minute", "", VALUE_TIME, MINUTE, "i"},
    {"Month", "", VALUE_TIME, MONTH, "M"},
    {"Nanosecond", "", VALUE_TIME, NANOSECOND, "i"},
    {"Round", "D", VALUE_TIME, ROUND, "T"},
    {"Second", "", VALUE_TIME, SECOND, "i"},
    {"String", "", VALUE_TIME, TEXT, "s"},
    {"Sub", "T", VALUE_TIME, SUBTRACT, "D"},
    {"Truncate", "D", VALUE_TIME, TRUNCATE, "T"},
    {"UTC", "", VALUE_TIME, TO_UTC, "T"},
    {"Unix", "", VALUE_TIME, UNIX, "J"},
    {"UnixMicro", "", VALUE_TIME, UNIX_MICRO, "J"},
    {"UnixMilli", "", VALUE_TIME, UNIX_MILLI, "J"},
    {"UnixNano", "", VALUE_TIME, UNIX_NANO, "J"},
    {"Weekday", "", VALUE_TIME, WEEKDAY, "W"},
    {"Year", "", VALUE_TIME, YEAR, "i"},
    {"YearDay", "", VALUE_TIME, YEAR_DAY, "i"},
    {"Zone", "", VALUE_TIME, ZONE, "si"},
    {"Abs", "", VALUE_DURATION, ABSOLUTE, "D"},
    {"Hours", "", VALUE_DURATION, HOURS, "f"},
    {"Microseconds", "", VALUE_DURATION, MICROSECONDS, "J"},
    {"Milliseconds", "", VALUE_DURATION, MILLISECONDS, "J"},
    {"Minutes", "", VALUE_DURATION, MINUTES, "f"},
    {"Nanoseconds", "", VALUE_DURATION, NANOSECONDS, "J"},
    {"Round", "D", VALUE_DURATION, ROUND, "D"},
    {"Seconds", "", VALUE_DURATION, SECONDS, "f"},
    {"String", "", VALUE_DURATION, TEXT, "s"},
    {"Truncate", "D", VALUE_DURATION, TRUNCATE, "D"},
    {"String", "", VALUE_ZONE, TEXT, "s"},
    {"Major", "", VALUE_SEMVER, MAJOR, "."},
    {"Metadata", "", VALUE_SEMVER, METADATA, "."},
    {"Minor", "", VALUE_SEMVER, MINOR, "."},
    {"Original", "", VALUE_SEMVER, ORIGINAL, "."},
    {"Patch", "", VALUE_SEMVER, PATCH, "."},
    {"Prerelease", "", VALUE_SEMVER, PRERELEASE, "."},
    {"Compare", "V", VALUE_SEMVER, COMPARE, "."},
    {"Equal", "V", VALUE_SEMVER, EQUAL, "."},
    {"GreaterThan", "V", VALUE_SEMVER, AFTER, "."},
    {"IncMajor", "", VALUE_SEMVER, NEXT_MAJOR, "."},
    {"IncMinor", "", VALUE_SEMVER, NEXT_MINOR, "."},
    {"IncPatch", "", VALUE_SEMVER, NEXT_PATCH, "."},
    {"LessThan", "V", VALUE_SEMVER, BEFORE, "."},
    {"String", "", VALUE_SEMVER, TEXT, "."},
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

/* The year that an ISO 8601 week belongs to: that of its Thursday. */
static int64_t iso_year(const struct gotime *t)
{
    int64_t weekday = (gotime_civil_of(t).weekday + 6) % 7; /* 0 is Monday */
    struct gotime thursday = *t;

    thursday.unix_s += (3 - weekday) * 86400;
    return gotime_civil_of(&thursday).year;
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
    if (id == ISO_YEAR)
        *ret = value_int(iso_year(base->time));
    else if (id == ZONE)
        *ret = value_string(str_copy(r->a, str_from(base->time->zone)));
    else if (id == FORMAT)
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

/* What reflection calls a method with: nil is the zero value of the argument's type. */
static int check_argument(struct value_run *r, char letter, const struct value *v,
                          struct value *ret)
{
    static const struct gotime no_time = {.unix_s = INT64_C(-62135596800)};
    static const struct {
        char letter;
        const char *name;
        struct value zero;
    } types[] = {
        {'s', "string", {.type = VALUE_STRING, .text = ""}},
        {'i', "int", {.type = VALUE_INT}},
        {'T', "time.Time", {.type = VALUE_TIME, .time = &no_time}},
        {'D', "time.Duration", {.type = VALUE_DURATION}},
        {'z', "*time.Location", {.type = VALUE_ZONE}},
        {'V', "*semver.Version", {.type = VALUE_SEMVER}},
    };

    for (size_t i = 0; i < COUNT_OF(types); i++) {
        if (types[i].letter != letter)
            continue;
        *ret = v->type == VALUE_NIL ? types[i].zero : *v;
        if (ret->type != types[i].zero.type || ret->go != types[i].zero.go)
            return value_fail(r, "reflect: Call using %s as type %s", value_type_name(v),
                              types[i].name);
    }
    if (v->type == VALUE_NIL && letter == 'z')
        return value_fail(r, "time: missing Location in call to Time.In");
    if (v->type == VALUE_NIL && letter == 'V')
        return value_fail(r,
                          "runtime error: invalid memory address or nil pointer dereference");
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

const char *value_method_results(enum value_type type, struct str name)
{
    const struct method *m = find_method(type, name);

    return m ? m->results : NULL;
}

int value_method(struct value_run *r, const struct value *base, struct str name,
                 const struct value *args, size_t count, struct value *ret)
{
    const struct method *m = find_method(base->type, name);
    struct value given[METHOD_ARGS_MAX];

    if (!m)
        return 1;
    if (count != strlen(m->args))
        return value_fail(r, "invalid number of arguments: expected %zu, got %zu",
                          strlen(m->args), count);
    for (size_t i = 0; i < count; i++)
        if (check_argument(r, m->args[i], &args[i], &given[i]) < 0)
            return -1;
    args = given;
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
