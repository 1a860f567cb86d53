/*
 * Templates that become pods: container, script and containerSet. Asks for the pod, and takes
 * what is reported. After a restart an unfinished node asks again with the same content.
 */
#include "formats/duration.h"
#include "lang/subst/names.h"
#include "workflows/engine/claims.h"
#include "workflows/engine/container_set.h"
#include "workflows/engine/hooks.h"
#include "workflows/engine/pod_patch.h"
#include "workflows/engine/wf_internal.h"

/* After a retry the pod of a node is another one, under the same name. */
struct str wf_pod_uid(struct arena *a, const struct wf *wf, const struct wf_node *n)
{
    if (!str_is_none(wf_rare(n, WF_POD_UID)))
        return str_copy(a, wf_rare(n, WF_POD_UID));
    if (wf->generation > 1)
        return str_printf(a, STR_FMT "-%ur%lld", STR_ARG(wf->uid), str_fnv32a(n->name),
                          (long long) wf->generation);
    return str_printf(a, STR_FMT "-%u", STR_ARG(wf->uid), str_fnv32a(n->name));
}

struct str wf_settled_pod(struct arena *a, struct str workflow_uid, struct str node)
{
    struct json doc;
    struct err err;

    if (json_parse(a, node, &doc, &err) < 0 ||
        !wf_phase_is_completed(wf_phase_of(json_get_str(&doc, STR("phase")))))
        return STR_NONE;
    return str_printf(a, STR_FMT "-%u", STR_ARG(workflow_uid),
                      str_fnv32a(json_get_str(&doc, STR("name"))));
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a == 0 || (b != 0 && b < a) ? b : a;
}

/* Seconds of a number or of a text with one; 0: none. */
static int64_t seconds_of(const struct json *value)
{
    int64_t ret = 0;

    if (!json_i64(value, &ret) && !parse_i64(json_str(value), &ret))
        return 0;
    return ret;
}

/* Is it held for whoever debugs it? By a variable of one of its main containers. */
static bool is_debugged(const struct json *tmpl)
{
    const struct json *one = json_get(tmpl, STR("container")), *each, *env;
    const struct json *set = json_path(tmpl, "containerSet", "containers", NULL);

    one = one ? one : json_get(tmpl, STR("script"));
    for (size_t i = 0; (each = one && i == 0 ? one : json_item(set, i)) != NULL; i++)
        for (size_t j = 0; (env = json_item(json_get(each, STR("env")), j)) != NULL; j++)
            if (str_is(json_get_str(env, STR("name")), "ARGO_DEBUG_PAUSE_BEFORE") ||
                str_is(json_get_str(env, STR("name")), "ARGO_DEBUG_PAUSE_AFTER"))
                return true;
    return false;
}

static int64_t pod_deadline(const struct wf *wf, const struct wf_node *n,
                            const struct wf_call *call, const struct json *tmpl)
{
    struct str timeout = json_get_str(tmpl, STR("timeout"));
    int64_t active = seconds_of(json_get(tmpl, STR("activeDeadlineSeconds"))), ns;
    int64_t ret = call->deadline_ms;
    struct err err;

    if (active > 0)
        ret = earlier(ret, n->started_ms + active * 1000);
    if (!str_is_empty(timeout) && duration_parse_argo(timeout, &ns, &err) == 0)
        ret = earlier(ret, n->started_ms + ns / DURATION_MS);
    if (!call->is_exit)
        ret = earlier(ret, wf_deadline_ms(wf));
    return is_debugged(tmpl) ? 0 : ret;
}

/* Does the caller's template mention the result of this step? Looked for once a step. */
static bool wants_result(struct wf *wf, const struct wf_node *n)
{
    struct wf_node *owner = n->owner;
    struct wf_frame *f;
    struct wf_step *step;
    struct arena *a = wf->pass->a;

    if (owner && owner->type == WF_RETRY) {
        n = owner;
        owner = n->owner;
    }
    if (!owner || !owner->frame || n->hook_of || owner->type == WF_RETRY)
        return false;
    f = owner->frame;
    step = &f->steps[n->step];
    if (step->has_result_known)
        return step->wants_result;
    if (str_is_none(f->text))
        f->text = json_text(f->arena, &f->tmpl, JSON_COMPACT);
    step->has_result_known = true;
    step->wants_result = str_find(f->text, str_printf(a, "s." STR_FMT ".outputs.result",
                                                      STR_ARG(step->name))) != SIZE_MAX ||
                         str_find(f->text, str_printf(a, "['" STR_FMT "'].outputs.result",
                                                      STR_ARG(step->name))) != SIZE_MAX;
    return step->wants_result;
}

