/* The index of dead letters, and their rows. See letters.h. Loop thread. */
#include "events/sensors/letters.h"

#include <stdlib.h>

#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/vec.h"
#include "events/sensors/sensor_internal.h"

/* ---- the index ---- */

static struct str own_copy(struct str s)
{
    return str_of(mem_dup(s.ptr, s.len), s.len);
}

static void release(struct str s)
{
    free((char *) (uintptr_t) s.ptr);
}

static struct letter *find_or_make(struct letters *all, const struct dead_letter *of)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct str key = dead_letter_key(a, of->ns, of->id);
    struct letter *l = map_find(&all->by_key, key);

    if (l)
        return l;
    l = NEW(struct letter);
    l->key = own_copy(key);
    l->ns = str_head(l->key, of->ns.len);
    l->sensor = own_copy(of->sensor);
    l->trigger = own_copy(of->trigger);
    map_put(&all->by_key, key, l);
    list_append(&all->by_age, &l->link);
    return l;
}

static void forget(struct letters *all, struct letter *l)
{
    map_take(&all->by_key, l->key);
    list_remove(&l->link);
    release(l->key);
    release(l->sensor);
    release(l->trigger);
    free(l);
}

/* Counts a letter in or out. */
static void tally(struct letters *all, const struct letter *l, int by)
{
    if (!l->is_stored)
        return;
    if (l->state == DEAD_LETTER_DONE) {
        all->done_count += (size_t) by;
    } else {
        all->count += (size_t) by;
        all->bytes += (size_t) by * l->bytes;
    }
}

static void set_state(struct letters *all, struct letter *l, enum dead_letter_state state)
{
    tally(all, l, -1);
    l->is_stored = true;
    l->state = state;
    tally(all, l, 1);
}

bool sensor_letter_is_known(struct sensor_controller *c, struct str ns, struct str id)
{
    _cleanup_arena_ struct arena *a = arena_new();
    const struct letter *l = c->letters.by_key.len == 0
                                 ? NULL
                                 : map_find(&c->letters.by_key, dead_letter_key(a, ns, id));

    return l && l->is_stored;
}

/* ---- reading ---- */

static int by_age(const void *x, const void *y)
{
    const struct letter *const *a = x, *const *b = y;

    return ((*a)->at.ms > (*b)->at.ms) - ((*a)->at.ms < (*b)->at.ms);
}

static void sort(struct letters *all, struct arena *a)
{
    VEC(struct letter *) list = {0};

    LIST_FOREACH (l, &all->by_age, struct letter, link)
        VEC_APUSH(a, &list, l);
    if (list.len > 1)
        qsort(list.at, list.len, sizeof(*list.at), by_age);
    list_init(&all->by_age);
    VEC_FOREACH (it, &list)
        list_append(&all->by_age, &(*it)->link);
}

static void on_timer(void *ctx)
{
    sensor_redrives_look(ctx);
}

int sensor_letters_open(struct sensor_controller *c, struct err *err)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct letters *all = &c->letters;
    struct store_row *rows;
    size_t count;

    *all = (struct letters){.count_max = DEAD_LETTERS_MAX,
                            .bytes_max = DEAD_LETTERS_MAX_BYTES,
                            .done_max = DEAD_LETTERS_DONE_MAX};
    list_init(&all->by_age);
    if (store_rows(c->options.store, a, STR(DEAD_LETTER_TABLE), STR(""), &rows, &count, err) <
        0)
        return -1;
    for (size_t i = 0; i < count; i++) {
        struct dead_letter read;
        struct letter *l;
        struct err wrong;

        if (dead_letter_read(a, rows[i].value, &read, &wrong) < 0) {
            log_error(NULL, "a dead letter cannot be read", LOG_STR(NAME, rows[i].key),
                      LOG_ERR(&wrong));
            continue;
        }
        l = find_or_make(all, &read);
        l->at = read.at;
        l->bytes = rows[i].value.len;
        set_state(all, l, read.state);
    }
    sort(all, a);
    all->timer = timer_new(c->options.loop, on_timer, c);
    return 0;
}

void sensor_letters_close(struct sensor_controller *c)
{
    struct letters *all = &c->letters;

    timer_free(TAKE(all->timer));
    while (all->by_key.len > 0)
        forget(all, all->by_key.entries[0].value);
    map_done(&all->by_key);
}

