/* See pod_spec_patch.h. */
#include "objects/pod_spec_patch.h"

#include "formats/goquote.h"
#include "formats/patch.h"
#include "formats/yaml.h"
#include "objects/field_go.h"
#include "objects/shapes.h"

static int read_patch(struct arena *a, struct str text, struct json *ret, struct err *err)
{
    struct err why;

    if (yaml_parse_lax(a, text, ret, &why) < 0)
        return err_set(err, ERR_INVALID, "Failed to convert the PodSpecPatch yaml to json");
    if (field_go_check(a, &shape_pod_spec, ret, FIELD_GO_LAX, &why) < 0)
        return err_set(err, ERR_INVALID, "invalid podSpecPatch " STR_FMT ": %s",
                       STR_ARG(go_quote(a, text)), why.text);
    return 0;
}

int pod_spec_patch(struct arena *a, const struct json *spec, const struct str *patches,
                   size_t count, struct json *ret, struct err *err)
{
    struct json made = field_with_keys(a, &shape_pod_spec, spec), patch, next;
    struct err why;

    for (size_t i = 0; i < count; i++) {
        const struct patch_target target = {&made, field_patch_schema_strict(&shape_pod_spec)};

        if (read_patch(a, patches[i], &patch, err) < 0)
            return -1;
        if (patch.type == JSON_NULL)
            continue;
        if (patch_apply(a, PATCH_STRATEGIC, &target, &patch, &next, &why) < 0)
            return err_set(err, ERR_INVALID, "Error occurred during strategic merge patch: %s",
                           why.text);
        made = next;
    }
    *ret = field_go_value(a, &shape_pod_spec, &made, FIELD_GO_LAX);
    return 0;
}
