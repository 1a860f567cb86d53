/*
 * Programs of jq as nodes: recursive descent, one token ahead. See jq_internal.h.
 *
 * From weak to strong: "|" to the right, "," to the left, "//" to the right, assignments (none
 * beside another), or, and, comparisons (none beside another), + -, * / %, then terms with
 * their suffixes. def, label and "as" reach as far as they can; the bodies of try and catch are
 * terms.
 */
#include "lang/jq/jq_internal.h"
#include "lang/jq/lex.h"

enum { CHAIN_MAX = 1000 };

struct parser {
    struct arena *a;
    struct jq_program *p; /* for messages; NULL in the prelude */
    struct str source;
    struct jq_token token;
    size_t depth;
    bool is_failed;
    struct err *err;
};

static struct jq_node *parse_pipe(struct parser *p);
static struct jq_node *parse_expr(struct parser *p, int level);
static struct jq_node *parse_term(struct parser *p);
static struct jq_pattern *parse_pattern(struct parser *p);

static void advance(struct parser *p)
{
    p->token = jq_lex(p->source, p->token.end);
}

static void *fail(struct parser *p)
{
    struct jq_token *t = &p->token;

    if (p->is_failed)
        return NULL;
    p->is_failed = true;
    if (t->kind == JQ_T_END)
        jq_fail_at(p->p, (uint32_t) t->pos, p->err, "unexpected EOF");
    else if (t->kind == JQ_T_BAD)
        jq_fail_at(p->p, (uint32_t) t->pos, p->err, "invalid token \"" STR_FMT "\"",
                   STR_ARG(str_head(t->text, 100)));
    else
        jq_fail_at(p->p, (uint32_t) t->pos, p->err, "unexpected token \"%s" STR_FMT "\"",
                   t->kind == JQ_T_FIELD ? "." : "", STR_ARG(str_head(t->text, 100)));
    return NULL;
}

static bool is_sign(const struct parser *p, const char *sign)
{
    return p->token.kind == JQ_T_SIGN && str_is(p->token.text, sign);
}

static bool is_word(const struct parser *p, const char *word)
{
    return p->token.kind == JQ_T_WORD && str_is(p->token.text, word);
}

static bool take_sign(struct parser *p, const char *sign)
{
    if (!is_sign(p, sign))
        return false;
    advance(p);
    return true;
}

static bool take_word(struct parser *p, const char *word)
{
    if (!is_word(p, word))
        return false;
    advance(p);
    return true;
}

static bool want_sign(struct parser *p, const char *sign)
{
    return take_sign(p, sign) || fail(p);
}

static bool want_word(struct parser *p, const char *word)
{
    return take_word(p, word) || fail(p);
}

static struct jq_node *new_node(struct parser *p, enum jq_kind kind)
{
    struct jq_node *n = ARENA_NEW(p->a, struct jq_node);

    n->kind = kind;
    n->pos = (uint32_t) p->token.pos;
    return n;
}

/* A node of two others; NULL when one is missing. */
static struct jq_node *join(struct parser *p, enum jq_kind kind, struct jq_node *a,
                            struct jq_node *b)
{
    struct jq_node *n = new_node(p, kind);

    n->a = a;
    n->b = b;
    return a && b ? n : NULL;
}

static bool enter(struct parser *p)
{
    if (p->depth++ < JQ_DEPTH_MAX)
        return true;
    if (!p->is_failed)
        err_set(p->err, ERR_LIMIT, "jq program nests deeper than %d", JQ_DEPTH_MAX);
    p->is_failed = true;
    return false;
}

/* Operators beside each other nest to the left. */
static bool is_chain_too_long(struct parser *p, size_t *count)
{
    if (++*count <= CHAIN_MAX)
        return false;
    if (!p->is_failed)
        err_set(p->err, ERR_LIMIT, "jq program has more than %d operators in a row", CHAIN_MAX);
    p->is_failed = true;
    return true;
}

/* ---- texts ---- */

