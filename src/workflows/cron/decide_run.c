/* What is done when a CronWorkflow comes due, and what its status says after. See decide.h. */
#include "base/vec.h"
#include "workflows/cron/decide.h"

enum { SUCCESSFUL_DEFAULT = 3, FAILED_DEFAULT = 1 }; /* history limits */

static const char spec_error[] = "SpecError", submission_error[] = "SubmissionError";

bool cron_is_suspended(const struct json *cron)
{
    return json_get_bool(json_get(cron, STR("spec")), STR("suspend")) ||
           str_is(json_str(json_path(cron, "status", "phase", NULL)), "Stopped");
}

static bool is_active(const struct json *cron)
{
    return json_item(json_path(cron, "status", "active", NULL), 0) != NULL;
}

enum cron_verdict cron_decide(const struct json *cron)
{
    const struct json *spec = json_get(cron, STR("spec"));
    struct str policy = json_get_str(spec, STR("concurrencyPolicy"));

    if (json_get_bool(spec, STR("suspend")))
        return CRON_SUSPENDED;
    if (cron_is_suspended(cron))
        return CRON_STOPPED;
    if (str_is(policy, "Forbid") && is_active(cron))
        return CRON_FORBIDDEN;
    return str_is(policy, "Replace") && is_active(cron) ? CRON_REPLACE : CRON_RUN;
}

/* ---- conditions ---- */

struct json cron_spec_told(struct arena *a, const struct json *cron, struct str why)
{
    return object_set_condition(a, cron, spec_error, str_is_empty(why) ? STR_NONE : why);
}

/* ---- the outcome of a run ---- */

static struct json count_up(struct arena *a, const struct json *cron, const char *counter)
{
    int64_t n = 0;

    if (!json_i64(json_path(cron, "status", counter, NULL), &n))
        n = 0;
    return json_set_path(a, cron, json_int(a, n + 1), "status", counter, NULL);
}

struct json cron_failed(struct arena *a, const struct json *cron, struct str why)
{
    struct json made = object_set_condition(a, cron, submission_error, why);

    return count_up(a, &made, "failed");
}

struct json cron_made_before(struct arena *a, const struct json *cron, int64_t scheduled_s)
{
    struct str time = gotime_rfc3339(a, (struct wall){scheduled_s * 1000});

    return json_set_path(a, cron, json_string(time), "status", "lastScheduledTime", NULL);
}

static struct json reference_of(struct arena *a, struct str ns, const struct cron_child *child)
{
    struct json_object_builder b = {0};

    json_add(a, &b, STR("kind"), json_string(STR("Workflow")));
    json_add_str(a, &b, STR("namespace"), ns);
    json_add(a, &b, STR("name"), json_string(child->name));
    json_add(a, &b, STR("uid"), json_string(child->uid));
    json_add(a, &b, STR("apiVersion"), json_string(STR("argoproj.io/v1alpha1")));
    if (child->rv > 0)
        json_add(a, &b, STR("resourceVersion"),
                 json_string(str_printf(a, "%lld", (long long) child->rv)));
    return json_object(&b);
}

static bool has_uid(const struct json *list, struct str uid)
{
    const struct json *item;

    for (size_t i = 0; (item = json_item(list, i)) != NULL; i++)
        if (str_eq(json_get_str(item, STR("uid")), uid))
            return true;
    return false;
}

static struct json with_active(struct arena *a, const struct json *cron,
                               const struct cron_child *child)
{
    const struct json *old = json_path(cron, "status", "active", NULL), *item;
    struct json_array_builder list = {0};

    if (has_uid(old, child->uid))
        return *cron;
    for (size_t i = 0; (item = json_item(old, i)) != NULL; i++)
        json_push(a, &list, *item);
    json_push(a, &list, reference_of(a, object_namespace(cron), child));
    return json_set_path(a, cron, json_array(&list), "status", "active", NULL);
}

