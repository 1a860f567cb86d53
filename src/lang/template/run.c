/*
 * lang/template/run.c - walks the nodes of a template and writes its text. See template.h.
 *
 * Any thread. Each node counts as a step; templates that call each other are bounded by
 * GO_TEMPLATE_DEPTH_MAX.
 */
#include "lang/template/run_internal.h"

typedef struct template_node node;

/* What happens behind a node. */
enum flow { FAILED = -1, GOES_ON, BREAKS, CONTINUES };

static enum flow walk(struct template_run *run, const struct value *dot, const node *n);

static enum flow walk_list(struct template_run *run, const struct value *dot, const node *list)
{
    for (size_t i = 0; i < list->kids.len; i++) {
        enum flow flow = walk(run, dot, list->kids.at[i]);

        if (flow != GOES_ON)
            return flow;
    }
    return GOES_ON;
}

static enum flow check_output(struct template_run *run)
{
    if (!run->out->is_over)
        return GOES_ON;
    value_make(&run->v, SIZE_MAX);
    template_locate(run);
    return FAILED;
}

static enum flow print(struct template_run *run, const node *n, const struct value *v)
{
    run->at = n;
    if (v->type == VALUE_NIL) {
        strbuf_addz(run->out, "<no value>");
    } else if (v->type == VALUE_FUNCTION) {
        template_fail(run, "can't print %s of type %s", "it", value_type_name(v));
        return FAILED;
    } else if (value_format(&run->v, run->out, v) < 0) {
        template_locate(run);
        return FAILED;
    }
    return check_output(run);
}

static enum flow walk_action(struct template_run *run, const struct value *dot, const node *n)
{
    struct value v;

    if (template_eval_pipe(run, dot, n->pipe, &v) < 0)
        return FAILED;
    return n->pipe->variables.len == 0 ? print(run, n, &v) : GOES_ON;
}

static enum flow walk_condition(struct template_run *run, const struct value *dot,
                                const node *n)
{
    size_t mark = run->variables.len;
    enum flow flow = GOES_ON;
    struct value v;

    if (template_eval_pipe(run, dot, n->pipe, &v) < 0)
        return FAILED;
    if (template_is_true(&v))
        flow = walk_list(run, n->kind == TEMPLATE_WITH ? &v : dot, n->body);
    else if (n->otherwise)
        flow = walk_list(run, dot, n->otherwise);
    run->variables.len = mark;
    return flow;
}

/* ---- range ---- */

/* One turn of a loop with an index (nil: none) and an element. */
static enum flow turn(struct template_run *run, const node *n, const struct value *index,
                      const struct value *element)
{
    const node *pipe = n->pipe;
    size_t count = pipe->variables.len, mark = run->variables.len;
    enum flow flow;

    if (count > 0 && pipe->is_assignment) {
        if (template_set_variable(run, pipe->variables.at[0]->names[0],
                                  count > 1 ? index : element) < 0 ||
            (count > 1 &&
             template_set_variable(run, pipe->variables.at[1]->names[0], element) < 0))
            return FAILED;
    } else if (count > 0) {
        run->variables.at[mark - 1].value = *element;
        if (count > 1)
            run->variables.at[mark - 2].value = *index;
    }
    flow = walk_list(run, element, n->body);
    run->variables.len = mark;
    return flow == CONTINUES ? GOES_ON : flow;
}

static enum flow over_list(struct template_run *run, const node *n, const struct value *list)
{
    for (size_t i = 0; i < list->count; i++) {
        struct value index = value_int((int64_t) i), element;
        enum flow flow;

        if (list->type == VALUE_BYTES) {
            element = value_int((unsigned char) list->text[i]);
            element.go = VALUE_GO_UINT8;
        } else {
            element = list->items[i];
            element.is_boxed = list->go == VALUE_GO_USUAL;
        }
        flow = turn(run, n, &index, &element);
        if (flow != GOES_ON)
            return flow;
    }
    return GOES_ON;
}

static enum flow over_map(struct template_run *run, const node *n, const struct value *map)
{
    struct value_pair *pairs = NULL;
    size_t count = value_len(map);

    if (value_map_sorted(&run->v, map, &pairs) < 0) {
        template_locate(run);
        return FAILED;
    }
    for (size_t i = 0; i < count; i++) {
        enum flow flow;

        pairs[i].value.is_boxed = map->go == VALUE_GO_USUAL;
        flow = turn(run, n, &pairs[i].key, &pairs[i].value);
        if (flow != GOES_ON)
            return flow;
    }
    return GOES_ON;
}

static enum flow over_number(struct template_run *run, const node *n, const struct value *v)
{
    if (n->pipe->variables.len > 1) {
        template_fail(run, "can't use %lld to iterate over more than one variable",
                      (long long) v->number);
        return FAILED;
    }
    for (int64_t i = 0; i < v->number; i++) {
        struct value none = value_nil(), element = *v;
        enum flow flow;

        element.number = i;
        flow = turn(run, n, &none, &element);
        if (flow != GOES_ON)
            return flow;
        if (value_charge(&run->v, 1) < 0) {
            template_locate(run);
            return FAILED;
        }
    }
    return GOES_ON;
}

static enum flow fail_range(struct template_run *run, const struct value *v)
{
    struct str text = STR_NONE;

    if (value_format_str(&run->v, v, &text) < 0)
        template_locate(run);
    else
        template_fail(run, "range can't iterate over " STR_FMT, STR_ARG(str_head(text, 300)));
    return FAILED;
}

static enum flow walk_range(struct template_run *run, const struct value *dot, const node *n)
{
    size_t mark = run->variables.len;
    enum flow flow = GOES_ON;
    bool is_map, is_list, is_number;
    struct value v;

