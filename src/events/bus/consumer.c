/*
 * Consumers, on the loop. Live ones get each committed batch as it is; one without room,
 * paused, or opened with an old cursor lags: it is fed page by page from disk until it has
 * caught up with what is committed, then it is live again.
 *
 * flight is the ring of what was delivered and not yet settled, in order of seq. The cursor is
 * the end of the settled prefix; records that nobody asked for settle by themselves. A moved
 * cursor is handed to the writer once a loop turn.
 */
#include "base/fault.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/vec.h"
#include "events/bus/embedded_internal.h"

enum { IN_FLIGHT_DEFAULT = 256 };

bool consumer_takes(const struct bus_consumer *c, const struct bus_record *r)
{
    if (!str_eq(c->ns, r->ns))
        return false;
    for (size_t i = 0; i < c->subject_count; i++)
        if (str_eq(c->subjects[i].event, r->event) && str_eq(c->subjects[i].source, r->source))
            return true;
    return false;
}

static void flight_add(struct bus_consumer *c, uint64_t seq)
{
    size_t at;

    if (c->flight_len == c->flight_room) {
        size_t room = c->flight_room ? 2 * c->flight_room : 64;
        typeof(c->flight) ring = mem_array(room, sizeof(*ring));

        for (size_t i = 0; i < c->flight_len; i++)
            ring[i] = c->flight[(c->flight_head + i) & (c->flight_room - 1)];
        free(c->flight);
        c->flight = ring;
        c->flight_room = room;
        c->flight_head = 0;
    }
    at = (c->flight_head + c->flight_len++) & (c->flight_room - 1);
    c->flight[at].seq = seq;
    c->flight[at].is_acked = false;
}

static size_t room_of(const struct bus_consumer *c)
{
    return c->flight_len >= c->in_flight_max ? 0 : c->in_flight_max - c->flight_len;
}

static struct item *cursor_item(struct bus_consumer *c, void (*settled)(void *), void *ctx)
{
    struct item *item = mem_alloc(sizeof(*item) + c->name.len + 1);

    memcpy(item->text, c->name.ptr, c->name.len);
    item->kind = ITEM_CURSOR;
    item->name = str_of(item->text, c->name.len);
    item->seq = c->cursor;
    item->settled = settled;
    item->ctx = ctx;
    return item;
}

static void save_cursor(struct bus_consumer *c)
{
    struct cursor_row *row = map_find(&c->bus->cursors, c->name);
    struct item *item;

    if (c->saved == c->cursor)
        return;
    row->seq = c->saved = c->cursor;
    item = cursor_item(c, NULL, NULL);
    if (!bus_item_push(c->bus, item))
        free(item);
}

/* The end of the settled prefix: before the first that is in flight, else all that was looked
 * at. */
static void move_cursor(struct bus_consumer *c)
{
    while (c->flight_len > 0 && c->flight[c->flight_head].is_acked) {
        c->flight_head = (c->flight_head + 1) & (c->flight_room - 1);
        c->flight_len--;
    }
    c->cursor = c->flight_len > 0 ? c->flight[c->flight_head].seq - 1 : c->next_seq - 1;
}

/* Delivers those of the records that it takes, as many as there is room for; returns how many
 * records it is done with. */
static size_t deliver(struct bus_consumer *c, const struct bus_record *records, size_t count)
{
    VEC(struct bus_record) taken = {0};
    size_t room = room_of(c);
    size_t done = 0;

    for (; done < count; done++) {
        if (records[done].seq < c->next_seq || !consumer_takes(c, &records[done]))
            continue;
        if (taken.len == room)
            break;
        VEC_PUSH(&taken, records[done]);
        flight_add(c, records[done].seq);
    }
    if (done > 0 && records[done - 1].seq >= c->next_seq)
        c->next_seq = records[done - 1].seq + 1;
    if (taken.len > 0) {
        FAULT_POINT("bus.deliver.before");
        c->deliver(c->ctx, taken.at, taken.len);
    }
    VEC_DONE(&taken);
    return done;
}

static void on_page(struct loop_task *task)
{
    struct page *page = CONTAINER_OF(task, struct page, task);
    struct bus_consumer *c = page->consumer;

    c->page = NULL;
    if (c->is_closed) {
        consumer_free(c);
    } else if (page->err.kind == ERR_NONE && !c->is_paused) { /* a paused one reads it again */
        size_t done = deliver(c, page->records, page->count);

        if (done == page->count && !c->is_closed) {
            if (page->next > c->next_seq)
                c->next_seq = page->next;
            if (page->is_end && c->next_seq > atomic_load(&c->bus->newest))
                c->is_lagging = false;
        }
        move_cursor(c);
        save_cursor(c);
        consumer_read(c);
    }
    arena_free(page->arena);
}

void consumer_read(struct bus_consumer *c)
{
    struct arena *a;
    struct page *page;

    if (!c->is_lagging || c->page || c->is_paused || c->is_closed || room_of(c) == 0)
        return;
    a = arena_new();
    page = ARENA_NEW(a, struct page);
    page->arena = a;
    page->consumer = c;
    page->from = c->next_seq;
    page->limit = room_of(c) < BUS_PAGE_RECORDS ? room_of(c) : BUS_PAGE_RECORDS;
    page->task.run = on_page;
    c->page = page;
    bus_reader_request(c->bus, page);
}

