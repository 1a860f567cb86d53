/*
 * tiphys events pause, resume: an EventSource or Sensor stands still while its annotation says
 * so. The object is read, its annotation set, and written under the version that was read.
 */
#include <stdio.h>

#include "base/limits.h"
#include "cli/objects.h"

static bool can_pause(const struct object_kind *kind)
{
    return kind &&
           (strcmp(kind->kind, "EventSource") == 0 || strcmp(kind->kind, "Sensor") == 0);
}

/* KIND/NAME */
static int read_target(const char *text, const struct object_kind **ret, struct str *ret_name,
                       struct err *err)
{
    struct str word = STR("");

    *ret_name = str_from(text);
    str_cut(ret_name, '/', &word);
    *ret = object_kind_by_plural(STR_NONE, word);
    if (can_pause(*ret) && !str_is_empty(*ret_name))
        return 0;
    return err_set(err, ERR_INVALID,
                   "\"%s\" names nothing that can pause: want eventsource/NAME or sensor/NAME",
                   text);
}

static struct json changed(struct arena *a, const struct json *doc, bool is_pause)
{
    const struct json *old = json_path(doc, "metadata", "annotations", NULL);
    struct json none = json_object(&(const struct json_object_builder){0}), made;

    made = json_without(a, old ? old : &none, STR(OBJECT_PAUSED));
    if (is_pause)
        made = json_set(a, &made, STR(OBJECT_PAUSED), json_string(STR("true")));
    return json_set_path(a, doc, made, "metadata", "annotations", NULL);
}

/* The server writes the status meanwhile: it is read again then. */
static int change(struct cli *cli, struct str path, bool is_pause, struct err *err)
{
    struct cli_answer answer;
    struct json made;

    for (int i = 0; i < CLI_WRITE_TRIES_MAX; i++) {
        if (cli_call(cli, "GET", path, STR(""), &answer, err) < 0)
            return -1;
        if (object_is_paused(&answer.body) == is_pause)
            return 0;
        made = changed(cli->arena, &answer.body, is_pause);
        if (cli_call(cli, "PUT", path, json_text(cli->arena, &made, JSON_COMPACT), &answer,
                     err) == 0)
            return 0;
        if (err->kind != ERR_EXISTS)
            return -1;
    }
    return -1;
}

static int change_each(struct cli *cli, bool is_pause, struct err *err)
{
    for (size_t i = 0; i < cli->arg_count; i++) {
        const struct object_kind *kind;
        struct str name;

        if (read_target(cli->args[i], &kind, &name, err) < 0 ||
            change(cli, cli_path(cli, kind, cli_namespace(cli), name), is_pause, err) < 0)
            return -1;
        printf("%s.%s/" STR_FMT " %s\n", kind->singular, kind->group, STR_ARG(name),
               is_pause ? "paused" : "resumed");
    }
    return 0;
}

static int check_targets(struct cli *cli, struct err *err)
{
    const struct object_kind *kind;
    struct str name;

    for (size_t i = 0; i < cli->arg_count; i++)
        if (read_target(cli->args[i], &kind, &name, err) < 0)
            return -1;
    return 0;
}

static int run_pause(struct cli *cli, struct err *err)
{
    return change_each(cli, true, err);
}

static int run_resume(struct cli *cli, struct err *err)
{
    return change_each(cli, false, err);
}

extern const struct cli_command cli_events_pause, cli_events_resume;
const struct cli_command cli_events_pause = {
    .name = "events pause",
    .usage = "KIND/NAME...",
    .summary = "let event sources take nothing, sensors fire nothing, until they are resumed",
    .example = "events pause sensor/hooks eventsource/queue",
    .surface = CLI_OWN,
    .min_args = 1,
    .max_args = CLI_ANY_ARGS,
    .check = check_targets,
    .run = run_pause};
const struct cli_command cli_events_resume = {.name = "events resume",
                                              .usage = "KIND/NAME...",
                                              .summary = "let event sources and sensors go on",
                                              .surface = CLI_OWN,
                                              .min_args = 1,
                                              .max_args = CLI_ANY_ARGS,
                                              .check = check_targets,
                                              .run = run_resume};
