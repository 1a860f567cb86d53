/*
 * api/core/told.h - lines of events that many watches tell: made once, and kept for a while.
 *
 * The same event is told to each watch of its kind in the same words: the line is made by the
 * first one, those that come soon afterwards find it. What is kept is bounded by
 * WATCH_TOLD_MAX and WATCH_TOLD_MAX_BYTES; the oldest goes. Lines are immutable and counted.
 * Any thread.
 */
#pragma once

#include "objects/object.h"
#include "store/store.h"

struct told_lines;
struct told_line;

/* What makes a line what it is. All is compared by its place, but for @fields. */
struct told_key {
    const struct store_object *object;
    enum store_event_type type;
    const void *format;             /* how it is written */
    const struct object_kind *kind; /* the version that is shown, or NULL */
    struct str fields;
};

/** told_new() - nothing yet; owned */
struct told_lines *told_new(void);

/** told_free() - nobody uses it any more; NULL: a no-op */
void told_free(struct told_lines *lines);

/** told_find() - the line of an event, a reference for the caller; NULL when it is not there */
struct told_line *told_find(struct told_lines *lines, const struct told_key *key);

/** told_keep() - a line for those that come; it and the key's texts are copied, the object is
 * referenced while the line is kept; nothing when it is over WATCH_TOLD_MAX_BYTES */
void told_keep(struct told_lines *lines, const struct told_key *key, struct str text);

/** told_clear() - forget all */
void told_clear(struct told_lines *lines);

/** told_text() - borrowed from the reference */
struct str told_text(const struct told_line *line);

/** told_unref() - give a reference back; NULL: a no-op */
void told_unref(struct told_line *line);
