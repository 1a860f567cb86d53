/*
 * Firing a trigger: its template and resource with parameters put in, carried out on the loop
 * or on a worker, tried again while it may help, then settled.
 *
 * The events of a firing stay unacknowledged until it is settled, so a crash brings them again;
 * a firing is known by its mark (sensor, trigger, event ids), so an object that it made before
 * is found, not made twice. Both together hold with atLeastOnce true and false. Triggers with
 * atLeastOnce fire in order, the others up to FIRINGS_MAX at once, as upstream's goroutines do.
 *
 * A firing carries out its trigger's action and, when that has failed for good, the one of its
 * dlqTrigger. Each attempt waits for its turn by the rate limit. A failed attempt is made again
 * as the retryStrategy says; it counts anew after a restart. Errors of our own store that a
 * later try may mend (its disk, a full queue) are no attempts: they are tried again without
 * end. What was made must get the labels of policy.k8s, or the attempt has failed. What has
 * failed for good is told in log and trace; without a dlqTrigger that took it, it becomes a
 * dead letter of the store before it settles. Its events may come again after a restart: they
 * do not fire, the letter has them. A redrive is a firing, too: its events are those of the
 * letter, its end is written into the letter's row. Loop thread, but for run_firing() and
 * run_look().
 */
#include "base/fault.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/random.h"
#include "events/sensors/mark.h"
#include "events/sensors/sensor_internal.h"

enum { RETRY_FIRST_MS = 100, RETRY_MAX_MS = 10000, NS_PER_MS = 1000000 };

struct firing {
    struct job job;
    struct sensor_controller *c;
    struct sensor_trigger *trigger;      /* NULL: it went away */
    const struct trigger_action *action; /* the trigger's, or its dead letter's; borrowed */
    const struct trigger_driver *driver;
    const struct sensor_counts *counts; /* of the action */
    struct mono begun;                  /* the last attempt */
    struct backoff retry;               /* what is left of the action's */
    struct backoff reads;     /* tries to read an object's source, within an attempt */
    struct label_policy wait; /* what is left of it; borrows req.policy */
    int is_met;               /* what the last look at the labels said */
    struct random random;
    struct arena *arena; /* owned: all below but the events */
    struct arena *try;   /* owned: what the last try made */
    struct trigger_request req;
    struct trigger_result result;
    struct kept *kept; /* taken from the trigger; owned */
    size_t kept_count;
    struct list link;               /* in trigger->firings or waiting */
    struct timer *timer;            /* between tries */
    bool is_on_worker;              /* or with the store */
    uint64_t wait_ms;               /* of the last try that was no attempt */
    struct str id;                  /* mark of the trigger's own action */
    struct str uid;                 /* of the sensor, in it */
    int64_t attempts;               /* of the trigger's own action */
    int64_t redrives;               /* which redrive it is; 0: none */
    struct str error;               /* why the trigger's own action failed */
    struct letter *letter;          /* that is redriven or written; or NULL */
    enum dead_letter_state outcome; /* what its row is to say */
};

/* One event may be kept for several dependencies: it is settled with the last. */
static bool is_kept_elsewhere(const struct sensor_trigger *t, const struct kept *k)
{
    for (size_t i = 0; i < t->sensor->dependencies.len; i++)
        if (&t->kept[i] != k && t->kept[i].arena && t->kept[i].seq == k->seq)
            return true;
    return false;
}

void sensor_drop_kept(struct sensor_trigger *t, struct kept *k)
{
    if (!k->arena)
        return;
    if (t->consumer && !is_kept_elsewhere(t, k))
        bus_ack(t->consumer, k->seq);
    arena_free(k->arena);
    *k = (struct kept){0};
}

/* ---- traces ---- */

struct step {
    struct str trigger, event_id;
    const char *stage;
};

static void add_trace(struct sensor_trigger *t, const struct step *step,
                      const struct json *detail, struct arena *a)
{
    struct bus_trace row = {
        .event_id = step->event_id, .stage = str_from(step->stage), .at = clock_wall()};

    row.subject =
        str_printf(a, STR_FMT "/" STR_FMT, STR_ARG(t->sensor->name), STR_ARG(step->trigger));
    row.detail = json_text(a, detail, 0);
    bus_trace_add(t->sensor->c->options.bus, &row);
}

