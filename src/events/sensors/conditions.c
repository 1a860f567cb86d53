/* Recursive descent over two operators; a compiled condition is a tree in the arena. */
#include "events/sensors/conditions.h"

enum { DEPENDENCIES_MAX = 64, DEPTH_MAX = 64 };

struct condition {
    enum { CONDITION_NAME, CONDITION_AND, CONDITION_OR } op;
    unsigned bit; /* CONDITION_NAME */
    const struct condition *left, *right;
};

struct parser {
    struct arena *a;
    struct str text;
    size_t at;
    unsigned depth;
    const struct str *names;
    size_t count;
    struct err *err;
};

static const struct condition *parse_or(struct parser *p);

/* Blanks and the comments of C, which the original's expression language skips, too. */
static void skip_blanks(struct parser *p)
{
    for (;;) {
        struct str rest = str_skip(p->text, p->at);
        size_t end;

        if (str_starts(rest, STR("/*"))) {
            end = str_find(rest, STR("*/"));
            p->at = end == SIZE_MAX ? p->text.len : p->at + end + 2;
        } else if (str_starts(rest, STR("//"))) {
            end = str_find_char(rest, '\n');
            p->at = end == SIZE_MAX ? p->text.len : p->at + end;
        } else if (rest.len > 0 &&
                   (rest.ptr[0] == ' ' || rest.ptr[0] == '\t' || rest.ptr[0] == '\n')) {
            p->at++;
        } else {
            return;
        }
    }
}

static bool take(struct parser *p, struct str token)
{
    skip_blanks(p);
    if (!str_starts(str_skip(p->text, p->at), token))
        return false;
    p->at += token.len;
    return true;
}

static const struct condition *make(struct parser *p, int op, const struct condition *left,
                                    const struct condition *right)
{
    struct condition *c = ARENA_NEW(p->a, struct condition);

    c->op = op == CONDITION_AND ? CONDITION_AND : CONDITION_OR;
    c->left = left;
    c->right = right;
    return c;
}

static const struct condition *fail(struct parser *p, const char *wanted)
{
    struct str rest = str_skip(p->text, p->at);

    err_set(p->err, ERR_INVALID,
            "conditions \"" STR_FMT "\": %s expected at character %zu, found %s" STR_FMT "%s",
            STR_ARG(p->text), wanted, p->at + 1, rest.len ? "\"" : "the end",
            STR_ARG(str_head(rest, 20)), rest.len ? "\"" : "");
    return NULL;
}

static bool is_name_byte(char c, bool is_first)
{
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (unsigned char) c >= 0x80)
        return true;
    return !is_first && ((c >= '0' && c <= '9') || c == '-' || c == '_');
}

static bool is_reserved(struct str name)
{
    static const char *const words[] = {"and",     "or",       "not",        "in",
                                        "true",    "false",    "nil",        "let",
                                        "matches", "contains", "startsWith", "endsWith"};

    for (size_t i = 0; i < COUNT_OF(words); i++)
        if (str_is(name, words[i]))
            return true;
    return false;
}

static bool is_name(struct str name)
{
    for (size_t i = 0; i < name.len; i++)
        if (!is_name_byte(name.ptr[i], i == 0))
            return false;
    return name.len > 0 && !is_reserved(name);
}

static bool is_same_name(struct str a, struct str b)
{
    if (a.len != b.len)
        return false;
    for (size_t i = 0; i < a.len; i++)
        if ((a.ptr[i] == '-' ? '_' : a.ptr[i]) != (b.ptr[i] == '-' ? '_' : b.ptr[i]))
            return false;
    return true;
}

/* Names that differ only by - and _ are one for upstream: the last of them counts. */
static const struct condition *find_name(struct parser *p, struct str name)
{
    for (size_t i = p->count; i > 0 && is_name(name); i--)
        if (is_same_name(name, p->names[i - 1])) {
            struct condition *c = ARENA_NEW(p->a, struct condition);

            c->bit = (unsigned) (i - 1);
            return c;
        }
    err_set(p->err, ERR_INVALID,
            "conditions \"" STR_FMT "\": " STR_FMT " is no dependency of the sensor",
            STR_ARG(p->text), STR_ARG(name));
    return NULL;
}