struct json cron_started(struct arena *a, const struct json *cron,
                         const struct cron_child *child, int64_t scheduled_s)
{
    struct json made = with_active(a, cron, child);

    made = json_set_path(a, &made, json_string(STR("Active")), "status", "phase", NULL);
    made = cron_made_before(a, &made, scheduled_s);
    return object_set_condition(a, &made, submission_error, STR_NONE);
}

/* ---- children ---- */

static const struct cron_child *find_child(const struct cron_children *children, struct str uid)
{
    for (size_t i = 0; i < children->len; i++)
        if (str_eq(children->at[i].uid, uid))
            return &children->at[i];
    return NULL;
}

static bool has_failed(const struct cron_child *child)
{
    return str_is(child->phase, "Failed") || str_is(child->phase, "Error");
}

static struct json counted(struct arena *a, const struct json *cron,
                           const struct cron_child *child)
{
    if (has_failed(child))
        return count_up(a, cron, "failed");
    return str_is(child->phase, "Succeeded") ? count_up(a, cron, "succeeded") : *cron;
}

/* Without those that have ended, which are counted, or are gone. */
static struct json without_ended(struct arena *a, const struct json *cron,
                                 const struct cron_children *children)
{
    const struct json *old = json_path(cron, "status", "active", NULL), *item;
    struct json_array_builder list = {0};
    struct json made = *cron;

    for (size_t i = 0; (item = json_item(old, i)) != NULL; i++) {
        const struct cron_child *child = find_child(children, json_get_str(item, STR("uid")));

        if (child && !child->is_finished)
            json_push(a, &list, *item);
        else if (child)
            made = counted(a, &made, child);
    }
    if (!old || list.len == old->count)
        return made;
    if (list.len == 0)
        return json_set(a, &made, STR("status"),
                        json_without(a, json_get(&made, STR("status")), STR("active")));
    return json_set_path(a, &made, json_array(&list), "status", "active", NULL);
}

struct json cron_reconciled(struct arena *a, const struct json *cron,
                            const struct cron_children *children)
{
    struct json made = *cron;

    for (size_t i = 0; i < children->len; i++)
        if (!children->at[i].is_finished)
            made = with_active(a, &made, &children->at[i]);
    return without_ended(a, &made, children);
}

/* ---- history ---- */

static int newest_first(const void *left, const void *right)
{
    const struct cron_child *a = *(const struct cron_child *const *) left,
                            *b = *(const struct cron_child *const *) right;
    int order = str_cmp(b->finished_at, a->finished_at); /* one zone, one length */

    return order ? order : str_cmp(b->name, a->name);
}

struct finished {
    VEC(const struct cron_child *) list;
};

static int64_t limit_of(const struct json *cron, const char *name, int64_t fallback)
{
    int64_t limit;

    if (!json_i64(json_path(cron, "spec", name, NULL), &limit))
        return fallback;
    return limit < 0 ? 0 : limit;
}

static void cut(struct arena *a, struct finished *all, int64_t limit, struct finished *ret)
{
    if (all->list.len <= (uint64_t) limit)
        return;
    qsort(all->list.at, all->list.len, sizeof(all->list.at[0]), newest_first);
    for (size_t i = (size_t) limit; i < all->list.len; i++)
        VEC_APUSH(a, &ret->list, all->list.at[i]);
}

const struct cron_child *const *cron_surplus(struct arena *a, const struct json *cron,
                                             const struct cron_children *children,
                                             size_t *ret_count)
{
    struct finished good = {0}, bad = {0}, surplus = {0};

    for (size_t i = 0; i < children->len; i++) {
        const struct cron_child *child = &children->at[i];

        if (!child->is_finished)
            continue;
        if (has_failed(child))
            VEC_APUSH(a, &bad.list, child);
        else if (str_is(child->phase, "Succeeded"))
            VEC_APUSH(a, &good.list, child);
    }
    cut(a, &good, limit_of(cron, "successfulJobsHistoryLimit", SUCCESSFUL_DEFAULT), &surplus);
    cut(a, &bad, limit_of(cron, "failedJobsHistoryLimit", FAILED_DEFAULT), &surplus);
    *ret_count = surplus.list.len;
    return surplus.list.at;
}
