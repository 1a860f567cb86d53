/* The table of kinds, from kinds.def, and how one is found. */
#include "objects/object.h"
#include "objects/shapes.h"

#define AGE                                                \
    {                                                      \
        "AGE", "date", "metadata.creationTimestamp", false \
    }
static const struct object_column age_columns[] = {AGE};
static const struct object_column workflow_columns[] = {
    {"STATUS", "string", "status.phase", false},
    {"AGE", "date", "status.startedAt", false},
    {"MESSAGE", "string", "status.message", false},
};
/* Upstream has AGE alone; that nothing runs would be in `describe` only. */
static const struct object_column pipeline_columns[] = {
    {"STATUS", "pipeline", "status.conditions", false},
    AGE,
    {"MESSAGE", "complaint", "status.conditions", false},
};
static const struct object_column config_map_columns[] = {{"DATA", "integer", "data", false},
                                                          AGE};
static const struct object_column secret_columns[] = {
    {"TYPE", "string", "type", false}, {"DATA", "integer", "data", false}, AGE};
static const struct object_column service_account_columns[] = {
    {"SECRETS", "integer", "secrets", false}, AGE};
static const struct object_column phase_columns[] = {
    {"STATUS", "string", "status.phase", false}, AGE};
static const struct object_column pod_columns[] = {
    {"READY", "ready", "status.containerStatuses", false},
    {"STATUS", "pod", "status", false},
    {"RESTARTS", "restarts", "status.containerStatuses", false},
    AGE,
    {"IP", "string", "status.podIP", true},
    {"NODE", "string", "spec.nodeName", true},
};
static const struct object_column event_columns[] = {
    {"LAST SEEN", "date", "lastTimestamp", false},
    {"TYPE", "string", "type", false},
    {"REASON", "string", "reason", false},
    {"OBJECT", "object", "involvedObject", false},
    {"SUBOBJECT", "string", "involvedObject.fieldPath", true},
    {"SOURCE", "string", "source.component", true},
    {"MESSAGE", "string", "message", false},
    {"FIRST SEEN", "date", "firstTimestamp", true},
    {"COUNT", "integer", "count", true},
    {"NAME", "string", "metadata.name", true},
};
static const struct object_column claim_columns[] = {
    {"STATUS", "string", "status.phase", false},
    {"VOLUME", "string", "spec.volumeName", false},
    {"CAPACITY", "string", "status.capacity.storage", false},
    {"ACCESS MODES", "string", "status.accessModes", false},
    {"STORAGECLASS", "string", "spec.storageClassName", false},
    AGE,
    {"VOLUMEMODE", "string", "spec.volumeMode", true},
};
static const struct object_column job_columns[] = {
    {"STATUS", "job-status", "", false},
    {"COMPLETIONS", "job-completions", "", false},
    {"DURATION", "job-duration", "status", false},
    AGE,
    {"CONTAINERS", "names", "spec.template.spec.containers", true},
    {"IMAGES", "images", "spec.template.spec.containers", true},
    {"SELECTOR", "selector", "spec.selector", true},
};
static const struct object_column cron_job_columns[] = {
    {"SCHEDULE", "string", "spec.schedule", false},
    {"TIMEZONE", "maybe", "spec.timeZone", false},
    {"SUSPEND", "flag", "spec.suspend", false},
    {"ACTIVE", "integer", "status.active", false},
    {"LAST SCHEDULE", "maybe-date", "status.lastScheduleTime", false},
    AGE,
    {"CONTAINERS", "names", "spec.jobTemplate.spec.template.spec.containers", true},
    {"IMAGES", "images", "spec.jobTemplate.spec.template.spec.containers", true},
    {"SELECTOR", "selector", "spec.jobTemplate.spec.selector", true},
};
static const struct object_column lease_columns[] = {
    {"HOLDER", "string", "spec.holderIdentity", false}, AGE};
static const struct object_column role_columns[] = {
    {"CREATED AT", "string", "metadata.creationTimestamp", false}};
static const struct object_column role_binding_columns[] = {
    {"ROLE", "role", "roleRef", false},
    AGE,
    {"USERS", "users", "subjects", true},
    {"GROUPS", "groups", "subjects", true},
    {"SERVICEACCOUNTS", "accounts", "subjects", true},
};

