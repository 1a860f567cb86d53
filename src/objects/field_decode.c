/*
 * objects/field_decode.c - a C struct from a manifest's value.
 *
 * Only rows with a place in the struct are filled; all else of the value stays where it is.
 * Texts are borrowed from the value; lists, maps and pointed-to structs live in the arena. An
 * empty text and an absent one are the same to Go, so both take the row's default; numbers and
 * booleans take it only when absent. Any thread.
 */
#include "base/limits.h"
#include "formats/anystring.h"
#include "formats/duration.h"
#include "objects/field_internal.h"

#include <assert.h>

struct decoder {
    struct arena *a;
    struct err *err;
};

/* Bytes of the C type that a value of this type takes in an array. */
static size_t size_of(enum field_type type, const struct shape *shape)
{
    switch (type) {
    case FIELD_STR:
    case FIELD_INT_OR_STR:
    case FIELD_ANY_STR:
    case FIELD_NUMBER:
    case FIELD_QUANTITY:
    case FIELD_TIME:
    case FIELD_BYTES:
    case FIELD_ENUM:
        return sizeof(struct str);
    case FIELD_BOOL:
        return sizeof(bool);
    case FIELD_I64:
    case FIELD_DURATION_MS:
        return sizeof(int64_t);
    case FIELD_F64:
        return sizeof(double);
    case FIELD_ANY:
        return sizeof(const struct json *);
    case FIELD_OBJECT:
    case FIELD_OBJECT_PTR:
        return shape && shape->struct_size > 0 ? shape->struct_size
                                               : sizeof(const struct json *);
    case FIELD_LIST:
        return sizeof(struct field_list);
    case FIELD_MAP:
        return sizeof(struct field_map);
    }
    return 0;
}

static int wrong(struct decoder *d, const struct field_place *at, const struct json *v)
{
    return err_set(d->err, ERR_INVALID, STR_FMT ": unexpected " STR_FMT,
                   STR_ARG(field_place_text(d->a, STR(""), at)),
                   STR_ARG(field_describe(d->a, v)));
}

static int decode_text(struct decoder *d, const struct field *row, enum field_type type,
                       const struct json *v, const struct field_place *at, struct str *ret)
{
    struct str text = STR_NONE;

    if (type == FIELD_ANY_STR && v && v->type != JSON_NULL)
        text = any_string(d->a, v);
    else if (json_is(v, JSON_STRING))
        text = json_str(v);
    else if (json_is(v, JSON_NUMBER) && type != FIELD_STR && type != FIELD_ENUM)
        text = json_number(v);
    else if (v && v->type != JSON_NULL)
        return wrong(d, at, v);
    *ret = text.len == 0 && row->fallback ? str_from(row->fallback) : text;
    return 0;
}

static int decode_i64(struct decoder *d, const struct field *row, const struct json *v,
                      const struct field_place *at, int64_t *ret)
{
    int64_t n = 0;

    if (!v || v->type == JSON_NULL) {
        if (row->fallback && !parse_i64(str_from(row->fallback), &n))
            n = 0;
    } else if (!json_i64(v, &n)) {
        return wrong(d, at, v);
    }
    *ret = n;
    return 0;
}

static int decode_bool(struct decoder *d, const struct field *row, const struct json *v,
                       const struct field_place *at, bool *ret)
{
    if (!v || v->type == JSON_NULL)
        *ret = row->fallback && strcmp(row->fallback, "true") == 0;
    else if (v->type == JSON_BOOL)
        *ret = v->is_true;
    else
        return wrong(d, at, v);
    return 0;
}

static int decode_f64(struct decoder *d, const struct field *row, const struct json *v,
                      const struct field_place *at, double *ret)
{
    double n = 0;

    if (!v || v->type == JSON_NULL) {
        if (row->fallback && !parse_f64(str_from(row->fallback), &n))
            n = 0;
    } else if (!json_f64(v, &n)) {
        return wrong(d, at, v);
    }
    *ret = n;
    return 0;
}

static int decode_duration(struct decoder *d, const struct field *row, const struct json *v,
                           const struct field_place *at, int64_t *ret)
{
    struct str text =
        json_is(v, JSON_STRING) && v->count > 0 ? json_str(v) : str_from(row->fallback);
    int64_t ns = 0, seconds;

    if (json_is(v, JSON_NUMBER)) {
        if (!json_i64(v, &seconds) || seconds > INT64_MAX / 1000 || seconds < INT64_MIN / 1000)
            return wrong(d, at, v);
        *ret = seconds * 1000;
        return 0;
    }
    if (v && v->type != JSON_NULL && v->type != JSON_STRING)
        return wrong(d, at, v);
    if (text.len > 0 && duration_parse(text, &ns, d->err) < 0)
        return err_wrap(d->err, STR_FMT, STR_ARG(field_place_text(d->a, STR(""), at)));
    *ret = ns / DURATION_MS;
    return 0;
}

