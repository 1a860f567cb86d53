/*
 * lang/template/builtin.c - Go's own functions of text/template.
 *
 * Any thread. and, or and call are special to the evaluator; "slice" is sprig's, which hides
 * Go's. A value that is nil and was found in nothing is invalid, in Go's words.
 */
#include <math.h>

#include "formats/goquote.h"
#include "lang/sprig/sprig.h"
#include "lang/template/template_internal.h"

#define FN(name)                                                                          \
    static int fn_##name(struct value_run *r _unused_, const struct value *args _unused_, \
                         size_t count _unused_, struct value *ret)

bool template_is_true(const struct value *v)
{
    return !value_is_empty(v);
}

FN(not )
{
    *ret = value_bool(!template_is_true(&args[0]));
    return 0;
}

FN(len)
{
    const struct value *v = &args[0];

    if (v->type == VALUE_NIL)
        return value_fail(r, v->is_boxed ? "len of nil pointer"
                                         : "reflect: call of reflect.Value.Type on zero Value");
    if (v->type != VALUE_STRING && v->type != VALUE_ARRAY && v->type != VALUE_BYTES &&
        (v->type != VALUE_MAP || v->go == VALUE_GO_CERTIFICATE))
        return value_fail(r, "len of type %s", value_type_name(v));
    *ret = value_int((int64_t) value_len(v));
    return 0;
}

/* ---- index ---- */

static int index_list(struct value_run *r, const struct value *list, const struct value *at,
                      struct value *ret)
{
    bool is_text = list->type == VALUE_STRING || list->type == VALUE_BYTES;
    int64_t n = at->number;

    if (at->type == VALUE_NIL)
        return value_fail(r, "cannot index slice/array with nil");
    if (at->type != VALUE_INT)
        return value_fail(r, "cannot index slice/array with type %s", value_type_name(at));
    if (n < 0 || n > (int64_t) list->count)
        return value_fail(r, "index out of range: %lld", (long long) n);
    if (n == (int64_t) list->count)
        return value_fail(r, "reflect: %s index out of range",
                          list->type == VALUE_STRING ? "string" : "slice");
    if (is_text) {
        *ret = value_int((unsigned char) list->text[n]);
        ret->go = VALUE_GO_UINT8;
        return 0;
    }
    *ret = list->items[n];
    ret->is_boxed = list->go == VALUE_GO_USUAL;
    return 0;
}

static int index_map(struct value_run *r, const struct value *map, const struct value *key,
                     struct value *ret)
{
    const struct value *found;

    if (key->type == VALUE_NIL)
        return value_fail(r, "value is nil; should be of type string");
    if (key->type != VALUE_STRING)
        return value_fail(r, "value has type %s; should be string", value_type_name(key));
    found = value_map_get(map, value_text(key));
    *ret = found                            ? *found
           : map->go == VALUE_GO_STRING_MAP ? value_string(STR(""))
                                            : value_nil();
    ret->is_boxed = map->go == VALUE_GO_USUAL;
    return 0;
}

FN(index)
{
    struct value at = args[0];

    if (at.type == VALUE_NIL)
        return value_fail(r, "index of untyped nil");
    for (size_t i = 1; i < count; i++) {
        struct value from = at;

        if (from.type == VALUE_NIL)
            return value_fail(r, "index of nil pointer");
        if (from.type == VALUE_MAP && from.go != VALUE_GO_CERTIFICATE) {
            if (index_map(r, &from, &args[i], &at) < 0)
                return -1;
        } else if (from.type == VALUE_ARRAY || from.type == VALUE_STRING ||
                   from.type == VALUE_BYTES) {
            if (index_list(r, &from, &args[i], &at) < 0)
                return -1;
        } else {
            return value_fail(r, "can't index item of type %s", value_type_name(&from));
        }
    }
    *ret = at;
    return 0;
}

/* ---- texts ---- */

FN(print)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(VALUE_OUTPUT_MAX_BYTES);

    if (value_print(r, &b, args, count) < 0)
        return -1;
    return value_text_value(r, &b, ret);
}

FN(println)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(VALUE_OUTPUT_MAX_BYTES);

    for (size_t i = 0; i < count; i++) {
        strbuf_addz(&b, i > 0 ? " " : "");
        if (value_format(r, &b, &args[i]) < 0)
            return -1;
    }
    strbuf_addc(&b, '\n');
    return value_text_value(r, &b, ret);
}

