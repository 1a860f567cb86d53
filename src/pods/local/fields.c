/*
 * What a pod can be told about itself: fields of the pod (fieldRef) and the limits and requests
 * of its containers (resourceFieldRef), as the kubelet tells them, for variables and for files
 * of downwardAPI volumes. A limit that a container does not have is what this machine has.
 * Source: Kubernetes core/v1 ObjectFieldSelector, ResourceFieldSelector. Workers.
 */
#include <math.h>
#include <sys/sysinfo.h>

#include "base/vec.h"
#include "formats/goquote.h"
#include "formats/quantity.h"
#include "pods/local/address.h"
#include "pods/local/local_internal.h"

/* ---- fields ---- */

/* Labels and annotations: those that upstream gives to every pod, then the template's. */
static struct json own_meta(const struct pod_request *req, struct arena *a, bool is_label)
{
    struct json_object_builder b = {0};

    if (str_is_empty(req->workflow))
        return json_object(&b);
    if (is_label) {
        json_add(a, &b, STR("workflows.argoproj.io/completed"), json_string(STR("false")));
        json_add(a, &b, STR("workflows.argoproj.io/workflow"), json_string(req->workflow));
        return json_object(&b);
    }
    json_add(a, &b, STR("kubectl.kubernetes.io/default-container"), json_string(STR("main")));
    json_add(a, &b, STR("workflows.argoproj.io/node-id"), json_string(req->node_id));
    json_add(a, &b, STR("workflows.argoproj.io/node-name"), json_string(req->node_name));
    return json_object(&b);
}

static struct json meta_of(const struct pod_request *req, struct arena *a, bool is_label)
{
    const struct json *given =
        json_get(req->pod_meta, is_label ? STR("labels") : STR("annotations"));
    struct json all = own_meta(req, a, is_label);

    for (uint32_t i = 0; json_is(given, JSON_OBJECT) && i < given->count; i++)
        all = json_set(a, &all, given->members[i].key, given->members[i].value);
    return all;
}

static int cmp_members(const void *left, const void *right)
{
    const struct json_member *l = left, *r = right;

    return str_cmp(l->key, r->key);
}

/* A line key="value" for each, by key. */
static struct str print_meta(struct arena *a, const struct json *all)
{
    struct json_member *sorted = ARENA_ARRAY(a, struct json_member, all->count + 1);
    struct str out = STR("");

    for (uint32_t i = 0; i < all->count; i++)
        sorted[i] = all->members[i];
    qsort(sorted, all->count, sizeof(*sorted), cmp_members);
    for (uint32_t i = 0; i < all->count; i++)
        out = str_printf(a, STR_FMT "%s" STR_FMT "=" STR_FMT, STR_ARG(out), i > 0 ? "\n" : "",
                         STR_ARG(sorted[i].key),
                         STR_ARG(go_quote(a, json_str(&sorted[i].value))));
    return out;
}

/* The key in metadata.labels['key'], or the absent view. */
static struct str subscript(struct str path, struct str name)
{
    if (!str_cut_prefix(&path, name) || !str_cut_prefix(&path, STR("['")) ||
        !str_ends(path, STR("']")))
        return STR_NONE;
    return str_head(path, path.len - 2);
}

/* A label or annotation, or with @is_whole all of them; the absent view: another path. */
static struct str meta_field(const struct pod_request *req, struct arena *a, struct str path,
                             bool is_whole)
{
    static const struct str names[] = {STR_INIT("metadata.labels"),
                                       STR_INIT("metadata.annotations")};

    for (size_t i = 0; i < COUNT_OF(names); i++) {
        struct str key = subscript(path, names[i]);
        struct json all;

        if (str_is_none(key) && !(is_whole && str_eq(path, names[i])))
            continue;
        all = meta_of(req, a, i == 0);
        if (str_is_none(key))
            return print_meta(a, &all);
        key = json_get_str(&all, key);
        return str_is_none(key) ? STR("") : key;
    }
    return STR_NONE;
}