/* The text from p->token.end to '"' or "\(", which it goes behind; what ended it, or 0. */
static char read_piece(struct parser *p, struct str *ret)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(JQ_TEXT_MAX_BYTES);
    size_t i = p->token.end, used;

    while (i < p->source.len && p->source.ptr[i] != '"') {
        struct str rest = str_skip(p->source, i);

        if (str_starts(rest, STR("\\("))) {
            p->token.end = i + 2;
            *ret = str_copy(p->a, strbuf_str(&b));
            return '(';
        }
        if (rest.ptr[0] != '\\') {
            strbuf_addc(&b, rest.ptr[0]);
            i++;
            continue;
        }
        used = jq_read_escape(&b, rest);
        if (used == 0) {
            if (!p->is_failed)
                jq_fail_at(p->p, (uint32_t) i, p->err,
                           "invalid escape sequence \"" STR_FMT "\" in string literal",
                           STR_ARG(str_head(rest, 2)));
            p->is_failed = true;
            return 0;
        }
        i += used;
    }
    *ret = str_copy(p->a, strbuf_str(&b));
    if (i < p->source.len) {
        p->token.end = i + 1;
        return '"';
    }
    if (!p->is_failed)
        jq_fail_at(p->p, (uint32_t) p->token.pos, p->err, "unterminated string literal");
    p->is_failed = true;
    return 0;
}

static struct jq_node *literal(struct parser *p, struct jq_value v)
{
    struct jq_node *n = new_node(p, JQ_N_LITERAL);

    n->value = v;
    return n;
}

/* The token is JQ_T_QUOTE. */
static struct jq_node *parse_string(struct parser *p, struct str format)
{
    struct jq_node *n = new_node(p, JQ_N_STRING), *part;
    struct str piece = STR("");
    char end;

    while ((end = read_piece(p, &piece)) == '(') {
        if (piece.len > 0)
            VEC_APUSH(p->a, &n->list, literal(p, jq_string(piece)));
        advance(p);
        part = new_node(p, JQ_N_FORMAT);
        part->text = format;
        part->a = parse_pipe(p);
        if (!part->a || !is_sign(p, ")"))
            return fail(p);
        VEC_APUSH(p->a, &n->list, part);
    }
    if (!end)
        return NULL;
    advance(p);
    if (n->list.len == 0) {
        n->kind = JQ_N_LITERAL;
        n->value = jq_string(piece);
    } else if (piece.len > 0) {
        VEC_APUSH(p->a, &n->list, literal(p, jq_string(piece)));
    }
    return n;
}

/* ---- patterns ---- */

static struct jq_pattern *parse_array_pattern(struct parser *p, struct jq_pattern *pattern)
{
    pattern->kind = JQ_P_ARRAY;
    do {
        struct jq_pattern *item = parse_pattern(p);

        if (!item)
            return NULL;
        VEC_APUSH(p->a, &pattern->items, item);
    } while (take_sign(p, ","));
    return want_sign(p, "]") ? pattern : NULL;
}

/* The key of one member: a name, a variable, a text or a query in parentheses. */
static struct jq_node *parse_pattern_key(struct parser *p, struct str *ret_name)
{
    struct jq_node *key;

    *ret_name = STR_NONE;
    if (p->token.kind == JQ_T_QUOTE)
        return parse_string(p, STR("@text"));
    if (take_sign(p, "(")) {
        key = parse_pipe(p);
        return key && want_sign(p, ")") ? key : NULL;
    }
    if (p->token.kind != JQ_T_WORD && p->token.kind != JQ_T_VARIABLE)
        return fail(p);
    if (p->token.kind == JQ_T_VARIABLE)
        *ret_name = p->token.text;
    key = literal(p, jq_string(str_skip(p->token.text, p->token.kind == JQ_T_VARIABLE)));
    advance(p);
    return key;
}

