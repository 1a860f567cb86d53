/* When the state of a trigger's conditions is forgotten. See reset.h. */
#include "events/sensors/reset.h"

#include "base/vec.h"

enum { SEARCH_MAX_S = 5 * 366 * 86400 };

static int read_one(struct arena *a, const struct json *entry, struct resets *r, size_t index,
                    struct err *err)
{
    const struct json *by_time = json_get(entry, STR("byTime"));

    if (!json_is(by_time, JSON_OBJECT))
        return 0;
    if (cron_parse(a, json_get_str(by_time, STR("cron")), CRON_FIELDS_ONLY,
                   &r->at[r->len].schedule, err) < 0 ||
        gozone_load(a, json_get_str(by_time, STR("timezone")), &r->at[r->len].zone, err) < 0)
        return err_wrap(err, "conditionsReset[%zu].byTime", index);
    r->len++;
    return 0;
}

int resets_read(struct arena *a, const struct json *list, struct resets *ret, struct err *err)
{
    size_t count = json_is(list, JSON_ARRAY) ? list->count : 0;
    struct resets made = {.at = arena_alloc(a, (count + 1) * sizeof(*made.at))};

    for (size_t i = 0; i < count; i++)
        if (read_one(a, &list->items[i], &made, i, err) < 0)
            return -1;
    *ret = made;
    return 0;
}

bool resets_next(const struct resets *r, struct wall after, struct wall *ret)
{
    bool is_found = false;

    for (size_t i = 0; i < r->len; i++) {
        struct gotime now = gotime_of_wall(after), next;
        struct wall at;

        now = gotime_in(&now, r->at[i].zone);
        if (!cron_next(&r->at[i].schedule, &now, r->at[i].zone, &next))
            continue;
        at = gotime_to_wall(&next);
        if (!is_found || at.ms < ret->ms)
            *ret = at;
        is_found = true;
    }
    return is_found;
}

/* Is the schedule due after @from_s, but before @end_s? */
static bool is_due(const struct cron_schedule *schedule, const struct gozone *zone,
                   int64_t from_s, int64_t end_s, struct gotime *ret)
{
    struct gotime from = gotime_unix(from_s, 0);

    from = gotime_in(&from, zone);
    return cron_next(schedule, &from, zone, ret) && ret->unix_s < end_s;
}

bool reset_previous(const struct cron_schedule *schedule, const struct gozone *zone,
                    const struct gotime *before, struct gotime *ret)
{
    int64_t high = before->unix_s, low = high - SEARCH_MAX_S;
    struct gotime found, other;
    struct gotime_civil civil;

    if (!is_due(schedule, zone, low, before->unix_s, &found))
        return false;
    while (high - low > 1) { /* due after low, not after high */
        int64_t middle = low + (high - low) / 2;

        if (is_due(schedule, zone, middle, before->unix_s, &other)) {
            low = middle;
            found = other;
        } else {
            high = middle;
        }
    }
    civil = gotime_civil_of(&found);
    *ret =
        gotime_date(&civil, 0, zone); /* of a clock time shown twice the first, as upstream */
    return true;
}

bool resets_last(const struct resets *r, struct wall before, struct wall *ret)
{
    bool is_found = false;

    for (size_t i = 0; i < r->len; i++) {
        struct gotime now = gotime_of_wall(before), last;
        struct wall at;

        if (!reset_previous(&r->at[i].schedule, r->at[i].zone, &now, &last))
            continue;
        at = gotime_to_wall(&last);
        if (!is_found || at.ms > ret->ms)
            *ret = at;
        is_found = true;
    }
    return is_found;
}
