/*
 * The bus writer: everything that waits becomes one commit (group commit). Then publishers are
 * told, on this thread, and the batch goes to the loop for delivery. When the disk refuses, the
 * batch is tried again until it works.
 */
#include <signal.h>
#include <time.h>

#include "base/fault.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "events/bus/embedded_internal.h"

enum {
    LAZY_MS = 5,
    TRIM_EVERY_RECORDS = 4096,
    TRIM_EVERY_MS = 3600000,
    RECORD_OVERHEAD_BYTES = 64
};

/* Traces and moved cursors wait a little for a commit that has to be made anyway: what a crash
 * takes of them is delivered again. */
static bool is_lazy(const struct item *item)
{
    return item->kind == ITEM_TRACE || (item->kind == ITEM_CURSOR && !item->settled);
}

bool bus_queue_locked(struct bus *bus, struct item *item)
{
    bool was_empty = list_is_empty(&bus->queue), is_urgent = !is_lazy(item);

    list_append(&bus->queue, &item->link);
    bus->queue_len++;
    bus->urgent += is_urgent;
    return (bus->rest == WRITER_SLEEPS && was_empty) ||
           (bus->rest == WRITER_DOZES && is_urgent && bus->urgent == 1);
}

bool bus_item_push(struct bus *bus, struct item *item)
{
    bool must_wake;

    pthread_mutex_lock(&bus->lock);
    if (bus->is_stopping) {
        pthread_mutex_unlock(&bus->lock);
        return false;
    }
    must_wake = bus_queue_locked(bus, item);
    pthread_mutex_unlock(&bus->lock);
    if (must_wake)
        pthread_cond_signal(&bus->wake);
    return true;
}

static int run(sqlite3_stmt *s)
{
    int code = sqlite3_step(s);

    sqlite3_reset(s);
    return code == SQLITE_DONE ? 0 : -1;
}

static size_t record_bytes(const struct bus_record *r)
{
    return r->payload.len + r->id.len + r->source.len + r->event.len + r->ns.len +
           RECORD_OVERHEAD_BYTES;
}

static int write_record(struct bus *bus, struct item *item, uint64_t *next)
{
    struct bus_record *r = &item->record;
    int64_t oldest_ms = r->stored.ms - (int64_t) bus->dedup_ms;
    uint64_t earlier = dedup_find(&bus->dedup, r->ns, r->id, oldest_ms);

    item->is_duplicate = earlier != 0;
    if (item->is_duplicate) {
        r->seq = earlier;
        return 0;
    }
    r->seq = *next;
    sqlite3_bind_int64(bus->insert, 1, (int64_t) r->seq);
    sqlite3_bind_int64(bus->insert, 2, r->stored.ms);
    bus_bind(bus->insert, 3, r->ns);
    bus_bind(bus->insert, 4, r->source);
    bus_bind(bus->insert, 5, r->event);
    bus_bind(bus->insert, 6, r->id);
    bus_bind(bus->insert, 7, r->payload);
    if (run(bus->insert) < 0)
        return -1;
    (*next)++;
    dedup_add(&bus->dedup, r, oldest_ms);
    return 0;
}

static int write_trace(struct bus *bus, const struct bus_trace *t)
{
    sqlite3_bind_int64(bus->trace_put, 1, t->at.ms);
    bus_bind(bus->trace_put, 2, t->event_id);
    bus_bind(bus->trace_put, 3, t->stage);
    bus_bind(bus->trace_put, 4, t->subject);
    bus_bind(bus->trace_put, 5, t->detail);
    return run(bus->trace_put);
}

static int write_item(struct bus *bus, struct item *item, uint64_t *next)
{
    switch (item->kind) {
    case ITEM_RECORD:
        return write_record(bus, item, next);
    case ITEM_TRACE:
        return write_trace(bus, &item->trace);
    case ITEM_CURSOR:
        bus_bind(bus->cursor_put, 1, item->name);
        sqlite3_bind_int64(bus->cursor_put, 2, (int64_t) item->seq);
        return run(bus->cursor_put);
    case ITEM_CURSOR_DROP:
        bus_bind(bus->cursor_drop, 1, item->name);
        return run(bus->cursor_drop);
    }
    return -1;
}

static int delete_up_to(struct bus *bus, const char *sql, int64_t bound)
{
    sqlite3_stmt *s;
    int code;

    if (sqlite3_prepare_v2(bus->db, sql, -1, &s, NULL) != SQLITE_OK)
        return -1;
    sqlite3_bind_int64(s, 1, bound);
    code = sqlite3_step(s);
    sqlite3_finalize(s);
    return code == SQLITE_DONE ? sqlite3_changes(bus->db) : -1;
}