FN(printf)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(VALUE_OUTPUT_MAX_BYTES);

    if (value_sprintf(r, &b, value_text(&args[0]), args + 1, count - 1) < 0)
        return -1;
    return value_text_value(r, &b, ret);
}

/* What is escaped: the one text, or all values as print shows them. */
static int joined(struct value_run *r, const struct value *args, size_t count, struct str *ret)
{
    struct value *shown = ARENA_ARRAY(r->a, struct value, count + 1), text;

    if (count == 1 && args[0].type == VALUE_STRING) {
        *ret = value_text(&args[0]);
        return 0;
    }
    for (size_t i = 0; i < count; i++)
        shown[i] = args[i].type == VALUE_NIL ? value_string(STR("<no value>")) : args[i];
    if (fn_print(r, shown, count, &text) < 0)
        return -1;
    *ret = value_text(&text);
    return 0;
}

static void add_html(struct strbuf *b, char c)
{
    switch (c) {
    case '\0':
        strbuf_addz(b, "\xef\xbf\xbd");
        break;
    case '"':
        strbuf_addz(b, "&#34;");
        break;
    case '\'':
        strbuf_addz(b, "&#39;");
        break;
    case '&':
        strbuf_addz(b, "&amp;");
        break;
    case '<':
        strbuf_addz(b, "&lt;");
        break;
    case '>':
        strbuf_addz(b, "&gt;");
        break;
    default:
        strbuf_addc(b, c);
    }
}

FN(html)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(VALUE_OUTPUT_MAX_BYTES);
    struct str s = STR_NONE;

    if (joined(r, args, count, &s) < 0)
        return -1;
    for (size_t i = 0; i < s.len; i++)
        add_html(&b, s.ptr[i]);
    return value_text_value(r, &b, ret);
}

static void add_js(struct strbuf *b, struct str rune, uint32_t c)
{
    if (c == '\\' || c == '\'' || c == '"')
        strbuf_addf(b, "\\%c", (int) c);
    else if (c < ' ' || c == '<' || c == '>' || c == '&' || c == '=')
        strbuf_addf(b, "\\u%04X", (unsigned) c);
    else if (c >= 0x80 && c != UINT32_MAX && !go_is_print(c))
        strbuf_addf(b, "\\u%04X", (unsigned) c);
    else /* a byte that is no UTF-8, too: Go sees a printable U+FFFD in it */
        strbuf_add(b, rune);
}

FN(js)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(VALUE_OUTPUT_MAX_BYTES);
    struct str s = STR_NONE;

    if (joined(r, args, count, &s) < 0)
        return -1;
    while (s.len > 0) {
        size_t size = 1;
        uint32_t c = go_rune_next(s, &size);

        add_js(&b, str_head(s, size), c);
        s = str_skip(s, size);
    }
    return value_text_value(r, &b, ret);
}

FN(urlquery)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(VALUE_OUTPUT_MAX_BYTES);
    struct str s = STR_NONE;

    if (joined(r, args, count, &s) < 0)
        return -1;
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];
        bool is_plain = (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z') ||
                        (c && strchr("-_.~", c));

        if (is_plain || c == ' ')
            strbuf_addc(&b, c == ' ' ? '+' : c);
        else
            strbuf_addf(&b, "%%%02X", (unsigned) (unsigned char) c);
    }
    return value_text_value(r, &b, ret);
}

/* ---- comparison ---- */

enum basic { NONE, BOOLEAN, WHOLE, REAL, TEXT };

static enum basic basic_of(const struct value *v)
{
    switch (v->type) {
    case VALUE_BOOL:
        return BOOLEAN;
    case VALUE_INT:
    case VALUE_DURATION:
        return WHOLE;
    case VALUE_FLOAT:
        return REAL;
    case VALUE_STRING:
        return TEXT;
    case VALUE_NIL:
    case VALUE_BYTES:
    case VALUE_ARRAY:
    case VALUE_MAP:
    case VALUE_TIME:
    case VALUE_ZONE:
    case VALUE_FUNCTION:
    case VALUE_SEMVER:
        return NONE;
    }
    return NONE;
}

static int fail_types(struct value_run *r, const struct value *x, const struct value *y)
{
    return value_fail(r, "incompatible types for comparison: %s and %s", value_type_name(x),
                      value_type_name(y));
}

