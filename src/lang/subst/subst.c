/*
 * lang/subst/subst.c - fills in tags.
 *
 * Every tag is decided by resolve(), which knows upstream's rules; two writers put the decision
 * into a decoded string or into JSON text. Upstream checks the finished text for valid JSON
 * last, so an unspellable value is remembered and reported only when all tags were fine.
 * Invariant: one application writes at most SUBST_OUTPUT_MAX_BYTES, so that values which hold
 * values cannot blow up a document.
 */
#include "lang/subst/subst.h"

#include "base/limits.h"
#include "base/strbuf.h"
#include "formats/goquote.h"
#include "lang/subst/subst_internal.h"

#define BAD_RESULT "cannot finish template replacement because the result was invalid JSON"

struct run {
    const struct subst_options *opts;
    struct arena *arena;
    struct strbuf out;   /* of the string at hand */
    size_t bytes_left;   /* of SUBST_OUTPUT_MAX_BYTES */
    bool is_unspellable; /* a value has no JSON spelling */
    bool is_unsure; /* valid JSON may not be that any more: a tag that may leave its string */
};

enum outcome_kind {
    OUTCOME_TEXT,   /* the value, as Go quotes it */
    OUTCOME_JSON,   /* a string from an expression, as JSON quotes it */
    OUTCOME_NESTED, /* "{{", what stands before the inner name, the inner value */
    OUTCOME_LEAVE,
};

struct outcome {
    enum outcome_kind kind;
    struct str value;
};

static bool must_resolve(const struct subst_options *opts, struct str name)
{
    if (opts->unresolved != SUBST_REFUSE_SOME)
        return opts->unresolved == SUBST_REFUSE;
    if (str_find(name, STR(".outputs.artifacts.")) != SIZE_MAX)
        return false;
    for (size_t i = 0; i < opts->prefix_count; i++) {
        struct str prefix = opts->prefixes[i];

        if (str_starts(name, prefix) && (name.len == prefix.len || name.ptr[prefix.len] == '.'))
            return true;
    }
    return false;
}

/* The whole tag is unknown: perhaps the name inside it is not. */
static int resolve_inner(struct run *run, const struct subst_tag *tag, struct outcome *ret,
                         struct err *err)
{
    enum subst_answer answer = SUBST_MISSING;
    struct str quoted;

    if (!str_is_none(tag->inner))
        answer = run->opts->lookup(run->opts->lookup_ctx, tag->inner, &ret->value);
    if (answer == SUBST_TEXT) {
        ret->kind = OUTCOME_NESTED;
        return 0;
    }
    if (answer == SUBST_ABSENT) {
        quoted = go_quote(run->arena, tag->inner);
        return err_set(err, ERR_INVALID,
                       "unable to substitute nested tag {{" STR_FMT "}}: " STR_FMT
                       " is an absent optional",
                       STR_ARG(tag->text), STR_ARG(quoted));
    }
    if (must_resolve(run->opts, tag->name))
        return err_set(err, ERR_NOT_FOUND, "failed to resolve {{" STR_FMT "}}",
                       STR_ARG(tag->text));
    ret->kind = OUTCOME_LEAVE;
    return 0;
}

static int resolve_name(struct run *run, const struct subst_tag *tag, struct outcome *ret,
                        struct err *err)
{
    ret->kind = OUTCOME_TEXT;
    switch (run->opts->lookup(run->opts->lookup_ctx, tag->name, &ret->value)) {
    case SUBST_TEXT:
        return 0;
    case SUBST_ABSENT:
        return err_set(err, ERR_INVALID,
                       "unable to substitute {{" STR_FMT "}}: output is an absent optional "
                       "(skipped/omitted node with no default)",
                       STR_ARG(tag->text));
    case SUBST_OTHER:
        return err_set(err, ERR_NOT_FOUND, "failed to resolve {{" STR_FMT "}} to string",
                       STR_ARG(tag->text));
    case SUBST_MISSING:
        break;
    }
    return resolve_inner(run, tag, ret, err);
}

