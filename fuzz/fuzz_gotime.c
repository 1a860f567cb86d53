/* Times, durations and zone files: a time that was read prints so that it reads as the same
 * instant. The first line is a layout, the rest a value. */
#include <assert.h>

#include "formats/duration.h"
#include "formats/gotime.h"

static void round_trip(struct arena *a, struct str layout, struct str value,
                       const struct gozone *zone)
{
    struct gotime first, second;
    struct err err;

    if (gotime_parse(layout, value, zone, &first, &err) < 0)
        return;
    first = gotime_in(&first, NULL);
    if (gotime_civil_of(&first).year < 0 || gotime_civil_of(&first).year > 9999)
        return;
    assert(gotime_parse_rfc3339(gotime_format(a, &first, GOTIME_RFC3339_NANO), &second, &err) ==
           0);
    assert(first.unix_s == second.unix_s && first.ns == second.ns);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct str rest = str_of((const char *) data, size), layout = STR("");
    const struct gozone *zone = NULL;
    struct err err;
    int64_t ns, back;

    gozone_parse(a, rest, &zone, &err);
    if (duration_parse(rest, &ns, &err) == 0)
        assert(duration_parse(duration_print(a, ns), &back, &err) == 0 && back == ns);
    round_trip(a, GOTIME_RFC3339, rest, zone);
    str_cut(&rest, '\n', &layout);
    round_trip(a, layout, rest, zone);
    return 0;
}
