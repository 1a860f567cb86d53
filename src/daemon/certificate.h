/* daemon/certificate.h - what the server shows of itself over TLS: a Secret's certificate, or
 * one of its own that is made once and kept in its folder. Blocks; before the loop runs. */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "store/store.h"

struct certificate {
    const char *cert, *key; /* PEM texts, in the arena */
};

/**
 * certificate_of_secret() - the certificate of a Secret of type kubernetes.io/tls
 * @name: "NAME" (namespace argo) or "NAMESPACE/NAME"
 * @err:  ERR_NOT_FOUND; ERR_INVALID: it lacks tls.crt or tls.key
 */
int certificate_of_secret(struct store *store, struct arena *a, const char *name,
                          struct certificate *ret, struct err *err);

/**
 * certificate_own() - the server's own, from FOLDER/tls.crt and FOLDER/tls.key; made when they
 * are not there: for this machine's name, localhost and its addresses, signed by itself, so
 * that clients can trust it with --certificate-authority FOLDER/tls.crt
 * @err: ERR_IO, ERR_INTERNAL
 */
int certificate_own(const char *folder, struct arena *a, struct certificate *ret,
                    struct err *err);
