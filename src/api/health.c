/*
 * /livez, /healthz and /readyz: may this server be left alone, may it get work? And the page at
 * /, which probes of upstream's manifests ask for.
 *
 * Store and bus say themselves whether they wait for their disk; the loop proves by the answer
 * that it turns: it is given from there. A disk that is full is no reason for a restart, so
 * /livez does not ask for it. Nothing is told that a stranger should not know.
 */
#include "api/api_internal.h"

struct probe {
    struct loop_task task;
    struct http_request *req;
    struct strbuf text;
    unsigned status;
};

bool health_is(struct str path)
{
    return str_is(path, "/healthz") || str_is(path, "/readyz") || str_is(path, "/livez");
}

bool health_is_root(const struct http_request *req)
{
    return str_is(http_path(req), "/") && str_is(http_method(req), "GET");
}

void health_root(struct http_request *req)
{
    /* Relative: what a proxy puts before the paths stays. */
    static const char page[] =
        "<!doctype html>\n<html lang=\"en\"><title>tiphys</title>\n"
        "<h1>tiphys</h1>\n<p>Argo Workflows and Argo Events on this machine: the APIs of both, "
        "and what kubectl needs.</p>\n"
        "<ul>\n<li><a href=\"api/v1/info\">api/v1/info</a>: the Argo server</li>\n"
        "<li><a href=\"api\">api</a>, <a href=\"apis\">apis</a>: the kinds of objects</li>\n"
        "<li><a href=\"openapi/v2\">openapi/v2</a>: their description</li>\n"
        "<li><a href=\"metrics\">metrics</a>, <a href=\"healthz\">healthz</a></li>\n</ul>\n";

    http_reply(req, 200, STR("text/html; charset=utf-8"), str_from(page), NULL, 0);
}

static void answer(struct loop_task *task)
{
    struct probe *p = CONTAINER_OF(task, struct probe, task);
    _cleanup_strbuf_ struct strbuf text = p->text; /* the answer takes the request's arena */

    http_reply(p->req, p->status, STR("text/plain; charset=utf-8"), strbuf_str(&text), NULL, 0);
}

static void add_check(struct probe *p, const char *name, const char *trouble)
{
    if (trouble)
        strbuf_addf(&p->text, "[-]%s failed: %s\n", name, trouble);
    else
        strbuf_addf(&p->text, "[+]%s ok\n", name);
    if (trouble)
        p->status = 503;
}

void health_handle(struct api *api, struct http_request *req)
{
    struct probe *p = ARENA_NEW(http_arena(req), struct probe);
    struct str path = str_skip(http_path(req), 1);
    bool is_verbose = !str_is_none(http_query(req, STR("verbose")));

    p->req = req;
    p->status = 200;
    p->task.run = answer;
    strbuf_init(&p->text, 4096);
    add_check(p, "loop", NULL);
    if (!str_is(path, "livez")) {
        add_check(p, "store",
                  store_is_stalled(api->options.store) ? "waits for its disk" : NULL);
        if (api->options.bus)
            add_check(p, "bus", bus_is_stalled(api->options.bus) ? "waits for its disk" : NULL);
    }
    if (p->status != 200 || is_verbose) {
        strbuf_addf(&p->text, STR_FMT " check %s\n", STR_ARG(path),
                    p->status == 200 ? "passed" : "failed");
    } else {
        strbuf_reset(&p->text);
        strbuf_addz(&p->text, "ok");
    }
    loop_post(api->options.loop, &p->task);
}
