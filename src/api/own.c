/* Paths below /tiphys/v1/, which neither Kubernetes nor Argo has: events and dead letters. Http
 * threads. */
#include "api/api_internal.h"

static bool is_get(struct http_request *req)
{
    return str_is(http_method(req), "GET");
}

/* Who may see an event is known when it is found. */
bool own_right(struct http_request *req, struct str rest, struct auth_request *ret)
{
    struct str word = STR(""), id = STR(""), sub = STR("");

    *ret = (struct auth_request){.verb = STR(""), .group = STR("tiphys"), .ns = STR("")};
    str_cut(&rest, '/', &word);
    if (str_is(word, "namespaces")) {
        str_cut(&rest, '/', &ret->ns);
        str_cut(&rest, '/', &word);
    }
    str_cut(&rest, '/', &id);
    str_cut(&rest, '/', &sub);
    ret->name = id;
    ret->resource = word;
    if (str_is(word, "events"))
        ret->verb = id.len == 0 ? STR("list") : STR("");
    else if (!str_is(word, "dead-letters"))
        return false;
    else if (is_get(req))
        ret->verb = id.len == 0 ? STR("list") : STR("get");
    else if (str_is(http_method(req), "DELETE"))
        ret->verb = STR("delete");
    else {
        ret->verb = STR("create");
        ret->resource = STR("dead-letters/redrive");
    }
    return true;
}

bool own_handle(struct api *api, struct http_request *req, struct str rest)
{
    struct str ns = STR(""), word = STR("");

    str_cut(&rest, '/', &word);
    if (str_is(word, "namespaces")) {
        str_cut(&rest, '/', &ns);
        str_cut(&rest, '/', &word);
        if (str_is_empty(ns))
            return false;
    }
    if (str_is(word, "dead-letters"))
        dead_letters_handle(api, req, ns, rest);
    else if (!api->options.bus || !is_get(req) || !str_is(word, "events"))
        return false;
    else if (str_is_empty(rest))
        trace_list(api, req, ns);
    else if (str_is_empty(ns))
        trace_handle(api, req, rest);
    else
        return false;
    return true;
}
