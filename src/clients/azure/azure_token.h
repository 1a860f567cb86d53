/*
 * clients/azure/azure_token.h - access tokens of Microsoft Entra for Azure's storage: of an
 * application with a secret, of a workload identity, or of the machine's managed identity, in
 * this order, as Azure's own clients find them.
 *
 * Blocking; any thread. Tokens are kept (base/secret_cache.h) until shortly before they end.
 * Source: Microsoft identity platform, OAuth 2.0 client credentials; instance metadata service.
 */
#pragma once

#include "base/arena.h"
#include "base/clock.h"
#include "base/err.h"

/* All borrowed. */
struct azure_identity {
    const char *(*env)(const char *name); /* NULL: the program's environment */
};

/** azure_token() - a token for https://storage.azure.com, in the arena; ERR_UNAUTHORIZED
 * (refused, or there is no identity), ERR_INVALID (a setting), ERR_TRANSIENT, ERR_TIMEOUT */
int azure_token(const struct azure_identity *who, struct arena *a, struct wall now,
                struct str *ret, struct err *err);
