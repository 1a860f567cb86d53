/* What a CronWorkflow says by itself. See cron_workflow.h. */
#include "objects/cron_workflow.h"

#include "lang/cron/cron.h"

enum { CRON_NAME_MAX_BYTES = 52 }; /* "-" and ten digits follow in a name of 63 */

/* ---- schedules ---- */

struct str object_cron_schedule(struct arena *a, const struct json *cron, size_t index)
{
    const struct json *spec = json_get(cron, STR("spec"));
    struct str text = json_str(json_item(json_get(spec, STR("schedules")), index));
    struct str zone = json_get_str(spec, STR("timezone"));

    if (str_is_none(text) || str_is_empty(zone))
        return text;
    return str_printf(a, "CRON_TZ=" STR_FMT " " STR_FMT, STR_ARG(zone), STR_ARG(text));
}

struct str object_cron_schedules(struct arena *a, const struct json *cron)
{
    struct str all = STR(""), text;

    for (size_t i = 0; !str_is_none(text = object_cron_schedule(a, cron, i)); i++)
        all = i ? str_printf(a, STR_FMT "," STR_FMT, STR_ARG(all), STR_ARG(text)) : text;
    return all;
}

/* ---- rules ---- */

static int check_zone(struct arena *a, struct str zone, struct err *err)
{
    const struct gozone *ignored;
    struct err why = {0};

    if (str_is_empty(zone) || gozone_load(a, zone, &ignored, &why) == 0)
        return 0;
    return err_set(err, ERR_INVALID, "invalid timezone \"" STR_FMT "\": %s", STR_ARG(zone),
                   why.text);
}

static int check_schedules(struct arena *a, const struct json *list, struct err *err)
{
    const struct json *item;

    if (!json_item(list, 0))
        return err_set(err, ERR_INVALID, "cron workflow must have at least one schedule");
    for (size_t i = 0; (item = json_item(list, i)) != NULL; i++) {
        struct cron_schedule ignored;
        struct err why = {0};

        if (cron_parse(a, json_str(item), CRON_STANDARD, &ignored, &why) < 0)
            return err_set(err, ERR_INVALID, "cron schedule " STR_FMT " is malformed: %s",
                           STR_ARG(json_str(item)), why.text);
    }
    return 0;
}

/* A zone of its own in a schedule leaves no room for that of the object. */
static int check_zoned(struct arena *a, const struct json *cron, struct err *err)
{
    struct str text;

    for (size_t i = 0; !str_is_none(text = object_cron_schedule(a, cron, i)); i++) {
        struct cron_schedule ignored;
        struct err why = {0};

        if (cron_parse(a, text, CRON_STANDARD, &ignored, &why) < 0)
            return err_set(err, ERR_INVALID, "cron schedule " STR_FMT " is malformed: %s",
                           STR_ARG(text), why.text);
    }
    return 0;
}

int object_cron_check(const struct json *cron, struct err *err)
{
    _cleanup_arena_ struct arena *a = arena_new();
    const struct json *spec = json_get(cron, STR("spec"));
    struct str name = object_name(cron), policy = json_get_str(spec, STR("concurrencyPolicy"));
    int64_t seconds;

    if (name.len > CRON_NAME_MAX_BYTES)
        return err_set(err, ERR_INVALID,
                       "cron workflow name \"" STR_FMT
                       "\" must not be more than %d characters long (currently %zu)",
                       STR_ARG(name), CRON_NAME_MAX_BYTES, name.len);
    if (check_schedules(a, json_get(spec, STR("schedules")), err) < 0 ||
        check_zone(a, json_get_str(spec, STR("timezone")), err) < 0 ||
        check_zoned(a, cron, err) < 0)
        return -1;
    if (!str_is_empty(policy) && !str_is(policy, "Allow") && !str_is(policy, "Forbid") &&
        !str_is(policy, "Replace"))
        return err_set(err, ERR_INVALID, "'" STR_FMT "' is not a valid concurrencyPolicy",
                       STR_ARG(policy));
    if (json_i64(json_get(spec, STR("startingDeadlineSeconds")), &seconds) && seconds < 0)
        return err_set(err, ERR_INVALID, "startingDeadlineSeconds must be positive");
    return 0;
}

