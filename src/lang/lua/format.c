/* string.format with the verbs of Go's fmt. See luascript.h. */
#include "lang/lua/luascript_internal.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "formats/gofloat.h"
#include "formats/goquote.h"

enum { WIDTH_MAX = 99, NUMBER_SIZE = 512 };

/* One "%-5.2f". */
struct verb {
    char flags[8];        /* as written */
    int width, precision; /* -1: none */
    char letter;
};

static int read_number(const char **at)
{
    int n = 0;

    while (**at >= '0' && **at <= '9' && n <= WIDTH_MAX)
        n = n * 10 + (*(*at)++ - '0');
    return n;
}

static void read_verb(lua_State *L, const char **at, struct verb *v)
{
    size_t flags = 0;

    *v = (struct verb){.width = -1, .precision = -1};
    while (**at && strchr("+-# 0", **at) && flags < sizeof(v->flags) - 1)
        v->flags[flags++] = *(*at)++;
    if (**at >= '1' && **at <= '9')
        v->width = read_number(at);
    if (**at == '.') {
        (*at)++;
        v->precision = read_number(at);
    }
    if (v->width > WIDTH_MAX || v->precision > WIDTH_MAX)
        luaL_error(L, "invalid format (width or precision too long)");
    v->letter = **at;
    *at += **at != 0;
}

static size_t runes_of(struct str s)
{
    size_t count = 0;

    for (size_t i = 0, size = 1; i < s.len; i += size, count++)
        go_rune_next(str_skip(s, i), &size);
    return count;
}

/* A text, filled up to the width. */
static void add_padded(luaL_Buffer *b, const struct verb *v, struct str s)
{
    size_t count = runes_of(s), fill = v->width > (int) count ? (size_t) v->width - count : 0;
    bool is_left = strchr(v->flags, '-') != NULL;

    for (size_t i = 0; !is_left && i < fill; i++)
        luaL_addchar(b, strchr(v->flags, '0') ? '0' : ' ');
    luaL_addlstring(b, s.ptr, s.len);
    for (size_t i = 0; is_left && i < fill; i++)
        luaL_addchar(b, ' ');
}

static struct str first_runes(struct str s, int count)
{
    size_t at = 0, size = 1;

    for (; count > 0 && at < s.len; count--, at += size)
        go_rune_next(str_skip(s, at), &size);
    return str_head(s, at);
}

/* With C's printf: "%" flags width precision @kind letter. */
static void c_spec(const struct verb *v, const char *kind, char letter, char *spec, size_t size)
{
    char width[16] = "", precision[16] = "";

    if (v->width >= 0)
        snprintf(width, sizeof(width), "%d", v->width);
    if (v->precision >= 0)
        snprintf(precision, sizeof(precision), ".%d", v->precision);
    snprintf(spec, size, "%%%s%s%s%s%c", v->flags, width, precision, kind, letter);
}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
static void add_int(luaL_Buffer *b, const struct verb *v, char letter, double n)
{
    long long whole = n >= 9.2233720368547758e18   ? INT64_MAX
                      : n > -9.2233720368547758e18 ? (long long) n
                                                   : INT64_MIN;
    bool is_negative = whole < 0 && letter != 'd';
    char spec[64], text[NUMBER_SIZE];
    struct verb plain = *v;

    if (is_negative) /* Go writes -ff, C the complement */
        plain.width = -1;
    c_spec(&plain, "ll", letter, spec, sizeof(spec));
    snprintf(text, sizeof(text), spec, is_negative ? -whole : whole);
    if (is_negative) {
        char signed_text[NUMBER_SIZE + 1];

        snprintf(signed_text, sizeof(signed_text), "-%s", text);
        add_padded(b, v, str_from(signed_text));
        return;
    }
    luaL_addstring(b, text);
}

static void add_float(luaL_Buffer *b, const struct verb *v, double n)
{
    char spec[64], text[NUMBER_SIZE];

    if (!isfinite(n)) {
        add_padded(b, v, str_from(isnan(n) ? "NaN" : n > 0 ? "+Inf" : "-Inf"));
        return;
    }
    if ((v->letter == 'g' || v->letter == 'G') && v->precision < 0) {
        char shortest[GO_FLOAT_TEXT_SIZE];

        go_float_text(n, shortest);
        add_padded(b, v, str_from(shortest));
        return;
    }
    c_spec(v, "", v->letter == 'F' ? 'f' : v->letter, spec, sizeof(spec));
    snprintf(text, sizeof(text), spec, n);
    luaL_addstring(b, text);
}
#pragma GCC diagnostic pop

