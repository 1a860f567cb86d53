/* pods/local/address.h - addresses of pods; see bridge.h. On workers, but for address_of(). */
#pragma once

#include "pods/local/local_internal.h"

/** address_stage() - an address for a pod that gets a network of its own: in pod->ip;
 * ERR_TRANSIENT: later */
int address_stage(struct local_pod *pod, struct err *err);

/** address_keep() - in its folder */
int address_keep(const struct local_pod *pod, int dirfd, struct err *err);

/** address_plan() - what the shim is told of it */
void address_plan(const struct local_pod *pod, struct strbuf *plan);

/** address_find() - the address that an earlier daemon gave it */
void address_find(struct local_pod *pod);

/** address_of() - what others call it by, borrowed from it; any thread */
struct str address_of(const struct local_pod *pod);

/** address_of_machine() - what it calls this machine, in @a */
struct str address_of_machine(const struct local_pod *pod, struct arena *a);
