/* Clients of the event endpoint without a token. See webhook_clients.h. */
#include "api/argo/webhook_clients.h"

#include "base/limits.h"
#include "events/sources/signature.h"
#include "formats/base64.h"
#include "formats/yaml.h"

#define EVENTS_PATH "/api/v1/events/"
#define SECRET_NAME "argo-workflows-webhook-clients"

static struct str namespace_of(const struct http_request *req)
{
    struct str rest = http_path(req), ns = STR("");

    if (!str_is(http_method(req), "POST") || !str_cut_prefix(&rest, STR(EVENTS_PATH)))
        return STR("");
    str_cut(&rest, '/', &ns);
    return ns;
}

static int read_secret(struct api *api, struct arena *a, struct str ns, struct json *ret,
                       struct err *err)
{
    const struct store_key key = {STR(""), STR("Secret"), ns, STR(SECRET_NAME)};

    return api_object_get(api, a, &key, API_WHOLE, ret, err);
}

bool argo_webhook_may_be(struct api *api, struct http_request *req)
{
    struct str ns = namespace_of(req);
    struct json secret;
    struct err ignored;

    return ns.len > 0 && str_is_none(http_header(req, STR("Authorization"))) &&
           read_secret(api, http_arena(req), ns, &secret, &ignored) == 0;
}

/* ---- signatures ---- */

static bool is_github(struct arena *a, const struct webhook_request *req, struct str secret)
{
    struct err err;

    return signature_github_body(a, req, secret, &err) == 0;
}

static bool is_gitlab(struct arena *a, const struct webhook_request *req, struct str secret)
{
    struct err err;

    return signature_gitlab(a, req, secret, &err) == 0;
}

static bool is_bitbucket(struct arena *a, const struct webhook_request *req, struct str secret)
{
    (void) a;
    return signature_equal(webhook_header(req, STR("X-Hook-UUID")), secret);
}

static bool is_bitbucket_server(struct arena *a, const struct webhook_request *req,
                                struct str secret)
{
    struct err err;

    return signature_bitbucket_server(a, req, secret, &err) == 0;
}

static bool is_signed(struct arena *a, struct str type, const struct webhook_request *req,
                      struct str secret)
{
    static const struct {
        const char *type;
        bool (*check)(struct arena *, const struct webhook_request *, struct str);
    } types[] = {{"github", is_github},
                 {"gitlab", is_gitlab},
                 {"bitbucket", is_bitbucket},
                 {"bitbucketserver", is_bitbucket_server}};

    /* An empty secret would let in everybody. */
    for (size_t i = 0; secret.len > 0 && i < COUNT_OF(types); i++)
        if (str_is(type, types[i].type))
            return types[i].check(a, req, secret);
    return false;
}

static int read_client(struct arena *a, const struct json_member *m, struct json *ret,
                       struct err *err)
{
    struct str text;

    if (base64_decode(a, json_str(&m->value), &text, err) < 0 ||
        yaml_parse(a, text, ret, err) < 0)
        return err_wrap(err, "failed to process webhook request");
    return 0;
}

int argo_webhook_identify(struct api *api, struct http_request *req, struct auth_identity *ret,
                          struct err *err)
{
    struct arena *a = http_arena(req);
    struct str ns = namespace_of(req);
    struct webhook_request sent = {
        .method = http_method(req), .url = http_raw_url(req), .body = http_body(req)};
    const struct json *data;
    struct json secret, client;

    if (http_body(req).len > WEBHOOK_CLIENT_BODY_MAX_BYTES)
        return err_set(err, ERR_DENIED, "failed to process webhook request");
    if (ns.len == 0 || read_secret(api, a, ns, &secret, err) < 0)
        return err_set(err, ERR_UNAUTHORIZED, "nobody has signed this request");
    sent.header_count = http_headers_all(req, &sent.headers);
    data = json_get(&secret, STR("data"));
    for (uint32_t i = 0; json_is(data, JSON_OBJECT) && i < data->count; i++) {
        if (read_client(a, &data->members[i], &client, err) < 0) {
            err->kind = ERR_DENIED;
            return -1;
        }
        if (!is_signed(a, json_get_str(&client, STR("type")), &sent,
                       json_get_str(&client, STR("secret"))))
            continue;
        *ret = auth_identity_of(a,
                                str_printf(a, AUTH_ACCOUNT STR_FMT ":" STR_FMT, STR_ARG(ns),
                                           STR_ARG(data->members[i].key)),
                                STR(""), NULL, 0);
        return 0;
    }
    return err_set(err, ERR_UNAUTHORIZED, "nobody has signed this request");
}
