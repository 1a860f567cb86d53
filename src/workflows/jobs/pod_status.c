/* The status of a Pod from what the runner reports. See jobs_internal.h. Pure. */
#include "formats/gotime.h"
#include "workflows/jobs/jobs_internal.h"

enum { CODE_NOT_STARTED = 128 };

#define DEADLINE_MESSAGE "Pod was active on the node longer than the specified deadline"

static void add_time(struct arena *a, struct json_object_builder *b, const char *name,
                     struct wall at)
{
    if (at.ms > 0)
        json_add(a, b, str_from(name), json_string(gotime_rfc3339(a, at)));
}

/* ---- containers ---- */

/* How a container has ended. */
struct end {
    int64_t code;
    struct str message;
    struct wall started, finished;
    bool is_refused; /* it never began */
};

static struct json terminated(struct arena *a, const struct end *end)
{
    struct json_object_builder b = {0};
    bool is_oom = str_find(end->message, STR("OOMKilled")) != SIZE_MAX;

    json_add(a, &b, STR("exitCode"), json_int(a, end->code));
    json_add(a, &b, STR("reason"),
             json_string(end->is_refused  ? STR("StartError")
                         : end->code == 0 ? STR("Completed")
                         : is_oom         ? STR("OOMKilled")
                                          : STR("Error")));
    if (end->is_refused)
        json_add_str(a, &b, STR("message"), end->message);
    add_time(a, &b, "startedAt", end->started);
    add_time(a, &b, "finishedAt", end->finished);
    return json_set(a, NULL, STR("terminated"), json_object(&b));
}

static struct json waiting(struct arena *a, const char *reason, struct str message)
{
    struct json_object_builder b = {0};

    json_add(a, &b, STR("reason"), json_string(str_from(reason)));
    if (!str_is_empty(message))
        json_add(a, &b, STR("message"), json_string(message));
    return json_set(a, NULL, STR("waiting"), json_object(&b));
}

static struct json running(struct arena *a, struct wall since)
{
    struct json_object_builder b = {0};

    add_time(a, &b, "startedAt", since);
    return json_set(a, NULL, STR("running"), json_object(&b));
}

static const struct pod_container_report *report_of(const struct pod_report *report,
                                                    struct str name)
{
    for (size_t i = 0; i < report->container_count; i++)
        if (str_eq(report->containers[i].name, name))
            return &report->containers[i];
    return NULL;
}

/* "init: Error (exit code 3)": the code when the message is of this container; else -1. */
static int64_t code_in(struct str message, struct str name)
{
    struct str rest = message, part;
    int64_t code;
    size_t at;

    if (!str_cut_prefix(&rest, name) || !str_cut_prefix(&rest, STR(": ")))
        return -1;
    at = str_find(rest, STR("(exit code "));
    if (at == SIZE_MAX)
        return -1;
    rest = str_skip(rest, at + 11);
    return str_cut(&rest, ')', &part) && parse_i64(part, &code) ? code : -1;
}

static struct json state_of_ended(struct arena *a, const struct pod_report *report,
                                  struct str name)
{
    const struct pod_container_report *c = report_of(report, name);
    struct end end = {.started = report->started, .finished = report->finished};

    if (c && c->started.ms > 0) {
        end = (struct end){.code = c->code,
                           .message = c->message,
                           .started = c->started,
                           .finished = c->finished};
    } else if (report->phase != POD_SUCCEEDED) {
        end.code = code_in(report->message, name);
        end.is_refused = end.code < 0;
        end.message = report->message;
        if (end.is_refused)
            end.code = CODE_NOT_STARTED;
    }
    return terminated(a, &end);
}

/* Containers that run before the others: they have succeeded, unless the message is of one. */
static struct json state_of_init(struct arena *a, const struct pod_report *report,
                                 struct str name, bool *is_behind)
{
    int64_t code = report->is_final ? code_in(report->message, name) : -1;
    struct end end = {.code = code < 0 ? 0 : code,
                      .started = report->started,
                      .finished = report->is_final ? report->finished : report->started};

    if (*is_behind || report->phase == POD_PENDING)
        return waiting(a, "PodInitializing", STR(""));
    *is_behind = code > 0;
    return terminated(a, &end);
}

static struct json container_status(struct arena *a, const struct json *container,
                                    struct json state, bool is_running)
{
    struct json_object_builder b = {0};

    json_add(a, &b, STR("name"), json_string(json_get_str(container, STR("name"))));
    json_add(a, &b, STR("state"), state);
    json_add(a, &b, STR("ready"), json_bool(is_running));
    json_add(a, &b, STR("started"), json_bool(is_running));
    json_add(a, &b, STR("restartCount"), json_int(a, 0));
    json_add(a, &b, STR("image"), json_string(json_get_str(container, STR("image"))));
    json_add(a, &b, STR("imageID"), json_string(STR("")));
    return json_object(&b);
}

