/* lang/expr/tag.c - expressions in tags. See tag.h. */
#include "lang/expr/tag.h"

#include "lang/expr/expr_internal.h"

struct expr_tag_names {
    const struct subst_options *opts;
    struct arena *a;
    VEC(struct expr_name) list;
    bool has_placeholder; /* validation: values that are not known yet */
};

/* What was found out about missing names. */
struct tag_missing {
    const struct subst_options *opts;
    bool is_missing, is_late;
};

void expr_tag_tell(struct expr_tag_names *to, struct str name, struct value value)
{
    struct expr_name one = {.name = name, .value = value};

    if (str_starts(value_str(&value), STR("__argo__internal__placeholder-")))
        to->has_placeholder = true;
    VEC_APUSH(to->a, &to->list, one);
}

static bool look_up(struct expr_tag_names *n, struct str name, struct str *ret)
{
    enum subst_answer found = n->opts->lookup(n->opts->lookup_ctx, name, ret);

    if (found == SUBST_TEXT)
        expr_tag_tell(n, name, value_string(*ret));
    else if (found == SUBST_ABSENT)
        expr_tag_tell(n, name, value_nil());
    return found == SUBST_TEXT;
}

static struct str below(struct expr_tag_names *n, struct str prefix, struct str name)
{
    return str_printf(n->a, STR_FMT "." STR_FMT, STR_ARG(prefix), STR_ARG(name));
}

/* A text that lists the members of its name: parameters, labels, annotations, an item. */
static void expand_text(struct expr_tag_names *n, struct str name, struct str text)
{
    bool is_list = str_ends(name, STR("parameters"));
    struct json *doc = ARENA_NEW(n->a, struct json);
    struct str value;
    struct err err;

    if ((!is_list && !str_ends(name, STR("labels")) && !str_ends(name, STR("annotations")) &&
         !str_is(name, "item")) ||
        json_parse(n->a, text, doc, &err) < 0)
        return;
    for (uint32_t i = 0; is_list && doc->type == JSON_ARRAY && i < doc->count; i++) {
        struct str own = json_get_str(&doc->items[i], STR("name"));

        if (!str_is_none(own))
            look_up(n, below(n, name, own), &value);
    }
    for (uint32_t i = 0; doc->type == JSON_OBJECT && i < doc->count; i++)
        look_up(n, below(n, name, doc->members[i].key), &value);
    if (str_starts(name, STR("workflow.")))
        look_up(n, below(n, name, STR("json")), &value);
}

/* Members that a name may have. */
static void expand(struct expr_tag_names *n, struct str name)
{
    static const struct str members[] = {
        STR_INIT("annotations"),
        STR_INIT("creationTimestamp"),
        STR_INIT("duration"),
        STR_INIT("exitCode"),
        STR_INIT("finishedAt"),
        STR_INIT("hostNodeName"),
        STR_INIT("id"),
        STR_INIT("ip"),
        STR_INIT("labels"),
        STR_INIT("mainEntrypoint"),
        STR_INIT("message"),
        STR_INIT("name"),
        STR_INIT("namespace"),
        STR_INIT("outputs.parameters"),
        STR_INIT("outputs.result"),
        STR_INIT("parameters"),
        STR_INIT("priority"),
        STR_INIT("result"),
        STR_INIT("serviceAccountName"),
        STR_INIT("startedAt"),
        STR_INIT("status"),
        STR_INIT("uid"),
    };

    for (size_t i = 0; i < COUNT_OF(members); i++) {
        struct str member = below(n, name, members[i]), text;

        if (look_up(n, member, &text))
            expand_text(n, member, text);
    }
}

/* What the scope tells of a name beyond single look-ups. */
static void ask_scope(struct expr_tag_names *n, struct str name)
{
    const struct expr_tag_scope *scope = n->opts->expr_ctx;

    if (scope->each)
        scope->each(n->opts, name, n);
}

static bool is_function(struct str path)
{
    struct str name = STR("");

    str_cut(&path, '.', &name);
    return expr_argo_function(name) || str_is(name, "sprig") || str_is(name, "$env");
}

/* A name of the expression: found, or all that stands beside the part of it that is not. */
static int gather(void *ctx, struct str path, enum expr_need need _unused_,
                  struct err *err _unused_)
{
    struct expr_tag_names *n = ctx;
    size_t before = n->list.len;
    struct str text;

    if (is_function(path))
        return 0;
    if (look_up(n, path, &text))
        expand_text(n, path, text);
    else if (n->list.len == before)
        expand(n, path);
    ask_scope(n, path);
    if (n->list.len > before)
        return 0;
    for (size_t at = path.len; at-- > 0;) {
        if (path.ptr[at] != '.')
            continue;
        path = str_head(path, at);
        if (look_up(n, path, &text))
            expand_text(n, path, text);
        expand(n, path);
        ask_scope(n, path);
    }
    return 0;
}

static bool is_late(struct str name)
{
    return str_is(name, "item") || str_is(name, "retries") || str_is(name, "lastRetry") ||
           str_starts(name, STR("lastRetry.")) || str_is(name, "workflow.status") ||
           str_is(name, "workflow.failures");
}