/* An expression in JSON text is spelled as JSON; the evaluator gets it decoded. */
static int decode_expr(struct run *run, const struct subst_tag *tag, enum subst_form form,
                       struct str *ret, struct err *err)
{
    struct str expr = str_skip(tag->shown, 1);
    struct str quoted;
    struct json v;
    char *place;

    *ret = expr;
    if (form == SUBST_DECODED)
        return 0;
    quoted = str_printf(run->arena, "\"" STR_FMT "\"", STR_ARG(expr));
    if (json_parse(run->arena, quoted, &v, err) < 0) {
        place = strstr(err->text, " (line "); /* Go does not tell it */
        if (place)
            *place = '\0';
        return err_wrap(err, "failed to unmarshall JSON expression");
    }
    *ret = json_str(&v);
    return 0;
}

static int resolve_expr(struct run *run, const struct subst_tag *tag, enum subst_form form,
                        struct outcome *ret, struct err *err)
{
    struct str expr;
    struct json v;
    int has_value;

    if (!run->opts->expr)
        return err_set(err, ERR_UNSUPPORTED,
                       "{{" STR_FMT "}}: expression tags are not supported yet",
                       STR_ARG(tag->shown));
    if (decode_expr(run, tag, form, &expr, err) < 0)
        return -1;
    has_value = run->opts->expr(run->opts, run->arena, expr, &v, err);
    if (has_value < 0)
        return -1;
    ret->kind = OUTCOME_LEAVE;
    if (has_value == 0)
        return 0;
    ret->kind = v.type == JSON_STRING ? OUTCOME_JSON : OUTCOME_TEXT;
    ret->value =
        v.type == JSON_STRING ? json_str(&v) : json_text(run->arena, &v, JSON_ESCAPE_HTML);
    return 0;
}

/* ASCII that every spelling has as it is; the most there is. */
static bool is_plain(struct str s)
{
    for (size_t i = 0; i < s.len; i++)
        if (s.ptr[i] < ' ' || s.ptr[i] > '~' || s.ptr[i] == '"' || s.ptr[i] == '\\')
            return false;
    return true;
}

static bool is_spellable(struct str s)
{
    if (is_plain(s))
        return true;
    while (s.len > 0) {
        size_t size;
        uint32_t rune = go_rune_next(s, &size);

        if (rune == UINT32_MAX || rune == 0x7f || rune == '\a' || rune == '\v')
            return false;
        if (rune < ' ' && (rune < '\b' || rune > '\r'))
            return false;
        if (rune >= 0x10000 && !go_is_print(rune))
            return false;
        s = str_skip(s, size);
    }
    return true;
}

static void add_json_quoted(struct run *run, struct str s)
{
    struct json v = json_string(s);
    struct str quoted = json_text(run->arena, &v, JSON_ESCAPE_HTML);

    strbuf_add(&run->out, str_of(quoted.ptr + 1, quoted.len - 2));
}

static void add_value(struct run *run, const struct outcome *outcome, enum subst_form form)
{
    if (form == SUBST_ENCODED && outcome->kind == OUTCOME_JSON) {
        add_json_quoted(run, outcome->value);
        return;
    }
    if (outcome->kind != OUTCOME_JSON && !is_spellable(outcome->value))
        run->is_unspellable = true;
    if (form == SUBST_ENCODED)
        go_quote_add_bare(&run->out, outcome->value);
    else
        strbuf_add(&run->out, outcome->value);
}

/* What stands before the inner "{{" of a tag; the same place in both spellings, counted from
 * the end. */
static struct str before_inner(const struct subst_tag *tag, enum subst_form form)
{
    struct str text = form == SUBST_DECODED ? tag->shown : tag->text;

    for (size_t i = text.len; i > 2; i--)
        if (text.ptr[i - 1] == '{' && text.ptr[i - 2] == '{')
            return str_head(text, i - 2);
    return text;
}

