/*
 * formats/patch_strategic.c - strategic merge patches, as apimachinery's strategicpatch applies
 * them on the server's side.
 *
 * Objects are merged member by member. A list is merged when the schema says so: its items are
 * told apart by the value of a member (the merge key), or are plain values. The result's order
 * is the patch's, then the document's; "$setElementOrder/NAME" overrules both. Keys are looked
 * up by hash, so cost follows the size of both lists. Recursion is bounded by JSON_DEPTH_MAX of
 * the parsers. Pure; any thread.
 */
#include "formats/patch_internal.h"

#include "base/limits.h"
#include "base/vec.h"

#include <stdlib.h>

#define DIRECTIVE    STR("$patch")
#define RETAIN_KEYS  STR("$retainKeys")
#define ORDER_PREFIX STR("$setElementOrder/")
#define DROP_PREFIX  STR("$deleteFromPrimitiveList/")

/* A patch on its way. */
struct work {
    struct arena *a;
    size_t begun_bytes; /* of the arena */
};

static int merge_object(const struct work *w, const struct patch_target *t,
                        const struct json *patch, struct json *ret, struct err *err);

int patch_member_of(const struct patch_schema *schema, struct str name, enum json_type type,
                    struct patch_member *ret, struct err *err)
{
    *ret = (struct patch_member){0};
    if (schema->shape)
        schema->member(schema->shape, name, ret);
    if (ret->is_unknown)
        return err_set(err, ERR_INVALID,
                       "unable to find api field for the json field \"" STR_FMT "\"",
                       STR_ARG(str_head(name, 60)));
    if (ret->is_no_list && type == JSON_ARRAY)
        return err_set(err, ERR_INVALID, "expected slice or array type for " STR_FMT,
                       STR_ARG(str_head(name, 60)));
    return 0;
}

/* ---- what a patch says where there is nothing ---- */

/* The value without directives and nulls: false when it is a directive as a whole. */
static bool plain_value(struct arena *a, const struct json *v, struct json *ret)
{
    struct json_object_builder members = {0};
    struct json_array_builder items = {0};
    struct json made;

    *ret = *v;
    if (v->type == JSON_OBJECT) {
        if (json_get(v, DIRECTIVE))
            return false;
        for (uint32_t i = 0; i < v->count; i++)
            if (v->members[i].value.type != JSON_NULL &&
                plain_value(a, &v->members[i].value, &made))
                json_add(a, &members, v->members[i].key, made);
        *ret = json_object(&members);
    } else if (v->type == JSON_ARRAY) {
        for (uint32_t i = 0; i < v->count; i++)
            if (plain_value(a, &v->items[i], &made))
                json_push(a, &items, made);
        *ret = json_array(&items);
    }
    return true;
}

static void take_plain(struct arena *a, struct patch_members *m, struct str key,
                       const struct json *v)
{
    struct json made;

    if (plain_value(a, v, &made))
        patch_members_put(a, m, key, made);
    else
        patch_members_drop(m, key);
}

/* ---- lists as they are merged ---- */

struct item {
    struct json value;
    struct str key;       /* what tells it apart, with its type in front */
    size_t patch, server; /* place in the order of patch and document, or SIZE_MAX */
    size_t at;            /* place in the list */
};

struct items {
    struct item *at;
    size_t len, room;
};

/* A list under way. */
struct merging {
    const struct work *w;
    const struct patch_member *as;
    struct items merged;
    struct map places; /* key -> 1 + index of its first item */
};

/* "s" text, "n" number ...: values of two types are never the same. */
static int key_of(struct arena *a, const struct patch_member *as, const struct json *v,
                  struct str *ret, struct err *err)
{
    static const char letters[] = {
        [JSON_NULL] = '0',   [JSON_BOOL] = 'b',  [JSON_NUMBER] = 'n',
        [JSON_STRING] = 's', [JSON_ARRAY] = 'a', [JSON_OBJECT] = 'o'};
    const struct json *value = v;

