/* What the files of the filters share: one kind each, joined by filters.c. Pure functions. */
#pragma once

#include "events/sensors/filters.h"

/* What one kind of filter says of an event. */
enum filter_verdict {
    FILTER_ABSENT, /* not specified */
    FILTER_PASSES,
    FILTER_HOLDS_BACK, /* does not match */
    FILTER_FAILS,      /* cannot be evaluated: the event is dropped in any case */
};

/** filter_operator_check() - is a logical operator "and", "or" or empty? ERR_INVALID with @path
 */
int filter_operator_check(struct str operator, const char * path, struct err *err);

/** filter_has_json() - are the data of an event JSON? */
bool filter_has_json(const struct trigger_event *event);

/** filter_exprs_check() - may filters.exprs be evaluated? As filters_check() */
int filter_exprs_check(const struct json *filters, struct err *err);

/** filter_exprs() - filters.exprs and its exprLogicalOperator; as filter_data() */
enum filter_verdict filter_exprs(struct arena *a, const struct json *filters,
                                 const struct trigger_event *event, struct str *reason);

/** filter_data_check() - may filters.data be evaluated? As filters_check() */
int filter_data_check(const struct json *filters, struct err *err);

/**
 * filter_data() - filters.data and its dataLogicalOperator
 * @a:       where the reason lives
 * @filters: the dependency's filters
 * @event:   event
 * @reason:  why not, in words; untouched when it passes
 */
enum filter_verdict filter_data(struct arena *a, const struct json *filters,
                                const struct trigger_event *event, struct str *reason);

/** filter_context() - filters.context: attributes that must be equal; as filter_data() */
enum filter_verdict filter_context(struct arena *a, const struct json *filters,
                                   const struct trigger_event *event, struct str *reason);

/** filter_time_check() - may filters.time be evaluated? As filters_check() */
int filter_time_check(const struct json *filters, struct err *err);

/** filter_time() - filters.time: the time of day of the event; as filter_data() */
enum filter_verdict filter_time(struct arena *a, const struct json *filters,
                                const struct trigger_event *event, struct str *reason);
