/*
 * tiphys submit: create Workflows from files or from a template, and follow them if asked to.
 * All files are read and checked before the first workflow is created.
 */
#include "base/vec.h"
#include "cli/manifests.h"
#include "cli/submit_hints.h"
#include "cli/submit_options.h"
#include "cli/workflow.h"

struct batch {
    VEC(struct json) docs;               /* as they are sent */
    VEC(struct json) made;               /* as the server answered */
    const struct object_document *other; /* the first that is no Workflow, or NULL */
    const char *other_file;
};

/* ---- reading ---- */

/* Which document of a file is broken, from 0: its fault begins "FILE:LINE:". */
static size_t index_of_fault(struct str file, struct str text, const struct err *fault)
{
    struct str place = str_skip(str_from(fault->text), file.len + 1), rest = text, line;
    uint64_t number = 0;
    size_t index = 0;
    bool has_text = false;

    if (!parse_u64(str_head(place, str_find_char(place, ':')), &number))
        return 0;
    for (uint64_t i = 1; i < number && str_cut(&rest, '\n', &line); i++) {
        if (!str_starts(line, STR("---"))) {
            has_text = has_text || str_trim(line).len > 0;
            continue;
        }
        index += has_text;
        has_text = false;
    }
    return index;
}

static int read_documents(struct cli *cli, const char *path, struct batch *batch,
                          struct err *err)
{
    struct object_documents docs;
    struct str text;

    if (manifests_read(cli, path, &text, err) < 0)
        return -1;
    if (object_read(cli->arena, str_from(path), text, &docs, err) < 0)
        return err_wrap(err, "yaml file is not valid: index=%zu",
                        index_of_fault(str_from(path), text, err));
    for (size_t i = 0; i < docs.len; i++) {
        struct field_faults faults = {0};
        struct object_document doc = docs.at[i];

        if (!doc.kind || strcmp(doc.kind->kind, "Workflow") != 0) {
            if (!batch->other) {
                batch->other = &docs.at[i];
                batch->other_file = path;
            }
            continue; /* as argo: workflows only are submitted */
        }
        if (!cli_is_on(cli, "strict"))
            doc.value = cli_without_unknown(cli->arena, doc.kind->shape, &doc.value);
        if (!object_check(cli->arena, &doc, &faults))
            return object_faults_err(cli->arena, &doc, &faults, err);
        VEC_APUSH(cli->arena, &batch->docs, doc.value);
    }
    return 0;
}

static int read_batch(struct cli *cli, struct batch *batch, struct err *err)
{
    const char *from = cli_flag(cli, "from");
    struct json doc;

    if (from && *from) {
        if (submit_template_document(cli, from, &doc, err) < 0)
            return -1;
        VEC_APUSH(cli->arena, &batch->docs, doc);
    }
    for (size_t i = 0; i < cli->arg_count; i++)
        if (read_documents(cli, cli->args[i], batch, err) < 0)
            return -1;
    for (size_t i = 0; i < batch->docs.len; i++) {
        submit_hint_parameters(cli, &batch->docs.at[i]);
        if (submit_options(cli, &batch->docs.at[i], err) < 0)
            return -1;
    }
    return 0;
}

/* What cannot be asked for together, in argo's words. */
static int check_options(const struct cli *cli, const struct batch *batch, struct err *err)
{
    bool wait = cli_is_on(cli, "wait"), watch = cli_is_on(cli, "watch"),
         dry = cli_is_on(cli, "dry-run"), server_dry = cli_is_on(cli, "server-dry-run"),
         has_output = cli_flag(cli, "output") != NULL;
    const struct {
        bool is_wrong;
        const char *text;
    } rules[] = {
        {watch && batch->docs.len > 1, "cannot watch more than one workflow"},
        {watch && wait, "--wait cannot be combined with --watch"},
        {watch && dry, "--watch cannot be combined with --dry-run"},
        {watch && server_dry, "--watch cannot be combined with --server-dry-run"},
        {wait && dry, "--wait cannot be combined with --dry-run"},
        {wait && server_dry, "--wait cannot be combined with --server-dry-run"},
        {dry && !has_output, "--dry-run should have an output option"},
        {dry && server_dry, "--dry-run cannot be combined with --server-dry-run"},
        {server_dry && !has_output, "--server-dry-run should have an output option"},
        {batch->docs.len == 0, "no workflow found in given files"},
    };

    if (batch->docs.len == 0 && batch->other && !cli_is_argo(cli))
        return submit_hint_other(batch->other, batch->other_file, err);
    for (size_t i = 0; i < COUNT_OF(rules); i++)
        if (rules[i].is_wrong)
            return err_set(err, ERR_INVALID, "%s", rules[i].text);
    return 0;
}

