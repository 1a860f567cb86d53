/* When a CronWorkflow comes due, and what it has missed. See decide.h. */
#include "base/vec.h"
#include "workflows/cron/decide.h"

static const struct str last_used_key =
    STR_INIT("cronworkflows.argoproj.io/last-used-schedule");

int cron_plan_read(struct arena *a, const struct json *cron, struct cron_plan *ret,
                   struct err *err)
{
    VEC(struct cron_schedule) list = {0};
    struct str text;

    for (size_t i = 0; !str_is_none(text = object_cron_schedule(a, cron, i)); i++) {
        struct cron_schedule s = {0};

        if (cron_parse(a, text, CRON_STANDARD, &s, err) < 0)
            return -1;
        VEC_APUSH(a, &list, s);
    }
    *ret = (struct cron_plan){str_copy(a, object_cron_schedules(a, cron)), list.at, list.len};
    return 0;
}

static bool next_of(const struct cron_schedule *s, int64_t after_s, int64_t *ret_s)
{
    struct gotime t = gotime_unix(after_s, 0);

    if (!cron_next(s, &t, NULL, &t) || t.unix_s <= after_s)
        return false;
    *ret_s = t.unix_s;
    return true;
}

bool cron_plan_next(const struct cron_plan *plan, int64_t after_s, int64_t *ret_s)
{
    bool has_one = false;

    for (size_t i = 0; i < plan->len; i++) {
        int64_t next;

        if (!next_of(&plan->at[i], after_s, &next) || (has_one && next >= *ret_s))
            continue;
        *ret_s = next;
        has_one = true;
    }
    return has_one;
}

bool cron_is_new_plan(const struct json *cron, struct str text)
{
    struct str used =
        json_get_str(json_path(cron, "metadata", "annotations", NULL), last_used_key);

    return str_is_none(used) || !str_eq(used, text);
}

struct json cron_used(struct arena *a, const struct json *cron, struct str text)
{
    if (!cron_is_new_plan(cron, text))
        return *cron;
    return json_set_path(a, cron, json_string(text), "metadata", "annotations",
                         last_used_key.ptr, NULL);
}

/* ---- missed runs ---- */

/* The latest time in (from, now) of an interval that counts from the last run. */
static bool latest_interval(const struct cron_schedule *s, int64_t last_s, int64_t now_s,
                            int64_t *ret_s)
{
    int64_t step = s->every_ns / 1000000000;

    if (step <= 0 || now_s - last_s < step)
        return false;
    *ret_s = last_s + (now_s - last_s) / step * step;
    return true;
}

/* Does it come due in (from, to]? */
static bool has_time(const struct cron_schedule *s, int64_t from_s, int64_t to_s,
                     int64_t *ret_s)
{
    return next_of(s, from_s, ret_s) && *ret_s <= to_s;
}

/* The latest time in (from, to]: halving, so that a long deadline does not mean to count years
 * of minutes. */
static bool latest_time(const struct cron_schedule *s, int64_t from_s, int64_t to_s,
                        int64_t *ret_s)
{
    int64_t late_s = to_s, next_s;

    if (!has_time(s, from_s, to_s, ret_s))
        return false;
    while (late_s - from_s > 1) {
        int64_t middle_s = from_s + (late_s - from_s) / 2;

        if (has_time(s, middle_s, to_s, &next_s)) {
            from_s = middle_s;
            *ret_s = next_s;
        } else {
            late_s = middle_s;
        }
    }
    return true;
}

/* Whole seconds that are before @now: times come due at those only. */
static int64_t last_second(struct wall now)
{
    return now.ms / 1000 - (now.ms % 1000 == 0);
}

/* Times from which on a run may still be made up for: those after the result. */
static int64_t too_late(struct wall now, int64_t deadline_s)
{
    int64_t start = now.ms / 1000;

    return deadline_s > start ? 0 : start - deadline_s;
}

bool cron_missed(const struct cron_plan *plan, const struct json *cron, struct wall now,
                 int64_t *ret_s)
{
    struct str last = json_str(json_path(cron, "status", "lastScheduledTime", NULL));
    int64_t deadline_s, last_s, latest = 0, to_s = last_second(now), from_s;
    struct wall at;
    struct err ignored;

    if (cron_is_new_plan(cron, plan->text) || str_is_empty(last) ||
        gotime_parse_wall(last, &at, &ignored) < 0 ||
        !json_i64(json_path(cron, "spec", "startingDeadlineSeconds", NULL), &deadline_s) ||
        deadline_s < 0)
        return false;
    last_s = at.ms / 1000;
    from_s = too_late(now, deadline_s);
    if (from_s < last_s)
        from_s = last_s;
    for (size_t i = 0; i < plan->len; i++) {
        const struct cron_schedule *s = &plan->at[i];
        bool is_there = s->is_every ? latest_interval(s, last_s, to_s, &latest)
                                    : latest_time(s, from_s, to_s, &latest);

        if (is_there && latest > from_s) {
            *ret_s = latest;
            return true;
        }
    }
    return false;
}

struct str cron_child_name(struct arena *a, struct str name, int64_t scheduled_s)
{
    return str_printf(a, STR_FMT "-%lld", STR_ARG(name), (long long) scheduled_s);
}
