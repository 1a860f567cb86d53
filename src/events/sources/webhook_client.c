/* The types of clients as rows: which headers, which events, which proof. See webhook_client.h.
 */
#include "events/sources/webhook_client.h"

#include "events/sources/signature.h"

enum proof {
    PROOF_TOKEN, /* the header is the secret */
    PROOF_HMAC,  /* the header is an HMAC of the body in hexadecimal, behind the prefix */
};

struct client_type {
    const char *name;
    const char *event_header, *proof_header;
    const char *prefix;
    const char *const *events; /* that are known, NULL-terminated */
    enum proof proof;
    bool must_have_prefix; /* as many bytes, whatever they are */
};

static const char *const bitbucket_events[] = {"repo:push",
                                               "repo:fork",
                                               "repo:updated",
                                               "repo:commit_comment_created",
                                               "repo:commit_status_created",
                                               "repo:commit_status_updated",
                                               "issue:created",
                                               "issue:updated",
                                               "issue:comment_created",
                                               "pullrequest:created",
                                               "pullrequest:updated",
                                               "pullrequest:approved",
                                               "pullrequest:unapproved",
                                               "pullrequest:fulfilled",
                                               "pullrequest:rejected",
                                               "pullrequest:comment_created",
                                               "pullrequest:comment_updated",
                                               "pullrequest:comment_deleted",
                                               NULL};

static const char *const bitbucket_server_events[] = {"repo:refs_changed",
                                                      "repo:modified",
                                                      "repo:forked",
                                                      "repo:comment:added",
                                                      "repo:comment:edited",
                                                      "repo:comment:deleted",
                                                      "pr:opened",
                                                      "pr:from_ref_updated",
                                                      "pr:modified",
                                                      "pr:merged",
                                                      "pr:declined",
                                                      "pr:deleted",
                                                      "pr:reviewer:updated",
                                                      "pr:reviewer:approved",
                                                      "pr:reviewer:unapproved",
                                                      "pr:reviewer:needs_work",
                                                      "pr:comment:added",
                                                      "pr:comment:edited",
                                                      "pr:comment:deleted",
                                                      NULL};

static const char *const github_events[] = {"check_run",
                                            "check_suite",
                                            "code_scanning_alert",
                                            "commit_comment",
                                            "create",
                                            "delete",
                                            "dependabot_alert",
                                            "deploy_key",
                                            "deployment",
                                            "deployment_status",
                                            "fork",
                                            "github_app_authorization",
                                            "gollum",
                                            "installation",
                                            "installation_repositories",
                                            "integration_installation",
                                            "integration_installation_repositories",
                                            "issue_comment",
                                            "issues",
                                            "label",
                                            "member",
                                            "membership",
                                            "milestone",
                                            "meta",
                                            "organization",
                                            "org_block",
                                            "page_build",
                                            "ping",
                                            "project_card",
                                            "project_column",
                                            "project",
                                            "public",
                                            "pull_request",
                                            "pull_request_review",
                                            "pull_request_review_comment",
                                            "push",
                                            "release",
                                            "repository",
                                            "repository_vulnerability_alert",
                                            "security_advisory",
                                            "status",
                                            "team",
                                            "team_add",
                                            "watch",
                                            "workflow_dispatch",
                                            "workflow_job",
                                            "workflow_run",
                                            NULL};

static const char *const gitlab_events[] = {
    "Push Hook",  "Tag Push Hook",      "Issue Hook",     "Confidential Issue Hook",
    "Note Hook",  "Merge Request Hook", "Wiki Page Hook", "Pipeline Hook",
    "Build Hook", "Job Hook",           "System Hook",    NULL};

static const struct client_type types[] = {
    {"bitbucket", "X-Event-Key", "X-Hook-UUID", "", bitbucket_events, PROOF_TOKEN, false},
    {"bitbucketserver", "X-Event-Key", "X-Hub-Signature", "sha256=", bitbucket_server_events,
     PROOF_HMAC, true},
    {"github", "X-GitHub-Event", "X-Hub-Signature-256", "sha256=", github_events, PROOF_HMAC,
     false},
    {"gitlab", "X-Gitlab-Event", "X-Gitlab-Token", "", gitlab_events, PROOF_TOKEN, false},
};

static bool is_listed(const char *const *names, struct str name)
{
    for (; *names; names++)
        if (str_is(name, *names))
            return true;
    return false;
}

static bool is_proven(struct arena *a, const struct client_type *type, struct str secret,
                      const struct webhook_request *req)
{
    struct str proof = webhook_header(req, str_from(type->proof_header));
    struct str prefix = str_from(type->prefix);

    if (secret.len == 0)
        return true;
    if (type->proof == PROOF_TOKEN)
        return !str_is_none(proof) && signature_equal(proof, secret);
    if (type->must_have_prefix ? proof.len < prefix.len : str_is_empty(proof))
        return false;
    if (type->must_have_prefix)
        proof = str_skip(proof, prefix.len);
    else
        str_cut_prefix(&proof, prefix);
    return signature_equal(proof, signature_hmac_hex(a, SIGNATURE_SHA256, secret, req->body));
}

/* The payload as the client's library decodes it: an object; of a GitLab system hook one that
 * says of what kind it is. */
static bool has_payload(struct arena *a, const struct client_type *type, struct str event,
                        struct str body)
{
    static const char *const system_kinds[] = {"push", "tag_push", "merge_request", "build",
                                               NULL};
    struct json doc;
    struct err err;

    if (json_parse(a, body, &doc, &err) < 0 ||
        (doc.type != JSON_OBJECT && doc.type != JSON_NULL))
        return false;
    if (type->events != gitlab_events || !str_is(event, "System Hook"))
        return true;
    return is_listed(system_kinds, json_get_str(&doc, STR("object_kind"))) ||
           is_listed(system_kinds, json_get_str(&doc, STR("event_name")));
}

bool webhook_client_matches(struct arena *a, struct str type, struct str secret,
                            const struct webhook_request *req)
{
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        struct str event = webhook_header(req, str_from(types[i].event_header));

        if (str_is(type, types[i].name))
            return str_is(req->method, "POST") && is_listed(types[i].events, event) &&
                   req->body.len > 0 && is_proven(a, &types[i], secret, req) &&
                   has_payload(a, &types[i], event, req->body);
    }
    return false;
}
