/*
 * objects/shapes_eventsource_web.c - sources that are called over HTTP. Immutable tables; any
 * thread. What such a source must have is said by objects/validate, in the original's words.
 * Source: ../shared/spec/events.md 1.6, 1.7, appendix A.1.
 */
#include "objects/shapes_events.h"

static const struct field webhook_event_source_rows[] = {
    PART("filter", event_source_filter, "Which events are kept."),
    {0},
};
SHAPE(webhook_event_source, "WebhookEventSource", "HTTP requests to an endpoint.",
      .inlined = &shape_event_webhook_context);

static const struct field sns_event_source_rows[] = {
    PART("webhook", event_webhook_context, "Where the source listens."),
    TEXT("topicArn", "ARN of the topic."),
    PART("accessKey", secret_key_selector, "Secret with the access key."),
    PART("secretKey", secret_key_selector, "Secret with the secret key."),
    TEXT("region", "Region of the service."),
    TEXT("roleARN", "Role that is assumed for the access."),
    TEXT_BY_NAME("metadata", "Texts that are put into the data of each event."),
    FLAG("validateSignature", "Whether signatures of notifications are checked."),
    PART("filter", event_source_filter, "Which events are kept."),
    TEXT("endpoint", "Address of the service, when it is not the usual one."),
    {0},
};
SHAPE(sns_event_source, "SNSEventSource", "Notifications of an Amazon SNS topic.");

static const struct field gerrit_event_source_rows[] = {
    PART("webhook", event_webhook_context, "Where the source listens."),
    TEXT("hookName", "Name of the webhook."),
    TEXTS("events", "Kinds of events that are asked for."),
    PART("auth", event_basic_auth, "How the client shows who it is."),
    TEXT("gerritBaseURL", "Address of Gerrit."),
    FLAG("deleteHookOnFinish", "Whether the webhook is removed when the source ends."),
    TEXT_BY_NAME("metadata", "Texts that are put into the data of each event."),
    TEXTS("projects", "Projects that are meant."),
    FLAG("sslVerify", "Whether the certificate is checked."),
    PART("filter", event_source_filter, "Which events are kept."),
    WHOLE("maxTries", "How often a delivery is tried."),
    {0},
};
SHAPE(gerrit_event_source, "GerritEventSource", "Webhooks of Gerrit projects.");

static const struct field owned_repositories_rows[] = {
    TEXT("owner", "Owner of the repository."),
    TEXTS("names", "Names of the repositories."),
    {0},
};
LOCAL_SHAPE(owned_repositories, "OwnedRepositories", "Repositories of one owner.");

static const struct field github_event_source_rows[] = {
    WHOLE("id", "Number of the webhook."),
    PART("webhook", event_webhook_context, "Where the source listens."),
    TEXT("owner", "Owner of the repository.", .flags = FIELD_DEPRECATED),
    TEXT("repository", "Name of the repository.", .flags = FIELD_DEPRECATED),
    TEXTS("events", "Kinds of events that are asked for."),
    PART("apiToken", secret_key_selector, "Secret with the token for the API."),
    PART("webhookSecret", secret_key_selector, "Secret with which webhooks are signed."),
    FLAG("insecure", "Whether certificates are not checked."),
    FLAG("active", "Whether the webhook is active."),
    TEXT("contentType", "json or form."),
    TEXT("githubBaseURL", "Address of the API."),
    TEXT("githubUploadURL", "Address for uploads."),
    FLAG("deleteHookOnFinish", "Whether the webhook is removed when the source ends."),
    TEXT_BY_NAME("metadata", "Texts that are put into the data of each event."),
    PARTS("repositories", owned_repositories, "Repositories that are meant."),
    TEXTS("organizations", "Organizations that are meant."),
    PART("githubApp", event_github_app_creds, "App as whom to act."),
    PART("filter", event_source_filter, "Which events are kept."),
    {0},
};
SHAPE(github_event_source, "GithubEventSource",
      "Webhooks of GitHub repositories or organizations.");

static const struct field gitlab_event_source_rows[] = {
    PART("webhook", event_webhook_context, "Where the source listens."),
    TEXT("projectID", "Id of the project.", .flags = FIELD_DEPRECATED),
    TEXTS("events", "Kinds of events that are asked for."),
    PART("accessToken", secret_key_selector, "Secret with the token for the API."),
    FLAG("enableSSLVerification", "Whether the certificate is checked."),
    TEXT("gitlabBaseURL", "Address of GitLab."),
    FLAG("deleteHookOnFinish", "Whether the webhook is removed when the source ends."),
    TEXT_BY_NAME("metadata", "Texts that are put into the data of each event."),
    TEXTS("projects", "Projects that are meant."),
    PART("secretToken", secret_key_selector, "Secret that webhooks bear."),
    PART("filter", event_source_filter, "Which events are kept."),
    TEXTS("groups", "Groups that are meant."),
    {0},
};
SHAPE(gitlab_event_source, "GitlabEventSource", "Webhooks of GitLab projects or groups.");

static const struct field bitbucket_basic_auth_rows[] = {
    PART("username", secret_key_selector, "Secret with the user name."),
    PART("password", secret_key_selector, "Secret with the password."),
    {0},
};
LOCAL_SHAPE(bitbucket_basic_auth, "BitbucketBasicAuth",
            "User name and password for Bitbucket Cloud.");

