/* clients/kubernetes/kubernetes_internal.h - what the files of the client share. */
#pragma once

#include <pthread.h>

#include "base/map.h"
#include "base/vec.h"
#include "clients/kubernetes/kubernetes_client.h"
#include "io/http_client.h"

struct kubernetes {
    struct arena *arena; /* of the configuration */
    struct kubeconfig config;
    struct str base; /* URL without a slash at its end */
    pthread_mutex_t lock;
    VEC(struct http_client *) idle; /* lock */
    struct map lists;               /* lock: "apps/v1" to its struct kubernetes_list */
};

/* What is served of one version of a group; owned by the map. */
struct kubernetes_list {
    struct arena *arena;
    struct json doc; /* APIResourceList */
};

/** kubernetes_lists_free() - what discovery has kept */
void kubernetes_lists_free(struct kubernetes *k);

/** kubernetes_fail() - what an answer that is no success says, in kubectl's words; -1 */
int kubernetes_fail(struct arena *a, const struct kubernetes_call *call,
                    const struct http_answer *answer, struct err *err);