/* Those that only a variable can have. */
static struct str spec_field(const struct local_pod *pod, struct arena *a, struct str path)
{
    if (str_is(path, "spec.nodeName"))
        return str_from(pod->runner->node_name);
    if (str_is(path, "spec.serviceAccountName"))
        return str_is_empty(pod->req.service_account) ? STR("default")
                                                      : pod->req.service_account;
    if (str_is(path, "status.podIP") || str_is(path, "status.podIPs"))
        return address_of(pod);
    if (str_is(path, "status.hostIP") || str_is(path, "status.hostIPs"))
        return address_of_machine(pod, a);
    return STR_NONE;
}

int fields_get(const struct local_pod *pod, struct arena *a, struct str path, bool is_file,
               struct str *ret, struct err *err)
{
    const struct pod_request *req = &pod->req;

    *ret = str_is(path, "metadata.name")        ? req->name
           : str_is(path, "metadata.namespace") ? req->ns
           : str_is(path, "metadata.uid")       ? req->uid
                                                : meta_field(req, a, path, is_file);
    if (str_is_none(*ret) && !is_file)
        *ret = spec_field(pod, a, path);
    return str_is_none(*ret)
               ? err_set(err, ERR_INVALID, "field label not supported: \"" STR_FMT "\"",
                         STR_ARG(path))
               : 0;
}

/* ---- resources ---- */

static const struct json *find_container(const struct json *template, struct str name)
{
    const struct json *const lists[] = {
        json_get(template, STR("initContainers")), json_get(template, STR("sidecars")),
        json_path(template, "containerSet", "containers", NULL)};
    const struct json *script = json_get(template, STR("script")), *found = NULL;

    for (size_t i = 0; i < COUNT_OF(lists) && !found; i++)
        found = json_named(lists[i], name);
    if (!found && str_is(name, "main"))
        found = script ? script : json_get(template, STR("container"));
    return found;
}

/* What this machine has of it. */
static double allocatable(struct str name)
{
    struct sysinfo info;

    if (str_is(name, "cpu"))
        return get_nprocs();
    if (str_is(name, "memory") && sysinfo(&info) == 0)
        return (double) info.totalram * info.mem_unit;
    return 0;
}

static int parse_amount(const struct json *v, double *ret, struct err *err)
{
    struct quantity q;
    struct str text = json_is(v, JSON_NUMBER) ? json_number(v) : json_str(v);

    if (quantity_parse(text, &q, err) < 0)
        return -1;
    *ret = quantity_f64(&q);
    return 0;
}

/* Requests are as large as limits when they are not given. */
static int amount_of(const struct json *resources, bool is_limit, struct str name, double *ret,
                     struct err *err)
{
    const struct json *limit = json_get(json_get(resources, STR("limits")), name);
    const struct json *request = json_get(json_get(resources, STR("requests")), name);
    const struct json *given = is_limit || !request ? limit : request;

    if (given)
        return parse_amount(given, ret, err);
    *ret = is_limit ? allocatable(name) : 0;
    return 0;
}

int fields_resource(const struct local_pod *pod, struct arena *a, const struct json *ref,
                    const struct json *container, struct str *ret, struct err *err)
{
    struct str of = json_get_str(ref, STR("containerName"));
    struct str name = json_get_str(ref, STR("resource"));
    const struct json *divisor = json_get(ref, STR("divisor"));
    bool is_limit = str_starts(name, STR("limits."));
    double amount, unit = 1;

    if (!str_cut_prefix(&name, STR("limits.")) && !str_cut_prefix(&name, STR("requests.")))
        return err_set(err, ERR_INVALID, "unsupported container resource : " STR_FMT,
                       STR_ARG(name));
    if (!str_is_empty(of))
        container = find_container(pod->req.template, of);
    if (!container)
        return err_set(err, ERR_INVALID, "container " STR_FMT " not found", STR_ARG(of));
    if ((divisor && parse_amount(divisor, &unit, err) < 0) ||
        amount_of(json_get(container, STR("resources")), is_limit, name, &amount, err) < 0)
        return err_wrap(err, "resourceFieldRef " STR_FMT, STR_ARG(name));
    amount = ceil(amount / (unit > 0 ? unit : 1) - 1e-9);
    *ret = str_printf(a, "%.0f", amount > 0 ? amount : 0);
    return 0;
}
