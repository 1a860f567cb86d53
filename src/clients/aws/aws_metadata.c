/*
 * Keys that AWS gives to a container (ECS, EKS Pod Identity) or an instance (EC2) over HTTP at
 * an address of the link.
 */
#include "base/limits.h"
#include "clients/aws/aws_credentials_internal.h"
#include "formats/json.h"

#define INSTANCE_ADDRESS "http://169.254.169.254"
#define INSTANCE_PATH    "/latest/meta-data/iam/security-credentials/"
#define CONTAINER_HOST   "http://169.254.170.2"

static int ask(struct aws_search *s, struct http_call *call, struct http_answer *ret,
               struct err *err)
{
    call->timeout_ms = AWS_METADATA_TIMEOUT_MS;
    call->cancel_fd = -1;
    call->is_plain = true; /* no proxy in between */
    return http_client_do(s->http, s->a, call, ret, err);
}

/* {"AccessKeyId": …, "SecretAccessKey": …, "Token": …, "Expiration": …} */
static int take_json(struct aws_search *s, const char *place, const struct http_answer *answer,
                     struct err *err)
{
    struct json doc;

    if (answer->status != 200)
        return err_set(err, answer->status >= 500 ? ERR_TRANSIENT : ERR_UNAUTHORIZED,
                       "%s answered %u", place, answer->status);
    if (json_parse(s->a, answer->body, &doc, err) < 0)
        return err_set(err, ERR_UNAUTHORIZED, "%s: an answer that is not JSON", place);
    aws_search_until(s, json_get_str(&doc, STR("Expiration")));
    return aws_search_take(s, place, json_get_str(&doc, STR("AccessKeyId")),
                           json_get_str(&doc, STR("SecretAccessKey")),
                           json_get_str(&doc, STR("Token")), err);
}

/* ---- container ---- */

/* What is not TLS must be this machine or one of AWS's own addresses. */
static bool may_be_asked(struct str url)
{
    static const char *const hosts[] = {"127.0.0.1",     "localhost",      "[::1]",
                                        "169.254.170.2", "169.254.170.23", "[fd00:ec2::23]"};
    struct str rest = url;

    if (!str_cut_prefix(&rest, STR("http://")))
        return str_starts(url, STR("https://"));
    for (size_t i = 0; i < COUNT_OF(hosts); i++) {
        struct str tail = rest;

        if (str_cut_prefix(&tail, str_from(hosts[i])) &&
            (str_is_empty(tail) || strchr(":/?", tail.ptr[0])))
            return true;
    }
    return false;
}

static int container_token(struct aws_search *s, struct str *ret, struct err *err)
{
    struct str path = aws_setting(s, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");

    *ret = aws_setting(s, "AWS_CONTAINER_AUTHORIZATION_TOKEN");
    if (str_is_empty(path))
        return 0;
    return aws_read_text_file(s, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", path, ret, err);
}

int aws_container(struct aws_search *s, struct err *err)
{
    struct str relative = aws_setting(s, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
    struct str url = aws_setting(s, "AWS_CONTAINER_CREDENTIALS_FULL_URI");
    struct http_header header = {STR("Authorization"), STR("")};
    struct http_call call = {.method = STR("GET"), .headers = &header};
    struct http_answer answer;

    if (str_is_empty(relative) && str_is_empty(url))
        return AWS_ABSENT;
    call.url = str_is_empty(relative) ? url : str_concat(s->a, STR(CONTAINER_HOST), relative);
    if (!may_be_asked(call.url))
        return err_set(err, ERR_INVALID,
                       "AWS_CONTAINER_CREDENTIALS_FULL_URI must be https, or http to this "
                       "machine");
    if (container_token(s, &header.value, err) < 0)
        return -1;
    call.header_count = str_is_empty(header.value) ? 0 : 1;
    if (ask(s, &call, &answer, err) < 0)
        return err_wrap(err, "keys of the container");
    return take_json(s, "keys of the container", &answer, err);
}

/* ---- instance ---- */

static int get(struct aws_search *s, struct str base, struct str path, struct str token,
               struct http_answer *ret, struct err *err)
{
    const struct http_header header = {STR("X-aws-ec2-metadata-token"), token};
    struct http_call call = {.method = STR("GET"),
                             .url = str_concat(s->a, base, path),
                             .headers = &header,
                             .header_count = 1};

    return ask(s, &call, ret, err);
}

/* A token of version 2; who does not give one is not an instance. */
static int instance_token(struct aws_search *s, struct str base, struct str *ret)
{
    const struct http_header header = {STR("X-aws-ec2-metadata-token-ttl-seconds"), STR("300")};
    struct http_call call = {.method = STR("PUT"),
                             .url = str_concat(s->a, base, STR("/latest/api/token")),
                             .headers = &header,
                             .header_count = 1};
    struct http_answer answer;
    struct err ignored;

    if (ask(s, &call, &answer, &ignored) < 0 || answer.status != 200)
        return AWS_ABSENT;
    *ret = str_trim(answer.body);
    return 0;
}

int aws_instance(struct aws_search *s, struct err *err)
{
    struct str base = aws_setting(s, "AWS_EC2_METADATA_SERVICE_ENDPOINT"), token, role;
    struct http_answer answer;

    if (str_eq_nocase(aws_setting(s, "AWS_EC2_METADATA_DISABLED"), STR("true")))
        return AWS_ABSENT;
    if (str_is_empty(base))
        base = STR(INSTANCE_ADDRESS);
    if (str_ends(base, STR("/")))
        base = str_head(base, base.len - 1);
    if (instance_token(s, base, &token) != 0)
        return AWS_ABSENT;
    if (get(s, base, STR(INSTANCE_PATH), token, &answer, err) < 0)
        return err_wrap(err, "keys of the instance");
    if (answer.status != 200 || !str_cut(&answer.body, '\n', &role) ||
        str_is_empty(str_trim(role)))
        return AWS_ABSENT; /* an instance without a role */
    role = str_concat(s->a, STR(INSTANCE_PATH), str_trim(role));
    if (get(s, base, role, token, &answer, err) < 0)
        return err_wrap(err, "keys of the instance");
    return take_json(s, "keys of the instance", &answer, err);
}
