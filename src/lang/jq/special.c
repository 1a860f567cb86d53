/* Functions whose arguments are programs, or that give several outputs. See run.h. */
#include "lang/jq/run.h"

#include "lang/jq/prelude.h"

static int f_empty(struct jq_run *r _unused_, const struct jq_node *call _unused_,
                   const struct jq_env *env _unused_, const struct jq_at *in _unused_,
                   struct jq_sink *out _unused_)
{
    return JQ_OK;
}

/* What the sinks of this file need. */
struct special {
    struct jq_sink sink;
    const struct jq_node *call;
    const struct jq_env *env;
    const struct jq_at *in;
    struct jq_sink *out;
    struct jq_value x, y;
    struct jq_at last;
    bool is_there;
    int64_t left;
    struct jq_env label;
};

#define SPECIAL(function)                                                  \
    {                                                                      \
        .sink = {function}, .call = call, .env = env, .in = in, .out = out \
    }

static int on_path(struct jq_run *r, struct jq_sink *self, const struct jq_at *at)
{
    struct special *s = (struct special *) self;

    if (at->path == &jq_no_path)
        return jq_fail(r, "invalid path against: " STR_FMT, STR_ARG(jq_shown(r, &at->v)));
    return jq_give(r, s->in, jq_path_value(r->a, at->path), s->out);
}

static int f_path(struct jq_run *r, const struct jq_node *call, const struct jq_env *env,
                  const struct jq_at *in, struct jq_sink *out)
{
    struct special s = SPECIAL(on_path);
    struct jq_at of = {.v = in->v, .path = &jq_root_path};

    return jq_eval(r, call->list.at[0], env, &of, &s.sink);
}

static int on_getpath(struct jq_run *r, struct jq_sink *self, const struct jq_at *at)
{
    struct special *s = (struct special *) self;
    struct jq_at found = {.path = s->in->path};
    int rc = jq_get_path(r, &s->in->v, &at->v, &found.v);

    if (rc)
        return rc;
    for (size_t i = 0; found.path && i < at->v.count; i++) {
        struct jq_path *step = ARENA_NEW(r->a, struct jq_path);

        if (found.path == &jq_no_path)
            return jq_fail(r, "invalid path against: " STR_FMT,
                           STR_ARG(jq_shown(r, &s->in->v)));
        *step = (struct jq_path){.up = found.path, .key = at->v.items[i]};
        found.path = step;
    }
    return s->out->fn(r, s->out, &found);
}

static int f_getpath(struct jq_run *r, const struct jq_node *call, const struct jq_env *env,
                     const struct jq_at *in, struct jq_sink *out)
{
    struct special s = SPECIAL(on_getpath);
    struct jq_at of = {.v = in->v};

    return jq_eval(r, call->list.at[0], env, &of, &s.sink);
}

/* ---- range ---- */

static int range(struct jq_run *r, const struct special *s, const struct jq_value *step)
{
    struct jq_value v = s->x, zero = jq_int(0);
    int rc = JQ_OK;

    if (!jq_is_number(&s->x) || !jq_is_number(&s->y) || !jq_is_number(step))
        return jq_fail_type(r, "range",
                            !jq_is_number(&s->x)   ? &s->x
                            : !jq_is_number(&s->y) ? &s->y
                                                   : step);
    while (rc == JQ_OK && jq_compare(r, step, &zero) * jq_compare(r, &v, &s->y) < 0) {
        rc = jq_give(r, s->in, v, s->out);
        if (rc == JQ_OK)
            rc = jq_charge(r, 1, 0);
        if (rc == JQ_OK)
            rc = jq_binary(r, JQ_OP_ADD, &v, step, &v);
    }
    return rc;
}

static int on_range_step(struct jq_run *r, struct jq_sink *self, const struct jq_at *at)
{
    return range(r, (struct special *) self, &at->v);
}

static int on_range_end(struct jq_run *r, struct jq_sink *self, const struct jq_at *at)
{
    struct special *s = (struct special *) self, inner = *s;
    struct jq_at of = {.v = s->in->v};
    struct jq_value one = jq_int(1);

    inner.y = at->v;
    inner.sink.fn = on_range_step;
    return s->call->list.len > 2 ? jq_eval(r, s->call->list.at[2], s->env, &of, &inner.sink)
                                 : range(r, &inner, &one);
}

