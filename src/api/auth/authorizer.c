/*
 * The authorizer: whose token, and may they? See auth.h.
 *
 * Watches on the loop only count changes; who asks next reads a new snapshot. A change is told
 * to watches before it is answered, so what an answered change forbids does not happen any
 * more.
 */
#include "api/auth/auth_internal.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "objects/object.h"

#include <errno.h>
#include <stdio.h>

static const struct {
    const char *group, *kind;
} kinds[AUTH_KINDS] = {
    {AUTH_RBAC_GROUP, "Role"},        {AUTH_RBAC_GROUP, "ClusterRole"},
    {AUTH_RBAC_GROUP, "RoleBinding"}, {AUTH_RBAC_GROUP, "ClusterRoleBinding"},
    {"", "ServiceAccount"},           {"", "Secret"}};

struct store_query auth_kind_query(size_t kind)
{
    return (struct store_query){.group = str_from(kinds[kind].group),
                                .kind = str_from(kinds[kind].kind),
                                .ns = STR(""),
                                .name_prefix = STR(""),
                                .continue_token = STR("")};
}

/* ---- snapshots ---- */

static void snapshot_free(struct auth_snapshot *s)
{
    map_done(&s->accounts);
    map_done(&s->secrets);
    arena_free(s->a);
    free(s);
}

static void snapshot_unref(struct auth *auth, struct auth_snapshot *s)
{
    bool is_last;

    pthread_mutex_lock(&auth->lock);
    is_last = --s->refs == 0;
    pthread_mutex_unlock(&auth->lock);
    if (is_last)
        snapshot_free(s);
}

static int read_kind(struct auth *auth, struct arena *a, size_t kind, struct json *ret,
                     struct err *err)
{
    const struct store_query q = auth_kind_query(kind);
    struct json_array_builder docs = {0};
    struct store_list list;
    int result = 0;

    if (store_list(auth->options.store, a, &q, &list, err) < 0)
        return -1;
    for (size_t i = 0; i < list.len && result == 0; i++) {
        struct str text = list.at[i]->doc;
        struct json doc;

        if (str_is(q.kind, "Secret") &&
            str_find(text, STR(AUTH_ACCOUNT_TOKEN_TYPE)) == SIZE_MAX)
            continue;
        result = json_parse(a, str_copy(a, text), &doc, err);
        if (result == 0)
            json_push(a, &docs, doc);
    }
    store_list_done(&list);
    *ret = json_array(&docs);
    return result;
}

static void name_all(struct arena *a, struct map *to, const struct json *docs)
{
    const struct json *doc;

    map_init_borrowed(to);
    for (size_t i = 0; (doc = json_item(docs, i)) != NULL; i++) {
        const struct json *meta = json_get(doc, STR("metadata"));

        map_put(to,
                str_printf(a, STR_FMT "/" STR_FMT,
                           STR_ARG(json_get_str(meta, STR("namespace"))),
                           STR_ARG(json_get_str(meta, STR("name")))),
                (void *) (uintptr_t) doc);
    }
}

static struct auth_snapshot *snapshot_read(struct auth *auth, struct err *err)
{
    struct auth_snapshot *s = NEW(struct auth_snapshot);
    struct json *docs;
    int result = 0;

    s->a = arena_new();
    s->refs = 1;
    s->generation = __atomic_load_n(&auth->generation, __ATOMIC_SEQ_CST);
    docs = ARENA_ARRAY(s->a, struct json, AUTH_KINDS);
    for (size_t i = 0; i < AUTH_KINDS && result == 0; i++)
        result = read_kind(auth, s->a, i, &docs[i], err);
    if (result == 0)
        result = auth_account_key(auth, s->a, &s->key, err);
    if (result < 0) {
        snapshot_free(s);
        return NULL;
    }
    name_all(s->a, &s->accounts, &docs[4]);
    name_all(s->a, &s->secrets, &docs[5]);
    s->roles = auth_roles_of(s->a, &(struct auth_documents){.roles = &docs[0],
                                                            .cluster_roles = &docs[1],
                                                            .bindings = &docs[2],
                                                            .cluster_bindings = &docs[3]});
    return s;
}