static bool is_strict(const struct subst_options *opts, struct str name)
{
    for (size_t i = 0; opts->unresolved == SUBST_REFUSE_SOME && i < opts->prefix_count; i++) {
        struct str prefix = opts->prefixes[i];

        if (str_starts(name, prefix) && (name.len == prefix.len || name.ptr[prefix.len] == '.'))
            return true;
    }
    return opts->unresolved == SUBST_REFUSE;
}

/* No tag must be resolved, as upstream without prefixes. */
static bool refuses_nothing(const struct subst_options *opts)
{
    return opts->unresolved == SUBST_LEAVE ||
           (opts->unresolved == SUBST_REFUSE_SOME && opts->prefix_count == 0);
}

static int note_missing(void *ctx, struct str name, struct err *err)
{
    struct tag_missing *m = ctx;

    m->is_missing = true;
    m->is_late = m->is_late || is_late(name);
    if (!is_strict(m->opts, name))
        return 0;
    return err_set(err, ERR_NOT_FOUND, STR_FMT " is missing", STR_ARG(str_head(name, 300)));
}

static int wrap(struct err *err)
{
    return err_wrap(err, "failed to evaluate expression");
}

/* Members in the order of their names, as upstream prints them. */
static int print(struct arena *a, const struct value *v, struct json *ret, struct err *err)
{
    if (value_json(a, v, ret, err) < 0)
        return err_wrap(err, "failed to marshal evaluated expression");
    if (ret->type == JSON_ARRAY || ret->type == JSON_OBJECT)
        return json_parse(a, json_text(a, ret, JSON_SORT_KEYS), ret, err);
    return 0;
}

int expr_tag(const struct subst_options *opts, struct arena *a, struct str expr,
             struct json *ret, struct err *err)
{
    const struct expr_tag_scope *scope = opts->expr_ctx;
    struct expr_tag_names names = {.opts = opts, .a = a};
    struct tag_missing missing = {.opts = opts};
    struct value map, v;
    struct expr_env env = {
        .lookup = expr_lookup_map, .ctx = &map, .functions = EXPR_ARGO, .now = scope->now};
    bool may_stay;

    if (expr_each_name(a, expr, gather, &names, err) < 0)
        return wrap(err);
    map = expr_nest(a, names.list.at, names.list.len);
    if (expr_each_missing(a, expr, &env, note_missing, &missing, err) < 0)
        return wrap(err);
    if (missing.is_late)
        return 0;
    may_stay = missing.is_missing || refuses_nothing(opts);
    if (expr_eval(a, expr, &env, &v, err) < 0)
        return err->kind == ERR_INVALID && (may_stay || names.has_placeholder) ? 0 : wrap(err);
    if (v.type == VALUE_NIL && (may_stay || names.has_placeholder))
        return 0;
    if (v.type == VALUE_NIL)
        return err_set(err, ERR_INVALID, "failed to evaluate expression \"" STR_FMT "\"",
                       STR_ARG(expr));
    if (print(a, &v, ret, err) < 0)
        return may_stay ? 0 : -1;
    return 1;
}

/* The names that an expression asks for; @map is what the environment looks into. */
static int env_of(const struct subst_options *opts, struct arena *a, struct str expr,
                  struct value *map, struct expr_env *ret, struct err *err)
{
    const struct expr_tag_scope *scope = opts->expr_ctx;
    struct expr_tag_names names = {.opts = opts, .a = a};

    if (expr_each_name(a, expr, gather, &names, err) < 0)
        return -1;
    *map = expr_nest(a, names.list.at, names.list.len);
    *ret = (struct expr_env){
        .lookup = expr_lookup_map, .ctx = map, .functions = EXPR_ARGO, .now = scope->now};
    return 0;
}

int expr_tag_value(const struct subst_options *opts, struct arena *a, struct str expr,
                   struct value *ret, struct err *err)
{
    struct value map;
    struct expr_env env;

    if (env_of(opts, a, expr, &map, &env, err) < 0)
        return -1;
    return expr_eval(a, expr, &env, ret, err);
}

int expr_tag_text(const struct subst_options *opts, struct arena *a, struct str expr,
                  struct str *ret, struct err *err)
{
    struct value_run r = {.a = a, .what = "expression", .err = err};
    struct value v;
    struct json doc;

    /* What has no JSON has an address at most. */
    if (expr_tag_value(opts, a, expr, &v, err) < 0 || print(a, &v, &doc, err) < 0)
        return -1;
    if (v.type == VALUE_NIL)
        *ret = STR_NONE;
    return v.type == VALUE_NIL ? 0 : value_format_str(&r, &v, ret);
}

int expr_tag_bool(const struct subst_options *opts, struct arena *a, struct str expr, bool *ret,
                  struct err *err)
{
    struct value map;
    struct expr_env env;

    if (env_of(opts, a, expr, &map, &env, err) < 0)
        return -1;
    return expr_eval_bool(a, expr, &env, ret, err);
}
