/* tiphys lint: manifests checked without a server. See lint.h. */
#include "cli/lint.h"

#include <stdlib.h>

#include "cli/manifests.h"
#include "cli/workflow.h"

static const char *const all_kinds[] = {"workflows", "workflowtemplates", "cronworkflows",
                                        "clusterworkflowtemplates"};

struct lint {
    struct cli *cli;
    const struct object_kind *kinds[COUNT_OF(all_kinds)];
    size_t kind_count;
    struct lint_documents all;
    VEC(struct lint_result) results;
    VEC(struct object_documents) docs; /* of each result */
};

static int add_kind(struct lint *l, struct str word, struct err *err)
{
    const struct object_kind *kind = object_kind_by_plural(STR("argoproj.io"), word);

    for (size_t i = 0; i < COUNT_OF(all_kinds); i++) {
        if (!kind || strcmp(kind->plural, all_kinds[i]) != 0)
            continue;
        if (l->kind_count < COUNT_OF(all_kinds))
            l->kinds[l->kind_count++] = kind;
        return 0;
    }
    return err_set(err, ERR_INVALID, "unknown kind: " STR_FMT, STR_ARG(word));
}

static bool is_wanted(const struct lint *l, const struct object_kind *kind)
{
    for (size_t i = 0; i < l->kind_count; i++)
        if (l->kinds[i] == kind)
            return true;
    return false;
}

/* A file that is no manifest at all does not hinder the others. */
static int read_file(struct lint *l, const char *path, struct err *err)
{
    struct arena *a = l->cli->arena;
    struct lint_result result = {.file = str_from(path)};
    struct object_documents docs = {0};
    struct str text;

    if (cli_read_file(l->cli, path, &text, err) < 0)
        return -1;
    if (object_read(a, str_from(path), text, &docs, err) < 0) {
        fprintf(stderr, "Error: failed to parse YAML from file %s: %s\n", path, err->text);
        l->cli->exit_code = 1;
        docs = (struct object_documents){0};
    }
    for (size_t i = 0; i < docs.len; i++) {
        struct object_document *doc = &docs.at[i];

        if (!cli_is_on(l->cli, "strict") && doc->kind)
            doc->value = cli_without_unknown(a, doc->kind->shape, &doc->value);
        VEC_APUSH(a, &l->all.list, *doc);
        result.is_linted = result.is_linted || (doc->kind && is_wanted(l, doc->kind));
    }
    VEC_APUSH(a, &l->results, result);
    VEC_APUSH(a, &l->docs, docs);
    return 0;
}

static int compare_faults(const void *left, const void *right)
{
    const struct field_fault *a = left, *b = right;

    return a->pos != b->pos ? (a->pos < b->pos ? -1 : 1) : str_cmp(a->text, b->text);
}

static void check_file(struct lint *l, size_t at)
{
    struct arena *a = l->cli->arena;
    struct lint_result *result = &l->results.at[at];
    const struct object_documents *docs = &l->docs.at[at];

    for (size_t i = 0; i < docs->len; i++) {
        const struct object_document *doc = &docs->at[i];
        struct field_faults faults = {0};

        if (!doc->kind || !is_wanted(l, doc->kind))
            continue;
        if (object_check_fields(a, doc, &faults))
            lint_references(a, doc, &l->all, &faults);
        if (faults.len > 1)
            qsort(faults.at, faults.len, sizeof(faults.at[0]), compare_faults);
        for (size_t k = 0; k < faults.len; k++)
            VEC_APUSH(
                a, &result->errors,
                str_printf(a, "in " STR_FMT ": " STR_FMT, STR_ARG(lint_object_name(a, doc, i)),
                           STR_ARG(show_one_line(a, lint_fault_text(a, doc, &faults.at[k])))));
    }
}

static void tell(struct lint *l)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(SIZE_MAX / 2);
    const struct lint_style style = {
        .output = strcmp(cli_flag(l->cli, "output"), "simple") == 0 ? LINT_SIMPLE : LINT_PRETTY,
        .has_color = workflow_has_color(l->cli)};

    for (size_t i = 0; i < l->results.len; i++)
        lint_print_result(&b, &l->results.at[i], &style);
    if (l->cli->exit_code == 0 || b.len > 0)
        l->cli->exit_code |= lint_print_summary(&b, l->results.at, l->results.len, &style);
    fwrite(b.ptr, 1, b.len, stdout);
}

int lint_run(struct cli *cli, const struct str *kinds, size_t count, struct err *err)
{
    struct lint l = {.cli = cli};
    struct manifest_paths paths;

    for (size_t i = 0; i < count; i++)
        if (add_kind(&l, kinds[i], err) < 0)
            return -1;
    if (manifests_find(cli->arena, cli->args, cli->arg_count, &paths, err) < 0)
        return -1;
    for (size_t i = 0; i < paths.len; i++)
        if (read_file(&l, paths.at[i], err) < 0)
            return -1;
    for (size_t i = 0; i < l.results.len; i++)
        check_file(&l, i);
    tell(&l);
    return 0;
}

static int run_lint(struct cli *cli, struct err *err)
{
    size_t count;
    const struct str *given = flags_list(cli->arena, &cli->flags, "kinds", &count);
    struct str all[COUNT_OF(all_kinds)];
    bool wants_all = count == 0;

    for (size_t i = 0; i < count; i++)
        wants_all = wants_all || str_is(given[i], "all");
    for (size_t i = 0; i < COUNT_OF(all_kinds); i++)
        all[i] = str_from(all_kinds[i]);
    return wants_all ? lint_run(cli, all, COUNT_OF(all_kinds), err)
                     : lint_run(cli, given, count, err);
}

static const struct cli_flag flags[] = {
    LINT_FLAGS,
    {.name = "kinds",
     .type = FLAG_COMMAS,
     .help = "kinds to check: workflows, workflowtemplates, cronworkflows, "
             "clusterworkflowtemplates or all (default [all])"},
    {.name = "no-color", .type = FLAG_SWITCH, .help = "no colours, not even on a terminal"},
    {.name = "offline",
     .type = FLAG_SWITCH,
     .help = "no effect: no server is asked; references are followed inside the given files"},
    {0},
};

extern const struct cli_command cli_lint;
const struct cli_command cli_lint = {
    .name = "lint",
    .usage = "FILE...",
    .summary = "validate files or directories of manifests",
    .example = "lint ./manifests\nlint --kinds=workflows,cronworkflows -",
    .flags = flags,
    .min_args = 1,
    .max_args = CLI_ANY_ARGS,
    .run = run_lint};
