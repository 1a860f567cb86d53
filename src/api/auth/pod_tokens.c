/*
 * Tokens of pods: as whom a pod acts, sealed with a key of the store, so that nothing is
 * written for a pod. One is good as long as the object that the pod belongs to is there and has
 * not ended: pt~KIND~NAMESPACE~ACCOUNT~NAME~UID~SEAL, or with ~AUDIENCE (base64url) before the
 * seal. Worker and http threads.
 */
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>

#include "api/auth/auth_internal.h"
#include "formats/base64.h"

#define TABLE "auth_key"
#define ROW   "pods"

int auth_pod_key(struct store *store, struct arena *a, struct str *ret, struct err *err)
{
    struct store_result done;
    struct store_txn *txn;

    if (store_row_get(store, a, STR(TABLE), STR(ROW), ret, err) == 0)
        return 0;
    if (err->kind != ERR_NOT_FOUND)
        return -1;
    txn = store_txn_new(store);
    store_txn_once(txn, STR(TABLE "/" ROW)); /* the first one stays */
    store_txn_row_put(txn, STR(TABLE), STR(ROW), auth_random_text(a));
    if (store_commit_wait(store, txn, &done, err) < 0)
        return -1;
    store_object_unref(done.object);
    return store_row_get(store, a, STR(TABLE), STR(ROW), ret, err);
}

static struct str seal(struct arena *a, struct str key, struct str text)
{
    unsigned char made[EVP_MAX_MD_SIZE];
    unsigned len = 0;

    if (!HMAC(EVP_sha256(), key.ptr, (int) key.len, (const unsigned char *) text.ptr, text.len,
              made, &len))
        abort();
    return base64_url_encode(a, str_of((const char *) made, len));
}

struct str auth_pod_token(struct arena *a, struct str key, const struct auth_pod *pod)
{
    struct str text =
        str_printf(a, AUTH_POD_TOKEN STR_FMT "~" STR_FMT "~" STR_FMT "~" STR_FMT "~" STR_FMT,
                   STR_ARG(pod->kind), STR_ARG(pod->ns), STR_ARG(pod->account),
                   STR_ARG(pod->owner), STR_ARG(pod->owner_uid));

    if (!str_is_empty(pod->audience))
        text = str_printf(a, STR_FMT "~" STR_FMT, STR_ARG(text),
                          STR_ARG(base64_url_encode(a, pod->audience)));
    return str_printf(a, STR_FMT "~" STR_FMT, STR_ARG(text), STR_ARG(seal(a, key, text)));
}

struct str auth_audience(struct str audience)
{
    static const char *const own[] = {AUTH_AUDIENCE, AUTH_AUDIENCE ".cluster.local"};

    for (size_t i = 0; i < COUNT_OF(own); i++)
        if (str_is(audience, own[i]))
            return STR("");
    return str_is_none(audience) ? STR("") : audience;
}

/* Is what the pod belongs to there still, and going on? */
static bool is_alive(struct auth *auth, const struct auth_pod *pod)
{
    const struct store_key key = {str_is(pod->kind, "Workflow") ? STR("argoproj.io") : STR(""),
                                  pod->kind, pod->ns, pod->owner};
    _cleanup_(store_object_unrefp) const struct store_object *o = NULL;
    struct err ignored;

    if (str_is_empty(pod->kind)) /* of no object: an open server's */
        return auth->options.is_open;
    if (store_get(auth->options.store, &key, &o, &ignored) < 0)
        return false;
    return str_eq(o->uid, pod->owner_uid) && !o->is_finished &&
           !str_is(o->phase, "Succeeded") && !str_is(o->phase, "Failed");
}

bool auth_find_pod(struct auth *auth, struct arena *a, struct str token, struct auth_pod *ret)
{
    struct str *const parts[] = {&ret->kind, &ret->ns, &ret->account, &ret->owner,
                                 &ret->owner_uid};
    struct str rest = token, key, audience;
    struct err ignored;

    if (!str_cut_prefix(&rest, STR(AUTH_POD_TOKEN)))
        return false;
    for (size_t i = 0; i < COUNT_OF(parts); i++)
        if (!str_cut(&rest, '~', parts[i]) || str_is_none(rest))
            return false;
    ret->audience = STR("");
    if (str_find_char(rest, '~') != SIZE_MAX &&
        (!str_cut(&rest, '~', &audience) ||
         base64_decode(a, audience, &ret->audience, &ignored) < 0))
        return false;
    if (store_row_get(auth->options.store, a, STR(TABLE), STR(ROW), &key, &ignored) < 0)
        return false;
    return auth_is_equal(auth_pod_token(a, key, ret), token) && is_alive(auth, ret);
}
