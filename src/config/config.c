/* Reading the controller's ConfigMap into a snapshot. Pure but for reference counts. See
 * config.h. */
#include "config/config.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/vec.h"
#include "config/config_internal.h"
#include "formats/duration.h"
#include "formats/labels.h"
#include "formats/yaml.h"

#define INSTANCE_LABEL "workflows.argoproj.io/controller-instanceid"

/* The arena holds all texts; the snapshot stands first, so that it is found from outside. */
struct shared {
    struct config config;
    atomic_uint refs;
    struct arena *arena;
};

static struct shared *shared_new(void)
{
    struct arena *a = arena_new();
    struct shared *s = NEW(struct shared);

    s->arena = a;
    atomic_init(&s->refs, 1);
    s->config.tells_of_nodes = s->config.tells_of_workflows = true;
    s->config.serves_limits = true;
    s->config.metrics_path = STR(CONFIG_DEFAULT_METRICS);
    s->config.nav_color = s->config.instance_id = s->config.namespace = STR("");
    return s;
}

const struct config *config_new(void)
{
    return &shared_new()->config;
}

static struct shared *shared_of(const struct config *c)
{
    return (struct shared *) (uintptr_t) c;
}

const struct config *config_ref(const struct config *c)
{
    atomic_fetch_add(&shared_of(c)->refs, 1);
    return c;
}

void config_unref(const struct config *c)
{
    struct shared *s = shared_of(c);

    if (!c || atomic_fetch_sub(&s->refs, 1) > 1)
        return;
    arena_free(s->arena);
    free(s);
}

/* ---- the keys ---- */

/* All keys as one value: of data beside each other, or of the text "config". */
static int gather(struct arena *a, const struct json *doc, struct json *ret, struct err *err)
{
    const struct json *data = json_get(doc, STR("data"));
    struct str old = json_get_str(data, STR("config"));
    struct json_object_builder b = {0};

    *ret = json_object(&b);
    if (!str_is_none(old)) {
        if (yaml_parse(a, str_copy(a, old), ret, err) < 0)
            return err_wrap(err, "config");
        if (json_is(ret, JSON_NULL))
            *ret = json_object(&b);
        return json_is(ret, JSON_OBJECT)
                   ? 0
                   : err_set(err, ERR_INVALID, "config: an object is expected");
    }
    for (uint32_t i = 0; json_is(data, JSON_OBJECT) && i < data->count; i++) {
        const struct json_member *m = &data->members[i];
        struct str key = str_copy(a, m->key);
        struct json value;

        if (yaml_parse(a, str_copy(a, json_str(&m->value)), &value, err) < 0)
            return err_wrap(err, STR_FMT, STR_ARG(key));
        if (json_is(&value, JSON_NUMBER) || json_is(&value, JSON_BOOL)) {
            /* "5" of a text that must be one */
            const struct field *field = field_find(&config_shape, key);

            if (field && field->type == FIELD_STR)
                value = json_string(str_trim(str_copy(a, json_str(&m->value))));
        }
        if (!json_is(&value, JSON_NULL))
            json_add(a, &b, key, value);
    }
    *ret = json_object(&b);
    return 0;
}

static int check(struct arena *a, const struct json *v, struct err *err)
{
    struct field_faults faults = {.max = 1};

    if (field_check(a, &config_shape, v, STR(""), &faults))
        return 0;
    return err_set(err, ERR_INVALID, STR_FMT ": " STR_FMT, STR_ARG(faults.at[0].path),
                   STR_ARG(faults.at[0].text));
}

static uint32_t number(const struct json *object, const char *key)
{
    int64_t n = 0;

    return json_i64(json_get(object, str_from(key)), &n) && n > 0 ? (uint32_t) n : 0;
}

static bool is_on(const struct json *v, const char *key)
{
    const struct json *enabled = json_path(v, key, "enabled", NULL);

    return !json_is(enabled, JSON_BOOL) || enabled->is_true;
}

static struct str text(const struct json *v, const char *key)
{
    struct str found = json_get_str(v, str_from(key));

    return str_is_none(found) ? STR("") : found;
}

