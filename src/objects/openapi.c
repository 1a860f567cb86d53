/* OpenAPI documents. See openapi.h. */
#include "objects/openapi.h"

#include "base/map.h"
#include "base/vec.h"
#include "objects/field_internal.h"

#define ARGO_GROUP "argoproj.io"

/* A shape in a document under a name. */
struct component {
    const struct shape *shape;
    struct str name;
    const struct object_kind *of; /* the kind in which it was met first */
};

struct components {
    struct arena *a;
    struct str ref; /* "#/components/schemas/" */
    struct component *at;
    size_t len, room;
    struct map names;             /* name -> itself */
    const struct object_kind *of; /* whose component is written now */
};

/* "io.argoproj.workflow.v1alpha1.", "io.k8s.api.core.v1." */
static struct str prefix_of(struct arena *a, const struct object_kind *k)
{
    struct str group = str_from(k->group[0] ? k->group : "core");

    if (strcmp(k->group, ARGO_GROUP) == 0)
        return str_printf(a, "io.argoproj.workflow.%s.", k->version);
    return str_printf(a, "io.k8s.api." STR_FMT ".%s.",
                      STR_ARG(str_head(group, str_find_char(group, '.'))), k->version);
}

/* Two shapes of one name get different ones. */
static struct str component_name(struct components *c, const struct shape *shape)
{
    struct str base = str_concat(c->a, prefix_of(c->a, c->of), str_from(shape->name)),
               name = base;

    for (unsigned n = 2; map_find(&c->names, name); n++)
        name = str_printf(c->a, STR_FMT "_%u", STR_ARG(base), n);
    map_put(&c->names, name, c);
    return name;
}

static struct str refer(void *ctx, const struct shape *shape)
{
    struct components *c = ctx;

    for (size_t i = 0; i < c->len; i++)
        if (c->at[i].shape == shape)
            return str_concat(c->a, c->ref, c->at[i].name);
    VEC_APUSH(c->a, c, ((struct component){shape, component_name(c, shape), c->of}));
    return str_concat(c->a, c->ref, c->at[c->len - 1].name);
}

/* ---- kinds ---- */

static struct json gvk(struct arena *a, const struct object_kind *k)
{
    struct json_object_builder b = {0};

    json_add(a, &b, STR("group"), json_string(str_from(k->group)));
    json_add(a, &b, STR("kind"), json_string(str_from(k->kind)));
    json_add(a, &b, STR("version"), json_string(str_from(k->version)));
    return json_object(&b);
}

/* A version of a group; version NULL: all, group NULL: everything. */
static bool is_of(const struct object_kind *k, const char *group, const char *version)
{
    return (!group || strcmp(k->group, group) == 0) &&
           (!version || strcmp(k->version, version) == 0);
}

/* A kind is a component of its own, even when another version of it has the same shape. */
static void add_kind(struct components *c, const struct object_kind *k)
{
    c->of = k;
    VEC_APUSH(c->a, c, ((struct component){k->shape, component_name(c, k->shape), k}));
}

/* All shapes of the kinds of a group's version and what they refer to. */
static void add_schemas(struct components *c, const char *group, const char *version,
                        struct json_object_builder *to)
{
    size_t count, alias_count, done = c->len;
    const struct object_kind *all = object_kinds(&count),
                             *aliases = object_aliases(&alias_count);
    struct field_schema_refs refs = {refer, c, strcmp(group, ARGO_GROUP) != 0};

    for (size_t i = 0; i < count; i++)
        if (is_of(&all[i], group, version))
            add_kind(c, &all[i]);
    for (size_t i = 0; i < alias_count; i++)
        if (is_of(&aliases[i], group, version))
            add_kind(c, &aliases[i]);
    for (; done < c->len; done++) {
        const struct object_kind *k = c->of = c->at[done].of;
        struct json schema = field_schema_component(c->a, c->at[done].shape, &refs);
        struct json_array_builder kinds = {0};

        if (c->at[done].shape == k->shape) {
            json_push(c->a, &kinds, gvk(c->a, k));
            schema = json_set(c->a, &schema, STR("x-kubernetes-group-version-kind"),
                              json_array(&kinds));
        }
        json_add(c->a, to, c->at[done].name, schema);
    }
}

/* ---- paths ---- */

static void push_parameter(struct arena *a, struct json_array_builder *list, const char *name,
                           const char *type)
{
    struct json_object_builder b = {0}, schema = {0};

    json_add(a, &schema, STR("type"), json_string(str_from(type)));
    json_add(a, &b, STR("name"), json_string(str_from(name)));
    json_add(a, &b, STR("in"), json_string(STR("query")));
    json_add(a, &b, STR("schema"), json_object(&schema));
    json_push(a, list, json_object(&b));
}

