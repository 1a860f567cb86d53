/*
 * lang/value/value.c - values: the budget of a run, equality, order, maps.
 *
 * Any thread. What walks through a value counts its depth, as reduce() can nest without end.
 */
#include "base/limits.h"
#include "formats/gotime.h"
#include "formats/semver.h"
#include "lang/value/value_internal.h"

int value_fail(struct value_run *r, const char *fmt, ...)
{
    char text[ERR_TEXT_MAX_BYTES];
    va_list args;

    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    return err_set(r->err, ERR_INVALID, "%s", text);
}

int value_charge(struct value_run *r, size_t steps)
{
    r->steps += steps;
    if (r->steps > VALUE_STEPS_MAX)
        return err_set(r->err, ERR_LIMIT, "%s takes more than %d steps", r->what,
                       VALUE_STEPS_MAX);
    return 0;
}

int value_make(struct value_run *r, size_t bytes)
{
    if (bytes > VALUE_OUTPUT_MAX_BYTES || r->made_bytes + bytes > VALUE_OUTPUT_MAX_BYTES)
        return err_set(r->err, ERR_LIMIT, "%s makes more than %d bytes", r->what,
                       VALUE_OUTPUT_MAX_BYTES);
    r->made_bytes += bytes;
    return 0;
}

/* Steps that looking at all of it takes. */
static size_t work_of(const struct value *v)
{
    if (v->type == VALUE_STRING || v->type == VALUE_BYTES)
        return v->count / VALUE_ARGUMENT_STEP_BYTES;
    if (v->type == VALUE_ARRAY || v->type == VALUE_MAP)
        return value_len(v) / 8;
    return 0;
}

int value_call(struct value_run *r, const struct value_function *f, const struct value *args,
               size_t count, struct value *ret)
{
    size_t steps = 1;

    for (size_t i = 0; i < count; i++)
        steps += work_of(&args[i]);
    return value_charge(r, steps) < 0 ? -1 : f->call(r, args, count, ret);
}

/* Texts that are compared to their ends. */
static int charge_texts(struct value_run *r, const struct value *x, const struct value *y)
{
    size_t len = x->count < y->count ? x->count : y->count;

    if (x->type != VALUE_STRING || y->type != VALUE_STRING || len < VALUE_COMPARED_STEP_BYTES)
        return 0;
    return value_charge(r, len / VALUE_COMPARED_STEP_BYTES);
}

int value_enter(struct value_run *r)
{
    if (r->depth >= VALUE_DEPTH_MAX)
        return err_set(r->err, ERR_LIMIT, "value nests deeper than %d levels", VALUE_DEPTH_MAX);
    r->depth++;
    return value_charge(r, 1);
}

static int compare_texts(struct str x, struct str y)
{
    size_t len = x.len < y.len ? x.len : y.len;
    int order = len > 0 ? memcmp(x.ptr, y.ptr, len) : 0;

    return order != 0 ? order : (x.len > y.len) - (x.len < y.len);
}

int value_compare_times(const struct gotime *x, const struct gotime *y)
{
    if (x->unix_s != y->unix_s)
        return x->unix_s < y->unix_s ? -1 : 1;
    return (x->ns > y->ns) - (x->ns < y->ns);
}

static int equal_arrays(struct value_run *r, const struct value *x, const struct value *y,
                        bool *ret)
{
    *ret = x->count == y->count;
    for (size_t i = 0; *ret && i < x->count; i++)
        if (value_equal(r, &x->items[i], &y->items[i], ret) < 0)
            return -1;
    return 0;
}

static int equal_maps(struct value_run *r, const struct value *x, const struct value *y,
                      bool *ret)
{
    *ret = value_len(x) == value_len(y);
    for (size_t i = 0; *ret && i < value_len(x); i++) {
        struct value other;
        int found = value_map_find(r, y, &x->map->pairs[i].key, &other);

        *ret = found > 0;
        if (found < 0 ||
            (found > 0 && value_equal(r, &x->map->pairs[i].value, &other, ret) < 0))
            return -1;
    }
    return 0;
}

static bool equal_scalars(const struct value *x, const struct value *y)
{
    switch (x->type) {
    case VALUE_NIL:
        return true;
    case VALUE_BOOL:
        return x->is_true == y->is_true;
    case VALUE_INT:
    case VALUE_DURATION:
        return x->number == y->number;
    case VALUE_STRING:
    case VALUE_BYTES:
    case VALUE_ZONE:
        return str_eq(str_of(x->text, x->count), str_of(y->text, y->count));
    case VALUE_TIME:
        return value_compare_times(x->time, y->time) == 0;
    case VALUE_SEMVER:
        return semver_compare(x->semver, y->semver) == 0;
    case VALUE_FLOAT:
    case VALUE_ARRAY:
    case VALUE_MAP:
    case VALUE_FUNCTION:
        return false;
    }
    return false;
}

