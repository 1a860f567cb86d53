/* See selector.h. The lexer and the error texts follow apimachinery's labels and fields
 * packages. */
#include "formats/selector.h"

#include <stdio.h>

#include "base/vec.h"

#define LABEL_VALUE_RULE                                                                      \
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' "  \
    "or '.', and must start and "                                                             \
    "end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex " \
    "used for validation is "                                                                 \
    "'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
#define LABEL_NAME_RULE                                                                       \
    "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and " \
    "end with an alphanumeric "                                                               \
    "character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is "   \
    "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"

enum { LABEL_MAX_BYTES = 63 };

typedef VEC(struct selector_requirement) requirement_vec;
typedef VEC(struct str) str_vec;

struct lexer {
    struct arena *a;
    struct str rest;
    struct str token; /* "" at the end */
    struct err *err;
};

static bool is_special(char c)
{
    return c == '=' || c == '!' || c == '(' || c == ')' || c == ',' || c == '<' || c == '>';
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static void next(struct lexer *l)
{
    size_t len = 0;

    while (l->rest.len && is_blank(l->rest.ptr[0]))
        l->rest = str_skip(l->rest, 1);
    if (l->rest.len && is_special(l->rest.ptr[0])) {
        len = 1;
        if (l->rest.len > 1 && l->rest.ptr[1] == '=' &&
            (l->rest.ptr[0] == '=' || l->rest.ptr[0] == '!'))
            len = 2;
    } else {
        while (len < l->rest.len && !is_special(l->rest.ptr[len]) &&
               !is_blank(l->rest.ptr[len]))
            len++;
    }
    l->token = str_head(l->rest, len);
    l->rest = str_skip(l->rest, len);
}

static bool is_word(struct str token)
{
    return token.len > 0 && !is_special(token.ptr[0]);
}

static bool is_alnum(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_label_text(struct str s)
{
    for (size_t i = 0; i < s.len; i++)
        if (!is_alnum(s.ptr[i]) && (i == 0 || i + 1 == s.len || !strchr("-_.", s.ptr[i])))
            return false;
    return true;
}

static int check_key(struct lexer *l, struct str key)
{
    size_t slash = str_find_char(key, '/');
    struct str name = slash == SIZE_MAX ? key : str_skip(key, slash + 1);

    if (slash == 0)
        return err_set(l->err, ERR_INVALID,
                       "unable to parse requirement: <nil>: Invalid value: \"" STR_FMT
                       "\": prefix part must be non-empty",
                       STR_ARG(key));
    if (slash != SIZE_MAX && slash > 253)
        return err_set(l->err, ERR_INVALID,
                       "unable to parse requirement: <nil>: Invalid value: \"" STR_FMT
                       "\": prefix part must be no more than 253 bytes",
                       STR_ARG(key));
    if (name.len > LABEL_MAX_BYTES)
        return err_set(l->err, ERR_INVALID,
                       "unable to parse requirement: <nil>: Invalid value: \"" STR_FMT
                       "\": name part must be no more than 63 bytes",
                       STR_ARG(key));
    if (name.len == 0 || !is_label_text(name) || str_find_char(name, '/') != SIZE_MAX)
        return err_set(l->err, ERR_INVALID,
                       "unable to parse requirement: <nil>: Invalid value: \"" STR_FMT
                       "\": %s" LABEL_NAME_RULE,
                       STR_ARG(key), name.len ? "" : "name part must be non-empty; ");
    return 0;
}

static int check_value(struct lexer *l, struct str key, struct str value, size_t index)
{
    if (value.len > LABEL_MAX_BYTES)
        return err_set(l->err, ERR_INVALID,
                       "unable to parse requirement: values[%zu][" STR_FMT
                       "]: Invalid value: \"" STR_FMT "\": must be no more than 63 bytes",
                       index, STR_ARG(key), STR_ARG(value));
    if (!is_label_text(value))
        return err_set(l->err, ERR_INVALID,
                       "unable to parse requirement: values[%zu][" STR_FMT
                       "]: Invalid value: \"" STR_FMT "\": " LABEL_VALUE_RULE,
                       index, STR_ARG(key), STR_ARG(value));
    return 0;
}

static int operator_of(struct lexer *l, enum selector_op *ret)
{
    static const struct {
        const char *text;
        enum selector_op op;
    } table[] = {{"=", SELECTOR_EQUAL}, {"==", SELECTOR_EQUAL},     {"!=", SELECTOR_NOT_EQUAL},
                 {"in", SELECTOR_IN},   {"notin", SELECTOR_NOT_IN}, {">", SELECTOR_GREATER},
                 {"<", SELECTOR_LESS}};

    for (size_t i = 0; i < COUNT_OF(table); i++)
        if (str_is(l->token, table[i].text)) {
            *ret = table[i].op;
            next(l);
            return 0;
        }
    return err_set(l->err, ERR_INVALID,
                   "unable to parse requirement: found '" STR_FMT
                   "', expected: in, notin, =, ==, !=, gt, lt",
                   STR_ARG(l->token));
}

/* "(x,y)": words may be empty. */
static int parse_set(struct lexer *l, str_vec *values)
{
    if (!str_is(l->token, "("))
        return err_set(l->err, ERR_INVALID,
                       "unable to parse requirement: found '" STR_FMT "' expected: '('",
                       STR_ARG(l->token));
    next(l);
    for (;;) {
        struct str value = is_word(l->token) ? l->token : STR("");

        if (is_word(l->token))
            next(l);
        VEC_APUSH(l->a, values, value);
        if (str_is(l->token, ")"))
            break;
        if (!str_is(l->token, ","))
            return err_set(l->err, ERR_INVALID,
                           "unable to parse requirement: found '" STR_FMT
                           "', expected: ',' or ')'",
                           STR_ARG(l->token));
        next(l);
    }
    next(l);
    return 0;
}

static int parse_values(struct lexer *l, enum selector_op op, str_vec *values)
{
    if (op == SELECTOR_IN || op == SELECTOR_NOT_IN)
        return parse_set(l, values);
    if (is_word(l->token)) {
        VEC_APUSH(l->a, values, l->token);
        next(l);
        return 0;
    }
    if (l->token.len > 0 && !str_is(l->token, ","))
        return err_set(l->err, ERR_INVALID,
                       "unable to parse requirement: found '" STR_FMT "', expected: identifier",
                       STR_ARG(l->token));
    VEC_APUSH(l->a, values, STR(""));
    return 0;
}

static int check_values(struct lexer *l, const struct selector_requirement *r)
{
    int64_t number;

    for (size_t i = 0; i < r->value_count; i++) {
        if ((r->op == SELECTOR_GREATER || r->op == SELECTOR_LESS) &&
            !parse_i64(r->values[i], &number))
            return err_set(l->err, ERR_INVALID,
                           "unable to parse requirement: values[%zu]: Invalid value: \"" STR_FMT
                           "\": for 'Gt', 'Lt' operators, the value must be an integer",
                           i, STR_ARG(r->values[i]));
        if (check_value(l, r->key, r->values[i], i) < 0)
            return -1;
    }
    return 0;
}

static int parse_requirement(struct lexer *l, struct selector_requirement *ret)
{
    bool is_negated = str_is(l->token, "!");
    str_vec values = {0};

    if (is_negated)
        next(l);
    if (!is_word(l->token))
        return err_set(l->err, ERR_INVALID,
                       "unable to parse requirement: found '" STR_FMT "', expected: identifier",
                       STR_ARG(l->token));
    ret->key = l->token;
    next(l);
    if (check_key(l, ret->key) < 0)
        return -1;
    if (is_negated || l->token.len == 0 || str_is(l->token, ",")) {
        ret->op = is_negated ? SELECTOR_NOT_EXISTS : SELECTOR_EXISTS;
        return 0;
    }
    if (operator_of(l, &ret->op) < 0 || parse_values(l, ret->op, &values) < 0)
        return -1;
    ret->values = values.at;
    ret->value_count = values.len;
    return check_values(l, ret);
}

int selector_parse(struct arena *a, struct str text, struct selector *ret, struct err *err)
{
    struct lexer l = {.a = a, .rest = str_copy(a, text), .err = err};
    requirement_vec list = {0};

    next(&l);
    while (l.token.len > 0) {
        struct selector_requirement r = {0};

        if (!is_word(l.token) && !str_is(l.token, "!"))
            return err_set(err, ERR_INVALID,
                           "found '" STR_FMT "', expected: !, identifier, or 'end of string'",
                           STR_ARG(l.token));
        if (parse_requirement(&l, &r) < 0)
            return -1;
        VEC_APUSH(a, &list, r);
        if (l.token.len == 0)
            break;
        if (!str_is(l.token, ","))
            return err_set(err, ERR_INVALID,
                           "found '" STR_FMT "', expected: ',' or 'end of string'",
                           STR_ARG(l.token));
        next(&l);
        if (!is_word(l.token) && !str_is(l.token, "!"))
            return err_set(err, ERR_INVALID,
                           "found '" STR_FMT "', expected: identifier after ','",
                           STR_ARG(l.token));
    }
    *ret = (struct selector){.at = list.at, .len = list.len};
    return 0;
}

/* ---- fields ---- */

/* The next term up to an unescaped comma. */
static bool cut_term(struct str *rest, struct str *ret)
{
    size_t len = 0;

    if (str_is_none(*rest))
        return false;
    while (len < rest->len && rest->ptr[len] != ',')
        len += rest->ptr[len] == '\\' ? 2 : 1;
    *ret = str_head(*rest, len);
    *rest = len < rest->len ? str_skip(*rest, len + 1) : STR_NONE;
    return true;
}

static int unescape(struct arena *a, struct str text, struct str *ret, struct err *err)
{
    char *out = arena_alloc_raw(a, text.len + 1);
    size_t used = 0;

    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == ',' || text.ptr[i] == '=')
            return err_set(err, ERR_INVALID,
                           "invalid field selector: unescaped character in value: '%c'",
                           text.ptr[i]);
        if (text.ptr[i] == '\\') {
            i++;
            if (i >= text.len || !strchr("\\,=", text.ptr[i]))
                return err_set(
                    err, ERR_INVALID,
                    "invalid field selector: invalid escape sequence in value: \\" STR_FMT,
                    STR_ARG(str_head(str_skip(text, i), 1)));
        }
        out[used++] = text.ptr[i];
    }
    *ret = str_of(out, used);
    return 0;
}

