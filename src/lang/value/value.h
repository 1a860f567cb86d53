/*
 * lang/value/value.h - values of the languages that upstream writes in Go: expressions and
 * templates, with the functions of sprig for both.
 *
 * A value is what a Go interface holds, as far as these languages can see it: its Go type, its
 * order, equality, text (%v) and JSON. Texts and lists never change. A map is shared by all
 * values that hold it, and set, unset and merge change it, as Go's. Everything lives in an
 * arena.
 *
 * One struct value_run goes through an evaluation: it counts steps, depth and bytes against
 * VALUE_*_MAX, and holds what the outside gives: the time, randomness. Any thread; a run is one
 * thread's. Doesn't do: syntax (lang/expr, lang/template), functions (lang/sprig).
 */
#pragma once

#include "base/clock.h"
#include "base/strbuf.h"
#include "base/vec.h"
#include "formats/json.h"

enum value_type {
    VALUE_NIL,
    VALUE_BOOL,
    VALUE_INT,
    VALUE_FLOAT,
    VALUE_STRING,
    VALUE_BYTES,
    VALUE_ARRAY,
    VALUE_MAP,
    VALUE_TIME,
    VALUE_DURATION,
    VALUE_ZONE,
    VALUE_FUNCTION,
    VALUE_SEMVER,
};

/* Which of Go's types, where several share one here; 0 is the usual one. */
enum value_go {
    VALUE_GO_USUAL,
    VALUE_GO_INT64, /* of whole numbers */
    VALUE_GO_INT32,
    VALUE_GO_UINT8,
    VALUE_GO_UINT32,
    VALUE_GO_UINT64,
    VALUE_GO_MONTH, /* printed as their names */
    VALUE_GO_WEEKDAY,
    VALUE_GO_STRINGS,     /* []string */
    VALUE_GO_INTS,        /* []int */
    VALUE_GO_FLOATS,      /* []float64 */
    VALUE_GO_PAIR,        /* [2]interface {} */
    VALUE_GO_PAIRS,       /* [][2]interface {} */
    VALUE_GO_LISTS,       /* [][]interface {} */
    VALUE_GO_STRING_MAP,  /* map[string]string */
    VALUE_GO_ANY_MAP,     /* map[interface {}]interface {} */
    VALUE_GO_GROUPS,      /* map[interface {}][]interface {} */
    VALUE_GO_CERTIFICATE, /* sprig's struct of Cert and Key, a map here */
};

struct gotime;
struct random;
struct semver;
struct value_function;
struct value_map;

/* A value. What it points to lives in the arena that it was made in. */
struct value {
    enum value_type type;
    uint8_t go;        /* enum value_go */
    bool has_any_keys; /* VALUE_MAP whose keys may be no texts (groupBy): it has no JSON */
    bool is_go_nil;    /* list that is nil in Go: null as JSON */
    bool is_boxed;     /* for templates: it was found in a place of any type */
    size_t count;      /* bytes of text, items; for maps see value_len() */
    union {
        bool is_true;
        int64_t number; /* VALUE_INT; VALUE_DURATION in nanoseconds */
        double real;
        const char *text;          /* VALUE_STRING, VALUE_BYTES, VALUE_ZONE (its name) */
        const struct value *items; /* VALUE_ARRAY */
        struct value_map *map;     /* VALUE_MAP: no two pairs with the same key */
        const struct gotime *time;
        const struct value_function *function;
        const struct semver *semver;
    };
};

struct value_pair {
    struct value key, value;
};

struct value_map {
    struct value_pair *pairs;
    size_t count, room;
    const struct arena *home; /* where it may grow; another run changes a copy */
};

/* The value of a variable of the environment, as getenv(); NULL: there is none. */
typedef const char *(*value_variable_fn)(const char *name);

/* One evaluation. */
struct value_run {
    struct arena *a;
    const char *what;           /* in messages: "expression" */
    struct wall now;            /* what now() answers */
    struct random *random;      /* NULL: the crypto library's */
    value_variable_fn variable; /* of the environment; NULL: there are none */
    size_t depth;               /* of the value that is walked through */
    size_t steps, made_bytes;
    struct err *err;
};

typedef int (*value_call_fn)(struct value_run *r, const struct value *args, size_t count,
                             struct value *ret);

/*
 * A function. @args has a letter for each argument: s text, i whole number, n number, a array,
 * m map, c text or array or map (len), l list or number, b boolean, t text or number, z zone,
 * T time, u unsigned number, I 64-bit number, S list of texts, C certificate, . any; the last
 * letter counts for further ones.
 */
