/* See pod_spec.h. */
#include "api/core/pod_spec.h"

#include "api/core/log_internal.h"
#include "base/mem.h"
#include "objects/workflow_node.h"

/* A container of the template under a name, or an empty one. */
static struct json container(struct arena *a, const struct json *of, struct str name)
{
    static const char *const kept[] = {"image", "command",   "args",      "env",
                                       "ports", "resources", "workingDir"};
    struct json_object_builder b = {0};

    json_add(a, &b, STR("name"), json_string(name));
    for (size_t i = 0; i < COUNT_OF(kept); i++) {
        const struct json *v = json_get(of, str_from(kept[i]));

        if (v && v->type != JSON_NULL)
            json_add(a, &b, str_from(kept[i]), *v);
    }
    if (!json_get(of, STR("resources"))) {
        struct json_object_builder none = {0};

        json_add(a, &b, STR("resources"), json_object(&none));
    }
    return json_object(&b);
}

/* Main containers, then sidecars. */
static struct json containers_of(struct arena *a, const struct json *tmpl)
{
    const struct json *script = json_get(tmpl, STR("script"));
    const struct json *const lists[] = {json_path(tmpl, "containerSet", "containers", NULL),
                                        json_get(tmpl, STR("sidecars"))};
    struct json_array_builder ret = {0};
    const struct json *item;

    if (!lists[0])
        json_push(
            a, &ret,
            container(a, script ? script : json_get(tmpl, STR("container")), STR("main")));
    for (size_t k = 0; k < COUNT_OF(lists); k++)
        for (size_t i = 0; (item = json_item(lists[k], i)) != NULL; i++)
            json_push(a, &ret, container(a, item, json_get_str(item, STR("name"))));
    return json_array(&ret);
}

/* What the runner was asked for, when it is of this pod and not of one that had its name before;
 * an empty object without. */
static struct json asked_of(struct api *api, struct arena *a, const struct json *workflow,
                            const struct json *node, struct str uid)
{
    struct pod_runner *runner = api->options.runner;
    struct json ret = json_null();
    struct err ignored;

    if (!runner || pod_asked(runner, a, object_namespace(workflow),
                             api_node_pod_name(a, workflow, node), &ret, &ignored) < 0)
        return json_null();
    return str_eq(json_get_str(&ret, STR("uid")), uid) ? ret : json_null();
}

static void add_of_pod(struct arena *a, struct json_object_builder *b, const struct json *asked,
                       const struct json *tmpl)
{
    const struct json *deadline = json_get(tmpl, STR("activeDeadlineSeconds"));
    const struct json *grace = json_get(asked, STR("graceSeconds"));
    const struct json *resources = json_get(asked, STR("resources"));
    int64_t seconds;

    if (json_i64(deadline, &seconds) || parse_i64(json_str(deadline), &seconds))
        json_add(a, b, STR("activeDeadlineSeconds"), json_int(a, seconds));
    if (grace)
        json_add(a, b, STR("terminationGracePeriodSeconds"), *grace);
    if (resources)
        json_add(a, b, STR("resources"), *resources);
}

struct json api_pod_spec(struct api *api, struct arena *a, const struct json *workflow,
                         const struct json *node, struct str uid)
{
    struct json asked = asked_of(api, a, workflow, node, uid);
    const struct json *tmpl = json_get(&asked, STR("template")), *init, *item;
    struct json_array_builder inits = {0};
    struct json_object_builder b = {0};

    if (!tmpl)
        tmpl = workflow_node_template(workflow, node);
    init = json_get(tmpl, STR("initContainers"));
    for (size_t i = 0; (item = json_item(init, i)) != NULL; i++)
        json_push(a, &inits, container(a, item, json_get_str(item, STR("name"))));
    if (inits.len > 0)
        json_add(a, &b, STR("initContainers"), json_array(&inits));
    json_add(a, &b, STR("containers"), containers_of(a, tmpl));
    json_add(a, &b, STR("restartPolicy"), json_string(STR("Never")));
    json_add_str(a, &b, STR("nodeName"), json_get_str(node, STR("hostNodeName")));
    add_of_pod(a, &b, &asked, tmpl);
    return json_object(&b);
}