/* ---- the workflow ---- */

static void copy_text(struct arena *a, struct json *to, const struct json *from,
                      const char *name)
{
    struct str text = json_get_str(from, str_from(name));

    if (!str_is_none(text))
        *to = json_set(a, to, str_from(name), json_string(text));
}

static struct json with_all(struct arena *a, struct json to, const struct json *from)
{
    for (uint32_t i = 0; json_is(from, JSON_OBJECT) && i < from->count; i++)
        to = json_set(a, &to, from->members[i].key, from->members[i].value);
    return to;
}

static struct json labels_of(struct arena *a, const struct json *cron)
{
    static const char *const kept[] = {"workflows.argoproj.io/controller-instanceid",
                                       "workflows.argoproj.io/creator",
                                       "workflows.argoproj.io/creator-email",
                                       "workflows.argoproj.io/creator-preferred-username"};
    const struct json *own = json_path(cron, "metadata", "labels", NULL);
    struct json labels = json_object(&(struct json_object_builder){0});

    for (size_t i = 0; i < COUNT_OF(kept); i++)
        copy_text(a, &labels, own, kept[i]);
    labels = json_set(a, &labels, STR(OBJECT_CRON_LABEL), json_string(object_name(cron)));
    return with_all(a, labels, json_path(cron, "spec", "workflowMetadata", "labels", NULL));
}

static struct json owner_of(struct arena *a, const struct json *cron)
{
    struct json_object_builder b = {0};
    struct json_array_builder list = {0};

    json_add(a, &b, STR("apiVersion"), json_string(STR("argoproj.io/v1alpha1")));
    json_add(a, &b, STR("kind"), json_string(STR("CronWorkflow")));
    json_add(a, &b, STR("name"), json_string(object_name(cron)));
    json_add(a, &b, STR("uid"),
             json_string(json_str(json_path(cron, "metadata", "uid", NULL))));
    json_add(a, &b, STR("controller"), json_bool(true));
    json_add(a, &b, STR("blockOwnerDeletion"), json_bool(true));
    json_push(a, &list, json_object(&b));
    return json_array(&list);
}

static struct json meta_of(struct arena *a, const struct json *cron, struct str name,
                           struct str scheduled)
{
    const struct json *extra = json_path(cron, "spec", "workflowMetadata", NULL),
                      *finalizers = json_get(extra, STR("finalizers"));
    struct json_object_builder b = {0}, notes = {0};
    struct json annotations;

    if (str_is_empty(name))
        json_add(a, &b, STR("generateName"),
                 json_string(str_concat(a, object_name(cron), STR("-"))));
    json_add_str(a, &b, STR("name"), name);
    json_add_str(a, &b, STR("namespace"), object_namespace(cron));
    json_add(a, &b, STR("labels"), labels_of(a, cron));
    json_add_str(a, &notes, STR(OBJECT_CRON_SCHEDULED_TIME), scheduled);
    annotations = with_all(a, json_object(&notes), json_get(extra, STR("annotations")));
    if (annotations.count > 0)
        json_add(a, &b, STR("annotations"), annotations);
    if (json_is(finalizers, JSON_ARRAY))
        json_add(a, &b, STR("finalizers"), *finalizers);
    json_add(a, &b, STR("ownerReferences"), owner_of(a, cron));
    return json_object(&b);
}

struct json object_cron_run(struct arena *a, const struct json *cron, struct str name,
                            struct str scheduled)
{
    const struct json *spec = json_path(cron, "spec", "workflowSpec", NULL);
    struct json_object_builder b = {0};

    json_add(a, &b, STR("apiVersion"), json_string(STR("argoproj.io/v1alpha1")));
    json_add(a, &b, STR("kind"), json_string(STR("Workflow")));
    json_add(a, &b, STR("metadata"), meta_of(a, cron, name, scheduled));
    if (spec)
        json_add(a, &b, STR("spec"), *spec);
    return json_object(&b);
}
