/* See aliyun_credentials.h. */
#include "clients/aliyun/aliyun_credentials.h"

#include <stdlib.h>

#include "base/limits.h"
#include "base/secret_cache.h"
#include "formats/gotime.h"
#include "formats/json.h"
#include "formats/uri.h"
#include "io/http_client.h"

#define ROLES "/latest/meta-data/ram/security-credentials/"

/* The metadata service of an instance. */
struct service {
    struct arena *a;
    struct http_client *http;
    struct str base, token;
};

static struct str setting(const char *name)
{
    const char *value = getenv(name);

    return str_from(value ? value : "");
}

static bool of_environment(struct arena *a, struct oss_keys *ret)
{
    struct str id = setting("ALIBABA_CLOUD_ACCESS_KEY_ID"),
               secret = setting("ALIBABA_CLOUD_ACCESS_KEY_SECRET");

    if (str_is_empty(id) || str_is_empty(secret))
        return false;
    *ret = (struct oss_keys){.access_key = str_copy(a, id),
                             .token = str_copy(a, setting("ALIBABA_CLOUD_SECURITY_TOKEN"))};
    secret_init(&ret->secret_key, secret);
    return true;
}

/* ---- the instance ---- */

static int ask(const struct service *s, const char *method, struct str path,
               struct http_header header, struct http_answer *ret, struct err *err)
{
    const struct http_call call = {.method = str_from(method),
                                   .url = str_concat(s->a, s->base, path),
                                   .headers = &header,
                                   .header_count = 1,
                                   .timeout_ms = ALIYUN_METADATA_TIMEOUT_MS,
                                   .cancel_fd = -1,
                                   .is_plain = true}; /* no proxy in between */

    return http_client_do(s->http, s->a, &call, ret, err);
}

static int get(const struct service *s, struct str path, struct http_answer *ret,
               struct err *err)
{
    const struct http_header header = {STR("X-aliyun-ecs-metadata-token"), s->token};

    return ask(s, "GET", path, header, ret, err);
}

static int nowhere(struct err *err)
{
    return err_set(err, ERR_UNAUTHORIZED,
                   "no keys of Alibaba Cloud: none in the environment "
                   "(ALIBABA_CLOUD_ACCESS_KEY_ID, ALIBABA_CLOUD_ACCESS_KEY_SECRET), and this "
                   "machine is no instance with a RAM role");
}

/* Who gives no token is no instance. */
static int open_service(struct service *s, struct err *err)
{
    const struct http_header header = {STR("X-aliyun-ecs-metadata-token-ttl-seconds"),
                                       STR("300")};
    struct http_answer answer;

    if (ask(s, "PUT", STR("/latest/api/token"), header, &answer, err) < 0 ||
        answer.status != 200)
        return nowhere(err);
    s->token = str_trim(answer.body);
    return 0;
}

static int find_role(const struct service *s, struct str *ret, struct err *err)
{
    struct http_answer answer;

    *ret = setting("ALIBABA_CLOUD_ECS_METADATA");
    if (!str_is_empty(*ret))
        return 0;
    if (get(s, STR(ROLES), &answer, err) < 0)
        return err_wrap(err, "keys of the instance");
    if (answer.status >= 500)
        return err_set(err, ERR_TRANSIENT, "keys of the instance: status %u", answer.status);
    if (answer.status != 200 || !str_cut(&answer.body, '\n', ret) ||
        str_is_empty(str_trim(*ret)))
        return nowhere(err);
    *ret = str_trim(*ret);
    return 0;
}

static int take(const struct service *s, const struct http_answer *answer, struct oss_keys *ret,
                struct wall *ret_ends, struct err *err)
{
    struct str id, secret, token;
    struct json doc;
    struct err ignored;

    if (answer->status != 200)
        return err_set(err, answer->status >= 500 ? ERR_TRANSIENT : ERR_UNAUTHORIZED,
                       "keys of the instance: status %u", answer->status);
    if (json_parse(s->a, answer->body, &doc, &ignored) < 0)
        return err_set(err, ERR_UNAUTHORIZED,
                       "keys of the instance: an answer that is not JSON");
    id = json_get_str(&doc, STR("AccessKeyId"));
    secret = json_get_str(&doc, STR("AccessKeySecret"));
    token = json_get_str(&doc, STR("SecurityToken"));
    if (str_is_empty(id) || str_is_empty(secret) || str_is_empty(token))
        return err_set(err, ERR_UNAUTHORIZED,
                       "keys of the instance: an answer without AccessKeyId, AccessKeySecret "
                       "or SecurityToken");
    *ret_ends = (struct wall){0}; /* what cannot be read counts as ended */
    if (gotime_parse_wall(json_get_str(&doc, STR("Expiration")), ret_ends, &ignored) < 0)
        *ret_ends = (struct wall){0};
    *ret = (struct oss_keys){.access_key = id, .token = token};
    secret_init(&ret->secret_key, secret);
    return 0;
}

static int of_instance(struct service *s, struct oss_keys *ret, struct wall *ret_ends,
                       struct err *err)
{
    struct http_answer answer;
    struct str role;

    if (open_service(s, err) < 0 || find_role(s, &role, err) < 0)
        return -1;
    role = str_concat(s->a, STR(ROLES), uri_escape(s->a, role));
    if (get(s, role, &answer, err) < 0)
        return err_wrap(err, "keys of the instance");
    return take(s, &answer, ret, ret_ends, err);
}

/* ---- what is kept: "ACCESS\nSECRET\nTOKEN" ---- */

static bool recall(struct arena *a, struct str name, struct wall now, struct oss_keys *ret)
{
    _cleanup_secret_ struct secret kept = {0};
    struct str rest, access, secret, token;

    if (!secret_cache_find(name, now, &kept))
        return false;
    rest = secret_reveal(&kept);
    if (!str_cut(&rest, '\n', &access) || !str_cut(&rest, '\n', &secret) ||
        !str_cut(&rest, '\n', &token))
        return false;
    *ret = (struct oss_keys){.access_key = str_copy(a, access), .token = str_copy(a, token)};
    secret_init(&ret->secret_key, secret);
    return true;
}

int aliyun_credentials_find(struct arena *a, struct str metadata, struct wall now,
                            struct oss_keys *ret, struct err *err)
{
    struct str name = str_printf(a, "aliyun\n" STR_FMT "\n" STR_FMT, STR_ARG(metadata),
                                 STR_ARG(setting("ALIBABA_CLOUD_ECS_METADATA")));
    struct service s = {.a = a, .base = metadata};
    struct wall ends;
    int result;

    if (of_environment(a, ret))
        return 0;
    if (str_eq_nocase(setting("ALIBABA_CLOUD_ECS_METADATA_DISABLED"), STR("true")))
        return nowhere(err);
    if (recall(a, name, now, ret))
        return 0;
    s.http = http_client_new();
    result = of_instance(&s, ret, &ends, err);
    http_client_free(s.http);
    if (result == 0 && ends.ms > now.ms)
        secret_cache_put(
            name,
            str_printf(a, STR_FMT "\n" STR_FMT "\n" STR_FMT, STR_ARG(ret->access_key),
                       STR_ARG(secret_reveal(&ret->secret_key)), STR_ARG(ret->token)),
            ends);
    return result;
}
