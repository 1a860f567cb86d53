/* What a CronJob wants at a moment. See cron_decide.h. */
#include "workflows/jobs/cron_decide.h"

#include "formats/gotime.h"

#define FIRST_WINDOW_S 60

/* ---- times ---- */

static bool next_of(const struct cron_schedule *s, int64_t after_s, int64_t *ret_s)
{
    struct gotime after = gotime_unix(after_s, 0), next;

    if (!cron_next(s, &after, NULL, &next))
        return false;
    *ret_s = gotime_to_wall(&next).ms / 1000;
    return *ret_s > after_s;
}

/* Windows of double length backwards from now: the first that holds a time holds few. */
bool jobs_cron_latest(const struct cron_schedule *schedule, int64_t after_s, int64_t now_s,
                      int64_t *ret_s)
{
    int64_t t, every_s = schedule->is_every ? schedule->every_ns / 1000000000 : 0;

    if (every_s > 0) { /* counted from the last one */
        *ret_s = after_s + (now_s - after_s) / every_s * every_s;
        return *ret_s > after_s;
    }
    for (int64_t window = FIRST_WINDOW_S;; window *= 2) {
        int64_t from = now_s - window > after_s ? now_s - window : after_s;

        if (next_of(schedule, from, &t) && t <= now_s) {
            *ret_s = t;
            while (next_of(schedule, t, &t) && t <= now_s)
                *ret_s = t;
            return true;
        }
        if (from == after_s)
            return false;
    }
}

/* ---- a decision in the making ---- */

struct deciding {
    struct arena *a;
    const struct jobs_cron_input *in;
    struct jobs_cron_decision *ret;
    const struct json *spec;
    size_t *remove;
};

static int64_t number(const struct json *of, const char *name, int64_t fallback)
{
    int64_t n;

    return json_i64(json_get(of, str_from(name)), &n) ? n : fallback;
}

static int64_t seconds_of(struct str text)
{
    struct wall then;
    struct err err;

    return gotime_parse_wall(text, &then, &err) < 0 ? -1 : then.ms / 1000;
}

static void note(struct deciding *d, const char *reason, struct str message, bool is_warning)
{
    d->ret->note =
        (struct jobs_note){.reason = reason, .message = message, .is_warning = is_warning};
    d->ret->has_note = true;
}

static const struct jobs_child *child_of(const struct deciding *d, struct str uid)
{
    for (size_t i = 0; i < d->in->child_count; i++)
        if (str_eq(d->in->children[i].uid, uid))
            return &d->in->children[i];
    return NULL;
}

static void remove_child(struct deciding *d, size_t at)
{
    for (size_t i = 0; i < d->ret->remove_count; i++)
        if (d->remove[i] == at)
            return;
    if (!d->in->children[at].is_leaving)
        d->remove[d->ret->remove_count++] = at;
}

/* ---- what has become of its Jobs ---- */

static void set_active(struct deciding *d, struct json_array_builder *list)
{
    d->ret->status = list->len > 0
                         ? json_set(d->a, &d->ret->status, STR("active"), json_array(list))
                         : json_without(d->a, &d->ret->status, STR("active"));
}

/* Who is over, or gone, is not active. */
static void keep_active(struct deciding *d)
{
    const struct json *list = json_get(&d->ret->status, STR("active")), *ref;
    struct json_array_builder kept = {0};

    for (size_t i = 0; (ref = json_item(list, i)) != NULL; i++) {
        const struct jobs_child *child = child_of(d, json_get_str(ref, STR("uid")));

        if (child && !child->is_over)
            json_push(d->a, &kept, *ref);
    }
    set_active(d, &kept);
}

static void note_success(struct deciding *d)
{
    int64_t last_s = seconds_of(json_get_str(&d->ret->status, STR("lastSuccessfulTime")));
    int64_t newest_ms = 0;

    for (size_t i = 0; i < d->in->child_count; i++)
        if (d->in->children[i].is_complete && d->in->children[i].completed_ms > newest_ms)
            newest_ms = d->in->children[i].completed_ms;
    if (newest_ms / 1000 > last_s && newest_ms > 0)
        d->ret->status = json_set(d->a, &d->ret->status, STR("lastSuccessfulTime"),
                                  json_string(gotime_rfc3339(d->a, (struct wall){newest_ms})));
}

/* How many of the same end are newer. */
static int64_t newer_than(const struct deciding *d, const struct jobs_child *child)
{
    int64_t count = 0;

    for (size_t i = 0; i < d->in->child_count; i++) {
        const struct jobs_child *c = &d->in->children[i];

        if (c != child && c->is_over && c->is_complete == child->is_complete &&
            (c->created_ms > child->created_ms ||
             (c->created_ms == child->created_ms && str_cmp(c->name, child->name) > 0)))
            count++;
    }
    return count;
}

static void trim_history(struct deciding *d)
{
    int64_t good = number(d->spec, "successfulJobsHistoryLimit", 3),
            failed = number(d->spec, "failedJobsHistoryLimit", 1);

    for (size_t i = 0; i < d->in->child_count; i++) {
        const struct jobs_child *c = &d->in->children[i];

        if (c->is_over && newer_than(d, c) >= (c->is_complete ? good : failed))
            remove_child(d, i);
    }
}