static struct jq_pattern *parse_object_pattern(struct parser *p, struct jq_pattern *pattern)
{
    pattern->kind = JQ_P_OBJECT;
    do {
        struct jq_pattern *value = NULL;
        struct str name;
        struct jq_node *key = parse_pattern_key(p, &name);

        if (!key)
            return NULL;
        if (take_sign(p, ":")) {
            value = parse_pattern(p);
            if (!value)
                return NULL;
        } else if (str_is_none(name)) {
            return fail(p);
        }
        VEC_APUSH(p->a, &pattern->keys, key);
        VEC_APUSH(p->a, &pattern->items, value);
        VEC_APUSH(p->a, &pattern->names, name);
    } while (take_sign(p, ","));
    return want_sign(p, "}") ? pattern : NULL;
}

static struct jq_pattern *parse_pattern(struct parser *p)
{
    struct jq_pattern *pattern = ARENA_NEW(p->a, struct jq_pattern);

    if (!enter(p))
        return NULL;
    if (p->token.kind == JQ_T_VARIABLE) {
        pattern->name = p->token.text;
        advance(p);
    } else if (take_sign(p, "[")) {
        pattern = parse_array_pattern(p, pattern);
    } else if (take_sign(p, "{")) {
        pattern = parse_object_pattern(p, pattern);
    } else {
        return fail(p);
    }
    p->depth--;
    return pattern;
}

static bool parse_patterns(struct parser *p, struct jq_node *n)
{
    do {
        struct jq_pattern *pattern = parse_pattern(p);

        if (!pattern)
            return false;
        VEC_APUSH(p->a, &n->patterns, pattern);
    } while (take_sign(p, "?//"));
    return true;
}

/* ---- terms ---- */

static struct jq_node *parse_object_value(struct parser *p)
{
    struct jq_node *left = parse_expr(p, 0);

    return left && take_sign(p, "|") ? join(p, JQ_N_PIPE, left, parse_object_value(p)) : left;
}

/* "a::b" is no key. */
static bool is_of_module(const struct parser *p)
{
    return str_find(p->token.text, STR("::")) != SIZE_MAX;
}

/* One member as key and value; a value that is not there is NULL. */
static bool parse_member(struct parser *p, struct jq_node *object)
{
    struct jq_node *key, *value = NULL;
    bool needs_value = false;

    if (p->token.kind == JQ_T_QUOTE) {
        key = parse_string(p, STR("@text"));
    } else if (take_sign(p, "(")) {
        key = parse_pipe(p);
        needs_value = true;
        if (key && !want_sign(p, ")"))
            return false;
    } else if (p->token.kind == JQ_T_VARIABLE && !is_of_module(p)) {
        key = literal(p, jq_string(str_skip(p->token.text, 1)));
        value = new_node(p, JQ_N_VARIABLE);
        value->text = p->token.text;
        advance(p);
    } else if (p->token.kind == JQ_T_WORD && !is_of_module(p)) {
        key = literal(p, jq_string(p->token.text));
        advance(p);
    } else {
        return fail(p);
    }
    if (!key)
        return false;
    if (value && is_sign(p, ":")) { /* {$x: 1} is {($x): 1} */
        key = value;
        value = NULL;
    }
    if (take_sign(p, ":")) {
        value = parse_object_value(p);
        needs_value = true;
    }
    if (needs_value && !value)
        return fail(p);
    VEC_APUSH(p->a, &object->list, key);
    VEC_APUSH(p->a, &object->list, value);
    return true;
}

static struct jq_node *parse_object(struct parser *p)
{
    struct jq_node *n = new_node(p, JQ_N_OBJECT);

    advance(p);
    while (!is_sign(p, "}")) {
        if (!parse_member(p, n))
            return NULL;
        if (!take_sign(p, ","))
            break;
        if (is_sign(p, "}") && n->list.len == 0)
            return fail(p);
    }
    return want_sign(p, "}") ? n : NULL;
}

static struct jq_node *parse_array(struct parser *p)
{
    struct jq_node *n = new_node(p, JQ_N_ARRAY);

    advance(p);
    if (take_sign(p, "]"))
        return n;
    n->a = parse_pipe(p);
    return n->a && want_sign(p, "]") ? n : NULL;
}

