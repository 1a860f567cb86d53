/* Paths below /tiphys/v1/, which neither Kubernetes nor Argo has: events and dead letters. Http
 * threads. */
#include "api/api_internal.h"

static bool is_get(struct http_request *req)
{
    return str_is(http_method(req), "GET");
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
