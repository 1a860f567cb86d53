/*
 * lang/template/parse.c - the trees of a template, as Go's text/template/parse builds them.
 *
 * Any thread. Functions and variables must be known. Depth is bounded by GO_TEMPLATE_DEPTH_MAX.
 */
#include "formats/gofloat.h"
#include "formats/goint.h"
#include "formats/goquote.h"
#include "lang/template/template_internal.h"

struct parser {
    struct arena *a;
    struct template *t;
    const struct template_token *next;
    uint32_t line;        /* of the token that was looked at last */
    uint32_t action_line; /* where the action under way began; 0: none */
    size_t depth, range_depth;
    VEC(struct str) variables; /* that are in scope */
    struct err *err;
};

typedef struct template_node node;

static int fail(struct parser *p, const char *fmt, ...) _printf_(2, 3);

static int fail(struct parser *p, const char *fmt, ...)
{
    char text[ERR_TEXT_MAX_BYTES];
    va_list args;

    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    return err_set(p->err, ERR_INVALID, "template: " STR_FMT ":%u: %s", STR_ARG(p->t->name),
                   p->line, text);
}

static const struct template_token *peek(struct parser *p)
{
    p->line = p->next->line;
    return p->next;
}

static const struct template_token *take(struct parser *p)
{
    const struct template_token *token = peek(p);

    if (token->kind != TEMPLATE_EOF && token->kind != TEMPLATE_ERROR)
        p->next++;
    return token;
}

static const struct template_token *peek_word(struct parser *p)
{
    while (peek(p)->kind == TEMPLATE_SPACE)
        p->next++;
    return p->next;
}

static const struct template_token *take_word(struct parser *p)
{
    peek_word(p);
    return take(p);
}

/* A token as messages show it. */
static struct str token_text(struct parser *p, const struct template_token *token)
{
    struct str text = token->text;

    if (token->kind == TEMPLATE_EOF)
        return STR("EOF");
    if (token->kind == TEMPLATE_ERROR)
        return text;
    if (token->kind > TEMPLATE_KEYWORD)
        return str_printf(p->a, "<" STR_FMT ">", STR_ARG(text));
    if (text.len > 10)
        return str_concat(p->a, go_quote(p->a, str_head(text, 10)), STR("..."));
    return go_quote(p->a, text);
}

static int fail_token(struct parser *p, const struct template_token *token, const char *context)
{
    struct str text = token_text(p, token);
    bool is_far = p->action_line != 0 && p->action_line != token->line;

    if (token->kind != TEMPLATE_ERROR)
        return fail(p, "unexpected " STR_FMT " in %s", STR_ARG(text), context);
    if (is_far)
        return fail(p, STR_FMT "%s started at " STR_FMT ":%u", STR_ARG(text),
                    str_ends(text, STR(" action")) ? "" : " in action", STR_ARG(p->t->name),
                    p->action_line);
    return fail(p, STR_FMT, STR_ARG(text));
}

static int enter(struct parser *p)
{
    if (p->depth >= GO_TEMPLATE_DEPTH_MAX)
        return err_set(p->err, ERR_LIMIT, "template nests deeper than %d levels",
                       GO_TEMPLATE_DEPTH_MAX);
    p->depth++;
    return 0;
}

static node *make(struct parser *p, enum template_node_kind kind, uint32_t pos)
{
    node *n = ARENA_NEW(p->a, node);

    n->kind = kind;
    n->pos = pos;
    return n;
}

static void add_name(struct parser *p, node *n, struct str name)
{
    size_t count = n->name_count;
    bool is_full = (count & (count - 1)) == 0; /* there is room for powers of two */
    struct str *names = is_full ? ARENA_ARRAY(p->a, struct str, 2 * count + 1) : n->names;

    if (is_full && count > 0)
        memcpy(names, n->names, count * sizeof(*names));
    names[count] = name;
    n->names = names;
    n->name_count++;
}

/* ---- operands ---- */

