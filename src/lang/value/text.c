/* lang/value/text.c - texts as Go's strings package handles them. See text.h. */
#include "lang/value/text.h"

#include <ctype.h>

#include "base/limits.h"
#include "formats/base64.h"
#include "formats/goquote.h"

size_t value_runes(struct str s)
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

static bool is_in_set(struct str set, struct str one)
{
    return one.len > 0 && str_find(set, one) != SIZE_MAX;
}

struct str value_trim_set(struct str s, struct str set, unsigned sides)
{
    size_t size = 1;

    while ((sides & 1) && s.len > 0) {
        go_rune_next(s, &size);
        if (!is_in_set(set, str_head(s, size)))
            break;
        s = str_skip(s, size);
    }
    while ((sides & 2) && s.len > 0 && is_in_set(set, go_rune_last(s)))
        s = str_head(s, s.len - go_rune_last(s).len);
    return s;
}

void value_add_rune(struct strbuf *b, uint32_t c)
{
    if (c < 0x80) {
        strbuf_addc(b, (char) c);
    } else if (c < 0x800) {
        strbuf_addc(b, (char) (0xc0 | c >> 6));
        strbuf_addc(b, (char) (0x80 | (c & 0x3f)));
    } else if (c >= 0x10000) {
        strbuf_addc(b, (char) (0xf0 | c >> 18));
        strbuf_addc(b, (char) (0x80 | (c >> 12 & 0x3f)));
        strbuf_addc(b, (char) (0x80 | (c >> 6 & 0x3f)));
        strbuf_addc(b, (char) (0x80 | (c & 0x3f)));
    } else {
        strbuf_addc(b, (char) (0xe0 | c >> 12));
        strbuf_addc(b, (char) (0x80 | (c >> 6 & 0x3f)));
        strbuf_addc(b, (char) (0x80 | (c & 0x3f)));
    }
}

static int to_case(struct value_run *r, struct str s, bool is_upper, struct value *ret)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(VALUE_OUTPUT_MAX_BYTES);

    if (value_charge(r, s.len / 64) < 0)
        return -1;
    while (s.len > 0) {
        size_t size = 1;
        uint32_t c = go_rune_next(s, &size);
        uint32_t other = is_upper ? value_upper_rune(c) : value_lower_rune(c);

        if (other == c)
            strbuf_add(&b, str_head(s, size));
        else
            value_add_rune(&b, other);
        s = str_skip(s, size);
    }
    return value_text_value(r, &b, ret);
}

int value_upper(struct value_run *r, struct str s, struct value *ret)
{
    return to_case(r, s, true, ret);
}

int value_lower(struct value_run *r, struct str s, struct value *ret)
{
    return to_case(r, s, false, ret);
}

int value_split(struct value_run *r, struct str s, struct str sep, int64_t limit, bool is_after,
                struct value *ret)
{
    VEC(struct value) list = {};

    if (value_charge(r, s.len / 64) < 0)
        return -1;
    while (limit != 0 && (s.len > 0 || sep.len > 0)) {
        size_t at = str_find(s, sep), keep, size = 1;

        if (sep.len == 0) {
            go_rune_next(s, &size);
            at = size < s.len ? size : SIZE_MAX;
        }
        if (limit > 0 && list.len + 1 == (size_t) limit)
            at = SIZE_MAX;
        if (value_make(r, sizeof(struct value)) < 0)
            return -1;
        keep = at == SIZE_MAX ? s.len : is_after ? at + sep.len : at;
        VEC_APUSH(r->a, &list, value_string(str_head(s, keep)));
        if (at == SIZE_MAX)
            break;
        s = str_skip(s, at + sep.len);
    }
    *ret = value_strings(list.at, list.len);
    return 0;
}

/* With an empty @parts[1], as Go: before each code point and at the end. */
int value_replace(struct value_run *r, const struct str parts[3], int64_t limit,
                  struct value *ret)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(VALUE_OUTPUT_MAX_BYTES);
    struct str s = parts[0];

    if (value_charge(r, s.len / 64) < 0)
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
    return value_text_value(r, &b, ret);
}

int value_repeat(struct value_run *r, struct str s, int64_t times, struct value *ret)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(VALUE_OUTPUT_MAX_BYTES);

    if (s.len > 0 && times > VALUE_OUTPUT_MAX_BYTES)
        return value_make(r, SIZE_MAX);
    for (int64_t i = 0; s.len > 0 && i < times && !b.is_over; i++)
        strbuf_add(&b, s);
    return value_text_value(r, &b, ret);
}

/* Where Go's decoder with padding gives up; SIZE_MAX: it does not. */
static size_t base64_wrong_at(struct str s)
{
    size_t digits = 0, padding = 0, i;

    for (i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char) s.ptr[i];

        if (c == '\r' || c == '\n')
            continue;
        if (c == '=' && padding == 0 && digits % 4 < 2)
            return i;
        if (padding > 0 && (padding + digits % 4 == 4 || c != '='))
            return padding + digits % 4 == 4 ? i : i - 1;
        if (c == '=')
            padding++;
        else if (c < 0x80 && (isalnum(c) || c == '+' || c == '/'))
            digits++;
        else
            return i;
    }
    if (padding > 0)
        return padding + digits % 4 == 4 ? SIZE_MAX : s.len;
    return digits % 4 == 0 ? SIZE_MAX : s.len - digits % 4;
}

/* The bits behind the last byte as zeros: Go does not look at them. */
static struct str without_rest(struct arena *a, struct str s)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    char *copy = memcpy(arena_alloc_raw(a, s.len + 1), s.ptr, s.len);
    size_t padding = 0, i = s.len;

    while (i > 0 && (copy[i - 1] == '=' || copy[i - 1] == '\r' || copy[i - 1] == '\n'))
        padding += copy[--i] == '=';
    if (i > 0 && padding > 0) {
        const char *at = strchr(letters, copy[i - 1]);

        copy[i - 1] = letters[(size_t) (at - letters) & (padding == 2 ? 0x30 : 0x3c)];
    }
    return str_of(copy, s.len);
}

/* Go's standard alphabet with padding: what base64_decode() takes besides is refused. */
int value_base64_decode(struct value_run *r, struct str s, struct value *ret)
{
    struct str bytes = STR_NONE;
    size_t wrong_at = base64_wrong_at(s);

    if (wrong_at != SIZE_MAX)
        return value_fail(r, "illegal base64 data at input byte %zu", wrong_at);
    if (value_make(r, s.len) < 0 ||
        base64_decode(r->a, without_rest(r->a, s), &bytes, r->err) < 0)
        return -1;
    *ret = value_string(bytes);
    return 0;
}

int value_format_str(struct value_run *r, const struct value *v, struct str *ret)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(VALUE_OUTPUT_MAX_BYTES);
    struct value text;

    if (value_format(r, &b, v) < 0 || value_text_value(r, &b, &text) < 0)
        return -1;
    *ret = value_text(&text);
    return 0;
}
