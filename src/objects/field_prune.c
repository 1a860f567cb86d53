/*
 * What a shape does not know is taken out, and told: for clients that ask for warnings, or for
 * nothing, instead of a refusal. Of members that stand there twice the last one stays, as
 * encoding/json has it. Depth is bounded by JSON_DEPTH_MAX. Any thread.
 */
#include "base/map.h"
#include "base/vec.h"
#include "objects/field_internal.h"

struct pruning {
    struct arena *a;
    struct field_faults *told;
};

static struct json prune(struct pruning *p, const struct shape *shape, const struct json *v,
                         const struct field_place *at);

static void tell(struct pruning *p, const char *what, const struct field_place *at)
{
    struct str path = field_place_text(p->a, STR(""), at);
    struct field_fault fault = {.kind = ERR_INVALID, .path = path, .pos = JSON_NO_POS};

    if (p->told->len >= p->told->max)
        return;
    fault.text = str_printf(p->a, "%s field \"" STR_FMT "\"", what, STR_ARG(path));
    VEC_APUSH(p->a, p->told, fault);
}

/* Items are objects, or lists of them. */
static struct json prune_list(struct pruning *p, const struct field *row, const struct json *v,
                              const struct field_place *at)
{
    struct json_array_builder b = {0};

    for (uint32_t i = 0; i < v->count; i++) {
        const struct json *item = &v->items[i];
        struct field_place place = {.up = at, .index = i};

        json_push(p->a, &b,
                  item->type == JSON_ARRAY ? prune_list(p, row, item, &place)
                                           : prune(p, row->shape, item, &place));
    }
    return json_array(&b);
}

static struct json prune_map(struct pruning *p, const struct field *row, const struct json *v,
                             const struct field_place *at)
{
    struct json_object_builder b = {0};

    for (uint32_t i = 0; i < v->count; i++) {
        const struct json_member *member = &v->members[i];
        struct field_place place = {.up = at, .name = member->key};

        json_add(p->a, &b, member->key, prune(p, row->shape, &member->value, &place));
    }
    return json_object(&b);
}

static struct json prune_value(struct pruning *p, const struct field *row, const struct json *v,
                               const struct field_place *at)
{
    if (row->type == FIELD_OBJECT || row->type == FIELD_OBJECT_PTR)
        return prune(p, row->shape, v, at);
    if (!row->shape)
        return *v;
    if (row->type == FIELD_LIST && v->type == JSON_ARRAY)
        return prune_list(p, row, v, at);
    if (row->type == FIELD_MAP && v->type == JSON_OBJECT)
        return prune_map(p, row, v, at);
    return *v;
}

static struct json prune(struct pruning *p, const struct shape *shape, const struct json *v,
                         const struct field_place *at)
{
    _cleanup_map_ struct map last = {0};
    struct json_object_builder b = {0};

    if (v->type != JSON_OBJECT || (!shape->fields && !shape->inlined))
        return *v;
    map_init_borrowed(&last);
    for (uint32_t i = 0; i < v->count; i++)
        map_put(&last, v->members[i].key, (void *) (uintptr_t) &v->members[i]);
    for (uint32_t i = 0; i < v->count; i++) {
        const struct json_member *member = &v->members[i];
        const struct field *found = field_find(shape, member->key);
        const struct field *row = found ? found : shape->rest;
        struct field_place place = {.up = at, .name = member->key};

        if (!row)
            tell(p, "unknown", &place);
        else if (map_find(&last, member->key) != member)
            tell(p, "duplicate", &place);
        else
            json_add(p->a, &b, member->key, prune_value(p, row, &member->value, &place));
    }
    return json_object(&b);
}

struct json field_prune(struct arena *a, const struct shape *shape, const struct json *value,
                        struct field_faults *told)
{
    struct pruning p = {.a = a, .told = told};

    return prune(&p, shape, value, NULL);
}