void sensor_letters_look(struct sensor_controller *c)
{
    if (c->letters.timer)
        timer_start(c->letters.timer, 1);
}

/* ---- writing ---- */

struct letter *sensor_letter_put(struct sensor_controller *c, const struct dead_letter *letter,
                                 store_done_fn done, void *ctx, struct err *err)
{
    struct store_txn *txn = store_txn_new(c->options.store);
    struct arena *a = store_txn_arena(txn);
    const struct json value = dead_letter_value(a, letter);
    struct str text = json_text(a, &value, JSON_COMPACT);
    struct letter *l;

    store_txn_row_put(txn, STR(DEAD_LETTER_TABLE), dead_letter_key(a, letter->ns, letter->id),
                      text);
    l = find_or_make(&c->letters, letter);
    l->user_count++;
    if (store_commit(c->options.store, txn, done, ctx, err) < 0) {
        l->user_count--;
        return NULL;
    }
    tally(&c->letters, l, -1);
    l->bytes = text.len;
    l->at = letter->at;
    tally(&c->letters, l, 1);
    list_remove(&l->link);
    list_append(&c->letters.by_age, &l->link);
    return l;
}

void sensor_letter_leave(struct sensor_controller *c, struct letter *letter)
{
    letter->user_count--;
    if (letter->state == DEAD_LETTER_REDRIVING)
        sensor_letters_look(c);
}

/* ---- what is too much ---- */

/* Its row goes for good: nothing that comes again from the bus is that old, or there are too
 * many. */
static int drop(struct sensor_controller *c, struct letter *l, struct err *err)
{
    struct store_txn *txn = store_txn_new(c->options.store);

    store_txn_row_put(txn, STR(DEAD_LETTER_TABLE), l->key, STR_NONE);
    if (store_commit(c->options.store, txn, NULL, NULL, err) < 0)
        return -1;
    tally(&c->letters, l, -1);
    forget(&c->letters, l);
    return 0;
}

/* The oldest makes room: its event is lost, which is told. */
static int discard(struct sensor_controller *c, struct letter *l, struct err *err)
{
    const struct dead_letter done = {.id = str_skip(l->key, l->ns.len + 1),
                                     .ns = l->ns,
                                     .sensor = l->sensor,
                                     .trigger = l->trigger,
                                     .state = DEAD_LETTER_DONE,
                                     .at = l->at};
    struct store_txn *txn = store_txn_new(c->options.store);
    struct arena *a = store_txn_arena(txn);
    const struct json value = dead_letter_value(a, &done);

    store_txn_row_put(txn, STR(DEAD_LETTER_TABLE), l->key, json_text(a, &value, JSON_COMPACT));
    if (store_commit(c->options.store, txn, NULL, NULL, err) < 0)
        return -1;
    log_warn(NULL, "too many dead letters: the oldest is discarded", LOG_STR(NAMESPACE, l->ns),
             LOG_STR(SENSOR, l->sensor), LOG_STR(TRIGGER, l->trigger));
    set_state(&c->letters, l, DEAD_LETTER_DONE);
    return 0;
}

static bool is_over(const struct letters *all)
{
    return all->count > all->count_max || all->bytes > all->bytes_max;
}

static bool is_free(const struct letter *l, enum dead_letter_state state)
{
    return l->user_count == 0 && l->is_stored && l->state == state;
}

/* The newest stays, however big. What the store does not take goes with the next letter. */
static void trim(struct sensor_controller *c)
{
    struct letters *all = &c->letters;
    int64_t oldest = loop_wall(c->options.loop).ms - (int64_t) BUS_RETAIN_MAX_MS;
    struct err err;

    LIST_FOREACH (l, &all->by_age, struct letter, link) {
        if (is_over(all) && is_free(l, DEAD_LETTER_WAITS) && l->link.next != &all->by_age &&
            discard(c, l, &err) < 0)
            return;
    }
    LIST_FOREACH (l, &all->by_age, struct letter, link) {
        if (is_free(l, DEAD_LETTER_DONE) &&
            (l->at.ms < oldest || all->done_count > all->done_max) && drop(c, l, &err) < 0)
            return;
    }
}

void sensor_letter_stored(struct sensor_controller *c, struct letter *letter,
                          enum dead_letter_state state)
{
    set_state(&c->letters, letter, state);
    trim(c);
}