void sensor_trace(struct sensor_trigger *t, struct str event_id, const char *stage,
                  struct str result)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct json_object_builder b = {0};
    struct json detail;

    json_add(a, &b, STR("result"), json_string(result));
    detail = json_object(&b);
    add_trace(t, &(struct step){t->action.name, event_id, stage}, &detail, a);
}

static void trace_outcome(struct firing *f, const struct err *err)
{
    struct json_object_builder b = {0};
    struct json detail;

    json_add(f->arena, &b, err->kind ? STR("error") : STR("result"),
             json_string(err->kind ? str_from(err->text) : f->result.detail));
    json_add_str(f->arena, &b, STR("kind"), f->result.kind);
    json_add_str(f->arena, &b, STR("namespace"), f->result.ns);
    json_add_str(f->arena, &b, STR("name"), f->result.name);
    json_add_str(f->arena, &b, STR("uid"), f->result.uid);
    detail = json_object(&b);
    for (size_t i = 0; i < f->req.event_count; i++) {
        const struct step step = {f->req.trigger,
                                  json_get_str(f->req.events[i].context, STR("id")), "trigger"};

        add_trace(f->trigger, &step, &detail, f->arena);
    }
}

/* ---- the request ---- */

/* Takes the arena. */
static struct firing *firing_new(struct sensor_trigger *t, struct arena *a)
{
    struct firing *f = ARENA_NEW(a, struct firing);

    f->arena = a;
    f->try = arena_new();
    f->c = t->sensor->c;
    f->trigger = t;
    f->random = random_from_system();
    f->uid = str_copy(a, t->sensor->object->uid);
    list_init(&f->link);
    f->req = (struct trigger_request){.account = str_copy(a, t->sensor->account),
                                      .sensor = str_copy(a, t->sensor->name),
                                      .ns = str_copy(a, t->sensor->ns)};
    return f;
}

/* All that is kept takes part. */
static struct firing *firing_of_kept(struct sensor_trigger *t)
{
    struct arena *a = arena_new();
    struct firing *f = firing_new(t, a);
    size_t count = t->sensor->dependencies.len;
    struct trigger_event *events = ARENA_ARRAY(a, struct trigger_event, count + 1);

    f->kept = ARENA_ARRAY(a, struct kept, count + 1);
    for (size_t i = 0; i < count; i++)
        if (t->kept[i].arena) {
            events[f->kept_count] = t->kept[i].event;
            events[f->kept_count].dependency = str_copy(a, t->kept[i].event.dependency);
            f->kept[f->kept_count++] = t->kept[i];
            t->kept[i] = (struct kept){0};
        }
    f->req.events = events;
    f->req.event_count = f->kept_count;
    f->id = mark_of_firing(a, f->uid, t->action.name, events, f->kept_count);
    return f;
}

static struct firing *firing_of_letter(struct sensor_trigger *t, const struct dead_letter *read,
                                       struct arena *a)
{
    struct firing *f = firing_new(t, a);

    f->uid = read->sensor_uid;
    f->id = read->id;
    f->attempts = read->attempts;
    f->redrives = read->redrives;
    f->error = read->error;
    f->req.events = read->events;
    f->req.event_count = read->event_count;
    return f;
}

/* ---- settling ---- */

static void begin_firing(struct firing *f);

static void firing_free(struct firing *f)
{
    for (size_t i = 0; i < f->kept_count; i++)
        if (f->kept[i].arena)
            arena_free(f->kept[i].arena);
    if (f->letter)
        sensor_letter_leave(f->c, f->letter);
    timer_free(f->timer);
    list_remove(&f->link);
    arena_free(f->try);
    arena_free(f->arena);
}

static void tell(struct firing *f, const struct err *err)
{
    if (err->kind)
        log_error(NULL, "a trigger failed", LOG_STR(NAMESPACE, f->req.ns),
                  LOG_STR(SENSOR, f->req.sensor), LOG_STR(TRIGGER, f->req.trigger),
                  LOG_ERR(err));
    trace_outcome(f, err);
}

