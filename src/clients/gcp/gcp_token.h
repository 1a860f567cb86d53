/*
 * clients/gcp/gcp_token.h - access tokens of Google's services: of a service account's key, of
 * a user's, or of the machine's metadata service.
 *
 * Blocking; any thread. Tokens are kept (base/secret_cache.h) until shortly before they end.
 * Neither key nor token is ever part of an error. Source: Google "Using OAuth 2.0 for server to
 * server applications", RFC 7523; Application Default Credentials.
 */
#pragma once

#include "base/arena.h"
#include "base/clock.h"
#include "base/err.h"

/* All borrowed. */
struct gcp_identity {
    struct str key; /* JSON as Google gives it; "": of the file GOOGLE_APPLICATION_CREDENTIALS,
                       or the machine's account */
    struct str scope;                     /* what is to be done with the token */
    const char *(*env)(const char *name); /* NULL: the program's environment */
};

/**
 * gcp_token() - a token
 * @who: whose
 * @a:   where it lives
 * @now: the time, for the assertion and its end
 * @ret: the token
 * @err: ERR_UNAUTHORIZED (refused, or there is no account), ERR_INVALID (the key),
 *       ERR_TRANSIENT, ERR_TIMEOUT
 *
 * Return: 0 or -1.
 */
int gcp_token(const struct gcp_identity *who, struct arena *a, struct wall now, struct str *ret,
              struct err *err);
