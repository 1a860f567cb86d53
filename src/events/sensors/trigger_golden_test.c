/*
 * What triggers do with objects and workflows, from the manifest on: golden vectors of
 * upstream. Events are put in as the sensor does it; what the driver asks of those that carry
 * it out is written down and compared with what upstream asks of the API and of the argo
 * command.
 */
#include "base/vec.h"
#include "events/sensors/action.h"
#include "objects/object.h"
#include "tests/support/golden.h"

/* Notes what a trigger asks for, in upstream's words. */
struct notes {
    struct arena *a;
    VEC(struct str) args;            /* of the argo command */
    struct json file;                /* what is submitted */
    struct json_array_builder calls; /* of the API */
    const struct json *existing;     /* what is there, or NULL */
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

static void note_parameters(struct notes *n, const struct str *parameters, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        note(n, "-p");
        VEC_APUSH(n->a, &n->args, parameters[i]);
    }
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
    note_parameters(n, options->parameters, options->parameter_count);
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
    note_parameters(n, options->parameters, options->parameter_count);
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
    note_parameters(n, order->parameters, order->parameter_count);
    *ret = NULL;
    return 0;
}

/* ---- the API ---- */

/* The moment of an action is told as $STAMP. */
static struct json stamped(struct arena *a, const struct json *doc)
{
    static const char *const path = "events.argoproj.io/action-timestamp";

    return json_path(doc, "metadata", "labels", path, NULL)
               ? json_set_path(a, doc, json_string(STR("$STAMP")), "metadata", "labels", path,
                               NULL)
               : *doc;
}

static struct str namespace_of(const struct json *doc, struct str ns)
{
    static const char *const cluster[] = {"Namespace", "Node", "PersistentVolume",
                                          "ClusterRole", "ClusterRoleBinding"};

    for (size_t i = 0; i < COUNT_OF(cluster); i++)
        if (str_is(json_get_str(doc, STR("kind")), cluster[i]))
            return STR("");
    return str_is_empty(object_namespace(doc)) ? ns : object_namespace(doc);
}

/* The object with its namespace, as upstream sends it. */
static struct json placed(struct arena *a, const struct json *doc, struct str ns)
{
    const struct json *metadata = json_get(doc, STR("metadata"));

    if (!str_is_empty(ns))
        return json_set_path(a, doc, json_string(ns), "metadata", "namespace", NULL);
    return json_get(metadata, STR("namespace"))
               ? json_set(a, doc, STR("metadata"), json_without(a, metadata, STR("namespace")))
               : *doc;
}

/* A call in the vectors' words, without the path of the resource: what is served is another
 * room's. */
static struct json *note_call(struct notes *n, const char *verb, struct str ns, struct str name,
                              const struct json *object)
{
    struct json_object_builder b = {0};

    json_add(n->a, &b, STR("verb"), json_string(str_from(verb)));
    json_add(n->a, &b, STR("namespace"), json_string(ns));
    if (!str_is_none(name))
        json_add(n->a, &b, STR("name"), json_string(name));
    if (object)
        json_add(n->a, &b, STR("object"), *object);
    json_push(n->a, &n->calls, json_object(&b));
    return &n->calls.at[n->calls.len - 1];
}

static const struct json *find_existing(struct notes *n, const struct json *doc, struct str ns)
{
    const struct json *item;

    for (uint32_t i = 0; (item = json_item(n->existing, i)) != NULL; i++)
        if (str_eq(json_get_str(item, STR("kind")), json_get_str(doc, STR("kind"))) &&
            str_eq(object_name(item), object_name(doc)) &&
            str_eq(json_str(json_path(item, "metadata", "namespace", NULL)), ns))
            return item;
    return NULL;
}

static int on_create(void *ctx, const struct json *doc, struct str ns, struct str mark _unused_,
                     const struct store_object **ret, struct err *err)
{
    struct notes *n = ctx;
    struct str place = namespace_of(doc, ns);
    struct json object = placed(n->a, doc, place);

    if (find_existing(n, doc, place))
        return err_set(err, ERR_EXISTS, "already exists");
    object = stamped(n->a, &object);
    note_call(n, "create", place, STR_NONE, &object);
    *ret = store_object_of(doc);
    return 0;
}

static int on_find(void *ctx, struct arena *a _unused_, const struct json *doc, struct str ns,
                   struct json *ret, struct err *err)
{
    struct notes *n = ctx;
    struct str place = namespace_of(doc, ns);
    const struct json *found = find_existing(n, doc, place);

    note_call(n, "get", place, object_name(doc), NULL);
    if (!found)
        return err_set(err, ERR_NOT_FOUND, "not found");
    *ret = *found;
    return 0;
}

