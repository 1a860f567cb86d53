/* Binds the names of a program: functions, variables and labels. See jq_internal.h. */
#include "lang/jq/jq_internal.h"

struct scope {
    const struct scope *up;
    struct str name; /* variables with their "$" */
    size_t arity;
    bool is_label;
};

struct checker {
    struct jq_program *p;
    struct err *err;
    bool is_prelude; /* its texts have no place in the source */
};

static int check(struct checker *c, struct jq_node *n, const struct scope *s);

static const struct scope *find(const struct scope *s, struct str name, size_t arity,
                                bool is_label)
{
    for (; s; s = s->up)
        if (s->is_label == is_label && s->arity == arity && str_eq(s->name, name))
            return s;
    return NULL;
}

static int fail_name(struct checker *c, const struct jq_node *n, const char *what)
{
    return jq_fail_at(c->p, n->pos, c->err, "%s not defined: " STR_FMT, what,
                      STR_ARG(str_head(n->text, 100)));
}

static int check_def(struct checker *c, struct jq_def *def, const struct scope *up)
{
    struct scope *s = ARENA_NEW(c->p->a, struct scope);
    const struct scope *inner = s;

    *s = (struct scope){.up = up, .name = def->name, .arity = def->params.len};
    VEC_FOREACH (param, &def->params) {
        bool is_value = param->ptr[0] == '$';

        s = ARENA_NEW(c->p->a, struct scope);
        *s = (struct scope){.up = inner, .name = str_skip(*param, is_value)};
        inner = s;
        if (is_value) {
            s = ARENA_NEW(c->p->a, struct scope);
            *s = (struct scope){.up = inner, .name = *param};
            inner = s;
        }
    }
    return check(c, def->body, inner);
}

/* A definition of the prelude, once for each program. */
static int use_prelude(struct checker *c, struct jq_node *n, struct str text)
{
    struct checker inner = *c;

    VEC_FOREACH (def, &c->p->prelude)
        if (str_eq((*def)->name, n->text) && (*def)->params.len == n->list.len) {
            n->def = *def;
            return 0;
        }
    n->def = jq_parse_def(c->p->a, text);
    VEC_APUSH(c->p->a, &c->p->prelude, n->def);
    inner.is_prelude = true;
    return check_def(&inner, n->def, NULL);
}

static int check_call(struct checker *c, struct jq_node *n, const struct scope *s)
{
    struct str text;

    VEC_FOREACH (arg, &n->list)
        if (check(c, *arg, s) < 0)
            return -1;
    if (find(s, n->text, n->list.len, false))
        return 0;
    if (str_is(n->text, "env") && n->list.len == 0) {
        n->kind = JQ_N_LITERAL;
        n->value = jq_object(NULL, 0);
        return 0;
    }
    if ((str_is(n->text, "input") || str_is(n->text, "inputs")) && n->list.len == 0)
        return jq_fail_at(c->p, n->pos, c->err, "input(s)/0 is not allowed");
    n->special = jq_find_special(n->text, n->list.len);
    n->native = n->special ? NULL : jq_find_native(n->text, n->list.len);
    if (n->special || n->native)
        return 0;
    text = jq_find_prelude(n->text, n->list.len);
    if (!str_is_none(text))
        return use_prelude(c, n, text);
    return jq_fail_at(c->p, n->pos, c->err, "function not defined: " STR_FMT "/%zu",
                      STR_ARG(str_head(n->text, 100)), n->list.len);
}

/* Adds the variables of a pattern; its keys see those in front of them. */
static int check_pattern(struct checker *c, const struct jq_pattern *p, const struct scope **s)
{
    struct scope *added;

    if (!p)
        return 0;
    if (p->kind == JQ_P_VARIABLE) {
        added = ARENA_NEW(c->p->a, struct scope);
        *added = (struct scope){.up = *s, .name = p->name};
        *s = added;
    }
    for (size_t i = 0; i < p->items.len; i++) {
        if (i < p->keys.len && check(c, p->keys.at[i], *s) < 0)
            return -1;
        if (i < p->names.len && !str_is_none(p->names.at[i])) {
            added = ARENA_NEW(c->p->a, struct scope);
            *added = (struct scope){.up = *s, .name = p->names.at[i]};
            *s = added;
        }
        if (check_pattern(c, p->items.at[i], s) < 0)
            return -1;
    }
    return 0;
}

