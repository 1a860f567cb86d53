/*
 * objects/object_tags.c - tags of workflows that hold an expression, {{=…}}: known to Argo, not
 * carried out yet, so refused where they stand. Which names a tag may use is not looked at.
 * Pure; any thread.
 */
#include "base/limits.h"
#include "base/vec.h"
#include "objects/field_internal.h"
#include "objects/object_internal.h"

enum { SHOWN_MAX_BYTES = 60 };

static void refuse(struct arena *a, const struct field_place *at, const struct json *v,
                   struct str tag, struct field_faults *faults)
{
    size_t end = str_find(tag, STR("}}"));
    bool is_cut = end == SIZE_MAX || end > SHOWN_MAX_BYTES;
    struct field_fault fault = {
        .kind = ERR_UNSUPPORTED,
        .path = field_place_text(a, STR("spec"), at),
        .text = str_printf(a, STR_FMT "%s: expression tags are not supported yet",
                           STR_ARG(str_head(tag, is_cut ? SHOWN_MAX_BYTES : end + 2)),
                           is_cut ? "…" : ""),
        .pos = v->pos,
    };

    VEC_APUSH(a, faults, fault);
}

static void walk(struct arena *a, const struct json *v, const struct field_place *at,
                 struct field_faults *faults)
{
    if (v->type == JSON_STRING) {
        size_t begin = str_find(json_str(v), STR("{{="));

        if (begin != SIZE_MAX && faults->len < FIELD_FAULTS_MAX)
            refuse(a, at, v, str_skip(json_str(v), begin), faults);
        return;
    }
    for (uint32_t i = 0; v->type == JSON_ARRAY && i < v->count; i++)
        walk(a, &v->items[i], &(const struct field_place){.up = at, .index = i}, faults);
    for (uint32_t i = 0; v->type == JSON_OBJECT && i < v->count; i++)
        walk(a, &v->members[i].value,
             &(const struct field_place){.up = at, .name = v->members[i].key}, faults);
}

void object_check_tags(struct arena *a, const struct json *doc, struct field_faults *faults)
{
    const struct json *spec = json_get(doc, STR("spec"));

    if (spec)
        walk(a, spec, NULL, faults);
}
