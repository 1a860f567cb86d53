/*
 * store/archive.h - Workflows that have ended, kept whole beside the live ones: with their
 * nodes, found by label, name and time, also when there are a million of them.
 *
 * A row is known by the Workflow's uid: whoever archives it again replaces it. Pages are in
 * order of the start, newest first; the next page is found by its place in that order, not by
 * counting. Reading blocks: workers and http threads. Writing is part of a transaction. An
 * archived document has the label workflows.argoproj.io/workflow-archiving-status with the
 * value Persisted; a list shows its summary: metadata, what a table of workflows needs of the
 * spec, and the status without nodes and templates.
 */
#pragma once

#include "store/store.h"

struct archive_query {
    struct str ns, name;               /* "" any */
    struct str not_ns, not_name;       /* "" none is left out */
    struct str name_prefix, name_part; /* "" any */
    const struct selector *labels;     /* or NULL */
    struct wall started_after, started_before, created_after, finished_before; /* ms 0: any */
    bool leaves_out_live;      /* those that are in the store, too */
    bool counts_rest;          /* how many are behind the page */
    size_t limit;              /* 0, or more than ARCHIVE_PAGE_MAX: that */
    struct str continue_token; /* of the page before, or "" */
};

struct archive_page {
    struct str *summaries; /* JSON texts, in the arena */
    size_t len;
    struct str continue_token; /* "" on the last page */
    uint64_t rest;             /* behind the page, when it was asked for */
};

/** store_archive_list() - a page of archived Workflows that match, in @a; ERR_INVALID for a
 * token that is none, ERR_IO */
int store_archive_list(struct store *s, struct arena *a, const struct archive_query *q,
                       struct archive_page *ret, struct err *err);

/** store_archive_get() - a whole archived Workflow by its uid, in @a; ERR_NOT_FOUND */
int store_archive_get(struct store *s, struct arena *a, struct str uid, struct str *ret,
                      struct err *err);

/** store_archive_find() - the whole archived Workflow of that name that started last, in @a;
 * ERR_NOT_FOUND */
int store_archive_find(struct store *s, struct arena *a, struct str ns, struct str name,
                       struct str *ret, struct err *err);

struct archive_words {
    struct str *at; /* in the arena */
    size_t len;
};

/** store_archive_keys() - the keys of labels that archived Workflows have, sorted, in @a; @ns:
 * "" of all namespaces */
int store_archive_keys(struct store *s, struct arena *a, struct str ns,
                       struct archive_words *ret, struct err *err);

/** store_archive_values() - the values that a label has in archived Workflows, sorted, in @a */
int store_archive_values(struct store *s, struct arena *a, struct str ns, struct str key,
                         struct archive_words *ret, struct err *err);

/** store_txn_archive() - keep a Workflow, or replace what is kept under its uid; @doc: whole,
 * with nodes; printed at once */
void store_txn_archive(struct store_txn *txn, const struct json *doc);

/** store_txn_archive_drop() - remove one; ERR_NOT_FOUND */
void store_txn_archive_drop(struct store_txn *txn, struct str uid);

/** store_txn_archive_trim() - remove those that ended before a time, ARCHIVE_TRIM_MAX at the
 * most
 */
void store_txn_archive_trim(struct store_txn *txn, struct wall before);

/** store_archive_oldest() - when the one that ended first did so; ms 0: there is none */
int store_archive_oldest(struct store *s, struct wall *ret, struct err *err);