/* The template's own instead of the workflow's. */
static const struct json *security_of(const struct wf *wf, const struct json *tmpl)
{
    const struct json *own = json_get(tmpl, STR("securityContext"));

    return own ? own : json_get(wf->spec, STR("securityContext"));
}

static const struct json *resources_of(const struct wf *wf, const struct json *tmpl)
{
    const struct json *own = json_get(tmpl, STR("podResources"));

    return own ? own : json_get(wf->spec, STR("podResources"));
}

/* The template's own, or that of who calls it, or the workflow's; as a whole. */
static const struct json *selector_of(const struct wf *wf, const struct wf_node *n,
                                      const struct json *tmpl)
{
    const struct json *own = json_get(tmpl, STR("nodeSelector"));

    if (!own && n->boundary && n->boundary->frame)
        own = json_get(&n->boundary->frame->tmpl, STR("nodeSelector"));
    return own ? own : json_get(wf->spec, STR("nodeSelector"));
}

/* podMetadata of the workflow under the template's own. */
static const struct json *pod_meta(struct wf *wf, const struct json *tmpl)
{
    static const char *const parts[] = {"labels", "annotations"};
    const struct json *below = json_get(wf->spec, STR("podMetadata"));
    const struct json *own = json_get(tmpl, STR("metadata"));
    struct arena *a = wf->pass->a;
    struct json *ret;

    if (!below || !own)
        return own ? own : below;
    ret = ARENA_NEW(a, struct json);
    *ret = *below;
    for (size_t i = 0; i < COUNT_OF(parts); i++) {
        const struct json *list = json_get(own, str_from(parts[i]));

        for (uint32_t j = 0; json_is(list, JSON_OBJECT) && j < list->count; j++)
            *ret = json_set_path(a, ret, list->members[j].value, parts[i],
                                 str_cz(a, list->members[j].key), NULL);
    }
    return ret;
}

static const struct json *keep(struct arena *out, const struct json *value)
{
    struct json *ret;

    if (!value)
        return NULL;
    ret = ARENA_NEW(out, struct json);
    *ret = json_clone(out, value);
    return ret;
}

void wf_pod_count(struct wf *wf, struct wf_node *n)
{
    if (n->type != WF_POD)
        return;
    wf->active_pods += !n->is_counted;
    if (n->boundary)
        n->boundary->pods_inside += !n->is_counted;
    n->is_counted = true;
}

void wf_pod_uncount(struct wf *wf, struct wf_node *n)
{
    wf->active_pods -= n->is_counted;
    if (n->boundary)
        n->boundary->pods_inside -= n->is_counted;
    n->is_counted = false;
}

/* The template's word comes first. */
static enum pod_token token_of(const struct wf *wf, const struct json *tmpl)
{
    static const struct str name = STR_INIT("automountServiceAccountToken");
    const struct json *given = json_get(tmpl, name);

    if (!json_is(given, JSON_BOOL))
        given = json_get(wf->spec, name);
    if (!json_is(given, JSON_BOOL))
        return POD_TOKEN_BY_ACCOUNT;
    return given->is_true ? POD_TOKEN_MOUNTED : POD_TOKEN_NONE;
}

