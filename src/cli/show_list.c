/* Workflows as `argo list` shows them. See show.h. */
#include "cli/show.h"

#include "cli/table.h"
#include "formats/anystring.h"
#include "objects/object.h"

enum { PADDING = 3, VALUE_MAX_BYTES = 50, VALUE_END_BYTES = 15 };

static struct str text_of(const struct json *v, struct str key)
{
    struct str text = json_get_str(v, key);

    return str_is_none(text) ? STR("") : text;
}

/* The middle of a long value is left out. */
static struct str short_value(struct arena *a, struct str value)
{
    if (value.len > VALUE_MAX_BYTES)
        value = str_printf(a, "%.*s..." STR_FMT, VALUE_MAX_BYTES - 3 - VALUE_END_BYTES,
                           value.ptr, STR_ARG(str_skip(value, value.len - VALUE_END_BYTES)));
    return show_one_line(a, value);
}

static struct str parameters(struct arena *a, const struct json *workflow)
{
    const struct json *list = json_path(workflow, "spec", "arguments", "parameters", NULL);
    const struct json *item;
    struct str text = STR("");

    for (size_t i = 0; (item = json_item(list, i)) != NULL; i++) {
        const struct json *value = json_get(item, STR("value"));

        if (value && value->type != JSON_NULL)
            text = str_printf(a, STR_FMT "%s" STR_FMT "=" STR_FMT, STR_ARG(text),
                              text.len ? "," : "", STR_ARG(text_of(item, STR("name"))),
                              STR_ARG(short_value(a, any_string(a, value))));
    }
    return text;
}

/* "pending/running/completed" pods */
static struct str pod_counts(struct arena *a, const struct json *workflow)
{
    const struct json *nodes = json_path(workflow, "status", "nodes", NULL);
    unsigned pending = 0, running = 0, completed = 0;

    for (uint32_t i = 0; json_is(nodes, JSON_OBJECT) && i < nodes->count; i++) {
        const struct json *node = &nodes->members[i].value;
        struct str phase = json_get_str(node, STR("phase"));

        if (!str_is(json_get_str(node, STR("type")), "Pod"))
            continue;
        if (str_is(phase, "Running"))
            running++;
        else if (str_is_empty(phase) || str_is(phase, "Pending"))
            pending++;
        else
            completed++;
    }
    return str_printf(a, "%u/%u/%u", pending, running, completed);
}

static void add_row(struct arena *a, struct strbuf *b, const struct json *workflow,
                    const struct show_list_options *options)
{
    const struct json *status = json_get(workflow, STR("status"));
    struct str created = json_str(json_path(workflow, "metadata", "creationTimestamp", NULL)),
               priority = json_number(json_path(workflow, "spec", "priority", NULL));

    if (options->has_namespace)
        strbuf_addf(b, STR_FMT "\t", STR_ARG(object_namespace(workflow)));
    strbuf_addf(b, STR_FMT "\t" STR_FMT "\t" STR_FMT "\t" STR_FMT "\t" STR_FMT "\t" STR_FMT,
                STR_ARG(object_name(workflow)), STR_ARG(show_phase(workflow)),
                STR_ARG(show_age(a, created, STR_NONE, options->now)),
                STR_ARG(show_age(a, json_get_str(status, STR("startedAt")),
                                 json_get_str(status, STR("finishedAt")), options->now)),
                STR_ARG(str_is_none(priority) ? STR("0") : priority),
                STR_ARG(show_one_line(a, text_of(status, STR("message")))));
    if (options->is_wide)
        strbuf_addf(b, "\t" STR_FMT "\t" STR_FMT, STR_ARG(pod_counts(a, workflow)),
                    STR_ARG(parameters(a, workflow)));
    if (options->has_uid)
        strbuf_addf(b, "\t" STR_FMT, STR_ARG(object_uid(workflow)));
    strbuf_addc(b, '\n');
}

void show_list(struct arena *a, struct strbuf *b, const struct json *const *workflows,
               size_t count, const struct show_list_options *options)
{
    _cleanup_strbuf_ struct strbuf rows = STRBUF_INIT(SIZE_MAX / 2);

    if (count == 0) {
        strbuf_addz(b, "No workflows found\n");
        return;
    }
    if (!options->is_headless)
        strbuf_addf(&rows, "%sNAME\tSTATUS\tAGE\tDURATION\tPRIORITY\tMESSAGE%s%s\n",
                    options->has_namespace ? "NAMESPACE\t" : "",
                    options->is_wide ? "\tP/R/C\tPARAMETERS" : "",
                    options->has_uid ? "\tUID" : "");
    for (size_t i = 0; i < count; i++)
        add_row(a, &rows, workflows[i], options);
    table_align(a, b, strbuf_str(&rows), PADDING);
}
