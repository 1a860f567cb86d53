/*
 * Tokens for a while: what `kubectl create token ACCOUNT` asks for. Each is a row of the store
 * by its name, until it is over or the store has a newer account of that name; the rows of
 * those that are over go when the next one is made. Worker and http threads.
 */
#include "api/auth/auth_internal.h"
#include "base/limits.h"
#include "objects/object.h"

#define TABLE "account_token"

enum { NAME_BYTES = 22 };

/* ---- rows ---- */

static struct json row_value(struct arena *a, const struct auth_grant *g, struct str token)
{
    struct json_object_builder b = {0};

    json_add(a, &b, STR("token"), json_string(token));
    json_add(a, &b, STR("namespace"), json_string(g->ns));
    json_add(a, &b, STR("account"), json_string(g->account));
    json_add(a, &b, STR("uid"), json_string(g->uid));
    json_add(a, &b, STR("expires"), json_int(a, g->expires.ms));
    return json_object(&b);
}

static bool is_over(const struct json *row, struct wall now)
{
    int64_t expires;

    return !json_i64(json_get(row, STR("expires")), &expires) || expires <= now.ms;
}

/* Adds the removal of what is over; how many are left. */
static int sweep(struct auth *auth, struct arena *a, struct store_txn *txn, struct wall now,
                 size_t *ret_left, struct err *err)
{
    struct store_row *rows;
    struct json row;
    struct err ignored;
    size_t count;

    if (store_rows(auth->options.store, a, STR(TABLE), STR(""), &rows, &count, err) < 0)
        return -1;
    *ret_left = count;
    for (size_t i = 0; i < count; i++) {
        if (json_parse(a, rows[i].value, &row, &ignored) == 0 && !is_over(&row, now))
            continue;
        store_txn_row_put(txn, STR(TABLE), rows[i].key, STR_NONE);
        (*ret_left)--;
    }
    return 0;
}

/* ---- making ---- */

static int read_account(struct auth *auth, struct arena *a, struct auth_grant *g,
                        struct err *err)
{
    const struct store_key key = {STR(""), STR("ServiceAccount"), g->ns, g->account};
    _cleanup_(store_object_unrefp) const struct store_object *o = NULL;

    if (store_get(auth->options.store, &key, &o, err) < 0)
        return -1;
    g->uid = str_copy(a, o->uid);
    return 0;
}

int auth_grant_token(struct auth *auth, struct arena *a, struct auth_grant *g, struct wall now,
                     struct err *err)
{
    struct str name = str_head(auth_random_text(a), NAME_BYTES);
    struct store_result done;
    struct store_txn *txn;
    struct json row;
    size_t left;
    int result;

    if (read_account(auth, a, g, err) < 0)
        return -1;
    g->token =
        str_printf(a, "rq~" STR_FMT "~" STR_FMT, STR_ARG(name), STR_ARG(auth_random_text(a)));
    txn = store_txn_new(auth->options.store);
    result = sweep(auth, a, txn, now, &left, err);
    if (result == 0 && left >= AUTH_REQUESTED_MAX)
        result =
            err_set(err, ERR_TRANSIENT, "%d tokens are valid already: wait until one is over",
                    AUTH_REQUESTED_MAX);
    if (result < 0) {
        store_txn_free(txn);
        return -1;
    }
    row = row_value(a, g, g->token);
    store_txn_row_put(txn, STR(TABLE), name, json_text(a, &row, JSON_COMPACT));
    if (store_commit_wait(auth->options.store, txn, &done, err) < 0)
        return -1;
    store_object_unref(done.object);
    return 0;
}

/* ---- looking up ---- */

bool auth_find_granted(struct auth *auth, struct arena *a, struct str token, struct wall now,
                       struct auth_grant *ret)
{
    struct str rest = token, name, text;
    struct json *row = ARENA_NEW(a, struct json);
    struct err err;

    if (!str_cut_prefix(&rest, STR("rq~")) || !str_cut(&rest, '~', &name) ||
        store_row_get(auth->options.store, a, STR(TABLE), name, &text, &err) < 0 ||
        json_parse(a, text, row, &err) < 0 || is_over(row, now) ||
        !auth_is_equal(json_get_str(row, STR("token")), token))
        return false;
    *ret = (struct auth_grant){.ns = json_get_str(row, STR("namespace")),
                               .account = json_get_str(row, STR("account")),
                               .uid = json_get_str(row, STR("uid"))};
    return true;
}
