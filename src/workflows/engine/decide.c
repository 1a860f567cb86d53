/*
 * One pass: applies what was observed, runs the frames that were woken until none is left, and
 * gives back what changed. Does no I/O and reads no clock.
 */
#include "base/limits.h"
#include "formats/gotime.h"
#include "objects/object.h"
#include "workflows/engine/claims.h"
#include "workflows/engine/custom_metrics.h"
#include "workflows/engine/estimate.h"
#include "workflows/engine/sync.h"
#include "workflows/engine/world.h"

#define ARCHIVING_LABEL "workflows.argoproj.io/workflow-archiving-status"

/* ---- the document ---- */

static struct json condition(struct arena *a, const char *type, bool is_true)
{
    struct json_object_builder b = {0};

    json_add(a, &b, STR("type"), json_string(str_from(type)));
    json_add(a, &b, STR("status"), json_string(is_true ? STR("True") : STR("False")));
    return json_object(&b);
}

/* A retried workflow is shown as one that is not completed any more. */
static bool was_completed(const struct wf *wf)
{
    const struct json *list = json_path(&wf->doc, "status", "conditions", NULL), *item;

    for (size_t i = 0; (item = json_item(list, i)) != NULL; i++)
        if (str_is(json_get_str(item, STR("type")), "Completed"))
            return true;
    return false;
}

static void push_text(struct arena *a, struct json_array_builder *list, const char *type,
                      struct str text)
{
    struct json made = condition(a, type, true);

    if (!str_is_none(text))
        json_push(a, list, json_set(a, &made, STR("message"), json_string(text)));
}

static struct json conditions(const struct wf *wf, struct arena *a)
{
    struct json_array_builder list = {0};

    push_text(a, &list, "SpecWarning", wf->warning);
    push_text(a, &list, "MetricsError", wf->metrics_error);
    if (wf->total > 0)
        json_push(a, &list,
                  condition(a, "PodRunning", wf->active_pods > 0 || wf->pass->has_new_daemon));
    if (wf_is_finished(wf) || was_completed(wf))
        json_push(a, &list, condition(a, "Completed", wf_is_finished(wf)));
    return json_array(&list);
}

static struct json status_time(struct arena *a, int64_t ms)
{
    return ms ? json_string(gotime_rfc3339(a, (struct wall){ms})) : json_null();
}

/* One that has ended and is to be kept waits for the archiver. */
static struct json with_archiving(struct arena *a, const struct json *doc,
                                  const struct config *config)
{
    const struct json *labels = json_path(doc, "metadata", "labels", NULL);

    if (!config || !config_archives(config, labels) || json_get(labels, STR(ARCHIVING_LABEL)))
        return *doc;
    return json_set_path(a, doc, json_string(STR("Pending")), "metadata", "labels",
                         ARCHIVING_LABEL, NULL);
}

static struct json with_labels(struct arena *a, const struct json *doc, enum wf_phase phase,
                               const struct config *config)
{
    bool is_completed = wf_phase_is_completed(phase);
    struct json made = json_set_path(a, doc, json_string(wf_phase_name(phase)), "metadata",
                                     "labels", "workflows.argoproj.io/phase", NULL);

    made = json_set_path(a, &made, json_string(is_completed ? STR("true") : STR("false")),
                         "metadata", "labels", "workflows.argoproj.io/completed", NULL);
    return is_completed ? with_archiving(a, &made, config) : made;
}

/* What is known of the run, over a status; but for conditions, which follow from it. */
static struct json status_over(const struct wf *wf, struct arena *a, const struct json *old)
{
    struct json outputs = {.type = JSON_ARRAY,
                           .count = (uint32_t) wf->global_outputs.len,
                           .items = wf->global_outputs.at};
    struct json artifacts = {.type = JSON_ARRAY,
                             .count = (uint32_t) wf->global_artifacts.len,
                             .items = wf->global_artifacts.at};
    uint32_t estimated = wf->started_ms > 0 ? estimate_workflow_s(wf->estimate) : 0;
    struct json status;

