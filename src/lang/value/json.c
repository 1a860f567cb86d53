/*
 * lang/value/json.c - values to JSON as Go's encoding/json sees them, and back.
 *
 * Any thread. Depth is bounded by VALUE_DEPTH_MAX.
 */
#include <math.h>

#include "base/limits.h"
#include "formats/base64.h"
#include "formats/gofloat.h"
#include "formats/gotime.h"
#include "formats/semver.h"
#include "lang/value/value.h"

int value_text_value(struct value_run *r, struct strbuf *b, struct value *ret)
{
    struct str text = STR_NONE;

    if (strbuf_finish(b, &text, r->err) < 0 || value_make(r, text.len) < 0)
        return -1;
    *ret = value_string(str_copy(r->a, text));
    return 0;
}

/* A value may have one list in many places: its items are counted in each. */
struct writing {
    struct arena *a;
    struct err *err;
    size_t depth, items;
};

static int to_json(struct writing *w, const struct value *v, struct json *ret);

static int enter(struct writing *w)
{
    return ++w->depth <= VALUE_DEPTH_MAX
               ? 0
               : err_set(w->err, ERR_LIMIT, "value nests deeper than %d levels",
                         VALUE_DEPTH_MAX);
}

static int array_json(struct writing *w, const struct value *v, struct json *ret)
{
    struct json_array_builder b = {};

    for (size_t i = 0; i < v->count; i++) {
        struct json item;

        if (to_json(w, &v->items[i], &item) < 0)
            return -1;
        json_push(w->a, &b, item);
    }
    *ret = json_array(&b);
    return 0;
}

static int map_json(struct writing *w, const struct value *v, struct json *ret)
{
    struct json_object_builder b = {};

    if (v->has_any_keys)
        return err_set(w->err, ERR_INVALID, "json: unsupported type: %s", value_type_name(v));
    for (size_t i = 0; i < value_len(v); i++) {
        struct json value;

        if (to_json(w, &v->map->pairs[i].value, &value) < 0)
            return -1;
        json_add(w->a, &b, value_text(&v->map->pairs[i].key), value);
    }
    *ret = json_object(&b);
    return 0;
}

static int float_json(struct writing *w, double n, struct json *ret)
{
    char text[GO_FLOAT_TEXT_SIZE];

    if (isfinite(n)) {
        *ret = json_float(w->a, n);
        return 0;
    }
    go_float_text(n, text);
    return err_set(w->err, ERR_INVALID, "json: unsupported value: %s", text);
}

static int to_json(struct writing *w, const struct value *v, struct json *ret)
{
    int rc;

    if (++w->items > VALUE_STEPS_MAX)
        return err_set(w->err, ERR_LIMIT, "value has more than %d items", VALUE_STEPS_MAX);
    switch (v->type) {
    case VALUE_NIL:
        *ret = json_null();
        return 0;
    case VALUE_BOOL:
        *ret = json_bool(v->is_true);
        return 0;
    case VALUE_INT:
    case VALUE_DURATION:
        *ret = json_int(w->a, v->number);
        return 0;
    case VALUE_FLOAT:
        return float_json(w, v->real, ret);
    case VALUE_STRING:
        *ret = json_string(value_text(v));
        return 0;
    case VALUE_BYTES:
        *ret = json_string(base64_encode(w->a, value_text(v)));
        return 0;
    case VALUE_ARRAY:
        if (v->is_go_nil) {
            *ret = json_null();
            return 0;
        }
        rc = enter(w) < 0 ? -1 : array_json(w, v, ret);
        w->depth--;
        return rc;
    case VALUE_MAP:
        rc = enter(w) < 0 ? -1 : map_json(w, v, ret);
        w->depth--;
        return rc;
    case VALUE_SEMVER:
        *ret = json_string(semver_print(w->a, v->semver));
        return 0;
    case VALUE_TIME:
        *ret = json_string(gotime_format(w->a, v->time, GOTIME_RFC3339_NANO));
        return 0;
    case VALUE_ZONE:
        *ret = json_object(&(struct json_object_builder){});
        return 0;
    case VALUE_FUNCTION:
        return err_set(w->err, ERR_INVALID,
                       "json: unsupported type: func(interface {}) interface {}");
    }
    return 0;
}

int value_json(struct arena *a, const struct value *v, struct json *ret, struct err *err)
{
    struct writing w = {.a = a, .err = err};

    return to_json(&w, v, ret);
}

static struct value of_object(struct arena *a, const struct json *v)
{
    struct value_pair *pairs = ARENA_ARRAY(a, struct value_pair, v->count + 1);
    size_t count = 0;

    for (size_t i = 0; i < v->count; i++) {
        const struct json_member *m = &v->members[i];

        if (json_get(v, m->key) != &m->value) /* a later one counts */
            continue;
        pairs[count++] = (struct value_pair){value_string(m->key), value_of_json(a, &m->value)};
    }
    return value_map(a, pairs, count);
}

struct value value_of_json(struct arena *a, const struct json *v)
{
    struct value *items;
    double n = 0;

    switch ((enum json_type) v->type) {
    case JSON_NULL:
        break;
    case JSON_BOOL:
        return value_bool(v->is_true);
    case JSON_NUMBER:
        return json_f64(v, &n) ? value_float(n) : value_nil();
    case JSON_STRING:
        return value_string(str_of(v->text ? v->text : "", v->count));
    case JSON_ARRAY:
        items = ARENA_ARRAY(a, struct value, v->count + 1);
        for (size_t i = 0; i < v->count; i++)
            items[i] = value_of_json(a, &v->items[i]);
        return value_array(items, v->count);
    case JSON_OBJECT:
        return of_object(a, v);
    }
    return value_nil();
}

int value_json_text(struct value_run *r, const struct value *v, unsigned style,
                    struct value *ret)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(VALUE_OUTPUT_MAX_BYTES);
    struct writing w = {.a = r->a, .err = r->err};
    struct json doc;

    if (to_json(&w, v, &doc) < 0 || value_charge(r, w.items) < 0)
        return -1;
    json_print(&b, &doc, style | JSON_SORT_KEYS);
    return value_text_value(r, &b, ret);
}

int value_parse_json(struct value_run *r, struct str text, struct json *ret)
{
    char *place;

    if (value_make(r, text.len) < 0)
        return -1;
    if (json_parse(r->a, text, ret, r->err) == 0)
        return 0;
    place = strstr(r->err->text, " (line "); /* Go does not tell it */
    if (place)
        *place = '\0';
    return -1;
}
