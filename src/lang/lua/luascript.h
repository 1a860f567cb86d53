/*
 * lang/lua/luascript.h - Lua scripts of sensors: transform.script and filters.script.
 *
 * The language is Lua 5.1 with goto; library functions answer as the original's do where the
 * two differ: numbers are written as Go writes them, upper() and lower() know Unicode,
 * string.format has Go's verbs, math.huge is the largest number. A script sees the data of the
 * event as the global "event".
 *
 * Scripts are isolated: io, package, debug, os.execute and the like are not there, print writes
 * nowhere, os.getenv finds nothing; texts are loaded, compiled chunks are not. Each run has a
 * state of its own and a budget of instructions, memory, work and time; what exceeds it ends,
 * whatever it catches. A compiled script is immutable; any thread.
 */
#pragma once

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "formats/json.h"

struct luascript;

/**
 * luascript_new() - compile
 * @source: text; not kept
 * @err:    ERR_INVALID with line and what was found; ERR_LIMIT over LUASCRIPT_TEXT_MAX_BYTES or
 * LUASCRIPT_MEMORY_MAX_BYTES
 *
 * Return: owned script, or NULL.
 */
struct luascript *luascript_new(struct str source, struct err *err);

/** luascript_free() - release; NULL is a no-op */
void luascript_free(struct luascript *s);
DEFINE_CLEANUP(struct luascript *, luascript_free)
#define _cleanup_luascript_ _cleanup_(luascript_freep)

/**
 * luascript_eval() - run a script for the last value that it returns
 * @s:     script
 * @a:     where the value lives
 * @event: data; null members are left out, and of arrays nulls and arrays
 * @ret:   value: a table with positive whole keys is an array, and one whose metatable says
 *         __is_array = true; other tables are objects, members sorted. Null when nothing came
 * @err:   ERR_INVALID when the script fails or returns what JSON has not; ERR_LIMIT over a
 *         budget
 *
 * Return: 0 or -1.
 */
int luascript_eval(const struct luascript *s, struct arena *a, const struct json *event,
                   struct json *ret, struct err *err);

/**
 * luascript_holds() - run a script: is the last value that it returns true?
 * @s:     script
 * @event: as for luascript_eval()
 * @err:   as for luascript_eval()
 *
 * Return: 1 for the boolean true, 0 for all else, or -1.
 */
int luascript_holds(const struct luascript *s, const struct json *event, struct err *err);