    if (!str_is_none(as->merge_key)) {
        value = json_get(v, as->merge_key);
        if (!value)
            return err_set(
                err, ERR_INVALID, STR_FMT " does not contain declared merge key: " STR_FMT,
                STR_ARG(str_head(json_text(a, v, JSON_COMPACT), 80)), STR_ARG(as->merge_key));
    }
    if (value->type == JSON_ARRAY || value->type == JSON_OBJECT)
        return err_set(err, ERR_INVALID, "an item of a list cannot be told apart by %s",
                       value->type == JSON_ARRAY ? "a list" : "an object");
    *ret = str_printf(a, "%c" STR_FMT, letters[value->type],
                      STR_ARG(json_text(a, value, JSON_COMPACT)));
    return 0;
}

/* The places of a list's keys, the first one counts. */
static int places_of(struct arena *a, const struct patch_member *as, const struct json *list,
                     struct map *ret, struct err *err)
{
    map_init_borrowed(ret);
    for (uint32_t i = 0; list && i < list->count; i++) {
        struct str key;

        if (key_of(a, as, &list->items[i], &key, err) < 0)
            return -1;
        if (!map_find(ret, key))
            map_put(ret, key, (void *) (uintptr_t) (i + 1)); /* NOLINT: a number */
    }
    return 0;
}

static size_t place_in(const struct map *places, struct str key)
{
    size_t place = (size_t) (uintptr_t) map_find(places, key);

    return place > 0 ? place - 1 : SIZE_MAX;
}

static int by_patch(const void *left, const void *right)
{
    const struct item *l = left, *r = right;

    return l->patch != r->patch ? (l->patch < r->patch ? -1 : 1) : l->at < r->at ? -1 : 1;
}

static int by_server(const void *left, const void *right)
{
    const struct item *l = left, *r = right;

    return l->server != r->server ? (l->server < r->server ? -1 : 1) : l->at < r->at ? -1 : 1;
}

/* Items of the patch in its order; the others go before the first that is behind them in the
 * document. */
static struct json interleave(struct arena *a, struct items *patch, struct items *others)
{
    struct json_array_builder b = {0};
    size_t i = 0, j = 0;

    if (patch->len > 0)
        qsort(patch->at, patch->len, sizeof(*patch->at), by_patch);
    if (others->len > 0)
        qsort(others->at, others->len, sizeof(*others->at), by_server);
    while (i < others->len || j < patch->len) {
        bool is_other =
            j == patch->len ||
            (i < others->len && patch->at[j].server != SIZE_MAX &&
             others->at[i].server != SIZE_MAX && others->at[i].server < patch->at[j].server);

        json_push(a, &b, is_other ? others->at[i++].value : patch->at[j++].value);
    }
    return json_array(&b);
}

/* The merged items as the list that they become: @order is the patch's, @server the
 * document's. */
static int in_order(struct merging *m, const struct json *order, const struct json *server,
                    struct json *ret, struct err *err)
{
    _cleanup_map_ struct map patch_places = {0}, server_places = {0};
    struct items patch = {0}, others = {0};

    if (places_of(m->w->a, m->as, order, &patch_places, err) < 0 ||
        places_of(m->w->a, m->as, server, &server_places, err) < 0)
        return -1;
    for (size_t i = 0; i < m->merged.len; i++) {
        struct item *item = &m->merged.at[i];

        item->at = i;
        item->patch = place_in(&patch_places, item->key);
        item->server = place_in(&server_places, item->key);
        if (item->patch != SIZE_MAX)
            VEC_APUSH(m->w->a, &patch, *item);
        else
            VEC_APUSH(m->w->a, &others, *item);
    }
    *ret = interleave(m->w->a, &patch, &others);
    return 0;
}

static void add_item(struct merging *m, const struct json *v, struct str key)
{
    VEC_APUSH(m->w->a, &m->merged, ((struct item){.value = *v, .key = key}));
    if (!map_find(&m->places, key))
        map_put(&m->places, key, (void *) (uintptr_t) m->merged.len); /* NOLINT: a number */
}

/* ---- lists of plain values ---- */

