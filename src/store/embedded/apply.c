/*
 * What a transaction does to the tables, inside of a savepoint of its own: its operations, the
 * log of changes, its mark, and what follows from a deletion for dependents and owners. The
 * writer's thread only.
 */
#include <stdio.h>

#include "base/fault.h"
#include "base/mem.h"
#include "store/embedded/embedded_internal.h"
#include "store/embedded/removal.h"

enum { MALFORMED_TRIES = 10 };

/* 0, or -1 with the transaction's own error, or -2 when the disk refused and the batch must be
 * tried again. */
static int refused(struct store *s, struct store_txn *txn, const char *what)
{
    schema_error(s->writer.db, what, &txn->err);
    if (sqlite3_errcode(s->writer.db) == SQLITE_CORRUPT &&
        ++txn->malformed_count >= MALFORMED_TRIES)
        txn->err.kind = ERR_INTERNAL; /* not a page that was unreadable for a moment */
    return txn->err.kind == ERR_IO ? -2 : -1;
}

static int step(struct store *s, struct store_txn *txn, sqlite3_stmt *stmt, const char *what)
{
    if (stmt && sqlite3_step(stmt) == SQLITE_DONE) {
        sqlite3_reset(stmt);
        return 0;
    }
    return refused(s, txn, what);
}

int store_step(struct store *s, enum statement_id id)
{
    sqlite3_stmt *stmt = connection_statement(&s->writer, id);
    int code = stmt ? sqlite3_step(stmt) : SQLITE_ERROR;

    sqlite3_reset(stmt);
    return code == SQLITE_DONE ? 0 : -1;
}

/* "workflows.argoproj.io" as Kubernetes names a resource in messages. */
static void resource_name(const struct store_key *key, char *ret, size_t size)
{
    size_t used = 0;

    for (size_t i = 0; i < key->kind.len && used + 4 < size; i++) {
        char c = key->kind.ptr[i];

        ret[used++] = c >= 'A' && c <= 'Z' ? (char) (c - 'A' + 'a') : c;
    }
    if (used > 0 && ret[used - 1] != 's') /* EventBus is its own plural */
        ret[used++] = 's';
    ret[used] = '\0';
    if (key->group.len > 0)
        snprintf(ret + used, size - used, "." STR_FMT, STR_ARG(key->group));
}

int store_not_found(const struct store_key *key, struct err *err)
{
    char resource[200];

    resource_name(key, resource, sizeof(resource));
    return err_set(err, ERR_NOT_FOUND, "%s \"" STR_FMT "\" not found", resource,
                   STR_ARG(key->name));
}

static int changed_meanwhile(const struct op *op, struct err *err)
{
    char resource[200];

    resource_name(&op->key, resource, sizeof(resource));
    return err_set(err, ERR_CONFLICT,
                   "Operation cannot be fulfilled on %s \"" STR_FMT
                   "\": the object has been modified; please apply your changes to the latest "
                   "version and try again",
                   resource, STR_ARG(op->key.name));
}

static void bind_key(sqlite3_stmt *stmt, const struct store_key *key)
{
    bind_str(stmt, 1, key->group);
    bind_str(stmt, 2, key->kind);
    bind_str(stmt, 3, key->ns);
    bind_str(stmt, 4, key->name);
}

/* The row of an object: 1 there, 0 not, -2 the disk refused. The statement stays on the row. */
static int find_row(struct store *s, struct store_txn *txn, const struct store_key *key,
                    sqlite3_stmt **ret)
{
    sqlite3_stmt *stmt = connection_statement(&s->writer, STATEMENT_OBJECT_GET);
    int code;

    if (!stmt)
        return refused(s, txn, "find an object");
    bind_key(stmt, key);
    code = sqlite3_step(stmt);
    *ret = stmt;
    if (code == SQLITE_ROW)
        return 1;
    return code == SQLITE_DONE ? 0 : refused(s, txn, "find an object");
}

