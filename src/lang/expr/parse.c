/*
 * lang/expr/parse.c - the tree of an expression, as expr-lang's parser builds it.
 *
 * Any thread. Precedences stand in EXPR_OPS. Depth is bounded by EXPR_DEPTH_MAX. Doesn't do:
 * types (check.c).
 */
#include "base/limits.h"
#include "formats/gofloat.h"
#include "lang/expr/expr_internal.h"

struct parser {
    struct arena *a;
    struct str text;
    const struct expr_env *env;
    const struct expr_token *now; /* current token */
    size_t depth, closures;
    bool is_too_deep; /* a chain of operators makes a deep tree without nesting */
    struct err *err;
};

/* As the parsing functions go on to each other, an error is NULL up to the top. */
static struct expr_node *parse_expression(struct parser *p, unsigned precedence);
static struct expr_node *parse_sequence(struct parser *p);
static struct expr_node *parse_postfix(struct parser *p, struct expr_node *node);
static struct expr_node *parse_call(struct parser *p, const struct expr_token *name,
                                    struct expr_node *first);

typedef VEC(struct expr_node *) node_list;

static struct expr_node *fail_here(struct parser *p)
{
    if (p->now->kind == EXPR_BAD) {
        err_set(p->err, ERR_INVALID, STR_FMT, STR_ARG(p->now->text));
        return NULL;
    }
    expr_locate(p->text, p->now->pos, p->err);
    return NULL;
}

static void token_text(const struct expr_token *t, char *text, size_t size)
{
    static const char *const names[] = {
        [EXPR_EOF] = "EOF",
        [EXPR_BAD] = "",
        [EXPR_IDENTIFIER] = "Identifier",
        [EXPR_NUMBER] = "Number",
        [EXPR_TEXT] = "String",
        [EXPR_BYTE_TEXT] = "Bytes",
        [EXPR_OPERATOR] = "Operator",
        [EXPR_BRACKET] = "Bracket",
    };

    if (t->kind == EXPR_EOF)
        snprintf(text, size, "EOF");
    else
        snprintf(text, size, "%s(\"" STR_FMT "\")", names[t->kind],
                 STR_ARG(str_head(t->text, 200)));
}

static struct expr_node *unexpected(struct parser *p)
{
    char text[256];

    token_text(p->now, text, sizeof(text));
    err_set(p->err, ERR_INVALID, "unexpected token %s", text);
    return fail_here(p);
}

static bool is(const struct expr_token *t, enum expr_token_kind kind, const char *text)
{
    return t->kind == kind && str_is(t->text, text);
}

static void next(struct parser *p)
{
    if (p->now->kind != EXPR_EOF && p->now->kind != EXPR_BAD)
        p->now++;
}

static bool expect(struct parser *p, enum expr_token_kind kind, const char *text)
{
    if (!is(p->now, kind, text)) {
        unexpected(p);
        return false;
    }
    next(p);
    return true;
}

static struct expr_node *node_new(struct parser *p, enum expr_node_kind kind, uint32_t pos)
{
    struct expr_node *n = ARENA_NEW(p->a, struct expr_node);

    n->kind = kind;
    n->pos = pos;
    return n;
}

static void set_kids(struct parser *p, struct expr_node *n, struct expr_node *const *kids,
                     size_t count)
{
    n->kids = ARENA_ARRAY(p->a, struct expr_node *, count + 1);
    n->kid_count = count;
    if (count > 0)
        memcpy(n->kids, kids, count * sizeof(*kids));
    for (size_t i = 0; i < count; i++)
        if (kids[i] && kids[i]->depth >= n->depth)
            n->depth = kids[i]->depth + 1;
    p->is_too_deep = p->is_too_deep || n->depth > EXPR_DEPTH_MAX;
}

static struct expr_node *node_of(struct parser *p, enum expr_node_kind kind, uint32_t pos,
                                 struct expr_node *x, struct expr_node *y)
{
    struct expr_node *n = node_new(p, kind, pos), *kids[] = {x, y};

