/*
 * lang/expr/sprig.c - the plain text, number, list and dict functions of sprig.
 *
 * Any thread. Arguments have been checked against the letters of sprig.def. Doesn't do: what
 * SPRIG_LATER says there.
 */
#include <math.h>

#include "base/limits.h"
#include "formats/base64.h"
#include "formats/goquote.h"
#include "formats/gotime.h"
#include "lang/expr/functions_internal.h"

#define FN(name)                                                                              \
    static int fn_##name(struct expr_run *r _unused_, const struct expr_value *args _unused_, \
                         size_t count _unused_, struct expr_value *ret)

typedef VEC(struct expr_value) value_list;

static int add(struct expr_run *r, value_list *list, struct expr_value v)
{
    if (expr_make(r, sizeof(v)) < 0 || expr_charge(r, 1) < 0)
        return -1;
    VEC_APUSH(r->a, list, v);
    return 0;
}

/* ---- numbers ---- */

FN(int)
{
    *ret = expr_int(expr_cast_int(&args[0]));
    return 0;
}

FN(float64)
{
    *ret = expr_float(expr_cast_float(&args[0]));
    return 0;
}

FN(ascii_to_int)
{
    int64_t n = 0;

    *ret = expr_int(parse_i64(expr_text_of(&args[0]), &n) ? n : 0);
    return 0;
}

FN(add)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < count; i++)
        sum += (uint64_t) expr_cast_int(&args[i]);
    *ret = expr_int((int64_t) sum);
    return 0;
}

FN(add1)
{
    *ret = expr_int((int64_t) ((uint64_t) expr_cast_int(&args[0]) + 1));
    return 0;
}

FN(sub)
{
    *ret = expr_int(
        (int64_t) ((uint64_t) expr_cast_int(&args[0]) - (uint64_t) expr_cast_int(&args[1])));
    return 0;
}

FN(mul)
{
    uint64_t product = 1;

    for (size_t i = 0; i < count; i++)
        product *= (uint64_t) expr_cast_int(&args[i]);
    *ret = expr_int((int64_t) product);
    return 0;
}

FN(div)
{
    int64_t x = expr_cast_int(&args[0]), y = expr_cast_int(&args[1]);

    if (y == 0)
        return expr_fail(r, "runtime error: integer divide by zero");
    *ret = expr_int(y == -1 ? (int64_t) (0 - (uint64_t) x) : x / y);
    return 0;
}

FN(mod)
{
    int64_t x = expr_cast_int(&args[0]), y = expr_cast_int(&args[1]);

    if (y == 0)
        return expr_fail(r, "runtime error: integer divide by zero");
    *ret = expr_int(y == -1 ? 0 : x % y);
    return 0;
}

FN(max)
{
    int64_t most = expr_cast_int(&args[0]);

    for (size_t i = 1; i < count; i++)
        most = expr_cast_int(&args[i]) > most ? expr_cast_int(&args[i]) : most;
    *ret = expr_int(most);
    return 0;
}

FN(min)
{
    int64_t least = expr_cast_int(&args[0]);

    for (size_t i = 1; i < count; i++)
        least = expr_cast_int(&args[i]) < least ? expr_cast_int(&args[i]) : least;
    *ret = expr_int(least);
    return 0;
}

FN(ceil)
{
    *ret = expr_float(ceil(expr_cast_float(&args[0])));
    return 0;
}

FN(floor)
{
    *ret = expr_float(floor(expr_cast_float(&args[0])));
    return 0;
}

static int count_up(struct expr_run *r, int64_t from, int64_t to, int64_t by,
                    struct expr_value *ret)
{
    value_list list = {};

    for (int64_t n = from; by > 0 ? n < to : by < 0 && n > to; n += by) {
        if (add(r, &list, expr_int(n)) < 0)
            return -1;
        if (by > 0 ? n > INT64_MAX - by : n < INT64_MIN - by)
            break;
    }
    *ret = expr_array(list.at, list.len);
    return 0;
}