static int put_labels(struct store *s, struct store_txn *txn, int64_t id,
                      const struct json *labels)
{
    for (uint32_t i = 0; labels && i < labels->count; i++) {
        sqlite3_stmt *stmt = connection_statement(&s->writer, STATEMENT_LABEL_ADD);
        int result;

        sqlite3_bind_int64(stmt, 1, id);
        bind_str(stmt, 2, labels->members[i].key);
        bind_str(stmt, 3, json_str(&labels->members[i].value));
        result = step(s, txn, stmt, "add a label");
        if (result < 0)
            return result;
    }
    return 0;
}

static int drop_by_id(struct store *s, struct store_txn *txn, enum statement_id statement,
                      int64_t id)
{
    sqlite3_stmt *stmt = connection_statement(&s->writer, statement);

    sqlite3_bind_int64(stmt, 1, id);
    return step(s, txn, stmt, "drop rows of an object");
}

/* Is the namespace on its way out? 1, 0, or -2. */
static int namespace_ends(struct store *s, struct store_txn *txn, struct str ns)
{
    sqlite3_stmt *stmt = connection_statement(&s->writer, STATEMENT_NAMESPACE_ENDS);
    int code;

    if (!stmt)
        return refused(s, txn, "find a namespace");
    bind_str(stmt, 1, ns);
    code = sqlite3_step(stmt);
    sqlite3_reset(stmt);
    if (code == SQLITE_ROW)
        return 1;
    return code == SQLITE_DONE ? 0 : refused(s, txn, "find a namespace");
}

/* In a namespace that ends nothing begins. 1: it may be created, 0: it is left out. */
static int admit(struct store *s, struct store_txn *txn, const struct op *op)
{
    char resource[200];
    int result = op->key.ns.len > 0 ? namespace_ends(s, txn, op->key.ns) : 0;

    if (result <= 0)
        return result < 0 ? result : 1;
    if (op->is_optional)
        return 0;
    resource_name(&op->key, resource, sizeof(resource));
    return err_set(&txn->err, ERR_DENIED,
                   "%s \"" STR_FMT
                   "\" is forbidden: unable to create new content in namespace " STR_FMT
                   " because it is being terminated",
                   resource, STR_ARG(op->key.name), STR_ARG(op->key.ns));
}

static int do_create(struct store *s, struct store_txn *txn, struct op *op, int64_t rv)
{
    sqlite3_stmt *stmt;
    char resource[200];
    int result = admit(s, txn, op);

    if (result <= 0)
        return result;
    result = find_row(s, txn, &op->key, &stmt);
    if (result == 1) {
        resource_name(&op->key, resource, sizeof(resource));
        return err_set(&txn->err, ERR_EXISTS, "%s \"" STR_FMT "\" already exists", resource,
                       STR_ARG(op->key.name));
    }
    if (result < 0)
        return result;
    stmt = connection_statement(&s->writer, STATEMENT_OBJECT_ADD);
    bind_key(stmt, &op->key);
    bind_str(stmt, 5, op->uid);
    sqlite3_bind_int64(stmt, 6, rv);
    sqlite3_bind_int64(stmt, 7, op->created.ms);
    bind_str(stmt, 8, op->doc);
    bind_str(stmt, 9, op->phase);
    sqlite3_bind_int(stmt, 10, op->is_finished);
    bind_str(stmt, 11, op->labels);
    result = step(s, txn, stmt, "add an object");
    if (result < 0)
        return result;
    op->event = STORE_ADDED;
    op->object =
        object_make(&op->key, op->uid, rv, op->created, op->doc, op->phase, op->is_finished);
    return put_labels(s, txn, sqlite3_last_insert_rowid(s->writer.db), op->label_object);
}

/* The row that an update or a delete is about, with its preconditions met. */
/* Is the object still what it was at the version that is expected? Touches without nodes made
 * versions that differ in nothing. 1 yes, 0 no, -2 the disk refused. */
