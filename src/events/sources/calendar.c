/*
 * events/sources/calendar.c - moments of a schedule or interval.
 *
 * Lives on the loop; the ConfigMap of `persistence` is read and written on a worker. One moment
 * at a time: the next one is looked for when the event of the last is on the bus and its time
 * is kept. An event that the bus does not take is delivered again until it does. Event ids are
 * made of the source and the moment: one that fires again after a crash is stored once. Moments
 * that pass while the server is down are lost, unless `catchup` is on. Doesn't do: intervals
 * below a second, which the original fires without a pause. Source:
 * ../shared/spec/events.md 1.7 calendar.
 */
#include "base/random.h"
#include "events/sources/calendar_times.h"
#include "events/sources/source.h"
#include "formats/duration.h"
#include "objects/object.h"

enum {
    WAIT_MAX_MS = 3600000, /* clocks are set: it is looked again */
    RETRY_MS = 100,        /* as upstream */
    LOAD_AGAIN_MS = 5000,
    SAVES_MAX = 10 /* tries, when others write the ConfigMap, too */
};

struct calendar_state {
    struct calendar_times times;
    struct timer *timer; /* owned */
    struct gotime last, next;
    bool is_overdue; /* next was past when it was looked for: its own time is told */
    struct mono opened;
    struct arena *moment; /* owned: of the event under way */
    struct str payload;
    /* persistence; an empty map: none */
    struct str map, key;
    bool may_create, catches_up;
    int64_t back_ns;     /* how far it catches up; 0: without end */
    struct gotime found; /* what load_last() has found ... */
    bool is_found;       /* ... if it has */
};

/* ---- persistence: on a worker ---- */

static struct json map_made(struct arena *a, struct source *src,
                            const struct calendar_state *st)
{
    struct json doc = json_set(a, NULL, STR("apiVersion"), json_string(STR("v1")));

    doc = json_set(a, &doc, STR("kind"), json_string(STR("ConfigMap")));
    doc = json_set_path(a, &doc, json_string(st->map), "metadata", "name", NULL);
    return json_set_path(a, &doc, json_string(source_namespace(src)), "metadata", "namespace",
                         NULL);
}

/* Its document; 0 when there is none yet and it may be made. */
static int map_read(struct arena *a, struct source *src, struct json *ret, int64_t *ret_rv,
                    struct err *err)
{
    const struct calendar_state *st = source_state(src);
    const struct store_key key = {STR(""), STR("ConfigMap"), source_namespace(src), st->map};
    const struct store_object *object;
    int result;

    if (store_get(source_store(src), &key, &object, err) < 0) {
        if (err->kind != ERR_NOT_FOUND || !st->may_create)
            return -1;
        err->kind = ERR_NONE;
        return 0;
    }
    result = json_parse(a, str_copy(a, object->doc), ret, err);
    *ret_rv = object->rv;
    store_object_unref(object);
    return result < 0 ? -1 : 1;
}

static int map_prepare(struct arena *a, struct source *src, struct json *doc, struct err *err)
{
    struct random random = random_from_system();
    uint64_t bits[2] = {random_u64(&random), random_u64(&random)};

    return object_prepare(a, object_kind_find(STR("v1"), STR("ConfigMap")), doc,
                          source_namespace(src), clock_wall().ms, (const uint8_t *) bits, doc,
                          err);
}

static int save_once(struct source *src, struct err *err)
{
    struct calendar_state *st = source_state(src);
    struct store_txn *txn = store_txn_new(source_store(src));
    struct arena *a = store_txn_arena(txn);
    struct store_result result;
    struct json doc, data;
    int64_t rv = 0;
    int found = map_read(a, src, &doc, &rv, err);

    if (found == 0)
        doc = map_made(a, src, st);
    if (found < 0 || (found == 0 && map_prepare(a, src, &doc, err) < 0)) {
        store_txn_free(txn);
        return -1;
    }
    data = json_set(a, json_get(&doc, STR("data")), st->key, json_string(st->payload));
    doc = json_set(a, &doc, STR("data"), data);
    if (found == 0)
        store_txn_create(txn, &doc);
    else
        store_txn_update(txn, &doc, rv);
    if (store_commit_wait(source_store(src), txn, &result, err) < 0)
        return -1;
    store_object_unref(result.object);
    return 0;
}

static void save_last(struct source *src, struct err *err)
{
    for (int i = 0; i < SAVES_MAX; i++) {
        err->kind = ERR_NONE;
        if (save_once(src, err) == 0 || (err->kind != ERR_CONFLICT && err->kind != ERR_EXISTS))
            return;
    }
}

