/* Tags: replacing in a document gives what replacing in its text gives. */
#include <assert.h>

#include "lang/subst/subst.h"

static enum subst_answer lookup(const void *ctx _unused_, struct str name, struct str *ret)
{
    static const char *const values[] = {"v",  "",     "a\"b\\\n<&>",     "{{a}}",
                                         "\a", "\xff", "\xf3\xa0\x80\x81"};

    if (name.len == 0 || name.ptr[0] < 'a' || name.ptr[0] > 'h')
        return SUBST_MISSING;
    if (name.ptr[0] == 'h')
        return name.len % 2 ? SUBST_ABSENT : SUBST_OTHER;
    *ret = str_from(values[name.ptr[0] - 'a']);
    return SUBST_TEXT;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct subst_options opts = {.lookup = lookup,
                                 .unresolved = size % 2 ? SUBST_LEAVE : SUBST_REFUSE};
    struct json doc, out, want;
    struct err err, text_err;
    struct str text;
    int result;

    if (json_parse(a, str_of((const char *) data, size), &doc, &err) < 0)
        return 0;
    result = subst_json(a, &doc, &opts, &out, &err);
    assert(result ==
           subst_json_text(a, json_text(a, &doc, JSON_ESCAPE_HTML), &opts, &text, &text_err));
    assert(result == 0 ? json_parse(a, text, &want, &err) == 0 && json_equal(&out, &want)
                       : err.kind == text_err.kind && (err.kind == ERR_UNSUPPORTED ||
                                                       strcmp(err.text, text_err.text) == 0));
    return 0;
}