static int is_as_expected(struct store *s, struct store_txn *txn, const struct op *op,
                          struct str uid, int64_t rv)
{
    sqlite3_stmt *stmt;
    int code, result;

    if (op->expect_rv == 0 || op->expect_rv >= rv)
        return op->expect_rv == 0 || op->expect_rv == rv;
    stmt = connection_statement(&s->writer, STATEMENT_CHANGE_NONE_SINCE);
    if (!stmt)
        return refused(s, txn, "look at earlier changes");
    sqlite3_bind_int64(stmt, 1, op->expect_rv);
    bind_str(stmt, 2, uid);
    sqlite3_bind_int(stmt, 3, CHANGE_TOUCHED);
    code = sqlite3_step(stmt);
    result = code == SQLITE_ROW ? sqlite3_column_int(stmt, 0)
                                : refused(s, txn, "look at earlier changes");
    sqlite3_reset(stmt);
    return result;
}

static int find_expected(struct store *s, struct store_txn *txn, struct op *op,
                         sqlite3_stmt **ret)
{
    int result = find_row(s, txn, &op->key, ret);
    struct str uid;

    if (result == 0)
        return store_not_found(&op->key, &txn->err);
    if (result < 0)
        return result;
    uid = str_of((const char *) sqlite3_column_text(*ret, 4),
                 (size_t) sqlite3_column_bytes(*ret, 4));
    if (op->uid.len > 0 && !str_eq(uid, op->uid))
        return changed_meanwhile(op, &txn->err);
    result = is_as_expected(s, txn, op, uid, sqlite3_column_int64(*ret, 5));
    return result == 0 ? changed_meanwhile(op, &txn->err) : result < 0 ? result : 0;
}

static bool row_has(sqlite3_stmt *row, struct str text)
{
    struct str doc = str_of((const char *) sqlite3_column_text(row, 7),
                            (size_t) sqlite3_column_bytes(row, 7));

    return str_find(doc, text) != SIZE_MAX;
}

static int update_row(struct store *s, struct store_txn *txn, struct op *op, int64_t rv)
{
    sqlite3_stmt *row, *stmt;
    int result = find_expected(s, txn, op, &row);
    bool has_new_labels, ends_as_before;
    int64_t id;

    if (result < 0)
        return result;
    op->uid = column_str(row, 4, txn->arena);
    op->created.ms = sqlite3_column_int64(row, 6);
    has_new_labels = !str_eq(column_str(row, 10, txn->arena), op->labels);
    ends_as_before = (sqlite3_column_int(row, 9) != 0) == op->is_finished;
    id = sqlite3_column_int64(row, 11);
    sqlite3_reset(row);
    /* SQLite writes each index again whose column is named, changed or not. */
    stmt = connection_statement(&s->writer, ends_as_before ? STATEMENT_OBJECT_SET_SAME_END
                                                           : STATEMENT_OBJECT_SET);
    sqlite3_bind_int64(stmt, 1, rv);
    bind_str(stmt, 2, op->doc);
    bind_str(stmt, 3, op->phase);
    if (!ends_as_before)
        sqlite3_bind_int(stmt, 4, op->is_finished);
    bind_str(stmt, 5, op->labels);
    sqlite3_bind_int64(stmt, 6, id);
    result = step(s, txn, stmt, "change an object");
    if (result == 0 && has_new_labels)
        result = drop_by_id(s, txn, STATEMENT_LABEL_DROP, id);
    if (result == 0 && has_new_labels)
        result = put_labels(s, txn, id, op->label_object);
    op->event = STORE_MODIFIED;
    op->object =
        object_make(&op->key, op->uid, rv, op->created, op->doc, op->phase, op->is_finished);
    return result;
}

