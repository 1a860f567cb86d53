/* Which operation a request asks for: the table and the matching of paths. Pure but for
 * argo_handle(), which runs on an http thread. */
#include "api/argo/argo.h"
#include "api/argo/gateway.h"
#include "api/argo/operations.h"

static const struct argo_operation table[] = {
#define OPERATION(method, path, service, operation, rights, handler) \
    {method, path, #service, #operation, rights, argo_##handler},
#define LATER(method, path, service, operation, rights) \
    {method, path, #service, #operation, rights, NULL},
#include "api/argo/operations.def"
#undef OPERATION
#undef LATER
};

const struct argo_operation *argo_operations(size_t *ret_count)
{
    *ret_count = COUNT_OF(table);
    return table;
}

/* Takes a {variable} of a pattern. @rest is what is left of the path behind @part. */
static void take_variable(struct argo_route *route, struct str name, struct str part,
                          struct str *rest)
{
    struct str value = part;

    if (str_ends(name, STR("=**"))) { /* all that is left */
        name = str_head(name, name.len - 3);
        if (!str_is_none(*rest))
            value = str_of(part.ptr, (size_t) (rest->ptr + rest->len - part.ptr));
        *rest = STR_NONE;
    }
    route->variables[route->variable_count].name = name;
    route->variables[route->variable_count].value = value;
    route->variable_count++;
}

static bool is_variable(struct str word)
{
    return str_starts(word, STR("{"));
}

static bool fits(const struct argo_operation *operation, struct str path,
                 struct argo_route *route)
{
    struct str pattern = str_from(operation->path), rest = path, word, part;

    route->operation = operation;
    route->variable_count = 0;
    while (str_cut(&pattern, '/', &word)) {
        bool is_last = str_is_none(pattern);

        if (!str_cut(&rest, '/', &part)) {
            if (!is_last || !is_variable(word))
                return false;
            part = STR(""); /* the last variable may be missing */
        }
        if (!is_variable(word)) {
            if (!str_eq(word, part))
                return false;
            continue;
        }
        if (!is_last && part.len == 0)
            return false;
        take_variable(route, str_of(word.ptr + 1, word.len - 2), part, &rest);
    }
    return str_is_none(rest);
}

/* Files are asked for by HEAD as well. */
static bool is_method(const struct argo_operation *operation, struct str method)
{
    return str_is(method, operation->method) ||
           (str_is(method, "HEAD") && str_is(STR("ArtifactService"), operation->service));
}

bool argo_route(struct str method, struct str path, struct argo_route *ret)
{
    for (size_t i = 0; i < COUNT_OF(table); i++)
        if (is_method(&table[i], method) && fits(&table[i], path, ret))
            return true;
    return false;
}

struct str argo_variable(const struct argo_request *r, const char *name)
{
    for (size_t i = 0; i < r->route.variable_count; i++)
        if (str_is(r->route.variables[i].name, name))
            return r->route.variables[i].value;
    return STR("");
}

bool argo_is_operation(struct str method, struct str path)
{
    struct argo_route route;

    return argo_route(method, path, &route);
}

/* ---- rights ---- */

static struct str variable(const struct argo_route *route, const char *name)
{
    const struct argo_request r = {.route = *route};

    return argo_variable(&r, name);
}

/* Is the right about one object that has a name already? */
static bool is_of_one(struct str verb)
{
    return !str_is(verb, "create") && !str_is(verb, "list") && !str_is(verb, "watch");
}

struct auth_request argo_right(const struct argo_route *route, struct str ns, struct str right)
{
    struct str rest = right, verb, plural = STR("");
    struct auth_request what = {.ns = ns, .name = STR("")};
    const struct object_kind *kind;

    str_cut(&rest, ' ', &verb);
    what.verb = verb;
    what.resource = rest;
    str_cut(&rest, '/', &plural);
    kind = object_kind_by_plural(STR_NONE, plural);
    what.group = str_from(kind ? kind->group : "");
    if (kind && !kind->is_namespaced)
        what.ns = STR("");
    if (is_of_one(verb))
        what.name = variable(route, str_is(plural, "pods") ? "podName" : "name");
    if (str_is(plural, "workflowtemplates") && what.name.len == 0 && is_of_one(verb))
        what.name = variable(route, "template");
    if (str_is(variable(route, "idDiscriminator"), "workflows"))
        what.name = variable(route, "id");
    return what;
}

int argo_authorize(struct api *api, struct http_request *req, const struct auth_identity *who,
                   struct err *err)
{
    struct argo_route route;
    struct str rights, right;

    if (!argo_route(http_method(req), http_path(req), &route))
        return 0;
    rights = str_from(route.operation->rights);
    if (rights.len == 0 || str_starts(rights, STR("? ")))
        return 0;
    while (str_cut(&rights, ',', &right)) {
        const struct auth_request what =
            argo_right(&route, variable(&route, "namespace"), right);

        if (auth_check(api->auth, who, &what, err) < 0)
            return -1;
    }
    return 0;
}

void argo_handle(struct api *api, struct http_request *req)
{
    struct argo_request r = {.api = api, .req = req, .a = http_arena(req)};
    struct err err;

    if (!argo_route(http_method(req), http_path(req), &r.route)) {
        err_set(&err, ERR_UNSUPPORTED, "Not Implemented"); /* grpc-gateway v1 knows no 404 */
        argo_fail(req, &err);
    } else if (!r.route.operation->handle) {
        err_set(&err, ERR_UNSUPPORTED, "%s is not supported yet", r.route.operation->name);
        argo_fail(req, &err);
    } else {
        r.route.operation->handle(&r);
    }
}
