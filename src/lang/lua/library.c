/*
 * Functions of table, math and string whose answers differ from Lua's: whole numbers are
 * numbers, no texts; what lies outside of a list or a text is taken as the original takes it.
 */
#include "lang/lua/luascript_internal.h"

#include <math.h>

#include "base/strbuf.h"

/* A whole number, cut as Go does. */
static int64_t check_whole(lua_State *L, int index)
{
    double n;

    luaL_checktype(L, index, LUA_TNUMBER);
    n = lua_tonumber(L, index);
    return n >= -0x1p63 && n < 0x1p63 ? (int64_t) n : INT64_MIN;
}

static int64_t whole_or(lua_State *L, int index, int64_t fallback)
{
    return lua_isnoneornil(L, index) ? fallback : check_whole(L, index);
}

static int wrong_count(lua_State *L)
{
    return luaL_error(L, "wrong number of arguments");
}

/* ---- table ---- */

/* Only inside of the list others move. */
static int table_insert(lua_State *L)
{
    int count;
    int64_t at;

    luaL_checktype(L, 1, LUA_TTABLE);
    count = (int) lua_objlen(L, 1);
    if (lua_gettop(L) == 1)
        return wrong_count(L);
    if (lua_gettop(L) == 2) {
        lua_rawseti(L, 1, count + 1);
        return 0;
    }
    at = check_whole(L, 2);
    lua_settop(L, 3);
    if (at < 1 || at > count) {
        lua_pushnumber(L, (double) at);
        lua_insert(L, 3);
        lua_rawset(L, 1);
        return 0;
    }
    for (int i = count; i >= at; i--) {
        lua_rawgeti(L, 1, i);
        lua_rawseti(L, 1, i + 1);
    }
    lua_rawseti(L, 1, (int) at);
    luascript_charge(L, (size_t) (count - at));
    return 0;
}

/* A place before the list is its last. */
static int table_remove(lua_State *L)
{
    int count;
    int64_t at;

    luaL_checktype(L, 1, LUA_TTABLE);
    count = (int) lua_objlen(L, 1);
    at = lua_gettop(L) == 1 ? -1 : check_whole(L, 2);
    if (count == 0 || at > count) {
        lua_pushnil(L);
        return 1;
    }
    if (at < 1)
        at = count;
    lua_rawgeti(L, 1, (int) at);
    for (int i = (int) at; i < count; i++) {
        lua_rawgeti(L, 1, i + 1);
        lua_rawseti(L, 1, i);
    }
    lua_pushnil(L);
    lua_rawseti(L, 1, count);
    luascript_charge(L, (size_t) (count - at));
    return 1;
}

static int table_getn(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_pushinteger(L, (lua_Integer) lua_objlen(L, 1));
    return 1;
}

static int64_t least(int64_t x, int64_t y)
{
    return x < y ? x : y;
}

static int table_concat(lua_State *L)
{
    int64_t from, to, count;
    luaL_Buffer b;
    size_t len = 0;
    const char *between = "";

    luaL_checktype(L, 1, LUA_TTABLE);
    if (!lua_isnoneornil(L, 2)) {
        luaL_checktype(L, 2, LUA_TSTRING);
        between = lua_tolstring(L, 2, &len);
    }
    count = (int64_t) lua_objlen(L, 1);
    from = whole_or(L, 3, 1);
    to = whole_or(L, 4, count);
    if (lua_gettop(L) == 3 && (from > count || from < 1))
        to = 0;
    from = least(from, count) < 1 ? 1 : least(from, count);
    to = least(to, count);
    for (int64_t i = from; i <= to; i++) { /* while nothing lies on the buffer */
        lua_rawgeti(L, 1, (int) i);
        if (!lua_isstring(L, -1))
            luaL_error(L, "invalid value (%s) at index %d in table for concat",
                       luaL_typename(L, -1), (int) i);
        lua_pop(L, 1);
    }
    luaL_buffinit(L, &b);
    for (int64_t i = from; i <= to; i++) {
        lua_rawgeti(L, 1, (int) i);
        luascript_raw_text(L, -1);
        lua_remove(L, -2);
        luaL_addvalue(&b);
        if (i < to)
            luaL_addlstring(&b, between, len);
    }
    luaL_pushresult(&b);
    return 1;
}

/* ---- math ---- */

/* The one that @is_less of all says. */
static int extreme(lua_State *L, bool is_largest)
{
    double n;

    if (lua_gettop(L) == 0)
        return wrong_count(L);
    n = luaL_checknumber(L, 1);
    for (int i = 2; i <= lua_gettop(L); i++) {
        double next = luaL_checknumber(L, i);

        if (is_largest ? next > n : next < n)
            n = next;
    }
    lua_pushnumber(L, n);
    return 1;
}