/* Behind "if" or "elif". */
static struct jq_node *parse_if(struct parser *p)
{
    struct jq_node *n = new_node(p, JQ_N_IF);

    if (!enter(p))
        return NULL;
    advance(p);
    n->a = parse_pipe(p);
    if (!n->a || !want_word(p, "then"))
        return NULL;
    n->b = parse_pipe(p);
    if (!n->b)
        return NULL;
    p->depth--;
    if (is_word(p, "elif")) {
        n->c = parse_if(p);
        return n->c ? n : NULL;
    }
    if (take_word(p, "else")) {
        n->c = parse_pipe(p);
        if (!n->c)
            return NULL;
    }
    return want_word(p, "end") ? n : NULL;
}

static struct jq_node *parse_try(struct parser *p)
{
    struct jq_node *n = new_node(p, JQ_N_TRY);

    advance(p);
    n->a = parse_term(p);
    if (n->a && take_word(p, "catch")) {
        n->b = parse_term(p);
        if (!n->b)
            return NULL;
    }
    return n->a ? n : NULL;
}

/* reduce and foreach. */
static struct jq_node *parse_fold(struct parser *p, enum jq_kind kind)
{
    struct jq_node *n = new_node(p, kind);
    struct jq_pattern *pattern;

    advance(p);
    n->a = parse_expr(p, 0);
    if (!n->a || !want_word(p, "as"))
        return NULL;
    pattern = parse_pattern(p);
    if (!pattern || !want_sign(p, "("))
        return NULL;
    VEC_APUSH(p->a, &n->patterns, pattern);
    n->b = parse_pipe(p);
    if (!n->b || !want_sign(p, ";"))
        return NULL;
    n->c = parse_pipe(p);
    if (n->c && kind == JQ_N_FOREACH && take_sign(p, ";")) {
        n->d = parse_pipe(p);
        if (!n->d)
            return NULL;
    }
    return n->c && want_sign(p, ")") ? n : NULL;
}

static struct jq_node *parse_call(struct parser *p)
{
    struct jq_node *n = new_node(p, JQ_N_CALL);

    n->text = p->token.text;
    advance(p);
    if (!take_sign(p, "("))
        return n;
    do {
        struct jq_node *arg = parse_pipe(p);

        if (!arg)
            return NULL;
        VEC_APUSH(p->a, &n->list, arg);
    } while (take_sign(p, ";"));
    return want_sign(p, ")") ? n : NULL;
}

static struct jq_node *parse_word(struct parser *p)
{
    static const struct {
        const char *word;
        enum jq_type type;
    } literals[] = {{"null", JQ_NULL}, {"true", JQ_TRUE}, {"false", JQ_FALSE}};
    struct jq_node *n;

    for (size_t i = 0; i < COUNT_OF(literals); i++)
        if (take_word(p, literals[i].word))
            return literal(p, (struct jq_value){.type = (uint8_t) literals[i].type});
    if (is_word(p, "if"))
        return parse_if(p);
    if (is_word(p, "try"))
        return parse_try(p);
    if (is_word(p, "reduce"))
        return parse_fold(p, JQ_N_REDUCE);
    if (is_word(p, "foreach"))
        return parse_fold(p, JQ_N_FOREACH);
    if (take_word(p, "break")) {
        n = new_node(p, JQ_N_BREAK);
        n->text = p->token.text;
        if (p->token.kind != JQ_T_VARIABLE)
            return fail(p);
        advance(p);
        return n;
    }
    return jq_is_keyword(p->token.text) ? fail(p) : parse_call(p);
}

static struct jq_node *parse_prefix(struct parser *p, enum jq_kind kind)
{
    struct jq_node *n = new_node(p, kind);

    advance(p);
    n->a = parse_term(p);
    return n->a ? n : NULL;
}

/* Behind "[" of a suffix of @of: "]", an index or a slice. */
static struct jq_node *parse_bracket(struct parser *p, struct jq_node *of)
{
    struct jq_node *n = new_node(p, JQ_N_ITERATE);

