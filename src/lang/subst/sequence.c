/*
 * lang/subst/sequence.c - withSequence: counting, with a Go format.
 *
 * The format gets one whole number. Verbs and flags of fmt.Sprintf that make sense for it are
 * here; wrong ones print what Go prints ("%!s(int=0)"), because such texts end up in the names
 * of nodes. Star widths are refused. The text is put between quotes
 * and must then be one JSON string.
 */
#include "base/limits.h"
#include "base/strbuf.h"
#include "formats/anystring.h"
#include "formats/goquote.h"
#include "lang/subst/items.h"

enum { WIDTH_MAX = 1000, DIGITS_MAX = 72, TEXT_MAX_BYTES = 65536 };

struct verb {
    bool has_minus, has_plus, has_sharp, has_space, has_zero, has_width, has_precision;
    bool has_index;
    uint32_t width, precision, index;
    struct str letter; /* one code point */
};

/* How a letter prints whole numbers. */
struct number_style {
    unsigned base;
    const char *digits;
    const char *prefix; /* printed with the flag # */
};

static void add_blanks(struct strbuf *b, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++)
        strbuf_addc(b, ' ');
}

/* Pads a finished text to the width. */
static void add_padded(struct strbuf *b, const struct verb *v, struct str s)
{
    size_t width = v->has_width ? v->width : 0;
    size_t runes = 0;

    for (size_t i = 0; i < s.len; i++)
        runes += ((unsigned char) s.ptr[i] & 0xc0) != 0x80;
    if (!v->has_minus)
        add_blanks(b, runes, width);
    strbuf_add(b, s);
    if (v->has_minus)
        add_blanks(b, runes, width);
}

static void add_number(struct strbuf *b, const struct verb *v, int64_t n,
                       const struct number_style *style)
{
    _cleanup_strbuf_ struct strbuf text = STRBUF_INIT(TEXT_MAX_BYTES);
    const char *sign = n < 0 ? "-" : v->has_plus ? "+" : v->has_space ? " " : "";
    uint64_t left = n < 0 ? 0 - (uint64_t) n : (uint64_t) n;
    size_t wanted = v->has_precision ? v->precision : 1;
    char digits[DIGITS_MAX];
    size_t len = 0;

    if (v->has_zero && v->has_width && !v->has_minus && !v->has_precision && v->width > wanted)
        wanted = v->width - strlen(sign);
    for (; left > 0; left /= style->base)
        digits[len++] = style->digits[left % style->base];
    strbuf_addz(&text, sign);
    if (v->has_sharp && !(style->base == 8 && style->prefix[1] == '\0' && len < wanted))
        strbuf_addz(&text, style->prefix); /* "0" only before another digit */
    for (size_t i = len; i < wanted; i++)
        strbuf_addc(&text, '0');
    while (len > 0)
        strbuf_addc(&text, digits[--len]);
    add_padded(b, v, strbuf_str(&text));
}

static uint32_t code_point_of(int64_t n)
{
    return n < 0 || n > 0x10ffff || (n >= 0xd800 && n <= 0xdfff) ? 0xfffd : (uint32_t) n;
}

/* Writes UTF-8; returns how many bytes. */
static size_t encode(uint32_t c, char bytes[4])
{
    size_t len = 0;

    if (c < 0x80) {
        bytes[len++] = (char) c;
    } else if (c < 0x800) {
        bytes[len++] = (char) (0xc0 | c >> 6);
    } else if (c < 0x10000) {
        bytes[len++] = (char) (0xe0 | c >> 12);
        bytes[len++] = (char) (0x80 | (c >> 6 & 0x3f));
    } else {
        bytes[len++] = (char) (0xf0 | c >> 18);
        bytes[len++] = (char) (0x80 | (c >> 12 & 0x3f));
        bytes[len++] = (char) (0x80 | (c >> 6 & 0x3f));
    }
    if (c >= 0x80)
        bytes[len++] = (char) (0x80 | (c & 0x3f));
    return len;
}

