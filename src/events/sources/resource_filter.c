/* Filters of resource sources. See resource_filter.h. */
#include "events/sources/resource_filter.h"

#include "base/strbuf.h"
#include "formats/gotime.h"
#include "lang/gjson/gjson.h"

static const char *const changes[] = {"ADD", "UPDATE", "DELETE"};

/* ---- reading ---- */

static int read_kind(const struct json *spec, struct resource_filter *f, struct err *err)
{
    struct str group = json_get_str(spec, STR("group")),
               version = json_get_str(spec, STR("version")),
               word = json_get_str(spec, STR("resource"));

    if (str_is_none(group))
        group = STR("");
    f->kind = object_kind_by_plural(group, word);
    f->shown = f->kind ? object_kind_in(f->kind, version) : NULL;
    if (!f->shown || !str_is(word, f->kind->plural))
        return err_set(err, ERR_INVALID,
                       "resource: \"" STR_FMT "\" of group \"" STR_FMT "\", version \"" STR_FMT
                       "\" is none that is served here",
                       STR_ARG(word), STR_ARG(group), STR_ARG(version));
    if (f->kind->is_unbuilt || f->kind->is_view)
        return err_set(err, ERR_UNSUPPORTED, "resource: %s is not supported yet",
                       f->kind->plural);
    f->ns = f->kind->is_namespaced ? json_get_str(spec, STR("namespace")) : STR("");
    return 0;
}

static int read_types(const struct json *list, struct resource_filter *f, struct err *err)
{
    for (size_t i = 0; json_is(list, JSON_ARRAY) && i < list->count; i++) {
        struct str word = json_str(&list->items[i]);
        size_t k = 0;

        while (k < COUNT_OF(changes) && !str_is(word, changes[k]))
            k++;
        if (k == COUNT_OF(changes))
            return err_set(err, ERR_INVALID,
                           "eventTypes[%zu]: \"" STR_FMT "\" is none of ADD, UPDATE, DELETE", i,
                           STR_ARG(word));
        f->wants[k] = true;
    }
    return 0;
}

/* One label as a selector's text. */
static int add_label(struct strbuf *b, const struct json *v, struct err *err)
{
    struct str key = json_get_str(v, STR("key")), op = json_get_str(v, STR("operation")),
               value = json_get_str(v, STR("value"));

    if (b->len > 0)
        strbuf_addc(b, ',');
    if (str_is_empty(op) || str_is(op, "=") || str_is(op, "==") || str_is(op, "!="))
        strbuf_addf(b, STR_FMT STR_FMT STR_FMT, STR_ARG(key),
                    STR_ARG(str_is_empty(op) ? STR("=") : op), STR_ARG(value));
    else if (str_is(op, "in") || str_is(op, "notin"))
        strbuf_addf(b, STR_FMT " " STR_FMT " (" STR_FMT ")", STR_ARG(key), STR_ARG(op),
                    STR_ARG(value));
    else if (str_is(op, "gt") || str_is(op, "lt"))
        strbuf_addf(b, STR_FMT "%s" STR_FMT, STR_ARG(key), str_is(op, "gt") ? ">" : "<",
                    STR_ARG(value));
    else if (str_is(op, "exists") || str_is(op, "!"))
        strbuf_addf(b, "%s" STR_FMT, str_is(op, "!") ? "!" : "", STR_ARG(key));
    else
        return err_set(err, ERR_INVALID,
                       "operation: \"" STR_FMT
                       "\" is none of =, ==, !=, in, notin, exists, !, gt, lt",
                       STR_ARG(op));
    return 0;
}

static int read_labels(struct arena *a, const struct json *list, struct resource_filter *f,
                       struct err *err)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(1 << 20);

    for (size_t i = 0; json_is(list, JSON_ARRAY) && i < list->count; i++)
        if (add_label(&b, &list->items[i], err) < 0)
            return err_wrap(err, "filter.labels[%zu]", i);
    if (selector_parse(a, strbuf_str(&b), &f->labels, err) < 0)
        return err_wrap(err, "filter.labels");
    return 0;
}

static int read_fields(struct arena *a, const struct json *list, struct resource_filter *f,
                       struct err *err)
{
    size_t count = json_is(list, JSON_ARRAY) ? list->count : 0;

    f->fields = ARENA_ARRAY(a, struct resource_field, count + 1);
    for (size_t i = 0; i < count; i++) {
        const struct json *v = &list->items[i];
        struct str op = json_get_str(v, STR("operation"));
        struct resource_field *field = &f->fields[i];

        field->path = json_get_str(v, STR("key"));
        field->is_equal = str_is(op, "=") || str_is(op, "==");
        if (!field->is_equal && !str_is(op, "!="))
            f->matches_nothing = true; /* as upstream: also without an operation */
        field->expression = regex_new(json_get_str(v, STR("value")), err);
        if (!field->expression)
            return err_wrap(err, "filter.fields[%zu].value", i);
        f->field_count = i + 1;
    }
    return 0;
}