    status = json_set(a, old, STR("phase"), json_string(wf_phase_name(wf->phase)));
    status = json_set(a, &status, STR("startedAt"), status_time(a, wf->started_ms));
    status = json_set(a, &status, STR("finishedAt"), status_time(a, wf->finished_ms));
    if (estimated > 0 && !json_get(&status, STR("estimatedDuration")))
        status = json_set(a, &status, STR("estimatedDuration"), json_int(a, estimated));
    status = json_set(a, &status, STR("progress"),
                      json_string(str_printf(a, "%u/%u", wf->done, wf->total)));
    status = json_without(a, &status, STR("message"));
    if (wf_is_finished(wf))
        status = json_without(a, &status, STR("synchronization"));
    if (!str_is_none(wf->message))
        status = json_set(a, &status, STR("message"), json_string(wf->message));
    if (outputs.count > 0)
        status = json_set_path(a, &status, outputs, "outputs", "parameters", NULL);
    if (artifacts.count > 0)
        status = json_set_path(a, &status, artifacts, "outputs", "artifacts", NULL);
    if (wf->repository)
        status = json_set(a, &status, STR("artifactRepositoryRef"), *wf->repository);
    status = json_without(a, &status, STR("persistentVolumeClaims"));
    if (wf->claims)
        status = json_set(a, &status, STR("persistentVolumeClaims"), *wf->claims);
    return status;
}

struct str wf_status_doc(struct wf *wf, struct arena *a)
{
    struct json status = status_over(wf, a, json_get(&wf->doc, STR("status"))), doc;

    status = json_set(a, &status, STR("conditions"), conditions(wf, a));
    doc = json_set(a, &wf->doc, STR("status"), status);
    doc = with_labels(a, &doc, wf->phase, wf->world ? wf->world->config : NULL);
    return json_text(a, &doc, JSON_COMPACT);
}

bool wf_knows_status(const struct wf *wf, struct str text)
{
    _cleanup_arena_ struct arena *a = arena_new();
    const struct json *status;
    struct json doc, known;
    struct err ignored;

    if (json_parse(a, str_copy(a, text), &doc, &ignored) < 0)
        return true; /* it is taken for nothing */
    status = json_get(&doc, STR("status"));
    known = status_over(wf, a, status);
    return json_is(status, JSON_OBJECT) && json_equal(&known, status);
}

struct json wf_refused_doc(struct arena *a, const struct json *doc, struct str why,
                           struct wall now, const struct config *config)
{
    const struct json *old = json_get(doc, STR("status"));
    struct json status = json_set(a, old, STR("phase"), json_string(wf_phase_name(WF_ERROR)));
    struct json_array_builder b = {0};
    struct json made;

    json_push(a, &b, condition(a, "Completed", true));
    if (!json_get(old, STR("startedAt")))
        status = json_set(a, &status, STR("startedAt"), status_time(a, now.ms));
    status = json_set(a, &status, STR("finishedAt"), status_time(a, now.ms));
    status = json_set(a, &status, STR("message"),
                      json_string(str_printf(a, "invalid spec: " STR_FMT, STR_ARG(why))));
    status = json_set(a, &status, STR("conditions"), json_array(&b));
    made = json_set(a, doc, STR("status"), status);
    return with_labels(a, &made, WF_ERROR, config);
}

/* ---- observations ---- */

/* The new document; templates stay those that the workflow began with. */
static void take_spec(struct wf *wf, struct str text)
{
    struct arena *a = arena_new();
    struct str copy = str_copy(a, text);
    struct json doc;
    struct err err;

    if (json_parse(a, copy, &doc, &err) < 0) {
        arena_free(a);
        return;
    }
    if (wf->doc_arena != wf->arena)
        arena_free(wf->doc_arena);
    wf->doc_arena = a;
    wf->doc_text = copy;
    wf->doc = doc;
    wf->is_stopping = false;
    wf_unblock(wf);
}

/* Through the locks of the workflow: false while it waits, or when it has ended. */
static bool enter(struct wf *wf)
{
    struct err err;

    switch (wf_sync_workflow(wf, &err)) {
    case WF_SYNC_OPEN:
        return true;
    case WF_SYNC_WAITS:
        if (str_is(wf_shutdown(wf), "Terminate"))
            wf_fail(wf, STR("Stopped with strategy 'Terminate'"));
        return false;
    case WF_SYNC_ERRED:
        wf_fail(wf, str_printf(wf->pass->a, "Failed to acquire the synchronization lock. %s",
                               err.text));
        return false;
    }
    return false;
}

