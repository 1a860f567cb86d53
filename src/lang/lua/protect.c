/*
 * Functions that catch errors or go deeper on the C stack: pcall, xpcall and coroutines. They
 * go only so deep, and do not catch that a budget is exceeded. See luascript_internal.h.
 */
#include "lang/lua/luascript_internal.h"

enum { DEPTH_MAX = 100 };

static void enter(lua_State *L)
{
    struct luascript_budget *b = luascript_budget_of(L);

    if (b->depth >= DEPTH_MAX)
        luaL_error(L, "stack overflow");
    b->depth++;
}

/* @count values are on top of @L; an exceeded budget is an error of the caller, too. */
static void leave(lua_State *L)
{
    struct luascript_budget *b = luascript_budget_of(L);

    b->depth--;
    if (b->over)
        luaL_error(L, "script exceeds its %s", b->over);
}

static int base_pcall(lua_State *L)
{
    struct luascript_budget *b = luascript_budget_of(L);
    const void *called = b->called;
    int rc;

    luaL_checkany(L, 1);
    if (!lua_isfunction(L, 1) && !luaL_getmetafield(L, 1, "__call")) {
        lua_pushboolean(L, 0);
        lua_pushfstring(L, "attempt to call a %s value", luaL_typename(L, 1));
        return 2;
    }
    if (!lua_isfunction(L, 1))
        lua_pop(L, 1);
    lua_pushcfunction(L, luascript_explain);
    lua_insert(L, 1);
    enter(L);
    b->called = lua_topointer(L, 2);
    rc = lua_pcall(L, lua_gettop(L) - 2, LUA_MULTRET, 1);
    b->called = called;
    leave(L);
    lua_pushboolean(L, rc == 0);
    lua_replace(L, 1);
    return lua_gettop(L);
}

/* Upvalue: the handler, which is told in the original's words. */
static int explained(lua_State *L)
{
    lua_settop(L, 1);
    luascript_explain(L);
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, -2);
    lua_call(L, 1, 1);
    return 1;
}

static int base_xpcall(lua_State *L)
{
    int rc;

    luaL_checktype(L, 1, LUA_TFUNCTION);
    luaL_checktype(L, 2, LUA_TFUNCTION);
    lua_settop(L, 2);
    lua_pushcclosure(L, explained, 1);
    lua_insert(L, 1); /* the handler below the function */
    enter(L);
    rc = lua_pcall(L, 0, LUA_MULTRET, 1);
    leave(L);
    lua_pushboolean(L, rc == 0);
    lua_replace(L, 1);
    return lua_gettop(L);
}

/* Runs @co with the arguments on top of @L; its results, or its error, replace them there. */
static int resume(lua_State *L, lua_State *co, int arg_count)
{
    int rc, count;

    if (lua_status(co) == 0 && lua_gettop(co) == 0) {
        lua_pushliteral(L, "cannot resume dead coroutine");
        return -1;
    }
    if (co == L || (lua_status(co) != LUA_YIELD && lua_status(co) != 0)) {
        lua_pushliteral(L, "cannot resume such a coroutine");
        return -1;
    }
    if (!lua_checkstack(co, arg_count))
        luaL_error(L, "too many arguments to resume");
    enter(L);
    lua_xmove(L, co, arg_count);
    rc = lua_resume(co, arg_count);
    leave(L);
    count = rc == 0 || rc == LUA_YIELD ? lua_gettop(co) : 1;
    if (!lua_checkstack(L, count + 1))
        luaL_error(L, "too many results to resume");
    lua_xmove(co, L, count);
    return rc == 0 || rc == LUA_YIELD ? count : -1;
}

static int coroutine_resume(lua_State *L)
{
    lua_State *co = lua_tothread(L, 1);
    int count;

    luaL_argcheck(L, co, 1, "coroutine expected");
    count = resume(L, co, lua_gettop(L) - 1);
    lua_pushboolean(L, count >= 0);
    count = count < 0 ? 1 : count;
    lua_insert(L, -(count + 1));
    return count + 1;
}

static int wrapped(lua_State *L)
{
    int count = resume(L, lua_tothread(L, lua_upvalueindex(1)), lua_gettop(L));

    return count < 0 ? lua_error(L) : count;
}

static int coroutine_wrap(lua_State *L)
{
    lua_State *co;

    luaL_checktype(L, 1, LUA_TFUNCTION);
    co = lua_newthread(L);
    lua_pushvalue(L, 1);
    lua_xmove(L, co, 1);
    lua_pushcclosure(L, wrapped, 1);
    return 1;
}

void luascript_open_protect(lua_State *L)
{
    lua_pushcfunction(L, base_pcall);
    lua_setglobal(L, "pcall");
    lua_pushcfunction(L, base_xpcall);
    lua_setglobal(L, "xpcall");
    lua_getglobal(L, LUA_COLIBNAME);
    lua_pushcfunction(L, coroutine_resume);
    lua_setfield(L, -2, "resume");
    lua_pushcfunction(L, coroutine_wrap);
    lua_setfield(L, -2, "wrap");
    lua_settop(L, 0);
}