static void note_patch(struct notes *n, const struct object_change *change, struct str ns)
{
    static const char *const types[] = {"application/merge-patch+json",
                                        "application/json-patch+json",
                                        "application/strategic-merge-patch+json"};
    struct json object = placed(n->a, change->doc, ns);
    struct json *call = note_call(n, "patch", ns, object_name(change->doc), NULL);

    *call = json_set(n->a, call, STR("patch"), object);
    *call = json_set(n->a, call, STR("patchType"), json_string(str_from(types[change->patch])));
}

static int on_change(void *ctx, const struct object_change *change,
                     const struct store_object **ret, struct err *err _unused_)
{
    struct notes *n = ctx;
    struct str ns = namespace_of(change->doc, change->ns);
    const struct json *found = find_existing(n, change->doc, ns);
    struct json object = placed(n->a, change->doc, ns);
    struct str name = object_name(change->doc);

    *ret = NULL;
    note_call(n, "get", ns, str_is_none(name) ? STR("") : name, NULL);
    if (!found && change->operation != OBJECT_DELETE) {
        note_call(n, "create", ns, STR_NONE, &object);
    } else if (found && change->operation == OBJECT_DELETE) {
        note_call(n, "delete", ns, name, NULL);
    } else if (found && change->operation == OBJECT_UPDATE) {
        object = patch_overlay(n->a, found, &object);
        note_call(n, "update", ns, STR_NONE, &object);
    } else if (found) {
        note_patch(n, change, ns);
    }
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
    if (action_fetch(a, action.driver, services, &req, &result, err) < 0)
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

/* An argument as two, the way in which it is noted here: "--parameter=a=b" is "-p", "a=b". */
static void note_wanted(struct notes *n, struct str arg)
{
    if (str_is(arg, "--parameter") || str_is(arg, "-p")) {
        note(n, "-p");
        return;
    }
    if (str_cut_prefix(&arg, STR("--parameter=")) || str_cut_prefix(&arg, STR("-p")))
        note(n, "-p");
    VEC_APUSH(n->a, &n->args, arg);
}

static bool are_same(struct arena *a, const struct json *want, const struct notes *made)
{
    struct notes wanted = {.a = a};

    for (uint32_t i = 0; i < want->count; i++)
        note_wanted(&wanted, json_str(&want->items[i]));
    for (size_t i = 0; i < wanted.args.len && i < made->args.len; i++)
        if (!str_eq(wanted.args.at[i], made->args.at[i]))
            return false;
    return wanted.args.len == made->args.len;
}

/* ---- workflow-trigger.jsonl ---- */

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

    if (fire(a, row, &services, &err) < 0) {
        if (has_unknown_flag(row))
            return str_starts(str_from(err.text), STR("template.argoWorkflow: args: unknown"));
        return golden_fails(row) && err.kind == ERR_INVALID;
    }
    if (golden_fails(row) || !are_same(a, args, &notes))
        return false;
    if (!file)
        return true;
    made = stamped(a, &notes.file);
    return json_equal(&made, file);
}

static void test_golden_workflow(void **state _unused_)
{
    golden_run("events/workflow-trigger.jsonl", check_workflow, 42);
}

/* ---- k8s-trigger.jsonl ---- */

/* A call as it is compared: without the resource's path, the patch read. */
static struct json comparable(struct arena *a, const struct json *call)
{
    struct json made = json_without(a, call, STR("resource")), patch;
    struct err err;

    if (json_get(call, STR("object"))) {
        patch = stamped(a, json_get(call, STR("object")));
        made = json_set(a, &made, STR("object"), patch);
    }
    if (json_is(json_get(call, STR("patch")), JSON_STRING) &&
        json_parse(a, json_get_str(call, STR("patch")), &patch, &err) == 0)
        made = json_set(a, &made, STR("patch"), patch);
    return made;
}

static int check_k8s(struct arena *a, const struct json *row)
{
    struct notes notes = {.a = a, .existing = json_get(row, STR("existing"))};
    struct workflow_submitter submitter = {
        .ctx = &notes, .create = on_create, .find = on_find, .change = on_change};
    const struct trigger_services services = {.submitter = &submitter};
    const struct json *out = json_get(row, STR("out"));
    struct err err = {0};

    if (fire(a, row, &services, &err) < 0)
        return golden_fails(row) && err.text[0];
    if (golden_fails(row) || !json_is(out, JSON_ARRAY) || out->count != notes.calls.len)
        return false;
    for (uint32_t i = 0; i < out->count; i++) {
        struct json want = comparable(a, &out->items[i]);

        if (!json_equal(&want, &notes.calls.at[i]))
            return false;
    }
    return true;
}

static void test_golden_k8s(void **state _unused_)
{
    golden_run("events/k8s-trigger.jsonl", check_k8s, 66);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden_workflow),
        cmocka_unit_test(test_golden_k8s),
    };

    return cmocka_run_group_tests_name("trigger_golden", tests, NULL, NULL);
}
