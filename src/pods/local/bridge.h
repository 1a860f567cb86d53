/*
 * pods/local/bridge.h - networks of pods' own on a bridge of this machine (isolation image).
 *
 * A range of addresses has one bridge, named by it, that all servers of the machine share and
 * that stays when they end. Its own address is the first one: the way out of pods. A pod's
 * address is free when the bridge has no port of its name (pods/shim/network.c makes it).
 */
#pragma once

#include <stdatomic.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

#define BRIDGE_RANGE_DEFAULT "10.242.0.0/16"

struct bridge {
    char name[16];    /* "": there is none */
    uint32_t network; /* in host order */
    unsigned prefix;  /* bits of it */
    atomic_uint next; /* the address that is tried next, counted from the network's */
    bool has_way_out; /* beyond this machine */
};

/** bridge_parse() - a range "10.242.0.0/16", of 8 to 29 bits; what is no network address is
 * made one; ERR_INVALID */
int bridge_parse(const char *range, struct bridge *ret, struct err *err);

/** bridge_open() - make what is missing of the bridge, and the way out by nft; blocks;
 * ERR_UNSUPPORTED: not on this machine */
int bridge_open(struct bridge *b, struct err *err);

/** bridge_gateway() - its own address, in @a */
struct str bridge_gateway(const struct bridge *b, struct arena *a);

/** bridge_pick() - an address that no pod has, in @ret; any thread; ERR_TRANSIENT: all are
 * taken
 */
int bridge_pick(struct bridge *b, char ret[16], struct err *err);