static struct json containers(struct arena *a, const struct json *doc,
                              const struct pod_report *report)
{
    const struct json *list = json_path(doc, "spec", "containers", NULL), *item;
    struct json_array_builder all = {0};

    for (size_t i = 0; (item = json_item(list, i)) != NULL; i++) {
        struct str name = json_get_str(item, STR("name"));
        struct json state = report->is_final ? state_of_ended(a, report, name)
                            : report->phase == POD_RUNNING
                                ? running(a, report->started)
                                : waiting(a, "ContainerCreating", report->message);

        json_push(a, &all,
                  container_status(a, item, state,
                                   !report->is_final && report->phase == POD_RUNNING));
    }
    return json_array(&all);
}

static struct json init_containers(struct arena *a, const struct json *doc,
                                   const struct pod_report *report)
{
    const struct json *list = json_path(doc, "spec", "initContainers", NULL), *item;
    struct json_array_builder all = {0};
    bool is_behind = false;

    for (size_t i = 0; (item = json_item(list, i)) != NULL; i++)
        json_push(a, &all,
                  container_status(
                      a, item,
                      state_of_init(a, report, json_get_str(item, STR("name")), &is_behind),
                      false));
    return json_array(&all);
}

/* ---- the pod ---- */

static struct json condition(struct arena *a, const char *type, bool holds, const char *reason,
                             struct wall at)
{
    struct json_object_builder b = {0};

    json_add(a, &b, STR("type"), json_string(str_from(type)));
    json_add(a, &b, STR("status"), json_string(holds ? STR("True") : STR("False")));
    if (!holds && *reason)
        json_add(a, &b, STR("reason"), json_string(str_from(reason)));
    json_add(a, &b, STR("lastProbeTime"), json_null());
    add_time(a, &b, "lastTransitionTime", at);
    return json_object(&b);
}

static struct json conditions(struct arena *a, const struct pod_report *report)
{
    bool is_ready = !report->is_final && report->phase == POD_RUNNING;
    const char *why = report->phase == POD_SUCCEEDED ? "PodCompleted"
                      : report->is_final             ? "PodFailed"
                                                     : "ContainersNotReady";
    struct wall at = report->is_final ? report->finished : report->started;
    struct json_array_builder all = {0};

    json_push(a, &all,
              condition(a, "Initialized", report->phase != POD_PENDING,
                        "ContainersNotInitialized", report->started));
    json_push(a, &all, condition(a, "Ready", is_ready, why, at));
    json_push(a, &all, condition(a, "ContainersReady", is_ready, why, at));
    json_push(a, &all, condition(a, "PodScheduled", true, "", report->started));
    return json_array(&all);
}

static const char *phase_of(const struct pod_report *report)
{
    switch (report->phase) {
    case POD_PENDING:
        return "Pending";
    case POD_RUNNING:
        return "Running";
    case POD_SUCCEEDED:
        return "Succeeded";
    case POD_FAILED:
    case POD_ERROR:
        break;
    }
    return "Failed";
}

/* What is not told by a container that has ended. */
static void add_message(struct arena *a, struct json_object_builder *b,
                        const struct pod_report *report)
{
    if (!report->is_final || report->phase == POD_SUCCEEDED)
        return;
    if (str_is(report->message, DEADLINE_MESSAGE))
        json_add(a, b, STR("reason"), json_string(STR("DeadlineExceeded")));
    if (report->container_count == 0 || str_is(report->message, DEADLINE_MESSAGE))
        json_add_str(a, b, STR("message"), report->message);
}

struct json jobs_pod_status(struct arena *a, const struct json *doc,
                            const struct pod_report *report)
{
    const struct json *began = json_path(doc, "status", "startTime", NULL);
    struct json_object_builder b = {0}, ip = {0};
    struct json_array_builder ips = {0};

    json_add(a, &b, STR("phase"), json_string(str_from(phase_of(report))));
    json_add(a, &b, STR("conditions"), conditions(a, report));
    add_message(a, &b, report);
    json_add_str(a, &b, STR("hostIP"), report->ip);
    json_add_str(a, &b, STR("podIP"), report->ip);
    json_add(a, &ip, STR("ip"), json_string(report->ip));
    json_push(a, &ips, json_object(&ip));
    json_add(a, &b, STR("podIPs"), json_array(&ips));
    if (began)
        json_add(a, &b, STR("startTime"), *began);
    else
        add_time(a, &b, "startTime", report->started);
    json_add(a, &b, STR("qosClass"), json_string(STR("BestEffort")));
    if (json_path(doc, "spec", "initContainers", NULL))
        json_add(a, &b, STR("initContainerStatuses"), init_containers(a, doc, report));
    json_add(a, &b, STR("containerStatuses"), containers(a, doc, report));
    return json_object(&b);
}
