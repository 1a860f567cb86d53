/* Texts with queries in them, objects, and assignments. See run.h. */
#include "lang/jq/run.h"

/* ---- texts ---- */

struct string_frame {
    struct jq_sink sink;
    const struct jq_node *n;
    const struct jq_env *env;
    const struct jq_at *in;
    struct jq_sink *out;
    size_t part;     /* whose text comes */
    struct str tail; /* of the parts behind it */
};

static int on_part(struct jq_run *r, struct jq_sink *self, const struct jq_at *at)
{
    struct string_frame *f = (struct string_frame *) self, inner = *f;
    struct jq_at of = {.v = f->in->v};
    int rc = jq_charge(r, 1, at->v.count + f->tail.len);

    if (rc)
        return rc;
    inner.tail = str_concat(r->a, jq_str(&at->v), f->tail);
    if (f->part == 0)
        return jq_give(r, f->in, jq_string(inner.tail), f->out);
    inner.part = f->part - 1;
    return jq_eval(r, f->n->list.at[inner.part], f->env, &of, &inner.sink);
}

int jq_eval_string(struct jq_run *r, const struct jq_node *n, const struct jq_env *env,
                   const struct jq_at *in, struct jq_sink *out)
{
    struct string_frame f = {.sink = {on_part},
                             .n = n,
                             .env = env,
                             .in = in,
                             .out = out,
                             .part = n->list.len - 1,
                             .tail = STR("")};
    struct jq_at of = {.v = in->v};

    return jq_eval(r, n->list.at[f.part], env, &of, &f.sink);
}

/* ---- objects ---- */

struct member_link {
    const struct member_link *up;
    struct jq_member member;
};

struct object_frame {
    struct jq_sink sink;
    const struct jq_node *n;
    const struct jq_env *env;
    const struct jq_at *in;
    struct jq_sink *out;
    size_t next; /* member */
    struct jq_value key;
    const struct member_link *made;
};

static int make_members(struct jq_run *r, const struct object_frame *f);

static int add_member(struct jq_run *r, const struct object_frame *f, const struct jq_value *v)
{
    struct object_frame inner = *f;
    struct member_link link = {.up = f->made, .member = {.key = jq_str(&f->key), .value = *v}};

    inner.made = &link;
    inner.next++;
    return make_members(r, &inner);
}

static int on_member_value(struct jq_run *r, struct jq_sink *self, const struct jq_at *at)
{
    return add_member(r, (struct object_frame *) self, &at->v);
}

static int on_member_key(struct jq_run *r, struct jq_sink *self, const struct jq_at *at)
{
    struct object_frame *f = (struct object_frame *) self, inner = *f;
    const struct jq_node *value = f->n->list.at[2 * f->next + 1];
    struct jq_at of = {.v = f->in->v};
    struct jq_value v;
    int rc;

    if (at->v.type != JQ_STRING)
        return jq_fail(r, "expected a string for object key but got: " STR_FMT,
                       STR_ARG(jq_shown(r, &at->v)));
    inner.key = at->v;
    inner.sink.fn = on_member_value;
    if (value)
        return jq_eval(r, value, f->env, &of, &inner.sink);
    rc = jq_index(r, &f->in->v, &at->v, &v);
    return rc ? rc : add_member(r, &inner, &v);
}

static int make_members(struct jq_run *r, const struct object_frame *f)
{
    struct object_frame inner = *f;
    struct jq_at of = {.v = f->in->v};
    size_t count = f->n->list.len / 2;
    struct jq_member *members;
    int rc;

    if (f->next < count) {
        inner.sink.fn = on_member_key;
        return jq_eval(r, f->n->list.at[2 * f->next], f->env, &of, &inner.sink);
    }
    rc = jq_charge(r, count, count * sizeof(*members));
    if (rc)
        return rc;
    members = ARENA_ARRAY(r->a, struct jq_member, count + 1);
    for (const struct member_link *link = f->made; link; link = link->up)
        members[--count] = link->member;
    return jq_give(r, f->in, jq_make_object(members, f->n->list.len / 2), f->out);
}

int jq_eval_object(struct jq_run *r, const struct jq_node *n, const struct jq_env *env,
                   const struct jq_at *in, struct jq_sink *out)
{
    struct object_frame f = {.n = n, .env = env, .in = in, .out = out};

    return make_members(r, &f);
}

/* ---- assignments ---- */

struct assign_frame {
    struct jq_sink sink;
    const struct jq_node *n;
    const struct jq_env *env;
    const struct jq_at *in;
    struct jq_sink *out;
};

/* "=" and "+=": the paths once for each value of the right side. */
static int on_assigned(struct jq_run *r, struct jq_sink *self, const struct jq_at *at)
{
    struct assign_frame *f = (struct assign_frame *) self;
    struct jq_value v = f->in->v, paths, old, n;
    int rc = jq_collect_paths(r, f->n->a, f->env, &f->in->v, &paths);

    for (size_t i = 0; rc == JQ_OK && i < paths.count; i++) {
        n = at->v;
        if (f->n->kind == JQ_N_UPDATE) {
            rc = jq_get_path(r, &v, &paths.items[i], &old);
            if (rc == JQ_OK)
                rc = jq_binary(r, f->n->op, &old, &at->v, &n);
        }
        if (rc == JQ_OK)
            rc = jq_set_path(r, &v, &paths.items[i], &n, &v);
    }
    return rc ? rc : jq_give(r, f->in, v, f->out);
}

/* "|=": the first output of the right side; where there is none, the place goes. */
static int modify(struct jq_run *r, const struct jq_node *n, const struct jq_env *env,
                  const struct jq_at *in, struct jq_sink *out)
{
    struct jq_collector gone = {};
    struct jq_value v = in->v, paths;
    int rc = jq_collect_paths(r, n->a, env, &in->v, &paths);
    struct jq_at old = {}, made;
    bool is_there = false;

    for (size_t i = 0; rc == JQ_OK && i < paths.count; i++) {
        rc = jq_get_path(r, &v, &paths.items[i], &old.v);
        if (rc == JQ_OK)
            rc = jq_first(r, n->b, env, &old, &made, &is_there);
        if (rc == JQ_OK && is_there)
            rc = jq_set_path(r, &v, &paths.items[i], &made.v, &v);
        else if (rc == JQ_OK)
            VEC_APUSH(r->a, &gone.values, paths.items[i]);
    }
    paths = jq_array(gone.values.at, gone.values.len);
    if (rc == JQ_OK && paths.count > 0)
        rc = jq_delete_paths(r, &v, &paths, &v);
    return rc ? rc : jq_give(r, in, v, out);
}

int jq_eval_assignment(struct jq_run *r, const struct jq_node *n, const struct jq_env *env,
                       const struct jq_at *in, struct jq_sink *out)
{
    struct assign_frame f = {.sink = {on_assigned}, .n = n, .env = env, .in = in, .out = out};
    struct jq_at of = {.v = in->v};

    return n->kind == JQ_N_MODIFY ? modify(r, n, env, in, out)
                                  : jq_eval(r, n->b, env, &of, &f.sink);
}
