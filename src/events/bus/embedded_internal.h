/*
 * events/bus/embedded_internal.h - what the files of the embedded bus share.
 *
 * Threads: publishers push onto one queue (lock); the writer thread owns the write connection,
 * commits all that waits and then posts the batch to the loop; consumers live on the loop; one
 * reader thread fetches pages for those that lag. A record's memory is one allocation, made by
 * its publisher and freed on the loop after delivery.
 */
#pragma once

#include <pthread.h>
#include <sqlite3.h>
#include <stdatomic.h>

#include "base/gate.h"
#include "base/list.h"
#include "base/map.h"
#include "events/bus/bus.h"
#include "store/checkpoint.h"
#include "store/schema.h"

enum { BUS_SCHEMA_VERSION = 1, BUS_PAGE_RECORDS = 512 };

/* What a record counts for beside its payload, in the writer and in SQL. */
#define BUS_RECORD_OVERHEAD_BYTES 200
#define BUS_TEXT_OF(number)       BUS_TEXT(number)
#define BUS_TEXT(number)          #number
#define BUS_BYTES_SQL                                            \
    "coalesce(sum(length(CAST(payload AS BLOB)) + " BUS_TEXT_OF( \
        BUS_RECORD_OVERHEAD_BYTES) "), 0)"

enum item_kind { ITEM_RECORD, ITEM_CURSOR, ITEM_CURSOR_DROP, ITEM_TRACE };

/* Something for the writer. Texts live behind it in the same allocation. */
struct item {
    struct list link;
    enum item_kind kind;
    struct bus_record record;   /* ITEM_RECORD */
    struct bus_trace trace;     /* ITEM_TRACE */
    bus_published_fn published; /* on the writer's thread */
    void *ctx;
    bool is_duplicate;
    struct str name; /* ITEM_CURSOR */
    uint64_t seq;
    void (*settled)(void *ctx); /* bus_ack_sync(): on the loop */
    char text[];
};

/* Ids that were seen within the window: two 64-bit hashes each, so a mistake is beyond all
 * odds. */
struct dedup_entry {
    uint64_t hash, check;
    uint64_t seq;
    int64_t at_ms;
};

struct dedup {
    struct dedup_entry *ring; /* in order of time */
    size_t head, len, room;   /* room is a power of two */
    uint32_t *slots;          /* ring index + 1 */
    size_t slot_count;
};

struct page; /* records read for a lagging consumer */

struct bus_consumer {
    struct bus *bus;
    struct arena *arena;
    struct list link;
    struct str name, ns;
    const struct bus_subject *subjects;
    size_t subject_count, in_flight_max;
    void *ctx;
    void (*deliver)(void *ctx, const struct bus_record *records, size_t count);
    uint64_t next_seq; /* the first that was not looked at yet */
    uint64_t cursor;   /* all up to here is settled */
    uint64_t saved;    /* the cursor that was handed to the writer last */
    struct {
        uint64_t seq;
        bool is_acked;
    } * flight; /* ring, in order of seq */
    size_t flight_head, flight_len, flight_room;
    struct page *page; /* asked for or on its way; owned */
    bool is_lagging, is_paused, is_closed;
};

struct bus {
    struct loop *loop;
    char *file;
    int lock_fd;
    uint64_t retain_ms, retain_bytes, dedup_ms, retry_ms;
    sqlite3 *db;
    struct checkpointer *checkpointer;
    sqlite3_stmt *insert, *cursor_put, *cursor_drop, *trace_put, *begin, *commit, *rollback;
    pthread_t writer;
    bool has_writer;

    pthread_mutex_t lock;
    pthread_cond_t wake, room;
    struct list queue; /* of struct item */
    size_t queue_len, waiting_publishers;
    size_t urgent; /* items in the queue that somebody waits for */
    enum {
        WRITER_WORKS,
        WRITER_GATHERS, /* not longer than the last commit took: until urgent == enough */
        WRITER_DOZES,   /* not longer than LAZY_MS */
        WRITER_SLEEPS
    } rest;
    size_t enough;
    size_t wanted;  /* how many waited when the last batch was stored */
    unsigned batch; /* number of the batch that the queue will be of */
    bool is_stopping;

