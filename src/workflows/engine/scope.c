/*
 * Names that tags can use: the workflow's, the call's, and what the steps and tasks before
 * gave. Values are looked up when a tag asks, never collected for the whole scope. Only what
 * the aggregation of a loop gave is kept, in the frame.
 */
#include <stdio.h>

#include "formats/gotime.h"
#include "lang/subst/aggregate.h"
#include "lang/subst/args.h"
#include "lang/subst/names.h"
#include "workflows/engine/wf_internal.h"

const struct json *wf_parsed(struct wf *wf, struct str text)
{
    struct json *doc = ARENA_NEW(wf->pass->a, struct json);
    struct err err;

    if (str_is_none(text) || json_parse(wf->pass->a, text, doc, &err) < 0)
        return NULL;
    return doc;
}

static enum subst_answer answer(struct str text, struct str *ret)
{
    *ret = str_is_none(text) ? STR("") : text;
    return SUBST_TEXT;
}

/* ---- workflow.* ---- */

static enum subst_answer find_parameter(const struct json *list, struct str name,
                                        struct str *ret)
{
    const struct json *item;

    for (size_t i = 0; (item = json_item(list, i)) != NULL; i++)
        if (str_eq(json_get_str(item, STR("name")), name) && json_get(item, STR("value")))
            return answer(json_get_str(item, STR("value")), ret);
    return SUBST_MISSING;
}

static enum subst_answer find_created(struct wf *wf, struct str name, struct str *ret)
{
    struct arena *a = wf->pass->a;
    struct str layout = STR_NONE;
    struct gotime t;
    struct err err;

    if (gotime_parse_rfc3339(
            json_str(json_path(&wf->doc, "metadata", "creationTimestamp", NULL)), &t, &err) < 0)
        return SUBST_MISSING;
    if (str_is(name, "s"))
        return answer(str_printf(a, "%lld", (long long) t.unix_s), ret);
    if (str_is(name, "RFC3339"))
        layout = GOTIME_RFC3339;
    else if (name.len == 1)
        layout = gotime_strftime_layout(name.ptr[0]);
    return str_is_none(layout) ? SUBST_MISSING : answer(gotime_format(a, &t, layout), ret);
}

static enum subst_answer find_json(struct wf *wf, const struct json *value, const char *none,
                                   struct str *ret)
{
    return answer(value ? json_text(wf->pass->a, value, JSON_SORT_KEYS | JSON_ESCAPE_HTML)
                        : str_from(none),
                  ret);
}

/* What a node called, of this workflow or of another object. */
static struct str called(struct arena *a, const struct wf_node *n)
{
    struct json ref;
    struct err err;

    if (!str_is_empty(wf_rare(n, WF_TEMPLATE_REF)) &&
        json_parse(a, wf_rare(n, WF_TEMPLATE_REF), &ref, &err) == 0)
        return json_get_str(&ref, STR("template"));
    return str_is_none(n->template_name) ? STR("") : n->template_name;
}

/* Failed nodes as the exit handler sees them: JSON, quoted once more. */
static struct str failures(struct wf *wf)
{
    struct arena *a = wf->pass->a;
    struct json_array_builder list = {0};
    struct json doc;

    VEC_FOREACH (it, &wf->list) {
        const struct wf_node *n = *it;
        struct json_object_builder b = {0};

        if (!wf_phase_is_bad(n->phase))
            continue;
        json_add(a, &b, STR("displayName"), json_string(n->display));
        json_add(a, &b, STR("message"),
                 json_string(str_is_none(n->message) ? STR("") : n->message));
        json_add(a, &b, STR("templateName"), json_string(called(a, n)));
        json_add(a, &b, STR("phase"), json_string(wf_phase_name(n->phase)));
        json_add(a, &b, STR("podName"),
                 json_string(pod_name(
                     a, wf->name,
                     &(const struct pod_node){.name = n->name, .tmpl = called(a, n)},
                     POD_NAME_V2)));
        json_add(a, &b, STR("finishedAt"),
                 json_string(gotime_rfc3339(a, (struct wall){n->finished_ms})));
        json_push(a, &list, json_object(&b));
    }
    doc = list.len ? json_array(&list) : json_null();
    doc = json_string(json_text(a, &doc, JSON_ESCAPE_HTML));
    return json_text(a, &doc, JSON_COMPACT);
}

