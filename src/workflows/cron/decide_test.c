/* Tests of workflows/cron/decide.h: golden vectors of missed runs, schedules and names; tables
 * of verdicts, statuses and history; days that go by under a clock that is given. */
#include "workflows/cron/decide.h"

#include "formats/yaml.h"
#include "tests/support/golden.h"

/* ---- golden ---- */

static struct json yaml(struct arena *a, struct str text)
{
    struct json doc;
    struct err err;

    if (yaml_parse(a, text, &doc, &err) < 0)
        fail_msg("%s: " STR_FMT, err.text, STR_ARG(text));
    return doc;
}

static int check_missed_row(struct arena *a, const struct json *row)
{
    struct json cron = yaml(a, json_get_str(row, STR("cronWorkflow")));
    const struct json *out = json_get(row, STR("out"));
    struct cron_plan plan = {0};
    struct wall now;
    struct err err;
    int64_t missed;

    assert_int_equal(gotime_parse_wall(json_get_str(row, STR("now")), &now, &err), 0);
    /* Upstream reads schedules when it needs them. */
    if (cron_is_new_plan(&cron, object_cron_schedules(a, &cron)) ||
        !json_path(&cron, "status", "lastScheduledTime", NULL))
        return out && out->type == JSON_NULL;
    if (cron_plan_read(a, &cron, &plan, &err) < 0)
        return golden_fails(row) && str_is(json_get_str(row, STR("err")), err.text);
    if (!cron_missed(&plan, &cron, now, &missed))
        return out && out->type == JSON_NULL;
    return str_eq(json_str(out), gotime_rfc3339(a, (struct wall){missed * 1000}));
}

static int check_schedules_row(struct arena *a, const struct json *row)
{
    struct json cron = yaml(a, json_get_str(row, STR("cronWorkflow")));
    const struct json *out = json_get(row, STR("out")),
                      *zoned = json_get(out, STR("withTimezone"));
    struct str text = object_cron_schedules(a, &cron);

    for (size_t i = 0; i <= zoned->count; i++)
        if (!str_eq(object_cron_schedule(a, &cron, i), json_str(json_item(zoned, i))))
            return 0;
    return str_eq(text, json_get_str(out, STR("stringWithTimezone"))) &&
           cron_is_new_plan(&cron, text) == json_get_bool(out, STR("usingNewSchedule"));
}

static int check_golden(struct arena *a, const struct json *row)
{
    struct str op = json_get_str(row, STR("op"));
    struct gotime t;
    struct err err;

    if (str_is(op, "missed"))
        return check_missed_row(a, row);
    if (str_is(op, "schedules"))
        return check_schedules_row(a, row);
    assert_int_equal(gotime_parse_rfc3339(json_get_str(row, STR("start")), &t, &err), 0);
    return str_eq(cron_child_name(a, json_get_str(row, STR("name")), t.unix_s),
                  json_get_str(row, STR("out")));
}

static void test_golden(void **state)
{
    (void) state;
    golden_run("formats/cron-argo.jsonl", check_golden, 40);
}

/* The lines of the vectors of conditions that are about CronWorkflows. */
static int check_condition(struct arena *a, const struct json *row)
{
    const struct json *cron = json_get(row, STR("cron"));
    struct str mode = json_get_str(row, STR("mode"));
    bool is_met = false;
    struct err err = {0};
    int rc;

    if (!str_is(mode, "stop") && !str_is(mode, "cron"))
        return -1;
    rc = str_is(mode, "stop") ? cron_has_reached_end(a, cron, (struct wall){0}, &is_met, &err)
                              : cron_is_wanted(a, cron, (struct wall){0}, &is_met, &err);
    if (rc < 0 && !str_is(json_get_str(row, STR("err")), err.text))
        print_error("got %s\n", err.text);
    if (rc < 0)
        return golden_fails(row) && str_is(json_get_str(row, STR("err")), err.text);
    return !golden_fails(row) && is_met == json_get_bool(row, STR("out"));
}

static void test_golden_conditions(void **state)
{
    (void) state;
    golden_run("lang/when.jsonl", check_condition, 32);
}

