/*
 * The calls of a workflow, as its manifest tells them. See render.h.
 *
 * A call substitutes in a copy of its template, as the engine does: workflow.* and
 * inputs.parameters.* first, then, in each step, the items of literal loops. What a step gives
 * back is not known before it runs. A template that calls itself is followed once; loops are
 * shown with their first items.
 */
#include "cli/render.h"

#include "formats/anystring.h"
#include "lang/expr/tag.h"
#include "lang/subst/items.h"
#include "lang/subst/subst.h"

enum { DEPTH_MAX = 24, CALLS_MAX = 400, ITEMS_SHOWN_MAX = 3 };

struct renderer {
    struct arena *a;
    const struct json *doc, *spec;
    const struct str *given;
    size_t given_count;
    const struct lint_documents *all;
    struct render_calls *ret;
};

/* A call that is being made. */
struct frame {
    struct renderer *r;
    const struct frame *up;
    const struct json *tmpl;
    const struct json *holder;    /* object whose spec has the templates of this one */
    const struct json *arguments; /* resolved; or NULL */
    const struct json *raw;       /* as they are written in the step; or NULL */
    struct str name;
    unsigned depth;
    VEC(struct render_tag) tags;
};

/* ---- names ---- */

static const struct json *by_name(const struct json *list, struct str name)
{
    const struct json *item;

    for (size_t i = 0; (item = json_item(list, i)) != NULL; i++)
        if (str_eq(json_get_str(item, STR("name")), name))
            return item;
    return NULL;
}

static bool is_given(const struct renderer *r, struct str name)
{
    for (size_t i = 0; i < r->given_count; i++)
        if (str_eq(r->given[i], name))
            return true;
    return false;
}

static struct str parameter_of(struct arena *a, const struct json *parameter)
{
    const struct json *value = json_get(parameter, STR("value"));

    return value && value->type != JSON_NULL ? any_string(a, value) : STR_NONE;
}

static struct str find_global(struct renderer *r, struct str name, struct str *source)
{
    const struct json *meta = json_get(r->doc, STR("metadata"));
    struct str rest = name, value = STR_NONE;
    static const char *const plain[][3] = {
        {"name", "metadata", "name"},
        {"namespace", "metadata", "namespace"},
        {"mainEntrypoint", "spec", "entrypoint"},
        {"serviceAccountName", "spec", "serviceAccountName"},
    };

    if (str_cut_prefix(&rest, STR("parameters."))) {
        value = parameter_of(
            r->a, by_name(json_path(r->spec, "arguments", "parameters", NULL), rest));
        *source = is_given(r, rest) ? str_printf(r->a, "-p " STR_FMT, STR_ARG(rest))
                                    : STR("spec.arguments.parameters");
        return value;
    }
    if (str_cut_prefix(&rest, STR("labels.")) || str_cut_prefix(&rest, STR("annotations."))) {
        const char *member = str_starts(name, STR("labels.")) ? "labels" : "annotations";

        *source = str_printf(r->a, "metadata.%s", member);
        return json_get_str(json_get(meta, str_from(member)), rest);
    }
    for (size_t i = 0; i < COUNT_OF(plain); i++)
        if (str_is(name, plain[i][0])) {
            *source = str_printf(r->a, "%s.%s", plain[i][1], plain[i][2]);
            return json_str(json_path(r->doc, plain[i][1], plain[i][2], NULL));
        }
    return STR_NONE;
}

static struct str find_input(const struct frame *f, struct str name, struct str *source)
{
    struct arena *a = f->r->a;
    const struct json *declared =
        by_name(json_path(f->tmpl, "inputs", "parameters", NULL), name);
    struct str value =
                   parameter_of(a, by_name(json_get(f->arguments, STR("parameters")), name)),
               raw = parameter_of(a, by_name(json_get(f->raw, STR("parameters")), name));

    if (!str_is_none(value)) {
        *source = !str_is_none(raw) && !str_eq(raw, value)
                      ? str_printf(a, "argument of the call: " STR_FMT, STR_ARG(raw))
                  : f->up ? STR("argument of the call")
                          : STR("spec.arguments.parameters");
        return value;
    }
    if (!f->up) { /* the entrypoint's inputs are the workflow's arguments */
        value = find_global(f->r, str_concat(a, STR("parameters."), name), source);
        if (!str_is_none(value))
            return value;
    }
    *source = STR("default of the template");
    return parameter_of(a, declared);
}

