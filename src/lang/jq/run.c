/* Evaluates programs: a case for each kind of node. See jq_internal.h. */
#include "lang/jq/run.h"

const struct jq_path jq_no_path, jq_root_path;

/* ---- budgets and errors ---- */

int jq_charge(struct jq_run *r, size_t steps, size_t bytes)
{
    char here = 0;
    ptrdiff_t depth = r->stack - &here;

    r->steps += (int64_t) steps;
    if (r->steps + r->compared / JQ_COMPARED_STEP_BYTES > JQ_STEPS_MAX) {
        err_set(r->err, ERR_LIMIT, "jq: more than %d steps", JQ_STEPS_MAX);
        return JQ_ENDS;
    }
    if (arena_bytes(r->a) - r->first_bytes + bytes > JQ_MEMORY_MAX_BYTES) {
        err_set(r->err, ERR_LIMIT, "jq: more than %d bytes of values", JQ_MEMORY_MAX_BYTES);
        return JQ_ENDS;
    }
    if (depth > JQ_STACK_MAX_BYTES || -depth > JQ_STACK_MAX_BYTES) {
        err_set(r->err, ERR_LIMIT, "jq: functions nest too deep");
        return JQ_ENDS;
    }
    return JQ_OK;
}

int jq_fail(struct jq_run *r, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    r->error = jq_string(str_vprintf(r->a, fmt, args));
    va_end(args);
    return JQ_FAILS;
}

/* ---- outputs ---- */

/* Does a value stand where it was? Then it is on the way of path(), as upstream sees it. */
static bool is_same(struct jq_run *r, const struct jq_value *x, const struct jq_value *y)
{
    if (x->type == JQ_ARRAY || x->type == JQ_OBJECT)
        return x->type == y->type && x->items == y->items && x->count == y->count;
    return y->type != JQ_ARRAY && y->type != JQ_OBJECT && jq_compare(r, x, y) == 0;
}

int jq_give(struct jq_run *r, const struct jq_at *in, struct jq_value v, struct jq_sink *out)
{
    struct jq_at at = {.v = v};

    if (in->path)
        at.path = is_same(r, &in->v, &v) ? in->path : &jq_no_path;
    return out->fn(r, out, &at);
}

static const struct jq_path *add_step(struct jq_run *r, const struct jq_path *up,
                                      struct jq_value key)
{
    struct jq_path *p = ARENA_NEW(r->a, struct jq_path);

    *p = (struct jq_path){.up = up, .key = key};
    return p;
}

int jq_give_step(struct jq_run *r, const struct jq_at *of, struct jq_value key,
                 struct jq_value v, struct jq_sink *out)
{
    struct jq_at at = {.v = v};

    if (of->path == &jq_no_path)
        return jq_fail(r, "invalid path against: " STR_FMT, STR_ARG(jq_shown(r, &of->v)));
    if (of->path)
        at.path = add_step(r, of->path, key);
    return out->fn(r, out, &at);
}

static int push_value(struct jq_run *r, struct jq_sink *self, const struct jq_at *at)
{
    struct jq_collector *c = (struct jq_collector *) self;

    VEC_APUSH(r->a, &c->values, at->v);
    return jq_charge(r, 1, 0);
}

int jq_collect(struct jq_run *r, const struct jq_node *n, const struct jq_env *env,
               const struct jq_value *in, struct jq_value *ret)
{
    struct jq_collector c = {.sink = {push_value}};
    struct jq_at at = {.v = *in};
    int rc = jq_eval(r, n, env, &at, &c.sink);

    *ret = jq_array(c.values.at, c.values.len);
    return rc;
}

static int push_path(struct jq_run *r, struct jq_sink *self, const struct jq_at *at)
{
    struct jq_collector *c = (struct jq_collector *) self;

    if (at->path == &jq_no_path)
        return jq_fail(r, "invalid path against: " STR_FMT, STR_ARG(jq_shown(r, &at->v)));
    VEC_APUSH(r->a, &c->values, jq_path_value(r->a, at->path));
    return jq_charge(r, 1, 0);
}

