/* Checks the syntax as Go has it, then leaves the number to strtod. See gofloat.h. */
#include "formats/gofloat.h"

#include <math.h>

#include "base/mem.h"

struct cursor {
    struct str text;
    size_t at;
    size_t underscores;
};

static char peek(const struct cursor *c)
{
    return c->at < c->text.len ? c->text.ptr[c->at] : '\0';
}

static bool is_digit(char c, bool is_hex)
{
    return (c >= '0' && c <= '9') ||
           (is_hex && ((c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F')));
}

/* Digits with single underscores between them; @may_begin: one may also come first, behind
 * "0x". Returns their count, or -1 when an underscore is at a wrong place. */
static int read_digits(struct cursor *c, bool is_hex, bool may_begin)
{
    bool may_follow = may_begin;
    int count = 0;

    for (;; c->at++) {
        char next = peek(c);

        if (next == '_') {
            if (!may_follow)
                return -1;
            may_follow = false;
            c->underscores++;
        } else if (is_digit(next, is_hex)) {
            may_follow = true;
            count++;
        } else {
            break;
        }
    }
    return c->at > 0 && c->text.ptr[c->at - 1] == '_' ? -1 : count;
}

static bool read_exponent(struct cursor *c)
{
    c->at++;
    if (peek(c) == '+' || peek(c) == '-')
        c->at++;
    return read_digits(c, false, false) > 0;
}

static bool is_number(struct cursor *c)
{
    bool is_hex;
    int whole, behind = 0;

    if (peek(c) == '+' || peek(c) == '-')
        c->at++;
    is_hex = c->at + 1 < c->text.len && c->text.ptr[c->at] == '0' &&
             (c->text.ptr[c->at + 1] | 0x20) == 'x';
    c->at += is_hex ? 2 : 0;
    whole = read_digits(c, is_hex, is_hex);
    if (peek(c) == '.') {
        c->at++;
        behind = read_digits(c, is_hex, false);
    }
    if (whole < 0 || behind < 0 || whole + behind == 0)
        return false;
    if ((peek(c) | 0x20) == (is_hex ? 'p' : 'e')) {
        if (!read_exponent(c))
            return false;
    } else if (is_hex) {
        return false;
    }
    return c->at == c->text.len;
}

static bool is_special(struct str text, double *ret)
{
    bool has_sign = text.len > 0 && (text.ptr[0] == '+' || text.ptr[0] == '-');
    struct str word = str_skip(text, has_sign);

    if (str_eq_nocase(text, STR("nan"))) {
        *ret = (double) NAN;
        return true;
    }
    if (!str_eq_nocase(word, STR("inf")) && !str_eq_nocase(word, STR("infinity")))
        return false;
    *ret = has_sign && text.ptr[0] == '-' ? (double) -INFINITY : (double) INFINITY;
    return true;
}

enum go_float go_float_parse(struct str text, double *ret)
{
    char small[64];
    struct cursor c = {.text = text};
    char *digits = small;
    size_t len = 0;

    *ret = 0;
    if (is_special(text, ret))
        return GO_FLOAT_READ;
    if (!is_number(&c))
        return GO_FLOAT_INVALID;
    if (text.len >= sizeof(small))
        digits = mem_alloc(text.len + 1);
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] != '_')
            digits[len++] = text.ptr[i];
    digits[len] = '\0';
    *ret = strtod(digits, NULL);
    if (digits != small)
        free(digits);
    return isinf(*ret) ? GO_FLOAT_OUT_OF_RANGE : GO_FLOAT_READ;
}
