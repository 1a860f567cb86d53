/*
 * cli/connect.h - which server a command talks to, and as whom: flags, environment, and
 * kubectl's configuration when a flag asks for it.
 */
#pragma once

#include "cli/cli.h"
#include "clients/kubernetes/kubeconfig.h"
#include "io/http_client.h"

/* Immutable once it is made: streams read it on other threads. */
struct cli_server {
    struct str url; /* scheme, host, port, base path */
    const struct http_header *headers;
    size_t header_count;
    uint64_t timeout_ms; /* 0: the client's */
    bool skip_tls_verify;
    const char *ca_file, *cert_file, *key_file; /* or NULL */
    struct str ca_pem, cert_pem, key_pem;       /* or empty */
    const char *proxy;                          /* URL, or NULL */
    const char *tls_server_name;                /* or NULL: that of the URL */
};

/**
 * connect_load() - read kubectl's configuration when --kubeconfig, --context, --cluster or
 * --user is given
 * @cli: cli->kube is set, or stays NULL
 * @err: ERR_INVALID, ERR_NOT_FOUND: a file or a name that is not there
 */
int connect_load(struct cli *cli, struct err *err);

/** connect_load_default() - the same, whatever the flags say; cli->kube stays NULL when there
 * is no file */
int connect_load_default(struct cli *cli, struct err *err);

/** connect_server() - the server of the command, made of all that; ERR_INVALID */
int connect_server(struct cli *cli, struct cli_server *ret, struct err *err);

/** connect_authorization() - value of the header Authorization: "Bearer ..." or "Basic ...";
 * empty when nobody says who asks */
int connect_authorization(struct cli *cli, struct str *ret, struct err *err);