/* The newest snapshot: a reference. One thread reads, others wait for it. */
static struct auth_snapshot *snapshot_get(struct auth *auth, struct err *err)
{
    struct auth_snapshot *s, *old = NULL;

    pthread_mutex_lock(&auth->lock);
    s = auth->snapshot;
    if (!s || __atomic_load_n(&auth->is_blind, __ATOMIC_SEQ_CST) ||
        s->generation != __atomic_load_n(&auth->generation, __ATOMIC_SEQ_CST)) {
        s = snapshot_read(auth, err);
        if (s) {
            old = auth->snapshot;
            auth->snapshot = s;
        }
    }
    if (s)
        s->refs++;
    if (old && --old->refs > 0)
        old = NULL;
    pthread_mutex_unlock(&auth->lock);
    if (old)
        snapshot_free(old);
    return s;
}

/* ---- who ---- */

bool auth_is_equal(struct str token, struct str given)
{
    struct secret secret = {0};
    bool is_same;

    secret_init(&secret, token);
    is_same = secret_equals(&secret, given);
    secret_done(&secret);
    return is_same;
}

/* In constant time for all that the file holds. */
static const struct auth_token *find_in_file(const struct auth *auth, struct str given)
{
    const struct auth_token *found = NULL;

    for (size_t i = 0; i < auth->token_count; i++)
        if (auth_is_equal(auth->tokens[i].token, given))
            found = &auth->tokens[i];
    return found;
}

/* The ServiceAccount of that name, if it is the one that a token was made for. */
static bool find_account(const struct auth_snapshot *s, struct arena *a,
                         const struct auth_grant *g, struct auth_identity *ret)
{
    const struct json *account = map_find(
        &s->accounts, str_printf(a, STR_FMT "/" STR_FMT, STR_ARG(g->ns), STR_ARG(g->account)));

    if (!account || str_is_empty(g->uid) || !str_eq(object_uid(account), g->uid))
        return false;
    *ret = auth_identity_of(
        a, str_printf(a, AUTH_ACCOUNT STR_FMT ":" STR_FMT, STR_ARG(g->ns), STR_ARG(g->account)),
        str_copy(a, g->uid), NULL, 0);
    return true;
}

/* sa~NAMESPACE~SECRET~RANDOM: the Secret must be there and hold it. */
static bool find_secret(const struct auth_snapshot *s, struct arena *a, struct str given,
                        struct auth_grant *ret)
{
    struct str rest = given, name;
    const struct json *secret;

    *ret = (struct auth_grant){.ns = STR("")};
    if (!str_cut_prefix(&rest, STR("sa~")) || !str_cut(&rest, '~', &ret->ns) ||
        !str_cut(&rest, '~', &name))
        return false;
    secret = map_find(&s->secrets,
                      str_printf(a, STR_FMT "/" STR_FMT, STR_ARG(ret->ns), STR_ARG(name)));
    if (!secret || !auth_is_equal(auth_account_token(a, s->key, secret), given))
        return false;
    ret->account = object_annotation(secret, STR(AUTH_ACCOUNT_NAME));
    ret->uid = object_annotation(secret, STR(AUTH_ACCOUNT_UID));
    return true;
}

/* Does the account of a pod stand? "default" does without being there. */
static bool has_account(const struct auth_snapshot *s, struct arena *a,
                        const struct auth_pod *pod, struct str *ret_uid)
{
    const struct json *account =
        map_find(&s->accounts,
                 str_printf(a, STR_FMT "/" STR_FMT, STR_ARG(pod->ns), STR_ARG(pod->account)));

    *ret_uid = account ? str_copy(a, object_uid(account)) : STR("");
    return account || str_is(pod->account, "default");
}

