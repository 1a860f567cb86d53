/* formats/goint.c - whole numbers as Go reads them. See goint.h. */
#include "formats/goint.h"

static unsigned base_of(struct str *digits)
{
    static const struct {
        const char *prefix;
        unsigned base;
    } rows[] = {{"0x", 16}, {"0X", 16}, {"0b", 2}, {"0B", 2}, {"0o", 8}, {"0O", 8}};

    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (str_starts(*digits, str_from(rows[i].prefix))) {
            *digits = str_skip(*digits, 2);
            return rows[i].base;
        }
    if (digits->len > 1 && digits->ptr[0] == '0') {
        *digits = str_skip(*digits, 1);
        return 8;
    }
    return 10;
}

bool go_uint_parse(struct str text, uint64_t *ret)
{
    struct str digits = text;
    unsigned base = base_of(&digits);
    bool was_digit = digits.len < text.len;

    *ret = 0;
    for (size_t i = 0; i < digits.len; i++) {
        char c = digits.ptr[i];
        int digit = c >= '0' && c <= '9'                 ? c - '0'
                    : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10
                                                         : -1;

        if (c == '_' && was_digit && i + 1 < digits.len) {
            was_digit = false;
            continue;
        }
        if (digit < 0 || (unsigned) digit >= base ||
            __builtin_mul_overflow(*ret, (uint64_t) base, ret) ||
            __builtin_add_overflow(*ret, (uint64_t) digit, ret))
            return false;
        was_digit = true;
    }
    return digits.len > 0 && was_digit;
}

bool go_int_parse(struct str text, int64_t *ret)
{
    bool is_negative = text.len > 0 && text.ptr[0] == '-';
    uint64_t whole = 0;

    if (text.len > 0 && (text.ptr[0] == '-' || text.ptr[0] == '+'))
        text = str_skip(text, 1);
    if (!go_uint_parse(text, &whole) || whole > (uint64_t) INT64_MAX + is_negative)
        return false;
    *ret = (int64_t) (is_negative ? 0 - whole : whole);
    return true;
}