static void test_stop(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct json cron;
    bool is_reached = true;
    struct err err;

    (void) state;
    cron = yaml(a, STR("metadata: {name: c, labels: {l: v}}\n"));
    assert_int_equal(cron_has_reached_end(a, &cron, (struct wall){0}, &is_reached, &err), 0);
    assert_false(is_reached);
    cron = cron_stopped(a, &cron);
    assert_true(cron_is_suspended(&cron));
    assert_int_equal(cron_decide(&cron), CRON_STOPPED);
    assert_true(str_is(json_str(json_path(&cron, "metadata", "labels", "l", NULL)), "v"));
}

/* Conditions that are none. */
static void test_no_booleans(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    bool is_met = true;
    struct json cron;
    struct err err;

    (void) state;
    cron =
        yaml(a, STR("spec: {stopStrategy: {expression: cronworkflow.failed}, when: '1 + 1'}\n"
                    "status: {failed: 2}\n"));
    assert_int_equal(cron_has_reached_end(a, &cron, (struct wall){0}, &is_met, &err), -1);
    assert_string_equal(err.text, "failed to evaluate stop expression: unable to cast "
                                  "expression result '%!s(int64=2)' to bool");
    assert_int_equal(cron_is_wanted(a, &cron, (struct wall){0}, &is_met, &err), -1);
    assert_string_equal(err.text, "Expected boolean evaluation for '1 + 1'. Got 2");
    assert_true(is_met);
}

/* ---- missed runs with long deadlines ---- */

static struct json cron_of(struct arena *a, const char *spec, const char *status)
{
    struct str text =
        str_printf(a,
                   "apiVersion: argoproj.io/v1alpha1\nkind: CronWorkflow\n"
                   "metadata: {name: c, namespace: ns, uid: u-1}\nspec: %s\nstatus: %s\n",
                   spec, status);

    return yaml(a, text);
}

static struct cron_plan plan_of(struct arena *a, const struct json *cron)
{
    struct cron_plan plan = {0};
    struct err err;

    if (cron_plan_read(a, cron, &plan, &err) < 0)
        fail_msg("%s", err.text);
    return plan;
}

static int64_t seconds_of(const char *time)
{
    struct wall at;
    struct err err;

    if (gotime_parse_wall(str_from(time), &at, &err) < 0)
        fail_msg("%s", err.text);
    return at.ms / 1000;
}

static void test_missed_long_ago(void **state)
{
    /* schedule, now, missed or "" */
    static const char *const cases[][3] = {
        {"* * * * *", "2026-03-10T13:47:21Z", "2026-03-10T13:47:00Z"},
        {"0 0 1 1 *", "2026-03-10T13:47:21Z", "2026-01-01T00:00:00Z"},
        {"*/5 3 29 2 *", "2026-03-10T13:47:21Z", "2024-02-29T03:55:00Z"},
        {"0 0 30 2 *", "2026-03-10T13:47:21Z", ""},
        {", * * * *", "2026-03-10T13:47:21Z", ""},
        {"0 12 31 12 *", "2000-01-01T00:00:00.001Z", ""},
    };
    _cleanup_arena_ struct arena *a = arena_new();

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct str spec =
            str_printf(a, "{schedules: [\"%s\"], startingDeadlineSeconds: 9223372036854775807}",
                       cases[i][0]);
        struct json cron =
            cron_of(a, spec.ptr, "{lastScheduledTime: \"2000-01-01T00:00:00Z\"}");
        struct cron_plan plan = plan_of(a, &cron);
        int64_t missed = 0;
        bool is_missed;

        cron = cron_used(a, &cron, plan.text);
        is_missed =
            cron_missed(&plan, &cron, (struct wall){seconds_of(cases[i][1]) * 1000}, &missed);
        assert_int_equal(is_missed, cases[i][2][0] != '\0');
        if (is_missed)
            assert_int_equal(missed, seconds_of(cases[i][2]));
    }
}

/* ---- verdicts ---- */

