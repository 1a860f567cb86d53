/*
 * lang/sprig/text.c - sprig's functions on texts, as Go's strings package.
 *
 * Any thread. Those that change the case or the width of words stand in word.c.
 */
#include "formats/base64.h"
#include "formats/goquote.h"
#include "lang/sprig/sprig_internal.h"

SPRIG_FN(hello)
{
    *ret = value_string(STR("Hello!"));
    return 0;
}

SPRIG_FN(trim)
{
    *ret = value_string(go_trim_space(value_text(&args[0])));
    return 0;
}

SPRIG_FN(trimAll)
{
    *ret = value_string(value_trim_set(value_text(&args[1]), value_text(&args[0]), 3));
    return 0;
}

SPRIG_FN(trimPrefix)
{
    struct str part = value_text(&args[0]), s = value_text(&args[1]);

    *ret = value_string(str_starts(s, part) ? str_skip(s, part.len) : s);
    return 0;
}

SPRIG_FN(trimSuffix)
{
    struct str part = value_text(&args[0]), s = value_text(&args[1]);

    *ret = value_string(str_ends(s, part) ? str_head(s, s.len - part.len) : s);
    return 0;
}

SPRIG_FN(upper)
{
    return value_upper(r, value_text(&args[0]), ret);
}

SPRIG_FN(lower)
{
    return value_lower(r, value_text(&args[0]), ret);
}

/* What ends a word for strings.Title: also an apostrophe. */
static bool is_separator(uint32_t c)
{
    if (c >= 0x80)
        return go_is_space(c);
    return c != '_' && !(c >= '0' && c <= '9') && !((c | 32) >= 'a' && (c | 32) <= 'z');
}

/* The first letter of each word in one case. */
static int change_initials(struct value_run *r, struct str s, bool is_upper, struct value *ret)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(VALUE_OUTPUT_MAX_BYTES);
    bool is_start = true;

    if (value_charge(r, s.len) < 0)
        return -1;
    while (s.len > 0) {
        size_t size = 1;
        uint32_t c = go_rune_next(s, &size);
        bool is_end = is_upper ? is_separator(c) : go_is_space(c);

        if (!is_start || c == UINT32_MAX)
            strbuf_add(&b, str_head(s, size));
        else
            value_add_rune(&b, is_upper ? value_title_rune(c) : value_lower_rune(c));
        is_start = is_end;
        s = str_skip(s, size);
    }
    return value_text_value(r, &b, ret);
}

SPRIG_FN(title)
{
    return change_initials(r, value_text(&args[0]), true, ret);
}

SPRIG_FN(untitle)
{
    return change_initials(r, value_text(&args[0]), false, ret);
}

SPRIG_FN(repeat)
{
    if (args[0].number < 0)
        return value_fail(r, "strings: negative Repeat count");
    return value_repeat(r, value_text(&args[1]), args[0].number, ret);
}

SPRIG_FN(substr)
{
    int64_t from = args[0].number, to = args[1].number, len = (int64_t) args[2].count;

    if (from < 0)
        from = 0;
    else if (to < 0 || to > len)
        to = len;
    if (to < 0)
        return value_fail(r, "runtime error: slice bounds out of range [:%lld]",
                          (long long) to);
    if (to > len)
        return value_fail(r,
                          "runtime error: slice bounds out of range [:%lld] with length %lld",
                          (long long) to, (long long) len);
    if (from > to)
        return value_fail(r, "runtime error: slice bounds out of range [%lld:%lld]",
                          (long long) from, (long long) to);
    *ret = value_string(str_of(value_text(&args[2]).ptr + from, (size_t) (to - from)));
    return 0;
}

SPRIG_FN(trunc)
{
    struct str s = value_text(&args[1]);
    int64_t n = args[0].number;

    if (n >= 0)
        s = str_head(s, (uint64_t) n < s.len ? (size_t) n : s.len);
    else if ((int64_t) s.len + n > 0)
        s = str_skip(s, (size_t) ((int64_t) s.len + n));
    *ret = value_string(s);
    return 0;
}

/* As goutils: where a blank is taken out, each byte of the rest becomes a code point. */
SPRIG_FN(nospace)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(VALUE_OUTPUT_MAX_BYTES);
    struct str s = value_text(&args[0]);
    size_t kept = 0;

    for (size_t i = 0; i < s.len; i++) {
        uint32_t c = (unsigned char) s.ptr[i];

        if (go_is_space(c))
            continue;
        value_add_rune(&b, c);
        kept++;
    }
    if (kept < s.len)
        return value_text_value(r, &b, ret);
    *ret = args[0];
    return 0;
}