/* As identify_account(), of a pod. */
static int identify_pod(struct auth *auth, struct arena *a, struct str token,
                        struct str audience, struct auth_identity *ret, struct err *err)
{
    static const struct str masters[] = {STR_INIT(AUTH_MASTERS)};
    bool is_open = auth->options.is_open, is_there;
    struct auth_snapshot *s;
    struct auth_pod pod;
    struct str uid;

    if (!auth_find_pod(auth, a, token, &pod) || !str_eq(pod.audience, audience))
        return 0;
    s = snapshot_get(auth, err);
    if (!s)
        return -1;
    is_there = has_account(s, a, &pod, &uid);
    snapshot_unref(auth, s);
    *ret = auth_identity_of(
        a,
        str_printf(a, AUTH_ACCOUNT STR_FMT ":" STR_FMT, STR_ARG(pod.ns), STR_ARG(pod.account)),
        uid, masters, is_open ? 1 : 0);
    return is_there || is_open;
}

/* 1: it is an account's; 0: nobody's; -1: the store cannot say. */
static int identify_account(struct auth *auth, struct arena *a, struct str token,
                            struct wall now, struct auth_identity *ret, struct err *err)
{
    bool is_granted, is_account;
    struct auth_snapshot *s;
    struct auth_grant grant;

    if (!str_starts(token, STR("sa~")) && !str_starts(token, STR("rq~")))
        return 0;
    is_granted = auth_find_granted(auth, a, token, now, &grant);
    s = snapshot_get(auth, err);
    if (!s)
        return -1;
    is_account =
        (is_granted || find_secret(s, a, token, &grant)) && find_account(s, a, &grant, ret);
    snapshot_unref(auth, s);
    return is_account;
}

static int unknown_token(struct err *err)
{
    return err_set(err, ERR_UNAUTHORIZED, "the token is unknown");
}

int auth_identify(struct auth *auth, struct arena *a, struct str token, struct wall now,
                  struct auth_identity *ret, struct err *err)
{
    return auth_identify_for(auth, a, &(struct auth_shown){token, STR("")}, now, ret, err);
}

int auth_identify_for(struct auth *auth, struct arena *a, const struct auth_shown *shown,
                      struct wall now, struct auth_identity *ret, struct err *err)
{
    struct str token = shown->token;
    const struct auth_token *listed = find_in_file(auth, token);
    int found;

    if (shown->audience.len > 0 && !str_starts(token, STR(AUTH_POD_TOKEN)))
        return unknown_token(err);
    if (secret_is_set(&auth->token) && secret_equals(&auth->token, token)) {
        *ret = auth_admin();
        return 0;
    }
    if (listed) {
        *ret = listed->who;
        return 0;
    }
    found = str_starts(token, STR(AUTH_POD_TOKEN))
                ? identify_pod(auth, a, token, shown->audience, ret, err)
                : identify_account(auth, a, token, now, ret, err);
    if (found != 0)
        return found > 0 ? 0 : -1;
    return unknown_token(err);
}

/* ---- may they ---- */

/* Outside of the namespace that the server manages? All namespaces are; what has none is not.
 */
static bool is_elsewhere(const struct auth *auth, const struct auth_request *what)
{
    const char *managed = auth->options.managed;
    struct str rest = what->resource, plural = STR("");
    const struct object_kind *kind;

    if (!managed || !*managed || what->resource.len == 0)
        return false;
    str_cut(&rest, '/', &plural);
    kind = object_kind_by_plural(what->group, plural);
    return kind && kind->is_namespaced && !str_is(what->ns, managed);
}

int auth_check(struct auth *auth, const struct auth_identity *who,
               const struct auth_request *what, struct err *err)
{
    struct auth_snapshot *s;
    bool is_allowed;

    if (is_elsewhere(auth, what))
        return auth_refusal(who, what, err) < 0
                   ? err_wrap(err, "this server manages namespace %s only",
                              auth->options.managed)
                   : -1;
    if (auth_is_master(who))
        return 0;
    s = snapshot_get(auth, err);
    if (!s)
        return -1;
    is_allowed = auth_roles_allow(s->roles, who, what);
    snapshot_unref(auth, s);
    return is_allowed ? 0 : auth_refusal(who, what, err);
}