int value_equal(struct value_run *r, const struct value *x, const struct value *y, bool *ret)
{
    int rc = 0;

    if (value_enter(r) < 0)
        return -1;
    if (x->type == VALUE_INT && y->type == VALUE_INT)
        *ret = x->number == y->number;
    else if (value_is_number(x) && value_is_number(y))
        *ret = value_real(x) == value_real(y);
    else if (x->type != y->type)
        *ret = false;
    else if (x->type == VALUE_ARRAY)
        rc = equal_arrays(r, x, y, ret);
    else if (x->type == VALUE_MAP)
        rc = equal_maps(r, x, y, ret);
    else {
        rc = charge_texts(r, x, y);
        *ret = equal_scalars(x, y);
    }
    r->depth--;
    return rc;
}

int value_less(struct value_run *r, const struct value *x, const struct value *y, bool *ret)
{
    if (value_charge(r, 1) < 0 || charge_texts(r, x, y) < 0)
        return -1;
    if (value_is_named(x) || value_is_named(y))
        return value_fail(r, "invalid operation: %s < %s", value_type_name(x),
                          value_type_name(y));
    if (x->type == VALUE_INT && y->type == VALUE_INT)
        *ret = x->number < y->number;
    else if (value_is_number(x) && value_is_number(y))
        *ret = value_real(x) < value_real(y);
    else if (x->type == VALUE_STRING && y->type == VALUE_STRING)
        *ret = compare_texts(value_text(x), value_text(y)) < 0;
    else if (x->type == VALUE_TIME && y->type == VALUE_TIME)
        *ret = value_compare_times(x->time, y->time) < 0;
    else if (x->type == VALUE_DURATION && y->type == VALUE_DURATION)
        *ret = x->number < y->number;
    else
        return value_fail(r, "invalid operation: %s < %s", value_type_name(x),
                          value_type_name(y));
    return 0;
}

struct sorting {
    struct value_run *r;
    const struct value *keys;
    size_t *at, *scratch; /* indexes of keys */
    bool is_falling;
};

/* Merges the sorted halves of @count indexes from @from on. */
static int merge(const struct sorting *s, size_t from, size_t half, size_t count)
{
    const size_t *at = s->at + from;
    size_t i = 0, k = half;

    for (size_t out = 0; out < count; out++) {
        bool is_right = i >= half;

        if (i < half && k < count) {
            const struct value *x = &s->keys[at[k]], *y = &s->keys[at[i]];

            if (value_less(s->r, s->is_falling ? y : x, s->is_falling ? x : y, &is_right) < 0)
                return -1;
        }
        s->scratch[from + out] = is_right ? at[k++] : at[i++];
    }
    return 0;
}

static int sort_indexes(const struct sorting *s, size_t count)
{
    for (size_t width = 1; width < count; width *= 2) {
        for (size_t from = 0; from < count; from += 2 * width) {
            size_t len = count - from < 2 * width ? count - from : 2 * width;

            if (merge(s, from, width < len ? width : len, len) < 0)
                return -1;
        }
        memcpy(s->at, s->scratch, count * sizeof(*s->at));
    }
    return 0;
}

int value_sort(struct value_run *r, const struct value *keys, struct value *order, size_t count,
               bool is_falling)
{
    struct sorting s = {.r = r, .keys = keys, .is_falling = is_falling};
    struct value *sorted;

    if (count < 2)
        return 0;
    if (value_make(r, count * (2 * sizeof(*s.at) + sizeof(*sorted))) < 0)
        return -1;
    s.at = ARENA_ARRAY(r->a, size_t, 2 * count);
    s.scratch = s.at + count;
    sorted = ARENA_ARRAY(r->a, struct value, count);
    for (size_t i = 0; i < count; i++)
        s.at[i] = i;
    if (sort_indexes(&s, count) < 0)
        return -1;
    for (size_t i = 0; i < count; i++)
        sorted[i] = order[s.at[i]];
    memcpy(order, sorted, count * sizeof(*order));
    return 0;
}

int value_map_find(struct value_run *r, const struct value *map, const struct value *key,
                   struct value *ret)
{
    if (value_charge(r, value_len(map) / 8) < 0)
        return -1;
    for (size_t i = 0; i < value_len(map); i++) {
        const struct value *own = &map->map->pairs[i].key;
        bool is_equal = false;

        if (own->type == VALUE_STRING && key->type == VALUE_STRING)
            is_equal = str_eq(value_text(own), value_text(key));
        else if (value_equal(r, own, key, &is_equal) < 0)
            return -1;
        if (is_equal) {
            *ret = map->map->pairs[i].value;
            return 1;
        }
    }
    return 0;
}

const struct value *value_map_get(const struct value *map, struct str key)
{
    for (size_t i = 0; map->type == VALUE_MAP && i < value_len(map); i++)
        if (map->map->pairs[i].key.type == VALUE_STRING &&
            str_eq(value_text(&map->map->pairs[i].key), key))
            return &map->map->pairs[i].value;
    return NULL;
}

