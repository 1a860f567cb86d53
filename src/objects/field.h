/*
 * objects/field.h - one row a manifest field: it drives strict decoding, defaults, schema,
 * explain and docs.
 *
 * A shape is a named table of rows, closed by an empty row. A row may also say where its value
 * goes in a C struct (FIELD); shapes without structs (most of Kubernetes' core types) only
 * check (SHAPE rows). Immutable; any thread.
 */
#pragma once

#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "formats/json.h"
#include "formats/patch.h"

enum field_type {
    FIELD_STR,        /* struct str */
    FIELD_BOOL,       /* bool */
    FIELD_I64,        /* int64_t; min and max of the row apply unless both are 0 */
    FIELD_F64,        /* double */
    FIELD_INT_OR_STR, /* struct str: the spelling of a whole number, or text (IntOrString) */
    FIELD_ANY_STR,    /* struct str: text, or the spelling of a number or boolean (AnyString) */
    FIELD_NUMBER,     /* struct str: the spelling of any number (Amount) */
    FIELD_QUANTITY,   /* struct str: a resource.Quantity, checked */
    FIELD_DURATION_MS, /* int64_t: Go duration text, or whole seconds when a number */
    FIELD_TIME,        /* struct str: RFC 3339, checked */
    FIELD_BYTES,       /* struct str: base64 text, checked */
    FIELD_ENUM,        /* struct str: one of the row's choices */
    FIELD_ANY,         /* const struct json *: any value, passed through */
    FIELD_OBJECT, /* embedded struct by the row's shape; const struct json * when the shape has
                     no struct */
    FIELD_OBJECT_PTR, /* pointer to such a struct in the arena, NULL when absent */
    FIELD_LIST,       /* struct field_list: items by item type and shape */
    FIELD_MAP,        /* struct field_map: string keys, values by item type and shape */
};

enum field_flags {
    FIELD_REQUIRED = 1,
    FIELD_UNSUPPORTED = 2, /* known to Argo, not built yet: refused with "... is not supported
                              yet" when created */
    FIELD_DEPRECATED = 4,
    FIELD_NO_OP = 8, /* accepted, has no effect here; explain says so */
    FIELD_PRESENT_MEANS =
        16,             /* {} has a meaning of its own: presence is kept (FIELD_OBJECT_PTR) */
    FIELD_STATUS = 32,  /* written by the system only */
    FIELD_RAW = 64,     /* decoding keeps the value as it stands: const struct json * */
    FIELD_SET = 128,    /* a list of plain values, each once: patches merge it */
    FIELD_ATOMIC = 256, /* patches replace it, whatever its items are */
    FIELD_LEGACY = 512, /* of a version before: the original of today does not know it */
};

struct field_list {
    const void *at; /* array of the item's C type, in the arena */
    size_t len;
};

/* A struct field_list whose items have a type: FIELD_LIST_OF(struct trigger) triggers; */
#define FIELD_LIST_OF(item_type) \
    struct {                     \
        const item_type *at;     \
        size_t len;              \
    }

struct field_map {
    const struct str *keys;
    const void *at;
    size_t len;
};

struct shape;

struct field {
    const char *name;          /* as in the manifest; NULL closes the table */
    const char *doc;           /* one sentence */
    const char *fallback;      /* default as it would be written, or NULL */
    const char *choices;       /* FIELD_ENUM: "A|B|C" */
    const char *unbuilt;       /* FIELD_ENUM: choices known to Argo, not built yet: "D|E"; "*":
                                  all others */
    const char *since;         /* FIELD_UNSUPPORTED: what would be right now, or NULL */
    const struct shape *shape; /* FIELD_OBJECT, and LIST/MAP of objects */
    int64_t min, max;          /* FIELD_I64 */
    size_t offset;             /* in the struct, or FIELD_NO_OFFSET */
    enum field_type type;
    enum field_type item; /* LIST, MAP; FIELD_LIST: lists of objects by the shape */
    unsigned flags;
};

#define FIELD_NO_OFFSET ((size_t) -1)

struct shape {
    const char *name; /* "Container" */
    const char *doc;
    const struct field *fields; /* NULL: any object */
    const struct field *rest;   /* row of every name that has none, or NULL: unknown */
    const struct shape
        *inlined;          /* its rows belong here, too; its struct stands first in ours */
    size_t struct_size;    /* 0: no struct */
    const char *merge_key; /* name of the member that identifies list items, or NULL */
};

/* FIELD(struct sqs_spec, queue, FIELD_STR, .name = "queue", ...): a wrong member is a compile
 * error. */
#define FIELD(struct_type, member, field_type, ...)                                \
    {                                                                              \
        .offset = offsetof(struct_type, member), .type = (field_type), __VA_ARGS__ \
    }
