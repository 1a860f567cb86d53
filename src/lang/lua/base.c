/* Functions without a library, and os, as the original's answer. See luascript.h. */
#include "lang/lua/luascript_internal.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "formats/gofloat.h"

void luascript_number_text(double n, char *text)
{
    if (n >= -0x1p63 && n <= 9.2e18 && n == floor(n))
        snprintf(text, GO_FLOAT_TEXT_SIZE, "%lld", (long long) n);
    else
        go_float_text(n, text);
}

static struct str pushed(lua_State *L)
{
    size_t len;
    const char *text = lua_tolstring(L, -1, &len);

    return text ? str_of(text, len) : STR("");
}

struct str luascript_text(lua_State *L, int index)
{
    if (luaL_callmeta(L, index, "__tostring")) {
        if (!lua_isstring(L, -1))
            luaL_error(L, "'__tostring' must return a string");
        return pushed(L);
    }
    return luascript_raw_text(L, index);
}

struct str luascript_raw_text(lua_State *L, int index)
{
    char text[GO_FLOAT_TEXT_SIZE];

    lua_pushvalue(L, index);
    switch (lua_type(L, -1)) {
    case LUA_TSTRING:
        return pushed(L);
    case LUA_TNUMBER:
        luascript_number_text(lua_tonumber(L, -1), text);
        lua_pushstring(L, text);
        break;
    case LUA_TBOOLEAN:
        lua_pushstring(L, lua_toboolean(L, -1) ? "true" : "false");
        break;
    case LUA_TNIL:
        lua_pushliteral(L, "nil");
        break;
    default:
        lua_pushfstring(L, "%s: %p", luaL_typename(L, -1), lua_topointer(L, -1));
        break;
    }
    lua_remove(L, -2);
    return pushed(L);
}

struct str luascript_check_text(lua_State *L, int index)
{
    size_t len;
    const char *text;

    if (lua_type(L, index) == LUA_TNUMBER) {
        luascript_text(L, index);
        lua_replace(L, index);
    }
    text = luaL_checklstring(L, index, &len);
    return str_of(text, len);
}

/* An operand of "..": numbers are joined as Go writes them. */
static int base_joined(lua_State *L)
{
    lua_settop(L, 1);
    if (lua_type(L, 1) == LUA_TNUMBER)
        luascript_text(L, 1);
    return 1;
}

static int base_tostring(lua_State *L)
{
    luaL_checkany(L, 1);
    luascript_text(L, 1);
    return 1;
}

static int digit_value(char c)
{
    return c >= '0' && c <= '9'                     ? c - '0'
           : (c | 0x20) >= 'a' && (c | 0x20) <= 'z' ? (c | 0x20) - 'a' + 10
                                                    : 99;
}

/* As strconv.ParseInt; false when it is none or does not fit. */
static bool parse_int(struct str s, int base, double *ret)
{
    bool is_negative = str_starts(s, STR("-"));
    uint64_t n = 0, max = is_negative ? (uint64_t) 1 << 63 : INT64_MAX;

    if (is_negative || str_starts(s, STR("+")))
        s = str_skip(s, 1);
    for (size_t i = 0; i < s.len; i++) {
        int digit = digit_value(s.ptr[i]);

        if (digit >= base || n > (max - (uint64_t) digit) / (uint64_t) base)
            return false;
        n = n * (uint64_t) base + (uint64_t) digit;
    }
    *ret = is_negative ? -(double) n : (double) n;
    return s.len > 0;
}

static bool text_to_number(struct str s, int base, bool has_base, double *ret)
{
    s = str_trim(s);
    if (str_find_char(s, '.') != SIZE_MAX)
        return go_float_parse(s, ret) == GO_FLOAT_READ;
    if (!has_base && (str_starts(s, STR("0x")) || str_starts(s, STR("0X"))))
        return parse_int(str_skip(s, 2), 16, ret);
    return parse_int(s, base, ret);
}

bool luascript_parse_number(struct str s, double *ret)
{
    s = str_trim(s);
    if (str_starts(s, STR("0x")) || str_starts(s, STR("0X")))
        return parse_int(str_skip(s, 2), 16, ret);
    return parse_int(s, 10, ret) || go_float_parse(s, ret) == GO_FLOAT_READ;
}

