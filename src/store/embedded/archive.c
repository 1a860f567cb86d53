/*
 * Reading the archive. See archive.h.
 *
 * A page is found in one of two ways. When a requirement (a label, a name, its beginning)
 * leaves few rows, no more than ARCHIVE_PROBE_MAX, those are collected and sorted. Else the
 * rows are walked in their order, of a label if one is asked for, and what does not match is
 * passed over: much matches, so the page is soon full. What matches few rows is found by
 * counting up to that bound.
 */
#include <stdio.h>

#include "base/limits.h"
#include "base/vec.h"
#include "store/archive.h"
#include "store/embedded/embedded_internal.h"

enum { SQL_MAX_BYTES = 65536, TERMS_MAX = 32, BINDINGS_MAX = 512 };

/* ---- a statement in the making ---- */

struct query {
    struct strbuf sql;
    struct {
        struct str text;
        int64_t number;
        bool is_text;
    } bindings[BINDINGS_MAX];
    size_t binding_count;
};

#define QUERY_INIT                        \
    {                                     \
        .sql = STRBUF_INIT(SQL_MAX_BYTES) \
    }

static void query_done(struct query *q)
{
    strbuf_done(&q->sql);
}

static void bind(struct query *q, struct str text)
{
    if (q->binding_count < BINDINGS_MAX) {
        q->bindings[q->binding_count].text = text;
        q->bindings[q->binding_count].is_text = true;
    }
    q->binding_count++;
}

static void bind_number(struct query *q, int64_t number)
{
    if (q->binding_count < BINDINGS_MAX)
        q->bindings[q->binding_count].number = number;
    q->binding_count++;
}

static void add_text(struct query *q, const char *sql, struct str text)
{
    strbuf_addz(&q->sql, sql);
    bind(q, text);
}

static void add_number(struct query *q, const char *sql, int64_t number)
{
    strbuf_addz(&q->sql, sql);
    bind_number(q, number);
}

static int prepare(struct connection *c, struct query *q, sqlite3_stmt **ret, struct err *err)
{
    *ret = NULL;
    if (q->binding_count > BINDINGS_MAX || q->sql.is_over)
        return err_set(err, ERR_LIMIT, "the selector has more than %d values", BINDINGS_MAX);
    if (sqlite3_prepare_v2(c->db, q->sql.ptr, (int) q->sql.len, ret, NULL) != SQLITE_OK)
        return schema_error(c->db, "read the archive", err);
    for (size_t i = 0; i < q->binding_count; i++) {
        if (q->bindings[i].is_text)
            bind_str(*ret, (int) i + 1, q->bindings[i].text);
        else
            sqlite3_bind_int64(*ret, (int) i + 1, q->bindings[i].number);
    }
    return 0;
}

/* ---- which rows can be few ---- */

enum source_kind { SOURCE_ALL, SOURCE_NAME, SOURCE_PREFIX, SOURCE_LABEL };

struct source {
    enum source_kind kind;
    const struct selector_requirement *label;
    int64_t count;
};

/* The ids that fulfil a requirement. */
static void add_ids(struct query *q, const struct archive_query *of, const struct source *from)
{
    switch (from->kind) {
    case SOURCE_ALL:
        return;
    case SOURCE_NAME:
        add_text(q, "SELECT id FROM archive WHERE name = ?", of->name);
        return;
    case SOURCE_PREFIX:
        add_text(q, "SELECT id FROM archive WHERE name >= ?", of->name_prefix);
        add_text(q, " AND name < ? || char(1114111)", of->name_prefix);
        return;
    case SOURCE_LABEL:
        add_text(q, "SELECT id FROM archive_label WHERE key = ?", from->label->key);
        for (size_t i = 0; i < from->label->value_count; i++)
            add_text(q, i ? ", ?" : " AND value IN (?", from->label->values[i]);
        if (from->label->value_count > 0)
            strbuf_addz(&q->sql, ")");
        return;
    }
}