/* Below the entry point it is the phase with which the pass began: none in the first one, as
 * upstream sets it before it marks the workflow as running. Behind it, the root's. */
static struct str status_text(struct wf *wf)
{
    const struct wf_node *root = wf_node_find(wf, wf->name);

    if (root && wf_node_is_done(root))
        return wf_phase_name(wf_phase_is_bad(root->phase) ? root->phase : WF_SUCCEEDED);
    if (root && wf->pass->is_past_root)
        return wf_phase_name(root->phase);
    return wf_phase_name(wf->pass->phase);
}

static enum subst_answer find_status(struct wf *wf, struct str *ret)
{
    struct wf_pass *pass = wf->pass;

    if (pass->is_status_kept)
        return SUBST_MISSING;
    if (pass->phase != WF_RUNNING && !pass->is_past_root)
        pass->has_passing_status = true;
    return answer(status_text(wf), ret);
}

static enum subst_answer find_plain(struct wf *wf, struct str name, struct str *ret)
{
    const struct json *meta = json_get(&wf->doc, STR("metadata"));
    struct str account = json_get_str(wf->spec, STR("serviceAccountName"));
    const struct json *priority = json_get(wf->spec, STR("priority"));

    if (str_is(name, "name"))
        return answer(wf->name, ret);
    if (str_is(name, "namespace"))
        return answer(wf->ns, ret);
    if (str_is(name, "uid"))
        return answer(wf->uid, ret);
    if (str_is(name, "mainEntrypoint"))
        return answer(json_get_str(wf->spec, STR("entrypoint")), ret);
    if (str_is(name, "serviceAccountName"))
        return answer(account, ret);
    if (str_is(name, "priority") && priority)
        return answer(json_number(priority), ret);
    if (str_is(name, "creationTimestamp"))
        return answer(json_get_str(meta, STR("creationTimestamp")), ret);
    if (str_is(name, "status"))
        return find_status(wf, ret);
    if (str_is(name, "failures"))
        return answer(failures(wf), ret);
    if (str_is(name, "duration"))
        return answer(str_printf(wf->pass->a, "%f",
                                 wf->started_ms
                                     ? (double) (wf->pass->now.ms - wf->started_ms) / 1000
                                     : 0.0),
                      ret);
    if (str_is(name, "scheduledTime") &&
        json_path(meta, "annotations", "workflows.argoproj.io/scheduled-time", NULL))
        return answer(json_str(json_path(meta, "annotations",
                                         "workflows.argoproj.io/scheduled-time", NULL)),
                      ret);
    return SUBST_MISSING;
}

static enum subst_answer find_argument(struct wf *wf, const struct json *list, struct str name,
                                       struct str *ret)
{
    const struct json *item;

    for (size_t i = 0; (item = json_item(list, i)) != NULL; i++)
        if (str_eq(json_get_str(item, STR("name")), name))
            return wf_argument_value(wf, item, ret);
    return SUBST_MISSING;
}

enum subst_answer wf_global_find(struct wf *wf, struct str name, struct str *ret)
{
    const struct json *meta = json_get(&wf->doc, STR("metadata"));
    const struct json *parameters = json_path(wf->spec, "arguments", "parameters", NULL);
    struct json outputs = {.type = JSON_ARRAY,
                           .count = (uint32_t) wf->global_outputs.len,
                           .items = wf->global_outputs.at};

