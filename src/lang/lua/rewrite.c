/*
 * Makes of a script of upstream's Lua one that means the same here. Three things differ that no
 * function can mend: a number that is joined to a text is written as Go writes it, a function
 * of any number of arguments has them in "arg", and \x and \z are no escapes.
 *
 * The script is cut into tokens; an operand of ".." begins behind what binds less, and ends
 * where its grammar does. Nothing is moved to another line. What is not understood stays as it
 * is. Invariant: insertions come in the order of the text.
 */
#include "lang/lua/luascript_internal.h"

#include <ctype.h>

#include "base/limits.h"
#include "base/mem.h"
#include "base/vec.h"

enum kind { TOKEN_NAME, TOKEN_KEYWORD, TOKEN_NUMBER, TOKEN_TEXT, TOKEN_OTHER };

struct token {
    struct str text;
    enum kind kind;
    size_t partner; /* of a bracket: the place of its other half */
    bool opens, closes, is_vararg;
};

struct script {
    struct str source;
    VEC(struct token) list;
    bool has_arg, is_changed;
};

/* ---- tokens ---- */

static bool is_keyword(struct str s)
{
    static const char *const words[] = {"and", "break",    "do",     "else", "elseif", "end",
                                        "for", "function", "goto",   "if",   "in",     "local",
                                        "or",  "repeat",   "return", "then", "until",  "while"};

    for (size_t i = 0; i < COUNT_OF(words); i++)
        if (str_is(s, words[i]))
            return true;
    return false;
}

/* "[[", "[==[": the bytes up to the end of what it opens, or 0. */
static size_t long_bracket(struct str s)
{
    size_t level = 0, i;

    if (s.len < 2 || s.ptr[0] != '[')
        return 0;
    while (1 + level < s.len && s.ptr[1 + level] == '=')
        level++;
    if (1 + level >= s.len || s.ptr[1 + level] != '[')
        return 0;
    for (i = level + 2; i + level + 1 < s.len; i++) {
        size_t k = 0;

        if (s.ptr[i] != ']')
            continue;
        while (k < level && s.ptr[i + 1 + k] == '=')
            k++;
        if (k == level && s.ptr[i + 1 + k] == ']')
            return i + level + 2;
    }
    return s.len;
}

static size_t quoted_len(struct str s)
{
    for (size_t i = 1; i < s.len; i++) {
        if (s.ptr[i] == '\\')
            i++;
        else if (s.ptr[i] == s.ptr[0])
            return i + 1;
    }
    return s.len;
}

static size_t comment_len(struct str s)
{
    size_t len = long_bracket(str_skip(s, 2));

    if (len > 0)
        return len + 2;
    len = str_find_char(s, '\n');
    return len == SIZE_MAX ? s.len : len;
}

static size_t number_len(struct str s)
{
    size_t i = 0;
    bool is_hex = s.len > 1 && s.ptr[0] == '0' && (s.ptr[1] == 'x' || s.ptr[1] == 'X');

    for (; i < s.len; i++) {
        char c = s.ptr[i];
        bool is_exponent = i > 0 && !is_hex && (s.ptr[i - 1] == 'e' || s.ptr[i - 1] == 'E');

        if (c == '.' && i + 1 < s.len && s.ptr[i + 1] == '.')
            break;
        if (!isalnum((unsigned char) c) && c != '.' && !(is_exponent && (c == '+' || c == '-')))
            break;
    }
    return i;
}

static bool is_name_byte(char c)
{
    return isalnum((unsigned char) c) || c == '_' || (unsigned char) c >= 0x80;
}

static size_t other_len(struct str s)
{
    static const char *const pairs[] = {"...", "..", "==", "~=", "<=", ">=", "::"};

    for (size_t i = 0; i < COUNT_OF(pairs); i++)
        if (str_starts(s, str_from(pairs[i])))
            return strlen(pairs[i]);
    return 1;
}

static size_t token_len(struct str s, enum kind *ret)
{
    size_t len = long_bracket(s);

    *ret = TOKEN_TEXT;
    if (len > 0)
        return len;
    if (s.ptr[0] == '"' || s.ptr[0] == '\'')
        return quoted_len(s);
    *ret = TOKEN_NUMBER;
    if (isdigit((unsigned char) s.ptr[0]) ||
        (s.ptr[0] == '.' && s.len > 1 && isdigit((unsigned char) s.ptr[1])))
        return number_len(s);
    *ret = TOKEN_OTHER;
    if (!is_name_byte(s.ptr[0]))
        return other_len(s);
    for (len = 1; len < s.len && is_name_byte(s.ptr[len]);)
        len++;
    *ret = is_keyword(str_head(s, len)) ? TOKEN_KEYWORD : TOKEN_NAME;
    return len;
}

