/* Paths of Argo's API and the `fields` parameter: "PATH\nFIELDS\nDOCUMENT". What was masked
 * once does not change when it is masked again, and what a mask leaves out is not there. */
#include <assert.h>

#include "api/argo/fields.h"
#include "api/argo/operation.h"

static void route(struct str path)
{
    static const char *const methods[] = {"GET", "POST", "PUT", "DELETE"};
    struct argo_route found;

    for (size_t i = 0; i < COUNT_OF(methods); i++) {
        if (!argo_route(str_from(methods[i]), path, &found))
            continue;
        assert(found.variable_count <= ARGO_VARIABLES_MAX);
        for (size_t k = 0; k < found.variable_count; k++)
            assert(found.variables[k].value.len <= path.len);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct str rest = str_of((const char *) data, size), path = STR(""), fields = STR("");
    struct json doc, once, twice;
    struct err err;

    str_cut(&rest, '\n', &path);
    str_cut(&rest, '\n', &fields);
    route(path);
    if (str_is_none(rest) || json_parse(a, rest, &doc, &err) < 0)
        return 0;
    once = argo_fields_clean(a, fields, "result.object.", &doc);
    twice = argo_fields_clean(a, fields, "result.object.", &once);
    assert(str_eq(json_text(a, &once, 0), json_text(a, &twice, 0)));
    if (json_is(&doc, JSON_OBJECT) &&
        argo_fields_exclude(fields, "result.object.", STR("status")))
        assert(!json_get(&once, STR("status")));
    return 0;
}
