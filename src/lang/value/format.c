/*
 * lang/value/format.c - Go's fmt package: Sprintf, Sprint and %v of values.
 *
 * Any thread. The engine is Go's: flags and width of a verb hold for all items of a list. What
 * does not fit a verb is told in the text. Doesn't do: addresses of functions, the insides of
 * structs (a time under %d).
 */
#include <math.h>

#include "base/limits.h"
#include "formats/duration.h"
#include "formats/gofloat.h"
#include "formats/goquote.h"
#include "formats/gotime.h"
#include "formats/semver.h"
#include "lang/value/text.h"
#include "lang/value/value_internal.h"

/* Go's own limit of width and precision; written in digits they may have one more. */
enum { WIDTH_MAX = 1000000, NUMBER_TEXT_MAX = 10 * WIDTH_MAX + 512 };

/* One verb on its way. */
struct printer {
    struct value_run *r;
    struct strbuf *b;
    bool is_minus, is_plus, is_sharp, is_space, is_zero;
    bool is_plus_v, is_sharp_v; /* %+v and %#v */
    int64_t width, precision;   /* -1: none */
};

static void add_times(struct strbuf *b, char c, int64_t count)
{
    for (int64_t i = 0; i < count && !b->is_over; i++)
        strbuf_addc(b, c);
}

/* Text in the width of the verb. */
static void pad(struct printer *p, struct str s)
{
    int64_t missing = p->width - (int64_t) (p->width > 0 ? value_runes(s) : 0);

    if (p->width <= 0)
        missing = 0;
    if (!p->is_minus)
        add_times(p->b, p->is_zero ? '0' : ' ', missing);
    strbuf_add(p->b, s);
    if (p->is_minus)
        add_times(p->b, ' ', missing);
}

static void pad_plain(struct printer *p, struct str s)
{
    bool was_zero = p->is_zero;

    p->is_zero = false;
    pad(p, s);
    p->is_zero = was_zero;
}

static int print_value(struct printer *p, const struct value *v, uint32_t verb);

static int bad_verb(struct printer *p, const struct value *v, uint32_t verb)
{
    strbuf_addz(p->b, "%!");
    value_add_rune(p->b, verb);
    strbuf_addc(p->b, '(');
    if (v->type == VALUE_NIL) {
        strbuf_addz(p->b, "<nil>)");
        return 0;
    }
    strbuf_addf(p->b, "%s=", value_type_name(v));
    if (print_value(p, v, 'v') < 0)
        return -1;
    strbuf_addc(p->b, ')');
    return 0;
}

/* ---- whole numbers ---- */

/* Digits of a number, with zeros in front up to the precision. */
static void add_digits(struct strbuf *b, uint64_t n, unsigned base, uint32_t verb,
                       int64_t least)
{
    const char *digits = verb == 'X' ? "0123456789ABCDEF" : "0123456789abcdef";
    char text[64];
    size_t len = 0;

    do {
        text[len++] = digits[n % base];
        n /= base;
    } while (n > 0);
    add_times(b, '0', least - (int64_t) len);
    while (len > 0)
        strbuf_addc(b, text[--len]);
}

static const char *prefix_of(const struct printer *p, unsigned base, uint32_t verb,
                             bool is_zero)
{
    if (verb == 'O')
        return p->is_sharp && !is_zero ? "0o0" : "0o";
    if (!p->is_sharp)
        return "";
    return base == 2     ? "0b"
           : base == 8   ? (is_zero ? "" : "0")
           : base == 10  ? ""
           : verb == 'X' ? "0X"
                         : "0x";
}

