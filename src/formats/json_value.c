/* Reading, comparing and building values. See json.h. */
#include "formats/json.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "formats/gofloat.h"

const struct json *json_get(const struct json *v, struct str key)
{
    if (!json_is(v, JSON_OBJECT))
        return NULL;
    for (uint32_t i = v->count; i > 0; i--)
        if (str_eq(v->members[i - 1].key, key))
            return &v->members[i - 1].value;
    return NULL;
}

const struct json *json_path(const struct json *v, ...)
{
    const char *name;
    va_list names;

    va_start(names, v);
    while (v && (name = va_arg(names, const char *)))
        v = json_get(v, str_from(name));
    va_end(names);
    return v;
}

const struct json *json_item(const struct json *v, size_t index)
{
    return json_is(v, JSON_ARRAY) && index < v->count ? &v->items[index] : NULL;
}

const struct json *json_named(const struct json *v, struct str name)
{
    const struct json *item;

    for (size_t i = 0; (item = json_item(v, i)) != NULL; i++)
        if (str_eq(json_get_str(item, STR("name")), name))
            return item;
    return NULL;
}

bool json_f64(const struct json *v, double *ret)
{
    char text[512];
    double value;

    if (!json_is(v, JSON_NUMBER) || v->count >= sizeof(text))
        return false;
    memcpy(text, v->text, v->count);
    text[v->count] = '\0';
    value = strtod(text, NULL);
    if (isinf(value))
        return false;
    *ret = value;
    return true;
}

bool json_i64(const struct json *v, int64_t *ret)
{
    struct str text = json_number(v);
    double value;

    if (parse_i64(text, ret))
        return true;
    if (str_is_empty(text) ||
        (str_find_char(text, '.') == SIZE_MAX && str_find_char(text, 'e') == SIZE_MAX &&
         str_find_char(text, 'E') == SIZE_MAX))
        return false;
    if (!json_f64(v, &value) || value != floor(value) || value < -9007199254740992.0 ||
        value > 9007199254740992.0)
        return false;
    *ret = (int64_t) value;
    return true;
}

static bool equal_numbers(const struct json *a, const struct json *b)
{
    double left, right;
    int64_t whole_left, whole_right;

    if (str_eq(json_number(a), json_number(b)))
        return true;
    if (json_i64(a, &whole_left) && json_i64(b, &whole_right))
        return whole_left == whole_right;
    return json_f64(a, &left) && json_f64(b, &right) && left <= right && left >= right;
}

static bool equal_objects(const struct json *a, const struct json *b)
{
    for (uint32_t i = 0; i < a->count; i++)
        if (!json_get(b, a->members[i].key) ||
            !json_equal(json_get(a, a->members[i].key), json_get(b, a->members[i].key)))
            return false;
    for (uint32_t i = 0; i < b->count; i++)
        if (!json_get(a, b->members[i].key))
            return false;
    return true;
}

bool json_equal(const struct json *a, const struct json *b)
{
    if (a->type != b->type)
        return false;
    switch ((enum json_type) a->type) {
    case JSON_NULL:
        return true;
    case JSON_BOOL:
        return a->is_true == b->is_true;
    case JSON_NUMBER:
        return equal_numbers(a, b);
    case JSON_STRING:
        return str_eq(json_str(a), json_str(b));
    case JSON_ARRAY:
        for (uint32_t i = 0; i < a->count && a->count == b->count; i++)
            if (!json_equal(&a->items[i], &b->items[i]))
                return false;
        return a->count == b->count;
    case JSON_OBJECT:
        return equal_objects(a, b);
    }
    return false;
}

struct json json_int(struct arena *a, int64_t n)
{
    return json_number_text(str_printf(a, "%lld", (long long) n));
}

struct json json_float(struct arena *a, double n)
{
    char text[GO_FLOAT_TEXT_SIZE];
    double size = fabs(n);
    int precision = go_float_digits(n, text);
    int exponent = (int) strtod(strchr(text, 'e') + 1, NULL);
    char *zero;

    if (size < 1e-6 || size >= 1e21) {
        if (size > 0) { /* Go prints e-7 and e+21, not e-07 */
            zero = strchr(text, 'e') + 2;
            if (*zero == '0' && zero[1] && text[strlen(text) - 2] == '0' && exponent < 0)
                memmove(zero, zero + 1, strlen(zero));
            return json_number_text(str_printf(a, "%s", text));
        }
        return json_number_text(signbit(n) ? STR("-0") : STR("0"));
    }
    if (exponent > precision) { /* shortest digits, then zeros: 9223372036854776000 */
        struct str digits =
            str_printf(a, "%s%.*s", text[0] == '-' ? "-" : "", 1, text + (text[0] == '-'));

        if (precision > 0)
            digits = str_printf(a, STR_FMT "%.*s", STR_ARG(digits), precision,
                                strchr(text, '.') + 1);
        return json_number_text(str_printf(a, STR_FMT "%.*s", STR_ARG(digits),
                                           exponent - precision, "000000000000000000000"));
    }
    return json_number_text(str_printf(a, "%.*f", precision - exponent, n));
}