int jq_collect_paths(struct jq_run *r, const struct jq_node *n, const struct jq_env *env,
                     const struct jq_value *in, struct jq_value *ret)
{
    struct jq_collector c = {.sink = {push_path}};
    struct jq_at at = {.v = *in, .path = &jq_root_path};
    int rc = jq_eval(r, n, env, &at, &c.sink);

    *ret = jq_array(c.values.at, c.values.len);
    return rc;
}

/* Takes the first output and breaks. */
struct first {
    struct jq_sink sink;
    struct jq_at at;
    bool is_there;
    struct jq_env label;
};

static int take_first(struct jq_run *r, struct jq_sink *self, const struct jq_at *at)
{
    struct first *f = (struct first *) self;

    f->at = *at;
    f->is_there = true;
    r->label = &f->label;
    return JQ_BREAKS;
}

int jq_first(struct jq_run *r, const struct jq_node *n, const struct jq_env *env,
             const struct jq_at *in, struct jq_at *ret, bool *ret_is_there)
{
    struct first f = {.sink = {take_first}};
    int rc = jq_eval(r, n, env, in, &f.sink);

    *ret = f.at;
    *ret_is_there = f.is_there;
    return rc == JQ_BREAKS && r->label == &f.label ? JQ_OK : rc;
}

/* ---- nodes ---- */

/* What most sinks need to go on. */
struct frame {
    struct jq_sink sink;
    const struct jq_node *n;
    const struct jq_env *env;
    const struct jq_at *in;
    struct jq_sink *out;
    struct jq_value x, y; /* what came before */
    bool is_done;
};

#define FRAME(function)                                              \
    {                                                                \
        .sink = {function}, .n = n, .env = env, .in = in, .out = out \
    }

static int plain(struct jq_run *r, const struct jq_node *n, const struct jq_env *env,
                 const struct jq_at *in, struct jq_sink *out)
{
    struct jq_at at = {.v = in->v};

    return jq_eval(r, n, env, &at, out);
}

static int on_indexed(struct jq_run *r, struct jq_sink *self, const struct jq_at *at)
{
    struct frame *f = (struct frame *) self;
    struct jq_value v;
    int rc = jq_index(r, &at->v, &f->x, &v);

    return rc ? rc : jq_give_step(r, at, f->x, v, f->out);
}

static int on_key(struct jq_run *r, struct jq_sink *self, const struct jq_at *at)
{
    struct frame *f = (struct frame *) self, inner = *f;

    inner.sink.fn = on_indexed;
    inner.x = at->v;
    return jq_eval(r, f->n->a, f->env, f->in, &inner.sink);
}

static struct jq_value slice_key(struct jq_run *r, struct jq_value from, struct jq_value to)
{
    struct jq_member *m = ARENA_ARRAY(r->a, struct jq_member, 2);

    m[0] = (struct jq_member){.key = STR("end"), .value = to};
    m[1] = (struct jq_member){.key = STR("start"), .value = from};
    return jq_object(m, 2);
}

static int on_sliced(struct jq_run *r, struct jq_sink *self, const struct jq_at *at)
{
    struct frame *f = (struct frame *) self;
    struct jq_value v;
    int rc = jq_slice(r, &at->v, &f->x, &f->y, &v);

    return rc ? rc : jq_give_step(r, at, slice_key(r, f->x, f->y), v, f->out);
}

static int on_slice_to(struct jq_run *r, struct jq_sink *self, const struct jq_at *at)
{
    struct frame *f = (struct frame *) self, inner = *f;

    inner.sink.fn = on_sliced;
    inner.y = at->v;
    return jq_eval(r, f->n->a, f->env, f->in, &inner.sink);
}

static int on_slice_from(struct jq_run *r, struct jq_sink *self, const struct jq_at *at)
{
    struct frame *f = (struct frame *) self, inner = *f;
    struct jq_at none = {.v = jq_null()};

    inner.sink.fn = on_slice_to;
    inner.x = at->v;
    return f->n->c ? plain(r, f->n->c, f->env, f->in, &inner.sink)
                   : on_slice_to(r, &inner.sink, &none);
}

