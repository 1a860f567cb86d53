/* Arguments of argoWorkflow triggers. See workflow_args.h. */
#include "events/triggers/workflow_args.h"

#include "formats/flags.h"
#include "formats/gotime.h"
#include "formats/selector.h"

#define SCHEDULED "workflows.argoproj.io/scheduled-time"

/* ---- flags ---- */

#define ATTEND_FLAGS                                                                 \
    {.name = "log", .type = FLAG_SWITCH, .state = FLAG_UNBUILT},                     \
        {.name = "output", .letter = 'o'}, /* nobody reads the output */             \
        {.name = "wait", .letter = 'w', .type = FLAG_SWITCH, .state = FLAG_UNBUILT}, \
    {                                                                                \
        .name = "watch", .type = FLAG_SWITCH, .state = FLAG_UNBUILT                  \
    }
#define SELECT_FLAGS                                             \
    {.name = "field-selector", .state = FLAG_UNBUILT},           \
    {                                                            \
        .name = "selector", .letter = 'l', .state = FLAG_UNBUILT \
    }
#define PARAMETER_FLAG                                        \
    {                                                         \
        .name = "parameter", .letter = 'p', .type = FLAG_LIST \
    }
#define NODES_FLAG                    \
    {                                 \
        .name = "node-field-selector" \
    }
#define DRY_RUN_FLAG                                                  \
    {                                                                 \
        .name = "dry-run", .type = FLAG_SWITCH, .state = FLAG_UNBUILT \
    }

static const struct cli_flag submit_flags[] = {
    ATTEND_FLAGS,
    DRY_RUN_FLAG,
    PARAMETER_FLAG,
    {.name = "entrypoint"},
    {.name = "from", .state = FLAG_UNBUILT},
    {.name = "generate-name"},
    {.name = "labels", .letter = 'l'},
    {.name = "name"},
    {.name = "node-field-selector", .state = FLAG_UNBUILT},
    {.name = "parameter-file", .letter = 'f', .state = FLAG_UNBUILT},
    {.name = "priority", .type = FLAG_INT32},
    {.name = "scheduled-time"},
    {.name = "server-dry-run", .type = FLAG_SWITCH, .state = FLAG_UNBUILT},
    {.name = "serviceaccount"},
    {.name = "status", .state = FLAG_UNBUILT},
    {.name = "strict", .type = FLAG_SWITCH}, /* the gate is always strict */
    {0},
};
static const struct cli_flag resubmit_flags[] = {
    ATTEND_FLAGS,
    SELECT_FLAGS,
    PARAMETER_FLAG,
    {.name = "memoized", .type = FLAG_SWITCH},
    {.name = "priority", .type = FLAG_INT32}, /* argo sends it to nobody */
    {0},
};
static const struct cli_flag retry_flags[] = {
    ATTEND_FLAGS,
    SELECT_FLAGS,
    PARAMETER_FLAG,
    NODES_FLAG,
    {.name = "restart-successful", .type = FLAG_SWITCH},
    {0},
};
static const struct cli_flag stop_flags[] = {
    DRY_RUN_FLAG, SELECT_FLAGS, NODES_FLAG, {.name = "message"}, {0},
};
static const struct cli_flag terminate_flags[] = {DRY_RUN_FLAG, SELECT_FLAGS, {0}};
static const struct cli_flag resume_flags[] = {NODES_FLAG, {0}};
static const struct cli_flag no_flags[] = {{0}};

static const struct workflow_verb verbs[] = {
    {"submit", "created", submit_flags, 0},
    {"submit-from", "created", submit_flags, 0},
    {"suspend", "suspended", no_flags, WORKFLOW_SUSPEND},
    {"resubmit", "resubmitted", resubmit_flags, WORKFLOW_RESUBMIT},
    {"retry", "retried", retry_flags, WORKFLOW_RETRY},
    {"resume", "resumed", resume_flags, WORKFLOW_RESUME},
    {"terminate", "terminated", terminate_flags, WORKFLOW_TERMINATE},
    {"stop", "stopped", stop_flags, WORKFLOW_STOP},
};