static int merge_values(struct merging *m, const struct json *list, struct err *err)
{
    for (uint32_t i = 0; i < list->count; i++) {
        struct str key;

        if (key_of(m->w->a, m->as, &list->items[i], &key, err) < 0)
            return -1;
        if (!map_find(&m->places, key))
            add_item(m, &list->items[i], key);
    }
    return 0;
}

static int drop_values(struct arena *a, const struct json *doc, const struct json *dropped,
                       struct json *ret, struct err *err)
{
    static const struct patch_member plain = {.is_merged = true};
    _cleanup_map_ struct map places = {0};
    struct json_array_builder b = {0};

    if (places_of(a, &plain, dropped, &places, err) < 0)
        return -1;
    for (uint32_t i = 0; i < doc->count; i++) {
        struct str key;

        if (key_of(a, &plain, &doc->items[i], &key, err) < 0)
            return -1;
        if (!map_find(&places, key))
            json_push(a, &b, doc->items[i]);
    }
    *ret = json_array(&b);
    return 0;
}

/* ---- lists of objects ---- */

/* What the directives among the items of a patch ask for. */
struct directives {
    struct json rest;   /* the items that are none */
    struct map deleted; /* keys */
    bool is_replace;
};

static int read_directives(struct arena *a, const struct patch_member *as,
                           const struct json *patch, struct directives *ret, struct err *err)
{
    struct json_array_builder rest = {0};

    for (uint32_t i = 0; i < patch->count; i++) {
        const struct json *directive = json_get(&patch->items[i], DIRECTIVE);
        struct str word = json_str(directive), key;

        if (!directive) {
            json_push(a, &rest, patch->items[i]);
        } else if (str_is(word, "replace")) {
            ret->is_replace = true;
        } else if (str_is(word, "delete")) {
            if (key_of(a, as, &patch->items[i], &key, err) < 0)
                return -1;
            map_put(&ret->deleted, key, ret);
        } else if (str_is(word, "merge")) {
            return err_set(err, ERR_INVALID,
                           "merging lists cannot yet be specified in the patch");
        } else {
            return err_set(err, ERR_INVALID, "unknown patch type: " STR_FMT " in map: " STR_FMT,
                           STR_ARG(str_head(json_text(a, directive, JSON_COMPACT), 40)),
                           STR_ARG(str_head(json_text(a, &patch->items[i], JSON_COMPACT), 80)));
        }
    }
    ret->rest = json_array(&rest);
    return 0;
}

static int merge_items(struct merging *m, const struct json *patch, struct err *err)
{
    for (uint32_t i = 0; i < patch->count; i++) {
        struct patch_target t = {.schema = m->as->inner};
        struct str key;
        size_t place;

        if (key_of(m->w->a, m->as, &patch->items[i], &key, err) < 0)
            return -1;
        place = place_in(&m->places, key);
        if (place == SIZE_MAX) {
            add_item(m, &patch->items[i], key);
            continue;
        }
        t.doc = &m->merged.at[place].value;
        if (merge_object(m->w, &t, &patch->items[i], &m->merged.at[place].value, err) < 0)
            return -1;
    }
    return 0;
}

static int merge_objects(struct merging *m, const struct json *doc, const struct json *patch,
                         struct json *ret, struct err *err)
{
    struct directives d = {0};
    struct json_array_builder kept = {0};
    struct json left;
    int result = read_directives(m->w->a, m->as, patch, &d, err);

    if (result == 0 && d.is_replace) {
        *ret = d.rest;
        map_done(&d.deleted);
        return 0;
    }
    for (uint32_t i = 0; result == 0 && i < doc->count; i++) {
        struct str key;

        result = key_of(m->w->a, m->as, &doc->items[i], &key, err);
        if (result < 0 || map_find(&d.deleted, key))
            continue;
        add_item(m, &doc->items[i], key);
        json_push(m->w->a, &kept, doc->items[i]);
    }
    map_done(&d.deleted);
    if (result < 0 || merge_items(m, &d.rest, err) < 0)
        return -1;
    left = json_array(&kept);
    return in_order(m, &d.rest, &left, ret, err);
}

/* ---- any list ---- */

