/*
 * tiphys executor-plugin build: the folder of a plugin (plugin.yaml, perhaps one server.* whose
 * text the sidecar runs) becomes the ConfigMap that a controller reads, and a README.
 */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <unistd.h>

#include "base/fd.h"
#include "cli/cli.h"
#include "formats/yaml.h"

#define GENERATED "This is an auto-generated file. DO NOT EDIT"

/* ---- reading ---- */

/* The sidecar's program, when a file beside the manifest holds it. */
static int add_program(struct cli *cli, const char *folder, struct str name,
                       struct json *plugin, struct err *err)
{
    struct str pattern = str_printf(cli->arena, "%s/server.*", folder), text = STR("");
    struct json_array_builder args = {0};
    glob_t found;
    int result = glob(pattern.ptr, 0, NULL, &found);

    if (result == GLOB_NOMATCH)
        return 0;
    if (result != 0)
        return err_set(err, ERR_IO, "search for " STR_FMT, STR_ARG(pattern));
    result = found.gl_pathc > 1
                 ? err_set(err, ERR_INVALID,
                           "plugin " STR_FMT " has more than one server.* file", STR_ARG(name))
                 : cli_read_file(cli, found.gl_pathv[0], &text, err);
    globfree(&found);
    if (result < 0)
        return -1;
    json_push(cli->arena, &args, json_string(text));
    *plugin = json_set_path(cli->arena, plugin, json_array(&args), "spec", "sidecar",
                            "container", "args", NULL);
    return 0;
}

static int check(const struct json *plugin, struct err *err)
{
    const struct json *c = json_path(plugin, "spec", "sidecar", "container", NULL);
    const struct {
        const struct json *member;
        const char *text;
    } rules[] = {
        {json_item(json_get(c, STR("ports")), 0), "at least one port is mandatory"},
        {json_path(c, "resources", "requests", NULL), "resources requests are mandatory"},
        {json_path(c, "resources", "limits", NULL), "resources limits are mandatory"},
        {json_get(c, STR("securityContext")), "security context is mandatory"},
    };

    for (size_t i = 0; i < COUNT_OF(rules); i++)
        if (!rules[i].member || rules[i].member->type == JSON_NULL)
            return err_set(err, ERR_INVALID, "sidecar is invalid: %s", rules[i].text);
    return 0;
}

/* ---- writing ---- */

static struct json merged(struct arena *a, struct json_object_builder *first,
                          const struct json *more)
{
    struct json made = json_object(first);

    for (uint32_t i = 0; json_is(more, JSON_OBJECT) && i < more->count; i++)
        made = json_set(a, &made, more->members[i].key, more->members[i].value);
    return made;
}

static struct json config_map(struct arena *a, const struct json *plugin, struct str name)
{
    const struct json *meta = json_get(plugin, STR("metadata")),
                      *sidecar = json_path(plugin, "spec", "sidecar", NULL);
    _cleanup_strbuf_ struct strbuf container = STRBUF_INIT(1 << 24);
    struct json_object_builder labels = {0}, annotations = {0}, data = {0}, doc = {0},
                               about = {0};
    bool mounts = json_get_bool(sidecar, STR("automountServiceAccountToken"));
    struct str ns = json_get_str(meta, STR("namespace"));

    yaml_print(&container, json_get(sidecar, STR("container")));
    json_add(a, &labels, STR("workflows.argoproj.io/configmap-type"),
             json_string(json_get_str(plugin, STR("kind"))));
    json_add(a, &data, STR("sidecar.automountServiceAccountToken"),
             json_string(mounts ? STR("true") : STR("false")));
    json_add(a, &data, STR("sidecar.container"),
             json_string(str_copy(a, strbuf_str(&container))));
    if (json_get(meta, STR("annotations")))
        json_add(a, &about, STR("annotations"),
                 merged(a, &annotations, json_get(meta, STR("annotations"))));
    json_add(a, &about, STR("labels"), merged(a, &labels, json_get(meta, STR("labels"))));
    json_add(a, &about, STR("name"),
             json_string(str_printf(a, STR_FMT "-executor-plugin", STR_ARG(name))));
    if (ns.len > 0)
        json_add(a, &about, STR("namespace"), json_string(ns));
    json_add(a, &doc, STR("apiVersion"), json_string(STR("v1")));
    json_add(a, &doc, STR("data"), json_object(&data));
    json_add(a, &doc, STR("kind"), json_string(STR("ConfigMap")));
    json_add(a, &doc, STR("metadata"), json_object(&about));
    return json_object(&doc);
}

