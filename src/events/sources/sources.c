/* The table of event source drivers, from sources.def. */
#include "events/sources/source_internal.h"

#define SOURCE(kind) extern const struct event_source_driver kind##_source;
#include "events/sources/sources.def"
#undef SOURCE

static const struct event_source_driver *const drivers[] = {
#define SOURCE(kind) &kind##_source,
#include "events/sources/sources.def"
#undef SOURCE
};

const struct event_source_driver *const *source_drivers(size_t *ret_count)
{
    *ret_count = COUNT_OF(drivers);
    return drivers;
}

const struct event_source_driver *source_driver_find(struct str kind)
{
    for (size_t i = 0; i < COUNT_OF(drivers); i++)
        if (str_is(kind, drivers[i]->kind))
            return drivers[i];
    return NULL;
}
