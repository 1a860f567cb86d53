/*
 * objects/field_schema.c - a shape as an OpenAPI v3 schema.
 *
 * Self-contained: inner shapes are written out where they stand, and a shape inside itself (a
 * trigger's dead-letter trigger, a step's inline template) is left open there; or a component,
 * which refers to others. Any thread.
 */
#include "objects/field_internal.h"

/* The shapes being written out, innermost first. */
struct schema_level {
    const struct schema_level *up;
    const struct shape *shape;            /* NULL: around the outermost */
    const struct field_schema_refs *refs; /* or NULL: self-contained */
};

static void add(struct arena *a, struct json_object_builder *b, const char *key,
                const char *text)
{
    json_add_str(a, b, str_from(key), str_from(text));
}

static void add_true(struct arena *a, struct json_object_builder *b, const char *key)
{
    json_add(a, b, str_from(key), json_bool(true));
}

static void push_choices(struct arena *a, struct json_array_builder *list, const char *choices)
{
    struct str rest = str_from(choices), choice;

    while (str_cut(&rest, '|', &choice))
        json_push(a, list, json_string(choice));
}

static void add_choices(struct arena *a, struct json_object_builder *b, const struct field *row)
{
    struct json_array_builder list = {0};

    push_choices(a, &list, row->choices);
    push_choices(a, &list, row->unbuilt);
    json_add(a, b, STR("enum"), json_array(&list));
}

static void add_scalar(struct arena *a, struct json_object_builder *b, const struct field *row,
                       enum field_type type)
{
    static const char *const names[] = {
        [FIELD_STR] = "string",   [FIELD_BOOL] = "boolean",  [FIELD_I64] = "integer",
        [FIELD_F64] = "number",   [FIELD_NUMBER] = "number", [FIELD_TIME] = "string",
        [FIELD_BYTES] = "string", [FIELD_ENUM] = "string",
    };
    const char *format = type == FIELD_I64     ? "int64"
                         : type == FIELD_TIME  ? "date-time"
                         : type == FIELD_BYTES ? "byte"
                         : type == FIELD_F64   ? "double"
                                               : NULL;

    if ((size_t) type < COUNT_OF(names))
        add(a, b, "type", names[type]);
    add(a, b, "format", format);
    if (type == FIELD_INT_OR_STR || type == FIELD_QUANTITY || type == FIELD_DURATION_MS)
        add_true(a, b, "x-kubernetes-int-or-string");
    if (type == FIELD_ANY || type == FIELD_ANY_STR)
        add_true(a, b, "x-kubernetes-preserve-unknown-fields");
    if (type == FIELD_ENUM)
        add_choices(a, b, row);
    if (type == FIELD_I64 && (row->min != 0 || row->max != 0)) {
        json_add(a, b, STR("minimum"), json_int(a, row->min));
        json_add(a, b, STR("maximum"), json_int(a, row->max));
    }
}

static struct json schema_value(struct arena *a, const struct field *row, enum field_type type,
                                const struct schema_level *up, const char *doc);

static struct json schema_default(struct arena *a, const struct field *row)
{
    int64_t n;

    if (row->type == FIELD_I64 && parse_i64(str_from(row->fallback), &n))
        return json_int(a, n);
    if (row->type == FIELD_F64)
        return json_number_text(str_from(row->fallback));
    if (row->type == FIELD_BOOL)
        return json_bool(strcmp(row->fallback, "true") == 0);
    return json_string(str_from(row->fallback));
}

/* How patches merge a list. */
static struct json with_merge(struct arena *a, const struct field *row, struct json made)
{
    const char *key = row->item == FIELD_OBJECT ? row->shape->merge_key : NULL;
    struct json_array_builder keys = {0};

    if (row->type != FIELD_LIST || (row->flags & FIELD_ATOMIC) ||
        (!key && !(row->flags & FIELD_SET)))
        return made;
    made = json_set(a, &made, STR("x-kubernetes-patch-strategy"), json_string(STR("merge")));
    if (!key)
        return json_set(a, &made, STR("x-kubernetes-list-type"), json_string(STR("set")));
    json_push(a, &keys, json_string(str_from(key)));
    made = json_set(a, &made, STR("x-kubernetes-patch-merge-key"), json_string(str_from(key)));
    made = json_set(a, &made, STR("x-kubernetes-list-map-keys"), json_array(&keys));
    return json_set(a, &made, STR("x-kubernetes-list-type"), json_string(STR("map")));
}

