/* Facts about a workflow, and texts of times, phases and pods. See show.h. */
#include "cli/show.h"

#include "formats/anystring.h"
#include "formats/duration.h"
#include "lang/subst/names.h"
#include "objects/object.h"

static bool read_time(struct str text, struct wall *ret)
{
    struct err ignored;

    return !str_is_empty(text) && gotime_parse_wall(text, ret, &ignored) == 0;
}

/* Text of a member; empty, not absent, when there is none. */
static struct str text_of(const struct json *v, struct str key)
{
    struct str text = json_get_str(v, key);

    return str_is_none(text) ? STR("") : text;
}

struct str show_one_line(struct arena *a, struct str text)
{
    char *copy;

    if (str_find_char(text, '\n') == SIZE_MAX && str_find_char(text, '\t') == SIZE_MAX)
        return text;
    copy = str_cz(a, text);
    for (size_t i = 0; i < text.len; i++)
        if (copy[i] == '\n' || copy[i] == '\t')
            copy[i] = ' ';
    return str_of(copy, text.len);
}

/* ---- times ---- */

struct str show_age(struct arena *a, struct str from, struct str to, struct wall now)
{
    static const struct {
        int64_t seconds;
        const char *unit;
    } units[] = {{86400, "d"}, {3600, "h"}, {60, "m"}, {1, "s"}};
    struct wall begin, end = now;
    int64_t seconds;

    if (!read_time(from, &begin))
        return STR("0s");
    read_time(to, &end);
    seconds = end.ms > begin.ms ? (end.ms - begin.ms) / 1000 : 0;
    for (size_t i = 0; i < COUNT_OF(units); i++)
        if (seconds >= units[i].seconds)
            return str_printf(a, "%lld%s", (long long) (seconds / units[i].seconds),
                              units[i].unit);
    return STR("0s");
}

/* As many as there can be: 292 years. */
static int64_t nanoseconds(int64_t ms)
{
    const int64_t most = INT64_MAX / 1000000;

    return (ms > most ? most : ms < -most ? -most : ms) * 1000000;
}

struct str show_time(struct arena *a, struct str time, const struct show_options *options)
{
    struct wall at;
    struct gotime t;
    int64_t ago_ms;
    struct str words;

    if (!read_time(time, &at))
        return STR("");
    t = gotime_of_wall(at);
    t = gotime_in(&t, options->zone);
    ago_ms = options->now.ms - at.ms;
    words = duration_humanize_short(a, nanoseconds(ago_ms));
    if (ago_ms > -1000 && ago_ms < 1000)
        words = STR("now");
    else
        words = str_concat(a, words, ago_ms < 0 ? STR(" from now") : STR(" ago"));
    return str_printf(a, STR_FMT " (" STR_FMT ")",
                      STR_ARG(gotime_format(a, &t, STR("Mon Jan 02 15:04:05 -0700"))),
                      STR_ARG(words));
}

static struct str long_span(struct arena *a, struct str from, struct str to, struct wall now)
{
    struct wall begin, end = now;

    if (!read_time(from, &begin))
        return STR("");
    read_time(to, &end);
    return duration_humanize(a, nanoseconds(end.ms > begin.ms ? end.ms - begin.ms : 0));
}

/* ---- colours ---- */

struct str show_colored(struct arena *a, struct str text, enum show_color color)
{
    return str_printf(a, "\x1b[%dm" STR_FMT "\x1b[0m", (int) color, STR_ARG(text));
}

enum show_color show_color_of(struct str pod)
{
    static const enum show_color colors[] = {SHOW_GREEN,   SHOW_YELLOW, SHOW_BLUE,
                                             SHOW_MAGENTA, SHOW_CYAN,   SHOW_WHITE};
    unsigned sum = 0;

    for (size_t i = 0; i < pod.len; i++)
        sum += (unsigned char) pod.ptr[i];
    return colors[sum % COUNT_OF(colors)];
}

/* ---- phases and pods ---- */

static struct str phase_of(const struct json *workflow)
{
    return json_str(json_path(workflow, "status", "phase", NULL));
}

bool show_is_ended(const struct json *workflow)
{
    struct str phase = phase_of(workflow);

    return str_is(phase, "Succeeded") || str_is(phase, "Failed") || str_is(phase, "Error");
}