int value_deep_equal(struct value_run *r, const struct value *x, const struct value *y,
                     bool *ret)
{
    *ret = false;
    if (value_enter(r) < 0)
        return -1;
    if (x->type == y->type && x->type != VALUE_ARRAY && x->type != VALUE_MAP) {
        if (x->go == y->go && value_equal(r, x, y, ret) < 0)
            return -1;
    } else if (x->type == y->type && x->type == VALUE_ARRAY) {
        *ret = x->count == y->count && x->is_go_nil == y->is_go_nil && x->go == y->go;
        for (size_t i = 0; *ret && i < x->count; i++)
            if (value_deep_equal(r, &x->items[i], &y->items[i], ret) < 0)
                return -1;
    } else if (x->type == y->type) {
        *ret = value_len(x) == value_len(y) && x->go == y->go;
        for (size_t i = 0; *ret && i < value_len(x); i++) {
            struct value other = value_nil();
            int found = value_map_find(r, y, &x->map->pairs[i].key, &other);

            *ret = found > 0;
            if (found < 0 ||
                (found > 0 && value_deep_equal(r, &x->map->pairs[i].value, &other, ret) < 0))
                return -1;
        }
    }
    r->depth--;
    return 0;
}

struct value value_map(struct arena *a, struct value_pair *pairs, size_t count)
{
    struct value_map *map = ARENA_NEW(a, struct value_map);

    *map = (struct value_map){.pairs = pairs, .count = count, .room = count, .home = a};
    return (struct value){.type = VALUE_MAP, .map = map};
}

static size_t index_of(const struct value *map, struct str key)
{
    size_t at = 0;

    while (at < value_len(map) && !str_eq(value_text(&map->map->pairs[at].key), key))
        at++;
    return at;
}

/* Room for one more; a map of another arena becomes a copy. */
static int open_map(struct value_run *r, struct value *map)
{
    struct value_map *m = map->map;
    size_t count = value_len(map), room = m ? m->room : 0;
    struct value_pair *pairs;

    if (m && m->home == r->a && m->count < m->room)
        return 0;
    room = count < room && room > 0 ? room : 2 * count + 4;
    if (value_make(r, room * sizeof(*pairs)) < 0)
        return -1;
    pairs = ARENA_ARRAY(r->a, struct value_pair, room);
    if (count > 0)
        memcpy(pairs, m->pairs, count * sizeof(*pairs));
    if (!m || m->home != r->a)
        map->map = m = ARENA_NEW(r->a, struct value_map);
    *m = (struct value_map){.pairs = pairs, .count = count, .room = room, .home = r->a};
    return 0;
}

int value_map_set(struct value_run *r, struct value *map, struct str key, const struct value *v)
{
    size_t at;

    if (value_charge(r, 1 + value_len(map) / 8) < 0 || open_map(r, map) < 0)
        return -1;
    at = index_of(map, key);
    map->map->pairs[at] = (struct value_pair){value_string(key), *v};
    map->map->count += at == map->map->count;
    return 0;
}

int value_map_unset(struct value_run *r, struct value *map, struct str key)
{
    size_t at = index_of(map, key), count = value_len(map);

    if (value_charge(r, 1 + count / 8) < 0 || at == count)
        return at == count ? 0 : -1;
    if (open_map(r, map) < 0)
        return -1;
    memmove(&map->map->pairs[at], &map->map->pairs[at + 1],
            (count - at - 1) * sizeof(*map->map->pairs));
    map->map->count--;
    return 0;
}

/* Keys of any type that are all texts, or all numbers of one kind: these have an order. */
static bool are_alike(const struct value *keys, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (keys[i].type != keys[0].type || keys[i].go != keys[0].go ||
            (keys[i].type != VALUE_STRING && keys[i].type != VALUE_INT &&
             keys[i].type != VALUE_FLOAT))
            return false;
    return true;
}

int value_map_sorted(struct value_run *r, const struct value *map, struct value_pair **ret)
{
    size_t count = value_len(map);
    struct value *keys, *values;

    if (value_make(r, count * (sizeof(**ret) + 2 * sizeof(*keys))) < 0)
        return -1;
    *ret = ARENA_ARRAY(r->a, struct value_pair, count + 1);
    keys = ARENA_ARRAY(r->a, struct value, 2 * count + 1);
    values = keys + count;
    for (size_t i = 0; i < count; i++) {
        keys[i] = map->map->pairs[i].key;
        values[i] = map->map->pairs[i].value;
    }
    if ((!map->has_any_keys || are_alike(keys, count)) &&
        (value_sort(r, keys, values, count, false) < 0 ||
         value_sort(r, keys, keys, count, false) < 0))
        return -1;
    for (size_t i = 0; i < count; i++)
        (*ret)[i] = (struct value_pair){keys[i], values[i]};
    return 0;
}