static int write_file(struct arena *a, struct str path, struct str text, struct err *err)
{
    if (fd_write_file(AT_FDCWD, str_cz(a, path), O_TRUNC, 0666, text.ptr, text.len) < 0)
        return err_sys(err, errno, "write " STR_FMT, STR_ARG(path));
    printf(STR_FMT " created\n", STR_ARG(path));
    return 0;
}

static struct str annotation(const struct json *plugin, const char *key)
{
    return json_get_str(json_path(plugin, "metadata", "annotations", NULL), str_from(key));
}

static struct str readme(struct arena *a, const struct json *plugin, struct str name)
{
    struct str image =
        json_str(json_path(plugin, "spec", "sidecar", "container", "image", NULL));

    return str_printf(
        a,
        "<!-- " GENERATED " -->\n# " STR_FMT "\n\n* Needs: " STR_FMT "\n* Image: " STR_FMT
        "\n\n" STR_FMT "\n\nInstall:\n\n"
        "    kubectl apply -f " STR_FMT "-executor-plugin-configmap.yaml\n\n"
        "Uninstall:\n\t\n    kubectl delete cm " STR_FMT "-executor-plugin \n",
        STR_ARG(name), STR_ARG(annotation(plugin, "workflows.argoproj.io/version")),
        STR_ARG(image), STR_ARG(annotation(plugin, "workflows.argoproj.io/description")),
        STR_ARG(name), STR_ARG(name));
}

static int run_build(struct cli *cli, struct err *err)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(1 << 24);
    struct arena *a = cli->arena;
    struct str folder = str_from(cli->args[0]), path, text, name;
    struct json plugin, map;

    while (folder.len > 1 && str_ends(folder, STR("/")))
        folder = str_head(folder, folder.len - 1);
    path = str_printf(a, STR_FMT "/plugin.yaml", STR_ARG(folder));
    if (cli_read_file(cli, path.ptr, &text, err) < 0)
        return -1;
    if (yaml_parse(a, text, &plugin, err) < 0)
        return err_wrap(err, STR_FMT, STR_ARG(path));
    name = json_str(json_path(&plugin, "metadata", "name", NULL));
    if (name.len == 0 || str_find_char(name, '/') != SIZE_MAX)
        return err_set(err, ERR_INVALID, STR_FMT ": metadata.name is no name of an object",
                       STR_ARG(path));
    if (add_program(cli, str_cz(a, folder), name, &plugin, err) < 0 || check(&plugin, err) < 0)
        return -1;
    map = config_map(a, &plugin, name);
    strbuf_addz(&b, "# " GENERATED "\n");
    yaml_print(&b, &map);
    return write_file(a,
                      str_printf(a, STR_FMT "/" STR_FMT "-executor-plugin-configmap.yaml",
                                 STR_ARG(folder), STR_ARG(name)),
                      strbuf_str(&b), err) < 0
               ? -1
               : write_file(a, str_printf(a, STR_FMT "/README.md", STR_ARG(folder)),
                            readme(a, &plugin, name), err);
}

extern const struct cli_command cli_executor_plugin_build;
const struct cli_command cli_executor_plugin_build = {.name = "executor-plugin build",
                                                      .usage = "DIR",
                                                      .summary = "build an executor plugin",
                                                      .example = "executor-plugin build hello",
                                                      .min_args = 1,
                                                      .max_args = 1,
                                                      .run = run_build};
