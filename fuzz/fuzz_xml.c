/* The little of XML: elements lie within the document, and what is escaped comes back. */
#include <assert.h>
#include <stdint.h>

#include "formats/xml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct str doc = str_of((const char *) data, size), rest = doc, inner, made;

    while (xml_next(&rest, STR("Key"), &inner)) {
        assert(inner.len <= size && rest.len < size);
        xml_text(a, doc, STR("Key"));
    }
    if (size > 100000)
        return 0;
    made = str_printf(a, "<t>" STR_FMT "</t>", STR_ARG(xml_escape(a, doc)));
    assert(str_eq(xml_text(a, made, STR("t")), doc) || memchr(data, 0, size));
    return 0;
}
