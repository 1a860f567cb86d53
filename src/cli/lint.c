/* tiphys lint: manifests checked, with what a named server has. See lint.h. */
#include "cli/lint.h"

#include "cli/manifests.h"
#include "cli/workflow.h"

/* argo knows the first four. */
enum { ARGO_KINDS = 4 };
static const char *const all_kinds[] = {
    "workflows",    "workflowtemplates", "cronworkflows", "clusterworkflowtemplates",
    "eventsources", "sensors",           "eventbus"};

static size_t kinds_of(const struct cli *cli)
{
    return cli_is_argo(cli) ? ARGO_KINDS : COUNT_OF(all_kinds);
}

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

    for (size_t i = 0; i < kinds_of(l->cli); i++) {
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

/* Of workflows the kind alone tells, as argo has it, which looks at no version; of events,
 * where there is no version or one of ours. */
static const struct object_kind *kind_of(const struct object_document *doc)
{
    const struct json *version = json_get(&doc->value, STR("apiVersion"));
    const struct object_kind *kind =
        object_kind_find(STR("argoproj.io/v1alpha1"), json_get_str(&doc->value, STR("kind")));
    bool is_ours = !version || str_starts(json_str(version), STR("argoproj.io/"));

    for (size_t i = 0; !doc->kind && kind && !is_ours && i < ARGO_KINDS; i++)
        is_ours = strcmp(kind->plural, all_kinds[i]) == 0;
    return !doc->kind && is_ours ? kind : doc->kind;
}

/* A file that is no manifest at all does not hinder the others. */
static int read_file(struct lint *l, const char *path, struct err *err)
{
    struct arena *a = l->cli->arena;
    struct lint_result result = {.file = str_from(path)};
    struct object_documents docs = {0};

    if (manifests_read(l->cli, path, &result.source, err) < 0)
        return -1;
    if (object_read(a, result.file, result.source, &docs, err) < 0) {
        lint_broken(a, err, &result);
        docs = (struct object_documents){0};
    }
    for (size_t i = 0; i < docs.len; i++) {
        struct object_document *doc = &docs.at[i];

        doc->kind = kind_of(doc);
        if (!cli_is_on(l->cli, "strict") && doc->kind)
            doc->value = cli_without_unknown(a, doc->kind->shape, &doc->value);
        VEC_APUSH(a, &l->all.list, *doc);
        result.is_linted = result.is_linted || (doc->kind && is_wanted(l, doc->kind));
    }
    VEC_APUSH(a, &l->results, result);
    VEC_APUSH(a, &l->docs, docs);
    return 0;
}

static void check_file(struct lint *l, size_t at)
{
    const struct object_documents *docs = &l->docs.at[at];

    for (size_t i = 0; i < docs->len; i++)
        if (docs->at[i].kind && is_wanted(l, docs->at[i].kind))
            lint_check(l->cli->arena, &docs->at[i], i, &l->all, &l->results.at[at]);
        else if (!docs->at[i].kind && !cli_is_argo(l->cli))
            lint_unknown_kind(l->cli->arena, &docs->at[i], &l->results.at[at]);
}

static struct lint_style style_of(const struct lint *l)
{
    static const char *const words[] = {"pretty", "simple", "json", "sarif"};
    struct lint_style style = {.has_color = workflow_has_color(l->cli)};

    for (size_t i = 0; i < COUNT_OF(words); i++)
        if (strcmp(cli_flag(l->cli, "output"), words[i]) == 0)
            style.output = (enum lint_output) i;
    style.has_spots = style.output != LINT_SIMPLE && !cli_is_argo(l->cli);
    return style;
}

/* What argo tells on standard error: files that cannot be decoded; and our warnings. @is_told:
 * nothing more needs to be said, unless there are other errors. */
static void tell_aside(struct lint *l, const struct lint_result *r, bool *is_told)
{
    for (size_t i = 0; i < r->errors.len; i++) {
        const struct lint_error *e = &r->errors.at[i];

        if (e->level == LINT_WARNING)
            fprintf(stderr, "Warning: " STR_FMT ": in " STR_FMT ": " STR_FMT "\n",
                    STR_ARG(r->file), STR_ARG(e->object), STR_ARG(e->text));
        else if (e->is_decoding)
            fprintf(
                stderr,
                "Error: failed to parse YAML from file " STR_FMT ": " STR_FMT "%s" STR_FMT "\n",
                STR_ARG(r->file), STR_ARG(e->place), e->place.len ? " " : "", STR_ARG(e->text));
        if (e->is_decoding) {
            l->cli->exit_code = 1;
            *is_told = strcmp(e->rule, "decoding") == 0;
        }
    }
}

static void tell(struct lint *l)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(SIZE_MAX / 2);
    const struct lint_style style = style_of(l);
    bool is_report = style.output == LINT_JSON || style.output == LINT_SARIF, is_told = false;

    for (size_t i = 0; i < l->results.len; i++) {
        if (!style.has_spots)
            tell_aside(l, &l->results.at[i], &is_told);
        if (!is_report)
            lint_print_result(&b, &l->results.at[i], &style);
    }
    if (is_report) {
        _cleanup_strbuf_ struct strbuf unused = STRBUF_INIT(1 << 16);

        l->cli->exit_code |= lint_print_summary(&unused, l->results.at, l->results.len, &style);
        lint_print_report(l->cli->arena, &b, l->results.at, l->results.len, &style);
    } else if (!is_told || b.len > 0) {
        l->cli->exit_code |= lint_print_summary(&b, l->results.at, l->results.len, &style);
    }
    fwrite(b.ptr, 1, b.len, stdout);
}

/* The lint commands of single kinds have no such flag. */
static bool is_offline(const struct cli *cli)
{
    return strcmp(cli->command->name, "lint") == 0 && cli_is_on(cli, "offline");
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
    if (lint_has_server(cli) && !is_offline(cli) && lint_fetch(cli, &l.all, err) < 0)
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
    for (size_t i = 0; i < kinds_of(cli); i++)
        all[i] = str_from(all_kinds[i]);
    return wants_all ? lint_run(cli, all, kinds_of(cli), err)
                     : lint_run(cli, given, count, err);
}

static const struct cli_flag flags[] = {
    LINT_FLAGS,
    {.name = "kinds",
     .type = FLAG_COMMAS,
     .help = "kinds to check: workflows, workflowtemplates, cronworkflows, "
             "clusterworkflowtemplates, of Argo Events eventsources, sensors, eventbus, or all "
             "(default [all])"},
    {.name = "no-color", .type = FLAG_SWITCH, .help = "no colours, not even on a terminal"},
    {.name = "offline",
     .type = FLAG_SWITCH,
     .help = "ask no server for templates that no given file holds"},
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
