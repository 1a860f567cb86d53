/*
 * lang/subst/subst.h - names in {{…}} tags of a JSON document, found once and filled in many
 * times.
 *
 * Upstream replaces tags in the JSON text of an object. A plan gives the same result on the
 * document itself: subst_compile() finds the tags, subst_apply() fills them in and shares all
 * that has no tag with the original. Scanning does not nest: a tag ends at the next "}}". In a
 * tag that holds another "{{" the inner name is looked up when the whole is unknown, so that a
 * later pass may fill in the rest. Values are inserted as Go quotes them; one that has no JSON
 * spelling then (a control character, bytes that are no UTF-8) is an error. A "{{" whose "}}"
 * stands in a later string makes the plan work on the text, as upstream does.
 *
 * Plans are immutable, live in their arena, borrow the document, and may be applied on any
 * thread. Nothing here knows which names exist. Tags "{{=…}}" go to a hook.
 * ../shared/golden/lang/substitute.jsonl decides.
 */
#pragma once

#include "formats/json.h"

/* What a look-up knows about a name. */
enum subst_answer {
    SUBST_MISSING, /* no such name here, perhaps later */
    SUBST_TEXT,    /* a text */
    SUBST_ABSENT,  /* an optional output that will never be there: an error in a plain tag */
    SUBST_OTHER,   /* a value that is no text: an error in a plain tag */
};

/* Finds a name; sets @ret for SUBST_TEXT only, borrowed until the substitution ends. */
typedef enum subst_answer (*subst_lookup_fn)(const void *ctx, struct str name, struct str *ret);

/* What happens to a name that the look-up does not know. */
enum subst_unresolved {
    SUBST_LEAVE,       /* the tag stays as it is */
    SUBST_REFUSE,      /* ERR_NOT_FOUND "failed to resolve {{…}}" */
    SUBST_REFUSE_SOME, /* refused when it begins with one of the prefixes, else left */
};

struct subst_options;

/*
 * Evaluates the text behind "{{=": returns 1 with the value, 0 to leave the tag as it is, -1
 * with an error (ERR_NOT_FOUND when a name is missing that may come later). May allocate in @a.
 */
typedef int (*subst_expr_fn)(const struct subst_options *opts, struct arena *a, struct str expr,
                             struct json *ret, struct err *err);

struct subst_options {
    subst_lookup_fn lookup;
    const void *lookup_ctx;
    enum subst_unresolved unresolved;
    const struct str *prefixes; /* SUBST_REFUSE_SOME: first parts of names, as "steps" */
    size_t prefix_count;
    subst_expr_fn expr; /* NULL: a "{{=…}}" tag is ERR_UNSUPPORTED */
    const void *expr_ctx;
};

struct subst_plan;

/**
 * subst_compile() - find the tags of a document
 * @a:   where the plan lives
 * @doc: document; borrowed, must outlive the plan
 * @ret: the plan
 * @err: ERR_INVALID when a tag has no end, with upstream's text
 *
 * Tags in member names count, too.
 *
 * Return: 0 or -1.
 */
int subst_compile(struct arena *a, const struct json *doc, struct subst_plan **ret,
                  struct err *err);

/**
 * subst_apply() - fill in the tags
 * @plan: plan
 * @a:    where new parts of the result live; the rest is shared with the document
 * @opts: names and what to do about unknown ones
 * @ret:  the document; untouched on failure
 * @err:  of the first tag in the order of the document: ERR_NOT_FOUND for a name that may come
 * later (subst_is_missing()), ERR_INVALID, ERR_UNSUPPORTED, ERR_LIMIT over
 * SUBST_OUTPUT_MAX_BYTES
 *
 * Return: 0 or -1.
 */
int subst_apply(const struct subst_plan *plan, struct arena *a,
                const struct subst_options *opts, struct json *ret, struct err *err);

/**
 * subst_json() - compile and apply at once, for a document that is used once
 * @a:    where the result lives
 * @doc:  document
 * @opts: as subst_apply()
 * @ret:  the document; untouched on failure
 * @err:  as subst_compile() and subst_apply()
 *
 * Return: 0 or -1.
 */
int subst_json(struct arena *a, const struct json *doc, const struct subst_options *opts,
               struct json *ret, struct err *err);

/**
 * subst_text() - replace tags in a text that is not JSON: a ConfigMap's name, a schedule's
 * condition
 * @a:    where the result lives
 * @text: text
 * @opts: as subst_apply()
 * @ret:  the text, values inserted as Go quotes them; untouched on failure
 * @err:  as subst_compile() and subst_apply()
 *
 * Return: 0 or -1.
 */
int subst_text(struct arena *a, struct str text, const struct subst_options *opts,
               struct str *ret, struct err *err);

/**
 * subst_json_text() - replace tags in a JSON text, which stays as it is elsewhere
 * @a:    where the result lives
 * @text: JSON text
 * @opts: as subst_apply()
 * @ret:  JSON text; untouched on failure
 * @err:  as subst_text(); ERR_INVALID when @text or the result is not JSON
 *
 * Return: 0 or -1.
 */
int subst_json_text(struct arena *a, struct str text, const struct subst_options *opts,
                    struct str *ret, struct err *err);

/* Told of one tag: the text between its braces, and whether it is an expression (then without
 * the "="). */
typedef int (*subst_tag_fn)(void *ctx, struct str tag, bool is_expr, struct err *err);

/**
 * subst_each_tag() - call a function for each tag of a text, in order
 * @text: text, JSON or not
 * @fn:   returns 0 to go on, -1 to stop
 * @ctx:  passed to @fn
 * @err:  ERR_INVALID when a tag has no end, or as @fn filled it
 *
 * Return: 0 or -1.
 */
int subst_each_tag(struct str text, subst_tag_fn fn, void *ctx, struct err *err);

/**
 * subst_plan_each_tag() - subst_each_tag() for the tags of a plan
 * @plan: plan
 * @fn:   returns 0 to go on, -1 to stop
 * @ctx:  passed to @fn
 * @err:  as @fn filled it
 *
 * Return: 0 or -1.
 */
int subst_plan_each_tag(const struct subst_plan *plan, subst_tag_fn fn, void *ctx,
                        struct err *err);

/** subst_has_tags() - would applying the plan change anything? */
bool subst_has_tags(const struct subst_plan *plan) _pure_;

/** subst_is_missing() - does the error say that a name is not there yet, so that trying later
 * may help? */
static inline bool subst_is_missing(const struct err *err)
{
    return err->kind == ERR_NOT_FOUND;
}

/**
 * subst_bare() - a reference without its braces: "{{x}}" and "x" are "x"
 * @reference: as in valueFrom.parameter and from
 */
struct str subst_bare(struct str reference);

/**
 * subst_lookup_json() - a look-up in a JSON object: strings are texts, null is absent, the rest
 * is other
 * @ctx:  const struct json *, an object or NULL
 * @name: member
 * @ret:  its text
 */
enum subst_answer subst_lookup_json(const void *ctx, struct str name, struct str *ret);
