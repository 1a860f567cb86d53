/* Functions of the library string that answer as the original's. See luascript.h. */
#include "lang/lua/luascript_internal.h"

#include <locale.h>
#include <wctype.h>

#include "formats/goquote.h"

typedef wint_t (*case_fn)(wint_t c, locale_t locale);

static size_t put_rune(char *to, uint32_t rune)
{
    size_t extra = rune < 0x80 ? 0 : rune < 0x800 ? 1 : rune < 0x10000 ? 2 : 3;
    static const uint8_t heads[] = {0, 0xc0, 0xe0, 0xf0};

    to[0] = (char) (heads[extra] | rune >> 6 * extra);
    for (size_t i = 1; i <= extra; i++)
        to[i] = (char) (0x80 | (rune >> 6 * (extra - i) & 0x3f));
    return extra + 1;
}

/* upper() and lower() by Unicode's simple mapping. Nothing may fail while there is a locale. */
static int map_case(lua_State *L, case_fn map)
{
    struct str s = luascript_check_text(L, 1);
    char *text = lua_newuserdata(L, 4 * s.len + 1);
    locale_t locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t) 0);
    size_t size = 1, len = 0;

    for (size_t i = 0; i < s.len; i += size) {
        uint32_t rune = go_rune_next(str_skip(s, i), &size);

        if (rune == UINT32_MAX)
            rune = 0xfffd;
        len += put_rune(text + len, locale ? (uint32_t) map(rune, locale) : rune);
    }
    if (locale)
        freelocale(locale);
    lua_pushlstring(L, text, len);
    luascript_charge(L, s.len);
    return 1;
}

static int string_upper(lua_State *L)
{
    return map_case(L, towupper_l);
}

static int string_lower(lua_State *L)
{
    return map_case(L, towlower_l);
}

static int string_rep(lua_State *L)
{
    struct str s = luascript_check_text(L, 1);
    lua_Number count = luaL_checknumber(L, 2);
    size_t times = count >= 1 && s.len > 0 ? (size_t) count : 0;
    char *text;

    if (count >= 1 && (double) s.len * count > LUASCRIPT_MEMORY_MAX_BYTES)
        luaL_error(L, "resulting string too large");
    text = lua_newuserdata(L, s.len * times + 1);
    for (size_t i = 0; i < times; i++)
        memcpy(text + i * s.len, s.ptr, s.len);
    lua_pushlstring(L, text, s.len * times);
    luascript_charge(L, times);
    return 1;
}

static void push_capture(lua_State *L, struct str text, const struct luascript_match *m,
                         size_t i)
{
    if (i >= m->count && i == 0)
        lua_pushlstring(L, text.ptr + m->from, m->to - m->from);
    else if (i >= m->count)
        luaL_error(L, "invalid capture index");
    else if (m->captures[i].is_position)
        lua_pushinteger(L, (lua_Integer) m->captures[i].from + 1);
    else
        lua_pushlstring(L, text.ptr + m->captures[i].from,
                        m->captures[i].to - m->captures[i].from);
}

/* All captures, or the whole match when there are none. */
static int push_captures(lua_State *L, struct str text, const struct luascript_match *m)
{
    size_t count = m->count > 0 ? m->count : 1;

    luaL_checkstack(L, (int) count, "too many captures");
    for (size_t i = 0; i < count; i++)
        push_capture(L, text, m, i);
    return (int) count;
}

/* Where a text begins that an argument names, counted from 1 or from its end. */
static size_t start_of(lua_State *L, int index, size_t len)
{
    lua_Number at = luaL_optnumber(L, index, 1);

    if (at < 0)
        at += (lua_Number) len + 1;
    return at < 1 ? 0 : at > (lua_Number) len + 1 ? len + 1 : (size_t) at - 1;
}

static int string_find(lua_State *L)
{
    struct str s = luascript_check_text(L, 1), pattern = luascript_check_text(L, 2);
    size_t at = start_of(L, 3, s.len), found;
    struct luascript_match m;

    if (pattern.len == 0) {
        lua_pushinteger(L, 1);
        lua_pushinteger(L, 0);
        return 2;
    }
    if (lua_toboolean(L, 4)) {
        luascript_charge(L, s.len);
        found = at > s.len ? SIZE_MAX : str_find(str_skip(s, at), pattern);
        m = (struct luascript_match){.from = at + found, .to = at + found + pattern.len};
        if (found == SIZE_MAX)
            return 0;
    } else if (!luascript_find(L, pattern, s, at, &m)) {
        lua_pushnil(L);
        return 1;
    }
    lua_pushinteger(L, (lua_Integer) m.from + 1);
    lua_pushinteger(L, (lua_Integer) m.to);
    return 2 + (m.count > 0 ? push_captures(L, s, &m) : 0);
}

static int string_match(lua_State *L)
{
    struct str s = luascript_check_text(L, 1), pattern = luascript_check_text(L, 2);
    struct luascript_match m;

    if (luascript_find(L, pattern, s, start_of(L, 3, s.len), &m))
        return push_captures(L, s, &m);
    lua_pushnil(L);
    return 1;
}

