/*
 * objects/validate/eventsource_web.c - the rules of sources that are called over HTTP. Pure
 * functions, any thread. Source: ../shared/spec/events.md 1.6, 1.7.
 */
#include "formats/duration.h"
#include "objects/validate/validate_internal.h"

/* Most sources keep where they listen in a member of its own. */
static int check_webhook_member(const struct json *v, struct err *err)
{
    return validate_webhook_context(validate_get(v, "webhook"), err);
}

static bool has_public_url(const struct json *v)
{
    return !validate_is_blank(validate_get(v, "webhook"), "url");
}

static int check_gerrit(const struct json *v, struct err *err)
{
    static const struct validate_need needs[] = {
        {"events", "events can't be empty"},
        {"gerritBaseURL", "gerrit base url can't be empty"},
        {"auth", "username and password can't be empty"},
        {0}};

    if (validate_count(v, "projects") == 0)
        return validate_fail(err, "projects cannot be empty");
    if (validate_needs(v, needs, err) < 0)
        return -1;
    return check_webhook_member(v, err);
}

static int check_github(const struct json *v, struct err *err)
{
    bool has_pair = !validate_is_blank(v, "owner") && !validate_is_blank(v, "repository");
    bool has_repositories = validate_count(v, "repositories") > 0 || has_pair,
         has_organizations = validate_has(v, "organizations");
    bool has_app = validate_has(validate_get(v, "githubApp"), "privateKey");
    bool makes_hooks = (validate_has(v, "apiToken") || has_app) && has_public_url(v);
    struct str type = validate_text(v, "contentType");
    bool has_base = !validate_is_blank(v, "githubBaseURL"),
         has_upload = !validate_is_blank(v, "githubUploadURL");

    if (!has_repositories && !has_organizations)
        return validate_fail(err, "either repositories or organizations is required");
    if (has_repositories && has_organizations)
        return validate_fail(err, "only one of repositories and organizations is allowed");
    if (makes_hooks && validate_count(v, "events") == 0)
        return validate_fail(err, "events must be defined to create a github webhook");
    if (type.len > 0 && !str_is(type, "json") && !str_is(type, "form"))
        return validate_fail(err, "content type must be \"json\" or \"form\"");
    if (has_upload && !has_base)
        return validate_fail(err, "githubBaseURL is required when githubUploadURL is set");
    if (has_base && !has_upload)
        return validate_fail(err, "githubUploadURL is required when githubBaseURL is set");
    return check_webhook_member(v, err);
}

static int check_bitbucket(const struct json *v, struct err *err)
{
    const struct json *auth = validate_get(v, "auth");
    bool has_pair = !validate_is_blank(v, "owner") && !validate_is_blank(v, "repositorySlug");
    const struct json *basic = validate_get(auth, "basic");
    bool has_basic = validate_has(basic, "username") && validate_has(basic, "password");
    bool makes_hooks = (has_basic || validate_has(auth, "oauthToken")) && has_public_url(v);

    if (validate_count(v, "repositories") == 0 && !has_pair)
        return validate_fail(err, "at least one repository is required");
    if (!auth && validate_has(v, "webhook")) /* the original crashes */
        return validate_fail(err, "auth must be specified");
    if (makes_hooks && validate_count(v, "events") == 0)
        return validate_fail(err, "events must be defined to create a bitbucket webhooks");
    return check_webhook_member(v, err);
}

static int check_interval(const struct json *v, struct err *err)
{
    struct err why = {0};
    int64_t ns;

    if (!validate_is_blank(v, "checkInterval") &&
        duration_parse(validate_text(v, "checkInterval"), &ns, &why) < 0)
        return err_set(err, ERR_INVALID, "failed to parse webhook check interval duration: %s",
                       why.text);
    return 0;
}

static int check_bitbucket_server(const struct json *v, struct err *err)
{
    bool has_pair =
        !validate_is_blank(v, "projectKey") && !validate_is_blank(v, "repositorySlug");
    bool has_any =
        validate_count(v, "repositories") > 0 || has_pair || validate_count(v, "projects") > 0;

    if (validate_has(v, "accessToken") && has_public_url(v) && has_any &&
        validate_count(v, "events") == 0)
        return validate_fail(err,
                             "events must be defined to create a bitbucket server webhook");
    if (validate_is_blank(v, "bitbucketserverBaseURL"))
        return validate_fail(err, "bitbucket server base url can't be empty");
    if (check_interval(v, err) < 0)
        return -1;
    return check_webhook_member(v, err);
}

static int check_stripe(const struct json *v, struct err *err)
{
    if (json_get_bool(v, STR("createWebhook")) && !validate_has(v, "apiKey"))
        return validate_fail(err, "api key K8s secret selector not provided");
    return check_webhook_member(v, err);
}

const struct validate_source *validate_web_sources(void)
{
    static const struct validate_need sns[] = {
        {"topicArn", "must specify topic arn"}, {"region", "must specify region"}, {0}};
    static const struct validate_need gitlab[] = {
        {"events", "events can't be empty"},
        {"gitlabBaseURL", "gitlab base url can't be empty"},
        {"accessToken", "access token can't be nil"},
        {0}};
    static const struct validate_need slack[] = {
        {"token", "token not provided"}, {"signingSecret", "signingSecret not provided"}, {0}};
    static const struct validate_need storage_grid[] = {
        {"topicArn", "topic arn must be provided"},
        {"apiURL", "api url must be provided"},
        {"authToken", "api auth token must be provided"},
        {"bucket", "bucket name must be provided"},
        {"events", "event types must be provided"},
        {0}};
    static const struct validate_source all[] = {
        {"webhook", NULL, validate_webhook_context, false},
        {"sns", sns, check_webhook_member, false},
        {"gerrit", NULL, check_gerrit, false},
        {"github", NULL, check_github, false},
        {"gitlab", gitlab, check_webhook_member, false},
        {"bitbucket", NULL, check_bitbucket, false},
        {"bitbucketserver", NULL, check_bitbucket_server, false},
        {"slack", slack, check_webhook_member, false},
        {"storageGrid", storage_grid, check_webhook_member, false},
        {"stripe", NULL, check_stripe, false},
        {0},
    };

    return all;
}