/* The same document with a new resourceVersion: its nodes have changed. */
static int do_touch(struct store *s, struct store_txn *txn, struct op *op, int64_t rv)
{
    sqlite3_stmt *row, *stmt;
    const struct store_object *old;
    int result = find_expected(s, txn, op, &row);

    if (result < 0)
        return result;
    old = object_of_row(row);
    stmt = connection_statement(&s->writer, STATEMENT_OBJECT_TOUCH);
    sqlite3_bind_int64(stmt, 1, rv);
    sqlite3_bind_int64(stmt, 2, sqlite3_column_int64(row, 11));
    sqlite3_reset(row);
    op->uid = str_copy(txn->arena, old->uid);
    op->event = STORE_MODIFIED;
    op->object = object_make(&old->key, old->uid, rv, old->created, old->doc, old->phase,
                             old->is_finished);
    store_object_unref(old);
    return step(s, txn, stmt, "change an object");
}

static int delete_row(struct store *s, struct store_txn *txn, struct op *op, int64_t rv)
{
    sqlite3_stmt *row, *stmt;
    const struct store_object *old;
    int result = find_expected(s, txn, op, &row);
    int64_t id;

    if (result < 0)
        return result;
    old = object_of_row(row);
    id = sqlite3_column_int64(row, 11);
    sqlite3_reset(row);
    op->doc = str_copy(txn->arena, old->doc);
    op->uid = str_copy(txn->arena, old->uid);
    op->event = STORE_DELETED;
    op->object = object_make(&old->key, old->uid, rv, old->created, old->doc, old->phase,
                             old->is_finished);
    store_object_unref(old);
    stmt = connection_statement(&s->writer, STATEMENT_NODES_DROP);
    bind_str(stmt, 1, op->uid);
    result = step(s, txn, stmt, "drop nodes");
    if (result == 0)
        result = drop_by_id(s, txn, STATEMENT_LABEL_DROP, id);
    return result < 0 ? result : drop_by_id(s, txn, STATEMENT_OBJECT_DROP, id);
}

/* ---- what a deletion means for others ---- */

/* Writes a document instead of what the operation asks for. */
static int write_changed(struct store *s, struct store_txn *txn, struct op *op,
                         const struct json *doc, int64_t rv)
{
    struct op made = {.kind = OP_UPDATE};
    int result;

    txn_fill_object(txn, &made, doc);
    result = update_row(s, txn, &made, rv);
    op->event = made.event;
    op->object = made.object;
    op->uid = made.uid;
    return result;
}

/* An update that ends an object. What it would write stays, should it be tried again. */
static int delete_instead(struct store *s, struct store_txn *txn, struct op *op, int64_t rv)
{
    struct op gone = *op;
    int result = delete_row(s, txn, &gone, rv);

    op->event = gone.event;
    op->object = gone.object;
    op->uid = gone.uid;
    return result;
}

static int do_update(struct store *s, struct store_txn *txn, struct op *op, int64_t rv)
{
    sqlite3_stmt *row;
    int result = find_expected(s, txn, op, &row);
    struct json doc;

    if (result < 0)
        return result;
    if (!row_has(row, STR("\"deletionTimestamp\"")))
        return update_row(s, txn, op, rv);
    switch (removal_of_update(txn->arena, column_str(row, 7, txn->arena), op->doc, &doc)) {
    case REMOVAL_NONE:
        break;
    case REMOVAL_REWRITE:
        return write_changed(s, txn, op, &doc, rv);
    case REMOVAL_DELETE:
        return delete_instead(s, txn, op, rv);
    }
    return update_row(s, txn, op, rv);
}

/* Does anything belong to this owner? 1, 0, or -2. */
static int has_dependents(struct store *s, struct store_txn *txn, struct str uid)
{
    sqlite3_stmt *stmt = connection_statement(&s->writer, STATEMENT_OBJECT_DEPENDENTS);
    int code;

    bind_str(stmt, 1, removal_owner_label(txn->arena, uid));
    code = sqlite3_step(stmt);
    sqlite3_reset(stmt);
    if (code == SQLITE_ROW || code == SQLITE_DONE)
        return code == SQLITE_ROW;
    return refused(s, txn, "look for dependents");
}

