/*
 * What went wrong, in the words of the original's VM: it names types and operations where
 * LuaJIT names variables. Values that cannot be computed with have a metatable of ours that
 * says so; what LuaJIT says itself is put into other words while the error is on its way.
 */
#include "lang/lua/luascript_internal.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const char *const operations[] = {"add", "sub", "mul", "div", "mod", "pow", "concat"};

/* A metamethod of an operand that has one of its own; calls it. */
static bool is_answered(lua_State *L, const char *event)
{
    for (int i = 1; i <= 2; i++) {
        if (lua_type(L, i) != LUA_TTABLE || !luaL_getmetafield(L, i, event))
            continue;
        lua_pushvalue(L, 1);
        lua_pushvalue(L, 2);
        lua_call(L, 2, 1);
        return true;
    }
    return false;
}

/* A text that is a number counts as one. */
static const char *operand_type(lua_State *L, int index, const char *operation)
{
    size_t len = 0;
    double n;
    const char *text = lua_type(L, index) == LUA_TSTRING ? lua_tolstring(L, index, &len) : NULL;

    if (text && strcmp(operation, "concat") != 0 &&
        luascript_parse_number(str_of(text, len), &n))
        return "number";
    return luaL_typename(L, index);
}

/* Upvalue: the operation. */
static int on_operation(lua_State *L)
{
    const char *name = lua_tostring(L, lua_upvalueindex(1));
    char event[16];

    snprintf(event, sizeof(event), "__%s", name);
    if (is_answered(L, event))
        return 1;
    return luaL_error(L, "cannot perform %s operation between %s and %s", name,
                      operand_type(L, 1, name), operand_type(L, 2, name));
}

static int on_minus(lua_State *L)
{
    return luaL_error(L, "__unm undefined");
}

static int on_index(lua_State *L)
{
    return luaL_error(L, "attempt to index a non-table object(%s) with key '%s'",
                      luaL_typename(L, 1), luascript_raw_text(L, 2).ptr);
}

/* The fields that a type gets which has none of the operations. */
static void set_fields(lua_State *L, bool has_index)
{
    for (size_t i = 0; i < COUNT_OF(operations); i++) {
        char event[16];

        snprintf(event, sizeof(event), "__%s", operations[i]);
        lua_pushstring(L, operations[i]);
        lua_pushcclosure(L, on_operation, 1);
        lua_setfield(L, -2, event);
    }
    lua_pushcfunction(L, on_minus);
    lua_setfield(L, -2, "__unm");
    lua_pushcfunction(L, on_index);
    lua_setfield(L, -2, "__newindex");
    if (!has_index) {
        lua_pushcfunction(L, on_index);
        lua_setfield(L, -2, "__index");
    }
}

/* Functions of LuaJIT, upvalue 1, behind checks of their arguments. */
static int call_original(lua_State *L)
{
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 1);
    lua_call(L, lua_gettop(L) - 1, LUA_MULTRET);
    return lua_gettop(L);
}

static int expected(lua_State *L, int index, const char *types)
{
    return luaL_argerror(
        L, index,
        lua_pushfstring(L, "%s expected, got %s", types,
                        lua_isnone(L, index) ? "nil" : luaL_typename(L, index)));
}

static int base_each(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    return call_original(L);
}

static int base_setmetatable(lua_State *L)
{
    if (!lua_isnoneornil(L, 2) && !lua_istable(L, 2))
        return expected(L, 2, "nil or table");
    lua_settop(L, 2);
    if (lua_isnil(L, 1))
        return luaL_error(L, "cannot set metatable to a nil object.");
    if (!lua_istable(L, 1) && lua_isnil(L, 2)) {
        lua_settop(L, 1);
        return 1;
    }
    return call_original(L);
}