/* ---- a run ---- */

/* The time from which on schedules count: the last one that was run, or the beginning; not
 * before the deadline. */
static int64_t earliest_of(const struct deciding *d)
{
    int64_t from = seconds_of(json_get_str(&d->ret->status, STR("lastScheduleTime")));
    int64_t deadline = number(d->spec, "startingDeadlineSeconds", -1);
    int64_t oldest = d->in->now.ms / 1000 - deadline;

    if (from < 0)
        from =
            seconds_of(json_str(json_path(d->in->cron, "metadata", "creationTimestamp", NULL)));
    return deadline >= 0 && oldest > from ? oldest : from;
}

static size_t active_count(const struct deciding *d)
{
    const struct json *list = json_get(&d->ret->status, STR("active"));

    return json_is(list, JSON_ARRAY) ? list->count : 0;
}

/* Those that run make room. */
static void replace_active(struct deciding *d)
{
    const struct json *list = json_get(&d->ret->status, STR("active")), *ref;
    struct json_array_builder none = {0};

    for (size_t i = 0; (ref = json_item(list, i)) != NULL; i++)
        for (size_t k = 0; k < d->in->child_count; k++)
            if (str_eq(d->in->children[k].uid, json_get_str(ref, STR("uid"))))
                remove_child(d, k);
    set_active(d, &none);
}

static void run(struct deciding *d, int64_t scheduled_s)
{
    struct str policy = json_get_str(d->spec, STR("concurrencyPolicy"));
    int64_t deadline = number(d->spec, "startingDeadlineSeconds", -1);
    struct str when = gotime_rfc3339(d->a, (struct wall){scheduled_s * 1000});

    if (deadline >= 0 && scheduled_s + deadline < d->in->now.ms / 1000) {
        note(d, "MissSchedule",
             str_printf(d->a, "Missed scheduled time to start a job: " STR_FMT, STR_ARG(when)),
             true);
        return;
    }
    if (str_is(policy, "Forbid") && active_count(d) > 0) {
        note(d, "JobAlreadyActive",
             STR("Not starting job because prior execution is running and concurrency policy "
                 "is Forbid"),
             false);
        return;
    }
    if (str_is(policy, "Replace"))
        replace_active(d);
    d->ret->has_run = true;
    d->ret->scheduled_s = scheduled_s;
}

static void look_at_time(struct deciding *d)
{
    int64_t now_s = d->in->now.ms / 1000, from = earliest_of(d), due;

    if (json_get_bool(d->spec, STR("suspend")) || from < 0)
        return;
    if (!d->in->schedule) {
        note(d, "UnparseableSchedule", STR("unparseable schedule"), true);
        return;
    }
    if (jobs_cron_latest(d->in->schedule, from, now_s, &due))
        run(d, due);
    /* An interval is counted from the last run, all else from now. */
    if (d->ret->has_run && d->in->schedule->is_every)
        from = d->ret->scheduled_s;
    else if (!d->in->schedule->is_every)
        from = now_s;
    while (next_of(d->in->schedule, from, &due)) {
        from = due;
        if (due > now_s) {
            d->ret->wake_ms = due * 1000;
            return;
        }
    }
}

void jobs_cron_decide(struct arena *a, const struct jobs_cron_input *in,
                      struct jobs_cron_decision *ret)
{
    const struct json *status = json_get(in->cron, STR("status"));
    struct deciding d = {.a = a, .in = in, .ret = ret, .spec = json_get(in->cron, STR("spec"))};

    *ret = (struct jobs_cron_decision){.wake_ms = JOBS_NEVER_MS};
    ret->status =
        json_is(status, JSON_OBJECT) ? *status : json_object(&(struct json_object_builder){0});
    ret->remove = d.remove = ARENA_ARRAY(a, size_t, in->child_count + 1);
    if (json_path(in->cron, "metadata", "deletionTimestamp", NULL))
        return;
    keep_active(&d);
    note_success(&d);
    trim_history(&d);
    look_at_time(&d);
}

struct json jobs_cron_ran(struct arena *a, const struct json *status, const struct json *job,
                          int64_t scheduled_s)
{
    const struct json *list = json_get(status, STR("active"));
    struct json_object_builder ref = {0};
    struct json_array_builder all = {0};
    struct json made;

    for (size_t i = 0; json_item(list, i); i++)
        json_push(a, &all, *json_item(list, i));
    json_add(a, &ref, STR("kind"), json_string(STR("Job")));
    json_add(a, &ref, STR("namespace"), json_string(object_namespace(job)));
    json_add(a, &ref, STR("name"), json_string(object_name(job)));
    json_add(a, &ref, STR("uid"), json_string(object_uid(job)));
    json_add(a, &ref, STR("apiVersion"), json_string(STR(JOB_API_VERSION)));
    json_push(a, &all, json_object(&ref));
    made = json_set(a, status, STR("active"), json_array(&all));
    return json_set(a, &made, STR("lastScheduleTime"),
                    json_string(gotime_rfc3339(a, (struct wall){scheduled_s * 1000})));
}
