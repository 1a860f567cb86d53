/*
 * formats/selector.h - Kubernetes label selectors and field selectors.
 *
 * "a=1,b!=2,c in (x,y),!d,e,n>5" for labels (set-based and equality-based),
 * "metadata.name=x,status.phase!=y" for fields. A parsed selector is immutable and lives in the
 * arena that it was parsed into. Error texts are apimachinery's.
 */
#pragma once

#include "formats/json.h"

enum selector_op {
    SELECTOR_EQUAL,
    SELECTOR_NOT_EQUAL, /* also true when the key is missing */
    SELECTOR_IN,
    SELECTOR_NOT_IN,
    SELECTOR_EXISTS,
    SELECTOR_NOT_EXISTS,
    SELECTOR_GREATER,
    SELECTOR_LESS,
};

struct selector_requirement {
    struct str key;
    enum selector_op op;
    const struct str *values;
    size_t value_count;
};

struct selector {
    const struct selector_requirement *at; /* all must hold */
    size_t len;
    bool matches_nothing; /* a LabelSelector that is null */
};

/** selector_parse() - a label selector's text; ERR_INVALID with apimachinery's text */
int selector_parse(struct arena *a, struct str text, struct selector *ret, struct err *err);

/** selector_parse_fields() - a field selector's text: only =, == and !=, with \\ , = escaped by
 * a backslash */
int selector_parse_fields(struct arena *a, struct str text, struct selector *ret,
                          struct err *err);

/** selector_of_json() - a LabelSelector {matchLabels, matchExpressions} */
int selector_of_json(struct arena *a, const struct json *v, struct selector *ret,
                     struct err *err);

/** selector_matches() - do these labels (a JSON object of strings, or NULL) fulfil all
 * requirements? */
bool selector_matches(const struct selector *s, const struct json *labels);

/** selector_holds() - does one requirement hold for a value (absent when there is none)? */
bool selector_holds(const struct selector_requirement *r, struct str value);
