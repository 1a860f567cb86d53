/*
 * objects/validate/workflow_internal.h - what the rules of workflows share. One call of
 * validate_workflow() owns all of it. Functions return 0, or -1 with checker.err filled.
 */
#pragma once

#include "base/map.h"
#include "objects/validate/validate_internal.h"
#include "objects/validate/workflow_validate.h"

/* What an input or a global name stands for while nobody knows its value; a number follows, so
 * that two of them are not the same. */
#define VALIDATE_PLACEHOLDER "__argo__internal__placeholder-"

/* Whose templates are meant by their bare names. */
struct validate_base {
    struct str key; /* "namespaced/NAME"; "" is the object itself */
    const struct json *spec;
    bool has_defaults; /* its templateDefaults count */
};

/* Names that tags may use: keys without values, those above included. */
struct validate_scope {
    struct map names;
    const struct validate_scope *up;
};

struct validate_checker {
    struct arena *a;
    const struct validate_request *request;
    struct validate_base own;
    struct map globals;   /* name to struct str *, its value */
    struct map seen;      /* templates that were looked at, by base and name */
    bool is_for_template; /* the object is a WorkflowTemplate or ClusterWorkflowTemplate */
    bool may_lack_arguments;
    unsigned depth;
    unsigned placeholders; /* made so far */
    uint32_t pos;          /* of the fault */
    struct err *err;
};

/* A template that was found: NULL tmpl where it is not known before it runs. */
struct validate_found {
    const struct json *tmpl;
    struct validate_base base;
    bool is_open; /* not known at all: its outputs may be anything */
};

/* ---- workflow_scope.c ---- */

/** validate_bad() - a broken rule at a place in the object; always -1 */
int validate_bad(struct validate_checker *c, const struct json *at, const char *fmt, ...)
    _printf_(3, 4);

/** validate_inside() - a fault below gets this text in front, and this place if it has none */
int validate_inside(struct validate_checker *c, const struct json *at, const char *fmt, ...)
    _printf_(3, 4);

/** validate_scope_done() - release a scope's names */
void validate_scope_done(struct validate_scope *s);

/** validate_name() - a name that tags may use */
void validate_name(struct validate_checker *c, struct validate_scope *s, const char *fmt, ...)
    _printf_(3, 4);

/** validate_placeholder() - the next one */
struct str validate_placeholder(struct validate_checker *c);

/** validate_global() - a name that all tags may use; absent value: a placeholder */
void validate_global(struct validate_checker *c, struct str name, struct str value);

/** validate_tags() - all tags of a value must be names of the scope */
int validate_tags(struct validate_checker *c, const struct validate_scope *s,
                  const struct json *v);

/** validate_fill() - a template with its arguments filled in; NULL: any arguments */
int validate_fill(struct validate_checker *c, const struct json *tmpl,
                  const struct json *arguments, struct json *ret);

/* ---- workflow_names.c ---- */

enum validate_names { VALIDATE_NAMES_FIELD, VALIDATE_NAMES_PARAMETER };

/** validate_is_tag() - does a text hold a plain tag, as "{{inputs.parameters.x}}"? */
bool validate_is_tag(struct str text);

/** validate_name_fault() - why a name is none; NULL when it is one */
const char *validate_name_fault(struct str name, enum validate_names names);

/** validate_names() - names of a list are there, good and unique; texts begin "[0].name" */
int validate_names(struct validate_checker *c, const struct json *list,
                   enum validate_names names);

/** validate_arguments() - names and values of {parameters, artifacts}; @prefix ends with "." */
int validate_arguments(struct validate_checker *c, const struct json *arguments,
                       struct str prefix, bool may_lack_values);

/** validate_location() - where an artifact is; @prefix as "templates.x.inputs.artifacts.a" */
int validate_location(struct validate_checker *c, const struct json *artifact,
                      struct str prefix);

/** validate_path() - the path of a leaf's artifact */
int validate_path(struct validate_checker *c, const struct json *artifact, struct str prefix);

