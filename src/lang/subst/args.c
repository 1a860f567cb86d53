/*
 * lang/subst/args.c - inputs of a template, then its tags.
 *
 * Each step makes a new document that shares what it did not touch. The second pass knows
 * inputs and paths only, as upstream does, so that a tag inside an input's value is not filled
 * in twice.
 */
#include "lang/subst/args.h"

#include "base/limits.h"
#include "base/strbuf.h"
#include "formats/anystring.h"

/* A member, unless it is null. */
static const struct json *given(const struct json *v, const char *name)
{
    const struct json *member = json_get(v, str_from(name));

    return member && member->type != JSON_NULL ? member : NULL;
}

/* Replaces a member by its text, as upstream's types do. */
static struct json with_text(struct arena *a, const struct json *v, const char *name)
{
    const struct json *member = given(v, name);

    if (!member || member->type == JSON_STRING)
        return *v;
    return json_set(a, v, str_from(name), json_string(any_string(a, member)));
}

static int not_supplied(struct str name, struct err *err)
{
    return err_set(err, ERR_INVALID, "inputs.parameters." STR_FMT " was not supplied",
                   STR_ARG(name));
}

/* The text of a ConfigMap's name or key, all of whose tags must resolve. */
static int resolve_text(struct arena *a, const struct args_call *call, struct str text,
                        struct str *ret, struct err *err)
{
    struct subst_options opts = call->names;
    struct json v = json_string(text), made;

    opts.unresolved = SUBST_REFUSE;
    if (subst_json(a, &v, &opts, &made, err) < 0)
        return -1;
    *ret = json_str(&made);
    return 0;
}

static int read_config_map(struct arena *a, const struct args_call *call,
                           const struct json *input, struct str *ret, struct err *err)
{
    const struct json *from = given(input, "valueFrom");
    const struct json *ref = given(from, "configMapKeyRef");
    struct str input_name = json_get_str(input, STR("name"));
    struct str name, key;
    int result;

    if (!ref)
        return not_supplied(input_name, err);
    if (resolve_text(a, call, json_get_str(ref, STR("name")), &name, err) < 0 ||
        resolve_text(a, call, json_get_str(ref, STR("key")), &key, err) < 0)
        return -1;
    if (!call->config_map)
        return err_set(err, ERR_UNSUPPORTED,
                       "inputs.parameters." STR_FMT
                       ": values of ConfigMaps are not available here",
                       STR_ARG(input_name));
    result = call->config_map(call->config_map_ctx, a, name, key, ret, err);
    if (result > 0)
        return 0;
    if (result == 0 && given(from, "default")) {
        *ret = any_string(a, given(from, "default"));
        return 0;
    }
    if (result == 0)
        err_set(err, ERR_INVALID, "ConfigMap '" STR_FMT "' does not have the key '" STR_FMT "'",
                STR_ARG(name), STR_ARG(key));
    return err_wrap(err, "unable to retrieve inputs.parameters." STR_FMT " from ConfigMap",
                    STR_ARG(input_name));
}

/* The argument counts as not given when it is an absent output and the input can do without. */
static int apply_argument(struct arena *a, const struct json *argument, struct json *input,
                          struct err *err)
{
    const struct json *value = given(argument, "value");
    const struct json *from = given(argument, "valueFrom");

    if (value && str_is(json_str(value), ARGS_ABSENT)) {
        if (given(input, "value"))
            return 0;
        return err_set(err, ERR_INVALID,
                       "inputs.parameters." STR_FMT ": argument references an absent optional "
                       "(skipped/omitted node output with no default)",
                       STR_ARG(json_get_str(input, STR("name"))));
    }
    if (value) {
        *input = json_without(a, input, STR("valueFrom"));
        *input = json_set(a, input, STR("value"), json_string(any_string(a, value)));
    } else if (from) {
        *input = json_without(a, input, STR("value"));
        *input = json_set(a, input, STR("valueFrom"), *from);
    }
    return 0;
}