    set_kids(p, n, kids, y ? 2 : 1);
    return n;
}

static struct expr_node *literal(struct parser *p, uint32_t pos, struct value value)
{
    struct expr_node *n = node_new(p, EXPR_NODE_LITERAL, pos);

    n->value = value;
    n->is_constant = value.type == VALUE_INT;
    return n;
}

static bool op_find(const struct expr_token *t, enum expr_op *ret, unsigned *ret_precedence)
{
    static const struct {
        const char *text;
        enum expr_op op;
        unsigned precedence;
    } rows[] = {
#define X(name, text, precedence) {text, EXPR_OP_##name, precedence},
        EXPR_OPS(X)
#undef X
            {"or", EXPR_OP_OR, 10},
        {"and", EXPR_OP_AND, 15},
        {"^", EXPR_OP_POW, 100},
    };

    if (t->kind != EXPR_OPERATOR)
        return false;
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (str_is(t->text, rows[i].text)) {
            *ret = rows[i].op;
            *ret_precedence = rows[i].precedence;
            return true;
        }
    return false;
}

static bool is_ordering(const struct expr_token *t)
{
    return is(t, EXPR_OPERATOR, "<") || is(t, EXPR_OPERATOR, ">") ||
           is(t, EXPR_OPERATOR, "<=") || is(t, EXPR_OPERATOR, ">=");
}

static struct expr_node *binary(struct parser *p, const struct expr_token *t, enum expr_op op,
                                struct expr_node *x, struct expr_node *y)
{
    struct expr_node *n = node_of(p, EXPR_NODE_BINARY, t->pos, x, y);

    n->op = op;
    n->name = t->text;
    return n;
}

/* a < b < c is a < b && b < c. */
static struct expr_node *parse_comparison(struct parser *p, struct expr_node *left,
                                          const struct expr_token *t)
{
    struct expr_node *root = NULL;

    for (;;) {
        struct expr_node *right = parse_expression(p, 21), *one;
        enum expr_op op = EXPR_OP_LT;
        unsigned precedence = 0;

        if (!right)
            return NULL;
        op_find(t, &op, &precedence);
        one = binary(p, t, op, left, right);
        root = root ? binary(p, t, EXPR_OP_AND, root, one) : one;
        left = right;
        if (!is_ordering(p->now))
            return root;
        t = p->now;
        next(p);
    }
}

/* The right side of an operator that has been read. */
static struct expr_node *parse_right(struct parser *p, struct expr_node *left,
                                     const struct expr_token *t, enum expr_op op,
                                     unsigned precedence)
{
    struct expr_node *right;

    if (op == EXPR_OP_PIPE) {
        const struct expr_token *name = p->now;

        if (name->kind != EXPR_IDENTIFIER)
            return unexpected(p);
        next(p);
        return parse_call(p, name, left); /* upstream takes no index or field behind it */
    }
    if (is_ordering(t))
        return parse_comparison(p, left, t);
    right = parse_expression(p, op == EXPR_OP_POW ? precedence : precedence + 1);
    return right ? binary(p, t, op, left, right) : NULL;
}

static struct expr_node *negated(struct parser *p, struct expr_node *n, uint32_t pos)
{
    struct expr_node *not_node = n ? node_of(p, EXPR_NODE_UNARY, pos, n, NULL) : NULL;

    if (not_node) {
        not_node->op = EXPR_OP_NOT;
        not_node->name = STR("not");
    }
    return not_node;
}

static bool may_be_negated(enum expr_op op)
{
    return op == EXPR_OP_IN || op == EXPR_OP_MATCHES || op == EXPR_OP_CONTAINS ||
           op == EXPR_OP_STARTS || op == EXPR_OP_ENDS;
}

