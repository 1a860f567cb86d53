/* Where the events of an EventBus lie among all that the embedded bus keeps. Pure; any thread.
 */
#include "events/bus/bus.h"

struct str bus_space(struct arena *a, struct str ns, struct str name)
{
    if (str_is_empty(name) || str_is(name, "default"))
        return ns;
    return str_printf(a, STR_FMT "/" STR_FMT, STR_ARG(ns), STR_ARG(name));
}
