/* WorkflowEventBindings: their expressions, and what they make. Pure. See binding.h. */
#include "workflows/bindings/binding.h"

#include "base/clock.h"
#include "lang/expr/expr.h"

/* ---- expressions ---- */

static struct value names_of(struct arena *a, const struct binding_event *event)
{
    struct json_object_builder b = {0};
    struct json all;

    json_add(a, &b, STR("namespace"), json_string(event->ns));
    json_add(a, &b, STR("discriminator"), json_string(event->discriminator));
    json_add(a, &b, STR("metadata"), *event->metadata);
    json_add(a, &b, STR("payload"), *event->payload);
    all = json_object(&b);
    return value_of_json(a, &all);
}

static struct expr_env env_of(const struct value *names)
{
    return (struct expr_env){
        .lookup = expr_lookup_map, .ctx = names, .functions = EXPR_PLAIN, .now = clock_wall()};
}

int binding_matches(struct arena *a, const struct json *binding,
                    const struct binding_event *event, struct err *err)
{
    struct str selector = json_str(json_path(binding, "spec", "event", "selector", NULL));
    struct value names = names_of(a, event);
    const struct expr_env env = env_of(&names);
    bool is_true;

    if (expr_eval_bool(a, str_is_none(selector) ? STR("") : selector, &env, &is_true, err) < 0)
        return err_wrap(err, "failed to evaluate workflow template expression");
    return is_true;
}

/* The text that an expression gives. */
static int eval_text(struct arena *a, struct str text, const char *what,
                     const struct value *names, struct str *ret, struct err *err)
{
    const struct expr_env env = env_of(names);
    struct value v;

    if (expr_eval(a, text, &env, &v, err) < 0)
        return err_wrap(err, "failed to evaluate workflow %s expression", what);
    if (v.type != VALUE_STRING)
        return err_set(err, ERR_INVALID,
                       "workflow %s expression must evaluate to a string, not a %s", what,
                       v.type == VALUE_NIL ? "<nil>" : value_type_name(&v));
    *ret = str_copy(a, value_str(&v));
    return 0;
}

/* ---- the workflow ---- */

static int add_name(struct arena *a, const struct json *meta, const char *member,
                    const struct value *names, struct json *doc, struct err *err)
{
    struct str text = json_get_str(meta, str_from(member)), made;

    if (str_is_empty(text))
        return 0;
    if (eval_text(a, text, member, names, &made, err) < 0)
        return -1;
    *doc = json_set_path(a, doc, json_string(made), "metadata", member, NULL);
    return 0;
}

static int add_pairs(struct arena *a, const struct json *meta, const char *member,
                     const struct value *names, struct json *doc, struct err *err)
{
    const struct json *map = json_get(meta, str_from(member));

    for (uint32_t i = 0; json_is(map, JSON_OBJECT) && i < map->count; i++) {
        const struct json_member *m = &map->members[i];
        struct str what = str_printf(a, "%s \"" STR_FMT "\"",
                                     *member == 'l' ? "label" : "annotation", STR_ARG(m->key));
        struct str made;

        if (eval_text(a, json_str(&m->value), what.ptr, names, &made, err) < 0)
            return -1;
        *doc = json_set_path(a, doc, json_string(made), "metadata", member, str_cz(a, m->key),
                             NULL);
    }
    return 0;
}

/* A result as a parameter has it: JSON, a text without its quotes. */
static struct str shown(struct arena *a, const struct json *v)
{
    struct str text = json_text(a, v, JSON_SORT_KEYS);

    return v->type == JSON_STRING ? str_of(text.ptr + 1, text.len - 2) : text;
}

static int add_argument(struct arena *a, const struct json *parameter,
                        const struct value *names, struct json_array_builder *list,
                        struct err *err)
{
    struct str name = json_get_str(parameter, STR("name"));
    const struct json *from = json_get(parameter, STR("valueFrom"));
    struct str event = json_get_str(from, STR("event"));
    const struct expr_env env = env_of(names);
    struct json_object_builder b = {0};
    struct value v;
    struct json result;

    if (!json_is(from, JSON_OBJECT))
        return err_set(err, ERR_INVALID,
                       "malformed workflow template parameter \"" STR_FMT
                       "\": valueFrom is nil",
                       STR_ARG(name));
    if (str_is_empty(event))
        return err_set(err, ERR_INVALID,
                       "malformed workflow template parameter \"" STR_FMT
                       "\": valueFrom.event is empty",
                       STR_ARG(name));
    if (expr_eval(a, event, &env, &v, err) < 0)
        return err_wrap(
            err, "failed to evaluate workflow template parameter \"" STR_FMT "\" expression",
            STR_ARG(name));
    if (value_json(a, &v, &result, err) < 0)
        return err_wrap(err, "failed to convert result to JSON \"" STR_FMT "\" expression",
                        STR_ARG(name));
    json_add(a, &b, STR("name"), json_string(name));
    json_add(a, &b, STR("value"), json_string(shown(a, &result)));
    json_push(a, list, json_object(&b));
    return 0;
}

static int add_arguments(struct arena *a, const struct json *submit, const struct value *names,
                         struct json *doc, struct err *err)
{
    const struct json *all = json_path(submit, "arguments", "parameters", NULL), *item;
    struct json_array_builder list = {0};

    for (size_t i = 0; (item = json_item(all, i)) != NULL; i++)
        if (add_argument(a, item, names, &list, err) < 0)
            return -1;
    if (list.len > 0)
        *doc =
            json_set_path(a, doc, json_array(&list), "spec", "arguments", "parameters", NULL);
    return 0;
}

int binding_workflow(struct arena *a, const struct json *binding,
                     const struct binding_event *event, struct json *ret, struct err *err)
{
    const struct json *submit = json_path(binding, "spec", "submit", NULL);
    const struct json *meta = json_get(submit, STR("metadata"));
    const struct json *ref = json_get(submit, STR("workflowTemplateRef"));
    struct value names = names_of(a, event);
    struct json doc;

    *ret = json_null();
    if (!json_is(submit, JSON_OBJECT))
        return 0;
    doc = json_set(a, NULL, STR("apiVersion"), json_string(STR("argoproj.io/v1alpha1")));
    doc = json_set(a, &doc, STR("kind"), json_string(STR("Workflow")));
    doc = json_set_path(a, &doc, json_string(event->ns), "metadata", "namespace", NULL);
    doc = json_set_path(
        a, &doc,
        json_string(str_printf(a, STR_FMT "-", STR_ARG(json_get_str(ref, STR("name"))))),
        "metadata", "generateName", NULL);
    doc = json_set_path(a, &doc, *ref, "spec", "workflowTemplateRef", NULL);
    if (add_name(a, meta, "name", &names, &doc, err) < 0 ||
        add_name(a, meta, "generateName", &names, &doc, err) < 0 ||
        add_pairs(a, meta, "labels", &names, &doc, err) < 0 ||
        add_pairs(a, meta, "annotations", &names, &doc, err) < 0 ||
        add_arguments(a, submit, &names, &doc, err) < 0)
        return -1;
    *ret = json_set_path(
        a, &doc, json_string(json_str(json_path(binding, "metadata", "name", NULL))),
        "metadata", "labels", "workflows.argoproj.io/workflow-event-binding", NULL);
    return 0;
}
