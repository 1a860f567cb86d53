/*
 * string.format: Go's fmt, whose engine is lang/value's. A number is what the verb wants it to
 * be, a text may be a number, other values have a text. See luascript.h.
 */
#include "lang/lua/luascript_internal.h"

#include <math.h>
#include <string.h>

#include "base/strbuf.h"
#include "formats/gofloat.h"
#include "lang/value/text.h"

/* The arguments: their types; their numbers and texts are the values. */
struct arguments {
    struct arena *a;
    const int *types;
};

/* As Go converts on x86: what does not fit is the smallest. */
static int64_t whole_of(double n)
{
    return n >= -0x1p63 && n < 0x1p63 ? (int64_t) n : INT64_MIN;
}

/* Does its text stand for a value that has one, under this verb? */
static bool is_text_verb(uint32_t verb)
{
    return verb == 'v' || verb == 's' || verb == 'q' || verb == 'x' || verb == 'X';
}

/* "%!d(lua.LBool=true)": a verb that the type does not know. */
static bool refuse(const struct arguments *args, const char *type, struct str text,
                   struct value *v, uint32_t verb)
{
    _cleanup_strbuf_ struct strbuf told = STRBUF_INIT(LUASCRIPT_MEMORY_MAX_BYTES);

    strbuf_addz(&told, "%!");
    value_add_rune(&told, verb);
    strbuf_addf(&told, "(%s=", type);
    strbuf_add(&told, text);
    strbuf_addc(&told, ')');
    *v = value_string(str_copy(args->a, strbuf_str(&told)));
    return true;
}

static bool convert_number(const struct arguments *args, struct value *v, uint32_t *verb)
{
    double n = v->real;
    char text[64];

    if (*verb == 'p' || *verb == 'w') {
        go_float_text(n, text);
        return refuse(args, "lua.LNumber", str_from(text), v, *verb);
    }
    if (*verb == 'q' || *verb == 's') {
        luascript_number_text(n, text);
        *v = value_string(str_copy(args->a, str_from(text)));
    } else if (*verb == 'i' || (*verb < 0x80 && strchr("bcdoxXU", (int) *verb))) {
        *v = value_int64(whole_of(n));
        *verb = *verb == 'i' ? 'd' : *verb;
    } else if (!(*verb < 0x80 && strchr("eEfFgG", (int) *verb)) && (double) whole_of(n) == n) {
        *v = value_int64(whole_of(n));
    }
    return false;
}

/* A text under %d is itself when it is a number, and else 0. */
static bool convert_text(const struct arguments *args, struct value *v, uint32_t *verb)
{
    double n;

    if (*verb == 'p' || *verb == 'w')
        return refuse(args, "lua.LString", value_text(v), v, *verb);
    if (*verb != 'd' && *verb != 'i')
        return false;
    *verb = 's';
    if (!luascript_parse_number(value_text(v), &n)) {
        *v = value_int64(0);
        *verb = 'd';
    }
    return false;
}

static bool convert(const void *ctx, size_t index, struct value *v, uint32_t *verb)
{
    const struct arguments *args = ctx;
    int type = args->types[index];

    if (type == LUA_TNUMBER)
        return convert_number(args, v, verb);
    if (type == LUA_TSTRING)
        return convert_text(args, v, verb);
    if (is_text_verb(*verb))
        return false;
    if (type == LUA_TBOOLEAN && *verb != 't')
        return refuse(args, "lua.LBool", value_text(v), v, *verb);
    *verb = 's';
    if (type == LUA_TNIL)
        *v = value_string(STR("&{}")); /* as Go prints the struct behind it */
    return type == LUA_TNIL;
}

static const char *type_name(const void *ctx, size_t index)
{
    const struct arguments *args = ctx;

    switch (args->types[index]) {
    case LUA_TNUMBER:
        return "lua.LNumber";
    case LUA_TSTRING:
        return "lua.LString";
    case LUA_TBOOLEAN:
        return "lua.LBool";
    case LUA_TNIL:
        return "*lua.LNilType";
    case LUA_TTABLE:
        return "*lua.LTable";
    case LUA_TFUNCTION:
        return "*lua.LFunction";
    default:
        return "*lua.LUserData";
    }
}

/* How many arguments the original hands on: one for each per cent sign, less the doubled. */
static size_t wanted(struct str format)
{
    size_t count = 0, pairs = 0;

    for (size_t i = 0; i < format.len; i++)
        count += format.ptr[i] == '%';
    for (size_t i = 0; i + 1 < format.len; i++)
        if (format.ptr[i] == '%' && format.ptr[i + 1] == '%') {
            pairs++;
            i++;
        }
    return count - pairs;
}

/* The texts and numbers of the arguments behind the format; texts stay Lua's. */
static const struct value *read_arguments(lua_State *L, struct arena *a, int *types,
                                          size_t count)
{
    struct value *values = ARENA_ARRAY(a, struct value, count + 1);

    for (size_t i = 0; i < count; i++) {
        int at = (int) i + 2;
        size_t len;
        const char *text;

        if (types[i] == LUA_TNUMBER) {
            values[i] = value_float(lua_tonumber(L, at));
            continue;
        }
        text = lua_tolstring(L, at, &len);
        values[i] = value_string(str_of(text, len));
    }
    return values;
}

int luascript_format(lua_State *L)
{
    struct luascript_budget *budget = luascript_budget_of(L);
    struct str format = luascript_check_text(L, 1), text = STR("");
    size_t count = (size_t) lua_gettop(L) - 1;
    struct strbuf b = STRBUF_INIT(LUASCRIPT_MEMORY_MAX_BYTES);
    struct err err = {};
    struct value_run r;
    struct arguments args;
    int *types, rc;

    count = count < wanted(format) ? count : wanted(format);
    if (!budget->scratch)
        budget->scratch = arena_new(); /* errors of Lua leave without cleaning up */
    types = ARENA_ARRAY(budget->scratch, int, count + 1);
    for (size_t i = 0; i < count; i++) {
        types[i] = lua_type(L, (int) i + 2);
        if (types[i] == LUA_TNUMBER || types[i] == LUA_TSTRING)
            continue;
        luascript_raw_text(L, (int) i + 2);
        lua_replace(L, (int) i + 2);
    }
    args = (struct arguments){.a = budget->scratch, .types = types};
    r = (struct value_run){.a = budget->scratch, .what = "string.format", .err = &err};
    rc = value_sprintf_as(&r, &b, format, read_arguments(L, budget->scratch, types, count),
                          count, &(struct value_sprintf_as){convert, type_name, &args});
    if (rc == 0)
        text = str_copy(budget->scratch, strbuf_str(&b));
    strbuf_done(&b);
    if (rc < 0)
        luaL_error(L, "%s", err.text);
    lua_pushlstring(L, text.ptr, text.len);
    arena_reset(budget->scratch);
    luascript_charge(L, text.len / 16);
    return 1;
}
