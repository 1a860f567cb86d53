/* Applies the steps of queries. See jsonpath.h. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "lang/jsonpath/query_internal.h"

typedef VEC(struct json) value_list;

int jsonpath_fail(struct jsonpath_run *r, const char *fmt, ...)
{
    struct err made = {};
    va_list args;

    va_start(args, fmt);
    vsnprintf(made.text, sizeof(made.text), fmt, args);
    va_end(args);
    return err_set(r->err, ERR_INVALID, "%s", made.text);
}

int jsonpath_charge(struct jsonpath_run *r, size_t steps)
{
    r->steps += steps;
    if (r->steps <= r->max_steps)
        return 0;
    return err_set(r->err, ERR_LIMIT, "JSONPath takes more than %zu steps", r->max_steps);
}

static const char *kind_name(const struct json *v)
{
    static const char *const names[] = {"nil", "bool", "float64", "string", "slice", "map"};

    return v->type == JSON_NUMBER && v->pos == JSONPATH_COUNT_POS ? "int64" : names[v->type];
}

static int fail_target(struct jsonpath_run *r, const char *step, const char *wanted,
                       const struct json *v)
{
    return jsonpath_fail(r, "%s: invalid token target. expected [%s] got [%s]", step, wanted,
                         kind_name(v));
}

bool jsonpath_whole(const struct json *v, int64_t *ret)
{
    double f = 0;

    if (!json_is(v, JSON_NUMBER) || !json_f64(v, &f) || f != trunc(f) || fabs(f) > 9.2e18)
        return false;
    *ret = (int64_t) f;
    return true;
}

static struct json list_of(const value_list *list)
{
    return (struct json){.type = JSON_ARRAY,
                         .pos = JSON_NO_POS,
                         .count = (uint32_t) list->len,
                         .items = list->at};
}

/* Members by key, the last of a name only; items of an array. */
static int by_key(const void *x, const void *y)
{
    const struct json_member *p = x, *q = y;
    int order = str_cmp(p->key, q->key);

    return order ? order : p->key_pos < q->key_pos ? -1 : 1;
}

static int children_of(struct jsonpath_run *r, const struct json *v, value_list *ret)
{
    struct json_member *m;
    size_t count = 0;

    if (jsonpath_charge(r, v->type == JSON_ARRAY || v->type == JSON_OBJECT ? v->count : 0) < 0)
        return -1;
    if (v->type == JSON_ARRAY)
        for (size_t i = 0; i < v->count; i++)
            VEC_APUSH(r->a, ret, v->items[i]);
    if (v->type != JSON_OBJECT || v->count == 0)
        return 0;
    m = ARENA_ARRAY(r->a, struct json_member, v->count);
    for (uint32_t i = 0; i < v->count; i++) {
        m[i] = v->members[i];
        m[i].key_pos = i;
    }
    qsort(m, v->count, sizeof(*m), by_key);
    for (size_t i = 0; i < v->count; i++) {
        count -= count > 0 && str_eq(m[count - 1].key, m[i].key);
        m[count++] = m[i];
    }
    for (size_t i = 0; i < count; i++)
        VEC_APUSH(r->a, ret, m[i].value);
    return 0;
}

/* What the rest of the steps finds from each value; what fails or is null is left out. */
static int apply_each(struct jsonpath_run *r, const jsonpath_steps *steps, size_t at,
                      const struct json *root, const value_list *values, struct json *ret)
{
    value_list found = {};

    for (size_t i = 0; i < values->len; i++) {
        struct json v;
        int rc = jsonpath_apply(r, steps, at, root, &values->at[i], &v);

        if (rc < 0 && r->err->kind != ERR_INVALID)
            return -1;
        if (rc == 0 && (at == steps->len || v.type != JSON_NULL))
            VEC_APUSH(r->a, &found, v);
    }
    *ret = list_of(&found);
    return 0;
}

/* The same, but an index that follows is one of the list itself. */
static int apply_list(struct jsonpath_run *r, const jsonpath_steps *steps, size_t at,
                      const struct json *root, const value_list *values, struct json *ret)
{
    struct json list = list_of(values);

    return at < steps->len && steps->at[at].kind == JSONPATH_INDEX
               ? jsonpath_apply(r, steps, at, root, &list, ret)
               : apply_each(r, steps, at, root, values, ret);
}

