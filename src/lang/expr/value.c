/*
 * lang/expr/value.c - values of expressions: members, equality, order, text, JSON.
 *
 * Any thread. What walks through a value counts its depth, as reduce() can nest without end.
 */
#include <math.h>

#include "base/limits.h"
#include "formats/base64.h"
#include "formats/duration.h"
#include "formats/gofloat.h"
#include "formats/gotime.h"
#include "lang/expr/expr_internal.h"

const char *expr_type_name(const struct expr_value *v)
{
    switch (v->type) {
    case EXPR_NIL:
        return "<nil>";
    case EXPR_BOOL:
        return "bool";
    case EXPR_INT:
        return "int";
    case EXPR_FLOAT:
        return "float64";
    case EXPR_STRING:
        return "string";
    case EXPR_BYTES:
        return "[]uint8";
    case EXPR_ARRAY:
        return "[]interface {}";
    case EXPR_MAP:
        return v->has_any_keys ? "map[interface {}]interface {}" : "map[string]interface {}";
    case EXPR_TIME:
        return "time.Time";
    case EXPR_DURATION:
        return "time.Duration";
    case EXPR_ZONE:
        return "*time.Location";
    case EXPR_FUNCTION:
        return "func(interface {}) interface {}";
    }
    return "unknown";
}

int expr_fail(struct expr_run *r, const char *fmt, ...)
{
    char text[ERR_TEXT_MAX_BYTES];
    va_list args;

    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    return err_set(r->err, ERR_INVALID, "%s", text);
}

int expr_charge(struct expr_run *r, size_t steps)
{
    r->steps += steps;
    if (r->steps > EXPR_STEPS_MAX)
        return err_set(r->err, ERR_LIMIT, "expression takes more than %d steps",
                       EXPR_STEPS_MAX);
    return 0;
}

int expr_make(struct expr_run *r, size_t bytes)
{
    if (bytes > EXPR_OUTPUT_MAX_BYTES || r->made_bytes + bytes > EXPR_OUTPUT_MAX_BYTES)
        return err_set(r->err, ERR_LIMIT, "expression makes more than %d bytes",
                       EXPR_OUTPUT_MAX_BYTES);
    r->made_bytes += bytes;
    return 0;
}

static int enter(struct expr_run *r)
{
    if (r->depth >= EXPR_DEPTH_MAX)
        return err_set(r->err, ERR_LIMIT, "value nests deeper than %d levels", EXPR_DEPTH_MAX);
    r->depth++;
    return expr_charge(r, 1);
}

static int compare_texts(struct str x, struct str y)
{
    size_t len = x.len < y.len ? x.len : y.len;
    int order = len > 0 ? memcmp(x.ptr, y.ptr, len) : 0;

    return order != 0 ? order : (x.len > y.len) - (x.len < y.len);
}

static int compare_times(const struct gotime *x, const struct gotime *y)
{
    if (x->unix_s != y->unix_s)
        return x->unix_s < y->unix_s ? -1 : 1;
    return (x->ns > y->ns) - (x->ns < y->ns);
}

static int equal_arrays(struct expr_run *r, const struct expr_value *x,
                        const struct expr_value *y, bool *ret)
{
    *ret = x->count == y->count;
    for (size_t i = 0; *ret && i < x->count; i++)
        if (expr_equal(r, &x->items[i], &y->items[i], ret) < 0)
            return -1;
    return 0;
}

static int equal_maps(struct expr_run *r, const struct expr_value *x,
                      const struct expr_value *y, bool *ret)
{
    *ret = x->count == y->count;
    for (size_t i = 0; *ret && i < x->count; i++) {
        struct expr_value other;
        int found = expr_map_find(r, y, &x->pairs[i].key, &other);

        *ret = found > 0;
        if (found < 0 || (found > 0 && expr_equal(r, &x->pairs[i].value, &other, ret) < 0))
            return -1;
    }
    return 0;
}

static bool equal_scalars(const struct expr_value *x, const struct expr_value *y)
{
    switch (x->type) {
    case EXPR_NIL:
        return true;
    case EXPR_BOOL:
        return x->is_true == y->is_true;
    case EXPR_INT:
    case EXPR_DURATION:
        return x->number == y->number;
    case EXPR_STRING:
    case EXPR_BYTES:
    case EXPR_ZONE:
        return str_eq(str_of(x->text, x->count), str_of(y->text, y->count));
    case EXPR_TIME:
        return compare_times(x->time, y->time) == 0;
    case EXPR_FLOAT:
    case EXPR_ARRAY:
    case EXPR_MAP:
    case EXPR_FUNCTION:
        return false;
    }
    return false;
}

