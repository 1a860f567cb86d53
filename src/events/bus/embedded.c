/* Opening and closing the embedded bus, publishing, and its turn on the loop. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/mem.h"
#include "events/bus/embedded_internal.h"

enum { RETRY_MS = 100, DEDUP_WINDOW_MS = 300000, TRACE_QUEUE_MAX = 4 * 8192 };

/* ---- publishing: any thread ---- */

static struct str put(char **to, struct str s)
{
    struct str made = str_of(*to, s.len);

    if (s.len)
        memcpy(*to, s.ptr, s.len);
    (*to)[s.len] = '\0';
    *to += s.len + 1;
    return made;
}

static struct item *record_item(const struct bus_record *r, bus_published_fn done, void *ctx)
{
    struct item *item = mem_resize(NULL, 1,
                                   sizeof(*item) + r->id.len + r->source.len + r->event.len +
                                       r->ns.len + r->payload.len + 5);
    char *to = item->text;

    *item = (struct item){.kind = ITEM_RECORD, .published = done, .ctx = ctx};
    item->record = (struct bus_record){.id = put(&to, r->id),
                                       .source = put(&to, r->source),
                                       .event = put(&to, r->event),
                                       .ns = put(&to, r->ns),
                                       .payload = put(&to, r->payload),
                                       .stored = clock_wall()};
    return item;
}

static int check_size(const struct bus_record *r, struct err *err)
{
    if (r->payload.len > BUS_EVENT_MAX_BYTES)
        return err_set(err, ERR_LIMIT, "event of %zu bytes (limit %d)", r->payload.len,
                       BUS_EVENT_MAX_BYTES);
    return 0;
}

/* Puts a record into the queue under the lock; true when the writer must be woken. */
static bool push_locked(struct bus *bus, struct item *item)
{
    atomic_fetch_add_explicit(&bus->published, 1, memory_order_relaxed);
    return bus_queue_locked(bus, item);
}

int bus_publish(struct bus *bus, const struct bus_record *rec, bus_published_fn done, void *ctx,
                struct err *err)
{
    struct item *item;
    bool must_wake;

    if (check_size(rec, err) < 0)
        return -1;
    item = record_item(rec, done, ctx);
    pthread_mutex_lock(&bus->lock);
    if (bus->queue_len >= BUS_QUEUE_MAX_EVENTS || bus->is_stopping) {
        pthread_mutex_unlock(&bus->lock);
        free(item);
        return err_set(err, ERR_TRANSIENT, "%d events wait for the bus", BUS_QUEUE_MAX_EVENTS);
    }
    must_wake = push_locked(bus, item);
    pthread_mutex_unlock(&bus->lock);
    if (must_wake)
        pthread_cond_signal(&bus->wake);
    return 0;
}

struct waited {
    bool is_duplicate;
    struct err err;
    atomic_bool is_done; /* then the waiter may be gone */
};

static void on_published(void *ctx, uint64_t seq, bool is_duplicate, const struct err *err)
{
    struct waited *w = ctx;

    (void) seq;
    w->err = *err;
    w->is_duplicate = is_duplicate;
    atomic_store(&w->is_done, true); /* the writer opens the gate when all are told */
}

struct timespec bus_deadline(uint64_t wait_ns)
{
    struct timespec until;

    clock_gettime(CLOCK_REALTIME, &until);
    wait_ns += (uint64_t) until.tv_nsec;
    until.tv_sec += (time_t) (wait_ns / 1000000000U);
    until.tv_nsec = (long) (wait_ns % 1000000000U);
    return until;
}

static void wait_stored(struct gate *gate, struct waited *w)
{
    while (!atomic_load(&w->is_done)) {
        unsigned seen = gate_look(gate);

        if (!atomic_load(&w->is_done))
            gate_wait(gate, seen);
    }
}

int bus_publish_wait(struct bus *bus, const struct bus_record *rec, uint64_t max_wait_ms,
                     struct err *err)
{
    struct waited w = {0};
    struct timespec until = bus_deadline(max_wait_ms * 1000000U);
    struct gate *gate;
    struct item *item;
    bool must_wake;
    int code = 0;

