/* Orders about Workflows. See operator.h. */
#include "workflows/operate/operator.h"

#include "store/once.h"
#include "workflows/operate/memoized.h"
#include "workflows/operate/stored.h"

static int apply(const void *ctx, struct operate_workflow *wf, struct err *err)
{
    const struct workflow_order *order = ctx;
    const struct operate_retrial retrial = {order->restarts_successful, order->selector,
                                            order->parameters, order->parameter_count};

    switch (order->operation) {
    case WORKFLOW_SUSPEND:
        return operate_suspend(wf, err);
    case WORKFLOW_RESUME:
        return operate_resume(wf, order->selector, STR(""), err);
    case WORKFLOW_STOP:
        return operate_stop(wf, order->selector, order->message, err);
    case WORKFLOW_TERMINATE:
        return operate_shut_down(wf, OPERATE_TERMINATE, err);
    case WORKFLOW_RETRY:
        return operate_retry(wf, &retrial, err);
    case WORKFLOW_RESUBMIT:
        break;
    }
    return err_set(err, ERR_INTERNAL, "a resubmission changes no workflow");
}

static int resubmit(const struct workflow_operator *self, struct arena *a,
                    const struct store_key *key, const struct workflow_order *order,
                    const struct store_object **ret, struct err *err)
{
    const struct operate_resubmission how = {order->is_memoized, order->parameters,
                                             order->parameter_count};
    const struct workflow_submit_options options = {.ns = order->ns,
                                                    .once_mark = order->once_mark};
    const struct store_object *o;
    struct json old, made;
    int result = store_once_object(self->ctx, a, order->once_mark, ret, err);

    if (result != 0)
        return result < 0 ? -1 : 0;
    if (store_get(self->ctx, key, &o, err) < 0)
        return -1;
    if (order->is_memoized) {
        struct operate_workflow wf = {.arena = a, .now = clock_wall()};

        result = operate_stored_read(self->ctx, o, &wf, err);
        store_object_unref(o);
        return result < 0
                   ? -1
                   : operate_memoized_create(self->ctx, &wf, &how, order->once_mark, ret, err);
    }
    result = json_parse(a, str_copy(a, o->doc), &old, err);
    store_object_unref(o);
    if (result < 0 || operate_resubmit(a, &old, &how, &made, err) < 0)
        return -1;
    return self->submitter->submit(self->submitter->ctx, &made, &options, ret, err);
}

static int on_operate(const struct workflow_operator *self, const struct workflow_order *order,
                      const struct store_object **ret, struct err *err)
{
    _cleanup_arena_ struct arena *a = arena_new();
    const struct operate_stored of = {
        {STR("argoproj.io"), STR("Workflow"), order->ns, order->name},
        apply,
        order,
        order->once_mark};

    if (order->operation == WORKFLOW_RESUBMIT)
        return resubmit(self, a, &of.key, order, ret, err);
    return operate_stored_run(self->ctx, a, &of, ret, err);
}

void workflow_operator_init(struct workflow_operator *o, struct store *store,
                            struct workflow_submitter *submitter)
{
    *o =
        (struct workflow_operator){.ctx = store, .submitter = submitter, .operate = on_operate};
}
