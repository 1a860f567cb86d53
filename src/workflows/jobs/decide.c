/* What a Job wants at a moment. See decide.h. */
#include "workflows/jobs/decide.h"

#include "base/limits.h"
#include "formats/gotime.h"
#include "workflows/jobs/jobs_internal.h"

enum { BACKOFF_BASE_MS = 10000, BACKOFF_MAX_MS = 600000 }; /* Kubernetes' */

/* A decision in the making. */
struct deciding {
    struct arena *a;
    const struct jobs_input *in;
    struct jobs_decision *ret;
    const struct json *spec;
    int64_t parallelism, completions, backoff; /* completions -1: one of all */
    bool is_indexed;
    struct bitset done;  /* indexes that have succeeded */
    struct bitset taken; /* indexes of pods that are there */
    int64_t succeeded, failed, active, ready, terminating;
    int64_t failures;        /* in a row, since the last success */
    int64_t last_failure_ms; /* 0: none */
    size_t *release, *end;
    struct str why_failed; /* message of the rule that fails the Job; absent: none */
    bool has_given_up;     /* a pod that starts its containers again has failed */
};

static int64_t number(const struct json *of, const char *name, int64_t fallback)
{
    int64_t n;

    return json_i64(json_get(of, str_from(name)), &n) ? n : fallback;
}

static bool has_ended(const struct jobs_pod *pod)
{
    return pod->phase == JOBS_SUCCEEDED || pod->phase == JOBS_FAILED;
}

static int64_t time_of(const struct json *of, const char *name)
{
    struct wall then;
    struct err err;

    return gotime_parse_wall(json_get_str(of, str_from(name)), &then, &err) < 0 ? 0 : then.ms;
}

static struct json now_text(const struct deciding *d)
{
    return json_string(gotime_rfc3339(d->a, d->in->now));
}

static void note(struct deciding *d, const char *reason, struct str message, bool is_warning)
{
    d->ret->note =
        (struct jobs_note){.reason = reason, .message = message, .is_warning = is_warning};
    d->ret->has_note = true;
}

static void wake(struct deciding *d, int64_t at_ms)
{
    if (at_ms < d->ret->wake_ms)
        d->ret->wake_ms = at_ms;
}

/* ---- the status ---- */

static void set_count(struct deciding *d, const char *name, int64_t n, bool is_kept)
{
    d->ret->status = n > 0 || is_kept
                         ? json_set(d->a, &d->ret->status, str_from(name), json_int(d->a, n))
                         : json_without(d->a, &d->ret->status, str_from(name));
}

static struct json condition(struct deciding *d, const char *type, bool holds,
                             const char *reason, struct str message)
{
    struct json_object_builder b = {0};

    json_add(d->a, &b, STR("type"), json_string(str_from(type)));
    json_add(d->a, &b, STR("status"), json_string(holds ? STR("True") : STR("False")));
    json_add(d->a, &b, STR("reason"), json_string(str_from(reason)));
    json_add(d->a, &b, STR("message"), json_string(message));
    json_add(d->a, &b, STR("lastProbeTime"), now_text(d));
    json_add(d->a, &b, STR("lastTransitionTime"), now_text(d));
    return json_object(&b);
}

static void set_condition(struct deciding *d, const char *type, bool holds, const char *reason,
                          struct str message)
{
    const struct json *list = json_get(&d->ret->status, STR("conditions")), *c;
    struct json made = condition(d, type, holds, reason, message);
    struct json_array_builder all = {0};
    bool is_there = false;

    for (size_t i = 0; (c = json_item(list, i)) != NULL; i++) {
        bool is_it = str_is(json_get_str(c, STR("type")), type);

        json_push(d->a, &all, is_it ? made : *c);
        is_there |= is_it;
    }
    if (!is_there)
        json_push(d->a, &all, made);
    d->ret->status = json_set(d->a, &d->ret->status, STR("conditions"), json_array(&all));
}

/* In the status that is being made. */
static const struct json *find_condition(const struct deciding *d, const char *type)
{
    const struct json job = json_set(d->a, d->in->job, STR("status"), d->ret->status);

    return object_job_condition(&job, type);
}

