/* Calls of functions: native ones, closures, definitions. See run.h. */
#include "lang/jq/run.h"

enum { NATIVE_ARGS_MAX = 3 };

/* ---- native functions: all combinations of their arguments, the last one outermost ---- */

struct native_frame {
    struct jq_sink sink;
    const struct jq_node *n;
    const struct jq_env *env;
    const struct jq_at *in;
    struct jq_sink *out;
    size_t arg; /* whose value comes */
    struct jq_value args[NATIVE_ARGS_MAX];
};

static int call_native(struct jq_run *r, const struct native_frame *f)
{
    struct jq_value v = jq_null();
    int rc = f->n->native->fn(r, &f->in->v, f->args, &v);

    return rc ? rc : jq_give(r, f->in, v, f->out);
}

static int on_native_arg(struct jq_run *r, struct jq_sink *self, const struct jq_at *at)
{
    struct native_frame *f = (struct native_frame *) self, inner = *f;
    struct jq_at of = {.v = f->in->v};

    inner.args[f->arg] = at->v;
    if (f->arg == 0)
        return call_native(r, &inner);
    inner.arg--;
    return jq_eval(r, f->n->list.at[inner.arg], f->env, &of, &inner.sink);
}

static int eval_native(struct jq_run *r, const struct jq_node *n, const struct jq_env *env,
                       const struct jq_at *in, struct jq_sink *out)
{
    struct native_frame f = {.sink = {on_native_arg}, .n = n, .env = env, .in = in, .out = out};
    struct jq_at of = {.v = in->v};

    if (n->list.len == 0)
        return call_native(r, &f);
    f.arg = n->list.len - 1;
    return jq_eval(r, n->list.at[f.arg], env, &of, &f.sink);
}

/* ---- definitions ---- */

struct call_frame {
    struct jq_sink sink;
    const struct jq_node *n;
    const struct jq_def *def;
    const struct jq_env *env; /* of the caller */
    const struct jq_at *in;
    struct jq_sink *out;
    const struct jq_env *inner; /* of the body, so far */
    size_t param;               /* the next one */
};

static int bind_params(struct jq_run *r, const struct call_frame *f);

/* "$x" is a variable and a function. */
static int on_param_value(struct jq_run *r, struct jq_sink *self, const struct jq_at *at)
{
    struct call_frame *f = (struct call_frame *) self, inner = *f;
    struct str name = f->def->params.at[f->param];
    struct jq_node *value = ARENA_NEW(r->a, struct jq_node);
    struct jq_env function = {
        .kind = JQ_E_CLOSURE, .up = f->inner, .name = str_skip(name, 1), .body = value};
    struct jq_env variable = {
        .kind = JQ_E_VARIABLE, .up = &function, .name = name, .value = at->v};

    value->kind = JQ_N_LITERAL;
    value->value = at->v;
    inner.inner = &variable;
    inner.param++;
    return bind_params(r, &inner);
}

static int bind_params(struct jq_run *r, const struct call_frame *f)
{
    struct call_frame next = *f;
    struct jq_env closure = {.kind = JQ_E_CLOSURE, .up = f->inner, .body_env = f->env};
    struct jq_at of = {.v = f->in->v};
    struct str name;

    if (f->param == f->def->params.len)
        return jq_eval(r, f->def->body, f->inner, f->in, f->out);
    name = f->def->params.at[f->param];
    if (name.ptr[0] == '$') {
        next.sink.fn = on_param_value;
        return jq_eval(r, f->n->list.at[f->param], f->env, &of, &next.sink);
    }
    closure.name = name;
    closure.body = f->n->list.at[f->param];
    next.inner = &closure;
    next.param++;
    return bind_params(r, &next);
}

/* @def is known in its own body: by @place, or by one made here for the prelude. */
static int call_def(struct jq_run *r, struct call_frame *f, const struct jq_env *place)
{
    struct jq_env own = {.kind = JQ_E_FUNCTION, .name = f->def->name, .def = f->def};

    f->inner = place ? place : &own;
    return bind_params(r, f);
}

static const struct jq_env *find_function(const struct jq_env *env, struct str name,
                                          size_t arity)
{
    for (; env; env = env->up) {
        if (env->kind == JQ_E_FUNCTION && env->def->params.len == arity &&
            str_eq(env->name, name))
            return env;
        if (env->kind == JQ_E_CLOSURE && arity == 0 && str_eq(env->name, name))
            return env;
    }
    return NULL;
}

int jq_eval_call(struct jq_run *r, const struct jq_node *n, const struct jq_env *env,
                 const struct jq_at *in, struct jq_sink *out)
{
    struct call_frame f = {.n = n, .env = env, .in = in, .out = out};
    const struct jq_env *found;

    if (n->special)
        return n->special->fn(r, n, env, in, out);
    if (n->native)
        return eval_native(r, n, env, in, out);
    f.def = n->def;
    if (n->def)
        return call_def(r, &f, NULL);
    found = find_function(env, n->text, n->list.len);
    if (!found)
        return jq_fail(r, "function not defined: " STR_FMT, STR_ARG(n->text));
    if (found->kind == JQ_E_CLOSURE)
        return jq_eval(r, found->body, found->body_env, in, out);
    f.def = found->def;
    return call_def(r, &f, found);
}
