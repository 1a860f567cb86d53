/*
 * formats/resource_duration.c - resources times seconds.
 *
 * A container's requests count, else its limits, else the defaults. Resources of the pod as a
 * whole stand for those of its main container. Each product is cut to whole seconds before it
 * is added, as upstream does.
 */
#include "formats/resource_duration.h"

#include <stdlib.h>

#include "base/limits.h"
#include "base/strbuf.h"
#include "base/vec.h"
#include "formats/anystring.h"
#include "formats/duration.h"
#include "formats/gotime.h"
#include "formats/quantity.h"

/* What one second of a resource means. */
static const char *unit_of(struct str resource)
{
    if (str_is(resource, "memory"))
        return "100Mi";
    if (str_is(resource, "storage") || str_is(resource, "ephemeral-storage"))
        return "10Gi";
    return "1";
}

struct json resource_duration_add(struct arena *a, const struct json *durations,
                                  const struct json *more)
{
    struct json sum =
        json_is(durations, JSON_OBJECT) ? *durations : (struct json){.type = JSON_OBJECT};

    for (uint32_t i = 0; json_is(more, JSON_OBJECT) && i < more->count; i++) {
        const struct json_member *member = &more->members[i];
        int64_t have = 0, added = 0, total;

        if (!json_i64(json_get(&sum, member->key), &have))
            have = 0;
        if (!json_i64(&member->value, &added) || __builtin_add_overflow(have, added, &total))
            continue;
        sum = json_set(a, &sum, member->key, json_int(a, total));
    }
    return sum;
}

/* Replaces the quantities of a list by those of another. */
static struct json override(struct arena *a, struct json list, const struct json *by)
{
    for (uint32_t i = 0; json_is(by, JSON_OBJECT) && i < by->count; i++)
        list = json_set(a, &list, by->members[i].key, by->members[i].value);
    return list;
}

static struct json with_resources(struct arena *a, struct json list,
                                  const struct json *resources)
{
    list = override(a, list, json_get(resources, STR("limits")));
    return override(a, list, json_get(resources, STR("requests")));
}

static const struct json *find_status(const struct json *pod, struct str name)
{
    static const char *const lists[] = {"containerStatuses", "initContainerStatuses"};

    for (size_t k = 0; k < COUNT_OF(lists); k++) {
        const struct json *list = json_path(pod, "status", lists[k], NULL);

        for (uint32_t i = 0; json_is(list, JSON_ARRAY) && i < list->count; i++)
            if (str_eq(json_get_str(&list->items[i], STR("name")), name))
                return &list->items[i];
    }
    return NULL;
}

/* Whole seconds that a container ran; 0 when it has not ended. */
static int64_t seconds_run(const struct json *pod, struct str name)
{
    const struct json *ended = json_path(find_status(pod, name), "state", "terminated", NULL);
    struct gotime start, end;
    struct err err;

    if (gotime_parse_rfc3339(json_get_str(ended, STR("startedAt")), &start, &err) < 0 ||
        gotime_parse_rfc3339(json_get_str(ended, STR("finishedAt")), &end, &err) < 0 ||
        start.unix_s == 0)
        return 0;
    return end.unix_s - start.unix_s;
}

/* One container's durations from its resources. */
static int container_durations(struct arena *a, const struct json *list, int64_t seconds,
                               struct json *ret, struct err *err)
{
    struct json_object_builder b = {0};

    for (uint32_t i = 0; i < list->count; i++) {
        struct str resource = list->members[i].key;
        struct quantity quantity, unit;
        int64_t milli;

        if (quantity_parse(any_string(a, &list->members[i].value), &quantity, err) < 0)
            return err_wrap(err, "resource " STR_FMT, STR_ARG(resource));
        if (quantity_parse(str_from(unit_of(resource)), &unit, err) < 0)
            return -1;
        milli = quantity_milli_value(&quantity);
        json_add(
            a, &b, resource,
            json_int(a, (int64_t) ((__int128) milli * seconds / quantity_milli_value(&unit))));
    }
    *ret = json_object(&b);
    return 0;
}

static int add_container(struct arena *a, const struct json *pod, const struct json *container,
                         struct json *sum, struct err *err)
{
    struct str name = json_get_str(container, STR("name"));
    struct json list = {.type = JSON_OBJECT};
    struct json durations;

    list = json_set(a, &list, STR("cpu"), json_string(STR("100m")));
    list = json_set(a, &list, STR("memory"), json_string(STR("100Mi")));
    list = with_resources(a, list, json_get(container, STR("resources")));
    if (str_is(name, "main"))
        list = with_resources(a, list, json_path(pod, "spec", "resources", NULL));
    if (container_durations(a, &list, seconds_run(pod, name), &durations, err) < 0)
        return err_wrap(err, "container " STR_FMT, STR_ARG(name));
    *sum = resource_duration_add(a, sum, &durations);
    return 0;
}

int resource_duration_of_pod(struct arena *a, const struct json *pod, struct json *ret,
                             struct err *err)
{
    static const char *const lists[] = {"initContainers", "containers"};
    struct json sum = {.type = JSON_OBJECT, .pos = JSON_NO_POS};

    for (size_t k = 0; k < COUNT_OF(lists); k++) {
        const struct json *list = json_path(pod, "spec", lists[k], NULL);

        for (uint32_t i = 0; json_is(list, JSON_ARRAY) && i < list->count; i++)
            if (add_container(a, pod, &list->items[i], &sum, err) < 0)
                return -1;
    }
    *ret = sum;
    return 0;
}

static int compare_members(const void *left, const void *right)
{
    const struct json_member *const *l = left, *const *r = right;

    return str_cmp((*l)->key, (*r)->key);
}

struct str resource_duration_print(struct arena *a, const struct json *durations)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(ARENA_DOC_MAX_BYTES);
    VEC(const struct json_member *) sorted = {0};

    for (uint32_t i = 0; json_is(durations, JSON_OBJECT) && i < durations->count; i++)
        VEC_APUSH(a, &sorted, &durations->members[i]);
    if (sorted.len > 1)
        qsort(sorted.at, sorted.len, sizeof(*sorted.at), compare_members);
    VEC_FOREACH (it, &sorted) {
        int64_t seconds = 0, ns = 0;

        if (!json_i64(&(*it)->value, &seconds) ||
            __builtin_mul_overflow(seconds, DURATION_SECOND, &ns))
            continue;
        if (b.len > 0)
            strbuf_addc(&b, ',');
        strbuf_add(&b, duration_print(a, ns));
        strbuf_addf(&b, "*(%s " STR_FMT ")", unit_of((*it)->key), STR_ARG((*it)->key));
    }
    return str_copy(a, strbuf_str(&b));
}