#define NAMES(...) ((const char *const[]){__VA_ARGS__, NULL})
#define ROW(is_unbuilt_, is_view_, group_, version_, kind_, plural_, singular_, names_, \
            is_namespaced_, shape_, columns_)                                           \
    {.group = (group_),                                                                 \
     .version = (version_),                                                             \
     .kind = (kind_),                                                                   \
     .plural = (plural_),                                                               \
     .singular = (singular_),                                                           \
     .short_names = names_,                                                             \
     .shape = (shape_),                                                                 \
     .is_namespaced = (is_namespaced_),                                                 \
     .is_unbuilt = (is_unbuilt_),                                                       \
     .is_view = (is_view_),                                                             \
     .columns = columns_##_columns,                                                     \
     .column_count = COUNT_OF(columns_##_columns)},
#define KIND(...)       ROW(false, false, __VA_ARGS__)
#define LATER_KIND(...) ROW(true, false, __VA_ARGS__)
#define VIEW_KIND(...)  ROW(false, true, __VA_ARGS__)
#define ALIAS_KIND(...)
static const struct object_kind all[] = {
#include "objects/kinds.def"
};
#undef ALIAS_KIND
#undef VIEW_KIND
#undef LATER_KIND
#undef KIND

#define ALIAS_KIND(...) ROW(false, false, __VA_ARGS__)
#define KIND(...)
#define LATER_KIND(...)
#define VIEW_KIND(...)
static const struct object_kind aliases[] = {
#include "objects/kinds.def"
};
#undef VIEW_KIND
#undef LATER_KIND
#undef KIND
#undef ALIAS_KIND
#undef ROW
#undef NAMES

const struct object_kind *object_kinds(size_t *ret_count)
{
    *ret_count = COUNT_OF(all);
    return all;
}

const struct object_kind *object_aliases(size_t *ret_count)
{
    *ret_count = COUNT_OF(aliases);
    return aliases;
}

const struct object_kind *object_kind_find(struct str api_version, struct str kind)
{
    size_t slash = str_find_char(api_version, '/');
    struct str group = slash == SIZE_MAX ? STR("") : str_head(api_version, slash);
    struct str version = slash == SIZE_MAX ? api_version : str_skip(api_version, slash + 1);

    for (size_t i = 0; i < COUNT_OF(all); i++)
        if (str_is(kind, all[i].kind) && str_is(group, all[i].group))
            return object_kind_in(&all[i], version) ? &all[i] : NULL;
    return NULL;
}

const struct object_kind *object_kind_in(const struct object_kind *kind, struct str version)
{
    if (str_is(version, kind->version))
        return kind;
    for (size_t i = 0; i < COUNT_OF(aliases); i++)
        if (str_is(version, aliases[i].version) && strcmp(kind->kind, aliases[i].kind) == 0 &&
            strcmp(kind->group, aliases[i].group) == 0)
            return &aliases[i];
    return NULL;
}

struct str object_kind_api_version(struct arena *a, const struct object_kind *kind)
{
    return str_printf(a, "%s%s%s", kind->group, kind->group[0] ? "/" : "", kind->version);
}

struct json object_in(struct arena *a, const struct object_kind *kind, const struct json *doc)
{
    const struct json *was = json_get(doc, STR("apiVersion"));
    struct json version = json_string(object_kind_api_version(a, kind));

    if (!was || json_equal(was, &version) ||
        !str_is(json_get_str(doc, STR("kind")), kind->kind))
        return *doc;
    version.pos = was->pos;
    return json_set(a, doc, STR("apiVersion"), version);
}

static bool has_short_name(const struct object_kind *kind, struct str word)
{
    for (const char *const *name = kind->short_names; *name; name++)
        if (str_is(word, *name))
            return true;
    return false;
}

const struct object_kind *object_kind_by_plural(struct str group, struct str word)
{
    for (size_t i = 0; i < COUNT_OF(all); i++)
        if ((str_is_none(group) || str_is(group, all[i].group)) &&
            (str_eq_nocase(word, str_from(all[i].plural)) ||
             str_eq_nocase(word, str_from(all[i].singular)) || has_short_name(&all[i], word)))
            return &all[i];
    return NULL;
}
