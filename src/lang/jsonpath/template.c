/* Renders templates. See jsonpath.h. */
#include <math.h>

#include "base/mem.h"
#include "formats/gofloat.h"
#include "lang/jsonpath/template_internal.h"

typedef VEC(struct json) value_list;

struct render {
    struct arena *a;
    const struct jsonpath_node *root;
    struct strbuf out;
    size_t steps;
    size_t muted; /* ranges over nothing that it is in: their text is dropped */
    size_t begins, ranges, ends;
    size_t last_end; /* node */
    struct err *err;
};

static int walk(struct render *r, value_list *in, const struct jsonpath_node *n,
                value_list *ret);

static int charge(struct render *r)
{
    if (++r->steps <= JSONPATH_STEPS_MAX)
        return 0;
    return err_set(r->err, ERR_LIMIT, "JSONPath takes more than %d steps", JSONPATH_STEPS_MAX);
}

static int push(struct render *r, value_list *list, const struct json *v)
{
    VEC_APUSH(r->a, list, *v);
    return charge(r);
}

/* ---- values ---- */

/* A double stays one, also where it prints as a whole number. */
enum { FLOAT_POS = UINT32_MAX - 1, NOTHING_POS = UINT32_MAX - 2 };

static struct json as_float(struct arena *a, double f)
{
    struct json v = json_float(a, f);

    v.pos = FLOAT_POS;
    return v;
}

/* Whole numbers that fit stay, others become doubles; keys are sorted, the last of a name wins.
 */
static struct json normal(struct arena *a, const struct json *v);

static int by_key(const void *x, const void *y)
{
    const struct json_member *p = x, *q = y;
    int order = str_cmp(p->key, q->key);

    return order ? order : p->key_pos < q->key_pos ? -1 : 1;
}

static struct json normal_object(struct arena *a, const struct json *v)
{
    struct json_member *m = ARENA_ARRAY(a, struct json_member, v->count + 1);
    uint32_t count = 0;

    for (uint32_t i = 0; i < v->count; i++)
        m[i] = (struct json_member){
            .key = v->members[i].key, .value = v->members[i].value, .key_pos = i};
    if (v->count > 1)
        qsort(m, v->count, sizeof(*m), by_key);
    for (uint32_t i = 0; i < v->count; i++) {
        count -= count > 0 && str_eq(m[count - 1].key, m[i].key);
        m[count] = m[i];
        m[count++].value = normal(a, &m[i].value);
    }
    return (struct json){.type = JSON_OBJECT, .pos = JSON_NO_POS, .count = count, .members = m};
}

static struct json normal(struct arena *a, const struct json *v)
{
    struct json_array_builder items = {};
    int64_t i;
    double f = 0;

    switch ((enum json_type) v->type) {
    case JSON_NUMBER:
        if (parse_i64(json_number(v), &i) || !json_f64(v, &f) || !isfinite(f))
            return *v;
        return as_float(a, f);
    case JSON_ARRAY:
        for (size_t k = 0; k < v->count; k++)
            json_push(a, &items, normal(a, &v->items[k]));
        return json_array(&items);
    case JSON_OBJECT:
        return normal_object(a, v);
    case JSON_NULL:
    case JSON_BOOL:
    case JSON_STRING:
        break;
    }
    return *v;
}

static bool is_whole(const struct json *v)
{
    int64_t i;

    return parse_i64(json_number(v), &i) && v->pos != FLOAT_POS;
}

static const char *go_type(const struct json *v)
{
    switch ((enum json_type) v->type) {
    case JSON_NULL:
        return "<nil>";
    case JSON_BOOL:
        return "bool";
    case JSON_NUMBER:
        return is_whole(v) ? "int64" : "float64";
    case JSON_STRING:
        return "string";
    case JSON_ARRAY:
        return "[]interface {}";
    case JSON_OBJECT:
        return "map[string]interface {}";
    }
    return "<nil>";
}

static void print(struct render *r, const struct json *v)
{
    char text[GO_FLOAT_TEXT_SIZE];
    double f = 0;

    if (r->muted > 0)
        return;
    if (v->type == JSON_STRING) {
        strbuf_add(&r->out, json_str(v));
    } else if (v->type == JSON_NUMBER && !is_whole(v) && json_f64(v, &f)) {
        go_float_text(f, text);
        strbuf_addz(&r->out, text);
    } else {
        json_print(&r->out, v, JSON_ESCAPE_HTML);
    }
}

