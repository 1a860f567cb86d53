/*
 * tiphys cp: the output artifacts of a workflow, as they are stored, into a folder. Names that
 * come from the server cannot lead out of it.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/random.h"
#include "cli/call.h"
#include "cli/workflow.h"
#include "formats/uri.h"

#define DEFAULT_PATH "{namespace}/{workflowName}/{nodeId}/outputs/{artifactName}"

struct copy {
    struct cli *cli;
    const struct json *workflow, *node, *artifact;
    struct str folder; /* that gets it */
    int fd, error;     /* errno of a write */
    struct str name;   /* as the server calls it; owned by the command */
};

/* ---- where to ---- */

static struct str template_of(const struct json *node)
{
    struct str name = json_get_str(node, STR("templateName"));

    return str_is_empty(name) ? json_str(json_path(node, "templateRef", "template", NULL))
                              : name;
}

/* What a server says as part of a path. */
static int check_part(struct str part, struct err *err)
{
    if (!str_is_empty(part) && !str_is(part, ".") && !str_is(part, "..") &&
        str_find_char(part, '/') == SIZE_MAX)
        return 0;
    return err_set(err, ERR_INVALID, "the server sent \"" STR_FMT "\", which is no file name",
                   STR_ARG(part));
}

static int fill_path(const struct copy *c, struct str text, struct strbuf *b, struct err *err)
{
    const struct {
        const char *tag;
        struct str value;
    } tags[] = {
        {"{namespace}", object_namespace(c->workflow)},
        {"{workflowName}", object_name(c->workflow)},
        {"{nodeId}", json_get_str(c->node, STR("id"))},
        {"{templateName}", template_of(c->node)},
        {"{artifactName}", json_get_str(c->artifact, STR("name"))},
    };

    while (text.len > 0) {
        size_t i = 0;

        while (i < COUNT_OF(tags) && !str_starts(text, str_from(tags[i].tag)))
            i++;
        if (i == COUNT_OF(tags)) {
            strbuf_addc(b, text.ptr[0]);
            text = str_skip(text, 1);
            continue;
        }
        if (check_part(tags[i].value, err) < 0)
            return -1;
        strbuf_add(b, tags[i].value);
        text = str_skip(text, strlen(tags[i].tag));
    }
    return 0;
}

static int make_folders(struct cli *cli, struct str path, struct err *err)
{
    char *text = str_cz(cli->arena, path);

    for (size_t i = 1; i <= path.len; i++) {
        if (text[i] != '/' && text[i] != '\0')
            continue;
        text[i] = '\0';
        if (mkdir(text, 0777) < 0 && errno != EEXIST)
            return err_sys(err, errno, "make folder %s", text);
        text[i] = i < path.len ? '/' : '\0';
    }
    return 0;
}

/* ---- the bytes ---- */

static int take_chunk(void *ctx, struct str chunk)
{
    struct copy *c = ctx;

    if (fd_write(c->fd, chunk.ptr, chunk.len) == 0)
        return 0;
    c->error = errno;
    return -1;
}

/* Content-Disposition: filename="out.tgz" */
static void take_headers(void *ctx, const struct http_answer *answer)
{
    struct copy *c = ctx;

    for (size_t i = 0; i < answer->header_count; i++) {
        struct str value = answer->headers[i].value;
        size_t at = str_find(value, STR("filename=\""));

        if (!str_eq_nocase(answer->headers[i].name, STR("Content-Disposition")) ||
            at == SIZE_MAX)
            continue;
        value = str_skip(value, at + 10);
        at = str_find_char(value, '"');
        c->name = str_copy(c->cli->arena, str_head(value, at == SIZE_MAX ? value.len : at));
    }
}

static int fetch(struct copy *c, const struct cli_server *server, struct err *err)
{
    struct arena *a = c->cli->arena;
    struct http_client *client = http_client_new();
    const struct call_stream stream = {
        .server = server,
        .path = str_printf(a, "/artifacts/" STR_FMT "/" STR_FMT "/" STR_FMT "/" STR_FMT,
                           STR_ARG(uri_escape(a, object_namespace(c->workflow))),
                           STR_ARG(uri_escape(a, object_name(c->workflow))),
                           STR_ARG(uri_escape(a, json_get_str(c->node, STR("id")))),
                           STR_ARG(uri_escape(a, json_get_str(c->artifact, STR("name"))))),
        .cancel_fd = -1,
        .on_chunk = take_chunk,
        .on_headers = take_headers,
        .ctx = c};
    int result = call_stream(client, &stream, err);

    http_client_free(client);
    if (c->error)
        return err_sys(err, c->error, "write an artifact into " STR_FMT, STR_ARG(c->folder));
    return result;
}

