/*
 * formats/selector.c - what a selector means, how it prints, and LabelSelector objects.
 *
 * The texts are read by selector_label.c and selector_field.c; all three meet in
 * selector_require() and selector_make(). Matching asks a lookup function once per requirement
 * and allocates nothing.
 */
#include "formats/selector.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/limits.h"
#include "formats/goquote.h"
#include "formats/labels.h"
#include "formats/selector_internal.h"

static int compare_texts(const void *left, const void *right)
{
    return str_cmp(*(const struct str *) left, *(const struct str *) right);
}

void selector_sort_unique(selector_texts *texts)
{
    size_t kept = 0;

    if (texts->len < 2)
        return;
    qsort(texts->at, texts->len, sizeof(*texts->at), compare_texts);
    for (size_t i = 0; i < texts->len; i++)
        if (kept == 0 || !str_eq(texts->at[i], texts->at[kept - 1]))
            texts->at[kept++] = texts->at[i];
    texts->len = kept;
}

/* One fault is said as it is, several become "[one, two]". */
static int fail_with(const selector_texts *problems, struct err *err)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(ERR_TEXT_MAX_BYTES);

    if (problems->len == 1)
        return err_set(err, ERR_INVALID, STR_FMT, STR_ARG(problems->at[0]));
    for (size_t i = 0; i < problems->len; i++) {
        strbuf_addz(&b, i == 0 ? "[" : ", ");
        strbuf_add(&b, str_head(problems->at[i], ERR_TEXT_MAX_BYTES / 2));
    }
    strbuf_addc(&b, ']');
    return err_set(err, ERR_INVALID, STR_FMT, STR_ARG(strbuf_str(&b)));
}

static struct str values_as_json(struct arena *a, const selector_texts *values)
{
    struct json_array_builder b = {0};
    struct json list;

    for (size_t i = 0; i < values->len; i++)
        json_push(a, &b, json_string(values->at[i]));
    list = json_array(&b);
    return json_text(a, &list, JSON_ESCAPE_HTML);
}

/* Is the number of values right for the operator? The absent view when it is. */
static struct str count_problem(struct arena *a, enum selector_op op,
                                const selector_texts *values)
{
    const char *rule = NULL;
    struct str shown;

    switch (op) {
    case SELECTOR_IN:
    case SELECTOR_NOT_IN:
        rule = values->len ? NULL : "for 'in', 'notin' operators, values set can't be empty";
        break;
    case SELECTOR_EXISTS:
    case SELECTOR_NOT_EXISTS:
        rule = values->len ? "values set must be empty for exists and does not exist" : NULL;
        break;
    case SELECTOR_EQUAL:
    case SELECTOR_NOT_EQUAL:
    case SELECTOR_GREATER:
    case SELECTOR_LESS:
        assert(values->len == 1);
        break;
    }
    if (!rule)
        return STR_NONE;
    shown = values->len ? values_as_json(a, values) : STR("null");
    return str_printf(a, "values: Invalid value: " STR_FMT ": %s", STR_ARG(shown), rule);
}

static struct str bound_problem(struct arena *a, struct str value)
{
    struct str quoted = go_quote(a, value);

    return str_printf(a,
                      "values[0]: Invalid value: " STR_FMT
                      ": for 'Gt', 'Lt' operators, the value must be an integer",
                      STR_ARG(quoted));
}

static void find_problems(struct arena *a, const struct selector_requirement *req,
                          const selector_texts *values, bool has_bound, selector_texts *ret)
{
    struct str problem = label_key_problem(a, req->key, "key");

    if (!str_is_none(problem))
        VEC_APUSH(a, ret, problem);
    problem = count_problem(a, req->op, values);
    if (!str_is_none(problem))
        VEC_APUSH(a, ret, problem);
    if ((req->op == SELECTOR_GREATER || req->op == SELECTOR_LESS) && !has_bound)
        VEC_APUSH(a, ret, bound_problem(a, values->at[0]));
    for (size_t i = 0; i < values->len; i++) {
        char path[32];

        snprintf(path, sizeof(path), "values[%zu]", i);
        problem = label_value_problem(a, req->key, values->at[i], path);
        if (!str_is_none(problem))
            VEC_APUSH(a, ret, problem);
    }
}

