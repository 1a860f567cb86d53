/*
 * tests/support/expr_golden.h - environments and values as the golden vectors of expressions
 * show them.
 */
#pragma once

#include <math.h>

#include "formats/duration.h"
#include "formats/gofloat.h"
#include "formats/gotime.h"
#include "formats/semver.h"
#include "lang/expr/expr.h"
#include "tests/support/golden.h"

/* ---- environments ---- */

/* The vector's environment as a map: nested for Argo's, as it is for the plain one. */
static inline struct value expr_golden_map(struct arena *a, const struct json *row)
{
    const struct json *flat = json_get(row, STR("env")), *whole = json_get(row, STR("envInt"));
    size_t room = (flat ? flat->count : 0) + (whole ? whole->count : 0), count = 0;
    struct expr_name *names = ARENA_ARRAY(a, struct expr_name, room + 1);
    struct value_pair *pairs = ARENA_ARRAY(a, struct value_pair, room + 1);

    for (size_t i = 0; flat && i < flat->count; i++)
        names[count++] =
            (struct expr_name){flat->members[i].key, value_of_json(a, &flat->members[i].value)};
    for (size_t i = 0; whole && i < whole->count; i++) {
        int64_t n = 0;

        assert_true(json_i64(&whole->members[i].value, &n));
        names[count++] = (struct expr_name){whole->members[i].key, value_int(n)};
    }
    if (!str_is(json_get_str(row, STR("mode")), "plain"))
        return expr_nest(a, names, count);
    for (size_t i = 0; i < count; i++)
        pairs[i] = (struct value_pair){value_string(names[i].name), names[i].value};
    return value_map(a, pairs, count);
}

static inline struct expr_env expr_golden_env(const struct value *map,
                                              enum expr_functions functions)
{
    return (struct expr_env){
        .lookup = expr_lookup_map, .ctx = map, .functions = functions, .now = {1716000000000}};
}

/* ---- values as the vectors show them ---- */

static const char *expr_golden_type(const struct value *v)
{
    static const char *const names[] = {
        [VALUE_NIL] = "nil",
        [VALUE_BOOL] = "bool",
        [VALUE_INT] = "int",
        [VALUE_FLOAT] = "float",
        [VALUE_STRING] = "string",
        [VALUE_BYTES] = "bytes",
        [VALUE_ARRAY] = "array",
        [VALUE_MAP] = "map",
        [VALUE_TIME] = "time",
        [VALUE_DURATION] = "duration",
        [VALUE_ZONE] = "*time.Location",
        [VALUE_FUNCTION] = "func",
        [VALUE_SEMVER] = "*semver.Version",
    };

    return names[v->type];
}

static inline void expr_golden_add(struct arena *a, struct strbuf *b, const struct value *v);

static inline void expr_golden_add_float(struct strbuf *b, double n)
{
    char text[GO_FLOAT_TEXT_SIZE];

    go_float_text(n, text);
    strbuf_addz(b, text);
    if (isfinite(n) && !strpbrk(text, ".e"))
        strbuf_addz(b, ".0");
}

static inline int expr_golden_compare(const void *x, const void *y)
{
    return strcmp(((const char *const *) x)[0], ((const char *const *) y)[0]);
}

/* Members in the order of their text. */
static inline void expr_golden_add_map(struct arena *a, struct strbuf *b, const struct value *v)
{
    const char **members = ARENA_ARRAY(a, const char *, value_len(v) + 1);

    for (size_t i = 0; i < value_len(v); i++) {
        _cleanup_strbuf_ struct strbuf one = STRBUF_INIT(1 << 20);

        expr_golden_add(a, &one, &v->map->pairs[i].key);
        strbuf_addc(&one, ':');
        expr_golden_add(a, &one, &v->map->pairs[i].value);
        members[i] = str_cz(a, strbuf_str(&one));
    }
    qsort(members, value_len(v), sizeof(*members), expr_golden_compare);
    strbuf_addc(b, '{');
    for (size_t i = 0; i < value_len(v); i++)
        strbuf_addf(b, "%s%s", i > 0 ? "," : "", members[i]);
    strbuf_addc(b, '}');
}

static inline void expr_golden_add(struct arena *a, struct strbuf *b, const struct value *v)
{
    switch (v->type) {
    case VALUE_NIL:
        strbuf_addz(b, "null");
        break;
    case VALUE_BOOL:
        strbuf_addz(b, v->is_true ? "true" : "false");
        break;
    case VALUE_INT:
        strbuf_addf(b, "%lld", (long long) v->number);
        break;
    case VALUE_FLOAT:
        expr_golden_add_float(b, v->real);
        break;
    case VALUE_STRING:
    case VALUE_BYTES:
        strbuf_addz(b, v->type == VALUE_BYTES ? "bytes" : "");
        json_print_string(b, value_text(v), JSON_COMPACT);
        break;
    case VALUE_ARRAY:
        strbuf_addc(b, '[');
        for (size_t i = 0; i < v->count; i++) {
            strbuf_addz(b, i > 0 ? "," : "");
            expr_golden_add(a, b, &v->items[i]);
        }
        strbuf_addc(b, ']');
        break;
    case VALUE_MAP:
        expr_golden_add_map(a, b, v);
        break;
    case VALUE_TIME:
        strbuf_addf(b, "time(" STR_FMT ")",
                    STR_ARG(gotime_format(a, v->time, GOTIME_RFC3339_NANO)));
        break;
    case VALUE_DURATION:
        strbuf_addf(b, "duration(" STR_FMT ")", STR_ARG(duration_print(a, v->number)));
        break;
    case VALUE_SEMVER:
        json_print_string(b, semver_print(a, v->semver), JSON_COMPACT);
        break;
    case VALUE_ZONE:
    case VALUE_FUNCTION:
        strbuf_addz(b, "function");
        break;
    }
}

static inline struct str expr_golden_show(struct arena *a, const struct value *v)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(1 << 20);

    expr_golden_add(a, &b, v);
    return str_copy(a, strbuf_str(&b));
}