    n->a = of;
    advance(p);
    if (take_sign(p, "]"))
        return n;
    n->kind = JQ_N_INDEX;
    if (!is_sign(p, ":")) {
        n->b = parse_pipe(p);
        if (!n->b)
            return NULL;
    }
    if (take_sign(p, ":")) {
        n->kind = JQ_N_SLICE;
        if (!n->b || !is_sign(p, "]")) {
            n->c = parse_pipe(p);
            if (!n->c)
                return NULL;
        }
    }
    return want_sign(p, "]") ? n : NULL;
}

static struct jq_node *index_by(struct parser *p, struct jq_node *of, struct jq_node *key)
{
    return join(p, JQ_N_INDEX, of, key);
}

/* Behind a point: a text, or a bracket. */
static struct jq_node *parse_behind_point(struct parser *p, struct jq_node *of)
{
    if (p->token.kind == JQ_T_QUOTE)
        return index_by(p, of, parse_string(p, STR("@text")));
    return is_sign(p, "[") ? parse_bracket(p, of) : fail(p);
}

static struct jq_node *parse_point(struct parser *p)
{
    struct jq_node *n = new_node(p, JQ_N_IDENTITY);

    advance(p);
    return p->token.kind == JQ_T_QUOTE || is_sign(p, "[") ? parse_behind_point(p, n) : n;
}

static struct jq_node *parse_field(struct parser *p, struct jq_node *of)
{
    struct jq_node *key = literal(p, jq_string(p->token.text));

    advance(p);
    return index_by(p, of, key);
}

static struct jq_node *parse_number(struct parser *p)
{
    struct jq_node *n = literal(p, jq_number(p->a, p->token.text));

    advance(p);
    return n;
}

static struct jq_node *parse_format(struct parser *p)
{
    struct jq_node *n = new_node(p, JQ_N_FORMAT);

    n->text = p->token.text;
    advance(p);
    return p->token.kind == JQ_T_QUOTE ? parse_string(p, n->text) : n;
}

static struct jq_node *parse_head(struct parser *p)
{
    struct jq_node *n;

    switch (p->token.kind) {
    case JQ_T_WORD:
        return parse_word(p);
    case JQ_T_FIELD:
        return parse_field(p, new_node(p, JQ_N_IDENTITY));
    case JQ_T_VARIABLE:
        n = new_node(p, JQ_N_VARIABLE);
        n->text = p->token.text;
        advance(p);
        return n;
    case JQ_T_NUMBER:
        return parse_number(p);
    case JQ_T_QUOTE:
        return parse_string(p, STR("@text"));
    case JQ_T_FORMAT:
        return parse_format(p);
    case JQ_T_SIGN:
        break;
    case JQ_T_END:
    case JQ_T_BAD:
        return fail(p);
    }
    if (is_sign(p, "."))
        return parse_point(p);
    if (take_sign(p, ".."))
        return new_node(p, JQ_N_RECURSE);
    if (is_sign(p, "["))
        return parse_array(p);
    if (is_sign(p, "{"))
        return parse_object(p);
    if (is_sign(p, "-"))
        return parse_prefix(p, JQ_N_NEGATE);
    if (is_sign(p, "+"))
        return parse_prefix(p, JQ_N_PLUS);
    if (take_sign(p, "(")) {
        n = parse_pipe(p);
        return n && want_sign(p, ")") ? n : NULL;
    }
    return fail(p);
}

/* "?" tries the last suffix only: what comes before it may fail. */
static struct jq_node *parse_optional(struct parser *p, struct jq_node *n, bool is_head)
{
    bool is_suffix = n->kind == JQ_N_INDEX || n->kind == JQ_N_SLICE || n->kind == JQ_N_ITERATE;
    struct jq_node *outer = new_node(p, JQ_N_TRY), *before = n->a;