static void begin(struct wf *wf)
{
    struct arena *a = wf->pass->a;
    const struct wf_names names = {.wf = wf};
    const struct subst_options opts = wf_names_options(&names, SUBST_LEAVE);
    const struct json *arguments = json_get(wf->spec, STR("arguments"));
    struct json holder = json_set(a, NULL, STR("template"),
                                  json_string(json_get_str(wf->spec, STR("entrypoint"))));
    struct json filled;
    struct wf_call call = {.name = wf->name, .holder = &holder, .scope = wf->local_scope};
    struct wf_node *root = wf_node_find(wf, wf->name);
    struct err err;

    if (!enter(wf))
        return;
    if (wf->phase == WF_NONE || wf->phase == WF_PENDING) {
        wf->phase = WF_RUNNING;
        wf_text_set(&wf->message, STR_NONE);
        if (wf_repository_resolve(wf, &err) < 0) {
            wf_end(wf, str_printf(wf->pass->a, "failed to resolve artifact repository: %s",
                                  err.text));
            return;
        }
        if (wf_arguments_check(wf, &err) < 0) {
            wf_fail(wf,
                    str_printf(wf->pass->a, "failed to set global parameters: %s", err.text));
            return;
        }
        wf->started_ms = wf->pass->now.ms;
        wf->is_doc_changed = true;
        if (wf_metadata_apply(wf, &err) < 0) {
            wf_end(wf, str_from(err.text));
            return;
        }
    }
    if (wf_claims_begin(wf, &err) < 0) {
        wf_end(wf, str_printf(a, "pvc create error: %s", err.text));
        return;
    }
    wf_metrics_begin(wf);
    if (root && (wf_node_is_done(root) || root->frame || root->is_asked))
        return;
    if (arguments && subst_json(a, arguments, &opts, &filled, &err) == 0)
        call.arguments = &filled;
    if (wf_call(wf, &call, &root) == WF_CALL_ERRED)
        root->is_fault = true;
}

static void wake_sleepers(struct wf *wf)
{
    size_t kept = 0;

    for (size_t i = 0; i < wf->sleeping.len; i++) {
        struct wf_node *n = wf->sleeping.at[i];

        if (!n->frame || wf_node_is_done(n))
            continue;
        if (n->frame->wake_ms <= wf->pass->now.ms)
            wf_node_wake(wf, n);
        else
            wf->sleeping.at[kept++] = n;
    }
    wf->sleeping.len = kept;
}

/* Pods of before a retry have other uids. */
static bool has_pod(const struct wf *wf, struct arena *a, const struct wf_node *n,
                    struct str uid)
{
    return wf_node_is_run(n) && (wf->generation <= 1 || str_eq(uid, wf_pod_uid(a, wf, n)));
}

bool wf_wants_pod(const struct wf *wf, struct str node_id, struct str uid)
{
    _cleanup_arena_ struct arena *a = arena_new();
    const struct wf_node *n = map_find(&wf->nodes, node_id);

    return n && !wf_node_is_done(n) && has_pod(wf, a, n, uid);
}

static void observe(struct wf *wf, const struct wf_input *input)
{
    struct wf_node *n;

    switch (input->kind) {
    case WF_INPUT_WAKE:
        wf_unblock(wf);
        wf_sync_wake(wf);
        return;
    case WF_INPUT_SPEC:
        take_spec(wf, input->doc);
        return;
    case WF_INPUT_POD:
        n = map_find(&wf->nodes, input->node_id);
        if (n && has_pod(wf, wf->pass->a, n, input->report->uid))
            wf_pod_observe(wf, n, input->report);
        else if (input->report->is_final)
            VEC_APUSH(wf->pass->a, &wf->pass->forget,
                      str_copy(wf->pass->out, input->report->uid));
        return;
    }
}

/* What a frame wakes runs next, in the order in which it was woken, as upstream calls it: when
 * there is room for some only, the first ones get it. */
static void drain(struct wf *wf)
{
    while (wf->queue.len > 0) {
        struct wf_node *n = wf->queue.at[--wf->queue.len];
        size_t from = wf->queue.len;

        n->is_queued = false;
        wf_frame_run(wf, n);
        for (size_t to = wf->queue.len; from + 1 < to; from++) {
            struct wf_node *swap = wf->queue.at[from];

            wf->queue.at[from] = wf->queue.at[--to];
            wf->queue.at[to] = swap;
        }
    }
}

