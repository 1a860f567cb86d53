/*
 * Objects as the Table that kubectl prints: columns of the kind, a row an object, the object's
 * metadata behind each row. Asked for by the Accept header. Pure but for the clock; any thread.
 */
#include "api/api_internal.h"

#include <ctype.h>

/* "LAST SEEN" is "Last Seen" in a table. */
static struct str title(struct arena *a, const char *upper)
{
    struct str copy = str_copy(a, str_from(upper));
    char *to = (char *) (uintptr_t) copy.ptr;

    for (size_t i = 1; i < copy.len; i++)
        if (isalnum((unsigned char) to[i - 1]))
            to[i] = (char) tolower((unsigned char) to[i]);
    return copy;
}

static void push_column(struct arena *a, struct json_array_builder *list, struct str name,
                        const char *type, const char *format, bool is_wide)
{
    struct json_object_builder b = {0};

    json_add(a, &b, STR("name"), json_string(name));
    json_add(a, &b, STR("type"), json_string(str_from(type)));
    json_add(a, &b, STR("format"), json_string(str_from(format)));
    json_add(a, &b, STR("description"), json_string(STR("")));
    json_add(a, &b, STR("priority"), json_int(a, is_wide ? 1 : 0));
    json_push(a, list, json_object(&b));
}

/* Types of our own are text to clients. */
static bool is_text(const char *type)
{
    return strcmp(type, "integer") != 0 && strcmp(type, "date") != 0;
}

static const char *format_of(const struct object_column *column)
{
    return strcmp(column->name, "NAME") == 0 ? "name" : "";
}

static struct json columns(struct arena *a, const struct object_kind *kind)
{
    struct json_array_builder list = {0};

    if (object_names_first(kind))
        push_column(a, &list, STR("Name"), "string", "name", false);
    for (size_t i = 0; i < kind->column_count; i++)
        push_column(a, &list, title(a, kind->columns[i].name),
                    is_text(kind->columns[i].type) ? "string" : kind->columns[i].type,
                    format_of(&kind->columns[i]), kind->columns[i].wide_only);
    return json_array(&list);
}

static struct json cell(struct arena *a, const struct object_column *column,
                        const struct json *doc, struct wall now)
{
    struct str text = object_cell(a, column, doc, now);
    int64_t number;

    if (strcmp(column->type, "integer") == 0 && parse_i64(text, &number))
        return json_int(a, number);
    return json_string(text);
}

/* What stands behind a row: "Object" all, "None" nothing, else the metadata. */
static struct json behind(struct arena *a, const struct json *doc, struct str include)
{
    if (str_is(include, "Object"))
        return *doc;
    if (str_is(include, "None"))
        return json_null();
    return reply_metadata(a, doc);
}

static struct json row(struct arena *a, const struct object_kind *kind, const struct json *doc,
                       struct str include)
{
    struct json_object_builder b = {0};
    struct json_array_builder cells = {0};
    const struct wall now = clock_wall();

    if (object_names_first(kind))
        json_push(a, &cells, json_string(object_name(doc)));
    for (size_t i = 0; i < kind->column_count; i++)
        json_push(a, &cells, cell(a, &kind->columns[i], doc, now));
    json_add(a, &b, STR("cells"), json_array(&cells));
    json_add(a, &b, STR("object"), behind(a, doc, include));
    return json_object(&b);
}

struct json table_value(struct arena *a, const struct object_kind *kind,
                        const struct json *items, const struct json *meta, struct str include)
{
    struct json_object_builder b = {0};
    struct json_array_builder rows = {0};

    for (uint32_t i = 0; i < items->count; i++)
        json_push(a, &rows, row(a, kind, &items->items[i], include));
    json_add(a, &b, STR("kind"), json_string(STR("Table")));
    json_add(a, &b, STR("apiVersion"), json_string(STR("meta.k8s.io/v1")));
    json_add(a, &b, STR("metadata"), *meta);
    json_add(a, &b, STR("columnDefinitions"), columns(a, kind));
    json_add(a, &b, STR("rows"), json_array(&rows));
    return json_object(&b);
}

struct json table_of_one(struct arena *a, const struct object_kind *kind,
                         const struct json *doc, struct str include)
{
    struct json_array_builder items = {0};
    struct json_object_builder meta = {0};
    struct json list, head;

    json_push(a, &items, *doc);
    json_add_str(a, &meta, STR("resourceVersion"),
                 json_str(json_path(doc, "metadata", "resourceVersion", NULL)));
    list = json_array(&items);
    head = json_object(&meta);
    return table_value(a, kind, &list, &head, include);
}