static int math_max(lua_State *L)
{
    return extreme(L, true);
}

static int math_min(lua_State *L)
{
    return extreme(L, false);
}

/* As "%" counts. */
static int math_mod(lua_State *L)
{
    double left = luaL_checknumber(L, 1), by = luaL_checknumber(L, 2), n = fmod(left, by);

    if ((by > 0 && n < 0) || (by < 0 && n > 0))
        n += by;
    lua_pushnumber(L, n);
    return 1;
}

static int math_deg(lua_State *L)
{
    lua_pushnumber(L, luaL_checknumber(L, 1) * 180 / M_PI);
    return 1;
}

static int math_rad(lua_State *L)
{
    lua_pushnumber(L, luaL_checknumber(L, 1) * M_PI / 180);
    return 1;
}

/* To the base of e only. */
static int math_log(lua_State *L)
{
    lua_pushnumber(L, log(luaL_checknumber(L, 1)));
    return 1;
}

static int math_ldexp(lua_State *L)
{
    double n = luaL_checknumber(L, 1);
    int64_t by = check_whole(L, 2);

    lua_pushnumber(L, ldexp(n, by > 5000 ? 5000 : by < -5000 ? -5000 : (int) by));
    return 1;
}

/* ---- string ---- */

static int string_byte(lua_State *L)
{
    struct str s = luascript_check_text(L, 1);
    int64_t len = (int64_t) s.len, from = whole_or(L, 2, 1) - 1, to = whole_or(L, 3, -1);

    if (from < 0)
        from += len + 1;
    if (to < 0)
        to += len + 1;
    if (lua_gettop(L) == 2)
        to = from < 0 ? 0 : from + 1;
    from = from < 0 ? 0 : from;
    to = least(to, len);
    if (from >= to)
        return 0;
    luaL_checkstack(L, (int) (to - from), "string slice too long");
    for (int64_t i = from; i < to; i++)
        lua_pushinteger(L, (unsigned char) s.ptr[i]);
    return (int) (to - from);
}

static int string_char(lua_State *L)
{
    int count = lua_gettop(L);
    char *text = lua_newuserdata(L, (size_t) count + 1);

    for (int i = 1; i <= count; i++)
        text[i - 1] = (char) (uint8_t) check_whole(L, i);
    lua_pushlstring(L, text, (size_t) count);
    return 1;
}

/* A place in a text from one that is counted from 1, or from its end. */
static int64_t place_of(int64_t at, int64_t len, bool is_start)
{
    if (is_start && at != 0)
        at--;
    if (at < 0)
        at += len + 1;
    at = at < 0 ? 0 : at;
    return is_start ? at : least(at, len);
}

static int string_sub(lua_State *L)
{
    struct str s = luascript_check_text(L, 1);
    int64_t from = place_of(check_whole(L, 2), (int64_t) s.len, true);
    int64_t to = place_of(whole_or(L, 3, -1), (int64_t) s.len, false);

    if (from >= (int64_t) s.len || to < from)
        lua_pushliteral(L, "");
    else
        lua_pushlstring(L, s.ptr + from, (size_t) (to - from));
    return 1;
}

static void set_functions(lua_State *L, const char *library, const luaL_Reg *functions)
{
    lua_getglobal(L, library);
    for (; functions->name; functions++) {
        lua_pushcfunction(L, functions->func);
        lua_setfield(L, -2, functions->name);
    }
}

void luascript_open_library(lua_State *L)
{
    static const luaL_Reg tables[] = {{"concat", table_concat},
                                      {"getn", table_getn},
                                      {"insert", table_insert},
                                      {"remove", table_remove},
                                      {NULL, NULL}};
    static const luaL_Reg numbers[] = {
        {"deg", math_deg}, {"ldexp", math_ldexp}, {"rad", math_rad}, {"log", math_log},
        {"max", math_max}, {"min", math_min},     {"mod", math_mod}, {NULL, NULL}};
    static const luaL_Reg texts[] = {
        {"byte", string_byte}, {"char", string_char}, {"sub", string_sub}, {NULL, NULL}};

    set_functions(L, LUA_TABLIBNAME, tables);
    set_functions(L, LUA_STRLIBNAME, texts);
    set_functions(L, LUA_MATHLIBNAME, numbers);
    lua_pushnumber(L, __DBL_MAX__);
    lua_setfield(L, -2, "huge");
    lua_settop(L, 0);
}