static void test_verdicts(void **state)
{
    static const struct {
        const char *spec, *status;
        enum cron_verdict want;
    } cases[] = {
        {"{}", "{}", CRON_RUN},
        {"{concurrencyPolicy: Allow}", "{active: [{uid: x}]}", CRON_RUN},
        {"{concurrencyPolicy: Forbid}", "{active: []}", CRON_RUN},
        {"{concurrencyPolicy: Forbid}", "{active: [{uid: x}]}", CRON_FORBIDDEN},
        {"{concurrencyPolicy: Replace}", "{}", CRON_RUN},
        {"{concurrencyPolicy: Replace}", "{active: [{uid: x}]}", CRON_REPLACE},
        {"{suspend: true}", "{active: [{uid: x}]}", CRON_SUSPENDED},
        {"{suspend: true, concurrencyPolicy: Replace}", "{}", CRON_SUSPENDED},
        {"{suspend: false}", "{}", CRON_RUN},
        {"{}", "{phase: Stopped}", CRON_STOPPED},
        {"{}", "{phase: Active}", CRON_RUN},
    };
    _cleanup_arena_ struct arena *a = arena_new();

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct json cron = cron_of(a, cases[i].spec, cases[i].status);

        if (cron_decide(&cron) != cases[i].want)
            fail_msg("%s with %s", cases[i].spec, cases[i].status);
        assert_int_equal(cron_is_suspended(&cron),
                         cases[i].want == CRON_SUSPENDED || cases[i].want == CRON_STOPPED);
    }
}

/* ---- statuses ---- */

static void check_status(struct arena *a, const struct json *cron, const char *want)
{
    struct json status = yaml(a, str_from(want));
    const struct json *is = json_get(cron, STR("status"));

    if (!json_equal(is, &status))
        fail_msg(STR_FMT ", not %s", STR_ARG(json_text(a, is, 0)), want);
}

static const struct cron_child children[] = {
    {STR_INIT("c-1"), STR_INIT("u1"), STR_INIT("Running"), STR_INIT(""), 7, false},
    {STR_INIT("c-2"), STR_INIT("u2"), STR_INIT("Succeeded"), STR_INIT("2026-01-01T00:00:02Z"),
     8, true},
    {STR_INIT("c-3"), STR_INIT("u3"), STR_INIT("Failed"), STR_INIT("2026-01-01T00:00:03Z"), 9,
     true},
    {STR_INIT("c-4"), STR_INIT("u4"), STR_INIT("Error"), STR_INIT("2026-01-01T00:00:04Z"), 9,
     true},
};

static void test_started(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct json cron = cron_of(a, "{schedules: [\"@hourly\"]}",
                               "{conditions: [{type: SubmissionError, status: \"True\"}]}");

    (void) state;
    cron = cron_started(a, &cron, &children[0], 1773150420);
    check_status(a, &cron,
                 "{active: [{apiVersion: argoproj.io/v1alpha1, kind: Workflow, name: c-1, "
                 "namespace: ns, uid: u1, resourceVersion: \"7\"}], phase: Active, "
                 "lastScheduledTime: \"2026-03-10T13:47:00Z\"}");
    cron = cron_started(a, &cron, &children[0], 1773150480); /* not twice */
    assert_int_equal(json_path(&cron, "status", "active", NULL)->count, 1);
    cron = cron_used(a, &cron, STR("@hourly"));
    assert_false(cron_is_new_plan(&cron, STR("@hourly")));
    assert_true(cron_is_new_plan(&cron, STR("@daily")));
}

static void test_failed(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct json cron = cron_of(a, "{}", "{failed: 2}");

    (void) state;
    cron = cron_failed(a, &cron, STR("Failed to submit Workflow: no"));
    check_status(a, &cron,
                 "{failed: 3, conditions: [{type: SubmissionError, status: \"True\", message: "
                 "\"Failed to submit Workflow: no\"}]}");
    cron = cron_spec_told(a, &cron, STR("bad"));
    cron = cron_failed(a, &cron, STR("again"));
    check_status(a, &cron,
                 "{failed: 4, conditions: [{type: SubmissionError, status: \"True\", message: "
                 "again}, {type: SpecError, status: \"True\", message: bad}]}");
    cron = cron_spec_told(a, &cron, STR(""));
    cron = cron_started(a, &cron, &children[0], 0);
    assert_null(json_path(&cron, "status", "conditions", NULL));
    cron = cron_made_before(a, &cron, 60);
    assert_string_equal(json_str(json_path(&cron, "status", "lastScheduledTime", NULL)).ptr,
                        "1970-01-01T00:01:00Z");
}