static bool is_suspended(const struct json *workflow)
{
    const struct json *nodes = json_path(workflow, "status", "nodes", NULL);

    if (json_get_bool(json_get(workflow, STR("spec")), STR("suspend")))
        return true;
    for (uint32_t i = 0; json_is(nodes, JSON_OBJECT) && i < nodes->count; i++)
        if (str_is(json_get_str(&nodes->members[i].value, STR("type")), "Suspend") &&
            str_is(json_get_str(&nodes->members[i].value, STR("phase")), "Running"))
            return true;
    return false;
}

struct str show_phase(const struct json *workflow)
{
    struct str phase = phase_of(workflow),
               shutdown = json_str(json_path(workflow, "spec", "shutdown", NULL));

    if (str_is_empty(phase))
        return STR("Pending");
    if (str_is(phase, "Running") && is_suspended(workflow))
        return STR("Running (Suspended)");
    if (str_is(phase, "Failed") && !str_is_empty(shutdown))
        return STR("Failed (Terminated)");
    return phase;
}

struct str show_node_pod(struct arena *a, const struct json *workflow, const struct json *node)
{
    struct str tmpl = text_of(node, STR("templateName"));

    if (!str_is(json_get_str(node, STR("type")), "Pod"))
        return STR("");
    if (str_is_empty(tmpl))
        tmpl = text_of(json_get(node, STR("templateRef")), STR("template"));
    return pod_name(a, object_name(workflow),
                    &(const struct pod_node){json_get_str(node, STR("name")), tmpl,
                                             json_get_str(node, STR("id"))},
                    pod_name_version_of(object_annotation(
                        workflow, STR("workflows.argoproj.io/pod-name-format"))));
}

/* ---- the block of facts ---- */

static void fact(struct strbuf *b, const char *name, struct str value)
{
    strbuf_addf(b, "%-20s " STR_FMT "\n", name, STR_ARG(value));
}

static void fact_unless_empty(struct strbuf *b, const char *name, struct str value)
{
    if (!str_is_empty(value))
        fact(b, name, value);
}

static struct str condition_icon(struct arena *a, struct str type,
                                 const struct show_options *options)
{
    bool is_error = str_is(type, "MetricsError"), is_warning = str_is(type, "SpecWarning");
    struct str icon = is_error     ? (options->is_ascii ? STR("Error") : STR("✖"))
                      : is_warning ? (options->is_ascii ? STR("Warning") : STR("⚠"))
                                   : STR("");

    if (str_is_empty(icon) || !options->has_color)
        return icon;
    return show_colored(a, icon, is_error ? SHOW_RED : SHOW_YELLOW);
}

static void print_conditions(struct arena *a, struct strbuf *b, const struct json *list,
                             const struct show_options *options)
{
    const struct json *item;

    if (json_item(list, 0))
        fact(b, "Conditions:", STR(""));
    for (size_t i = 0; (item = json_item(list, i)) != NULL; i++) {
        struct str type = text_of(item, STR("type")), message = text_of(item, STR("message"));

        if (str_is_empty(message))
            message = text_of(item, STR("status"));
        fact(b,
             str_printf(a, STR_FMT " " STR_FMT, STR_ARG(condition_icon(a, type, options)),
                        STR_ARG(type))
                 .ptr,
             message);
    }
}

static void print_parameters(struct arena *a, struct strbuf *b, const char *title,
                             const struct json *list)
{
    const struct json *item;

    if (json_item(list, 0))
        fact(b, title, STR(""));
    for (size_t i = 0; (item = json_item(list, i)) != NULL; i++) {
        const struct json *value = json_get(item, STR("value"));

        if (value && value->type != JSON_NULL)
            fact(b, str_printf(a, "  " STR_FMT ":", STR_ARG(text_of(item, STR("name")))).ptr,
                 any_string(a, value));
    }
}

/* As Go multiplies: what is too long for a duration wraps around. */
static int64_t nanoseconds_of(int64_t seconds)
{
    return (int64_t) ((uint64_t) seconds * (uint64_t) DURATION_SECOND);
}