static void note_tag(struct frame *f, struct str name, struct str value, struct str source)
{
    struct str tag = str_printf(f->r->a, "{{" STR_FMT "}}", STR_ARG(name));

    for (size_t i = 0; i < f->tags.len; i++)
        if (str_eq(f->tags.at[i].tag, tag))
            return;
    VEC_APUSH(f->r->a, &f->tags, ((struct render_tag){tag, value, source}));
}

static struct str find(const struct frame *f, struct str name, struct str *source)
{
    struct str rest = name;

    if (str_cut_prefix(&rest, STR("workflow.")))
        return find_global(f->r, rest, source);
    return str_cut_prefix(&rest, STR("inputs.parameters.")) ? find_input(f, rest, source)
                                                            : STR_NONE;
}

/* Why a name has no value: an argument that nobody gives is no business of the run. */
static struct str reason(const struct frame *f, struct str name)
{
    static const struct str later = STR_INIT("not known before it runs");
    struct str rest = name;
    const struct json *argument;

    if (!str_cut_prefix(&rest, STR("workflow.parameters.")) &&
        (f->up || !str_cut_prefix(&rest, STR("inputs.parameters."))))
        return later;
    argument = by_name(json_path(f->r->spec, "arguments", "parameters", NULL), rest);
    if (json_get(argument, STR("valueFrom")))
        return later;
    return str_printf(f->r->a, "no value is given: -p " STR_FMT "=VALUE", STR_ARG(rest));
}

static enum subst_answer look_up(const void *ctx, struct str name, struct str *ret)
{
    struct frame *f = (struct frame *) (uintptr_t) ctx;
    struct str source = STR(""), value;

    if (str_is(name, "item") || str_starts(name, STR("item.")))
        return SUBST_MISSING; /* told where the loop is opened */
    value = find(f, name, &source);
    note_tag(f, name, value, str_is_none(value) ? reason(f, name) : source);
    if (str_is_none(value))
        return SUBST_MISSING;
    *ret = value;
    return SUBST_TEXT;
}

/* The same without a note: the names of an expression are in its text. A value with a tag in it
 * is not known yet. */
static enum subst_answer look_up_quietly(const void *ctx, struct str name, struct str *ret)
{
    struct str source, value = find(ctx, name, &source);

    if (str_is_none(value) || str_find(value, STR("{{")) != SIZE_MAX)
        return SUBST_MISSING;
    *ret = value;
    return SUBST_TEXT;
}

/* Would another run give another value? */
static bool depends_on_run(struct str expr)
{
    static const char *const words[] = {"now",    "date",   "ago",      "rand",       "uuid",
                                        "gen",    "shuffle", "bcrypt",   "htpasswd",
                                        "encrypt"};

    for (size_t i = 0; i < COUNT_OF(words); i++)
        if (str_find(expr, str_from(words[i])) != SIZE_MAX)
            return true;
    return false;
}

static int evaluate(const struct subst_options *opts, struct arena *a, struct str expr,
                    struct json *ret, struct err *err _unused_)
{
    struct frame *f = (struct frame *) (uintptr_t) opts->expr_ctx;
    const struct expr_tag_scope scope = {.now = {0}};
    const struct subst_options quiet = {.lookup = look_up_quietly,
                                        .lookup_ctx = f,
                                        .unresolved = SUBST_LEAVE,
                                        .expr_ctx = &scope};
    struct str tag = str_concat(a, STR("="), expr);
    struct err ignored;

    if (depends_on_run(expr) || expr_tag(&quiet, a, expr, ret, &ignored) != 1) {
        note_tag(f, tag, STR_NONE, STR("evaluated when it runs"));
        return 0;
    }
    note_tag(f, tag, ret->type == JSON_STRING ? json_str(ret) : json_text(a, ret, JSON_COMPACT),
             STR("evaluated"));
    return 1;
}

static int fill(struct frame *f, const struct json *v, struct json *ret, struct err *err)
{
    const struct subst_options options = {
        .lookup = look_up, .lookup_ctx = f, .expr = evaluate, .expr_ctx = f};

    return subst_json(f->r->a, v, &options, ret, err);
}

