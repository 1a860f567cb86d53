/* tests/support/golden_request.h - requests as golden vectors hold them: headers as {name:
 * [value, ...]}. */
#pragma once

#include "events/sources/webhook_event.h"
#include "tests/support/golden.h"

static inline struct webhook_request golden_request(struct arena *a, const struct json *v)
{
    const struct json *map = json_get(v, STR("headers"));
    struct webhook_request req = {.method = json_get_str(v, STR("method")),
                                  .url = json_get_str(v, STR("url")),
                                  .body = golden_text(a, v, "body")};
    struct http_header *headers;
    size_t count = 0;

    for (uint32_t i = 0; map && i < map->count; i++)
        count += map->members[i].value.count;
    headers = ARENA_ARRAY(a, struct http_header, count + 1);
    for (uint32_t i = 0; map && i < map->count; i++)
        for (uint32_t k = 0; k < map->members[i].value.count; k++)
            headers[req.header_count++] = (struct http_header){
                map->members[i].key, json_str(&map->members[i].value.items[k])};
    req.headers = headers;
    return req;
}
