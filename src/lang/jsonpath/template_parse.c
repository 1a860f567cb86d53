/* Reads templates. See template_internal.h. */
#include "formats/gofloat.h"
#include "formats/goquote.h"
#include "lang/jsonpath/template_internal.h"

struct parser {
    struct arena *a;
    struct str in;
    size_t start, pos;
    size_t depth;
    struct jsonpath_node *root;
    struct err *err;
};

enum { END = -1 };

static int fail(struct parser *p, const char *what)
{
    return err_set(p->err, ERR_INVALID, "%s", what);
}

static int peek(const struct parser *p)
{
    return p->pos < p->in.len ? (unsigned char) p->in.ptr[p->pos] : END;
}

static int next(struct parser *p)
{
    int c = peek(p);

    p->pos += c != END;
    return c;
}

static struct str rest_of(const struct parser *p)
{
    return str_skip(p->in, p->pos);
}

static struct str take(struct parser *p)
{
    struct str s = str_of(p->in.ptr + p->start, p->pos - p->start);

    p->start = p->pos;
    return s;
}

static struct jsonpath_node *add(struct parser *p, struct jsonpath_node *to,
                                 enum jsonpath_kind kind)
{
    struct jsonpath_node *n = ARENA_NEW(p->a, struct jsonpath_node);

    n->kind = kind;
    VEC_APUSH(p->a, &to->nodes, n);
    return n;
}

static bool is_digit(int c)
{
    return c >= '0' && c <= '9';
}