/* ---- steps ---- */

struct place {
    struct jsonpath_run *r;
    const jsonpath_steps *steps;
    size_t at; /* of the step itself */
    const struct json *root, *current;
    struct json *ret;
};

static int go_on(const struct place *p, const struct json *v)
{
    return jsonpath_apply(p->r, p->steps, p->at + 1, p->root, v, p->ret);
}

static int apply_key(const struct place *p, struct str key)
{
    const struct json *found = json_get(p->current, key);

    if (p->current->type != JSON_OBJECT)
        return fail_target(p->r, "key", "map", p->current);
    if (jsonpath_charge(p->r, p->current->count) < 0)
        return -1;
    return found ? go_on(p, found)
                 : jsonpath_fail(p->r, "key: invalid token key '" STR_FMT "' not found",
                                 STR_ARG(str_head(key, 200)));
}

static int apply_index(const struct place *p, int64_t index)
{
    int64_t count = p->current->count;

    if (p->current->type != JSON_ARRAY)
        return fail_target(p->r, "index", "array slice", p->current);
    index += index < 0 ? count : 0;
    if (index < 0 || index >= count)
        return jsonpath_fail(p->r, "index: invalid token out of range");
    return go_on(p, &p->current->items[index]);
}

static int apply_length(const struct place *p)
{
    const struct json *v = p->current, *own = json_get(v, STR("length"));
    struct json count = json_int(p->r->a, v->count);

    count.pos = JSONPATH_COUNT_POS;
    if (v->type != JSON_ARRAY && v->type != JSON_OBJECT && v->type != JSON_STRING)
        return fail_target(p->r, "length", "array map slice string", v);
    return go_on(p, own ? own : &count);
}

static int apply_any(const struct place *p)
{
    value_list values = {};

    if (p->current->type != JSON_ARRAY && p->current->type != JSON_OBJECT)
        return fail_target(p->r, "wildcard", "array map slice", p->current);
    return children_of(p->r, p->current, &values) < 0
               ? -1
               : apply_each(p->r, p->steps, p->at + 1, p->root, &values, p->ret);
}

/* What is found from a value and from all below it, each before its children. */
static int descend(const struct place *p, const struct json *v, value_list *found)
{
    value_list children = {};
    struct json own;
    int rc;

    if (v->type == JSON_NULL)
        return jsonpath_charge(p->r, 1);
    rc = jsonpath_apply(p->r, p->steps, p->at + 1, p->root, v, &own);
    if (rc < 0 && p->r->err->kind != ERR_INVALID)
        return -1;
    if (rc == 0 && own.type == JSON_ARRAY && p->at + 1 < p->steps->len) {
        for (size_t i = 0; i < own.count; i++)
            VEC_APUSH(p->r->a, found, own.items[i]);
    } else if (rc == 0 && own.type != JSON_NULL) {
        VEC_APUSH(p->r->a, found, own);
    }
    if (jsonpath_charge(p->r, 1 + (rc == 0 ? own.count / 4 : 0)) < 0 ||
        children_of(p->r, v, &children) < 0)
        return -1;
    VEC_FOREACH (child, &children)
        if (descend(p, child, found) < 0)
            return -1;
    return 0;
}

static int apply_descent(const struct place *p)
{
    value_list found = {};

    if (descend(p, p->current, &found) < 0)
        return -1;
    *p->ret = list_of(&found);
    return 0;
}

/* ---- scripts ---- */

/* Is what a filter's expression gives a yes? */
static bool is_yes(const struct json *v)
{
    struct str s = json_str(v);
    double f = 0;

    switch ((enum json_type) v->type) {
    case JSON_NULL:
        return false;
    case JSON_BOOL:
        return v->is_true;
    case JSON_NUMBER:
        return json_f64(v, &f) && f != 0;
    case JSON_STRING:
        if (s.len > 1 && (s.ptr[0] == '\'' || s.ptr[0] == '"') && s.ptr[s.len - 1] == s.ptr[0])
            return s.len > 2;
        return s.len > 0;
    case JSON_ARRAY:
    case JSON_OBJECT:
        return v->count > 0;
    }
    return false;
}

