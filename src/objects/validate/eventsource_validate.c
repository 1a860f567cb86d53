/*
 * objects/validate/eventsource_validate.c - the rules of an EventSource as a whole. Pure
 * functions, any thread. Source: ../shared/spec/events.md 6.3; the rules of each kind of source
 * are in eventsource_{message,web,watch}.c.
 */
#include "base/map.h"
#include "objects/validate/validate_internal.h"

struct event_names {
    struct map seen;
    struct validate_item at; /* what is looked at */
    size_t recreated, rolling;
};

static int check_source(const struct validate_source *kind, const struct json *source,
                        struct err *err)
{
    if (validate_needs(source, kind->needs, err) < 0)
        return -1;
    return kind->more ? kind->more(source, err) : 0;
}

static int check_kind(const struct validate_source *kind, const struct json *spec,
                      struct event_names *names, struct err *err)
{
    static const struct json empty = {.type = JSON_OBJECT, .pos = JSON_NO_POS};
    const struct json *map = validate_get(spec, kind->member);

    for (uint32_t i = 0; json_is(map, JSON_OBJECT) && i < map->count; i++) {
        const struct json_member *m = &map->members[i];

        names->at = (struct validate_item){
            .list = kind->member, .name = m->key, .index = UINT32_MAX, .value = &m->value};
        if (map_put(&names->seen, m->key, names))
            return err_set(err, ERR_INVALID, "more than one \"" STR_FMT "\" found in the spec",
                           STR_ARG(m->key));
        if (check_source(kind, m->value.type == JSON_NULL ? &empty : &m->value, err) < 0)
            return -1;
        names->recreated += kind->is_recreated;
        names->rolling += !kind->is_recreated;
    }
    return 0;
}

int validate_event_source(const struct json *doc, struct validate_item *ret, struct err *err)
{
    const struct validate_source *const lists[] = {
        validate_watch_sources(), validate_web_sources(), validate_message_sources()};
    const struct json *spec = validate_get(doc, "spec");
    struct event_names names = {0};
    int result = 0;

    map_init_borrowed(&names.seen);
    for (size_t i = 0; i < COUNT_OF(lists) && result == 0; i++)
        for (const struct validate_source *kind = lists[i]; kind->member && result == 0; kind++)
            result = check_kind(kind, spec, &names, err);
    map_done(&names.seen);
    *ret = result < 0 ? names.at : (struct validate_item){0};
    if (result == 0 && names.recreated > 0 && names.rolling > 0)
        return validate_fail(err, "event sources with rolling update and recreate update "
                                  "strategy can not be put together");
    return result;
}
