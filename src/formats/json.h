/*
 * formats/json.h - JSON documents: immutable values with exact numbers and source positions.
 *
 * A value is 24 bytes and is passed by const pointer; its children lie behind it in the arena
 * that it was parsed or built in. Numbers keep their spelling. Object members keep their order
 * and (when parsed) their duplicates; json_get() finds the last one, as encoding/json does.
 * Text views may point into the source text, so the source must outlive the document. Nothing
 * here is thread-bound; immutable values may be read anywhere.
 *
 * Printing follows Go's encoding/json: HTML escaping is a style, U+2028/9 are escaped, invalid
 * UTF-8 becomes U+FFFD, floats as strconv 'g'-like shortest. Source: RFC 8259;
 * ../shared/golden/formats/json.jsonl decides.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/strbuf.h"

enum json_type { JSON_NULL, JSON_BOOL, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT };

#define JSON_NO_POS UINT32_MAX

struct json_member;

struct json {
    uint8_t type;   /* enum json_type */
    bool is_true;   /* JSON_BOOL */
    uint32_t pos;   /* byte offset in the source text (JSON or YAML), or JSON_NO_POS */
    uint32_t count; /* bytes of text, items, or members */
    union {
        const char *text;                  /* JSON_NUMBER: its spelling; JSON_STRING: decoded */
        const struct json *items;          /* JSON_ARRAY */
        const struct json_member *members; /* JSON_OBJECT */
    };
};

struct json_member {
    struct str key;
    struct json value;
    uint32_t key_pos;
};

enum json_style {
    JSON_COMPACT = 0,
    JSON_INDENT = 1,      /* two blanks a level, as upstream's -o json */
    JSON_ESCAPE_HTML = 2, /* < > & as \u003c ..., Go's Marshal */
    JSON_SORT_KEYS = 4,   /* members by byte order, as Go prints maps */
};

/** json_is_valid() - is the whole text one JSON value, not nested deeper than JSON_DEPTH_MAX?
 * Several times faster than json_parse(), which accepts the same up to ARENA_DOC_MAX_BYTES */
bool json_is_valid(struct str text) _pure_;

/**
 * json_parse() - read one document
 * @a:    where the values live
 * @text: source; borrowed by the values, must outlive them
 * @ret:  root value
 * @err:  ERR_INVALID with Go's message and "line L, column C"; ERR_LIMIT over JSON_DEPTH_MAX or
 * ARENA_DOC_MAX_BYTES
 *
 * Return: 0 or -1.
 */
int json_parse(struct arena *a, struct str text, struct json *ret, struct err *err);

/**
 * json_parse_next() - read the next value of a text that holds several, one behind the other
 * @rest: what is left; moved past the value
 *
 * Return: 1, 0 when nothing but white space is left, or -1. Positions count from the value's
 * beginning.
 */
int json_parse_next(struct arena *a, struct str *rest, struct json *ret, struct err *err);

/** json_print() - append a value to a buffer in a combination of enum json_style flags */
void json_print(struct strbuf *b, const struct json *v, unsigned style);

/** json_text() - json_print() into the arena */
struct str json_text(struct arena *a, const struct json *v, unsigned style);

/** json_print_string() - append @s as a JSON string literal with quotes */
void json_print_string(struct strbuf *b, struct str s, unsigned style);

/** json_position() - line and column (both from 1, column in bytes) of a byte offset */
void json_position(struct str text, uint32_t pos, unsigned *ret_line, unsigned *ret_column);

/** json_get() - member of an object by name, borrowed; NULL when @v is NULL, no object, or has
 * none */
const struct json *json_get(const struct json *v, struct str key);

/** json_path() - json_get() along NULL-terminated C string names: json_path(v, "metadata",
 * "name", NULL) */
const struct json *json_path(const struct json *v, ...) __attribute__((__sentinel__));

/** json_item() - array element, borrowed, or NULL */
const struct json *json_item(const struct json *v, size_t index);

/** json_named() - the first element of an array whose member "name" is @name, borrowed; NULL
 * when there is none or @v is no array */
const struct json *json_named(const struct json *v, struct str name);

