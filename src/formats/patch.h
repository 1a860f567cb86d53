/*
 * formats/patch.h - patches of JSON documents: merge patch (RFC 7386), JSON patch (RFC 6902)
 * and the strategic merge patch of Kubernetes.
 *
 * Pure; any thread. Documents are immutable: a patched one is new and shares what stayed. The
 * first two behave as evanphx/json-patch, which the Kubernetes API server uses, also where that
 * differs from the RFCs: an index may count from the end, "replace" and "copy" take a missing
 * member for null. The third behaves as apimachinery's strategicpatch: lists whose items have
 * an identity are merged item by item, "$patch", "$retainKeys", "$setElementOrder/NAME" and
 * "$deleteFromPrimitiveList/NAME" direct it. Source: ../shared/golden/formats/patch.jsonl
 * decides.
 *
 * The two merge patches can also be made, from two documents or, as kubectl does, from three.
 */
#pragma once

#include "formats/json.h"

enum patch_type { PATCH_MERGE, PATCH_JSON, PATCH_STRATEGIC };

struct patch_member;

/* What a strategic merge patch has to know about objects: see field_patch_schema(). A zeroed
 * one knows nothing: objects are merged, lists are replaced. */
struct patch_schema {
    const void *shape; /* of an object; NULL: nothing is known below */
    /* Fills a zeroed @ret for a member of such an object; leaves it when there is none. */
    void (*member)(const void *shape, struct str name, struct patch_member *ret);
};

struct patch_member {
    struct patch_schema inner; /* of the object, or of the items of the list */
    bool is_merged;            /* a list: items are merged, not replaced */
    struct str merge_key; /* member that tells items apart; absent: items are plain values */
    bool is_whole;        /* to server-side apply: an object, or each item, is one field */
    bool is_unknown; /* the object cannot have it: to merge or compare two values is refused */
    bool is_no_list; /* the same of two lists */
    bool retains_keys; /* an object of which one member excludes others: a patch says which stay
                        */
};

struct patch_target {
    const struct json *doc;
    struct patch_schema schema; /* PATCH_STRATEGIC only */
};

/**
 * patch_apply() - apply a patch of any kind: the one door for who has a patch type at hand
 * @a:      where the result lives; it shares values with document and patch
 * @type:   kind of the patch
 * @target: what is patched, and what is known about it
 * @patch:  the patch
 * @ret:    the patched document
 * @err:    ERR_INVALID with what is wrong; ERR_LIMIT as patch_json()
 *
 * Return: 0 or -1.
 */
int patch_apply(struct arena *a, enum patch_type type, const struct patch_target *target,
                const struct json *patch, struct json *ret, struct err *err);

/**
 * patch_merge() - apply a merge patch
 * @a:     where the result lives; it shares values with @doc and @patch
 * @doc:   object or array
 * @patch: object: its members replace, null removes; array: replaces all
 * @ret:   the patched document
 * @err:   ERR_INVALID when either is neither object nor array
 *
 * Return: 0 or -1.
 */
int patch_merge(struct arena *a, const struct json *doc, const struct json *patch,
                struct json *ret, struct err *err);

/**
 * patch_json() - apply a JSON patch: all of its operations or none
 * @a:     where the result lives; it shares values with @doc and @patch
 * @doc:   object or array
 * @patch: array of operations; null is none
 * @ret:   the patched document
 * @err:   ERR_INVALID with the operation's number and path, also when a "test" failed;
 * ERR_LIMIT beyond PATCH_OPERATIONS_MAX or PATCH_WORK_MAX_BYTES
 *
 * Return: 0 or -1.
 */
int patch_json(struct arena *a, const struct json *doc, const struct json *patch,
               struct json *ret, struct err *err);

/**
 * patch_overlay() - one document laid over another: objects are joined member by member, all
 * else is replaced, by null also
 * @a:   where the result lives; it shares values with both
 * @doc: below
 * @top: above
 *
 * As mergo with override merges maps: what a trigger's update does.
 */
struct json patch_overlay(struct arena *a, const struct json *doc, const struct json *top);

/** patch_equal() - are two documents the same to evanphx/json-patch? Numbers by their spelling
 */
bool patch_equal(const struct json *x, const struct json *y);

/**
 * patch_make_merge() - the merge patch that makes one document of another
 * @a:    where the result lives; it shares values with both
 * @from: object, or list of objects; null is an empty object
 * @to:   likewise, a list of as many
 * @ret:  the patch
 * @err:  ERR_INVALID for anything else
 *
 * Return: 0 or -1.
 */
int patch_make_merge(struct arena *a, const struct json *from, const struct json *to,
                     struct json *ret, struct err *err);

/**
 * patch_make_strategic() - the strategic merge patch that makes one document of another
 * @a:      where the result lives; it shares values with both
 * @schema: what is known about them
 * @from:   object
 * @to:     object
 * @ret:    the patch
 * @err:    ERR_INVALID when either is no object
 *
 * Return: 0 or -1.
 */
int patch_make_strategic(struct arena *a, struct patch_schema schema, const struct json *from,
                         const struct json *to, struct json *ret, struct err *err);

struct patch_three {
    const struct json *from;    /* what was wanted before: what is gone from it is deleted */
    const struct json *to;      /* what is wanted now */
    const struct json *current; /* what is there: what differs from @to is set */
};

/**
 * patch_make_three_way() - the patch that brings a document to what is wanted, and leaves alone
 * what others have added since
 * @of:  the three
 * @ret: the patch
 * @err: ERR_INVALID when one is no object
 *
 * Return: 0 or -1.
 */
int patch_make_three_way(struct arena *a, struct patch_schema schema,
                         const struct patch_three *of, struct json *ret, struct err *err);
