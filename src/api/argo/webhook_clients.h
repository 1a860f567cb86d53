/*
 * api/argo/webhook_clients.h - who sends an event without a token: services that call webhooks
 * and sign what they send. The Secret argo-workflows-webhook-clients of the namespace says how:
 * each key is a ServiceAccount, each value {type, secret}; who signs right acts as that
 * account. Blocks on the store: http threads. Source: ../shared/spec/workflows.md 6.6.
 */
#pragma once

#include "api/argo/operation.h"

/** argo_webhook_may_be() - is it a request without a token that such a service may have sent?
 * Before the body is read */
bool argo_webhook_may_be(struct api *api, struct http_request *req);

/**
 * argo_webhook_identify() - the ServiceAccount of the client that signed the request
 * @err: ERR_UNAUTHORIZED: nobody did; ERR_DENIED: the Secret or a signature cannot be read
 */
int argo_webhook_identify(struct api *api, struct http_request *req, struct auth_identity *ret,
                          struct err *err);
