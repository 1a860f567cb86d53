/*
 * Lines of events, see told.h: a ring. A line keeps its object, so no other one can come to lie
 * at its place while it is looked for by that.
 */
#include "api/core/told.h"

#include <pthread.h>
#include <string.h>

#include "base/limits.h"
#include "base/mem.h"

struct told_line {
    struct told_key key;
    unsigned refs; /* atomic */
    size_t len;
    char text[]; /* the line, then the key's fields */
};

struct told_lines {
    pthread_mutex_t lock;
    struct told_line *ring[WATCH_TOLD_MAX]; /* references; NULL: free */
    size_t next;
};

struct told_lines *told_new(void)
{
    struct told_lines *l = NEW(struct told_lines);

    pthread_mutex_init(&l->lock, NULL);
    return l;
}

void told_free(struct told_lines *l)
{
    if (!l)
        return;
    told_clear(l);
    pthread_mutex_destroy(&l->lock);
    free(l);
}

static bool is_of(const struct told_line *line, const struct told_key *key)
{
    return line && line->key.object == key->object && line->key.type == key->type &&
           line->key.format == key->format && line->key.kind == key->kind &&
           str_eq(line->key.fields, key->fields);
}

struct told_line *told_find(struct told_lines *l, const struct told_key *key)
{
    struct told_line *found = NULL;

    pthread_mutex_lock(&l->lock);
    for (size_t i = 1; i <= WATCH_TOLD_MAX && !found; i++) { /* the newest first */
        struct told_line *line = l->ring[(l->next + WATCH_TOLD_MAX - i) % WATCH_TOLD_MAX];

        if (is_of(line, key))
            found = line;
    }
    if (found)
        __atomic_add_fetch(&found->refs, 1, __ATOMIC_RELAXED);
    pthread_mutex_unlock(&l->lock);
    return found;
}

static struct told_line *line_new(const struct told_key *key, struct str text)
{
    struct told_line *line = mem_alloc(sizeof(*line) + text.len + key->fields.len);

    line->key = *key;
    store_object_ref(key->object);
    line->refs = 1;
    line->len = text.len;
    memcpy(line->text, text.ptr, text.len);
    if (key->fields.len > 0)
        memcpy(line->text + text.len, key->fields.ptr, key->fields.len);
    line->key.fields = str_of(line->text + text.len, key->fields.len);
    return line;
}

void told_keep(struct told_lines *l, const struct told_key *key, struct str text)
{
    struct told_line *line, *oldest;

    if (text.len > WATCH_TOLD_MAX_BYTES)
        return;
    line = line_new(key, text);
    pthread_mutex_lock(&l->lock);
    oldest = l->ring[l->next];
    l->ring[l->next] = line;
    l->next = (l->next + 1) % WATCH_TOLD_MAX;
    pthread_mutex_unlock(&l->lock);
    told_unref(oldest);
}

void told_clear(struct told_lines *l)
{
    struct told_line *all[WATCH_TOLD_MAX];

    pthread_mutex_lock(&l->lock);
    memcpy(all, l->ring, sizeof(all));
    memset(l->ring, 0, sizeof(l->ring));
    pthread_mutex_unlock(&l->lock);
    for (size_t i = 0; i < WATCH_TOLD_MAX; i++)
        told_unref(all[i]);
}

struct str told_text(const struct told_line *line)
{
    return str_of(line->text, line->len);
}

void told_unref(struct told_line *line)
{
    if (!line || __atomic_sub_fetch(&line->refs, 1, __ATOMIC_ACQ_REL) > 0)
        return;
    store_object_unref(line->key.object);
    free(line);
}
