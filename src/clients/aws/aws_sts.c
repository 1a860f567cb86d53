/* Roles of AWS (STS): with keys that are there already, or with a token of an identity
 * provider. */
#include "base/limits.h"
#include "clients/aws/aws_credentials_internal.h"
#include "formats/uri.h"
#include "formats/xml.h"

/* The token service of who's region, unless the environment names another. */
static struct str endpoint_of(const struct aws_search *s, struct str *ret_region)
{
    struct str url = aws_setting(s, "AWS_ENDPOINT_URL_STS"), region = s->who->region;

    if (str_is_empty(url))
        url = aws_setting(s, "AWS_ENDPOINT_URL");
    if (str_is_empty(region))
        region = aws_setting(s, "AWS_REGION");
    if (str_is_empty(region))
        region = aws_setting(s, "AWS_DEFAULT_REGION");
    *ret_region = str_is_empty(region) ? STR("us-east-1") : region;
    if (!str_is_empty(url))
        return str_ends(url, STR("/")) ? url : str_concat(s->a, url, STR("/"));
    if (str_is_empty(region))
        return STR("https://sts.amazonaws.com/");
    return str_printf(s->a, "https://sts." STR_FMT ".amazonaws.com%s/", STR_ARG(region),
                      str_starts(region, STR("cn-")) ? ".cn" : "");
}

static enum err_kind kind_of(unsigned status)
{
    return status >= 500 || status == 429 ? ERR_TRANSIENT : ERR_UNAUTHORIZED;
}

static int take_answer(struct aws_search *s, struct str role, const struct http_answer *answer,
                       struct err *err)
{
    struct str body = answer->body;

    if (answer->status != 200)
        return err_set(err, kind_of(answer->status),
                       "role " STR_FMT ": STS answered %u " STR_FMT ": " STR_FMT, STR_ARG(role),
                       answer->status, STR_ARG(xml_text(s->a, body, STR("Code"))),
                       STR_ARG(xml_text(s->a, body, STR("Message"))));
    aws_search_until(s, xml_text(s->a, body, STR("Expiration")));
    return aws_search_take(s, "STS", xml_text(s->a, body, STR("AccessKeyId")),
                           xml_text(s->a, body, STR("SecretAccessKey")),
                           xml_text(s->a, body, STR("SessionToken")), err);
}

/* One call; signed with the keys that were found, if @is_signed. */
static int call(struct aws_search *s, struct str role, struct str form, bool is_signed,
                struct err *err)
{
    struct str region, url = endpoint_of(s, &region);
    struct http_header headers[8] = {
        {STR("Content-Type"), STR("application/x-www-form-urlencoded; charset=utf-8")}};
    struct http_call http = {.method = STR("POST"),
                             .url = url,
                             .body = form,
                             .headers = headers,
                             .header_count = 1,
                             .timeout_ms = AWS_STS_TIMEOUT_MS,
                             .cancel_fd = -1};
    const struct aws_request req = {.method = http.method,
                                    .url = url,
                                    .body = form,
                                    .headers = headers,
                                    .header_count = 1,
                                    .region = region,
                                    .service = STR("sts"),
                                    .now = s->now};
    struct aws_signature signature = {0};
    struct http_answer answer;

    if (is_signed && aws_sign(s->a, &req, &s->keys, &signature, err) < 0)
        return -1;
    for (size_t i = 0; i < signature.header_count; i++)
        headers[http.header_count++] = signature.headers[i];
    if (http_client_do(s->http, s->a, &http, &answer, err) < 0)
        return err_wrap(err, "role " STR_FMT, STR_ARG(role));
    return take_answer(s, role, &answer, err);
}

static struct str form_of(struct aws_search *s, const char *action, struct str role)
{
    struct str session = aws_setting(s, "AWS_ROLE_SESSION_NAME");

    return str_printf(
        s->a,
        "Action=%s&Version=2011-06-15&RoleArn=" STR_FMT "&RoleSessionName=" STR_FMT
        "&DurationSeconds=3600",
        action, STR_ARG(uri_escape(s->a, role)),
        STR_ARG(str_is_empty(session) ? STR("tiphys") : uri_escape(s->a, session)));
}

int aws_assume_role(struct aws_search *s, struct err *err)
{
    struct str role = s->who->role_arn;

    return call(s, role, form_of(s, "AssumeRole", role), true, err);
}

int aws_web_identity(struct aws_search *s, struct err *err)
{
    struct str path = aws_setting(s, "AWS_WEB_IDENTITY_TOKEN_FILE");
    struct str role = aws_setting(s, "AWS_ROLE_ARN"), token;

    if (str_is_empty(path))
        return AWS_ABSENT;
    if (str_is_empty(role))
        return err_set(err, ERR_INVALID,
                       "AWS_WEB_IDENTITY_TOKEN_FILE is set, AWS_ROLE_ARN is not: the token is "
                       "for a role");
    if (aws_read_text_file(s, "AWS_WEB_IDENTITY_TOKEN_FILE", path, &token, err) < 0)
        return -1;
    return call(s, role,
                str_printf(s->a, STR_FMT "&WebIdentityToken=" STR_FMT,
                           STR_ARG(form_of(s, "AssumeRoleWithWebIdentity", role)),
                           STR_ARG(uri_escape(s->a, token))),
                false, err);
}
