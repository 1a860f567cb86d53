/*
 * events/sources/resource_filter.h - which changes of objects a resource source brings, and
 * what their events hold. Pure, any thread.
 */
#pragma once

#include "formats/json.h"
#include "formats/regex.h"
#include "formats/selector.h"
#include "objects/object.h"
#include "store/store.h"

enum resource_change { RESOURCE_ADD, RESOURCE_UPDATE, RESOURCE_DELETE };

struct resource_field {
    struct str path; /* gjson */
    bool is_equal;   /* false: the expression must not match */
    struct regex *expression;
};

/* A spec, read; borrows it. */
struct resource_filter {
    const struct object_kind *kind;
    const struct object_kind *shown; /* the kind in the version that is asked for */
    struct str ns;                   /* "" for all */
    struct selector labels;
    bool wants[3]; /* by enum resource_change */
    struct str prefix;
    bool is_after_start, has_created_by;
    struct wall created_by;
    struct resource_field *fields;
    size_t field_count;
    bool matches_nothing; /* a field's operation is none */
};

/**
 * resource_filter_read() - a named event of an EventSource
 * @a:    where the lists live
 * @spec: ResourceEventSource
 * @ret:  zeroed; to be given to resource_filter_done(), also after a failure
 * @err:  ERR_INVALID, ERR_UNSUPPORTED with the path
 *
 * Return: 0 or -1.
 */
int resource_filter_read(struct arena *a, const struct json *spec, struct resource_filter *ret,
                         struct err *err);
void resource_filter_done(struct resource_filter *f);

/* One change. */
struct resource_event {
    enum resource_change change;
    const struct json *object;
    const struct json *old; /* of an update, if known; or NULL */
    struct wall now, start; /* start: when the source began for the first time */
};

/** resource_filter_passes() - is it to be brought? @a: scratch */
bool resource_filter_passes(struct arena *a, const struct resource_filter *f,
                            const struct resource_event *e);

/** resource_event_data() - what its event holds, as upstream's source writes it; in @a */
struct str resource_event_data(struct arena *a, const struct json *spec,
                               const struct resource_event *e);