static struct json schema_member(struct arena *a, const struct field *row,
                                 const struct schema_level *up)
{
    struct json made = schema_value(a, row, row->type, up, row->doc);

    if (up->refs && up->refs->has_merge)
        made = with_merge(a, row, made);

    if (row->fallback)
        made = json_set(a, &made, STR("default"), schema_default(a, row));
    if (row->flags & FIELD_DEPRECATED)
        made = json_set(a, &made, STR("deprecated"), json_bool(true));
    return made;
}

static void add_members(struct arena *a, struct json_object_builder *b,
                        const struct shape *shape, const struct schema_level *up)
{
    struct schema_level level = {.up = up, .shape = shape, .refs = up ? up->refs : NULL};
    struct json_object_builder properties = {0};
    struct json_array_builder required = {0};
    const struct field *row = NULL, *rest = shape->rest;

    while (field_rows_next(&shape, &row)) {
        json_add(a, &properties, str_from(row->name), schema_member(a, row, &level));
        if (row->flags & FIELD_REQUIRED)
            json_push(a, &required, json_string(str_from(row->name)));
    }
    json_add(a, b, STR("properties"), json_object(&properties));
    if (rest)
        json_add(a, b, STR("additionalProperties"), schema_member(a, rest, &level));
    if (required.len > 0)
        json_add(a, b, STR("required"), json_array(&required));
}

static bool is_open(const struct shape *shape, const struct schema_level *up)
{
    if (!shape->fields && !shape->inlined)
        return true;
    for (; up; up = up->up)
        if (up->shape == shape)
            return true;
    return false;
}

/* {"description": ..., "allOf": [{"$ref": ...}]} */
static struct json schema_reference(struct arena *a, const struct shape *shape,
                                    const struct field_schema_refs *refs, const char *doc)
{
    struct json_object_builder b = {0}, target = {0};
    struct json_array_builder all = {0};

    json_add(a, &target, STR("$ref"), json_string(refs->refer(refs->ctx, shape)));
    json_push(a, &all, json_object(&target));
    add(a, &b, "description", doc);
    json_add(a, &b, STR("allOf"), json_array(&all));
    return json_object(&b);
}

static struct json schema_object(struct arena *a, const struct shape *shape,
                                 const struct schema_level *up, const char *doc)
{
    struct json_object_builder b = {0};

    if (up && up->refs && up->shape && (shape->fields || shape->inlined))
        return schema_reference(a, shape, up->refs, doc);

    add(a, &b, "description", doc ? doc : shape->doc);
    add(a, &b, "type", "object");
    if (is_open(shape, up))
        add_true(a, &b, "x-kubernetes-preserve-unknown-fields");
    else
        add_members(a, &b, shape, up);
    return json_object(&b);
}

static struct json schema_list(struct arena *a, const struct field *row, enum field_type item,
                               const struct schema_level *up, const char *doc)
{
    struct json_object_builder b = {0};
    struct json items = item == FIELD_LIST ? schema_list(a, row, FIELD_OBJECT, up, NULL)
                                           : schema_value(a, row, item, up, NULL);

    add(a, &b, "description", doc);
    add(a, &b, "type", "array");
    json_add(a, &b, STR("items"), items);
    return json_object(&b);
}

static struct json schema_value(struct arena *a, const struct field *row, enum field_type type,
                                const struct schema_level *up, const char *doc)
{
    struct json_object_builder b = {0};

    if (type == FIELD_OBJECT || type == FIELD_OBJECT_PTR)
        return schema_object(a, row->shape, up, doc);
    if (type == FIELD_LIST)
        return schema_list(a, row, row->item, up, doc);
    add(a, &b, "description", doc);
    if (type == FIELD_MAP) {
        add(a, &b, "type", "object");
        json_add(a, &b, STR("additionalProperties"), schema_value(a, row, row->item, up, NULL));
    } else {
        add_scalar(a, &b, row, type);
    }
    return json_object(&b);
}

struct json field_schema(struct arena *a, const struct shape *shape)
{
    return schema_object(a, shape, NULL, NULL);
}

struct json field_schema_component(struct arena *a, const struct shape *shape,
                                   const struct field_schema_refs *refs)
{
    const struct schema_level around = {.refs = refs};

    return schema_object(a, shape, &around, NULL);
}