static void add_rune(struct strbuf *b, const struct verb *v, int64_t n)
{
    char bytes[4];
    size_t len = encode(code_point_of(n), bytes);

    add_padded(b, v, str_of(bytes, len));
}

/* %q: the code point between single quotes. */
static void add_quoted_rune(struct strbuf *b, const struct verb *v, int64_t n)
{
    _cleanup_arena_ struct arena *a = arena_new();
    uint32_t c = code_point_of(n);
    char bytes[4];
    struct str quoted = go_quote(a, str_of(bytes, encode(c, bytes)));

    quoted = str_of(quoted.ptr + 1, quoted.len - 2);
    if (c == '"')
        quoted = STR("\"");
    else if (c == '\'')
        quoted = STR("\\'");
    else if (c >= 0x80 && v->has_plus)
        quoted = str_printf(a, c < 0x10000 ? "\\u%04x" : "\\U%08x", c);
    add_padded(b, v, str_printf(a, "'" STR_FMT "'", STR_ARG(quoted)));
}

static const struct number_style decimal = {10, "0123456789", ""};

/* Number styles by letter; NULL for a letter that prints no number. */
static const struct number_style *style_of(char letter)
{
    static const struct number_style lower = {16, "0123456789abcdef", "0x"};
    static const struct number_style upper = {16, "0123456789ABCDEF", "0X"};
    static const struct number_style octal = {8, "01234567", "0"};
    static const struct number_style octal_go = {8, "01234567", "0o"};
    static const struct number_style binary = {2, "01", "0b"};

    switch (letter) {
    case 'd':
    case 'v':
        return &decimal;
    case 'x':
        return &lower;
    case 'X':
        return &upper;
    case 'o':
        return &octal;
    case 'O':
        return &octal_go;
    case 'b':
        return &binary;
    default:
        return NULL;
    }
}

static void add_code_point(struct strbuf *b, struct verb v, int64_t n)
{
    static const struct number_style style = {16, "0123456789ABCDEF", "U+"};

    v.has_plus = v.has_space = v.has_zero = false;
    v.has_sharp = v.has_precision = true;
    v.precision = v.precision > 4 ? v.precision : 4;
    if (n < 0) /* unsigned there */
        strbuf_addf(b, "U+%llX", (unsigned long long) n);
    else
        add_number(b, &v, n, &style);
}

static void add_verb(struct strbuf *b, struct verb v, int64_t n)
{
    char letter = v.letter.len == 1 ? v.letter.ptr[0] : '\0';
    const struct number_style *style = style_of(letter);

    if (letter == 'v')
        v.has_plus = v.has_sharp = false;
    if (letter == 'O')
        v.has_sharp = true;
    if (style) {
        add_number(b, &v, n, style);
    } else if (letter == 'c') {
        add_rune(b, &v, n);
    } else if (letter == 'q') {
        add_quoted_rune(b, &v, n);
    } else if (letter == 'U') {
        add_code_point(b, v, n);
    } else if (letter == 'T') {
        add_padded(b, &v, STR("int"));
    } else {
        strbuf_addf(b, "%%!" STR_FMT "(int=", STR_ARG(v.letter));
        add_number(b, &v, n, &decimal);
        strbuf_addc(b, ')');
    }
}

static bool take_flag(struct str *rest, struct verb *v)
{
    char c = rest->len > 0 ? rest->ptr[0] : '\0';

    v->has_minus |= c == '-';
    v->has_plus |= c == '+';
    v->has_sharp |= c == '#';
    v->has_space |= c == ' ';
    v->has_zero |= c == '0';
    if (c != '-' && c != '+' && c != '#' && c != ' ' && c != '0')
        return false;
    *rest = str_skip(*rest, 1);
    return true;
}

