/*
 * events/sources/signature.h - is a request from whom it says it is? The rules of the services
 * that call webhooks.
 *
 * Pure: secrets and time come in as arguments, comparisons take the same time whatever differs.
 * Any thread. An empty secret means that nothing is checked, as upstream has it. Source:
 * ../shared/spec/events.md 1.7; golden formats/webhook-signature.jsonl decides. Doesn't do: SNS
 * (clients/aws/sns_verify.h).
 */
#pragma once

#include "base/clock.h"
#include "events/sources/webhook_event.h"

enum signature_hash { SIGNATURE_SHA1, SIGNATURE_SHA256, SIGNATURE_SHA512 };

/** signature_hmac_hex() - the HMAC of a text in lower-case hexadecimal, in the arena */
struct str signature_hmac_hex(struct arena *a, enum signature_hash hash, struct str key,
                              struct str text);

/** signature_equal() - are two texts the same? Takes as long for one as for another */
bool signature_equal(struct str left, struct str right);

/**
 * signature_github() - the payload of a GitHub request: the body, or the form field "payload"
 * @a:      where it lives
 * @secret: of the hook
 * @ret:    JSON text, not looked at
 * @err:    ERR_INVALID for another type of content or a signature that cannot be read;
 * ERR_DENIED for a wrong or missing one
 *
 * X-Hub-Signature-256 counts, else X-Hub-Signature. Return: 0 or -1.
 */
int signature_github(struct arena *a, const struct webhook_request *req, struct str secret,
                     struct str *ret, struct err *err);

/** signature_github_body() - is a whole body signed as GitHub does it? Its type does not matter */
int signature_github_body(struct arena *a, const struct webhook_request *req,
                          struct str secret, struct err *err);

/**
 * signature_github_event() - the body of the event of a GitHub request: its payload with the
 * event's name and number
 * @ret: JSON text
 * @err: as signature_github(); ERR_INVALID when the payload is no JSON object
 */
int signature_github_event(struct arena *a, const struct webhook_request *req,
                           struct str secret, struct str *ret, struct err *err);

/**
 * signature_bitbucket_server() - check X-Hub-Signature of Bitbucket Server: seven characters,
 * then hexadecimal
 * @a:   scratch
 * @err: ERR_DENIED
 */
int signature_bitbucket_server(struct arena *a, const struct webhook_request *req,
                               struct str secret, struct err *err);

/**
 * signature_gitlab() - check X-Gitlab-Token and that the body is JSON
 * @a:   scratch
 * @err: ERR_INVALID, the text is the answer's
 */
int signature_gitlab(struct arena *a, const struct webhook_request *req, struct str secret,
                     struct err *err);

/**
 * signature_slack() - check X-Slack-Signature and the age of X-Slack-Request-Timestamp
 * @a:   scratch
 * @now: the clock
 * @err: ERR_DENIED, the text is the answer's (status 401)
 */
int signature_slack(struct arena *a, const struct webhook_request *req, struct str secret,
                    struct wall now, struct err *err);

/**
 * signature_stripe() - check Stripe-Signature; its age does not count
 * @a:   scratch
 * @err: ERR_INVALID for a header that is missing or cannot be read, ERR_DENIED for a wrong one
 */
int signature_stripe(struct arena *a, const struct webhook_request *req, struct str secret,
                     struct err *err);