static void cut(struct script *s)
{
    struct str rest = s->source;

    while (rest.len > 0) {
        struct token t = {.partner = SIZE_MAX};
        size_t len;

        if (isspace((unsigned char) rest.ptr[0])) {
            rest = str_skip(rest, 1);
            continue;
        }
        if (str_starts(rest, STR("--"))) {
            rest = str_skip(rest, comment_len(rest));
            continue;
        }
        len = token_len(rest, &t.kind);
        t.text = str_head(rest, len);
        s->has_arg = s->has_arg || (t.kind == TOKEN_NAME && str_is(t.text, "arg"));
        VEC_PUSH(&s->list, t);
        rest = str_skip(rest, len);
    }
}

static bool is_one(const struct token *t, const char *bytes)
{
    return t->kind == TOKEN_OTHER && t->text.len == 1 && strchr(bytes, t->text.ptr[0]);
}

static bool is_text(const struct token *t, const char *text)
{
    return t->kind != TOKEN_TEXT && str_is(t->text, text);
}

static void pair_brackets(struct script *s)
{
    VEC(size_t) open = {0};

    for (size_t i = 0; i < s->list.len; i++) {
        struct token *t = &s->list.at[i];

        if (is_one(t, "([{")) {
            VEC_PUSH(&open, i);
        } else if (is_one(t, ")]}") && open.len > 0) {
            t->partner = open.at[--open.len];
            s->list.at[t->partner].partner = i;
        }
    }
    VEC_DONE(&open);
}

/* ---- operands ---- */

static const struct token *at(const struct script *s, size_t i)
{
    static const struct token none = {.kind = TOKEN_OTHER, .partner = SIZE_MAX};

    return i < s->list.len ? &s->list.at[i] : &none;
}

/* Behind the bracket's other half, or SIZE_MAX. */
static size_t over(const struct script *s, size_t i)
{
    return at(s, i)->partner == SIZE_MAX ? SIZE_MAX : at(s, i)->partner + 1;
}

/* Indexes and calls. */
static size_t suffixes(const struct script *s, size_t i)
{
    while (i != SIZE_MAX) {
        const struct token *t = at(s, i);

        if (is_one(t, "([{"))
            i = over(s, i);
        else if (t->kind == TOKEN_TEXT)
            i++;
        else if (is_one(t, ".:") && at(s, i + 1)->kind == TOKEN_NAME)
            i += 2;
        else
            break;
    }
    return i;
}

static size_t primary(const struct script *s, size_t i)
{
    const struct token *t = at(s, i);

    if (t->kind == TOKEN_NUMBER || t->kind == TOKEN_TEXT || is_text(t, "...") ||
        is_text(t, "nil") || is_text(t, "true") || is_text(t, "false"))
        return i + 1;
    if (is_one(t, "{"))
        return over(s, i);
    if (t->kind == TOKEN_NAME)
        return suffixes(s, i + 1);
    return is_one(t, "(") ? suffixes(s, over(s, i)) : SIZE_MAX;
}

/* Where the operand that begins at @i ends, or SIZE_MAX. */
static size_t operand_end(const struct script *s, size_t i)
{
    for (;;) {
        while (is_one(at(s, i), "-#") || is_text(at(s, i), "not"))
            i++;
        i = primary(s, i);
        if (i == SIZE_MAX || !is_one(at(s, i), "+-*/%^"))
            return i;
        i++;
    }
}

/* Where the operand that ends before @i begins. */
static size_t operand_begin(const struct script *s, size_t i)
{
    while (i > 0) {
        const struct token *t = at(s, i - 1);

        if (is_one(t, ")]}")) {
            if (t->partner == SIZE_MAX)
                return i;
            i = t->partner;
            continue;
        }
        if (t->kind == TOKEN_KEYWORD || is_one(t, "([{,;=<>") || is_text(t, "..") ||
            is_text(t, "==") || is_text(t, "~=") || is_text(t, "<=") || is_text(t, ">=") ||
            is_text(t, "::"))
            return i;
        i--;
    }
    return i;
}

static void mark(struct script *s, size_t begin, size_t end)
{
    if (begin >= end || s->list.at[begin].opens ||
        (begin + 1 == end && s->list.at[begin].kind == TOKEN_TEXT))
        return;
    s->list.at[begin].opens = true;
    s->list.at[end - 1].closes = true;
    s->is_changed = true;
}