FN(until)
{
    return count_up(r, 0, args[0].number, args[0].number < 0 ? -1 : 1, ret);
}

FN(untilStep)
{
    return count_up(r, args[0].number, args[1].number, args[2].number, ret);
}

/* ---- texts ---- */

FN(hello)
{
    *ret = expr_string(STR("Hello!"));
    return 0;
}

FN(trim)
{
    *ret = expr_string(expr_trim_space(expr_text_of(&args[0])));
    return 0;
}

FN(trimAll)
{
    *ret = expr_string(expr_trim_set(expr_text_of(&args[1]), expr_text_of(&args[0]), 3));
    return 0;
}

FN(trimPrefix)
{
    struct str part = expr_text_of(&args[0]), s = expr_text_of(&args[1]);

    *ret = expr_string(str_starts(s, part) ? str_skip(s, part.len) : s);
    return 0;
}

FN(trimSuffix)
{
    struct str part = expr_text_of(&args[0]), s = expr_text_of(&args[1]);

    *ret = expr_string(str_ends(s, part) ? str_head(s, s.len - part.len) : s);
    return 0;
}

FN(upper)
{
    return expr_upper(r, expr_text_of(&args[0]), ret);
}

FN(lower)
{
    return expr_lower(r, expr_text_of(&args[0]), ret);
}

/* The first letter of each word behind a blank or a sign, but for '_', in one case. */
static int change_initials(struct expr_run *r, struct str s, bool is_upper,
                           struct expr_value *ret)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(EXPR_OUTPUT_MAX_BYTES);
    bool is_start = true;

    if (expr_charge(r, s.len) < 0)
        return -1;
    while (s.len > 0) {
        size_t size = 1;
        struct expr_value one;
        unsigned char c = (unsigned char) s.ptr[0];
        struct str rune;

        go_rune_next(s, &size);
        rune = str_head(s, size);
        if (is_start && (is_upper ? expr_upper(r, rune, &one) : expr_lower(r, rune, &one)) < 0)
            return -1;
        strbuf_add(&b, is_start ? expr_text_of(&one) : rune);
        is_start = is_upper ? c < 0x80 && c != '_' && c != '\'' && !(c >= '0' && c <= '9') &&
                                  !((c | 32) >= 'a' && (c | 32) <= 'z')
                            : c == ' ' || c == '\t' || c == '\n' || c == '\r';
        s = str_skip(s, size);
    }
    return expr_text_value(r, &b, ret);
}

FN(title)
{
    return change_initials(r, expr_text_of(&args[0]), true, ret);
}

FN(untitle)
{
    return change_initials(r, expr_text_of(&args[0]), false, ret);
}

FN(repeat)
{
    const struct expr_value turned[] = {args[1], args[0]};

    return expr_fn_repeat(r, turned, 2, ret);
}

FN(substr)
{
    int64_t from = args[0].number, to = args[1].number, len = (int64_t) args[2].count;

    if (from < 0)
        from = 0;
    else if (to < 0 || to > len)
        to = len;
    if (to < 0 || to > len || from > to)
        return expr_fail(r, "runtime error: slice bounds out of range [%lld:%lld]",
                         (long long) from, (long long) to);
    *ret = expr_string(str_of(expr_text_of(&args[2]).ptr + from, (size_t) (to - from)));
    return 0;
}

FN(trunc)
{
    struct str s = expr_text_of(&args[1]);
    int64_t n = args[0].number;

    if (n >= 0)
        s = str_head(s, (uint64_t) n < s.len ? (size_t) n : s.len);
    else if ((int64_t) s.len + n > 0)
        s = str_skip(s, (size_t) ((int64_t) s.len + n));
    *ret = expr_string(s);
    return 0;
}

FN(nospace)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(EXPR_OUTPUT_MAX_BYTES);
    struct str s = expr_text_of(&args[0]);

    while (s.len > 0) {
        size_t size = 1;

        go_rune_next(s, &size);
        strbuf_add(&b, expr_trim_space(str_head(s, size)));
        s = str_skip(s, size);
    }
    return expr_text_value(r, &b, ret);
}