/* SHAPE_FIELD("image", FIELD_STR, .doc = "..."): a row without a struct member. */
#define SHAPE_FIELD(field_name, field_type, ...)                                           \
    {                                                                                      \
        .name = (field_name), .offset = FIELD_NO_OFFSET, .type = (field_type), __VA_ARGS__ \
    }

/* What kind of wrong, as far as strict decoding tells them apart. */
enum field_wrong { FIELD_WRONG_VALUE, FIELD_WRONG_TYPE, FIELD_UNKNOWN, FIELD_DUPLICATE };

/* One thing wrong with a document. */
struct field_fault {
    enum err_kind kind; /* ERR_INVALID or ERR_UNSUPPORTED */
    enum field_wrong what;
    struct str path; /* "spec.triggers[0].template.k8s" */
    struct str text; /* what was found and what would be right */
    uint32_t pos;    /* byte offset in the source, or JSON_NO_POS */
};

struct field_faults {
    struct field_fault *at;
    size_t len, room;
    size_t max; /* stop after so many; 0: FIELD_FAULTS_MAX */
};

/**
 * field_check() - compare a value with a shape, strictly
 * @a:      where the faults' texts live
 * @shape:  what it must be
 * @value:  the value
 * @path:   where it stands in the document ("" for the root)
 * @faults: all that is wrong is appended, in document order: unknown names with the nearest
 * known one, wrong types with what was found, missing required ones, values outside of choices
 * and ranges, FIELD_UNSUPPORTED members
 *
 * Return: whether nothing was wrong.
 */
bool field_check(struct arena *a, const struct shape *shape, const struct json *value,
                 struct str path, struct field_faults *faults);

/**
 * field_fold() - a value whose names are spelled as its shape spells them, for where the
 * original decodes with Go's encoding/json: it matches names in any case
 * @a:     where the result lives; it shares what has no shape with @value
 * @shape: what it is
 * @value: the value; positions stay
 *
 * A name that is there as the shape spells it, too, is left alone.
 */
struct json field_fold(struct arena *a, const struct shape *shape, const struct json *value);

/**
 * field_prune() - a value without what its shape does not know, and without the earlier ones of
 * members that stand there twice
 * @a:    where the value and the faults' texts live; the rest is shared
 * @told: one fault for each, in Kubernetes' words: unknown field "spec.x"; up to @told->max
 */
struct json field_prune(struct arena *a, const struct shape *shape, const struct json *value,
                        struct field_faults *told);

/**
 * field_decode() - fill a C struct from a checked value, defaults included
 * @a:      where lists, maps and pointers live; texts are borrowed from @value
 * @shape:  shape with a struct
 * @value:  the value; NULL or JSON null gives the defaults
 * @ret:    struct of shape->struct_size bytes, zeroed by this function
 * @err:    ERR_INVALID with the path, when the value was not checked before
 */
int field_decode(struct arena *a, const struct shape *shape, const struct json *value,
                 void *ret, struct err *err);

/** field_rows_next() - walk the rows of a shape and of what it inlines: begin with the shape
 * and a NULL row; false at the end */
bool field_rows_next(const struct shape **shape, const struct field **row);

/** field_find() - the row of a name in a shape, or NULL */
const struct field *field_find(const struct shape *shape, struct str name);

/** field_farness() - how far a written name is from a known one: smaller is nearer, UINT32_MAX
 * is too far to be meant */
unsigned field_farness(struct str name, struct str known);

/** field_nearest() - the known name that the writer most probably meant, or NULL */
const struct field *field_nearest(const struct shape *shape, struct str name);

/**
 * field_schema() - the shape as an OpenAPI v3 schema
 * @a:     where the value lives
 * @shape: any shape; where it contains itself, the inner one is left open
 */
struct json field_schema(struct arena *a, const struct shape *shape);

/**
 * field_patch_schema() - the shape as strategic merge patches see it: lists whose items have a
 * merge key are merged, so are sets
 * @shape: any shape, static
 */
struct patch_schema field_patch_schema(const struct shape *shape);

/**
 * field_patch_schema_strict() - likewise, and as apimachinery has it for a Go type: a patch
 * into a member that the shape does not have is refused, also one into the members of a map
 */
struct patch_schema field_patch_schema_strict(const struct shape *shape);

/**
 * field_with_keys() - a value with the merge keys that its lists' items lack, as Go's types
 * print them: "" or 0
 * @a:     where the result lives; it shares values with @value
 * @shape: the value's shape
 *
 * Merges by Go's types meet such items; without a key they would be refused.
 */
struct json field_with_keys(struct arena *a, const struct shape *shape,
                            const struct json *value);
