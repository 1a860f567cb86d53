/*
 * daemon/accounts.h - the rights of ServiceAccounts, for manifests that act as one: resource
 * templates and triggers. Opened and closed on the loop thread.
 */
#pragma once

#include "api/auth/auth.h"
#include "workflows/submit/rights.h"

struct accounts {
    struct auth *auth;
    struct submit_rights rights;
};

/** accounts_open() - follow the Roles of a store; @accounts stays where it is */
int accounts_open(struct accounts *accounts, const struct auth_options *options,
                  struct err *err);
