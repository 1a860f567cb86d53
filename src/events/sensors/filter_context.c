/* Filter of attributes: those that are given must be equal to the event's; id, time and
 * specversion are not compared. See filters_internal.h. */
#include "events/sensors/filters_internal.h"

enum filter_verdict filter_context(struct arena *a, const struct json *filters,
                                   const struct trigger_event *event, struct str *reason)
{
    static const char *const names[] = {"type", "subject", "source", "datacontenttype"};
    const struct json *wanted = json_get(filters, STR("context"));

    if (!json_is(wanted, JSON_OBJECT))
        return FILTER_ABSENT;
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        struct str want = json_get_str(wanted, str_from(names[i]));
        struct str got = json_get_str(event->context, str_from(names[i]));

        if (!str_is_empty(want) && !str_eq(want, got)) {
            *reason =
                str_printf(a, "context filter: %s is \"" STR_FMT "\", not \"" STR_FMT "\"",
                           names[i], STR_ARG(got), STR_ARG(want));
            return FILTER_HOLDS_BACK;
        }
    }
    return FILTER_PASSES;
}