static struct json operation(struct arena *a, const struct object_kind *k, const char *action)
{
    struct json_object_builder b = {0}, responses = {0}, ok = {0};
    struct json_array_builder parameters = {0};
    bool is_write = strcmp(action, "get") != 0 && strcmp(action, "list") != 0;

    if (is_write) {
        push_parameter(a, &parameters, "dryRun", "string");
        push_parameter(a, &parameters, "fieldManager", "string");
        push_parameter(a, &parameters, "fieldValidation", "string");
    }
    if (strcmp(action, "patch") == 0)
        push_parameter(a, &parameters, "force", "boolean");
    json_add(a, &ok, STR("description"), json_string(STR("OK")));
    json_add(a, &responses, STR("200"), json_object(&ok));
    json_add(a, &b, STR("parameters"), json_array(&parameters));
    json_add(a, &b, STR("responses"), json_object(&responses));
    json_add(a, &b, STR("x-kubernetes-action"), json_string(str_from(action)));
    json_add(a, &b, STR("x-kubernetes-group-version-kind"), gvk(a, k));
    return json_object(&b);
}

static void add_paths(struct arena *a, const struct object_kind *k,
                      struct json_object_builder *to)
{
    struct str path =
        str_printf(a, "/api%s%s/%s/%s%s", k->group[0] ? "s/" : "", k->group, k->version,
                   k->is_namespaced ? "namespaces/{namespace}/" : "", k->plural);
    struct json_object_builder all = {0}, one = {0};

    json_add(a, &all, STR("get"), operation(a, k, "list"));
    json_add(a, &all, STR("post"), operation(a, k, "post"));
    json_add(a, &all, STR("delete"), operation(a, k, "deletecollection"));
    json_add(a, &one, STR("get"), operation(a, k, "get"));
    json_add(a, &one, STR("put"), operation(a, k, "put"));
    json_add(a, &one, STR("patch"), operation(a, k, "patch"));
    json_add(a, &one, STR("delete"), operation(a, k, "delete"));
    json_add(a, to, path, json_object(&all));
    json_add(a, to, str_concat(a, path, STR("/{name}")), json_object(&one));
}

static struct json paths(struct arena *a, const char *group, const char *version)
{
    size_t count, alias_count;
    const struct object_kind *all = object_kinds(&count),
                             *aliases = object_aliases(&alias_count);
    struct json_object_builder b = {0};

    for (size_t i = 0; i < count; i++)
        if (!all[i].is_unbuilt && is_of(&all[i], group, version))
            add_paths(a, &all[i], &b);
    for (size_t i = 0; i < alias_count; i++)
        if (is_of(&aliases[i], group, version))
            add_paths(a, &aliases[i], &b);
    return json_object(&b);
}

static struct json info(struct arena *a)
{
    struct json_object_builder b = {0};

    json_add(a, &b, STR("title"), json_string(STR("tiphys")));
    json_add(a, &b, STR("version"), json_string(STR("v" TIPHYS_VERSION)));
    return json_object(&b);
}

/* ---- documents ---- */

struct json openapi_v3(struct arena *a, const char *group, const char *version)
{
    struct components c = {.a = a, .ref = STR("#/components/schemas/")};
    struct json_object_builder b = {0}, schemas = {0}, components = {0};

    map_init_borrowed(&c.names);
    add_schemas(&c, group, version, &schemas);
    map_done(&c.names);
    json_add(a, &components, STR("schemas"), json_object(&schemas));
    json_add(a, &b, STR("openapi"), json_string(STR("3.0.0")));
    json_add(a, &b, STR("info"), info(a));
    json_add(a, &b, STR("paths"), paths(a, group, version));
    json_add(a, &b, STR("components"), json_object(&components));
    return json_object(&b);
}

struct json openapi_v2(struct arena *a)
{
    struct components c = {.a = a, .ref = STR("#/definitions/")};
    size_t count;
    const struct object_kind *all = object_kinds(&count);
    struct json_object_builder b = {0}, definitions = {0};

    map_init_borrowed(&c.names);
    for (size_t i = 0; i < count; i++)
        if (i == 0 || strcmp(all[i].group, all[i - 1].group) != 0)
            add_schemas(&c, all[i].group, NULL, &definitions);
    map_done(&c.names);
    json_add(a, &b, STR("swagger"), json_string(STR("2.0")));
    json_add(a, &b, STR("info"), info(a));
    json_add(a, &b, STR("paths"), paths(a, NULL, NULL));
    json_add(a, &b, STR("definitions"), json_object(&definitions));
    return json_object(&b);
}