static int on_range_start(struct jq_run *r, struct jq_sink *self, const struct jq_at *at)
{
    struct special *s = (struct special *) self, inner = *s;
    struct jq_at of = {.v = s->in->v};

    inner.x = at->v;
    inner.sink.fn = on_range_end;
    return jq_eval(r, s->call->list.at[1], s->env, &of, &inner.sink);
}

static int f_range(struct jq_run *r, const struct jq_node *call, const struct jq_env *env,
                   const struct jq_at *in, struct jq_sink *out)
{
    struct special s = SPECIAL(call->list.len > 1 ? on_range_start : on_range_end);
    struct jq_at of = {.v = in->v};

    s.x = jq_int(0);
    return jq_eval(r, call->list.at[0], env, &of, &s.sink);
}

/* ---- first, last, limit ---- */

static int on_limited(struct jq_run *r, struct jq_sink *self, const struct jq_at *at)
{
    struct special *s = (struct special *) self;
    int rc;

    s->left--;
    rc = s->out->fn(r, s->out, at);
    if (rc || s->left > 0)
        return rc;
    r->label = &s->label;
    return JQ_BREAKS;
}

static int limited(struct jq_run *r, const struct special *of, const struct jq_node *n,
                   int64_t count)
{
    struct special s = *of;
    int rc;

    s.sink.fn = on_limited;
    s.left = count;
    rc = jq_eval(r, n, s.env, s.in, &s.sink);
    return rc == JQ_BREAKS && r->label == &s.label ? JQ_OK : rc;
}

static int on_limit(struct jq_run *r, struct jq_sink *self, const struct jq_at *at)
{
    struct special *s = (struct special *) self;
    struct jq_value zero = jq_int(0);
    double count = 0;

    if (jq_compare(r, &at->v, &zero) < 0)
        return jq_fail(r, "limit doesn't support negative count");
    if (jq_compare(r, &at->v, &zero) == 0)
        return JQ_OK;
    if (!jq_to_f64(&at->v, &count)) /* upstream counts down from it */
        return jq_fail(r, "cannot subtract: " STR_FMT " and number (1)",
                       STR_ARG(jq_shown(r, &at->v)));
    return limited(r, s, s->call->list.at[1],
                   count > 1e15 ? INT64_MAX
                                : (int64_t) count + (count > (double) (int64_t) count));
}

static int f_limit(struct jq_run *r, const struct jq_node *call, const struct jq_env *env,
                   const struct jq_at *in, struct jq_sink *out)
{
    struct special s = SPECIAL(on_limit);
    struct jq_at of = {.v = in->v};

    return jq_eval(r, call->list.at[0], env, &of, &s.sink);
}

static int f_first(struct jq_run *r, const struct jq_node *call, const struct jq_env *env,
                   const struct jq_at *in, struct jq_sink *out)
{
    struct special s = SPECIAL(on_limited);

    return limited(r, &s, call->list.at[0], 1);
}

static int on_last(struct jq_run *r _unused_, struct jq_sink *self, const struct jq_at *at)
{
    struct special *s = (struct special *) self;

    s->last = *at;
    s->is_there = true;
    return JQ_OK;
}

static int f_last(struct jq_run *r, const struct jq_node *call, const struct jq_env *env,
                  const struct jq_at *in, struct jq_sink *out)
{
    struct special s = SPECIAL(on_last);
    int rc = jq_eval(r, call->list.at[0], env, in, &s.sink);

    return rc || !s.is_there ? rc : out->fn(r, out, &s.last);
}

/* ---- loops: those that go on with one output do not go deeper ---- */

struct waiting {
    struct jq_sink sink;
    VEC(struct jq_at) at;
};

static int on_waiting(struct jq_run *r, struct jq_sink *self, const struct jq_at *at)
{
    struct waiting *w = (struct waiting *) self;

    VEC_APUSH(r->a, &w->at, *at);
    return jq_charge(r, 1, 0);
}

enum loop_kind { LOOP_RECURSE, LOOP_WHILE, LOOP_UNTIL };

