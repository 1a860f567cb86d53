/*
 * api/auth/auth.h - who asks, and what they may do.
 *
 * Who: the server's own token and, with open access, whoever is on the loopback may do
 * everything. Other tokens stand in a file (as kube-apiserver's --token-auth-file) or in
 * Secrets of ServiceAccounts, which get theirs from here. What: Kubernetes' RBAC over the
 * Roles, ClusterRoles and their bindings that are stored. Nothing is allowed unless a rule
 * says so.
 *
 * Decisions are pure over an immutable snapshot (auth_roles); the authorizer (struct auth)
 * reads a new one from the store after any change of what it is made of: before the change is
 * answered, the old one is out of use. Identification and checks block when that is due: http
 * threads and workers.
 */
#pragma once

#include "formats/json.h"
#include "io/workers.h"
#include "store/store.h"

#define AUTH_MASTERS       "system:masters"
#define AUTH_AUTHENTICATED "system:authenticated"
#define AUTH_RBAC_GROUP    "rbac.authorization.k8s.io"
#define AUTH_ACCOUNT       "system:serviceaccount:" /* NAMESPACE:NAME follow */

struct auth_identity {
    struct str user, uid;
    const struct str *groups;
    size_t group_count;
};

/* What somebody wants to do. */
struct auth_request {
    struct str verb;
    struct str group, resource; /* "", "pods/log"; resource "": a path */
    struct str ns, name;        /* "" all of them */
    struct str path;            /* of what is no resource */
};

/* ---- pure ---- */

/** auth_identity_of() - a user with @groups, and those that come with its name; in @a */
struct auth_identity auth_identity_of(struct arena *a, struct str user, struct str uid,
                                      const struct str *groups, size_t group_count);

/** auth_is_master() - may it do everything? */
bool auth_is_master(const struct auth_identity *who);

/** auth_account_parse() - namespace and name of the ServiceAccount that a user is; false: none
 */
bool auth_account_parse(struct str user, struct str *ret_ns, struct str *ret_name);

/** auth_rule_allows() - does one rule of a role allow it? "*" in @what wants "*" in the rule */
bool auth_rule_allows(const struct json *rule, const struct auth_request *what);

/** auth_refusal() - why it is not allowed, in Kubernetes' words; ERR_DENIED, -1 */
int auth_refusal(const struct auth_identity *who, const struct auth_request *what,
                 struct err *err);

struct auth_roles;

/* The objects that rights are made of: arrays of documents. */
struct auth_documents {
    const struct json *roles, *cluster_roles, *bindings, *cluster_bindings;
};

/** auth_roles_of() - who has which rules; in @a, the documents are borrowed. A ClusterRole that
 * is not there may be a built-in one */
const struct auth_roles *auth_roles_of(struct arena *a, const struct auth_documents *docs);

/** auth_roles_allow() - does any binding of @who allow it? Masters may everything */
bool auth_roles_allow(const struct auth_roles *roles, const struct auth_identity *who,
                      const struct auth_request *what);

/** auth_roles_rules() - all rules of @who in a namespace, as an array; in @a */
struct json auth_roles_rules(const struct auth_roles *roles, struct arena *a,
                             const struct auth_identity *who, struct str ns);

/** auth_roles_of_ref() - the rules that a roleRef means, in @a; NULL: there is no such role */
const struct json *auth_roles_of_ref(const struct auth_roles *roles, struct arena *a,
                                     struct str ns, const struct json *ref);

/** auth_roles_cover() - has @who all rights of @rules in @ns? The first that is missing is
 * @ret_missing, texts borrowed */
bool auth_roles_cover(const struct auth_roles *roles, const struct auth_identity *who,
                      struct str ns, const struct json *rules,
                      struct auth_request *ret_missing);

/** auth_builtin_rules() - the rules of cluster-admin, admin, edit or view; in @a; NULL */
const struct json *auth_builtin_rules(struct arena *a, struct str name);

/* A line of a token file. */
struct auth_token {
    struct str token;
    struct auth_identity who;
};

/**
 * auth_tokens_parse() - a token file: lines of token,user,uid[,"group,group"]
 * @name: of the file, for errors
 * @err:  ERR_INVALID with the line; ERR_LIMIT over AUTH_TOKENS_MAX
 */
