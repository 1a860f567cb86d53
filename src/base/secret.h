/*
 * base/secret.h - credentials: bytes that cannot be printed by accident and are wiped on
 * release.
 *
 * There is no printf helper on purpose. Use secret_reveal() at the one place that sends it out.
 * One owner.
 */
#pragma once

#include <stdbool.h>

#include "base/str.h"

struct secret {
    struct {
        char *ptr;
        size_t len;
    } hidden_; /* nobody but secret.c looks in here */
};

/** secret_init() - take a copy of @value; wipe your own copy yourself */
void secret_init(struct secret *s, struct str value);

/** secret_done() - wipe and release; safe on a zeroed secret */
void secret_done(struct secret *s);
#define _cleanup_secret_ _cleanup_(secret_done)

/** secret_is_set() - was it given a value that is not empty? */
bool secret_is_set(const struct secret *s);

/** secret_reveal() - the bytes, borrowed, for the call that sends them */
struct str secret_reveal(const struct secret *s);

/** secret_equals() - comparison in constant time for a given length */
bool secret_equals(const struct secret *s, struct str other);
