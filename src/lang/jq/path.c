/* Values inside values: indexes, slices, changes at paths. See jq_internal.h. */
#include "lang/jq/jq_internal.h"

#include <math.h>

#include "formats/goquote.h"

enum { INDEX_MAX = 0x20000000 };

struct jq_value jq_path_value(struct arena *a, const struct jq_path *path)
{
    struct jq_value *items;
    size_t count = 0;

    for (const struct jq_path *p = path; p != &jq_root_path; p = p->up)
        count++;
    items = ARENA_ARRAY(a, struct jq_value, count + 1);
    for (size_t i = count; i-- > 0; path = path->up)
        items[i] = path->key;
    return jq_array(items, count);
}

/* Some items of an array; an empty one may have none. */
static struct jq_value part_of(const struct jq_value *v, const int64_t ends[2])
{
    return jq_array(ends[0] < ends[1] ? v->items + ends[0] : v->items,
                    (size_t) (ends[1] - ends[0]));
}

static int fail_shown(struct jq_run *r, const char *what, const struct jq_value *v)
{
    return jq_fail(r, "%s: " STR_FMT, what, STR_ARG(jq_shown(r, v)));
}

static int64_t clamp(int64_t i, int64_t min, int64_t count)
{
    i += i < 0 ? count : 0;
    return i < min ? min : i < count ? i : count;
}

static size_t rune_count(struct str s)
{
    size_t count = 0, size = 1;

    for (size_t i = 0; i < s.len; i += size, count++)
        go_rune_next(str_skip(s, i), &size);
    return count;
}

/* Where the rune of that number begins. */
static size_t rune_at(struct str s, int64_t n)
{
    size_t i = 0, size = 1;

    for (; n > 0 && i < s.len; i += size, n--)
        go_rune_next(str_skip(s, i), &size);
    return i;
}

static int index_by_number(struct jq_run *r, const struct jq_value *v, int64_t i,
                           struct jq_value *ret)
{
    int64_t count;
    struct str s;
    size_t from;

    if (v->type == JQ_ARRAY) {
        i = clamp(i, -1, v->count);
        if (i >= 0 && i < v->count)
            *ret = v->items[i];
        return JQ_OK;
    }
    if (v->type != JQ_STRING)
        return fail_shown(r, "expected an array but got", v);
    s = jq_str(v);
    count = (int64_t) rune_count(s);
    i = clamp(i, -1, count);
    if (i < 0 || i >= count)
        return jq_charge(r, s.len / 16, 0);
    from = rune_at(s, i);
    *ret = jq_string(str_of(s.ptr + from, rune_at(str_skip(s, from), 1)));
    return jq_charge(r, s.len / 16, 0);
}

static int index_by_slice(struct jq_run *r, const struct jq_value *v,
                          const struct jq_value *key, struct jq_value *ret)
{
    const struct jq_value *from = jq_get(key, STR("start")), *to = jq_get(key, STR("end"));

    if (!from || !to)
        return fail_shown(r, "expected \"start\" and \"end\" for slicing but got", key);
    return jq_slice(r, v, from, to, ret);
}

static int indices_of(struct jq_run *r, const struct jq_value *v, const struct jq_value *of,
                      struct jq_value *ret)
{
    VEC(struct jq_value) found = {};
    int rc = jq_charge(r, 1 + (size_t) v->count * (of->count + 1), 0);

    for (size_t i = 0; rc == JQ_OK && of->count > 0 && i + of->count <= v->count; i++) {
        struct jq_value part = jq_array(v->items + i, of->count);

        if (jq_compare(r, &part, of) == 0)
            VEC_APUSH(r->a, &found, jq_int((int64_t) i));
    }
    *ret = jq_array(found.at, found.len);
    return rc;
}

int jq_index(struct jq_run *r, const struct jq_value *v, const struct jq_value *key,
             struct jq_value *ret)
{
    const struct jq_value *found;
    int64_t i = 0;

