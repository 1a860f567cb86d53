/*
 * base/map.h - text key to pointer.
 *
 * Open addressing on the heap. Keys are copied unless the map was made with
 * map_init_borrowed(); values are borrowed. Iteration order is the order of insertion (removal
 * moves the last entry into the gap). A zeroed map is empty and copies its keys. One owner at
 * any instant.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct map_entry {
    struct str key;
    uint64_t hash;
    void *value;
};

struct map {
    struct map_entry *entries; /* dense, in order */
    uint32_t *slots;           /* index + 1 into entries; 0 is free */
    size_t len, room;          /* entries */
    size_t slot_count;         /* a power of two, or 0 */
    bool is_borrowing;         /* keys belong to the caller and outlive the map */
};

/** map_init_borrowed() - an empty map whose keys are not copied */
void map_init_borrowed(struct map *m);

/** map_done() - release keys and table, not the values; safe on a zeroed map */
void map_done(struct map *m);
#define _cleanup_map_ _cleanup_(map_done)

/** map_find() - the value of @key, borrowed, or NULL */
void *map_find(const struct map *m, struct str key);

/**
 * map_put() - set the value of a key
 * @m:     map
 * @key:   key; copied (or borrowed, see above)
 * @value: not NULL
 *
 * Return: the value that was there before, or NULL.
 */
void *map_put(struct map *m, struct str key, void *value);

/** map_take() - remove a key; its value, or NULL if it was not there */
void *map_take(struct map *m, struct str key);

/* it is struct map_entry *; the map must not change inside the loop. */
#define MAP_FOREACH(it, m) \
    for (struct map_entry *it = (m)->entries; it && it < (m)->entries + (m)->len; it++)
