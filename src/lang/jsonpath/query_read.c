/* Reads the steps of queries, with the original's ways of finding where they end. See
 * query_internal.h. */
#include "base/strbuf.h"
#include "lang/jsonpath/query_internal.h"

static int fail_format(struct jsonpath_run *r, struct str token)
{
    return jsonpath_fail(r,
                         "invalid JSONPath selector '" STR_FMT "' invalid token. '" STR_FMT
                         "' does not match any token format",
                         STR_ARG(str_head(r->path, 300)), STR_ARG(str_head(token, 300)));
}

/* ---- where steps end ---- */

typedef VEC(struct str) text_list;

/* A step that is being collected: the text from @start on. */
struct splitter {
    struct str path;
    size_t start, len;
    size_t quotes, open_scripts, closed_scripts, open, closed;
    text_list list;
};

static struct str current(const struct splitter *s)
{
    return str_of(s->path.ptr + s->start, s->len);
}

static size_t count_of(struct str s, char c)
{
    size_t count = 0;

    for (size_t i = 0; i < s.len; i++)
        count += s.ptr[i] == c;
    return count;
}

/* The step without its point, and without its last character when that begins the next one. */
static void finish(struct jsonpath_run *r, struct splitter *s, size_t cut)
{
    struct str token = str_head(current(s), s->len - cut);

    if (str_starts(token, STR(".")))
        token = str_skip(token, 1);
    VEC_APUSH(r->a, &s->list, token);
    s->start += s->len - cut;
    s->len = cut;
}

static void count_sign(struct splitter *s, char c)
{
    if (s->len == 0)
        s->quotes = s->open_scripts = s->closed_scripts = 0;
    s->quotes += c == '\'';
    s->open_scripts += c == '(';
    s->closed_scripts += c == ')';
    s->open += c == '[';
    s->closed += c == ']';
    s->len++;
}

/* The character behind the first one is in the step. */
static void split_at(struct jsonpath_run *r, struct splitter *s, char c)
{
    struct str token = current(s);
    bool is_inside = s->quotes % 2 == 1 || s->open_scripts != s->closed_scripts;

    if (str_is(token, "."))
        return;
    if (str_is(token, "..")) {
        VEC_APUSH(r->a, &s->list, token);
        s->start += 2;
        s->len = 0;
        return;
    }
    if (c == '[') {
        if (!str_is(token, "[") && !str_is(token, ".[") && count_of(token, '[') == 1)
            finish(r, s, 1);
        return;
    }
    if (str_find_char(token, '[') != SIZE_MAX) {
        if (!is_inside && c == ']' && s->open == s->closed)
            finish(r, s, 0);
    } else if (c == '.' && !is_inside) {
        finish(r, s, 1);
    }
}

static int split(struct jsonpath_run *r, struct str path, text_list *ret)
{
    struct splitter s = {.path = path};
    char c = path.len > 0 ? path.ptr[0] : ' ';

    if (c != '$' && c != '@')
        return jsonpath_fail(r,
                             "invalid JSONPath selector '" STR_FMT
                             "' unexpected token '" STR_FMT "' at index 0",
                             STR_ARG(str_head(r->path, 300)), STR_ARG(str_head(path, 1)));
    if (path.len > 1 && path.ptr[1] != '.' && path.ptr[1] != '[')
        return jsonpath_fail(
            r, "invalid JSONPath selector '" STR_FMT "' unexpected token '%c' at index 1",
            STR_ARG(str_head(r->path, 300)), path.ptr[1]);
    VEC_APUSH(r->a, &s.list, str_head(path, 1));
    s.start = 1;
    for (size_t i = 1; i < path.len; i++) {
        count_sign(&s, path.ptr[i]);
        split_at(r, &s, path.ptr[i]);
    }
    if (s.len > 0)
        finish(r, &s, 0);
    *ret = s.list;
    return jsonpath_charge(r, path.len);
}

/* ---- brackets ---- */

/* Something in brackets. */
struct piece {
    enum { PIECE_NONE, PIECE_TEXT, PIECE_NUMBER, PIECE_COLON, PIECE_COMMA } kind;
    struct str text;
    int64_t number;
};

struct cutter {
    struct jsonpath_run *r;
    struct str token;
    VEC(struct piece) pieces;
    char *text; /* of the piece so far */
    size_t len;
    size_t open, closed;
    bool in_single, in_double;
};

static bool is_script(struct str s)
{
    return s.len > 2 && str_starts(s, STR("(")) && str_ends(s, STR(")"));
}

static bool is_key(struct str s)
{
    return s.len > 1 && ((str_starts(s, STR("'")) && str_ends(s, STR("'"))) ||
                         (str_starts(s, STR("\"")) && str_ends(s, STR("\""))));
}