    *ret = jq_null();
    switch ((enum jq_type) key->type) {
    case JQ_STRING:
        if (v->type == JQ_NULL)
            return JQ_OK;
        if (v->type != JQ_OBJECT)
            return fail_shown(r, "expected an object but got", v);
        jq_compared(r, jq_str(key).len);
        found = jq_get(v, jq_str(key));
        *ret = found ? *found : jq_null();
        return JQ_OK;
    case JQ_INT:
    case JQ_FLOAT:
    case JQ_BIG:
        jq_to_i64(key, &i);
        return v->type == JQ_NULL ? JQ_OK : index_by_number(r, v, i, ret);
    case JQ_ARRAY:
        if (v->type == JQ_NULL)
            return JQ_OK;
        return v->type == JQ_ARRAY ? indices_of(r, v, key, ret)
                                   : fail_shown(r, "expected an array but got", v);
    case JQ_OBJECT:
        return v->type == JQ_NULL ? JQ_OK : index_by_slice(r, v, key, ret);
    case JQ_NULL:
    case JQ_FALSE:
    case JQ_TRUE:
    case JQ_GONE:
        break;
    }
    return fail_shown(r,
                      v->type == JQ_ARRAY    ? "expected a number for indexing an array but got"
                      : v->type == JQ_STRING ? "expected a number for indexing a string but got"
                                             : "expected a string for object key but got",
                      key);
}

/* The ends of a slice of @count things. */
static int slice_ends(struct jq_run *r, const struct jq_value *v, const struct jq_value *from,
                      const struct jq_value *to, int64_t ret[2])
{
    int64_t count = v->type == JQ_STRING  ? (int64_t) rune_count(jq_str(v))
                    : v->type == JQ_ARRAY ? v->count
                                          : 0;
    struct jq_value up = *to;
    const char *what = v->type == JQ_STRING ? "expected a number for indexing a string but got"
                                            : "expected a number for indexing an array but got";

    ret[0] = 0;
    ret[1] = count;
    if (from->type != JQ_NULL) {
        if (!jq_to_i64(from, &ret[0]))
            return fail_shown(r, what, from);
        ret[0] = clamp(ret[0], 0, count);
    }
    if (to->type == JQ_NULL)
        return JQ_OK;
    if (up.type == JQ_FLOAT)
        up.f = ceil(up.f);
    if (!jq_to_i64(&up, &ret[1]))
        return fail_shown(r, what, to);
    ret[1] = clamp(ret[1], ret[0], count);
    return JQ_OK;
}

int jq_slice(struct jq_run *r, const struct jq_value *v, const struct jq_value *from,
             const struct jq_value *to, struct jq_value *ret)
{
    int64_t ends[2];
    size_t begin;
    int rc;

    *ret = jq_null();
    if (v->type == JQ_NULL)
        return JQ_OK;
    if (v->type != JQ_ARRAY && v->type != JQ_STRING)
        return fail_shown(r, "expected an array but got", v);
    rc = slice_ends(r, v, from, to, ends);
    if (rc)
        return rc;
    if (v->type == JQ_ARRAY) {
        *ret = part_of(v, ends);
        return JQ_OK;
    }
    begin = rune_at(jq_str(v), ends[0]);
    *ret = jq_string(
        str_of(v->text + begin, rune_at(str_skip(jq_str(v), begin), ends[1] - ends[0])));
    return jq_charge(r, v->count / 16, 0);
}

/* ---- changes ---- */

/* What is put where the rest of a path leads. */
struct change {
    const struct jq_value *path; /* items of it */
    size_t count;
    struct jq_value n; /* JQ_GONE: taken away */
};

static int change(struct jq_run *r, const struct jq_value *v, struct change c,
                  struct jq_value *ret);

static struct change behind(const struct change *c)
{
    return (struct change){.path = c->path + 1, .count = c->count - 1, .n = c->n};
}

static int change_member(struct jq_run *r, const struct jq_value *v, const struct change *c,
                         struct jq_value *ret)
{
    static const struct jq_value none = {.type = JQ_NULL}, empty = {.type = JQ_OBJECT};
    const struct jq_value *of = v->type == JQ_OBJECT ? v : &empty, *old;
    struct jq_value n;
    int rc;

    if (v->type != JQ_OBJECT && v->type != JQ_NULL)
        return fail_shown(r, "expected an object but got", v);
    old = jq_get(of, jq_str(&c->path[0]));
    *ret = *v;
    if (!old && c->n.type == JQ_GONE)
        return JQ_OK;
    rc = change(r, old ? old : &none, behind(c), &n);
    if (rc == JQ_OK)
        rc = jq_charge(r, 1 + of->count / 16, (of->count + 1) * sizeof(struct jq_member));
    if (rc == JQ_OK)
        *ret = jq_set(r->a, of, jq_str(&c->path[0]), n);
    return rc;
}

static int change_item(struct jq_run *r, const struct jq_value *v, const struct change *c,
                       struct jq_value *ret)
{
    static const struct jq_value none = {.type = JQ_NULL};
    int64_t count = v->type == JQ_ARRAY ? v->count : 0, i = 0, at;
    struct jq_value n, *items;
    int rc;

