/*
 * What people do to dead letters: put them through their trigger again, or delete them. Loop
 * thread, but for run_mark().
 *
 * A redrive is on disk before anything fires: its row says so, and how many there were, which
 * is part of the mark of what it makes. So a crash repeats it with the same mark, and the
 * object is made once. A redrive whose sensor or trigger went away waits for it.
 */
#include "base/fault.h"
#include "base/log.h"
#include "base/mem.h"
#include "events/sensors/letters.h"
#include "events/sensors/sensor_internal.h"

enum { LOOK_AGAIN_MS = 1000 };

/* A redrive between the wish and the firing. */
struct redrive {
    struct job job;
    struct sensor_controller *c;
    struct letter *letter;
    struct arena *arena; /* owned, with the next */
    struct dead_letter read;
    sensor_letter_fn fn; /* NULL: nobody waits */
    void *ctx;
};

static struct sensor_trigger *trigger_of(struct sensor_controller *c, const struct letter *l)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct sensor *s = map_find(&c->sensors, dead_letter_key(a, l->ns, l->sensor));

    for (size_t i = 0; s && !s->is_paused && i < s->trigger_count; i++)
        if (s->triggers[i].consumer && str_eq(s->triggers[i].action.name, l->trigger))
            return &s->triggers[i];
    return NULL;
}

/* ---- marking, on a worker ---- */

static int mark_row(struct redrive *r, struct err *err)
{
    struct store *store = r->c->options.store;
    struct store_txn *txn = store_txn_new(store);
    struct arena *a = store_txn_arena(txn);
    struct store_result result = {0};
    struct json value;

    r->read.state = DEAD_LETTER_REDRIVING;
    r->read.redrives++;
    value = dead_letter_value(a, &r->read);
    store_txn_row_put(txn, STR(DEAD_LETTER_TABLE), r->letter->key,
                      json_text(a, &value, JSON_COMPACT));
    return store_commit_wait(store, txn, &result, err);
}

static void run_mark(struct job *job)
{
    struct redrive *r = CONTAINER_OF(job, struct redrive, job);
    struct str text;

    job->err.kind = ERR_NONE;
    if (store_row_get(r->c->options.store, r->arena, STR(DEAD_LETTER_TABLE), r->letter->key,
                      &text, &job->err) < 0 ||
        dead_letter_read(r->arena, text, &r->read, &job->err) < 0)
        return;
    if (r->read.state == DEAD_LETTER_REDRIVING || mark_row(r, &job->err) == 0)
        FAULT_POINT("sensor.redrive.marked");
}

/* ---- on the loop ---- */

static void begin(struct redrive *r)
{
    struct sensor_trigger *t = trigger_of(r->c, r->letter);

    sensor_letter_stored(r->c, r->letter, DEAD_LETTER_REDRIVING);
    if (t)
        sensor_fire_letter(t, r->letter, &r->read, TAKE(r->arena));
    sensor_letter_leave(r->c, r->letter);
}

static void on_marked(struct job *job)
{
    struct redrive *r = CONTAINER_OF(job, struct redrive, job);
    const struct err err = job->err;

    r->c->firings--;
    if (err.kind == ERR_NONE) {
        begin(r);
    } else {
        log_error(NULL, "a dead letter is not redriven", LOG_STR(NAMESPACE, r->letter->ns),
                  LOG_STR(SENSOR, r->letter->sensor), LOG_ERR(&err));
        r->letter->user_count--;
        if (r->c->letters.timer)
            timer_start(r->c->letters.timer, LOOK_AGAIN_MS);
    }
    if (r->fn)
        r->fn(r->ctx, &err);
    if (r->arena)
        arena_free(r->arena);
    free(r);
}

static int start(struct sensor_controller *c, struct letter *l, sensor_letter_fn fn, void *ctx,
                 struct err *err)
{
    struct redrive *r = NEW(struct redrive);

    *r = (struct redrive){.job = {.run = run_mark, .done = on_marked},
                          .c = c,
                          .letter = l,
                          .arena = arena_new(),
                          .fn = fn,
                          .ctx = ctx};
    if (workers_submit(c->options.workers, &r->job, err) < 0) {
        arena_free(r->arena);
        free(r);
        return -1;
    }
    l->user_count++;
    c->firings++;
    return 0;
}

void sensor_redrives_look(struct sensor_controller *c)
{
    struct err err;

    LIST_FOREACH (l, &c->letters.by_age, struct letter, link) {
        if (l->state != DEAD_LETTER_REDRIVING || !l->is_stored || l->user_count > 0 ||
            !trigger_of(c, l))
            continue;
        if (start(c, l, NULL, NULL, &err) < 0) {
            timer_start(c->letters.timer, LOOK_AGAIN_MS);
            return;
        }
    }
}

/* ---- the interface ---- */

static struct letter *find(struct sensor_controller *c, const struct sensor_letter_name *name,
                           struct err *err)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct letter *l = map_find(&c->letters.by_key, dead_letter_key(a, name->ns, name->id));

    if (!l || !l->is_stored || l->state == DEAD_LETTER_DONE) {
        err_set(err, ERR_NOT_FOUND,
                "dead letter \"" STR_FMT "\" not found in namespace " STR_FMT,
                STR_ARG(name->id), STR_ARG(name->ns));
        return NULL;
    }
    if (l->user_count > 0) {
        err_set(err, ERR_CONFLICT, "dead letter \"" STR_FMT "\" is being redriven",
                STR_ARG(name->id));
        return NULL;
    }
    return l;
}

void sensor_letter_redrive(struct sensor_controller *c, const struct sensor_letter_name *name,
                           sensor_letter_fn fn, void *ctx)
{
    struct err err = {0};
    struct letter *l = find(c, name, &err);

    if (l && !trigger_of(c, l))
        err_set(&err, ERR_CONFLICT,
                "sensor " STR_FMT "/" STR_FMT " runs no trigger " STR_FMT
                ": it is not there, or paused",
                STR_ARG(l->ns), STR_ARG(l->sensor), STR_ARG(l->trigger));
    else if (l)
        start(c, l, fn, ctx, &err);
    if (err.kind)
        fn(ctx, &err);
}

/* A deletion that waits for the disk. */
struct deletion {
    struct sensor_controller *c;
    struct letter *letter;
    sensor_letter_fn fn;
    void *ctx;
};

static void on_deleted(void *ctx, const struct store_result *result, const struct err *err)
{
    struct deletion *d = ctx;

    (void) result;
    d->c->firings--;
    if (err->kind == ERR_NONE)
        sensor_letter_stored(d->c, d->letter, DEAD_LETTER_DONE);
    sensor_letter_leave(d->c, d->letter);
    d->fn(d->ctx, err);
    free(d);
}

void sensor_letter_delete(struct sensor_controller *c, const struct sensor_letter_name *name,
                          sensor_letter_fn fn, void *ctx)
{
    struct err err = {0};
    struct letter *l = find(c, name, &err);
    const struct dead_letter done = {.id = name->id,
                                     .ns = name->ns,
                                     .sensor = l ? l->sensor : STR_NONE,
                                     .trigger = l ? l->trigger : STR_NONE,
                                     .state = DEAD_LETTER_DONE,
                                     .at = loop_wall(c->options.loop)};
    struct deletion *d;

    if (!l) {
        fn(ctx, &err);
        return;
    }
    d = NEW(struct deletion);
    *d = (struct deletion){c, l, fn, ctx};
    if (sensor_letter_put(c, &done, on_deleted, d, &err)) {
        c->firings++;
        return;
    }
    free(d);
    fn(ctx, &err);
}