static void next_firing(struct sensor_trigger *t)
{
    size_t max = t->is_in_order ? 1 : FIRINGS_MAX;

    while (t->firing_count < max && !list_is_empty(&t->waiting))
        begin_firing(LIST_ENTRY(t->waiting.next, struct firing, link));
}

/* Its outcome has been told: the events are settled. */
static void end_firing(struct firing *f)
{
    struct sensor_trigger *t = f->trigger;

    FAULT_POINT("sensor.settle.before");
    for (size_t i = 0; i < f->kept_count; i++)
        sensor_drop_kept(t, &f->kept[i]);
    firing_free(f);
    t->firing_count--;
    next_firing(t);
}

/* ---- on a worker ---- */

static void carry_out(struct firing *f, struct err *err)
{
    const struct trigger_services *services = f->c->options.services;

    arena_reset(f->try);
    f->result = (struct trigger_result){0};
    if (f->driver->ops->fetch &&
        action_fetch(f->try, f->driver, services, &f->req, &f->result, err) < 0)
        return;
    f->driver->ops->fire(services, f->try, &f->req, &f->result, err);
}

static void run_firing(struct job *job)
{
    struct firing *f = CONTAINER_OF(job, struct firing, job);

    job->err.kind = ERR_NONE;
    FAULT_POINT("sensor.fire.before");
    carry_out(f, &job->err);
    FAULT_POINT("sensor.fire.after");
}

/* ---- attempts ---- */

static void wait_for(struct firing *f, loop_fn then, uint64_t ms)
{
    timer_free(f->timer);
    f->timer = timer_new(f->c->options.loop, then, f);
    timer_start(f->timer, ms);
}

static void tell_retry(struct firing *f, const struct err *err)
{
    log_warn(NULL, "a trigger is tried again", LOG_STR(NAMESPACE, f->req.ns),
             LOG_STR(SENSOR, f->req.sensor), LOG_STR(TRIGGER, f->req.trigger), LOG_ERR(err));
}

static void carry_out_somewhere(void *ctx);

/* It was no attempt: our own store or queue did not take it. */
static void try_later(struct firing *f, const struct err *err)
{
    f->wait_ms = f->wait_ms == 0 ? RETRY_FIRST_MS : 2 * f->wait_ms;
    if (f->wait_ms > RETRY_MAX_MS)
        f->wait_ms = RETRY_MAX_MS;
    tell_retry(f, err);
    wait_for(f, carry_out_somewhere, f->wait_ms);
}

/* A worker is asked to run a part of the firing. */
static int submit(struct firing *f, void (*run)(struct job *), void (*done)(struct job *),
                  struct err *err)
{
    f->job.run = run;
    f->job.done = done;
    if (workers_submit(f->c->options.workers, &f->job, err) < 0)
        return -1;
    f->is_on_worker = true;
    f->c->firings++;
    return 0;
}

/* The worker is done; false when the trigger went away meanwhile, and the firing with it. */
static bool is_still_wanted(struct firing *f)
{
    f->is_on_worker = false;
    f->c->firings--;
    if (f->trigger)
        return true;
    firing_free(f);
    return false;
}

/* An attempt when it is its turn: limits belong to the triggers of a sensor, by name. */
static void attempt(void *ctx)
{
    struct firing *f = ctx;
    struct sensor *s = f->trigger->sensor;
    struct mono now = loop_now(f->c->options.loop), turn = now;
    struct err err;

    f->begun = now;
    backoff_read(NULL, &f->reads, &err);
    if (f->action == &f->trigger->action)
        f->attempts++;
    for (size_t i = 0; i < s->trigger_count; i++)
        if (str_eq(s->triggers[i].action.name, f->action->name))
            turn = rate_limit_take(&s->triggers[i].limit, now);
    if (turn.ns > now.ns)
        wait_for(f, carry_out_somewhere, mono_ms_until(now, turn));
    else
        carry_out_somewhere(f);
}

/* ---- dead letters ---- */

static void on_written(void *ctx, const struct store_result *result, const struct err *err);

