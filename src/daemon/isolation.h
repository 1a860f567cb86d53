/* daemon/isolation.h - what pods of this machine run in, as the operator asked for it. */
#pragma once

#include "daemon/daemon.h"
#include "pods/local/local.h"

/**
 * isolation_choose() - the isolation, the rules and, where they need it, the store of images
 * @folder: state folder
 * @shim:   path of tiphys-shim
 * @a:      holds the rules
 * @ret:    gets its members for that; images is the caller's, to be closed after the runner
 * @err:    ERR_INVALID: a value that is none; ERR_UNSUPPORTED: not on this machine; ERR_IO
 *
 * Return: 0 or -1.
 */
int isolation_choose(const struct daemon_options *options, const char *folder, const char *shim,
                     struct arena *a, struct local_options *ret, struct err *err);
