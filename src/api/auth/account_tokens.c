/*
 * Tokens of ServiceAccounts: a Secret of type kubernetes.io/service-account-token, with the
 * annotation kubernetes.io/service-account.name, gets one as soon as both are there, and goes
 * with its account, as in a cluster.
 *
 * The token names its Secret and is signed with a key that only the server has, a row of the
 * store: "sa~NAMESPACE~NAME~RANDOM~SIGNATURE". The signature is of that and of the uids of the
 * Secret and the account, so who may write Secrets can neither make a token, nor give one that
 * was taken back to another Secret.
 */
#include "api/auth/auth_internal.h"
#include "base/log.h"
#include "formats/base64.h"
#include "objects/object.h"

#include <openssl/hmac.h>
#include <sys/random.h>

#define KEY_TABLE "account_key"
#define KEY_NAME  "secrets"

enum { RANDOM_BYTES = 32, RANDOM_TEXT_BYTES = 43 };

struct str auth_random_text(struct arena *a)
{
    char bits[RANDOM_BYTES];

    if (getrandom(bits, sizeof(bits), 0) != (ssize_t) sizeof(bits))
        abort();
    return str_head(base64_encode(a, str_of(bits, sizeof(bits))), RANDOM_TEXT_BYTES);
}

static struct str token_head(struct arena *a, const struct json *secret)
{
    return str_printf(a, "sa~" STR_FMT "~" STR_FMT "~", STR_ARG(object_namespace(secret)),
                      STR_ARG(object_name(secret)));
}

/* @begin: the token without its signature. */
static struct str sign(struct arena *a, struct str key, const struct json *secret,
                       struct str account_uid, struct str begin)
{
    struct str text = str_printf(a, STR_FMT "\n" STR_FMT "\n" STR_FMT, STR_ARG(begin),
                                 STR_ARG(object_uid(secret)), STR_ARG(account_uid));
    unsigned char made[EVP_MAX_MD_SIZE];
    unsigned len = 0;

    if (!HMAC(EVP_sha256(), key.ptr, (int) key.len, (const unsigned char *) text.ptr, text.len,
              made, &len) ||
        len != RANDOM_BYTES)
        abort();
    return str_head(base64_encode(a, str_of((const char *) made, len)), RANDOM_TEXT_BYTES);
}

struct str auth_account_token(struct arena *a, struct str key, const struct json *secret)
{
    struct str text, token, signature, head = token_head(a, secret);
    struct err ignored;

    text = json_str(json_path(secret, "data", "token", NULL));
    if (key.len == 0 || text.len == 0 ||
        !str_is(json_get_str(secret, STR("type")), AUTH_ACCOUNT_TOKEN_TYPE) ||
        base64_decode(a, text, &token, &ignored) < 0 || !str_starts(token, head) ||
        token.len != head.len + 2 * RANDOM_TEXT_BYTES + 1)
        return STR("");
    signature = sign(a, key, secret, object_annotation(secret, STR(AUTH_ACCOUNT_UID)),
                     str_head(token, head.len + RANDOM_TEXT_BYTES));
    return auth_is_equal(signature, str_skip(token, token.len - RANDOM_TEXT_BYTES)) ? token
                                                                                    : STR("");
}

int auth_account_key(struct auth *auth, struct arena *a, struct str *ret, struct err *err)
{
    *ret = STR("");
    if (store_row_get(auth->options.store, a, STR(KEY_TABLE), STR(KEY_NAME), ret, err) == 0)
        return 0;
    *ret = STR("");
    if (err->kind != ERR_NOT_FOUND)
        return -1;
    err->kind = ERR_NONE;
    return 0;
}

/* ---- worker ---- */

static struct json owner(struct arena *a, const struct json *account)
{
    const char *const members[][2] = {{"apiVersion", "v1"}, {"kind", "ServiceAccount"}};
    struct json_object_builder b = {0};
    struct json_array_builder list = {0};

    for (size_t i = 0; i < COUNT_OF(members); i++)
        json_add(a, &b, str_from(members[i][0]), json_string(str_from(members[i][1])));
    json_add(a, &b, STR("name"), json_string(object_name(account)));
    json_add(a, &b, STR("uid"), json_string(object_uid(account)));
    json_push(a, &list, json_object(&b));
    return json_array(&list);
}