/* ---- nodes ---- */

static int walk_field(struct render *r, value_list *in, struct str name, value_list *ret)
{
    VEC_FOREACH (v, in) {
        const struct json *found = json_get(v, name);

        if (charge(r) < 0 || (found && push(r, ret, found) < 0))
            return -1;
    }
    return 0;
}

/* The ends of a slice of one array; 1 when it is empty and nothing more is looked at. */
static int slice_ends(struct render *r, const struct jsonpath_node *n, int64_t count,
                      struct jsonpath_param p[3])
{
    memcpy(p, n->params, sizeof(n->params));
    if (!p[0].is_known)
        p[0].value = 0;
    if (p[0].value < 0)
        p[0].value += count;
    if (!p[1].is_known)
        p[1].value = count;
    if (p[1].value < 0 || (p[1].value == 0 && p[1].is_derived))
        p[1].value += count;
    if (p[1].value == p[0].value)
        return 1;
    if (p[0].value >= count || p[0].value < 0)
        return err_set(r->err, ERR_INVALID,
                       "array index out of bounds: index %lld, length %lld",
                       (long long) p[0].value, (long long) count);
    if (p[1].value > count || p[1].value < 0)
        return err_set(r->err, ERR_INVALID,
                       "array index out of bounds: index %lld, length %lld",
                       (long long) p[1].value - 1, (long long) count);
    if (p[0].value > p[1].value)
        return err_set(r->err, ERR_INVALID,
                       "starting index %lld is greater than ending index %lld",
                       (long long) p[0].value, (long long) p[1].value);
    if (p[2].is_known && p[2].value <= 0)
        return err_set(r->err, ERR_INVALID, "step must be > 0");
    return 0;
}

static int walk_array(struct render *r, value_list *in, const struct jsonpath_node *n,
                      value_list *ret)
{
    VEC_FOREACH (v, in) {
        struct jsonpath_param p[3];
        int rc;

        if (v->type == JSON_NULL && v->pos != NOTHING_POS)
            continue;
        if (v->type != JSON_ARRAY)
            return err_set(r->err, ERR_INVALID, "%s is not array or slice", go_type(v));
        rc = slice_ends(r, n, v->count, p);
        if (rc != 0)
            return rc < 0 ? -1 : 0;
        for (int64_t i = p[0].value, step = p[2].is_known ? p[2].value : 1; i < p[1].value;) {
            if (push(r, ret, &v->items[i]) < 0)
                return -1;
            if (step >= p[1].value - i)
                break;
            i += step;
        }
    }
    return 0;
}

/* Items, values, or the bytes of a text. */
static int add_children(struct render *r, const struct json *v, value_list *ret)
{
    struct json byte;

    for (size_t i = 0; i < v->count; i++) {
        const struct json *child = v->type == JSON_ARRAY    ? &v->items[i]
                                   : v->type == JSON_OBJECT ? &v->members[i].value
                                                            : &byte;

        if (v->type != JSON_ARRAY && v->type != JSON_OBJECT && v->type != JSON_STRING)
            return 0;
        if (v->type == JSON_STRING)
            byte = json_int(r->a, (unsigned char) v->text[i]);
        if (push(r, ret, child) < 0)
            return -1;
    }
    return 0;
}

static int walk_recursive(struct render *r, value_list *in, value_list *ret)
{
    VEC_FOREACH (v, in) {
        value_list children = {};

        if (charge(r) < 0 || add_children(r, v, &children) < 0)
            return -1;
        if (children.len > 0 && (push(r, ret, v) < 0 || walk_recursive(r, &children, ret) < 0))
            return -1;
    }
    return 0;
}

/* ---- filters ---- */

/* Order of two values of one kind: -1, 0, 1; -2 with an error. Booleans are only equal or not.
 */
static int order_of(struct render *r, const struct json *x, const struct json *y,
                    bool is_equality)
{
    double f = 0, g = 0;
    int64_t i = 0, k = 0;
    int order;
    bool is_number = x->type == JSON_NUMBER && y->type == JSON_NUMBER;

    if (x->type == JSON_NULL || x->type == JSON_ARRAY || x->type == JSON_OBJECT ||
        y->type == JSON_NULL || y->type == JSON_ARRAY || y->type == JSON_OBJECT ||
        (x->type == JSON_BOOL && y->type == JSON_BOOL && !is_equality)) {
        err_set(r->err, ERR_INVALID, "invalid type for comparison");
        return -2;
    }
    if (x->type != y->type || (is_number && is_whole(x) != is_whole(y))) {
        err_set(r->err, ERR_INVALID, "incompatible types for comparison");
        return -2;
    }
    if (x->type == JSON_BOOL)
        return x->is_true - y->is_true;
    if (x->type == JSON_STRING) {
        order = str_cmp(json_str(x), json_str(y));
        return order < 0 ? -1 : order > 0;
    }
    if (is_whole(x) && parse_i64(json_number(x), &i) && parse_i64(json_number(y), &k))
        return i < k ? -1 : i > k;
    if (!json_f64(x, &f) || !json_f64(y, &g))
        return 0;
    return f < g ? -1 : f > g;
}

