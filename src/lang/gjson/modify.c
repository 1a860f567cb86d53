/*
 * Modifiers "@name:argument" and literals "!value": both give a new text. One function a
 * modifier, in a table. See gjson_internal.h.
 */
#include "base/map.h"
#include "base/vec.h"
#include "lang/gjson/gjson_internal.h"

#include <assert.h>

struct modifier {
    const char *name;
    struct str (*make)(struct gjson_run *run, struct str json, struct str argument);
};

/* What a callback of gjson_each() works on. */
struct each {
    struct gjson_run *run;
    struct str argument;
    struct strbuf *out;
    bool is_object, is_deep;
};

static void add_comma(struct strbuf *out)
{
    if (out->len > 1)
        strbuf_addc(out, ',');
}

static void add_member(struct strbuf *out, struct str key, struct str value)
{
    add_comma(out);
    strbuf_add(out, key);
    strbuf_addc(out, ':');
    strbuf_add(out, value);
}

/* Is an option of the argument set? */
static bool has_option(struct gjson_run *run, struct str argument, struct str name)
{
    struct gjson found = gjson_find(run, argument, name);

    return gjson_bool(&found);
}

static struct str this_(struct gjson_run *run _unused_, struct str json,
                        struct str argument _unused_)
{
    return json;
}

static struct str valid(struct gjson_run *run _unused_, struct str json,
                        struct str argument _unused_)
{
    return json_is_valid(json) ? json : STR("");
}

static struct str ugly(struct gjson_run *run, struct str json, struct str argument _unused_)
{
    return gjson_ugly(run, json);
}

static struct str to_string(struct gjson_run *run, struct str json,
                            struct str argument _unused_)
{
    struct strbuf b = GJSON_BUFFER;

    json_print_string(&b, json, JSON_ESCAPE_HTML);
    return gjson_keep(run, &b);
}

static struct str from_string(struct gjson_run *run, struct str json,
                              struct str argument _unused_)
{
    struct gjson v = gjson_parse(run->a, json);

    return json_is_valid(json) ? gjson_text(run->a, &v) : STR("");
}

static bool add_key(void *ctx, const struct gjson *key, const struct gjson *value _unused_)
{
    struct each *e = ctx;

    add_comma(e->out);
    strbuf_add(e->out, e->is_object ? key->raw : STR("null"));
    return !e->out->is_over;
}

static bool add_value(void *ctx, const struct gjson *key _unused_, const struct gjson *value)
{
    struct each *e = ctx;

    add_comma(e->out);
    strbuf_add(e->out, value->raw);
    return !e->out->is_over;
}

static struct str keys(struct gjson_run *run, struct str json, struct str argument _unused_)
{
    struct gjson v = gjson_parse(run->a, json);
    struct strbuf b = GJSON_BUFFER;
    struct each e = {.run = run, .out = &b, .is_object = gjson_is_object(&v)};

    strbuf_addc(&b, '[');
    gjson_each(run->a, &v, add_key, &e);
    strbuf_addc(&b, ']');
    return gjson_keep(run, &b);
}

static struct str values(struct gjson_run *run, struct str json, struct str argument _unused_)
{
    struct gjson v = gjson_parse(run->a, json);
    struct strbuf b = GJSON_BUFFER;
    struct each e = {.run = run, .out = &b};

    if (gjson_is_array(&v))
        return json;
    strbuf_addc(&b, '[');
    gjson_each(run->a, &v, add_value, &e);
    strbuf_addc(&b, ']');
    return gjson_keep(run, &b);
}

/* ---- @reverse ---- */

struct pair {
    struct str key, value;
};

struct pairs {
    struct gjson_run *run;
    VEC(struct pair) list;
};

static bool add_pair(void *ctx, const struct gjson *key, const struct gjson *value)
{
    struct pairs *p = ctx;

    VEC_APUSH(p->run->a, &p->list, ((struct pair){key->raw, value->raw}));
    return gjson_spend(p->run, sizeof(struct pair));
}

static struct str reverse(struct gjson_run *run, struct str json, struct str argument _unused_)
{
    struct gjson v = gjson_parse(run->a, json);
    bool is_object = gjson_is_object(&v);
    struct pairs pairs = {.run = run};
    struct strbuf b = GJSON_BUFFER;

    if (v.type != GJSON_JSON)
        return json;
    gjson_each(run->a, &v, add_pair, &pairs);
    strbuf_addc(&b, is_object ? '{' : '[');
    for (size_t i = pairs.list.len; i-- > 0;) {
        if (is_object) {
            add_member(&b, pairs.list.at[i].key, pairs.list.at[i].value);
        } else {
            add_comma(&b);
            strbuf_add(&b, pairs.list.at[i].value);
        }
    }
    strbuf_addc(&b, is_object ? '}' : ']');
    return gjson_keep(run, &b);
}

/* ---- @flatten ---- */

