/* tiphys sync create, get, update, delete: limits of semaphores, kept in ConfigMaps. */
#include "cli/call.h"
#include "formats/uri.h"

static bool is_database(const struct cli *cli)
{
    return str_eq_nocase(str_from(cli_flag(cli, "type")), STR("database"));
}

static int check_sync(struct cli *cli, struct err *err)
{
    const char *type = cli_flag(cli, "type"), *map = cli_flag(cli, "cm-name");
    bool has_limit = flags_find(&cli->flags.tables, STR("limit")) != NULL;
    bool lacks_limit = has_limit && !flags_is_given(&cli->flags, "limit");

    if (!type || lacks_limit)
        return err_set(err, ERR_INVALID, "required flag(s) %s%s%s not set",
                       lacks_limit ? "\"limit\"" : "", lacks_limit && !type ? ", " : "",
                       type ? "" : "\"type\"");
    if (!is_database(cli) && !str_eq_nocase(str_from(type), STR("configmap")))
        return err_set(err, ERR_INVALID, "--type must be either 'database' or 'configmap'");
    if (!is_database(cli) && !(map && *map))
        return err_set(err, ERR_INVALID, "--cm-name is required when type is configmap");
    return 0;
}

static struct str sync_path(struct cli *cli, struct str key)
{
    struct arena *a = cli->arena;

    return str_printf(a, "/api/v1/sync/" STR_FMT "%s" STR_FMT,
                      STR_ARG(uri_escape(a, cli_namespace(cli))), key.len ? "/" : "",
                      STR_ARG(uri_escape(a, key)));
}

static void print_limit(const struct json *limit)
{
    int64_t type = 0, count = 0;
    bool is_map = !str_is(json_get_str(limit, STR("type")), "DATABASE") &&
                  (!json_i64(json_get(limit, STR("type")), &type) || type == 0);

    if (!json_i64(json_get(limit, STR("limit")), &count))
        count = 0;
    printf("Key: " STR_FMT "\nType: %s\n", STR_ARG(json_get_str(limit, STR("key"))),
           is_map ? "configmap" : "database");
    if (is_map)
        printf("ConfigMap Name: " STR_FMT "\n", STR_ARG(json_get_str(limit, STR("cmName"))));
    printf("Namespace: " STR_FMT "\nLimit: %lld\n",
           STR_ARG(json_get_str(limit, STR("namespace"))), (long long) count);
}

static struct json limit_body(struct cli *cli)
{
    struct arena *a = cli->arena;
    const char *map = cli_flag(cli, "cm-name");
    struct json_object_builder b = {0};

    json_add(a, &b, STR("cmName"), json_string(str_from(map ? map : "")));
    json_add(a, &b, STR("key"), json_string(str_from(cli->args[0])));
    json_add(a, &b, STR("limit"), json_int(a, flags_int(&cli->flags, "limit")));
    json_add(a, &b, STR("namespace"), json_string(cli_namespace(cli)));
    json_add(a, &b, STR("type"),
             json_string(is_database(cli) ? STR("DATABASE") : STR("CONFIGMAP")));
    return json_object(&b);
}

static int send_limit(struct cli *cli, const char *method, const char *verb, struct err *err)
{
    struct json body = limit_body(cli);
    bool is_update = strcmp(method, "PUT") == 0;
    struct cli_answer answer;

    if (cli_call(cli, method, sync_path(cli, is_update ? str_from(cli->args[0]) : STR("")),
                 json_text(cli->arena, &body, JSON_COMPACT), &answer, err) < 0)
        return err_wrap(err, "failed to %s sync limit", verb);
    printf("Sync limit %sd\n", verb);
    print_limit(&answer.body);
    return 0;
}

static int run_create(struct cli *cli, struct err *err)
{
    return send_limit(cli, "POST", "create", err);
}

static int run_update(struct cli *cli, struct err *err)
{
    return send_limit(cli, "PUT", "update", err);
}

static int ask(struct cli *cli, const char *method, const char *verb, struct cli_answer *ret,
               struct err *err)
{
    const char *map = cli_flag(cli, "cm-name");
    struct str path = sync_path(cli, str_from(cli->args[0]));

    path = str_printf(cli->arena, STR_FMT "?type=%s&cmName=" STR_FMT, STR_ARG(path),
                      is_database(cli) ? "DATABASE" : "CONFIGMAP",
                      STR_ARG(uri_escape(cli->arena, str_from(map ? map : ""))));
    return cli_call(cli, method, path, STR(""), ret, err) < 0
               ? err_wrap(err, "failed to %s sync limit", verb)
               : 0;
}

static int run_get(struct cli *cli, struct err *err)
{
    struct cli_answer answer;

    if (ask(cli, "GET", "get", &answer, err) < 0)
        return -1;
    print_limit(&answer.body);
    return 0;
}

static int run_delete(struct cli *cli, struct err *err)
{
    struct cli_answer answer;

    if (ask(cli, "DELETE", "delete", &answer, err) < 0)
        return -1;
    printf("Sync limit deleted\n");
    return 0;
}

#define NAME_ROWS                                                                    \
    {.name = "cm-name", .help = "ConfigMap that holds it (required for configmap)"}, \
    {                                                                                \
        .name = "type", .help = "where limits are kept: configmap or database"       \
    }

static const struct cli_flag ask_flags[] = {NAME_ROWS, {0}};
static const struct cli_flag send_flags[] = {
    NAME_ROWS,
    {.name = "limit", .type = FLAG_INT32, .fallback = "0", .help = "how many may hold it"},
    {0},
};

#define SYNC_COMMAND(verb, text, table, line)                                             \
    extern const struct cli_command cli_sync_##verb;                                      \
    const struct cli_command cli_sync_##verb = {.name = "sync " #verb,                    \
                                                .usage = "",                              \
                                                .summary = (text),                        \
                                                .example = "sync " #verb " my-key " line, \
                                                .flags = (table),                         \
                                                .min_args = 1,                            \
                                                .max_args = 1,                            \
                                                .check = check_sync,                      \
                                                .run = run_##verb};

SYNC_COMMAND(create, "create a sync limit", send_flags,
             "--type configmap --cm-name my-configmap --limit 10")
SYNC_COMMAND(delete, "delete a sync limit", ask_flags,
             "--type configmap --cm-name my-configmap")
SYNC_COMMAND(get, "get a sync limit", ask_flags, "--type configmap --cm-name my-configmap")
SYNC_COMMAND(update, "update a sync limit", send_flags,
             "--type configmap --cm-name my-configmap --limit 20")