/* The row of the firing's letter, then its end. */
static void write_letter(void *ctx)
{
    struct firing *f = ctx;
    const struct dead_letter letter = {.id = f->id,
                                       .ns = f->req.ns,
                                       .sensor = f->req.sensor,
                                       .sensor_uid = f->uid,
                                       .trigger = f->trigger->action.name,
                                       .error = f->error,
                                       .attempts = f->attempts,
                                       .redrives = f->redrives,
                                       .state = f->outcome,
                                       .at = loop_wall(f->c->options.loop),
                                       .events = f->req.events,
                                       .event_count = f->req.event_count};
    struct letter *had = f->letter;
    struct err err;

    f->letter = sensor_letter_put(f->c, &letter, on_written, f, &err);
    if (!f->letter) {
        f->letter = had;
        wait_for(f, write_letter, RETRY_FIRST_MS);
        return;
    }
    if (had)
        sensor_letter_leave(f->c, had); /* the same one */
    f->is_on_worker = true;
    f->c->firings++;
}

static void on_written(void *ctx, const struct store_result *result, const struct err *err)
{
    struct firing *f = ctx;

    (void) result;
    if (err->kind == ERR_NONE)
        sensor_letter_stored(f->c, f->letter, f->outcome);
    if (!is_still_wanted(f))
        return;
    if (err->kind) {
        wait_for(f, write_letter, RETRY_MAX_MS);
        return;
    }
    FAULT_POINT("sensor.dead_letter.after");
    end_firing(f);
}

static void put_away(struct firing *f)
{
    FAULT_POINT("sensor.dead_letter.before");
    f->outcome = DEAD_LETTER_WAITS;
    write_letter(f);
}

static void begin_action(struct firing *f, const struct trigger_action *action);

static void give_up(struct firing *f, struct err *err)
{
    const struct trigger_action *dead_letter = f->trigger->dead_letter;
    bool is_own = f->action == &f->trigger->action;

    metric_add(f->counts->retries_failed, 1);
    if (f->action->retry.steps > 1)
        err_wrap(err, "failed after retries");
    tell(f, err);
    if (is_own)
        f->error = str_copy(f->arena, str_from(err->text));
    if (dead_letter && is_own && f->redrives == 0)
        begin_action(f, dead_letter);
    else
        put_away(f);
}

static uint64_t pause_ms(struct firing *f, struct backoff *b)
{
    double part = (double) random_below(&f->random, 1 << 30) / (1 << 30);

    return (uint64_t) (backoff_pause(b, part) + NS_PER_MS - 1) / NS_PER_MS;
}

static void observe_attempt(const struct firing *f)
{
    const uint64_t took_ms = (loop_now(f->c->options.loop).ns - f->begun.ns) / NS_PER_MS;

    metric_observe(f->counts->duration, (double) took_ms);
}

static void after_failure(struct firing *f, struct err *err)
{
    observe_attempt(f);
    metric_add(f->counts->failed, 1);
    if (--f->retry.steps > 0) {
        tell_retry(f, err);
        wait_for(f, attempt, pause_ms(f, &f->retry));
    } else {
        give_up(f, err);
    }
}

static void succeed(struct firing *f)
{
    const struct err none = {0};

    observe_attempt(f);
    metric_add(f->counts->triggered, 1);
    tell(f, &none);
    if (f->redrives == 0 && !sensor_letter_is_known(f->c, f->req.ns, f->id)) {
        end_firing(f);
        return;
    }
    FAULT_POINT("sensor.redrive.after");
    f->outcome = DEAD_LETTER_DONE;
    write_letter(f);
}

/* ---- labels that the object must get ---- */

static void run_look(struct job *job)
{
    struct firing *f = CONTAINER_OF(job, struct firing, job);

    job->err.kind = ERR_NONE;
    f->is_met = policy_is_met(f->c->options.store, &f->result, f->wait.labels, &job->err);
}

static void on_looked(struct job *job);

static void look(void *ctx)
{
    struct firing *f = ctx;
    struct err err;

    if (submit(f, run_look, on_looked, &err) < 0)
        wait_for(f, look, RETRY_FIRST_MS);
}

static void on_looked(struct job *job)
{
    struct firing *f = CONTAINER_OF(job, struct firing, job);

    if (!is_still_wanted(f))
        return;
    if (f->is_met > 0) {
        succeed(f);
    } else if (f->is_met < 0) {
        after_failure(f, &job->err);
    } else if (--f->wait.backoff.steps > 0) {
        wait_for(f, look, pause_ms(f, &f->wait.backoff));
    } else if (f->wait.fails_on_timeout) {
        err_set(&job->err, ERR_TIMEOUT,
                "failed to determine status of the triggered resource. setting trigger state "
                "as failed");
        after_failure(f, &job->err);
    } else {
        succeed(f);
    }
}

