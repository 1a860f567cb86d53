/* Repositories in ConfigMaps. See repository.h. */
#include "artifacts/repository.h"

#include "formats/yaml.h"
#include "objects/field.h"
#include "objects/shapes.h"

#define DEFAULT_KEY "workflows.argoproj.io/default-artifact-repository"

static int check(struct arena *a, const struct json *repository, struct err *err)
{
    struct field_faults faults = {.max = 1};

    if (!json_is(repository, JSON_OBJECT))
        return err_set(err, ERR_INVALID,
                       "a repository is an object with a member s3 or another kind of store");
    if (field_check(a, &shape_artifact_repository, repository, STR(""), &faults))
        return 0;
    return err_set(err, faults.at[0].kind, STR_FMT ": " STR_FMT, STR_ARG(faults.at[0].path),
                   STR_ARG(faults.at[0].text));
}

int repository_read(struct arena *a, const struct json *map, struct str name, struct str key,
                    struct repository *ret, struct err *err)
{
    struct str text;

    if (str_is_empty(key))
        key = json_str(json_path(map, "metadata", "annotations", DEFAULT_KEY, NULL));
    text = json_get_str(json_get(map, STR("data")), key);
    if (str_is_none(text))
        return 0;
    if (yaml_parse(a, str_copy(a, text), &ret->doc, err) < 0 || check(a, &ret->doc, err) < 0)
        return err_wrap(err, "ConfigMap '" STR_FMT "', key '" STR_FMT "'", STR_ARG(name),
                        STR_ARG(key));
    ret->key = str_copy(a, key);
    return 1;
}