    if (!str_cut_prefix(&name, STR("workflow.")))
        return SUBST_MISSING;
    if (str_is(name, "parameters") || str_is(name, "parameters.json"))
        return find_json(wf, parameters, "[]", ret);
    if (str_cut_prefix(&name, STR("parameters.")))
        return find_argument(wf, parameters, name, ret);
    if (str_cut_prefix(&name, STR("outputs.parameters.")))
        return find_parameter(&outputs, name, ret);
    if (str_is(name, "labels") || str_is(name, "labels.json"))
        return find_json(wf, json_get(meta, STR("labels")), "{}", ret);
    if (str_is(name, "annotations") || str_is(name, "annotations.json"))
        return find_json(wf, json_get(meta, STR("annotations")), "{}", ret);
    if (str_cut_prefix(&name, STR("labels.")))
        return subst_lookup_json(json_get(meta, STR("labels")), name, ret);
    if (str_cut_prefix(&name, STR("annotations.")))
        return subst_lookup_json(json_get(meta, STR("annotations")), name, ret);
    if (str_cut_prefix(&name, STR("creationTimestamp.")))
        return find_created(wf, name, ret);
    return find_plain(wf, name, ret);
}

/* ---- steps.X.*, tasks.X.* ---- */

static struct wf_step *find_step(const struct wf_frame *f, struct str name)
{
    for (size_t i = 0; i < f->step_count; i++)
        if (str_eq(f->steps[i].name, name))
            return &f->steps[i];
    return NULL;
}

/* Skipped because an earlier workflow did it: it has what that one's node gave. */
static bool is_taken_over(const struct wf_node *n)
{
    return n->phase == WF_SKIPS && !str_is_none(n->outputs);
}

/* What a step that did not run gives: the declared default, or nothing for ever. */
static enum subst_answer find_unrun(struct wf *wf, const struct wf_frame *f,
                                    const struct wf_step *step, struct str name,
                                    struct str *ret)
{
    struct wf_template tmpl;
    const struct json *list, *item, *value;
    struct err err;

    if (wf_template_find(wf, step->json, f->scope, &tmpl, &err) < 0)
        return SUBST_MISSING;
    if (str_is(name, "result"))
        return SUBST_ABSENT;
    if (!str_cut_prefix(&name, STR("parameters.")))
        return SUBST_MISSING;
    list = json_path(tmpl.json, "outputs", "parameters", NULL);
    for (size_t i = 0; (item = json_item(list, i)) != NULL; i++) {
        if (!str_eq(json_get_str(item, STR("name")), name))
            continue;
        value = json_path(item, "valueFrom", "default", NULL);
        return value ? answer(json_str(value), ret) : SUBST_ABSENT;
    }
    return SUBST_MISSING;
}

static enum subst_answer find_output(struct wf *wf, const struct wf_node *n, struct str name,
                                     struct str *ret)
{
    const struct json *outputs = wf_parsed(wf, n->outputs);
    const struct json *list = json_get(outputs, STR("parameters"));

    if (str_is(name, "parameters") && list)
        return find_json(wf, list, "[]", ret);
    if (str_is(name, "result") && json_get(outputs, STR("result")))
        return answer(json_get_str(outputs, STR("result")), ret);
    if (!str_cut_prefix(&name, STR("parameters.")))
        return SUBST_MISSING;
    /* A failed pod has its parameters without values: they read as empty. */
    for (size_t i = 0; json_item(list, i); i++)
        if (str_eq(json_get_str(json_item(list, i), STR("name")), name))
            return answer(json_get_str(json_item(list, i), STR("value")), ret);
    return SUBST_MISSING;
}

static enum subst_answer find_of_node(struct wf *wf, const struct wf_node *n, struct str name,
                                      struct str *ret)
{
    const struct json *code;

