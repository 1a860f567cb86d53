/* YAML: what parses prints as YAML and as JSON without a crash, within the limits. */
#include <stdint.h>

#include "formats/yaml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *a = arena_new();
    struct strbuf b = STRBUF_INIT(16 << 20);
    struct json v;
    struct err err;

    if (size < 65536 && yaml_parse(a, str_of((const char *) data, size), &v, &err) == 0)
        yaml_print(&b, &v);
    strbuf_done(&b);
    arena_free(a);
    return 0;
}