/** json_is() - is @v not NULL and of this type? */
static inline bool json_is(const struct json *v, enum json_type type)
{
    return v && v->type == type;
}

/** json_str() - text of a string value; absent view when NULL or another type */
static inline struct str json_str(const struct json *v)
{
    return json_is(v, JSON_STRING) ? str_of(v->text, v->count) : STR_NONE;
}

/** json_get_str() - text of a string member, or the absent view */
static inline struct str json_get_str(const struct json *v, struct str key)
{
    return json_str(json_get(v, key));
}

/** json_get_bool() - is the member there and true? */
static inline bool json_get_bool(const struct json *v, struct str key)
{
    const struct json *member = json_get(v, key);

    return json_is(member, JSON_BOOL) && member->is_true;
}

/** json_number() - the spelling of a number; absent view when it is none */
static inline struct str json_number(const struct json *v)
{
    return json_is(v, JSON_NUMBER) ? str_of(v->text, v->count) : STR_NONE;
}

/** json_i64() - a whole number (also spelled 1e3 or 2.0); false when it is none or does not fit
 */
bool json_i64(const struct json *v, int64_t *ret) _must_use_;

/** json_f64() - a number as double; false when it is none */
bool json_f64(const struct json *v, double *ret) _must_use_;

/** json_equal() - deep equality; numbers by value, objects regardless of order */
bool json_equal(const struct json *a, const struct json *b);

/* Making values. Texts are borrowed unless a function says that it copies. */

static inline struct json json_null(void)
{
    return (struct json){.type = JSON_NULL, .pos = JSON_NO_POS};
}

static inline struct json json_bool(bool is_true)
{
    return (struct json){.type = JSON_BOOL, .is_true = is_true, .pos = JSON_NO_POS};
}

static inline struct json json_string(struct str s)
{
    return (struct json){
        .type = JSON_STRING, .pos = JSON_NO_POS, .count = (uint32_t) s.len, .text = s.ptr};
}

/** json_number_text() - a number by its spelling, which must be valid JSON */
static inline struct json json_number_text(struct str s)
{
    return (struct json){
        .type = JSON_NUMBER, .pos = JSON_NO_POS, .count = (uint32_t) s.len, .text = s.ptr};
}

/** json_int() - a whole number */
struct json json_int(struct arena *a, int64_t n);

/** json_float() - a number printed as Go prints a float64; NaN and infinities are a bug of the
 * caller */
struct json json_float(struct arena *a, double n);

/* Builders: a zeroed struct is an empty object or array; members live in the arena given to
 * each call. */
struct json_object_builder {
    struct json_member *at;
    size_t len, room;
};

struct json_array_builder {
    struct json *at;
    size_t len, room;
};

/** json_add() - append a member; the key is borrowed; no check for duplicates */
void json_add(struct arena *a, struct json_object_builder *b, struct str key,
              struct json value);

/** json_add_str() - append a string member unless @value is empty or absent (Go's omitempty) */
void json_add_str(struct arena *a, struct json_object_builder *b, struct str key,
                  struct str value);

/** json_push() - append an element */
void json_push(struct arena *a, struct json_array_builder *b, struct json value);

/** json_object() - the finished object; the builder is spent */
struct json json_object(const struct json_object_builder *b);

/** json_array() - the finished array; the builder is spent */
struct json json_array(const struct json_array_builder *b);

/** json_set() - a copy of object @v (NULL or not an object: empty) with one member set in place
 * or appended; shares all else */
struct json json_set(struct arena *a, const struct json *v, struct str key, struct json value);

/** json_set_path() - json_set() through nested objects named by C strings; missing ones are
 * made. json_set_path(a, doc, value, "metadata", "name", NULL) */
struct json json_set_path(struct arena *a, const struct json *v, struct json value, ...)
    __attribute__((__sentinel__));

/** json_without() - a copy of object @v without a member; shares all else */
struct json json_without(struct arena *a, const struct json *v, struct str key);

/** json_clone() - a deep copy whose texts also live in the arena */
struct json json_clone(struct arena *a, const struct json *v);
