/* Sets of fields. See field_set.h. Depth is bounded by JSON_DEPTH_MAX of the parsers. */
#include "objects/field_set.h"

#include "base/map.h"
#include "base/vec.h"

#include <stdlib.h>

static const struct field_set none = {0};

/* ---- parts of a value ---- */

/* A member of an object or an item of a list. */
struct part {
    struct str key;
    const struct json *value;
    struct patch_member as;
};

struct parts {
    struct part *at;
    size_t len, room;
};

static struct str item_key(struct arena *a, const struct patch_member *as,
                           const struct json *item)
{
    const struct json *key = str_is_none(as->merge_key) ? NULL : json_get(item, as->merge_key);
    struct json_object_builder b = {0};
    struct json made;

    if (!key)
        return str_concat(a, STR("v:"), json_text(a, item, JSON_COMPACT));
    json_add(a, &b, as->merge_key, *key);
    made = json_object(&b);
    return str_concat(a, STR("k:"), json_text(a, &made, JSON_COMPACT));
}

static bool is_leaf(const struct patch_member *as, const struct json *v)
{
    if (v->type != JSON_OBJECT && (v->type != JSON_ARRAY || !as->is_merged))
        return true;
    return v->count == 0 || (v->type == JSON_OBJECT && as->is_whole);
}

static struct parts parts_of(struct arena *a, const struct patch_member *as,
                             const struct json *v)
{
    struct parts list = {0};

    if (!v || is_leaf(as, v))
        return list;
    for (uint32_t i = 0; i < v->count; i++) {
        struct part part = {0};

        if (v->type == JSON_OBJECT) {
            part.key = str_concat(a, STR("f:"), v->members[i].key);
            part.value = &v->members[i].value;
            if (as->inner.shape)
                as->inner.member(as->inner.shape, v->members[i].key, &part.as);
        } else {
            part.key = item_key(a, as, &v->items[i]);
            part.value = &v->items[i];
            part.as.inner = as->inner;
            part.as.is_whole = as->is_whole;
        }
        VEC_APUSH(a, &list, part);
    }
    return list;
}

static int by_key(const void *left, const void *right)
{
    const struct part *l = left, *r = right;

    return str_cmp(l->key, r->key);
}

/* In order of keys, each once: the last one counts. */
static struct parts sorted_parts(struct arena *a, const struct patch_member *as,
                                 const struct json *v)
{
    struct parts list = parts_of(a, as, v);
    size_t len = 0;

    if (list.len > 0)
        qsort(list.at, list.len, sizeof(*list.at), by_key);
    for (size_t i = 0; i < list.len; i++)
        if (i + 1 == list.len || !str_eq(list.at[i].key, list.at[i + 1].key))
            list.at[len++] = list.at[i];
    list.len = len;
    return list;
}

/* ---- building sets ---- */

struct children {
    struct field_set_child *at;
    size_t len, room;
};

static bool is_nothing(const struct field_set *set)
{
    return !set->is_member && set->len == 0;
}

static void add_child(struct arena *a, struct children *to, struct str key,
                      struct field_set set)
{
    if (!is_nothing(&set))
        VEC_APUSH(a, to, ((struct field_set_child){.key = key, .set = set}));
}

static struct field_set set_of(bool is_member, const struct children *children)
{
    return (struct field_set){.is_member = is_member, .len = children->len, .at = children->at};
}

static struct field_set fields_of(struct arena *a, const struct patch_member *as,
                                  const struct json *v)
{
    struct parts parts = sorted_parts(a, as, v);
    struct children children = {0};

    for (size_t i = 0; i < parts.len; i++) {
        struct field_set set = fields_of(a, &parts.at[i].as, parts.at[i].value);

        if (v->type == JSON_ARRAY)
            set.is_member = true;
        add_child(a, &children, parts.at[i].key, set);
    }
    return set_of(is_leaf(as, v), &children);
}

