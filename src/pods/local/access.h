/* pods/local/access.h - what a pod has of the API. On workers, but for access_open(). */
#pragma once

#include "pods/local/local_internal.h"

/** access_get() - ask how the pod reaches the API: pod->access, in @a; ERR_TRANSIENT: later */
int access_get(struct local_pod *pod, struct arena *a, struct err *err);

/** access_stage() - make the account's files and append the plan's bind words; folder of
 * commands, too */
int access_stage(const struct local_pod *pod, int dirfd, struct strbuf *plan, struct err *err);

/** access_path() - the folder of the account's files as the pod sees it, in @a; the absent
 * view: it has none */
struct str access_path(const struct local_pod *pod, struct arena *a);

/** access_commands() - the folder with `argo` as the pod sees it, in @a; the absent view */
struct str access_commands(const struct local_pod *pod, struct arena *a);

/** access_open() - make what all pods share: the folder of commands; at the start */
int access_open(struct local *runner, const struct local_options *options, struct err *err);
