/*
 * Calling a template under a node name: the node is made unless it is there, its inputs get
 * their values, and what kind of template it is decides how it goes on. A call under a name
 * that exists goes on with that node, so a restart is a sequence of the same calls.
 */
#include "base/limits.h"
#include "lang/subst/args.h"
#include "lang/subst/names.h"
#include "workflows/engine/custom_metrics.h"
#include "workflows/engine/memo.h"
#include "workflows/engine/sync.h"

void wf_frame_free(struct wf_frame *f)
{
    if (f)
        arena_free(f->arena);
}

const struct json *wf_call_locals(struct arena *a, const char *kind, struct str name)
{
    struct json_object_builder b = {0};
    struct json *ret = ARENA_NEW(a, struct json);

    json_add(a, &b, str_printf(a, "%s.name", kind), json_string(name));
    *ret = json_object(&b);
    return ret;
}

struct wf_node *wf_call_skip(struct wf *wf, const struct wf_call *call, enum wf_phase phase,
                             struct str message)
{
    struct wf_node *n = wf_node_find(wf, call->name);

    if (n)
        return n;
    n = wf_node_add(wf, call, WF_SKIPPED, WF_PENDING);
    wf_node_end(wf, n, phase, message);
    return n;
}

static enum wf_called fail(struct wf *wf, const struct wf_call *call, struct wf_node *n,
                           struct str text, struct wf_node **ret)
{
    if (n)
        wf_node_end(wf, n, WF_ERROR, text);
    else
        n = wf_call_skip(wf, call, WF_ERROR, text);
    *ret = n;
    return WF_CALL_ERRED;
}

/* Of what is carried out by a pod, or as if by one. */
static enum wf_type run_type(const struct json *tmpl)
{
    if (json_get(tmpl, STR("http")))
        return WF_HTTP;
    return json_get(tmpl, STR("plugin")) ? WF_PLUGIN : WF_POD;
}

enum wf_type wf_call_type(const struct wf *wf, const struct json *tmpl)
{
    if (json_get(tmpl, STR("retryStrategy")) || json_get(wf->spec, STR("retryStrategy")))
        return WF_RETRY;
    if (json_get(tmpl, STR("steps")))
        return WF_STEPS;
    if (json_get(tmpl, STR("dag")))
        return WF_DAG;
    if (json_get(tmpl, STR("suspend")))
        return WF_SUSPEND;
    return run_type(tmpl);
}

static bool is_pod(const struct json *tmpl)
{
    static const char *const members[] = {"container", "script", "containerSet", "resource",
                                          "data"};

    for (size_t i = 0; i < COUNT_OF(members); i++)
        if (json_get(tmpl, str_from(members[i])))
            return true;
    return false;
}

static const struct json *merge_locals(struct wf *wf, const struct wf_call *call,
                                       const struct json *tmpl)
{
    struct arena *a = wf->pass->a;
    struct json *ret = ARENA_NEW(a, struct json);
    struct str name = json_get_str(json_get(call->holder, STR("templateRef")), STR("template"));

    if (str_is_none(name))
        name = json_get_str(tmpl, STR("name"));
    *ret = json_set(a, call->locals, STR("node.name"), json_string(call->name));
    /* The entry point and hooks are called as by a step without a name. */
    if (!json_get(ret, STR("steps.name")) && !json_get(ret, STR("tasks.name")))
        *ret = json_set(a, ret, STR("steps.name"), json_string(STR("")));
    if (is_pod(tmpl))
        *ret = json_set(a, ret, STR("pod.name"),
                        json_string(pod_name(
                            a, wf->name,
                            &(const struct pod_node){.name = wf_node_name(wf, call->name),
                                                     .tmpl = name},
                            POD_NAME_V2)));
    return ret;
}

static int process(struct wf *wf, const struct wf_call *call, const struct json *tmpl,
                   struct arena *a, struct json *ret, struct err *err)
{
    const struct wf_names names = {.wf = wf, .locals = merge_locals(wf, call, tmpl)};
    const struct args_call args = {
        .tmpl = tmpl,
        .arguments = call->arguments,
        .names = wf_names_options(&names, SUBST_LEAVE),
        .config_map = wf_config_map_value,
        .config_map_ctx = wf,
    };

    return args_process(a, &args, ret, err);
}

int wf_call_process(struct wf *wf, const struct wf_call *call, const struct json *tmpl,
                    struct json *ret, struct err *err)
{
    return process(wf, call, tmpl, wf->pass->a, ret, err);
}

/* A node that is there goes on: one that has waited begins. Whether it is new or begins. */
static bool begin(struct wf *wf, const struct wf_call *call, struct wf_node **ret,
                  enum wf_type type, const struct json *tmpl)
{
    struct wf_node *n = *ret;