static void put_counts(struct deciding *d)
{
    int64_t ended = 0;

    if (d->is_indexed) {
        for (size_t i = 0; i < d->done.count; i++)
            ended += bitset_has(&d->done, i);
        d->succeeded = ended;
        if (ended > 0)
            d->ret->status = json_set(d->a, &d->ret->status, STR("completedIndexes"),
                                      json_string(jobs_indexes_print(d->a, &d->done)));
    }
    set_count(d, "active", d->active, false);
    set_count(d, "succeeded", d->succeeded, false);
    set_count(d, "failed", d->failed, false);
    set_count(d, "ready", d->ready, true);
    set_count(d, "terminating", d->terminating, true);
    d->ret->status = json_set(d->a, &d->ret->status, STR("uncountedTerminatedPods"),
                              json_object(&(struct json_object_builder){0}));
}

/* ---- counting ---- */

static void count_success(struct deciding *d, const struct jobs_pod *pod)
{
    if (!d->is_indexed)
        d->succeeded++;
    else if (pod->index >= 0 && pod->index < (int64_t) d->done.count)
        bitset_add(&d->done, (size_t) pod->index);
}

static void count_failure(struct deciding *d, const struct jobs_pod *pod)
{
    enum jobs_failure verdict = jobs_failure_of(d->a, d->in->job, pod, &d->why_failed);

    if (verdict == JOBS_FAILURE_IGNORED)
        return;
    d->failed++;
    d->has_given_up |=
        !pod->is_leaving &&
        str_is(json_str(json_path(d->spec, "template", "spec", "restartPolicy", NULL)),
               "OnFailure");
}

static void count_end(struct deciding *d, size_t at)
{
    const struct jobs_pod *pod = &d->in->pods[at];

    if (!pod->is_tracked)
        return;
    d->release[d->ret->release_count++] = at;
    if (pod->phase == JOBS_SUCCEEDED)
        count_success(d, pod);
    else if (!pod->is_uncounted)
        count_failure(d, pod);
}

/* How many have failed since one succeeded: how long the next one waits. */
static void look_at_failures(struct deciding *d)
{
    int64_t success_ms = 0;

    for (size_t i = 0; i < d->in->pod_count; i++)
        if (d->in->pods[i].phase == JOBS_SUCCEEDED && d->in->pods[i].finished_ms > success_ms)
            success_ms = d->in->pods[i].finished_ms;
    for (size_t i = 0; i < d->in->pod_count; i++) {
        const struct jobs_pod *pod = &d->in->pods[i];

        if (pod->phase != JOBS_FAILED || pod->is_uncounted || pod->finished_ms <= success_ms)
            continue;
        d->failures++;
        if (pod->finished_ms > d->last_failure_ms)
            d->last_failure_ms = pod->finished_ms;
    }
}

static void count_pods(struct deciding *d)
{
    for (size_t i = 0; i < d->in->pod_count; i++) {
        const struct jobs_pod *pod = &d->in->pods[i];
        bool has_index = pod->index >= 0 && pod->index < (int64_t) d->taken.count;

        if (has_ended(pod)) {
            count_end(d, i);
            continue;
        }
        if (pod->is_leaving) {
            d->terminating++;
        } else {
            d->active++;
            d->ready += pod->phase == JOBS_RUNNING;
        }
        if (has_index && (!pod->is_leaving || jobs_replaces_failed_only(d->spec)))
            bitset_add(&d->taken, (size_t) pod->index);
    }
    look_at_failures(d);
}

/* ---- the end ---- */

/* @keep: so many active pods stay. */
static void end_pods(struct deciding *d, int64_t keep, bool is_uncounted)
{
    int64_t surplus = d->active - keep;

    /* Those that have not begun go first. */
    for (int pass = 0; pass < 2; pass++)
        for (size_t i = d->in->pod_count; i-- > 0 && surplus > 0;) {
            const struct jobs_pod *pod = &d->in->pods[i];

            if (has_ended(pod) || pod->is_leaving ||
                (pod->phase == JOBS_RUNNING) != (pass == 1))
                continue;
            d->end[d->ret->end_count++] = i;
            d->active--;
            d->ready -= pod->phase == JOBS_RUNNING;
            d->terminating++;
            surplus--;
        }
    d->ret->ends_uncounted = is_uncounted;
}

