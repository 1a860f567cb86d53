/* Functions of texts, and formats. See jq_internal.h. */
#include "lang/jq/jq_internal.h"

#include "formats/base64.h"
#include "formats/goquote.h"

/* One argument cannot be what it is. */
static int fail_with(struct jq_run *r, const char *name, const struct jq_value *in,
                     const struct jq_value *arg)
{
    return jq_fail(r, "%s(" STR_FMT ") cannot be applied to: " STR_FMT, name,
                   STR_ARG(jq_preview(r, arg)), STR_ARG(jq_shown(r, in)));
}

/* What was written, as a text of the run. */
static int give(struct jq_run *r, const struct strbuf *b, struct jq_value *ret)
{
    int rc = jq_charge(r, 1 + b->len / 16, b->is_over ? JQ_MEMORY_MAX_BYTES : b->len);

    if (rc == JQ_OK)
        *ret = jq_string(str_copy(r->a, strbuf_str(b)));
    return rc;
}

#define TEXT(name)                                                   \
    static int f_##name(struct jq_run *r, const struct jq_value *in, \
                        const struct jq_value *args _unused_, struct jq_value *ret)

/* ---- plain ones ---- */

TEXT(tostring)
{
    struct str text;
    int rc = jq_to_text(r, in, &text);

    if (rc == JQ_OK)
        *ret = jq_string(text);
    return rc;
}

TEXT(tojson)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(JQ_MEMORY_MAX_BYTES);

    jq_print(&b, in);
    return give(r, &b, ret);
}

TEXT(fromjson)
{
    return in->type == JQ_STRING ? jq_from_text(r, jq_str(in), ret)
                                 : jq_fail_type(r, "fromjson", in);
}

TEXT(utf8bytelength)
{
    *ret = jq_int(in->count);
    return in->type == JQ_STRING ? JQ_OK : jq_fail_type(r, "utf8bytelength", in);
}

static int map_ascii(struct jq_run *r, const char *name, const struct jq_value *in,
                     struct jq_value *ret)
{
    char first = name[6] == 'u' ? 'a' : 'A';
    char *text;
    int rc = jq_charge(r, 1 + in->count / 16, in->count);

    if (rc)
        return rc;
    if (in->type != JQ_STRING)
        return jq_fail_type(r, name, in);
    text = arena_alloc_raw(r->a, in->count + 1);
    for (size_t i = 0; i < in->count; i++) {
        char c = in->text[i];

        text[i] = c >= first && c < first + 26 ? (char) (c ^ 0x20) : c;
    }
    *ret = jq_string(str_of(text, in->count));
    return JQ_OK;
}

TEXT(ascii_downcase)
{
    return map_ascii(r, "ascii_downcase", in, ret);
}

TEXT(ascii_upcase)
{
    return map_ascii(r, "ascii_upcase", in, ret);
}

static bool is_space(uint32_t c)
{
    return (c >= 9 && c <= 13) || c == ' ' || c == 0x85 || c == 0xa0 || c == 0x1680 ||
           (c >= 0x2000 && c <= 0x200a) || c == 0x2028 || c == 0x2029 || c == 0x202f ||
           c == 0x205f || c == 0x3000;
}

static struct str trim_left(struct str s)
{
    size_t size = 1;

    while (s.len > 0 && is_space(go_rune_next(s, &size)))
        s = str_skip(s, size);
    return s;
}

static struct str trim_right(struct str s)
{
    while (s.len > 0) {
        size_t at = s.len - 1, size = 1;

        while (at > 0 && ((uint8_t) s.ptr[at] & 0xc0) == 0x80 && s.len - at < 4)
            at--;
        if (!is_space(go_rune_next(str_skip(s, at), &size)) || at + size != s.len)
            break;
        s.len = at;
    }
    return s;
}

TEXT(ltrim)
{
    *ret = jq_string(trim_left(jq_str(in)));
    return in->type == JQ_STRING ? JQ_OK : jq_fail_type(r, "ltrim", in);
}

TEXT(rtrim)
{
    *ret = jq_string(trim_right(jq_str(in)));
    return in->type == JQ_STRING ? JQ_OK : jq_fail_type(r, "rtrim", in);
}

TEXT(trim)
{
    *ret = jq_string(trim_left(trim_right(jq_str(in))));
    return in->type == JQ_STRING ? JQ_OK : jq_fail_type(r, "trim", in);
}