/* All items are objects (1), or none is and all are plain (0); -1 otherwise. */
static int items_are_objects(const struct json *doc, const struct json *patch, struct err *err)
{
    const struct json *lists[] = {doc, patch};
    const struct json *first = doc->count ? doc->items : patch->items;

    for (size_t l = 0; l < COUNT_OF(lists); l++)
        for (uint32_t i = 0; i < lists[l]->count; i++)
            if (lists[l]->items[i].type != first->type)
                return err_set(err, ERR_INVALID, "list element types are not identical");
    if (first->type == JSON_ARRAY || first->type == JSON_NULL)
        return err_set(err, ERR_INVALID, "a list of %s cannot be merged",
                       first->type == JSON_NULL ? "nulls" : "lists");
    return first->type == JSON_OBJECT;
}

static int merge_list(const struct work *w, const struct patch_member *as,
                      const struct json *doc, const struct json *patch, struct json *ret,
                      struct err *err)
{
    struct merging m = {.w = w, .as = as};
    int is_objects, result;

    *ret = *doc;
    if (doc->count == 0 && patch->count == 0)
        return 0;
    is_objects = items_are_objects(doc, patch, err);
    if (is_objects < 0)
        return -1;
    if (is_objects != !str_is_none(as->merge_key))
        return err_set(err, ERR_INVALID,
                       is_objects ? "cannot merge lists without merge key"
                                  : "the items of the list must be objects");
    map_init_borrowed(&m.places);
    if (is_objects)
        result = merge_objects(&m, doc, patch, ret, err);
    else if (merge_values(&m, doc, err) < 0 || merge_values(&m, patch, err) < 0)
        result = -1;
    else
        result = in_order(&m, patch, doc, ret, err);
    map_done(&m.places);
    return result;
}

/* ---- directives of an object ---- */

static int check_retained(const struct json *patch, const struct map *kept, struct err *err)
{
    for (uint32_t i = 0; i < patch->count; i++) {
        struct str key = patch->members[i].key;

        if (patch->members[i].value.type != JSON_NULL && !str_starts(key, STR("$")) &&
            !map_find(kept, key))
            return err_set(err, ERR_INVALID, "\"" STR_FMT "\" is not in $retainKeys",
                           STR_ARG(str_head(key, 60)));
    }
    return 0;
}

static int retain_keys(struct patch_members *m, const struct json *patch, struct err *err)
{
    _cleanup_map_ struct map kept = {0};
    const struct json *list = json_get(patch, RETAIN_KEYS);

    if (!list)
        return 0;
    if (list->type != JSON_ARRAY)
        return err_set(err, ERR_INVALID, "$retainKeys must be a list of names");
    map_init_borrowed(&kept);
    for (uint32_t i = 0; i < list->count; i++)
        if (list->items[i].type == JSON_STRING)
            map_put(&kept, json_str(&list->items[i]), m);
    if (check_retained(patch, &kept, err) < 0)
        return -1;
    for (size_t i = 0; i < m->of.len; i++)
        if (!str_is_none(m->of.at[i].key) && !map_find(&kept, m->of.at[i].key))
            patch_members_drop(m, m->of.at[i].key);
    return 0;
}

/* The patch's items come in the order's order; what is not in the order would have no place. */
static int check_order(struct arena *a, const struct patch_member *as, const struct json *patch,
                       const struct json *order, struct err *err)
{
    struct str key = STR(""), wanted;
    uint32_t at = 0;

    for (uint32_t i = 0; order->count > 0 && i < patch->count; i++) {
        bool is_found = false;

        if (json_get(&patch->items[i], DIRECTIVE))
            continue;
        if (key_of(a, as, &patch->items[i], &key, err) < 0)
            return -1;
        while (!is_found && at < order->count) {
            if (key_of(a, as, &order->items[at++], &wanted, err) < 0)
                return -1;
            is_found = str_eq(key, wanted);
        }
        if (!is_found)
            return err_set(
                err, ERR_INVALID,
                "the order in the patch list does not match $setElementOrder: " STR_FMT,
                STR_ARG(str_head(str_skip(key, 1), 80)));
    }
    return 0;
}

