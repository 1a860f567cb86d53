/* Cells of Jobs and CronJobs as kubectl prints them. See object_internal.h. Pure; any thread.
 */
#include "formats/gotime.h"
#include "objects/job.h"
#include "objects/object_internal.h"

static struct str status_cell(struct arena *a, const struct json *job, struct wall now)
{
    static const struct {
        const char *condition, *word;
    } words[] = {{"Complete", "Complete"},
                 {"Failed", "Failed"},
                 {"Suspended", "Suspended"},
                 {"FailureTarget", "FailureTarget"},
                 {"SuccessCriteriaMet", "SuccessCriteriaMet"}};

    (void) a;
    (void) now;
    for (size_t i = 0; i < COUNT_OF(words); i++) {
        if (object_job_condition(job, words[i].condition))
            return str_from(words[i].word);
        if (i == 1 && json_path(job, "metadata", "deletionTimestamp", NULL))
            return STR("Terminating");
    }
    return STR("Running");
}

static int64_t number_of(const struct json *of, const char *name, int64_t fallback)
{
    int64_t n;

    return json_i64(json_get(of, str_from(name)), &n) ? n : fallback;
}

/* "2/3"; "0/1 of 3": one of several is enough. */
static struct str completions_cell(struct arena *a, const struct json *job, struct wall now)
{
    const struct json *spec = json_get(job, STR("spec"));
    long long done = number_of(json_get(job, STR("status")), "succeeded", 0);
    long long wanted = number_of(spec, "completions", -1);
    long long beside = number_of(spec, "parallelism", 0);

    (void) now;
    if (wanted >= 0)
        return str_printf(a, "%lld/%lld", done, wanted);
    return beside > 1 ? str_printf(a, "%lld/1 of %lld", done, beside)
                      : str_printf(a, "%lld/1", done);
}

static struct str duration_cell(struct arena *a, const struct json *status, struct wall now)
{
    struct wall began, ended = now;
    struct str end = json_get_str(status, STR("completionTime"));
    struct err err;

    if (gotime_parse_wall(json_get_str(status, STR("startTime")), &began, &err) < 0)
        return STR("");
    if (!str_is_empty(end) && gotime_parse_wall(end, &ended, &err) < 0)
        return STR("");
    return object_age_text(a, (ended.ms - began.ms) / 1000);
}

static struct str members(struct arena *a, const struct json *list, const char *name)
{
    struct str text = STR("");

    for (size_t i = 0; json_item(list, i); i++)
        text = str_printf(a, STR_FMT "%s" STR_FMT, STR_ARG(text), i ? "," : "",
                          STR_ARG(json_get_str(json_item(list, i), str_from(name))));
    return text;
}

static struct str names_cell(struct arena *a, const struct json *list, struct wall now)
{
    (void) now;
    return members(a, list, "name");
}

static struct str images_cell(struct arena *a, const struct json *list, struct wall now)
{
    (void) now;
    return members(a, list, "image");
}

/* "a=b,c in (d,e)" */
static struct str selector_cell(struct arena *a, const struct json *selector, struct wall now)
{
    const struct json *labels = json_get(selector, STR("matchLabels")),
                      *list = json_get(selector, STR("matchExpressions")), *e;
    struct str text = STR("");

    (void) now;
    for (uint32_t i = 0; json_is(labels, JSON_OBJECT) && i < labels->count; i++)
        text = str_printf(a, STR_FMT "%s" STR_FMT "=" STR_FMT, STR_ARG(text),
                          text.len ? "," : "", STR_ARG(labels->members[i].key),
                          STR_ARG(json_str(&labels->members[i].value)));
    for (size_t i = 0; (e = json_item(list, i)) != NULL; i++) {
        struct str values = STR(""), key = json_get_str(e, STR("key")),
                   word = json_get_str(e, STR("operator"));
        const struct json *v;

        for (size_t k = 0; (v = json_item(json_get(e, STR("values")), k)) != NULL; k++)
            values = str_printf(a, STR_FMT "%s" STR_FMT, STR_ARG(values), k ? "," : "",
                                STR_ARG(json_str(v)));
        text = str_is(word, "Exists") || str_is(word, "DoesNotExist")
                   ? str_printf(a, STR_FMT "%s%s" STR_FMT, STR_ARG(text), text.len ? "," : "",
                                str_is(word, "Exists") ? "" : "!", STR_ARG(key))
                   : str_printf(a, STR_FMT "%s" STR_FMT " %s (" STR_FMT ")", STR_ARG(text),
                                text.len ? "," : "", STR_ARG(key),
                                str_is(word, "In") ? "in" : "notin", STR_ARG(values));
    }
    return text.len ? text : STR("<none>");
}

static struct str maybe_cell(struct arena *a, const struct json *v, struct wall now)
{
    (void) a;
    (void) now;
    return str_is_empty(json_str(v)) ? STR("<none>") : json_str(v);
}

static struct str maybe_date_cell(struct arena *a, const struct json *v, struct wall now)
{
    struct wall then;
    struct err err;

    if (gotime_parse_wall(json_str(v), &then, &err) < 0)
        return STR("<none>");
    return object_age_text(a, (now.ms - then.ms) / 1000);
}

static struct str flag_cell(struct arena *a, const struct json *v, struct wall now)
{
    (void) a;
    (void) now;
    return json_is(v, JSON_BOOL) && v->is_true ? STR("True") : STR("False");
}

struct str object_job_cell(struct arena *a, const char *type, const struct json *v,
                           struct wall now)
{
    static const struct {
        const char *type;
        struct str (*cell)(struct arena *a, const struct json *v, struct wall now);
    } all[] = {{"job-status", status_cell},
               {"job-completions", completions_cell},
               {"job-duration", duration_cell},
               {"names", names_cell},
               {"images", images_cell},
               {"selector", selector_cell},
               {"maybe", maybe_cell},
               {"maybe-date", maybe_date_cell},
               {"flag", flag_cell}};

    for (size_t i = 0; i < COUNT_OF(all); i++)
        if (strcmp(type, all[i].type) == 0)
            return all[i].cell(a, v, now);
    return STR_NONE;
}
