/*
 * events/sources/source_filter.h - `filter.expression` of an event source: which events it
 * brings at all.
 *
 * An expression over the members of the event's data, in which "-" of their names is "_", names
 * with dots are nested, and unknown names are nil; Argo's functions are there, too. Pure; any
 * thread. ../shared/golden/events/sourcefilter.jsonl decides.
 */
#pragma once

#include "base/clock.h"
#include "formats/json.h"

/** source_filter_of() - the expression of a named event, or the empty text when all pass */
struct str source_filter_of(const struct json *spec);

/**
 * source_filter_passes() - does an event pass?
 * @a:          scratch
 * @expression: expression
 * @data:       the event's data: JSON text
 * @now:        what now() answers
 * @ret:        whether it passes; untouched on failure
 * @err:        ERR_INVALID for data that is no object, and as expr_eval_bool()
 *
 * Return: 0 or -1.
 */
int source_filter_passes(struct arena *a, struct str expression, struct str data,
                         struct wall now, bool *ret, struct err *err);