/* "30d", or a duration. */
static int parse_ttl(struct str s, int64_t *ret_ms, struct err *err)
{
    int64_t days, ns;

    if (s.len == 0)
        return 0;
    if (str_ends(s, STR("d")) && parse_i64(str_head(s, s.len - 1), &days) && days >= 0 &&
        days < INT64_MAX / 86400000) {
        *ret_ms = days * 86400000;
        return 0;
    }
    if (duration_parse(s, &ns, err) < 0)
        return err_wrap(err, "persistence.archiveTTL: a number of days like 30d, or a duration "
                             "like 12h is expected");
    if (ns < 0)
        return err_set(err, ERR_INVALID, "persistence.archiveTTL: must not be negative");
    *ret_ms = ns / 1000000;
    return 0;
}

static int read_archive(struct shared *s, const struct json *v, struct err *err)
{
    const struct json *p = json_get(v, STR("persistence"));
    const struct json *labels = json_get(p, STR("archiveLabelSelector"));
    struct selector *selector;

    s->config.archive.is_on = json_get_bool(p, STR("archive"));
    if (parse_ttl(text(p, "archiveTTL"), &s->config.archive.ttl_ms, err) < 0)
        return -1;
    if (!labels)
        return 0;
    selector = ARENA_NEW(s->arena, struct selector);
    if (selector_of_json(s->arena, labels, selector, err) < 0)
        return err_wrap(err, "persistence.archiveLabelSelector");
    s->config.archive.labels = selector;
    return 0;
}

static int read_delay(struct shared *s, const struct json *v, struct err *err)
{
    struct str delay = text(v, "initialDelay");
    int64_t ns = 0;

    if (delay.len > 0 && duration_parse(delay, &ns, err) < 0)
        return err_wrap(err, "initialDelay");
    s->config.initial_delay_ms = ns > 0 ? (uint64_t) ns / 1000000 : 0;
    return 0;
}

static int read_rate(struct shared *s, const struct json *v, struct err *err)
{
    const struct json *rate = json_get(v, STR("resourceRateLimit"));

    if (!rate)
        return 0;
    s->config.pod_rate.is_on = true;
    s->config.pod_rate.burst = number(rate, "burst") ? number(rate, "burst") : 1;
    if (!json_f64(json_get(rate, STR("limit")), &s->config.pod_rate.per_second) ||
        !(s->config.pod_rate.per_second > 0))
        return err_set(err, ERR_INVALID, "resourceRateLimit.limit: must be over 0");
    return 0;
}

static int read_metrics(struct shared *s, const struct json *v, struct err *err)
{
    struct str path = text(json_get(v, STR("metricsConfig")), "path");

    if (path.len > 0 && path.ptr[0] != '/')
        return err_set(err, ERR_INVALID,
                       "metricsConfig.path: must begin with a slash, as " CONFIG_DEFAULT_METRICS
                       "; found " STR_FMT,
                       STR_ARG(path));
    if (!is_on(v, "metricsConfig"))
        s->config.metrics_path = STR("");
    else if (path.len > 0)
        s->config.metrics_path = path;
    return 0;
}

static void read_numbers(struct config *c, const struct json *v)
{
    const struct json *kept = json_get(v, STR("retentionPolicy"));

    c->parallelism = number(v, "parallelism");
    c->namespace_parallelism = number(v, "namespaceParallelism");
    c->retention.is_on = json_is(kept, JSON_OBJECT);
    c->retention.succeeded = number(kept, "completed");
    c->retention.failed = number(kept, "failed");
    c->retention.errored = number(kept, "errored");
}

static void read_rest(struct config *c, const struct json *v)
{
    struct str referencing =
        json_str(json_path(v, "workflowRestrictions", "templateReferencing", NULL));
    const struct json *limits = json_path(v, "synchronization", "enableAPI", NULL);

    c->serves_limits = !json_is(limits, JSON_BOOL) || limits->is_true;
    c->workflow_defaults = json_get(v, STR("workflowDefaults"));
    c->artifact_repository = json_get(v, STR("artifactRepository"));
    c->main_container = json_get(v, STR("mainContainer"));
    c->images = json_get(v, STR("images"));
    c->links = json_get(v, STR("links"));
    c->columns = json_get(v, STR("columns"));
    c->nav_color = text(v, "navColor");
    c->tells_of_nodes = is_on(v, "nodeEvents");
    c->tells_of_workflows = is_on(v, "workflowEvents");
    c->tells_as_pod = json_get_bool(json_get(v, STR("nodeEvents")), STR("sendAsPod"));
    c->logs_all_pods = json_get_bool(json_get(v, STR("podSpecLogStrategy")), STR("allPods"));
    c->logs_failed_pods =
        json_get_bool(json_get(v, STR("podSpecLogStrategy")), STR("failedPod"));
    c->instance_id = text(v, "instanceID");
    c->namespace = text(v, "namespace");
    c->referencing = str_is(referencing, "Strict")   ? CONFIG_REFERS_STRICTLY
                     : str_is(referencing, "Secure") ? CONFIG_REFERS_SECURELY
                                                     : CONFIG_REFERS_FREELY;
}