static struct expr_node *parse_operators(struct parser *p, struct expr_node *left,
                                         unsigned lowest)
{
    bool is_after_coalesce = false;

    while (left && p->now->kind == EXPR_OPERATOR) {
        const struct expr_token *start = p->now, *t = start;
        bool is_negated = is(t, EXPR_OPERATOR, "not");
        enum expr_op op = EXPR_OP_OR;
        unsigned precedence = 0;

        if (is_negated)
            t++;
        if (!op_find(t, &op, &precedence) || (is_negated && !may_be_negated(op))) {
            p->now = t;
            return is_negated ? unexpected(p) : left;
        }
        if (precedence < lowest)
            return left;
        if (is_after_coalesce && op != EXPR_OP_COALESCE && op != EXPR_OP_PIPE) {
            err_set(p->err, ERR_INVALID,
                    "Operator (" STR_FMT
                    ") and coalesce expressions (\?\?) cannot be mixed. Wrap "
                    "either by parentheses.",
                    STR_ARG(t->text));
            p->now = t;
            return fail_here(p);
        }
        p->now = t + 1;
        left = parse_right(p, left, t, op, precedence);
        if (is_negated)
            left = negated(p, left, start->pos);
        is_after_coalesce = op == EXPR_OP_COALESCE;
    }
    return left;
}

static struct expr_node *condition(struct parser *p, struct expr_node *test,
                                   struct expr_node *yes, struct expr_node *no)
{
    struct expr_node *n = node_new(p, EXPR_NODE_CONDITION, test->pos);
    struct expr_node *kids[] = {test, yes, no};

    set_kids(p, n, kids, 3);
    return n;
}

static struct expr_node *parse_ternary(struct parser *p, struct expr_node *node)
{
    while (node && is(p->now, EXPR_OPERATOR, "?")) {
        struct expr_node *yes = node, *no;

        next(p);
        if (!is(p->now, EXPR_OPERATOR, ":")) {
            yes = parse_expression(p, 0);
            if (!yes || !expect(p, EXPR_OPERATOR, ":"))
                return NULL;
        } else {
            next(p);
        }
        no = parse_expression(p, 0);
        if (!no)
            return NULL;
        node = condition(p, node, yes, no);
        node->pos = p->now->pos; /* upstream's place of it is behind it */
    }
    return node;
}

static struct expr_node *parse_block(struct parser *p)
{
    struct expr_node *body;

    if (!expect(p, EXPR_BRACKET, "{"))
        return NULL;
    body = parse_sequence(p);
    return body && expect(p, EXPR_BRACKET, "}") ? body : NULL;
}

static struct expr_node *parse_if(struct parser *p)
{
    struct expr_node *test, *yes, *no;

    next(p);
    test = parse_expression(p, 0);
    yes = test ? parse_block(p) : NULL;
    if (!yes || !expect(p, EXPR_OPERATOR, "else"))
        return NULL;
    no = is(p->now, EXPR_OPERATOR, "if") ? parse_expression(p, 0) : parse_block(p);
    return no ? condition(p, test, yes, no) : NULL;
}

static struct expr_node *parse_let(struct parser *p)
{
    const struct expr_token *name;
    struct expr_node *value, *body, *n;

    next(p);
    name = p->now;
    if (name->kind != EXPR_IDENTIFIER)
        return unexpected(p);
    next(p);
    value = expect(p, EXPR_OPERATOR, "=") ? parse_expression(p, 0) : NULL;
    body = value && expect(p, EXPR_OPERATOR, ";") ? parse_sequence(p) : NULL;
    if (!body)
        return NULL;
    n = node_of(p, EXPR_NODE_LET, name->pos, value, body);
    n->name = name->text;
    return n;
}

/* -9223372036854775808 is out of range, as upstream's: the sign is an operator. */
static struct expr_node *whole_number(struct parser *p, const struct expr_token *t,
                                      struct str digits, unsigned base)
{
    uint64_t n = 0;
    bool is_over = false;

