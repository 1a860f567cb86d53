/* Reading: each call borrows a connection and copies what it found. Blocking; workers and http
 * threads only. */
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/vec.h"
#include "formats/base64.h"
#include "store/embedded/embedded_internal.h"

enum {
    SQL_MAX_BYTES = 65536,
    INDEXED_TERMS_MAX = 64
}; /* further terms are looked at in the document */

int store_get(struct store *s, const struct store_key *key, const struct store_object **ret,
              struct err *err)
{
    struct connection *c = store_reader_take(s, err);
    sqlite3_stmt *stmt;
    int code, result;

    if (!c)
        return -1;
    stmt = connection_statement(c, STATEMENT_OBJECT_GET);
    bind_str(stmt, 1, key->group);
    bind_str(stmt, 2, key->kind);
    bind_str(stmt, 3, key->ns);
    bind_str(stmt, 4, key->name);
    code = sqlite3_step(stmt);
    if (code == SQLITE_ROW) {
        *ret = object_of_row(stmt);
        result = 0;
    } else {
        result = code == SQLITE_DONE ? store_not_found(key, err)
                                     : schema_error(c->db, "read an object", err);
    }
    sqlite3_reset(stmt);
    store_reader_give(s, c);
    return result;
}

int store_find_uid(struct store *s, struct str uid, const struct store_object **ret,
                   struct err *err)
{
    struct connection *c = store_reader_take(s, err);
    sqlite3_stmt *stmt;
    int code, result = 0;

    if (!c)
        return -1;
    stmt = connection_statement(c, STATEMENT_OBJECT_OF_UID);
    bind_str(stmt, 1, uid);
    code = sqlite3_step(stmt);
    if (code == SQLITE_ROW)
        *ret = object_of_row(stmt);
    else if (code == SQLITE_DONE)
        result = err_set(err, ERR_NOT_FOUND, "there is no workflow with uid \"" STR_FMT "\"",
                         STR_ARG(uid));
    else
        result = schema_error(c->db, "find an object by its uid", err);
    sqlite3_reset(stmt);
    store_reader_give(s, c);
    return result;
}

/* ---- lists ---- */

enum { RV_ANY = -1 };

struct token {
    int64_t rv;          /* of the first page; RV_ANY: a renewed one */
    struct str ns, name; /* of the last object of the page before */
    int64_t created;     /* newest_first */
};

static struct str print_token(struct arena *a, const struct token *t)
{
    return base64_encode(a, str_printf(a, "1\n%lld\n%lld\n" STR_FMT "\n" STR_FMT,
                                       (long long) t->rv, (long long) t->created,
                                       STR_ARG(t->ns), STR_ARG(t->name)));
}

static struct str token_behind(struct arena *a, const struct store_list *list,
                               const struct store_object *last)
{
    return print_token(
        a, &(struct token){list->rv, last->key.ns, last->key.name, last->created.ms});
}

static int parse_token(struct arena *a, struct str text, struct token *ret, struct err *err)
{
    struct str plain, version, rv, created;

    if (base64_decode(a, text, &plain, err) < 0 || !str_cut(&plain, '\n', &version) ||
        !str_is(version, "1") || !str_cut(&plain, '\n', &rv) || !parse_i64(rv, &ret->rv) ||
        ret->rv < RV_ANY || !str_cut(&plain, '\n', &created) ||
        !parse_i64(created, &ret->created) || !str_cut(&plain, '\n', &ret->ns) ||
        !str_cut(&plain, '\n', &ret->name))
        return err_set(err, ERR_INVALID, "the provided continue parameter is not valid");
    return 0;
}

struct str store_token_renewed(struct arena *a, struct str text)
{
    struct token token;
    struct err ignored;

    if (parse_token(a, text, &token, &ignored) < 0)
        return STR("");
    token.rv = RV_ANY;
    return print_token(a, &token);
}

static bool is_by_index(const struct selector_requirement *r)
{
    return r->op == SELECTOR_EQUAL && r->value_count == 1;
}

static void list_sql(const struct store_query *q, struct strbuf *b)
{
    strbuf_addz(b, "SELECT grp, kind, ns, name, uid, rv, created, doc, phase, finished FROM "
                   "object o WHERE grp = ?1 AND kind = ?2");
    if (q->ns.len)
        strbuf_addz(b, " AND ns = ?3");
    if (q->finished != STORE_ANY)
        strbuf_addz(b, q->finished == STORE_UNFINISHED ? " AND finished = 0"
                                                       : " AND finished = 1");
    if (q->continue_token.len)
        strbuf_addz(b, !q->newest_first ? " AND (ns, name) > (?4, ?5)"
                       : q->ns.len      ? " AND (created, name) < (?6, ?5)"
                                        : " AND (created, ns, name) < (?6, ?4, ?5)");
    for (size_t i = 0; q->labels && i < q->labels->len && i < INDEXED_TERMS_MAX; i++)
        if (is_by_index(&q->labels->at[i]))
            strbuf_addf(b,
                        " AND EXISTS (SELECT 1 FROM label WHERE object = o.id AND key = ?%zu "
                        "AND value = ?%zu)",
                        10 + 2 * i, 11 + 2 * i);
    strbuf_addz(b, q->newest_first ? " ORDER BY created DESC, ns DESC, name DESC"
                                   : " ORDER BY ns, name");
}

