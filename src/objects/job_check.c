/*
 * objects/job_check.c - the rules of Pods, Jobs and CronJobs that no table can say, in Kubernetes'
 * words: all that are broken. Pure but for time zones, which are read from the system's
 * database; any thread.
 */
#include "base/vec.h"
#include "lang/cron/cron.h"
#include "objects/job.h"
#include "objects/object_internal.h"

enum { CRON_NAME_MAX_BYTES = 52, LABEL_MAX_BYTES = 63 }; /* "-" and ten digits follow in 63 */

struct checking {
    struct arena *a;
    struct field_faults *faults;
};

static void fault(const struct checking *c, struct str path, const struct json *at,
                  struct str text)
{
    VEC_APUSH(c->a, c->faults,
              ((struct field_fault){.kind = ERR_INVALID,
                                    .path = path,
                                    .text = text,
                                    .pos = at ? at->pos : JSON_NO_POS}));
}

static struct str below(const struct checking *c, struct str path, const char *name)
{
    return str_printf(c->a, STR_FMT ".%s", STR_ARG(path), name);
}

static struct str item_of(const struct checking *c, struct str path, const char *name, size_t i)
{
    return str_printf(c->a, STR_FMT ".%s[%zu]", STR_ARG(path), name, i);
}

static void invalid(const struct checking *c, struct str path, const struct json *at,
                    const char *why)
{
    struct str found = at ? json_text(c->a, at, JSON_COMPACT) : STR("null");

    fault(
        c, path, at,
        str_printf(c->a, "Invalid value: " STR_FMT ": %s", STR_ARG(str_head(found, 100)), why));
}

static void check_counts(const struct checking *c, struct str path, const struct json *of,
                         const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct json *v = json_get(of, str_from(names[i]));
        int64_t n = 0;

        if (v && json_i64(v, &n) && n < 0)
            invalid(c, below(c, path, names[i]), v, "must be greater than or equal to 0");
        else if (v && n > INT32_MAX)
            invalid(c, below(c, path, names[i]), v, "must be no more than 2147483647");
    }
}

/* ---- pods ---- */

static void check_mounts(const struct checking *c, struct str path, const struct json *spec,
                         const struct json *container)
{
    const struct json *list = json_get(container, STR("volumeMounts")), *m;

    for (size_t i = 0; (m = json_item(list, i)) != NULL; i++) {
        struct str at = item_of(c, path, "volumeMounts", i);
        struct str name = json_get_str(m, STR("name"));

        if (!json_named(json_get(spec, STR("volumes")), name))
            fault(c, below(c, at, "name"), json_get(m, STR("name")),
                  str_printf(c->a, "Not found: \"" STR_FMT "\"", STR_ARG(name)));
        if (str_is_empty(json_get_str(m, STR("mountPath"))))
            fault(c, below(c, at, "mountPath"), m, STR("Required value"));
    }
}

static bool is_known(const struct json *list, size_t before, struct str name)
{
    for (size_t i = 0; i < before && json_item(list, i); i++)
        if (str_eq(json_get_str(json_item(list, i), STR("name")), name))
            return true;
    return false;
}

static void check_containers(const struct checking *c, struct str path, const struct json *spec,
                             const char *member)
{
    const struct json *list = json_get(spec, str_from(member)), *item;
    bool is_init = strcmp(member, "initContainers") == 0;

    for (size_t i = 0; (item = json_item(list, i)) != NULL; i++) {
        struct str at = item_of(c, path, member, i), name = json_get_str(item, STR("name"));
        const struct json *pos = json_get(item, STR("name"));

        if (str_is_empty(name))
            fault(c, below(c, at, "name"), item, STR("Required value"));
        else if (!object_is_label(name) || name.len > LABEL_MAX_BYTES)
            invalid(c, below(c, at, "name"), pos,
                    "a lowercase RFC 1123 label must consist of lower case alphanumeric "
                    "characters or '-', and must start and end with an alphanumeric character");
        else if (is_known(list, i, name) ||
                 (is_init && json_named(json_get(spec, STR("containers")), name)))
            fault(c, below(c, at, "name"), pos,
                  str_printf(c->a, "Duplicate value: \"" STR_FMT "\"", STR_ARG(name)));
        if (str_is_empty(json_get_str(item, STR("image"))))
            fault(c, below(c, at, "image"), item, STR("Required value"));
        check_mounts(c, at, spec, item);
    }
}

static void check_volumes(const struct checking *c, struct str path, const struct json *spec)
{
    const struct json *list = json_get(spec, STR("volumes")), *v;

    for (size_t i = 0; (v = json_item(list, i)) != NULL; i++)
        if (is_known(list, i, json_get_str(v, STR("name"))))
            fault(c, below(c, item_of(c, path, "volumes", i), "name"), json_get(v, STR("name")),
                  str_printf(c->a, "Duplicate value: \"" STR_FMT "\"",
                             STR_ARG(json_get_str(v, STR("name")))));
}