struct value_function {
    const char *name;
    const char *args;
    uint8_t min, max; /* VALUE_MANY: no end */
    char result;      /* as a letter of @args; '.' is any; 'f' float; 'D' duration; 'T' time */
    uint8_t special;  /* the language's own; 0: none */
    bool is_go;       /* called by Go's reflection: its words for wrong arguments */
    value_call_fn call;
};

enum { VALUE_MANY = 255 };

/** value_fail() - ERR_INVALID without a place; the node that called adds it; -1 */
int value_fail(struct value_run *r, const char *fmt, ...) _printf_(2, 3);

/** value_charge() - count @steps of work; -1 with ERR_LIMIT over VALUE_STEPS_MAX */
int value_charge(struct value_run *r, size_t steps);

/** value_call() - call a function; what it is given counts as work, as it may look at all of it
 */
int value_call(struct value_run *r, const struct value_function *f, const struct value *args,
               size_t count, struct value *ret);

/** value_make() - count bytes that are about to be made; ERR_LIMIT over VALUE_OUTPUT_MAX_BYTES
 */
int value_make(struct value_run *r, size_t bytes);

/** value_equal() - is it the same? 1 is 1.0; -1 over a limit */
int value_equal(struct value_run *r, const struct value *x, const struct value *y, bool *ret);

/** value_deep_equal() - Go's reflect.DeepEqual: 1 is not 1.0; -1 over a limit */
int value_deep_equal(struct value_run *r, const struct value *x, const struct value *y,
                     bool *ret);

/** value_less() - is @x before @y? ERR_INVALID when they have no order */
int value_less(struct value_run *r, const struct value *x, const struct value *y, bool *ret);

/** value_sort() - a sorted copy of @order by @keys (both of @count), stable */
int value_sort(struct value_run *r, const struct value *keys, struct value *order, size_t count,
               bool is_falling);

/** value_map_find() - the value of a key; 1, 0 or -1 */
int value_map_find(struct value_run *r, const struct value *map, const struct value *key,
                   struct value *ret);

/** value_map_get() - the value of a text key; borrowed, or NULL */
const struct value *value_map_get(const struct value *map, struct str key);

/** value_map() - a map of pairs; they are borrowed, and may be written further */
struct value value_map(struct arena *a, struct value_pair *pairs, size_t count);

/**
 * value_map_set() - put a value at a text key
 * @r:   run
 * @map: map; when it is of another arena, it becomes a copy
 * @key: key
 * @v:   value
 *
 * Return: 0, or -1 with ERR_LIMIT.
 */
int value_map_set(struct value_run *r, struct value *map, struct str key,
                  const struct value *v);

/** value_map_unset() - take a text key away, as value_map_set() */
int value_map_unset(struct value_run *r, struct value *map, struct str key);

/** value_map_sorted() - the pairs in the order of their keys, in a copy */
int value_map_sorted(struct value_run *r, const struct value *map, struct value_pair **ret);

/** value_type_name() - Go's name of a value's type */
const char *value_type_name(const struct value *v);

/** value_kind_name() - Go's name of its kind: "slice" */
const char *value_kind_name(const struct value *v);

/** value_is_empty() - Go's zero value, or nothing inside */
bool value_is_empty(const struct value *v);

/** value_format() - append a value as Go's %v prints it */
int value_format(struct value_run *r, struct strbuf *b, const struct value *v);

/** value_format_str() - a value as Go's %v prints it */
int value_format_str(struct value_run *r, const struct value *v, struct str *ret);

/** value_text_value() - finish a buffer as a string value */
int value_text_value(struct value_run *r, struct strbuf *b, struct value *ret);

/**
 * value_json() - a value as Go's encoding/json sees it
 * @a:   where the document lives; it may borrow from the value
 * @v:   value
 * @ret: the document; untouched on failure
 * @err: ERR_INVALID "json: unsupported type: ..." for functions, maps whose keys are no texts,
 * NaN and infinities; ERR_LIMIT over VALUE_DEPTH_MAX levels or VALUE_STEPS_MAX items
 *
 * Return: 0 or -1.
 */
int value_json(struct arena *a, const struct value *v, struct json *ret, struct err *err);

/**
 * value_json_text() - a value as JSON text, keys sorted
 * @style: JSON_INDENT and JSON_ESCAPE_HTML or not
 */
int value_json_text(struct value_run *r, const struct value *v, unsigned style,
                    struct value *ret);

/** value_parse_json() - a document, counted against VALUE_OUTPUT_MAX_BYTES */
int value_parse_json(struct value_run *r, struct str text, struct json *ret);

/**
 * value_of_json() - a JSON document as a value: numbers are floats
 * @a: where the value lives; texts are borrowed
 * @v: document
 */