/* Brackets around what a mark says do not cross: operands of one ".." side by side, others
 * within brackets. */
static void mark_operands(struct script *s)
{
    for (size_t i = 0; i < s->list.len; i++) {
        size_t begin, end;

        if (!is_text(&s->list.at[i], ".."))
            continue;
        begin = operand_begin(s, i);
        end = operand_end(s, i + 1);
        if (operand_end(s, begin) != i || end == SIZE_MAX)
            continue;
        mark(s, begin, i);
        mark(s, i + 1, end);
    }
}

/* Does the function whose parameters end at @i use "..." itself? Then it has no "arg". */
static bool uses_dots(const struct script *s, size_t i)
{
    VEC(bool) blocks = {0}; /* is it a function? */
    size_t functions = 1;
    bool is_found = false;

    VEC_PUSH(&blocks, true);
    for (i++; i < s->list.len && blocks.len > 0 && !is_found; i++) {
        const struct token *t = &s->list.at[i];
        bool is_function = is_text(t, "function");

        if (is_function || is_text(t, "do") || is_text(t, "if") || is_text(t, "repeat")) {
            VEC_PUSH(&blocks, is_function);
            functions += is_function;
        } else if (is_text(t, "end") || is_text(t, "until")) {
            functions -= blocks.at[--blocks.len];
        }
        is_found = functions == 1 && is_text(t, "...");
    }
    VEC_DONE(&blocks);
    return is_found;
}

/* function f(a, ...) */
static void mark_varargs(struct script *s)
{
    for (size_t i = 0; s->has_arg && i < s->list.len; i++) {
        size_t k = i + 1;

        if (!is_text(&s->list.at[i], "function") || s->list.at[i].kind != TOKEN_KEYWORD)
            continue;
        while (at(s, k)->kind == TOKEN_NAME || is_one(at(s, k), ".:"))
            k++;
        k = is_one(at(s, k), "(") ? at(s, k)->partner : SIZE_MAX;
        if (k == SIZE_MAX || !is_text(at(s, k - 1), "...") || uses_dots(s, k))
            continue;
        s->list.at[k].is_vararg = true;
        s->is_changed = true;
    }
}

/* ---- the new text ---- */

static bool has_foreign_escape(struct str text)
{
    for (size_t i = 0; i + 1 < text.len; i++)
        if (text.ptr[i] == '\\' && strchr("xzu", text.ptr[++i]) && text.ptr[i])
            return true;
    return false;
}

static void add_text(struct strbuf *b, struct str text)
{
    for (size_t i = 0; i < text.len; i++) {
        bool is_escape = text.ptr[i] == '\\' && i + 1 < text.len;

        if (is_escape && strchr("xzu", text.ptr[i + 1]) && text.ptr[i + 1])
            i++;
        else if (is_escape)
            strbuf_addc(b, text.ptr[i++]);
        strbuf_addc(b, text.ptr[i]);
    }
}

static void add_token(struct strbuf *b, const struct token *t)
{
    if (t->opens)
        strbuf_addz(b, LUASCRIPT_JOINED "(");
    if (t->kind == TOKEN_TEXT && t->text.ptr[0] != '[')
        add_text(b, t->text);
    else
        strbuf_add(b, t->text);
    if (t->closes)
        strbuf_addc(b, ')');
    if (t->is_vararg)
        strbuf_addz(b, " local arg={n=select('#',...),...} ");
}

bool luascript_rewrite(struct str source, struct strbuf *ret)
{
    struct script s = {.source = source};
    size_t done = 0;

    cut(&s);
    pair_brackets(&s);
    mark_operands(&s);
    mark_varargs(&s);
    for (size_t i = 0; i < s.list.len; i++)
        s.is_changed = s.is_changed ||
                       (s.list.at[i].kind == TOKEN_TEXT && s.list.at[i].text.ptr[0] != '[' &&
                        has_foreign_escape(s.list.at[i].text));
    if (s.is_changed)
        strbuf_addz(ret, "local " LUASCRIPT_JOINED "=_G." LUASCRIPT_JOINED
                         " _G." LUASCRIPT_JOINED "=nil ");
    for (size_t i = 0; s.is_changed && i < s.list.len; i++) {
        const struct token *t = &s.list.at[i];
        size_t begin = (size_t) (t->text.ptr - source.ptr);

        strbuf_add(ret, str_of(source.ptr + done, begin - done)); /* blanks and comments */
        add_token(ret, t);
        done = begin + t->text.len;
    }
    VEC_DONE(&s.list);
    return s.is_changed && !ret->is_over;
}
