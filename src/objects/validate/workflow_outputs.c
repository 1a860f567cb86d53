/*
 * objects/validate/workflow_outputs.c - what a template gives: parameters, artifacts, metrics.
 * See workflow_internal.h.
 */
#include "objects/validate/workflow_internal.h"

static int check_names(struct validate_checker *c, const struct json *tmpl, const char *member)
{
    const struct json *list = json_path(tmpl, "outputs", member, NULL);

    if (validate_names(c, list, VALIDATE_NAMES_PARAMETER) == 0)
        return 0;
    return validate_inside(c, list, "templates." STR_FMT ".outputs.%s ",
                           STR_ARG(validate_text(tmpl, "name")), member);
}

static int check_global_name(struct validate_checker *c, const struct json *output,
                             struct str prefix)
{
    struct str name = validate_text(output, "globalName");
    const char *fault = validate_name_fault(name, VALIDATE_NAMES_PARAMETER);

    if (name.len == 0 || validate_is_tag(name) || !fault)
        return 0;
    return validate_bad(c, validate_get(output, "globalName"), STR_FMT ".globalName: %s",
                        STR_ARG(prefix), fault);
}

static int check_artifact(struct validate_checker *c, const struct json *tmpl,
                          const struct json *artifact)
{
    struct str prefix = str_printf(c->a, "templates." STR_FMT ".outputs.artifacts." STR_FMT,
                                   STR_ARG(validate_text(tmpl, "name")),
                                   STR_ARG(validate_text(artifact, "name")));
    bool is_leaf = validate_is_leaf(validate_type_of(tmpl));

    if (is_leaf && validate_path(c, artifact, prefix) < 0)
        return -1;
    if (!is_leaf && !validate_is_blank(artifact, "path"))
        return validate_bad(c, validate_get(artifact, "path"),
                            STR_FMT ".path only valid in container/script templates",
                            STR_ARG(prefix));
    return check_global_name(c, artifact, prefix);
}

static int check_source(struct validate_checker *c, const struct json *parameter,
                        struct str prefix)
{
    static const char *const sources[] = {"path", "jqFilter", "jsonPath", "parameter",
                                          "expression"};
    const struct json *from = validate_get(parameter, "valueFrom");
    bool has_value = validate_has(parameter, "value");
    unsigned count = validate_has(from, "supplied");

    if (from && has_value)
        return validate_bad(c, from,
                            STR_FMT " has both valueFrom and value specified, choose one",
                            STR_ARG(prefix));
    if (has_value)
        return 0;
    if (!from)
        return validate_bad(c, parameter, STR_FMT " does not have valueFrom or value specified",
                            STR_ARG(prefix));
    for (size_t i = 0; i < COUNT_OF(sources); i++)
        count += !validate_is_blank(from, sources[i]);
    if (count == 0)
        return validate_bad(c, from,
                            "valueFrom type unspecified. choose one of: path, jqFilter, "
                            "jsonPath, parameter, raw, expression");
    if (count > 1)
        return validate_bad(c, from,
                            "multiple valueFrom types specified. choose one of: path, "
                            "jqFilter, jsonPath, parameter, raw");
    return 0;
}

/* The source must be one that the type of template has. */
static int check_kind_of_source(struct validate_checker *c, const struct json *tmpl,
                                const struct json *from, struct str prefix)
{
    enum validate_type type = validate_type_of(tmpl);
    const char *wanted = NULL;

    switch (type) {
    case VALIDATE_CONTAINER:
    case VALIDATE_CONTAINER_SET:
    case VALIDATE_SCRIPT:
        if (validate_is_blank(from, "path"))
            wanted = ".path";
        break;
    case VALIDATE_RESOURCE:
        if (validate_is_blank(from, "jqFilter") && validate_is_blank(from, "jsonPath"))
            wanted = " .jqFilter or jsonPath";
        break;
    case VALIDATE_DAG:
    case VALIDATE_STEPS:
        if (validate_is_blank(from, "parameter") && validate_is_blank(from, "expression"))
            wanted = ".parameter or expression";
        break;
    case VALIDATE_SUSPEND:
    case VALIDATE_DATA:
    case VALIDATE_HTTP:
    case VALIDATE_PLUGIN:
    case VALIDATE_NO_TYPE:
        break;
    }
    return wanted ? validate_bad(c, from, STR_FMT "%s must be specified for %s templates",
                                 STR_ARG(prefix), wanted, validate_type_name(type))
                  : 0;
}

