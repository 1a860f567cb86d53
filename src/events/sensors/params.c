/*
 * Resolves sources against events and puts the values into documents. The documents are texts
 * while parameters are applied: each works on the result of the one before. See params.h.
 */
#include "events/sensors/params.h"

#include "events/sensors/event_template.h"
#include "formats/base64.h"
#include "formats/gotime.h"
#include "formats/yaml.h"
#include "lang/gjson/gjson.h"

static const struct trigger_event *find_event(const struct params_events *events,
                                              struct str dependency)
{
    for (size_t i = 0; i < events->len; i++)
        if (str_eq(events->at[i].dependency, dependency))
            return &events->at[i];
    return NULL;
}

/* ---- events as texts ---- */

static struct json time_of(struct arena *a, const struct json *context)
{
    struct gotime t;
    struct err ignored;

    if (gotime_parse_rfc3339(json_get_str(context, STR("time")), &t, &ignored) < 0 ||
        gotime_is_zero(&t))
        return json_null();
    return json_string(gotime_rfc3339(a, gotime_to_wall(&t)));
}

/* The seven attributes in upstream's order; what is absent is an empty text. */
static struct json context_of(struct arena *a, const struct trigger_event *event)
{
    static const char *const names[] = {"id",   "source",          "specversion",
                                        "type", "datacontenttype", "subject"};
    struct json_object_builder b = {0};

    for (size_t i = 0; i < COUNT_OF(names); i++) {
        struct str text = json_get_str(event->context, str_from(names[i]));

        json_add(a, &b, str_from(names[i]), json_string(str_is_none(text) ? STR("") : text));
    }
    json_add(a, &b, STR("time"), time_of(a, event->context));
    return json_object(&b);
}

struct str params_event_text(struct arena *a, const struct trigger_event *event)
{
    struct json_object_builder b = {0};
    struct json whole;

    if (event->context)
        json_add(a, &b, STR("context"), context_of(a, event));
    json_add(a, &b, STR("data"),
             str_is_none(event->data) ? json_null()
                                      : json_string(base64_encode(a, event->data)));
    whole = json_object(&b);
    return json_text(a, &whole, JSON_ESCAPE_HTML);
}

static int data_text(struct arena *a, const struct trigger_event *event, struct str *ret,
                     struct err *err)
{
    struct str type = json_get_str(event->context, STR("datacontenttype"));
    struct json doc;

    if (str_is(type, "application/json")) {
        if (!event->parsed && !json_is_valid(event->data))
            return err_set(err, ERR_INVALID, "event data is not valid JSON");
        *ret = event->data;
        return 0;
    }
    if (!str_is(type, "application/yaml"))
        return err_set(err, ERR_INVALID, "unsupported event content type: " STR_FMT,
                       STR_ARG(type));
    if (yaml_parse(a, event->data, &doc, err) < 0)
        return err_wrap(err, "failed converting yaml event data to JSON");
    *ret = json_text(a, &doc, JSON_ESCAPE_HTML | JSON_SORT_KEYS);
    return 0;
}

/* ---- sources ---- */

static struct params_value text_value(struct str text)
{
    return (struct params_value){.text = text, .type = "String"};
}

static bool has_text(const struct json *src, const char *name)
{
    return !str_is_empty(json_get_str(src, str_from(name)));
}

/* The value at a key: 1, 0 when there is none, -1. */
static int value_at(struct arena *a, struct str document, struct str key,
                    struct params_value *ret, struct err *err)
{
    struct gjson found;

    if (gjson_get(a, document, key, &found, err) < 0)
        return -1;
    if (!gjson_exists(&found))
        return 0;
    ret->type = gjson_type_name(found.type);
    ret->text = found.type == GJSON_NULL ? STR("null") : gjson_text(a, &found);
    return 1;
}

/* Where a src looks: the document, and how. */
struct source {
    struct str document, key, template; /* empty: none */
};

/* The data when it is asked for, else the attributes. */
static int source_of(struct arena *a, const struct json *src, const struct trigger_event *event,
                     struct source *ret, struct err *err)
{
    struct json context;