/* Does a node wait for somebody who resumes it? */
static bool has_pause(const struct wf *wf)
{
    for (size_t i = 0; i < wf->list.len; i++)
        if (wf->list.at[i]->type == WF_SUSPEND && !wf_node_is_done(wf->list.at[i]))
            return true;
    return false;
}

/* Nothing is under way that could bring what a step waits for: no pod, no backoff, nobody who
 * resumes. Upstream looks again for ever. */
static bool is_stuck(const struct wf *wf)
{
    if (str_is_none(wf->missing) || has_pause(wf))
        return false;
    for (size_t i = 0; i < wf->sleeping.len; i++)
        if (wf->sleeping.at[i]->frame && !wf_node_is_done(wf->sleeping.at[i]))
            return false;
    return wf->active_pods == 0 && !wf_is_suspended(wf) && !wf_is_finished(wf);
}

/* ---- the result ---- */

/* A group of many children is written as a whole: while only children come to it, it waits
 * until they are an eighth more, or a second. After a crash those that are not written are
 * found by their names. */
static bool must_wait(struct wf *wf, const struct wf_node *n)
{
    size_t grown = n->children.len - n->told_children;

    if (!n->has_grown || n->told_children < GROUP_LARGE_NODES || wf_is_finished(wf) ||
        grown > n->told_children / 8 || wf->pass->now.ms >= n->grown_ms + GROUP_WAIT_MS)
        return false;
    wf_wake_at(wf, n->grown_ms + GROUP_WAIT_MS);
    return true;
}

static struct wf_node_change give_node(struct arena *a, struct wf_node *n)
{
    n->is_changed = n->has_grown = false;
    n->told_children = (uint32_t) n->children.len;
    if (n->frame && wf_node_is_done(n)) {
        wf_frame_free(n->frame);
        n->frame = NULL;
    }
    return (struct wf_node_change){
        .id = str_copy(a, n->id), .seq = n->seq, .doc = wf_node_doc(a, n)};
}

static void give_nodes(struct wf *wf, struct wf_actions *ret)
{
    struct wf_node_change *changes =
        ARENA_ARRAY(ret->arena, struct wf_node_change, wf->changed.len + 1);
    size_t kept = 0;

    ret->nodes = changes;
    ret->node_count = 0;
    for (size_t i = 0; i < wf->changed.len; i++) {
        struct wf_node *n = wf->changed.at[i];

        if (must_wait(wf, n))
            wf->changed.at[kept++] = n;
        else
            changes[ret->node_count++] = give_node(ret->arena, n);
    }
    wf->changed.len = kept;
}

static const struct str *list_of(struct arena *a, const struct str *at, size_t len)
{
    struct str *ret = ARENA_ARRAY(a, struct str, len + 1);

    for (size_t i = 0; i < len; i++)
        ret[i] = at[i];
    return ret;
}

static void give_actions(struct wf *wf, struct wf_actions *ret)
{
    const struct wf_pass *p = wf->pass;
    struct wf_pod_action *pods = ARENA_ARRAY(ret->arena, struct wf_pod_action, p->pods.len + 1);
    struct wf_kill_action *kills =
        ARENA_ARRAY(ret->arena, struct wf_kill_action, p->kills.len + 1);
    struct wf_claim_action *claims;
    struct wf_metric_action *metrics;

    for (size_t i = 0; i < p->pods.len; i++)
        pods[i] = p->pods.at[i];
    for (size_t i = 0; i < p->kills.len; i++)
        kills[i] = p->kills.at[i];
    ret->pods = pods;
    ret->pod_count = p->pods.len;
    ret->kills = kills;
    ret->kill_count = p->kills.len;
    ret->forget = list_of(ret->arena, p->forget.at, p->forget.len);
    ret->forget_count = p->forget.len;
    ret->releases = list_of(ret->arena, p->releases.at, p->releases.len);
    ret->release_count = p->releases.len;
    ret->memos = memcpy(ARENA_ARRAY(ret->arena, struct wf_memo_action, p->memos.len + 1),
                        p->memos.at ? p->memos.at : &(struct wf_memo_action){.key = STR_NONE},
                        p->memos.len * sizeof(struct wf_memo_action));
    ret->memo_count = p->memos.len;
    claims = ARENA_ARRAY(ret->arena, struct wf_claim_action, p->claims.len + 1);
    for (size_t i = 0; i < p->claims.len; i++)
        claims[i] = p->claims.at[i];
    ret->claims = claims;
    ret->claim_count = p->claims.len;
    metrics = ARENA_ARRAY(ret->arena, struct wf_metric_action, p->metrics.len + 1);
    for (size_t i = 0; i < p->metrics.len; i++)
        metrics[i] = p->metrics.at[i];
    ret->metrics = metrics;
    ret->metric_count = p->metrics.len;
    ret->wake_at.ms = wf_is_finished(wf) ? 0 : p->wake_ms;
    ret->is_finished = wf_is_finished(wf);
}

