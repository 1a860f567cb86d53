/*
 * events/sensors/conditions.h - the condition of a trigger: dependency names joined by &&, ||
 * and parentheses.
 *
 * && binds tighter than ||. A dash in a name counts as an underscore, as upstream has it. An
 * empty text means all dependencies. Compiled conditions are immutable, live in their arena,
 * and may be evaluated on any thread. Source: ../shared/spec/events.md 4.3; golden
 * events/conditions.jsonl.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"

struct condition;

/**
 * condition_parse() - compile a condition
 * @a:     where it lives
 * @text:  as in the trigger; "" = all of the names
 * @names: the sensor's dependencies; borrowed for the condition's life
 * @count: how many, at most 64
 * @ret:   the condition
 * @err:   ERR_INVALID with position and what was found, or the name that is no dependency;
 * ERR_LIMIT
 */
int condition_parse(struct arena *a, struct str text, const struct str *names, size_t count,
                    const struct condition **ret, struct err *err);

/** condition_holds() - is it true when just the dependencies of the bits in @met are there? */
bool condition_holds(const struct condition *c, uint64_t met);

/** condition_uses() - the bits of the dependencies that it names */
uint64_t condition_uses(const struct condition *c);
