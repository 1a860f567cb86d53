/*
 * lang/expr/jsonpath.c - Argo's jsonpath(): members, items, slices, unions, wildcards, descent
 * and simple filters of JSONPath.
 *
 * A path that can name one value only gives it, or fails; any other gives a list. Any thread.
 * Doesn't do: scripts "(...)", arithmetic and functions in filters, "length" and the like; they
 * are ERR_UNSUPPORTED.
 */
#include "lang/expr/expr_internal.h"

typedef VEC(struct value) value_list;

struct path {
    struct value_run *r;
    struct str text, rest;
    struct value root;
    bool is_many; /* a list, as some step may name several */
};

static int fail_path(struct path *p)
{
    size_t at = p->text.len - p->rest.len;

    return value_fail(p->r,
                      "invalid JSONPath selector '" STR_FMT "' unexpected token '" STR_FMT
                      "' at index %zu",
                      STR_ARG(str_head(p->text, 300)), STR_ARG(str_head(p->rest, 1)), at);
}

static int fail_unsupported(struct path *p)
{
    return err_set(p->r->err, ERR_UNSUPPORTED, "JSONPath '" STR_FMT "' is not supported yet",
                   STR_ARG(str_head(p->text, 300)));
}

static int add(struct path *p, value_list *list, const struct value *v)
{
    if (value_make(p->r, sizeof(*v)) < 0 || value_charge(p->r, 1) < 0)
        return -1;
    VEC_APUSH(p->r->a, list, *v);
    return 0;
}

/* Members of a map in the order of their names, as upstream visits them; items of an array. */
static int add_children(struct path *p, const struct value *v, value_list *list)
{
    struct value_pair *pairs = NULL;

    if (v->type == VALUE_MAP && value_map_sorted(p->r, v, &pairs) < 0)
        return -1;
    for (size_t i = 0; (v->type == VALUE_MAP || v->type == VALUE_ARRAY) && i < value_len(v);
         i++)
        if (add(p, list, pairs ? &pairs[i].value : &v->items[i]) < 0)
            return -1;
    return 0;
}

/* A value and all below it, each before its children. */
static int add_descent(struct path *p, const struct value *v, value_list *list)
{
    value_list children = {};

    if (add(p, list, v) < 0 || add_children(p, v, &children) < 0)
        return -1;
    VEC_FOREACH (it, &children)
        if (add_descent(p, it, list) < 0)
            return -1;
    return 0;
}

static int fail_step(struct path *p, const char *what, struct str name)
{
    return value_fail(p->r, "%s: invalid token " STR_FMT, what, STR_ARG(str_head(name, 200)));
}

/* A member; missing ones are left out of a list. */
static int step_member(struct path *p, value_list *from, struct str name, value_list *to)
{
    VEC_FOREACH (it, from) {
        const struct value *found = value_map_get(it, name);

        if (found ? add(p, to, found) < 0 : !p->is_many)
            return found ? -1 : fail_step(p, "key", name);
    }
    return 0;
}

static int step_index(struct path *p, value_list *from, int64_t index, value_list *to)
{
    VEC_FOREACH (it, from) {
        int64_t at = index + (index < 0 ? (int64_t) it->count : 0);
        bool is_there = it->type == VALUE_ARRAY && at >= 0 && at < (int64_t) it->count;

        if (is_there ? add(p, to, &it->items[at]) < 0 : !p->is_many)
            return is_there ? -1 : fail_step(p, "index", STR("out of range"));
    }
    return 0;
}

static int64_t clamp(int64_t n, int64_t len)
{
    n += n < 0 ? len : 0;
    return n < 0 ? 0 : n > len ? len : n;
}

/* "from:to:step" with any of them missing. */
static int step_slice(struct path *p, value_list *from, struct str text, value_list *to)
{
    int64_t bounds[3] = {0, INT64_MAX, 1};
    struct str part;

    for (size_t i = 0; str_cut(&text, ':', &part); i++) {
        part = str_trim(part);
        if (i > 2 || (part.len > 0 && !parse_i64(part, &bounds[i])))
            return fail_path(p);
    }
    if (bounds[2] == 0)
        return fail_step(p, "range", STR("out of range"));
    if (bounds[2] < 0)
        return fail_unsupported(p);
    VEC_FOREACH (it, from) {
        int64_t len = (int64_t) it->count, end = clamp(bounds[1], len);

        if (it->type != VALUE_ARRAY)
            continue;
        for (int64_t i = clamp(bounds[0], len); i < end; i += bounds[2])
            if (add(p, to, &it->items[i]) < 0)
                return -1;
    }
    return 0;
}

