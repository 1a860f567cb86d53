/*
 * lang/expr/signature.c - what expr-lang refuses of calls before an expression runs: numbers
 * and types of the arguments of builtins, of Argo's functions and of methods.
 *
 * Any thread. A function has signatures, of which one must fit (the error is the last one's),
 * or a rule with words of its own. Arguments are checked as far as a signature looks at them.
 */
#include "lang/expr/expr_internal.h"

/* A call while it is checked. */
struct call {
    struct expr_run *r;
    const struct expr_node *n; /* where errors of the whole call are */
    const char *name;
    struct expr_node **args;
    size_t count, seen;
    struct expr_nature *natures; /* of the first @seen */
};

static struct call call_of(struct expr_run *r, const struct expr_node *n, const char *name,
                           size_t from)
{
    return (struct call){
        .r = r,
        .n = n,
        .name = name,
        .args = n->kids + from,
        .count = n->kid_count - from,
        .natures = ARENA_ARRAY(r->v.a, struct expr_nature, n->kid_count + 1),
    };
}

/* Checks arguments up to the @count'th. */
static int see(struct call *c, size_t count)
{
    for (; c->seen < count; c->seen++)
        if (expr_check(c->r, c->args[c->seen], &c->natures[c->seen]) < 0)
            return -1;
    return 0;
}

static int fail(struct call *c, const struct expr_node *n)
{
    return expr_locate(c->r->text, n->pos, c->r->v.err);
}

/* ---- signatures ---- */

/* Letters of arguments and results: s string, i int, . any, A list of any, S I F lists of
 * texts, ints and floats, b boolean, T time, D duration, z zone, M month, W weekday, J int64,
 * f float. */
static const struct {
    char letter;
    const char *name;
    struct expr_nature nature;
} types[] = {
    {'s', "string", {.type = VALUE_STRING, .is_known = true}},
    {'i', "int", {.type = VALUE_INT, .is_known = true}},
    {'A', "[]interface {}", {.type = VALUE_ARRAY, .is_known = true}},
    {'S', "[]string", {.type = VALUE_ARRAY, .go = VALUE_GO_STRINGS, .is_known = true}},
    {'I', "[]int", {.type = VALUE_ARRAY, .go = VALUE_GO_INTS, .is_known = true}},
    {'F', "[]float64", {.type = VALUE_ARRAY, .go = VALUE_GO_FLOATS, .is_known = true}},
    {'b', "bool", {.type = VALUE_BOOL, .is_known = true}},
    {'f', "float64", {.type = VALUE_FLOAT, .is_known = true}},
    {'T', "time.Time", {.type = VALUE_TIME, .is_known = true}},
    {'D', "time.Duration", {.type = VALUE_DURATION, .is_known = true}},
    {'z', "*time.Location", {.type = VALUE_ZONE, .is_known = true}},
    {'M', "time.Month", {.type = VALUE_INT, .go = VALUE_GO_MONTH, .is_known = true}},
    {'W', "time.Weekday", {.type = VALUE_INT, .go = VALUE_GO_WEEKDAY, .is_known = true}},
    {'J', "int64", {.type = VALUE_INT, .go = VALUE_GO_INT64, .is_known = true}},
    {'m',
     "map[interface {}]interface {}",
     {.type = VALUE_MAP, .go = VALUE_GO_ANY_MAP, .is_known = true}},
    {'.', "interface {}", {}},
};

struct expr_nature expr_nature_of_letter(char letter)
{
    for (size_t i = 0; i < COUNT_OF(types); i++)
        if (types[i].letter == letter)
            return types[i].nature;
    return (struct expr_nature){};
}

static const char *letter_name(char letter)
{
    for (size_t i = 0; i < COUNT_OF(types); i++)
        if (types[i].letter == letter)
            return types[i].name;
    return "";
}

static bool is_plain_int(const struct expr_nature *n)
{
    return n->type == VALUE_INT && n->go != VALUE_GO_MONTH && n->go != VALUE_GO_WEEKDAY;
}

static bool is_assignable(char letter, const struct expr_nature *n)
{
    struct expr_nature want = expr_nature_of_letter(letter);

    if (!n->is_known || !want.is_known)
        return true;
    if (letter == 'i')
        return is_plain_int(n);
    return n->type == want.type && n->go == want.go;
}

static int fail_argument(struct call *c, size_t i, char letter)
{
    const struct expr_nature *x = &c->natures[i];

    if (x->is_known && x->type == VALUE_NIL)
        err_set(c->r->v.err, ERR_INVALID, "cannot use nil as argument (type %s) to call %s",
                letter_name(letter), c->name);
    else
        err_set(c->r->v.err, ERR_INVALID, "cannot use %s as argument (type %s) to call %s ",
                expr_nature_name(x), letter_name(letter), c->name);
    return fail(c, c->args[i]);
}

