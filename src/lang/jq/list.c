/* Functions of arrays and objects. See jq_internal.h. */
#include "lang/jq/jq_internal.h"

#include <math.h>

#include "base/mem.h"
#include "formats/goquote.h"
#include "lang/jq/prelude.h"

#define LIST(name)                                                            \
    static int f_##name(struct jq_run *r _unused_, const struct jq_value *in, \
                        const struct jq_value *args _unused_, struct jq_value *ret)

static int fail_with(struct jq_run *r, const char *name, const struct jq_value *in,
                     const struct jq_value *arg)
{
    return jq_fail(r, "%s(" STR_FMT ") cannot be applied to: " STR_FMT, name,
                   STR_ARG(jq_preview(r, arg)), STR_ARG(jq_shown(r, in)));
}

LIST(type)
{
    *ret = jq_string(str_from(jq_type_name(in)));
    return JQ_OK;
}

LIST(length)
{
    struct jq_value zero = jq_int(0);
    size_t size = 1, count = 0;

    switch ((enum jq_type) in->type) {
    case JQ_NULL:
    case JQ_GONE:
        *ret = jq_int(0);
        return JQ_OK;
    case JQ_FALSE:
    case JQ_TRUE:
        return jq_fail_type(r, "length", in);
    case JQ_FLOAT:
        *ret = jq_float(fabs(in->f));
        return JQ_OK;
    case JQ_INT:
    case JQ_BIG:
        *ret = *in;
        return jq_compare(r, in, &zero) < 0 ? jq_binary(r, JQ_OP_SUB, &zero, in, ret) : JQ_OK;
    case JQ_STRING:
        for (size_t i = 0; i < in->count; i += size, count++)
            go_rune_next(str_skip(jq_str(in), i), &size);
        *ret = jq_int((int64_t) count);
        return jq_charge(r, in->count / 16, 0);
    case JQ_ARRAY:
    case JQ_OBJECT:
        *ret = jq_int(in->count);
        return JQ_OK;
    }
    return JQ_OK;
}

LIST(keys)
{
    struct jq_value *items;
    int rc = jq_charge(r, 1 + in->count / 16, in->count * sizeof(*items));

    if (in->type != JQ_ARRAY && in->type != JQ_OBJECT)
        return jq_fail_type(r, "keys", in);
    if (rc)
        return rc;
    items = ARENA_ARRAY(r->a, struct jq_value, in->count + 1);
    for (size_t i = 0; i < in->count; i++)
        items[i] = in->type == JQ_ARRAY ? jq_int((int64_t) i) : jq_string(in->members[i].key);
    *ret = jq_array(items, in->count);
    return JQ_OK;
}

LIST(has)
{
    int64_t i = 0;

    if (in->type == JQ_ARRAY && jq_to_i64(args, &i))
        *ret = jq_bool(i >= 0 && i < in->count);
    else if (in->type == JQ_OBJECT && args->type == JQ_STRING)
    {
        jq_compared(r, jq_str(args).len);
        *ret = jq_bool(jq_get(in, jq_str(args)) != NULL);
    }
    else if (in->type == JQ_NULL)
        *ret = jq_bool(false);
    else
        return fail_with(r, "has", in, args);
    return JQ_OK;
}

/* Items of an array, or the values of an object by key; NULL for other values. */
static const struct jq_value *values_of(struct jq_run *r, const struct jq_value *v)
{
    struct jq_value *items;

    if (v->type == JQ_ARRAY)
        return v->items ? v->items : v;
    if (v->type != JQ_OBJECT)
        return NULL;
    items = ARENA_ARRAY(r->a, struct jq_value, v->count + 1);
    for (size_t i = 0; i < v->count; i++)
        items[i] = v->members[i].value;
    return items;
}

LIST(add)
{
    const struct jq_value *items;
    int rc = jq_charge(r, 1 + in->count, in->count * sizeof(*items));

    if (rc)
        return rc;
    items = values_of(r, in);
    return items ? jq_add_all(r, items, in->count, ret) : jq_fail_type(r, "add", in);
}

LIST(reverse)
{
    struct jq_value *items;
    int rc = jq_charge(r, 1 + in->count / 16, in->count * sizeof(*items));

    if (in->type != JQ_ARRAY)
        return jq_fail_type(r, "reverse", in);
    if (rc)
        return rc;
    items = ARENA_ARRAY(r->a, struct jq_value, in->count + 1);
    for (size_t i = 0; i < in->count; i++)
        items[i] = in->items[in->count - 1 - i];
    *ret = jq_array(items, in->count);
    return JQ_OK;
}

/* ---- contains, indices ---- */

