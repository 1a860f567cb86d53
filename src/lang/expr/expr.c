/*
 * lang/expr/expr.c - compilation, runs, missing names and environments. See expr.h.
 */
#include "lang/expr/expr.h"

#include "base/limits.h"
#include "lang/expr/expr_internal.h"
#include "lang/value/text.h"

/* One line of the text and a caret, as expr-lang's file.Error; lines and columns from 1. */
int expr_locate(struct str text, uint32_t pos, struct err *err)
{
    char told[ERR_TEXT_MAX_BYTES], dots[512], shown[512];
    struct str line = text;
    size_t start = 0, end, column, number = 1;

    if (text.len == 0)
        return -1;
    for (size_t i = 0; i < pos && i < text.len; i++)
        if (text.ptr[i] == '\n') {
            start = i + 1;
            number++;
        }
    line = str_skip(text, start);
    end = str_find_char(line, '\n');
    line = str_head(line, end == SIZE_MAX ? line.len : end);
    if (line.len == 0) /* an empty line shows no place */
        return -1;
    column = value_runes(str_head(line, pos - start));
    line = str_head(line, 500);
    for (size_t i = 0; i < line.len; i++)
        shown[i] = line.ptr[i] == '\t' ? ' ' : line.ptr[i];
    memset(dots, '.', sizeof(dots));
    snprintf(told, sizeof(told), "%s", err->text);
    return err_set(err, err->kind == ERR_NONE ? ERR_INVALID : err->kind,
                   "%s (%zu:%zu)\n | " STR_FMT "\n | " STR_FMT "^", told, number, column + 1,
                   (int) line.len, shown, (int) (column < sizeof(dots) ? column : 0), dots);
}

static struct expr_run run_of(struct arena *a, struct str text, const struct expr_env *env,
                              struct err *err)
{
    return (struct expr_run){
        .v = {.a = a, .what = "expression", .now = env->now, .random = env->random, .err = err},
        .text = text,
        .env = env};
}

int expr_compile(struct arena *a, struct str text, const struct expr_env *env,
                 const struct expr_program **ret, struct err *err)
{
    struct expr_run r = run_of(a, text, env, err);
    struct expr_program *p = ARENA_NEW(a, struct expr_program);
    struct expr_nature nature;

    p->text = text;
    if (expr_parse(a, text, env, &p->root, err) < 0 || expr_check(&r, p->root, &nature) < 0)
        return -1;
    *ret = p;
    return 0;
}

int expr_run(const struct expr_program *program, struct arena *a, const struct expr_env *env,
             struct value *ret, struct err *err)
{
    struct expr_run r = run_of(a, program->text, env, err);
    struct value v;

    if (expr_eval_node(&r, program->root, &v) < 0)
        return -1;
    *ret = v;
    return 0;
}

int expr_eval(struct arena *a, struct str text, const struct expr_env *env, struct value *ret,
              struct err *err)
{
    const struct expr_program *program = NULL;

    if (expr_compile(a, text, env, &program, err) < 0)
        return -1;
    return expr_run(program, a, env, ret, err);
}

int expr_bool(struct arena *a, const struct value *v, bool *ret, struct err *err)
{
    _cleanup_strbuf_ struct strbuf text = STRBUF_INIT(VALUE_OUTPUT_MAX_BYTES);
    struct value_run r = {.a = a, .what = "expression", .err = err};

    if (v->type == VALUE_BOOL) {
        *ret = v->is_true;
        return 0;
    }
    if (value_sprintf(&r, &text, STR("%s"), v, 1) < 0)
        return -1;
    return err_set(err, ERR_INVALID, "unable to cast expression result '" STR_FMT "' to bool",
                   STR_ARG(strbuf_str(&text)));
}

int expr_eval_bool(struct arena *a, struct str text, const struct expr_env *env, bool *ret,
                   struct err *err)
{
    const struct expr_program *program = NULL;
    struct value v;

    if (expr_compile(a, text, env, &program, err) < 0)
        return -1;
    if (expr_run(program, a, env, &v, err) < 0)
        return err_wrap(err, "unable to evaluate expression '" STR_FMT "'", STR_ARG(text));
    return expr_bool(a, &v, ret, err);
}

/* One look for names. */
struct walk {
    struct arena *a;
    expr_name_fn fn;
    void *ctx;
    struct err *err;
};

static bool is_text(const struct expr_node *n)
{
    return n->kind == EXPR_NODE_LITERAL && n->value.type == VALUE_STRING;
}

/* "a.b.c" of a name with members by texts; false for anything else. */
static bool path_of(struct walk *w, const struct expr_node *n, struct str *ret)
{
    struct str base;

    if (n->kind == EXPR_NODE_CHAIN)
        return path_of(w, n->kids[0], ret);
    if (n->kind == EXPR_NODE_NAME) {
        *ret = n->name;
        return true;
    }
    if (n->kind != EXPR_NODE_MEMBER || !is_text(n->kids[1]) || !path_of(w, n->kids[0], &base))
        return false;
    *ret = str_printf(w->a, STR_FMT "." STR_FMT, STR_ARG(base),
                      STR_ARG(value_text(&n->kids[1]->value)));
    return true;
}

static int each_name(struct walk *w, const struct expr_node *n, enum expr_need need)
{
    bool is_coalesce = n->kind == EXPR_NODE_BINARY && n->op == EXPR_OP_COALESCE;
    struct str path;

    if (n->kind == EXPR_NODE_CHAIN)
        need = EXPR_GUARDED;
    if (path_of(w, n, &path))
        return w->fn(w->ctx, path, need, w->err);
    for (size_t i = 0; i < n->kid_count; i++) {
        const struct expr_node *kid = n->kids[i];

        if (kid && each_name(w, kid, is_coalesce && i == 0 ? EXPR_GUARDED : need) < 0)
            return -1;
    }
    return 0;
}