    if (v->type != JQ_ARRAY && v->type != JQ_NULL)
        return fail_shown(r, "expected an array but got", v);
    jq_to_i64(&c->path[0], &i);
    at = clamp(i, -1, count);
    *ret = *v;
    if ((at < 0 || at >= count) && c->n.type == JQ_GONE)
        return JQ_OK;
    if (at < 0)
        return jq_fail(r, "array index should not be negative: %lld", (long long) i);
    if (at >= count && i >= INDEX_MAX)
        return jq_fail(r, "array index too large: %lld", (long long) i);
    i = at < count ? at : i;
    rc = change(r, i < count ? &v->items[i] : &none, behind(c), &n);
    count = i < count ? count : i + 1;
    if (rc == JQ_OK)
        rc = jq_charge(r, 1 + (size_t) count / 16, (size_t) count * sizeof(*items));
    if (rc)
        return rc;
    items = ARENA_ARRAY(r->a, struct jq_value, (size_t) count);
    if (v->type == JQ_ARRAY && v->count > 0)
        memcpy(items, v->items, v->count * sizeof(*items));
    items[i] = n;
    *ret = jq_array(items, (size_t) count);
    return JQ_OK;
}

/* An array whose items from ends[0] to ends[1] are replaced. */
static int put_slice(struct jq_run *r, const struct jq_value *v, const int64_t ends[2],
                     const struct jq_value *n, struct jq_value *ret)
{
    size_t count = v->type == JQ_ARRAY ? v->count : 0, len = (size_t) (ends[1] - ends[0]);
    size_t put = n->type == JQ_GONE ? len : n->count, all = count - len + put;
    struct jq_value *items;
    int rc;

    if (n->type != JQ_ARRAY && n->type != JQ_GONE)
        return fail_shown(r, "expected an array but got", n);
    rc = jq_charge(r, 1 + all / 16, all * sizeof(*items));
    if (rc)
        return rc;
    items = ARENA_ARRAY(r->a, struct jq_value, all + 1);
    for (size_t i = 0; i < (size_t) ends[0]; i++)
        items[i] = v->items[i];
    for (size_t i = 0; i < put; i++)
        items[(size_t) ends[0] + i] = n->type == JQ_GONE ? *n : n->items[i];
    for (size_t i = (size_t) ends[1]; i < count; i++)
        items[i - len + put] = v->items[i];
    *ret = jq_array(items, all);
    return JQ_OK;
}

static int change_slice(struct jq_run *r, const struct jq_value *v, const struct change *c,
                        struct jq_value *ret)
{
    const struct jq_value *from = jq_get(&c->path[0], STR("start")),
                          *to = jq_get(&c->path[0], STR("end"));
    struct jq_value part, n;
    int64_t ends[2];
    int rc;

    if (v->type != JQ_ARRAY && v->type != JQ_NULL)
        return fail_shown(r, "expected an array but got", v);
    if (!from || !to)
        return fail_shown(r, "expected \"start\" and \"end\" for slicing but got", &c->path[0]);
    rc = slice_ends(r, v, from, to, ends);
    *ret = *v;
    if (rc || (ends[0] == ends[1] && c->n.type == JQ_GONE))
        return rc;
    part = v->type == JQ_ARRAY ? part_of(v, ends) : jq_array(NULL, 0);
    rc = change(r, &part, behind(c), &n);
    return rc ? rc : put_slice(r, v, ends, &n, ret);
}

static int change(struct jq_run *r, const struct jq_value *v, struct change c,
                  struct jq_value *ret)
{
    int rc = jq_charge(r, 1, 0);

    if (rc)
        return rc;
    if (c.count == 0 || v->type == JQ_GONE) {
        *ret = c.count == 0 ? c.n : *v;
        return JQ_OK;
    }
    switch ((enum jq_type) c.path[0].type) {
    case JQ_STRING:
        return change_member(r, v, &c, ret);
    case JQ_INT:
    case JQ_FLOAT:
    case JQ_BIG:
        return change_item(r, v, &c, ret);
    case JQ_OBJECT:
        return change_slice(r, v, &c, ret);
    case JQ_NULL:
    case JQ_FALSE:
    case JQ_TRUE:
    case JQ_ARRAY:
    case JQ_GONE:
        break;
    }
    return fail_shown(r,
                      v->type == JQ_ARRAY ? "expected a number for indexing an array but got"
                                          : "expected a string for object key but got",
                      &c.path[0]);
}

