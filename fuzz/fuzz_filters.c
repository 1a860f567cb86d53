/* Filters: a document with a dependency's filters and an event. An event passes or there is a
 * reason. */
#include <assert.h>

#include "events/sensors/filters.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    _cleanup_arena_ struct arena *a = arena_new();
    _cleanup_programs_ struct programs *p = NULL;
    struct str reason = STR("");
    struct trigger_event event;
    struct json doc;
    struct err err;

    if (json_parse(a, str_of((const char *) data, size), &doc, &err) < 0)
        return 0;
    event = (struct trigger_event){
        .context = json_path(&doc, "event", "context", NULL),
        .data = json_str(json_path(&doc, "event", "data", NULL)),
    };
    filters_check(&doc, &err);
    p = programs_new(&doc);
    assert(filters_pass(a, &doc, p, &event, &reason) == str_is_empty(reason));
    return 0;
}
