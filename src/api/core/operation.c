/*
 * Operations on a workflow: read on a worker with its nodes, changed by a pure function,
 * written under the version that was read. When the engine or somebody else was faster, all of
 * it is done anew. The request is answered on the loop. Knows no operation.
 */
#include "api/core/core.h"

#include "base/limits.h"

struct operation {
    struct job job;
    struct api_call *call;
    const struct api_operation *of;
    struct json doc;
};

static int read_workflow(const struct operation *op, const struct store_object *o,
                         struct operate_workflow *ret, struct err *err)
{
    struct arena *a = http_arena(op->call->req);
    struct store_node *rows;

    *ret = (struct operate_workflow){.arena = a, .now = clock_wall()};
    if (json_parse(a, str_copy(a, o->doc), &ret->doc, err) < 0 ||
        store_nodes(op->call->api->options.store, a, o->uid, &rows, &ret->node_count, err) < 0)
        return -1;
    ret->nodes = ARENA_ARRAY(a, struct operate_node, ret->node_count + 1);
    for (size_t i = 0; i < ret->node_count; i++) {
        ret->nodes[i] = (struct operate_node){.id = rows[i].id, .seq = rows[i].seq};
        if (json_parse(a, rows[i].doc, &ret->nodes[i].doc, err) < 0)
            return err_wrap(err, "node " STR_FMT, STR_ARG(rows[i].id));
    }
    return 0;
}

static int write_workflow(const struct operation *op, const struct store_object *o,
                          const struct operate_workflow *wf, struct store_result *ret,
                          struct err *err)
{
    struct store *store = op->call->api->options.store;
    struct store_txn *txn = store_txn_new(store);

    store_txn_update(txn, &wf->doc, o->rv);
    for (size_t i = 0; i < wf->node_count; i++) {
        const struct operate_node *n = &wf->nodes[i];
        struct str doc = STR_NONE;

        if (!n->is_changed && !n->is_removed)
            continue;
        if (!n->is_removed)
            doc = json_text(store_txn_arena(txn), &n->doc, JSON_COMPACT);
        store_txn_node(txn, o->uid, n->id, n->seq, doc);
    }
    return store_commit_wait(store, txn, ret, err);
}

/* One try with what is stored now; ERR_CONFLICT: it has changed meanwhile. */
static int try_operation(struct operation *op, struct err *err)
{
    struct api *api = op->call->api;
    struct arena *a = http_arena(op->call->req);
    const struct store_object *o;
    struct store_result result = {0};
    struct operate_workflow wf;
    int rc;

    if (store_get(api->options.store, &op->of->key, &o, err) < 0)
        return -1;
    rc = read_workflow(op, o, &wf, err);
    if (rc == 0)
        rc = op->of->apply(op->of->ctx, &wf, err);
    if (rc == 0 && wf.is_changed)
        rc = write_workflow(op, o, &wf, &result, err);
    if (rc == 0)
        rc = api_object_shown(api, a, result.object ? result.object : o, API_WHOLE, &op->doc,
                              err);
    store_object_unref(result.object);
    store_object_unref(o);
    return rc;
}

static void run_operation(struct job *job)
{
    struct operation *op = CONTAINER_OF(job, struct operation, job);

    job->err.kind = ERR_NONE;
    for (int i = 0; i < OPERATION_TRIES_MAX; i++) {
        if (try_operation(op, &job->err) == 0) {
            job->err.kind = ERR_NONE;
            return;
        }
        if (job->err.kind != ERR_CONFLICT)
            return;
    }
}

static void on_operated(struct job *job)
{
    struct operation *op = CONTAINER_OF(job, struct operation, job);

    if (job->err.kind != ERR_NONE)
        op->call->dialect->fail(op->call->req, &job->err);
    else
        op->call->dialect->object(op->call->req, 200, &op->doc);
}

void api_operate(struct api_call *call, const struct api_operation *of)
{
    struct operation *op = ARENA_NEW(http_arena(call->req), struct operation);
    struct err err;

    *op = (struct operation){.call = call, .of = of};
    op->job.run = run_operation;
    op->job.done = on_operated;
    if (store_is_stalled(call->api->options.store)) {
        err_set(&err, ERR_IO, "the store cannot write: its disk is full or busy");
        call->dialect->fail(call->req, &err);
    } else if (workers_submit(call->api->options.workers, &op->job, &err) < 0) {
        err.kind = ERR_TRANSIENT;
        call->dialect->fail(call->req, &err);
    }
}