int selector_require(struct selector_draft *draft, struct selector_requirement req,
                     selector_texts *values, struct err *err)
{
    selector_texts problems = {0};
    bool has_bound = values->len > 0 && parse_i64(values->at[0], &req.bound);

    find_problems(draft->arena, &req, values, has_bound, &problems);
    if (problems.len > 0)
        return fail_with(&problems, err);
    if (values->len > 1)
        qsort(values->at, values->len, sizeof(*values->at), compare_texts);
    if (req.op != SELECTOR_GREATER && req.op != SELECTOR_LESS)
        req.bound = 0;
    req.values = values->at;
    req.value_count = values->len;
    VEC_APUSH(draft->arena, &draft->requirements, req);
    return 0;
}

/* By key; equal keys by their place in the draft. */
static int compare_requirements(const void *left, const void *right)
{
    const struct selector_requirement *l = *(const struct selector_requirement *const *) left;
    const struct selector_requirement *r = *(const struct selector_requirement *const *) right;
    int order = str_cmp(l->key, r->key);

    return order != 0 ? order : (l > r) - (l < r);
}

struct selector selector_make(struct selector_draft *draft)
{
    struct arena *a = draft->arena;
    size_t len = draft->requirements.len;
    const struct selector_requirement **order;
    struct selector_requirement *sorted;

    if (len == 0)
        return (struct selector){0};
    order = ARENA_ARRAY(a, const struct selector_requirement *, len);
    sorted = ARENA_ARRAY(a, struct selector_requirement, len);
    for (size_t i = 0; i < len; i++)
        order[i] = &draft->requirements.at[i];
    qsort(order, len, sizeof(struct selector_requirement *), compare_requirements);
    for (size_t i = 0; i < len; i++)
        sorted[i] = *order[i];
    return (struct selector){.at = sorted, .len = len};
}

/* An operator as matchExpressions spells it. */
static int parse_operator(struct arena *a, struct str name, enum selector_op *ret,
                          struct err *err)
{
    static const struct {
        const char *name;
        enum selector_op op;
    } names[] = {
        {"In", SELECTOR_IN},
        {"NotIn", SELECTOR_NOT_IN},
        {"Exists", SELECTOR_EXISTS},
        {"DoesNotExist", SELECTOR_NOT_EXISTS},
    };
    struct str quoted;

    for (size_t i = 0; i < COUNT_OF(names); i++) {
        if (!str_is(name, names[i].name))
            continue;
        *ret = names[i].op;
        return 0;
    }
    quoted = go_quote(a, name);
    return err_set(err, ERR_INVALID, STR_FMT " is not a valid label selector operator",
                   STR_ARG(quoted));
}

static int require_expression(struct selector_draft *draft, const struct json *v,
                              struct err *err)
{
    struct arena *a = draft->arena;
    const struct json *list = json_get(v, STR("values"));
    struct selector_requirement req = {.key = str_copy(a, json_get_str(v, STR("key")))};
    selector_texts values = {0};

    if (!json_is(v, JSON_OBJECT))
        return err_set(err, ERR_INVALID, "matchExpressions: an entry must be an object");
    if (parse_operator(a, json_get_str(v, STR("operator")), &req.op, err) < 0)
        return -1;
    if (list && list->type != JSON_ARRAY && list->type != JSON_NULL)
        return err_set(err, ERR_INVALID, "matchExpressions.values: must be a list of strings");
    for (uint32_t i = 0; json_is(list, JSON_ARRAY) && i < list->count; i++) {
        struct str value = json_str(&list->items[i]);

        if (str_is_none(value))
            return err_set(err, ERR_INVALID, "matchExpressions.values[%u]: must be a string",
                           i);
        VEC_APUSH(a, &values, str_copy(a, value));
    }
    return selector_require(draft, req, &values, err);
}

static int require_label(struct selector_draft *draft, const struct json_member *label,
                         struct err *err)
{
    struct arena *a = draft->arena;
    struct str value = json_str(&label->value);
    struct selector_requirement req = {.key = str_copy(a, label->key), .op = SELECTOR_EQUAL};
    selector_texts values = {0};

    if (str_is_none(value))
        return err_set(err, ERR_INVALID, "matchLabels." STR_FMT ": must be a string",
                       STR_ARG(label->key));
    VEC_APUSH(a, &values, str_copy(a, value));
    return selector_require(draft, req, &values, err);
}

int selector_of_json(struct arena *a, const struct json *v, struct selector *ret,
                     struct err *err)
{
    const struct json *labels = json_get(v, STR("matchLabels"));
    const struct json *expressions = json_get(v, STR("matchExpressions"));
    struct selector_draft draft = {.arena = a};

