/*
 * Parameters of a trigger's template: applied to its document, which is read again as upstream
 * does: names in any case, unknown ones dropped, wrong types refused. See params.h.
 */
#include "events/sensors/params.h"

#include <assert.h>

static const struct field *find_row(const struct shape *shape, struct str name)
{
    for (; shape; shape = shape->inlined)
        for (const struct field *f = shape->fields; f && f->name; f++)
            if (str_eq_nocase(name, str_from(f->name)))
                return f;
    return NULL;
}

static struct json *find_made(struct json_object_builder *b, struct str name)
{
    for (size_t i = 0; i < b->len; i++)
        if (str_eq(b->at[i].key, name))
            return &b->at[i].value;
    return NULL;
}

/* Members of both, in order: what a second member of the same name means. */
static struct json joined(struct arena *a, const struct json *left, const struct json *right)
{
    struct json_object_builder b = {0};

    for (uint32_t i = 0; i < left->count; i++)
        json_add(a, &b, left->members[i].key, left->members[i].value);
    for (uint32_t i = 0; i < right->count; i++)
        json_add(a, &b, right->members[i].key, right->members[i].value);
    return json_object(&b);
}

/* The members that a shape knows, by its names. */
static struct json_object_builder known_members(struct arena *a, const struct shape *shape,
                                                const struct json *v)
{
    struct json_object_builder b = {0};

    for (uint32_t i = 0; i < v->count; i++) {
        const struct json_member *m = &v->members[i];
        const struct field *row = find_row(shape, m->key);
        struct json *old = row ? find_made(&b, str_from(row->name)) : NULL;

        if (!row)
            continue;
        if (!old)
            json_add(a, &b, str_from(row->name), m->value);
        else if (old->type == JSON_OBJECT && m->value.type == JSON_OBJECT)
            *old = joined(a, old, &m->value);
        else
            *old = m->value;
    }
    return b;
}

static struct json by_shape(struct arena *a, const struct shape *shape, const struct json *v);

static struct json items_by_shape(struct arena *a, const struct shape *shape,
                                  const struct json *list)
{
    struct json_array_builder b = {0};

    for (uint32_t i = 0; i < list->count; i++)
        json_push(a, &b, by_shape(a, shape, &list->items[i]));
    return json_array(&b);
}

static struct json by_shape(struct arena *a, const struct shape *shape, const struct json *v)
{
    struct json_object_builder b;

    if (!shape || (!shape->fields && !shape->inlined) || v->type != JSON_OBJECT)
        return *v;
    b = known_members(a, shape, v);
    for (size_t i = 0; i < b.len; i++) {
        const struct field *row = find_row(shape, b.at[i].key);
        struct json *value = &b.at[i].value;

        assert(row); /* known_members() has named it */
        if (row->type == FIELD_OBJECT)
            *value = by_shape(a, row->shape, value);
        else if (row->type == FIELD_LIST && value->type == JSON_ARRAY)
            *value = items_by_shape(a, row->shape, value);
    }
    return json_object(&b);
}

int params_apply_shaped(struct arena *a, const struct params_shaped *what,
                        const struct json *parameters, const struct params_events *events,
                        struct json *ret, struct err *err)
{
    struct field_faults faults = {0};
    struct json made;

    if (params_apply(a, what->doc, parameters, events, &made, err) < 0)
        return -1;
    made = by_shape(a, what->shape, &made);
    field_check(a, what->shape, &made, what->path, &faults);
    for (size_t i = 0; i < faults.len; i++)
        if (faults.at[i].kind != ERR_INVALID || faults.at[i].what != FIELD_WRONG_VALUE)
            return err_set(err, faults.at[i].kind, "parameters make " STR_FMT ": " STR_FMT,
                           STR_ARG(faults.at[i].path), STR_ARG(faults.at[i].text));
    *ret = made;
    return 0;
}