/* "2026-01-02 03:04:05 +0000 UTC m=+1.5": what follows " m=" is of another process. */
static int parse_time(struct str text, struct gotime *ret, struct err *err)
{
    size_t end = str_find(text, STR(" m="));

    return gotime_parse(GOTIME_STRING, str_head(text, end), NULL, ret, err);
}

static void load_last(struct source *src, struct err *err)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct calendar_state *st = source_state(src);
    struct json doc, payload;
    struct str text;
    int64_t rv;

    st->is_found = false;
    if (map_read(a, src, &doc, &rv, err) <= 0)
        return;
    text = json_get_str(json_get(&doc, STR("data")), st->key);
    if (str_is_empty(text))
        return;
    if (json_parse(a, text, &payload, err) < 0 ||
        parse_time(json_get_str(&payload, STR("eventTime")), &st->found, err) < 0)
        err_wrap(err, "configmap '" STR_FMT "', key '" STR_FMT "'", STR_ARG(st->map),
                 STR_ARG(st->key));
    else
        st->is_found = true;
}

/* ---- moments: on the loop ---- */

/* Waits for the next moment, if there is one. */
static void look_ahead(struct source *src)
{
    struct calendar_state *st = source_state(src);
    int64_t now_ms = loop_wall(source_loop(src)).ms, due_ms;

    if (!calendar_times_next(&st->times, &st->last, &st->next)) {
        log_warn(source_log(src), "the schedule has no further time");
        return;
    }
    due_ms = gotime_to_wall(&st->next).ms;
    st->is_overdue = due_ms <= now_ms;
    timer_start(st->timer, st->is_overdue                  ? 0
                           : due_ms - now_ms > WAIT_MAX_MS ? WAIT_MAX_MS
                                                           : (uint64_t) (due_ms - now_ms));
}

static void advance(struct source *src)
{
    struct calendar_state *st = source_state(src);

    st->last = st->is_overdue ? st->next : gotime_of_wall(loop_wall(source_loop(src)));
    if (st->last.unix_s < st->next.unix_s)
        st->last = st->next; /* the clock was set back meanwhile */
    look_ahead(src);
}

/* Upstream tells the time at which its timer fired, with the monotonic reading of Go. */
static struct str event_time(struct arena *a, const struct source *src,
                             const struct calendar_state *st)
{
    struct gotime now = gotime_of_wall(loop_wall(source_loop(src)));
    uint64_t ns = loop_now(source_loop(src)).ns - st->opened.ns;

    if (st->is_overdue)
        return gotime_format(a, &st->next, GOTIME_STRING);
    return str_printf(
        a, STR_FMT " m=+%llu.%09llu", STR_ARG(gotime_format(a, &now, GOTIME_STRING)),
        (unsigned long long) (ns / 1000000000), (unsigned long long) (ns % 1000000000));
}

static struct str encode(struct arena *a, struct source *src, const struct calendar_state *st)
{
    const struct json *metadata = json_get(source_spec(src), STR("metadata"));
    struct json_object_builder b = {0};
    struct json data;

    json_add(a, &b, STR("eventTime"), json_string(event_time(a, src, st)));
    if (json_is(metadata, JSON_OBJECT) && metadata->count > 0)
        json_add(a, &b, STR("metadata"), *metadata);
    data = json_object(&b);
    return json_text(a, &data, JSON_ESCAPE_HTML | JSON_SORT_KEYS);
}

static struct str event_id(struct arena *a, const struct source *src,
                           const struct calendar_state *st)
{
    struct str what = str_printf(a, STR_FMT "/" STR_FMT "/" STR_FMT "/%lld",
                                 STR_ARG(source_namespace(src)), STR_ARG(source_name(src)),
                                 STR_ARG(source_event(src)), (long long) st->next.unix_s);

    return str_printf(a, "%016llx%016llx", (unsigned long long) str_hash(what),
                      (unsigned long long) str_hash(str_concat(a, STR("calendar/"), what)));
}

static void fire(struct source *src)
{
    struct calendar_state *st = source_state(src);
    struct err err;
    struct delivery event;

    arena_reset(st->moment);
    st->payload = encode(st->moment, src, st);
    event = (struct delivery){
        .id = event_id(st->moment, src, st), .payload = st->payload, .is_json = true};
    if (source_deliver(src, &event, &err) == 0)
        return; /* settle() follows */
    if (err.kind == ERR_TRANSIENT)
        timer_start(st->timer, RETRY_MS);
    else if (err.kind != ERR_CANCELLED) {
        log_error(source_log(src), "a moment cannot become an event", LOG_ERR(&err));
        advance(src);
    }
}

static void load_again(struct source *src);