    if (check_size(rec, err) < 0)
        return -1;
    item = record_item(rec, on_published, &w);
    pthread_mutex_lock(&bus->lock);
    bus->waiting_publishers++;
    while (bus->queue_len >= BUS_QUEUE_MAX_EVENTS && !bus->is_stopping && code == 0)
        code = pthread_cond_timedwait(&bus->room, &bus->lock, &until);
    bus->waiting_publishers--;
    if (bus->is_stopping || code != 0) {
        pthread_mutex_unlock(&bus->lock);
        free(item);
        return err_set(err, ERR_TRANSIENT, "%d events wait for the bus", BUS_QUEUE_MAX_EVENTS);
    }
    must_wake = push_locked(bus, item);
    gate = &bus->stored[bus->batch & 1];
    pthread_mutex_unlock(&bus->lock);
    if (must_wake)
        pthread_cond_signal(&bus->wake);
    wait_stored(gate, &w);
    if (w.err.kind != ERR_NONE) {
        *err = w.err;
        return -1;
    }
    return w.is_duplicate ? 1 : 0;
}

void bus_trace_add(struct bus *bus, const struct bus_trace *t)
{
    struct item *item = mem_alloc(sizeof(*item) + t->event_id.len + t->stage.len +
                                  t->subject.len + t->detail.len + 4);
    char *to = item->text;
    bool has_room;

    item->kind = ITEM_TRACE;
    item->trace = (struct bus_trace){.event_id = put(&to, t->event_id),
                                     .stage = put(&to, t->stage),
                                     .subject = put(&to, t->subject),
                                     .detail = put(&to, t->detail),
                                     .at = t->at};
    pthread_mutex_lock(&bus->lock);
    has_room = bus->queue_len < TRACE_QUEUE_MAX;
    pthread_mutex_unlock(&bus->lock);
    if (!has_room || !bus_item_push(bus, item))
        free(item);
}

/* ---- the loop ---- */

static void settle_item(struct item *item)
{
    if (item->settled)
        item->settled(item->ctx);
}

static void on_loop(struct loop_task *task)
{
    struct bus *bus = CONTAINER_OF(task, struct bus, task);
    struct bus_record *records;
    struct list done;
    size_t count = 0, len = 0;

    list_init(&done);
    pthread_mutex_lock(&bus->lock);
    list_splice(&done, &bus->done);
    bus->is_task_posted = false;
    pthread_mutex_unlock(&bus->lock);
    LIST_FOREACH (item, &done, struct item, link) {
        len += item->kind == ITEM_RECORD && !item->is_duplicate;
    }
    records = mem_array(len, sizeof(*records));
    LIST_FOREACH (item, &done, struct item, link) {
        if (item->kind == ITEM_RECORD && !item->is_duplicate)
            records[count++] = item->record;
    }
    bus->is_delivering = true;
    if (count > 0)
        consumers_deliver(bus, records, count);
    bus->is_delivering = false;
    LIST_FOREACH (c, &bus->consumers, struct bus_consumer, link) {
        if (c->is_closed && !c->page)
            consumer_free(c);
    }
    free(records);
    while (!list_is_empty(&done)) {
        struct item *item = LIST_ENTRY(done.next, struct item, link);

        list_remove(&item->link);
        settle_item(item);
        free(item);
    }
}

/* ---- opening ---- */

static int lock_folder(struct bus *bus, const char *path, struct err *err)
{
    char file[4096];

    snprintf(file, sizeof(file), "%s/bus.lock", path);
    if (mkdir(path, 0700) < 0 && errno != EEXIST)
        return err_sys(err, errno, "make folder %s", path);
    bus->lock_fd = open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (bus->lock_fd < 0)
        return err_sys(err, errno, "open %s", file);
    if (flock(bus->lock_fd, LOCK_EX | LOCK_NB) < 0)
        return err_set(err, ERR_EXISTS, "the bus in %s is in use by another tiphys", path);
    return 0;
}