static void print_whole(struct printer *p, uint64_t n, bool is_negative, unsigned base,
                        uint32_t verb)
{
    _cleanup_strbuf_ struct strbuf text = STRBUF_INIT(NUMBER_TEXT_MAX),
                                   digits = STRBUF_INIT(NUMBER_TEXT_MAX);
    const char *sign = is_negative ? "-" : p->is_plus ? "+" : p->is_space ? " " : "";
    int64_t least = 0;

    if (p->precision == 0 && n == 0) {
        add_times(p->b, ' ', p->width);
        return;
    }
    if (p->precision >= 0)
        least = p->precision;
    else if (p->is_zero && !p->is_minus && p->width > 0)
        least = p->width - (sign[0] != '\0');
    strbuf_addz(&text, sign);
    add_digits(&digits, n, base, verb, least);
    strbuf_addz(&text, prefix_of(p, base, verb, digits.ptr[0] == '0'));
    strbuf_add(&text, strbuf_str(&digits));
    pad_plain(p, strbuf_str(&text));
}

static void print_rune(struct printer *p, uint64_t n)
{
    _cleanup_strbuf_ struct strbuf text = STRBUF_INIT(64);

    value_add_rune(&text, n > 0x10ffff ? 0xfffd : (uint32_t) n);
    pad(p, strbuf_str(&text));
}

/* Of a quoted text, what is beyond ASCII as an escape. */
static void add_ascii(struct strbuf *b, struct str quoted)
{
    while (quoted.len > 0) {
        size_t size = 1;
        uint32_t c = go_rune_next(quoted, &size);

        if (c < 0x80)
            strbuf_addc(b, (char) c);
        else
            strbuf_addf(b, c > 0xffff ? "\\U%08x" : "\\u%04x", (unsigned) c);
        quoted = str_skip(quoted, size);
    }
}

static void print_quoted_rune(struct printer *p, uint64_t n)
{
    _cleanup_strbuf_ struct strbuf text = STRBUF_INIT(64), quoted = STRBUF_INIT(64);
    struct str inner;

    value_add_rune(&text, n > 0x10ffff ? 0xfffd : (uint32_t) n);
    go_quote_add(&quoted, strbuf_str(&text));
    inner = str_of(quoted.ptr + 1, quoted.len - 2);
    if (n == '\'')
        inner = STR("\\'");
    else if (n == '"')
        inner = STR("\"");
    strbuf_reset(&text);
    strbuf_addc(&text, '\'');
    if (p->is_plus)
        add_ascii(&text, inner);
    else
        strbuf_add(&text, inner);
    strbuf_addc(&text, '\'');
    pad(p, strbuf_str(&text));
}

static void print_unicode(struct printer *p, uint64_t n)
{
    _cleanup_strbuf_ struct strbuf text = STRBUF_INIT(NUMBER_TEXT_MAX);

    strbuf_addz(&text, "U+");
    add_digits(&text, n, 16, 'X', p->precision > 4 ? p->precision : 4);
    if (p->is_sharp && n <= 0x10ffff && go_is_print((uint32_t) n)) {
        strbuf_addz(&text, " '");
        value_add_rune(&text, (uint32_t) n);
        strbuf_addc(&text, '\'');
    }
    pad_plain(p, strbuf_str(&text));
}

static bool is_unsigned(const struct value *v)
{
    return v->go == VALUE_GO_UINT8 || v->go == VALUE_GO_UINT32 || v->go == VALUE_GO_UINT64;
}

static int print_int(struct printer *p, const struct value *v, uint32_t verb)
{
    bool is_negative = v->number < 0 && !is_unsigned(v);
    uint64_t n = is_negative ? 0 - (uint64_t) v->number : (uint64_t) v->number;

    switch (verb) {
    case 'v':
        if (p->is_sharp_v && is_unsigned(v)) {
            bool was_sharp = p->is_sharp;

            p->is_sharp = true;
            print_whole(p, n, is_negative, 16, 'v');
            p->is_sharp = was_sharp;
            return 0;
        }
        print_whole(p, n, is_negative, 10, verb);
        return 0;
    case 'd':
        print_whole(p, n, is_negative, 10, verb);
        return 0;
    case 'b':
        print_whole(p, n, is_negative, 2, verb);
        return 0;
    case 'o':
    case 'O':
        print_whole(p, n, is_negative, 8, verb);
        return 0;
    case 'x':
    case 'X':
        print_whole(p, n, is_negative, 16, verb);
        return 0;
    case 'c':
        print_rune(p, (uint64_t) v->number);
        return 0;
    case 'q':
        print_quoted_rune(p, (uint64_t) v->number);
        return 0;
    case 'U':
        print_unicode(p, (uint64_t) v->number);
        return 0;
    default:
        return bad_verb(p, v, verb);
    }
}