int expr_equal(struct expr_run *r, const struct expr_value *x, const struct expr_value *y,
               bool *ret)
{
    int rc = 0;

    if (enter(r) < 0)
        return -1;
    if (x->type == EXPR_INT && y->type == EXPR_INT)
        *ret = x->number == y->number;
    else if (expr_is_number(x) && expr_is_number(y))
        *ret = expr_real(x) == expr_real(y);
    else if (x->type != y->type)
        *ret = false;
    else if (x->type == EXPR_ARRAY)
        rc = equal_arrays(r, x, y, ret);
    else if (x->type == EXPR_MAP)
        rc = equal_maps(r, x, y, ret);
    else
        *ret = equal_scalars(x, y);
    r->depth--;
    return rc;
}

int expr_less(struct expr_run *r, const struct expr_value *x, const struct expr_value *y,
              bool *ret)
{
    if (expr_charge(r, 1) < 0)
        return -1;
    if (x->type == EXPR_INT && y->type == EXPR_INT)
        *ret = x->number < y->number;
    else if (expr_is_number(x) && expr_is_number(y))
        *ret = expr_real(x) < expr_real(y);
    else if (x->type == EXPR_STRING && y->type == EXPR_STRING)
        *ret = compare_texts(expr_text_of(x), expr_text_of(y)) < 0;
    else if (x->type == EXPR_TIME && y->type == EXPR_TIME)
        *ret = compare_times(x->time, y->time) < 0;
    else if (x->type == EXPR_DURATION && y->type == EXPR_DURATION)
        *ret = x->number < y->number;
    else
        return expr_fail(r, "invalid operation: %s < %s", expr_type_name(x), expr_type_name(y));
    return 0;
}

struct sorting {
    struct expr_run *r;
    const struct expr_value *keys;
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
            const struct expr_value *x = &s->keys[at[k]], *y = &s->keys[at[i]];

