/* Rows of pod_renewed: the runner's uid, to "COUNT/WORKFLOW-UID". See pod_renewed.h. */
#include "api/core/pod_renewed.h"

#define RENEWED_TABLE STR("pod_renewed")

int pod_renewed_read(struct api *api, struct arena *a, struct map *ret, struct err *err)
{
    struct store_row *rows;
    size_t count;

    map_init_borrowed(ret);
    if (store_rows(api->options.store, a, RENEWED_TABLE, STR(""), &rows, &count, err) < 0)
        return -1;
    for (size_t i = 0; i < count; i++)
        map_put(ret, rows[i].key, &rows[i]);
    return 0;
}

struct str pod_renewed_uid(struct arena *a, const struct map *renewed, struct str own)
{
    const struct store_row *row = map_find(renewed, own);
    struct str rest = row ? row->value : STR(""), count = STR("");

    if (!row || !str_cut(&rest, '/', &count))
        return own;
    return str_printf(a, STR_FMT "x" STR_FMT, STR_ARG(own), STR_ARG(count));
}

/* Where the "x" of a count is; the end of one that has none. */
static size_t count_at(struct str shown)
{
    size_t at = shown.len;

    while (at > 0 && shown.ptr[at - 1] >= '0' && shown.ptr[at - 1] <= '9')
        at--;
    return at > 1 && at < shown.len && shown.ptr[at - 1] == 'x' && shown.ptr[at - 2] != '-'
               ? at - 1
               : shown.len;
}

struct str pod_renewed_own(struct str shown)
{
    return str_head(shown, count_at(shown));
}

void pod_renew(struct store_txn *txn, const struct store_key *workflow, struct str workflow_uid,
               struct str shown)
{
    struct arena *a = store_txn_arena(txn);
    struct str own = pod_renewed_own(shown);
    int64_t count = 0;

    if (own.len < shown.len && !parse_i64(str_skip(shown, own.len + 1), &count))
        count = 0;
    store_txn_row_put(
        txn, RENEWED_TABLE, own,
        str_printf(a, "%lld/" STR_FMT, (long long) count + 1, STR_ARG(workflow_uid)));
    store_txn_touch(txn, workflow, workflow_uid);
}

void pod_renewed_forget(struct api *api, struct arena *a, struct store_txn *txn,
                        const struct map *there)
{
    struct store_row *rows;
    size_t count;
    struct err err;

    if (store_rows(api->options.store, a, RENEWED_TABLE, STR(""), &rows, &count, &err) < 0)
        return;
    for (size_t i = 0; i < count; i++) {
        struct str uid = rows[i].value, number;

        str_cut(&uid, '/', &number);
        if (!map_find(there, uid))
            store_txn_row_put(txn, RENEWED_TABLE, rows[i].key, STR_NONE);
    }
}