static struct str unwrap(struct str json)
{
    json = gjson_trim(json);
    if (json.len >= 2 && (json.ptr[0] == '[' || json.ptr[0] == '{'))
        return str_of(json.ptr + 1, json.len - 2);
    return json;
}

static bool add_flat(void *ctx, const struct gjson *key, const struct gjson *value);

static struct str flattened(struct gjson_run *run, struct str json, bool is_deep)
{
    struct gjson v = gjson_parse(run->a, json);
    struct strbuf b = GJSON_BUFFER;
    struct each e = {.run = run, .out = &b, .is_deep = is_deep};

    if (!gjson_is_array(&v))
        return json;
    strbuf_addc(&b, '[');
    if (gjson_enter(run) && gjson_spend(run, json.len))
        gjson_each(run->a, &v, add_flat, &e);
    gjson_leave(run);
    strbuf_addc(&b, ']');
    return gjson_keep(run, &b);
}

static bool add_flat(void *ctx, const struct gjson *key _unused_, const struct gjson *value)
{
    struct each *e = ctx;
    struct str raw = value->raw;

    if (gjson_is_array(value))
        raw = unwrap(e->is_deep ? flattened(e->run, raw, true) : raw);
    raw = gjson_trim(raw);
    if (raw.len > 0) {
        add_comma(e->out);
        strbuf_add(e->out, raw);
    }
    return !e->run->is_over;
}

static struct str flatten(struct gjson_run *run, struct str json, struct str argument)
{
    return flattened(run, json, has_option(run, argument, STR("deep")));
}

/* ---- @join ---- */

struct join {
    struct gjson_run *run;
    struct map seen; /* name to struct pair */
    struct strbuf out;
    bool keeps_all;
};

static bool join_member(void *ctx, const struct gjson *key, const struct gjson *value)
{
    struct join *j = ctx;
    struct pair *pair = map_find(&j->seen, key->text);

    if (!pair) {
        pair = ARENA_NEW(j->run->a, struct pair);
        pair->key = key->raw;
        map_put(&j->seen, key->text, pair);
    }
    pair->value = value->raw;
    return gjson_spend(j->run, sizeof(struct pair));
}

static bool join_object(void *ctx, const struct gjson *key _unused_, const struct gjson *value)
{
    struct join *j = ctx;

    if (!gjson_is_object(value))
        return true;
    if (j->keeps_all) {
        add_comma(&j->out);
        strbuf_add(&j->out, unwrap(value->raw));
        return true;
    }
    gjson_each(j->run->a, value, join_member, j);
    return !j->run->is_over;
}

static struct str join(struct gjson_run *run, struct str json, struct str argument)
{
    struct gjson v = gjson_parse(run->a, json);
    struct join j = {.run = run, .out = GJSON_BUFFER};

    if (!gjson_is_array(&v))
        return json;
    map_init_borrowed(&j.seen);
    j.keeps_all = has_option(run, argument, STR("preserve"));
    strbuf_addc(&j.out, '{');
    gjson_each(run->a, &v, join_object, &j);
    MAP_FOREACH (it, &j.seen) {
        const struct pair *pair = it->value;

        add_member(&j.out, pair->key, pair->value);
    }
    map_done(&j.seen);
    strbuf_addc(&j.out, '}');
    return gjson_keep(run, &j.out);
}

/* ---- @group ---- */

struct group_cell {
    struct group_cell *next;
    struct str key, value;
};

struct group_row {
    struct group_cell *first, **end;
};

struct group {
    struct gjson_run *run;
    VEC(struct group_row *) rows;
    struct str key; /* of the array that is being read */
    size_t row;
};

static bool group_element(void *ctx, const struct gjson *key _unused_,
                          const struct gjson *value)
{
    struct group *g = ctx;
    struct group_cell *cell = ARENA_NEW(g->run->a, struct group_cell);
    struct group_row *row;

    if (g->row == g->rows.len) {
        row = ARENA_NEW(g->run->a, struct group_row);
        row->end = &row->first;
        VEC_APUSH(g->run->a, &g->rows, row);
    }
    row = g->rows.at[g->row++];
    *cell = (struct group_cell){.key = g->key, .value = value->raw};
    *row->end = cell;
    row->end = &cell->next;
    return gjson_spend(g->run, sizeof(*cell));
}

static bool group_array(void *ctx, const struct gjson *key, const struct gjson *value)
{
    struct group *g = ctx;

    if (!gjson_is_array(value))
        return true;
    g->key = key->raw;
    g->row = 0;
    gjson_each(g->run->a, value, group_element, g);
    return !g->run->is_over;
}

static struct str group(struct gjson_run *run, struct str json, struct str argument _unused_)
{
    struct gjson v = gjson_parse(run->a, json);
    struct group g = {.run = run};
    struct strbuf b = GJSON_BUFFER;

