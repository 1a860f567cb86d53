/* Operations on stored Workflows. See stored.h. */
#include "workflows/operate/stored.h"

#include "base/limits.h"
#include "objects/object.h"
#include "store/once.h"

int operate_stored_read(struct store *store, const struct store_object *o,
                        struct operate_workflow *wf, struct err *err)
{
    struct arena *a = wf->arena;
    struct store_node *rows;

    if (json_parse(a, str_copy(a, o->doc), &wf->doc, err) < 0 ||
        store_nodes(store, a, o->uid, &rows, &wf->node_count, err) < 0)
        return -1;
    wf->nodes = ARENA_ARRAY(a, struct operate_node, wf->node_count + 1);
    for (size_t i = 0; i < wf->node_count; i++) {
        wf->nodes[i] = (struct operate_node){.id = rows[i].id, .seq = rows[i].seq};
        if (json_parse(a, rows[i].doc, &wf->nodes[i].doc, err) < 0)
            return err_wrap(err, "node " STR_FMT, STR_ARG(rows[i].id));
    }
    return 0;
}

static void write_nodes(struct store_txn *txn, struct str uid,
                        const struct operate_workflow *wf)
{
    for (size_t i = 0; i < wf->node_count; i++) {
        const struct operate_node *n = &wf->nodes[i];
        struct str doc = STR_NONE;

        if (!n->is_changed && !n->is_removed)
            continue;
        if (!n->is_removed)
            doc = json_text(store_txn_arena(txn), &n->doc, JSON_COMPACT);
        store_txn_node(txn, uid, n->id, n->seq, doc);
    }
}

void operate_stored_write(struct store_txn *txn, const struct operate_workflow *wf, int64_t rv)
{
    store_txn_update(txn, &wf->doc, rv);
    write_nodes(txn, object_uid(&wf->doc), wf);
}

/* What the operation changed; a mark also when that is nothing. */
static int write_workflow(struct store *store, const struct store_object *o,
                          const struct operate_workflow *wf, struct str mark,
                          const struct store_object **ret, struct err *err)
{
    struct store_txn *txn;
    struct store_result result = {0};

    *ret = NULL;
    if (!wf->is_changed && str_is_empty(mark))
        return 0;
    txn = store_txn_new(store);
    if (!str_is_empty(mark))
        store_txn_once(txn, mark);
    if (wf->is_changed)
        operate_stored_write(txn, wf, o->rv);
    if (store_commit_wait(store, txn, &result, err) < 0)
        return -1;
    *ret = result.object;
    return 0;
}

/* One try with what is stored now; ERR_CONFLICT: it has changed meanwhile. */
static int try_operation(struct store *store, struct arena *a, const struct operate_stored *of,
                         const struct store_object **ret, struct err *err)
{
    struct operate_workflow wf = {.arena = a, .now = clock_wall()};
    const struct store_object *o, *written = NULL;

    if (store_get(store, &of->key, &o, err) < 0)
        return -1;
    if (operate_stored_read(store, o, &wf, err) < 0 || of->apply(of->ctx, &wf, err) < 0 ||
        write_workflow(store, o, &wf, of->once_mark, &written, err) < 0) {
        store_object_unref(o);
        return -1;
    }
    *ret = written ? written : o;
    if (written)
        store_object_unref(o);
    return 0;
}

int operate_stored_run(struct store *store, struct arena *a, const struct operate_stored *of,
                       const struct store_object **ret, struct err *err)
{
    int before = store_once_object(store, a, of->once_mark, ret, err);

    if (before != 0)
        return before < 0 ? -1 : 0;
    for (int i = 0; i < OPERATION_TRIES_MAX; i++) {
        if (try_operation(store, a, of, ret, err) == 0)
            return 0;
        if (err->kind != ERR_CONFLICT)
            return -1;
    }
    return -1;
}

/* ---- creations ---- */

void operate_take_apart(struct operate_workflow *wf)
{
    const struct json *status = json_get(&wf->doc, STR("status"));
    const struct json *nodes = json_get(status, STR("nodes"));

    wf->node_count = json_is(nodes, JSON_OBJECT) ? nodes->count : 0;
    wf->nodes = ARENA_ARRAY(wf->arena, struct operate_node, wf->node_count + 1);
    for (uint32_t i = 0; i < wf->node_count; i++)
        wf->nodes[i] = (struct operate_node){
            .id = nodes->members[i].key, .seq = i + 1, .doc = nodes->members[i].value};
    wf->doc = json_set(wf->arena, &wf->doc, STR("status"),
                       json_without(wf->arena, status, STR("nodes")));
}

struct json operate_put_together(const struct operate_workflow *wf)
{
    struct json_object_builder nodes = {0};
    size_t count = 0;

    for (size_t i = 0; i < wf->node_count; i++)
        if (!wf->nodes[i].is_removed) {
            json_add(wf->arena, &nodes, wf->nodes[i].id, wf->nodes[i].doc);
            count++;
        }
    return count == 0 ? wf->doc
                      : json_set_path(wf->arena, &wf->doc, json_object(&nodes), "status",
                                      "nodes", NULL);
}

int operate_create(struct store *store, const struct operate_workflow *wf, struct str once_mark,
                   const struct store_object **ret, struct err *err)
{
    struct str uid = object_uid(&wf->doc);
    struct store_txn *txn = store_txn_new(store);
    struct store_result result = {0};

    if (!str_is_empty(once_mark))
        store_txn_once(txn, once_mark);
    store_txn_create(txn, &wf->doc);
    for (size_t i = 0; i < wf->node_count; i++)
        if (!wf->nodes[i].is_removed)
            store_txn_node(txn, uid, wf->nodes[i].id, wf->nodes[i].seq,
                           json_text(store_txn_arena(txn), &wf->nodes[i].doc, JSON_COMPACT));
    if (store_commit_wait(store, txn, &result, err) < 0)
        return -1;
    *ret = result.object;
    return 0;
}