/* "9s*(1 cpu),6s*(100Mi memory)" */
struct str show_resources(struct arena *a, const struct json *v)
{
    struct str text = STR("");

    for (uint32_t i = 0; json_is(v, JSON_OBJECT) && i < v->count; i++) {
        struct str name = v->members[i].key;
        const char *unit = str_is(name, "memory")           ? "100Mi"
                           : str_ends(name, STR("storage")) ? "10Gi"
                                                            : "1";
        int64_t seconds;

        if (json_i64(&v->members[i].value, &seconds))
            text = str_printf(
                a, STR_FMT "%s" STR_FMT "*(%s " STR_FMT ")", STR_ARG(text), text.len ? "," : "",
                STR_ARG(duration_print(a, nanoseconds_of(seconds))), unit, STR_ARG(name));
    }
    return text;
}

static struct str account_of(const struct json *workflow)
{
    struct str account = json_str(json_path(workflow, "spec", "serviceAccountName", NULL));

    if (str_is_empty(account))
        account = json_str(json_path(workflow, "status", "storedWorkflowTemplateSpec",
                                     "serviceAccountName", NULL));
    if (!str_is_empty(account))
        return account;
    return json_path(workflow, "spec", "workflowTemplateRef", NULL)
               ? STR("unset")
               : STR("unset (will run with the default ServiceAccount)");
}

static void print_times(struct arena *a, struct strbuf *b, const struct json *workflow,
                        const struct show_options *options)
{
    const struct json *status = json_get(workflow, STR("status"));
    struct str started = json_get_str(status, STR("startedAt")),
               finished = json_get_str(status, STR("finishedAt"));
    int64_t estimated;

    fact(b, "Created:",
         show_time(a, json_str(json_path(workflow, "metadata", "creationTimestamp", NULL)),
                   options));
    fact_unless_empty(b, "Started:", show_time(a, started, options));
    fact_unless_empty(b, "Finished:", show_time(a, finished, options));
    fact_unless_empty(b, "Duration:", long_span(a, started, finished, options->now));
    if (str_is(phase_of(workflow), "Running") &&
        json_i64(json_get(status, STR("estimatedDuration")), &estimated) && estimated > 0)
        fact(b, "EstimatedDuration:", duration_humanize(a, estimated * DURATION_SECOND));
}

/* Where a workflow's arguments stand: its own, else those of the template that it is made of.
 */
static const struct json *arguments_of(const struct json *workflow)
{
    const struct json *own = json_path(workflow, "spec", "arguments", "parameters", NULL);

    return json_item(own, 0) ? own
                             : json_path(workflow, "status", "storedWorkflowTemplateSpec",
                                         "arguments", "parameters", NULL);
}

void show_workflow(struct arena *a, struct strbuf *b, const struct json *workflow,
                   const struct show_options *options)
{
    const struct json *status = json_get(workflow, STR("status"));

    if (options->detail == SHOW_SHORT) {
        show_tree(a, b, workflow, options);
        return;
    }
    fact(b, "Name:", object_name(workflow));
    fact(b, "Namespace:", object_namespace(workflow));
    fact(b, "ServiceAccount:", account_of(workflow));
    fact(b, "Status:", show_phase(workflow));
    fact_unless_empty(b, "Message:", json_get_str(status, STR("message")));
    print_conditions(a, b, json_get(status, STR("conditions")), options);
    print_times(a, b, workflow, options);
    fact(b, "Progress:", text_of(status, STR("progress")));
    fact_unless_empty(
        b, "ResourcesDuration:", show_resources(a, json_get(status, STR("resourcesDuration"))));
    print_parameters(a, b, "Parameters:", arguments_of(workflow));
    print_parameters(a, b,
                     "Output Parameters:", json_path(status, "outputs", "parameters", NULL));
    show_tree(a, b, workflow, options);
}

void show_template(struct arena *a, struct strbuf *b, const struct json *object,
                   const struct show_options *options)
{
    fact(b, "Name:", object_name(object));
    fact_unless_empty(b, "Namespace:", object_namespace(object));
    fact(b, "Created:",
         show_time(a, json_str(json_path(object, "metadata", "creationTimestamp", NULL)),
                   options));
}
