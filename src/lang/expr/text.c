/*
 * lang/expr/text.c - builtins on texts, as Go's strings package.
 *
 * Any thread. Lengths are bytes but in len(). Upper and lower case are known for Latin, Greek,
 * Cyrillic and Armenian letters with one letter in the other case.
 */
#include "base/limits.h"
#include "formats/base64.h"
#include "formats/goquote.h"
#include "lang/expr/functions_internal.h"

#define FN(name)                                                          \
    int expr_fn_##name(struct expr_run *r, const struct expr_value *args, \
                       size_t count _unused_, struct expr_value *ret)

size_t expr_runes(struct str s)
{
    size_t count = 0;

    while (s.len > 0) {
        size_t size = 1;

        go_rune_next(s, &size);
        s = str_skip(s, size);
        count++;
    }
    return count;
}

FN(len)
{
    if (args[0].type == EXPR_STRING)
        *ret = expr_int((int64_t) expr_runes(expr_text_of(&args[0])));
    else if (args[0].type == EXPR_ARRAY || args[0].type == EXPR_MAP ||
             args[0].type == EXPR_BYTES)
        *ret = expr_int((int64_t) args[0].count);
    else
        return expr_fail(r, "invalid argument for len (type %s)", expr_type_name(&args[0]));
    return 0;
}

FN(string)
{
    struct str text = STR_NONE;

    if (args[0].type == EXPR_BYTES)
        text = expr_text_of(&args[0]);
    else if (expr_format_str(r, &args[0], &text) < 0)
        return -1;
    *ret = expr_string(text);
    return 0;
}

static bool is_space(uint32_t c)
{
    return c == ' ' || (c >= '\t' && c <= '\r') || c == 0x85 || c == 0xa0 || c == 0x1680 ||
           (c >= 0x2000 && c <= 0x200a) || c == 0x2028 || c == 0x2029 || c == 0x202f ||
           c == 0x205f || c == 0x3000;
}

static bool is_in_set(struct str set, struct str one)
{
    return one.len > 0 && str_find(set, one) != SIZE_MAX;
}

/* The last code point of a text. */
static struct str last_rune(struct str s)
{
    size_t size = 1;

    while (size < s.len && size < 4 && ((unsigned char) s.ptr[s.len - size] & 0xc0) == 0x80)
        size++;
    return str_skip(s, s.len - size);
}

struct str expr_trim_set(struct str s, struct str set, unsigned sides)
{
    size_t size = 1;

    while ((sides & 1) && s.len > 0) {
        go_rune_next(s, &size);
        if (!is_in_set(set, str_head(s, size)))
            break;
        s = str_skip(s, size);
    }
    while ((sides & 2) && s.len > 0 && is_in_set(set, last_rune(s)))
        s = str_head(s, s.len - last_rune(s).len);
    return s;
}

struct str expr_trim_space(struct str s)
{
    size_t size = 1;

    while (s.len > 0 && is_space(go_rune_next(s, &size)))
        s = str_skip(s, size);
    while (s.len > 0 && is_space(go_rune_next(last_rune(s), &size)))
        s = str_head(s, s.len - last_rune(s).len);
    return s;
}

FN(trim)
{
    struct str s = expr_text_of(&args[0]);

    (void) r;
    *ret = expr_string(count > 1 ? expr_trim_set(s, expr_text_of(&args[1]), 3)
                                 : expr_trim_space(s));
    return 0;
}

FN(trimPrefix)
{
    struct str s = expr_text_of(&args[0]), part = count > 1 ? expr_text_of(&args[1]) : STR(" ");

    (void) r;
    *ret = expr_string(str_starts(s, part) ? str_skip(s, part.len) : s);
    return 0;
}

FN(trimSuffix)
{
    struct str s = expr_text_of(&args[0]), part = count > 1 ? expr_text_of(&args[1]) : STR(" ");

    (void) r;
    *ret = expr_string(str_ends(s, part) ? str_head(s, s.len - part.len) : s);
    return 0;
}

