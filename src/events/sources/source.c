/*
 * The core of every event source: its thread with backoff, its deliveries, its envelopes.
 *
 * A thread source polls; each delivery is published without waiting; after the poll the core
 * waits until the bus has stored them all, then settles each in order. Only then may the next
 * poll begin, so a batch is never half acknowledged. A failure closes the driver; it is opened
 * again after a backoff of 1, 2, 4 ... 30 s, or at once when it worked before.
 */
#include "events/sources/source_internal.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/mem.h"
#include "base/random.h"
#include "events/sources/source_filter.h"
#include "formats/base64.h"
#include "store/value.h"

enum {
    POLL_WAIT_MS = 20000,
    BACKOFF_FIRST_MS = 1000,
    BACKOFF_MAX_MS = 30000,
    BUS_FULL_WAIT_MS = 50,
    TIME_ROOM_BYTES = 64,
    ID_BYTES = 32
};

/* ---- what drivers see ---- */

const struct json *source_spec(const struct source *src)
{
    return src->spec;
}

void *source_state(struct source *src)
{
    return src->state;
}

struct arena *source_arena(struct source *src)
{
    return src->open_arena;
}

struct arena *source_scratch(struct source *src)
{
    return src->scratch;
}

int source_cancel(const struct source *src)
{
    return src->cancel_fd;
}

struct str source_name(const struct source *src)
{
    return src->name;
}

struct str source_event(const struct source *src)
{
    return src->event;
}

struct str source_namespace(const struct source *src)
{
    return src->ns;
}

struct loop *source_loop(const struct source *src)
{
    return src->loop;
}

struct store *source_store(const struct source *src)
{
    return src->store;
}

struct str source_uid(const struct source *src)
{
    return src->uid;
}

const struct log_scope *source_log(const struct source *src)
{
    return &src->log;
}

int source_secret(struct source *src, const struct json *selector, struct secret *ret,
                  struct err *err)
{
    return store_secret_value(src->store, src->ns, selector, ret, err);
}

/* ---- envelopes and publishing ---- */

static struct str print_time(struct arena *a, struct wall now)
{
    time_t seconds = (time_t) (now.ms / 1000);
    int ms = (int) (now.ms % 1000);
    char *text = arena_alloc(a, TIME_ROOM_BYTES);
    struct tm tm;
    size_t len;

    gmtime_r(&seconds, &tm);
    len = strftime(text, TIME_ROOM_BYTES - 5, "%Y-%m-%dT%H:%M:%S", &tm);
    text[len++] = '.';
    text[len++] = (char) ('0' + ms / 100);
    text[len++] = (char) ('0' + ms / 10 % 10);
    text[len++] = (char) ('0' + ms % 10);
    text[len++] = 'Z';
    return str_of(text, len);
}

struct str source_envelope(struct arena *a, const struct source *src, struct str id,
                           struct str payload, struct wall now)
{
    struct json_object_builder b = {0};
    struct json event;

    json_add(a, &b, STR("specversion"), json_string(STR("1.0")));
    json_add(a, &b, STR("id"), json_string(id));
    json_add(a, &b, STR("source"), json_string(src->name));
    json_add(a, &b, STR("type"), json_string(str_from(src->driver->kind)));
    json_add(a, &b, STR("subject"), json_string(src->event));
    json_add(a, &b, STR("datacontenttype"), json_string(STR("application/json")));
    json_add(a, &b, STR("time"), json_string(print_time(a, now)));
    json_add(a, &b, STR("data_base64"), json_string(base64_encode(a, payload)));
    event = json_object(&b);
    return json_text(a, &event, JSON_COMPACT);
}

static struct str random_id(struct arena *a)
{
    static const char digits[] = "0123456789abcdef";
    char *text = arena_alloc_raw(a, ID_BYTES);

    for (size_t i = 0; i < ID_BYTES; i += 16) {
        struct random r = random_from_system();
        uint64_t bits = random_u64(&r);

        for (size_t k = 0; k < 16; k++)
            text[i + k] = digits[(bits >> (60 - 4 * k)) & 15];
    }
    return str_of(text, ID_BYTES);
}

struct bus_record source_record(struct arena *a, const struct source *src,
                                const struct delivery *d)
{
    struct str id = d->id.len ? d->id : random_id(a);

    return (struct bus_record){.id = id,
                               .source = src->name,
                               .event = src->event,
                               .ns = src->space,
                               .payload =
                                   source_envelope(a, src, id, d->payload, clock_wall())};
}

bool source_keeps(const struct source *src, struct arena *a, struct str payload)
{
    bool passes = false;
    struct err err;

    if (src->filter.len == 0)
        return true;
    if (source_filter_passes(a, src->filter, payload, clock_wall(), &passes, &err) < 0)
        log_error(&src->log, "failed to filter event", LOG_ERR(&err));
    return passes;
}

