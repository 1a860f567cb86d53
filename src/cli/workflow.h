/*
 * cli/workflow.h - what the commands about workflows share: fetching, following, printing.
 */
#pragma once

#include "cli/objects.h"
#include "cli/show.h"

/** workflow_path() - API path of a workflow in the command's namespace; @name "" for all */
struct str workflow_path(struct cli *cli, struct str name);

/** workflow_operate() - an operation of Argo's API on a workflow of the command's namespace:
 * "stop", "resume" ...; answered with the workflow */
int workflow_operate(struct cli *cli, struct str name, const char *verb,
                     const struct json *body, struct json *ret, struct err *err);

/** workflow_get() - one Workflow with its nodes, also one of the archive; "@latest" is the one
 * created last */
int workflow_get(struct cli *cli, struct str name, struct json *ret, struct err *err);

/** workflow_name() - a name of the command line: "@latest" becomes the name of the newest */
int workflow_name(struct cli *cli, const char *given, struct str *ret, struct err *err);

/* Who follows a workflow. Both functions run on the command's thread. */
struct workflow_follower {
    struct str name;
    /* A new state; @old is NULL at first. Both are borrowed for the call. Not 0: stop. */
    int (*on_change)(void *ctx, const struct json *old, const struct json *new);
    void (*on_second)(void *ctx); /* each second without news, or NULL */
    void *ctx;
};

/**
 * workflow_follow() - be told of each state of a workflow until it has ended
 * @cli: command
 * @f:   follower
 * @ret: the last state; in the command's arena
 * @err: ERR_NOT_FOUND; ERR_TRANSIENT when the server stays away for longer than
 *       CLI_SERVER_AWAY_MS
 *
 * News come by a watch; the server's restart is survived. Return: 0, also when the follower
 * stopped it; or -1.
 */
int workflow_follow(struct cli *cli, const struct workflow_follower *f, struct json *ret,
                    struct err *err);

/** workflow_wait() - until it has ended; exit code 1 if it failed */
int workflow_wait(struct cli *cli, struct str name, struct json *ret, struct err *err);

/**
 * workflow_watch() - show a workflow until it has ended: a tree redrawn in place on a terminal,
 * else a line for each change
 * @cli:     command
 * @name:    workflow
 * @options: how to show it; its time is overwritten
 * @err:     as workflow_follow()
 */
int workflow_watch(struct cli *cli, struct str name, struct show_options *options,
                   struct err *err);

/**
 * workflow_attend() - follow a workflow that was just made, as far as --log, --watch and --wait
 * of the command say
 * @cli:  command whose table has these flags and --output
 * @made: as the server answered
 * @err:  as workflow_follow()
 */
int workflow_attend(struct cli *cli, const struct json *made, struct err *err);

/** workflow_is_drawn() - will workflow_attend() draw it on a terminal at once? Then printing it
 * before would show it twice */
bool workflow_is_drawn(const struct cli *cli);

/** workflow_print_end() - "NAME PHASE at TIME", the time as Go prints it */
void workflow_print_end(struct cli *cli, const struct json *workflow);

/** workflow_show_options() - options from the command's flags and the machine's time zone;
 * ERR_INVALID for a wrong selector */
int workflow_show_options(struct cli *cli, struct show_options *ret, struct err *err);

/** workflow_print() - in the format of --output: name, json, yaml, or text for wide, short and
 * none */
int workflow_print(struct cli *cli, const struct json *workflow, const char *output,
                   struct err *err);

/** workflow_print_json() - a document as indented JSON or as YAML to standard output */
void workflow_print_json(const struct json *v);
void workflow_print_yaml(const struct json *v);

/** workflow_has_color() - is standard output a terminal that shows colours, and are they
 * wanted?
 */
bool workflow_has_color(struct cli *cli);