static bool is_past_deadline(struct deciding *d)
{
    int64_t seconds = number(d->spec, "activeDeadlineSeconds", -1), due;
    int64_t started = time_of(&d->ret->status, "startTime");

    if (seconds < 0 || started == 0 || json_get_bool(d->spec, STR("suspend")))
        return false;
    due = started + seconds * 1000;
    if (due > d->in->now.ms)
        wake(d, due);
    return due <= d->in->now.ms;
}

/* Why it is to fail; NULL: it is not. */
static const char *failure_reason(struct deciding *d, struct str *ret_message)
{
    if (!str_is_none(d->why_failed)) {
        *ret_message = d->why_failed;
        return "PodFailurePolicy";
    }
    if (d->failed > d->backoff || d->has_given_up) {
        *ret_message = STR("Job has reached the specified backoff limit");
        return "BackoffLimitExceeded";
    }
    *ret_message = STR("Job was active longer than specified deadline");
    return is_past_deadline(d) ? "DeadlineExceeded" : NULL;
}

/* Its pods are ended; when they are, it has failed. */
static void go_on_failing(struct deciding *d)
{
    const struct json *target = find_condition(d, "FailureTarget");
    struct str reason = json_get_str(target, STR("reason")),
               message = json_get_str(target, STR("message"));

    end_pods(d, 0, false);
    if (d->active > 0 || d->terminating > 0)
        return;
    set_condition(d, "Failed", true, str_cz(d->a, reason), message);
    note(d, str_cz(d->a, reason), message, true);
}

static bool is_complete(const struct deciding *d)
{
    int64_t done = d->succeeded;

    if (d->is_indexed) {
        done = 0;
        for (size_t i = 0; i < d->done.count; i++)
            done += bitset_has(&d->done, i);
    }
    return d->completions < 0 ? done > 0 && d->active == 0 : done >= d->completions;
}

static void go_on_completing(struct deciding *d)
{
    struct str message = STR("Reached expected number of succeeded pods");

    end_pods(d, 0, true);
    if (!find_condition(d, "SuccessCriteriaMet"))
        set_condition(d, "SuccessCriteriaMet", true, "CompletionsReached", message);
    if (d->active > 0 || d->terminating > 0)
        return;
    set_condition(d, "Complete", true, "CompletionsReached", message);
    d->ret->status = json_set(d->a, &d->ret->status, STR("completionTime"), now_text(d));
    note(d, "Completed", STR("Job completed"), false);
}

/* ---- its pods ---- */

/* A pod behind failed ones waits: 10 s, 20 s, 40 s ... */
static bool must_wait(struct deciding *d)
{
    int64_t delay = BACKOFF_BASE_MS;

    if (d->failures == 0)
        return false;
    for (int64_t i = 1; i < d->failures && delay < BACKOFF_MAX_MS; i++)
        delay *= 2;
    if (delay > BACKOFF_MAX_MS)
        delay = BACKOFF_MAX_MS;
    if (d->last_failure_ms + delay <= d->in->now.ms)
        return false;
    wake(d, d->last_failure_ms + delay);
    return true;
}

static int64_t wanted_active(const struct deciding *d)
{
    int64_t left;

    if (d->completions < 0)
        return d->succeeded > 0 ? d->active : d->parallelism;
    left = d->completions - d->succeeded;
    if (d->is_indexed) {
        left = d->completions;
        for (size_t i = 0; i < d->done.count; i++)
            left -= bitset_has(&d->done, i);
    }
    return left < d->parallelism ? (left > 0 ? left : 0) : d->parallelism;
}

static void choose_indexes(struct deciding *d, int64_t wanted)
{
    int64_t *indexes = ARENA_ARRAY(d->a, int64_t, (size_t) wanted + 1);

    d->ret->create_count = 0;
    for (size_t i = 0; i < d->taken.count && (int64_t) d->ret->create_count < wanted; i++)
        if (!bitset_has(&d->taken, i) && !bitset_has(&d->done, i))
            indexes[d->ret->create_count++] = (int64_t) i;
    d->ret->indexes = indexes;
}