/* Does the call fit @letters? 1; 0 with an error set; -1 when an argument itself is wrong. */
static int check_letters(struct call *c, struct str letters)
{
    if (c->count != letters.len) {
        if (see(c, c->count) < 0)
            return -1;
        err_set(c->r->v.err, ERR_INVALID, "%s arguments to call %s",
                c->count < letters.len ? "not enough" : "too many", c->name);
        fail(c, c->n);
        return 0;
    }
    for (size_t i = 0; i < c->count; i++) {
        bool is_nil;

        if (see(c, i + 1) < 0)
            return -1;
        is_nil = c->natures[i].is_known && c->natures[i].type == VALUE_NIL;
        if (is_nil ? !strchr(".z", letters.ptr[i])
                   : !is_assignable(letters.ptr[i], &c->natures[i])) {
            fail_argument(c, i, letters.ptr[i]);
            return 0;
        }
    }
    return 1;
}

static int check_signatures(struct call *c, const char *signatures)
{
    struct str rest = str_from(signatures), letters;

    if (rest.len == 0)
        return check_letters(c, rest) == 1 ? 0 : -1;
    while (str_cut(&rest, '|', &letters)) {
        int rc = check_letters(c, letters);

        if (rc != 0)
            return rc < 0 ? -1 : 0;
    }
    return -1;
}

static const struct {
    const char *name, *signatures;
    char result;
} signed_functions[] = {
    {"bitand", "ii", 'i'},
    {"bitnand", "ii", 'i'},
    {"bitnot", "i", 'i'},
    {"bitor", "ii", 'i'},
    {"bitshl", "ii", 'i'},
    {"bitshr", "ii", 'i'},
    {"bitushr", "ii", 'i'},
    {"bitxor", "ii", 'i'},
    {"duration", "s", 'D'},
    {"fromBase64", "s", 's'},
    {"fromJSON", "s", '.'},
    {"hasPrefix", "ss", 'b'},
    {"hasSuffix", "ss", 'b'},
    {"indexOf", "ss", 'i'},
    {"join", "Ss|As|A|Ss|S", 's'},
    {"lastIndexOf", "ss", 'i'},
    {"lower", "s", 's'},
    {"repeat", "si", 's'},
    {"replace", "sssi|sss", 's'},
    {"sort", "As|Is|Fs|Ss|A|F|S|I", 'A'},
    {"split", "ss|ssi", 'S'},
    {"splitAfter", "ss|ssi", 'S'},
    {"string", ".", 's'},
    {"timezone", "s", 'z'},
    {"toBase64", "s", 's'},
    {"toJSON", ".", 's'},
    {"trim", "s|ss", 's'},
    {"trimPrefix", "ss|s", 's'},
    {"trimSuffix", "ss|s", 's'},
    {"type", ".", 's'},
    {"upper", "s", 's'},
    /* Argo's */
    {"asFloat", ".", '.'},
    {"asInt", ".", '.'},
    {"jsonpath", "ss", '.'},
    {"toJson", ".", 's'},
};

/* ---- rules ---- */

/* One argument of some kinds; its type stands between the two words. Result: '=' the argument's
 * type, 'e' its items', or a letter. */
static const struct rule {
    const char *name, *kinds;
    char result;
    const char *before, *behind;
} rules[] = {
    {"abs", "n", '=', "invalid argument for abs (type ", ")"},
    {"ceil", "n", 'f', "invalid argument for ceil (type ", ")"},
    {"first", "a", 'e', "cannot get first element from ", ""},
    {"flatten", "a", 'A', "cannot flatten ", ""},
    {"float", "ns", 'f', "invalid argument for float (type ", ")"},
    {"floor", "n", 'f', "invalid argument for floor (type ", ")"},
    {"fromPairs", "a", 'm', "cannot transform ", " from pairs"},
    {"int", "ns", 'i', "invalid argument for int (type ", ")"},
    {"keys", "m", 'A', "cannot get keys from ", ""},
    {"last", "a", 'e', "cannot get last element from ", ""},
    {"len", "sam", 'i', "invalid argument for len (type ", ")"},
    {"reverse", "a", 'A', "cannot reverse ", ""},
    {"round", "n", 'f', "invalid argument for round (type ", ")"},
    {"toPairs", "m", 'A', "cannot transform ", " to pairs"},
    {"uniq", "a", 'A', "cannot uniq ", ""},
    {"values", "m", 'A', "cannot get values from ", ""},
};