    for (size_t i = 0; i < digits.len; i++) {
        unsigned c = (unsigned char) digits.ptr[i];
        unsigned d = c <= '9' ? c - '0' : (c | 32U) - 'a' + 10U;

        if (d >= base) {
            digits.len = 0;
            break;
        }
        is_over = is_over || n > ((uint64_t) INT64_MAX - d) / base;
        n = n * base + d;
    }
    if (digits.len > 0 && !is_over)
        return literal(p, t->pos, value_int((int64_t) n));
    err_set(p->err, ERR_INVALID,
            "invalid %s literal: strconv.ParseInt: parsing \"" STR_FMT "\": %s",
            base == 16  ? "hex"
            : base == 8 ? "octal"
            : base == 2 ? "binary"
                        : "integer",
            STR_ARG(str_head(t->text, 100)),
            digits.len > 0 ? "value out of range" : "invalid syntax");
    return fail_here(p);
}

static struct expr_node *parse_number(struct parser *p)
{
    const struct expr_token *t = p->now;
    char *text = arena_alloc(p->a, t->text.len + 1);
    size_t len = 0;
    unsigned base;
    double n = 0;

    next(p);
    for (size_t i = 0; i < t->text.len; i++)
        if (t->text.ptr[i] != '_')
            text[len++] = t->text.ptr[i];
    base = len > 1 && text[0] == '0' ? (text[1] | 32) == 'x'   ? 16
                                       : (text[1] | 32) == 'o' ? 8
                                       : (text[1] | 32) == 'b' ? 2
                                                               : 10
                                     : 10;
    if (p->env->is_untyped && (base == 2 || base == 8)) {
        err_set(p->err, ERR_INVALID, "invalid integer literal");
        return fail_here(p);
    }
    if (base != 10)
        return whole_number(p, t, str_of(text + 2, len - 2), base);
    if (!memchr(text, '.', len) && !memchr(text, 'e', len) && !memchr(text, 'E', len))
        return whole_number(p, t, str_of(text, len), 10);
    if (go_float_parse(str_of(text, len), &n) != GO_FLOAT_READ) {
        err_set(p->err, ERR_INVALID,
                "invalid float literal: strconv.ParseFloat: parsing \"" STR_FMT
                "\": value out of range",
                (int) len, text);
        return fail_here(p);
    }
    return literal(p, t->pos, value_float(n));
}

static struct expr_node *finish_list(struct parser *p, enum expr_node_kind kind, uint32_t pos,
                                     const node_list *list)
{
    struct expr_node *n = node_new(p, kind, pos);

    set_kids(p, n, list->at, list->len);
    return n;
}

/* Expressions up to a bracket, which is read, too. */
static bool parse_items(struct parser *p, const char *end, node_list *list)
{
    while (!is(p->now, EXPR_BRACKET, end)) {
        struct expr_node *item = parse_expression(p, 0);

        if (!item)
            return false;
        VEC_APUSH(p->a, list, item);
        if (is(p->now, EXPR_BRACKET, end))
            continue;
        if (!expect(p, EXPR_OPERATOR, ","))
            return false;
        if (p->env->is_untyped && is(p->now, EXPR_BRACKET, ")"))
            return unexpected(p);
    }
    next(p);
    return true;
}

static struct expr_node *parse_array(struct parser *p)
{
    node_list list = {};
    uint32_t pos = p->now->pos;

    next(p);
    return parse_items(p, "]", &list) ? finish_list(p, EXPR_NODE_ARRAY, pos, &list) : NULL;
}

static struct expr_node *parse_key(struct parser *p)
{
    const struct expr_token *t = p->now;
    char text[256];

    if (is(t, EXPR_BRACKET, "("))
        return parse_expression(p, 0);
    if (t->kind == EXPR_NUMBER || t->kind == EXPR_TEXT || t->kind == EXPR_IDENTIFIER) {
        next(p);
        return literal(p, t->pos, value_string(t->text));
    }
    token_text(t, text, sizeof(text));
    err_set(p->err, ERR_INVALID,
            "a map key must be a quoted string, a number, a identifier, or an expression "
            "enclosed in parentheses (unexpected token %s)",
            text);
    return fail_here(p);
}

