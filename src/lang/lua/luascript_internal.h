/* lang/lua/luascript_internal.h - what the files of the room share. */
#pragma once

#include <luajit-2.1/lauxlib.h>
#include <luajit-2.1/lua.h>
#include <luajit-2.1/luajit.h>
#include <luajit-2.1/lualib.h>

#include "base/clock.h"
#include "base/limits.h"
#include "lang/lua/luascript.h"

enum { LUASCRIPT_CAPTURES_MAX = 32 };

/* What one run may use; the user data of its allocator. */
struct luascript_budget {
    size_t held;           /* bytes in use */
    size_t asked;          /* bytes asked for so far */
    int64_t steps;         /* instructions and comparisons so far */
    uint64_t until_ms;     /* end of its time, on the clock of the thread */
    const char *over;      /* what was exceeded, or NULL */
    const void *called;    /* the function that pcall() calls itself, or NULL */
    bool is_own_error;     /* error() raised what is on its way */
    size_t depth;          /* calls that catch errors, and coroutines, inside each other */
    struct arena *scratch; /* for what must go however a function is left; NULL until used */
};

/* One match of a pattern; offsets in the text. */
struct luascript_match {
    size_t from, to;
    size_t count; /* captures */
    struct {
        size_t from, to; /* the same: a position, when is_position */
        bool is_position;
    } captures[LUASCRIPT_CAPTURES_MAX];
};

/** luascript_budget_of() - the budget of a state */
struct luascript_budget *luascript_budget_of(lua_State *L);

/** luascript_charge() - count steps; leaves with a Lua error when there are too many */
void luascript_charge(lua_State *L, size_t steps);

/** luascript_text() - the text of the value at @index, numbers as Go writes them, with the
 * metamethod __tostring; pushed */
struct str luascript_text(lua_State *L, int index);

/** luascript_raw_text() - likewise, without the metamethod */
struct str luascript_raw_text(lua_State *L, int index);

/** luascript_parse_number() - a text as a number, as the original's arithmetic reads it */
bool luascript_parse_number(struct str s, double *ret);

/** luascript_number_text() - a number as Go writes it, terminated; @text has 32 bytes */
void luascript_number_text(double n, char *text);

/** luascript_check_text() - a text or number argument as text, or a Lua error */
struct str luascript_check_text(lua_State *L, int index);

/** luascript_push_json() - the value as Lua's; pushed */
void luascript_push_json(lua_State *L, const struct json *v);

/** luascript_to_json() - the value on top as JSON; leaves with a Lua error when it has none */
struct json luascript_to_json(lua_State *L, struct arena *a);

/** luascript_find() - the first match at or behind @at of @pattern, false when there is none;
 * leaves with a Lua error for a bad pattern */
bool luascript_find(lua_State *L, struct str pattern, struct str text, size_t at,
                    struct luascript_match *ret);

/* Name of a function that gives a number's text and anything else as it is. */
#define LUASCRIPT_JOINED "go_joined_text_"

/** luascript_rewrite() - a script with upstream's meaning; false: the given one has it */
bool luascript_rewrite(struct str source, struct strbuf *ret);

/** luascript_open_base() - the functions without a library that differ from Lua's, and os */
void luascript_open_base(lua_State *L);

/** luascript_open_protect() - pcall, xpcall, coroutine.resume and wrap */
void luascript_open_protect(lua_State *L);

/** luascript_open_errors() - values that cannot be computed with say so as the original's VM;
 * behind the other libraries */
void luascript_open_errors(lua_State *L);

/** luascript_explain() - handler of errors: their text in the original's words, with the place
 */
int luascript_explain(lua_State *L);

/** luascript_open_library() - functions of table, math and string with the original's answers
 * and words */
void luascript_open_library(lua_State *L);

/** luascript_open_string() - functions of string that differ from Lua's */
void luascript_open_string(lua_State *L);

/** luascript_format() - string.format */
int luascript_format(lua_State *L);
