/* Immutable objects: one allocation each, shared by reference count between threads. */
#include "base/mem.h"
#include "store/embedded/embedded_internal.h"

struct counted {
    atomic_int refs;
    struct store_object object;
    char text[];
};

static struct str put(char **to, struct str s)
{
    struct str made = str_of(*to, s.len);

    if (s.len)
        memcpy(*to, s.ptr, s.len);
    (*to)[s.len] = '\0';
    *to += s.len + 1;
    return made;
}

const struct store_object *object_make(const struct store_key *key, struct str uid, int64_t rv,
                                       struct wall created, struct str doc, struct str phase,
                                       bool is_finished)
{
    size_t bytes = key->group.len + key->kind.len + key->ns.len + key->name.len + uid.len +
                   doc.len + phase.len + 7;
    struct counted *c = mem_alloc(sizeof(*c) + bytes);
    char *to = c->text;

    atomic_init(&c->refs, 1);
    c->object = (struct store_object){
        .key = {.group = put(&to, key->group),
                .kind = put(&to, key->kind),
                .ns = put(&to, key->ns),
                .name = put(&to, key->name)},
        .uid = put(&to, uid),
        .doc = put(&to, doc),
        .phase = put(&to, phase),
        .rv = rv,
        .created = created,
        .is_finished = is_finished,
    };
    return &c->object;
}

static struct counted *counted_of(const struct store_object *o)
{
    const struct counted *c =
        (const struct counted *) (const void *) ((const char *) o -
                                                 offsetof(struct counted, object));

    return (struct counted *) (uintptr_t) c;
}

const struct store_object *store_object_ref(const struct store_object *o)
{
    atomic_fetch_add_explicit(&counted_of(o)->refs, 1, memory_order_relaxed);
    return o;
}

void store_object_unref(const struct store_object *o)
{
    if (o && atomic_fetch_sub_explicit(&counted_of(o)->refs, 1, memory_order_acq_rel) == 1)
        free(counted_of(o));
}

static struct str view(sqlite3_stmt *s, int at)
{
    const char *text = (const char *) sqlite3_column_text(s, at);

    return str_of(text ? text : "", (size_t) sqlite3_column_bytes(s, at));
}

const struct store_object *object_of_row(sqlite3_stmt *s)
{
    const struct store_key key = {
        .group = view(s, 0), .kind = view(s, 1), .ns = view(s, 2), .name = view(s, 3)};

    return object_make(&key, view(s, 4), sqlite3_column_int64(s, 5),
                       (struct wall){.ms = sqlite3_column_int64(s, 6)}, view(s, 7), view(s, 8),
                       sqlite3_column_int(s, 9) != 0);
}