static int apply_where(const struct place *p, const struct jsonpath_operand *expression)
{
    value_list children = {}, kept = {};

    if (expression->text.len == 0)
        return jsonpath_fail(p->r, "invalid expression. is empty");
    if (p->current->type != JSON_ARRAY && p->current->type != JSON_OBJECT)
        return fail_target(p->r, "filter", "array map slice", p->current);
    if (children_of(p->r, p->current, &children) < 0)
        return -1;
    VEC_FOREACH (child, &children) {
        struct json v;
        int rc = jsonpath_evaluate(p->r, expression, p->root, child, &v);

        if (rc < 0 && p->r->err->kind != ERR_INVALID)
            return -1;
        if (rc == 0 && is_yes(&v))
            VEC_APUSH(p->r->a, &kept, *child);
    }
    return apply_list(p->r, p->steps, p->at + 1, p->root, &kept, p->ret);
}

static int apply_script(const struct place *p, const struct jsonpath_operand *expression)
{
    struct json v;
    int64_t index = 0;

    if (expression->text.len == 0)
        return jsonpath_fail(p->r, "invalid expression. is empty");
    if (jsonpath_evaluate(p->r, expression, p->root, p->current, &v) < 0)
        return -1;
    if (v.type == JSON_STRING)
        return apply_key(p, json_str(&v));
    if (jsonpath_whole(&v, &index))
        return apply_index(p, index);
    return jsonpath_fail(p->r, "unexpected expression result. expected [int string] got [%s]",
                         kind_name(&v));
}

/* ---- lists and ranges ---- */

/* A key or an index that is written or comes from an expression. */
static int argument(const struct place *p, const struct jsonpath_operand *arg, struct json *ret)
{
    switch (arg->kind) {
    case JSONPATH_WORDS:
        *ret = json_string(arg->text);
        return 0;
    case JSONPATH_NUMBER:
        *ret = json_int(p->r->a, arg->number);
        return 0;
    case JSONPATH_EXPRESSION:
        if (arg->text.len == 0)
            return jsonpath_fail(p->r, "invalid expression. is empty");
        return jsonpath_evaluate(p->r, arg, p->root, p->current, ret);
    case JSONPATH_NONE:
    case JSONPATH_VALUE:
    case JSONPATH_OPERATOR:
        break;
    }
    *ret = json_null();
    return 0;
}

static int pick_keys(const struct place *p, const value_list *keys)
{
    value_list found = {};

    if (p->current->type != JSON_OBJECT)
        return fail_target(p->r, "union", "map", p->current);
    for (size_t i = 0; i < keys->len; i++) {
        const struct json *v = json_get(p->current, json_str(&keys->at[i]));

        if (jsonpath_charge(p->r, 1 + p->current->count) < 0)
            return -1;
        if (v)
            VEC_APUSH(p->r->a, &found, *v);
    }
    return apply_list(p->r, p->steps, p->at + 1, p->root, &found, p->ret);
}

static int pick_items(const struct place *p, const value_list *indexes)
{
    value_list found = {};
    int64_t i = 0, count = p->current->count;

    if (p->current->type != JSON_ARRAY)
        return fail_target(p->r, "union", "array slice", p->current);
    for (size_t k = 0; k < indexes->len; k++) {
        if (!jsonpath_whole(&indexes->at[k], &i))
            continue;
        i += i < 0 ? count : 0;
        if (i >= 0 && i < count)
            VEC_APUSH(p->r->a, &found, p->current->items[i]);
    }
    return apply_list(p->r, p->steps, p->at + 1, p->root, &found, p->ret);
}

static int apply_pick(const struct place *p, const struct jsonpath_step *step)
{
    value_list keys = {}, indexes = {};

    for (size_t i = 0; i < step->args.len; i++) {
        struct json v;
        int64_t n;

        if (argument(p, &step->args.at[i], &v) < 0)
            return -1;
        if (v.type == JSON_STRING)
            VEC_APUSH(p->r->a, &keys, v);
        else if (jsonpath_whole(&v, &n))
            VEC_APUSH(p->r->a, &indexes, v);
        else
            return jsonpath_fail(
                p->r, "union: invalid token argument. expected [int string] got [%s]",
                kind_name(&v));
        if (keys.len > 0 && indexes.len > 0)
            return jsonpath_fail(p->r, "union: invalid token argument. keys and indexes");
    }
    return keys.len > 0 ? pick_keys(p, &keys) : pick_items(p, &indexes);
}

