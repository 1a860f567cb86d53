/*
 * tiphys delete: workflows by name or filter, as argo does; as tiphys also the objects of
 * manifests (FILE or -f FILE) and objects by kind and name (KIND NAME...).
 */
#include <unistd.h>

#include "cli/manifests.h"
#include "cli/select.h"

/* ---- workflows ---- */

static int delete_workflow(struct cli *cli, struct str ns, struct str name, struct err *err)
{
    const struct object_kind *kind =
        object_kind_find(STR("argoproj.io/v1alpha1"), STR("Workflow"));
    struct cli_answer answer;
    struct str path = cli_path(cli, kind, ns, name);

    if (cli_is_on(cli, "force"))
        path = str_printf(cli->arena, "/api/v1/workflows/" STR_FMT "/" STR_FMT "?force=true",
                          STR_ARG(ns), STR_ARG(name));
    if (cli_is_on(cli, "dry-run")) {
        printf("Workflow '" STR_FMT "' deleted (dry-run)\n", STR_ARG(name));
        return 0;
    }
    if (cli_call(cli, "DELETE", path, STR(""), &answer, err) < 0) {
        if (err->kind != ERR_NOT_FOUND)
            return -1;
        printf("Workflow '" STR_FMT "' not found\n", STR_ARG(name));
        return 0;
    }
    printf("Workflow '" STR_FMT "' deleted\n", STR_ARG(name));
    return 0;
}

static bool has_filter(const struct cli *cli)
{
    return cli_is_on(cli, "all") || select_is_filtered(cli);
}

static int delete_workflows(struct cli *cli, struct err *err)
{
    const struct select_extra extra = {.chunk = flags_int(&cli->flags, "query-chunk-size")};
    struct selection found = {0};
    struct str name;

    for (size_t i = 0; i < cli->arg_count; i++)
        if (workflow_name(cli, cli->args[i], &name, err) < 0 ||
            delete_workflow(cli, cli_namespace(cli), name, err) < 0)
            return -1;
    if (has_filter(cli) && select_workflows(cli, &extra, &found, err) < 0)
        return -1;
    for (size_t i = 0; i < found.len; i++)
        if (delete_workflow(cli, object_namespace(found.at[i]), object_name(found.at[i]), err) <
            0)
            return -1;
    if (cli->arg_count + found.len == 0)
        printf("No resources found\n");
    return 0;
}

/* ---- any objects ---- */

static int delete_object(struct cli *cli, const struct object_kind *kind, struct str ns,
                         struct str name, struct err *err)
{
    struct cli_answer answer;
    const char *dry = "";

    if (cli_is_on(cli, "dry-run"))
        dry = " (dry run)";
    else if (cli_call(cli, "DELETE", cli_path(cli, kind, ns, name), STR(""), &answer, err) < 0)
        return -1;
    printf("%s%s%s \"" STR_FMT "\" deleted%s\n", kind->singular, kind->group[0] ? "." : "",
           kind->group, STR_ARG(name), dry);
    return 0;
}

static int delete_named(struct cli *cli, const struct object_kind *kind, struct err *err)
{
    for (size_t i = 1; i < cli->arg_count; i++)
        if (delete_object(cli, kind, cli_namespace(cli), str_from(cli->args[i]), err) < 0)
            return -1;
    return 0;
}

static int delete_file(struct cli *cli, const char *path, struct err *err)
{
    struct object_documents docs;
    struct str text;

    if (manifests_read(cli, path, &text, err) < 0 ||
        object_read(cli->arena, str_from(path), text, &docs, err) < 0)
        return -1;
    for (size_t i = 0; i < docs.len; i++) {
        const struct object_document *doc = &docs.at[i];
        struct str ns = object_namespace(&doc->value);

        if (!doc->kind)
            return err_set(err, ERR_INVALID,
                           "%s: document %zu is of no kind that is known here", path, i + 1);
        if (delete_object(cli, doc->kind, str_is_empty(ns) ? cli_namespace(cli) : ns,
                          object_name(&doc->value), err) < 0) {
            fprintf(stderr, "Error: %s\n", err->text);
            cli->exit_code = 1;
        }
    }
    return 0;
}

/* A file's name: nothing that a workflow could be called. */
static bool is_file(const char *word)
{
    struct str text = str_from(word);

    return str_is(text, "-") || str_find_char(text, '/') != SIZE_MAX ||
           ((str_ends(text, STR(".yaml")) || str_ends(text, STR(".yml")) ||
             str_ends(text, STR(".json"))) &&
            access(word, R_OK) == 0);
}

static int delete_files(struct cli *cli, const struct str *files, size_t count, struct err *err)
{
    for (size_t i = 0; i < count; i++)
        if (delete_file(cli, files[i].ptr, err) < 0)
            return -1;
    for (size_t i = 0; i < cli->arg_count; i++)
        if (delete_file(cli, cli->args[i], err) < 0)
            return -1;
    return 0;
}

/* ---- the command ---- */

static int run_delete(struct cli *cli, struct err *err)
{
    size_t count;
    const struct str *files = flags_list(cli->arena, &cli->flags, "filename", &count);
    const struct object_kind *kind;

    if (cli_is_argo(cli) || cli->arg_count + count == 0)
        return delete_workflows(cli, err);
    if (count > 0 || is_file(cli->args[0]))
        return delete_files(cli, files, count, err);
    kind = cli->arg_count > 1 ? object_kind_by_plural(STR_NONE, str_from(cli->args[0])) : NULL;
    return kind ? delete_named(cli, kind, err) : delete_workflows(cli, err);
}

static int check_delete(struct cli *cli, struct err *err)
{
    if (cli->arg_count == 0 && !has_filter(cli) && !flags_is_given(&cli->flags, "filename"))
        return err_set(err, ERR_INVALID, "requires either a workflow or other argument");
    return 0;
}

static const struct cli_flag flags[] = {
    SELECT_FLAGS,
    {.name = "all", .type = FLAG_SWITCH, .help = "all workflows of the namespace"},
    {.name = "dry-run", .type = FLAG_SWITCH, .help = "tell what would be deleted"},
    {.name = "filename",
     .letter = 'f',
     .type = FLAG_LIST,
     .state = FLAG_OWN,
     .help = "the objects of this manifest; may be repeated"},
    {.name = "force",
     .type = FLAG_SWITCH,
     .help = "also what finalizers hold, artifacts that are still to be deleted among it"},
    {.name = "query-chunk-size",
     .type = FLAG_INT,
     .fallback = "0",
     .help = "workflows of one call of the list"},
    {0},
};

extern const struct cli_command cli_delete;
const struct cli_command cli_delete = {
    .name = "delete",
    .usage = "[--dry-run] [WORKFLOW...|[--all] [--older] [--completed] [--resubmitted] "
             "[--prefix PREFIX] [--selector SELECTOR] [--force] [--status STATUS] ]",
    .summary = "delete workflows",
    .example = "delete my-wf\ndelete @latest\ndelete --completed --older 7d",
    .flags = flags,
    .max_args = CLI_ANY_ARGS,
    .check = check_delete,
    .run = run_delete};
