/* pods/local/zygote.h - the process that forks shims, as the runner sees it. */
#pragma once

#include "base/str.h"
#include "io/loop.h"

struct zygote;

struct zygote_hooks {
    void (*started)(void *ctx, uint64_t tag); /* both on the loop */
    void (*ended)(void *ctx, uint64_t tag, const struct err *err);
    void (*lost)(void *ctx); /* the zygote itself has died; shims go on */
    void *ctx;
};

/** zygote_new() - a stopped one; owned; @shim is borrowed */
struct zygote *zygote_new(struct loop *loop, const char *shim,
                          const struct zygote_hooks *hooks);

/** zygote_start() - spawn it (also again, after it was lost or stopped); reports come on the
 * loop; ERR_IO, ERR_NOT_FOUND */
int zygote_start(struct zygote *z, struct err *err);

/** zygote_send() - ask for a pod by its absolute folder; workers: waits while the zygote has
 * more requests than it takes; ERR_TRANSIENT when it is gone */
int zygote_send(struct zygote *z, uint64_t tag, struct str dir, struct err *err);

/** zygote_stop() - close its socket: it ends, its shims go on; loop thread */
void zygote_stop(struct zygote *z);

/** zygote_free() - stop and release; NULL is a no-op; nobody may be sending */
void zygote_free(struct zygote *z);