SPRIG_FN(contains)
{
    *ret = value_bool(str_find(value_text(&args[1]), value_text(&args[0])) != SIZE_MAX);
    return 0;
}

SPRIG_FN(hasPrefix)
{
    *ret = value_bool(str_starts(value_text(&args[1]), value_text(&args[0])));
    return 0;
}

SPRIG_FN(hasSuffix)
{
    *ret = value_bool(str_ends(value_text(&args[1]), value_text(&args[0])));
    return 0;
}

SPRIG_FN(replace)
{
    const struct str parts[3] = {value_text(&args[2]), value_text(&args[0]),
                                 value_text(&args[1])};

    return value_replace(r, parts, -1, ret);
}

SPRIG_FN(plural)
{
    *ret = args[args[2].number == 1 ? 0 : 1];
    return 0;
}

/* Values that are not nil, as texts between blanks; @quote is '"', '\'' or 0. */
static int join_shown(struct value_run *r, const struct value *args, size_t count, char quote,
                      struct value *ret)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(VALUE_OUTPUT_MAX_BYTES);
    bool is_first = true;

    for (size_t i = 0; i < count; i++) {
        struct str text = STR_NONE;

        if (args[i].type == VALUE_NIL)
            continue;
        if (value_format_str(r, &args[i], &text) < 0)
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
    return value_text_value(r, &b, ret);
}

SPRIG_FN(quote)
{
    return join_shown(r, args, count, '"', ret);
}

SPRIG_FN(squote)
{
    return join_shown(r, args, count, '\'', ret);
}

SPRIG_FN(cat)
{
    return join_shown(r, args, count, 0, ret);
}

static int indent(struct value_run *r, const struct value *args, const char *head,
                  struct value *ret)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(VALUE_OUTPUT_MAX_BYTES);
    struct str rest = value_text(&args[1]), line;
    int64_t blanks = args[0].number;

    if (blanks < 0)
        return value_fail(r, "strings: negative Repeat count");
    if (blanks > 4096)
        return err_set(r->err, ERR_LIMIT, "an indentation has at most 4096 blanks");
    strbuf_addz(&b, head);
    for (bool is_first = true; str_cut(&rest, '\n', &line); is_first = false) {
        strbuf_addf(&b, "%s%*s", is_first ? "" : "\n", (int) blanks, "");
        strbuf_add(&b, line);
    }
    return value_text_value(r, &b, ret);
}

SPRIG_FN(indent)
{
    return indent(r, args, "", ret);
}

SPRIG_FN(nindent)
{
    return indent(r, args, "\n", ret);
}

SPRIG_FN(splitList)
{
    return value_split(r, value_text(&args[1]), value_text(&args[0]), -1, false, ret);
}

/* {"_0": first, ...} */
static int number_parts(struct value_run *r, const struct value *list, struct value *ret)
{
    struct value_pair *pairs;

    if (value_make(r, list->count * (sizeof(*pairs) + 16)) < 0)
        return -1;
    pairs = ARENA_ARRAY(r->a, struct value_pair, list->count + 1);
    for (size_t i = 0; i < list->count; i++)
        pairs[i] =
            (struct value_pair){value_string(str_printf(r->a, "_%zu", i)), list->items[i]};
    *ret = value_map(r->a, pairs, list->count);
    ret->go = VALUE_GO_STRING_MAP;
    return 0;
}

SPRIG_FN(split)
{
    struct value list;

    return sprig_fn_splitList(r, args, count, &list) < 0 ? -1 : number_parts(r, &list, ret);
}

SPRIG_FN(splitn)
{
    struct value list;

    if (value_split(r, value_text(&args[2]), value_text(&args[0]), args[1].number, false,
                    &list) < 0)
        return -1;
    return number_parts(r, &list, ret);
}

SPRIG_FN(toString)
{
    struct str text = STR_NONE;

    if (sprig_as_text(r, &args[0], &text) < 0)
        return -1;
    *ret = value_string(text);
    return 0;
}

