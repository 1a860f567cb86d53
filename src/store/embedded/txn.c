/* Building transactions and handing them to the writer. Any thread. */
#include "base/limits.h"
#include "base/mem.h"
#include "store/embedded/embedded_internal.h"
#include "store/embedded/removal.h"

struct store_txn *store_txn_new(struct store *s)
{
    struct arena *a = arena_new();
    struct store_txn *txn = ARENA_NEW(a, struct store_txn);

    txn->arena = a;
    txn->store = s;
    list_init(&txn->link);
    return txn;
}

void txn_release(struct store_txn *txn)
{
    for (size_t i = 0; i < txn->op_count; i++)
        store_object_unref(txn->ops[i].object);
    store_object_unref(txn->found);
    arena_free(txn->arena);
}

void store_txn_free(struct store_txn *txn)
{
    if (txn)
        txn_release(txn);
}

struct arena *store_txn_arena(struct store_txn *txn)
{
    return txn->arena;
}

struct op *txn_add_op(struct store_txn *txn, enum op_kind kind)
{
    if (txn->op_count == txn->op_room) {
        txn->op_room = txn->op_room ? 2 * txn->op_room : 4;
        txn->ops = arena_grow(txn->arena, txn->ops, txn->op_count * sizeof(*txn->ops),
                              txn->op_room * sizeof(*txn->ops));
    }
    txn->ops[txn->op_count] = (struct op){.kind = kind};
    return &txn->ops[txn->op_count++];
}

static struct str group_of(struct str api_version)
{
    size_t slash = str_find_char(api_version, '/');

    return slash == SIZE_MAX ? STR("") : str_head(api_version, slash);
}

static struct str present(struct str s)
{
    return str_is_none(s) ? STR("") : s;
}

/* The document as it is stored: without resourceVersion and status.nodes. */
static struct str stored_text(struct arena *a, const struct json *doc)
{
    const struct json *meta = json_get(doc, STR("metadata"));
    const struct json *status = json_get(doc, STR("status"));
    struct json made = *doc;

    if (json_get(meta, STR("resourceVersion")))
        made =
            json_set(a, &made, STR("metadata"), json_without(a, meta, STR("resourceVersion")));
    if (json_get(status, STR("nodes")))
        made = json_set(a, &made, STR("status"), json_without(a, status, STR("nodes")));
    return json_text(a, &made, JSON_COMPACT);
}

/* Seconds of an RFC 3339 time in UTC as Kubernetes prints it; 0 when it is none. */
static int64_t created_ms(struct str text)
{
    struct tm tm = {0};
    char copy[32];

    if (text.len >= sizeof(copy) || text.len < 19)
        return 0;
    memcpy(copy, text.ptr, text.len);
    copy[text.len] = '\0';
    return strptime(copy, "%Y-%m-%dT%H:%M:%S", &tm) ? (int64_t) timegm(&tm) * 1000 : 0;
}

/* Its labels, and a hidden one for each owner. */
static struct json labels_of(struct arena *a, const struct json *doc)
{
    const struct json *labels = json_path(doc, "metadata", "labels", NULL);
    const struct json *owners = removal_owners(doc);
    struct json_object_builder none = {0};
    struct json made =
        json_is(labels, JSON_OBJECT) ? json_clone(a, labels) : json_object(&none);

    for (uint32_t i = 0; owners && i < owners->count; i++) {
        struct str uid = json_get_str(&owners->items[i], STR("uid"));

        if (!str_is_empty(uid))
            made = json_set(a, &made, removal_owner_label(a, uid), json_string(STR("")));
    }
    return made;
}

void txn_fill_object(struct store_txn *txn, struct op *op, const struct json *doc)
{
    struct arena *a = txn->arena;
    const struct json *meta = json_get(doc, STR("metadata"));
    const struct json *labels = json_get(meta, STR("labels"));
    struct json made;

    op->key.group = str_copy(a, group_of(present(json_get_str(doc, STR("apiVersion")))));
    op->key.kind = str_copy(a, present(json_get_str(doc, STR("kind"))));
    op->key.ns = str_copy(a, present(json_get_str(meta, STR("namespace"))));
    op->key.name = str_copy(a, present(json_get_str(meta, STR("name"))));
    op->uid = str_copy(a, present(json_get_str(meta, STR("uid"))));
    op->created.ms = created_ms(json_get_str(meta, STR("creationTimestamp")));
    op->phase = str_copy(a, present(json_str(json_path(doc, "status", "phase", NULL))));
    op->is_finished =
        str_is(json_get_str(labels, STR("workflows.argoproj.io/completed")), "true");
    op->doc = stored_text(a, doc);
    op->labels = STR("{}");
    made = labels_of(a, doc);
    if (made.count > 0) {
        struct json *kept = ARENA_NEW(a, struct json);

        *kept = made;
        op->label_object = kept;
        op->labels = json_text(a, kept, JSON_SORT_KEYS);
    }
}

