/* Two languages behind each other; see conditions.h. */
#include "events/sensors/conditions.h"

#include "base/strbuf.h"
#include "lang/cond/cond.h"
#include "lang/expr/expr.h"

enum { DEPENDENCIES_MAX = 64, TEXT_MAX_BYTES = 1 << 20 };

struct condition {
    struct str text; /* for govaluate, without its escapes */
    const struct cond_program *program;
    const struct str *names; /* the sensor's */
    size_t count;
    uint64_t uses;
    bool is_sum; /* of more than a name */
};

/* ---- the text of the trigger becomes one of names and operators ---- */

/* Upstream makes operators and parentheses texts, and so the whole a sum of texts. */
static struct str as_sum(struct arena *a, struct str text)
{
    static const struct str pairs[][2] = {
        {STR_INIT("&&"), STR_INIT(" + \"&&\" + ")},
        {STR_INIT("||"), STR_INIT(" + \"||\" + ")},
        {STR_INIT("-"), STR_INIT("_")},
        {STR_INIT("("), STR_INIT("\"(\"+")},
        {STR_INIT(")"), STR_INIT("+\")\"")},
    };
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(TEXT_MAX_BYTES);

    for (size_t at = 0, i; at < text.len;) {
        for (i = 0; i < COUNT_OF(pairs) && !str_starts(str_skip(text, at), pairs[i][0]);)
            i++;
        strbuf_add(&b, i < COUNT_OF(pairs) ? pairs[i][1] : str_of(text.ptr + at, 1));
        at += i < COUNT_OF(pairs) ? pairs[i][0].len : 1;
    }
    return str_copy(a, strbuf_str(&b));
}

static bool is_key_of(struct str key, struct str name)
{
    if (key.len != name.len)
        return false;
    for (size_t i = 0; i < key.len; i++)
        if (key.ptr[i] != (name.ptr[i] == '-' ? '_' : name.ptr[i]))
            return false;
    return true;
}

/* The functions of the older version of the language that upstream has here. */
static bool is_function(struct str key)
{
    static const char *const names[] = {
        "abs",        "all",      "any",       "ceil",        "count",    "date",
        "duration",   "filter",   "find",      "findIndex",   "findLast", "findLastIndex",
        "first",      "float",    "floor",     "fromBase64",  "fromJSON", "fromPairs",
        "get",        "groupBy",  "hasPrefix", "hasSuffix",   "indexOf",  "int",
        "join",       "keys",     "last",      "lastIndexOf", "len",      "lower",
        "map",        "max",      "mean",      "median",      "min",      "none",
        "now",        "one",      "reduce",    "repeat",      "replace",  "round",
        "sort",       "sortBy",   "split",     "splitAfter",  "string",   "sum",
        "take",       "toBase64", "toJSON",    "toPairs",     "trim",     "trimPrefix",
        "trimSuffix", "type",     "upper",     "values"};

    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (str_is(key, names[i]))
            return true;
    return false;
}

/* A name of the expression is the dependency's own; of those that differ only by - and _ the
 * last one's. */
static bool find_dependency(const void *ctx, struct arena *a _unused_, struct str key,
                            struct value *ret)
{
    const struct condition *c = ctx;

    if (c->is_sum && is_function(key))
        return false; /* hidden by the function, which cannot be added to a text */
    for (size_t i = c->count; i > 0; i--)
        if (is_key_of(key, c->names[i - 1])) {
            *ret = value_string(c->names[i - 1]);
            return true;
        }
    return false;
}

static int translate(struct arena *a, struct condition *c, struct str text, struct err *err)
{
    const struct expr_env env = {.lookup = find_dependency, .ctx = c};
    struct value_run run = {.a = a, .what = "conditions", .err = err};
    struct str sum = as_sum(a, text);
    size_t at = expr_find_bare(sum, ";`");
    struct value made;

    if (at != SIZE_MAX) /* upstream's version of the language is older */
        return err_set(err, ERR_INVALID, "unexpected token \"%c\" (1:%zu)", sum.ptr[at],
                       at + 1);
    c->is_sum = str_find(sum, STR("+")) < sum.len;
    if (expr_eval(a, sum, &env, &made, err) < 0)
        return -1;
    return value_format_str(&run, &made, &c->text);
}

/* ---- and is read ---- */

/* Of dependencies with the same name the first. */
static int use(struct condition *c, struct str name, struct err *err)
{
    for (size_t i = 0; i < c->count; i++)
        if (str_eq(c->names[i], name)) {
            c->uses |= (uint64_t) 1 << i;
            return 0;
        }
    return err_set(err, ERR_INVALID,
                   "Dependency expression and dependency list do not match, " STR_FMT
                   " is not found",
                   STR_ARG(name));
}

static int read_text(struct arena *a, struct condition *c, struct err *err)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(TEXT_MAX_BYTES);
    struct str name;
    size_t at = 0;

    for (size_t i = 0; i < c->text.len; i++) { /* a dash is no minus */
        if (c->text.ptr[i] == '-')
            strbuf_addc(&b, '\\');
        strbuf_addc(&b, c->text.ptr[i]);
    }
    if (cond_compile(a, str_copy(a, strbuf_str(&b)), &c->program, err) < 0)
        return -1;
    while (cond_next_name(c->program, &at, &name))
        if (use(c, name, err) < 0)
            return -1;
    return 0;
}

static struct str all_of(struct arena *a, const struct str *names, size_t count)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(TEXT_MAX_BYTES);

    for (size_t i = 0; i < count; i++) {
        strbuf_addz(&b, i > 0 ? "&&" : "");
        strbuf_add(&b, names[i]);
    }
    return str_copy(a, strbuf_str(&b));
}

int condition_parse(struct arena *a, struct str text, const struct str *names, size_t count,
                    const struct condition **ret, struct err *err)
{
    struct condition *c = ARENA_NEW(a, struct condition);

    if (count > DEPENDENCIES_MAX)
        return err_set(err, ERR_LIMIT, "sensor with %zu dependencies (limit %d)", count,
                       DEPENDENCIES_MAX);
    if (count == 0)
        return err_set(err, ERR_INVALID, "no dependencies found");
    *c = (struct condition){.names = names, .count = count};
    if (str_is_empty(text))
        c->text = all_of(a, names, count);
    else if (translate(a, c, text, err) < 0)
        return err_wrap(err, "conditions");
    if (read_text(a, c, err) < 0)
        return err_wrap(err, "conditions");
    *ret = c;
    return 0;
}

/* ---- each event ---- */

bool condition_holds(const struct condition *c, uint64_t met)
{
    const struct json no = json_bool(false), yes = json_bool(true);
    struct cond_name at[DEPENDENCIES_MAX];
    struct cond_names names = {.at = at};
    struct arena *a = arena_new();
    bool holds = false;
    struct err err;

    for (size_t i = 0; i < c->count; i++)
        if ((c->uses >> i) & 1)
            at[names.len++] = (struct cond_name){c->names[i], (met >> i) & 1 ? &yes : &no};
    if (cond_run_names(c->program, a, &names, &holds, &err) < 0)
        holds = false;
    arena_free(a);
    return holds;
}

uint64_t condition_uses(const struct condition *c)
{
    return c->uses;
}

struct str condition_text(const struct condition *c)
{
    return c->text;
}
