/*
 * workflows/engine/resource_template.h - carries out a resource template: on objects that are
 * served here, or in a cluster. Private to workflows/engine.
 */
#pragma once

#include "artifacts/artifact.h"
#include "clients/kubernetes/kubernetes_contexts.h"
#include "formats/json.h"
#include "workflows/submit/submit.h"

/* Annotation of a template, a Workflow or a Namespace that names a context, or "here". */
#define RESOURCE_CLUSTER "tiphys/cluster"

enum resource_state {
    RESOURCE_NEW,   /* not done, also when what is asked cannot answer now */
    RESOURCE_WAITS, /* done; its conditions are looked at again later */
    RESOURCE_SUCCEEDED,
    RESOURCE_FAILED,
};

struct resource_job {
    struct workflow_submitter *submitter;
    const struct artifact_house *artifacts; /* for manifestFrom; NULL: there are none */
    struct kubernetes_contexts *clusters;   /* NULL: there are none */
    struct str cluster;                     /* what RESOURCE_CLUSTER says, or "" */
    int cancel_fd;
    struct str account;                /* ServiceAccount that it acts as; "": default */
    struct str ns, mark;               /* @mark: identity of the effect */
    struct str workflow, workflow_uid; /* the owner, with setOwnerReference */
    struct json tmpl;                  /* resolved */
    enum resource_state state;         /* from here: what came of it, in the arena */
    struct json object;                /* names the object that is looked at */
    struct str log;                    /* what was done, in lines */
    struct str message;                /* also, of RESOURCE_NEW: what it waits for */
    const struct json *outputs;        /* parameters, exitCode */
};

/** resource_template_run() - do the action, or after RESOURCE_WAITS look at the object again;
 * on a worker; blocks on the store */
void resource_template_run(struct resource_job *job, struct arena *a);
