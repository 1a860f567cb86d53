/*
 * pods/images/bundle.h - what a container of an image runs as, and the configuration that an
 * OCI runtime is given for it (config.json). What needs an image's files says so; the rest is
 * pure.
 */
#pragma once

#include "base/strbuf.h"
#include "pods/images/images.h"

enum { BUNDLE_GROUPS_MAX = 64 };

struct bundle_user {
    uint32_t uid, gid;
    uint32_t groups[BUNDLE_GROUPS_MAX]; /* further ones */
    size_t group_count;
    struct str home;
};

enum bundle_network { BUNDLE_NETWORK_HOST, BUNDLE_NETWORK_NONE };

struct bundle {
    const struct json *security;  /* securityContext of the container over the pod's, or NULL */
    const struct str *args, *env; /* "NAME=value" */
    size_t arg_count, env_count;
    struct str cwd, hostname;
    struct str cgroup; /* "/tiphys/..." */
    struct str pidns;  /* file: its pid namespace; "": a new one */
    struct bundle_user user;
    enum bundle_network network;
    int64_t memory_bytes; /* 0: no limit */
    int64_t cpu_milli;    /* 0: no limit */
    int64_t cpu_request_milli;
    bool has_swap_limit;             /* the kernel counts swap */
    bool has_cgroups;                /* limits can be set */
    bool has_resolv_conf, has_hosts; /* the machine has these files of /etc */
    bool has_tty;
};

/**
 * bundle_command() - what runs: as Kubernetes merges the container's command and args with the
 * image's entrypoint and command
 * @config:    of the image; may be NULL
 * @container: of the manifest
 * @a:         holds the array
 * @ret:       its words as they stand, without $(VAR) replaced
 * @ret_count: how many; 0: neither says what to run
 */
void bundle_command(const struct json *config, const struct json *container, struct arena *a,
                    const struct json **ret, size_t *ret_count);

/** bundle_security() - the container's securityContext over the pod's; NULL: neither is there
 */
const struct json *bundle_security(struct arena *a, const struct json *pod,
                                   const struct json *container);

/** bundle_check() - refuse what a securityContext asks for and is not done here;
 * ERR_UNSUPPORTED, ERR_INVALID */
int bundle_check(const struct json *security, struct err *err);

/**
 * bundle_user_find() - who a container runs as
 * @images:   for the files of @image
 * @security: its securityContext, or NULL
 * @err:      ERR_INVALID: a name that the image does not know, root where it must not be
 *
 * Return: 0 or -1.
 */
int bundle_user_find(const struct images *images, const struct image *image,
                     const struct json *security, struct arena *a, struct bundle_user *ret,
                     struct err *err);

/* What a container's user is looked up in. */
struct bundle_names {
    struct str spec;          /* who it is without a word of the manifest */
    struct str passwd, group; /* texts of these files */
    struct str image;         /* its name, for messages */
};

/** bundle_user_choose() - as bundle_user_find(), where there are no files of an image */
int bundle_user_choose(const struct bundle_names *names, const struct json *security,
                       struct arena *a, struct bundle_user *ret, struct err *err);

/** bundle_user_parse() - as bundle_user_find(), with the texts of passwd and group; @spec is
 * "", "user", "uid", with ":group" or ":gid" or without */
int bundle_user_parse(struct str spec, struct str passwd, struct str group, struct arena *a,
                      struct bundle_user *ret, struct err *err);

/** bundle_print() - the configuration */
void bundle_print(const struct bundle *b, struct strbuf *out);

/** bundle_print_capabilities() - its part about capabilities */
void bundle_print_capabilities(const struct json *security, struct strbuf *out);

/** bundle_lacks() - which capabilities it must not have: their bits, all 63 for ALL, less those
 * that it adds; ERR_INVALID: a name that is none */
int bundle_lacks(const struct json *security, int64_t *ret, struct err *err);

/** bundle_seccomp() - its part about system calls */
const char *bundle_seccomp(void);
