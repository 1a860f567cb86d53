/* Hash map of dense entries and a slot table of indices (linear probing); see map.h. */
#include "base/map.h"

#include <assert.h>

#include "base/mem.h"

enum { FIRST_SLOTS = 16 };

void map_init_borrowed(struct map *m)
{
    *m = (struct map){.is_borrowing = true};
}

static void free_key(const struct map *m, struct str key)
{
    if (!m->is_borrowing)
        free((void *) (uintptr_t) key.ptr);
}

void map_done(struct map *m)
{
    for (size_t i = 0; i < m->len; i++)
        free_key(m, m->entries[i].key);
    free(m->entries);
    free(m->slots);
    *m = (struct map){.is_borrowing = m->is_borrowing};
}

/* The slot that holds the key, or the free slot where it belongs. */
static size_t find_slot(const struct map *m, struct str key, uint64_t hash)
{
    size_t mask = m->slot_count - 1;
    size_t slot = hash & mask;

    while (m->slots[slot]) {
        const struct map_entry *entry = &m->entries[m->slots[slot] - 1];

        if (entry->hash == hash && str_eq(entry->key, key))
            break;
        slot = (slot + 1) & mask;
    }
    return slot;
}

static void rehash(struct map *m, size_t slot_count)
{
    free(m->slots);
    m->slots = mem_array(slot_count, sizeof(*m->slots));
    m->slot_count = slot_count;
    for (size_t i = 0; i < m->len; i++)
        m->slots[find_slot(m, m->entries[i].key, m->entries[i].hash)] = (uint32_t) (i + 1);
}

void *map_find(const struct map *m, struct str key)
{
    size_t slot = 0;

    if (m->len == 0)
        return NULL;
    slot = find_slot(m, key, str_hash(key));
    return m->slots[slot] ? m->entries[m->slots[slot] - 1].value : NULL;
}

static struct str own_key(const struct map *m, struct str key)
{
    return m->is_borrowing ? key : str_of(mem_dup(key.ptr, key.len), key.len);
}

void *map_put(struct map *m, struct str key, void *value)
{
    uint64_t hash = str_hash(key);
    size_t slot = 0;

    assert(value != NULL);
    if (m->slot_count == 0 || (m->len + 1) * 4 > m->slot_count * 3)
        rehash(m, m->slot_count ? m->slot_count * 2 : FIRST_SLOTS);
    slot = find_slot(m, key, hash);
    if (m->slots[slot]) {
        struct map_entry *entry = &m->entries[m->slots[slot] - 1];
        void *old = entry->value;

        entry->value = value;
        return old;
    }
    if (m->len == m->room) {
        m->room = m->room ? m->room * 2 : FIRST_SLOTS;
        m->entries = mem_resize(m->entries, m->room, sizeof(*m->entries));
    }
    m->entries[m->len++] =
        (struct map_entry){.key = own_key(m, key), .hash = hash, .value = value};
    m->slots[slot] = (uint32_t) m->len;
    return NULL;
}

/* Closes the gap that a removed slot leaves in its probe run. */
static void clear_slot(struct map *m, size_t gap)
{
    size_t mask = m->slot_count - 1;
    size_t slot = gap;

    m->slots[gap] = 0;
    for (;;) {
        size_t home = 0;

        slot = (slot + 1) & mask;
        if (!m->slots[slot])
            return;
        home = m->entries[m->slots[slot] - 1].hash & mask;
        if (((slot - home) & mask) < ((slot - gap) & mask))
            continue;
        m->slots[gap] = m->slots[slot];
        m->slots[slot] = 0;
        gap = slot;
    }
}

void *map_take(struct map *m, struct str key)
{
    size_t slot = 0;
    size_t index = 0;
    size_t last = m->len - 1;
    void *value = NULL;

    if (m->len == 0)
        return NULL;
    slot = find_slot(m, key, str_hash(key));
    if (!m->slots[slot])
        return NULL;
    index = m->slots[slot] - 1;
    value = m->entries[index].value;
    if (index != last) {
        size_t moved = find_slot(m, m->entries[last].key, m->entries[last].hash);

        m->slots[moved] = (uint32_t) (index + 1);
    }
    free_key(m, m->entries[index].key);
    m->entries[index] =
        m->entries[last]; /* before clear_slot(), which looks at hashes through the slots */
    m->len--;
    clear_slot(m, slot);
    return value;
}
