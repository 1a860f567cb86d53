/*
 * Texts of a Sensor that cannot be read, and dependencies that it does not have. Pure. See
 * lint.h.
 *
 * argo takes them all: an event for which a program cannot be read is dropped, a trigger whose
 * condition cannot be read never fires, a parameter whose template cannot be read has its default
 * value or none. Here they are warnings.
 */
#include "cli/lint_internal.h"

#include "events/sensors/conditions.h"
#include "events/sensors/programs.h"
#include "lang/cond/cond.h"
#include "lang/template/template.h"

enum { DEPENDENCIES_MAX = 64 }; /* of which a condition can be made */

static const struct str dropped = STR_INIT("argo takes it, and drops every event");

struct sensor_names {
    struct str at[DEPENDENCIES_MAX];
    size_t count;
};

static void read_names(const struct json *dependencies, struct sensor_names *ret)
{
    const struct json *item;

    ret->count = 0;
    for (size_t i = 0; (item = json_item(dependencies, i)) && i < DEPENDENCIES_MAX; i++)
        ret->at[ret->count++] = json_get_str(item, STR("name"));
}

static bool is_name(const struct sensor_names *names, struct str name)
{
    for (size_t i = 0; i < names->count; i++)
        if (str_eq(names->at[i], name))
            return true;
    return false;
}

/* A text of which @err says what is wrong; nothing is when it has no kind. */
static void report(struct lint_checker *c, const char *what, const struct json *text,
                   const struct err *err, struct str note)
{
    struct str why = str_from(err->text);

    if (err->kind == ERR_NONE || !json_is(text, JSON_STRING))
        return;
    c->pos = text->pos;
    lint_warn(c, what, json_str(text),
              str_copy(c->a, str_head(why, str_find_char(why, '\n'))), note);
}

static void check_template(struct lint_checker *c, const struct json *text, struct str note)
{
    const struct template *ignored;
    struct err err = {0};

    if (str_is_empty(json_str(text)))
        return;
    if (template_compile(c->a, STR("param"), json_str(text), &ignored, &err) < 0)
        report(c, "invalid template", text, &err, note);
}

static bool is_field(const struct json *fields, struct str name)
{
    const struct json *field;

    for (size_t i = 0; (field = json_item(fields, i)); i++)
        if (str_eq(json_get_str(field, STR("name")), name))
            return true;
    return false;
}

/* An expression of a filter knows the fields that stand beside it, and nothing else. */
static void check_filter(struct lint_checker *c, const struct json *filter)
{
    const struct json *text = json_get(filter, STR("expr")),
                      *fields = json_get(filter, STR("fields"));
    const struct cond_program *program;
    struct err err = {0};
    struct str name;
    size_t at = 0;

    if (str_is_empty(json_str(text)) || !json_item(fields, 0)) /* a broken rule */
        return;
    if (cond_compile(c->a, json_str(text), &program, &err) < 0) {
        report(c, "invalid expression", text, &err, dropped);
        return;
    }
    c->pos = text->pos;
    while (cond_next_name(program, &at, &name))
        if (!is_field(fields, name))
            lint_warn(c, "unknown name in an expression", name, name, dropped);
}

static void check_dependency(struct lint_checker *c, const struct json *dependency)
{
    const struct json *transform = json_get(dependency, STR("transform")),
                      *filters = json_get(dependency, STR("filters")), *item;
    _cleanup_programs_ struct programs *p = programs_new(dependency);

    report(c, "invalid jq program", json_get(transform, STR("jq")), &p->jq_err, dropped);
    report(c, "invalid script", json_get(transform, STR("script")), &p->script_err, dropped);
    report(c, "invalid script", json_get(filters, STR("script")), &p->filter_err, dropped);
    for (size_t i = 0; (item = json_item(json_get(filters, STR("data")), i)); i++)
        check_template(c, json_get(item, STR("template")), dropped);
    for (size_t i = 0; (item = json_item(json_get(filters, STR("exprs")), i)); i++)
        check_filter(c, item);
}

static void check_condition(struct lint_checker *c, const struct sensor_names *names,
                            const struct json *text)
{
    const struct condition *ignored;
    struct err err = {0};

    if (!str_is_empty(json_str(text)) &&
        condition_parse(c->a, json_str(text), names->at, names->count, &ignored, &err) < 0)
        report(c, "invalid conditions", text, &err,
               STR("argo takes it, and the trigger never fires"));
}

static void check_source(struct lint_checker *c, const struct sensor_names *names,
                         const struct json *src)
{
    static const struct str skipped =
        STR_INIT("argo takes it, and the parameter has its value or none");
    const struct json *name = json_get(src, STR("dependencyName"));

    if (json_is(name, JSON_STRING) && !is_name(names, json_str(name))) {
        c->pos = name->pos;
        lint_warn(c, "unknown dependency", json_str(name), json_str(name), skipped);
    }
    check_template(c, json_get(src, STR("dataTemplate")), skipped);
    check_template(c, json_get(src, STR("contextTemplate")), skipped);
}

/* All parameters, wherever they stand; objects that a trigger makes are not the sensor's. */
static void walk(struct lint_checker *c, const struct sensor_names *names, const struct json *v)
{
    const struct json *src = json_get(v, STR("src"));

    if (json_is(src, JSON_OBJECT))
        check_source(c, names, src);
    for (uint32_t i = 0; v->type == JSON_ARRAY && i < v->count; i++)
        walk(c, names, &v->items[i]);
    for (uint32_t i = 0; v->type == JSON_OBJECT && i < v->count; i++)
        if (!str_is(v->members[i].key, "resource") && &v->members[i].value != src)
            walk(c, names, &v->members[i].value);
}

void lint_sensor(struct arena *a, const struct object_document *doc, struct str object,
                 struct lint_result *ret)
{
    struct lint_checker c = {.a = a, .doc = doc, .object = object, .ret = ret};
    const struct json *spec = json_get(&doc->value, STR("spec")), *item;
    const struct json *dependencies = json_get(spec, STR("dependencies")),
                      *triggers = json_get(spec, STR("triggers"));
    struct sensor_names names;

    if (strcmp(doc->kind->kind, "Sensor") != 0)
        return;
    read_names(dependencies, &names);
    for (size_t i = 0; (item = json_item(dependencies, i)); i++)
        check_dependency(&c, item);
    for (size_t i = 0; (item = json_item(triggers, i)); i++) {
        check_condition(&c, &names, json_path(item, "template", "conditions", NULL));
        walk(&c, &names, item);
    }
}