/* 'a' and "a" are the name, as a bare word is. */
static const struct condition *parse_quoted(struct parser *p, char quote)
{
    size_t end = str_find_char(str_skip(p->text, p->at + 1), quote);
    struct str name = str_head(str_skip(p->text, p->at + 1), end == SIZE_MAX ? 0 : end);

    if (end == SIZE_MAX)
        return fail(p, "a dependency name");
    p->at += end + 2;
    return find_name(p, name);
}

static const struct condition *parse_name(struct parser *p)
{
    size_t start;

    skip_blanks(p);
    start = p->at;
    if (p->at < p->text.len && (p->text.ptr[p->at] == '\'' || p->text.ptr[p->at] == '"'))
        return parse_quoted(p, p->text.ptr[p->at]);
    while (p->at < p->text.len && is_name_byte(p->text.ptr[p->at], p->at == start))
        p->at++;
    if (p->at == start)
        return fail(p, "a dependency name");
    return find_name(p, str_of(p->text.ptr + start, p->at - start));
}

static const struct condition *parse_operand(struct parser *p)
{
    const struct condition *inner;

    if (!take(p, STR("(")))
        return parse_name(p);
    if (++p->depth > DEPTH_MAX) {
        err_set(p->err, ERR_LIMIT, "conditions are nested deeper than %d levels", DEPTH_MAX);
        return NULL;
    }
    inner = parse_or(p);
    p->depth--;
    if (inner && !take(p, STR(")")))
        return fail(p, "a closing parenthesis");
    return inner;
}

static const struct condition *parse_and(struct parser *p)
{
    const struct condition *left = parse_operand(p);

    while (left && take(p, STR("&&"))) {
        const struct condition *right = parse_operand(p);

        left = right ? make(p, CONDITION_AND, left, right) : NULL;
    }
    return left;
}

static const struct condition *parse_or(struct parser *p)
{
    const struct condition *left = parse_and(p);

    while (left && take(p, STR("||"))) {
        const struct condition *right = parse_and(p);

        left = right ? make(p, CONDITION_OR, left, right) : NULL;
    }
    return left;
}

static size_t index_of(const struct parser *p, struct str name)
{
    size_t i = 0;

    while (!str_eq(p->names[i], name))
        i++;
    return i;
}

/* No condition: every dependency by its exact name. */
static const struct condition *all_of(struct parser *p)
{
    const struct condition *made = NULL;

    for (size_t i = 0; i < p->count; i++) {
        struct condition *c = ARENA_NEW(p->a, struct condition);
        struct str name = p->names[i];

        if (!is_name(name) && !str_is(name, "and") && !str_is(name, "or") &&
            !str_is(name, "not")) {
            err_set(p->err, ERR_INVALID,
                    "dependency name \"" STR_FMT
                    "\" cannot stand in a condition: letters, digits, _ and - only",
                    STR_ARG(name));
            return NULL;
        }
        c->bit = (unsigned) index_of(p, name);
        made = made ? make(p, CONDITION_AND, made, c) : c;
    }
    return made;
}

int condition_parse(struct arena *a, struct str text, const struct str *names, size_t count,
                    const struct condition **ret, struct err *err)
{
    struct parser p = {
        .a = a, .text = str_trim(text), .names = names, .count = count, .err = err};
    const struct condition *made;

    if (count > DEPENDENCIES_MAX)
        return err_set(err, ERR_LIMIT, "sensor with %zu dependencies (limit %d)", count,
                       DEPENDENCIES_MAX);
    if (count == 0)
        return err_set(err, ERR_INVALID, "no dependencies found");
    if (p.text.len == 0) {
        *ret = all_of(&p);
        return *ret ? 0 : -1;
    }
    made = parse_or(&p);
    if (!made)
        return -1;
    skip_blanks(&p);
    if (p.at < p.text.len) {
        fail(&p, "&& or ||");
        return -1;
    }
    *ret = made;
    return 0;
}

bool condition_holds(const struct condition *c, uint64_t met)
{
    switch (c->op) {
    case CONDITION_NAME:
        return (met >> c->bit) & 1;
    case CONDITION_AND:
        return condition_holds(c->left, met) && condition_holds(c->right, met);
    case CONDITION_OR:
        return condition_holds(c->left, met) || condition_holds(c->right, met);
    }
    return false;
}

uint64_t condition_uses(const struct condition *c)
{
    return c->op == CONDITION_NAME ? (uint64_t) 1 << c->bit
                                   : condition_uses(c->left) | condition_uses(c->right);
}