/* The list of a member as the patch makes it, before it is ordered. */
static int ordered_content(const struct work *w, const struct patch_member *as,
                           const struct json *doc, const struct json *patch, struct json *ret,
                           struct err *err)
{
    if (!patch)
        *ret = *doc;
    else if (!doc)
        plain_value(w->a, patch, ret);
    else if (as->is_merged)
        return merge_list(w, as, doc, patch, ret, err);
    else
        *ret = *patch;
    return 0;
}

/* How the items of a list are ordered. */
struct ordering {
    const struct patch_member *as;
    const struct json *order, *doc;
};

static int order_items(const struct work *w, const struct ordering *o, const struct json *list,
                       struct json *ret, struct err *err)
{
    struct merging m = {.w = w, .as = o->as};
    int result = 0;

    map_init_borrowed(&m.places);
    for (uint32_t i = 0; result == 0 && i < list->count; i++) {
        struct str key;

        result = key_of(w->a, o->as, &list->items[i], &key, err);
        if (result == 0)
            add_item(&m, &list->items[i], key);
    }
    if (result == 0)
        result = in_order(&m, o->order, o->doc, ret, err);
    map_done(&m.places);
    return result;
}

static int set_order(const struct work *w, struct patch_members *m,
                     const struct patch_schema *schema, const struct map *patch,
                     const struct json_member *directive, struct err *err)
{
    struct str name = str_skip(directive->key, ORDER_PREFIX.len);
    const struct json *order = &directive->value, *doc = patch_members_find(m, name),
                      *items = map_find(patch, name);
    struct patch_member as = {0};
    const struct ordering o = {&as, order, doc};
    struct json list, made;

    if (order->type != JSON_ARRAY || (doc && doc->type != JSON_ARRAY) ||
        (items && items->type != JSON_ARRAY))
        return err_set(err, ERR_INVALID, STR_FMT ": order and items must be lists",
                       STR_ARG(str_head(directive->key, 60)));
    if (patch_member_of(schema, name, JSON_ARRAY, &as, err) < 0)
        return -1;
    if (items && check_order(w->a, &as, items, order, err) < 0)
        return -1;
    if (!doc && !items)
        return 0;
    if (ordered_content(w, &as, doc, items, &list, err) < 0 ||
        order_items(w, &o, &list, &made, err) < 0)
        return -1;
    patch_members_put(w->a, m, name, made);
    return 0;
}

/* ---- objects ---- */

static int merge_member(const struct work *w, struct patch_members *m,
                        const struct patch_schema *schema, const struct json_member *p,
                        struct err *err)
{
    const struct json *doc = patch_members_find(m, p->key);
    struct patch_member as = {0};
    struct json made;

    if (p->value.type == JSON_NULL) {
        patch_members_drop(m, p->key);
        return 0;
    }
    if (!doc || doc->type != p->value.type) {
        take_plain(w->a, m, p->key, &p->value);
        return 0;
    }
    if ((doc->type == JSON_OBJECT || doc->type == JSON_ARRAY) &&
        patch_member_of(schema, p->key, (enum json_type) doc->type, &as, err) < 0)
        return -1;
    made = p->value;
    if (p->value.type == JSON_OBJECT) {
        const struct patch_target t = {doc, as.inner};

        if (merge_object(w, &t, &p->value, &made, err) < 0)
            return err_wrap(err, STR_FMT, STR_ARG(str_head(p->key, 60)));
    } else if (p->value.type == JSON_ARRAY && as.is_merged &&
               merge_list(w, &as, doc, &p->value, &made, err) < 0) {
        return err_wrap(err, STR_FMT, STR_ARG(str_head(p->key, 60)));
    }
    patch_members_put(w->a, m, p->key, made);
    return 0;
}

static int drop_from_list(struct arena *a, struct patch_members *m,
                          const struct patch_schema *schema, const struct json_member *p,
                          struct err *err)
{
    struct patch_member as;
    struct str name = str_skip(p->key, DROP_PREFIX.len);
    const struct json *doc = patch_members_find(m, name);
    struct json made;

