/* An event told to all bindings of its namespace. Blocks on the store: workers. See binding.h.
 */
#include "base/vec.h"
#include "workflows/bindings/binding.h"

/* 1: made, 0: it does not concern the binding, -1. */
static int dispatch_one(const struct binding_dispatch *d, struct arena *a,
                        const struct json *binding, const struct binding_event *event,
                        struct err *err)
{
    const struct workflow_submit_options options = {.ns = event->ns, .creator = d->creator};
    const struct store_object *made;
    struct json workflow;
    int matches = binding_matches(a, binding, event, err);

    if (matches <= 0)
        return matches;
    if (binding_workflow(a, binding, event, &workflow, err) < 0)
        return -1;
    if (workflow.type == JSON_NULL)
        return 0;
    if ((d->check && d->check(d->ctx, &workflow, err) < 0) ||
        d->submitter->submit(d->submitter->ctx, &workflow, &options, &made, err) < 0)
        return err_wrap(err, "failed to create workflow");
    store_object_unref(made);
    return 1;
}

static int dispatch_object(const struct binding_dispatch *d, struct arena *a,
                           const struct store_object *o, const struct binding_event *event,
                           struct err *err)
{
    struct json binding;

    return json_parse(a, str_copy(a, o->doc), &binding, err) < 0
               ? -1
               : dispatch_one(d, a, &binding, event, err);
}

int binding_dispatch(const struct binding_dispatch *d, struct arena *a,
                     const struct binding_event *event, struct binding_failure **ret,
                     size_t *ret_count, struct err *err)
{
    const struct store_query q = {.group = STR("argoproj.io"),
                                  .kind = STR("WorkflowEventBinding"),
                                  .ns = event->ns,
                                  .name_prefix = STR(""),
                                  .continue_token = STR("")};
    VEC(struct binding_failure) failures = {0};
    struct store_list list;
    int made = 0;

    if (store_list(d->store, a, &q, &list, err) < 0)
        return -1;
    for (size_t i = 0; i < list.len; i++) {
        const struct store_object *o = list.at[i];
        struct err why;
        int result = dispatch_object(d, a, o, event, &why);

        if (result < 0)
            VEC_APUSH(a, &failures,
                      ((struct binding_failure){.name = str_copy(a, o->key.name),
                                                .uid = str_copy(a, o->uid),
                                                .rv = o->rv,
                                                .text = str_copy(a, str_from(why.text))}));
        else
            made += result;
    }
    store_list_done(&list);
    *ret = failures.at;
    *ret_count = failures.len;
    return made;
}
