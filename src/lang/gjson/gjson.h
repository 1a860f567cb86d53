/*
 * lang/gjson/gjson.h - paths into JSON text: "a.b.0", "list.#(k==\"v\")#.name", "@this|x".
 *
 * Works on the text, as the original does, so that results keep their spelling: numbers their
 * digits, objects their blanks and the order of their members. Of members with the same name
 * the first is found. A path never fails: what is not there is a result that does not exist;
 * only budgets are errors. The text should be valid JSON (json_is_valid()); of other text
 * something is found, without harm. Pure, any thread; results borrow the text and live in the
 * arena.
 *
 * Language: components between dots; a number is an index; "#" counts or, with more path, maps;
 * "#(path op value)" finds the first element, with "#" behind it all; "*" and "?" in names;
 * "\" takes the next byte as it is; "|" begins anew with the result; "@name:arg" changes the
 * text; "[a,b]" and "{a,\"n\":b}" collect; "!" begins a literal; ".." in front reads the text
 * as a sequence of values. ../shared/golden/formats/gjson.jsonl decides.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "formats/json.h"

/* In the order and with the names of the original. */
enum gjson_type { GJSON_NULL, GJSON_FALSE, GJSON_NUMBER, GJSON_STRING, GJSON_TRUE, GJSON_JSON };

struct gjson {
    enum gjson_type type;
    struct str raw;          /* its spelling; empty when nothing is there */
    struct str text;         /* GJSON_STRING: decoded */
    double number;           /* GJSON_NUMBER */
    size_t pos;              /* where @raw begins in the text; 0: not a part of it */
    const size_t *positions; /* of the elements of a "#" result, or NULL */
    size_t position_count;
};

/**
 * gjson_get() - what is at a path
 * @a:    where decoded and collected texts live
 * @json: text; borrowed by the result
 * @path: path; the empty one is a member without a name
 * @ret:  result, perhaps one that does not exist; untouched on failure
 * @err:  ERR_LIMIT over GJSON_DEPTH_MAX, GJSON_SCAN_MAX_BYTES or GJSON_OUTPUT_MAX_BYTES
 *
 * Return: 0 or -1.
 */
int gjson_get(struct arena *a, struct str json, struct str path, struct gjson *ret,
              struct err *err);

/** gjson_exists() - was something found? A null was. */
static inline bool gjson_exists(const struct gjson *r)
{
    return r->type != GJSON_NULL || r->raw.len > 0;
}

/** gjson_is_array() - is it an array? */
static inline bool gjson_is_array(const struct gjson *r)
{
    return r->type == GJSON_JSON && r->raw.len > 0 && r->raw.ptr[0] == '[';
}

/** gjson_is_object() - is it an object? */
static inline bool gjson_is_object(const struct gjson *r)
{
    return r->type == GJSON_JSON && r->raw.len > 0 && r->raw.ptr[0] == '{';
}

/** gjson_type_name() - "Null", "False", "Number", "String", "True" or "JSON" */
const char *gjson_type_name(enum gjson_type type) _pure_;


/** gjson_parse() - the first value of a text, without looking whether it ends well */
struct gjson gjson_parse(struct arena *a, struct str json);

/**
 * gjson_text() - the value as text: strings decoded, numbers plain (1e3 is "1000"), null and
 * what does not exist "", the rest as it is spelled
 * @a: where a made text lives
 * @r: result
 */
struct str gjson_text(struct arena *a, const struct gjson *r);

/** gjson_number() - as a double: strings are read, true is 1, the rest 0 */
double gjson_number(const struct gjson *r);

/** gjson_int() - as a whole number; parts behind the point are cut, strings must be digits */
int64_t gjson_int(const struct gjson *r);

/** gjson_bool() - numbers but 0, true, and strings that spell true */
bool gjson_bool(const struct gjson *r);

/**
 * gjson_value() - the value as a document, without its spelling
 * @a:   where it lives
 * @r:   result
 * @ret: numbers as doubles; of members with the same name the first; null when it does not
 * exist
 * @err: ERR_INVALID for a number out of range; ERR_LIMIT over GJSON_DEPTH_MAX
 *
 * Return: 0 or -1.
 */
int gjson_value(struct arena *a, const struct gjson *r, struct json *ret, struct err *err);

/* Told of each element or member (then with its key); false ends. */
typedef bool (*gjson_each_fn)(void *ctx, const struct gjson *key, const struct gjson *value);

/**
 * gjson_each() - call a function for each element of an array or member of an object
 * @a:   where decoded texts live
 * @r:   result; of another value the function sees the value itself, of nothing nothing
 * @fn:  function; @key of an element is its index as a number
 * @ctx: passed to @fn
 */
void gjson_each(struct arena *a, const struct gjson *r, gjson_each_fn fn, void *ctx);

/**
 * gjson_set_text() - put a text at a path
 * @a:     where the result lives
 * @json:  document; empty: one is made
 * @path:  path. Objects and arrays that are missing are made: a number makes an array, filled
 *         up with null, ":" in front of a number a member; -1 is behind the last element. A
 *         path with one of | # @ * ? replaces what is there and makes nothing
 * @value: text, becomes a JSON string
 * @ret:   new document; all else keeps its spelling; absent when the document was absent and
 *         nothing changed
 * @err:   ERR_INVALID for an empty path or a name where an array is; ERR_LIMIT as gjson_get()
 *
 * Return: 0 or -1.
 */
int gjson_set_text(struct arena *a, struct str json, struct str path, struct str value,
                   struct str *ret, struct err *err);

/** gjson_set_raw() - gjson_set_text() with a value that is JSON text, put in as it is spelled
 */
int gjson_set_raw(struct arena *a, struct str json, struct str path, struct str value,
                  struct str *ret, struct err *err);

/**
 * gjson_delete() - a document without what is at a path
 * @a:    where the result lives
 * @json: document
 * @path: path; -1 is the last element; what is not there changes nothing
 * @ret:  new document
 * @err:  ERR_INVALID for an empty path or one with | # @ * ?; ERR_LIMIT as gjson_get()
 *
 * Return: 0 or -1.
 */
int gjson_delete(struct arena *a, struct str json, struct str path, struct str *ret,
                 struct err *err);