static int parse_term(struct arena *a, struct str term, struct selector_requirement *ret,
                      struct err *err)
{
    struct str value, *kept = ARENA_NEW(a, struct str);
    size_t at = 0;
    size_t len;

    while (at < term.len && term.ptr[at] != '=' && !str_starts(str_skip(term, at), STR("!=")))
        at++;
    if (at >= term.len)
        return err_set(err, ERR_INVALID,
                       "invalid selector: '" STR_FMT "'; can't understand '" STR_FMT "'",
                       STR_ARG(term), STR_ARG(term));
    ret->op = term.ptr[at] == '!' ? SELECTOR_NOT_EQUAL : SELECTOR_EQUAL;
    len = term.ptr[at] == '!' || str_starts(str_skip(term, at), STR("==")) ? 2 : 1;
    ret->key = str_head(term, at);
    if (unescape(a, str_skip(term, at + len), &value, err) < 0)
        return -1;
    *kept = value;
    ret->values = kept;
    ret->value_count = 1;
    return 0;
}

int selector_parse_fields(struct arena *a, struct str text, struct selector *ret,
                          struct err *err)
{
    struct str rest = str_copy(a, text), term;
    requirement_vec list = {0};

    while (cut_term(&rest, &term)) {
        struct selector_requirement r = {0};

        if (term.len == 0)
            continue;
        if (parse_term(a, term, &r, err) < 0)
            return -1;
        VEC_APUSH(a, &list, r);
    }
    *ret = (struct selector){.at = list.at, .len = list.len};
    return 0;
}