void wf_pod_start(struct wf *wf, struct wf_node *n, const struct wf_call *call,
                  const struct json *tmpl, const struct wf_template *from)
{
    struct arena *out = wf->pass->out;
    struct str account = json_get_str(tmpl, STR("serviceAccountName"));
    struct str called =
        json_get_str(json_get(call->holder, STR("templateRef")), STR("template"));
    struct wf_pod_action action = {0};
    struct json patched = {0}, located = {0};
    struct err err;
    struct pod_request *r = &action.request;

    (void) from;
    if (n->is_asked)
        return;
    n->is_asked = true;
    n->is_daemon = json_get_bool(tmpl, STR("daemon"));
    if (!n->is_daemoned)
        wf_pod_count(wf, n);
    wf_pending_note(wf, n, tmpl);
    wf_containers_add(wf, n, call, tmpl);
    if (str_is_none(account))
        account = json_get_str(wf->spec, STR("serviceAccountName"));
    if (str_is_none(called))
        called = json_get_str(tmpl, STR("name"));
    r->uid = wf_pod_uid(out, wf, n);
    r->ns = str_copy(out, wf->ns);
    r->name = pod_name(out, wf->name,
                       &(const struct pod_node){.name = n->name, .tmpl = called},
                       POD_NAME_V2);
    r->workflow = str_copy(out, wf->name);
    r->workflow_uid = str_copy(out, wf->uid);
    r->node_id = str_copy(out, n->id);
    r->node_name = str_copy(out, n->name);
    if (wf_claims_volumes(wf, out, &r->volumes, &err) < 0 ||
        wf_claims_check_mounts(tmpl, r->volumes, &err) < 0 ||
        wf_pod_patch(wf, tmpl, &patched, &r->grace_ms, &err) < 0 ||
        wf_repository_location(wf, &patched, r->name, &located, &err) < 0) {
        wf_pod_uncount(wf, n);
        wf_node_fault(wf, n, str_from(err.text));
        return;
    }
    r->template = keep(out, &located);
    r->pod_meta = keep(out, pod_meta(wf, tmpl));
    r->security = keep(out, security_of(wf, &patched));
    r->resources = keep(out, resources_of(wf, &patched));
    r->node_selector = keep(out, selector_of(wf, n, &patched));
    r->service_account = str_is_none(account) ? STR("") : str_copy(out, account);
    r->token = token_of(wf, tmpl);
    r->deadline.ms = pod_deadline(wf, n, call, &patched);
    r->is_on_host = json_get_bool(wf->spec, STR("hostNetwork"));
    r->wants_result = wants_result(wf, n);
    VEC_APUSH(wf->pass->a, &wf->pass->pods, action);
}

static enum wf_phase phase_of(enum pod_phase phase)
{
    switch (phase) {
    case POD_PENDING:
        return WF_PENDING;
    case POD_RUNNING:
        return WF_RUNNING;
    case POD_SUCCEEDED:
        return WF_SUCCEEDED;
    case POD_FAILED:
        return WF_FAILED;
    case POD_ERROR:
        return WF_ERROR;
    }
    return WF_ERROR;
}

void wf_pod_observe(struct wf *wf, struct wf_node *n, const struct pod_report *report)
{
    struct arena *a = wf->pass->a;
    enum wf_phase phase = phase_of(report->phase);
    struct str message = report->message;

    if (report->is_final)
        VEC_APUSH(a, &wf->pass->forget, str_copy(wf->pass->out, report->uid));
    if (wf_node_is_done(n))
        return;
    if (!str_is_empty(report->host))
        n->host = wf_word(wf, report->host);
    wf_progress_say(wf, n, report->progress);
    if (report->outputs && !n->is_daemon)
        wf_text_set(&n->outputs, json_text(a, report->outputs, JSON_COMPACT));
    if (report->is_unready && n->is_daemon && !n->is_daemoned) {
        if (str_eq(n->message, message))
            return;
        wf_text_set(&n->message, str_is_empty(message) ? STR_NONE : message);
        wf_node_changed(wf, n); /* as upstream: it stays pending until all is ready */
        return;
    }
    if (n->is_daemon && phase == WF_RUNNING && !report->is_final) {
        wf_pod_uncount(wf, n);
        wf_text_set(&n->message, STR_NONE);
        wf_node_daemon(wf, n, report->ip);
        wf->pass->has_new_daemon = true;
        wf_unblock(wf);
        return;
    }
    if (n->is_daemon && phase == WF_SUCCEEDED)
        phase = WF_FAILED; /* it was to go on */
    if (n->is_daemoned && report->is_final && !str_is_empty(wf_shutdown(wf)))
        phase = WF_SUCCEEDED; /* stopped with what needed it, in whatever order they end */
    if (!report->is_final) {
        if (n->phase == phase && str_eq(n->message, message))
            return;
        n->phase = phase;
        wf_text_set(&n->message, str_is_empty(message) ? STR_NONE : message);
        wf_node_changed(wf, n);
        if (phase == WF_RUNNING)
            wf_containers_run(wf, n);
        wf_hooks_notice(wf, n);
        return;
    }
    wf_pod_uncount(wf, n);
    if (n->is_daemoned && n->owner && n->owner->type == WF_RETRY)
        n->is_told = false; /* that it is up was told; now there may be another attempt */
    for (size_t i = 0; i < report->container_count; i++)
        wf_container_end(wf, n, &report->containers[i], phase_of(report->containers[i].phase));
    wf_node_end(wf, n, wf_phase_is_completed(phase) ? phase : WF_ERROR, message);
    wf_unblock(wf);
}
