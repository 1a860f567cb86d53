/* YAML: what parses prints within the limits, and what is printed parses to an equal value; but
 * for a key "<<", which upstream prints plainly. */
#include <assert.h>
#include <stdint.h>

#include "formats/yaml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *a = arena_new();
    struct strbuf b = STRBUF_INIT(16 << 20);
    struct str text = str_of((const char *) data, size);
    struct json v, back;
    struct err err;

    if (size < 65536 && yaml_parse(a, text, &v, &err) == 0) {
        yaml_print(&b, &v);
        if (!b.is_over && str_find(strbuf_str(&b), STR("<<")) == SIZE_MAX) {
            assert(yaml_parse(a, strbuf_str(&b), &back, &err) == 0);
            assert(json_equal(&v, &back));
        }
    }
    strbuf_done(&b);
    arena_free(a);
    return 0;
}
