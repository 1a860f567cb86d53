/*
 * lang/expr/text.c - builtins on texts, as Go's strings package.
 *
 * Any thread. Lengths are bytes but in len().
 */
#include "base/limits.h"
#include "formats/base64.h"
#include "formats/goquote.h"
#include "lang/expr/functions_internal.h"

#define FN(name)                                                                             \
    int expr_fn_##name(struct value_run *r, const struct value *args, size_t count _unused_, \
                       struct value *ret)

FN(len)
{
    if (args[0].type == VALUE_STRING)
        *ret = value_int((int64_t) value_runes(value_text(&args[0])));
    else if (args[0].type == VALUE_ARRAY || args[0].type == VALUE_MAP ||
             args[0].type == VALUE_BYTES)
        *ret = value_int((int64_t) value_len(&args[0]));
    else
        return value_fail(r, "invalid argument for len (type %s)", value_type_name(&args[0]));
    return 0;
}

FN(string)
{
    struct str text = STR_NONE;

    if (args[0].type == VALUE_BYTES)
        text = value_text(&args[0]);
    else if (value_format_str(r, &args[0], &text) < 0)
        return -1;
    *ret = value_string(text);
    return 0;
}

FN(trim)
{
    struct str s = value_text(&args[0]);

    (void) r;
    *ret =
        value_string(count > 1 ? value_trim_set(s, value_text(&args[1]), 3) : go_trim_space(s));
    return 0;
}

FN(trimPrefix)
{
    struct str s = value_text(&args[0]), part = count > 1 ? value_text(&args[1]) : STR(" ");

    (void) r;
    *ret = value_string(str_starts(s, part) ? str_skip(s, part.len) : s);
    return 0;
}

FN(trimSuffix)
{
    struct str s = value_text(&args[0]), part = count > 1 ? value_text(&args[1]) : STR(" ");

    (void) r;
    *ret = value_string(str_ends(s, part) ? str_head(s, s.len - part.len) : s);
    return 0;
}

FN(upper)
{
    return value_upper(r, value_text(&args[0]), ret);
}

FN(lower)
{
    return value_lower(r, value_text(&args[0]), ret);
}

static int split(struct value_run *r, const struct value *args, size_t count, bool is_after,
                 struct value *ret)
{
    int64_t most = -1;

    if (count > 2 && expr_index_int(r, &args[2], &most) < 0)
        return -1;
    return value_split(r, value_text(&args[0]), value_text(&args[1]), most, is_after, ret);
}

FN(split)
{
    return split(r, args, count, false, ret);
}

FN(splitAfter)
{
    return split(r, args, count, true, ret);
}

FN(replace)
{
    const struct str parts[3] = {value_text(&args[0]), value_text(&args[1]),
                                 value_text(&args[2])};
    int64_t most = -1;

    if (count > 3 && expr_index_int(r, &args[3], &most) < 0)
        return -1;
    return value_replace(r, parts, most, ret);
}

FN(repeat)
{
    int64_t times = 0;

    if (expr_index_int(r, &args[1], &times) < 0)
        return -1;
    if (times < 0)
        return value_fail(r,
                          "invalid argument for repeat (expected positive integer, got %lld)",
                          (long long) times);
    return value_repeat(r, value_text(&args[0]), times, ret);
}

FN(join)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(VALUE_OUTPUT_MAX_BYTES);
    struct str sep = count > 1 ? value_text(&args[1]) : STR("");

    if (args[0].type != VALUE_ARRAY || (args[0].go && args[0].go != VALUE_GO_STRINGS))
        return value_fail(r, "invalid argument for join (type %s)",
                          args[0].type == VALUE_NIL ? "%!s(<nil>)" : value_type_name(&args[0]));
    for (size_t i = 0; i < args[0].count; i++) {
        const struct value *item = &args[0].items[i];

        if (item->type != VALUE_STRING)
            return expr_fail_conversion(r, item, "string");
        strbuf_add(&b, i > 0 ? sep : STR(""));
        strbuf_add(&b, value_text(item));
    }
    return value_text_value(r, &b, ret);
}

FN(indexOf)
{
    size_t at = str_find(value_text(&args[0]), value_text(&args[1]));

    (void) r;
    *ret = value_int(at == SIZE_MAX ? -1 : (int64_t) at);
    return 0;
}

FN(lastIndexOf)
{
    struct str s = value_text(&args[0]), part = value_text(&args[1]);

    *ret = value_int(-1);
    if (value_charge(r, s.len / 64) < 0)
        return -1;
    for (size_t at = s.len + 1; at-- > 0;)
        if (str_starts(str_skip(s, at), part)) {
            *ret = value_int((int64_t) at);
            break;
        }
    return 0;
}

FN(hasPrefix)
{
    (void) r;
    *ret = value_bool(str_starts(value_text(&args[0]), value_text(&args[1])));
    return 0;
}

FN(hasSuffix)
{
    (void) r;
    *ret = value_bool(str_ends(value_text(&args[0]), value_text(&args[1])));
    return 0;
}

FN(toBase64)
{
    if (value_make(r, args[0].count * 2) < 0)
        return -1;
    *ret = value_string(base64_encode(r->a, value_text(&args[0])));
    return 0;
}

FN(fromBase64)
{
    return value_base64_decode(r, value_text(&args[0]), ret);
}