/* ---- floats ---- */

/* As Go: the digit in front is 1, also where rounding made it 2 and of the smallest numbers. */
static void add_hex(struct strbuf *b, double n, int64_t precision, bool is_upper)
{
    size_t start = b->len;
    int exponent = 0;
    double mantissa = 2 * frexp(n, &exponent);
    char *at;

    if (n != 0)
        exponent--;
    if (precision >= 0)
        strbuf_addf(b, is_upper ? "%.*A" : "%.*a", (int) precision, mantissa);
    else
        strbuf_addf(b, is_upper ? "%A" : "%a", mantissa);
    if (b->is_over)
        return;
    at = strrchr(b->ptr + start, is_upper ? 'P' : 'p');
    b->len = (size_t) (at - b->ptr);
    if (b->ptr[start + 2] == '2') {
        b->ptr[start + 2] = '1';
        exponent++;
    }
    strbuf_addf(b, "%c%+03d", is_upper ? 'P' : 'p', exponent);
}

static void add_binary(struct strbuf *b, double n)
{
    int exponent = 0;

    frexp(n, &exponent);
    if (n == 0 || exponent < -1021)
        exponent = -1021; /* no number has smaller digits */
    strbuf_addf(b, "%.0fp%+d", ldexp(n, 53 - exponent), exponent - 53);
}

static void add_plain_float(struct strbuf *b, double n, uint32_t verb, int64_t precision)
{
    char text[400];
    int digits = precision < 0 ? 6 : (int) precision;

    if (verb == 'x' || verb == 'X') {
        add_hex(b, n, precision, verb == 'X');
    } else if (verb == 'b') {
        add_binary(b, n);
    } else if ((verb == 'g' || verb == 'G') && precision < 0) {
        go_float_text(n, text);
        for (size_t i = 0; text[i]; i++)
            strbuf_addc(b, text[i] == 'e' && verb == 'G' ? 'E' : text[i]);
    } else if (verb == 'e' || verb == 'E') {
        strbuf_addf(b, verb == 'e' ? "%.*e" : "%.*E", digits, n);
    } else if (verb == 'g' || verb == 'G') {
        strbuf_addf(b, verb == 'g' ? "%.*g" : "%.*G", digits, n);
    } else {
        strbuf_addf(b, "%.*f", digits, n);
    }
}

/* Where the exponent of a number's text begins; its end if there is none. */
static size_t exponent_at(struct str s, uint32_t verb)
{
    bool is_hex = verb == 'x' || verb == 'X';
    size_t i = 0;

    while (i < s.len && !strchr(is_hex ? "pP" : "eE", s.ptr[i]))
        i++;
    return i;
}

/* With '#', as Go: a point always, and of %g and %x zeros up to the precision. */
static void add_sharp(struct strbuf *b, struct str s, uint32_t verb, int64_t precision)
{
    struct str head = str_head(s, exponent_at(s, verb));
    int64_t digits = 0;
    bool has_digit = false, has_point = str_find_char(head, '.') != SIZE_MAX;

    if (verb == 'g' || verb == 'G' || verb == 'x')
        digits = precision < 0 ? 6 : precision;
    for (size_t i = 0; i < head.len; i++) {
        has_digit |= head.ptr[i] != '0' && head.ptr[i] != '.';
        digits -= has_digit && head.ptr[i] != '.';
    }
    strbuf_add(b, head);
    if (!has_point) {
        digits -= str_is(head, "0");
        strbuf_addc(b, '.');
    }
    add_times(b, '0', digits);
    strbuf_add(b, str_skip(s, head.len));
}

