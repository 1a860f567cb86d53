/*
 * objects/object_column.c - the columns of each kind behind NAME, as kubectl prints them, and
 * the text of one cell.
 *
 * Argo's kinds have the columns of their CustomResourceDefinitions (most: AGE alone; event
 * sources and sensors show besides whether they run), the others those of the API server. Pure;
 * any thread.
 */
#include <ctype.h>

#include "base/clock.h"
#include "formats/anystring.h"
#include "formats/gotime.h"
#include "objects/object_internal.h"

/* The value at a dotted path, or NULL. */
static const struct json *value_at(const struct json *doc, const char *path)
{
    struct str rest = str_from(path), name;

    while (*path && doc && str_cut(&rest, '.', &name))
        doc = json_get(doc, name);
    return doc;
}

/* "5s", "3m20s", "2d4h": apimachinery's duration.HumanDuration. */
struct str object_age_text(struct arena *a, int64_t seconds)
{
    int64_t minutes = seconds / 60, hours = minutes / 60, days = hours / 24;

    if (seconds < 0)
        return seconds >= -1 ? STR("0s") : STR("<invalid>");
    if (seconds < 120)
        return str_printf(a, "%llds", (long long) seconds);
    if (minutes < 10 && seconds % 60 != 0)
        return str_printf(a, "%lldm%llds", (long long) minutes, (long long) (seconds % 60));
    if (minutes < 180)
        return str_printf(a, "%lldm", (long long) minutes);
    if (hours < 8 && minutes % 60 != 0)
        return str_printf(a, "%lldh%lldm", (long long) hours, (long long) (minutes % 60));
    if (hours < 48)
        return str_printf(a, "%lldh", (long long) hours);
    if (hours < 192 && hours % 24 != 0)
        return str_printf(a, "%lldd%lldh", (long long) days, (long long) (hours % 24));
    if (hours < 24 * 365 * 2)
        return str_printf(a, "%lldd", (long long) days);
    if (hours < 24 * 365 * 8 && days % 365 != 0)
        return str_printf(a, "%lldy%lldd", (long long) (days / 365), (long long) (days % 365));
    return str_printf(a, "%lldy", (long long) (days / 365));
}

static struct str list_text(struct arena *a, const struct json *list)
{
    struct str text = STR("");

    for (uint32_t i = 0; i < list->count; i++)
        text = str_printf(a, STR_FMT "%s" STR_FMT, STR_ARG(text), i ? "," : "",
                          STR_ARG(any_string(a, &list->items[i])));
    return text;
}

static struct str restarts_text(struct arena *a, const struct json *containers)
{
    int64_t sum = 0, n;

    for (uint32_t i = 0; i < containers->count; i++)
        sum += json_i64(json_get(&containers->items[i], STR("restartCount")), &n) ? n : 0;
    return str_printf(a, "%lld", (long long) sum);
}

static struct str ready_text(struct arena *a, const struct json *containers)
{
    uint32_t ready = 0;

    for (uint32_t i = 0; i < containers->count; i++)
        ready += json_get_bool(&containers->items[i], STR("ready"));
    return str_printf(a, "%u/%u", ready, containers->count);
}

/* The reason of the first container where it says more than the phase. */
static struct str pod_text(const struct json *status)
{
    const struct json *state =
        json_get(json_item(json_get(status, STR("containerStatuses")), 0), STR("state"));
    struct str over = json_str(json_path(state, "terminated", "reason", NULL));
    struct str waits = json_str(json_path(state, "waiting", "reason", NULL));

    if (!str_is_empty(over))
        return over;
    return str_is_empty(waits) ? json_get_str(status, STR("phase")) : waits;
}

static const struct json *condition_of(const struct json *list, const char *type)
{
    const struct json *c;

    for (size_t i = 0; (c = json_item(list, i)) != NULL; i++)
        if (str_is(json_get_str(c, STR("type")), type))
            return c;
    return NULL;
}

/* The first condition that is not met, or NULL. */
static const struct json *unmet_condition(const struct json *list)
{
    const struct json *c;

    for (size_t i = 0; (c = json_item(list, i)) != NULL; i++)
        if (str_is(json_get_str(c, STR("status")), "False"))
            return c;
    return NULL;
}

static struct str complaint_text(const struct json *list)
{
    struct str text = json_get_str(unmet_condition(list), STR("message"));

    return str_is_none(text) ? STR("") : text;
}