static void list_bind(sqlite3_stmt *stmt, const struct store_query *q,
                      const struct token *token)
{
    bind_str(stmt, 1, q->group);
    bind_str(stmt, 2, q->kind);
    bind_str(stmt, 3, q->ns);
    bind_str(stmt, 4, token->ns);
    bind_str(stmt, 5, token->name);
    sqlite3_bind_int64(stmt, 6, token->created);
    for (size_t i = 0; q->labels && i < q->labels->len && i < INDEXED_TERMS_MAX; i++)
        if (is_by_index(&q->labels->at[i])) {
            bind_str(stmt, (int) (10 + 2 * i), q->labels->at[i].key);
            bind_str(stmt, (int) (11 + 2 * i), q->labels->at[i].values[0]);
        }
}

/* What fields of Events can be selected by; they are in the document only. */
static struct str event_field(const struct json *doc, struct str key)
{
    static const char *const names[] = {"reason", "reportingComponent", "type"};
    const struct str about = STR("involvedObject.");

    if (str_starts(key, about))
        return json_get_str(json_get(doc, STR("involvedObject")), str_skip(key, about.len));
    if (str_is(key, "source"))
        return json_get_str(json_get(doc, STR("source")), STR("component"));
    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (str_is(key, names[i]))
            return json_get_str(doc, key);
    return STR("");
}

static struct str field_value(const struct store_object *o, const struct json *doc,
                              struct str key)
{
    if (str_is(key, "metadata.name"))
        return o->key.name;
    if (str_is(key, "metadata.namespace"))
        return o->key.ns;
    if (str_is(key, "status.phase"))
        return o->phase;
    return doc ? event_field(doc, key) : STR("");
}

static bool fields_match(const struct selector *fields, const struct store_object *o,
                         const struct json *doc)
{
    for (size_t i = 0; i < fields->len; i++) {
        struct str value = field_value(o, doc, fields->at[i].key);

        if (!selector_holds(&fields->at[i], str_is_none(value) ? STR("") : value))
            return false;
    }
    return true;
}

bool store_query_matches(const struct store_query *q, const struct store_object *o)
{
    bool wants_labels = q->labels && (q->labels->len || q->labels->matches_nothing);
    bool wants_event = q->fields && str_is(o->key.kind, "Event") && o->key.group.len == 0;
    _cleanup_arena_ struct arena *a = NULL;
    struct json doc;
    struct err err;

    if (!str_starts(o->key.name, q->name_prefix) ||
        (q->ns.len > 0 && !str_eq(q->ns, o->key.ns)) ||
        (q->fields && !wants_event && !fields_match(q->fields, o, NULL)))
        return false;
    if (!wants_labels && !wants_event)
        return true;
    a = arena_new();
    if (json_parse(a, o->doc, &doc, &err) < 0)
        return false;
    return (!wants_event || fields_match(q->fields, o, &doc)) &&
           (!wants_labels ||
            selector_matches(q->labels, json_path(&doc, "metadata", "labels", NULL)));
}

typedef VEC(const struct store_object *) object_vec;

static int collect(struct connection *c, struct arena *a, const struct store_query *q,
                   sqlite3_stmt *stmt, struct store_list *ret, struct err *err)
{
    object_vec found = {0};
    int code;

    while ((code = sqlite3_step(stmt)) == SQLITE_ROW) {
        const struct store_object *o;

        if (q->limit && found.len == q->limit) {
            ret->continue_token = token_behind(a, ret, found.at[found.len - 1]);
            code = SQLITE_DONE;
            break;
        }
        o = object_of_row(stmt);
        if (store_query_matches(q, o))
            VEC_PUSH(&found, o);
        else
            store_object_unref(o);
    }
    ret->at = found.at;
    ret->len = found.len;
    if (code == SQLITE_DONE)
        return 0;
    store_list_done(ret);
    return schema_error(c->db, "list objects", err);
}

/* Is the list that a token goes on with still to be had as it began? */
static int check_token(struct connection *c, const struct token *token, int64_t rv,
                       struct err *err)
{
    int64_t oldest;

