/*
 * objects/shapes_sensor.c - the kind Sensor: dependencies with their filters, and triggers with
 * what surrounds their templates. Immutable tables; any thread. Source:
 * ../shared/spec/events.md 4, appendix A.3.
 */
#include "objects/shapes_events.h"

static const struct field event_dependency_transformer_rows[] = {
    TEXT("jq", "Program for jq."),
    TEXT("script", "Script in Lua."),
    {0},
};
LOCAL_SHAPE(event_dependency_transformer, "EventDependencyTransformer",
            "Changes the data of an event before the filters see it.");

static const struct field payload_field_rows[] = {
    TEXT("path", "Path of the value in the data."),
    TEXT("name", "Name of the value in the expression."),
    {0},
};
LOCAL_SHAPE(payload_field, "PayloadField", "A value of the data under a name.");

static const struct field expr_filter_rows[] = {
    TEXT("expr", "Expression that must be true."),
    PARTS("fields", payload_field, "Values that the expression uses."),
    {0},
};
LOCAL_SHAPE(expr_filter, "ExprFilter", "An expression over values of the data.");

static const struct field time_filter_rows[] = {
    TEXT("start", "When it begins, as 15:04:05."),
    TEXT("stop", "When it ends, as 15:04:05."),
    TEXT("timezone", "Time zone, as in Europe/Paris."),
    {0},
};
LOCAL_SHAPE(time_filter, "TimeFilter", "Time of day at which events pass.");

static const struct field data_filter_rows[] = {
    TEXT("path", "Path of the value in the data."),
    TEXT("type", "Type of the value: bool, number or string."),
    TEXTS("value", "Values of which one must match; texts are patterns."),
    CHOICE("comparator", ">=|>|=|!=|<|<=", "How the value is compared.", .fallback = "="),
    TEXT("template", "Text that is made of the value before it is compared."),
    {0},
};
LOCAL_SHAPE(data_filter, "DataFilter", "A condition on a value of the data.");

static const struct field event_dependency_filter_rows[] = {
    PART("time", time_filter, "Time of day at which events pass."),
    PART("context", event_context, "Attributes that events must have."),
    PARTS("data", data_filter, "Conditions on the data."),
    PARTS("exprs", expr_filter, "Expressions over the data."),
    CHOICE("dataLogicalOperator", "and|or",
           "Whether all conditions on the data must hold, or one.", .fallback = "and"),
    CHOICE("exprLogicalOperator", "and|or", "Whether all expressions must be true, or one.",
           .fallback = "and"),
    TEXT("script", "Script in Lua."),
    {0},
};
LOCAL_SHAPE(event_dependency_filter, "EventDependencyFilter",
            "Which events of a dependency pass.");

static const struct field event_dependency_rows[] = {
    TEXT("name", "Name by which conditions and parameters call it."),
    TEXT("eventSourceName", "EventSource that brings the event."),
    TEXT("eventName", "Name of the event in its source."),
    PART("filters", event_dependency_filter, "Which events pass."),
    PART("transform", event_dependency_transformer,
         "Changes the data before the filters see it."),
    CHOICE("filtersLogicalOperator", "and|or",
           "Whether all kinds of filters must let an event pass, or one.", .fallback = "and"),
    {0},
};
LOCAL_SHAPE(event_dependency, "EventDependency", "An event that triggers wait for.",
            .merge_key = "name");

static const struct field rate_limit_rows[] = {
    TEXT("unit", "Second, Minute or Hour."),
    WHOLE("requestsPerUnit", "How often it may fire in that time.", .min = INT32_MIN,
          .max = INT32_MAX),
    {0},
};
LOCAL_SHAPE(rate_limit, "RateLimit", "How often a trigger may fire.");

static const struct field k8_s_resource_policy_rows[] = {
    TEXT_BY_NAME("labels", "Labels that the object must get."),
    PART("backoff", event_backoff, "How often it is looked."),
    FLAG("errorOnBackoffTimeout", "Whether it is a failure when the labels do not come."),
    {0},
};
LOCAL_SHAPE(k8_s_resource_policy, "K8SResourcePolicy",
            "Waits until an object that was made has labels.");

static const struct field status_policy_rows[] = {
    LIST_OF("allow", FIELD_I64, "Status codes that are a success.", .min = INT32_MIN,
            .max = INT32_MAX),
    {0},
};
LOCAL_SHAPE(status_policy, "StatusPolicy", "Which HTTP status codes are a success.");

static const struct field trigger_policy_rows[] = {
    PART("k8s", k8_s_resource_policy, "Waits until an object has labels."),
    PART("status", status_policy, "Status codes that are a success."),
    {0},
};
LOCAL_SHAPE(trigger_policy, "TriggerPolicy", "What counts as a success.");

static const struct field event_trigger_rows[] = {
    PART("template", trigger_template, "What is done."),
    PARTS("parameters", trigger_parameter, "Values of events that are put into the template."),
    PART("policy", trigger_policy, "What counts as a success."),
    PART("retryStrategy", event_backoff, "How often it is tried again, with atLeastOnce.",
         .flags = FIELD_PRESENT_MEANS),
    PART("rateLimit", rate_limit, "How often it may fire."),
    FLAG("atLeastOnce", "Whether it fires again after a crash, rather than not at all."),
    PART("dlqTrigger", event_trigger, "Trigger that fires when this one has failed.",
         .flags = FIELD_PRESENT_MEANS),
    {0},
};
SHAPE(event_trigger, "Trigger", "Something that is done when dependencies are met.");

static const struct field sensor_spec_rows[] = {
    PARTS("dependencies", event_dependency, "Events that triggers wait for."),
    PARTS("triggers", event_trigger, "What is done when dependencies are met."),
    PART("template", event_template, "What is added to the pods.", .flags = FIELD_NO_OP),
    FLAG("errorOnFailedRound", "Not used any more.", .flags = FIELD_NO_OP),
    TEXT("eventBusName", "Bus that carries the events.", .fallback = "default"),
    WHOLE("replicas", "How many pods there are.", .min = INT32_MIN, .max = INT32_MAX,
          .fallback = "1", .flags = FIELD_NO_OP),
    WHOLE("revisionHistoryLimit", "How many old versions of the pods are kept.",
          .min = INT32_MIN, .max = INT32_MAX, .flags = FIELD_NO_OP),
    TEXT_BY_NAME("loggingFields", "Texts for the lines of the log.", .flags = FIELD_NO_OP),
    {0},
};
LOCAL_SHAPE(sensor_spec, "SensorSpec", "Dependencies and triggers.");

static const struct field sensor_rows[] = {
    OBJECT_ROWS("Sensor"),
    PART("spec", sensor_spec, "What is wanted."),
    PART("status", event_status, "What the system has found out.", .flags = FIELD_STATUS),
    {0},
};
SHAPE(sensor, "Sensor", "Waits for events and fires triggers.");
