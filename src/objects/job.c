/* Defaults of Jobs and CronJobs, and the Job of a CronJob. See job.h. */
#include "objects/job.h"

#include "formats/gotime.h"

/* ---- what there is ---- */

const struct json *object_job_condition(const struct json *job, const char *type)
{
    const struct json *list = json_path(job, "status", "conditions", NULL), *c;

    for (size_t i = 0; (c = json_item(list, i)) != NULL; i++)
        if (str_is(json_get_str(c, STR("type")), type) &&
            str_is(json_get_str(c, STR("status")), "True"))
            return c;
    return NULL;
}

bool object_job_is_over(const struct json *job)
{
    return object_job_condition(job, "Complete") || object_job_condition(job, "Failed");
}

bool object_job_is_indexed(const struct json *job)
{
    return str_is(json_str(json_path(job, "spec", "completionMode", NULL)), "Indexed");
}

struct json object_owner_reference(struct arena *a, const struct json *owner)
{
    struct json_object_builder b = {0};
    struct json_array_builder list = {0};

    json_add(a, &b, STR("apiVersion"), json_string(json_get_str(owner, STR("apiVersion"))));
    json_add(a, &b, STR("kind"), json_string(json_get_str(owner, STR("kind"))));
    json_add(a, &b, STR("name"), json_string(object_name(owner)));
    json_add(a, &b, STR("uid"), json_string(object_uid(owner)));
    json_add(a, &b, STR("controller"), json_bool(true));
    json_add(a, &b, STR("blockOwnerDeletion"), json_bool(true));
    json_push(a, &list, json_object(&b));
    return json_array(&list);
}

/* ---- defaults ---- */

static struct json empty_object(void)
{
    return json_object(&(struct json_object_builder){0});
}

static bool has(const struct json *v, const char *name)
{
    const struct json *member = json_get(v, str_from(name));

    return member && member->type != JSON_NULL;
}

static void set_unless(struct arena *a, struct json *v, const char *name, struct json value)
{
    if (!has(v, name))
        *v = json_set(a, v, str_from(name), value);
}

/* Without a tag, or with the tag "latest", an image may be another one each time. */
static const char *pull_policy(struct str image)
{
    struct str tag = image;

    if (str_find_char(image, '@') != SIZE_MAX)
        return "IfNotPresent";
    for (size_t i = image.len; i-- > 0 && image.ptr[i] != '/';)
        if (image.ptr[i] == ':') {
            tag = str_skip(image, i + 1);
            return str_is(tag, "latest") ? "Always" : "IfNotPresent";
        }
    return "Always";
}

static struct json container_defaults(struct arena *a, const struct json *given)
{
    struct json made = *given;

    set_unless(a, &made, "imagePullPolicy",
               json_string(str_from(pull_policy(json_get_str(given, STR("image"))))));
    set_unless(a, &made, "resources", empty_object());
    set_unless(a, &made, "terminationMessagePath", json_string(STR("/dev/termination-log")));
    set_unless(a, &made, "terminationMessagePolicy", json_string(STR("File")));
    return made;
}

static void containers_defaults(struct arena *a, struct json *spec, const char *name)
{
    const struct json *list = json_get(spec, str_from(name)), *item;
    struct json_array_builder made = {0};

    for (size_t i = 0; (item = json_item(list, i)) != NULL; i++)
        json_push(a, &made, item->type == JSON_OBJECT ? container_defaults(a, item) : *item);
    if (made.len > 0)
        *spec = json_set(a, spec, str_from(name), json_array(&made));
}

static struct json pod_spec_defaults(struct arena *a, const struct json *given)
{
    struct json made = *given;
    struct str account = json_get_str(given, STR("serviceAccountName"));

    containers_defaults(a, &made, "containers");
    containers_defaults(a, &made, "initContainers");
    set_unless(a, &made, "dnsPolicy", json_string(STR("ClusterFirst")));
    set_unless(a, &made, "restartPolicy", json_string(STR("Always")));
    set_unless(a, &made, "schedulerName", json_string(STR("default-scheduler")));
    set_unless(a, &made, "securityContext", empty_object());
    set_unless(a, &made, "terminationGracePeriodSeconds", json_int(a, 30));
    if (!str_is_empty(account))
        set_unless(a, &made, "serviceAccount", json_string(account));
    else if (!str_is_empty(json_get_str(given, STR("serviceAccount"))))
        made = json_set(a, &made, STR("serviceAccountName"),
                        json_string(json_get_str(given, STR("serviceAccount"))));
    return made;
}

struct json object_pod_defaults(struct arena *a, const struct json *doc)
{
    struct json made = *doc, spec;

    if (json_is(json_get(doc, STR("spec")), JSON_OBJECT)) {
        spec = pod_spec_defaults(a, json_get(doc, STR("spec")));
        set_unless(a, &spec, "serviceAccountName", json_string(STR("default")));
        made = json_set(a, doc, STR("spec"), spec);
    }
    if (json_path(doc, "status", "phase", NULL))
        return made;
    return json_set_path(a, &made, json_string(STR("Pending")), "status", "phase", NULL);
}

static struct json template_defaults(struct arena *a, const struct json *template)
{
    struct json made = *template;

    if (json_is(json_get(template, STR("spec")), JSON_OBJECT))
        made = json_set(a, template, STR("spec"),
                        pod_spec_defaults(a, json_get(template, STR("spec"))));
    return made;
}

/* Without both one pod is to succeed; without completions the first of several decides. */
static struct json job_spec_defaults(struct arena *a, const struct json *given)
{
    bool has_policy = has(given, "podFailurePolicy");
    struct json made = *given;

