/*
 * formats/patch_make.c - patches from two or three documents: what kubectl and controllers
 * send, as evanphx/json-patch and apimachinery's strategicpatch make them.
 *
 * Lists that are merged say what is new or changed, in the order of the new one, then what is
 * gone ("$patch": "delete"), and "$setElementOrder/NAME". Cost is the product of the lengths of
 * two lists that are merged; depth is that of the documents. Pure; any thread.
 */
#include "formats/patch_internal.h"

#include <stdlib.h>

/* What of the difference is told. */
struct make {
    struct arena *a;
    bool without_changes;   /* gone members and items only */
    bool without_deletions; /* new and changed ones only */
    struct err *err;        /* the first thing that is wrong; its kind is 0 until then */
};

static bool make_object(const struct make *m, struct patch_schema schema,
                        const struct json *from, const struct json *to,
                        struct json_object_builder *ret);

static bool has_failed(const struct make *m)
{
    return m->err->text[0] != '\0';
}

/* ---- equality ---- */

bool patch_equal(const struct json *x, const struct json *y)
{
    if (x->type != y->type)
        return false;
    if (x->type == JSON_NUMBER)
        return str_eq(json_number(x), json_number(y));
    if (x->type != JSON_ARRAY && x->type != JSON_OBJECT)
        return json_equal(x, y);
    if (x->count != y->count)
        return false;
    for (uint32_t i = 0; x->type == JSON_ARRAY && i < x->count; i++)
        if (!patch_equal(&x->items[i], &y->items[i]))
            return false;
    for (uint32_t i = 0; x->type == JSON_OBJECT && i < x->count; i++) {
        const struct json *other = json_get(y, x->members[i].key);

        if (!other || !patch_equal(&x->members[i].value, other))
            return false;
    }
    return true;
}

/* ---- merge patches ---- */

static struct json make_merge(struct arena *a, const struct json *from, const struct json *to)
{
    struct json_object_builder b = {0};

    for (uint32_t i = 0; i < to->count; i++) {
        const struct json *old = json_get(from, to->members[i].key),
                          *new = &to->members[i].value;
        struct json inner;

        if (!old || old->type != new->type || new->type != JSON_OBJECT) {
            if (!old || !json_equal(old, new))
                json_add(a, &b, to->members[i].key, *new);
            continue;
        }
        inner = make_merge(a, old, new);
        if (inner.count > 0)
            json_add(a, &b, to->members[i].key, inner);
    }
    for (uint32_t i = 0; i < from->count; i++)
        if (!json_get(to, from->members[i].key))
            json_add(a, &b, from->members[i].key, json_null());
    return json_object(&b);
}

static bool are_objects(const struct json *list)
{
    for (uint32_t i = 0; i < list->count; i++)
        if (list->items[i].type != JSON_OBJECT)
            return false;
    return true;
}

int patch_make_merge(struct arena *a, const struct json *from, const struct json *to,
                     struct json *ret, struct err *err)
{
    static const struct json nothing = {.type = JSON_OBJECT};
    struct json_array_builder b = {0};

    from = from->type == JSON_NULL ? &nothing : from;
    to = to->type == JSON_NULL ? &nothing : to;
    if (from->type == JSON_OBJECT && to->type == JSON_OBJECT) {
        *ret = make_merge(a, from, to);
        return 0;
    }
    if (from->type != JSON_ARRAY || to->type != JSON_ARRAY || from->count != to->count ||
        !are_objects(from) || !are_objects(to))
        return err_set(
            err, ERR_INVALID,
            "Invalid JSON Document: two objects, or two lists of as many objects, are "
            "wanted");
    for (uint32_t i = 0; i < to->count; i++)
        json_push(a, &b, make_merge(a, &from->items[i], &to->items[i]));
    *ret = json_array(&b);
    return 0;
}

/* ---- strategic: lists ---- */

static const struct json *identity(const struct patch_member *as, const struct json *item)
{
    return str_is_none(as->merge_key) ? item : json_get(item, as->merge_key);
}

static bool are_one(const struct patch_member *as, const struct json *x, const struct json *y)
{
    const struct json *left = identity(as, x), *right = identity(as, y);

    return left && right && json_equal(left, right);
}

