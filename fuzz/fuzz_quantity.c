/* Quantities and durations: what parses prints in a form that parses to the same and stays. */
#include <assert.h>
#include <stdint.h>

#include "formats/duration.h"
#include "formats/quantity.h"

static void check_quantity(struct arena *a, struct str text)
{
    struct quantity q, back;
    struct str printed;
    struct err err;

    if (quantity_parse(text, &q, &err) < 0)
        return;
    printed = quantity_print(a, &q);
    assert(quantity_parse(printed, &back, &err) == 0);
    assert(quantity_cmp(&q, &back) == 0 && str_eq(printed, quantity_print(a, &back)));
    quantity_value(&q);
    quantity_milli_value(&q);
    quantity_f64(&q);
}

static void check_duration(struct arena *a, struct str text)
{
    int64_t ns, back;
    struct err err;

    duration_parse_argo(text, &ns, &err);
    if (duration_parse(text, &ns, &err) < 0)
        return;
    assert(duration_parse(duration_print(a, ns), &back, &err) == 0 && back == ns);
    duration_humanize(a, ns);
    duration_humanize_short(a, ns);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct str text = str_of((const char *) data, size);

    check_quantity(a, text);
    check_duration(a, text);
    return 0;
}
