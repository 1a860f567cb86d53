/* api/auth/auth_internal.h - what the authorizer's files share. */
#pragma once

#include <pthread.h>

#include "api/auth/auth.h"
#include "base/map.h"
#include "base/secret.h"
#include "io/workers.h"

#define AUTH_ACCOUNT_TOKEN_TYPE "kubernetes.io/service-account-token"
#define AUTH_POD_TOKEN          "pt~"
#define AUTH_ACCOUNT_NAME       "kubernetes.io/service-account.name"
#define AUTH_ACCOUNT_UID        "kubernetes.io/service-account.uid"

enum { AUTH_KINDS = 6 };

/* What rights and accounts are at a moment. Immutable; shared by reference count. */
struct auth_snapshot {
    unsigned refs; /* under the authorizer's lock */
    uint64_t generation;
    struct arena *a;
    const struct auth_roles *roles;
    struct map accounts; /* "NAMESPACE/NAME" -> its document */
    struct map secrets;  /* "NAMESPACE/NAME" of a token's Secret -> its document */
    struct str key;      /* with which tokens in Secrets are signed; "" none yet */
};

struct auth_watch {
    struct auth *auth;
    struct store_watch *of;
    bool is_filling; /* what comes may want a token */
};

struct auth {
    struct auth_options options;
    struct arena *a; /* of the file's tokens */
    struct secret token;
    struct auth_token *tokens;
    size_t token_count;
    pthread_mutex_t lock;
    struct auth_snapshot *snapshot; /* under lock; reference */
    uint64_t generation;            /* atomic: of what the store has */
    bool is_blind;                  /* atomic: a watch has ended: nothing may be kept */
    /* The loop's: */
    struct auth_watch watches[AUTH_KINDS];
    struct job job;
    bool is_running, is_wanted; /* the job; once more */
};

/** auth_kind_query() - all objects of one of the kinds; the last two may want a token */
struct store_query auth_kind_query(size_t kind);

/** auth_fill_soon() - give tokens to Secrets of accounts that have none; loop thread */
void auth_fill_soon(struct auth *auth);

/** auth_account_key() - the server's own key for the tokens in Secrets, in @a; "" when none was
 * made yet; blocking */
int auth_account_key(struct auth *auth, struct arena *a, struct str *ret, struct err *err);

/** auth_account_token() - the token that a Secret's document holds for its account: "" unless
 * it was signed here, for this very Secret and this very account */
struct str auth_account_token(struct arena *a, struct str key, const struct json *secret);

/** auth_random_text() - 256 bits of the kernel as text, in @a */
struct str auth_random_text(struct arena *a);

/** auth_is_equal() - are two texts the same? In constant time for a given length */
bool auth_is_equal(struct str token, struct str given);

/** auth_find_granted() - whose valid token of auth_grant_token() is it? In @a; false: nobody's;
 * blocking */
bool auth_find_granted(struct auth *auth, struct arena *a, struct str token, struct wall now,
                       struct auth_grant *ret);

/** auth_find_pod() - whose valid token of auth_pod_token() is it, for whatever audience? In @a;
 * false: nobody's; blocking */
bool auth_find_pod(struct auth *auth, struct arena *a, struct str token, struct auth_pod *ret);
