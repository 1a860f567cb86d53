/* What ServiceAccounts may. See accounts.h. */
#include "daemon/accounts.h"

/* Roles and bindings: nobody gives what they do not have. What a patch makes of one is not
 * known, so it needs the right to give everything. */
static int check_grant(struct auth *auth, const struct auth_identity *who,
                       const struct submit_act *act, struct auth_request *what, struct err *err)
{
    if (strcmp(act->kind->group, AUTH_RBAC_GROUP) != 0)
        return 0;
    if (act->doc)
        return auth_check_grant(auth, who, str_from(act->kind->kind), act->of_ns, act->doc,
                                err);
    what->verb = STR("escalate");
    return strcmp(act->verb, "patch") == 0 ? auth_check(auth, who, what, err) : 0;
}

/* Worker. */
static int may(void *ctx, const struct submit_act *act, struct err *err)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct accounts *accounts = ctx;
    const struct auth_identity who =
        auth_identity_of(a,
                         str_printf(a, AUTH_ACCOUNT STR_FMT ":" STR_FMT, STR_ARG(act->ns),
                                    STR_ARG(act->account)),
                         STR(""), NULL, 0);
    struct auth_request what = {.verb = str_from(act->verb),
                                .group = str_from(act->kind->group),
                                .resource = str_from(act->kind->plural),
                                .ns = act->of_ns,
                                .name = act->name,
                                .path = STR("")};
    bool is_read = strcmp(act->verb, "get") == 0 || strcmp(act->verb, "delete") == 0;

    if (auth_check(accounts->auth, &who, &what, err) < 0)
        return -1;
    return is_read ? 0 : check_grant(accounts->auth, &who, act, &what, err);
}

int accounts_open(struct accounts *accounts, const struct auth_options *options,
                  struct err *err)
{
    accounts->auth = auth_new(options, err);
    accounts->rights = (struct submit_rights){.ctx = accounts, .may = may};
    return accounts->auth ? 0 : -1;
}