    outer->a = n;
    if (is_head || !is_suffix)
        return outer;
    n->a = new_node(p, JQ_N_IDENTITY);
    return join(p, JQ_N_PIPE, before, outer);
}

static struct jq_node *parse_term(struct parser *p)
{
    struct jq_node *n, *head;
    size_t count = 0;

    if (!enter(p))
        return NULL;
    n = head = parse_head(p);
    while (n && !p->is_failed && !is_chain_too_long(p, &count)) {
        if (p->token.kind == JQ_T_FIELD) {
            n = parse_field(p, n);
        } else if (is_sign(p, "[")) {
            n = parse_bracket(p, n);
        } else if (take_sign(p, "?")) {
            n = parse_optional(p, n, n == head);
        } else if (take_sign(p, ".")) {
            n = parse_behind_point(p, n);
        } else {
            break;
        }
    }
    p->depth--;
    return p->is_failed ? NULL : n;
}

/* ---- operators ---- */

static const struct operator_row {
    const char *sign;
    enum jq_kind kind;
    enum jq_op op;
    int level;
    enum { LEFT, RIGHT, NONE } joins;
} operators[] = {
    {"//", JQ_N_ALTERNATIVE, 0, 1, RIGHT},
    {"=", JQ_N_ASSIGN, 0, 2, NONE},
    {"|=", JQ_N_MODIFY, 0, 2, NONE},
    {"+=", JQ_N_UPDATE, JQ_OP_ADD, 2, NONE},
    {"-=", JQ_N_UPDATE, JQ_OP_SUB, 2, NONE},
    {"*=", JQ_N_UPDATE, JQ_OP_MUL, 2, NONE},
    {"/=", JQ_N_UPDATE, JQ_OP_DIV, 2, NONE},
    {"%=", JQ_N_UPDATE, JQ_OP_MOD, 2, NONE},
    {"//=", JQ_N_UPDATE, JQ_OP_ALT, 2, NONE},
    {"or", JQ_N_OR, 0, 3, LEFT},
    {"and", JQ_N_AND, 0, 4, LEFT},
    {"==", JQ_N_BINARY, JQ_OP_EQ, 5, NONE},
    {"!=", JQ_N_BINARY, JQ_OP_NE, 5, NONE},
    {"<", JQ_N_BINARY, JQ_OP_LT, 5, NONE},
    {"<=", JQ_N_BINARY, JQ_OP_LE, 5, NONE},
    {">", JQ_N_BINARY, JQ_OP_GT, 5, NONE},
    {">=", JQ_N_BINARY, JQ_OP_GE, 5, NONE},
    {"+", JQ_N_BINARY, JQ_OP_ADD, 6, LEFT},
    {"-", JQ_N_BINARY, JQ_OP_SUB, 6, LEFT},
    {"*", JQ_N_BINARY, JQ_OP_MUL, 7, LEFT},
    {"/", JQ_N_BINARY, JQ_OP_DIV, 7, LEFT},
    {"%", JQ_N_BINARY, JQ_OP_MOD, 7, LEFT},
};

static const struct operator_row *find_operator(const struct parser *p)
{
    bool is_text = p->token.kind == JQ_T_WORD || p->token.kind == JQ_T_SIGN;

    for (size_t i = 0; is_text && i < COUNT_OF(operators); i++)
        if (str_is(p->token.text, operators[i].sign))
            return &operators[i];
    return NULL;
}

/* Operators of @level and stronger ones. */
static struct jq_node *parse_expr(struct parser *p, int level)
{
    struct jq_node *left = parse_term(p);
    const struct operator_row *op;
    size_t count = 0;
    int max = INT32_MAX; /* a comparison cannot stand beside another */

    if (!left || !enter(p))
        return NULL;
    while ((op = find_operator(p)) && op->level >= level) {
        struct jq_node *n = new_node(p, op->kind), *right;

        if (op->level >= max || is_chain_too_long(p, &count))
            return fail(p);
        advance(p);
        right = parse_expr(p, op->joins == RIGHT ? op->level : op->level + 1);
        if (!right)
            return NULL;
        n->op = op->op;
        n->a = left;
        n->b = right;
        left = n;
        max = op->joins == NONE ? op->level : INT32_MAX;
    }
    p->depth--;
    return left;
}