static int read_number(struct bus *bus, const char *sql, int64_t *ret)
{
    sqlite3_stmt *s = NULL;
    int result = -1;

    if (sqlite3_prepare_v2(bus->db, sql, -1, &s, NULL) == SQLITE_OK &&
        sqlite3_step(s) == SQLITE_ROW) {
        *ret = sqlite3_column_int64(s, 0);
        result = 0;
    }
    sqlite3_finalize(s);
    return result;
}

/* What a look at retention came to; counted once it is committed. */
struct trimmed {
    bool has_looked;
    int64_t gone, bytes; /* records; bytes that are left */
    int64_t unseen;      /* records that went before all sensors had seen them */
};

static int count_bytes(struct bus *bus, struct trimmed *t)
{
    return read_number(bus, "SELECT coalesce(sum(length(payload) + 200), 0) FROM record",
                       &t->bytes);
}

static int trim_by_size(struct bus *bus, struct trimmed *t)
{
    int gone = 1;

    while (t->bytes > (int64_t) bus->retain_bytes && gone > 0) {
        gone = delete_up_to(bus,
                            "DELETE FROM record WHERE seq < (SELECT min(seq) FROM record) + ?1",
                            TRIM_EVERY_RECORDS);
        if (gone < 0 || count_bytes(bus, t) < 0)
            return -1;
        t->gone += gone;
    }
    return 0;
}

/* Retention by age and size; what some cursor has not passed goes, too, but not without a word.
 */
static int trim(struct bus *bus, int64_t now_ms, struct trimmed *t)
{
    int64_t lagging, oldest_kept;
    int gone;

    *t = (struct trimmed){.has_looked = true};
    if (read_number(bus, "SELECT coalesce(min(seq), 9223372036854775807) FROM cursor",
                    &lagging) < 0)
        return -1;
    gone = delete_up_to(bus,
                        "DELETE FROM record WHERE seq < (SELECT coalesce(min(seq), 0) FROM "
                        "record WHERE at >= ?1)",
                        now_ms - (int64_t) bus->retain_ms);
    if (gone < 0 || count_bytes(bus, t) < 0)
        return -1;
    t->gone = gone;
    if (trim_by_size(bus, t) < 0 ||
        delete_up_to(bus, "DELETE FROM trace WHERE at < ?1",
                     now_ms - (int64_t) bus->retain_ms) < 0 ||
        read_number(bus, "SELECT coalesce(min(seq), 0) FROM record", &oldest_kept) < 0)
        return -1;
    if (oldest_kept - 1 > lagging)
        t->unseen = oldest_kept - lagging - 1;
    return 0;
}

/* The look is committed. */
static void count_trimmed(struct bus *bus, const struct trimmed *t, int64_t now_ms)
{
    bus->trimmed_ms = now_ms;
    bus->untrimmed = 0;
    atomic_fetch_add(&bus->trimmed, (unsigned long long) t->gone);
    atomic_store(&bus->stored_bytes, (unsigned long long) t->bytes);
    bus->is_batch_counted = true; /* its rows are among them */
    if (t->unseen)
        log_warn(NULL, "events were trimmed before all sensors had seen them",
                 LOG_I64(COUNT, t->unseen));
}

/* After many records; on a quiet bus after some time, or what is old would stay for ever. */
static bool must_trim(const struct bus *bus, int64_t now_ms)
{
    int64_t every_ms =
        bus->retain_ms < TRIM_EVERY_MS ? (int64_t) bus->retain_ms : TRIM_EVERY_MS;

    return bus->untrimmed >= TRIM_EVERY_RECORDS || now_ms - bus->trimmed_ms >= every_ms;
}

static int write_all(struct bus *bus, struct list *batch, uint64_t *next)
{
    struct trimmed trimmed = {0};
    int64_t now_ms = clock_wall().ms;

    if (run(bus->begin) < 0)
        return -1;
    LIST_FOREACH (item, batch, struct item, link) {
        if (write_item(bus, item, next) < 0)
            return -1;
    }
    if (must_trim(bus, now_ms) && trim(bus, now_ms, &trimmed) < 0)
        return -1;
    FAULT_POINT("bus.append.before_commit");
    if (run(bus->commit) < 0)
        return -1;
    FAULT_POINT("bus.append.after_commit");
    if (trimmed.has_looked)
        count_trimmed(bus, &trimmed, now_ms);
    return 0;
}

static void wait_a_little(struct bus *bus)
{
    struct timespec until = bus_deadline(bus->retry_ms);

    pthread_mutex_lock(&bus->lock);
    pthread_cond_timedwait(&bus->wake, &bus->lock, &until);
    pthread_mutex_unlock(&bus->lock);
}

