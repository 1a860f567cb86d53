/*
 * api/core/pods.h - pods: those that are objects of the store (workflows/jobs makes them), and
 * beside them a view of the nodes of Workflows, which kubectl reads as the pods that upstream's
 * controller would have made.
 *
 * Of the view nothing is stored but which pods a client deleted: a row of the table
 * "pod_deleted" by the pod's uid hides a pod once it has ended. A pod is there as long as its
 * Workflow and its podGC let it (pod_gc.h). Its spec is that of pod_spec.h.
 */
#pragma once

#include "api/core/watch.h"

/** api_is_pod() - is it the kind Pod, which is served as a view? */
bool api_is_pod(const struct object_kind *kind);

/** api_pod_get() - one pod, in @a; ERR_NOT_FOUND; blocking */
int api_pod_get(struct api *api, struct arena *a, struct str ns, struct str name,
                struct json *ret, struct err *err);

/** api_pod_archived_log() - log_archived_open() of an ended pod by its name; blocking */
struct pod_log *api_pod_archived_log(struct api *api, struct str ns, struct str name,
                                     struct err *err);

/** api_pod_list() - all pods that match, in @a; errors as api_object_list(), ERR_LIMIT over
 * POD_LIST_MAX; blocking */
int api_pod_list(struct api *api, struct arena *a, const struct store_query *q,
                 struct api_list *ret, struct err *err);

/** api_pod_container() - the container whose log is meant when none is named: "main" for
 * the pods of Workflows; in @a */
struct str api_pod_container(struct api *api, struct arena *a, struct str ns, struct str name);

/** api_pod_watch() - a view for api_watch_start() that tells of pods instead of the Workflows
 * that @r watches; changes @r->query to watch those */
void api_pod_watch(struct api *api, struct api_watch_request *r);

/** api_pod_delete() - kill a pod and hide it when it has ended; http thread; answers with the
 * pod. @grace_s: seconds that it may take, -1: the default */
void api_pod_delete(struct api_call *call, struct str ns, struct str name, int64_t grace_s);

/** api_pod_delete_all() - the same for all pods that @q selects; @ret: what they were; http
 * thread; blocking. Return: as api_delete_all(); errors as api_pod_list(), ERR_TRANSIENT */
int api_pod_delete_all(struct api_call *call, const struct store_query *q, int64_t grace_s,
                       struct json *ret, struct err *err);
