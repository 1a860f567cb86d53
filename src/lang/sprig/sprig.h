/*
 * lang/sprig/sprig.h - the functions of sprig 3.3, for expressions and templates.
 *
 * One const table: sprig.def. A function takes values that its language has checked against the
 * letters of its row. What is random comes from the run: its generator, or the crypto library.
 * Keys and certificates are always the crypto library's. The zone "Local" is UTC.
 *
 * Any thread; work is counted in the run, but making a key of RSA or DSA takes up to seconds.
 * Doesn't do: reading the environment of the program (the run says what env sees), DNS
 * (getHostByName takes addresses and "localhost").
 */
#pragma once

#include "lang/value/value.h"

/** sprig_map() - all functions by name, without those of templates only (env, expandenv) */
struct value sprig_map(struct arena *a);

/** sprig_find() - a function by name, or NULL */
const struct value_function *sprig_find(struct str name);