static int check_parameter(struct validate_checker *c, const struct json *tmpl,
                           const struct json *parameter)
{
    struct str prefix = str_printf(c->a, "templates." STR_FMT ".outputs.parameters." STR_FMT,
                                   STR_ARG(validate_text(tmpl, "name")),
                                   STR_ARG(validate_text(parameter, "name")));
    const struct json *from = validate_get(parameter, "valueFrom");

    if (check_source(c, parameter, prefix) < 0 ||
        (from && check_kind_of_source(c, tmpl, from, prefix) < 0))
        return -1;
    return check_global_name(c, parameter, prefix);
}

int validate_outputs(struct validate_checker *c, const struct validate_scope *s,
                     const struct json *tmpl)
{
    const struct json *outputs = validate_get(tmpl, "outputs"), *item,
                      *artifacts = validate_get(outputs, "artifacts"),
                      *parameters = validate_get(outputs, "parameters");

    if (check_names(c, tmpl, "parameters") < 0 || check_names(c, tmpl, "artifacts") < 0)
        return -1;
    if (validate_tags(c, s, outputs) < 0)
        return validate_inside(c, outputs, "templates." STR_FMT ".outputs ",
                               STR_ARG(validate_text(tmpl, "name")));
    for (size_t i = 0; (item = json_item(artifacts, i)) != NULL; i++)
        if (check_artifact(c, tmpl, item) < 0)
            return -1;
    for (size_t i = 0; (item = json_item(parameters, i)) != NULL; i++)
        if (check_parameter(c, tmpl, item) < 0)
            return -1;
    return 0;
}

/* ---- metrics ---- */

static bool is_metric_word(struct str name)
{
    for (size_t i = 0; i < name.len; i++) {
        char ch = name.ptr[i];
        bool is_letter = (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') || ch == '_';

        if (!is_letter && (i == 0 || ch < '0' || ch > '9'))
            return false;
    }
    return name.len > 0;
}

static const char *value_fault(const struct json *metric)
{
    const struct json *gauge = validate_get(metric, "gauge"),
                      *histogram = validate_get(metric, "histogram"),
                      *counter = validate_get(metric, "counter");
    struct str value = validate_text(gauge, "value");

    if (gauge && value.len == 0)
        return "missing gauge.value";
    if (json_get_bool(gauge, STR("realtime")) &&
        str_find(value, STR("resourcesDuration.")) != SIZE_MAX)
        return "'resourcesDuration.*' metrics cannot be used in real-time";
    if (histogram && validate_is_blank(histogram, "value"))
        return "missing histogram.value";
    if (counter && validate_is_blank(counter, "value"))
        return "missing counter.value";
    return NULL;
}

static int check_metric(struct validate_checker *c, struct str owner, const struct json *metric)
{
    struct str name = validate_text(metric, "name");
    const struct json *labels = validate_get(metric, "labels"), *label;
    const char *fault = value_fault(metric);

    if (!is_metric_word(name))
        return validate_bad(c, metric,
                            "templates." STR_FMT " metric name '" STR_FMT
                            "' is invalid. Metric names must contain alphanumeric characters "
                            "or '_'",
                            STR_ARG(owner), STR_ARG(name));
    for (size_t i = 0; (label = json_item(labels, i)) != NULL; i++)
        if (!is_metric_word(validate_text(label, "key")))
            return validate_bad(c, label,
                                "metric label '" STR_FMT
                                "' is invalid: keys may only contain alphanumeric characters "
                                "or '_'",
                                STR_ARG(validate_text(label, "key")));
    if (validate_is_blank(metric, "help"))
        return validate_bad(c, metric,
                            "templates." STR_FMT " metric '" STR_FMT
                            "' must contain a help string under 'help: ' field",
                            STR_ARG(owner), STR_ARG(name));
    return fault
               ? validate_bad(c, metric, "templates." STR_FMT " metric '" STR_FMT "' error: %s",
                              STR_ARG(owner), STR_ARG(name), fault)
               : 0;
}

int validate_metrics(struct validate_checker *c, const struct json *tmpl)
{
    const struct json *list = json_path(tmpl, "metrics", "prometheus", NULL), *metric;

    for (size_t i = 0; (metric = json_item(list, i)) != NULL; i++)
        if (check_metric(c, validate_text(tmpl, "name"), metric) < 0)
            return -1;
    return 0;
}