/* Somebody else wrote that it has ended: it is marked as one that has. */
static void end_foreign(struct wf *wf)
{
    if (!wf->is_fresh ||
        str_is(object_label(&wf->doc, STR("workflows.argoproj.io/completed")), "true"))
        return;
    wf->is_fresh = false;
    wf->is_doc_changed = true;
    if (wf->finished_ms == 0)
        wf->finished_ms = wf->pass->now.ms;
    wf_claims_end(wf);
}

static void give_wake(struct wf *wf)
{
    int64_t deadline = wf_deadline_ms(wf);

    VEC_FOREACH (it, &wf->sleeping)
        if ((*it)->frame && (*it)->frame->wake_ms > 0)
            wf_wake_at(wf, (*it)->frame->wake_ms);
    VEC_FOREACH (it, &wf->pending)
        if ((*it)->phase == WF_PENDING)
            wf_wake_at(wf, (*it)->pending_until_ms);
    if (deadline > wf->pass->now.ms)
        wf_wake_at(wf, deadline);
}

void wf_decide(struct wf *wf, const struct wf_input *inputs, size_t input_count,
               struct wall now, struct wf_actions *ret)
{
    _cleanup_arena_ struct arena *scratch = arena_new();
    struct wf_pass pass = {.a = scratch, .now = now, .out = ret->arena, .phase = wf->phase};

    wf->pass = &pass;
    for (size_t i = 0; i < input_count; i++)
        observe(wf, &inputs[i]);
    if (!wf_is_finished(wf)) {
        if (wf->is_fresh)
            wf_sync_settle(wf);
        begin(wf);
        wake_sleepers(wf);
        drain(wf);
        wf_stop_pods(wf);
        wf_pending_end(wf);
        do {
            drain(wf);
            pass.is_past_root = true;
            wf_finish(wf);
        } while (wf->queue.len > 0);
        if (is_stuck(wf))
            wf_end(wf, wf->missing);
        if (wf_is_finished(wf)) {
            wf_metrics_end(wf);
            wf_claims_end(wf);
        }
        wf->is_fresh = false;
    } else {
        end_foreign(wf);
    }
    wf_progress(wf);
    give_wake(wf);
    give_nodes(wf, ret);
    ret->doc =
        ret->node_count > 0 || wf->is_doc_changed ? wf_status_doc(wf, ret->arena) : STR_NONE;
    wf->is_doc_changed = false;
    give_actions(wf, ret);
    wf->pass = NULL;
}

void wf_postpone(struct wf *wf, const struct wf_input *inputs, size_t input_count,
                 struct wall now, struct wf_actions *ret)
{
    _cleanup_arena_ struct arena *scratch = arena_new();
    struct wf_pass pass = {.a = scratch, .now = now, .out = ret->arena};

    wf->pass = &pass;
    for (size_t i = 0; i < input_count; i++)
        if (inputs[i].kind == WF_INPUT_SPEC)
            observe(wf, &inputs[i]);
    if (wf->phase == WF_NONE) {
        wf->phase = WF_PENDING;
        wf_text_set(&wf->message, STR("Workflow processing has been postponed because too many "
                                      "workflows are already running"));
        wf->is_doc_changed = true;
    }
    ret->doc = wf->is_doc_changed ? wf_status_doc(wf, ret->arena) : STR_NONE;
    wf->is_doc_changed = false;
    wf->pass = NULL;
}