struct loop {
    struct jq_sink sink; /* of the condition */
    const struct jq_node *condition, *update;
    const struct jq_env *env;
    struct jq_sink *out;
    enum loop_kind kind;
    struct jq_at at;
    struct jq_at *next; /* where to go on, last */
    bool goes_on;
};

static int run_loop(struct jq_run *r, const struct loop *l);

/* The value is given or not; then all but the last of what comes from it, in loops below. */
static int on_loop_condition(struct jq_run *r, struct jq_sink *self, const struct jq_at *at)
{
    struct loop *l = (struct loop *) self;
    bool is_true = jq_is_true(&at->v), is_given;
    struct waiting w = {.sink = {on_waiting}};
    int rc = JQ_OK, failed;

    is_given = l->kind == LOOP_RECURSE || (l->kind == LOOP_UNTIL) == is_true;
    if (l->kind == LOOP_WHILE && !is_true)
        return JQ_OK;
    if (is_given || l->kind == LOOP_WHILE)
        rc = l->out->fn(r, l->out, &l->at);
    if (rc || (l->kind == LOOP_UNTIL && is_true))
        return rc;
    failed = jq_eval(r, l->update, l->env, &l->at, &w.sink);
    if (failed == JQ_ENDS)
        return failed;
    for (size_t i = 0; i < w.at.len; i++) {
        struct loop inner = *l;

        if (i + 1 == w.at.len && failed == JQ_OK && !l->goes_on) {
            *l->next = w.at.at[i];
            l->goes_on = true;
            return JQ_OK;
        }
        inner.at = w.at.at[i];
        rc = run_loop(r, &inner);
        if (rc)
            return rc;
    }
    return failed;
}

static int run_loop(struct jq_run *r, const struct loop *of)
{
    static const struct jq_at truth = {.v = {.type = JQ_TRUE}};
    struct jq_at next;
    struct loop l = *of;
    int rc;

    l.next = &next;
    do {
        struct jq_at plain = {.v = l.at.v};

        l.goes_on = false;
        rc = jq_charge(r, 1, 0);
        if (rc == JQ_OK)
            rc = l.condition ? jq_eval(r, l.condition, l.env, &plain, &l.sink)
                             : on_loop_condition(r, &l.sink, &truth);
        l.at = next;
    } while (rc == JQ_OK && l.goes_on);
    return rc;
}

static int f_loop(struct jq_run *r, const struct jq_node *call, const struct jq_env *env,
                  const struct jq_at *in, struct jq_sink *out)
{
    bool is_recurse = str_is(call->text, "recurse");
    struct loop l = {.sink = {on_loop_condition},
                     .condition = is_recurse ? NULL : call->list.at[0],
                     .update = call->list.at[is_recurse ? 0 : 1],
                     .env = env,
                     .out = out,
                     .kind = is_recurse                    ? LOOP_RECURSE
                             : str_is(call->text, "while") ? LOOP_WHILE
                                                           : LOOP_UNTIL,
                     .at = *in};

    return run_loop(r, &l);
}

static int f_recurse(struct jq_run *r, const struct jq_node *call _unused_,
                     const struct jq_env *env _unused_, const struct jq_at *in,
                     struct jq_sink *out)
{
    return jq_recurse(r, in, out);
}

static int f_repeat(struct jq_run *r, const struct jq_node *call, const struct jq_env *env,
                    const struct jq_at *in, struct jq_sink *out)
{
    int rc;

    do
        rc = jq_eval(r, call->list.at[0], env, in, out);
    while (rc == JQ_OK);
    return rc;
}

const struct jq_special jq_specials[] = {
    {"empty", 0, f_empty},     {"first", 1, f_first},  {"getpath", 1, f_getpath},
    {"last", 1, f_last},       {"limit", 2, f_limit},  {"path", 1, f_path},
    {"range", 1, f_range},     {"range", 2, f_range},  {"range", 3, f_range},
    {"recurse", 0, f_recurse}, {"recurse", 1, f_loop}, {"repeat", 1, f_repeat},
    {"until", 2, f_loop},      {"while", 2, f_loop},   {0},
};

const struct jq_special *jq_find_special(struct str name, size_t arity)
{
    for (const struct jq_special *at = jq_specials; at->name; at++)
        if (at->arity == arity && str_is(name, at->name))
            return at;
    return NULL;
}
