/* tiphys list: workflows as a table, names, JSON or YAML. */
#include "cli/select.h"

enum { MANY = 100 };

/* A plain list, as argo prints it. */
static struct json list_of(struct cli *cli, const struct selection *found)
{
    struct json_array_builder list = {0};

    for (size_t i = 0; i < found->len; i++)
        json_push(cli->arena, &list, *found->at[i]);
    return json_array(&list);
}

/* argo's advice to those who keep many. */
static void print_nudge(const struct selection *found)
{
    size_t completed = 0, incomplete;

    for (size_t i = 0; i < found->len; i++)
        completed += show_is_ended(found->at[i]);
    incomplete = found->len - completed;
    if (completed <= MANY && incomplete <= MANY)
        return;
    printf("\nYou have at least ");
    if (incomplete > MANY)
        printf("%zu incomplete ", incomplete);
    if (incomplete > MANY && completed > MANY)
        printf("and ");
    if (completed > MANY)
        printf("%zu completed ", completed);
    printf("workflows.\n");
}

static void print_table(struct cli *cli, const struct selection *found, bool is_wide)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(SIZE_MAX / 2);
    const struct show_list_options options = {.now = clock_wall(),
                                              .has_namespace = cli_is_on(cli, "all-namespaces"),
                                              .is_wide = is_wide,
                                              .is_headless = cli_is_on(cli, "no-headers")};

    show_list(cli->arena, &b, found->at, found->len, &options);
    fwrite(b.ptr, 1, b.len, stdout);
    print_nudge(found);
}

static int run_list(struct cli *cli, struct err *err)
{
    const char *output = cli_flag(cli, "output");
    const struct select_extra extra = {.is_running = cli_is_on(cli, "running"),
                                       .since = cli_flag(cli, "since"),
                                       .chunk = flags_int(&cli->flags, "chunk-size"),
                                       .has_archived = true};
    struct selection found;
    struct json list;

    if (extra.is_running && cli_is_on(cli, "completed"))
        return err_set(err, ERR_INVALID, "--completed and --running cannot be used together");
    if (select_workflows(cli, &extra, &found, err) < 0)
        return -1;
    if (!output || strcmp(output, "wide") == 0) {
        print_table(cli, &found, output != NULL);
        return 0;
    }
    list = list_of(cli, &found);
    if (strcmp(output, "json") == 0)
        workflow_print_json(&list);
    else if (strcmp(output, "yaml") == 0)
        workflow_print_yaml(&list);
    else if (found.len == 0)
        printf("No workflows found\n");
    for (size_t i = 0; strcmp(output, "name") == 0 && i < found.len; i++)
        printf(STR_FMT "\n", STR_ARG(object_name(found.at[i])));
    return 0;
}

static const struct cli_flag flags[] = {
    SELECT_FLAGS,
    {.name = "chunk-size", .type = FLAG_INT, .fallback = "0", .help = "workflows of one call"},
    {.name = "no-headers", .type = FLAG_SWITCH, .help = "without the line of headings"},
    {.name = "output",
     .letter = 'o',
     .choices = "name|json|yaml|wide",
     .help = "output format: name, json, yaml or wide"},
    {.name = "running", .type = FLAG_SWITCH, .help = "workflows that have not ended"},
    {.name = "since", .help = "workflows created within this time, as 10m, 3h or 1d"},
    {0},
};

extern const struct cli_command cli_list;
const struct cli_command cli_list = {
    .name = "list",
    .usage = "",
    .summary = "list workflows",
    .example = "list\nlist -A --running\nlist --since 10m\nlist -l app=x -o wide",
    .flags = flags,
    .max_args = CLI_ANY_ARGS,
    .run = run_list};
