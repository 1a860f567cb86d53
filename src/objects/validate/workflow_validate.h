/*
 * objects/validate/workflow_validate.h - the rules of workflows that need the whole object and
 * the templates that it refers to: a Workflow, WorkflowTemplate, ClusterWorkflowTemplate or
 * CronWorkflow as `argo lint`, `argo submit` and the server's create look at it.
 *
 * Every template is looked at, those that nobody calls, too. The first broken rule only, in the
 * original's words and order. Tags are checked against the names that there will be; what
 * stands in "{{=...}}" is not looked at. The object must have passed its table. Pure but for
 * the caller's look-up; any thread. Doesn't do: defaults, decoding.
 * ../shared/golden/lang/go-validate.jsonl decides.
 */
#pragma once

#include "formats/json.h"

enum validate_purpose {
    VALIDATE_CREATE, /* the server's create */
    VALIDATE_LINT,   /* arguments of the workflow may lack their values */
    VALIDATE_SUBMIT, /* a template that is submitted: its arguments must have values */
};

enum validate_where { VALIDATE_NAMESPACED, VALIDATE_CLUSTER };

/* Where the templates are that an object refers to. */
struct validate_finder {
    void *ctx;
    /**
     * find() - a WorkflowTemplate or ClusterWorkflowTemplate
     * @a:   where it may live
     * @ret: the whole object
     * @err: ERR_NOT_FOUND when there is none; its text is told when @has_own_words
     */
    int (*find)(void *ctx, struct arena *a, struct str name, enum validate_where where,
                const struct json **ret, struct err *err);
    bool has_own_words; /* else the server's: "template reference x.y not found" */
};

struct validate_request {
    const struct json *doc;               /* the whole object, of one of the four kinds */
    const struct validate_finder *finder; /* NULL: what is referred to counts as good */
    enum validate_purpose purpose;
    const struct json *defaults; /* of all workflows, as workflowDefaults has them; or NULL:
                                    their metadata can be named by tags */
};

/**
 * validate_workflow() - the rules of an object that has templates
 * @a:       scratch
 * @request: what and how
 * @ret_pos: where in the object's source the fault is, or JSON_NO_POS
 * @err:     ERR_INVALID; ERR_LIMIT when templates call each other over VALIDATE_DEPTH_MAX deep;
 *           what the finder said
 *
 * Other kinds are good. Return: 0 or -1.
 */
int validate_workflow(struct arena *a, const struct validate_request *request,
                      uint32_t *ret_pos, struct err *err);