static void add_rune(luaL_Buffer *b, const struct verb *v, double n)
{
    uint32_t rune = n >= 0 && n <= 0x10ffff ? (uint32_t) n : 0xfffd;
    char text[5] = "";
    size_t extra = rune < 0x80 ? 0 : rune < 0x800 ? 1 : rune < 0x10000 ? 2 : 3;
    static const uint8_t heads[] = {0, 0xc0, 0xe0, 0xf0};

    text[0] = (char) (heads[extra] | rune >> 6 * extra);
    for (size_t i = 1; i <= extra; i++)
        text[i] = (char) (0x80 | (rune >> 6 * (extra - i) & 0x3f));
    add_padded(b, v, str_of(text, extra + 1));
}

/* A text as Go's %q; errors of Lua leave without cleaning up, so the state's arena holds it. */
static void add_quoted(lua_State *L, luaL_Buffer *b, const struct verb *v, struct str s)
{
    struct luascript_budget *budget = luascript_budget_of(L);

    if (s.len > LUASCRIPT_TEXT_MAX_BYTES)
        luaL_error(L, "text for %%q is too long");
    if (!budget->scratch)
        budget->scratch = arena_new();
    add_padded(b, v, go_quote(budget->scratch, s));
    arena_reset(budget->scratch);
}

static void add_hex(luaL_Buffer *b, const struct verb *v, struct str s)
{
    const char *digits = v->letter == 'x' ? "0123456789abcdef" : "0123456789ABCDEF";

    for (size_t i = 0; i < s.len; i++) {
        luaL_addchar(b, digits[(uint8_t) s.ptr[i] >> 4]);
        luaL_addchar(b, digits[(uint8_t) s.ptr[i] & 15]);
    }
}

static void add_number(lua_State *L, luaL_Buffer *b, const struct verb *v, double n)
{
    char text[GO_FLOAT_TEXT_SIZE];

    switch (v->letter) {
    case 'd':
    case 'i':
        add_int(b, v, 'd', n);
        return;
    case 'x':
    case 'X':
    case 'o':
        add_int(b, v, v->letter, n);
        return;
    case 'c':
        add_rune(b, v, n);
        return;
    case 'e':
    case 'E':
    case 'f':
    case 'F':
    case 'g':
    case 'G':
        add_float(b, v, n);
        return;
    default:
        luascript_number_text(n, text);
        if (v->letter == 'q')
            add_quoted(L, b, v, str_from(text));
        else
            add_padded(b, v, str_from(text));
    }
}

static void add_text(lua_State *L, luaL_Buffer *b, const struct verb *v, struct str s)
{
    if (v->letter == 'q')
        add_quoted(L, b, v, s);
    else if (v->letter == 'x' || v->letter == 'X')
        add_hex(b, v, s);
    else
        add_padded(b, v, v->precision >= 0 ? first_runes(s, v->precision) : s);
}

int luascript_format(lua_State *L)
{
    const char *at = luascript_check_text(L, 1).ptr;
    int arg = 1, count = lua_gettop(L);
    luaL_Buffer b;
    struct verb v;

    for (int i = 2; i <= count; i++) /* while nothing lies on the buffer */
        if (lua_type(L, i) != LUA_TNUMBER && lua_type(L, i) != LUA_TSTRING) {
            luascript_text(L, i);
            lua_replace(L, i);
        }
    luaL_buffinit(L, &b);
    while (*at) {
        if (*at != '%') {
            luaL_addchar(&b, *at++);
            continue;
        }
        at++;
        read_verb(L, &at, &v);
        if (v.letter == '%') {
            luaL_addchar(&b, '%');
        } else if (++arg > count) {
            luaL_addstring(&b, "%!");
            luaL_addchar(&b, v.letter);
            luaL_addstring(&b, "(MISSING)");
        } else if (lua_type(L, arg) == LUA_TNUMBER) {
            add_number(L, &b, &v, lua_tonumber(L, arg));
        } else {
            size_t len;
            const char *text = lua_tolstring(L, arg, &len);

            add_text(L, &b, &v, str_of(text, len));
        }
    }
    luaL_pushresult(&b);
    return 1;
}
