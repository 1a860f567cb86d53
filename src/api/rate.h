/*
 * api/rate.h - how many requests a client may make in a second: a bucket for each address that
 * fills steadily and holds one second's worth. Any thread.
 */
#pragma once

#include "base/clock.h"
#include "base/str.h"

struct rate;

/** rate_new() - @limit requests a second, at least 1; owned */
struct rate *rate_new(uint64_t limit);

/** rate_free() - release; NULL is a no-op */
void rate_free(struct rate *r);

/**
 * rate_take() - may this client make one more request now?
 * @r:      limiter
 * @client: bytes of its address
 * @now:    not before that of the last call
 * @ret:    how many it may make at once after this one
 *
 * Over RATE_CLIENTS_MAX clients at once, further ones share a bucket.
 */
bool rate_take(struct rate *r, struct str client, struct mono now, uint64_t *ret);
