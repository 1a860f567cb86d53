/* Pages of records from disk for consumers that lag, and the blocking look-ups of bus_find()
 * and bus_trace_list(). */
#include <signal.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/vec.h"
#include "events/bus/embedded_internal.h"

static struct str column(sqlite3_stmt *s, int at, struct arena *a)
{
    const char *text = (const char *) sqlite3_column_text(s, at);

    return str_copy(a, str_of(text ? text : "", (size_t) sqlite3_column_bytes(s, at)));
}

static struct str view(sqlite3_stmt *s, int at)
{
    const char *text = (const char *) sqlite3_column_text(s, at);

    return str_of(text ? text : "", (size_t) sqlite3_column_bytes(s, at));
}

static struct bus_record record_of(sqlite3_stmt *s, struct arena *a)
{
    return (struct bus_record){.seq = (uint64_t) sqlite3_column_int64(s, 0),
                               .stored.ms = sqlite3_column_int64(s, 1),
                               .ns = column(s, 2, a),
                               .source = column(s, 3, a),
                               .event = column(s, 4, a),
                               .id = column(s, 5, a),
                               .payload = column(s, 6, a)};
}

static bool is_taken(const struct bus_consumer *c, sqlite3_stmt *s)
{
    const struct bus_record r = {.ns = view(s, 2), .source = view(s, 3), .event = view(s, 4)};

    return consumer_takes(c, &r);
}

static void read_page(struct page *page, sqlite3 *db, sqlite3_stmt *s)
{
    VEC(struct bus_record) found = {0};
    int code;

    sqlite3_reset(s);
    sqlite3_bind_int64(s, 1, (int64_t) page->from);
    page->next = page->from;
    while ((code = sqlite3_step(s)) == SQLITE_ROW) {
        if (found.len == page->limit)
            break;
        page->next = (uint64_t) sqlite3_column_int64(s, 0) + 1;
        if (is_taken(page->consumer, s))
            VEC_APUSH(page->arena, &found, record_of(s, page->arena));
    }
    page->is_end = code == SQLITE_DONE;
    page->records = found.at;
    page->count = found.len;
    if (code != SQLITE_DONE && code != SQLITE_ROW)
        schema_error(db, "read the bus", &page->err);
    sqlite3_reset(s);
}

static struct page *next_page(struct bus *bus)
{
    struct page *page = NULL;

    pthread_mutex_lock(&bus->read_lock);
    while (list_is_empty(&bus->pages) && !bus->is_read_stopping)
        pthread_cond_wait(&bus->read_wake, &bus->read_lock);
    if (!list_is_empty(&bus->pages)) {
        page = LIST_ENTRY(bus->pages.next, struct page, link);
        list_remove(&page->link);
    }
    pthread_mutex_unlock(&bus->read_lock);
    return page;
}

struct page_reader {
    sqlite3 *db;
    sqlite3_stmt *s;
};

static void reader_close(struct page_reader *r)
{
    sqlite3_finalize(r->s);
    sqlite3_close(r->db);
    *r = (struct page_reader){0};
}

static int reader_open(struct bus *bus, struct page_reader *r, struct err *err)
{
    if (r->s)
        return 0;
    if (bus_db_open(bus->file, &r->db, err) < 0)
        return -1;
    if (sqlite3_prepare_v2(r->db,
                           "SELECT seq, at, ns, source, event, id, payload FROM record WHERE "
                           "seq >= ? ORDER BY seq",
                           -1, &r->s, NULL) == SQLITE_OK)
        return 0;
    schema_error(r->db, "read the bus", err);
    reader_close(r);
    return -1;
}

/* Is the bus still open after a little while? */
static bool wait_a_little(struct bus *bus)
{
    struct timespec until = bus_deadline(bus->retry_ms * 1000000U);
    int code = 0;
    bool is_open;

    pthread_mutex_lock(&bus->read_lock);
    while (!bus->is_read_stopping && code == 0)
        code = pthread_cond_timedwait(&bus->read_wake, &bus->read_lock, &until);
    is_open = !bus->is_read_stopping;
    pthread_mutex_unlock(&bus->read_lock);
    return is_open;
}

/* A disk that refuses is asked again: nobody else would ask for the page, and its consumer
 * would stand still. */
static void fetch(struct bus *bus, struct page_reader *r, struct page *page)
{
    bool has_failed = false;

    for (;;) {
        page->err = (struct err){0};
        if (reader_open(bus, r, &page->err) == 0)
            read_page(page, r->db, r->s);
        if (page->err.kind == ERR_NONE)
            break;
        if (!has_failed)
            log_error(NULL, "the bus cannot read: waiting", LOG_ERR(&page->err));
        has_failed = true;
        reader_close(r);
        if (!wait_a_little(bus))
            return;
    }
    if (has_failed)
        log_info(NULL, "the bus reads again");
}