/* Where the search goes on behind a match. */
static size_t behind(const struct luascript_match *m)
{
    return m->to > m->from ? m->to : m->from + 1;
}

/* Upvalues: text, pattern, where to go on. */
static int next_match(lua_State *L)
{
    struct str s = luascript_check_text(L, lua_upvalueindex(1));
    struct str pattern = luascript_check_text(L, lua_upvalueindex(2));
    size_t at = (size_t) lua_tonumber(L, lua_upvalueindex(3));
    struct luascript_match m;

    if (at > s.len || !luascript_find(L, pattern, s, at, &m))
        return 0;
    lua_pushnumber(L, str_starts(pattern, STR("^")) ? (double) s.len + 1 : (double) behind(&m));
    lua_replace(L, lua_upvalueindex(3));
    return push_captures(L, s, &m);
}

static int string_gmatch(lua_State *L)
{
    luascript_check_text(L, 1);
    luascript_check_text(L, 2);
    lua_settop(L, 2);
    lua_pushinteger(L, 0);
    lua_pushcclosure(L, next_match, 3);
    return 1;
}

static void add_capture(lua_State *L, luaL_Buffer *b, struct str s,
                        const struct luascript_match *m, size_t i)
{
    push_capture(L, s, m, i);
    luascript_text(L, -1);
    lua_remove(L, -2);
    luaL_addvalue(b);
}

/* "%1" and the like in a replacement. */
static void add_template(lua_State *L, luaL_Buffer *b, struct str s,
                         const struct luascript_match *m)
{
    size_t len;
    const char *text = lua_tolstring(L, 3, &len);

    for (size_t i = 0; i < len; i++) {
        if (text[i] != '%' || i + 1 == len) {
            luaL_addchar(b, text[i]);
            continue;
        }
        i++;
        if (text[i] == '0')
            luaL_addlstring(b, s.ptr + m->from, m->to - m->from);
        else if (text[i] > '0' && text[i] <= '9')
            add_capture(L, b, s, m, (size_t) (text[i] - '1'));
        else if (text[i] == '%')
            luaL_addchar(b, '%');
        else
            luaL_addlstring(b, text + i - 1, 2);
    }
}

/* What stands for a match; nothing but false and nil leaves it. */
static void add_replacement(lua_State *L, luaL_Buffer *b, struct str s,
                            const struct luascript_match *m)
{
    if (lua_type(L, 3) == LUA_TSTRING) {
        add_template(L, b, s, m);
        return;
    }
    if (lua_type(L, 3) == LUA_TFUNCTION) {
        lua_pushvalue(L, 3);
        lua_call(L, push_captures(L, s, m), 1);
    } else {
        push_capture(L, s, m, 0);
        lua_gettable(L, 3);
    }
    if (!lua_toboolean(L, -1)) {
        lua_pop(L, 1);
        luaL_addlstring(b, s.ptr + m->from, m->to - m->from);
        return;
    }
    if (lua_isstring(L, -1))
        luascript_text(L, -1);
    else
        lua_pushliteral(L, ""); /* the original's text of other values */
    lua_remove(L, -2);
    luaL_addvalue(b);
}

static int string_gsub(lua_State *L)
{
    struct str s = luascript_check_text(L, 1), pattern = luascript_check_text(L, 2);
    lua_Number max = luaL_optnumber(L, 4, -1);
    size_t at = 0, copied = 0, count = 0;
    struct luascript_match m;
    luaL_Buffer b;

    if (lua_type(L, 3) != LUA_TSTRING && !lua_istable(L, 3) && !lua_isfunction(L, 3))
        luaL_argerror(L, 3,
                      lua_pushfstring(L, "string or table or function expected, got %s",
                                      lua_isnone(L, 3) ? "nil" : luaL_typename(L, 3)));
    luaL_buffinit(L, &b);
    while (at <= s.len && (max < 0 || (lua_Number) count < max) &&
           luascript_find(L, pattern, s, at, &m)) {
        luaL_addlstring(&b, s.ptr + copied, m.from - copied);
        add_replacement(L, &b, s, &m);
        copied = m.to;
        at = behind(&m);
        count++;
        if (str_starts(pattern, STR("^")))
            break;
    }
    luaL_addlstring(&b, s.ptr + copied, s.len - copied);
    luaL_pushresult(&b);
    lua_pushinteger(L, (lua_Integer) count);
    return 2;
}

static int string_dump(lua_State *L)
{
    return luaL_error(L, "GopherLua does not support the string.dump");
}

void luascript_open_string(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"find", string_find},     {"format", luascript_format},
        {"gmatch", string_gmatch}, {"dump", string_dump},
        {"gsub", string_gsub},     {"lower", string_lower},
        {"match", string_match},   {"rep", string_rep},
        {"upper", string_upper},   {NULL, NULL}};

    lua_getglobal(L, LUA_STRLIBNAME);
    for (const luaL_Reg *f = functions; f->name; f++) {
        lua_pushcfunction(L, f->func);
        lua_setfield(L, -2, f->name);
    }
    lua_settop(L, 0);
}
