/*
 * Parameters whose values stand in ConfigMaps: of inputs, while a template is called, and of
 * the workflow's arguments. A ConfigMap for parameters carries the label that says so.
 */
#include "workflows/engine/wf_internal.h"
#include "workflows/engine/world.h"

int wf_config_map_value(const void *ctx, struct arena *a, struct str name, struct str key,
                        struct str *ret, struct err *err)
{
    const struct wf *wf = ctx;
    const struct json *map = wf->world && wf->world->config_map
                                 ? wf->world->config_map(wf->world->ctx, wf->ns, name)
                                 : NULL;
    struct str type = json_str(
        json_path(map, "metadata", "labels", "workflows.argoproj.io/configmap-type", NULL));
    const struct json *value = json_get(json_get(map, STR("data")), key);

    if (map && !str_is(type, "Parameter"))
        return err_set(err, ERR_INVALID,
                       "ConfigMap '" STR_FMT
                       "' needs to have the label workflows.argoproj.io/configmap-type: "
                       "Parameter to load parameters",
                       STR_ARG(name));
    if (!json_is(value, JSON_STRING))
        return 0;
    *ret = str_copy(a, json_str(value));
    return 1;
}

enum subst_answer wf_argument_value(struct wf *wf, const struct json *argument, struct str *ret)
{
    const struct json *value = json_get(argument, STR("value"));
    const struct json *from = json_get(argument, STR("valueFrom"));
    const struct json *ref = json_get(from, STR("configMapKeyRef"));
    const struct json *other = json_get(from, STR("default"));
    struct str text = STR("");
    struct err err;

    if (value)
        text = json_str(value);
    else if (!ref || wf_config_map_value(wf, wf->pass->a, json_get_str(ref, STR("name")),
                                         json_get_str(ref, STR("key")), &text, &err) <= 0) {
        if (!other)
            return SUBST_MISSING;
        text = json_str(other);
    }
    *ret = str_is_none(text) ? STR("") : text;
    return SUBST_TEXT;
}

int wf_arguments_check(struct wf *wf, struct err *err)
{
    const struct json *list = json_path(wf->spec, "arguments", "parameters", NULL), *item;
    struct str ignored = STR("");

    for (size_t i = 0; (item = json_item(list, i)) != NULL; i++) {
        const struct json *ref = json_path(item, "valueFrom", "configMapKeyRef", NULL);
        struct str name = json_get_str(ref, STR("name")), key = json_get_str(ref, STR("key"));
        int rc;

        if (!ref || json_get(item, STR("value")))
            continue;
        rc = wf_config_map_value(wf, wf->pass->a, name, key, &ignored, err);
        if (rc == 0 && json_path(item, "valueFrom", "default", NULL))
            continue;
        if (rc == 0)
            err_set(err, ERR_INVALID,
                    "ConfigMap '" STR_FMT "' does not have the key '" STR_FMT "'",
                    STR_ARG(name), STR_ARG(key));
        if (rc <= 0)
            return err_wrap(err, "failed to set global parameter " STR_FMT " from configmap",
                            STR_ARG(json_get_str(item, STR("name"))));
    }
    return 0;
}
