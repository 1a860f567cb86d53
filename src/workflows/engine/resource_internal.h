/* workflows/engine/resource_internal.h - what the files of the resource template share: its
 * work on one worker, here and in a cluster. */
#pragma once

#include "objects/object.h"
#include "workflows/engine/resource_flags.h"
#include "workflows/engine/resource_template.h"

struct resource_work {
    struct resource_job *job;
    struct arena *a;         /* scratch: it may be looked at many times */
    struct arena *kept;      /* what the job keeps */
    const struct json *part; /* of the template */
    struct str action;
    struct resource_flags flags;
    struct json manifest;
    const struct json *named;   /* names the object that is acted on */
    struct kubernetes *cluster; /* where it is; NULL: here */
    bool has_object, is_going;  /* it is deleted, and not gone yet */
    struct json object;         /* as it is now */
    struct json outputs;
};

/** resource_has_conditions() - does it say when it has succeeded or failed? */
bool resource_has_conditions(const struct resource_work *w);

/** resource_name() - a document that names an object, and no more; @ns may be "" */
struct json resource_name(struct arena *a, struct str version, struct str kind, struct str ns,
                          struct str name);

/** resource_set_namespace() - what --namespace says goes into the manifest; ERR_INVALID when it
 * names another */
int resource_set_namespace(struct resource_work *w, struct err *err);

/** resource_here_kind() - a kind that is served here by kubectl's word for it, or NULL */
const struct object_kind *resource_here_kind(struct str word);

/** resource_log_say() - one more line of its log */
void resource_log_say(struct resource_work *w, struct str line);

/** resource_log_action() - the action was carried out: the log tells */
void resource_log_action(struct resource_work *w);

/** resource_log_keep() - the log becomes artifact main-logs of the outputs, where logs are
 * kept; 0, or -1 when it cannot be stored */
int resource_log_keep(struct resource_work *w, struct err *err);

/** resource_here_act() - the action on this server's objects; kinds of errors are the
 * submitter's */
int resource_here_act(struct resource_work *w, struct err *err);

/** resource_here_find() - the object that a document names becomes the work's */
int resource_here_find(struct resource_work *w, const struct json *which, struct err *err);

/** resource_cluster_act() - the action on objects of the work's cluster */
int resource_cluster_act(struct resource_work *w, struct err *err);

/** resource_cluster_find() - the object that a document names becomes the work's */
int resource_cluster_find(struct resource_work *w, const struct json *which, struct err *err);

/** resource_cluster_is_gone() - is what was deleted gone? Return: 0, 1: not yet, or -1 */
int resource_cluster_is_gone(struct resource_work *w, struct err *err);