int resource_filter_read(struct arena *a, const struct json *spec, struct resource_filter *ret,
                         struct err *err)
{
    const struct json *filter = json_get(spec, STR("filter"));
    struct str created_by = json_get_str(filter, STR("createdBy"));

    if (read_kind(spec, ret, err) < 0 ||
        read_types(json_get(spec, STR("eventTypes")), ret, err) < 0 ||
        read_labels(a, json_get(filter, STR("labels")), ret, err) < 0 ||
        read_fields(a, json_get(filter, STR("fields")), ret, err) < 0)
        return -1;
    ret->prefix = json_get_str(filter, STR("prefix"));
    ret->is_after_start = json_get_bool(filter, STR("afterStart"));
    ret->has_created_by = !str_is_empty(created_by);
    if (ret->has_created_by && gotime_parse_wall(created_by, &ret->created_by, err) < 0)
        return err_wrap(err, "filter.createdBy");
    return 0;
}

void resource_filter_done(struct resource_filter *f)
{
    for (size_t i = 0; i < f->field_count; i++)
        regex_free(f->fields[i].expression);
    f->field_count = 0;
}

/* ---- filtering ---- */

static struct wall time_of(const struct json *object, const char *member, struct wall fallback)
{
    struct str text = json_str(json_path(object, "metadata", member, NULL));
    struct wall at = fallback;
    struct err ignored;

    if (!str_is_empty(text) && gotime_parse_wall(text, &at, &ignored) < 0)
        return fallback;
    return at;
}

/* When somebody changed it the last time, as managedFields tells. */
static struct wall update_time(const struct json *object)
{
    const struct json *list = json_path(object, "metadata", "managedFields", NULL);
    struct wall last = time_of(object, "creationTimestamp", (struct wall){0}), at;
    struct err ignored;

    for (size_t i = 0; json_is(list, JSON_ARRAY) && i < list->count; i++)
        if (str_is(json_get_str(&list->items[i], STR("operation")), "Update") &&
            gotime_parse_wall(json_get_str(&list->items[i], STR("time")), &at, &ignored) == 0 &&
            at.ms > last.ms)
            last = at;
    return last;
}

static struct wall event_time(const struct resource_event *e)
{
    switch (e->change) {
    case RESOURCE_ADD:
        return time_of(e->object, "creationTimestamp", (struct wall){0});
    case RESOURCE_UPDATE:
        return update_time(e->object);
    case RESOURCE_DELETE:
        break;
    }
    return time_of(e->object, "deletionTimestamp", e->now);
}

static bool field_passes(struct arena *a, const struct resource_field *field, struct str text)
{
    struct gjson found;
    struct err ignored;

    if (gjson_get(a, text, field->path, &found, &ignored) < 0 || !gjson_exists(&found))
        return false;
    return regex_matches(field->expression,
                         found.type == GJSON_STRING ? found.text : STR("")) == field->is_equal;
}

bool resource_filter_passes(struct arena *a, const struct resource_filter *f,
                            const struct resource_event *e)
{
    struct str text;

    if (!f->wants[e->change] || f->matches_nothing ||
        !str_starts(object_name(e->object), f->prefix))
        return false;
    if (f->is_after_start && event_time(e).ms / 1000 < e->start.ms / 1000)
        return false;
    if (f->has_created_by &&
        time_of(e->object, "creationTimestamp", (struct wall){0}).ms > f->created_by.ms)
        return false;
    if (f->field_count == 0)
        return true;
    text = json_text(a, e->object, 0);
    for (size_t i = 0; i < f->field_count; i++)
        if (!field_passes(a, &f->fields[i], text))
            return false;
    return true;
}

/* ---- data ---- */

struct str resource_event_data(struct arena *a, const struct json *spec,
                               const struct resource_event *e)
{
    const struct json *metadata = json_get(spec, STR("metadata"));
    struct str group = json_get_str(spec, STR("group"));
    struct json_object_builder b = {0};
    struct json data;

    json_add(a, &b, STR("type"), json_string(str_from(changes[e->change])));
    json_add(a, &b, STR("body"), *e->object);
    json_add(a, &b, STR("oldBody"), e->old ? *e->old : json_null());
    json_add(a, &b, STR("group"), json_string(str_is_none(group) ? STR("") : group));
    json_add(a, &b, STR("version"), json_string(json_get_str(spec, STR("version"))));
    json_add(a, &b, STR("resource"), json_string(json_get_str(spec, STR("resource"))));
    if (json_is(metadata, JSON_OBJECT) && metadata->count > 0)
        json_add(a, &b, STR("metadata"), *metadata);
    data = json_object(&b);
    return json_text(a, &data, JSON_ESCAPE_HTML);
}