/* An EventSource or a Sensor in one word. */
static struct str pipeline_text(const struct json *list)
{
    const struct json *deployed = condition_of(list, "Deployed");

    if (str_is(json_get_str(deployed, STR("status")), "False"))
        return STR("Failed");
    if (str_is(json_get_str(condition_of(list, "Paused"), STR("status")), "True"))
        return STR("Paused");
    if (unmet_condition(list))
        return STR("Waiting");
    return deployed ? STR("Running") : STR("");
}

/* "workflow/hello"; of a role as its kind is written: "ClusterRole/view". */
static struct str reference_text(struct arena *a, const struct json *ref, bool is_lower)
{
    struct str kind = str_copy(a, json_get_str(ref, STR("kind")));

    for (size_t i = 0; is_lower && i < kind.len; i++)
        ((char *) (uintptr_t) kind.ptr)[i] = (char) tolower((unsigned char) kind.ptr[i]);
    return str_printf(a, STR_FMT "/" STR_FMT, STR_ARG(kind),
                      STR_ARG(json_get_str(ref, STR("name"))));
}

/* The subjects of a kind: "ann, bob"; accounts with their namespaces. */
static struct str subjects_text(struct arena *a, const struct json *list, const char *kind)
{
    bool is_account = strcmp(kind, "ServiceAccount") == 0;
    const struct json *subject;
    struct str text = STR("");

    for (size_t i = 0; (subject = json_item(list, i)) != NULL; i++)
        if (str_is(json_get_str(subject, STR("kind")), kind))
            text = str_printf(
                a, STR_FMT "%s" STR_FMT "%s" STR_FMT, STR_ARG(text), text.len ? ", " : "",
                STR_ARG(is_account ? json_get_str(subject, STR("namespace")) : STR("")),
                is_account ? "/" : "", STR_ARG(json_get_str(subject, STR("name"))));
    return text;
}

/* What is more than a value; NONE: it is not. */
static struct str composed(struct arena *a, const char *type, const struct json *v)
{
    static const struct {
        const char *type, *kind;
    } subjects[] = {{"users", "User"}, {"groups", "Group"}, {"accounts", "ServiceAccount"}};

    if (strcmp(type, "ready") == 0 && v->type == JSON_ARRAY)
        return ready_text(a, v);
    if (strcmp(type, "restarts") == 0 && v->type == JSON_ARRAY)
        return restarts_text(a, v);
    if (strcmp(type, "pod") == 0)
        return pod_text(v);
    if (strcmp(type, "pipeline") == 0)
        return pipeline_text(v);
    if (strcmp(type, "complaint") == 0)
        return complaint_text(v);
    if (strcmp(type, "object") == 0 || strcmp(type, "role") == 0)
        return reference_text(a, v, type[0] == 'o');
    for (size_t i = 0; i < COUNT_OF(subjects); i++)
        if (strcmp(type, subjects[i].type) == 0)
            return subjects_text(a, v, subjects[i].kind);
    return STR_NONE;
}

bool object_names_first(const struct object_kind *kind)
{
    for (size_t i = 0; i < kind->column_count; i++)
        if (strcmp(kind->columns[i].name, "NAME") == 0)
            return false;
    return true;
}

struct str object_cell(struct arena *a, const struct object_column *column,
                       const struct json *doc, struct wall now)
{
    const struct json *v = value_at(doc, column->path);
    bool is_integer = strcmp(column->type, "integer") == 0;
    struct str made;
    struct wall then;
    struct err err;

    made = object_job_cell(a, column->type, v, now);
    if (!str_is_none(made))
        return made;
    if ((is_integer || strcmp(column->type, "restarts") == 0) && (!v || v->type == JSON_NULL))
        return STR("0");
    if (is_integer && (v->type == JSON_ARRAY || v->type == JSON_OBJECT))
        return str_printf(a, "%u", v->count);
    if (!v || v->type == JSON_NULL)
        return strcmp(column->type, "date") == 0 ? STR("<unknown>") : STR("");
    made = composed(a, column->type, v);
    if (!str_is_none(made))
        return made;
    if (strcmp(column->type, "date") == 0)
        return gotime_parse_wall(json_str(v), &then, &err) < 0
                   ? STR("<unknown>")
                   : object_age_text(a, (now.ms - then.ms) / 1000);
    return v->type == JSON_ARRAY ? list_text(a, v) : any_string(a, v);
}
