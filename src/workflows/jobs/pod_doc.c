/*
 * The Pod of a Job as an object, and what the runner is asked for. See jobs_internal.h. Pure.
 *
 * The containers of a pod are a containerSet to the runner: each under its own name, beside
 * each other. With restartPolicy OnFailure the runner tries them again.
 */
#include "formats/gotime.h"
#include "workflows/jobs/jobs_internal.h"

#define RESTARTS "tiphys/restarts" /* how often a container is started again at most */

enum {
    NAME_BASE_MAX_BYTES = 57, /* with a dash and five letters a label's 63 */
    NAME_SUFFIX_BYTES = 5,
};

/* ---- the object ---- */

static bool is_on_failure(const struct json *pod)
{
    return str_is(json_str(json_path(pod, "spec", "restartPolicy", NULL)), "OnFailure");
}

static struct str name_of(struct arena *a, const struct jobs_birth *b)
{
    struct str job = object_name(b->job), base = job;

    if (b->index >= 0)
        base = str_printf(a, STR_FMT "-%lld", STR_ARG(job), (long long) b->index);
    return str_printf(a, STR_FMT "-%.*s", STR_ARG(str_head(base, NAME_BASE_MAX_BYTES)),
                      NAME_SUFFIX_BYTES, b->suffix);
}

static void set_text(struct arena *a, struct json *v, const char *key, struct str text)
{
    *v = json_set(a, v, str_from(key), json_string(text));
}

static struct json metadata_of(struct arena *a, const struct jobs_birth *b)
{
    const struct json *given = json_path(b->job, "spec", "template", "metadata", NULL);
    struct json empty = json_object(&(struct json_object_builder){0});
    const struct json *labels = json_get(given, STR("labels")),
                      *notes = json_get(given, STR("annotations"));
    struct json marks = labels ? *labels : empty, annotations = notes ? *notes : empty;
    struct json_object_builder meta = {0};
    struct json_array_builder finalizers = {0};

    if (b->index >= 0) {
        struct str index = str_printf(a, "%lld", (long long) b->index);

        set_text(a, &marks, JOB_INDEX, index);
        set_text(a, &annotations, JOB_INDEX, index);
    }
    if (is_on_failure(json_path(b->job, "spec", "template", NULL))) {
        int64_t limit;

        if (!json_i64(json_path(b->job, "spec", "backoffLimit", NULL), &limit))
            limit = 6;
        set_text(a, &annotations, RESTARTS, str_printf(a, "%lld", (long long) limit));
    }
    json_push(a, &finalizers, json_string(STR(JOB_TRACKING)));
    json_add(a, &meta, STR("name"), json_string(name_of(a, b)));
    json_add(a, &meta, STR("generateName"),
             json_string(str_concat(a, object_name(b->job), STR("-"))));
    json_add(a, &meta, STR("namespace"), json_string(object_namespace(b->job)));
    json_add(a, &meta, STR("uid"), json_string(b->uid));
    json_add(a, &meta, STR("creationTimestamp"), json_string(gotime_rfc3339(a, b->now)));
    json_add(a, &meta, STR("labels"), marks);
    if (annotations.count > 0)
        json_add(a, &meta, STR("annotations"), annotations);
    json_add(a, &meta, STR("ownerReferences"), object_owner_reference(a, b->job));
    json_add(a, &meta, STR("finalizers"), json_array(&finalizers));
    return json_object(&meta);
}

static struct json index_variable(struct arena *a)
{
    struct json v = json_set(a, NULL, STR("name"), json_string(STR("JOB_COMPLETION_INDEX")));

    return json_set_path(a, &v, json_string(STR("metadata.annotations['" JOB_INDEX "']")),
                         "valueFrom", "fieldRef", "fieldPath", NULL);
}

/* What a container of an indexed Job is told of its index, before what its writer says. */
static struct json with_index(struct arena *a, const struct json *container)
{
    const struct json *given = json_get(container, STR("env"));
    struct json_array_builder env = {0};

    json_push(a, &env, index_variable(a));
    for (size_t i = 0; json_item(given, i); i++)
        json_push(a, &env, *json_item(given, i));
    return json_set(a, container, STR("env"), json_array(&env));
}

static struct json spec_of(struct arena *a, const struct jobs_birth *b)
{
    static const char *const lists[] = {"containers", "initContainers"};
    struct json spec = *json_path(b->job, "spec", "template", "spec", NULL);

    for (size_t k = 0; k < COUNT_OF(lists) && b->index >= 0; k++) {
        const struct json *list = json_get(&spec, str_from(lists[k]));
        struct json_array_builder made = {0};

        for (size_t i = 0; json_item(list, i); i++)
            json_push(a, &made, with_index(a, json_item(list, i)));
        if (made.len > 0)
            spec = json_set(a, &spec, str_from(lists[k]), json_array(&made));
    }
    set_text(a, &spec, "nodeName", b->node_name);
    if (str_is_empty(json_get_str(&spec, STR("serviceAccountName"))))
        set_text(a, &spec, "serviceAccountName", STR("default"));
    return spec;
}

struct json jobs_pod_new(struct arena *a, const struct jobs_birth *birth)
{
    struct json_object_builder b = {0}, status = {0};

