/*
 * clients/kubernetes/kubernetes_client.h - the API of a Kubernetes cluster: kinds that it
 * serves, and objects of any of them as JSON documents.
 *
 * Blocking; a cluster may be used by several threads at once, each call has a connection of its
 * own meanwhile. Errors read as kubectl's ("Error from server (NotFound): ..."). Files that the
 * configuration names are read at each call: tokens are renewed there. Source: Kubernetes API
 * concepts, 1.35.
 */
#pragma once

#include "clients/kubernetes/kubeconfig.h"
#include "formats/json.h"

struct kubernetes;

/* A kind as the cluster serves it. */
struct kubernetes_kind {
    struct str group; /* "" for core */
    struct str version, kind, plural;
    bool is_namespaced;
};

/** kubernetes_new() - a cluster by its configuration, which is copied; owned. Nothing is asked
 * yet; ERR_INVALID: it names no server */
struct kubernetes *kubernetes_new(const struct kubeconfig *config, struct err *err);

/** kubernetes_free() - close the connections and release it; NULL is a no-op */
void kubernetes_free(struct kubernetes *k);
DEFINE_CLEANUP(struct kubernetes *, kubernetes_free)

/* Who looks for kinds. */
struct kubernetes_asker {
    struct kubernetes *cluster;
    struct arena *a; /* where results live */
    int cancel_fd;   /* as in struct http_call */
};

/**
 * kubernetes_find_kind() - the kind of a document
 * @who:         asks
 * @api_version: "apps/v1", "v1"
 * @kind:        "Deployment"
 * @ret:         the kind; answers are kept, one that lacks the kind is asked for again
 * @err:         ERR_NOT_FOUND: the cluster does not serve it; else as kubernetes_do()
 *
 * Return: 0 or -1.
 */
int kubernetes_find_kind(const struct kubernetes_asker *who, struct str api_version,
                         struct str kind, struct kubernetes_kind *ret, struct err *err);

/** kubernetes_find_resource() - a kind by kubectl's word for it: plural, singular, short name
 * or kind, perhaps with ".group" behind it; of all groups in the order of the server */
int kubernetes_find_resource(const struct kubernetes_asker *who, struct str word,
                             struct kubernetes_kind *ret, struct err *err);

/** kubernetes_path() - path of an object, or of the collection when @name is ""; @ns is left
 * out for kinds without namespaces */
struct str kubernetes_path(struct arena *a, const struct kubernetes_kind *kind, struct str ns,
                           struct str name);

struct kubernetes_call {
    const char *method;
    struct str path;          /* with its query */
    const char *content_type; /* of the body; NULL: application/json */
    const struct json *body;  /* or NULL */
    const char *doing;        /* kubectl's words in front of what the server says, or NULL */
    int cancel_fd;
};

/**
 * kubernetes_do() - one call
 * @k:    cluster
 * @a:    where the result lives
 * @call: what is asked
 * @ret:  the document that came back
 * @err:  the kind is of the server's reason: ERR_NOT_FOUND, ERR_EXISTS, ERR_CONFLICT,
 *        ERR_DENIED, ERR_UNAUTHORIZED, ERR_INVALID, ERR_TRANSIENT; else as http_client_do()
 *
 * Return: 0, or -1 also for every status that is no success.
 */
int kubernetes_do(struct kubernetes *k, struct arena *a, const struct kubernetes_call *call,
                  struct json *ret, struct err *err);