    if (str_is(name, "id"))
        return answer(n->id, ret);
    if (str_is(name, "status"))
        return answer(wf_phase_name(n->phase), ret);
    if (str_is(name, "ip") && !str_is_none(wf_rare(n, WF_IP)))
        return answer(wf_rare(n, WF_IP), ret);
    if (str_is(name, "hostNodeName") && !str_is_none(n->host))
        return answer(n->host, ret);
    if (str_is(name, "startedAt") && n->started_ms)
        return answer(gotime_rfc3339(wf->pass->a, (struct wall){n->started_ms}), ret);
    if (str_is(name, "finishedAt") && n->finished_ms)
        return answer(gotime_rfc3339(wf->pass->a, (struct wall){n->finished_ms}), ret);
    if (str_is(name, "exitCode")) {
        code = json_get(wf_parsed(wf, n->outputs), STR("exitCode"));
        return code ? answer(json_str(code), ret) : SUBST_MISSING;
    }
    if (str_cut_prefix(&name, STR("outputs.")))
        return find_output(wf, n, name, ret);
    return SUBST_MISSING;
}

/* Children of a loop: those of the group whose names begin with the step's. */
static const struct json *aggregated(struct wf *wf, const struct wf_frame *f,
                                     struct wf_step *step, const char *kind)
{
    const struct wf_node *group = step->node;
    struct arena *a = wf->pass->a;
    struct aggregate_child *list;
    struct json *ret;
    struct err err;
    size_t count = 0;

    if (step->aggregate || !group)
        return step->aggregate;
    list = ARENA_ARRAY(a, struct aggregate_child, group->children.len + 1);
    for (size_t i = 0; i < group->children.len; i++) {
        const struct wf_node *n = group->children.at[i];
        struct str rest = n->display;

        if (!str_cut_prefix(&rest, step->name) || !str_starts(rest, STR("(")))
            continue;
        list[count++] = (struct aggregate_child){
            .name = n->display,
            .phase = is_taken_over(n) ? STR("Succeeded") : wf_phase_name(n->phase),
            .outputs = wf_parsed(wf, n->outputs),
            .is_helper = (n->flags & (WF_FLAG_HOOKED | WF_FLAG_RETRIED)) != 0,
        };
    }
    ret = ARENA_NEW(f->arena, struct json);
    if (aggregate_outputs(f->arena,
                          str_printf(f->arena, "%s." STR_FMT, kind, STR_ARG(step->name)), list,
                          count, ret, &err) < 0) {
        wf->pass->scope_fault = str_copy(a, str_from(err.text));
        return NULL;
    }
    *ret = json_clone(f->arena, ret);
    step->aggregate = ret;
    return ret;
}

int wf_loops_check(struct wf *wf, const struct wf_frame *f, size_t from, size_t to,
                   struct err *err)
{
    wf->pass->scope_fault = STR_NONE;
    for (size_t i = from; i < to && str_is_none(wf->pass->scope_fault); i++)
        if (f->steps[i].is_loop)
            aggregated(wf, f, &f->steps[i], f->node->type == WF_DAG ? "tasks" : "steps");
    return str_is_none(wf->pass->scope_fault)
               ? 0
               : err_set(err, ERR_INVALID, STR_FMT, STR_ARG(wf->pass->scope_fault));
}

static enum subst_answer find_of_step(const struct wf_names *names, const char *kind,
                                      struct str whole, struct str rest, struct str *ret)
{
    const struct wf_frame *f = names->frame;
    struct str step_name;
    struct wf_step *step;

    if (!str_cut(&rest, '.', &step_name) || str_is_none(rest))
        return SUBST_MISSING;
    step = find_step(f, step_name);
    if (!step || !step->node)
        return SUBST_MISSING;
    if (step->is_loop && step->node->type != WF_SKIPPED) {
        enum subst_answer found =
            subst_lookup_json(aggregated(names->wf, f, step, kind), whole, ret);

        return found == SUBST_MISSING ? find_of_node(names->wf, step->node, rest, ret) : found;
    }
    if ((step->node->phase == WF_SKIPS || step->node->phase == WF_OMITTED) &&
        !is_taken_over(step->node) && str_cut_prefix(&rest, STR("outputs.")))
        return find_unrun(names->wf, f, step, rest, ret);
    return find_of_node(names->wf, step->node, rest, ret);
}

