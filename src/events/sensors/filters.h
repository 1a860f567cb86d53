/*
 * events/sensors/filters.h - does an event pass a dependency's filters? Pure.
 *
 * context and time are here; data, exprs and script are refused when the sensor starts
 * (filters_check), never ignored. Source: ../shared/spec/events.md 4.7, 4.10.
 */
#pragma once

#include "formats/json.h"

/** filters_check() - can all of these filters be evaluated? ERR_UNSUPPORTED or ERR_INVALID with
 * the member's name */
int filters_check(const struct json *filters, struct err *err);

/**
 * filters_pass() - evaluate
 * @filters: the dependency's filters, or NULL: pass
 * @context: CloudEvent attributes
 * @reason:  why not, in words; static or in @a
 */
bool filters_pass(struct arena *a, const struct json *filters, const struct json *context,
                  struct str *reason);
