/*
 * The plugin template: executor plugins are asked by POST /api/v1/template.execute, one after
 * the other, until one answers with a node. A node that has not succeeded, in an answer with
 * `requeue`, is asked for again after that time. What is refused, or answered with 503, is
 * tried again PLUGIN_TRIES_MAX times. On a worker. Source:
 * ../shared/spec/workflows.md 2.11, 5.12.
 */
#include "workflows/engine/plugin_template.h"

#include "base/limits.h"
#include "formats/duration.h"

enum { STATUS_OK = 200, STATUS_NOT_FOUND = 404, STATUS_BUSY = 503 };

#define METHOD "/api/v1/template.execute"

int plugin_of_container(struct arena *a, struct str name, const struct json *container,
                        struct plugin *ret, struct err *err)
{
    const struct json *port =
        json_get(json_item(json_get(container, STR("ports")), 0), STR("containerPort"));
    int64_t number;

    if (!json_i64(port, &number) || number < 1 || number > 65535)
        return err_set(err, ERR_INVALID,
                       "plugin " STR_FMT ": its container must have one port, ports[0]."
                       "containerPort",
                       STR_ARG(name));
    *ret = (struct plugin){.name = str_copy(a, name),
                           .url = str_printf(a, "http://127.0.0.1:%lld", (long long) number)};
    if (container) {
        struct json *kept = ARENA_NEW(a, struct json);

        *kept = json_clone(a, container);
        ret->container = kept;
    }
    return 0;
}

static struct str question(const struct plugin_job *job, struct arena *a)
{
    struct json doc = json_set_path(a, NULL, json_string(job->workflow), "workflow", "metadata",
                                    "name", NULL);

    doc =
        json_set_path(a, &doc, json_string(job->ns), "workflow", "metadata", "namespace", NULL);
    doc = json_set_path(a, &doc, json_string(job->workflow_uid), "workflow", "metadata", "uid",
                        NULL);
    doc = json_set(a, &doc, STR("template"), job->tmpl);
    return json_text(a, &doc, JSON_COMPACT);
}

/* ---- answers ---- */

static bool is_final(struct str phase)
{
    return str_is(phase, "Succeeded") || str_is(phase, "Failed") || str_is(phase, "Error");
}

/* Values of parameters are texts, however they are written. */
static struct json parameters_of(struct arena *a, const struct json *list)
{
    struct json_array_builder made = {0};
    const struct json *item;

    for (size_t i = 0; (item = json_item(list, i)) != NULL; i++) {
        const struct json *value = json_get(item, STR("value"));

        json_push(a, &made,
                  value && value->type != JSON_STRING
                      ? json_set(a, item, STR("value"),
                                 json_string(json_text(a, value, JSON_COMPACT)))
                      : *item);
    }
    return json_array(&made);
}

static void keep_outputs(struct plugin_job *job, struct arena *a, const struct json *outputs)
{
    const struct json *list = json_get(outputs, STR("parameters"));
    struct json filled, *kept;

    job->outputs = NULL;
    if (!json_is(outputs, JSON_OBJECT))
        return;
    filled = list ? json_set(a, outputs, STR("parameters"), parameters_of(a, list)) : *outputs;
    kept = ARENA_NEW(a, struct json);
    *kept = json_clone(a, &filled);
    job->outputs = kept;
}

static int requeue_of(const struct json *answer, uint64_t *ret_ms, struct err *err)
{
    struct str text = json_get_str(answer, STR("requeue"));
    int64_t ns = 0;

    if (!str_is_empty(text) && duration_parse(text, &ns, err) < 0)
        return err_wrap(err, "requeue");
    *ret_ms = ns > 0 ? (uint64_t) ns / DURATION_MS : 0;
    return 0;
}

static int take_node(struct plugin_job *job, struct arena *a, const struct json *answer,
                     const struct json *node, struct err *err)
{
    struct str message = json_get_str(node, STR("message"));

    job->phase = str_copy(a, json_get_str(node, STR("phase")));
    job->message = str_is_none(message) ? STR("") : str_copy(a, message);
    keep_outputs(job, a, json_get(node, STR("outputs")));
    job->state = PLUGIN_ENDED;
    if (is_final(job->phase))
        return 0;
    if (requeue_of(answer, &job->again_ms, err) < 0)
        return -1;
    if (job->again_ms == 0)
        return err_set(err, ERR_INVALID,
                       "plugin " STR_FMT " answered phase \"" STR_FMT
                       "\" and no requeue: nothing would follow",
                       STR_ARG(job->plugins[job->current].name), STR_ARG(job->phase));
    job->state = PLUGIN_AGAIN;
    return 0;
}

/* ---- calls ---- */

/* 1: tried again later; 0: not for this plugin; -1. */
static int try_later(struct plugin_job *job, bool is_refused, struct err *err)
{
    const struct plugin *plugin = &job->plugins[job->current];

    job->is_absent = is_refused && job->failures >= PLUGIN_TRIES_MAX;
    if (++job->failures > PLUGIN_TRIES_MAX)
        return -1;
    job->again_ms = (uint64_t) PLUGIN_PAUSE_MS << (job->failures - 1);
    job->state = is_refused && plugin->container ? PLUGIN_ABSENT : PLUGIN_AGAIN;
    err->kind = ERR_NONE;
    return 1;
}

/* 1: something is known of the node; 0: the plugin does not do it; -1. */
static int ask(struct plugin_job *job, struct arena *a, struct arena *kept, int cancel_fd,
               struct err *err)
{
    const struct http_header headers[] = {{STR("Content-Type"), STR("application/json")}};
    const struct http_call call = {
        .method = STR("POST"),
        .url = str_concat(a, job->plugins[job->current].url, STR(METHOD)),
        .headers = headers,
        .header_count = COUNT_OF(headers),
        .body = question(job, a),
        .timeout_ms = PLUGIN_TIMEOUT_MS,
        .cancel_fd = cancel_fd,
        .refuses_link_local = true,
    };
    struct http_answer answer = {0};
    const struct json *node;
    struct json doc;

    if (http_client_do(job->client, a, &call, &answer, err) < 0) {
        err_wrap(err, "Post \"" STR_FMT "\"", STR_ARG(http_url_shown(a, call.url)));
        return err->kind == ERR_TRANSIENT ? try_later(job, true, err) : -1;
    }
    if (answer.status == STATUS_NOT_FOUND)
        return 0;
    if (answer.status != STATUS_OK) {
        err_set(err, ERR_INVALID, "%u: " STR_FMT, answer.status, STR_ARG(answer.body));
        return answer.status == STATUS_BUSY ? try_later(job, false, err) : -1;
    }
    if (json_parse(a, answer.body, &doc, err) < 0)
        return -1;
    job->failures = 0;
    node = json_get(&doc, STR("node"));
    if (!json_is(node, JSON_OBJECT))
        return 0;
    return take_node(job, kept, &doc, node, err) < 0 ? -1 : 1;
}

void plugin_template_run(struct plugin_job *job, struct arena *a, int cancel_fd)
{
    _cleanup_arena_ struct arena *scratch = arena_new();
    struct err err = {0};
    int got = 0;

    job->message = STR("");
    for (; job->current < job->count; job->current++, job->failures = 0) {
        got = ask(job, scratch, a, cancel_fd, &err);
        if (got != 0)
            break;
    }
    if (got > 0)
        return;
    job->state = PLUGIN_ENDED;
    job->phase = STR("Failed");
    job->outputs = NULL;
    job->message =
        got < 0 ? str_copy(a, str_from(err.text)) : STR("no plugin executed the template");
}
