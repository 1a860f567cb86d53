/* From a bus record to the dependencies that may take it. */
#include "events/sensors/match.h"

#include "events/sensors/filters.h"
#include "formats/base64.h"

static int read_dependency(const struct json *v, struct match_dependency *ret, struct err *err)
{
    *ret = (struct match_dependency){.name = json_get_str(v, STR("name")),
                                     .source = json_get_str(v, STR("eventSourceName")),
                                     .event = json_get_str(v, STR("eventName")),
                                     .spec = v};
    if (str_is_empty(ret->name) || str_is_empty(ret->source) || str_is_empty(ret->event))
        return err_set(err, ERR_INVALID, "name, eventSourceName and eventName are required");
    return filters_check(v, err);
}

int match_dependencies_read(struct arena *a, const struct json *list,
                            struct match_dependencies *ret, struct err *err)
{
    size_t count = list && json_is(list, JSON_ARRAY) ? list->count : 0;

    ret->at = ARENA_ARRAY(a, struct match_dependency, count + 1);
    ret->names = ARENA_ARRAY(a, struct str, count + 1);
    ret->len = 0;
    for (size_t i = 0; i < count; i++) {
        if (read_dependency(json_item(list, i), &ret->at[i], err) < 0)
            return err_wrap(err, "spec.dependencies[%zu]", i);
        ret->names[i] = ret->at[i].name;
    }
    ret->len = count;
    return 0;
}

bool match_record(const struct match_dependency *d, const struct bus_record *r)
{
    return str_eq(d->source, r->source) && str_eq(d->event, r->event);
}

int match_event_read(struct arena *a, const struct bus_record *r, struct trigger_event *ret,
                     struct err *err)
{
    struct json *context = ARENA_NEW(a, struct json), *parsed = ARENA_NEW(a, struct json);
    struct err ignored;

    if (json_parse(a, str_copy(a, r->payload), context, err) < 0)
        return err_wrap(err, "event " STR_FMT, STR_ARG(r->id));
    *ret = (struct trigger_event){.context = context};
    if (json_get(context, STR("data_base64"))) {
        if (base64_decode(a, json_get_str(context, STR("data_base64")), &ret->data, err) < 0)
            return err_wrap(err, "event " STR_FMT, STR_ARG(r->id));
    } else if (json_get(context, STR("data"))) {
        ret->data = json_text(a, json_get(context, STR("data")), 0);
    }
    *context = json_without(a, context, STR("data_base64"));
    if (json_parse(a, ret->data, parsed, &ignored) == 0)
        ret->parsed = parsed;
    return 0;
}