    if (token->rv > rv) /* of another store, or of one that was set back */
        return err_set(err, ERR_GONE, "the provided continue parameter is not valid");
    if (connection_number(c, STATEMENT_CHANGE_OLDEST, &oldest, err) < 0)
        return -1;
    if (token->rv <= 0 || oldest == 0 || token->rv >= oldest - 1)
        return 0;
    return err_set(err, ERR_GONE,
                   "The provided continue parameter is too old to display a consistent list "
                   "result. You can start a new list without the continue parameter, or use "
                   "the continue token in this response to retrieve the remainder of the "
                   "results. Continuing with the provided token results in an inconsistent "
                   "list - objects that were created, modified, or deleted between the time "
                   "the first chunk was returned and now may show up in the list.");
}

/* A page, in one view of the store. */
static int read_list(struct connection *c, struct arena *a, const struct store_query *q,
                     const struct token *token, struct store_list *ret, struct err *err)
{
    _cleanup_strbuf_ struct strbuf sql = STRBUF_INIT(SQL_MAX_BYTES);
    sqlite3_stmt *stmt = NULL;
    int result;

    if (connection_begin(c, err) < 0 ||
        connection_number(c, STATEMENT_RV_GET, &ret->rv, err) < 0)
        return -1;
    if (check_token(c, token, ret->rv, err) < 0)
        return -1;
    if (token->rv > 0)
        ret->rv = token->rv;
    list_sql(q, &sql);
    if (sqlite3_prepare_v2(c->db, sql.ptr, (int) sql.len, &stmt, NULL) != SQLITE_OK)
        return schema_error(c->db, "list objects", err);
    list_bind(stmt, q, token);
    result = collect(c, a, q, stmt, ret, err);
    sqlite3_finalize(stmt);
    return result;
}

int store_list(struct store *s, struct arena *a, const struct store_query *q,
               struct store_list *ret, struct err *err)
{
    struct token token = {0};
    struct connection *c;
    int result;

    *ret = (struct store_list){.continue_token = STR("")};
    if (q->continue_token.len && parse_token(a, q->continue_token, &token, err) < 0)
        return -1;
    c = store_reader_take(s, err);
    if (!c)
        return -1;
    result = read_list(c, a, q, &token, ret, err);
    connection_end(c);
    store_reader_give(s, c);
    return result;
}

void store_list_done(struct store_list *list)
{
    for (size_t i = 0; i < list->len; i++)
        store_object_unref(list->at[i]);
    free(list->at);
    list->at = NULL;
    list->len = 0;
}

/* ---- nodes and small rows ---- */

int store_nodes(struct store *s, struct arena *a, struct str workflow_uid,
                struct store_node **ret, size_t *ret_count, struct err *err)
{
    VEC(struct store_node) found = {0};
    struct connection *c = store_reader_take(s, err);
    sqlite3_stmt *stmt;
    int code;

    if (!c)
        return -1;
    stmt = connection_statement(c, STATEMENT_NODES_GET);
    bind_str(stmt, 1, workflow_uid);
    while ((code = sqlite3_step(stmt)) == SQLITE_ROW)
        VEC_APUSH(a, &found,
                  ((struct store_node){.id = column_str(stmt, 0, a),
                                       .seq = (uint64_t) sqlite3_column_int64(stmt, 1),
                                       .doc = column_str(stmt, 2, a)}));
    if (code != SQLITE_DONE)
        schema_error(c->db, "read nodes", err);
    sqlite3_reset(stmt);
    store_reader_give(s, c);
    *ret = found.at;
    *ret_count = found.len;
    return code == SQLITE_DONE ? 0 : -1;
}

/* All texts that a bound statement gives; SQLite's code of the last step. */
static int read_texts(sqlite3_stmt *stmt, struct arena *a, struct str **ret, size_t *ret_count)
{
    VEC(struct str) found = {0};
    int code;

    while ((code = sqlite3_step(stmt)) == SQLITE_ROW)
        VEC_APUSH(a, &found, column_str(stmt, 0, a));
    *ret = found.at;
    *ret_count = found.len;
    return code;
}

int store_uids(struct store *s, struct arena *a, const struct store_key *of, struct str **ret,
               size_t *ret_count, struct err *err)
{
    struct connection *c = store_reader_take(s, err);
    sqlite3_stmt *stmt;
    int code;

    if (!c)
        return -1;
    stmt = connection_statement(c, STATEMENT_OBJECT_UIDS);
    bind_str(stmt, 1, of->group);
    bind_str(stmt, 2, of->kind);
    code = read_texts(stmt, a, ret, ret_count);
    if (code != SQLITE_DONE)
        schema_error(c->db, "read uids", err);
    sqlite3_reset(stmt);
    store_reader_give(s, c);
    return code == SQLITE_DONE ? 0 : -1;
}

