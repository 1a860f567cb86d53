/* The info service: version, settings of the user interface, who the caller is. Nothing is read
 * from the store. */
#include "api/argo/argo.h"
#include "api/argo/gateway.h"
#include "api/argo/operations.h"
#include "config/config.h"

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

/* A list of the ConfigMap's, or an empty one. */
static struct json list_of(const struct json *list)
{
    struct json_array_builder none = {0};

    return list ? *list : json_array(&none);
}

/* Links, columns and colour of the controller's ConfigMap; no dialogues at the first visit. */
void argo_info_get(const struct argo_request *r)
{
    static const char *const modals[] = {"feedback", "firstTimeUser", "newVersion"};
    struct json_object_builder b = {0}, shown = {0};
    _cleanup_config_ const struct config *config = config_get(r->api->options.config);
    const char *managed = r->api->options.managed;
    struct json v;

    for (size_t i = 0; i < COUNT_OF(modals); i++)
        json_add(r->a, &shown, str_from(modals[i]), json_bool(false));
    if (managed && *managed)
        json_add(r->a, &b, STR("managedNamespace"), json_string(str_from(managed)));
    json_add(r->a, &b, STR("links"), list_of(config->links));
    json_add(r->a, &b, STR("modals"), json_object(&shown));
    json_add(r->a, &b, STR("columns"), list_of(config->columns));
    if (config->nav_color.len > 0)
        json_add(r->a, &b, STR("navColor"), json_string(config->nav_color));
    v = json_object(&b);
    argo_reply(r->req, &v);
}

/* Who the caller is: subject, groups, and the ServiceAccount if it is one. */
void argo_info_user(const struct argo_request *r)
{
    struct json_object_builder b = {0};
    struct json_array_builder groups = {0};
    struct auth_identity who;
    struct str ns, name;
    struct json v;
    struct err err;

    if (api_identify(r->api, r->req, &who, &err) < 0) {
        argo_refuse(r->req, &err);
        return;
    }
    for (size_t i = 0; i < who.group_count; i++)
        json_push(r->a, &groups, json_string(who.groups[i]));
    json_add(r->a, &b, STR("subject"), json_string(who.user));
    json_add(r->a, &b, STR("groups"), json_array(&groups));
    if (auth_account_parse(who.user, &ns, &name)) {
        json_add(r->a, &b, STR("serviceAccountName"), json_string(name));
        json_add(r->a, &b, STR("serviceAccountNamespace"), json_string(ns));
    }
    v = json_object(&b);
    argo_reply(r->req, &v);
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