static void test_reconciled(void **state)
{
    /* status before, how many of the children there are, status after */
    static const struct {
        const char *before;
        size_t count;
        const char *after;
    } cases[] = {
        {"{}", 0, "{}"},
        {"{active: [{uid: u1}]}", 1, "{active: [{uid: u1}]}"},
        {"{active: [{uid: gone}]}", 1,
         "{active: [{apiVersion: argoproj.io/v1alpha1, kind: Workflow, name: c-1, namespace: "
         "ns, uid: u1, resourceVersion: \"7\"}]}"},
        {"{active: [{uid: u1}, {uid: u2}]}", 4, "{active: [{uid: u1}], succeeded: 1}"},
        {"{active: [{uid: u3}, {uid: u4}, {uid: u1}], failed: 1, succeeded: 5}", 4,
         "{active: [{uid: u1}], failed: 3, succeeded: 5}"},
        {"{active: [{uid: u1}], succeeded: 1}", 4, "{active: [{uid: u1}], succeeded: 1}"},
        {"{active: [{uid: gone}]}", 0, "{}"},
    };
    _cleanup_arena_ struct arena *a = arena_new();

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct json cron = cron_of(a, "{}", cases[i].before);
        const struct cron_children some = {children, cases[i].count};

        cron = cron_reconciled(a, &cron, &some);
        check_status(a, &cron, cases[i].after);
    }
}

static void check_surplus(const char *spec, const char *want)
{
    static const struct cron_child many[] = {
        {STR_INIT("s1"), STR_INIT("1"), STR_INIT("Succeeded"), STR_INIT("2026-01-01T00:00:01Z"),
         1, true},
        {STR_INIT("s3"), STR_INIT("3"), STR_INIT("Succeeded"), STR_INIT("2026-01-01T00:00:03Z"),
         1, true},
        {STR_INIT("s2"), STR_INIT("2"), STR_INIT("Succeeded"), STR_INIT("2026-01-01T00:00:02Z"),
         1, true},
        {STR_INIT("s4"), STR_INIT("4"), STR_INIT("Succeeded"), STR_INIT("2026-01-01T00:00:04Z"),
         1, true},
        {STR_INIT("f1"), STR_INIT("5"), STR_INIT("Failed"), STR_INIT("2026-01-01T00:00:01Z"), 1,
         true},
        {STR_INIT("e2"), STR_INIT("6"), STR_INIT("Error"), STR_INIT("2026-01-01T00:00:02Z"), 1,
         true},
        {STR_INIT("r1"), STR_INIT("7"), STR_INIT("Running"), STR_INIT(""), 1, false},
    };
    const struct cron_children all = {many, COUNT_OF(many)};
    _cleanup_arena_ struct arena *a = arena_new();
    struct json cron = cron_of(a, spec, "{}");
    struct str is = STR("");
    size_t count;
    const struct cron_child *const *surplus = cron_surplus(a, &cron, &all, &count);

    for (size_t i = 0; i < count; i++)
        is = str_printf(a, STR_FMT "%s" STR_FMT, STR_ARG(is), i ? " " : "",
                        STR_ARG(surplus[i]->name));
    if (!str_is(is, want))
        fail_msg("%s: " STR_FMT ", not %s", spec, STR_ARG(is), want);
}

static void test_surplus(void **state)
{
    (void) state;
    check_surplus("{}", "s1 f1");
    check_surplus("{successfulJobsHistoryLimit: 1}", "s3 s2 s1 f1");
    check_surplus("{successfulJobsHistoryLimit: 0, failedJobsHistoryLimit: 2}", "s4 s3 s2 s1");
    check_surplus("{successfulJobsHistoryLimit: 9, failedJobsHistoryLimit: 0}", "e2 f1");
    check_surplus("{successfulJobsHistoryLimit: 9, failedJobsHistoryLimit: -3}", "e2 f1");
}

/* ---- days under a clock that is given ---- */

enum { RUNS_MAX = 64 };

