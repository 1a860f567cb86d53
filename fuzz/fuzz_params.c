/* Parameters: a document with a resource, a list of parameters and an event "dep". What they
 * give is JSON again. */
#include <assert.h>

#include "events/sensors/params.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct trigger_event event = {.dependency = STR("dep")};
    struct params_events events = {&event, 1};
    const struct json *list, *resource;
    struct json doc, made;
    struct str text;
    struct err err;

    if (json_parse(a, str_of((const char *) data, size), &doc, &err) < 0)
        return 0;
    event.context = json_path(&doc, "event", "context", NULL);
    event.data = json_str(json_path(&doc, "event", "data", NULL));
    list = json_get(&doc, STR("parameters"));
    resource = json_get(&doc, STR("resource"));
    params_check(list, &err);
    if (resource && params_apply(a, resource, list, &events, &made, &err) == 0)
        assert(json_text(a, &made, JSON_COMPACT).len > 0);
    if (params_payload(a, list, &events, &text, &err) < 0)
        assert(err.kind != ERR_NONE && err.kind != ERR_INTERNAL);
    text = params_event_text(a, &event);
    assert(json_parse(a, text, &made, &err) == 0);
    return 0;
}
