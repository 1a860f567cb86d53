/* Nodes that a client has packed: after a byte that says so, the bytes are packed ones or the
 * base64 of some. What is taken has no packed nodes any more, and is JSON. */
#include <assert.h>
#include <stdint.h>

#include "formats/base64.h"
#include "workflows/operate/operate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct str bytes = str_of((const char *) data, size);
    struct json doc = json_null(), nodes;
    struct err err;

    bytes = size > 0 && data[0] == 'g' ? base64_encode(a, str_skip(bytes, 1)) : bytes;
    doc = json_set_path(a, &doc, json_string(bytes), "status", "compressedNodes", NULL);
    if (operate_unpack_nodes(a, &doc, &err) <= 0)
        return 0;
    assert(!json_path(&doc, "status", "compressedNodes", NULL));
    if (json_path(&doc, "status", "nodes", NULL))
        assert(json_parse(a, json_text(a, &doc, JSON_COMPACT), &nodes, &err) == 0);
    return 0;
}