static int count_ids(struct connection *c, const struct archive_query *of, struct source *from,
                     struct err *err)
{
    struct query q = QUERY_INIT;
    sqlite3_stmt *stmt;
    int result;

    strbuf_addz(&q.sql, "SELECT count(*) FROM (");
    add_ids(&q, of, from);
    add_number(&q, " LIMIT ?)", ARCHIVE_PROBE_MAX + 1);
    result = prepare(c, &q, &stmt, err);
    if (result == 0 && sqlite3_step(stmt) == SQLITE_ROW)
        from->count = sqlite3_column_int64(stmt, 0);
    else if (result == 0)
        result = schema_error(c->db, "read the archive", err);
    sqlite3_finalize(stmt);
    query_done(&q);
    return result;
}

static bool can_lead(const struct selector_requirement *r)
{
    return r->op == SELECTOR_EQUAL || r->op == SELECTOR_IN || r->op == SELECTOR_EXISTS;
}

/* All ended workflows have it: no help. */
static bool is_everywhere(const struct selector_requirement *r)
{
    return str_is(r->key, "workflows.argoproj.io/completed");
}

static int consider(struct connection *c, const struct archive_query *of, struct source try,
                    struct source *best, struct err *err)
{
    if (count_ids(c, of, &try, err) < 0)
        return -1;
    if (best->kind == SOURCE_ALL || try.count < best->count ||
        (best->label && is_everywhere(best->label)))
        *best = try;
    return 0;
}

static int choose(struct connection *c, const struct archive_query *of, struct source *ret,
                  struct err *err)
{
    *ret = (struct source){.kind = SOURCE_ALL};
    if (of->name.len > 0 && consider(c, of, (struct source){.kind = SOURCE_NAME}, ret, err) < 0)
        return -1;
    if (of->name_prefix.len > 0 &&
        consider(c, of, (struct source){.kind = SOURCE_PREFIX}, ret, err) < 0)
        return -1;
    for (size_t i = 0; of->labels && i < of->labels->len && i < TERMS_MAX; i++)
        if (can_lead(&of->labels->at[i]) &&
            consider(c, of, (struct source){.kind = SOURCE_LABEL, .label = &of->labels->at[i]},
                     ret, err) < 0)
            return -1;
    return 0;
}

/* ---- the page ---- */

/* Where a page begins: behind so many, or behind a row. */
struct place {
    uint64_t offset;
    bool has_row;
    int64_t started_ms, id;
};

static int parse_place(struct str text, struct place *ret, struct err *err)
{
    struct str part;

    *ret = (struct place){0};
    if (text.len == 0)
        return 0;
    if (!str_cut(&text, '.', &part) || !parse_u64(part, &ret->offset))
        return err_set(err, ERR_INVALID, "the provided continue parameter is not valid");
    if (str_is_none(text) && ret->offset <= ARCHIVE_OFFSET_MAX)
        return 0;
    ret->has_row = true;
    if (!str_cut(&text, '.', &part) || !parse_i64(part, &ret->started_ms) ||
        !parse_i64(text, &ret->id))
        return err_set(err, ERR_INVALID, "the provided continue parameter is not valid");
    return 0;
}

/* Upstream's token is an offset; far behind the beginning the row's place is in it, too. */
static struct str print_place(struct arena *a, const struct place *p)
{
    if (p->offset <= ARCHIVE_OFFSET_MAX)
        return str_printf(a, "%llu", (unsigned long long) p->offset);
    return str_printf(a, "%llu.%lld.%lld", (unsigned long long) p->offset,
                      (long long) p->started_ms, (long long) p->id);
}

