/*
 * clients/aws/sqs_client.h - Amazon SQS over its JSON protocol: queue URL, receive, delete.
 *
 * Blocking; a client belongs to one thread. Errors keep the service's code in their text;
 * kinds: ERR_NOT_FOUND (queue), ERR_UNAUTHORIZED (expired or wrong credentials), ERR_DENIED,
 * ERR_TRANSIENT (throttled, 5xx, connection), ERR_INVALID.
 */
#pragma once

#include "clients/aws/aws_credentials.h"
#include "formats/json.h"

struct sqs_client;

struct sqs_options {
    struct str region;
    struct str endpoint;               /* "" = the service's own for the region */
    struct aws_keys keys;              /* borrowed for the client's life */
    const struct aws_credentials *who; /* keys that are found instead; or NULL */
    int cancel_fd;                     /* readable: give up with ERR_CANCELLED; -1: none */
};

enum { SQS_BATCH_MAX = 10 }; /* the service's limit */

struct sqs_message {
    struct str id, receipt, body;
    const struct json *attributes; /* MessageAttributes object, or NULL */
};

struct sqs_batch {
    struct sqs_message at[SQS_BATCH_MAX];
    size_t len;
};

/** sqs_client_new() - owned; texts are copied */
struct sqs_client *sqs_client_new(const struct sqs_options *options);
void sqs_client_free(struct sqs_client *c);

/** sqs_queue_url() - find a queue by name; @account "" = the caller's own */
int sqs_queue_url(struct sqs_client *c, struct arena *a, struct str queue, struct str account,
                  struct str *ret, struct err *err);

/** sqs_receive() - up to ten messages, waiting at most @wait_s (long poll), invisible to others
 * for @visibility_s */
int sqs_receive(struct sqs_client *c, struct arena *a, struct str queue_url, int64_t wait_s,
                int64_t visibility_s, struct sqs_batch *ret, struct err *err);

/** sqs_delete() - a message is done */
int sqs_delete(struct sqs_client *c, struct arena *a, struct str queue_url, struct str receipt,
               struct err *err);