static const struct field bitbucket_auth_rows[] = {
    PART("basic", bitbucket_basic_auth, "User name and password."),
    PART("oauthToken", secret_key_selector, "Secret with the OAuth token."),
    {0},
};
LOCAL_SHAPE(bitbucket_auth, "BitbucketAuth", "How a client shows Bitbucket Cloud who it is.");

static const struct field bitbucket_repository_rows[] = {
    TEXT("owner", "Owner of the repository."),
    TEXT("repositorySlug", "Short name of the repository."),
    {0},
};
LOCAL_SHAPE(bitbucket_repository, "BitbucketRepository", "A Bitbucket Cloud repository.");

static const struct field bitbucket_event_source_rows[] = {
    FLAG("deleteHookOnFinish", "Whether the webhook is removed when the source ends."),
    TEXT_BY_NAME("metadata", "Texts that are put into the data of each event."),
    PART("webhook", event_webhook_context, "Where the source listens."),
    PART("auth", bitbucket_auth, "How the client shows who it is."),
    TEXTS("events", "Kinds of events that are asked for."),
    TEXT("owner", "Owner of the repository.", .flags = FIELD_DEPRECATED),
    TEXT("projectKey", "Key of the project."),
    TEXT("repositorySlug", "Short name of the repository.", .flags = FIELD_DEPRECATED),
    PARTS("repositories", bitbucket_repository, "Repositories that are meant."),
    PART("filter", event_source_filter, "Which events are kept."),
    {0},
};
SHAPE(bitbucket_event_source, "BitbucketEventSource",
      "Webhooks of Bitbucket Cloud repositories.");

static const struct field bitbucket_server_repository_rows[] = {
    TEXT("projectKey", "Key of the project."),
    TEXT("repositorySlug", "Short name of the repository."),
    {0},
};
LOCAL_SHAPE(bitbucket_server_repository, "BitbucketServerRepository",
            "A Bitbucket Server repository.");

static const struct field bitbucket_server_event_source_rows[] = {
    PART("webhook", event_webhook_context, "Where the source listens."),
    TEXT("projectKey", "Key of the project.", .flags = FIELD_DEPRECATED),
    TEXT("repositorySlug", "Short name of the repository.", .flags = FIELD_DEPRECATED),
    TEXTS("projects", "Projects that are meant."),
    PARTS("repositories", bitbucket_server_repository, "Repositories that are meant."),
    TEXTS("events", "Kinds of events that are asked for."),
    FLAG("skipBranchRefsChangedOnOpenPR",
         "Whether pushes to branches with an open pull request are skipped."),
    FLAG("oneEventPerChange", "Whether each change becomes an event of its own."),
    PART("accessToken", secret_key_selector, "Secret with the token for the API."),
    PART("webhookSecret", secret_key_selector, "Secret with which webhooks are signed."),
    TEXT("bitbucketserverBaseURL", "Address of the API."),
    FLAG("deleteHookOnFinish", "Whether the webhook is removed when the source ends."),
    TEXT_BY_NAME("metadata", "Texts that are put into the data of each event."),
    PART("filter", event_source_filter, "Which events are kept."),
    PART("tls", event_tls_config, "Certificates of the connection."),
    TEXT("checkInterval", "How often it is looked, as a duration."),
    {0},
};
SHAPE(bitbucket_server_event_source, "BitbucketServerEventSource",
      "Webhooks of Bitbucket Server projects or repositories.");

static const struct field slack_event_source_rows[] = {
    PART("signingSecret", secret_key_selector, "Secret with which requests are signed."),
    PART("token", secret_key_selector, "Secret with the token of the bot."),
    PART("webhook", event_webhook_context, "Where the source listens."),
    TEXT_BY_NAME("metadata", "Texts that are put into the data of each event."),
    PART("filter", event_source_filter, "Which events are kept."),
    {0},
};
SHAPE(slack_event_source, "SlackEventSource", "Events, commands and interactions of Slack.");

static const struct field storage_grid_filter_rows[] = {
    TEXT("prefix", "How names begin."),
    TEXT("suffix", "How names end."),
    {0},
};
LOCAL_SHAPE(storage_grid_filter, "StorageGridFilter",
            "Which keys of a StorageGRID bucket are meant.");

static const struct field storage_grid_event_source_rows[] = {
    PART("webhook", event_webhook_context, "Where the source listens."),
    TEXTS("events", "Kinds of events that are asked for."),
    PART("filter", storage_grid_filter, "Which keys are meant."),
    TEXT("topicArn", "ARN of the topic."),
    TEXT("bucket", "Name of the bucket."),
    TEXT("region", "Region of the service."),
    PART("authToken", secret_key_selector, "Secret with the token for the API."),
    TEXT("apiURL", "Address of the API."),
    TEXT_BY_NAME("metadata", "Texts that are put into the data of each event."),
    PART("tls", event_tls_config, "Certificates of the connection."),
    {0},
};
SHAPE(storage_grid_event_source, "StorageGridEventSource",
      "Notifications of a StorageGRID bucket.");

static const struct field stripe_event_source_rows[] = {
    PART("webhook", event_webhook_context, "Where the source listens."),
    FLAG("createWebhook", "Whether the webhook is made at Stripe."),
    PART("apiKey", secret_key_selector, "Secret with the key for the API."),
    TEXTS("eventFilter", "Types of events that are kept."),
    TEXT_BY_NAME("metadata", "Texts that are put into the data of each event."),
    {0},
};
SHAPE(stripe_event_source, "StripeEventSource", "Webhooks of Stripe.");