int store_namespaces(struct store *s, struct arena *a, struct str **ret, size_t *ret_count,
                     struct err *err)
{
    struct connection *c = store_reader_take(s, err);
    sqlite3_stmt *stmt;
    int code;

    if (!c)
        return -1;
    stmt = connection_statement(c, STATEMENT_NAMESPACES);
    code = read_texts(stmt, a, ret, ret_count);
    if (code != SQLITE_DONE)
        schema_error(c->db, "read namespaces", err);
    sqlite3_reset(stmt);
    store_reader_give(s, c);
    return code == SQLITE_DONE ? 0 : -1;
}

int store_label_counts(struct store *s, struct arena *a, struct str key,
                       struct store_label_count **ret, size_t *ret_count, struct err *err)
{
    VEC(struct store_label_count) counts = {0};
    struct connection *c = store_reader_take(s, err);
    sqlite3_stmt *stmt;
    int code;

    if (!c)
        return -1;
    stmt = connection_statement(c, STATEMENT_LABEL_COUNTS);
    bind_str(stmt, 1, key);
    while ((code = sqlite3_step(stmt)) == SQLITE_ROW)
        VEC_APUSH(a, &counts, ((struct store_label_count){column_str(stmt, 0, a),
                                                          sqlite3_column_int64(stmt, 1)}));
    if (code != SQLITE_DONE)
        schema_error(c->db, "count labels", err);
    sqlite3_reset(stmt);
    store_reader_give(s, c);
    *ret = counts.at;
    *ret_count = counts.len;
    return code == SQLITE_DONE ? 0 : -1;
}

int store_once_get(struct store *s, struct arena *a, struct str mark, struct store_key *ret,
                   struct err *err)
{
    struct connection *c = store_reader_take(s, err);
    sqlite3_stmt *stmt;
    int code;

    if (!c)
        return -1;
    stmt = connection_statement(c, STATEMENT_ONCE_GET);
    bind_str(stmt, 1, mark);
    code = sqlite3_step(stmt);
    if (code == SQLITE_ROW)
        *ret = (struct store_key){column_str(stmt, 0, a), column_str(stmt, 1, a),
                                  column_str(stmt, 2, a), column_str(stmt, 3, a)};
    else if (code == SQLITE_DONE)
        err_set(err, ERR_NOT_FOUND, "no transaction has the mark " STR_FMT, STR_ARG(mark));
    else
        schema_error(c->db, "read a mark", err);
    sqlite3_reset(stmt);
    store_reader_give(s, c);
    return code == SQLITE_ROW ? 0 : -1;
}

int store_row_get(struct store *s, struct arena *a, struct str table, struct str key,
                  struct str *ret, struct err *err)
{
    struct connection *c = store_reader_take(s, err);
    sqlite3_stmt *stmt;
    int code;

    if (!c)
        return -1;
    stmt = connection_statement(c, STATEMENT_ROW_GET);
    bind_str(stmt, 1, table);
    bind_str(stmt, 2, key);
    code = sqlite3_step(stmt);
    if (code == SQLITE_ROW)
        *ret = column_str(stmt, 0, a);
    else if (code == SQLITE_DONE)
        err_set(err, ERR_NOT_FOUND, STR_FMT " has no row " STR_FMT, STR_ARG(table),
                STR_ARG(key));
    else
        schema_error(c->db, "read a row", err);
    sqlite3_reset(stmt);
    store_reader_give(s, c);
    return code == SQLITE_ROW ? 0 : -1;
}

int store_rows(struct store *s, struct arena *a, struct str table, struct str prefix,
               struct store_row **ret, size_t *ret_count, struct err *err)
{
    VEC(struct store_row) found = {0};
    struct connection *c = store_reader_take(s, err);
    sqlite3_stmt *stmt;
    int code;

    if (!c)
        return -1;
    stmt = connection_statement(c, STATEMENT_ROWS_GET);
    bind_str(stmt, 1, table);
    bind_str(stmt, 2, prefix);
    while ((code = sqlite3_step(stmt)) == SQLITE_ROW)
        VEC_APUSH(a, &found,
                  ((struct store_row){.key = column_str(stmt, 0, a),
                                      .value = column_str(stmt, 1, a)}));
    if (code != SQLITE_DONE)
        schema_error(c->db, "read rows", err);
    sqlite3_reset(stmt);
    store_reader_give(s, c);
    *ret = found.at;
    *ret_count = found.len;
    return code == SQLITE_DONE ? 0 : -1;
}