static int check_children(struct checker *c, struct jq_node *n, const struct scope *s)
{
    struct jq_node *const children[] = {n->a, n->b, n->c, n->d};

    for (size_t i = 0; i < COUNT_OF(children); i++)
        if (children[i] && check(c, children[i], s) < 0)
            return -1;
    VEC_FOREACH (item, &n->list)
        if (*item && check(c, *item, s) < 0)
            return -1;
    return 0;
}

/* as, reduce, foreach: a sees nothing of the patterns, the last ones do. */
static int check_binding(struct checker *c, struct jq_node *n, const struct scope *s)
{
    bool is_as = n->kind == JQ_N_AS;
    const struct scope *inner = s;

    if (check(c, n->a, s) < 0 || (!is_as && check(c, n->b, s) < 0))
        return -1;
    VEC_FOREACH (pattern, &n->patterns)
        if (check_pattern(c, *pattern, &inner) < 0)
            return -1;
    if (is_as)
        return check(c, n->b, inner);
    return check(c, n->c, inner) < 0 || (n->d && check(c, n->d, inner) < 0) ? -1 : 0;
}

static int check_variable(struct checker *c, struct jq_node *n, const struct scope *s)
{
    if (find(s, n->text, 0, false))
        return 0;
    if (!str_is(n->text, "$ENV"))
        return fail_name(c, n, "variable");
    n->kind = JQ_N_LITERAL;
    n->value = jq_object(NULL, 0);
    return 0;
}

static int check_with_def(struct checker *c, struct jq_node *n, const struct scope *s)
{
    struct scope inner = {.up = s, .name = n->def->name, .arity = n->def->params.len};

    return check_def(c, n->def, s) < 0 ? -1 : check(c, n->a, &inner);
}

static int check(struct checker *c, struct jq_node *n, const struct scope *s)
{
    struct scope label = {.up = s, .name = n->text, .is_label = true};

    switch (n->kind) {
    case JQ_N_CALL:
        return check_call(c, n, s);
    case JQ_N_VARIABLE:
        return check_variable(c, n, s);
    case JQ_N_DEF:
        return check_with_def(c, n, s);
    case JQ_N_LABEL:
        return check(c, n->a, &label);
    case JQ_N_BREAK:
        return find(s, n->text, 0, true) ? 0 : fail_name(c, n, "label");
    case JQ_N_AS:
    case JQ_N_REDUCE:
    case JQ_N_FOREACH:
        return check_binding(c, n, s);
    case JQ_N_IDENTITY:
    case JQ_N_RECURSE:
    case JQ_N_INDEX:
    case JQ_N_SLICE:
    case JQ_N_ITERATE:
    case JQ_N_LITERAL:
    case JQ_N_STRING:
    case JQ_N_FORMAT: /* that there is such a format is asked when it runs */
    case JQ_N_ARRAY:
    case JQ_N_OBJECT:
    case JQ_N_NEGATE:
    case JQ_N_PLUS:
    case JQ_N_PIPE:
    case JQ_N_COMMA:
    case JQ_N_BINARY:
    case JQ_N_AND:
    case JQ_N_OR:
    case JQ_N_ALTERNATIVE:
    case JQ_N_ASSIGN:
    case JQ_N_MODIFY:
    case JQ_N_UPDATE:
    case JQ_N_IF:
    case JQ_N_TRY:
        return check_children(c, n, s);
    }
    return 0;
}

int jq_check(struct jq_program *p, struct err *err)
{
    struct checker c = {.p = p, .err = err};

    return check(&c, p->root, NULL);
}
