/* Programs of jq: the first line is the document. Whatever comes out can be printed. */
#include <assert.h>

#include "lang/jq/jq.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct str source = str_of((const char *) data, size), line;
    struct jq_program *p;
    struct jq_outputs out;
    struct json doc;
    struct err err;

    if (!str_cut(&source, '\n', &line) || json_parse(a, line, &doc, &err) < 0)
        return 0;
    p = jq_compile(source, &err);
    if (p && jq_run(p, a, &doc, 10, &out, &err) == 0) {
        assert(out.len <= 10);
        jq_text(a, &out);
    }
    jq_free(p);
    return 0;
}
