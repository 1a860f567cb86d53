/*
 * workflows/submit/rights.h - what manifests may do to objects: what the ServiceAccount may, as
 * which they run, as with upstream, whose pods hold its token.
 *
 * Who decides is connected by the daemon; without it all may everything. Workers; may block.
 */
#pragma once

#include "objects/object.h"
#include "workflows/submit/submit.h"

/* What a ServiceAccount is about to do. */
struct submit_act {
    struct str ns, account; /* the ServiceAccount */
    const char *verb;       /* Kubernetes': "create" */
    const struct object_kind *kind;
    struct str of_ns, name; /* what it does it to; name "" for what is created */
    const struct json *doc; /* what it becomes; NULL: that is not known */
};

struct submit_rights {
    void *ctx;
    /** may() - ERR_DENIED in Kubernetes' words; ERR_IO of the store */
    int (*may)(void *ctx, const struct submit_act *act, struct err *err);
};

/* As whom a manifest acts. */
struct submit_actor {
    const struct workflow_submitter *submitter; /* its rights; NULL there: may everything */
    struct str ns, account;                     /* account "": "default" */
};

/** submit_may() - may @who do that to the object that a document names? One of a kind that is
 * not served is for others to refuse */
int submit_may(const struct submit_actor *who, const char *verb, const struct json *doc,
               struct err *err);

/** submit_may_change() - the same for a change that creates what is not there; scratch in @a */
int submit_may_change(const struct submit_actor *who, struct arena *a, const char *verb,
                      const struct json *doc, struct err *err);

/** submit_may_kind() - the same for an object of any kind, also one that is not served here;
 * @act without its ServiceAccount */
int submit_may_kind(const struct submit_actor *who, const struct submit_act *act,
                    struct err *err);

/** submit_may_named() - the same for an object of Argo's by its kind and name */
int submit_may_named(const struct submit_actor *who, const char *verb, const char *kind,
                     struct str ns, struct str name, struct err *err);