/* Is a value of one of these kinds: n number, s text, a list, m map? Any value is. */
static bool is_kind(const struct expr_nature *n, const char *kinds)
{
    if (!n->is_known)
        return true;
    switch (n->type) {
    case VALUE_INT:
    case VALUE_FLOAT:
    case VALUE_DURATION:
        return strchr(kinds, 'n') != NULL;
    case VALUE_STRING:
        return strchr(kinds, 's') != NULL;
    case VALUE_ARRAY:
    case VALUE_BYTES:
        return strchr(kinds, 'a') != NULL;
    case VALUE_MAP:
        return strchr(kinds, 'm') != NULL;
    case VALUE_NIL:
    case VALUE_BOOL:
    case VALUE_TIME:
    case VALUE_ZONE:
    case VALUE_FUNCTION:
    case VALUE_SEMVER:
        break;
    }
    return false;
}

/* As Go prints a type with %s. */
static const char *type_text(const struct expr_nature *n)
{
    return n->is_known && n->type == VALUE_NIL ? "%!s(<nil>)" : expr_nature_name(n);
}

static int fail_count(struct call *c, const char *expected)
{
    err_set(c->r->v.err, ERR_INVALID, "invalid number of arguments (expected %s, got %zu)",
            expected, c->count);
    return fail(c, c->n);
}

static int fail_type(struct call *c, const char *before, size_t i, const char *behind)
{
    err_set(c->r->v.err, ERR_INVALID, "%s%s%s", before, type_text(&c->natures[i]), behind);
    return fail(c, c->n);
}

/* What Go's type says of the items of a list. */
static struct expr_nature elem_of(const struct expr_nature *n)
{
    bool is_texts = n->is_known && n->type == VALUE_ARRAY && n->go == VALUE_GO_STRINGS;

    return expr_nature_of_letter(is_texts ? 's' : '.');
}

/* Go's type alone. */
static struct expr_nature bare(const struct expr_nature *n)
{
    struct expr_nature type = *n;

    type.elem = NULL;
    return type;
}

static int check_rule(struct call *c, const struct rule *rule, struct expr_nature *ret)
{
    if (see(c, c->count) < 0)
        return -1;
    if (c->count != 1)
        return fail_count(c, "1");
    if (!is_kind(&c->natures[0], rule->kinds))
        return fail_type(c, rule->before, 0, rule->behind);
    *ret = rule->result == '='   ? bare(&c->natures[0])
           : rule->result == 'e' ? elem_of(&c->natures[0])
                                 : expr_nature_of_letter(rule->result);
    return 0;
}

/* max, min, mean, median: an argument that is a list or any value ends the check. */
static int check_numbers(struct call *c, struct expr_nature *ret)
{
    const char *before = str_printf(c->r->v.a, "invalid argument for %s (type ", c->name).ptr;

    if (see(c, c->count) < 0)
        return -1;
    if (c->count == 0) {
        err_set(c->r->v.err, ERR_INVALID, "not enough arguments to call %s", c->name);
        return fail(c, c->n);
    }
    *ret = (struct expr_nature){};
    for (size_t i = 0; i < c->count; i++) {
        if (c->r->env->is_untyped && c->natures[i].is_known &&
            c->natures[i].type == VALUE_ARRAY && c->name[1] != 'e') /* not mean, median */
            return fail_type(c, before, i, ")");
        if (is_kind(&c->natures[i], "a"))
            return 0;
        if (!is_kind(&c->natures[i], "n"))
            return fail_type(c, before, i, ")");
    }
    *ret = c->natures[0];
    return 0;
}

static int check_concat(struct call *c, struct expr_nature *ret)
{
    if (see(c, c->count) < 0)
        return -1;
    if (c->count == 0)
        return fail_count(c, "at least 1");
    for (size_t i = 0; i < c->count; i++)
        if (!is_kind(&c->natures[i], "a"))
            return fail_type(c, "cannot concat ", i, "");
    *ret = expr_nature_of_letter('A');
    return 0;
}

static int check_take(struct call *c, struct expr_nature *ret)
{
    const struct expr_nature *count = &c->natures[1];

    if (see(c, c->count) < 0)
        return -1;
    if (c->count != 2)
        return fail_count(c, "2");
    if (!is_kind(&c->natures[0], "a"))
        return fail_type(c, "cannot take from ", 0, "");
    if (count->is_known && count->type != VALUE_INT && count->type != VALUE_DURATION)
        return fail_type(c, "cannot take ", 1, " elements");
    *ret = bare(&c->natures[0]);
    return 0;
}