FN(contains)
{
    *ret = expr_bool(str_find(expr_text_of(&args[1]), expr_text_of(&args[0])) != SIZE_MAX);
    return 0;
}

FN(hasPrefix)
{
    *ret = expr_bool(str_starts(expr_text_of(&args[1]), expr_text_of(&args[0])));
    return 0;
}

FN(hasSuffix)
{
    *ret = expr_bool(str_ends(expr_text_of(&args[1]), expr_text_of(&args[0])));
    return 0;
}

FN(replace)
{
    const struct str parts[3] = {expr_text_of(&args[2]), expr_text_of(&args[0]),
                                 expr_text_of(&args[1])};

    return expr_replace(r, parts, -1, ret);
}

FN(plural)
{
    *ret = args[args[2].number == 1 ? 0 : 1];
    return 0;
}

/* Values that are not nil, as texts between blanks; @quote is '"', '\'' or 0. */
static int join_shown(struct expr_run *r, const struct expr_value *args, size_t count,
                      char quote, struct expr_value *ret)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(EXPR_OUTPUT_MAX_BYTES);
    bool is_first = true;

    for (size_t i = 0; i < count; i++) {
        struct str text = STR_NONE;

        if (args[i].type == EXPR_NIL)
            continue;
        if (expr_format_str(r, &args[i], &text) < 0)
            return -1;
        if (!is_first)
            strbuf_addc(&b, ' ');
        if (quote == '"') {
            go_quote_add(&b, text);
        } else if (quote == '\'') {
            strbuf_addc(&b, '\'');
            strbuf_add(&b, text);
            strbuf_addc(&b, '\'');
        } else {
            strbuf_add(&b, text);
        }
        is_first = false;
    }
    return expr_text_value(r, &b, ret);
}

FN(quote)
{
    return join_shown(r, args, count, '"', ret);
}

FN(squote)
{
    return join_shown(r, args, count, '\'', ret);
}

FN(cat)
{
    return join_shown(r, args, count, 0, ret);
}

static int indent(struct expr_run *r, const struct expr_value *args, const char *head,
                  struct expr_value *ret)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(EXPR_OUTPUT_MAX_BYTES);
    struct str rest = expr_text_of(&args[1]), line;
    int64_t blanks = args[0].number;

    if (blanks < 0)
        return expr_fail(r, "strings: negative Repeat count");
    if (blanks > 4096)
        return err_set(r->err, ERR_LIMIT, "an indentation has at most 4096 blanks");
    strbuf_addz(&b, head);
    for (bool is_first = true; str_cut(&rest, '\n', &line); is_first = false) {
        strbuf_addf(&b, "%s%*s", is_first ? "" : "\n", (int) blanks, "");
        strbuf_add(&b, line);
    }
    return expr_text_value(r, &b, ret);
}

FN(indent)
{
    return indent(r, args, "", ret);
}

FN(nindent)
{
    return indent(r, args, "\n", ret);
}

FN(splitList)
{
    return expr_split(r, expr_text_of(&args[1]), expr_text_of(&args[0]), -1, false, ret);
}

/* {"_0": first, ...} */
FN(split)
{
    struct expr_value list;
    struct expr_pair *pairs;

    if (fn_splitList(r, args, count, &list) < 0 ||
        expr_make(r, list.count * (sizeof(*pairs) + 16)) < 0)
        return -1;
    pairs = ARENA_ARRAY(r->a, struct expr_pair, list.count + 1);
    for (size_t i = 0; i < list.count; i++)
        pairs[i] = (struct expr_pair){expr_string(str_printf(r->a, "_%zu", i)), list.items[i]};
    *ret = expr_map(pairs, list.count);
    return 0;
}

FN(toString)
{
    struct str text = STR_NONE;

    if (expr_format_str(r, &args[0], &text) < 0)
        return -1;
    *ret = expr_string(text);
    return 0;
}