/* One CronWorkflow and what it made; each run takes its time. */
struct day {
    struct arena *a;
    struct json cron;
    struct cron_plan plan;
    struct cron_child at[RUNS_MAX];
    int64_t ends_s[RUNS_MAX];
    size_t len;
    int64_t takes_s;
};

static void end_runs(struct day *d, int64_t now_s)
{
    for (size_t i = 0; i < d->len; i++)
        if (!d->at[i].is_finished && d->ends_s[i] <= now_s) {
            d->at[i].is_finished = true;
            d->at[i].phase = STR("Succeeded");
            d->at[i].finished_at = gotime_rfc3339(d->a, (struct wall){d->ends_s[i] * 1000});
        }
}

static void begin_run(struct day *d, int64_t scheduled_s, int64_t now_s)
{
    struct cron_child *child = &d->at[d->len];

    assert_true(d->len < RUNS_MAX);
    *child = (struct cron_child){.name = cron_child_name(d->a, STR("c"), scheduled_s),
                                 .phase = STR("Running"),
                                 .finished_at = STR("")};
    child->uid = child->name;
    for (size_t i = 0; i < d->len; i++)
        assert_false(str_eq(d->at[i].name, child->name)); /* no time is run twice */
    d->ends_s[d->len++] = now_s + d->takes_s;
    d->cron = cron_started(d->a, &d->cron, child, scheduled_s);
}

static void come_due(struct day *d, int64_t scheduled_s, int64_t now_s)
{
    enum cron_verdict verdict = cron_decide(&d->cron);

    d->cron = cron_used(d->a, &d->cron, d->plan.text);
    if (verdict == CRON_REPLACE)
        for (size_t i = 0; i < d->len; i++)
            if (!d->at[i].is_finished)
                d->ends_s[i] = now_s;
    if (verdict == CRON_RUN || verdict == CRON_REPLACE)
        begin_run(d, scheduled_s, now_s);
}

/* What the controller does, once a minute. Between @off and @on the daemon is away. */
static void live(struct day *d, const char *from, const char *to, const char *off,
                 const char *on)
{
    int64_t until = seconds_of(to), off_s = seconds_of(off), on_s = seconds_of(on), due, missed;
    int64_t now = seconds_of(from);
    bool is_due = cron_plan_next(&d->plan, now, &due);

    for (; now <= until; now += 60) {
        struct cron_children all = {d->at, d->len};

        end_runs(d, now);
        if (now >= off_s && now < on_s)
            continue;
        d->cron = cron_reconciled(d->a, &d->cron, &all);
        if (now == on_s) {
            is_due = cron_plan_next(&d->plan, now, &due);
            if (cron_missed(&d->plan, &d->cron, (struct wall){now * 1000}, &missed))
                come_due(d, missed, now);
        }
        if (is_due && due <= now) {
            come_due(d, due, now);
            is_due = cron_plan_next(&d->plan, now, &due);
        }
    }
}

static void day_init(struct day *d, struct arena *a, const char *spec, int64_t takes_s)
{
    *d = (struct day){.a = a, .takes_s = takes_s};
    d->cron = cron_of(a, spec, "{}");
    d->plan = plan_of(a, &d->cron);
}

/* Times of the runs on a clock. */
static void check_runs(struct day *d, const char *zone_name, const char *want)
{
    const struct gozone *zone;
    struct str is = STR("");
    struct err err;

    assert_int_equal(gozone_load(d->a, str_from(zone_name), &zone, &err), 0);
    for (size_t i = 0; i < d->len; i++) {
        int64_t at;
        struct gotime t;

        assert_true(parse_i64(str_skip(d->at[i].name, 2), &at));
        t = gotime_unix(at, 0);
        t = gotime_in(&t, zone);
        is = str_printf(d->a, STR_FMT "%s" STR_FMT, STR_ARG(is), i ? " " : "",
                        STR_ARG(gotime_format(d->a, &t, STR("02T15:04"))));
    }
    if (!str_is(is, want))
        fail_msg(STR_FMT ", not %s", STR_ARG(is), want);
}

#define NEVER "2000-01-01T00:00:00Z"