static bool are_texts(const struct jq_value *x, const struct jq_value *y)
{
    return x->type == JQ_STRING && y->type == JQ_STRING;
}

TEXT(startswith)
{
    if (!are_texts(in, args))
        return fail_with(r, "startswith", in, args);
    jq_compared(r, jq_str(args).len);
    *ret = jq_bool(str_starts(jq_str(in), jq_str(args)));
    return JQ_OK;
}

TEXT(endswith)
{
    if (!are_texts(in, args))
        return fail_with(r, "endswith", in, args);
    jq_compared(r, jq_str(args).len);
    *ret = jq_bool(str_ends(jq_str(in), jq_str(args)));
    return JQ_OK;
}

static struct str cut_head(struct jq_run *r, struct str s, struct str head)
{
    jq_compared(r, head.len);
    return str_starts(s, head) ? str_skip(s, head.len) : s;
}

static struct str cut_tail(struct jq_run *r, struct str s, struct str tail)
{
    jq_compared(r, tail.len);
    return str_ends(s, tail) ? str_head(s, s.len - tail.len) : s;
}

TEXT(ltrimstr)
{
    if (!are_texts(in, args))
        return fail_with(r, "ltrimstr", in, args);
    *ret = jq_string(cut_head(r, jq_str(in), jq_str(args)));
    return JQ_OK;
}

TEXT(rtrimstr)
{
    if (!are_texts(in, args))
        return fail_with(r, "rtrimstr", in, args);
    *ret = jq_string(cut_tail(r, jq_str(in), jq_str(args)));
    return JQ_OK;
}

TEXT(trimstr)
{
    if (!are_texts(in, args))
        return fail_with(r, "trimstr", in, args);
    *ret = jq_string(cut_tail(r, cut_head(r, jq_str(in), jq_str(args)), jq_str(args)));
    return JQ_OK;
}

TEXT(split)
{
    if (!are_texts(in, args))
        return jq_fail_type(r, "split", in->type == JQ_STRING ? args : in);
    return jq_split(r, jq_str(in), jq_str(args), ret);
}

TEXT(explode)
{
    struct str s = jq_str(in);
    struct jq_value *items;
    size_t count = 0, size = 1;
    int rc = jq_charge(r, 1 + in->count, in->count * sizeof(*items));

    if (in->type != JQ_STRING)
        return jq_fail_type(r, "explode", in);
    if (rc)
        return rc;
    items = ARENA_ARRAY(r->a, struct jq_value, in->count + 1);
    for (; s.len > 0; s = str_skip(s, size)) {
        uint32_t rune = go_rune_next(s, &size);

        items[count++] = jq_int(rune == UINT32_MAX ? 0xfffd : rune);
    }
    *ret = jq_array(items, count);
    return JQ_OK;
}

static void put_rune(struct strbuf *b, int64_t n)
{
    uint32_t c = n < 0 || n > 0x10ffff || (n >= 0xd800 && n < 0xe000) ? 0xfffd : (uint32_t) n;
    size_t extra = c < 0x80 ? 0 : c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
    static const uint8_t heads[] = {0, 0xc0, 0xe0, 0xf0};

    strbuf_addc(b, (char) (heads[extra] | c >> 6 * extra));
    for (size_t i = extra; i-- > 0;)
        strbuf_addc(b, (char) (0x80 | (c >> 6 * i & 0x3f)));
}

TEXT(implode)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(JQ_MEMORY_MAX_BYTES);
    int64_t n = 0;

    if (in->type != JQ_ARRAY)
        return jq_fail_type(r, "implode", in);
    for (size_t i = 0; i < in->count; i++) {
        if (!jq_to_i64(&in->items[i], &n))
            return jq_fail_type(r, "implode", in);
        put_rune(&b, n);
    }
    return give(r, &b, ret);
}

/* Items, or the members of an object by key; texts and numbers between texts, null nothing. */
TEXT(join)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(JQ_MEMORY_MAX_BYTES);
    bool is_object = in->type == JQ_OBJECT;
    struct jq_value empty = jq_string(STR("")), sum;

    if (in->type != JQ_ARRAY && !is_object)
        return fail_with(r, "join", in, args);
    if (in->count > 1 && args->type != JQ_STRING && args->type != JQ_NULL)
        return jq_binary(r, JQ_OP_ADD, &empty, args, &sum);
    for (size_t i = 0; i < in->count; i++) {
        const struct jq_value *v = is_object ? &in->members[i].value : &in->items[i];

        if (i > 0 && args->type == JQ_STRING)
            strbuf_add(&b, jq_str(args));
        if (v->type == JQ_STRING)
            strbuf_add(&b, jq_str(v));
        else if (v->type == JQ_ARRAY || v->type == JQ_OBJECT)
            return jq_binary(r, JQ_OP_ADD, &empty, v, &sum);
        else if (v->type != JQ_NULL)
            jq_print(&b, v);
    }
    return give(r, &b, ret);
}

