/*
 * events/sources/source_internal.h - what the core's files share.
 *
 * A struct source is made and freed on the loop. While it runs, its thread (ON_THREAD), the
 * http threads (ON_ROUTE) or the loop (ON_LOOP) use it; `lock` guards what both they and the
 * bus writer touch. It ends by its cancel eventfd: the thread leaves and posts `ended` to the
 * loop.
 */
#pragma once

#include <pthread.h>

#include "base/vec.h"
#include "events/sources/source.h"

struct pending {
    struct delivery delivery; /* texts in the scratch arena */
    struct mono begun;
    bool is_done, is_stored;
    bool is_dropped; /* by the filter */
};

struct source {
    const struct event_source_driver *driver;
    struct bus *bus;
    struct store *store;
    struct loop *loop;
    struct workers *workers;  /* NULL: none are needed */
    struct arena *arena;      /* the source's own; name, ns, spec */
    struct arena *open_arena; /* source_arena(): since the last open */
    struct arena *scratch;
    void *state;
    struct str name, event, ns;
    struct str uid;   /* of the object */
    struct str space; /* bus_space() of its events */
    const struct json *spec;
    struct str filter; /* expression; empty: all events pass */
    struct log_field fields[4];
    struct log_scope log;
    int cancel_fd;
    pthread_t thread;
    bool has_thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    VEC(struct pending *) pending; /* of this poll: lock */
    size_t undone;                 /* lock */
    unsigned in_service;           /* requests, deliveries, work under way: lock */
    bool is_ending;                /* lock */
    struct {
        struct job job;
        source_work_fn run;
        source_worked_fn done;
        bool is_under_way;
    } work; /* ON_LOOP: loop */
    struct {
        struct metric *running, *sent, *sent_failed, *failed, *duration;
        bool is_running; /* it is in the gauge */
    } counts;
    struct {
        struct loop_task task;
        char fresh[256]; /* why it does not work at the moment, or "": lock */
        bool is_posted;  /* lock */
        char text[256];  /* what on_told has seen: loop */
    } told;
    struct loop_task ended;
    void (*on_ended)(void *ctx, struct source *src); /* loop */
    void (*on_told)(void *ctx, struct source *src);  /* loop: told.text has changed; or NULL */
    void *ctx;
};

struct source_setup {
    const struct event_source_driver *driver;
    struct bus *bus;
    struct store *store;
    struct loop *loop;
    struct workers *workers; /* for ON_LOOP sources whose work may block */
    struct str name, event, ns;
    struct str uid;          /* of the object; copied */
    struct str space;        /* bus_space() of its events; copied */
    const struct json *spec; /* copied */
    struct metrics *metrics; /* or NULL */
    void (*on_ended)(void *ctx, struct source *src);
    void (*on_told)(void *ctx, struct source *src); /* or NULL */
    void *ctx;
};

/** source_new() - a source that does not run yet; loop */
struct source *source_new(const struct source_setup *setup);

/** source_start() - begin: a thread, or ready to serve; ERR_INVALID from the driver's check;
 * loop */
int source_start(struct source *src, struct err *err);

/** source_end() - ask it to end; on_ended follows on the loop, then it may be freed */
void source_end(struct source *src);

void source_free(struct source *src);

/** source_serve() - one request for it, on an http thread; answers it now or when the event is
 * stored */
void source_serve(struct source *src, struct http_request *req);

/** source_envelope() - the CloudEvent of a payload, as upstream's sources write it; in @a */
struct str source_envelope(struct arena *a, const struct source *src, struct str id,
                           struct str payload, struct wall now);

/** source_record() - what the bus gets of a delivery; in @a */
struct bus_record source_record(struct arena *a, const struct source *src,
                                const struct delivery *d);

/**
 * source_keeps() - does an event pass the filter of the source?
 * @a:       scratch
 * @payload: its data
 *
 * One that cannot be looked at is logged and does not pass, as upstream has it. Return: whether
 * it is to be published; one that is not is acknowledged at its origin all the same.
 */
bool source_keeps(const struct source *src, struct arena *a, struct str payload);

/** source_count() - an event was handled: stored, or @err says why not; any thread */
void source_count(const struct source *src, struct mono begun, const struct err *err);

/** source_trace() - remember that the bus has stored an event of the source */
void source_trace(const struct source *src, struct str id);

/** source_enter_service() - the source stays until source_leave_service(); false when it ends
 */
bool source_enter_service(struct source *src);

/** source_hold() - source_enter_service(), also while the source ends, as long as somebody is
 * in service; false: nobody is, it may be gone any moment */
bool source_hold(struct source *src);
void source_leave_service(struct source *src);

/* ---- loop_source.c ---- */

/** source_deliver_on_loop() - source_deliver() of ON_LOOP sources */
int source_deliver_on_loop(struct source *src, const struct delivery *d, struct err *err);

/* ---- routes.c: which source serves which port and path ---- */

struct source_routes;

struct source_routes *source_routes_new(const char *address);

/** source_routes_add() - serve a source; opens its port if needed; ERR_EXISTS when the endpoint
 * is taken */
int source_routes_add(struct source_routes *r, struct source *src, struct err *err);

/** source_routes_remove() - no further request reaches it */
void source_routes_remove(struct source_routes *r, struct source *src);
void source_routes_free(struct source_routes *r);