static void test_day_in_seoul(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct day d;

    (void) state;
    day_init(&d, a,
             "{schedules: [\"0 9-18/3 * * MON-FRI\", \"30 23 * * *\"], timezone: Asia/Seoul}",
             600);
    live(&d, "2026-11-27T15:00:00Z", "2026-11-30T15:00:00Z", NEVER, NEVER);
    check_runs(&d, "Asia/Seoul",
               "28T23:30 29T23:30 30T09:00 30T12:00 30T15:00 30T18:00 30T23:30");
    assert_true(str_is(json_str(json_path(&d.cron, "status", "lastScheduledTime", NULL)),
                       "2026-11-30T14:30:00Z"));
    assert_int_equal(json_path(&d.cron, "status", "succeeded", NULL)->text[0], '7');
}

static void test_nights_in_new_york(void **state)
{
    static const char spec[] = "{schedules: [\"30 1,2,3 * * *\"], timezone: America/New_York}";
    _cleanup_arena_ struct arena *a = arena_new();
    struct day d;

    (void) state;
    day_init(&d, a, spec, 60);
    live(&d, "2026-03-08T05:00:00Z", "2026-03-09T04:00:00Z", NEVER, NEVER);
    check_runs(&d, "America/New_York", "08T01:30 08T03:30"); /* 02:30 there is not */
    day_init(&d, a, spec, 60);
    live(&d, "2026-11-01T04:00:00Z", "2026-11-02T04:00:00Z", NEVER, NEVER);
    check_runs(&d, "America/New_York", "01T01:30 01T01:30 01T02:30 01T03:30"); /* twice */
}

static void test_policies_over_a_day(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct day d;

    (void) state;
    day_init(&d, a, "{schedules: [\"0 */4 * * *\"], concurrencyPolicy: Forbid}", 6 * 3600);
    live(&d, "2026-01-01T00:01:00Z", "2026-01-02T00:00:00Z", NEVER, NEVER);
    check_runs(&d, "UTC", "01T04:00 01T12:00 01T20:00");
    day_init(&d, a, "{schedules: [\"0 */4 * * *\"], concurrencyPolicy: Replace}", 6 * 3600);
    live(&d, "2026-01-01T00:01:00Z", "2026-01-02T00:00:00Z", NEVER, NEVER);
    check_runs(&d, "UTC", "01T04:00 01T08:00 01T12:00 01T16:00 01T20:00 02T00:00");
    assert_int_equal(json_path(&d.cron, "status", "active", NULL)->count, 2); /* not yet seen */
    day_init(&d, a, "{schedules: [\"0 */4 * * *\"], suspend: true}", 60);
    live(&d, "2026-01-01T00:01:00Z", "2026-01-02T00:00:00Z", NEVER, NEVER);
    check_runs(&d, "UTC", "");
}

static void test_daemon_away(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct day d;

    (void) state;
    day_init(&d, a, "{schedules: [\"0 * * * *\"], startingDeadlineSeconds: 1800}", 60);
    live(&d, "2026-01-01T00:30:00Z", "2026-01-01T06:00:00Z", "2026-01-01T02:30:00Z",
         "2026-01-01T04:20:00Z");
    check_runs(&d, "UTC",
               "01T01:00 01T02:00 01T04:00 01T05:00 01T06:00"); /* 03:00 is too old */
    day_init(&d, a, "{schedules: [\"0 * * * *\"]}", 60);
    live(&d, "2026-01-01T00:30:00Z", "2026-01-01T06:00:00Z", "2026-01-01T02:30:00Z",
         "2026-01-01T04:20:00Z");
    check_runs(&d, "UTC", "01T01:00 01T02:00 01T05:00 01T06:00");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),
        cmocka_unit_test(test_golden_conditions),
        cmocka_unit_test(test_stop),
        cmocka_unit_test(test_no_booleans),
        cmocka_unit_test(test_missed_long_ago),
        cmocka_unit_test(test_verdicts),
        cmocka_unit_test(test_started),
        cmocka_unit_test(test_failed),
        cmocka_unit_test(test_reconciled),
        cmocka_unit_test(test_surplus),
        cmocka_unit_test(test_day_in_seoul),
        cmocka_unit_test(test_nights_in_new_york),
        cmocka_unit_test(test_policies_over_a_day),
        cmocka_unit_test(test_daemon_away),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
