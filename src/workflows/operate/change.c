/* Changes of the document and of nodes, each marked; and the selector of nodes. */
#include "formats/gotime.h"
#include "workflows/operate/operate_internal.h"

bool operate_has_ended(const struct operate_workflow *wf)
{
    struct str phase = json_str(json_path(&wf->doc, "status", "phase", NULL));

    return str_is(phase, "Succeeded") || str_is(phase, "Failed") || str_is(phase, "Error");
}

void operate_set_spec(struct operate_workflow *wf, const char *member, struct json value)
{
    wf->doc = json_set_path(wf->arena, &wf->doc, value, "spec", member, NULL);
    wf->is_changed = true;
}

void operate_drop(struct operate_workflow *wf, const char *object, const char *member)
{
    const struct json *old = json_get(&wf->doc, str_from(object));

    if (!json_get(old, str_from(member)))
        return;
    wf->doc = json_set(wf->arena, &wf->doc, str_from(object),
                       json_without(wf->arena, old, str_from(member)));
    wf->is_changed = true;
}

void operate_node_set(struct operate_workflow *wf, struct operate_node *n, const char *member,
                      struct json value)
{
    n->doc = json_set(wf->arena, &n->doc, str_from(member), value);
    n->is_changed = true;
    wf->is_changed = true;
}

struct json operate_now(const struct operate_workflow *wf)
{
    return json_string(gotime_rfc3339(wf->arena, wf->now));
}

/* ---- nodes by their fields ---- */

int operate_selector(const struct operate_workflow *wf, struct str text, struct selector *ret,
                     struct err *err)
{
    return selector_parse_fields(wf->arena, text, ret, err);
}

static struct str input_value(const struct json *node, struct str name)
{
    const struct json *list = json_path(node, "inputs", "parameters", NULL), *item;

    for (size_t i = 0; (item = json_item(list, i)) != NULL; i++)
        if (str_eq(json_get_str(item, STR("name")), name))
            return json_get_str(item, STR("value"));
    return STR_NONE;
}

static struct str field_of(const void *ctx, struct str key)
{
    static const char *const plain[] = {"displayName", "phase", "name", "id"};
    const struct str input = STR("inputs.parameters."), value = STR(".value");
    const struct json *node = ctx, *ref = json_get(node, STR("templateRef"));

    for (size_t i = 0; i < COUNT_OF(plain); i++)
        if (str_is(key, plain[i]))
            return json_get_str(node, key);
    if (str_is(key, "templateName"))
        return ref ? json_get_str(ref, STR("template"))
                   : json_get_str(node, STR("templateName"));
    if (str_is(key, "templateRef.name"))
        return json_get_str(ref, STR("name"));
    if (str_is(key, "templateRef.template"))
        return json_get_str(ref, STR("template"));
    if (str_starts(key, input) && str_ends(key, value) && key.len >= input.len + value.len)
        return input_value(node, str_of(key.ptr + input.len, key.len - input.len - value.len));
    return STR_NONE;
}

bool operate_matches(const struct selector *s, const struct json *node)
{
    return selector_matches_with(s, field_of, node);
}