static int parse_char(struct parser *p, node *n)
{
    uint32_t c = 0;

    if (!template_unquote_char(n->text, &c))
        return fail(p, "malformed character constant: " STR_FMT, STR_ARG(n->text));
    n->is_int = n->is_float = true;
    n->number = (int64_t) c;
    n->real = (double) c;
    return 0;
}

static bool has_point(struct str text)
{
    for (size_t i = 0; i < text.len; i++)
        if (strchr(".eEpP", text.ptr[i]) && text.ptr[i])
            return true;
    return false;
}

static int parse_number(struct parser *p, node *n)
{
    bool has_sign = n->text.len > 0 && (n->text.ptr[0] == '-' || n->text.ptr[0] == '+');
    bool is_negative = has_sign && n->text.ptr[0] == '-';
    struct str digits = str_skip(n->text, has_sign);
    uint64_t whole = 0;

    if (n->text.ptr[n->text.len - 1] == 'i')
        return err_set(p->err, ERR_UNSUPPORTED,
                       "template: " STR_FMT ":%u: complex numbers are not supported yet",
                       STR_ARG(p->t->name), p->line);
    if (go_uint_parse(digits, &whole)) {
        n->is_int = is_negative ? whole <= (uint64_t) INT64_MAX + 1 : whole <= INT64_MAX;
        n->is_unsigned = !has_sign || (is_negative && whole == 0);
        n->number = (int64_t) (is_negative ? 0 - whole : whole);
        n->is_float = n->is_int || n->is_unsigned;
        n->real = n->is_int ? (double) n->number : (double) whole;
        if (n->is_float)
            return 0;
    }
    if (go_float_parse(n->text, &n->real) != GO_FLOAT_READ)
        return fail(p, "illegal number syntax: \"" STR_FMT "\"", STR_ARG(n->text));
    if (!has_point(n->text))
        return fail(p, "integer overflow: \"" STR_FMT "\"", STR_ARG(n->text));
    n->is_float = true;
    if (n->real >= -0x1p63 && n->real < 0x1p63 && n->real == (double) (int64_t) n->real) {
        n->is_int = true;
        n->number = (int64_t) n->real;
    }
    return 0;
}

static int parse_string(struct parser *p, node *n)
{
    if (!template_unquote(p->a, n->text, &n->value))
        return fail(p, "invalid syntax");
    return 0;
}

static int use_variable(struct parser *p, node *n, struct str name)
{
    for (size_t i = 0; i < p->variables.len; i++)
        if (str_eq(p->variables.at[i], name)) {
            add_name(p, n, name);
            return 0;
        }
    return fail(p, "undefined variable " STR_FMT, STR_ARG(go_quote(p->a, name)));
}

static int parse_pipe(struct parser *p, const char *context, enum template_token_kind end,
                      node **ret);

/* 1: there is none. */
static int parse_term(struct parser *p, node **ret)
{
    const struct template_token *token = peek_word(p);
    node *n = make(p, TEMPLATE_DOT, token->pos);

    n->text = token->text;
    *ret = n;
    switch (token->kind) {
    case TEMPLATE_TOKEN_IDENTIFIER:
        take(p);
        n->kind = TEMPLATE_IDENTIFIER;
        n->function = template_function(n->text);
        if (!n->function)
            return fail(p, "function " STR_FMT " not defined",
                        STR_ARG(go_quote(p->a, n->text)));
        return 0;
    case TEMPLATE_TOKEN_DOT:
        take(p);
        return 0;
    case TEMPLATE_TOKEN_NIL:
        take(p);
        n->kind = TEMPLATE_NIL;
        return 0;
    case TEMPLATE_TOKEN_VARIABLE:
        take(p);
        n->kind = TEMPLATE_VARIABLE;
        return use_variable(p, n, n->text);
    case TEMPLATE_TOKEN_FIELD:
        take(p);
        n->kind = TEMPLATE_FIELD;
        add_name(p, n, str_skip(n->text, 1));
        return 0;
    case TEMPLATE_TOKEN_BOOL:
        take(p);
        n->kind = TEMPLATE_BOOL;
        n->is_true = str_is(n->text, "true");
        return 0;
    case TEMPLATE_CHAR_CONSTANT:
        take(p);
        n->kind = TEMPLATE_NUMBER;
        return parse_char(p, n);
    case TEMPLATE_TOKEN_NUMBER:
        take(p);
        n->kind = TEMPLATE_NUMBER;
        return parse_number(p, n);
    case TEMPLATE_LEFT_PAREN:
        take(p);
        return parse_pipe(p, "parenthesized pipeline", TEMPLATE_RIGHT_PAREN, ret);
    case TEMPLATE_QUOTED:
    case TEMPLATE_RAW_STRING:
        take(p);
        n->kind = TEMPLATE_STRING;
        return parse_string(p, n);
    default:
        return 1;
    }
}