static int do_delete(struct store *s, struct store_txn *txn, struct op *op, int64_t rv)
{
    sqlite3_stmt *row;
    int result = find_expected(s, txn, op, &row);
    bool must_wait = false, has_finalizers;
    struct json doc;
    struct err err;

    if (result < 0)
        return result;
    op->uid = column_str(row, 4, txn->arena);
    has_finalizers = row_has(row, STR("\"finalizers\"")) || removal_is_namespace(&op->key);
    if (!has_finalizers && op->how != STORE_FOREGROUND)
        return delete_row(s, txn, op, rv);
    if (json_parse(txn->arena, column_str(row, 7, txn->arena), &doc, &err) < 0)
        return delete_row(s, txn, op, rv);
    if (op->how == STORE_FOREGROUND) {
        result = has_dependents(s, txn, op->uid);
        if (result < 0)
            return result;
        must_wait = result == 1;
    }
    if (!must_wait && !removal_has_finalizers(&doc) && !removal_begins(&doc))
        return delete_row(s, txn, op, rv);
    if (!must_wait && json_path(&doc, "metadata", "deletionTimestamp", NULL))
        return 0; /* asked for already: nothing to write, nothing to tell */
    doc = removal_asked(txn->arena, &doc, clock_wall().ms,
                        must_wait ? STR(REMOVAL_FOREGROUND) : STR(""));
    return write_changed(s, txn, op, &doc, rv);
}

static struct str group_of(struct str api_version)
{
    size_t slash = str_find_char(api_version, '/');

    return slash == SIZE_MAX ? STR("") : str_head(api_version, slash);
}

/* Is the owner that a reference names there? 1, 0, or -2. @ret: its key. */
static int find_owner(struct store *s, struct store_txn *txn, const struct json *reference,
                      struct str ns, struct store_key *ret)
{
    struct str uid = json_get_str(reference, STR("uid"));
    struct str version = json_get_str(reference, STR("apiVersion"));
    const struct str places[] = {ns, STR("")};

    for (size_t i = 0; i < COUNT_OF(places); i++) {
        sqlite3_stmt *row;
        int result;

        *ret = (struct store_key){group_of(version), json_get_str(reference, STR("kind")),
                                  places[i], json_get_str(reference, STR("name"))};
        result = find_row(s, txn, ret, &row);
        if (result < 0)
            return result;
        if (result == 1 && str_eq(column_str(row, 4, txn->arena), uid))
            return 1;
    }
    return 0;
}

/* Has a dependent an owner beside the one that goes? 1, 0, or -2. */
static int has_other_owner(struct store *s, struct store_txn *txn, const struct op *op,
                           const struct json *doc)
{
    const struct json *owners = removal_owners(doc);
    struct store_key key;
    int result = 0;

    for (uint32_t i = 0; owners && i < owners->count && result == 0; i++)
        if (!str_eq(json_get_str(&owners->items[i], STR("uid")), op->owner_uid))
            result = find_owner(s, txn, &owners->items[i], op->key.ns, &key);
    return result;
}

/* The row of an object that the writer itself looks for, parsed: 1, 0 when it is not there (any
 * more), or an error. */
static int find_own(struct store *s, struct store_txn *txn, const struct op *op,
                    struct json *ret)
{
    sqlite3_stmt *row;
    int result = find_row(s, txn, &op->key, &row);
    struct err err;

    if (result <= 0)
        return result;
    if (!str_eq(column_str(row, 4, txn->arena), op->uid) ||
        json_parse(txn->arena, column_str(row, 7, txn->arena), ret, &err) < 0)
        return 0;
    return 1;
}

