/*
 * formats/cloudevent.c - CloudEvents as JSON.
 *
 * Members are read in the order they stand, because a later one replaces an earlier one and the
 * version decides what some names mean. What is no attribute is an extension. The payload is
 * decoded last, when the content type is known. Printing has one order for all.
 */
#include "formats/cloudevent.h"

#include <stdlib.h>

#include "base/limits.h"
#include "base/strbuf.h"
#include "base/vec.h"
#include "formats/base64.h"
#include "formats/goquote.h"
#include "formats/jsonraw.h"
#include "formats/urlref.h"

struct reading {
    struct arena *arena;
    struct str text;
    struct cloudevent event;
    bool has_version, has_content_type;
    const struct json *data; /* the last of data and data_base64 */
    bool is_data_base64;     /* which of the two it was */
    VEC(struct json_member) extensions;
};

struct cloudevent cloudevent_make(struct arena *a, struct str id, struct str source,
                                  struct str type, struct str subject, struct gotime time)
{
    struct cloudevent ev = {.id = go_trim_space(id),
                            .type = go_trim_space(type),
                            .subject = go_trim_space(subject),
                            .content_type = STR("application/json"),
                            .has_time = true,
                            .time = time,
                            .is_base64 = true};

    if (str_is_empty(ev.subject))
        ev.subject = STR_NONE;
    if (!url_ref_print(a, source, &ev.source))
        ev.source = STR("");
    return ev;
}

/* Is the payload JSON by its content type? None counts as JSON. */
static bool is_json_type(struct str content_type)
{
    static const char *const types[] = {"", "application/json", "text/json",
                                        "application/cloudevents+json",
                                        "application/cloudevents-batch+json"};
    struct str media = str_head(content_type, str_find_char(content_type, ';'));

    for (size_t i = 0; i < COUNT_OF(types); i++)
        if (str_is(media, types[i])) /* in small letters, as upstream wants it */
            return true;
    return false;
}

static void add_member(struct strbuf *b, const char *name, struct str value)
{
    if (str_is_none(value))
        return;
    strbuf_addf(b, ",\"%s\":", name);
    json_print_string(b, value, JSON_ESCAPE_HTML);
}

static void add_time(struct strbuf *b, const struct gotime *time)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct gotime utc = gotime_in(time, NULL);

    add_member(b, "time", gotime_format(a, &utc, GOTIME_RFC3339_NANO));
}

static void add_base64(struct strbuf *b, const char *name, struct str bytes)
{
    _cleanup_arena_ struct arena *a = arena_new();

    strbuf_addf(b, ",\"%s\":\"", name);
    strbuf_add(b, base64_encode(a, bytes));
    strbuf_addc(b, '"');
}

static void add_data(struct strbuf *b, const struct cloudevent *ev)
{
    if (str_is_none(ev->data))
        return;
    if (ev->is_base64) {
        add_base64(b, ev->is_v03 ? "data" : "data_base64", ev->data);
    } else if (is_json_type(ev->content_type)) {
        strbuf_addz(b, ",\"data\":");
        json_raw_compact(b, ev->data);
    } else {
        add_member(b, "data", ev->data);
    }
}

void cloudevent_print(struct strbuf *b, const struct cloudevent *ev)
{
    strbuf_addf(b, "{\"specversion\":\"%s\"", ev->is_v03 ? "0.3" : "1.0");
    add_member(b, "id", ev->id.ptr ? ev->id : STR(""));
    add_member(b, "source", ev->source.ptr ? ev->source : STR(""));
    add_member(b, "type", ev->type.ptr ? ev->type : STR(""));
    add_member(b, "subject", ev->subject);
    if (ev->is_v03 && ev->is_base64)
        add_member(b, "datacontentencoding", STR("base64"));
    add_member(b, "datacontenttype", ev->content_type);
    add_member(b, ev->is_v03 ? "schemaurl" : "dataschema", ev->schema);
    if (ev->has_time)
        add_time(b, &ev->time);
    add_data(b, ev);
    for (uint32_t i = 0; ev->extensions.type == JSON_OBJECT && i < ev->extensions.count; i++) {
        strbuf_addc(b, ',');
        json_print_string(b, ev->extensions.members[i].key, JSON_ESCAPE_HTML);
        strbuf_addc(b, ':');
        json_print(b, &ev->extensions.members[i].value, JSON_ESCAPE_HTML);
    }
    strbuf_addc(b, '}');
}

