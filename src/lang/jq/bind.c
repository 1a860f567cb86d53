/* Values bound to patterns: as, reduce, foreach. See run.h. */
#include "lang/jq/run.h"

/* A pattern and the value that it takes apart, and what comes behind it. */
struct todo {
    const struct todo *next;
    const struct jq_pattern *pattern;
    struct jq_value v;
    size_t member; /* of an object: the next one */
};

/* What is done with the variables, in the end. */
struct binding {
    int (*fn)(struct jq_run *r, struct binding *self, const struct jq_env *env);
};

static int bind(struct jq_run *r, const struct todo *todo, const struct jq_env *env,
                struct binding *b);

static int bind_array(struct jq_run *r, const struct todo *todo, const struct jq_env *env,
                      struct binding *b)
{
    const struct todo *next = todo->next;
    const jq_patterns *items = &todo->pattern->items;

    if (todo->v.type != JQ_ARRAY && todo->v.type != JQ_NULL)
        return jq_fail(r, "expected an array but got: " STR_FMT,
                       STR_ARG(jq_shown(r, &todo->v)));
    for (size_t i = items->len; i-- > 0;) {
        struct todo *item = ARENA_NEW(r->a, struct todo);

        *item = (struct todo){
            .next = next,
            .pattern = items->at[i],
            .v = i < todo->v.count && todo->v.type == JQ_ARRAY ? todo->v.items[i] : jq_null()};
        next = item;
    }
    return bind(r, next, env, b);
}

struct key_frame {
    struct jq_sink sink;
    const struct todo *todo;
    const struct jq_env *env;
    struct binding *b;
};

/* A key of a member is known: its variable, its pattern, then the other members. */
static int on_pattern_key(struct jq_run *r, struct jq_sink *self, const struct jq_at *at)
{
    struct key_frame *f = (struct key_frame *) self;
    size_t i = f->todo->member;
    const struct jq_pattern *p = f->todo->pattern;
    struct todo others = *f->todo, inner = {.next = &others, .pattern = p->items.at[i]};
    struct jq_env env = {.kind = JQ_E_VARIABLE, .up = f->env, .name = p->names.at[i]};
    int rc = jq_index(r, &f->todo->v, &at->v, &inner.v);

    if (rc)
        return rc;
    others.member++;
    env.value = inner.v;
    return bind(r, inner.pattern ? &inner : &others, str_is_none(env.name) ? f->env : &env,
                f->b);
}

static int bind_object(struct jq_run *r, const struct todo *todo, const struct jq_env *env,
                       struct binding *b)
{
    struct key_frame f = {.sink = {on_pattern_key}, .todo = todo, .env = env, .b = b};
    struct jq_at of = {.v = todo->v};

    if (todo->member == todo->pattern->keys.len)
        return bind(r, todo->next, env, b);
    return jq_eval(r, todo->pattern->keys.at[todo->member], env, &of, &f.sink);
}

static int bind(struct jq_run *r, const struct todo *todo, const struct jq_env *env,
                struct binding *b)
{
    struct jq_env inner;

    if (!todo)
        return b->fn(r, b, env);
    switch (todo->pattern->kind) {
    case JQ_P_ARRAY:
        return bind_array(r, todo, env, b);
    case JQ_P_OBJECT:
        return bind_object(r, todo, env, b);
    case JQ_P_VARIABLE:
        break;
    }
    inner = (struct jq_env){
        .kind = JQ_E_VARIABLE, .up = env, .name = todo->pattern->name, .value = todo->v};
    return bind(r, todo->next, &inner, b);
}

/* ---- as ---- */

struct as_frame {
    struct jq_sink sink;
    struct binding b;
    const struct jq_node *n;
    const struct jq_env *env;
    const struct jq_at *in;
    struct jq_sink *out;
    struct jq_sink guard; /* tells what came behind from what failed here */
    bool is_behind;
};

#define OF(type, member, ptr) ((type *) (void *) ((char *) (ptr) -offsetof(type, member)))

static int on_guarded(struct jq_run *r, struct jq_sink *self, const struct jq_at *at)
{
    struct as_frame *f = OF(struct as_frame, guard, self);
    int rc = f->out->fn(r, f->out, at);

    f->is_behind = rc != JQ_OK;
    return rc;
}

static int on_as_bound(struct jq_run *r, struct binding *self, const struct jq_env *env)
{
    struct as_frame *f = OF(struct as_frame, b, self);

    return jq_eval(r, f->n->b, env, f->in, &f->guard);
}