/* The item of another list that an item of this one stands for. Of several of one identity the
 * last go together, then those before. */
static const struct json *find_twin(const struct patch_member *as, const struct json *list,
                                    uint32_t at, const struct json *other)
{
    uint32_t later = 0;

    for (uint32_t i = at + 1; i < list->count; i++)
        later += are_one(as, &list->items[i], &list->items[at]);
    for (uint32_t i = other->count; i > 0; i--)
        if (are_one(as, &other->items[i - 1], &list->items[at]) && later-- == 0)
            return &other->items[i - 1];
    return NULL;
}

/* {"name": X}, or X of a list of plain values. */
static struct json bare_item(struct arena *a, const struct patch_member *as,
                             const struct json *item)
{
    struct json_object_builder b = {0};

    if (str_is_none(as->merge_key))
        return *item;
    json_add(a, &b, as->merge_key, *identity(as, item));
    return json_object(&b);
}

static int compare_texts(const void *left, const void *right)
{
    return str_cmp(*(const struct str *) left, *(const struct str *) right);
}

/* "$retainKeys": the names of all members that the object has now. */
static struct json retained(struct arena *a, const struct json *v)
{
    struct str *names = ARENA_ARRAY(a, struct str, v->count + 1);
    struct json_array_builder b = {0};

    for (uint32_t i = 0; i < v->count; i++)
        names[i] = v->members[i].key;
    if (v->count > 1)
        qsort(names, v->count, sizeof(*names), compare_texts);
    for (uint32_t i = 0; i < v->count; i++)
        json_push(a, &b, json_string(names[i]));
    return json_array(&b);
}

static bool make_inner(const struct make *m, const struct patch_member *as,
                       const struct json *from, const struct json *to,
                       struct json_object_builder *b)
{
    bool is_changed = make_object(m, as->inner, from, to, b);

    if (is_changed && as->retains_keys)
        json_add(m->a, b, STR("$retainKeys"), retained(m->a, to));
    return is_changed;
}

/* New items whole, changed ones by their difference. */
static void add_changed(const struct make *m, const struct patch_member *as,
                        const struct json *from, const struct json *to,
                        struct json_array_builder *b)
{
    for (uint32_t i = 0; i < to->count; i++) {
        const struct json *item = &to->items[i], *old = find_twin(as, to, i, from);
        struct json_object_builder inner = {0};

        if (!old) {
            if (!m->without_changes)
                json_push(m->a, b, *item);
        } else if (!str_is_none(as->merge_key) && make_inner(m, as, old, item, &inner)) {
            json_add(m->a, &inner, as->merge_key, *identity(as, item));
            json_push(m->a, b, json_object(&inner));
        }
    }
}

/* Gone items, those that are objects as "$patch": "delete", in the order of their keys. */
static void add_gone(const struct make *m, const struct patch_member *as,
                     const struct json *from, const struct json *to,
                     struct json_array_builder *b)
{
    size_t begin = b->len;

    for (uint32_t i = 0; !m->without_deletions && i < from->count; i++) {
        struct json item;
        size_t at;

        if (find_twin(as, from, i, to))
            continue;
        item = bare_item(m->a, as, &from->items[i]);
        if (!str_is_none(as->merge_key))
            item = json_set(m->a, &item, STR("$patch"), json_string(STR("delete")));
        json_push(m->a, b, item);
        for (at = b->len - 1; at > begin && item.type == JSON_OBJECT; at--) {
            struct str left = json_get_str(&b->at[at - 1], as->merge_key),
                       right = json_get_str(&b->at[at], as->merge_key);

            if (str_is_none(left) || str_is_none(right) || str_cmp(left, right) <= 0)
                break;
            item = b->at[at];
            b->at[at] = b->at[at - 1];
            b->at[at - 1] = item;
        }
    }
}

static bool is_in_order(const struct patch_member *as, const struct json *from,
                        const struct json *to)
{
    const struct json *left, *right;

    if (from->count != to->count)
        return false;
    for (uint32_t i = 0; i < to->count; i++) {
        left = identity(as, &from->items[i]);
        right = identity(as, &to->items[i]);
        if (!left || !right || !json_equal(left, right))
            return false;
    }
    return true;
}

