/*
 * tiphys archive ...: workflows of the archive, listed, shown, deleted, and the labels that
 * they have. Retry and resubmit are in retry.c, beside those of live workflows.
 */
#include "cli/archive.h"

#include "base/vec.h"
#include "formats/duration.h"
#include "formats/uri.h"

#define BASE "/api/v1/archived-workflows"

enum { PAGE = 500 };

/* ---- which one ---- */

static bool is_uuid(struct str text)
{
    static const char shape[] = "hhhhhhhh-hhhh-hhhh-hhhh-hhhhhhhhhhhh";

    for (size_t i = 0; i < sizeof(shape) - 1 && text.len == sizeof(shape) - 1; i++) {
        char c = text.ptr[i];
        bool is_hex =
            (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');

        if (shape[i] == 'h' ? !is_hex : c != '-')
            return false;
    }
    return text.len == sizeof(shape) - 1;
}

int archive_path(struct cli *cli, const char *arg, struct str *ret, struct err *err)
{
    struct arena *a = cli->arena;
    bool is_uid = cli_is_on(cli, "uid"), is_name = cli_is_on(cli, "name");
    struct str text = uri_escape(a, str_from(arg));

    if (is_uid && is_name)
        return err_set(err, ERR_INVALID, "--name and --uid cannot be used together");
    if (is_uid || (!is_name && is_uuid(str_from(arg))))
        *ret = str_printf(a, BASE "/" STR_FMT, STR_ARG(text));
    else
        *ret = str_printf(a, BASE "/?namespace=" STR_FMT "&name=" STR_FMT,
                          STR_ARG(uri_escape(a, cli_namespace(cli))), STR_ARG(text));
    return 0;
}

static int get_one(struct cli *cli, const char *arg, struct json *ret, struct err *err)
{
    struct cli_answer answer;
    struct str path;

    if (archive_path(cli, arg, &path, err) < 0 ||
        cli_call(cli, "GET", path, STR(""), &answer, err) < 0)
        return -1;
    *ret = answer.body;
    return 0;
}

int archive_list(struct cli *cli, struct str labels, struct str fields, int64_t chunk,
                 struct selection *ret, struct err *err)
{
    struct arena *a = cli->arena;
    struct str next = STR("");
    VEC(const struct json *) found = {0};
    struct cli_answer answer;

    do {
        const struct json *items, *item;

        if (cli_call(cli, "GET",
                     str_printf(
                         a,
                         BASE "?namespace=" STR_FMT
                              "&listOptions.limit=%lld&listOptions.labelSelector=" STR_FMT
                              "&listOptions.fieldSelector=" STR_FMT
                              "&listOptions.continue=" STR_FMT,
                         STR_ARG(uri_escape(a, cli_namespace(cli))),
                         (long long) (chunk > 0 ? chunk : PAGE), STR_ARG(uri_escape(a, labels)),
                         STR_ARG(uri_escape(a, fields)), STR_ARG(uri_escape(a, next))),
                     STR(""), &answer, err) < 0)
            return -1;
        items = json_get(&answer.body, STR("items"));
        for (size_t i = 0; (item = json_item(items, i)) != NULL; i++)
            VEC_APUSH(a, &found, item);
        next = json_str(json_path(&answer.body, "metadata", "continue", NULL));
    } while (!str_is_empty(next));
    *ret = (struct selection){found.at, found.len};
    return 0;
}

int archive_operands(struct cli *cli, struct operands *ret, struct err *err)
{
    const char *labels = cli_flag(cli, "selector"), *fields = cli_flag(cli, "field-selector");
    struct selection found = {0};

    if (select_is_operand(cli) &&
        archive_list(cli, str_from(labels ? labels : ""), str_from(fields ? fields : ""), 0,
                     &found, err) < 0)
        return -1;
    *ret = (struct operands){
        .names = ARENA_ARRAY(cli->arena, struct str, found.len + cli->arg_count + 1)};
    for (size_t i = 0; i < found.len; i++)
        ret->names[ret->len++] = json_str(json_path(found.at[i], "metadata", "uid", NULL));
    for (size_t i = 0; i < cli->arg_count; i++) {
        struct json doc;
        bool is_there = false;
        struct str uid;

        if (get_one(cli, cli->args[i], &doc, err) < 0)
            return -1;
        uid = json_str(json_path(&doc, "metadata", "uid", NULL));
        for (size_t k = 0; k < ret->len; k++)
            is_there = is_there || str_eq(ret->names[k], uid);
        if (!is_there)
            ret->names[ret->len++] = uid;
    }
    return 0;
}

int archive_operate(struct cli *cli, struct str uid, const char *verb, const struct json *body,
                    struct json *ret, struct err *err)
{
    struct arena *a = cli->arena;
    struct cli_answer answer;
    struct str path = str_printf(a, BASE "/" STR_FMT "/%s", STR_ARG(uri_escape(a, uid)), verb);

    if (cli_call(cli, "PUT", path, json_text(a, body, JSON_COMPACT), &answer, err) < 0)
        return -1;
    *ret = answer.body;
    return 0;
}

/* ---- list ---- */

static void print_names(const struct selection *found)
{
    if (found->len == 0)
        printf("No workflows found\n");
    for (size_t i = 0; i < found->len; i++)
        printf(STR_FMT "\n", STR_ARG(object_name(found->at[i])));
}

static void print_documents(struct cli *cli, const struct selection *found, bool is_json)
{
    struct json_array_builder list = {0};
    struct json v;

    for (size_t i = 0; i < found->len; i++)
        json_push(cli->arena, &list, *found->at[i]);
    v = json_array(&list);
    if (is_json)
        workflow_print_json(&v);
    else
        workflow_print_yaml(&v);
}

static int run_list(struct cli *cli, struct err *err)
{
    const char *output = cli_flag(cli, "output"), *labels = cli_flag(cli, "selector");
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(SIZE_MAX / 2);
    struct show_list_options options = {
        .now = clock_wall(), .has_namespace = true, .has_uid = true};
    struct selection found;

    if (archive_list(cli, str_from(labels ? labels : ""), STR(""),
                     flags_int(&cli->flags, "chunk-size"), &found, err) < 0)
        return -1;
    if (output && strcmp(output, "name") == 0) {
        print_names(&found);
    } else if (output && strcmp(output, "wide") != 0) {
        print_documents(cli, &found, strcmp(output, "json") == 0);
    } else {
        options.is_wide = output != NULL;
        show_list(cli->arena, &b, found.at, found.len, &options);
        fwrite(b.ptr, 1, b.len, stdout);
    }
    return 0;
}

static const struct cli_flag list_flags[] = {
    {.name = "chunk-size", .type = FLAG_INT, .fallback = "0", .help = "workflows of one call"},
    {.name = "output",
     .letter = 'o',
     .choices = "name|json|yaml|wide",
     .help = "output format: name, json, yaml or wide"},
    {.name = "selector", .letter = 'l', .help = "workflows with these labels, as a=b,c!=d"},
    {0},
};

extern const struct cli_command cli_archive_list;
const struct cli_command cli_archive_list = {.name = "archive list",
                                             .usage = "",
                                             .summary = "list archived workflows",
                                             .example = "archive list\narchive list -l team=a",
                                             .flags = list_flags,
                                             .max_args = CLI_ANY_ARGS,
                                             .run = run_list};

/* ---- get ---- */

static void print_fact(const char *label, struct str value)
{
    if (value.len > 0)
        printf("%-20s " STR_FMT "\n", label, STR_ARG(value));
}

/* From the start to the end, or to now. */
static struct str duration_of(struct cli *cli, const struct json *status)
{
    struct wall from = {0}, to = clock_wall();
    struct err ignored;

    if (gotime_parse_wall(json_get_str(status, STR("startedAt")), &from, &ignored) < 0)
        return STR("");
    (void) gotime_parse_wall(json_get_str(status, STR("finishedAt")), &to, &ignored);
    return duration_humanize(cli->arena, (to.ms - from.ms) * 1000000);
}

static int print_workflow(struct cli *cli, const struct json *doc, struct err *err)
{
    const struct json *status = json_get(doc, STR("status"));
    struct str account = json_str(json_path(doc, "spec", "serviceAccountName", NULL));
    struct show_options options;

    if (workflow_show_options(cli, &options, err) < 0)
        return -1;
    print_fact("Name:", object_name(doc));
    print_fact("Namespace:", object_namespace(doc));
    print_fact("ServiceAccount:", str_is_empty(account) ? STR("default") : account);
    print_fact("Status:", show_phase(doc));
    print_fact("Message:", json_get_str(status, STR("message")));
    print_fact("Created:",
               show_time(cli->arena,
                         json_str(json_path(doc, "metadata", "creationTimestamp", NULL)),
                         &options));
    print_fact("Started:",
               show_time(cli->arena, json_get_str(status, STR("startedAt")), &options));
    print_fact("Finished:",
               show_time(cli->arena, json_get_str(status, STR("finishedAt")), &options));
    print_fact("Duration:", duration_of(cli, status));
    return 0;
}

static int run_get(struct cli *cli, struct err *err)
{
    const char *output = cli_flag(cli, "output");
    struct json doc;

    for (size_t i = 0; i < cli->arg_count; i++) {
        if (get_one(cli, cli->args[i], &doc, err) < 0)
            return -1;
        if (strcmp(output, "json") == 0)
            workflow_print_json(&doc);
        else if (strcmp(output, "yaml") == 0)
            workflow_print_yaml(&doc);
        else if (print_workflow(cli, &doc, err) < 0)
            return -1;
    }
    return 0;
}

static const struct cli_flag get_flags[] = {
    ARCHIVE_REFERENCE_FLAGS,
    {.name = "output",
     .letter = 'o',
     .choices = "json|yaml|wide",
     .fallback = "wide",
     .help = "output format: json, yaml or wide"},
    {0},
};

extern const struct cli_command cli_archive_get;
const struct cli_command cli_archive_get = {.name = "archive get",
                                            .usage = "WORKFLOW",
                                            .summary = "get an archived workflow",
                                            .example =
                                                "archive get my-wf\narchive get my-wf -o "
                                                "yaml",
                                            .flags = get_flags,
                                            .min_args = 1,
                                            .max_args = CLI_ANY_ARGS,
                                            .run = run_get};

/* ---- delete ---- */

static int run_delete(struct cli *cli, struct err *err)
{
    for (size_t i = 0; i < cli->arg_count; i++) {
        struct cli_answer answer;
        struct str path;

        if (archive_path(cli, cli->args[i], &path, err) < 0 ||
            cli_call(cli, "DELETE", path, STR(""), &answer, err) < 0)
            return -1;
        printf("Archived workflow '%s' deleted\n", cli->args[i]);
    }
    return 0;
}

static const struct cli_flag delete_flags[] = {ARCHIVE_REFERENCE_FLAGS, {0}};

extern const struct cli_command cli_archive_delete;
const struct cli_command cli_archive_delete = {.name = "archive delete",
                                               .usage = "WORKFLOW...",
                                               .summary = "delete archived workflows",
                                               .example = "archive delete my-wf",
                                               .flags = delete_flags,
                                               .min_args = 1,
                                               .max_args = CLI_ANY_ARGS,
                                               .run = run_delete};

/* ---- labels ---- */

static int print_items(struct cli *cli, struct str path, struct err *err)
{
    const struct json *items, *item;
    struct cli_answer answer;

    if (cli_call(cli, "GET", path, STR(""), &answer, err) < 0)
        return -1;
    items = json_get(&answer.body, STR("items"));
    for (size_t i = 0; (item = json_item(items, i)) != NULL; i++)
        printf(STR_FMT "\n", STR_ARG(json_str(item)));
    return 0;
}

static int run_keys(struct cli *cli, struct err *err)
{
    return print_items(cli, STR(BASE "-label-keys"), err);
}

extern const struct cli_command cli_archive_list_label_keys;
const struct cli_command cli_archive_list_label_keys = {
    .name = "archive list-label-keys",
    .usage = "",
    .summary = "list the label keys of the archive",
    .example = "archive list-label-keys",
    .run = run_keys};

static int run_values(struct cli *cli, struct err *err)
{
    const char *labels = cli_flag(cli, "selector");

    if (!labels || !*labels)
        return err_set(err, ERR_INVALID, "label selector must not be empty");
    return print_items(cli,
                       str_printf(cli->arena,
                                  BASE "-label-values?listOptions.labelSelector=" STR_FMT,
                                  STR_ARG(uri_escape(cli->arena, str_from(labels)))),
                       err);
}

static const struct cli_flag values_flags[] = {
    {.name = "selector", .letter = 'l', .help = "key whose values are listed"},
    {0},
};

extern const struct cli_command cli_archive_list_label_values;
const struct cli_command cli_archive_list_label_values = {
    .name = "archive list-label-values",
    .usage = "",
    .summary = "list the values of a label key of the archive",
    .example = "archive list-label-values -l workflows.argoproj.io/phase",
    .flags = values_flags,
    .run = run_values};
