/*
 * objects/field_scalar.c - the syntax of scalars that stand as text in manifests: times,
 * quantities, choices; and a value put in words for people. Pure functions, any thread.
 */
#include "formats/gotime.h"
#include "formats/quantity.h"
#include "objects/field_internal.h"

enum { DESCRIBE_TEXT_MAX_BYTES = 40 };

bool field_is_time(struct str text)
{
    struct gotime t;
    struct err err;

    return gotime_parse_rfc3339(text, &t, &err) == 0;
}

bool field_is_quantity(struct str text)
{
    struct quantity q;
    struct err err;

    return quantity_parse(text, &q, &err) == 0;
}

bool field_has_choice(const char *choices, struct str text)
{
    struct str rest = str_from(choices), choice;

    while (str_cut(&rest, '|', &choice))
        if (str_eq(choice, text))
            return true;
    return false;
}

struct str field_describe(struct arena *a, const struct json *v)
{
    switch ((enum json_type) v->type) {
    case JSON_NULL:
        return STR("nothing");
    case JSON_BOOL:
        return v->is_true ? STR("true") : STR("false");
    case JSON_NUMBER:
        return str_printf(a, "number " STR_FMT,
                          STR_ARG(str_head(json_number(v), DESCRIBE_TEXT_MAX_BYTES)));
    case JSON_STRING:
        return str_printf(a, "text \"" STR_FMT "%s\"",
                          STR_ARG(str_head(json_str(v), DESCRIBE_TEXT_MAX_BYTES)),
                          v->count > DESCRIBE_TEXT_MAX_BYTES ? "..." : "");
    case JSON_ARRAY:
        return v->count == 0 ? STR("an empty list") : STR("a list");
    case JSON_OBJECT:
        return v->count == 0 ? STR("an empty object") : STR("an object");
    }
    return STR("nothing");
}
