/*
 * base/gate.h - many threads wait for one moment, one thread tells them all with one call.
 *
 * What they wait for is the waiter's own (a flag that the opener sets before it opens the
 * gate); a gate only lets them sleep meanwhile. Unlike a condition variable there is no lock
 * that the woken must take one after the other. A zeroed gate is ready. Any thread.
 */
#pragma once

#include <stdatomic.h>

struct gate {
    atomic_uint opened;  /* how often, modulo 2^32 */
    atomic_uint waiting; /* who sleeps, or is about to */
};

/**
 * gate_look() - to be called before the waiter looks at its flag
 *
 * Return: what gate_wait() wants to be told.
 */
static inline unsigned gate_look(struct gate *g)
{
    return atomic_load(&g->opened);
}

/** gate_wait() - sleep until the gate is opened; returns at once when it was since @seen. It
 * may also return without a reason: look at the flag again */
void gate_wait(struct gate *g, unsigned seen);

/** gate_open() - wake all that wait; what they wait for has been written before */
void gate_open(struct gate *g);
