/*
 * The Events that a workflow tells of itself and its nodes, with the originals' reasons and
 * texts.
 *
 * What was stored is told once: a workflow's phase when it changes, a node's when it runs or
 * has ended. A wide workflow tells of its first nodes and now and then of one more
 * (recorder.h), and of its own phases in any case. And what the log is told of pods. Loop
 * thread.
 */
#include "workflows/engine/engine_internal.h"

#include <stdlib.h>

#include "base/log.h"
#include "base/mem.h"
#include "formats/gotime.h"
#include "lang/subst/names.h"

static void tell(struct engine_run *run, struct recorder_budget *budget,
                 struct recorder_event *event)
{
    if (!event->about) {
        event->about = &run->key;
        event->api_version = STR("argoproj.io/v1alpha1");
        event->uid = run->uid;
        event->rv = run->rv;
    }
    event->component = STR("workflow-controller");
    recorder_add(run->engine->options.recorder, budget, event);
}

static bool is_end(struct str phase)
{
    return str_is(phase, "Succeeded") || str_is(phase, "Failed") || str_is(phase, "Error");
}

static void tell_phase(struct engine_run *run, struct str phase)
{
    struct recorder_event event = {.reason = STR("WorkflowRunning"),
                                   .message = STR("Workflow Running")};

    if (str_is(phase, "Succeeded")) {
        event.reason = STR("WorkflowSucceeded");
        event.message = STR("Workflow completed");
    } else if (is_end(phase)) {
        event.reason = STR("WorkflowFailed");
        event.message = wf_message(run->wf);
        event.is_warning = true;
    }
    tell(run, NULL, &event);
}

void run_record_isolation(struct engine_run *run, struct str isolation)
{
    _cleanup_arena_ struct arena *a = NULL;
    struct recorder_event event = {.reason = STR("PodIsolation")};

    if (!run->engine->options.recorder || str_is_empty(isolation) ||
        !run->engine->world.config->tells_of_workflows)
        return;
    a = arena_new();
    if (map_put(&run->told, str_concat(a, STR("isolation/"), isolation), run))
        return;
    event.message = str_concat(a, STR("Pods run in isolation "), isolation);
    tell(run, NULL, &event);
}

/* With nodeEvents.sendAsPod what a pod's node tells is about the pod. */
static void tell_as_pod(struct engine_run *run, struct arena *a, const struct json *node,
                        struct recorder_event *event)
{
    struct store_key *about = ARENA_NEW(a, struct store_key);
    struct str tmpl = json_str(json_path(node, "templateRef", "template", NULL));
    struct str id = json_get_str(node, STR("id"));

    if (!run->engine->world.config->tells_as_pod ||
        !str_is(json_get_str(node, STR("type")), "Pod"))
        return;
    if (str_is_none(tmpl))
        tmpl = json_get_str(node, STR("templateName"));
    *about = (struct store_key){
        STR(""), STR("Pod"), run->key.ns,
        pod_name(a, run->key.name,
                 &(const struct pod_node){json_get_str(node, STR("name")), tmpl, id},
                 POD_NAME_V2)};
    event->about = about;
    event->api_version = STR("v1");
    event->uid = STR("");
    for (struct list *at = run->pods.next; at != &run->pods; at = at->next) {
        const struct engine_pod *pod = LIST_ENTRY(at, struct engine_pod, link);

        if (str_eq(pod->node_id, id))
            event->uid = pod->uid;
    }
}

/* An Event of a node in a phase, once. */
static void tell_node(struct engine_run *run, struct arena *a, const struct json *node,
                      struct str phase, struct str message)
{
    struct str id = json_get_str(node, STR("id")), name = json_get_str(node, STR("name"));
    struct str key = str_printf(a, STR_FMT "/" STR_FMT, STR_ARG(id), STR_ARG(phase));
    struct wall started = {0};
    struct err err;
    struct recorder_event event = {.is_warning = !str_is(phase, "Running") &&
                                                 !str_is(phase, "Succeeded")};
    struct recorder_note notes[4];