static int base_tonumber(lua_State *L)
{
    lua_Integer base = luaL_optinteger(L, 2, 10);
    double n = 0;

    luaL_checkany(L, 1);
    luaL_argcheck(L, base >= 2 && base <= 36, 2, "base out of range");
    if (lua_type(L, 1) == LUA_TNUMBER) {
        lua_pushvalue(L, 1);
    } else if (lua_type(L, 1) == LUA_TSTRING &&
               text_to_number(luascript_check_text(L, 1), (int) base, !lua_isnoneornil(L, 2),
                              &n)) {
        lua_pushnumber(L, n);
    } else {
        lua_pushnil(L);
    }
    return 1;
}

/* The place of the innermost function of Lua from @level on, as the original tells it. */
static int base_error(lua_State *L)
{
    lua_Integer level = luaL_optinteger(L, 2, 1);
    lua_Debug at;

    luaL_checkany(L, 1);
    lua_settop(L, 1);
    luascript_budget_of(L)->is_own_error = true;
    if (lua_type(L, 1) != LUA_TSTRING || level <= 0)
        return lua_error(L);
    for (int i = (int) level; lua_getstack(L, i, &at); i++) {
        lua_getinfo(L, "Sl", &at);
        if (at.currentline > 0) {
            lua_pushfstring(L, "%s:%d: ", at.short_src, at.currentline);
            lua_pushvalue(L, 1);
            lua_concat(L, 2);
            break;
        }
    }
    return lua_error(L);
}

/* Its message tells the place, too. */
static int base_assert(lua_State *L)
{
    if (lua_toboolean(L, 1))
        return lua_gettop(L);
    lua_settop(L, 2);
    lua_pushstring(L, luaL_optstring(L, 2, "assertion failed!"));
    lua_replace(L, 1);
    lua_settop(L, 1);
    return base_error(L);
}

static int base_print(lua_State *L _unused_)
{
    return 0;
}

/* loadstring(): texts only, compiled chunks could do anything. */
static int base_loadstring(lua_State *L)
{
    size_t len;
    const char *text = luaL_checklstring(L, 1, &len);

    if (!lua_isnoneornil(L, 2))
        luaL_checktype(L, 2, LUA_TSTRING);
    if (luaL_loadbufferx(L, text, len, luaL_optstring(L, 2, "=<string>"), "t") == 0)
        return 1;
    lua_pushnil(L);
    lua_insert(L, -2);
    return 2;
}

/* load(): the pieces that a function gives until it gives none, joined. */
static int base_load(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TFUNCTION);
    lua_settop(L, 2);
    lua_pushliteral(L, "");
    for (;;) {
        lua_pushvalue(L, 1);
        lua_call(L, 0, 1);
        if (lua_isnil(L, -1) || (lua_isstring(L, -1) && lua_objlen(L, -1) == 0))
            break;
        if (!lua_isstring(L, -1))
            luaL_error(L, "reader function must return a string");
        lua_concat(L, 2);
    }
    lua_pop(L, 1);
    lua_replace(L, 1);
    return base_loadstring(L);
}

/* ---- os ---- */

static int os_getenv(lua_State *L)
{
    luaL_checkstring(L, 1);
    lua_pushnil(L);
    return 1;
}

static int os_clock(lua_State *L)
{
    lua_pushnumber(L, (double) clock_mono().ns / 1e9);
    return 1;
}

static int os_difftime(lua_State *L)
{
    lua_pushnumber(L, trunc(luaL_checknumber(L, 1)) - trunc(luaL_checknumber(L, 2)));
    return 1;
}

static int field(lua_State *L, const char *name, int fallback)
{
    int n;

    lua_getfield(L, 1, name);
    n = lua_isnumber(L, -1) ? (int) lua_tointeger(L, -1) : fallback;
    lua_pop(L, 1);
    return n;
}

static int os_time(lua_State *L)
{
    struct tm tm = {.tm_isdst = -1};

    if (lua_isnoneornil(L, 1)) {
        lua_pushnumber(L, floor((double) clock_wall().ms / 1e3));
        return 1;
    }
    luaL_checktype(L, 1, LUA_TTABLE);
    tm.tm_sec = field(L, "sec", 0);
    tm.tm_min = field(L, "min", 0);
    tm.tm_hour = field(L, "hour", 12);
    tm.tm_mday = field(L, "day", -1);
    tm.tm_mon = field(L, "month", -1) - 1;
    tm.tm_year = field(L, "year", -1) - 1900;
    lua_pushnumber(L, (double) mktime(&tm));
    return 1;
}