/* The items that are not nil as texts; a value that is no list is one item. */
SPRIG_FN(toStrings)
{
    const struct value *items = args[0].type == VALUE_ARRAY ? args[0].items : args;
    size_t item_count = args[0].type == VALUE_ARRAY ? args[0].count : 1;
    sprig_list list = {};

    for (size_t i = 0; i < item_count; i++) {
        struct value text;

        if (items[i].type == VALUE_NIL)
            continue;
        if (sprig_fn_toString(r, &items[i], 1, &text) < 0 || sprig_add(r, &list, text) < 0)
            return -1;
    }
    *ret = value_strings(list.at, list.len);
    return 0;
}

SPRIG_FN(join)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(VALUE_OUTPUT_MAX_BYTES);
    struct value texts;

    if (sprig_fn_toStrings(r, &args[1], 1, &texts) < 0)
        return -1;
    for (size_t i = 0; i < texts.count; i++) {
        strbuf_add(&b, i > 0 ? value_text(&args[0]) : STR(""));
        strbuf_add(&b, value_text(&texts.items[i]));
    }
    return value_text_value(r, &b, ret);
}

/* What is no list is one of itself, even nil. */
SPRIG_FN(sortAlpha)
{
    struct value texts, none = value_string(STR("<nil>"));
    struct value *items;

    if (sprig_fn_toStrings(r, &args[0], 1, &texts) < 0 ||
        value_make(r, texts.count * sizeof(*items)) < 0)
        return -1;
    if (args[0].type == VALUE_NIL)
        texts = value_strings(&none, 1);
    items = ARENA_ARRAY(r->a, struct value, texts.count + 1);
    if (texts.count > 0)
        memcpy(items, texts.items, texts.count * sizeof(*items));
    if (value_sort(r, texts.items, items, texts.count, false) < 0)
        return -1;
    *ret = value_strings(items, texts.count);
    return 0;
}

SPRIG_FN(b64enc)
{
    if (value_make(r, args[0].count * 2) < 0)
        return -1;
    *ret = value_string(base64_encode(r->a, value_text(&args[0])));
    return 0;
}

/* An error is the result. */
SPRIG_FN(b64dec)
{
    if (value_base64_decode(r, value_text(&args[0]), ret) == 0)
        return 0;
    if (r->err->kind != ERR_INVALID)
        return -1;
    *ret = value_string(str_copy(r->a, str_from(r->err->text)));
    return 0;
}

static const char base32_letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

SPRIG_FN(b32enc)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(VALUE_OUTPUT_MAX_BYTES);
    struct str s = value_text(&args[0]);

    for (size_t at = 0; at < s.len; at += 5) {
        uint64_t bits = 0;
        size_t len = s.len - at < 5 ? s.len - at : 5;

        for (size_t i = 0; i < 5; i++)
            bits = bits << 8 | (i < len ? (unsigned char) s.ptr[at + i] : 0);
        for (size_t i = 0; i < 8; i++)
            strbuf_addc(&b, i * 5 < len * 8 ? base32_letters[bits >> (35 - 5 * i) & 31] : '=');
    }
    return value_text_value(r, &b, ret);
}

/* How many bytes that many letters of a group make; 0: none does. */
static size_t base32_bytes(size_t letters)
{
    static const size_t bytes[] = {0, 0, 1, 0, 2, 3, 0, 4, 5};

    return bytes[letters];
}

SPRIG_FN(b32dec)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(VALUE_OUTPUT_MAX_BYTES);
    struct str s = value_text(&args[0]);
    bool is_over = false;

    for (size_t at = 0; at < s.len; at += 8) {
        uint64_t bits = 0;
        size_t letters = 0, bytes;

        for (size_t i = 0; i < 8; i++) {
            const char *letter =
                at + i < s.len && s.ptr[at + i] ? strchr(base32_letters, s.ptr[at + i]) : NULL;
            bool is_pad = at + i < s.len && s.ptr[at + i] == '=';

            if (is_over || (!letter && !is_pad) || (letter && letters < i)) {
                *ret = value_string(str_printf(r->a, "illegal base32 data at input byte %zu",
                                               at + i < s.len ? at + i : at));
                return 0;
            }
            letters += letter != NULL;
            bits = bits << 5 | (letter ? (uint64_t) (letter - base32_letters) : 0);
        }
        bytes = base32_bytes(letters);
        if (bytes == 0) {
            *ret = value_string(
                str_printf(r->a, "illegal base32 data at input byte %zu", at + letters));
            return 0;
        }
        is_over = letters < 8;
        for (size_t i = 0; i < bytes; i++)
            strbuf_addc(&b, (char) (bits >> (32 - 8 * i)));
    }
    return value_text_value(r, &b, ret);
}
