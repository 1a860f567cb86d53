/*
 * events/sources/source.h - what every event source is, and what the core does for all of them.
 *
 * An EventSource object holds named events of one or more kinds; each named event is one struct
 * source. A driver says what to receive; the core owns threads, reconnects with backoff, pauses
 * while the bus is stalled, envelopes (CloudEvent as upstream's, ../shared/spec/events.md 2),
 * publishing, settling, secret look-up, traces, scopes and the object's status conditions. The
 * origin is acknowledged (settle) only after the bus has stored the event.
 *
 * One file a kind; sources.def lists them; sources.c holds the const table. Nothing registers
 * itself at run time.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "base/log.h"
#include "base/metric.h"
#include "base/secret.h"
#include "events/bus/bus.h"
#include "formats/json.h"
#include "io/http_server.h"
#include "io/loop.h"
#include "io/workers.h"
#include "store/store.h"

struct source;

enum source_model {
    SOURCE_ON_LOOP,   /* open registers timers or watches: calendar, file */
    SOURCE_ON_THREAD, /* the core calls poll in turn on the source's thread: sqs, kafka */
    SOURCE_ON_ROUTE,  /* the core calls serve per HTTP request: webhook, github */
};

/* One thing received. All borrowed; source_deliver() copies. */
struct delivery {
    struct str id; /* event id; "" = the core gives a random one. Equal ids within the bus's
                      window are stored once */
    struct str payload; /* the event's data as upstream's source makes it (JSON text, or bytes
                           when not is_json) */
    struct str receipt; /* for settle: what acknowledges it at the origin */
    bool is_json;
};

struct event_source_ops { /* in the order of a source's life; thread: the source's own
                             (ON_THREAD), else the loop; serve: http threads */
    int (*check)(const struct json *spec, struct err *err); /* optional; pure */
    int (*open)(struct source *src, struct err *err);
    /* Receive one batch, waiting at most @max_wait_ms; call source_deliver() for each. May
     * return early with nothing. */
    int (*poll)(struct source *src, uint64_t max_wait_ms, struct err *err);
    /*
     * One request to this source's endpoint (method and token are checked by the core). Fills
     * @ret in the request's arena and returns 0: the core publishes and answers 200 "success"
     * once stored; or fails: the core answers with the error's kind (ERR_INVALID: 400).
     */
    int (*serve)(struct source *src, struct http_request *req, struct delivery *ret,
                 struct err *err);
    int (*settle)(struct source *src, const struct delivery *d, bool is_stored,
                  struct err *err);    /* optional */
    void (*close)(struct source *src); /* required; also after a failed open */
};

struct event_source_driver {
    const char *kind;    /* word used in manifests: "sqs" */
    const char *summary; /* one sentence for `explain` and the docs */
    enum source_model model;
    size_t state_size;                  /* the core allocates it, zeroed */
    const struct event_source_ops *ops; /* NULL: known, but not in this build */
    const char *missing;                /* why ops is NULL */
};

/** source_drivers() - all kinds, sorted */
const struct event_source_driver *const *source_drivers(size_t *ret_count);

/** source_driver_find() - by kind; NULL when unknown */
const struct event_source_driver *source_driver_find(struct str kind);

/* ---- for drivers ---- */

const struct json *
source_spec(const struct source *src); /* the named event's object in the manifest, immutable */
void *source_state(struct source *src);         /* state_size bytes */
struct arena *source_arena(struct source *src); /* lives as long as the open source */
struct arena *
source_scratch(struct source *src); /* reset by the core after each poll and its settles */
int source_cancel(const struct source *src); /* eventfd, readable when the source must stop:
                                                pass it to clients */
struct str source_name(const struct source *src);  /* EventSource object */
struct str source_event(const struct source *src); /* named event */
struct str source_namespace(const struct source *src);
struct str source_uid(const struct source *src); /* of the EventSource object */
const struct log_scope *source_log(const struct source *src);

/** source_tell() - why it does not work at the moment, for the object's status; NULL: it works
 * (again). The core does so for ON_THREAD sources, from their thread; the others call it on the
 * loop, not in an open() that fails */
void source_tell(struct source *src, const struct err *err);

/** source_secret() - value of a SecretKeySelector in the source's namespace; ERR_NOT_FOUND
 * names secret and key; not on the loop */
int source_secret(struct source *src, const struct json *selector, struct secret *ret,
                  struct err *err);

/**
 * source_deliver() - hand one received thing to the core
 * @d:   borrowed; copied
 * @err: ERR_TRANSIENT (bus full and stop asked), ERR_LIMIT (over BUS_EVENT_MAX_BYTES)
 *
 * Publishes without waiting; after poll() returns the core waits until all are stored and then
 * calls settle() for each in order of delivery. ON_LOOP sources: never blocks (ERR_TRANSIENT
 * while the bus is full, ERR_CANCELLED when the source ends), settle comes later on the loop.
 */
int source_deliver(struct source *src, const struct delivery *d, struct err *err);

/** source_loop() - for timers and watches of ON_LOOP sources */
struct loop *source_loop(const struct source *src);

/** source_store() - objects beside the source's own; not on the loop */
struct store *source_store(const struct source *src);

typedef void (*source_work_fn)(struct source *src, struct err *err);
typedef void (*source_worked_fn)(struct source *src, const struct err *err);

/**
 * source_work() - something that may block, for ON_LOOP sources; loop
 * @run:  on a worker, which owns the source's state until its end; one at a time
 * @done: then on the loop; also when the source ends meanwhile
 * @err:  ERR_TRANSIENT when too many jobs wait; then neither is called
 *
 * Return: 0 or -1.
 */
int source_work(struct source *src, source_work_fn run, source_worked_fn done, struct err *err);

/* ---- for wiring: the controller of EventSource objects, on the loop ---- */

struct source_controller;

struct source_controller_options {
    struct loop *loop;
    struct workers *workers;
    struct store *store;
    struct bus *bus;
    struct metrics *metrics; /* NULL: nothing is counted */
    const char
        *listen_address; /* for ON_ROUTE sources, e.g. "0.0.0.0" or "127.0.0.1"; borrowed */
};

/** source_controller_new() - watches EventSource objects and runs their sources; status
 * conditions are written back */
struct source_controller *source_controller_new(const struct source_controller_options *options,
                                                struct err *err);
int source_controller_start(struct source_controller *c, struct err *err);

/** source_controller_stop() - cancels polls (within 100 ms), closes ports, joins threads; what
 * was stored is settled when possible */
void source_controller_stop(struct source_controller *c);
void source_controller_free(struct source_controller *c);
