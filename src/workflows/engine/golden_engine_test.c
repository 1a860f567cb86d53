/*
 * Runs one workflow against the outcomes of a golden tree and prints the finished workflow:
 * golden_engine_test WORKFLOW.json TREE.json MAPS.json, where MAPS are ConfigMaps by name.
 * tools/engine-golden drives it over the corpus and compares; without arguments it does
 * nothing.
 */
#include <stdio.h>

#include "base/mem.h"
#include "workflows/engine/runner_test.h"

static struct str read_all(struct arena *a, const char *path)
{
    FILE *file = fopen(path, "rb");
    char *bytes;
    size_t len;

    if (!file)
        return STR_NONE;
    fseek(file, 0, SEEK_END);
    len = (size_t) ftell(file);
    rewind(file);
    bytes = arena_alloc(a, len + 1);
    len = fread(bytes, 1, len, file);
    fclose(file);
    return str_of(bytes, len);
}

static struct str replaced(struct arena *a, struct str s, struct str what, struct str by)
{
    struct str out = STR("");
    size_t at;

    while ((at = str_find(s, what)) != SIZE_MAX) {
        out = str_concat(a, str_concat(a, out, str_head(s, at)), by);
        s = str_skip(s, at + what.len);
    }
    return str_concat(a, out, s);
}

static const struct json *node_named(const struct json *nodes, struct str name)
{
    for (size_t i = 0; json_item(nodes, i); i++)
        if (str_eq(json_get_str(json_item(nodes, i), STR("name")), name))
            return json_item(nodes, i);
    return NULL;
}

static enum pod_phase phase_of(const struct json *node)
{
    struct str phase = json_get_str(node, STR("phase"));

    return str_is(phase, "Succeeded") ? POD_SUCCEEDED
           : str_is(phase, "Error")   ? POD_ERROR
                                      : POD_FAILED;
}

static void answer_containers(const struct pod_request *request, const struct json *nodes,
                              struct str pod, struct arena *a, struct pod_report *ret)
{
    const struct json *list = json_path(request->template, "containerSet", "containers", NULL);
    struct pod_container_report *made =
        ARENA_ARRAY(a, struct pod_container_report, list ? list->count + 1 : 1);

    for (size_t i = 0; json_item(list, i); i++) {
        struct str name = json_get_str(json_item(list, i), STR("name"));
        const struct json *n =
            node_named(nodes, str_printf(a, STR_FMT "." STR_FMT, STR_ARG(pod), STR_ARG(name)));

        made[i].name = name;
        made[i].phase = phase_of(n);
        made[i].message = json_get_str(n, STR("message"));
        ret->container_count++;
    }
    ret->containers = made;
}

static void answer(struct runner *r, const struct pod_request *request, struct arena *a,
                   struct pod_report *ret)
{
    const struct json *nodes = json_get(r->ctx, STR("nodes")), *n, *outputs;
    struct str name = replaced(a, request->node_name, wf_name(r->wf), STR("$WF")), text;
    struct json *filled = ARENA_NEW(a, struct json);
    struct err err;

    n = node_named(nodes, name);
    ret->phase = phase_of(n);
    answer_containers(request, nodes, name, a, ret);
    ret->message = json_get_str(n, STR("message"));
    if (!n)
        ret->message = STR("not in the golden tree");
    outputs = json_get(n, STR("outputs"));
    if (!outputs)
        return;
    text = replaced(a, json_text(a, outputs, JSON_COMPACT), STR("$WF"), wf_name(r->wf));
    if (json_parse(a, text, filled, &err) == 0)
        ret->outputs = filled;
}

static const struct json *config_map(void *ctx, struct str ns, struct str name)
{
    (void) ns;
    return json_get(ctx, name);
}

int main(int argc, char **argv)
{
    struct arena *a = arena_new();
    struct runner r = {.outcome = answer};
    struct json tree, maps;
    struct err err;

    if (argc == 4) {
        if (json_parse(a, read_all(a, argv[2]), &tree, &err) < 0 ||
            json_parse(a, read_all(a, argv[3]), &maps, &err) < 0) {
            fprintf(stderr, "%s: %s\n", argv[2], err.text);
            return 1;
        }
        r.ctx = &tree;
        r.world.ctx = &maps;
        r.world.config_map = config_map;
        runner_init(&r, read_all(a, argv[1]));
        runner_run(&r);
        printf(STR_FMT "\n", STR_ARG(runner_tree(&r, a)));
        runner_done(&r);
    }
    arena_free(a);
    return 0;
}
