/*
 * Conditions: `when` after its tags are filled in, and `depends`. Comparisons, && || ! and
 * parentheses; what else the originals' language knows is refused. Nesting is bounded.
 */
#include "workflows/engine/wf_internal.h"

enum { CONDITION_DEPTH_MAX = 64 };

enum kind { IS_BOOL, IS_NUMBER, IS_TEXT };

struct value {
    enum kind kind;
    bool is_true;
    double number;
    struct str text;
};

struct reader {
    struct str rest;
    const struct wf_frame *f; /* depends: words are tasks */
    const struct wf_step *of;
    unsigned depth;
    struct err *err;
};

static int read_or(struct reader *r, struct value *ret);

static bool take(struct reader *r, const char *sign)
{
    r->rest = str_trim(r->rest);
    if (!str_starts(r->rest, str_from(sign)))
        return false;
    r->rest = str_skip(r->rest, strlen(sign));
    return true;
}

static int refuse(struct reader *r)
{
    return err_set(
        r->err, ERR_INVALID,
        "unexpected \"" STR_FMT
        "\" in a condition (hint: try wrapping the affected expression in quotes (\"))",
        STR_ARG(r->rest));
}

static int set_bool(struct value *ret, bool is_true)
{
    *ret = (struct value){.kind = IS_BOOL, .is_true = is_true};
    return 0;
}

/* ---- words ---- */

static const struct wf_step *task_named(const struct wf_frame *f, struct str name)
{
    for (size_t i = 0; i < f->step_count; i++)
        if (str_eq(f->steps[i].name, name))
            return &f->steps[i];
    return NULL;
}

static bool any_succeeded(const struct wf_node *n)
{
    for (size_t i = 0; n->type == WF_TASK_GROUP && i < n->children.len; i++)
        if (n->children.at[i]->phase == WF_SUCCEEDED)
            return true;
    return false;
}

static bool all_failed(const struct wf_node *n)
{
    for (size_t i = 0; i < n->children.len; i++)
        if (n->children.at[i]->phase != WF_FAILED)
            return false;
    return n->type == WF_TASK_GROUP && n->children.len > 0;
}

static int task_result(struct reader *r, struct str word, struct value *ret)
{
    size_t dot = str_find_char(word, '.');
    struct str name = str_head(word, dot),
               result = dot == SIZE_MAX ? STR_NONE : str_skip(word, dot + 1);
    const struct wf_step *task = task_named(r->f, name);
    const struct wf_node *n = task ? task->node : NULL;
    const struct json *go = json_get(task ? task->json : NULL, STR("continueOn"));

    if (!n)
        return err_set(r->err, ERR_INVALID, "dependency '" STR_FMT "' not defined",
                       STR_ARG(name));
    if (str_is_none(result))
        return set_bool(ret, n->phase == WF_SUCCEEDED || n->phase == WF_SKIPS ||
                                 (n->phase == WF_ERROR && json_get_bool(go, STR("error"))) ||
                                 (n->phase == WF_FAILED && json_get_bool(go, STR("failed"))));
    if (str_is(result, "Succeeded"))
        return set_bool(ret, n->phase == WF_SUCCEEDED);
    if (str_is(result, "Failed"))
        return set_bool(ret, n->phase == WF_FAILED);
    if (str_is(result, "Errored"))
        return set_bool(ret, n->phase == WF_ERROR);
    if (str_is(result, "Skipped"))
        return set_bool(ret, n->phase == WF_SKIPS);
    if (str_is(result, "Omitted"))
        return set_bool(ret, n->phase == WF_OMITTED);
    if (str_is(result, "Daemoned"))
        return set_bool(ret, false);
    if (str_is(result, "AnySucceeded"))
        return set_bool(ret, any_succeeded(n));
    if (str_is(result, "AllFailed"))
        return set_bool(ret, all_failed(n));
    return err_set(r->err, ERR_INVALID,
                   "task result '" STR_FMT "' for task '" STR_FMT "' is invalid",
                   STR_ARG(result), STR_ARG(name));
}

static bool is_word(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           c == '_' || c == '.' || (c & 0x80);
}

static int read_word(struct reader *r, struct value *ret)
{
    size_t len = 0;
    struct str word;

    while (len < r->rest.len &&
           (is_word(r->rest.ptr[len]) || (r->f && r->rest.ptr[len] == '-') ||
            (len == 0 && r->rest.ptr[len] == '-')))
        len++;
    word = str_head(r->rest, len);
    if (len == 0)
        return refuse(r);
    if (r->f) {
        r->rest = str_skip(r->rest, len);
        return task_result(r, word, ret);
    }
    *ret = (struct value){.kind = IS_TEXT, .text = word};
    if (parse_f64(word, &ret->number))
        ret->kind = IS_NUMBER;
    else if (word.ptr[0] == '-')
        return refuse(r);
    else if (str_is(word, "true") || str_is(word, "false"))
        set_bool(ret, str_is(word, "true"));
    r->rest = str_skip(r->rest, len);
    return 0;
}

static int read_one(struct reader *r, struct value *ret)
{
    size_t end;

    if (take(r, "(")) {
        if (read_or(r, ret) < 0)
            return -1;
        return take(r, ")") ? 0 : refuse(r);
    }
    if (!r->f && (str_starts(r->rest, STR("\"")) || str_starts(r->rest, STR("'")))) {
        end = str_find_char(str_skip(r->rest, 1), r->rest.ptr[0]);
        if (end == SIZE_MAX)
            return refuse(r);
        *ret = (struct value){.kind = IS_TEXT, .text = str_head(str_skip(r->rest, 1), end)};
        r->rest = str_skip(r->rest, end + 2);
        return 0;
    }
    return read_word(r, ret);
}

/* ---- operators ---- */