    if (!gjson_is_object(&v))
        return STR("");
    gjson_each(run->a, &v, group_array, &g);
    strbuf_addc(&b, '[');
    VEC_FOREACH (row, &g.rows) {
        add_comma(&b);
        strbuf_addc(&b, '{');
        for (struct group_cell *cell = (*row)->first; cell; cell = cell->next) {
            if (cell != (*row)->first)
                strbuf_addc(&b, ',');
            strbuf_add(&b, cell->key);
            strbuf_addc(&b, ':');
            strbuf_add(&b, cell->value);
        }
        strbuf_addc(&b, '}');
    }
    strbuf_addc(&b, ']');
    return gjson_keep(run, &b);
}

/* ---- @dig ---- */

static bool dig_value(void *ctx, const struct gjson *key _unused_, const struct gjson *value)
{
    struct each *e = ctx;
    struct gjson found = gjson_find(e->run, value->raw, e->argument);

    if (gjson_exists(&found)) {
        add_comma(e->out);
        strbuf_add(e->out, found.raw);
    }
    if (value->type == GJSON_JSON && gjson_enter(e->run))
        gjson_each(e->run->a, value, dig_value, e);
    if (value->type == GJSON_JSON)
        gjson_leave(e->run);
    return !e->run->is_over;
}

static struct str dig(struct gjson_run *run, struct str json, struct str argument)
{
    struct gjson v = gjson_parse(run->a, json);
    struct strbuf b = GJSON_BUFFER;
    struct each e = {.run = run, .argument = argument, .out = &b};

    strbuf_addc(&b, '[');
    dig_value(&e, NULL, &v);
    strbuf_addc(&b, ']');
    return gjson_keep(run, &b);
}

/* ---- the table ---- */

static const struct modifier modifiers[] = {
    {"dig", dig},       {"flatten", flatten}, {"fromstr", from_string}, {"group", group},
    {"join", join},     {"keys", keys},       {"pretty", gjson_pretty}, {"reverse", reverse},
    {"this", this_},    {"tostr", to_string}, {"ugly", ugly},           {"valid", valid},
    {"values", values},
};

static const struct modifier *find_modifier(struct str name)
{
    for (size_t i = 0; i < COUNT_OF(modifiers); i++)
        if (str_is(name, modifiers[i].name))
            return &modifiers[i];
    return NULL;
}

bool gjson_is_modifier(struct str name)
{
    return find_modifier(name) != NULL;
}

/* The argument behind the colon: a JSON value, or all up to the next bar. */
static struct str take_argument(struct str *rest)
{
    struct str argument;
    size_t end = 0;

    if (strchr("{[\"", rest->ptr[0])) {
        argument = gjson_squash(*rest);
        *rest = str_skip(*rest, argument.len);
        return argument;
    }
    while (end < rest->len && rest->ptr[end] != '|') {
        if (rest->ptr[end] && strchr("{[\"(", rest->ptr[end]))
            end += gjson_squash(str_skip(*rest, end)).len;
        else
            end++;
    }
    argument = str_head(*rest, end);
    *rest = str_skip(*rest, end);
    return argument;
}

static bool run_modifier(struct gjson_run *run, struct str json, struct str path,
                         struct str *ret_rest, struct str *ret)
{
    const struct modifier *m;
    struct str argument = STR("");
    size_t end = 1;

    while (end < path.len && !strchr(":|.", path.ptr[end]))
        end++;
    m = find_modifier(str_of(path.ptr + 1, end - 1));
    if (!m)
        return false;
    *ret_rest = str_skip(path, end);
    if (ret_rest->len > 0 && ret_rest->ptr[0] == ':') {
        *ret_rest = str_skip(*ret_rest, 1);
        if (ret_rest->len > 0)
            argument = take_argument(ret_rest);
    }
    *ret = m->make(run, json, argument);
    return true;
}

static bool read_literal(struct str path, struct str *ret_rest, struct str *ret)
{
    static const char *const words[] = {"true", "false", "null", "nan", "inf"};
    struct str name = str_skip(path, 1);
    size_t end = 0;

    assert(path.ptr && path.len > 1);
    if (str_find_char(STR("{[\"+-0123456789"), path.ptr[1]) != SIZE_MAX) {
        *ret = str_head(name, gjson_bracket_end(name, 1, 1));
        *ret_rest = str_skip(name, ret->len);
        return true;
    }
    while (end < name.len && name.ptr[end] != '|' && name.ptr[end] != '.')
        end++;
    *ret = str_head(name, end);
    *ret_rest = str_skip(name, end);
    for (size_t i = 0; i < COUNT_OF(words); i++)
        if (str_eq_nocase(*ret, str_from(words[i])))
            return true;
    return false;
}

bool gjson_modify(struct gjson_run *run, struct str json, struct str path, struct str *ret_rest,
                  struct str *ret)
{
    if (path.len < 2)
        return false;
    if (path.ptr[0] == '@')
        return run_modifier(run, json, path, ret_rest, ret);
    return path.ptr[0] == '!' && read_literal(path, ret_rest, ret);
}