int auth_rules(struct auth *auth, struct arena *a, const struct auth_identity *who,
               struct str ns, struct json *ret, struct err *err)
{
    struct auth_snapshot *s = snapshot_get(auth, err);
    struct json rules;

    if (!s)
        return -1;
    rules = auth_roles_rules(s->roles, a, who, ns);
    *ret = json_clone(a, &rules);
    snapshot_unref(auth, s);
    return 0;
}

/* May they do `escalate` or `bind` with the role? */
static bool is_excepted(const struct auth_snapshot *s, const struct auth_identity *who,
                        const char *verb, const char *kind, struct str ns, struct str name)
{
    const struct auth_request what = {
        .verb = str_from(verb),
        .group = STR(AUTH_RBAC_GROUP),
        .resource = strcmp(kind, "Role") == 0 ? STR("roles") : STR("clusterroles"),
        .ns = ns,
        .name = name};

    return auth_roles_allow(s->roles, who, &what);
}

static int refuse_grant(const struct auth_identity *who, const struct auth_request *missing,
                        struct err *err)
{
    return err_set(err, ERR_DENIED,
                   "user \"" STR_FMT "\" is attempting to grant RBAC permissions not currently "
                   "held: {APIGroups:[\"" STR_FMT "\"], Resources:[\"" STR_FMT
                   "\"], Verbs:[\"" STR_FMT "\"]%s" STR_FMT "%s}",
                   STR_ARG(who->user), STR_ARG(missing->group), STR_ARG(missing->resource),
                   STR_ARG(missing->verb), missing->path.len ? ", NonResourceURLs:[\"" : "",
                   STR_ARG(missing->path), missing->path.len ? "\"]" : "");
}

static int check_grant(const struct auth_snapshot *s, const struct auth_identity *who,
                       struct str kind, struct str ns, const struct json *doc, struct err *err)
{
    _cleanup_arena_ struct arena *a = arena_new();
    const struct json *ref = json_get(doc, STR("roleRef")), *rules;
    struct str name = object_name(doc), role_kind = kind;
    const char *exception = "escalate";
    struct auth_request missing = {0};

    if (str_ends(kind, STR("Binding"))) {
        exception = "bind";
        role_kind = json_get_str(ref, STR("kind"));
        name = json_get_str(ref, STR("name"));
        rules = auth_roles_of_ref(s->roles, a, ns, ref);
        if (!rules)
            return err_set(err, ERR_NOT_FOUND,
                           "%s." AUTH_RBAC_GROUP " \"" STR_FMT "\" not found",
                           str_is(role_kind, "Role") ? "roles" : "clusterroles", STR_ARG(name));
    } else {
        rules = json_get(doc, STR("rules"));
        if (json_get(doc, STR("aggregationRule"))) /* what it will hold, nobody knows */
            missing = (struct auth_request){
                .verb = STR("*"), .group = STR("*"), .resource = STR("*")};
    }
    if (is_excepted(s, who, exception, str_is(role_kind, "Role") ? "Role" : "ClusterRole", ns,
                    name))
        return 0;
    if (missing.verb.len > 0 && !auth_roles_allow(s->roles, who, &missing))
        return refuse_grant(who, &missing, err);
    return auth_roles_cover(s->roles, who, ns, rules, &missing)
               ? 0
               : refuse_grant(who, &missing, err);
}

int auth_check_grant(struct auth *auth, const struct auth_identity *who, struct str kind,
                     struct str ns, const struct json *doc, struct err *err)
{
    struct auth_snapshot *s;
    int result;
    bool is_right = false;