/* Ranges of letters: lower case is upper case + delta, or the odd one of a pair. */
static const struct {
    uint32_t first, last; /* upper case */
    uint32_t delta;       /* 1: pairs */
} cases[] = {
    {'A', 'Z', 32},     {0xc0, 0xd6, 32},   {0xd8, 0xde, 32},    {0x100, 0x12f, 1},
    {0x132, 0x137, 1},  {0x14a, 0x177, 1},  {0x391, 0x3a1, 32},  {0x3a3, 0x3ab, 32},
    {0x400, 0x40f, 80}, {0x410, 0x42f, 32}, {0x460, 0x481, 1},   {0x48a, 0x4bf, 1},
    {0x4d0, 0x52f, 1},  {0x531, 0x556, 48}, {0x1e00, 0x1e95, 1}, {0x1ea0, 0x1eff, 1},
};

static uint32_t other_case(uint32_t c, bool is_upper)
{
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        uint32_t first = cases[i].first, last = cases[i].last, delta = cases[i].delta;

        if (delta == 1 && c >= first && c <= last)
            return is_upper ? c & ~1U : c | 1U;
        if (delta != 1 && !is_upper && c >= first && c <= last)
            return c + delta;
        if (delta != 1 && is_upper && c >= first + delta && c <= last + delta)
            return c - delta;
    }
    return c;
}

static void add_rune(struct strbuf *b, uint32_t c)
{
    if (c < 0x80) {
        strbuf_addc(b, (char) c);
    } else if (c < 0x800) {
        strbuf_addc(b, (char) (0xc0 | c >> 6));
        strbuf_addc(b, (char) (0x80 | (c & 0x3f)));
    } else {
        strbuf_addc(b, (char) (0xe0 | c >> 12));
        strbuf_addc(b, (char) (0x80 | (c >> 6 & 0x3f)));
        strbuf_addc(b, (char) (0x80 | (c & 0x3f)));
    }
}

static int to_case(struct expr_run *r, struct str s, bool is_upper, struct expr_value *ret)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(EXPR_OUTPUT_MAX_BYTES);

    if (expr_charge(r, s.len / 64) < 0)
        return -1;
    while (s.len > 0) {
        size_t size = 1;
        uint32_t c = go_rune_next(s, &size), other = other_case(c, is_upper);

        if (other == c)
            strbuf_add(&b, str_head(s, size));
        else
            add_rune(&b, other);
        s = str_skip(s, size);
    }
    return expr_text_value(r, &b, ret);
}

int expr_upper(struct expr_run *r, struct str s, struct expr_value *ret)
{
    return to_case(r, s, true, ret);
}

int expr_lower(struct expr_run *r, struct str s, struct expr_value *ret)
{
    return to_case(r, s, false, ret);
}

FN(upper)
{
    return expr_upper(r, expr_text_of(&args[0]), ret);
}

FN(lower)
{
    return expr_lower(r, expr_text_of(&args[0]), ret);
}

int expr_split(struct expr_run *r, struct str s, struct str sep, int64_t limit, bool is_after,
               struct expr_value *ret)
{
    VEC(struct expr_value) list = {};

    if (expr_charge(r, s.len / 64) < 0)
        return -1;
    while (limit != 0 && (s.len > 0 || sep.len > 0)) {
        size_t at = str_find(s, sep), keep, size = 1;

        if (sep.len == 0) {
            go_rune_next(s, &size);
            at = size < s.len ? size : SIZE_MAX;
        }
        if (limit > 0 && list.len + 1 == (size_t) limit)
            at = SIZE_MAX;
        if (expr_make(r, sizeof(struct expr_value)) < 0)
            return -1;
        keep = at == SIZE_MAX ? s.len : is_after ? at + sep.len : at;
        VEC_APUSH(r->a, &list, expr_string(str_head(s, keep)));
        if (at == SIZE_MAX)
            break;
        s = str_skip(s, at + sep.len);
    }
    *ret = expr_array(list.at, list.len);
    return 0;
}

FN(split)
{
    return expr_split(r, expr_text_of(&args[0]), expr_text_of(&args[1]),
                      count > 2 ? args[2].number : -1, false, ret);
}

FN(splitAfter)
{
    return expr_split(r, expr_text_of(&args[0]), expr_text_of(&args[1]),
                      count > 2 ? args[2].number : -1, true, ret);
}

