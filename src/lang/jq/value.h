/*
 * lang/jq/value.h - values of jq.
 *
 * A value is immutable; what it points to is in an arena. Loop or worker, as the arena.
 */
#pragma once

#include "base/strbuf.h"
#include "formats/json.h"

/* In the order in which jq sorts; the three kinds of numbers are one. */
enum jq_type {
    JQ_NULL,
    JQ_FALSE,
    JQ_TRUE,
    JQ_INT,
    JQ_FLOAT,
    JQ_BIG, /* whole, beyond 64 bits: its digits */
    JQ_STRING,
    JQ_ARRAY,
    JQ_OBJECT,
    JQ_GONE, /* the place of what delpaths() takes away */
};

struct jq_member;

struct jq_value {
    uint8_t type;   /* enum jq_type */
    uint32_t count; /* bytes, items, members */
    union {
        int64_t i;
        double f;
        const char *text;                /* JQ_STRING, JQ_BIG */
        const struct jq_value *items;    /* JQ_ARRAY */
        const struct jq_member *members; /* JQ_OBJECT: by key */
    };
};

struct jq_member {
    struct str key;
    struct jq_value value;
};

static inline struct jq_value jq_null(void)
{
    return (struct jq_value){.type = JQ_NULL};
}

static inline struct jq_value jq_bool(bool is_true)
{
    return (struct jq_value){.type = is_true ? JQ_TRUE : JQ_FALSE};
}

static inline struct jq_value jq_int(int64_t i)
{
    return (struct jq_value){.type = JQ_INT, .i = i};
}

static inline struct jq_value jq_float(double f)
{
    return (struct jq_value){.type = JQ_FLOAT, .f = f};
}

static inline struct jq_value jq_string(struct str s)
{
    return (struct jq_value){
        .type = JQ_STRING, .count = (uint32_t) s.len, .text = s.ptr ? s.ptr : ""};
}

static inline struct jq_value jq_array(const struct jq_value *items, size_t count)
{
    return (struct jq_value){.type = JQ_ARRAY, .count = (uint32_t) count, .items = items};
}

static inline struct jq_value jq_object(const struct jq_member *members, size_t count)
{
    return (struct jq_value){.type = JQ_OBJECT, .count = (uint32_t) count, .members = members};
}

static inline struct str jq_str(const struct jq_value *v)
{
    return str_of(v->text, v->count);
}

static inline bool jq_is_number(const struct jq_value *v)
{
    return v->type == JQ_INT || v->type == JQ_FLOAT || v->type == JQ_BIG;
}

static inline bool jq_is_true(const struct jq_value *v)
{
    return v->type != JQ_NULL && v->type != JQ_FALSE;
}

/** jq_type_name() - "null", "boolean", "number", "string", "array" or "object" */
const char *jq_type_name(const struct jq_value *v);

/** jq_to_f64() - a number as double; false when it is none */
bool jq_to_f64(const struct jq_value *v, double *ret);

/** jq_to_i64() - a number as whole one, cut and clamped; false when it is none */
bool jq_to_i64(const struct jq_value *v, int64_t *ret);

/** jq_number() - a number by its spelling */
struct jq_value jq_number(struct arena *a, struct str text);

/** jq_get() - a member, or NULL */
const struct jq_value *jq_get(const struct jq_value *object, struct str key);

/** jq_set() - an object with one member more or another one */
struct jq_value jq_set(struct arena *a, const struct jq_value *object, struct str key,
                       struct jq_value v);

/** jq_make_object() - an object of members in any order; the last of a key wins. @members is
 * sorted in place and kept */
struct jq_value jq_make_object(struct jq_member *members, size_t count);

/** jq_from_json() - a document; numbers become doubles */
struct jq_value jq_from_json(struct arena *a, const struct json *v);

/** jq_to_json() - as a document; ERR_INVALID for a number that JSON has not */
int jq_to_json(struct arena *a, const struct jq_value *v, struct json *ret, struct err *err);

/** jq_print() - as tojson writes it */
void jq_print(struct strbuf *b, const struct jq_value *v);
