/* The `fields` parameter, with the original's reading of paths: a path is wanted when it is
 * named or begins a named one. See fields.h. */
#include "api/argo/fields.h"

struct mask {
    struct str fields; /* without the sign */
    struct str prefix;
    bool is_exclusion;
};

static struct mask mask_of(struct str fields, const char *prefix)
{
    struct mask m = {.fields = fields, .prefix = str_from(prefix)};

    if (str_starts(fields, STR("-"))) {
        m.fields = str_skip(fields, 1);
        m.is_exclusion = true;
    }
    return m;
}

static struct str named(const struct mask *m, struct str field)
{
    return str_starts(field, m->prefix) ? str_skip(field, m->prefix.len) : field;
}

static bool is_named(const struct mask *m, struct str path)
{
    struct str rest = m->fields, field;

    while (str_cut(&rest, ',', &field))
        if (str_eq(named(m, field), path))
            return true;
    return false;
}

static bool begins_named(const struct mask *m, struct str path)
{
    struct str rest = m->fields, field;

    while (str_cut(&rest, ',', &field))
        if (str_starts(named(m, field), path))
            return true;
    return false;
}

static struct json clean(struct arena *a, const struct mask *m, struct str path,
                         const struct json *v);

static struct json clean_object(struct arena *a, const struct mask *m, struct str path,
                                const struct json *v)
{
    struct json_object_builder b = {0};

    for (uint32_t i = 0; i < v->count; i++) {
        const struct json_member *member = &v->members[i];
        struct str below = path.len == 0 ? member->key
                                         : str_printf(a, STR_FMT "." STR_FMT, STR_ARG(path),
                                                      STR_ARG(member->key));
        bool is_exact = is_named(m, below);

        if (m->is_exclusion ? is_exact : !is_exact && !begins_named(m, below))
            continue;
        json_add(a, &b, member->key,
                 is_exact ? member->value : clean(a, m, below, &member->value));
    }
    return json_object(&b);
}

static struct json clean(struct arena *a, const struct mask *m, struct str path,
                         const struct json *v)
{
    struct json_array_builder items = {0};

    if (json_is(v, JSON_OBJECT))
        return clean_object(a, m, path, v);
    if (!json_is(v, JSON_ARRAY))
        return *v;
    for (uint32_t i = 0; i < v->count; i++)
        json_push(a, &items, clean(a, m, path, &v->items[i]));
    return json_array(&items);
}

struct json argo_fields_clean(struct arena *a, struct str fields, const char *prefix,
                              const struct json *v)
{
    const struct mask m = mask_of(fields, prefix);

    return str_is_empty(fields) ? *v : clean(a, &m, STR(""), v);
}

/* Is @field the path or above it? */
static bool is_above(struct str field, struct str path)
{
    return str_starts(path, field) && (path.len == field.len || path.ptr[field.len] == '.');
}

bool argo_fields_exclude(struct str fields, const char *prefix, struct str path)
{
    const struct mask m = mask_of(fields, prefix);
    struct str rest = m.fields, field;

    if (str_is_empty(fields))
        return false;
    while (str_cut(&rest, ',', &field)) {
        field = named(&m, field);
        if (is_above(field, path) || (!m.is_exclusion && str_starts(field, path)))
            return m.is_exclusion;
    }
    return !m.is_exclusion;
}
