/* Conditions and finalizers of any document. See object.h. */
#include "objects/object.h"

/* ---- conditions ---- */

static struct json condition_of(struct arena *a, const char *type, struct str message)
{
    struct json_object_builder b = {0};

    json_add(a, &b, STR("type"), json_string(str_from(type)));
    json_add(a, &b, STR("status"), json_string(STR("True")));
    json_add(a, &b, STR("message"), json_string(message));
    return json_object(&b);
}

struct json object_set_condition(struct arena *a, const struct json *doc, const char *type,
                                 struct str message)
{
    const struct json *old = json_path(doc, "status", "conditions", NULL), *item;
    struct json_array_builder list = {0};
    bool is_there = false;

    for (size_t i = 0; (item = json_item(old, i)) != NULL; i++) {
        bool is_it = str_is(json_get_str(item, STR("type")), type);

        if (!is_it)
            json_push(a, &list, *item);
        else if (!str_is_none(message))
            json_push(a, &list, condition_of(a, type, message));
        is_there = is_there || is_it;
    }
    if (!is_there && str_is_none(message))
        return *doc;
    if (!is_there)
        json_push(a, &list, condition_of(a, type, message));
    if (list.len == 0)
        return json_set(a, doc, STR("status"),
                        json_without(a, json_get(doc, STR("status")), STR("conditions")));
    return json_set_path(a, doc, json_array(&list), "status", "conditions", NULL);
}

/* ---- finalizers ---- */

static const struct json *finalizers_of(const struct json *doc)
{
    return json_path(doc, "metadata", "finalizers", NULL);
}

bool object_has_finalizer(const struct json *doc, struct str name)
{
    const struct json *item;

    for (size_t i = 0; (item = json_item(finalizers_of(doc), i)) != NULL; i++)
        if (str_eq(json_str(item), name))
            return true;
    return false;
}

static struct json with_finalizers(struct arena *a, const struct json *doc,
                                   const struct json_array_builder *list)
{
    if (list->len > 0)
        return json_set_path(a, doc, json_array(list), "metadata", "finalizers", NULL);
    return json_set(a, doc, STR("metadata"),
                    json_without(a, json_get(doc, STR("metadata")), STR("finalizers")));
}

struct json object_add_finalizer(struct arena *a, const struct json *doc, struct str name)
{
    struct json_array_builder list = {0};
    const struct json *item;

    if (object_has_finalizer(doc, name))
        return *doc;
    for (size_t i = 0; (item = json_item(finalizers_of(doc), i)) != NULL; i++)
        json_push(a, &list, *item);
    json_push(a, &list, json_string(name));
    return with_finalizers(a, doc, &list);
}

struct json object_remove_finalizer(struct arena *a, const struct json *doc, struct str name)
{
    struct json_array_builder list = {0};
    const struct json *item;

    if (!object_has_finalizer(doc, name))
        return *doc;
    for (size_t i = 0; (item = json_item(finalizers_of(doc), i)) != NULL; i++)
        if (!str_eq(json_str(item), name))
            json_push(a, &list, *item);
    return with_finalizers(a, doc, &list);
}