static void add_float(struct printer *p, struct strbuf *b, double n, uint32_t verb)
{
    _cleanup_strbuf_ struct strbuf text = STRBUF_INIT(NUMBER_TEXT_MAX);

    if (!p->is_sharp || verb == 'b') {
        add_plain_float(b, n, verb, p->precision);
        return;
    }
    add_plain_float(&text, n, verb, p->precision);
    add_sharp(b, strbuf_str(&text), verb, p->precision);
}

static void print_special(struct printer *p, double n)
{
    const char *sign = p->is_plus ? "+" : p->is_space ? " " : "";

    if (isnan(n))
        pad_plain(p, str_from(p->is_plus ? "+NaN" : p->is_space ? " NaN" : "NaN"));
    else if (n < 0)
        pad_plain(p, STR("-Inf"));
    else
        pad_plain(p, str_from(sign[0] == ' ' ? " Inf" : "+Inf"));
}

static int print_float(struct printer *p, const struct value *v, uint32_t verb)
{
    _cleanup_strbuf_ struct strbuf text = STRBUF_INIT(NUMBER_TEXT_MAX);
    double n = v->real;
    const char *sign;

    if (verb == 'v')
        verb = 'g';
    if (verb == 'F')
        verb = 'f';
    if (verb > 0x7f || !strchr("bgGxXfeE", (int) verb) || verb == 0)
        return bad_verb(p, v, verb);
    if (!isfinite(n)) {
        print_special(p, n);
        return 0;
    }
    add_float(p, &text, fabs(n), verb);
    sign = signbit(n) ? "-" : p->is_plus ? "+" : p->is_space ? " " : "";
    if (p->is_zero && !p->is_minus && sign[0] && p->width > (int64_t) text.len + 1) {
        strbuf_addz(p->b, sign);
        add_times(p->b, '0', p->width - 1 - (int64_t) text.len);
        strbuf_add(p->b, strbuf_str(&text));
        return 0;
    }
    pad(p, str_concat(p->r->a, str_from(sign), strbuf_str(&text)));
    return 0;
}

/* ---- texts ---- */

/* Its first runes, as many as the precision says. */
static struct str cut(const struct printer *p, struct str s)
{
    struct str rest = s;

    if (p->precision < 0)
        return s;
    for (int64_t i = 0; i < p->precision && rest.len > 0; i++) {
        size_t size = 1;

        go_rune_next(rest, &size);
        rest = str_skip(rest, size);
    }
    return str_head(s, s.len - rest.len);
}

static bool can_backquote(struct str s)
{
    while (s.len > 0) {
        size_t size = 1;
        uint32_t c = go_rune_next(s, &size);

        if (c == UINT32_MAX || c == 0xfeff || (c < ' ' && c != '\t') || c == '`' || c == 0x7f)
            return false;
        s = str_skip(s, size);
    }
    return true;
}

static void print_quoted(struct printer *p, struct str s)
{
    _cleanup_strbuf_ struct strbuf text = STRBUF_INIT(VALUE_OUTPUT_MAX_BYTES),
                                   ascii = STRBUF_INIT(VALUE_OUTPUT_MAX_BYTES);
    bool is_raw;

    s = cut(p, s);
    is_raw = p->is_sharp && can_backquote(s);
    if (is_raw) {
        strbuf_addc(&text, '`');
        strbuf_add(&text, s);
        strbuf_addc(&text, '`');
    } else {
        go_quote_add(&text, s);
    }
    if (p->is_plus && !is_raw)
        add_ascii(&ascii, strbuf_str(&text));
    pad(p, strbuf_str(p->is_plus && !is_raw ? &ascii : &text));
}

