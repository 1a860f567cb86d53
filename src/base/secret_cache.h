/*
 * base/secret_cache.h - temporary credentials of this program, kept until shortly before they
 * end, so that who needs them often asks for them once. Bounded; any thread; wiped on release.
 */
#pragma once

#include "base/clock.h"
#include "base/secret.h"

/**
 * secret_cache_find() - what is kept under a name
 * @ret: a copy; the caller ends it
 *
 * Return: whether there is something that does not end within SECRET_CACHE_RENEW_MS.
 */
bool secret_cache_find(struct str name, struct wall now, struct secret *ret);

/** secret_cache_put() - keep a value until @ends; when SECRET_CACHE_MAX are kept, that which
 * ends first goes */
void secret_cache_put(struct str name, struct str value, struct wall ends);

/** secret_cache_clear() - forget all */
void secret_cache_clear(void);