struct value value_of_json(struct arena *a, const struct json *v);

/** value_of_time() - a time as a value */
struct value value_of_time(struct arena *a, const struct gotime *t);

/** value_method() - call a method of a time, duration, zone or version; 0, -1, or 1 when there
 * is none */
int value_method(struct value_run *r, const struct value *base, struct str name,
                 const struct value *args, size_t count, struct value *ret);

/** value_method_args() - letters of the arguments of a method (also V, a version), or NULL when
 * there is none */
const char *value_method_args(enum value_type type, struct str name);

/** value_method_results() - letters of what a method answers (also M month, W weekday, J int64,
 * '.' unknown), or NULL when there is none; value_method() takes the first */
const char *value_method_results(enum value_type type, struct str name);

/** value_time_moved() - a time moved by nanoseconds */
struct value value_time_moved(struct arena *a, const struct gotime *t, int64_t ns);

/** value_time_since() - nanoseconds from @y to @x, as Go's Sub: it saturates */
int64_t value_time_since(const struct gotime *x, const struct gotime *y) _pure_;

/** value_to_int() - expr-lang's int() */
int value_to_int(struct value_run *r, const struct value *v, struct value *ret);

/** value_to_float() - expr-lang's float() */
int value_to_float(struct value_run *r, const struct value *v, struct value *ret);

/** value_cast_int() - whatever it is, as a whole number; 0 when it is none (sprig) */
int64_t value_cast_int(const struct value *v);

/** value_cast_float() - whatever it is, as a float; 0 when it is none (sprig) */
double value_cast_float(const struct value *v);

/** value_has_methods() - does a type have methods? */
static inline bool value_has_methods(enum value_type type)
{
    return type == VALUE_TIME || type == VALUE_DURATION || type == VALUE_ZONE ||
           type == VALUE_SEMVER;
}

/** value_is_named() - a whole number whose Go type has a name of its own, as time.Month */
static inline bool value_is_named(const struct value *v)
{
    return v->type == VALUE_INT && (v->go == VALUE_GO_MONTH || v->go == VALUE_GO_WEEKDAY);
}

/** value_len() - items of a list, pairs of a map, bytes of a text */
static inline size_t value_len(const struct value *v)
{
    return v->type != VALUE_MAP ? v->count : v->map ? v->map->count : 0;
}

/** value_string() - a text as a value; borrowed */
static inline struct value value_string(struct str s)
{
    return (struct value){.type = VALUE_STRING, .count = s.len, .text = s.ptr};
}

/** value_int() - a whole number as a value */
static inline struct value value_int(int64_t n)
{
    return (struct value){.type = VALUE_INT, .number = n};
}

/** value_int64() - value_int() of Go's type int64 */
static inline struct value value_int64(int64_t n)
{
    return (struct value){.type = VALUE_INT, .go = VALUE_GO_INT64, .number = n};
}

/** value_str() - the text of a string value; absent for another type */
static inline struct str value_str(const struct value *v)
{
    return v->type == VALUE_STRING ? str_of(v->text ? v->text : "", v->count) : STR_NONE;
}

/** value_bool() - a boolean as a value */
static inline struct value value_bool(bool is_true)
{
    return (struct value){.type = VALUE_BOOL, .is_true = is_true};
}

/** value_float() - a number as a value */
static inline struct value value_float(double n)
{
    return (struct value){.type = VALUE_FLOAT, .real = n};
}

/** value_nil() - nothing */
static inline struct value value_nil(void)
{
    return (struct value){.type = VALUE_NIL};
}

/** value_array() - a list of borrowed items */
static inline struct value value_array(const struct value *items, size_t count)
{
    return (struct value){.type = VALUE_ARRAY, .count = count, .items = items};
}

/** value_strings() - a list of texts, Go's []string */
static inline struct value value_strings(const struct value *items, size_t count)
{
    return (struct value){
        .type = VALUE_ARRAY, .go = VALUE_GO_STRINGS, .count = count, .items = items};
}

/** value_duration() - nanoseconds as a value */
static inline struct value value_duration(int64_t ns)
{
    return (struct value){.type = VALUE_DURATION, .number = ns};
}

/** value_text() - the text of a string whose type is known */
static inline struct str value_text(const struct value *v)
{
    return str_of(v->text ? v->text : "", v->count);
}

static inline bool value_is_number(const struct value *v)
{
    return v->type == VALUE_INT || v->type == VALUE_FLOAT;
}

/** value_real() - a number as a float */
static inline double value_real(const struct value *v)
{
    return v->type == VALUE_INT ? (double) v->number : v->real;
}
