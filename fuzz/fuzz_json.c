/* JSON: what parses is valid and prints, and what was printed parses to an equal value. */
#include <assert.h>
#include <stdint.h>

#include "formats/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *a = arena_new();
    struct json v, back;
    struct err err;

    struct str text = str_of((const char *) data, size);

    if (json_parse(a, text, &v, &err) == 0) {
        assert(json_is_valid(text));
        assert(json_parse(a, json_text(a, &v, JSON_COMPACT), &back, &err) == 0);
        assert(json_equal(&v, &back));
    } else {
        assert(!json_is_valid(text));
    }
    arena_free(a);
    return 0;
}