/* A term with the fields behind it. */
static int parse_operand(struct parser *p, node **ret)
{
    int rc = parse_term(p, ret);
    node *term = *ret, *chain = term;
    uint32_t pos;

    if (rc != 0 || peek(p)->kind != TEMPLATE_TOKEN_FIELD)
        return rc;
    pos = p->next->pos;
    if (term->kind == TEMPLATE_BOOL || term->kind == TEMPLATE_STRING ||
        term->kind == TEMPLATE_NUMBER || term->kind == TEMPLATE_NIL ||
        term->kind == TEMPLATE_DOT)
        return fail(p, "unexpected . after term " STR_FMT, STR_ARG(go_quote(p->a, term->text)));
    if (term->kind != TEMPLATE_FIELD && term->kind != TEMPLATE_VARIABLE) {
        chain = make(p, TEMPLATE_CHAIN, pos);
        chain->pipe = term;
    }
    chain->pos = pos;
    while (peek(p)->kind == TEMPLATE_TOKEN_FIELD)
        add_name(p, chain, str_skip(take(p)->text, 1));
    *ret = chain;
    return 0;
}

static int parse_command(struct parser *p, node **ret)
{
    const struct template_token *token;

    *ret = make(p, TEMPLATE_COMMAND, peek_word(p)->pos);
    for (;;) {
        node *operand = NULL;
        int rc = parse_operand(p, &operand);

        if (rc < 0)
            return -1;
        if (rc == 0)
            VEC_APUSH(p->a, &(*ret)->kids, operand);
        token = peek(p);
        if (token->kind == TEMPLATE_SPACE) {
            take(p);
            continue;
        }
        if (token->kind == TEMPLATE_TOKEN_PIPE)
            take(p);
        else if (token->kind != TEMPLATE_RIGHT && token->kind != TEMPLATE_RIGHT_PAREN)
            return fail_token(p, token, "operand");
        break;
    }
    return (*ret)->kids.len == 0 ? fail(p, "empty command") : 0;
}

static void declare(struct parser *p, node *pipe, const struct template_token *variable)
{
    node *n = make(p, TEMPLATE_VARIABLE, variable->pos);

    n->text = variable->text;
    add_name(p, n, variable->text);
    VEC_APUSH(p->a, &pipe->variables, n);
    VEC_APUSH(p->a, &p->variables, variable->text);
}

/* "$x :=", "$x =", "$i, $x :=" in front of a pipeline; what is none of them stays. */
static int parse_declarations(struct parser *p, node *pipe, const char *context)
{
    while (peek_word(p)->kind == TEMPLATE_TOKEN_VARIABLE) {
        const struct template_token *variable = take(p), *next = peek_word(p);

        if (next->kind == TEMPLATE_ASSIGN || next->kind == TEMPLATE_DECLARE) {
            pipe->is_assignment = next->kind == TEMPLATE_ASSIGN;
            take(p);
            declare(p, pipe, variable);
            return 0;
        }
        if (next->kind != TEMPLATE_CHAR || !str_is(next->text, ",")) {
            p->next = variable;
            return 0;
        }
        take(p);
        declare(p, pipe, variable);
        if (strcmp(context, "range") != 0 || pipe->variables.len >= 2)
            return fail(p, "too many declarations in %s", context);
        next = peek_word(p);
        if (next->kind != TEMPLATE_TOKEN_VARIABLE && next->kind != TEMPLATE_RIGHT &&
            next->kind != TEMPLATE_RIGHT_PAREN)
            return fail(p, "range can only initialize variables");
    }
    return 0;
}