void consumers_deliver(struct bus *bus, const struct bus_record *records, size_t count)
{
    LIST_FOREACH (c, &bus->consumers, struct bus_consumer, link) {
        if (c->is_closed || c->is_lagging)
            continue;
        if (c->is_paused || deliver(c, records, count) < count)
            c->is_lagging = true;
        if (c->is_closed)
            continue;
        move_cursor(c);
        if (c->flight_len == 0 && c->cursor > c->saved + IN_FLIGHT_DEFAULT)
            save_cursor(c); /* nothing is asked for: now and then is enough, a restart skips
                               them again */
        consumer_read(c);
    }
}

struct bus_consumer *
bus_consumer_open(struct bus *bus, const struct bus_consumer_options *options, struct err *err)
{
    struct cursor_row *row = map_find(&bus->cursors, options->name);
    struct arena *a;
    struct bus_consumer *c;
    struct bus_subject *subjects;
    bool is_new = row == NULL;

    loop_assert(bus->loop);
    if (row && row->is_open) {
        err_set(err, ERR_EXISTS, "consumer " STR_FMT " is open already",
                STR_ARG(options->name));
        return NULL;
    }
    if (is_new) {
        row = NEW(struct cursor_row);
        row->seq = atomic_load(&bus->newest);
        map_put(&bus->cursors, options->name, row);
    }
    a = arena_new();
    c = ARENA_NEW(a, struct bus_consumer);
    subjects = ARENA_ARRAY(a, struct bus_subject, options->subject_count);
    for (size_t i = 0; i < options->subject_count; i++)
        subjects[i] = (struct bus_subject){str_copy(a, options->subjects[i].source),
                                           str_copy(a, options->subjects[i].event)};
    c->bus = bus;
    c->arena = a;
    c->name = str_copy(a, options->name);
    c->ns = str_copy(a, options->ns);
    c->subjects = subjects;
    c->subject_count = options->subject_count;
    c->in_flight_max = options->in_flight_max ? options->in_flight_max : IN_FLIGHT_DEFAULT;
    c->ctx = options->ctx;
    c->deliver = options->deliver;
    c->cursor = row->seq;
    c->saved = is_new ? row->seq + 1 : row->seq; /* a new one is written at once */
    c->next_seq = row->seq + 1;
    c->is_lagging = true; /* until a page says that there is nothing newer */
    row->is_open = true;
    atomic_fetch_add(&bus->consumer_count, 1);
    list_append(&bus->consumers, &c->link);
    save_cursor(c);
    consumer_read(c);
    return c;
}

void consumer_free(struct bus_consumer *c)
{
    list_remove(&c->link);
    atomic_fetch_sub(&c->bus->consumer_count, 1);
    if (c->page) { /* at bus_close(): the reader has posted it, the loop runs no more */
        list_remove(&c->page->task.link);
        arena_free(c->page->arena);
    }
    free(c->flight);
    arena_free(c->arena);
}

void bus_consumer_close(struct bus_consumer *c)
{
    struct cursor_row *row;

    if (!c || c->is_closed)
        return;
    loop_assert(c->bus->loop);
    row = map_find(&c->bus->cursors, c->name);
    c->is_closed = true;
    row->is_open = false;
    save_cursor(c);
    if (!c->page && !c->bus->is_delivering)
        consumer_free(c);
}

static void mark_acked(struct bus_consumer *c, uint64_t seq)
{
    size_t low = 0, high = c->flight_len;

    while (low < high) {
        size_t middle = (low + high) / 2;

        if (c->flight[(c->flight_head + middle) & (c->flight_room - 1)].seq < seq)
            low = middle + 1;
        else
            high = middle;
    }
    if (low < c->flight_len &&
        c->flight[(c->flight_head + low) & (c->flight_room - 1)].seq == seq)
        c->flight[(c->flight_head + low) & (c->flight_room - 1)].is_acked = true;
}

static void after_ack(struct bus_consumer *c)
{
    move_cursor(c);
    consumer_read(c);
}

static void on_save(struct loop_task *task)
{
    struct bus *bus = CONTAINER_OF(task, struct bus, save_task);

    bus->is_save_posted = false;
    LIST_FOREACH (c, &bus->consumers, struct bus_consumer, link) {
        if (!c->is_closed)
            save_cursor(c);
    }
}

void bus_ack(struct bus_consumer *c, uint64_t seq)
{
    mark_acked(c, seq);
    after_ack(c);
    if (c->bus->is_save_posted)
        return;
    c->bus->is_save_posted = true;
    c->bus->save_task.run = on_save;
    loop_post(c->bus->loop, &c->bus->save_task);
}

void bus_ack_sync(struct bus_consumer *c, uint64_t seq, void (*done)(void *ctx), void *ctx)
{
    struct cursor_row *row = map_find(&c->bus->cursors, c->name);
    struct item *item;

    mark_acked(c, seq);
    after_ack(c);
    row->seq = c->saved = c->cursor;
    item = cursor_item(c, done, ctx);
    if (!bus_item_push(c->bus, item))
        free(item);
}

void bus_consumer_pause(struct bus_consumer *c)
{
    c->is_paused = true;
}

void bus_consumer_resume(struct bus_consumer *c)
{
    c->is_paused = false;
    consumer_read(c);
}

int bus_consumer_drop(struct bus *bus, struct str name, struct err *err)
{
    struct cursor_row *row = map_find(&bus->cursors, name);
    struct item *item;

    if (!row)
        return 0;
    if (row->is_open)
        return err_set(err, ERR_CONFLICT, "consumer " STR_FMT " is open", STR_ARG(name));
    free(map_take(&bus->cursors, name));
    item = mem_alloc(sizeof(*item) + name.len + 1);
    memcpy(item->text, name.ptr, name.len);
    item->kind = ITEM_CURSOR_DROP;
    item->name = str_of(item->text, name.len);
    if (!bus_item_push(bus, item))
        free(item);
    return 0;
}
