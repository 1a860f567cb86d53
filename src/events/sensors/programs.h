/*
 * events/sensors/programs.h - the scripts and jq programs of a dependency, compiled once, when
 * its sensor is read: transform.script, transform.jq and filters.script.
 *
 * One that is no program is kept as its error: each event that needs it is dropped with that
 * reason, as upstream does, which compiles it for each event. Immutable; any thread.
 */
#pragma once

#include "base/err.h"
#include "lang/jq/jq.h"
#include "lang/lua/luascript.h"

struct programs {
    struct jq_program *jq;                     /* owned; NULL: none, or jq_err says why */
    struct luascript *script;                  /* of the transform; owned; the same */
    struct luascript *filter;                  /* owned; the same */
    struct err jq_err, script_err, filter_err; /* ERR_NONE: fine, or not asked for */
    bool has_jq, has_script, has_filter;
};

/**
 * programs_new() - compile what a dependency has
 * @dependency: an entry of spec.dependencies; not kept
 *
 * Return: owned.
 */
struct programs *programs_new(const struct json *dependency);

/** programs_free() - release; NULL is a no-op */
void programs_free(struct programs *p);
DEFINE_CLEANUP(struct programs *, programs_free)
#define _cleanup_programs_ _cleanup_(programs_freep)
