/* Patches: a document, an empty line, a patch. A merge patch applied twice changes nothing
 * more; what a patch makes is printed and read again. Strategic ones by the shape of pods. */
#include <assert.h>

#include "objects/shapes.h"

static void print_again(struct arena *a, const struct json *v)
{
    struct json again;
    struct err err;

    if (json_parse(a, json_text(a, v, JSON_COMPACT), &again, &err) < 0)
        assert(err.kind == ERR_LIMIT || err.kind == ERR_INVALID); /* nested too deep */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct str text = str_of((const char *) data, size);
    size_t cut = str_find(text, STR("\n\n"));
    struct json doc, patch, once, twice;
    struct patch_target target = {.doc = &doc};
    struct err err;

    if (cut == SIZE_MAX || json_parse(a, str_head(text, cut), &doc, &err) < 0 ||
        json_parse(a, str_skip(text, cut + 2), &patch, &err) < 0)
        return 0;
    if (patch_merge(a, &doc, &patch, &once, &err) == 0) {
        assert(patch_merge(a, &once, &patch, &twice, &err) == 0);
        assert(str_eq(json_text(a, &once, JSON_COMPACT), json_text(a, &twice, JSON_COMPACT)));
    }
    if (patch_json(a, &doc, &patch, &once, &err) == 0)
        print_again(a, &once);
    target.schema = field_patch_schema(&shape_pod);
    if (patch_apply(a, PATCH_STRATEGIC, &target, &patch, &once, &err) == 0)
        print_again(a, &once);
    return 0;
}