static struct expr_node *parse_map(struct parser *p)
{
    node_list list = {};
    uint32_t pos = p->now->pos;

    next(p);
    while (!is(p->now, EXPR_BRACKET, "}")) {
        struct expr_node *key = parse_key(p);
        struct expr_node *value =
            key && expect(p, EXPR_OPERATOR, ":") ? parse_expression(p, 0) : NULL;

        if (!value)
            return NULL;
        VEC_APUSH(p->a, &list, key);
        VEC_APUSH(p->a, &list, value);
        if (!is(p->now, EXPR_BRACKET, "}") && !expect(p, EXPR_OPERATOR, ","))
            return NULL;
    }
    next(p);
    return finish_list(p, EXPR_NODE_MAP, pos, &list);
}

static struct expr_node *parse_closure(struct parser *p)
{
    struct expr_node *body;
    bool has_braces = is(p->now, EXPR_BRACKET, "{");

    if (has_braces)
        next(p);
    p->closures++;
    body = has_braces ? parse_sequence(p) : parse_expression(p, 0);
    p->closures--;
    if (body && has_braces && !expect(p, EXPR_BRACKET, "}"))
        return NULL;
    if (body && !has_braces && is(p->now, EXPR_OPERATOR, ";")) {
        err_set(p->err, ERR_INVALID, "wrap predicate with brackets { and }");
        return fail_here(p);
    }
    return body;
}

/* How many arguments the untyped dialect, which is older, lets these have. */
static bool is_older_count(struct parser *p, const struct value_function *f, size_t count)
{
    static const struct {
        const char *name;
        size_t count;
    } fixed[] = {{"count", 2}, {"mean", 1}, {"median", 1}, {"sum", 1}};

    for (size_t i = 0; p->env->is_untyped && i < COUNT_OF(fixed); i++)
        if (strcmp(f->name, fixed[i].name) == 0 && count != fixed[i].count) {
            err_set(p->err, ERR_INVALID, "invalid number of arguments (expected %zu, got %zu)",
                    fixed[i].count, count);
            fail_here(p);
            return false;
        }
    return true;
}

/* all(array, closure), with a third argument for reduce and sortBy. */
static struct expr_node *parse_predicate(struct parser *p, const struct expr_token *name,
                                         struct expr_node *first,
                                         const struct value_function *f)
{
    bool is_by_field = p->env->is_untyped && f->special == EXPR_SORT_BY;
    node_list list = {};
    struct expr_node *n;
    uint32_t closure_pos = 0;

    if (!expect(p, EXPR_BRACKET, "("))
        return NULL;
    if (first)
        VEC_APUSH(p->a, &list, first);
    while (list.len < f->max) {
        struct expr_node *arg;

        if (is(p->now, EXPR_BRACKET, ")")) {
            if (list.len >= f->min)
                break;
            err_set(p->err, ERR_INVALID, "expected at least %d arguments",
                    f->max - (first != NULL));
            return fail_here(p);
        }
        if (list.len > (first ? 1 : 0) && !expect(p, EXPR_OPERATOR, ","))
            return NULL;
        if (list.len == 1)
            closure_pos = p->now->pos;
        arg = list.len == 1 && !is_by_field ? parse_closure(p) : parse_expression(p, 0);
        if (!arg)
            return NULL;
        if (list.len == 1 && is_by_field) {
            struct expr_node *item = node_new(p, EXPR_NODE_POINTER, arg->pos);

            item->name = STR("");
            arg = node_of(p, EXPR_NODE_MEMBER, arg->pos, item, arg);
        }
        VEC_APUSH(p->a, &list, arg);
    }
    if (is(p->now, EXPR_OPERATOR, ",") && !p->env->is_untyped)
        next(p);
    if (!is_older_count(p, f, list.len) || !expect(p, EXPR_BRACKET, ")"))
        return NULL;
    n = finish_list(p, EXPR_NODE_PREDICATE, name->pos, &list);
    n->closure_pos = closure_pos;
    n->function = f;
    return n;
}

