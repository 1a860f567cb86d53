/* See place.h. */
#include "artifacts/place.h"

#include "artifacts/driver.h"

#define DEFAULT_FORMAT "{{workflow.name}}/{{pod.name}}"

static const struct artifact_kind kinds[] = {
#define ARTIFACT(member, key, where, more, format, driver) \
    {member, key, {where, more}, format, &(driver)},
#include "artifacts/artifacts.def"
#undef ARTIFACT
};

static const struct artifact_kind *s3_kind(void)
{
    for (size_t i = 0; i < COUNT_OF(kinds); i++)
        if (kinds[i].driver == &artifact_s3)
            return &kinds[i];
    return NULL;
}

bool artifact_place_find(const struct json *holder, struct artifact_place *ret)
{
    *ret = (struct artifact_place){0};
    for (size_t i = 0; i < COUNT_OF(kinds); i++) {
        const struct json *place = json_get(holder, str_from(kinds[i].member));

        if (!json_is(place, JSON_OBJECT))
            continue;
        *ret = (struct artifact_place){&kinds[i], place};
        return true;
    }
    return false;
}

struct str artifact_place_key(const struct artifact_place *p)
{
    return json_get_str(p->place, str_from(p->kind->key));
}

static bool says(const struct json *place, const char *member)
{
    const struct json *value = json_get(place, str_from(member));

    return json_is(value, JSON_STRING)  ? !str_is_empty(json_str(value))
           : json_is(value, JSON_ARRAY) ? value->count > 0
                                        : json_is(value, JSON_OBJECT);
}

bool artifact_place_is_whole(const struct artifact_place *p)
{
    for (size_t i = 0; i < COUNT_OF(p->kind->where); i++)
        if (p->kind->where[i] && !says(p->place, p->kind->where[i]))
            return false;
    return true;
}

bool artifact_has_place(const struct json *holder)
{
    struct artifact_place p;

    return artifact_place_find(holder, &p) && artifact_place_is_whole(&p) &&
           (!p.kind->where[0] || !str_is_empty(artifact_place_key(&p)));
}

/* ---- repositories ---- */

struct str artifact_key_format(struct arena *a, const struct json *repository)
{
    struct artifact_place p;
    struct str format, prefix;

    if (!artifact_place_find(repository, &p) || !p.kind->format)
        return STR(DEFAULT_FORMAT);
    format = json_get_str(p.place, str_from(p.kind->format));
    prefix = json_get_str(p.place, STR("keyPrefix")); /* of s3, in former times */
    if (!str_is_empty(format))
        return format;
    while (str_ends(prefix, STR("/")))
        prefix.len--;
    return str_is_empty(prefix) ? STR(DEFAULT_FORMAT)
                                : str_printf(a, STR_FMT "/" DEFAULT_FORMAT, STR_ARG(prefix));
}

struct json artifact_repository_place(struct arena *a, const struct json *repository,
                                      struct str key)
{
    struct json place = json_object(&(struct json_object_builder){0});
    struct artifact_place p;
    struct str base;

    if (!artifact_place_find(repository, &p))
        p.kind = s3_kind();
    else
        place = json_without(a, p.place, STR("keyPrefix"));
    if (p.kind->format)
        place = json_without(a, &place, str_from(p.kind->format));
    base = json_get_str(&place, STR("repoURL")); /* of Artifactory */
    if (!str_is_none(base)) {
        place = json_without(a, &place, STR("repoURL"));
        key = str_printf(a, STR_FMT "%s" STR_FMT, STR_ARG(base),
                         str_ends(base, STR("/")) ? "" : "/", STR_ARG(key));
    }
    place = json_set(a, &place, str_from(p.kind->key), json_string(key));
    return json_set(a, NULL, str_from(p.kind->member), place);
}