static int eval_slice(struct jq_run *r, const struct jq_node *n, const struct jq_env *env,
                      const struct jq_at *in, struct jq_sink *out)
{
    struct frame f = FRAME(on_slice_from);
    struct jq_at none = {.v = jq_null()};

    return n->b ? plain(r, n->b, env, in, &f.sink) : on_slice_from(r, &f.sink, &none);
}

int jq_iterate(struct jq_run *r, const struct jq_at *of, struct jq_sink *out)
{
    int rc = JQ_OK;

    if (of->v.type != JQ_ARRAY && of->v.type != JQ_OBJECT)
        return jq_fail(r, "cannot iterate over: " STR_FMT, STR_ARG(jq_shown(r, &of->v)));
    if (of->path == &jq_no_path)
        return jq_fail(r, "invalid path on iterating against: " STR_FMT,
                       STR_ARG(jq_shown(r, &of->v)));
    for (size_t i = 0; rc == JQ_OK && i < of->v.count; i++) {
        bool is_array = of->v.type == JQ_ARRAY;

        rc = jq_give_step(r, of,
                          is_array ? jq_int((int64_t) i) : jq_string(of->v.members[i].key),
                          is_array ? of->v.items[i] : of->v.members[i].value, out);
    }
    return rc;
}

static int on_iterated(struct jq_run *r, struct jq_sink *self, const struct jq_at *at)
{
    return jq_iterate(r, at, ((struct frame *) self)->out);
}

int jq_recurse(struct jq_run *r, const struct jq_at *of, struct jq_sink *out)
{
    struct jq_at_recursion inner = {.sink = {jq_on_recursion}, .out = out};
    int rc = jq_charge(r, 1, 0);

    if (rc == JQ_OK)
        rc = out->fn(r, out, of);
    if (rc || (of->v.type != JQ_ARRAY && of->v.type != JQ_OBJECT))
        return rc;
    return jq_iterate(r, of, &inner.sink);
}

int jq_on_recursion(struct jq_run *r, struct jq_sink *self, const struct jq_at *at)
{
    return jq_recurse(r, at, ((struct jq_at_recursion *) self)->out);
}

static int on_left(struct jq_run *r, struct jq_sink *self, const struct jq_at *at)
{
    struct frame *f = (struct frame *) self;
    struct jq_value v;
    int rc = jq_binary(r, f->n->op, &at->v, &f->x, &v);

    return rc ? rc : jq_give(r, f->in, v, f->out);
}

static int on_right(struct jq_run *r, struct jq_sink *self, const struct jq_at *at)
{
    struct frame *f = (struct frame *) self, inner = *f;

    inner.sink.fn = on_left;
    inner.x = at->v;
    return plain(r, f->n->a, f->env, f->in, &inner.sink);
}

static int on_piped(struct jq_run *r, struct jq_sink *self, const struct jq_at *at)
{
    struct frame *f = (struct frame *) self;

    return jq_eval(r, f->n->b, f->env, at, f->out);
}

static int on_second_truth(struct jq_run *r, struct jq_sink *self, const struct jq_at *at)
{
    struct frame *f = (struct frame *) self;

    return jq_give(r, f->in, jq_bool(jq_is_true(&at->v)), f->out);
}

static int on_first_truth(struct jq_run *r, struct jq_sink *self, const struct jq_at *at)
{
    struct frame *f = (struct frame *) self, inner = *f;
    bool is_true = jq_is_true(&at->v);

    if (is_true == (f->n->kind == JQ_N_OR))
        return jq_give(r, f->in, jq_bool(is_true), f->out);
    inner.sink.fn = on_second_truth;
    return plain(r, f->n->b, f->env, f->in, &inner.sink);
}

static int on_alternative(struct jq_run *r, struct jq_sink *self, const struct jq_at *at)
{
    struct frame *f = (struct frame *) self;

    if (!jq_is_true(&at->v))
        return JQ_OK;
    f->is_done = true;
    return f->out->fn(r, f->out, at);
}

static int eval_alternative(struct jq_run *r, const struct jq_node *n, const struct jq_env *env,
                            const struct jq_at *in, struct jq_sink *out)
{
    struct frame f = FRAME(on_alternative);
    int rc = jq_eval(r, n->a, env, in, &f.sink);

    return rc || f.is_done ? rc : jq_eval(r, n->b, env, in, out);
}