int expr_each_name(struct arena *a, struct str text, expr_name_fn fn, void *ctx,
                   struct err *err)
{
    struct walk w = {.a = a, .fn = fn, .ctx = ctx, .err = err};
    struct expr_env none = {.functions = EXPR_PLAIN};
    struct expr_node *root = NULL;

    if (expr_parse(a, text, &none, &root, err) < 0)
        return -1;
    return each_name(&w, root, EXPR_NEEDED);
}

struct missing {
    struct arena *a;
    const struct expr_env *env;
    expr_missing_fn fn;
    void *ctx;
};

/* The first part of a path that is not there, or the absent text. */
static struct str missing_part(struct missing *m, struct str path, enum expr_need need)
{
    struct str rest = path, name;
    struct value v = {.type = VALUE_NIL};
    const struct value *found = &v;
    size_t len = 0;

    for (bool is_first = true; str_cut(&rest, '.', &name); is_first = false) {
        len += name.len + !is_first;
        if (is_first && (str_is(name, "$env") || !expr_name_find(m->env, m->a, name, &v)))
            return name;
        if (!is_first)
            found = value_map_get(found, name);
        if (!found)
            return need == EXPR_NEEDED ? str_head(path, len) : STR_NONE;
    }
    return STR_NONE;
}

static int tell_missing(void *ctx, struct str path, enum expr_need need, struct err *err)
{
    struct missing *m = ctx;
    struct str part = missing_part(m, path, need);

    return str_is_none(part) ? 0 : m->fn(m->ctx, part, err);
}

int expr_each_missing(struct arena *a, struct str text, const struct expr_env *env,
                      expr_missing_fn fn, void *ctx, struct err *err)
{
    struct missing m = {.a = a, .env = env, .fn = fn, .ctx = ctx};

    return expr_each_name(a, text, tell_missing, &m, err);
}

bool expr_lookup_map(const void *ctx, struct arena *a _unused_, struct str name,
                     struct value *ret)
{
    const struct value *map = ctx, *found;

    if (str_is(name, "$env")) {
        *ret = *map;
        return true;
    }
    found = value_map_get(map, name);
    if (found)
        *ret = *found;
    return found != NULL;
}

static int compare_names(const void *left, const void *right)
{
    const struct expr_name *x = left, *y = right;
    size_t len = x->name.len < y->name.len ? x->name.len : y->name.len;
    int order = len > 0 ? memcmp(x->name.ptr, y->name.ptr, len) : 0;

    return order != 0 ? order : (x->name.len > y->name.len) - (x->name.len < y->name.len);
}

enum { NAME_PARTS_MAX = 64 }; /* further dots are no more than characters */

/* The part of a name behind @skip up to the next dot. */
static struct str part_of(const struct expr_name *n, size_t skip, size_t depth)
{
    struct str rest = str_skip(n->name, skip);
    size_t dot = depth < NAME_PARTS_MAX ? str_find_char(rest, '.') : SIZE_MAX;

    return dot == SIZE_MAX ? rest : str_head(rest, dot);
}

/* Names that agree in their first @skip bytes, as one map. */
static struct value nest(struct arena *a, const struct expr_name *names, size_t count,
                         size_t skip, size_t depth)
{
    struct value_pair *pairs = ARENA_ARRAY(a, struct value_pair, count + 1);
    size_t len = 0;

    for (size_t i = 0, next; i < count; i = next) {
        struct str part = part_of(&names[i], skip, depth);
        size_t inner = i;

        for (next = i; next < count && str_eq(part_of(&names[next], skip, depth), part); next++)
            inner += names[next].name.len == skip + part.len;
        pairs[len].key = value_string(part);
        pairs[len++].value =
            inner < next ? nest(a, names + inner, next - inner, skip + part.len + 1, depth + 1)
                         : names[next - 1].value;
    }
    return value_map(a, pairs, len);
}

/* Puts a name's parts in the order of a walk: a dot sorts before all other bytes. */
struct value expr_nest(struct arena *a, struct expr_name *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char *copy = str_cz(a, names[i].name);

        for (size_t k = 0; k < names[i].name.len; k++)
            if (copy[k] == '.')
                copy[k] = '\x01';
        names[i].name = str_of(copy, names[i].name.len);
    }
    if (count > 1)
        qsort(names, count, sizeof(*names), compare_names);
    for (size_t i = 0; i < count; i++) {
        char *copy = str_cz(a, names[i].name);

        for (size_t k = 0; k < names[i].name.len; k++)
            if (copy[k] == '\x01')
                copy[k] = '.';
        names[i].name = str_of(copy, names[i].name.len);
    }
    return nest(a, names, count, 0, 0);
}

size_t expr_find_bare(struct str text, const char *bytes)
{
    char quote = '\0';

    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];

        if (quote && c == '\\')
            i++;
        else if (quote)
            quote = c == quote ? '\0' : quote;
        else if (str_starts(str_skip(text, i), STR("//")))
            i += str_head(str_skip(text, i), str_find_char(str_skip(text, i), '\n')).len;
        else if (c == '"' || c == '\'')
            quote = c;
        else if (str_find_char(str_from(bytes), c) != SIZE_MAX)
            return i;
    }
    return SIZE_MAX;
}
