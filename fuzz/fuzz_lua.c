/* Scripts of Lua: the first line is the document. Whatever comes out can be printed. */
#include "lang/lua/luascript.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct str source = str_of((const char *) data, size), line;
    _cleanup_luascript_ struct luascript *script = NULL;
    struct json doc, out;
    struct err err;

    if (!str_cut(&source, '\n', &line) || json_parse(a, line, &doc, &err) < 0)
        return 0;
    script = luascript_new(source, &err);
    if (script && luascript_eval(script, a, &doc, &out, &err) == 0)
        json_text(a, &out, JSON_ESCAPE_HTML);
    return 0;
}