static bool fail_list(const struct make *m, const char *why)
{
    if (!has_failed(m))
        err_set(m->err, ERR_INVALID, "%s", why);
    return false;
}

/* All items are of one type, and can be told apart. */
static bool can_compare(const struct make *m, const struct patch_member *as,
                        const struct json *from, const struct json *to)
{
    const struct json *lists[] = {from, to};

    for (size_t l = 0; l < COUNT_OF(lists); l++)
        for (uint32_t i = 0; i < lists[l]->count; i++) {
            const struct json *item = &lists[l]->items[i];

            if (item->type != from->items[0].type)
                return fail_list(m, "list element types are not identical");
            if (item->type == JSON_ARRAY)
                return fail_list(m, "lists of lists are not supported");
            if ((item->type == JSON_OBJECT) != !str_is_none(as->merge_key) ||
                !identity(as, item))
                return fail_list(m, "an item does not contain the declared merge key");
        }
    return true;
}

static int compare_values(const void *left, const void *right)
{
    const struct json *const *l = left, *const *r = right;
    _cleanup_arena_ struct arena *a = arena_new();

    if ((*l)->type == JSON_STRING && (*r)->type == JSON_STRING)
        return str_cmp(json_str(*l), json_str(*r));
    return str_cmp(json_text(a, *l, JSON_COMPACT), json_text(a, *r, JSON_COMPACT));
}

/* Upstream sorts the old list of plain values before it looks whether the new one has its
 * order. */
static struct json sorted_values(struct arena *a, const struct json *list)
{
    const struct json **order = ARENA_ARRAY(a, const struct json *, list->count + 1);
    struct json_array_builder b = {0};

    for (uint32_t i = 0; i < list->count; i++)
        order[i] = &list->items[i];
    if (list->count > 1)
        qsort(order, list->count, sizeof(*order), compare_values);
    for (uint32_t i = 0; i < list->count; i++)
        json_push(a, &b, *order[i]);
    return json_array(&b);
}

static bool is_order_kept(const struct make *m, const struct patch_member *as,
                          const struct json *from, const struct json *to)
{
    struct json sorted;

    if (!str_is_none(as->merge_key))
        return is_in_order(as, from, to);
    sorted = sorted_values(m->a, from);
    return is_in_order(as, &sorted, to);
}

/* The members of the patch about a list that is merged; whether there are any. */
static bool make_list(const struct make *m, const struct patch_member *as, struct str name,
                      const struct json *from, const struct json *to,
                      struct json_object_builder *ret)
{
    struct json_array_builder changed = {0}, gone = {0}, order = {0};
    bool is_plain = str_is_none(as->merge_key);
    struct arena *a = m->a;

    if (from->count == 0) {
        if (to->count > 0 && !m->without_changes)
            json_add(a, ret, name, *to);
        return to->count > 0 && !m->without_changes;
    }
    if (!can_compare(m, as, from, to))
        return false;
    add_changed(m, as, from, to, &changed);
    add_gone(m, as, from, to, is_plain ? &gone : &changed);
    if (changed.len == 0 && gone.len == 0 &&
        (m->without_changes || is_order_kept(m, as, from, to)))
        return false;
    for (uint32_t i = 0; i < to->count; i++)
        json_push(a, &order, bare_item(a, as, &to->items[i]));
    if (changed.len > 0)
        json_add(a, ret, name, json_array(&changed));
    if (gone.len > 0)
        json_add(a, ret, str_concat(a, STR("$deleteFromPrimitiveList/"), name),
                 json_array(&gone));
    if (order.len > 0)
        json_add(a, ret, str_concat(a, STR("$setElementOrder/"), name), json_array(&order));
    return true;
}

/* ---- strategic: objects ---- */

static bool make_member(const struct make *m, struct patch_schema schema, struct str name,
                        const struct json *old, const struct json *new,
                        struct json_object_builder *ret)
{
    bool is_deep =
        old && old->type == new->type && (new->type == JSON_OBJECT || new->type == JSON_ARRAY);
    struct patch_member as = {0};
    struct json_object_builder inner = {0};
    struct err err;

