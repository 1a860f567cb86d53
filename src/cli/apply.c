/*
 * tiphys apply: create the objects of manifests, or bring those that exist to what the manifest
 * says. One wrong object, or file, does not hinder the others; the exit code tells that there
 * was one.
 */
#include "cli/apply.h"

#include "base/limits.h"
#include "cli/manifests.h"

static void tell(const struct object_kind *kind, const struct json *doc, const char *done)
{
    printf("%s%s%s/" STR_FMT " %s\n", kind->singular, kind->group[0] ? "." : "", kind->group,
           STR_ARG(object_name(doc)), done);
}

/* What a command has set stays when the manifest does not say it: a pause of `events pause`, a
 * suspension of `cron suspend`. Returns what is told of it, or "". */
static const char *keep(struct arena *a, const struct json *live, struct json *doc)
{
    const struct json *suspend = json_path(live, "spec", "suspend", NULL);

    if (object_is_paused(live) &&
        !json_path(doc, "metadata", "annotations", OBJECT_PAUSED, NULL)) {
        *doc = json_set_path(a, doc, json_string(STR("true")), "metadata", "annotations",
                             OBJECT_PAUSED, NULL);
        return ": it stays paused until 'tiphys events resume'";
    }
    if (str_is(json_get_str(live, STR("kind")), "CronWorkflow") &&
        json_is(suspend, JSON_BOOL) && suspend->is_true &&
        !json_path(doc, "spec", "suspend", NULL)) {
        *doc = json_set_path(a, doc, json_bool(true), "spec", "suspend", NULL);
        return ": it stays suspended, as the manifest does not say: 'tiphys cron resume'";
    }
    return "";
}

static bool is_same_member(const struct json *live, const struct json *doc, struct str name)
{
    const struct json *a = json_get(live, name), *b = json_get(doc, name);

    return !a || !b ? a == b : json_equal(a, b);
}

/* Would writing the document change nothing? Not what the server has filled in. */
static bool is_unchanged(const struct json *live, const struct json *doc)
{
    const struct json *of_live = json_get(live, STR("metadata")),
                      *of_doc = json_get(doc, STR("metadata"));

    for (uint32_t i = 0; i < doc->count; i++) {
        const struct json_member *m = &doc->members[i];

        if (!str_is(m->key, "metadata") && !str_is(m->key, "status") &&
            !is_same_member(live, doc, m->key))
            return false;
    }
    return is_same_member(of_live, of_doc, STR("labels")) &&
           is_same_member(of_live, of_doc, STR("annotations"));
}

static int replace(struct cli *cli, const struct object_document *doc, struct str ns,
                   struct str text, struct err *err)
{
    struct cli_answer answer;

    return cli_call(cli, "DELETE", cli_path(cli, doc->kind, ns, object_name(&doc->value)),
                    STR(""), &answer, err) < 0 ||
                   cli_call(cli, "POST", cli_path(cli, doc->kind, ns, STR("")), text, &answer,
                            err) < 0
               ? -1
               : 0;
}

/* Reads what is there and writes the manifest over that very version: what a command sets in
 * between is kept, too. ERR_EXISTS: there was something. */
static int write_over(struct cli *cli, const struct object_document *doc, struct str one,
                      const char **ret_done, struct err *err)
{
    struct json wanted = doc->value;
    const struct json *version;
    struct cli_answer answer;
    const char *kept;

    if (cli_call(cli, "GET", one, STR(""), &answer, err) < 0)
        return -1;
    kept = keep(cli->arena, &answer.body, &wanted);
    if (is_unchanged(&answer.body, &wanted)) {
        *ret_done = str_printf(cli->arena, "unchanged%s", kept).ptr;
        return 0;
    }
    *ret_done = str_printf(cli->arena, "configured%s", kept).ptr;
    version = json_path(&answer.body, "metadata", "resourceVersion", NULL);
    if (version && !json_path(&wanted, "metadata", "resourceVersion", NULL))
        wanted =
            json_set_path(cli->arena, &wanted, *version, "metadata", "resourceVersion", NULL);
    return cli_call(cli, "PUT", one, json_text(cli->arena, &wanted, 0), &answer, err);
}

/* What is there already: 0 and @ret_done, or -1. */
static int update(struct cli *cli, const struct object_document *doc, struct str ns,
                  enum apply_how how, const char **ret_done, struct err *err)
{
    struct str one = cli_path(cli, doc->kind, ns, object_name(&doc->value));
    int rc = -1;