            if (expr_less(s->r, s->is_falling ? y : x, s->is_falling ? x : y, &is_right) < 0)
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

int expr_sort(struct expr_run *r, const struct expr_value *keys, struct expr_value *order,
              size_t count, bool is_falling)
{
    struct sorting s = {.r = r, .keys = keys, .is_falling = is_falling};
    struct expr_value *sorted;

    if (count < 2)
        return 0;
    if (expr_make(r, count * (2 * sizeof(*s.at) + sizeof(*sorted))) < 0)
        return -1;
    s.at = ARENA_ARRAY(r->a, size_t, 2 * count);
    s.scratch = s.at + count;
    sorted = ARENA_ARRAY(r->a, struct expr_value, count);
    for (size_t i = 0; i < count; i++)
        s.at[i] = i;
    if (sort_indexes(&s, count) < 0)
        return -1;
    for (size_t i = 0; i < count; i++)
        sorted[i] = order[s.at[i]];
    memcpy(order, sorted, count * sizeof(*order));
    return 0;
}

int expr_map_find(struct expr_run *r, const struct expr_value *map,
                  const struct expr_value *key, struct expr_value *ret)
{
    if (expr_charge(r, map->count / 8) < 0)
        return -1;
    for (size_t i = 0; i < map->count; i++) {
        const struct expr_value *own = &map->pairs[i].key;
        bool is_equal = false;

        if (own->type == EXPR_STRING && key->type == EXPR_STRING)
            is_equal = str_eq(expr_text_of(own), expr_text_of(key));
        else if (expr_equal(r, own, key, &is_equal) < 0)
            return -1;
        if (is_equal) {
            *ret = map->pairs[i].value;
            return 1;
        }
    }
    return 0;
}

const struct expr_value *expr_map_get(const struct expr_value *map, struct str key)
{
    for (size_t i = 0; map->type == EXPR_MAP && i < map->count; i++)
        if (map->pairs[i].key.type == EXPR_STRING &&
            str_eq(expr_text_of(&map->pairs[i].key), key))
            return &map->pairs[i].value;
    return NULL;
}

static int fail_fetch(struct expr_run *r, const struct expr_value *from,
                      const struct expr_value *key)
{
    struct str text = STR_NONE;

    if (expr_format_str(r, key, &text) < 0)
        return -1;
    return expr_fail(r, "cannot fetch " STR_FMT " from %s", STR_ARG(str_head(text, 300)),
                     expr_type_name(from));
}

static int fetch_item(struct expr_run *r, const struct expr_value *from,
                      const struct expr_value *key, struct expr_value *ret)
{
    struct expr_value at = *key;
    int64_t index;

    if (!expr_is_number(key))
        return expr_fail(r, "invalid operation: int(%s)", expr_type_name(key));
    if (expr_to_int(r, key, &at) < 0)
        return -1;
    index = at.number < 0 ? at.number + (int64_t) from->count : at.number;
    if (index < 0 || (size_t) index >= from->count)
        return expr_fail(r, "index out of range: %lld (array length is %zu)", (long long) index,
                         from->count);
    *ret = from->type == EXPR_ARRAY ? from->items[index]
                                    : expr_int((unsigned char) from->text[index]);
    return 0;
}

int expr_fetch(struct expr_run *r, const struct expr_value *from, const struct expr_value *key,
               struct expr_value *ret)
{
    *ret = expr_nil();
    if (from->type == EXPR_ARRAY || from->type == EXPR_STRING || from->type == EXPR_BYTES)
        return fetch_item(r, from, key, ret);
    if (from->type != EXPR_MAP)
        return fail_fetch(r, from, key);
    if (!from->has_any_keys && key->type != EXPR_STRING && key->type != EXPR_NIL)
        return fail_fetch(r, from, key);
    return expr_map_find(r, from, key, ret) < 0 ? -1 : 0;
}

/* Go prints maps by sorted keys. */
static int format_map(struct expr_run *r, struct strbuf *b, const struct expr_value *v)
{
    struct expr_value *keys = ARENA_ARRAY(r->a, struct expr_value, v->count + 1);
    struct expr_value *values = ARENA_ARRAY(r->a, struct expr_value, v->count + 1);

    for (size_t i = 0; i < v->count; i++) {
        keys[i] = v->pairs[i].key;
        values[i] = v->pairs[i].value;
    }
    if (!v->has_any_keys && (expr_sort(r, keys, values, v->count, false) < 0 ||
                             expr_sort(r, keys, keys, v->count, false) < 0))
        return -1;
    strbuf_addz(b, "map[");
    for (size_t i = 0; i < v->count; i++) {
        strbuf_addz(b, i > 0 ? " " : "");
        if (expr_format(r, b, &keys[i]) < 0)
            return -1;
        strbuf_addc(b, ':');
        if (expr_format(r, b, &values[i]) < 0)
            return -1;
    }
    strbuf_addc(b, ']');
    return 0;
}

static int format_array(struct expr_run *r, struct strbuf *b, const struct expr_value *v)
{
    strbuf_addc(b, '[');
    for (size_t i = 0; i < v->count; i++) {
        strbuf_addz(b, i > 0 ? " " : "");
        if (expr_format(r, b, &v->items[i]) < 0)
            return -1;
    }
    strbuf_addc(b, ']');
    return 0;
}

static void format_bytes(struct strbuf *b, const struct expr_value *v)
{
    strbuf_addc(b, '[');
    for (size_t i = 0; i < v->count; i++)
        strbuf_addf(b, "%s%u", i > 0 ? " " : "", (unsigned) (unsigned char) v->text[i]);
    strbuf_addc(b, ']');
}

static int format_value(struct expr_run *r, struct strbuf *b, const struct expr_value *v)
{
    char number[GO_FLOAT_TEXT_SIZE];

    switch (v->type) {
    case EXPR_NIL:
        strbuf_addz(b, "<nil>");
        return 0;
    case EXPR_BOOL:
        strbuf_addz(b, v->is_true ? "true" : "false");
        return 0;
    case EXPR_INT:
        strbuf_addf(b, "%lld", (long long) v->number);
        return 0;
    case EXPR_FLOAT:
        go_float_text(v->real, number);
        strbuf_addz(b, number);
        return 0;
    case EXPR_STRING:
    case EXPR_ZONE:
        strbuf_add(b, expr_text_of(v));
        return 0;
    case EXPR_BYTES:
        format_bytes(b, v);
        return 0;
    case EXPR_ARRAY:
        return format_array(r, b, v);
    case EXPR_MAP:
        return format_map(r, b, v);
    case EXPR_TIME:
        strbuf_add(b, gotime_format(r->a, v->time, GOTIME_STRING));
        return 0;
    case EXPR_DURATION:
        strbuf_add(b, duration_print(r->a, v->number));
        return 0;
    case EXPR_FUNCTION:
        return expr_fail(r, "a function has no text");
    }
    return 0;
}

int expr_format(struct expr_run *r, struct strbuf *b, const struct expr_value *v)
{
    int rc = enter(r) < 0 ? -1 : format_value(r, b, v);

    if (rc == 0)
        r->depth--;
    return rc;
}

int expr_text_value(struct expr_run *r, struct strbuf *b, struct expr_value *ret)
{
    struct str text = STR_NONE;

    if (strbuf_finish(b, &text, r->err) < 0 || expr_make(r, text.len) < 0)
        return -1;
    *ret = expr_string(str_copy(r->a, text));
    return 0;
}

int expr_format_str(struct expr_run *r, const struct expr_value *v, struct str *ret)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(EXPR_OUTPUT_MAX_BYTES);
    struct expr_value text;

