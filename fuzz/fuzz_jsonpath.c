/* Paths of both flavours: the first line is the document. What is found can be printed. */
#include <assert.h>

#include "lang/jsonpath/jsonpath.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct str path = str_of((const char *) data, size), line, text = STR("");
    struct jsonpath_template *t;
    struct json doc, found;
    size_t left = 100000;
    struct err err;

    if (!str_cut(&path, '\n', &line) || json_parse(a, line, &doc, &err) < 0)
        return 0;
    path = str_is_none(path) ? STR("") : path;
    if (jsonpath_query(a, &doc, path, &left, &found, &err) == 0)
        json_text(a, &found, 0);
    else
        assert(err.kind == ERR_INVALID || err.kind == ERR_LIMIT);
    t = jsonpath_template_new(path, &err);
    if (t && jsonpath_template_render(t, a, &doc, &text, &err) == 0)
        assert(text.ptr);
    jsonpath_template_free(t);
    return 0;
}
