/* What a result means: conversions, its elements, its document. See gjson.h. */
#include <math.h>

#include "base/limits.h"
#include "base/map.h"
#include "formats/anystring.h"
#include "formats/gofloat.h"
#include "lang/gjson/gjson_internal.h"

const char *gjson_type_name(enum gjson_type type)
{
    static const char *const names[] = {"Null", "False", "Number", "String", "True", "JSON"};

    return names[type];
}

/* A string without an end: all that follows. */
static struct gjson open_string(struct arena *a, struct str json, size_t at)
{
    struct str inside = str_skip(json, at + 1);

    return (struct gjson){
        .type = GJSON_STRING,
        .raw = str_skip(json, at),
        .text = str_find_char(inside, '\\') == SIZE_MAX ? inside : gjson_unescape(a, inside),
        .pos = at};
}

struct gjson gjson_parse(struct arena *a, struct str json)
{
    struct gjson v = {.raw = STR("")};
    size_t at = 0;

    while (at < json.len && (unsigned char) json.ptr[at] <= ' ')
        at++;
    v.pos = at;
    if (at == json.len || !strchr("{[\"ntf+-0123456789iIN", json.ptr[at]) || !json.ptr[at])
        return (struct gjson){.raw = STR("")};
    if (json.ptr[at] == '{' || json.ptr[at] == '[') {
        v.type = GJSON_JSON;
        v.raw = str_skip(json, at);
        return v;
    }
    if (json.ptr[at] == '"' && gjson_string_end(json, at + 1) == SIZE_MAX)
        return open_string(a, json, at);
    v = gjson_read(a, json, &at);
    v.pos = v.raw.len > 0 ? (size_t) (v.raw.ptr - json.ptr) : 0;
    return v;
}

/* Digits behind an optional sign are a whole number as they are. */
static bool is_plain(struct str raw)
{
    size_t i = raw.len > 0 && raw.ptr[0] == '-';

    while (i < raw.len && raw.ptr[i] >= '0' && raw.ptr[i] <= '9')
        i++;
    return raw.len > 0 && i == raw.len;
}

static struct str number_text(struct arena *a, double n)
{
    struct json v;

    if (isnan(n))
        return STR("NaN");
    if (isinf(n))
        return n < 0 ? STR("-Inf") : STR("+Inf");
    v = json_float(a, n);
    return any_string(a, &v);
}

struct str gjson_text(struct arena *a, const struct gjson *r)
{
    switch (r->type) {
    case GJSON_NULL:
        break;
    case GJSON_FALSE:
        return STR("false");
    case GJSON_NUMBER:
        return is_plain(r->raw) ? r->raw : number_text(a, r->number);
    case GJSON_STRING:
        return r->text;
    case GJSON_TRUE:
        return STR("true");
    case GJSON_JSON:
        return r->raw;
    }
    return STR("");
}

double gjson_number(const struct gjson *r)
{
    double n = 0;

    if (r->type == GJSON_STRING)
        go_float_parse(r->text, &n);
    else if (r->type == GJSON_NUMBER)
        n = r->number;
    else if (r->type == GJSON_TRUE)
        n = 1;
    return n;
}

/* Digits behind an optional sign; what does not fit wraps around, as in the original. */
static bool wrapped_int(struct str s, int64_t *ret)
{
    bool is_negative = s.len > 0 && s.ptr[0] == '-';
    uint64_t n = 0;

    if (!is_plain(s) || s.len == (size_t) is_negative)
        return false;
    for (size_t i = is_negative; i < s.len; i++)
        n = n * 10 + (uint64_t) (s.ptr[i] - '0');
    *ret = (int64_t) (is_negative ? 0 - n : n);
    return true;
}

int64_t gjson_int(const struct gjson *r)
{
    const double exact = 9007199254740991.0;
    int64_t n = 0;

    if (r->type == GJSON_TRUE)
        return 1;
    if (r->type == GJSON_STRING)
        return wrapped_int(r->text, &n) ? n : 0;
    if (r->type != GJSON_NUMBER)
        return 0;
    if (r->number >= -exact && r->number <= exact)
        return (int64_t) r->number;
    if (wrapped_int(r->raw, &n))
        return n;
    return r->number >= -0x1p63 && r->number < 0x1p63 ? (int64_t) r->number : INT64_MIN;
}

