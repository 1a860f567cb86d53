/*
 * One Pod that is an object: the runner is asked for it, its reports become its status, and
 * what the runner keeps of it goes when the object does. See jobs_internal.h. Loop thread.
 *
 * A status is stored before the runner forgets the pod; a pod whose deletion is asked for is
 * ended first, and then counted by its Job, which takes the finalizer; without a Job it is
 * taken here.
 */
#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "workflows/jobs/jobs_internal.h"

static struct jobs_held *held_of(struct jobs_item *item)
{
    return CONTAINER_OF(item, struct jobs_held, item);
}

/* The newest version as a value in @a. */
static bool read_object(const struct jobs_held *held, struct arena *a, struct json *ret)
{
    struct err err;

    if (json_parse(a, str_copy(a, held->object->doc), ret, &err) == 0)
        return true;
    log_error(NULL, "a pod was not read", LOG_STR(POD, held->object->key.name), LOG_ERR(&err));
    return false;
}

/* ---- commits ---- */

static void on_stored(void *ctx, const struct store_result *result, const struct err *err)
{
    struct jobs_held *held = ctx;
    struct jobs_controller *c = held->controller;

    (void) result;
    c->under_way--;
    held->is_busy = false;
    if (held->is_gone || c->is_stopping) {
        if (held->is_gone)
            jobs_held_free(held);
        return;
    }
    if (err->kind == ERR_NONE || err->kind == ERR_NOT_FOUND)
        jobs_make_ready(c, &held->item);
    else /* changed by others, or the store is busy */
        jobs_make_slow(c, &held->item);
}

static void store(struct jobs_held *held, const struct json *doc)
{
    struct jobs_controller *c = held->controller;
    struct store_txn *txn = store_txn_new(c->options.store);
    struct err err;

    store_txn_update(txn, doc, held->object->rv);
    if (store_commit(c->options.store, txn, on_stored, held, &err) < 0) {
        jobs_make_slow(c, &held->item);
        return;
    }
    held->is_busy = true;
    c->under_way++;
}

/* Is the news what is stored already? */
static bool is_told(const struct jobs_held *held, const struct json *doc)
{
    const struct json *status = json_get(doc, STR("status"));

    return status && json_equal(status, &held->news);
}

static bool store_news(struct jobs_held *held, struct arena *a, const struct json *doc)
{
    struct json made;

    if (!held->has_news)
        return false;
    if (is_told(held, doc)) {
        held->has_news = false;
        return false;
    }
    made = json_set(a, doc, STR("status"), held->news);
    store(held, &made);
    return true;
}

/* ---- the runner ---- */

static void set_news(struct jobs_held *held, const struct json *doc,
                     const struct pod_report *report)
{
    struct arena *a = arena_new();
    struct json status = jobs_pod_status(a, doc, report);
    struct arena *kept = arena_new_sized(1024);

    held->news = json_clone(kept, &status);
    held->has_news = true;
    arena_free(a);
    arena_free(held->news_arena);
    held->news_arena = kept;
    jobs_make_ready(held->controller, &held->item);
}

/* A pod that was adopted says again that it runs, since now. */
static bool is_known_to_run(const struct json *doc, const struct pod_report *report)
{
    return !report->is_final && report->phase == POD_RUNNING &&
           jobs_pod_read(doc).phase == JOBS_RUNNING;
}

static void on_report(void *ctx, const struct pod_report *report)
{
    struct jobs_controller *c = ctx;
    struct jobs_held *held = map_find(&c->held, report->uid);
    struct arena *a;
    struct json doc;

    if (!held || held->is_gone || c->is_stopping)
        return;
    a = arena_new();
    if (read_object(held, a, &doc) && !is_known_to_run(&doc, report))
        set_news(held, &doc, report);
    arena_free(a);
}

/* One that can never run has failed. */
static void refuse(struct jobs_held *held, const struct json *doc, const struct err *why)
{
    const struct wall now = loop_wall(held->controller->options.loop);
    const struct pod_report report = {.uid = held->uid,
                                      .phase = POD_ERROR,
                                      .message = str_from(why->text),
                                      .started = now,
                                      .finished = now,
                                      .ip = STR(""),
                                      .is_final = true};

    set_news(held, doc, &report);
}

static void ask(struct jobs_held *held, struct arena *a, const struct json *doc)
{
    struct jobs_controller *c = held->controller;
    struct pod_request request = jobs_pod_request(a, doc);
    struct err err;

    request.report = on_report;
    request.report_ctx = c;
    held->is_asked = true; /* the first report may come in the call */
    if (pod_create(c->options.runner, &request, &err) == 0)
        return;
    held->is_asked = false;
    if (err.kind == ERR_TRANSIENT)
        jobs_make_slow(c, &held->item);
    else
        refuse(held, doc, &err);
}