static void manage_pods(struct deciding *d)
{
    int64_t wanted = wanted_active(d), there = d->active;

    if (d->active > wanted) {
        end_pods(d, wanted, true);
        return;
    }
    if (jobs_replaces_failed_only(d->spec))
        there += d->terminating;
    wanted -= there;
    if (wanted <= 0 || must_wait(d))
        return;
    if (wanted > JOB_PODS_A_PASS_MAX)
        wanted = JOB_PODS_A_PASS_MAX;
    d->ret->create_count = (size_t) wanted;
    if (d->is_indexed)
        choose_indexes(d, wanted);
    d->active += (int64_t) d->ret->create_count;
}

static void suspend(struct deciding *d)
{
    end_pods(d, 0, true);
    if (find_condition(d, "Suspended"))
        return;
    set_condition(d, "Suspended", true, "JobSuspended", STR("Job suspended"));
    note(d, "Suspended", STR("Job suspended"), false);
}

static void begin(struct deciding *d)
{
    bool is_resumed = find_condition(d, "Suspended") != NULL;

    if (is_resumed) {
        set_condition(d, "Suspended", false, "JobResumed", STR("Job resumed"));
        note(d, "Resumed", STR("Job resumed"), false);
    }
    if (is_resumed || !json_get(&d->ret->status, STR("startTime")))
        d->ret->status = json_set(d->a, &d->ret->status, STR("startTime"), now_text(d));
}

/* ---- all ---- */

/* One that is over keeps its counts; when its time is up it goes. */
static void after_the_end(struct deciding *d)
{
    const struct json *end = find_condition(d, "Complete");
    int64_t seconds = number(d->spec, "ttlSecondsAfterFinished", -1), due;

    if (!end)
        end = find_condition(d, "Failed");
    end_pods(d, 0, false);
    due = time_of(end, "lastTransitionTime");
    if (seconds < 0 || due == 0)
        return;
    due += seconds * 1000;
    d->ret->is_expired = due <= d->in->now.ms;
    if (!d->ret->is_expired)
        wake(d, due);
}

static void open_decision(struct deciding *d)
{
    const struct json *status = json_get(d->in->job, STR("status"));
    size_t n = d->in->pod_count + 1;

    d->ret->status =
        json_is(status, JSON_OBJECT) ? *status : json_object(&(struct json_object_builder){0});
    d->parallelism = number(d->spec, "parallelism", 1);
    d->completions = number(d->spec, "completions", -1);
    d->backoff = number(d->spec, "backoffLimit", 6);
    d->is_indexed = object_job_is_indexed(d->in->job);
    d->succeeded = number(status, "succeeded", 0);
    d->failed = number(status, "failed", 0);
    if (d->is_indexed && d->completions >= 0) {
        d->done = jobs_indexes_parse(d->a, json_get_str(status, STR("completedIndexes")),
                                     (size_t) d->completions);
        d->taken = bitset_new(d->a, (size_t) d->completions);
    }
    d->ret->release = d->release = ARENA_ARRAY(d->a, size_t, n);
    d->ret->end = d->end = ARENA_ARRAY(d->a, size_t, n);
    d->ret->wake_ms = JOBS_NEVER_MS;
    d->why_failed = STR_NONE;
}

/* One that is still going on. */
static void go_on(struct deciding *d)
{
    bool is_suspended = json_get_bool(d->spec, STR("suspend"));
    const char *reason;
    struct str message;

    if (!is_suspended)
        begin(d);
    if (!find_condition(d, "FailureTarget") && !find_condition(d, "SuccessCriteriaMet")) {
        reason = failure_reason(d, &message);
        if (reason)
            set_condition(d, "FailureTarget", true, reason, message);
    }
    if (find_condition(d, "FailureTarget"))
        go_on_failing(d);
    else if (find_condition(d, "SuccessCriteriaMet") || is_complete(d))
        go_on_completing(d);
    else if (is_suspended)
        suspend(d);
    else
        manage_pods(d);
}

void jobs_decide(struct arena *a, const struct jobs_input *in, struct jobs_decision *ret)
{
    struct deciding d = {.a = a, .in = in, .ret = ret, .spec = json_get(in->job, STR("spec"))};

    *ret = (struct jobs_decision){0};
    open_decision(&d);
    count_pods(&d);
    if (object_job_is_over(in->job))
        after_the_end(&d);
    else
        go_on(&d);
    put_counts(&d);
}