/* The items that are not nil as texts; a value that is no list is one item. */
FN(toStrings)
{
    const struct expr_value *items = args[0].type == EXPR_ARRAY ? args[0].items : args;
    size_t item_count = args[0].type == EXPR_ARRAY ? args[0].count : 1;
    value_list list = {};

    for (size_t i = 0; i < item_count; i++) {
        struct expr_value text;

        if (items[i].type == EXPR_NIL)
            continue;
        if (fn_toString(r, &items[i], 1, &text) < 0 || add(r, &list, text) < 0)
            return -1;
    }
    *ret = expr_array(list.at, list.len);
    return 0;
}

FN(join)
{
    struct expr_value texts[2];

    if (fn_toStrings(r, &args[1], 1, &texts[0]) < 0)
        return -1;
    texts[1] = args[0];
    return expr_fn_join(r, texts, 2, ret);
}

FN(sortAlpha)
{
    struct expr_value texts;

    if (fn_toStrings(r, &args[0], 1, &texts) < 0)
        return -1;
    return expr_fn_sort(r, &texts, 1, ret);
}

FN(b64enc)
{
    return expr_fn_toBase64(r, args, 1, ret);
}

/* An error is the result. */
FN(b64dec)
{
    if (expr_fn_fromBase64(r, args, 1, ret) == 0)
        return 0;
    if (r->err->kind != ERR_INVALID)
        return -1;
    *ret = expr_string(str_copy(r->a, str_from(r->err->text)));
    return 0;
}

FN(mustRegexMatch)
{
    int found;

    if (expr_charge(r, args[0].count + args[1].count / 64) < 0)
        return -1;
    found = regex_search(expr_text_of(&args[0]), expr_text_of(&args[1]), r->err);
    *ret = expr_bool(found > 0);
    return found < 0 ? -1 : 0;
}

/* A bad expression matches nothing. */
FN(regexMatch)
{
    *ret = expr_bool(false);
    if (fn_mustRegexMatch(r, args, count, ret) == 0)
        return 0;
    return r->err->kind == ERR_INVALID ? 0 : -1;
}

FN(fail)
{
    *ret = expr_nil();
    return expr_fail(r, STR_FMT, STR_ARG(str_head(expr_text_of(&args[0]), 500)));
}

/* ---- times ---- */

FN(now)
{
    return expr_fn_now(r, args, 0, ret);
}

/* What is neither a time nor a whole number is now, also a text. */
FN(date)
{
    struct gotime t = gotime_of_wall(r->env->now);

    if (args[1].type == EXPR_TIME)
        t = gotime_in(args[1].time, NULL);
    else if (args[1].type == EXPR_INT)
        t = gotime_unix(args[1].number, 0);
    *ret = expr_string(gotime_format(r->a, &t, expr_text_of(&args[0])));
    return 0;
}

/* ---- JSON ---- */

FN(toJson)
{
    return expr_fn_toJson(r, args, 1, ret);
}

FN(toPrettyJson)
{
    return expr_fn_toJSON(r, args, 1, ret);
}

FN(toRawJson)
{
    struct json doc;

    if (expr_value_json(r->a, &args[0], &doc, r->err) < 0 || expr_make(r, args[0].count) < 0)
        return -1;
    *ret = expr_string(json_text(r->a, &doc, JSON_SORT_KEYS));
    return 0;
}

/* A text that is no JSON is nil. */
FN(fromJson)
{
    *ret = expr_nil();
    if (expr_fn_fromJSON(r, args, 1, ret) == 0)
        return 0;
    return r->err->kind == ERR_INVALID ? 0 : -1;
}

/* ---- defaults ---- */

static bool is_empty(const struct expr_value *v)
{
    switch (v->type) {
    case EXPR_NIL:
        return true;
    case EXPR_BOOL:
        return !v->is_true;
    case EXPR_INT:
    case EXPR_DURATION:
        return v->number == 0;
    case EXPR_FLOAT:
        return v->real == 0;
    case EXPR_STRING:
    case EXPR_BYTES:
    case EXPR_ARRAY:
    case EXPR_MAP:
        return v->count == 0;
    case EXPR_TIME:
    case EXPR_ZONE:
    case EXPR_FUNCTION:
        return false;
    }
    return false;
}