    if (!has(given, "completions") && !has(given, "parallelism"))
        set_unless(a, &made, "completions", json_int(a, 1));
    set_unless(a, &made, "parallelism", json_int(a, 1));
    set_unless(a, &made, "backoffLimit", json_int(a, 6));
    set_unless(a, &made, "completionMode", json_string(STR("NonIndexed")));
    set_unless(a, &made, "suspend", json_bool(false));
    set_unless(a, &made, "podReplacementPolicy",
               json_string(has_policy ? STR("Failed") : STR("TerminatingOrFailed")));
    if (json_is(json_get(given, STR("template")), JSON_OBJECT))
        made = json_set(a, &made, STR("template"),
                        template_defaults(a, json_get(given, STR("template"))));
    return made;
}

/* The pods of a Job are known by its uid, unless its writer says by what. */
static struct json with_selector(struct arena *a, const struct json *doc)
{
    struct json uid = json_string(object_uid(doc)), name = json_string(object_name(doc));
    struct json made = *doc;

    if (json_get_bool(json_get(doc, STR("spec")), STR("manualSelector")) ||
        str_is_empty(object_uid(doc)))
        return made;
    if (!json_path(doc, "spec", "selector", NULL))
        made = json_set_path(a, &made, uid, "spec", "selector", "matchLabels", JOB_UID_LABEL,
                             NULL);
    made = json_set_path(a, &made, uid, "spec", "template", "metadata", "labels", JOB_UID_LABEL,
                         NULL);
    made = json_set_path(a, &made, name, "spec", "template", "metadata", "labels",
                         JOB_NAME_LABEL, NULL);
    made = json_set_path(a, &made, uid, "spec", "template", "metadata", "labels",
                         JOB_UID_LEGACY, NULL);
    return json_set_path(a, &made, name, "spec", "template", "metadata", "labels",
                         JOB_NAME_LEGACY, NULL);
}

struct json object_job_defaults(struct arena *a, const struct json *doc)
{
    const struct json *spec = json_get(doc, STR("spec"));
    struct json made;

    if (!json_is(spec, JSON_OBJECT))
        return *doc;
    made = json_set(a, doc, STR("spec"), job_spec_defaults(a, spec));
    return with_selector(a, &made);
}

struct json object_cron_job_defaults(struct arena *a, const struct json *doc)
{
    const struct json *job = json_path(doc, "spec", "jobTemplate", "spec", NULL);
    struct json spec;

    if (!json_is(json_get(doc, STR("spec")), JSON_OBJECT))
        return *doc;
    spec = *json_get(doc, STR("spec"));
    set_unless(a, &spec, "concurrencyPolicy", json_string(STR("Allow")));
    set_unless(a, &spec, "suspend", json_bool(false));
    set_unless(a, &spec, "successfulJobsHistoryLimit", json_int(a, 3));
    set_unless(a, &spec, "failedJobsHistoryLimit", json_int(a, 1));
    /* The Job's own defaults come when it is made; those of its pods are shown here. */
    if (json_is(json_get(job, STR("template")), JSON_OBJECT))
        spec = json_set_path(a, &spec, template_defaults(a, json_get(job, STR("template"))),
                             "jobTemplate", "spec", "template", NULL);
    return json_set(a, doc, STR("spec"), spec);
}

/* ---- the Job of a CronJob ---- */

struct str object_cron_job_schedule(struct arena *a, const struct json *cron)
{
    struct str text = json_str(json_path(cron, "spec", "schedule", NULL));
    struct str zone = json_str(json_path(cron, "spec", "timeZone", NULL));

    return str_is_empty(zone)
               ? text
               : str_printf(a, "CRON_TZ=" STR_FMT " " STR_FMT, STR_ARG(zone), STR_ARG(text));
}

/* The time for which it was made is told in the zone of the CronJob. */
static struct json annotations_of(struct arena *a, const struct json *cron,
                                  const struct json *given, int64_t scheduled_s)
{
    struct str name = json_str(json_path(cron, "spec", "timeZone", NULL));
    const struct gozone *zone = NULL;
    struct json made = json_is(given, JSON_OBJECT) ? *given : empty_object();
    struct gotime when = gotime_unix(scheduled_s, 0);
    struct err ignored;

    if (!str_is_empty(name) && gozone_load(a, name, &zone, &ignored) == 0)
        when = gotime_in(&when, zone);
    return json_set(a, &made, STR(JOB_SCHEDULED),
                    json_string(gotime_format(a, &when, STR("2006-01-02T15:04:05Z07:00"))));
}

struct json object_cron_job_run(struct arena *a, const struct json *cron, int64_t scheduled_s)
{
    const struct json *template = json_path(cron, "spec", "jobTemplate", NULL),
                      *labels = json_path(template, "metadata", "labels", NULL),
                      *notes = json_path(template, "metadata", "annotations", NULL);
    struct json_object_builder b = {0}, meta = {0};

    json_add(a, &meta, STR("name"),
             json_string(str_printf(a, STR_FMT "-%lld", STR_ARG(object_name(cron)),
                                    (long long) (scheduled_s / 60))));
    json_add(a, &meta, STR("namespace"), json_string(object_namespace(cron)));
    if (json_is(labels, JSON_OBJECT))
        json_add(a, &meta, STR("labels"), *labels);
    json_add(a, &meta, STR("annotations"), annotations_of(a, cron, notes, scheduled_s));
    json_add(a, &meta, STR("ownerReferences"), object_owner_reference(a, cron));
    json_add(a, &b, STR("apiVersion"), json_string(STR(JOB_API_VERSION)));
    json_add(a, &b, STR("kind"), json_string(STR("Job")));
    json_add(a, &b, STR("metadata"), json_object(&meta));
    if (json_get(template, STR("spec")))
        json_add(a, &b, STR("spec"), *json_get(template, STR("spec")));
    return json_object(&b);
}