/* A text in quotes, without them; absent when it is none. */
static struct str unquoted(struct str s)
{
    bool is_quoted =
        s.len >= 2 && (s.ptr[0] == '\'' || s.ptr[0] == '"') && s.ptr[s.len - 1] == s.ptr[0];

    return is_quoted ? str_of(s.ptr + 1, s.len - 2) : STR_NONE;
}

/* How far a piece goes up to one of @ends outside quotes, brackets and parentheses. */
static size_t piece_len(struct str s, const char *ends)
{
    size_t depth = 0;
    char quote = 0;

    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];

        if (quote) {
            quote = c == quote ? 0 : quote;
        } else if (depth == 0 && strchr(ends, c)) {
            return i;
        } else if (c == '\'' || c == '"') {
            quote = c;
        } else if (c == '[' || c == '(') {
            depth++;
        } else if ((c == ']' || c == ')') && depth > 0) {
            depth--;
        }
    }
    return s.len;
}

static int follow(struct path *p, value_list *list);

/* "@.a.b", "$.a" or a literal; 0 when the path leads nowhere. */
static int operand(struct path *p, struct str text, const struct value *item, struct value *ret)
{
    struct path inner = {.r = p->r, .text = text, .root = p->root};
    value_list list = {};
    struct json doc;

    text = str_trim(text);
    if (!str_is_none(unquoted(text))) {
        *ret = value_string(unquoted(text));
        return 1;
    }
    if (text.len > 0 && (text.ptr[0] == '@' || text.ptr[0] == '$')) {
        inner.rest = str_skip(text, 1);
        if (add(p, &list, text.ptr[0] == '@' ? item : &p->root) < 0)
            return -1;
        if (follow(&inner, &list) < 0)
            return p->r->err->kind == ERR_INVALID ? 0 : -1;
        *ret = inner.is_many ? value_array(list.at, list.len) : list.at[0];
        return 1;
    }
    if (json_parse(p->r->a, text, &doc, p->r->err) < 0)
        return fail_unsupported(p);
    *ret = value_of_json(p->r->a, &doc);
    return 1;
}

static int compare(struct path *p, struct str op, const struct value *x, const struct value *y)
{
    static const struct {
        const char *text;
        enum expr_op op;
    } ops[] = {{"==", EXPR_OP_EQ},     {"!=", EXPR_OP_NE}, {"<=", EXPR_OP_LE},
               {">=", EXPR_OP_GE},     {"<", EXPR_OP_LT},  {">", EXPR_OP_GT},
               {"=~", EXPR_OP_MATCHES}};
    struct value v;

    for (size_t i = 0; i < COUNT_OF(ops); i++)
        if (str_is(op, ops[i].text)) {
            if (expr_binary(p->r, ops[i].op, x, y, &v) < 0)
                return p->r->err->kind == ERR_INVALID ? 0 : -1;
            return v.is_true;
        }
    return fail_unsupported(p);
}

/* "a" or "a op b": 1, 0 or -1. */
static int is_met(struct path *p, struct str text, const struct value *item)
{
    size_t len = piece_len(text, "=!<>"), op_len;
    struct value x, y;
    struct str rest = str_skip(text, len);
    int rc = operand(p, str_head(text, len), item, &x);

    if (rc <= 0)
        return rc;
    if (rest.len == 0) /* is there such a value? */
        return x.type == VALUE_BOOL ? x.is_true : x.type != VALUE_NIL;
    op_len = rest.len > 1 && (rest.ptr[1] == '=' || rest.ptr[1] == '~') ? 2 : 1;
    rc = operand(p, str_skip(rest, op_len), item, &y);
    return rc <= 0 ? rc : compare(p, str_head(rest, op_len), &x, &y);
}

/* "?(...)": terms joined by && only or by || only. */
static int filter_item(struct path *p, struct str text, const struct value *item)
{
    bool is_or = str_find(text, STR("||")) != SIZE_MAX, is_true = !is_or;

    if (is_or && str_find(text, STR("&&")) != SIZE_MAX)
        return fail_unsupported(p);
    while (text.len > 0) {
        size_t len = piece_len(text, "&|");
        int rc = is_met(p, str_trim(str_head(text, len)), item);

        if (rc < 0)
            return -1;
        is_true = is_or ? is_true || rc : is_true && rc;
        text = str_skip(text, len + 2);
    }
    return is_true;
}

