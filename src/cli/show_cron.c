/* Cron workflows on the screen. See show_cron.h. */
#include "cli/show_cron.h"

#include "formats/anystring.h"
#include "lang/cron/cron.h"
#include "objects/cron_workflow.h"

enum { NAME_WIDTH = 30 };

/* Padded as Go pads: by characters, not bytes. */
static void fact(struct strbuf *b, const char *name, struct str value)
{
    int width = NAME_WIDTH;

    for (const char *at = name; *at; at++)
        width += ((unsigned char) *at & 0xc0) == 0x80;
    strbuf_addf(b, "%-*s " STR_FMT "\n", width, name, STR_ARG(value));
}

static void fact_of(struct arena *a, struct strbuf *b, const char *name, const struct json *v)
{
    if (v && v->type != JSON_NULL && !(v->type == JSON_STRING && v->count == 0))
        fact(b, name, any_string(a, v));
}

static struct str schedules_of(struct arena *a, const struct json *cron)
{
    const struct json *list = json_path(cron, "spec", "schedules", NULL), *item;
    struct str all = STR("");

    for (size_t i = 0; (item = json_item(list, i)) != NULL; i++)
        all = str_printf(a, STR_FMT "%s" STR_FMT, STR_ARG(all), i ? "," : "",
                         STR_ARG(json_str(item)));
    return all;
}

/* The next time at which any schedule comes due, RFC 3339; "" when there is none, or one cannot
 * be read. */
static struct str next_of(struct arena *a, const struct json *cron, struct wall now)
{
    const struct gotime from = gotime_of_wall(now);
    struct gotime first = {0}, next;
    bool has_one = false;
    struct str text;

    for (size_t i = 0; !str_is_none(text = object_cron_schedule(a, cron, i)); i++) {
        struct cron_schedule s;
        struct err ignored;

        if (cron_parse(a, text, CRON_STANDARD, &s, &ignored) < 0)
            return STR("");
        if (cron_next(&s, &from, NULL, &next) && (!has_one || next.unix_s < first.unix_s)) {
            first = next;
            has_one = true;
        }
    }
    return has_one ? gotime_rfc3339(a, gotime_to_wall(&first)) : STR("");
}

static bool is_suspended(const struct json *cron)
{
    return json_get_bool(json_get(cron, STR("spec")), STR("suspend"));
}

static void show_status(struct arena *a, struct strbuf *b, const struct json *status)
{
    const struct json *active = json_get(status, STR("active")),
                      *conditions = json_get(status, STR("conditions")), *item;
    struct str names = STR("");

    for (size_t i = 0; (item = json_item(active, i)) != NULL; i++)
        names = str_printf(a, STR_FMT "%s" STR_FMT, STR_ARG(names), i ? ", " : "",
                           STR_ARG(json_get_str(item, STR("name"))));
    if (names.len > 0)
        fact(b, "Active Workflows:", names);
    if (json_item(conditions, 0))
        fact(b, "Conditions:", STR(""));
    for (size_t i = 0; (item = json_item(conditions, i)) != NULL; i++) {
        struct str type = json_get_str(item, STR("type"));
        struct str message = show_one_line(a, json_get_str(item, STR("message")));

        fact(b, str_printf(a, "\u2716 " STR_FMT, STR_ARG(type)).ptr, message);
    }
}

static void show_parameters(struct arena *a, struct strbuf *b, const struct json *list)
{
    const struct json *item;

    if (json_item(list, 0))
        fact(b, "Workflow Parameters:", STR(""));
    for (size_t i = 0; (item = json_item(list, i)) != NULL; i++) {
        const struct json *value = json_get(item, STR("value"));
        struct str name = json_get_str(item, STR("name"));

        if (value)
            fact(b, str_printf(a, "  " STR_FMT ":", STR_ARG(name)).ptr,
                 show_one_line(a, any_string(a, value)));
    }
}

void show_cron(struct arena *a, struct strbuf *b, const struct json *cron,
               const struct show_options *options)
{
    const struct json *spec = json_get(cron, STR("spec")),
                      *status = json_get(cron, STR("status"));
    struct str last = json_get_str(status, STR("lastScheduledTime")),
               next = next_of(a, cron, options->now);

    fact(b, "Name:", object_name(cron));
    fact(b, "Namespace:", object_namespace(cron));
    fact(b, "Created:",
         show_time(a, json_str(json_path(cron, "metadata", "creationTimestamp", NULL)),
                   options));
    fact(b, "Schedules:", schedules_of(a, cron));
    fact(b, "Suspended:", is_suspended(cron) ? STR("true") : STR("false"));
    fact_of(a, b, "Timezone:", json_get(spec, STR("timezone")));
    fact_of(a, b, "StartingDeadlineSeconds:", json_get(spec, STR("startingDeadlineSeconds")));
    fact_of(a, b, "ConcurrencyPolicy:", json_get(spec, STR("concurrencyPolicy")));
    if (!str_is_empty(last))
        fact(b, "LastScheduledTime:", show_time(a, last, options));
    if (next.len > 0)
        fact(b, "NextScheduledTime:",
             str_concat(a, show_time(a, next, options),
                        STR(" (assumes workflow-controller is in UTC)")));
    show_status(a, b, status);
    show_parameters(a, b, json_path(spec, "workflowSpec", "arguments", "parameters", NULL));
}

void show_cron_cells(struct arena *a, struct strbuf *b, const struct json *cron,
                     const struct show_options *options)
{
    struct str created = json_str(json_path(cron, "metadata", "creationTimestamp", NULL)),
               last = json_str(json_path(cron, "status", "lastScheduledTime", NULL)),
               now = gotime_rfc3339(a, options->now), next = next_of(a, cron, options->now),
               age = show_age(a, created, STR_NONE, options->now),
               since =
                   str_is_empty(last) ? STR("N/A") : show_age(a, last, STR_NONE, options->now),
               until = str_is_empty(next) ? STR("N/A") : show_age(a, now, next, options->now),
               schedules = show_one_line(a, schedules_of(a, cron)),
               zone = json_str(json_path(cron, "spec", "timezone", NULL));

    strbuf_addf(b, "\t" STR_FMT "\t" STR_FMT "\t" STR_FMT "\t" STR_FMT "\t" STR_FMT "\t%s",
                STR_ARG(age), STR_ARG(since), STR_ARG(until), STR_ARG(schedules), STR_ARG(zone),
                is_suspended(cron) ? "true" : "false");
}