    for (size_t i = 0; i < AUTH_KINDS && !is_right; i++)
        is_right = kinds[i].group[0] && str_is(kind, kinds[i].kind);
    if (!is_right || auth_is_master(who))
        return 0;
    s = snapshot_get(auth, err);
    if (!s)
        return -1;
    result = check_grant(s, who, kind, ns, doc, err);
    snapshot_unref(auth, s);
    return result;
}

/* ---- following the store; loop ---- */

static void on_event(void *ctx, const struct store_event *event)
{
    struct auth_watch *w = ctx;

    __atomic_add_fetch(&w->auth->generation, 1, __ATOMIC_SEQ_CST);
    if (w->is_filling && event->object && event->type != STORE_DELETED &&
        (str_is(event->object->key.kind, "ServiceAccount") ||
         str_find(event->object->doc, STR(AUTH_ACCOUNT_TOKEN_TYPE)) != SIZE_MAX))
        auth_fill_soon(w->auth);
}

/* From now on each request reads for itself. */
static void on_end(void *ctx, const struct err *err)
{
    struct auth_watch *w = ctx;

    w->of = NULL;
    __atomic_store_n(&w->auth->is_blind, true, __ATOMIC_SEQ_CST);
    log_warn(NULL, "changes of rights are not followed any more", LOG_ERR(err));
}

static int read_file(struct auth *auth, const char *path, struct err *err)
{
    char *text = arena_alloc_raw(auth->a, AUTH_TOKEN_FILE_MAX_BYTES + 1);
    FILE *file = fopen(path, "re");
    size_t len;
    int sys;

    if (!file)
        return err_sys(err, errno, "open the token file %s", path);
    len = fread(text, 1, AUTH_TOKEN_FILE_MAX_BYTES + 1, file);
    sys = ferror(file) ? errno : 0;
    fclose(file);
    if (sys)
        return err_sys(err, sys, "read the token file %s", path);
    if (len > AUTH_TOKEN_FILE_MAX_BYTES)
        return err_set(err, ERR_LIMIT, "the token file %s is over %d bytes", path,
                       AUTH_TOKEN_FILE_MAX_BYTES);
    return auth_tokens_parse(auth->a, str_from(path), str_of(text, len), &auth->tokens,
                             &auth->token_count, err);
}

struct auth *auth_new(const struct auth_options *options, struct err *err)
{
    struct auth *auth = NEW(struct auth);

    auth->options = *options;
    auth->a = arena_new();
    auth->generation = 1;
    pthread_mutex_init(&auth->lock, NULL);
    secret_init(&auth->token, options->token);
    if (options->token_file && *options->token_file &&
        read_file(auth, options->token_file, err) < 0) {
        auth_free(auth);
        return NULL;
    }
    for (size_t i = 0; i < AUTH_KINDS; i++) {
        const struct store_query q = auth_kind_query(i);
        struct auth_watch *w = &auth->watches[i];

        w->auth = auth;
        w->is_filling = i >= 4 && options->workers;
        w->of =
            store_watch_open(options->store, &q, w->is_filling ? 0 : -1, on_event, on_end, w);
    }
    return auth;
}

void auth_stop(struct auth *auth)
{
    for (size_t i = 0; i < AUTH_KINDS; i++)
        store_watch_close(TAKE(auth->watches[i].of));
    auth->is_wanted = false;
    while (auth->is_running)
        loop_run_once(auth->options.loop, 10);
}

void auth_free(struct auth *auth)
{
    if (!auth)
        return;
    if (auth->snapshot)
        snapshot_free(auth->snapshot);
    secret_done(&auth->token);
    for (size_t i = 0; i < auth->token_count; i++)
        explicit_bzero((char *) (uintptr_t) auth->tokens[i].token.ptr,
                       auth->tokens[i].token.len);
    pthread_mutex_destroy(&auth->lock);
    arena_free(auth->a);
    free(auth);
}

bool auth_has_tokens(const struct auth *auth)
{
    return secret_is_set(&auth->token) || auth->token_count > 0;
}