static int check_pipe(struct parser *p, const node *pipe, const char *context)
{
    if (pipe->kids.len == 0)
        return fail(p, "missing value for %s", context);
    for (size_t i = 1; i < pipe->kids.len; i++) {
        enum template_node_kind kind = pipe->kids.at[i]->kids.at[0]->kind;

        if (kind == TEMPLATE_BOOL || kind == TEMPLATE_DOT || kind == TEMPLATE_NIL ||
            kind == TEMPLATE_NUMBER || kind == TEMPLATE_STRING)
            return fail(p, "non executable command in pipeline stage %zu", i + 1);
    }
    return 0;
}

static bool begins_command(enum template_token_kind kind)
{
    return kind == TEMPLATE_TOKEN_BOOL || kind == TEMPLATE_CHAR_CONSTANT ||
           kind == TEMPLATE_TOKEN_DOT || kind == TEMPLATE_TOKEN_FIELD ||
           kind == TEMPLATE_TOKEN_IDENTIFIER || kind == TEMPLATE_TOKEN_NUMBER ||
           kind == TEMPLATE_TOKEN_NIL || kind == TEMPLATE_RAW_STRING ||
           kind == TEMPLATE_QUOTED || kind == TEMPLATE_TOKEN_VARIABLE ||
           kind == TEMPLATE_LEFT_PAREN;
}

static int parse_pipe(struct parser *p, const char *context, enum template_token_kind end,
                      node **ret)
{
    node *pipe = make(p, TEMPLATE_PIPE, peek_word(p)->pos);

    if (enter(p) < 0 || parse_declarations(p, pipe, context) < 0)
        return -1;
    for (;;) {
        const struct template_token *token = peek_word(p);
        node *command = NULL;

        if (token->kind == end) {
            take(p);
            break;
        }
        if (!begins_command(token->kind))
            return fail_token(p, token, context);
        if (parse_command(p, &command) < 0)
            return -1;
        VEC_APUSH(p->a, &pipe->kids, command);
    }
    p->depth--;
    *ret = pipe;
    return check_pipe(p, pipe, context);
}

/* ---- actions ---- */

/* How a list of nodes ended. */
enum ending { NOT_ENDED, AT_END, AT_ELSE };

static int parse_list(struct parser *p, node **ret, enum ending *how);

static int parse_action(struct parser *p, node **ret, enum ending *how);

/* Behind {{else}}: another control of the same kind, or a list. */
static int parse_otherwise(struct parser *p, node *n)
{
    bool is_chained = (n->kind == TEMPLATE_IF && peek(p)->kind == TEMPLATE_TOKEN_IF) ||
                      (n->kind == TEMPLATE_WITH && peek(p)->kind == TEMPLATE_TOKEN_WITH);
    enum ending how = NOT_ENDED;
    node *inner = NULL;

    if (!is_chained) {
        if (parse_list(p, &n->otherwise, &how) < 0)
            return -1;
        return how == AT_ELSE ? fail(p, "expected end; found {{else}}") : 0;
    }
    n->otherwise = make(p, TEMPLATE_LIST, p->next->pos);
    if (parse_action(p, &inner, &how) < 0)
        return -1;
    VEC_APUSH(p->a, &n->otherwise->kids, inner);
    return 0;
}

static int parse_control(struct parser *p, enum template_node_kind kind, const char *context,
                         node **ret)
{
    node *n = make(p, kind, p->next->pos);
    size_t variables = p->variables.len;
    enum ending how = NOT_ENDED;

    if (parse_pipe(p, context, TEMPLATE_RIGHT, &n->pipe) < 0)
        return -1;
    p->range_depth += kind == TEMPLATE_RANGE;
    if (parse_list(p, &n->body, &how) < 0)
        return -1;
    p->range_depth -= kind == TEMPLATE_RANGE;
    if (how == AT_ELSE && parse_otherwise(p, n) < 0)
        return -1;
    p->variables.len = variables;
    *ret = n;
    return 0;
}

