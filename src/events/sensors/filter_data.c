/* Filter of the event's data. See filters_internal.h. */
#include "events/sensors/filters_internal.h"

int filter_data_check(const struct json *filters, struct err *err)
{
    const struct json *data = json_get(filters, STR("data"));

    if (json_is(data, JSON_ARRAY) && data->count > 0)
        return err_set(err, ERR_UNSUPPORTED, "filters.data is not supported yet");
    return 0;
}

enum filter_verdict filter_data(struct arena *a _unused_, const struct json *filters,
                                const struct trigger_event *event _unused_,
                                struct str *reason _unused_)
{
    return json_is(json_get(filters, STR("data")), JSON_ARRAY) ? FILTER_PASSES : FILTER_ABSENT;
}
