/*
 * lang/template/node.c - nodes as text, and texts in quotes, as Go's.
 *
 * Any thread.
 */
#include "formats/goquote.h"
#include "lang/template/template_internal.h"

static void print(struct strbuf *b, const struct template_node *n);

static void print_pipe(struct strbuf *b, const struct template_node *n)
{
    for (size_t i = 0; i < n->variables.len; i++) {
        strbuf_addz(b, i > 0 ? ", " : "");
        print(b, n->variables.at[i]);
    }
    if (n->variables.len > 0)
        strbuf_addz(b, n->is_assignment ? " = " : " := ");
    for (size_t i = 0; i < n->kids.len; i++) {
        strbuf_addz(b, i > 0 ? " | " : "");
        print(b, n->kids.at[i]);
    }
}

static void print_in_parentheses(struct strbuf *b, const struct template_node *n)
{
    if (n->kind == TEMPLATE_PIPE)
        strbuf_addc(b, '(');
    print(b, n);
    if (n->kind == TEMPLATE_PIPE)
        strbuf_addc(b, ')');
}

static void print_names(struct strbuf *b, const struct template_node *n)
{
    bool has_dollar = n->kind == TEMPLATE_VARIABLE;

    for (size_t i = 0; i < n->name_count; i++) {
        if (i > 0 || !has_dollar)
            strbuf_addc(b, '.');
        strbuf_add(b, n->names[i]);
    }
}

static void print_control(struct strbuf *b, const struct template_node *n, const char *word)
{
    strbuf_addf(b, "{{%s ", word);
    print(b, n->pipe);
    strbuf_addz(b, "}}");
    print(b, n->body);
    if (n->otherwise) {
        strbuf_addz(b, "{{else}}");
        print(b, n->otherwise);
    }
    strbuf_addz(b, "{{end}}");
}

static void print_call(struct strbuf *b, const struct template_node *n)
{
    strbuf_addz(b, "{{template ");
    go_quote_add(b, n->text);
    if (n->pipe) {
        strbuf_addc(b, ' ');
        print(b, n->pipe);
    }
    strbuf_addz(b, "}}");
}

static void print(struct strbuf *b, const struct template_node *n)
{
    switch (n->kind) {
    case TEMPLATE_LIST:
        for (size_t i = 0; i < n->kids.len; i++)
            print(b, n->kids.at[i]);
        break;
    case TEMPLATE_ACTION:
        strbuf_addz(b, "{{");
        print(b, n->pipe);
        strbuf_addz(b, "}}");
        break;
    case TEMPLATE_COMMAND:
        for (size_t i = 0; i < n->kids.len; i++) {
            strbuf_addz(b, i > 0 ? " " : "");
            print_in_parentheses(b, n->kids.at[i]);
        }
        break;
    case TEMPLATE_FIELD:
    case TEMPLATE_VARIABLE:
        print_names(b, n);
        break;
    case TEMPLATE_CHAIN:
        print_in_parentheses(b, n->pipe);
        print_names(b, n);
        break;
    case TEMPLATE_PIPE:
        print_pipe(b, n);
        break;
    case TEMPLATE_IF:
        print_control(b, n, "if");
        break;
    case TEMPLATE_RANGE:
        print_control(b, n, "range");
        break;
    case TEMPLATE_WITH:
        print_control(b, n, "with");
        break;
    case TEMPLATE_CALL:
        print_call(b, n);
        break;
    case TEMPLATE_BREAK:
        strbuf_addz(b, "{{break}}");
        break;
    case TEMPLATE_CONTINUE:
        strbuf_addz(b, "{{continue}}");
        break;
    case TEMPLATE_TEXT:
    case TEMPLATE_IDENTIFIER:
    case TEMPLATE_DOT:
    case TEMPLATE_NIL:
    case TEMPLATE_BOOL:
    case TEMPLATE_NUMBER:
    case TEMPLATE_STRING:
        strbuf_add(b, n->text);
        break;
    }
}

struct str template_node_text(struct arena *a, const struct template_node *n)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(2 * GO_TEMPLATE_MAX_BYTES);

    print(&b, n);
    return str_copy(a, strbuf_str(&b));
}

/* ---- quotes ---- */

static int hex_of(char c)
{
    return c >= '0' && c <= '9'                 ? c - '0'
           : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10
                                                : -1;
}

/* A number of @len digits; false when they are none. */
static bool take_digits(struct str *rest, size_t len, unsigned base, uint32_t *ret)
{
    *ret = 0;
    if (rest->len < len)
        return false;
    for (size_t i = 0; i < len; i++) {
        int digit = hex_of(rest->ptr[i]);

        if (digit < 0 || (unsigned) digit >= base)
            return false;
        *ret = *ret * base + (unsigned) digit;
    }
    *rest = str_skip(*rest, len);
    return true;
}

/* What stands behind a backslash; @is_byte: \x and octal are bytes of a text. */
static bool take_escape(struct str *rest, char quote, uint32_t *ret, bool *is_byte)
{
    static const char letters[] = "abfnrtv\\", values[] = "\a\b\f\n\r\t\v\\";
    char c = rest->len > 0 ? rest->ptr[0] : '\0';
    const char *at = c ? strchr(letters, c) : NULL;

    *is_byte = c == 'x' || (c >= '0' && c <= '7');
    if (c >= '0' && c <= '7')
        return take_digits(rest, 3, 8, ret) && *ret < 256;
    *rest = str_skip(*rest, 1);
    if (c == 'x')
        return take_digits(rest, 2, 16, ret);
    if (c == 'u' || c == 'U')
        return take_digits(rest, c == 'u' ? 4 : 8, 16, ret) && *ret <= 0x10ffff &&
               !(*ret >= 0xd800 && *ret < 0xe000);
    *ret = at ? (unsigned char) values[at - letters] : (unsigned char) quote;
    return at || (c && c == quote);
}

bool template_unquote(struct arena *a, struct str quoted, struct str *ret)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(GO_TEMPLATE_MAX_BYTES + 1);
    struct str rest = str_head(str_skip(quoted, 1), quoted.len - 2);

    for (size_t i = 0; quoted.ptr[0] == '`' && i < rest.len; i++)
        if (rest.ptr[i] != '\r')
            strbuf_addc(&b, rest.ptr[i]);
    while (quoted.ptr[0] != '`' && rest.len > 0) {
        bool is_byte;
        uint32_t c;

        if (rest.ptr[0] != '\\') {
            strbuf_addc(&b, rest.ptr[0]);
            rest = str_skip(rest, 1);
            continue;
        }
        rest = str_skip(rest, 1);
        if (!take_escape(&rest, '"', &c, &is_byte))
            return false;
        if (is_byte)
            strbuf_addc(&b, (char) c);
        else
            value_add_rune(&b, c);
    }
    *ret = str_copy(a, strbuf_str(&b));
    return true;
}

bool template_unquote_char(struct str quoted, uint32_t *ret)
{
    struct str rest = str_head(str_skip(quoted, 1), quoted.len - 2);
    bool is_byte;
    size_t size = 1;

    if (rest.len == 0)
        return false;
    if (rest.ptr[0] == '\\') {
        rest = str_skip(rest, 1);
        return take_escape(&rest, '\'', ret, &is_byte) && rest.len == 0;
    }
    *ret = go_rune_next(rest, &size);
    if (*ret == UINT32_MAX)
        *ret = 0xfffd;
    return size == rest.len;
}
