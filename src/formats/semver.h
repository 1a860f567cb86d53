/*
 * formats/semver.h - semantic versions and constraints on them, as Masterminds/semver 3 reads
 * them: "v1.2" is a version, too; a constraint is "^1.2, !=1.2.3 || >=3".
 *
 * Pure functions, any thread. A version borrows nothing: its texts live in the arena.
 */
#pragma once

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"

struct semver {
    uint64_t major, minor, patch;
    struct str prerelease, metadata; /* empty when there is none */
    struct str original;             /* as it was written */
};

/**
 * semver_parse() - read a version
 * @a:    where its texts live
 * @text: version; what is missing behind the major number is 0
 * @ret:  the version; untouched on failure
 * @err:  ERR_INVALID "invalid semantic version" and the like
 *
 * Return: 0 or -1.
 */
int semver_parse(struct arena *a, struct str text, struct semver *ret, struct err *err);

/** semver_print() - as text, with all three numbers */
struct str semver_print(struct arena *a, const struct semver *v);

/** semver_compare() - below 0, 0 or above 0; metadata does not count */
int semver_compare(const struct semver *x, const struct semver *y) _pure_;

/**
 * semver_fits() - does a version fit a constraint?
 * @constraint: constraint
 * @v:          version; one with a prerelease fits only where a constraint of the group has one
 * @err:        ERR_INVALID "improper constraint: ..."
 *
 * Return: 1, 0 or -1.
 */
int semver_fits(struct str constraint, const struct semver *v, struct err *err);