static struct expr_node *parse_call(struct parser *p, const struct expr_token *name,
                                    struct expr_node *first)
{
    const struct value_function *f = expr_builtin(name->text);
    struct value own;
    node_list list = {};
    struct expr_node *n;

    if (f && (expr_name_find(p->env, p->a, name->text, &own) ||
              (p->env->is_untyped && expr_is_younger(name->text))))
        f = NULL;
    if (f && f->special != EXPR_NO_PREDICATE)
        return parse_predicate(p, name, first, f);
    if (!f) {
        struct expr_node *callee = node_new(p, EXPR_NODE_NAME, name->pos);

        callee->name = name->text;
        VEC_APUSH(p->a, &list, callee);
    }
    if (first)
        VEC_APUSH(p->a, &list, first);
    if (!expect(p, EXPR_BRACKET, "(") || !parse_items(p, ")", &list) ||
        (f && !is_older_count(p, f, list.len)))
        return NULL;
    n = finish_list(p, f ? EXPR_NODE_BUILTIN : EXPR_NODE_CALL, name->pos, &list);
    n->function = f;
    return n;
}

static bool is_name(const struct expr_token *t)
{
    return t->kind == EXPR_IDENTIFIER ||
           (t->kind == EXPR_OPERATOR && t->text.len > 0 &&
            ((t->text.ptr[0] >= 'a' && t->text.ptr[0] <= 'z') || t->text.ptr[0] == '_'));
}

static struct expr_node *chained(struct parser *p, struct expr_node *n, bool is_chain)
{
    return is_chain ? node_of(p, EXPR_NODE_CHAIN, n->pos, n, NULL) : n;
}

/* .name, ?.name, .name(...) */
static struct expr_node *parse_dot(struct parser *p, struct expr_node *node, bool is_optional)
{
    const struct expr_token *name = p->now;
    bool is_chain = node->kind == EXPR_NODE_CHAIN || is_optional;
    struct expr_node *member, *call;
    node_list list = {};

    if (name->kind == EXPR_EOF) {
        err_set(p->err, ERR_INVALID, "unexpected end of expression");
        return fail_here(p);
    }
    next(p);
    if (!is_name(name)) {
        err_set(p->err, ERR_INVALID, "expected name");
        return fail_here(p);
    }
    if (node->kind == EXPR_NODE_CHAIN)
        node = node->kids[0];
    member = node_of(p, EXPR_NODE_MEMBER, name->pos, node,
                     literal(p, name->pos, value_string(name->text)));
    member->is_optional = is_optional;
    if (!is(p->now, EXPR_BRACKET, "("))
        return chained(p, member, is_chain);
    next(p);
    VEC_APUSH(p->a, &list, member);
    if (!parse_items(p, ")", &list))
        return NULL;
    call = finish_list(p, EXPR_NODE_CALL, name->pos, &list);
    return chained(p, call, is_chain);
}

/* The missing bounds of a slice are NULL. */
static struct expr_node *parse_slice(struct parser *p, struct expr_node *node, uint32_t pos,
                                     struct expr_node *from)
{
    struct expr_node *n = node_new(p, EXPR_NODE_SLICE, pos), *to = NULL;
    struct expr_node *kids[3] = {node, from, NULL};

    next(p);
    if (!is(p->now, EXPR_BRACKET, "]")) {
        to = parse_expression(p, 0);
        if (!to)
            return NULL;
    }
    kids[2] = to;
    set_kids(p, n, kids, 3);
    return expect(p, EXPR_BRACKET, "]") ? n : NULL;
}