/* ---- workflow_template.c ---- */

/* Types of templates, in the original's order. */
enum validate_type {
    VALIDATE_CONTAINER,
    VALIDATE_CONTAINER_SET,
    VALIDATE_STEPS,
    VALIDATE_SCRIPT,
    VALIDATE_RESOURCE,
    VALIDATE_DAG,
    VALIDATE_SUSPEND,
    VALIDATE_DATA,
    VALIDATE_HTTP,
    VALIDATE_PLUGIN,
    VALIDATE_NO_TYPE,
};

/** validate_type_of() - the first type that a template has */
enum validate_type validate_type_of(const struct json *tmpl);

/** validate_type_name() - "Container", "DAG" ... */
const char *validate_type_name(enum validate_type type);

/** validate_is_leaf() - does it run something by itself? */
bool validate_is_leaf(enum validate_type type);

/** validate_is_pod() - does a pod carry it out? */
bool validate_is_pod(enum validate_type type);

/* A step or task, and what it is called with. */
struct validate_call {
    const struct json *holder;    /* template, templateRef or inline */
    const struct json *arguments; /* NULL: any */
};

/** validate_called() - the template that a step, task, entrypoint or hook runs, with these
 * arguments */
int validate_called(struct validate_checker *c, const struct validate_base *base,
                    const struct validate_call *call, struct validate_found *ret);

/** validate_template_by_name() - a template of a base, or NULL */
const struct json *validate_template_by_name(const struct validate_base *base, struct str name);

/** validate_find() - the object that is referred to; 1, 0 when references are not followed */
int validate_find(struct validate_checker *c, const struct json *ref,
                  struct validate_base *ret);

/* ---- workflow_leaf.c ---- */

/** validate_leaf() - a template that runs something */
int validate_leaf(struct validate_checker *c, const struct validate_base *base,
                  const struct validate_scope *s, const struct json *tmpl);

/** validate_resources() - podResources of a template or spec */
int validate_resources(struct validate_checker *c, const struct json *owner, struct str prefix);

/* ---- workflow_outputs.c ---- */

/** validate_outputs() - outputs of a template */
int validate_outputs(struct validate_checker *c, const struct validate_scope *s,
                     const struct json *tmpl);

/** validate_metrics() - metrics of a template */
int validate_metrics(struct validate_checker *c, const struct json *tmpl);

/* ---- workflow_calls.c ---- */

/** validate_steps() - steps of a template */
int validate_steps(struct validate_checker *c, const struct validate_base *base,
                   struct validate_scope *s, const struct json *tmpl);

/** validate_hooks() - all but the exit hook say when; @prefix as "hooks" */
int validate_hooks(struct validate_checker *c, const struct json *hooks, struct str prefix);

/* ---- workflow_dag.c ---- */

/** validate_dag() - tasks of a template */
int validate_dag(struct validate_checker *c, const struct validate_base *base,
                 struct validate_scope *s, const struct json *tmpl);

/* ---- shared by steps and tasks ---- */

/* Names that a node brings. */
struct validate_node {
    const char *group; /* "steps" or "tasks" */
    struct str name;
    const struct validate_found *found;
    bool is_aggregate;
};

/** validate_node_names() - what others may read of a node */
void validate_node_names(struct validate_checker *c, struct validate_scope *s,
                         const struct validate_node *node);

/** validate_items() - the loop of a step or task, and its names */
int validate_items(struct validate_checker *c, struct validate_scope *s,
                   const struct json *call);

/** validate_is_loop() - does it aggregate its nodes? */
bool validate_is_loop(const struct json *call);

/** validate_has_exit_hook() - is something run after it? */
bool validate_has_exit_hook(const struct json *call);

/** validate_inline_inputs() - inputs of an inline template are names in its call, too */
void validate_inline_inputs(struct validate_checker *c, struct validate_scope *s,
                            const struct json *call);