static int on_condition(struct jq_run *r, struct jq_sink *self, const struct jq_at *at)
{
    struct frame *f = (struct frame *) self;

    if (jq_is_true(&at->v))
        return jq_eval(r, f->n->b, f->env, f->in, f->out);
    return f->n->c ? jq_eval(r, f->n->c, f->env, f->in, f->out) : f->out->fn(r, f->out, f->in);
}

/* What comes after the body of "try" fails is not caught by it. */
static int on_tried(struct jq_run *r, struct jq_sink *self, const struct jq_at *at)
{
    struct frame *f = (struct frame *) self;
    int rc = f->out->fn(r, f->out, at);

    f->is_done = rc != JQ_OK;
    return rc;
}

static int eval_try(struct jq_run *r, const struct jq_node *n, const struct jq_env *env,
                    const struct jq_at *in, struct jq_sink *out)
{
    struct frame f = FRAME(on_tried);
    int rc = jq_eval(r, n->a, env, in, &f.sink);
    struct jq_at error;

    if (rc != JQ_FAILS || f.is_done)
        return rc;
    error = (struct jq_at){.v = r->error, .path = in->path ? &jq_no_path : NULL};
    return n->b ? jq_eval(r, n->b, env, &error, out) : JQ_OK;
}

static int on_signed(struct jq_run *r, struct jq_sink *self, const struct jq_at *at)
{
    struct frame *f = (struct frame *) self;
    bool is_minus = f->n->kind == JQ_N_NEGATE;
    struct jq_value zero = jq_int(0), v = at->v;
    int rc = JQ_OK;

    if (!jq_is_number(&at->v))
        return jq_fail(r, "cannot %s: " STR_FMT, is_minus ? "negate" : "plus",
                       STR_ARG(jq_shown(r, &at->v)));
    if (is_minus && v.type == JQ_FLOAT)
        v.f = -v.f;
    else if (is_minus)
        rc = jq_binary(r, JQ_OP_SUB, &zero, &at->v, &v);
    return rc ? rc : jq_give(r, f->in, v, f->out);
}

static int on_formatted(struct jq_run *r, struct jq_sink *self, const struct jq_at *at)
{
    struct frame *f = (struct frame *) self;
    struct str text;
    int rc = jq_format(r, f->n->text, &at->v, &text);

    return rc ? rc : jq_give(r, f->in, jq_string(text), f->out);
}

static int eval_variable(struct jq_run *r, const struct jq_node *n, const struct jq_env *env,
                         const struct jq_at *in, struct jq_sink *out)
{
    for (; env; env = env->up)
        if (env->kind == JQ_E_VARIABLE && str_eq(env->name, n->text))
            return jq_give(r, in, env->value, out);
    return jq_fail(r, "variable not defined: " STR_FMT, STR_ARG(n->text));
}

static int eval_label(struct jq_run *r, const struct jq_node *n, const struct jq_env *env,
                      const struct jq_at *in, struct jq_sink *out)
{
    struct jq_env *label = ARENA_NEW(r->a, struct jq_env); /* closures may outlive the stack */
    int rc;

    *label = (struct jq_env){.kind = JQ_E_LABEL, .up = env, .name = n->text};
    rc = jq_eval(r, n->a, label, in, out);
    return rc == JQ_BREAKS && r->label == label ? JQ_OK : rc;
}

static int eval_break(struct jq_run *r, const struct jq_node *n, const struct jq_env *env)
{
    while (env && (env->kind != JQ_E_LABEL || !str_eq(env->name, n->text)))
        env = env->up;
    r->label = env;
    return JQ_BREAKS;
}

static int eval_with_def(struct jq_run *r, const struct jq_node *n, const struct jq_env *env,
                         const struct jq_at *in, struct jq_sink *out)
{
    struct jq_env inner = {
        .kind = JQ_E_FUNCTION, .up = env, .name = n->def->name, .def = n->def};

    return jq_eval(r, n->a, &inner, in, out);
}