static void add_piece(struct cutter *c, struct piece piece)
{
    VEC_APUSH(c->r->a, &c->pieces, piece);
}

static void add_text(struct cutter *c, struct str text)
{
    add_piece(c, (struct piece){.kind = PIECE_TEXT, .text = str_copy(c->r->a, text)});
}

static bool read_int(struct str s, int64_t *ret)
{
    bool has_plus = str_starts(s, STR("+"));

    return parse_i64(str_skip(s, has_plus), ret) && !(has_plus && *ret < 0);
}

static int on_bracket(struct cutter *c)
{
    struct str text = str_of(c->text, c->len);

    c->closed++;
    if (c->open != c->closed)
        return 0;
    if (!is_script(text))
        return jsonpath_fail(c->r, "invalid expression. invalid format '" STR_FMT "'",
                             STR_ARG(str_head(text, 200)));
    add_text(c, text);
    c->len = 0;
    return 0;
}

/* A quote opens or closes a key, unless a backslash stands before it, which goes. */
static int on_quote(struct cutter *c, char quote)
{
    bool *in_this = quote == '\'' ? &c->in_single : &c->in_double;
    bool in_other = quote == '\'' ? c->in_double : c->in_single;

    if (in_other || c->open != c->closed)
        return 0;
    if (c->len > 1 && c->text[c->len - 2] == '\\') {
        c->text[c->len - 2] = quote;
        c->len--;
        return 0;
    }
    *in_this = !*in_this;
    if (*in_this)
        return c->len == 1 ? 0 : fail_format(c->r, c->token);
    if (!is_key(str_of(c->text, c->len)))
        return fail_format(c->r, c->token);
    add_text(c, str_of(c->text, c->len));
    c->len = 0;
    return 0;
}

static int on_separator(struct cutter *c, char sign, bool is_first)
{
    struct str text = str_of(c->text, c->len - 1);
    int64_t n = 0;

    if (c->in_single || c->in_double || c->open != c->closed)
        return 0;
    if (text.len > 0 && read_int(text, &n))
        add_piece(c, (struct piece){.kind = PIECE_NUMBER, .number = n});
    else if (text.len > 0 && sign == ':')
        return fail_format(c->r, c->token);
    else if (text.len > 0)
        add_text(c, text);
    else if (sign == ':' && is_first)
        add_piece(c, (struct piece){.kind = PIECE_NONE});
    add_piece(c, (struct piece){.kind = sign == ':' ? PIECE_COLON : PIECE_COMMA});
    c->len = 0;
    return 0;
}

static int cut_at(struct cutter *c, char sign, bool is_first)
{
    struct str trimmed;

    c->text[c->len++] = sign;
    switch (sign) {
    case ' ':
        if (!c->in_single && !c->in_double && c->open == c->closed) {
            trimmed = str_trim(str_of(c->text, c->len));
            memmove(c->text, trimmed.ptr, trimmed.len);
            c->len = trimmed.len;
        }
        return 0;
    case '(':
        c->open += !c->in_single && !c->in_double;
        return 0;
    case ')':
        return on_bracket(c);
    case '\'':
    case '"':
        return on_quote(c, sign);
    case ':':
    case ',':
        return on_separator(c, sign, is_first);
    default:
        return 0;
    }
}

/* A single piece is a key, an index or a script. */
static int read_single(struct cutter *c, const struct piece *p, struct jsonpath_step *ret)
{
    if (p->kind == PIECE_NUMBER) {
        *ret = (struct jsonpath_step){.kind = JSONPATH_INDEX, .index = p->number};
        return 0;
    }
    if (p->kind == PIECE_TEXT && is_key(p->text)) {
        *ret = (struct jsonpath_step){.kind = JSONPATH_KEY,
                                      .text = str_of(p->text.ptr + 1, p->text.len - 2)};
        return 0;
    }
    if (p->kind != PIECE_TEXT || !is_script(p->text))
        return fail_format(c->r, c->token);
    ret->kind = JSONPATH_SCRIPT;
    return jsonpath_compile(c->r, str_of(p->text.ptr + 1, p->text.len - 2), &ret->expression);
}

/* A piece of a list or a range; keys are for lists only. */
static int read_arg(struct cutter *c, const struct piece *p, bool is_range,
                    struct jsonpath_operand *ret)
{
    *ret = (struct jsonpath_operand){};
    if (p->kind == PIECE_NONE && is_range)
        return 0;
    if (p->kind == PIECE_NUMBER) {
        *ret = (struct jsonpath_operand){.kind = JSONPATH_NUMBER, .number = p->number};
        return 0;
    }
    if (p->kind == PIECE_TEXT && is_script(p->text))
        return jsonpath_compile(c->r, str_of(p->text.ptr + 1, p->text.len - 2), ret);
    if (p->kind != PIECE_TEXT || is_range || !is_key(p->text))
        return fail_format(c->r, c->token);
    *ret = (struct jsonpath_operand){.kind = JSONPATH_WORDS,
                                     .text = str_of(p->text.ptr + 1, p->text.len - 2)};
    return 0;
}

