/* JSON: what parses prints, and what was printed parses to an equal value. */
#include <assert.h>
#include <stdint.h>

#include "formats/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *a = arena_new();
    struct json v, back;
    struct err err;

    if (json_parse(a, str_of((const char *) data, size), &v, &err) == 0) {
        assert(json_parse(a, json_text(a, &v, JSON_COMPACT), &back, &err) == 0);
        assert(json_equal(&v, &back));
    }
    arena_free(a);
    return 0;
}