FN(empty)
{
    *ret = expr_bool(is_empty(&args[0]));
    return 0;
}

FN(default)
{
    *ret = count < 2 || is_empty(&args[1]) ? args[0] : args[1];
    return 0;
}

FN(coalesce)
{
    *ret = expr_nil();
    for (size_t i = 0; i < count; i++)
        if (!is_empty(&args[i])) {
            *ret = args[i];
            break;
        }
    return 0;
}

FN(ternary)
{
    *ret = args[args[2].is_true ? 0 : 1];
    return 0;
}

/* ---- lists ---- */

FN(list)
{
    *ret = expr_array(args, count);
    return 0;
}

FN(first)
{
    return expr_fn_first(r, args, 1, ret);
}

FN(last)
{
    return expr_fn_last(r, args, 1, ret);
}

FN(rest)
{
    *ret = args[0];
    if (ret->count > 0) {
        ret->items++;
        ret->count--;
    }
    return 0;
}

FN(initial)
{
    *ret = args[0];
    ret->count -= ret->count > 0;
    return 0;
}

FN(append)
{
    const struct expr_value lists[] = {args[0], expr_array(&args[1], 1)};

    return expr_fn_concat(r, lists, 2, ret);
}

FN(prepend)
{
    const struct expr_value lists[] = {expr_array(&args[1], 1), args[0]};

    return expr_fn_concat(r, lists, 2, ret);
}

FN(concat)
{
    return expr_fn_concat(r, args, count, ret);
}

FN(reverse)
{
    return expr_fn_reverse(r, args, 1, ret);
}

/* Go's reflect.DeepEqual: 1 is not 1.0. */
static int is_in(struct expr_run *r, const struct expr_value *items, size_t count,
                 const struct expr_value *v, bool *ret)
{
    *ret = false;
    for (size_t i = 0; i < count && !*ret; i++) {
        if (expr_equal(r, &items[i], v, ret) < 0)
            return -1;
        *ret = *ret && items[i].type == v->type;
    }
    return 0;
}

FN(uniq)
{
    value_list list = {};

    for (size_t i = 0; i < args[0].count; i++) {
        bool is_known;

        if (is_in(r, list.at, list.len, &args[0].items[i], &is_known) < 0 ||
            (!is_known && add(r, &list, args[0].items[i]) < 0))
            return -1;
    }
    *ret = expr_array(list.at, list.len);
    return 0;
}

FN(without)
{
    value_list list = {};

    for (size_t i = 0; i < args[0].count; i++) {
        bool is_known;

        if (is_in(r, args + 1, count - 1, &args[0].items[i], &is_known) < 0 ||
            (!is_known && add(r, &list, args[0].items[i]) < 0))
            return -1;
    }
    *ret = expr_array(list.at, list.len);
    return 0;
}

FN(has)
{
    bool is_known = false;

    if (args[1].type != EXPR_ARRAY && args[1].type != EXPR_NIL)
        return expr_fail(r, "Cannot find has on type %s", expr_type_name(&args[1]));
    if (args[1].type == EXPR_ARRAY &&
        is_in(r, args[1].items, args[1].count, &args[0], &is_known) < 0)
        return -1;
    *ret = expr_bool(is_known);
    return 0;
}

FN(compact)
{
    value_list list = {};

    for (size_t i = 0; i < args[0].count; i++)
        if (!is_empty(&args[0].items[i]) && add(r, &list, args[0].items[i]) < 0)
            return -1;
    *ret = expr_array(list.at, list.len);
    return 0;
}

/* ---- dicts ---- */

