/*
 * daemon/pod_access.h - how pods reach this server's API: its place, which is known when it
 * listens, and tokens of their ServiceAccounts. Opened and closed on the loop thread; given out
 * on workers, which wait until the server listens.
 */
#pragma once

#include <pthread.h>

#include "daemon/daemon.h"
#include "pods/pod.h"
#include "store/store.h"

struct pod_access_giver {
    struct store *store;
    const struct daemon_options *options;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    uint16_t port;                 /* under lock; 0: it does not listen yet */
    bool is_closed;                /* under lock */
    char program[4096], ca[16384]; /* this program; PEM; set before the port */
    char base[256];
    char gateway[16]; /* this machine as pods with a network of their own see it; or "" */
};

/** pod_access_open() - the server does not listen yet; @g stays where it is */
struct pod_accesses pod_access_open(struct pod_access_giver *g, struct store *store,
                                    const struct daemon_options *options);

/** pod_access_bridge() - before the first pod: where such pods find this machine */
void pod_access_bridge(struct pod_access_giver *g, struct str gateway);

/** pod_access_listens() - from now on it does */
void pod_access_listens(struct pod_access_giver *g, uint16_t port, const char *base,
                        const char *ca);

/** pod_access_close() - who waits, waits no longer */
void pod_access_close(struct pod_access_giver *g);