static int add_tag(struct run *run, const struct subst_tag *tag, enum subst_form form,
                   struct err *err)
{
    struct outcome outcome = {0};
    int result = tag->is_expr ? resolve_expr(run, tag, form, &outcome, err)
                              : resolve_name(run, tag, &outcome, err);

    if (result < 0)
        return -1;
    run->is_unsure = run->is_unsure || str_find_char(tag->text, '"') != SIZE_MAX ||
                     str_find_char(tag->text, '\\') != SIZE_MAX;
    switch (outcome.kind) {
    case OUTCOME_TEXT:
    case OUTCOME_JSON:
        add_value(run, &outcome, form);
        break;
    case OUTCOME_NESTED:
        strbuf_addz(&run->out, "{{");
        strbuf_add(&run->out, before_inner(tag, form));
        add_value(run, &outcome, form);
        break;
    case OUTCOME_LEAVE:
        strbuf_addz(&run->out, "{{");
        strbuf_add(&run->out, form == SUBST_DECODED ? tag->shown : tag->text);
        strbuf_addz(&run->out, "}}");
        break;
    }
    return 0;
}

/* Writes one text; the result is in the arena. */
static int fill(struct run *run, const struct subst_pieces *pieces, enum subst_form form,
                struct str *ret, struct err *err)
{
    strbuf_reset(&run->out);
    run->out.max_bytes = run->bytes_left;
    for (size_t i = 0; i < pieces->list.len; i++) {
        const struct subst_piece *piece = &pieces->list.at[i];

        strbuf_add(&run->out, piece->literal);
        if (!str_is_none(piece->tag.text) && add_tag(run, &piece->tag, form, err) < 0)
            return -1;
        if (run->out.is_over)
            return err_set(err, ERR_LIMIT, "template replacement: more than %d bytes",
                           SUBST_OUTPUT_MAX_BYTES);
    }
    run->bytes_left -= run->out.len;
    *ret = str_copy(run->arena, strbuf_str(&run->out));
    return 0;
}

static int apply_node(struct run *run, const struct subst_node *node, struct json *ret,
                      struct err *err);

static int apply_object(struct run *run, const struct subst_node *node, struct json *ret,
                        struct err *err)
{
    const struct json *from = node->from;
    struct json_member *members = ARENA_ARRAY(run->arena, struct json_member, from->count);

    memcpy(members, from->members, from->count * sizeof(*members));
    for (size_t i = 0; i < node->child_count; i++) {
        const struct subst_child *child = &node->children[i];
        struct json_member *member = &members[child->index];

        if (child->key && fill(run, child->key, SUBST_DECODED, &member->key, err) < 0)
            return -1;
        if (child->value && apply_node(run, child->value, &member->value, err) < 0)
            return -1;
    }
    *ret = *from;
    ret->members = members;
    return 0;
}

static int apply_array(struct run *run, const struct subst_node *node, struct json *ret,
                       struct err *err)
{
    const struct json *from = node->from;
    struct json *items = ARENA_ARRAY(run->arena, struct json, from->count);

    memcpy(items, from->items, from->count * sizeof(*items));
    for (size_t i = 0; i < node->child_count; i++) {
        const struct subst_child *child = &node->children[i];

        if (apply_node(run, child->value, &items[child->index], err) < 0)
            return -1;
    }
    *ret = *from;
    ret->items = items;
    return 0;
}

static int apply_node(struct run *run, const struct subst_node *node, struct json *ret,
                      struct err *err)
{
    struct str text;

    if (node->from->type == JSON_OBJECT)
        return apply_object(run, node, ret, err);
    if (node->from->type == JSON_ARRAY)
        return apply_array(run, node, ret, err);
    if (fill(run, node->string, SUBST_DECODED, &text, err) < 0)
        return -1;
    *ret = *node->from;
    ret->text = text.ptr;
    ret->count = (uint32_t) text.len;
    return 0;
}

