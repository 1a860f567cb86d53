/* Forms with files: the first line is the Content-Type, the rest the body. */
#include <stdint.h>
#include <stdlib.h>

#include "formats/multipart.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str body = str_of((const char *) data, size), type = STR(""), boundary;
    struct arena *a = arena_new();
    struct multipart_part part;
    struct err err;

    str_cut(&body, '\n', &type);
    if (!str_is_none(body) && multipart_boundary(a, type, &boundary, &err) == 0 &&
        multipart_find(a, body, boundary, STR("file"), &part, &err) == 0 &&
        (part.bytes.len > 0 &&
         (part.bytes.ptr < body.ptr || part.bytes.ptr + part.bytes.len > body.ptr + body.len)))
        abort();
    arena_free(a);
    return 0;
}
