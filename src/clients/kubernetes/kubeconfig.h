/*
 * clients/kubernetes/kubeconfig.h - kubectl's configuration: the server of a context, whom it
 * trusts, who asks.
 *
 * Reading is pure; files that a configuration names are named relative to its folder. Programs
 * that make credentials (exec) and providers of clouds are not run.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"

/* What is asked for; NULL: what the configuration says itself. */
struct kubeconfig_choice {
    const char *context, *cluster, *user;
};

enum { KUBECONFIG_GROUPS_MAX = 16 };

/* Texts are empty when there is none. */
struct kubeconfig {
    struct str server; /* URL */
    struct str ns;
    struct str ca_file, ca_pem;
    struct str cert_file, cert_pem, key_file, key_pem;
    struct str token, token_file;
    struct str username, password;
    struct str tls_server_name, proxy_url;
    struct str as, as_uid; /* whom the user acts as */
    struct str as_groups[KUBECONFIG_GROUPS_MAX];
    size_t as_group_count;
    bool skips_verify;
};

/**
 * kubeconfig_parse() - one file's text
 * @a:      where the result lives
 * @text:   YAML
 * @folder: of the file, for relative paths
 * @choice: names that count instead of the current ones
 * @ret:    the context's cluster and user; a member that is not there leaves its texts empty
 * @err:    ERR_INVALID: no YAML, a name without its entry, a user that needs a program
 *
 * Return: 0 or -1.
 */
int kubeconfig_parse(struct arena *a, struct str text, struct str folder,
                     const struct kubeconfig_choice *choice, struct kubeconfig *ret,
                     struct err *err);

/** kubeconfig_copy() - all texts copied into @a */
void kubeconfig_copy(struct arena *a, const struct kubeconfig *from, struct kubeconfig *ret);

/**
 * kubeconfig_in_cluster() - the cluster in whose pod this program runs
 * @a:      where the result lives
 * @folder: with the token and ca.crt of the pod's ServiceAccount
 * @ret:    what KUBERNETES_SERVICE_HOST, KUBERNETES_SERVICE_PORT and the folder say
 *
 * Return: false when it runs in none, or the pod has no token.
 */
bool kubeconfig_in_cluster(struct arena *a, struct str folder, struct kubeconfig *ret);