static void add_times(struct query *q, const struct archive_query *of)
{
    if (of->started_after.ms > 0)
        add_number(q, " AND a.started > ?", of->started_after.ms);
    if (of->started_before.ms > 0)
        add_number(q, " AND a.started < ?", of->started_before.ms);
    if (of->created_after.ms > 0)
        add_number(q, " AND a.created > ?", of->created_after.ms);
    if (of->finished_before.ms > 0)
        add_number(q, " AND a.finished < ?", of->finished_before.ms);
}

static void add_names(struct query *q, const struct archive_query *of)
{
    if (of->ns.len > 0)
        add_text(q, " AND a.ns = ?", of->ns);
    if (of->not_ns.len > 0)
        add_text(q, " AND a.ns <> ?", of->not_ns);
    if (of->name.len > 0)
        add_text(q, " AND a.name = ?", of->name);
    if (of->not_name.len > 0)
        add_text(q, " AND a.name <> ?", of->not_name);
    if (of->name_prefix.len > 0) {
        add_text(q, " AND substr(a.name, 1, length(?)) =", of->name_prefix);
        add_text(q, " ?", of->name_prefix);
    }
    if (of->name_part.len > 0)
        add_text(q, " AND instr(a.name, ?) > 0", of->name_part);
}

static void add_labels(struct query *q, const struct archive_query *of)
{
    for (size_t i = 0; of->labels && i < of->labels->len && i < TERMS_MAX; i++) {
        const struct selector_requirement *r = &of->labels->at[i];

        if (r->op != SELECTOR_EQUAL)
            continue;
        add_text(q, " AND EXISTS (SELECT 1 FROM archive_label x WHERE x.key = ?", r->key);
        add_text(q, " AND x.value = ? AND x.started = a.started AND x.id = a.id)",
                 r->values[0]);
    }
}

static void list_sql(struct query *q, const struct archive_query *of, const struct source *from,
                     const struct place *place)
{
    bool is_few = from->kind != SOURCE_ALL && from->count <= ARCHIVE_PROBE_MAX;
    bool is_walk = !is_few && from->label && from->label->op == SELECTOR_EQUAL;

    strbuf_addz(&q->sql, "SELECT a.summary, a.started, a.id FROM ");
    if (is_walk) {
        add_text(q, "archive_label l CROSS JOIN archive a ON a.id = l.id WHERE l.key = ?",
                 from->label->key);
        add_text(q, " AND l.value = ?", from->label->values[0]);
    } else {
        strbuf_addz(&q->sql, is_few           ? "archive a WHERE a.id IN ("
                             : of->ns.len > 0 ? "archive a INDEXED BY archive_ns WHERE 1"
                                              : "archive a INDEXED BY archive_started "
                                                "WHERE 1");
        if (is_few) {
            add_ids(q, of, from);
            strbuf_addz(&q->sql, ")");
        }
    }
    add_names(q, of);
    add_times(q, of);
    add_labels(q, of);
    if (of->leaves_out_live)
        strbuf_addz(&q->sql,
                    " AND NOT EXISTS (SELECT 1 FROM object o WHERE o.grp = 'argoproj.io' AND "
                    "o.kind = 'Workflow' AND o.ns = a.ns AND o.name = a.name AND o.uid = "
                    "a.uid)");
    if (place->has_row) {
        add_number(q, is_walk ? " AND (l.started, l.id) < (?," : " AND (a.started, a.id) < (?,",
                   place->started_ms);
        add_number(q, " ?)", place->id);
    }
    strbuf_addz(&q->sql, is_walk ? " ORDER BY l.started DESC, l.id DESC"
                                 : " ORDER BY a.started DESC, a.id DESC");
}

/* Are there requirements that SQL has not seen to? */
static bool has_other_labels(const struct archive_query *of)
{
    for (size_t i = 0; of->labels && i < of->labels->len; i++)
        if (i >= TERMS_MAX || of->labels->at[i].op != SELECTOR_EQUAL)
            return true;
    return of->labels && of->labels->matches_nothing;
}

