/*
 * objects/validate/trigger_validate.c - the rules of a trigger's template, its parameters and
 * its policy. Pure functions but for time zones. Any thread. Source:
 * ../shared/spec/events.md 6.4.
 */
#include "formats/goquote.h"
#include "formats/gozone.h"
#include "objects/validate/validate_internal.h"

/* ---- parameters ---- */

static int check_operation(const struct json *parameter, struct err *err)
{
    static const char *const known[] = {"", "append", "overwrite", "prepend"};
    struct str operation = validate_text(parameter, "operation");

    for (size_t i = 0; i < COUNT_OF(known); i++)
        if (str_is(operation, known[i]))
            return 0;
    return err_set(err, ERR_INVALID, "parameter operation " STR_FMT " is invalid",
                   STR_ARG(operation));
}

static int check_parameter(const struct json *parameter, bool may_lack_dest, struct err *err)
{
    if (!validate_has(parameter, "src"))
        return validate_fail(err, "parameter source can't be empty");
    if (validate_is_blank(validate_get(parameter, "src"), "dependencyName"))
        return validate_fail(err, "parameter dependency name can't be empty");
    if (!may_lack_dest && validate_is_blank(parameter, "dest"))
        return validate_fail(err, "parameter destination can't be empty");
    return check_operation(parameter, err);
}

int validate_parameters(const struct json *v, const struct validate_parameter_list *list,
                        struct err *err)
{
    const struct json *parameters = validate_get(v, list->member);
    struct err why = {0};

    for (uint32_t i = 0; i < validate_count(v, list->member); i++)
        if (check_parameter(json_item(parameters, i), list->may_lack_dest, &why) < 0)
            return err_set(err, ERR_INVALID, "%s index: %u. err: %s", list->title, i, why.text);
    return 0;
}

static int check_resource_parameters(const struct json *v, struct err *err)
{
    return validate_parameters(
        v, &(struct validate_parameter_list){"parameters", "resource parameter", false}, err);
}

static int check_payload(const struct json *v, struct err *err)
{
    return validate_parameters(
        v, &(struct validate_parameter_list){"payload", "payload", false}, err);
}

static int check_both_lists(const struct json *v, struct err *err)
{
    return check_resource_parameters(v, err) < 0 ? -1 : check_payload(v, err);
}

/* ---- kinds ---- */

static int check_known(const struct json *v, const char *const *known, struct err *err)
{
    struct str operation = validate_text(v, "operation");

    for (; *known; known++)
        if (str_is(operation, *known))
            return 0;
    return err_set(err, ERR_INVALID, "unknown operation type " STR_FMT, STR_ARG(operation));
}

static int check_k8s(const struct json *v, struct err *err)
{
    /* "submit" is ours: tutorials write it here. */
    static const char *const known[] = {"",       "create", "update", "patch",
                                        "delete", "submit", NULL};

    return check_known(v, known, err) < 0 ? -1 : check_resource_parameters(v, err);
}

static int check_argo_workflow(const struct json *v, struct err *err)
{
    static const char *const known[] = {"submit", "submit-from", "suspend", "resubmit", "retry",
                                        "resume", "terminate",   "stop",    NULL};

    return check_known(v, known, err) < 0 ? -1 : check_resource_parameters(v, err);
}

static int check_http(const struct json *v, struct err *err)
{
    static const char *const known[] = {"", "GET", "DELETE", "PATCH", "POST", "PUT"};
    struct str method = validate_text(v, "method");
    bool is_known = false;

    for (size_t i = 0; i < COUNT_OF(known); i++)
        is_known |= str_is(method, known[i]);
    if (!is_known)
        return validate_fail(err,
                             "only GET, DELETE, PATCH, POST and PUT methods are supported");
    if (check_resource_parameters(v, err) < 0)
        return -1;
    return validate_parameters(v, &(struct validate_parameter_list){"payload", "payload", true},
                               err);
}

static int check_email(const struct json *v, struct err *err)
{
    int64_t port = 0;

    if (json_i64(validate_get(v, "port"), &port) && (port < 0 || port > 65535))
        return err_set(err, ERR_INVALID, "port: %lld, port should be between 0-65535",
                       (long long) port);
    return check_resource_parameters(v, err);
}

/* The original calls the payload of this one "resource parameter", too. */
static int check_open_whisk(const struct json *v, struct err *err)
{
    const struct json *token = validate_get(v, "authToken");

    if (check_resource_parameters(v, err) < 0)
        return -1;
    if (token && (validate_is_blank(token, "name") || validate_is_blank(token, "key")))
        return validate_fail(err, "auth token key and name must be specified");
    return validate_parameters(
        v, &(struct validate_parameter_list){"payload", "resource parameter", false}, err);
}

static int check_custom(const struct json *v, struct err *err)
{
    if (json_get_bool(v, STR("secure")) && !validate_has(v, "certSecret"))
        return validate_fail(
            err, "certSecret can't be nil when the trigger server connection is secure");
    return check_both_lists(v, err);
}