/* With an empty @parts[1], as Go: before each code point and at the end. */
int expr_replace(struct expr_run *r, const struct str parts[3], int64_t limit,
                 struct expr_value *ret)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(EXPR_OUTPUT_MAX_BYTES);
    struct str s = parts[0];

    if (expr_charge(r, s.len / 64) < 0)
        return -1;
    for (int64_t done = 0; limit < 0 || done < limit; done++) {
        size_t at = str_find(s, parts[1]), size = 0;

        if (parts[1].len == 0 && done > 0) {
            if (s.len == 0)
                break;
            go_rune_next(s, &size);
            strbuf_add(&b, str_head(s, size));
            s = str_skip(s, size);
            at = 0;
        }
        if (at == SIZE_MAX)
            break;
        strbuf_add(&b, str_head(s, at));
        strbuf_add(&b, parts[2]);
        s = str_skip(s, at + parts[1].len);
    }
    strbuf_add(&b, s);
    return expr_text_value(r, &b, ret);
}

FN(replace)
{
    const struct str parts[3] = {expr_text_of(&args[0]), expr_text_of(&args[1]),
                                 expr_text_of(&args[2])};

    return expr_replace(r, parts, count > 3 ? args[3].number : -1, ret);
}

FN(repeat)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(EXPR_OUTPUT_MAX_BYTES);
    struct str s = expr_text_of(&args[0]);
    int64_t times = args[1].number;

    if (times < 0)
        return expr_fail(r, "invalid argument for repeat (expected positive integer, got %lld)",
                         (long long) times);
    if (s.len > 0 && times > EXPR_OUTPUT_MAX_BYTES)
        return expr_make(r, SIZE_MAX);
    for (int64_t i = 0; s.len > 0 && i < times && !b.is_over; i++)
        strbuf_add(&b, s);
    return expr_text_value(r, &b, ret);
}

FN(join)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(EXPR_OUTPUT_MAX_BYTES);
    struct str sep = count > 1 ? expr_text_of(&args[1]) : STR("");

    if (args[0].type != EXPR_ARRAY)
        return expr_fail(r, "invalid argument for join (type %s)", expr_type_name(&args[0]));
    for (size_t i = 0; i < args[0].count; i++) {
        const struct expr_value *item = &args[0].items[i];

        if (item->type != EXPR_STRING)
            return expr_fail(r, "interface conversion: interface {} is %s, not string",
                             expr_type_name(item));
        strbuf_add(&b, i > 0 ? sep : STR(""));
        strbuf_add(&b, expr_text_of(item));
    }
    return expr_text_value(r, &b, ret);
}

FN(indexOf)
{
    size_t at = str_find(expr_text_of(&args[0]), expr_text_of(&args[1]));

    (void) r;
    *ret = expr_int(at == SIZE_MAX ? -1 : (int64_t) at);
    return 0;
}

FN(lastIndexOf)
{
    struct str s = expr_text_of(&args[0]), part = expr_text_of(&args[1]);

    *ret = expr_int(-1);
    if (expr_charge(r, s.len / 64) < 0)
        return -1;
    for (size_t at = s.len + 1; at-- > 0;)
        if (str_starts(str_skip(s, at), part)) {
            *ret = expr_int((int64_t) at);
            break;
        }
    return 0;
}

FN(hasPrefix)
{
    (void) r;
    *ret = expr_bool(str_starts(expr_text_of(&args[0]), expr_text_of(&args[1])));
    return 0;
}

FN(hasSuffix)
{
    (void) r;
    *ret = expr_bool(str_ends(expr_text_of(&args[0]), expr_text_of(&args[1])));
    return 0;
}

FN(toBase64)
{
    if (expr_make(r, args[0].count * 2) < 0)
        return -1;
    *ret = expr_string(base64_encode(r->a, expr_text_of(&args[0])));
    return 0;
}

/* Go's standard alphabet with padding: what base64_decode() takes besides is refused. */
FN(fromBase64)
{
    struct str s = expr_text_of(&args[0]), bytes = STR_NONE;
    size_t len = 0;

    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] == '-' || s.ptr[i] == '_')
            return expr_fail(r, "illegal base64 data at input byte %zu", i);
        len += s.ptr[i] != '\r' && s.ptr[i] != '\n';
    }
    if (len % 4 != 0)
        return expr_fail(r, "illegal base64 data at input byte %zu", len / 4 * 4);
    if (expr_make(r, s.len) < 0 || base64_decode(r->a, s, &bytes, r->err) < 0)
        return -1;
    *ret = expr_string(bytes);
    return 0;
}