static int is_met(struct render *r, struct str op, const struct json *x, const struct json *y)
{
    bool is_equality = str_is(op, "==") || str_is(op, "!=");
    int order;

    if (!is_equality && !str_is(op, "<") && !str_is(op, ">") && !str_is(op, "<=") &&
        !str_is(op, ">="))
        return err_set(r->err, ERR_INVALID, "unrecognized filter operator " STR_FMT,
                       STR_ARG(op));
    order = order_of(r, x, y, is_equality);
    if (order == -2)
        return -1;
    return str_is(op, "==")   ? order == 0
           : str_is(op, "!=") ? order != 0
           : str_is(op, "<")  ? order < 0
           : str_is(op, ">")  ? order > 0
           : str_is(op, "<=") ? order <= 0
                              : order >= 0;
}

/* Does one item pass? */
static int filter_item(struct render *r, const struct jsonpath_node *n, const struct json *item)
{
    value_list of = {}, left = {}, right = {};
    bool exists = str_is(n->text, "exists");
    int rc;

    if (push(r, &of, item) < 0)
        return -1;
    rc = walk(r, &of, n->nodes.at[0], &left);
    if (exists && (rc == 0 || r->err->kind == ERR_INVALID))
        return rc == 0 && left.len > 0;
    if (rc < 0)
        return -1;
    if (left.len == 0)
        return 0;
    if (left.len == 1 && walk(r, &of, n->nodes.at[1], &right) < 0)
        return -1;
    if (left.len > 1 || right.len > 1)
        return err_set(r->err, ERR_INVALID, "can only compare one element at a time");
    return right.len == 0 ? 0 : is_met(r, n->text, &left.at[0], &right.at[0]);
}

static int walk_filter(struct render *r, value_list *in, const struct jsonpath_node *n,
                       value_list *ret)
{
    VEC_FOREACH (v, in) {
        if (v->type != JSON_ARRAY)
            return err_set(r->err, ERR_INVALID,
                           STR_FMT " is not array or slice and cannot be filtered",
                           STR_ARG(str_head(json_text(r->a, v, 0), 200)));
        for (size_t i = 0; i < v->count; i++) {
            int rc = filter_item(r, n, &v->items[i]);

            if (rc < 0 || (rc > 0 && push(r, ret, &v->items[i]) < 0))
                return -1;
        }
    }
    return 0;
}

static int walk_word(struct render *r, value_list *in, struct str word, value_list *ret)
{
    if (str_is(word, "range")) {
        r->begins++;
        *ret = *in;
        return 0;
    }
    if (!str_is(word, "end"))
        return err_set(r->err, ERR_INVALID, "unrecognized identifier " STR_FMT, STR_ARG(word));
    if (r->ranges == 0)
        return err_set(r->err, ERR_INVALID, "not in range, nothing to end");
    r->ends++;
    return 0;
}

static int walk_list(struct render *r, value_list *in, const struct jsonpath_node *n,
                     value_list *ret)
{
    value_list cur = *in;

    for (size_t i = 0; i < n->nodes.len; i++) {
        value_list to = {};

        if (walk(r, &cur, n->nodes.at[i], &to) < 0)
            return -1;
        cur = to;
    }
    *ret = cur;
    return 0;
}

static int walk_union(struct render *r, value_list *in, const struct jsonpath_node *n,
                      value_list *ret)
{
    for (size_t i = 0; i < n->nodes.len; i++) {
        value_list part = {};

        if (walk(r, in, n->nodes.at[i], &part) < 0)
            return -1;
        VEC_FOREACH (v, &part)
            if (push(r, ret, v) < 0)
                return -1;
    }
    return 0;
}

