/* Conditions of triggers: what compiles is decided for every set of dependencies. */
#include <assert.h>
#include <stdint.h>

#include "events/sensors/conditions.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct str names[] = {STR("a"), STR("b"), STR("dep-c"), STR("d_d"), STR("true")};
    _cleanup_arena_ struct arena *a = arena_new();
    const struct condition *c;
    struct err err;

    if (condition_parse(a, str_of((const char *) data, size), names, COUNT_OF(names), &c,
                        &err) < 0)
        return 0;
    for (uint64_t met = 0; met < 1U << COUNT_OF(names);
         met++) /* others than it names do not count */
        assert(condition_holds(c, met) == condition_holds(c, met & condition_uses(c)));
    return 0;
}