/* Ids that a failed attempt put into the table: they are not stored. */
static void rebuild_dedup(struct bus *bus)
{
    struct dedup *d = &bus->dedup;
    struct dedup kept = {0};

    for (size_t i = 0; i < d->len; i++) {
        struct dedup_entry *e = &d->ring[(d->head + i) & (d->room - 1)];

        if (e->seq < bus->next_seq)
            dedup_add_entry(&kept, e);
    }
    dedup_done(d);
    *d = kept;
}

static void write_batch(struct bus *bus, struct list *batch)
{
    uint64_t next = bus->next_seq;
    struct err err;

    while (write_all(bus, batch, &next) < 0) {
        bus_db_error(bus->db, "write the bus", &err);
        if (!atomic_exchange(&bus->is_stalled, true))
            log_error(NULL, "the bus cannot write: waiting", LOG_ERR(&err));
        if (!sqlite3_get_autocommit(bus->db))
            run(bus->rollback);
        rebuild_dedup(bus);
        next = bus->next_seq;
        wait_a_little(bus);
    }
    if (atomic_exchange(&bus->is_stalled, false))
        log_info(NULL, "the bus writes again");
    bus->untrimmed += next - bus->next_seq;
    bus->next_seq = next;
}

static void tell_publishers(struct bus *bus, struct list *batch)
{
    const struct err none = {0};

    LIST_FOREACH (item, batch, struct item, link) {
        if (item->kind != ITEM_RECORD)
            continue;
        if (item->is_duplicate) {
            atomic_fetch_add(&bus->duplicates, 1);
        } else {
            atomic_fetch_add(&bus->stored_events, 1);
            if (!bus->is_batch_counted)
                atomic_fetch_add(&bus->stored_bytes, record_bytes(&item->record));
        }
        if (item->published)
            item->published(item->ctx, item->record.seq, item->is_duplicate, &none);
    }
    bus->is_batch_counted = false;
}

static void post_batch(struct bus *bus, struct list *batch)
{
    bool must_post;

    pthread_mutex_lock(&bus->lock);
    list_splice(&bus->done, batch);
    must_post = !bus->is_task_posted;
    bus->is_task_posted = true;
    pthread_mutex_unlock(&bus->lock);
    if (must_post)
        loop_post(bus->loop, &bus->task);
}

/* Until something is to be committed: what somebody waits for at once, the rest after LAZY_MS.
 * With the lock. */
static void wait_for_work(struct bus *bus)
{
    struct timespec until = bus_deadline(LAZY_MS);
    bool is_over = false;

    while (bus->urgent == 0 && !bus->is_stopping) {
        if (!is_over) {
            bus->rest = WRITER_DOZES;
            is_over = pthread_cond_timedwait(&bus->wake, &bus->lock, &until) != 0;
        } else if (list_is_empty(&bus->queue)) {
            bus->rest = WRITER_SLEEPS;
            pthread_cond_wait(&bus->wake, &bus->lock);
            until = bus_deadline(LAZY_MS);
            is_over = false;
        } else {
            break;
        }
    }
    bus->rest = WRITER_WORKS;
}

static void *writer_main(void *ctx)
{
    struct bus *bus = ctx;
    struct list batch;

    for (;;) {
        list_init(&batch);
        pthread_mutex_lock(&bus->lock);
        wait_for_work(bus);
        list_splice(&batch, &bus->queue);
        bus->queue_len = bus->urgent = 0;
        if (bus->waiting_publishers)
            pthread_cond_broadcast(&bus->room);
        pthread_mutex_unlock(&bus->lock);
        if (list_is_empty(&batch))
            return NULL;
        write_batch(bus, &batch);
        atomic_store(&bus->newest, bus->next_seq - 1);
        tell_publishers(bus, &batch);
        post_batch(bus, &batch);
    }
}

int bus_writer_start(struct bus *bus, struct err *err)
{
    sigset_t all, kept;
    int error;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &kept);
    error = pthread_create(&bus->writer, NULL, writer_main, bus);
    pthread_sigmask(SIG_SETMASK, &kept, NULL);
    bus->has_writer = error == 0;
    return error ? err_sys(err, error, "start the bus writer") : 0;
}

void bus_writer_stop(struct bus *bus)
{
    if (!bus->has_writer)
        return;
    pthread_mutex_lock(&bus->lock);
    bus->is_stopping = true;
    pthread_cond_signal(&bus->wake);
    pthread_cond_broadcast(&bus->room);
    pthread_mutex_unlock(&bus->lock);
    pthread_join(bus->writer, NULL);
    bus->has_writer = false;
}