static int fail_kind(struct value_run *r, const struct value *v)
{
    struct str text = STR_NONE;

    if (value_format_str(r, v, &text) < 0)
        return -1;
    return value_fail(r, "non-comparable type " STR_FMT ": %s", STR_ARG(str_head(text, 400)),
                      value_type_name(v));
}

static bool is_comparable(const struct value *v)
{
    return v->type == VALUE_TIME || v->type == VALUE_SEMVER || v->type == VALUE_ZONE ||
           v->go == VALUE_GO_CERTIFICATE;
}

static int equal(struct value_run *r, const struct value *x, const struct value *y, bool *ret)
{
    enum basic kind = basic_of(x);

    *ret = false;
    if (kind != basic_of(y))
        return x->type == VALUE_NIL || y->type == VALUE_NIL ? 0 : fail_types(r, x, y);
    if (kind == WHOLE)
        *ret = x->number == y->number;
    else if (kind == REAL)
        *ret = x->real == y->real;
    else if (kind == BOOLEAN)
        *ret = x->is_true == y->is_true;
    else if (kind == TEXT)
        *ret = str_eq(value_text(x), value_text(y));
    else if (x->type == VALUE_NIL || y->type == VALUE_NIL)
        *ret = x->type == y->type;
    else if (!is_comparable(y))
        return fail_kind(r, y);
    else
        return value_deep_equal(r, x, y, ret);
    return 0;
}

FN(eq)
{
    *ret = value_bool(false);
    if (count < 2)
        return value_fail(r, "missing argument for comparison");
    for (size_t i = 1; i < count && !ret->is_true; i++)
        if (equal(r, &args[0], &args[i], &ret->is_true) < 0)
            return -1;
    return 0;
}

FN(ne)
{
    if (fn_eq(r, args, 2, ret) < 0)
        return -1;
    ret->is_true = !ret->is_true;
    return 0;
}

static int less(struct value_run *r, const struct value *x, const struct value *y, bool *ret)
{
    enum basic kind = basic_of(x);

    if (kind == NONE || basic_of(y) == NONE)
        return value_fail(r, "invalid type for comparison");
    if (kind != basic_of(y))
        return fail_types(r, x, y);
    if (kind == BOOLEAN)
        return value_fail(r, "invalid type for comparison");
    if (kind == WHOLE)
        *ret = x->number < y->number;
    else if (kind == REAL)
        *ret = x->real < y->real;
    else
        *ret = str_cmp(value_text(x), value_text(y)) < 0;
    return 0;
}

FN(lt)
{
    *ret = value_bool(false);
    return less(r, &args[0], &args[1], &ret->is_true);
}

FN(le)
{
    *ret = value_bool(false);
    if (less(r, &args[0], &args[1], &ret->is_true) < 0)
        return -1;
    return ret->is_true ? 0 : equal(r, &args[0], &args[1], &ret->is_true);
}

FN(gt)
{
    if (fn_le(r, args, 2, ret) < 0)
        return -1;
    ret->is_true = !ret->is_true;
    return 0;
}

FN(ge)
{
    if (fn_lt(r, args, 2, ret) < 0)
        return -1;
    ret->is_true = !ret->is_true;
    return 0;
}

/* A function as a value: there is none to be had from data. */
FN(call)
{
    *ret = value_nil();
    return args[0].type == VALUE_NIL
               ? value_fail(r, "call of nil")
               : value_fail(r, "non-function of type %s", value_type_name(&args[0]));
}

FN(first_true)
{
    *ret = args[count - 1];
    return 0;
}

/* ---- the table ---- */

static const struct value_function builtins[] = {
#define BUILTIN(word, fn, letters, least, most, how) \
    {.name = word,                                   \
     .args = letters,                                \
     .min = least,                                   \
     .max = most,                                    \
     .result = '.',                                  \
     .special = how,                                 \
     .is_go = true,                                  \
     .call = fn_##fn},
#include "lang/template/builtins.def"
#undef BUILTIN
};

const struct value_function *template_function(struct str name)
{
    const struct value_function *f = sprig_find(name);

    for (size_t i = 0; !f && i < COUNT_OF(builtins); i++)
        if (str_is(name, builtins[i].name))
            f = &builtins[i];
    return f;
}
