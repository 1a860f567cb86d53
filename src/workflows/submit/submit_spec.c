/* A template's spec joined with the workflow's own. Pure; any thread. Source:
 * ../shared/spec/workflows.md 1.5. */
#include "workflows/submit/submit_internal.h"

static bool is_named_list(const struct json *v)
{
    return json_is(v, JSON_ARRAY) && v->count > 0 &&
           json_is(json_get(json_item(v, 0), STR("name")), JSON_STRING);
}

/* Items of the base, replaced by ours of the same name, then the rest of ours. */
static struct json merge_list(struct arena *a, const struct json *base, const struct json *own)
{
    struct json_array_builder list = {0};
    const struct json *item, *mine;

    for (size_t i = 0; (item = json_item(base, i)) != NULL; i++) {
        mine = json_named(own, json_get_str(item, STR("name")));
        json_push(a, &list, mine ? *mine : *item);
    }
    for (size_t i = 0; (item = json_item(own, i)) != NULL; i++)
        if (!json_named(base, json_get_str(item, STR("name"))))
            json_push(a, &list, *item);
    return json_array(&list);
}

struct json submit_merge_spec(struct arena *a, const struct json *base, const struct json *own)
{
    struct json made = base && base->type == JSON_OBJECT ? *base : *own;

    for (uint32_t i = 0; base && json_is(own, JSON_OBJECT) && i < own->count; i++) {
        const struct json_member *m = &own->members[i];
        const struct json *under = json_get(base, m->key);

        if (json_is(under, JSON_OBJECT) && json_is(&m->value, JSON_OBJECT))
            made = json_set(a, &made, m->key, submit_merge_spec(a, under, &m->value));
        else if (is_named_list(under) && is_named_list(&m->value))
            made = json_set(a, &made, m->key, merge_list(a, under, &m->value));
        else if (m->value.type != JSON_NULL)
            made = json_set(a, &made, m->key, m->value);
    }
    return made;
}