int auth_tokens_parse(struct arena *a, struct str name, struct str text,
                      struct auth_token **ret, size_t *ret_count, struct err *err);

/* ---- the authorizer ---- */

struct auth;

struct auth_options {
    struct loop *loop;
    struct store *store;
    struct str token;        /* whose bearer may do everything; "" none */
    const char *token_file;  /* NULL or "": none */
    const char *managed;     /* the only namespace that anybody may touch; NULL or "": all */
    bool is_open;            /* pods may everything, as whoever is on this machine */
    struct workers *workers; /* who makes tokens of ServiceAccounts; NULL: nobody does */
};

/** auth_new() - read the token file and follow the store; loop thread; owned; ERR_INVALID,
 * ERR_IO, ERR_NOT_FOUND for the file */
struct auth *auth_new(const struct auth_options *options, struct err *err);

/** auth_stop() - follow the store no longer; loop thread */
void auth_stop(struct auth *auth);

/** auth_free() - release; after auth_stop() and the last request; NULL is a no-op */
void auth_free(struct auth *auth);

/** auth_has_tokens() - is there any token that does not depend on the store? */
bool auth_has_tokens(const struct auth *auth);

/** auth_admin() - who may do everything */
struct auth_identity auth_admin(void);

/* A token for a while, of a ServiceAccount. */
struct auth_grant {
    struct str ns, account;
    struct wall expires;
    struct str uid, token; /* made by auth_grant_token() */
};

/**
 * auth_grant_token() - make a token that the store knows until @g->expires; in @a
 * @err: ERR_NOT_FOUND for the account, ERR_TRANSIENT when AUTH_REQUESTED_MAX are valid; ERR_IO
 *
 * Worker; waits for the store.
 */
int auth_grant_token(struct auth *auth, struct arena *a, struct auth_grant *g, struct wall now,
                     struct err *err);

/* A pod, as whom it acts, and what it belongs to. */
struct auth_pod {
    struct str
        kind; /* "Workflow", "Pod" (itself), or "": the token is for an open server only */
    struct str ns, account;
    struct str owner, owner_uid; /* name and uid of that object */
    struct str audience;         /* for whom the token is; "": this server, which takes no other */
};

/* The server's own name among audiences. */
#define AUTH_AUDIENCE "https://kubernetes.default.svc"

/** auth_audience() - an audience as struct auth_pod has it: "" for the names of the API server
 * in a cluster, and for none */
struct str auth_audience(struct str audience);

/** auth_pod_key() - what tokens of pods are sealed with; made when there is none; worker, waits
 * for the store */
int auth_pod_key(struct store *store, struct arena *a, struct str *ret, struct err *err);

/** auth_pod_token() - a token that is good until the pod's object has ended or is gone; in @a;
 * pure */
struct str auth_pod_token(struct arena *a, struct str key, const struct auth_pod *pod);

/* A token, and the audience of auth_audience() to which it was shown. */
struct auth_shown {
    struct str token, audience;
};

/** auth_identify_for() - auth_identify() of a token that must be for that audience; all but
 * those of pods are for this server */
int auth_identify_for(struct auth *auth, struct arena *a, const struct auth_shown *shown,
                      struct wall now, struct auth_identity *ret, struct err *err);

/** auth_identify() - whose token is it? In @a; ERR_UNAUTHORIZED; ERR_IO of the store */
int auth_identify(struct auth *auth, struct arena *a, struct str token, struct wall now,
                  struct auth_identity *ret, struct err *err);

/** auth_check() - may they? ERR_DENIED as auth_refusal(); ERR_IO of the store */
int auth_check(struct auth *auth, const struct auth_identity *who,
               const struct auth_request *what, struct err *err);

/** auth_rules() - auth_roles_rules() of now */
int auth_rules(struct auth *auth, struct arena *a, const struct auth_identity *who,
               struct str ns, struct json *ret, struct err *err);

/**
 * auth_check_grant() - may @who write this role or binding? Nobody gives rights that they do
 * not have, unless they may `escalate` roles or `bind` them.
 * @kind: of the document: others than roles and bindings may always
 */
int auth_check_grant(struct auth *auth, const struct auth_identity *who, struct str kind,
                     struct str ns, const struct json *doc, struct err *err);
