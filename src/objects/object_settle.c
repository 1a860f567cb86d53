/* What a client makes of a stored object, as it is stored. See object.h. */
#include "objects/object.h"

/* What a client may not change comes from the stored object. */
static struct json keep_members(struct arena *a, const struct json *stored,
                                const struct json *given)
{
    static const char *const kept[] = {"uid", "creationTimestamp", "generation", "namespace"};
    const struct json *meta = json_get(stored, STR("metadata")),
                      *status = json_get(stored, STR("status"));
    struct json made = *given;

    for (size_t i = 0; i < COUNT_OF(kept); i++) {
        const struct json *member = json_get(meta, str_from(kept[i]));

        if (member)
            made = json_set_path(a, &made, *member, "metadata", kept[i], NULL);
    }
    return status ? json_set(a, &made, STR("status"), *status)
                  : json_without(a, &made, STR("status"));
}

struct json object_settle(struct arena *a, const struct object_kind *kind,
                          const struct json *stored, const struct json *given)
{
    const struct json *was = json_get(stored, STR("spec")), *is;
    struct json made = keep_members(a, stored, given);
    int64_t generation = 0;

    made = object_set_defaults(a, kind, &made);
    is = json_get(&made, STR("spec"));
    if (!is || (was && json_equal(was, is)) ||
        !json_i64(json_path(stored, "metadata", "generation", NULL), &generation))
        return made;
    return json_set_path(a, &made, json_int(a, generation + 1), "metadata", "generation", NULL);
}
