/* lang/jsonpath/template_internal.h - nodes of templates. */
#pragma once

#include "base/limits.h"
#include "base/strbuf.h"
#include "base/vec.h"
#include "lang/jsonpath/jsonpath.h"

enum jsonpath_kind {
    JSONPATH_LIST, /* {...}: one node behind the other */
    JSONPATH_TEXT,
    JSONPATH_LITERAL, /* a number or boolean */
    JSONPATH_FIELD,
    JSONPATH_ARRAY, /* an index or a slice */
    JSONPATH_FILTER,
    JSONPATH_WILDCARD,
    JSONPATH_RECURSIVE,
    JSONPATH_UNION,
    JSONPATH_WORD, /* range, end, or one that is not known */
};

/* From, to or step of a slice. */
struct jsonpath_param {
    int64_t value;
    bool is_known;
    bool is_derived; /* made of the index in front of it */
};

struct jsonpath_node;
typedef VEC(struct jsonpath_node *) jsonpath_nodes;

struct jsonpath_node {
    enum jsonpath_kind kind;
    struct str text; /* text, name, word, operator of a filter */
    struct json value;
    struct jsonpath_param params[3];
    jsonpath_nodes nodes; /* of a list, the parts of a union, the sides of a filter */
};

struct jsonpath_template {
    struct arena *a;
    struct jsonpath_node root;
};

/** jsonpath_parse_template() - nodes of a text below @root; ERR_INVALID or ERR_LIMIT */
int jsonpath_parse_template(struct arena *a, struct str text, size_t depth,
                            struct jsonpath_node *root, struct err *err);