struct field_set field_set_of(struct arena *a, const struct patch_schema *schema,
                              const struct json *doc)
{
    const struct patch_member as = {.inner = *schema};
    struct field_set made = fields_of(a, &as, doc);

    made.is_member = false; /* a document as a whole is nobody's */
    return made;
}

/* ---- comparing ---- */

/* A field in both versions; NULL: not there. */
struct pair {
    const struct json *was, *is;
    struct patch_member as;
};

static struct field_changes compare(struct arena *a, const struct pair *p);

static struct field_changes compare_leaf(struct arena *a, const struct pair *p)
{
    const struct field_set leaf = {.is_member = true};
    struct field_changes made = {0};

    if (!p->was)
        made.written = leaf;
    else if (!p->is)
        made.removed = leaf;
    else if (!json_equal(p->was, p->is)) {
        made.written = fields_of(a, &p->as, p->is);
        made.written.is_member = true;
        made.removed = fields_of(a, &p->as, p->was);
        made.removed.is_member = false;
    }
    return made;
}

static struct field_changes compare_parts(struct arena *a, const struct pair *p)
{
    struct parts was = sorted_parts(a, &p->as, p->was), is = sorted_parts(a, &p->as, p->is);
    struct children written = {0}, removed = {0};
    size_t i = 0, j = 0;

    while (i < was.len || j < is.len) {
        int order = i == was.len ? 1 : j == is.len ? -1 : str_cmp(was.at[i].key, is.at[j].key);
        const struct part *any = order <= 0 ? &was.at[i] : &is.at[j];
        const struct pair pair = {order <= 0 ? was.at[i].value : NULL,
                                  order >= 0 ? is.at[j].value : NULL, any->as};
        struct field_changes made = compare(a, &pair);

        i += order <= 0;
        j += order >= 0;
        add_child(a, &written, any->key, made.written);
        add_child(a, &removed, any->key, made.removed);
    }
    return (struct field_changes){set_of(!p->was, &written), set_of(!p->is, &removed)};
}

static struct field_changes compare(struct arena *a, const struct pair *p)
{
    bool is_old_leaf = !p->was || is_leaf(&p->as, p->was);
    bool is_new_leaf = !p->is || is_leaf(&p->as, p->is);
    bool is_alike = !p->was || !p->is || p->was->type == p->is->type;

    if ((is_old_leaf && is_new_leaf) || !is_alike)
        return compare_leaf(a, p);
    return compare_parts(a, p);
}

struct field_changes field_set_compare(struct arena *a, const struct patch_schema *schema,
                                       const struct json *was, const struct json *is)
{
    struct json_object_builder empty = {0};
    const struct json nothing = json_object(&empty);
    const struct pair p = {was ? was : &nothing, is ? is : &nothing, {.inner = *schema}};

    return compare(a, &p);
}

/* ---- operations ---- */

enum set_operation { SET_MINUS, SET_COMMON };

