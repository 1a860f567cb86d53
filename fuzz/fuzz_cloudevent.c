/* CloudEvents: what is printed parses again and prints the same. */
#include <assert.h>

#include "base/limits.h"
#include "base/strbuf.h"
#include "formats/cloudevent.h"

static struct str print(struct arena *a, const struct cloudevent *ev)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(ARENA_DOC_MAX_BYTES);

    cloudevent_print(&b, ev);
    return str_copy(a, strbuf_str(&b));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct cloudevent first, second;
    struct str printed;
    struct err err;

    if (cloudevent_parse(a, str_of((const char *) data, size), &first, &err) <= 0)
        return 0;
    cloudevent_as_seen(a, &first);
    printed = print(a, &first);
    if (cloudevent_parse(a, printed, &second, &err) < 0)
        assert(str_is_empty(first.source)); /* an empty source is written, but not read */
    else
        assert(str_eq(printed, print(a, &second)));
    return 0;
}