static void print_hex(struct printer *p, struct str s, uint32_t verb)
{
    _cleanup_strbuf_ struct strbuf text = STRBUF_INIT(VALUE_OUTPUT_MAX_BYTES);
    size_t len =
        p->precision >= 0 && (uint64_t) p->precision < s.len ? (size_t) p->precision : s.len;

    for (size_t i = 0; i < len; i++) {
        if (i > 0 && p->is_space)
            strbuf_addc(&text, ' ');
        if (p->is_sharp && (i == 0 || p->is_space))
            strbuf_addz(&text, verb == 'X' ? "0X" : "0x");
        strbuf_addf(&text, verb == 'X' ? "%02X" : "%02x", (unsigned) (unsigned char) s.ptr[i]);
    }
    pad(p, strbuf_str(&text));
}

static int print_text(struct printer *p, const struct value *v, struct str s, uint32_t verb)
{
    switch (verb) {
    case 'v':
        if (p->is_sharp_v)
            print_quoted(p, s);
        else
            pad(p, cut(p, s));
        return 0;
    case 's':
        pad(p, cut(p, s));
        return 0;
    case 'q':
        print_quoted(p, s);
        return 0;
    case 'x':
    case 'X':
        print_hex(p, s, verb);
        return 0;
    default:
        return bad_verb(p, v, verb);
    }
}

static int print_bytes(struct printer *p, const struct value *v, uint32_t verb)
{
    if (verb != 'v' && verb != 'd')
        return print_text(p, v, value_text(v), verb);
    strbuf_addz(p->b, p->is_sharp_v ? "[]byte{" : "[");
    for (size_t i = 0; i < v->count; i++) {
        if (i > 0)
            strbuf_addz(p->b, p->is_sharp_v ? ", " : " ");
        strbuf_addz(p->b, p->is_sharp_v ? "0x" : "");
        if (p->is_sharp_v)
            add_digits(p->b, (unsigned char) v->text[i], 16, 'x', 0);
        else
            print_whole(p, (unsigned char) v->text[i], false, 10, verb);
    }
    strbuf_addz(p->b, p->is_sharp_v ? "}" : "]");
    return 0;
}

/* ---- what holds others ---- */

static int print_item(struct printer *p, const struct value *v, uint32_t verb)
{
    if (v->type == VALUE_NIL) {
        strbuf_addz(p->b, p->is_sharp_v ? "interface {}(nil)" : "<nil>");
        return 0;
    }
    return print_value(p, v, verb);
}

static int print_array(struct printer *p, const struct value *v, uint32_t verb)
{
    if (p->is_sharp_v && v->is_go_nil) {
        strbuf_addf(p->b, "%s(nil)", value_type_name(v));
        return 0;
    }
    if (p->is_sharp_v)
        strbuf_addf(p->b, "%s{", value_type_name(v));
    else
        strbuf_addc(p->b, '[');
    for (size_t i = 0; i < v->count; i++) {
        if (i > 0)
            strbuf_addz(p->b, p->is_sharp_v ? ", " : " ");
        if (print_item(p, &v->items[i], verb) < 0)
            return -1;
    }
    strbuf_addc(p->b, p->is_sharp_v ? '}' : ']');
    return 0;
}

/* Go prints maps by sorted keys; a certificate is a struct. */
static int print_map(struct printer *p, const struct value *v, uint32_t verb)
{
    bool is_struct = v->go == VALUE_GO_CERTIFICATE;
    struct value_pair *pairs = NULL;

    if (value_map_sorted(p->r, v, &pairs) < 0)
        return -1;
    if (p->is_sharp_v)
        strbuf_addf(p->b, "%s{", value_type_name(v));
    else
        strbuf_addz(p->b, is_struct ? "{" : "map[");
    for (size_t i = 0; i < value_len(v); i++) {
        if (i > 0)
            strbuf_addz(p->b, p->is_sharp_v ? ", " : " ");
        if (!is_struct && print_item(p, &pairs[i].key, verb) < 0)
            return -1;
        if (is_struct && (p->is_plus_v || p->is_sharp_v))
            strbuf_add(p->b, value_text(&pairs[i].key));
        if (!is_struct || p->is_plus_v || p->is_sharp_v)
            strbuf_addc(p->b, ':');
        if (print_item(p, &pairs[i].value, verb) < 0)
            return -1;
    }
    strbuf_addc(p->b, p->is_sharp_v || is_struct ? '}' : ']');
    return 0;
}

