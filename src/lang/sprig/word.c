/*
 * lang/sprig/word.c - sprig's functions on words: case styles, abbreviations, line breaks.
 *
 * Any thread. The case styles are those of huandu/xstrings, the others those of
 * Masterminds/goutils, which count bytes. Letters beyond ASCII are those with another case, and
 * other letters of alphabets.
 */
#include "formats/goquote.h"
#include "lang/sprig/sprig_internal.h"

/* Unicode's titlecase letters, its Roman and its circled ones have two cases and are neither.
 */
static bool is_title(uint32_t c)
{
    return c == 0x1c5 || c == 0x1c8 || c == 0x1cb || c == 0x1f2 || c == 0x1fbc || c == 0x1fcc ||
           c == 0x1ffc || (c >= 0x1f88 && c <= 0x1faf && (c & 8));
}

static bool is_numeral(uint32_t c)
{
    return (c >= 0x2160 && c <= 0x217f) || (c >= 0x24b6 && c <= 0x24e9);
}

static bool is_upper(uint32_t c)
{
    return value_lower_rune(c) != c && !is_title(c) && !is_numeral(c);
}

static bool is_lower(uint32_t c)
{
    return value_upper_rune(c) != c && !is_title(c) && !is_numeral(c) && c != 0x345;
}

static bool is_connector(uint32_t c)
{
    return c == '-' || c == '_' || go_is_space(c);
}

/* Numbers of Latin-1, of number forms, circled and wide ones besides ASCII's. */
static bool is_digit(uint32_t c)
{
    if (c < 0x80)
        return c >= '0' && c <= '9';
    return c == 0xb2 || c == 0xb3 || c == 0xb9 || (c >= 0xbc && c <= 0xbe) || c == 0x2070 ||
           (c >= 0x2074 && c <= 0x2079) || (c >= 0x2080 && c <= 0x2089) ||
           (c >= 0x2150 && c <= 0x2182) || (c >= 0x2460 && c <= 0x249b) ||
           (c >= 0xff10 && c <= 0xff19);
}

/* Of Latin-1, General Punctuation, and of Chinese, Japanese and wide texts. */
static bool is_wide_punctuation(uint32_t c)
{
    static const uint32_t single[] = {0xa1,   0xa7,   0xab,   0xb6,   0xb7,   0xbb,   0xbf,
                                      0x37e,  0x387,  0x3030, 0x303d, 0x30a0, 0x30fb, 0xff1a,
                                      0xff1b, 0xff1f, 0xff20, 0xff3f, 0xff5b, 0xff5d};

    for (size_t i = 0; i < COUNT_OF(single); i++)
        if (c == single[i])
            return true;
    return (c >= 0x2010 && c <= 0x2027) ||
           (c >= 0x2030 && c <= 0x205e && c != 0x2044 && c != 0x2052) ||
           (c >= 0x3001 && c <= 0x3003) || (c >= 0x3008 && c <= 0x3011) ||
           (c >= 0x3014 && c <= 0x301f) ||
           (c >= 0xff01 && c <= 0xff0f && c != 0xff04 && c != 0xff0b) ||
           (c >= 0xff3b && c <= 0xff3d) || (c >= 0xff5f && c <= 0xff65);
}

static bool is_punctuation(uint32_t c)
{
    if (c >= 0x80)
        return is_wide_punctuation(c);
    return c > 0 && strchr("!\"#%&'()*,-./:;?@[\\]_{}", (int) c) != NULL;
}

/* Letters of scripts that have words between blanks. */
static bool is_letter(uint32_t c)
{
    if (c < 0x80)
        return (c | 32) >= 'a' && (c | 32) <= 'z';
    if (c < 0x100)
        return c == 0xaa || c == 0xb5 || c == 0xba || (c >= 0xc0 && c != 0xd7 && c != 0xf7);
    if (c == 0x345 || is_numeral(c) || is_wide_punctuation(c))
        return false;
    return is_upper(c) || is_lower(c) || is_title(c) ||
           (c < 0x2000 && (c < 0x300 || c >= 0x370) && go_is_print(c)) ||
           (c >= 0x3041 && c < 0x3400 && go_is_print(c)) || (c >= 0xa000 && c < 0xd7a4) ||
           (c >= 0xfb00 && c <= 0xfb1d) || (c >= 0xff66 && c <= 0xffdc);
}

/* The next code point; 0xfffd where the text is not valid. */
static uint32_t take_rune(struct str *rest)
{
    size_t size = 1;
    uint32_t c = go_rune_next(*rest, &size);

    *rest = str_skip(*rest, size);
    return c == UINT32_MAX ? 0xfffd : c;
}

static uint32_t peek_rune(struct str rest)
{
    return rest.len > 0 ? take_rune(&rest) : 0;
}