    struct gate
        stored[2];      /* of a batch with an even and with an odd number: bus_publish_wait() */
    uint64_t commit_ns; /* what the last commit took: writer */

    struct dedup dedup; /* writer */
    uint64_t next_seq;  /* writer */
    uint64_t untrimmed; /* records since the last look at retention: writer */
    int64_t trimmed_ms; /* when that was */
    atomic_ullong newest, stored_events, stored_bytes, published, duplicates, trimmed;
    atomic_bool is_stalled;

    struct list done; /* committed items on their way to the loop: lock */
    struct loop_task task;
    bool is_task_posted; /* lock */

    pthread_t reader;
    bool has_reader;
    pthread_mutex_t read_lock;
    pthread_cond_t read_wake;
    struct list pages; /* requests: read_lock */
    bool is_read_stopping;

    struct list consumers;      /* loop */
    atomic_uint consumer_count; /* without any, records need not come to the loop */
    bool is_delivering;         /* loop: consumers that are closed now are freed afterwards */
    struct loop_task save_task; /* saves moved cursors, once a turn */
    bool is_save_posted;        /* loop */
    struct map cursors;         /* name -> struct cursor_row: loop */
};

struct cursor_row {
    uint64_t seq;
    bool is_open;
};

/* ---- dedup.c ---- */

/** dedup_find() - seq of an id seen on that bus (bus_space()) since @oldest_ms, or 0 */
uint64_t dedup_find(struct dedup *d, struct str ns, struct str id, int64_t oldest_ms);

/** dedup_add() - remember a record's ns and id, seq and time; entries before @oldest_ms, and
 * beyond BUS_DEDUP_MAX_IDS, are forgotten */
void dedup_add(struct dedup *d, const struct bus_record *r, int64_t oldest_ms);

/** dedup_add_entry() - put an entry at the end */
void dedup_add_entry(struct dedup *d, const struct dedup_entry *entry);
void dedup_done(struct dedup *d);

/* ---- schema.c ---- */

/** bus_db_open() - open bus.db with pragmas and migrations */
int bus_db_open(const char *file, sqlite3 **ret, struct err *err);
void bus_bind(sqlite3_stmt *s, int at, struct str text);

/* ---- writer.c ---- */

int bus_writer_start(struct bus *bus, struct err *err);
void bus_writer_stop(struct bus *bus);

/** bus_deadline() - so many nanoseconds from now, for pthread_cond_timedwait() */
struct timespec bus_deadline(uint64_t wait_ns);

/** bus_queue_locked() - queue an item, the lock is held; true: signal bus->wake */
bool bus_queue_locked(struct bus *bus, struct item *item);

/** bus_item_push() - queue an item; any thread; false when stopping */
bool bus_item_push(struct bus *bus, struct item *item);

/* ---- consumer.c: loop ---- */

/** consumers_deliver() - hand a committed batch's records to all consumers */
void consumers_deliver(struct bus *bus, const struct bus_record *records, size_t count);

/** consumer_read() - fetch the next page of a lagging consumer, if it has room */
void consumer_read(struct bus_consumer *c);

/** consumer_takes() - does a record match its subjects? */
bool consumer_takes(const struct bus_consumer *c, const struct bus_record *r);

/** consumer_free() - release a closed consumer */
void consumer_free(struct bus_consumer *c);

/* ---- reader.c ---- */

struct page {
    struct list link;
    struct bus_consumer *consumer; /* its name, ns and subjects are immutable */
    struct arena *arena;
    uint64_t from;
    size_t limit;
    /* Result. */
    struct bus_record *records;
    size_t count;
    uint64_t next; /* where the next page begins */
    bool is_end;   /* nothing newer was there */
    struct err err;
    struct loop_task task;
};

int bus_reader_start(struct bus *bus, struct err *err);
void bus_reader_stop(struct bus *bus);

/** bus_reader_request() - queue a page; page->task runs on the loop when it is there */
void bus_reader_request(struct bus *bus, struct page *page);