static int step_filter(struct path *p, value_list *from, struct str text, value_list *to)
{
    VEC_FOREACH (it, from) {
        value_list children = {};

        if (add_children(p, it, &children) < 0)
            return -1;
        VEC_FOREACH (child, &children) {
            int rc = filter_item(p, text, child);

            if (rc < 0 || (rc > 0 && add(p, to, child) < 0))
                return -1;
        }
    }
    return 0;
}

static int step_all(struct path *p, value_list *from, value_list *to)
{
    VEC_FOREACH (it, from)
        if (add_children(p, it, to) < 0)
            return -1;
    return 0;
}

static int step_one(struct path *p, value_list *from, struct str text, value_list *to)
{
    struct str name = unquoted(text);
    int64_t index = 0;

    if (!str_is_none(name))
        return step_member(p, from, name, to);
    return parse_i64(text, &index) ? step_index(p, from, index, to) : fail_path(p);
}

/* What stands in brackets. */
static int step_bracket(struct path *p, value_list *from, struct str text, value_list *to)
{
    text = str_trim(text);
    if (text.len == 0)
        return fail_path(p);
    if (str_is(text, "*") || text.ptr[0] == '?' || text.ptr[0] == '(') {
        p->is_many = true;
        if (text.ptr[0] == '*')
            return step_all(p, from, to);
        if (text.ptr[0] == '(' || !str_starts(text, STR("?(")) || !str_ends(text, STR(")")))
            return fail_unsupported(p);
        return step_filter(p, from, str_of(text.ptr + 2, text.len - 3), to);
    }
    if (piece_len(text, ":") < text.len) {
        p->is_many = true;
        return step_slice(p, from, text, to);
    }
    if (piece_len(text, ",") == text.len)
        return step_one(p, from, text, to);
    p->is_many = true;
    while (text.len > 0) {
        size_t len = piece_len(text, ",");

        if (step_one(p, from, str_trim(str_head(text, len)), to) < 0)
            return -1;
        text = str_skip(text, len + 1);
    }
    return 0;
}

/* The next step of p->rest; @list becomes what it names. */
static int step(struct path *p, value_list *list)
{
    value_list to = {}, all = {};
    bool has_dot = str_starts(p->rest, STR("."));
    size_t len;
    int rc;

    if (str_starts(p->rest, STR(".."))) {
        p->is_many = true;
        VEC_FOREACH (it, list)
            if (add_descent(p, it, &all) < 0)
                return -1;
        *list = all;
        p->rest = str_skip(p->rest, 1);
        if (str_starts(p->rest, STR(".[")))
            p->rest = str_skip(p->rest, 1);
        has_dot = str_starts(p->rest, STR("."));
    }
    if (str_starts(p->rest, STR("["))) {
        len = piece_len(str_skip(p->rest, 1), "]");
        if (len + 1 >= p->rest.len)
            return fail_path(p);
        rc = step_bracket(p, list, str_of(p->rest.ptr + 1, len), &to);
        p->rest = str_skip(p->rest, len + 2);
    } else if (has_dot) {
        struct str name = str_skip(p->rest, 1);

        len = piece_len(name, ".[");
        name = str_trim(str_head(name, len));
        if (name.len == 0)
            return fail_path(p);
        p->is_many = p->is_many || str_is(name, "*");
        rc = str_is(name, "*") ? step_all(p, list, &to) : step_member(p, list, name, &to);
        p->rest = str_skip(p->rest, len + 1);
    } else {
        return fail_path(p);
    }
    *list = to;
    return rc;
}

static int follow(struct path *p, value_list *list)
{
    while (p->rest.len > 0)
        if (step(p, list) < 0)
            return -1;
    return 0;
}

int expr_jsonpath(struct value_run *r, struct str doc, struct str path, struct value *ret)
{
    struct path p = {.r = r, .text = path, .rest = path};
    value_list list = {};
    struct json root;

    if (!str_starts(path, STR("$")))
        return fail_path(&p);
    if (value_parse_json(r, doc, &root) < 0)
        return -1;
    p.root = value_of_json(r->a, &root);
    p.rest = str_skip(path, 1);
    if (add(&p, &list, &p.root) < 0 || follow(&p, &list) < 0)
        return -1;
    *ret = p.is_many ? value_array(list.at, list.len) : list.at[0];
    return 0;
}