static int decode_value(struct decoder *d, const struct field *row, enum field_type type,
                        const struct json *v, const struct field_place *at, void *ret);

static int decode_items(struct decoder *d, const struct field *row, enum field_type item,
                        const struct json *v, const struct field_place *at,
                        struct field_list *ret)
{
    size_t size = item == FIELD_LIST ? sizeof(struct field_list) : size_of(item, row->shape);
    char *items;

    if (!v || v->type == JSON_NULL)
        return 0;
    if (v->type != JSON_ARRAY)
        return wrong(d, at, v);
    items = arena_alloc(d->a, size * v->count);
    for (uint32_t i = 0; i < v->count; i++) {
        struct field_place place = {.up = at, .index = i};
        void *slot = items + size * i;

        if ((item == FIELD_LIST ? decode_items(d, row, FIELD_OBJECT, &v->items[i], &place, slot)
                                : decode_value(d, row, item, &v->items[i], &place, slot)) < 0)
            return -1;
    }
    ret->at = items;
    ret->len = v->count;
    return 0;
}

static int decode_map(struct decoder *d, const struct field *row, const struct json *v,
                      const struct field_place *at, struct field_map *ret)
{
    size_t size = size_of(row->item, row->shape);
    struct str *keys;
    char *values;

    if (!v || v->type == JSON_NULL)
        return 0;
    if (v->type != JSON_OBJECT)
        return wrong(d, at, v);
    keys = ARENA_ARRAY(d->a, struct str, v->count);
    values = arena_alloc(d->a, size * v->count);
    for (uint32_t i = 0; i < v->count; i++) {
        struct field_place place = {.up = at, .name = v->members[i].key};

        keys[i] = place.name;
        if (decode_value(d, row, row->item, &v->members[i].value, &place, values + size * i) <
            0)
            return -1;
    }
    *ret = (struct field_map){.keys = keys, .at = values, .len = v->count};
    return 0;
}

static int decode_rows(struct decoder *d, const struct shape *shape, const struct json *v,
                       const struct field_place *at, void *ret)
{
    const struct field *row = NULL;

    if (v && v->type != JSON_NULL && v->type != JSON_OBJECT)
        return wrong(d, at, v);
    while (field_rows_next(&shape, &row)) {
        struct field_place place = {.up = at, .name = str_from(row->name)};

        if (row->offset != FIELD_NO_OFFSET &&
            decode_value(d, row, row->type, json_get(v, place.name), &place,
                         (char *) ret + row->offset) < 0)
            return -1;
    }
    return 0;
}

static int decode_object(struct decoder *d, const struct field *row, enum field_type type,
                         const struct json *v, const struct field_place *at, void *ret)
{
    void *made;

    if (row->shape->struct_size == 0) {
        *(const struct json **) ret = v && v->type != JSON_NULL ? v : NULL;
        return 0;
    }
    if (type == FIELD_OBJECT)
        return decode_rows(d, row->shape, v, at, ret);
    if (!v || v->type == JSON_NULL)
        return 0;
    made = arena_alloc(d->a, row->shape->struct_size);
    *(void **) ret = made;
    return decode_rows(d, row->shape, v, at, made);
}

static int decode_value(struct decoder *d, const struct field *row, enum field_type type,
                        const struct json *v, const struct field_place *at, void *ret)
{
    if (row->flags & FIELD_RAW)
        type = FIELD_ANY;
    switch (type) {
    case FIELD_STR:
    case FIELD_INT_OR_STR:
    case FIELD_ANY_STR:
    case FIELD_NUMBER:
    case FIELD_QUANTITY:
    case FIELD_TIME:
    case FIELD_BYTES:
    case FIELD_ENUM:
        return decode_text(d, row, type, v, at, ret);
    case FIELD_BOOL:
        return decode_bool(d, row, v, at, ret);
    case FIELD_I64:
        return decode_i64(d, row, v, at, ret);
    case FIELD_F64:
        return decode_f64(d, row, v, at, ret);
    case FIELD_DURATION_MS:
        return decode_duration(d, row, v, at, ret);
    case FIELD_ANY:
        *(const struct json **) ret = v && v->type != JSON_NULL ? v : NULL;
        return 0;
    case FIELD_OBJECT:
    case FIELD_OBJECT_PTR:
        return decode_object(d, row, type, v, at, ret);
    case FIELD_LIST:
        return decode_items(d, row, row->item, v, at, ret);
    case FIELD_MAP:
        return decode_map(d, row, v, at, ret);
    }
    return 0;
}

int field_decode(struct arena *a, const struct shape *shape, const struct json *value,
                 void *ret, struct err *err)
{
    struct decoder d = {.a = a, .err = err};

    assert(shape->struct_size > 0);
    memset(ret, 0, shape->struct_size);
    return decode_rows(&d, shape, value, NULL, ret);
}
