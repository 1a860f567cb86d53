/* How often a trigger may fire. See rate_limit.h. */
#include "events/sensors/rate_limit.h"

#include "formats/duration.h"

enum { SAVED_TURNS_MAX = 10 };

static int64_t unit_ns(struct str unit)
{
    return str_is(unit, "Hour")     ? DURATION_HOUR
           : str_is(unit, "Minute") ? DURATION_MINUTE
                                    : DURATION_SECOND;
}

int rate_limit_read(const struct json *spec, struct rate_limit *ret, struct err *err)
{
    int64_t count = 0;

    if (!json_is(spec, JSON_OBJECT)) {
        *ret = (struct rate_limit){0};
        return 0;
    }
    if (!json_i64(json_get(spec, STR("requestsPerUnit")), &count) || count == 0)
        return err_set(err, ERR_INVALID,
                       "requestsPerUnit: must be a whole number that is not 0");
    *ret = (struct rate_limit){
        .distance_ns = count > 0 ? unit_ns(json_get_str(spec, STR("unit"))) / count : 0};
    return 0;
}

struct mono rate_limit_take(struct rate_limit *limit, struct mono now)
{
    int64_t now_ns = (int64_t) now.ns, saved_ns = SAVED_TURNS_MAX * limit->distance_ns;

    if (limit->distance_ns <= 0)
        return now;
    if (!limit->is_begun)
        limit->last_ns = now_ns;
    else if (now_ns - limit->last_ns > saved_ns + limit->distance_ns)
        limit->last_ns = now_ns - saved_ns;
    else
        limit->last_ns += limit->distance_ns;
    limit->is_begun = true;
    return limit->last_ns > now_ns ? (struct mono){.ns = (uint64_t) limit->last_ns} : now;
}