/* A dependent of what went: it goes, too, or loses the reference. */
static int do_cascade(struct store *s, struct store_txn *txn, struct op *op, int64_t rv)
{
    struct json doc;
    int result = find_own(s, txn, op, &doc);

    if (result <= 0)
        return result;
    result = op->how == STORE_ORPHAN ? 1 : has_other_owner(s, txn, op, &doc);
    if (result < 0)
        return result;
    if (result == 1) {
        doc = removal_without_owner(txn->arena, &doc, op->owner_uid);
        return write_changed(s, txn, op, &doc, rv);
    }
    if (!removal_has_finalizers(&doc))
        return delete_row(s, txn, op, rv);
    doc = removal_asked(txn->arena, &doc, clock_wall().ms, STR(""));
    return write_changed(s, txn, op, &doc, rv);
}

/* An owner that waited for its dependents goes with the last one. */
static int do_release(struct store *s, struct store_txn *txn, struct op *op, int64_t rv)
{
    struct json doc, rest;
    int result = find_own(s, txn, op, &doc);

    if (result <= 0)
        return result;
    rest = removal_without_finalizer(txn->arena, &doc, STR(REMOVAL_FOREGROUND));
    result = json_equal(&doc, &rest) ? 1 : has_dependents(s, txn, op->uid);
    if (result != 0)
        return result == 1 ? 0 : result;
    return removal_has_finalizers(&rest) ? write_changed(s, txn, op, &rest, rv)
                                         : delete_row(s, txn, op, rv);
}

static int add_dependents(struct store *s, struct store_txn *txn, struct str uid,
                          enum store_propagation how)
{
    sqlite3_stmt *stmt = connection_statement(&s->writer, STATEMENT_OBJECT_DEPENDENTS);
    int code;

    bind_str(stmt, 1, removal_owner_label(txn->arena, uid));
    while ((code = sqlite3_step(stmt)) == SQLITE_ROW) {
        struct arena *a = txn->arena;
        struct op *op = txn_add_op(txn, OP_CASCADE);

        op->key = (struct store_key){column_str(stmt, 0, a), column_str(stmt, 1, a),
                                     column_str(stmt, 2, a), column_str(stmt, 3, a)};
        op->uid = column_str(stmt, 4, a);
        op->owner_uid = uid;
        op->how = how == STORE_ORPHAN ? STORE_ORPHAN : STORE_BACKGROUND;
    }
    sqlite3_reset(stmt);
    return code == SQLITE_DONE ? 0 : refused(s, txn, "look for dependents");
}

static int add_owners(struct store *s, struct store_txn *txn, struct str text, struct str ns)
{
    const struct json *owners;
    struct json doc;
    struct err err;

    if (str_find(text, STR("\"ownerReferences\"")) == SIZE_MAX ||
        json_parse(txn->arena, text, &doc, &err) < 0)
        return 0;
    owners = removal_owners(&doc);
    for (uint32_t i = 0; owners && i < owners->count; i++) {
        struct store_key key;
        int result = find_owner(s, txn, &owners->items[i], ns, &key);
        struct op *op;

        if (result < 0)
            return result;
        if (result == 0)
            continue;
        op = txn_add_op(txn, OP_RELEASE);
        op->key = key;
        op->uid = json_get_str(&owners->items[i], STR("uid"));
    }
    return 0;
}

/* Operations that follow from one: they join the transaction, so that all is done or nothing.
 */
static int add_followers(struct store *s, struct store_txn *txn, const struct op *done)
{
    bool is_gone = done->event == STORE_DELETED;
    int result;

    if (!done->object ||
        (!is_gone && (done->kind != OP_DELETE || done->how == STORE_BACKGROUND)))
        return 0;
    if (!is_gone && done->how == STORE_ORPHAN) /* its finalizers may still be asked */
        return add_dependents(s, txn, done->uid, STORE_ORPHAN);
    result = add_dependents(s, txn, done->uid, done->how);
    FAULT_POINT("store.cascade.before");
    return result < 0 || !is_gone ? result
                                  : add_owners(s, txn, done->object->doc, done->key.ns);
}