static int check_now(struct call *c, struct expr_nature *ret)
{
    if (see(c, c->count) < 0)
        return -1;
    if (c->count > 1 ||
        (c->count == 1 && (!c->natures[0].is_known || c->natures[0].type != VALUE_ZONE)))
        return fail_count(c, "0");
    *ret = expr_nature_of_letter('T');
    return 0;
}

static int check_date(struct call *c, struct expr_nature *ret)
{
    size_t count = c->count;

    if (see(c, c->count) < 0)
        return -1;
    if (count < 1)
        return fail_count(c, "at least 1");
    count -= c->natures[0].is_known && c->natures[0].type == VALUE_ZONE;
    if (count > 3) {
        c->count = count;
        return fail_count(c, "at most 3");
    }
    *ret = expr_nature_of_letter('T');
    return 0;
}

static int check_get(struct call *c, struct expr_nature *ret)
{
    const struct expr_nature *base = &c->natures[0], *key = &c->natures[1];

    if (c->count != 2)
        return fail_count(c, "2");
    if (see(c, 2) < 0)
        return -1;
    *ret = (struct expr_nature){};
    if (!base->is_known)
        return 0;
    *ret = base->elem ? *base->elem : elem_of(base);
    if (base->type == VALUE_ARRAY || base->type == VALUE_BYTES) {
        if (!key->is_known || is_plain_int(key))
            return 0;
        err_set(c->r->v.err, ERR_INVALID, "non-integer slice index %s",
                key->type == VALUE_ZONE ? "time.Location" : expr_nature_name(key));
        return fail(c, c->args[1]);
    }
    if (base->type == VALUE_MAP) {
        if (!key->is_known || base->go || key->type == VALUE_STRING)
            return 0;
        err_set(c->r->v.err, ERR_INVALID, "cannot use %s to get an element from %s",
                expr_nature_name(key), expr_nature_name(base));
        return fail(c, c->args[1]);
    }
    err_set(c->r->v.err, ERR_INVALID, "type %s does not support indexing",
            expr_nature_name(base));
    return fail(c, c->args[0]);
}

static const struct {
    const char *name;
    int (*check)(struct call *c, struct expr_nature *ret);
} checks[] = {
    {"concat", check_concat}, {"date", check_date},    {"get", check_get},
    {"max", check_numbers},   {"mean", check_numbers}, {"median", check_numbers},
    {"min", check_numbers},   {"now", check_now},      {"take", check_take},
};

static int check_function(struct call *c, struct expr_nature *ret)
{
    struct str name = str_from(c->name);

    for (size_t i = 0; i < COUNT_OF(signed_functions); i++)
        if (str_is(name, signed_functions[i].name)) {
            *ret = expr_nature_of_letter(signed_functions[i].result);
            return check_signatures(c, signed_functions[i].signatures);
        }
    for (size_t i = 0; i < COUNT_OF(rules); i++)
        if (str_is(name, rules[i].name))
            return check_rule(c, &rules[i], ret);
    for (size_t i = 0; i < COUNT_OF(checks); i++)
        if (str_is(name, checks[i].name))
            return checks[i].check(c, ret);
    *ret = (struct expr_nature){};
    return see(c, c->count);
}

int expr_check_builtin(struct expr_run *r, const struct expr_node *n, struct expr_nature *ret)
{
    struct call c = call_of(r, n, n->function->name, 0);

    return check_function(&c, ret);
}

int expr_check_function(struct expr_run *r, const struct expr_node *n,
                        const struct value_function *f, struct expr_nature *ret)
{
    struct call c = call_of(r, n, f->name, 1);

    return check_function(&c, ret);
}

int expr_check_method(struct expr_run *r, const struct expr_node *n, enum value_type type,
                      struct str name, struct expr_nature *ret)
{
    struct call c = call_of(r, n, str_cz(r->v.a, name), 1);
    const char *letters = value_method_args(type, name), *results;

    if (!letters) {
        const struct value base = {.type = type};

        err_set(r->v.err, ERR_INVALID, "type %s has no method " STR_FMT, value_type_name(&base),
                STR_ARG(str_head(name, 200)));
        return fail(&c, n->kids[0]);
    }
    results = value_method_results(type, name);
    if (strlen(results) > 2) {
        err_set(r->v.err, ERR_INVALID, "func %s returns more then two values", c.name);
        return fail(&c, n);
    }
    *ret = expr_nature_of_letter(results[0]);
    return check_signatures(&c, letters);
}
