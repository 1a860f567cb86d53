/*
 * The table of nodes: rows are found by id, are never removed while the workflow lives, and
 * tell their owner once when they end. Does not decide anything.
 */
#include "base/limits.h"
#include "lang/subst/names.h"
#include "workflows/engine/container_set.h"
#include "workflows/engine/custom_metrics.h"
#include "workflows/engine/estimate.h"
#include "workflows/engine/hooks.h"
#include "workflows/engine/memo.h"
#include "workflows/engine/mutant.h"
#include "workflows/engine/sync.h"

void wf_text_set(struct str *at, struct str text)
{
    char *copy = str_is_none(text) ? NULL : mem_dup(text.ptr, text.len);

    free((char *) (uintptr_t) at->ptr);
    *at = str_of(copy, text.len);
}

struct str wf_word(struct wf *wf, struct str text)
{
    struct str *word;

    if (str_is_empty(text))
        return STR_NONE;
    word = map_find(&wf->words, text);
    if (!word) {
        word = ARENA_NEW(wf->arena, struct str);
        *word = str_copy(wf->arena, text);
        map_put(&wf->words, *word, word);
    }
    return *word;
}

void wf_node_show_as(struct wf *wf, struct wf_node *n, struct str display)
{
    if (str_ends(n->name, display))
        n->display = str_skip(n->name, n->name.len - display.len);
    else
        n->display = wf_word(wf, display);
}

struct str wf_rare(const struct wf_node *n, enum wf_rare which)
{
    return n->rare ? n->rare[which] : STR_NONE;
}

void wf_rare_set(struct wf_node *n, enum wf_rare which, struct str text)
{
    if (!n->rare && str_is_none(text))
        return;
    if (!n->rare)
        n->rare = mem_array(WF_RARE_COUNT, sizeof(*n->rare));
    wf_text_set(&n->rare[which], text);
}

struct wf_node *wf_node_blank(struct wf *wf, struct str id, struct str name, uint64_t seq)
{
    struct wf_node *n = NEW(struct wf_node);

    wf_text_set(&n->id, id);
    wf_text_set(&n->name, name);
    n->seq = seq;
    if (seq >= wf->next_seq)
        wf->next_seq = seq + 1;
    map_put(&wf->nodes, n->id, n);
    VEC_PUSH(&wf->list, n);
    return n;
}

void wf_node_free(struct wf_node *n)
{
    struct str *const texts[] = {&n->id, &n->name, &n->message, &n->inputs, &n->outputs};

    for (size_t i = 0; i < COUNT_OF(texts); i++)
        wf_text_set(texts[i], STR_NONE);
    for (unsigned i = 0; n->rare && i < WF_RARE_COUNT; i++)
        wf_text_set(&n->rare[i], STR_NONE);
    free(n->rare);
    wf_frame_free(n->frame);
    VEC_DONE(&n->children);
    VEC_DONE(&n->outbound);
    free(n);
}

struct str wf_node_name(const struct wf *wf, struct str name)
{
    struct arena *a = wf->pass->a;
    const struct wf_node *n;

    while ((n = map_find(&wf->nodes, node_id(a, wf->name, name))) && !str_eq(n->name, name))
        name = str_concat(a, name, STR("'"));
    return name;
}

struct wf_node *wf_node_find(const struct wf *wf, struct str name)
{
    struct arena *a = wf->pass->a;

    return map_find(&wf->nodes, node_id(a, wf->name, wf_node_name(wf, name)));
}

static void note_change(struct wf *wf, struct wf_node *n)
{
    if (n->is_changed)
        return;
    n->is_changed = true;
    VEC_PUSH(&wf->changed, n);
}

void wf_node_changed(struct wf *wf, struct wf_node *n)
{
    n->has_grown = false;
    note_change(wf, n);
}

