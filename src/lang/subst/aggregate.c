/*
 * lang/subst/aggregate.c - aggregates of a loop's outputs.
 *
 * Results must be JSON and are copied as they were written. Values of a parameter become JSON
 * only when every one of them is a list or a map, else a list of strings; then they are printed
 * as Go prints decoded values: numbers as doubles, members sorted.
 */
#include "lang/subst/aggregate.h"

#include <stdlib.h>

#include "base/limits.h"
#include "base/map.h"
#include "base/vec.h"
#include "formats/anystring.h"
#include "lang/subst/items.h"

struct ordered {
    const struct aggregate_child *child;
    uint64_t index;
};

typedef VEC(struct ordered) child_list;

static int compare_children(const void *left, const void *right)
{
    const struct ordered *l = left, *r = right;

    if (l->index != r->index)
        return l->index < r->index ? -1 : 1;
    return (l->child > r->child) - (l->child < r->child);
}

/* The children that count, by index. */
static child_list choose(struct arena *a, const struct aggregate_child *children, size_t count)
{
    child_list list = {0};

    for (size_t i = 0; i < count; i++) {
        const struct aggregate_child *child = &children[i];
        struct ordered one = {.child = child};

        if (child->is_helper || !child->outputs || !str_is(child->phase, "Succeeded"))
            continue;
        item_index(child->name, &one.index);
        VEC_APUSH(a, &list, one);
    }
    if (list.len > 1)
        qsort(list.at, list.len, sizeof(*list.at), compare_children);
    return list;
}

static int gather_results(struct arena *a, const child_list *list, struct str *ret,
                          struct err *err)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(ARENA_DOC_MAX_BYTES);
    size_t added = 0;
    struct str text;

    strbuf_addc(&b, '[');
    for (size_t i = 0; i < list->len; i++) {
        struct str result = json_get_str(list->at[i].child->outputs, STR("result"));
        struct item item;

        if (str_is_none(result))
            continue;
        if (item_parse(a, result, &item, err) < 0)
            return -1;
        if (added++ > 0)
            strbuf_addc(&b, ',');
        item_compact(&b, &item);
    }
    strbuf_addc(&b, ']');
    if (strbuf_finish(&b, &text, err) < 0)
        return err_wrap(err, "results of a loop");
    *ret = str_copy(a, text);
    return 0;
}

/* The values of one parameter, in order. */
struct values {
    struct str name;
    VEC(struct str) list;
};

typedef VEC(struct values *) values_list;

struct gathering {
    struct arena *arena;
    struct map by_name; /* name to struct values */
    values_list values; /* in the order of appearance */
    struct strbuf maps; /* the list of maps */
};

static void gathering_done(struct gathering *g)
{
    map_done(&g->by_name);
    strbuf_done(&g->maps);
}

static void add_value(struct gathering *g, struct str name, struct str value)
{
    struct values *values = map_find(&g->by_name, name);

    if (!values) {
        values = ARENA_NEW(g->arena, struct values);
        values->name = name;
        map_put(&g->by_name, name, values);
        VEC_APUSH(g->arena, &g->values, values);
    }
    VEC_APUSH(g->arena, &values->list, value);
}

/* Adds the parameters of one child, and its map to the list of maps. */
static void gather_parameters(struct gathering *g, const struct json *parameters)
{
    struct json_object_builder members = {0};
    struct json map;

    if (!json_is(parameters, JSON_ARRAY) || parameters->count == 0)
        return;
    for (uint32_t i = 0; i < parameters->count; i++) {
        struct str name = json_get_str(&parameters->items[i], STR("name"));
        struct str value = any_string(g->arena, json_get(&parameters->items[i], STR("value")));

        add_value(g, name, value.ptr ? value : STR(""));
        json_add(g->arena, &members, name, json_string(value.ptr ? value : STR("")));
    }
    map = json_object(&members);
    if (g->maps.len > 1)
        strbuf_addc(&g->maps, ',');
    json_print(&g->maps, &map, JSON_ESCAPE_HTML | JSON_SORT_KEYS);
}

/* A decoded value as Go holds it: numbers are doubles. False when a number does not fit one. */
static bool to_doubles(struct arena *a, const struct json *v, struct json *ret)
{
    struct json_object_builder object = {0};
    struct json_array_builder array = {0};
    struct json made;
    double n;

    *ret = *v;
    if (v->type == JSON_NUMBER) {
        if (!json_f64(v, &n))
            return false;
        *ret = json_float(a, n);
    } else if (v->type == JSON_ARRAY) {
        for (uint32_t i = 0; i < v->count; i++) {
            if (!to_doubles(a, &v->items[i], &made))
                return false;
            json_push(a, &array, made);
        }
        *ret = json_array(&array);
    } else if (v->type == JSON_OBJECT) {
        for (uint32_t i = 0; i < v->count; i++) {
            if (!to_doubles(a, &v->members[i].value, &made))
                return false;
            if (json_get(v, v->members[i].key) == &v->members[i].value)
                json_add(a, &object, v->members[i].key, made);
        }
        *ret = json_object(&object);
    }
    return true;
}

/* Is the text a JSON list or map? */
static bool is_collection(struct arena *a, struct str text, struct json *ret)
{
    struct json v;
    struct err err;

    return json_parse(a, text, &v, &err) == 0 &&
           (v.type == JSON_ARRAY || v.type == JSON_OBJECT) && to_doubles(a, &v, ret);
}

static struct str list_values(struct arena *a, const struct values *values)
{
    struct json_array_builder decoded = {0}, plain = {0};
    bool are_collections = true;
    struct json list;

    for (size_t i = 0; i < values->list.len; i++) {
        struct json v = json_null();

        json_push(a, &plain, json_string(values->list.at[i]));
        are_collections = are_collections && is_collection(a, values->list.at[i], &v);
        if (are_collections)
            json_push(a, &decoded, v);
    }
    list = json_array(are_collections ? &decoded : &plain);
    return json_text(a, &list, JSON_ESCAPE_HTML | JSON_SORT_KEYS);
}

static void add_name(struct arena *a, struct json_object_builder *names, struct str prefix,
                     const char *behind, struct str name, struct str value)
{
    struct str key =
        str_printf(a, STR_FMT "%s" STR_FMT, STR_ARG(prefix), behind, STR_ARG(name));

    json_add(a, names, key, json_string(value));
}

int aggregate_outputs(struct arena *a, struct str prefix,
                      const struct aggregate_child *children, size_t count, struct json *ret,
                      struct err *err)
{
    _cleanup_(gathering_done) struct gathering g = {.arena = a,
                                                    .maps = STRBUF_INIT(ARENA_DOC_MAX_BYTES)};
    child_list list = choose(a, children, count);
    struct json_object_builder names = {0};
    struct str results, maps;

    if (count > 0) {
        if (gather_results(a, &list, &results, err) < 0)
            return -1;
        strbuf_addc(&g.maps, '[');
        for (size_t i = 0; i < list.len; i++)
            gather_parameters(&g, json_get(list.at[i].child->outputs, STR("parameters")));
        strbuf_addc(&g.maps, ']');
        if (strbuf_finish(&g.maps, &maps, err) < 0)
            return err_wrap(err, "parameters of a loop");
        add_name(a, &names, prefix, ".outputs.result", STR(""), results);
        add_name(a, &names, prefix, ".outputs.parameters", STR(""), str_copy(a, maps));
        for (size_t i = 0; i < g.values.len; i++)
            add_name(a, &names, prefix, ".outputs.parameters.", g.values.at[i]->name,
                     list_values(a, g.values.at[i]));
    }
    *ret = json_object(&names);
    return 0;
}