static struct expr_node *parse_index(struct parser *p, struct expr_node *node, bool is_optional)
{
    uint32_t pos = p->now->pos;
    struct expr_node *from, *member;

    next(p);
    if (is(p->now, EXPR_OPERATOR, ":"))
        return parse_slice(p, node, pos, NULL);
    from = parse_expression(p, 0);
    if (!from)
        return NULL;
    if (is(p->now, EXPR_OPERATOR, ":"))
        return parse_slice(p, node, pos, from);
    if (!expect(p, EXPR_BRACKET, "]"))
        return NULL;
    member = node_of(p, EXPR_NODE_MEMBER, pos, node, from);
    member->is_optional = is_optional;
    return chained(p, member, is_optional);
}

static struct expr_node *parse_postfix(struct parser *p, struct expr_node *node)
{
    while (node) {
        bool is_optional = is(p->now, EXPR_OPERATOR, "?.");

        if (is_optional || is(p->now, EXPR_OPERATOR, ".")) {
            next(p);
            if (is_optional && is(p->now, EXPR_BRACKET, "["))
                node = parse_index(p, node, true);
            else
                node = parse_dot(p, node, is_optional);
        } else if (is(p->now, EXPR_BRACKET, "[")) {
            node = parse_index(p, node, false);
        } else {
            return node;
        }
    }
    return NULL;
}

static struct expr_node *parse_word(struct parser *p)
{
    const struct expr_token *t = p->now;
    struct expr_node *n;

    next(p);
    if (str_is(t->text, "true") || str_is(t->text, "false"))
        return literal(p, t->pos, value_bool(t->text.len == 4));
    if (str_is(t->text, "nil"))
        return literal(p, t->pos, value_nil());
    if (is(p->now, EXPR_BRACKET, "(")) {
        n = parse_call(p, t, NULL);
    } else {
        n = node_new(p, EXPR_NODE_NAME, t->pos);
        n->name = t->text;
    }
    return n ? parse_postfix(p, n) : NULL;
}

static struct expr_node *parse_secondary(struct parser *p)
{
    const struct expr_token *t = p->now;
    struct expr_node *n = NULL;

    switch (t->kind) {
    case EXPR_IDENTIFIER:
        return parse_word(p);
    case EXPR_NUMBER:
        n = parse_number(p);
        break;
    case EXPR_TEXT:
    case EXPR_BYTE_TEXT:
        if (p->env->is_untyped && t->kind == EXPR_BYTE_TEXT)
            return unexpected(p);
        next(p);
        n = literal(p, t->pos, value_string(t->text));
        if (t->kind == EXPR_BYTE_TEXT)
            n->value.type = VALUE_BYTES;
        break;
    case EXPR_BRACKET:
        if (is(t, EXPR_BRACKET, "["))
            n = parse_array(p);
        else if (is(t, EXPR_BRACKET, "{"))
            n = parse_map(p);
        else
            return unexpected(p);
        break;
    case EXPR_EOF:
    case EXPR_BAD:
    case EXPR_OPERATOR:
        return unexpected(p);
    }
    if (p->env->is_untyped && t->kind != EXPR_BRACKET)
        return n; /* nothing may stand behind a literal there */
    return n ? parse_postfix(p, n) : NULL;
}

static struct expr_node *parse_pointer(struct parser *p)
{
    struct expr_node *n = node_new(p, EXPR_NODE_POINTER, p->now->pos);

    n->name = STR("");
    if (is(p->now, EXPR_OPERATOR, "#")) {
        const struct expr_token *hash = p->now;

        next(p);
        if (p->now->kind == EXPR_IDENTIFIER && p->now->pos == hash->pos + 1) {
            n->name = p->now->text;
            next(p);
        }
    }
    return parse_postfix(p, n);
}

static struct expr_node *parse_unary(struct parser *p, enum expr_op op, unsigned precedence)
{
    const struct expr_token *t = p->now;
    struct expr_node *operand, *n;

