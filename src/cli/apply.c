/*
 * tiphys apply: create the objects of manifests, or bring those that exist to what the manifest
 * says. One wrong object does not hinder the others; the exit code tells that there was one.
 */
#include <stdio.h>

#include "cli/objects.h"

static int apply_one(struct cli *cli, const struct object_document *doc, struct err *err)
{
    struct field_faults faults = {0};
    struct str name = object_name(&doc->value), ns = object_namespace(&doc->value), text;
    struct cli_answer answer;
    const char *done = "created";

    if (!object_check(cli->arena, doc, &faults))
        return object_faults_err(cli->arena, doc, &faults, err);
    if (str_is_empty(ns))
        ns = cli_namespace(cli);
    text = json_text(cli->arena, &doc->value, 0);
    if (cli_call(cli, "POST", cli_path(cli, doc->kind, ns, STR("")), text, &answer, err) < 0) {
        if (err->kind != ERR_EXISTS)
            return -1;
        done = "configured";
        if (cli_call(cli, "PUT", cli_path(cli, doc->kind, ns, name), text, &answer, err) < 0)
            return -1;
    }
    printf("%s%s%s/" STR_FMT " %s\n", doc->kind->singular, doc->kind->group[0] ? "." : "",
           doc->kind->group, STR_ARG(object_name(&answer.body)), done);
    return 0;
}

static int apply_file(struct cli *cli, const char *path, struct err *err)
{
    struct object_documents docs;
    struct str text;

    if (cli_read_file(cli, path, &text, err) < 0 ||
        object_read(cli->arena, str_from(path), text, &docs, err) < 0)
        return -1;
    for (size_t i = 0; i < docs.len; i++)
        if (apply_one(cli, &docs.at[i], err) < 0) {
            fprintf(stderr, "Error: %s\n", err->text);
            cli->exit_code = 1;
        }
    return 0;
}

static int run_apply(struct cli *cli, struct err *err)
{
    size_t count;
    const struct str *files = flags_list(cli->arena, &cli->flags, "filename", &count);

    for (size_t i = 0; i < count; i++)
        if (apply_file(cli, files[i].ptr, err) < 0)
            return -1;
    for (size_t i = 0; i < cli->arg_count; i++)
        if (apply_file(cli, cli->args[i], err) < 0)
            return -1;
    return count + cli->arg_count
               ? 0
               : err_set(err, ERR_INVALID, "no manifest is given: %s apply -f FILE",
                         cli->program);
}

static const struct cli_flag flags[] = {
    {.name = "filename",
     .type = FLAG_LIST,
     .letter = 'f',
     .word = "FILE",
     .help = "manifest, - for standard input; may be repeated"},
    {0}};

extern const struct cli_command cli_apply;
const struct cli_command cli_apply = {
    .name = "apply",
    .usage = "-f FILE...",
    .summary = "create the objects of manifests, or bring them up to date",
    .surface = CLI_OWN,
    .min_args = 0,
    .max_args = CLI_ANY_ARGS,
    .flags = flags,
    .run = run_apply};