void source_trace(const struct source *src, struct str id)
{
    const struct bus_trace t = {.event_id = id,
                                .stage = STR("source"),
                                .subject = src->name,
                                .detail = STR("{\"result\":\"stored\"}"),
                                .at = clock_wall()};

    bus_trace_add(src->bus, &t);
}

void source_count(const struct source *src, struct mono begun, const struct err *err)
{
    const uint64_t took_ms = (clock_mono().ns - begun.ns) / 1000000U;

    metric_add(err->kind ? src->counts.sent_failed : src->counts.sent, 1);
    if (err->kind)
        metric_add(src->counts.failed, 1);
    metric_observe(src->counts.duration, (double) took_ms);
}

static void on_published(void *ctx, uint64_t seq, bool is_duplicate, const struct err *err)
{
    struct pending *p = ((void **) ctx)[0];
    struct source *src = ((void **) ctx)[1];

    (void) seq;
    (void) is_duplicate;
    source_count(src, p->begun, err);
    pthread_mutex_lock(&src->lock);
    p->is_done = true;
    p->is_stored = err->kind == ERR_NONE;
    if (--src->undone == 0)
        pthread_cond_signal(&src->wake);
    pthread_mutex_unlock(&src->lock);
}

static bool is_cancelled(const struct source *src, int wait_ms)
{
    struct pollfd fd = {.fd = src->cancel_fd, .events = POLLIN};

    return poll(&fd, 1, wait_ms) > 0;
}

static void copy_delivery(struct arena *a, struct delivery *to, const struct delivery *from)
{
    *to = *from;
    to->id = str_copy(a, from->id);
    to->payload = str_copy(a, from->payload);
    to->receipt = str_copy(a, from->receipt);
}

static void change_undone(struct source *src, int change)
{
    pthread_mutex_lock(&src->lock);
    src->undone = (size_t) ((ptrdiff_t) src->undone + change);
    pthread_mutex_unlock(&src->lock);
}

int source_deliver(struct source *src, const struct delivery *d, struct err *err)
{
    struct arena *a = src->scratch;
    struct pending *p;
    struct bus_record record;
    void **ctx;

    if (src->driver->model == SOURCE_ON_LOOP)
        return source_deliver_on_loop(src, d, err);
    p = ARENA_NEW(a, struct pending);
    ctx = ARENA_ARRAY(a, void *, 2);
    copy_delivery(a, &p->delivery, d);
    p->begun = clock_mono();
    if (!source_keeps(src, a, d->payload)) {
        p->is_done = true; /* its origin is done with it */
        p->is_dropped = true;
        VEC_PUSH(&src->pending, p);
        return 0;
    }
    record = source_record(a, src, d);
    p->delivery.id = record.id;
    ctx[0] = p;
    ctx[1] = src;
    change_undone(src, 1);
    while (bus_publish(src->bus, &record, on_published, ctx, err) < 0) {
        if (err->kind == ERR_TRANSIENT && !is_cancelled(src, BUS_FULL_WAIT_MS))
            continue; /* back-pressure: the origin keeps what we do not take */
        change_undone(src, -1);
        source_count(src, p->begun, err);
        return -1;
    }
    VEC_PUSH(&src->pending, p);
    return 0;
}

/* ---- what is told of it ---- */

static void on_told(struct loop_task *task)
{
    struct source *src = CONTAINER_OF(task, struct source, told.task);
    bool is_new;

    pthread_mutex_lock(&src->lock);
    src->told.is_posted = false;
    is_new = strcmp(src->told.text, src->told.fresh) != 0;
    memcpy(src->told.text, src->told.fresh, sizeof(src->told.text));
    pthread_mutex_unlock(&src->lock);
    if (is_new && src->on_told)
        src->on_told(src->ctx, src);
}

void source_tell(struct source *src, const struct err *err)
{
    bool is_posted;

    pthread_mutex_lock(&src->lock);
    is_posted = src->told.is_posted;
    src->told.is_posted = true;
    snprintf(src->told.fresh, sizeof(src->told.fresh), "%.*s",
             (int) sizeof(src->told.fresh) - 1, err ? err->text : "");
    pthread_mutex_unlock(&src->lock);
    if (!is_posted)
        loop_post(src->loop, &src->told.task);
}

/* ---- the thread ---- */

static void wait_stored(struct source *src)
{
    pthread_mutex_lock(&src->lock);
    while (src->undone > 0)
        pthread_cond_wait(&src->wake, &src->lock);
    pthread_mutex_unlock(&src->lock);
}

