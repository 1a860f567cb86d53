/* Values between JSON and Lua, with the losses of the original. See luascript.h. */
#include "lang/lua/luascript_internal.h"

#include <math.h>

static void push_array(lua_State *L, const struct json *v)
{
    int count = 0;

    lua_createtable(L, (int) v->count, 0);
    for (size_t i = 0; i < v->count; i++) {
        const struct json *item = &v->items[i];

        if (item->type == JSON_NULL || item->type == JSON_ARRAY)
            continue; /* the original knows no lists in lists */
        luascript_push_json(L, item);
        lua_rawseti(L, -2, ++count);
    }
}

static void push_object(lua_State *L, const struct json *v)
{
    lua_createtable(L, 0, (int) v->count);
    for (size_t i = 0; i < v->count; i++) {
        lua_pushlstring(L, v->members[i].key.ptr, v->members[i].key.len);
        luascript_push_json(L, &v->members[i].value); /* null takes the member away again */
        lua_rawset(L, -3);
    }
}

void luascript_push_json(lua_State *L, const struct json *v)
{
    double n = 0;

    luaL_checkstack(L, 4, "data nests too deep");
    switch ((enum json_type) v->type) {
    case JSON_NULL:
        lua_pushnil(L);
        return;
    case JSON_BOOL:
        lua_pushboolean(L, v->is_true);
        return;
    case JSON_NUMBER:
        if (!json_f64(v, &n) || !isfinite(n))
            luaL_error(L, "json: cannot unmarshal number into Go value of type float64");
        lua_pushnumber(L, n);
        return;
    case JSON_STRING:
        lua_pushlstring(L, v->text, v->count);
        return;
    case JSON_ARRAY:
        push_array(L, v);
        return;
    case JSON_OBJECT:
        push_object(L, v);
        return;
    }
}

struct to_json {
    lua_State *L;
    struct arena *a;
    size_t values, depth;
};

static struct json value_of(struct to_json *t);

static bool says_array(lua_State *L)
{
    bool is_array;

    if (!lua_getmetatable(L, -1))
        return false;
    lua_pushliteral(L, "__is_array");
    lua_rawget(L, -2);
    is_array = lua_isboolean(L, -1) && lua_toboolean(L, -1);
    lua_pop(L, 2);
    return is_array;
}

/* The largest positive whole key. */
static double largest_index(lua_State *L)
{
    double max = 0;

    lua_pushnil(L);
    while (lua_next(L, -2)) {
        if (lua_type(L, -2) == LUA_TNUMBER && lua_tonumber(L, -2) > max &&
            floor(lua_tonumber(L, -2)) == lua_tonumber(L, -2))
            max = lua_tonumber(L, -2);
        lua_pop(L, 1);
    }
    return max;
}

static struct json array_of(struct to_json *t, double count)
{
    struct json_array_builder items = {};

    if (count > LUASCRIPT_OUTPUT_MAX_VALUES - (double) t->values)
        luaL_error(t->L, "script returns more than %d values", LUASCRIPT_OUTPUT_MAX_VALUES);
    for (int i = 1; i <= (int) count; i++) {
        lua_rawgeti(t->L, -1, i);
        json_push(t->a, &items, value_of(t));
        lua_pop(t->L, 1);
    }
    return json_array(&items);
}

static int by_key(const void *x, const void *y)
{
    return str_cmp(((const struct json_member *) x)->key,
                   ((const struct json_member *) y)->key);
}

static struct json object_of(struct to_json *t)
{
    struct json_object_builder b = {};

    lua_pushnil(t->L);
    while (lua_next(t->L, -2)) {
        struct json value = value_of(t);
        struct str key;

        key = luascript_text(t->L, -2);
        json_add(t->a, &b, str_copy(t->a, key), value);
        lua_pop(t->L, 2);
    }
    if (b.len > 1)
        qsort(b.at, b.len, sizeof(*b.at), by_key);
    return json_object(&b);
}

static struct json table_of(struct to_json *t)
{
    struct json v;
    double count;

    if (++t->depth > JSON_DEPTH_MAX)
        luaL_error(t->L, "script returns tables nested deeper than %d", JSON_DEPTH_MAX);
    luaL_checkstack(t->L, 8, "tables nest too deep");
    count = largest_index(t->L);
    v = count > 0 || says_array(t->L) ? array_of(t, count) : object_of(t);
    t->depth--;
    return v;
}

/* The value on top, which stays. */
static struct json value_of(struct to_json *t)
{
    lua_State *L = t->L;
    double n;
    size_t len;
    const char *text;

    if (++t->values > LUASCRIPT_OUTPUT_MAX_VALUES)
        luaL_error(L, "script returns more than %d values", LUASCRIPT_OUTPUT_MAX_VALUES);
    switch (lua_type(L, -1)) {
    case LUA_TNIL:
        return json_null();
    case LUA_TBOOLEAN:
        return json_bool(lua_toboolean(L, -1));
    case LUA_TNUMBER:
        n = lua_tonumber(L, -1);
        if (!isfinite(n))
            luaL_error(L, "json: unsupported value: %s",
                       isnan(n) ? "NaN"
                       : n > 0  ? "+Inf"
                                : "-Inf");
        return json_float(t->a, n);
    case LUA_TSTRING:
        text = lua_tolstring(L, -1, &len);
        return json_string(str_copy(t->a, str_of(text, len)));
    case LUA_TTABLE:
        return table_of(t);
    default:
        luaL_error(L, "json: unsupported type: Lua %s", luaL_typename(L, -1));
        return json_null();
    }
}

struct json luascript_to_json(lua_State *L, struct arena *a)
{
    struct to_json t = {.L = L, .a = a};

    return value_of(&t);
}