/* Digits, at most WIDTH_MAX. */
static int take_count(struct str *rest, uint32_t *ret, bool *ret_has, struct err *err)
{
    uint32_t n = 0;

    while (rest->len > 0 && rest->ptr[0] >= '0' && rest->ptr[0] <= '9') {
        n = n * 10 + (uint32_t) (rest->ptr[0] - '0');
        *ret_has = true;
        if (n > WIDTH_MAX)
            return err_set(err, ERR_LIMIT, "withSequence format: width over %d", WIDTH_MAX);
        *rest = str_skip(*rest, 1);
    }
    *ret = n;
    return 0;
}

/* "[1]": which argument is meant. What is none stays, as the verb. */
static int take_index(struct str *rest, struct verb *v, struct err *err)
{
    size_t close = str_starts(*rest, STR("[")) ? str_find_char(*rest, ']') : SIZE_MAX;
    struct str inner;

    if (close == SIZE_MAX)
        return 0;
    inner = str_skip(*rest, 1);
    if (take_count(&inner, &v->index, &v->has_index, err) < 0)
        return -1;
    v->index = v->has_index && inner.ptr == rest->ptr + close ? v->index : 0;
    v->has_index = true;
    *rest = str_skip(*rest, close + 1);
    return 0;
}

/* What stands behind a per cent sign; the letter is absent at the end of the format. */
static int take_verb(struct str *rest, struct verb *ret, struct err *err)
{
    bool is_early;
    size_t size;

    *ret = (struct verb){0};
    while (take_flag(rest, ret))
        continue;
    if (take_index(rest, ret, err) < 0)
        return -1;
    is_early = ret->has_index;
    if (take_count(rest, &ret->width, &ret->has_width, err) < 0)
        return -1;
    if (str_starts(*rest, STR("."))) {
        *rest = str_skip(*rest, 1);
        if (take_count(rest, &ret->precision, &ret->has_precision, err) < 0)
            return -1;
        ret->has_precision = true;
    }
    if (is_early && (ret->has_width || ret->has_precision))
        ret->index = 0; /* it belongs behind them */
    else if (!is_early && take_index(rest, ret, err) < 0)
        return -1;
    if (rest->len == 0)
        return 0;
    go_rune_next(*rest, &size);
    ret->letter = str_head(*rest, size);
    *rest = str_skip(*rest, size);
    if (str_is(ret->letter, "*"))
        return err_set(err, ERR_UNSUPPORTED, "withSequence format: a width must be a number");
    return 0;
}

/* fmt.Sprintf(format, n). */
static int print_number(struct strbuf *b, struct str format, int64_t n, struct err *err)
{
    bool is_used = false, is_picked = false;

    while (format.len > 0) {
        size_t percent = str_find_char(format, '%');
        struct verb v;

        strbuf_add(b, str_head(format, percent));
        if (percent == SIZE_MAX)
            break;
        format = str_skip(format, percent + 1);
        if (take_verb(&format, &v, err) < 0)
            return -1;
        is_picked |= v.has_index;
        if (str_is_none(v.letter)) {
            strbuf_addz(b, "%!(NOVERB)");
        } else if (str_is(v.letter, "%")) {
            strbuf_addc(b, '%');
        } else if (v.has_index && v.index != 1) {
            strbuf_addf(b, "%%!" STR_FMT "(BADINDEX)", STR_ARG(v.letter));
        } else if (is_used && !v.has_index) {
            strbuf_addf(b, "%%!" STR_FMT "(MISSING)", STR_ARG(v.letter));
        } else {
            add_verb(b, v, n);
            is_used = true;
        }
    }
    if (!is_used && !is_picked)
        strbuf_addf(b, "%%!(EXTRA int=%lld)", (long long) n);
    return 0;
}