void store_txn_create(struct store_txn *txn, const struct json *doc)
{
    txn_fill_object(txn, txn_add_op(txn, OP_CREATE), doc);
}

void store_txn_create_if_open(struct store_txn *txn, const struct json *doc)
{
    struct op *op = txn_add_op(txn, OP_CREATE);

    txn_fill_object(txn, op, doc);
    op->is_optional = true;
}

const struct store_object *store_object_of(const struct json *doc)
{
    struct store_txn *txn = store_txn_new(NULL);
    const struct store_object *made;
    struct op *op = txn_add_op(txn, OP_CREATE);

    txn_fill_object(txn, op, doc);
    made = object_make(&op->key, op->uid, 0, op->created, op->doc, op->phase, op->is_finished);
    txn_release(txn);
    return made;
}

void store_txn_update(struct store_txn *txn, const struct json *doc, int64_t expect_rv)
{
    struct op *op = txn_add_op(txn, OP_UPDATE);

    txn_fill_object(txn, op, doc);
    op->expect_rv = expect_rv;
}

static void set_target(struct store_txn *txn, struct op *op, const struct store_key *key,
                       struct str uid)
{
    struct arena *a = txn->arena;

    op->key = (struct store_key){str_copy(a, key->group), str_copy(a, key->kind),
                                 str_copy(a, key->ns), str_copy(a, key->name)};
    op->uid = str_copy(a, present(uid));
}

void store_txn_touch(struct store_txn *txn, const struct store_key *key, struct str uid)
{
    set_target(txn, txn_add_op(txn, OP_TOUCH), key, uid);
}

void store_txn_delete(struct store_txn *txn, const struct store_key *key, struct str uid,
                      int64_t expect_rv)
{
    store_txn_delete_as(txn, key, uid, expect_rv, STORE_BACKGROUND);
}

void store_txn_delete_as(struct store_txn *txn, const struct store_key *key, struct str uid,
                         int64_t expect_rv, enum store_propagation how)
{
    struct op *op = txn_add_op(txn, OP_DELETE);

    set_target(txn, op, key, uid);
    op->expect_rv = expect_rv;
    op->how = how;
}

void store_txn_node(struct store_txn *txn, struct str workflow_uid, struct str node_id,
                    uint64_t seq, struct str doc)
{
    struct op *op = txn_add_op(txn, OP_NODE);

    op->workflow_uid = str_copy(txn->arena, workflow_uid);
    op->node_id = str_copy(txn->arena, node_id);
    op->seq = seq;
    op->doc = str_copy(txn->arena, doc);
}

void store_txn_row_put(struct store_txn *txn, struct str table, struct str key,
                       struct str value)
{
    struct op *op = txn_add_op(txn, OP_ROW);

    op->workflow_uid = str_copy(txn->arena, table);
    op->node_id = str_copy(txn->arena, key);
    op->doc = str_copy(txn->arena, value);
}

void store_txn_once(struct store_txn *txn, struct str mark)
{
    txn->mark = str_copy(txn->arena, mark);
}

int store_commit(struct store *s, struct store_txn *txn, store_done_fn done, void *ctx,
                 struct err *err)
{
    txn->done = done;
    txn->ctx = ctx;
    txn->own_count = txn->op_count;
    pthread_mutex_lock(&s->lock);
    if (s->queue_len >= STORE_QUEUE_MAX_TXNS || s->is_stopping) {
        pthread_mutex_unlock(&s->lock);
        txn_release(txn);
        return err_set(err, ERR_TRANSIENT, "%d transactions wait for the store",
                       STORE_QUEUE_MAX_TXNS);
    }
    list_append(&s->queue, &txn->link);
    if (s->queue_len++ == 0)
        pthread_cond_signal(&s->wake);
    pthread_mutex_unlock(&s->lock);
    return 0;
}

int store_commit_wait(struct store *s, struct store_txn *txn, struct store_result *ret,
                      struct err *err)
{
    struct waiter w = {.lock = PTHREAD_MUTEX_INITIALIZER, .wake = PTHREAD_COND_INITIALIZER};

    txn->waiter = &w;
    if (store_commit(s, txn, NULL, NULL, err) < 0)
        return -1;
    pthread_mutex_lock(&w.lock);
    while (!w.is_done)
        pthread_cond_wait(&w.wake, &w.lock);
    pthread_mutex_unlock(&w.lock);
    if (w.err.kind != ERR_NONE) {
        *err = w.err;
        return -1;
    }
    *ret = w.result;
    return 0;
}

bool store_is_stalled(const struct store *s)
{
    return atomic_load(&((struct store *) (uintptr_t) s)->is_stalled);
}

int64_t store_rv(const struct store *s)
{
    return atomic_load(&((struct store *) (uintptr_t) s)->rv);
}