static bool labels_match(const struct archive_query *of, sqlite3_stmt *row)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct json summary;
    struct err err;

    return json_parse(a, column_str(row, 0, a), &summary, &err) == 0 &&
           selector_matches(of->labels, json_path(&summary, "metadata", "labels", NULL));
}

/* One page that is read. */
struct reading {
    struct connection *c;
    struct arena *a;
    const struct archive_query *of;
    struct place place;
};

static int collect(struct reading *r, sqlite3_stmt *stmt, struct archive_page *ret,
                   struct err *err)
{
    const struct archive_query *of = r->of;
    struct place *place = &r->place;
    uint64_t to_skip = place->has_row ? 0 : place->offset;
    size_t limit = of->limit > 0 && of->limit < ARCHIVE_PAGE_MAX ? of->limit : ARCHIVE_PAGE_MAX;
    bool must_match = has_other_labels(of);
    VEC(struct str) found = {0};
    int code;

    while ((code = sqlite3_step(stmt)) == SQLITE_ROW) {
        if (must_match && !labels_match(of, stmt))
            continue;
        if (to_skip > 0) {
            to_skip--;
        } else if (found.len < limit) {
            VEC_APUSH(r->a, &found, column_str(stmt, 0, r->a));
            place->offset++;
            place->started_ms = sqlite3_column_int64(stmt, 1);
            place->id = sqlite3_column_int64(stmt, 2);
        } else {
            ret->continue_token = print_place(r->a, place);
            ret->rest++;
            if (!of->counts_rest)
                break;
        }
    }
    ret->summaries = found.at;
    ret->len = found.len;
    return code == SQLITE_DONE || code == SQLITE_ROW
               ? 0
               : schema_error(r->c->db, "read the archive", err);
}

static int read_page(struct reading *r, struct archive_page *ret, struct err *err)
{
    struct query q = QUERY_INIT;
    sqlite3_stmt *stmt = NULL;
    struct source from;
    int result = choose(r->c, r->of, &from, err);

    if (result == 0) {
        list_sql(&q, r->of, &from, &r->place);
        result = prepare(r->c, &q, &stmt, err);
    }
    if (result == 0)
        result = collect(r, stmt, ret, err);
    sqlite3_finalize(stmt);
    query_done(&q);
    return result;
}

int store_archive_list(struct store *s, struct arena *a, const struct archive_query *of,
                       struct archive_page *ret, struct err *err)
{
    struct reading r = {.a = a, .of = of};
    int result;

    *ret = (struct archive_page){.continue_token = STR("")};
    if (parse_place(of->continue_token, &r.place, err) < 0)
        return -1;
    r.c = store_reader_take(s, err);
    if (!r.c)
        return -1;
    sqlite3_step(connection_statement(r.c, STATEMENT_BEGIN_READ));
    result = read_page(&r, ret, err);
    sqlite3_step(connection_statement(r.c, STATEMENT_COMMIT));
    store_reader_give(s, r.c);
    return result;
}

/* ---- one ---- */

struct lookup {
    enum statement_id id;
    struct str first, second; /* what it is bound to */
};

static int get_one(struct store *s, struct arena *a, const struct lookup *by, struct str *ret,
                   struct err *err)
{
    struct connection *c = store_reader_take(s, err);
    sqlite3_stmt *stmt;
    int code;

    if (!c)
        return -1;
    stmt = connection_statement(c, by->id);
    bind_str(stmt, 1, by->first);
    if (by->id == STATEMENT_ARCHIVE_FIND)
        bind_str(stmt, 2, by->second);
    code = sqlite3_step(stmt);
    if (code == SQLITE_ROW)
        *ret = column_str(stmt, 0, a);
    else if (code == SQLITE_DONE)
        err_set(err, ERR_NOT_FOUND, "not found");
    else
        schema_error(c->db, "read the archive", err);
    sqlite3_reset(stmt);
    store_reader_give(s, c);
    return code == SQLITE_ROW ? 0 : -1;
}