static uint64_t grace_of(const struct json *doc)
{
    struct arena *a = arena_new();
    uint64_t grace = jobs_pod_request(a, doc).grace_ms;

    arena_free(a);
    return grace ? grace : POD_GRACE_DEFAULT_MS;
}

static void release_tracking(struct jobs_held *held, struct arena *a, const struct json *doc)
{
    struct json made = object_remove_finalizer(a, doc, STR(JOB_TRACKING));

    store(held, &made);
}

/* ---- a pass ---- */

static void pass(struct jobs_item *item)
{
    struct jobs_held *held = held_of(item);
    struct jobs_controller *c = held->controller;
    struct arena *a;
    struct jobs_pod pod;
    struct json doc;

    if (held->is_busy || held->is_gone)
        return;
    a = arena_new();
    if (!read_object(held, a, &doc) || store_news(held, a, &doc)) {
        arena_free(a);
        return;
    }
    pod = jobs_pod_read(&doc);
    if (pod.phase == JOBS_SUCCEEDED || pod.phase == JOBS_FAILED) {
        if (held->is_asked)
            pod_forget(c->options.runner, held->uid, true);
        held->is_asked = false;
        if (pod.is_tracked && c->knows_jobs && !held->entry->object)
            release_tracking(held, a, &doc);
    } else if (!held->is_asked) {
        ask(held, a, &doc);
    }
    if (pod.is_leaving && held->is_asked && !held->is_kill_asked) {
        held->is_kill_asked = true;
        pod_kill(c->options.runner, held->uid, STR("pod deleted"), grace_of(&doc));
    }
    arena_free(a);
}

/* ---- life ---- */

/* The uid of the Job that controls a Pod; "" when none does. */
static struct str owner_of(struct arena *a, const struct store_object *o)
{
    const struct json *list, *ref;
    struct json doc;
    struct err err;

    if (json_parse(a, o->doc, &doc, &err) < 0)
        return STR("");
    list = json_path(&doc, "metadata", "ownerReferences", NULL);
    for (size_t i = 0; (ref = json_item(list, i)) != NULL; i++)
        if (json_get_bool(ref, STR("controller")) &&
            str_is(json_get_str(ref, STR("kind")), "Job"))
            return json_get_str(ref, STR("uid"));
    return STR("");
}

static struct jobs_held *held_new(struct jobs_controller *c, const struct store_object *o)
{
    struct arena *a = arena_new_sized(512), *scratch = arena_new();
    struct jobs_held *held = ARENA_NEW(a, struct jobs_held);

    held->arena = a;
    held->controller = c;
    held->uid = str_copy(a, o->uid);
    held->item.pass = pass;
    list_init(&held->item.link);
    list_init(&held->link);
    held->entry = jobs_entry_of(c, owner_of(scratch, o));
    list_append(&held->entry->pods, &held->link);
    held->entry->pod_count++;
    map_put(&c->held, held->uid, held);
    arena_free(scratch);
    return held;
}

void jobs_held_see(struct jobs_controller *c, const struct store_object *o)
{
    struct jobs_held *held = map_find(&c->held, o->uid);

    if (!held)
        held = held_new(c, o);
    store_object_unref(held->object);
    held->object = store_object_ref(o);
    jobs_make_ready(c, &held->item);
    jobs_make_ready(c, &held->entry->item);
}

void jobs_held_end(struct jobs_held *held)
{
    struct jobs_controller *c = held->controller;
    struct jobs_entry *entry = held->entry;

    pod_kill(c->options.runner, held->uid, STR("pod deleted"), POD_GRACE_DEFAULT_MS);
    pod_forget(c->options.runner, held->uid, false);
    if (c->options.sweep)
        c->options.sweep(c->options.sweep_ctx);
    map_take(&c->held, held->uid);
    list_remove(&held->link);
    entry->pod_count--;
    held->entry = NULL;
    held->is_gone = true;
    jobs_make_ready(c, &entry->item);
    if (!held->is_busy)
        jobs_held_free(held);
}

void jobs_held_free(struct jobs_held *held)
{
    if (held->entry) {
        map_take(&held->controller->held, held->uid);
        list_remove(&held->link);
        held->entry->pod_count--;
    }
    list_remove(&held->item.link);
    store_object_unref(held->object);
    arena_free(held->news_arena);
    arena_free(held->arena);
}