static int contains(struct jq_run *r, const struct jq_value *x, const struct jq_value *y,
                    bool *ret)
{
    int rc = jq_charge(r, 1, 0);

    if (rc)
        return rc;
    *ret = true;
    if (x->type == JQ_STRING && y->type == JQ_STRING) {
        *ret = str_find(jq_str(x), jq_str(y)) != SIZE_MAX;
        return jq_charge(r, x->count / 16, 0);
    }
    if (x->type == JQ_ARRAY && y->type == JQ_ARRAY) {
        for (size_t i = 0; *ret && i < y->count; i++) {
            bool is_found = false;

            for (size_t k = 0; !is_found && k < x->count; k++) {
                rc = contains(r, &x->items[k], &y->items[i], &is_found);
                if (rc == JQ_FAILS)
                    is_found = false;
                else if (rc)
                    return rc;
            }
            *ret = is_found;
        }
        return JQ_OK;
    }
    if (x->type == JQ_OBJECT && y->type == JQ_OBJECT) {
        for (size_t i = 0; *ret && i < y->count; i++) {
            const struct jq_value *v = jq_get(x, y->members[i].key);

            rc = v ? contains(r, v, &y->members[i].value, ret) : JQ_OK;
            *ret = v && rc == JQ_OK && *ret;
            if (rc == JQ_ENDS)
                return rc;
        }
        return JQ_OK;
    }
    if (jq_compare(r, x, y) == 0)
        return JQ_OK;
    *ret = false;
    return jq_is_number(x) && jq_is_number(y) ? JQ_OK : fail_with(r, "contains", x, y);
}

LIST(contains)
{
    bool is_in = false;
    int rc = contains(r, in, args, &is_in);

    *ret = jq_bool(is_in);
    return rc;
}

LIST(inside)
{
    bool is_in = false;
    int rc = contains(r, args, in, &is_in);

    *ret = jq_bool(is_in);
    return rc;
}

static struct jq_value runes_of(struct jq_run *r, struct str s)
{
    struct jq_value *items = ARENA_ARRAY(r->a, struct jq_value, s.len + 1);
    size_t count = 0, size = 1;

    for (; s.len > 0; s = str_skip(s, size))
        items[count++] = jq_int(go_rune_next(s, &size));
    return jq_array(items, count);
}

/* Where @args stands in @in, as an array; *ret_is_null for null. */
static int find_all(struct jq_run *r, const char *name, const struct jq_value *in,
                    const struct jq_value *args, struct jq_value *ret)
{
    struct jq_value v = *in, of = args->type == JQ_ARRAY ? *args : jq_array(args, 1);
    int rc;

    *ret = jq_null();
    if (in->type == JQ_NULL)
        return JQ_OK;
    if (in->type == JQ_STRING && args->type == JQ_STRING) {
        rc = jq_charge(r, in->count, (in->count + args->count) * sizeof(v));
        if (rc)
            return rc;
        v = runes_of(r, jq_str(in));
        of = runes_of(r, jq_str(args));
    } else if (in->type != JQ_ARRAY) {
        return fail_with(r, name, in, args);
    }
    return jq_index(r, &v, &of, ret);
}

LIST(indices)
{
    return find_all(r, "indices", in, args, ret);
}

LIST(index)
{
    struct jq_value all;
    int rc = find_all(r, "index", in, args, &all);

    *ret = all.type == JQ_ARRAY && all.count > 0 ? all.items[0] : jq_null();
    return rc;
}

LIST(rindex)
{
    struct jq_value all;
    int rc = find_all(r, "rindex", in, args, &all);

    *ret = all.type == JQ_ARRAY && all.count > 0 ? all.items[all.count - 1] : jq_null();
    return rc;
}

/* ---- order ---- */

struct ordered {
    const struct jq_value *value, *key;
};

static int by_key(const void *x, const void *y, void *run)
{
    struct jq_run *r = run;
    const struct ordered *p = x, *q = y;
    int order = jq_compare(r, p->key, q->key);

    return order ? order : p->value < q->value ? -1 : p->value > q->value;
}

static int fail_by(struct jq_run *r, const char *name, const struct jq_value *in,
                   const struct jq_value *keys)
{
    return keys == in ? jq_fail_type(r, name, in) : jq_fail_with(r, name, in, keys);
}

/* Values with their keys, sorted; released by the caller. NULL with rc on failure. */
static struct ordered *sorted(struct jq_run *r, const char *name, const struct jq_value *in,
                              const struct jq_value *keys, int *rc)
{
    struct ordered *all;

    *rc = in->type == JQ_ARRAY && keys->type == JQ_ARRAY && in->count == keys->count
              ? jq_charge(r, 1 + (size_t) in->count * 8, in->count * 2 * sizeof(*in))
              : fail_by(r, name, in, keys);
    if (*rc)
        return NULL;
    all = mem_array(in->count + 1, sizeof(*all));
    for (size_t i = 0; i < in->count; i++)
        all[i] = (struct ordered){.value = &in->items[i], .key = &keys->items[i]};
    if (in->count > 1)
        qsort_r(all, in->count, sizeof(*all), by_key, r);
    return all;
}