FN(dict)
{
    struct expr_pair *pairs;

    if (expr_make(r, count * sizeof(*pairs)) < 0)
        return -1;
    pairs = ARENA_ARRAY(r->a, struct expr_pair, count + 1);
    *ret = expr_map(pairs, 0);
    for (size_t i = 0; i < count; i += 2) {
        struct expr_value key, value = i + 1 < count ? args[i + 1] : expr_string(STR(""));
        size_t at = 0;

        if (fn_toString(r, &args[i], 1, &key) < 0 || expr_charge(r, ret->count) < 0)
            return -1;
        while (at < ret->count && !str_eq(expr_text_of(&pairs[at].key), expr_text_of(&key)))
            at++;
        pairs[at] = (struct expr_pair){key, value};
        ret->count += at == ret->count;
    }
    return 0;
}

FN(get)
{
    const struct expr_value *found = expr_map_get(&args[0], expr_text_of(&args[1]));

    *ret = found ? *found : expr_string(STR(""));
    return 0;
}

FN(hasKey)
{
    *ret = expr_bool(expr_map_get(&args[0], expr_text_of(&args[1])) != NULL);
    return 0;
}

FN(keys)
{
    value_list list = {};

    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < args[i].count; k++)
            if (add(r, &list, args[i].pairs[k].key) < 0)
                return -1;
    *ret = expr_array(list.at, list.len);
    return 0;
}

FN(values)
{
    return expr_fn_values(r, args, 1, ret);
}

static int choose(struct expr_run *r, const struct expr_value *args, size_t count,
                  bool is_picking, struct expr_value *ret)
{
    struct expr_pair *pairs;

    if (expr_make(r, args[0].count * sizeof(*pairs)) < 0)
        return -1;
    pairs = ARENA_ARRAY(r->a, struct expr_pair, args[0].count + 1);
    *ret = expr_map(pairs, 0);
    for (size_t i = 0; i < args[0].count; i++) {
        bool is_named;

        if (is_in(r, args + 1, count - 1, &args[0].pairs[i].key, &is_named) < 0)
            return -1;
        if (is_named == is_picking)
            pairs[ret->count++] = args[0].pairs[i];
    }
    return 0;
}

FN(pick)
{
    return choose(r, args, count, true, ret);
}

FN(omit)
{
    return choose(r, args, count, false, ret);
}

/* ---- the table ---- */

enum {
#define SPRIG(name, fn, args, min, max)          SPRIG_##name,
#define SPRIG_AS(word, name, fn, args, min, max) SPRIG_##word,
#define SPRIG_LATER(name)                        SPRIG_##name,
#include "lang/expr/sprig.def"
#undef SPRIG
#undef SPRIG_AS
#undef SPRIG_LATER
    SPRIG_COUNT,
};

static const struct expr_function functions[] = {
#define SPRIG(name, fn, args, min, max) \
    {"sprig." #name, args, min, max, '.', EXPR_NO_PREDICATE, fn_##fn},
#define SPRIG_AS(word, name, fn, args, min, max) \
    {"sprig." name, args, min, max, '.', EXPR_NO_PREDICATE, fn_##fn},
#define SPRIG_LATER(name) {"sprig." #name, ".", 0, EXPR_MANY, '.', EXPR_NO_PREDICATE, NULL},
#include "lang/expr/sprig.def"
#undef SPRIG
#undef SPRIG_AS
#undef SPRIG_LATER
};

#define PAIR(word, name)                                             \
    {{.type = EXPR_STRING, .count = sizeof(name) - 1, .text = name}, \
     {.type = EXPR_FUNCTION, .function = &functions[SPRIG_##word]}},

static const struct expr_pair pairs_of_all[] = {
#define SPRIG(name, fn, args, min, max)          PAIR(name, #name)
#define SPRIG_AS(word, name, fn, args, min, max) PAIR(word, name)
#define SPRIG_LATER(name)                        PAIR(name, #name)
#include "lang/expr/sprig.def"
#undef SPRIG
#undef SPRIG_AS
#undef SPRIG_LATER
};

struct expr_value expr_sprig(void)
{
    return expr_map(pairs_of_all, SPRIG_COUNT);
}