static void note_idle(struct shared *s, const struct shape *shape, const struct json *v,
                      const char *prefix, void *found)
{
    VEC(struct str) *keys = found;

    for (uint32_t i = 0; json_is(v, JSON_OBJECT) && i < v->count; i++) {
        const struct field *f = field_find(shape, v->members[i].key);

        if (f && (f->flags & FIELD_NO_OP))
            VEC_APUSH(s->arena, keys,
                      str_printf(s->arena, "%s" STR_FMT, prefix, STR_ARG(v->members[i].key)));
    }
}

/* Names are parts of paths; whom a plugin is reached by is said once. */
static int read_drivers(struct shared *s, const struct json *v, struct err *err)
{
    const struct json *list = json_get(v, STR("artifactDrivers")), *item;

    s->config.artifact_drivers = list;
    for (size_t i = 0; (item = json_item(list, i)) != NULL; i++) {
        struct str name = json_get_str(item, STR("name")),
                   socket = json_get_str(item, STR("socket"));

        struct str problem = dns_subdomain_problem(s->arena, name);

        if (!str_is_empty(problem))
            return err_set(err, ERR_INVALID, "artifactDrivers[%zu].name: " STR_FMT, i,
                           STR_ARG(problem));
        if (config_artifact_driver(&s->config, name) != item)
            return err_set(err, ERR_INVALID,
                           "artifactDrivers[%zu].name: \"" STR_FMT "\" is there twice", i,
                           STR_ARG(name));
        if (!str_is_empty(socket) && socket.ptr[0] != '/')
            return err_set(err, ERR_INVALID,
                           "artifactDrivers[%zu].socket: \"" STR_FMT "\" must be an absolute "
                           "path",
                           i, STR_ARG(socket));
        if (!str_is_empty(socket) && json_item(json_get(item, STR("command")), 0))
            return err_set(err, ERR_INVALID,
                           "artifactDrivers[%zu]: either command or socket, not both", i);
    }
    return 0;
}

const struct json *config_artifact_driver(const struct config *c, struct str name)
{
    const struct json *item;

    for (size_t i = 0; (item = json_item(c->artifact_drivers, i)) != NULL; i++)
        if (str_eq(json_get_str(item, STR("name")), name))
            return item;
    return NULL;
}

static void read_idle(struct shared *s, const struct json *v)
{
    static const char *const parts[] = {"persistence", "synchronization", "metricsConfig"};
    VEC(struct str) keys = {0};

    note_idle(s, &config_shape, v, "", &keys);
    for (size_t i = 0; i < COUNT_OF(parts); i++) {
        struct str part = str_from(parts[i]);

        note_idle(s, field_find(&config_shape, part)->shape, json_get(v, part),
                  str_printf(s->arena, STR_FMT ".", STR_ARG(part)).ptr, &keys);
    }
    s->config.idle_keys = keys.at;
    s->config.idle_count = keys.len;
}

const struct config *config_parse(const struct json *doc, struct err *err)
{
    struct shared *s = shared_new();
    struct json *v = ARENA_NEW(s->arena, struct json);

    if (gather(s->arena, doc, v, err) < 0 || check(s->arena, v, err) < 0 ||
        read_archive(s, v, err) < 0 || read_delay(s, v, err) < 0 || read_rate(s, v, err) < 0 ||
        read_metrics(s, v, err) < 0 || read_drivers(s, v, err) < 0) {
        config_unref(&s->config);
        return NULL;
    }
    read_numbers(&s->config, v);
    read_rest(&s->config, v);
    read_idle(s, v);
    return &s->config;
}

bool config_serves(const struct config *c, const struct json *doc)
{
    struct str ns = json_str(json_path(doc, "metadata", "namespace", NULL));
    struct str id = json_str(json_path(doc, "metadata", "labels", INSTANCE_LABEL, NULL));

    if (c->namespace.len > 0 && !str_eq(ns, c->namespace))
        return false;
    return str_eq(str_is_none(id) ? STR("") : id, c->instance_id);
}