int store_archive_get(struct store *s, struct arena *a, struct str uid, struct str *ret,
                      struct err *err)
{
    const struct lookup by = {STATEMENT_ARCHIVE_GET, uid, STR("")};

    return get_one(s, a, &by, ret, err);
}

int store_archive_find(struct store *s, struct arena *a, struct str ns, struct str name,
                       struct str *ret, struct err *err)
{
    const struct lookup by = {STATEMENT_ARCHIVE_FIND, name, ns};

    return get_one(s, a, &by, ret, err);
}

int store_archive_oldest(struct store *s, struct wall *ret, struct err *err)
{
    struct connection *c = store_reader_take(s, err);
    sqlite3_stmt *stmt;
    int code;

    if (!c)
        return -1;
    stmt = connection_statement(c, STATEMENT_ARCHIVE_OLDEST);
    code = sqlite3_step(stmt);
    if (code == SQLITE_ROW)
        ret->ms = sqlite3_column_int64(stmt, 0);
    else
        schema_error(c->db, "read the archive", err);
    sqlite3_reset(stmt);
    store_reader_give(s, c);
    return code == SQLITE_ROW ? 0 : -1;
}

/* ---- labels: each next key or value is looked up by the one before ---- */

static bool is_in_namespace(struct connection *c, struct str key, struct str value,
                            struct str ns, bool has_value)
{
    sqlite3_stmt *stmt = connection_statement(c, has_value ? STATEMENT_ARCHIVE_VALUE_NS
                                                           : STATEMENT_ARCHIVE_KEY_NS);
    bool is_there;

    bind_str(stmt, 1, key);
    bind_str(stmt, 2, ns);
    if (has_value)
        bind_str(stmt, 3, value);
    is_there = sqlite3_step(stmt) == SQLITE_ROW;
    sqlite3_reset(stmt);
    return is_there;
}

/* @key: absent: the keys, else its values. */
static int walk_labels(struct store *s, struct arena *a, struct str ns, struct str key,
                       struct archive_words *ret, struct err *err)
{
    bool of_key = !str_is_none(key);
    struct connection *c = store_reader_take(s, err);
    VEC(struct str) found = {0};
    struct str last = STR("");
    int code;

    if (!c)
        return -1;
    for (;;) {
        sqlite3_stmt *stmt = connection_statement(c, of_key ? STATEMENT_ARCHIVE_NEXT_VALUE
                                                            : STATEMENT_ARCHIVE_NEXT_KEY);

        bind_str(stmt, 1, last);
        if (of_key)
            bind_str(stmt, 2, key);
        code = sqlite3_step(stmt);
        if (code != SQLITE_ROW || sqlite3_column_type(stmt, 0) == SQLITE_NULL)
            break;
        last = column_str(stmt, 0, a);
        if (ns.len == 0 || is_in_namespace(c, of_key ? key : last, last, ns, of_key))
            VEC_APUSH(a, &found, last);
    }
    if (code != SQLITE_ROW && code != SQLITE_DONE)
        schema_error(c->db, "read the archive", err);
    sqlite3_reset(connection_statement(c, of_key ? STATEMENT_ARCHIVE_NEXT_VALUE
                                                 : STATEMENT_ARCHIVE_NEXT_KEY));
    store_reader_give(s, c);
    *ret = (struct archive_words){found.at, found.len};
    return code == SQLITE_ROW || code == SQLITE_DONE ? 0 : -1;
}

int store_archive_keys(struct store *s, struct arena *a, struct str ns,
                       struct archive_words *ret, struct err *err)
{
    return walk_labels(s, a, ns, STR_NONE, ret, err);
}

int store_archive_values(struct store *s, struct arena *a, struct str ns, struct str key,
                         struct archive_words *ret, struct err *err)
{
    return walk_labels(s, a, ns, key, ret, err);
}
