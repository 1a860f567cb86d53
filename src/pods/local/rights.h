/*
 * pods/local/rights.h - who a container is, and what it may do: rights.c. Private to
 * pods/local. On a worker.
 */
#pragma once

#include "pods/local/local_internal.h"

/* Who a container of isolation process or host is, and what it may do. */
struct container_rights {
    const struct json *container; /* of the template; NULL ends the list */
    const struct json *security;  /* may be NULL */
    bool has_user; /* the manifest says who it is; else it is who the server is */
    struct bundle_user user;
    int64_t lacks; /* bits of capabilities */
};

/** rights_stage() - find those of all containers; the list in pod->rights lives in @a;
 * ERR_INVALID, ERR_UNSUPPORTED: what this isolation or this server cannot give */
int rights_stage(struct local_pod *pod, struct arena *a, struct err *err);

/** rights_of() - of a container of the template, or NULL: isolation image */
const struct container_rights *rights_of(const struct local_pod *pod,
                                         const struct json *container);

/** rights_plan() - append the words about it, and about its standard streams */
void rights_plan(const struct local_pod *pod, const struct json *container,
                 struct strbuf *plan);

/** rights_has_other() - is one of its containers another user than the server? */
bool rights_has_other(const struct local_pod *pod);

/** rights_open_way() - isolation process: other users than the server's may use the pod's
 * working folder and script */
int rights_open_way(const struct local_pod *pod, int dirfd, struct err *err);

/** rights_share() - give the folder of a volume to the pod's fsGroup, if it has one */
int rights_share(const struct local_pod *pod, const char *path, bool is_read_only,
                 struct err *err);