static void on_timer(void *ctx)
{
    struct source *src = ctx;
    struct calendar_state *st = source_state(src);
    int64_t early_ms = gotime_to_wall(&st->next).ms - loop_wall(source_loop(src)).ms;

    if (st->catches_up && !st->is_found)
        load_again(src);
    else if (early_ms > 0)
        timer_start(st->timer, early_ms > WAIT_MAX_MS ? WAIT_MAX_MS : (uint64_t) early_ms);
    else
        fire(src);
}

/* ---- the first moment ---- */

static void begin(struct source *src)
{
    struct calendar_state *st = source_state(src);
    struct gotime now = gotime_of_wall(loop_wall(source_loop(src)));

    st->last = now;
    if (st->catches_up)
        st->last = st->found;
    if (st->back_ns > 0) {
        struct gotime oldest =
            gotime_of_wall((struct wall){gotime_to_wall(&now).ms - st->back_ns / DURATION_MS});

        if (st->last.unix_s < oldest.unix_s)
            st->last = oldest;
    }
    look_ahead(src);
}

static void on_loaded(struct source *src, const struct err *err)
{
    struct calendar_state *st = source_state(src);

    if (err->kind) {
        log_warn(source_log(src), "the last time cannot be read and is looked for again",
                 LOG_ERR(err));
        timer_start(st->timer, LOAD_AGAIN_MS);
        return;
    }
    if (!st->is_found)
        st->found = gotime_of_wall(loop_wall(source_loop(src)));
    st->is_found = true;
    begin(src);
}

static void load_again(struct source *src)
{
    struct calendar_state *st = source_state(src);
    struct err err;

    if (source_work(src, load_last, on_loaded, &err) < 0)
        timer_start(st->timer, LOAD_AGAIN_MS);
}

static int read_persistence(struct source *src, struct calendar_state *st, struct err *err)
{
    const struct json *spec = json_get(source_spec(src), STR("persistence")),
                      *map = json_get(spec, STR("configMap")),
                      *catchup = json_get(spec, STR("catchup"));
    struct str back = json_get_str(catchup, STR("maxDuration"));

    if (!json_is(map, JSON_OBJECT))
        return 0;
    st->map = json_get_str(map, STR("name"));
    st->may_create = json_get_bool(map, STR("createIfNotExist"));
    st->catches_up = json_get_bool(catchup, STR("enabled"));
    st->key = str_printf(source_arena(src), STR_FMT "." STR_FMT, STR_ARG(source_name(src)),
                         STR_ARG(source_event(src)));
    if (str_is_empty(st->map))
        return err_set(err, ERR_INVALID, "persistence.configMap.name: must be given");
    if (st->catches_up && back.len > 0 && duration_parse(back, &st->back_ns, err) < 0)
        return err_wrap(err, "persistence.catchup.maxDuration");
    return 0;
}

static int calendar_open(struct source *src, struct err *err)
{
    struct calendar_state *st = source_state(src);

    st->moment = arena_new();
    if (calendar_times_read(source_arena(src), source_spec(src), &st->times, err) < 0 ||
        read_persistence(src, st, err) < 0)
        return -1;
    if (st->times.schedule.is_every && st->times.schedule.every_ns < DURATION_SECOND)
        return err_set(err, ERR_INVALID, "interval: must be a second at least");
    st->timer = timer_new(source_loop(src), on_timer, src);
    st->opened = loop_now(source_loop(src));
    if (st->catches_up)
        load_again(src);
    else
        begin(src);
    return 0;
}

static void on_saved(struct source *src, const struct err *err)
{
    if (err->kind)
        log_warn(source_log(src), "the last time could not be kept", LOG_ERR(err));
    advance(src);
}

static int calendar_settle(struct source *src, const struct delivery *d, bool is_stored,
                           struct err *err)
{
    struct calendar_state *st = source_state(src);

    (void) d;
    if (!is_stored) {
        timer_start(st->timer, RETRY_MS);
        return 0;
    }
    if (str_is_empty(st->map)) {
        advance(src);
        return 0;
    }
    if (source_work(src, save_last, on_saved, err) == 0)
        return 0;
    advance(src);
    return err_wrap(err, "the last time could not be kept");
}

static void calendar_close(struct source *src)
{
    struct calendar_state *st = source_state(src);

    timer_free(st->timer);
    arena_free(st->moment);
    st->timer = NULL;
    st->moment = NULL;
}

static const struct event_source_ops calendar_ops = {
    .open = calendar_open,
    .settle = calendar_settle,
    .close = calendar_close,
};

extern const struct event_source_driver calendar_source;
const struct event_source_driver calendar_source = {
    .kind = "calendar",
    .summary = "Brings the moments of a schedule or interval.",
    .model = SOURCE_ON_LOOP,
    .state_size = sizeof(struct calendar_state),
    .ops = &calendar_ops,
};