    if (!v || v->type == JSON_NULL) {
        *ret = (struct selector){.matches_nothing = true};
        return 0;
    }
    if (v->type != JSON_OBJECT)
        return err_set(err, ERR_INVALID, "a label selector must be an object");
    for (uint32_t i = 0; json_is(labels, JSON_OBJECT) && i < labels->count; i++) {
        const struct json_member *label = &labels->members[i];

        if (&label->value != json_get(labels, label->key))
            continue; /* a duplicate: the last one counts */
        if (require_label(&draft, label, err) < 0)
            return -1;
    }
    for (uint32_t i = 0; json_is(expressions, JSON_ARRAY) && i < expressions->count; i++)
        if (require_expression(&draft, &expressions->items[i], err) < 0)
            return -1;
    *ret = selector_make(&draft);
    return 0;
}

static const char *op_sign(const struct selector_requirement *r)
{
    switch (r->op) {
    case SELECTOR_EQUAL:
        return r->is_double ? "==" : "=";
    case SELECTOR_NOT_EQUAL:
        return "!=";
    case SELECTOR_IN:
        return " in (";
    case SELECTOR_NOT_IN:
        return " notin (";
    case SELECTOR_EXISTS:
    case SELECTOR_NOT_EXISTS:
        break;
    case SELECTOR_GREATER:
        return ">";
    case SELECTOR_LESS:
        return "<";
    }
    return "";
}

static void print_requirement(struct strbuf *b, struct arena *a,
                              const struct selector_requirement *r)
{
    if (r->op == SELECTOR_NOT_EXISTS)
        strbuf_addc(b, '!');
    strbuf_add(b, r->key);
    strbuf_addz(b, op_sign(r));
    for (size_t i = 0; i < r->value_count; i++) {
        if (i > 0)
            strbuf_addc(b, ',');
        strbuf_add(b, r->is_field ? field_escape(a, r->values[i]) : r->values[i]);
    }
    if (r->op == SELECTOR_IN || r->op == SELECTOR_NOT_IN)
        strbuf_addc(b, ')');
}

struct str selector_print(struct arena *a, const struct selector *s)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(ARENA_DOC_MAX_BYTES);

    for (size_t i = 0; i < s->len; i++) {
        if (i > 0)
            strbuf_addc(&b, ',');
        print_requirement(&b, a, &s->at[i]);
    }
    return str_copy(a, strbuf_str(&b));
}

struct str selector_format(struct arena *a, const struct json *v)
{
    struct selector s;
    struct str text;
    struct err err;

    if (selector_of_json(a, v, &s, &err) < 0)
        return STR("<error>");
    text = selector_print(a, &s);
    return str_is_empty(text) ? STR("<none>") : text;
}

static bool has_value(const struct selector_requirement *r, struct str value)
{
    for (size_t i = 0; i < r->value_count; i++)
        if (str_eq(r->values[i], value))
            return true;
    return false;
}

bool selector_holds(const struct selector_requirement *r, struct str value)
{
    bool is_there = !str_is_none(value) || r->is_field;
    int64_t number;

    switch (r->op) {
    case SELECTOR_EXISTS:
        return is_there;
    case SELECTOR_NOT_EXISTS:
        return !is_there;
    case SELECTOR_EQUAL:
    case SELECTOR_IN:
        return is_there && has_value(r, value);
    case SELECTOR_NOT_EQUAL:
    case SELECTOR_NOT_IN:
        return !is_there || !has_value(r, value);
    case SELECTOR_GREATER:
        return is_there && parse_i64(value, &number) && number > r->bound;
    case SELECTOR_LESS:
        return is_there && parse_i64(value, &number) && number < r->bound;
    }
    return false;
}

bool selector_matches_with(const struct selector *s, selector_lookup_fn lookup, const void *ctx)
{
    if (!s)
        return true;
    if (s->matches_nothing)
        return false;
    for (size_t i = 0; i < s->len; i++)
        if (!selector_holds(&s->at[i], lookup(ctx, s->at[i].key)))
            return false;
    return true;
}

static struct str lookup_json(const void *ctx, struct str key)
{
    return json_get_str(ctx, key);
}

bool selector_matches(const struct selector *s, const struct json *labels)
{
    return selector_matches_with(s, lookup_json, labels);
}