struct trigger_rules {
    const char *member;
    const struct validate_need *needs;
    int (*more)(const struct json *trigger, struct err *err);
};

/* In the order in which the original looks at them. */
static const struct trigger_rules *rules_of_triggers(void)
{
    static const struct validate_need k8s[] = {
        {"source", "k8s trigger does not contain an absolute action"}, {0}};
    static const struct validate_need argo[] = {
        {"source", "argoWorkflow trigger does not contain an absolute action"}, {0}};
    static const struct validate_need http[] = {{"url", "server URL is not specified"}, {0}};
    static const struct validate_need lambda[] = {
        {"functionName", "function name is not specified"},
        {"region", "region in not specified"},
        {"payload", "payload parameters are not specified"},
        {0}};
    static const struct validate_need kafka[] = {{"url", "broker url must not be empty"},
                                                 {"payload", "payload must not be empty"},
                                                 {"topic", "topic must not be empty"},
                                                 {0}};
    static const struct validate_need nats[] = {{"url", "nats server url can't be empty"},
                                                {"subject", "nats subject can't be empty"},
                                                {"payload", "payload can't be nil"},
                                                {0}};
    static const struct validate_need slack[] = {{"slackToken", "slack token can't be empty"},
                                                 {0}};
    static const struct validate_need email[] = {{"host", "host can't be empty"}, {0}};
    static const struct validate_need whisk[] = {
        {"actionName", "action name is not specified"},
        {"host", "host URL is not specified"},
        {"payload", "payload parameters are not specified"},
        {0}};
    static const struct validate_need custom[] = {
        {"serverURL", "custom trigger gRPC server url is not defined"},
        {"spec", "trigger body can't be empty"},
        {0}};
    static const struct trigger_rules all[] = {
        {"k8s", k8s, check_k8s},
        {"argoWorkflow", argo, check_argo_workflow},
        {"http", http, check_http},
        {"awsLambda", lambda, check_both_lists},
        {"kafka", kafka, check_payload},
        {"nats", nats, check_both_lists},
        {"slack", slack, check_resource_parameters},
        {"email", email, check_email},
        {"openWhisk", whisk, check_open_whisk},
        {"custom", custom, check_custom},
        {0},
    };

    return all;
}

/* ---- template and policy ---- */

static int check_reset(const struct json *by_time, struct err *err)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct str cron = validate_text(by_time, "cron"), zone = validate_text(by_time, "timezone");
    const struct gozone *found;
    struct err why = {0};

    if (!by_time)
        return validate_fail(err, "invalid conditionsReset");
    if (validate_cron(cron, &why) < 0)
        return err_set(err, ERR_INVALID, "invalid cron expression " STR_FMT,
                       STR_ARG(go_quote(a, cron)));
    if (gozone_load(a, zone, &found, &why) < 0)
        return err_set(err, ERR_INVALID, "invalid timezone " STR_FMT,
                       STR_ARG(go_quote(a, zone)));
    return 0;
}

static int check_kinds(const struct json *template, struct err *err)
{
    for (const struct trigger_rules *rule = rules_of_triggers(); rule->member; rule++) {
        const struct json *trigger = validate_get(template, rule->member);
        struct err why = {0};

        if (trigger &&
            (validate_needs(trigger, rule->needs, &why) < 0 || rule->more(trigger, &why) < 0))
            return err_set(err, ERR_INVALID, "%stemplate " STR_FMT " is invalid, %s",
                           strcmp(rule->member, "k8s") == 0 ? "trigger for " : "",
                           STR_ARG(validate_text(template, "name")), why.text);
    }
    return 0;
}

static int check_policy(const struct json *trigger, const struct json *template,
                        struct err *err)
{
    const struct json *policy = validate_get(trigger, "policy");
    const struct json *k8s = validate_get(policy, "k8s"),
                      *status = validate_get(policy, "status");
    bool makes_object = validate_has(template, "k8s") || validate_has(template, "argoWorkflow"),
         has_answer = validate_has(template, "http") || validate_has(template, "awsLambda");

    if (makes_object && k8s && !validate_has(k8s, "labels"))
        return validate_fail(err, "resource labels are not specified");
    if (has_answer && status && !validate_has(status, "allow"))
        return validate_fail(err, "list of allowed response status is not specified");
    return 0;
}

int validate_trigger_template(const struct json *trigger, struct err *err)
{
    const struct json *template = validate_get(trigger, "template");
    const struct json *resets = validate_get(template, "conditionsReset");

    if (!template)
        return validate_fail(err, "trigger template can't be nil");
    if (validate_is_blank(template, "name"))
        return validate_fail(err, "trigger must define a name");
    for (uint32_t i = 0; i < validate_count(template, "conditionsReset"); i++)
        if (check_reset(validate_get(json_item(resets, i), "byTime"), err) < 0)
            return -1;
    if (check_kinds(template, err) < 0 || check_policy(trigger, template, err) < 0)
        return -1;
    return validate_parameters(
        trigger, &(struct validate_parameter_list){"parameters", "template parameter", false},
        err);
}
