/* Server-side apply: an object, an empty line, a document that is applied to it. Applied once
 * more it changes nothing; sets of fields are printed and read again. */
#include <assert.h>

#include "objects/managed.h"

static void check_sets(struct arena *a, const struct json *doc)
{
    const struct json *list = json_path(doc, "metadata", "managedFields", NULL);

    for (uint32_t i = 0; json_is(list, JSON_ARRAY) && i < list->count; i++) {
        struct field_set set = field_set_parse(a, json_get(&list->items[i], STR("fieldsV1")));
        struct json once = field_set_json(a, &set), twice;
        struct field_set again = field_set_parse(a, &once), none;

        twice = field_set_json(a, &again);
        assert(json_equal(&once, &twice));
        none = field_set_minus(a, &set, &again);
        assert(field_set_is_empty(&none));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    _cleanup_arena_ struct arena *a = arena_new();
    const struct managed_writer w = {.manager = STR("m"),
                                     .subresource = STR(""),
                                     .kind = object_kind_find(STR("v1"), STR("ConfigMap")),
                                     .is_forced = true};
    struct str text = str_of((const char *) data, size);
    size_t cut = str_find(text, STR("\n\n"));
    struct managed_applied once, twice;
    struct json live, config;
    struct err err;

    if (cut == SIZE_MAX || json_parse(a, str_head(text, cut), &live, &err) < 0 ||
        json_parse(a, str_skip(text, cut + 2), &config, &err) < 0 || live.type != JSON_OBJECT ||
        config.type != JSON_OBJECT)
        return 0;
    check_sets(a, &live);
    if (managed_apply(a, &w, &live, &config, &once, &err) < 0)
        return 0;
    check_sets(a, &once.doc);
    if (managed_apply(a, &w, &once.doc, &config, &twice, &err) == 0)
        check_sets(a, &twice.doc);
    managed_update(a, &w, &live, &config);
    return 0;
}