    if (is_deep && patch_member_of(&schema, name, (enum json_type) new->type, &as, &err) < 0) {
        if (!json_equal(old, new))
            fail_list(m, err.text);
        return false;
    }
    if (is_deep && new->type == JSON_OBJECT) {
        if (!make_inner(m, &as, old, new, &inner))
            return false;
        json_add(m->a, ret, name, json_object(&inner));
        return true;
    }
    if (is_deep && as.is_merged)
        return make_list(m, &as, name, old, new, ret);
    if (m->without_changes || (old && json_equal(old, new)))
        return false;
    json_add(m->a, ret, name, *new);
    return true;
}

static bool make_object(const struct make *m, struct patch_schema schema,
                        const struct json *from, const struct json *to,
                        struct json_object_builder *ret)
{
    bool is_changed = false;

    for (uint32_t i = 0; i < to->count; i++)
        if (make_member(m, schema, to->members[i].key, json_get(from, to->members[i].key),
                        &to->members[i].value, ret))
            is_changed = true;
    for (uint32_t i = 0; !m->without_deletions && i < from->count; i++)
        if (!json_get(to, from->members[i].key)) {
            json_add(m->a, ret, from->members[i].key, json_null());
            is_changed = true;
        }
    return is_changed;
}

static int must_be_objects(const struct json *from, const struct json *to, struct err *err)
{
    if (from->type == JSON_OBJECT && to->type == JSON_OBJECT)
        return 0;
    return err_set(err, ERR_INVALID, "a strategic merge patch is made of objects only");
}

int patch_make_strategic(struct arena *a, struct patch_schema schema, const struct json *from,
                         const struct json *to, struct json *ret, struct err *err)
{
    struct err wrong = {0};
    const struct make m = {.a = a, .err = &wrong};
    struct json_object_builder b = {0};

    if (must_be_objects(from, to, err) < 0)
        return -1;
    make_object(&m, schema, from, to, &b);
    if (has_failed(&m))
        return err_set(err, ERR_INVALID, "%s", wrong.text);
    *ret = json_object(&b);
    return 0;
}

/* Two patches of one document as one: lists are told one behind the other. */
static struct json joined(struct arena *a, const struct json *first, const struct json *second)
{
    struct json made = *first;

    for (uint32_t i = 0; i < second->count; i++) {
        const struct json *old = json_get(first, second->members[i].key),
                          *new = &second->members[i].value;
        struct json value = *new;

        if (old && old->type == JSON_OBJECT && new->type == JSON_OBJECT) {
            value = joined(a, old, new);
        } else if (old && old->type == JSON_ARRAY && new->type == JSON_ARRAY &&
                   !str_starts(second->members[i].key, STR("$"))) {
            struct json_array_builder b = {0};

            for (uint32_t k = 0; k < new->count; k++)
                json_push(a, &b, new->items[k]);
            for (uint32_t k = 0; k < old->count; k++)
                json_push(a, &b, old->items[k]);
            value = json_array(&b);
        }
        made = json_set(a, &made, second->members[i].key, value);
    }
    return made;
}

int patch_make_three_way(struct arena *a, struct patch_schema schema,
                         const struct patch_three *of, struct json *ret, struct err *err)
{
    struct err wrong = {0};
    const struct make deletions = {.a = a, .without_changes = true, .err = &wrong};
    const struct make changes = {.a = a, .without_deletions = true, .err = &wrong};
    struct json_object_builder gone = {0}, delta = {0};
    struct json first, second;

    if (must_be_objects(of->from, of->to, err) < 0 ||
        must_be_objects(of->current, of->to, err) < 0)
        return -1;
    make_object(&deletions, schema, of->from, of->to, &gone);
    make_object(&changes, schema, of->current, of->to, &delta);
    if (has_failed(&changes))
        return err_set(err, ERR_INVALID, "%s", wrong.text);
    first = json_object(&gone);
    second = json_object(&delta);
    *ret = joined(a, &first, &second);
    return 0;
}