static void check_pod(const struct checking *c, struct str path, const struct json *spec)
{
    static const char *const counts[] = {"terminationGracePeriodSeconds"};
    const struct json *policy = json_get(spec, STR("restartPolicy"));
    struct str word = json_str(policy);
    const struct json *deadline = json_get(spec, STR("activeDeadlineSeconds"));
    int64_t seconds;

    if (!json_item(json_get(spec, STR("containers")), 0))
        fault(c, below(c, path, "containers"), spec, STR("Required value"));
    check_containers(c, path, spec, "containers");
    check_containers(c, path, spec, "initContainers");
    check_volumes(c, path, spec);
    check_counts(c, path, spec, counts, COUNT_OF(counts));
    if (deadline && json_i64(deadline, &seconds) && (seconds < 1 || seconds > INT32_MAX))
        invalid(c, below(c, path, "activeDeadlineSeconds"), deadline,
                "must be between 1 and 2147483647, inclusive");
    if (!str_is(word, "Never") && !str_is(word, "OnFailure"))
        fault(c, below(c, path, "restartPolicy"), policy ? policy : spec,
              str_is_empty(word) ? STR("Required value: valid values: \"OnFailure\", \"Never\"")
                                 : str_printf(c->a,
                                              "Unsupported value: \"" STR_FMT
                                              "\": supported values: \"OnFailure\", \"Never\"",
                                              STR_ARG(word)));
}

/* ---- Jobs ---- */

static void check_rule(const struct checking *c, struct str path, const struct json *rule,
                       const struct json *pod)
{
    const struct json *codes = json_get(rule, STR("onExitCodes")),
                      *conditions = json_get(rule, STR("onPodConditions")),
                      *values = json_get(codes, STR("values")), *v;
    struct str of = json_get_str(codes, STR("containerName"));
    int64_t code;

    if (!codes == !json_item(conditions, 0))
        invalid(c, path, rule,
                codes ? "specifying both OnExitCodes and OnPodConditions is not supported"
                      : "specifying one of OnExitCodes and OnPodConditions is required");
    if (!codes)
        return;
    if (!str_is_empty(of) && !json_named(json_get(pod, STR("containers")), of) &&
        !json_named(json_get(pod, STR("initContainers")), of))
        invalid(c, below(c, path, "onExitCodes.containerName"),
                json_get(codes, STR("containerName")),
                "must be one of the container or initContainer names in the pod template");
    if (!json_item(values, 0))
        invalid(c, below(c, path, "onExitCodes.values"), values,
                "at least one value is required");
    for (size_t i = 0; (v = json_item(values, i)) != NULL; i++)
        if (json_i64(v, &code) && code == 0 &&
            str_is(json_get_str(codes, STR("operator")), "In"))
            invalid(c, item_of(c, path, "onExitCodes.values", i), v,
                    "must not be 0 for the In operator");
}

static void check_failure_policy(const struct checking *c, struct str path,
                                 const struct json *spec, const struct json *pod)
{
    const struct json *rules = json_path(spec, "podFailurePolicy", "rules", NULL), *rule;

    if (!json_get(spec, STR("podFailurePolicy")))
        return;
    if (!str_is(json_get_str(pod, STR("restartPolicy")), "Never"))
        invalid(c, below(c, path, "template.spec.restartPolicy"),
                json_get(pod, STR("restartPolicy")),
                "only \"Never\" is supported when podFailurePolicy is specified");
    for (size_t i = 0; (rule = json_item(rules, i)) != NULL; i++)
        check_rule(c, item_of(c, path, "podFailurePolicy.rules", i), rule, pod);
    if (str_is(json_get_str(spec, STR("podReplacementPolicy")), "TerminatingOrFailed"))
        fault(c, below(c, path, "podReplacementPolicy"),
              json_get(spec, STR("podReplacementPolicy")),
              STR("Unsupported value: \"TerminatingOrFailed\": supported values: \"Failed\""));
}

static void check_indexed(const struct checking *c, struct str path, const struct json *spec)
{
    static const char *const names[] = {"completions", "parallelism"};

    if (!str_is(json_get_str(spec, STR("completionMode")), "Indexed"))
        return;
    if (!json_get(spec, STR("completions")))
        fault(c, below(c, path, "completions"), spec,
              STR("Required value: when completion mode is Indexed"));
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        const struct json *v = json_get(spec, str_from(names[i]));
        int64_t n;

        if (v && json_i64(v, &n) && n > JOB_INDEXES_MAX)
            invalid(c, below(c, path, names[i]), v,
                    "must be less than or equal to 100000 when completion mode is Indexed");
    }
}

/* What a writer selects by hand must be what the pods have. */
static void check_selector(const struct checking *c, struct str path, const struct json *spec)
{
    const struct json *wanted = json_path(spec, "selector", "matchLabels", NULL),
                      *labels = json_path(spec, "template", "metadata", "labels", NULL);

    if (!json_get_bool(spec, STR("manualSelector")))
        return;
    if (!json_get(spec, STR("selector"))) {
        fault(c, below(c, path, "selector"), spec, STR("Required value"));
        return;
    }
    for (uint32_t i = 0; json_is(wanted, JSON_OBJECT) && i < wanted->count; i++)
        if (!str_eq(json_str(&wanted->members[i].value),
                    json_get_str(labels, wanted->members[i].key))) {
            invalid(c, below(c, path, "template.metadata.labels"), labels,
                    "`selector` does not match template `labels`");
            return;
        }
}

