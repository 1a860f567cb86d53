/*
 * Executor plugins of a workflow: those of its spec, or else those that ConfigMaps of its
 * namespace describe, as upstream's `argo executor-plugin build` writes them: the label
 * workflows.argoproj.io/configmap-type says ExecutorPlugin, the key sidecar.container holds the
 * container. Here the key url may stand instead, of a plugin that runs somewhere already.
 *
 * A plugin's container runs as a pod of the workflow that asks it, and ends with it. Pods of
 * one machine share its ports: the process of another workflow may answer as well, and the
 * second one, which cannot listen, is started again when the first has gone. Loop thread.
 */
#include "workflows/engine/engine_plugins.h"
#include "base/log.h"
#include "formats/yaml.h"

#include <unistd.h>

#define KIND_LABEL "workflows.argoproj.io/configmap-type"

struct plugins {
    struct arena *a;
    VEC(struct plugin) list;
};

static void add(struct plugins *to, struct str name, const struct json *container)
{
    struct plugin plugin;
    struct err err;

    if (plugin_of_container(to->a, name, container, &plugin, &err) < 0)
        log_warn(NULL, "an executor plugin is left out", LOG_ERR(&err));
    else
        VEC_APUSH(to->a, &to->list, plugin);
}

static void add_map(struct plugins *to, const struct json *map)
{
    struct str name = json_str(json_path(map, "metadata", "name", NULL));
    struct str url = json_str(json_path(map, "data", "url", NULL));
    struct str text = json_str(json_path(map, "data", "sidecar.container", NULL));
    struct json container;
    struct err err;

    if (!str_is(json_str(json_path(map, "metadata", "labels", KIND_LABEL, NULL)),
                "ExecutorPlugin"))
        return;
    if (!str_is_empty(url)) {
        while (str_ends(url, STR("/")))
            url.len--;
        VEC_APUSH(
            to->a, &to->list,
            ((struct plugin){.name = str_copy(to->a, name), .url = str_copy(to->a, url)}));
    } else if (yaml_parse(to->a, str_copy(to->a, text), &container, &err) < 0) {
        log_warn(NULL, "an executor plugin is left out", LOG_STR(NAME, name), LOG_ERR(&err));
    } else {
        add(to, name, &container);
    }
}

const struct plugin *run_plugins(struct engine_run *run, struct arena *a, size_t *ret_count)
{
    const struct json *own = wf_executor_plugins(run->wf), *item;
    struct plugins found = {.a = a};

    for (size_t i = 0; (item = json_item(own, i)) != NULL; i++)
        add(&found, json_str(json_path(item, "metadata", "name", NULL)),
            json_path(item, "spec", "sidecar", "container", NULL));
    if (!json_item(own, 0))
        MAP_FOREACH (it, &run->engine->maps.objects) {
            const struct mirror_object *map = it->value;

            if (str_eq(json_str(json_path(&map->doc, "metadata", "namespace", NULL)),
                       run->key.ns))
                add_map(&found, &map->doc);
        }
    for (size_t i = 0; i < found.list.len; i++)
        if (found.list.at[i].container)
            run_start_plugin(run, &found.list.at[i]);
    *ret_count = found.list.len;
    return found.list.at;
}

/* Upstream's agent is user 8737: so is a plugin that must not be root and says no other. A
 * server without root has no choice. */
static struct json user_of(struct arena *a, const struct json *container)
{
    enum { AGENT_USER = 8737 };
    const struct json *security = json_get(container, STR("securityContext"));
    const struct json *user = json_get(security, STR("runAsUser"));

    if (!json_get_bool(security, STR("runAsNonRoot")) || geteuid() != 0 ||
        (user && user->type != JSON_NULL))
        return *container;
    return json_set_path(a, container, json_int(a, AGENT_USER), "securityContext", "runAsUser",
                         NULL);
}

/* The process of a plugin of a run, in the run's arena. */
struct plugin_process {
    struct str name, end; /* how it has ended last; the absent view: not badly */
};

static struct str uid_of(const struct engine_run *run, const struct plugin *plugin,
                         struct arena *a, unsigned *ret_hash)
{
    *ret_hash = str_fnv32a(str_concat(a, STR("plugin/"), plugin->name));
    return str_printf(a, STR_FMT "-%u", STR_ARG(run->uid), *ret_hash);
}

static struct plugin_process *process_of(struct engine_run *run, struct str uid,
                                         struct str name)
{
    struct plugin_process *process = map_find(&run->plugins, uid);

    if (process)
        return process;
    process = ARENA_NEW(run->arena, struct plugin_process);
    *process = (struct plugin_process){.name = str_copy(run->arena, name), .end = STR_NONE};
    map_put(&run->plugins, str_copy(run->arena, uid), process);
    return process;
}

void run_see_plugin(struct engine_run *run, const struct pod_report *report)
{
    struct plugin_process *process = map_find(&run->plugins, report->uid);

    if (!process || !report->is_final ||
        (report->phase != POD_FAILED && report->phase != POD_ERROR))
        return;
    log_warn(NULL, "the process of an executor plugin has ended",
             LOG_STR(WORKFLOW, run->key.name), LOG_STR(NAME, process->name),
             LOG_STR(ERROR, report->message));
    if (!str_eq(process->end, report->message))
        process->end = str_copy(run->arena, report->message);
}

struct str run_plugin_end(struct engine_run *run, const struct plugin *plugin, struct arena *a)
{
    const struct plugin_process *process =
        map_find(&run->plugins, uid_of(run, plugin, a, &(unsigned){0}));

    if (!process || str_is_none(process->end))
        return STR_NONE;
    return str_printf(a, "the process of plugin " STR_FMT " has ended: " STR_FMT,
                      STR_ARG(process->name), STR_ARG(process->end));
}

void run_start_plugin(struct engine_run *run, const struct plugin *plugin)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct engine *e = run->engine;
    unsigned hash;
    struct str uid = uid_of(run, plugin, a, &hash);
    struct plugin_process *process = process_of(run, uid, plugin->name);
    struct json tmpl = json_set(a, NULL, STR("container"), user_of(a, plugin->container));
    const struct pod_request request = {
        .uid = uid,
        .ns = run->key.ns,
        .name = str_printf(a, STR_FMT "-%u-agent", STR_ARG(run->key.name), hash),
        .workflow = run->key.name,
        .workflow_uid = run->uid,
        .node_id = str_printf(a, "agent-%u", hash),
        .node_name = run->key.name,
        .template = &tmpl,
        .service_account = STR(""),
        .token = POD_TOKEN_NONE,
        .is_on_host = true, /* its port is asked for there */
    };
    struct err err;

    if (map_find(&e->pods, request.uid) || run_ask_for_pod(run, &request, &err) == 0)
        return;
    log_warn(NULL, "the process of an executor plugin was refused",
             LOG_STR(WORKFLOW, run->key.name), LOG_STR(NAME, plugin->name), LOG_ERR(&err));
    process->end = str_copy(run->arena, str_from(err.text));
}
