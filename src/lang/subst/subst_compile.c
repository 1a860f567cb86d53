/*
 * lang/subst/subst_compile.c - finds tags: in texts, in strings, in documents.
 *
 * Scanning a string alone equals scanning the JSON text of the whole document as long as every
 * "{{" in a string has its "}}" in the same string. Where one has not, the whole document is
 * cut as text. Invariant: nodes exist only on the way to a tag.
 */
#include <assert.h>

#include "base/limits.h"
#include "base/strbuf.h"
#include "formats/goquote.h"
#include "lang/subst/subst_internal.h"

enum { SHOWN_MAX_BYTES = 300 }; /* of a template in an error text */

static int no_end(struct str text, struct str rest, struct err *err)
{
    _cleanup_strbuf_ struct strbuf whole = STRBUF_INIT(SHOWN_MAX_BYTES * 10);
    _cleanup_strbuf_ struct strbuf part = STRBUF_INIT(SHOWN_MAX_BYTES * 10);

    go_quote_add(&whole, str_head(text, SHOWN_MAX_BYTES));
    go_quote_add(&part, str_head(rest, SHOWN_MAX_BYTES));
    return err_set(err, ERR_INVALID,
                   "Cannot find end tag=\"}}\" in the template=" STR_FMT
                   " starting from " STR_FMT,
                   STR_ARG(strbuf_str(&whole)), STR_ARG(strbuf_str(&part)));
}

/* Where a byte stands twice; SIZE_MAX: nowhere. Most texts have none of it. */
static size_t find_pair(struct str s, char c)
{
    size_t from = 0;

    while (from + 1 < s.len) {
        const char *at = memchr(s.ptr + from, c, s.len - 1 - from);

        if (!at)
            return SIZE_MAX;
        from = (size_t) (at - s.ptr);
        if (at[1] == c)
            return from;
        from++;
    }
    return SIZE_MAX;
}

/* Takes the text up to the next tag and the tag itself: 1, 0 when no tag is left, -1 when one
 * has no end. */
static int take_tag(struct str *rest, struct str *ret_literal, struct str *ret_tag)
{
    size_t open = find_pair(*rest, '{');
    struct str behind;
    size_t close;

    if (open == SIZE_MAX)
        return 0;
    behind = str_skip(*rest, open + 2);
    close = find_pair(behind, '}');
    *ret_literal = str_head(*rest, open);
    *ret_tag = behind;
    if (close == SIZE_MAX)
        return -1;
    *ret_tag = str_head(behind, close);
    *rest = str_skip(behind, close + 2);
    return 1;
}

/* Is it spelled as it reads in a JSON string? */
static bool is_plain(struct str s)
{
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];

        if (c < ' ' || c > '~' || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&')
            return false;
    }
    return true;
}

/* How Go's encoder spells a text inside a JSON string. */
static struct str encode(struct arena *a, struct str s)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(s.len * 6 + 2);
    struct str quoted;

    json_print_string(&b, s, JSON_ESCAPE_HTML);
    quoted = strbuf_str(&b);
    return str_copy(a, str_of(quoted.ptr + 1, quoted.len - 2));
}

/* What stands behind the last "{{" of a tag, unless that is its beginning. */
static struct str find_inner(struct str text)
{
    for (size_t i = text.len; i > 2; i--)
        if (text.ptr[i - 1] == '{' && text.ptr[i - 2] == '{' && i - 2 > 0)
            return str_skip(text, i);
    return STR_NONE;
}

static struct subst_tag make_tag(struct arena *a, struct str shown, enum subst_form form)
{
    struct subst_tag tag = {.shown = shown, .text = shown};

    if (form == SUBST_DECODED && !is_plain(shown))
        tag.text = encode(a, shown);
    tag.is_expr = str_starts(tag.text, STR("="));
    tag.name = go_trim_space(tag.text);
    tag.inner = find_inner(tag.text);
    return tag;
}

static size_t count_tags(struct str text)
{
    struct str literal, tag;
    size_t count = 0;

    while (take_tag(&text, &literal, &tag) > 0)
        count++;
    return count;
}

/* As subst_cut(); where a tag has no end, @ret_open is what follows its beginning. */
static int cut(struct arena *a, struct str text, enum subst_form form, struct subst_pieces *ret,
               struct str *ret_open)
{
    struct subst_piece piece;
    struct str shown;
    int has_tag;

    if (form == SUBST_DECODED) { /* it becomes part of a plan, which is kept */
        ret->list.room = count_tags(text) + 1;
        ret->list.at = ARENA_ARRAY(a, struct subst_piece, ret->list.room);
    }
    while ((has_tag = take_tag(&text, &piece.literal, &shown)) > 0) {
        piece.tag = make_tag(a, shown, form);
        VEC_APUSH(a, &ret->list, piece);
    }
    piece = (struct subst_piece){.literal = text, .tag.text = STR_NONE};
    VEC_APUSH(a, &ret->list, piece);
    *ret_open = shown;
    return has_tag;
}