enum subst_answer wf_names_find(const void *ctx, struct str name, struct str *ret)
{
    const struct wf_names *names = ctx;
    struct str rest = name;
    enum subst_answer found;

    if (str_starts(name, STR("workflow.")))
        return wf_global_find(names->wf, name, ret);
    if (names->locals) {
        found = subst_lookup_json(names->locals, name, ret);
        if (found != SUBST_MISSING)
            return found;
    }
    if (names->own_node && str_cut_prefix(&rest, names->own) && str_cut_prefix(&rest, STR(".")))
        return find_of_node(names->wf, names->own_node, rest, ret);
    rest = name;
    if (names->frame && str_cut_prefix(&rest, STR("inputs.parameters.")))
        return find_parameter(json_path(&names->frame->tmpl, "inputs", "parameters", NULL),
                              rest, ret);
    rest = name;
    if (names->frame && str_cut_prefix(&rest, STR("steps.")))
        return find_of_step(names, "steps", name, rest, ret);
    if (names->frame && str_cut_prefix(&rest, STR("tasks.")))
        return find_of_step(names, "tasks", name, rest, ret);
    return SUBST_MISSING;
}

/* ---- expressions ---- */

/* What expr_tag() needs, with the names that it asks. */
struct expr_scope {
    struct expr_tag_scope tag; /* the first: what expr_ctx points to */
    const struct wf_names *names;
};

static bool is_below(struct str name, struct str prefix)
{
    return str_starts(name, prefix) && (name.len == prefix.len || name.ptr[prefix.len] == '.');
}

/* A step as far as its node alone tells; results are looked up by name. */
static void tell_step(const struct wf_step *step, struct str kind, struct arena *a,
                      struct expr_tag_names *to)
{
    struct str name = str_printf(a, STR_FMT "." STR_FMT, STR_ARG(kind), STR_ARG(step->name));

    if (!step->node)
        return;
    expr_tag_tell(to, str_concat(a, name, STR(".id")), value_string(step->node->id));
    expr_tag_tell(to, str_concat(a, name, STR(".status")),
                  value_string(wf_phase_name(step->node->phase)));
}

static void tell_inputs(const struct wf_frame *f, struct arena *a, struct expr_tag_names *to)
{
    const struct json *list = json_path(&f->tmpl, "inputs", "parameters", NULL), *item;

    for (size_t i = 0; (item = json_item(list, i)) != NULL; i++)
        if (json_get(item, STR("value")))
            expr_tag_tell(
                to, str_concat(a, STR("inputs.parameters."), json_get_str(item, STR("name"))),
                value_string(json_get_str(item, STR("value"))));
}

static void each_name(const struct subst_options *opts, struct str prefix,
                      struct expr_tag_names *to)
{
    const struct expr_scope *scope = opts->expr_ctx;
    const struct wf_names *names = scope->names;
    const struct json *locals = names->locals;
    const struct wf_frame *f = names->frame;

    for (uint32_t i = 0; locals && i < locals->count; i++)
        if (locals->members[i].value.type == JSON_STRING &&
            is_below(locals->members[i].key, prefix))
            expr_tag_tell(to, locals->members[i].key,
                          value_string(json_str(&locals->members[i].value)));
    wf_artifacts_tell(names, prefix, to);
    if (f && (str_is(prefix, "inputs") || str_is(prefix, "inputs.parameters")))
        tell_inputs(f, names->wf->pass->a, to);
    for (size_t i = 0;
         f && (str_is(prefix, "steps") || str_is(prefix, "tasks")) && i < f->step_count; i++)
        tell_step(&f->steps[i], prefix, names->wf->pass->a, to);
}

static const struct expr_tag_scope *expr_scope_of(const struct wf_names *names)
{
    struct expr_scope *scope = ARENA_NEW(names->wf->pass->a, struct expr_scope);

    scope->tag.now = names->wf->pass->now;
    scope->tag.each = each_name;
    scope->names = names;
    return &scope->tag;
}

