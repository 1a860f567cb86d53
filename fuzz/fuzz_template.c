/* Templates: any text has a result or a message, and never takes long. */
#include <assert.h>

#include "base/random.h"
#include "lang/template/template.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct random random = random_seed(1);
    struct template_input in = {.now = {1}, .random = &random};
    struct str text = STR_NONE;
    struct json doc;
    struct err err = {};

    if (json_parse(a,
                   STR("{\"Input\":{\"a\":[1,2.5,\"x\"],\"s\":\"text\",\"n\":null,\"m\":{\"k\":"
                       "true}}}"),
                   &doc, &err) < 0)
        return 0;
    in.dot = value_of_json(a, &doc);
    if (template_eval(a, str_of((const char *) data, size), &in, &text, &err) < 0)
        assert(err.kind != ERR_NONE && err.text[0]);
    else
        assert(!str_is_none(text));
    return 0;
}
