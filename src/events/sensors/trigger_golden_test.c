/*
 * What triggers do with objects and workflows, from the manifest on: golden vectors of
 * upstream. Events are put in as the sensor does it; what the driver asks of those that carry
 * it out is written down and compared with what upstream asks of the API and of the argo
 * command.
 */
#include "base/vec.h"
#include "events/sensors/action.h"
#include "formats/flags.h"
#include "objects/object.h"
#include "tests/support/golden.h"

/* Notes what a trigger asks for, in upstream's words. */
struct notes {
    struct arena *a;
    VEC(struct str) args; /* of the argo command */
    struct json file;     /* what is submitted */
};

static void note(struct notes *n, const char *text)
{
    VEC_APUSH(n->a, &n->args, str_from(text));
}

static void note_command(struct notes *n, struct str ns, const char *operation)
{
    note(n, "-n");
    VEC_APUSH(n->a, &n->args, ns);
    note(n, operation);
}

/* ---- those that carry it out ---- */

static int on_submit(void *ctx, const struct json *doc,
                     const struct workflow_submit_options *options,
                     const struct store_object **ret, struct err *err _unused_)
{
    struct notes *n = ctx;

    note_command(n, str_is_empty(options->ns) ? object_namespace(doc) : options->ns, "submit");
    note(n, "$FILE");
    if (options->has_priority) {
        note(n, "--priority");
        note(n, str_cz(n->a, str_printf(n->a, "%d", options->priority)));
    }
    for (size_t i = 0; i < options->parameter_count; i++) {
        note(n, "-p");
        VEC_APUSH(n->a, &n->args, options->parameters[i]);
    }
    n->file = *doc;
    *ret = store_object_of(doc);
    return 0;
}

static int on_submit_from(void *ctx, struct str kind, struct str name,
                          const struct workflow_submit_options *options,
                          const struct store_object **ret, struct err *err _unused_)
{
    struct notes *n = ctx;
    const char *word = str_eq_nocase(kind, STR("CronWorkflow")) ? "cronwf" : "workflowtemplate";
    struct json doc = json_object(&(struct json_object_builder){0});

    note_command(n, options->ns, "submit");
    note(n, "--from");
    note(n, str_cz(n->a, str_printf(n->a, "%s/" STR_FMT, word, STR_ARG(name))));
    for (size_t i = 0; i < options->parameter_count; i++) {
        note(n, "-p");
        VEC_APUSH(n->a, &n->args, options->parameters[i]);
    }
    *ret = store_object_of(&doc);
    return 0;
}

static int on_operate(const struct workflow_operator *self, const struct workflow_order *order,
                      const struct store_object **ret, struct err *err _unused_)
{
    static const char *const words[] = {
        [WORKFLOW_SUSPEND] = "suspend", [WORKFLOW_RESUME] = "resume",
        [WORKFLOW_STOP] = "stop",       [WORKFLOW_TERMINATE] = "terminate",
        [WORKFLOW_RETRY] = "retry",     [WORKFLOW_RESUBMIT] = "resubmit"};
    struct notes *n = self->ctx;

    note_command(n, order->ns, words[order->operation]);
    VEC_APUSH(n->a, &n->args, order->name);
    *ret = NULL;
    return 0;
}

/* ---- rows ---- */

static struct trigger_event *events_of(struct arena *a, const struct json *map, size_t *ret)
{
    size_t count = json_is(map, JSON_OBJECT) ? map->count : 0;
    struct trigger_event *made = ARENA_ARRAY(a, struct trigger_event, count + 1);
    struct err ignored;

    for (size_t i = 0; i < count; i++) {
        const struct json *v = &map->members[i].value;
        struct json *parsed = ARENA_NEW(a, struct json);

        made[i] = (struct trigger_event){.dependency = map->members[i].key,
                                         .context = json_get(v, STR("context")),
                                         .data = json_get_str(v, STR("data"))};
        if (json_parse(a, made[i].data, parsed, &ignored) == 0)
            made[i].parsed = parsed;
    }
    *ret = count;
    return made;
}

/* The moment of an action is told as $STAMP. */
static struct json stamped(struct arena *a, const struct json *doc)
{
    static const char *const path = "events.argoproj.io/action-timestamp";

    return json_path(doc, "metadata", "labels", path, NULL)
               ? json_set_path(a, doc, json_string(STR("$STAMP")), "metadata", "labels", path,
                               NULL)
               : *doc;
}

/* Reads, renders and fires the row's trigger; @services get its notes. */
static int fire(struct arena *a, const struct json *row,
                const struct trigger_services *services, struct err *err)
{
    struct trigger_request req = {
        .sensor = STR("my-sensor"), .ns = STR("sensor-ns"), .mark = STR("m")};
    struct trigger_action action;
    struct trigger_result result = {0};

    req.events = events_of(a, json_get(row, STR("events")), &req.event_count);
    if (action_read(json_get(row, STR("trigger")), &action, err) < 0)
        return -1;
    req.trigger = action.name;
    if (action_render(a, &action, &req, err) < 0)
        return -1;
    return action.driver->ops->fire(services, a, &req, &result, err);
}

/* Arguments that argo itself does not know are run all the same upstream: argo refuses them
 * then, here the sensor does. */
static bool has_unknown_flag(const struct json *row)
{
    const struct json *args =
        json_path(row, "trigger", "template", "argoWorkflow", "args", NULL);

    return str_is(json_str(json_item(args, 0)), "--x");
}

/* ---- workflow-trigger.jsonl ---- */

static bool is_inline(const struct json *row, const char *kind)
{
    return json_path(row, "trigger", "template", kind, "source", "inline", NULL) != NULL;
}

static int check_workflow(struct arena *a, const struct json *row)
{
    struct notes notes = {.a = a};
    struct workflow_submitter submitter = {
        .ctx = &notes, .submit = on_submit, .submit_from = on_submit_from};
    const struct workflow_operator operator= {.ctx = &notes, .operate = on_operate};
    const struct trigger_services services = {.submitter = &submitter, .operator= & operator};
    const struct json *args = json_path(row, "out", "args", NULL),
                      *file = json_path(row, "out", "file", NULL);
    struct json made;
    struct err err = {0};

    if (is_inline(row, "argoWorkflow"))
        return -1;
    if (fire(a, row, &services, &err) < 0) {
        if (has_unknown_flag(row))
            return str_starts(str_from(err.text), STR("template.argoWorkflow: args: unknown"));
        return golden_fails(row) && err.kind == ERR_INVALID;
    }
    if (golden_fails(row) || args->count != notes.args.len)
        return false;
    for (uint32_t i = 0; i < args->count; i++)
        if (!str_eq(json_str(&args->items[i]), notes.args.at[i]))
            return false;
    if (!file)
        return true;
    made = stamped(a, &notes.file);
    return json_equal(&made, file);
}

static void test_workflow(void **state _unused_)
{
    golden_run("events/workflow-trigger.jsonl", check_workflow, 40);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_workflow),
    };

    return cmocka_run_group_tests_name("trigger_golden", tests, NULL, NULL);
}
