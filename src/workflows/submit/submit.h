/*
 * workflows/submit/submit.h - the one way in for workflows: from the API, the CLI, a trigger, a
 * schedule.
 *
 * Everything that makes a Workflow goes through here: options of `argo submit` applied,
 * references checked, defaults, validation, name given, created in the store. Any thread;
 * blocks on the store: workers and http threads only. Source:
 * ../shared/spec/workflows.md 1.9, 4.25, 7; events.md 5.4.
 */
#pragma once

#include "config/config.h"
#include "formats/json.h"
#include "formats/patch.h"
#include "store/store.h"

struct workflow_submit_options {
    struct str ns;            /* "" : the document's, else "default" */
    struct str name;          /* override metadata.name, or "" */
    struct str generate_name; /* override, or "" */
    struct str entrypoint, service_account;
    struct str labels; /* "a=b,c=d" to add, or "" */
    struct str annotations;
    const struct str *parameters; /* "name=value" each, override arguments */
    size_t parameter_count;
    const struct str *from_labels; /* further label pairs as key, value, key, value */
    size_t from_label_count;
    int32_t priority;
    bool has_priority;
    bool dry_run;   /* all but the creation */
    bool unaltered; /* of a dry run: the Workflow as these options make it is returned, without
                       what its creation would give to it */
    /* With both name and generateName: take the name while it is free, a generated one after
     * (our extension of tutorials' `submit`). */
    bool name_or_generate;
    struct str once_mark;     /* effect identity: create at most once ever; "" none */
    struct str creator;       /* for workflows.argoproj.io/creator, or "" */
    const struct json *nodes; /* status.nodes that it begins with, of the name that the document
                                 has: what ran before and is not to run again; or NULL */
};

/* What is to become of an object that may be there. */
struct object_change {
    enum { OBJECT_UPDATE, OBJECT_PATCH, OBJECT_DELETE } operation;
    const struct json *doc;   /* names the object; laid over it, or the patch; its
                                 resourceVersion is the precondition */
    const struct json *named; /* names the object when @doc does not; NULL: @doc does */
    enum patch_type patch;    /* OBJECT_PATCH */
    struct str ns;            /* where the document has none */
    struct str once_mark;     /* identity of the effect: it happens once ever; or "" */
};

struct submit_rights;

struct workflow_submitter {
    void *ctx;                          /* itself: it stays where it was made */
    const struct submit_rights *rights; /* of ServiceAccounts (rights.h); NULL: they may all */
    struct store *store;
    struct config_holder *config; /* for workflowDefaults; NULL: there are none */
    /**
     * submit() - create a workflow
     * @doc: a Workflow
     * @ret: the created object (also when the once_mark found it made before); a reference for
     * the caller
     * @err: ERR_INVALID (validation text as upstream's), ERR_UNSUPPORTED, ERR_EXISTS,
     * ERR_NOT_FOUND (template), ERR_LIMIT (too large), ERR_TRANSIENT, ERR_IO
     */
    int (*submit)(void *ctx, const struct json *doc,
                  const struct workflow_submit_options *options,
                  const struct store_object **ret, struct err *err);
    /** submit_from() - a Workflow made from a WorkflowTemplate, ClusterWorkflowTemplate or
     * CronWorkflow ("kind", name) */
    int (*submit_from)(void *ctx, struct str kind, struct str name,
                       const struct workflow_submit_options *options,
                       const struct store_object **ret, struct err *err);
    /**
     * create() - create an object of any kind that is served, through the same gate; a Workflow
     * is submitted
     * @ns:   namespace where the document has none, or ""
     * @mark: identity of the effect, or ""
     * @ret:  reference for the caller
     */
    int (*create)(void *ctx, const struct json *doc, struct str ns, struct str mark,
                  const struct store_object **ret, struct err *err);
    /** find() - the stored object that a document names, with its resourceVersion, in @a;
     * ERR_NOT_FOUND */
    int (*find)(void *ctx, struct arena *a, const struct json *doc, struct str ns,
                struct json *ret, struct err *err);
    /**
     * change() - change an object of any kind that is served, through the same gate; one that
     * is not there is created, or deleted already
     * @ret: as it is then, a reference for the caller; NULL when it is deleted
     * @err: as create(); ERR_CONFLICT: it has another resourceVersion than the document, or
     *       was changed by others at each of PATCH_TRIES_MAX tries
     */
    int (*change)(void *ctx, const struct object_change *change,
                  const struct store_object **ret, struct err *err);
};

/** workflow_submitter_init() - a submitter on a store, without a config; nothing to release;
 * the store outlives it */
void workflow_submitter_init(struct workflow_submitter *s, struct store *store);