static int settle_all(struct source *src, struct err *err)
{
    int result = 0;

    for (size_t i = 0; i < src->pending.len; i++) {
        struct pending *p = src->pending.at[i];

        FAULT_POINT("source.settle.before");
        if (p->is_stored)
            source_trace(src, p->delivery.id);
        if (src->driver->ops->settle &&
            src->driver->ops->settle(src, &p->delivery, p->is_stored || p->is_dropped, err) < 0)
            result = err_wrap(err, "settle event " STR_FMT, STR_ARG(p->delivery.id));
    }
    return result;
}

static int poll_once(struct source *src, struct err *err)
{
    struct err settle_err;
    int result = src->driver->ops->poll(src, POLL_WAIT_MS, err);

    wait_stored(src);
    if (src->pending.len > 0)
        FAULT_POINT("source.stored.before_settle");
    if (settle_all(src, &settle_err) < 0)
        log_warn(&src->log,
                 "an event could not be acknowledged at its origin: it will come again",
                 LOG_ERR(&settle_err));
    src->pending.len = 0;
    arena_reset(src->scratch);
    return result;
}

/* One life of the driver: open, poll until something fails. Returns whether it had worked. */
static bool run_once(struct source *src, struct err *err)
{
    bool has_worked = false;

    memset(src->state, 0, src->driver->state_size);
    arena_reset(src->open_arena);
    if (src->driver->ops->open(src, err) == 0)
        while (!is_cancelled(src, 0) && poll_once(src, err) == 0) {
            if (!has_worked)
                source_tell(src, NULL);
            has_worked = true;
        }
    src->driver->ops->close(src);
    return has_worked;
}

static void *source_main(void *ctx)
{
    struct source *src = ctx;
    int backoff_ms = BACKOFF_FIRST_MS;

    while (!is_cancelled(src, 0)) {
        struct err err = {0};
        bool has_worked = run_once(src, &err);

        if (is_cancelled(src, 0))
            break;
        metric_add(src->counts.failed, 1);
        log_warn(&src->log, "the event source failed and is opened again", LOG_ERR(&err),
                 LOG_I64(DURATION_MS, backoff_ms));
        source_tell(src, &err);
        if (has_worked)
            backoff_ms = BACKOFF_FIRST_MS;
        is_cancelled(src, backoff_ms);
        backoff_ms = 2 * backoff_ms > BACKOFF_MAX_MS ? BACKOFF_MAX_MS : 2 * backoff_ms;
    }
    loop_post(src->loop, &src->ended);
    return NULL;
}

static void on_ended(struct loop_task *task)
{
    struct source *src = CONTAINER_OF(task, struct source, ended);

    if (src->has_thread)
        pthread_join(src->thread, NULL);
    src->has_thread = false;
    src->on_ended(src->ctx, src);
}

/* ---- requests ---- */

static void reply_error(struct http_request *req, const struct err *err)
{
    unsigned status = err->kind == ERR_TRANSIENT ? 503
                      : err->kind == ERR_LIMIT   ? 413
                      : err->kind == ERR_INVALID ? 400
                                                 : 500;

    http_reply(req, status, STR("text/plain; charset=utf-8"), str_from(err->text), NULL, 0);
}

bool source_enter_service(struct source *src)
{
    bool is_open;

    pthread_mutex_lock(&src->lock);
    is_open = !src->is_ending;
    src->in_service += is_open;
    pthread_mutex_unlock(&src->lock);
    return is_open;
}

bool source_hold(struct source *src)
{
    bool is_kept;

    pthread_mutex_lock(&src->lock);
    is_kept = !src->is_ending || src->in_service > 0;
    src->in_service += is_kept;
    pthread_mutex_unlock(&src->lock);
    return is_kept;
}

void source_leave_service(struct source *src)
{
    bool is_last;

    pthread_mutex_lock(&src->lock);
    is_last = --src->in_service == 0 && src->is_ending;
    pthread_mutex_unlock(&src->lock);
    if (is_last)
        loop_post(src->loop, &src->ended);
}

/* An event that came by a request, until it is stored; in the request's arena. */
struct service {
    struct source *src;
    struct mono begun;
};

static void on_served(void *ctx, uint64_t seq, bool is_duplicate, const struct err *err)
{
    struct http_request *req = ctx;
    const struct service *service = http_user(req);
    struct source *src = service->src;

    (void) seq;
    (void) is_duplicate;
    source_count(src, service->begun, err);
    if (err->kind == ERR_NONE)
        http_reply(req, 200, STR("text/plain; charset=utf-8"), STR("success"), NULL, 0);
    else
        http_reply(req, 500, STR("text/plain; charset=utf-8"), STR("failed to record event"),
                   NULL, 0);
    source_leave_service(src);
}