const struct workflow_verb *workflow_verb_find(struct str word)
{
    for (size_t i = 0; i < COUNT_OF(verbs); i++)
        if (str_is(word, verbs[i].word))
            return &verbs[i];
    return str_is_empty(word) ? &verbs[0] : NULL;
}

bool workflow_verb_submits(const struct workflow_verb *verb)
{
    return verb->flags == submit_flags;
}

/* ---- reading ---- */

static bool has_flag(const struct flag_values *v, const char *name)
{
    return flags_find(&v->tables, str_from(name)) != NULL;
}

/* Value of a flag, "" when the verb has none or it is not given. */
static struct str text_of(const struct flag_values *v, const char *name)
{
    const char *text = has_flag(v, name) ? flags_text(v, name) : NULL;

    return text ? str_from(text) : STR("");
}

static int read_submit(struct arena *a, const struct flag_values *v,
                       struct workflow_submit_options *ret, struct err *err)
{
    struct str time = text_of(v, "scheduled-time");
    struct gotime ignored;

    if (!str_is_empty(time) && gotime_parse_rfc3339(time, &ignored, err) < 0)
        return err_wrap(err, "--scheduled-time");
    ret->entrypoint = text_of(v, "entrypoint");
    ret->generate_name = text_of(v, "generate-name");
    ret->labels = text_of(v, "labels");
    ret->name = text_of(v, "name");
    ret->service_account = text_of(v, "serviceaccount");
    ret->annotations = STR("");
    if (!str_is_empty(time))
        ret->annotations = str_printf(a, SCHEDULED "=" STR_FMT, STR_ARG(time));
    ret->has_priority = flags_is_given(v, "priority");
    ret->priority = ret->has_priority ? (int32_t) flags_int(v, "priority") : 0;
    ret->parameters = flags_list(a, v, "parameter", &ret->parameter_count);
    return 0;
}

static int read_order(struct arena *a, const struct flag_values *v, struct workflow_order *ret,
                      struct err *err)
{
    struct str nodes = text_of(v, "node-field-selector");
    struct selector selector;

    ret->selector = STR("");
    if (!str_is_empty(nodes)) {
        if (selector_parse_fields(a, nodes, &selector, err) < 0)
            return err_wrap(err, "unable to parse node field selector '" STR_FMT "'",
                            STR_ARG(nodes));
        ret->selector = selector_print(a, &selector);
    }
    ret->message = text_of(v, "message");
    ret->restarts_successful =
        has_flag(v, "restart-successful") && flags_is_on(v, "restart-successful");
    ret->is_memoized = has_flag(v, "memoized") && flags_is_on(v, "memoized");
    if (has_flag(v, "parameter"))
        ret->parameters = flags_list(a, v, "parameter", &ret->parameter_count);
    return 0;
}

int workflow_args_read(struct arena *a, const struct workflow_verb *verb,
                       const struct json *list, struct workflow_args *ret, struct err *err)
{
    const struct flag_tables tables = {.own = verb->flags};
    size_t count = json_is(list, JSON_ARRAY) ? list->count : 0;
    const char **argv = ARENA_ARRAY(a, const char *, count + 1);
    struct flag_values values;

    *ret = (struct workflow_args){.order.operation = verb->operation};
    for (size_t i = 0; i < count; i++)
        argv[i] = str_cz(a, json_str(&list->items[i]));
    if (flags_read(a, &tables, argv, count, &values, err) < 0)
        return -1;
    if (values.wants_help)
        return err_set(err, ERR_INVALID, "help is none of a trigger's flags");
    if (values.arg_count > 0)
        return err_set(err, ERR_UNSUPPORTED,
                       "\"%s\" is no flag: more workflows than the one of the source are not "
                       "supported yet",
                       values.args[0]);
    return workflow_verb_submits(verb) ? read_submit(a, &values, &ret->submit, err)
                                       : read_order(a, &values, &ret->order, err);
}
