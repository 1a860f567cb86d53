/*
 * formats/selector.h - Kubernetes selectors: label selectors (equality and set based) and field selectors.
 *
 * A selector is a list of requirements that must all hold. One struct serves both kinds; they differ in
 * what an absent key means: an absent label fulfils only !key, != and notin, an absent field counts as the
 * empty text. The list is sorted by key, values are sorted and unique. The struct is public for reading,
 * so that the store can turn requirements into SQL; only the parsers below make one.
 *
 * Values are immutable, live in the arena they were parsed into, and may be read on any thread.
 * Error texts are Kubernetes' own, because users see them. Source: apimachinery labels, fields;
 * ../shared/golden/formats/selector.jsonl decides.
 */
#pragma once

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "formats/json.h"

enum selector_kind {
    SELECTOR_LABELS,
    SELECTOR_FIELDS,
    SELECTOR_NOTHING, /* an absent LabelSelector: matches no object; has no requirements */
};

enum selector_op {
    SELECTOR_EXISTS,     /* key         no value */
    SELECTOR_NOT_EXISTS, /* !key        no value */
    SELECTOR_EQ,         /* key=value   one value */
    SELECTOR_EQ_EQ,      /* key==value  the same, kept apart for printing */
    SELECTOR_NE,         /* key!=value  one value; for labels true also when the key is absent */
    SELECTOR_IN,         /* key in (…)  one value or more */
    SELECTOR_NOT_IN,     /* key notin (…); true also when the key is absent */
    SELECTOR_GT,         /* key>number  one value, a whole number */
    SELECTOR_LT,         /* key<number */
};

struct selector_requirement {
    struct str key;
    enum selector_op op;
    const struct str *values; /* sorted, unique */
    size_t value_count;
    int64_t bound; /* SELECTOR_GT, SELECTOR_LT: the value as a number */
};

struct selector {
    enum selector_kind kind;
    const struct selector_requirement *at;
    size_t len; /* 0 matches everything, unless the kind is SELECTOR_NOTHING */
};

/**
 * selector_parse() - read a label selector text: "a=1,b in (x,y),!c"
 * @a:    where the selector lives; texts are copied into it
 * @text: at most SELECTOR_MAX_BYTES; empty selects everything
 * @ret:  the selector
 * @err:  ERR_INVALID with Kubernetes' text, ERR_LIMIT when too long
 *
 * Return: 0 or -1.
 */
int selector_parse(struct arena *a, struct str text, struct selector **ret, struct err *err);

/**
 * selector_parse_fields() - read a field selector text: "metadata.name=x,status.phase!=Running"
 * @a:    where the selector lives; texts are copied into it
 * @text: at most SELECTOR_MAX_BYTES; "\\", "\," and "\=" are escapes in values
 * @ret:  the selector; operators are SELECTOR_EQ and SELECTOR_NE only
 * @err:  ERR_INVALID with Kubernetes' text, ERR_LIMIT when too long
 *
 * Return: 0 or -1.
 */
int selector_parse_fields(struct arena *a, struct str text, struct selector **ret, struct err *err);

/**
 * selector_parse_object() - read a LabelSelector object (matchLabels, matchExpressions)
 * @a:    where the selector lives; texts are copied into it
 * @v:    the object; NULL or JSON null gives SELECTOR_NOTHING, an empty object everything
 * @ret:  the selector
 * @err:  ERR_INVALID with Kubernetes' text
 *
 * Return: 0 or -1.
 */
int selector_parse_object(struct arena *a, const struct json *v, struct selector **ret,
                          struct err *err);

/**
 * selector_print() - the canonical text; round-trips through the parser of its kind
 * @a:   where the text lives
 * @sel: selector; SELECTOR_NOTHING prints as the empty text
 */
struct str selector_print(struct arena *a, const struct selector *sel);

/**
 * selector_format() - a LabelSelector object as people see it in tables
 * @a: where the text lives
 * @v: the object; absent or empty gives "<none>", a wrong one "<error>"
 */
struct str selector_format(struct arena *a, const struct json *v);

/* Finds the value of a label or field; returns false when it is absent. */
typedef bool (*selector_lookup_fn)(const void *ctx, struct str key, struct str *ret_value);

/**
 * selector_matches() - do all requirements hold?
 * @sel:    selector; NULL matches everything
 * @lookup: gives the values
 * @ctx:    passed to @lookup
 */
bool selector_matches(const struct selector *sel, selector_lookup_fn lookup, const void *ctx);

/**
 * selector_matches_json() - selector_matches() on a JSON object of strings
 * @sel:    selector; NULL matches everything
 * @labels: metadata.labels, or a flat object of fields; NULL is empty
 */
bool selector_matches_json(const struct selector *sel, const struct json *labels);

/**
 * selector_is_everything() - does it select every object?
 * @sel: selector or NULL
 */
bool selector_is_everything(const struct selector *sel) _pure_;

/**
 * selector_op_holds() - the meaning of one requirement
 * @req:   requirement
 * @kind:  whether an absent value counts as empty
 * @value: the object's value; absent view when it has none
 */
bool selector_op_holds(const struct selector_requirement *req, enum selector_kind kind,
                       struct str value);

/**
 * field_escape() - a value as it must be written in a field selector
 * @a: where the text lives
 * @s: value
 */
struct str field_escape(struct arena *a, struct str s);