/* The Secret with its token; false: it has one, or its account is not there. */
static bool fill(struct arena *a, struct str key, const struct json *secret,
                 const struct json *account, struct json *ret)
{
    struct str begin, token, ns = object_namespace(secret);
    struct json doc;

    if (!account ||
        (str_eq(object_annotation(secret, STR(AUTH_ACCOUNT_UID)), object_uid(account)) &&
         auth_account_token(a, key, secret).len > 0))
        return false;
    begin = str_concat(a, token_head(a, secret), auth_random_text(a));
    token = str_printf(a, STR_FMT "~" STR_FMT, STR_ARG(begin),
                       STR_ARG(sign(a, key, secret, object_uid(account), begin)));
    doc = json_set_path(a, secret, json_string(base64_encode(a, token)), "data", "token", NULL);
    doc = json_set_path(a, &doc, json_string(base64_encode(a, ns)), "data", "namespace", NULL);
    doc = json_set_path(a, &doc, json_string(object_uid(account)), "metadata", "annotations",
                        AUTH_ACCOUNT_UID, NULL);
    *ret = json_set_path(a, &doc, owner(a, account), "metadata", "ownerReferences", NULL);
    return true;
}

/* Who wrote meanwhile is told by an event, and it is done again. */
static int fill_one(struct auth *auth, struct str key_text, const struct store_object *o,
                    struct err *err)
{
    _cleanup_arena_ struct arena *a = arena_new();
    _cleanup_(store_object_unrefp) const struct store_object *account = NULL;
    struct json secret, account_doc, made;
    struct store_key key = {STR(""), STR("ServiceAccount"), o->key.ns, STR("")};
    struct store_result result;
    struct store_txn *txn;

    if (json_parse(a, o->doc, &secret, err) < 0)
        return -1;
    key.name = object_annotation(&secret, STR(AUTH_ACCOUNT_NAME));
    if (!str_is(json_get_str(&secret, STR("type")), AUTH_ACCOUNT_TOKEN_TYPE) ||
        str_is_empty(key.name) || store_get(auth->options.store, &key, &account, err) < 0 ||
        json_parse(a, account->doc, &account_doc, err) < 0 ||
        !fill(a, key_text, &secret, &account_doc, &made))
        return 0;
    txn = store_txn_new(auth->options.store);
    store_txn_update(txn, &made, o->rv);
    if (store_commit_wait(auth->options.store, txn, &result, err) < 0)
        return -1;
    store_object_unref(result.object);
    return 0;
}

/* The key, which is made when the first token is. Only this job makes one. */
static int have_key(struct auth *auth, struct arena *a, struct str *ret, struct err *err)
{
    struct store_result result;
    struct store_txn *txn;

    if (auth_account_key(auth, a, ret, err) < 0 || ret->len > 0)
        return ret->len > 0 ? 0 : -1;
    *ret = auth_random_text(a);
    txn = store_txn_new(auth->options.store);
    store_txn_row_put(txn, STR(KEY_TABLE), STR(KEY_NAME), *ret);
    return store_commit_wait(auth->options.store, txn, &result, err);
}

static void run(struct job *job)
{
    struct auth *auth = CONTAINER_OF(job, struct auth, job);
    _cleanup_arena_ struct arena *a = arena_new();
    const struct store_query q = auth_kind_query(AUTH_KINDS - 1);
    struct store_list list;
    struct str key = STR("");
    struct err err;

    job->err.kind = ERR_NONE;
    if (store_list(auth->options.store, a, &q, &list, &job->err) < 0)
        return;
    for (size_t i = 0; i < list.len; i++) {
        if (str_find(list.at[i]->doc, STR(AUTH_ACCOUNT_TOKEN_TYPE)) == SIZE_MAX)
            continue;
        if (key.len == 0 && have_key(auth, a, &key, &job->err) < 0)
            break;
        if (fill_one(auth, key, list.at[i], &err) < 0 && err.kind != ERR_CONFLICT &&
            err.kind != ERR_NOT_FOUND)
            job->err = err;
    }
    store_list_done(&list);
}

/* ---- loop ---- */

static void done(struct job *job)
{
    struct auth *auth = CONTAINER_OF(job, struct auth, job);

    auth->is_running = false;
    if (job->err.kind != ERR_NONE)
        log_warn(NULL, "tokens of service accounts could not be made", LOG_ERR(&job->err));
    if (auth->is_wanted)
        auth_fill_soon(auth);
}

void auth_fill_soon(struct auth *auth)
{
    struct err err;

    auth->is_wanted = auth->is_running;
    if (auth->is_running)
        return;
    auth->job = (struct job){.run = run, .done = done};
    auth->is_running = workers_submit(auth->options.workers, &auth->job, &err) == 0;
    if (!auth->is_running)
        log_warn(NULL, "tokens of service accounts are not made now", LOG_ERR(&err));
}