/* The fields that say what was called. */
static void set_template(struct wf *wf, struct wf_node *n, const struct wf_call *call)
{
    const struct json *ref = json_get(call->holder, STR("templateRef"));

    n->scope = wf_word(wf, call->scope);
    if (ref) {
        _cleanup_arena_ struct arena *a = arena_new();
        struct json shown = json_get_bool(ref, STR("clusterScope"))
                                ? *ref
                                : json_without(a, ref, STR("clusterScope"));

        wf_rare_set(n, WF_TEMPLATE_REF, json_text(a, &shown, JSON_COMPACT));
    } else if (!str_is_empty(json_get_str(call->holder, STR("template")))) {
        n->template_name = wf_word(wf, json_get_str(call->holder, STR("template")));
    }
}

struct wf_node *wf_node_add(struct wf *wf, const struct wf_call *call, enum wf_type type,
                            enum wf_phase phase)
{
    struct str name = wf_node_name(wf, call->name);
    struct str id = node_id(wf->pass->a, wf->name, name);
    struct wf_node *n = wf_node_blank(wf, id, name, wf->next_seq);
    struct str boundary = call->boundary ? call->boundary->name : STR_NONE;

    n->type = type;
    n->phase = phase;
    n->flags = call->flags;
    if (type == WF_RETRY && (n->flags & WF_FLAG_HOOKED))
        n->flags |= WF_FLAG_RETRIED; /* as upstream's, it has the flags of its attempts */
    n->boundary = call->boundary;
    n->owner = call->owner;
    n->hook_of = call->hook_of;
    n->step = call->step;
    n->started_ms = wf->pass->now.ms;
    n->estimated_s = estimate_node_s(wf->estimate, wf->name, n->name);
    n->is_told = true;
    if (wf_node_is_leaf(n)) {
        wf->leaves++;
        wf_progress_set(wf, n, 0, 1);
    }
    wf_node_show_as(wf, n, node_display_name(call->name, boundary));
    set_template(wf, n, call);
    wf_node_count(n);
    wf_node_changed(wf, n);
    return n;
}

void wf_node_link(struct wf *wf, struct wf_node *parent, struct wf_node *child)
{
    /* Only new nodes are linked, one after the other: a repeat can only be the last. */
    if (parent->children.len && parent->children.at[parent->children.len - 1] == child)
        return;
    VEC_PUSH(&parent->children, child);
    child->is_linked = child->is_linked || wf_node_is_group(parent);
    if (!parent->is_changed) {
        parent->has_grown = wf_node_is_group(parent);
        parent->grown_ms = wf->pass->now.ms;
    }
    note_change(wf, parent);
}

bool wf_node_is_group(const struct wf_node *n)
{
    return n->type == WF_STEP_GROUP || n->type == WF_TASK_GROUP;
}

bool wf_node_is_done(const struct wf_node *n)
{
    return n->phase > WF_RUNNING;
}

void wf_node_wake(struct wf *wf, struct wf_node *n)
{
    if (n->is_queued || !n->frame)
        return;
    n->is_queued = true;
    VEC_PUSH(&wf->queue, n);
}

void wf_node_tell(struct wf *wf, struct wf_node *n)
{
    struct wf_node *owner = n->owner;

    if (n->is_told || !owner || !owner->frame)
        return;
    n->is_told = true;
    if (owner->type == WF_STEPS)
        wf_steps_told(wf, owner->frame, n);
    else if (owner->type == WF_DAG)
        wf_dag_told(wf, owner->frame, n);
#if ENGINE_MUTANT == ENGINE_DROPS_WAKE_UP
    if (n->phase == WF_FAILED)
        return;
#endif
    wf_node_wake(wf, owner);
}

/* Does parallelism of a template count it? A Retry node does not: its attempts do. */
static bool is_work(const struct wf_node *n)
{
    return n->boundary && (n->type == WF_POD || n->type == WF_STEPS || n->type == WF_DAG);
}