static int sort_by(struct jq_run *r, const char *name, const struct jq_value *in,
                   const struct jq_value *keys, struct jq_value *ret)
{
    int rc;
    struct ordered *all = sorted(r, name, in, keys, &rc);
    struct jq_value *items;

    if (!all)
        return rc;
    items = ARENA_ARRAY(r->a, struct jq_value, in->count + 1);
    for (size_t i = 0; i < in->count; i++)
        items[i] = *all[i].value;
    *ret = jq_array(items, in->count);
    free(all);
    return JQ_OK;
}

LIST(sort)
{
    return sort_by(r, "sort", in, in, ret);
}

LIST(sort_by)
{
    return sort_by(r, "sort_by", in, args, ret);
}

static int unique_by(struct jq_run *r, const char *name, const struct jq_value *in,
                     const struct jq_value *keys, struct jq_value *ret)
{
    int rc;
    struct ordered *all = sorted(r, name, in, keys, &rc);
    struct jq_value *items;
    size_t count = 0;

    if (!all)
        return rc;
    items = ARENA_ARRAY(r->a, struct jq_value, in->count + 1);
    for (size_t i = 0; i < in->count; i++)
        if (i == 0 || jq_compare(r, all[i - 1].key, all[i].key) != 0)
            items[count++] = *all[i].value;
    *ret = jq_array(items, count);
    free(all);
    return JQ_OK;
}

LIST(unique)
{
    return unique_by(r, "unique", in, in, ret);
}

LIST(unique_by)
{
    return unique_by(r, "unique_by", in, args, ret);
}

LIST(group_by)
{
    int rc;
    struct ordered *all = sorted(r, "group_by", in, args, &rc);
    struct jq_value *items, *groups;
    size_t count = 0;

    if (!all)
        return rc;
    items = ARENA_ARRAY(r->a, struct jq_value, in->count + 1);
    groups = ARENA_ARRAY(r->a, struct jq_value, in->count + 1);
    for (size_t i = 0; i < in->count; i++) {
        items[i] = *all[i].value;
        if (i == 0 || jq_compare(r, all[i - 1].key, all[i].key) != 0)
            groups[count++] = jq_array(&items[i], 0);
        groups[count - 1].count++;
    }
    *ret = jq_array(groups, count);
    free(all);
    return JQ_OK;
}

/* The first smallest, or the last largest. */
static int extreme(struct jq_run *r, const char *name, const struct jq_value *in,
                   const struct jq_value *keys, struct jq_value *ret)
{
    bool is_min = name[1] == 'i';
    size_t best = 0;

    if (in->type != JQ_ARRAY || keys->type != JQ_ARRAY || in->count != keys->count)
        return fail_by(r, name, in, keys);
    for (size_t i = 1; i < in->count; i++)
        if ((jq_compare(r, &keys->items[best], &keys->items[i]) > 0) == is_min)
            best = i;
    *ret = in->count > 0 ? in->items[best] : jq_null();
    return jq_charge(r, in->count, 0);
}

LIST(min)
{
    return extreme(r, "min", in, in, ret);
}

LIST(max)
{
    return extreme(r, "max", in, in, ret);
}

LIST(min_by)
{
    return extreme(r, "min_by", in, args, ret);
}

LIST(max_by)
{
    return extreme(r, "max_by", in, args, ret);
}

LIST(bsearch)
{
    size_t low = 0, high = in->count;

    if (in->type != JQ_ARRAY)
        return fail_with(r, "bsearch", in, args);
    while (low < high) {
        size_t mid = low + (high - low) / 2;

        if (jq_compare(r, &in->items[mid], args) < 0)
            low = mid + 1;
        else
            high = mid;
    }
    *ret = low < in->count && jq_compare(r, &in->items[low], args) == 0
               ? jq_int((int64_t) low)
               : jq_int(-1 - (int64_t) low);
    return jq_charge(r, 32, 0);
}

/* ---- shape ---- */

typedef VEC(struct jq_value) value_list;

static int flatten(struct jq_run *r, const struct jq_value *items, size_t count, double depth,
                   value_list *list)
{
    int rc = jq_charge(r, 1, 0);

    for (size_t i = 0; rc == JQ_OK && i < count; i++) {
        if (items[i].type == JQ_ARRAY && depth != 0) {
            rc = flatten(r, items[i].items, items[i].count, depth - 1, list);
        } else {
            VEC_APUSH(r->a, list, items[i]);
            rc = jq_charge(r, 1, 0);
        }
    }
    return rc;
}

