/*
 * events/sensors/conditions.h - the condition of a trigger: which dependencies must be met.
 *
 * As upstream does it, in two languages. The text, with a dash as an underscore, is an
 * expression of expr-lang that makes a text of dependency names, &&, || and parentheses;
 * that text is what govaluate decides for each event. So quoted names, constants and
 * comparisons of names are taken for what they come to. An empty text means all dependencies.
 * Compiled conditions are immutable, live in their arena, and may be evaluated on any thread.
 * Source: ../shared/spec/events.md 4.3; golden events/conditions.jsonl.
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
 * @err:   ERR_INVALID with the text of the library that refuses it, or the name that is no
 * dependency; ERR_LIMIT
 */
int condition_parse(struct arena *a, struct str text, const struct str *names, size_t count,
                    const struct condition **ret, struct err *err);

/**
 * condition_holds() - is it true when just the dependencies of the bits in @met are there?
 *
 * One that cannot be evaluated (a + b) is not.
 */
bool condition_holds(const struct condition *c, uint64_t met);

/**
 * condition_uses() - the bits of the dependencies that it names
 *
 * None for a constant: no event reaches its trigger.
 */
uint64_t condition_uses(const struct condition *c);

/** condition_text() - what is left for each event to decide: "a&&(b||c)" */
struct str condition_text(const struct condition *c);
