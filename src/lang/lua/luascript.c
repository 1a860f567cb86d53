/* Compiles and runs scripts within their budgets. See luascript.h. */
#include "lang/lua/luascript_internal.h"

#include <stdlib.h>
#include <time.h>

#include "base/mem.h"
#include "base/strbuf.h"

enum { HOOK_STEPS = 1000 };

struct luascript {
    struct strbuf code; /* compiled; loaded into each state */
};

/* One call of the API, in the hands of the protected function. */
struct run {
    const struct luascript *script;
    const struct json *event;
    struct arena *a;      /* for @value; NULL: only the truth is asked for */
    struct str source;    /* to compile, or absent */
    struct str rewritten; /* the same with upstream's meaning, or absent */
    struct strbuf *code;
    struct json value;
    bool is_true;
};

struct luascript_budget *luascript_budget_of(lua_State *L)
{
    void *budget = NULL;

    lua_getallocf(L, &budget);
    return budget;
}

static void *allocate(void *data, void *ptr, size_t old_size, size_t new_size)
{
    struct luascript_budget *b = data;
    size_t old = ptr ? old_size : 0;
    void *made;

    if (new_size == 0) {
        b->held -= old;
        free(ptr);
        return NULL;
    }
    if (new_size > old) {
        b->asked += new_size - old;
        if (b->held - old + new_size > LUASCRIPT_MEMORY_MAX_BYTES)
            b->over = "memory";
        else if (b->asked > LUASCRIPT_WORK_MAX_BYTES)
            b->over = "work";
        if (b->over)
            return NULL;
    }
    made = realloc(ptr, new_size);
    if (made)
        b->held = b->held - old + new_size;
    return made;
}

static void on_steps(lua_State *L, lua_Debug *at _unused_)
{
    luascript_charge(L, HOOK_STEPS);
}

/* Of this thread on a processor: a busy machine fails no script. */
static uint64_t spent_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (uint64_t) t.tv_sec * 1000 + (uint64_t) t.tv_nsec / 1000000;
}

void luascript_charge(lua_State *L, size_t steps)
{
    struct luascript_budget *b = luascript_budget_of(L);

    b->steps += (int64_t) steps;
    if (!b->over && b->steps > LUASCRIPT_STEPS_MAX)
        b->over = "steps";
    if (!b->over && spent_ms() > b->until_ms)
        b->over = "time";
    if (b->over) {
        lua_sethook(L, on_steps, LUA_MASKCOUNT, 1); /* what is caught fails at once again */
        luaL_error(L, "script exceeds its %s", b->over);
    }
}

static void open_libraries(lua_State *L)
{
    static const struct luaL_Reg libraries[] = {{"", luaopen_base},
                                                {LUA_TABLIBNAME, luaopen_table},
                                                {LUA_STRLIBNAME, luaopen_string},
                                                {LUA_MATHLIBNAME, luaopen_math}};

    for (size_t i = 0; i < COUNT_OF(libraries); i++) {
        lua_pushcfunction(L, libraries[i].func);
        lua_pushstring(L, libraries[i].name);
        lua_call(L, 1, 0);
    }
    luascript_open_base(L);
    luascript_open_protect(L);
    luascript_open_string(L);
    luascript_open_library(L);
    luascript_open_errors(L);
}

static int run_protected(lua_State *L)
{
    struct run *r = lua_touserdata(L, 1);
    const struct strbuf *code = &r->script->code;

    lua_settop(L, 0);
    open_libraries(L);
    luascript_push_json(L, r->event);
    lua_setglobal(L, "event");
    if (luaL_loadbuffer(L, code->ptr, code->len, "=<string>"))
        return lua_error(L);
    lua_pushcfunction(L, luascript_explain);
    lua_insert(L, 1);
    lua_sethook(L, on_steps, LUA_MASKCOUNT, HOOK_STEPS);
    if (lua_pcall(L, 0, LUA_MULTRET, 1))
        return lua_error(L);
    lua_sethook(L, NULL, 0, 0);
    lua_remove(L, 1);
    if (lua_gettop(L) == 0)
        lua_pushnil(L);
    r->is_true = lua_isboolean(L, -1) && lua_toboolean(L, -1);
    if (r->a)
        r->value = luascript_to_json(L, r->a);
    return 0;
}

static int write_code(lua_State *L _unused_, const void *bytes, size_t len, void *data)
{
    strbuf_add(data, str_of(bytes, len));
    return 0;
}

static int compile_protected(lua_State *L)
{
    struct run *r = lua_touserdata(L, 1);

    if (luaL_loadbufferx(L, r->source.ptr, r->source.len, "=<string>", "t"))
        return lua_error(L); /* what is wrong is told of the text as it was given */
    if (!str_is_none(r->rewritten) &&
        luaL_loadbufferx(L, r->rewritten.ptr, r->rewritten.len, "=<string>", "t"))
        lua_pop(L, 1);
    return lua_dump(L, write_code, r->code);
}

/* A state for one call of @fn. */
static int call(lua_CFunction fn, struct run *r, struct err *err)
{
    struct luascript_budget budget = {.until_ms = spent_ms() + LUASCRIPT_TIME_MAX_MS};
    lua_State *L = lua_newstate(allocate, &budget);
    int rc = 0;

    if (!L)
        return err_set(err, ERR_LIMIT, "script: no memory for its state");
    luaJIT_setmode(L, 0, LUAJIT_MODE_ENGINE | LUAJIT_MODE_OFF); /* machine code has no hooks */
    if (lua_cpcall(L, fn, r)) {
        const char *text = lua_tostring(L, -1);

        rc = budget.over ? err_set(err, ERR_LIMIT, "script exceeds its %s", budget.over)
                         : err_set(err, ERR_INVALID, "%s", text ? text : "script fails");
    }
    lua_close(L);
    arena_free(budget.scratch);
    return rc;
}

struct luascript *luascript_new(struct str source, struct err *err)
{
    _cleanup_strbuf_ struct strbuf rewritten = STRBUF_INIT(LUASCRIPT_MEMORY_MAX_BYTES);
    struct luascript *s;
    struct run r = {.source = str_is_none(source) ? STR("") : source, .rewritten = STR_NONE};

    if (source.len > LUASCRIPT_TEXT_MAX_BYTES) {
        err_set(err, ERR_LIMIT, "script is longer than %d bytes", LUASCRIPT_TEXT_MAX_BYTES);
        return NULL;
    }
    if (luascript_rewrite(r.source, &rewritten))
        r.rewritten = strbuf_str(&rewritten);
    s = NEW(struct luascript);
    strbuf_init(&s->code, LUASCRIPT_MEMORY_MAX_BYTES);
    r.code = &s->code;
    if (call(compile_protected, &r, err) == 0)
        return s;
    luascript_free(s);
    return NULL;
}

void luascript_free(struct luascript *s)
{
    if (!s)
        return;
    strbuf_done(&s->code);
    free(s);
}

int luascript_eval(const struct luascript *s, struct arena *a, const struct json *event,
                   struct json *ret, struct err *err)
{
    struct run r = {.script = s, .event = event, .a = a};

    if (call(run_protected, &r, err) < 0)
        return -1;
    *ret = r.value;
    return 0;
}

int luascript_holds(const struct luascript *s, const struct json *event, struct err *err)
{
    struct run r = {.script = s, .event = event};

    return call(run_protected, &r, err) < 0 ? -1 : r.is_true;
}