static int process_parameter(struct arena *a, const struct args_call *call, struct json *input,
                             struct err *err)
{
    const struct json *arguments = json_get(call->arguments, STR("parameters"));
    const struct json *argument = json_named(arguments, json_get_str(input, STR("name")));
    const struct json *fallback;
    struct str value;

    *input = with_text(a, input, "value");
    *input = with_text(a, input, "default");
    fallback = given(input, "default");
    if (!given(input, "value") && fallback)
        *input = json_set(a, input, STR("value"), *fallback);
    if (argument && apply_argument(a, argument, input, err) < 0)
        return -1;
    if (given(input, "value"))
        return 0;
    if (read_config_map(a, call, input, &value, err) < 0)
        return -1;
    *input = json_set(a, input, STR("value"), json_string(value));
    return 0;
}

bool args_has_location(const struct json *artifact)
{
    static const char *const drivers[][2] = {
        {"s3", "key"},     {"gcs", "key"},         {"oss", "key"},
        {"azure", "blob"}, {"hdfs", "path"},       {"http", "url"},
        {"git", "repo"},   {"artifactory", "url"}, {"plugin", "key"},
    };

    for (size_t i = 0; i < COUNT_OF(drivers); i++) {
        const struct json *driver = given(artifact, drivers[i][0]);

        if (driver && !str_is_empty(json_get_str(driver, str_from(drivers[i][1]))))
            return true;
    }
    return given(artifact, "raw") != NULL;
}

static bool has_text(const struct json *v, const char *name)
{
    return !str_is_empty(json_get_str(v, str_from(name)));
}

static int process_artifact(struct arena *a, const struct args_call *call, struct json *input,
                            struct err *err)
{
    static const char *const kept[] = {"path", "mode", "recurseMode"};
    const struct json *arguments = json_get(call->arguments, STR("artifacts"));
    struct str name = json_get_str(input, STR("name"));
    const struct json *argument = json_named(arguments, name);
    struct json made;

    if (!argument && (args_has_location(input) || json_get_bool(input, STR("optional"))))
        return 0;
    if (!argument)
        return err_set(err, ERR_INVALID, "inputs.artifacts." STR_FMT " was not supplied",
                       STR_ARG(name));
    if (!json_get_bool(input, STR("optional")) && !args_has_location(input) &&
        !call->is_check && !has_text(argument, "from") &&
        !has_text(argument, "fromExpression") && !args_has_location(argument))
        return err_set(err, ERR_INVALID,
                       "inputs.artifacts." STR_FMT " missing location information",
                       STR_ARG(name));
    made = *argument;
    for (size_t i = 0; i < COUNT_OF(kept); i++) {
        const struct json *own = given(input, kept[i]);

        made = own ? json_set(a, &made, str_from(kept[i]), *own)
                   : json_without(a, &made, str_from(kept[i]));
    }
    /* Upstream loses that it may be missing, and its pod fails then. */
    if (json_get_bool(input, STR("optional")) && !args_has_location(argument))
        made = json_set(a, &made, STR("optional"), json_bool(true));
    *input = made;
    return 0;
}

typedef int (*process_fn)(struct arena *a, const struct args_call *call, struct json *input,
                          struct err *err);

/* One list of the template's inputs, each entry processed. */
static int process_list(struct arena *a, const struct args_call *call, const char *member,
                        process_fn process, struct json *inputs, struct err *err)
{
    const struct json *list = given(inputs, member);
    struct json_array_builder made = {0};

    if (!json_is(list, JSON_ARRAY) || list->count == 0)
        return 0;
    for (uint32_t i = 0; i < list->count; i++) {
        struct json input = list->items[i];

        if (process(a, call, &input, err) < 0)
            return -1;
        json_push(a, &made, input);
    }
    *inputs = json_set(a, inputs, str_from(member), json_array(&made));
    return 0;
}

/* The list of parameters as upstream's encoder prints it. */
static struct str parameters_text(struct arena *a, const struct json *list)
{
    static const char *const order[] = {"name",       "default", "value",      "valueFrom",
                                        "globalName", "enum",    "description"};
    struct json_array_builder texts = {0};
    struct json made;