/* An error of a function, told with what it was given. */
static int fail_call(struct jq_run *r, const char *name, struct str args,
                     const struct jq_value *v, int rc)
{
    if (rc != JQ_FAILS || r->error.type != JQ_STRING)
        return rc;
    return jq_fail(r, "%s(" STR_FMT ") cannot be applied to " STR_FMT ": " STR_FMT, name,
                   STR_ARG(args), STR_ARG(jq_preview(r, v)), STR_ARG(jq_str(&r->error)));
}

int jq_set_path(struct jq_run *r, const struct jq_value *v, const struct jq_value *path,
                const struct jq_value *n, struct jq_value *ret)
{
    struct jq_value of = *v;
    struct str args;
    int rc;

    if (path->type != JQ_ARRAY)
        return jq_fail(r, "setpath(" STR_FMT ") cannot be applied to: " STR_FMT,
                       STR_ARG(jq_preview(r, path)), STR_ARG(jq_shown(r, v)));
    rc = change(r, &of, (struct change){.path = path->items, .count = path->count, .n = *n},
                ret);
    if (rc != JQ_FAILS)
        return rc;
    args = str_printf(r->a, STR_FMT "; " STR_FMT, STR_ARG(jq_preview(r, path)),
                      STR_ARG(jq_preview(r, n)));
    return fail_call(r, "setpath", args, &of, rc);
}

/* Without the places that are gone. */
static int sweep(struct jq_run *r, const struct jq_value *v, struct jq_value *ret)
{
    int rc = jq_charge(r, 1, 0);
    struct jq_value *items;
    struct jq_member *members;
    size_t count = 0;

    *ret = v->type == JQ_GONE ? jq_null() : *v;
    if (rc || (v->type != JQ_ARRAY && v->type != JQ_OBJECT))
        return rc;
    rc = jq_charge(r, v->count, v->count * sizeof(*members));
    if (rc)
        return rc;
    if (v->type == JQ_ARRAY) {
        items = ARENA_ARRAY(r->a, struct jq_value, v->count + 1);
        for (size_t i = 0; rc == JQ_OK && i < v->count; i++)
            if (v->items[i].type != JQ_GONE)
                rc = sweep(r, &v->items[i], &items[count++]);
        *ret = jq_array(items, count);
        return rc;
    }
    members = ARENA_ARRAY(r->a, struct jq_member, v->count + 1);
    for (size_t i = 0; rc == JQ_OK && i < v->count; i++)
        if (v->members[i].value.type != JQ_GONE) {
            members[count].key = v->members[i].key;
            rc = sweep(r, &v->members[i].value, &members[count++].value);
        }
    *ret = jq_object(members, count);
    return rc;
}

int jq_delete_paths(struct jq_run *r, const struct jq_value *v, const struct jq_value *paths,
                    struct jq_value *ret)
{
    struct jq_value made = *v;
    int rc = JQ_OK;

    if (paths->type != JQ_ARRAY)
        return jq_fail(r, "delpaths(" STR_FMT ") cannot be applied to: " STR_FMT,
                       STR_ARG(jq_preview(r, paths)), STR_ARG(jq_shown(r, v)));
    *ret = *v;
    for (size_t i = 0; rc == JQ_OK && i < paths->count; i++) {
        const struct jq_value *path = &paths->items[i];

        if (path->type != JQ_ARRAY)
            return fail_shown(r, "expected an array but got", path);
        rc = change(
            r, &made,
            (struct change){.path = path->items, .count = path->count, .n = {.type = JQ_GONE}},
            &made);
    }
    if (rc == JQ_FAILS)
        return fail_call(r, "delpaths", jq_preview(r, paths), v, rc);
    return rc || paths->count == 0 ? rc : sweep(r, &made, ret);
}

int jq_get_path(struct jq_run *r, const struct jq_value *v, const struct jq_value *path,
                struct jq_value *ret)
{
    struct jq_value of = *v;
    int rc = JQ_OK;

    if (path->type != JQ_ARRAY)
        return jq_fail(r, "getpath(" STR_FMT ") cannot be applied to: " STR_FMT,
                       STR_ARG(jq_preview(r, path)), STR_ARG(jq_shown(r, v)));
    *ret = of;
    for (size_t i = 0; rc == JQ_OK && i < path->count; i++) {
        if (of.type != JQ_NULL && of.type != JQ_ARRAY && of.type != JQ_OBJECT)
            return jq_fail(r, "getpath(" STR_FMT ") cannot be applied to: " STR_FMT,
                           STR_ARG(jq_preview(r, path)), STR_ARG(jq_shown(r, v)));
        rc = jq_index(r, &of, &path->items[i], ret);
        of = *ret;
    }
    return rc == JQ_FAILS ? fail_call(r, "getpath", jq_preview(r, path), v, rc) : rc;
}
