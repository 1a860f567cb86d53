/* Objects in Kubernetes' protobuf: what can be read is JSON that can be printed and read again.
 */
#include <assert.h>

#include "objects/protobuf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct json v, again;
    struct err err;

    if (protobuf_parse(a, str_of((const char *) data, size), &v, &err) < 0) {
        assert(err.kind == ERR_INVALID || err.kind == ERR_UNSUPPORTED);
        return 0;
    }
    assert(json_parse(a, json_text(a, &v, JSON_COMPACT), &again, &err) == 0);
    return 0;
}