/* One end of a range, or its step. */
static int bound(const struct place *p, const struct jsonpath_step *step, size_t i,
                 int64_t fallback, int64_t *ret)
{
    struct json v;

    *ret = fallback;
    if (i >= step->args.len || step->args.at[i].kind == JSONPATH_NONE)
        return 0;
    if (argument(p, &step->args.at[i], &v) < 0)
        return -1;
    return jsonpath_whole(&v, ret)
               ? 1
               : jsonpath_fail(p->r, "range: invalid token argument. expected [int] got [%s]",
                               kind_name(&v));
}

static int64_t clamp(int64_t n, int64_t count)
{
    n += n < 0 ? count : 0;
    return n < 0 ? 0 : n > count ? count : n;
}

static int apply_range(const struct place *p, const struct jsonpath_step *step)
{
    int64_t count = p->current->count, from, to, by;
    value_list found = {};

    if (p->current->type != JSON_ARRAY)
        return fail_target(p->r, "range", "array slice", p->current);
    if (bound(p, step, 0, 0, &from) < 0 || bound(p, step, 1, count, &to) < 0 ||
        bound(p, step, 2, 1, &by) < 0)
        return -1;
    if (by == 0)
        return jsonpath_fail(p->r, "range: invalid token out of range");
    from = clamp(from, count);
    to = clamp(to, count);
    by = by > count ? count + 1 : by < -count ? -count - 1 : by;
    for (int64_t i = by < 0 ? to - 1 : from; by < 0 ? i >= from : i < to; i += by)
        VEC_APUSH(p->r->a, &found, p->current->items[i]);
    if (jsonpath_charge(p->r, found.len) < 0)
        return -1;
    return apply_list(p->r, p->steps, p->at + 1, p->root, &found, p->ret);
}

int jsonpath_apply(struct jsonpath_run *r, const jsonpath_steps *steps, size_t at,
                   const struct json *root, const struct json *current, struct json *ret)
{
    struct place p = {r, steps, at, root, current, ret};
    const struct jsonpath_step *step;

    if (jsonpath_charge(r, 1) < 0)
        return -1;
    if (at == steps->len) {
        *ret = *current;
        return 0;
    }
    step = &steps->at[at];
    switch (step->kind) {
    case JSONPATH_ROOT:
        return go_on(&p, root);
    case JSONPATH_CURRENT:
        return go_on(&p, current);
    case JSONPATH_ANY:
        return apply_any(&p);
    case JSONPATH_DESCENT:
        return apply_descent(&p);
    case JSONPATH_LENGTH:
        return apply_length(&p);
    case JSONPATH_KEY:
        return apply_key(&p, step->text);
    case JSONPATH_INDEX:
        return apply_index(&p, step->index);
    case JSONPATH_WHERE:
        return apply_where(&p, &step->expression);
    case JSONPATH_SCRIPT:
        return apply_script(&p, &step->expression);
    case JSONPATH_PICK:
        return apply_pick(&p, step);
    case JSONPATH_RANGE:
        return apply_range(&p, step);
    }
    return 0;
}

int jsonpath_query(struct arena *a, const struct json *doc, struct str path, size_t *left,
                   struct json *ret, struct err *err)
{
    struct jsonpath_run r = {.a = a,
                             .path = path,
                             .max_steps =
                                 *left < JSONPATH_STEPS_MAX ? *left : JSONPATH_STEPS_MAX,
                             .err = err};
    jsonpath_steps steps = {};
    int rc;

    if (path.len > JSONPATH_TEXT_MAX_BYTES)
        return err_set(err, ERR_LIMIT, "JSONPath is longer than %d bytes",
                       JSONPATH_TEXT_MAX_BYTES);
    rc = jsonpath_read_steps(&r, path, &steps);
    if (rc == 0)
        rc = jsonpath_apply(&r, &steps, 0, doc, doc, ret);
    *left -= r.steps < *left ? r.steps : *left;
    return rc;
}
