/*
 * tiphys events ...: the newest events, the way of one, and what sensors gave up: shown, put
 * through their triggers again, deleted. (The way of one is in trace.c.)
 */
#include <stdio.h>
#include <string.h>

#include "cli/short_id.h"
#include "cli/table.h"
#include "cli/workflow.h"
#include "formats/uri.h"

enum { TABLE_MAX_BYTES = 64 << 20, COLUMN_PADDING = 3 };

/* "/tiphys/v1/namespaces/NS/WORD", or of all namespaces. */
static struct str own_path(struct cli *cli, const char *word)
{
    if (flags_find(&cli->flags.tables, STR("all-namespaces")) &&
        cli_is_on(cli, "all-namespaces"))
        return str_printf(cli->arena, "/tiphys/v1/%s", word);
    return str_printf(cli->arena, "/tiphys/v1/namespaces/" STR_FMT "/%s",
                      STR_ARG(uri_escape(cli->arena, cli_namespace(cli))), word);
}

static struct str letter_path(struct cli *cli, struct str id, const char *behind)
{
    return str_printf(cli->arena, STR_FMT "/" STR_FMT "%s",
                      STR_ARG(own_path(cli, "dead-letters")),
                      STR_ARG(uri_escape(cli->arena, id)), behind);
}

/* As the flag --output wants it; false: neither JSON nor YAML. */
static bool print_whole(struct cli *cli, const struct json *v)
{
    const char *output = cli_flag(cli, "output");

    if (!output)
        return false;
    if (strcmp(output, "yaml") == 0)
        workflow_print_yaml(v);
    else
        workflow_print_json(v);
    return true;
}

/* ---- lists ---- */

struct column {
    const char *title, *member;
};

static struct str cell(struct cli *cli, const struct json *item, const struct column *c)
{
    const struct json *v = json_get(item, str_from(c->member));
    struct str text = json_is(v, JSON_NUMBER) ? json_number(v) : json_str(v);

    return show_one_line(cli->arena, text);
}

/* The first column is the namespace, shown for all of them only. */
static void print_table(struct cli *cli, const struct json *list, const struct column *columns,
                        size_t count)
{
    _cleanup_strbuf_ struct strbuf rows = STRBUF_INIT(TABLE_MAX_BYTES);
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(TABLE_MAX_BYTES);
    const struct json *items = json_get(list, STR("items"));
    size_t first = cli_is_on(cli, "all-namespaces") ? 0 : 1;

    if (!json_is(items, JSON_ARRAY) || items->count == 0) {
        printf("No resources found\n");
        return;
    }
    for (size_t k = first; k < count; k++)
        strbuf_addf(&rows, "%s%s", k == first ? "" : "\t", columns[k].title);
    strbuf_addc(&rows, '\n');
    for (size_t i = 0; i < items->count; i++) {
        for (size_t k = first; k < count; k++)
            strbuf_addf(&rows, "%s" STR_FMT, k == first ? "" : "\t",
                        STR_ARG(cell(cli, &items->items[i], &columns[k])));
        strbuf_addc(&rows, '\n');
    }
    table_align(cli->arena, &b, strbuf_str(&rows), COLUMN_PADDING);
    fwrite(b.ptr, 1, b.len, stdout);
}

static int run_list(struct cli *cli, struct err *err)
{
    static const struct column columns[] = {
        {"NAMESPACE", "namespace"}, {"ID", "id"},         {"EVENTSOURCE", "eventSource"},
        {"EVENT", "eventName"},     {"STORED", "stored"},
    };
    struct cli_answer answer;
    struct str path =
        str_printf(cli->arena, STR_FMT "?limit=%lld", STR_ARG(own_path(cli, "events")),
                   (long long) flags_int(&cli->flags, "limit"));

    if (cli_call(cli, "GET", path, STR(""), &answer, err) < 0)
        return -1;
    if (!print_whole(cli, &answer.body))
        print_table(cli, &answer.body, columns, COUNT_OF(columns));
    return 0;
}

static int run_letters(struct cli *cli, struct err *err)
{
    static const struct column columns[] = {
        {"NAMESPACE", "namespace"}, {"ID", "id"},       {"SENSOR", "sensor"},
        {"TRIGGER", "trigger"},     {"STATE", "state"}, {"ATTEMPTS", "attempts"},
        {"TIME", "time"},           {"ERROR", "error"},
    };
    struct cli_answer answer;

    if (cli_call(cli, "GET", own_path(cli, "dead-letters"), STR(""), &answer, err) < 0)
        return -1;
    if (!print_whole(cli, &answer.body))
        print_table(cli, &answer.body, columns, COUNT_OF(columns));
    return 0;
}

/* ---- one or some ---- */

/* A call about a dead letter that is named by its id or the beginning of it; @id becomes the
 * whole one. */
static int call_letter(struct cli *cli, const char *method, struct str *id, const char *behind,
                       struct cli_answer *ret, struct err *err)
{
    struct str whole;
    struct err other;
    int found;

    if (cli_call(cli, method, letter_path(cli, *id, behind), STR(""), ret, err) == 0)
        return 0;
    if (err->kind != ERR_NOT_FOUND)
        return -1;
    found = short_id_find(cli, own_path(cli, "dead-letters"), *id, &whole, &other);
    if (found < 0 && other.kind == ERR_INVALID)
        *err = other;
    if (found <= 0 || str_eq(whole, *id))
        return -1;
    *id = whole;
    return cli_call(cli, method, letter_path(cli, whole, behind), STR(""), ret, err);
}