struct subst_options wf_names_options(const struct wf_names *names, enum subst_unresolved rule)
{
    static const struct str prefixes[] = {STR_INIT("steps"), STR_INIT("tasks")};

    return (struct subst_options){
        .lookup = wf_names_find,
        .lookup_ctx = names,
        .unresolved = rule,
        .prefixes = prefixes,
        .prefix_count = COUNT_OF(prefixes),
        .expr = expr_tag,
        .expr_ctx = expr_scope_of(names),
    };
}

/* ---- references of a step ---- */

static bool is_absent(const struct wf_names *names, struct str value)
{
    struct str inner, ignored;

    if (!str_starts(value, STR("{{")) || !str_ends(value, STR("}}")))
        return false;
    inner = str_head(str_skip(value, 2), value.len - 4);
    if (str_find(inner, STR("{{")) != SIZE_MAX)
        return false;
    return wf_names_find(names, str_trim(inner), &ignored) == SUBST_ABSENT;
}

/* Arguments that are nothing but a reference to what will never be there count as not supplied.
 */
static struct json mark_absent(const struct wf_names *names, struct arena *a,
                               const struct json *step)
{
    const struct json *list = json_path(step, "arguments", "parameters", NULL), *item;
    struct json_array_builder out = {0};
    bool is_any = false;

    for (size_t i = 0; (item = json_item(list, i)) != NULL; i++) {
        if (is_absent(names, json_get_str(item, STR("value")))) {
            json_push(a, &out, json_set(a, item, STR("value"), json_string(STR(ARGS_ABSENT))));
            is_any = true;
        } else {
            json_push(a, &out, *item);
        }
    }
    return is_any ? json_set_path(a, step, json_array(&out), "arguments", "parameters", NULL)
                  : *step;
}

/* The condition before all else, because what is not run need not resolve: 0: @ret is the step
 * with nothing but the condition filled in. One that cannot be told may depend on the item;
 * then each item is asked. */
static int judge_when(struct wf *wf, const struct subst_options *opts, struct arena *a,
                      const struct json *step, struct json *ret, struct err *err)
{
    const struct json *when = json_get(step, STR("when"));
    bool is_met = true;
    struct json text;

    if (!when || str_is_empty(json_str(when)))
        return 1;
    if (subst_json(a, when, opts, &text, err) < 0)
        return -1;
    if (cond_eval(wf->pass->a, json_str(&text), &is_met, err) < 0)
        return items_is_loop(step) ? 1 : -1;
    if (!is_met)
        *ret = json_set(a, step, STR("when"), text);
    return is_met;
}

static int resolve_step(struct wf *wf, const struct wf_frame *frame, struct arena *a,
                        const struct json *step, struct json *ret, struct err *err)
{
    const struct wf_names names = {.wf = wf, .frame = frame};
    const struct subst_options opts = wf_names_options(&names, SUBST_REFUSE_SOME);
    struct json out;
    int is_met = judge_when(wf, &opts, a, step, ret, err);

    if (is_met <= 0)
        return is_met < 0 ? -1 : 1;
    /* Hooks are filled in when they are due. */
    out = json_get(step, STR("hooks")) ? json_without(a, step, STR("hooks")) : *step;
    step = memcpy(ARENA_NEW(a, struct json), &out, sizeof(out));
    out = mark_absent(&names, a, step);
    if (subst_json(a, &out, &opts, ret, err) < 0)
        return -1;
    return wf_artifacts_resolve(&names, a, ret, err);
}

int wf_step_resolve(struct wf *wf, const struct wf_frame *frame, struct arena *a,
                    const struct json *step, struct json *ret, struct err *err)
{
    int result;

    wf->pass->scope_fault = STR_NONE;
    result = resolve_step(wf, frame, a, step, ret, err);
    if (result < 0 && !str_is_none(wf->pass->scope_fault))
        return err_set(err, ERR_INVALID, STR_FMT, STR_ARG(wf->pass->scope_fault));
    return result;
}
