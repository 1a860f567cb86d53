/*
 * Writing the archive: what a row holds of a Workflow, made where the transaction is built, and
 * its rows, written by the writer's thread.
 */
#include "base/limits.h"
#include "formats/gotime.h"
#include "store/archive.h"
#include "store/embedded/embedded_internal.h"

#define STATUS_LABEL "workflows.argoproj.io/workflow-archiving-status"

/* ---- the row; any thread ---- */

static int64_t time_of(const struct json *v)
{
    struct wall at;
    struct err ignored;

    return json_str(v).len > 0 && gotime_parse_wall(json_str(v), &at, &ignored) == 0 ? at.ms
                                                                                     : 0;
}

static void keep(struct arena *a, struct json_object_builder *b, const struct json *from,
                 const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct json *v = json_get(from, str_from(names[i]));

        if (v)
            json_add(a, b, str_from(names[i]), *v);
    }
}

static struct json summary_of(struct arena *a, const struct json *doc)
{
    static const char *const top[] = {"apiVersion", "kind", "metadata"};
    static const char *const spec[] = {"arguments", "priority", "suspend",
                                       "workflowTemplateRef"};
    static const char *const status[] = {
        "phase",    "startedAt",        "finishedAt", "message", "estimatedDuration",
        "progress", "resourcesDuration"};
    struct json_object_builder b = {0}, its_spec = {0}, its_status = {0};

    keep(a, &b, doc, top, COUNT_OF(top));
    keep(a, &its_spec, json_get(doc, STR("spec")), spec, COUNT_OF(spec));
    keep(a, &its_status, json_get(doc, STR("status")), status, COUNT_OF(status));
    json_add(a, &b, STR("spec"), json_object(&its_spec));
    json_add(a, &b, STR("status"), json_object(&its_status));
    return json_object(&b);
}

void store_txn_archive(struct store_txn *txn, const struct json *doc)
{
    struct op *op = txn_add_op(txn, OP_ARCHIVE);
    struct arena *a = txn->arena;
    struct archive_row *row = ARENA_NEW(a, struct archive_row);
    struct json made = json_set_path(a, doc, json_string(STR("Persisted")), "metadata",
                                     "labels", STATUS_LABEL, NULL);
    const struct json *meta, *status = json_get(&made, STR("status"));
    struct json summary;

    made = json_set(a, &made, STR("metadata"),
                    json_without(a, json_get(&made, STR("metadata")), STR("resourceVersion")));
    meta = json_get(&made, STR("metadata"));
    summary = summary_of(a, &made);
    *row = (struct archive_row){
        .name = str_copy(a, json_get_str(meta, STR("name"))),
        .ns = str_copy(a, json_get_str(meta, STR("namespace"))),
        .created_ms = time_of(json_get(meta, STR("creationTimestamp"))),
        .started_ms = time_of(json_get(status, STR("startedAt"))),
        .finished_ms = time_of(json_get(status, STR("finishedAt"))),
        .summary = json_text(a, &summary, JSON_COMPACT),
        .labels = json_clone(a, json_get(meta, STR("labels"))),
    };
    op->archive = row;
    op->uid = str_copy(a, json_get_str(meta, STR("uid")));
    op->doc = json_text(a, &made, JSON_COMPACT);
}

void store_txn_archive_drop(struct store_txn *txn, struct str uid)
{
    txn_add_op(txn, OP_UNARCHIVE)->uid = str_copy(txn->arena, uid);
}

void store_txn_archive_trim(struct store_txn *txn, struct wall before)
{
    txn_add_op(txn, OP_ARCHIVE_TRIM)->created = before;
}

/* ---- the writer's thread: 0, -1 with the transaction's own error, -2 try again ---- */

static int refused(struct store *s, struct store_txn *txn)
{
    schema_error(s->writer.db, "write the archive", &txn->err);
    return txn->err.kind == ERR_IO ? -2 : -1;
}

static int step(struct store *s, struct store_txn *txn, sqlite3_stmt *stmt)
{
    if (stmt && sqlite3_step(stmt) == SQLITE_DONE) {
        sqlite3_reset(stmt);
        return 0;
    }
    return refused(s, txn);
}

static int change_labels(struct store *s, struct store_txn *txn, enum statement_id how,
                         const struct archive_row *row)
{
    for (uint32_t i = 0; i < row->labels.count; i++) {
        sqlite3_stmt *stmt = connection_statement(&s->writer, how);
        int result;

        bind_str(stmt, 1, row->labels.members[i].key);
        bind_str(stmt, 2, json_str(&row->labels.members[i].value));
        sqlite3_bind_int64(stmt, 3, row->started_ms);
        sqlite3_bind_int64(stmt, 4, row->id);
        if (how == STATEMENT_ARCHIVE_LABEL_ADD)
            bind_str(stmt, 5, row->ns);
        result = step(s, txn, stmt);
        if (result < 0)
            return result;
    }
    return 0;
}