SPRIG_FN(camelcase)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(VALUE_OUTPUT_MAX_BYTES);
    struct str s = value_text(&args[0]);
    uint32_t c = 0, before;
    bool was_first_upper = false, is_started = false;

    if (value_charge(r, s.len) < 0)
        return -1;
    while (s.len > 0 && !is_started) {
        c = take_rune(&s);
        is_started = !is_connector(c);
        if (!is_started)
            value_add_rune(&b, c);
    }
    was_first_upper = is_upper(c);
    if (is_started)
        c = value_upper_rune(c);
    while (s.len > 0) {
        before = c;
        c = take_rune(&s);
        if (is_connector(c) && is_connector(before)) {
            value_add_rune(&b, before);
        } else if (is_connector(before)) {
            was_first_upper = is_upper(c);
            c = value_upper_rune(c);
        } else {
            if (was_first_upper && is_upper(c))
                c = value_lower_rune(c);
            else
                was_first_upper = false;
            value_add_rune(&b, before);
        }
    }
    if (args[0].count > 0) /* the last connector of nothing else comes twice */
        value_add_rune(&b, c);
    return value_text_value(r, &b, ret);
}

enum word { NO_WORD, NUMBER, UPPER, ALPHABET, CONNECTOR, PUNCTUATION, OTHER };

static bool goes_on(enum word kind, uint32_t c)
{
    switch (kind) {
    case CONNECTOR:
        return is_connector(c);
    case PUNCTUATION:
        return is_punctuation(c);
    case NUMBER:
        return is_digit(c);
    case ALPHABET:
        return is_letter(c) && !is_upper(c);
    case OTHER:
        return !is_connector(c) && !is_letter(c) && !is_digit(c) && !is_punctuation(c);
    case NO_WORD:
    case UPPER:
        break;
    }
    return false;
}

/* Upper-case letters: "HTTP" of "HTTPStatus", or "Status". */
static struct str upper_word(struct str s)
{
    struct str rest = s, last = s;

    take_rune(&rest);
    if (rest.len == 0)
        return s;
    if (is_upper(peek_rune(rest))) {
        while (rest.len > 0 && is_upper(peek_rune(rest))) {
            last = rest;
            take_rune(&rest);
        }
        if (rest.len > 0 && is_letter(peek_rune(rest)))
            rest = last;
    } else {
        while (rest.len > 0 && goes_on(ALPHABET, peek_rune(rest)))
            take_rune(&rest);
    }
    return str_head(s, s.len - rest.len);
}

static enum word next_word(struct str *rest, struct str *word)
{
    struct str from = *rest;
    uint32_t c;
    enum word kind;

    *word = STR("");
    if (rest->len == 0)
        return NO_WORD;
    c = take_rune(rest);
    kind = is_connector(c)     ? CONNECTOR
           : is_punctuation(c) ? PUNCTUATION
           : is_upper(c)       ? UPPER
           : is_letter(c)      ? ALPHABET
           : is_digit(c)       ? NUMBER
                               : OTHER;
    if (kind == UPPER) {
        *word = upper_word(from);
        *rest = str_skip(from, word->len);
        return kind;
    }
    while (rest->len > 0 && goes_on(kind, peek_rune(*rest)))
        take_rune(rest);
    *word = str_head(from, from.len - rest->len);
    return kind;
}

static void add_word(struct strbuf *b, enum word kind, struct str word, char connector)
{
    if (kind != UPPER && kind != CONNECTOR) {
        strbuf_add(b, word);
        return;
    }
    while (word.len > 0) {
        uint32_t c = take_rune(&word);

        value_add_rune(b, is_connector(c) ? (uint32_t) connector : value_lower_rune(c));
    }
}

/* How the words of a text go on. */
struct words {
    struct strbuf *b;
    char connector;
    enum word kind;
    struct str word, rest;
};

static void advance(struct words *w)
{
    w->kind = next_word(&w->rest, &w->word);
}

static void add_this(struct words *w)
{
    add_word(w->b, w->kind, w->word, w->connector);
}

static void add_connector(struct words *w, bool needs_word)
{
    if (w->kind != PUNCTUATION && w->kind != CONNECTOR && (!needs_word || w->kind != NO_WORD))
        strbuf_addc(w->b, w->connector);
}

/* Small letters and numbers behind a number belong to it. */
static void add_behind_number(struct words *w)
{
    while (w->kind == ALPHABET || w->kind == NUMBER) {
        add_this(w);
        advance(w);
    }
    add_connector(w, true);
}

/* Behind letters: a number is part of the word, unless small letters follow it. */
static void add_behind_letters(struct words *w)
{
    struct str number = w->word;

    if (w->kind != NUMBER) {
        add_connector(w, false);
        return;
    }
    if (w->rest.len == 0)
        return;
    advance(w);
    if (w->kind != ALPHABET) {
        strbuf_add(w->b, number);
        add_connector(w, false);
        return;
    }
    strbuf_addc(w->b, w->connector);
    strbuf_add(w->b, number);
    add_behind_number(w);
}