static int prepare(struct bus *bus, struct err *err)
{
    const struct {
        sqlite3_stmt **s;
        const char *sql;
    } table[] = {
        {&bus->begin, "BEGIN IMMEDIATE"},
        {&bus->commit, "COMMIT"},
        {&bus->rollback, "ROLLBACK"},
        {&bus->insert, "INSERT INTO record (seq, at, ns, source, event, id, payload) VALUES "
                       "(?, ?, ?, ?, ?, ?, ?)"},
        {&bus->cursor_put, "INSERT INTO cursor (name, seq) VALUES (?, ?) ON CONFLICT (name) DO "
                           "UPDATE SET seq = excluded.seq"},
        {&bus->cursor_drop, "DELETE FROM cursor WHERE name = ?"},
        {&bus->trace_put,
         "INSERT INTO trace (at, event, stage, subject, detail) VALUES (?, ?, ?, ?, ?)"},
    };

    for (size_t i = 0; i < COUNT_OF(table); i++)
        if (sqlite3_prepare_v3(bus->db, table[i].sql, -1, SQLITE_PREPARE_PERSISTENT, table[i].s,
                               NULL) != SQLITE_OK)
            return schema_error(bus->db, "prepare the bus", err);
    return 0;
}

static struct str column(sqlite3_stmt *s, int at)
{
    const char *text = (const char *) sqlite3_column_text(s, at);

    return str_of(text, (size_t) sqlite3_column_bytes(s, at));
}

typedef void (*row_fn)(struct bus *bus, sqlite3_stmt *row);

/* All rows of a statement with at most one parameter. Half of them would be a wrong answer:
 * cursors that are missing, events that come again. */
static int load_rows(struct bus *bus, const char *sql, int64_t bound, row_fn fn,
                     struct err *err)
{
    sqlite3_stmt *s = NULL;
    int code = sqlite3_prepare_v2(bus->db, sql, -1, &s, NULL);

    if (code == SQLITE_OK) {
        sqlite3_bind_int64(s, 1, bound);
        while ((code = sqlite3_step(s)) == SQLITE_ROW)
            fn(bus, s);
    }
    if (code != SQLITE_DONE)
        schema_error(bus->db, "load the bus", err);
    sqlite3_finalize(s);
    return code == SQLITE_DONE ? 0 : -1;
}

static void load_id(struct bus *bus, sqlite3_stmt *row)
{
    const struct bus_record r = {
        .id = column(row, 0),
        .ns = column(row, 1),
        .seq = (uint64_t) sqlite3_column_int64(row, 2),
        .stored.ms = sqlite3_column_int64(row, 3),
    };

    dedup_add(&bus->dedup, &r, r.stored.ms - (int64_t) bus->dedup_ms);
}

/* All records may be trimmed: numbers are never used again. */
static void load_cursor(struct bus *bus, sqlite3_stmt *row)
{
    struct cursor_row *cursor = NEW(struct cursor_row);

    cursor->seq = (uint64_t) sqlite3_column_int64(row, 1);
    map_put(&bus->cursors, column(row, 0), cursor);
    if (cursor->seq >= bus->next_seq)
        bus->next_seq = cursor->seq + 1;
}

static void load_counters(struct bus *bus, sqlite3_stmt *row)
{
    if ((uint64_t) sqlite3_column_int64(row, 0) >= bus->next_seq)
        bus->next_seq = (uint64_t) sqlite3_column_int64(row, 0) + 1;
    atomic_store(&bus->stored_events, (unsigned long long) sqlite3_column_int64(row, 1));
    atomic_store(&bus->stored_bytes, (unsigned long long) sqlite3_column_int64(row, 2));
}

/* Ids of the window into the table, cursors into the map, counters. */
static int load(struct bus *bus, struct err *err)
{
    int64_t oldest = clock_wall().ms - (int64_t) bus->dedup_ms;

    if (load_rows(bus, "SELECT id, ns, seq, at FROM record WHERE at >= ? ORDER BY seq", oldest,
                  load_id, err) < 0 ||
        load_rows(bus, "SELECT name, seq FROM cursor", 0, load_cursor, err) < 0 ||
        load_rows(bus, "SELECT coalesce(max(seq), 0), count(*), " BUS_BYTES_SQL " FROM record",
                  0, load_counters, err) < 0)
        return -1;
    atomic_store(&bus->newest, bus->next_seq - 1);
    return 0;
}