    ret->key = json_get_str(src, STR("dataKey"));
    ret->template = json_get_str(src, STR("dataTemplate"));
    if (!str_is_empty(ret->key) || !str_is_empty(ret->template))
        return data_text(a, event, &ret->document, err);
    context = context_of(a, event);
    ret->key = json_get_str(src, STR("contextKey"));
    ret->template = json_get_str(src, STR("contextTemplate"));
    ret->document = json_text(a, &context, JSON_ESCAPE_HTML);
    return 0;
}

/* What the template or else the key gives: 1, 0 when there is nothing, -1. */
static int source_value(struct arena *a, const struct source *source, struct params_value *ret,
                        struct err *err)
{
    struct json doc;
    struct str text;

    if (!str_is_empty(source->template) && json_parse(a, source->document, &doc, err) == 0 &&
        event_template(a, source->template, &doc, &text, err) == 0) {
        *ret = text_value(text);
        return 1;
    }
    if (str_is_empty(source->key))
        return -1;
    return value_at(a, source->document, source->key, ret, err);
}

static bool is_asked(const struct json *src)
{
    return has_text(src, "dataKey") || has_text(src, "dataTemplate") ||
           has_text(src, "contextKey") || has_text(src, "contextTemplate");
}

int params_resolve(struct arena *a, const struct json *src, const struct params_events *events,
                   struct params_value *ret, struct err *err)
{
    struct str name = json_get_str(src, STR("dependencyName"));
    struct str fallback = json_get_str(src, STR("value"));
    const struct trigger_event *event = find_event(events, name);
    struct source source = {.document = STR_NONE};
    int found;

    if (!event) {
        *ret = text_value(fallback);
        return 0;
    }
    if (!is_asked(src)) {
        *ret = text_value(str_is_none(fallback) ? params_event_text(a, event) : fallback);
        return 0;
    }
    found =
        source_of(a, src, event, &source, err) < 0 ? -1 : source_value(a, &source, ret, err);
    if (found == 1)
        return 0;
    if (!str_is_none(fallback)) {
        *ret = text_value(fallback);
        return 0;
    }
    if (found == 0)
        err_set(err, ERR_INVALID,
                "unable to resolve '" STR_FMT "' parameter value: nothing at \"" STR_FMT "\"",
                STR_ARG(name), STR_ARG(source.key));
    else if (!str_is_empty(source.template))
        err_wrap(err, "unable to resolve '" STR_FMT "' parameter value", STR_ARG(name));
    return -1;
}

/* ---- checks ---- */

static bool is_operation(struct str s)
{
    return str_is_empty(s) || str_is(s, "append") || str_is(s, "prepend") ||
           str_is(s, "overwrite");
}

static int check_operation(const struct json *parameter, struct err *err)
{
    struct str operation = json_get_str(parameter, STR("operation"));

    if (is_operation(operation))
        return 0;
    return err_set(err, ERR_INVALID,
                   "unsupported trigger parameter operation: \"" STR_FMT
                   "\": overwrite, prepend or append expected",
                   STR_ARG(operation));
}

static int check_source(const struct json *parameter, struct err *err)
{
    const struct json *src = json_get(parameter, STR("src"));

    if (!json_is(src, JSON_OBJECT))
        return err_set(err, ERR_INVALID, "src: must be given");
    return 0;
}

static bool is_absent(const struct json *v)
{
    return !v || v->type == JSON_NULL;
}

int params_check_payload(const struct json *payload, struct err *err)
{
    if (is_absent(payload))
        return 0;
    if (payload->type != JSON_ARRAY)
        return err_set(err, ERR_INVALID, "a list of parameters expected");
    for (uint32_t i = 0; i < payload->count; i++)
        if (check_source(&payload->items[i], err) < 0)
            return err_wrap(err, "[%u]", i);
    return 0;
}

int params_check(const struct json *parameters, struct err *err)
{
    if (params_check_payload(parameters, err) < 0)
        return -1;
    for (uint32_t i = 0; !is_absent(parameters) && i < parameters->count; i++)
        if (check_operation(&parameters->items[i], err) < 0)
            return err_wrap(err, "[%u]", i);
    return 0;
}

/* ---- documents ---- */