/* ---- queries ---- */

static struct jq_def *parse_def(struct parser *p)
{
    struct jq_def *def = ARENA_NEW(p->a, struct jq_def);

    if (!want_word(p, "def") || p->token.kind != JQ_T_WORD || jq_is_keyword(p->token.text))
        return fail(p);
    def->name = p->token.text;
    advance(p);
    if (take_sign(p, "(")) {
        do {
            if (p->token.kind != JQ_T_VARIABLE &&
                (p->token.kind != JQ_T_WORD || jq_is_keyword(p->token.text)))
                return fail(p);
            VEC_APUSH(p->a, &def->params, p->token.text);
            advance(p);
        } while (take_sign(p, ";"));
        if (!want_sign(p, ")"))
            return NULL;
    }
    if (!want_sign(p, ":"))
        return NULL;
    def->body = parse_pipe(p);
    return def->body && want_sign(p, ";") ? def : NULL;
}

static void *fail_empty(struct parser *p)
{
    if (!p->is_failed)
        jq_fail_at(p->p, (uint32_t) p->token.pos, p->err, "missing query (try \".\")");
    p->is_failed = true;
    return NULL;
}

/* A definition and what follows it. */
static struct jq_node *parse_with_def(struct parser *p)
{
    struct jq_node *n = new_node(p, JQ_N_DEF);

    n->def = parse_def(p);
    if (!n->def)
        return NULL;
    if (p->token.kind == JQ_T_END)
        return fail_empty(p);
    n->a = parse_pipe(p);
    return n->a ? n : NULL;
}

static struct jq_node *parse_label(struct parser *p)
{
    struct jq_node *n = new_node(p, JQ_N_LABEL);

    advance(p);
    n->text = p->token.text;
    if (p->token.kind != JQ_T_VARIABLE)
        return fail(p);
    advance(p);
    if (!want_sign(p, "|"))
        return NULL;
    n->a = parse_pipe(p);
    return n->a ? n : NULL;
}

/* What may stand beside a comma. */
static struct jq_node *parse_operand(struct parser *p)
{
    struct jq_node *left, *n;

    if (is_word(p, "def"))
        return parse_with_def(p);
    if (is_word(p, "label"))
        return parse_label(p);
    left = parse_expr(p, 0);
    if (!left || !is_word(p, "as"))
        return left;
    n = new_node(p, JQ_N_AS);
    advance(p);
    n->a = left;
    if (!parse_patterns(p, n) || !want_sign(p, "|"))
        return NULL;
    n->b = parse_pipe(p);
    return n->b ? n : NULL;
}

static struct jq_node *parse_pipe(struct parser *p)
{
    struct jq_node *left;
    size_t count = 0;

    if (!enter(p))
        return NULL;
    left = parse_operand(p);
    while (left && take_sign(p, ",") && !is_chain_too_long(p, &count))
        left = join(p, JQ_N_COMMA, left, parse_operand(p));
    if (left && take_sign(p, "|"))
        left = join(p, JQ_N_PIPE, left, parse_pipe(p));
    p->depth--;
    return p->is_failed ? NULL : left;
}

int jq_parse(struct jq_program *program, struct err *err)
{
    struct parser p = {.a = program->a, .p = program, .source = program->source, .err = err};

    advance(&p);
    program->root = p.token.kind == JQ_T_END ? fail_empty(&p) : parse_pipe(&p);
    if (program->root && p.token.kind == JQ_T_END)
        return 0;
    fail(&p);
    return -1;
}

struct jq_def *jq_parse_def(struct arena *a, struct str text)
{
    struct err err = {};
    struct jq_program none = {.source = text};
    struct parser p = {.a = a, .p = &none, .source = text, .err = &err};

    advance(&p);
    return parse_def(&p);
}
