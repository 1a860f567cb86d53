/* Retrying what is archived. See archived.h. */
#include "workflows/operate/archived.h"

#include "base/random.h"

/* The document without its nodes, and those. */
static void take_apart(struct operate_workflow *wf)
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

/* As one that was created now. */
static struct str renew(struct operate_workflow *wf)
{
    struct random random = random_from_system();
    struct str uid = random_uuid(&random, wf->arena);

    wf->doc = json_set_path(wf->arena, &wf->doc, json_string(uid), "metadata", "uid", NULL);
    return uid;
}

static int check_name(struct store *store, const struct store_key *key, struct err *err)
{
    const struct store_object *live;
    struct err why;

    if (store_get(store, key, &live, &why) < 0) {
        if (why.kind == ERR_NOT_FOUND)
            return 0;
        *err = why;
        return -1;
    }
    store_object_unref(live);
    return err_set(err, ERR_EXISTS,
                   "Workflow already exists on cluster, use argo retry " STR_FMT " instead",
                   STR_ARG(key->name));
}

int operate_archived_retry(struct store *store, struct arena *a, struct str text,
                           const struct operate_retrial *how, const struct store_object **ret,
                           struct err *err)
{
    struct operate_workflow wf = {.arena = a, .now = clock_wall()};
    struct store_result result = {0};
    struct store_txn *txn;
    struct store_key key;
    struct str old, uid;

    if (json_parse(a, text, &wf.doc, err) < 0)
        return -1;
    key = (struct store_key){STR("argoproj.io"), STR("Workflow"),
                             json_str(json_path(&wf.doc, "metadata", "namespace", NULL)),
                             json_str(json_path(&wf.doc, "metadata", "name", NULL))};
    old = json_str(json_path(&wf.doc, "metadata", "uid", NULL));
    take_apart(&wf);
    if (check_name(store, &key, err) < 0 || operate_retry(&wf, how, err) < 0)
        return -1;
    uid = renew(&wf);
    txn = store_txn_new(store);
    store_txn_create(txn, &wf.doc);
    for (size_t i = 0; i < wf.node_count; i++)
        if (!wf.nodes[i].is_removed)
            store_txn_node(txn, uid, wf.nodes[i].id, wf.nodes[i].seq,
                           json_text(store_txn_arena(txn), &wf.nodes[i].doc, JSON_COMPACT));
    store_txn_archive_drop(txn, old);
    if (store_commit_wait(store, txn, &result, err) < 0)
        return -1;
    *ret = result.object;
    return 0;
}
