/* Deletion, as far as documents go. See removal.h. */
#include "store/embedded/removal.h"

#include <time.h>

static const struct json *meta_of(const struct json *doc)
{
    return json_get(doc, STR("metadata"));
}

static const struct json *finalizers_of(const struct json *doc)
{
    const struct json *list = json_get(meta_of(doc), STR("finalizers"));

    return json_is(list, JSON_ARRAY) ? list : NULL;
}

static bool is_namespace(const struct json *doc)
{
    return str_is(json_get_str(doc, STR("kind")), "Namespace") &&
           str_is(json_get_str(doc, STR("apiVersion")), "v1");
}

bool removal_is_namespace(const struct store_key *key)
{
    return str_is(key->kind, "Namespace") && str_is_empty(key->group);
}

bool removal_has_finalizers(const struct json *doc)
{
    const struct json *list = finalizers_of(doc);

    if (list && list->count > 0)
        return true;
    list = is_namespace(doc) ? json_path(doc, "spec", "finalizers", NULL) : NULL;
    return json_is(list, JSON_ARRAY) && list->count > 0;
}

bool removal_begins(const struct json *doc)
{
    return is_namespace(doc) && !json_get(meta_of(doc), STR("deletionTimestamp"));
}

static struct str time_text(struct arena *a, int64_t now_ms)
{
    time_t seconds = (time_t) (now_ms / 1000);
    struct tm tm;

    gmtime_r(&seconds, &tm);
    return str_printf(a, "%04d-%02d-%02dT%02d:%02d:%02dZ", tm.tm_year + 1900, tm.tm_mon + 1,
                      tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

/* It ends from now on, and its contents must go first, also of one that was stored before
 * namespaces had finalizers. */
static struct json ending_namespace(struct arena *a, const struct json *doc)
{
    const struct json *held = json_path(doc, "spec", "finalizers", NULL);
    struct json made =
        json_set_path(a, doc, json_string(STR("Terminating")), "status", "phase", NULL);
    struct json_array_builder list = {0};

    if (json_is(held, JSON_ARRAY) && held->count > 0)
        return made;
    json_push(a, &list, json_string(STR(REMOVAL_NAMESPACE)));
    return json_set_path(a, &made, json_array(&list), "spec", "finalizers", NULL);
}

/* The list without every item that is @text, in the member of metadata. */
static struct json without_text(struct arena *a, const struct json *doc, struct str text)
{
    const struct json *list = finalizers_of(doc);
    struct json_array_builder kept = {0};

    for (uint32_t i = 0; list && i < list->count; i++)
        if (!str_eq(json_str(&list->items[i]), text))
            json_push(a, &kept, list->items[i]);
    return json_array(&kept);
}

/* The wanted state of what is to go is another one. The engine counts those of Workflows. */
static struct json next_generation(struct arena *a, const struct json *doc)
{
    int64_t generation;

    if (str_is(json_get_str(doc, STR("kind")), "Workflow") ||
        !json_i64(json_get(meta_of(doc), STR("generation")), &generation) || generation < 1)
        return *doc;
    return json_set_path(a, doc, json_int(a, generation + 1), "metadata", "generation", NULL);
}

struct json removal_asked(struct arena *a, const struct json *doc, int64_t now_ms,
                          struct str finalizer)
{
    struct json made = removal_begins(doc) ? ending_namespace(a, doc) : *doc, list;
    struct json_array_builder all = {0};

    if (!json_get(meta_of(doc), STR("deletionTimestamp"))) {
        made = json_set_path(a, &made, json_string(time_text(a, now_ms)), "metadata",
                             "deletionTimestamp", NULL);
        made = json_set_path(a, &made, json_int(a, 0), "metadata", "deletionGracePeriodSeconds",
                             NULL);
        made = next_generation(a, &made);
    }
    if (str_is_empty(finalizer))
        return made;
    list = without_text(a, doc, finalizer);
    for (uint32_t i = 0; i < list.count; i++)
        json_push(a, &all, list.items[i]);
    json_push(a, &all, json_string(finalizer));
    return json_set_path(a, &made, json_array(&all), "metadata", "finalizers", NULL);
}

struct json removal_without_finalizer(struct arena *a, const struct json *doc,
                                      struct str finalizer)
{
    const struct json *list = finalizers_of(doc);
    struct json rest = without_text(a, doc, finalizer);

    if (!list || rest.count == list->count)
        return *doc;
    return json_set_path(a, doc, rest, "metadata", "finalizers", NULL);
}

enum removal_verdict removal_of_update(struct arena *a, struct str was, struct str is,
                                       struct json *ret)
{
    const struct json *asked;
    struct json old, new;
    struct err err;

    if (str_find(was, STR("\"deletionTimestamp\"")) == SIZE_MAX ||
        json_parse(a, was, &old, &err) < 0 || json_parse(a, is, &new, &err) < 0)
        return REMOVAL_NONE;
    asked = json_get(meta_of(&old), STR("deletionTimestamp"));
    if (!json_is(asked, JSON_STRING))
        return REMOVAL_NONE;
    if (!removal_has_finalizers(&new))
        return REMOVAL_DELETE;
    if (json_get(meta_of(&new), STR("deletionTimestamp")))
        return REMOVAL_NONE;
    *ret = json_set_path(a, &new, *asked, "metadata", "deletionTimestamp", NULL);
    return REMOVAL_REWRITE;
}

struct str removal_owner_label(struct arena *a, struct str owner_uid)
{
    return str_concat(a, STR("\001owner/"), owner_uid);
}

const struct json *removal_owners(const struct json *doc)
{
    const struct json *list = json_get(meta_of(doc), STR("ownerReferences"));

    return json_is(list, JSON_ARRAY) ? list : NULL;
}

struct json removal_without_owner(struct arena *a, const struct json *doc, struct str owner_uid)
{
    const struct json *list = removal_owners(doc);
    struct json_array_builder kept = {0};

    for (uint32_t i = 0; list && i < list->count; i++)
        if (!str_eq(json_get_str(&list->items[i], STR("uid")), owner_uid))
            json_push(a, &kept, list->items[i]);
    return json_set_path(a, doc, json_array(&kept), "metadata", "ownerReferences", NULL);
}
