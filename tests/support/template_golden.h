/* tests/support/template_golden.h - what the golden vectors of templates are run with. */
#pragma once

#include "lang/template/template.h"
#include "tests/support/golden.h"

/* The dot of upstream: {"Input": data}. */
static inline struct template_input template_golden_input(struct arena *a,
                                                          const struct json *data)
{
    struct value_pair *pair = ARENA_NEW(a, struct value_pair);
    struct json null = json_null();

    *pair =
        (struct value_pair){value_string(STR("Input")), value_of_json(a, data ? data : &null)};
    return (struct template_input){.dot = value_map(a, pair, 1), .now = {1716000000000}};
}