static int do_node(struct store *s, struct store_txn *txn, const struct op *op)
{
    bool is_drop = str_is_none(op->doc);
    sqlite3_stmt *stmt =
        connection_statement(&s->writer, is_drop ? STATEMENT_NODE_DROP : STATEMENT_NODE_PUT);

    bind_str(stmt, 1, op->workflow_uid);
    bind_str(stmt, 2, op->node_id);
    sqlite3_bind_int64(stmt, 3, (int64_t) op->seq);
    if (!is_drop)
        bind_str(stmt, 4, op->doc);
    return step(s, txn, stmt, "write a node");
}

static int do_row(struct store *s, struct store_txn *txn, const struct op *op)
{
    bool is_drop = str_is_none(op->doc);
    sqlite3_stmt *stmt =
        connection_statement(&s->writer, is_drop ? STATEMENT_ROW_DROP : STATEMENT_ROW_PUT);

    bind_str(stmt, 1, op->workflow_uid);
    bind_str(stmt, 2, op->node_id);
    if (!is_drop)
        bind_str(stmt, 3, op->doc);
    return step(s, txn, stmt, "write a row");
}

/* The ids of the nodes that the transaction writes, for watchers that come later. */
static struct str node_list(struct store_txn *txn)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(1 << 20);

    for (size_t i = 0; i < txn->op_count; i++)
        if (txn->ops[i].kind == OP_NODE) {
            strbuf_add(&b, txn->ops[i].node_id);
            strbuf_addc(&b, '\n');
        }
    return str_copy(txn->arena, b.is_over ? STR("") : strbuf_str(&b));
}

static int log_change(struct store *s, struct store_txn *txn, const struct op *op)
{
    const struct str nodes = str_is(op->key.kind, "Workflow") ? node_list(txn) : STR("");
    sqlite3_stmt *stmt = connection_statement(&s->writer, STATEMENT_CHANGE_ADD);

    if (!stmt)
        return refused(s, txn, "log a change");
    sqlite3_bind_int64(stmt, 1, op->rv);
    sqlite3_bind_int64(stmt, 2, clock_wall().ms);
    sqlite3_bind_int(stmt, 3,
                     op->kind == OP_TOUCH && nodes.len == 0 ? CHANGE_TOUCHED : (int) op->event);
    bind_str(stmt, 4, op->key.group);
    bind_str(stmt, 5, op->key.kind);
    bind_str(stmt, 6, op->key.ns);
    bind_str(stmt, 7, op->key.name);
    bind_str(stmt, 8, op->uid);
    bind_str(stmt, 9, op->event == STORE_DELETED ? op->object->doc : STR(""));
    bind_str(stmt, 10, nodes);
    return step(s, txn, stmt, "log a change");
}

static int do_op(struct store *s, struct store_txn *txn, struct op *op, int64_t *rv)
{
    int result = 0;

    switch (op->kind) {
    case OP_NODE:
        return do_node(s, txn, op);
    case OP_ROW:
        return do_row(s, txn, op);
    case OP_ARCHIVE:
    case OP_UNARCHIVE:
    case OP_ARCHIVE_TRIM:
        return archive_do(s, txn, op);
    case OP_LIMIT_ADD:
    case OP_LIMIT_SET:
    case OP_LIMIT_DROP:
        return sync_limits_do(s, txn, op);
    case OP_CREATE:
        op->rv = *rv + 1;
        result = do_create(s, txn, op, op->rv);
        break;
    case OP_UPDATE:
        op->rv = *rv + 1;
        result = do_update(s, txn, op, op->rv);
        break;
    case OP_TOUCH:
        op->rv = *rv + 1;
        result = do_touch(s, txn, op, op->rv);
        break;
    case OP_DELETE:
        op->rv = *rv + 1;
        result = do_delete(s, txn, op, op->rv);
        break;
    case OP_CASCADE:
        op->rv = *rv + 1;
        result = do_cascade(s, txn, op, op->rv);
        break;
    case OP_RELEASE:
        op->rv = *rv + 1;
        result = do_release(s, txn, op, op->rv);
        break;
    }
    if (result < 0 || !op->object)
        return result;
    *rv = op->rv;
    return log_change(s, txn, op);
}