void wf_node_count(struct wf_node *n)
{
    if (!is_work(n))
        return;
    if (!wf_node_is_done(n))
        n->boundary->active_inside++;
    else if (wf_phase_is_bad(n->phase))
        n->boundary->bad_inside++;
}

void wf_node_daemon(struct wf *wf, struct wf_node *n, struct str ip)
{
    if (n->is_daemoned)
        return;
    n->is_daemoned = true;
    wf->daemons++;
    n->phase = WF_RUNNING;
    wf_rare_set(n, WF_IP, str_is_empty(ip) ? STR("127.0.0.1") : ip);
    wf_node_changed(wf, n);
    wf_hooks_notice(wf, n);
    wf_node_tell(wf, n);
}

/* The steps or DAG around has ended: so have those that go on beside. */
static void end_daemons(struct wf *wf, const struct wf_node *boundary)
{
    if (wf->daemons == 0 || (boundary->type != WF_STEPS && boundary->type != WF_DAG))
        return;
    for (size_t i = 0; i < wf->list.len; i++) {
        struct wf_node *n = wf->list.at[i];

        if (n->boundary != boundary ||
            (!n->is_daemoned && (!n->is_daemon || wf_node_is_done(n))))
            continue; /* of an attempt that is not up yet its Retry node is daemoned */
        if (n->type == WF_POD)
            wf_pod_kill(wf, n, STR("daemon ended with its steps"));
        n->is_told = true;
        wf_node_end(wf, n, WF_SUCCEEDED, STR_NONE);
    }
}

/* Does its end make outputs with a globalName the workflow's? What tasks give becomes so when
 * their DAG succeeds, of whichever type they are. */
static bool gives_to_all(const struct wf_node *n)
{
    return n->type == WF_POD || n->type == WF_STEPS;
}

/* Hooks of the workflow stand among the children of its first node, which is not done before
 * them when that is a DAG. */
static void wake_entry(struct wf *wf)
{
    struct wf_node *root = wf_node_find(wf, wf->name);

    if (root && !wf_node_is_done(root))
        wf_node_wake(wf, root);
}

void wf_node_end(struct wf *wf, struct wf_node *n, enum wf_phase phase, struct str message)
{
    if (wf_node_is_done(n))
        return;
    wf->daemons -= n->is_daemoned;
    n->is_daemoned = false;
    n->phase = phase;
    n->finished_ms = wf->pass->now.ms;
    wf_text_set(&n->message, str_is_empty(message) ? STR_NONE : message);
    if (wf_node_is_leaf(n)) {
        wf->since_progress++;
        if (phase == WF_SUCCEEDED)
            wf_progress_set(wf, n, n->total, n->total);
    }
    wf_node_changed(wf, n);
    if (is_work(n)) {
        n->boundary->active_inside--;
        wf_node_count(n);
        wf_unblock(wf);
    }
    if (gives_to_all(n))
        wf_outputs_export(wf, n);
    wf_metrics_leave(wf, n);
    wf_containers_close(wf, n);
    end_daemons(wf, n);
    wf_memo_leave(wf, n);
    wf_sync_leave(wf, n);
    wf_node_tell(wf, n);
    if (!n->owner && (n->flags & WF_FLAG_HOOKED))
        wake_entry(wf);
}

void wf_node_fault(struct wf *wf, struct wf_node *n, struct str message)
{
    n->is_fault = true;
    wf_node_end(wf, n, WF_ERROR, message);
}

void wf_node_spoil(struct wf *wf, struct wf_node *n, struct str message)
{
    if (!wf_node_is_done(n)) {
        wf_node_end(wf, n, WF_ERROR, message);
        return;
    }
    if (is_work(n) && !wf_phase_is_bad(n->phase))
        n->boundary->bad_inside++;
    n->phase = WF_ERROR;
    wf_text_set(&n->message, message);
    wf_node_changed(wf, n);
}