static const struct field_set *find_child(const struct field_set *set, struct str key)
{
    size_t low = 0, high = set->len;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = str_cmp(set->at[middle].key, key);

        if (order == 0)
            return &set->at[middle].set;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

static struct field_set unite(struct arena *a, const struct field_set *x,
                              const struct field_set *y)
{
    struct children children = {0};
    size_t i = 0, j = 0;

    while (i < x->len || j < y->len) {
        int order = i == x->len ? 1 : j == y->len ? -1 : str_cmp(x->at[i].key, y->at[j].key);
        struct field_set set = order < 0   ? x->at[i].set
                               : order > 0 ? y->at[j].set
                                           : unite(a, &x->at[i].set, &y->at[j].set);

        add_child(a, &children, order <= 0 ? x->at[i].key : y->at[j].key, set);
        i += order <= 0;
        j += order >= 0;
    }
    return set_of(x->is_member || y->is_member, &children);
}

/* What of @x is (SET_COMMON) or is not (SET_MINUS) in @y: costs what @x is, for @y may be
 * large.
 */
static struct field_set select_of(struct arena *a, enum set_operation op,
                                  const struct field_set *x, const struct field_set *y)
{
    struct children children = {0};

    for (size_t i = 0; i < x->len; i++) {
        const struct field_set *other = find_child(y, x->at[i].key);

        if (other)
            add_child(a, &children, x->at[i].key, select_of(a, op, &x->at[i].set, other));
        else if (op == SET_MINUS)
            add_child(a, &children, x->at[i].key, x->at[i].set);
    }
    return set_of(x->is_member && y->is_member == (op == SET_COMMON), &children);
}

struct field_set field_set_union(struct arena *a, const struct field_set *x,
                                 const struct field_set *y)
{
    return unite(a, x, y);
}

struct field_set field_set_minus(struct arena *a, const struct field_set *x,
                                 const struct field_set *y)
{
    return select_of(a, SET_MINUS, x, y);
}

struct field_set field_set_common(struct arena *a, const struct field_set *x,
                                  const struct field_set *y)
{
    return select_of(a, SET_COMMON, x, y);
}

bool field_set_is_empty(const struct field_set *set)
{
    return is_nothing(set);
}

/* ---- FieldsV1 ---- */

static int by_child_key(const void *left, const void *right)
{
    const struct field_set_child *l = left, *r = right;

    return str_cmp(l->key, r->key);
}

struct field_set field_set_parse(struct arena *a, const struct json *fields)
{
    struct children children = {0};
    bool is_member = json_is(fields, JSON_OBJECT) && fields->count == 0;
    size_t len = 0;

    for (uint32_t i = 0; json_is(fields, JSON_OBJECT) && i < fields->count; i++) {
        if (str_is(fields->members[i].key, "."))
            is_member = true;
        else
            add_child(a, &children, fields->members[i].key,
                      field_set_parse(a, &fields->members[i].value));
    }
    if (children.len > 0)
        qsort(children.at, children.len, sizeof(*children.at), by_child_key);
    for (size_t i = 0; i < children.len; i++)
        if (i + 1 == children.len || !str_eq(children.at[i].key, children.at[i + 1].key))
            children.at[len++] = children.at[i];
    children.len = len;
    return set_of(is_member, &children);
}

struct json field_set_json(struct arena *a, const struct field_set *set)
{
    struct json_object_builder b = {0}, empty = {0};

    if (set->is_member && set->len > 0)
        json_add(a, &b, STR("."), json_object(&empty));
    for (size_t i = 0; i < set->len; i++)
        json_add(a, &b, set->at[i].key, field_set_json(a, &set->at[i].set));
    return json_object(&b);
}

/* ".name", "[name=\"main\"]", "[=\"x\"]" */
static struct str path_step(struct arena *a, struct str key)
{
    struct str rest = str_skip(key, 2), text = STR("");
    struct json v;
    struct err err;

    if (str_starts(key, STR("f:")))
        return str_concat(a, STR("."), rest);
    if (str_starts(key, STR("v:")) || json_parse(a, rest, &v, &err) < 0 ||
        v.type != JSON_OBJECT)
        return str_printf(a, "[=" STR_FMT "]", STR_ARG(rest));
    for (uint32_t i = 0; i < v.count; i++)
        text = str_printf(a, STR_FMT "%s" STR_FMT "=" STR_FMT, STR_ARG(text), i ? "," : "",
                          STR_ARG(v.members[i].key),
                          STR_ARG(json_text(a, &v.members[i].value, JSON_COMPACT)));
    return str_printf(a, "[" STR_FMT "]", STR_ARG(text));
}

/* Where a walk calls. */
struct walk {
    struct arena *a;
    field_set_fn fn;
    void *ctx;
};

static void walk_below(const struct walk *w, const struct field_set *set, struct str path)
{
    if (set->is_member)
        w->fn(w->ctx, path);
    for (size_t i = 0; i < set->len; i++)
        walk_below(w, &set->at[i].set, str_concat(w->a, path, path_step(w->a, set->at[i].key)));
}

void field_set_walk(struct arena *a, const struct field_set *set, field_set_fn fn, void *ctx)
{
    const struct walk w = {a, fn, ctx};

    walk_below(&w, set, STR(""));
}

/* ---- documents ---- */

static struct json merge(struct arena *a, const struct patch_member *as,
                         const struct json *live, const struct json *config);

/* The parts of @live with those of @config in their place or behind. */
static struct parts merge_parts(struct arena *a, const struct patch_member *as,
                                const struct json *live, const struct json *config)
{
    struct parts made = parts_of(a, as, live), over = parts_of(a, as, config);
    _cleanup_map_ struct map places = {0};

    map_init_borrowed(&places);
    for (size_t i = 0; i < made.len; i++)
        map_put(&places, made.at[i].key, (void *) (uintptr_t) (i + 1)); /* NOLINT: a number */
    for (size_t i = 0; i < over.len; i++) {
        size_t place = (size_t) (uintptr_t) map_find(&places, over.at[i].key);
        struct json *value = ARENA_NEW(a, struct json);

        if (place == 0) {
            VEC_APUSH(a, &made, over.at[i]);
            map_put(&places, over.at[i].key, (void *) (uintptr_t) made.len); /* NOLINT */
            continue;
        }
        *value = merge(a, &over.at[i].as, made.at[place - 1].value, over.at[i].value);
        made.at[place - 1].value = value;
    }
    return made;
}

/* An object or list of parts, as @like. */
static struct json join(struct arena *a, const struct json *like, const struct parts *parts)
{
    struct json_object_builder members = {0};
    struct json_array_builder items = {0};

    for (size_t i = 0; i < parts->len; i++)
        if (like->type == JSON_OBJECT)
            json_add(a, &members, str_skip(parts->at[i].key, 2), *parts->at[i].value);
        else
            json_push(a, &items, *parts->at[i].value);
    return like->type == JSON_OBJECT ? json_object(&members) : json_array(&items);
}

static struct json merge(struct arena *a, const struct patch_member *as,
                         const struct json *live, const struct json *config)
{
    struct parts parts;

    if (config->type == JSON_ARRAY ? !as->is_merged : config->type != JSON_OBJECT)
        return *config;
    if (live->type != config->type)
        return *config;
    if (is_leaf(as, live) || is_leaf(as, config)) /* one of them is empty */
        return is_leaf(as, config) ? *live : *config;
    parts = merge_parts(a, as, live, config);
    return join(a, live, &parts);
}

struct json field_set_merge(struct arena *a, const struct patch_schema *schema,
                            const struct json *live, const struct json *config)
{
    const struct patch_member as = {.inner = *schema};

    return merge(a, &as, live, config);
}

static bool is_head(struct str key)
{
    return str_is(key, "f:metadata") || str_is(key, "f:apiVersion") || str_is(key, "f:kind");
}

static struct json prune(struct arena *a, const struct part *of, const struct field_prune *p,
                         bool is_root)
{
    struct parts parts = parts_of(a, &of->as, of->value), left = {0};

    if (parts.len == 0)
        return *of->value;
    for (size_t i = 0; i < parts.len; i++) {
        struct part *part = &parts.at[i];
        struct field_prune below = {find_child(p->last, part->key),
                                    find_child(p->kept, part->key)};
        struct json *value = ARENA_NEW(a, struct json);

        if (below.last && !below.kept && !(is_root && is_head(part->key)))
            continue;
        if (!below.kept)
            below.kept = &none;
        *value = below.last ? prune(a, part, &below, false) : *part->value;
        part->value = value;
        VEC_APUSH(a, &left, *part);
    }
    return join(a, of->value, &left);
}

struct json field_set_prune(struct arena *a, const struct patch_schema *schema,
                            const struct json *doc, const struct field_prune *p)
{
    const struct part of = {.value = doc, .as = {.inner = *schema}};

    return prune(a, &of, p, true);
}
