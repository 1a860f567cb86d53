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
    LAZY_NS = 5000000,
    GATHER_MAX_NS = 500000,
    TRIM_EVERY_RECORDS = 4096,
    TRIM_EVERY_MS = 3600000,
    LAST_TRIES = 10,
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
           (bus->rest == WRITER_DOZES && is_urgent && bus->urgent == 1) ||
           (bus->rest == WRITER_GATHERS && is_urgent && bus->urgent == bus->enough);
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

/* What becomes one commit. */
struct batch {
    struct list items;
    size_t urgent;           /* how many somebody waits for */
    size_t bytes;            /* of its new records, in this attempt */
    struct timespec open_to; /* what comes later is of the next */
    bool is_closed;
};

static int run(sqlite3_stmt *s)
{
    int code = sqlite3_step(s);

    sqlite3_reset(s);
    return code == SQLITE_DONE ? 0 : -1;
}

static int write_record(struct bus *bus, struct batch *batch, struct item *item, uint64_t *next)
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
    batch->bytes += r->payload.len + BUS_RECORD_OVERHEAD_BYTES;
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

static int write_item(struct bus *bus, struct batch *batch, struct item *item, uint64_t *next)
{
    switch (item->kind) {
    case ITEM_RECORD:
        return write_record(bus, batch, item, next);
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

static int read_number(struct bus *bus, const char *sql, int64_t bound, int64_t *ret)
{
    sqlite3_stmt *s = NULL;
    int result = -1;

    if (sqlite3_prepare_v2(bus->db, sql, -1, &s, NULL) == SQLITE_OK &&
        (sqlite3_bind_parameter_count(s) == 0 ||
         sqlite3_bind_int64(s, 1, bound) == SQLITE_OK) &&
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
    int64_t gone, bytes; /* records, and how many bytes they were */
    int64_t unseen;      /* records that went before all sensors had seen them */
};

/* The records before @seq. What stays is not read: it may be a thousand times as much. */
static int drop_before(struct bus *bus, int64_t seq, struct trimmed *t)
{
    int64_t bytes;
    int gone;

    if (read_number(bus, "SELECT " BUS_BYTES_SQL " FROM record WHERE seq < ?1", seq, &bytes) <
        0)
        return -1;
    gone = delete_up_to(bus, "DELETE FROM record WHERE seq < ?1", seq);
    if (gone < 0)
        return -1;
    t->bytes += bytes;
    t->gone += gone;
    return gone;
}

static int trim_by_size(struct bus *bus, const struct batch *batch, struct trimmed *t)
{
    int64_t stored = (int64_t) (atomic_load(&bus->stored_bytes) + batch->bytes);
    int gone = 1;

    while (stored - t->bytes > (int64_t) bus->retain_bytes && gone > 0) {
        int64_t oldest;

        if (read_number(bus, "SELECT coalesce(min(seq), 0) FROM record", 0, &oldest) < 0)
            return -1;
        gone = drop_before(bus, oldest + TRIM_EVERY_RECORDS, t);
        if (gone < 0)
            return -1;
    }
    return 0;
}

static int trim_by_age(struct bus *bus, int64_t oldest_ms, struct trimmed *t)
{
    int64_t first;

    if (read_number(bus, "SELECT coalesce(min(seq), 0) FROM record WHERE at >= ?1", oldest_ms,
                    &first) < 0 ||
        drop_before(bus, first, t) < 0)
        return -1;
    return delete_up_to(bus, "DELETE FROM trace WHERE at < ?1", oldest_ms) < 0 ? -1 : 0;
}

/* Retention by age and size; what some cursor has not passed goes, too, but not without a word.
 */
static int trim(struct bus *bus, const struct batch *batch, int64_t now_ms, struct trimmed *t)
{
    int64_t lagging, oldest_kept;

    *t = (struct trimmed){.has_looked = true};
    if (read_number(bus, "SELECT coalesce(min(seq), 9223372036854775807) FROM cursor", 0,
                    &lagging) < 0 ||
        trim_by_age(bus, now_ms - (int64_t) bus->retain_ms, t) < 0 ||
        trim_by_size(bus, batch, t) < 0 ||
        read_number(bus, "SELECT coalesce(min(seq), 0) FROM record", 0, &oldest_kept) < 0)
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
    atomic_fetch_sub(&bus->stored_bytes, (unsigned long long) t->bytes);
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

static int write_list(struct bus *bus, struct batch *batch, struct list *items, uint64_t *next)
{
    LIST_FOREACH (item, items, struct item, link) {
        if (write_item(bus, batch, item, next) < 0)
            return -1;
    }
    return 0;
}

/* The queue, behind what the batch has. With the lock. */
static void take_queue(struct bus *bus, struct batch *batch, struct list *ret)
{
    list_splice(ret, &bus->queue);
    batch->urgent += bus->urgent;
    bus->queue_len = bus->urgent = 0;
    if (bus->waiting_publishers)
        pthread_cond_broadcast(&bus->room);
}

/* Those whose records were stored with the last commit, and those that had come meanwhile, were
 * at work at the same time and will be again: one commit for all of them costs hardly more than
 * one for the first. Half of the missing is enough to go on with. With the lock. */
static void gather(struct bus *bus, const struct batch *batch)
{
    size_t missing = bus->wanted > batch->urgent ? bus->wanted - batch->urgent : 0;

    bus->enough = (missing + 1) / 2;
    bus->rest = WRITER_GATHERS;
    while (bus->urgent < bus->enough && !bus->is_stopping)
        if (pthread_cond_timedwait(&bus->wake, &bus->lock, &batch->open_to) != 0)
            break;
    bus->rest = WRITER_WORKS;
}

static bool is_past(const struct timespec *t)
{
    struct timespec now = bus_deadline(0);

    return now.tv_sec > t->tv_sec || (now.tv_sec == t->tv_sec && now.tv_nsec >= t->tv_nsec);
}

/* What came while the batch was written joins it, not longer than a commit takes: whoever is
 * alone waits for nobody. Then the batch is closed. */
static void take_more(struct bus *bus, struct batch *batch, struct list *ret)
{
    bool is_late = is_past(&batch->open_to);

    list_init(ret);
    pthread_mutex_lock(&bus->lock);
    if (bus->urgent == 0 && !is_late)
        gather(bus, batch);
    if (bus->urgent > 0)
        take_queue(bus, batch, ret);
    batch->is_closed = is_late || list_is_empty(ret);
    bus->batch += batch->is_closed; /* whoever waits counts on being in the one that was open */
    pthread_mutex_unlock(&bus->lock);
}

static int write_joining(struct bus *bus, struct batch *batch, uint64_t *next)
{
    struct list more;
    int result = write_list(bus, batch, &batch->items, next);

    while (!batch->is_closed && result == 0) {
        take_more(bus, batch, &more);
        result = write_list(bus, batch, &more, next);
        list_splice(&batch->items, &more);
    }
    return result;
}

static int commit(struct bus *bus)
{
    uint64_t start_ns = clock_mono().ns;

    FAULT_POINT("bus.append.before_commit");
    if (run(bus->commit) < 0)
        return -1;
    FAULT_POINT("bus.append.after_commit");
    bus->commit_ns = clock_mono().ns - start_ns;
    return 0;
}

static int write_all(struct bus *bus, struct batch *batch, uint64_t *next)
{
    struct trimmed trimmed = {0};
    int64_t now_ms = clock_wall().ms;

    batch->bytes = 0;
    if (run(bus->begin) < 0 || write_joining(bus, batch, next) < 0)
        return -1;
    if (must_trim(bus, now_ms) && trim(bus, batch, now_ms, &trimmed) < 0)
        return -1;
    if (commit(bus) < 0)
        return -1;
    atomic_fetch_add(&bus->stored_bytes, batch->bytes);
    if (trimmed.has_looked)
        count_trimmed(bus, &trimmed, now_ms);
    return 0;
}

static void wait_a_little(struct bus *bus)
{
    struct timespec until = bus_deadline(bus->retry_ms * 1000000U);

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

static bool is_stopping(struct bus *bus)
{
    bool is;

    pthread_mutex_lock(&bus->lock);
    is = bus->is_stopping;
    pthread_mutex_unlock(&bus->lock);
    return is;
}

/* Until it works; when the bus is being closed, not for ever: then -1, and nothing is stored.
 */
static int write_batch(struct bus *bus, struct batch *batch, struct err *err)
{
    uint64_t next = bus->next_seq;
    int last_tries = LAST_TRIES;

    while (write_all(bus, batch, &next) < 0) {
        schema_error(bus->db, "write the bus", err);
        if (!atomic_exchange(&bus->is_stalled, true))
            log_error(NULL, "the bus cannot write: waiting", LOG_ERR(err));
        if (!sqlite3_get_autocommit(bus->db))
            run(bus->rollback);
        rebuild_dedup(bus);
        next = bus->next_seq;
        if (is_stopping(bus) && last_tries-- == 0)
            return -1;
        wait_a_little(bus);
    }
    if (atomic_exchange(&bus->is_stalled, false))
        log_info(NULL, "the bus writes again");
    bus->untrimmed += next - bus->next_seq;
    bus->next_seq = next;
    return 0;
}

/* Nobody was told that it is stored: it is not. */
static void refuse_batch(struct list *batch, const struct err *why)
{
    log_error(NULL, "the bus is closed with events that it could not write", LOG_ERR(why));
    while (!list_is_empty(batch)) {
        struct item *item = LIST_ENTRY(batch->next, struct item, link);

        list_remove(&item->link);
        if (item->kind == ITEM_RECORD && item->published)
            item->published(item->ctx, 0, false, why);
        free(item);
    }
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
        }
        if (item->published)
            item->published(item->ctx, item->record.seq, item->is_duplicate, &none);
    }
}

/* Does somebody on the loop want to see it? */
static bool is_for_loop(const struct bus *bus, const struct item *item)
{
    return item->settled != NULL || (item->kind == ITEM_RECORD && !item->is_duplicate &&
                                     atomic_load(&bus->consumer_count) > 0);
}

static void free_the_rest(struct bus *bus, struct list *batch)
{
    struct list *next;

    for (struct list *at = batch->next; at != batch; at = next) {
        struct item *item = LIST_ENTRY(at, struct item, link);

        next = at->next;
        if (is_for_loop(bus, item))
            continue;
        list_remove(&item->link);
        free(item);
    }
}

static void post_batch(struct bus *bus, struct list *batch)
{
    bool must_post;

    free_the_rest(bus, batch);
    if (list_is_empty(batch))
        return;
    pthread_mutex_lock(&bus->lock);
    list_splice(&bus->done, batch);
    must_post = !bus->is_task_posted;
    bus->is_task_posted = true;
    pthread_mutex_unlock(&bus->lock);
    if (must_post)
        loop_post(bus->loop, &bus->task);
}

/* Until something is to be committed: what somebody waits for at once, the rest after LAZY_NS.
 * With the lock. */
static void wait_for_work(struct bus *bus)
{
    struct timespec until = bus_deadline(LAZY_NS);
    bool is_over = false;

    while (bus->urgent == 0 && !bus->is_stopping) {
        if (!is_over) {
            bus->rest = WRITER_DOZES;
            is_over = pthread_cond_timedwait(&bus->wake, &bus->lock, &until) != 0;
        } else if (list_is_empty(&bus->queue)) {
            bus->rest = WRITER_SLEEPS;
            pthread_cond_wait(&bus->wake, &bus->lock);
            until = bus_deadline(LAZY_NS);
            is_over = false;
        } else {
            break;
        }
    }
    bus->rest = WRITER_WORKS;
}

/* How many are at work at the same time: see gather(). */
static void expect(struct bus *bus, const struct batch *batch)
{
    pthread_mutex_lock(&bus->lock);
    bus->wanted = batch->urgent + bus->urgent;
    pthread_mutex_unlock(&bus->lock);
}

static void *writer_main(void *ctx)
{
    struct bus *bus = ctx;
    struct err err;

    for (;;) {
        struct batch batch = {0};
        struct gate *stored;

        list_init(&batch.items);
        pthread_mutex_lock(&bus->lock);
        wait_for_work(bus);
        take_queue(bus, &batch, &batch.items);
        stored = &bus->stored[bus->batch & 1];
        pthread_mutex_unlock(&bus->lock);
        if (list_is_empty(&batch.items))
            return NULL;
        batch.open_to =
            bus_deadline(bus->commit_ns < GATHER_MAX_NS ? bus->commit_ns : GATHER_MAX_NS);
        if (write_batch(bus, &batch, &err) < 0) {
            refuse_batch(&batch.items, &err);
            gate_open(stored);
            continue;
        }
        atomic_store(&bus->newest, bus->next_seq - 1);
        expect(bus, &batch);
        tell_publishers(bus, &batch.items);
        gate_open(stored);
        post_batch(bus, &batch.items);
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