static int put(struct arena *a, const struct json *parameter, const struct params_value *value,
               struct str *doc, struct err *err)
{
    struct str dest = json_get_str(parameter, STR("dest"));
    bool is_raw = json_get_bool(json_get(parameter, STR("src")), STR("useRawData")) &&
                  strcmp(value->type, "String") != 0;

    return (is_raw ? gjson_set_raw : gjson_set_text)(a, *doc, dest, value->text, doc, err);
}

/* append and prepend join with what is there, as texts. */
static int join(struct arena *a, const struct json *parameter, struct str doc,
                struct params_value *value, struct err *err)
{
    struct str operation = json_get_str(parameter, STR("operation")), old;
    struct gjson found;

    if (check_operation(parameter, err) < 0)
        return -1;
    if (str_is_empty(operation) || str_is(operation, "overwrite"))
        return 0;
    if (gjson_get(a, doc, json_get_str(parameter, STR("dest")), &found, err) < 0)
        return -1;
    if (!gjson_exists(&found))
        return 0;
    old = gjson_text(a, &found);
    *value = text_value(str_is(operation, "append") ? str_concat(a, old, value->text)
                                                    : str_concat(a, value->text, old));
    return 0;
}

int params_apply_text(struct arena *a, struct str doc, const struct json *parameters,
                      const struct params_events *events, struct str *ret, struct err *err)
{
    size_t count = json_is(parameters, JSON_ARRAY) ? parameters->count : 0;

    for (size_t i = 0; i < count; i++) {
        const struct json *parameter = &parameters->items[i];
        struct params_value value;

        if (params_resolve(a, json_get(parameter, STR("src")), events, &value, err) < 0)
            return err_wrap(err, "parameters[%zu]", i);
        if (str_is_none(value.text))
            continue;
        if (join(a, parameter, doc, &value, err) < 0 ||
            put(a, parameter, &value, &doc, err) < 0)
            return err_wrap(err, "parameters[%zu].dest", i);
    }
    *ret = doc;
    return 0;
}

int params_apply(struct arena *a, const struct json *doc, const struct json *parameters,
                 const struct params_events *events, struct json *ret, struct err *err)
{
    struct str before, after;

    if (!json_is(parameters, JSON_ARRAY) || parameters->count == 0) {
        *ret = *doc;
        return 0;
    }
    before = json_text(a, doc, JSON_COMPACT);
    if (params_apply_text(a, before, parameters, events, &after, err) < 0)
        return -1;
    if (after.ptr == before.ptr) {
        *ret = *doc;
        return 0;
    }
    if (json_parse(a, after, ret, err) < 0)
        return err_wrap(err, "the document with its parameters");
    return 0;
}

int params_apply_object(struct arena *a, const struct json *object,
                        const struct json *parameters, const struct params_events *events,
                        struct json *ret, struct err *err)
{
    struct json made;

    if (params_apply(a, object, parameters, events, &made, err) < 0)
        return -1;
    if (str_is_empty(json_get_str(&made, STR("kind"))))
        return err_set(err, ERR_INVALID, "Object 'Kind' is missing in '" STR_FMT "'",
                       STR_ARG(json_text(a, &made, JSON_COMPACT)));
    *ret = made;
    return 0;
}

int params_payload(struct arena *a, const struct json *payload,
                   const struct params_events *events, struct str *ret, struct err *err)
{
    size_t count = json_is(payload, JSON_ARRAY) ? payload->count : 0;
    struct str doc = STR_NONE;

    for (size_t i = 0; i < count; i++) {
        const struct json *parameter = &payload->items[i];
        struct params_value value;

        if (params_resolve(a, json_get(parameter, STR("src")), events, &value, err) < 0)
            return err_wrap(err, "payload[%zu]", i);
        if (str_is_empty(json_get_str(parameter, STR("dest")))) {
            if (str_is_none(value.text))
                continue;
            *ret = value.text;
            return 0;
        }
        if (str_is_none(value.text))
            return err_set(
                err, ERR_INVALID,
                "payload[%zu]: there is no event of dependency \"" STR_FMT "\"", i,
                STR_ARG(json_get_str(json_get(parameter, STR("src")), STR("dependencyName"))));
        if (put(a, parameter, &value, &doc, err) < 0)
            return err_wrap(err, "payload[%zu].dest", i);
    }
    *ret = doc;
    return 0;
}