static int join_words(struct value_run *r, struct str s, char connector, struct value *ret)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(VALUE_OUTPUT_MAX_BYTES);
    struct words w = {.b = &b, .connector = connector, .rest = s};

    if (value_charge(r, s.len) < 0)
        return -1;
    advance(&w);
    while (w.rest.len > 0) {
        enum word before = w.kind;
        struct str last = w.word;

        if (before != CONNECTOR)
            add_this(&w);
        advance(&w);
        if (before == NUMBER)
            add_behind_number(&w);
        else if (before == CONNECTOR)
            add_word(&b, CONNECTOR, last, connector);
        else if (before != PUNCTUATION)
            add_behind_letters(&w);
    }
    add_this(&w);
    return value_text_value(r, &b, ret);
}

SPRIG_FN(snakecase)
{
    return join_words(r, value_text(&args[0]), '_', ret);
}

SPRIG_FN(kebabcase)
{
    return join_words(r, value_text(&args[0]), '-', ret);
}

SPRIG_FN(swapcase)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(VALUE_OUTPUT_MAX_BYTES);
    struct str s = value_text(&args[0]);
    bool is_start = true;

    if (value_charge(r, s.len) < 0)
        return -1;
    while (s.len > 0) {
        uint32_t c = take_rune(&s);

        if (is_upper(c) || is_title(c))
            value_add_rune(&b, value_lower_rune(c));
        else if (is_lower(c))
            value_add_rune(&b, is_start ? value_title_rune(c) : value_upper_rune(c));
        else
            value_add_rune(&b, c);
        is_start = go_is_space(c);
    }
    return value_text_value(r, &b, ret);
}

/* First bytes of words, each as a code point. */
SPRIG_FN(initials)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(VALUE_OUTPUT_MAX_BYTES);
    struct str s = value_text(&args[0]);
    bool was_space = true;

    for (size_t i = 0; i < s.len; i++) {
        uint32_t c = (unsigned char) s.ptr[i];

        if (was_space && !go_is_space(c))
            value_add_rune(&b, c);
        was_space = go_is_space(c);
    }
    return value_text_value(r, &b, ret);
}

/* The part of a text from @from on that fits @width with its dots. */
static struct str abbreviated(struct arena *a, struct str s, int64_t from, int64_t width)
{
    int64_t len = (int64_t) s.len;

    if (width < 4)
        return STR("");
    if (len <= width)
        return s;
    from = from > len ? len : from;
    if (len - from < width - 3)
        from = len - (width - 3);
    if (from <= 4)
        return str_concat(a, str_head(s, (size_t) width - 3), STR("..."));
    if (width < 7)
        return STR("");
    if (from + width - 3 < len)
        return str_concat(a, STR("..."),
                          abbreviated(a, str_skip(s, (size_t) from), 0, width - 3));
    return str_concat(a, STR("..."), str_skip(s, (size_t) (len - (width - 3))));
}

SPRIG_FN(abbrev)
{
    *ret = args[1];
    if (args[0].number >= 4)
        *ret = value_string(abbreviated(r->a, value_text(&args[1]), 0, args[0].number));
    return value_make(r, ret->count);
}

SPRIG_FN(abbrevboth)
{
    *ret = args[2];
    if (args[1].number >= 4 && (args[0].number <= 0 || args[1].number >= 7))
        *ret = value_string(
            abbreviated(r->a, value_text(&args[2]), args[0].number, args[1].number));
    return value_make(r, ret->count);
}

static size_t last_blank(struct str s)
{
    for (size_t i = s.len; i-- > 0;)
        if (s.ptr[i] == ' ')
            return i;
    return SIZE_MAX;
}

enum long_words { KEPT, CUT };

static int wrap(struct value_run *r, struct str s, int64_t width, struct str line_end,
                enum long_words how, struct value *ret)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(VALUE_OUTPUT_MAX_BYTES);
    size_t room = width < 1 ? 1 : (size_t) width, at = 0;

    if (value_charge(r, s.len) < 0)
        return -1;
    while (s.len - at > room) {
        size_t blank;

        if (s.ptr[at] == ' ') {
            at++;
            continue;
        }
        blank = last_blank(str_head(str_skip(s, at), room + 1));
        if (blank == SIZE_MAX && how == CUT) {
            strbuf_add(&b, str_head(str_skip(s, at), room));
            strbuf_add(&b, line_end);
            at += room;
            continue;
        }
        if (blank == SIZE_MAX) {
            blank = str_find_char(str_skip(s, at + room), ' ');
            if (blank == SIZE_MAX)
                break;
            blank += room;
        }
        strbuf_add(&b, str_head(str_skip(s, at), blank));
        strbuf_add(&b, line_end);
        at += blank + 1;
    }
    strbuf_add(&b, str_skip(s, at));
    return value_text_value(r, &b, ret);
}

SPRIG_FN(wrap)
{
    return wrap(r, value_text(&args[1]), args[0].number, STR("\n"), KEPT, ret);
}

SPRIG_FN(wrapWith)
{
    struct str line_end = args[1].count > 0 ? value_text(&args[1]) : STR("\n");

    return wrap(r, value_text(&args[2]), args[0].number, line_end, CUT, ret);
}