static int parse_leave(struct parser *p, enum template_node_kind kind, const char *context,
                       node **ret)
{
    const struct template_token *token = peek_word(p);

    *ret = make(p, kind, token->pos);
    if (token->kind != TEMPLATE_RIGHT)
        return fail_token(p, token, context);
    take(p);
    return p->range_depth == 0 ? fail(p, "%s outside {{range}}", context) : 0;
}

static int parse_name(struct parser *p, const char *context, struct str *ret)
{
    const struct template_token *token = take_word(p);

    if (token->kind != TEMPLATE_QUOTED && token->kind != TEMPLATE_RAW_STRING)
        return fail_token(p, token, context);
    return template_unquote(p->a, token->text, ret) ? 0 : fail(p, "invalid syntax");
}

static bool is_blank(const node *list)
{
    for (size_t i = 0; i < list->kids.len; i++) {
        const node *n = list->kids.at[i];

        if (n->kind != TEMPLATE_TEXT || go_trim_space(n->text).len > 0)
            return false;
    }
    return true;
}

static int add_tree(struct parser *p, struct str name, node *root)
{
    for (size_t i = 0; i < p->t->trees.len; i++) {
        struct template_tree *known = &p->t->trees.at[i];

        if (i == 0 || !str_eq(known->name, name))
            continue;
        if (is_blank(root))
            return 0;
        if (!is_blank(known->root))
            return fail(p, "template: multiple definition of template " STR_FMT,
                        STR_ARG(go_quote(p->a, name)));
        known->root = root;
        return 0;
    }
    if (p->t->trees.len >= GO_TEMPLATE_TREES_MAX)
        return err_set(p->err, ERR_LIMIT, "a template defines at most %d others",
                       GO_TEMPLATE_TREES_MAX);
    VEC_APUSH(p->a, &p->t->trees, ((struct template_tree){name, root}));
    return 0;
}

/* The body of a template: it knows only "$", and is in no range. */
static int parse_body(struct parser *p, struct str name, const char *context)
{
    typeof(p->variables) outer = p->variables;
    size_t ranges = p->range_depth;
    enum ending how = NOT_ENDED;
    node *root = NULL;

    p->variables = (typeof(outer)){0};
    VEC_APUSH(p->a, &p->variables, STR("$"));
    p->range_depth = 0;
    if (parse_list(p, &root, &how) < 0)
        return -1;
    if (how == AT_ELSE)
        return fail(p, "unexpected {{else}} in %s", context);
    p->variables = outer;
    p->range_depth = ranges;
    return add_tree(p, name, root);
}

static int parse_define(struct parser *p)
{
    struct str name;

    if (parse_name(p, "define clause", &name) < 0)
        return -1;
    if (peek_word(p)->kind != TEMPLATE_RIGHT)
        return fail_token(p, p->next, "define clause");
    take(p);
    return parse_body(p, name, "define clause");
}

static int parse_block(struct parser *p, node **ret)
{
    node *n = make(p, TEMPLATE_CALL, peek_word(p)->pos);

    if (parse_name(p, "block clause", &n->text) < 0 ||
        parse_pipe(p, "block clause", TEMPLATE_RIGHT, &n->pipe) < 0)
        return -1;
    *ret = n;
    return parse_body(p, n->text, "block clause");
}

static int parse_call(struct parser *p, node **ret)
{
    node *n = make(p, TEMPLATE_CALL, peek_word(p)->pos);

    if (parse_name(p, "template clause", &n->text) < 0)
        return -1;
    *ret = n;
    if (peek_word(p)->kind != TEMPLATE_RIGHT)
        return parse_pipe(p, "template clause", TEMPLATE_RIGHT, &n->pipe);
    take(p);
    return 0;
}

static int parse_else(struct parser *p, enum ending *how)
{
    const struct template_token *token = peek_word(p);

    *how = AT_ELSE;
    if (token->kind == TEMPLATE_TOKEN_IF || token->kind == TEMPLATE_TOKEN_WITH)
        return 0;
    if (token->kind != TEMPLATE_RIGHT)
        return fail_token(p, token, "else");
    take(p);
    return 0;
}