    if (p->value.type == JSON_NULL)
        patch_members_drop(m, name);
    if (!json_is(doc, JSON_ARRAY) || p->value.type != JSON_ARRAY)
        return 0;
    if (patch_member_of(schema, name, JSON_ARRAY, &as, err) < 0 ||
        drop_values(a, doc, &p->value, &made, err) < 0)
        return -1;
    patch_members_put(a, m, name, made);
    return 0;
}

/* The members of a patch that orders lists, by name: there may be very many of both. */
static void index_patch(struct map *m, const struct json *patch)
{
    bool is_done = m->len > 0;

    for (uint32_t i = 0; !is_done && i < patch->count; i++)
        map_put(m, patch->members[i].key, (void *) (uintptr_t) &patch->members[i].value);
}

/* Lists with an order first; they are done then. */
static int merge_members(const struct work *w, struct patch_members *m,
                         const struct patch_schema *schema, const struct json *patch,
                         struct err *err)
{
    _cleanup_map_ struct map done = {0}, by_name = {0};
    int result = 0;

    map_init_borrowed(&done);
    map_init_borrowed(&by_name);
    for (uint32_t i = 0; result == 0 && i < patch->count; i++) {
        struct str key = patch->members[i].key;

        if (!str_starts(key, ORDER_PREFIX))
            continue;
        index_patch(&by_name, patch);
        result = set_order(w, m, schema, &by_name, &patch->members[i], err);
        map_put(&done, str_skip(key, ORDER_PREFIX.len), m);
    }
    for (uint32_t i = 0; result == 0 && i < patch->count; i++) {
        struct str key = patch->members[i].key;

        if (str_starts(key, ORDER_PREFIX) || str_eq(key, RETAIN_KEYS))
            continue;
        if (str_starts(key, DROP_PREFIX))
            result = drop_from_list(w->a, m, schema, &patch->members[i], err);
        else if (!map_find(&done, key))
            result = merge_member(w, m, schema, &patch->members[i], err);
    }
    return result;
}

static int replace_object(struct arena *a, const struct json *patch, struct json *ret,
                          struct err *err)
{
    const struct json *directive = json_get(patch, DIRECTIVE);
    struct json_object_builder none = {0};

    if (str_is(json_str(directive), "replace"))
        *ret = json_without(a, patch, DIRECTIVE);
    else if (str_is(json_str(directive), "delete"))
        *ret = json_object(&none);
    else
        return err_set(err, ERR_INVALID,
                       "unknown patch type: " STR_FMT ", it must be replace or delete",
                       STR_ARG(str_head(json_text(a, directive, JSON_COMPACT), 40)));
    return 0;
}

static int merge_object(const struct work *w, const struct patch_target *t,
                        const struct json *patch, struct json *ret, struct err *err)
{
    _cleanup_members_ struct patch_members m = {0};

    if (json_get(patch, DIRECTIVE))
        return replace_object(w->a, patch, ret, err);
    patch_members_of(w->a, &m, t->doc);
    if (arena_bytes(w->a) - w->begun_bytes > PATCH_WORK_MAX_BYTES)
        return err_set(err, ERR_LIMIT, "the patch takes more than %d bytes of work",
                       PATCH_WORK_MAX_BYTES);
    if (retain_keys(&m, patch, err) < 0 || merge_members(w, &m, &t->schema, patch, err) < 0)
        return -1;
    *ret = patch_members_object(&m);
    return 0;
}

int patch_strategic(struct arena *a, const struct patch_target *target,
                    const struct json *patch, struct json *ret, struct err *err)
{
    const struct work w = {a, arena_bytes(a)};

    if (patch->type != JSON_OBJECT && patch->type != JSON_NULL)
        return err_set(err, ERR_INVALID, "a strategic merge patch must be an object");
    if (target->doc->type != JSON_OBJECT && target->doc->type != JSON_NULL)
        return err_set(err, ERR_INVALID, "only an object can be patched");
    return merge_object(&w, target, patch, ret, err);
}
