/* daemon/daemon.h - the server: every room opened in order, connected, run on one loop, and
 * closed in the reverse order. */
#pragma once

#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

struct daemon_options {
    const char *address;    /* numeric */
    uint16_t port;          /* 0: any; the log and DATA/port say which */
    const char *data;       /* folder; made 0700 */
    const char *token;      /* who sends it may do everything; "" none */
    const char *token_file; /* tokens of others; NULL or "": none */
    const char *webhook_address;
    const char *isolation; /* "process", "host", "image"; "" or NULL: process or host, whichever
                              works here */
    const struct str *rules; /* "PATTERN=ISOLATION" */
    size_t rule_count;
    const char
        *runtime; /* of isolation image: "crun", "runc", a path; "" or NULL: what works */
    const char *network; /* of isolation image: "host", "none", "bridge"; "" or NULL: host */
    const char *image_range; /* of addresses on the bridge; "" or NULL: BRIDGE_RANGE_DEFAULT */
    const char *image_archives, *image_auth,
        *image_registries;   /* see images_options; or NULL */
    int64_t image_store_mib; /* 0: the usual */
    const char *kubeconfig;  /* of clusters for resource templates; "" or NULL: the cluster in
                                whose pod the server runs, if any */
    const char *context, *cluster, *user; /* of it; "" or NULL: the current ones */
    const char *config_map;    /* "NAME" or "NAMESPACE/NAME"; "" or NULL: the default */
    const char *host_paths;    /* folders that hostPath may name, by ':'; "" or NULL: none */
    const char *node_labels;   /* of this machine: "key=value", by ','; "" or NULL: none */
    const char *shim;          /* path of tiphys-shim; "" or NULL: beside the program */
    uint64_t rate_limit;       /* requests a second of one address; 0: any */
    bool is_event_async;       /* events for bindings are answered before they are dispatched */
    uint64_t event_room;       /* then so many may be under way */
    const char *managed;       /* the only namespace that is served; "" or NULL: all */
    const char *base;          /* path that everything is served below; "" or NULL: none */
    const char *origin;        /* that browsers may call from; "" or NULL: none */
    const char *frame_options; /* who may show answers in a frame; "" or NULL: not said */
    const char *tls_secret;    /* Secret with the certificate; "" or NULL: our own */
    bool is_secure;            /* TLS */
    bool has_hsts;             /* tell browsers to come by TLS only */
    bool is_open;
    bool is_metrics_open; /* /metrics needs no token */
};

/** daemon_run() - serve until SIGTERM or SIGINT; ERR_EXISTS when the folder or the port is in
 * use, ERR_INVALID, ERR_IO */
int daemon_run(const struct daemon_options *options, struct err *err);