    next(p);
    operand = parse_expression(p, precedence);
    if (!operand)
        return NULL;
    n = node_of(p, EXPR_NODE_UNARY, t->pos, operand, NULL);
    n->op = op;
    n->name = t->text;
    return parse_postfix(p, n);
}

static struct expr_node *parse_primary(struct parser *p)
{
    const struct expr_token *t = p->now;

    if (is(t, EXPR_OPERATOR, "not") || is(t, EXPR_OPERATOR, "!"))
        return parse_unary(p, EXPR_OP_NOT, 50);
    if (is(t, EXPR_OPERATOR, "-") || is(t, EXPR_OPERATOR, "+"))
        return parse_unary(p, is(t, EXPR_OPERATOR, "-") ? EXPR_OP_SUB : EXPR_OP_ADD, 90);
    if (is(t, EXPR_BRACKET, "(")) {
        struct expr_node *n;

        next(p);
        n = parse_sequence(p);
        return n && expect(p, EXPR_BRACKET, ")") ? parse_postfix(p, n) : NULL;
    }
    if (p->closures > 0 && (is(t, EXPR_OPERATOR, "#") || is(t, EXPR_OPERATOR, ".")))
        return parse_pointer(p);
    if (is(t, EXPR_OPERATOR, "::")) {
        next(p);
        return p->now->kind == EXPR_IDENTIFIER ? parse_word(p) : unexpected(p);
    }
    return parse_secondary(p);
}

static struct expr_node *parse_expression(struct parser *p, unsigned precedence)
{
    struct expr_node *n;
    bool is_if = false;

    if (p->depth >= EXPR_DEPTH_MAX || p->is_too_deep) {
        err_set(p->err, ERR_LIMIT, "expression nests deeper than %d levels", EXPR_DEPTH_MAX);
        return NULL;
    }
    p->depth++;
    if (precedence == 0 && is(p->now, EXPR_OPERATOR, "let"))
        n = parse_let(p);
    else if (precedence == 0 && !p->env->is_untyped &&
             (is_if = is(p->now, EXPR_OPERATOR, "if")))
        n = parse_if(p); /* no operator takes it as it is */
    else
        n = parse_operators(p, parse_primary(p), precedence);
    if (precedence == 0 && !is_if)
        n = parse_ternary(p, n);
    p->depth--;
    return n;
}

static struct expr_node *parse_sequence(struct parser *p)
{
    struct expr_node *n = parse_expression(p, 0);
    node_list list = {};

    if (!n || p->env->is_untyped || !is(p->now, EXPR_OPERATOR, ";"))
        return n;
    VEC_APUSH(p->a, &list, n);
    while (is(p->now, EXPR_OPERATOR, ";")) {
        next(p);
        if (p->now->kind == EXPR_EOF)
            break;
        n = parse_expression(p, 0);
        if (!n)
            return NULL;
        VEC_APUSH(p->a, &list, n);
    }
    return finish_list(p, EXPR_NODE_SEQUENCE, list.at[0]->pos, &list);
}

int expr_parse(struct arena *a, struct str text, const struct expr_env *env,
               struct expr_node **ret, struct err *err)
{
    struct parser p = {.a = a, .text = text, .env = env, .err = err};
    struct expr_token *tokens = NULL;

    if (text.len > EXPR_TEXT_MAX_BYTES)
        return err_set(err, ERR_LIMIT, "expression has more than %d bytes",
                       EXPR_TEXT_MAX_BYTES);
    if (expr_lex(a, text, &tokens, err) < 0)
        return -1;
    p.now = tokens;
    *ret = parse_sequence(&p);
    if (*ret && p.now->kind != EXPR_EOF)
        *ret = unexpected(&p);
    if (*ret && p.is_too_deep)
        return err_set(err, ERR_LIMIT, "expression nests deeper than %d levels",
                       EXPR_DEPTH_MAX);
    return *ret ? 0 : -1;
}