static const char *const months[] = {"January",   "February", "March",    "April",
                                     "May",       "June",     "July",     "August",
                                     "September", "October",  "November", "December"};
static const char *const days[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                   "Thursday", "Friday", "Saturday"};

/* What Go's String() method answers, for the types that have one; false for others. */
static bool own_text(struct value_run *r, const struct value *v, struct str *ret)
{
    if (v->type == VALUE_TIME)
        *ret = gotime_format(r->a, v->time, GOTIME_STRING);
    else if (v->type == VALUE_DURATION)
        *ret = duration_print(r->a, v->number);
    else if (v->type == VALUE_ZONE)
        *ret = value_text(v);
    else if (v->type == VALUE_SEMVER)
        *ret = semver_print(r->a, v->semver);
    else if (v->type == VALUE_INT && v->go == VALUE_GO_MONTH && v->number >= 1 &&
             v->number <= 12)
        *ret = str_from(months[v->number - 1]);
    else if (v->type == VALUE_INT && v->go == VALUE_GO_WEEKDAY && v->number >= 0 &&
             v->number <= 6)
        *ret = str_from(days[v->number]);
    else
        return false;
    return true;
}

static bool is_text_verb(uint32_t verb)
{
    return verb == 'v' || verb == 's' || verb == 'q' || verb == 'x' || verb == 'X';
}

static int print_plain(struct printer *p, const struct value *v, uint32_t verb)
{
    struct value whole = value_int64(v->number);

    switch (v->type) {
    case VALUE_NIL:
        if (verb != 'v')
            return bad_verb(p, v, verb);
        pad(p, STR("<nil>"));
        return 0;
    case VALUE_BOOL:
        if (verb != 'v' && verb != 't')
            return bad_verb(p, v, verb);
        pad(p, v->is_true ? STR("true") : STR("false"));
        return 0;
    case VALUE_INT:
        return print_int(p, v, verb);
    case VALUE_DURATION:
        return print_int(p, &whole, verb);
    case VALUE_FLOAT:
        return print_float(p, v, verb);
    case VALUE_STRING:
        return print_text(p, v, value_text(v), verb);
    case VALUE_BYTES:
        return print_bytes(p, v, verb);
    case VALUE_ARRAY:
        return print_array(p, v, verb);
    case VALUE_MAP:
        return print_map(p, v, verb);
    case VALUE_FUNCTION:
        return value_fail(p->r, "a function has no text");
    case VALUE_TIME:
    case VALUE_ZONE:
    case VALUE_SEMVER:
        return bad_verb(p, v, 'v');
    }
    return 0;
}

static int print_value(struct printer *p, const struct value *v, uint32_t verb)
{
    struct str own = STR_NONE;
    int rc;

    if (value_enter(p->r) < 0)
        return -1;
    if (verb == 'T' && v->type == VALUE_NIL) {
        rc = print_plain(p, v, 'v');
    } else if (verb == 'T') {
        pad(p, cut(p, str_from(value_type_name(v))));
        rc = 0;
    } else if (!p->is_sharp_v && is_text_verb(verb) && own_text(p->r, v, &own)) {
        rc = print_text(p, v, own, verb);
    } else if (v->type >= VALUE_TIME && v->type != VALUE_DURATION &&
               v->type != VALUE_FUNCTION) {
        (void) own_text(p->r, v, &own);
        pad(p, own); /* the insides of a struct, in Go */
        rc = 0;
    } else {
        rc = print_plain(p, v, verb);
    }
    if (p->b->is_over)
        return value_make(p->r, SIZE_MAX);
    p->r->depth--;
    return rc;
}

/* ---- formats ---- */