static void release(struct bus *bus)
{
    sqlite3_stmt *const all[] = {bus->begin,      bus->commit,      bus->rollback, bus->insert,
                                 bus->cursor_put, bus->cursor_drop, bus->trace_put};

    for (size_t i = 0; i < COUNT_OF(all); i++)
        sqlite3_finalize(all[i]);
    checkpointer_close(bus->checkpointer);
    sqlite3_close(bus->db);
    while (!list_is_empty(&bus->consumers))
        consumer_free(LIST_ENTRY(bus->consumers.next, struct bus_consumer, link));
    MAP_FOREACH (it, &bus->cursors)
        free(it->value);
    map_done(&bus->cursors);
    dedup_done(&bus->dedup);
    if (bus->lock_fd >= 0)
        close(bus->lock_fd);
    pthread_mutex_destroy(&bus->lock);
    pthread_mutex_destroy(&bus->read_lock);
    pthread_cond_destroy(&bus->wake);
    pthread_cond_destroy(&bus->room);
    pthread_cond_destroy(&bus->read_wake);
    free(bus->file);
    free(bus);
}

static int set_mode(const char *file, struct err *err)
{
    return chmod(file, 0600) < 0 ? err_sys(err, errno, "set the mode of %s", file) : 0;
}

struct bus *bus_open(const struct bus_options *options, struct err *err)
{
    struct bus *bus = NEW(struct bus);
    char file[4096];
    int len = snprintf(file, sizeof(file), "%s/bus.db", options->path);

    bus->loop = options->loop;
    bus->file = mem_dup(file, strlen(file));
    bus->lock_fd = -1;
    bus->next_seq = 1;
    bus->retain_ms = options->retain_ms ? options->retain_ms : BUS_RETAIN_MAX_MS;
    bus->retain_bytes = options->retain_bytes ? options->retain_bytes : BUS_RETAIN_MAX_BYTES;
    bus->dedup_ms = options->dedup_window_ms ? options->dedup_window_ms : DEDUP_WINDOW_MS;
    bus->retry_ms = options->retry_ms ? options->retry_ms : RETRY_MS;
    bus->task.run = on_loop;
    list_init(&bus->queue);
    list_init(&bus->done);
    list_init(&bus->pages);
    list_init(&bus->consumers);
    pthread_mutex_init(&bus->lock, NULL);
    pthread_mutex_init(&bus->read_lock, NULL);
    pthread_cond_init(&bus->wake, NULL);
    pthread_cond_init(&bus->room, NULL);
    pthread_cond_init(&bus->read_wake, NULL);
    if ((size_t) len >= sizeof(file))
        err_set(err, ERR_LIMIT, "path of the state folder: %d bytes (limit %zu)", len,
                sizeof(file) - 1);
    else if (lock_folder(bus, options->path, err) == 0 &&
             bus_db_open(file, &bus->db, err) == 0 && set_mode(file, err) == 0 &&
             prepare(bus, err) == 0 && load(bus, err) == 0 &&
             (bus->checkpointer = checkpointer_open(file, bus->db, err)) &&
             bus_reader_start(bus, err) == 0 && bus_writer_start(bus, err) == 0)
        return bus;
    bus_reader_stop(bus);
    release(bus);
    return NULL;
}

void bus_close(struct bus *bus)
{
    if (!bus)
        return;
    LIST_FOREACH (c, &bus->consumers, struct bus_consumer, link) {
        if (!c->is_closed)
            bus_consumer_close(c);
    }
    bus_writer_stop(bus);
    bus_reader_stop(bus);
    /* The loop runs no more: what it still had to do with this bus is done or dropped here. */
    if (bus->is_task_posted)
        list_remove(&bus->task.link);
    if (bus->is_save_posted)
        list_remove(&bus->save_task.link);
    while (!list_is_empty(&bus->done)) {
        struct item *item = LIST_ENTRY(bus->done.next, struct item, link);

        list_remove(&item->link);
        free(item);
    }
    release(bus);
}

bool bus_is_stalled(const struct bus *bus)
{
    return atomic_load(&bus->is_stalled);
}

struct bus_stats bus_stats_get(const struct bus *bus)
{
    return (struct bus_stats){
        .stored_events = atomic_load(&bus->stored_events) - atomic_load(&bus->trimmed),
        .stored_bytes = atomic_load(&bus->stored_bytes),
        .published = atomic_load(&bus->published),
        .duplicates = atomic_load(&bus->duplicates),
        .trimmed = atomic_load(&bus->trimmed),
        .newest_seq = atomic_load(&bus->newest),
    };
}