/* Kinds whose parts are evaluated for a frame's function. */
static int eval_frame(struct jq_run *r, const struct jq_node *n, const struct jq_env *env,
                      const struct jq_at *in, struct jq_sink *out)
{
    struct frame f = FRAME(NULL);

    switch (n->kind) {
    case JQ_N_INDEX:
        f.sink.fn = on_key;
        return plain(r, n->b, env, in, &f.sink);
    case JQ_N_ITERATE:
        f.sink.fn = on_iterated;
        return jq_eval(r, n->a, env, in, &f.sink);
    case JQ_N_BINARY:
        f.sink.fn = on_right;
        return plain(r, n->b, env, in, &f.sink);
    case JQ_N_PIPE:
        f.sink.fn = on_piped;
        return jq_eval(r, n->a, env, in, &f.sink);
    case JQ_N_AND:
    case JQ_N_OR:
        f.sink.fn = on_first_truth;
        return plain(r, n->a, env, in, &f.sink);
    case JQ_N_IF:
        f.sink.fn = on_condition;
        return plain(r, n->a, env, in, &f.sink);
    case JQ_N_NEGATE:
    case JQ_N_PLUS:
        f.sink.fn = on_signed;
        return plain(r, n->a, env, in, &f.sink);
    default: /* JQ_N_FORMAT */
        f.sink.fn = on_formatted;
        return n->a ? plain(r, n->a, env, in, &f.sink) : on_formatted(r, &f.sink, in);
    }
}

static int eval_both(struct jq_run *r, const struct jq_node *n, const struct jq_env *env,
                     const struct jq_at *in, struct jq_sink *out)
{
    int rc = jq_eval(r, n->a, env, in, out);

    return rc ? rc : jq_eval(r, n->b, env, in, out);
}

static int eval_array(struct jq_run *r, const struct jq_node *n, const struct jq_env *env,
                      const struct jq_at *in, struct jq_sink *out)
{
    struct jq_value v = jq_array(NULL, 0);
    int rc = n->a ? jq_collect(r, n->a, env, &in->v, &v) : JQ_OK;

    return rc ? rc : jq_give(r, in, v, out);
}

int jq_eval(struct jq_run *r, const struct jq_node *n, const struct jq_env *env,
            const struct jq_at *in, struct jq_sink *out)
{
    int rc = jq_charge(r, 1, 0);

    if (rc)
        return rc;
    switch (n->kind) {
    case JQ_N_IDENTITY:
        return out->fn(r, out, in);
    case JQ_N_LITERAL:
        return jq_give(r, in, n->value, out);
    case JQ_N_RECURSE:
        return jq_recurse(r, in, out);
    case JQ_N_SLICE:
        return eval_slice(r, n, env, in, out);
    case JQ_N_STRING:
        return jq_eval_string(r, n, env, in, out);
    case JQ_N_ARRAY:
        return eval_array(r, n, env, in, out);
    case JQ_N_OBJECT:
        return jq_eval_object(r, n, env, in, out);
    case JQ_N_COMMA:
        return eval_both(r, n, env, in, out);
    case JQ_N_ALTERNATIVE:
        return eval_alternative(r, n, env, in, out);
    case JQ_N_ASSIGN:
    case JQ_N_MODIFY:
    case JQ_N_UPDATE:
        return jq_eval_assignment(r, n, env, in, out);
    case JQ_N_TRY:
        return eval_try(r, n, env, in, out);
    case JQ_N_AS:
    case JQ_N_REDUCE:
    case JQ_N_FOREACH:
        return jq_eval_binding(r, n, env, in, out);
    case JQ_N_DEF:
        return eval_with_def(r, n, env, in, out);
    case JQ_N_CALL:
        return jq_eval_call(r, n, env, in, out);
    case JQ_N_VARIABLE:
        return eval_variable(r, n, env, in, out);
    case JQ_N_LABEL:
        return eval_label(r, n, env, in, out);
    case JQ_N_BREAK:
        return eval_break(r, n, env);
    case JQ_N_INDEX:
    case JQ_N_ITERATE:
    case JQ_N_BINARY:
    case JQ_N_PIPE:
    case JQ_N_AND:
    case JQ_N_OR:
    case JQ_N_IF:
    case JQ_N_NEGATE:
    case JQ_N_PLUS:
    case JQ_N_FORMAT:
        return eval_frame(r, n, env, in, out);
    }
    return JQ_OK;
}