/* ---- formats ---- */

/* Each byte of @from in the text as the word of the same number. */
static void add_escaped(struct strbuf *b, struct str s, const char *from, size_t count,
                        const char *const *words)
{
    for (size_t i = 0; i < s.len; i++) {
        const char *at = memchr(from, s.ptr[i], count);

        if (at)
            strbuf_addz(b, words[at - from]);
        else
            strbuf_addc(b, s.ptr[i]);
    }
}

static void add_html(struct strbuf *b, struct str s)
{
    static const char *const words[] = {"&lt;", "&gt;", "&amp;", "&apos;", "&quot;"};

    add_escaped(b, s, "<>&'\"", 5, words);
}

static void add_uri(struct strbuf *b, struct str s)
{
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];

        if ((c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') ||
            (c && strchr("-_.~", c)))
            strbuf_addc(b, c);
        else
            strbuf_addf(b, "%%%02X", (uint8_t) c);
    }
}

static int hex_of(char c)
{
    return c >= '0' && c <= '9'                     ? c - '0'
           : (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (c | 0x20) - 'a' + 10
                                                    : -1;
}

static bool add_unescaped(struct strbuf *b, struct str s)
{
    for (size_t i = 0; i < s.len; i++) {
        int high, low;

        if (s.ptr[i] != '%') {
            strbuf_addc(b, s.ptr[i]);
            continue;
        }
        high = i + 2 < s.len ? hex_of(s.ptr[i + 1]) : -1;
        low = i + 2 < s.len ? hex_of(s.ptr[i + 2]) : -1;
        if (high < 0 || low < 0)
            return false;
        strbuf_addc(b, (char) (high << 4 | low));
        i += 2;
    }
    return true;
}

enum row_kind { ROW_CSV, ROW_TSV, ROW_SH };

static void add_cell(struct strbuf *b, enum row_kind kind, struct str s)
{
    static const char *const csv[] = {"\"\"", "\\0"};
    static const char *const tsv[] = {"\\t", "\\r", "\\n", "\\\\", "\\0"};
    static const char *const sh[] = {"'\\''", "\\0"};

    switch (kind) {
    case ROW_CSV:
        strbuf_addc(b, '"');
        add_escaped(b, s, "\"\0", 2, csv);
        strbuf_addc(b, '"');
        return;
    case ROW_TSV:
        add_escaped(b, s, "\t\r\n\\\0", 5, tsv);
        return;
    case ROW_SH:
        strbuf_addc(b, '\'');
        add_escaped(b, s, "'\0", 2, sh);
        strbuf_addc(b, '\'');
        return;
    }
}

static int add_row(struct jq_run *r, struct strbuf *b, enum row_kind kind,
                   const struct jq_value *v)
{
    static const char *const names[] = {"@csv", "@tsv", "@sh"};
    static const char separators[] = ",\t ";
    struct jq_value one = jq_array(v, 1);

    if (v->type != JQ_ARRAY && kind == ROW_SH)
        v = &one;
    if (v->type != JQ_ARRAY)
        return jq_fail_type(r, names[kind], v);
    for (size_t i = 0; i < v->count; i++) {
        const struct jq_value *cell = &v->items[i];

        if (cell->type == JQ_ARRAY || cell->type == JQ_OBJECT)
            return jq_fail(r, "%s cannot format an array including: " STR_FMT, names[kind],
                           STR_ARG(jq_shown(r, cell)));
        if (i > 0)
            strbuf_addc(b, separators[kind]);
        if (cell->type == JQ_STRING)
            add_cell(b, kind, jq_str(cell));
        else if (cell->type != JQ_NULL || kind == ROW_SH)
            jq_print(b, cell);
    }
    return JQ_OK;
}

/* Without its padding, and what stands behind that; bits that are left over do not count. */
static int decode(struct jq_run *r, const struct jq_value *v, struct str s, struct str *ret)
{
    static const char digits[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    size_t end = str_find_char(s, '='), used = 0, bits = 0, i;
    struct str head = end == SIZE_MAX ? s : str_head(s, end);
    char *bytes = arena_alloc_raw(r->a, head.len + 1);
    unsigned group = 0;

    for (i = 0; i < head.len; i++) {
        const char *digit = head.ptr[i] ? strchr(digits, head.ptr[i]) : NULL;

        if (head.ptr[i] == '\n' || head.ptr[i] == '\r')
            continue;
        if (!digit)
            break;
        group = group << 6 | (unsigned) (digit - digits);
        bits += 6;
        if (bits >= 8)
            bytes[used++] = (char) (group >> (bits -= 8));
    }
    if (i < head.len || bits == 6)
        return jq_fail(r,
                       "@base64d cannot be applied to " STR_FMT
                       ": illegal base64 data at input byte %zu",
                       STR_ARG(jq_preview(r, v)), i < head.len ? i : i - 1);
    *ret = str_of(bytes, used);
    return JQ_OK;
}

static bool is_format(struct str name)
{
    static const char *const names[] = {"@text", "@json", "@html", "@uri",    "@urid",
                                        "@csv",  "@tsv",  "@sh",   "@base64", "@base64d"};

    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (str_is(name, names[i]))
            return true;
    return false;
}

static int format_text(struct jq_run *r, struct str name, const struct jq_value *v,
                       struct strbuf *b)
{
    struct str s = STR("");
    int rc = jq_to_text(r, v, &s);

    if (rc)
        return rc;
    if (str_is(name, "@html"))
        add_html(b, s);
    else if (str_is(name, "@uri"))
        add_uri(b, s);
    else if (str_is(name, "@base64"))
        strbuf_add(b, base64_encode(r->a, s));
    else if (str_is(name, "@urid") && !add_unescaped(b, s))
        return jq_fail(r, "@urid cannot be applied to " STR_FMT ": invalid URL escape",
                       STR_ARG(jq_preview(r, v)));
    return JQ_OK;
}

int jq_format(struct jq_run *r, struct str name, const struct jq_value *v, struct str *ret)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(JQ_MEMORY_MAX_BYTES);
    struct jq_value made = jq_null();
    struct str s = STR("");
    int rc = JQ_OK;

    if (!is_format(name))
        return jq_fail(r, "format not defined: " STR_FMT, STR_ARG(name));
    if (str_is(name, "@text"))
        return jq_to_text(r, v, ret);
    if (str_is(name, "@base64d")) {
        rc = jq_to_text(r, v, &s);
        return rc ? rc : decode(r, v, s, ret);
    }
    if (str_is(name, "@json"))
        jq_print(&b, v);
    else if (str_is(name, "@csv"))
        rc = add_row(r, &b, ROW_CSV, v);
    else if (str_is(name, "@tsv"))
        rc = add_row(r, &b, ROW_TSV, v);
    else if (str_is(name, "@sh"))
        rc = add_row(r, &b, ROW_SH, v);
    else
        rc = format_text(r, name, v, &b);
    if (rc == JQ_OK)
        rc = give(r, &b, &made);
    *ret = rc == JQ_OK ? jq_str(&made) : STR("");
    return rc;
}

TEXT(format)
{
    struct str name, text = STR("");
    int rc;

    if (args->type != JQ_STRING)
        return jq_fail_type(r, "format", args);
    name = str_printf(r->a, "@" STR_FMT, STR_ARG(jq_str(args)));
    rc = jq_format(r, name, in, &text);
    *ret = jq_string(text);
    return rc;
}

const struct jq_native jq_natives_text[] = {
    {"ascii_downcase", 0, f_ascii_downcase},
    {"ascii_upcase", 0, f_ascii_upcase},
    {"endswith", 1, f_endswith},
    {"explode", 0, f_explode},
    {"format", 1, f_format},
    {"fromjson", 0, f_fromjson},
    {"implode", 0, f_implode},
    {"join", 1, f_join},
    {"ltrim", 0, f_ltrim},
    {"ltrimstr", 1, f_ltrimstr},
    {"rtrim", 0, f_rtrim},
    {"rtrimstr", 1, f_rtrimstr},
    {"split", 1, f_split},
    {"startswith", 1, f_startswith},
    {"tojson", 0, f_tojson},
    {"tostring", 0, f_tostring},
    {"trim", 0, f_trim},
    {"trimstr", 1, f_trimstr},
    {"utf8bytelength", 0, f_utf8bytelength},
    {0},
};