    if (map_put(&run->told, key, run))
        return;
    (void) gotime_parse_wall(json_get_str(node, STR("startedAt")), &started, &err);
    notes[0] = (struct recorder_note){STR("workflows.argoproj.io/node-id"), id};
    notes[1] = (struct recorder_note){STR("workflows.argoproj.io/node-name"), name};
    notes[2] = (struct recorder_note){STR("workflows.argoproj.io/node-start-time"),
                                      str_printf(a, "%lld", (long long) started.ms * 1000000)};
    notes[3] = (struct recorder_note){STR("workflows.argoproj.io/node-type"),
                                      json_get_str(node, STR("type"))};
    event.notes = notes;
    event.note_count = COUNT_OF(notes);
    event.reason = str_printf(a, "WorkflowNode" STR_FMT, STR_ARG(phase));
    event.message =
        str_printf(a, STR_FMT " node " STR_FMT "%s" STR_FMT, STR_ARG(phase), STR_ARG(name),
                   str_is_empty(message) ? "" : ": ", STR_ARG(message));
    tell_as_pod(run, a, node, &event);
    tell(run, &run->budget, &event);
}

/* A container that ends at once is never seen while it runs: that it ran is told with its end. */
static void record_node(struct engine_run *run, struct arena *a, const struct json *node)
{
    struct str phase = json_get_str(node, STR("phase"));
    bool is_over = is_end(phase);

    if (!is_over && !str_is(phase, "Running"))
        return;
    if (is_over && str_is(json_get_str(node, STR("type")), "Pod") &&
        json_path(node, "outputs", "exitCode", NULL))
        tell_node(run, a, node, STR("Running"), STR(""));
    tell_node(run, a, node, phase, json_get_str(node, STR("message")));
}

static void record_nodes(struct engine_run *run)
{
    struct recorder *r = run->engine->options.recorder;
    const struct wf_actions *done = &run->actions;

    if (!run->engine->world.config->tells_of_nodes)
        return;
    for (size_t i = 0; i < done->node_count && recorder_has_room(r, &run->budget); i++) {
        _cleanup_arena_ struct arena *a = NULL;
        struct json node;
        struct err err;

        if (str_is_none(done->nodes[i].doc))
            continue;
        a = arena_new();
        if (json_parse(a, done->nodes[i].doc, &node, &err) == 0)
            record_node(run, a, &node);
    }
}

void run_record(struct engine_run *run, struct str phase)
{
    bool is_over = is_end(phase);
    bool is_new = !str_is_none(phase) && !str_is(phase, run->phase) &&
                  run->engine->world.config->tells_of_workflows;

    if (!run->engine->options.recorder)
        return;
    if (is_new && (str_is(phase, "Running") || (is_over && strcmp(run->phase, "Running") != 0)))
        tell_phase(run, STR("Running"));
    record_nodes(run);
    if (is_new && is_over)
        tell_phase(run, phase);
}

/* ---- templates of pods in the log ---- */

static void tell_spec(const struct engine_pod *pod, struct str spec)
{
    log_info(NULL, "the template of a pod", LOG_STR(NAMESPACE, pod->run->key.ns),
             LOG_STR(WORKFLOW, pod->run->key.name), LOG_STR(NODE_ID, pod->node_id),
             LOG_STR(POD_SPEC, spec));
}

void pod_tell_spec(struct engine_pod *pod, const struct pod_request *request)
{
    const struct config *config = pod->run->engine->world.config;
    _cleanup_arena_ struct arena *a = NULL;
    struct str text;

    if (!config->logs_all_pods && !config->logs_failed_pods)
        return;
    a = arena_new();
    text = json_text(a, request->template, JSON_COMPACT);
    if (config->logs_all_pods)
        tell_spec(pod, text);
    else if (!pod->spec)
        pod->spec = mem_dup(text.ptr, text.len);
}

void pod_tell_failure(struct engine_pod *pod, enum pod_phase phase)
{
    if (pod->spec && (phase == POD_FAILED || phase == POD_ERROR))
        tell_spec(pod, str_from(pod->spec));
    free(TAKE(pod->spec));
}