/* ---- templates ---- */

static const struct json *spec_of(const struct json *object)
{
    const struct json *inner = json_path(object, "spec", "workflowSpec", NULL);

    return inner ? inner : json_get(object, STR("spec"));
}

static const struct json *find_object(const struct renderer *r, const struct json *ref)
{
    const char *kind = json_get_bool(ref, STR("clusterScope")) ? "ClusterWorkflowTemplate"
                                                               : "WorkflowTemplate";
    struct str name = json_get_str(ref, STR("name"));

    for (size_t i = 0; i < r->all->list.len; i++) {
        const struct object_document *doc = &r->all->list.at[i];

        if (doc->kind && strcmp(doc->kind->kind, kind) == 0 &&
            str_eq(object_name(&doc->value), name))
            return &doc->value;
    }
    return NULL;
}

/* The template that a step calls, and whose it is; NULL with a note when it is not there. */
static const struct json *called(const struct frame *f, const struct json *step,
                                 const struct json **holder, struct str *note)
{
    struct arena *a = f->r->a;
    const struct json *ref = json_get(step, STR("templateRef")),
                      *in = json_get(step, STR("inline")), *found;
    struct str name = json_get_str(ref ? ref : step, STR("template"));

    *holder = f->holder;
    if (in)
        return in;
    if (ref) {
        *holder = find_object(f->r, ref);
        if (!*holder) {
            *note = str_printf(
                a, "template \"" STR_FMT "\" of \"" STR_FMT "\" is in none of the given files",
                STR_ARG(name), STR_ARG(json_get_str(ref, STR("name"))));
            return NULL;
        }
    }
    found = by_name(json_get(spec_of(*holder), STR("templates")), name);
    if (!found)
        *note = str_printf(a, "template \"" STR_FMT "\" is not known before it runs",
                           STR_ARG(name));
    return found;
}

static bool calls_itself(const struct frame *f, const struct json *tmpl)
{
    for (; f; f = f->up)
        if (f->tmpl == tmpl)
            return true;
    return false;
}

static void add_call(struct renderer *r, struct render_call call)
{
    if (r->ret->len < CALLS_MAX)
        VEC_APUSH(r->a, r->ret, call);
}

static int call_template(struct frame *f, struct err *err);

/* One step or task, its arguments already filled in. */
static int call_step(struct frame *f, const struct json *raw, const struct json *step,
                     struct str name, struct err *err)
{
    struct str note = STR("");
    struct frame next = {.r = f->r,
                         .up = f,
                         .arguments = json_get(step, STR("arguments")),
                         .raw = json_get(raw, STR("arguments")),
                         .name = name,
                         .depth = f->depth + 1};

    next.tmpl = called(f, step, &next.holder, &note);
    if (next.tmpl && calls_itself(f, next.tmpl))
        note = STR("it calls itself: shown once");
    if (next.tmpl && note.len == 0 && next.depth < DEPTH_MAX)
        return call_template(&next, err);
    add_call(f->r,
             (struct render_call){.name = name,
                                  .template_name = json_get_str(step, STR("template")),
                                  .note = note.len > 0 ? note : STR("too deep to be shown")});
    return 0;
}

/* A literal loop: its first items. One whose items or names are not known yet is called once,
 * its tags left. */
static int call_loop(struct frame *f, const struct json *raw, const struct json *step,
                     struct str prefix, enum items_owner owner, struct err *err)
{
    struct arena *a = f->r->a;
    const struct subst_options options = {
        .lookup = look_up, .lookup_ctx = f, .expr = evaluate, .expr_ctx = f};
    struct str whole = str_concat(a, prefix, json_get_str(step, STR("name")));
    struct items_loop loop = {0};
    struct err ignored;
    struct json one;

    if (items_open(a, step, owner, ITEMS_RUN, &loop, &ignored) < 0 || loop.len == 0 ||
        items_expand(&loop, 0, a, &options, &one, &ignored) < 0)
        return call_step(f, raw, step, whole, err);
    for (size_t i = 0; i < loop.len && i < ITEMS_SHOWN_MAX; i++)
        if (items_expand(&loop, i, a, &options, &one, err) < 0 ||
            call_step(f, raw, &one, str_concat(a, prefix, json_get_str(&one, STR("name"))),
                      err) < 0)
            return -1;
    if (loop.len > ITEMS_SHOWN_MAX)
        add_call(f->r,
                 (struct render_call){
                     .name = whole,
                     .template_name = json_get_str(step, STR("template")),
                     .note = str_printf(a, "%zu more items", loop.len - ITEMS_SHOWN_MAX)});
    return 0;
}