    if (!n) {
        *ret = wf_node_add(wf, call, type, wf_type_is_run(type) ? WF_PENDING : WF_RUNNING);
        wf_call_inputs(wf, *ret, tmpl);
        if (call->is_attempt && call->owner)
            wf_rare_set(*ret, WF_MEMO, wf_rare(call->owner, WF_MEMO));
        return true;
    }
    if (n->phase != WF_PENDING || wf_node_is_run(n))
        return false;
    n->phase = WF_RUNNING;
    wf_node_changed(wf, n);
    return true;
}

void wf_call_inputs(struct wf *wf, struct wf_node *n, const struct json *tmpl)
{
    const struct json *inputs = json_get(tmpl, STR("inputs"));
    const struct json *parameters = json_get(inputs, STR("parameters"));
    const struct json *artifacts = json_get(inputs, STR("artifacts"));
    struct str shown = json_get_str(json_get(tmpl, STR("annotations")),
                                    STR("workflows.argoproj.io/display-name"));

    if ((parameters && parameters->count) || (artifacts && artifacts->count))
        wf_text_set(&n->inputs, json_text(wf->pass->a, inputs, JSON_COMPACT));
    if (!str_is_empty(shown) && node_display_name_is_valid(shown))
        wf_node_show_as(wf, n, shown);
}

static struct wf_frame *frame_new(struct arena *a, struct wf_node *n,
                                  const struct wf_call *call, const struct wf_template *from)
{
    struct wf_frame *f = ARENA_NEW(a, struct wf_frame);

    f->arena = a;
    f->node = n;
    f->scope = str_copy(a, from->scope);
    f->caller_scope = str_copy(a, call->scope);
    f->depth = call->depth;
    f->is_exit = call->is_exit;
    f->deadline_ms = call->deadline_ms;
    if (n->type == WF_RETRY) {
        struct json *copies = ARENA_ARRAY(a, struct json, 3);
        const struct json *const kept[] = {call->holder, call->arguments, call->locals};

        for (size_t i = 0; i < 3; i++)
            if (kept[i])
                copies[i] = json_clone(a, kept[i]);
        f->holder = &copies[0];
        f->arguments = call->arguments ? &copies[1] : NULL;
        f->locals = call->locals ? &copies[2] : NULL;
    }
    return f;
}

static const struct json *retry_of(const struct wf *wf, const struct json *tmpl)
{
    const struct json *own = json_get(tmpl, STR("retryStrategy"));

    return own ? own : json_get(wf->spec, STR("retryStrategy"));
}

/* The steps or tasks as a frame keeps them: a phase of the workflow that ends with this pass
 * stays a tag, for those that are called later to fill in. */
static int keep_status(struct wf *wf, const struct wf_call *call, const struct json *from,
                       struct arena *a, struct json *tmpl, struct err *err)
{
    static const char *const members[] = {"steps", "dag"};
    struct json open;
    int rc;

    if (!wf->pass->has_passing_status)
        return 0;
    wf->pass->is_status_kept = true;
    rc = process(wf, call, from, a, &open, err);
    wf->pass->is_status_kept = false;
    for (size_t i = 0; rc == 0 && i < COUNT_OF(members); i++)
        if (json_get(&open, str_from(members[i])))
            *tmpl =
                json_set(a, tmpl, str_from(members[i]), *json_get(&open, str_from(members[i])));
    return rc;
}

/* The node of a call that others hang on; its frame runs later in this pass. */
static enum wf_called start_caller(struct wf *wf, const struct wf_call *call, enum wf_type type,
                                   const struct wf_template *from, struct wf_node **ret)
{
    struct wf_node *n = *ret;
    struct arena *a = arena_new();
    struct json tmpl;
    struct err err;

    wf->pass->has_passing_status = false;
    if (process(wf, call, from->json, a, &tmpl, &err) < 0 ||
        keep_status(wf, call, from->json, a, &tmpl, &err) < 0) {
        arena_free(a);
        return fail(wf, call, n, str_from(err.text), ret);
    }
    begin(wf, call, ret, type, &tmpl);
    n = *ret;
    n->frame = frame_new(a, n, call, from);
    n->frame->tmpl = json_clone(a, &tmpl);
    wf_metrics_note(wf, n, from->json);
    if (type == WF_STEPS)
        wf_steps_open(wf, n->frame);
    if (type == WF_DAG && wf_dag_open(wf, n->frame, &err) < 0) {
        wf_node_end(wf, n, WF_ERROR, str_from(err.text));
        return WF_CALL_ERRED;
    }
    wf_node_wake(wf, n);
    return WF_CALLED;
}