    if (!json_is(list, JSON_ARRAY) || list->count == 0)
        return STR("null");
    for (uint32_t i = 0; i < list->count; i++) {
        struct json_object_builder parameter = {0};

        for (size_t k = 0; k < COUNT_OF(order); k++) {
            const struct json *member = given(&list->items[i], order[k]);

            if (member)
                json_add(a, &parameter, str_from(order[k]), *member);
        }
        json_push(a, &texts, json_object(&parameter));
    }
    made = json_array(&texts);
    return json_text(a, &made, JSON_ESCAPE_HTML);
}

/* Adds "PREFIX.NAME.BEHIND" for each entry of a list that has the text. */
static void add_names(struct arena *a, struct json_object_builder *names, const char *prefix,
                      const struct json *list, const char *path[2])
{
    for (uint32_t i = 0; json_is(list, JSON_ARRAY) && i < list->count; i++) {
        const struct json *entry = &list->items[i];
        const struct json *from = path[0] ? given(entry, path[0]) : entry;
        struct str text = json_get_str(from, str_from(path[1]));
        struct str name = json_get_str(entry, STR("name"));
        bool is_value = strcmp(path[1], "value") == 0;

        if (str_is_none(text) || (str_is_empty(text) && !is_value))
            continue;
        json_add(
            a, names,
            str_printf(a, "%s." STR_FMT "%s", prefix, STR_ARG(name), is_value ? "" : ".path"),
            json_string(text));
    }
}

/* The names of the second pass. */
static struct json input_names(struct arena *a, const struct json *tmpl)
{
    const struct json *inputs = json_path(tmpl, "inputs", "parameters", NULL);
    struct json_object_builder names = {0};

    add_names(a, &names, "inputs.parameters", inputs, (const char *[]){NULL, "value"});
    json_add(a, &names, STR("inputs.parameters"), json_string(parameters_text(a, inputs)));
    add_names(a, &names, "inputs.artifacts", json_path(tmpl, "inputs", "artifacts", NULL),
              (const char *[]){NULL, "path"});
    add_names(a, &names, "outputs.artifacts", json_path(tmpl, "outputs", "artifacts", NULL),
              (const char *[]){NULL, "path"});
    add_names(a, &names, "outputs.parameters", json_path(tmpl, "outputs", "parameters", NULL),
              (const char *[]){"valueFrom", "path"});
    return json_object(&names);
}

/* What the second pass looks names up in: the template's, then those of the first pass. */
struct second_pass {
    const struct json *names;
    const struct subst_options *first;
};

static enum subst_answer lookup_second(const void *ctx, struct str name, struct str *ret)
{
    const struct second_pass *pass = ctx;
    enum subst_answer found = subst_lookup_json(pass->names, name, ret);

    if (found != SUBST_MISSING || !pass->first->lookup)
        return found;
    return pass->first->lookup(pass->first->lookup_ctx, name, ret);
}

int args_process(struct arena *a, const struct args_call *call, struct json *ret,
                 struct err *err)
{
    struct subst_options opts = call->names;
    struct json tmpl = *call->tmpl;
    const struct json *given_inputs = given(&tmpl, "inputs");
    struct json names, inputs;

    if (given_inputs) {
        inputs = *given_inputs;
        if (process_list(a, call, "parameters", process_parameter, &inputs, err) < 0 ||
            process_list(a, call, "artifacts", process_artifact, &inputs, err) < 0)
            return -1;
        tmpl = json_set(a, &tmpl, STR("inputs"), inputs);
    }
    opts.unresolved = SUBST_LEAVE;
    if (subst_json(a, &tmpl, &opts, &tmpl, err) < 0)
        return -1;
    names = input_names(a, &tmpl);
    opts.lookup = lookup_second;
    opts.lookup_ctx = &(const struct second_pass){.names = &names, .first = &call->names};
    return subst_json(a, &tmpl, &opts, ret, err);
}