static int base_select(lua_State *L)
{
    int count = lua_gettop(L);
    double at;

    if (lua_type(L, 1) != LUA_TNUMBER && lua_type(L, 1) != LUA_TSTRING)
        return expected(L, 1, "number or string");
    if (lua_type(L, 1) == LUA_TSTRING && strcmp(lua_tostring(L, 1), "#") != 0)
        return luaL_argerror(L, 1,
                             lua_pushfstring(L, "invalid string '%s'", lua_tostring(L, 1)));
    if (lua_type(L, 1) == LUA_TSTRING) {
        lua_pushinteger(L, count - 1);
        return 1;
    }
    at = trunc(lua_tonumber(L, 1));
    at = at < 0 ? count + at : at > count ? count : at;
    return at >= 1 ? count - (int) at : luaL_argerror(L, 1, "index out of range");
}

static void wrap(lua_State *L, const char *name, lua_CFunction fn)
{
    lua_getglobal(L, name);
    lua_pushcclosure(L, fn, 1);
    lua_setglobal(L, name);
}

/* getmetatable(): ours are not seen. */
static int base_getmetatable(lua_State *L)
{
    luaL_checkany(L, 1);
    if (lua_type(L, 1) != LUA_TTABLE && lua_type(L, 1) != LUA_TSTRING)
        lua_pushnil(L);
    else if (!luaL_getmetafield(L, 1, "__metatable") && !lua_getmetatable(L, 1))
        lua_pushnil(L);
    return 1;
}

static int nothing(lua_State *L _unused_)
{
    return 0;
}

void luascript_open_errors(lua_State *L)
{
    lua_createtable(L, 0, 10);
    set_fields(L, false);
    for (int i = 0; i < 4; i++) {
        if (i == 0)
            lua_pushnil(L);
        else if (i == 1)
            lua_pushboolean(L, 1);
        else if (i == 2)
            lua_pushnumber(L, 0);
        else
            lua_pushcfunction(L, nothing);
        lua_pushvalue(L, 1);
        lua_setmetatable(L, -2);
        lua_pop(L, 1);
    }
    lua_pushliteral(L, "");
    lua_getmetatable(L, -1);
    set_fields(L, true);
    lua_pushcfunction(L, base_getmetatable);
    lua_setglobal(L, "getmetatable");
    wrap(L, "ipairs", base_each);
    wrap(L, "pairs", base_each);
    lua_pushcfunction(L, base_select);
    lua_setglobal(L, "select");
    wrap(L, "setmetatable", base_setmetatable);
    lua_settop(L, 0);
}

/* ---- LuaJIT's words ---- */

static const struct {
    const char *begin; /* of a message */
    const char *told;
} all[] = {
    {"attempt to call ", "attempt to call a non-function object"},
    {"attempt to get length of ", "__len undefined"},
    {"'for' initial value must be a number", "for statement init must be a number"},
    {"'for' limit must be a number", "for statement limit must be a number"},
    {"'for' step must be a number", "for statement step must be a number"},
};

/* The name of the library's function that failed, which a tail call hides. */
static const char *function_name(lua_State *L)
{
    static const char *const libraries[] = {"_G", "string", "table", "math", "os"};
    static char none[] = "(anonymous)";
    const void *called;
    lua_Debug at;

    if (!lua_getstack(L, 1, &at) || !lua_getinfo(L, "f", &at))
        return none;
    called = lua_topointer(L, -1);
    lua_pop(L, 1);
    for (size_t i = 0; called != luascript_budget_of(L)->called && i < COUNT_OF(libraries);
         i++) {
        lua_getglobal(L, libraries[i]);
        if (!lua_istable(L, -1)) {
            lua_pop(L, 1);
            continue;
        }
        for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1))
            if (lua_topointer(L, -1) == called && lua_type(L, -2) == LUA_TSTRING) {
                const char *name = lua_tostring(L, -2);

                lua_pop(L, 3); /* the library holds the name */
                return name;
            }
        lua_pop(L, 1);
    }
    return none;
}