/* A text member; null is the empty text. */
static int take_text(const struct json_member *member, struct str *ret, struct err *err)
{
    if (member->value.type == JSON_STRING)
        *ret = json_str(&member->value);
    else if (member->value.type == JSON_NULL)
        *ret = STR("");
    else
        return err_set(err, ERR_INVALID, STR_FMT ": must be a string", STR_ARG(member->key));
    return 0;
}

/* A text member that the empty text leaves out. */
static int take_optional(const struct json_member *member, struct str *ret, struct err *err)
{
    if (take_text(member, ret, err) < 0)
        return -1;
    if (str_is_empty(*ret))
        *ret = STR_NONE;
    return 0;
}

static int take_version(struct reading *r, const struct json_member *member, struct err *err)
{
    struct str version = STR("");

    if (r->has_version)
        return err_set(err, ERR_INVALID, "specversion was already provided");
    if (take_text(member, &version, err) < 0)
        return -1;
    if (!str_is(version, "1.0") && !str_is(version, "0.3"))
        return err_set(err, ERR_INVALID, "specversion: unknown value: " STR_FMT,
                       STR_ARG(str_head(version, 100)));
    r->has_version = true;
    return 0;
}

static int take_source(struct reading *r, const struct json_member *member, struct err *err)
{
    struct str text;

    if (take_text(member, &text, err) < 0)
        return -1;
    if (str_is_empty(text) || !url_ref_print(r->arena, text, &r->event.source))
        return err_set(err, ERR_INVALID, "cannot parse uri ref: " STR_FMT,
                       STR_ARG(str_head(text, 200)));
    return 0;
}

static int take_time(struct reading *r, const struct json_member *member, struct err *err)
{
    struct str text, quoted;

    if (take_text(member, &text, err) < 0)
        return -1;
    r->event.has_time = !str_is_empty(text);
    if (str_is_empty(text) || gotime_parse_rfc3339(text, &r->event.time, err) == 0)
        return 0;
    quoted = go_quote(r->arena, str_head(text, 100));
    return err_set(err, ERR_INVALID,
                   "cannot convert " STR_FMT " to time.Time: not in RFC3339 format",
                   STR_ARG(quoted));
}

static int take_content_type(struct reading *r, const struct json_member *member,
                             struct err *err)
{
    if (r->has_content_type)
        return err_set(err, ERR_INVALID, "datacontenttype was already provided");
    r->has_content_type = true;
    /* Behind the version an empty one is kept. */
    return r->has_version ? take_text(member, &r->event.content_type, err)
                          : take_optional(member, &r->event.content_type, err);
}

static int take_schema(struct reading *r, const struct json_member *member, struct err *err)
{
    struct str text;

    if (take_text(member, &text, err) < 0)
        return -1;
    if (str_is_empty(text) || !url_ref_print(r->arena, text, &r->event.schema))
        r->event.schema = STR_NONE;
    return 0;
}

static int take_encoding(struct reading *r, const struct json_member *member, struct err *err)
{
    struct str text = STR("");

    if (take_text(member, &text, err) < 0)
        return -1;
    if (!str_is(text, "base64"))
        return err_set(err, ERR_INVALID,
                       "datacontentencoding: invalid datacontentencoding value, "
                       "the only allowed value is 'base64'");
    r->event.is_base64 = true;
    return 0;
}

