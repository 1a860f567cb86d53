/*
 * events/bus/bus.h - the durable event log between sources and sensors.
 *
 * Publishing answers only after the record is on disk. Each consumer has a durable cursor under
 * a name; a record is delivered again until it is acknowledged (at least once). A record whose
 * id was published within the dedup window is stored once and reported as success. Records are
 * trimmed by age and size, never before all cursors have passed them unless the hard limits
 * force it (then a warning is logged and counted).
 *
 * embedded.c is SQLite (bus.db, group commit); jetstream, kafka and stan come as further files
 * behind this header.
 */
#pragma once

#include "base/arena.h"
#include "base/clock.h"
#include "base/err.h"
#include "io/loop.h"

struct bus;
struct bus_consumer;

struct bus_record {
    uint64_t seq;       /* given by the bus */
    struct str id;      /* event id, for dedup */
    struct str source;  /* EventSource object name */
    struct str event;   /* event name inside it */
    struct str ns;      /* of which namespace and EventBus: bus_space() */
    struct str payload; /* CloudEvent as JSON, at most BUS_EVENT_MAX_BYTES */
    struct wall stored;
};

struct bus_options {
    const char *path;         /* folder; bus.db is made in it, 0600 */
    struct loop *loop;        /* where deliveries run */
    uint64_t retain_ms;       /* 0: BUS_RETAIN_MAX_MS */
    uint64_t retain_bytes;    /* 0: BUS_RETAIN_MAX_BYTES */
    uint64_t dedup_window_ms; /* 0: 300000 */
    uint64_t retry_ms;        /* between attempts on a disk that refuses; 0: 100 */
};

/**
 * bus_space() - where the events of an EventBus lie: sensors see those of their own bus only
 * @a:    where a new text lives
 * @ns:   namespace
 * @name: spec.eventBusName; empty: "default"
 *
 * Return: the namespace for the bus "default", else "namespace/name".
 */
struct str bus_space(struct arena *a, struct str ns, struct str name);

/** bus_open() - open or create the embedded bus; owned; refuses a newer schema */
struct bus *bus_open(const struct bus_options *options, struct err *err);

/** bus_close() - store what is queued, join the writer, release; on a disk that still refuses
 * after a second publishers hear of the error */
void bus_close(struct bus *bus);

typedef void (*bus_published_fn)(void *ctx, uint64_t seq, bool is_duplicate,
                                 const struct err *err);

/**
 * bus_publish() - store one event durably; any thread
 * @rec:  id, source, event, ns, payload; copied before return
 * @done: called once on the bus writer's thread when it is on disk or has failed: be quick, do
 * not call back into the bus
 * @err:  ERR_LIMIT over BUS_EVENT_MAX_BYTES; ERR_TRANSIENT when BUS_QUEUE_MAX_EVENTS wait; then
 * @done is not called
 */
int bus_publish(struct bus *bus, const struct bus_record *rec, bus_published_fn done, void *ctx,
                struct err *err);

/** bus_publish_wait() - bus_publish() for source threads: returns when the record is on disk;
 * waits for room in the queue up to @max_wait_ms; 1 = was a duplicate */
int bus_publish_wait(struct bus *bus, const struct bus_record *rec, uint64_t max_wait_ms,
                     struct err *err);

/** bus_is_stalled() - is the writer waiting for the disk? any thread */
bool bus_is_stalled(const struct bus *bus);

struct bus_subject {
    struct str source, event; /* exact names */
};

struct bus_consumer_options {
    struct str name;                    /* durable cursor, e.g. "ns/sensor/trigger"; copied */
    struct str ns;                      /* bus_space(); copied */
    const struct bus_subject *subjects; /* what to receive; copied */
    size_t subject_count;
    size_t in_flight_max; /* delivered and not acknowledged at the most; 0: 256 */
    void *ctx;
    /* On the loop, in order of seq, in batches; records are borrowed for the call: copy what is
     * kept. */
    void (*deliver)(void *ctx, const struct bus_record *records, size_t count);
};

/** bus_consumer_open() - start receiving behind the cursor (a new name starts at the end: only
 * later records); loop thread */
struct bus_consumer *
bus_consumer_open(struct bus *bus, const struct bus_consumer_options *options, struct err *err);

/** bus_consumer_close() - stop receiving; the cursor stays; loop thread; NULL is a no-op */
void bus_consumer_close(struct bus_consumer *c);

/** bus_ack() - one record is settled; the cursor moves to the end of the settled prefix,
 * durably with the next commit; loop thread */
void bus_ack(struct bus_consumer *c, uint64_t seq);

/** bus_ack_sync() - bus_ack(), and @done on the loop once the cursor is durable (for
 * atLeastOnce: false, before the attempt) */
void bus_ack_sync(struct bus_consumer *c, uint64_t seq, void (*done)(void *ctx), void *ctx);

/** bus_consumer_pause() / bus_consumer_resume() - stop and go on with deliveries; loop thread
 */
void bus_consumer_pause(struct bus_consumer *c);
void bus_consumer_resume(struct bus_consumer *c);

/** bus_consumer_drop() - forget a cursor for good (the sensor was deleted); loop thread;
 * ERR_CONFLICT while it is open */
int bus_consumer_drop(struct bus *bus, struct str name, struct err *err);

/** bus_find() - records by event id, newest first, copied into the arena; blocking, not on the
 * loop */
int bus_find(struct bus *bus, struct arena *a, struct str id, struct bus_record *ret,
             struct err *err);

struct bus_query {
    struct str ns;  /* namespace, with all its buses; "" for all */
    uint64_t limit; /* records at the most */
};

/** bus_list() - the newest records, newest first, without their payloads, copied into the
 * arena; blocking, not on the loop */
int bus_list(struct bus *bus, struct arena *a, const struct bus_query *q,
             struct bus_record **ret, size_t *ret_count, struct err *err);

/* ---- the trace of an event: rows beside the records, trimmed with them ---- */

struct bus_trace {
    struct str event_id;
    struct str stage;   /* source, bus, sensor, filter, condition, trigger, workflow */
    struct str subject; /* who: "sensor-a/dep-1", "trigger-x" */
    struct str detail;  /* JSON object text: reason, object created ... */
    struct wall at;
};

/** bus_trace_add() - remember one step; any thread; copied; written with the next commit or
 * some ms later, dropped (and counted) when the queue is full */
void bus_trace_add(struct bus *bus, const struct bus_trace *t);

/** bus_trace_list() - the steps of one event in order of time, copied into the arena; blocking,
 * not on the loop */
int bus_trace_list(struct bus *bus, struct arena *a, struct str event_id,
                   struct bus_trace **ret, size_t *ret_count, struct err *err);

struct bus_stats {
    uint64_t stored_events, stored_bytes, published, duplicates, trimmed, newest_seq;
};

/** bus_stats_get() - counters; any thread */
struct bus_stats bus_stats_get(const struct bus *bus);