/* Where a format's reading stands. */
struct reading {
    struct str rest;
    const struct value *args;
    const struct value_sprintf_as *as; /* or NULL */
    size_t count, next;                /* arguments, and the one that comes */
    bool is_reordered, is_index_bad;
    bool was_reordered; /* any: then nothing is told of arguments too many */
};

/* -1: there is none. One that is far too large takes the rest of the format with it. */
static int64_t read_number(struct str *rest)
{
    int64_t n = -1;

    while (rest->len > 0 && rest->ptr[0] >= '0' && rest->ptr[0] <= '9') {
        if (n > WIDTH_MAX) {
            *rest = STR_NONE;
            return -1;
        }
        n = (n < 0 ? 0 : n * 10) + rest->ptr[0] - '0';
        *rest = str_skip(*rest, 1);
    }
    return n;
}

/* "[3]": which argument comes. */
static void read_index(struct reading *f)
{
    struct str rest = f->rest;
    int64_t n;

    f->is_reordered = rest.len > 0 && rest.ptr[0] == '[';
    if (!f->is_reordered)
        return;
    f->was_reordered = true;
    rest = str_skip(rest, 1);
    n = read_number(&rest);
    f->is_reordered = n >= 0 && rest.len > 0 && rest.ptr[0] == ']';
    if (n < 1 || (size_t) n > f->count || rest.len == 0 || rest.ptr[0] != ']')
        f->is_index_bad = true;
    else
        f->next = (size_t) n - 1;
    n = (int64_t) str_find_char(f->rest, ']');
    f->rest = (size_t) n == SIZE_MAX ? str_skip(f->rest, 1) : str_skip(f->rest, (size_t) n + 1);
}

static void read_flags(struct reading *f, struct printer *p)
{
    for (; f->rest.len > 0; f->rest = str_skip(f->rest, 1)) {
        char c = f->rest.ptr[0];

        if (c == '#')
            p->is_sharp = true;
        else if (c == '0')
            p->is_zero = true;
        else if (c == '+')
            p->is_plus = true;
        else if (c == '-')
            p->is_minus = true;
        else if (c == ' ')
            p->is_space = true;
        else
            return;
    }
}

/* A number, or "*" for the next argument's. */
static int64_t read_measure(struct reading *f, struct printer *p, const char *fault,
                            bool is_width)
{
    int64_t n;

    if (f->rest.len == 0 || f->rest.ptr[0] != '*')
        return read_number(&f->rest);
    f->rest = str_skip(f->rest, 1);
    f->is_reordered = false;
    if (f->next >= f->count || f->args[f->next].type != VALUE_INT ||
        f->args[f->next].number > WIDTH_MAX || f->args[f->next].number < -WIDTH_MAX ||
        (!is_width && f->args[f->next].number < 0)) {
        f->next += f->next < f->count;
        strbuf_addz(p->b, fault);
        return -1;
    }
    n = f->args[f->next++].number;
    if (n < 0) {
        p->is_minus = true;
        p->is_zero = false;
        n = -n;
    }
    return n;
}

/* The next argument. */
static int print_argument(struct reading *f, struct printer *p, uint32_t verb)
{
    struct value v = f->args[f->next++];

    if (f->as && verb == 'T') {
        pad(p, str_from(f->as->type_name(f->as->ctx, f->next - 1)));
        return 0;
    }
    if (f->as && f->as->convert(f->as->ctx, f->next - 1, &v, &verb)) {
        strbuf_add(p->b, value_text(&v));
        return 0;
    }
    if (verb == 'w') /* for errors, which no value is */
        return bad_verb(p, &v, verb);
    return print_value(p, &v, verb);
}

