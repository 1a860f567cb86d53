/*
 * Names in any case become those of the shape. See field_fold() in objects/field.h.
 *
 * Depth is bounded by JSON_DEPTH_MAX. Any thread.
 */
#include "objects/field_internal.h"

static const struct field *find_folded(const struct shape *shape, const struct json *v,
                                       struct str name)
{
    const struct field *row = NULL;

    while (field_rows_next(&shape, &row))
        if (str_eq_nocase(name, str_from(row->name)) && !json_get(v, str_from(row->name)))
            return row;
    return NULL;
}

/* Items are objects, or lists of them. */
static struct json fold_list(struct arena *a, const struct shape *shape, const struct json *v)
{
    struct json made = *v, *items = ARENA_ARRAY(a, struct json, v->count + 1);

    for (uint32_t i = 0; i < v->count; i++)
        items[i] = v->items[i].type == JSON_ARRAY ? fold_list(a, shape, &v->items[i])
                                                  : field_fold(a, shape, &v->items[i]);
    made.items = items;
    return made;
}

static struct json fold_map(struct arena *a, const struct shape *shape, const struct json *v)
{
    struct json_member *members = ARENA_ARRAY(a, struct json_member, v->count + 1);
    struct json made = *v;

    for (uint32_t i = 0; i < v->count; i++) {
        members[i] = v->members[i];
        members[i].value = field_fold(a, shape, &v->members[i].value);
    }
    made.members = members;
    return made;
}

static struct json fold_value(struct arena *a, const struct field *row, const struct json *v)
{
    if (row->type == FIELD_OBJECT || row->type == FIELD_OBJECT_PTR)
        return field_fold(a, row->shape, v);
    if (row->shape && row->type == FIELD_LIST && v->type == JSON_ARRAY)
        return fold_list(a, row->shape, v);
    if (row->shape && row->type == FIELD_MAP && v->type == JSON_OBJECT)
        return fold_map(a, row->shape, v);
    return *v;
}

struct json field_fold(struct arena *a, const struct shape *shape, const struct json *value)
{
    struct json_member *members;
    struct json made = *value;

    if (value->type != JSON_OBJECT || (!shape->fields && !shape->inlined))
        return made;
    members = ARENA_ARRAY(a, struct json_member, value->count + 1);
    for (uint32_t i = 0; i < value->count; i++) {
        const struct json_member *member = &value->members[i];
        const struct field *row = field_find(shape, member->key);

        members[i] = *member;
        if (!row && (row = find_folded(shape, value, member->key)) != NULL)
            members[i].key = str_from(row->name);
        row = row ? row : shape->rest;
        if (row)
            members[i].value = fold_value(a, row, &member->value);
    }
    made.members = members;
    return made;
}