static int parse_end(struct parser *p, enum ending *how)
{
    const struct template_token *token = peek_word(p);

    *how = AT_END;
    if (token->kind != TEMPLATE_RIGHT)
        return fail_token(p, token, "end");
    take(p);
    return 0;
}

/* What stands behind "{{". */
static int parse_action(struct parser *p, node **ret, enum ending *how)
{
    const struct template_token *token = peek_word(p);
    node *n;

    switch (token->kind) {
    case TEMPLATE_BLOCK:
        take(p);
        return parse_block(p, ret);
    case TEMPLATE_TOKEN_BREAK:
        take(p);
        return parse_leave(p, TEMPLATE_BREAK, "{{break}}", ret);
    case TEMPLATE_TOKEN_CONTINUE:
        take(p);
        return parse_leave(p, TEMPLATE_CONTINUE, "{{continue}}", ret);
    case TEMPLATE_ELSE:
        take(p);
        return parse_else(p, how);
    case TEMPLATE_END:
        take(p);
        return parse_end(p, how);
    case TEMPLATE_TOKEN_IF:
        take(p);
        return parse_control(p, TEMPLATE_IF, "if", ret);
    case TEMPLATE_TOKEN_RANGE:
        take(p);
        return parse_control(p, TEMPLATE_RANGE, "range", ret);
    case TEMPLATE_TOKEN_TEMPLATE:
        take(p);
        return parse_call(p, ret);
    case TEMPLATE_TOKEN_WITH:
        take(p);
        return parse_control(p, TEMPLATE_WITH, "with", ret);
    default:
        n = make(p, TEMPLATE_ACTION, token->pos);
        *ret = n;
        return parse_pipe(p, "command", TEMPLATE_RIGHT, &n->pipe);
    }
}

static int parse_item(struct parser *p, node **ret, enum ending *how)
{
    const struct template_token *token = take_word(p);
    int rc;

    *ret = NULL;
    if (token->kind == TEMPLATE_TOKEN_TEXT) {
        *ret = make(p, TEMPLATE_TEXT, token->pos);
        (*ret)->text = token->text;
        return 0;
    }
    if (token->kind != TEMPLATE_LEFT)
        return fail_token(p, token, "input");
    p->action_line = token->line;
    rc = enter(p) < 0 ? -1 : parse_action(p, ret, how);
    p->action_line = 0;
    p->depth--;
    return rc;
}

static int parse_list(struct parser *p, node **ret, enum ending *how)
{
    node *list = make(p, TEMPLATE_LIST, peek_word(p)->pos);

    *how = NOT_ENDED;
    *ret = list;
    while (*how == NOT_ENDED) {
        node *item = NULL;

        if (peek_word(p)->kind == TEMPLATE_EOF)
            return fail(p, "unexpected EOF");
        if (parse_item(p, &item, how) < 0)
            return -1;
        if (item)
            VEC_APUSH(p->a, &list->kids, item);
    }
    return 0;
}

static int parse_top(struct parser *p, node *root)
{
    while (peek(p)->kind != TEMPLATE_EOF) {
        const struct template_token *left = peek(p);
        enum ending how = NOT_ENDED;
        node *item = NULL;

        if (left->kind == TEMPLATE_LEFT) {
            take(p);
            if (peek_word(p)->kind == TEMPLATE_DEFINE) {
                take(p);
                if (parse_define(p) < 0)
                    return -1;
                continue;
            }
            p->next = left;
        }
        if (parse_item(p, &item, &how) < 0)
            return -1;
        if (how != NOT_ENDED)
            return fail(p, "unexpected {{%s}}", how == AT_END ? "end" : "else");
        VEC_APUSH(p->a, &root->kids, item);
    }
    return 0;
}

int template_parse(struct arena *a, struct template *t, struct err *err)
{
    struct parser p = {.a = a, .t = t, .next = template_lex(a, t->text), .err = err};
    node *root = make(&p, TEMPLATE_LIST, 0);

    VEC_APUSH(a, &t->trees, ((struct template_tree){t->name, root}));
    VEC_APUSH(a, &p.variables, STR("$"));
    return parse_top(&p, root);
}