/* strconv.Atoi of a text or number. */
static int take_bound(struct arena *a, const struct json *v, int64_t *ret, struct err *err)
{
    struct str text = any_string(a, v);
    struct str digits =
        str_skip(text, str_starts(text, STR("-")) || str_starts(text, STR("+")));
    struct str quoted;
    bool is_number;

    if (parse_i64(text, ret))
        return 0;
    quoted = go_quote(a, text);
    is_number = digits.len > 0;
    for (size_t i = 0; i < digits.len; i++)
        is_number = is_number && digits.ptr[i] >= '0' && digits.ptr[i] <= '9';
    return err_set(err, ERR_INVALID, "strconv.Atoi: parsing " STR_FMT ": %s", STR_ARG(quoted),
                   is_number ? "value out of range" : "invalid syntax");
}

struct range {
    int64_t first, last;
    bool is_empty;
};

static int take_range(struct arena *a, const struct json *sequence, struct range *ret,
                      struct err *err)
{
    const struct json *start = json_get(sequence, STR("start"));
    const struct json *end = json_get(sequence, STR("end"));
    const struct json *count = json_get(sequence, STR("count"));
    int64_t n = 0;

    *ret = (struct range){0};
    if (start && start->type != JSON_NULL && take_bound(a, start, &ret->first, err) < 0)
        return -1;
    if (end && end->type != JSON_NULL)
        return take_bound(a, end, &ret->last, err);
    if (!count || count->type == JSON_NULL)
        return err_set(err, ERR_INVALID, "neither end nor count was specified in withSequence");
    if (take_bound(a, count, &n, err) < 0)
        return -1;
    ret->is_empty = n == 0;
    if (__builtin_add_overflow(ret->first, n - (n > INT64_MIN), &ret->last))
        return err_set(err, ERR_LIMIT, "withSequence: more than %d items",
                       WORKFLOW_FAN_OUT_MAX);
    return 0;
}

/* Appends one item to the list, which must be a JSON string by itself. */
static int add_item(struct arena *scratch, struct strbuf *list, struct str format, int64_t n,
                    struct err *err)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(TEXT_MAX_BYTES);
    struct item item;
    struct str text;

    strbuf_addc(&b, '"');
    if (print_number(&b, format, n, err) < 0)
        return -1;
    strbuf_addc(&b, '"');
    if (strbuf_finish(&b, &text, err) < 0)
        return err_wrap(err, "withSequence format");
    arena_reset(scratch);
    if (item_parse(scratch, text, &item, err) < 0)
        return -1;
    if (list->len > 1)
        strbuf_addc(list, ',');
    strbuf_add(list, text);
    return 0;
}

int sequence_texts(struct arena *a, const struct json *sequence, struct str *ret,
                   struct err *err)
{
    _cleanup_strbuf_ struct strbuf list = STRBUF_INIT(ARENA_DOC_MAX_BYTES);
    _cleanup_arena_ struct arena *scratch = arena_new();
    struct str format = json_get_str(sequence, STR("format"));
    struct range range;
    struct str text;
    uint64_t steps;

    if (take_range(a, sequence, &range, err) < 0)
        return -1;
    steps = range.first <= range.last ? (uint64_t) range.last - (uint64_t) range.first
                                      : (uint64_t) range.first - (uint64_t) range.last;
    if (steps >= WORKFLOW_FAN_OUT_MAX)
        return err_set(err, ERR_LIMIT, "withSequence: more than %d items",
                       WORKFLOW_FAN_OUT_MAX);
    strbuf_addc(&list, '[');
    for (uint64_t i = 0; !range.is_empty && i <= steps; i++) {
        int64_t n = range.first + (range.first <= range.last ? (int64_t) i : -(int64_t) i);

        if (add_item(scratch, &list, str_is_empty(format) ? STR("%d") : format, n, err) < 0)
            return -1;
    }
    strbuf_addc(&list, ']');
    if (strbuf_finish(&list, &text, err) < 0)
        return err_wrap(err, "withSequence");
    *ret = str_copy(a, text);
    return 0;
}