static int print_verb(struct reading *f, struct printer *p)
{
    size_t size = 1;
    uint32_t verb;

    if (f->rest.len == 0) {
        strbuf_addz(p->b, "%!(NOVERB)");
        return 0;
    }
    verb = go_rune_next(f->rest, &size);
    verb = verb == UINT32_MAX ? 0xfffd : verb;
    f->rest = str_skip(f->rest, size);
    if (verb == '%') {
        strbuf_addc(p->b, '%');
        return 0;
    }
    if (f->is_index_bad || f->next >= f->count) {
        strbuf_addz(p->b, "%!");
        value_add_rune(p->b, verb);
        strbuf_addz(p->b, f->is_index_bad ? "(BADINDEX)" : "(MISSING)");
        return 0;
    }
    if (verb == 'v' || verb == 'w') {
        p->is_sharp_v = p->is_sharp;
        p->is_plus_v = p->is_plus;
        p->is_sharp = p->is_plus = false;
    }
    return print_argument(f, p, verb);
}

static int print_directive(struct reading *f, struct value_run *r, struct strbuf *b)
{
    struct printer p = {.r = r, .b = b, .width = -1, .precision = -1};

    f->is_index_bad = false;
    f->is_reordered = false;
    read_flags(f, &p);
    read_index(f);
    p.width = read_measure(f, &p, "%!(BADWIDTH)", true);
    f->is_index_bad |= f->is_reordered && p.width >= 0;
    if (f->rest.len > 0 && f->rest.ptr[0] == '.') {
        f->rest = str_skip(f->rest, 1);
        f->is_index_bad |= f->is_reordered;
        read_index(f);
        p.precision = 0;
        if (f->rest.len > 0 &&
            (f->rest.ptr[0] == '*' || (f->rest.ptr[0] >= '0' && f->rest.ptr[0] <= '9')))
            p.precision = read_measure(f, &p, "%!(BADPREC)", false);
    }
    if (!f->is_reordered)
        read_index(f);
    return print_verb(f, &p);
}

static int add_extra(struct reading *f, struct value_run *r, struct strbuf *b)
{
    struct printer p = {.r = r, .b = b, .width = -1, .precision = -1};

    if (f->was_reordered || f->next >= f->count)
        return 0;
    strbuf_addz(b, "%!(EXTRA ");
    for (size_t i = f->next, first = i; i < f->count; i++) {
        strbuf_addz(b, i > first ? ", " : "");
        if (f->args[i].type == VALUE_NIL && !f->as) {
            strbuf_addz(b, "<nil>");
            continue;
        }
        f->next = i;
        strbuf_addf(
            b, "%s=", f->as ? f->as->type_name(f->as->ctx, i) : value_type_name(&f->args[i]));
        if (print_argument(f, &p, 'v') < 0)
            return -1;
    }
    strbuf_addc(b, ')');
    return 0;
}

int value_sprintf(struct value_run *r, struct strbuf *b, struct str format,
                  const struct value *args, size_t count)
{
    return value_sprintf_as(r, b, format, args, count, NULL);
}

int value_sprintf_as(struct value_run *r, struct strbuf *b, struct str format,
                     const struct value *args, size_t count, const struct value_sprintf_as *as)
{
    struct reading f = {.rest = format, .args = args, .as = as, .count = count};

    while (f.rest.len > 0) {
        size_t at = str_find_char(f.rest, '%');

        strbuf_add(b, str_head(f.rest, at));
        if (at == SIZE_MAX)
            break;
        f.rest = str_skip(f.rest, at + 1);
        if (value_charge(r, 1) < 0 || print_directive(&f, r, b) < 0)
            return -1;
        if (b->is_over)
            return value_make(r, SIZE_MAX);
    }
    return add_extra(&f, r, b);
}

int value_print(struct value_run *r, struct strbuf *b, const struct value *args, size_t count)
{
    bool was_text = true;

    for (size_t i = 0; i < count; i++) {
        bool is_text = args[i].type == VALUE_STRING;

        if (i > 0 && !is_text && !was_text)
            strbuf_addc(b, ' ');
        if (value_format(r, b, &args[i]) < 0)
            return -1;
        was_text = is_text;
    }
    return 0;
}

int value_format(struct value_run *r, struct strbuf *b, const struct value *v)
{
    struct printer p = {.r = r, .b = b, .width = -1, .precision = -1};

    return print_value(&p, v, 'v');
}