/* Extension names of version 1.0: letters and digits, and no attribute's name in other case. */
static int check_extension_name(struct str name, struct err *err)
{
    static const char *const attributes[] = {
        "id",         "source",      "type", "datacontenttype", "subject", "time",
        "dataschema", "specversion", "data"};

    if (name.len == 0)
        return err_set(err, ERR_INVALID,
                       "bad key, CloudEvents attribute names MUST NOT be empty");
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];

        if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9'))
            return err_set(
                err, ERR_INVALID,
                "bad key, CloudEvents attribute names MUST consist of lower-case letters "
                "('a' to 'z'), upper-case letters ('A' to 'Z') or digits ('0' to '9') from "
                "the ASCII character set");
    }
    for (size_t i = 0; i < COUNT_OF(attributes); i++)
        if (str_eq_nocase(name, str_from(attributes[i])))
            return err_set(err, ERR_INVALID,
                           "bad key \"" STR_FMT "\": CloudEvents spec attribute MUST NOT be "
                           "overwritten by extension",
                           STR_ARG(name));
    return 0;
}

static struct str lower_case(struct arena *a, struct str s)
{
    char *lower = str_cz(a, s);

    for (size_t i = 0; i < s.len; i++)
        if (lower[i] >= 'A' && lower[i] <= 'Z')
            lower[i] = (char) (lower[i] + 'a' - 'A');
    return str_of(lower, s.len);
}

/* Extensions are booleans, texts and whole numbers of 32 bits; a fraction is cut. */
static int take_extension(struct reading *r, const struct json_member *member, struct err *err)
{
    struct json_member made = {.key = member->key, .value = member->value};
    double n;

    if (!r->event.is_v03) {
        if (check_extension_name(member->key, err) < 0)
            return -1;
        made.key = lower_case(r->arena, member->key);
    }
    if (member->value.type == JSON_ARRAY || member->value.type == JSON_OBJECT)
        return err_set(err, ERR_INVALID, "invalid CloudEvents value: " STR_FMT,
                       STR_ARG(str_head(member->key, 100)));
    if (member->value.type == JSON_NUMBER) {
        if (!json_f64(&member->value, &n) || n > INT32_MAX || n < INT32_MIN)
            return err_set(err, ERR_INVALID,
                           "cannot convert " STR_FMT " to int32: out of range",
                           STR_ARG(str_head(json_number(&member->value), 100)));
        made.value = json_int(r->arena, (int64_t) n);
    }
    VEC_APUSH(r->arena, &r->extensions, made);
    return 0;
}

static int take_member(struct reading *r, const struct json_member *member, struct err *err)
{
    struct cloudevent *ev = &r->event;
    struct str name = member->key;

    if (str_is(name, "specversion"))
        return take_version(r, member, err);
    if (str_is(name, "id"))
        return take_text(member, &ev->id, err);
    if (str_is(name, "type"))
        return take_text(member, &ev->type, err);
    if (str_is(name, "source"))
        return take_source(r, member, err);
    if (str_is(name, "subject"))
        return take_optional(member, &ev->subject, err);
    if (str_is(name, "time"))
        return take_time(r, member, err);
    if (str_is(name, "datacontenttype"))
        return take_content_type(r, member, err);
    if (str_is(name, ev->is_v03 ? "schemaurl" : "dataschema"))
        return take_schema(r, member, err);
    if (ev->is_v03 && str_is(name, "datacontentencoding"))
        return take_encoding(r, member, err);
    if (str_is(name, "data") || (!ev->is_v03 && str_is(name, "data_base64"))) {
        r->data = &member->value;
        r->is_data_base64 = !str_is(name, "data");
        ev->is_base64 |= r->is_data_base64;
        return 0;
    }
    return take_extension(r, member, err);
}

/* Standard base64 with padding; line ends are skipped. */
static int decode_base64(struct reading *r, struct err *err)
{
    struct str text = json_str(r->data);
    struct str bytes;

    if (r->data->type != JSON_STRING && r->data->type != JSON_NULL)
        return err_set(err, ERR_INVALID, "data_base64: expected string");
    if (str_find_char(text, '-') != SIZE_MAX || str_find_char(text, '_') != SIZE_MAX)
        return err_set(err, ERR_INVALID, "illegal base64 data");
    if (base64_decode(r->arena, text, &bytes, err) < 0)
        return -1;
    if (text.len % 4 != 0 && str_find_char(text, '\n') == SIZE_MAX &&
        str_find_char(text, '\r') == SIZE_MAX)
        return err_set(err, ERR_INVALID, "illegal base64 data at input byte %zu",
                       text.len / 4 * 4);
    r->event.data = bytes.ptr ? bytes : STR("");
    return 0;
}