    run->at = n;
    if (template_eval_pipe(run, dot, n->pipe, &v) < 0)
        return FAILED;
    is_map = v.type == VALUE_MAP && v.go != VALUE_GO_CERTIFICATE && value_len(&v) > 0;
    is_list = (v.type == VALUE_ARRAY || v.type == VALUE_BYTES) && v.count > 0;
    is_number = v.type == VALUE_INT && (v.number > 0 || n->pipe->variables.len > 1);
    if (is_map)
        flow = over_map(run, n, &v);
    else if (is_list)
        flow = over_list(run, n, &v);
    else if (is_number)
        flow = over_number(run, n, &v);
    else if (v.type != VALUE_NIL && v.type != VALUE_ARRAY && v.type != VALUE_BYTES &&
             v.type != VALUE_INT && (v.type != VALUE_MAP || v.go == VALUE_GO_CERTIFICATE))
        flow = fail_range(run, &v);
    else if (n->otherwise)
        flow = walk_list(run, dot, n->otherwise);
    run->variables.len = mark;
    if (is_map || is_list || is_number)
        return flow == BREAKS ? GOES_ON : flow;
    return flow;
}

/* ---- other templates ---- */

static enum flow walk_call(struct template_run *run, const struct value *dot, const node *n)
{
    const struct template_tree *tree = template_find_tree(run->t, n->text), *outer = run->tree;
    typeof(run->variables) variables;
    enum flow flow;
    struct value v;

    run->at = n;
    if (!tree) {
        template_fail(run, "template \"" STR_FMT "\" not defined", STR_ARG(n->text));
        return FAILED;
    }
    if (run->depth >= GO_TEMPLATE_DEPTH_MAX) {
        err_set(run->v.err, ERR_LIMIT, "exceeded maximum template depth (%d)",
                GO_TEMPLATE_DEPTH_MAX);
        template_locate(run);
        return FAILED;
    }
    if (template_eval_pipe(run, dot, n->pipe, &v) < 0)
        return FAILED;
    variables = run->variables;
    run->variables = (typeof(variables)){0};
    VEC_APUSH(run->v.a, &run->variables, ((struct template_variable){STR("$"), v}));
    run->tree = tree;
    run->depth++;
    flow = walk_list(run, &v, tree->root);
    run->depth--;
    run->variables = variables;
    if (flow != FAILED)
        run->tree = outer;
    return flow == FAILED ? FAILED : GOES_ON;
}

static enum flow walk(struct template_run *run, const struct value *dot, const node *n)
{
    run->at = n;
    if (value_charge(&run->v, 1) < 0) {
        template_locate(run);
        return FAILED;
    }
    switch (n->kind) {
    case TEMPLATE_TEXT:
        strbuf_add(run->out, n->text);
        return check_output(run);
    case TEMPLATE_ACTION:
        return walk_action(run, dot, n);
    case TEMPLATE_IF:
    case TEMPLATE_WITH:
        return walk_condition(run, dot, n);
    case TEMPLATE_RANGE:
        return walk_range(run, dot, n);
    case TEMPLATE_CALL:
        return walk_call(run, dot, n);
    case TEMPLATE_BREAK:
        return BREAKS;
    case TEMPLATE_CONTINUE:
        return CONTINUES;
    case TEMPLATE_LIST:
        return walk_list(run, dot, n);
    case TEMPLATE_COMMAND:
    case TEMPLATE_FIELD:
    case TEMPLATE_IDENTIFIER:
    case TEMPLATE_VARIABLE:
    case TEMPLATE_CHAIN:
    case TEMPLATE_DOT:
    case TEMPLATE_NIL:
    case TEMPLATE_BOOL:
    case TEMPLATE_NUMBER:
    case TEMPLATE_STRING:
    case TEMPLATE_PIPE:
        break; /* parts of actions */
    }
    return GOES_ON;
}

/* ---- templates ---- */

const struct template_tree *template_find_tree(const struct template *t, struct str name)
{
    for (size_t i = t->trees.len; i-- > 0;)
        if (str_eq(t->trees.at[i].name, name))
            return &t->trees.at[i];
    return NULL;
}

int template_compile(struct arena *a, struct str name, struct str text,
                     const struct template **ret, struct err *err)
{
    struct template *t = ARENA_NEW(a, struct template);

    if (text.len > GO_TEMPLATE_MAX_BYTES)
        return err_set(err, ERR_LIMIT, "a template has at most %d bytes",
                       GO_TEMPLATE_MAX_BYTES);
    t->name = name;
    t->text = text;
    if (template_parse(a, t, err) < 0)
        return -1;
    *ret = t;
    return 0;
}

int template_run(const struct template *t, struct arena *a, const struct template_input *in,
                 struct str *ret, struct err *err)
{
    _cleanup_strbuf_ struct strbuf out = STRBUF_INIT(VALUE_OUTPUT_MAX_BYTES);
    struct template_run run = {.v = {.a = a,
                                     .what = "template",
                                     .now = in->now,
                                     .random = in->random,
                                     .variable = in->variable,
                                     .err = err},
                               .t = t,
                               .tree = &t->trees.at[0],
                               .at = t->trees.at[0].root,
                               .out = &out};

    err->kind = ERR_NONE;
    VEC_APUSH(a, &run.variables, ((struct template_variable){STR("$"), in->dot}));
    if (walk_list(&run, &in->dot, t->trees.at[0].root) == FAILED)
        return -1;
    *ret = str_copy(a, strbuf_str(&out));
    return 0;
}

int template_eval(struct arena *a, struct str text, const struct template_input *in,
                  struct str *ret, struct err *err)
{
    const struct template *t = NULL;

    if (template_compile(a, STR("param"), text, &t, err) < 0)
        return -1;
    return template_run(t, a, in, ret, err);
}