static enum wf_called start_pod(struct wf *wf, const struct wf_call *call,
                                const struct wf_template *from, struct wf_node **ret)
{
    struct str shutdown = wf_shutdown(wf);
    struct wf_node *n = *ret;
    struct json tmpl;
    struct err err;

    if (process(wf, call, from->json, wf->pass->a, &tmpl, &err) < 0)
        return fail(wf, call, n, str_from(err.text), ret);
    if (begin(wf, call, ret, run_type(&tmpl), &tmpl)) {
        n = *ret;
        wf_metrics_note(wf, n, from->json);
        if (!str_is_empty(shutdown) && !(call->is_exit && str_is(shutdown, "Stop"))) {
            wf_node_end(wf, n, WF_FAILED,
                        str_printf(wf->pass->a, "workflow shutdown with strategy: " STR_FMT,
                                   STR_ARG(shutdown)));
            return WF_CALLED;
        }
        if (!call->is_exit && wf_is_past_deadline(wf)) {
            wf_node_end(wf, n, WF_FAILED, STR("Step exceeded its deadline"));
            return WF_CALLED;
        }
    }
    wf_metrics_note(wf, n, from->json);
    wf_pod_start(wf, n, call, &tmpl, from);
    return WF_CALLED;
}

static enum wf_called start_suspend(struct wf *wf, const struct wf_call *call,
                                    const struct wf_template *from, struct wf_node **ret)
{
    struct wf_node *n = *ret;
    struct arena *a = arena_new();
    struct json tmpl;
    struct err err;

    if (process(wf, call, from->json, a, &tmpl, &err) < 0) {
        arena_free(a);
        return fail(wf, call, n, str_from(err.text), ret);
    }
    if (begin(wf, call, ret, WF_SUSPEND, &tmpl))
        wf_suspend_init(wf, *ret, &tmpl);
    n = *ret;
    n->frame = frame_new(a, n, call, from);
    n->frame->tmpl = json_clone(a, &tmpl);
    wf_metrics_note(wf, n, from->json);
    if (!wf_suspend_stop(wf, n, call->is_exit))
        wf_suspend_run(wf, n->frame);
    return n->phase == WF_ERROR ? WF_CALL_ERRED : WF_CALLED;
}

/* A row that somebody else wrote may be anything. */
static bool is_of_type(const struct wf *wf, const struct wf_call *call, const struct json *tmpl,
                       const struct wf_node *n)
{
    bool is_retry = !call->is_attempt && retry_of(wf, tmpl);
    enum wf_type type = is_retry                       ? WF_RETRY
                        : is_pod(tmpl)                 ? WF_POD
                        : run_type(tmpl) != WF_POD     ? run_type(tmpl)
                        : json_get(tmpl, STR("steps")) ? WF_STEPS
                        : json_get(tmpl, STR("dag"))   ? WF_DAG
                                                       : WF_SUSPEND;

    return n->type == type;
}

static enum wf_called start(struct wf *wf, const struct wf_call *call,
                            const struct wf_template *from, struct wf_node **ret)
{
    const struct json *tmpl = from->json;

    if (*ret && !is_of_type(wf, call, tmpl, *ret))
        return fail(wf, call, *ret, STR("its row is of another type than its template"), ret);
    if (!call->is_attempt && retry_of(wf, tmpl))
        return start_caller(wf, call, WF_RETRY, from, ret);
    if (is_pod(tmpl) || run_type(tmpl) != WF_POD)
        return start_pod(wf, call, from, ret);
    if (json_get(tmpl, STR("steps")))
        return start_caller(wf, call, WF_STEPS, from, ret);
    if (json_get(tmpl, STR("dag")))
        return start_caller(wf, call, WF_DAG, from, ret);
    if (json_get(tmpl, STR("suspend")))
        return start_suspend(wf, call, from, ret);
    return fail(wf, call, *ret,
                str_printf(wf->pass->a, "Template '" STR_FMT "' missing specification",
                           STR_ARG(json_get_str(tmpl, STR("name")))),
                ret);
}

/* Unless a result of before is used. */
static enum wf_called recall(struct wf *wf, const struct wf_call *call,
                             const struct wf_template *from, struct wf_node **ret)
{
    struct err err;

    switch (wf_memo_enter(wf, call, from, ret, &err)) {
    case WF_MEMO_ERRED:
        return fail(wf, call, *ret, str_from(err.text), ret);
    case WF_MEMO_HIT:
        return WF_CALLED;
    case WF_MEMO_NONE:
    case WF_MEMO_MISS:
        break;
    }
    return start(wf, call, from, ret);
}

