/*
 * pods/local/room.h - what pods request of this machine, and who may begin (spec.containers[].
 * resources of Kubernetes, seen by the scheduler of one node).
 *
 * CPU in thousandths, memory in bytes; labels of the machine, by nodeSelector. Loop thread.
 * Nothing here ends a pod.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "pods/pod.h"

struct local;
struct local_pod;

/* What pods request together. */
struct local_need {
    int64_t cpu_milli, memory_bytes;
    bool is_elsewhere; /* it wants labels that this machine has not */
};

/** room_of_machine() - what there is */
struct local_need room_of_machine(void);

/** room_need() - what a pod asks for, as Kubernetes adds it up; ERR_INVALID */
int room_need(const struct local *r, const struct pod_request *req, struct local_need *ret,
              struct err *err);

/** room_next() - the next pod that may begin, taken out of those that wait; those that do not
 * fit are told so; NULL: none */
struct local_pod *room_next(struct local *r);

/** room_take(), room_give_back() - it begins; it has ended, or waits again */
void room_take(struct local_pod *pod);
void room_give_back(struct local_pod *pod);

/** room_hold() - see pod_hold(); then the runner looks at those that wait */
void room_hold(struct local *r, bool is_held);

/** room_close() - nobody waits any more */
void room_close(struct local *r);