static int decode_data(struct reading *r, struct err *err)
{
    if (!r->data)
        return 0;
    if (r->is_data_base64 || (r->event.is_v03 && r->event.is_base64))
        return decode_base64(r, err);
    if (is_json_type(r->event.content_type)) {
        r->event.data = json_raw_at(r->text, r->data->pos);
        return 0;
    }
    if (r->data->type != JSON_STRING && r->data->type != JSON_NULL)
        return err_set(err, ERR_INVALID,
                       "unexpected data payload for media type \"" STR_FMT
                       "\", expected a string",
                       STR_ARG(str_head(r->event.content_type, 100)));
    r->event.data = r->data->type == JSON_STRING ? json_str(r->data) : STR("");
    return 0;
}

static int compare_names(const void *left, const void *right)
{
    const struct json_member *l = left, *r = right;
    int order = str_cmp(l->key, r->key);

    /* Of equal names the later one comes first and is kept. */
    return order != 0 ? order : (l->key_pos < r->key_pos) - (l->key_pos > r->key_pos);
}

/* Sorted, the last value of a name, without those that are null. */
static struct json collect_extensions(struct reading *r)
{
    struct json_object_builder b = {0};
    const struct json_member *last = NULL;

    for (size_t i = 0; i < r->extensions.len; i++)
        r->extensions.at[i].key_pos = (uint32_t) i;
    if (r->extensions.len > 1)
        qsort(r->extensions.at, r->extensions.len, sizeof(*r->extensions.at), compare_names);
    VEC_FOREACH (it, &r->extensions) {
        bool is_again = last && str_eq(last->key, it->key);

        last = it;
        if (!is_again && it->value.type != JSON_NULL)
            json_add(r->arena, &b, it->key, it->value);
    }
    return b.len > 0 ? json_object(&b) : json_null();
}

int cloudevent_parse(struct arena *a, struct str text, struct cloudevent *ret, struct err *err)
{
    struct reading r = {.arena = a, .text = text};
    struct json doc;

    if (json_parse(a, text, &doc, err) < 0)
        return -1;
    if (doc.type == JSON_NULL)
        return 0;
    if (doc.type != JSON_OBJECT || !json_get(&doc, STR("specversion")))
        return err_set(err, ERR_INVALID, "specversion: no specversion");
    r.event.is_v03 = str_is(json_get_str(&doc, STR("specversion")), "0.3");
    for (uint32_t i = 0; i < doc.count; i++)
        if (take_member(&r, &doc.members[i], err) < 0)
            return -1;
    if (decode_data(&r, err) < 0)
        return -1;
    r.event.extensions = collect_extensions(&r);
    *ret = r.event;
    return 1;
}

static struct json text_or_empty(struct str s)
{
    return json_string(s.ptr ? s : STR(""));
}

struct json cloudevent_as_seen(struct arena *a, const struct cloudevent *ev)
{
    struct json_object_builder context = {0}, seen = {0};
    struct json time = json_null(), data = json_null();
    struct gotime utc = gotime_in(&ev->time, NULL);

    if (ev->has_time)
        time = json_string(gotime_format(a, &utc, GOTIME_RFC3339));
    if (!str_is_none(ev->data))
        data = json_string(base64_encode(a, ev->data));
    json_add(a, &context, STR("id"), text_or_empty(ev->id));
    json_add(a, &context, STR("source"), text_or_empty(ev->source));
    json_add(a, &context, STR("specversion"),
             json_string(ev->is_v03 ? STR("0.3") : STR("1.0")));
    json_add(a, &context, STR("type"), text_or_empty(ev->type));
    json_add(a, &context, STR("datacontenttype"), text_or_empty(ev->content_type));
    json_add(a, &context, STR("subject"), text_or_empty(ev->subject));
    json_add(a, &context, STR("time"), time);
    json_add(a, &seen, STR("context"), json_object(&context));
    json_add(a, &seen, STR("data"), data);
    return json_object(&seen);
}