static int walk_literal(struct render *r, value_list *in, const struct jsonpath_node *n,
                        value_list *ret)
{
    struct json v = n->value;

    if (n->params[0].is_derived)
        v.pos = FLOAT_POS;
    for (size_t i = 0; i < in->len; i++)
        if (push(r, ret, &v) < 0)
            return -1;
    return 0;
}

static int walk(struct render *r, value_list *in, const struct jsonpath_node *n,
                value_list *ret)
{
    struct json text = json_string(n->text);

    if (charge(r) < 0)
        return -1;
    switch (n->kind) {
    case JSONPATH_LIST:
        return walk_list(r, in, n, ret);
    case JSONPATH_TEXT:
        return push(r, ret, &text);
    case JSONPATH_LITERAL:
        return walk_literal(r, in, n, ret);
    case JSONPATH_FIELD:
        return walk_field(r, in, n->text, ret);
    case JSONPATH_ARRAY:
        return walk_array(r, in, n, ret);
    case JSONPATH_FILTER:
        return walk_filter(r, in, n, ret);
    case JSONPATH_WILDCARD:
        VEC_FOREACH (v, in)
            if (add_children(r, v, ret) < 0)
                return -1;
        return 0;
    case JSONPATH_RECURSIVE:
        return walk_recursive(r, in, ret);
    case JSONPATH_UNION:
        return walk_union(r, in, n, ret);
    case JSONPATH_WORD:
        return walk_word(r, in, n->text, ret);
    }
    return 0;
}

/* ---- ranges ---- */

static int render_from(struct render *r, size_t first, const struct json *data);

/* What stands behind "range", once for each value; nothing is shown when there is none. */
static int render_range(struct render *r, size_t first, value_list *values)
{
    static const struct json none = {.type = JSON_NULL, .pos = NOTHING_POS};
    int rc = 0;

    r->begins--;
    r->ranges++;
    for (size_t i = 0; rc == 0 && i < values->len; i++)
        rc = render_from(r, first, &values->at[i]);
    if (rc == 0 && values->len == 0) {
        r->muted++;
        rc = render_from(r, first, &none);
        r->muted--;
    }
    r->ranges--;
    return rc;
}

static int render_from(struct render *r, size_t first, const struct json *data)
{
    value_list cur = {};

    if (push(r, &cur, data) < 0)
        return -1;
    for (size_t i = first; i < r->root->nodes.len; i++) {
        value_list values = {};

        if (walk(r, &cur, r->root->nodes.at[i], &values) < 0)
            return -1;
        if (r->ends > 0 && r->ends <= r->ranges) {
            r->ends--;
            r->last_end = i;
            return 0;
        }
        if (r->begins > 0) {
            if (render_range(r, i + 1, &values) < 0)
                return -1;
            if (r->last_end > i)
                i = r->last_end;
            continue;
        }
        for (size_t k = 0; k < values.len; k++) {
            if (k > 0 && r->muted == 0)
                strbuf_addc(&r->out, ' ');
            print(r, &values.at[k]);
        }
    }
    return 0;
}

struct jsonpath_template *jsonpath_template_new(struct str text, struct err *err)
{
    struct jsonpath_template *t;
    struct arena *a;

    if (text.len > JSONPATH_TEXT_MAX_BYTES) {
        err_set(err, ERR_LIMIT, "JSONPath is longer than %d bytes", JSONPATH_TEXT_MAX_BYTES);
        return NULL;
    }
    a = arena_new();
    t = ARENA_NEW(a, struct jsonpath_template);
    t->a = a;
    if (jsonpath_parse_template(a, str_copy(a, text), 0, &t->root, err) == 0)
        return t;
    jsonpath_template_free(t);
    return NULL;
}

void jsonpath_template_free(struct jsonpath_template *t)
{
    if (t)
        arena_free(t->a);
}

int jsonpath_template_render(const struct jsonpath_template *t, struct arena *a,
                             const struct json *doc, struct str *ret, struct err *err)
{
    struct render r = {
        .a = a, .root = &t->root, .out = STRBUF_INIT(JSONPATH_OUTPUT_MAX_BYTES), .err = err};
    struct json root = normal(a, doc);
    int rc = render_from(&r, 0, &root);

    if (rc == 0 && r.out.is_over)
        rc = err_set(err, ERR_LIMIT, "JSONPath writes more than %d bytes",
                     JSONPATH_OUTPUT_MAX_BYTES);
    if (rc == 0)
        *ret = str_copy(a, strbuf_str(&r.out));
    strbuf_done(&r.out);
    return rc;
}
