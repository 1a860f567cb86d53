/* cli/isolation.h - the flags of `server` and `dev` that say how pods run on this machine. */
#pragma once

#include "cli/cli.h"
#include "daemon/daemon.h"

/* Rows of their tables, sorted; between names beginning with "hsts" and "kube". */
#define CLI_ISOLATION_FLAGS                                                                   \
    {.name = "image-archives",                                                                \
     .state = FLAG_OWN,                                                                       \
     .help = "folder whose archives may be used as images (oci-archive:, docker-archive:, "   \
             "oci:)"},                                                                        \
        {.name = "image-auth",                                                                \
         .state = FLAG_OWN,                                                                   \
         .help = "file with the passwords of registries, as skopeo login writes it"},         \
        {.name = "image-network",                                                             \
         .state = FLAG_OWN,                                                                   \
         .fallback = "host",                                                                  \
         .help = "network of pods of isolation image: host, none or bridge, of their own"},   \
        {.name = "image-range",                                                               \
         .state = FLAG_OWN,                                                                   \
         .fallback = "10.242.0.0/16",                                                         \
         .help = "addresses of pods on the bridge"},                                          \
        {.name = "image-registries",                                                          \
         .state = FLAG_OWN,                                                                   \
         .help =                                                                              \
             "file with mirrors of registries, as registries.conf (default: the machine's)"}, \
        {.name = "image-store-mib",                                                           \
         .state = FLAG_OWN,                                                                   \
         .type = FLAG_INT,                                                                    \
         .fallback = "0",                                                                     \
         .help = "MiB of images that are kept; 0: 20480"},                                    \
        {.name = "isolation",                                                                 \
         .state = FLAG_OWN,                                                                   \
         .help = "what a step's container sees: process, host or image (default: host where " \
                 "this machine lets us)"},                                                    \
    {                                                                                         \
        .name = "isolation-rule", .state = FLAG_OWN, .type = FLAG_LIST,                       \
        .help =                                                                               \
            "PATTERN=ISOLATION: pods whose image is like the pattern have this isolation; "   \
            "the first that fits counts"                                                      \
    }

/* Behind those that begin with "port". */
#define CLI_RUNTIME_FLAGS                                                              \
    {                                                                                  \
        .name = "runtime", .state = FLAG_OWN,                                          \
        .help = "OCI runtime of isolation image: crun, runc or a path (default: crun " \
                "where it works, else runc)"                                           \
    }

/** cli_isolation_options() - put their values into the daemon's options; lists in @a */
void cli_isolation_options(struct cli *cli, struct arena *a, struct daemon_options *ret);