static int call_any(struct frame *f, const struct json *raw, const struct json *step,
                    struct str prefix, enum items_owner owner, struct err *err)
{
    return items_is_loop(step)
               ? call_loop(f, raw, step, prefix, owner, err)
               : call_step(f, raw, step,
                           str_concat(f->r->a, prefix, json_get_str(step, STR("name"))), err);
}

static int call_steps(struct frame *f, const struct json *filled, struct err *err)
{
    const struct json *groups = json_get(filled, STR("steps")),
                      *raws = json_get(f->tmpl, STR("steps")), *group, *step;

    for (size_t i = 0; (group = json_item(groups, i)) != NULL; i++)
        for (size_t k = 0; (step = json_item(group, k)) != NULL; k++)
            if (call_any(f, json_item(json_item(raws, i), k), step,
                         str_printf(f->r->a, STR_FMT "[%zu].", STR_ARG(f->name), i),
                         ITEMS_OF_STEP, err) < 0)
                return -1;
    return 0;
}

static int call_tasks(struct frame *f, const struct json *filled, struct err *err)
{
    const struct json *tasks = json_path(filled, "dag", "tasks", NULL),
                      *raws = json_path(f->tmpl, "dag", "tasks", NULL), *task;

    for (size_t i = 0; (task = json_item(tasks, i)) != NULL; i++)
        if (call_any(f, json_item(raws, i), task, str_concat(f->r->a, f->name, STR(".")),
                     ITEMS_OF_TASK, err) < 0)
            return -1;
    return 0;
}

static int call_template(struct frame *f, struct err *err)
{
    struct json filled;
    size_t at = f->r->ret->len;
    bool is_full = at >= CALLS_MAX;

    if (fill(f, f->tmpl, &filled, err) < 0)
        return err_wrap(err, STR_FMT, STR_ARG(f->name));
    add_call(f->r, (struct render_call){.name = f->name,
                                        .template_name = json_get_str(f->tmpl, STR("name")),
                                        .rendered = filled});
    if (is_full)
        return 0;
    if (call_steps(f, &filled, err) < 0 || call_tasks(f, &filled, err) < 0)
        return -1;
    f->r->ret->at[at].tags = f->tags.at;
    f->r->ret->at[at].tag_count = f->tags.len;
    return 0;
}

int render_workflow(struct arena *a, const struct render_input *in, struct render_calls *ret,
                    struct err *err)
{
    const struct json *doc = in->doc;
    struct renderer r = {a,       doc, json_get(doc, STR("spec")), in->given, in->given_count,
                         in->all, ret};
    const struct json *ref = json_get(r.spec, STR("workflowTemplateRef"));
    struct frame root = {.r = &r, .holder = doc};
    struct str entrypoint = json_get_str(r.spec, STR("entrypoint"));
    struct str note = STR("");
    struct json step;

    if (ref) {
        root.holder = find_object(&r, ref);
        if (!root.holder)
            return err_set(err, ERR_NOT_FOUND,
                           "template \"" STR_FMT "\" is in none of the given files: give its "
                           "file, too",
                           STR_ARG(json_get_str(ref, STR("name"))));
        if (entrypoint.len == 0)
            entrypoint = json_get_str(spec_of(root.holder), STR("entrypoint"));
    }
    if (entrypoint.len == 0)
        return err_set(err, ERR_INVALID, "there is no entrypoint: give --entrypoint");
    step = json_set(a, NULL, STR("template"), json_string(entrypoint));
    root.tmpl = called(&root, &step, &root.holder, &note);
    if (!root.tmpl)
        return err_set(err, ERR_NOT_FOUND, "template name '" STR_FMT "' undefined",
                       STR_ARG(entrypoint));
    root.name = object_name(doc);
    if (root.name.len == 0)
        root.name =
            str_concat(a, json_str(json_path(doc, "metadata", "generateName", NULL)), STR("*"));
    return call_template(&root, err);
}
