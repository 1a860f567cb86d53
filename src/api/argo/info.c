/* The info service: version, settings of the user interface, who the caller is. Nothing is read
 * from the store. */
#include "api/argo/gateway.h"
#include "api/argo/operations.h"

void argo_info_version(const struct argo_request *r)
{
    static const char *const members[][2] = {
        {"version", "v" TIPHYS_VERSION}, {"buildDate", ""},    {"gitCommit", ""},
        {"gitTag", "v" TIPHYS_VERSION},  {"gitTreeState", ""}, {"goVersion", ""},
        {"compiler", __VERSION__}};
    struct json_object_builder b = {0};
    struct json v;

    for (size_t i = 0; i < COUNT_OF(members); i++)
        json_add(r->a, &b, str_from(members[i][0]), json_string(str_from(members[i][1])));
    json_add(r->a, &b, STR("platform"), json_string(api_platform()));
    v = json_object(&b);
    argo_reply(r->req, &v);
}

/* No links, no columns, no dialogues at the first visit. */
void argo_info_get(const struct argo_request *r)
{
    static const char *const modals[] = {"feedback", "firstTimeUser", "newVersion"};
    struct json_object_builder b = {0}, shown = {0};
    struct json_array_builder none = {0};
    struct json v;

    for (size_t i = 0; i < COUNT_OF(modals); i++)
        json_add(r->a, &shown, str_from(modals[i]), json_bool(false));
    json_add(r->a, &b, STR("links"), json_array(&none));
    json_add(r->a, &b, STR("modals"), json_object(&shown));
    json_add(r->a, &b, STR("columns"), json_array(&none));
    v = json_object(&b);
    argo_reply(r->req, &v);
}

/* A token of the server's own has no claims. */
void argo_info_user(const struct argo_request *r)
{
    argo_reply_empty(r->req);
}

/* What the user interface tells of its use: nobody listens. */
void argo_info_collect(const struct argo_request *r)
{
    struct json body;
    struct err err;

    if (argo_body(r, &body, &err) < 0)
        argo_fail(r->req, &err);
    else
        argo_reply_empty(r->req);
}