/* The operation at a place, and what follows from it. */
static int do_op_at(struct store *s, struct store_txn *txn, size_t at, int64_t *rv)
{
    int result = do_op(s, txn, &txn->ops[at], rv);
    const struct op done = txn->ops[at];

    if (result < 0 || !done.object)
        return result;
    if (at < txn->own_count) {
        txn->result.rv = done.rv;
        txn->result.object = done.event == STORE_DELETED ? NULL : done.object;
    }
    return add_followers(s, txn, &done);
}

/* 1: the mark is there, nothing is to be done. */
static int find_mark(struct store *s, struct store_txn *txn)
{
    sqlite3_stmt *stmt = connection_statement(&s->writer, STATEMENT_ONCE_GET);
    sqlite3_stmt *row;
    struct store_key key;
    int code;

    bind_str(stmt, 1, txn->mark);
    code = sqlite3_step(stmt);
    if (code == SQLITE_DONE)
        return 0;
    if (code != SQLITE_ROW)
        return refused(s, txn, "look for a mark");
    key = (struct store_key){column_str(stmt, 0, txn->arena), column_str(stmt, 1, txn->arena),
                             column_str(stmt, 2, txn->arena), column_str(stmt, 3, txn->arena)};
    sqlite3_reset(stmt);
    code = find_row(s, txn, &key, &row);
    if (code < 0)
        return code;
    if (code == 1)
        txn->found = object_of_row(row);
    txn->result = (struct store_result){
        .already_done = true, .object = txn->found, .rv = txn->found ? txn->found->rv : 0};
    return 1;
}

static int set_mark(struct store *s, struct store_txn *txn)
{
    const struct store_object *o = txn->result.object;
    sqlite3_stmt *stmt = connection_statement(&s->writer, STATEMENT_ONCE_ADD);

    bind_str(stmt, 1, txn->mark);
    sqlite3_bind_int64(stmt, 2, clock_wall().ms / 1000);
    bind_str(stmt, 3, o ? o->key.group : STR(""));
    bind_str(stmt, 4, o ? o->key.kind : STR(""));
    bind_str(stmt, 5, o ? o->key.ns : STR(""));
    bind_str(stmt, 6, o ? o->key.name : STR(""));
    return step(s, txn, stmt, "set a mark");
}

void store_txn_forget(struct store_txn *txn)
{
    for (size_t i = 0; i < txn->op_count; i++) {
        store_object_unref(txn->ops[i].object);
        txn->ops[i].object = NULL;
    }
    txn->op_count = txn->own_count;
    store_object_unref(TAKE(txn->found));
    txn->result = (struct store_result){0};
}

int store_txn_apply(struct store *s, struct store_txn *txn, int64_t *rv)
{
    int64_t start = *rv;
    int result;

    txn->err = (struct err){0};
    result = txn->mark.len ? find_mark(s, txn) : 0;
    if (result != 0)
        return result == 1 ? 0 : result;
    if (store_step(s, STATEMENT_SAVEPOINT) < 0)
        return refused(s, txn, "begin");
    for (size_t i = 0; i < txn->op_count && result == 0; i++)
        result = do_op_at(s, txn, i, rv);
    if (result == 0 && txn->mark.len)
        result = set_mark(s, txn);
    if (result == -2)
        return -2;
    if (result < 0) {
        store_step(s, STATEMENT_UNDO);
        store_txn_forget(txn);
        *rv = start;
    }
    return store_step(s, STATEMENT_RELEASE) < 0 ? -2 : 0;
}