/* Through the locks of the template, if it has any. */
static enum wf_called enter(struct wf *wf, const struct wf_call *call,
                            const struct wf_template *from, struct wf_node **ret)
{
    enum wf_called called;
    struct err err;

    if (call->is_attempt || !json_get(from->json, STR("synchronization")))
        return recall(wf, call, from, ret);
    switch (wf_sync_enter(wf, call, from, ret, &err)) {
    case WF_SYNC_ERRED:
        return fail(wf, call, *ret, str_from(err.text), ret);
    case WF_SYNC_WAITS:
        return WF_CALLED;
    case WF_SYNC_OPEN:
        break;
    }
    called = recall(wf, call, from, ret);
    wf_sync_began(wf, *ret);
    return called;
}

/* An attempt of what holds locks does not wait for room: who takes up the room may wait for
 * these locks. Nor does a further one beside others that have failed: retry.c looks at that. */
static bool is_let_in(const struct wf_call *call)
{
    return call->is_attempt && (call->owner->is_locked || (call->owner->children.len > 0 &&
                                                           wf_fails_fast(call->boundary)));
}

enum wf_called wf_call(struct wf *wf, const struct wf_call *call, struct wf_node **ret)
{
    struct wf_node *n = wf_node_find(wf, call->name);
    struct wf_template from;
    struct err err;

    *ret = n;
    if (n) {
        n->owner = call->owner;
        n->hook_of = call->hook_of;
        n->step = call->step;
        if (wf_node_is_done(n) || n->frame)
            return WF_CALLED;
    }
    if (call->depth > TEMPLATE_DEPTH_MAX)
        return fail(wf, call, n,
                    str_printf(wf->pass->a,
                               "templates call each other more than %d levels deep",
                               TEMPLATE_DEPTH_MAX),
                    ret);
    if (wf_template_find(wf, call->holder, call->scope, &from, &err) < 0)
        return fail(wf, call, n, str_from(err.text), ret);
    if (!n && !call->is_exit && !is_let_in(call) && !wf_has_room(wf, call->boundary)) {
        wf_block(wf, call->owner);
        return WF_CALL_WAITS;
    }
    if (!n && wf->pass->pods.len >= ENGINE_PASS_PODS_MAX && call->owner) {
        wf_block(wf, call->owner);
        wf_wake_at(wf, wf->pass->now.ms); /* the others, after what else waits for its turn */
        return WF_CALL_WAITS;
    }
    return enter(wf, call, &from, ret);
}

enum wf_called wf_call_when(struct wf *wf, struct wf_call *call, const struct json *step,
                            struct wf_node **ret, struct err *err)
{
    struct str when = json_get_str(step, STR("when"));
    struct arena *a = wf->pass->a;
    struct wf_call bare = *call;
    bool is_met = true;

    bare.flags |= WF_FLAG_EMPTY;
    if (cond_eval(a, when, &is_met, err) < 0) {
        *ret = wf_call_skip(wf, &bare, WF_ERROR, str_from(err->text));
        return WF_CALL_UNTOLD;
    }
    if (!is_met) {
        *ret = wf_call_skip(wf, &bare, WF_SKIPS,
                            str_printf(a, "when '" STR_FMT "' evaluated false", STR_ARG(when)));
        return WF_CALLED;
    }
    call->holder = step;
    call->arguments = json_get(step, STR("arguments"));
    if (wf_call(wf, call, ret) == WF_CALL_ERRED && *ret) {
        err_set(err, ERR_INVALID, STR_FMT, STR_ARG((*ret)->message));
        return WF_CALL_ERRED;
    }
    return *ret ? WF_CALLED : WF_CALL_WAITS;
}

bool wf_call_arm(struct wf_node *child)
{
    if (wf_node_is_over(child))
        return false;
    child->is_told = false;
    return true;
}

void wf_block(struct wf *wf, struct wf_node *n)
{
    if (n && (wf->blocked.len == 0 || wf->blocked.at[wf->blocked.len - 1] != n))
        VEC_PUSH(&wf->blocked, n);
}

void wf_unblock(struct wf *wf)
{
    VEC_FOREACH (it, &wf->blocked)
        wf_node_wake(wf, *it);
    wf->blocked.len = 0;
}

void wf_frame_run(struct wf *wf, struct wf_node *n)
{
    if (!n->frame || wf_node_is_done(n))
        return;
    if (n->frame->is_waiting)
        wf_sync_again(wf, n);
    else if (n->type == WF_STEPS)
        wf_steps_run(wf, n->frame);
    else if (n->type == WF_DAG)
        wf_dag_run(wf, n->frame);
    else if (n->type == WF_RETRY)
        wf_retry_run(wf, n->frame);
    else if (n->type == WF_SUSPEND)
        wf_suspend_run(wf, n->frame);
}