/* All variables of a pattern as null. */
static const struct jq_env *add_nulls(struct jq_run *r, const struct jq_pattern *p,
                                      const struct jq_env *env)
{
    struct jq_env *added;

    if (!p)
        return env;
    if (p->kind == JQ_P_VARIABLE) {
        added = ARENA_NEW(r->a, struct jq_env);
        *added = (struct jq_env){.kind = JQ_E_VARIABLE, .up = env, .name = p->name};
        return added;
    }
    for (size_t i = 0; i < p->items.len; i++) {
        if (i < p->names.len && !str_is_none(p->names.at[i])) {
            added = ARENA_NEW(r->a, struct jq_env);
            *added = (struct jq_env){.kind = JQ_E_VARIABLE, .up = env, .name = p->names.at[i]};
            env = added;
        }
        env = add_nulls(r, p->items.at[i], env);
    }
    return env;
}

/* With "?//" the next pattern is tried when binding, or the body, fails. */
static int on_as_value(struct jq_run *r, struct jq_sink *self, const struct jq_at *at)
{
    struct as_frame *f = (struct as_frame *) self;
    const struct jq_env *env = f->env;
    size_t count = f->n->patterns.len;
    int rc = JQ_OK;

    for (size_t i = 0; count > 1 && i < count; i++)
        env = add_nulls(r, f->n->patterns.at[i], env);
    for (size_t i = 0; i < count; i++) {
        struct todo todo = {.pattern = f->n->patterns.at[i], .v = at->v};

        f->is_behind = false;
        rc = bind(r, &todo, env, &f->b);
        if (rc != JQ_FAILS || f->is_behind)
            break;
    }
    return rc;
}

/* ---- reduce and foreach ---- */

struct fold_frame {
    struct jq_sink start;  /* values of the beginning */
    struct jq_sink source; /* what is folded */
    struct jq_sink update; /* new states */
    struct binding b;
    const struct jq_node *n;
    const struct jq_env *env, *inner_env;
    const struct jq_at *in;
    struct jq_sink *out;
    struct jq_at state;
};

static int on_new_state(struct jq_run *r, struct jq_sink *self, const struct jq_at *at)
{
    struct fold_frame *f = OF(struct fold_frame, update, self);
    struct jq_at state = *at;

    f->state = *at;
    if (f->n->kind == JQ_N_REDUCE)
        return JQ_OK;
    return f->n->d ? jq_eval(r, f->n->d, f->inner_env, &state, f->out)
                   : f->out->fn(r, f->out, &state);
}

static int on_fold_bound(struct jq_run *r, struct binding *self, const struct jq_env *env)
{
    struct fold_frame *f = OF(struct fold_frame, b, self);
    const struct jq_env *outer = f->inner_env;
    struct jq_at state = f->state;
    int rc;

    f->inner_env = env;
    rc = jq_eval(r, f->n->c, env, &state, &f->update);
    f->inner_env = outer;
    return rc;
}

static int on_folded(struct jq_run *r, struct jq_sink *self, const struct jq_at *at)
{
    struct fold_frame *f = OF(struct fold_frame, source, self);
    struct todo todo = {.pattern = f->n->patterns.at[0], .v = at->v};

    return bind(r, &todo, f->env, &f->b);
}

static int on_start(struct jq_run *r, struct jq_sink *self, const struct jq_at *at)
{
    struct fold_frame *f = OF(struct fold_frame, start, self);
    struct jq_at of = {.v = f->in->v}, state;
    int rc;

    f->state = *at;
    rc = jq_eval(r, f->n->a, f->env, &of, &f->source);
    if (rc || f->n->kind == JQ_N_FOREACH)
        return rc;
    state = f->state;
    return f->out->fn(r, f->out, &state);
}

int jq_eval_binding(struct jq_run *r, const struct jq_node *n, const struct jq_env *env,
                    const struct jq_at *in, struct jq_sink *out)
{
    struct jq_at of = {.v = in->v};

    if (n->kind == JQ_N_AS) {
        struct as_frame f = {.sink = {on_as_value},
                             .guard = {on_guarded},
                             .b = {on_as_bound},
                             .n = n,
                             .env = env,
                             .in = in,
                             .out = out};

        return jq_eval(r, n->a, env, &of, &f.sink);
    } else {
        struct fold_frame f = {.start = {on_start},
                               .source = {on_folded},
                               .update = {on_new_state},
                               .b = {on_fold_bound},
                               .n = n,
                               .env = env,
                               .in = in,
                               .out = out};

        return jq_eval(r, n->b, env, in, &f.start);
    }
}
