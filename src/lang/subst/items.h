/*
 * lang/subst/items.h - loops: the items of withItems, withParam and withSequence, and one step
 * or task for each.
 *
 * A loop is opened once: the items are read and the tags of the step are found; then each item
 * is expanded by itself, in any order, so that a wide fan-out costs only what is asked for.
 * Every tag of a looped step must resolve. An item is kept as the JSON text it was written as,
 * because names and member texts show it that way.
 *
 * A loop borrows the step and lives in its arena; it is immutable and may be expanded on any
 * thread.
 * ../shared/golden/lang/items.jsonl decides.
 */
#pragma once

#include "base/strbuf.h"
#include "lang/subst/subst.h"

enum item_type {
    ITEM_STRING,
    ITEM_NUMBER,
    ITEM_BOOL,
    ITEM_MAP,
    ITEM_LIST, /* also null */
};

struct item {
    struct json value;
    struct str raw; /* its JSON text */
};

/* What is known of the step's condition before its items are. */
enum items_when {
    ITEMS_RUN,     /* no condition, a true one, or one that cannot be told yet */
    ITEMS_SKIPPED, /* false: unresolved tags stay, a wrong withParam or withSequence is empty */
};

/* Where a loop stands. Upstream keeps the items in a task while it fills in tags, so theirs
 * must resolve, too. */
enum items_owner {
    ITEMS_OF_STEP,
    ITEMS_OF_TASK,
};

struct items_loop {
    const struct item *at;
    size_t len; /* 0: nothing to run */
    const struct json *step;
    struct str name; /* of the step or task */
    enum items_when when;
    const struct subst_plan *plan; /* of the step without its items */
};

/** items_is_loop() - has the step or task one of the three members? */
bool items_is_loop(const struct json *step);

/**
 * items_open() - read the items of a step or task
 * @a:     where the loop lives
 * @step:  step or task, withParam and withSequence already substituted; borrowed
 * @owner: which of the two it is
 * @when:  what is known of its condition
 * @ret:   the loop
 * @err:   ERR_INVALID with upstream's text; ERR_LIMIT over WORKFLOW_FAN_OUT_MAX
 *
 * Return: 0 or -1.
 */
int items_open(struct arena *a, const struct json *step, enum items_owner owner,
               enum items_when when, struct items_loop *ret, struct err *err);

/**
 * items_expand() - the step or task of one item
 * @loop:  loop
 * @index: which item
 * @a:     where new parts live; the rest is shared with the step
 * @outer: further names and the hook for expressions; what it says about unknown names does not
 * count
 * @ret:   the step, named "name(index:text)", without the three members; its template stays as
 * written
 * @err:   as subst_apply(); ERR_INVALID when the name would not give back its index
 *
 * Return: 0 or -1.
 */
int items_expand(const struct items_loop *loop, size_t index, struct arena *a,
                 const struct subst_options *outer, struct json *ret, struct err *err);

/**
 * items_fill() - put one item's names into a further text of the step, such as its hooks
 * @doc: what is filled in; names that are not the item's stay for later
 * @err: as subst_apply()
 *
 * Return: 0 or -1.
 */
int items_fill(const struct items_loop *loop, size_t index, struct arena *a,
               const struct json *doc, struct json *ret, struct err *err);

/**
 * item_parse() - read one item or any JSON text with the words of Go's decoder
 * @a:    where it lives
 * @text: JSON text; borrowed
 * @ret:  value; its text from the first to the last byte
 * @err:  ERR_INVALID with Go's message, without a position
 *
 * Return: 0 or -1.
 */
int item_parse(struct arena *a, struct str text, struct item *ret, struct err *err);

/** item_type_of() - what kind of item is it? */
enum item_type item_type_of(const struct item *item);

/** item_shown() - the item as names and messages show it: its JSON text without white space, a
 * string without its quotes */
struct str item_shown(struct arena *a, const struct item *item);

/**
 * item_text() - what {{item}} stands for
 * @a:    where a new text lives
 * @item: item; a map prints sorted by key
 */
struct str item_text(struct arena *a, const struct item *item);

/** item_compact() - append the item as Go's encoder embeds it: as written, without white space,
 * HTML escaped */
void item_compact(struct strbuf *b, const struct item *item);

/**
 * item_member() - what {{item.key}} stands for; the absent view when there is none
 * @a:    where the text lives
 * @item: a map
 * @key:  member
 */
struct str item_member(struct arena *a, const struct item *item, struct str key);

/**
 * item_node_name() - name of the child for one item: "name(index:text)"
 * @a:     where it lives
 * @name:  of the step or task
 * @index: of the item
 * @item:  item
 * @ret:   the name, with all parentheses of the item left out
 * @err:   ERR_INVALID when @name would hide the index
 *
 * Return: 0 or -1.
 */
int item_node_name(struct arena *a, struct str name, size_t index, const struct item *item,
                   struct str *ret, struct err *err);

/**
 * item_index() - the index in a child's name
 * @name: as item_node_name() made it
 * @ret:  the index; untouched when there is none
 *
 * Return: whether there is one.
 */
bool item_index(struct str name, uint64_t *ret);

/**
 * sequence_texts() - the items of a withSequence
 * @a:        where they live
 * @sequence: {start, end, count, format}
 * @ret:      JSON text of a list of strings
 * @err:      ERR_INVALID with upstream's text; ERR_LIMIT over WORKFLOW_FAN_OUT_MAX
 *
 * Return: 0 or -1.
 */
int sequence_texts(struct arena *a, const struct json *sequence, struct str *ret,
                   struct err *err);