static void check_job_spec(const struct checking *c, struct str path, const struct json *spec)
{
    static const char *const counts[] = {"parallelism", "completions", "backoffLimit",
                                         "activeDeadlineSeconds", "ttlSecondsAfterFinished"};
    const struct json *template = json_get(spec, STR("template")),
                      *pod = json_get(template, STR("spec"));
    struct str at = below(c, path, "template");

    check_counts(c, path, spec, counts, COUNT_OF(counts));
    check_indexed(c, path, spec);
    check_selector(c, path, spec);
    object_check_labels(c->a, below(c, at, "metadata"), json_get(template, STR("metadata")),
                        c->faults);
    check_pod(c, below(c, at, "spec"), pod);
    check_failure_policy(c, path, spec, pod);
}

static void check_job(const struct checking *c, const struct json *doc)
{
    const struct json *spec = json_get(doc, STR("spec"));
    struct str name = object_name(doc);

    /* Its name is the value of a label of its pods. */
    if (name.len > LABEL_MAX_BYTES)
        invalid(c, STR("metadata.name"), json_path(doc, "metadata", "name", NULL),
                "must be no more than 63 characters");
    /* What the uid's label is to be is not the writer's to say. */
    if (json_get(spec, STR("selector")) && !json_get_bool(spec, STR("manualSelector")) &&
        str_is_none(
            json_str(json_path(spec, "selector", "matchLabels", JOB_UID_LABEL, NULL))) &&
        str_is_none(json_str(json_path(spec, "selector", "matchLabels", JOB_UID_LEGACY, NULL))))
        invalid(c, STR("spec.selector"), json_get(spec, STR("selector")),
                "`selector` not auto-generated");
    check_job_spec(c, STR("spec"), spec);
}

/* ---- CronJobs ---- */

static void check_schedule(const struct checking *c, const struct json *spec)
{
    const struct json *given = json_get(spec, STR("schedule")),
                      *zone = json_get(spec, STR("timeZone"));
    struct str text = json_str(given);
    const struct gozone *ignored;
    struct cron_schedule schedule;
    struct err err = {0};

    if (str_is_empty(text)) {
        fault(c, STR("spec.schedule"), given, STR("Required value"));
        return;
    }
    if (str_find(text, STR("TZ")) != SIZE_MAX)
        invalid(c, STR("spec.schedule"), given,
                "cannot use TZ or CRON_TZ in schedule, use timeZone field instead");
    else if (cron_parse(c->a, text, CRON_STANDARD, &schedule, &err) < 0)
        invalid(c, STR("spec.schedule"), given, err.text);
    if (!zone)
        return;
    if (str_is_empty(json_str(zone)))
        invalid(c, STR("spec.timeZone"), zone, "timeZone must be nil or non-empty string");
    else if (str_eq_nocase(json_str(zone), STR("local")))
        invalid(c, STR("spec.timeZone"), zone,
                "timeZone must be an explicit time zone as defined in "
                "https://www.iana.org/time-zones");
    else if (gozone_load(c->a, json_str(zone), &ignored, &err) < 0)
        invalid(c, STR("spec.timeZone"), zone, err.text);
}

static void check_cron_job(const struct checking *c, const struct json *doc)
{
    static const char *const counts[] = {
        "startingDeadlineSeconds", "successfulJobsHistoryLimit", "failedJobsHistoryLimit"};
    const struct json *spec = json_get(doc, STR("spec")),
                      *template = json_get(spec, STR("jobTemplate"));

    if (object_name(doc).len > CRON_NAME_MAX_BYTES)
        invalid(c, STR("metadata.name"), json_path(doc, "metadata", "name", NULL),
                "must be no more than 52 characters");
    check_schedule(c, spec);
    check_counts(c, STR("spec"), spec, counts, COUNT_OF(counts));
    object_check_labels(c->a, STR("spec.jobTemplate.metadata"),
                        json_get(template, STR("metadata")), c->faults);
    if (json_get_bool(json_get(template, STR("spec")), STR("manualSelector")))
        fault(c, STR("spec.jobTemplate.spec.manualSelector"), template,
              STR("Unsupported value: true: supported values: nil, false"));
    check_job_spec(c, STR("spec.jobTemplate.spec"), json_get(template, STR("spec")));
}

void object_job_check(struct arena *a, const struct object_document *doc,
                      struct field_faults *faults)
{
    const struct checking c = {a, faults};

    if (strcmp(doc->kind->kind, "Pod") == 0)
        check_pod(&c, STR("spec"), json_get(&doc->value, STR("spec")));
    if (strcmp(doc->kind->group, JOB_GROUP) != 0)
        return;
    if (strcmp(doc->kind->kind, "CronJob") == 0)
        check_cron_job(&c, &doc->value);
    else
        check_job(&c, &doc->value);
}
