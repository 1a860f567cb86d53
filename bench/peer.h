/*
 * bench/peer.h - the libraries of the originals, a Go program (bench/peers) that times the same
 * work when it is asked. tools/bench builds it and names it by BENCH_PEERS.
 */
#pragma once

#include <sys/types.h>

#include "base/arena.h"

struct peer {
    pid_t pid; /* 0: there is none, and every answer is that */
    int to, from;
};

/* Starts it on a folder of inputs, if it has been built; says so on stderr if not. */
void peer_start(struct peer *p, char *folder);

/*
 * Nanoseconds of one round of @name, measured over @ms milliseconds of processor time; @ret is
 * what a round makes, in the arena. 0 when there is no peer, or it failed.
 */
double peer_ask(struct peer *p, struct arena *a, const char *name, int ms, struct str *ret);

/* Ends it. */
void peer_stop(struct peer *p);