/* Letters beyond ASCII count as letters. */
static bool is_letter(int c)
{
    return c == '_' || c >= 0x80 || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

static bool is_terminator(int c)
{
    return c == END || (c && strchr(" \t\r\n.,[]$@{}", c));
}

/* The list that a text in braces makes, as part of another action. */
static struct jsonpath_node *parse_action(struct parser *p, struct str text)
{
    struct jsonpath_node root = {};
    struct str braced = str_printf(p->a, "{" STR_FMT "}", STR_ARG(text));

    if (jsonpath_parse_template(p->a, braced, p->depth + 1, &root, p->err) < 0)
        return NULL;
    return root.nodes.at[0];
}

static int parse_field(struct parser *p, struct jsonpath_node *cur)
{
    struct jsonpath_node *n;
    struct str name;
    char *text;
    size_t len = 0;

    take(p);
    while (!is_terminator(peek(p)))
        if (next(p) == '\\')
            next(p);
    name = take(p);
    n = add(p, cur, str_is(name, "*") ? JSONPATH_WILDCARD : JSONPATH_FIELD);
    text = arena_alloc_raw(p->a, name.len + 1);
    for (size_t i = 0; i < name.len; i++)
        if (name.ptr[i] != '\\')
            text[len++] = name.ptr[i];
    n->text = str_of(text, len);
    return 0;
}

static int parse_recursive(struct parser *p, struct jsonpath_node *cur)
{
    if (cur->nodes.len > 0 && cur->nodes.at[cur->nodes.len - 1]->kind == JSONPATH_RECURSIVE)
        return fail(p, "invalid multiple recursive descent");
    p->pos += 2;
    take(p);
    add(p, cur, JSONPATH_RECURSIVE);
    return is_letter(peek(p)) || is_digit(peek(p)) ? parse_field(p, cur) : 0;
}

static int parse_word(struct parser *p, struct jsonpath_node *cur)
{
    struct jsonpath_node *n;
    struct str word;

    while (!is_terminator(peek(p)))
        next(p);
    word = take(p);
    n = add(p, cur, JSONPATH_WORD);
    n->text = word;
    if (str_is(word, "true") || str_is(word, "false")) {
        n->kind = JSONPATH_LITERAL;
        n->value = json_bool(str_is(word, "true"));
    }
    return 0;
}

static int parse_number(struct parser *p, struct jsonpath_node *cur)
{
    struct jsonpath_node *n;
    struct str text;
    double f = 0;
    int64_t i = 0;

    if (peek(p) == '+' || peek(p) == '-')
        next(p);
    while (peek(p) == '.' || is_digit(peek(p)))
        next(p);
    text = take(p);
    n = add(p, cur, JSONPATH_LITERAL);
    if (parse_i64(str_skip(text, str_starts(text, STR("+"))), &i)) {
        n->value = json_int(p->a, i);
        return 0;
    }
    if (go_float_parse(text, &f) != GO_FLOAT_READ)
        return err_set(p->err, ERR_INVALID, "cannot parse number " STR_FMT, STR_ARG(text));
    n->value = json_float(p->a, f);
    n->params[0].is_derived = true; /* a float, also when it prints as a whole number */
    return 0;
}

/* ---- quoted texts ---- */

static int hex_value(int c)
{
    return is_digit(c)                              ? c - '0'
           : (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (c | 0x20) - 'a' + 10
                                                    : -1;
}

static void add_rune(struct strbuf *b, uint32_t c)
{
    size_t extra = c < 0x80 ? 0 : c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
    static const uint8_t heads[] = {0, 0xc0, 0xe0, 0xf0};

    strbuf_addc(b, (char) (heads[extra] | c >> 6 * extra));
    for (size_t i = extra; i-- > 0;)
        strbuf_addc(b, (char) (0x80 | (c >> 6 * i & 0x3f)));
}

/* Digits of "\x41" and the like; 0 when they are not there. */
static size_t unquote_digits(struct strbuf *b, struct str s)
{
    size_t count = s.ptr[1] == 'x' ? 2 : s.ptr[1] == 'u' ? 4 : s.ptr[1] == 'U' ? 8 : 3;
    size_t from = count == 3 ? 1 : 2;
    uint32_t n = 0;

    if (s.len < from + count)
        return 0;
    for (size_t i = 0; i < count; i++) {
        int digit = hex_value((unsigned char) s.ptr[from + i]);

        if (digit < 0 || (count == 3 && digit > 7))
            return 0;
        n = n * (count == 3 ? 8 : 16) + (uint32_t) digit;
    }
    if (count > 3 ? n > 0x10ffff || (n >= 0xd800 && n < 0xe000) : n > 255)
        return 0;
    if (count > 3)
        add_rune(b, n);
    else
        strbuf_addc(b, (char) n);
    return from + count;
}

/* Bytes of the escape at the beginning of @s; 0 for a bad one. */
static size_t unquote_escape(struct strbuf *b, struct str s, char quote)
{
    static const char letters[] = "abfnrtv\\", values[] = "\a\b\f\n\r\t\v\\";
    const char *letter = s.len > 1 && s.ptr[1] ? strchr(letters, s.ptr[1]) : NULL;

    if (letter) {
        strbuf_addc(b, values[letter - letters]);
        return 2;
    }
    if (s.len > 1 && s.ptr[1] == quote) {
        strbuf_addc(b, quote);
        return 2;
    }
    return s.len > 1 && s.ptr[1] && strchr("xuU01234567", s.ptr[1]) ? unquote_digits(b, s) : 0;
}

static int unquote(struct parser *p, struct str whole, struct str *ret)
{
    struct str s = str_of(whole.ptr + 1, whole.len - 2);
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(s.len + 8);
    size_t used;

    while (s.len > 0) {
        used = s.ptr[0] == '\\'           ? unquote_escape(&b, s, whole.ptr[0])
               : s.ptr[0] == whole.ptr[0] ? 0
                                          : 1;
        if (used == 0)
            return err_set(p->err, ERR_INVALID,
                           "unquote string " STR_FMT " error invalid syntax", STR_ARG(whole));
        if (s.ptr[0] != '\\')
            strbuf_addc(&b, s.ptr[0]);
        s = str_skip(s, used);
    }
    *ret = str_copy(p->a, strbuf_str(&b));
    return 0;
}

static int parse_quote(struct parser *p, struct jsonpath_node *cur, int end)
{
    struct str text = STR("");
    int c;

    do {
        c = next(p);
        if (c == END || c == '\n')
            return fail(p, "unterminated quoted string");
    } while (c != end || p->in.ptr[p->pos - 2] == '\\');
    if (unquote(p, take(p), &text) < 0)
        return -1;
    add(p, cur, JSONPATH_TEXT)->text = text;
    return 0;
}

/* ---- brackets ---- */

static bool is_number_text(struct str s)
{
    s = str_skip(s, str_starts(s, STR("-")));
    for (size_t i = 0; i < s.len; i++)
        if (!is_digit((unsigned char) s.ptr[i]))
            return false;
    return true;
}

/* "from:to:step"; an index is the slice up to the next one. */
static int parse_slice(struct parser *p, struct jsonpath_node *cur, struct str text)
{
    struct jsonpath_node *n;
    struct str rest = text, part;
    struct jsonpath_param params[3] = {};
    size_t i = 0, count = 0;

    for (; i < 3 && str_cut(&rest, ':', &part); i++) {
        if (!is_number_text(part))
            return err_set(p->err, ERR_INVALID, "invalid array index " STR_FMT, STR_ARG(text));
        params[i].is_known = part.len > 0;
        if (part.len > 0 && !parse_i64(part, &params[i].value))
            return err_set(p->err, ERR_INVALID, "array index " STR_FMT " is not a number",
                           STR_ARG(part));
    }
    for (size_t k = 0; k < text.len; k++)
        count += text.ptr[k] == ':';
    if (count > 2)
        return err_set(p->err, ERR_INVALID, "invalid array index " STR_FMT, STR_ARG(text));
    if (count == 0)
        params[1] = (struct jsonpath_param){params[0].value + 1, true, true};
    n = add(p, cur, JSONPATH_ARRAY);
    memcpy(n->params, params, sizeof(params));
    return 0;
}

static int parse_union(struct parser *p, struct jsonpath_node *cur, struct str text)
{
    struct jsonpath_node *n = add(p, cur, JSONPATH_UNION), *part;
    struct str piece;
    bool is_last;

    do {
        size_t at = str_find_char(text, ',');

        is_last = at == SIZE_MAX;
        piece = is_last ? text : str_head(text, at);
        text = is_last ? STR("") : str_skip(text, at + 1);
        while (str_starts(piece, STR(" ")))
            piece = str_skip(piece, 1);
        while (str_ends(piece, STR(" ")))
            piece.len--;
        part = parse_action(p, str_printf(p->a, "[" STR_FMT "]", STR_ARG(piece)));
        if (!part)
            return -1;
        VEC_APUSH(p->a, &n->nodes, part);
    } while (!is_last);
    return 0;
}

static int parse_array(struct parser *p, struct jsonpath_node *cur)
{
    struct jsonpath_node *list;
    struct str text;
    int c;

    do {
        c = next(p);
        if (c == END || c == '\n')
            return fail(p, "unterminated array");
    } while (c != ']');
    text = take(p);
    text = str_of(text.ptr + 1, text.len - 2);
    if (str_is(text, "*"))
        text = STR(":");
    if (str_find_char(text, ',') != SIZE_MAX)
        return parse_union(p, cur, text);
    if (text.len >= 2 && text.ptr[0] == '\'' && str_ends(text, STR("'")) &&
        str_find_char(str_of(text.ptr + 1, text.len - 2), '\'') == SIZE_MAX) {
        text = str_of(text.ptr + 1, text.len - 2);
        list = parse_action(p, str_printf(p->a, "." STR_FMT, STR_ARG(text)));
        for (size_t i = 0; list && i < list->nodes.len; i++)
            VEC_APUSH(p->a, &cur->nodes, list->nodes.at[i]);
        return list ? 0 : -1;
    }
    return parse_slice(p, cur, text);
}

/* How far a text has none of @stops, or only them. */
static size_t span_of(struct str s, size_t from, bool is_stop)
{
    size_t i = from;

    while (i < s.len && s.ptr[i] && (strchr("!<>=", s.ptr[i]) != NULL) == is_stop)
        i++;
    return i;
}

static int make_filter(struct parser *p, struct jsonpath_node *cur, struct str text)
{
    size_t op = span_of(text, 0, false), end = span_of(text, op, true);
    struct jsonpath_node *n = add(p, cur, JSONPATH_FILTER), *left, *right = NULL;

    if (end == text.len && end > op + 1) /* the right side takes at least one character */
        end--;
    if (op == 0 || op == end || end == text.len) {
        n->text = STR("exists");
        left = parse_action(p, text);
    } else {
        n->text = str_of(text.ptr + op, end - op);
        left = parse_action(p, str_head(text, op));
        right = left ? parse_action(p, str_skip(text, end)) : NULL;
        if (!right)
            return -1;
    }
    if (!left)
        return -1;
    VEC_APUSH(p->a, &n->nodes, left);
    if (right)
        VEC_APUSH(p->a, &n->nodes, right);
    return 0;
}

static int parse_filter(struct parser *p, struct jsonpath_node *cur)
{
    bool begins = false, ends = false;
    int pair = 0, c;
    struct str text;

    p->pos += 3;
    take(p);
    for (;;) {
        c = next(p);
        if (c == END || c == '\n')
            return fail(p, "unterminated filter");
        if ((c == '"' || c == '\'') && !begins) {
            begins = true;
            pair = c;
        } else if ((c == '"' || c == '\'') && p->in.ptr[p->pos - 2] != '\\' && c == pair) {
            ends = true;
        } else if (c == ')' && begins == ends) {
            break;
        }
    }
    if (next(p) != ']')
        return fail(p, "unclosed array expect ]");
    text = take(p);
    return make_filter(p, cur, str_head(text, text.len - 2));
}

/* ---- actions and texts ---- */

static int parse_item(struct parser *p, struct jsonpath_node *cur)
{
    int c;

    if (str_starts(rest_of(p), STR("[?(")))
        return parse_filter(p, cur);
    if (str_starts(rest_of(p), STR("..")))
        return parse_recursive(p, cur);
    c = peek(p);
    if (c == '+' || c == '-' || is_digit(c))
        return parse_number(p, cur);
    if (is_letter(c) && c != END)
        return parse_word(p, cur);
    next(p);
    switch (c) {
    case END:
    case '\r':
    case '\n':
        return fail(p, "unclosed action");
    case ' ':
    case '@':
    case '$':
        take(p);
        return 0;
    case '[':
        return parse_array(p, cur);
    case '"':
    case '\'':
        return parse_quote(p, cur, c);
    case '.':
        return parse_field(p, cur);
    default:
        return err_set(p->err, ERR_INVALID, "unrecognized character in action: U+%04X '%c'",
                       (unsigned) c, c);
    }
}

static int parse_braces(struct parser *p)
{
    struct jsonpath_node *cur = add(p, p->root, JSONPATH_LIST);

    p->pos++;
    take(p);
    while (peek(p) != '}')
        if (parse_item(p, cur) < 0)
            return -1;
    p->pos++;
    take(p);
    return 0;
}

int jsonpath_parse_template(struct arena *a, struct str text, size_t depth,
                            struct jsonpath_node *root, struct err *err)
{
    struct parser p = {.a = a, .in = text, .depth = depth, .root = root, .err = err};

    if (depth > JSONPATH_DEPTH_MAX)
        return err_set(err, ERR_LIMIT, "JSONPath nests deeper than %d", JSONPATH_DEPTH_MAX);
    while (p.pos < text.len) {
        if (peek(&p) != '{') {
            p.pos++;
            if (p.pos < text.len && peek(&p) != '{')
                continue;
            add(&p, root, JSONPATH_TEXT)->text = take(&p);
        } else if (parse_braces(&p) < 0) {
            return -1;
        }
    }
    return 0;
}