static int read_not(struct reader *r, struct value *ret)
{
    if (str_starts(str_trim(r->rest), STR("!=")) || !take(r, "!"))
        return read_one(r, ret);
    if (++r->depth > CONDITION_DEPTH_MAX)
        return err_set(r->err, ERR_LIMIT, "a condition is nested too deeply");
    if (read_not(r, ret) < 0)
        return -1;
    r->depth--;
    if (ret->kind != IS_BOOL)
        return refuse(r);
    ret->is_true = !ret->is_true;
    return 0;
}

static bool equal(const struct value *a, const struct value *b)
{
    if (a->kind != b->kind)
        return false;
    if (a->kind == IS_BOOL)
        return a->is_true == b->is_true;
    return a->kind == IS_NUMBER ? a->number >= b->number && a->number <= b->number
                                : str_eq(a->text, b->text);
}

static int compare(struct reader *r, const char *op, const struct value *a, struct value *b)
{
    int order;

    if (op[0] == '=' || op[0] == '!')
        return set_bool(b, equal(a, b) == (op[0] == '='));
    if (a->kind != b->kind || a->kind == IS_BOOL)
        return err_set(r->err, ERR_INVALID, "\"%s\" compares two numbers or two texts", op);
    order = a->kind == IS_TEXT ? str_cmp(a->text, b->text)
                               : (a->number > b->number) - (a->number < b->number);
    if (op[1] == '=' && order == 0)
        return set_bool(b, true);
    return set_bool(b, op[0] == '<' ? order < 0 : order > 0);
}

static int read_comparison(struct reader *r, struct value *ret)
{
    static const char *const ops[] = {"==", "!=", "<=", ">=", "<", ">"};
    struct value left;

    if (read_not(r, &left) < 0)
        return -1;
    *ret = left;
    for (size_t i = 0; !r->f && i < COUNT_OF(ops); i++)
        if (take(r, ops[i]))
            return read_not(r, ret) < 0 ? -1 : compare(r, ops[i], &left, ret);
    return 0;
}

static int read_and(struct reader *r, struct value *ret)
{
    struct value right;

    if (read_comparison(r, ret) < 0)
        return -1;
    while (take(r, "&&")) {
        if (read_comparison(r, &right) < 0)
            return -1;
        if (ret->kind != IS_BOOL || right.kind != IS_BOOL)
            return refuse(r);
        ret->is_true = ret->is_true && right.is_true;
    }
    return 0;
}

static int read_or(struct reader *r, struct value *ret)
{
    struct value right;

    if (++r->depth > CONDITION_DEPTH_MAX)
        return err_set(r->err, ERR_LIMIT, "a condition is nested too deeply");
    if (read_and(r, ret) < 0)
        return -1;
    while (take(r, "||")) {
        if (read_and(r, &right) < 0)
            return -1;
        if (ret->kind != IS_BOOL || right.kind != IS_BOOL)
            return refuse(r);
        ret->is_true = ret->is_true || right.is_true;
    }
    r->depth--;
    return 0;
}

static int evaluate(struct reader *r, struct str whole)
{
    struct value ret;

    if (read_or(r, &ret) < 0)
        return -1;
    if (!str_is_empty(str_trim(r->rest)))
        return refuse(r);
    if (ret.kind != IS_BOOL)
        return err_set(r->err, ERR_INVALID,
                       "Expected boolean evaluation for '" STR_FMT "'. Got " STR_FMT,
                       STR_ARG(whole), STR_ARG(whole));
    return ret.is_true;
}

int wf_condition(struct arena *a, struct str text, struct err *err)
{
    struct reader r = {.rest = text, .err = err};
    int ret = evaluate(&r, text);

    (void) a;
    if (ret < 0 && str_find(str_from(err->text), STR("Expected boolean")) != 0)
        return err_wrap(err, "Invalid 'when' expression '" STR_FMT "'", STR_ARG(text));
    return ret;
}

/* ---- depends ---- */

int wf_depends(const struct wf_frame *f, const struct wf_step *task, struct err *err)
{
    struct reader r = {.rest = task->depends, .f = f, .of = task, .err = err};

    return str_is_empty(task->depends) ? 1 : evaluate(&r, task->depends);
}

static int need(struct wf_frame *f, struct wf_step *task, struct str name, struct err *err)
{
    const struct wf_step *other = task_named(f, name);
    uint32_t index = other ? (uint32_t) (other - f->steps) : 0;

    if (!other)
        return err_set(err, ERR_INVALID, "dependency '" STR_FMT "' not defined", STR_ARG(name));
    VEC_FOREACH (it, &task->needs)
        if (*it == index)
            return 0;
    VEC_APUSH(f->arena, &task->needs, index);
    return 0;
}

int wf_depends_needs(struct wf_frame *f, struct wf_step *task, struct err *err)
{
    const struct json *list = json_get(task->json, STR("dependencies"));
    struct str rest = json_get_str(task->json, STR("depends"));

    task->depends = rest;
    for (size_t i = 0; str_is_empty(rest) && json_item(list, i); i++) {
        struct str name = json_str(json_item(list, i));

        if (need(f, task, name, err) < 0)
            return -1;
        task->depends = i == 0 ? name
                               : str_printf(f->arena, STR_FMT " && " STR_FMT,
                                            STR_ARG(task->depends), STR_ARG(name));
    }
    while (rest.len > 0) {
        size_t len = 0;

        while (len < rest.len && (is_word(rest.ptr[len]) || rest.ptr[len] == '-'))
            len++;
        if (len > 0 &&
            need(f, task, str_head(str_head(rest, len), str_find_char(rest, '.')), err) < 0)
            return -1;
        rest = str_skip(rest, len > 0 ? len : 1);
    }
    return 0;
}
