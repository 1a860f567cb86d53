/*
 * events/sensors/filters.h - does an event pass a dependency's filters? Pure, any thread.
 *
 * One file a kind: exprs, data, context, time; filters.c joins them and the script. A filter
 * that cannot be evaluated (the data are no JSON, a path is missing) drops the event, even when
 * filtersLogicalOperator is "or" and another filter passes: as upstream does.
 * Source: ../shared/spec/events.md 4.7 to 4.10.
 */
#pragma once

#include "events/sensors/programs.h"
#include "events/triggers/trigger.h"
#include "formats/json.h"

/**
 * filters_check() - can all filters of a dependency be evaluated?
 * @dependency: an entry of spec.dependencies: filters and filtersLogicalOperator are read
 * @err:        ERR_UNSUPPORTED or ERR_INVALID with the member's path
 *
 * Return: 0 or -1.
 */
int filters_check(const struct json *dependency, struct err *err);

/**
 * filters_pass() - evaluate
 * @a:          where the reason lives
 * @dependency: as filters_check(), which it has passed; without filters all pass
 * @p:          its programs
 * @event:      event; data absent (STR_NONE): filters of data pass
 * @reason:     why not, in words; untouched when it passes
 */
bool filters_pass(struct arena *a, const struct json *dependency, const struct programs *p,
                  const struct trigger_event *event, struct str *reason);
