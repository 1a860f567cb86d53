/*
 * formats/selector.h - Kubernetes selectors: label selectors (equality and set based) and field
 * selectors.
 *
 * "a=1,b!=2,c in (x,y),!d,e,n>5" for labels, "metadata.name=x,status.phase!=y" for fields. A
 * selector is a list of requirements that must all hold. One struct serves both kinds; they
 * differ in what an absent key means: an absent label fulfils only !key, != and notin, an
 * absent field counts as the empty text. The struct is public for reading, so that the store
 * can turn requirements into SQL; only the parsers below make one.
 *
 * A selector is immutable, lives in the arena that it was parsed into, and may be read on any
 * thread. Error texts are Kubernetes' own, because users see them.
 * ../shared/golden/formats/selector.jsonl decides.
 */
#pragma once

#include "formats/json.h"

enum selector_op {
    SELECTOR_EQUAL,      /* key=value or key==value; one value */
    SELECTOR_NOT_EQUAL,  /* one value; for labels also true when the key is missing */
    SELECTOR_IN,         /* key in (...); one value or more */
    SELECTOR_NOT_IN,     /* key notin (...); also true when the key is missing */
    SELECTOR_EXISTS,     /* key; no value */
    SELECTOR_NOT_EXISTS, /* !key; no value */
    SELECTOR_GREATER,    /* key>number; one value, a whole number */
    SELECTOR_LESS,       /* key<number; the same */
};

struct selector_requirement {
    struct str key;
    enum selector_op op;
    bool is_field;            /* a missing value counts as the empty text */
    bool is_double;           /* SELECTOR_EQUAL written "==", kept for printing */
    const struct str *values; /* sorted */
    size_t value_count;
    int64_t bound; /* SELECTOR_GREATER, SELECTOR_LESS: the value as a number */
};

struct selector {
    const struct selector_requirement *at; /* all must hold; labels by key, fields by term */
    size_t len;
    bool matches_nothing; /* a LabelSelector that is null; has no requirements */
};

/**
 * selector_parse() - read a label selector text: "a=1,b in (x,y),!c"
 * @a:    where the selector lives; texts are copied into it
 * @text: at most SELECTOR_MAX_BYTES; empty selects everything
 * @ret:  the selector; untouched on failure
 * @err:  ERR_INVALID with Kubernetes' text, ERR_LIMIT when too long
 *
 * Return: 0 or -1.
 */
int selector_parse(struct arena *a, struct str text, struct selector *ret, struct err *err);

/**
 * selector_parse_fields() - read a field selector text: "metadata.name=x,status.phase!=Running"
 * @a:    where the selector lives; texts are copied into it
 * @text: at most SELECTOR_MAX_BYTES; in values a backslash escapes itself, comma and equals
 * sign
 * @ret:  the selector, with SELECTOR_EQUAL and SELECTOR_NOT_EQUAL only; untouched on failure
 * @err:  ERR_INVALID with Kubernetes' text, ERR_LIMIT when too long
 *
 * Return: 0 or -1.
 */
int selector_parse_fields(struct arena *a, struct str text, struct selector *ret,
                          struct err *err);

/**
 * selector_of_json() - read a LabelSelector object {matchLabels, matchExpressions}
 * @a:    where the selector lives; texts are copied into it
 * @v:    the object; NULL or JSON null matches nothing, an empty object everything
 * @ret:  the selector; untouched on failure
 * @err:  ERR_INVALID with Kubernetes' text
 *
 * Return: 0 or -1.
 */
int selector_of_json(struct arena *a, const struct json *v, struct selector *ret,
                     struct err *err);

/**
 * selector_print() - the canonical text; round-trips through the parser of its kind
 * @a: where the text lives
 * @s: selector; one that matches nothing prints as the empty text
 */
struct str selector_print(struct arena *a, const struct selector *s);

/**
 * selector_format() - a LabelSelector object as people see it in tables
 * @a: where the text lives
 * @v: the object; absent or empty gives "<none>", a wrong one "<error>"
 */
struct str selector_format(struct arena *a, const struct json *v);

/**
 * selector_matches() - does a set of values fulfil all requirements?
 * @s:      selector; NULL matches everything
 * @labels: metadata.labels, or a flat object of fields: an object of strings; NULL is empty
 */
bool selector_matches(const struct selector *s, const struct json *labels);

/* Finds the value of a label or field; the absent view when there is none. */
typedef struct str (*selector_lookup_fn)(const void *ctx, struct str key);

/**
 * selector_matches_with() - selector_matches() on values that a function gives
 * @s:      selector; NULL matches everything
 * @lookup: called once a requirement
 * @ctx:    passed to @lookup
 */
bool selector_matches_with(const struct selector *s, selector_lookup_fn lookup,
                           const void *ctx);

/**
 * selector_holds() - does one requirement hold?
 * @r:     requirement
 * @value: the object's value; the absent view when it has none
 */
bool selector_holds(const struct selector_requirement *r, struct str value);

/**
 * selector_is_everything() - does it select every object?
 * @s: selector or NULL
 */
static inline bool selector_is_everything(const struct selector *s)
{
    return !s || (s->len == 0 && !s->matches_nothing);
}

/**
 * field_escape() - a value as it must be written in a field selector
 * @a: where the text lives
 * @s: value
 */
struct str field_escape(struct arena *a, struct str s);