    if (how == APPLY_ANEW && strcmp(doc->kind->kind, "Workflow") == 0) {
        *ret_done = "created anew";
        return replace(cli, doc, ns, json_text(cli->arena, &doc->value, 0), err);
    }
    for (int i = 0; rc < 0 && i < CLI_WRITE_TRIES_MAX; i++) {
        rc = write_over(cli, doc, one, ret_done, err);
        if (rc < 0 && err->kind != ERR_EXISTS)
            break;
    }
    return rc;
}

static int apply_one(struct cli *cli, const struct object_document *doc, enum apply_how how,
                     struct err *err)
{
    struct field_faults faults = {0};
    struct str ns = object_namespace(&doc->value);
    struct cli_answer answer;
    const char *done;

    if (!object_check(cli->arena, doc, &faults))
        return object_faults_err(cli->arena, doc, &faults, err);
    if (str_is_empty(ns))
        ns = cli_namespace(cli);
    if (cli_call(cli, "POST", cli_path(cli, doc->kind, ns, STR("")),
                 json_text(cli->arena, &doc->value, 0), &answer, err) == 0) {
        tell(doc->kind, &answer.body, "created");
        return 0;
    }
    if (err->kind != ERR_EXISTS || update(cli, doc, ns, how, &done, err) < 0)
        return err_wrap(err, STR_FMT, STR_ARG(doc->source));
    tell(doc->kind, &doc->value, done);
    return 0;
}

/* One that is wrong does not hinder the others. */
static void complain(struct cli *cli, const struct err *err)
{
    fflush(stdout);
    fprintf(stderr, "Error: %s\n", err->text);
    cli->exit_code = 1;
}

/* @count: how many objects there were is added. */
static int apply_counted(struct cli *cli, const char *path, enum apply_how how, size_t *count,
                         struct err *err)
{
    struct object_documents docs;
    struct str text;

    if (manifests_read(cli, path, &text, err) < 0 ||
        object_read(cli->arena, str_from(path), text, &docs, err) < 0)
        return -1;
    for (size_t i = 0; i < docs.len; i++)
        if (apply_one(cli, &docs.at[i], how, err) < 0)
            complain(cli, err);
    *count += docs.len;
    return 0;
}

int apply_file(struct cli *cli, const char *path, enum apply_how how, struct err *err)
{
    size_t ignored = 0;

    return apply_counted(cli, path, how, &ignored, err);
}

static int apply_paths(struct cli *cli, const char *const *paths, size_t count,
                       size_t *ret_objects, struct err *err)
{
    struct manifest_paths files;

    if (manifests_find(cli->arena, paths, count, &files, err) < 0)
        return -1;
    for (size_t i = 0; i < files.len; i++)
        if (apply_counted(cli, files.at[i], APPLY_UPDATE, ret_objects, err) < 0)
            complain(cli, err);
    return 0;
}

static int run_apply(struct cli *cli, struct err *err)
{
    size_t count, objects = 0;
    const struct str *given = flags_list(cli->arena, &cli->flags, "filename", &count);
    const char **paths = ARENA_ARRAY(cli->arena, const char *, count + 1);

    for (size_t i = 0; i < count; i++)
        paths[i] = given[i].ptr;
    if (apply_paths(cli, paths, count, &objects, err) < 0 ||
        apply_paths(cli, cli->args, cli->arg_count, &objects, err) < 0)
        return -1;
    return objects > 0 || cli->exit_code
               ? 0
               : err_set(err, ERR_INVALID, "no objects passed to apply");
}

static int check_apply(struct cli *cli, struct err *err)
{
    if (cli->arg_count == 0 && !flags_is_given(&cli->flags, "filename"))
        return err_set(err, ERR_INVALID, "requires a manifest: apply -f FILE");
    return 0;
}

static const struct cli_flag flags[] = {
    {.name = "filename",
     .letter = 'f',
     .type = FLAG_LIST,
     .help = "manifest, a folder of them, an http(s) address, or - for standard input; may be "
             "repeated"},
    {0}};

extern const struct cli_command cli_apply;
const struct cli_command cli_apply = {
    .name = "apply",
    .usage = "-f FILE...",
    .summary = "create the objects of manifests, or bring them up to date",
    .example = "apply -f hook.yaml\napply ./manifests",
    .flags = flags,
    .surface = CLI_OWN,
    .max_args = CLI_ANY_ARGS,
    .check = check_apply,
    .run = run_apply};