static void *reader_main(void *ctx)
{
    struct bus *bus = ctx;
    struct page_reader r = {0};
    struct page *page;

    while ((page = next_page(bus))) {
        fetch(bus, &r, page);
        loop_post(bus->loop, &page->task);
    }
    reader_close(&r);
    return NULL;
}

int bus_reader_start(struct bus *bus, struct err *err)
{
    sigset_t all, kept;
    int error;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &kept);
    error = pthread_create(&bus->reader, NULL, reader_main, bus);
    pthread_sigmask(SIG_SETMASK, &kept, NULL);
    bus->has_reader = error == 0;
    return error ? err_sys(err, error, "start the bus reader") : 0;
}

void bus_reader_stop(struct bus *bus)
{
    if (!bus->has_reader)
        return;
    pthread_mutex_lock(&bus->read_lock);
    bus->is_read_stopping = true;
    pthread_cond_signal(&bus->read_wake);
    pthread_mutex_unlock(&bus->read_lock);
    pthread_join(bus->reader, NULL);
    bus->has_reader = false;
}

void bus_reader_request(struct bus *bus, struct page *page)
{
    pthread_mutex_lock(&bus->read_lock);
    list_append(&bus->pages, &page->link);
    pthread_cond_signal(&bus->read_wake);
    pthread_mutex_unlock(&bus->read_lock);
}

/* ---- blocking look-ups, each on a connection of its own: rare, by people ---- */

int bus_find(struct bus *bus, struct arena *a, struct str id, struct bus_record *ret,
             struct err *err)
{
    sqlite3 *db;
    sqlite3_stmt *s = NULL;
    int code;

    if (bus_db_open(bus->file, &db, err) < 0)
        return -1;
    sqlite3_prepare_v2(db,
                       "SELECT seq, at, ns, source, event, id, payload FROM record WHERE id = "
                       "? ORDER BY seq DESC LIMIT 1",
                       -1, &s, NULL);
    bus_bind(s, 1, id);
    code = sqlite3_step(s);
    if (code == SQLITE_ROW)
        *ret = record_of(s, a);
    else if (code == SQLITE_DONE)
        err_set(err, ERR_NOT_FOUND, "event \"" STR_FMT "\" not found", STR_ARG(id));
    else
        schema_error(db, "find an event", err);
    sqlite3_finalize(s);
    sqlite3_close(db);
    return code == SQLITE_ROW ? 0 : -1;
}

int bus_list(struct bus *bus, struct arena *a, const struct bus_query *q,
             struct bus_record **ret, size_t *ret_count, struct err *err)
{
    VEC(struct bus_record) found = {0};
    sqlite3 *db;
    sqlite3_stmt *s = NULL;
    int code;

    if (bus_db_open(bus->file, &db, err) < 0)
        return -1;
    sqlite3_prepare_v2(db,
                       "SELECT seq, at, ns, source, event, id, '' FROM record WHERE ?1 = '' OR "
                       "ns = ?1 OR substr(ns, 1, length(?1) + 1) = ?1 || '/' ORDER BY seq DESC "
                       "LIMIT ?2",
                       -1, &s, NULL);
    bus_bind(s, 1, q->ns);
    sqlite3_bind_int64(s, 2, (int64_t) q->limit);
    while ((code = sqlite3_step(s)) == SQLITE_ROW)
        VEC_APUSH(a, &found, record_of(s, a));
    if (code != SQLITE_DONE)
        schema_error(db, "list events", err);
    sqlite3_finalize(s);
    sqlite3_close(db);
    *ret = found.at;
    *ret_count = found.len;
    return code == SQLITE_DONE ? 0 : -1;
}

int bus_trace_list(struct bus *bus, struct arena *a, struct str event_id,
                   struct bus_trace **ret, size_t *ret_count, struct err *err)
{
    VEC(struct bus_trace) found = {0};
    sqlite3 *db;
    sqlite3_stmt *s = NULL;
    int code;

    if (bus_db_open(bus->file, &db, err) < 0)
        return -1;
    sqlite3_prepare_v2(
        db, "SELECT at, event, stage, subject, detail FROM trace WHERE event = ? ORDER BY n",
        -1, &s, NULL);
    bus_bind(s, 1, event_id);
    while ((code = sqlite3_step(s)) == SQLITE_ROW)
        VEC_APUSH(a, &found,
                  ((struct bus_trace){.at.ms = sqlite3_column_int64(s, 0),
                                      .event_id = column(s, 1, a),
                                      .stage = column(s, 2, a),
                                      .subject = column(s, 3, a),
                                      .detail = column(s, 4, a)}));
    if (code != SQLITE_DONE)
        schema_error(db, "read traces", err);
    sqlite3_finalize(s);
    sqlite3_close(db);
    *ret = found.at;
    *ret_count = found.len;
    return code == SQLITE_DONE ? 0 : -1;
}