static int push_date_table(lua_State *L, const struct tm *tm)
{
    const struct {
        const char *name;
        int value;
    } fields[] = {{"year", tm->tm_year + 1900}, {"month", tm->tm_mon + 1},
                  {"day", tm->tm_mday},         {"hour", tm->tm_hour},
                  {"min", tm->tm_min},          {"sec", tm->tm_sec},
                  {"wday", tm->tm_wday + 1},    {"yday", 0}};

    lua_createtable(L, 0, COUNT_OF(fields) + 1);
    for (size_t i = 0; i < COUNT_OF(fields); i++) {
        lua_pushinteger(L, fields[i].value);
        lua_setfield(L, -2, fields[i].name);
    }
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "isdst");
    return 1;
}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
#pragma GCC diagnostic ignored "-Wformat-y2k" /* two digits are what upstream has */
static int os_date(lua_State *L)
{
    const char *format = luaL_optstring(L, 1, "%c");
    time_t at = (time_t) luaL_optnumber(L, 2, floor((double) clock_wall().ms / 1e3));
    bool is_utc = format[0] == '!';
    char spec[3], text[256], letter;
    luaL_Buffer b;
    struct tm tm;

    format += is_utc;
    if (!(is_utc ? gmtime_r(&at, &tm) : localtime_r(&at, &tm)))
        luaL_error(L, "time out of range");
    if (format[0] == '*' && format[1] == 't')
        return push_date_table(L, &tm);
    luaL_buffinit(L, &b);
    for (; *format; format++) {
        if (*format != '%' || !strchr("aAbBcdFHImMpPSwxXyYZz%", format[1]) || !format[1]) {
            luaL_addchar(&b, *format);
            continue;
        }
        letter = *++format;
        snprintf(spec, sizeof(spec), "%%%c", letter);
        luaL_addlstring(&b, text,
                        strftime(text, sizeof(text),
                                 letter == 'x'             ? "%H/%M/%S"
                                 : letter == 'c'           ? "%d %b %y %H:%M "
                                 : letter == 'Z' && is_utc ? "UTC"
                                 : letter == 'a'           ? "mon" /* as upstream has it */
                                                           : spec,
                                 &tm));
        if (letter == 'c')
            luaL_addstring(&b, is_utc || !tm.tm_zone ? "UTC" : tm.tm_zone);
    }
    luaL_pushresult(&b);
    return 1;
}

#pragma GCC diagnostic pop

static int os_setlocale(lua_State *L)
{
    lua_pushboolean(L, 0);
    return 1;
}

static void set_functions(lua_State *L, const luaL_Reg *functions)
{
    for (; functions->name; functions++) {
        lua_pushcfunction(L, functions->func);
        lua_setfield(L, -2, functions->name);
    }
}

void luascript_open_base(lua_State *L)
{
    static const luaL_Reg functions[] = {{"assert", base_assert},
                                         {"error", base_error},
                                         {"load", base_load},
                                         {"loadstring", base_loadstring},
                                         {"print", base_print},
                                         {"tonumber", base_tonumber},
                                         {"tostring", base_tostring},
                                         {LUASCRIPT_JOINED, base_joined},
                                         {NULL, NULL}};
    static const luaL_Reg os[] = {
        {"clock", os_clock},   {"date", os_date},           {"difftime", os_difftime},
        {"getenv", os_getenv}, {"setlocale", os_setlocale}, {"time", os_time},
        {NULL, NULL}};
    static const char *const absent[] = {"dofile", "loadfile", "newproxy", "gcinfo"};

    lua_pushvalue(L, LUA_GLOBALSINDEX);
    set_functions(L, functions);
    for (size_t i = 0; i < COUNT_OF(absent); i++) {
        lua_pushnil(L);
        lua_setfield(L, -2, absent[i]);
    }
    lua_newtable(L);
    set_functions(L, os);
    lua_setfield(L, -2, "os");
    lua_settop(L, 0);
}