int subst_cut(struct arena *a, struct str text, enum subst_form form, struct subst_pieces *ret,
              struct err *err)
{
    struct str open;

    return cut(a, text, form, ret, &open) < 0 ? no_end(text, open, err) : 0;
}

int subst_each_tag(struct str text, subst_tag_fn fn, void *ctx, struct err *err)
{
    struct str rest = text;
    struct str literal, tag;
    int has_tag;

    while ((has_tag = take_tag(&rest, &literal, &tag)) > 0) {
        bool is_expr = str_starts(tag, STR("="));

        if (fn(ctx, is_expr ? str_skip(tag, 1) : tag, is_expr, err) < 0)
            return -1;
    }
    return has_tag < 0 ? no_end(text, tag, err) : 0;
}

struct compiler {
    struct arena *arena;
    bool is_crossing; /* a tag has no end in its string */
};

/* The pieces of a string, or NULL when it has no tag. */
static const struct subst_pieces *cut_string(struct compiler *c, struct str s)
{
    struct subst_pieces *pieces;
    struct str open;

    if (c->is_crossing || find_pair(s, '{') == SIZE_MAX)
        return NULL;
    pieces = ARENA_NEW(c->arena, struct subst_pieces);
    if (cut(c->arena, s, SUBST_DECODED, pieces, &open) == 0)
        return pieces;
    c->is_crossing = true;
    return NULL;
}

static const struct subst_node *compile_value(struct compiler *c, const struct json *v);

static void compile_children(struct compiler *c, struct subst_node *node)
{
    VEC(struct subst_child) children = {0};
    const struct json *v = node->from;

    for (uint32_t i = 0; i < v->count && !c->is_crossing; i++) {
        bool is_object = v->type == JSON_OBJECT;
        struct subst_child child = {
            .index = i,
            .key = is_object ? cut_string(c, v->members[i].key) : NULL,
            .value = compile_value(c, is_object ? &v->members[i].value : &v->items[i]),
        };

        if (child.key || child.value)
            VEC_APUSH(c->arena, &children, child);
    }
    node->children = children.at;
    node->child_count = children.len;
}

/* The node of a value, or NULL when it has no tags. */
static const struct subst_node *compile_value(struct compiler *c, const struct json *v)
{
    struct subst_node node = {.from = v};
    struct subst_node *kept;

    if (v->type == JSON_STRING)
        node.string = cut_string(c, str_of(v->text, v->count));
    else if (v->type == JSON_ARRAY || v->type == JSON_OBJECT)
        compile_children(c, &node);
    if (!node.string && node.child_count == 0)
        return NULL;
    kept = ARENA_NEW(c->arena, struct subst_node);
    *kept = node;
    return kept;
}

int subst_compile(struct arena *a, const struct json *doc, struct subst_plan **ret,
                  struct err *err)
{
    struct compiler c = {.arena = a};
    struct subst_plan *plan = ARENA_NEW(a, struct subst_plan);

    plan->doc = doc;
    plan->top = compile_value(&c, doc);
    if (c.is_crossing) {
        struct subst_pieces *whole = ARENA_NEW(a, struct subst_pieces);

        plan->top = NULL;
        plan->whole = whole;
        if (subst_cut(a, json_text(a, doc, JSON_ESCAPE_HTML), SUBST_ENCODED, whole, err) < 0)
            return -1;
    }
    *ret = plan;
    return 0;
}

bool subst_has_tags(const struct subst_plan *plan)
{
    return plan->top || plan->whole;
}

static int each_in_pieces(const struct subst_pieces *pieces, subst_tag_fn fn, void *ctx,
                          struct err *err)
{
    for (size_t i = 0; pieces && i + 1 < pieces->list.len; i++) {
        const struct subst_tag *tag = &pieces->list.at[i].tag;

        if (fn(ctx, tag->is_expr ? str_skip(tag->shown, 1) : tag->shown, tag->is_expr, err) < 0)
            return -1;
    }
    return 0;
}

static int each_in_node(const struct subst_node *node, subst_tag_fn fn, void *ctx,
                        struct err *err)
{
    if (!node)
        return 0;
    if (each_in_pieces(node->string, fn, ctx, err) < 0)
        return -1;
    for (size_t i = 0; i < node->child_count; i++)
        if (each_in_pieces(node->children[i].key, fn, ctx, err) < 0 ||
            each_in_node(node->children[i].value, fn, ctx, err) < 0)
            return -1;
    return 0;
}

int subst_plan_each_tag(const struct subst_plan *plan, subst_tag_fn fn, void *ctx,
                        struct err *err)
{
    return plan->whole ? each_in_pieces(plan->whole, fn, ctx, err)
                       : each_in_node(plan->top, fn, ctx, err);
}
