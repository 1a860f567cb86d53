/*
 * clients/aws/sns_verify.h - did Amazon SNS send this message?
 *
 * Pure: the certificate is an argument; sns_check_url() says whether it may be fetched from
 * where the message wants. Any thread. As AWS's own validator (sns-validator): the members in a
 * fixed order, signed by RSA with SHA-1 or SHA-256; an UnsubscribeConfirmation is read as a
 * Notification. Golden formats/sns-verify.jsonl and webhook-signature.jsonl decide.
 */
#pragma once

#include "formats/json.h"

/**
 * sns_check_url() - is this an https address of Amazon SNS?
 * @url: SigningCertURL of a message
 * @err: ERR_INVALID with the reason
 *
 * Return: 0 or -1.
 */
int sns_check_url(struct str url, struct err *err);

/**
 * sns_check() - has a message all that a check of its signature needs, and a certificate at
 * Amazon?
 * @a:       scratch
 * @message: object
 * @err:     ERR_INVALID
 *
 * Return: 0 or -1.
 */
int sns_check(struct arena *a, const struct json *message, struct err *err);

/**
 * sns_verify() - sns_check(), and the signature
 * @a:       scratch
 * @message: object
 * @cert:    PEM text of what SigningCertURL names
 * @err:     ERR_INVALID for a message or certificate that cannot be read; ERR_DENIED for a
 * wrong signature
 *
 * Return: 0 or -1.
 */
int sns_verify(struct arena *a, const struct json *message, struct str cert, struct err *err);
