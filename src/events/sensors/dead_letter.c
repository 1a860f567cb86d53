/* Dead letters as JSON, and back. See dead_letter.h. */
#include "events/sensors/dead_letter.h"

#include "formats/base64.h"
#include "formats/gotime.h"

static const char *const states[] = {"waiting", "redriving", "done"};

struct str dead_letter_key(struct arena *a, struct str ns, struct str id)
{
    return str_printf(a, STR_FMT "/" STR_FMT, STR_ARG(ns), STR_ARG(id));
}

/* ---- to JSON ---- */

static bool is_text_of(struct arena *a, const struct json *v, struct str text)
{
    return v && str_eq(json_text(a, v, 0), text);
}

/* Data that the attributes do not hold as it is: as JSON, or any bytes. */
static void add_data(struct arena *a, struct json_object_builder *b,
                     const struct trigger_event *e)
{
    if (str_is_none(e->data) || is_text_of(a, json_get(e->context, STR("data")), e->data))
        return;
    if (is_text_of(a, e->parsed, e->data))
        json_add(a, b, STR("data"), *e->parsed);
    else
        json_add(a, b, STR("data_base64"), json_string(base64_encode(a, e->data)));
}

static struct json event_value(struct arena *a, const struct trigger_event *e)
{
    struct json_object_builder b = {0};

    json_add(a, &b, STR("dependency"), json_string(e->dependency));
    json_add(a, &b, STR("id"), json_string(json_get_str(e->context, STR("id"))));
    json_add(a, &b, STR("event"), *e->context);
    add_data(a, &b, e);
    return json_object(&b);
}

static struct json time_value(struct arena *a, struct wall at)
{
    const struct gotime t = gotime_of_wall(at);

    return json_string(gotime_format(a, &t, STR("2006-01-02T15:04:05.000Z07:00")));
}

struct json dead_letter_value(struct arena *a, const struct dead_letter *letter)
{
    struct json_object_builder b = {0};
    struct json_array_builder events = {0};

    json_add(a, &b, STR("id"), json_string(letter->id));
    json_add(a, &b, STR("namespace"), json_string(letter->ns));
    json_add(a, &b, STR("state"), json_string(str_from(states[letter->state])));
    json_add(a, &b, STR("time"), time_value(a, letter->at));
    json_add(a, &b, STR("sensor"), json_string(letter->sensor));
    json_add(a, &b, STR("trigger"), json_string(letter->trigger));
    if (letter->state == DEAD_LETTER_DONE)
        return json_object(&b);
    json_add(a, &b, STR("sensorUID"), json_string(letter->sensor_uid));
    json_add(a, &b, STR("error"), json_string(letter->error));
    json_add(a, &b, STR("attempts"), json_int(a, letter->attempts));
    json_add(a, &b, STR("redrives"), json_int(a, letter->redrives));
    for (size_t i = 0; i < letter->event_count; i++)
        json_push(a, &events, event_value(a, &letter->events[i]));
    json_add(a, &b, STR("events"), json_array(&events));
    return json_object(&b);
}

struct json dead_letter_summary(struct arena *a, const struct json *value)
{
    const struct json *events = json_get(value, STR("events"));
    struct json_array_builder list = {0};

    for (size_t i = 0; json_is(events, JSON_ARRAY) && i < events->count; i++) {
        struct json_object_builder b = {0};

        json_add_str(a, &b, STR("dependency"),
                     json_get_str(&events->items[i], STR("dependency")));
        json_add_str(a, &b, STR("id"), json_get_str(&events->items[i], STR("id")));
        json_push(a, &list, json_object(&b));
    }
    return json_set(a, value, STR("events"), json_array(&list));
}

/* ---- from JSON ---- */

static int read_state(struct str word, enum dead_letter_state *ret, struct err *err)
{
    for (size_t i = 0; i < COUNT_OF(states); i++)
        if (str_is(word, states[i])) {
            *ret = (enum dead_letter_state) i;
            return 0;
        }
    return err_set(err, ERR_INVALID,
                   "state: must be waiting, redriving or done, not \"" STR_FMT "\"",
                   STR_ARG(word));
}

static int read_event(struct arena *a, const struct json *v, struct trigger_event *ret,
                      struct err *err)
{
    const struct json *context = json_get(v, STR("event")), *data = json_get(v, STR("data"));
    struct str apart = json_get_str(v, STR("data_base64"));
    struct json *parsed = ARENA_NEW(a, struct json);
    struct err ignored;

    if (!json_is(context, JSON_OBJECT))
        return err_set(err, ERR_INVALID, "event: must be an object");
    *ret = (struct trigger_event){.dependency = json_get_str(v, STR("dependency")),
                                  .context = context};
    if (!str_is_none(apart)) {
        if (base64_decode(a, apart, &ret->data, err) < 0)
            return err_wrap(err, "data_base64");
    } else if (data || (data = json_get(context, STR("data")))) {
        ret->data = json_text(a, data, 0);
    }
    if (json_parse(a, ret->data, parsed, &ignored) == 0)
        ret->parsed = parsed;
    return 0;
}

static int read_events(struct arena *a, const struct json *list, struct dead_letter *letter,
                       struct err *err)
{
    size_t count = json_is(list, JSON_ARRAY) ? list->count : 0;
    struct trigger_event *events = ARENA_ARRAY(a, struct trigger_event, count + 1);

    for (size_t i = 0; i < count; i++)
        if (read_event(a, &list->items[i], &events[i], err) < 0)
            return err_wrap(err, "events[%zu]", i);
    letter->events = events;
    letter->event_count = count;
    return 0;
}

static int64_t number(const struct json *v, struct str key)
{
    int64_t n = 0;

    return json_i64(json_get(v, key), &n) ? n : 0;
}

int dead_letter_read(struct arena *a, struct str text, struct dead_letter *ret, struct err *err)
{
    struct dead_letter made = {0};
    struct json *v = ARENA_NEW(a, struct json);

    if (json_parse(a, str_copy(a, text), v, err) < 0)
        return -1;
    made.id = json_get_str(v, STR("id"));
    made.ns = json_get_str(v, STR("namespace"));
    made.sensor = json_get_str(v, STR("sensor"));
    made.sensor_uid = json_get_str(v, STR("sensorUID"));
    made.trigger = json_get_str(v, STR("trigger"));
    made.error = json_get_str(v, STR("error"));
    made.attempts = number(v, STR("attempts"));
    made.redrives = number(v, STR("redrives"));
    if (str_is_empty(made.id) || str_is_empty(made.ns))
        return err_set(err, ERR_INVALID, "id and namespace are required");
    if (read_state(json_get_str(v, STR("state")), &made.state, err) < 0 ||
        gotime_parse_wall(json_get_str(v, STR("time")), &made.at, err) < 0 ||
        read_events(a, json_get(v, STR("events")), &made, err) < 0)
        return -1;
    *ret = made;
    return 0;
}
