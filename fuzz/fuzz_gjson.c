/* Paths and changes: a path on the first line, the text behind it. What is a part of the text
 * is there; valid JSON stays valid when it is changed. */
#include <assert.h>

#include "lang/gjson/gjson.h"

static void check_result(struct arena *a, struct str json, const struct gjson *r)
{
    struct json value;
    struct err err;

    assert(!r->pos || str_starts(str_skip(json, r->pos), r->raw));
    assert(gjson_exists(r) || r->raw.len == 0);
    assert(gjson_text(a, r).ptr && gjson_type_name(r->type));
    gjson_value(a, r, &value, &err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct str json = str_of((const char *) data, size), path, made;
    bool is_valid;
    struct gjson r;
    struct err err;

    if (!str_cut(&json, '\n', &path) || str_is_none(json))
        return 0;
    is_valid = json_is_valid(json);
    if (gjson_get(a, json, path, &r, &err) == 0)
        check_result(a, json, &r);
    else
        assert(err.kind == ERR_LIMIT);
    if (gjson_set_text(a, json, path, STR("a\"<b>"), &made, &err) == 0)
        assert(!is_valid || json_is_valid(made));
    if (gjson_delete(a, json, path, &made, &err) == 0)
        assert(!is_valid || json_is_valid(made));
    return 0;
}
