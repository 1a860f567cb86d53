/*
 * Conditions and expressions of a manifest that cannot be read. Pure. See lint.h.
 *
 * argo finds out when they are evaluated; here they are warnings. What stands in a condition's
 * tags is not known: a number stands for it, and what only the value could tell is not told. In
 * expressions every name is one of any type.
 */
#include "cli/lint_internal.h"

#include "lang/cond/cond.h"
#include "lang/expr/expr.h"
#include "lang/subst/subst.h"

void lint_warn(struct lint_checker *c, const char *what, struct str text, struct str why,
               struct str note)
{
    struct lint_error e = {.rule = "expression",
                           .level = LINT_WARNING,
                           .object = c->object,
                           .text = str_printf(c->a, "%s: " STR_FMT, what, STR_ARG(why))};
    struct lint_spot spot;
    size_t at =
        c->pos < c->doc->text.len ? str_find(str_skip(c->doc->text, c->pos), text) : SIZE_MAX;

    spot = lint_spot_at(c->doc->text, at == SIZE_MAX ? c->pos : c->pos + (uint32_t) at, note);
    if (at != SIZE_MAX && str_find_char(text, '\n') == SIZE_MAX) { /* all of it */
        spot.len = text.len;
        spot.width = 0;
        for (size_t i = 0; i < text.len; i++)
            spot.width += ((unsigned char) text.ptr[i] & 0xc0) != 0x80;
    }
    VEC_APUSH(c->a, &e.spots, spot);
    VEC_APUSH(c->a, &c->ret->errors, e);
}

static const struct str fails_later = STR_INIT("argo takes it, and fails when it is evaluated");

/* The first line of a message: the rest shows the text with a caret of its own. */
static struct str first_line(struct str text)
{
    return str_head(text, str_find_char(text, '\n'));
}

/* A name that nothing begins with, and that is near to one: a slip. */
static void warn_slip(struct lint_checker *c, struct str name, bool is_expr, const char *then)
{
    struct str near = lint_near_root(name, is_expr);

    if (near.len > 0)
        lint_warn(c, is_expr ? "unknown name in an expression" : "unknown variable", name, name,
             str_printf(c->a, "did you mean \"" STR_FMT "\"? %s", STR_ARG(near), then));
}

static int on_name(void *ctx, struct str path, enum expr_need need _unused_,
                   struct err *err _unused_)
{
    warn_slip(ctx, path, true, "argo takes it, and fails when it is evaluated");
    return 0;
}

static void check_expression(struct lint_checker *c, struct str text)
{
    const struct expr_env env = {.functions = EXPR_ARGO, .is_untyped = true};
    const struct expr_program *ignored;
    struct err err;

    if (str_find_char(text, '`') != SIZE_MAX) /* read otherwise where names have types */
        return;
    if (expr_compile(c->a, text, &env, &ignored, &err) < 0 && err.kind == ERR_INVALID)
        lint_warn(c, "invalid expression", text, str_copy(c->a, first_line(str_from(err.text))),
             fails_later);
    else if (str_find(text, STR("let ")) == SIZE_MAX)
        expr_each_name(c->a, text, on_name, c, &err);
}

/* "{{x}} == a" with 1 for what is not known. */
static struct str without_tags(struct arena *a, struct str text)
{
    struct str made = STR("");

    for (;;) {
        size_t at = str_find(text, STR("{{")), end;

        if (at == SIZE_MAX)
            return str_concat(a, made, text);
        end = str_find(str_skip(text, at), STR("}}"));
        if (end == SIZE_MAX)
            return str_concat(a, made, text);
        made = str_printf(a, STR_FMT STR_FMT "1", STR_ARG(made), STR_ARG(str_head(text, at)));
        text = str_skip(text, at + end + 2);
    }
}

/* Behind "Invalid 'when' expression '...': ", which shows our numbers. */
static struct str reason(struct str text)
{
    size_t at = str_find(text, STR("': "));

    return first_line(at == SIZE_MAX ? text : str_skip(text, at + 3));
}

static void check_condition(struct lint_checker *c, struct str text)
{
    static const char *const by_value[] = {"cannot be used", "does not", "No parameter",
                                           "Expected boolean"};
    struct err err;
    bool ignored;

    if (cond_eval(c->a, without_tags(c->a, text), &ignored, &err) == 0 ||
        err.kind != ERR_INVALID)
        return;
    for (size_t i = 0; i < COUNT_OF(by_value); i++)
        if (str_find(str_from(err.text), str_from(by_value[i])) != SIZE_MAX)
            return;
    lint_warn(c, "invalid condition", text, str_copy(c->a, reason(str_from(err.text))), fails_later);
}

static int on_tag(void *ctx, struct str tag, bool is_expr, struct err *err)
{
    (void) err;
    if (is_expr)
        check_expression(ctx, str_trim(tag));
    else if (str_find_char(tag, '.') != SIZE_MAX)
        warn_slip(ctx, str_trim(tag), false, "argo leaves it as it is");
    return 0;
}

static void check_text(struct lint_checker *c, struct str key, const struct json *v)
{
    struct str text = json_str(v);
    bool has_tag = str_find(text, STR("{{")) != SIZE_MAX;
    struct err ignored;

    c->pos = v->pos;
    if (has_tag && subst_each_tag(text, on_tag, c, &ignored) < 0)
        return; /* a tag without an end is a broken rule */
    if (str_is(key, "when") && text.len > 0)
        check_condition(c, text);
    else if ((str_is(key, "expression") || str_is(key, "fromExpression")) && !has_tag &&
             text.len > 0)
        check_expression(c, text);
}

static void walk(struct lint_checker *c, struct str key, const struct json *v)
{
    if (v->type == JSON_STRING)
        check_text(c, key, v);
    for (uint32_t i = 0; v->type == JSON_ARRAY && i < v->count; i++)
        walk(c, key, &v->items[i]);
    for (uint32_t i = 0; v->type == JSON_OBJECT && i < v->count; i++)
        walk(c, v->members[i].key, &v->members[i].value);
}

void lint_expressions(struct arena *a, const struct object_document *doc, struct str object,
                      struct lint_result *ret)
{
    struct lint_checker c = {.a = a, .doc = doc, .object = object, .ret = ret};
    const struct json *spec = json_get(&doc->value, STR("spec"));

    if (spec)
        walk(&c, STR(""), spec);
}
