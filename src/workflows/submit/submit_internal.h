/* workflows/submit/submit_internal.h - what the files of this room share: options, references,
 * rules, creation. Any thread; blocks on the store where a store is passed. */
#pragma once

#include "objects/object.h"
#include "workflows/submit/submit.h"

/** submit_apply_options() - the document with the options of `argo submit` applied; pure
 * @err: ERR_INVALID for labels or parameters that are no NAME=VALUE */
int submit_apply_options(struct arena *a, const struct json *doc,
                         const struct workflow_submit_options *options, struct json *ret,
                         struct err *err);

/** submit_merge_spec() - a template's spec under the workflow's own: the workflow wins, lists
 * of named things are joined by name; pure */
struct json submit_merge_spec(struct arena *a, const struct json *base, const struct json *own);

/** submit_under() - a workflow with the controller's workflowDefaults (or NULL) for what it
 * does not say; what it refers to comes before them, see submit_references(); pure */
struct json submit_under(struct arena *a, const struct json *doc, const struct json *defaults);

/**
 * submit_references() - what a workflow refers to, frozen into status
 * @doc: prepared Workflow
 * @defaults: as submit_under()
 * @ret: with status.storedWorkflowTemplateSpec, status.storedTemplates and the label of its
 * template, as far as it refers to any
 * @err: ERR_NOT_FOUND, with the place in the document; ERR_IO
 */
int submit_references(struct arena *a, struct store *store, const struct json *doc,
                      const struct json *defaults, struct json *ret, struct err *err);

/** submit_check_rules() - the rules of a workflow or template with all that it refers to, below
 * the @defaults of all workflows (or NULL); ERR_INVALID in upstream's words, ERR_IO */
int submit_check_rules(struct arena *a, struct store *store, const struct json *doc,
                       const struct json *defaults, struct err *err);

/** submit_restrict() - may a submitter say that? ERR_INVALID in upstream's words; pure */
int submit_restrict(const struct json *doc, enum config_referencing how, struct err *err);

/** submit_gate() - the strict gate; @ret: the document with its kind; ERR_INVALID,
 * ERR_UNSUPPORTED with its faults */
int submit_gate(struct arena *a, const struct json *doc, struct object_document *ret,
                struct err *err);

/** submit_create() - workflow_submitter.create() */
int submit_create(void *submitter, const struct json *doc, struct str ns, struct str mark,
                  const struct store_object **ret, struct err *err);

/** submit_find() - workflow_submitter.find() */
int submit_find(void *submitter, struct arena *a, const struct json *doc, struct str ns,
                struct json *ret, struct err *err);

/** submit_change() - workflow_submitter.change() */
int submit_change(void *submitter, const struct object_change *change,
                  const struct store_object **ret, struct err *err);