static int flatten_to(struct jq_run *r, const struct jq_value *in, double depth,
                      struct jq_value *ret)
{
    const struct jq_value *items = values_of(r, in);
    value_list list = {};
    int rc;

    if (!items)
        return jq_fail_type(r, "flatten", in);
    rc = flatten(r, items, in->count, depth, &list);
    *ret = jq_array(list.at, list.len);
    return rc;
}

LIST(flatten)
{
    return flatten_to(r, in, -1, ret);
}

LIST(flatten_depth)
{
    double depth = 0;

    if (!jq_to_f64(args, &depth))
        return jq_fail_type(r, "flatten", args);
    if (depth < 0 || isnan(depth))
        return jq_fail(r, "flatten depth should not be negative: " STR_FMT,
                       STR_ARG(jq_preview(r, args)));
    return flatten_to(r, in, depth, ret);
}

LIST(transpose)
{
    struct jq_value *rows, *cells;
    size_t width = 0;
    int rc;

    if (in->type != JQ_ARRAY)
        return jq_fail_type(r, "transpose", in);
    for (size_t i = 0; i < in->count; i++) {
        if (in->items[i].type != JQ_ARRAY)
            return jq_fail_type(r, "transpose", in);
        width = in->items[i].count > width ? in->items[i].count : width;
    }
    rc = jq_charge(r, 1 + width * in->count, (width * in->count + width) * sizeof(*rows));
    if (rc)
        return rc;
    rows = ARENA_ARRAY(r->a, struct jq_value, width + 1);
    cells = ARENA_ARRAY(r->a, struct jq_value, width * in->count + 1);
    for (size_t i = 0; i < width; i++) {
        for (size_t k = 0; k < in->count; k++)
            if (i < in->items[k].count)
                cells[i * in->count + k] = in->items[k].items[i];
        rows[i] = jq_array(cells + i * in->count, in->count);
    }
    *ret = jq_array(rows, width);
    return JQ_OK;
}

LIST(setpath)
{
    return jq_set_path(r, in, &args[0], &args[1], ret);
}

LIST(delpaths)
{
    return jq_delete_paths(r, in, &args[0], ret);
}

/* ---- others ---- */

LIST(toboolean)
{
    bool is_text = in->type == JQ_STRING;

    *ret = *in;
    if (in->type == JQ_TRUE || in->type == JQ_FALSE)
        return JQ_OK;
    if (is_text && (str_is(jq_str(in), "true") || str_is(jq_str(in), "false"))) {
        *ret = jq_bool(in->count == 4);
        return JQ_OK;
    }
    if (is_text)
        return jq_fail(r, "toboolean cannot be applied to " STR_FMT ": invalid boolean",
                       STR_ARG(jq_preview(r, in)));
    return jq_fail_type(r, "toboolean", in);
}

static int raise_value(struct jq_run *r, const struct jq_value *v)
{
    r->error = *v;
    return JQ_FAILS;
}

LIST(error)
{
    (void) ret;
    return raise_value(r, in);
}

LIST(error_of)
{
    (void) in;
    (void) ret;
    return raise_value(r, args);
}

LIST(builtins)
{
    (void) in;
    (void) args;
    *ret = jq_builtins(r->a);
    return jq_charge(r, ret->count, 0);
}

/* An evaluation that halts has failed for whoever wants its outputs. */
LIST(halt)
{
    (void) in;
    (void) ret;
    err_set(r->err, ERR_INVALID, "jq: halted");
    return JQ_ENDS;
}

const struct jq_native jq_natives_list[] = {
    {"_group_by", 1, f_group_by},
    {"_max_by", 1, f_max_by},
    {"_min_by", 1, f_min_by},
    {"_sort_by", 1, f_sort_by},
    {"_unique_by", 1, f_unique_by},
    {"add", 0, f_add},
    {"bsearch", 1, f_bsearch},
    {"builtins", 0, f_builtins},
    {"contains", 1, f_contains},
    {"delpaths", 1, f_delpaths},
    {"error", 0, f_error},
    {"error", 1, f_error_of},
    {"flatten", 0, f_flatten},
    {"flatten", 1, f_flatten_depth},
    {"halt", 0, f_halt},
    {"halt_error", 0, f_halt},
    {"halt_error", 1, f_halt},
    {"has", 1, f_has},
    {"index", 1, f_index},
    {"indices", 1, f_indices},
    {"inside", 1, f_inside},
    {"keys", 0, f_keys},
    {"length", 0, f_length},
    {"max", 0, f_max},
    {"min", 0, f_min},
    {"reverse", 0, f_reverse},
    {"rindex", 1, f_rindex},
    {"setpath", 2, f_setpath},
    {"sort", 0, f_sort},
    {"toboolean", 0, f_toboolean},
    {"transpose", 0, f_transpose},
    {"type", 0, f_type},
    {"unique", 0, f_unique},
    {0},
};
