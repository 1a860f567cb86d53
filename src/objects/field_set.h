/*
 * objects/field_set.h - sets of fields of a document, as server-side apply keeps for each field
 * manager (FieldsV1 of metadata.managedFields).
 *
 * A set is an immutable tree whose children are in byte order: "f:NAME" a member of an object,
 * "k:{...}" an item of a list that is told apart by a merge key, "v:..." a value of a set. What
 * a schema (formats/patch.h) does not know about is merged when it is an object, and one field
 * as a whole when it is a list. Pure; any thread; all values live in the arena that is given.
 */
#pragma once

#include "formats/patch.h"

struct field_set_child;

struct field_set {
    bool is_member; /* the field itself belongs to the set, not only some below it */
    size_t len;
    const struct field_set_child *at;
};

struct field_set_child {
    struct str key;
    struct field_set set;
};

/** field_set_of() - all fields that a document gives */
struct field_set field_set_of(struct arena *a, const struct patch_schema *schema,
                              const struct json *doc);

/* How two versions of a document differ. */
struct field_changes {
    struct field_set written; /* new ones and changed ones */
    struct field_set removed;
};

/** field_set_compare() - the changes from @was to @is; either may be NULL: no document */
struct field_changes field_set_compare(struct arena *a, const struct patch_schema *schema,
                                       const struct json *was, const struct json *is);

/** field_set_union() - what is in either */
struct field_set field_set_union(struct arena *a, const struct field_set *x,
                                 const struct field_set *y);

/** field_set_minus() - what is in @x and not in @y */
struct field_set field_set_minus(struct arena *a, const struct field_set *x,
                                 const struct field_set *y);

/** field_set_common() - what is in both */
struct field_set field_set_common(struct arena *a, const struct field_set *x,
                                  const struct field_set *y);

/** field_set_is_empty() - has it no member at all? */
bool field_set_is_empty(const struct field_set *set);

/** field_set_parse() - from a FieldsV1 object; anything else is the empty set */
struct field_set field_set_parse(struct arena *a, const struct json *fields);

/** field_set_json() - as a FieldsV1 object */
struct json field_set_json(struct arena *a, const struct field_set *set);

typedef void (*field_set_fn)(void *ctx, struct str path);

/** field_set_walk() - call @fn with the path of each member: ".spec.containers[name=\"main\"]"
 */
void field_set_walk(struct arena *a, const struct field_set *set, field_set_fn fn, void *ctx);

/**
 * field_set_merge() - a document with the fields of another written over it
 * @live:   what is there
 * @config: what is applied; wins
 *
 * Items of lists that have identities keep their order, new ones follow.
 */
struct json field_set_merge(struct arena *a, const struct patch_schema *schema,
                            const struct json *live, const struct json *config);

/* What a manager does not apply any more. */
struct field_prune {
    const struct field_set *last; /* what it owned */
    const struct field_set *kept; /* what it or others still own */
};

/** field_set_prune() - a document without the fields of @p->last that nobody owns any more;
 * apiVersion, kind and metadata as such stay */
struct json field_set_prune(struct arena *a, const struct patch_schema *schema,
                            const struct json *doc, const struct field_prune *p);
