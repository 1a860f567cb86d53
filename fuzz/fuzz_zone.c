/* Time zone files (RFC 8536): any bytes are refused or give a zone that answers for every time.
 */
#include <stdint.h>

#include "formats/gozone.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const int64_t times[] = {INT64_MIN / 4, -4000000000, -1,          0,
                                    1700000000,    4102444800,  32503680000, INT64_MAX / 4};
    _cleanup_arena_ struct arena *a = arena_new();
    const struct gozone *zone;
    struct err err;
    int32_t offset_s;

    if (gozone_parse(a, str_of((const char *) data, size), &zone, &err) < 0)
        return 0;
    for (size_t i = 0; i < COUNT_OF(times); i++) {
        struct gozone_span span = gozone_at(zone, times[i]);

        gozone_find(zone, span.name, times[i], &offset_s);
    }
    return 0;
}