/* Tags reach over the ends of strings: fill in the text and read it again. */
static int apply_whole(struct run *run, const struct subst_pieces *pieces, struct json *ret,
                       struct err *err)
{
    struct str text;

    if (fill(run, pieces, SUBST_ENCODED, &text, err) < 0)
        return -1;
    if (json_parse(run->arena, text, ret, err) == 0)
        return 0;
    return err->kind == ERR_LIMIT ? -1 : err_set(err, ERR_INVALID, BAD_RESULT);
}

static void run_done(struct run *run)
{
    strbuf_done(&run->out);
}

static struct run run_make(struct arena *a, const struct subst_options *opts)
{
    return (struct run){.opts = opts, .arena = a, .bytes_left = SUBST_OUTPUT_MAX_BYTES};
}

int subst_apply(const struct subst_plan *plan, struct arena *a,
                const struct subst_options *opts, struct json *ret, struct err *err)
{
    _cleanup_(run_done) struct run run = run_make(a, opts);
    struct json made;

    if (plan->whole)
        return apply_whole(&run, plan->whole, ret, err);
    if (!plan->top) {
        *ret = *plan->doc;
        return 0;
    }
    if (apply_node(&run, plan->top, &made, err) < 0)
        return -1;
    if (run.is_unspellable)
        return err_set(err, ERR_INVALID, BAD_RESULT);
    *ret = made;
    return 0;
}

int subst_json(struct arena *a, const struct json *doc, const struct subst_options *opts,
               struct json *ret, struct err *err)
{
    struct subst_plan *plan;

    if (subst_compile(a, doc, &plan, err) < 0)
        return -1;
    return subst_apply(plan, a, opts, ret, err);
}

/* @ret_is_sure: JSON has stayed JSON. In valid JSON "{{" stands in a string only; a tag without
 * a quote and a backslash ends there, too, and a value that can be spelled changes nothing. */
static int fill_text(struct arena *a, struct str text, const struct subst_options *opts,
                     struct str *ret, bool *ret_is_sure, struct err *err)
{
    _cleanup_(run_done) struct run run = run_make(a, opts);
    struct subst_pieces pieces = {0};

    if (subst_cut(a, text, SUBST_ENCODED, &pieces, err) < 0 ||
        fill(&run, &pieces, SUBST_ENCODED, ret, err) < 0)
        return -1;
    *ret_is_sure = !run.is_unsure && !run.is_unspellable;
    return 0;
}

int subst_text(struct arena *a, struct str text, const struct subst_options *opts,
               struct str *ret, struct err *err)
{
    bool is_sure;

    return fill_text(a, text, opts, ret, &is_sure, err);
}

int subst_json_text(struct arena *a, struct str text, const struct subst_options *opts,
                    struct str *ret, struct err *err)
{
    struct str made;
    bool is_sure;

    if (text.len > ARENA_DOC_MAX_BYTES || !json_is_valid(text))
        return err_set(err, ERR_INVALID, "cannot do template replacements with invalid JSON");
    if (fill_text(a, text, opts, &made, &is_sure, err) < 0)
        return -1;
    if (!is_sure && !json_is_valid(made))
        return err_set(err, ERR_INVALID, BAD_RESULT);
    *ret = made;
    return 0;
}

struct str subst_bare(struct str reference)
{
    str_cut_prefix(&reference, STR("{{"));
    if (str_ends(reference, STR("}}")))
        reference = str_head(reference, reference.len - 2);
    return go_trim_space(reference);
}

enum subst_answer subst_lookup_json(const void *ctx, struct str name, struct str *ret)
{
    const struct json *v = json_get(ctx, name);

    if (!v)
        return SUBST_MISSING;
    if (v->type == JSON_NULL)
        return SUBST_ABSENT;
    if (v->type != JSON_STRING)
        return SUBST_OTHER;
    *ret = json_str(v);
    return SUBST_TEXT;
}