static int run_get(struct cli *cli, struct err *err)
{
    struct str id = str_from(cli->args[0]);
    struct cli_answer answer;

    if (call_letter(cli, "GET", &id, "", &answer, err) < 0)
        return -1;
    if (!print_whole(cli, &answer.body))
        workflow_print_yaml(&answer.body);
    return 0;
}

/* What is done to dead letters. */
struct deed {
    const char *method, *behind, *done;
};

/* Goes on with the others when one fails; that makes the exit code 1. */
static void do_one(struct cli *cli, const struct deed *deed, struct str id)
{
    struct cli_answer answer;
    struct err err;

    if (call_letter(cli, deed->method, &id, deed->behind, &answer, &err) == 0) {
        printf("dead letter '" STR_FMT "' %s\n", STR_ARG(id), deed->done);
        return;
    }
    fflush(stdout);
    fprintf(stderr, "Error: %s\n", err.text);
    cli->exit_code = 1;
}

static int do_all(struct cli *cli, const struct deed *deed, struct err *err)
{
    const struct json *items;
    struct cli_answer answer;

    if (cli_call(cli, "GET", own_path(cli, "dead-letters"), STR(""), &answer, err) < 0)
        return -1;
    items = json_get(&answer.body, STR("items"));
    if (!json_is(items, JSON_ARRAY) || items->count == 0)
        printf("No resources found\n");
    for (size_t i = 0; json_is(items, JSON_ARRAY) && i < items->count; i++)
        do_one(cli, deed, json_get_str(&items->items[i], STR("id")));
    return 0;
}

static int do_named(struct cli *cli, const struct deed *deed, struct err *err)
{
    if (cli_is_on(cli, "all"))
        return do_all(cli, deed, err);
    for (size_t i = 0; i < cli->arg_count; i++)
        do_one(cli, deed, str_from(cli->args[i]));
    return 0;
}

static int run_redrive(struct cli *cli, struct err *err)
{
    static const struct deed deed = {"POST", "/redrive", "is redriven"};

    return do_named(cli, &deed, err);
}

static int run_delete(struct cli *cli, struct err *err)
{
    static const struct deed deed = {"DELETE", "", "deleted"};

    return do_named(cli, &deed, err);
}

static int check_named(struct cli *cli, struct err *err)
{
    if (cli_is_on(cli, "all") != (cli->arg_count > 0))
        return 0;
    return err_set(err, ERR_INVALID, "give ids of dead letters, or --all, not both");
}

/* ---- the commands ---- */

#define OUTPUT_ROW                                               \
    {                                                            \
        .name = "output", .letter = 'o', .choices = "json|yaml", \
        .help = "output format: json or yaml"                    \
    }
#define ALL_NAMESPACES_ROW(words)                                                     \
    {                                                                                 \
        .name = "all-namespaces", .letter = 'A', .type = FLAG_SWITCH, .help = (words) \
    }

static const struct cli_flag list_flags[] = {
    ALL_NAMESPACES_ROW("events of all namespaces"),
    {.name = "limit", .type = FLAG_INT, .fallback = "100", .help = "how many of the newest"},
    OUTPUT_ROW,
    {0}};
static const struct cli_flag letters_flags[] = {
    ALL_NAMESPACES_ROW("dead letters of all namespaces"), OUTPUT_ROW, {0}};
static const struct cli_flag get_flags[] = {OUTPUT_ROW, {0}};
static const struct cli_flag all_flags[] = {
    {.name = "all", .type = FLAG_SWITCH, .help = "all of the namespace"}, {0}};

extern const struct cli_command cli_events, cli_events_dead_letter,
    cli_events_dead_letter_delete, cli_events_dead_letter_get, cli_events_dead_letter_list,
    cli_events_list, cli_events_redrive;

const struct cli_command cli_events = {.name = "events",
                                       .usage = "",
                                       .summary = "look at events and at what failed",
                                       .surface = CLI_OWN,
                                       .max_args = CLI_ANY_ARGS};
const struct cli_command cli_events_dead_letter = {
    .name = "events dead-letter",
    .usage = "",
    .summary = "look at what sensors gave up, with the events",
    .surface = CLI_OWN,
    .max_args = CLI_ANY_ARGS};
const struct cli_command cli_events_dead_letter_delete = {.name = "events dead-letter delete",
                                                          .usage = "[ID... | --all]",
                                                          .summary =
                                                              "give dead letters up for good",
                                                          .flags = all_flags,
                                                          .surface = CLI_OWN,
                                                          .max_args = CLI_ANY_ARGS,
                                                          .check = check_named,
                                                          .run = run_delete};
const struct cli_command cli_events_dead_letter_get = {.name = "events dead-letter get",
                                                       .usage = "ID",
                                                       .summary =
                                                           "show a dead letter with its events",
                                                       .flags = get_flags,
                                                       .surface = CLI_OWN,
                                                       .min_args = 1,
                                                       .max_args = 1,
                                                       .run = run_get};
const struct cli_command cli_events_dead_letter_list = {.name = "events dead-letter list",
                                                        .usage = "",
                                                        .summary = "list dead letters",
                                                        .flags = letters_flags,
                                                        .surface = CLI_OWN,
                                                        .run = run_letters};
const struct cli_command cli_events_list = {.name = "events list",
                                            .usage = "",
                                            .summary = "list the newest events",
                                            .flags = list_flags,
                                            .surface = CLI_OWN,
                                            .run = run_list};
const struct cli_command cli_events_redrive = {
    .name = "events redrive",
    .usage = "[ID... | --all]",
    .summary = "put dead letters through their triggers again",
    .example = "events redrive --all",
    .flags = all_flags,
    .surface = CLI_OWN,
    .max_args = CLI_ANY_ARGS,
    .check = check_named,
    .run = run_redrive};
