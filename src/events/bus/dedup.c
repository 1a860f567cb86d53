/* A table of the ids of the last minutes: a ring in order of time and open addressing into it.
 * Writer thread only. */
#include "base/limits.h"
#include "base/mem.h"
#include "events/bus/embedded_internal.h"

static uint64_t second_hash(struct str s)
{
    uint64_t h = 0x9e3779b97f4a7c15U ^ s.len;

    for (size_t i = 0; i < s.len; i++) {
        h ^= (unsigned char) s.ptr[i];
        h *= 0xff51afd7ed558ccdU;
        h ^= h >> 32;
    }
    return h;
}

static struct dedup_entry *entry_at(struct dedup *d, uint32_t slot_value)
{
    return &d->ring[slot_value - 1];
}

static void slot_insert(struct dedup *d, size_t ring_index)
{
    size_t at = d->ring[ring_index].hash & (d->slot_count - 1);

    while (d->slots[at])
        at = (at + 1) & (d->slot_count - 1);
    d->slots[at] = (uint32_t) (ring_index + 1);
}

static void slot_remove(struct dedup *d, size_t ring_index)
{
    size_t mask = d->slot_count - 1;
    size_t gap = d->ring[ring_index].hash & mask;

    while (d->slots[gap] != ring_index + 1)
        gap = (gap + 1) & mask;
    d->slots[gap] = 0;
    for (size_t at = (gap + 1) & mask; d->slots[at]; at = (at + 1) & mask) {
        size_t home = entry_at(d, d->slots[at])->hash & mask;

        if (((at - home) & mask) < ((at - gap) & mask))
            continue;
        d->slots[gap] = d->slots[at];
        d->slots[at] = 0;
        gap = at;
    }
}

static void grow(struct dedup *d)
{
    size_t room = d->room ? 2 * d->room : 1024;
    struct dedup_entry *ring = mem_array(room, sizeof(*ring));

    for (size_t i = 0; i < d->len; i++)
        ring[i] = d->ring[(d->head + i) & (d->room - 1)];
    free(d->ring);
    free(d->slots);
    d->ring = ring;
    d->head = 0;
    d->room = room;
    d->slot_count = 2 * room;
    d->slots = mem_array(d->slot_count, sizeof(*d->slots));
    for (size_t i = 0; i < d->len; i++)
        slot_insert(d, i);
}

static void forget_oldest(struct dedup *d)
{
    slot_remove(d, d->head);
    d->head = (d->head + 1) & (d->room - 1);
    d->len--;
}

/* The same id on another bus is another event. */
static uint64_t hash_of(struct str ns, struct str id)
{
    return str_hash(id) ^ (str_hash(ns) * 0x9e3779b97f4a7c15U);
}

static uint64_t check_of(struct str ns, struct str id)
{
    return second_hash(id) + second_hash(ns) * 0xc2b2ae3d27d4eb4fU;
}

uint64_t dedup_find(struct dedup *d, struct str ns, struct str id, int64_t oldest_ms)
{
    uint64_t hash = hash_of(ns, id), check = check_of(ns, id);

    if (d->slot_count == 0)
        return 0;
    for (size_t at = hash & (d->slot_count - 1); d->slots[at];
         at = (at + 1) & (d->slot_count - 1)) {
        const struct dedup_entry *e = entry_at(d, d->slots[at]);

        if (e->hash == hash && e->check == check && e->at_ms >= oldest_ms)
            return e->seq;
    }
    return 0;
}

void dedup_add_entry(struct dedup *d, const struct dedup_entry *entry)
{
    size_t index;

    if (d->len == d->room)
        grow(d);
    index = (d->head + d->len++) & (d->room - 1);
    d->ring[index] = *entry;
    slot_insert(d, index);
}

void dedup_add(struct dedup *d, const struct bus_record *r, int64_t oldest_ms)
{
    const struct dedup_entry entry = {.hash = hash_of(r->ns, r->id),
                                      .check = check_of(r->ns, r->id),
                                      .seq = r->seq,
                                      .at_ms = r->stored.ms};

    while (d->len > 0 && (d->ring[d->head].at_ms < oldest_ms || d->len >= BUS_DEDUP_MAX_IDS))
        forget_oldest(d);
    dedup_add_entry(d, &entry);
}

void dedup_done(struct dedup *d)
{
    free(d->ring);
    free(d->slots);
    *d = (struct dedup){0};
}