    json_add(a, &b, STR("apiVersion"), json_string(STR("v1")));
    json_add(a, &b, STR("kind"), json_string(STR("Pod")));
    json_add(a, &b, STR("metadata"), metadata_of(a, birth));
    json_add(a, &b, STR("spec"), spec_of(a, birth));
    json_add(a, &status, STR("phase"), json_string(STR("Pending")));
    json_add(a, &status, STR("qosClass"), json_string(STR("BestEffort")));
    json_add(a, &b, STR("status"), json_object(&status));
    return json_object(&b);
}

/* ---- as decisions see it ---- */

static enum jobs_phase phase_of(struct str word)
{
    return str_is(word, "Succeeded") ? JOBS_SUCCEEDED
           : str_is(word, "Failed")  ? JOBS_FAILED
           : str_is(word, "Running") ? JOBS_RUNNING
                                     : JOBS_PENDING;
}

/* The last end of its containers; that of one that had none is its beginning. */
static int64_t finished_of(const struct json *status)
{
    const struct json *list = json_get(status, STR("containerStatuses")), *s;
    int64_t last = 0;
    struct wall at;
    struct err err;

    for (size_t i = 0; (s = json_item(list, i)) != NULL; i++)
        if (gotime_parse_wall(json_str(json_path(s, "state", "terminated", "finishedAt", NULL)),
                              &at, &err) == 0 &&
            at.ms > last)
            last = at.ms;
    return last;
}

struct jobs_pod jobs_pod_read(const struct json *doc)
{
    const struct json *status = json_get(doc, STR("status"));
    struct jobs_pod pod = {
        .name = object_name(doc),
        .phase = phase_of(json_get_str(status, STR("phase"))),
        .is_tracked = object_has_finalizer(doc, STR(JOB_TRACKING)),
        .is_leaving = json_path(doc, "metadata", "deletionTimestamp", NULL) != NULL,
        .is_uncounted = str_is(object_annotation(doc, STR(JOBS_UNCOUNTED)), "true"),
        .index = -1,
        .finished_ms = finished_of(status),
        .doc = doc};
    struct str index = object_annotation(doc, STR(JOB_INDEX));

    if (str_is_empty(index) || !parse_i64(index, &pod.index))
        pod.index = -1;
    return pod;
}

/* ---- what the runner is asked for ---- */

static struct json set_of(struct arena *a, const struct json *doc)
{
    struct str restarts = object_annotation(doc, STR(RESTARTS));
    struct json set =
        json_set(a, NULL, STR("containers"), *json_path(doc, "spec", "containers", NULL));
    int64_t limit;

    if (!is_on_failure(doc))
        return set;
    if (str_is_empty(restarts) || !parse_i64(restarts, &limit))
        limit = INT32_MAX - 1; /* a pod of no Job: until it succeeds */
    set = json_set_path(a, &set, json_int(a, limit + 1), "retryStrategy", "retries", NULL);
    return json_set_path(a, &set, json_string(STR("10s")), "retryStrategy", "duration", NULL);
}

static const struct json *template_of(struct arena *a, const struct json *doc)
{
    static const char *const kept[] = {"initContainers", "volumes",   "hostAliases",
                                       "dnsPolicy",      "dnsConfig", "hostname"};
    const struct json *spec = json_get(doc, STR("spec"));
    struct json *made = ARENA_NEW(a, struct json);

    *made = json_set(a, NULL, STR("containerSet"), set_of(a, doc));
    for (size_t i = 0; i < COUNT_OF(kept); i++)
        if (json_get(spec, str_from(kept[i])))
            *made = json_set(a, made, str_from(kept[i]), *json_get(spec, str_from(kept[i])));
    return made;
}

struct pod_request jobs_pod_request(struct arena *a, const struct json *doc)
{
    const struct json *spec = json_get(doc, STR("spec"));
    struct pod_request request = {.uid = object_uid(doc),
                                  .ns = object_namespace(doc),
                                  .name = object_name(doc),
                                  .workflow = STR(""),
                                  .workflow_uid = STR(""),
                                  .node_id = STR(""),
                                  .node_name = STR(""),
                                  .template = template_of(a, doc),
                                  .pod_meta = json_get(doc, STR("metadata")),
                                  .security = json_get(spec, STR("securityContext")),
                                  .resources = json_get(spec, STR("resources")),
                                  .node_selector = json_get(spec, STR("nodeSelector")),
                                  .is_on_host = json_get_bool(spec, STR("hostNetwork")),
                                  .service_account =
                                      json_get_str(spec, STR("serviceAccountName"))};
    const struct json *mounts = json_get(spec, STR("automountServiceAccountToken"));
    int64_t seconds;
    struct wall made;
    struct err err;

    if (json_is(mounts, JSON_BOOL))
        request.token = mounts->is_true ? POD_TOKEN_MOUNTED : POD_TOKEN_NONE;
    if (json_i64(json_get(spec, STR("terminationGracePeriodSeconds")), &seconds) &&
        seconds >= 0)
        request.grace_ms = seconds > 0 ? (uint64_t) seconds * 1000 : 1;
    if (json_i64(json_get(spec, STR("activeDeadlineSeconds")), &seconds) && seconds > 0 &&
        gotime_parse_wall(json_str(json_path(doc, "metadata", "creationTimestamp", NULL)),
                          &made, &err) == 0)
        request.deadline.ms = made.ms + seconds * 1000;
    return request;
}