/* The row of a uid: 1 there, 0 not. */
static int find_row(struct store *s, struct store_txn *txn, struct str uid,
                    struct archive_row *ret)
{
    sqlite3_stmt *stmt = connection_statement(&s->writer, STATEMENT_ARCHIVE_ROW);
    struct json summary;
    struct err err;
    int code;

    bind_str(stmt, 1, uid);
    code = sqlite3_step(stmt);
    if (code != SQLITE_ROW)
        return code == SQLITE_DONE ? 0 : refused(s, txn);
    *ret = (struct archive_row){.id = sqlite3_column_int64(stmt, 0),
                                .started_ms = sqlite3_column_int64(stmt, 1),
                                .labels = json_object(&(struct json_object_builder){0})};
    if (json_parse(txn->arena, column_str(stmt, 2, txn->arena), &summary, &err) == 0 &&
        json_path(&summary, "metadata", "labels", NULL))
        ret->labels = *json_path(&summary, "metadata", "labels", NULL);
    sqlite3_reset(stmt);
    return 1;
}

static int drop_row(struct store *s, struct store_txn *txn, const struct archive_row *row)
{
    static const enum statement_id drops[] = {STATEMENT_ARCHIVE_DOC_DROP,
                                              STATEMENT_ARCHIVE_DROP};
    int result = change_labels(s, txn, STATEMENT_ARCHIVE_LABEL_DROP, row);

    for (size_t i = 0; i < COUNT_OF(drops) && result == 0; i++) {
        sqlite3_stmt *stmt = connection_statement(&s->writer, drops[i]);

        sqlite3_bind_int64(stmt, 1, row->id);
        result = step(s, txn, stmt);
    }
    return result;
}

static int put(struct store *s, struct store_txn *txn, const struct op *op)
{
    struct archive_row row = *op->archive, old;
    sqlite3_stmt *stmt;
    int result = find_row(s, txn, op->uid, &old);

    if (result == 1)
        result = drop_row(s, txn, &old);
    if (result < 0)
        return result;
    stmt = connection_statement(&s->writer, STATEMENT_ARCHIVE_ADD);
    bind_str(stmt, 1, op->uid);
    bind_str(stmt, 2, row.ns);
    bind_str(stmt, 3, row.name);
    sqlite3_bind_int64(stmt, 4, row.created_ms);
    sqlite3_bind_int64(stmt, 5, row.started_ms);
    sqlite3_bind_int64(stmt, 6, row.finished_ms);
    bind_str(stmt, 7, row.summary);
    result = step(s, txn, stmt);
    if (result < 0)
        return result;
    row.id = sqlite3_last_insert_rowid(s->writer.db);
    stmt = connection_statement(&s->writer, STATEMENT_ARCHIVE_DOC_ADD);
    sqlite3_bind_int64(stmt, 1, row.id);
    bind_str(stmt, 2, op->doc);
    result = step(s, txn, stmt);
    return result < 0 ? result : change_labels(s, txn, STATEMENT_ARCHIVE_LABEL_ADD, &row);
}

static int drop(struct store *s, struct store_txn *txn, const struct op *op)
{
    struct archive_row old;
    int result = find_row(s, txn, op->uid, &old);

    if (result == 0)
        return err_set(&txn->err, ERR_NOT_FOUND, "not found");
    return result < 0 ? result : drop_row(s, txn, &old);
}

static int trim(struct store *s, struct store_txn *txn, const struct op *op)
{
    sqlite3_stmt *stmt = connection_statement(&s->writer, STATEMENT_ARCHIVE_OLD);
    struct str *uids = ARENA_ARRAY(txn->arena, struct str, ARCHIVE_TRIM_MAX);
    size_t count = 0;
    int result = 0, code;

    sqlite3_bind_int64(stmt, 1, op->created.ms);
    sqlite3_bind_int64(stmt, 2, ARCHIVE_TRIM_MAX);
    while (count < ARCHIVE_TRIM_MAX && (code = sqlite3_step(stmt)) == SQLITE_ROW)
        uids[count++] = column_str(stmt, 0, txn->arena);
    sqlite3_reset(stmt);
    for (size_t i = 0; i < count && result == 0; i++) {
        struct archive_row old;

        result = find_row(s, txn, uids[i], &old);
        if (result == 1)
            result = drop_row(s, txn, &old);
    }
    return result;
}

int archive_do(struct store *s, struct store_txn *txn, const struct op *op)
{
    if (op->kind == OP_ARCHIVE)
        return put(s, txn, op);
    return op->kind == OP_UNARCHIVE ? drop(s, txn, op) : trim(s, txn, op);
}
