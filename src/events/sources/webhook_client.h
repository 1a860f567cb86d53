/*
 * events/sources/webhook_client.h - does a request come from a client of a known type whose
 * secret this is? What the API's event endpoint asks of callers without a token.
 *
 * Pure, any thread. As upstream: an empty secret fits all. Golden formats/webhook-match.jsonl
 * decides.
 */
#pragma once

#include "events/sources/webhook_event.h"

/**
 * webhook_client_matches() - is this request of such a client?
 * @a:      scratch
 * @type:   "bitbucket", "bitbucketserver", "github" or "gitlab"; no other matches
 * @secret: what it signs with, or its token
 */
bool webhook_client_matches(struct arena *a, struct str type, struct str secret,
                            const struct webhook_request *req);