/* Under a name that nobody knows, then under its own. */
static int copy_artifact(struct copy *c, const struct cli_server *server, struct err *err)
{
    struct random random = random_from_system();
    struct arena *a = c->cli->arena;
    struct str tmp = str_printf(a, STR_FMT "/.tiphys-%016llx", STR_ARG(c->folder),
                                (unsigned long long) random_u64(&random));
    struct str name;
    int result;

    if (make_folders(c->cli, c->folder, err) < 0)
        return -1;
    c->fd = open(tmp.ptr, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (c->fd < 0)
        return err_sys(err, errno, "make a file in " STR_FMT, STR_ARG(c->folder));
    result = fetch(c, server, err);
    close(c->fd);
    if (result == 0)
        result = check_part(c->name, err);
    name = str_printf(a, STR_FMT "/" STR_FMT, STR_ARG(c->folder), STR_ARG(c->name));
    if (result == 0 && rename(tmp.ptr, name.ptr) < 0)
        result = err_sys(err, errno, "make " STR_FMT, STR_ARG(name));
    if (result < 0)
        unlink(tmp.ptr);
    else
        printf("Created \"" STR_FMT "\"\n", STR_ARG(c->name));
    return result;
}

/* ---- which ---- */

static bool is_wanted(struct cli *cli, const char *flag, struct str value)
{
    const char *wanted = cli_flag(cli, flag);

    return !wanted || !*wanted || str_is(value, wanted);
}

static int copy_node(struct copy *c, const struct cli_server *server, int *count,
                     struct err *err)
{
    const struct json *list = json_path(c->node, "outputs", "artifacts", NULL);
    const char *given = cli_flag(c->cli, "path");
    struct arena *a = c->cli->arena;

    if (!is_wanted(c->cli, "node-id", json_get_str(c->node, STR("id"))) ||
        !is_wanted(c->cli, "template-name", template_of(c->node)))
        return 0;
    for (size_t i = 0; (c->artifact = json_item(list, i)) != NULL; i++) {
        _cleanup_strbuf_ struct strbuf path = STRBUF_INIT(64 << 10);

        if (!is_wanted(c->cli, "artifact-name", json_get_str(c->artifact, STR("name"))))
            continue;
        strbuf_addf(&path, "%s/", c->cli->args[1]);
        if (fill_path(c, str_from(given && *given ? given : DEFAULT_PATH), &path, err) < 0)
            return -1;
        c->folder = str_copy(a, strbuf_str(&path));
        c->name = json_get_str(c->artifact, STR("name"));
        if (copy_artifact(c, server, err) < 0)
            return err_wrap(err, "artifact " STR_FMT " of node " STR_FMT,
                            STR_ARG(json_get_str(c->artifact, STR("name"))),
                            STR_ARG(json_get_str(c->node, STR("id"))));
        ++*count;
    }
    return 0;
}

static int run(struct cli *cli, struct err *err)
{
    struct copy c = {.cli = cli};
    const struct cli_server *server;
    const struct json *nodes;
    struct json workflow;
    struct str name;
    int count = 0;

    if (call_server(cli, &server, err) < 0 ||
        workflow_name(cli, cli->args[0], &name, err) < 0 ||
        workflow_get(cli, name, &workflow, err) < 0)
        return err_wrap(err, "failed to get workflow");
    c.workflow = &workflow;
    nodes = json_path(&workflow, "status", "nodes", NULL);
    for (uint32_t i = 0; json_is(nodes, JSON_OBJECT) && i < nodes->count; i++) {
        c.node = &nodes->members[i].value;
        if (copy_node(&c, server, &count, err) < 0)
            return -1;
    }
    if (count == 0)
        fprintf(stderr, "no artifacts found\n");
    return 0;
}

static int check(struct cli *cli, struct err *err)
{
    return cli->arg_count == 2
               ? 0
               : err_set(err, ERR_INVALID, "requires a workflow and an output directory");
}

static const struct cli_flag flags[] = {
    {.name = "artifact-name", .help = "artifacts of this name only"},
    {.name = "node-id", .help = "artifacts of this node only"},
    {.name = "path",
     .help = "folder below the output directory; {namespace}, {workflowName}, {nodeId}, "
             "{templateName} and {artifactName} stand for their values (default "
             "\"" DEFAULT_PATH "\")"},
    {.name = "template-name", .help = "artifacts of this template only"},
    {0},
};

extern const struct cli_command cli_cp;
const struct cli_command cli_cp = {
    .name = "cp",
    .usage = "my-wf output-directory ...",
    .summary = "copy artifacts of a workflow",
    .example = "cp my-wf output-directory\n"
               "cp my-wf output-directory --artifact-name my-output-artifact",
    .flags = flags,
    .max_args = 2,
    .check = check,
    .run = run};
