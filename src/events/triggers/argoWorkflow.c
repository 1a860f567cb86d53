/*
 * Submits a Workflow, or does with one that is there what the argo command does: suspend,
 * resubmit, retry, resume, terminate, stop. On a worker; waits for the store; once per firing,
 * also over a crash.
 *
 * Upstream runs the argo command; its arguments mean here what its flags mean
 * (workflow_args.h). A submission from a template does not fail for lack of a workflow that is
 * called as the template, as upstream's does. Source: ../shared/spec/events.md 5.4.
 */
#include "events/triggers/create.h"
#include "events/triggers/source.h"
#include "events/triggers/workflow_args.h"
#include "workflows/submit/rights.h"

static int workflow_fetch(const struct trigger_services *s, struct arena *a,
                          const struct trigger_request *req, struct json *ret,
                          struct trigger_result *result, struct err *err)
{
    const struct trigger_reading reading = {s, a, req->ns};

    return trigger_source_read(
        &reading, json_path(req->template, "argoWorkflow", "source", NULL), ret, result, err);
}

static struct str operation_of(const struct json *template)
{
    struct str word = json_str(json_path(template, "argoWorkflow", "operation", NULL));

    return str_is_empty(word) ? STR("submit") : word;
}

static const struct json *args_of(const struct json *template)
{
    return json_path(template, "argoWorkflow", "args", NULL);
}

/* Parameters may change it all: what is wrong is told at once, not when it first fires. */
static int workflow_check(const struct json *template, struct err *err)
{
    _cleanup_arena_ struct arena *a = arena_new();
    const struct workflow_verb *verb = workflow_verb_find(operation_of(template));
    struct workflow_args args;

    if (!verb)
        return 0; /* as upstream, when it fires */
    return workflow_args_read(a, verb, args_of(template), &args, err) < 0
               ? err_wrap(err, "args")
               : 0;
}

/* A firing on its way. */
struct steering {
    const struct trigger_services *s;
    struct arena *a;
    const struct trigger_request *req;
    const struct workflow_verb *verb;
    struct str ns, name;
    struct workflow_args args;
};

static int submit(const struct steering *f, struct trigger_result *ret, struct err *err)
{
    const struct json *meta = json_get(f->req->resource, STR("metadata"));

    if (str_is_empty(f->name) && str_is_empty(json_get_str(meta, STR("generateName"))))
        return err_set(
            err, ERR_INVALID,
            "failed to trigger the workflow, neither name nor generateName is given");
    return trigger_submit(f->s, f->a, f->req, &f->args.submit, ret, err);
}

static int submit_from(const struct steering *f, struct trigger_result *ret, struct err *err)
{
    struct workflow_submit_options options = f->args.submit;
    struct str kind = json_get_str(f->req->resource, STR("kind"));
    const struct store_object *made;

    if (!str_eq_nocase(kind, STR("CronWorkflow")) &&
        !str_eq_nocase(kind, STR("WorkflowTemplate")))
        return err_set(err, ERR_INVALID,
                       "invalid kind " STR_FMT ": CronWorkflow or WorkflowTemplate expected",
                       STR_ARG(kind));
    options.ns = f->ns;
    options.once_mark = f->req->mark;
    if (f->s->submitter->submit_from(f->s->submitter->ctx, kind, f->name, &options, &made,
                                     err) < 0)
        return -1;
    trigger_made(f->a, f->verb->done, made, ret);
    return 0;
}

static int operate(struct steering *f, struct trigger_result *ret, struct err *err)
{
    const struct store_object *o;

    f->args.order.ns = f->ns;
    f->args.order.name = f->name;
    f->args.order.once_mark = f->req->mark;
    if (f->s->operator->operate(f->s->operator, & f->args.order, &o, err) < 0)
        return -1;
    if (o) {
        trigger_made(f->a, f->verb->done, o, ret);
        return 0;
    }
    *ret = (struct trigger_result){
        .group = STR("argoproj.io"),
        .kind = STR("Workflow"),
        .ns = f->ns,
        .name = f->name,
        .uid = STR(""),
        .detail = str_printf(f->a, "%s Workflow " STR_FMT "/" STR_FMT " before", f->verb->done,
                             STR_ARG(f->ns), STR_ARG(f->name))};
    return 0;
}

/* May the sensor's ServiceAccount? The verbs are those that the argo command needs. */
static int check_rights(const struct steering *f, struct str word, struct err *err)
{
    static const struct {
        const char *word, *verb;
    } verbs[] = {{"submit", "create"},   {"submit-from", "create"}, {"resubmit", "create"},
                 {"retry", "update"},    {"resume", "update"},      {"suspend", "update"},
                 {"terminate", "patch"}, {"stop", "patch"}};
    const struct submit_actor who = {f->s->submitter, f->req->ns, f->req->account};
    struct str kind = json_get_str(f->req->resource, STR("kind"));
    bool is_from_cron = str_eq_nocase(kind, STR("CronWorkflow"));
    const char *of = !str_is(word, "submit-from") ? "Workflow"
                     : is_from_cron               ? "CronWorkflow"
                                                  : "WorkflowTemplate";

    if (!str_is(word, "submit") && submit_may_named(&who, "get", of, f->ns, f->name, err) < 0)
        return -1;
    for (size_t i = 0; i < COUNT_OF(verbs); i++)
        if (str_is(word, verbs[i].word))
            return submit_may_named(&who, verbs[i].verb, "Workflow", f->ns, f->name, err);
    return 0;
}

static int workflow_fire(const struct trigger_services *s, struct arena *a,
                         const struct trigger_request *req, struct trigger_result *ret,
                         struct err *err)
{
    const struct json *meta = json_get(req->resource, STR("metadata"));
    struct str word = operation_of(req->template);
    struct steering f = {.s = s,
                         .a = a,
                         .req = req,
                         .verb = workflow_verb_find(word),
                         .ns = json_get_str(meta, STR("namespace")),
                         .name = json_get_str(meta, STR("name"))};

    if (str_is_empty(f.ns))
        f.ns = req->ns;
    if (!str_is(word, "submit") && str_is_empty(f.name))
        return err_set(err, ERR_INVALID,
                       "failed to execute the workflow " STR_FMT " operation, no name is given",
                       STR_ARG(word));
    if (!f.verb)
        return err_set(err, ERR_INVALID, "unknown operation type " STR_FMT, STR_ARG(word));
    if (workflow_args_read(a, f.verb, args_of(req->template), &f.args, err) < 0)
        return err_wrap(err, "args");
    if (check_rights(&f, word, err) < 0)
        return -1;
    if (str_is(word, "submit"))
        return submit(&f, ret, err);
    return workflow_verb_submits(f.verb) ? submit_from(&f, ret, err) : operate(&f, ret, err);
}

static const struct trigger_ops workflow_ops = {
    .check = workflow_check, .fetch = workflow_fetch, .fire = workflow_fire};

extern const struct trigger_driver argoWorkflow_trigger;
const struct trigger_driver argoWorkflow_trigger = {
    .kind = "argoWorkflow",
    .summary = "Submits a Workflow, or steers one that is there.",
    .place = TRIGGER_ON_WORKER,
    .ops = &workflow_ops,
};
