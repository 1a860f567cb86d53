/*
 * clients/azure/azure_sign.h - Shared Key authorization of requests to Azure's storage. Pure.
 * Source: Azure Storage REST "Authorize with Shared Key", for versions 2015-02-21 and later.
 */
#pragma once

#include "base/secret.h"
#include "io/http_server.h" /* struct http_header */

struct azure_key {
    struct str account;
    struct secret key; /* as the portal shows it: base64 */
};

struct azure_request {
    struct str method;
    struct str path;                   /* as it is sent, escaped, with the slash */
    struct str query;                  /* as it is sent, without "?"; "" none */
    const struct http_header *headers; /* x-ms-* in the order of their names; others as sent */
    size_t header_count;
    uint64_t body_len;
};

/** azure_sign() - the value of Authorization, in the arena; ERR_INVALID when the key is not
 * base64. @ret_text: what is signed, for tests and people who debug; or NULL */
int azure_sign(struct arena *a, const struct azure_request *r, const struct azure_key *key,
               struct str *ret, struct str *ret_text, struct err *err);