/* ---- LabelSelector objects ---- */

static int expression_of(struct arena *a, const struct json *v,
                         struct selector_requirement *ret, struct err *err)
{
    static const char *const names[] = {[SELECTOR_IN] = "In",
                                        [SELECTOR_NOT_IN] = "NotIn",
                                        [SELECTOR_EXISTS] = "Exists",
                                        [SELECTOR_NOT_EXISTS] = "DoesNotExist"};
    const struct json *values = json_get(v, STR("values"));
    str_vec list = {0};
    struct str name = json_get_str(v, STR("operator"));
    size_t op = COUNT_OF(names);

    for (size_t i = SELECTOR_IN; i < COUNT_OF(names); i++)
        if (str_is(name, names[i]))
            op = i;
    if (op == COUNT_OF(names))
        return err_set(err, ERR_INVALID,
                       "\"" STR_FMT "\" is not a valid label selector operator", STR_ARG(name));
    for (size_t i = 0; json_is(values, JSON_ARRAY) && i < values->count; i++)
        VEC_APUSH(a, &list, json_str(json_item(values, i)));
    *ret = (struct selector_requirement){.key = json_get_str(v, STR("key")),
                                         .op = (enum selector_op) op,
                                         .values = list.at,
                                         .value_count = list.len};
    return 0;
}