/* The members of an object: @at is behind the brace. */
static void each_member(struct arena *a, struct str json, size_t at, gjson_each_fn fn,
                        void *ctx)
{
    for (;;) {
        char first = gjson_next(json, &at);
        struct gjson key, value;

        if (first != '"') {
            if (!first || first == '}')
                return;
            at++;
            continue;
        }
        key = gjson_read(a, json, &at);
        first = gjson_next(json, &at);
        if (str_is_empty(key.raw) || !first || first == '}' || first == ']')
            return;
        value = gjson_read(a, json, &at);
        if (str_is_empty(value.raw) || !fn(ctx, &key, &value))
            return;
    }
}

static void each_element(struct arena *a, struct str json, size_t at, gjson_each_fn fn,
                         void *ctx)
{
    struct gjson key = {.type = GJSON_NUMBER, .raw = STR("")};

    for (;; key.number++) {
        char first = gjson_next(json, &at);
        struct gjson value;

        if (!first || first == ']' || first == '}')
            return;
        value = gjson_read(a, json, &at);
        if (str_is_empty(value.raw) || !fn(ctx, &key, &value))
            return;
    }
}

void gjson_each(struct arena *a, const struct gjson *r, gjson_each_fn fn, void *ctx)
{
    const struct gjson none = {.raw = STR("")};

    if (!gjson_exists(r))
        return;
    if (gjson_is_object(r))
        each_member(a, r->raw, 1, fn, ctx);
    else if (gjson_is_array(r))
        each_element(a, r->raw, 1, fn, ctx);
    else
        fn(ctx, &none, r);
}

/* ---- documents ---- */

struct builder {
    struct arena *a;
    struct json_object_builder members;
    struct json_array_builder items;
    struct map seen;
    unsigned depth;
    size_t *budget; /* bytes that may still be looked at: each level looks at its text again */
    struct err *err;
    bool has_failed;
};

static int build(struct builder *parent, const struct gjson *r, struct json *ret);

static bool build_part(void *ctx, const struct gjson *key, const struct gjson *value)
{
    struct builder *b = ctx;
    struct json made;

    if (key->type == GJSON_STRING && map_put(&b->seen, key->text, b))
        return true;
    if (build(b, value, &made) < 0) {
        b->has_failed = true;
        return false;
    }
    if (key->type == GJSON_STRING)
        json_add(b->a, &b->members, key->text, made);
    else
        json_push(b->a, &b->items, made);
    return true;
}

static int build_container(struct builder *parent, const struct gjson *r, struct json *ret)
{
    struct builder b = {.a = parent->a,
                        .depth = parent->depth + 1,
                        .budget = parent->budget,
                        .err = parent->err};

    if (b.depth > GJSON_DEPTH_MAX)
        return err_set(b.err, ERR_LIMIT, "gjson value: nesting over %d levels",
                       GJSON_DEPTH_MAX);
    if (r->raw.len > *b.budget)
        return err_set(b.err, ERR_LIMIT,
                       "gjson value: a text that nests like this is too long");
    *b.budget -= r->raw.len;
    map_init_borrowed(&b.seen);
    gjson_each(b.a, r, build_part, &b);
    map_done(&b.seen);
    if (b.has_failed)
        return -1;
    *ret = gjson_is_object(r) ? json_object(&b.members) : json_array(&b.items);
    return 0;
}

static int build(struct builder *parent, const struct gjson *r, struct json *ret)
{
    switch (r->type) {
    case GJSON_NULL:
        break;
    case GJSON_FALSE:
    case GJSON_TRUE:
        *ret = json_bool(r->type == GJSON_TRUE);
        return 0;
    case GJSON_NUMBER:
        if (!isfinite(r->number))
            return err_set(parent->err, ERR_INVALID,
                           "gjson value: number " STR_FMT " is out of range", STR_ARG(r->raw));
        *ret = json_float(parent->a, r->number);
        return 0;
    case GJSON_STRING:
        *ret = json_string(r->text);
        return 0;
    case GJSON_JSON:
        return build_container(parent, r, ret);
    }
    *ret = json_null();
    return 0;
}

int gjson_value(struct arena *a, const struct gjson *r, struct json *ret, struct err *err)
{
    size_t budget = r->raw.len * GJSON_SCANS_MAX + GJSON_SCAN_MAX_BYTES;
    struct builder root = {.a = a, .budget = &budget, .err = err};

    return build(&root, r, ret);
}