/* "bad argument #1 to ", where the object of a method is the first. */
static void add_number(lua_State *L, luaL_Buffer *b, const char *text, size_t len)
{
    int number = text[14] - '0';
    lua_Debug at;

    if (text[15] == ' ' && lua_getstack(L, 1, &at) && lua_getinfo(L, "n", &at) &&
        !strcmp(at.namewhat, "method")) {
        char told[40];

        snprintf(told, sizeof(told), "bad argument #%d to ", number + 1);
        luaL_addstring(b, told);
        return;
    }
    luaL_addlstring(b, text, len);
}

/* "bad argument #1 to 'x' (number expected, got no value)": without the quotes, and nil. */
static bool add_argument(lua_State *L, luaL_Buffer *b, const char *text)
{
    static const char none[] = "got no value)";
    const char *name = strstr(text, " to '"), *end = name ? strstr(name + 5, "' (") : NULL;
    size_t len = strlen(text);
    bool has_none = len >= sizeof(none) - 1 && !strcmp(text + len - sizeof(none) + 1, none);

    if (strncmp(text, "bad argument #", 14) || !end)
        return false;
    add_number(L, b, text, (size_t) (name - text) + 4);
    if (end == name + 6 && name[5] == '?')
        luaL_addstring(b, function_name(L));
    else
        luaL_addlstring(b, name + 5, (size_t) (end - name - 5));
    luaL_addlstring(b, end + 1, len - (size_t) (end + 1 - text) - (has_none ? 9 : 0));
    if (has_none)
        luaL_addstring(b, "nil)");
    return true;
}

/* "attempt to compare two nil values" */
static bool add_comparison(luaL_Buffer *b, const char *text)
{
    static const char begin[] = "attempt to compare two ";
    const char *type = text + sizeof(begin) - 1;
    const char *end = strncmp(text, begin, sizeof(begin) - 1) ? NULL : strstr(type, " values");

    if (!end)
        return false;
    luaL_addstring(b, "attempt to compare ");
    luaL_addlstring(b, type, (size_t) (end - type));
    luaL_addstring(b, " with ");
    luaL_addlstring(b, type, (size_t) (end - type));
    return true;
}

static void add_told(lua_State *L, luaL_Buffer *b, const char *text)
{
    if (add_argument(L, b, text) || add_comparison(b, text))
        return;
    for (size_t i = 0; i < COUNT_OF(all); i++)
        if (!strncmp(text, all[i].begin, strlen(all[i].begin))) {
            luaL_addstring(b, all[i].told);
            return;
        }
    luaL_addstring(b, text);
}

/* "<string>:12: ", or NULL. */
static const char *behind_place(const char *text)
{
    const char *at = text;

    if (strncmp(text, "<string>:", 9))
        return NULL;
    for (at += 9; *at >= '0' && *at <= '9';)
        at++;
    return at[0] == ':' && at[1] == ' ' ? at + 2 : NULL;
}

/* Where the innermost function of Lua is. */
static void add_place(lua_State *L, luaL_Buffer *b)
{
    char place[80];
    lua_Debug at;

    for (int i = 1; lua_getstack(L, i, &at); i++) {
        lua_getinfo(L, "Sl", &at);
        if (at.currentline <= 0)
            continue;
        snprintf(place, sizeof(place), "%s:%d: ", at.short_src, at.currentline);
        luaL_addstring(b, place);
        return;
    }
}

int luascript_explain(lua_State *L)
{
    struct luascript_budget *budget = luascript_budget_of(L);
    bool is_own = budget->is_own_error;
    const char *text, *rest;
    luaL_Buffer b;

    budget->is_own_error = false;
    if (is_own || budget->over || lua_type(L, 1) != LUA_TSTRING)
        return 1;
    text = lua_tostring(L, 1);
    rest = behind_place(text);
    luaL_buffinit(L, &b);
    if (rest)
        luaL_addlstring(&b, text, (size_t) (rest - text));
    else
        add_place(L, &b);
    add_told(L, &b, rest ? rest : text);
    luaL_pushresult(&b);
    return 1;
}