static int read_several(struct cutter *c, struct jsonpath_step *ret)
{
    VEC(struct piece) args = {};
    size_t colons = 0, commas = 0;
    bool was_colon = false;

    VEC_FOREACH (p, &c->pieces) {
        bool is_colon = p->kind == PIECE_COLON;

        if (is_colon && was_colon)
            VEC_APUSH(c->r->a, &args, (struct piece){.kind = PIECE_NONE});
        if (!is_colon && p->kind != PIECE_COMMA)
            VEC_APUSH(c->r->a, &args, *p);
        colons += is_colon;
        commas += p->kind == PIECE_COMMA;
        was_colon = is_colon;
    }
    if ((colons > 0) == (commas > 0) || colons > 2 || (commas > 0 && commas >= args.len))
        return fail_format(c->r, c->token);
    if (colons > 0 && args.len == 1)
        VEC_APUSH(c->r->a, &args, (struct piece){.kind = PIECE_NONE});
    if (colons > 0 && args.len < 2)
        return fail_format(c->r, c->token);
    ret->kind = colons > 0 ? JSONPATH_RANGE : JSONPATH_PICK;
    VEC_FOREACH (p, &args) {
        struct jsonpath_operand arg;

        if (read_arg(c, p, colons > 0, &arg) < 0)
            return -1;
        VEC_APUSH(c->r->a, &ret->args, arg);
    }
    return 0;
}

static int read_bracket(struct jsonpath_run *r, struct str token, struct jsonpath_step *ret)
{
    struct cutter c = {.r = r, .token = token};
    struct str inside;
    int64_t n = 0;

    inside = str_ends(token, STR("]")) && token.len > 1
                 ? str_trim(str_of(token.ptr + 1, token.len - 2))
                 : STR("");
    if (inside.len == 0)
        return fail_format(r, token);
    if (str_is(inside, "*")) {
        ret->kind = JSONPATH_ANY;
        return 0;
    }
    if (inside.ptr[0] == '?') {
        if (!str_starts(inside, STR("?(")) || !str_ends(inside, STR(")")) || inside.len < 3)
            return fail_format(r, token);
        ret->kind = JSONPATH_WHERE;
        return jsonpath_compile(r, str_trim(str_of(inside.ptr + 2, inside.len - 3)),
                                &ret->expression);
    }
    c.text = arena_alloc_raw(r->a, inside.len + 1);
    for (size_t i = 0; i < inside.len; i++)
        if (cut_at(&c, inside.ptr[i], i == 0) < 0)
            return -1;
    if (c.len > 0 && read_int(str_of(c.text, c.len), &n))
        add_piece(&c, (struct piece){.kind = PIECE_NUMBER, .number = n});
    else if (c.len > 0)
        add_text(&c, str_of(c.text, c.len));
    return c.pieces.len == 1 ? read_single(&c, &c.pieces.at[0], ret) : read_several(&c, ret);
}

static int read_step(struct jsonpath_run *r, struct str token, struct jsonpath_step *ret)
{
    static const struct {
        const char *text;
        enum jsonpath_step_kind kind;
    } words[] = {{"$", JSONPATH_ROOT},
                 {"@", JSONPATH_CURRENT},
                 {"*", JSONPATH_ANY},
                 {"..", JSONPATH_DESCENT},
                 {"length", JSONPATH_LENGTH}};

    *ret = (struct jsonpath_step){.kind = JSONPATH_KEY};
    token = str_trim(token);
    if (token.len == 0)
        return jsonpath_fail(
            r, "invalid JSONPath selector '" STR_FMT "' invalid token. token string is empty",
            STR_ARG(str_head(r->path, 300)));
    for (size_t i = 0; i < COUNT_OF(words); i++)
        if (str_is(token, words[i].text)) {
            ret->kind = words[i].kind;
            return 0;
        }
    ret->text = token;
    return token.ptr[0] == '[' ? read_bracket(r, token, ret) : 0;
}

int jsonpath_read_steps(struct jsonpath_run *r, struct str path, jsonpath_steps *ret)
{
    text_list tokens = {};

    if (r->depth >= JSONPATH_DEPTH_MAX)
        return err_set(r->err, ERR_LIMIT, "JSONPath nests deeper than %d", JSONPATH_DEPTH_MAX);
    if (split(r, path, &tokens) < 0)
        return -1;
    r->depth++;
    VEC_FOREACH (token, &tokens) {
        struct jsonpath_step step;

        if (read_step(r, *token, &step) < 0)
            return -1;
        VEC_APUSH(r->a, ret, step);
    }
    r->depth--;
    return 0;
}