    if (expr_format(r, &b, v) < 0 || expr_text_value(r, &b, &text) < 0)
        return -1;
    *ret = expr_text_of(&text);
    return 0;
}

static int to_json(struct arena *a, const struct expr_value *v, size_t depth, struct json *ret,
                   struct err *err);

static int array_json(struct arena *a, const struct expr_value *v, size_t depth,
                      struct json *ret, struct err *err)
{
    struct json_array_builder b = {};

    for (size_t i = 0; i < v->count; i++) {
        struct json item;

        if (to_json(a, &v->items[i], depth + 1, &item, err) < 0)
            return -1;
        json_push(a, &b, item);
    }
    *ret = json_array(&b);
    return 0;
}

static int map_json(struct arena *a, const struct expr_value *v, size_t depth, struct json *ret,
                    struct err *err)
{
    struct json_object_builder b = {};

    if (v->has_any_keys)
        return err_set(err, ERR_INVALID,
                       "json: unsupported type: map[interface {}]interface {}");
    for (size_t i = 0; i < v->count; i++) {
        struct json value;

        if (to_json(a, &v->pairs[i].value, depth + 1, &value, err) < 0)
            return -1;
        json_add(a, &b, expr_text_of(&v->pairs[i].key), value);
    }
    *ret = json_object(&b);
    return 0;
}

static int float_json(struct arena *a, double n, struct json *ret, struct err *err)
{
    char text[GO_FLOAT_TEXT_SIZE];

    if (isfinite(n)) {
        *ret = json_float(a, n);
        return 0;
    }
    go_float_text(n, text);
    return err_set(err, ERR_INVALID, "json: unsupported value: %s", text);
}

static int to_json(struct arena *a, const struct expr_value *v, size_t depth, struct json *ret,
                   struct err *err)
{
    if (depth > EXPR_DEPTH_MAX)
        return err_set(err, ERR_LIMIT, "value nests deeper than %d levels", EXPR_DEPTH_MAX);
    switch (v->type) {
    case EXPR_NIL:
        *ret = json_null();
        return 0;
    case EXPR_BOOL:
        *ret = json_bool(v->is_true);
        return 0;
    case EXPR_INT:
    case EXPR_DURATION:
        *ret = json_int(a, v->number);
        return 0;
    case EXPR_FLOAT:
        return float_json(a, v->real, ret, err);
    case EXPR_STRING:
        *ret = json_string(expr_text_of(v));
        return 0;
    case EXPR_BYTES:
        *ret = json_string(base64_encode(a, expr_text_of(v)));
        return 0;
    case EXPR_ARRAY:
        return array_json(a, v, depth, ret, err);
    case EXPR_MAP:
        return map_json(a, v, depth, ret, err);
    case EXPR_TIME:
        *ret = json_string(gotime_format(a, v->time, GOTIME_RFC3339_NANO));
        return 0;
    case EXPR_ZONE:
        *ret = json_object(&(struct json_object_builder){});
        return 0;
    case EXPR_FUNCTION:
        return err_set(err, ERR_INVALID,
                       "json: unsupported type: func(interface {}) interface {}");
    }
    return 0;
}

int expr_value_json(struct arena *a, const struct expr_value *v, struct json *ret,
                    struct err *err)
{
    return to_json(a, v, 0, ret, err);
}

static struct expr_value of_object(struct arena *a, const struct json *v)
{
    struct expr_pair *pairs = ARENA_ARRAY(a, struct expr_pair, v->count + 1);
    size_t count = 0;

    for (size_t i = 0; i < v->count; i++) {
        const struct json_member *m = &v->members[i];

        if (json_get(v, m->key) != &m->value) /* a later one counts */
            continue;
        pairs[count++] =
            (struct expr_pair){expr_string(m->key), expr_value_of_json(a, &m->value)};
    }
    return expr_map(pairs, count);
}

struct expr_value expr_value_of_json(struct arena *a, const struct json *v)
{
    struct expr_value *items;
    double n = 0;

    switch ((enum json_type) v->type) {
    case JSON_NULL:
        break;
    case JSON_BOOL:
        return expr_bool(v->is_true);
    case JSON_NUMBER:
        return json_f64(v, &n) ? expr_float(n) : expr_nil();
    case JSON_STRING:
        return expr_string(str_of(v->text ? v->text : "", v->count));
    case JSON_ARRAY:
        items = ARENA_ARRAY(a, struct expr_value, v->count + 1);
        for (size_t i = 0; i < v->count; i++)
            items[i] = expr_value_of_json(a, &v->items[i]);
        return expr_array(items, v->count);
    case JSON_OBJECT:
        return of_object(a, v);
    }
    return expr_nil();
}
