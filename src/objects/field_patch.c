/*
 * objects/field_patch.c - a shape as strategic merge patches see it. See field.h. Any thread.
 */
#include "objects/field_internal.h"

#include <string.h>

/* Every member of a map is as its row says. */
static void any_member(const void *shape, struct str name, struct patch_member *ret)
{
    (void) name;
    ret->inner = field_patch_schema(shape);
}

/* References and selectors are one field each to server-side apply. */
static bool is_whole(const struct shape *shape)
{
    static const char *const names[] = {"ObjectReference",
                                        "LocalObjectReference",
                                        "TypedLocalObjectReference",
                                        "RoleRef",
                                        "Subject",
                                        "OwnerReference",
                                        "LabelSelector",
                                        "SecretKeySelector",
                                        "ConfigMapKeySelector",
                                        "ObjectFieldSelector",
                                        "ResourceFieldSelector",
                                        "NodeSelector"};

    for (size_t i = 0; shape && i < COUNT_OF(names); i++)
        if (strcmp(shape->name, names[i]) == 0)
            return true;
    return false;
}

static void find_member(const void *of, struct str name, struct patch_member *ret)
{
    const struct shape *shape = of;
    const struct field *row = field_find(shape, name);

    if (!row)
        row = shape->rest;
    if (!row)
        return;
    if (row->shape && row->type == FIELD_MAP)
        ret->inner = (struct patch_schema){.shape = row->shape, .member = any_member};
    else if (row->shape)
        ret->inner = field_patch_schema(row->shape);
    /* Kubernetes' two of this kind: a volume has one source, a strategy the settings of its
     * type. */
    ret->retains_keys = row->shape && (strcmp(row->shape->name, "Volume") == 0 ||
                                       strcmp(row->shape->name, "DeploymentStrategy") == 0);
    ret->is_whole = row->type != FIELD_MAP && is_whole(row->shape);
    if (row->type != FIELD_LIST || (row->flags & FIELD_ATOMIC))
        return;
    if (strcmp(row->name, "tolerations") == 0 && strcmp(shape->name, "PodSpec") != 0) {
        ret->is_merged = true; /* Argo's types merge what Kubernetes' replace */
        ret->merge_key = STR("key");
    } else if (row->flags & FIELD_SET) {
        ret->is_merged = true;
    } else if (row->item == FIELD_OBJECT && row->shape->merge_key) {
        ret->is_merged = true;
        ret->merge_key = str_from(row->shape->merge_key);
    }
}

static void no_member(const void *shape, struct str name, struct patch_member *ret)
{
    (void) shape;
    (void) name;
    ret->is_unknown = true;
}

static void find_member_strict(const void *of, struct str name, struct patch_member *ret)
{
    const struct shape *shape = of;
    const struct field *row = field_find(shape, name);

    find_member(of, name, ret);
    if (!row && !shape->rest && shape->fields)
        ret->is_unknown = true;
    if (!row || row->type == FIELD_ANY)
        return;
    ret->is_no_list = row->type != FIELD_LIST;
    if (row->type == FIELD_MAP || !row->shape)
        ret->inner = (struct patch_schema){.shape = shape, .member = no_member};
    else
        ret->inner.member = find_member_strict;
}

struct patch_schema field_patch_schema_strict(const struct shape *shape)
{
    return (struct patch_schema){.shape = shape, .member = find_member_strict};
}

struct patch_schema field_patch_schema(const struct shape *shape)
{
    return (struct patch_schema){.shape = shape, .member = find_member};
}

/* ---- keys that Go prints ---- */

/* Go leaves out the empty names of these. */
static bool has_printed_key(const struct shape *shape)
{
    return shape->merge_key && strcmp(shape->name, "Template") != 0 &&
           strcmp(shape->name, "Name") != 0;
}

static struct json with_key(struct arena *a, const struct shape *shape, const struct json *item)
{
    struct json made = field_with_keys(a, shape, item);
    const struct field *row;

    if (made.type != JSON_OBJECT || !has_printed_key(shape) ||
        json_get(&made, str_from(shape->merge_key)))
        return made;
    row = field_find(shape, str_from(shape->merge_key));
    return json_set(a, &made, str_from(shape->merge_key),
                    row && row->type == FIELD_I64 ? json_number_text(STR("0"))
                                                  : json_string(STR("")));
}

static struct json part_with_keys(struct arena *a, const struct field *row,
                                  const struct json *v)
{
    struct json_array_builder b = {0};

    if (row->type == FIELD_OBJECT || row->type == FIELD_OBJECT_PTR)
        return field_with_keys(a, row->shape, v);
    if (row->type != FIELD_LIST || row->item != FIELD_OBJECT || v->type != JSON_ARRAY)
        return *v;
    for (uint32_t i = 0; i < v->count; i++)
        json_push(a, &b, with_key(a, row->shape, &v->items[i]));
    return json_array(&b);
}

struct json field_with_keys(struct arena *a, const struct shape *shape,
                            const struct json *value)
{
    struct json_object_builder b = {0};

    if (!json_is(value, JSON_OBJECT) || (!shape->fields && !shape->inlined))
        return *value;
    for (uint32_t i = 0; i < value->count; i++) {
        const struct json_member *m = &value->members[i];
        const struct field *row = field_find(shape, m->key);

        json_add(a, &b, m->key, row ? part_with_keys(a, row, &m->value) : m->value);
    }
    return json_object(&b);
}