void json_add(struct arena *a, struct json_object_builder *b, struct str key, struct json value)
{
    if (b->len == b->room) {
        b->room = b->room ? b->room * 2 : 8;
        b->at = arena_grow(a, b->at, b->len * sizeof(*b->at), b->room * sizeof(*b->at));
    }
    b->at[b->len++] = (struct json_member){.key = key, .value = value, .key_pos = JSON_NO_POS};
}

void json_add_str(struct arena *a, struct json_object_builder *b, struct str key,
                  struct str value)
{
    if (!str_is_empty(value))
        json_add(a, b, key, json_string(value));
}

void json_push(struct arena *a, struct json_array_builder *b, struct json value)
{
    if (b->len == b->room) {
        b->room = b->room ? b->room * 2 : 8;
        b->at = arena_grow(a, b->at, b->len * sizeof(*b->at), b->room * sizeof(*b->at));
    }
    b->at[b->len++] = value;
}

struct json json_object(const struct json_object_builder *b)
{
    return (struct json){
        .type = JSON_OBJECT, .pos = JSON_NO_POS, .count = (uint32_t) b->len, .members = b->at};
}

struct json json_array(const struct json_array_builder *b)
{
    return (struct json){
        .type = JSON_ARRAY, .pos = JSON_NO_POS, .count = (uint32_t) b->len, .items = b->at};
}

struct json json_set(struct arena *a, const struct json *v, struct str key, struct json value)
{
    uint32_t count = json_is(v, JSON_OBJECT) ? v->count : 0;
    struct json_member *members = arena_alloc_raw(a, (count + 1) * sizeof(*members));
    struct json made = {
        .type = JSON_OBJECT, .pos = v ? v->pos : JSON_NO_POS, .members = members};
    bool is_there = false;

    for (uint32_t i = 0; i < count; i++) {
        bool is_it = str_eq(v->members[i].key, key);

        if (is_it && is_there)
            continue;
        members[made.count] = v->members[i];
        if (is_it)
            members[made.count].value = value;
        is_there |= is_it;
        made.count++;
    }
    if (!is_there)
        members[made.count++] =
            (struct json_member){.key = key, .value = value, .key_pos = JSON_NO_POS};
    return made;
}

static struct json set_names(struct arena *a, const struct json *v, struct json value,
                             const char *const *names)
{
    struct str key = str_from(names[0]);

    if (names[1])
        value = set_names(a, json_get(v, key), value, names + 1);
    return json_set(a, v, key, value);
}

struct json json_set_path(struct arena *a, const struct json *v, struct json value, ...)
{
    enum { NAMES_MAX = 16 };
    const char *names[NAMES_MAX] = {NULL};
    va_list list;

    va_start(list, value);
    for (int i = 0; i + 1 < NAMES_MAX && (names[i] = va_arg(list, const char *)); i++)
        continue;
    va_end(list);
    return set_names(a, v, value, names);
}

struct json json_without(struct arena *a, const struct json *v, struct str key)
{
    uint32_t count = json_is(v, JSON_OBJECT) ? v->count : 0;
    struct json_member *members = arena_alloc_raw(a, (count + 1) * sizeof(*members));
    struct json made = {
        .type = JSON_OBJECT, .pos = v ? v->pos : JSON_NO_POS, .members = members};

    for (uint32_t i = 0; i < count; i++)
        if (!str_eq(v->members[i].key, key))
            members[made.count++] = v->members[i];
    return made;
}

struct json json_clone(struct arena *a, const struct json *v)
{
    struct json made = *v;

    if (v->type == JSON_STRING || v->type == JSON_NUMBER) {
        made.text = str_copy(a, str_of(v->text, v->count)).ptr;
    } else if (v->type == JSON_ARRAY && v->count) {
        struct json *items = arena_alloc_raw(a, v->count * sizeof(*items));

        for (uint32_t i = 0; i < v->count; i++)
            items[i] = json_clone(a, &v->items[i]);
        made.items = items;
    } else if (v->type == JSON_OBJECT && v->count) {
        struct json_member *members = arena_alloc_raw(a, v->count * sizeof(*members));

        for (uint32_t i = 0; i < v->count; i++)
            members[i] = (struct json_member){.key = str_copy(a, v->members[i].key),
                                              .value = json_clone(a, &v->members[i].value),
                                              .key_pos = v->members[i].key_pos};
        made.members = members;
    }
    return made;
}