/* ---- after an attempt ---- */

static void after_success(struct firing *f)
{
    struct err err;

    if (!f->driver->ops->fetch || policy_read(f->req.policy, &f->wait, &err) < 0 ||
        !f->wait.labels)
        succeed(f);
    else
        look(f);
}

/* What was to be read is tried again for a while, as upstream does. */
static void after_read_failure(struct firing *f, struct err *err)
{
    if (--f->reads.steps > 0) {
        wait_for(f, carry_out_somewhere, pause_ms(f, &f->reads));
        return;
    }
    err_wrap(err, "failed to fetch artifact, failed after retries");
    after_failure(f, err);
}

static void after_attempt(struct firing *f, struct err *err)
{
    if (err->kind == ERR_NONE)
        after_success(f);
    else if (f->result.is_read_failure)
        after_read_failure(f, err);
    else if (err_is_retryable(err) && !f->driver->message)
        try_later(f, err);
    else
        after_failure(f, err);
}

static void on_fired(struct job *job)
{
    struct firing *f = CONTAINER_OF(job, struct firing, job);

    if (is_still_wanted(f))
        after_attempt(f, &job->err);
}

static void carry_out_somewhere(void *ctx)
{
    struct firing *f = ctx;
    struct err err = {0};

    if (f->driver->place == TRIGGER_ON_LOOP) {
        carry_out(f, &err);
        after_attempt(f, &err);
    } else if (submit(f, run_firing, on_fired, &err) < 0) {
        try_later(f, &err);
    }
}

/* ---- the interface ---- */

/* The identity of what an action brings about: each redrive is another one. */
static struct str mark_of(const struct firing *f)
{
    if (f->action != &f->trigger->action)
        return mark_of_firing(f->arena, f->uid, f->action->name, f->req.events,
                              f->req.event_count);
    if (f->redrives == 0)
        return f->id;
    return str_printf(f->arena, STR_FMT "-%lld", STR_ARG(f->id), (long long) f->redrives);
}

static void begin_action(struct firing *f, const struct trigger_action *action)
{
    struct err err = {0};

    f->action = action;
    f->driver = action->driver;
    f->counts = action == f->trigger->dead_letter ? &f->trigger->dead_letter_counts
                                                  : &f->trigger->counts;
    f->retry = action->retry;
    f->wait_ms = 0;
    f->result = (struct trigger_result){0};
    f->req.trigger = str_copy(f->arena, action->name);
    f->req.mark = mark_of(f);
    if (action_render(f->arena, action, &f->req, &err) == 0) {
        attempt(f);
        return;
    }
    metric_add(f->counts->failed, 1);
    give_up(f, &err); /* another attempt would end the same */
}

static void begin_firing(struct firing *f)
{
    struct sensor_trigger *t = f->trigger;

    list_remove(&f->link);
    list_append(&t->firings, &f->link);
    t->firing_count++;
    if (f->redrives == 0 && sensor_letter_is_known(f->c, f->req.ns, f->id))
        end_firing(f); /* it came again: a dead letter has it */
    else
        begin_action(f, &t->action);
}

void sensor_fire(struct sensor_trigger *t)
{
    list_append(&t->waiting, &firing_of_kept(t)->link);
    next_firing(t);
}

void sensor_fire_letter(struct sensor_trigger *t, struct letter *letter,
                        const struct dead_letter *read, struct arena *a)
{
    struct firing *f = firing_of_letter(t, read, a);

    letter->user_count++;
    f->letter = letter;
    list_append(&t->waiting, &f->link);
    next_firing(t);
}

void sensor_firings_leave(struct sensor_trigger *t)
{
    LIST_FOREACH (f, &t->waiting, struct firing, link) {
        firing_free(f);
    }
    LIST_FOREACH (f, &t->firings, struct firing, link) {
        f->trigger = NULL;
        list_remove(&f->link);
        if (!f->is_on_worker)
            firing_free(f);
    }
}
