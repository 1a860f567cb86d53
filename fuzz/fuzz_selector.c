/* Label and field selectors: what is printed parses again and prints the same. */
#include <assert.h>

#include "formats/labels.h"
#include "formats/selector.h"

typedef int (*parse_fn)(struct arena *a, struct str text, struct selector *ret,
                        struct err *err);

static void round_trip(struct arena *a, struct str text, parse_fn parse)
{
    struct selector first, second, third;
    struct str printed;
    struct err err;

    if (parse(a, text, &first, &err) < 0)
        return;
    assert(parse(a, selector_print(a, &first), &second, &err) == 0);
    /* Terms of fields are sorted by their spelling, so the second text is the stable one. */
    printed = selector_print(a, &second);
    assert(parse(a, printed, &third, &err) == 0);
    assert(str_eq(printed, selector_print(a, &third)));
    selector_matches(&first, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct str text = str_of((const char *) data, size);
    struct json labels;
    struct err err;

    round_trip(a, text, selector_parse);
    round_trip(a, text, selector_parse_fields);
    labels_parse(a, text, &labels, &err);
    return 0;
}