void source_serve(struct source *src, struct http_request *req)
{
    struct service *service = ARENA_NEW(http_arena(req), struct service);
    struct delivery d = {0};
    struct bus_record record;
    struct err err;

    *service = (struct service){src, clock_mono()};
    if (!source_enter_service(src)) {
        http_reply(req, 400, STR("text/plain; charset=utf-8"), STR("endpoint is inactive"),
                   NULL, 0);
        return;
    }
    if (src->driver->ops->serve(src, req, &d, &err) < 0) {
        metric_add(src->counts.failed, 1);
        reply_error(req, &err);
        source_leave_service(src);
        return;
    }
    if (!source_keeps(src, http_arena(req), d.payload)) {
        http_reply(req, 200, STR("text/plain; charset=utf-8"), STR("success"), NULL, 0);
        source_leave_service(src);
        return;
    }
    record = source_record(http_arena(req), src, &d);
    http_set_user(req, service);
    if (bus_publish(src->bus, &record, on_served, req, &err) == 0)
        return;
    source_count(src, service->begun, &err);
    reply_error(req, &err);
    source_leave_service(src);
}

/* ---- life ---- */

static void find_counts(struct source *src, struct metrics *m)
{
    const struct str labels[] = {src->event, src->name, src->ns};

    src->counts.running = metric_get(m, METRIC_EVENTS_RUNNING, src->name, src->ns);
    src->counts.sent = metric_of(m, METRIC_EVENTS_SENT, labels);
    src->counts.sent_failed = metric_of(m, METRIC_EVENTS_SENT_FAILED, labels);
    src->counts.failed = metric_of(m, METRIC_EVENTS_PROCESSING_FAILED, labels);
    src->counts.duration = metric_of(m, METRIC_EVENTS_PROCESSING_DURATION, labels);
}

struct source *source_new(const struct source_setup *setup)
{
    struct arena *a = arena_new();
    struct source *src = ARENA_NEW(a, struct source);
    struct json *spec = ARENA_NEW(a, struct json);

    *spec = json_clone(a, setup->spec);
    src->arena = a;
    src->driver = setup->driver;
    src->bus = setup->bus;
    src->store = setup->store;
    src->loop = setup->loop;
    src->workers = setup->workers;
    src->name = str_copy(a, setup->name);
    src->event = str_copy(a, setup->event);
    src->ns = str_copy(a, setup->ns);
    src->uid = str_copy(a, setup->uid);
    src->space = str_copy(a, setup->space);
    src->spec = spec;
    src->filter = source_filter_of(spec);
    src->state = arena_alloc(a, setup->driver->state_size);
    src->open_arena = arena_new();
    src->scratch = arena_new();
    src->cancel_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    src->ended.run = on_ended;
    src->on_ended = setup->on_ended;
    src->on_told = setup->on_told;
    src->told.task.run = on_told;
    src->ctx = setup->ctx;
    src->fields[0] = LOG_STR(NAMESPACE, src->ns);
    src->fields[1] = LOG_STR(EVENT_SOURCE, src->name);
    src->fields[2] = LOG_STR(EVENT_NAME, src->event);
    src->fields[3] = LOG_STR(EVENT_TYPE, str_from(src->driver->kind));
    src->log = (struct log_scope){.fields = src->fields, .count = COUNT_OF(src->fields)};
    find_counts(src, setup->metrics);
    pthread_mutex_init(&src->lock, NULL);
    pthread_cond_init(&src->wake, NULL);
    return src;
}

static int start_thread(struct source *src, struct err *err)
{
    sigset_t all, kept;
    int error;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &kept);
    error = pthread_create(&src->thread, NULL, source_main, src);
    pthread_sigmask(SIG_SETMASK, &kept, NULL);
    src->has_thread = error == 0;
    return error ? err_sys(err, error, "start the thread of event source " STR_FMT,
                           STR_ARG(src->name))
                 : 0;
}

int source_start(struct source *src, struct err *err)
{
    if (src->driver->ops->check && src->driver->ops->check(src->spec, err) < 0)
        return -1;
    if ((src->driver->model == SOURCE_ON_THREAD ? start_thread(src, err)
                                                : src->driver->ops->open(src, err)) < 0)
        return -1;
    src->counts.is_running = true;
    metric_add(src->counts.running, 1);
    return 0;
}

void source_end(struct source *src)
{
    bool is_idle;

    eventfd_write(src->cancel_fd, 1);
    pthread_mutex_lock(&src->lock);
    is_idle = !src->is_ending && src->in_service == 0;
    src->is_ending = true;
    pthread_mutex_unlock(&src->lock);
    if (!src->has_thread && is_idle)
        loop_post(src->loop, &src->ended);
}

void source_free(struct source *src)
{
    if (src->driver->model != SOURCE_ON_THREAD)
        src->driver->ops->close(src);
    if (src->counts.is_running)
        metric_add(src->counts.running, -1);
    close(src->cancel_fd);
    VEC_DONE(&src->pending);
    arena_free(src->open_arena);
    arena_free(src->scratch);
    pthread_mutex_destroy(&src->lock);
    pthread_cond_destroy(&src->wake);
    arena_free(src->arena);
}