int selector_of_json(struct arena *a, const struct json *v, struct selector *ret,
                     struct err *err)
{
    const struct json *labels = json_get(v, STR("matchLabels"));
    const struct json *expressions = json_get(v, STR("matchExpressions"));
    requirement_vec list = {0};

    for (uint32_t i = 0; json_is(labels, JSON_OBJECT) && i < labels->count; i++) {
        struct str *value = ARENA_NEW(a, struct str);

        *value = json_str(&labels->members[i].value);
        VEC_APUSH(a, &list,
                  ((struct selector_requirement){.key = labels->members[i].key,
                                                 .op = SELECTOR_EQUAL,
                                                 .values = value,
                                                 .value_count = 1}));
    }
    for (size_t i = 0; json_is(expressions, JSON_ARRAY) && i < expressions->count; i++) {
        struct selector_requirement r;

        if (expression_of(a, json_item(expressions, i), &r, err) < 0)
            return -1;
        VEC_APUSH(a, &list, r);
    }
    *ret = (struct selector){
        .at = list.at, .len = list.len, .matches_nothing = !v || v->type == JSON_NULL};
    return 0;
}

/* ---- matching ---- */

static bool is_among(const struct selector_requirement *r, struct str value)
{
    for (size_t i = 0; i < r->value_count; i++)
        if (str_eq(r->values[i], value))
            return true;
    return false;
}

static bool compares(const struct selector_requirement *r, struct str value)
{
    int64_t left, right;

    if (!parse_i64(value, &left) || r->value_count != 1 || !parse_i64(r->values[0], &right))
        return false;
    return r->op == SELECTOR_GREATER ? left > right : left < right;
}

bool selector_holds(const struct selector_requirement *r, struct str value)
{
    bool is_there = !str_is_none(value);

    switch (r->op) {
    case SELECTOR_EQUAL:
    case SELECTOR_IN:
        return is_there && is_among(r, value);
    case SELECTOR_NOT_EQUAL:
    case SELECTOR_NOT_IN:
        return !is_there || !is_among(r, value);
    case SELECTOR_EXISTS:
        return is_there;
    case SELECTOR_NOT_EXISTS:
        return !is_there;
    case SELECTOR_GREATER:
    case SELECTOR_LESS:
        return is_there && compares(r, value);
    }
    return false;
}

bool selector_matches(const struct selector *s, const struct json *labels)
{
    if (s->matches_nothing)
        return false;
    for (size_t i = 0; i < s->len; i++)
        if (!selector_holds(&s->at[i], json_get_str(labels, s->at[i].key)))
            return false;
    return true;
}