/* ---- creating ---- */

static int create(struct cli *cli, const struct json *doc, struct json *ret, struct err *err)
{
    const struct object_kind *kind =
        object_kind_find(STR("argoproj.io/v1alpha1"), STR("Workflow"));
    struct str ns = object_namespace(doc);
    struct cli_answer answer;
    struct str path;

    if (str_is_empty(ns))
        ns = cli_namespace(cli);
    if (cli_is_on(cli, "dry-run")) { /* nobody is asked */
        *ret = json_set_path(cli->arena, doc, json_string(ns), "metadata", "namespace", NULL);
        return 0;
    }
    path = cli_path(cli, kind, ns, STR(""));
    if (cli_is_on(cli, "server-dry-run"))
        path = str_concat(cli->arena, path, STR("?dryRun=All"));
    if (cli_call(cli, "POST", path, json_text(cli->arena, doc, 0), &answer, err) < 0) {
        submit_hint_refusal(cli, err);
        return err_wrap(err, "failed to submit workflow");
    }
    *ret = answer.body;
    return 0;
}

static int run_submit(struct cli *cli, struct err *err)
{
    struct batch batch = {0};

    if (read_batch(cli, &batch, err) < 0 || check_options(cli, &batch, err) < 0)
        return -1;
    submit_hint_left(cli, batch.other, batch.other_file);
    for (size_t i = 0; i < batch.docs.len; i++) {
        struct json made;

        if (create(cli, &batch.docs.at[i], &made, err) < 0 ||
            (!workflow_is_drawn(cli) &&
             workflow_print(cli, &made, cli_flag(cli, "output"), err) < 0))
            return -1;
        VEC_APUSH(cli->arena, &batch.made, made);
    }
    fflush(stdout);
    for (size_t i = 0; i < batch.made.len; i++)
        if (workflow_attend(cli, &batch.made.at[i], err) < 0)
            return -1;
    return 0;
}

static int check_submit(struct cli *cli, struct err *err)
{
    if (flags_is_given(&cli->flags, "from") && cli->arg_count > 0)
        return err_set(err, ERR_INVALID, "cannot combine --from with file arguments");
    if (!cli_is_argo(cli) && !flags_is_given(&cli->flags, "from") && cli->arg_count == 0)
        return err_set(err, ERR_INVALID, "requires a file, - for standard input, or --from");
    return 0;
}

static const struct cli_flag flags[] = {
    SUBMIT_OPTION_FLAGS,
    {.name = "dry-run", .type = FLAG_SWITCH, .help = "check and print, ask no server"},
    {.name = "from",
     .word = "kind/name",
     .help = "submit what wftmpl/name, cwft/name or cronwf/name makes"},
    {.name = "log", .type = FLAG_SWITCH, .help = "print the logs until it ends"},
    {.name = "node-field-selector", .help = "with --watch: show these nodes only"},
    {.name = "output",
     .letter = 'o',
     .choices = "name|json|yaml|wide",
     .help = "output format: name, json, yaml or wide"},
    {.name = "server-dry-run",
     .type = FLAG_SWITCH,
     .help = "let the server check, create nothing"},
    {.name = "status", .help = "with --watch: show nodes of this phase only"},
    {.name = "strict",
     .type = FLAG_SWITCH,
     .fallback = "true",
     .help = "refuse fields that are not known; false: leave them out"},
    {.name = "wait",
     .letter = 'w',
     .type = FLAG_SWITCH,
     .help = "wait for the end; exit code 1 if it failed"},
    {.name = "watch", .type = FLAG_SWITCH, .help = "show it until it ends"},
    {0},
};

extern const struct cli_command cli_submit;
const struct cli_command cli_submit = {
    .name = "submit",
    .usage = "[FILE... | --from kind/name]",
    .summary = "submit a workflow",
    .example = "submit my-wf.yaml\nsubmit --watch my-wf.yaml\nsubmit --log my-wf.yaml -p a=b\n"
               "submit --from wftmpl/my-template",
    .flags = flags,
    .max_args = CLI_ANY_ARGS,
    .check = check_submit,
    .run = run_submit};
